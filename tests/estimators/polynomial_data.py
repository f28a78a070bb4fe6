"""Rows and comparisons that the tests of PolynomialRegressor share."""

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures

unfinished = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


PENALTIES = {"none": (0.0, 0.0), "ridge": (0.01, 0.0), "lasso": (0.01, 1.0), "elastic net": (0.01, 0.4)}


NAMES = ["reservations", "temperature", "weekend"]


def noisy(n=200, q=None, seed=0):
    """Three features on different scales, targets that no polynomial fits, weights of which some are 0."""
    rng = np.random.default_rng(seed)
    X = rng.uniform([-2, 0, 1], [3, 1, 2], (n, 3))
    y = np.sin(2 * X @ rng.normal(size=(3, q or 1))) + rng.normal(size=(n, q or 1)) + 1
    return X, y if q else y[:, 0], rng.integers(0, 3, n).astype(float)


def close(actual, expected, tol=1e-9):
    """Check that arrays differ by at most `tol` times the largest number expected."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tol * np.abs(expected).max(initial=1e-300))


def same_model(one, other, X, tol=1e-8):
    close(one.predict(X), other.predict(X), tol)
    close(one.coef_, other.coef_, 10 * tol)


def by_hand(model, X):
    """The polynomial written out in the original units."""
    terms = np.prod(X[:, np.newaxis, :] ** model.powers_, axis=2)  # (n, p)
    return terms @ model.coef_.T + model.intercept_


def scaled(X, degree, interaction_only=False):
    """scikit-learn's terms of the features in [-1, 1], without the constant."""
    scale = MinMaxScaler((-1, 1)).fit_transform(X)
    return PolynomialFeatures(degree, interaction_only=interaction_only, include_bias=False).fit_transform(
        scale
    )


DOMAIN = [[-2, 0, 1], [3, 1, 2]]
