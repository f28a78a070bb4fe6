"""ComplementNB: scikit-learn's answers, its own tests, and what ours does beyond it."""

import math
import os
import pickle
import re
import subprocess
import sys
import tracemalloc
from fractions import Fraction
from itertools import product
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn import naive_bayes
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score

from estimators import ComplementNB
from estimators._bayes import scores as _complement
from estimators._bayes.scores import number_distinct_rows
from estimators._common.labels import encode_labels, unite_and_locate

# Rennie et al. (2003), Table 4, worked by hand on the four documents of Manning et al., Introduction to
# Information Retrieval, Table 13.1: columns Beijing, Chinese, Japan, Macao, Shanghai, Tokyo.
DOCUMENTS = np.array([[1, 2, 0, 0, 0, 0], [0, 2, 0, 0, 1, 0], [0, 1, 0, 1, 0, 0], [0, 1, 1, 0, 0, 1]])
COUNTRIES = np.array(["China", "China", "China", "Japan"])
WEIGHTS = -np.log([np.array([1, 2, 2, 1, 1, 2]) / 9, np.array([2, 6, 1, 2, 2, 1]) / 14])


def catalogue(n_games, n_features=20, seed=0, counts=False):
    """Sparse 0/1 rows (or counts), one game each, many of them equal."""
    rng = np.random.default_rng(seed)
    X = (rng.random((n_games, n_features)) < 0.15) * (
        rng.integers(1, 4, (n_games, n_features)) if counts else 1
    )
    return X.astype(float)


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


def test_scikit_learns_own_tests_pass_with_ours_in_place():
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, "-m", "pytest", "-p", "swap_complement_nb", "-p", "no:cacheprovider", "-v"]
    command += ["--pyargs", "sklearn.tests.test_naive_bayes", "-k", "not gnb", "--rootdir", str(Path.cwd())]
    command += ["-c", os.devnull]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-3000:]
    assert "ComplementNB under test: estimators.naive_bayes" in run.stdout
    assert len(re.findall(r"ComplementNB\S* PASSED|test_cnb PASSED", run.stdout)) == 14


@pytest.mark.parametrize("k", [1, 3, 10, 70, 500])
@pytest.mark.parametrize("sparse_table", [True, False])
@pytest.mark.parametrize("counts", [True, False])
def test_top_k_is_the_stable_sort_of_the_scores(k, sparse_table, counts, monkeypatch):
    if sparse_table:
        monkeypatch.setattr(_complement, "DENSE_TABLE", 0)
    monkeypatch.setattr(_complement, "CHUNK", 3000)
    X = catalogue(300, counts=counts)
    model = ComplementNB().fit(X, [f"game {i:03d}" for i in range(300)])
    questions = np.vstack([X[:40], np.zeros(20)])
    scores = model.predict_joint_log_proba(questions)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    labels, best = model.top_k(questions, k)
    np.testing.assert_array_equal(labels, model.classes_[order])
    np.testing.assert_array_equal(best, np.take_along_axis(scores, order, axis=1))
    np.testing.assert_array_equal(model.predict(questions), labels[:, 0])


def test_one_formula_for_one_row_and_many_dense_and_sparse(monkeypatch):
    X = catalogue(2000, 30) * 0.7
    model = ComplementNB(norm=True).fit(X, np.arange(2000))
    expected = model.predict_joint_log_proba(X[:50])
    for question in (X[:50], sp.csr_array(X[:50]), sp.csc_array(X[:50]), X[:50].tolist()):
        np.testing.assert_array_equal(model.predict_joint_log_proba(question), expected)
    one_by_one = [model.predict_joint_log_proba(X[[row]])[0] for row in range(50)]
    np.testing.assert_array_equal(one_by_one, expected)
    monkeypatch.setattr(_complement, "DENSE_TABLE", 0)
    again = ComplementNB(norm=True).fit(X, np.arange(2000))
    np.testing.assert_array_equal(again.predict_joint_log_proba(X[:50]), expected)


