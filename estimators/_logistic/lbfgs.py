"""L-BFGS preconditioned by a metric."""

import numpy as np
from scipy.linalg import lapack

from estimators._logistic.loss import LogLoss
from estimators._logistic.metric_choice import MetricChooser
from estimators._logistic.metrics import Metric
from estimators._logistic.search import Evaluation, Iterate, evaluate_start, line_search

EPSILON = float(np.finfo(float).eps)
N_PAIRS = 10  # steps that L-BFGS remembers
MIN_WINDOW_OF_RATE = 3  # minimum number of decreases from which the rate of convergence is estimated
MIN_MEASURED_DECREASE = 1e-12  # relative to the objective; smaller decreases are lost in rounding errors
MIN_SHARE_OF_CURVATURE = 1e-4
MIN_EXTRAPOLATION_WINDOW = 5  # iterations in each of the two windows that are compared


class LBFGS:
    """L-BFGS with the metric of a `MetricChooser`. If that metric is the Hessian, this is Newton's method."""

    def __init__(self, loss: LogLoss, theta: np.ndarray, tol: float, chooser: MetricChooser) -> None:
        self.loss, self.chooser = loss, chooser
        self.tol = max(tol, np.finfo(loss.X.dtype).eps / 16)  # smaller decreases are lost in rounding
        self.goal = 0.0 if np.any(loss.l2) else EPSILON  # without a penalty, separable rows have no minimum
        self.current = evaluate_start(loss, theta)
        self.values, self.falls = [self.current.value], [np.inf]
        self.pairs = CurvaturePairs(theta.size)
        self.metric: Metric
        self.solved: np.ndarray  # the gradient, solved with the metric
        self._rebuild()
        self._aim()

    def theta(self) -> np.ndarray:
        """Return the current theta."""
        return self.current.theta

    def passes_left(self) -> float:
        """Return how many passes remain if the predicted decrease keeps shrinking as it has recently."""
        window = max(MIN_WINDOW_OF_RATE, len(self.falls) // 2)
        goal = max(self.tol * self.current.value, self.goal, np.finfo(float).tiny)
        if len(self.falls) <= window:
            return np.inf
        now, before = self.falls[-1], self.falls[-1 - window]
        if now <= goal:
            return 0.0
        return window * float(np.log(now / goal) / np.log(before / now)) if now < before else np.inf

    def step(self) -> Iterate:
        """Move along the current direction. Choose the next one, and predict the remaining decrease."""
        previous, following, predicted = self.current, self._move(), self.falls[-1]
        if following is None:
            return Iterate(previous.value, converged=False, expected=self.falls[-1], stalled=True)
        solved = self.metric.solve(following.gradient)
        step, change = following.theta - previous.theta, following.gradient - previous.gradient
        self.pairs.add(step, change, solved - self.solved)
        self.current, self.solved = following, solved
        self.values.append(following.value)
        if self.chooser.is_due(following.value, self.passes_left()):
            self._rebuild()
        self._aim()
        expected = self.falls[-1] / share_of_curvature(previous.value, following.value, predicted)
        if self.metric.is_rough or not self.chooser.is_exact(following.value):
            expected = max(expected, extrapolated_decrease(self.values))
        converged = 0 <= expected <= self.tol * following.value or following.value <= self.goal
        return Iterate(following.value, converged, expected)

    def _move(self) -> Evaluation | None:
        """Return the result of a line search. If it fails, retry with a new metric and no curvature pairs."""
        following, passes = line_search(self.loss, self.current, self.direction)
        self.chooser.pay(passes)
        if following is None and self.chooser.value_when_built != self.current.value:
            self._rebuild()
            self.pairs.clear()
            self._aim()
            following, passes = line_search(self.loss, self.current, self.direction)
            self.chooser.pay(passes)
        return following

    def _rebuild(self) -> None:
        """Build the chosen metric and adapt the curvature pairs to it. The Hessian does not need any."""
        self.metric = self.chooser.build(self.current.theta, self.current.value)
        self.solved = self.metric.solve(self.current.gradient)
        if self.chooser.offer.is_hessian:
            self.pairs.clear()
        else:
            self.pairs.change_metric(self.metric, self.current.theta.shape)

    def _aim(self) -> None:
        """Choose the direction of the next step."""
        gradient = self.current.gradient
        self.direction = self.pairs.direction(gradient, self.solved)
        fall = -0.5 * float(np.vdot(self.direction, gradient))  # the decrease if the objective were quadratic
        if self.pairs.order and not fall > 0:  # rounding errors have made the memory useless
            self.pairs.clear()
            self.direction = -self.solved
            fall = -0.5 * float(np.vdot(self.direction, gradient))
        if self.metric.is_diagonal and not self.pairs.order and fall > 0:
            # correlations make the step too long: measure the curvature along it
            curvature = self.loss.curvature_along(self.current.theta, self.direction)
            self.direction = self.direction * min(1.0, 2 * fall / curvature)
        self.falls.append(fall)


class CurvaturePairs:
    """The last steps and the resulting changes of the gradient, from which L-BFGS estimates curvature.

    The matrix form is that of Byrd, Nocedal and Schnabel (1994), eq. 3.1. Row i of `steps`, `changes` and
    `solved` belongs to one pair, where `solved` contains the inverse of the metric times the changes. `order`
    lists these rows from the oldest pair to the newest, which is the order of the small matrices of inner
    products.
    """

    def __init__(self, size: int) -> None:
        self.steps, self.changes, self.solved = (np.empty((N_PAIRS, size)) for _ in range(3))
        self.step_change, self.change_solved = np.zeros((N_PAIRS, N_PAIRS)), np.zeros((N_PAIRS, N_PAIRS))
        self.order: list[int] = []

    def clear(self) -> None:
        """Forget all pairs."""
        self.order = []

    def add(self, step: np.ndarray, change: np.ndarray, solved: np.ndarray) -> None:
        """Store a step, unless its curvature is smaller than the rounding error."""
        s, y = step.ravel(), change.ravel()
        if not s @ y > EPSILON * np.sqrt((s @ s) * (y @ y)):
            return
        if len(self.order) == N_PAIRS:
            row = self.order.pop(0)
            for products in (self.step_change, self.change_solved):
                products[:-1, :-1] = products[1:, 1:].copy()
        else:
            row = len(self.order)
        self.order.append(row)
        m, last = len(self.order), len(self.order) - 1
        self.steps[row], self.changes[row], self.solved[row] = s, y, solved.ravel()
        self.step_change[:m, last] = (self.steps[:m] @ y)[self.order]
        self.change_solved[:m, last] = self.change_solved[last, :m] = (self.solved[:m] @ y)[self.order]

    def change_metric(self, metric: Metric, shape: tuple[int, ...]) -> None:
        """Recompute `solved` with another metric, which is the same for all outputs."""
        m = len(self.order)
        if m:
            columns = self.changes[:m].reshape(m, *shape).transpose(1, 0, 2).reshape(shape[0], -1)
            solved = metric.solve(columns).reshape(shape[0], m, -1).transpose(1, 0, 2)
            self.solved[:m] = solved.reshape(m, -1)
            products = self.solved[:m] @ self.changes[:m].T
            self.change_solved[:m, :m] = products[np.ix_(self.order, self.order)]

    def direction(self, gradient: np.ndarray, solved: np.ndarray) -> np.ndarray:
        """Return minus the inverse Hessian times the gradient.

        `solved` is the inverse metric times the gradient.
        """
        m, flat = len(self.order), gradient.ravel()
        if not m:
            return -solved
        triangle = self.step_change[:m, :m]  # only the part on and above the diagonal is used
        products = self.change_solved[:m, :m]
        scale = triangle[-1, -1] / products[-1, -1]  # scale the metric to the curvature of the last step
        v = lapack.dtrtrs(triangle, (self.steps[:m] @ flat)[self.order])[0]
        right = triangle.diagonal() * v + scale * (products @ v - (self.solved[:m] @ flat)[self.order])
        u = lapack.dtrtrs(triangle, right, trans=1)[0]
        of_steps, of_solved = np.empty(m), np.empty(m)
        of_steps[self.order], of_solved[self.order] = u, scale * v
        flat = scale * solved.ravel() - of_solved @ self.solved[:m] + of_steps @ self.steps[:m]
        return -flat.reshape(gradient.shape)


def share_of_curvature(before: float, now: float, predicted: float) -> float:
    """Return the curvature along a step as a share of the predicted one, or 1 if the share is above a half.

    A quadratic with the share c of the curvature decreases by ``2 - c`` times the prediction.
    """
    if predicted <= 0 or before - now <= MIN_MEASURED_DECREASE * now:  # too small to be measured
        return 1.0
    share = 2 - (before - now) / predicted
    return max(share, MIN_SHARE_OF_CURVATURE) if share < 0.5 else 1.0


def extrapolated_decrease(values: list[float]) -> float:
    """Return the remaining decrease if the recent values continue as a geometric series."""
    window = max(len(values) // 4, MIN_EXTRAPOLATION_WINDOW)
    if len(values) <= 2 * window:
        return 0.0
    before, middle, now = values[-1 - 2 * window], values[-1 - window], values[-1]
    decrease, earlier = middle - now, before - middle
    if 0 <= decrease < earlier:
        return decrease * decrease / (earlier - decrease)
    return abs(decrease)
