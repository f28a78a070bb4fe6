"""PolynomialRegressor: scikit-learn's and NumPy's polynomials, exact at high degrees, in chunks, in any units."""

import copy
import pickle
from fractions import Fraction
from functools import partial

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import lstsq
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, PolynomialFeatures, StandardScaler

from estimators import GDRegressor, PolynomialRegressor, linear, polynomial
from estimators._least_squares import expansion as _expansion

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
    close(one._regressor.coef_, other._regressor.coef_, tol)


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


# --- the same polynomials -------------------------------------------------------------------------------


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


@given(st.integers(0, 2**32 - 1), st.integers(1, 3), st.integers(1, 4), st.booleans(), st.booleans())
def test_terms_in_original_units_reproduce_the_prediction(seed, d, degree, interaction_only, fit_intercept):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (80, d)) * 10.0 ** rng.integers(-3, 4, d) + rng.normal(size=d)
    model = PolynomialRegressor(degree, interaction_only=interaction_only, fit_intercept=fit_intercept)
    model.fit(X, rng.normal(size=80))
    middle, half = model._scaling()
    parts = np.prod(((np.abs(X) + np.abs(middle)) / half)[:, np.newaxis] ** model.powers_, axis=2)
    rounding = 1e-13 * (parts @ np.abs(model._regressor.coef_)).max()  # of the sum of what cancels
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


# --- which features are expanded ------------------------------------------------------------------------


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
            r"positions below 3, a mask of 3, or names among 'reservations', 'temperature', 'weekend'. Got \[3\]",
        ),
        ([-4], "positions below 3"),
        ([0.5], "positions below 3"),
        ([True], "a mask of 3"),
        (["sun"], "names among 'reservations'"),
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
            ValueError, match=f"must make at most 5,000 terms. Got {degree}, and .* of 3 features"
        ):
            PolynomialRegressor(degree).fit(X, y)
    with pytest.raises(ValueError, match="too many|at most 5,000 terms"):
        PolynomialRegressor(1).fit(np.zeros((2, linear.WIDE + 1)), [0, 1])
    monkeypatch.setattr(polynomial, "WIDE", 9)
    assert len(PolynomialRegressor(2).fit(X, y).coef_) == 9
    with pytest.raises(ValueError, match="Got 3, and 19 terms"):
        PolynomialRegressor(3).fit(X, y)


@given(st.integers(1, 5), st.integers(1, 6), st.booleans(), st.data())
def test_terms_are_products_of_their_powers(d, degree, interaction_only, data):
    expanded = np.array(sorted(data.draw(st.sets(st.integers(0, d - 1)))), dtype=int)
    terms = _expansion.Expansion(d, expanded, degree, interaction_only)
    count = d - len(expanded) + _expansion.n_terms(len(expanded), degree, interaction_only)
    assert len(terms.powers) == count == len({tuple(term) for term in terms.powers.tolist()})
    X = np.random.default_rng(d).uniform(-1, 1, (7, d))
    out = np.full((count, 7), np.nan)
    terms.write(X.T, out)
    np.testing.assert_allclose(out.T, np.prod(X[:, np.newaxis] ** terms.powers, axis=2), rtol=1e-13)


# --- the domain, chunks and merges ----------------------------------------------------------------------


def test_the_domain_does_not_change_the_minimum_without_penalty():
    X, y, _ = noisy()
    free = PolynomialRegressor(3).fit(X, y)
    np.testing.assert_array_equal(free.domain_, [X.min(axis=0), X.max(axis=0)])
    for domain in ([-1, 1], [[0, 0, 0], [1, 1, 1]], [-100, 100], np.array([[-2, 0, 1], [3, 1, 2]])):
        close(PolynomialRegressor(3, domain=domain).fit(X, y).predict(X), free.predict(X), 1e-7)
    outside = X * 3 - 1
    close(free.predict(outside), by_hand(free, outside), 1e-9)


@pytest.mark.parametrize(
    "domain",
    [
        [1, 0],
        [0, 1, 2],
        [0, np.nan],
        [0, np.inf],
        [[0], [1]],
        [[0, 0, 0], [1, -1, 1]],
        ["a", "b"],
        [[0], [1, 2]],
        3,
        "auto",
    ],
)
def test_other_domains_are_refused(domain):
    X, y, _ = noisy()
    with pytest.raises(ValueError, match="'domain' parameter of PolynomialRegressor must be"):
        PolynomialRegressor(domain=domain).fit(X, y)


@given(
    st.integers(0, 999),
    st.lists(st.integers(0, 80), max_size=4),
    st.sampled_from([*PENALTIES]),
    st.booleans(),
)
def test_chunks_and_merges_in_any_order_equal_the_whole(seed, cuts, penalty, in_order):
    X, y, weight = noisy(80, seed=seed)
    alpha, l1_ratio = PENALTIES[penalty]
    new = partial(PolynomialRegressor, 2, alpha=alpha, l1_ratio=l1_ratio, domain=[[-2, 0, 1], [3, 1, 2]])
    order = np.argsort(X[:, 0]) if in_order else np.random.default_rng(seed).permutation(80)
    chunks, merged = new(), None
    for part in np.split(order, sorted(cuts)):
        if weight[part].any():
            chunks.partial_fit(X[part], y[part], weight[part])
            one = new().partial_fit(X[part], y[part], weight[part])
            merged = one if merged is None else one.merge(merged)
    whole = new().fit(X, y, weight)
    same_model(chunks, whole, X)
    same_model(merged, whole, X)
    repeated = np.repeat(np.arange(80), weight.astype(int))
    same_model(whole, new().fit(X[repeated], y[repeated]), X)


