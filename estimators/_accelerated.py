"""The two searches of logistic regression: generators that yield a point after every iteration."""

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from estimators._softmax import LogLoss, Preconditioner

MEMORY = 10  # steps that L-BFGS remembers
SAMPLE_ROWS, ROWS_PER_FEATURE = 4000, 4  # of the sample that the preconditioner sees
FEWEST_SAMPLES = 8  # of that size in X, for a first descent on one of them to pay
ROUGH, ROUGH_ITERATIONS = 1e-2, 50  # where that descent ends
SHORTENINGS = 40  # of a step, before it is given up
SUFFICIENT = 1e-4  # share of the decrease that the slope promises (Nocedal and Wright 2006, eq. 3.4)


class Point(NamedTuple):
    """Where a search stands: "searching", "converged", or "stalled" where rounding ends it elsewhere."""

    theta: np.ndarray
    value: float
    state: str


class Place(NamedTuple):
    """A place, with value and gradient of the smooth part of the objective there."""

    theta: np.ndarray
    value: float
    gradient: np.ndarray


def textbook(loss: LogLoss, theta: np.ndarray, rate: float, l1: float, tol: float) -> Iterator[Point]:
    """Gradient descent with one fixed step; a proximal step where there is an l1 penalty."""
    _, gradient = loss(theta)
    while True:
        theta = shrink(theta - rate * gradient, rate * l1)
        value, gradient = loss(theta)
        proximal_gradient = (theta - shrink(theta - rate * gradient, rate * l1)) / rate
        small = np.abs(proximal_gradient).max() <= tol
        yield Point(theta, value + absolute(theta, l1), "converged" if small else "searching")


def accelerated(loss: LogLoss, theta: np.ndarray, l1: Any, tol: float, warm: bool) -> Iterator[Point]:
    """Descend in the metric of a sample of the rows, and where rows abound, first on that sample."""
    n_samples, n_features = loss.X.shape
    stride = n_samples // max(SAMPLE_ROWS, ROWS_PER_FEATURE * n_features)
    some = slice(None, None, stride)
    sample = loss.take(some) if stride > 1 and loss.weight[some].any() else loss
    search = proximal if np.any(l1) else quasi_newton
    if sample is not loss and stride >= FEWEST_SAMPLES and not warm:
        for point, _ in zip(search(sample, theta, l1, ROUGH, sample), range(ROUGH_ITERATIONS), strict=False):
            theta = point.theta
            if point.state != "searching":
                break
    return search(loss, theta, l1, tol, sample)


def quasi_newton(loss: LogLoss, theta: np.ndarray, _: Any, tol: float, sample: LogLoss) -> Iterator[Point]:
    """L-BFGS on top of a preconditioner, which is factored anew whenever the objective has halved."""
    start = place = begin(loss, theta)
    memory, factored_at = Memory(), np.inf
    while True:
        if place.value < factored_at / 2:
            preconditioner, factored_at = Preconditioner(sample, place.theta), place.value
        step = memory.direction(place.gradient, preconditioner)
        fall = -0.5 * float(np.vdot(step, place.gradient))  # of a quadratic, down to its minimum
        if place is not start:
            yield Point(place.theta, place.value, "converged" if fall <= tol * place.value else "searching")
        onward = line_search(loss, place, step)
        if onward is None and memory.pairs:  # what is remembered may mislead
            memory.pairs.clear()
            onward = line_search(loss, place, memory.direction(place.gradient, preconditioner))
        if onward is None:
            rounding = 1e3 * np.finfo(loss.X.dtype).eps * place.value
            yield Point(place.theta, place.value, "converged" if fall <= rounding else "stalled")
            return
        memory.add(onward.theta - place.theta, onward.gradient - place.gradient)
        place = onward


def proximal(loss: LogLoss, theta: np.ndarray, l1: Any, tol: float, sample: LogLoss) -> Iterator[Point]:
    """Accelerated proximal gradient steps (Beck and Teboulle 2009) in a diagonal metric, with restarts."""
    metric = Preconditioner(sample, theta, diagonal=True)
    place = lead = begin(loss, theta)
    lipschitz, age = 1.0, 1.0
    while True:
        onward, lipschitz, slope = proximal_step(loss, lead, metric, lipschitz, l1)
        uphill = metric.inner(lead.theta - onward.theta, onward.theta - place.theta) > 0
        age, before = (1.0, 1.0) if uphill else (0.5 + np.sqrt(0.25 + age**2), age)
        theta = onward.theta + (before - 1) / age * (onward.theta - place.theta)
        place, lead = onward, onward if before == 1 else evaluate(loss, theta)
        value = place.value + absolute(place.theta, l1)
        reach = np.sqrt(metric.inner(place.theta, place.theta))
        yield Point(place.theta, value, "converged" if slope * reach <= tol * value else "searching")


