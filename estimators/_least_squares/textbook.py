"""Textbook gradient descent with a given learning rate: the loop, and the closed form of its iterates."""

from collections.abc import Callable

import numpy as np

from estimators._common.callbacks import Task
from estimators._common.thresholding import soft_threshold
from estimators._least_squares.descent import warn_not_converged
from estimators._least_squares.moments import Moments
from estimators._least_squares.problems import EPS, Problem, Quadratic, largest_curvature
from estimators._least_squares.state import LeastSquaresParameters, Solution


class TextbookDescent:
    """Gradient descent from zero on the mean squared error.

    The mean squared error is twice the objective, so the step is ``w -= learning_rate * 2 * gradient``.
    With an L1 penalty, all weights except the bias are then moved towards zero (ISTA).
    """

    def __init__(self, problem: Problem, learning_rate: float, l1: float) -> None:
        self.problem, self.learning_rate, self.l1 = problem, learning_rate, l1
        self.w = np.zeros_like(problem.linear_term)

    def step(self) -> None:
        """Run one iteration."""
        w = self.w - self.learning_rate * 2 * self.problem.gradient(self.w)
        if self.l1:
            weights = slice(0, -1 if self.problem.has_bias else None)
            w[weights] = soft_threshold(w[weights], self.learning_rate * 2 * self.l1)
        self.w = w


