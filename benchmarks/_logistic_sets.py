"""The data sets of the benchmark of GDClassifier: real and simulated data of many shapes, loaded quickly."""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
import scipy.sparse as sp
from scipy.ndimage import gaussian_filter
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, load_wine
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

Rows: TypeAlias = tuple[np.ndarray | sp.csr_array, np.ndarray]


def labels_of(scores: np.ndarray, rng: np.random.Generator, noise: float = 1.0) -> np.ndarray:
    """Draw a label for each row of scores, (n,) or (n, classes), with the softmax probabilities."""
    scores = np.column_stack([np.zeros(len(scores)), scores]) if scores.ndim == 1 else scores
    y = np.argmax(scores + noise * rng.gumbel(size=scores.shape), axis=1)
    y[: scores.shape[1]] = np.arange(scores.shape[1])  # every class occurs
    return y


def independent(
    n: int, p: int, classes: int = 2, signal: float = 2.0, shift: float = 0.0, seed: int = 0
) -> Rows:
    """Return independent normal columns. `shift` makes the first class more frequent."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, p))
    W = rng.standard_normal((p, classes)) * signal / np.sqrt(p)
    W[:, 0] = 0
    return X, labels_of(X @ W + shift * (np.arange(classes) == 0), rng)


def correlated(n: int, p: int, condition: float, classes: int = 2, seed: int = 0) -> Rows:
    """Return columns with a given condition number, in which every direction matters."""
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.standard_normal((p, p)))[0]
    directions = rng.standard_normal((n, p))
    X = directions * np.geomspace(5, 5 / condition, p) @ rotation.T
    W = rng.standard_normal((p, classes)) * 2 / np.sqrt(p)
    W[:, 0] = 0
    return X, labels_of(directions @ W, rng)


def low_rank(n: int, p: int, rank: int) -> Rows:
    """Return columns that are mixtures of a few factors with a little noise."""
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((n, rank))
    X = factors @ rng.standard_normal((rank, p)) / np.sqrt(rank) + 0.1 * rng.standard_normal((n, p))
    return X, labels_of(factors @ rng.standard_normal(rank), rng)


def unscaled(n: int, p: int, classes: int) -> Rows:
    """Return columns with scales from 0.01 to 100 and an offset."""
    X, y = independent(n, p, classes)
    return (X + 1) * np.geomspace(0.01, 100, p), y


def heavy_tails() -> Rows:
    """Return 3,000 rows with 25 log-normal columns."""
    X, y = independent(3000, 25)
    return np.exp(1.5 * X), y


def polynomial() -> Rows:
    """Return all terms up to degree 3 of 5 columns, for 3,000 rows."""
    X, y = independent(3000, 5, signal=3)
    return PolynomialFeatures(3, include_bias=False).fit_transform(X), y


def one_hot(n: int, columns: int, categories: int, classes: int) -> Rows:
    """Return categories drawn from Zipf's law, as CSR rows of ones."""
    rng = np.random.default_rng(0)
    shares = np.arange(1, categories + 1) ** -1.0
    codes = rng.choice(categories, size=(n, columns), p=shares / shares.sum())
    W = rng.standard_normal((columns, categories, classes))
    scores = sum(W[j, codes[:, j]] for j in range(columns))
    places = (codes + categories * np.arange(columns)).ravel()
    rows = np.arange(0, n * columns + 1, columns)
    X = sp.csr_array((np.ones(n * columns), places, rows), shape=(n, columns * categories))
    return X, labels_of(scores / np.sqrt(columns), rng)


