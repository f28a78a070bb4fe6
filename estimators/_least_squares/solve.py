"""From the statistics to the weights, or from the rows themselves if there are many columns."""

import warnings

import numpy as np
import scipy.sparse as sp
from scipy.linalg import LinAlgWarning

from estimators._common.callbacks import NoTask, Task
from estimators._least_squares.checks import CheckedRows, as_columns
from estimators._least_squares.descent import (
    ConjugateDescent,
    Descent,
    ProximalDescent,
    follow,
    warn_not_converged,
)
from estimators._least_squares.moments import Moments, gather
from estimators._least_squares.problems import (
    EPS,
    MIN_RCOND,
    MatrixFree,
    Quadratic,
    largest_curvature,
    minimise,
    noise_level,
    shortest_solution,
    whiten,
)
from estimators._least_squares.rows import Matrix, Rows, TransformedRows
from estimators._least_squares.state import LeastSquaresParameters, Solution
from estimators._least_squares.textbook import iterate, solve_textbook

MIN_RCOND_EXACT = 2.5e-13  # smallest reciprocal condition of the scaled X'X at which exact products suffice
ILL_CONDITIONED_RCOND = 1e-10  # of X'X of chunks, below which there is a warning


def solve(
    moments: Moments,
    parameters: LeastSquaresParameters,
    task: Task | None = None,
    second_pass: "SecondPass | None" = None,
) -> Solution:
    """Fit from statistics; use the second pass if they are not exact enough. O(d^3) time, O(d^2) memory."""
    task = task or NoTask()
    if parameters.learning_rate:
        return solve_textbook(moments, parameters, task)
    problem = _problem(moments, parameters, parameters.l2, exact=second_pass is None)
    if parameters.l1:
        if second_pass and (second_pass.has_few_rows or minimise(problem) is None):
            xx, _, _ = moments.per_row(parameters.fit_intercept)
            problem.factor = second_pass.factor(xx, parameters.fit_intercept)
        start = np.zeros_like(problem.linear_term)
        descent = ProximalDescent(problem, parameters.l1, start, parameters.tol)
        return follow(descent, problem, lambda w: _bias(moments, parameters, w), parameters, task)
    task.begin()
    w = _minimum(problem, moments, parameters, second_pass)
    losses = np.array([problem.value(w).sum()])
    solution = Solution(w, _bias(moments, parameters, w), 1, losses)
    task.end(lambda: {"_solution": solution})
    return solution


