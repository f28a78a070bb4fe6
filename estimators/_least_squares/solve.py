"""From the statistics of the rows to the weights: what GDRegressor and PolynomialRegressor have in common."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import LinAlgWarning
from sklearn.exceptions import ConvergenceWarning

from estimators._common.callbacks import NoTask
from estimators._least_squares import descent as _descent
from estimators._least_squares import problems as _problems
from estimators._least_squares.descent import ClosedForm
from estimators._least_squares.moments import Moments, TransformedRows, gather
from estimators._least_squares.problems import COARSE, EPS, MatrixFree, Quadratic

EXACT = 2.5e-13  # reciprocal condition of X'X, its columns scaled, down to which chunks' exact products serve
ILL_CONDITIONED = 1e-10  # where they do not: the one below which one is warned


@dataclass(frozen=True)
class Settings:
    """The parameters of the objective and of descent, numpy's numbers turned into Python's."""

    alpha: float
    l1_ratio: float
    fit_intercept: bool
    learning_rate: float | None  # None for "auto"
    max_iter: int
    tol: float

    @classmethod
    def of(cls, estimator: Any) -> "Settings":
        """Read the parameters of an estimator."""
        rate = estimator.learning_rate
        return cls(
            alpha=float(estimator.alpha),
            l1_ratio=float(estimator.l1_ratio),
            fit_intercept=bool(estimator.fit_intercept),
            learning_rate=None if isinstance(rate, str) else float(rate),
            max_iter=int(estimator.max_iter),
            tol=float(estimator.tol),
        )

    @property
    def l1(self) -> float:
        """Strength of the L1 penalty."""
        return self.alpha * self.l1_ratio

    @property
    def l2(self) -> float:
        """Strength of the L2 penalty."""
        return self.alpha * (1 - self.l1_ratio)

    @property
    def max_subtasks(self) -> int:
        """The most iterations that callbacks can see."""
        return 1 if self.learning_rate is None and not self.l1 else self.max_iter


@dataclass
class Solution:
    """Where descent ended, for all targets."""

    weights: np.ndarray  # (d, q)
    bias: np.ndarray  # (q,)
    n_iter: int
    losses: list[float] | None  # None where there is a formula: textbook_losses


class Training:
    """The rows a model is fitted on, should the statistics alone be too coarse; then they are made finer."""

    def __init__(self, moments: Moments, rows: Any, y: np.ndarray, sample_weight: np.ndarray | None) -> None:
        self.moments, self.rows, self.y, self.sample_weight = moments, rows, y, sample_weight
        self.is_short = rows.shape[0] < rows.shape[1]  # X'X is then singular, and larger than X

    def factor(self, xx: np.ndarray, centred: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return R and Q'y / sqrt(n) of X / sqrt(n) = QR, from one more pass over the rows."""
        shift = self.moments.x_mean if centred else np.zeros_like(self.moments.x_mean)
        rows = self.rows.shifted(shift)
        R, response = self._as_they_are(rows, centred) if self.is_short else self._whitened(rows, xx, centred)
        self.moments = self.moments.with_factor(R, response, centred)
        return R, response

    def _whitened(self, rows: Any, xx: np.ndarray, centred: bool) -> tuple[np.ndarray, np.ndarray]:
        """Factor X in coordinates in which X'X is about the identity.

        There its rounding no longer hides directions in which X is small: Cholesky QR done twice (Yamamoto et
        al., 2015), with eigenvectors, so that X may be rank-deficient.
        """
        basis, back, _ = _problems.whiten(xx)
        rotated = gather(TransformedRows(rows, basis), self.y, self.sample_weight)
        gram, response, _ = rotated.per_row(centred)
        values, vectors = np.linalg.eigh(gram)
        root = np.sqrt(np.maximum(values, 0.0))[:, np.newaxis]
        there = root > np.sqrt(len(root) * EPS) * root.max(initial=0.0)
        response = np.where(there, vectors.T @ response, 0.0) / np.where(there, root, 1.0)
        return (root * vectors.T) @ back, response  # (d, d) @ (d, d)

    def _as_they_are(self, rows: Any, centred: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows and y themselves for R and Q'y: where rows are few, that is the smaller."""
        moments = self.moments
        X = rows.read(slice(0, rows.shape[0]), np.empty(rows.shape, order=rows.order))
        y = self.y - moments.y_mean if centred else self.y
        weight = np.ones(len(y)) if self.sample_weight is None else self.sample_weight
        root = np.sqrt(weight / moments.weight)[:, np.newaxis]
        constant = (
            np.abs(X).max(axis=0) <= 8 * EPS * np.abs(moments.x_mean) if centred else np.zeros(len(X.T), bool)
        )
        X[:, constant] = 0
        return root * X, root * y


def solve(
    moments: Moments, settings: Settings, task: Any = None, training: Training | None = None
) -> Solution:
    """Descend from zero; read the rows again if the statistics are too coarse. O(d^3) time, O(d^2) memory."""
    task = task or NoTask()
    if settings.learning_rate is not None:
        return _solve_textbook(moments, settings, task)
    xx, xy, yy = moments.per_row(settings.fit_intercept)
    problem = _penalised(xx, xy, yy, settings.l2)
    if not training:
        problem.exact = _exactly(moments, settings, settings.l2)
    if settings.l1:
        if training and (training.is_short or _problems.solve(problem) is None):
            problem.factor = training.factor(xx, settings.fit_intercept)
        loop = _descent.proximal_descent(problem, settings.l1, np.zeros_like(xy), settings.tol)
        return _follow(loop, problem, lambda w: _bias(moments, settings, w), settings, task)
    task.begin()
    w = _minimum(problem, moments, settings, xx, training)
    solution = Solution(w, _bias(moments, settings, w), 1, [float(problem.value(w).sum())])
    task.end(lambda: {"_solution": solution})
    return solution


def solve_wide(
    X: Any, y: np.ndarray, sample_weight: np.ndarray | None, settings: Settings, task: Any
) -> Solution:
    """Descend with the rows themselves, without a d x d matrix. O(nonzeros of X) for an iteration."""
    weight = np.ones(len(y)) if sample_weight is None else sample_weight
    X, share = X.astype(np.float64, copy=False), weight / weight.sum()
    if settings.learning_rate is not None:
        nothing = np.zeros(X.shape[1])
        problem = MatrixFree(X, y, share, nothing, settings.l2, has_bias=settings.fit_intercept)
        check_rate(settings, _stability_limit(problem))
        return _iterate(problem, lambda w: problem.objective(w, settings.l1), settings, task)
    x_mean, y_mean, left = np.zeros(X.shape[1]), np.zeros(y.shape[1]), np.zeros(X.shape[1])
    if settings.fit_intercept:
        y, y_mean, _ = _centred(y, share)
        X, x_mean, left = _centred(X, share)
    problem = MatrixFree(X, y, share, left, settings.l2)

    def bias(w: np.ndarray) -> np.ndarray:
        return y_mean - x_mean @ w

    if settings.l1:
        loop = _descent.proximal_descent(problem, settings.l1, np.zeros_like(problem.pull), settings.tol)
    else:
        loop = _descent.conjugate_descent(problem, settings.tol / 10_000)
    return _follow(loop, problem, bias, settings, task)


def _centred(X: Any, share: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray]:
    """Return X, its means, and what of them is still to be taken off: all in CSR, which stays sparse."""
    if hasattr(X, "toarray"):
        return X, share @ X, share @ X
    some = X[share.argmax()]
    mean = some + share @ (X - some)
    X = X - mean
    X[:, np.abs(X).max(axis=0) <= 8 * EPS * np.abs(mean)] = 0  # constant but for rounding
    return X, mean, np.zeros_like(mean)


def descent_path(
    moments: Moments, settings: Settings, iterations: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return textbook descent's weights (k, d, q) and biases (k, q) after each of k numbers of iterations."""
    problem, rate = _textbook(moments, settings), settings.learning_rate
    assert rate is not None
    if settings.l1:
        wanted = {0: np.zeros_like(problem.pull)}
        loop = _descent.literal_descent(problem, rate, settings.l1)
        for k, w in zip(range(1, int(iterations.max(initial=0)) + 1), loop, strict=False):
            if k in iterations:
                wanted[k] = w
        path = [wanted[int(k)] for k in iterations]
    else:
        closed = ClosedForm(problem)
        path = [closed.weights(rate, int(k)) for k in iterations]
    weights = np.array(path).reshape(len(path), *problem.pull.shape)
    if settings.fit_intercept:
        return weights[:, :-1], weights[:, -1]
    return weights, np.zeros((len(path), weights.shape[2]))


def penalty_path(moments: Moments, settings: Settings, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the minima (k, d, q) and biases (k, q) for k penalties; each starts at the one before."""
    xx, xy, yy = moments.per_row(settings.fit_intercept)
    w, path, curvature = np.zeros_like(xy), [], None
    for alpha in alphas:
        l1, l2 = alpha * settings.l1_ratio, alpha * (1 - settings.l1_ratio)
        problem = _penalised(xx, xy, yy, l2)
        problem.exact = _exactly(moments, settings, l2)
        if l1:
            if l2 or curvature is None:
                curvature = _problems.largest_curvature(problem, problem.scale())
            loop = _descent.proximal_descent(problem, l1, w, settings.tol, curvature)
            for _, (w, arrived) in zip(range(settings.max_iter), loop, strict=False):  # noqa: B007
                pass
            if not arrived:
                _warn(settings)
        else:
            w = _minimum(problem, moments, settings, xx)
        path.append(w)
    weights = np.array(path).reshape(len(path), *xy.shape)
    return weights, np.array([_bias(moments, settings, w) for w in path]).reshape(len(path), xy.shape[1])


def stability_limit(moments: Moments, settings: Settings) -> float:
    """Return the largest rate at which textbook descent does not diverge."""
    return _stability_limit(_textbook(moments, settings))


def _stability_limit(problem: Any) -> float:
    largest = _problems.largest_curvature(problem, tol=0.0)
    return 1 / largest if largest > 0 else np.inf


def _penalised(xx: np.ndarray, xy: np.ndarray, yy: np.ndarray, l2: float) -> Quadratic:
    gram = xx + l2 * np.eye(len(xx)) if l2 else xx
    return Quadratic(gram, xy, yy / 2, l2=l2)


def _exactly(moments: Moments, settings: Settings, l2: float) -> Callable[[], tuple[np.ndarray, np.ndarray]]:
    """Return what returns the Gram, its penalty included, and the pull in extended precision."""

    def products() -> tuple[np.ndarray, np.ndarray]:
        xx, xy, _ = moments.per_row(settings.fit_intercept, exact=True)
        return xx + l2 * np.eye(len(xx)), xy

    return products


def _bias(moments: Moments, settings: Settings, w: np.ndarray) -> np.ndarray:
    if settings.fit_intercept:
        return moments.y_mean - moments.x_mean @ w  # (d,) @ (d, q)
    return np.zeros_like(moments.y_mean)


def _minimum(
    problem: Quadratic, moments: Moments, settings: Settings, xx: np.ndarray, training: Training | None = None
) -> np.ndarray:
    """Return the shortest weights at the minimum without L1 penalty, (d, q)."""
    enough = COARSE if training else EXACT
    w = None if training and training.is_short else _problems.solve(problem, enough)
    if w is not None:
        return w
    if training:
        R, response = training.factor(xx, settings.fit_intercept)
    else:
        basis, back, values = _problems.whiten(xx)
        kept = values > _problems.noise(values)
        R, response = back[kept], basis[:, kept].T @ problem.pull
        if problem.l2 == 0 and kept.any() and values[kept][0] < ILL_CONDITIONED * values[-1]:
            _warn_ill_conditioned(float(values[kept][0] / values[-1]))
    relative = min(max(moments.n_rows, len(xx)), 100_000) * EPS
    rounding = 4 * EPS * float(np.sqrt(xx.trace() + moments.x_mean @ moments.x_mean))  # of X as it was given
    return _problems.solve_factor(R, response, problem.l2, relative, rounding)


def _textbook(moments: Moments, settings: Settings) -> Quadratic:
    """Return the problem of textbook descent: nothing centred, the bias the weight of a constant 1."""
    xx, xy, yy = moments.per_row(centred=False)
    gram = xx + settings.l2 * np.eye(len(xx))
    if not settings.fit_intercept:
        return Quadratic(gram, xy, yy / 2)
    mean = moments.x_mean[:, np.newaxis]
    gram = np.block([[gram, mean], [mean.T, np.ones((1, 1))]])
    return Quadratic(gram, np.vstack([xy, moments.y_mean]), yy / 2, has_bias=True)


def _solve_textbook(moments: Moments, settings: Settings, task: Any) -> Solution:
    problem, rate, n_iter = _textbook(moments, settings), settings.learning_rate, settings.max_iter
    assert rate is not None
    check_rate(settings, _stability_limit(problem))
    if settings.l1 or task.active:
        return _iterate(problem, Objective(moments, settings), settings, task)
    closed = ClosedForm(problem)
    if closed.gradient_left(rate, n_iter) > settings.tol:
        _warn(settings)
    w = closed.weights(rate, n_iter)
    return _split(problem, w, n_iter, None)


def textbook_losses(moments: Moments, settings: Settings, solution: Solution) -> np.ndarray:
    """Return the objective after each iteration of textbook descent without L1 penalty, (max_iter,)."""
    w = np.vstack([solution.weights, solution.bias]) if settings.fit_intercept else solution.weights
    rate = settings.learning_rate
    assert rate is not None
    above = ClosedForm(_textbook(moments, settings)).excess(rate, np.arange(1, settings.max_iter + 1))
    return Objective(moments, settings)(w) + (above - above[-1])


class Objective:
    """The objective, summed over the targets; from centred statistics, so that large means cancel nothing."""

    def __init__(self, moments: Moments, settings: Settings) -> None:
        self.moments, self.settings = moments, settings
        self.xx, self.xy, yy = moments.per_row(centred=True)
        self.yy = float(yy.sum())

    def __call__(self, w: np.ndarray) -> float:
        """Return its value at the weights of textbook descent, the bias last if there is one."""
        bias = w[-1] if self.settings.fit_intercept else 0.0
        w = w[:-1] if self.settings.fit_intercept else w
        spread = self.yy + np.sum(w * (self.xx @ w - 2 * self.xy))
        offset = self.moments.x_mean @ w + bias - self.moments.y_mean
        penalty = self.settings.l1 * np.abs(w).sum() + self.settings.l2 / 2 * np.sum(w**2)
        return float(0.5 * (max(spread, 0.0) + offset @ offset) + penalty)


def _iterate(
    problem: Any, objective: Callable[[np.ndarray], float], settings: Settings, task: Any
) -> Solution:
    """Run the literal loop of textbook descent."""
    rate, losses = settings.learning_rate, list[float]()
    assert rate is not None
    loop = _descent.literal_descent(problem, rate, settings.l1)
    w, first = np.zeros_like(problem.pull), 0.0
    for _ in range(settings.max_iter):
        task.begin()
        previous, w = w, next(loop)
        losses.append(objective(w))
        solution = _split(problem, w, len(losses), losses)
        first = first or float(np.linalg.norm(w - previous))
        if task.end(lambda: {"_solution": solution}):  # noqa: B023  read at once
            return solution
    if np.linalg.norm(w - previous) > settings.tol * first:
        _warn(settings)
    return solution


def _split(problem: Any, w: np.ndarray, n_iter: int, losses: Any) -> Solution:
    """Return the weights and, if it is one of them, the bias apart."""
    if problem.has_bias:
        return Solution(w[:-1], w[-1], n_iter, losses)
    return Solution(w, np.zeros(w.shape[1]), n_iter, losses)


def _follow(
    loop: Iterator[tuple[np.ndarray, bool]],
    problem: Any,
    bias: Callable[[np.ndarray], np.ndarray],
    settings: Settings,
    task: Any,
) -> Solution:
    """Run descent to its end."""
    losses: list[float] = []
    for _ in range(settings.max_iter):
        task.begin()
        w, arrived = next(loop)
        losses.append(problem.objective(w, settings.l1))
        solution = Solution(w, bias(w), len(losses), losses)
        if task.end(lambda: {"_solution": solution}) or arrived:  # noqa: B023  read at once
            return solution
    _warn(settings)
    return solution


def check_rate(settings: Settings, limit: float) -> None:
    """Raise if textbook descent would diverge."""
    rate = settings.learning_rate
    if rate is not None and rate > limit * (1 + 1e-9):
        raise ValueError(
            f"learning_rate={rate:g} makes descent diverge on these data: each step would overshoot by more "
            f"than the last. The largest safe rate is {limit:.6g}; standardising X raises it."
        )


def _warn(settings: Settings) -> None:
    hint = "" if settings.learning_rate is None else ', or use learning_rate="auto"'
    warnings.warn(
        f"Descent did not converge in max_iter={settings.max_iter} iterations. "
        f"Raise max_iter or tol={settings.tol:g}, or standardise the columns{hint}.",
        ConvergenceWarning,
        stacklevel=5,
    )


def _warn_ill_conditioned(ratio: float) -> None:
    warnings.warn(
        f"X is ill-conditioned (about {ratio**-0.5:.0e}): from statistics of chunks, the weights are good "
        f"to some {100 * EPS / ratio:.0e} of their size only. Call fit with all rows, which reads them "
        "twice, drop columns that are nearly sums of others, or set alpha > 0.",
        LinAlgWarning,
        stacklevel=5,
    )
