"""The best classes of a single row, without the validation that tables need."""

import numpy as np
import scipy.sparse as sp

from estimators._bayes.scores import Scores
from estimators._bayes.sparse import as_csr
from estimators._bayes.top_k import top_k_indices


class RowScorer:
    """A snapshot of a fitted naive Bayes classifier that gives the same results for single rows.

    It can be pickled, and shared between threads. The classifier's methods ``partial_fit`` and ``merge`` do
    not change the snapshot.

    Parameters
    ----------
    scores : Scores
        The scores of the fitted classifier.

    Attributes
    ----------
    prior : ndarray of shape (n_classes,) or None
        The log prior of each class. None if the scores do not include it, as in `CatalogueNB`, and in
        `ComplementNB` with several classes.
    n_features : int
        Number of features in a row.
    """

    def __init__(self, scores: Scores) -> None:
        self._scores, self.prior, self.n_features = scores, scores.prior, scores.counts.shape[1]
        self._warm_up()

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
        self._warm_up()

    def _warm_up(self) -> None:
        """Compute the weights now, so that they are not computed several times by concurrent threads."""
        self.top_k(self.row([], []), 1)

    def row(self, places: list[int], values: list[float]) -> sp.csr_array:
        """Return a row of shape (1, n_features) with values at the given indices, which must be ascending."""
        parts = np.array(values, dtype=np.float64), np.array(places, dtype=np.int32), [0, len(places)]
        return sp.csr_array(parts, shape=(1, self.n_features))

    def as_row(self, X: sp.sparray | np.ndarray) -> sp.csr_array:
        """Return a sparse or dense row, or a data frame, of shape (1, n_features), as a CSR array."""
        return as_csr(X if sp.issparse(X) else np.asarray(X))

    def top_k(self, row: sp.csr_array, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices and the scores of the k best classes, both of shape (k,), for k <= n_classes."""
        best, scores = self._scores.top_k(row, k)
        return best[0], scores[0]

    def top_k_among(self, row: sp.csr_array, classes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the k best of the given classes (ascending indices) and their scores."""
        _, of_profiles = next(self._scores.score_chunks(row))
        scores = of_profiles[0, self._scores.profiles.of_class[classes]]
        best = top_k_indices(scores[np.newaxis], min(k, len(classes)))[0]
        return classes[best], scores[best]

    def weights(self, place: int) -> np.ndarray:
        """Return the weights of the class with this index, of shape (n_features,).

        A weight is the amount that one unit of the feature adds to the score. In `CatalogueNB`, the weights
        of the requested features are averaged, and they do not include the amounts added for matching
        descriptions. :meth:`contributions` takes both into account.
        """
        return self._scores.weights(np.array([place]))[0]

    def intercept(self, place: int) -> float:
        """Return the part of a class's score that does not depend on the row. `place` is its index."""
        return self._scores.intercept(place)

    def contributions(self, row: sp.csr_array, place: int) -> np.ndarray:
        """Return the contribution of each entry of the row to the score of a class, of shape (n_entries,).

        The intercept of the class plus all contributions is the score, up to rounding. If several entries of
        a group describe the class, the match of `CatalogueNB` is divided equally among them.
        """
        return self._scores.contributions(row, place)
