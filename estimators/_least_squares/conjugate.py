"""Conjugate gradients for CSR rows without an L1 penalty, in the space of the columns or of the rows."""

import copy
from typing import Protocol

import numpy as np

from estimators._least_squares.problems import MatrixFree

N_FREQUENT_COLUMNS = 50  # number of columns whose products the preconditioner of the rows contains exactly
MIN_REST = 1e-6  # minimum share of the other columns in XX', so that it is not singular
MAX_GROWTH = 3.0  # if the residual grows by a larger factor, the system is assumed to have no solution
MAX_PROBE_ERROR = 2e-3  # maximum error of recovered weights of about 1 if the minimum is unique
MAX_PROBE_STEPS = 200  # maximum number of steps to recover the known weights


class LinearSystem(Protocol):
    """Equations ``H x = right`` for several targets, whose solution determines the weights."""

    right: np.ndarray  # (m, k)

    def times(self, x: np.ndarray) -> np.ndarray:
        """Return H x, of shape (m, k)."""
        ...

    def precondition(self, residual: np.ndarray) -> np.ndarray:
        """Return an approximation of H^-1 times the residual, of shape (m, k)."""
        ...

    def weights(self, x: np.ndarray) -> np.ndarray:
        """Return the weights (d, q) for the solution x."""
        ...

    def objective(self, x: np.ndarray, residual: np.ndarray) -> float:
        """Return the objective at x, given the residual ``right - H x``, in O(m k) time."""
        ...


class ConjugateDescent:
    """Preconditioned conjugate gradients (Hestenes and Stiefel, 1952), starting from zero.

    They have converged when the norm of the residual is at most `tol` times its initial norm, for all
    targets. If the residual grows instead, the equations are assumed to have no solution, and the descent
    restarts with the equations of `otherwise`.
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
        """The weights, of shape (d, q)."""
        return self.system.weights(self.x)

    def objective(self) -> float:
        """Return the objective at the weights, summed over the targets."""
        return self.system.objective(self.x, self._residual)

    def step(self) -> None:
        """Move to the minimum along the current direction, and compute the next direction."""
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
        """Return True if the residual stagnates or grows, or if the updated residual is not the true one."""
        if self.converged:
            residual = self.system.right - self.system.times(self.x)
            return bool((_products(residual, residual) > 100 * self.tol**2 * self._square).any())
        stays = (step_size == 0) & (square > self.tol**2 * self._square)
        return bool((stays | (square > MAX_GROWTH**2 * self._square)).any())


class ColumnSystem:
    """The normal equations, whose unknowns are the weights.

    If `scaled` is True, the preconditioner divides each coordinate by its curvature, so that fewer steps
    are needed. If there are several minima, scaling does not lead to the one with the smallest norm.
    """

    def __init__(self, problem: MatrixFree, scaled: bool) -> None:
        self.problem, self.right = problem, problem.linear_term
        curvature = problem.column_squares()[:, np.newaxis] + problem.l2 if scaled else np.ones((1, 1))
        self._varies = curvature > 0  # (d, 1)
        self._curvature = np.where(self._varies, curvature, 1.0)

    def times(self, x: np.ndarray) -> np.ndarray:
        """Return X'X x plus the penalty term, of shape (d, q)."""
        return self.problem.times(x)

    def precondition(self, residual: np.ndarray) -> np.ndarray:
        """Divide the residual by the curvatures."""
        return residual / self._curvature

    def weights(self, x: np.ndarray) -> np.ndarray:
        """Return x."""
        return x

    def objective(self, x: np.ndarray, residual: np.ndarray) -> float:
        """Return the objective at x."""
        return max(self.problem.half_square - float(np.sum(x * (self.right + residual))) / 2, 0.0)

    def has_one_minimum(self, tol: float) -> bool:
        """Return True if the minimum seems unique: known weights can be recovered from their products."""
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
    """``(XX' + l2) a = y``, for fewer rows than columns. The weights X'a have the smallest norm.

    The preconditioner approximates XX' by the products of the most frequent columns plus a multiple of the
    identity for the other columns.
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
        """Return XX'x plus the penalty term, of shape (n, q)."""
        return self._root * self.problem.forward(self.weights(x)) + self.problem.l2 * x

    def precondition(self, residual: np.ndarray) -> np.ndarray:
        """Solve with the approximation of XX' (Woodbury's identity)."""
        part = self._inverse @ (self._frequent.T @ residual)  # (k, k) @ (k, n) @ (n, q)
        return (residual - self._frequent @ part) / self._rest

    def weights(self, x: np.ndarray) -> np.ndarray:
        """Return the weights X'x, of shape (d, q)."""
        return self.problem.backward(self._root * x)

    def objective(self, x: np.ndarray, residual: np.ndarray) -> float:
        """Return the objective at the weights of x."""
        error = residual + self.problem.l2 * x
        return float(np.sum(error**2) + self.problem.l2 * np.sum(x * (self.right - error))) / 2


def _products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the inner product of each column of a and the same column of b, as an array of shape (k,)."""
    return np.einsum("mk,mk->k", a, b)


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a / b, and 0 where b is not positive."""
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)
