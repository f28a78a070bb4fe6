"""Partial states on a Dask cluster: one a partition, added up as a tree; and scoring, the model sent once."""

import copy
import os
import pickle
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
from dask.delayed import delayed
from dask.typing import DaskCollection

from pipelines._scaling.batches import n_rows_of
from pipelines._scaling.fitting import Fitting
from pipelines._scaling.schema import check_schema, is_located, kind_of_type, located, schema_of, width_of
from pipelines._scaling.sources import FilePart, FileSource
from pipelines._scaling.tallies import added
from pipelines.recommend import recommend

SPLIT = 8  # states that one task adds up
SMALL = 50_000  # bytes of a plan that every task carries; the tasks of a larger one crowd where it lies
STRING_OF_LIST = r"bare string ['\"]\["
LOCAL = ("threads", "processes", "synchronous")


@contextmanager
def scheduler_of(client: Any) -> Iterator[Any]:
    """Yield what Dask computes with: a client, a scheduler's name, or None for Dask's own choice."""
    if isinstance(client, str) and client not in LOCAL:
        if ":" not in client:
            raise ValueError(
                f"The 'client' parameter of fit_dask must be a Client, a cluster's address such as "
                f"'tcp://host:8786', or one of {', '.join(map(repr, LOCAL))}. Got {client!r} instead."
            )
        from distributed import Client

        with Client(client, set_as_default=False) as connected:
            yield connected
    elif client is None or isinstance(client, str) or hasattr(client, "get"):
        yield client
    else:
        raise TypeError(
            "The 'client' parameter of fit_dask must be a Client, an address, a scheduler's name or None. "
            f"Got a {type(client).__name__} instead."
        )


def fit(fitting: Fitting, X: Any, y: Any, client: Any, retries: int) -> Any:
    """Fit a plan pass by pass; only the states of all rows come back."""
    if y is not None and not isinstance(y, DaskCollection):
        raise TypeError(
            "The 'y' parameter of fit_dask must be the name of a column, a list of names, or a Dask Series, "
            f"DataFrame or Array that is partitioned as X. Got a {type(y).__name__} instead."
        )
    parts = partitions(X, y)
    if isinstance(X, da.Array) or y is not None:
        fitting.reader.check_is_frame(X if y is None else (X, y))
    reference = schema_of_collection(X)
    fitting.reader.check_names(reference)
    fitting.reader.schema, fitting.reader.first = reference, "the collection"
    with scheduler_of(client) as scheduler:
        while fitting.k < fitting.plan.n_passes:
            root = graph(fitting, parts)
            (result,) = dask.compute(root, scheduler=scheduler, retries=retries)
            if result.refused:
                raise result.refused
            fitting.state, fitting.n_rows[-1] = result.state, result.n_rows
            fitting.end_pass()
    return fitting.plan.fitted


def graph(fitting: Fitting, parts: list[tuple[str, Any]]) -> Any:
    """Return the tree of one pass: a leaf a partition, and nodes that add up `SPLIT` states."""
    task: Any = pickle.dumps((fitting.plan, fitting.reader, fitting.k))
    if len(task) > SMALL:
        task = delayed(_unpacked, pure=False)(task)
    level = [delayed(_read, pure=False)(task, part, where) for where, part in parts]
    while len(level) > 1:
        groups = [level[i : i + SPLIT] for i in range(0, len(level), SPLIT)]
        level = [delayed(_added, pure=False)(task, group) for group in groups]
    return level[0]


def _unpacked(data: Any) -> Any:
    return pickle.loads(data) if isinstance(data, bytes) else data


@dataclass
class Partial:
    """What a task returns: the state of its rows, or what was wrong with them, which no retry would mend."""

    state: Any
    n_rows: int = 0
    refused: Exception | None = None


def _read(task: Any, part: Any, where: str) -> Partial:
    """Return the state of a partition, None where it is empty."""
    plan, template, k = _unpacked(task)
    fitting = Fitting(plan, copy.copy(template), k=k)
    try:
        for batch in part if isinstance(part, FilePart) else [part]:
            fitting.read(batch, where)
    except (ValueError, TypeError) as error:
        if not is_located(error):
            raise
        return Partial(None, refused=_told(error))
    return Partial(fitting.state, fitting.n_rows[-1])


def _told(error: Exception) -> Exception:
    """Return an error that can be sent, and says what Dask may have done to the rows."""
    hint = (
        " Dask makes strings of lists: make the collection under "
        "dask.config.set({'dataframe.convert-string': False}), or read it with scan_parquet."
    )
    return type(error)(f"{error}{hint if re.search(STRING_OF_LIST, str(error)) else ''}")


def _added(task: Any, partials: list[Partial]) -> Partial:
    plan, _, k = _unpacked(task)
    total, *others = partials
    for more in others:
        if total.refused or more.refused:
            return total if total.refused else more
        state = added(plan, k, total.state, more.state)
        total = Partial(state, total.n_rows + more.n_rows)
    return total


def schema_of_collection(X: Any) -> dict[str, str]:
    """Return the columns that every partition must have."""
    if isinstance(X, FileSource):
        return {name: kind_of_type(str(dtype)) for name, dtype in X.files[0].schema().items()}
    return schema_of(np.empty((0, width_of(X.shape))) if isinstance(X, da.Array) else X._meta)


