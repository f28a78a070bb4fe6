"""GDRegressor: scikit-learn's solutions, textbook descent's iterates, and statistics that add up."""

import copy
import pickle
import warnings
from fractions import Fraction
from functools import partial

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.linalg import LinAlgWarning, lstsq
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators import GDRegressor, PolynomialRegressor
from estimators._least_squares import moments as _moments
from estimators._least_squares import problems as _problems
from estimators.linear import WIDE
from pipelines import load_model, save_model

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


# --- "auto": the minimum ---------------------------------------------------------------------------------


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("n_targets", [None, 1, 3])
def test_equals_scikit_learn(penalty, fit_intercept, weighted, n_targets):
    X, y, weight = noisy(q=n_targets)
    alpha, l1_ratio = PENALTIES[penalty]
    weight = weight if weighted else None
    expected = theirs(alpha, l1_ratio, fit_intercept, weight.sum() if weighted else len(X))
    if l1_ratio:  # scikit-learn's Lasso drops the second axis of one target: fit column by column
        fits = [clone(expected).fit(X, column, weight) for column in y.reshape(len(y), -1).T]
        coef = np.array([fit.coef_ for fit in fits]).reshape(*y.shape[1:], -1).reshape((*y.shape[1:], 4))
        intercept = np.array([fit.intercept_ for fit in fits]).reshape(y.shape[1:])
    else:
        coef, intercept = (fit := expected.fit(X, y, weight)).coef_.reshape(*y.shape[1:], 4), fit.intercept_
        intercept = np.broadcast_to(intercept, y.shape[1:])
    ours = GDRegressor(alpha, l1_ratio, fit_intercept=fit_intercept).fit(X, y, weight)
    close(ours.coef_, coef)
    close(ours.intercept_, intercept)
    close(ours.predict(X), X @ coef.T + intercept)
    assert ours.predict(X).shape == y.shape


@pytest.mark.parametrize(("condition", "tol"), [(1e1, 1e-10), (1e4, 1e-6), (1e5, 1e-5), (1e7, 1e-5)])
@pytest.mark.parametrize("shape", [(40, 5), (1000, 2), (3000, 30)])
@pytest.mark.parametrize("weighted", [True, False])
def test_the_true_weights_at_a_known_condition(condition, tol, shape, weighted):
    X = rows_of_condition(*shape, condition)
    w = np.random.default_rng(1).normal(size=shape[1])
    weight = np.random.default_rng(2).uniform(0.5, 2, shape[0]) if weighted else None
    ours = GDRegressor().fit(X, X @ w + 3, weight)
    close(ours.coef_, w, tol)
    close(ours.intercept_, 3.0, tol)
    close(GDRegressor(fit_intercept=False).fit(X, X @ w, weight).coef_, w, tol)


@pytest.mark.parametrize("condition", [1e1, 1e4])
def test_the_true_weights_of_columns_far_from_zero(condition):
    X = rows_of_condition(300, 5, condition, offset=1e6)
    w = np.array([1.0, -2.0, 0.5, 3.0, -2.5])  # they sum to 0, and X - 1e6 is exact: so is y
    ours = GDRegressor().fit(X, (X - 1e6) @ w)
    close(ours.coef_, w, 1e-6)


@pytest.mark.parametrize("offset", [0.0, 1e6])
@pytest.mark.parametrize("shape", [(30, 3, 10), (3000, 9, 10), (20, 20, 50)])  # rows, rank, columns
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_of_several_minima_the_shortest(shape, offset, fit_intercept):
    n, rank, d = shape
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d)) + offset
    y = rng.normal(size=n)
    if fit_intercept:
        expected = lstsq(X - X.mean(axis=0), y - y.mean(), cond=1e-7)[0]
    else:
        expected = lstsq(X, y, cond=1e-13)[0]
    ours = GDRegressor(fit_intercept=fit_intercept).fit(X, y)
    close(ours.coef_, expected, 1e-6)


@pytest.mark.parametrize("penalty", ["lasso", "elastic net"])
@pytest.mark.parametrize("condition", [1e2, 1e4])
@pytest.mark.parametrize("strength", [0.3, 1e-2, 1e-4])
def test_l1_penalties_at_a_known_condition(penalty, condition, strength):
    X = rows_of_condition(200, 8, condition)
    y = X @ np.random.default_rng(1).normal(size=8) + np.random.default_rng(2).normal(size=200)
    l1_ratio = PENALTIES[penalty][1]
    alpha = strength * np.abs((X - X.mean(axis=0)).T @ y).max() / 200 / l1_ratio
    ours = GDRegressor(alpha, l1_ratio).fit(X, y)
    slope = X.T @ (X @ ours.coef_ + ours.intercept_ - y) / 200 + alpha * (1 - l1_ratio) * ours.coef_
    l1 = alpha * l1_ratio  # at the minimum the slope is -l1 * sign where a weight is, and shorter elsewhere
    broken = np.where(
        ours.coef_ != 0, np.abs(slope + l1 * np.sign(ours.coef_)), np.maximum(np.abs(slope) - l1, 0)
    )
    assert broken.max() < 1e-10 * np.abs(X.T @ y / 200).max()
    if condition < 1e3:  # beyond, coordinate descent takes minutes
        close(ours.coef_, theirs(alpha, l1_ratio, True, 200).fit(X, y).coef_)


@pytest.mark.parametrize("shape", [(30, 60, 1e-2), (30, 60, 1e-3), (30, 200, 1e-2)])
def test_a_lasso_of_more_columns_than_rows_arrives_in_about_the_time_of_coordinate_descent(shape):
    n, d, strength = shape
    rng = np.random.default_rng(1)
    X = rng.normal(size=(n, d)) * np.geomspace(1, 0.1, d)
    y = X @ rng.normal(size=d) + rng.normal(size=n) * 0.3
    alpha = strength * np.abs((X - X.mean(axis=0)).T @ y).max() / n
    ours = GDRegressor(alpha, 1, max_iter=20_000).fit(X, y)
    best = Lasso(alpha, tol=1e-12, max_iter=10**6).fit(X, y)
    lowest = objective(X, y, best.coef_, best.intercept_, alpha, 1)
    assert objective(X, y, ours.coef_, ours.intercept_, alpha, 1) <= lowest * (1 + 1e-9)


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


@pytest.mark.parametrize("layout", layouts(np.zeros((1, 1))))
@pytest.mark.parametrize("kind", ["dense", "far away", "sparse", "sparse with an empty column"])
@pytest.mark.parametrize("weighted", [True, False])
def test_any_layout_is_read(layout, kind, weighted):
    X, y, weight = noisy(200, 12, offset=1e6 if kind == "far away" else 0.0)
    if kind.startswith("sparse"):
        X *= np.random.default_rng(1).random(X.shape) < 0.08
    if kind.endswith("column"):
        X[:, 3] = 0
    weight = weight if weighted else None
    keep = slice(None) if weight is None else weight > 0
    root = 1.0 if weight is None else np.sqrt(weight[keep])[:, np.newaxis]
    middle = np.average(X, axis=0, weights=weight)
    expected = lstsq(
        root * (X[keep] - middle), np.ravel(root) * (y[keep] - np.average(y, weights=weight)), cond=1e-9
    )[0]
    rows = layouts(X)[layout]
    ours = GDRegressor().fit(rows, y, weight)
    close(ours.coef_, expected, 1e-8)
    close(ours.predict(rows), (X - middle) @ expected + np.average(y, weights=weight), 1e-8)
    same_model(GDRegressor().partial_fit(rows, y, weight), ours)


