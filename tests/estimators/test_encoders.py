"""What the encoders answer for every kind of table and cell.

Expected matrices are written by hand from the definition (column k is one where the row holds
category k) or come from scikit-learn's MultiLabelBinarizer and OneHotEncoder.
"""

from datetime import date

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import sklearn.preprocessing as peers
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.utils import estimator_checks
from sklearn.utils.estimator_checks import estimator_checks_generator, parametrize_with_checks

from estimators import MultiHotEncoder, OneHotEncoder
from tests.estimators.samples import LISTS, LISTS_ENCODED, as_rows, objects

ENCODERS = [
    *(OneHotEncoder(handle_unknown=how) for how in ("error", "ignore", "infrequent_if_exist", "other")),
    OneHotEncoder(missing="ignore", handle_unknown="ignore", feature_name_combiner="equals"),
    OneHotEncoder(missing="unknown"),
    OneHotEncoder(drop="first", min_frequency=2),
    *(MultiHotEncoder(handle_unknown=how) for how in ("error", "ignore", "other")),
    MultiHotEncoder(missing="category", max_categories=3),
]


@parametrize_with_checks(ENCODERS)
def test_sklearn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("encoder", ENCODERS, ids=repr)
def test_sklearn_checks_are_collected(encoder):
    checks = list(estimator_checks_generator(encoder))
    # scikit-learn 1.9 yields 46, and one more (NaN and infinity refused) where missing values are an error.
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


def fit_dense(encoder, X):
    """Encode, and hold fit_transform to fit().transform() on the way."""
    at_once = clone(encoder).fit_transform(X)
    in_two = clone(encoder).fit(X).transform(X)
    for matrix in (at_once, in_two):
        assert matrix.has_canonical_format
        assert matrix.indices.dtype == np.int32
    assert_array_equal(at_once.toarray(), in_two.toarray())
    return at_once.toarray()


WORDS = ["b", "c", "a", "b"]
WORDS_ENCODED = [[0, 1, 0], [0, 0, 1], [1, 0, 0], [0, 1, 0]]


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
    "list of rows": [[word] for word in WORDS],
    "list of tuples": [(word,) for word in WORDS],
    "strings 2-D": np.array(WORDS).reshape(-1, 1),
    "objects 2-D": np.array(WORDS, dtype=object).reshape(-1, 1),
    "pandas str": pd.DataFrame({"w": WORDS}),
    "pandas object": pd.DataFrame({"w": WORDS}, dtype=object),
    "pandas string": pd.DataFrame({"w": WORDS}, dtype="string"),
    "pandas category": pd.DataFrame({"w": pd.Categorical(WORDS, categories=["z", "c", "b", "a"])}),
    "pandas arrow": pd.DataFrame({"w": WORDS}, dtype=pd.ArrowDtype(pa.string())),
    "polars String": pl.DataFrame({"w": WORDS}),
    "polars Categorical": pl.DataFrame({"w": WORDS}, schema={"w": pl.Categorical}),
    "polars Enum": pl.DataFrame({"w": WORDS}, schema={"w": pl.Enum(["z", "c", "b", "a"])}),
    "polars Object": pl.DataFrame({"w": WORDS}, schema={"w": pl.Object}),
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
    "rows of numbers": ([[3], [1], [3]], [1, 3]),
    "pandas": (pd.Series([3, 1, 3]), [1, 3]),
    "pandas Int64": (pd.Series([3, 1, 3], dtype="Int64"), [1, 3]),
    "polars": (pl.Series([3, 1, 3]), [1, 3]),
    "polars Int8": (pl.Series([3, 1, 3], dtype=pl.Int8), [1, 3]),
    "polars dates": (
        pl.Series([date(2020, 3, 1), date(2020, 1, 1), date(2020, 3, 1)]),
        [date(2020, 1, 1), date(2020, 3, 1)],
    ),
    "polars bool": (pl.Series([True, False, True]), [False, True]),
    "big ints": (pd.Series([2**60 + 1, 2**60, 2**60 + 1]), [2**60, 2**60 + 1]),
    "big nullable ints": (pd.Series([2**60 + 1, 2**60, 2**60 + 1], dtype="Int64"), [2**60, 2**60 + 1]),
    "ints beyond 64 bits beside a float": (pd.Series([2**70, 0.5, 2**70], dtype=object), [0.5, 2**70]),
}


