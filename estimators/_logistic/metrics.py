"""Metrics: approximations of the Hessian, from its diagonal to the exact matrix."""

from typing import Protocol

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack

from estimators._common.matrices import Matrix
from estimators._logistic.loss import LogLoss

EPSILON = float(np.finfo(float).eps)
# added to a unit diagonal; the first that makes the matrix positive definite is used
RIDGES = (1e-13, 1e-10, 1e-6, 1e-2)
MIN_PIVOT = 1e-11  # smaller pivots consist mostly of the added ridge
MAX_BLOCK_VALUES = 2**18  # values that are centred and weighted at a time


class Metric(Protocol):
    """A matrix H close to the Hessian of the objective at one theta.

    It is rough if it is almost singular, so that a ridge makes some of its curvatures too large.
    """

    is_diagonal: bool
    is_rough: bool

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """Solve ``H x = gradient``. Return x, of shape (n_features + 1, n_outputs) like the gradient."""
        ...


class Curvatures:
    """The curvature of each row, and the weighted mean of the rows, which eliminates the intercept.

    ``[X 1]' D [X 1]`` with the intercept eliminated is ``(X - mean)' D (X - mean)``, where D contains the
    curvatures.
    """

    def __init__(self, loss: LogLoss, of_rows: np.ndarray) -> None:
        self.of_rows, self.fit_intercept = of_rows, loss.fit_intercept
        self.total = max(float(of_rows.sum()), np.finfo(float).tiny)
        self.mean = np.zeros(loss.X.shape[1])
        if loss.fit_intercept:
            self.mean += loss.X.T @ of_rows / self.total

    def centre(self, gradient: np.ndarray) -> np.ndarray:
        """Return the gradient with respect to the weights, with the intercept eliminated."""
        return gradient[:-1] - self.mean[:, np.newaxis] * gradient[-1]

    def complete(self, weights: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """Return the step of the weights, followed by that of the intercepts in the last row."""
        step = np.zeros_like(gradient)
        step[:-1] = weights
        if self.fit_intercept:
            step[-1] = gradient[-1] / self.total - self.mean @ weights
        return step


class DiagonalMetric:
    """The diagonal of ``(X - mean)' D (X - mean) + l2 I``, the same for all outputs."""

    is_diagonal, is_rough = True, False

    def __init__(self, loss: LogLoss, theta: np.ndarray) -> None:
        self.curvatures = Curvatures(loss, loss.curvature(theta))
        squares = column_squares(loss.X, self.curvatures.of_rows)
        shift = self.curvatures.total * self.curvatures.mean**2
        variances = positive_variances(squares - shift, 10 * EPSILON * shift, loss.X.shape[0])
        self.diagonal = (variances + np.ravel(loss.l2))[:, np.newaxis]

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """Return the x with ``H x = gradient``."""
        return self.curvatures.complete(self.curvatures.centre(gradient) / self.diagonal, gradient)

    def inner(self, one: np.ndarray, other: np.ndarray) -> float:
        """Return ``one' H other``."""
        mean, total = self.curvatures.mean, self.curvatures.total
        intercepts = (one[-1] + mean @ one[:-1]) @ (other[-1] + mean @ other[:-1])
        return float(np.sum(one[:-1] * other[:-1] * self.diagonal) + total * intercepts)


class SharedMetric:
    """``(X - mean)' D (X - mean) + l2 I``, the same for all outputs. With one output, it is the Hessian.

    O(n_samples * n_features^2 + n_features^3).
    """

    is_diagonal = False

    def __init__(self, loss: LogLoss, theta: np.ndarray) -> None:
        self.curvatures = Curvatures(loss, loss.curvature(theta))
        matrix = centred_gram(loss.X, self.curvatures.of_rows, self.curvatures.mean)
        np.einsum("jj->j", matrix)[:] += np.ravel(loss.l2)
        self.factor = ScaledCholesky(matrix)
        self.is_rough = self.factor.is_rough

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """Return the x with ``H x = gradient``."""
        return self.curvatures.complete(self.factor.solve(self.curvatures.centre(gradient)), gradient)


class ExactMetric:
    """The full Hessian of the softmax loss for dense X, including the blocks that couple the outputs.

    Its blocks are ``X' diag(p_k) X - X' diag(p_k p_l) X``, where the rows are weighted and X includes a
    column of ones. The mean of the rows is subtracted, so that the weights are independent of the
    intercepts even if the features are far from 0. O(n_samples * unknowns^2 + unknowns^3), where unknowns
    is ``n_outputs * (n_features + 1)``.
    """

    is_diagonal = False

    def __init__(self, loss: LogLoss, theta: np.ndarray) -> None:
        n_features, q = loss.X.shape[1], loss.n_outputs
        P, size = loss.probabilities(theta), q * (n_features + 1)
        self.mean = np.zeros((n_features, 1))
        if loss.fit_intercept:
            self.mean += (loss.weight @ loss.X)[:, np.newaxis]
        matrix = np.zeros((size, size))
        blocks = matrix.reshape(q, n_features + 1, q, n_features + 1)  # a view
        n_rows = max(MAX_BLOCK_VALUES // size, size // 2)
        for start in range(0, loss.X.shape[0], n_rows):
            rows = slice(start, start + n_rows)
            X = np.ones((len(loss.X[rows]), n_features + 1))
            X[:, :-1], X[:, -1] = loss.X[rows] - self.mean.T, loss.fit_intercept
            X *= np.sqrt(loss.weight[rows])[:, np.newaxis]
            products = (X[:, np.newaxis] * P[:, rows].T[:, :, np.newaxis]).reshape(-1, size)  # (rows, size)
            matrix -= products.T @ products
            for k in range(q):
                root = X * np.sqrt(P[k, rows])[:, np.newaxis]
                blocks[k, :, k] += root.T @ root
        features = np.arange(n_features)
        for k in range(q):
            blocks[k, features, k, features] += np.ravel(loss.l2)
        # shifting all intercepts by the same amount changes nothing, so that direction can have any curvature
        shift = max(np.trace(matrix) / size, np.finfo(float).tiny) / q
        blocks[:, -1, :, -1] += shift if loss.fit_intercept else np.eye(q)
        diagonal = np.einsum("jj->j", matrix)
        diagonal[:] = positive_variances(diagonal, 0.0, loss.X.shape[0])
        self.factor = ScaledCholesky(matrix)
        self.is_rough = self.factor.is_rough

    def solve(self, gradient: np.ndarray) -> np.ndarray:
        """Return the x with ``H x = gradient``."""
        centred = gradient - np.vstack([self.mean * gradient[-1], np.zeros_like(gradient[-1])])
        solved = self.factor.solve(np.ascontiguousarray(centred.T).reshape(-1, 1))
        step = solved.reshape(gradient.shape[1], -1).T.copy()
        step[-1] -= self.mean[:, 0] @ step[:-1]
        return step


class ScaledCholesky:
    """The Cholesky factor of a symmetric matrix, scaled to a unit diagonal. The matrix is overwritten."""

    def __init__(self, matrix: np.ndarray) -> None:
        diagonal = np.einsum("jj->j", matrix)
        self.scale = (1 / np.sqrt(diagonal))[:, np.newaxis]
        matrix *= self.scale
        matrix *= self.scale.T
        for ridge in RIDGES:
            diagonal[:] = 1 + ridge
            self.factor, failed = lapack.dpotrf(matrix.T, lower=1, clean=0)
            if not failed:
                pivot = float(self.factor.diagonal().min()) ** 2
                self.is_rough = ridge > RIDGES[0] or pivot < MIN_PIVOT
                return
        # this happens for sparse columns that hardly vary around a large mean
        self.factor = np.eye(len(matrix))
        self.is_rough = True

    def solve(self, right: np.ndarray) -> np.ndarray:
        """Return the solution for each column of `right`."""
        return lapack.dpotrs(self.factor, right * self.scale, lower=1)[0] * self.scale


def column_squares(X: Matrix, curvature: np.ndarray) -> np.ndarray:
    """Return the diagonal of X' diag(curvature) X."""
    if not isinstance(X, np.ndarray):
        return X.multiply(X).T @ curvature
    squares, n_rows = np.zeros(X.shape[1]), max(MAX_BLOCK_VALUES // 4 // X.shape[1], 1)
    for start in range(0, len(X), n_rows):
        rows = slice(start, start + n_rows)
        squares += curvature[rows] @ np.square(X[rows], dtype=np.float64)
    return squares


def centred_gram(X: Matrix, curvature: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return ``(X - mean)' diag(curvature) (X - mean)`` with a positive diagonal.

    A sparse X stays sparse: the product of the means is subtracted afterwards, which loses precision if the
    means are large.
    """
    if isinstance(X, np.ndarray):
        matrix, rounding = dense_gram(X, curvature, mean), (10 * EPSILON * mean) ** 2
    else:
        scaled = sp.csr_array(X.multiply(np.sqrt(curvature)[:, np.newaxis]), dtype=np.float64)
        matrix, rounding = (scaled.T @ scaled).toarray(order="C"), 10 * EPSILON * mean**2
        matrix -= curvature.sum() * np.outer(mean, mean)
    diagonal = np.einsum("jj->j", matrix)  # a view
    diagonal[:] = positive_variances(diagonal, rounding * curvature.sum(), X.shape[0])
    return matrix


def dense_gram(X: np.ndarray, curvature: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return ``(X - mean)' diag(curvature) (X - mean)``, centred one block of rows at a time."""
    n_samples, n_features = X.shape
    matrix, root = np.zeros((n_features, n_features)), np.sqrt(curvature)[:, np.newaxis]
    n_rows = max(MAX_BLOCK_VALUES // n_features, n_features // 2, 64)
    for start in range(0, n_samples, n_rows):
        rows = slice(start, start + n_rows)
        centred = np.subtract(X[rows], mean, dtype=np.float64)
        centred *= root[rows]
        matrix += centred.T @ centred
    return matrix


def positive_variances(variances: np.ndarray, rounding: np.ndarray | float, n_samples: int) -> np.ndarray:
    """Replace variances that are 0 up to `rounding` by the mean of the others, divided by `n_samples`."""
    varies = variances > rounding
    return np.where(varies, variances, variances[varies].mean() / n_samples if varies.any() else 1.0)
