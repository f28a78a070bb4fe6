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
from estimators._least_squares.pairs import product
from estimators._least_squares.problems import (
    EPS,
    MatrixFree,
    Quadratic,
    largest_curvature,
    minimise,
    noise_level,
    refactor,
    shortest_solution,
    whiten,
)
from estimators._least_squares.rows import Matrix, Rows, TransformedRows
from estimators._least_squares.state import LeastSquaresParameters, Solution
from estimators._least_squares.textbook import iterate, solve_textbook

MIN_HIDDEN_EIGENVALUE = 1e-21  # of the scaled X'X, relative: pairs of doubles hold only rounding below it
MIN_F_STATISTIC = 20.0  # of a direction that doubles hide, above which y needs it


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
    problem = _problem(moments, parameters, parameters.l2)
    if parameters.l1:
        if minimise(problem) is None:
            problem.factor = (second_pass or ExactSums(moments)).factor(parameters)
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
        problem = _problem(moments, parameters, l2)
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


def _problem(moments: Moments, parameters: LeastSquaresParameters, l2: float) -> Quadratic:
    xx, xy, yy = moments.per_row(parameters.fit_intercept)
    return Quadratic(xx + l2 * np.eye(len(xx)) if l2 else xx, xy, yy / 2, l2=l2)


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
        w = minimise(problem)
        if w is not None:
            return w
    R, response = (second_pass or ExactSums(moments)).factor(parameters)
    relative = min(max(moments.n_rows, len(problem.gram)), 100_000) * EPS
    squares = moments.xx.trace() / moments.weight + moments.x_mean @ moments.x_mean
    rounding = 4 * EPS * float(np.sqrt(squares))  # of X as it was given
    return shortest_solution(R, response, problem.l2, relative, rounding)


class ExactSums:
    """The sums of chunks, whose rows are gone, as pairs of doubles."""

    def __init__(self, moments: Moments) -> None:
        self.moments = moments

    def factor(self, parameters: LeastSquaresParameters) -> tuple[np.ndarray, np.ndarray]:
        """Return R and Q'y / sqrt(n) of X / sqrt(n) = QR.

        X'X in doubles hides the directions in which X is below about 1e-8 of its size. In coordinates in
        which the others have length 1, computed in pairs, they can be seen down to 1e-10. Those that y does
        not need (their F statistic is below 20) are left out: they may be the rounding of collinear columns.
        """
        moments, root = self.moments, np.sqrt(self.moments.weight)
        xx, yx = moments.exact_sums()
        scale = np.ldexp(1.0, -np.frexp(np.sqrt(xx.high.diagonal()))[1])  # powers of two, which are exact
        xx, yx = xx.scaled(np.outer(scale, scale)), yx.scaled(scale)
        basis, back, values = whiten(xx.high)
        gram, projected = product(product(xx, basis).T, basis), product(yx, basis)  # (d, d), (q, d) @ (d, d)
        response = (projected.high + projected.low).T
        R, response, energies = refactor(gram.high + gram.low, response, back)
        kept = self._needed(energies, response, noise_level(values) / values[-1], parameters.alpha == 0)
        R, response = R[kept] / scale / root, response[kept] / root
        if parameters.fit_intercept:
            return R, response
        return np.vstack([R, moments.x_mean]), np.vstack([response, moments.y_mean])

    def _needed(self, energies: np.ndarray, response: np.ndarray, noise: float, warn: bool) -> np.ndarray:
        """Tell which directions are not rounding, and warn of those that doubles hide."""
        hidden, moments = energies < 0.5, self.moments
        there = ~hidden | (noise * energies > MIN_HIDDEN_EIGENVALUE)
        gain = np.where(there[:, np.newaxis], response**2, 0.0)  # (d, q), parts of y'y
        unexplained, rounding = moments.yy - gain.sum(axis=0), 1e-14 * moments.yy
        needed = (moments.n_rows * gain > MIN_F_STATISTIC * unexplained) & (gain > rounding)
        seen = hidden & there & needed.any(axis=1)
        is_exact = (unexplained <= rounding).any()  # y has no noise that could mislead
        if warn and seen.any():
            _warn_ill_conditioned(noise * float(energies[seen].min()))
        return ~hidden | seen | (there & is_exact)


def _warn_ill_conditioned(rcond: float) -> None:
    warnings.warn(
        f"X is ill-conditioned (condition number about {rcond**-0.5:.0e}). Fitted in chunks, the weights "
        f"have a relative error of up to {MIN_HIDDEN_EIGENVALUE / rcond:.0e}. Call fit with all rows, which "
        "reads them twice, drop columns that are nearly sums of others, or set alpha > 0.",
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

    def factor(self, parameters: LeastSquaresParameters) -> tuple[np.ndarray, np.ndarray]:
        """Return R and Q'y / sqrt(n) of X / sqrt(n) = QR."""
        moments, centred = self.moments, parameters.fit_intercept
        rows = self.rows.shifted(moments.x_mean if centred else np.zeros_like(moments.x_mean))
        if self.has_few_rows:
            factor = self._scaled_rows(rows, centred)
        else:
            basis, back, _ = whiten(moments.per_row(centred)[0])
            whitened = gather(TransformedRows(rows, basis), self.y, self.sample_weight).per_row(centred)
            factor = refactor(*whitened[:2], back)[:2]
        self.moments = moments.with_factor(*factor, centred)
        return factor

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
