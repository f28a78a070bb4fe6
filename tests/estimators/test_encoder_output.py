"""Names of the output columns, use in a Pipeline and a ColumnTransformer, and the way back to categories."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from estimators import MultiHotEncoder, OneHotEncoder


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
    assert encoder.get_feature_names_out().tolist() == ["types:other", "types_a", "types_b"]
    assert encoder.get_categories_out() == [("types", None), ("types", "a"), ("types", "b")]
    for nameless in (lib.series([["b"], ["a"]]), [["b"], ["a"]]):
        encoder = MultiHotEncoder().fit(nameless)
        assert not hasattr(encoder, "feature_names_in_")
        assert encoder.get_feature_names_out().tolist() == ["x0_a", "x0_b"]
        assert encoder.get_feature_names_out(["t"]).tolist() == ["t_a", "t_b"]
        assert encoder.get_categories_out(["t"]) == [("t", "a"), ("t", "b")]


def test_a_category_named_other_keeps_its_own_column():
    encoder = OneHotEncoder(handle_unknown="other").fit([["other"], ["a"]])
    assert encoder.get_feature_names_out().tolist() == ["x0:other", "x0_a", "x0_other"]


@pytest.mark.parametrize(
    ("combiner", "names"),
    [
        ("concat", ["x0_a", "x0_infrequent_sklearn"]),
        ("equals", ["x0=a", "x0=infrequent_sklearn"]),
        (lambda name, category: f"{category} of {name}", ["a of x0", "infrequent_sklearn of x0"]),
    ],
    ids=["concat", "equals", "callable"],
)
def test_names_by_the_combiner(combiner, names):
    parameters = {"feature_name_combiner": combiner, "min_frequency": 2}
    one = OneHotEncoder(**parameters).fit([["a"], ["a"], ["b"], ["c"]])
    multi = MultiHotEncoder(**parameters).fit([["a"], ["a", "b"], ["c"]])
    for encoder in (one, multi):
        assert encoder.get_feature_names_out().tolist() == names
        assert encoder.get_categories_out() == [("x0", "a"), ("x0", "infrequent_sklearn")]


@pytest.mark.parametrize("cls", [OneHotEncoder, MultiHotEncoder])
def test_a_combiner_returns_a_string(cls):
    encoder = cls(feature_name_combiner=lambda name, category: 3).fit([[1]])
    with pytest.raises(TypeError, match="it should return a Python string. Got <class 'int'> instead"):
        encoder.get_feature_names_out()


GAMES = {
    "budget": ["cheap", "premium", "cheap", "standard"],
    "types": [["Puzzle"], ["Racing", "Puzzle"], ["Racing"], []],
    "year": [1990, 1991, 1992, 1993],
}


GAMES_ENCODED = [[1, 0, 0, 1, 0], [0, 1, 0, 1, 1], [1, 0, 0, 0, 1], [0, 0, 1, 0, 0]]
GAMES_NAMES = ["budget_cheap", "budget_premium", "budget_standard", "types_Puzzle", "types_Racing"]


@pytest.mark.parametrize("as_list", [False, True])
@pytest.mark.parametrize("sparse_output", [False, True])
def test_column_transformer(lib, as_list, sparse_output):
    budget, types = ["budget"], ["types"] if as_list else "types"
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
    columns = ["budget"], ["types"] if as_list else "types"
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
        with pytest.raises(
            ValueError, match=f"{output.capitalize()} output does not support sparse data. Set"
        ):
            encoder.fit_transform(X)


def test_pandas_output_keeps_the_index():
    X = pd.DataFrame({"types": [["a"], ["b"]]}, index=[7, 5])
    encoder = MultiHotEncoder(sparse_output=False).set_output(transform="pandas")
    assert encoder.fit_transform(X).index.tolist() == [7, 5]
    assert encoder.transform(X["types"]).index.tolist() == [7, 5]


def test_a_column_of_numbers_named_by_a_string(lib):
    transformer = ColumnTransformer([("y", MultiHotEncoder(sparse_output=False), "year")])
    assert_array_equal(transformer.fit_transform(lib.frame(GAMES)), np.eye(4))


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
    other = OneHotEncoder(handle_unknown="other").fit([["a"]])
    assert other.inverse_transform([[1, 0], [0, 1], [0, 0]]).tolist() == [[None], ["a"], [None]]


def test_inverse_transform_leaves_its_input_alone():
    encoder = MultiHotEncoder().fit([["a"], ["b"]])
    X = sparse.csr_array((np.array([1.0, 0.0]), np.array([1, 0]), np.array([0, 2])), shape=(1, 2))
    assert encoder.inverse_transform(X).tolist() == [[["b"]]]
    assert X.indices.tolist() == [1, 0]
    assert X.nnz == 2


def test_inverse_transform_errors():
    encoder = OneHotEncoder().fit([["a"], ["b"]])
    with pytest.raises(ValueError, match="Expected 2 columns, got 3"):
        encoder.inverse_transform([[0, 0, 1]])
    with pytest.raises(ValueError, match=r"Samples \[1\] can not be inverted when drop=None"):
        encoder.inverse_transform([[0, 1], [0, 0]])


def test_inverse_transform_takes_the_highest_value():
    encoder = OneHotEncoder().fit([["a", 1], ["b", 2]])
    assert encoder.inverse_transform([[0.3, 0.7, 0.6, 0.4]]).tolist() == [["b", 1]]


@pytest.mark.parametrize("how", ["ignore", "other"])
def test_inverse_transform_where_missing_is_not_given(how):
    encoder = OneHotEncoder(handle_unknown=how, missing="ignore").fit([["a"], [None]])
    rows = encoder.transform([[None], ["a"], ["z"]])
    assert encoder.inverse_transform(rows)[:, 0].tolist() == [None, "a", None]


def test_inverse_transform_of_dates_beside_words_and_numbers():
    """numpy would make dates of the numbers, or integers of the dates."""
    days = pd.to_datetime(["2020-01-01", "2021-01-01"]).astype("datetime64[ns]")
    X = pd.DataFrame({"day": days, "n": [1, 2], "w": ["a", "b"]})
    for columns in (["day", "n"], ["day", "w"], ["day"]):
        encoder = OneHotEncoder().fit(X[columns])
        decoded = encoder.inverse_transform(encoder.transform(X[columns]))
        assert pd.DataFrame(decoded, columns=columns)["day"].tolist() == days.tolist()


def test_inverse_transform_sums_entries_of_one_cell():
    encoder = MultiHotEncoder().fit([["a"], ["b"]])
    twice = sparse.csr_array(([1.0, 1.0], [0, 0], [0, 2]), shape=(1, 2))
    assert encoder.inverse_transform(twice)[0, 0] == ["a"]


@pytest.mark.parametrize("sparse_output", [True, False])
def test_inverse_transform_tells_the_dropped_category_from_the_catch_all(sparse_output):
    encoder = OneHotEncoder(drop="first", handle_unknown="other", sparse_output=sparse_output)
    encoder.fit([["a", 1], ["b", 2]])
    encoded = encoder.transform([["a", 2], ["c", 1], ["b", 3]])
    assert encoder.inverse_transform(encoded).tolist() == [["a", 2], [None, 1], ["b", None]]
    days = pd.DataFrame({"day": pd.to_datetime(["2020-01-01", "2020-01-02"]), "word": ["a", "b"]})
    assert encoder.fit(days).inverse_transform(encoder.transform(days)).tolist() == [
        [pd.Timestamp("2020-01-01"), "a"],
        [pd.Timestamp("2020-01-02"), "b"],
    ]
    assert {type(day) for day in encoder.inverse_transform(encoder.transform(days))[:, 0]} == {pd.Timestamp}


@pytest.mark.parametrize("other", [np.float64, np.uint64], ids=lambda kind: kind.__name__)
def test_inverse_transform_does_not_round_integers(other):
    large = [2**53 + 1, 2**53 + 3]
    X = pd.DataFrame({"id": large, "x": np.array([1, 2], dtype=other)})
    encoder = OneHotEncoder().fit(X)
    assert encoder.inverse_transform(encoder.transform(X))[:, 0].tolist() == large
    small = OneHotEncoder().fit(X - [large[0], 0])
    assert small.inverse_transform(small.transform(X - [large[0], 0])).dtype == np.float64
