"""Which rows was a model trained on? A digest of the content, whatever holds it.

`training_data` reads pandas, polars, arrays, sparse matrices and lists; one pass over the cells.
"""

import hashlib
import json
import numbers
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
from scipy import sparse


def training_data(X: Any, y: Any = None) -> dict[str, Any] | None:
    """Count the rows and columns of the training data and digest its content.

    The fingerprint is the SHA-256 of X, then y: for each, the number of rows and the column names
    (their number where there are none; the name of a Series does not count), then column by column
    the cells in their order. It is the same for pandas and polars, for every integer and float
    type that holds the same values, in every process and with every version, because

    - numbers and booleans count as float64 (True is 1.0, whole numbers beyond 2**53 are rounded),
    - None, NaN, NaT and NA are one missing value,
    - dates and times count as their ISO text (a date as its midnight),
    - a list, tuple, array or Series in a cell is its items in order, a set its sorted items.

    An index, dtypes and the names of categories that occur nowhere do not count. Sparse input is
    digested by its non-zero entries, so it differs from the same numbers held densely.

    Parameters
    ----------
    X, y : data frame, Series, array, sparse matrix or list, or None
        The training data: (n_samples, n_features) and (n_samples,) or (n_samples, n_outputs).

    Returns
    -------
    dict or None
        ``rows``, ``columns`` (of X: the names, or how many where they have none) and
        ``fingerprint``; None where X is None.

    Raises
    ------
    TypeError
        If a cell is of a type that has no canonical form.
    ValueError
        If y comes without X or differs from it in length, or an array has three dimensions.

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
    if X is None:
        if y is not None:
            raise ValueError("y was given without X.")
        return None
    digest = hashlib.sha256()
    rows, columns = _digest("X", X, digest)
    if y is not None:
        targets, _ = _digest("y", y, digest)
        if targets != rows:
            raise ValueError(f"X has {rows} rows and y has {targets}; they must be equally many.")
    return {"rows": rows, "columns": columns, "fingerprint": digest.hexdigest()}


def _digest(label: str, data: Any, digest: Any) -> tuple[int, list[str] | int]:
    rows = data.shape[0] if hasattr(data, "shape") else len(data)
    columns, parts = _sparse_parts(data) if sparse.issparse(data) else _dense_parts(data)
    for part in (json.dumps([label, rows, columns]).encode(), *parts):
        digest.update(len(part).to_bytes(8, "little"))  # so that no two lists of parts run together
        digest.update(part)
    return rows, columns


def _sparse_parts(matrix: Any) -> tuple[int, Iterator[bytes]]:
    csc = sparse.csc_array(matrix, copy=True, dtype=np.float64)
    csc.sum_duplicates()
    csc.eliminate_zeros()
    arrays = (csc.indptr.astype("<i8"), csc.indices.astype("<i8"), csc.data.astype("<f8"))
    return csc.shape[1], (array.tobytes() for array in arrays)


def _dense_parts(data: Any) -> tuple[list[str] | int, Iterator[bytes]]:
    if isinstance(data, list | tuple):
        import pandas as pd  # here, so that loading a model does not wait for it

        columns = [column for _, column in pd.DataFrame(data).items()]
    elif hasattr(data, "columns"):
        # duplicate names are legal in pandas, where data[name] would then be a frame
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
        raise ValueError(f"Training data must have one or two dimensions. Got {array.ndim}.")
    return list(array.T) if array.ndim == 2 else [array]


def _canonical(column: Any) -> bytes:
    array = np.asarray(column)
    if isinstance(column, np.ndarray) and array.dtype.kind == "M":  # of whatever unit
        column = array = array.astype("datetime64[us]").astype(object)
    if array.dtype.kind not in "biuf":
        cells = [_cell(value) for value in _values(column)]
        if not all(cell is None or isinstance(cell, float) for cell in cells):
            return b"cells" + json.dumps(cells).encode()
        array = np.array([np.nan if cell is None else cell for cell in cells])
    floats = array.astype("<f8") + 0.0  # -0.0 counts as 0.0
    floats[np.isnan(floats)] = np.nan  # a NaN has many bit patterns
    return b"floats" + floats.astype("<f8").tobytes()


def _values(column: Any) -> list[Any]:
    return column.to_list() if hasattr(column, "to_list") else column.tolist()


def _cell(value: Any) -> Any:
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
        "A cell of the training data must be text, a number, a boolean, a date, missing, or a list "
        f"or set of these. Got {value!r} of type {type(value).__name__} instead."
    )
