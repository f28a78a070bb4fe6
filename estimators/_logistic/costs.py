"""Estimated times, in seconds, of the operations of a search. Only their ratios matter.

Shapes: X is (n_samples, n_features). Each output has n_features + 1 unknowns, including the intercept.
"""

import numpy as np

from estimators._logistic.loss import LogLoss

OF_FLOP = 1 / 40e9  # for each operation in a product of large matrices
OF_VALUE, OF_SPARSE_VALUE = 0.4e-9, 3.2e-9  # for reading a value of X twice
OF_LOGIT = 6e-9  # for the exponential of a logit
OF_COPIED_VALUE = 2.5e-9
OF_SPARSE_PRODUCT = 4e-9  # for multiplying two values in a product of sparse matrices
OF_CALL = 50e-6  # for the overhead of Python
OF_CALLS_OF_NEWTON_STEP = 1e-3


def of_pass(loss: LogLoss) -> float:
    """Return the cost of the objective and its gradient."""
    X = loss.X
    nonzeros, of_value = (X.size, OF_VALUE) if isinstance(X, np.ndarray) else (X.nnz, OF_SPARSE_VALUE)
    logits = X.shape[0] * loss.n_outputs
    return nonzeros * (of_value + 4 * loss.n_outputs * OF_FLOP) + logits * OF_LOGIT + 2 * OF_CALL


def of_factor(size: int) -> float:
    """Return the cost of computing the Cholesky factor of a matrix of this size."""
    return size**3 / 3 * OF_FLOP


def of_diagonal(loss: LogLoss) -> float:
    """Return the cost of the diagonal of X' D X."""
    return of_pass(loss) + OF_CALL


def of_gram(loss: LogLoss, n_columns: int) -> float:
    """Return the cost of X' D X for this many columns of X, including its Cholesky factor."""
    n_samples, n_features = loss.X.shape
    if not isinstance(loss.X, np.ndarray):
        of_row = np.diff(loss.X.indptr).astype(np.float64)
        product = float(of_row @ of_row) * n_columns / n_features * OF_SPARSE_PRODUCT
        product += n_columns**2 * OF_COPIED_VALUE
    else:
        product = n_samples * n_columns * (n_columns * OF_FLOP + OF_COPIED_VALUE)
    return product + of_factor(n_columns) + of_pass(loss) + OF_CALL


def of_newton_step(loss: LogLoss, n_nonzero: int) -> float:
    """Return the cost of a proximal Newton step with this many nonzero weights."""
    n_columns = min(2 * n_nonzero, loss.X.shape[1])  # the number of columns in the working set
    return of_gram(loss, n_columns) + of_pass(loss) + OF_CALLS_OF_NEWTON_STEP


def of_hessian(loss: LogLoss) -> float:
    """Return the cost of the Hessian of all outputs, including its Cholesky factor."""
    n_samples, n_features = loss.X.shape
    unknowns = loss.n_outputs * (n_features + 1)
    product = n_samples * (unknowns**2 + loss.n_outputs * n_features**2) * OF_FLOP
    copies = 2 * n_samples * unknowns * OF_COPIED_VALUE
    return product + copies + of_factor(unknowns) + of_pass(loss) + 5 * OF_CALL


def of_row_space(loss: LogLoss) -> float:
    """Return the cost of X X' and its factor."""
    n_samples, n_features = loss.X.shape
    product = n_samples * n_features * (n_samples * OF_FLOP + OF_COPIED_VALUE)
    return product + of_factor(n_samples)
