"""Tests of the encoders.

Expected matrices are written by hand from the definition (column k is one where the row holds
category k) or come from scikit-learn's MultiLabelBinarizer and OneHotEncoder.
"""

import pickle
from datetime import date
from types import SimpleNamespace
from unittest import mock

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn.preprocessing as peers
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from estimators import MultiHotEncoder, OneHotEncoder
from estimators._encoding import columns as _columns

ENCODERS = [
    cls(handle_unknown=how)
    for cls in (OneHotEncoder, MultiHotEncoder)
    for how in ("error", "ignore", "other")
]


@parametrize_with_checks(ENCODERS)
def test_sklearn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("encoder", ENCODERS, ids=repr)
def test_sklearn_checks_are_collected(encoder):
    checks = list(estimator_checks_generator(encoder))
    # scikit-learn 1.9 yields 47, and one more (NaN and infinity refused) for "error".
    assert len(checks) >= 46


@pytest.mark.filterwarnings("ignore:X (does not have valid|has) feature names")
@pytest.mark.parametrize("sparse_output", [True, False])
@pytest.mark.parametrize("encoder", ENCODERS, ids=repr)
@pytest.mark.parametrize(
    "check",
    [
        "check_dataframe_column_names_consistency",
        "check_transformer_get_feature_names_out",
        "check_transformer_get_feature_names_out_pandas",
        "check_param_validation",
        "check_set_output_transform",
        "check_set_output_transform_pandas",
        "check_set_output_transform_polars",
        "check_global_output_transform_pandas",
        "check_global_set_output_transform_polars",
    ],
)
def test_checks_scikit_learn_keeps_for_its_own(check, encoder, sparse_output):
    encoder = clone(encoder).set_params(sparse_output=sparse_output)
    getattr(estimator_checks, check)(type(encoder).__name__, encoder)


@pytest.fixture(params=["short", "long"])
def polars_road(request, monkeypatch):
    """Walk both roads through polars: few rows as Python objects, many by its own expressions."""
    monkeypatch.setattr(_columns, "_SHORT", 10 if request.param == "short" else 0)


@pytest.fixture(params=["pandas", "polars", "polars, long"])
def lib(request, monkeypatch):
    """One face for both data frame libraries."""
    if request.param == "polars, long":
        monkeypatch.setattr(_columns, "_SHORT", 0)
    module = pd if request.param == "pandas" else pl
    return SimpleNamespace(
        name="pandas" if module is pd else "polars",
        frame=lambda data: module.DataFrame(data),
        series=lambda values, name=None: (
            module.Series(values, name=name) if module is pd else module.Series(name or "", values)
        ),
    )


def fit_dense(encoder, X):
    """Encode, and hold fit_transform to fit().transform() on the way."""
    at_once = clone(encoder).fit_transform(X)
    in_two = clone(encoder).fit(X).transform(X)
    for matrix in (at_once, in_two):
        assert matrix.has_canonical_format
        assert matrix.indices.dtype == np.int32
    assert_array_equal(at_once.toarray(), in_two.toarray())
    return at_once.toarray()


