"""Read a column of categories, whatever it is made of, into integer codes.

Each kind of input keeps its own fast path: pandas factorises, polars hands out the physical codes
of its categoricals, and Python lists are chained into one array. Nothing here knows about encoding.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isinf
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.utils import check_array

_PLAIN_LISTS = {list, tuple, set, frozenset}
_LISTS = (*_PLAIN_LISTS, np.ndarray)
_BLOCK = 4096  # rows
_SHORT = 300  # rows; polars takes 0.1 ms to start each expression, more than Python for so few


@dataclass(frozen=True)
class Column:
    """Rows of items: a missing item has code -1, the others are ``values[code]``.

    Every row holds at least one item, because a missing cell and an empty list are read as one
    missing item. ``values`` are distinct and each occurs.

    Attributes
    ----------
    values : list
    codes : ndarray of shape (n_items,)
    lengths : ndarray of shape (n_rows,), or None where each row holds one item
    """

    values: list[Any]
    codes: np.ndarray
    lengths: np.ndarray | None = None

    def indptr(self) -> np.ndarray:
        """Where rows begin and end: row ``r`` is ``codes[indptr[r]:indptr[r + 1]]``."""
        kind = np.int32 if len(self.codes) <= np.iinfo(np.int32).max else np.int64  # as scipy keeps them
        if self.lengths is None:
            return np.arange(len(self.codes) + 1, dtype=kind)
        indptr = np.zeros(len(self.lengths) + 1, dtype=kind)
        np.cumsum(self.lengths, out=indptr[1:])
        return indptr

    def take(self, rows: np.ndarray) -> "Column":
        """Return the rows named by their indices; -1 is the last row."""
        if self.lengths is None:
            return Column(self.values, self.codes[rows])
        starts, lengths = self.indptr()[:-1][rows], self.lengths[rows]
        items = np.arange(lengths.sum())
        items += np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
        return Column(self.values, self.codes[items], lengths)


def open_table(X: Any, *, cells_may_be_lists: bool, estimator: Any) -> tuple[list[Any], Any]:
    """Split ``X`` into columns without converting them.

    Returns
    -------
    columns : list of pandas Series, polars Series, 1-D ndarray or list of cells
    header : data frame or 2-D ndarray
        What scikit-learn's ``validate_data`` is to read names and shape from.
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
        check_array(np.empty(header.shape), estimator=estimator)  # words the error
    if len(header) < _SHORT:
        columns = [c.to_list() if _is_polars(c, "Series") else c for c in columns]
    return columns, header


def _as_2d_array(X: Any, estimator: Any) -> np.ndarray:
    if isinstance(X, (list, tuple)):
        X = np.array(X, dtype=object)
    elif not isinstance(X, np.ndarray) and not issparse(X):
        X = np.asarray(X)
    # A flat array of numbers might be one row or one column: check_array refuses it.
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


def read_scalars(column: Any, name: str) -> Column:
    """Read a column of single values. O(n)."""
    if isinstance(column, list):
        column = object_array(column)
    if _is_polars(column, "Series"):
        values, codes = _factorize_polars(column, name)
    else:
        values, codes = _factorize(column, name)
    _check_items(values, name)
    return Column(values, codes)


def read_lists(column: Any, name: str) -> Column:
    """Read a column of lists; a bare number is a list of one. O(total items)."""
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


def read_delimited(column: Any, name: str, separator: str) -> Column:
    """Read a column of delimited strings; each distinct string is split once. O(n)."""
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
    # The last row is what code -1, a missing cell, takes. An empty piece is a missing item.
    pieces = [[piece or None for piece in s.split(separator)] for s in strings.values] + [[None]]
    return _read_cells(pieces, name).take(strings.codes)


def _holds_objects(dtype: Any) -> bool:
    is_list = getattr(dtype, "type", None) is list  # pandas' ArrowDtype of lists
    return is_list or dtype == np.dtype(object) or _is_polars(dtype, "Object")


def _is_polars(obj: Any, kind: str) -> bool:
    """Tell whether ``obj`` is polars' class ``kind``, without importing polars."""
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(obj, getattr(polars, kind))


def _factorize(column: Any, name: str) -> tuple[list[Any], np.ndarray]:
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


def as_items(values: Any) -> list[Any]:
    """Return a list of Python's own objects; dates as pandas has them, whatever held them."""
    as_numpy = isinstance(values, np.ndarray) and values.dtype.kind not in "mM"
    return (values if as_numpy else pd.Index(values)).tolist()


def _shares_objects(column: np.ndarray) -> bool:
    """Tell from the first rows whether repeated values mostly are one and the same object."""
    head = column[:1000].tolist()
    repeated_values = len(head) - len(set(head))
    repeated_objects = len(head) - len(set(map(id, head)))
    return 0 < repeated_values <= 2 * repeated_objects


def _factorize_by_identity(objects: np.ndarray) -> tuple[np.ndarray, Any]:
    """Factorise addresses, then the few distinct objects: 2-3 times faster than hashing strings."""
    addresses = np.ndarray(objects.shape, dtype=np.uintp, buffer=np.ascontiguousarray(objects))
    of_address, distinct = pd.factorize(addresses)
    one_of_each = np.empty(len(distinct), dtype=np.intp)
    one_of_each[of_address] = np.arange(len(objects))
    codes, values = pd.factorize(objects[one_of_each])
    return codes[of_address], values


