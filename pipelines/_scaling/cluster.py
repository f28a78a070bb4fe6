"""Fitting on Dask by merging one state per partition in a tree, and recommending on Dask."""

import copy
import os
import pickle
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import reduce
from typing import TYPE_CHECKING, TypeAlias

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
from dask.dataframe.dask_expr.io import ReadParquet
from dask.delayed import Delayed, delayed
from dask.typing import DaskCollection
from dask.utils import natural_sort_key
from sklearn.base import BaseEstimator

from pipelines._common.frames import Rows, n_rows_of
from pipelines._common.questions import rank_questions
from pipelines._scaling.fitting import Fitting, RowsRead
from pipelines._scaling.schema import check_schema, is_located, located, schema_of, width_of
from pipelines._scaling.sources import FilePart, FileSource, find_files

if TYPE_CHECKING:
    from distributed import Client

Collection: TypeAlias = dd.DataFrame | da.Array | FileSource
Part: TypeAlias = FilePart | Rows  # the input of a task: a part of a file, or a partition in memory
Named: TypeAlias = Sequence[tuple[str, Delayed | tuple[Delayed, Delayed]]]  # partitions of X, or of X and y
Scheduler: TypeAlias = "Client | str | None"

STATES_PER_TASK = 8  # number of states that one task merges
MAX_INLINE_BYTES = 50_000  # a plan up to this size is copied into every task; a larger plan is shared
STRING_OF_LIST = r"bare string ['\"]\["
LOCAL = ("threads", "processes", "synchronous")


@contextmanager
def scheduler_of(client: Scheduler) -> Iterator[Scheduler]:
    """Yield the scheduler for Dask: a client, the name of a scheduler, or None for Dask's default."""
    if isinstance(client, str) and ":" in client:
        from distributed import Client

        with Client(client, set_as_default=False) as connected:
            yield connected
    elif client is None or client in LOCAL or hasattr(client, "get"):
        yield client
    else:
        raise (ValueError if isinstance(client, str) else TypeError)(
            "The 'client' parameter of fit_dask must be a Client, the address of a cluster such as "
            f"'tcp://host:8786', one of {', '.join(map(repr, LOCAL))}, or None. Got {client!r} instead."
        )


def fit(
    fitting: Fitting, X: Collection, y: DaskCollection | None, client: Scheduler, retries: int
) -> BaseEstimator:
    """Fit a plan pass by pass. Only the merged state of all rows is returned from the cluster."""
    if y is not None and not isinstance(y, DaskCollection):
        raise TypeError(
            "The 'y' parameter of fit_dask must be the name of a column, a list of names, or a Dask Series, "
            f"DataFrame or Array that is partitioned like X. Got a {type(y).__name__} instead."
        )
    parts = partitions(X, y)
    if isinstance(X, da.Array) or y is not None:
        fitting.reader.check_is_frame(X if y is None else (X, y))
    reference = schema_of_collection(X)
    fitting.reader.check_names(reference)
    fitting.reader.schema, fitting.reader.first = reference, "the collection"
    with scheduler_of(client) as scheduler:
        while fitting.k < fitting.plan.n_passes:
            (result,) = dask.compute(graph(fitting, parts), scheduler=scheduler, retries=retries)
            if isinstance(result, Exception):
                raise result
            fitting.done = result
            fitting.end_pass()
    return fitting.plan.fitted


def graph(fitting: Fitting, parts: Named) -> Delayed:
    """Return the task tree of one pass: each leaf reads a partition, and each inner node merges states."""
    task: bytes | Delayed = pickle.dumps((fitting.plan, fitting.reader, fitting.k))
    if len(task) > MAX_INLINE_BYTES:
        task = delayed(_unpacked, pure=False)(task)
    level = [delayed(_read, pure=False)(task, part, where) for where, part in parts]
    while len(level) > 1:
        groups = [level[i : i + STATES_PER_TASK] for i in range(0, len(level), STATES_PER_TASK)]
        level = [delayed(_added, pure=False)(group) for group in groups]
    return level[0]


def _unpacked(data: Rows) -> Rows:
    return pickle.loads(data) if isinstance(data, bytes) else data


def _read(task: bytes | tuple, part: Part, where: str) -> RowsRead | Exception:
    """Return the state of a partition, or an error caused by its rows, which a retry would not fix."""
    plan, template, k = _unpacked(task)
    fitting = Fitting(plan, copy.copy(template), k=k)
    try:
        for batch in part if isinstance(part, FilePart) else [part]:
            fitting.read(batch, where)
    except (ValueError, TypeError) as error:
        if not is_located(error):
            raise
        return _told(error)
    return fitting.done


def _told(error: Exception) -> Exception:
    """Return an error that can be pickled, with a hint if Dask may have converted lists to strings."""
    hint = (
        " Dask converts lists to strings by default. Create the collection inside "
        "dask.config.set({'dataframe.convert-string': False}), or read the files with scan_parquet."
    )
    return type(error)(f"{error}{hint if re.search(STRING_OF_LIST, str(error)) else ''}")


def _added(results: list[RowsRead | Exception]) -> RowsRead | Exception:
    refused = next((result for result in results if isinstance(result, Exception)), None)
    return refused or reduce(RowsRead.merge, results)  # type: ignore[arg-type]


