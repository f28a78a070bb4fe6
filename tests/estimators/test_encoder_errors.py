"""What the encoders refuse, and how they say it."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn.preprocessing
from scipy import sparse
from sklearn.exceptions import NotFittedError

from estimators import MultiHotEncoder, OneHotEncoder
from tests.estimators.samples import objects


@pytest.mark.parametrize(
    ("categories", "message"),
    [
        (
            [["a"], ["b"]],
            r"Shape mismatch: if categories is an array, it has to be of shape \(n_features,\). Got 2 seq.* 1 col",
        ),
        (
            [["a", "b", "a", "b", "c"]],
            r"In column 0, the predefined categories contain duplicate elements. Got \['a', 'b'\] twice",
        ),
        ([["a", None]], "column 'x0' contain a missing value"),
        ([[1.0, np.nan]], "column 'x0' contain a missing value"),
        ("all", "The 'categories' parameter of .* must be .*'auto'.* Got 'all' instead"),
    ],
)
@pytest.mark.parametrize("cls", [OneHotEncoder, MultiHotEncoder])
def test_bad_categories(cls, categories, message):
    with pytest.raises(ValueError, match=message):
        cls(categories=categories, handle_unknown="ignore", missing="ignore").fit(objects([1]).reshape(-1, 1))


def test_flat_categories_for_two_columns():
    with pytest.raises(ValueError, match="Got 1 sequences of categories for 2 columns"):
        OneHotEncoder(categories=["a", "b"]).fit([["a", "b"]])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"handle_unknown": "skip"}, "'handle_unknown' parameter of .* Got 'skip' instead"),
        ({"sparse_output": "yes"}, "'sparse_output' parameter of .* Got 'yes' instead"),
        ({"categories": 3}, "'categories' parameter of .* Got 3 instead"),
        ({"missing": "zeros"}, "'missing' parameter of .* Got 'zeros' instead"),
        ({"min_frequency": 0}, "'min_frequency' parameter of .* Got 0 instead"),
        ({"min_frequency": 1.5}, "'min_frequency' parameter of .* Got 1.5 instead"),
        ({"max_categories": 0}, "'max_categories' parameter of .* Got 0 instead"),
        ({"feature_name_combiner": "="}, "'feature_name_combiner' parameter of .* Got '=' instead"),
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
    "objects": objects([["a"], ["b", "c"]]).reshape(-1, 1),
    "tuples": pd.DataFrame({"x0": [("a",), ("b",)]}),
    "sets": pd.DataFrame({"x0": [{"a"}, {"b"}]}),
    "pandas": pd.DataFrame({"x0": [["a"], ["b"]]}),
    "polars": pl.DataFrame({"x0": [["a"], ["b"]]}),
}


@pytest.mark.parametrize("X", LISTS_IN_CELLS.values(), ids=LISTS_IN_CELLS)
def test_a_list_is_no_single_value(X, polars_road):
    with pytest.raises(TypeError, match="'x0' contains lists.* MultiHotEncoder without a separator"):
        OneHotEncoder(handle_unknown="ignore").fit(X)
    with pytest.raises(TypeError, match="'x0' contains lists.* MultiHotEncoder without a separator"):
        MultiHotEncoder(separator="|").fit(X)


def test_rows_of_several_lengths_are_no_table():
    with pytest.raises(ValueError, match="inhomogeneous") as error:
        OneHotEncoder().fit([["a"], ["b", "c"]])
    assert error.value.__notes__ == [
        "OneHotEncoder needs rows of equal length. To encode lists of categories, use MultiHotEncoder."
    ]


NO_VALUES = {
    "generator": (letter for letter in "ab"),
    "map": map(str, [1]),
    "range": range(3),
    "function": len,
    "class": int,
    "zip": zip("a", "b", strict=True),
    "iterator": iter([1]),
    "values of a dict": {"a": 1}.values(),
}


@pytest.mark.parametrize("value", NO_VALUES.values(), ids=NO_VALUES)
def test_what_is_no_value_is_no_category(value):
    message = "uniformly strings or numbers. Got"
    for X in ([value], [[value]], pd.Series([["a"], value])):
        with pytest.raises(TypeError, match=message):
            MultiHotEncoder(handle_unknown="ignore").fit(X)
    column = objects([value, value]).reshape(-1, 1)
    with pytest.raises(TypeError, match=message):
        OneHotEncoder().fit(column)
    with pytest.raises(TypeError, match=message):
        OneHotEncoder(handle_unknown="ignore").fit([["a"]]).transform(column)


@pytest.mark.parametrize("X", [[[["a"]]], [[("a", "b")]], pl.Series([[["a"]]])])
def test_lists_in_lists(X, polars_road):
    with pytest.raises(TypeError, match="contains lists, but single values are expected"):
        MultiHotEncoder().fit(X)


def test_separator_wants_strings():
    with pytest.raises(
        TypeError, match=r"separator='\|', every cell must be a string or missing. Got 3 in column"
    ):
        MultiHotEncoder(separator="|").fit(["a|b", 3])


@pytest.mark.parametrize("bad", [3, {"k": 1}, b"a"])
def test_mixed_types(bad):
    message = "uniformly strings or numbers. Got .*'str'"
    with pytest.raises(TypeError, match=f"{message}.* in column 'genres'"):
        MultiHotEncoder().fit(pd.Series([["a", bad]], name="genres"))
    with pytest.raises(TypeError, match=f"{message}.* in column 'x0'"):
        OneHotEncoder().fit(objects(["a", bad]).reshape(-1, 1))
    encoder = OneHotEncoder().fit([["a"]])
    if not isinstance(bad, dict):
        with pytest.raises(TypeError, match=message):
            encoder.partial_fit([[bad]])
        with pytest.raises(TypeError, match=message):
            encoder.merge(OneHotEncoder().fit([[bad]]))
        assert encoder.categories_[0].tolist() == ["a"]


def test_polars_structs(polars_road):
    for cls in (OneHotEncoder, MultiHotEncoder):
        with pytest.raises(TypeError, match=r"uniformly strings or numbers. Got \['dict'\]"):
            cls().fit(pl.DataFrame({"x": [{"a": 1}]}))


GENRES = ["Action", "Adventure", "Arcade", "Board", "Card", "Educational", "Fighting", "Music",
          "Platform", "Puzzle", "Racing", "RPG"]  # fmt: skip


def test_unknown_error_lists_the_nearest_first(lib):
    encoder = MultiHotEncoder().fit(lib.frame({"types": [GENRES]}))
    X = lib.frame({"types": [["Action"], ["Puzzle", "Advnture"]]})
    with pytest.raises(
        ValueError, match=r"unknown categories \['Advnture'\] in column 0 during transform"
    ) as e:
        encoder.transform(X)
    assert "'Advnture' is in row 1 of column 'types'" in str(e.value)
    assert "nearest spelling first: 'Adventure', 'Action'" in str(e.value)
    assert "... and 2 more." in str(e.value)
    assert "handle_unknown='ignore' or 'other'" in str(e.value)


def test_unknown_error_of_few_categories():
    encoder = OneHotEncoder().fit([[2], [30]])
    with pytest.raises(
        ValueError, match=r"unknown categories \[31, 1\] .* 31 is in row 1 .*first: 2, 30\. Set"
    ):
        encoder.transform([[2], [31], [1], [31]])


def test_many_unknown_values_are_not_all_listed():
    encoder = OneHotEncoder().fit([["a"]])
    with pytest.raises(ValueError, match=r"\['0', .*'9', ... and 990 more\] in column 0 during transform"):
        encoder.transform(np.array([[str(k)] for k in range(1000)]))


def test_unknown_error_of_very_many_categories():
    encoder = OneHotEncoder().fit([[f"game {k:06}"] for k in range(100_000)])
    with pytest.raises(ValueError, match="first: .*'game 077777', .* and 99990 more"):
        encoder.transform([["game 07777"]])


@pytest.mark.parametrize("cls", [OneHotEncoder, MultiHotEncoder])
@pytest.mark.parametrize(
    ("X", "message"),
    [
        (pd.DataFrame({"a": []}), r"Found array with 0 sample\(s\) .* minimum of 1 is required by"),
        (pl.DataFrame({"a": []}), r"Found array with 0 sample\(s\) .* minimum of 1 is required by"),
        (np.empty((3, 0)), r"Found array with 0 feature\(s\) .* minimum of 1 is required by"),
        (pd.DataFrame(index=[0, 1]), r"Found array with 0 feature\(s\)"),
        (np.array([1, 2, 3]), "Expected 2D array, got 1D array instead"),
        (np.zeros((2, 2, 2)), "Found array with dim 3"),
        (np.array([[1j]]), "Complex data not supported"),
        (objects([1j]).reshape(-1, 1), "Complex data not supported"),
        (pd.DataFrame([1j]), "Complex data not supported"),
        (np.array([[np.inf], [1]]), "contains infinity or a value too large for dtype"),
        (pd.DataFrame([-np.inf]), "contains infinity or a value too large for dtype"),
        (pd.DataFrame([np.inf], dtype="Float64"), "contains infinity or a value too large for dtype"),
        ([[np.float32("inf")]], "contains infinity or a value too large for dtype"),
        (pl.DataFrame([1.0, float("inf")]), "contains infinity or a value too large for dtype"),
    ],
)
def test_bad_input(cls, X, message, polars_road):
    with pytest.raises(ValueError, match=message):
        cls(handle_unknown="ignore").fit(X)


@pytest.mark.parametrize("X", [pd.Series(["a"]), pl.Series(["a"]), np.array(["a"]), ["a"], np.array([1.5])],
                         ids=["pandas", "polars", "array", "list", "numbers"])  # fmt: skip
def test_one_hot_wants_two_dimensions_as_scikit_learns(X):
    message = {}
    for cls in (OneHotEncoder, sklearn.preprocessing.OneHotEncoder):
        with pytest.raises(ValueError, match="Expected (2D array|a 2-dimensional container)") as error:
            cls().fit(X)
        message[cls] = str(error.value).partition(" by ")[0]
    assert message[OneHotEncoder].rstrip(".") == message[sklearn.preprocessing.OneHotEncoder].rstrip(".")


def test_an_empty_column_of_lists():
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        MultiHotEncoder().fit([])
    with pytest.raises(ValueError, match=r"Found array with 0 sample\(s\)"):
        MultiHotEncoder().fit(pl.Series([], dtype=pl.List(str)))


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


def test_an_encoder_that_failed_to_fit_is_not_fitted():
    encoder = OneHotEncoder(missing="unknown")
    with pytest.raises(ValueError, match="missing value"):
        encoder.partial_fit([[None]])
    with pytest.raises(NotFittedError):
        encoder.transform([["a"]])


@pytest.mark.parametrize("dtype", ["nonsense", np.float16, object])
def test_dtypes_that_sparse_matrices_do_not_take(dtype):
    with pytest.raises(ValueError, match=r"The 'dtype' parameter of an encoder must be a NumPy dtype"):
        OneHotEncoder(dtype=dtype).fit([["a"]])


def test_the_nearest_spelling_is_so_whatever_its_case():
    encoder = OneHotEncoder().fit([[name] for name in [*map(str, range(20)), "Zzz"]])
    with pytest.raises(ValueError, match="nearest spelling first: 'Zzz'"):
        encoder.transform([["ZZZ"]])


@pytest.mark.parametrize("dtype", ["M8[ps]", "M8[as]", "M8[25ns]", "m8[fs]", "m8[M]", "m8[Y]", "m8"])
@pytest.mark.parametrize("cls", [OneHotEncoder, MultiHotEncoder])
def test_units_of_dates_that_pandas_would_round(cls, dtype):
    X = np.array([[1], [2]], dtype=dtype)
    with pytest.raises(
        ValueError,
        match="Dates or durations in column 'x0' must have a unit from .* to nanoseconds, .* Got .* instead",
    ):
        cls().fit(X)


@pytest.mark.parametrize("dtype", ["M8[Y]", "M8[M]", "M8[W]", "M8[ns]", "m8[W]", "m8[D]", "m8[ns]"])
def test_all_other_units_of_dates_are_categories(dtype):
    X = np.array([[1], [2]], dtype=dtype)
    encoder = OneHotEncoder(sparse_output=False)
    assert encoder.fit_transform(X).tolist() == [[1, 0], [0, 1]]
    assert encoder.inverse_transform(np.eye(2)).astype(dtype).tolist() == X.tolist()