def _factorize_polars(column: Any, name: str) -> tuple[list[Any], np.ndarray]:
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


def _read_polars_lists(column: Any, name: str) -> Column:
    lengths = column.list.len().fill_null(0).to_numpy().astype(np.int64)
    if lengths.min(initial=1) == 0:
        column = column.filter(column.list.len() > 0)
    items = read_scalars(column.explode(), name)
    return _fill_empty(items.values, items.codes, lengths)


def _read_cells(cells: list[Any], name: str) -> Column:
    if _repeats_few_items(cells):
        try:
            return _number_cells(cells, name)
        except TypeError:
            pass  # what follows words the error
    lengths, items = _flatten(cells, name, dtype=object)
    scalars = read_scalars(items, name)
    return _fill_empty(scalars.values, scalars.codes, lengths)


def _flatten(
    cells: list[Any], name: str, dtype: Any, numbers: Callable[[Any], int] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the length of each cell, and all items, or their numbers, one after the other."""
    lengths, items = [], []
    # In blocks, so that each pass over the cells finds them in the processor's cache.
    for start in range(0, len(cells), _BLOCK):
        block = _as_lists(cells[start : start + _BLOCK], start, name)
        lengths.append(np.fromiter(map(len, block), dtype=np.int64, count=len(block)))
        flat: Iterable[Any] = chain.from_iterable(block)
        flat = flat if numbers is None else map(numbers, flat)
        items.append(np.fromiter(flat, dtype=dtype, count=lengths[-1].sum()))
    return np.concatenate(lengths), np.concatenate(items)


class _Numbering(dict):
    """Number items by their first occurrence."""

    def __missing__(self, item: Any) -> int:
        self[item] = number = len(self)
        return number


def _repeats_few_items(cells: list[Any]) -> bool:
    """Tell from the first items whether few are repeated often, as objects of their own each."""
    head = [*chain.from_iterable(cell for cell in cells[:500] if type(cell) in _PLAIN_LISTS)]
    try:
        return 10 * len(set(head)) < len(head) and not _shares_objects(object_array(head))
    except TypeError:
        return False


def _number_cells(cells: list[Any], name: str) -> Column:
    """Number the items by a dict, which is faster than pandas for few distinct ones."""
    numbering = _Numbering()
    lengths, codes = _flatten(cells, name, np.int64, numbering.__getitem__)
    items = list(numbering)
    present = ~pd.isna(object_array(items))
    if not present.all():
        codes = np.where(present, np.cumsum(present) - 1, -1)[codes]
        items = [item for item, here in zip(items, present, strict=True) if here]
    _check_items(items, name)
    return _fill_empty(items, codes, lengths)


def _fill_empty(values: list[Any], codes: np.ndarray, lengths: np.ndarray) -> Column:
    """Give each empty row one missing item."""
    empty = lengths == 0
    if empty.any():
        codes = np.insert(codes, (np.cumsum(lengths) - lengths)[empty], -1)
        lengths = np.maximum(lengths, 1)
    return Column(values, codes, lengths)


def _as_lists(cells: list[Any], first_row: int, name: str) -> list[Any]:
    """Make every cell a list: missing cells, bare numbers and arrays too."""
    if set(map(type, cells)) <= _PLAIN_LISTS:
        return cells
    for row, cell in enumerate(cells, start=first_row):
        if isinstance(cell, (str, bytes)):
            raise _bare_string(cell, row, name)
    cells = [cell.tolist() if isinstance(cell, np.ndarray) else cell for cell in cells]
    return [cell if isinstance(cell, _LISTS) else (cell,) for cell in cells]


def object_array(values: Sequence[Any]) -> np.ndarray:
    """Return a 1-D array of objects, also where numpy would look inside them."""
    return np.fromiter(values, dtype=object, count=len(values))


def _check_items(values: list[Any], name: str) -> None:
    kinds = set(map(type, values))
    if any(issubclass(kind, _LISTS) for kind in kinds):
        raise _list_in_cell(name)
    if any(issubclass(kind, (complex, np.complexfloating)) for kind in kinds):
        raise ValueError(f"Complex data not supported, in column {name!r}.")
    is_float = any(issubclass(kind, (float, np.floating)) for kind in kinds)
    if is_float and any(isinstance(v, (float, np.floating)) and isinf(v) for v in values):
        raise ValueError(f"Column {name!r} contains infinity or a value too large for dtype('float64').")


def not_uniform(values: Iterable[Any]) -> TypeError:
    """Word the error for items that cannot be hashed or sorted, as scikit-learn does."""
    types = sorted({type(value).__qualname__ for value in values})
    return TypeError(
        f"Encoders require their input argument must be uniformly strings or numbers. Got {types}"
    )


def _list_in_cell(name: str) -> TypeError:
    return TypeError(
        f"Column {name!r} holds lists where single values are expected: MultiHotEncoder without "
        "a separator encodes lists of strings or numbers."
    )


def _bare_string(value: Any, row: int, name: str) -> TypeError:
    return TypeError(
        f"Column {name!r} holds the bare string {value!r} in row {row}, but MultiHotEncoder "
        f"expects a list of categories in each cell. Wrap it in a list, [{value!r}], or pass "
        "separator= to split delimited strings."
    )
