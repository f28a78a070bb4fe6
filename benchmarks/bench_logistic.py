"""Compare GDClassifier with LogisticRegression: at an equal objective, with defaults, and with an L1 penalty.

At an equal objective, both use the loosest tolerance with an objective within 1e-5 of the minimum. The peer
is the faster of the solvers lbfgs and newton-cholesky.
"""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from statistics import geometric_mean
from time import process_time
from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from benchmarks._harness import Row, compare
from benchmarks._logistic_sets import SETS, Rows, independent, scaled
from estimators.logistic import GDClassifier

GAP, L1_GAP = 1e-5, 1e-4  # relative gaps of the objective
ALPHAS = (1e-2, 1e-4, 1e-6)
TOLERANCES = 10.0 ** np.arange(-1, -10, -0.5)  # from loose to tight
MAX_NEWTON_UNKNOWNS = 1000  # newton-cholesky's Hessian has at most this many rows
SECONDS_PER_ROW = 0.4  # total for both models; slow fits are still timed three times
L1_SETS: dict[str, Callable[[], Rows]] = {
    "cancer 569 x 30": partial(scaled, load_breast_cancer),
    "wide 100 x 5,000": partial(independent, 100, 5000),
    "independent 20,000 x 50": partial(independent, 20_000, 50),
}


def run() -> list[Row]:
    """Run the benchmarks on all data sets, and add their geometric mean."""
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # loose tolerances, and newton-cholesky's fallbacks
        equal: list[Row] = []
        at_once: list[Row] = []
        for name, load in SETS.items():
            X, y = load()
            equal += [row for alpha in ALPHAS for row in at_equal_objective(name, X, y, alpha)]
            at_once.append(as_they_come(name, X, y))
        l1 = [row for name, load in L1_SETS.items() for row in with_l1(name, *load())]
        return [mean_of(equal), *equal, *at_once, *l1]


def mean_of(rows: list[Row]) -> Row:
    """Return the geometric mean of the ratios and the sums of the times."""
    ratios = [row.ratio for row in rows if row.ratio]
    return Row(
        claim=f"GDClassifier.fit, mean of {len(rows)} fits at an equal objective",
        peer="the faster LogisticRegression",
        aim="1.7x",
        ratio=geometric_mean(ratios),
        ours_ms=sum(row.ours_ms for row in rows),
        peer_ms=sum(row.peer_ms or 0.0 for row in rows),
        ours_mb=None,
        peer_mb=None,
        note=f"geometric mean; the sums of the times; the least ratio is {min(ratios):.2g}",
    )


def at_equal_objective(name: str, X: Any, y: np.ndarray, alpha: float) -> Iterator[Row]:
    """Compare with the faster solver, where both stop within the gap of the minimal objective."""
    make = partial(GDClassifier, alpha=alpha)
    least = objective(make(tol=1e-11, max_iter=3000).fit(X, y), X, y, alpha)
    goal = least * (1 + GAP)
    unknowns = X.shape[1] * (1 if y.max() == 1 else y.max() + 1)
    solvers = ("lbfgs", "newton-cholesky") if unknowns <= MAX_NEWTON_UNKNOWNS else ("lbfgs",)
    regression = partial(LogisticRegression, C=1 / (alpha * len(y)), max_iter=5000)
    peers = [loosest(partial(regression, solver=solver), X, y, alpha, goal) for solver in solvers]
    peers = sorted(filter(None, peers), key=lambda model: seconds_of(model, X, y))
    ours = loosest(make, X, y, alpha, goal)
    if ours is None or not peers:
        return  # rounding keeps a solver from the least objective
    theirs = peers[0]
    gaps = [objective(model.fit(X, y), X, y, alpha) / least - 1 for model in (ours, theirs)]
    yield compare(
        f"GDClassifier.fit, {name}, alpha={alpha:g}",
        lambda: ours.fit(X, y),
        lambda: theirs.fit(X, y),
        peer_name=f"LogisticRegression {theirs.solver}",
        aim="0.9x",
        repeats=repeats_of(ours, theirs, X, y),
        note=f"iterations {ours.n_iter_} and {theirs.n_iter_[0]}, relative gaps {gaps[0]:.0e} and "
        f"{gaps[1]:.0e}",
    )