def test_names_of_features_are_kept_and_checked():
    X, y, _ = noisy()
    frame = layouts(X)["pandas"]
    model = GDRegressor().fit(frame, y)
    assert model.feature_names_in_.tolist() == list(frame.columns)
    with pytest.raises(ValueError, match="feature names should match"):
        model.partial_fit(frame.rename(columns={"column 0": "other"}), y)
    np.testing.assert_array_equal(model.predict(layouts(X)["polars"]), model.predict(frame))


@pytest.mark.parametrize("params", [{}, {"alpha": 0.1, "l1_ratio": 0.5}, {"learning_rate": 0.01}])
@unfinished
def test_float32_in_and_out(params):
    X, y, _ = noisy(q=2)
    small = GDRegressor(**params).fit(X.astype(np.float32), y)
    assert {small.coef_.dtype, small.intercept_.dtype, small.predict(X.astype(np.float32)).dtype} == {
        np.dtype("f4")
    }
    close(small.coef_, GDRegressor(**params).fit(X.astype(np.float32).astype(float), y).coef_, 1e-6)
    chunks = GDRegressor(**params).partial_fit(X.astype(np.float32), y)
    assert chunks.coef_.dtype == np.float32


@pytest.mark.parametrize("kind", [bool, int, np.uint8, object])
def test_targets_of_other_types(kind):
    X, y, _ = noisy()
    y = (y > 2).astype(kind)
    close(GDRegressor().fit(X, y).coef_, LinearRegression().fit(X, y.astype(float)).coef_)


# --- a given learning rate: textbook descent ------------------------------------------------------------

NUMBERS = st.integers(0, 2**32 - 1)


