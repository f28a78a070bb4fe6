"""GDClassifier: scikit-learn's minima, literal gradient descent, and what either refuses."""

import pickle
import warnings

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from scipy.special import log_softmax
from sklearn import config_context
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators._logistic import loss as _softmax
from estimators._logistic import search as _accelerated
from estimators._logistic.loss import LogLoss, Preconditioner
from estimators.logistic import GDClassifier


def data(n_classes=3, n_samples=400, n_features=7, seed=0, spread=1.0):
    """Correlated features with an offset, noisy labels of unequal frequency."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_samples, n_features)) @ rng.standard_normal((n_features, n_features)) + 1
    scores = spread * X @ rng.standard_normal((n_features, n_classes)) / n_features + np.arange(n_classes) / 2
    return X, np.argmax(scores + rng.gumbel(size=scores.shape), axis=1)


def objective(model, X, y, alpha, l1_ratio=0.0, weight=None):
    """The docstring's objective, of the coefficients of any linear classifier."""
    X = X.toarray() if sp.issparse(X) else np.asarray(X, dtype=np.float64)
    coef, codes = model.coef_.astype(float), np.searchsorted(model.classes_, y)
    scores = X @ coef.T + model.intercept_
    if scores.shape[1] == 1:
        scores = np.hstack([np.zeros_like(scores), scores])
    losses = -log_softmax(scores, axis=1)[np.arange(len(y)), codes]
    penalty = l1_ratio * np.abs(coef).sum() + (1 - l1_ratio) / 2 * (coef**2).sum()
    return np.average(losses, weights=weight) + alpha * penalty


def literal_descent(X, y, n_classes, rate, steps, alpha, l1_ratio=0.0, weight=None):
    """Gradient descent on softmax, or on the log odds of class 1, in as few words as there are."""
    weight = np.ones(len(y)) if weight is None else weight
    W, b = np.zeros((1 if n_classes == 2 else n_classes, X.shape[1])), 0.0
    for _ in range(steps):
        scores = X @ W.T + b
        if n_classes == 2:
            residual = 1 / (1 + np.exp(-scores)) - (y == 1)[:, None]
        else:
            residual = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True) - np.eye(n_classes)[y]
        residual *= weight[:, None] / weight.sum()
        W, b = W - rate * (residual.T @ X + alpha * (1 - l1_ratio) * W), b - rate * residual.sum(axis=0)
        W = np.sign(W) * np.maximum(np.abs(W) - rate * alpha * l1_ratio, 0)
    return W, b


