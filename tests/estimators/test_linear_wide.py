"""GDRegressor with more features than a Gram matrix has room for, and with nothing to learn."""

import copy

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.linalg import lstsq

from estimators import GDRegressor
from tests.estimators.linear_data import (
    MAX_GRAM_FEATURES,
    PENALTIES,
    close,
    literal_loop,
    objective,
    theirs,
    unchanged_by,
    unfinished,
)


@pytest.fixture(scope="module")
def wide():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, MAX_GRAM_FEATURES + 1)) + 0.5
    return X, X[:, :4] @ [1.0, 2.0, 3.0, 4.0] + rng.normal(size=40) * 0.1


@pytest.fixture(scope="module")
def wide_csr():
    X = sp.random_array(
        (200, MAX_GRAM_FEATURES + 500), density=0.01, rng=np.random.default_rng(0), format="csr"
    )
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
        # CSR rows are fitted by conjugate gradients, whose weights are as exact as `tol` asks for
        ours = GDRegressor(alpha, fit_intercept=fit_intercept, tol=1e-9)
        ours.fit(X, y, weight if weighted else None)
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
        unchanged_by(
            model, call, ValueError, rf"{name} supports at most 5,000 features, .* Got 5,001 features"
        )
    assert not hasattr(model, "max_learning_rate_")


@pytest.mark.parametrize("d", [1, 2, 3, 40, MAX_GRAM_FEATURES + 1])
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


@pytest.mark.parametrize("seed", [255, 330, 387])
def test_a_coefficient_that_is_at_its_minimum_already_issues_no_warning(seed):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(6, 30)) * (rng.random((6, 30)) < 0.3), rng.normal(size=6)
    alpha = 0.05 * np.abs(X.T @ y).max() / 6
    expected = theirs(alpha, 1.0, False, 6).fit(X, y)
    close(GDRegressor(alpha, 1.0, fit_intercept=False, tol=1e-11).fit(X, y).predict(X), expected.predict(X))
