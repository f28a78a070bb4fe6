"""The k best of many scores, equal scores in their given order."""

import numpy as np

BLOCK = 512  # scores a block; the best of each block bounds the k-th best from below
SMALL = 2000  # up to this many scores one stable sort is faster than k rounds
WIDE = 2 * BLOCK  # rows at least this wide are thinned out before they are ranked


def top_k_indices(scores: np.ndarray, k: int) -> np.ndarray:
    """Return the indices of the `k` highest scores of each row, best first.

    Equal scores keep the order of their indices, which ``np.argpartition`` and the default
    ``np.argsort`` do not promise.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_scores)
        Higher is better. ``-inf`` marks what must not be chosen while anything else is left.
    k : int
        At most ``n_scores``.

    Returns
    -------
    indices : ndarray of shape (n_rows, k)

    Notes
    -----
    O(n_scores) a row, memory-bound, plus O(k^2 + k log k).

    Examples
    --------
    >>> import numpy as np
    >>> top_k_indices(np.array([[0.5, 2.0, 0.5, 2.0, 0.1]]), k=3)
    array([[1, 3, 0]])
    """
    if scores.shape[1] < WIDE:
        return _rank(scores, k)
    best = np.empty((len(scores), k), dtype=np.intp)
    for row, out in zip(scores, best, strict=True):
        candidates = np.flatnonzero(row >= _lower_bound(row, k))
        out[:] = candidates[_rank(row[candidates][np.newaxis], k)[0]]
    return best


def _lower_bound(row: np.ndarray, k: int) -> float:
    """Return a value that at least k scores of a row reach: the k-th best of the block maxima."""
    n_blocks = row.size // BLOCK
    if n_blocks < 2 * k:
        return np.partition(row, -k)[-k]
    maxima = row[: n_blocks * BLOCK].reshape(n_blocks, BLOCK).max(axis=1)
    return np.partition(maxima, -k)[-k]


def _rank(scores: np.ndarray, k: int) -> np.ndarray:
    """Rank narrow rows: k rounds of argmax (the first of equals wins), or one stable sort."""
    if k > 32 or scores.size < SMALL or np.isneginf(scores.min(initial=0.0)):
        return np.argsort(-scores, axis=1, kind="stable")[:, :k]
    scores = scores.copy()
    best = np.empty((len(scores), k), dtype=np.intp)
    rows = np.arange(len(scores))
    for place in range(k):
        best[:, place] = scores.argmax(axis=1)
        scores[rows, best[:, place]] = -np.inf
    return best
