"""GDClassifier with an l1 penalty: small penalties, wide data and the duality gap."""

import tracemalloc
from functools import cache

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import logit
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from estimators._logistic import automatic
from estimators._logistic.duality import duality_gap
from estimators._logistic.loss import LogLoss
from estimators._logistic.proximal import AcceleratedProximalGradient
from estimators._logistic.proximal_newton import ProximalNewton
from estimators.logistic import GDClassifier
from tests.effort import effort
from tests.estimators.logistic_cases import data, objective


def cancer():
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def wide():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 1000))
    return X, (X[:, :5].sum(axis=1) + rng.logistic(size=80) > 0).astype(int)


@cache
def least_of_liblinear(load, alpha):
    X, y = load()
    theirs = LogisticRegression(
        C=1 / (alpha * len(y)), l1_ratio=1, solver="liblinear", fit_intercept=False, tol=1e-6, max_iter=20_000
    ).fit(X, y)
    return objective(theirs, X, y, alpha, 1.0)


@pytest.mark.parametrize("load", [cancer, wide])
@pytest.mark.parametrize("alpha", [1e-2, 1e-4, 1e-6])
@pytest.mark.parametrize("kind", ["dense", "csr", "float32"])
def test_small_penalties_reach_the_objective_of_liblinear(load, alpha, kind):
    """Without intercept, which liblinear penalises."""
    X, y = load()
    given = {"dense": X, "csr": sp.csr_array(X), "float32": X.astype(np.float32)}[kind]
    ours = GDClassifier(alpha=alpha, l1_ratio=1, fit_intercept=False, tol=1e-5)
    if kind == "float32" and alpha == 1e-6 and load is cancer:  # the gap is lost in rounding, not the minimum
        with pytest.warns(
            ConvergenceWarning, match="Rounding errors ended the search: .* or passing float64, might"
        ):
            ours.fit(given, y)
    else:
        ours.fit(given, y)
    assert objective(ours, X, y, alpha, 1.0) <= least_of_liblinear(load, alpha) * (1 + 1e-4)
    assert ours.n_iter_ < 600
    if load is wide:
        assert (ours.coef_ != 0).sum() < 80


@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_the_duality_gap_bounds_what_is_left(l1_ratio, fit_intercept, weighted):
    X, y = data(2, n_samples=150)
    weight = np.random.default_rng(0).random(150) * (np.arange(150) % 3 > 0) if weighted else np.ones(150)
    alpha = 1e-3
    loss = LogLoss(X, y, weight, 2, alpha * (1 - l1_ratio), fit_intercept)
    exact = ProximalNewton(loss, np.zeros((8, 1)), alpha * l1_ratio, 0)
    least = min(exact.step().objective for _ in range(30))
    search = ProximalNewton(loss, np.zeros((8, 1)), alpha * l1_ratio, 0)
    iterates = [search.step() for _ in range(12)]
    for iterate in iterates:
        assert iterate.objective - least <= iterate.expected * (1 + 1e-9) + 1e-15
    assert iterates[-1].expected < 1e-6
    theirs = LogisticRegression(
        C=1 / (alpha * weight.sum()),
        l1_ratio=l1_ratio,
        solver="saga",
        tol=1e-9,
        max_iter=50_000,
        fit_intercept=fit_intercept,
        random_state=0,
    ).fit(X, y, sample_weight=weight)
    assert least <= objective(theirs, X, y, alpha, l1_ratio, weight) * (1 + 1e-9)


def test_many_proximal_steps_earn_newton_steps(monkeypatch):
    X, y = cancer()
    fits = {}
    for steps in (0, 5, np.inf):  # Newton steps almost at once, by the rule, and never
        monkeypatch.setattr(automatic, "NEWTON_STEPS", steps)
        fits[steps] = GDClassifier(alpha=1e-4, l1_ratio=1, tol=1e-6, max_iter=20_000).fit(X, y)
    assert fits[0].n_iter_ < fits[5].n_iter_ < fits[np.inf].n_iter_ / 4
    for fitted in fits.values():
        assert fitted.loss_curve_[-1] == pytest.approx(fits[0].loss_curve_[-1], rel=2e-6)


