"""PolynomialRegressor in any units, layout and precision; input that it refuses."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.linalg import lstsq
from sklearn.preprocessing import PolynomialFeatures

from estimators import PolynomialRegressor
from tests.estimators.polynomial_data import by_hand, close, noisy, scaled, unfinished


def test_a_constant_feature_changes_no_prediction():
    X, y, _ = noisy()
    with_constant = np.column_stack([X[:, :1], np.full(200, 7.3), X[:, 1:]])
    for fit_intercept in (True, False):
        model = PolynomialRegressor(3, fit_intercept=fit_intercept).fit(with_constant, y)
        close(by_hand(model, with_constant), model.predict(with_constant), 1e-7)
    close(
        PolynomialRegressor(3).fit(with_constant, y).predict(with_constant),
        PolynomialRegressor(3).fit(X, y).predict(X),
    )
    assert np.isfinite(PolynomialRegressor(2).fit(X[:1], y[:1]).predict(X)).all()


def test_more_terms_than_rows_give_the_shortest_scaled_weights():
    X, y, _ = noisy(15)
    terms = scaled(X, 4)
    w = lstsq(terms - terms.mean(axis=0), y - y.mean(), cond=1e-12)[0]
    other = np.random.default_rng(1).uniform([-2, 0, 1], [3, 1, 2], (40, 3))
    low, high = X.min(axis=0), X.max(axis=0)
    make = PolynomialFeatures(4, include_bias=False).fit_transform
    expected = (make((other - (low + high) / 2) / ((high - low) / 2)) - terms.mean(axis=0)) @ w + y.mean()
    close(PolynomialRegressor(4).fit(X, y).predict(other), expected, 1e-7)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda X, y: (np.where(X > 2.5, np.nan, X), y), "Input X contains NaN"),
        (lambda X, y: (np.where(X > 2.5, np.inf, X), y), "Input X contains infinity"),
        (lambda X, y: (X, y * np.nan), "Input y contains NaN"),
        (lambda X, y: (X[:0], y[:0]), "Found array with 0 sample"),
        (lambda X, y: (X[0], y), "Expected 2D array"),
        (lambda X, y: (X[:5], y), "inconsistent numbers of samples"),
        (lambda X, y: (X.astype(str) + "a", y), "could not convert string to float"),
        (lambda X, y: (X, y * 1e200), "too large for PolynomialRegressor"),
    ],
)
def test_bad_rows_are_refused(change, match):
    X, y = change(*noisy()[:2])
    with pytest.raises(ValueError, match=match):
        PolynomialRegressor().fit(X, y)


def test_sparse_rows_are_refused():
    X, y, _ = noisy()
    with pytest.raises(TypeError, match="Sparse data was passed for X"):
        PolynomialRegressor().fit(sp.csr_array(X), y)


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e200])
def test_units_do_not_matter(scale):
    X, y, _ = noisy()
    model, expected = PolynomialRegressor(2).fit(X * scale, y), PolynomialRegressor(2).fit(X, y)
    close(model.predict(X * scale), expected.predict(X))
    if 1e-100 < scale < 1e100:
        units = scale ** model.powers_.sum(axis=1).astype(float)
        np.testing.assert_allclose(model.coef_ * units, expected.coef_, rtol=1e-7)


def test_the_whole_range_of_numbers():
    X = np.array([[-1.7e308], [0.0], [1.7e308]])
    close(PolynomialRegressor(2).fit(X, [1.0, 2.0, 3.0]).predict(X), [1.0, 2.0, 3.0])


@unfinished
def test_float32_in_and_out():
    X, y, _ = noisy(q=2)
    small = PolynomialRegressor(3).fit(X.astype(np.float32), y)
    assert {small.predict(X.astype(np.float32)).dtype, small.coef_.dtype, small.intercept_.dtype} == {
        np.dtype("f4")
    }
    close(
        small.predict(X.astype(np.float32)),
        PolynomialRegressor(3).fit(X.astype(np.float32).astype(float), y).predict(X),
        1e-5,
    )


@pytest.mark.parametrize(
    "layout",
    [
        np.asfortranarray,
        lambda X: np.repeat(X, 2, axis=0)[::2],
        lambda X: X[:, ::-1].copy()[:, ::-1],
        np.ndarray.tolist,
    ],
)
def test_any_layout_is_read(layout):
    X, y, _ = noisy()
    np.testing.assert_allclose(
        PolynomialRegressor(3).fit(layout(X), y).predict(layout(X)),
        PolynomialRegressor(3).fit(X, y).predict(X),
        rtol=1e-9,
    )


def test_blocks_do_not_show():
    X, y, _ = noisy(25_000, q=2)  # of 19 terms each: more than two blocks
    model = PolynomialRegressor(3).fit(X, y)
    parts = [model.predict(part) for part in np.array_split(X, 7)]
    close(model.predict(X), np.concatenate(parts), 1e-12)


@pytest.mark.parametrize(
    ("params", "match"),
    [
        (
            {"degree": 0},
            r"'degree' parameter of PolynomialRegressor must be an int in the range \[1, inf\). Got 0 instead",
        ),
        ({"degree": 2.0}, "'degree' parameter"),
        ({"degree": (1, 2)}, "'degree' parameter"),
        ({"interaction_only": "yes"}, "'interaction_only' parameter"),
        ({"alpha": -1}, "'alpha' parameter of PolynomialRegressor"),
        ({"l1_ratio": 2}, "'l1_ratio' parameter of PolynomialRegressor"),
        ({"learning_rate": -1}, "'learning_rate' parameter of PolynomialRegressor"),
        ({"max_iter": 0}, "'max_iter' parameter of PolynomialRegressor"),
        ({"tol": -1}, "'tol' parameter of PolynomialRegressor"),
        ({"fit_intercept": None}, "'fit_intercept' parameter of PolynomialRegressor"),
    ],
)
def test_bad_parameters_are_refused(params, match):
    X, y, _ = noisy()
    with pytest.raises(ValueError, match=match):
        PolynomialRegressor(**params).fit(X, y)


def test_numbers_of_numpy_are_parameters_too():
    X, y, _ = noisy()
    theirs = PolynomialRegressor(
        np.int64(3), alpha=np.float64(0.1), interaction_only=np.True_, max_iter=np.int64(9)
    )
    close(
        theirs.fit(X, y).predict(X),
        PolynomialRegressor(3, alpha=0.1, interaction_only=True).fit(X, y).predict(X),
        1e-12,
    )
    PolynomialRegressor(10**4, interaction_only=True).fit(X, y)  # products of three features end at degree 3
