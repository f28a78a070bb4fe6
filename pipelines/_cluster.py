"""Partial states on a Dask cluster: one a partition, added up as a tree; and scoring, the model sent once."""

import copy
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
from dask.delayed import delayed
from dask.typing import DaskCollection

from pipelines._batches import n_rows_of
from pipelines._fitting import Fitting
from pipelines._schema import kind_of_type, located, schema_of
from pipelines._sources import FilePart, FileSource
from pipelines.recommend import recommend

SPLIT = 8  # states that one task adds up
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
    parts = partitions(X, y)
    reference = schema_of_collection(X)
    fitting.reader.check_names(reference)
    with scheduler_of(client) as scheduler:
        while fitting.k < fitting.plan.n_passes:
            fitting.reader.schema, fitting.reader.first = reference, "the collection"
            root = graph(fitting, parts)
            (result,) = dask.compute(root, scheduler=scheduler, retries=retries)
            fitting.state, fitting.n_rows[-1], fitting.reader.schema = result
            fitting.end_pass()
    return fitting.plan.fitted


def graph(fitting: Fitting, parts: list[tuple[str, Any]]) -> Any:
    """Return the tree of one pass: a leaf a partition, and nodes that add up `SPLIT` states."""
    task = delayed(_unpacked, pure=False)(pickle.dumps((fitting.plan, fitting.reader, fitting.k)))
    level = [delayed(_read, pure=False)(task, part, where) for where, part in parts]
    while len(level) > 1:
        groups = [level[i : i + SPLIT] for i in range(0, len(level), SPLIT)]
        level = [delayed(_added, pure=False)(task, group) for group in groups]
    return level[0]


@contextmanager
def _told(where: str) -> Iterator[None]:
    """Name the partition, and what Dask may have done to it."""
    try:
        with located(where):
            yield
    except TypeError as error:
        if "bare string '[" in str(error):
            error.args = (
                f"{error} Dask makes strings of lists: make the collection under dask.config.set("
                "{'dataframe.convert-string': False}), or read it with scan_parquet.",
            )
        raise


def _unpacked(data: bytes) -> Any:
    return pickle.loads(data)


Partial = tuple[Any, int, dict[str, str] | None]  # state, rows, schema


def _read(task: Any, part: Any, where: str) -> Partial:
    """Return the state of a partition, None where it is empty."""
    plan, template, k = task
    fitting = Fitting(plan, copy.copy(template), k=k)
    for batch in part if isinstance(part, FilePart) else [part]:
        with _told(where):
            fitting.read(batch, where)
    return fitting.state, fitting.n_rows[-1], fitting.reader.schema


def _added(task: Any, partials: list[Partial]) -> Partial:
    plan, _, k = task
    state, n_rows, schema = partials[0]
    for more, rows, other_schema in partials[1:]:
        n_rows, schema = n_rows + rows, schema or other_schema
        state = more if state is None else state if more is None else plan.add(k, state, more)
    return state, n_rows, schema


def schema_of_collection(X: Any) -> dict[str, str]:
    """Return the columns that every partition must have."""
    if isinstance(X, FileSource):
        return {name: kind_of_type(str(dtype)) for name, dtype in X.files[0].schema().items()}
    return schema_of(np.empty((0, X.shape[1])) if isinstance(X, da.Array) else X._meta)


def partitions(X: Any, y: Any = None) -> list[tuple[str, Any]]:
    """Return the partitions as Dask's delayed values, and how errors name them."""
    if isinstance(X, FileSource):
        return [(str(part), delayed(part, traverse=False)) for part in X.parts()]
    if not isinstance(X, (dd.DataFrame, da.Array)):
        raise TypeError(
            "The 'X' parameter of fit_dask must be a Dask DataFrame or Array, or what scan_parquet returns. "
            f"Got a {type(X).__module__}.{type(X).__name__} instead."
        )
    named = [(f"partition {i}", part) for i, part in enumerate(_delayed_parts(X))]
    if isinstance(y, DaskCollection):
        targets = _delayed_parts(_like(X, y))
        if len(targets) != len(named):
            raise ValueError(
                f"X and y must be partitioned alike. "
                f"Got {len(named)} partitions of X and {len(targets)} of y."
            )
        return [(where, (part, target)) for (where, part), target in zip(named, targets, strict=True)]
    return named


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
        return y.rechunk({0: X.chunks[0]})
    return y


def recommended(model: Any, X: Any, k: int, classes: np.ndarray) -> Any:
    """Return a lazy Dask DataFrame of the k best labels and scores of each row."""
    names = [f"{what}_{place + 1}" for what in ("label", "score") for place in range(k)]
    labels = pd.Series(classes).dtype
    meta = pd.DataFrame({name: pd.Series([], dtype=labels if name[0] == "l" else float) for name in names})
    sent = _sent(model)
    scored = [delayed(_scored, pure=False)(sent, part, where, k, meta) for where, part in partitions(X)]
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
    return pd.concat(frames) if frames else meta


def _frame(model: Any, rows: Any, where: str, k: int, meta: pd.DataFrame) -> pd.DataFrame:
    if not n_rows_of(rows):
        return meta
    with _told(where):
        labels, scores = recommend(model, rows, k)
    columns = dict(zip(meta.columns, [*labels.T, *scores.T], strict=True))
    return pd.DataFrame(columns, index=getattr(rows, "index", None)).astype(meta.dtypes.to_dict())
