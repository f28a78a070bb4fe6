"""The search for dense X with fewer rows than features: the minimum lies in the space spanned by the rows.

At the minimum of a loss with an l2 penalty, the weights of each output are a combination of the centred rows.
In coordinates of the space spanned by the rows, X is a square matrix, which makes each pass cheaper.
"""

import numpy as np
from scipy.linalg import blas, lapack

from estimators._logistic import costs
from estimators._logistic.lbfgs import LBFGS
from estimators._logistic.loss import LogLoss
from estimators._logistic.metric_choice import MetricChooser, offered_metrics
from estimators._logistic.search import Iterate

MAX_ROWS = 3000
MAX_PASSES_AT_START = 20  # the search only starts with coordinates that cost at most this many passes
MIN_PIVOT = 1e-13  # relative to the largest; rows that depend on others to this precision add no coordinate
MAX_BLOCK_VALUES = 2**20  # values that are centred at a time
EPSILON = float(np.finfo(float).eps)


def is_wide(loss: LogLoss) -> bool:
    """Return True if a search in the row space is possible and may save time."""
    n_samples, n_features = loss.X.shape
    l2 = np.ravel(loss.l2)
    dense = isinstance(loss.X, np.ndarray)
    return dense and n_samples < n_features and n_samples <= MAX_ROWS and len(l2) == 1 and l2[0] > 0


class RowSpace:
    """Coordinates of the centred rows: ``X - mean = F Q'``, where the columns of Q are orthonormal.

    ``(X - mean) (X - mean)' = F F'`` is a Cholesky factor with pivots. O(n_samples^2 * n_features).
    """

    def __init__(self, X: np.ndarray, centre: bool) -> None:
        self.X, self.mean = X, X.mean(axis=0, dtype=np.float64) if centre else np.zeros(X.shape[1])
        gram, n_columns = np.zeros((len(X), len(X))), max(MAX_BLOCK_VALUES // len(X), 1)
        for start in range(0, X.shape[1], n_columns):
            columns = slice(start, start + n_columns)
            centred = np.subtract(X[:, columns], self.mean[columns], dtype=np.float64)
            gram += centred @ centred.T
        squares = gram.diagonal().copy()
        factor, pivots, rank, _ = lapack.dpstrf(gram, lower=1, tol=MIN_PIVOT * squares.max())
        factor = np.tril(factor)[:, :rank]
        self.pivots, self.triangle = pivots[:rank] - 1, factor[:rank]
        self.F = np.empty_like(factor)
        self.F[pivots - 1] = factor
        lost = squares - np.einsum("ij,ij->i", self.F, self.F)
        # lengths of the parts of the rows that F does not represent
        self.lost_lengths = np.sqrt(np.maximum(lost, len(X) * EPSILON * squares))

    def weights_of(self, coordinates: np.ndarray) -> np.ndarray:
        """Return ``Q @ coordinates``, as an array of shape (n_features, n_outputs)."""
        combination = np.zeros((len(self.X), coordinates.shape[1]))
        combination[self.pivots] = blas.dtrsm(1.0, self.triangle, coordinates, lower=1, trans_a=1)
        return self.X.T @ combination - np.outer(self.mean, combination.sum(axis=0))

    def coordinates_of(self, weights: np.ndarray) -> np.ndarray:
        """Return ``Q' @ weights``, as an array of shape (rank, n_outputs)."""
        scores = (self.X @ weights - self.mean @ weights)[self.pivots]
        return blas.dtrsm(1.0, self.triangle, scores, lower=1)


class WideSearch:
    """A search in the row space, from the start if its coordinates are cheap, or otherwise once they pay off.

    It returns to the original features if the coordinates are not precise enough, for example if the columns
    have very different scales.
    """

    def __init__(self, loss: LogLoss, theta: np.ndarray, tol: float) -> None:
        self.loss, self.tol, self.cost = loss, tol, costs.of_row_space(loss)
        self.space: RowSpace | None = None
        self.may_enter = True  # whether the search may enter the row space
        if self.cost <= MAX_PASSES_AT_START * costs.of_pass(loss):
            self._enter(theta)
        else:
            self._leave(theta, may_enter=True)

    def theta(self) -> np.ndarray:
        """Return the current theta, in terms of the features."""
        theta = self.search.theta()
        if self.space is None:
            return theta
        weights = self.space.weights_of(theta[:-1])
        return np.vstack([weights, theta[-1] - self.space.mean @ weights])

    def step(self) -> Iterate:
        """Run one iteration, and switch to the other space if this saves time."""
        iterate = self.search.step()
        if iterate.converged or iterate.stalled:
            if self.space is not None and self._is_imprecise(self.space, iterate):
                self._leave(self.theta(), may_enter=False)
                return Iterate(self.search.current.value, converged=False, expected=iterate.expected)
        elif self.may_enter and self.search.chooser.pays_off(self.cost, self.search.passes_left()):
            self._enter(self.theta())  # and drop the part of the weights outside the row space
            return Iterate(self.search.current.value, converged=False, expected=iterate.expected)
        return iterate

    def _enter(self, theta: np.ndarray) -> None:
        self.may_enter = False
        space = RowSpace(self.loss.X, self.loss.fit_intercept)
        if not len(space.pivots):  # all rows are equal
            self._leave(theta, may_enter=False)
            return
        self.space = space
        inner = self.loss.with_features(space.F)
        start = np.vstack([space.coordinates_of(theta[:-1]), theta[-1] + space.mean @ theta[:-1]])
        chooser = MetricChooser(inner, offered_metrics(inner, inner), spent=self.cost)
        self.search = LBFGS(inner, start, self.tol, chooser)

    def _leave(self, theta: np.ndarray, may_enter: bool) -> None:
        self.space, self.may_enter = None, may_enter
        offers = offered_metrics(self.loss, self.loss)
        chooser = MetricChooser(self.loss, offers[:1] if may_enter else offers)
        self.search = LBFGS(self.loss, theta, self.tol, chooser)

    def _is_imprecise(self, space: RowSpace, iterate: Iterate) -> bool:
        """Return True if the part of the rows that the coordinates do not represent could matter.

        The gradient outside the row space is at most ``|residuals|' lost_lengths``, so the objective can
        decrease there by at most its square divided by ``2 * l2``.
        """
        residuals = self.search.loss.residuals(self.search.theta())
        gradient = float(np.linalg.norm(np.abs(residuals) @ space.lost_lengths))
        expected = gradient**2 / (2 * float(np.ravel(self.loss.l2)[0]))
        return expected > max(self.tol, 10 * EPSILON) * iterate.objective
