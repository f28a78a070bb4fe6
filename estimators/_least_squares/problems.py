"""The objective of least squares, from statistics or from rows.

A problem is ``1/2 w'Hw - c'w + constant``, averaged over the rows, for several targets at once. The diagonal
of H includes the L2 penalty. The L1 penalty is handled by the search (`descent.py`).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack
from scipy.sparse.linalg import LinearOperator, eigsh

from estimators._least_squares.rows import EPS, Matrix

MIN_RCOND = 1e-6  # smallest reciprocal condition of the scaled H at which doubles suffice
RELATIVE_JITTER = 1e-12  # added to the diagonal of a singular matrix, relative to the diagonal


class Problem(Protocol):
    """Interface of the objective for the searches."""

    has_bias: bool  # whether the last weight is the bias, which has no penalty

    @property
    def linear_term(self) -> np.ndarray:
        """The vectors c, of shape (p, q)."""
        ...

    def times(self, w: np.ndarray) -> np.ndarray:
        """Return H times the weights (p, q)."""
        ...

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return the gradient at the weights (p, q)."""
        ...

    def objective(self, w: np.ndarray, l1: float) -> float:
        """Return the objective with the L1 penalty, summed over the targets."""
        ...


@dataclass
class Quadratic:
    """The objective computed from statistics."""

    gram: np.ndarray  # H, (p, p)
    linear_term: np.ndarray  # (p, q)
    half_square: np.ndarray  # (q,), the objective at zero
    has_bias: bool = False
    l2: float = 0.0
    factor: tuple[np.ndarray, np.ndarray] | None = None  # R and Q'y, if H is not exact enough

    def times(self, w: np.ndarray) -> np.ndarray:
        """Return H times the weights (p, q)."""
        return self.gram @ w  # (p, p) @ (p, q)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return the gradient at the weights (p, q)."""
        return self.times(w) - self.linear_term

    def value(self, w: np.ndarray) -> np.ndarray:
        """Return the objective of each target without the L1 penalty, as an array of shape (q,)."""
        return self.half_square + np.einsum("pq,pq->q", w, 0.5 * (self.gram @ w) - self.linear_term)

    def objective(self, w: np.ndarray, l1: float) -> float:
        """Return the objective with the L1 penalty, summed over the targets."""
        return float(self.value(w).sum()) + l1 * float(np.abs(w).sum())

    @cached_property
    def curvature(self) -> float:
        """The largest eigenvalue of H after dividing the coordinates by the square roots of their scale."""
        return largest_curvature(self, self.scale())

    def scale(self) -> np.ndarray:
        """Return the curvature of each coordinate, or 1 where it is zero, as an array of shape (p, 1)."""
        diagonal = self.gram.diagonal()
        return np.where(diagonal > 0, diagonal, 1.0)[:, np.newaxis]

    def target(self, k: int) -> "Quadratic":
        """Return the problem for target `k` only."""
        columns = slice(k, k + 1)
        factor = self.factor and (self.factor[0], self.factor[1][:, columns])
        linear_term, half_square = self.linear_term[:, columns], self.half_square[columns]
        return Quadratic(self.gram, linear_term, half_square, self.has_bias, self.l2, factor)

    def minimise_on(self, active: np.ndarray, l1_gradient: np.ndarray) -> np.ndarray:
        """Minimise over the active coordinates, given their part of the L1 gradient."""
        linear_term = self.linear_term[active] - l1_gradient
        if self.factor is None:
            return solve_positive(self.gram[np.ix_(active, active)], linear_term)
        R, response = self.factor
        Q, T = np.linalg.qr(np.vstack([R[:, active], np.sqrt(self.l2) * np.eye(len(active))]))
        diagonal = np.abs(T.diagonal())
        if diagonal.min() <= len(T) * EPS * diagonal.max():
            return solve_positive(T.T @ T, linear_term)
        return np.linalg.solve(T, Q[: len(R)].T @ response - np.linalg.solve(T.T, l1_gradient))


