"""Choose the search for ``learning_rate="auto"`` according to the shape of the data."""

import numpy as np

from estimators._logistic import costs
from estimators._logistic.duality import duality_gap
from estimators._logistic.lbfgs import LBFGS
from estimators._logistic.loss import LogLoss
from estimators._logistic.metric_choice import MAX_UNKNOWNS, MetricChooser, offered_metrics
from estimators._logistic.proximal import AcceleratedProximalGradient
from estimators._logistic.proximal_newton import ProximalNewton
from estimators._logistic.row_space import WideSearch, is_wide
from estimators._logistic.search import Iterate, Search, run

MIN_SAMPLE_ROWS, MIN_SAMPLE_ROWS_PER_FEATURE = 4000, 4  # size of the sample that cheap metrics are built from
MIN_STRIDE_OF_SAMPLE_FIT = 8  # with a smaller stride, a fit on the sample does not pay off
SAMPLE_FIT_TOL, SAMPLE_FIT_MAX_ITER = 1e-2, 50
NEWTON_STEPS = 5  # about as many as a fit needs
STEPS_PER_LOOK = 8  # the convergence is checked again after 1/8 of the steps so far
MAX_GAP_IN_TOLS = 100  # largest duality gap at the end; it is often far above the remaining decrease


def automatic_search(
    loss: LogLoss, theta: np.ndarray, l1: float | np.ndarray, tol: float, warm: bool
) -> Search:
    """Return the search for these data. It starts from the minimum on a sample if this saves time."""
    if np.any(l1) and loss.n_classes == 2 and np.size(l1) == 1:
        return L1Search(loss, theta, float(np.ravel(l1)[0]), tol, warm)
    if not np.any(l1) and is_wide(loss):
        return WideSearch(loss, theta, tol)
    search = sampled_search(loss, theta, l1, tol, warm)
    return ConfirmedSearch(search) if isinstance(search, AcceleratedProximalGradient) else search


def sampled_search(
    loss: LogLoss, theta: np.ndarray, l1: float | np.ndarray, tol: float, warm: bool
) -> "LBFGS | AcceleratedProximalGradient":
    """Return a search whose cheap metrics are built from every k-th row.

    If there are many rows and `warm` is False, the search starts from the minimum on that sample.
    """

    def search(loss: LogLoss, theta: np.ndarray, tol: float) -> "LBFGS | AcceleratedProximalGradient":
        if np.any(l1):
            return AcceleratedProximalGradient(loss, theta, l1, tol, sample)
        return LBFGS(loss, theta, tol, MetricChooser(loss, offered_metrics(loss, sample)))

    n_samples, n_features = loss.X.shape
    stride = n_samples // max(MIN_SAMPLE_ROWS, MIN_SAMPLE_ROWS_PER_FEATURE * n_features)
    rows = slice(None, None, stride)
    sample = loss.take(rows) if stride > 1 and loss.weight[rows].any() else loss
    if sample is not loss and stride >= MIN_STRIDE_OF_SAMPLE_FIT and not warm:
        theta = run(search(sample, theta, SAMPLE_FIT_TOL), SAMPLE_FIT_MAX_ITER)
    return search(loss, theta, tol)


class ConfirmedSearch:
    """Accelerated proximal steps, which end once a second criterion confirms that the search has converged.

    The criterion of the steps themselves assumes that the minimum is no further away than zero. Once it is
    met, the search ends if the duality gap is small, or if a Newton step predicts a small decrease, which
    is the tighter bound if the l1 penalty is weak.
    """

    def __init__(self, search: AcceleratedProximalGradient) -> None:
        self.search, self.left = search, np.inf
        self.n_steps = self.next_look = 0

    def theta(self) -> np.ndarray:
        """Return the current theta."""
        return self.search.theta()

    def step(self) -> Iterate:
        """Run one iteration. If the search seems to have converged, check the second criterion."""
        iterate = self.search.step()
        self.n_steps += 1
        if not iterate.converged:
            return iterate
        if self.n_steps >= self.next_look:
            self.next_look = self.n_steps + 1 + self.n_steps // STEPS_PER_LOOK
            if self._is_confirmed(iterate.objective):
                return iterate
        return iterate._replace(converged=False, expected=self.left)

    def _is_confirmed(self, objective: float) -> bool:
        search, loss = self.search, self.search.loss
        self.left = duality_gap(loss, search.theta(), objective, search.l1)
        if self.left <= MAX_GAP_IN_TOLS * search.tol * objective:
            return True
        n_features = loss.X.shape[1]
        cost = costs.of_gram(search.sample, n_features)
        if n_features > MAX_UNKNOWNS or cost > search.n_passes * costs.of_pass(loss):
            return False
        fall = search.newton_fall()
        self.left = min(self.left, fall)
        return 0 <= fall <= search.tol * objective


class L1Search:
    """The search for two classes and an l1 penalty.

    It takes cheap accelerated proximal steps until they have cost as much as five proximal Newton steps,
    which is about as many as a fit needs. It then changes to Newton steps. This is the same rule as in
    `metric_choice.py`.
    """

    def __init__(self, loss: LogLoss, theta: np.ndarray, l1: float, tol: float, warm: bool) -> None:
        self.loss, self.l1, self.tol = loss, l1, tol
        self.search: Search = sampled_search(loss, theta, l1, tol, warm)
        self.may_change = True

    def theta(self) -> np.ndarray:
        """Return the current theta."""
        return self.search.theta()

    def step(self) -> Iterate:
        """Run one iteration, and change the kind of step if this saves time."""
        iterate = self.search.step()
        if isinstance(self.search, AcceleratedProximalGradient):
            if self.may_change and (iterate.converged or self._newton_pays(self.search)):
                return self._change(iterate)
        elif isinstance(self.search, ProximalNewton) and self.search.is_too_large():
            self.search = sampled_search(self.loss, self.theta(), self.l1, self.tol, warm=True)
        return iterate

    def _change(self, iterate: Iterate) -> Iterate:
        """Continue with Newton steps, unless the search has converged and the duality gap confirms it."""
        newton = ProximalNewton(self.loss, self.theta(), self.l1, self.tol)
        if iterate.converged and newton.gap <= MAX_GAP_IN_TOLS * newton.tol * newton.objective:
            return iterate
        self.search, self.may_change = newton, False
        return iterate._replace(converged=False, expected=newton.gap)

    def _newton_pays(self, search: AcceleratedProximalGradient) -> bool:
        n_nonzero = int(np.count_nonzero(search.theta()[:-1]))
        spent = search.n_passes * costs.of_pass(self.loss)
        return spent > NEWTON_STEPS * costs.of_newton_step(self.loss, n_nonzero)
