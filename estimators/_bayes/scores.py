"""Computing scores from counts, in the same way for all four classifiers.

The weight of feature j for class k is the sum of a number that depends on the feature, a number that depends
on the class, and an entry of D, which is zero if the feature was never counted in the class::

    w[k, j] = base[j] + slope[k] + D[k, j]

All weights are therefore stored as a sparse matrix with as many entries as the counts, one number per class,
and one number per feature. The score of a row x is::

    score[k] = scale[k] * (slope[k] * sum(x) + x . base + x . D[k]) + intercept[k]

In `CatalogueNB`, the part before the intercept is divided by the number of features of the row. If there are
few classes and features, the matrix w is stored instead, which makes scoring faster: the part before the
intercept is then x . w[k]. The numbers are defined in `complement.py`, `multinomial.py`, `bernoulli.py` and
`catalogue.py`.

In a catalogue, many classes have equal counts. Classes with equal counts form a *profile*, which is scored
once, so their scores are exactly equal. All methods use this formula, for single rows and tables, dense and
sparse, and sum the features in the same order.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import fields
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import scipy.sparse as sp

from estimators._bayes.profiles import Profiles, number_distinct_rows
from estimators._bayes.sparse import as_csr, as_csr_or_full, batches, repeat, some_rows
from estimators._bayes.top_k import top_k_indices
from estimators._bayes.weights import ProfileWeights

MAX_CHUNK_SCORES = 1 << 17  # scores computed at once: 1 MB, which fits into the cache
MIN_CSR_ROWS = 256  # minimum number of rows converted to CSR at once
MAX_PASS_SCORES = 1 << 15  # scores per arithmetic pass: 256 KB, which fits into the cache
MAX_SAFE_SUM = 1e300  # if the sum of a row is larger, its scores may overflow
MAX_DENSE_TABLE = 1 << 22  # numbers that are stored as dense arrays (32 MB), which are faster to add
MIN_DENSE_SHARE = 1 / 32  # of a column whose entries are stored as a dense array
Column: TypeAlias = tuple[np.ndarray | slice, np.ndarray]  # the profiles of a feature, and their values


class Scores(ABC):
    """Scores rows from counts. The weights are computed on first use and are not pickled.

    Subclasses are dataclasses with the counts and everything else that the weights depend on.
    """

    counts: sp.csr_array  # (n_classes, n_features), without explicit zeros
    prior: np.ndarray | None  # log prior of each class, or None if the scores do not include it
    described: sp.csr_array | None  # 1 where a feature describes a class; only for CatalogueNB
    averaged = False  # whether the weights of the features of a row are averaged instead of added

    @abstractmethod
    def weigh(self, classes: np.ndarray | slice) -> ProfileWeights:
        """Return the weights of the given classes, as one profile per class."""

    def weights(self, classes: np.ndarray) -> np.ndarray:
        """Return w of the given classes as a dense array of shape (len(classes), n_features)."""
        w, profiles = self.profile_weights, self.profiles.of_class[classes]
        weights = np.add.outer(w.slopes[0, profiles], w.base)
        d = w.d[profiles]
        weights[repeat(np.arange(len(profiles)), d), d.indices] += d.data
        if w.scale is not None:
            with np.errstate(invalid="ignore"):
                weights *= w.scale[profiles][:, np.newaxis]
        return weights

    def number_profiles(self) -> np.ndarray:
        """Return the index of each class's profile, as an array of shape (n_classes,)."""
        return number_distinct_rows(self.counts, *([] if self.prior is None else [self.prior]))

    def read(self, X: np.ndarray | sp.csr_array) -> sp.csr_array:
        """Return the features of the given rows in the form in which they are scored."""
        return as_csr_or_full(X) if self.profile_weights.all_finite else as_csr(X)

    def adjust(self, scores: np.ndarray, terms: sp.csr_array) -> None:
        """Add the parts of the scores that are not sums of weights. Most classifiers have no such parts."""
        return

    def __getstate__(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    def score_chunks(self, X: np.ndarray | sp.csr_array) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield slices of the rows, and scores of shape (rows in the slice, n_profiles).

        The slices are short, so that memory for scores is bounded.
        """
        step = max(1, MAX_CHUNK_SCORES // max(len(self.profiles), X.shape[1]))
        for batch in batches(X.shape[0], max(step, MIN_CSR_ROWS)):
            terms = self.read(some_rows(X, batch))
            for rows in batches(terms.shape[0], step):
                yield (
                    slice(batch.start + rows.start, batch.start + rows.stop),
                    self._score(some_rows(terms, rows)),
                )

    def _score(self, terms: sp.csr_array) -> np.ndarray:
        """Return the scores, (n_rows, n_profiles), of rows as returned by `read`."""
        w, table = self.profile_weights, self._table
        with np.errstate(invalid="ignore", over="ignore"):  # infinite weights, huge values
            scores = self._sums(terms) if table is None else terms @ table
            if self.averaged:
                scores /= np.maximum(terms.indptr[1:] - terms.indptr[:-1], 1)[:, np.newaxis]
            if w.intercept is not None:
                scores += w.intercept
            self._correct(scores, terms)
        self.adjust(scores, terms)
        return scores

    def _sums(self, terms: sp.csr_array) -> np.ndarray:
        """Return the sums of the weights, (n_rows, n_profiles), from the sparse D."""
        w, width = self.profile_weights, max(1, MAX_PASS_SCORES // terms.shape[0])
        scores = np.zeros((terms.shape[0], len(self.profiles)))
        for row, entries in zip(scores, pairwise(terms.indptr), strict=True):
            for entry in range(*entries):
                profiles, values = self._d_by_feature[terms.indices[entry]]
                row[profiles] += terms.data[entry] * values
        *totals, base = (terms @ w.columns).T[:, :, np.newaxis]  # (n_kinds + 1, n_rows, 1)
        for start in range(0, len(self.profiles), width):  # blocks of profiles that fit into the cache
            part = slice(start, start + width)
            linear = totals[0] * w.slopes[0, part]
            for total, slope in zip(totals[1:], w.slopes[1:], strict=True):
                linear += total * slope[part]
            linear += base
            some = scores[:, part]  # a view, because `scores[:, part] +=` would copy the result back
            some += linear
            if w.scale is not None:
                some *= w.scale[part]
        return scores

    def _correct(self, scores: np.ndarray, terms: sp.csr_array) -> None:
        """Correct the scores of rows without features, and scores that are infinite or undefined."""
        w = self.profile_weights
        if not w.all_finite:  # for a row without features, 0 * inf and inf - inf would be undefined
            scores[np.diff(terms.indptr) == 0] = 0.0 if w.intercept is None else w.intercept
        if w.exclusions is not None:
            w.exclusions.apply(scores, terms)
        if not (w.all_finite and np.abs(terms.data).sum() < MAX_SAFE_SUM):
            scores[np.isnan(scores)] = -np.inf  # inf - inf or inf / inf: an undefined score is never the best

    @cached_property
    def profiles(self) -> Profiles:
        """The profiles of the classes."""
        return Profiles(self.number_profiles())

    @cached_property
    def profile_weights(self) -> ProfileWeights:
        """The weights of each profile."""
        alone = len(self.profiles) == self.counts.shape[0]  # no two classes have equal counts
        return self.weigh(slice(None) if alone else self.profiles.first_class)

    @cached_property
    def _table(self) -> np.ndarray | None:
        """The weights, (n_features, n_profiles), or None if the array would be large or is not finite."""
        w, size = self.profile_weights, len(self.profiles) * self.counts.shape[1]
        if size > MAX_DENSE_TABLE or not w.all_finite or w.exclusions is not None:
            return None
        table = np.ascontiguousarray(self.weights(self.profiles.first_class).T)
        return table if np.isfinite(table).all() else None

    @cached_property
    def _d_by_feature(self) -> list[Column]:
        """The columns of D."""
        return columns_of(self.profile_weights.d)

    def intercept(self, place: int) -> float:
        """Return the part of the score of a class that does not depend on the row."""
        intercept = self.profile_weights.intercept
        return 0.0 if intercept is None else float(intercept[self.profiles.of_class[place]])

    def contributions(self, row: sp.csr_array, place: int) -> np.ndarray:
        """Return what each entry of a CSR row of shape (1, n_features) adds to the score of a class."""
        read, adds = self.read(row), np.zeros(row.shape[1])
        adds[read.indices] = read.data * self.weights(np.array([place]))[0, read.indices]
        if self.averaged:
            adds /= max(1, read.nnz)
        return adds[row.indices]

    def top_k(self, X: np.ndarray | sp.csr_array, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices and the scores of the k best classes of each row, both of shape (n_rows, k)."""
        shape = X.shape[0], min(k, len(self.profiles))
        profiles, values = np.empty(shape, dtype=np.intp), np.empty(shape)
        for rows, scores in self.score_chunks(X):
            profiles[rows] = top_k_indices(scores, shape[1])
            values[rows] = scores[np.arange(len(scores))[:, np.newaxis], profiles[rows]]
        return self.profiles.expand(profiles, values, k)


def columns_of(X: sp.csr_array) -> list[Column]:
    """Return the columns of X. ``array[rows] += values`` adds one of them, also if it is stored dense.

    The fullest columns are stored dense, with slice(None) as their rows.
    """
    by_column = X.T.tocsr()
    sizes, rows = np.diff(by_column.indptr), by_column.indices.astype(np.intp)  # numpy converts other types
    fullest = np.argsort(-sizes, kind="stable")[: MAX_DENSE_TABLE // max(1, X.shape[0])]
    dense = set(fullest[sizes[fullest] > MIN_DENSE_SHARE * X.shape[0]].tolist())
    columns: list[Column] = []
    for number, (start, end) in enumerate(pairwise(by_column.indptr)):
        values = by_column.data[start:end]
        if number in dense:
            full = np.zeros(X.shape[0])
            full[rows[start:end]] = values
            columns.append((slice(None), full))
        else:
            columns.append((rows[start:end], values))
    return columns
