"""Compare GDClassifier with scikit-learn's LogisticRegression, both within 1e-6 of the minimal objective."""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.ndimage import gaussian_filter
from scipy.special import log_softmax
from sklearn.datasets import load_digits
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from benchmarks._harness import Row, compare
from estimators.logistic import GDClassifier

GAP = 1e-6  # relative gap of the objective
LADDER = 10.0 ** np.arange(-1, -11, -0.5)  # tolerances, from loose to tight
NEWTON_UNKNOWNS = 1000  # newton-cholesky's Hessian has at most this many rows and columns


def independent() -> tuple[np.ndarray, np.ndarray]:
    """Return 100,000 rows of 50 independent normal columns."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((100_000, 50))
    return X, noisy_labels(X @ rng.standard_normal(50) * 0.28, rng)


def correlated() -> tuple[np.ndarray, np.ndarray]:
    """Return 100,000 rows of 50 columns with a condition number of 800, in which every direction matters."""
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.standard_normal((50, 50)))[0]
    directions = rng.standard_normal((100_000, 50))
    X = directions * np.geomspace(5, 5 / 800, 50) @ rotation.T
    return X, noisy_labels(directions @ rng.standard_normal(50) * 0.28, rng)


def noisy_labels(scores: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return 1 with the logistic probability of the scores."""
    return (scores + 0.5 + rng.logistic(size=len(scores)) > 0).astype(int)


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Return scikit-learn's digits, 1,797 x 64, scaled to the range from 0 to 1."""
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def text() -> tuple[sp.csr_array, np.ndarray]:
    """Return tf-idf rows of 11,000 texts over 50,000 words with 20 topics, where words follow Zipf's law."""
    rng = np.random.default_rng(0)
    shares, topical_shares = np.arange(1, 50_001) ** -1.05, np.arange(1, 401) ** -0.8
    y = rng.integers(20, size=11_000)
    row = np.repeat(np.arange(11_000), np.maximum(10, rng.lognormal(np.log(120), 0.7, 11_000)).astype(int))
    word = rng.choice(50_000, size=len(row), p=shares / shares.sum())
    topics = np.stack([rng.choice(np.arange(100, 8000), 400, replace=False) for _ in range(20)])
    topical = topics[y[row], rng.choice(400, size=len(row), p=topical_shares / topical_shares.sum())]
    word = np.where(rng.random(len(row)) < 0.12, topical, word)
    counts = sp.csr_array((np.ones(len(row)), (row, word)), shape=(11_000, 50_000))
    return sp.csr_array(TfidfTransformer(sublinear_tf=True).fit_transform(counts)), y


def images() -> tuple[np.ndarray, np.ndarray]:
    """Return 10,000 noisy 28 x 28 images in 256 greys, in 10 classes of three smooth shapes each."""
    rng = np.random.default_rng(0)
    shapes = gaussian_filter(rng.standard_normal((10, 3, 28, 28)), (0, 0, 3, 3))
    shapes /= shapes.std(axis=(2, 3), keepdims=True)
    y, kind = rng.integers(10, size=10_000), rng.integers(3, size=10_000)
    noise = gaussian_filter(rng.standard_normal((10_000, 28, 28)), (0, 2, 2))
    grey = rng.normal(1, 0.3, 10_000)[:, None, None] * shapes[y, kind] + 0.8 * noise / noise.std()
    radius = np.hypot(*np.meshgrid(np.linspace(-1, 1, 28), np.linspace(-1, 1, 28)))
    X = np.clip(grey - 0.3, 0, 3) / 3 * (radius < 1.05) * np.exp(-(radius**2))
    return np.round(255 * X.reshape(10_000, 784)) / 255, y


SETS: dict[str, Callable[[], tuple[Any, np.ndarray]]] = {
    "independent 100,000 x 50": independent,
    "correlated 100,000 x 50, condition 800": correlated,
    "digits 1,797 x 64, 10 classes": digits,
    "sparse text 11,000 x 50,000, 20 classes": text,
    "images 10,000 x 784, 10 classes": images,
}


def run() -> list[Row]:
    """Run the benchmarks on all five data sets, with C = 1 in scikit-learn."""
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about loose tolerances and newton-cholesky's fallbacks
        return [row for name, load in SETS.items() for row in rows_of(name, *load())]


def rows_of(name: str, X: Any, y: np.ndarray) -> Iterator[Row]:
    """Compare with every solver that is feasible on one data set."""
    alpha = 1 / len(y)
    make_ours = partial(GDClassifier, alpha=alpha)
    least = objective(make_ours(tol=1e-13).fit(X, y), X, y, alpha)
    ours = loosest(make_ours, X, y, alpha, least)
    unknowns = X.shape[1] * (1 if y.max() == 1 else y.max() + 1)
    for solver in ("lbfgs", "newton-cholesky") if unknowns <= NEWTON_UNKNOWNS else ("lbfgs",):
        theirs = loosest(partial(LogisticRegression, solver=solver, max_iter=10_000), X, y, alpha, least)

        def agree(mine: Any, other: Any) -> None:
            assert objective(mine, X, y, alpha) <= min(objective(other, X, y, alpha), least) * (1 + GAP)

        gaps = [objective(model.fit(X, y), X, y, alpha) / least - 1 for model in (ours, theirs)]
        yield compare(
            f"GDClassifier.fit, {name}",
            lambda: ours.fit(X, y),
            lambda theirs=theirs: theirs.fit(X, y),
            peer_name=f"LogisticRegression {solver}",
            aim="2x",
            repeats=3 if theirs.n_iter_[0] > 300 or X.shape[1] > 100 else 15,
            agree=agree,
            note=f"iterations {ours.n_iter_} and {theirs.n_iter_[0]}, relative gaps {gaps[0]:.0e} and "
            f"{gaps[1]:.0e}",
        )


def loosest(make: Callable[..., Any], X: Any, y: np.ndarray, alpha: float, least: float) -> Any:
    """Return the model with the loosest tolerance whose objective is within the gap of the minimum."""
    for tol in LADDER:
        model = make(tol=tol).fit(X, y)
        if objective(model, X, y, alpha) <= least * (1 + GAP):
            return model
    raise AssertionError(
        f"{model} must reach an objective within {GAP} of {least}, but does not with any tolerance."
    )


def objective(model: Any, X: Any, y: np.ndarray, alpha: float) -> float:
    """Return the mean log loss plus ``alpha / 2 * ||coef||^2``, in the same way for every model."""
    scores = X @ model.coef_.T + model.intercept_
    if scores.shape[1] == 1:
        scores = np.hstack([np.zeros_like(scores), scores])
    losses = -log_softmax(scores, axis=1)[np.arange(len(y)), y]
    return losses.mean() + alpha / 2 * float((model.coef_**2).sum())