def test_a_row_of_no_weight_does_not_stretch_the_domain():
    X, y, weight = noisy()
    X[0], weight[0] = 1e9, 0
    same_model(
        PolynomialRegressor(3).fit(X, y, weight), PolynomialRegressor(3).fit(X[1:], y[1:], weight[1:]), X[1:]
    )


def test_there_are_no_chunks_without_a_domain():
    X, y, _ = noisy()
    model = PolynomialRegressor().fit(X, y)
    for name in ("partial_fit", "merge"):
        assert not hasattr(model, name)
        assert hasattr(PolynomialRegressor(domain=[0, 1]), name)
        with pytest.raises(AttributeError) as error:
            getattr(model, name)
        assert "need the 'domain' parameter of PolynomialRegressor" in str(error.value.__cause__)


DOMAIN = [[-2, 0, 1], [3, 1, 2]]
AS_BEFORE = partial(PolynomialRegressor, domain=DOMAIN)


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda X, y: AS_BEFORE(3).fit(X, y), ValueError, "'degree' parameters differ: 2 and 3"),
        (
            lambda X, y: PolynomialRegressor(domain=[-2, 3]).fit(X, y),
            ValueError,
            "'domain' parameters differ",
        ),
        (lambda X, y: PolynomialRegressor().fit(X, y), ValueError, "'domain' parameters differ"),
        (lambda X, y: AS_BEFORE(expand=[0]).fit(X, y), ValueError, "'expand' parameters differ"),
        (lambda X, y: AS_BEFORE(alpha=1).fit(X, y), ValueError, "'alpha' parameters differ"),
        (lambda X, y: AS_BEFORE().fit(pd.DataFrame(X, columns=NAMES), y), ValueError, "feature names differ"),
        (lambda X, y: AS_BEFORE().fit(X, y[:, np.newaxis]), ValueError, "The models have different targets"),
        (lambda X, y: AS_BEFORE(), NotFittedError, "not fitted yet"),
        (lambda X, y: GDRegressor().fit(X, y), TypeError, "merges with an estimators.PolynomialRegressor"),
    ],
)
def test_merge_refuses_what_does_not_fit_and_changes_nothing(make, error, match):
    X, y, _ = noisy()
    model, other = AS_BEFORE().fit(X, y), make(X, y)
    before = pickle.dumps((model, other))
    with pytest.raises(error, match=match):
        model.merge(other)
    assert pickle.dumps((model, other)) == before


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (
            lambda model, X, y: model.partial_fit(X[:, :2], y),
            "X has 2 features, but PolynomialRegressor is expecting 3",
        ),
        (
            lambda model, X, y: model.partial_fit(X, np.column_stack([y, y])),
            "y must have one axis, as before",
        ),
        (lambda model, X, y: model.partial_fit(np.where(X > 2.5, np.nan, X), y), "Input X contains NaN"),
        (lambda model, X, y: model.partial_fit(X, y, -np.ones(200)), "Negative values in data"),
        (lambda model, X, y: model.partial_fit(X, y * 1e200), "too large for PolynomialRegressor"),
        (lambda model, X, y: model.partial_fit(X * 1e200, y), "too large for PolynomialRegressor"),
    ],
)
def test_a_failed_partial_fit_changes_nothing(call, match):
    X, y, _ = noisy()
    model = AS_BEFORE().fit(X, y)
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=match):
        call(model, X, y)
    assert pickle.dumps(model) == before


def test_a_failed_fit_leaves_no_old_model():
    X, y, _ = noisy()
    model = AS_BEFORE().fit(X, y)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X[:, :2] * np.nan, y)
    for call in (lambda: model.predict(X), model.get_feature_names_out):
        with pytest.raises(NotFittedError):
            call()
    assert not hasattr(model, "coef_")
    same_model(model.partial_fit(X, y), AS_BEFORE().fit(X, y), X)


def test_parameters_set_after_the_fit_count_alike_in_both_regressors():
    """What partial_fit does after set_params: GDRegressor and PolynomialRegressor agree."""
    X, y, _ = noisy()
    linear_model = GDRegressor().fit(X, y).set_params(alpha=10.0).partial_fit(X, y)
    model = PolynomialRegressor(1, domain=[-1, 1]).fit(X, y).set_params(alpha=10.0).partial_fit(X, y)
    close(model.predict(X), linear_model.predict(X))


# --- input of all kinds ---------------------------------------------------------------------------------


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