@pytest.mark.parametrize("n_classes", [2, 4])
@pytest.mark.parametrize("kind", ["dense", "csr", "float32"])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 3.0, 1: 0.5}])
@pytest.mark.parametrize("weighted", [True, False])
def test_reaches_the_objective_of_logistic_regression(n_classes, kind, fit_intercept, class_weight, weighted):
    X, y = data(n_classes)
    weight = np.random.default_rng(1).random(len(y)) * 3 if weighted else None
    theirs = LogisticRegression(
        C=1.0,
        solver="newton-cholesky",
        tol=1e-10,
        fit_intercept=fit_intercept,
        class_weight=class_weight,
    ).fit(X, y, sample_weight=weight)
    row = np.ones(len(y)) if weight is None else weight
    of_class = np.ones(4) if class_weight is None else np.array([3.0, 0.5, 1, 1])
    if class_weight == "balanced":
        of_class = row.sum() / (n_classes * np.bincount(y, row))
    total = row * of_class[y]
    alpha = 1 / total.sum()  # the docstring's map from C = 1
    given = {"dense": X, "csr": sp.csr_array(X), "float32": X.astype(np.float32)}[kind]
    ours = GDClassifier(alpha=alpha, fit_intercept=fit_intercept, class_weight=class_weight)
    ours.fit(given, y, sample_weight=weight)
    least = objective(theirs, X, y, alpha, weight=total)
    assert objective(ours, X, y, alpha, weight=total) <= least * (1 + 1e-6)
    assert ours.loss_curve_[-1] == pytest.approx(least, rel=1e-6)
    exact = kind != "float32"
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=2e-3 if exact else 5e-3)
    assert ours.coef_.dtype == ours.intercept_.dtype == given.dtype
    assert ours.coef_.shape == theirs.coef_.shape
    assert ours.intercept_.shape == theirs.intercept_.shape
    probabilities = ours.predict_proba(given)
    np.testing.assert_allclose(probabilities, theirs.predict_proba(X), atol=2e-4 if exact else 1e-3)
    assert probabilities.dtype == given.dtype


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("kind", ["dense", "csr", "float32"])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.4])
@pytest.mark.parametrize("alpha", [1e-3, 2e-2])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_reaches_the_objective_of_saga(n_classes, kind, l1_ratio, alpha, fit_intercept):
    X, y = data(n_classes, n_samples=200)
    X = StandardScaler().fit_transform(X)
    given = {"dense": X, "csr": sp.csr_array(X), "float32": X.astype(np.float32)}[kind]
    theirs = LogisticRegression(
        C=1 / (alpha * len(y)),
        l1_ratio=l1_ratio,
        solver="saga",
        tol=1e-8,
        max_iter=20_000,
        fit_intercept=fit_intercept,
        random_state=0,
    ).fit(X, y)
    ours = GDClassifier(alpha=alpha, l1_ratio=l1_ratio, fit_intercept=fit_intercept).fit(given, y)
    least = objective(theirs, X, y, alpha, l1_ratio)
    assert objective(ours, X, y, alpha, l1_ratio) <= least * (1 + 1e-6)
    assert ours.loss_curve_[-1] == pytest.approx(least, rel=1e-6)
    clear = np.abs(theirs.coef_) > 1e-2  # saga leaves small numbers where zeros belong
    assert (ours.coef_[clear] != 0).all()
    assert (np.abs(theirs.coef_[ours.coef_ == 0]) < 1e-2).all()
    if alpha == 2e-2:
        assert (ours.coef_ == 0).any()


@pytest.mark.parametrize("load", [load_iris, load_digits, load_breast_cancer])
def test_reaches_the_minimum_on_raw_data(load):
    X, y = load(return_X_y=True)
    alpha = 1 / len(y)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn meets its own limits on raw columns
        theirs = LogisticRegression(solver="newton-cholesky", tol=1e-10, max_iter=300).fit(X, y)
    ours = GDClassifier(alpha=alpha).fit(X, y)
    assert objective(ours, X, y, alpha) <= objective(theirs, X, y, alpha) * (1 + 1e-6)
    assert ours.score(X, y) == pytest.approx(theirs.score(X, y), abs=2e-3)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_many_rows_start_on_a_sample(n_classes, monkeypatch):
    X, y = data(n_classes, n_samples=40_000, n_features=4, spread=5.0)
    alpha = 1 / len(y)
    theirs = LogisticRegression(C=1, solver="newton-cholesky", tol=1e-10).fit(X, y)
    ours = GDClassifier(alpha=alpha).fit(X, y)
    assert objective(ours, X, y, alpha) <= objective(theirs, X, y, alpha) * (1 + 1e-7)
    monkeypatch.setattr(_accelerated, "FEWEST_SAMPLES", 100)
    assert ours.n_iter_ < GDClassifier(alpha=alpha).fit(X, y).n_iter_


