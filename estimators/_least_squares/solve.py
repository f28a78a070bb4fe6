"""Compute the weights from the statistics."""

import warnings
from dataclasses import replace

import numpy as np
from scipy.linalg import LinAlgWarning

from estimators._common.callbacks import NoTask, Task
from estimators._least_squares.descent import Descent, OneStep, ProximalDescent, follow
from estimators._least_squares.moments import CentredRows, Moments, gather
from estimators._least_squares.pairs import product
from estimators._least_squares.problems import (
    EPS,
    MIN_RCOND,
    Quadratic,
    minimise,
    noise_level,
    refactor,
    shortest_solution,
    whiten,
)
from estimators._least_squares.row_space import solve_rows
from estimators._least_squares.rows import (
    Rows,
    TransformedRows,
    as_rows,
    suits_sparse_products,
    without_offsets,
)
from estimators._least_squares.state import LeastSquaresParameters, Solution
from estimators._least_squares.textbook import solve_textbook

# relative to the largest; smaller eigenvalues of the scaled X'X are rounding errors of pairs
MIN_HIDDEN_EIGENVALUE = 1e-21
MIN_F_STATISTIC = 20.0  # from this value on, a direction hidden by rounding helps to explain y


def solve(
    moments: Moments,
    parameters: LeastSquaresParameters,
    task: Task | None = None,
    second_pass: "SecondPass | None" = None,
) -> Solution:
    """Fit from statistics. If they are not exact enough, use the second pass. Takes O(d^3) time."""
    task = task or NoTask()
    if parameters.learning_rate:
        return solve_textbook(moments, parameters, task)
    problem = _problem(moments, parameters, second_pass)
    start = np.zeros_like(problem.linear_term)
    return _solve(problem, moments, parameters, task, start, second_pass)


