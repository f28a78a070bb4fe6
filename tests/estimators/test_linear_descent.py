"""GDRegressor at a given learning rate: the iterates of textbook descent; paths of iterations and penalties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from estimators import GDRegressor
from estimators._least_squares.problems import MatrixFree, Quadratic
from tests.estimators.linear_data import (
    NUMBERS,
    PENALTIES,
    close,
    largest_rate,
    literal_loop,
    noisy,
    objective,
    unfinished,
)


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
        problem = MatrixFree(X, y, share, np.zeros(3), l2, has_bias)
    else:
        design = design if has_bias else X
        penalty = l2 * np.diag(([1.0] * 3 + [0.0])[: design.shape[1]])
        gram, linear_term = design.T * share @ design + penalty, design.T * share @ y
        problem = Quadratic(gram, linear_term, 0.5 * share @ y**2, has_bias, l2=l2)
    w, h = np.random.default_rng(1).normal(size=(3 + has_bias, 2)), 1e-6
    slopes = np.zeros_like(w)
    for i, j in np.ndindex(*w.shape):
        step = np.zeros_like(w)
        step[i, j] = h
        slopes[i, j] = (problem.value(w + step) - problem.value(w - step))[j] / (2 * h)
    np.testing.assert_allclose(problem.gradient(w), slopes, rtol=1e-7)
    expected = [objective(X, y[:, j], w[:3, j], w[3, j] if has_bias else 0, l2, 0, weight) for j in range(2)]
    np.testing.assert_allclose(problem.value(w), expected, rtol=1e-12)


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
    with pytest.raises(
        ValueError, match="'iterations' parameter of coef_path must be a one-dimensional array-like of ints"
    ):
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
    with pytest.raises(
        ValueError, match="'alphas' parameter of alpha_path must be a one-dimensional array-like of floats"
    ):
        GDRegressor().fit(X, y).alpha_path(alphas)


def test_an_elastic_net_path_is_that_of_separate_fits():
    X, y, _ = noisy()
    alphas = [3.0, 0.3, 0.01]
    path = GDRegressor(1.0, 0.5).fit(X, y).alpha_path(alphas)[0]
    for alpha, coef in zip(alphas, path, strict=True):
        np.testing.assert_allclose(coef, GDRegressor(alpha, 0.5).fit(X, y).coef_, atol=1e-9)
