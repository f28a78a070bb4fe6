"""GDRegressor with learning_rate="auto": the minimum, which is scikit-learn's solution."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.linalg import lstsq
from sklearn.base import clone
from sklearn.linear_model import Lasso, LinearRegression

from estimators import GDRegressor
from tests.estimators.linear_data import (
    PENALTIES,
    close,
    layouts,
    noisy,
    objective,
    rows_of_condition,
    same_model,
    theirs,
    unfinished,
)


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


@pytest.mark.parametrize(("n", "d"), [(12, 16), (13, 36), (74, 55)])
@pytest.mark.parametrize("alpha", [1e-4, 1e-2])
def test_the_lasso_arrives_on_products_of_random_matrices(n, d, alpha):
    """Ill-conditioned, and more columns than rows: the optimality conditions of the lasso, by themselves."""
    for seed in range(2):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
        y = X[:, :5].sum(axis=1) + rng.normal(size=n)
        model = GDRegressor(alpha, 1.0).fit(X, y)
        slope = (X - X.mean(axis=0)).T @ (y - model.predict(X)) / n / alpha
        active = model.coef_ != 0
        np.testing.assert_allclose(slope[active], np.sign(model.coef_[active]), atol=1e-6)
        assert np.abs(slope).max() <= 1 + 1e-6


@pytest.mark.parametrize("l1_ratio", [0.2, 0.9])
def test_an_elastic_net_on_ill_conditioned_rows_meets_its_optimality_conditions(l1_ratio):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 6))
    X = np.column_stack([X, X[:, :3] + 1e-5 * rng.normal(size=(80, 3))])
    y, alpha = X[:, :3].sum(axis=1) + 0.1 * rng.normal(size=80), 1e-6
    model = GDRegressor(alpha, l1_ratio, max_iter=5000).fit(X, y)
    slope = (X - X.mean(axis=0)).T @ (y - model.predict(X)) / 80 - alpha * (1 - l1_ratio) * model.coef_
    active = model.coef_ != 0
    np.testing.assert_allclose(slope[active], alpha * l1_ratio * np.sign(model.coef_[active]), rtol=1e-4)
    assert np.abs(slope).max() <= alpha * l1_ratio * (1 + 1e-4)


def test_a_sparse_column_far_from_zero_beside_sparse_ones():
    rng = np.random.default_rng(0)
    X = sp.random_array((400, 30), density=0.02, rng=rng).toarray()
    X[:, 0] = 1e7 + rng.normal(size=400)
    y = X[:, 0] - 1e7 + X[:, 1] + 0.1 * rng.normal(size=400)
    sparse = GDRegressor().fit(sp.csr_array(X), y)
    np.testing.assert_allclose(sparse.coef_, GDRegressor().fit(X, y).coef_, atol=1e-6)
    exact = lstsq(X - X.mean(axis=0), y - y.mean())[0]
    np.testing.assert_allclose(sparse.coef_, exact, atol=1e-6)