LISTS = [["b"], ["c", "a"], ["a"], ["b", "b", "c"]]
LISTS_ENCODED = [[0, 1, 0], [1, 0, 1], [1, 0, 0], [0, 1, 1]]
WORDS = ["b", "c", "a", "b"]
WORDS_ENCODED = [[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]


def objects(values):
    array = np.empty(len(values), dtype=object)
    for i, value in enumerate(values):
        array[i] = value
    return array


ONE_COLUMN_OF_LISTS = {
    "list of lists": LISTS,
    "tuple of tuples": tuple(tuple(cell) for cell in LISTS),
    "list of sets": [set(cell) for cell in LISTS],
    "list of frozensets": [frozenset(cell) for cell in LISTS],
    "list of arrays": [np.array(cell) for cell in LISTS],
    "mixed cells": [["b"], ("c", "a"), {"a"}, np.array(["b", "b", "c"], dtype=object)],
    "objects 1-D": objects(LISTS),
    "objects 2-D": objects(LISTS).reshape(-1, 1),
    "objects strided": np.column_stack([objects(LISTS), objects(LISTS)])[:, 1],
    "pandas Series": pd.Series(LISTS),
    "pandas named": pd.Series(LISTS, name="types"),
    "pandas odd index": pd.Series(LISTS, index=[3, 3, 1, 0]),
    "pandas arrays": pd.Series([np.array(cell) for cell in LISTS]),
    "pandas frame": pd.DataFrame({"types": LISTS}),
    "pandas arrow": pd.Series(LISTS, dtype=pd.ArrowDtype(pa.list_(pa.string()))),
    "polars Series": pl.Series(LISTS),
    "polars named": pl.Series("types", LISTS),
    "polars chunks": pl.concat([pl.Series(LISTS[:2]), pl.Series(LISTS[2:])], rechunk=False),
    "polars slice": pl.Series([["z"], *LISTS, ["y"]])[1:-1],
    "polars Categorical": pl.Series(LISTS, dtype=pl.List(pl.Categorical)),
    "polars Enum": pl.Series(LISTS, dtype=pl.List(pl.Enum(["z", "c", "b", "a"]))),
    "polars Object": pl.Series(LISTS, dtype=pl.Object),
    "polars frame": pl.DataFrame({"types": LISTS}),
}


@pytest.mark.parametrize("X", ONE_COLUMN_OF_LISTS.values(), ids=ONE_COLUMN_OF_LISTS)
@pytest.mark.parametrize("how", ["error", "ignore", "other"])
def test_lists_of_every_kind(X, how, polars_road):
    known = np.array(LISTS_ENCODED, dtype=float)
    expected = np.insert(known, 0, 0, axis=1) if how == "other" else known
    assert_array_equal(fit_dense(MultiHotEncoder(handle_unknown=how), X), expected)
    encoder = MultiHotEncoder(handle_unknown=how).fit(X)
    assert [c.tolist() for c in encoder.categories_] == [["a", "b", "c"]]
    assert encoder.n_features_in_ == 1


def test_polars_array_column(polars_road):
    X = pl.Series([["b", "a"], ["c", "c"]], dtype=pl.Array(pl.String, 2))
    assert_array_equal(fit_dense(MultiHotEncoder(), X), [[1, 1, 0], [0, 0, 1]])


ONE_COLUMN_OF_WORDS = {
    "list": WORDS,
    "list of rows": [[word] for word in WORDS],
    "list of tuples": [(word,) for word in WORDS],
    "strings 1-D": np.array(WORDS),
    "strings 2-D": np.array(WORDS).reshape(-1, 1),
    "objects 1-D": np.array(WORDS, dtype=object),
    "objects 2-D": np.array(WORDS, dtype=object).reshape(-1, 1),
    "pandas str": pd.Series(WORDS, name="w"),
    "pandas object": pd.Series(WORDS, dtype=object),
    "pandas string": pd.Series(WORDS, dtype="string"),
    "pandas category": pd.Series(pd.Categorical(WORDS, categories=["z", "c", "b", "a"])),
    "pandas arrow": pd.Series(WORDS, dtype=pd.ArrowDtype(pa.string())),
    "pandas frame": pd.DataFrame({"w": WORDS}),
    "polars String": pl.Series("w", WORDS),
    "polars Categorical": pl.Series(WORDS, dtype=pl.Categorical),
    "polars Enum": pl.Series(WORDS, dtype=pl.Enum(["z", "c", "b", "a"])),
    "polars Object": pl.Series(WORDS, dtype=pl.Object),
    "polars frame": pl.DataFrame({"w": WORDS}),
}


@pytest.mark.parametrize("X", ONE_COLUMN_OF_WORDS.values(), ids=ONE_COLUMN_OF_WORDS)
@pytest.mark.parametrize("how", ["error", "ignore", "other"])
def test_words_of_every_kind(X, how, polars_road):
    known = np.array(WORDS_ENCODED, dtype=float)
    expected = np.insert(known, 0, 0, axis=1) if how == "other" else known
    assert_array_equal(fit_dense(OneHotEncoder(handle_unknown=how), X), expected)
    encoder = OneHotEncoder(handle_unknown=how).fit(X)
    assert [c.tolist() for c in encoder.categories_] == [["a", "b", "c"]]


SCALARS = {
    "ints 2-D": (np.array([[3], [1], [3]]), [1, 3]),
    "floats 2-D": (np.array([[3.5], [1.0], [3.5]]), [1.0, 3.5]),
    "float32": (np.array([[3], [1], [3]], dtype=np.float32), [1.0, 3.0]),
    "bools": (np.array([[True], [False], [True]]), [False, True]),
    "list of numbers": ([3, 1, 3], [1, 3]),
    "pandas": (pd.Series([3, 1, 3]), [1, 3]),
    "pandas Int64": (pd.Series([3, 1, 3], dtype="Int64"), [1, 3]),
    "polars": (pl.Series([3, 1, 3]), [1, 3]),
    "polars Int8": (pl.Series([3, 1, 3], dtype=pl.Int8), [1, 3]),
    "polars dates": (
        pl.Series([date(2020, 3, 1), date(2020, 1, 1), date(2020, 3, 1)]),
        [date(2020, 1, 1), date(2020, 3, 1)],
    ),
    "polars bool": (pl.Series([True, False, True]), [False, True]),
    "big ints": ([2**60 + 1, 2**60, 2**60 + 1], [2**60, 2**60 + 1]),
    "ints beyond 64 bits beside a float": ([2**70, 0.5, 2**70], [0.5, 2**70]),
}


@pytest.mark.parametrize(("X", "categories"), SCALARS.values(), ids=SCALARS)
@pytest.mark.parametrize("cls", [OneHotEncoder, MultiHotEncoder])
def test_other_scalars(cls, X, categories, polars_road):
    encoder = cls()
    assert_array_equal(encoder.fit_transform(X).toarray(), [[0, 1], [1, 0], [0, 1]])
    assert encoder.categories_[0].tolist() == categories


def test_equal_numbers_are_one_category():
    encoder = OneHotEncoder()
    assert_array_equal(encoder.fit_transform([1, 1.0, 2, np.int64(1)]).toarray()[:, 0], [1, 1, 0, 1])
    assert encoder.categories_[0].tolist() == [1, 2]


# What an unknown item, a missing item, a missing cell and an empty list do: rows of
# (cell, columns under "ignore", columns under "other"), for the known categories a and b.
UNKNOWN_LISTS = [
    (["b"], [0, 1], [0, 0, 1]),
    (["x"], [0, 0], [1, 0, 0]),
    (["x", "y"], [0, 0], [1, 0, 0]),
    (["b", "x"], [0, 1], [1, 0, 1]),
    (["x", "a", "a", "b"], [1, 1], [1, 1, 1]),
    ([None], [0, 0], [1, 0, 0]),
    (["a", None], [1, 0], [1, 1, 0]),
    ([], [0, 0], [1, 0, 0]),
    (None, [0, 0], [1, 0, 0]),
]
UNKNOWN_WORDS = [
    ("b", [0, 1], [0, 0, 1]),
    ("x", [0, 0], [1, 0, 0]),
    (None, [0, 0], [1, 0, 0]),
]


@pytest.mark.parametrize(("cell", "ignored", "other"), UNKNOWN_LISTS)
def test_unknown_and_missing_in_lists(lib, cell, ignored, other):
    known = lib.frame({"t": [["a"], ["b"]]})
    rows = {"t": [["a"], cell, ["b"]]}
    X = lib.frame(rows) if lib.name == "pandas" else pl.DataFrame(rows, schema={"t": pl.List(str)})
    encoder = MultiHotEncoder(handle_unknown="ignore").fit(known)
    assert_array_equal(encoder.transform(X).toarray(), [[1, 0], ignored, [0, 1]])
    encoder = MultiHotEncoder(handle_unknown="other").fit(known)
    assert_array_equal(encoder.transform(X).toarray(), [[0, 1, 0], other, [0, 0, 1]])
    encoder = MultiHotEncoder().fit(known)
    if cell == ["b"]:
        assert_array_equal(encoder.transform(X).toarray()[1], [0, 1])
    else:
        with pytest.raises(ValueError, match=r"Found .* in column 't', row 1\."):
            encoder.transform(X)


@pytest.mark.parametrize(("cell", "ignored", "other"), UNKNOWN_WORDS)
def test_unknown_and_missing_words(lib, cell, ignored, other):
    known = lib.frame({"t": ["a", "b"]})
    X = lib.frame({"t": ["a", cell, "b"]})
    encoder = OneHotEncoder(handle_unknown="ignore").fit(known)
    assert_array_equal(encoder.transform(X).toarray(), [[1, 0], ignored, [0, 1]])
    encoder = OneHotEncoder(handle_unknown="other").fit(known)
    assert_array_equal(encoder.transform(X).toarray(), [[0, 1, 0], other, [0, 0, 1]])
    encoder = OneHotEncoder().fit(known)
    if cell == "b":
        assert_array_equal(encoder.transform(X).toarray()[1], [0, 1])
    else:
        with pytest.raises(ValueError, match=r"Found .* in column 't', row 1\."):
            encoder.transform(X)


MISSING = {
    "None": [None, "a"],
    "NaN": objects([float("nan"), "a"]),
    "pd.NA": pd.Series([pd.NA, "a"], dtype="string"),
    "pandas inferred": pd.Series([None, "a"]),
    "pandas category": pd.Series([None, "a"], dtype="category"),
    "polars String": pl.Series([None, "a"]),
    "polars Enum": pl.Series([None, "a"], dtype=pl.Enum(["a"])),
    "numbers": np.array([[np.nan], [1.0]]),
    "Int64": pd.Series([None, 1], dtype="Int64"),
    "polars ints": pl.Series([None, 1]),
    "polars floats": pl.Series([float("nan"), 1.0]),
}


@pytest.mark.parametrize("X", MISSING.values(), ids=MISSING)
def test_missing_of_every_kind(X, polars_road):
    encoder = OneHotEncoder(handle_unknown="other")
    assert_array_equal(encoder.fit_transform(X).toarray(), [[1, 0], [0, 1]])
    assert len(encoder.categories_[0]) == 1
    with pytest.raises(ValueError, match=r"a missing value \(None, NaN or null\) in .* row 0"):
        OneHotEncoder().fit(X)


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_missing_items_in_lists(missing):
    X = [["a", missing], missing, ["a"]]
    encoder = MultiHotEncoder(handle_unknown="other")
    assert_array_equal(encoder.fit_transform(X).toarray(), [[1, 1], [1, 0], [0, 1]])
    with pytest.raises(ValueError, match=r"missing value .* or an empty list .* row 0"):
        MultiHotEncoder().fit(X)


def test_only_missing_cells(polars_road):
    assert OneHotEncoder(handle_unknown="ignore").fit_transform([None, None]).shape == (2, 0)
    X = pl.Series([None, []], dtype=pl.List(pl.String))
    assert_array_equal(MultiHotEncoder(handle_unknown="other").fit_transform(X).toarray(), [[1], [1]])
    null = pl.DataFrame({"x": [None, None]})
    assert_array_equal(OneHotEncoder(handle_unknown="other").fit_transform(null).toarray(), [[1], [1]])


def test_numbers_beside_lists_are_lists_of_one():
    expected = [[1, 0], [1, 1], [0, 1]]
    assert_array_equal(fit_dense(MultiHotEncoder(), [1, [1, 2], (2,)]), expected)


DELIMITED = ["Action|Comedy", "RPG", "Action", "RPG|RPG", "Action|Comedy"]


@pytest.mark.parametrize(
    "X",
    [
        DELIMITED,
        np.array(DELIMITED),
        pd.Series(DELIMITED),
        pl.Series(DELIMITED),
        pd.Series(DELIMITED, dtype="category"),
        pl.Series(DELIMITED, dtype=pl.Categorical),
    ],
    ids=["list", "strings", "pandas", "polars", "category", "Categorical"],
)
def test_separator(X, polars_road):
    encoder = MultiHotEncoder(separator="|")
    expected = [[1, 1, 0], [0, 0, 1], [1, 0, 0], [0, 0, 1], [1, 1, 0]]
    assert_array_equal(fit_dense(encoder, X), expected)
    assert encoder.fit(X).categories_[0].tolist() == ["Action", "Comedy", "RPG"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("a", [0, 1, 0]),
        ("", [1, 0, 0]),  # an empty string is an empty list
        (None, [1, 0, 0]),
        ("a|", [1, 1, 0]),  # an empty piece is a missing item
        ("|", [1, 0, 0]),
        ("a| b", [1, 1, 0]),  # blanks belong to the item
        ("a|b", [0, 1, 1]),
    ],
)
def test_separator_pieces(lib, cell, expected):
    encoder = MultiHotEncoder(separator="|", handle_unknown="other").fit(lib.series(["a|b"]))
    assert_array_equal(encoder.transform(lib.series(["b", cell])).toarray()[1], expected)


