"""Small data that several tests share."""

import numpy as np

# Rennie et al. (2003), Table 4, worked by hand on the four documents of Manning et al., Introduction to
# Information Retrieval, Table 13.1: columns Beijing, Chinese, Japan, Macao, Shanghai, Tokyo.
DOCUMENTS = np.array([[1, 2, 0, 0, 0, 0], [0, 2, 0, 0, 1, 0], [0, 1, 0, 1, 0, 0], [0, 1, 1, 0, 0, 1]])
COUNTRIES = np.array(["China", "China", "China", "Japan"])


def catalogue(n_games, n_features=20, seed=0, counts=False):
    """Sparse 0/1 rows (or counts), one game each, many of them equal."""
    rng = np.random.default_rng(seed)
    X = (rng.random((n_games, n_features)) < 0.15) * (
        rng.integers(1, 4, (n_games, n_features)) if counts else 1
    )
    return X.astype(float)


LISTS = [["b"], ["c", "a"], ["a"], ["b", "b", "c"]]
LISTS_ENCODED = [[0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 1, 1]]


def as_rows(X):
    """Return a Series as a table of one column, and any other table as it is."""
    if hasattr(X, "to_frame"):
        return X.to_frame("x") if hasattr(X, "iloc") else X.alias("x").to_frame()
    return X


def objects(values):
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        array[i] = value
    return array
