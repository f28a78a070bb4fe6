"""Laws of encoding, and encoders that add up: chunks, merges, additive states, copies."""

import pickle
import re
import warnings
from unittest import mock

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from estimators import MultiHotEncoder, OneHotEncoder

items = st.one_of(st.text("abcAB é|", max_size=3), st.none())
cells = st.lists(items, max_size=4)
columns = st.lists(st.one_of(cells, st.none()), min_size=1, max_size=12)


def known_items(column):
    return sorted({item for cell in column for item in cell or [] if item is not None})


@settings(deadline=None)
@given(columns, st.sampled_from(["list", "pandas", "polars", "polars, long"]))
def test_encoding_equals_the_definition(column, kind):
    X = {
        "list": column,
        "pandas": pd.Series(column, dtype=object),
        "polars": pl.Series(column, dtype=pl.List(pl.String)),
    }[kind.partition(",")[0]]
    known = known_items(column)
    with mock.patch("estimators._encoding.columns._MIN_POLARS_ROWS", 0 if "long" in kind else 100):
        encoded = MultiHotEncoder(handle_unknown="other").fit_transform(X).toarray()
    expected = [[not cell or None in cell, *(item in (cell or []) for item in known)] for cell in column]
    assert_array_equal(encoded, np.array(expected, dtype=float))


@settings(deadline=None)
@given(columns, columns, st.sampled_from(["ignore", "other"]))
def test_encode_undoes_decode(column, question, how):
    encoder = MultiHotEncoder(handle_unknown=how).fit(column)
    encoded = encoder.transform(question)
    decoded = encoder.inverse_transform(encoded)
    assert (encoder.transform(decoded) != encoded).nnz == 0


@settings(deadline=None)
@given(st.lists(st.lists(st.text("abc", max_size=2), min_size=1), min_size=1))
def test_decode_undoes_encode(column):
    encoder = MultiHotEncoder()
    decoded = encoder.inverse_transform(encoder.fit_transform(column))
    assert [cell for (cell,) in decoded] == [sorted(set(cell)) for cell in column]


@settings(deadline=None)
@given(st.lists(st.text("abc", max_size=2), min_size=1))
def test_one_hot_is_multi_hot_of_single_items(words):
    one, multi, rows = OneHotEncoder(), MultiHotEncoder(), [[w] for w in words]
    assert (one.fit_transform(rows) != multi.fit_transform(rows)).nnz == 0
    assert one.inverse_transform(one.transform(rows))[:, 0].tolist() == words