@pytest.mark.parametrize("misleading", ["one class in the sample", "no weight in the sample", "sorted"])
def test_a_misleading_sample_does_no_harm(misleading):
    X, y = data(2, n_samples=40_000, n_features=4)
    weight = np.ones(len(y))
    if misleading == "one class in the sample":
        y[::10] = 1
    elif misleading == "no weight in the sample":
        weight[::10] = 0
    else:
        order = np.argsort(y, kind="stable")
        X, y = X[order], y[order]
    theirs = LogisticRegression(C=1e4 / weight.sum(), solver="newton-cholesky", tol=1e-10)
    theirs.fit(X, y, sample_weight=weight)
    ours = GDClassifier(alpha=1e-4).fit(X, y, sample_weight=weight)
    least = objective(theirs, X, y, 1e-4, weight=weight)
    assert objective(ours, X, y, 1e-4, weight=weight) <= least * (1 + 1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("n_features", [1100, 90])
def test_wide_sparse_data(n_classes, n_features):
    rng = np.random.default_rng(0)
    X = sp.random_array((300, n_features), density=0.03, format="csr", rng=rng)
    y = rng.integers(n_classes, size=300)
    theirs = LogisticRegression(C=1, tol=1e-8, max_iter=1000).fit(X, y)
    ours = GDClassifier(alpha=1 / 300).fit(X, y)
    assert objective(ours, X, y, 1 / 300) <= objective(theirs, X, y, 1 / 300) * (1 + 1e-7)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_without_penalty_where_classes_overlap(n_classes):
    X, y = data(n_classes)
    theirs = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10).fit(X, y)
    ours = GDClassifier(alpha=0, tol=1e-12).fit(X, y)
    assert objective(ours, X, y, 0) <= objective(theirs, X, y, 0) * (1 + 1e-7)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-4)


def test_rows_without_weight_do_not_keep_classes_from_being_separable():
    X = np.array([[-2.0], [-1], [1], [2], [-3]])
    model = GDClassifier(alpha=0, max_iter=5)
    with pytest.warns(ConvergenceWarning, match="The classes can be separated and alpha=0"):
        model.fit(X, [0, 0, 1, 1, 1], sample_weight=[1, 1, 1, 1, 0])
    GDClassifier(alpha=0).fit(X, [0, 0, 1, 1, 1])  # has a minimum


@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_constant_and_repeated_columns_without_penalty(n_classes, kind):
    X, y = data(n_classes)
    wide = np.hstack([X, np.full((len(y), 1), 0.1), X[:, :1], np.zeros((len(y), 1))])
    model = GDClassifier(alpha=0).fit(wide if kind == "dense" else sp.csr_array(wide), y)
    theirs = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-10).fit(X, y)
    assert objective(model, wide, y, 0) <= objective(theirs, X, y, 0) * (1 + 1e-6)
    assert model.n_iter_ < 40
    assert np.abs(model.coef_).max() < 100


def test_a_feature_that_the_sample_lacks():
    X, y = data(2, n_samples=40_000, n_features=4)
    rare = np.zeros((40_000, 1))
    rare[1:300:10] = y[1:300:10, np.newaxis] + np.random.default_rng(0).random((30, 1)) - 0.5
    X = np.hstack([X, rare, np.ones((40_000, 1))])
    theirs = LogisticRegression(C=1e4, solver="newton-cholesky", tol=1e-10).fit(X[:, :5], y)
    alpha = 1e-4 / len(y)
    ours = GDClassifier(alpha=alpha, tol=1e-12).fit(X, y)
    assert objective(ours, X, y, alpha) <= objective(theirs, X[:, :5], y, alpha) * (1 + 1e-9)
    np.testing.assert_allclose(ours.coef_[:, :5], theirs.coef_, rtol=1e-3)
    assert ours.n_iter_ < 20


@pytest.mark.parametrize("class_weight", [None, "balanced", {0: 2.0}])
def test_a_class_without_weight_is_learned_as_impossible(class_weight):
    X, y = data(3)
    model = GDClassifier(alpha=1e-2, class_weight=class_weight).fit(X, y, sample_weight=y != 2)
    assert model.coef_.shape == (3, 7)
    assert np.isfinite(model.coef_).all()
    assert model.predict_proba(X)[:, 2].max() < 1e-4


def test_the_preconditioner_is_made_anew_when_the_objective_has_halved(monkeypatch):
    made = []

    class Counted(Preconditioner):
        def __init__(self, loss, theta, *args, **kwargs):
            made.append(loss(theta)[0])
            super().__init__(loss, theta, *args, **kwargs)

    monkeypatch.setattr(_accelerated, "Preconditioner", Counted)
    X, y = load_digits(return_X_y=True)
    model = GDClassifier().fit(X, y)
    assert made[0] == pytest.approx(np.log(10))
    assert len(made) > 2
    assert (np.array(made[1:]) < np.array(made[:-1]) / 2).all()
    assert set(made[1:]) <= set(model.loss_curve_)


