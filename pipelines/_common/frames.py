"""Input rows of all supported types: data frames, Arrow tables, arrays, sparse matrices, lists and dicts."""

import sys
from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

from pipelines._common.names import listed, suggestion

Rows: TypeAlias = Any  # of shape (n_rows, n_columns); frames, matrices and lists have no common type


def n_rows_of(rows: Rows) -> int:
    """Return the number of rows."""
    return rows.shape[0] if hasattr(rows, "shape") else len(rows)


def collected(rows: Rows) -> Rows:
    """Return a polars LazyFrame as a data frame, and anything else unchanged."""
    polars = sys.modules.get("polars")
    return rows.collect() if polars is not None and isinstance(rows, polars.LazyFrame) else rows


def some_rows(rows: Rows, of: str) -> Rows:
    """Return the rows, converted by :func:`as_frame`. Raise ValueError if there are no rows."""
    rows = as_frame(rows)
    is_empty = not rows if isinstance(rows, list | tuple) else getattr(rows, "shape", (1,))[:1] == (0,)
    if is_empty:
        raise ValueError(f"The 'X' parameter of {of} must contain at least one row. Got no rows.")
    return rows


def as_frame(batch: Rows) -> Rows:
    """Return Arrow data (without copying) and LazyFrames as polars frames, and anything else unchanged."""
    batch = collected(batch)
    is_arrow = hasattr(batch, "__arrow_c_array__") or hasattr(batch, "__arrow_c_stream__")
    if is_arrow and type(batch).__module__.partition(".")[0] not in ("pandas", "polars"):
        import polars as pl

        return pl.DataFrame(batch)
    return batch


def dicts_as_frame(rows: Rows, columns: np.ndarray | None) -> Rows:
    """Return a dict or a list of dicts as a pandas frame with these columns, and anything else unchanged."""
    rows = [rows] if isinstance(rows, dict) else rows
    if columns is None or not (
        isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)
    ):
        return rows
    import pandas as pd

    return pd.DataFrame([{name: row.get(name) for name in columns} for row in rows], dtype=object)


def check_columns(rows: Rows, columns: Iterable[str]) -> None:
    """Raise an error if a pandas or polars frame lacks a column, or if the rows have no columns."""
    if (
        isinstance(rows, str)
        or getattr(rows, "ndim", 2) < 2
        or (isinstance(rows, list) and np.ndim(rows[0]) < 1)
    ):
        raise TypeError(
            "Queries must be a data frame, a dict such as {column: value}, or a list of dicts. "
            f"Got a {type(rows).__name__} instead."
        )
    if type(rows).__module__.partition(".")[0] not in ("pandas", "polars") or not hasattr(rows, "columns"):
        return
    missing = next((name for name in columns if name not in rows.columns), None)
    if missing is not None:
        raise ValueError(
            f"A data frame passed to the model must have the column {missing!r}."
            f"{suggestion(missing, rows.columns)} It has the columns {listed(rows.columns)}. To omit "
            "columns, pass a dict or a list of dicts instead."
        )


def check_keys(rows: Rows, columns: Iterable[str] | None) -> None:
    """Raise ValueError if a dict, or any dict in a list, has a key that is not a column."""
    if columns is None:
        return
    known = dict.fromkeys(columns)
    for row in [rows] if isinstance(rows, dict) else rows if isinstance(rows, list) else ():
        for key in row if isinstance(row, dict) else ():
            if key not in known:
                raise ValueError(
                    f"The keys of a query must be among the columns {', '.join(map(repr, known))}. "
                    f"Got {key!r} instead.{suggestion(key, known)}"
                )
