"""ComplementNB's answers: by hand, scikit-learn's, and at the limits of arithmetic."""

import math
import pickle
import tracemalloc
from fractions import Fraction
from itertools import product

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn import naive_bayes
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score

from estimators import ComplementNB
from estimators._bayes.profiles import number_distinct_rows
from tests.effort import effort
from tests.estimators.samples import COUNTRIES, DOCUMENTS, catalogue

WEIGHTS = -np.log([np.array([1, 2, 2, 1, 1, 2]) / 9, np.array([2, 6, 1, 2, 2, 1]) / 14])


def test_weights_and_scores_by_hand():
    model = ComplementNB().fit(DOCUMENTS, COUNTRIES)
    np.testing.assert_allclose(model.feature_log_prob_, WEIGHTS, rtol=1e-14)
    np.testing.assert_array_equal(model.feature_count_, [[1, 5, 0, 1, 1, 0], [0, 1, 1, 0, 0, 1]])
    np.testing.assert_array_equal(model.feature_all_, [1, 6, 1, 1, 1, 1])
    question = np.array([[0, 3, 1, 0, 0, 1]])
    np.testing.assert_allclose(model.predict_joint_log_proba(question), question @ WEIGHTS.T, rtol=1e-14)
    normed = ComplementNB(norm=True).fit(DOCUMENTS, COUNTRIES)
    np.testing.assert_allclose(normed.feature_log_prob_, WEIGHTS / WEIGHTS.sum(1, keepdims=True), rtol=1e-14)


@pytest.mark.parametrize("dense", [True, False])
@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize(
    ("n_classes", "alpha"),  # one class with alpha = 0: see test_one_class_without_smoothing
    [pair for pair in product([1, 2, 3, 40], [0.0, 1e-3, 1.0, "per feature"]) if pair != (1, 0.0)],
)
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning", "ignore:invalid value:RuntimeWarning")
def test_equals_scikit_learn(n_classes, alpha, norm, weighted, dense):
    rng = np.random.default_rng(n_classes)
    X = rng.poisson(0.4, (60, 30)).astype(float)
    y, weight = rng.integers(n_classes, size=60), None
    if weighted:
        X, weight = X * rng.random(X.shape), rng.random(60) * 3
    params = {"alpha": rng.random(30) * 2 if alpha == "per feature" else alpha, "norm": norm}
    theirs = naive_bayes.ComplementNB(**params).fit(sp.csr_array(X), y, sample_weight=weight)
    ours = ComplementNB(**params).fit(X if dense else sp.csr_array(X), y, sample_weight=weight)
    for name in ("classes_", "class_count_", "feature_all_", "feature_count_", "class_log_prior_"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-13, err_msg=name)
        assert getattr(ours, name).dtype == getattr(theirs, name).dtype
    np.testing.assert_allclose(ours.feature_log_prob_, theirs.feature_log_prob_, rtol=1e-11, atol=1e-13)
    scores, expected = ours.predict_joint_log_proba(X), theirs.predict_joint_log_proba(sp.csr_array(X))
    largest = np.abs(np.where(np.isfinite(expected), expected, 0)).max(axis=1, keepdims=True)
    np.testing.assert_array_equal(scores == np.inf, expected == np.inf)
    finite = np.isfinite(expected)
    assert (np.abs(scores - expected, where=finite, out=np.zeros_like(scores)) <= 1e-12 * largest).all()
    if finite.all():
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-10)


def test_one_formula_for_one_row_and_many_dense_and_sparse(monkeypatch):
    X = catalogue(2000, 30) * 0.7
    model = ComplementNB(norm=True).fit(X, np.arange(2000))
    expected = model.predict_joint_log_proba(X[:50])
    for question in (X[:50], sp.csr_array(X[:50]), sp.csc_array(X[:50]), X[:50].tolist()):
        np.testing.assert_array_equal(model.predict_joint_log_proba(question), expected)
    one_by_one = [model.predict_joint_log_proba(X[[row]])[0] for row in range(50)]
    np.testing.assert_array_equal(one_by_one, expected)
    monkeypatch.setattr("estimators._bayes.scores.MAX_DENSE_TABLE", 0)
    again = ComplementNB(norm=True).fit(X, np.arange(2000))
    np.testing.assert_allclose(again.predict_joint_log_proba(X[:50]), expected, rtol=1e-12)