@given(
    NUMBERS,
    st.integers(1, 12),
    st.integers(1, 6),
    st.floats(0.01, 1),
    st.integers(1, 60),
    st.sampled_from([*PENALTIES]),
    st.booleans(),
    st.booleans(),
)
@unfinished
def test_iterates_are_those_of_the_literal_loop(seed, n, d, share, n_iter, penalty, fit_intercept, weighted):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(n, d)) * 2 + 1, rng.normal(size=n) * 3 + 1
    alpha, l1_ratio = PENALTIES[penalty]
    weight = rng.uniform(0.1, 3, n) if weighted else None
    params = {"alpha": alpha, "l1_ratio": l1_ratio, "fit_intercept": fit_intercept}
    rate = share * largest_rate(X, **params, sample_weight=weight)
    w, b = literal_loop(X, y, rate, n_iter, **params, sample_weight=weight)
    model = GDRegressor(**params, learning_rate=rate, max_iter=n_iter).fit(X, y, weight)
    reach = max(np.abs(w).max(), abs(b), 1e-3)
    np.testing.assert_allclose(model.coef_, w, rtol=0, atol=1e-10 * reach)
    np.testing.assert_allclose(model.intercept_, b, rtol=0, atol=1e-10 * reach)
    assert model.n_iter_ == n_iter
    expected = objective(X, y, w, b, alpha, l1_ratio, weight)
    np.testing.assert_allclose(model.loss_curve_[-1], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("offset", [0.0, 1e6])
@unfinished
def test_loss_curve_is_the_objective_after_each_iteration(penalty, offset):
    X, y, weight = noisy()
    y = y + offset
    alpha, l1_ratio = PENALTIES[penalty]
    rate = 0.5 * largest_rate(X, alpha, l1_ratio, sample_weight=weight)
    model = GDRegressor(alpha, l1_ratio, learning_rate=rate, max_iter=3000).fit(X, y, weight)
    assert model.loss_curve_.shape == (model.n_iter_,) == (3000,)
    for k in (1, 2, 3, 10, 100, 3000):
        w, b = literal_loop(X, y, rate, k, alpha, l1_ratio, sample_weight=weight)
        expected = objective(X, y, w, b, alpha, l1_ratio, weight)
        np.testing.assert_allclose(model.loss_curve_[k - 1], expected, rtol=1e-8)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("n_targets", [None, 2])
def test_loss_curve_of_auto_ends_at_the_minimum(penalty, n_targets):
    X, y, weight = noisy(q=n_targets)
    alpha, l1_ratio = PENALTIES[penalty]
    model = GDRegressor(alpha, l1_ratio).fit(X, y, weight)
    coefs, biases, columns = (
        np.atleast_2d(model.coef_),
        np.atleast_1d(model.intercept_),
        y.reshape(len(y), -1).T,
    )
    expected = sum(
        objective(X, column, w, b, alpha, l1_ratio, weight)
        for column, w, b in zip(columns, coefs, biases, strict=True)
    )
    np.testing.assert_allclose(model.loss_curve_[-1], expected, rtol=1e-10)
    assert model.loss_curve_.shape == (model.n_iter_,)
    assert l1_ratio or model.n_iter_ == 1


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("d", [1, 4, 50])
@unfinished
def test_the_largest_safe_rate(penalty, fit_intercept, d):
    X, y, weight = noisy(80, d)
    params = dict(zip(("alpha", "l1_ratio"), PENALTIES[penalty], strict=True)) | {
        "fit_intercept": fit_intercept
    }
    limit = largest_rate(X, **params, sample_weight=weight)
    model = GDRegressor(**params, learning_rate=limit, max_iter=501).fit(X, y, weight)
    np.testing.assert_allclose(model.max_learning_rate_, limit, rtol=1e-10)
    assert np.isfinite(model.loss_curve_).all()
    assert (np.diff(model.loss_curve_) <= 1e-10 * model.loss_curve_[0]).all()
    with pytest.raises(
        ValueError, match=rf"learning_rate={1.001 * limit:g}.* largest safe rate is {limit:.6g}"
    ):
        model.set_params(learning_rate=1.001 * limit).fit(X, y, weight)
    with pytest.raises(NotFittedError):
        model.predict(X)


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("n_targets", [None, 2])
@unfinished
def test_coef_path_equals_fits_of_so_many_iterations(penalty, n_targets):
    X, y, weight = noisy(q=n_targets)
    alpha, l1_ratio = PENALTIES[penalty]
    model = GDRegressor(alpha, l1_ratio, learning_rate=0.02, max_iter=50).fit(X, y, weight)
    iterations = [7, 0, 1, 300, 7]
    coefs, intercepts = model.coef_path(iterations)
    assert not coefs[1].any()
    assert not np.any(intercepts[1])
    for k, coef, intercept in zip(iterations, coefs, intercepts, strict=True):
        if k:
            fit = clone(model).set_params(max_iter=k).fit(X, y, weight)
            close(coef, fit.coef_, 1e-12)
            close(intercept, fit.intercept_, 1e-12)
    assert coefs.shape == (5, *model.coef_.shape)
    assert intercepts.shape == (5, *np.shape(model.intercept_))


@pytest.mark.parametrize("iterations", [[-1], [1.5], 3, ["1"], [[1]], None, [True]])
def test_coef_path_refuses_other_iterations(iterations):
    X, y, _ = noisy()
    model = GDRegressor(learning_rate=0.02, max_iter=100_000).fit(X, y)
    with pytest.raises(ValueError, match="'iterations' parameter of coef_path must be a list of ints"):
        model.coef_path(iterations)


def test_coef_path_of_no_iterations_is_empty():
    X, y, _ = noisy()
    assert GDRegressor(learning_rate=0.02, max_iter=100_000).fit(X, y).coef_path([])[0].shape == (0, 4)


def test_coef_path_needs_a_rate_that_does_not_diverge():
    X, y, _ = noisy()
    with pytest.raises(ValueError, match=f"The largest safe rate is {largest_rate(X):.6g}"):
        GDRegressor().fit(X, y).coef_path([1])
    with pytest.raises(ValueError, match="The largest safe rate is"):
        GDRegressor(learning_rate=10.0).partial_fit(X, y).coef_path([1000])
    with pytest.raises(NotFittedError):
        GDRegressor(learning_rate=0.1).coef_path([1])


@pytest.mark.parametrize("l1_ratio", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("n_targets", [None, 2])
def test_alpha_path_equals_fits_with_these_penalties(l1_ratio, n_targets):
    X, y, weight = noisy(q=n_targets)
    model = GDRegressor(l1_ratio=l1_ratio).fit(X, y, weight)
    alphas = [100.0, 1.0, 0.01, 0.0, 0.3]
    coefs, intercepts = model.alpha_path(alphas)
    for alpha, coef, intercept in zip(alphas, coefs, intercepts, strict=True):
        fit = clone(model).set_params(alpha=alpha).fit(X, y, weight)
        close(coef, fit.coef_, 1e-7)
        close(intercept, fit.intercept_, 1e-7)
    assert coefs.shape == (5, *model.coef_.shape)
    assert model.alpha_path([])[0].shape == (0, *model.coef_.shape)


@pytest.mark.parametrize("alphas", [[-1.0], [np.nan], [np.inf], 0.1, ["a"], None, [[1.0]]])
def test_alpha_path_refuses_other_penalties(alphas):
    X, y, _ = noisy()
    with pytest.raises(ValueError, match="'alphas' parameter of alpha_path must be a list of floats"):
        GDRegressor().fit(X, y).alpha_path(alphas)


@pytest.mark.parametrize(
    "params",
    [
        {"learning_rate": 0.01, "max_iter": 3},
        {"learning_rate": 0.01, "max_iter": 3, "alpha": 0.1, "l1_ratio": 1},
        {"alpha": 0.1, "l1_ratio": 1, "max_iter": 1},
    ],
)
def test_a_warning_says_that_max_iter_ended_the_descent(params):
    X, y, _ = noisy()
    with pytest.warns(
        ConvergenceWarning, match=f"did not converge in max_iter={params['max_iter']} iterations"
    ):
        GDRegressor(**params).fit(X, y)
    GDRegressor(**params | {"max_iter": 20_000}).fit(X, y)  # none here: warnings are errors
    GDRegressor(**params, tol=1e3).fit(X, y)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("has_bias", [False, True])
def test_gradients_are_the_slopes_of_their_values(wide, has_bias):
    X, y, weight = noisy(30, 3, q=2)
    share, l2, design = weight / weight.sum(), 0.3, np.column_stack([X, np.ones(30)])
    if wide:
        problem = _problems.MatrixFree(X, y, share, np.zeros(3), l2, has_bias)
    else:
        design = design if has_bias else X
        penalty = l2 * np.diag(([1.0] * 3 + [0.0])[: design.shape[1]])
        gram, pull = design.T * share @ design + penalty, design.T * share @ y
        problem = _problems.Quadratic(gram, pull, 0.5 * share @ y**2, has_bias, l2=l2)
    w, h = np.random.default_rng(1).normal(size=(3 + has_bias, 2)), 1e-6
    slopes = np.zeros_like(w)
    for i, j in np.ndindex(*w.shape):
        step = np.zeros_like(w)
        step[i, j] = h
        slopes[i, j] = (problem.value(w + step) - problem.value(w - step))[j] / (2 * h)
    np.testing.assert_allclose(problem.gradient(w), slopes, rtol=1e-7)
    expected = [objective(X, y[:, j], w[:3, j], w[3, j] if has_bias else 0, l2, 0, weight) for j in range(2)]
    np.testing.assert_allclose(problem.value(w), expected, rtol=1e-12)


# --- statistics that add up -----------------------------------------------------------------------------


@given(
    NUMBERS,
    st.integers(1, 5),
    st.lists(st.integers(0, 39), max_size=4),
    st.sampled_from([*PENALTIES]),
    st.booleans(),
    st.booleans(),
)
def test_chunks_and_merges_in_any_order_equal_the_whole(seed, d, cuts, penalty, weighted, in_order):
    rng = np.random.default_rng(seed)
    X, y, weight = noisy(40, d, seed=seed % 1000)
    X = X * np.geomspace(1, 1e-2, d)  # of a condition of about 100
    order = np.argsort(X[:, 0]) if in_order else rng.permutation(40)
    parts = [part for part in np.split(order, sorted(cuts)) if len(part)]
    if weighted:
        parts = [part for part in parts if weight[part].any()]
        order = np.concatenate(parts)
    else:
        weight = np.ones(40)
    new = partial(GDRegressor, *PENALTIES[penalty])
    whole, chunks, merged = new().fit(X[order], y[order], weight[order]), new(), None
    for part in parts:
        chunks.partial_fit(X[part], y[part], weight[part])
        model = (
            new().fit(X[part], y[part], weight[part])
            if len(part) > 9
            else new().partial_fit(X[part], y[part], weight[part])
        )
        merged = model if merged is None else model.merge(merged)
    same_model(chunks, whole)
    same_model(merged, whole)


@given(
    NUMBERS,
    st.lists(st.integers(0, 3), min_size=30, max_size=30),
    st.sampled_from([*PENALTIES]),
    st.sampled_from(["auto", 0.02]),
    st.booleans(),
)
@unfinished
def test_a_row_of_weight_two_is_the_row_twice(seed, weight, penalty, rate, sparse):
    X, y, _ = noisy(30, 3, seed=seed % 1000)
    weight = np.array([*weight[:-1], 1])
    X[weight == 0] = 777.0  # of no weight: as if absent
    repeated = np.repeat(np.arange(30), weight)
    form = sp.csr_array if sparse else np.asarray
    assume(rate == "auto" or rate < largest_rate(X, *PENALTIES[penalty], sample_weight=weight))
    new = partial(GDRegressor, *PENALTIES[penalty], learning_rate=rate, max_iter=200)
    for method in ("fit", "partial_fit"):
        weighted = getattr(new(), method)(form(X), y, weight)
        twice = getattr(new(), method)(form(X[repeated]), y[repeated])
        same_model(weighted, twice, 1e-7)
        np.testing.assert_allclose(weighted.loss_curve_[-1], twice.loss_curve_[-1], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("outlier", [1e6, 1e10, 1e15])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_a_row_of_no_weight_is_absent_however_far_away(outlier, form):
    X, y, _ = noisy(50)
    weight = np.ones(50)
    X[0], y[0], weight[0] = outlier, -outlier, 0
    same_model(GDRegressor().fit(form(X), y, weight), GDRegressor().fit(X[1:], y[1:]), 1e-9)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_a_column_that_varies_only_in_rows_of_no_weight_is_constant(form):
    X, y, _ = noisy(50)
    X[:, 1], weight = 3.0, np.ones(50)
    X[0, 1], weight[0] = 7.0, 0
    model = GDRegressor().fit(form(X), y, weight)
    expected = GDRegressor().fit(np.delete(X[1:], 1, axis=1), y[1:])
    assert model.coef_[1] == 0
    close(np.delete(model.coef_, 1), expected.coef_, 1e-10)
    zeros = X.copy()
    zeros[1:, 1] = 0
    assert GDRegressor().fit(form(zeros), y, weight).coef_[1] == 0


EXTENDED = np.finfo(np.longdouble).eps < 1e-18  # else chunks are as exact as doubles: eps condition^2


@pytest.mark.parametrize(
    ("condition", "tol"),
    [(1e2, 1e-10), (1e3, 1e-9), (1e4, 1e-8 if EXTENDED else 1e-7), (1e5, 1e-8)][: 3 + EXTENDED],
)
@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_chunks_equal_the_whole_at_a_known_condition(condition, tol, offset, in_order):
    X = rows_of_condition(300, 5, condition, offset=offset)
    rng = np.random.default_rng(1)
    y = (X - offset) @ rng.normal(size=5) + rng.normal(size=300) * 0.1 + offset
    whole, chunks, merged, fits = GDRegressor().fit(X, y), GDRegressor(), GDRegressor(), GDRegressor()
    for part in np.array_split(np.argsort(X[:, 0]) if in_order else rng.permutation(300), 5):
        chunks.partial_fit(X[part], y[part])
        one, fit = GDRegressor().partial_fit(X[part], y[part]), GDRegressor().fit(X[part], y[part])
        merged = one if not hasattr(merged, "_moments") else one.merge(merged)
        fits = fit if not hasattr(fits, "_moments") else fit.merge(fits)
    for model in (chunks, merged, fits):
        close(model.coef_, whole.coef_, tol)


@pytest.mark.parametrize("penalty", [{}, {"fit_intercept": False}, {"alpha": 1e-6, "l1_ratio": 0.5}])
@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sp.csr_array])
@pytest.mark.parametrize("seed", range(4))
def test_chunks_of_any_size_equal_the_whole_at_condition_10_000(seed, form, penalty):
    rng = np.random.default_rng(seed)
    n, d = int(rng.integers(100, 3000)), int(rng.integers(2, 40))
    X = rows_of_condition(n, d, 1e4, seed=seed)
    if form is sp.csr_array:  # rows of one value each beside, so that sparse products are taken
        X = np.vstack([X[:60], np.eye(d)[rng.integers(0, d, 3000)] * np.geomspace(1, 1e-3, d)])
        n = len(X)
    y = X @ rng.normal(size=d) + rng.normal(size=n) * (seed % 2)
    whole, chunks, merged = GDRegressor(**penalty).fit(form(X), y), GDRegressor(**penalty), None
    for part in np.array_split(np.arange(n), int(rng.integers(2, n // d))):  # some are shorter than X is wide
        chunks.partial_fit(form(X[part]), y[part])
        one = GDRegressor(**penalty).fit(form(X[part]), y[part])
        merged = merged.merge(one) if merged else one
    for model in (chunks, merged):
        close(model.coef_, whole.coef_, 1e-8 if EXTENDED else 1e-7)


def unsorted(x):
    """A CSR matrix whose rows name their columns backwards, as products of matrices may."""
    rows, columns = x.shape
    backwards = np.tile(np.arange(columns)[::-1], rows)
    return sp.csr_array((x[:, ::-1].ravel(), backwards, columns * np.arange(rows + 1)), x.shape)


@pytest.mark.parametrize("spread", [1.0, 1e140, 1e-120])
def test_products_are_exact(spread):
    rng = np.random.default_rng(0)
    x, v = rng.normal(size=(400, 3)) * [1, 1e5, spread], rng.normal(size=(2, 400))
    x[:, 1] += 1e6
    for form in (np.asarray, sp.csr_array, unsorted):
        xx, vx = _moments._exact_products(form(x), v)
        exact_x, exact_v = [[[Fraction(value) for value in row] for row in each] for each in (x.T, v)]
        for i, row in enumerate(exact_x):
            expected = [sum(a * b for a, b in zip(row, other, strict=True)) for other in exact_x]
            found = [Fraction(*value.as_integer_ratio()) for value in xx[i]]
            room = [float(np.linalg.norm(x[:, i]) * np.linalg.norm(x[:, j])) for j in range(3)]
            assert max(abs(f - e) / Fraction(r) for f, e, r in zip(found, expected, room, strict=True)) < (
                1e-18 if EXTENDED else 1e-15
            )
        for i, row in enumerate(exact_v):
            for j, other in enumerate(exact_x):
                gap = abs(
                    Fraction(*vx[i, j].as_integer_ratio())
                    - sum(a * b for a, b in zip(row, other, strict=True))
                )
                room = float(np.linalg.norm(v[i]) * np.linalg.norm(x[:, j]))
                assert gap / Fraction(room) < (1e-18 if EXTENDED else 1e-15)


def test_ill_conditioned_chunks_are_warned_of():
    w = np.array([1.0, 2.0, 3.0, 4.0])
    for condition in (3e6, 1e7):
        X = rows_of_condition(200, 4, condition)
        with pytest.warns(LinAlgWarning, match="X is ill-conditioned .*Call fit with all rows"):
            chunks = GDRegressor().partial_fit(X, X @ w).coef_
        assert np.abs(chunks - w).max() < 100 * np.finfo(float).eps * condition**2 * 4
        GDRegressor().fit(X, X @ w)  # reads the rows twice: nothing to warn of


def test_chunks_keep_the_smallest_direction_at_condition_1e6():
    X, w = rows_of_condition(200, 4, 1e6), np.array([1.0, 2.0, 3.0, 4.0])
    chunks = GDRegressor().partial_fit(X, X @ w).coef_
    close(X @ chunks, X @ w, 1e-8)
    close(chunks, w, 1e-3)


@pytest.mark.parametrize("d", [4, 60])
def test_chunks_are_good_or_warned_of(d):
    w = np.arange(1.0, d + 1)
    for condition in np.geomspace(3e5, 1e7, 20):
        X = rows_of_condition(200, d, condition)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", LinAlgWarning)
            chunks = GDRegressor().partial_fit(X, X @ w).coef_
        if not caught:
            close(chunks, w, 1e-6 if EXTENDED else 1e-2)


@pytest.mark.parametrize("condition", [1e1, 1e3, 1e4, 3e5])
def test_well_conditioned_chunks_are_not_warned_of(condition):
    X = rows_of_condition(200, 4, condition, seed=3)
    close(GDRegressor().partial_fit(X, X @ [1.0, 2.0, 3.0, 4.0]).coef_, [1, 2, 3, 4], 1e-6)


@pytest.mark.parametrize("n", [50, 100_000])
@pytest.mark.parametrize("kind", ["one-hot", "sum of others", "scaled copy"])
def test_rank_deficient_chunks_give_the_shortest_weights_and_no_warning(kind, n):
    rng = np.random.default_rng(0)
    if kind == "one-hot":
        X = np.eye(5)[rng.integers(0, 5, n)]
    else:
        X = rng.normal(size=(n, 4)) + 3
        X = np.column_stack([X, X.sum(axis=1) if kind == "sum of others" else 1e3 * X[:, 0]])
    y = X @ [1.0, 2.0, 3.0, 4.0, 0.0] + rng.normal(size=n)
    expected = lstsq(X - X.mean(axis=0), y - y.mean(), cond=1e-9)[0]
    chunks = GDRegressor()
    for part in np.array_split(np.arange(n), 3):
        chunks.partial_fit(X[part], y[part])
    close(chunks.coef_, expected, 1e-7)
    close(GDRegressor().fit(X, y).coef_, expected, 1e-9)


def test_fit_forgets_and_partial_fit_goes_on():
    X, y, _ = noisy()
    model = GDRegressor().fit(X * 5 + 1, y - 2).fit(X[:30], y[:30])
    same_model(model.partial_fit(X[30:], y[30:]), GDRegressor().fit(X, y))
    before = copy.deepcopy(model)
    same_model(model.merge(model), before, 1e-12)  # each row twice


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda X, y: GDRegressor(0.2).fit(X, y), ValueError, "'alpha' parameters differ: 0.1 and 0.2"),
        (
            lambda X, y: GDRegressor(0.1, learning_rate=0.1, max_iter=10**5).fit(X / 9, y),
            ValueError,
            "'learning_rate' parameters differ",
        ),
        (lambda X, y: GDRegressor(0.1).fit(X[:, :2], y), ValueError, "different features: 4 and 2"),
        (lambda X, y: GDRegressor(0.1).fit(layouts(X)["pandas"], y), ValueError, "feature names differ"),
        (
            lambda X, y: GDRegressor(0.1).fit(X, y[:, np.newaxis]),
            ValueError,
            "The models have different targets",
        ),
        (lambda X, y: GDRegressor(0.1), NotFittedError, "not fitted yet"),
        (lambda X, y: Ridge().fit(X, y), TypeError, "merges with an estimators.GDRegressor. Got sklearn"),
        (
            lambda X, y: PolynomialRegressor().fit(X, y),
            TypeError,
            "Got estimators.polynomial.PolynomialRegressor",
        ),
    ],
)
def test_merge_refuses_what_does_not_fit_and_changes_nothing(make, error, match):
    X, y, _ = noisy()
    model, other = GDRegressor(0.1).fit(X, y), make(X, y)
    before = pickle.dumps(other)
    unchanged_by(model, lambda: model.merge(other), error, match)
    assert pickle.dumps(other) == before


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (
            lambda model, X, y: model.partial_fit(X[:, :2], y),
            "X has 2 features, but GDRegressor is expecting 4",
        ),
        (
            lambda model, X, y: model.partial_fit(X, np.column_stack([y, y])),
            "y must have one axis, as before",
        ),
        (lambda model, X, y: model.partial_fit(np.where(X > 3, np.nan, X), y), "Input X contains NaN"),
        (
            lambda model, X, y: model.partial_fit(X, y, -np.ones(60)),
            "Negative values in data passed to `sample_weight`",
        ),
        (
            lambda model, X, y: model.partial_fit(X * 1e200, y),
            "too large for GDRegressor: their squares overflow",
        ),
        (lambda model, X, y: model.partial_fit(X[:0], y[:0]), "0 sample"),
    ],
)
def test_a_failed_partial_fit_changes_nothing(call, match):
    X, y, _ = noisy()
    model = GDRegressor().fit(X, y)
    unchanged_by(model, lambda: call(model, X, y), ValueError, match)


