"""The searches of GDClassifier: textbook gradient descent, steps of partial_fit, warm starts and stopping."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import log_softmax
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import StandardScaler

from estimators._logistic import lbfgs, search
from estimators.logistic import GDClassifier
from tests.estimators.logistic_cases import data, objective, textbook_descent


def test_a_search_that_rounding_ends_says_so_and_why(monkeypatch):
    line_search, calls = search.line_search, []

    def give_up(*args):
        calls.append(args)
        return line_search(*args) if len(calls) < 3 else (None, 1)

    monkeypatch.setattr(lbfgs, "line_search", give_up)
    message = r"Rounding errors ended the search: .* float64. The objective may still decrease by .* whereas tol=1e-08"
    with pytest.warns(ConvergenceWarning, match=message):
        model = GDClassifier(tol=1e-8).fit(*data(3))
    assert model.n_iter_ == 3
    assert model.loss_curve_[-1] == model.loss_curve_[-2]


def test_a_step_that_fails_is_tried_again_in_a_new_metric(monkeypatch):
    line_search, calls = search.line_search, []

    def fail_once(*args):
        calls.append(args)
        return line_search(*args) if len(calls) != 3 else (None, 1)

    monkeypatch.setattr(lbfgs, "line_search", fail_once)
    X, y = data(3)
    least = GDClassifier(tol=1e-8).fit(X, y).loss_curve_[-1]
    calls.clear()
    assert GDClassifier(tol=1e-8).fit(X, y).loss_curve_[-1] == pytest.approx(least, rel=1e-7)


def test_the_warning_says_how_far_the_objective_may_fall():
    X, y = load_digits(return_X_y=True)
    with pytest.warns(
        ConvergenceWarning,
        match=r"max_iter=3 iterations. The objective may still decrease by \de-0\d of its value",
    ):
        model = GDClassifier(alpha=1e-2, max_iter=3).fit(X / 16, y)
    least = GDClassifier(alpha=1e-2, tol=1e-8).fit(X / 16, y).loss_curve_[-1]
    assert model.loss_curve_[-1] / least - 1 < 0.5


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0, 0.3])
@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_a_number_is_textbook_gradient_descent(n_classes, l1_ratio, kind):
    X, y = data(n_classes)
    weight = np.random.default_rng(2).random(len(y))
    W, b = textbook_descent(X, y, n_classes, 0.05, 200, 1e-2, l1_ratio, weight)
    model = GDClassifier(alpha=1e-2, l1_ratio=l1_ratio, learning_rate=0.05, max_iter=200, tol=0)
    with pytest.warns(ConvergenceWarning, match="did not converge in max_iter=200"):
        model.fit(X if kind == "dense" else sp.csr_array(X), y, sample_weight=weight)
    np.testing.assert_allclose(model.coef_, W, rtol=0, atol=1e-10)
    np.testing.assert_allclose(model.intercept_, b, rtol=0, atol=1e-10)
    assert len(model.loss_curve_) == model.n_iter_ == 200
    for step in (0, 199):  # the curve is the objective after each step
        W, b = textbook_descent(X, y, n_classes, 0.05, step + 1, 1e-2, l1_ratio, weight)
        model.coef_, model.intercept_ = W, b
        expected = objective(model, X, y, 1e-2, l1_ratio, weight)
        assert model.loss_curve_[step] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
def test_each_call_of_partial_fit_is_one_textbook_step(n_classes, l1_ratio):
    X, y = data(n_classes)
    weight = np.random.default_rng(2).random(len(y))
    model = GDClassifier(alpha=1e-2, l1_ratio=l1_ratio, learning_rate=0.05, class_weight={1: 2.0})
    for _ in range(30):
        model.partial_fit(X, y, classes=range(n_classes), sample_weight=weight)
    W, b = textbook_descent(X, y, n_classes, 0.05, 30, 1e-2, l1_ratio, weight * (1 + (y == 1)))
    np.testing.assert_allclose(model.coef_, W, rtol=0, atol=1e-12)
    np.testing.assert_allclose(model.intercept_, b, rtol=0, atol=1e-12)
    assert model.n_iter_ == len(model.loss_curve_) == 30


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_the_automatic_step_of_partial_fit_never_goes_up(n_classes, scale, kind):
    X, y = data(n_classes)
    X = X * scale if kind == "dense" else sp.csr_array(X * scale)
    model = GDClassifier(alpha=1e-3)
    for _ in range(50):
        model.partial_fit(X, y, classes=range(n_classes))
    assert (np.diff(model.loss_curve_) <= 1e-15).all()
    assert model.loss_curve_[-1] < np.log(n_classes)


@pytest.mark.parametrize(("n_classes", "share"), [(2, 1 / 4), (3, 1 / 2)])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_automatic_step_is_one_over_the_documented_bound(n_classes, share, fit_intercept):
    X, y = data(n_classes)
    weight = np.random.default_rng(2).random(len(y))
    square = np.average((X**2).sum(axis=1) + fit_intercept, weights=weight)
    rate = 1 / (share * square + 0.7)
    steps = [
        GDClassifier(alpha=0.7, learning_rate=learning_rate, fit_intercept=fit_intercept)
        .partial_fit(X, y, classes=range(n_classes), sample_weight=weight)
        .coef_
        for learning_rate in ("auto", rate)
    ]
    np.testing.assert_allclose(*steps, rtol=1e-12)


def test_partial_fit_in_chunks_learns_labels_that_a_chunk_lacks():
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    model = GDClassifier(learning_rate=0.05)
    for _ in range(40):
        for kind in range(3):
            model.partial_fit(X[y == kind], names[y == kind], classes=np.unique(names))
    assert model.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert model.score(X, names) > 0.6
    GDClassifier().fit(X, names).partial_fit(X, names)  # continues after a fit


def test_warm_start_continues_from_the_previous_fit():
    X, y = load_digits(return_X_y=True)
    model = GDClassifier(alpha=1e-3, warm_start=True, tol=1e-8).fit(X / 16, y)
    cold = model.n_iter_
    model.set_params(alpha=1.1e-3).fit(X / 16, y)
    assert model.n_iter_ < cold
    fresh = GDClassifier(alpha=1.1e-3, tol=1e-8).fit(X / 16, y)
    assert model.loss_curve_[-1] == pytest.approx(fresh.loss_curve_[-1], rel=1e-7)
    assert model.fit(X / 16, y).n_iter_ <= 2  # there already
    two = GDClassifier(learning_rate=0.1, max_iter=10, tol=0, warm_start=True)
    with pytest.warns(ConvergenceWarning):
        two.fit(X / 16, y).fit(X / 16, y)
    with pytest.warns(ConvergenceWarning):
        once = GDClassifier(learning_rate=0.1, max_iter=20, tol=0).fit(X / 16, y)
    np.testing.assert_allclose(two.coef_, once.coef_, atol=1e-13)


@pytest.mark.parametrize("learning_rate", ["auto", 0.1])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_fit_without_intercept_ignores_that_of_the_previous_fit(n_classes, learning_rate):
    X, y = data(n_classes)
    settings = {"alpha": 0.1, "learning_rate": learning_rate, "tol": 1e-6, "max_iter": 10_000}
    model = GDClassifier(**settings, warm_start=True).fit(X, y)
    assert model.intercept_.any()
    model.set_params(fit_intercept=False).fit(X, y)
    assert not model.intercept_.any()
    np.testing.assert_allclose(
        model.coef_, GDClassifier(**settings, fit_intercept=False).fit(X, y).coef_, atol=1e-3
    )
    model.set_params(fit_intercept=True).fit(X, y).set_params(fit_intercept=False).partial_fit(X, y)
    assert not model.intercept_.any()


@pytest.mark.parametrize("scale", [1.0, 1e120])
def test_warm_start_continues_on_many_rows_too(scale):
    X, y = data(2, n_samples=40_000, n_features=4)
    model = GDClassifier(warm_start=True, tol=1e-8).fit(X * scale, y)
    assert model.n_iter_ > 1
    assert model.fit(X * scale, y).n_iter_ == 1


@pytest.mark.parametrize("learning_rate", ["auto", 0.02])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
def test_max_iter_warns_and_tol_ends_the_search(learning_rate, l1_ratio):
    X, y = data(3)
    model = GDClassifier(alpha=0.1, l1_ratio=l1_ratio, learning_rate=learning_rate, tol=1e-2)
    loose = model.fit(X, y).n_iter_
    tight = clone(model).set_params(tol=1e-4, max_iter=20_000).fit(X, y)
    assert loose < tight.n_iter_
    assert tight.loss_curve_[-1] < model.loss_curve_[-1]
    with pytest.warns(ConvergenceWarning, match="The search did not converge in max_iter=1 iterations"):
        short = clone(model).set_params(max_iter=1, tol=1e-12).fit(X, y)
    assert short.n_iter_ == len(short.loss_curve_) == 1


def test_the_textbook_loop_stops_at_a_small_gradient():
    X, y = data(3)
    X = StandardScaler().fit_transform(X)
    model = GDClassifier(alpha=0.1, learning_rate=0.5, tol=1e-6, max_iter=100_000).fit(X, y)
    W, b = model.coef_, model.intercept_
    scores = X @ W.T + b
    residual = (np.exp(log_softmax(scores, axis=1)) - np.eye(3)[y]) / len(y)
    assert np.abs(residual.T @ X + 0.1 * W).max() <= 1e-6
    assert np.abs(residual.sum(axis=0)).max() <= 1e-6


def test_tol_zero_continues_until_rounding_ends_the_search():
    X, y = data(3)
    model = GDClassifier(alpha=1e-2, tol=0).fit(X, y)
    assert model.n_iter_ < 200
    scores = X @ model.coef_.T + model.intercept_
    residual = (np.exp(log_softmax(scores, axis=1)) - np.eye(3)[y]) / len(y)
    np.testing.assert_allclose(residual.T @ X + 1e-2 * model.coef_, 0, atol=1e-6)