def test_easy_data_with_many_weights_need_no_newton_steps(monkeypatch):
    """Their matrix would cost more than all proximal steps together."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((500, 500))
    y = (X[:, :50].sum(axis=1) / 4 + rng.logistic(size=500) > 0).astype(int)
    model = GDClassifier(alpha=1e-2, l1_ratio=1).fit(X, y)
    monkeypatch.setattr(automatic, "NEWTON_STEPS", np.inf)
    expected = GDClassifier(alpha=1e-2, l1_ratio=1).fit(X, y)
    np.testing.assert_array_equal(model.coef_, expected.coef_)


def test_newton_steps_on_csr_rows_make_no_dense_copy(monkeypatch):
    monkeypatch.setattr(automatic, "NEWTON_STEPS", 0)
    rng = np.random.default_rng(0)
    X = sp.random(20_000, 400, density=0.01, format="csr", rng=rng)
    y = (X @ rng.standard_normal(400) + 0.3 * rng.logistic(size=20_000) > 0).astype(int)
    tracemalloc.start()
    model = GDClassifier(alpha=1e-5, l1_ratio=1).fit(X, y)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (model.coef_ != 0).sum() > 200
    assert peak < X.shape[0] * X.shape[1] * 8 / 3


def test_more_weights_than_a_matrix_should_hold(monkeypatch):
    """The search goes on with proximal steps, which need no matrix."""
    X, y = wide()
    expected = GDClassifier(alpha=1e-2, l1_ratio=1, tol=1e-6).fit(X, y)
    monkeypatch.setattr(automatic, "NEWTON_STEPS", 0)
    monkeypatch.setattr("estimators._logistic.proximal_newton.MAX_WORKING_SET", 30)
    model = GDClassifier(alpha=1e-2, l1_ratio=1, tol=1e-6).fit(X, y)
    assert (expected.coef_ != 0).sum() > 30
    assert model.loss_curve_[-1] == pytest.approx(expected.loss_curve_[-1], rel=1e-5)


def test_a_copied_column_and_a_constant_one():
    X, y = cancer()
    wider = np.column_stack([X, X[:, 0], np.ones(len(y))])
    expected = GDClassifier(alpha=1e-3, l1_ratio=1, tol=1e-8).fit(X, y)
    model = GDClassifier(alpha=1e-3, l1_ratio=1, tol=1e-8).fit(wider, y)
    assert model.loss_curve_[-1] == pytest.approx(expected.loss_curve_[-1], rel=1e-6)


def test_a_penalty_beyond_the_largest_leaves_the_intercept():
    X, y = cancer()
    model = GDClassifier(alpha=10, l1_ratio=1, tol=1e-10).fit(X, y)
    assert (model.coef_ == 0).all()
    assert model.intercept_[0] == pytest.approx(np.log(y.mean() / (1 - y.mean())), rel=1e-4)


def test_float32_rows_without_weight(monkeypatch):
    monkeypatch.setattr(automatic, "NEWTON_STEPS", 0)
    X, y = cancer()
    weight = np.arange(len(y)) % 3 * 1.0
    model = GDClassifier(alpha=1e-2, l1_ratio=1).fit(X.astype(np.float32), y, sample_weight=weight)
    expected = GDClassifier(alpha=1e-2, l1_ratio=1).fit(X[weight > 0], y[weight > 0], weight[weight > 0])
    assert model.n_iter_ < 30
    assert model.loss_curve_[-1] == pytest.approx(expected.loss_curve_[-1], rel=2e-4)


@pytest.mark.parametrize("l1_ratio", [1.0, 0.3])
def test_proximal_steps_that_hardly_move_are_not_the_end(l1_ratio):
    """All columns are about 1e5: the first proximal step changes little, and so does any later one."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2000, 8)) + 1e5
    y = ((X - 1e5) @ rng.standard_normal(8) + rng.logistic(size=2000) > 0).astype(int)
    model = GDClassifier(alpha=1e-2, l1_ratio=l1_ratio, fit_intercept=False).fit(X, y)
    weights = LogisticRegression(C=1e-2, fit_intercept=True).fit(X - 1e5, y).coef_
    weights -= weights.mean()  # so that the offset hardly matters
    value = np.logaddexp(0, -(2 * y - 1) * (X @ weights[0])).mean()
    value += 1e-2 * (l1_ratio * np.abs(weights).sum() + (1 - l1_ratio) / 2 * (weights**2).sum())
    assert model.loss_curve_[-1] < value < 0.67  # it starts at log(2)