def test_a_failed_fit_leaves_no_old_weights_beside_new_features():
    X, y, _ = noisy()
    for bad in (X * np.nan, X[:, :2] * 1e200):
        model = GDRegressor().fit(X, y)
        with pytest.raises(ValueError, match=r"contains NaN|overflow"):
            model.fit(bad, y)
        assert not hasattr(model, "coef_")
        with pytest.raises(NotFittedError):
            model.predict(X)
        same_model(model.partial_fit(X, y), GDRegressor().fit(X, y))


def test_too_high_a_rate_is_refused_by_partial_fit_too():
    X, y, _ = noisy()
    model = GDRegressor(learning_rate=10.0)
    with pytest.raises(ValueError, match=f"The largest safe rate is {largest_rate(X):.6g}"):
        model.partial_fit(X, y)
    assert not hasattr(model, "coef_")


# --- more columns than a Gram matrix has room for --------------------------------------------------------


@pytest.fixture(scope="module")
def wide():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, WIDE + 1)) + 0.5
    return X, X[:, :4] @ [1.0, 2.0, 3.0, 4.0] + rng.normal(size=40) * 0.1


@pytest.fixture(scope="module")
def wide_csr():
    X = sp.random_array((200, WIDE + 500), density=0.01, rng=np.random.default_rng(0), format="csr")
    return X, np.random.default_rng(1).normal(size=200)


