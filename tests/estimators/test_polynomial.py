"""PolynomialRegressor: scikit-learn's and NumPy's polynomials, exact at high degrees; which features are expanded."""

from fractions import Fraction
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from estimators import PolynomialRegressor
from estimators._least_squares.expansion import Terms, n_terms
from tests.estimators.polynomial_data import NAMES, PENALTIES, by_hand, close, noisy, scaled, unfinished


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
@pytest.mark.parametrize("interaction_only", [False, True])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n_targets", [None, 1, 2])
@pytest.mark.parametrize("weighted", [True, False])
def test_equals_scikit_learn(degree, interaction_only, fit_intercept, n_targets, weighted):
    X, y, weight = noisy(q=n_targets)
    weight = weight if weighted else None
    features = PolynomialFeatures(degree, interaction_only=interaction_only, include_bias=False)
    terms = features.fit_transform(X)
    expected = LinearRegression(fit_intercept=fit_intercept, tol=1e-13).fit(terms, y, weight)
    ours = PolynomialRegressor(degree, interaction_only=interaction_only, fit_intercept=fit_intercept)
    ours.fit(X, y, weight)
    close(ours.predict(X), expected.predict(terms))
    close(ours.coef_, expected.coef_, 1e-8)
    close(ours.intercept_, np.broadcast_to(expected.intercept_, y.shape[1:]), 1e-8)
    close(by_hand(ours, X), expected.predict(terms))
    np.testing.assert_array_equal(ours.powers_, features.powers_)
    np.testing.assert_array_equal(ours.get_feature_names_out(), features.get_feature_names_out())
    np.testing.assert_array_equal(ours.get_feature_names_out(NAMES), features.get_feature_names_out(NAMES))


@pytest.mark.parametrize("degree", [1, 3, 5])
def test_equals_numpys_polyfit_with_weights(degree):
    X, y, weight = noisy()
    x = X[:, 0]
    ours = PolynomialRegressor(degree).fit(X[:, :1], y, weight)
    expected = np.polyfit(x, y, degree, w=np.sqrt(weight))
    close([*ours.coef_[::-1], ours.intercept_], expected, 1e-10)
    unweighted = PolynomialRegressor(degree).fit(X[:, :1], y)
    assert np.abs(unweighted.coef_ - ours.coef_).max() > 1e-3  # where a dropped weight shows


@pytest.mark.parametrize("degree", [8, 9, 10])
def test_high_degrees_stay_exact(degree):
    x = np.linspace(5, 15, 500)[:, np.newaxis]
    y = np.polynomial.polynomial.polyval((x[:, 0] - 10) / 5, np.random.default_rng(0).normal(size=degree + 1))
    usual = make_pipeline(PolynomialFeatures(degree), StandardScaler(), LinearRegression(tol=1e-15)).fit(x, y)
    error = np.abs(PolynomialRegressor(degree).fit(x, y).predict(x) - y).max()
    assert error < 1e-11 * np.abs(y).max()
    assert error < 0.02 * np.abs(usual.predict(x) - y).max()


@pytest.mark.parametrize(
    ("low", "high"), [(-1, 1), (5, 15), (1e3, 1e3 + 1), (-1e6, 1e6), (-1e-6, 1e-6), (1e5, 1e6)]
)
@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_weights_in_original_units_are_those_of_the_polynomial(low, high, degree):
    """Multiplied out in fractions: ``sum of v_k * ((x - middle) / half) ** k``."""
    x = np.linspace(low, high, 50)
    middle, half = (low + high) / 2, (high - low) / 2
    v = np.array([2.0, -3.0, 5.0, -1.0, 4.0, 7.0])[: degree + 1]
    ours = PolynomialRegressor(degree).fit(
        x[:, np.newaxis], np.polynomial.polynomial.polyval((x - middle) / half, v)
    )
    line, exact = [Fraction(-middle) / Fraction(half), 1 / Fraction(half)], [Fraction(v[-1])]
    for coefficient in v[-2::-1]:  # Horner's rule on polynomials
        exact = [
            (line[0] * exact[i] if i < len(exact) else 0) + (line[1] * exact[i - 1] if i else 0)
            for i in range(len(exact) + 1)
        ]
        exact[0] += Fraction(coefficient)
    expected = np.array([float(number) for number in exact])
    tolerance = (
        1e-7 if abs(middle) < 10 * half else 1e-3
    )  # of each: with the middle far off, v's last digits tell
    np.testing.assert_allclose(
        ours.coef_, expected[1:], rtol=tolerance, atol=tolerance * 1e-3 * np.abs(expected[-1])
    )
    np.testing.assert_allclose(ours.intercept_, expected[0], rtol=tolerance)