def text(n: int, n_words: int, classes: int) -> Rows:
    """Return tf-idf rows of texts whose words follow Zipf's law. An eighth of the words are from the text's topic."""
    rng = np.random.default_rng(0)
    shares, topical_shares = np.arange(1, n_words + 1) ** -1.05, np.arange(1, 401) ** -0.8
    y = rng.integers(classes, size=n)
    row = np.repeat(np.arange(n), np.maximum(10, rng.lognormal(np.log(120), 0.7, n)).astype(int))
    word = rng.choice(n_words, size=len(row), p=shares / shares.sum())
    topics = np.stack([rng.choice(np.arange(100, n_words // 4), 400, replace=False) for _ in range(classes)])
    topical = topics[y[row], rng.choice(400, size=len(row), p=topical_shares / topical_shares.sum())]
    word = np.where(rng.random(len(row)) < 0.12, topical, word)
    counts = sp.csr_array((np.ones(len(row)), (row, word)), shape=(n, n_words))
    return sp.csr_array(TfidfTransformer(sublinear_tf=True).fit_transform(counts)), y


def images(n: int) -> Rows:
    """Return noisy 28 x 28 images with 256 grey levels. Each of the 10 classes has three smooth shapes."""
    rng = np.random.default_rng(0)
    shapes = gaussian_filter(rng.standard_normal((10, 3, 28, 28)), (0, 0, 3, 3))
    shapes /= shapes.std(axis=(2, 3), keepdims=True)
    y, kind = rng.integers(10, size=n), rng.integers(3, size=n)
    noise = gaussian_filter(rng.standard_normal((n, 28, 28)), (0, 2, 2))
    grey = rng.normal(1, 0.3, n)[:, None, None] * shapes[y, kind] + 0.8 * noise / noise.std()
    radius = np.hypot(*np.meshgrid(np.linspace(-1, 1, 28), np.linspace(-1, 1, 28)))
    X = np.clip(grey - 0.3, 0, 3) / 3 * (radius < 1.05) * np.exp(-(radius**2))
    return np.round(255 * X.reshape(n, 784)) / 255, y


def digits() -> Rows:
    """Return scikit-learn's digits, 1,797 x 64, scaled to [0, 1]."""
    X, y = load_digits(return_X_y=True)
    return X / 16, y


def scaled(load: Callable[..., Rows]) -> Rows:
    """Return one of scikit-learn's small data sets, standardised."""
    X, y = load(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def float32() -> Rows:
    """Return 20,000 rows with 40 independent columns in single precision."""
    X, y = independent(20_000, 40)
    return X.astype(np.float32), y


SETS: dict[str, Callable[[], Rows]] = {
    "iris 150 x 4, 3 classes": partial(scaled, load_iris),
    "wine 178 x 13, 3 classes": partial(scaled, load_wine),
    "40 x 3": partial(independent, 40, 3),
    "cancer 569 x 30, unscaled": partial(load_breast_cancer, return_X_y=True),
    "digits 1,797 x 64, 10 classes": digits,
    "independent 20,000 x 50": partial(independent, 20_000, 50),
    "independent 20,000 x 40, float32": float32,
    "correlated 20,000 x 50, condition 800": partial(correlated, 20_000, 50, 800),
    "correlated 5,000 x 30, 5 classes, condition 100": partial(correlated, 5000, 30, 100, 5),
    "polynomial 3,000 x 55": polynomial,
    "unscaled 5,000 x 20, 4 classes": partial(unscaled, 5000, 20, 4),
    "heavy tails 3,000 x 25": heavy_tails,
    "unbalanced 20,000 x 30": partial(independent, 20_000, 30, shift=5),
    "unbalanced 5,000 x 20, 4 classes": partial(independent, 5000, 20, 4, shift=4),
    "50 classes, 1,500 x 30": partial(independent, 1500, 30, 50, 5),
    "200 classes, 1,000 x 10": partial(independent, 1000, 10, 200, 5),
    "images 1,000 x 784, 10 classes": partial(images, 1000),
    "one-hot 20,000 x 300": partial(one_hot, 20_000, 10, 30, 2),
    "one-hot 10,000 x 1,000, 5 classes": partial(one_hot, 10_000, 10, 100, 5),
    "text 5,000 x 20,000": partial(text, 5000, 20_000, 2),
    "text 3,000 x 10,000, 10 classes": partial(text, 3000, 10_000, 10),
    "wide 100 x 5,000": partial(independent, 100, 5000),
    "wide 72 x 7,000, 4 classes": partial(independent, 72, 7000, 4),
    "wide 300 x 2,000 of rank 20": partial(low_rank, 300, 2000, 20),
    "wide 40 x 20,000": partial(independent, 40, 20_000),
    "1,000 x 1,000": partial(independent, 1000, 1000),
    "400 x 400, 3 classes": partial(independent, 400, 400, 3),
}
