"""The scores of complement naive Bayes, from sparse counts.

Rennie et al. (2003), Table 4, steps 4 to 6. Let F be the counts (classes x features), ``all`` their sum over
the classes and ``smooth = all + alpha``. The weight of feature j for class k is::

    w[k, j] = -log((smooth[j] - F[k, j]) / sum_i (smooth[i] - F[k, i]))
            = log_total[k] - log_smooth[j] - D[k, j]

where ``D[k, j] = log(smooth[j] - F[k, j]) - log(smooth[j])`` is zero wherever F is zero. So all of w is held
by a sparse matrix with as many entries as F, one number per class and one per feature. The score of a row x
is::

    score[k] = log_total[k] * sum(x) - x . log_smooth - x . D[k]

Many classes of a catalogue have equal rows of F. Each distinct row, called a *profile*, is scored once. One
row or many, dense or sparse, ``predict`` or ``top_k``: all use this formula and sum in the order of the
features. Scores that are equal on paper are therefore equal to the last bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from estimators._bayes.counts import as_csr, first_rows, number_distinct_rows
from estimators._bayes.top_k import top_k_indices

MAX_CHUNK_SCORES = 1 << 17  # scores of many rows that are held at once: 1 MB, so that they stay in cache
MIN_CSR_ROWS = 256  # at least so many rows are converted to CSR at once
MAX_PASS_SCORES = 1 << 15  # scores that one pass of the arithmetic covers: 256 KB, so that they stay in cache
MAX_SAFE_SUM = 1e300  # the scores of rows with a larger sum may overflow
MAX_DENSE_TABLE = 1 << 22  # entries of D up to which it is kept dense (32 MB), which is faster to add up


class ComplementScores:
    """Scores rows by counts. The weights are computed when first needed and are not pickled.

    Parameters
    ----------
    counts : csr_array of shape (n_classes, n_features)
        F, without explicit zeros.
    alpha : float or ndarray of shape (n_features,)
        Additive smoothing.
    norm : bool
        Divide the weights of a class by their sum (Table 4, step 7).
    """

    def __init__(self, counts: sp.csr_array, alpha: float | np.ndarray, norm: bool) -> None:
        self.counts, self.alpha, self.norm = counts, alpha, norm

    def __getstate__(self) -> dict[str, object]:
        return {"counts": self.counts, "alpha": self.alpha, "norm": self.norm}

    def score_chunks(self, X: np.ndarray | sp.csr_array) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield slices of the rows and the scores of their profiles, (rows in the slice, n_profiles).

        Memory is bounded: the scores are in one buffer, which the next slice overwrites.
        """
        as_terms = as_csr_or_full if self._all_finite else as_csr
        step = max(1, MAX_CHUNK_SCORES // max(self.n_profiles, X.shape[1]))
        buffer = np.empty((min(step, X.shape[0]), self.n_profiles))
        for batch in batches(X.shape[0], max(step, MIN_CSR_ROWS)):
            terms = as_terms(X[batch] if batch != slice(0, X.shape[0]) else X)
            total, base = (terms @ self._ones_and_log_smooth).T[:, :, np.newaxis]
            for rows in batches(terms.shape[0], step):
                sums = self._dot_d(terms, rows, buffer)
                with np.errstate(invalid="ignore", over="ignore"):  # infinite weights, huge values
                    scores = self._subtract(sums, total[rows], base[rows])
                if not self._all_finite:  # no feature, no score: 0 * inf and inf - inf would be undefined
                    scores[np.diff(terms.indptr)[rows] == 0] = 0.0
                yield slice(batch.start + rows.start, batch.start + rows.stop), scores

    def _dot_d(self, X: sp.csr_array, rows: slice, buffer: np.ndarray) -> np.ndarray:
        """Return X[rows] . D^T, (n_rows, n_profiles), summed in the order of the features."""
        d = self._d_by_feature
        if isinstance(d, np.ndarray):
            return (X[rows] if rows != slice(0, X.shape[0]) else X) @ d
        buffer[: rows.stop - rows.start] = 0.0
        for row, sums in zip(range(rows.start, rows.stop), buffer, strict=False):
            for entry in range(X.indptr[row], X.indptr[row + 1]):
                profiles, values = d[X.indices[entry]]
                sums[profiles] += X.data[entry] * values
        return buffer[: rows.stop - rows.start]

    def _subtract(self, sums: np.ndarray, total: np.ndarray, base: np.ndarray) -> np.ndarray:
        """Turn the sums into scores in place, some columns at a time so that they stay in cache."""
        w, width = self._profile_weights, max(1, MAX_PASS_SCORES // len(sums))
        for start in range(0, self.n_profiles, width):
            part = slice(start, start + width)
            linear = total * w.log_total[part]
            linear -= base
            np.subtract(linear, sums[:, part], out=sums[:, part])
            if w.scale is not None:
                sums[:, part] *= w.scale[part]
        if not (self._all_finite and np.abs(total).max() < MAX_SAFE_SUM):
            sums[np.isnan(sums)] = -np.inf  # inf - inf or inf / inf: an undefined score is never the best
        return sums

    @cached_property
    def profile_of_class(self) -> np.ndarray:
        """Profile of each class, (n_classes,), numbered by first occurrence."""
        return number_distinct_rows(self.counts)

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
        """Number of distinct rows of F."""
        return len(self.first_class)

    @cached_property
    def _profile_weights(self) -> "ProfileWeights":
        alone = self.n_profiles == self.counts.shape[0]  # no two classes have equal counts
        F = self.counts if alone else self.counts[self.first_class]
        return profile_weights(F, self.counts.sum(axis=0), self.alpha, self.norm)

    @cached_property
    def _all_finite(self) -> bool:
        """Whether all weights are finite. Without smoothing, or beside huge counts, some are infinite."""
        w = self._profile_weights
        parts = (w.log_smooth, w.log_total, w.d.data, w.scale)
        return all(np.isfinite(part).all() for part in parts if part is not None)

    @cached_property
    def _ones_and_log_smooth(self) -> np.ndarray:
        log_smooth = self._profile_weights.log_smooth
        return np.column_stack((np.ones_like(log_smooth), log_smooth))

    @cached_property
    def _d_by_feature(self) -> np.ndarray | list[tuple[np.ndarray, np.ndarray]]:
        """D^T as a dense array (n_features, n_profiles), or the profiles and values of each feature."""
        d = self._profile_weights.d.T
        if d.shape[0] * d.shape[1] <= MAX_DENSE_TABLE:
            return d.toarray(order="C")
        d = d.tocsr()
        profiles = d.indices.astype(np.intp)  # numpy converts indices of other types each time
        columns = [slice(start, end) for start, end in pairwise(d.indptr)]
        return [(profiles[column], d.data[column]) for column in columns]

    def weights(self, classes: np.ndarray) -> np.ndarray:
        """Return w of some classes as a dense array, (len(classes), n_features)."""
        w, profiles = self._profile_weights, self.profile_of_class[classes]
        weights = np.subtract.outer(w.log_total[profiles], w.log_smooth)
        d = w.d[profiles]
        weights[np.repeat(np.arange(len(profiles)), np.diff(d.indptr)), d.indices] -= d.data
        if w.scale is not None:
            with np.errstate(invalid="ignore"):
                weights *= w.scale[profiles][:, np.newaxis]
        return weights

    def top_k(
        self, X: np.ndarray | sp.csr_array, k: int, prior: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of the k best classes of each row and their scores, both (n_rows, k)."""
        shape = X.shape[0], min(k, self.n_profiles)
        profiles, values = np.empty(shape, dtype=np.intp), np.empty(shape)
        for rows, scores in self.score_chunks(X):
            scores = add_prior(scores, prior)
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


@dataclass(frozen=True, eq=False)
class ProfileWeights:
    """The parts of w for each profile. With `norm`, `scale` is the reciprocal of the sum of its weights."""

    log_smooth: np.ndarray  # (n_features,)
    log_total: np.ndarray  # (n_profiles,)
    d: sp.csr_array  # (n_profiles, n_features)
    scale: np.ndarray | None  # (n_profiles,)


def profile_weights(
    F: sp.csr_array, by_feature: np.ndarray, alpha: float | np.ndarray, norm: bool
) -> ProfileWeights:
    """Return the weights of distinct rows of counts, where `by_feature` holds the counts of all classes."""
    alpha = np.broadcast_to(alpha, by_feature.shape)
    smooth = by_feature + alpha
    with np.errstate(divide="ignore", invalid="ignore"):  # alpha = 0 and no counts outside the class
        total = counts_outside(F, by_feature) + alpha.sum()
        outside = np.maximum(by_feature[F.indices] - F.data, 0.0) + alpha[F.indices]  # not less by rounding
        if np.count_nonzero(smooth) == 1:  # the only feature has all of the counts: log(1) for each class
            smooth, total, outside = np.sign(smooth), np.sign(total), np.sign(outside)
        log_smooth, log_total = np.log(smooth), np.log(total)
        data = np.log(outside) - log_smooth[F.indices]
        d = sp.csr_array((data, F.indices, F.indptr), shape=F.shape)
        sums = len(smooth) * log_total - log_smooth.sum() - d.sum(axis=1) if norm else None
        return ProfileWeights(log_smooth, log_total, d, None if sums is None else 1.0 / sums)


def counts_outside(F: sp.csr_array, by_feature: np.ndarray) -> np.ndarray:
    """Return the sum of all counts outside each profile, (n_profiles,)."""
    of_profile = F.sum(axis=1)
    outside = by_feature.sum() - of_profile
    # A profile with most of the counts is subtracted by feature: rounding would spoil the difference of sums.
    for profile in np.flatnonzero(of_profile > outside):
        outside[profile] = np.maximum(by_feature - F[[profile]].toarray()[0], 0.0).sum()
    return np.maximum(outside, 0.0)


def add_prior(scores: np.ndarray, prior: np.ndarray | None) -> np.ndarray:
    """Return the scores plus the prior, (n_rows, n_profiles), or the scores if there is no prior."""
    return scores if prior is None else scores + prior


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
