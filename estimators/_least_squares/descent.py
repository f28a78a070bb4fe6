"""Searches for the minimum, given the statistics: a single step or, with an L1 penalty, proximal descent."""

import warnings
from collections.abc import Callable
from typing import Protocol

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from estimators._common.callbacks import Task
from estimators._common.thresholding import soft_threshold
from estimators._least_squares.problems import EPS, Quadratic
from estimators._least_squares.state import LeastSquaresParameters, Solution

MIN_SAME_SIGNS = 4  # proximal steps without a change of sign, after which the active set is solved
MAX_PROXIMAL_STEPS = 100  # after these, feature-sign search takes over


class Descent(Protocol):
    """A search that changes the weights with each step until it has `converged`."""

    converged: bool

    @property
    def w(self) -> np.ndarray:
        """The weights, of shape (p, q)."""
        ...

    def objective(self) -> float:
        """Return the objective at the weights, with the penalties, summed over the targets."""
        ...

    def step(self) -> None:
        """Run one iteration."""


def follow(
    descent: Descent,
    bias: Callable[[np.ndarray], np.ndarray],
    parameters: LeastSquaresParameters,
    task: Task,
) -> Solution:
    """Run a search until it converges, reaches `max_iter` or is stopped by a callback."""
    losses: list[float] = []

    def solution() -> Solution:
        return Solution(descent.w, bias(descent.w), len(losses), np.array(losses))

    for _ in range(parameters.max_iter):
        task.begin()
        descent.step()
        losses.append(descent.objective())
        if task.end(lambda: {"_solution": solution()}) or descent.converged:
            return solution()
    warn_not_converged(parameters)
    return solution()


def warn_not_converged(parameters: LeastSquaresParameters) -> None:
    """Warn that descent reached `max_iter` before it converged."""
    hint = ', or use learning_rate="auto"' if parameters.learning_rate else ""
    warnings.warn(
        f"Descent did not converge in max_iter={parameters.max_iter} iterations. "
        f"Increase max_iter or tol={parameters.tol:g}, or standardise the columns{hint}.",
        ConvergenceWarning,
        stacklevel=5,
    )


class OneStep:
    """A single step to a known minimum."""

    def __init__(self, w: np.ndarray, objective: float) -> None:
        self.w, self.converged, self._objective = w, False, objective

    def objective(self) -> float:
        """Return the objective at the weights."""
        return self._objective

    def step(self) -> None:
        """Mark the descent as converged. The weights are already at the minimum."""
        self.converged = True


class ProximalDescent:
    """Accelerated proximal descent with an L1 penalty, for one target at a time.

    If it converges slowly, feature-sign search takes over, which terminates for any condition number of X.
    """

    def __init__(self, problem: Quadratic, l1: float, start: np.ndarray, tol: float) -> None:
        self.problem, self.l1 = problem, l1
        self.w = start
        self.converged = False
        self._searches: list[_ProximalSearch | FeatureSignSearch] = [
            _ProximalSearch(problem.target(k), l1, start[:, k : k + 1], tol, problem.curvature)
            for k in range(start.shape[1])
        ]

    def objective(self) -> float:
        """Return the objective at the weights, summed over the targets."""
        return self.problem.objective(self.w, self.l1)

    def step(self) -> None:
        """Run one iteration for each target that has not converged."""
        self.w = self.w.copy()
        for k, search in enumerate(self._searches):
            if search.converged:
                continue
            if isinstance(search, _ProximalSearch) and search.n_steps == MAX_PROXIMAL_STEPS:
                search = FeatureSignSearch(search.problem, search.l1, search.w, search.tolerance)
                self._searches[k] = search
            search.step()
            self.w[:, k : k + 1] = search.w
        self.converged = all(search.converged for search in self._searches)


