"""Fits computed from the rows, for use when X'X would be larger than the rows. No d x d matrix is formed."""

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack

from estimators._common.callbacks import Task
from estimators._least_squares.checks import MAX_GRAM_FEATURES
from estimators._least_squares.conjugate import ColumnSystem, ConjugateDescent, RowSystem
from estimators._least_squares.descent import Descent, OneStep, follow
from estimators._least_squares.moments import CentredRows
from estimators._least_squares.problems import EPS, MIN_RCOND, MatrixFree, shortest_solution
from estimators._least_squares.rows import Matrix, Rows, shares, suits_sparse_products, without_offsets
from estimators._least_squares.state import LeastSquaresParameters, Solution
from estimators._least_squares.textbook import iterate
from estimators._least_squares.working_set import WorkingSetDescent

MAX_DENSE_VALUES = 2**26  # maximum size of a CSR matrix that is converted to an array (half a gigabyte)
MIN_RCOND_OF_ROWS = 1e-8  # smallest reciprocal condition of XX' for Cholesky with one refinement


def suits_row_space(X: Matrix, n_columns: int, parameters: LeastSquaresParameters) -> bool:
    """Return True if a fit should use the rows X (n, d) instead of X'X, which has `n_columns` columns."""
    if n_columns > MAX_GRAM_FEATURES:
        return True
    if parameters.learning_rate:
        return False
    if suits_sparse_products(X):
        return 1.5 * X.nnz <= n_columns**2  # a CSR matrix also stores the position of each number
    return X.shape[0] <= (2 if parameters.l1 else 1) * n_columns


def centre(
    rows: Rows, y: np.ndarray, weight: np.ndarray | None, parameters: LeastSquaresParameters
) -> CentredRows:
    """Return a copy of the rows with positive weight. The means are subtracted if there is an intercept."""
    if weight is not None:
        kept = np.flatnonzero(weight)
        rows, y, weight = rows.part(kept), y[kept], weight[kept]
    (n, d), q = rows.shape, y.shape[1]
    if sp.issparse(rows.X) and (suits_sparse_products(rows.X) or n * d > MAX_DENSE_VALUES):
        X = rows.X.astype(np.float64)
    else:
        X = rows.read(slice(0, n), np.empty((n, d), order=rows.order))
    if parameters.learning_rate or not parameters.fit_intercept:
        X = X if getattr(X, "base", None) is None else X.copy()  # never a view of the data
        return CentredRows(X, np.zeros(d), np.zeros(d), y.copy(), np.zeros(q), weight)
    share = shares(n, weight)
    y_mean = share @ y
    if sp.issparse(X):
        X, x_shift = without_offsets(X, weight)
        x_mean = x_shift + share @ X
    else:
        x_shift = x_mean = share @ X
        X = X - x_mean
        for j in np.flatnonzero(np.abs(X[0]) <= 8 * EPS * np.abs(x_mean)):
            if np.abs(X[:, j]).max() <= 8 * EPS * np.abs(x_mean[j]):
                X[:, j] = 0  # constant up to rounding
    return CentredRows(X, x_shift, x_mean, y - y_mean, y_mean, weight)


def solve_rows(
    rows: CentredRows, parameters: LeastSquaresParameters, task: Task, start: np.ndarray | None = None
) -> Solution:
    """Fit X (n, d) and y (n, q). `start` (d, q) is where a search with an L1 penalty starts."""
    has_bias, share = (
        bool(parameters.learning_rate) and parameters.fit_intercept,
        shares(len(rows.y), rows.weight),
    )
    problem = MatrixFree(rows.X, rows.y, share, rows.x_mean - rows.x_shift, parameters.l2, has_bias)
    if parameters.learning_rate:
        return iterate(problem, lambda w: problem.objective(w, parameters.l1), parameters, task)
    return follow(
        _search(problem, rows, parameters, start), lambda w: rows.y_mean - rows.x_mean @ w, parameters, task
    )


def _search(
    problem: MatrixFree, rows: CentredRows, parameters: LeastSquaresParameters, start: np.ndarray | None
) -> Descent:
    """Return a search that is suitable for the rows."""
    n, d = problem.X.shape
    if parameters.l1:
        start = np.zeros_like(problem.linear_term) if start is None else start
        return WorkingSetDescent(problem, parameters.l1, start, parameters.tol)
    if not sp.issparse(problem.X) and n <= MAX_GRAM_FEATURES:
        return _minimum(problem, rows, parameters.fit_intercept)
    tol, unscaled = 100 * parameters.tol, ColumnSystem(problem, scaled=False)
    if sp.issparse(problem.X) and n < d:
        return ConjugateDescent(RowSystem(problem), tol, otherwise=unscaled)
    scaled = ColumnSystem(problem, scaled=True)
    return ConjugateDescent(scaled if n >= d and scaled.has_one_minimum(tol) else unscaled, tol)


def _minimum(problem: MatrixFree, rows: CentredRows, centred: bool) -> OneStep:
    """Return the step to the minimum, or to the one with the smallest norm if there are several.

    The weights are X'a, where a solves ``(XX' + l2) a = y``. Takes O(n^2 d + n^3) time.
    """
    (n, d), root = problem.X.shape, np.sqrt(problem.share)[:, np.newaxis]
    K, y = problem.X @ problem.X.T, root * problem.y
    trace = float(problem.share @ K.diagonal())
    if centred:
        K += trace / n  # the rows sum to 0, so K is singular in that direction
    K *= root
    K *= root.T
    K[np.diag_indices(n)] += problem.l2
    norm = lapack.dlange("1", K.T)
    triangle, info = lapack.dpotrf(K.T, lower=1, overwrite_a=1, clean=0)
    rcond = 0.0 if info else lapack.dpocon(triangle, norm, uplo="L")[0]
    if rcond < MIN_RCOND_OF_ROWS:
        relative = min(max(n, d), 100_000) * EPS
        # rounding error of the original X
        rounding = 4 * EPS * float(np.sqrt(trace + rows.x_mean @ rows.x_mean))
        w = shortest_solution(root * problem.X, y, problem.l2, relative, rounding)
        return OneStep(w, float(problem.value(w).sum()))
    a = lapack.dpotrs(triangle, y, lower=1)[0]
    if rcond < MIN_RCOND:
        residual = root * (problem.y - problem.forward(problem.backward(root * a))) - problem.l2 * a
        a += lapack.dpotrs(triangle, residual, lower=1)[0]  # removes the rounding errors of XX'
    return OneStep(problem.backward(root * a), problem.l2 / 2 * float(np.sum(a * y)))