def test_equal_games_tie_to_the_last_bit_and_keep_their_order():
    X = np.repeat([[1.0, 0, 1, 0, 0], [1, 0, 0, 1, 1], [0, 1, 1, 0, 0]], 40, axis=0)
    order = np.random.default_rng(1).permutation(120)
    names = np.array([f"{i:03d}" for i in range(120)])
    model = ComplementNB().fit(X[order], names[order])
    labels, scores = model.top_k([[1, 0, 1, 0, 0]], k=45)
    np.testing.assert_array_equal(labels[0, :40], names[:40])
    assert len(np.unique(scores[0, :40])) == 1


def test_an_empty_question_answers_in_the_order_of_the_classes():
    model = ComplementNB().fit(catalogue(3000), np.arange(3000))
    np.testing.assert_array_equal(model.top_k(np.zeros((1, 20)), 7)[0], [np.arange(7)])


@pytest.mark.parametrize("k", [0, -1, 2.5, "3", None, True])
def test_top_k_refuses_a_bad_k(k):
    model = ComplementNB().fit(DOCUMENTS, COUNTRIES)
    message = rf"The 'k' parameter of top_k must be an int in the range \[1, inf\). Got {k!r} instead"
    with pytest.raises(ValueError, match=message):
        model.top_k(DOCUMENTS, k)


def test_top_k_of_more_than_there_are_gives_all():
    labels, scores = ComplementNB().fit(DOCUMENTS, COUNTRIES).top_k(DOCUMENTS, 10)
    assert labels.shape == scores.shape == (4, 2)


def test_half_a_million_classes_fit_and_print_without_a_dense_matrix():
    rng, n = np.random.default_rng(0), 500_000  # dense: 500,000 x 200 x 8 bytes = 800 MB an attribute
    X = sp.csr_array(
        (np.ones(4 * n), rng.integers(200, size=4 * n), np.arange(0, 4 * n + 1, 4)), shape=(n, 200)
    )
    X.sum_duplicates()
    X.data[:] = 1
    tracemalloc.start()
    model = ComplementNB().fit(X, np.arange(n))
    labels, _ = model.top_k(X[[123_456]], 3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 400e6
    assert labels.shape == (1, 3)
    assert "ComplementNB" in repr(model)
    assert "feature_count_" not in model._repr_html_()
    assert len(pickle.dumps(model)) < 60e6


def test_distinct_rows_are_numbered_by_their_first_row_even_if_hashes_collide(monkeypatch):
    X = sp.csr_array(
        np.array([[0, 1, 0], [2, 0, 0], [0, 1, 0], [0, 0, 0], [0, 2, 0], [0, 0, 0]], dtype=float)
    )
    np.testing.assert_array_equal(number_distinct_rows(X), [0, 1, 0, 2, 3, 2])
    monkeypatch.setattr(_complement.pd.util, "hash_array", lambda values: np.zeros(len(values), np.uint64))
    np.testing.assert_array_equal(number_distinct_rows(X), np.arange(6))


COUNT_MATRIX = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 4, (24, 6)).astype(float)
)
LABELS = st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=24, max_size=24).map(np.array)


def same_model(one, other):
    np.testing.assert_array_equal(one.classes_, other.classes_)
    for name in ("feature_count_", "class_count_", "feature_all_", "feature_log_prob_", "class_log_prior_"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@given(COUNT_MATRIX, LABELS, st.integers(1, 23))
def test_chunks_and_merges_equal_the_whole(X, y, cut):
    whole = ComplementNB(new_classes="add").fit(X, y)
    chunks = ComplementNB(new_classes="add").partial_fit(X[cut:], y[cut:]).partial_fit(X[:cut], y[:cut])
    halves = [
        ComplementNB(new_classes="add").fit(X[part], y[part]) for part in (slice(cut), slice(cut, None))
    ]
    same_model(chunks, whole)
    same_model(halves[0].merge(halves[1]), whole)


@given(COUNT_MATRIX, LABELS, st.lists(st.integers(0, 3), min_size=24, max_size=24))
def test_a_row_of_weight_two_is_the_row_twice(X, y, weight):
    weight = np.array(weight)
    if not weight.any():
        weight[0] = 1
    repeated = np.repeat(np.arange(24), weight)
    classes = np.unique(y)
    weighted = ComplementNB().partial_fit(X, y, classes=classes, sample_weight=weight)
    twice = ComplementNB().partial_fit(X[repeated], y[repeated], classes=classes)
    same_model(weighted, twice)


def test_partial_fit_with_given_classes_equals_scikit_learn():
    X, y = load_digits(return_X_y=True)
    ours, theirs = ComplementNB(), naive_bayes.ComplementNB()
    for start in range(0, 1797, 500):
        part = slice(start, start + 500)
        for model in (ours, theirs):
            model.partial_fit(X[part], y[part], classes=np.arange(10) if start == 0 else None)
    np.testing.assert_array_equal(ours.feature_count_, theirs.feature_count_)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-9)


