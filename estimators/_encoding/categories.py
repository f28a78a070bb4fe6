"""The known categories of an encoder: sort, merge and count them, and check given categories."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import pandas as pd

from estimators._common.merging import check_same_features
from estimators._encoding.columns import MIN_INEXACT, Column
from estimators._encoding.numbering import as_items, not_uniform, object_array

GivenCategories = list | tuple | set | frozenset | np.ndarray


@dataclass(frozen=True, eq=False)
class FoundCategories:
    """The categories found in a set of rows, the additive state of `OneHotEncoder` and `MultiHotEncoder`.

    Attributes
    ----------
    categories : list of ndarray of shape (n_categories,)
        The categories of each column: the sorted categories found in the rows, or the given categories.
    n_rows : int
        Number of rows.
    counts : list of ndarray of shape (n_categories,), or None
        Number of rows in which each category occurs. None unless the encoder drops categories or groups
        infrequent categories.
    given : bool
        Whether the categories were given as a parameter.
    n_ones : int
        Number of ones in the encoded rows before any category is dropped, or 0 if the encoder does not return
        sparse matrices.
    feature_names : ndarray of shape (n_columns,) or None
        Names of the columns, if the rows had names.
    """

    categories: list[np.ndarray]
    n_rows: int
    counts: list[np.ndarray] | None = None
    given: bool = False
    n_ones: int = 0
    feature_names: np.ndarray | None = None

    def merge(self, other: "FoundCategories") -> "FoundCategories":
        """Return the state of both sets of rows. Neither state is changed.

        Raises
        ------
        ValueError
            If the columns or the given categories differ, or if only one of the states has counts.
        TypeError
            If the categories of the two states cannot be sorted together, such as numbers and strings.
        """
        names, theirs = self.feature_names, other.feature_names
        check_same_features(len(self.categories), names, len(other.categories), theirs)
        if (self.counts is None) != (other.counts is None):
            raise ValueError(
                "States can only be merged if they come from encoders with the same parameters. Only one of "
                "these states has counts, which are needed by encoders with min_frequency, max_categories "
                "or drop."
            )
        pairs = [*zip(self.categories, other.categories, strict=True)]
        if self.given != other.given or (self.given and any(items(a) != items(b) for a, b in pairs)):
            raise ValueError(
                "States can only be merged if they come from encoders with the same 'categories' parameter. "
                "The given categories differ."
            )
        categories = self.categories if self.given else [unite_arrays(a, b) for a, b in pairs]
        counts = None
        if self.counts is not None and other.counts is not None:
            parts = zip(categories, self.categories, self.counts, other.categories, other.counts, strict=True)
            counts = [_add_counts(*part) for part in parts]
        n_rows, n_ones = self.n_rows + other.n_rows, self.n_ones + other.n_ones
        return FoundCategories(categories, n_rows, counts, self.given, n_ones, names)


def items(categories: np.ndarray) -> list[Hashable]:
    """Return categories as objects for use as dict keys. Missing ones become None, numpy.nan or NaT."""
    values = as_items(categories)
    missing = np.flatnonzero(pd.isna(categories)) if categories.dtype.kind in "OfMm" else ()
    for k in missing:
        values[k] = values[k] if values[k] is None or values[k] is pd.NaT else np.nan
    return values


def positions(categories: np.ndarray) -> dict[Hashable, int]:
    """Return the position of each category."""
    return {category: k for k, category in enumerate(items(categories))}


def _add_counts(
    both: np.ndarray, one: np.ndarray, counts: np.ndarray, other: np.ndarray, more: np.ndarray
) -> np.ndarray:
    """Return the sums of the counts of two arrays of categories."""
    place, total = positions(both), np.zeros(len(both), dtype=np.int64)
    for categories, of_each in ((one, counts), (other, more)):
        total[[place[category] for category in items(categories)]] += of_each
    return total


def sort_categories(
    values: Iterable[Hashable], dtype: np.dtype | None, name: str | None = None
) -> np.ndarray:
    """Return the sorted distinct values, with None and NaN last, in O(k log k) time for k values.

    If they cannot be sorted, raise a TypeError that contains the name of the column.
    """
    distinct = set(values)
    missing = [gone for gone in (None, pd.NaT, np.nan) if gone in distinct]
    try:
        present = distinct.difference(missing) if missing else distinct
        in_order = [*sorted(present), *missing]  # type: ignore[type-var]
    except TypeError:
        raise not_uniform(distinct, name) from None
    return _as_array(in_order, dtype)


def unite_arrays(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the sorted categories of both arrays, in O(k log k) time for k categories."""
    one, other = _as_whole(one, other), _as_whole(other, one)
    used = [array.dtype for array in (one, other) if len(array) or array.dtype != object]
    try:
        dtype = np.result_type(*used) if used else np.dtype(object)
    except TypeError:
        dtype = np.dtype(object)
    return sort_categories([*items(one), *items(other)], dtype)


