"""The k highest of many scores. Equal scores keep their order."""

import numpy as np

GROUP_SIZE = 512  # scores per group; the k-th highest group maximum is a lower bound of the k-th best score
MAX_SORTED = 2000  # up to this many scores, one stable sort is faster than k rounds of argmax
MIN_FILTERED = 2 * GROUP_SIZE  # in rows of at least this many scores, only those above the bound are ranked


def top_k_indices(scores: np.ndarray, k: int) -> np.ndarray:
    """Return the indices of the `k` highest scores of each row, best first.

    Equal scores keep the order of their indices, which ``np.argpartition`` and ``np.argsort`` with its
    default settings do not guarantee.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_scores)
        Higher is better. Entries of ``-inf`` are chosen last.
    k : int
        Number of indices to return, at most ``n_scores``.

    Returns
    -------
    indices : ndarray of shape (n_rows, k)
        Column indices into `scores`.

    Notes
    -----
    Each row takes O(n_scores + k^2) time. If there are few scores and k is large, the row is sorted.

    Examples
    --------
    >>> import numpy as np
    >>> top_k_indices(np.array([[0.5, 2.0, 0.5, 2.0, 0.1]]), k=3)
    array([[1, 3, 0]])
    """
    if scores.shape[1] < MIN_FILTERED:
        return _rank(scores, k)
    best = np.empty((len(scores), k), dtype=np.intp)
    for row, out in zip(scores, best, strict=True):
        candidates = np.flatnonzero(row >= _lower_bound(row, k))
        out[:] = candidates[_rank(row[candidates][np.newaxis], k)[0]]
    return best


def _lower_bound(row: np.ndarray, k: int) -> float:
    """Return a value that at least k scores of each row reach: the k-th highest group maximum."""
    n_groups = row.size // GROUP_SIZE
    if n_groups < 2 * k:
        return np.partition(row, -k)[-k]
    maxima = row[: n_groups * GROUP_SIZE].reshape(n_groups, GROUP_SIZE).max(axis=1)
    return np.partition(maxima, -k)[-k]


def _rank(scores: np.ndarray, k: int) -> np.ndarray:
    """Rank the scores by k rounds of argmax, which returns the first of equal scores, or by a stable sort."""
    if k > 32 or scores.size < MAX_SORTED or np.isneginf(scores.min(initial=0.0)):
        return np.argsort(-scores, axis=1, kind="stable")[:, :k]
    scores = scores.copy()
    best = np.empty((len(scores), k), dtype=np.intp)
    rows = np.arange(len(scores))
    for place in range(k):
        best[:, place] = scores.argmax(axis=1)
        scores[rows, best[:, place]] = -np.inf
    return best