def penalty_path(
    moments: Moments, parameters: LeastSquaresParameters, alphas: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the minima (k, d, q) and biases (k, q) for k penalties; each search starts at the one before."""
    (d,), (q,) = moments.x_shift.shape, moments.y_shift.shape
    w, path, curvature = np.zeros((d, q)), [], None
    for alpha in alphas:
        l1, l2 = alpha * parameters.l1_ratio, alpha * (1 - parameters.l1_ratio)
        problem = _problem(moments, parameters, l2, exact=True)
        if l1:
            if l2 or curvature is None:
                curvature = largest_curvature(problem, problem.scale())
            w = _proximal_minimum(ProximalDescent(problem, l1, w, parameters.tol, curvature), parameters)
        else:
            w = _minimum(problem, moments, parameters)
        path.append(w)
    weights = np.array(path).reshape(len(path), d, q)
    return weights, np.array([_bias(moments, parameters, w) for w in path]).reshape(len(path), q)


def _proximal_minimum(descent: ProximalDescent, parameters: LeastSquaresParameters) -> np.ndarray:
    for _ in range(parameters.max_iter):
        descent.step()
        if descent.converged:
            return descent.w
    warn_not_converged(parameters)
    return descent.w


def _problem(moments: Moments, parameters: LeastSquaresParameters, l2: float, exact: bool) -> Quadratic:
    """Return the problem; with `exact`, its products in extended precision are there on demand."""
    centred = parameters.fit_intercept
    xx, xy, yy = moments.per_row(centred)
    penalty = l2 * np.eye(len(xx)) if l2 else 0.0

    def exact_products() -> tuple[np.ndarray, np.ndarray]:
        xx, xy, _ = moments.per_row(centred, exact=True)
        return xx + penalty, xy

    return Quadratic(xx + penalty, xy, yy / 2, l2=l2, exact=exact_products if exact else None)


def _bias(moments: Moments, parameters: LeastSquaresParameters, w: np.ndarray) -> np.ndarray:
    if parameters.fit_intercept:
        return moments.y_mean - moments.x_mean @ w  # (d,) @ (d, q)
    return np.zeros_like(moments.y_mean)


def _minimum(
    problem: Quadratic,
    moments: Moments,
    parameters: LeastSquaresParameters,
    second_pass: "SecondPass | None" = None,
) -> np.ndarray:
    """Return the shortest weights at the minimum without L1 penalty, (d, q)."""
    if not (second_pass and second_pass.has_few_rows):
        w = minimise(problem, MIN_RCOND if second_pass else MIN_RCOND_EXACT)
        if w is not None:
            return w
    xx, _, _ = moments.per_row(parameters.fit_intercept)
    if second_pass:
        R, response = second_pass.factor(xx, parameters.fit_intercept)
    else:
        basis, back, values = whiten(xx)
        kept = values > noise_level(values)
        R, response = back[kept], basis[:, kept].T @ problem.linear_term
        if problem.l2 == 0 and kept.any() and values[kept][0] < ILL_CONDITIONED_RCOND * values[-1]:
            _warn_ill_conditioned(float(values[kept][0] / values[-1]))
    relative = min(max(moments.n_rows, len(xx)), 100_000) * EPS
    rounding = 4 * EPS * float(np.sqrt(xx.trace() + moments.x_mean @ moments.x_mean))  # of X as it was given
    return shortest_solution(R, response, problem.l2, relative, rounding)


def _warn_ill_conditioned(rcond: float) -> None:
    warnings.warn(
        f"X is ill-conditioned (condition number about {rcond**-0.5:.0e}). Fitted in chunks, the weights "
        f"have a relative error of up to {100 * EPS / rcond:.0e}. Call fit with all rows, which reads them "
        "twice, drop columns that are nearly sums of others, or set alpha > 0.",
        LinAlgWarning,
        stacklevel=5,
    )


def solve_wide(rows: CheckedRows, parameters: LeastSquaresParameters, task: Task) -> Solution:
    """Fit X (n, d) and y (n, q) without a d x d matrix. O(nonzeros of X) for an iteration."""
    X, y, weight = rows[0].astype(np.float64, copy=False), as_columns(rows[1]), rows[2]
    weight = np.ones(len(y)) if weight is None else weight
    share = weight / weight.sum()
    no_mean = np.zeros(X.shape[1])
    if parameters.learning_rate:
        problem = MatrixFree(X, y, share, no_mean, parameters.l2, has_bias=parameters.fit_intercept)
        return iterate(problem, lambda w: problem.objective(w, parameters.l1), parameters, task)
    x_mean, y_mean, remaining = no_mean, np.zeros(y.shape[1]), no_mean
    if parameters.fit_intercept:
        y, y_mean, _ = _centre(y, share)
        X, x_mean, remaining = _centre(X, share)
    problem = MatrixFree(X, y, share, remaining, parameters.l2)
    descent: Descent
    if parameters.l1:
        descent = ProximalDescent(problem, parameters.l1, np.zeros_like(problem.linear_term), parameters.tol)
    else:
        descent = ConjugateDescent(problem, parameters.tol / 10_000)
    return follow(descent, problem, lambda w: y_mean - x_mean @ w, parameters, task)


def _centre(X: Matrix, share: np.ndarray) -> tuple[Matrix, np.ndarray, np.ndarray]:
    """Return X, its means, and the part of them not yet subtracted: all of it in CSR, which stays sparse."""
    if sp.issparse(X):
        return X, share @ X, share @ X
    row = X[share.argmax()]
    mean = row + share @ (X - row)
    X = X - mean
    X[:, np.abs(X).max(axis=0) <= 8 * EPS * np.abs(mean)] = 0  # constant up to rounding
    return X, mean, np.zeros_like(mean)


class SecondPass:
    """Rows (n, d) and y (n, q) that can be read again, and their moments, which that makes more exact."""

    def __init__(self, moments: Moments, rows: Rows, y: np.ndarray, sample_weight: np.ndarray | None) -> None:
        self.moments, self.rows, self.y, self.sample_weight = moments, rows, y, sample_weight
        self.has_few_rows = rows.shape[0] < rows.shape[1]  # X'X is then singular, and larger than X

    def factor(self, xx: np.ndarray, centred: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return R and Q'y / sqrt(n) of X / sqrt(n) = QR."""
        shift = self.moments.x_mean if centred else np.zeros_like(self.moments.x_mean)
        rows = self.rows.shifted(shift)
        factor = self._scaled_rows(rows, centred) if self.has_few_rows else self._whitened(rows, xx, centred)
        self.moments = self.moments.with_factor(*factor, centred)
        return factor

    def _whitened(self, rows: Rows, xx: np.ndarray, centred: bool) -> tuple[np.ndarray, np.ndarray]:
        """Factor X in coordinates in which X'X is about the identity.

        There, rounding no longer hides the directions in which X is small: Cholesky QR done twice (Yamamoto
        et al., 2015), with eigenvectors, so that X may be rank-deficient.
        """
        basis, back, _ = whiten(xx)
        gram, response, _ = gather(TransformedRows(rows, basis), self.y, self.sample_weight).per_row(centred)
        values, vectors = np.linalg.eigh(gram)
        root = np.sqrt(np.maximum(values, 0.0))[:, np.newaxis]
        kept = root > np.sqrt(len(root) * EPS) * root.max(initial=0.0)
        response = np.where(kept, vectors.T @ response, 0.0) / np.where(kept, root, 1.0)
        return (root * vectors.T) @ back, response  # (d, d) @ (d, d)

    def _scaled_rows(self, rows: Rows, centred: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows and y themselves in place of R and Q'y: they are smaller if there are few rows."""
        moments = self.moments
        X = np.array(rows.read(slice(0, len(self.y)), np.empty(rows.shape, order=rows.order)))
        y = self.y - moments.y_mean if centred else self.y
        weight = np.ones(len(y)) if self.sample_weight is None else self.sample_weight
        root = np.sqrt(weight / moments.weight)[:, np.newaxis]
        if centred:
            X[:, np.abs(X).max(axis=0) <= 8 * EPS * np.abs(moments.x_mean)] = 0  # constant up to rounding
        return root * X, root * y