def _as_whole(floats: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return whole floats as integers if the other values are integers and floats would round one of them.

    A chunk of nullable integers is read as floats, unless it contains a number beyond 2^53 or has no
    missing values.
    """
    present, integers = floats[~pd.isna(floats)], others[~pd.isna(others)].tolist()
    if floats.dtype.kind != "f" or not all(isinstance(value, Integral) for value in integers):
        return floats
    if max(map(abs, integers), default=0) <= MIN_INEXACT or (present % 1).any():
        return floats
    return object_array([value if np.isnan(value) else int(value) for value in floats.tolist()])


def _as_array(values: Sequence[Hashable], dtype: np.dtype | None) -> np.ndarray:
    """Return an array of the given dtype, or of objects if the dtype would change a value.

    If `dtype` is None, numbers are returned as a numeric array.
    """
    if dtype is None:
        are_numbers = values and all(isinstance(value, (Real, np.bool_)) for value in values)
        dtype = np.array(values).dtype if are_numbers else np.dtype(object)
    if dtype.kind == "O":
        return object_array(values)
    if dtype.kind in "mM":
        index = pd.DatetimeIndex if dtype.kind == "M" else pd.TimedeltaIndex
        array = index(values).to_numpy().astype(dtype)
    else:
        array = np.array(values, dtype=dtype)
    return array if items(array) == list(values) else object_array(values)


def given_categories(
    categories: GivenCategories, columns: list[Column], names: list[str], *, keep_missing: bool
) -> list[np.ndarray]:
    """Return the categories of each column. A flat sequence contains the categories of a single column."""
    if hasattr(categories, "keys") or hasattr(categories, "columns"):
        raise ValueError(
            "The 'categories' parameter must be a list with one sequence of categories per column. "
            f"Got a {type(categories).__name__}."
        )
    per_column = _in_order(categories)
    if any(isinstance(c, Iterator) for c in per_column):
        raise ValueError(
            "The 'categories' parameter must contain sequences, such as lists. Got an iterator instead."
        )
    if per_column and not any(np.ndim(c) > 0 or isinstance(c, (set, frozenset)) for c in per_column):
        per_column = [per_column]
    if len(per_column) != len(names):
        raise ValueError(
            "Shape mismatch: if categories is an array, it has to be of shape (n_features,). "
            f"Got {len(per_column)} sequences of categories for {len(names)} columns."
        )
    arrays = []
    for k, (sequence, column, name) in enumerate(zip(per_column, columns, names, strict=True)):
        array = _given_array(_in_order(sequence), column.dtype)
        if pd.isna(array).any() and not keep_missing:
            raise ValueError(
                f"The given categories of column {name!r} contain a missing value, which is only allowed if "
                f"missing='category'. Got {array.tolist()!r}."
            )
        _check_given(array, column, k)
        arrays.append(array)
    return arrays


def _given_array(values: list, dtype: np.dtype | None) -> np.ndarray:
    """Return given categories with the dtype of the column, unless this would change a category.

    Missing values become those of the columns: None in a column of lists, and NaN in place of pandas.NA.
    """
    missing = None if dtype is None else np.nan
    values = [missing if _is_missing(value, in_lists=dtype is None) else value for value in values]
    if dtype is None or dtype.kind in "OU":
        return _as_array(values, dtype and np.dtype(object))
    if dtype.kind == "S":
        array = np.array(values, dtype="S")
        return array.astype(np.result_type(array, dtype))
    if dtype.kind in "mM":  # NumPy converts None to a date, but not pandas.NaT
        values = [None if value is pd.NaT else value for value in values]
    cast = np.array(
        values, dtype=dtype
    )  # numpy reads numbers and dates written as text, as scikit-learn does
    exact = np.array(values)
    is_read = exact.dtype.kind in "OU"  # there is nothing to compare
    return cast if is_read or ((cast == exact) | pd.isna(cast)).all() else exact


def _is_missing(value: object, *, in_lists: bool) -> bool:
    return value is pd.NA or (in_lists and (value is pd.NaT or (isinstance(value, Real) and value != value)))


def _check_given(array: np.ndarray, column: Column, k: int) -> None:
    """Raise the same errors as scikit-learn if the given categories of a column are invalid."""
    known = items(array)
    if not known:
        raise ValueError(
            f"In column {k}, the predefined categories must contain at least one category. Got {known}."
        )
    if not all(isinstance(value, Hashable) for value in known):
        raise not_uniform(known)
    if column.dtype is not None and known and isinstance(known[0], bytes) and column.dtype.kind != "S":
        kind = "str_" if column.dtype.kind == "U" else type(next(iter(column.values), None)).__name__
        raise ValueError(
            f"In column {k}, the predefined categories have type 'bytes' which is incompatible with values "
            f"of type '{kind}'."
        )
    if column.dtype is not None and any(value is np.nan for value in known[:-1]):
        raise ValueError(
            f"Nan should be the last element in user provided categories, see categories {array} in "
            f"column #{k}"
        )
    repeated = [value for value, count in Counter(known).items() if count > 1]
    if repeated:
        raise ValueError(
            f"In column {k}, the predefined categories contain duplicate elements. Got {repeated} twice."
        )
    if column.dtype is not None and column.dtype.kind not in "OUS":
        present = array[~pd.isna(array)]
        if (present[1:] < present[:-1]).any():
            raise ValueError("Unsorted categories are not supported for numerical categories")


def _in_order(sequence: GivenCategories) -> list:
    """Return the items in the given order. A set has no order and is sorted."""
    if isinstance(sequence, (set, frozenset)):
        try:
            return sorted(sequence)
        except TypeError:
            raise not_uniform(sequence) from None
    return as_items(sequence) if hasattr(sequence, "dtype") and np.ndim(sequence) == 1 else list(sequence)