def test_more_rows_than_a_block():
    cells = [["a"], [], ["b", "a"]] * 2000  # 6,000 rows in blocks of 4,096
    encoded = MultiHotEncoder(handle_unknown="other").fit_transform(cells).toarray()
    assert_array_equal(encoded, [[0, 1, 0], [1, 0, 0], [0, 1, 1]] * 2000)
    with pytest.raises(TypeError, match="bare string 'b' in row 6000"):
        MultiHotEncoder().fit([*cells, "b"])


def test_several_columns(lib):
    X = lib.frame({"t": [["b"], ["a", "c"]], "u": [["y", "x"], ["x"]]})
    encoder = MultiHotEncoder().fit(X)
    assert_array_equal(encoder.transform(X).toarray(), [[0, 1, 0, 1, 1], [1, 0, 1, 1, 0]])
    assert encoder.transform(X).has_canonical_format
    assert encoder.get_feature_names_out().tolist() == ["t=a", "t=b", "t=c", "u=x", "u=y"]
    words = lib.frame({"w": ["b", "a"], "n": [2, 1]})
    encoder = OneHotEncoder(handle_unknown="other").fit(words)
    assert_array_equal(encoder.transform(words).toarray(), [[0, 0, 1, 0, 0, 1], [0, 1, 0, 0, 1, 0]])
    assert encoder.get_categories_out() == [
        ("w", None), ("w", "a"), ("w", "b"), ("n", None), ("n", 1), ("n", 2),
    ]  # fmt: skip