@pytest.mark.filterwarnings("ignore:The values in column .* cover only a small part of its domain")
@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 4), st.booleans(), st.booleans())
def test_terms_in_original_units_reproduce_the_prediction(seed, d, degree, interaction_only, fit_intercept):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (80, d)) * 10.0 ** rng.integers(-3, 4, d) + rng.normal(size=d)
    model = PolynomialRegressor(degree, interaction_only=interaction_only, fit_intercept=fit_intercept)
    model.fit(X, rng.normal(size=80))
    low, high = model.domain_ if fit_intercept else np.abs(model.domain_).max(axis=0) * [[-1], [1]]
    middle, half = (low + high) / 2, (high - low) / 2
    parts = np.prod(((np.abs(X) + np.abs(middle)) / half)[:, np.newaxis] ** model.powers_, axis=2)
    rounding = 1e-13 * (parts @ np.abs(model._solution.weights)).max()  # of the sum of what cancels
    np.testing.assert_allclose(by_hand(model, X), model.predict(X), rtol=0, atol=rounding)


def test_without_intercept_the_polynomial_passes_through_the_origin():
    X, y, _ = noisy()
    model = PolynomialRegressor(3, fit_intercept=False).fit(X, y)
    assert model.predict(np.zeros((1, 3))) == 0
    assert model.intercept_ == 0


@pytest.mark.parametrize("penalty", ["ridge", "lasso", "elastic net"])
@pytest.mark.parametrize("interaction_only", [False, True])
def test_penalties_act_on_the_scaled_terms(penalty, interaction_only):
    X, y, _ = noisy()
    alpha, l1_ratio = PENALTIES[penalty]
    terms = scaled(X, 3, interaction_only)
    net = partial(Lasso, alpha) if l1_ratio == 1 else partial(ElasticNet, alpha, l1_ratio=l1_ratio)
    theirs = Ridge(alpha * len(X)) if l1_ratio == 0 else net(tol=1e-13, max_iter=10**6)
    ours = PolynomialRegressor(3, alpha=alpha, l1_ratio=l1_ratio, interaction_only=interaction_only).fit(X, y)
    close(ours.predict(X), theirs.fit(terms, y).predict(terms), 1e-7)
    close(by_hand(ours, X), ours.predict(X))


@pytest.mark.parametrize("penalty", PENALTIES)
@unfinished
def test_a_learning_rate_is_that_of_textbook_descent_on_the_scaled_terms(penalty):
    X, y, weight = noisy()
    alpha, l1_ratio = PENALTIES[penalty]
    terms, share = scaled(X, 2), weight / weight.sum()
    w, b, rate = np.zeros(9), 0.0, 0.1
    for _ in range(40):
        residual = terms @ w + b - y
        w = w - rate * 2 * (terms.T @ (share * residual) + alpha * (1 - l1_ratio) * w)
        w, b = (
            np.sign(w) * np.maximum(np.abs(w) - rate * 2 * alpha * l1_ratio, 0),
            b - rate * 2 * share @ residual,
        )
    domain = [X.min(axis=0), X.max(axis=0)]
    model = PolynomialRegressor(
        alpha=alpha, l1_ratio=l1_ratio, learning_rate=rate, max_iter=40, domain=domain
    )
    model.fit(X, y, weight)
    close(model.predict(X), terms @ w + b, 1e-10)
    loss = 0.5 * share @ (terms @ w + b - y) ** 2 + alpha * (
        l1_ratio * np.abs(w).sum() + (1 - l1_ratio) / 2 * w @ w
    )
    assert model.loss_curve_[-1] == pytest.approx(loss, rel=1e-10)
    assert model.n_iter_ == len(model.loss_curve_) == 40
    with pytest.raises(ValueError, match="largest safe rate is"):
        model.set_params(learning_rate=5.0).fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)


