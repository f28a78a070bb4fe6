"""The log loss of a linear model with its gradient, row block by row block, and a matrix near its Hessian."""

from collections.abc import Iterator
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack

BLOCK_BYTES = 2**19  # of X: both passes over a block find it in the second-level cache
FEWEST_ROWS, MOST_ROWS = 64, 4096
SPARSE_BLOCK = 2**22  # logits of a block of CSR rows, whose backward pass costs a matrix of X's width
WIDEST_GRAM = 1024  # features up to which the preconditioner is a matrix, not a diagonal
RIDGE = 1e-10  # on a matrix of unit diagonal, so that copies of a column can be factored


class LogLoss:
    """Weighted mean log loss plus ``l2 / 2 * ||W||^2``, a function of ``theta``.

    ``theta`` is (n_features + 1, n_outputs): the weights W, and the intercept below them, which stays as
    it is if `fit_intercept` is False. Two classes have one output, the log odds of the second.
    Called, it returns value and gradient in one pass over X.
    """

    def __init__(
        self, X: Any, codes: np.ndarray, weight: np.ndarray, n_classes: int, l2: Any, fit_intercept: bool
    ) -> None:
        self.X, self.codes, self.n_classes, self.l2, self.fit_intercept = (
            X,
            codes,
            n_classes,
            l2,
            fit_intercept,
        )
        self.n_outputs = 1 if n_classes == 2 else n_classes
        self.weight = (weight / weight.sum()).astype(X.dtype)
        if n_classes == 2:
            self.sign = np.where(codes == 1, -1, 1).astype(X.dtype)
            self.signed_weight = self.sign * self.weight
        self.blocks = list(row_blocks(X, self.n_outputs))

    def __call__(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        weights, residuals = (
            theta.astype(self.X.dtype, copy=False),
            self._binary if self.n_classes == 2 else self._softmax,
        )
        value, gradient = 0.0, np.zeros_like(theta)
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):  # the search looks at the value
            for rows, X in self.blocks:
                Z = logits(X, weights)
                value += float(residuals(Z, rows))
                gradient[:-1] += X.T @ Z.T  # (features, rows) @ (rows, outputs)
                gradient[-1] += Z.sum(axis=1)
            value += 0.5 * float(np.sum(self.l2 * (theta[:-1] ** 2)))
            gradient[:-1] += self.l2 * theta[:-1]
        if not self.fit_intercept:
            gradient[-1] = 0
        return value, gradient

    def _binary(self, Z: np.ndarray, rows: slice) -> float:
        """Turn the logits of a block, (1, rows), into weight * (p - y); return the weighted loss."""
        odds = Z[0]
        odds *= self.sign[rows]  # log odds of the wrong class
        value, limit = 0.0, 0.9 * np.log(np.finfo(Z.dtype).max)
        if odds.max() > limit:  # log(1 + exp(odds)) is odds there
            value = self.weight[rows] @ np.maximum(odds - limit, 0)
            np.minimum(odds, limit, out=odds)
        np.exp(odds, out=odds)
        value += self.weight[rows] @ np.log1p(odds)
        odds /= 1 + odds
        odds *= self.signed_weight[rows]
        return value

    def _softmax(self, Z: np.ndarray, rows: slice) -> float:
        """Turn the logits of a block, (classes, rows), into weight * (p - y); return the weighted loss."""
        own = self.codes[rows], np.arange(Z.shape[1])
        weight = self.weight[rows]
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
        """Return weight * p * (1 - p) of every row, (n_samples,): the mean over the classes.

        At theta = 0 the Hessian of the loss is ``X' diag(curvature) X`` for every class, on what sums
        to zero over the classes (Boehning 1992, eq. 2.6 with p = 1 / n_classes).
        """
        Z = logits(self.X, theta.astype(self.X.dtype, copy=False)).astype(np.float64)
        P = np.exp(Z - np.logaddexp(0, Z)) if self.n_classes == 2 else softmax(Z)
        spread = (P * (1 - P)).sum(axis=0)
        return self.weight * (spread if self.n_classes == 2 else spread / (self.n_classes - 1))

    def separates(self, theta: np.ndarray) -> bool:
        """Tell whether every row of positive weight is on the right side: longer weights are then better."""
        Z, rows = logits(self.X, theta.astype(self.X.dtype, copy=False)), np.arange(len(self.codes))
        if self.n_classes == 2:
            margin = -self.sign * Z[0]
        else:
            own = Z[self.codes, rows]
            Z[self.codes, rows] = -np.inf
            margin = own - Z.max(axis=0)
        return bool((margin[self.weight > 0] > 0).all())

    def safe_rate(self) -> float:
        """Return 1 / L for a bound L of the Hessian: a step of that length never goes up.

        The Hessian of one row's loss is at most a quarter (two classes) or half (Boehning 1992) of x x'.
        """
        with np.errstate(over="ignore"):
            if sp.issparse(self.X):
                squares = np.asarray(self.X.multiply(self.X).sum(axis=1)).ravel()
            else:
                squares = np.einsum("ij,ij->i", self.X, self.X)
            length = float(self.weight @ (squares + float(self.fit_intercept)))
        return 1 / ((0.25 if self.n_classes == 2 else 0.5) * length + float(np.max(self.l2)))