def test_several_columns_without_frames():
    rows = [["b", 2], ["a", 1]]
    expected = [[0, 1, 0, 1], [1, 0, 1, 0]]
    for X in (rows, [tuple(row) for row in rows], np.array(rows, dtype=object)):
        assert_array_equal(OneHotEncoder().fit_transform(X).toarray(), expected)
    X = np.empty((2, 2), dtype=object)
    X[:, 0], X[:, 1] = objects([["a"], ["b", "a"]]), objects([[1], [2]])
    assert_array_equal(MultiHotEncoder().fit_transform(X).toarray(), [[1, 0, 1, 0], [1, 1, 0, 1]])


def test_answers_equal_scikit_learns():
    rng = np.random.default_rng(0)
    words = np.array([f"w{k:03}" for k in range(300)], dtype=object)[rng.integers(300, size=5000)]
    cells = [words[i : i + rng.integers(1, 6)].tolist() for i in range(5000)]
    binarizer = peers.MultiLabelBinarizer(sparse_output=True).fit(cells)
    for X in (cells, pd.Series(cells), pl.Series(cells)):
        encoder = MultiHotEncoder()
        assert (encoder.fit_transform(X) != binarizer.transform(cells)).nnz == 0
        assert_array_equal(encoder.categories_[0], binarizer.classes_)
    columns = {"w": words, "n": rng.integers(7, size=5000)}
    theirs = peers.OneHotEncoder().fit(pd.DataFrame(columns))
    expected = theirs.transform(pd.DataFrame(columns))
    # Fresh strings share no object, the others do: both roads through the factorising are walked.
    fresh = objects(["".join(list(word)) for word in words])
    for X in (
        pd.DataFrame(columns),
        pl.DataFrame(columns),
        pd.DataFrame({**columns, "w": fresh}),
        pd.DataFrame({"w": pd.Series(fresh, dtype=object), "n": columns["n"]}),
    ):
        encoder = OneHotEncoder()
        assert (encoder.fit_transform(X) != expected).nnz == 0
        names = [name.replace("_", "=", 1) for name in theirs.get_feature_names_out()]
        assert_array_equal(encoder.get_feature_names_out(), names)


# Parameters


def test_given_categories_keep_their_order(lib):
    X = lib.frame({"t": [["a"], ["c", "b"]]})
    encoder = MultiHotEncoder(categories=[["c", "a", "b"]])
    assert_array_equal(encoder.fit_transform(X).toarray(), [[0, 1, 0], [1, 0, 1]])
    assert encoder.get_feature_names_out().tolist() == ["t=c", "t=a", "t=b"]
    numbers = OneHotEncoder(categories=[[3, 1]], sparse_output=False)
    assert_array_equal(numbers.fit_transform([[1], [3]]), [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    "categories", [["c", "a"], ("c", "a"), np.array(["c", "a"]), [["c", "a"]], [np.array(["c", "a"])]]
)
def test_categories_of_one_column_may_be_flat(categories):
    encoder = OneHotEncoder(categories=categories).fit(["a", "c"])
    assert encoder.categories_[0].tolist() == ["c", "a"]


@pytest.mark.parametrize(
    ("categories", "message"),
    [
        ([["a"], ["b"]], "one sequence of categories per column. Got 2 for 1 columns"),
        ([["a", "b", "a", "b", "c"]], r"column 'x0' contain duplicates: \['a', 'b'\]"),
        ([["a", None]], "column 'x0' contain a missing value"),
        ([[1.0, np.nan]], "column 'x0' contain a missing value"),
        ("all", "The 'categories' parameter of .* must be .*'auto'.* Got 'all' instead"),
    ],
)
@pytest.mark.parametrize("cls", [OneHotEncoder, MultiHotEncoder])
def test_bad_categories(cls, categories, message):
    with pytest.raises(ValueError, match=message):
        cls(categories=categories, handle_unknown="ignore").fit([1])


def test_flat_categories_for_two_columns():
    with pytest.raises(ValueError, match="Got 1 for 2 columns"):
        OneHotEncoder(categories=["a", "b"]).fit([["a", "b"]])


def test_given_categories_and_unknown_data():
    X = [["a"], ["z"]]
    with pytest.raises(ValueError, match="unknown category 'z' in column 'x0', row 1"):
        MultiHotEncoder(categories=["a"]).fit(X)
    encoder = MultiHotEncoder(categories=["a"], handle_unknown="other")
    assert_array_equal(encoder.fit_transform(X).toarray(), [[0, 1], [1, 0]])
    assert encoder.partial_fit([["q"]]).categories_[0].tolist() == ["a"]


@pytest.mark.parametrize("dtype", [np.float64, np.float32, "int8", bool, np.int64])
@pytest.mark.parametrize("sparse_output", [True, False])
def test_dtype(dtype, sparse_output):
    X = MultiHotEncoder(dtype=dtype, sparse_output=sparse_output).fit_transform([["a", "a"], ["b"]])
    assert X.dtype == np.dtype(dtype)
    assert sparse.issparse(X) == sparse_output
    assert_array_equal(X.toarray() if sparse_output else X, np.eye(2))


def test_an_item_repeated_300_times_counts_once():
    X = MultiHotEncoder(dtype=np.int8).fit_transform([["a"] * 256, ["a"] * 300])
    assert_array_equal(X.toarray(), [[1], [1]])


@pytest.mark.parametrize("cls", [OneHotEncoder, MultiHotEncoder])
def test_sparse_interface(cls):
    X = np.array([[1, 2], [2, 1]])
    assert sparse.isspmatrix_csr(cls().fit_transform(X))
    with config_context(sparse_interface="sparray"):
        assert isinstance(cls().fit_transform(X), sparse.csr_array)


# Errors


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"handle_unknown": "skip"}, "'handle_unknown' parameter of .* Got 'skip' instead"),
        ({"sparse_output": "yes"}, "'sparse_output' parameter of .* Got 'yes' instead"),
        ({"categories": 3}, "'categories' parameter of .* Got 3 instead"),
    ],
)
@pytest.mark.parametrize("cls", [OneHotEncoder, MultiHotEncoder])
@pytest.mark.parametrize("method", ["fit", "partial_fit", "fit_transform"])
def test_bad_parameters(cls, method, params, message):
    with pytest.raises(ValueError, match=message):
        getattr(cls(**params), method)([["a"]])


