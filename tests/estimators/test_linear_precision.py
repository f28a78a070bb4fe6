"""How exact the sums of GDRegressor are, at known condition numbers."""

import warnings
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.linalg import LinAlgWarning, lstsq

from estimators import GDRegressor
from estimators._least_squares.pairs import exact_products
from tests.effort import effort
from tests.estimators.linear_data import close, rows_of_condition


@pytest.mark.parametrize(
    ("condition", "tol"),
    [(1e2, 1e-10), (1e3, 1e-9), (1e4, 1e-8), (1e5, 1e-8), (1e6, 1e-7)],
)
@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_chunks_equal_the_whole_at_a_known_condition(condition, tol, offset, in_order):
    X = rows_of_condition(300, 5, condition, offset=offset)
    rng = np.random.default_rng(1)
    y = (X - offset) @ rng.normal(size=5) + rng.normal(size=300) * 0.1 + offset
    whole, chunks, merged, fits = GDRegressor().fit(X, y), GDRegressor(), None, None
    for part in np.array_split(np.argsort(X[:, 0]) if in_order else rng.permutation(300), 5):
        chunks.partial_fit(X[part], y[part])
        one, fit = GDRegressor().partial_fit(X[part], y[part]), GDRegressor().fit(X[part], y[part])
        merged = one if merged is None else one.merge(merged)
        fits = fit if fits is None else fit.merge(fits)
    for model in (chunks, merged, fits):
        close(model.coef_, whole.coef_, tol)


@pytest.mark.parametrize("penalty", [{}, {"fit_intercept": False}, {"alpha": 1e-6, "l1_ratio": 0.5}])
@pytest.mark.parametrize("form", [np.asarray, np.asfortranarray, sp.csr_array])
@pytest.mark.parametrize("seed", effort(range(4), (1, 2)))  # odd seeds add noise
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
        close(model.coef_, whole.coef_, 1e-8)


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
        xx, vx = exact_products(form(x), v)
        exact_x, exact_v = [[[Fraction(value) for value in row] for row in each] for each in (x.T, v)]
        for i, row in enumerate(exact_x):
            expected = [sum(a * b for a, b in zip(row, other, strict=True)) for other in exact_x]
            found = [Fraction(high) + Fraction(low) for high, low in zip(xx.high[i], xx.low[i], strict=True)]
            size = [float(np.linalg.norm(x[:, i]) * np.linalg.norm(x[:, j])) for j in range(3)]
            assert (
                max(abs(f - e) / Fraction(r) for f, e, r in zip(found, expected, size, strict=True)) < 1e-22
            )
        for i, row in enumerate(exact_v):
            for j, other in enumerate(exact_x):
                found = Fraction(vx.high[i, j]) + Fraction(vx.low[i, j])
                gap = abs(found - sum(a * b for a, b in zip(row, other, strict=True)))
                assert gap / Fraction(float(np.linalg.norm(v[i]) * np.linalg.norm(x[:, j]))) < 1e-22


@pytest.mark.parametrize("condition", [3e6, 1e7, 3e7])
def test_chunks_are_as_good_as_the_whole_up_to_condition_3e7(condition):
    X, w = rows_of_condition(200, 4, condition), np.array([1.0, 2.0, 3.0, 4.0])
    close(GDRegressor().partial_fit(X[:90], X[:90] @ w).partial_fit(X[90:], X[90:] @ w).coef_, w, 1e-6)


@pytest.mark.parametrize("condition", [2e8, 1e9])
def test_ill_conditioned_chunks_are_warned_of(condition):
    X = rows_of_condition(200, 4, condition)
    smallest = np.linalg.svd(X)[2][-1]
    y = X @ [1.0, 2.0, 3.0, 4.0] + X @ smallest * condition
    with pytest.warns(
        LinAlgWarning, match="X is ill-conditioned .*To avoid this error, call fit with all rows"
    ):
        chunks = GDRegressor().partial_fit(X, y).coef_
    close(X @ chunks, y, 1e-4)
    GDRegressor().fit(X, y)  # reads the rows twice: nothing to warn of


@pytest.mark.parametrize("d", [4, 60])
def test_chunks_are_good_or_warned_of(d):
    w = np.arange(1.0, d + 1)
    for condition in np.geomspace(3e5, 1e9, 20):
        X = rows_of_condition(200, d, condition)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", LinAlgWarning)
            chunks = GDRegressor().partial_fit(X, X @ w).coef_
        if not caught:
            close(chunks, w, 1e-6 if condition < 1e8 else 1e-2)


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


@pytest.mark.parametrize("scale", [1.0, 1e-20, 1e-60])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_a_column_of_zeros_beside_a_repeated_one_changes_nothing_at_any_scale(scale, fit_intercept):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    X = np.column_stack([np.zeros(200), X, X[:, 2]])
    y = X @ [0.0, 1.0, 2.0, 3.0, 4.0] + 0.1 * rng.normal(size=200)
    expected = lstsq(X - fit_intercept * X.mean(axis=0), y - fit_intercept * y.mean(), cond=1e-9)[0]
    chunks = GDRegressor(fit_intercept=fit_intercept)
    for part in (slice(90), slice(90, None)):
        chunks.partial_fit(X[part] * scale, y[part])
    close(chunks.coef_ * scale, expected, 1e-9)
    close(GDRegressor(fit_intercept=fit_intercept).fit(X * scale, y).coef_ * scale, expected, 1e-9)


@pytest.mark.parametrize("weight", [1e-100, 1e-250, 1e100])
def test_chunks_of_wide_rows_do_not_depend_on_the_size_of_the_weights(weight):
    rng = np.random.default_rng(0)
    X, y = np.eye(30)[rng.integers(0, 30, 12)], rng.normal(size=12)
    chunks = GDRegressor()
    for part in (slice(5), slice(5, None)):
        chunks.partial_fit(X[part], y[part], np.full(12, weight)[part])
    close(chunks.coef_, GDRegressor().fit(X, y).coef_, 1e-9)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("fit_intercept", "coef"), [(True, [0, 0]), (False, [1.25, 1.25])])
def test_chunks_in_which_all_columns_are_constant_give_no_warning(fit_intercept, coef):
    chunks = GDRegressor(fit_intercept=fit_intercept)
    for _ in range(2):
        chunks.partial_fit(np.ones((4, 2)), [1, 2, 3, 4])
    close(chunks.coef_, coef, 1e-12)