@pytest.mark.parametrize(("X", "categories"), SCALARS.values(), ids=SCALARS)
@pytest.mark.parametrize("cls", [OneHotEncoder, MultiHotEncoder])
def test_other_scalars(cls, X, categories, polars_road):
    encoder = cls()
    X = as_rows(X) if cls is OneHotEncoder else [cell for (cell,) in X] if isinstance(X, list) else X
    assert_array_equal(encoder.fit_transform(X).toarray(), [[0, 1], [1, 0], [0, 1]])
    assert encoder.categories_[0].tolist() == categories


def test_equal_numbers_are_one_category():
    encoder, cells = OneHotEncoder(), objects([1, 1.0, 2, np.int64(1), True])
    assert_array_equal(encoder.fit_transform(cells.reshape(-1, 1)).toarray()[:, 0], [1, 1, 0, 1, 1])
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
        with pytest.raises(ValueError, match=r"Found .*(in row 1 of column 't'|in column 't', row 1)\."):
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
        with pytest.raises(ValueError, match=r"Found .*(in row 1 of column 't'|in column 't', row 1)\."):
            encoder.transform(X)


MISSING = {
    "None": [[None], ["a"]],
    "NaN": pd.Series([float("nan"), "a"], dtype=object),
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
    X = as_rows(X)
    for how, expected in (("other", [[1, 0], [0, 1]]), ("ignore", [[0], [1]])):
        encoder = OneHotEncoder(handle_unknown=how, missing="unknown")
        assert_array_equal(encoder.fit_transform(X).toarray(), expected)
        assert len(encoder.categories_[0]) == 1
    assert_array_equal(OneHotEncoder(missing="ignore").fit_transform(X).toarray(), [[0], [1]])
    with pytest.raises(ValueError, match=r"a missing value \(None, NaN or null\) in .* row 0"):
        OneHotEncoder(missing="unknown").fit(X)
    encoder = OneHotEncoder().fit(X)
    missing = encoder.categories_[0][-1]
    assert missing is None if is_none(X) else np.isnan(missing)
    assert_array_equal(encoder.transform(X).toarray(), [[0, 1], [1, 0]])
    # A value and a missing one, in the order in which the columns of scikit-learn stand.
    assert_array_equal(encoder.inverse_transform([[1, 0], [0, 1]])[0, 0], encoder.categories_[0][0])


def is_none(X):
    """Tell whether the first row of a table holds None once numpy reads it."""
    return np.asarray(X)[0, 0] is None


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_missing_items_in_lists(missing):
    X = [["a", missing], missing, ["a"]]
    encoder = MultiHotEncoder(handle_unknown="other")
    assert_array_equal(encoder.fit_transform(X).toarray(), [[1, 1], [1, 0], [0, 1]])
    with pytest.raises(ValueError, match=r"missing value .* or an empty list .* row 0"):
        MultiHotEncoder().fit(X)


def test_only_missing_cells(polars_road):
    assert OneHotEncoder(missing="ignore").fit_transform([[None], [None]]).shape == (2, 0)
    assert OneHotEncoder().fit_transform([[None], [None]]).shape == (2, 1)
    X = pl.Series([None, []], dtype=pl.List(pl.String))
    assert_array_equal(MultiHotEncoder(handle_unknown="other").fit_transform(X).toarray(), [[1], [1]])
    null = pl.DataFrame({"x": [None, None]})
    encoder = OneHotEncoder(handle_unknown="other", missing="unknown")
    assert_array_equal(encoder.fit_transform(null).toarray(), [[1], [1]])
    assert OneHotEncoder().fit(null).categories_[0].tolist() == [None]


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
        ("a| b", [0, 1, 1]),  # spaces around a piece are removed
        ("\t b |a ", [0, 1, 1]),
        ("a|  ", [1, 1, 0]),
        ("a|b", [0, 1, 1]),
        ("a b|c", [1, 0, 0]),  # spaces inside a piece belong to it
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
    assert encoder.get_feature_names_out().tolist() == ["t_a", "t_b", "t_c", "u_x", "u_y"]
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
        assert_array_equal(encoder.get_feature_names_out(), theirs.get_feature_names_out())


def test_given_categories_keep_their_order(lib):
    X = lib.frame({"t": [["a"], ["c", "b"]]})
    encoder = MultiHotEncoder(categories=[["c", "a", "b"]])
    assert_array_equal(encoder.fit_transform(X).toarray(), [[0, 1, 0], [1, 0, 1]])
    assert encoder.get_feature_names_out().tolist() == ["t_c", "t_a", "t_b"]
    numbers = MultiHotEncoder(categories=[[3, 1]], sparse_output=False)
    assert_array_equal(numbers.fit_transform([[1], [3]]), [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    "categories", [["c", "a"], ("c", "a"), np.array(["c", "a"]), [["c", "a"]], [np.array(["c", "a"])]]
)
def test_categories_of_one_column_may_be_flat(categories):
    encoder = OneHotEncoder(categories=categories).fit([["a"], ["c"]])
    assert encoder.categories_[0].tolist() == ["c", "a"]


def test_given_categories_and_unknown_data():
    X = [["a"], ["z"]]
    with pytest.raises(
        ValueError, match=r"unknown categories \['z'\] in column 0 during fit. 'z' is in row 1"
    ):
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


def test_fitted_on_one_kind_asked_in_another():
    encoder = MultiHotEncoder().fit(pd.DataFrame({"t": LISTS}))
    for X in (pl.DataFrame({"t": LISTS}), pd.Series(LISTS, name="t"), pl.Series("t", LISTS)):
        assert_array_equal(encoder.transform(X).toarray(), LISTS_ENCODED)


def test_given_sets_are_sorted_and_what_has_no_order_is_refused():
    encoder = MultiHotEncoder(categories=[{"d", "b", "c", "a"}]).fit([["a"]])
    assert encoder.categories_[0].tolist() == ["a", "b", "c", "d"]
    with pytest.raises(ValueError, match="Got a dict"):
        OneHotEncoder(categories={"x": ["a"]}).fit([["a"]])
    with pytest.raises(ValueError, match="Got an iterator instead"):
        OneHotEncoder(categories=[(x for x in "ab")]).fit([["a"]])
    for sets in ([np.array(["b", "a"])], np.array(["b", "a"])):
        encoder = OneHotEncoder(categories=sets).fit([["a"]])
        assert encoder.categories_[0].tolist() == ["b", "a"]
        assert type(encoder.categories_[0][0]) is str
    assert OneHotEncoder(categories=set("dbca")).fit([["a"]]).categories_[0].tolist() == list("abcd")
    with pytest.raises(TypeError, match="uniformly strings or numbers"):
        OneHotEncoder(categories=[{"a", 1}]).fit([["a"]])


def test_unusual_cells():
    assert OneHotEncoder().fit([["\ud800"]]).categories_[0].tolist() == ["\ud800"]
    assert OneHotEncoder().fit(np.array([[1], [2]], dtype=np.float16)).categories_[0].tolist() == [1, 2]
    wide = pl.Series("x", [1, 2] * 400, dtype=getattr(pl, "UInt128", pl.Int128))  # UInt128: newer polars
    assert OneHotEncoder().fit(wide.to_frame()).categories_[0].tolist() == [1, 2]


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