def test_bad_separator():
    with pytest.raises(ValueError, match="'separator' parameter of MultiHotEncoder .* Got 3 instead"):
        MultiHotEncoder(separator=3).fit(["a"])
    with pytest.raises(ValueError, match="'separator' parameter of MultiHotEncoder .* Got '' instead"):
        MultiHotEncoder(separator="").fit(["a"])


@pytest.mark.parametrize(
    "X",
    [["b"], pd.Series([["a"], "b"]), pl.Series(["b"]), pd.Series(["b"]), np.array([["b"]]),
     [["a"], np.str_("b")], pd.Series(["b"], dtype="category")],
    ids=["list", "beside lists", "polars", "pandas", "2-D", "numpy string", "category"],
)  # fmt: skip
def test_a_bare_string_is_no_list(X, polars_road):
    row = len(X) - 1
    with pytest.raises(
        TypeError, match=rf"bare string .*'b'\)? in row {row}, .*\[.*'b'.*\], or .* separator="
    ):
        MultiHotEncoder(handle_unknown="ignore").fit(X)


LISTS_IN_CELLS = {
    "list": [["a"], ["b", "c"]],
    "sets": [{"a"}, {"b"}],
    "tuples": pd.Series([("a",), ("b",)]),
    "pandas": pd.DataFrame({"x0": [["a"], ["b"]]}),
    "polars": pl.DataFrame({"x0": [["a"], ["b"]]}),
}


@pytest.mark.parametrize("X", LISTS_IN_CELLS.values(), ids=LISTS_IN_CELLS)
def test_a_list_is_no_single_value(X, polars_road):
    with pytest.raises(TypeError, match="'x0' holds lists .* MultiHotEncoder without a separator"):
        OneHotEncoder(handle_unknown="ignore").fit(X)
    with pytest.raises(TypeError, match="'x0' holds lists .* MultiHotEncoder without a separator"):
        MultiHotEncoder(separator="|").fit(X)


@pytest.mark.parametrize("X", [[[["a"]]], [[("a", "b")]], pl.Series([[["a"]]])])
def test_lists_in_lists(X, polars_road):
    with pytest.raises(TypeError, match="holds lists where single values are expected"):
        MultiHotEncoder().fit(X)


def test_separator_wants_strings():
    with pytest.raises(TypeError, match=r"separator='\|' every cell must be a string. Got 3 in column"):
        MultiHotEncoder(separator="|").fit(["a|b", 3])


@pytest.mark.parametrize("bad", [3, {"k": 1}, b"a"])
def test_mixed_types(bad):
    message = "uniformly strings or numbers. Got .*'str'"
    with pytest.raises(TypeError, match=message):
        MultiHotEncoder().fit([["a", bad]])
    with pytest.raises(TypeError, match=message):
        OneHotEncoder().fit(objects(["a", bad]))
    encoder = OneHotEncoder().fit(["a"])
    if not isinstance(bad, dict):
        with pytest.raises(TypeError, match=message):
            encoder.partial_fit([bad])
        with pytest.raises(TypeError, match=message):
            encoder.merge(OneHotEncoder().fit([bad]))
        assert encoder.categories_[0].tolist() == ["a"]


def test_polars_structs(polars_road):
    for cls in (OneHotEncoder, MultiHotEncoder):
        with pytest.raises(TypeError, match=r"uniformly strings or numbers. Got \['dict'\]"):
            cls().fit(pl.Series([{"a": 1}]))


GENRES = ["Action", "Adventure", "Arcade", "Board", "Card", "Educational", "Fighting", "Music",
          "Platform", "Puzzle", "Racing", "RPG"]  # fmt: skip


def test_unknown_error_lists_the_nearest_first(lib):
    encoder = MultiHotEncoder().fit(lib.frame({"types": [GENRES]}))
    X = lib.frame({"types": [["Action"], ["Puzzle", "Advnture"]]})
    with pytest.raises(ValueError, match="unknown category 'Advnture' in column 'types', row 1") as e:
        encoder.transform(X)
    assert "nearest spelling first: 'Adventure', 'Action'" in str(e.value)
    assert "... and 2 more." in str(e.value)
    assert "handle_unknown='ignore' or 'other'" in str(e.value)


def test_unknown_error_of_few_categories():
    encoder = OneHotEncoder().fit([2, 30])
    with pytest.raises(ValueError, match=r"unknown category 31 .*first: 2, 30\. handle"):
        encoder.transform([31])


def test_unknown_error_of_very_many_categories():
    encoder = OneHotEncoder().fit([f"game {k:06}" for k in range(100_000)])
    with pytest.raises(ValueError, match="first: .*'game 077777', .* and 99990 more"):
        encoder.transform(["game 07777"])