class MatrixFree:
    """The objective computed from the rows, for use when X'X would be larger than the rows.

    A gradient takes O(nonzeros of X) time. If `has_bias` is True, the last weight is the bias. Otherwise,
    `x_mean` (d,) is subtracted from the rows. `share` (n,) contains the weights of the rows, divided by their
    sum.
    """

    def __init__(
        self,
        X: Matrix,
        y: np.ndarray,
        share: np.ndarray,
        x_mean: np.ndarray,
        l2: float,
        has_bias: bool = False,
    ) -> None:
        self.X, self.y, self.share, self.x_mean = X, y, share, x_mean
        self._transposed = X.T
        self.l2, self.has_bias = l2, has_bias
        self.half_square = float((share @ y**2).sum()) / 2  # the objective at zero

    @cached_property
    def linear_term(self) -> np.ndarray:
        """The vectors c, of shape (p, q)."""
        return self.backward(self.share[:, np.newaxis] * self.y)

    def times(self, w: np.ndarray) -> np.ndarray:
        """Return H times the weights (p, q)."""
        back = self.backward(self.share[:, np.newaxis] * self.forward(w))
        return back + self._penalty(w) if self.l2 else back

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return the gradient at the weights (p, q)."""
        return self.backward(self.share[:, np.newaxis] * (self.forward(w) - self.y)) + self._penalty(w)

    def value(self, w: np.ndarray) -> np.ndarray:
        """Return the objective of each target without the L1 penalty, as an array of shape (q,)."""
        squares = self.share @ (self.forward(w) - self.y) ** 2
        return 0.5 * (squares + np.einsum("pq,pq->q", w, self._penalty(w)))

    def objective(self, w: np.ndarray, l1: float) -> float:
        """Return the objective with the L1 penalty, summed over the targets."""
        weights = w[:-1] if self.has_bias else w
        return float(self.value(w).sum()) + l1 * float(np.abs(weights).sum())

    def forward(self, w: np.ndarray) -> np.ndarray:
        """Return the product of the centred X and the weights, as an array of shape (n, q)."""
        w, bias = (w[:-1], w[-1]) if self.has_bias else (w, -(self.x_mean @ w))
        return _product(self.X, w) + bias  # (n, d) @ (d, q)

    def backward(self, r: np.ndarray) -> np.ndarray:
        """Return the transpose of the centred X times r (n, q), as an array of shape (p, q)."""
        back, total = _product(self._transposed, r), r.sum(axis=0)  # (d, n) @ (n, q)
        return np.vstack([back, total]) if self.has_bias else back - np.outer(self.x_mean, total)

    def column_squares(self) -> np.ndarray:
        """Return the mean square of each centred column, as an array of shape (d,)."""
        X = self.X
        if sp.issparse(X):
            squares = sp.csr_array((X.data**2, X.indices, X.indptr), X.shape)
            return np.maximum(self.share @ squares - self.x_mean**2, 0.0)
        return np.einsum("nd,nd,n->d", X, X, self.share)

    def _penalty(self, w: np.ndarray) -> np.ndarray:
        penalty = self.l2 * w
        if self.has_bias:
            penalty[-1] = 0
        return penalty


def _product(X: Matrix, columns: np.ndarray) -> np.ndarray:
    """Return X times the columns. If X is sparse, multiply one column at a time, which is faster in SciPy."""
    if not sp.issparse(X):
        return X @ columns
    if columns.shape[1] == 1:
        return (X @ columns[:, 0])[:, np.newaxis]
    return np.column_stack([X @ column for column in columns.T])


def minimise(problem: Quadratic) -> np.ndarray | None:
    """Return the minimum without an L1 penalty, or None if the scaled Hessian is too ill-conditioned."""
    scale = np.sqrt(problem.scale())
    H = problem.gram / scale
    H /= scale.T
    np.fill_diagonal(H, 1.0)  # a coordinate with zero curvature also has a zero linear term, and stays 0
    norm = lapack.dlange("1", H.T)
    triangle, info = lapack.dpotrf(H.T, lower=1, overwrite_a=1, clean=0)
    if info or lapack.dpocon(triangle, norm, uplo="L")[0] < MIN_RCOND:
        return None
    return lapack.dpotrs(triangle, problem.linear_term / scale, lower=1)[0] / scale


def largest_curvature(problem: Problem, scale: np.ndarray | None = None, tol: float = 1e-4) -> float:
    """Return the largest eigenvalue of H after dividing coordinates by the square roots of `scale` (p, 1)."""
    p = len(problem.linear_term)
    root = np.ones((p, 1)) if scale is None else np.sqrt(scale)

    def scaled(w: np.ndarray) -> np.ndarray:
        return (problem.times(w.reshape(-1, 1) / root) / root)[:, 0]

    if p < 32:  # too small for Lanczos
        return float(np.linalg.eigvalsh(np.column_stack([scaled(w) for w in np.eye(p)])).max())
    start = 1 + np.arange(p) / p  # not random, so that the same data give the same model
    if not scaled(start).any():
        return 0.0
    operator = LinearOperator((p, p), matvec=scaled, dtype=np.float64)
    return float(eigsh(operator, k=1, v0=start, tol=tol, return_eigenvectors=False)[0])


def solve_positive(gram: np.ndarray, linear_term: np.ndarray) -> np.ndarray:
    """Return ``gram^-1 linear_term``, in O(p^3) time.

    A small number is added to the diagonal if gram is singular.
    """
    _, w, info = lapack.dposv(gram, linear_term)
    return lapack.dposv(gram + RELATIVE_JITTER * np.diag(gram.diagonal()), linear_term)[1] if info else w


def whiten(xx: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return B and R with ``B'(X'X)B`` close to 1 and ``X B R = X``, and the scaled eigenvalues, ascending.

    Columns are first scaled to unit length, so that only the angles between them matter. Eigenvalues below
    the level of rounding errors are raised to it. A column of zeros stays zero in R: it cannot be scaled, and
    its rounding errors could exceed small columns.
    """
    diagonal = xx.diagonal()
    length = np.sqrt(diagonal.clip(0))
    scale = np.where(length > 0, length, 1.0)
    values, vectors = np.linalg.eigh(xx / np.outer(scale, scale))
    root = np.sqrt(np.maximum(values, noise_level(values)))
    return vectors / root / scale[:, np.newaxis], (root * vectors).T * length, values


