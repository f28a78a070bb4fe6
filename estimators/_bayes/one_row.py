"""The best classes of a single row, without the checks that a table of rows needs."""

import numpy as np
import scipy.sparse as sp

from estimators._bayes.counts import as_csr
from estimators._bayes.scores import ComplementScores, add_prior
from estimators._bayes.top_k import top_k_indices


class RowScorer:
    """A snapshot of a fitted ComplementNB that scores one row at a time, as its ``top_k`` does.

    It can be pickled and used by several threads. :meth:`ComplementNB.partial_fit` and
    :meth:`ComplementNB.merge` do not change it.

    Parameters
    ----------
    scores : ComplementScores
        The scores of the fitted classifier.
    prior : ndarray of shape (1,) or None
        The log prior of a single class, else None.

    Attributes
    ----------
    prior : ndarray of shape (1,) or None
        The log prior of a single class, which is a part of its scores. None if there are several classes.
    n_features : int
        Number of features of a row.
    """

    def __init__(self, scores: ComplementScores, prior: np.ndarray | None) -> None:
        self._scores, self.prior, self.n_features = scores, prior, scores.counts.shape[1]
        self._warm_up()

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._warm_up()

    def _warm_up(self) -> None:
        """Compute the weights now: threads that ask first at the same time would compute them twice."""
        self.top_k(self.row([], []), 1)

    def row(self, places: list[int], values: list[float]) -> sp.csr_array:
        """Return a row, (1, n_features), with values at some places, which must be ascending."""
        parts = np.array(values, dtype=np.float64), np.array(places, dtype=np.int32), [0, len(places)]
        return sp.csr_array(parts, shape=(1, self.n_features))

    def as_row(self, X: sp.sparray | np.ndarray) -> sp.csr_array:
        """Return a transformed row, sparse, dense or a data frame of shape (1, n_features), as CSR."""
        return as_csr(X if sp.issparse(X) else np.asarray(X))

    def top_k(self, row: sp.csr_array, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of the k best classes and their scores, both (k,). `k` is at most n_classes."""
        best, scores = self._scores.top_k(row, k, self.prior)
        return best[0], scores[0]

    def top_k_among(self, row: sp.csr_array, classes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the k best of some classes, given as ascending indices, and their scores."""
        _, of_profiles = next(self._scores.score_chunks(row))
        scores = add_prior(of_profiles, self.prior)[0, self._scores.profile_of_class[classes]]
        best = top_k_indices(scores[np.newaxis], min(k, len(classes)))[0]
        return classes[best], scores[best]

    def weights(self, place: int) -> np.ndarray:
        """Return the weights of the class with this index, (n_features,)."""
        return self._scores.weights(np.array([place]))[0]