def test_add_makes_classes_of_new_labels_and_keeps_order():
    model = ComplementNB(new_classes="add").partial_fit([[1, 0]], ["m"])
    model.partial_fit([[0, 1], [1, 1]], ["a", "z"])
    assert model.classes_.tolist() == ["a", "m", "z"]
    np.testing.assert_array_equal(model.feature_count_, [[0, 1], [1, 0], [1, 1]])
    np.testing.assert_array_equal(model.class_count_, [1, 1, 1])
    model.partial_fit([[0, 2]], ["a"], classes=["q"])
    assert model.classes_.tolist() == ["a", "m", "q", "z"]
    np.testing.assert_array_equal(model.feature_count_, [[0, 3], [1, 0], [0, 0], [1, 1]])


def test_error_refuses_new_labels_and_changes_nothing():
    model = ComplementNB().fit(DOCUMENTS, COUNTRIES)
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match=r"\['Peru'\] in y do not exist in the initial classes.*new_classes"):
        model.partial_fit(DOCUMENTS[:2], ["China", "Peru"])
    with pytest.raises(ValueError, match="all strings or all numbers. Got int64 and str"):
        model.partial_fit(DOCUMENTS[:1], [3])
    with pytest.raises(ValueError, match="is not the same as on last call to partial_fit"):
        model.partial_fit(DOCUMENTS, COUNTRIES, classes=["China", "Peru"])
    with pytest.raises(ValueError, match="Negative values"):
        model.partial_fit(-DOCUMENTS, COUNTRIES)
    assert pickle.dumps(model) == before
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        ComplementNB().partial_fit(DOCUMENTS, COUNTRIES)


NAMES = st.lists(st.text("abc", max_size=4), min_size=1, max_size=8)
NUMBERS = st.lists(st.integers(-3, 12), min_size=1, max_size=8)


@given(st.one_of(st.tuples(NAMES, NAMES), st.tuples(NUMBERS, NUMBERS)))
def test_two_sets_of_labels_are_united_as_numpy_does(lists):
    one, other = map(np.unique, lists)
    classes, of_one, of_other = unite_and_locate(one, other)
    expected = np.union1d(one, other)
    assert classes.dtype == expected.dtype
    assert_array_equal(classes, expected)
    assert_array_equal(classes[of_one], one)
    assert_array_equal(classes[of_other], other)


@given(NUMBERS, st.sampled_from(["i1", "i8", "u4", "u8"]))
def test_whole_numbers_are_encoded_as_numpy_does(labels, kind):
    y = np.array(labels if kind[0] == "i" else np.abs(labels), dtype=kind)
    classes, codes = encode_labels(y)
    expected, expected_codes = np.unique(y, return_inverse=True)
    assert classes.dtype == expected.dtype
    assert_array_equal(classes, expected)
    assert_array_equal(codes, expected_codes)


