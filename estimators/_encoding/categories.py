"""Known categories: sort and unite them, look codes up among them, and report what is unknown."""

import difflib
from bisect import bisect
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import DTypeLike
from scipy import sparse

from estimators._encoding.columns import Column, as_items, not_uniform, object_array

_SHOWN = 10  # categories in an error message
_COMPARED = 5_000


def union(known: list[Any], found: list[Any]) -> np.ndarray:
    """Return the categories of both, sorted. O(k log k) for k categories."""
    both = set(known).union(found)
    try:
        return _as_array(sorted(both))
    except TypeError:
        raise not_uniform(both) from None


def given_categories(categories: Any, names: list[str]) -> list[np.ndarray]:
    """Check the parameter ``categories``; a flat sequence is meant for a single column."""
    if hasattr(categories, "keys") or hasattr(categories, "columns"):
        raise ValueError(
            "categories must hold one sequence per column, in their order. "
            f"Got a {type(categories).__name__}."
        )
    per_column = _in_order(categories)
    if any(isinstance(c, Iterator) for c in per_column):
        raise ValueError("categories must hold sequences, such as lists. Got a generator.")
    if not any(np.ndim(c) > 0 or isinstance(c, (set, frozenset)) for c in per_column):
        per_column = [per_column]
    if len(per_column) != len(names):
        raise ValueError(
            "Shape mismatch: categories must hold one sequence of categories per column. "
            f"Got {len(per_column)} for {len(names)} columns."
        )
    arrays = []
    for sequence, name in zip(per_column, names, strict=True):
        values = _in_order(sequence)
        if any(pd.isna(object_array(values))):
            raise ValueError(f"The categories of column {name!r} contain a missing value.")
        repeated = [value for value, count in Counter(values).items() if count > 1]
        if repeated:
            raise ValueError(f"The categories of column {name!r} contain duplicates: {repeated}.")
        arrays.append(_as_array(values))
    return arrays


def _in_order(sequence: Any) -> list[Any]:
    """Return the items in the given order; a set has none, so that it is sorted."""
    if isinstance(sequence, (set, frozenset)):
        try:
            return sorted(sequence)
        except TypeError:
            raise not_uniform(sequence) from None
    return as_items(sequence) if hasattr(sequence, "dtype") and np.ndim(sequence) == 1 else list(sequence)


def positions(categories: np.ndarray) -> dict[Any, int]:
    """Number the categories."""
    return {category: k for k, category in enumerate(categories.tolist())}


def one_block(column: Column, known: dict[Any, int], other: bool, dtype: DTypeLike) -> Any:
    """Encode one column as a CSR array; with `other`, unknown items set the first column. O(n)."""
    of_value = [known.get(value, -1) for value in column.values]
    of_code = np.array([*of_value, -1], dtype=np.int32) + other  # code -1 takes the last
    indices, indptr = of_code[column.codes], column.indptr()
    if indices.min(initial=0) < 0:
        kept = indices >= 0
        indices = indices[kept]
        indptr = np.concatenate(([0], np.cumsum(kept)))[indptr]
    if len(indices) <= np.iinfo(np.int32).max:
        indptr = indptr.astype(np.int32, copy=False)  # scipy keeps the wider of the two index types
    ones = np.ones(len(indices), dtype=dtype)
    shape = (len(indptr) - 1, len(known) + other)
    block = sparse.csr_array((ones, indices, indptr), shape=shape)
    if column.lengths is not None:
        block.sum_duplicates()
        if block.nnz < len(indices):
            block.data.fill(1)
    return block


def rows_of(matrix: Any, items: np.ndarray) -> Iterator[list[Any]]:
    """Yield for each row of a CSR array the items whose columns are not zero."""
    matrix = matrix.copy()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    held, ends = items[matrix.indices].tolist(), matrix.indptr.tolist()
    return (held[start:end] for start, end in pairwise(ends))


def refuse_unknown(column: Column, known: dict[Any, int], name: str) -> None:
    """Raise ValueError for the first item that is missing or not among the known ones."""
    unknown = [value not in known for value in column.values]
    if not any(unknown) and column.codes.min() >= 0:
        return
    item = int(np.argmax(np.array([*unknown, True])[column.codes]))  # code -1 takes the last
    row = int(np.searchsorted(column.indptr(), item, side="right")) - 1
    code = column.codes[item]
    if code < 0:
        what = "a missing value (None, NaN or null)"
        what += "" if column.lengths is None else " or an empty list"
        raise ValueError(
            f"Found {what} in column {name!r}, row {row}. handle_unknown='ignore' or 'other' would encode it."
        )
    raise ValueError(
        f"Found unknown category {column.values[code]!r} in column {name!r}, row {row}. "
        f"Known categories, nearest spelling first: {_nearest(column.values[code], known)}. "
        "handle_unknown='ignore' or 'other' would encode it."
    )


def _nearest(value: Any, known: dict[Any, int]) -> str:
    text, by_text = str(value).casefold(), {str(category).casefold(): category for category in known}
    # Comparing spellings takes 20 microseconds each: of very many, take those near in the alphabet.
    alphabet = sorted(by_text)
    here = bisect(alphabet, text)
    candidates = alphabet[max(0, here - _COMPARED) : here + _COMPARED]
    close = [by_text[t] for t in difflib.get_close_matches(text, candidates, n=_SHOWN)]
    shown = list(dict.fromkeys([*close, *known]))[:_SHOWN]
    more = len(known) - len(shown)
    return ", ".join(map(repr, shown)) + (f", ... and {more} more" if more else "")


def _as_array(values: list[Any]) -> np.ndarray:
    """Give numbers a number's dtype where that keeps them exactly, all else dtype object."""
    if values and all(isinstance(value, (Real, np.bool_)) for value in values):
        array = np.array(values)
        if array.tolist() == values:
            return array
    return object_array(values)