class _ProximalSearch:
    """Proximal descent for one target, whose weights have shape (p, 1).

    FISTA (Beck and Teboulle, 2009, equations 4.1-4.3), with steps scaled by the curvature of each
    coordinate. The search restarts when the momentum points uphill (O'Donoghue and Candes, 2015).
    Once the signs have stayed the same for a few steps, the search jumps to the minimum among
    weights with these signs, which has a closed form. The search has converged when the largest
    entry of a scaled step is at most `tol` times the largest entry of the scaled gradient at zero.
    """

    def __init__(
        self, problem: Quadratic, l1: float, start: np.ndarray, tol: float, curvature: float
    ) -> None:
        self.problem, self.l1, self.w = problem, l1, start
        self.converged, self.n_steps = False, 0
        scale = problem.scale()
        self._step_size, self._root = 1 / (1.001 * max(curvature, EPS) * scale), np.sqrt(scale)
        self.tolerance = tol * float(np.abs(problem.linear_term / self._root).max(initial=0.0))
        self._extrapolated, self._t = start, 1.0  # z and t in the paper
        self._n_same_signs, self._n_before_jump = 0, MIN_SAME_SIGNS

    def step(self) -> None:
        """Take a proximal step from the extrapolated point, then extrapolate, restart or jump."""
        self.n_steps += 1
        w, z, step_size = self.w, self._extrapolated, self._step_size
        new = soft_threshold(z - step_size * self.problem.gradient(z), step_size * self.l1)
        move = (z - new) / step_size
        if np.abs(move / self._root).max(initial=0.0) <= self.tolerance:
            self.w = w if self._t == 1 else minimise_on_active_set(self.problem, self.l1, new)
            self.converged = True
            return
        self._n_same_signs = self._n_same_signs + 1 if np.array_equal(np.sign(new), np.sign(w)) else 0
        if self._n_same_signs == self._n_before_jump:
            self._restart(minimise_on_active_set(self.problem, self.l1, new))
            self._n_same_signs, self._n_before_jump = 0, 2 * self._n_before_jump  # jumps reset momentum
        elif float(np.sum(move * (new - w))) > 0:
            self._restart(new)
        else:
            before, self._t = self._t, 0.5 + np.sqrt(0.25 + self._t**2)
            self._extrapolated = new + (before - 1) / self._t * (new - w)
            self.w = new

    def _restart(self, w: np.ndarray) -> None:
        self.w = self._extrapolated = w
        self._t = 1.0


class FeatureSignSearch:
    """Feature-sign search for one target, with weights of shape (p, 1) (Lee, Battle, Raina and Ng, 2006).

    Each step activates the coefficient that violates optimality most, then minimises on the active
    set. The search has converged when no coefficient violates optimality by more than `tolerance`.
    """

    def __init__(self, problem: Quadratic, l1: float, start: np.ndarray, tolerance: float) -> None:
        self.problem, self.l1, self.tolerance = problem, l1, tolerance
        self.w = minimise_on_active_set(problem, l1, start)
        self.converged = False
        self._scale = problem.scale()
        self._tried = np.zeros(start.shape, dtype=bool)
        self._value = problem.objective(self.w, l1)

    def step(self) -> None:
        """Activate one coefficient."""
        problem, l1, scale = self.problem, self.l1, self._scale
        gradient = problem.gradient(self.w)
        candidates = (self.w == 0) & ~self._tried
        violation = np.where(candidates, (np.abs(gradient) - l1) / np.sqrt(scale), 0.0)
        j = int(violation.argmax())
        if violation[j, 0] <= self.tolerance:
            self.converged = True
            return
        new = self.w.copy()
        new[j] = soft_threshold(-gradient[j], l1) / scale[j]
        new = minimise_on_active_set(problem, l1, new)
        value = problem.objective(new, l1)
        if value < self._value:
            self.w, self._value = new, value
            self._tried[:] = False
        else:
            self._tried[j] = True  # the gain is smaller than the rounding error


def minimise_on_active_set(problem: Quadratic, l1: float, w: np.ndarray) -> np.ndarray:
    """Return the minimum among weights that keep their signs. A weight that reaches zero stays zero."""
    while (active := np.flatnonzero(w)).size:
        now, sign = w[active], np.sign(w[active])
        end = problem.minimise_on(active, l1 * sign)
        if not np.isfinite(end).all():
            return w
        crosses = end * sign <= 0
        before, w = w, _replaced(w, active, np.where(crosses, 0.0, end))
        if not crosses.any():
            return w
        if problem.objective(w, l1) > problem.objective(before, l1):
            # the step was too long: stop where the first weight reaches zero
            reach = np.divide(now, now - end, out=np.full_like(now, np.inf), where=crosses)
            step = now + reach.min() * (end - now)
            w = _replaced(w, active, np.where(reach == reach.min(), 0.0, step))
    return w


def _replaced(w: np.ndarray, active: np.ndarray, values: np.ndarray) -> np.ndarray:
    w = w.copy()
    w[active] = values
    return w