def test_merge_refuses_what_does_not_add_up():
    model = ComplementNB().fit(DOCUMENTS, COUNTRIES)
    named = ComplementNB().fit(pd.DataFrame(DOCUMENTS, columns=list("abcdef")), COUNTRIES)
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match="'alpha' parameters differ: 1.0 and 2.0"):
        model.merge(ComplementNB(alpha=2.0).fit(DOCUMENTS, COUNTRIES))
    with pytest.raises(ValueError, match="different features: 6 and 5"):
        model.merge(ComplementNB().fit(DOCUMENTS[:, :5], COUNTRIES))
    with pytest.raises(ValueError, match="feature names differ: None and array"):
        model.merge(named)
    with pytest.raises(ValueError, match="Got int64 and str"):
        model.merge(ComplementNB().fit(DOCUMENTS, [1, 1, 2, 2]))
    with pytest.raises(TypeError, match=r"Got sklearn.naive_bayes.ComplementNB instead"):
        model.merge(naive_bayes.ComplementNB().fit(DOCUMENTS, COUNTRIES))
    for name, value in {
        "norm": True,
        "class_prior": [0.5, 0.5],
        "fit_prior": False,
        "force_alpha": False,
        "new_classes": "add",
    }.items():
        with pytest.raises(ValueError, match=f"'{name}' parameters differ"):
            model.merge(ComplementNB(**{name: value}).fit(DOCUMENTS, COUNTRIES))
    with pytest.raises(NotFittedError):
        model.merge(ComplementNB())
    with pytest.raises(NotFittedError):
        ComplementNB().merge(model)
    assert pickle.dumps(model) == before


@pytest.mark.parametrize(
    ("X", "y", "params", "message"),
    [
        ([[np.nan, 1]], [0], {}, "Input X contains NaN"),
        ([[np.inf, 1]], [0], {}, "Input X contains infinity"),
        ([[-1, 1]], [0], {}, re.escape("Negative values in data passed to ComplementNB (input X)")),
        ([[1, 1], [1, 2]], [0.5, 1.0], {}, "Unknown label type: continuous"),
        ([[1, 1]], [np.nan], {}, "Input y contains NaN"),
        ([[1, 1], [1, 1]], np.array(["a", None], object), {}, r"missing label: y\[1\] is None"),
        (
            [[1, 1], [1, 1]],
            np.array(["a", 1], object),
            {},
            "all strings or all numbers. Got int and str",
        ),
        ([[1, 1]], [[0, 1]], {}, "y should be a 1d array"),
        (np.empty((0, 2)), [], {}, r"Found array with 0 sample\(s\)"),
        ([[1, 1]], [0, 1], {}, "inconsistent numbers of samples"),
        (
            [[1, 1]],
            [0],
            {"alpha": -1},
            r"The 'alpha' parameter of ComplementNB must be a float in the range \[0",
        ),
        ([[1, 1]], [0], {"alpha": [1, 2, 3]}, "Got 3 elements instead of 2"),
        ([[1, 1]], [0], {"alpha": [1, -2]}, "All values in alpha must be greater than 0"),
        ([[1, 1]], [0], {"alpha": [1, np.nan]}, "Input alpha contains NaN"),
        ([[1, 1]], [0], {"norm": "yes"}, "The 'norm' parameter of ComplementNB must be"),
        (
            [[1, 1]],
            [0],
            {"new_classes": "drop"},
            "The 'new_classes' parameter of ComplementNB must be a str among",
        ),
        ([[1, 1]], [0], {"class_prior": [0.5, 0.5]}, "Number of priors must match number of classes"),
    ],
)
def test_bad_input_to_fit(X, y, params, message):
    model = ComplementNB(**params)
    with pytest.raises(ValueError, match=message):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict([[1, 1]])


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ([[1, 2, 3]], "X has 3 features, but ComplementNB is expecting 6 features"),
        (sp.csr_array(np.ones((1, 7))), "X has 7 features"),
        ([1, 2, 3, 4, 5, 6], "Expected 2D array, got 1D array"),
        (np.full((1, 6), np.nan), "Input X contains NaN"),
        (sp.csr_array(np.array([[0, np.inf, 0, 0, 0, 0]])), "Input X contains infinity"),
        ([["a"] * 6], "not compatible with arrays of bytes/strings"),
        (np.empty((0, 6)), r"0 sample\(s\)"),
        (sp.csr_array((0, 6)), r"0 sample\(s\)"),
    ],
)
@pytest.mark.parametrize("method", ["predict", "predict_proba", "top_k"])
def test_bad_questions(method, question, message):
    model = ComplementNB().fit(DOCUMENTS, COUNTRIES)
    with pytest.raises(ValueError, match=message):
        getattr(model, method)(question)


