"""Read a column of any kind of table into distinct values and integer codes.

Each kind of input has its own fast path: pandas factorises, polars gives the physical codes of its
categoricals, and Python lists are chained into one array. Encoding is not a matter of this module.
"""

import sys
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isinf
from typing import Any, TypeGuard

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_array

_PLAIN_LISTS = {list, tuple, set, frozenset}
_LISTS = (*_PLAIN_LISTS, np.ndarray)
_ROWS_PER_PASS = 4096  # rows of lists that are flattened at once, so that they stay in cache
_MIN_POLARS_ROWS = 300  # with fewer rows Python is faster: polars takes 0.1 ms to start each expression

Table = Any  # a pandas or polars Series or data frame, an array, or a list; they share no type
Cells = Any  # one column of a table: a pandas or polars Series, a 1-D array or a list


@dataclass(frozen=True)
class Column:
    """A column as rows of items. A missing item has code -1, any other item is ``values[code]``.

    Every row has at least one item, because a missing cell and an empty list are read as one missing item.

    Attributes
    ----------
    values : list of length n_values
        The distinct values that occur, which are hashable.
    codes : ndarray of shape (n_items,)
        The code of each item, row after row.
    lengths : ndarray of shape (n_rows,) or None
        Number of items of each row. None if each row has one item.
    """

    values: list
    codes: np.ndarray
    lengths: np.ndarray | None = None

    def indptr(self) -> np.ndarray:
        """Return where rows begin and end: row ``r`` is ``codes[indptr[r]:indptr[r + 1]]``."""
        kind = np.int32 if len(self.codes) <= np.iinfo(np.int32).max else np.int64  # as in scipy
        if self.lengths is None:
            return np.arange(len(self.codes) + 1, dtype=kind)
        indptr = np.zeros(len(self.lengths) + 1, dtype=kind)
        np.cumsum(self.lengths, out=indptr[1:])
        return indptr

    def take(self, rows: np.ndarray) -> "Column":
        """Return the rows with these indices, where -1 is the last row."""
        if self.lengths is None:
            return Column(self.values, self.codes[rows])
        starts, lengths = self.indptr()[:-1][rows], self.lengths[rows]
        items = np.arange(lengths.sum())
        items += np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
        return Column(self.values, self.codes[items], lengths)


def open_table(X: Table, *, cells_may_be_lists: bool, estimator: BaseEstimator) -> tuple[list[Cells], Table]:
    """Split ``X`` into columns without converting them.

    Returns
    -------
    columns : list of pandas Series, polars Series, 1-D ndarray or list of cells
    header : data frame or 2-D ndarray
        Has the shape and the names of `X`, for scikit-learn's ``validate_data``.
    """
    if isinstance(X, pd.Series) or _is_polars(X, "Series"):
        columns = [X]
        named = isinstance(X.name, str) and X.name != ""
        header = X.to_frame() if named else np.empty((len(X), 1), dtype=bool)
    elif isinstance(X, pd.DataFrame):
        columns, header = [X.iloc[:, j] for j in range(X.shape[1])], X
    elif _is_polars(X, "DataFrame"):
        columns, header = X.get_columns(), X
    elif cells_may_be_lists and isinstance(X, (list, tuple)):
        columns, header = [list(X)], np.empty((len(X), 1), dtype=bool)
    else:
        header = _as_2d_array(X, estimator)
        columns = list(header.T)
    if 0 in header.shape:
        check_array(np.empty(header.shape), estimator=estimator)  # raises
    if len(header) < _MIN_POLARS_ROWS:
        columns = [c.to_list() if _is_polars(c, "Series") else c for c in columns]
    return columns, header


def _as_2d_array(X: Table, estimator: BaseEstimator) -> np.ndarray:
    if isinstance(X, (list, tuple)):
        X = np.array(X, dtype=object)
    elif not isinstance(X, np.ndarray) and not issparse(X):
        X = np.asarray(X)
    # A flat array of numbers might be one row or one column, so check_array refuses it.
    if X.ndim == 1 and X.dtype.kind not in "biufc":
        X = X.reshape(-1, 1)
    return check_array(
        X,
        dtype=None,
        ensure_all_finite=False,
        ensure_min_samples=0,
        ensure_min_features=0,
        estimator=estimator,
    )


def read_scalars(column: Cells, name: str) -> Column:
    """Read a column of single values. O(n)."""
    if isinstance(column, list):
        column = object_array(column)
    if _is_polars(column, "Series"):
        values, codes = _factorize_polars(column, name)
    else:
        values, codes = _factorize(column, name)
    _check_items(values, name)
    return Column(values, codes)