@pytest.mark.parametrize("rows", ["wide", "wide_csr"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_wide_minimum_norm_and_ridge(rows, fit_intercept, weighted, request):
    X, y = request.getfixturevalue(rows)
    weight = np.random.default_rng(2).integers(0, 3, len(y)).astype(float) if weighted else np.ones(len(y))
    dense = X.toarray() if sp.issparse(X) else X
    x_mean, y_mean = (
        np.average(part, axis=0, weights=weight) if fit_intercept else 0.0 for part in (dense, y)
    )
    root = np.sqrt(weight)
    A, b = root[:, np.newaxis] * (dense - x_mean), root * (y - y_mean)
    gram = A @ A.T
    for alpha in (0.0, 0.1):
        expected = A.T @ lstsq(gram + alpha * weight.sum() * np.eye(len(y)), b, cond=1e-12)[0]
        ours = GDRegressor(alpha, fit_intercept=fit_intercept).fit(X, y, weight if weighted else None)
        close(ours.coef_, expected, 1e-6)
        close(ours.predict(X), dense @ expected + (y_mean - x_mean @ expected if fit_intercept else 0), 1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_wide_loss_curve_has_the_objective_after_each_iteration(alpha, wide):
    model = GDRegressor(alpha).fit(*wide)
    expected = objective(*wide, model.coef_, model.intercept_, alpha)
    np.testing.assert_allclose(model.loss_curve_[-1], expected, atol=1e-9)
    assert model.loss_curve_.shape == (model.n_iter_,)


@pytest.mark.parametrize(("alpha", "l1_ratio"), [(1.0, 1.0), (0.3, 1.0), (0.5, 0.5)])
def test_wide_lasso_and_elastic_net(alpha, l1_ratio, wide, wide_csr):
    X, y = wide
    close(GDRegressor(alpha, l1_ratio).fit(X, y).coef_, theirs(alpha, l1_ratio, True, 40).fit(X, y).coef_)
    X, y = wide_csr
    alpha *= 0.01
    expected = theirs(alpha, l1_ratio, True, 200).fit(X.tocsc(), y)
    close(GDRegressor(alpha, l1_ratio).fit(X, y).coef_, expected.coef_)


def test_wide_columns_far_from_zero(wide):
    X, y = wide
    X = X + 1e6
    A = X - X.mean(axis=0)
    expected = A.T @ lstsq(A @ A.T, y - y.mean(), cond=1e-9)[0]
    close(GDRegressor().fit(X, y).coef_, expected, 1e-6)


@pytest.mark.parametrize("penalty", PENALTIES)
@unfinished
def test_wide_textbook_descent(penalty, wide, wide_csr):
    alpha, l1_ratio = PENALTIES[penalty]
    for (X, y), forms in ((wide, [np.asarray]), (wide_csr, [sp.csr_array, sp.csr_matrix])):
        dense = X.toarray() if sp.issparse(X) else X
        design = np.column_stack([dense, np.ones(len(y))])
        limit = 1 / np.linalg.eigvalsh(design @ design.T / len(y))[-1]  # without the penalty
        w, b = literal_loop(dense, y, limit / 2, 15, alpha, l1_ratio)
        for form in forms:
            model = GDRegressor(alpha, l1_ratio, learning_rate=limit / 2, max_iter=15).fit(form(X), y)
            close(model.coef_, w, 1e-10)
            close(model.intercept_, b, 1e-10)
            np.testing.assert_allclose(
                model.loss_curve_[-1], objective(dense, y, w, b, alpha, l1_ratio), rtol=1e-10
            )
        with pytest.raises(ValueError, match="The largest safe rate is"):
            GDRegressor(learning_rate=limit * 1.001).fit(X, y)
        GDRegressor(learning_rate=limit * (1 - 1e-9), max_iter=3).fit(X, y)


def test_wide_statistics_are_refused(wide):
    X, y = wide
    model = GDRegressor().fit(X, y)
    for name, call in {
        "partial_fit": lambda: model.partial_fit(X, y),
        "merge": lambda: model.merge(copy.deepcopy(model)),
        "coef_path": lambda: model.coef_path([1]),
        "alpha_path": lambda: model.alpha_path([1.0]),
    }.items():
        unchanged_by(model, call, ValueError, rf"{name} needs .* at most 5,000 features. Got 5,001 instead")
    assert not hasattr(model, "max_learning_rate_")


@pytest.mark.parametrize("d", [1, 2, 3, 40, WIDE + 1])
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("rate", ["auto", 1e-5])
@pytest.mark.parametrize("kind", ["constant", "zero", "one row", "constant target"])
@unfinished
def test_nothing_to_learn_is_learned(d, penalty, rate, kind):
    rng = np.random.default_rng(0)
    n = 1 if kind == "one row" else 6
    X = {"constant": np.full((n, d), 3.0), "zero": np.zeros((n, d))}.get(kind, rng.normal(size=(n, d)))
    y = np.full(n, 4.0) if kind == "constant target" else rng.normal(size=n)
    for fit_intercept in (True, False):
        model = GDRegressor(*PENALTIES[penalty], learning_rate=rate, max_iter=20, fit_intercept=fit_intercept)
        model.fit(X, y)
        assert np.isfinite(model.coef_).all()
        if fit_intercept and rate == "auto":
            np.testing.assert_allclose(model.coef_, 0, atol=1e-12)
            assert model.intercept_ == pytest.approx(y.mean())
        if kind == "zero":
            assert not model.coef_.any()


# --- input that is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda X, y: (np.where(X > 3, np.nan, X), y), "Input X contains NaN"),
        (lambda X, y: (np.where(X > 3, np.inf, X), y), "Input X contains infinity"),
        (lambda X, y: (sp.csr_array(np.where(X > 3, np.nan, X)), y), "Input X contains NaN"),
        (lambda X, y: (X, np.where(y > 3, np.nan, y)), "Input y contains NaN"),
        (lambda X, y: (X, np.where(y > 3, -np.inf, y)), "Input y contains infinity"),
        (lambda X, y: (X[:0], y[:0]), "Found array with 0 sample"),
        (lambda X, y: (X[:, :0], y), "Found array with 0 feature"),
        (lambda X, y: (X[:5], y), "inconsistent numbers of samples"),
        (lambda X, y: (X[0], y), "Expected 2D array, got 1D array"),
        (lambda X, y: (X[np.newaxis], y), "Found array with dim 3"),
        (lambda X, y: (X, None), "requires y to be passed"),
        (lambda X, y: (X, y[:, np.newaxis, np.newaxis]), "Found array with dim 3"),
        (lambda X, y: (X.astype(str) + "a", y), "could not convert string to float"),
        (lambda X, y: (X, y.astype(str) + "a"), "could not convert string to float"),
        (lambda X, y: (X * 1j, y), "Complex data not supported"),
        (lambda X, y: (X * 1e200, y), "X, y or sample_weight has values too large for GDRegressor"),
        (lambda X, y: (X, y * 1e200), "X, y or sample_weight has values too large for GDRegressor"),
        (lambda X, y: (sp.csr_array(X * 1e200), y), "X, y or sample_weight has values too large"),
        (
            lambda X, y: (sp.csr_array(np.where(X > 5, 1e200, 0)), y),
            "X, y or sample_weight has values too large",
        ),
        (lambda X, y: (X * 1e-200, y), "vary by less than 1e-140.*Scale X"),
    ],
)
def test_bad_rows_are_refused(change, match):
    X, y = change(*noisy()[:2])
    with pytest.raises(ValueError, match=match):
        GDRegressor().fit(X, y)
    with pytest.raises(ValueError, match=match):
        GDRegressor().partial_fit(X, y)


@pytest.mark.parametrize(
    ("rows", "target"),
    [((1e200, 1), (1, 1)), ((1, 1), (1e200, 1)), ((1e200, 1e200), (1, 1)), ((1, 1), (1e200, 1e200))],
)
@pytest.mark.parametrize("rate", ["auto", 0.1])
@pytest.mark.parametrize("d", [2, WIDE + 1])
@unfinished
def test_numbers_whose_squares_overflow_are_refused_or_right(rows, target, rate, d):
    X, y = np.ones((2, d)), np.array(target, float)
    X[:, 0] = rows
    for method in ("fit", "partial_fit") if d < WIDE else ("fit",):
        model = GDRegressor(learning_rate=rate, max_iter=3)
        try:
            getattr(model, method)(X, y)
            coef = model.coef_
        except ValueError as error:
            assert "too large" in str(error) or "largest safe rate" in str(error)  # noqa: PT017
        else:
            assert np.isfinite(coef).all()
            if rate == "auto":
                np.testing.assert_allclose(model.predict(X), y, rtol=1e-8)


@pytest.mark.parametrize("scale", [1e-130, 1e-30, 1e30, 1e150])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_units_do_not_matter(scale, penalty):
    X, y, _ = noisy()
    alpha, l1_ratio = PENALTIES[penalty]
    expected = GDRegressor(alpha, l1_ratio).fit(X, y)
    strength = alpha * (scale if l1_ratio == 1 else 1)  # the penalty on w / scale, where one number will do
    if l1_ratio in (0, 1) and not (alpha and not l1_ratio):
        close(GDRegressor(strength, l1_ratio).fit(X * scale, y).coef_ * scale, expected.coef_, 1e-8)
    if alpha == 0:
        close(GDRegressor().fit(X, y * scale).coef_ / scale, expected.coef_, 1e-8)
        close(
            GDRegressor().fit(X * np.geomspace(1, scale, 4), y).coef_ * np.geomspace(1, scale, 4),
            expected.coef_,
            1e-8,
        )


@pytest.mark.parametrize(
    ("weight", "match"),
    [
        (-np.ones(60), "Negative values in data passed to `sample_weight`"),
        (np.zeros(60), "at least one non-zero"),
        (np.full(60, np.nan), "Input sample_weight contains NaN"),
        (np.ones(59), r"sample_weight.shape == \(59,\), expected \(60,\)"),
        (np.ones((60, 2)), "Sample weights must be 1D"),
        (["a"] * 60, "could not convert string to float"),
    ],
)
def test_bad_weights_are_refused(weight, match):
    X, y, _ = noisy()
    with pytest.raises(ValueError, match=match):
        GDRegressor().fit(X, y, weight)


@pytest.mark.parametrize("weight", [1e-300, 1e-10, 1e10, 1e300])
def test_only_the_ratios_of_weights_matter(weight):
    X, y, _ = noisy()
    ratios = np.linspace(1, 3, 60)
    same_model(GDRegressor(0.1).fit(X, y, weight * ratios), GDRegressor(0.1).fit(X, y, ratios), 1e-10)


@pytest.mark.parametrize(
    ("params", "match"),
    [
        (
            {"alpha": -1},
            r"'alpha' parameter of GDRegressor must be a float in the range \[0.0, inf\). Got -1 instead",
        ),
        ({"alpha": np.inf}, "'alpha' parameter .* Got inf"),
        ({"alpha": np.nan}, "'alpha' parameter .* Got nan"),
        ({"alpha": "1"}, "'alpha' parameter"),
        ({"l1_ratio": 1.1}, r"'l1_ratio' parameter of GDRegressor must be a float in the range \[0.0, 1.0\]"),
        ({"fit_intercept": 1}, "'fit_intercept' parameter"),
        (
            {"learning_rate": 0},
            r"'learning_rate' parameter of GDRegressor must be a str among {'auto'} or a float .* \(0.0, inf\)",
        ),
        ({"learning_rate": "adaptive"}, "'learning_rate' parameter .* Got 'adaptive'"),
        ({"learning_rate": None}, "'learning_rate' parameter"),
        ({"max_iter": 0}, r"'max_iter' parameter of GDRegressor must be an int in the range \[1, inf\)"),
        ({"max_iter": 10.0}, "'max_iter' parameter"),
        ({"tol": -1e-3}, "'tol' parameter"),
    ],
)
def test_bad_parameters_are_refused(params, match):
    X, y, _ = noisy()
    for method in ("fit", "partial_fit"):
        with pytest.raises(ValueError, match=match):
            getattr(GDRegressor(**params), method)(X, y)


@unfinished
def test_numbers_of_numpy_are_parameters_too():
    X, y, _ = noisy()
    params = {
        "alpha": np.float32(0.5),
        "l1_ratio": np.float64(0.5),
        "fit_intercept": np.True_,
        "tol": np.float64(1e-9),
    }
    for rate in (np.str_("auto"), np.float64(0.02), np.float32(0.02)):
        ours = GDRegressor(**params, learning_rate=rate, max_iter=np.int64(50)).fit(X, y)
        python = {name: value.item() for name, value in (params | {"learning_rate": rate}).items()}
        same_model(ours, GDRegressor(**python, max_iter=50).fit(X, y), 1e-12)
        assert type(ours.n_iter_) is int


# --- life in scikit-learn -------------------------------------------------------------------------------


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


@pytest.mark.parametrize("penalty", PENALTIES)
@unfinished
def test_callbacks_see_every_iterate_of_textbook_descent(penalty):
    X, y, weight = noisy()
    alpha, l1_ratio = PENALTIES[penalty]
    new = partial(GDRegressor, alpha, l1_ratio, learning_rate=0.02, max_iter=9)
    watched = new().set_callbacks(recorder := Recorder()).fit(X, y, weight)
    assert len(recorder.models) == 9
    np.testing.assert_array_equal(recorder.weight, weight)
    for k, model in enumerate(recorder.models, start=1):
        w, b = literal_loop(X, y, 0.02, k, alpha, l1_ratio, sample_weight=weight)
        close(model.coef_, w, 1e-10)
        close(model.predict(X), X @ w + b, 1e-10)
        assert model.n_iter_ == k
    silent = new().fit(X, y, weight)
    same_model(watched, silent, 1e-12)
    np.testing.assert_allclose(watched.loss_curve_, silent.loss_curve_, rtol=1e-10)


@pytest.mark.parametrize(
    ("params", "d", "n_subtasks"),
    [
        ({}, 4, 1),
        ({"alpha": 0.1}, 4, 1),
        ({"alpha": 0.5, "l1_ratio": 1}, 4, None),
        ({"alpha": 0.1}, WIDE + 1, None),
        ({"alpha": 3.0, "l1_ratio": 1}, WIDE + 1, None),
        ({"learning_rate": 1e-11, "max_iter": 5}, WIDE + 1, 5),
    ],
)
@unfinished
def test_one_subtask_an_iteration(params, d, n_subtasks):
    X, y, _ = noisy(40, d)
    model = GDRegressor(**params).set_callbacks(recorder := Recorder()).fit(X, y)
    assert len(recorder.models) == (n_subtasks or model.n_iter_)
    same_model(recorder.models[-1], model, 1e-15)
    same_model(model, GDRegressor(**params).fit(X, y), 1e-15)


@unfinished
@pytest.mark.parametrize("params", [{"learning_rate": 1e-4}, {"alpha": 1e-3, "l1_ratio": 1}])
def test_a_callback_may_stop_the_descent(params):
    X, y, _ = noisy(30, 20)
    model = GDRegressor(**params).set_callbacks(Recorder(stop_after=3)).fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == 3
    if "learning_rate" in params:
        close(model.coef_, literal_loop(X, y, 1e-4, 3)[0], 1e-10)


@unfinished
def test_scikit_learns_callbacks(capsys):
    X, y, _ = noisy()
    scores = ScoringMonitor(scoring="r2")
    model = GDRegressor(learning_rate=0.02, max_iter=6).set_callbacks(scores, ProgressBar()).fit(X, y)
    logged = scores.get_logs().data_as_pandas["r2"]  # of the whole fit, then of its iterations
    expected = [clone(model).set_params(max_iter=k).fit(X, y).score(X, y) for k in range(1, 7)]
    np.testing.assert_allclose(logged, [expected[-1], *expected], rtol=1e-10)
    assert "GDRegressor" in capsys.readouterr().out


@unfinished
def test_grid_search_over_everything():
    X, y, _ = noisy(90)
    grid = [
        {"gdregressor__max_iter": [3, 300], "gdregressor__learning_rate": [0.05, 0.1]},
        {"gdregressor__alpha": np.geomspace(1e-3, 1e3, 4), "gdregressor__l1_ratio": [0.0, 0.5, 1.0]},
    ]
    search = GridSearchCV(make_pipeline(StandardScaler(), GDRegressor()), grid, error_score="raise").fit(X, y)
    assert search.best_score_ > 0.5
    assert len(set(search.cv_results_["mean_test_score"])) >= 8


def test_sample_weight_is_routed():
    X, y, weight = noisy()
    with sklearn.config_context(enable_metadata_routing=True):
        model = GDRegressor().set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model).fit(
            X, y, sample_weight=weight
        )
        scaled = StandardScaler().fit_transform(X)
        same_model(pipe[-1], GDRegressor().fit(scaled, y, weight), 1e-12)
        search = GridSearchCV(model, {"alpha": [0.1]}, refit=True).fit(X, y, sample_weight=weight)
        same_model(search.best_estimator_, GDRegressor(0.1).fit(X, y, weight), 1e-12)
        assert GDRegressor().set_partial_fit_request(sample_weight=True)