@pytest.mark.parametrize("cls", [OneHotEncoder, MultiHotEncoder])
@pytest.mark.parametrize(
    ("X", "message"),
    [
        ([], r"Found array with 0 sample\(s\) .* minimum of 1 is required by"),
        (pd.DataFrame({"a": []}), r"Found array with 0 sample\(s\) .* minimum of 1 is required by"),
        (pl.DataFrame({"a": []}), r"Found array with 0 sample\(s\) .* minimum of 1 is required by"),
        (pl.Series([], dtype=pl.List(str)), r"Found array with 0 sample\(s\)"),
        (np.empty((3, 0)), r"Found array with 0 feature\(s\) .* minimum of 1 is required by"),
        (pd.DataFrame(index=[0, 1]), r"Found array with 0 feature\(s\)"),
        (np.array([1, 2, 3]), "Expected 2D array, got 1D array instead.*\n.*\nReshape your data"),
        (np.zeros((2, 2, 2)), "Found array with dim 3"),
        (np.array([[1j]]), "Complex data not supported"),
        (objects([1j]), "Complex data not supported"),
        (pd.Series([1j]), "Complex data not supported"),
        (np.array([[np.inf], [1]]), "contains infinity or a value too large for dtype"),
        (pd.Series([-np.inf]), "contains infinity or a value too large for dtype"),
        ([np.float32("inf")], "contains infinity or a value too large for dtype"),
        (pl.Series([1.0, float("inf")]), "contains infinity or a value too large for dtype"),
    ],
)
def test_bad_input(cls, X, message, polars_road):
    with pytest.raises(ValueError, match=message):
        cls(handle_unknown="ignore").fit(X)


@pytest.mark.parametrize("cls", [OneHotEncoder, MultiHotEncoder])
def test_sparse_input(cls):
    with pytest.raises(TypeError, match="Sparse data was passed"):
        cls().fit(sparse.eye_array(3, format="csr"))


@pytest.mark.parametrize("cls", [OneHotEncoder, MultiHotEncoder])
def test_not_fitted(cls):
    fitted = cls().fit([[1]])
    for call in (
        lambda: cls().transform([[1]]),
        lambda: cls().inverse_transform([[1]]),
        lambda: cls().get_feature_names_out(),
        lambda: cls().get_categories_out(),
        lambda: cls().merge(fitted),
        lambda: fitted.merge(cls()),
    ):
        with pytest.raises(NotFittedError):
            call()


def test_fitted_on_one_kind_asked_in_another():
    encoder = MultiHotEncoder().fit(pd.DataFrame({"t": LISTS}))
    for X in (pl.DataFrame({"t": LISTS}), pd.Series(LISTS, name="t"), pl.Series("t", LISTS)):
        assert_array_equal(encoder.transform(X).toarray(), LISTS_ENCODED)


def test_an_encoder_that_failed_to_fit_is_not_fitted():
    encoder = OneHotEncoder()
    with pytest.raises(ValueError, match="missing value"):
        encoder.partial_fit([None])
    with pytest.raises(NotFittedError):
        encoder.transform(["a"])


# Names, Pipeline, ColumnTransformer


def test_other_columns_are_refused(lib):
    encoder = MultiHotEncoder().fit(lib.frame({"types": [["a"]]}))
    assert encoder.feature_names_in_.tolist() == ["types"]
    for X in (lib.frame({"kinds": [["a"]]}), lib.series([["a"]], "kinds")):
        with pytest.raises(ValueError, match="feature names should match those .* during fit"):
            encoder.transform(X)
    with pytest.raises(ValueError, match="X has 2 features, but MultiHotEncoder is expecting 1"):
        MultiHotEncoder().fit([["a"]]).transform(np.array([[1, 2]]))


def test_feature_names(lib):
    X = lib.series([["b"], ["a"]], "types")
    encoder = MultiHotEncoder(handle_unknown="other").fit(X)
    assert encoder.get_feature_names_out().tolist() == ["types:other", "types=a", "types=b"]
    assert encoder.get_categories_out() == [("types", None), ("types", "a"), ("types", "b")]
    for nameless in (lib.series([["b"], ["a"]]), [["b"], ["a"]]):
        encoder = MultiHotEncoder().fit(nameless)
        assert not hasattr(encoder, "feature_names_in_")
        assert encoder.get_feature_names_out().tolist() == ["x0=a", "x0=b"]
        assert encoder.get_feature_names_out(["t"]).tolist() == ["t=a", "t=b"]
        assert encoder.get_categories_out(["t"]) == [("t", "a"), ("t", "b")]


def test_a_category_named_other_keeps_its_own_column():
    encoder = OneHotEncoder(handle_unknown="other").fit(["other", "a"])
    assert encoder.get_feature_names_out().tolist() == ["x0:other", "x0=a", "x0=other"]


GAMES = {
    "budget": ["cheap", "premium", "cheap", "standard"],
    "types": [["Puzzle"], ["Racing", "Puzzle"], ["Racing"], []],
    "year": [1990, 1991, 1992, 1993],
}
GAMES_ENCODED = [[1, 0, 0, 1, 0], [0, 1, 0, 1, 1], [1, 0, 0, 0, 1], [0, 0, 1, 0, 0]]
GAMES_NAMES = ["budget=cheap", "budget=premium", "budget=standard", "types=Puzzle", "types=Racing"]


@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize("sparse_output", [False, True])
def test_column_transformer(lib, as_list, sparse_output):
    budget, types = (["budget"], ["types"]) if as_list else ("budget", "types")
    params = {"handle_unknown": "ignore", "sparse_output": sparse_output}
    transformer = ColumnTransformer(
        [("b", OneHotEncoder(**params), budget), ("t", MultiHotEncoder(**params), types)],
        verbose_feature_names_out=False,
    )
    X = lib.frame(GAMES)
    assert_array_equal(transformer.fit_transform(X), GAMES_ENCODED)
    assert_array_equal(transformer.transform(X[::-1]), GAMES_ENCODED[::-1])
    assert transformer.get_feature_names_out().tolist() == GAMES_NAMES
    pipeline = make_pipeline(transformer, LogisticRegression())
    assert_array_equal(pipeline.fit(X, [0, 1, 0, 1]).predict(X), [0, 1, 0, 1])