def read_lists(column: Cells, name: str) -> Column:
    """Read a column of lists. A bare number is a list of one item. O(n) for n items."""
    if not isinstance(column, list):
        if _is_polars(column.dtype, "Array"):
            column = column.arr.to_list()
        if _is_polars(column.dtype, "List"):
            return _read_polars_lists(column, name)
        if _holds_objects(column.dtype):
            column = column.to_list() if _is_polars(column, "Series") else column.tolist()
    if isinstance(column, list) and any(isinstance(cell, _LISTS) for cell in column):
        return _read_cells(column, name)
    scalars = read_scalars(column, name)
    for code, value in enumerate(scalars.values):
        if isinstance(value, (str, bytes)):
            raise _bare_string(value, int(np.argmax(scalars.codes == code)), name)
    return scalars


def read_delimited(column: Cells, name: str, separator: str) -> Column:
    """Read a column of delimited strings. Each distinct string is split once. O(n)."""
    if not separator:
        raise ValueError(
            "The 'separator' parameter of MultiHotEncoder must be a non-empty str or None. "
            f"Got {separator!r} instead."
        )
    strings = read_scalars(column, name)
    for value in strings.values:
        if not isinstance(value, str):
            raise TypeError(
                f"With separator={separator!r} every cell must be a string. Got {value!r} in column {name!r}."
            )
    # The last row is for code -1, a missing cell. An empty piece is a missing item.
    pieces = [[piece or None for piece in s.split(separator)] for s in strings.values] + [[None]]
    return _read_cells(pieces, name).take(strings.codes)


def _holds_objects(dtype: object) -> bool:
    """Tell whether a column with this dtype holds Python objects."""
    is_list = getattr(dtype, "type", None) is list  # pandas' ArrowDtype of lists
    return is_list or dtype == np.dtype(object) or _is_polars(dtype, "Object")


def _is_polars(obj: object, kind: str) -> TypeGuard[Any]:
    """Tell whether ``obj`` is of polars' class ``kind``, without importing polars."""
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(obj, getattr(polars, kind))


def _factorize(column: Cells, name: str) -> tuple[list[Hashable], np.ndarray]:
    """Return the distinct values and the code of each cell, -1 where it is missing."""
    if column.dtype == object:
        column = np.asarray(column)
    try:
        if column.dtype == object and _shares_objects(column):
            codes, values = _factorize_by_identity(column)
        else:
            codes, values = pd.factorize(column)
    except TypeError:
        cells = pd.Series(column).tolist()
        _check_items(cells, name)
        raise not_uniform(cells) from None
    return as_items(values), codes


def as_items(values: Cells) -> list[Hashable]:
    """Return a list of Python objects. Dates of any origin become those of pandas."""
    as_numpy = isinstance(values, np.ndarray) and values.dtype.kind not in "mM"
    return (values if as_numpy else pd.Index(values)).tolist()


def _shares_objects(column: np.ndarray) -> bool:
    """Tell from the first rows whether repeated values are mostly the same Python object."""
    head = column[:1000].tolist()
    repeated_values = len(head) - len(set(head))
    repeated_objects = len(head) - len(set(map(id, head)))
    return 0 < repeated_values <= 2 * repeated_objects