@pytest.mark.parametrize("weight", [0, np.zeros(4)])
def test_all_zero_weights_are_refused_as_in_scikit_learn(weight):
    weight = np.broadcast_to(weight, 4)
    for model in (ComplementNB(), naive_bayes.ComplementNB()):
        with pytest.raises(ValueError, match="Sample weights must contain at least one non-zero number"):
            model.fit(DOCUMENTS, COUNTRIES, sample_weight=weight)


def test_a_refit_that_fails_leaves_no_old_counts_behind():
    model = ComplementNB().fit(DOCUMENTS, COUNTRIES)
    with pytest.raises(ValueError, match="Negative"):
        model.fit(-DOCUMENTS[:, :3], COUNTRIES)
    with pytest.raises(NotFittedError):
        model.predict(DOCUMENTS)
    assert not hasattr(model, "feature_count_")


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


def test_undefined_scores_are_never_the_best():
    X = catalogue(3000)
    model = ComplementNB(alpha=0, norm=True).fit(X, np.arange(3000))
    labels, scores = model.top_k(X[:20], 5)
    assert not np.isnan(scores).any()
    np.testing.assert_array_equal(labels[:, 0], model.predict(X[:20]))


@pytest.mark.parametrize("alpha", [0.0, 1e-17])
def test_infinite_weights_of_features_that_a_row_lacks_add_nothing(alpha):
    X = np.array([[1.0, 1, 0], [0, 1, 1], [1, 1, 1]])  # 1e-17 is lost beside counts of 1
    model = ComplementNB(alpha=alpha).fit(X, [0, 1, 0])
    question = np.array([[0.0, 1, 1]])  # mostly nonzero and dense
    assert not np.isnan(model.predict_joint_log_proba(question)).any()
    np.testing.assert_array_equal(
        model.predict_joint_log_proba(question), model.predict_joint_log_proba(sp.csr_array(question))
    )
    assert model.predict(question) == [1]


def test_wide_models_with_undefined_scores_still_rank():
    X = np.hstack([np.random.default_rng(0).integers(1, 9, (1200, 8)), np.eye(1200, 1)]).astype(float)
    for model in (ComplementNB(alpha=1e-18), ComplementNB(norm=True)):
        model.fit(X if model.norm is False else X[:, :1], np.arange(1200))
        for question in (np.ones((1, model.n_features_in_)), np.full((1, model.n_features_in_), 1e308)):
            labels, scores = model.top_k(question, 3)
            assert len(set(labels[0])) == 3
            assert not np.isnan(scores).any()
            assert model.predict(question) == labels[0, 0]


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
        assert np.isneginf(model._scores._log_total).all()


def test_rows_that_overflow_give_no_nan():
    model = ComplementNB(alpha=1e-6).fit([[1, 0], [0, 1e-5], [1e-6, 1e-6]], [0, 1, 2])
    labels, scores = model.top_k([[1e308, 0]], 3)
    assert not np.isnan(scores).any()
    assert model.predict([[1e308, 0]]) == labels[0, 0]


@pytest.mark.parametrize("X", [pd.DataFrame({"c": [1.0, np.nan]}), pd.DataFrame({"c": [-1.0, 1.0]})])
def test_a_refit_that_fails_at_any_point_forgets_everything(X):
    model = ComplementNB().fit(pd.DataFrame({"a": [1, 2], "b": [2, 1]}), ["x", "y"])
    with pytest.raises(ValueError, match="NaN|Negative"):
        model.fit(X, ["x", "y"])
    for name in ("feature_all_", "class_count_", "class_log_prior_", "feature_count_"):
        assert not hasattr(model, name)
    with pytest.raises(NotFittedError):
        model.top_k(X)


