"""The interface and helpers of the searches for the minimum, and textbook gradient descent."""

from typing import NamedTuple, Protocol

import numpy as np

from estimators._common.thresholding import soft_threshold
from estimators._logistic.loss import LogLoss

MAX_BACKTRACKS = 40  # in a line search
SUFFICIENT_DECREASE = 1e-4  # share of the predicted decrease (Nocedal and Wright 2006, eq. 3.4)


class Iterate(NamedTuple):
    """The result of an iteration. A search has stalled if rounding errors ended it before it converged.

    `expected` is the predicted further decrease of the objective.
    """

    objective: float
    converged: bool
    expected: float = np.nan
    stalled: bool = False


class Search(Protocol):
    """A search for the theta that minimises the objective."""

    def step(self) -> Iterate:
        """Run one iteration."""
        ...

    def theta(self) -> np.ndarray:
        """Return the theta of the last iteration."""
        ...


class Evaluation(NamedTuple):
    """Value and gradient of the smooth part of the objective at theta."""

    theta: np.ndarray
    value: float
    gradient: np.ndarray


class GradientDescent:
    """Gradient descent with a fixed learning rate, with proximal steps if there is an l1 penalty."""

    def __init__(
        self, loss: LogLoss, theta: np.ndarray, learning_rate: float, l1: float, tol: float = 0.0
    ) -> None:
        self.loss, self.learning_rate, self.l1, self.tol = loss, learning_rate, l1, tol
        self.current, self.following = theta, self._descend(theta, loss(theta)[1])

    def theta(self) -> np.ndarray:
        """Return the current theta."""
        return self.current

    def step(self) -> Iterate:
        """Take one step. The search has converged if the proximal gradient at its end is small."""
        self.current = theta = self.following
        value, gradient = self.loss(theta)
        self.following = self._descend(theta, gradient)
        proximal_gradient = (theta - self.following) / self.learning_rate
        return Iterate(value + l1_penalty(theta, self.l1), np.abs(proximal_gradient).max() <= self.tol)

    def _descend(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        theta = theta - self.learning_rate * gradient
        if self.l1:
            theta[:-1] = soft_threshold(theta[:-1], self.learning_rate * self.l1)
        return theta


def run(search: Search, max_iter: int) -> np.ndarray:
    """Run a search until it ends, for at most `max_iter` iterations, and return its theta."""
    for _ in range(max_iter):
        iterate = search.step()
        if iterate.converged or iterate.stalled:
            break
    return search.theta()


def evaluate(loss: LogLoss, theta: np.ndarray) -> Evaluation:
    """Evaluate the loss at theta."""
    return Evaluation(theta, *loss(theta))


def evaluate_start(loss: LogLoss, theta: np.ndarray) -> Evaluation:
    """Evaluate the loss at theta, or at zero if that is better."""
    start = evaluate(loss, theta)
    return start if start.value <= np.log(loss.n_classes) else evaluate(loss, np.zeros_like(theta))


def line_search(
    loss: LogLoss, start: Evaluation, direction: np.ndarray, l1: float = 0.0, slope: float | None = None
) -> tuple[Evaluation | None, int]:
    """Shorten the step until the decrease suffices. Return its end and the number of evaluations.

    The end is None if the objective does not decrease. `slope` is the slope of the objective along the
    direction, including the l1 penalty.
    """
    length, n_evaluations = 1.0, 0
    before = start.value + l1_penalty(start.theta, l1)
    slack = 10 * np.finfo(loss.X.dtype).eps * abs(before)
    if slope is None:
        slope = float(np.vdot(start.gradient, direction))
    while n_evaluations < MAX_BACKTRACKS:
        trial = evaluate(loss, start.theta + length * direction)
        n_evaluations += 1
        change = trial.value + l1_penalty(trial.theta, l1) - before
        if change <= SUFFICIENT_DECREASE * length * slope + slack:
            return trial, n_evaluations
        # the minimum of the interpolating parabola
        minimum = -0.5 * slope * length**2 / (change - length * slope)
        length = min(max(minimum, 0.1 * length), 0.5 * length) if np.isfinite(change) else 0.1 * length
    return None, n_evaluations


def l1_penalty(theta: np.ndarray, l1: float | np.ndarray) -> float:
    """Return the l1 penalty on the weights."""
    return float(np.sum(l1 * np.abs(theta[:-1]))) if np.any(l1) else 0.0
