"""GDRegressor on CSR data without dense copies: singular, with repeated rows, far from zero, with an L1 penalty."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.linalg import lstsq
from sklearn.linear_model import Lasso

from estimators import GDRegressor
from tests.estimators.linear_data import close, objective


def one_hot(n, blocks, categories, seed=0):
    """Rows of ones, a category of each block: each block sums to 1."""
    codes = np.random.default_rng(seed).integers(0, categories, size=(n, blocks))
    codes[:categories] = np.arange(categories)[:n, np.newaxis]  # each occurs
    X = (codes[:, :, np.newaxis] == np.arange(categories)).reshape(n, -1).astype(float)
    return X, np.random.default_rng(seed + 1).normal(size=(n, 2))


def shortest(X, y, fit_intercept=True):
    """The shortest least-squares weights (q, d), by the singular values of the centred rows."""
    mean = X.mean(axis=0) if fit_intercept else 0.0
    return lstsq(X - mean, y - (y.mean(axis=0) if fit_intercept else 0.0), cond=1e-10)[0].T


SHAPES = {
    "many rows": (2000, 3, 20),  # by X'X, which is singular
    "fewer rows": (400, 2, 40),  # by conjugate gradients in the space of the columns
    "wide, with repeated rows": (
        120,
        2,
        80,
    ),  # by those in the space of the rows, which no weights fit exactly
    "wide": (30, 2, 80),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_dummies_of_all_categories_have_the_shortest_weights(shape, fit_intercept):
    X, y = one_hot(*SHAPES[shape])
    expected = shortest(X, y, fit_intercept)
    ours = GDRegressor(fit_intercept=fit_intercept, tol=1e-11).fit(sp.csr_array(X), y)
    close(ours.coef_, expected, 1e-6)
    if shape == "many rows":
        more = GDRegressor(fit_intercept=fit_intercept).fit(sp.csr_array(X[:1500]), y[:1500])
        close(more.partial_fit(sp.csr_array(X[1500:]), y[1500:]).coef_, expected, 1e-8)


@pytest.mark.parametrize("penalty", [(0.0, 0.0), (0.1, 0.0), (0.01, 1.0)])
@pytest.mark.parametrize("n", [30, 300, 3000])
@pytest.mark.parametrize("weighted", [False, True])
def test_columns_far_from_zero_are_fitted_like_those_of_an_array(penalty, n, weighted):
    rng = np.random.default_rng(0)
    X = sp.random_array((n, 60), density=0.05, rng=rng).toarray()
    X[:, 0] = 0.1 + 0.2  # constant, but not a sum of powers of two
    X[:, 7] = 1e6 + rng.normal(size=n)
    y = X[:, 7] - 1e6 + X[:, 20] + rng.normal(size=n)
    weight = rng.integers(0, 3, n).astype(float) if weighted else None
    dense = GDRegressor(*penalty, tol=1e-11).fit(X, y, weight)
    ours = GDRegressor(*penalty, tol=1e-11).fit(sp.csr_array(X), y, weight)
    close(ours.coef_, dense.coef_, 1e-7)
    close(ours.predict(sp.csr_array(X)), dense.predict(X), 1e-7)
    assert ours.coef_[0] == 0


@pytest.mark.parametrize("n", [40, 400])
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize("n_targets", [None, 2])
def test_lasso_takes_any_type_of_index_and_several_targets(n, index, n_targets):
    X = sp.random_array((n, 100), density=0.05, format="csr", rng=np.random.default_rng(0))
    y = np.random.default_rng(1).normal(size=n if n_targets is None else (n, n_targets))
    expected = Lasso(0.002, tol=1e-14, max_iter=100_000).fit(X.toarray(), y).coef_
    X.indices, X.indptr = X.indices.astype(index), X.indptr.astype(index)
    close(GDRegressor(0.002, 1.0).fit(X, y).coef_, expected)


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("d", [120, 600])
def test_the_search_of_a_lasso_ends_at_the_level_of_rounding(form, d):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, d)) * (rng.random((100, d)) < 0.08)
    y = rng.normal(size=100)
    best = Lasso(0.003, tol=1e-15, max_iter=10**6).fit(X, y)
    ours = GDRegressor(0.003, 1.0, tol=0.0).fit(form(X), y)  # no warning: warnings are errors
    values = [objective(X, y, model.coef_, model.intercept_, 0.003, 1.0) for model in (ours, best)]
    assert values[0] <= values[1] * (1 + 1e-10)


@pytest.mark.parametrize("penalty", [(0.0, 0.0), (0.1, 0.0), (0.1, 0.5)])
@pytest.mark.parametrize("filled", [0, 1, 2])
def test_hardly_any_nonzeros(penalty, filled):
    X, y = np.zeros((5, 40)), np.arange(5.0) ** 2
    X[2, :filled] = 1.0
    ours, dense = (GDRegressor(*penalty).fit(rows, y) for rows in (sp.csr_array(X), X))
    np.testing.assert_allclose(ours.coef_, dense.coef_, rtol=0, atol=1e-6)
    assert ours.coef_.any() == (filled > 0)


def test_an_entry_given_twice_counts_with_the_sum_of_both():
    data, places = [1.0, 2.0, 5.0, 1.0, 4.0], [0, 0, 30, 7, 7]
    X = sp.csr_array((data, places, [0, 2, 3, 5, 5]), shape=(4, 60))
    y = [1.0, 2.0, 3.0, 5.0]
    close(GDRegressor(0.1).fit(X, y).coef_, GDRegressor(0.1).fit(X.toarray(), y).coef_, 1e-6)
    assert X.nnz == 5


def test_denser_csr_follows_the_rule_of_arrays():
    X = sp.random_array((300, 40), density=0.2, format="csr", rng=np.random.default_rng(0))
    y = np.random.default_rng(1).normal(size=300)
    ours = GDRegressor().fit(X, y)
    close(ours.coef_, shortest(X.toarray(), y), 1e-10)
    assert ours.n_iter_ == 1
