"""GDClassifier reaches the minima of scikit-learn's LogisticRegression."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax
from sklearn.datasets import load_breast_cancer, load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from estimators._logistic import automatic
from estimators.logistic import GDClassifier
from tests.estimators.logistic_cases import data, objective


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
    ours = GDClassifier(alpha=alpha, fit_intercept=fit_intercept, class_weight=class_weight, tol=1e-8)
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
    ours = GDClassifier(alpha=alpha, l1_ratio=l1_ratio, fit_intercept=fit_intercept, tol=1e-8).fit(given, y)
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
    ours = GDClassifier(alpha=alpha, tol=1e-8).fit(X, y)
    assert objective(ours, X, y, alpha) <= objective(theirs, X, y, alpha) * (1 + 1e-6)
    assert ours.score(X, y) == pytest.approx(theirs.score(X, y), abs=2e-3)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_many_rows_start_on_a_sample(n_classes, monkeypatch):
    X, y = data(n_classes, n_samples=40_000, n_features=4, spread=5.0)
    alpha = 1 / len(y)
    theirs = LogisticRegression(C=1, solver="newton-cholesky", tol=1e-10).fit(X, y)
    ours = GDClassifier(alpha=alpha, tol=1e-8).fit(X, y)
    assert objective(ours, X, y, alpha) <= objective(theirs, X, y, alpha) * (1 + 1e-7)
    monkeypatch.setattr(automatic, "MIN_STRIDE_OF_SAMPLE_FIT", 100)
    assert ours.n_iter_ < GDClassifier(alpha=alpha, tol=1e-8).fit(X, y).n_iter_


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
    ours = GDClassifier(alpha=1e-4, tol=1e-8).fit(X, y, sample_weight=weight)
    least = objective(theirs, X, y, 1e-4, weight=weight)
    assert objective(ours, X, y, 1e-4, weight=weight) <= least * (1 + 1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("n_features", [1100, 90])
def test_wide_sparse_data(n_classes, n_features):
    rng = np.random.default_rng(0)
    X = sp.random_array((300, n_features), density=0.03, format="csr", rng=rng)
    y = rng.integers(n_classes, size=300)
    theirs = LogisticRegression(C=1, tol=1e-8, max_iter=1000).fit(X, y)
    ours = GDClassifier(alpha=1 / 300, tol=1e-8).fit(X, y)
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
    model = GDClassifier(alpha=0, max_iter=5, tol=1e-8)
    with pytest.warns(ConvergenceWarning, match="the classes can be separated and alpha=0"):
        model.fit(X, [0, 0, 1, 1, 1], sample_weight=[1, 1, 1, 1, 0])
    GDClassifier(alpha=0, tol=1e-8).fit(X, [0, 0, 1, 1, 1])  # has a minimum


def test_separable_rows_without_penalty_end_where_probabilities_are_1():
    """Longer weights would only make the loss a denormal number, and divide by it."""
    X = np.random.default_rng(21).standard_normal((200, 5))
    model = GDClassifier(alpha=0, tol=1e-8)
    with pytest.warns(ConvergenceWarning, match="the classes can be separated and alpha=0"):
        model.fit(X, (X[:, 0] > 0).astype(int))
    assert 1e-30 < model.loss_curve_[-1] < 1e-15
    assert model.n_iter_ < 200


@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_constant_and_repeated_columns_without_penalty(n_classes, kind):
    X, y = data(n_classes)
    wide = np.hstack([X, np.full((len(y), 1), 0.1), X[:, :1], np.zeros((len(y), 1))])
    model = GDClassifier(alpha=0, tol=1e-8).fit(wide if kind == "dense" else sp.csr_array(wide), y)
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
    model = GDClassifier(alpha=1e-2, class_weight=class_weight, tol=1e-8).fit(X, y, sample_weight=y != 2)
    assert model.coef_.shape == (3, 7)
    assert np.isfinite(model.coef_).all()
    assert model.predict_proba(X)[:, 2].max() < 1e-4


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("learning_rate", ["auto", 0.1])
@pytest.mark.parametrize("max_iter", [1, 20, 300])
def test_separable_data_without_penalty(n_classes, learning_rate, max_iter):
    y = np.arange(60) % n_classes
    X = np.eye(n_classes)[y] + 0.1 * np.random.default_rng(0).random((60, n_classes))
    model = GDClassifier(alpha=0, learning_rate=learning_rate, max_iter=max_iter, tol=1e-8)
    with pytest.warns(ConvergenceWarning, match="the classes can be separated and alpha=0|did not converge"):
        model.fit(X, y)
    assert np.isfinite(model.coef_).all()
    assert np.isfinite(model.predict_log_proba(X)).all()
    assert model.score(X, y) == 1
    assert (np.diff(model.loss_curve_) <= 1e-15).all()


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
    assert GDClassifier(alpha=alpha, max_iter=5000, tol=1e-8).fit(X, y).loss_curve_[-1] <= least * (1 + 1e-6)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("scale", [1e150, 1e300, 1e-150])
@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("l1_ratio", [0.0, 0.5])
def test_huge_and_tiny_features(n_classes, scale, kind, l1_ratio):
    X, y = data(n_classes)
    X = np.column_stack([X[:, :3] * scale, X[:, 3:]])
    model = GDClassifier(alpha=1e-3, l1_ratio=l1_ratio, tol=1e-8).fit(
        X if kind == "dense" else sp.csr_array(X), y
    )
    assert np.isfinite(model.loss_curve_).all()
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    # a penalty of 1e-3 on weights of 1e-150 is none, and on those of tiny columns keeps them out
    kept = X / np.where(np.arange(7) < 3, scale, 1) if scale > 1 else X[:, 3:]
    same = GDClassifier(alpha=1e-3, l1_ratio=l1_ratio, tol=1e-8).fit(kept, y)
    least = same.loss_curve_[-1]
    assert model.loss_curve_[-1] <= least * (1 + 1e-6)
    if scale < 1:
        assert model.loss_curve_[-1] == pytest.approx(least, rel=1e-6)


def test_huge_float32_features():
    X, y = data(2)
    model = GDClassifier(alpha=1e-3, tol=1e-8).fit((X * 1e30).astype(np.float32), y)
    assert model.coef_.dtype == np.float32
    assert model.score((X * 1e30).astype(np.float32), y) == pytest.approx(
        GDClassifier(alpha=0, tol=1e-8).fit(X, y).score(X, y), abs=0.01
    )


def test_weights_whose_sum_overflows_are_weights():
    X, y = np.random.default_rng(0).normal(size=(50, 2)), np.arange(50) % 2
    huge = GDClassifier(tol=1e-8).fit(X, y, sample_weight=np.full(50, 1e308))
    np.testing.assert_allclose(huge.coef_, GDClassifier(tol=1e-8).fit(X, y).coef_, rtol=1e-12)


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("offset", [1e4, 1e6, 1.7e9])
def test_features_far_from_zero_have_the_minimum_of_centred_ones(n_classes, weighted, offset):
    """Such as times in seconds: the intercept takes up the offset."""
    rng = np.random.default_rng(0)
    y = np.arange(200) % n_classes
    X = np.round(1024 * (rng.standard_normal((200, 2)) + y[:, np.newaxis])) / 1024
    weight = np.arange(200) % 3 + 1.0 if weighted else np.ones(200)
    theirs = LogisticRegression(C=1 / (1e-3 * weight.sum()), solver="newton-cholesky", tol=1e-10)
    least = objective(theirs.fit(X, y, sample_weight=weight), X, y, 1e-3, weight=weight)
    model = GDClassifier(alpha=1e-3, tol=1e-6).fit(X + offset, y, sample_weight=weight)
    assert model.loss_curve_[-1] == pytest.approx(least, rel=1e-5)


def test_a_hessian_that_is_almost_singular_does_not_end_the_search():
    """The minimum is close to 0, where all curvatures vanish."""
    x = [76736449.72226126, -43511965.22775742, -122016286.27374005, 136344127.64588037, 117926466.81481172]
    with pytest.warns(ConvergenceWarning, match="did not converge in max_iter=1000"):
        GDClassifier(alpha=1e-8, tol=1e-8).fit(np.c_[x], [0, 1, 2, 3, 0])


@pytest.mark.parametrize("l1_ratio", [0, 1])
@pytest.mark.parametrize("tol", [1e-4, 0])
@pytest.mark.parametrize(
    ("X", "y"),
    [
        ([[1, 1], [-1, 1], [1, -1], [-1, -1]], [0, 1, 1, 0]),  # exclusive or
        ([[5.0], [5.0]], [0, 1]),
        ([[0.0], [0.0], [0.0]], [0, 1, 2]),
    ],
    ids=["xor", "equal", "zeros"],
)
def test_a_fit_can_start_at_the_minimum(X, y, tol, l1_ratio):
    model = GDClassifier(tol=tol, l1_ratio=l1_ratio).fit(X, y)
    assert not model.coef_.any()
    n_classes = len(set(y))
    np.testing.assert_allclose(model.predict_proba(X), np.full((len(y), n_classes), 1 / n_classes))
