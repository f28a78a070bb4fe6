"""The log loss of GDClassifier and its metrics against their formulas."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import approx_fprime

from estimators._logistic import loss as loss_module
from estimators._logistic.loss import LogLoss
from estimators._logistic.metrics import DiagonalMetric, ExactMetric, SharedMetric
from estimators._logistic.proximal import proximal_step
from estimators._logistic.search import Evaluation
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


def numeric_hessian(loss, theta):
    """Central differences of the gradient, output by output: rows and columns as in ``theta.T.ravel()``."""
    steps = 1e-5 * np.eye(theta.size).reshape(-1, *theta.T.shape).transpose(0, 2, 1)
    return np.array([(loss(theta + step)[1] - loss(theta - step)[1]).T.ravel() / 2e-5 for step in steps]).T


@pytest.mark.parametrize(
    ("n_classes", "kind"),
    # the exact metric of several classes is for dense X
    [(2, "dense"), (2, "csr"), (2, "float32"), (4, "dense"), (4, "float32")],
)
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_hessian_is_the_derivative_of_the_gradient(n_classes, kind, fit_intercept):
    X, y = data(n_classes, n_samples=80, n_features=4)
    weight = np.random.default_rng(0).random(80)
    given = {"dense": X, "csr": sp.csr_array(X), "float32": X.astype(np.float32)}[kind]
    theta = np.random.default_rng(1).standard_normal((5, 1 if n_classes == 2 else n_classes)) / 2
    theta[-1] *= fit_intercept
    gradient = np.random.default_rng(2).standard_normal(theta.shape)
    gradient[-1] -= gradient[-1].mean() if n_classes > 2 else 0  # as the gradient of a softmax
    gradient[-1] *= fit_intercept
    metric = (SharedMetric if n_classes == 2 else ExactMetric)(
        LogLoss(given, y, weight, n_classes, 0.3, fit_intercept), theta
    )
    hessian = numeric_hessian(LogLoss(X, y, weight, n_classes, 0.3, fit_intercept), theta)
    step = metric.solve(gradient)
    np.testing.assert_allclose(hessian @ step.T.ravel(), gradient.T.ravel(), atol=2e-5)
    if not fit_intercept:
        np.testing.assert_array_equal(step[-1], 0)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_curvature_along_a_step(n_classes):
    X, y = data(n_classes, n_samples=60)
    loss = LogLoss(X, y, np.random.default_rng(0).random(60), n_classes, 0.3, True)
    theta, step = np.random.default_rng(1).standard_normal((2, X.shape[1] + 1, loss.n_outputs)) / 3
    expected = step.T.ravel() @ numeric_hessian(loss, theta) @ step.T.ravel()
    assert loss.curvature_along(theta, step) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_metrics_at_zero(kind, fit_intercept, n_classes):
    """The shared matrix is the Hessian of each class there, along directions that sum to zero over the classes."""
    X, y = data(n_classes, n_samples=80)
    weight = np.random.default_rng(0).random(80)
    loss = LogLoss(X if kind == "dense" else sp.csr_array(X), y, weight, n_classes, 0.3, fit_intercept)
    theta = np.zeros((X.shape[1] + 1, loss.n_outputs))
    design = np.hstack([X, np.ones((80, 1))])
    hessian = design.T @ (design * (weight / weight.sum() / (4 if n_classes == 2 else 3))[:, None])
    hessian[:-1, :-1] += 0.3 * np.eye(X.shape[1])
    gradient = np.random.default_rng(1).standard_normal(theta.shape)
    if not fit_intercept:
        hessian[-1], hessian[:, -1], hessian[-1, -1], gradient[-1] = 0, 0, 1, 0
    shared, diagonal = SharedMetric(loss, theta), DiagonalMetric(loss, theta)
    np.testing.assert_allclose(shared.solve(gradient), np.linalg.solve(hessian, gradient), atol=1e-8)
    if not fit_intercept:
        expected = gradient[:-1] / np.diag(hessian)[:-1, None]
        np.testing.assert_allclose(diagonal.solve(gradient)[:-1], expected, rtol=1e-12)
    one = np.random.default_rng(2).standard_normal(theta.shape)
    one[-1] *= fit_intercept
    product = diagonal.inner(one, diagonal.solve(gradient))
    np.testing.assert_allclose(product, np.vdot(one, gradient), rtol=1e-11)


def test_the_proximal_step_is_the_least_of_its_model():
    X, y = data(3, n_samples=80)
    loss = LogLoss(X, y, np.ones(80), 3, 0.3, True)
    rng = np.random.default_rng(0)
    theta, gradient = rng.standard_normal((2, X.shape[1] + 1, 3)) * [[[0.1]], [[1]]]
    metric = DiagonalMetric(loss, theta)

    def model(there):
        step = there - theta
        quadratic = np.vdot(gradient, step) + 0.5 * 9 * metric.inner(step, step)
        return quadratic + 0.8 * np.abs(there[:-1]).sum()

    best = proximal_step(metric, Evaluation(theta, 0.0, gradient), 9.0, 0.8)
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