def refactor(
    gram: np.ndarray, response: np.ndarray, back: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return R, Q'y and the eigenvalues, given B'(X'X)B and B'X'y in the coordinates of :func:`whiten`.

    In these coordinates, rounding does not hide the directions in which X is small. This is the second pass
    of Cholesky QR (Yamamoto et al., 2015), with eigenvectors instead of a Cholesky factor, so that X may be
    rank-deficient.
    """
    values, vectors = np.linalg.eigh(gram)
    root = np.sqrt(np.maximum(values, 0.0))[:, np.newaxis]
    kept = root > np.sqrt(len(root) * EPS) * root.max(initial=0.0)
    response = np.where(kept, vectors.T @ response, 0.0) / np.where(kept, root, 1.0)
    return (root * vectors.T) @ back, response, values  # (d, d) @ (d, d)


def noise_level(values: np.ndarray) -> float:
    """Return the threshold below which eigenvalues may be rounding errors. `values` must be ascending."""
    return float(4 * EPS * np.sqrt(len(values)) * max(values[-1], EPS))


def shortest_solution(
    R: np.ndarray, response: np.ndarray, l2: float, relative: float, absolute: float
) -> np.ndarray:
    """Return the ridge or least-squares solution with the smallest norm, from R (r, d) and Q'y (r, q).

    Directions with a singular value below `absolute`, or below `relative` times the largest one, are ignored.
    """
    U, s, Vt = np.linalg.svd(R, full_matrices=False)
    kept = s > max(relative * s.max(initial=0.0), absolute)
    s, U, Vt = s[kept, np.newaxis], U[:, kept], Vt[kept]
    return Vt.T @ (s / (s**2 + l2) * (U.T @ response))