@pytest.mark.parametrize("output", ["pandas", "polars"])
@pytest.mark.parametrize("as_list", [False, True])
def test_set_output(lib, output, as_list):
    columns = (["budget"], ["types"]) if as_list else ("budget", "types")
    params = {"handle_unknown": "ignore", "sparse_output": False}
    transformer = ColumnTransformer(
        [("b", OneHotEncoder(**params), columns[0]), ("t", MultiHotEncoder(**params), columns[1])],
        verbose_feature_names_out=False,
    ).set_output(transform=output)
    out = transformer.fit_transform(lib.frame(GAMES))
    assert isinstance(out, pd.DataFrame if output == "pandas" else pl.DataFrame)
    assert list(out.columns) == GAMES_NAMES
    assert_array_equal(out.to_numpy(), GAMES_ENCODED)


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_set_output_wants_dense(lib, output):
    X = lib.frame({"types": [["a"]]})
    alone = MultiHotEncoder().set_output(transform=output)
    within = ColumnTransformer([("t", MultiHotEncoder(), "types")]).set_output(transform=output)
    for encoder in (alone, within):
        with pytest.raises(ValueError, match=f"scipy sparse matrix.* dense .*{output.capitalize()}"):
            encoder.fit_transform(X)


def test_pandas_output_keeps_the_index():
    X = pd.DataFrame({"types": [["a"], ["b"]]}, index=[7, 5])
    encoder = MultiHotEncoder(sparse_output=False).set_output(transform="pandas")
    assert encoder.fit_transform(X).index.tolist() == [7, 5]
    assert encoder.transform(X["types"]).index.tolist() == [7, 5]


def test_a_column_of_numbers_named_by_a_string(lib):
    transformer = ColumnTransformer([("y", OneHotEncoder(sparse_output=False), "year")])
    assert_array_equal(transformer.fit_transform(lib.frame(GAMES)), np.eye(4))


# Inverse


@pytest.mark.parametrize("container", [sparse.csr_matrix, sparse.csc_array, np.array, pd.DataFrame, list])
def test_inverse_transform(container):
    X = [["b"], ["a", "c"], [], ["x", "c"], ["x"]]
    encoder = MultiHotEncoder(categories=["c", "a", "b"], handle_unknown="other")
    encoded = container(encoder.fit_transform(X).toarray())
    decoded = encoder.inverse_transform(encoded)
    assert decoded.shape == (5, 1)
    assert decoded.dtype == object
    assert decoded[:, 0].tolist() == [["b"], ["c", "a"], [None], [None, "c"], [None]]


def test_inverse_transform_of_zeros_and_several_columns():
    encoder = MultiHotEncoder(handle_unknown="ignore").fit(np.array([[1, 7], [2, 8]]))
    assert encoder.inverse_transform([[0, 0, 1, 1], [0, 2, 0, 0]]).tolist() == [
        [[], [7, 8]],
        [[2], []],
    ]
    words = OneHotEncoder(handle_unknown="ignore").fit([["a", 7], ["b", 8]])
    assert words.inverse_transform([[0, 1, 1, 0], [0, 0, 0, 1]]).tolist() == [["b", 7], [None, 8]]
    other = OneHotEncoder(handle_unknown="other").fit(["a"])
    assert other.inverse_transform([[1, 0], [0, 1], [0, 0]]).tolist() == [[None], ["a"], [None]]


def test_inverse_transform_leaves_its_input_alone():
    encoder = MultiHotEncoder().fit([["a"], ["b"]])
    X = sparse.csr_array((np.array([1.0, 0.0]), np.array([1, 0]), np.array([0, 2])), shape=(1, 2))
    assert encoder.inverse_transform(X).tolist() == [[["b"]]]
    assert X.indices.tolist() == [1, 0]
    assert X.nnz == 2


def test_inverse_transform_errors():
    encoder = OneHotEncoder().fit(["a", "b"])
    with pytest.raises(ValueError, match="Expected 2 columns, got 3"):
        encoder.inverse_transform([[0, 0, 1]])
    with pytest.raises(ValueError, match=r"Row 1 has several categories in column 'x0': \['a', 'b'\]"):
        encoder.inverse_transform([[0, 1], [1, 1]])


# Laws

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
    with mock.patch.object(_columns, "_SHORT", 0 if "long" in kind else 100):
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
    one, multi = OneHotEncoder(), MultiHotEncoder()
    assert (one.fit_transform(words) != multi.fit_transform([[w] for w in words])).nnz == 0
    assert one.inverse_transform(one.transform(words))[:, 0].tolist() == words


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
    chunked = OneHotEncoder().partial_fit(pd.Series([2])).partial_fit(np.array([[3.5], [1]]))
    merged = OneHotEncoder().fit([1, 2]).merge(OneHotEncoder().fit([3.5]))
    for encoder in (chunked, merged):
        assert encoder.categories_[0].dtype == whole.categories_[0].dtype
        assert_array_equal(encoder.categories_[0], whole.categories_[0])