def partitions(X: Any, y: Any = None, of: str = "fit_dask") -> list[tuple[str, Any]]:
    """Return the partitions as Dask's delayed values, and how errors name them."""
    if isinstance(X, FileSource) and y is None:
        return [(str(part), delayed(part, traverse=False)) for part in X.parts()]
    if isinstance(X, FileSource):
        raise TypeError("Of files the 'y' parameter of fit_dask must name columns. Got a Dask collection.")
    if not isinstance(X, (dd.DataFrame, da.Array)):
        raise TypeError(
            f"The 'X' parameter of {of} must be a Dask DataFrame or Array, or what scan_parquet returns. "
            f"Got a {type(X).__module__}.{type(X).__name__} instead."
        )
    delayed_parts, files = _delayed_parts(X), checked_files(X)
    if len(files) == len(delayed_parts):
        named = [(f"partition {i}, file {file!r}", delayed_parts[i]) for i, file in enumerate(files)]
    else:
        named = [(f"partition {i}", part) for i, part in enumerate(delayed_parts)]
    if isinstance(y, DaskCollection):
        targets = _delayed_parts(_like(X, y))
        if len(targets) != len(named):
            raise ValueError(
                f"X and y must be partitioned alike. "
                f"Got {len(named)} partitions of X and {len(targets)} of y."
            )
        return [(where, (part, target)) for (where, part), target in zip(named, targets, strict=True)]
    return named


def checked_files(X: Any) -> list[str]:
    """Return the Parquet files that a DataFrame reads, if Dask tells; check the columns of local ones.

    Dask reads all files by the schema of the first, and its own errors name neither file nor column.
    """
    for node in X.expr.walk() if isinstance(X, dd.DataFrame) else []:
        info = node._dataset_info if hasattr(type(node), "_dataset_info") else {}
        files = list(getattr(info.get("ds"), "files", []))
        if files:
            expected = schema_of(node._meta)
            for file in filter(os.path.isfile, files):
                with located(f"file {file!r}"):
                    check_schema(_schema_in(file, expected), expected, "the others")
            return files
    return []


def _schema_in(file: str, columns: Iterable[str]) -> dict[str, str]:
    """Return those of the columns that a Parquet file has, and their kinds."""
    import polars as pl

    types = pl.read_parquet_schema(file)
    return {name: kind_of_type(str(types[name])) for name in columns if name in types}


def _delayed_parts(X: Any) -> list[Any]:
    if isinstance(X, da.Array):
        X = X.rechunk({1: -1}) if X.ndim == 2 else X
        return list(X.to_delayed().reshape(-1))
    return X.to_delayed()


def _like(X: Any, y: Any) -> Any:
    """Return y in X's chunks, where both know them."""
    if (
        isinstance(X, da.Array)
        and isinstance(y, da.Array)
        and not np.isnan([*X.chunks[0], *y.chunks[0]]).any()
    ):
        if len(X) != len(y):
            raise ValueError(f"X and y must have as many rows. Got {len(X):,} and {len(y):,}.")
        return y.rechunk({0: X.chunks[0]})
    return y


def recommended(model: Any, X: Any, k: int, classes: np.ndarray) -> Any:
    """Return a lazy Dask DataFrame of the k best labels and scores of each row."""
    parts = partitions(X, of="recommend_dask")
    names = [f"{what}_{place + 1}" for what in ("label", "score") for place in range(k)]
    labels = pd.Series(classes).dtype
    meta = pd.DataFrame({name: pd.Series([], dtype=labels if name[0] == "l" else float) for name in names})
    sent = _sent(model)
    scored = [delayed(_scored, pure=False)(sent, part, where, k, meta) for where, part in parts]
    return dd.from_delayed(scored, meta=meta, verify_meta=False)


def _sent(model: Any) -> Any:
    """Return the model as each worker gets it once, and keeps it while it scores."""
    try:
        from distributed import get_client

        return get_client().scatter(model, broadcast=True, hash=False)
    except (ImportError, ValueError):  # no cluster: threads share it
        return delayed(_unpacked, pure=False)(pickle.dumps(model))


def _scored(model: Any, part: Any, where: str, k: int, meta: pd.DataFrame) -> pd.DataFrame:
    frames = [
        _frame(model, rows, where, k, meta) for rows in (part if isinstance(part, FilePart) else [part])
    ]
    frames = [frame for frame in frames if len(frame)]
    if isinstance(part, FilePart) and frames:
        return pd.concat(frames, ignore_index=True)
    return frames[0] if frames else meta


def _frame(model: Any, rows: Any, where: str, k: int, meta: pd.DataFrame) -> pd.DataFrame:
    if not n_rows_of(rows):
        return meta
    try:
        with located(where):
            labels, scores = recommend(model, rows, k)
    except (ValueError, TypeError) as error:
        raise _told(error) from error
    columns = dict(zip(meta.columns, [*labels.T, *scores.T], strict=True))
    return pd.DataFrame(columns, index=getattr(rows, "index", None)).astype(meta.dtypes.to_dict())