def penalty_path(
    statistics: Moments | CentredRows, parameters: LeastSquaresParameters, alphas: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the minima (k, d, q) and biases (k, q) for k penalties.

    Each search starts from the previous minimum.
    """
    shape = len(statistics.x_mean), len(statistics.y_mean)
    w, path, problem = np.zeros(shape), [], None
    for alpha in alphas:
        each = replace(parameters, alpha=float(alpha), learning_rate=0.0)
        if isinstance(statistics, CentredRows):
            solution = solve_rows(statistics, each, NoTask(), w)
        else:
            if problem is None or problem.l2 != each.l2:
                problem = _problem(statistics, each)
            solution = _solve(problem, statistics, each, NoTask(), w)
        path.append(solution)
        w = solution.weights
    weights = np.array([each.weights for each in path]).reshape(len(path), *shape)
    return weights, np.array([each.bias for each in path]).reshape(len(path), shape[1])


def _problem(
    moments: Moments, parameters: LeastSquaresParameters, second_pass: "SecondPass | None" = None
) -> Quadratic:
    xx, xy, yy = moments.per_row(parameters.fit_intercept)
    xx[np.diag_indices(len(xx))] += parameters.l2
    problem = Quadratic(xx, xy, yy / 2, l2=parameters.l2)
    if parameters.l1_ratio and minimise(problem) is None:
        problem.factor = (second_pass or ExactSums(moments)).factor(parameters)
    return problem


def _solve(
    problem: Quadratic,
    moments: Moments,
    parameters: LeastSquaresParameters,
    task: Task,
    start: np.ndarray,
    second_pass: "SecondPass | None" = None,
) -> Solution:
    """Search for the minimum from `start`. Without an L1 penalty, a single step reaches it."""
    descent: Descent
    if parameters.l1:
        descent = ProximalDescent(problem, parameters.l1, start, parameters.tol)
    else:
        w = _minimum(problem, moments, parameters, second_pass)
        descent = OneStep(w, float(problem.value(w).sum()))

    def bias(w: np.ndarray) -> np.ndarray:
        if parameters.fit_intercept:
            return moments.y_mean - moments.x_mean @ w  # (d,) @ (d, q)
        return np.zeros_like(moments.y_mean)

    return follow(descent, bias, parameters, task)


def _minimum(
    problem: Quadratic,
    moments: Moments,
    parameters: LeastSquaresParameters,
    second_pass: "SecondPass | None" = None,
) -> np.ndarray:
    """Return the weights (d, q) with the smallest norm at the minimum without an L1 penalty."""
    w = minimise(problem)
    if w is not None:
        return w
    R, response = (second_pass or ExactSums(moments)).factor(parameters)
    relative = min(max(moments.n_rows, len(problem.gram)), 100_000) * EPS
    squares = moments.xx.trace() / moments.weight + moments.x_mean @ moments.x_mean
    rounding = 4 * EPS * float(np.sqrt(squares))  # rounding error of the original X
    return shortest_solution(R, response, problem.l2, relative, rounding)


class ExactSums:
    """The sums of chunks as pairs of doubles, because the rows cannot be read again."""

    def __init__(self, moments: Moments) -> None:
        self.moments = moments

    def factor(self, parameters: LeastSquaresParameters) -> tuple[np.ndarray, np.ndarray]:
        """Return R and Q'y / sqrt(n) of X / sqrt(n) = QR.

        In doubles, X'X hides the directions in which X is smaller than about 1e-8 of its norm. In coordinates
        in which the other directions have length 1, computed in pairs of doubles, these directions can be
        resolved down to 1e-10. Directions that do not help to explain y (with an F statistic below 20) are
        ignored, because they may be rounding errors of collinear columns.
        """
        moments, root = self.moments, np.sqrt(self.moments.weight)
        xx, yx = moments.exact_sums()
        scale = np.ldexp(1.0, -np.frexp(np.sqrt(xx.high.diagonal()))[1])  # powers of two, which are exact
        xx, yx = xx.scaled(np.outer(scale, scale)), yx.scaled(scale)
        basis, back, values = whiten(xx.high)
        gram, projected = product(product(xx, basis).T, basis), product(yx, basis)  # (d, d), (q, d) @ (d, d)
        response = (projected.high + projected.low).T
        R, response, energies = refactor(gram.high + gram.low, response, back)
        kept = self._needed(
            energies, response, noise_level(values) / max(values[-1], EPS), parameters.alpha == 0
        )
        R, response = R[kept] / scale / root, response[kept] / root
        if parameters.fit_intercept:
            return R, response
        return np.vstack([R, moments.x_mean]), np.vstack([response, moments.y_mean])

    def _needed(self, energies: np.ndarray, response: np.ndarray, noise: float, warn: bool) -> np.ndarray:
        """Return a mask of the directions that are not rounding errors.

        Warn about any that rounding hides.
        """
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
        f"X is ill-conditioned (condition number about {rcond**-0.5:.0e}). When fitted in chunks, the "
        f"weights have a relative error of up to {MIN_HIDDEN_EIGENVALUE / rcond:.0e}. To avoid this error, "
        "call fit with all rows, which reads them twice; drop columns that are nearly linear combinations "
        "of others; or set alpha > 0.",
        LinAlgWarning,
        stacklevel=5,
    )


class SecondPass:
    """Rows (n, d) and y (n, q) that can be read again. A second pass makes their moments more exact."""

    def __init__(self, moments: Moments, rows: Rows, y: np.ndarray, sample_weight: np.ndarray | None) -> None:
        self.moments, self.rows, self.y, self.sample_weight = moments, rows, y, sample_weight

    def factor(self, parameters: LeastSquaresParameters) -> tuple[np.ndarray, np.ndarray]:
        """Return R and Q'y / sqrt(n) of X / sqrt(n) = QR."""
        moments, centred = self.moments, parameters.fit_intercept
        xx, xy, _ = moments.per_row(centred)
        basis, back, values = whiten(xx)
        small = values < MIN_RCOND * values[-1]
        relative = min(max(moments.n_rows, len(values)), 100_000) * EPS
        limits = relative**2 * values[-1] / np.maximum(values, noise_level(values))
        if small.any() and (self._squares_along(basis[:, small], centred) <= limits[small]).all():
            factor = back[~small], basis[:, ~small].T @ xy  # X'X is singular, but exact enough otherwise
        else:
            whitened, response, _ = self._moments_along(basis, centred)
            factor = refactor(whitened, response, back)[:2]
        self.moments = moments.with_factor(*factor, centred)
        return factor

    def _squares_along(self, directions: np.ndarray, centred: bool) -> np.ndarray:
        """Return the mean squares (k,) of X along the directions (d, k)."""
        if not suits_sparse_products(self.rows.X):
            return self._moments_along(directions, centred)[0].diagonal()
        X = without_offsets(self.rows.X, self.sample_weight)[0] if centred else self.rows.X
        along = as_rows(X @ directions, self.sample_weight)
        return gather(along, self.y, self.sample_weight).per_row(centred)[0].diagonal()

    def _moments_along(
        self, directions: np.ndarray, centred: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the moments per row, as in :meth:`Moments.per_row`, of X times directions (d, k)."""
        rows = self.rows.shifted(self.moments.x_mean if centred else np.zeros_like(self.moments.x_mean))
        return gather(TransformedRows(rows, directions), self.y, self.sample_weight).per_row(centred)