def test_a_search_that_rounding_ends_says_so(monkeypatch):
    search, calls = _accelerated.line_search, []

    def give_up(*args):
        calls.append(args)
        return search(*args) if len(calls) < 3 else None

    monkeypatch.setattr(_accelerated, "line_search", give_up)
    with pytest.warns(ConvergenceWarning, match="Rounding ended the search"):
        model = GDClassifier().fit(*data(3))
    assert model.n_iter_ == 3
    assert model.loss_curve_[-1] == model.loss_curve_[-2]


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("learning_rate", ["auto", 0.1])
@pytest.mark.parametrize("max_iter", [1, 20, 300])
def test_separable_data_without_penalty(n_classes, learning_rate, max_iter):
    y = np.arange(60) % n_classes
    X = np.eye(n_classes)[y] + 0.1 * np.random.default_rng(0).random((60, n_classes))
    model = GDClassifier(alpha=0, learning_rate=learning_rate, max_iter=max_iter)
    with pytest.warns(ConvergenceWarning, match="The classes can be separated and alpha=0|did not converge"):
        model.fit(X, y)
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.predict_log_proba(X)).all()
    assert model.score(X, y) == 1
    assert (np.diff(model.loss_curve_) <= 1e-15).all()


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [0.0, 1.0, 0.3])
@pytest.mark.parametrize("kind", ["dense", "csr"])
def test_a_number_is_the_literal_loop(n_classes, l1_ratio, kind):
    X, y = data(n_classes)
    weight = np.random.default_rng(2).random(len(y))
    W, b = literal_descent(X, y, n_classes, 0.05, 200, 1e-2, l1_ratio, weight)
    model = GDClassifier(alpha=1e-2, l1_ratio=l1_ratio, learning_rate=0.05, max_iter=200, tol=0)
    with pytest.warns(ConvergenceWarning, match="did not converge in max_iter=200"):
        model.fit(X if kind == "dense" else sp.csr_array(X), y, sample_weight=weight)
    np.testing.assert_allclose(model.coef_, W, rtol=0, atol=1e-10)
    np.testing.assert_allclose(model.intercept_, b, rtol=0, atol=1e-10)
    assert len(model.loss_curve_) == model.n_iter_ == 200
    for step in (0, 199):  # the curve is the objective after each step
        W, b = literal_descent(X, y, n_classes, 0.05, step + 1, 1e-2, l1_ratio, weight)
        model.coef_, model.intercept_ = W, b
        expected = objective(model, X, y, 1e-2, l1_ratio, weight)
        assert model.loss_curve_[step] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
def test_partial_fit_is_one_literal_step_a_call(n_classes, l1_ratio):
    X, y = data(n_classes)
    weight = np.random.default_rng(2).random(len(y))
    model = GDClassifier(alpha=1e-2, l1_ratio=l1_ratio, learning_rate=0.05, class_weight={1: 2.0})
    for _ in range(30):
        model.partial_fit(X, y, classes=range(n_classes), sample_weight=weight)
    W, b = literal_descent(X, y, n_classes, 0.05, 30, 1e-2, l1_ratio, weight * (1 + (y == 1)))
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
    GDClassifier().fit(X, names).partial_fit(X, names)  # goes on from a fit


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
    monkeypatch.setattr(_softmax, "SPARSE_LOGITS", 1000)
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

    best = metric.proximal(theta, gradient, 9.0, 0.8)
    for size in (1e-4, 1e-2, 1.0):
        for _ in range(50):
            assert model(best) < model(best + size * rng.standard_normal(theta.shape))
    assert (best[:-1] == 0).any()


@given(
    st.lists(st.integers(0, 3), min_size=40, max_size=40).filter(lambda w: sum(w[:20]) * sum(w[20:]) > 0),
    st.sampled_from([0.0, 0.5]),
    st.sampled_from([2, 3]),
)
def test_weight_two_is_the_row_twice(weight, l1_ratio, n_classes):
    X, _ = data(2, n_samples=40, n_features=3)
    y = np.arange(40) // (21 - n_classes) % n_classes if n_classes == 3 else np.arange(40) // 20
    params = {"alpha": 0.05, "l1_ratio": l1_ratio, "tol": 1e-10}
    if len(set(y[np.array(weight) > 0])) < n_classes:
        return
    weighted = GDClassifier(**params).fit(X, y, sample_weight=weight)
    repeated = GDClassifier(**params).fit(X.repeat(weight, axis=0), y.repeat(weight))
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-4)
    assert weighted.loss_curve_[-1] == pytest.approx(repeated.loss_curve_[-1], rel=1e-8)


