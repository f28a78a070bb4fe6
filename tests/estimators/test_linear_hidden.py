"""GDRegressor in chunks where two columns are nearly equal: a loss is warned of, exact copies are not."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import LinAlgWarning

from estimators import GDRegressor, PolynomialRegressor
from tests.estimators.linear_data import NUMBERS, close


def in_chunks(X, y, n_chunks=5, weight=None, **parameters):
    """Fit by partial_fit, and by merging; return both models, and the warnings of both."""
    chunks, merged = GDRegressor(**parameters), None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for part in np.array_split(np.arange(len(y)), n_chunks):
            rows = X[part], y[part], None if weight is None else weight[part]
            chunks.partial_fit(*rows)
            one = GDRegressor(**parameters).partial_fit(*rows)
            merged = one if merged is None else one.merge(merged)
        assert chunks.coef_ is not merged.coef_
    assert {each.category for each in caught} <= {LinAlgWarning}
    return (chunks, merged), len(caught)


def unexplained(model, X, y):
    return np.mean((model.predict(X) - y) ** 2) / np.var(y)


@pytest.mark.parametrize("gap", [1e-8, 5e-9, 1e-9, 5e-10])
@pytest.mark.parametrize("mean", [0.0, 3.0, 1000.0])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sp.csr_array])
def test_a_column_that_differs_slightly_from_another_is_used_and_warned_of(gap, mean, fit_intercept, form):
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 400))
    x = x + mean
    X = np.column_stack([x, x + gap * z])
    y = x + (X[:, 1] - x) / gap  # the difference as the rows hold it
    models, n_warnings = in_chunks(form(X), y, fit_intercept=fit_intercept)
    assert n_warnings == 2
    for model in models:
        assert unexplained(model, X, y) < 1e-7
        close(model.coef_, [1 - 1 / gap, 1 / gap], 1e-3)


@pytest.mark.parametrize("gap", [1e-7, 3e-8, 1e-8, 1e-9])
@pytest.mark.parametrize("weighted", [True, False])
def test_a_hidden_direction_among_twenty_columns_is_mended(gap, weighted):
    rng = np.random.default_rng(1)
    X, z, weight = rng.normal(size=(3000, 20)), rng.normal(size=3000), rng.uniform(0, 2, 3000)
    X[:, 7] = X[:, :3] @ [1.0, -2.0, 0.5] + gap * z
    y = X[:, 3] + z + 0.1 * rng.normal(size=3000)
    models, n_warnings = in_chunks(X, y, weight=weight if weighted else None)
    assert n_warnings == 2 or gap > 1e-8
    whole = GDRegressor().fit(X, y, weight if weighted else None)
    for model in models:
        close(model.predict(X), whole.predict(X), 1e-6 if gap > 1e-9 else 1e-3)


def test_a_small_share_of_y_is_a_loss_too():
    rng = np.random.default_rng(2)
    x, z = rng.normal(size=(2, 300))
    X = np.column_stack([x, x + 1e-8 * z])
    models, n_warnings = in_chunks(X, 1000 * x + z)
    assert n_warnings == 2
    for model in models:
        assert unexplained(model, X, 1000 * x + z) < 1e-10


@pytest.mark.parametrize("n_targets", [1, 3])
def test_one_of_several_targets_may_need_the_direction(n_targets):
    rng = np.random.default_rng(3)
    x, z, *noise = rng.normal(size=(2 + n_targets, 300))
    X, Y = np.column_stack([x, x + 1e-8 * z]), np.column_stack([x + each for each in noise])
    assert in_chunks(X, Y)[1] == 0
    Y[:, -1] += z
    models, n_warnings = in_chunks(X, Y)
    assert n_warnings == 2
    close(models[0].predict(X)[:, -1], GDRegressor().fit(X, Y).predict(X)[:, -1], 1e-5)


def collinear(kind, rng, n):
    """Return rows whose last column is exactly, or up to its own rounding, a sum of others."""
    mean = rng.choice([0.0, 3.0, 1e3, 1e6])
    A = rng.normal(size=(n, int(rng.integers(2, 9)))) * 10.0 ** rng.uniform(-3, 3) + mean
    if kind == "copy":
        return np.column_stack([A, A[:, 0]])
    if kind == "sum":
        return np.column_stack([A, A[:, 0] + A[:, 1]])
    if kind == "combination":
        return np.column_stack([A, A @ rng.normal(size=A.shape[1])])
    if kind == "other unit":
        return np.column_stack([A, 1.8 * A[:, 0] + 32])
    if kind == "dummies":
        return np.eye(8)[rng.integers(8, size=n)]
    if kind == "dummies of two columns":
        return np.column_stack([np.eye(k)[rng.integers(k, size=n)] for k in (5, 8)])
    if kind == "float32 sum":
        A = A.astype(np.float32)
        return np.column_stack([A, A[:, 0] + A[:, 1]])
    if kind == "float32 sum, as float64":
        A = A.astype(np.float32)
        return np.column_stack([A, A[:, 0] + A[:, 1]]).astype(float)
    if kind == "low rank":
        return rng.normal(size=(n, 6)) @ rng.normal(size=(6, 30))
    assert kind == "shifted square"
    return np.column_stack([A[:, 0], A[:, 0] ** 2, (A[:, 0] + 1) ** 2])


KINDS = [
    "copy",
    "sum",
    "combination",
    "other unit",
    "dummies",
    "dummies of two columns",
    "float32 sum",
    "float32 sum, as float64",
    "low rank",
    "shifted square",
]


@given(NUMBERS, st.sampled_from(KINDS), st.integers(1, 7), st.booleans(), st.booleans())
def test_exactly_collinear_columns_are_not_warned_of(seed, kind, n_chunks, weighted, noisy):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(60, 400))
    X = collinear(kind, rng, n)
    y = X[:, 0] * 2.0 + (X[:, 0].std() * rng.normal(size=n) if noisy else 0)
    weight = rng.uniform(0.1, 2, n) if weighted else None
    (one, other), n_warnings = in_chunks(X, y, n_chunks, weight)
    assert n_warnings == 0
    if X.dtype == np.float32:
        return  # whose predictions are rounded to seven digits
    scale = np.abs(y - y.mean()).max()
    np.testing.assert_allclose(one.predict(X), other.predict(X), atol=1e-4 * scale)
    root = np.ones(n) if weight is None else np.sqrt(weight)
    A = root[:, np.newaxis] * (X - np.average(X, axis=0, weights=weight))
    b = root * (y - np.average(y, weights=weight))
    best = np.sum((A @ np.linalg.lstsq(A, b)[0] - b) ** 2)
    loss = np.sum((root * (one.predict(X) - y)) ** 2)
    assert loss <= (1 + 25 * X.shape[1] / n) * best + 1e-8 * n * scale**2


@given(NUMBERS, st.floats(-9, -6), st.integers(2, 8), st.integers(1, 6), st.sampled_from([0.0, 10.0, 500.0]))
def test_a_direction_that_y_needs_is_never_lost_in_silence(seed, exponent, d, n_chunks, mean):
    rng = np.random.default_rng(seed)
    X, z = rng.normal(size=(300, d)) * 10 ** rng.uniform(-2, 2, d), rng.normal(size=300)
    X += mean * X.std(axis=0)
    mix = X[:, :-1] @ rng.normal(size=d - 1)
    X[:, -1] = mix + 10**exponent * mix.std() * z
    y = X[:, 0] / X[:, 0].std() + z + 0.3 * rng.normal(size=300)
    models, n_warnings = in_chunks(X, y, n_chunks)
    best = unexplained(GDRegressor().fit(X, y), X, y)
    for model in models:
        assert unexplained(model, X, y) < 1.01 * best
    assert n_warnings == 2 or exponent > -8


def test_a_polynomial_inherits_it():
    rng = np.random.default_rng(0)
    x, z = rng.uniform(-1, 1, size=(2, 600))
    X = np.column_stack([x, x + 1e-8 * z])
    model = PolynomialRegressor(degree=1, domain=[-1, 1])
    y = x + z
    for part in np.array_split(np.arange(600), 4):
        model.partial_fit(X[part], y[part])
    with pytest.warns(LinAlgWarning, match="To avoid this error, call fit with all rows"):
        predictions = model.predict(X)
    close(predictions, y, 1e-5)
