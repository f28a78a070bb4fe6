"""PolynomialRegressor in chunks: its domain, partial_fit, merge and additive states."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import LinAlgWarning
from sklearn.exceptions import NotFittedError

from estimators import GDRegressor, PolynomialRegressor
from tests.estimators.polynomial_data import DOMAIN, NAMES, PENALTIES, by_hand, close, noisy, same_model


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
    for name in ("partial_fit", "merge", "additive_state"):
        assert not hasattr(model, name)
        assert hasattr(PolynomialRegressor(domain=[0, 1]), name)
        with pytest.raises(AttributeError) as error:
            getattr(model, name)
        assert "only available if the 'domain' parameter of PolynomialRegressor" in str(error.value.__cause__)


AS_BEFORE = partial(PolynomialRegressor, domain=DOMAIN)


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda X, y: AS_BEFORE(3).fit(X, y), ValueError, "'degree' parameter differ: 2 and 3"),
        (
            lambda X, y: PolynomialRegressor(domain=[-2, 3]).fit(X, y),
            ValueError,
            "'domain' parameter differ",
        ),
        (lambda X, y: PolynomialRegressor().fit(X, y), ValueError, "'domain' parameter differ"),
        (lambda X, y: AS_BEFORE(expand=[0]).fit(X, y), ValueError, "'expand' parameter differ"),
        (lambda X, y: AS_BEFORE(alpha=1).fit(X, y), ValueError, "'alpha' parameter differ"),
        (lambda X, y: AS_BEFORE().fit(pd.DataFrame(X, columns=NAMES), y), ValueError, "feature names differ"),
        (
            lambda X, y: AS_BEFORE().fit(X, y[:, np.newaxis]),
            ValueError,
            "The targets differ: y has one axis and the shape",
        ),
        (lambda X, y: AS_BEFORE(), NotFittedError, "not fitted yet"),
        (
            lambda X, y: GDRegressor().fit(X, y),
            TypeError,
            "can only be merged with an estimators.PolynomialRegressor",
        ),
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
            "y must have one axis, as in previous calls",
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


# --- additive states --------------------------------------------------------------------------------------


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
def test_states_merged_in_any_order_equal_one_fit(penalty, order):
    X, y, weight = noisy()
    alpha, l1_ratio = PENALTIES[penalty]
    model = AS_BEFORE(alpha=alpha, l1_ratio=l1_ratio)
    parts = np.array_split(np.arange(200), 4)
    states = [model.additive_state(X[p], y[p], weight[p]) for p in parts]
    assert not hasattr(model, "coef_")
    one, other, *rest = [states[i] for i in order]
    both = one.merge(pickle.loads(pickle.dumps(other)))
    for state in rest:
        both = both.merge(state)
    same_model(model.fit_state(both), AS_BEFORE(alpha=alpha, l1_ratio=l1_ratio).fit(X, y, weight), X)


def test_a_first_pass_finds_the_domain():
    X, y, weight = noisy()
    X[0], weight[0] = 1e9, 0
    model = PolynomialRegressor(3)
    parts = np.array_split(np.arange(200), 4)
    low, high = zip(*(model.find_domain(X[p], y[p], weight[p]) for p in parts), strict=True)
    domain = np.array([np.min(low, axis=0), np.max(high, axis=0)])
    assert not hasattr(model, "n_features_in_")
    whole = PolynomialRegressor(3).fit(X, y, weight)
    np.testing.assert_array_equal(domain, whole.domain_)
    np.testing.assert_array_equal(domain, model.find_domain(X[weight > 0]))
    given = PolynomialRegressor(3, domain=domain)
    assert not hasattr(given, "find_domain")
    one, *rest = [given.additive_state(X[p], y[p], weight[p]) for p in parts]
    for state in rest:
        one = one.merge(state)
    same_model(model.fit_state(one), whole, X[1:])  # its domain is that of the state
    np.testing.assert_array_equal(model.domain_, domain)


def test_rows_without_weight_have_no_domain_and_add_nothing():
    X, y, _ = noisy()
    found = PolynomialRegressor().find_domain(X, y, np.zeros(200))
    np.testing.assert_array_equal(found, [[np.inf] * 3, [-np.inf] * 3])
    nothing, state = AS_BEFORE().additive_state(X, y, np.zeros(200)), AS_BEFORE().additive_state(X, y)
    same_model(AS_BEFORE().fit_state(nothing.merge(state)), AS_BEFORE().fit(X, y), X)
    with pytest.raises(ValueError, match="must contain at least one row with a positive weight"):
        AS_BEFORE().fit_state(nothing)


@pytest.mark.parametrize(
    "params",
    [
        {"degree": 3},
        {"interaction_only": True},
        {"expand": [0]},
        {"domain": [-2, 3]},
        {"fit_intercept": False},
    ],
    ids=str,
)
def test_states_of_other_terms_are_refused(params):
    X, y, _ = noisy()
    state, other = (
        PolynomialRegressor(**{"domain": DOMAIN} | more).additive_state(X, y) for more in ({}, params)
    )
    with pytest.raises(ValueError, match="The terms differ: 'degree', 'interaction_only'"):
        state.merge(other)
    with pytest.raises(ValueError, match="The terms differ"):
        AS_BEFORE().fit_state(other)
    with pytest.raises(ValueError, match="cannot be combined"):
        AS_BEFORE().fit_state(GDRegressor().additive_state(X, y))


def test_parameters_set_after_the_fit_do_not_change_predictions():
    X, y, _ = noisy()
    model = AS_BEFORE().fit(X, y)
    expected = model.predict(X)
    model.set_params(fit_intercept=False, degree=3)
    np.testing.assert_array_equal(model.predict(X), expected)


@pytest.mark.parametrize(
    "changed",
    [
        {"degree": 3},
        {"interaction_only": True},
        {"expand": [0]},
        {"domain": [-2, 2]},
        {"fit_intercept": False},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_terms_that_were_changed_between_chunks_are_an_error(changed):
    X, y, _ = noisy()
    model = PolynomialRegressor(2, domain=[0, 1]).partial_fit(X[:50], y[:50])
    before = model.predict(X)
    with pytest.raises(
        ValueError, match="The terms differ: 'degree', 'interaction_only', 'expand', 'domain'"
    ):
        model.set_params(**changed).partial_fit(X[50:], y[50:])
    np.testing.assert_array_equal(model.predict(X), before)


def in_a_small_part_of_the_domain(width, degree, noise):
    """Return rows in [0.8, 0.8 + width] and the Legendre polynomial of this degree, which differs there."""
    random = np.random.default_rng(3)
    x = 0.8 + width * random.random(400)
    scaled = (x - 0.8) / width * 2 - 1
    signal = np.polynomial.legendre.legval(scaled, np.eye(degree + 1)[degree])
    return x[:, np.newaxis], signal + noise * random.normal(size=400)


@pytest.mark.parametrize("noise", [0, 0.1])
@pytest.mark.parametrize(("degree", "width"), [(2, 1e-4), (2, 1e-5), (3, 3e-3)])
def test_a_wide_domain_hides_no_term(degree, width, noise):
    X, y = in_a_small_part_of_the_domain(width, degree, noise)
    expected = PolynomialRegressor(degree).fit(X, y).predict(X)
    wide = partial(PolynomialRegressor, degree, domain=[-1, 1])
    close(wide().fit(X, y).predict(X), expected, 1e-4)
    close(wide().partial_fit(X[:200], y[:200]).partial_fit(X[200:], y[200:]).predict(X), expected, 1e-4)


@pytest.mark.parametrize(("degree", "width"), [(4, 1e-3), (6, 1e-2)])
def test_a_domain_that_hides_a_term_is_named_in_a_warning(degree, width):
    X, y = in_a_small_part_of_the_domain(width, degree, 0.1)
    wide, warning = partial(PolynomialRegressor, degree, domain=[-1, 1]), "column 0 .* only a small part"
    with pytest.warns(LinAlgWarning, match=warning):
        wide().fit(X, y)
    with pytest.warns(LinAlgWarning, match=warning):
        wide().partial_fit(X[:200], y[:200]).partial_fit(X[200:], y[200:]).predict(X)
    wide(alpha=1e-3).fit(X, y)