@pytest.mark.parametrize(
    ("expand", "expanded"),
    [
        (None, [0, 1, 2]),
        ([0, 2], [0, 2]),
        ([2, 0, 2], [0, 2]),
        ([-1], [2]),
        ([True, False, True], [0, 2]),
        (np.array([False, True, False]), [1]),
        ([], []),
        ([False, False, False], []),
        (["temperature", "reservations"], [0, 1]),
        (np.array(["weekend"], dtype=object), [2]),
        (pd.Index(["weekend"]), [2]),
    ],
)
@pytest.mark.parametrize("interaction_only", [False, True])
@pytest.mark.parametrize("frame", ["pandas", "polars"])
def test_only_some_features_are_expanded(expand, expanded, interaction_only, frame):
    X, y, _ = noisy()
    frame = pd.DataFrame(X, columns=NAMES) if frame == "pandas" else pl.DataFrame(X, schema=NAMES)
    model = PolynomialRegressor(3, expand=expand, interaction_only=interaction_only).fit(frame, y)
    terms, names = X, NAMES
    if expanded:
        features = PolynomialFeatures((2, 3), interaction_only=interaction_only, include_bias=False)
        if interaction_only and len(expanded) < 2:
            products = np.empty((len(X), 0))
        else:
            products = features.fit_transform(X[:, expanded])
            names = [*NAMES, *features.get_feature_names_out([NAMES[j] for j in expanded])]
        terms = np.column_stack([X, products])
    assert model.get_feature_names_out().tolist() == names
    close(model.predict(frame), LinearRegression(tol=1e-13).fit(terms, y).predict(terms))
    close(by_hand(model, X), model.predict(frame))
    assert model.feature_names_in_.tolist() == NAMES


@pytest.mark.parametrize(
    ("expand", "match"),
    [
        (
            [3],
            r"positions below 3, a mask of 3 booleans, or names of the features 'reservations', 'temperature', 'weekend'. Got \[3\]",
        ),
        ([-4], "positions below 3"),
        ([0.5], "positions below 3"),
        ([True], "a mask of 3"),
        (["sun"], "names of the features 'reservations'"),
        (["temperature", "sun"], r"Got \['temperature', 'sun'\] instead"),
        ("weekend", "'expand' parameter of PolynomialRegressor must be"),
        ([[0], [0, 1]], "'expand' parameter of PolynomialRegressor must be"),
        (1, "'expand' parameter of PolynomialRegressor must be"),
    ],
)
def test_features_to_expand_must_be_there(expand, match):
    X, y, _ = noisy()
    with pytest.raises(ValueError, match=match):
        PolynomialRegressor(expand=expand).fit(pd.DataFrame(X, columns=NAMES), y)


def test_names_to_expand_need_names():
    X, y, _ = noisy()
    with pytest.raises(ValueError, match=r"'expand' parameter .* positions below 3.* Got \['x0'\] instead"):
        PolynomialRegressor(expand=["x0"]).fit(X, y)


def test_too_many_terms_are_refused_before_any_is_made(monkeypatch):
    X, y, _ = noisy()
    for degree in (40, 10**9):
        with pytest.raises(
            ValueError,
            match=f"must not result in more than 5,000 terms. Got degree={degree}, .* of 3 features",
        ):
            PolynomialRegressor(degree).fit(X, y)
    with pytest.raises(ValueError, match="too many|more than 5,000 terms"):
        PolynomialRegressor(1).fit(np.zeros((2, 5001)), [0, 1])
    monkeypatch.setattr("estimators.polynomial.MAX_GRAM_FEATURES", 9)
    assert len(PolynomialRegressor(2).fit(X, y).coef_) == 9
    with pytest.raises(ValueError, match="Got degree=3, which results in 19 terms"):
        PolynomialRegressor(3).fit(X, y)


@given(st.integers(1, 5), st.integers(1, 6), st.booleans(), st.data())
def test_terms_are_products_of_their_powers(d, degree, interaction_only, data):
    expanded = np.array(sorted(data.draw(st.sets(st.integers(0, d - 1)))), dtype=int)
    terms = Terms(d, expanded, degree, interaction_only, np.array([[-1.0] * d, [1.0] * d]), centred=True)
    count = d - len(expanded) + n_terms(len(expanded), degree, interaction_only)
    assert len(terms.powers) == count == len({tuple(term) for term in terms.powers.tolist()})
    X = np.random.default_rng(d).uniform(-1, 1, (7, d))
    out = np.full((count, 7), np.nan)
    terms.write(X.T, out)
    np.testing.assert_allclose(out.T, np.prod(X[:, np.newaxis] ** terms.powers, axis=2), rtol=1e-13)
