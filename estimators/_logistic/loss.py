"""The log loss of a linear model and its gradient, computed one block of rows at a time."""

from typing import Self

import numpy as np
import scipy.sparse as sp
from scipy.special import expit

from estimators._common.matrices import Matrix

MAX_BLOCK_BYTES = 2**20  # for dense X, so that the block is still in the cache in the backward pass
# passes for one output are short, so the overhead of each block matters
MAX_BLOCK_BYTES_OF_ONE_OUTPUT = 2**23
MIN_BLOCK_ROWS, MAX_BLOCK_ROWS = 64, 4096  # rows per block of dense X
# for CSR rows, because the backward pass of each block returns a full matrix of weights
MAX_BLOCK_LOGITS = 2**22


class LogLoss:
    """Weighted mean log loss plus ``l2 / 2 * ||W||^2`` as a function of ``theta``, with its gradient.

    ``theta`` has shape (n_features + 1, n_outputs): the weights W and, in the last row, the intercepts. Their
    gradient is 0 if `fit_intercept` is False. Two classes share one output, the log odds of the second class.
    """

    def __init__(
        self,
        X: Matrix,
        codes: np.ndarray,
        weight: np.ndarray,
        n_classes: int,
        l2: float | np.ndarray,
        fit_intercept: bool,
    ) -> None:
        self.X, self.codes, self.n_classes, self.l2 = X, codes, n_classes, l2
        self.fit_intercept, self.n_outputs = fit_intercept, 1 if n_classes == 2 else n_classes
        self.weight = (weight / weight.sum()).astype(X.dtype, copy=False)
        if n_classes == 2:
            self.sign = np.where(codes == 1, -1, 1).astype(X.dtype)
            self.signed_weight = self.sign * self.weight
        self.blocks = row_blocks(X, self.n_outputs)

    def __call__(self, theta: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the value and the gradient, from one pass over X in O(nonzeros of X * n_outputs) time."""
        residuals = self._binary_residuals if self.n_classes == 2 else self._softmax_residuals
        value, gradient = 0.0, np.zeros_like(theta)
        with np.errstate(over="ignore", invalid="ignore"):  # the searches check the value
            for rows in self.blocks:
                X = self.X if len(self.blocks) == 1 else self.X[rows]  # slicing CSR rows copies them
                Z = logits(X, theta)
                value += float(residuals(Z, rows))
                gradient[:-1] += X.T @ Z.T  # (features, rows) @ (rows, outputs)
                gradient[-1] += Z.sum(axis=1)
            value += 0.5 * float(np.sum(self.l2 * theta[:-1] ** 2))
            gradient[:-1] += self.l2 * theta[:-1]
        gradient[-1] *= self.fit_intercept
        return value, gradient

    def _binary_residuals(self, Z: np.ndarray, rows: slice) -> float:
        """Replace the logits Z (1, rows) of a block by weight * (p - y). Return the weighted loss."""
        odds, value, limit = Z[0], 0.0, 0.9 * np.log(np.finfo(Z.dtype).max)
        odds *= self.sign[rows]  # log odds of the wrong class
        if odds.max() > limit:  # for larger odds, log(1 + exp(odds)) equals odds
            value = self.weight[rows] @ np.maximum(odds - limit, 0)
            np.minimum(odds, limit, out=odds)
        np.exp(odds, out=odds)
        value += self.weight[rows] @ np.log1p(odds)
        odds /= 1 + odds
        odds *= self.signed_weight[rows]
        return value

    def _softmax_residuals(self, Z: np.ndarray, rows: slice) -> float:
        """Replace the logits Z (classes, rows) of a block by weight * (p - y). Return the weighted loss."""
        own, weight = (self.codes[rows], np.arange(Z.shape[1])), self.weight[rows]
        Z -= Z.max(axis=0)
        own_logits = Z[own]
        np.exp(Z, out=Z)
        total = Z.sum(axis=0)
        Z *= weight / total
        Z[own] -= weight
        return weight @ (np.log(total) - own_logits)

    def take(self, rows: slice) -> Self:
        """Return the loss on some of the rows."""
        parts = self.X[rows], self.codes[rows], self.weight[rows].astype(np.float64)
        return type(self)(*parts, self.n_classes, self.l2, self.fit_intercept)

    def with_features(self, X: np.ndarray) -> Self:
        """Return the loss on the same rows with different features."""
        return type(self)(
            X, self.codes, self.weight.astype(np.float64), self.n_classes, self.l2, self.fit_intercept
        )

    def probabilities(self, theta: np.ndarray) -> np.ndarray:
        """Return the probability of each output, as a float64 array of shape (n_outputs, n_samples)."""
        Z = logits(self.X, theta).astype(np.float64, copy=False)
        if self.n_classes == 2:
            return expit(Z, out=Z)
        Z -= Z.max(axis=0)
        np.exp(Z, out=Z)
        Z /= Z.sum(axis=0)
        return Z

    def residuals(self, theta: np.ndarray) -> np.ndarray:
        """Return the weight of each row times (p - y), as a float64 array of shape (n_outputs, n_samples)."""
        P = self.probabilities(theta)
        if self.n_classes == 2:
            P[0] -= self.codes
        else:
            P[self.codes, np.arange(len(self.codes))] -= 1
        P *= self.weight
        return P

    def curvature(self, theta: np.ndarray) -> np.ndarray:
        """Return the weight of each row times the mean of p (1 - p) over the classes, as float64.

        It is scaled so that at theta = 0, ``X' diag(curvature) X`` is the Hessian of each class, restricted
        to directions that sum to zero over the classes.
        """
        P = self.probabilities(theta)
        return self.weight * np.einsum("kn,kn->n", P, 1 - P) / max(self.n_outputs - 1, 1)

    def curvature_along(self, theta: np.ndarray, step: np.ndarray) -> float:
        """Return ``step' H step`` for the Hessian H at theta."""
        P, S = self.probabilities(theta), logits(self.X, step).astype(np.float64, copy=False)
        if self.n_classes == 2:
            variances = (P * (1 - P) * S**2)[0]
        else:
            variances = np.sum(P * (S - np.sum(P * S, axis=0)) ** 2, axis=0)
        return float(self.weight @ variances) + float(np.sum(self.l2 * step[:-1] ** 2))

    def separates(self, theta: np.ndarray) -> bool:
        """Return True if theta classifies all rows with positive weights correctly.

        If so, the unpenalised loss has no minimum: scaling up the weights always lowers it.
        """
        Z, own = logits(self.X, theta), (self.codes, np.arange(len(self.codes)))
        if self.n_classes == 2:
            margin = -self.sign * Z[0]
        else:
            own_logits = Z[own]
            Z[own] = -np.inf
            margin = own_logits - Z.max(axis=0)
        return bool((margin[self.weight > 0] > 0).all())

    def safe_learning_rate(self) -> float:
        """Return 1 / L for an upper bound L on the Hessian, so that a step never increases the loss.

        The Hessian of the loss of a row x is at most x x' / 4 for two classes and x x' / 2 for more (Boehning
        1992). If L is 0, so is the gradient. Raise an error if the squares of X overflow or underflow.
        """
        with np.errstate(over="ignore"):
            mean = float(self.weight @ row_squares(self.X)) + float(self.fit_intercept)
        bound = mean / (4 if self.n_classes == 2 else 2) + float(np.max(self.l2))
        if np.isinf(bound) or (bound == 0 and abs(self.X).max() > 0):
            raise ValueError(
                f"The squares of X {'underflow' if bound == 0 else 'overflow'} in {self.X.dtype}. Scale the "
                "features, for example with StandardScaler."
            )
        return 1 / bound if bound else 0.0


def row_squares(X: Matrix) -> np.ndarray:
    """Return the squared length of each row."""
    return np.einsum("ij,ij->i", X, X) if isinstance(X, np.ndarray) else np.ravel(X.multiply(X).sum(axis=1))


def row_blocks(X: Matrix, n_outputs: int) -> list[slice]:
    """Divide the rows of X into blocks."""
    n_samples, n_features = X.shape
    if sp.issparse(X):
        size = max(MAX_BLOCK_LOGITS // n_outputs, 4 * n_features)
    else:
        limit = MAX_BLOCK_BYTES_OF_ONE_OUTPUT if n_outputs == 1 else MAX_BLOCK_BYTES
        size = min(max(limit // (X.itemsize * n_features), MIN_BLOCK_ROWS), MAX_BLOCK_ROWS)
    return [slice(start, min(start + size, n_samples)) for start in range(0, n_samples, size)]


def logits(X: Matrix, theta: np.ndarray) -> np.ndarray:
    """Return the decision values of the rows of X as a C-contiguous array of shape (outputs, rows)."""
    theta = theta.astype(X.dtype, copy=False)
    if not theta[:-1].any():
        return np.repeat(theta[-1][:, np.newaxis], X.shape[0], axis=1)
    # (outputs, features) @ (features, rows); CSR multiplies from the left only
    Z = np.ascontiguousarray((X @ theta[:-1]).T) if sp.issparse(X) else theta[:-1].T @ X.T
    Z += theta[-1][:, np.newaxis]
    return Z
