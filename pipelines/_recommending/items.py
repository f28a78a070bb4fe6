"""What the items of a fitted model are: unit vectors of features, whose products are similarities."""

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.preprocessing import normalize


def item_vectors(classifier: BaseEstimator, of: str) -> sp.csr_array:
    """Return a unit vector of each class, (n_classes, n_features), or zeros for a class without features.

    They are what describes the classes, and where nothing does, how often each feature was counted.
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
    """Return the k places that maximal marginal relevance chooses one after the other.

    Parameters
    ----------
    relevance : ndarray of shape (n,)
        How relevant each candidate is, from 0 to 1.
    similarity : ndarray of shape (n, n)
        How similar each two candidates are, from 0 to 1.
    k : int
        Number of places, at most n.
    diversity : float
        The share of the dissimilarity, from 0 to 1.
    """
    chosen: list[int] = []
    left = np.ones(len(relevance), dtype=bool)
    nearest = np.zeros(len(relevance))  # the similarity to the most similar of those chosen
    while len(chosen) < k:
        marginal = (1 - diversity) * relevance - diversity * nearest
        best = int(np.where(left, marginal, -np.inf).argmax())
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, similarity[best])
    return chosen