@pytest.mark.parametrize(
    ("ours", "theirs", "message"),
    [
        ({}, {"handle_unknown": "ignore"}, "differ in handle_unknown: 'error' and 'ignore'"),
        ({"dtype": np.float32}, {"dtype": np.int8}, "differ in dtype: 'float32' and 'int8'"),
        ({"sparse_output": False}, {}, "differ in sparse_output: False and True"),
        ({"categories": ["a"]}, {}, r"differ in categories: \[\['a'\]\] and 'auto'"),
        ({"categories": ["a", "b"]}, {"categories": ["b", "a"]}, "differ in categories"),
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
    with pytest.raises(ValueError, match=r"differ in input columns: \['t'\] and \['u'\]"):
        encoder.merge(MultiHotEncoder().fit(pd.Series([["a"]], name="u")))
    with pytest.raises(ValueError, match="differ in input columns"):
        encoder.merge(MultiHotEncoder().fit(np.array([[1, 2]])))
    with pytest.raises(ValueError, match="differ in separator: None and '|'"):
        encoder.merge(MultiHotEncoder(separator="|").fit(pd.Series(["a"], name="t")))
    with pytest.raises(ValueError, match="Cannot merge OneHotEncoder into MultiHotEncoder"):
        encoder.merge(OneHotEncoder().fit(["a"]))


def test_merge_with_equal_given_categories():
    a, b = (OneHotEncoder(categories=np.array(["b", "a"])).fit([x]) for x in ("a", "b"))
    assert a.merge(b) is a
    assert a.categories_[0].tolist() == ["b", "a"]


def test_a_second_fit_forgets_the_first(lib):
    encoder = OneHotEncoder().fit(lib.frame({"w": ["a"]})).fit(["b"])
    assert encoder.categories_[0].tolist() == ["b"]
    assert not hasattr(encoder, "feature_names_in_")


def test_survives_pickle_clone_and_joblib(tmp_path):
    encoder = MultiHotEncoder(handle_unknown="other", dtype=np.int8).fit([["b"], ["a"]])
    joblib.dump(encoder, tmp_path / "encoder.joblib")
    for copy in (pickle.loads(pickle.dumps(encoder)), joblib.load(tmp_path / "encoder.joblib")):
        assert_array_equal(copy.transform([["a", "z"]]).toarray(), [[1, 1, 0]])
    assert clone(encoder).get_params() == encoder.get_params()


def test_a_failed_refit_leaves_no_old_categories_behind():
    encoder = OneHotEncoder().fit(pd.DataFrame({"a": ["x", "y"]}))
    with pytest.raises(ValueError, match="missing value"):
        encoder.fit(pd.DataFrame({"b": ["x", None], "c": ["p", "q"]}))
    with pytest.raises(NotFittedError):
        encoder.transform(pd.DataFrame({"a": ["x"]}))


def test_given_sets_are_sorted_and_what_has_no_order_is_refused():
    encoder = MultiHotEncoder(categories=[{"d", "b", "c", "a"}]).fit([["a"]])
    assert encoder.categories_[0].tolist() == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="Got a dict"):
        OneHotEncoder(categories={"x": ["a"]}).fit(["a"])
    with pytest.raises(ValueError, match="Got a generator"):
        OneHotEncoder(categories=[(x for x in "ab")]).fit(["a"])
    for sets in ([np.array(["b", "a"])], np.array(["b", "a"])):
        encoder = OneHotEncoder(categories=sets).fit(["a"])
        assert encoder.categories_[0].tolist() == ["b", "a"]
        assert type(encoder.categories_[0][0]) is str
    assert OneHotEncoder(categories=set("dbca")).fit(["a"]).categories_[0].tolist() == list("abcd")
    with pytest.raises(TypeError, match="uniformly strings or numbers"):
        OneHotEncoder(categories=[{"a", 1}]).fit(["a"])


def test_inverse_transform_sums_entries_of_one_cell():
    encoder = MultiHotEncoder().fit([["a"], ["b"]])
    twice = sparse.csr_array(([1.0, 1.0], [0, 0], [0, 2]), shape=(1, 2))
    assert encoder.inverse_transform(twice)[0, 0] == ["a"]


@pytest.mark.parametrize("dtype", ["nonsense", np.float16, object])
def test_dtypes_that_sparse_matrices_do_not_take(dtype):
    with pytest.raises(ValueError, match=r"The 'dtype' parameter of an encoder must be a numpy dtype"):
        OneHotEncoder(dtype=dtype).fit(["a"])


def test_unusual_cells():
    assert OneHotEncoder().fit(["\ud800"]).categories_[0].tolist() == ["\ud800"]
    assert OneHotEncoder().fit(np.array([[1], [2]], dtype=np.float16)).categories_[0].tolist() == [1, 2]
    wide = pl.Series([1, 2] * 400, dtype=getattr(pl, "UInt128", pl.Int128))  # UInt128: newer polars
    assert OneHotEncoder().fit(wide).categories_[0].tolist() == [1, 2]


def test_the_nearest_spelling_is_so_whatever_its_case():
    encoder = OneHotEncoder().fit([*map(str, range(20)), "Zzz"])
    with pytest.raises(ValueError, match="nearest spelling first: 'Zzz'"):
        encoder.transform(["ZZZ"])


@pytest.mark.parametrize("how", ["ignore", "other"])
def test_missing_items_among_fresh_strings_repeated_often(how):
    cells = [
        ["".join(["Act", "ion"]), None, float("nan")] if i % 3 else ["".join(["Puz", "zle"])]
        for i in range(900)
    ]
    got = MultiHotEncoder(handle_unknown=how, sparse_output=False).fit_transform(cells)
    with_missing = [1.0, 1.0, 0.0] if how == "other" else [1.0, 0.0]
    without = [0.0, 0.0, 1.0] if how == "other" else [0.0, 1.0]
    assert_array_equal(got, [with_missing if i % 3 else without for i in range(900)])


@pytest.mark.parametrize("unit", ["ns", "us", "D"])
def test_dates_are_the_same_in_numpy_and_pandas(unit):
    days = np.array([["2020-01-01"], ["2021-01-01"]], dtype=f"datetime64[{unit}]")
    frame = pd.DataFrame({"a": pd.to_datetime(["2020-01-01", "2021-01-01"])})
    encoder = OneHotEncoder(sparse_output=False).fit(days)
    with pytest.warns(UserWarning, match="feature names"):
        assert_array_equal(encoder.transform(frame), np.eye(2))
    given = OneHotEncoder(categories=[days.ravel()], sparse_output=False)
    assert_array_equal(given.fit_transform(frame), np.eye(2))