def schema_of_collection(X: Collection) -> dict[str, str]:
    """Return the columns that every partition must have."""
    if isinstance(X, FileSource):
        return X.files[0].kinds()
    return schema_of(np.empty((0, width_of(X.shape))) if isinstance(X, da.Array) else X._meta)


def partitions(X: Collection, y: DaskCollection | None = None, of: str = "fit_dask") -> Named:
    """Return the partitions as delayed Dask values, each with a name for error messages."""
    if isinstance(X, FileSource):
        if y is None:
            return [(str(part), delayed(part, traverse=False)) for part in X.parts()]
        raise TypeError(
            "The 'y' parameter of fit_dask must be a column name or a list of names if X is read from files. "
            "Got a Dask collection instead."
        )
    if not isinstance(X, (dd.DataFrame, da.Array)):
        raise TypeError(
            f"The 'X' parameter of {of} must be a Dask DataFrame or Array, or the result of scan_parquet, "
            "scan_csv or scan_ndjson. "
            f"Got a {type(X).__module__}.{type(X).__name__} instead."
        )
    parts: list = _delayed_parts(X)
    files = _checked_files(X)
    names = [f"partition {i}" for i in range(len(parts))]
    if len(files) == len(parts):
        names = [f"{name}, file {file!r}" for name, file in zip(names, files, strict=True)]
    if y is not None:
        targets = _delayed_parts(_like(X, y))  # type: ignore[arg-type]
        if len(targets) != len(parts):
            raise ValueError(
                "X and y must have the same partitions. "
                f"Got {len(parts)} partitions of X and {len(targets)} of y."
            )
        parts = list(zip(parts, targets, strict=True))
    return list(zip(names, parts, strict=True))


def _checked_files(X: dd.DataFrame | da.Array) -> list[str]:
    """Return the Parquet files of a DataFrame in partition order, and check the columns of local files.

    Dask reads all files with the schema of the first file, and its own errors state neither the file nor
    the column.
    """
    for node in X.expr.walk() if isinstance(X, dd.DataFrame) else []:
        if isinstance(node, ReadParquet):
            files, expected = _files_of(node), schema_of(node._meta)
            for file in filter(os.path.isfile, files):
                with located(f"file {file!r}"):
                    kinds = FilePart(file, "parquet", None, 1, {}).kinds()
                    found = {name: kinds[name] for name in expected if name in kinds}
                    check_schema(found, expected, "the other files")
            return files
    return []


def _files_of(node: ReadParquet) -> list[str]:
    """Return the files in the order of Dask's partitions, or an empty list if the path is not supported."""
    with suppress(FileNotFoundError):
        return sorted(find_files(node.path, "parquet"), key=natural_sort_key)
    return []


def _delayed_parts(X: dd.DataFrame | da.Array) -> list[Delayed]:
    if isinstance(X, da.Array):
        X = X.rechunk({1: -1}) if X.ndim == 2 else X
        return list(X.to_delayed().reshape(-1))
    return X.to_delayed()


def _like(X: dd.DataFrame | da.Array, y: dd.DataFrame | da.Array) -> dd.DataFrame | da.Array:
    """Return y rechunked like X, if the chunk sizes of both are known."""
    are_arrays = isinstance(X, da.Array) and isinstance(y, da.Array)
    if not are_arrays or np.isnan([*X.chunks[0], *y.chunks[0]]).any():
        return y
    if len(X) != len(y):
        raise ValueError(
            f"X and y must have the same number of rows. Got {len(X):,} rows of X and {len(y):,} of y."
        )
    return y.rechunk({0: X.chunks[0]})


def recommended(model: BaseEstimator, X: Collection, k: int, classes: np.ndarray) -> dd.DataFrame:
    """Return a lazy Dask DataFrame of the k best labels and scores of each row."""
    parts = partitions(X, of="recommend_dask")
    names = [f"{what}_{place + 1}" for what in ("label", "score") for place in range(k)]
    labels = pd.Series(classes).dtype
    meta = pd.DataFrame({name: pd.Series([], dtype=labels if name[0] == "l" else float) for name in names})
    sent = _sent(model)
    scored = [delayed(_scored, pure=False)(sent, part, where, k, meta) for where, part in parts]
    return dd.from_delayed(scored, meta=meta, verify_meta=False)


def _sent(model: BaseEstimator) -> DaskCollection:
    """Send the model to each worker once. Return a reference to it."""
    try:
        from distributed import get_client

        return get_client().scatter(model, broadcast=True, hash=False)
    except (ImportError, ValueError):  # there is no cluster, so threads share the model
        return delayed(_unpacked, pure=False)(pickle.dumps(model))


def _scored(model: BaseEstimator, part: Part, where: str, k: int, meta: pd.DataFrame) -> pd.DataFrame:
    is_file = isinstance(part, FilePart)
    batches = part if is_file else [part]
    frames = [_frame(model, rows, where, k, meta) for rows in batches if n_rows_of(rows)]
    return pd.concat(frames, ignore_index=is_file) if frames else meta


def _frame(model: BaseEstimator, rows: Rows, where: str, k: int, meta: pd.DataFrame) -> pd.DataFrame:
    try:
        with located(where):
            labels, scores = rank_questions(model, rows, k)
    except (ValueError, TypeError) as error:
        raise _told(error) from error
    columns = dict(zip(meta.columns, [*labels.T, *scores.T], strict=True))
    return pd.DataFrame(columns, index=getattr(rows, "index", None)).astype(meta.dtypes.to_dict())
