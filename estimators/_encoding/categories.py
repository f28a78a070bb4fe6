"""The known categories of an encoder: find and unite them, encode by them, and report what is unknown."""

import difflib
from bisect import bisect
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import DTypeLike
from scipy import sparse

from estimators._common.merging import check_same_features
from estimators._encoding.columns import Column, as_items, not_uniform, object_array

_MAX_SHOWN = 10  # categories in an error message
_MAX_COMPARED = 5_000  # categories before and after an unknown one whose spelling is compared with it

GivenCategories = list | tuple | set | frozenset | np.ndarray


@dataclass(frozen=True, eq=False)
class FoundCategories:
    """The categories of some rows: the additive state of `OneHotEncoder` and `MultiHotEncoder`.

    Attributes
    ----------
    categories : list of ndarray of shape (n_categories,)
        One array per column: the categories found in the rows, sorted, or those given as a parameter.
    given : bool
        Whether the categories were given as a parameter.
    n_ones : int
        Number of ones in the encoded rows, if the encoder returns sparse matrices, else 0.
    feature_names : ndarray of shape (n_columns,) or None
        Names of the columns, if the rows had names.
    """

    categories: list[np.ndarray]
    given: bool = False
    n_ones: int = 0
    feature_names: np.ndarray | None = None

    def merge(self, other: "FoundCategories") -> "FoundCategories":
        """Return the categories of both sets of rows. Neither state is changed.

        Raises
        ------
        ValueError
            If the columns or the given categories differ.
        TypeError
            If the categories of both cannot be sorted together, such as numbers and strings.
        """
        names, theirs = self.feature_names, other.feature_names
        check_same_features(len(self.categories), names, len(other.categories), theirs)
        pairs = [(a.tolist(), b.tolist()) for a, b in zip(self.categories, other.categories, strict=True)]
        if self.given != other.given or (self.given and any(a != b for a, b in pairs)):
            raise ValueError("The given categories differ.")
        categories = self.categories if self.given else [union(a, b) for a, b in pairs]
        return FoundCategories(categories, self.given, self.n_ones + other.n_ones, names)


def union(known: Iterable[Hashable], found: Iterable[Hashable]) -> np.ndarray:
    """Return the categories of both, sorted. O(k log k) for k categories."""
    both = set(known).union(found)
    try:
        return _as_array(sorted(both))  # type: ignore[type-var]
    except TypeError:
        raise not_uniform(both) from None


def given_categories(categories: GivenCategories, names: list[str]) -> list[np.ndarray]:
    """Return the categories of each column. A flat sequence is taken as the categories of a single column."""
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


def _in_order(sequence: GivenCategories) -> list:
    """Return the items in the given order. A set has no order and is sorted."""
    if isinstance(sequence, (set, frozenset)):
        try:
            return sorted(sequence)
        except TypeError:
            raise not_uniform(sequence) from None
    return as_items(sequence) if hasattr(sequence, "dtype") and np.ndim(sequence) == 1 else list(sequence)


def positions(categories: np.ndarray) -> dict[Hashable, int]:
    """Return the position of each category."""
    return {category: k for k, category in enumerate(categories.tolist())}


def encode_column(
    column: Column, known: dict[Hashable, int], other: bool, dtype: DTypeLike
) -> sparse.csr_array:
    """Encode one column as a CSR array. With `other`, unknown items set the first output column. O(n)."""
    of_value = [known.get(value, -1) for value in column.values]
    of_code = np.array([*of_value, -1], dtype=np.int32) + other  # code -1, a missing item, takes the last
    indices, indptr = of_code[column.codes], column.indptr()
    if indices.min(initial=0) < 0:
        kept = indices >= 0
        indices = indices[kept]
        indptr = np.concatenate(([0], np.cumsum(kept)))[indptr]
    if len(indices) <= np.iinfo(np.int32).max:
        indptr = indptr.astype(np.int32, copy=False)  # scipy would use the wider of the two index types
    ones = np.ones(len(indices), dtype=dtype)
    shape = (len(indptr) - 1, len(known) + other)
    encoded = sparse.csr_array((ones, indices, indptr), shape=shape)
    if column.lengths is not None:
        encoded.sum_duplicates()
        if encoded.nnz < len(indices):
            encoded.data.fill(1)
    return encoded


def rows_of(matrix: sparse.csr_array, items: np.ndarray) -> Iterator[list]:
    """Yield for each row of a CSR array the items of the columns that are not zero."""
    matrix = matrix.copy()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    held, ends = items[matrix.indices].tolist(), matrix.indptr.tolist()
    yield from (held[start:end] for start, end in pairwise(ends))


def refuse_unknown(column: Column, known: dict[Hashable, int], name: str) -> None:
    """Raise ValueError for the first item that is missing or unknown."""
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
            f"Found {what} in column {name!r}, row {row}. "
            "Set handle_unknown='ignore' or 'other' to encode it."
        )
    raise ValueError(
        f"Found unknown category {column.values[code]!r} in column {name!r}, row {row}. "
        f"Known categories, nearest spelling first: {_nearest(column.values[code], known)}. "
        "Set handle_unknown='ignore' or 'other' to encode it."
    )


def _nearest(value: Hashable, known: dict[Hashable, int]) -> str:
    """Return the known categories as text, those with the most similar spelling first."""
    text, by_text = str(value).casefold(), {str(category).casefold(): category for category in known}
    # Comparing two spellings takes 20 microseconds, so only categories near in the alphabet are compared.
    alphabet = sorted(by_text)
    here = bisect(alphabet, text)
    candidates = alphabet[max(0, here - _MAX_COMPARED) : here + _MAX_COMPARED]
    close = [by_text[t] for t in difflib.get_close_matches(text, candidates, n=_MAX_SHOWN)]
    shown = list(dict.fromkeys([*close, *known]))[:_MAX_SHOWN]
    more = len(known) - len(shown)
    return ", ".join(map(repr, shown)) + (f", ... and {more} more" if more else "")


def _as_array(values: Sequence[Hashable]) -> np.ndarray:
    """Return an array with a numeric dtype if that keeps the values exactly, else with dtype object."""
    if values and all(isinstance(value, (Real, np.bool_)) for value in values):
        array = np.array(values)
        if array.tolist() == values:
            return array
    return object_array(values)
