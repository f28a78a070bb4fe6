"""Gradient descent on least squares: the literal loop, its closed form, and the ways to its end.

Every function works on a problem: the objective ``1/2 w'Hw - c'w + constant`` of the weighted mean row, for
several targets at once, either from the statistics of the rows (:class:`Quadratic`) or from the rows
themselves (:class:`MatrixFree`). H has the L2 penalty on its diagonal; the L1 penalty is a proximal step.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import lapack
from scipy.sparse.linalg import LinearOperator, eigsh, lsmr

EPS = float(np.finfo(float).eps)
COARSE = 1e-6  # a reciprocal condition of the scaled H below this: read the rows again, if they are there
ROOM = 2**26  # numbers, half a gigabyte: the most that the columns of a face may take
STEADY = 4  # proximal steps with the same signs before the face is tried


@dataclass
class Quadratic:
    """The problem from statistics. With `has_bias`, the last weight is the bias: no penalty falls on it."""

    gram: np.ndarray  # (p, p), the penalty included
    pull: np.ndarray  # (p, q)
    half_square: np.ndarray  # (q,), the objective at zero
    has_bias: bool = False
    factor: tuple[np.ndarray, np.ndarray] | None = (
        None  # (R, Q'y) where the Gram is too coarse; R'R + penalty = H
    )
    l2: float = 0.0

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
        return Quadratic(
            self.gram, self.pull[:, columns], self.half_square[columns], self.has_bias, factor, self.l2
        )

    def minimum_on(self, active: np.ndarray, push: np.ndarray) -> np.ndarray | None:
        """Minimise over the active coordinates, `push` taken off the pull; None if H is singular there."""
        if self.factor is None:
            _, w, info = lapack.dposv(self.gram[np.ix_(active, active)], self.pull[active] - push)
            return None if info else w
        R = np.vstack([self.factor[0][:, active], np.sqrt(self.l2) * np.eye(len(active))])
        Q, T = np.linalg.qr(R)
        diagonal = np.abs(T.diagonal())
        if diagonal.min() <= len(R) * EPS * diagonal.max():
            return None
        response = Q[: len(self.factor[0])].T @ self.factor[1]
        return np.linalg.solve(T, response - np.linalg.solve(T.T, push))


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
        self.pull = self._backward(share[:, np.newaxis] * y)

    def times(self, w: np.ndarray) -> np.ndarray:
        """Return H times the weights (p, q)."""
        return self._backward(self.share[:, np.newaxis] * self._forward(w)) + self._penalty(w)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return the gradient at the weights (p, q)."""
        return self._backward(self.share[:, np.newaxis] * self._residual(w)) + self._penalty(w)

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
        n = self.X.shape[0]
        if len(active) * max(n, len(active)) > ROOM or (not self.l2 and len(active) > n):
            return None
        columns = self.X[:, active]
        columns = columns.toarray() if hasattr(columns, "toarray") else columns
        columns = np.sqrt(self.share)[:, np.newaxis] * (columns - self.x_mean[active])
        gram = columns.T @ columns + self.l2 * np.eye(len(active))
        _, w, info = lapack.dposv(gram, self.pull[active] - push)
        return None if info else w

    def solve(self, tol: float, max_iter: int) -> tuple[np.ndarray, int, bool]:
        """Return the weights of least length at the minimum, by LSMR (Fong and Saunders, 2011)."""
        root = np.sqrt(self.share)[:, np.newaxis]
        d = self.X.shape[1]
        design = LinearOperator(
            (len(root), d),
            matvec=lambda w: (root * self._forward(w.reshape(-1, 1)))[:, 0],
            rmatvec=lambda r: self._backward(root * r.reshape(-1, 1))[:, 0],
            dtype=np.float64,
        )
        runs = [
            lsmr(
                design, root[:, 0] * column, np.sqrt(self.l2), atol=tol, btol=tol, conlim=0, maxiter=max_iter
            )
            for column in self.y.T
        ]
        w = np.column_stack([run[0] for run in runs])
        return w, max(run[2] for run in runs), all(run[1] != 7 for run in runs)

    def _forward(self, w: np.ndarray) -> np.ndarray:
        w, bias = (w[:-1], w[-1]) if self.has_bias else (w, -(self.x_mean @ w))
        return self.X @ w + bias  # (n, d) @ (d, q)

    def _residual(self, w: np.ndarray) -> np.ndarray:
        return self._forward(w) - self.y

    def _backward(self, r: np.ndarray) -> np.ndarray:
        back, total = self.X.T @ r, r.sum(axis=0)  # (d, n) @ (n, q)
        return np.vstack([back, total]) if self.has_bias else back - np.outer(self.x_mean, total)

    def _penalty(self, w: np.ndarray) -> np.ndarray:
        penalty = self.l2 * w
        if self.has_bias:
            penalty[-1] = 0
        return penalty


