"""ComplementNB adds up: chunks, merges, additive states, copies."""

import io
import pickle
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn import naive_bayes
from sklearn.datasets import load_digits
from sklearn.exceptions import NotFittedError

from estimators import ComplementNB
from tests.estimators.samples import COUNTRIES, DOCUMENTS

COUNT_MATRIX = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).integers(0, 4, (24, 6)).astype(float)
)


WEIGHTS = st.lists(st.integers(0, 2), min_size=24, max_size=24).filter(any).map(np.array)
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
    with pytest.raises(ValueError, match="all dates of a NumPy array. Got int64 and str"):
        model.partial_fit(DOCUMENTS[:1], [3])
    with pytest.raises(ValueError, match="is not the same as on last call to partial_fit"):
        model.partial_fit(DOCUMENTS, COUNTRIES, classes=["China", "Peru"])
    with pytest.raises(ValueError, match="Negative values"):
        model.partial_fit(-DOCUMENTS, COUNTRIES)
    assert pickle.dumps(model) == before
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        ComplementNB().partial_fit(DOCUMENTS, COUNTRIES)


def test_merge_refuses_what_does_not_add_up():
    model = ComplementNB().fit(DOCUMENTS, COUNTRIES)
    named = ComplementNB().fit(pd.DataFrame(DOCUMENTS, columns=list("abcdef")), COUNTRIES)
    before = pickle.dumps(model)
    with pytest.raises(ValueError, match="'alpha' parameter differ: 1.0 and 2.0"):
        model.merge(ComplementNB(alpha=2.0).fit(DOCUMENTS, COUNTRIES))
    with pytest.raises(ValueError, match="same number of features. Got 6 and 5"):
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
        with pytest.raises(ValueError, match=f"'{name}' parameter differ"):
            model.merge(ComplementNB(**{name: value}).fit(DOCUMENTS, COUNTRIES))
    with pytest.raises(NotFittedError):
        model.merge(ComplementNB())
    with pytest.raises(NotFittedError):
        ComplementNB().merge(model)
    assert pickle.dumps(model) == before


@given(COUNT_MATRIX, LABELS, WEIGHTS, st.lists(st.integers(1, 23), max_size=4, unique=True), st.randoms())
def test_states_of_chunks_merged_in_any_order_equal_fit(X, y, weight, cuts, random):
    edges = [0, *sorted(cuts), 24]
    chunks = [slice(start, end) for start, end in pairwise(edges)]
    states = [ComplementNB().additive_state(X[chunk], y[chunk], weight[chunk]) for chunk in chunks]
    random.shuffle(states)
    while len(states) > 1:
        states.append(states.pop(0).merge(pickle.loads(pickle.dumps(states.pop(0)))))
    merged = ComplementNB().fit_state(states[0])
    same_model(merged, ComplementNB().fit(X, y, weight))
    assert merged.n_features_in_ == 6


@given(COUNT_MATRIX, LABELS)
def test_merging_states_changes_neither(X, y):
    one, other = ComplementNB().additive_state(X, y), ComplementNB().additive_state(X[:9], y[:9])
    before = pickle.dumps((one, other))
    one.merge(other)
    other.merge(one)
    one.merge(one)
    assert pickle.dumps((one, other)) == before


@pytest.mark.parametrize("model", [ComplementNB(), ComplementNB().fit(np.eye(2), ["x", "y"])])
def test_a_state_depends_on_the_parameters_only_and_leaves_the_model_as_it_is(model):
    before = pickle.dumps(model)
    state = model.additive_state(pd.DataFrame(DOCUMENTS, columns=list("abcdef")), COUNTRIES)
    assert pickle.dumps(model) == before
    assert state.n_features == 6
    assert state.feature_names.tolist() == list("abcdef")


