"""Rows, textbook formulas and comparisons that the tests of GDRegressor share."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import strategies as st
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge

MAX_GRAM_FEATURES = 5000  # beyond so many features, no Gram matrix is formed


unfinished = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


PENALTIES = {"none": (0.0, 0.0), "ridge": (0.3, 0.0), "lasso": (0.2, 1.0), "elastic net": (0.3, 0.4)}


def rows_of_condition(n, d, condition, seed=0, offset=0.0):
    """Rows whose singular values, the means taken off, are sqrt(n) down to sqrt(n) / condition."""
    rng = np.random.default_rng(seed)
    centred = np.linalg.qr(np.column_stack([np.ones(n), rng.normal(size=(n, d))]))[0][:, 1:]
    turn = np.linalg.qr(rng.normal(size=(d, d)))[0]
    return centred * np.geomspace(1, 1 / condition, d) @ turn * np.sqrt(n) + offset


def noisy(n=60, d=4, q=None, seed=0, offset=0.0):
    """Rows, targets and weights of three kinds, one of them 0."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * np.linspace(1, 2, d) + np.arange(d)
    y = X @ rng.normal(size=(d, q or 1)) + rng.normal(size=(n, q or 1)) + 2
    return X + offset, y if q else y[:, 0], rng.integers(0, 3, n).astype(float)


def theirs(alpha, l1_ratio, fit_intercept, total):
    """Return scikit-learn's estimator of the same minimum, `total` being the sum of the weights."""
    if alpha == 0:
        return LinearRegression(fit_intercept=fit_intercept, tol=1e-13)
    if l1_ratio == 0:
        return Ridge(alpha * total, fit_intercept=fit_intercept, solver="cholesky")
    net = partial(Lasso, alpha) if l1_ratio == 1 else partial(ElasticNet, alpha, l1_ratio=l1_ratio)
    return net(fit_intercept=fit_intercept, tol=1e-14, max_iter=1_000_000)


def literal_loop(X, y, rate, n_iter, alpha=0.0, l1_ratio=0.0, fit_intercept=True, sample_weight=None):
    """Textbook gradient descent as it is written; twice the gradient of the objective, then shrinkage."""
    weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
    share = weight / weight.sum()
    w, b = np.zeros(X.shape[1]), 0.0
    for _ in range(n_iter):
        residual = X @ w + b - y
        w = w - rate * 2 * (X.T @ (share * residual) + alpha * (1 - l1_ratio) * w)
        if fit_intercept:
            b = b - rate * 2 * (share @ residual)
        w = np.sign(w) * np.maximum(np.abs(w) - rate * 2 * alpha * l1_ratio, 0)
    return w, b


def objective(X, y, w, b, alpha=0.0, l1_ratio=0.0, sample_weight=None):
    """The formula of the class docstring, term by term."""
    share = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
    squares = share / share.sum() @ (y - X @ w - b) ** 2
    return 0.5 * squares + alpha * l1_ratio * np.abs(w).sum() + alpha * (1 - l1_ratio) / 2 * (w**2).sum()


def largest_rate(X, alpha=0.0, l1_ratio=0.0, fit_intercept=True, sample_weight=None):
    """1 / the largest eigenvalue of the mean Hessian, the bias being the weight of a constant 1."""
    weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, float)
    design = np.column_stack([X, np.ones(len(X))]) if fit_intercept else X
    penalty = alpha * (1 - l1_ratio) * np.diag([1.0] * X.shape[1] + [0.0] * bool(fit_intercept))
    return 1 / np.linalg.eigvalsh(design.T * (weight / weight.sum()) @ design + penalty)[-1]


def close(actual, expected, tol=1e-6):
    """Whether arrays differ by at most `tol` times the largest number expected."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tol * np.abs(expected).max(initial=1e-300))


def same_model(one, other, tol=1e-8):
    close(one.coef_, other.coef_, tol)
    close(one.intercept_, other.intercept_, 1e3 * tol)


def unchanged_by(model, call, error, match):
    """Check that the call raises, and that not a byte of the model differs afterwards."""
    before = pickle.dumps(model)
    with pytest.raises(error, match=match):
        call()
    assert pickle.dumps(model) == before


def layouts(X):
    """The same rows, in every form that is read."""
    wide = np.zeros((2 * len(X), 3 * X.shape[1]))
    wide[::2, ::3] = X
    return {
        "C": X,
        "F": np.asfortranarray(X),
        "strided": wide[::2, ::3],
        "backwards": X[::-1, ::-1].copy()[::-1, ::-1],
        "lists": X.tolist(),
        "csr_array": sp.csr_array(X),
        "csr_matrix": sp.csr_matrix(X),
        "csc": sp.csc_array(X),
        "pandas": pd.DataFrame(X, columns=[f"column {j}" for j in range(X.shape[1])]),
        "polars": pl.DataFrame(X, schema=[f"column {j}" for j in range(X.shape[1])]),
    }


NUMBERS = st.integers(0, 2**32 - 1)


class Recorder:
    """A callback that keeps the models it is shown; asks to stop after some iterations."""

    def __init__(self, stop_after=None):
        self.models, self.stop_after = [], stop_after

    def setup(self, estimator, context): ...

    def teardown(self, estimator, context): ...

    def on_fit_task_begin(self, estimator, context, **kwargs): ...

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, metadata=None, fitted_estimator=None):
        if context.task_name == "iteration":
            self.models.append(fitted_estimator)
            self.weight = metadata and metadata["sample_weight"]
            return len(self.models) == self.stop_after
        return False
