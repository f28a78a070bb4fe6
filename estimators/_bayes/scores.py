"""From counts to scores: one engine for all classifiers here.

The weight of feature j for class k is the sum of a number of the feature, a number of the class, and an entry
of D, which is zero where the class has no counts of the feature::

    w[k, j] = base[j] + slope[k] + D[k, j]

So all weights are held by a sparse matrix with as many entries as the counts, one number per class and one
per feature. The score of a row x is::

    score[k] = scale[k] * (slope[k] * sum(x) + x . base + x . D[k]) + intercept[k]

`complement.py`, `multinomial.py`, `bernoulli.py` and `catalogue.py` say what these numbers are.

Many classes of a catalogue have equal numbers. Each distinct class, called a *profile*, is scored once. One
row or many, dense or sparse, ``predict`` or ``top_k``: all use this formula and sum in the order of the
features. Profiles are told apart by their counts, so classes with equal counts have equal scores to the last
bit.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from estimators._bayes.counts import as_csr, as_pattern, first_rows, number_distinct_rows, repeat
from estimators._bayes.top_k import top_k_indices

MAX_CHUNK_SCORES = 1 << 17  # scores of many rows that are held at once: 1 MB, so that they stay in cache
MIN_CSR_ROWS = 256  # at least so many rows are converted to CSR at once
MAX_PASS_SCORES = 1 << 15  # scores that one pass of the arithmetic covers: 256 KB, so that they stay in cache
MAX_SAFE_SUM = 1e300  # the scores of rows with a larger sum may overflow
MAX_DENSE_TABLE = 1 << 22  # entries of D up to which it is kept dense (32 MB), which is faster to add up


@dataclass(frozen=True, eq=False)
class ProfileWeights:
    """The parts of w for each profile.

    Attributes
    ----------
    base : ndarray of shape (n_features,)
        The number of each feature.
    slopes : ndarray of shape (n_kinds, n_profiles)
        The number of each profile. There is one for each kind of feature, mostly one kind.
    d : csr_array of shape (n_profiles, n_features)
        D, with entries where the profile has counts.
    intercept : ndarray of shape (n_profiles,) or None
        What is added whatever the row is. It may be ``-inf``. None if nothing is added.
    scale : ndarray of shape (n_profiles,) or None
        What the weights are multiplied by, if anything.
    kinds : ndarray of shape (n_features,) or None
        Kind of each feature. None if there is one kind.
    exclusions : Exclusions or None
        What rules profiles out, without smoothing.
    """

    base: np.ndarray
    slopes: np.ndarray
    d: sp.csr_array
    intercept: np.ndarray | None = None
    scale: np.ndarray | None = None
    kinds: np.ndarray | None = None
    exclusions: "Exclusions | None" = None

    @cached_property
    def all_finite(self) -> bool:
        """Whether all weights are finite. Without smoothing, or beside huge counts, some are infinite."""
        parts = (self.base, self.slopes, self.d.data, self.scale)
        return all(np.isfinite(part).all() for part in parts if part is not None)

    @cached_property
    def columns(self) -> np.ndarray:
        """A row times this gives its sum over the features of each kind, and x . base."""
        kinds = np.zeros(len(self.base), dtype=np.intp) if self.kinds is None else self.kinds
        return np.column_stack((np.eye(len(self.slopes))[kinds], self.base))


@dataclass(frozen=True, eq=False)
class Exclusions:
    """Logarithms of zero, which are left out of the weights: a score with any of them is ``-inf``.

    A sum of weights cannot hold them, because a difference of two would be undefined. So they are counted:
    ``start[k] + sum of feature[j] + E[k, j] over the features of the row`` is how many a score has.

    Attributes
    ----------
    feature : ndarray of shape (n_features,)
        1 for features that rule out the classes without them.
    e : csr_array of shape (n_profiles, n_features)
        E, with negative entries.
    start : ndarray of shape (n_profiles,)
        Number of logarithms of zero in a row without features.
    """

    feature: np.ndarray
    e: sp.csr_array
    start: np.ndarray

    def apply(self, scores: np.ndarray, terms: sp.csr_array, rows: slice) -> None:
        """Set the scores of some rows to ``-inf`` where they have a logarithm of zero."""
        present = as_pattern(terms[rows])
        count = (present @ self.e.T).toarray() + (present @ self.feature)[:, np.newaxis] + self.start
        scores[count > 0] = -np.inf


class Scores(ABC):
    """Scores rows by counts. The weights are computed when first needed and are not pickled.

    Subclasses are dataclasses that hold the counts and whatever else the weights depend on.
    """

    counts: sp.csr_array  # (n_classes, n_features), without explicit zeros
    prior: np.ndarray | None  # log prior of each class, if it is a part of the scores
    described: sp.csr_array | None  # 1 where a feature describes a class, if that is a part of them

    @abstractmethod
    def weigh(self, classes: np.ndarray | slice) -> ProfileWeights:
        """Return the weights of one class of each profile."""

    def weights(self, classes: np.ndarray) -> np.ndarray:
        """Return w of some classes as a dense array, (len(classes), n_features)."""
        w, profiles = self.profile_weights, self.profile_of_class[classes]
        weights = np.add.outer(w.slopes[0, profiles], w.base)
        d = w.d[profiles]
        weights[repeat(np.arange(len(profiles)), d), d.indices] += d.data
        if w.scale is not None:
            with np.errstate(invalid="ignore"):
                weights *= w.scale[profiles][:, np.newaxis]
        return weights

    def number_profiles(self) -> np.ndarray:
        """Return the profile of each class, (n_classes,)."""
        return number_distinct_rows(self.counts, *([] if self.prior is None else [self.prior]))

    def read(self, X: np.ndarray | sp.csr_array) -> sp.csr_array:
        """Return the features of some rows."""
        return as_csr_or_full(X) if self.profile_weights.all_finite else as_csr(X)

    def adjust(self, scores: np.ndarray, terms: sp.csr_array, rows: slice) -> None:
        """Change the scores of some rows by what is not a sum of weights. Most classifiers have nothing."""
        return

    def __getstate__(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def score_chunks(self, X: np.ndarray | sp.csr_array) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield slices of the rows and the scores of their profiles, (rows in the slice, n_profiles).

        Memory is bounded: the scores are in one buffer, which the next slice overwrites.
        """
        step = max(1, MAX_CHUNK_SCORES // max(self.n_profiles, X.shape[1]))
        buffer = np.empty((min(step, X.shape[0]), self.n_profiles))
        for batch in batches(X.shape[0], max(step, MIN_CSR_ROWS)):
            terms = self.read(X[batch] if batch != slice(0, X.shape[0]) else X)
            sums = (terms @ self.profile_weights.columns).T[:, :, np.newaxis]  # (kinds + 1, rows, 1)
            for rows in batches(terms.shape[0], step):
                scores = self._dot_d(terms, rows, buffer)
                with np.errstate(invalid="ignore", over="ignore"):  # infinite weights, huge values
                    self._add_sums(scores, sums[:, rows])
                self._correct(scores, sums[:, rows], terms, rows)
                self.adjust(scores, terms, rows)
                yield slice(batch.start + rows.start, batch.start + rows.stop), scores

    def _dot_d(self, terms: sp.csr_array, rows: slice, buffer: np.ndarray) -> np.ndarray:
        """Return terms[rows] . D^T, (n_rows, n_profiles), summed in the order of the features."""
        d, products = self._d_by_feature, buffer[: rows.stop - rows.start]
        if isinstance(d, np.ndarray):
            return (terms[rows] if rows != slice(0, terms.shape[0]) else terms) @ d
        products[:] = 0.0
        for row, entries in zip(products, pairwise(terms.indptr[rows.start : rows.stop + 1]), strict=True):
            for entry in range(*entries):
                profiles, values = d[terms.indices[entry]]
                row[profiles] += terms.data[entry] * values
        return products

    def _add_sums(self, scores: np.ndarray, sums: np.ndarray) -> None:
        """Turn x . D into scores in place, some columns at a time so that they stay in cache."""
        w, width = self.profile_weights, max(1, MAX_PASS_SCORES // len(scores))
        *totals, base = sums
        for start in range(0, self.n_profiles, width):
            part = slice(start, start + width)
            linear = totals[0] * w.slopes[0, part]
            for total, slope in zip(totals[1:], w.slopes[1:], strict=True):
                linear += total * slope[part]
            linear += base
            some = scores[
                :, part
            ]  # changed in place: `scores[:, part] +=` would also copy them to themselves
            some += linear
            if w.scale is not None:
                some *= w.scale[part]
            if w.intercept is not None:
                some += w.intercept[part]

    def _correct(self, scores: np.ndarray, sums: np.ndarray, terms: sp.csr_array, rows: slice) -> None:
        """Correct the scores of rows without features, and those that are infinite or undefined."""
        w = self.profile_weights
        if not w.all_finite:  # no feature, no score: 0 * inf and inf - inf would be undefined
            empty = np.diff(terms.indptr)[rows] == 0
            scores[empty] = 0.0 if w.intercept is None else w.intercept
        if w.exclusions is not None:
            w.exclusions.apply(scores, terms, rows)
        if not (w.all_finite and np.abs(sums[:-1]).max() < MAX_SAFE_SUM):
            scores[np.isnan(scores)] = -np.inf  # inf - inf or inf / inf: an undefined score is never the best

    @cached_property
    def profile_of_class(self) -> np.ndarray:
        """Profile of each class, (n_classes,), numbered by first occurrence."""
        return self.number_profiles()

    @cached_property
    def first_class(self) -> np.ndarray:
        """First class of each profile, (n_profiles,), ascending."""
        return first_rows(self.profile_of_class)

    @cached_property
    def members(self) -> sp.csr_array:
        """Classes of each profile, ascending: the column indices of a matrix of profiles x classes."""
        n_classes = len(self.profile_of_class)
        parts = np.ones(n_classes, dtype=bool), self.profile_of_class, np.arange(n_classes + 1)
        return sp.csr_array(parts, shape=(n_classes, self.n_profiles)).T.tocsr()

    @property
    def n_profiles(self) -> int:
        """Number of distinct classes."""
        return len(self.first_class)

    @cached_property
    def profile_weights(self) -> ProfileWeights:
        """The weights of each profile."""
        alone = self.n_profiles == self.counts.shape[0]  # no two classes have equal counts
        return self.weigh(slice(None) if alone else self.first_class)

    @cached_property
    def _d_by_feature(self) -> np.ndarray | list[tuple[np.ndarray, np.ndarray]]:
        """D^T as a dense array (n_features, n_profiles), or the profiles and values of each feature."""
        d = self.profile_weights.d.T
        if d.shape[0] * d.shape[1] <= MAX_DENSE_TABLE:
            return d.toarray(order="C")
        d = d.tocsr()
        profiles = d.indices.astype(np.intp)  # numpy converts indices of other types each time
        columns = [slice(start, end) for start, end in pairwise(d.indptr)]
        return [(profiles[column], d.data[column]) for column in columns]

    def intercept(self, place: int) -> float:
        """Return what is added to the score of a class whatever the row is."""
        intercept = self.profile_weights.intercept
        return 0.0 if intercept is None else float(intercept[self.profile_of_class[place]])

    def contributions(self, row: sp.csr_array, place: int) -> np.ndarray:
        """Return what each entry of a row, (1, n_features) in CSR, adds to the score of a class."""
        read, adds = self.read(row), np.zeros(row.shape[1])
        adds[read.indices] = read.data * self.weights(np.array([place]))[0, read.indices]
        return adds[row.indices]

    def top_k(self, X: np.ndarray | sp.csr_array, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of the k best classes of each row and their scores, both (n_rows, k)."""
        shape = X.shape[0], min(k, self.n_profiles)
        profiles, values = np.empty(shape, dtype=np.intp), np.empty(shape)
        for rows, scores in self.score_chunks(X):
            profiles[rows] = top_k_indices(scores, shape[1])
            values[rows] = scores[np.arange(len(scores))[:, np.newaxis], profiles[rows]]
        return self.expand(profiles, values, k)

    def expand(self, profiles: np.ndarray, scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Turn the best profiles of each row, best first, into its k best classes, (n_rows, k)."""
        if self.n_profiles == len(self.profile_of_class):
            return profiles, scores
        classes, class_scores = np.empty((len(profiles), k), dtype=np.intp), np.empty((len(profiles), k))
        for rows in batches(len(profiles), max(1, MAX_CHUNK_SCORES // k**2)):
            classes[rows], class_scores[rows] = self._expand(profiles[rows], scores[rows], k)
        return classes, class_scores

    def _expand(self, profiles: np.ndarray, scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """List the classes of each profile and sort them.

        The profile at rank r gives at most k - r of the k best classes, because each profile before it
        gives at least one class that is better, or equal and earlier.
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


def batches(n_rows: int, size: int) -> Iterator[slice]:
    """Yield slices of `size` rows. sklearn.utils.gen_batches takes 60 us a call to check its arguments."""
    return (slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size))


def as_csr_or_full(X: np.ndarray | sp.csr_array) -> sp.csr_array:
    """Return X as CSR. A dense X that is mostly nonzero keeps its zeros: faster, and sums stay the same."""
    if not isinstance(X, np.ndarray) or 2 * np.count_nonzero(X) < X.size:
        return as_csr(X)
    n_rows, n_features = X.shape
    indices = np.tile(np.arange(n_features, dtype=np.int32), n_rows)
    indptr = np.arange(0, X.size + 1, n_features, dtype=np.int32)
    return sp.csr_array((X.ravel(), indices, indptr), shape=X.shape, dtype=np.float64)


def log_or_zero(x: np.ndarray) -> np.ndarray:
    """Return the logarithm of x, and 0 instead of that of 0, which `Exclusions` counts."""
    with np.errstate(invalid="ignore"):
        return np.log(np.where(x == 0, 1.0, x))
