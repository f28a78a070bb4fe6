"""Proximal Newton steps on working sets of features, for an l1 penalty and two classes."""

import warnings

import numpy as np
import scipy.sparse as sp
from scipy.linalg import lapack
from scipy.special import xlogy
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

from estimators._logistic.loss import LogLoss
from estimators._logistic.metrics import Curvatures, centred_gram
from estimators._logistic.search import Iterate, evaluate_start, l1_penalty, line_search

MIN_WORKING_SET, MAX_WORKING_SET = 16, 3000  # numbers of features
MIN_VARIANCE = 1e-12  # minimum p (1 - p) of a row, so that rows with certain predictions keep a curvature
MAX_SIGN_STEPS = 8  # semismooth Newton steps after coordinate descent
MAX_FRUITLESS = 3  # steps in a row that lower neither the objective nor the gap
MODEL_TOL = 0.1  # a quadratic model is minimised to this fraction of the duality gap
TINY = np.finfo(np.float64).tiny  # a NumPy scalar, which converts float32 weights to float64
RIDGE = 1e-10  # relative amount added to the diagonal of a model, because columns may be duplicates


class ProximalNewton:
    """Proximal Newton steps on the features with nonzero weights and those closest to activation.

    Each step minimises the quadratic model of the loss plus the l1 penalty on a working set: the features
    with nonzero weights, those that violate optimality, and more features, until there are at least twice as
    many as nonzero weights. The matrix of the model covers these features only, and scikit-learn's compiled
    coordinate descent minimises it. A line search follows. The search ends when the duality gap, which bounds
    the remaining decrease, is at most `tol` times the objective.
    """

    def __init__(self, loss: LogLoss, theta: np.ndarray, l1: float, tol: float) -> None:
        self.loss, self.l1, self.l2 = loss, l1, float(np.ravel(loss.l2)[0])
        self.tol = max(tol, 10 * np.finfo(loss.X.dtype).eps)
        self.columns = sp.csc_array(loss.X) if sp.issparse(loss.X) else loss.X
        self.current, self.n_fruitless = evaluate_start(loss, theta), 0
        self._look()

    def theta(self) -> np.ndarray:
        """Return the current theta."""
        return self.current.theta

    def is_too_large(self) -> bool:
        """Return True if too many weights are nonzero to form the matrix of their features."""
        return bool(np.count_nonzero(self.current.theta[:-1]) + MIN_WORKING_SET > MAX_WORKING_SET)

    def step(self) -> Iterate:
        """Minimise a model on a working set, do a line search towards its minimum, and update the gap."""
        direction = self._direction()
        slope = float(np.vdot(self.current.gradient, direction))
        slope += l1_penalty(self.current.theta + direction, self.l1) - l1_penalty(self.current.theta, self.l1)
        following, _ = line_search(self.loss, self.current, direction, self.l1, slope)
        if following is None:
            return Iterate(self.objective, converged=False, expected=self.gap, stalled=True)
        objective, gap, self.current = self.objective, self.gap, following
        self._look()
        self.n_fruitless = self.n_fruitless + 1 if self.objective >= objective and self.gap >= gap else 0
        converged, stalled = self.gap <= self.tol * self.objective, self.n_fruitless >= MAX_FRUITLESS
        return Iterate(self.objective, converged, self.gap, stalled and not converged)

    def _look(self) -> None:
        """Compute the curvatures, the weighted means of the features, and the duality gap."""
        loss, gradient, W = self.loss, self.current.gradient[:-1, 0], self.current.theta[:-1, 0]
        P = loss.probabilities(self.current.theta)[0]
        self.residuals = loss.weight * (P - loss.codes)
        self.curvatures = Curvatures(loss, loss.weight * np.maximum(P * (1 - P), MIN_VARIANCE))
        total = self.curvatures.total
        # Newton step of the intercept
        self.shift = float(self.residuals.sum()) / total if loss.fit_intercept else 0.0
        self.objective = self.current.value + l1_penalty(self.current.theta, self.l1)
        self.gap = self._gap(P * (1 - P), gradient - self.l2 * W)

    def _gap(self, variances: np.ndarray, slopes: np.ndarray) -> float:
        """Return the duality gap, where `slopes` is ``X' residuals``.

        The dual variables are the residuals, shifted so that they sum to zero if there is an
        intercept. They stay within their bounds if the intercept moves little, because the shift of
        a row is a multiple of its variance. They are scaled so that they are feasible for the l1
        penalty. With an l2 penalty, the unscaled variables are also tried. Exceeding the limits of
        the l1 penalty then adds a term to the gap, and the smaller gap is returned.
        """
        loss, dual, along = self.loss, self.residuals, np.abs(slopes)
        if loss.fit_intercept:
            curvatures = Curvatures(loss, loss.weight * variances)
            shift = float(dual.sum()) / curvatures.total
            if abs(shift) > 1:
                return np.inf
            dual = dual - shift * curvatures.of_rows
            along = np.abs(slopes - shift * curvatures.total * curvatures.mean)
        weight = np.maximum(loss.weight, TINY)
        largest = float(along.max(initial=0.0))
        feasible = min(1.0, self.l1 / largest) if largest else 1.0

        def gap(scale: float) -> float:
            shares = np.clip(scale * np.abs(dual) / weight, 0, 1)
            entropy = -float(weight @ (xlogy(shares, shares) + xlogy(1 - shares, 1 - shares)))
            excess = np.maximum(along * scale - self.l1, 0)
            return self.objective - entropy + (float(excess @ excess) / (2 * self.l2) if self.l2 else 0.0)

        return min(gap(feasible), gap(1.0)) if self.l2 and feasible < 1 else gap(feasible)

    def _direction(self) -> np.ndarray:
        """Return the direction from theta to the minimum of the model."""
        loss, theta, gradient = self.loss, self.current.theta, self.current.gradient
        chosen, curvature = self._working_set(), self.curvatures.of_rows
        part, mean, before = self.columns[:, chosen], self.curvatures.mean[chosen], theta[chosen, 0]
        gram = centred_gram(part, curvature, mean)
        diagonal = np.einsum("jj->j", gram)  # a view
        diagonal[:] = (1 + RIDGE) * diagonal + self.l2
        linear = gram @ before - (gradient[chosen, 0] - mean * gradient[-1, 0])
        response = part @ before - mean @ before - self.residuals / np.maximum(curvature, TINY) + self.shift
        length = float(np.sqrt(curvature @ response**2))
        direction = np.zeros_like(theta)
        direction[chosen, 0] = (
            minimise_model(gram, linear, length, self.l1, before, self._model_tol()) - before
        )
        if loss.fit_intercept:
            direction[-1] = -self.shift - self.curvatures.mean @ direction[:-1]
        return direction

    def _model_tol(self) -> float:
        return MODEL_TOL * (self.gap if np.isfinite(self.gap) else self.objective)

    def _working_set(self) -> np.ndarray:
        """Return the features of the next model."""
        W, slopes = self.current.theta[:-1, 0], self.current.gradient[:-1, 0]
        active, violation = W != 0, np.abs(slopes + self.l1 * np.sign(W))
        n_active, n_violating = int(active.sum()), int((violation[~active] > self.l1).sum())
        size = max(MIN_WORKING_SET, 2 * n_active, min(n_active + n_violating, 4 * max(n_active, 8)))
        size = max(n_active + MIN_WORKING_SET, min(size, MAX_WORKING_SET))
        if size >= len(W):
            return np.arange(len(W))
        violation[active] = np.inf
        return np.sort(np.argpartition(-violation, size - 1)[:size])


