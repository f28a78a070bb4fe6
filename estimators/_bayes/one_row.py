"""The best classes of a single row, without the checks that a table of rows needs."""

import numpy as np
import scipy.sparse as sp

from estimators._bayes.counts import as_csr
from estimators._bayes.scores import Scores
from estimators._bayes.top_k import top_k_indices


class RowScorer:
    """A snapshot of a fitted naive Bayes classifier that scores one row at a time, as its ``top_k`` does.

    It can be pickled and used by several threads. The classifier's methods ``partial_fit`` and ``merge``
    do not change it.

    Parameters
    ----------
    scores : Scores
        The scores of the fitted classifier.

    Attributes
    ----------
    prior : ndarray of shape (n_classes,) or None
        The log prior of each class, if it is a part of the scores. That of `ComplementNB` is None if
        there are several classes, that of `CatalogueNB` always.
    n_features : int
        Number of features of a row.
    """

    def __init__(self, scores: Scores) -> None:
        self._scores, self.prior, self.n_features = scores, scores.prior, scores.counts.shape[1]
        self._warm_up()

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._warm_up()

    def _warm_up(self) -> None:
        """Compute the weights now, so that no two threads compute them at their first requests."""
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
        best, scores = self._scores.top_k(row, k)
        return best[0], scores[0]

    def top_k_among(self, row: sp.csr_array, classes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the k best of some classes, given as ascending indices, and their scores."""
        _, of_profiles = next(self._scores.score_chunks(row))
        scores = of_profiles[0, self._scores.profile_of_class[classes]]
        best = top_k_indices(scores[np.newaxis], min(k, len(classes)))[0]
        return classes[best], scores[best]

    def weights(self, place: int) -> np.ndarray:
        """Return the weights of the class with this index, (n_features,).

        A weight is what one unit of the feature adds to the score. What descriptions that match add to the
        scores of `CatalogueNB` is not among them: see :meth:`contributions`.
        """
        return self._scores.weights(np.array([place]))[0]

    def intercept(self, place: int) -> float:
        """Return what is added to the score of the class with this index, whatever the row is."""
        return self._scores.intercept(place)

    def contributions(self, row: sp.csr_array, place: int) -> np.ndarray:
        """Return what each entry of the row adds to the score of the class with this index, (n_entries,).

        They and the intercept of the class add up to the score, up to rounding. A match of `CatalogueNB` is
        shared equally by the entries of its group that describe the class.
        """
        return self._scores.contributions(row, place)
