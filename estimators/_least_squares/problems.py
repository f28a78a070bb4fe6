"""The objective of least squares, from statistics or from rows, and its minimum by linear algebra.

A problem is ``1/2 w'Hw - c'w + constant`` of the weighted mean row, for several targets at once. H has the L2
penalty on its diagonal; the L1 penalty is left to descent (``_descent.py``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import lapack
from scipy.sparse.linalg import LinearOperator, eigsh

EPS = float(np.finfo(float).eps)
COARSE = 1e-6  # a reciprocal condition of the scaled H below this: read the rows again, if they are there
FLAT = 1e-12  # what is added to the diagonal of a singular matrix, of its size
ROOM = 2**26  # numbers, half a gigabyte: the most that the columns of a face may take


@dataclass
class Quadratic:
    """The problem from statistics. With `has_bias`, the last weight is the bias: no penalty falls on it."""

    gram: np.ndarray  # (p, p), the penalty included
    pull: np.ndarray  # (p, q)
    half_square: np.ndarray  # (q,), the objective at zero
    has_bias: bool = False
    l2: float = 0.0
    factor: tuple[np.ndarray, np.ndarray] | None = None  # R and Q'y, where the Gram is too coarse
    exact: Callable[[], tuple[np.ndarray, np.ndarray]] | None = None  # the Gram and the pull, unrounded

    def times(self, w: np.ndarray) -> np.ndarray:
        """Return H times the weights (p, q)."""
        return self.gram @ w  # (p, p) @ (p, q)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return the gradient at the weights (p, q)."""
        return self.times(w) - self.pull

    def value(self, w: np.ndarray) -> np.ndarray:
        """Return the objective without the L1 penalty, (q,)."""
        return self.half_square + np.einsum("pq,pq->q", w, 0.5 * (self.gram @ w) - self.pull)

    def objective(self, w: np.ndarray, l1: float) -> float:
        """Return the whole objective, summed over the targets."""
        return float(self.value(w).sum()) + l1 * float(np.abs(w).sum())

    def scale(self) -> np.ndarray:
        """Return the curvature of each coordinate, (p, 1); 1 where there is none."""
        diagonal = self.gram.diagonal()
        return np.where(diagonal > 0, diagonal, 1.0)[:, np.newaxis]

    def target(self, k: int) -> "Quadratic":
        """Return the problem of one target."""
        factor = None if self.factor is None else (self.factor[0], self.factor[1][:, k : k + 1])
        columns = slice(k, k + 1)
        half_square, exact = self.half_square[columns], self.exact
        one = exact and (lambda: (exact()[0], exact()[1][:, columns]))
        return Quadratic(self.gram, self.pull[:, columns], half_square, self.has_bias, self.l2, factor, one)

    def minimum_on(self, active: np.ndarray, push: np.ndarray) -> np.ndarray:
        """Minimise over the active coordinates, `push` taken off the pull."""
        if self.factor is None:
            return self._solved_on(active, push)
        R, response = self.factor
        Q, T = np.linalg.qr(np.vstack([R[:, active], np.sqrt(self.l2) * np.eye(len(active))]))
        diagonal = np.abs(T.diagonal())
        if diagonal.min() <= len(T) * EPS * diagonal.max():
            return solve_positive(T.T @ T, self.pull[active] - push)
        return np.linalg.solve(T, Q[: len(R)].T @ response - np.linalg.solve(T.T, push))

    def _solved_on(self, active: np.ndarray, push: np.ndarray) -> np.ndarray:
        """Minimise by linear algebra; where the exact Gram is known, what it leaves of the pull as well."""
        part = np.ix_(active, active)
        w = solve_positive(self.gram[part], self.pull[active] - push)
        if self.exact:
            gram, pull = self.exact()
            left = pull[active] - push - gram[part] @ w
            w += solve_positive(self.gram[part], left.astype(np.float64))
        return w


