"""Profiles: classes with equal counts, which always have equal scores."""

from functools import cached_property

import numpy as np
import pandas as pd
import scipy.sparse as sp

from estimators._bayes.sparse import batches, like

MAX_LISTED = 1 << 17  # classes listed at once: 1 MB, which fits into the cache


class Profiles:
    """The profiles of the classes of a model. A profile is scored once for all of its classes.

    Parameters
    ----------
    of_class : ndarray of shape (n_classes,)
        Profile of each class, numbered in order of first occurrence.

    Attributes
    ----------
    first_class : ndarray of shape (n_profiles,)
        First class of each profile, in ascending order.
    """

    def __init__(self, of_class: np.ndarray) -> None:
        self.of_class, self.first_class = of_class, first_rows(of_class)

    def __len__(self) -> int:
        return len(self.first_class)

    @cached_property
    def members(self) -> sp.csr_array:
        """Classes of each profile in ascending order, as a sparse matrix of shape (n_profiles, n_classes)."""
        n_classes = len(self.of_class)
        parts = np.ones(n_classes, dtype=bool), self.of_class, np.arange(n_classes + 1)
        return sp.csr_array(parts, shape=(n_classes, len(self))).T.tocsr()

    @cached_property
    def _n_members(self) -> np.ndarray:
        """Number of classes with each profile, as an array of shape (n_profiles,)."""
        return np.diff(self.members.indptr)

    def expand(self, profiles: np.ndarray, scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Convert the best profiles of each row, best first, to its k best classes, of shape (n_rows, k)."""
        if len(self) == len(self.of_class):
            return profiles, scores
        if profiles.shape[1] == k and (self._n_members[profiles] == 1).all():
            return self.first_class[profiles], scores
        classes, class_scores = np.empty((len(profiles), k), dtype=np.intp), np.empty((len(profiles), k))
        for rows in batches(len(profiles), max(1, MAX_LISTED // k**2)):
            classes[rows], class_scores[rows] = self._expand(profiles[rows], scores[rows], k)
        return classes, class_scores

    def _expand(self, profiles: np.ndarray, scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """List the classes of each profile and sort them.

        The profile at rank r (counted from 0) can have at most k - r of the k best classes, because each
        profile before it has at least one class that ranks higher.
        """
        n_rows, n_places = profiles.shape
        starts = self.members.indptr
        sizes = np.minimum(starts[profiles + 1] - starts[profiles], k - np.arange(n_places))
        cells = np.repeat(np.arange(profiles.size), sizes.ravel())  # one entry per class
        first_entry = np.cumsum(sizes.ravel()) - sizes.ravel()
        place = np.arange(len(cells)) - first_entry[cells]
        classes = self.members.indices[starts[profiles.ravel()[cells]] + place]
        rows = cells // n_places
        order = np.lexsort((classes, -scores.ravel()[cells], rows))
        row_start = np.searchsorted(rows, np.arange(n_rows))
        chosen = order[row_start[:, np.newaxis] + np.arange(k)]
        return classes[chosen], scores.ravel()[cells[chosen]]


def number_distinct_rows(F: sp.csr_array, *values: np.ndarray) -> np.ndarray:
    """Number the distinct rows of a canonical CSR array in order of first occurrence, in O(nonzeros) time.

    The result has shape (n_rows,). Two rows are equal if their entries and their values in each of the arrays
    `values`, of shape (n_rows,), are equal. Rows are compared by a 64-bit hash and then entry by entry. If
    two different rows have the same hash, all rows are treated as distinct, which makes scoring slower but
    does not change the results.
    """
    salt = np.random.default_rng(0).integers(2**63, size=F.shape[1] + 1, dtype=np.uint64) * 2 + 1
    hashed = like(F, pd.util.hash_array(F.data)) @ salt[1:]
    for value in values:
        hashed = hashed * salt[0] + pd.util.hash_array(value)  # integer overflow is harmless in a hash
    number, _ = pd.factorize(hashed)
    first = first_rows(number)[number]
    again = F[first]
    same = (
        np.array_equal(again.indptr, F.indptr)
        and np.array_equal(again.indices, F.indices)
        and np.array_equal(again.data, F.data)
        and all(np.array_equal(value[first], value) for value in values)
    )
    return number if same else np.arange(F.shape[0])


def first_rows(number: np.ndarray) -> np.ndarray:
    """Return, for each distinct number in ascending order, the index of the first row that has it."""
    first = np.empty(number.max() + 1, dtype=np.intp)
    first[number[::-1]] = np.arange(len(number))[::-1]  # the last assignment to an index wins
    return first