def test_warm_start_goes_on_from_where_it_was():
    X, y = load_digits(return_X_y=True)
    model = GDClassifier(alpha=1e-3, warm_start=True).fit(X / 16, y)
    cold = model.n_iter_
    model.set_params(alpha=1.1e-3).fit(X / 16, y)
    assert model.n_iter_ < cold
    fresh = GDClassifier(alpha=1.1e-3).fit(X / 16, y)
    assert model.loss_curve_[-1] == pytest.approx(fresh.loss_curve_[-1], rel=1e-7)
    assert model.fit(X / 16, y).n_iter_ <= 2  # there already
    two = GDClassifier(learning_rate=0.1, max_iter=10, tol=0, warm_start=True)
    with pytest.warns(ConvergenceWarning):
        two.fit(X / 16, y).fit(X / 16, y)
    with pytest.warns(ConvergenceWarning):
        once = GDClassifier(learning_rate=0.1, max_iter=20, tol=0).fit(X / 16, y)
    np.testing.assert_allclose(two.coef_, once.coef_, atol=1e-13)


@pytest.mark.parametrize("scale", [1.0, 1e120])
def test_warm_start_on_many_rows_goes_on_too(scale):
    X, y = data(2, n_samples=40_000, n_features=4)
    model = GDClassifier(warm_start=True).fit(X * scale, y)
    assert model.n_iter_ > 1
    assert model.fit(X * scale, y).n_iter_ == 1


def test_warm_start_refuses_other_classes_and_features():
    X, y = load_iris(return_X_y=True)
    model = GDClassifier(warm_start=True, alpha=0.1).fit(X, y)
    with pytest.raises(ValueError, match="warm_start needs the classes and the number of features"):
        model.fit(X, np.array(["a", "b", "c"])[y])
    model.fit(X, y)
    with pytest.raises(ValueError, match="warm_start needs the classes and the number of features"):
        model.fit(X[:, :2], y)
    with pytest.raises(NotFittedError):
        model.predict(X[:, :2])


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("scale", [1e150, 1e300, 1e-150])
@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
def test_huge_and_tiny_features(n_classes, scale, kind, l1_ratio):
    X, y = data(n_classes)
    X = np.column_stack([X[:, :3] * scale, X[:, 3:]])
    model = GDClassifier(alpha=1e-3, l1_ratio=l1_ratio).fit(X if kind == "dense" else sp.csr_array(X), y)
    assert np.isfinite(model.loss_curve_).all()
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    # a penalty of 1e-3 on weights of 1e-150 is none, and on those of tiny columns keeps them out
    kept = X / np.where(np.arange(7) < 3, scale, 1) if scale > 1 else X[:, 3:]
    same = GDClassifier(alpha=1e-3, l1_ratio=l1_ratio).fit(kept, y)
    least = same.loss_curve_[-1]
    assert model.loss_curve_[-1] <= least * (1 + 1e-6)
    if scale < 1:
        assert model.loss_curve_[-1] == pytest.approx(least, rel=1e-6)


def test_huge_float32_features():
    X, y = data(2)
    model = GDClassifier(alpha=1e-3).fit((X * 1e30).astype(np.float32), y)
    assert model.coef_.dtype == np.float32
    assert model.score((X * 1e30).astype(np.float32), y) == pytest.approx(
        GDClassifier(alpha=0).fit(X, y).score(X, y), abs=0.01
    )


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


def test_scores_that_overflow_are_an_error():
    model = GDClassifier(alpha=1e-3).fit(*data(2))
    model.coef_ = np.where(model.coef_ > 0, 1.0, -1.0)
    with pytest.raises(ValueError, match="Floating-point overflow occurred in decision_function"):
        model.predict(np.full((1, 7), 1e308) * np.sign(model.coef_))