FITTED = {
    "auto": lambda X, y: GDRegressor().fit(X, y),
    "lasso": lambda X, y: GDRegressor(0.1, 1).fit(X, y),
    "textbook": lambda X, y: GDRegressor(learning_rate=0.01, max_iter=7).fit(X, y),
    "chunks": lambda X, y: GDRegressor().partial_fit(X, y),
    "csr": lambda X, y: GDRegressor().fit(sp.csr_array(X), y),
}


@pytest.mark.parametrize("name", FITTED)
@unfinished
def test_models_are_copied_and_stored(name, tmp_path):
    X, y, _ = noisy()
    model = FITTED[name](X, y)
    assert not hasattr(clone(model), "coef_")
    joblib.dump(model, tmp_path / "model.joblib")
    for other in (
        pickle.loads(pickle.dumps(model)),
        joblib.load(tmp_path / "model.joblib"),
        copy.deepcopy(model),
    ):
        np.testing.assert_array_equal(other.coef_, model.coef_)
        np.testing.assert_array_equal(other.loss_curve_, model.loss_curve_)
        np.testing.assert_array_equal(other.predict(X), model.predict(X))
        same_model(other.partial_fit(X, y), copy.deepcopy(model).partial_fit(X, y), 1e-12)
        assert other.get_params() == model.get_params()