def row_blocks(X: Any, n_outputs: int) -> Iterator[tuple[slice, Any]]:
    """Cut X into blocks of rows that share its memory."""
    n_samples, n_features = X.shape
    if sp.issparse(X):
        size = max(SPARSE_BLOCK // n_outputs, 4 * n_features)
    else:
        size = min(max(BLOCK_BYTES // (X.itemsize * n_features), FEWEST_ROWS), MOST_ROWS)
    for start in range(0, n_samples, size):
        rows = slice(start, min(start + size, n_samples))
        yield rows, X if size >= n_samples else X[rows]


def logits(X: Any, theta: np.ndarray) -> np.ndarray:
    """Return the decision values of the rows of X, (outputs, rows), in C order: sums over classes are sums of rows."""
    if sp.issparse(X):
        Z = np.ascontiguousarray((X @ theta[:-1]).T)
    else:
        Z = theta[:-1].T @ X.T  # (outputs, features) @ (features, rows)
    Z += theta[-1][:, np.newaxis]
    return Z


def softmax(Z: np.ndarray) -> np.ndarray:
    """Return the probabilities of logits (classes, rows)."""
    P = np.exp(Z - Z.max(axis=0))
    P /= P.sum(axis=0)
    return P


class Preconditioner:
    """Solve ``H x = gradient`` for a matrix H near the Hessian of `loss` at `theta`, the same for all outputs.

    H is ``[X 1]' D [X 1] + l2 I`` with the rows' curvatures D. The intercept is eliminated, which centres X: what is left is a
    matrix of the features, inverted once through its Cholesky factor, or only the diagonal of that if `diagonal` or X is wider than
    1,024 columns. O(rows * n_features^2), or O(nonzeros) with a diagonal; a call, O(n_features^2 * n_outputs).
    """

    def __init__(self, loss: LogLoss, theta: np.ndarray, diagonal: bool = False) -> None:
        X, curvature = loss.X, loss.curvature(theta).astype(np.float64)
        self.total = max(float(curvature.sum()), np.finfo(float).tiny)
        self.intercept = loss.fit_intercept
        self.mean = (X.T @ curvature) / self.total if self.intercept else np.zeros(X.shape[1])
        self.diagonal = diagonal or X.shape[1] > WIDEST_GRAM
        invert = self._invert_diagonal if self.diagonal else self._invert_matrix
        self.inverse = invert(X, curvature, loss.l2)

    def __call__(self, gradient: np.ndarray) -> np.ndarray:
        step = np.zeros_like(gradient)
        centred = gradient[:-1] - self.mean[:, np.newaxis] * gradient[-1]
        step[:-1] = self.inverse * centred if self.diagonal else self.inverse @ centred
        if self.intercept:
            step[-1] = gradient[-1] / self.total - self.mean @ step[:-1]
        return step

    def inner(self, one: np.ndarray, other: np.ndarray) -> float:
        """Return ``one' H other`` for a diagonal H."""
        free = (one[-1] + self.mean @ one[:-1]) * (other[-1] + self.mean @ other[:-1])
        return float(np.sum(one[:-1] * other[:-1] / self.inverse) + self.total * np.sum(free))

    def proximal(self, theta: np.ndarray, gradient: np.ndarray, lipschitz: float, l1: Any) -> np.ndarray:
        """Return the minimum of ``gradient' x + lipschitz / 2 * x' H x + ||l1 * (W + x)||_1``, as theta + x."""
        onward, centred = theta.copy(), gradient[:-1] - self.mean[:, np.newaxis] * gradient[-1]
        length = self.inverse / lipschitz
        W = theta[:-1] - length * centred
        onward[:-1] = np.sign(W) * np.maximum(np.abs(W) - length * l1, 0)
        if self.intercept:
            onward[-1] -= gradient[-1] / (lipschitz * self.total) + self.mean @ (onward[:-1] - theta[:-1])
        return onward

    def _invert_diagonal(self, X: Any, curvature: np.ndarray, l2: Any) -> np.ndarray:
        if sp.issparse(X):
            spread = X.multiply(X).T @ curvature
        else:
            spread = np.einsum("i,ij,ij->j", curvature, X, X)
        spread = np.maximum(spread - self.total * self.mean**2, 0)
        return 1 / fill(spread + np.ravel(l2))[:, np.newaxis]

    def _invert_matrix(self, X: Any, curvature: np.ndarray, l2: Any) -> np.ndarray:
        if sp.issparse(X):
            root = sp.csr_array(X.multiply(np.sqrt(curvature)[:, np.newaxis]))
            gram = (root.T @ root).toarray() - self.total * np.outer(self.mean, self.mean)
        else:
            root = (X - self.mean) * np.sqrt(curvature)[:, np.newaxis]
            gram = root.T @ root
        diagonal = np.einsum("jj->j", gram)
        np.maximum(diagonal, 0, out=diagonal)
        diagonal += np.ravel(l2)
        scale = 1 / np.sqrt(fill(diagonal))
        gram *= scale * scale[:, np.newaxis]
        diagonal[:] = 1 + RIDGE
        factor, failed = lapack.dpotrf(gram, lower=1)
        if failed:  # a Gram of sparse columns far from zero, or of hardly any rows
            return np.diag(scale**2)
        lower = np.tril(lapack.dpotri(factor, lower=1)[0])
        lower *= scale * scale[:, np.newaxis]
        return lower + np.tril(lower, -1).T


def fill(diagonal: np.ndarray) -> np.ndarray:
    """Give features that do not vary in these rows the mean curvature of the others."""
    empty = diagonal <= 0
    if not empty.any():
        return diagonal
    return np.where(empty, 1.0 if empty.all() else diagonal[~empty].mean(), diagonal)


def tame(X: Any) -> tuple[Any, np.ndarray]:
    """Return X with huge columns divided by a power of two, so that squares do not overflow, and the divisors."""
    values, one = X.data if sp.issparse(X) else X.ravel(), np.ones(1)
    limit = float(np.finfo(X.dtype).max)
    with np.errstate(over="ignore"):
        if np.vdot(values, values) < limit**0.5:
            return X, one
    largest = np.abs(X).max(axis=0)
    largest = np.asarray(largest.todense() if sp.issparse(largest) else largest, dtype=np.float64).ravel()
    scale = np.where(largest > limit**0.25, 2.0 ** np.floor(np.log2(np.maximum(largest, 1))), 1.0)
    if (scale == 1).all():
        return X, one
    if sp.issparse(X):
        return sp.csr_array(
            (X.data / scale[X.indices].astype(X.dtype), X.indices, X.indptr), shape=X.shape
        ), scale
    return X / scale.astype(X.dtype), scale
