"""Conjugate gradients for CSR rows without an L1 penalty: in the space of the columns, or of the rows."""

import copy
from typing import Protocol

import numpy as np

from estimators._least_squares.problems import MatrixFree

N_FREQUENT_COLUMNS = 50  # that the preconditioner of the rows knows exactly
MIN_REST = 1e-6  # share of the other columns in XX', below which it would be singular
MAX_GROWTH = 3.0  # of the residual, beyond which the system has no solution
MAX_PROBE_ERROR = 2e-3  # of known weights of about 1 that are found again, if there is only one minimum
MAX_PROBE_STEPS = 200  # in search of known weights


class LinearSystem(Protocol):
    """Equations ``H x = right`` for several targets, whose solution determines the weights."""

    right: np.ndarray  # (m, k)

    def times(self, x: np.ndarray) -> np.ndarray:
        """Return H x, (m, k)."""
        ...

    def precondition(self, residual: np.ndarray) -> np.ndarray:
        """Return about H^-1 times the residual, (m, k)."""
        ...

    def weights(self, x: np.ndarray) -> np.ndarray:
        """Return the weights (d, q) that x stands for."""
        ...

    def objective(self, x: np.ndarray, residual: np.ndarray) -> float:
        """Return the objective at x, given ``right - H x``. O(m k)."""
        ...


class ConjugateDescent:
    """Descent along conjugate directions (Hestenes and Stiefel, 1952), preconditioned.

    Starting from zero, it has converged when the residual is `tol` times as long as at first, for all
    targets. If the residual grows instead, the equations have no solution, and the descent starts again on
    those of `otherwise`.
    """

    def __init__(self, system: LinearSystem, tol: float, otherwise: LinearSystem | None = None) -> None:
        self.system, self.tol, self._otherwise = system, tol, otherwise
        self._start()

    def _start(self) -> None:
        right = self.system.right
        self.converged, self.x, self._residual = False, np.zeros_like(right), right
        self._direction = self.system.precondition(right)
        self._product = _products(right, self._direction)
        self._square = _products(right, right)

    @property
    def w(self) -> np.ndarray:
        """The weights, (d, q)."""
        return self.system.weights(self.x)

    def objective(self) -> float:
        """Return the objective at the weights, summed over the targets."""
        return self.system.objective(self.x, self._residual)

    def step(self) -> None:
        """Go to the minimum along the direction, and choose the next one."""
        change = self.system.times(self._direction)
        step_size = _divide(self._product, _products(self._direction, change))
        self.x = self.x + step_size * self._direction
        self._residual = self._residual - step_size * change
        downhill = self.system.precondition(self._residual)
        before, self._product = self._product, _products(self._residual, downhill)
        self._direction = downhill + _divide(self._product, before) * self._direction
        square = _products(self._residual, self._residual)
        self.converged = bool((square <= self.tol**2 * self._square).all())
        if self._otherwise and self._has_no_solution(step_size, square):
            self.system, self._otherwise = self._otherwise, None
            self._start()

    def _has_no_solution(self, step_size: np.ndarray, square: np.ndarray) -> bool:
        """Tell whether the residual stays as it is, grows, or is not what it was updated to."""
        if self.converged:
            residual = self.system.right - self.system.times(self.x)
            return bool((_products(residual, residual) > 100 * self.tol**2 * self._square).any())
        stays = (step_size == 0) & (square > self.tol**2 * self._square)
        return bool((stays | (square > MAX_GROWTH**2 * self._square)).any())


class ColumnSystem:
    """The normal equations, for the weights themselves.

    If `scaled`, each coordinate is divided by its curvature, which takes fewer steps. If there are several
    minima, that does not lead to the shortest weights.
    """

    def __init__(self, problem: MatrixFree, scaled: bool) -> None:
        self.problem, self.right = problem, problem.linear_term
        curvature = problem.column_squares()[:, np.newaxis] + problem.l2 if scaled else np.ones((1, 1))
        self._varies = curvature > 0  # (d, 1)
        self._curvature = np.where(self._varies, curvature, 1.0)

    def times(self, x: np.ndarray) -> np.ndarray:
        """Return X'X x and the penalty, (d, q)."""
        return self.problem.times(x)

    def precondition(self, residual: np.ndarray) -> np.ndarray:
        """Divide by the curvatures."""
        return residual / self._curvature

    def weights(self, x: np.ndarray) -> np.ndarray:
        """Return x."""
        return x

    def objective(self, x: np.ndarray, residual: np.ndarray) -> float:
        """Return the objective at x."""
        return max(self.problem.half_square - float(np.sum(x * (self.right + residual))) / 2, 0.0)

    def has_one_minimum(self, tol: float) -> bool:
        """Tell whether known weights are found again from their products."""
        if self.problem.l2:
            return True
        known = copy.copy(self)
        weights = np.random.default_rng(0).standard_normal(self._varies.shape) * self._varies
        known.right = self.times(weights)
        descent = ConjugateDescent(known, tol)
        for _ in range(MAX_PROBE_STEPS):
            descent.step()
            if np.linalg.norm(descent.x - weights) <= MAX_PROBE_ERROR:
                return True
            if descent.converged:
                break
        return False


class RowSystem:
    """``(XX' + l2) a = y`` for rows that are fewer than the columns; the weights are X'a, the shortest.

    XX' is about the products of the most frequent columns and, for the others, a multiple of the identity.
    """

    def __init__(self, problem: MatrixFree) -> None:
        self.problem, self._root = problem, np.sqrt(problem.share)[:, np.newaxis]
        self.right = self._root * problem.y
        squares = problem.column_squares()
        k = min(N_FREQUENT_COLUMNS, len(squares) - 1)
        frequent = np.sort(np.argpartition(-squares, k)[:k])
        columns = problem.X[:, frequent].toarray() - problem.x_mean[frequent]
        self._frequent = self._root * columns  # (n, k)
        rest = max(float(squares.sum() - squares[frequent].sum()), MIN_REST * float(squares.sum()))
        self._rest = rest / len(self.right) + problem.l2 or 1.0  # 1 if X is 0
        gram = self._frequent.T @ self._frequent + self._rest * np.eye(len(frequent))
        self._inverse = np.linalg.inv(gram)

    def times(self, x: np.ndarray) -> np.ndarray:
        """Return XX'x and the penalty, (n, q)."""
        return self._root * self.problem.forward(self.weights(x)) + self.problem.l2 * x

    def precondition(self, residual: np.ndarray) -> np.ndarray:
        """Solve with the approximation of XX' (Woodbury's identity)."""
        part = self._inverse @ (self._frequent.T @ residual)  # (k, k) @ (k, n) @ (n, q)
        return (residual - self._frequent @ part) / self._rest

    def weights(self, x: np.ndarray) -> np.ndarray:
        """Return the weights X'x, (d, q)."""
        return self.problem.backward(self._root * x)

    def objective(self, x: np.ndarray, residual: np.ndarray) -> float:
        """Return the objective at the weights of x."""
        error = residual + self.problem.l2 * x
        return float(np.sum(error**2) + self.problem.l2 * np.sum(x * (self.right - error))) / 2


def _products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the product of each column of a with that of b, (k,)."""
    return np.einsum("mk,mk->k", a, b)


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a / b, and 0 where b is not positive."""
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)