def proximal_step(
    loss: LogLoss, lead: Place, metric: Preconditioner, lipschitz: float, l1: Any
) -> tuple[Place, float, float]:
    """Return the place after a step, the Lipschitz constant it took, and the decrease promised."""
    lipschitz, slack = 0.9 * lipschitz, 10 * np.finfo(loss.X.dtype).eps * abs(lead.value)
    while True:
        onward = evaluate(loss, metric.proximal(lead.theta, lead.gradient, lipschitz, l1))
        step = onward.theta - lead.theta
        fall = 0.5 * lipschitz * metric.inner(step, step)
        if onward.value <= lead.value + np.vdot(lead.gradient, step) + fall + slack:
            return onward, lipschitz, float(np.sqrt(2 * lipschitz * fall))
        lipschitz *= 2


def begin(loss: LogLoss, theta: np.ndarray) -> Place:
    """Start at theta, or at zero if that is better."""
    place = evaluate(loss, theta)
    return place if place.value <= np.log(loss.n_classes) else evaluate(loss, np.zeros_like(theta))


def evaluate(loss: LogLoss, theta: np.ndarray) -> Place:
    return Place(theta, *loss(theta))


def line_search(loss: LogLoss, place: Place, step: np.ndarray) -> Place | None:
    """Shorten the step until the objective falls enough; None if it never does."""
    length, slack = 1.0, 10 * np.finfo(loss.X.dtype).eps * abs(place.value)
    slope = float(np.vdot(place.gradient, step))
    for _ in range(SHORTENINGS):
        trial = evaluate(loss, place.theta + length * step)
        fall = trial.value - place.value
        if fall <= SUFFICIENT * length * slope + slack:
            return trial
        least = -0.5 * slope * length**2 / (fall - length * slope)  # of the parabola through what is known
        length = min(max(least, 0.1 * length), 0.5 * length) if np.isfinite(fall) else 0.1 * length
    return None


def shrink(theta: np.ndarray, threshold: Any) -> np.ndarray:
    """Move the weights towards zero by `threshold` and no further; the intercept stays."""
    if np.any(threshold):
        theta[:-1] = np.sign(theta[:-1]) * np.maximum(np.abs(theta[:-1]) - threshold, 0)
    return theta


def absolute(theta: np.ndarray, l1: Any) -> float:
    """Return the l1 penalty."""
    return float(np.sum(l1 * np.abs(theta[:-1]))) if np.any(l1) else 0.0


class Memory:
    """The last steps and the changes of the gradient along them, from which L-BFGS draws curvature."""

    def __init__(self) -> None:
        self.pairs: deque[tuple[np.ndarray, np.ndarray, float]] = deque(maxlen=MEMORY)

    def add(self, step: np.ndarray, change: np.ndarray) -> None:
        """Remember a step, unless rounding has hidden the curvature along it."""
        curvature = float(np.vdot(step, change))
        if curvature > np.finfo(float).eps * np.linalg.norm(step) * np.linalg.norm(change):
            self.pairs.append((step, change, curvature))

    def direction(self, slope: np.ndarray, preconditioner: Preconditioner) -> np.ndarray:
        """Return minus the inverse Hessian times `slope`, by two loops (Nocedal and Wright 2006, alg. 7.4)."""
        step, shares = -slope, []
        for past, change, curvature in reversed(self.pairs):
            share = np.vdot(past, step) / curvature
            shares.append(share)
            step -= share * change
        step = preconditioner(step)
        if self.pairs:
            _, change, curvature = self.pairs[-1]
            step *= curvature / np.vdot(change, preconditioner(change))
        for (past, change, curvature), share in zip(self.pairs, reversed(shares), strict=True):
            step += (share - np.vdot(change, step) / curvature) * past
        return step
