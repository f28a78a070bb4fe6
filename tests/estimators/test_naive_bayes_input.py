"""What ComplementNB takes for labels, samples and weights, and what it refuses."""

import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn import naive_bayes
from sklearn.exceptions import NotFittedError

from estimators import ComplementNB
from estimators._common.labels import encode_labels, unite_and_locate
from tests.estimators.samples import COUNTRIES, DOCUMENTS

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
            "all dates of a NumPy array. Got int and str",
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


@pytest.mark.parametrize("X", [pd.DataFrame({"c": [1.0, np.nan]}), pd.DataFrame({"c": [-1.0, 1.0]})])
def test_a_refit_that_fails_at_any_point_forgets_everything(X):
    model = ComplementNB().fit(pd.DataFrame({"a": [1, 2], "b": [2, 1]}), ["x", "y"])
    with pytest.raises(ValueError, match="NaN|Negative"):
        model.fit(X, ["x", "y"])
    for name in ("feature_all_", "class_count_", "class_log_prior_", "feature_count_"):
        assert not hasattr(model, name)
    with pytest.raises(NotFittedError):
        model.top_k(X)


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ([], "'classes' parameter of partial_fit must contain at least one label"),
        (["a", 1], "all dates of a NumPy array. Got int and str"),
        ([["a", "b"]], "1d array"),
        ("a", "1d array"),
    ],
)
def test_bad_classes(classes, message):
    with pytest.raises(ValueError, match=message):
        ComplementNB().partial_fit(np.eye(2), ["a", "b"], classes=classes)


@pytest.mark.parametrize("labels", [[("a", "b"), ("c", "d")], [[], [1]], [1.5, 2.5], [None, None]])
def test_labels_that_are_neither_strings_nor_whole_numbers(labels):
    y = np.empty(2, dtype=object)
    y[:] = labels
    with pytest.raises(
        ValueError, match=r"all strings, all numbers|Unknown label type|missing label|1d array"
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


TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=3))


@given(TEXTS.filter(len))
def test_a_polars_column_of_strings_is_read_as_a_list_is(labels):
    X, y = np.ones((len(labels), 2)), pl.Series(labels, dtype=pl.String)
    expected = ComplementNB().fit(X, labels)
    fitted = ComplementNB().fit(X, y)
    chunked = ComplementNB(new_classes="add").partial_fit(X, y)
    counted = ComplementNB().fit_state(ComplementNB().additive_state(X, y))
    for model in (fitted, chunked, counted):
        assert model.classes_.dtype == expected.classes_.dtype
        assert_array_equal(model.classes_, expected.classes_)
        assert_array_equal(model.class_count_, expected.class_count_)


def test_a_polars_column_with_a_missing_label_or_of_another_length_is_refused():
    with pytest.raises(ValueError, match=r"missing label: y\[1\] is None"):
        ComplementNB().fit(np.eye(2), pl.Series(["a", None]))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        ComplementNB().fit(np.eye(2), pl.Series(["a", "b", "c"]))