@settings(deadline=None)
@given(st.lists(columns, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_chunks_and_merges_in_any_order_equal_the_whole(chunks, random):
    whole = MultiHotEncoder(handle_unknown="ignore").fit([cell for chunk in chunks for cell in chunk])
    random.shuffle(chunks)
    chunked = MultiHotEncoder(handle_unknown="ignore")
    for chunk in chunks:
        chunked.partial_fit(chunk)
    parts = [MultiHotEncoder(handle_unknown="ignore").fit(chunk) for chunk in chunks]
    while len(parts) > 1:
        parts.append(parts.pop(0).merge(parts.pop(0)))
    for encoder in (chunked, parts[0]):
        assert encoder.categories_[0].tolist() == whole.categories_[0].tolist()
        assert (encoder.transform(chunks[0]) != whole.transform(chunks[0])).nnz == 0


def test_numbers_in_chunks_equal_the_whole():
    whole = OneHotEncoder().fit(np.array([[3.5], [1], [2]]))
    chunked = OneHotEncoder().partial_fit([[2]]).partial_fit(np.array([[3.5], [1]]))
    merged = OneHotEncoder().fit([[1], [2]]).merge(OneHotEncoder().fit([[3.5]]))
    for encoder in (chunked, merged):
        assert encoder.categories_[0].dtype == whole.categories_[0].dtype
        assert_array_equal(encoder.categories_[0], whole.categories_[0])


@pytest.mark.parametrize("lib", [pl, pd])
def test_large_integers_with_gaps_in_chunks_equal_the_whole(lib):
    cells = [2, None, 7, 2**53 + 1, 2]
    kind = {"dtype": "Int64"} if lib is pd else {}
    chunk = lib.DataFrame({"a": lib.Series(cells, **kind)})
    whole, chunked = OneHotEncoder().fit(chunk), OneHotEncoder()
    for part in (chunk[:2], chunk[2:3], chunk[3:]):
        chunked.partial_fit(part)
    for encoder in (whole, chunked):
        assert encoder.get_feature_names_out().tolist() == ["a_2", "a_7", "a_9007199254740993", "a_nan"]
        assert encoder.transform(chunk).indices.tolist() == [0, 3, 1, 2, 0]


@pytest.mark.parametrize(
    "cells", [[2**64 - 1, 2**64 - 2, 1], [2**53 + 1, 2**53, 0.5], [2**53 + 1, 2**53, np.nan]]
)
def test_large_integers_in_lists_are_not_rounded(cells):
    """numpy.asarray makes floats of these lists, in which the first two are equal."""
    rows = [[cell] for cell in cells]
    whole = OneHotEncoder(sparse_output=False).fit(rows)
    chunked = OneHotEncoder(sparse_output=False).partial_fit(rows[:1]).partial_fit(rows[1:])
    for encoder in (whole, chunked):
        assert encoder.transform(rows).sum(axis=0).tolist() == [1, 1, 1]
        assert encoder.cell_encoder().places(cells[0]) == encoder.transform(rows)[0].nonzero()[0].tolist()


def test_large_integers_in_sparse_columns_of_pandas_are_not_rounded():
    large = np.array([0, 2**63 + 1, 2**63 + 3], dtype=np.uint64)
    encoder = OneHotEncoder().fit(pd.DataFrame({"a": pd.arrays.SparseArray(large)}))
    assert encoder.categories_[0].tolist() == large.tolist()


def test_a_null_in_polars_is_known_beside_integers_of_any_size():
    encoder = OneHotEncoder(handle_unknown="ignore").fit(pl.DataFrame({"a": [1, None]}))
    assert encoder.transform(pl.DataFrame({"a": [None, 2**53 + 1]})).toarray().tolist() == [[0, 1], [0, 0]]


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [
        ({}, {"handle_unknown": "ignore"}, "'handle_unknown' parameter differ: 'error' and 'ignore'"),
        ({"dtype": np.float32}, {"dtype": np.int8}, "'dtype' parameter differ: .*float32.* and .*int8"),
        ({"sparse_output": False}, {}, "'sparse_output' parameter differ: False and True"),
        ({"categories": ["a"]}, {}, r"'categories' parameter differ: \['a'\] and 'auto'"),
        ({"categories": ["a", "b"]}, {"categories": ["b", "a"]}, "'categories' parameter differ"),
    ],
)
def test_merge_refuses_other_parameters(ours, theirs, message):
    encoder = MultiHotEncoder(**ours).fit([["a"]])
    before = pickle.dumps(encoder)
    with pytest.raises(ValueError, match=message):
        encoder.merge(MultiHotEncoder(**theirs).fit([["a"]]))
    assert pickle.dumps(encoder) == before


def test_merge_refuses_other_columns_and_classes():
    encoder = MultiHotEncoder().fit(pd.Series([["a"]], name="t"))
    with pytest.raises(ValueError, match=r"feature names differ: array\(\['t'\].* and array\(\['u'\]"):
        encoder.merge(MultiHotEncoder().fit(pd.Series([["a"]], name="u")))
    with pytest.raises(ValueError, match="same number of features. Got 1 and 2"):
        encoder.merge(MultiHotEncoder().fit(np.array([[1, 2]])))
    with pytest.raises(ValueError, match=r"'separator' parameter differ: None and '\|'"):
        encoder.merge(MultiHotEncoder(separator="|").fit(pd.Series(["a"], name="t")))
    with pytest.raises(
        TypeError, match="MultiHotEncoder can only be merged with .* Got estimators.encoders.OneHotEncoder"
    ):
        encoder.merge(OneHotEncoder().fit([["a"]]))


def test_merge_with_equal_given_categories():
    a, b = (OneHotEncoder(categories=np.array(["b", "a"])).fit([[x]]) for x in ("a", "b"))
    assert a.merge(b) is a
    assert a.categories_[0].tolist() == ["b", "a"]


def test_a_second_fit_forgets_the_first(lib):
    encoder = OneHotEncoder().fit(lib.frame({"w": ["a"]})).fit([["b"]])
    assert encoder.categories_[0].tolist() == ["b"]
    assert not hasattr(encoder, "feature_names_in_")


def test_survives_pickle_clone_and_joblib(tmp_path):
    encoder = MultiHotEncoder(handle_unknown="other", dtype=np.int8).fit([["b"], ["a"]])
    joblib.dump(encoder, tmp_path / "encoder.joblib")
    for copy in (pickle.loads(pickle.dumps(encoder)), joblib.load(tmp_path / "encoder.joblib")):
        assert_array_equal(copy.transform([["a", "z"]]).toarray(), [[1, 1, 0]])
    assert clone(encoder).get_params() == encoder.get_params()


def test_a_failed_refit_leaves_no_old_categories_behind():
    encoder = OneHotEncoder(missing="unknown").fit(pd.DataFrame({"a": ["x", "y"]}))
    with pytest.raises(ValueError, match="missing value"):
        encoder.fit(pd.DataFrame({"b": ["x", None], "c": ["p", "q"]}))
    with pytest.raises(NotFittedError):
        encoder.transform(pd.DataFrame({"a": ["x"]}))


@settings(deadline=None)
@given(
    st.lists(columns, min_size=1, max_size=4),
    st.randoms(use_true_random=False),
    st.sampled_from(["ignore", "other"]),
    st.sampled_from(["auto", ["b", "a", "ab"]]),
)
def test_states_of_chunks_merged_in_any_order_equal_fit(chunks, random, how, categories):
    encoder = MultiHotEncoder(handle_unknown=how, categories=categories)
    whole = clone(encoder)
    encoded = whole.fit_transform([cell for chunk in chunks for cell in chunk])
    states = [encoder.additive_state(chunk) for chunk in chunks]
    random.shuffle(states)
    while len(states) > 1:
        states.append(states.pop(0).merge(pickle.loads(pickle.dumps(states.pop(0)))))
    encoder.fit_state(states[0])
    assert encoder.categories_[0].tolist() == whole.categories_[0].tolist()
    assert encoder.n_features_in_ == 1
    assert (encoder.transform(chunks[0]) != whole.transform(chunks[0])).nnz == 0
    assert states[0].n_ones == encoded.nnz


@settings(deadline=None)
@given(columns, columns)
def test_merging_states_changes_neither(one, other):
    encoder = MultiHotEncoder(handle_unknown="ignore")
    one, other = encoder.additive_state(one), encoder.additive_state(other)
    before = pickle.dumps((one, other))
    one.merge(other)
    other.merge(one)
    assert pickle.dumps((one, other)) == before


@pytest.mark.parametrize("encoder", [OneHotEncoder(), OneHotEncoder().fit([["x", 1]])], ids=["new", "fitted"])
def test_a_state_depends_on_the_parameters_only_and_leaves_the_encoder_as_it_is(encoder):
    before = pickle.dumps(encoder)
    frame = pd.DataFrame({"w": ["b", "a"]})
    state = encoder.additive_state(frame, None, [0, 0])
    assert pickle.dumps(encoder) == before
    assert state.n_ones == 2
    assert encoder.fit_state(state).get_feature_names_out().tolist() == ["w_a", "w_b"]
    assert encoder.feature_names_in_.tolist() == ["w"]
    encoder.fit_state(encoder.additive_state([["c"]]))
    assert not hasattr(encoder, "feature_names_in_")
    assert encoder.get_feature_names_out().tolist() == ["x0_c"]


def test_ones_are_counted_for_sparse_output_only():
    assert MultiHotEncoder(sparse_output=False).additive_state([["a", "b"]]).n_ones == 0
    assert MultiHotEncoder().additive_state([["a", "b", "b"], ["a"]]).n_ones == 3


@pytest.mark.parametrize(
    ("ours", "theirs", "X", "error", "message"),
    [
        ("auto", "auto", [["a", "b"]], ValueError, "same number of features. Got 1 and 2"),
        ("auto", "auto", pd.DataFrame({"w": ["a"]}), ValueError, "feature names differ: None and array"),
        ("auto", "auto", [[1]], TypeError, "uniformly strings or numbers"),
        (["a", "b"], "auto", [["a"]], ValueError, "given categories differ"),
        (["b", "a"], ["a", "b"], [["b"]], ValueError, "given categories differ"),
    ],
    ids=["columns", "names", "kinds", "auto", "order"],
)
def test_states_that_do_not_add_up(ours, theirs, X, error, message):
    state = OneHotEncoder(categories=ours).additive_state([["a"]])
    with pytest.raises(error, match=message):
        state.merge(OneHotEncoder(categories=theirs).additive_state(X))


def test_a_state_of_other_parameters_is_refused():
    with pytest.raises(ValueError, match="with the same 'categories' parameter"):
        OneHotEncoder(categories=["a"]).fit_state(OneHotEncoder().additive_state([["a"]]))
    with pytest.raises(ValueError, match=r"unknown categories \['b'\] in column 0 during fit"):
        OneHotEncoder(categories=["a"]).additive_state([["b"]])
    with pytest.raises(ValueError, match="'dtype' parameter of an encoder"):
        OneHotEncoder(dtype=np.float16).fit_state(OneHotEncoder().additive_state([["a"]]))


def test_a_saved_encoder_holds_no_private_class_of_ours():
    for cls in (OneHotEncoder, MultiHotEncoder):
        saved = pickle.dumps(cls().fit([[1], [2]]))
        assert set(re.findall(rb"(?:estimators|pipelines)\.[\w.]+", saved)) == {b"estimators.encoders"}


CELLS = st.one_of(
    cells, items, st.integers(0, 3), st.booleans(), st.floats(allow_nan=False), st.binary(max_size=2)
)


@settings(deadline=None)
@given(
    CELLS | st.just(float("nan")),
    st.sampled_from(["one", "multi", "separated"]),
    st.sampled_from(["error", "ignore", "infrequent_if_exist", "warn", "other"]),
    st.sampled_from(["category", "ignore", "unknown"]),
    st.sampled_from([None, 2]),
    st.sampled_from([None, "first", "if_binary"]),
    st.booleans(),
)
@example(float("nan"), "separated", "error", "category", None, None, True)
def test_one_cell_is_encoded_as_a_row_is(cell, kind, how, missing, min_frequency, drop, with_gap):
    parameters = {"handle_unknown": how, "missing": missing, "min_frequency": min_frequency}
    gap = [None] if with_gap and (how, missing) != ("error", "unknown") else []
    words = [*gap, "a", "b", "b", "é"]
    with warnings.catch_warnings(action="ignore"):
        if kind == "one":
            encoder = OneHotEncoder(**parameters, drop=drop).fit([[word] for word in words])
        elif kind == "multi":
            encoder = MultiHotEncoder(**parameters).fit([[word] for word in words])
        else:
            encoder = MultiHotEncoder(**parameters, separator="|").fit(words)
    places = encoder.cell_encoder(start=4).places(cell)
    try:
        row = encoder.transform(pd.DataFrame({0: pd.Series([cell], dtype=object)}))
    except (ValueError, TypeError, UserWarning):
        assert places is None or (kind == "one" and isinstance(cell, list))
    else:
        assert places is None or places == (row.indices + 4).tolist()
        is_odd = type(cell) in (bytes, np.ndarray)
        assert places is not None or is_odd or (isinstance(cell, float) and np.isinf(cell))


def test_what_a_cell_encoder_says_of_its_column():
    encoder = MultiHotEncoder(handle_unknown="other").fit(pd.DataFrame({"t": [["b"]], "u": [[2, 1]]}))
    cell = pickle.loads(pickle.dumps(encoder.cell_encoder(1, start=5)))
    assert (cell.name, cell.categories, cell.end) == ("u", (1, 2), 8)
    assert cell.places([1, 7]) == [5, 6]
    encoder.partial_fit(pd.DataFrame({"t": [["a"]], "u": [[0]]}))
    assert cell.places(2) == [7]
    with pytest.raises(NotFittedError):
        MultiHotEncoder().cell_encoder()
