"""What the encoders refuse, and how they say it."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.exceptions import NotFittedError

from estimators import MultiHotEncoder, OneHotEncoder
from tests.estimators.samples import objects


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
    with pytest.raises(ValueError, match=r"unknown category 31 .*first: 2, 30\. Set handle"):
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


def test_an_encoder_that_failed_to_fit_is_not_fitted():
    encoder = OneHotEncoder()
    with pytest.raises(ValueError, match="missing value"):
        encoder.partial_fit([None])
    with pytest.raises(NotFittedError):
        encoder.transform(["a"])


@pytest.mark.parametrize("dtype", ["nonsense", np.float16, object])
def test_dtypes_that_sparse_matrices_do_not_take(dtype):
    with pytest.raises(ValueError, match=r"The 'dtype' parameter of an encoder must be a numpy dtype"):
        OneHotEncoder(dtype=dtype).fit(["a"])


def test_the_nearest_spelling_is_so_whatever_its_case():
    encoder = OneHotEncoder().fit([*map(str, range(20)), "Zzz"])
    with pytest.raises(ValueError, match="nearest spelling first: 'Zzz'"):
        encoder.transform(["ZZZ"])
