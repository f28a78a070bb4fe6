"""The searches for the minimum of the log loss: each is an object whose `step` is one iteration."""

from collections import deque
from typing import NamedTuple, Protocol

import numpy as np

from estimators._common.thresholding import soft_threshold
from estimators._logistic.loss import LogLoss
from estimators._logistic.preconditioner import Preconditioner

N_PAIRS = 10  # steps that L-BFGS remembers
MIN_SAMPLE_ROWS, MIN_SAMPLE_ROWS_PER_FEATURE = 4000, 4  # of the sample that the preconditioner is made from
MIN_STRIDE_OF_SAMPLE_FIT = 8  # take every 8th row or fewer, or a fit on the sample does not pay
SAMPLE_FIT_TOL, SAMPLE_FIT_MAX_ITER = 1e-2, 50
MAX_BACKTRACKS = 40  # of a line search
MIN_EXTRAPOLATION_WINDOW = 5  # iterations in each of the two windows that are compared
EXTRAPOLATION_SAFETY = 10  # for a series whose ratio grows
SUFFICIENT_DECREASE = 1e-4  # share of the predicted decrease (Nocedal and Wright 2006, eq. 3.4)


class Iterate(NamedTuple):
    """The result of an iteration. A search has stalled if rounding ended it before it converged."""

    theta: np.ndarray
    objective: float
    converged: bool
    stalled: bool = False


