"""Conjugate gradients for CSR rows without an L1 penalty: in the space of the columns, or of the rows."""

from typing import Protocol

import numpy as np

from estimators._least_squares.problems import MatrixFree

N_FREQUENT_COLUMNS = 50  # that the preconditioner of the rows knows exactly
MAX_GROWTH = 3.0  # of the residual, beyond which the system has no solution
MAX_PROBE_ERROR = 1e-3  # relative error of a known solution, beyond which there are several minima


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

    def next_system(self, x: np.ndarray, converged: bool) -> "LinearSystem | None":
        """Return another system to solve if x, or the lack of a solution, shows that this one is not fit."""
        ...


class ConjugateDescent:
    """Descent along conjugate directions (Hestenes and Stiefel, 1952), preconditioned.

    Starting from zero, it has converged when the residual is `tol` times as long as at first, for all
    targets.
    """

    def __init__(self, system: LinearSystem, tol: float) -> None:
        self.system, self.tol = system, tol
        self._start()

    def _start(self) -> None:
        right = self.system.right
        self.converged, self._x, self._residual = False, np.zeros_like(right), right
        self._direction = self.system.precondition(right)
        self._product = _products(right, self._direction)
        self._square = _products(right, right)

    @property
    def w(self) -> np.ndarray:
        """The weights, (d, q)."""
        return self.system.weights(self._x)

    def objective(self) -> float:
        """Return the objective at the weights, summed over the targets."""
        return self.system.objective(self._x, self._residual)

    def step(self) -> None:
        """Go to the minimum along the direction, and choose the next one."""
        change = self.system.times(self._direction)
        step_size = _divide(self._product, _products(self._direction, change))
        self._x = self._x + step_size * self._direction
        self._residual = self._residual - step_size * change
        downhill = self.system.precondition(self._residual)
        before, self._product = self._product, _products(self._residual, downhill)
        self._direction = downhill + _divide(self._product, before) * self._direction
        square = _products(self._residual, self._residual)
        self.converged = bool((square <= self.tol**2 * self._square).all())
        ended = self.converged or bool((square > MAX_GROWTH**2 * self._square).any())
        if ended and (system := self.system.next_system(self._x, self.converged)):
            self.system = system
            self._start()


class ColumnSystem:
    """The normal equations, for the weights themselves.

    If `scaled`, each coordinate is divided by its curvature, which takes fewer steps. Without an L2 penalty
    it leads to the shortest weights only if there is just one minimum. A further target, whose solution is
    known, shows whether that is so.
    """

    def __init__(self, problem: MatrixFree, scaled: bool) -> None:
        self.problem, self.right = problem, problem.linear_term
        self._inverse: np.ndarray | None = None
        self._probe: np.ndarray | None = None
        if scaled:
            curvature = problem.column_squares()[:, np.newaxis] + problem.l2
            self._inverse = 1 / np.where(curvature > 0, curvature, 1.0)
            if not problem.l2:
                self._probe = np.cos(np.arange(len(curvature)))[:, np.newaxis] * (curvature > 0)
                self.right = np.hstack([self.right, problem.times(self._probe)])

    def times(self, x: np.ndarray) -> np.ndarray:
        """Return X'X x and the penalty, (d, k)."""
        return self.problem.times(x)

    def precondition(self, residual: np.ndarray) -> np.ndarray:
        """Divide by the curvatures."""
        return residual if self._inverse is None else self._inverse * residual

    def weights(self, x: np.ndarray) -> np.ndarray:
        """Return the weights (d, q): x without the further target."""
        return x[:, : self.problem.y.shape[1]]

    def objective(self, x: np.ndarray, residual: np.ndarray) -> float:
        """Return the objective at x."""
        decrease = self.weights(x * (self.right + residual)).sum() / 2
        return max(self.problem.half_square - float(decrease), 0.0)

    def next_system(self, x: np.ndarray, converged: bool) -> "ColumnSystem | None":
        """Return the system without scaling if the known solution was not found."""
        if self._probe is None or not converged:
            return None
        error = np.abs(x[:, -1:] - self._probe).max()
        return None if error <= MAX_PROBE_ERROR else ColumnSystem(self.problem, scaled=False)


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
        self._rest = (squares.sum() - squares[frequent].sum()) / len(self.right) + problem.l2
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

    def next_system(self, x: np.ndarray, converged: bool) -> ColumnSystem | None:
        """Return the system of the columns if no weights fit y exactly, as where rows are repeated."""
        return None if converged else ColumnSystem(self.problem, scaled=False)


def _products(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the product of each column of a with that of b, (k,)."""
    return np.einsum("mk,mk->k", a, b)


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return a / b, and 0 where b is not positive."""
    return np.divide(a, b, out=np.zeros_like(a), where=b > 0)