class MatrixFree:
    """The problem from the rows themselves, for more columns than a Gram matrix has room for.

    O(nonzeros of X) for a gradient. With `has_bias`, the last weight is the bias; else the means are taken
    off.
    """

    def __init__(
        self,
        X: Any,
        y: np.ndarray,
        share: np.ndarray,
        x_mean: np.ndarray,
        l2: float,
        has_bias: bool = False,
    ) -> None:
        self.X, self.y, self.share, self.x_mean = X, y, share, x_mean
        self.l2, self.has_bias = l2, has_bias
        self.half_square = 0.5 * share @ y**2
        self.pull = self.backward(share[:, np.newaxis] * y)

    def times(self, w: np.ndarray) -> np.ndarray:
        """Return H times the weights (p, q)."""
        return self.backward(self.share[:, np.newaxis] * self.forward(w)) + self._penalty(w)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return the gradient at the weights (p, q)."""
        return self.backward(self.share[:, np.newaxis] * self._residual(w)) + self._penalty(w)

    def value(self, w: np.ndarray) -> np.ndarray:
        """Return the objective without the L1 penalty, (q,)."""
        return 0.5 * (self.share @ self._residual(w) ** 2 + np.einsum("pq,pq->q", w, self._penalty(w)))

    def objective(self, w: np.ndarray, l1: float) -> float:
        """Return the whole objective, summed over the targets."""
        weights = w[:-1] if self.has_bias else w
        return float(self.value(w).sum()) + l1 * float(np.abs(weights).sum())

    def scale(self) -> np.ndarray:
        """Return what the steps are scaled by, (p, 1): the same for all."""
        return np.ones((len(self.pull), 1))

    def target(self, k: int) -> "MatrixFree":
        """Return the problem of one target."""
        return MatrixFree(self.X, self.y[:, k : k + 1], self.share, self.x_mean, self.l2, self.has_bias)

    def minimum_on(self, active: np.ndarray, push: np.ndarray) -> np.ndarray | None:
        """Minimise over the active coordinates, `push` taken off the pull; None if they are too many."""
        if len(active) * max(self.X.shape[0], len(active)) > ROOM:
            return None
        columns = self.X[:, active]
        columns = columns.toarray() if hasattr(columns, "toarray") else columns
        columns = np.sqrt(self.share)[:, np.newaxis] * (columns - self.x_mean[active])
        gram = columns.T @ columns + self.l2 * np.eye(len(active))
        return solve_positive(gram, self.pull[active] - push)

    def forward(self, w: np.ndarray) -> np.ndarray:
        """Return X, its means taken off, times the weights: (n, q)."""
        w, bias = (w[:-1], w[-1]) if self.has_bias else (w, -(self.x_mean @ w))
        return self.X @ w + bias  # (n, d) @ (d, q)

    def _residual(self, w: np.ndarray) -> np.ndarray:
        return self.forward(w) - self.y

    def backward(self, r: np.ndarray) -> np.ndarray:
        """Return the transpose of X, its means taken off, times one number for each row: (p, q)."""
        back, total = self.X.T @ r, r.sum(axis=0)  # (d, n) @ (n, q)
        return np.vstack([back, total]) if self.has_bias else back - np.outer(self.x_mean, total)

    def _penalty(self, w: np.ndarray) -> np.ndarray:
        penalty = self.l2 * w
        if self.has_bias:
            penalty[-1] = 0
        return penalty


def solve(problem: Quadratic, condition: float = COARSE) -> np.ndarray | None:
    """Return the minimum without L1 penalty; None if the reciprocal condition of H, scaled, is less. O(p^3).

    Where the exact Gram is known, the gradient that it leaves is taken off: the error shrinks each time to
    some eps / `condition` of what it was.
    """
    scale = np.sqrt(problem.scale())
    H = problem.gram / (scale * scale.T)
    np.fill_diagonal(H, 1.0)  # a coordinate without curvature has no pull either, and stays 0
    norm = float(np.abs(H).sum(axis=0).max(initial=0.0))
    triangle, info = lapack.dpotrf(H, lower=1)
    if info or lapack.dpocon(triangle, norm, uplo="L")[0] < condition:
        return None
    w = lapack.dpotrs(triangle, problem.pull / scale, lower=1)[0] / scale
    if problem.exact:
        (gram, pull), exact = problem.exact(), w.astype(np.longdouble)
        for _ in range(4):
            left = ((pull - gram @ exact) / scale).astype(np.float64)
            exact = exact + lapack.dpotrs(triangle, left, lower=1)[0] / scale
        w = exact.astype(np.float64)
    return w


def solve_positive(gram: np.ndarray, pull: np.ndarray) -> np.ndarray:
    """Return ``gram^-1 pull``; where gram is singular, a long way down along what is flat in it. O(p^3)."""
    _, w, info = lapack.dposv(gram, pull)
    return lapack.dposv(gram + FLAT * np.diag(gram.diagonal()), pull)[1] if info else w


def whiten(xx: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return B and R with ``B'(X'X)B`` about 1 and ``R = B^-1``, and the scaled eigenvalues, largest last.

    Columns are scaled to equal length first, so that only the angles between them decide.
    Eigenvalues that rounding could have made are lifted to its level.
    """
    diagonal = xx.diagonal()
    scale = np.sqrt(np.where(diagonal > 0, diagonal, 1.0))
    values, vectors = np.linalg.eigh(xx / np.outer(scale, scale))
    root = np.sqrt(np.maximum(values, noise(values)))
    return vectors / root / scale[:, np.newaxis], (root * vectors).T * scale, values


def noise(values: np.ndarray) -> float:
    """Return the eigenvalue below which there may be nothing but rounding."""
    return float(4 * EPS * np.sqrt(len(values)) * max(values[-1], EPS))


def solve_factor(
    R: np.ndarray, response: np.ndarray, l2: float, relative: float, absolute: float
) -> np.ndarray:
    """Return the shortest ridge or least-squares solution from R (r, d) and Q'y (r, q).

    Directions in which R is below `relative` of its largest singular value, or `absolute`, are left out.
    """
    U, s, Vt = np.linalg.svd(R, full_matrices=False)
    kept = s > max(relative * s.max(initial=0.0), absolute)
    s, U, Vt = s[kept, np.newaxis], U[:, kept], Vt[kept]
    return Vt.T @ (s / (s**2 + l2) * (U.T @ response))


def largest_curvature(problem: Any, scale: np.ndarray | None = None, tol: float = 1e-4) -> float:
    """Return the largest eigenvalue of H, its coordinates divided by the roots of `scale` (p, 1)."""
    p = len(problem.pull)
    root = np.ones((p, 1)) if scale is None else np.sqrt(scale)

    def scaled(w: np.ndarray) -> np.ndarray:
        return (problem.times(w.reshape(-1, 1) / root) / root)[:, 0]

    if p < 32:  # too small for Lanczos
        return float(np.linalg.eigvalsh(np.column_stack([scaled(w) for w in np.eye(p)])).max())
    start = 1 + np.arange(p) / p  # not random: the same data give the same model
    if not scaled(start).any():
        return 0.0
    operator = LinearOperator((p, p), matvec=scaled, dtype=np.float64)
    return float(eigsh(operator, k=1, v0=start, tol=tol, return_eigenvectors=False)[0])
