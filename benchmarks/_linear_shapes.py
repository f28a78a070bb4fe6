"""Compare GDRegressor with LinearRegression, Ridge, Lasso and ElasticNet on data of many shapes.

scikit-learn's models have their default tolerance. With an L1 penalty, they stop at a duality gap of 1e-4
||y||^2 / n. GDRegressor is timed with the same limit (`tol=2e-6`) and, on some data sets, with its own default,
which is 200 times stricter.
"""

import warnings
from collections.abc import Iterator
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge

from benchmarks._harness import Row, compare
from benchmarks._linear_sets import MORE_PENALTIES, NEAR_SQUARE, SETS
from estimators import GDRegressor

MAX_EXCESS = 2e-4  # of our objective over scikit-learn's, relative to the objective at zero
SAME_GAP = 2e-6  # with this `tol`, GDRegressor stops at the same duality gap as Lasso by default
SECONDS_PER_ROW = 0.6  # time for both models together; a slow fit is still timed three times


def shapes() -> list[Row]:
    """Benchmark all data sets with all penalties."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # ConvergenceWarning of scikit-learn's models
        return [row for name in SETS for row in fits(name)]


def fits(name: str) -> Iterator[Row]:
    """Compare the fits of one data set: without a penalty, and with an L2, L1 and elastic-net penalty."""
    X, y = SETS[name]()
    n = len(y)
    by_descent = partial(GDRegressor, tol=SAME_GAP)
    yield compared(f"{name}, least squares", GDRegressor(), LinearRegression(), X, y, "1x")
    yield compared(f"{name}, ridge", GDRegressor(1 / n), Ridge(1.0), X, y, "1x")
    largest = largest_penalty(X, y)
    peer = partial(Lasso, max_iter=10_000)
    for share, aim in ((0.1, "0.67x"), (0.01, "0.5x")):
        aim = "" if name in NEAR_SQUARE else aim
        alpha = share * largest
        yield compared(f"{name}, L1 at {share}", by_descent(alpha, 1.0), peer(alpha), X, y, aim)
    if name in MORE_PENALTIES:
        claim = f"{name}, L1 at 0.1, default tol"
        yield compared(claim, GDRegressor(0.1 * largest, 1.0), peer(0.1 * largest), X, y)
        alpha = 0.2 * largest
        net = ElasticNet(alpha, l1_ratio=0.5, max_iter=10_000)
        yield compared(f"{name}, elastic net at 0.1", by_descent(alpha, 0.5), net, X, y, "0.67x")


def compared(claim: str, ours: Any, theirs: Any, X: Any, y: np.ndarray, aim: str = "") -> Row:
    """Compare two fits of the same objective. Ours must come as close to the minimum as scikit-learn's."""
    start = perf_counter()
    mine, others = (objective(model.fit(X, y), X, y, ours.alpha, ours.l1_ratio) for model in (ours, theirs))
    both, zero = perf_counter() - start, float(np.var(y, axis=0).sum()) / 2
    excess = (mine - others) / zero
    if excess > MAX_EXCESS:
        raise AssertionError(
            f"{claim}: our objective exceeds scikit-learn's by {excess:.0e} times that at zero."
        )
    return compare(
        f"GDRegressor on {claim}",
        lambda: ours.fit(X, y),
        lambda: theirs.fit(X, y),
        peer_name=type(theirs).__name__,
        aim=aim,
        repeats=int(np.clip(SECONDS_PER_ROW / both, 3, 9)),
        note=f"objective minus the peer's {excess:.0e}",
    )


def objective(model: Any, X: Any, y: np.ndarray, alpha: float, l1_ratio: float) -> float:
    """Return the objective that both libraries minimise, summed over the targets."""
    coef = np.asarray(model.coef_, dtype=float)
    squares = np.mean((y - X @ coef.T - model.intercept_) ** 2, axis=0).sum()
    penalty = l1_ratio * np.abs(coef).sum() + (1 - l1_ratio) / 2 * (coef**2).sum()
    return float(squares) / 2 + alpha * float(penalty)


def largest_penalty(X: Any, y: np.ndarray) -> float:
    """Return the smallest L1 penalty at which all weights are zero."""
    centred = y - y.mean(axis=0)
    products = X.T @ centred - np.outer(X.mean(axis=0), centred.sum(axis=0)).reshape(-1, *y.shape[1:])
    return float(np.abs(products).max()) / len(y)
