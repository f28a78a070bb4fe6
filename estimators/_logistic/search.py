"""The searches of logistic regression: generators that yield a point after every iteration."""

from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from estimators._common.thresholding import soft_threshold
from estimators._logistic.loss import LogLoss, Preconditioner

MEMORY = 10  # steps that L-BFGS remembers
SAMPLE_ROWS, ROWS_PER_FEATURE = 4000, 4  # of the sample that the preconditioner sees
FEWEST_SAMPLES = 8  # of that size in X, for a descent on one of them to pay
ROUGH, ROUGH_ITERATIONS = 1e-2, 50  # where that descent ends
SHORTENINGS = 40  # of a step, before it is given up
LOOK_BACK = 5  # steps, at least, in each of the two stretches from which falls are extrapolated
MARGIN = 10  # for a series that slows down
SUFFICIENT = 1e-4  # share of the promised decrease (Nocedal and Wright 2006, eq. 3.4)


class Point(NamedTuple):
    """Where a search stands; "stalled" where rounding ends it short of its goal."""

    theta: np.ndarray
    value: float
    state: str  # "searching", "converged" or "stalled"


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
    """Descend in the metric of a sample of the rows; where rows abound, first on that sample."""
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
    """L-BFGS on top of a preconditioner, which is made anew whenever the objective has halved."""
    tol = max(tol, np.finfo(loss.X.dtype).eps / 16)  # of a smaller fall, values tell nothing
    start = place = begin(loss, theta)
    memory, made_at, values = Memory(), np.inf, [place.value]
    while True:
        if place.value < made_at / 2:
            preconditioner, made_at = Preconditioner(sample, place.theta), place.value
        step = memory.direction(place.gradient, preconditioner)
        fall = -0.5 * float(np.vdot(step, place.gradient))  # of a quadratic, down to its minimum
        fall = max(fall, remaining(values))
        if place is not start:
            yield Point(place.theta, place.value, "converged" if fall <= tol * place.value else "searching")
        onward = line_search(loss, place, step)
        if onward is None:
            yield Point(place.theta, place.value, "stalled")
            return
        memory.add(onward.theta - place.theta, onward.gradient - place.gradient)
        place = onward
        values.append(place.value)


def remaining(values: list[float]) -> float:
    """Return what values will still fall by, going on as in their second half: a geometric series."""
    stretch = max(len(values) // 4, LOOK_BACK)
    if len(values) <= 2 * stretch:
        return 0.0
    before, middle, now = values[-1 - 2 * stretch], values[-1 - stretch], values[-1]
    fall, earlier = middle - now, before - middle
    return MARGIN * fall * fall / (earlier - fall) if 0 <= fall < earlier else abs(fall)


def proximal(loss: LogLoss, theta: np.ndarray, l1: Any, tol: float, sample: LogLoss) -> Iterator[Point]:
    """Accelerated proximal steps in a diagonal metric (Beck and Teboulle 2009, eqs. 4.1-4.3).

    The momentum starts anew when it leads uphill (O'Donoghue and Candes 2015, the gradient scheme).
    """
    tol = max(tol, 10 * np.finfo(loss.X.dtype).eps)
    metric = Preconditioner(sample, theta, diagonal=True)
    place = lead = begin(loss, theta)
    lipschitz, age = 1.0, 1.0
    while True:
        onward, lipschitz, slope = proximal_step(loss, lead, metric, lipschitz, l1)
        uphill = metric.inner(lead.theta - onward.theta, onward.theta - place.theta) > 0
        age, before = (1.0, 1.0) if uphill else ((1 + np.sqrt(1 + 4 * age**2)) / 2, age)
        ahead = onward.theta + (before - 1) / age * (onward.theta - place.theta)
        place, lead = onward, onward if before == 1 else Place(ahead, *loss(ahead))
        value = place.value + absolute(place.theta, l1)
        reach = np.sqrt(metric.inner(place.theta, place.theta))
        yield Point(place.theta, value, "converged" if slope * reach <= tol * value else "searching")


def proximal_step(
    loss: LogLoss, lead: Place, metric: Preconditioner, lipschitz: float, l1: Any
) -> tuple[Place, float, float]:
    """Return the place after a step, the Lipschitz constant it took, the length of the proximal gradient."""
    lipschitz, slack = 0.9 * lipschitz, 10 * np.finfo(loss.X.dtype).eps * abs(lead.value)
    while True:
        theta = metric.proximal(lead.theta, lead.gradient, lipschitz, l1)
        onward, step = Place(theta, *loss(theta)), theta - lead.theta
        square = metric.inner(step, step)
        bound = lead.value + float(np.vdot(lead.gradient, step)) + 0.5 * lipschitz * square
        if onward.value <= bound + slack:
            return onward, lipschitz, lipschitz * float(np.sqrt(square))
        lipschitz *= 2


def begin(loss: LogLoss, theta: np.ndarray) -> Place:
    """Start at theta, or at zero if that is better."""
    place = Place(theta, *loss(theta))
    if not place.value <= np.log(loss.n_classes):
        theta = np.zeros_like(theta)
        place = Place(theta, *loss(theta))
    return place


def line_search(loss: LogLoss, place: Place, step: np.ndarray) -> Place | None:
    """Shorten the step until the objective falls enough; None if it never does."""
    length, slack = 1.0, 10 * np.finfo(loss.X.dtype).eps * abs(place.value)
    slope = float(np.vdot(place.gradient, step))
    for _ in range(SHORTENINGS):
        theta = place.theta + length * step
        trial = Place(theta, *loss(theta))
        fall = trial.value - place.value
        if fall <= SUFFICIENT * length * slope + slack:
            return trial
        least = -0.5 * slope * length**2 / (fall - length * slope)  # of the parabola through what is known
        length = min(max(least, 0.1 * length), 0.5 * length) if np.isfinite(fall) else 0.1 * length
    return None


def shrink(theta: np.ndarray, threshold: float) -> np.ndarray:
    """Move the weights towards zero by `threshold` and no further; the intercept stays."""
    if threshold:
        theta[:-1] = soft_threshold(theta[:-1], threshold)
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

    def direction(self, gradient: np.ndarray, preconditioner: Preconditioner) -> np.ndarray:
        """Return minus the inverse Hessian times the gradient (Nocedal and Wright 2006, algorithm 7.4)."""
        step, shares = -gradient, []
        for past, change, curvature in reversed(self.pairs):
            share = np.vdot(past, step) / curvature
            shares.append(share)
            step -= share * change
        step = preconditioner(step)
        if self.pairs:  # the last step tells how far the preconditioner is off
            _, change, curvature = self.pairs[-1]
            step *= curvature / np.vdot(change, preconditioner(change))
        for (past, change, curvature), share in zip(self.pairs, reversed(shares), strict=True):
            step += (share - np.vdot(change, step) / curvature) * past
        return step
