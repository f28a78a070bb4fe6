"""The log loss and the preconditioner of GDClassifier against their formulas."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import approx_fprime

from estimators._logistic import loss as loss_module
from estimators._logistic.loss import LogLoss
from estimators._logistic.preconditioner import Preconditioner
from estimators.logistic import GDClassifier
from tests.estimators.logistic_cases import data, objective


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_gradient(n_classes, kind, fit_intercept):
    X, y = data(n_classes, n_samples=60)
    rng = np.random.default_rng(3)
    loss = LogLoss(
        X if kind == "dense" else sp.csr_array(X), y, rng.random(60), n_classes, 0.3, fit_intercept
    )
    theta = rng.standard_normal((X.shape[1] + 1, loss.n_outputs))
    value, gradient = loss(theta)
    numeric = approx_fprime(theta.ravel(), lambda flat: loss(flat.reshape(theta.shape))[0], 1e-7)
    numeric = numeric.reshape(theta.shape)
    np.testing.assert_allclose(gradient[:-1], numeric[:-1], atol=2e-6)
    np.testing.assert_allclose(gradient[-1], numeric[-1] if fit_intercept else 0, atol=2e-6)
    assert np.isfinite(value)


@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_blocks_of_rows_add_up(kind, monkeypatch):
    X, y = data(3, n_samples=5000, n_features=30)
    monkeypatch.setattr(loss_module, "MAX_BLOCK_LOGITS", 1000)
    if kind == "csr":
        X = sp.csr_array(np.where(np.abs(X) > 2, X, 0))
    theta = np.random.default_rng(0).standard_normal((31, 3))
    whole, parts = (LogLoss(X, y, np.ones(5000), 3, 0.1, True) for _ in range(2))
    whole.blocks = [slice(0, 5000)]
    assert len(parts.blocks) > 1
    np.testing.assert_allclose(parts(theta)[1], whole(theta)[1], rtol=1e-10)
    assert parts(theta)[0] == pytest.approx(whole(theta)[0], rel=1e-13)


@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_preconditioner_is_the_inverse_hessian_at_zero(kind, fit_intercept):
    X, y = data(2, n_samples=80)
    weight = np.random.default_rng(0).random(80)
    loss = LogLoss(X if kind == "dense" else sp.csr_array(X), y, weight, 2, 0.3, fit_intercept)
    theta = np.zeros((X.shape[1] + 1, 1))
    design = np.hstack([X, np.ones((80, 1))])
    hessian = design.T @ (design * (weight / weight.sum() / 4)[:, None])
    hessian[:-1, :-1] += 0.3 * np.eye(X.shape[1])
    gradient = np.random.default_rng(1).standard_normal(theta.shape)
    if not fit_intercept:
        hessian[-1], hessian[:, -1], hessian[-1, -1], gradient[-1] = 0, 0, 1, 0
    np.testing.assert_allclose(
        Preconditioner(loss, theta)(gradient), np.linalg.solve(hessian, gradient), atol=1e-8
    )
    diagonal = Preconditioner(loss, theta, diagonal=True)
    if not fit_intercept:
        np.testing.assert_allclose(
            diagonal(gradient)[:-1], gradient[:-1] / np.diag(hessian)[:-1, None], rtol=1e-12
        )
    one = np.random.default_rng(2).standard_normal(theta.shape)
    one[-1] *= fit_intercept
    np.testing.assert_allclose(diagonal.inner(one, diagonal(gradient)), np.vdot(one, gradient), rtol=1e-11)


def test_the_proximal_step_is_the_least_of_its_model():
    X, y = data(3, n_samples=80)
    loss = LogLoss(X, y, np.ones(80), 3, 0.3, True)
    rng = np.random.default_rng(0)
    theta, gradient = rng.standard_normal((2, X.shape[1] + 1, 3)) * [[[0.1]], [[1]]]
    metric = Preconditioner(loss, theta, diagonal=True)

    def model(there):
        step = there - theta
        quadratic = np.vdot(gradient, step) + 0.5 * 9 * metric.inner(step, step)
        return quadratic + 0.8 * np.abs(there[:-1]).sum()

    best = metric.proximal_step(theta, gradient, 9.0, 0.8)
    for size in (1e-4, 1e-2, 1.0):
        for _ in range(50):
            assert model(best) < model(best + size * rng.standard_normal(theta.shape))
    assert (best[:-1] == 0).any()


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_extreme_decision_values(n_classes, dtype):
    X, y = data(n_classes)
    model = GDClassifier(alpha=1e-3).fit(X.astype(dtype), y)
    for factor in (1e4, 1e8, 1e30):
        model.coef_ = model.coef_ / np.abs(model.coef_).max() * dtype(factor)
        X_new = X.astype(dtype)
        assert np.abs(model.decision_function(X_new)).max() > factor / 10
        for answer in (model.predict_proba(X_new), model.predict_log_proba(X_new)):
            assert np.isfinite(answer).all()
            assert answer.dtype == dtype
        np.testing.assert_allclose(model.predict_proba(X_new).sum(axis=1), 1, rtol=1e-6)
        loss = LogLoss(X_new, y, np.ones(len(y)), n_classes, 0.0, True)
        theta = np.vstack([model.coef_.T, model.intercept_]).astype(float)
        value, gradient = loss(theta)
        expected = objective(model, X_new, y, 0)
        assert value == pytest.approx(expected, rel=1e-5 if dtype == np.float32 else 1e-12)
        assert np.isfinite(gradient).all()


def test_log_probabilities_are_finite_where_probabilities_are_zero():
    model = GDClassifier().fit([[0.0], [1.0], [0.4], [0.6]], [0, 1, 1, 0])
    model.coef_, model.intercept_ = np.array([[1.0]]), np.zeros(1)
    np.testing.assert_allclose(model.predict_log_proba([[2000.0]]), [[-2000, 0]])
    np.testing.assert_allclose(model.predict_proba([[-40.0]]), [[1, np.exp(-40)]], rtol=1e-12)
