"""Scale down features whose squares would overflow, before a search."""

import numpy as np
import scipy.sparse as sp

from estimators._common.matrices import Matrix


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
