"""GDRegressor in chunks: partial_fit, merge and additive states equal one fit on all rows."""

import copy
import pickle
from functools import partial

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge

from estimators import GDRegressor, PolynomialRegressor
from tests.estimators.linear_data import (
    NUMBERS,
    PENALTIES,
    close,
    largest_rate,
    layouts,
    noisy,
    same_model,
    unchanged_by,
    unfinished,
)


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


def test_fit_forgets_and_partial_fit_goes_on():
    X, y, _ = noisy()
    model = GDRegressor().fit(X * 5 + 1, y - 2).fit(X[:30], y[:30])
    same_model(model.partial_fit(X[30:], y[30:]), GDRegressor().fit(X, y))
    before = copy.deepcopy(model)
    same_model(model.merge(model), before, 1e-12)  # each row twice


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda X, y: GDRegressor(0.2).fit(X, y), ValueError, "'alpha' parameter differ: 0.1 and 0.2"),
        (
            lambda X, y: GDRegressor(0.1, learning_rate=0.1, max_iter=10**5).fit(X / 9, y),
            ValueError,
            "'learning_rate' parameter differ",
        ),
        (lambda X, y: GDRegressor(0.1).fit(X[:, :2], y), ValueError, "same number of features. Got 4 and 2"),
        (lambda X, y: GDRegressor(0.1).fit(layouts(X)["pandas"], y), ValueError, "feature names differ"),
        (
            lambda X, y: GDRegressor(0.1).fit(X, y[:, np.newaxis]),
            ValueError,
            "The targets differ: y has one axis and the shape",
        ),
        (lambda X, y: GDRegressor(0.1), NotFittedError, "not fitted yet"),
        (
            lambda X, y: Ridge().fit(X, y),
            TypeError,
            "can only be merged with an estimators.GDRegressor. Got sklearn",
        ),
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
            "y must have one axis, as in previous calls",
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


# --- additive states --------------------------------------------------------------------------------------


def states_of(model, X, y, weight=None, n=4):
    parts = np.array_split(np.arange(len(y)), n)
    return [model.additive_state(X[p], y[p], None if weight is None else weight[p]) for p in parts]


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 1, 0, 2]])
@pytest.mark.parametrize("n_targets", [None, 2])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_states_merged_in_any_order_equal_one_fit(penalty, order, n_targets, form):
    X, y, weight = noisy(q=n_targets)
    model = GDRegressor(*PENALTIES[penalty])
    states = states_of(model, form(X), y, weight)
    assert not hasattr(model, "coef_")
    before = pickle.dumps(states)
    one, other, *rest = [states[i] for i in order]
    both = one.merge(pickle.loads(pickle.dumps(other)))
    for state in rest:
        both = state.merge(both)
    same_model(clone(model).fit_state(both), clone(model).fit(X, y, weight))
    assert pickle.dumps(states) == before


def test_an_additive_state_leaves_a_fitted_model_unchanged_and_counts_from_zero():
    X, y, _ = noisy()
    model = GDRegressor().fit(X, y)
    before = pickle.dumps(model)
    state = model.additive_state(X[:20], y[:20])
    with pytest.raises(ValueError, match="X has 2 features, but GDRegressor is expecting 4"):
        model.additive_state(X[:, :2], y)
    assert pickle.dumps(model) == before
    same_model(model.fit_state(state), GDRegressor().fit(X[:20], y[:20]))


def test_divergence_is_asked_of_all_rows():
    X, y, _ = noisy()
    rate = 0.5 * largest_rate(X)
    X = np.vstack([X, 100 * X[:1]])
    y, weight = np.append(y, 0.0), np.append(np.ones(60), 1e-6)
    model = GDRegressor(learning_rate=rate, max_iter=20_000)
    first, last = model.additive_state(X[60:], y[60:], weight[60:]), model.additive_state(X[:60], y[:60])
    with pytest.raises(ValueError, match="The largest safe rate is"):
        model.fit_state(first)
    assert not hasattr(model, "coef_")
    same_model(model.fit_state(first.merge(last)), clone(model).fit(X, y, weight))


@pytest.mark.parametrize(("other", "expected"), [(np.float32, "f4"), (np.float64, "f8")])
def test_the_weights_are_float32_only_if_all_rows_were(other, expected):
    X, y, _ = noisy()
    model = GDRegressor()
    one, two = (
        model.additive_state(X[:30].astype("f4"), y[:30]),
        model.additive_state(X[30:].astype(other), y[30:]),
    )
    assert clone(model).fit_state(one.merge(two)).coef_.dtype == expected
    assert clone(model).fit_state(two.merge(one)).coef_.dtype == expected
    unweighted = model.additive_state(X, y, np.zeros(60))
    assert clone(model).fit_state(one.merge(unweighted)).coef_.dtype == "f4"


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_rows_without_weight_add_nothing(form):
    X, y, _ = noisy()
    model = GDRegressor()
    nothing = model.additive_state(form(X * 9), y, np.zeros(60))
    state = model.additive_state(form(X), y)
    for both in (state.merge(nothing), nothing.merge(state)):
        same_model(clone(model).fit_state(both), GDRegressor().fit(X, y))
    with pytest.raises(ValueError, match="must contain at least one row with a positive weight"):
        model.fit_state(nothing.merge(nothing))
    with pytest.raises(ValueError, match="Input X contains NaN"):
        model.additive_state(form(np.where(X > 3, np.nan, X)), y, np.zeros(60))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (
            lambda X, y: GDRegressor().additive_state(X[:, :2], y),
            "same number of features. Got 4 and 2 features",
        ),
        (lambda X, y: GDRegressor().additive_state(layouts(X)["pandas"], y), "feature names differ"),
        (lambda X, y: GDRegressor().additive_state(X, y[:, np.newaxis]), "The targets differ"),
        (
            lambda X, y: PolynomialRegressor(domain=[0, 1]).additive_state(X, y),
            "States of GDRegressor and PolynomialRegressor cannot be combined",
        ),
    ],
)
def test_states_of_other_rows_are_refused(make, match):
    X, y, _ = noisy()
    with pytest.raises(ValueError, match=match):
        GDRegressor().additive_state(X, y).merge(make(X, y))


def test_other_states_are_refused():
    X, y, _ = noisy()
    with pytest.raises(
        TypeError,
        match="'state' parameter of fit_state must be a state returned by additive_state .* class. Got a dict",
    ):
        GDRegressor().fit_state({})
    with pytest.raises(ValueError, match="cannot be combined"):
        GDRegressor().fit_state(PolynomialRegressor(domain=[0, 1]).additive_state(X, y))
    with pytest.raises(ValueError, match="requires y to be passed"):
        GDRegressor().additive_state(X)
    with pytest.raises(ValueError, match="additive_state supports at most 5,000 features"):
        GDRegressor().additive_state(np.ones((2, 5001)), [1, 2])


def test_a_state_brings_its_feature_names():
    X, y, _ = noisy()
    frame = layouts(X)["pandas"]
    model = GDRegressor().fit_state(GDRegressor().additive_state(frame, y))
    assert model.feature_names_in_.tolist() == list(frame.columns)
    assert not hasattr(model.fit_state(GDRegressor().additive_state(X, y)), "feature_names_in_")
