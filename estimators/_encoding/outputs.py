"""The output columns of the encoders, given which categories are infrequent or dropped."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from numbers import Integral

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse

from estimators._encoding.categories import items, positions
from estimators._encoding.columns import Column

INFREQUENT = "infrequent_sklearn"  # the name of the output column of infrequent categories
NOWHERE = -1  # the output column of values that are encoded as zeros
UNKNOWN = -2

Drop = str | Sequence | np.ndarray | None


@dataclass(frozen=True)
class Outputs:
    """The output columns of one input column, without the catch-all.

    Attributes
    ----------
    places : dict of category to int
        The output column of each known category, or NOWHERE if the category is dropped.
    labels : ndarray of shape (n_labels,)
        The category of each output column, or INFREQUENT. The dropped category is included.
    infrequent : int or None
        The output column of infrequent categories. None if there are none.
    dropped : int or None
        Index of the dropped label. None if no label was dropped.
    """

    places: dict[Hashable, int]
    labels: np.ndarray
    infrequent: int | None = None
    dropped: int | None = None

    @property
    def kept(self) -> np.ndarray:
        """The labels of the output columns."""
        return self.labels if self.dropped is None else np.delete(self.labels, self.dropped)

    @property
    def width(self) -> int:
        """Number of output columns."""
        return len(self.labels) - (self.dropped is not None)


def find_infrequent(
    counts: np.ndarray, n_rows: int, min_frequency: float | None, max_categories: int | None
) -> np.ndarray | None:
    """Return the positions of infrequent categories, or None if there are none, as in scikit-learn."""
    least = 0 if min_frequency is None else min_frequency
    is_infrequent = counts < (least if isinstance(least, Integral) else least * n_rows)
    n_columns = len(counts) - is_infrequent.sum() + 1
    if max_categories is not None and max_categories < n_columns:
        n_rare = len(counts) - (max_categories - 1)
        is_infrequent[np.argsort(counts, kind="stable")[:n_rare]] = True  # the first of equal counts
    return np.flatnonzero(is_infrequent) if is_infrequent.any() else None


def find_dropped(
    drop: Drop, categories: list[np.ndarray], infrequent: list[np.ndarray | None]
) -> np.ndarray | None:
    """Return the position of the category to drop from each column, or None if no category is dropped."""
    if drop is None:
        return None
    pairs = zip(categories, infrequent, strict=True)
    if isinstance(drop, str):
        # The first output column is that of the first frequent category, if any.
        firsts = [np.setdiff1d(np.arange(len(c)), () if rare is None else rare) for c, rare in pairs]
        widths = [len(f) + (rare is not None) for f, rare in zip(firsts, infrequent, strict=True)]
        kept = [width == 0 or (drop == "if_binary" and width != 2) for width in widths]
        first = [int(f[0]) if len(f) else 0 for f in firsts]
        return object_row([None if keep else place for keep, place in zip(kept, first, strict=True)])
    if len(drop) != len(categories):
        raise ValueError(
            f"`drop` should have length equal to the number of features ({len(categories)}), got {len(drop)}"
        )
    return object_row(_find_given(drop, categories, infrequent))


def object_row(values: list) -> np.ndarray:
    """Return a 1-D array of objects."""
    return np.fromiter(values, dtype=object, count=len(values))


def _find_given(
    drop: Sequence | np.ndarray, categories: list[np.ndarray], infrequent: list[np.ndarray | None]
) -> list[int]:
    wanted = items(object_row(list(drop)))
    known = [items(of_column) for of_column in categories]
    lacking = [(k, value) for k, value in enumerate(wanted) if value not in known[k]]
    if lacking:
        lines = "\n".join(f"Category: {k}, Feature: {value}" for k, value in lacking)
        raise ValueError(
            "The following categories were supposed to be dropped, but were not found in the training "
            f"data.\n{lines}"
        )
    places = [known[k].index(value) for k, value in enumerate(wanted)]
    for k, (place, rare) in enumerate(zip(places, infrequent, strict=True)):
        if rare is not None and place in rare:
            raise ValueError(
                f"Unable to drop category {wanted[k]!r} from feature {k} because it is infrequent"
            )
    return places


def outputs_of(categories: np.ndarray, rare: np.ndarray | None = None, drop: int | None = None) -> Outputs:
    """Return the output columns: the frequent categories in order, and one for the infrequent ones."""
    if rare is None and drop is None:
        return Outputs(positions(categories), categories)
    n = len(categories)
    place, labels, infrequent = np.arange(n), categories, None
    if rare is not None:
        is_rare = np.isin(place, rare)
        place = np.where(is_rare, n - len(rare), np.cumsum(~is_rare) - 1)
        infrequent = n - len(rare)
        frequent = categories[
            ~is_rare
        ]  # keeps NumPy's date type: as objects, some dates would become integers
        frequent = object_row([*frequent]) if frequent.dtype.kind in "mM" else frequent.astype(object)
        labels = np.concatenate((frequent, object_row([INFREQUENT])))
    dropped = None if drop is None else int(place[drop])
    if dropped is not None:
        place = np.where(place == dropped, NOWHERE, place - (place > dropped))
        if infrequent is not None:
            infrequent = NOWHERE if infrequent == dropped else infrequent - 1
    places = dict(zip(items(categories), place.tolist(), strict=True))
    return Outputs(places, labels, infrequent, dropped)


def locate(column: Column, outputs: Outputs) -> np.ndarray:
    """Return the output column of each distinct value, or NOWHERE if it is dropped, or UNKNOWN."""
    places = outputs.places
    return np.array([places.get(value, UNKNOWN) for value in column.values], dtype=np.int32)


def count_rows(column: Column, outputs: Outputs) -> np.ndarray:
    """Return the number of rows of each category. Categories must not be grouped or dropped."""
    if column.lengths is not None:
        encoded = encode_column(column, locate(column, outputs), NOWHERE, outputs.width, np.int8)
        return np.bincount(encoded.indices, minlength=outputs.width)
    of_value = np.bincount(column.codes[column.codes >= 0], minlength=len(column.values))
    place, counts = locate(column, outputs), np.zeros(outputs.width, dtype=np.int64)
    counts[place[place >= 0]] = of_value[place >= 0]
    return counts


def encode_column(
    column: Column, places: np.ndarray, missing: int, width: int, dtype: DTypeLike
) -> sparse.csr_array:
    """Encode one column as a CSR array, given the output columns of its values and of missing items."""
    of_code = np.append(places, missing).astype(
        np.int32
    )  # a missing item has code -1, which is the last index
    indices, indptr = of_code[column.codes], column.indptr()
    if of_code.min() < 0 and indices.min(initial=0) < 0:
        kept = indices >= 0
        indices = indices[kept]
        indptr = np.concatenate(([0], np.cumsum(kept)))[indptr]
    if len(indices) <= np.iinfo(np.int32).max:
        indptr = indptr.astype(np.int32, copy=False)  # scipy would use the wider of the two index types
    ones = np.ones(len(indices), dtype=dtype)
    encoded = sparse.csr_array((ones, indices, indptr), shape=(len(indptr) - 1, width))
    if column.lengths is not None:
        encoded.sum_duplicates()
        if encoded.nnz < len(indices):
            encoded.data.fill(1)
    return encoded