def test_proximal_steps_of_several_classes_that_hardly_move_are_not_the_end():
    """The first step from zero leaves the loss at log(3), although the classes can be told apart."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    X = rng.standard_normal((60, 3)) + 1.5 * np.eye(3)[y] + 1e3
    with pytest.warns(ConvergenceWarning, match="did not converge .* may still decrease by [0-9]"):
        model = GDClassifier(alpha=1e-4, l1_ratio=1, fit_intercept=False).fit(X, y)
    assert model.loss_curve_[-1] < 1.06


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.5])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_duality_gap_of_several_classes_bounds_what_is_left(n_classes, l1_ratio, fit_intercept):
    X, y = data(n_classes, n_samples=150)
    weight, alpha = np.arange(150) % 3 * 1.0, 1e-3
    l1, loss = alpha * l1_ratio, LogLoss(X, y, weight, n_classes, alpha * (1 - l1_ratio), fit_intercept)
    start = np.zeros((8, loss.n_outputs))
    steps = AcceleratedProximalGradient(loss, start, l1, 0, loss)
    path = [(steps.step().objective, steps.theta()) for _ in range(3000)]
    least = path[-1][0]
    looked_at = path[-1 :: -effort(1, 30)]
    gaps = [duality_gap(loss, theta, value, l1) for value, theta in looked_at]
    for (value, _), gap in zip(looked_at, gaps, strict=True):
        assert value - least <= gap + 1e-14
    assert gaps[0] < 1e-6
    theirs = LogisticRegression(
        C=1 / (alpha * weight.sum()), l1_ratio=l1_ratio, solver="saga", tol=1e-6, max_iter=50_000
    ).set_params(fit_intercept=fit_intercept, random_state=0)
    theirs.fit(X, y, sample_weight=weight)
    assert least == pytest.approx(objective(theirs, X, y, alpha, l1_ratio, weight), rel=1e-5)


def test_a_weak_penalty_on_several_classes_needs_no_duality_gap():
    """The gap is of no use there, but the fall that a Newton step predicts is."""
    X, y = data(4, n_samples=150)
    model = GDClassifier(alpha=1e-9, l1_ratio=1).fit(X, y)
    expected = GDClassifier(alpha=0, tol=1e-8).fit(X, y)
    assert model.n_iter_ < 500
    assert model.loss_curve_[-1] == pytest.approx(expected.loss_curve_[-1], rel=1e-3)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_rows_that_are_almost_certain_keep_an_honest_duality_gap(dtype):
    """The least objective where the probabilities are ``alpha / weight``, for rows at 0 and at 1e5."""
    X = np.array([[-1e5, -1e-4, 0.2], [1e5, 0, 0], [0, 0, 0], [0, 0, 0.2], [0, -1e-4, 0]], dtype=dtype)
    share, zeros, one = 1e-8 / 1e5, 0.6, 0.2
    slope = -logit(share / zeros) - logit(share / one)
    least = share * slope - zeros * np.log1p(-share / zeros) - one * np.log1p(-share / one)
    model = GDClassifier(alpha=1e-8, l1_ratio=1).fit(X, [0, 1, 0, 0, 0])
    assert model.loss_curve_[-1] == pytest.approx(least, rel=1e-3, abs=0)
