"""The L1 penalty on many columns: minimise on growing sets of columns until the duality gap is small."""

import warnings

import numpy as np
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

from estimators._least_squares.descent import minimise_on_active_set
from estimators._least_squares.problems import MatrixFree, Quadratic
from estimators._least_squares.rows import Matrix

MAX_EXACT_ACTIVE = 256  # largest number of active coefficients for an exact minimum with their signs
MIN_RELATIVE_GAP = 1e-13  # smallest attainable duality gap, relative to the objective at zero
MIN_NEW_COLUMNS = 16  # minimum number added in each step, if as many violate optimality


class WorkingSetDescent:
    """Descent on growing sets of columns, with an L1 penalty, for one target at a time.

    Each step adds the columns that violate optimality most, or come closest to violating it. It then
    minimises on the set with scikit-learn's compiled coordinate descent
    (:func:`sklearn.linear_model.enet_path`). If few coefficients are active, the exact minimum with their
    signs is computed next. The search has converged when the duality gap is at most 100 `tol` times the
    objective at zero.
    """

    def __init__(self, problem: MatrixFree, l1: float, start: np.ndarray, tol: float) -> None:
        self.w, self.converged = start, False
        columns = sp.csc_array(problem.X) if sp.issparse(problem.X) else problem.X
        searches = [_TargetSearch(problem, columns, k, l1, start[:, k], tol) for k in range(start.shape[1])]
        self._searches = searches

    def objective(self) -> float:
        """Return the objective at the weights, summed over the targets."""
        return sum(search.objective for search in self._searches)

    def step(self) -> None:
        """Run one step for each target that has not converged."""
        for search in self._searches:
            if not search.converged:
                search.step()
        self.w = np.column_stack([search.w for search in self._searches])
        self.converged = all(search.converged for search in self._searches)


class _TargetSearch:
    """The search for one target."""

    def __init__(
        self, problem: MatrixFree, columns: Matrix, k: int, l1: float, start: np.ndarray, tol: float
    ) -> None:
        self.problem, self.columns, self.l1, self.w = problem, columns, l1, start
        self._y, self._linear_term = problem.y[:, k].copy(), problem.linear_term[:, k]
        self._half_square = float(problem.share @ self._y**2) / 2
        self._max_gap = max(100 * tol, MIN_RELATIVE_GAP) * self._half_square
        self._length = np.sqrt(np.maximum(problem.column_squares() + problem.l2, np.finfo(float).tiny))
        self._members = np.flatnonzero(start)
        self._design = self._columns_of(self._members)
        self._measure()

    def step(self) -> None:
        """Add columns to the set, and minimise on it."""
        self._grow()
        w = self._coordinate_descent(self.w[self._members])
        active = np.flatnonzero(w)
        if len(active) <= MAX_EXACT_ACTIVE:
            w[active] = self._minimise_exactly(active, w[active])
        self.w = np.zeros_like(self.w)
        self.w[self._members] = w
        self._measure()

    def _coordinate_descent(self, start: np.ndarray) -> np.ndarray:
        """Return an approximate minimum on the set.

        Unless all columns are in the set, its duality gap is about a tenth of the current one.
        """
        is_whole = len(self._members) == len(self.w)
        gap = 0.9 * self._max_gap if is_whole else max(0.1 * self._gap, 0.6 * self._max_gap)
        penalty, n = self.l1 + self.problem.l2, len(self._y)
        y, options = self._y, {}
        if sp.issparse(self._design):
            offset = self.problem.x_mean[self._members]
            options = {"X_offset": offset, "X_scale": np.ones_like(offset)}
            options["sample_weight"] = n * self.problem.share
        else:
            y = self._root * y
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # only the gap on all columns matters
            _, w, _ = enet_path(
                self._design,
                y,
                l1_ratio=self.l1 / penalty,
                alphas=[penalty],
                coef_init=start,
                precompute=False,
                check_input=False,
                tol=gap / 2 / self._half_square,
                **options,
            )
        return w[:, 0]

    def _minimise_exactly(self, active: np.ndarray, start: np.ndarray) -> np.ndarray:
        """Return the minimum among weights with the same signs as `start`."""
        columns = self._design[:, active]
        if sp.issparse(columns):
            columns = sp.diags_array(np.sqrt(self.problem.share)) @ columns
            x_mean = self.problem.x_mean[self._members[active]]
            gram = (columns.T @ columns).toarray() - np.outer(x_mean, x_mean)
        else:
            gram = columns.T @ columns / len(columns)
        gram[np.diag_indices(len(active))] += self.problem.l2
        linear_term = self._linear_term[self._members[active], np.newaxis]
        face = Quadratic(gram, linear_term, np.array([self._half_square]), l2=self.problem.l2)
        return minimise_on_active_set(face, self.l1, start[:, np.newaxis])[:, 0]

    def _grow(self) -> None:
        """Add columns to the set: at first, half as many as there are rows; later, as many as are active."""
        outside = np.ones(len(self.w), dtype=bool)
        outside[self._members] = False
        if self._members.size:
            n_violations = int(np.sum(np.abs(self._slope[outside]) > self.l1 * (1 + 1e-9)))
            n_new = min(n_violations, max(MIN_NEW_COLUMNS, int(np.sum(self.w != 0))))
        else:
            n_new = min(max(MIN_NEW_COLUMNS, len(self._y) // 2), len(self.w))
        if n_new:
            distance = np.where(outside, (self.l1 - self._scale * np.abs(self._slope)) / self._length, np.inf)
            new = np.argpartition(distance, n_new - 1)[:n_new]
            self._members = np.append(self._members, new)
            if sp.issparse(self._design):
                self._design = self._columns_of(self._members)
            else:
                self._design = np.asfortranarray(np.hstack([self._design, self._columns_of(new)]))

    @property
    def _root(self) -> np.ndarray:
        """The square roots of the weights, which are scaled to mean 1, as an array of shape (n,)."""
        return np.sqrt(len(self._y) * self.problem.share)

    def _columns_of(self, members: np.ndarray) -> Matrix:
        """Return columns of X. Unless they are sparse, multiply them by the square roots of the weights."""
        columns = self.columns[:, members]
        if sp.issparse(columns):
            columns = sp.csc_array(columns)
            columns.indices, columns.indptr = (
                columns.indices.astype(np.int32),
                columns.indptr.astype(np.int32),
            )
            return columns  # the index type is the one that enet_path requires
        return np.asfortranarray(self._root[:, np.newaxis] * columns)

    def _measure(self) -> None:
        """Compute the slopes of the squared error, the objective and the duality gap."""
        share, l1, l2, w = self.problem.share, self.l1, self.problem.l2, self.w
        residual = self._y - self.problem.forward(w[:, np.newaxis])[:, 0]
        self._slope = self.problem.backward((share * residual)[:, np.newaxis])[:, 0] - l2 * w
        # the factor that makes the dual point feasible
        self._scale = l1 / max(l1, float(np.abs(self._slope).max(initial=0.0)))
        self.objective = float(share @ residual**2 + l2 * (w @ w)) / 2 + l1 * float(np.abs(w).sum())
        to_dual = self._y - self._scale * residual
        dual = self._half_square - float(share @ to_dual**2 + l2 * self._scale**2 * (w @ w)) / 2
        self._gap = self.objective - dual
        self.converged = self._gap <= self._max_gap