def test_a_model_fitted_from_a_state_has_the_parameters_and_names_of_its_own():
    X = pd.DataFrame(DOCUMENTS, columns=list("abcdef"))
    state = ComplementNB().additive_state(X, COUNTRIES)
    model = ComplementNB(alpha=0.5, norm=True).fit(np.eye(2), ["x", "y"]).fit_state(state)
    same_model(model, ComplementNB(alpha=0.5, norm=True).fit(X, COUNTRIES))
    assert model.feature_names_in_.tolist() == list("abcdef")
    nameless = model.fit_state(ComplementNB().additive_state(DOCUMENTS, COUNTRIES))
    assert not hasattr(nameless, "feature_names_in_")
    assert nameless.predict(DOCUMENTS).tolist() == ["China", "China", "China", "Japan"]


def test_labels_without_weight_are_classes_without_counts():
    nothing = ComplementNB().additive_state(DOCUMENTS, ["Peru"] * 4, sample_weight=np.zeros(4))
    with pytest.raises(ValueError, match="must contain at least one sample with a positive weight"):
        ComplementNB().fit_state(nothing)
    model = ComplementNB().fit_state(nothing.merge(ComplementNB().additive_state(DOCUMENTS, COUNTRIES)))
    assert model.classes_.tolist() == ["China", "Japan", "Peru"]
    assert_array_equal(model.class_count_, [3, 1, 0])
    assert_array_equal(model.feature_count_[2], np.zeros(6))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ((DOCUMENTS[:, :5], COUNTRIES), "same number of features. Got 6 and 5"),
        (
            (pd.DataFrame(DOCUMENTS, columns=list("abcdef")), COUNTRIES),
            "feature names differ: None and array",
        ),
        ((DOCUMENTS, [1, 1, 2, 2]), "all dates of a NumPy array. Got int64 and str"),
    ],
    ids=["features", "names", "labels"],
)
def test_states_that_do_not_add_up(rows, message):
    model = ComplementNB()
    with pytest.raises(ValueError, match=message):
        model.additive_state(DOCUMENTS, COUNTRIES).merge(model.additive_state(*rows))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"alpha": [1, 2, 3]}, "Got 3 elements instead of 6"),
        ({"class_prior": [0.2, 0.3, 0.5]}, "Number of priors must match number of classes"),
        ({"norm": "yes"}, "The 'norm' parameter of ComplementNB must be"),
    ],
)
def test_parameters_that_do_not_fit_a_state(parameters, message):
    state, model = ComplementNB().additive_state(DOCUMENTS, COUNTRIES), ComplementNB(**parameters)
    with pytest.raises(ValueError, match=message):
        model.fit_state(state)
    with pytest.raises(NotFittedError):
        model.predict(DOCUMENTS)


@pytest.mark.parametrize(
    ("X", "y", "weight", "message"),
    [
        (-DOCUMENTS, COUNTRIES, None, "Negative values in data passed to ComplementNB"),
        (DOCUMENTS * np.nan, COUNTRIES, None, "Input X contains NaN"),
        (DOCUMENTS, [0.5, 1, 2, 3], None, "Unknown label type"),
        (DOCUMENTS, COUNTRIES, [1, 1, -1, 1], "Negative values in data passed to `sample_weight`"),
        (DOCUMENTS, COUNTRIES[:3], None, "inconsistent numbers of samples"),
    ],
)
def test_bad_rows_for_a_state(X, y, weight, message):
    with pytest.raises(ValueError, match=message):
        ComplementNB().additive_state(X, y, weight)


class Recorder(pickle.Unpickler):
    """Record the modules that a pickle needs."""

    def __init__(self, data):
        super().__init__(io.BytesIO(data))
        self.modules = set()

    def find_class(self, module, name):
        self.modules.add(module)
        return super().find_class(module, name)


def test_a_saved_model_holds_no_private_class_of_ours():
    model = ComplementNB(alpha=np.ones(6), norm=True).fit(DOCUMENTS, COUNTRIES)
    expected = model.predict_joint_log_proba(DOCUMENTS)
    model.set_params(alpha=5.0, norm=False)  # counts from the next fit on
    recorder = Recorder(pickle.dumps(model))
    assert_array_equal(recorder.load().predict_joint_log_proba(DOCUMENTS), expected)
    ours = {module for module in recorder.modules if module.startswith(("estimators", "pipelines"))}
    assert ours == {"estimators.naive_bayes"}
    assert not hasattr(pickle.loads(pickle.dumps(ComplementNB())), "feature_count_")
