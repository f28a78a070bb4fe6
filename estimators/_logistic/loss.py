"""The log loss of a linear model with its gradient, block by block of rows, and a matrix near its Hessian."""

from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from estimators._common.thresholding import soft_threshold

BLOCK_BYTES = 2**20  # of X: the backward pass finds in cache what the forward pass has read
FEWEST_ROWS, MOST_ROWS = 64, 4096
SPARSE_LOGITS = 2**22  # of a block of CSR rows: its backward pass costs a whole matrix of weights
WIDEST_GRAM = 1024  # features up to which the preconditioner is a matrix
EPSILON = float(np.finfo(float).eps)
RIDGE = 1e-10  # on a matrix of unit diagonal, so that copies of a column can be told apart


class LogLoss:
    """Weighted mean log loss plus ``l2 / 2 * ||W||^2``, a function of ``theta``, and its gradient.

    ``theta`` is (n_features + 1, n_outputs): the weights W, and below them the intercept, whose
    gradient is 0 if `fit_intercept` is False. Two classes have one output, the log odds of the second.
    """

    def __init__(
        self, X: Any, codes: np.ndarray, weight: np.ndarray, n_classes: int, l2: Any, fit_intercept: bool
    ) -> None:
        self.X, self.codes, self.n_classes, self.l2 = X, codes, n_classes, l2
        self.fit_intercept, self.n_outputs = fit_intercept, 1 if n_classes == 2 else n_classes
        self.weight = (weight / weight.sum()).astype(X.dtype, copy=False)
        if n_classes == 2:
            self.sign = np.where(codes == 1, -1, 1).astype(X.dtype)
            self.signed_weight = self.sign * self.weight
        self.blocks = row_blocks(X, self.n_outputs)

    def __call__(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Return value and gradient, in one pass over X: O(nonzeros of X * n_outputs)."""
        residuals = self._binary if self.n_classes == 2 else self._softmax
        value, gradient = 0.0, np.zeros_like(theta)
        with np.errstate(over="ignore", invalid="ignore"):  # the searches look at the value
            for rows in self.blocks:
                X = self.X if len(self.blocks) == 1 else self.X[rows]  # of CSR rows, that is a copy
                Z = logits(X, theta)
                value += float(residuals(Z, rows))
                gradient[:-1] += X.T @ Z.T  # (features, rows) @ (rows, outputs)
                gradient[-1] += Z.sum(axis=1)
            value += 0.5 * float(np.sum(self.l2 * theta[:-1] ** 2))
            gradient[:-1] += self.l2 * theta[:-1]
        gradient[-1] *= self.fit_intercept
        return value, gradient

    def _binary(self, Z: np.ndarray, rows: slice) -> float:
        """Turn the logits of a block, (1, rows), into weight * (p - y); return the weighted loss."""
        odds, value, limit = Z[0], 0.0, 0.9 * np.log(np.finfo(Z.dtype).max)
        odds *= self.sign[rows]  # log odds of the wrong class
        if odds.max() > limit:  # where log(1 + exp(odds)) is odds
            value = self.weight[rows] @ np.maximum(odds - limit, 0)
            np.minimum(odds, limit, out=odds)
        np.exp(odds, out=odds)
        value += self.weight[rows] @ np.log1p(odds)
        odds /= 1 + odds
        odds *= self.signed_weight[rows]
        return value

    def _softmax(self, Z: np.ndarray, rows: slice) -> float:
        """Turn the logits of a block, (classes, rows), into weight * (p - y); return the weighted loss."""
        own, weight = (self.codes[rows], np.arange(Z.shape[1])), self.weight[rows]
        Z -= Z.max(axis=0)
        chosen = Z[own]
        np.exp(Z, out=Z)
        total = Z.sum(axis=0)
        Z *= weight / total
        Z[own] -= weight
        return weight @ (np.log(total) - chosen)

    def take(self, rows: slice) -> Self:
        """Return the same loss of some of the rows."""
        parts = self.X[rows], self.codes[rows], self.weight[rows].astype(np.float64)
        return type(self)(*parts, self.n_classes, self.l2, self.fit_intercept)

    def curvature(self, theta: np.ndarray) -> np.ndarray:
        """Return the weight of each row times the mean of p (1 - p) over classes, (n_samples,), in float64.

        Scaled so that at theta = 0 ``X' diag(curvature) X`` is the Hessian of each class, on what sums to
        zero over the classes.
        """
        Z = logits(self.X, theta).astype(np.float64)
        P = np.exp(Z - np.logaddexp(0, Z)) if self.n_classes == 2 else np.exp(Z - Z.max(axis=0))
        P /= 1 if self.n_classes == 2 else P.sum(axis=0)
        return self.weight * np.sum(P * (1 - P), axis=0) / max(self.n_outputs - 1, 1)

    def separates(self, theta: np.ndarray) -> bool:
        """Tell whether each row of positive weight is on its side: then longer weights are always better."""
        Z, own = logits(self.X, theta), (self.codes, np.arange(len(self.codes)))
        if self.n_classes == 2:
            margin = -self.sign * Z[0]
        else:
            chosen = Z[own]
            Z[own] = -np.inf
            margin = chosen - Z.max(axis=0)
        return bool((margin[self.weight > 0] > 0).all())

    def safe_rate(self) -> float:
        """Return 1 / L for a bound L of the Hessian: a gradient step of that length never leads uphill.

        That of one row's loss is at most x x' / 4 for two classes, x x' / 2 for more (Boehning 1992).
        """
        with np.errstate(over="ignore"):
            squares = self.X.multiply(self.X).sum(axis=1) if sp.issparse(self.X) else row_squares(self.X)
            mean = float(self.weight @ np.ravel(squares)) + float(self.fit_intercept)
        return 1 / (mean / (4 if self.n_classes == 2 else 2) + float(np.max(self.l2)))


def row_squares(X: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", X, X)


def row_blocks(X: Any, n_outputs: int) -> list[slice]:
    """Return the rows of X in blocks."""
    n_samples, n_features = X.shape
    if sp.issparse(X):
        size = max(SPARSE_LOGITS // n_outputs, 4 * n_features)
    else:
        size = min(max(BLOCK_BYTES // (X.itemsize * n_features), FEWEST_ROWS), MOST_ROWS)
    return [slice(start, min(start + size, n_samples)) for start in range(0, n_samples, size)]


def logits(X: Any, theta: np.ndarray) -> np.ndarray:
    """Return the decision values of the rows of X, (outputs, rows): one output after the other in memory."""
    theta = theta.astype(X.dtype, copy=False)
    # (outputs, features) @ (features, rows); CSR multiplies from the left only
    Z = np.ascontiguousarray((X @ theta[:-1]).T) if sp.issparse(X) else theta[:-1].T @ X.T
    Z += theta[-1][:, np.newaxis]
    return Z


class Preconditioner:
    """Solve ``H x = gradient`` for a matrix H near the Hessian of `loss` at `theta`, one for all outputs.

    H is ``[X 1]' D [X 1] + l2 I``, with D the curvatures of the rows. Eliminating the intercept centres X;
    what is left is a matrix of the features, or only its diagonal: if asked for, or if there are more than
    1,024 features, or more than rows. O(n_samples * n_features^2 + n_features^3), or O(nonzeros of X).
    """

    def __init__(self, loss: LogLoss, theta: np.ndarray, diagonal: bool = False) -> None:
        X, curvature = loss.X, loss.curvature(theta)
        self.total = max(float(curvature.sum()), np.finfo(float).tiny)
        self.intercept = loss.fit_intercept
        self.mean = X.T @ curvature / self.total if self.intercept else np.zeros(X.shape[1])
        self.diagonal = diagonal or X.shape[1] > min(WIDEST_GRAM, X.shape[0])
        invert = self._invert_diagonal if self.diagonal else self._invert_matrix
        self.inverse = invert(X, curvature, np.ravel(loss.l2))

    def __call__(self, gradient: np.ndarray) -> np.ndarray:
        step, centred = np.zeros_like(gradient), self._centred(gradient)
        step[:-1] = self.inverse * centred if self.diagonal else self.inverse @ centred
        if self.intercept:
            step[-1] = gradient[-1] / self.total - self.mean @ step[:-1]
        return step

    def inner(self, one: np.ndarray, other: np.ndarray) -> float:
        """Return ``one' H other``, for a diagonal."""
        free = (one[-1] + self.mean @ one[:-1]) @ (other[-1] + self.mean @ other[:-1])
        return float(np.sum(one[:-1] * other[:-1] / self.inverse) + self.total * free)

    def proximal(self, theta: np.ndarray, gradient: np.ndarray, lipschitz: float, l1: Any) -> np.ndarray:
        """Return theta + x of the least ``gradient' x + lipschitz / 2 * x' H x + l1 * ||W + x||_1``."""
        onward, length = theta.copy(), self.inverse / lipschitz
        W = theta[:-1] - length * self._centred(gradient)
        onward[:-1] = soft_threshold(W, length * l1)
        if self.intercept:
            onward[-1] -= gradient[-1] / (lipschitz * self.total) + self.mean @ (onward[:-1] - theta[:-1])
        return onward

    def _centred(self, gradient: np.ndarray) -> np.ndarray:
        return gradient[:-1] - self.mean[:, np.newaxis] * gradient[-1]

    def _invert_diagonal(self, X: Any, curvature: np.ndarray, l2: np.ndarray) -> np.ndarray:
        squares = X.multiply(X).T @ curvature if sp.issparse(X) else np.einsum("i,ij,ij->j", curvature, X, X)
        shift = self.total * self.mean**2
        return 1 / (fill(squares - shift, 10 * EPSILON * shift, X.shape[0]) + l2)[:, np.newaxis]

    def _invert_matrix(self, X: Any, curvature: np.ndarray, l2: np.ndarray) -> np.ndarray:
        root, rounding = np.sqrt(curvature)[:, np.newaxis], 10 * EPSILON * self.total * self.mean**2
        if sp.issparse(X):
            scaled = sp.csr_array(X.multiply(root))
            gram = (scaled.T @ scaled).toarray() - self.total * np.outer(self.mean, self.mean)
        else:
            centred = np.subtract(X, self.mean, dtype=np.float64)
            centred *= root
            gram, rounding = centred.T @ centred, 10 * EPSILON * rounding
        diagonal = np.einsum("jj->j", gram)  # a view
        diagonal[:] = fill(diagonal, rounding, X.shape[0]) + l2
        scale = 1 / np.sqrt(diagonal)
        gram *= scale * scale[:, np.newaxis]
        diagonal[:] = 1 + RIDGE
        try:
            np.linalg.cholesky(gram)  # tells whether it is positive definite
            inverse = np.linalg.inv(gram)  # numpy's alone: a second BLAS would fight it for the cores
        except np.linalg.LinAlgError:  # sparse columns that hardly vary around a large mean
            inverse = np.eye(len(gram))
        inverse *= scale * scale[:, np.newaxis]
        return inverse


def fill(spread: np.ndarray, rounding: np.ndarray, n_samples: int) -> np.ndarray:
    """Give features that do not vary in these rows the mean of the others, as if one row had it."""
    some = spread > rounding
    return np.where(some, spread, spread[some].mean() / n_samples if some.any() else 1.0)


def tame(X: Any) -> tuple[Any, np.ndarray]:
    """Divide huge columns by a power of two, so that squares do not overflow; return X and the divisors."""
    values, limit = X.data if sp.issparse(X) else X.ravel(), float(np.finfo(X.dtype).max)
    with np.errstate(over="ignore"):
        if np.vdot(values, values) < limit**0.5:
            return X, np.ones(1)
    largest = abs(X).max(axis=0)
    largest = np.ravel(largest.toarray() if sp.issparse(largest) else largest).astype(np.float64)
    scale = np.where(largest > limit**0.25, 2.0 ** np.floor(np.log2(np.maximum(largest, 1))), 1)
    if (scale == 1).all():
        return X, np.ones(1)
    divisor = scale.astype(X.dtype)
    if sp.issparse(X):
        return sp.csr_array((X.data / divisor[X.indices], X.indices, X.indptr), shape=X.shape), scale
    return X / divisor, scale
