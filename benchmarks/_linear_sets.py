"""The data sets of the benchmark of GDRegressor: dense and CSR data of many shapes, created quickly."""

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
import scipy.sparse as sp
from sklearn.datasets import load_diabetes, load_digits
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import PolynomialFeatures

Rows: TypeAlias = tuple[np.ndarray | sp.csr_array, np.ndarray]

N_RELEVANT = 20  # number of columns that y depends on, if there are so many


def with_target(X: np.ndarray | sp.csr_array, rng: np.random.Generator, n_targets: int | None = None) -> Rows:
    """Return X and a linear function of some columns, with noise of half its standard deviation."""
    shape = (X.shape[1],) if n_targets is None else (X.shape[1], n_targets)
    w = rng.standard_normal(shape)
    w[rng.permutation(X.shape[1])[N_RELEVANT:]] = 0
    y = X @ w
    return X, 3 + y + 0.5 * y.std() * rng.standard_normal(y.shape)


def independent(n: int, d: int, n_targets: int | None = None) -> Rows:
    """Return independent normal columns."""
    rng = np.random.default_rng(0)
    return with_target(rng.standard_normal((n, d)), rng, n_targets)


def float32(n: int, d: int) -> Rows:
    """Return independent columns in single precision."""
    X, y = independent(n, d)
    return X.astype(np.float32), y.astype(np.float32)


def correlated(n: int, d: int, condition: float) -> Rows:
    """Return columns with a given condition number."""
    rng = np.random.default_rng(0)
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0]
    scales = np.geomspace(1, 1 / condition, d)
    return with_target(rng.standard_normal((n, d)) * scales @ rotation.T, rng)


def low_rank(n: int, d: int, rank: int) -> Rows:
    """Return columns that are mixtures of a few factors, with a little noise."""
    rng = np.random.default_rng(0)
    factors = rng.standard_normal((n, rank)) @ rng.standard_normal((rank, d)) / np.sqrt(rank)
    return with_target(factors + 0.1 * rng.standard_normal((n, d)), rng)


def neighbours(n: int, d: int) -> Rows:
    """Return columns that are correlated with their neighbours, as in spectra or genotypes."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d + 19))
    X = np.cumsum(X, axis=1)
    return with_target((X[:, 19:] - np.pad(X, ((0, 0), (1, 0)))[:, :d]) / np.sqrt(20), rng)


def unscaled(n: int, d: int) -> Rows:
    """Return columns with scales from 0.01 to 100 and means of ten standard deviations."""
    X, y = independent(n, d)
    return (X + 10) * np.geomspace(0.01, 100, d), y


def polynomial() -> Rows:
    """Return all terms up to degree 3 of the ten columns of scikit-learn's diabetes data: 442 x 285."""
    X, y = load_diabetes(return_X_y=True)
    return PolynomialFeatures(3, include_bias=False).fit_transform(X / X.std(axis=0)), y


def digits() -> Rows:
    """Return scikit-learn's digits, 1,797 x 64, with three constant columns. The target is the digit."""
    X, y = load_digits(return_X_y=True)
    return X, y.astype(float)


def one_hot(n: int, columns: int, categories: int, with_constant: bool = False) -> Rows:
    """Return categories drawn from Zipf's law, as CSR rows of ones, with an optional constant column."""
    rng = np.random.default_rng(0)
    shares = np.arange(1, categories + 1) ** -1.0
    codes = rng.choice(categories, size=(n, columns), p=shares / shares.sum())
    places = (codes + categories * np.arange(columns)).ravel()
    rows = np.arange(0, n * columns + 1, columns)
    X = sp.csr_array((np.ones(n * columns), places, rows), shape=(n, columns * categories))
    if with_constant:
        X = sp.csr_array(sp.hstack([np.ones((n, 1)), X]))
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)  # as scikit-learn requires
    return with_target(X, rng)


def text(n: int, n_words: int, length: int = 120) -> Rows:
    """Return tf-idf rows of texts whose words follow Zipf's law."""
    rng = np.random.default_rng(0)
    shares = np.arange(1, n_words + 1) ** -1.05
    row = np.repeat(np.arange(n), np.maximum(5, rng.lognormal(np.log(length), 0.7, n)).astype(int))
    word = rng.choice(n_words, size=len(row), p=shares / shares.sum())
    counts = sp.csr_array((np.ones(len(row)), (row, word)), shape=(n, n_words))
    X = sp.csr_array(TfidfTransformer(sublinear_tf=True).fit_transform(counts))
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    w = rng.standard_normal(n_words) * (rng.random(n_words) < 0.05)
    w[:N_RELEVANT] = rng.standard_normal(N_RELEVANT)
    y = X @ w
    return X, 3 + y + 0.5 * y.std() * rng.standard_normal(n)


def random_csr(n: int, d: int, density: float) -> Rows:
    """Return CSR rows with normally distributed numbers at random positions."""
    rng = np.random.default_rng(0)
    X = sp.random_array((n, d), density=density, format="csr", rng=rng, data_sampler=rng.standard_normal)
    return with_target(X, rng)


SETS: dict[str, Callable[[], Rows]] = {
    "independent 1,000,000 x 50": partial(independent, 10**6, 50),
    "independent 20,000 x 50": partial(independent, 20_000, 50),
    "independent 5,000 x 500": partial(independent, 5000, 500),
    "5 targets, 20,000 x 50": partial(independent, 20_000, 50, 5),
    "float32 50,000 x 40": partial(float32, 50_000, 40),
    "correlated 20,000 x 50, condition 1,000": partial(correlated, 20_000, 50, 1000),
    "unscaled 20,000 x 30": partial(unscaled, 20_000, 30),
    "polynomial 442 x 285": polynomial,
    "digits 1,797 x 64": digits,
    "tiny 40 x 3": partial(independent, 40, 3),
    "1,000 x 1,000": partial(independent, 1000, 1000),
    "300 x 300": partial(independent, 300, 300),
    "wide 500 x 2,000": partial(independent, 500, 2000),
    "wide 100 x 5,000": partial(independent, 100, 5000),
    "wide 300 x 2,000 of rank 20": partial(low_rank, 300, 2000, 20),
    "wide 200 x 4,000, like their neighbours": partial(neighbours, 200, 4000),
    "wide 50 x 20,000": partial(independent, 50, 20_000),
    "one-hot CSR 100,000 x 300": partial(one_hot, 100_000, 10, 30),
    "one-hot CSR 50,000 x 4,000": partial(one_hot, 50_000, 8, 500),
    "one-hot CSR and a constant 20,000 x 1,001": partial(one_hot, 20_000, 10, 100, with_constant=True),
    "text CSR 2,000 x 20,000": partial(text, 2000, 20_000),
    "text CSR 20,000 x 5,000": partial(text, 20_000, 5000),
    "CSR 5,000 x 1,000 of density 0.05": partial(random_csr, 5000, 1000, 0.05),
    "CSR 500 x 1,000 of density 0.2": partial(random_csr, 500, 1000, 0.2),
    "CSR 200,000 x 100 of density 0.05": partial(random_csr, 200_000, 100, 0.05),
}
NEAR_SQUARE = {"1,000 x 1,000", "300 x 300", "polynomial 442 x 285"}  # without an aim for the L1 penalty
MORE_PENALTIES = {"independent 20,000 x 50", "wide 100 x 5,000", "text CSR 2,000 x 20,000"}
