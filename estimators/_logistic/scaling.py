"""Scale down features whose squares would overflow, and find columns far from 0 in float32."""

import numpy as np
import scipy.sparse as sp

from estimators._common.matrices import Matrix

N_SAMPLED_ROWS = 128  # enough to notice a column that is far from 0
MIN_DEVIATION_IN_EPS = 100  # below this standard deviation, in units of the mean times eps, rounding matters


def scale_huge_columns(X: Matrix) -> tuple[Matrix, np.ndarray]:
    """Divide columns whose squares would overflow by powers of two. Return X and the divisors."""
    values, limit = X.ravel() if isinstance(X, np.ndarray) else X.data, float(np.finfo(X.dtype).max)
    with np.errstate(over="ignore"):
        if np.vdot(values, values) < limit**0.5:
            return X, np.ones(1)
    largest = abs(X).max(axis=0)
    largest = np.ravel(largest.toarray() if sp.issparse(largest) else largest).astype(np.float64)
    scale = np.where(largest > limit**0.25, 2.0 ** np.floor(np.log2(np.maximum(largest, 1))), 1)
    if (scale == 1).all():
        return X, np.ones(1)
    divisor = scale.astype(X.dtype)
    if isinstance(X, np.ndarray):
        return X / divisor, scale
    return sp.csr_array((X.data / divisor[X.indices], X.indices, X.indptr), shape=X.shape), scale


def column_far_from_zero(X: Matrix) -> tuple[int, float, float] | None:
    """Return a column whose values float32 rounds too much, with its mean and standard deviation, or None.

    Only a sample of the rows is read. Constant columns are not returned.
    """
    sample = X[:: max(1, X.shape[0] // N_SAMPLED_ROWS)].astype(np.float64)
    squares = sample * sample if isinstance(sample, np.ndarray) else sample.multiply(sample)
    mean, square = (np.ravel(values.mean(axis=0)) for values in (sample, squares))
    limit = MIN_DEVIATION_IN_EPS * float(np.finfo(np.float32).eps)
    for column in np.flatnonzero(square - mean**2 < (limit * mean) ** 2):
        values = sample[:, [column]]
        values = values if isinstance(values, np.ndarray) else values.toarray()
        if values.min() < values.max():
            return int(column), float(mean[column]), float(values.std())
    return None
