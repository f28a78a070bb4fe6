"""Accelerated proximal gradient descent, for an l1 penalty."""

import numpy as np

from estimators._common.thresholding import soft_threshold
from estimators._logistic.loss import LogLoss
from estimators._logistic.metrics import DiagonalMetric, SharedMetric
from estimators._logistic.search import Evaluation, Iterate, evaluate, evaluate_start, l1_penalty


class AcceleratedProximalGradient:
    """Accelerated proximal steps in a diagonal metric (Beck and Teboulle 2009, eqs. 4.1-4.3).

    The momentum restarts when it points uphill (O'Donoghue and Candes 2015, the gradient scheme).
    """

    def __init__(
        self, loss: LogLoss, theta: np.ndarray, l1: float | np.ndarray, tol: float, sample: LogLoss
    ) -> None:
        self.loss, self.l1, self.sample = loss, l1, sample
        self.tol = max(tol, 10 * np.finfo(loss.X.dtype).eps)
        self.metric = DiagonalMetric(sample, theta)
        self.current = self.extrapolated = evaluate_start(loss, theta)
        self.lipschitz, self.t = 1.0, 1.0  # the t of the papers, which determines the momentum
        self.n_passes = 0

    def theta(self) -> np.ndarray:
        """Return the current theta."""
        return self.current.theta

    def step(self) -> Iterate:
        """Take a proximal step from the extrapolated theta, then extrapolate along the step."""
        previous, metric = self.current, self.metric
        self.current, gradient_length = self._backtrack()
        theta, step = self.current.theta, self.current.theta - previous.theta
        uphill = metric.inner(self.extrapolated.theta - theta, step) > 0
        previous_t, self.t = (1.0, 1.0) if uphill else (self.t, (1 + np.sqrt(1 + 4 * self.t**2)) / 2)
        momentum = (previous_t - 1) / self.t
        self.extrapolated = self._evaluate(theta + momentum * step) if momentum else self.current
        objective = self.current.value + l1_penalty(theta, self.l1)
        # an upper bound on the remaining decrease
        bound = gradient_length * np.sqrt(metric.inner(theta, theta))
        return Iterate(objective, bound <= self.tol * objective, bound)

    def newton_fall(self) -> float:
        """Return the decrease predicted by a Newton step with the shared metric of the sample.

        For a quadratic objective, it is an upper bound for any l1 penalty, because no subgradient of the
        objective is shorter in that metric. O(n_samples * n_features^2 + n_features^3).
        """
        theta, subgradient = self.current.theta, self.current.gradient.copy()
        signed = self.current.gradient[:-1] + self.l1 * np.sign(theta[:-1])
        at_zero = soft_threshold(self.current.gradient[:-1], self.l1)
        subgradient[:-1] = np.where(theta[:-1] != 0, signed, at_zero)
        solved = SharedMetric(self.sample, theta).solve(subgradient)
        return 0.5 * float(np.vdot(subgradient, solved))

    def _evaluate(self, theta: np.ndarray) -> Evaluation:
        self.n_passes += 1
        return evaluate(self.loss, theta)

    def _backtrack(self) -> tuple[Evaluation, float]:
        """Find a short enough proximal step. Return its end and the norm of the proximal gradient."""
        start, slack = self.extrapolated, 10 * np.finfo(self.loss.X.dtype).eps * abs(self.extrapolated.value)
        self.lipschitz *= 0.9
        while True:
            theta = proximal_step(self.metric, start, self.lipschitz, self.l1)
            end, step = self._evaluate(theta), theta - start.theta
            square = self.metric.inner(step, step)
            bound = start.value + float(np.vdot(start.gradient, step)) + 0.5 * self.lipschitz * square
            if end.value <= bound + slack:
                return end, self.lipschitz * float(np.sqrt(square))
            self.lipschitz *= 2


def proximal_step(
    metric: DiagonalMetric, start: Evaluation, lipschitz: float, l1: float | np.ndarray
) -> np.ndarray:
    """Return theta + x for the x that minimises a model of the objective.

    The model is ``gradient' x + lipschitz / 2 * x' H x + l1 * ||W + x||_1``.
    """
    theta, gradient, curvatures = start.theta, start.gradient, metric.curvatures
    following, rate = theta.copy(), 1 / (lipschitz * metric.diagonal)
    following[:-1] = soft_threshold(theta[:-1] - rate * curvatures.centre(gradient), rate * l1)
    if curvatures.fit_intercept:
        shift = curvatures.mean @ (following[:-1] - theta[:-1])
        following[-1] -= gradient[-1] / (lipschitz * curvatures.total) + shift
    return following