@pytest.mark.parametrize(
    ("base", "change"),
    [
        ({}, {"alpha": 0.5}),
        ({"alpha": 0.5}, {"l1_ratio": 0.7}),
        ({}, {"fit_intercept": False}),
        ({}, {"learning_rate": 0.01}),
        ({"learning_rate": 0.01}, {"learning_rate": 0.02}),
        ({"learning_rate": 0.01}, {"max_iter": 5}),
        ({"alpha": 0.1, "l1_ratio": 1}, {"max_iter": 1}),
        ({"alpha": 1e-3, "l1_ratio": 1}, {"tol": 0.9}),
    ],
)
@unfinished
def test_every_parameter_changes_something(base, change):
    X, y, _ = noisy(30, 40) if "tol" in change else noisy()
    one, other = (GDRegressor(**params).fit(X, y) for params in (base, base | change))
    assert not np.allclose(one.coef_, other.coef_, rtol=1e-9, atol=0)


@pytest.mark.parametrize("name", ["coef_", "intercept_", "n_iter_", "loss_curve_", "max_learning_rate_"])
def test_there_are_no_attributes_before_the_fit(name):
    with pytest.raises(AttributeError, match=f"no attribute '{name}': it is not fitted yet"):
        getattr(GDRegressor(), name)
    for call in (lambda: GDRegressor().predict([[1.0]]), lambda: GDRegressor().alpha_path([1.0])):
        with pytest.raises(NotFittedError, match="This GDRegressor instance is not fitted yet"):
            call()