def minimise_model(
    gram: np.ndarray, linear: np.ndarray, length: float, l1: float, start: np.ndarray, gap: float
) -> np.ndarray:
    """Minimise ``w' gram w / 2 - linear' w + l1 * ||w||_1`` until the duality gap is at most `gap`.

    This is a lasso problem whose response has the norm `length`. scikit-learn's tolerance is relative to the
    square of this norm.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the line search accepts any decrease
        _, path, _ = enet_path(
            np.zeros((1, len(gram)), order="F"),
            np.array([length]),
            l1_ratio=1.0,
            alphas=[l1],
            precompute=gram,
            Xy=linear,
            coef_init=start.copy(),  # it is overwritten
            tol=max(gap / max(length**2, TINY), 1e-14),
            max_iter=1000,
            check_input=False,
        )
    return follow_signs(gram, linear, l1, path[:, 0])


def follow_signs(gram: np.ndarray, linear: np.ndarray, l1: float, start: np.ndarray) -> np.ndarray:
    """Refine a minimum by semismooth Newton steps: solve for the weights, given their signs, and repeat.

    If the features are correlated, coordinate descent finds the signs quickly, but the values slowly. If the
    signs keep changing, the start is returned.
    """
    diagonal, w, before = gram.diagonal(), start, None
    for _ in range(MAX_SIGN_STEPS):
        u = w * diagonal + linear - gram @ w
        signs = np.sign(u) * (np.abs(u) > l1 * (1 + 1e-12))
        if before is not None and np.array_equal(signs, before):
            return w
        before, active = signs, np.flatnonzero(signs)
        w = np.zeros_like(w)
        if len(active):
            right = linear[active] - l1 * signs[active]
            _, w[active], failed = lapack.dposv(gram[np.ix_(active, active)], right)
            if failed:
                break
    return start
