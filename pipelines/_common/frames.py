"""Rows in any form: data frames, Arrow tables, arrays, sparse matrices, lists of rows, dicts."""

from typing import Any, TypeAlias

import numpy as np

Rows: TypeAlias = Any  # of shape (n_rows, n_columns); frames, matrices and lists share no type


def n_rows_of(rows: Rows) -> int:
    """Return the number of rows."""
    return rows.shape[0] if hasattr(rows, "shape") else len(rows)


def arrow_as_frame(batch: Rows) -> Rows:
    """Return Arrow batches and tables as polars frames, without copying; return anything else unchanged."""
    is_arrow = hasattr(batch, "__arrow_c_array__") or hasattr(batch, "__arrow_c_stream__")
    if is_arrow and type(batch).__module__.partition(".")[0] not in ("pandas", "polars"):
        import polars as pl

        return pl.DataFrame(batch)
    return batch


def dicts_as_frame(rows: Rows, columns: np.ndarray | None) -> Rows:
    """Return a dict or a list of dicts as a pandas frame with these columns; anything else unchanged."""
    rows = [rows] if isinstance(rows, dict) else rows
    if columns is None or not (
        isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)
    ):
        return rows
    import pandas as pd

    return pd.DataFrame([{name: row.get(name) for name in columns} for row in rows], dtype=object)