def test_fitting_leaves_its_input_alone_and_is_repeatable():
    X, y, weight = noisy()
    kept = copy.deepcopy((X, y, weight))
    for params in ({}, {"alpha": 0.1, "l1_ratio": 1}):
        GDRegressor(**params).fit(X, y, weight).alpha_path([0.1])
    for before, now in zip(kept, (X, y, weight), strict=True):
        np.testing.assert_array_equal(before, now)
    first, second = (GDRegressor(0.1, 1).fit(*noisy(50, 45)[:2]).coef_ for _ in range(2))
    np.testing.assert_array_equal(first, second)


# --- promises that a review found broken ------------------------------------------------------------------


@pytest.mark.parametrize(("n", "d"), [(12, 16), (13, 36), (74, 55)])
@pytest.mark.parametrize("alpha", [1e-4, 1e-2])
def test_the_lasso_arrives_on_products_of_random_matrices(n, d, alpha):
    """Ill-conditioned, and more columns than rows: the optimality conditions of the lasso, by themselves."""
    for seed in range(2):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
        y = X[:, :5].sum(axis=1) + rng.normal(size=n)
        model = GDRegressor(alpha, 1.0).fit(X, y)
        pull = (X - X.mean(axis=0)).T @ (y - model.predict(X)) / n / alpha
        active = model.coef_ != 0
        np.testing.assert_allclose(pull[active], np.sign(model.coef_[active]), atol=1e-6)
        assert np.abs(pull).max() <= 1 + 1e-6


@unfinished
def test_a_fitted_model_keeps_the_parameters_it_was_fitted_with():
    X, y, _ = noisy()
    model, expected = GDRegressor().partial_fit(X, y), GDRegressor().fit(X, y).coef_
    model.set_params(alpha=10.0)
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-9)
    rate = GDRegressor(learning_rate=1e-3, max_iter=3)
    path = rate.fit(X, y).coef_path([5])[0]
    np.testing.assert_array_equal(rate.set_params(learning_rate=100.0).coef_path([5])[0], path)


def test_writing_into_coef_changes_nothing():
    X, y, _ = noisy()
    model = GDRegressor().fit(X, y)
    before = model.predict(X)
    model.coef_[:] = 0
    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize(
    "model",
    [
        GDRegressor(),
        GDRegressor(0.1, 1.0),
        GDRegressor(learning_rate=1e-3, max_iter=5),
        GDRegressor(0.1, 1.0, learning_rate=1e-3, max_iter=5),
        PolynomialRegressor(2, learning_rate=1e-3, max_iter=5),
    ],
    ids=str,
)
@unfinished
def test_every_mode_can_be_stored_as_skops(model, tmp_path):
    X, y, _ = noisy()
    model.fit(X, y)
    again = load_model(save_model(model, tmp_path / "model.skops"))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.loss_curve_, model.loss_curve_)


@pytest.mark.parametrize("l1_ratio", [0.2, 0.9])
def test_an_elastic_net_on_ill_conditioned_rows_meets_its_optimality_conditions(l1_ratio):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 6))
    X = np.column_stack([X, X[:, :3] + 1e-5 * rng.normal(size=(80, 3))])
    y, alpha = X[:, :3].sum(axis=1) + 0.1 * rng.normal(size=80), 1e-6
    model = GDRegressor(alpha, l1_ratio, max_iter=5000).fit(X, y)
    pull = (X - X.mean(axis=0)).T @ (y - model.predict(X)) / 80 - alpha * (1 - l1_ratio) * model.coef_
    active = model.coef_ != 0
    np.testing.assert_allclose(pull[active], alpha * l1_ratio * np.sign(model.coef_[active]), rtol=1e-4)
    assert np.abs(pull).max() <= alpha * l1_ratio * (1 + 1e-4)


def test_a_sparse_column_far_from_zero_beside_sparse_ones():
    rng = np.random.default_rng(0)
    X = sp.random_array((400, 30), density=0.02, rng=rng).toarray()
    X[:, 0] = 1e7 + rng.normal(size=400)
    y = X[:, 0] - 1e7 + X[:, 1] + 0.1 * rng.normal(size=400)
    sparse = GDRegressor().fit(sp.csr_array(X), y)
    np.testing.assert_allclose(sparse.coef_, GDRegressor().fit(X, y).coef_, atol=1e-6)
    exact = lstsq(X - X.mean(axis=0), y - y.mean())[0]
    np.testing.assert_allclose(sparse.coef_, exact, atol=1e-6)


def test_an_elastic_net_path_is_that_of_separate_fits():
    X, y, _ = noisy()
    alphas = [3.0, 0.3, 0.01]
    path = GDRegressor(1.0, 0.5).fit(X, y).alpha_path(alphas)[0]
    for alpha, coef in zip(alphas, path, strict=True):
        np.testing.assert_allclose(coef, GDRegressor(alpha, 0.5).fit(X, y).coef_, atol=1e-9)
