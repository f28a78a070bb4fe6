"""A fingerprint of the training data that is independent of the data frame library."""

import hashlib
import json
import numbers
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain
from typing import Any

import numpy as np
from scipy import sparse

from pipelines._common.description import JSON
from pipelines._common.frames import Rows, collected, n_rows_of


def training_data(X: Rows, y: Rows = None) -> dict[str, JSON] | None:
    """Return the number of rows, the columns and a fingerprint of the training data.

    The fingerprint is the SHA-256 hash of X followed by y. Each contributes its number of rows, its column
    names (or the number of columns if they have no names; the name of a Series is ignored), and its cells,
    column by column. The fingerprint is the same for pandas and polars, for all integer and float types that
    hold the same values, in every process, and with every version of Python and of these libraries, because

    - numbers and booleans are converted to float64 (True is 1.0, integers beyond 2**53 are rounded),
    - None, NaN, NaT and NA are treated as the same missing value,
    - dates and times are converted to ISO strings (a date to midnight of that day),
    - a list, tuple, array or Series in a cell is converted to its items in order, a set to its sorted items.

    The index, dtypes and unused categories are ignored. Only the nonzero entries of sparse input are read, so
    the fingerprint of sparse input differs from that of the same numbers in a dense array.

    Parameters
    ----------
    X, y : data frame, Series, array, sparse matrix or list, or None
        The training data: (n_samples, n_features) and (n_samples,) or (n_samples, n_outputs).

    Returns
    -------
    dict or None
        ``rows``, ``columns`` (the names of the columns of X, or their number if they have no names) and
        ``fingerprint``; None if X is None.

    Raises
    ------
    TypeError
        If the type of a cell is not supported.
    ValueError
        If y is given without X, if X and y have different numbers of rows, or if an array does not have one
        or two dimensions.

    Examples
    --------
    >>> import pandas, polars
    >>> rows = {"budget": ["cheap", "dear"], "types": [["Action"], ["Racing", "Sports"]]}
    >>> first = training_data(pandas.DataFrame(rows), ["Ico", "F-Zero"])
    >>> first == training_data(polars.DataFrame(rows), ["Ico", "F-Zero"])
    True
    >>> first["rows"], first["columns"]
    (2, ['budget', 'types'])
    """
    X, y = collected(X), collected(y)
    if X is None:
        if y is not None:
            raise ValueError("The 'y' parameter must be None if 'X' is None. Pass 'X' too, or omit 'y'.")
        return None
    rows, columns, parts = _parts("X", X)
    if y is not None:
        targets, _, parts_of_y = _parts("y", y)
        if targets != rows:
            raise ValueError(
                f"X and y must have the same number of rows. Got {rows} rows of X and {targets} of y."
            )
        parts = chain(parts, parts_of_y)
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))  # so that different splits have different hashes
        digest.update(part)
    return {"rows": rows, "columns": columns, "fingerprint": digest.hexdigest()}


def _parts(label: str, data: Rows) -> tuple[int, list[str] | int, Iterator[bytes]]:
    """Return the number of rows, the columns, and the bytes of the data, column by column."""
    rows = n_rows_of(data)
    columns, parts = _sparse_parts(data) if sparse.issparse(data) else _dense_parts(data)
    return rows, columns, chain([json.dumps([label, rows, columns]).encode()], parts)


def _sparse_parts(matrix: sparse.sparray) -> tuple[int, Iterator[bytes]]:
    csc = sparse.csc_array(matrix, copy=True, dtype=np.float64)
    csc.sum_duplicates()
    csc.eliminate_zeros()
    arrays = (csc.indptr.astype("<i8"), csc.indices.astype("<i8"), csc.data.astype("<f8"))
    return csc.shape[1], (array.tobytes() for array in arrays)


def _dense_parts(data: Rows) -> tuple[list[str] | int, Iterator[bytes]]:
    if isinstance(data, list | tuple):
        import pandas as pd  # imported here so that loading a model does not wait for it

        columns = [column for _, column in pd.DataFrame(data).items()]
    elif hasattr(data, "columns"):
        # pandas allows duplicate names, for which data[name] would be a frame
        polars = hasattr(data, "get_columns")
        columns = data.get_columns() if polars else [column for _, column in data.items()]
        return [str(name) for name in data.columns], map(_canonical, columns)
    elif hasattr(data, "to_list"):
        columns = [data]
    else:
        columns = _array_columns(np.asarray(data))
    return len(columns), map(_canonical, columns)


def _array_columns(array: np.ndarray) -> list[np.ndarray]:
    if array.ndim not in (1, 2):
        raise ValueError(
            f"Training data must have one or two dimensions. Got an array with {array.ndim} dimensions."
        )
    return list(array.T) if array.ndim == 2 else [array]


def _canonical(column: Rows) -> bytes:
    if str(getattr(column, "dtype", "")) in ("Int128", "UInt128"):  # polars types that NumPy does not have
        column = column.cast(float)
    array = np.asarray(column)
    if isinstance(column, np.ndarray) and array.dtype.kind == "M":  # datetime64 with any unit
        column = array = array.astype("datetime64[us]").astype(object)
    if array.dtype.kind not in "biuf":
        values = column.to_list() if hasattr(column, "to_list") else column.tolist()
        cells = [_cell(value) for value in values]
        if not all(cell is None or isinstance(cell, float) for cell in cells):
            return b"cells" + json.dumps(cells).encode()
        array = np.array([np.nan if cell is None else cell for cell in cells])
    floats = array.astype("<f8") + 0.0  # turns -0.0 into 0.0
    floats[np.isnan(floats)] = np.nan  # a NaN has many bit patterns
    return b"floats" + floats.astype("<f8").tobytes()


def _cell(value: Any) -> JSON:
    if isinstance(value, str):
        return str(value)
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, numbers.Real | Decimal | np.bool_):
        number = float(value) + 0.0
        return number if number == number else None
    if isinstance(value, datetime | time):
        return value.isoformat()
    if isinstance(value, date):
        return datetime.combine(value, time()).isoformat()
    if isinstance(value, set | frozenset):
        return sorted(map(_cell, value), key=json.dumps)
    if isinstance(value, list | tuple | np.ndarray) or hasattr(value, "to_list"):
        return [_cell(item) for item in value]
    raise TypeError(
        "A cell of the training data must be a string, a number, a boolean, a date, a missing value, or a "
        f"list or set of these. Got {value!r} of type {type(value).__name__} instead."
    )