def test_log_probabilities_are_finite_where_probabilities_are_zero():
    model = GDClassifier().fit([[0.0], [1.0], [0.4], [0.6]], [0, 1, 1, 0])
    model.coef_, model.intercept_ = np.array([[1.0]]), np.zeros(1)
    np.testing.assert_allclose(model.predict_log_proba([[2000.0]]), [[-2000, 0]])
    np.testing.assert_allclose(model.predict_proba([[-40.0]]), [[1, np.exp(-40)]], rtol=1e-12)


def test_a_learning_rate_that_diverges_is_an_error_and_leaves_no_model():
    X, y = data(3)
    model = GDClassifier(alpha=1e-2).fit(X, y)
    with pytest.raises(ValueError, match="Floating-point overflow occurred in the descent. A smaller learn"):
        model.set_params(learning_rate=1e200).fit(X * 1e120, y)
    with pytest.raises(NotFittedError):
        model.predict(X)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"alpha": -1}, r"The 'alpha' parameter of GDClassifier must be a float in the range \[0.0, inf\)"),
        (
            {"l1_ratio": 1.5},
            r"The 'l1_ratio' parameter of GDClassifier must be a float in the range \[0.0, 1",
        ),
        ({"learning_rate": 0}, r"The 'learning_rate' parameter of GDClassifier must be"),
        ({"learning_rate": "fast"}, r"The 'learning_rate' parameter of GDClassifier must be"),
        ({"max_iter": 0}, r"The 'max_iter' parameter of GDClassifier must be an int in the range \[1, inf\)"),
        ({"tol": -1e-3}, r"The 'tol' parameter of GDClassifier must be a float in the range \[0.0, inf\)"),
        ({"class_weight": "even"}, r"The 'class_weight' parameter of GDClassifier must be"),
        ({"class_weight": {0: 1, 9: 2}}, r"The classes, \[1, 2\], are not in class_weight"),
        ({"class_weight": {0: -1.0}}, r"The 'class_weight' parameter of GDClassifier must hold non-negative"),
        (
            {"class_weight": {0: 0, 1: 0}},
            "at least 2 classes in the data, but the data contains only one class",
        ),
        ({"class_weight": {0: 0, 1: 0, 2: 0}}, "sample weights times the class weights are all zero"),
        ({"fit_intercept": "yes"}, r"The 'fit_intercept' parameter of GDClassifier must be"),
        ({"warm_start": 2}, r"The 'warm_start' parameter of GDClassifier must be"),
    ],
)
def test_bad_parameters(params, message):
    X, y = load_iris(return_X_y=True)
    model = GDClassifier(alpha=0.1).fit(X, y)
    with pytest.raises(ValueError, match=message):
        model.set_params(**params).fit(X, y)
    if "class_weight" in params and isinstance(params["class_weight"], dict):
        assert not hasattr(model, "coef_")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"y": np.zeros(150)},
            "needs samples of at least 2 classes in the data, but the data contains only one",
        ),
        ({"y": np.linspace(0, 1, 150)}, "Unknown label type"),
        ({"y": [None, "a", "b"] * 50}, "missing label"),
        ({"sample_weight": -np.ones(150)}, "Negative values in data passed to `sample_weight`"),
        ({"sample_weight": np.zeros(150)}, "at least one non-zero number"),
        (
            {"sample_weight": np.arange(150) < 50},
            "at least 2 classes .* only one class: \\[0\\]",
        ),
        ({"X": np.full((150, 4), np.nan)}, "Input X contains NaN"),
        ({"X": np.zeros((149, 4))}, "inconsistent numbers of samples"),
    ],
)
def test_bad_input_leaves_the_model_unfitted(change, message):
    X, y = load_iris(return_X_y=True)
    model = GDClassifier(alpha=0.1).fit(X, y)
    with pytest.raises(ValueError, match=message):
        model.fit(**{"X": X, "y": y, **change})
    for name in ("coef_", "intercept_", "classes_", "loss_curve_", "n_iter_"):
        assert not hasattr(model, name)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_partial_fit_says_what_is_wrong():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        GDClassifier().partial_fit(X, y)
    with pytest.raises(ValueError, match="class_weight 'balanced' is not supported for partial_fit"):
        GDClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"at least 2 classes .* only one class: \[0\]"):
        GDClassifier().partial_fit(X[:50], y[:50], classes=[0])
    model = GDClassifier().partial_fit(X, y, classes=[0, 1, 2])
    before = model.coef_.copy()
    with pytest.raises(ValueError, match="is not the same as on last call to partial_fit"):
        model.partial_fit(X, y, classes=[0, 1, 3])
    with pytest.raises(ValueError, match=r"y holds labels that are not among the classes: \[7\]"):
        model.partial_fit(X, np.where(y == 2, 7, y))
    np.testing.assert_array_equal(model.coef_, before)


