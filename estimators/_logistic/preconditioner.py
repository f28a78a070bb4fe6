"""What makes the minimum easy to reach: an approximate inverse Hessian, and the scaling of huge columns."""

import numpy as np
import scipy.sparse as sp

from estimators._common.matrices import Matrix
from estimators._common.thresholding import soft_threshold
from estimators._logistic.loss import LogLoss

MAX_MATRIX_FEATURES = 1024  # with more features, only the diagonal is kept
EPSILON = float(np.finfo(float).eps)
RIDGE = 1e-10  # added to a matrix of unit diagonal, so that it can be inverted if columns are copies


class Preconditioner:
    """Solve ``H x = gradient`` for a matrix H close to the Hessian of `loss` at `theta`, one for all outputs.

    H is ``[X 1]' D [X 1] + l2 I``, where D holds the curvatures of the rows. Eliminating the intercept
    centres X. The remaining matrix of the features is reduced to its diagonal if `diagonal` asks for it, or
    if there are more than 1,024 features or more features than rows. O(n_samples * n_features^2 +
    n_features^3), or O(nonzeros of X) for a diagonal.
    """

    def __init__(self, loss: LogLoss, theta: np.ndarray, diagonal: bool = False) -> None:
        X, curvature = loss.X, loss.curvature(theta)
        self.total = max(float(curvature.sum()), np.finfo(float).tiny)
        self.fit_intercept = loss.fit_intercept
        self.mean = X.T @ curvature / self.total if self.fit_intercept else np.zeros(X.shape[1])
        self.diagonal = diagonal or X.shape[1] > min(MAX_MATRIX_FEATURES, X.shape[0])
        invert = self._invert_diagonal if self.diagonal else self._invert_matrix
        self.inverse = invert(X, curvature, np.ravel(loss.l2))

    def __call__(self, gradient: np.ndarray) -> np.ndarray:
        """Return the solution x, of the shape of the gradient."""
        step, centred = np.zeros_like(gradient), self._centre(gradient)
        step[:-1] = self.inverse * centred if self.diagonal else self.inverse @ centred
        if self.fit_intercept:
            step[-1] = gradient[-1] / self.total - self.mean @ step[:-1]
        return step

    def inner(self, one: np.ndarray, other: np.ndarray) -> float:
        """Return ``one' H other``. Only for a diagonal."""
        intercepts = (one[-1] + self.mean @ one[:-1]) @ (other[-1] + self.mean @ other[:-1])
        return float(np.sum(one[:-1] * other[:-1] / self.inverse) + self.total * intercepts)

    def proximal_step(
        self, theta: np.ndarray, gradient: np.ndarray, lipschitz: float, l1: float | np.ndarray
    ) -> np.ndarray:
        """Return theta + x for the x that minimises a model of the objective. Only for a diagonal.

        The model is ``gradient' x + lipschitz / 2 * x' H x + l1 * ||W + x||_1``.
        """
        following, rate = theta.copy(), self.inverse / lipschitz
        W = theta[:-1] - rate * self._centre(gradient)
        following[:-1] = soft_threshold(W, rate * l1)
        if self.fit_intercept:
            shift = self.mean @ (following[:-1] - theta[:-1])
            following[-1] -= gradient[-1] / (lipschitz * self.total) + shift
        return following

    def _centre(self, gradient: np.ndarray) -> np.ndarray:
        return gradient[:-1] - self.mean[:, np.newaxis] * gradient[-1]

    def _invert_diagonal(self, X: Matrix, curvature: np.ndarray, l2: np.ndarray) -> np.ndarray:
        if isinstance(X, np.ndarray):
            squares = np.einsum("i,ij,ij->j", curvature, X, X)
        else:
            squares = X.multiply(X).T @ curvature
        shift = self.total * self.mean**2
        return 1 / (positive_variances(squares - shift, 10 * EPSILON * shift, X.shape[0]) + l2)[:, np.newaxis]

    def _invert_matrix(self, X: Matrix, curvature: np.ndarray, l2: np.ndarray) -> np.ndarray:
        root, rounding = np.sqrt(curvature)[:, np.newaxis], 10 * EPSILON * self.total * self.mean**2
        if isinstance(X, np.ndarray):
            centred = np.subtract(X, self.mean, dtype=np.float64)
            centred *= root
            gram, rounding = centred.T @ centred, 10 * EPSILON * rounding
        else:
            scaled = sp.csr_array(X.multiply(root))
            gram = (scaled.T @ scaled).toarray() - self.total * np.outer(self.mean, self.mean)
        diagonal = np.einsum("jj->j", gram)  # a view
        diagonal[:] = positive_variances(diagonal, rounding, X.shape[0]) + l2
        scale = 1 / np.sqrt(diagonal)
        gram *= scale * scale[:, np.newaxis]
        diagonal[:] = 1 + RIDGE
        try:
            np.linalg.cholesky(gram)  # raises if it is not positive definite
            inverse = np.linalg.inv(gram)  # numpy's: a second BLAS would compete with it for the cores
        except np.linalg.LinAlgError:  # sparse columns that hardly vary around a large mean
            inverse = np.eye(len(gram))
        inverse *= scale * scale[:, np.newaxis]
        return inverse


def positive_variances(variances: np.ndarray, rounding: np.ndarray, n_samples: int) -> np.ndarray:
    """Replace variances that are 0 up to `rounding` by the mean of the others, divided by `n_samples`."""
    varies = variances > rounding
    return np.where(varies, variances, variances[varies].mean() / n_samples if varies.any() else 1.0)


def scale_huge_columns(X: Matrix) -> tuple[Matrix, np.ndarray]:
    """Divide huge columns by a power of two, so that squares do not overflow; return X and the divisors."""
    values, limit = X.ravel() if isinstance(X, np.ndarray) else X.data, float(np.finfo(X.dtype).max)
    with np.errstate(over="ignore"):
        if np.vdot(values, values) < limit**0.5:
            return X, np.ones(1)
    largest = abs(X).max(axis=0)
    largest = np.ravel(largest.toarray() if sp.issparse(largest) else largest).astype(np.float64)
    scale = np.where(largest > limit**0.25, 2.0 ** np.floor(np.log2(np.maximum(largest, 1))), 1)
    if (scale == 1).all():
        return X, np.ones(1)
    divisor = scale.astype(X.dtype)
    if isinstance(X, np.ndarray):
        return X / divisor, scale
    return sp.csr_array((X.data / divisor[X.indices], X.indices, X.indptr), shape=X.shape), scale
