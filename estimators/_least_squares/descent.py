"""Gradient descent on least squares: the literal loop, its closed form, and the ways to its end."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from estimators._common.thresholding import soft_threshold
from estimators._least_squares.problems import EPS, MatrixFree, Quadratic, largest_curvature

STEADY = 4  # proximal steps with the same signs before the face is tried
PATIENCE = 100  # proximal steps before weights are let in one by one


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


def conjugate_descent(problem: MatrixFree, tol: float) -> Iterator[tuple[np.ndarray, bool]]:
    """Yield the iterates of descent along conjugate directions, (p, q), and whether all targets arrived.

    CGLS (Hestenes and Stiefel, 1952, section 10), without L1 penalty: each step goes to the minimum along its
    direction. From zero, it ends at the shortest of several minima. It has arrived when the gradient is `tol`
    times as long as at first.
    """
    w = np.zeros_like(problem.pull)
    downhill = direction = problem.pull
    length = enough = np.sum(downhill**2, axis=0)
    enough = tol**2 * length
    residual = problem.y
    while True:
        ahead = problem.forward(direction)  # (n, q)
        curvature = problem.share @ ahead**2 + problem.l2 * np.sum(direction**2, axis=0)
        step = np.divide(length, curvature, out=np.zeros_like(length), where=curvature > 0)
        w = w + step * direction
        residual = residual - step * ahead
        downhill = problem.backward(problem.share[:, np.newaxis] * residual) - problem.l2 * w
        before, length = length, np.sum(downhill**2, axis=0)
        yield w, bool((length <= enough).all())
        direction = (
            downhill + np.divide(length, before, out=np.zeros_like(length), where=before > 0) * direction
        )


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
        pull = self.pull / max(float(np.abs(self.pull).max()), np.finfo(float).tiny)  # or squares overflow
        left = np.abs(1 - 2 * learning_rate * self.values) ** k * pull
        start = float(np.linalg.norm(pull))
        return float(np.linalg.norm(left)) / start if start else 0.0

    def _reach(self, learning_rate: float, k: int) -> np.ndarray:
        """Return ``(1 - (1 - 2 rate s)**k) / s``, and its limit ``2 rate k`` where s is zero."""
        step = 2 * learning_rate * self.values
        with np.errstate(divide="ignore", invalid="ignore"):
            small = -np.expm1(k * np.log1p(-step))  # without cancellation
            covered = np.where(step < 0.5, small, 1 - (1 - step) ** k)
            return np.where(step > 0, covered / self.values, 2 * learning_rate * k)


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
    longer than `tol` times the first. Should that take long, weights are let in one by one, as in
    feature-sign search (Lee, Battle, Raina and Ng, 2006), which ends for any condition of X.
    """
    scale = problem.scale()
    step, root = 1 / (1.001 * max(curvature, EPS) * scale), np.sqrt(scale)
    enough = tol * float(np.abs(problem.pull / root).max(initial=0.0))
    z, t, steady, wait = w, 1.0, 0, STEADY
    for _ in range(PATIENCE):
        new = soft_threshold(z - step * problem.gradient(z), step * l1)
        move = (z - new) / step
        if np.abs(move / root).max(initial=0.0) <= enough:
            yield (w if t == 1 else descend_face(problem, l1, new)), True
            return
        steady = steady + 1 if np.array_equal(np.sign(new), np.sign(w)) else 0
        uphill = float(np.sum(move * (new - w))) > 0
        if steady == wait:
            z = w = descend_face(problem, l1, new)
            t, steady, wait = 1.0, 0, 2 * wait  # each jump ends the momentum
        elif uphill:
            z = w = new
            t = 1.0
        else:
            t, before = 0.5 + np.sqrt(0.25 + t**2), t
            w, z = new, new + (before - 1) / t * (new - w)
        yield w, False
    yield from _feature_sign_run(problem, l1, descend_face(problem, l1, w), enough)


def _feature_sign_run(
    problem: Any, l1: float, w: np.ndarray, enough: float
) -> Iterator[tuple[np.ndarray, bool]]:
    """Let in the weight that pulls most, go to the minimum of the face, and so on until none pulls."""
    scale, tried = problem.scale(), np.zeros(w.shape, dtype=bool)
    value = problem.objective(w, l1)
    while True:
        gradient = problem.gradient(w)
        pull = np.where((w == 0) & ~tried, (np.abs(gradient) - l1) / np.sqrt(scale), 0.0)
        j = int(pull.argmax())
        if pull[j, 0] <= enough:
            yield w, True
            return
        new = w.copy()
        new[j] = soft_threshold(-gradient[j], l1) / scale[j]
        new = descend_face(problem, l1, new)
        if (lower := problem.objective(new, l1)) < value:
            w, value = new, lower
            tried[:] = False
        else:
            tried[j] = True  # a gain below rounding
        yield w, False


def descend_face(problem: Any, l1: float, w: np.ndarray) -> np.ndarray:
    """Go to the minimum among weights that keep their signs; a weight that gets to zero stays there."""
    while (active := np.flatnonzero(w)).size:
        now, sign = w[active], np.sign(w[active])
        end = problem.minimum_on(active, l1 * sign)
        if end is None or not np.isfinite(end).all():
            return w
        crosses = end * sign <= 0
        w = _with(w, active, np.where(crosses, 0.0, end))
        if not crosses.any():
            return w
        before = _with(w, active, now)
        if problem.objective(w, l1) > problem.objective(before, l1):
            # too far: stop where the first gets to zero
            reach = np.where(crosses, now / (now - end), np.inf)
            step = now + reach.min() * (end - now)
            w = _with(w, active, np.where(reach == reach.min(), 0.0, step))
    return w


def _with(w: np.ndarray, active: np.ndarray, values: np.ndarray) -> np.ndarray:
    w = w.copy()
    w[active] = values
    return w
