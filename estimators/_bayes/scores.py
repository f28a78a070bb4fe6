"""The scores of complement naive Bayes, from sparse counts.

Rennie et al. (2003), Table 4, steps 4-6. With F the counts (classes x features), ``all`` their sum over
the classes and ``smooth = all + alpha``, the weight of feature j for class k is::

    w[k, j] = -log((smooth[j] - F[k, j]) / sum_i (smooth[i] - F[k, i]))
            = log_total[k] - log_smooth[j] - D[k, j]

where ``D[k, j] = log(smooth[j] - F[k, j]) - log(smooth[j])`` is zero wherever F is. So a matrix with
F's few entries, one number a class and one a feature hold all of w, and the score of a row x is::

    score[k] = log_total[k] * sum(x) - x . log_smooth - x . D[k]

A catalogue has far fewer different rows of F than classes: each different row, a *profile*, is scored
once. This one formula, summed in the order of the features, serves one row and many, dense rows and
sparse, ``predict`` and ``top_k``, so that classes which are equal on paper are equal here to the last bit.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

import numpy as np
import pandas as pd
import scipy.sparse as sp

from estimators._bayes.top_k import top_k_indices

CHUNK = 1 << 17  # scores held at once while many rows are scored: 1 MB, so that they stay in cache
ROWS = 256  # rows made ready at once
BLOCK = 1 << 15  # scores worked on at once: 256 KB
HUGE = 1e300  # rows that add up to more may overflow
DENSE_TABLE = 1 << 22  # up to this many entries D is kept dense (32 MB), which is faster to add up


class ComplementScores:
    """What a fitted ComplementNB knows. Weights are worked out at the first question, and not pickled.

    Parameters
    ----------
    counts : csr_array of shape (n_classes, n_features)
        F, without explicit zeros.
    alpha : float or ndarray of shape (n_features,)
    norm : bool
        Divide the weights of a class by their sum (Table 4, step 7).
    """

    def __init__(self, counts: sp.csr_array, alpha: float | np.ndarray, norm: bool) -> None:
        self.counts, self.alpha, self.norm = counts, alpha, norm

    def __getstate__(self) -> dict:
        return {name: vars(self)[name] for name in ("counts", "alpha", "norm")}

    def score_chunks(self, X: np.ndarray | sp.csr_array) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield the profiles' scores, (rows in the chunk, n_profiles), a bounded chunk at a time.

        The scores stand in one buffer that the next chunk overwrites.
        """
        as_terms = as_csr_or_full if self._all_finite else as_csr
        step = max(1, CHUNK // max(self.n_profiles, X.shape[1]))
        buffer = np.empty((min(step, X.shape[0]), self.n_profiles))
        for batch in batches(X.shape[0], max(step, ROWS)):
            terms = as_terms(X[batch] if batch != slice(0, X.shape[0]) else X)
            total, base = (terms @ self._ones_and_log_smooth).T[:, :, np.newaxis]
            for rows in batches(terms.shape[0], step):
                sums = self._dot_d(terms, rows, buffer)
                with np.errstate(invalid="ignore", over="ignore"):  # infinite weights, huge values
                    scores = self._subtract(sums, total[rows], base[rows])
                yield slice(batch.start + rows.start, batch.start + rows.stop), scores

    def _dot_d(self, X: sp.csr_array, rows: slice, buffer: np.ndarray) -> np.ndarray:
        """X[rows] . D^T, (n_rows, n_profiles); each sum runs over the features in their order."""
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
        """Turn the sums into scores, in place; a block at a time, while it is in cache."""
        width = max(1, BLOCK // len(sums))
        for start in range(0, self.n_profiles, width):
            block = slice(start, start + width)
            linear = total * self._log_total[block]
            linear -= base
            np.subtract(linear, sums[:, block], out=sums[:, block])
            if self.norm:
                sums[:, block] *= self._scale[block]
        if not (self._all_finite and np.abs(total).max() < HUGE):
            sums[np.isnan(sums)] = -np.inf  # inf - inf and inf / inf: no defined score is never the best
        return sums

    @cached_property
    def profile_of_class(self) -> np.ndarray:
        """Profile of each class, (n_classes,), numbered by their first class."""
        return number_distinct_rows(self.counts)

    @cached_property
    def first_class(self) -> np.ndarray:
        """First class of each profile, (n_profiles,), ascending."""
        return first_rows(self.profile_of_class)

    @cached_property
    def members(self) -> sp.csr_array:
        """Classes of each profile, ascending, as the column indices of a profile x class matrix."""
        n_classes = len(self.profile_of_class)
        parts = np.ones(n_classes, dtype=bool), self.profile_of_class, np.arange(n_classes + 1)
        return sp.csr_array(parts, shape=(n_classes, self.n_profiles)).T.tocsr()

    @property
    def n_profiles(self) -> int:
        """Number of different rows of F."""
        return len(self.first_class)

    @cached_property
    def _smooth(self) -> np.ndarray:
        return self.counts.sum(axis=0) + self.alpha  # all + alpha

    @cached_property
    def _all_finite(self) -> bool:
        """Whether no weight is infinite: alpha = 0, or lost beside huge counts, makes some so."""
        parts = [self._log_smooth, self._log_total, self._d.data, *([self._scale] if self.norm else [])]
        return all(np.isfinite(part).all() for part in parts)

    @cached_property
    def _ones_and_log_smooth(self) -> np.ndarray:
        return np.column_stack((np.ones_like(self._log_smooth), self._log_smooth))

    @cached_property
    def _log_smooth(self) -> np.ndarray:
        with np.errstate(divide="ignore"):  # alpha = 0 and a feature that no class has
            return np.log(self._smooth)

    @cached_property
    def _profile_counts(self) -> sp.csr_array:
        return self.counts if self.n_profiles == self.counts.shape[0] else self.counts[self.first_class]

    @cached_property
    def _log_total(self) -> np.ndarray:
        by_feature, of_profile = self.counts.sum(axis=0), self._profile_counts.sum(axis=1)
        in_others = by_feature.sum() - of_profile
        # What is left of a profile with most of the counts: feature by feature, or rounding eats it.
        for profile in np.flatnonzero(of_profile > in_others):
            left = by_feature - self._profile_counts[[profile]].toarray()[0]
            in_others[profile] = np.maximum(left, 0.0).sum()
        alpha_sum = np.broadcast_to(self.alpha, self.counts.shape[1:]).sum()
        with np.errstate(divide="ignore"):  # alpha = 0 and no counts outside the class
            return np.log(np.maximum(in_others, 0.0) + alpha_sum)

    @cached_property
    def _d(self) -> sp.csr_array:
        f = self._profile_counts
        with np.errstate(divide="ignore"):  # alpha = 0 and a feature that only this class has
            left = np.maximum(self._smooth[f.indices] - f.data, 0.0)  # rounding may fall below
            data = np.log(left) - self._log_smooth[f.indices]
        return sp.csr_array((data, f.indices, f.indptr), shape=f.shape)

    @cached_property
    def _d_by_feature(self) -> np.ndarray | list[tuple[np.ndarray, np.ndarray]]:
        """D^T: dense, (n_features, n_profiles), or the profiles and values of each feature."""
        d = self._d.T
        if d.shape[0] * d.shape[1] <= DENSE_TABLE:
            return d.toarray(order="C")
        d = d.tocsr()
        profiles = d.indices.astype(np.intp)  # what numpy indexes with; other types it converts each time
        columns = [slice(start, end) for start, end in pairwise(d.indptr)]
        return [(profiles[column], d.data[column]) for column in columns]

    @cached_property
    def _scale(self) -> np.ndarray:
        """1 / the sum of a profile's weights."""
        n_features = len(self._log_smooth)
        with np.errstate(divide="ignore", invalid="ignore"):
            return 1.0 / (n_features * self._log_total - self._log_smooth.sum() - self._d.sum(axis=1))

    def weights(self, classes: np.ndarray) -> np.ndarray:
        """Dense w of some classes, (len(classes), n_features)."""
        profiles = self.profile_of_class[classes]
        weights = np.subtract.outer(self._log_total[profiles], self._log_smooth)
        d = self._d[profiles]
        weights[np.repeat(np.arange(len(profiles)), np.diff(d.indptr)), d.indices] -= d.data
        if self.norm:
            with np.errstate(invalid="ignore"):
                weights *= self._scale[profiles][:, np.newaxis]
        return weights

    def top_k(
        self, X: np.ndarray | sp.csr_array, k: int, prior: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the k best classes of each row, as their numbers, and their scores, both (n_rows, k)."""
        shape = X.shape[0], min(k, self.n_profiles)
        profiles, values = np.empty(shape, dtype=np.intp), np.empty(shape)
        for rows, scores in self.score_chunks(X):
            scores = add_prior(scores, prior)
            profiles[rows] = top_k_indices(scores, shape[1])
            values[rows] = scores[np.arange(len(scores))[:, np.newaxis], profiles[rows]]
        return self.expand(profiles, values, k)

    def expand(self, profiles: np.ndarray, scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Turn the best profiles of each row, in order, into the k best classes of each row, (n_rows, k)."""
        if self.n_profiles == len(self.profile_of_class):
            return profiles, scores
        classes, class_scores = np.empty((len(profiles), k), dtype=np.intp), np.empty((len(profiles), k))
        for rows in batches(len(profiles), max(1, CHUNK // k**2)):
            classes[rows], class_scores[rows] = self._expand(profiles[rows], scores[rows], k)
        return classes, class_scores

    def _expand(self, profiles: np.ndarray, scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Write out the classes of each profile and sort them.

        The profile in place r of a row can give k - r of them at most, since each profile before it
        gives a class that is better, or equal and earlier.
        """
        n_rows, n_places = profiles.shape
        starts = self.members.indptr
        sizes = np.minimum(starts[profiles + 1] - starts[profiles], k - np.arange(n_places))
        cells = np.repeat(np.arange(profiles.size), sizes.ravel())  # one entry a class
        first_entry = np.cumsum(sizes.ravel()) - sizes.ravel()
        place = np.arange(len(cells)) - first_entry[cells]
        classes = self.members.indices[starts[profiles.ravel()[cells]] + place]
        rows = cells // n_places
        order = np.lexsort((classes, -scores.ravel()[cells], rows))
        row_start = np.searchsorted(rows, np.arange(n_rows))
        chosen = order[row_start[:, np.newaxis] + np.arange(k)]
        return classes[chosen], scores.ravel()[cells[chosen]]


def add_prior(scores: np.ndarray, prior: np.ndarray | None) -> np.ndarray:
    """Return the scores with a prior, (n_rows, n_profiles); as they are if there is none."""
    return scores if prior is None else scores + prior


def batches(n_rows: int, size: int) -> Iterator[slice]:
    """Cut n_rows into slices of `size`; sklearn.utils.gen_batches checks its arguments for 60 us a call."""
    return (slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size))


def as_csr(X: np.ndarray | sp.sparray) -> sp.csr_array:
    """Return X as a canonical float CSR array without explicit zeros, X itself if it is one."""
    if isinstance(X, np.ndarray):
        present = X != 0
        ends = np.cumsum(np.count_nonzero(present, axis=1))
        indices = np.nonzero(present)[1]
        parts = X[present], indices, np.concatenate(([0], ends))
        return sp.csr_array(parts, shape=X.shape, dtype=np.float64)
    if not isinstance(X, sp.csr_array) or X.dtype != np.float64:
        X = sp.csr_array(X, dtype=np.float64)
    if not X.has_canonical_format or not X.data.all():
        X = X.copy()
        X.sum_duplicates()
        X.eliminate_zeros()
    return X


def as_csr_or_full(X: np.ndarray | sp.csr_array) -> sp.csr_array:
    """Return X as CSR; a mostly nonzero dense X with its zeros, which is faster and adds 0.0 to sums."""
    if not isinstance(X, np.ndarray) or 2 * np.count_nonzero(X) < X.size:
        return as_csr(X)
    n_rows, n_features = X.shape
    indices = np.tile(np.arange(n_features, dtype=np.int32), n_rows)
    indptr = np.arange(0, X.size + 1, n_features, dtype=np.int32)
    return sp.csr_array((X.ravel(), indices, indptr), shape=X.shape, dtype=np.float64)


def count_by_class(
    X: np.ndarray | sp.csr_array, codes: np.ndarray, weight: np.ndarray, n_classes: int
) -> sp.csr_array:
    """Return the weighted sums of the rows of each class, (n_classes, n_features), as CSR.

    O(nonzeros): the one-hot labels are sparse too, and a dense X is summed over the classes that
    occur, so that the sums are never larger than X.
    """
    occurs = np.bincount(codes, minlength=n_classes) > 0
    present, kind = np.flatnonzero(occurs), np.int32 if len(codes) <= np.iinfo(np.int32).max else np.int64
    local = (np.cumsum(occurs, dtype=kind) - 1)[codes]
    parts = weight, local, np.arange(len(codes) + 1, dtype=kind)
    labels = sp.csr_array(parts, shape=(len(codes), len(present))).T.tocsr()  # (present, samples)
    sums = as_csr(labels @ X)  # (present, samples) @ (samples, features)
    sizes = np.zeros(n_classes, dtype=np.intp)
    sizes[present] = np.diff(sums.indptr)
    indptr = np.concatenate(([0], np.cumsum(sizes)))
    return sp.csr_array((sums.data, sums.indices, indptr), shape=(n_classes, X.shape[1]))


def number_distinct_rows(F: sp.csr_array) -> np.ndarray:
    """Number the different rows of a canonical CSR array by their first row, (n_rows,).

    Rows are compared by a 64-bit hash, and then entry by entry: should two different rows share a
    hash, every row counts as different, which is slower and just as right. O(nonzeros).
    """
    salt = np.random.default_rng(0).integers(2**63, size=F.shape[1], dtype=np.uint64) * 2 + 1
    hashed = sp.csr_array((pd.util.hash_array(F.data), F.indices, F.indptr), shape=F.shape)
    number, _ = pd.factorize(hashed @ salt)  # wraps around, as a hash may
    again = F[first_rows(number)[number]]
    same = (
        np.array_equal(again.indptr, F.indptr)
        and np.array_equal(again.indices, F.indices)
        and np.array_equal(again.data, F.data)
    )
    return number if same else np.arange(F.shape[0])


def first_rows(number: np.ndarray) -> np.ndarray:
    """Return the first row of each number from 0 to the largest, (n_numbers,)."""
    first = np.empty(number.max() + 1, dtype=np.intp)
    first[number[::-1]] = np.arange(len(number))[::-1]  # the last write stays
    return first
