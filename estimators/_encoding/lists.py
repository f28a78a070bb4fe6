"""Convert a column of lists or delimited strings to distinct values and integer codes."""

from collections.abc import Callable, Hashable
from itertools import chain

import numpy as np

from estimators._encoding.columns import Column, read_scalars
from estimators._encoding.numbering import (
    LISTS,
    PLAIN_LISTS,
    Cells,
    Numbering,
    as_bytes,
    check_items,
    is_polars,
    repeats_few,
    shares_objects,
    without_missing,
)

_ROWS_PER_PASS = 4096  # rows to flatten at once, so that they fit into the cache


def read_lists(column: Cells, name: str) -> Column:
    """Read a column of lists, in O(n) time for n items. A single number is a list with one item."""
    if not isinstance(column, list):
        if is_polars(column.dtype, "Array"):
            column = column.arr.to_list()
        if is_polars(column.dtype, "List"):
            return _read_polars_lists(column, name)
        if _holds_objects(column.dtype):
            column = column.to_list() if is_polars(column, "Series") else column.tolist()
    if isinstance(column, list) and any(isinstance(cell, LISTS) for cell in column):
        return _read_cells(column, name)
    scalars = read_scalars(column, name)
    for code, value in enumerate(scalars.values):
        if isinstance(value, (str, bytes)):
            raise _bare_string(value, int(np.argmax(scalars.codes == code)), name)
    return scalars


def read_delimited(column: Cells, name: str, separator: str) -> Column:
    """Read a column of delimited strings, in O(n) time. Each distinct string is split once."""
    if not separator:
        raise ValueError(
            "The 'separator' parameter of MultiHotEncoder must be a non-empty str or None. "
            f"Got {separator!r} instead."
        )
    strings = read_scalars(column, name)
    for value in strings.values:
        if not isinstance(value, str):
            raise TypeError(
                f"With separator={separator!r}, every cell must be a string or missing. Got {value!r} in "
                f"column {name!r}."
            )
    pieces = [split(string, separator) for string in strings.values]
    # The last row is for code -1, a missing cell.
    return _read_cells([*pieces, [None]], name).take(strings.codes)


def split(string: str, separator: str) -> list[str | None]:
    """Split a string and strip whitespace from each part. An empty part is a missing item, None."""
    return [piece.strip() or None for piece in string.split(separator)]


def _holds_objects(dtype: object) -> bool:
    """Return True if a column with this dtype contains Python objects."""
    is_list = getattr(dtype, "type", None) is list  # pandas' ArrowDtype of lists
    return is_list or dtype == np.dtype(object) or is_polars(dtype, "Object")


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
            pass  # the code below raises an error with a better message
    lengths, items = _flatten(cells, name, _pack_objects)
    scalars = read_scalars(items, name)
    return _fill_empty(scalars.values, scalars.codes, lengths)


def _flatten(
    cells: list, name: str, pack: Callable[[list, int], np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the length of each cell and an array of the items of all cells, as built by `pack`."""
    lengths: list[np.ndarray] = []
    items: list[np.ndarray] = []
    for start in range(0, len(cells), _ROWS_PER_PASS):
        part = _as_lists(cells[start : start + _ROWS_PER_PASS], start, name)
        lengths.append(_lengths(part))
        items.append(pack(part, int(lengths[-1].sum())))
    return np.concatenate(lengths), np.concatenate(items)


def _lengths(part: list) -> np.ndarray:
    try:  # faster than Python integers
        return np.frombuffer(bytes(map(len, part)), dtype=np.uint8).astype(np.int64)
    except ValueError:  # a list of more than 255 items
        return np.fromiter(map(len, part), dtype=np.int64, count=len(part))


def _pack_objects(part: list, count: int) -> np.ndarray:
    return np.fromiter(chain.from_iterable(part), object, count)


def _repeats_few_items(cells: list) -> bool:
    """Return True if the first cells consist of few distinct values, repeated as separate objects."""
    head = [*chain.from_iterable(cell for cell in cells[:500] if type(cell) in PLAIN_LISTS)]
    try:
        return repeats_few(head) and not shares_objects(head[:1000])
    except TypeError:
        return False


def _number_cells(cells: list, name: str) -> Column:
    """Number the items with a dict, which is faster than pandas if there are few distinct items."""
    numbering = Numbering()

    def pack(part: list, count: int) -> np.ndarray:
        if len(numbering) <= 256:
            numbers = as_bytes(numbering, chain.from_iterable(part))
            if numbers is not None:
                return numbers
        return np.fromiter(map(numbering.__getitem__, chain.from_iterable(part)), np.int64, count)

    lengths, codes = _flatten(cells, name, pack)
    items, codes = without_missing(list(numbering), codes)
    check_items(items, name)
    return _fill_empty(items, codes, lengths)


def _fill_empty(values: list[Hashable], codes: np.ndarray, lengths: np.ndarray) -> Column:
    """Add one missing item to each empty row."""
    empty = lengths == 0
    if empty.any():
        codes = np.insert(codes.astype(np.int64), (np.cumsum(lengths) - lengths)[empty], -1)
        lengths = np.maximum(lengths, 1)
    return Column(values, codes, lengths)


def _as_lists(cells: list, first_row: int, name: str) -> list:
    """Convert each cell to a list, including missing cells, single numbers and arrays."""
    if set(map(type, cells)) <= PLAIN_LISTS:
        return cells
    for row, cell in enumerate(cells, start=first_row):
        if isinstance(cell, (str, bytes)):
            raise _bare_string(cell, row, name)
    cells = [cell.tolist() if isinstance(cell, np.ndarray) else cell for cell in cells]
    return [cell if isinstance(cell, LISTS) else (cell,) for cell in cells]


def _bare_string(value: str | bytes, row: int, name: str) -> TypeError:
    return TypeError(
        f"Column {name!r} contains the bare string {value!r} in row {row}, but MultiHotEncoder expects a "
        f"list of categories in each cell. Use a list, [{value!r}], or pass "
        "separator= to split delimited strings."
    )