def test_blocks_do_not_show(monkeypatch):
    X, y, _ = noisy(1000, q=2)
    expected = PolynomialRegressor(3).fit(X, y).predict(X)
    monkeypatch.setattr(polynomial, "BLOCK", 500)
    close(PolynomialRegressor(3).fit(X, y).predict(X), expected, 1e-12)


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


# --- life in scikit-learn -------------------------------------------------------------------------------


@unfinished
def test_callbacks_see_every_iterate(capsys):
    X, y, _ = noisy()
    scores = ScoringMonitor(scoring="r2")
    new = partial(PolynomialRegressor, 2, learning_rate=0.1)
    model = new(max_iter=5).set_callbacks(scores, ProgressBar()).fit(X, y)
    expected = [new(max_iter=k).fit(X, y).score(X, y) for k in range(1, 6)]
    logged = scores.get_logs().data_as_pandas["r2"]  # of the whole fit, then of its iterations
    np.testing.assert_allclose(logged, [expected[-1], *expected], rtol=1e-10)
    assert "PolynomialRegressor" in capsys.readouterr().out
    same_model(model, new(max_iter=5).fit(X, y), X, 1e-12)
    lasso = PolynomialRegressor(2, alpha=0.01, l1_ratio=1).set_callbacks(scores).fit(X, y)
    assert len(scores.get_logs().data_as_pandas) == lasso.n_iter_ + 1


def test_a_warning_says_that_max_iter_ended_the_descent():
    X, y, _ = noisy()
    with pytest.warns(ConvergenceWarning, match="did not converge in max_iter=3 iterations"):
        PolynomialRegressor(learning_rate=0.1, max_iter=3).fit(X, y)


def test_grid_search_over_degree_and_penalty():
    X, y, _ = noisy()
    y = X[:, 0] ** 3 - 2 * X[:, 1] * X[:, 2] + np.random.default_rng(0).normal(size=200) * 0.01
    grid = {"degree": [1, 2, 3, 4], "alpha": [0.0, 0.1]}
    search = GridSearchCV(PolynomialRegressor(), grid, error_score="raise").fit(X, y)
    assert search.best_params_ == {"degree": 3, "alpha": 0.0}
    assert len(set(search.cv_results_["mean_test_score"])) == 8


def test_sample_weight_is_routed():
    X, y, weight = noisy()
    with sklearn.config_context(enable_metadata_routing=True):
        pipe = make_pipeline(FunctionTransformer(), PolynomialRegressor().set_fit_request(sample_weight=True))
        same_model(
            pipe.fit(X, y, sample_weight=weight)[-1], PolynomialRegressor().fit(X, y, weight), X, 1e-12
        )
        assert PolynomialRegressor(domain=[0, 1]).set_partial_fit_request(sample_weight=True)


@pytest.mark.parametrize(
    "params", [{}, {"learning_rate": 0.1, "max_iter": 5}, {"alpha": 0.01, "l1_ratio": 1}]
)
@unfinished
def test_models_are_copied_and_stored(params, tmp_path):
    X, y, _ = noisy()
    model = PolynomialRegressor(3, domain=np.array(DOMAIN), expand=["x0", "x1"], **params)
    model.fit(pd.DataFrame(X, columns=["x0", "x1", "x2"]), y)
    joblib.dump(model, tmp_path / "model.joblib")
    frame = pd.DataFrame(X, columns=["x0", "x1", "x2"])
    for other in (
        pickle.loads(pickle.dumps(model)),
        joblib.load(tmp_path / "model.joblib"),
        copy.deepcopy(model),
    ):
        np.testing.assert_array_equal(other.predict(frame), model.predict(frame))
        np.testing.assert_array_equal(other.coef_, model.coef_)
        np.testing.assert_array_equal(other.loss_curve_, model.loss_curve_)
        other.merge(model)
    assert not hasattr(clone(model), "coef_")


@pytest.mark.parametrize(
    ("base", "change"),
    [
        ({}, {"degree": 3}),
        ({}, {"interaction_only": True}),
        ({}, {"expand": [0]}),
        ({"alpha": 0.1}, {"domain": [-3, 3]}),
        ({}, {"alpha": 0.1}),
        ({"alpha": 0.1}, {"l1_ratio": 0.5}),
        ({}, {"fit_intercept": False}),
        ({}, {"learning_rate": 0.1}),
        ({"learning_rate": 0.1}, {"max_iter": 5}),
        ({"alpha": 1e-4, "l1_ratio": 1, "degree": 6}, {"tol": 0.9}),
    ],
)
@unfinished
def test_every_parameter_changes_something(base, change):
    X, y, _ = noisy()
    one, other = (PolynomialRegressor(**params).fit(X, y).predict(X) for params in (base, base | change))
    assert not np.allclose(one, other, rtol=1e-9, atol=0)


@pytest.mark.parametrize("name", ["coef_", "intercept_", "powers_", "n_iter_", "loss_curve_"])
def test_there_are_no_attributes_before_the_fit(name):
    with pytest.raises(AttributeError, match=f"no attribute '{name}': it is not fitted yet"):
        getattr(PolynomialRegressor(), name)
    with pytest.raises(NotFittedError):
        PolynomialRegressor().get_feature_names_out()