class Search(Protocol):
    """A search for the theta of the lowest objective."""

    def step(self) -> Iterate:
        """Run one iteration."""
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
        self.following = self._descend(theta, loss(theta)[1])

    def step(self) -> Iterate:
        """Take one step. The proximal gradient there decides whether the search has converged."""
        theta = self.following
        value, gradient = self.loss(theta)
        self.following = self._descend(theta, gradient)
        proximal_gradient = (theta - self.following) / self.learning_rate
        return Iterate(theta, value + l1_penalty(theta, self.l1), np.abs(proximal_gradient).max() <= self.tol)

    def _descend(self, theta: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        theta = theta - self.learning_rate * gradient
        if self.l1:
            theta[:-1] = soft_threshold(theta[:-1], self.learning_rate * self.l1)
        return theta


def preconditioned_search(
    loss: LogLoss, theta: np.ndarray, l1: float | np.ndarray, tol: float, warm: bool
) -> Search:
    """Return a search with a preconditioner made from a sample of the rows.

    If there are many rows and the start is not `warm`, it starts from the minimum on that sample.
    """

    def search(loss: LogLoss, theta: np.ndarray, tol: float) -> Search:
        if np.any(l1):
            return AcceleratedProximalGradient(loss, theta, l1, tol, sample)
        return LBFGS(loss, theta, tol, sample)

    n_samples, n_features = loss.X.shape
    stride = n_samples // max(MIN_SAMPLE_ROWS, MIN_SAMPLE_ROWS_PER_FEATURE * n_features)
    rows = slice(None, None, stride)
    sample = loss.take(rows) if stride > 1 and loss.weight[rows].any() else loss
    if sample is not loss and stride >= MIN_STRIDE_OF_SAMPLE_FIT and not warm:
        theta = run(search(sample, theta, SAMPLE_FIT_TOL), SAMPLE_FIT_MAX_ITER)
    return search(loss, theta, tol)


def run(search: Search, max_iter: int) -> np.ndarray:
    """Run a search to its end, or for at most `max_iter` iterations; return its theta."""
    for _ in range(max_iter):
        iterate = search.step()
        if iterate.converged or iterate.stalled:
            break
    return iterate.theta


class LBFGS:
    """L-BFGS on top of a preconditioner that is rebuilt whenever the objective has halved."""

    def __init__(self, loss: LogLoss, theta: np.ndarray, tol: float, sample: LogLoss) -> None:
        self.loss, self.sample = loss, sample
        self.tol = max(tol, np.finfo(loss.X.dtype).eps / 16)  # smaller decreases are lost in rounding
        self.current = evaluate_start(loss, theta)
        self.values, self.pairs, self.value_at_rebuild = [self.current.value], CurvaturePairs(), np.inf
        self.direction = self._next_direction()

    def step(self) -> Iterate:
        """Move along the current direction and choose the next one, which predicts the remaining decrease."""
        previous, following = self.current, line_search(self.loss, self.current, self.direction)
        if following is None and self.pairs:  # the memory may be misleading
            self.pairs.clear()
            following = line_search(self.loss, previous, self._next_direction())
        if following is None:
            return Iterate(previous.theta, previous.value, converged=False, stalled=True)
        self.pairs.add(following.theta - previous.theta, following.gradient - previous.gradient)
        self.current = following
        self.values.append(following.value)
        self.direction = self._next_direction()
        decrease = -0.5 * float(np.vdot(self.direction, following.gradient))  # if it were quadratic
        decrease = max(decrease, extrapolated_decrease(self.values))
        return Iterate(following.theta, following.value, 0 <= decrease <= self.tol * following.value)

    def _next_direction(self) -> np.ndarray:
        """Return the direction of the next step, from a new preconditioner if the objective has halved."""
        theta, value, gradient = self.current
        if value < self.value_at_rebuild / 2:
            self.preconditioner, self.value_at_rebuild = Preconditioner(self.sample, theta), value
        direction = self.pairs.direction(gradient, self.preconditioner)
        slope = float(np.vdot(direction, gradient))
        if self.pairs and not slope <= 0:  # rounding has spoilt the memory
            self.pairs.clear()
            direction = self.preconditioner(-gradient)
            slope = float(np.vdot(direction, gradient))
        if self.preconditioner.diagonal and not self.pairs and slope < 0:
            direction *= min(1.0, -slope / self.loss.curvature_along(theta, direction))
        return direction


class CurvaturePairs:
    """The last steps and the changes of the gradient along them, from which L-BFGS estimates curvature."""

    def __init__(self) -> None:
        self.pairs: deque[tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=N_PAIRS)

    def __len__(self) -> int:
        return len(self.pairs)

    def clear(self) -> None:
        """Forget all steps."""
        self.pairs.clear()

    def add(self, step: np.ndarray, change: np.ndarray) -> None:
        """Remember a step, unless the curvature along it is lost in rounding."""
        curvature = float(np.vdot(step, change))
        if curvature > np.finfo(float).eps * np.linalg.norm(step) * np.linalg.norm(change):
            self.pairs.append((step, change, curvature))

    def direction(self, gradient: np.ndarray, preconditioner: Preconditioner) -> np.ndarray:
        """Return minus the inverse Hessian times the gradient (Nocedal and Wright 2006, algorithm 7.4)."""
        direction, alphas = -gradient, []
        for step, change, curvature in reversed(self.pairs):
            alpha = np.vdot(step, direction) / curvature
            alphas.append(alpha)
            direction -= alpha * change
        direction = preconditioner(direction)
        if self.pairs:  # scale the preconditioner so that it fits the last step
            _, change, curvature = self.pairs[-1]
            direction *= curvature / np.vdot(change, preconditioner(change))
        for (step, change, curvature), alpha in zip(self.pairs, reversed(alphas), strict=True):
            direction += (alpha - np.vdot(change, direction) / curvature) * step
        return direction


class AcceleratedProximalGradient:
    """Accelerated proximal steps in a diagonal metric (Beck and Teboulle 2009, eqs. 4.1-4.3).

    The momentum restarts when it leads uphill (O'Donoghue and Candes 2015, the gradient scheme).
    """

    def __init__(
        self, loss: LogLoss, theta: np.ndarray, l1: float | np.ndarray, tol: float, sample: LogLoss
    ) -> None:
        self.loss, self.l1 = loss, l1
        self.tol = max(tol, 10 * np.finfo(loss.X.dtype).eps)
        self.metric = Preconditioner(sample, theta, diagonal=True)
        self.current = self.extrapolated = evaluate_start(loss, theta)
        self.lipschitz, self.t = 1.0, 1.0  # t of the papers sets the momentum

    def step(self) -> Iterate:
        """Take a proximal step from the extrapolated theta, then extrapolate along the step."""
        previous, metric = self.current, self.metric
        self.current, gradient_length = self._backtrack()
        theta, step = self.current.theta, self.current.theta - previous.theta
        uphill = metric.inner(self.extrapolated.theta - theta, step) > 0
        previous_t, self.t = (1.0, 1.0) if uphill else (self.t, (1 + np.sqrt(1 + 4 * self.t**2)) / 2)
        momentum = (previous_t - 1) / self.t
        self.extrapolated = evaluate(self.loss, theta + momentum * step) if momentum else self.current
        objective = self.current.value + l1_penalty(theta, self.l1)
        bound = gradient_length * np.sqrt(metric.inner(theta, theta))  # of the remaining decrease
        return Iterate(theta, objective, bound <= self.tol * objective)

    def _backtrack(self) -> tuple[Evaluation, float]:
        """Find a proximal step that is short enough; return its end and the proximal gradient's length."""
        start, slack = self.extrapolated, 10 * np.finfo(self.loss.X.dtype).eps * abs(self.extrapolated.value)
        self.lipschitz *= 0.9
        while True:
            theta = self.metric.proximal_step(start.theta, start.gradient, self.lipschitz, self.l1)
            end, step = evaluate(self.loss, theta), theta - start.theta
            square = self.metric.inner(step, step)
            bound = start.value + float(np.vdot(start.gradient, step)) + 0.5 * self.lipschitz * square
            if end.value <= bound + slack:
                return end, self.lipschitz * float(np.sqrt(square))
            self.lipschitz *= 2


def line_search(loss: LogLoss, start: Evaluation, direction: np.ndarray) -> Evaluation | None:
    """Shorten the step until the objective decreases enough. Return None if it never does."""
    length, slack = 1.0, 10 * np.finfo(loss.X.dtype).eps * abs(start.value)
    slope = float(np.vdot(start.gradient, direction))
    for _ in range(MAX_BACKTRACKS):
        trial = evaluate(loss, start.theta + length * direction)
        change = trial.value - start.value
        if change <= SUFFICIENT_DECREASE * length * slope + slack:
            return trial
        minimum = -0.5 * slope * length**2 / (change - length * slope)  # of the interpolating parabola
        length = min(max(minimum, 0.1 * length), 0.5 * length) if np.isfinite(change) else 0.1 * length
    return None


def evaluate(loss: LogLoss, theta: np.ndarray) -> Evaluation:
    """Evaluate the loss at theta."""
    return Evaluation(theta, *loss(theta))


def evaluate_start(loss: LogLoss, theta: np.ndarray) -> Evaluation:
    """Evaluate the loss at theta, or at zero if that is better."""
    start = evaluate(loss, theta)
    return start if start.value <= np.log(loss.n_classes) else evaluate(loss, np.zeros_like(theta))


def extrapolated_decrease(values: list[float]) -> float:
    """Return how far the values will still fall if their second half continues as a geometric series."""
    window = max(len(values) // 4, MIN_EXTRAPOLATION_WINDOW)
    if len(values) <= 2 * window:
        return 0.0
    before, middle, now = values[-1 - 2 * window], values[-1 - window], values[-1]
    decrease, earlier = middle - now, before - middle
    if 0 <= decrease < earlier:
        return EXTRAPOLATION_SAFETY * decrease * decrease / (earlier - decrease)
    return abs(decrease)


def l1_penalty(theta: np.ndarray, l1: float | np.ndarray) -> float:
    """Return the l1 penalty on the weights."""
    return float(np.sum(l1 * np.abs(theta[:-1]))) if np.any(l1) else 0.0