def test_the_prior_of_a_single_class_is_in_its_scores():
    question = [[1, 2]]
    ours = ComplementNB(class_prior=[0.3]).fit(question, ["only"])
    theirs = naive_bayes.ComplementNB(class_prior=[0.3]).fit(question, ["only"])
    np.testing.assert_allclose(
        ours.predict_joint_log_proba(question), theirs.predict_joint_log_proba(question)
    )
    np.testing.assert_allclose(ours.top_k(question)[1], theirs.predict_joint_log_proba(question))


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([], "'classes' parameter of partial_fit must hold at least one label"),
        (["a", 1], "all strings or all numbers. Got int and str"),
        ([["a", "b"]], "1d array"),
        ("a", "1d array"),
    ],
)
def test_bad_classes(classes, message):
    with pytest.raises(ValueError, match=message):
        ComplementNB().partial_fit(np.eye(2), ["a", "b"], classes=classes)


@pytest.mark.parametrize("labels", [[("a", "b"), ("c", "d")], [b"a", b"b"], [1.5, 2.5], [None, None]])
def test_labels_that_are_neither_strings_nor_whole_numbers(labels):
    y = np.empty(2, dtype=object)
    y[:] = labels
    with pytest.raises(
        ValueError, match=r"all strings or all numbers|Unknown label type|missing label|1d array"
    ):
        ComplementNB().fit(np.eye(2), y)


def test_negative_weights_are_refused():
    with pytest.raises(ValueError, match="Negative values in data passed to `sample_weight`"):
        ComplementNB().fit(DOCUMENTS, COUNTRIES, sample_weight=[1, 1, -1, 1])


def test_classes_of_a_fit_that_failed_do_not_come_back():
    model = ComplementNB(new_classes="add")
    with pytest.raises(ValueError, match="Negative"):
        model.fit(-np.eye(2), ["x", "y"])
    assert model.partial_fit(np.eye(2), ["a", "b"]).classes_.tolist() == ["a", "b"]


def test_small_alpha_is_raised_with_a_warning_only_if_asked():
    with pytest.warns(
        UserWarning, match="alpha too small will result in numeric errors, setting alpha = 1.0e-10"
    ):
        raised = ComplementNB(alpha=0, force_alpha=False).fit(DOCUMENTS, COUNTRIES)
    expected = ComplementNB(alpha=1e-10).fit(DOCUMENTS, COUNTRIES)
    np.testing.assert_array_equal(raised.feature_log_prob_, expected.feature_log_prob_)


def test_huge_values_as_in_scikit_learn():
    X = sp.csr_array(DOCUMENTS * 1e150)  # a smoothing of 1 is lost beside it
    scores = ComplementNB().fit(X, COUNTRIES).predict_joint_log_proba(DOCUMENTS)
    with np.errstate(divide="ignore"):
        theirs = naive_bayes.ComplementNB().fit(X, COUNTRIES)
    np.testing.assert_allclose(scores, theirs.predict_joint_log_proba(sp.csr_array(DOCUMENTS)), rtol=1e-12)


def test_class_weights_are_rows_of_the_dense_attribute():
    model = ComplementNB(norm=True).fit(catalogue(50), [f"g{i:02d}" for i in range(50)])
    expected = model.feature_log_prob_[[7, 3]]
    np.testing.assert_array_equal(model.class_weights(["g07", "g03"]), expected)
    with pytest.raises(ValueError, match=r"\['g99'\] are not among the 50 classes"):
        model.class_weights(["g99"])


@pytest.mark.parametrize("name", ["feature_count_", "feature_log_prob_"])
def test_dense_attributes_do_not_exist_before_fit(name):
    with pytest.raises(AttributeError, match=f"no attribute '{name}': it is not fitted yet"):
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


@pytest.mark.parametrize("labels", [["b", "a", "c"], [2, 1, 3], [2.0, 1.0, 3.0], [False, True, True]])
@pytest.mark.parametrize("kind", [list, np.array, pd.Series, pl.Series])
def test_labels_of_every_kind(labels, kind):
    X = np.eye(3)
    ours, theirs = ComplementNB().fit(X, kind(labels)), naive_bayes.ComplementNB().fit(X, kind(labels))
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    assert ours.classes_.dtype == theirs.classes_.dtype
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))


def test_object_labels_become_strings_or_numbers():
    assert ComplementNB().fit(np.eye(2), np.array(["b", "a"], object)).classes_.dtype == np.dtype("<U1")
    assert ComplementNB().fit(np.eye(2), np.array([2, 1], object)).classes_.dtype == np.dtype(int)


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
