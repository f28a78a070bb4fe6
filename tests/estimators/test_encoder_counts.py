"""Infrequent and dropped categories: their rules, and that they follow the whole over chunks, merges and states."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone

from estimators import MultiHotEncoder, OneHotEncoder

GROUPS = st.fixed_dictionaries(
    {
        "min_frequency": st.sampled_from([None, 1, 2, 3, 0.2, 0.5]),
        "max_categories": st.sampled_from([None, 1, 2, 3]),
        "handle_unknown": st.sampled_from(["error", "ignore", "infrequent_if_exist", "other"]),
    }
)
WORDS = st.sampled_from([None, float("nan"), "a", "b", "c", "d", "é"])
ONE_HOT = st.tuples(
    st.lists(
        st.lists(st.tuples(WORDS, st.integers(0, 3)).map(list), min_size=1, max_size=6),
        min_size=1,
        max_size=4,
    ),
    st.builds(
        lambda groups, drop, missing, categories: OneHotEncoder(
            **groups, drop=drop, missing=missing, categories=categories
        ),
        GROUPS,
        st.sampled_from([None, "first", "if_binary"]),
        st.sampled_from(["category", "ignore", "unknown"]),
        st.sampled_from(["auto", "auto", [["d", "a"], [0, 2]]]),
    ),
)
LISTS = st.lists(st.sampled_from([None, "a", "b", "c", "d"]), max_size=4)
MULTI_HOT = st.tuples(
    st.lists(st.lists(LISTS, min_size=1, max_size=6), min_size=1, max_size=4),
    st.builds(
        lambda groups, missing, categories: MultiHotEncoder(**groups, missing=missing, categories=categories),
        GROUPS,
        st.sampled_from(["category", "ignore", "unknown"]),
        st.sampled_from(["auto", "auto", ["d", "a"]]),
    ),
)


def as_table(chunk):
    """Return rows of the two-column tables as objects, so that each chunk reads them alike."""
    is_table = all(isinstance(row, list) and len(row) == 2 and isinstance(row[1], int) for row in chunk)
    return np.array(chunk, dtype=object) if is_table else chunk


@pytest.mark.filterwarnings("ignore:Found (unknown|missing)")
@settings(deadline=None)
@given(ONE_HOT | MULTI_HOT, st.randoms(use_true_random=False))
def test_chunks_merges_and_states_in_any_order_equal_the_whole(drawn, random):
    chunks, encoder = drawn
    rows = [row for chunk in chunks for row in chunk]
    try:
        whole = clone(encoder).fit(as_table(rows))
    except ValueError:  # a missing or unknown value that is an error
        return
    random.shuffle(chunks)
    chunks = [as_table(chunk) for chunk in chunks]
    chunked = clone(encoder)
    for chunk in chunks:
        chunked.partial_fit(chunk)
    parts = [clone(encoder).fit(chunk) for chunk in chunks]
    states = [encoder.additive_state(chunk) for chunk in chunks]
    while len(parts) > 1:
        parts.append(parts.pop(0).merge(parts.pop(0)))
        states.append(states.pop(0).merge(pickle.loads(pickle.dumps(states.pop(0)))))
    from_state = clone(encoder).fit_state(states[0])
    expected = whole.transform(as_table(rows)).toarray()
    for other in (chunked, parts[0], from_state, pickle.loads(pickle.dumps(whole))):
        assert [str(c) for c in other.categories_] == [str(c) for c in whole.categories_]
        assert [c.dtype for c in other.categories_] == [c.dtype for c in whole.categories_]
        assert str(getattr(other, "infrequent_categories_", 0)) == str(
            getattr(whole, "infrequent_categories_", 0)
        )
        assert str(getattr(other, "drop_idx_", 0)) == str(getattr(whole, "drop_idx_", 0))
        assert other.get_feature_names_out().tolist() == whole.get_feature_names_out().tolist()
        assert_array_equal(other.transform(as_table(rows)).toarray(), expected)
    n_ones = from_state.count_ones(states[0])
    groups_lists = isinstance(encoder, MultiHotEncoder) and hasattr(whole, "infrequent_categories_")
    is_bound = groups_lists or encoder.handle_unknown == "infrequent_if_exist"
    assert n_ones >= expected.sum() if is_bound else n_ones == expected.sum()


def test_counts_are_rows_that_hold_a_category():
    X = [["a", "a", "b"], ["a"], ["c", "b"], []]
    state = MultiHotEncoder(min_frequency=2, missing="ignore").additive_state(X)
    assert state.n_rows == 4
    assert [counts.tolist() for counts in state.counts] == [[2, 2, 1]]
    both = state.merge(MultiHotEncoder(min_frequency=2).additive_state([["c"], ["d"]]))
    assert [counts.tolist() for counts in both.counts] == [[2, 2, 2, 1]]
    assert both.n_rows == 6
    assert MultiHotEncoder(missing="ignore").additive_state(X).counts is None


@pytest.mark.parametrize(
    ("parameters", "names"),
    [  # counts: a 1, b 2, c 3, d 4 of 10 rows
        ({"min_frequency": 3}, ["c", "d", "infrequent_sklearn"]),
        ({"min_frequency": 0.3}, ["c", "d", "infrequent_sklearn"]),
        ({"min_frequency": 0.31}, ["d", "infrequent_sklearn"]),
        ({"max_categories": 2}, ["d", "infrequent_sklearn"]),
        ({"max_categories": 4}, ["b", "c", "d", "infrequent_sklearn"]),  # so does scikit-learn's
        ({"max_categories": 5}, ["a", "b", "c", "d"]),
        ({"max_categories": 3, "min_frequency": 4}, ["d", "infrequent_sklearn"]),
        ({"max_categories": 1}, ["infrequent_sklearn"]),
        ({"min_frequency": 1}, ["a", "b", "c", "d"]),
    ],
)
def test_infrequent_items_of_lists(lib, parameters, names):
    X = lib.series([["d", "c"]] * 3 + [["d", "b"]] + [["b"]] + [["a"]] + [["z"]] * 4, "t")
    encoder = MultiHotEncoder(categories=["a", "b", "c", "d"], handle_unknown="ignore", **parameters).fit(X)
    assert encoder.get_feature_names_out().tolist() == [f"t_{name}" for name in names]
    rows = encoder.transform(lib.series([["a", "b"], ["d"]], "t")).toarray()
    rare = [name in ("a", "b") or name == "infrequent_sklearn" for name in names]
    assert_array_equal(rows[0], rare)
    assert_array_equal(rows[1], [name == "d" or names == ["infrequent_sklearn"] for name in names])


def test_unknown_items_of_lists():
    X = [["a"], ["a"], ["b"]]
    for how, unknown in (("infrequent_if_exist", [0, 1]), ("ignore", [0, 0])):
        encoder = MultiHotEncoder(min_frequency=2, handle_unknown=how).fit(X)
        assert_array_equal(encoder.transform([["z"], ["b", "z"]]).toarray(), [unknown, [0, 1]])
    encoder = MultiHotEncoder(min_frequency=2, handle_unknown="other").fit(X)
    assert_array_equal(encoder.transform([["z"], ["b", "a"]]).toarray(), [[1, 0, 0], [0, 1, 1]])
    encoder = MultiHotEncoder(min_frequency=2, handle_unknown="warn").fit(X)
    with pytest.warns(UserWarning, match=r"in columns \[0\] .* encoded as the infrequent category"):
        assert_array_equal(encoder.transform([["z"]]).toarray(), [[0, 1]])
    assert encoder.inverse_transform([[1, 1]])[0, 0] == ["a", "infrequent_sklearn"]


def test_missing_items_of_lists_as_a_category(lib):
    X = lib.series([["a", None], None, ["b"], []], "t")
    encoder = MultiHotEncoder(missing="category").fit(X)
    assert encoder.categories_[0].tolist() == ["a", "b", None]
    assert encoder.get_feature_names_out().tolist() == ["t_a", "t_b", "t_None"]
    assert_array_equal(encoder.transform(X).toarray(), [[1, 0, 1], [0, 0, 1], [0, 1, 0], [0, 0, 1]])
    ignoring = MultiHotEncoder(missing="ignore").fit(X)
    assert_array_equal(ignoring.transform(X).toarray(), [[1, 0], [0, 0], [0, 1], [0, 0]])
    with pytest.raises(ValueError, match="a missing value .* or an empty list in column 't', row 0"):
        MultiHotEncoder().fit(X)


def test_infrequent_categories_follow_the_whole():
    first, second = [["a"], ["a"], ["b"]], [["b"], ["b"], ["c"], ["a"]]
    encoder = OneHotEncoder(min_frequency=0.4).partial_fit(first)
    assert encoder.infrequent_categories_[0].tolist() == ["b"]
    encoder.partial_fit(second)
    assert encoder.infrequent_categories_[0].tolist() == ["c"]
    assert encoder.get_feature_names_out().tolist() == ["x0_a", "x0_b", "x0_infrequent_sklearn"]


def test_a_category_to_drop_may_stand_in_any_chunk_of_states():
    encoder = OneHotEncoder(drop=["b"])
    states = [encoder.additive_state(chunk) for chunk in ([["a"]], [["b"], ["c"]])]
    assert encoder.fit_state(states[0].merge(states[1])).get_feature_names_out().tolist() == ["x0_a", "x0_c"]
    with pytest.raises(ValueError, match="supposed to be dropped, but were not found in the training data"):
        encoder.fit_state(states[0])
    assert encoder.get_feature_names_out().tolist() == ["x0_a", "x0_c"]
    with pytest.raises(ValueError, match="supposed to be dropped"):
        OneHotEncoder(drop=["b"]).partial_fit([["a"]])


@pytest.mark.parametrize(
    "parameters", [{"min_frequency": 2}, {"max_categories": 2}, {"drop": "first"}], ids=str
)
def test_a_fit_that_did_not_count_cannot_be_continued_with_counts(parameters):
    encoder = OneHotEncoder().fit([["a"], ["b"]])
    encoder.set_params(**parameters)
    with pytest.raises(ValueError, match="Only one of these states has counts"):
        encoder.partial_fit([["a"]])
    assert encoder.get_feature_names_out().tolist() == ["x0_a", "x0_b"]
    if "drop" not in parameters:
        with pytest.raises(ValueError, match="The state must contain counts"):
            encoder.fit_state(OneHotEncoder().additive_state([["a"]]))


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [
        ({"missing": "ignore"}, {}, "'missing' parameter differ: 'ignore' and 'category'"),
        ({"drop": "first"}, {}, "'drop' parameter differ: 'first' and None"),
        ({"drop": ["a"]}, {"drop": ["b"]}, r"'drop' parameter differ: \['a'\] and \['b'\]"),
        ({"min_frequency": 2}, {}, "'min_frequency' parameter differ: 2 and None"),
        ({"max_categories": 2}, {"max_categories": 3}, "'max_categories' parameter differ: 2 and 3"),
        ({"feature_name_combiner": "equals"}, {}, "'feature_name_combiner' parameter differ"),
    ],
    ids=str,
)
def test_merge_refuses_other_parameters(ours, theirs, message):
    X = [["a"], ["b"]]
    with pytest.raises(ValueError, match=message):
        OneHotEncoder(**ours).fit(X).merge(OneHotEncoder(**theirs).fit(X))


def test_encoders_that_drop_nan_merge():
    X = [["a"], [np.nan]]
    one, other = (
        OneHotEncoder(drop=[float("nan")], categories=[["a", "b", np.nan]]).fit(X) for _ in range(2)
    )
    assert one.merge(other).get_feature_names_out().tolist() == ["x0_a", "x0_b"]


def test_pandas_and_polars_chunks_add_up():
    parts = [pd.DataFrame({"x": [2, 1]}), pl.DataFrame({"x": [3, 1]}), pl.DataFrame({"x": [None, 1]})]
    encoder = OneHotEncoder(min_frequency=2)
    for part in parts:
        encoder.partial_fit(part)
    assert encoder.categories_[0].tolist()[:3] == [1, 2, 3]
    assert np.isnan(encoder.categories_[0][3])
    assert encoder.infrequent_categories_[0].tolist()[:2] == [2, 3]
    assert encoder.get_feature_names_out().tolist() == ["x_1.0", "x_infrequent_sklearn"]


def test_settings_after_fit_do_not_change_what_was_dropped():
    encoder = OneHotEncoder(drop="first", min_frequency=1).fit([["a"], ["b"]])
    encoder.set_params(drop=None, min_frequency=None)
    copy = pickle.loads(pickle.dumps(encoder))
    for each in (encoder, copy):
        assert each.get_feature_names_out().tolist() == ["x0_b"]
        assert each.infrequent_categories_ == [None]