def _factorize_by_identity(objects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factorise addresses, then the few distinct objects: 2 to 3 times faster than hashing strings."""
    addresses = np.ndarray(objects.shape, dtype=np.uintp, buffer=np.ascontiguousarray(objects))
    of_address, distinct = pd.factorize(addresses)
    one_of_each = np.empty(len(distinct), dtype=np.intp)
    one_of_each[of_address] = np.arange(len(objects))
    codes, values = pd.factorize(objects[one_of_each])
    return codes[of_address], values


def _factorize_polars(column: Cells, name: str) -> tuple[list[Hashable], np.ndarray]:
    import polars as pl

    if column.dtype == pl.String:
        column = column.cast(pl.Categorical)
    elif (column.dtype.is_numeric() and "128" not in str(column.dtype)) or column.dtype == pl.Boolean:
        present = column.is_not_null().to_numpy()
        codes = np.full(len(column), -1)
        values, codes[present] = _factorize(column.drop_nulls().to_numpy(), name)
        return values, codes
    elif column.dtype not in (pl.Categorical, pl.Enum):
        return _factorize(object_array(column.to_list()), name)
    distinct = column.drop_nulls().unique()
    used = distinct.to_physical().to_numpy()
    null = int(used.max(initial=0)) + 1
    code_of = np.full(null + 1, -1, dtype=np.int32)
    code_of[used] = np.arange(len(used))
    codes = code_of[column.to_physical().cast(pl.UInt32).fill_null(null).to_numpy()]
    return distinct.cast(pl.String).to_list(), codes


def _read_polars_lists(column: Cells, name: str) -> Column:
    lengths = column.list.len().fill_null(0).to_numpy().astype(np.int64)
    if lengths.min(initial=1) == 0:
        column = column.filter(column.list.len() > 0)
    items = read_scalars(column.explode(), name)
    return _fill_empty(items.values, items.codes, lengths)


def _read_cells(cells: list, name: str) -> Column:
    if _repeats_few_items(cells):
        try:
            return _number_cells(cells, name)
        except TypeError:
            pass  # the code below raises it with a better message
    lengths, items = _flatten(cells, name, dtype=object)
    scalars = read_scalars(items, name)
    return _fill_empty(scalars.values, scalars.codes, lengths)


def _flatten(
    cells: list, name: str, dtype: type, numbers: Callable[[Hashable], int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the length of each cell, and all items, or their numbers, in one array."""
    lengths: list[np.ndarray] = []
    items: list[np.ndarray] = []
    for start in range(0, len(cells), _ROWS_PER_PASS):
        part = _as_lists(cells[start : start + _ROWS_PER_PASS], start, name)
        lengths.append(np.fromiter(map(len, part), dtype=np.int64, count=len(part)))
        flat: Iterable = chain.from_iterable(part)
        flat = flat if numbers is None else map(numbers, flat)
        items.append(np.fromiter(flat, dtype=dtype, count=lengths[-1].sum()))
    return np.concatenate(lengths), np.concatenate(items)


class _Numbering(dict[Hashable, int]):
    """Numbers items by their first occurrence."""

    def __missing__(self, item: Hashable) -> int:
        self[item] = number = len(self)
        return number


def _repeats_few_items(cells: list) -> bool:
    """Tell from the first items whether few values are repeated often, each time as a new object."""
    head = [*chain.from_iterable(cell for cell in cells[:500] if type(cell) in _PLAIN_LISTS)]
    try:
        return 10 * len(set(head)) < len(head) and not _shares_objects(object_array(head))
    except TypeError:
        return False


def _number_cells(cells: list, name: str) -> Column:
    """Number the items with a dict, which is faster than pandas if few are distinct."""
    numbering = _Numbering()
    lengths, codes = _flatten(cells, name, np.int64, numbering.__getitem__)
    items = list(numbering)
    present = ~pd.isna(object_array(items))
    if not present.all():
        codes = np.where(present, np.cumsum(present) - 1, -1)[codes]
        items = [item for item, here in zip(items, present, strict=True) if here]
    _check_items(items, name)
    return _fill_empty(items, codes, lengths)


def _fill_empty(values: list[Hashable], codes: np.ndarray, lengths: np.ndarray) -> Column:
    """Add one missing item to each empty row."""
    empty = lengths == 0
    if empty.any():
        codes = np.insert(codes, (np.cumsum(lengths) - lengths)[empty], -1)
        lengths = np.maximum(lengths, 1)
    return Column(values, codes, lengths)


def _as_lists(cells: list, first_row: int, name: str) -> list:
    """Turn every cell into a list, including missing cells, bare numbers and arrays."""
    if set(map(type, cells)) <= _PLAIN_LISTS:
        return cells
    for row, cell in enumerate(cells, start=first_row):
        if isinstance(cell, (str, bytes)):
            raise _bare_string(cell, row, name)
    cells = [cell.tolist() if isinstance(cell, np.ndarray) else cell for cell in cells]
    return [cell if isinstance(cell, _LISTS) else (cell,) for cell in cells]


def object_array(values: Sequence) -> np.ndarray:
    """Return a 1-D array of objects, even if the values are lists, which numpy would make 2-D."""
    return np.fromiter(values, dtype=object, count=len(values))


def _check_items(values: list, name: str) -> None:
    """Raise if a value is a list, complex or infinite."""
    kinds = set(map(type, values))
    if any(issubclass(kind, _LISTS) for kind in kinds):
        raise _list_in_cell(name)
    if any(issubclass(kind, (complex, np.complexfloating)) for kind in kinds):
        raise ValueError(f"Complex data not supported, in column {name!r}.")
    is_float = any(issubclass(kind, (float, np.floating)) for kind in kinds)
    if is_float and any(isinstance(v, (float, np.floating)) and isinf(v) for v in values):
        raise ValueError(f"Column {name!r} contains infinity or a value too large for dtype('float64').")


def not_uniform(values: Iterable) -> TypeError:
    """Return scikit-learn's error for items that cannot be hashed or sorted."""
    types = sorted({type(value).__qualname__ for value in values})
    return TypeError(
        f"Encoders require their input argument must be uniformly strings or numbers. Got {types}"
    )


def _list_in_cell(name: str) -> TypeError:
    return TypeError(
        f"Column {name!r} holds lists where single values are expected: MultiHotEncoder without "
        "a separator encodes lists of strings or numbers."
    )


def _bare_string(value: str | bytes, row: int, name: str) -> TypeError:
    return TypeError(
        f"Column {name!r} holds the bare string {value!r} in row {row}, but MultiHotEncoder "
        f"expects a list of categories in each cell. Wrap it in a list, [{value!r}], or pass "
        "separator= to split delimited strings."
    )