def test_as_many_classes_as_rows_fit_and_print_without_a_dense_matrix():
    rng, n = np.random.default_rng(0), effort(500_000, 30_000)  # dense: 200 x 8 bytes for each class
    X = sp.csr_array(
        (np.ones(4 * n), rng.integers(200, size=4 * n), np.arange(0, 4 * n + 1, 4)), shape=(n, 200)
    )
    X.sum_duplicates()
    X.data[:] = 1
    tracemalloc.start()
    model = ComplementNB().fit(X, np.arange(n))
    labels, _ = model.top_k(X[[12_345]], 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 800 * n
    assert labels.shape == (1, 3)
    assert "ComplementNB" in repr(model)
    assert "feature_count_" not in model._repr_html_()
    assert len(pickle.dumps(model)) < 120 * n


def test_distinct_rows_are_numbered_by_their_first_row_even_if_hashes_collide(monkeypatch):
    X = sp.csr_array(
        np.array([[0, 1, 0], [2, 0, 0], [0, 1, 0], [0, 0, 0], [0, 2, 0], [0, 0, 0]], dtype=float)
    )
    np.testing.assert_array_equal(number_distinct_rows(X), [0, 1, 0, 2, 3, 2])
    monkeypatch.setattr(pd.util, "hash_array", lambda values: np.zeros(len(values), np.uint64))
    np.testing.assert_array_equal(number_distinct_rows(X), np.arange(6))


def test_alpha_zero_gives_the_only_class_with_a_feature_an_infinite_score():
    model = ComplementNB(alpha=0).fit(DOCUMENTS, COUNTRIES)
    np.testing.assert_array_equal(
        model.predict_joint_log_proba([[0, 0, 1, 0, 0, 0]]) == np.inf, [[False, True]]
    )
    assert model.top_k([[0, 0, 1, 0, 0, 0]], 1)[0] == [["Japan"]]
    # Chinese stands in both: 0 * inf of the other features adds nothing
    scores = model.predict_joint_log_proba([[0, 1, 0, 0, 0, 0]])
    np.testing.assert_allclose(scores, [[-np.log(1 / 3), -np.log(5 / 8)]], rtol=1e-14)


def test_one_class_without_smoothing():
    model = ComplementNB(alpha=0).fit(DOCUMENTS, ["China"] * 4)
    assert model.predict(DOCUMENTS).tolist() == ["China"] * 4
    assert (model.predict_joint_log_proba(DOCUMENTS) == -np.inf).all()


def test_infinite_weights_of_features_that_a_row_lacks_add_nothing():
    X = np.array([[1.0, 1, 0], [0, 1, 1], [1, 1, 1]])
    model = ComplementNB(alpha=0).fit(X, [0, 1, 0])
    question = np.array([[0.0, 1, 1]])  # mostly nonzero and dense
    assert not np.isnan(model.predict_joint_log_proba(question)).any()
    np.testing.assert_array_equal(
        model.predict_joint_log_proba(question), model.predict_joint_log_proba(sp.csr_array(question))
    )
    assert model.predict(question) == [1]


@pytest.mark.parametrize("scale", [1e4, 1e6, 1e8])
def test_a_class_with_nearly_all_counts(scale):
    rng = np.random.default_rng(0)
    X, y = rng.random((25, 6)), np.arange(25) % 5
    X[y == 2] *= scale
    model = ComplementNB().fit(X, y)
    exact = [[Fraction(value) for value in column] for column in X.T.tolist()]
    for k in (1, 2):  # an ordinary class and the heavy one
        left = [1 + sum(v for v, label in zip(column, y, strict=True) if label != k) for column in exact]
        expected = [-math.log(part / sum(left)) for part in left]
        np.testing.assert_allclose(model.class_weights([k])[0], expected, rtol=1e-16 * scale * 20 + 1e-13)


def test_nothing_is_left_outside_a_single_class_whatever_rounding_does():
    rng = np.random.default_rng(0)
    for _ in range(200):
        model = ComplementNB(alpha=0).fit(rng.random((3, 7)), [0, 0, 0])
        assert np.isneginf(model.predict_joint_log_proba(np.ones((1, 7)))).all()


def test_rows_that_overflow_give_no_nan():
    model = ComplementNB(alpha=1e-6).fit([[1, 0], [0, 1e-5], [1e-6, 1e-6]], [0, 1, 2])
    labels, scores = model.top_k([[1e308, 0]], 3)
    assert not np.isnan(scores).any()
    assert model.predict([[1e308, 0]]) == labels[0, 0]


def test_the_prior_of_a_single_class_is_in_its_scores():
    question = [[1, 2]]
    ours = ComplementNB(class_prior=[0.3]).fit(question, ["only"])
    theirs = naive_bayes.ComplementNB(class_prior=[0.3]).fit(question, ["only"])
    np.testing.assert_allclose(
        ours.predict_joint_log_proba(question), theirs.predict_joint_log_proba(question)
    )
    np.testing.assert_allclose(ours.top_k(question)[1], theirs.predict_joint_log_proba(question))


def test_small_alpha_is_raised_with_a_warning_only_if_asked():
    with pytest.warns(
        UserWarning, match="alpha too small will result in numeric errors, setting alpha = 1.0e-10"
    ):
        raised = ComplementNB(alpha=0, force_alpha=False).fit(DOCUMENTS, COUNTRIES)
    expected = ComplementNB(alpha=1e-10).fit(DOCUMENTS, COUNTRIES)
    np.testing.assert_array_equal(raised.feature_log_prob_, expected.feature_log_prob_)


@pytest.mark.parametrize(("scale", "alpha"), [(10**18, 1e-3), (1, 1e-17), (10**150, 1.0)])
def test_a_small_alpha_is_not_lost_beside_large_counts(scale, alpha):
    model = ComplementNB(alpha=alpha).fit(sp.csr_array(DOCUMENTS * float(scale)), COUNTRIES)
    counts = [[scale * value for value in row] for row in DOCUMENTS.tolist()]
    smooth = Fraction(alpha)
    for k, others in (("China", counts[3:]), ("Japan", counts[:3])):
        outside = [sum(column) + smooth for column in zip(*others, strict=True)]
        shares = [sum(outside) / part for part in outside]
        expected = [math.log(share.numerator) - math.log(share.denominator) for share in shares]
        np.testing.assert_allclose(model.class_weights([k])[0], expected, rtol=1e-13)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("alpha", [1e-3, 1.0, [0.3]])
@pytest.mark.parametrize("norm", [False, True])
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")
def test_one_feature_leaves_all_classes_equal_as_in_scikit_learn(seed, alpha, norm):
    rng = np.random.default_rng(seed)
    X, y = rng.random((12, 1)) * 9, rng.integers(5, size=12)
    ours, theirs = (
        kind(alpha=alpha, norm=norm).fit(X, y) for kind in (ComplementNB, naive_bayes.ComplementNB)
    )
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_array_equal(ours.feature_log_prob_, theirs.feature_log_prob_)
    if not norm:
        np.testing.assert_array_equal(ours.predict_joint_log_proba(X), 0)


def test_one_feature_that_occurs_without_smoothing_leaves_all_classes_equal():
    X = np.array([[0.1, 0], [0.7, 0], [0.3, 0]])
    np.testing.assert_array_equal(ComplementNB(alpha=0).fit(X, [0, 1, 2]).predict_joint_log_proba(X), 0)


@pytest.mark.parametrize(
    ("X", "params"),
    [([[1], [2]], {"norm": True}), ([[0, 2], [1, 1]], {"alpha": 0}), ([[1, 1]], {"alpha": 0, "norm": True})],
    ids=["one feature", "infinite weights", "one class"],
)
@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning", "ignore:divide by zero:RuntimeWarning")
def test_a_row_without_features_has_no_score_but_the_prior(X, params):
    y, empty = range(len(X)), sp.csr_array((2, len(X[0])))
    ours, theirs = (kind(**params).fit(X, y) for kind in (ComplementNB, naive_bayes.ComplementNB))
    np.testing.assert_array_equal(ours.predict_joint_log_proba(empty), theirs.predict_joint_log_proba(empty))
    np.testing.assert_array_equal(ours.predict_proba(empty), theirs.predict_proba(empty))


def test_fitted_attributes_are_listed_but_dense_ones_are_not_displayed():
    dense = {"feature_count_", "feature_log_prob_"}
    model = ComplementNB()
    assert not dense & set(dir(model))
    model.fit(DOCUMENTS, COUNTRIES)
    assert dense <= set(dir(model))
    page = model._repr_html_()
    assert "class_log_prior_" in page
    assert not any(name in page for name in dense)


def test_class_weights_are_rows_of_the_dense_attribute():
    model = ComplementNB(norm=True).fit(catalogue(50), [f"g{i:02d}" for i in range(50)])
    expected = model.feature_log_prob_[[7, 3]]
    np.testing.assert_array_equal(model.class_weights(["g07", "g03"]), expected)
    with pytest.raises(ValueError, match=r"\['g99'\], which are not among the 50 classes"):
        model.class_weights(["g99"])


@pytest.mark.parametrize("name", ["feature_count_", "feature_log_prob_"])
def test_dense_attributes_do_not_exist_before_fit(name):
    with pytest.raises(AttributeError, match=f"no attribute '{name}', because it is not fitted yet"):
        getattr(ComplementNB(), name)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_feature_names(frame):
    columns = {name: DOCUMENTS[:, i] for i, name in enumerate("abcdef")}
    model = ComplementNB().fit(frame(columns), COUNTRIES)
    assert model.feature_names_in_.tolist() == list("abcdef")
    assert model.predict(frame(columns)).tolist() == ["China", "China", "China", "Japan"]
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(sp.csr_array(DOCUMENTS, dtype=float))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame({name.upper(): values for name, values in columns.items()}))


def test_saved_clone_and_cross_validation(tmp_path):
    X, y = load_digits(return_X_y=True)
    model = ComplementNB(alpha=0.5).fit(X, y)
    model.predict(X)  # works out what is not saved
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert clone(model).get_params() == model.get_params()
    expected = cross_val_score(naive_bayes.ComplementNB(alpha=0.5), X, y)
    np.testing.assert_allclose(cross_val_score(ComplementNB(alpha=0.5), X, y), expected, atol=1e-12)


def test_the_peer_is_scikit_learns():
    assert naive_bayes.ComplementNB.__module__ == "sklearn.naive_bayes"
