"""Scores that are sums over the features: naive Bayes and linear classifiers, one row at a time.

The score of class k for the row x is ``intercept[k] + sum_j x[j] * weight[k, j]``, and its terms explain the
score. This library's naive Bayes classifiers provide their own scorers. Any other classifier is linear if its
``decision_function`` returns ``X @ coef_.T + intercept_``.
"""

from functools import cached_property
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from numpy.typing import DTypeLike
from sklearn.base import BaseEstimator
from sklearn.naive_bayes import BernoulliNB, ComplementNB, MultinomialNB

from estimators.naive_bayes import top_k_indices
from pipelines._common.frames import Rows
from pipelines._common.questions import ByPopularity, by_popularity
from pipelines._common.ranking import finite_scores, score
from pipelines._common.steps import columns_of

PROBE_TOLERANCE = 1e-3  # relative tolerance for a sum of single-precision weights


class Scorer(Protocol):
    """Scores one row at a time by a sum over its features. `k` is at most the number of classes."""

    n_features: int

    def row(self, places: list[int], values: list[float]) -> sp.csr_array:
        """Return a row (1, n_features) with nonzero values at the given indices, which must be ascending."""
        ...

    def as_row(self, X: Rows) -> sp.csr_array:
        """Return a transformed row (1, n_features) as CSR. It may be sparse, dense or a data frame."""
        ...

    def top_k(self, row: sp.csr_array, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of the k best classes and their scores, both of shape (k,)."""
        ...

    def top_k_among(self, row: sp.csr_array, classes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the k best of some classes, given as ascending indices, and their scores."""
        ...

    def intercept(self, place: int) -> float:
        """Return the part of a class's score that does not depend on the row. `place` is its index."""
        ...

    def contributions(self, row: sp.csr_array, place: int) -> np.ndarray:
        """Return the contribution of each entry of the row to the score of this class."""
        ...


class LinearScorer:
    """Scores one row at a time with weights and intercepts, like a linear classifier.

    Parameters
    ----------
    classifier : classifier
        The fitted classifier. It is called if a score is not finite, so that it can raise its errors.
    weights : ndarray of shape (n_classes, n_features)
        The weight of each feature.
    intercepts : ndarray of shape (n_classes,)
        The constant part of the score of each class.
    threshold : float, default=None
        Features above it count as 1, and all others as 0. If None, features are used unchanged.
    dtype : dtype, default=float64
        The dtype of the rows passed to the classifier.
    """

    def __init__(
        self,
        classifier: BaseEstimator,
        weights: np.ndarray,
        intercepts: np.ndarray,
        threshold: float | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.n_features = weights.shape[1]
        self._classifier, self._weights, self._intercepts = classifier, weights, intercepts
        self._threshold, self._dtype = threshold, dtype

    @cached_property
    def _by_feature(self) -> np.ndarray:
        """The weights (n_features, n_classes). Those of each feature are adjacent for fast access."""
        return np.ascontiguousarray(self._weights.T)

    def row(self, places: list[int], values: list[float]) -> sp.csr_array:
        """Return a row (1, n_features) with nonzero values at the given indices, which must be ascending."""
        parts = np.array(values, dtype=self._dtype), np.array(places, dtype=np.int32), [0, len(places)]
        return sp.csr_array(parts, shape=(1, self.n_features))

    def as_row(self, X: Rows) -> sp.csr_array:
        """Return a transformed row (1, n_features) as CSR. It may be sparse, dense or a data frame."""
        row = sp.csr_array(X) if sp.issparse(X) else np.asarray(X)
        if row.dtype not in (np.float32, np.float64):
            row = row.astype(np.float64)
        row = sp.csr_array(row)
        row.eliminate_zeros()
        return row

    def scores(self, row: sp.csr_array) -> np.ndarray:
        """Return the score of each class, as an array of shape (n_classes,)."""
        with np.errstate(over="ignore", invalid="ignore"):
            scores = (self._read(row) @ self._by_feature)[0] + self._intercepts
        if np.isfinite(scores).all():
            return scores
        return score(self._classifier, named(row, self._classifier), len(self._intercepts))[0]

    def top_k(self, row: sp.csr_array, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of the k best classes and their scores, both of shape (k,)."""
        scores = self.scores(row)
        best = top_k_indices(finite_scores(scores)[np.newaxis], k)[0]
        return best, scores[best].astype(np.float64)

    def top_k_among(self, row: sp.csr_array, classes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the k best of some classes, given as ascending indices, and their scores."""
        scores = self.scores(row)[classes]
        best = top_k_indices(finite_scores(scores)[np.newaxis], min(k, len(classes)))[0]
        return classes[best], scores[best].astype(np.float64)

    def intercept(self, place: int) -> float:
        """Return the part of a class's score that does not depend on the row. `place` is its index."""
        return float(self._intercepts[place])

    def contributions(self, row: sp.csr_array, place: int) -> np.ndarray:
        """Return the contribution of each entry of the row to the score of this class."""
        row = self._read(row)
        return row.data.astype(np.float64) * self._weights[place, row.indices]

    def _read(self, row: sp.csr_array) -> sp.csr_array:
        if self._threshold is None:
            return row
        present = (row.data > self._threshold).astype(np.float64)
        return sp.csr_array((present, row.indices, row.indptr), shape=row.shape)


def scorer_of(classifier: BaseEstimator, dtype: DTypeLike = np.float64) -> Scorer | None:
    """Return the scorer of a fitted classifier, or None if its score is not a sum over the features.

    Whether a classifier is linear is tested on two rows, because the ``coef_`` of some classifiers refers to
    pairs of classes. `dtype` is that of the rows passed to the classifier.
    """
    if hasattr(classifier, "row_scorer"):
        return classifier.row_scorer()
    if isinstance(classifier, (MultinomialNB, ComplementNB, BernoulliNB)):
        return _scorer_of_naive_bayes(classifier, dtype)
    if not all(
        hasattr(classifier, name) for name in ("classes_", "coef_", "intercept_", "decision_function")
    ):
        return None
    coef = classifier.coef_.toarray() if sp.issparse(classifier.coef_) else np.atleast_2d(classifier.coef_)
    intercepts = np.broadcast_to(classifier.intercept_, len(coef))
    if len(coef) == 1 and len(classifier.classes_) == 2:  # a positive score means the second class
        coef, intercepts = np.vstack((-coef, coef)), np.hstack((-intercepts, intercepts))
    scorer = LinearScorer(classifier, coef, intercepts, dtype=dtype)
    return scorer if _answers_alike(scorer, classifier) else None


def popularity_scorer(classifier: BaseEstimator) -> Scorer | None:
    """Return the scorer for queries without known values, or None if it is the classifier itself."""
    popularity = by_popularity(classifier)
    if not isinstance(popularity, ByPopularity):
        return None
    log_share = popularity.log_share
    return LinearScorer(popularity, np.zeros((len(log_share), 0)), log_share)


def constant_of(classifier: BaseEstimator) -> str:
    """Return the name of the part of a score that does not depend on the row."""
    return "(intercept)" if hasattr(classifier, "intercept_") else "(prior)"


def _scorer_of_naive_bayes(
    classifier: MultinomialNB | ComplementNB | BernoulliNB, dtype: DTypeLike
) -> LinearScorer:
    """Return the scorer of a scikit-learn classifier, equivalent to its `_joint_log_likelihood`."""
    weights, prior = classifier.feature_log_prob_, classifier.class_log_prior_
    if isinstance(classifier, BernoulliNB):
        absent = np.log(1 - np.exp(weights))
        intercepts = prior + absent.sum(axis=1)
        return LinearScorer(classifier, weights - absent, intercepts, classifier.binarize, dtype)
    if isinstance(classifier, ComplementNB) and len(prior) > 1:
        prior = np.zeros_like(prior)
    return LinearScorer(classifier, weights, prior, dtype=dtype)


def _answers_alike(scorer: LinearScorer, classifier: BaseEstimator) -> bool:
    """Return whether a scorer and a classifier return the same scores for a row of zeros and a random row."""
    n_classes = len(classifier.classes_)
    if len(scorer._intercepts) != n_classes:
        return False
    rows = np.vstack((np.zeros(scorer.n_features), np.random.default_rng(0).normal(size=scorer.n_features)))
    expected = score(classifier, named(rows, classifier), n_classes)
    found = np.vstack([scorer.scores(scorer.as_row(row[np.newaxis])) for row in rows])
    scale = np.abs(found).max() + np.abs(scorer._weights).max(initial=0.0)
    return np.allclose(found, expected, rtol=0, atol=PROBE_TOLERANCE * scale)


def named(rows: Rows, classifier: BaseEstimator) -> Rows:
    """Return rows, of shape (n_rows, n_features), as a frame if the classifier was fitted on one."""
    names = columns_of(classifier)
    if names is None:
        return rows
    import pandas as pd

    return pd.DataFrame(rows.toarray() if sp.issparse(rows) else rows, columns=names)