class ClosedForm:
    """Closed form of the iterates of :class:`TextbookDescent` on a :class:`Quadratic` without L1 penalty.

    With the eigenvectors V and eigenvalues s of H, iterate k from zero is
    ``V @ ((1 - (1 - 2 * learning_rate * s)**k) / s * (V.T @ c))``. This takes O(p^3) time once, and then
    O(p^2) time per iterate.
    """

    def __init__(self, problem: Quadratic) -> None:
        values, self.vectors = np.linalg.eigh(problem.gram)
        self.values = np.maximum(values, 0.0)[:, np.newaxis]  # (p, 1)
        self.linear_term = self.vectors.T @ problem.linear_term  # (p, p) @ (p, q)

    def weights(self, learning_rate: float, k: int) -> np.ndarray:
        """Return iterate k, of shape (p, q)."""
        return self.vectors @ (self._filter(learning_rate, k) * self.linear_term)

    def excess(self, learning_rate: float, iterations: np.ndarray) -> np.ndarray:
        """Return the objective minus its minimum after each iteration, summed over the targets."""
        steep = self.values[:, 0] > EPS * self.values.max()
        values = self.values[steep, 0]
        height = 0.5 * np.sum(self.linear_term[steep] ** 2, axis=1) / values
        factor = np.abs(1 - 2 * learning_rate * values)
        parts = np.array_split(iterations, 1 + len(iterations) // 4096)
        return np.concatenate([factor ** (2.0 * part[:, np.newaxis]) @ height for part in parts])

    def relative_gradient(self, learning_rate: float, k: int) -> float:
        """Return the norm of the gradient at iterate k divided by its norm at zero."""
        largest = max(float(np.abs(self.linear_term).max()), np.finfo(float).tiny)
        gradient = self.linear_term / largest  # so that squares do not overflow
        start = float(np.linalg.norm(gradient))
        now = np.linalg.norm(np.abs(1 - 2 * learning_rate * self.values) ** k * gradient)
        return float(now) / start if start else 0.0

    def _filter(self, learning_rate: float, k: int) -> np.ndarray:
        """Return ``(1 - (1 - 2 rate s)**k) / s``, or its limit ``2 rate k`` where s is zero."""
        step = 2 * learning_rate * self.values
        with np.errstate(divide="ignore", invalid="ignore"):
            without_cancellation = -np.expm1(k * np.log1p(-step))
            covered = np.where(step < 0.5, without_cancellation, 1 - (1 - step) ** k)
            return np.where(step > 0, covered / self.values, 2 * learning_rate * k)


class Objective:
    """The objective, computed from centred statistics, so that large means do not cause cancellation.

    It is summed over the targets.
    """

    def __init__(self, moments: Moments, parameters: LeastSquaresParameters) -> None:
        self.moments, self.parameters = moments, parameters
        self.xx, self.xy, yy = moments.per_row(centred=True)
        self.yy = float(yy.sum())

    def __call__(self, w: np.ndarray) -> float:
        """Return the objective at weights (p, q) of textbook descent. The bias, if any, is the last one."""
        bias = w[-1] if self.parameters.fit_intercept else 0.0
        w = w[:-1] if self.parameters.fit_intercept else w
        spread = self.yy + np.sum(w * (self.xx @ w - 2 * self.xy))
        offset = self.moments.x_mean @ w + bias - self.moments.y_mean
        penalty = self.parameters.l1 * np.abs(w).sum() + self.parameters.l2 / 2 * np.sum(w**2)
        return float(0.5 * (max(spread, 0.0) + offset @ offset) + penalty)


def solve_textbook(moments: Moments, parameters: LeastSquaresParameters, task: Task) -> Solution:
    """Return iterate `max_iter`, in closed form or, with an L1 penalty or callbacks, from the loop."""
    problem, rate, n_iter = (
        textbook_problem(moments, parameters),
        parameters.learning_rate,
        parameters.max_iter,
    )
    if parameters.l1 or task.active:
        return iterate(problem, Objective(moments, parameters), parameters, task)
    check_rate(parameters, problem)
    closed = ClosedForm(problem)
    if closed.relative_gradient(rate, n_iter) > parameters.tol:
        warn_not_converged(parameters)
    return Solution(*_split(problem, closed.weights(rate, n_iter)), n_iter, None)


def iterate(
    problem: Problem,
    objective: Callable[[np.ndarray], float],
    parameters: LeastSquaresParameters,
    task: Task,
) -> Solution:
    """Run the loop of textbook descent."""
    check_rate(parameters, problem)
    losses, first_step = list[float](), 0.0
    descent = TextbookDescent(problem, parameters.learning_rate, parameters.l1)

    def solution() -> Solution:
        return Solution(*_split(problem, descent.w), len(losses), np.array(losses))

    for _ in range(parameters.max_iter):
        task.begin()
        previous = descent.w
        descent.step()
        losses.append(objective(descent.w))
        first_step = first_step or float(np.linalg.norm(descent.w - previous))
        if task.end(lambda: {"_solution": solution()}):
            return solution()
    if np.linalg.norm(descent.w - previous) > parameters.tol * first_step:
        warn_not_converged(parameters)
    return solution()


def descent_path(
    moments: Moments, parameters: LeastSquaresParameters, iterations: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights (k, d, q) and biases (k, q) after each of k given iterations."""
    problem, rate = textbook_problem(moments, parameters), parameters.learning_rate
    if parameters.l1:
        descent = TextbookDescent(problem, rate, parameters.l1)
        at = {0: descent.w}
        for k in range(1, int(iterations.max(initial=0)) + 1):
            descent.step()
            if k in iterations:
                at[k] = descent.w
        path = [at[int(k)] for k in iterations]
    else:
        closed = ClosedForm(problem)
        path = [closed.weights(rate, int(k)) for k in iterations]
    return _split(problem, np.array(path).reshape(len(path), *problem.linear_term.shape))


def textbook_losses(moments: Moments, parameters: LeastSquaresParameters, solution: Solution) -> np.ndarray:
    """Return the objective after each iteration, computed in closed form. There must be no L1 penalty."""
    w = np.vstack([solution.weights, solution.bias]) if parameters.fit_intercept else solution.weights
    closed = ClosedForm(textbook_problem(moments, parameters))
    above = closed.excess(parameters.learning_rate, np.arange(1, parameters.max_iter + 1))
    return Objective(moments, parameters)(w) + (above - above[-1])


def check_rate(parameters: LeastSquaresParameters, problem: Problem) -> None:
    """Raise a ValueError if textbook descent would diverge."""
    rate, limit = parameters.learning_rate, rate_limit(problem)
    if rate > limit * (1 + 1e-9):
        raise ValueError(
            f"Gradient descent would diverge on this data with learning_rate={rate:g}: each step would "
            f"overshoot the minimum further than the one before. The largest safe rate is {limit:.6g}. "
            "To raise this limit, standardise X."
        )


def rate_limit(problem: Problem) -> float:
    """Return the largest learning rate for which textbook descent does not diverge."""
    largest = largest_curvature(problem, tol=0.0)
    return 1 / largest if largest > 0 else np.inf


def textbook_problem(moments: Moments, parameters: LeastSquaresParameters) -> Quadratic:
    """Return the problem of textbook descent, without centring.

    The bias is the weight of a constant feature 1.
    """
    xx, xy, yy = moments.per_row(centred=False)
    gram = xx + parameters.l2 * np.eye(len(xx))
    if not parameters.fit_intercept:
        return Quadratic(gram, xy, yy / 2)
    mean = moments.x_mean[:, np.newaxis]
    gram = np.block([[gram, mean], [mean.T, np.ones((1, 1))]])
    return Quadratic(gram, np.vstack([xy, moments.y_mean]), yy / 2, has_bias=True)


def _split(problem: Problem, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Separate the weights (..., d, q) from the biases (..., q)."""
    if problem.has_bias:
        return w[..., :-1, :], w[..., -1, :]
    return w, np.zeros_like(w[..., 0, :])