def as_they_come(name: str, X: Any, y: np.ndarray) -> Row:
    """Compare at the default tolerances, at scikit-learn's C = 1."""
    alpha = 1 / len(y)
    ours, theirs = GDClassifier(alpha=alpha), LogisticRegression()
    least = objective(GDClassifier(alpha=alpha, tol=1e-11, max_iter=3000).fit(X, y), X, y, alpha)
    gaps = [objective(model.fit(X, y), X, y, alpha) / least - 1 for model in (ours, theirs)]
    return compare(
        f"GDClassifier.fit, {name}, default tol",
        lambda: ours.fit(X, y),
        lambda: theirs.fit(X, y),
        peer_name="LogisticRegression, default tol",
        aim="0.7x",
        repeats=repeats_of(ours, theirs, X, y),
        note=f"relative gaps {gaps[0]:.0e} and {gaps[1]:.0e}",
    )


def with_l1(name: str, X: Any, y: np.ndarray) -> Iterator[Row]:
    """Compare with liblinear, without an intercept, which liblinear penalises."""
    for alpha in ALPHAS:
        ours = GDClassifier(alpha=alpha, l1_ratio=1, fit_intercept=False).fit(X, y)
        reached = objective(ours, X, y, alpha, l1_ratio=1)
        regression = partial(LogisticRegression, C=1 / (alpha * len(y)), l1_ratio=1, fit_intercept=False)
        regression = partial(regression, solver="liblinear", max_iter=20_000)
        theirs = loosest(regression, X, y, alpha, reached * (1 + L1_GAP), l1_ratio=1)
        if theirs is None:
            continue  # no tolerance of liblinear comes as near
        gap = objective(theirs, X, y, alpha, l1_ratio=1) / reached - 1
        yield compare(
            f"GDClassifier.fit, L1, {name}, alpha={alpha:g}",
            lambda ours=ours: ours.fit(X, y),
            lambda theirs=theirs: theirs.fit(X, y),
            peer_name="LogisticRegression liblinear",
            repeats=repeats_of(ours, theirs, X, y),
            note=f"iterations {ours.n_iter_}, gap of liblinear to ours {gap:.0e}",
        )


def loosest(
    make: Callable[..., Any],
    X: Any,
    y: np.ndarray,
    alpha: float,
    goal: float,
    l1_ratio: float = 0.0,
) -> Any:
    """Return the model with the loosest tolerance that reaches the goal, or None."""
    models = (make(tol=tol).fit(X, y) for tol in TOLERANCES)
    return next((model for model in models if objective(model, X, y, alpha, l1_ratio) <= goal), None)


def seconds_of(model: Any, X: Any, y: np.ndarray) -> float:
    """Return the processor time of a fit."""
    start = process_time()
    model.fit(X, y)
    return process_time() - start


def repeats_of(ours: Any, theirs: Any, X: Any, y: np.ndarray) -> int:
    """Return the number of times to time two fits, which is lower for slow fits."""
    both = max(
        seconds_of(ours, X, y) + seconds_of(theirs, X, y), 0.04
    )  # `compare` repeats short calls itself
    return int(np.clip(SECONDS_PER_ROW / both, 3, 9))


def objective(model: Any, X: Any, y: np.ndarray, alpha: float, l1_ratio: float = 0.0) -> float:
    """Return the mean log loss plus the penalty, in the same way for every model."""
    coef = model.coef_.astype(float)
    scores = X @ coef.T + model.intercept_
    if scores.shape[1] == 1:
        scores = np.hstack([np.zeros_like(scores), scores])
    losses = -log_softmax(scores, axis=1)[np.arange(len(y)), y]
    penalty = l1_ratio * np.abs(coef).sum() + (1 - l1_ratio) / 2 * (coef**2).sum()
    return losses.mean() + alpha * float(penalty)
