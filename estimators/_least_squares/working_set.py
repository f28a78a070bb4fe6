"""The L1 penalty on many columns: minima on growing sets of them, until a duality gap closes."""

import warnings

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

from estimators._least_squares.descent import minimise_on_active_set
from estimators._least_squares.problems import EPS, MatrixFree, Quadratic
from estimators._least_squares.rows import Matrix

MAX_EXACT_ACTIVE = 256  # active coefficients up to which the minimum with their signs is solved exactly
MIN_NEW_COLUMNS = 16  # that join the set in a round, if so many violate optimality


class WorkingSetDescent:
    """Descent with an L1 penalty on sets of columns, target by target.

    Each step adds to the set the columns that are nearest to violating optimality, or do. It then minimises
    on the set by scikit-learn's compiled coordinate descent (:func:`sklearn.linear_model.enet_path`). If few
    coefficients are active, the exact minimum with their signs follows. The search has converged when the
    duality gap is at most 100 `tol` times the objective at zero.
    """

    def __init__(self, problem: MatrixFree, l1: float, start: np.ndarray, tol: float) -> None:
        self.w, self.converged = start, False
        columns = sp.csc_array(problem.X) if sp.issparse(problem.X) else problem.X
        searches = [_TargetSearch(problem, columns, k, l1, start[:, k], tol) for k in range(start.shape[1])]
        self._searches = searches

    def step(self) -> None:
        """Do one round for each target that has not converged."""
        for search in self._searches:
            if not search.converged:
                search.step()
        self.w = np.column_stack([search.w for search in self._searches])
        self.converged = all(search.converged for search in self._searches)


class _TargetSearch:
    """The search for one target. Rows are multiplied by the roots of their shares: A (n, d), b (n,)."""

    def __init__(
        self, problem: MatrixFree, columns: Matrix, k: int, l1: float, start: np.ndarray, tol: float
    ) -> None:
        self.problem, self.columns, self.l1, self.w = problem, columns, l1, start
        self._root = np.sqrt(problem.share)
        self._b, self._ab = self._root * problem.y[:, k], problem.linear_term[:, k]  # b and A'b
        self._half_square = float(self._b @ self._b) / 2
        self._max_gap = max(100 * tol, 4 * EPS) * self._half_square
        self._members = np.flatnonzero(start)
        self._design = np.asfortranarray(self._columns_of(self._members))
        self._length = _lengths(problem)
        self._measure(self._b - self._root * problem.forward(start[:, np.newaxis])[:, 0])

    def step(self) -> None:
        """Let the set grow, and minimise on it."""
        self._grow()
        members, l1, l2 = self._members, self.l1, self.problem.l2
        w = self._coordinate_descent(self.w[members])
        active = np.flatnonzero(w)
        if len(active) <= MAX_EXACT_ACTIVE:
            design = self._design[:, active]
            gram = design.T @ design + l2 * np.eye(len(active))
            ab = self._ab[members[active], np.newaxis]
            face = Quadratic(gram, ab, np.array([self._half_square]), l2=l2)
            w[active] = minimise_on_active_set(face, l1, w[active, np.newaxis])[:, 0]
        self.w = np.zeros_like(self.w)
        self.w[members] = w
        self._measure(self._b - self._design @ w)

    def _coordinate_descent(self, start: np.ndarray) -> np.ndarray:
        """Return about the minimum on the set, whose gap is a tenth of the present one."""
        n, penalty = len(self._b), self.l1 + self.problem.l2
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the gap on all columns is what counts
            _, w, _ = enet_path(
                self._design,
                self._b,
                l1_ratio=self.l1 / penalty,
                alphas=[penalty / n],
                coef_init=start,
                precompute=False,
                check_input=False,
                tol=max(self.gap / 20, self._max_gap / 8) / self._half_square,
            )
        return w[:, 0]

    def _grow(self) -> None:
        """Add to the set: at first half as many columns as rows, then as many as are active."""
        outside = np.ones(len(self.w), dtype=bool)
        outside[self._members] = False
        n_active = int(np.sum(self.w != 0))
        if self._members.size:
            n_violations = int(np.sum(np.abs(self._slope[outside]) > self.l1 * (1 + 1e-9)))
            n_new = min(n_violations, max(MIN_NEW_COLUMNS, n_active))
        else:
            n_new = max(MIN_NEW_COLUMNS, len(self._b) // 2)
        n_new = min(n_new, int(outside.sum()))
        if n_new:
            distance = np.where(outside, (self.l1 - self._scale * np.abs(self._slope)) / self._length, np.inf)
            new = np.argpartition(distance, n_new - 1)[:n_new]
            self._members = np.append(self._members, new)
            self._design = np.asfortranarray(np.hstack([self._design, self._columns_of(new)]))

    def _columns_of(self, members: np.ndarray) -> np.ndarray:
        """Return columns of A, (n, n_members)."""
        columns = self.columns[:, members]
        columns = columns.toarray() if sp.issparse(columns) else columns
        return self._root[:, np.newaxis] * (columns - self.problem.x_mean[members])

    def _measure(self, residual: np.ndarray) -> None:
        """Find the slopes of the squares, and the duality gap, given b - Aw."""
        l1, l2, w = self.l1, self.problem.l2, self.w
        self._slope = self.problem.backward((self._root * residual)[:, np.newaxis])[:, 0] - l2 * w
        self._scale = l1 / max(l1, float(np.abs(self._slope).max(initial=0.0)))  # to a feasible dual point
        primal = 0.5 * (residual @ residual + l2 * (w @ w)) + l1 * np.abs(w).sum()
        to_dual = self._b - self._scale * residual
        dual = self._half_square - 0.5 * (to_dual @ to_dual + l2 * self._scale**2 * (w @ w))
        self.gap = float(primal - dual)
        self.converged = self.gap <= self._max_gap


def _lengths(problem: MatrixFree) -> np.ndarray:
    """Return the roots of the curvatures of the columns, (d,)."""
    X = problem.X
    if sp.issparse(X):
        squares = problem.share @ X.multiply(X)
    else:
        squares = np.einsum("nd,nd,n->d", X, X, problem.share)
    return np.sqrt(np.maximum(squares - problem.x_mean**2 + problem.l2, np.finfo(float).tiny))
