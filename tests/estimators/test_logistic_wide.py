"""GDClassifier with more features than rows."""

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import log_softmax
from sklearn.callback import ScoringMonitor
from sklearn.linear_model import LogisticRegression

from estimators._logistic import row_space
from estimators.logistic import GDClassifier
from tests.estimators.logistic_cases import objective


def wide(n_classes, n_samples, n_features, seed=0):
    """Normal columns that say nothing about the labels: the classes can be separated all the same."""
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(n_classes), rng.integers(n_classes, size=n_samples - n_classes)]
    return rng.standard_normal((n_samples, n_features)), y


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("alpha", [1e-4, 1e-6])
@pytest.mark.parametrize("kind", ["dense", "csr", "float32"])
def test_wide_data_of_several_classes_reach_the_minimum(seed, alpha, kind):
    """The first step in a diagonal metric used to be a thousand times too long, and the search to end there."""
    X, y = wide(4, 72, 7000, seed)
    given = {"dense": X, "csr": sp.csr_array(X), "float32": X.astype(np.float32)}[kind]
    theirs = LogisticRegression(C=1 / (alpha * 72), tol=1e-8, max_iter=2000).fit(X, y)
    ours = GDClassifier(alpha=alpha, tol=1e-4).fit(given, y)
    assert objective(ours, X, y, alpha) <= objective(theirs, X, y, alpha) * (1 + 1e-2)
    assert ours.loss_curve_[-1] == pytest.approx(objective(ours, X, y, alpha), rel=1e-3)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("kind", ["float64", "float32"])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("max_passes", [0, 20])
def test_the_row_space_reaches_the_minimum(n_classes, fit_intercept, kind, weighted, max_passes, monkeypatch):
    """At once, and after steps in the space of the features."""
    monkeypatch.setattr(row_space, "MAX_PASSES_AT_START", max_passes)
    X, y = wide(n_classes, 60, 300)
    X += 5
    weight = np.random.default_rng(1).integers(0, 3, 60).astype(float) if weighted else np.ones(60)
    weight[:n_classes] = 1
    alpha = 1e-3
    theirs = LogisticRegression(
        C=1 / (alpha * weight.sum()), fit_intercept=fit_intercept, solver="newton-cholesky", tol=1e-10
    ).fit(X, y, sample_weight=weight)
    ours = GDClassifier(alpha=alpha, fit_intercept=fit_intercept, tol=1e-9)
    ours.fit(X.astype(kind), y, sample_weight=weight)
    least = objective(theirs, X, y, alpha, weight=weight)
    assert objective(ours, X, y, alpha, weight=weight) <= least * (1 + 1e-6)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=2e-4)
    assert ours.coef_.dtype == kind


@pytest.mark.parametrize("max_passes", [0, 20])
def test_a_callback_sees_the_weights_of_the_features(max_passes, monkeypatch):
    monkeypatch.setattr(row_space, "MAX_PASSES_AT_START", max_passes)
    X, y = wide(3, 40, 600)
    model = GDClassifier(alpha=1e-4, tol=1e-8)
    monitor = ScoringMonitor(scoring={"objective": lambda model, X, y: objective(model, X, y, 1e-4)})
    model.set_callbacks(monitor).fit(X, y)
    scores = [entry["objective"] for entry in monitor.get_logs().data]
    np.testing.assert_allclose(scores[1:], model.loss_curve_, rtol=1e-9)


def test_a_warm_start_in_the_row_space():
    X, y = wide(2, 40, 600)
    model = GDClassifier(alpha=1e-3, warm_start=True, tol=1e-8).fit(X, y)
    assert model.fit(X, y).n_iter_ <= 2
    fresh = GDClassifier(alpha=2e-3, tol=1e-8).fit(X, y)
    again = model.set_params(alpha=2e-3).fit(X, y)
    np.testing.assert_allclose(again.coef_, fresh.coef_, atol=1e-4)
    assert again.n_iter_ <= fresh.n_iter_


@pytest.mark.parametrize("n_classes", [2, 3])
def test_columns_beyond_the_precision_of_the_row_space(n_classes):
    """Columns of 1e7 hide the others from X X': the search returns to the features."""
    X, y = wide(n_classes, 50, 80)
    shown = np.column_stack([X[:, :60], np.eye(n_classes)[y] + 0.5 * X[:, 60 : 60 + n_classes]])
    hidden = np.column_stack([shown, 1e7 * X[:, 70:]])
    alpha = 1e-2
    least = (
        GDClassifier(alpha=alpha, tol=1e-10).fit(np.column_stack([shown, X[:, 70:] * 1e4]), y).loss_curve_[-1]
    )
    ours = GDClassifier(alpha=alpha, tol=1e-6).fit(hidden, y)
    assert ours.loss_curve_[-1] <= least * (1 + 1e-3)


def test_equal_rows_are_one_direction():
    X, y = wide(2, 30, 100)
    X[15:] = X[:15]
    theirs = LogisticRegression(C=1 / (30 * 1e-2), solver="newton-cholesky", tol=1e-10).fit(X, y)
    ours = GDClassifier(alpha=1e-2, tol=1e-10).fit(X, y)
    np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-6)
    np.testing.assert_allclose(
        log_softmax(ours.predict_log_proba(X), axis=1), theirs.predict_log_proba(X), atol=1e-5
    )


@pytest.mark.parametrize("value", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_equal_rows_have_the_frequencies_of_the_classes(value, n_classes):
    """The centred rows span no space at all."""
    y = np.minimum(np.arange(8), n_classes - 1)
    model = GDClassifier(tol=1e-8).fit(np.full((8, 20), value), y)
    expected = np.bincount(y) / 8
    np.testing.assert_allclose(model.predict_proba(np.full((1, 20), value))[0], expected, atol=1e-4)