@pytest.mark.parametrize(
    "params",
    [
        {"alpha": 0.5},
        {"l1_ratio": 0.7},
        {"class_weight": {1: 5.0}},
        {"class_weight": "balanced"},
        {"fit_intercept": False},
        {"learning_rate": 0.01},
        {"max_iter": 2},
        {"tol": 1e-1},
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_parameter_changes_the_model(params):
    X, y = data(3)
    plain = GDClassifier(alpha=1e-2).fit(X, y)
    assert np.abs(GDClassifier(**{"alpha": 1e-2, **params}).fit(X, y).coef_ - plain.coef_).max() > 1e-6


@pytest.mark.parametrize("learning_rate", ["auto", 0.02])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
def test_max_iter_warns_and_tol_ends_the_search(learning_rate, l1_ratio):
    X, y = data(3)
    model = GDClassifier(alpha=0.1, l1_ratio=l1_ratio, learning_rate=learning_rate, tol=1e-2)
    loose = model.fit(X, y).n_iter_
    tight = clone(model).set_params(tol=1e-5, max_iter=20_000).fit(X, y)
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


def test_tol_zero_goes_on_until_rounding_ends_the_search():
    X, y = data(3)
    model = GDClassifier(alpha=1e-2, tol=0).fit(X, y)
    assert model.n_iter_ < 200
    scores = X @ model.coef_.T + model.intercept_
    residual = (np.exp(log_softmax(scores, axis=1)) - np.eye(3)[y]) / len(y)
    np.testing.assert_allclose(residual.T @ X + 1e-2 * model.coef_, 0, atol=1e-6)


@pytest.mark.parametrize("learning_rate", ["auto", 0.1])
@pytest.mark.parametrize("kind", ["dense", "huge", "csr"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_callbacks_see_every_iteration(learning_rate, kind, capsys):
    X, y = data(3)
    X = {"dense": X, "huge": X * 1e90, "csr": sp.csr_array(X)}[kind]
    if kind == "huge" and learning_rate != "auto":
        learning_rate = 1e-182
    model = GDClassifier(alpha=0, learning_rate=learning_rate, max_iter=12)
    plain = clone(model).fit(X, y)
    monitor = ScoringMonitor(scoring="neg_log_loss")
    model.set_callbacks(monitor, ProgressBar()).fit(X, y)
    np.testing.assert_array_equal(model.coef_, plain.coef_)
    scores = [entry["neg_log_loss"] for entry in monitor.get_logs().data]
    # without a penalty the objective is the log loss of the model after each iteration; the first entry is the fit's
    np.testing.assert_allclose(scores[1:], -np.array(model.loss_curve_), rtol=1e-9)
    assert "GDClassifier" in capsys.readouterr().out


def test_a_callback_can_stop_the_search():
    class Stop:
        def setup(self, estimator, context): ...

        def teardown(self, estimator, context): ...

        def on_fit_task_begin(self, estimator, context): ...

        def on_fit_task_end(self, estimator, context):
            return context.task_id == 2

    model = GDClassifier().set_callbacks(Stop()).fit(*data(3))
    assert model.n_iter_ == 3


def test_callbacks_inside_a_grid_search_and_a_pipeline(capsys):
    X, y = data(3)
    monitor = ScoringMonitor(scoring="accuracy")
    pipeline = make_pipeline(StandardScaler(), GDClassifier().set_callbacks(monitor))
    search = GridSearchCV(pipeline, {"gdclassifier__alpha": [1e-2, 1e-1]}, cv=3)
    search.set_callbacks(ProgressBar()).fit(X, y)
    rows = monitor.get_logs().data
    assert len(rows) > 7 * 3  # 7 fits, several iterations each
    assert search.score(X, y) in [row["accuracy"] for row in rows if row["task_name"] == "fit"]
    assert "GridSearchCV" in capsys.readouterr().out


def test_pickle_clone_and_feature_names(tmp_path):
    X, y = load_iris(return_X_y=True)
    model = GDClassifier(alpha=0.1).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")
    for copy in (joblib.load(tmp_path / "model.joblib"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(copy.predict_proba(X), model.predict_proba(X))
    assert clone(model).get_params() == model.get_params()
    columns = dict(zip("abcd", X.T, strict=True))
    for frame in (pd.DataFrame, pl.DataFrame):
        named = GDClassifier(alpha=0.1).fit(frame(columns), np.array(["x", "y", "z"])[y])
        assert named.feature_names_in_.tolist() == list("abcd")
        np.testing.assert_allclose(named.coef_, model.coef_, rtol=1e-12)
        assert named.predict(frame(columns))[0] == "x"
        with pytest.raises(ValueError, match="feature names should match"):
            named.predict(frame({name.upper(): values for name, values in columns.items()}))


def test_sample_weights_are_routed():
    X, y = data(2)
    weight = (np.arange(len(y)) < 250) + 0.01
    with config_context(enable_metadata_routing=True):
        model = (
            GDClassifier(alpha=1e-2).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        )
        search = GridSearchCV(make_pipeline(StandardScaler().set_fit_request(sample_weight=True), model), {})
        search.fit(X, y, sample_weight=weight)
        routed = cross_validate(
            model,
            X,
            y,
            params={"sample_weight": weight},
            return_estimator=True,
            cv=[(np.arange(300), np.arange(300))],
        )["estimator"][0]
    direct = GDClassifier(alpha=1e-2).fit(X[:300], y[:300], sample_weight=weight[:300])
    np.testing.assert_array_equal(routed.coef_, direct.coef_)
    scaled = StandardScaler().fit(X, sample_weight=weight).transform(X)
    expected = GDClassifier(alpha=1e-2).fit(scaled, y, sample_weight=weight)
    np.testing.assert_allclose(search.best_estimator_[-1].coef_, expected.coef_, rtol=1e-10)


def test_the_peer_is_scikit_learns():
    assert LogisticRegression.__module__ == "sklearn.linear_model._logistic"


@pytest.mark.parametrize("spread", [1e2, 1e3])
@pytest.mark.parametrize("seed", [3, 4])
def test_columns_of_many_scales_do_not_end_the_search_early(spread, seed):
    """Against scikit-learn's newton-cholesky, which no scale slows down."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(140, 8)) * np.geomspace(1 / spread, spread, 8)
    odds = X @ rng.normal(size=(8, 5)) + rng.gumbel(size=(140, 5)) * 2
    y = np.r_[np.arange(5), odds.argmax(axis=1)[5:]]
    alpha = 1e-4
    exact = LogisticRegression(C=1 / (alpha * 140), solver="newton-cholesky", tol=1e-10, max_iter=10_000).fit(
        X, y
    )
    losses = -log_softmax(exact.decision_function(X), axis=1)[np.arange(140), y]
    least = losses.mean() + alpha / 2 * np.sum(exact.coef_**2)
    assert GDClassifier(alpha=alpha, max_iter=5000).fit(X, y).loss_curve_[-1] <= least * (1 + 1e-6)


def test_weights_whose_sum_overflows_are_weights():
    X, y = np.random.default_rng(0).normal(size=(50, 2)), np.arange(50) % 2
    huge = GDClassifier().fit(X, y, sample_weight=np.full(50, 1e308))
    np.testing.assert_allclose(huge.coef_, GDClassifier().fit(X, y).coef_, rtol=1e-12)
