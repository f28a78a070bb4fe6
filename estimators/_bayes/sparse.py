"""Rows and counts as sparse arrays: conversion, entries and slices."""

from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp


def as_csr(X: np.ndarray | sp.sparray) -> sp.csr_array:
    """Return X as a canonical float CSR array without explicit zeros, or X itself if it is one."""
    if isinstance(X, np.ndarray):
        present = X != 0
        ends = np.cumsum(np.count_nonzero(present, axis=1))
        indices = np.nonzero(present)[1]
        parts = X[present], indices, np.concatenate(([0], ends))
        return sp.csr_array(parts, shape=X.shape, dtype=np.float64)
    if not isinstance(X, sp.csr_array) or X.dtype != np.float64:
        X = sp.csr_array(X, dtype=np.float64)
    if not X.has_canonical_format or not X.data.all():
        X = X.copy()
        X.sum_duplicates()
        X.eliminate_zeros()
    return X


def as_csr_or_full(X: np.ndarray | sp.csr_array) -> sp.csr_array:
    """Return X as CSR. The zeros of a dense X with few zeros are stored too, which is faster."""
    if not isinstance(X, np.ndarray) or 2 * np.count_nonzero(X) < X.size:
        return as_csr(X)
    n_rows, n_features = X.shape
    indices = np.tile(np.arange(n_features, dtype=np.int32), n_rows)
    indptr = np.arange(0, X.size + 1, n_features, dtype=np.int32)
    return sp.csr_array((X.ravel(), indices, indptr), shape=X.shape, dtype=np.float64)


def as_pattern(X: np.ndarray | sp.sparray) -> sp.csr_array:
    """Return a canonical CSR array with a 1 in place of each entry of X that is not 0."""
    X = as_csr(X)
    if (X.data == 1).all():
        return X
    return like(X, np.ones_like(X.data))


def like(F: sp.csr_array, data: np.ndarray) -> sp.csr_array:
    """Return a matrix with the sparsity pattern of F and the given entries."""
    return sp.csr_array((data, F.indices, F.indptr), shape=F.shape)


def repeat(values: np.ndarray, F: sp.csr_array) -> np.ndarray:
    """For each entry of F, return the value of its row."""
    return np.repeat(values, np.diff(F.indptr))


def some_rows(X: np.ndarray | sp.csr_array, rows: slice) -> np.ndarray | sp.csr_array:
    """Return some rows of X, or X itself if these are all rows, since slicing a CSR array takes a while."""
    return X if rows == slice(0, X.shape[0]) else X[rows]


def batches(n_rows: int, size: int) -> Iterator[slice]:
    """Yield slices of `size` rows. sklearn.utils.gen_batches takes 60 us per call to check its arguments."""
    return (slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size))