def literal_descent(problem: Any, learning_rate: float, l1: float = 0.0) -> Iterator[np.ndarray]:
    """Yield the iterates of textbook gradient descent from zero on the mean squared error, without end.

    The mean squared error is twice the objective, so the step is ``w -= learning_rate * 2 * gradient``;
    with an L1 penalty the weights, not the bias, are then drawn towards zero (ISTA).
    """
    w = np.zeros_like(problem.pull)
    while True:
        w = w - learning_rate * 2 * problem.gradient(w)
        if l1:
            weights = slice(0, -1 if problem.has_bias else None)
            w[weights] = soft_threshold(w[weights], learning_rate * 2 * l1)
        yield w


def soft_threshold(w: np.ndarray, threshold: Any) -> np.ndarray:
    """Move each weight towards zero by `threshold`, and not beyond."""
    return np.sign(w) * np.maximum(np.abs(w) - threshold, 0.0)


class ClosedForm:
    """Every iterate of :func:`literal_descent` on a :class:`Quadratic` without L1 penalty, without the loop.

    With the eigenvectors V and eigenvalues s of H, iterate k from zero is
    ``V @ ((1 - (1 - 2 * learning_rate * s)**k) / s * (V.T @ c))``. O(p^3) once, then O(p^2) an iterate.
    """

    def __init__(self, problem: Quadratic) -> None:
        self.problem = problem
        values, self.vectors = np.linalg.eigh(problem.gram)
        self.values = np.maximum(values, 0.0)[:, np.newaxis]  # (p, 1)
        self.pull = self.vectors.T @ problem.pull  # (p, p) @ (p, q)

    def weights(self, learning_rate: float, k: int) -> np.ndarray:
        """Return iterate k, (p, q)."""
        return self.vectors @ (self._reach(learning_rate, k) * self.pull)

    def excess(self, learning_rate: float, iterations: np.ndarray) -> np.ndarray:
        """Return how far above its minimum the objective is after each iteration, summed over the targets."""
        steep = self.values[:, 0] > EPS * self.values.max()
        values = self.values[steep, 0]
        height = 0.5 * np.sum(self.pull[steep] ** 2, axis=1) / values
        left = np.abs(1 - 2 * learning_rate * values)
        parts = np.array_split(iterations, 1 + len(iterations) // 4096)
        return np.concatenate([left ** (2.0 * part[:, np.newaxis]) @ height for part in parts])

    def gradient_left(self, learning_rate: float, k: int) -> float:
        """Return the length of the gradient at iterate k over its length at zero."""
        start = float(np.linalg.norm(self.pull))
        left = np.abs(1 - 2 * learning_rate * self.values) ** k * self.pull
        return float(np.linalg.norm(left)) / start if start else 0.0

    def _reach(self, learning_rate: float, k: int) -> np.ndarray:
        """Return ``(1 - (1 - 2 rate s)**k) / s``, and its limit ``2 rate k`` where s is zero."""
        step = 2 * learning_rate * self.values
        with np.errstate(divide="ignore", invalid="ignore"):
            small = -np.expm1(k * np.log1p(-step))  # without cancellation
            covered = np.where(step < 0.5, small, 1 - (1 - step) ** k)
            return np.where(step > 0, covered / self.values, 2 * learning_rate * k)


def solve(problem: Quadratic) -> np.ndarray | None:
    """Return the minimum without L1 penalty; None if H, scaled, is singular or nearly so. O(p^3)."""
    scale = np.sqrt(problem.scale())
    H = problem.gram / (scale * scale.T)
    np.fill_diagonal(H, 1.0)  # a coordinate without curvature has no pull either, and stays 0
    norm = float(np.abs(H).sum(axis=0).max(initial=0.0))
    triangle, info = lapack.dpotrf(H, lower=1)
    if info or lapack.dpocon(triangle, norm, uplo="L")[0] < COARSE:
        return None
    w, _ = lapack.dpotrs(triangle, problem.pull / scale, lower=1)
    return w / scale


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
    operator = LinearOperator((p, p), matvec=scaled, dtype=np.float64)
    return float(eigsh(operator, k=1, v0=start, tol=tol, return_eigenvectors=False)[0])


def proximal_descent(
    problem: Any, l1: float, start: np.ndarray, tol: float, curvature: float | None = None
) -> Iterator[tuple[np.ndarray, bool]]:
    """Yield the iterates of accelerated proximal descent, (p, q), and whether all targets have arrived."""
    q = start.shape[1]
    if curvature is None:
        curvature = largest_curvature(problem, problem.scale())
    runs = [_proximal_run(problem.target(k), l1, start[:, k : k + 1], tol, curvature) for k in range(q)]
    arrived = np.zeros(q, dtype=bool)
    w = start
    while not arrived.all():
        w = w.copy()
        for k in np.flatnonzero(~arrived):
            w[:, k : k + 1], arrived[k] = next(runs[k])
        yield w, bool(arrived.all())


def _proximal_run(
    problem: Any, l1: float, w: np.ndarray, tol: float, curvature: float
) -> Iterator[tuple[np.ndarray, bool]]:
    """Descend on one target, (p, 1).

    FISTA (Beck and Teboulle, 2009, equations 4.1-4.3), its steps scaled by the curvature of each
    coordinate, restarted where momentum points uphill (O'Donoghue and Candes, 2015). Where the signs stay
    the same, the minimum among weights of those signs is known: go there. It has arrived when no step is
    longer than `tol` times the first.
    """
    scale = problem.scale()
    step, root = 1 / (1.001 * max(curvature, EPS) * scale), np.sqrt(scale)
    enough = tol * float(np.abs(problem.pull / root).max(initial=0.0))
    z, t, steady = w, 1.0, 0
    while True:
        new = soft_threshold(z - step * problem.gradient(z), step * l1)
        move = (z - new) / step
        if np.abs(move / root).max(initial=0.0) <= enough:
            yield (w if t == 1 else descend_face(problem, l1, new)), True
            return
        steady = steady + 1 if np.array_equal(np.sign(new), np.sign(w)) else 0
        uphill = float(np.sum(move * (new - w))) > 0
        if steady == STEADY:
            z = w = descend_face(problem, l1, new)
            t, steady = 1.0, 0
        elif uphill:
            z = w = new
            t = 1.0
        else:
            t, before = 0.5 + np.sqrt(0.25 + t**2), t
            w, z = new, new + (before - 1) / t * (new - w)
        yield w, False


def descend_face(problem: Any, l1: float, w: np.ndarray) -> np.ndarray:
    """Go to the minimum among weights that keep their signs; a weight that gets to zero stays there."""
    while (active := np.flatnonzero(w)).size:
        now, sign = w[active], np.sign(w[active])
        end = problem.minimum_on(active, l1 * sign)
        if end is None:
            return w
        crosses = end * sign <= 0
        w = _with(w, active, np.where(crosses, 0.0, end))
        if not crosses.any():
            return w
        before = _with(w, active, now)
        if problem.objective(w, l1) > problem.objective(
            before, l1
        ):  # too far: stop where the first gets to zero
            reach = np.where(crosses, now / (now - end), np.inf)
            step = now + reach.min() * (end - now)
            w = _with(w, active, np.where(reach == reach.min(), 0.0, step))
    return w


def _with(w: np.ndarray, active: np.ndarray, values: np.ndarray) -> np.ndarray:
    w = w.copy()
    w[active] = values
    return w
