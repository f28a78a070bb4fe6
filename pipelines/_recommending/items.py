"""Unit vectors of the features of items. Their inner products are the similarities between items."""

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.preprocessing import normalize


def item_vectors(classifier: BaseEstimator, of: str) -> sp.csr_array:
    """Return a unit vector (n_features,) for each class, or zeros for a class without features.

    The vectors contain the descriptions of the classes or, if there are none, the counts of the features.
    """
    if not hasattr(classifier, "fitted_state"):
        raise TypeError(
            f"The 'model' parameter of {of} must end in a naive Bayes classifier of this library, which "
            f"counts the features of its classes. Got {type(classifier).__name__} instead."
        )
    state = classifier.fitted_state()
    described = state.described is not None and state.described.nnz > 0
    return sp.csr_array(normalize(state.described if described else state.feature_count))


def most_relevant_and_different(
    relevance: np.ndarray, similarity: np.ndarray, k: int, diversity: float
) -> list[int]:
    """Return the positions of k candidates, chosen one by one by maximal marginal relevance.

    Parameters
    ----------
    relevance : ndarray of shape (n,)
        Relevance of each candidate, in [0, 1].
    similarity : ndarray of shape (n, n)
        Similarity of each pair of candidates, in [0, 1].
    k : int
        Number of candidates to choose, at most n.
    diversity : float
        Weight of the dissimilarity, in [0, 1].
    """
    chosen: list[int] = []
    left = np.ones(len(relevance), dtype=bool)
    nearest = np.zeros(len(relevance))  # the similarity to the most similar chosen candidate
    while len(chosen) < k:
        marginal = (1 - diversity) * relevance - diversity * nearest
        best = int(np.where(left, marginal, -np.inf).argmax())
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, similarity[best])
    return chosen
