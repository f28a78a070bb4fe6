"""Categories given to the encoders that do not suit the data: OneHotEncoder says what scikit-learn's says."""

import numpy as np
import pandas as pd
import pytest
import sklearn.preprocessing
from numpy.testing import assert_array_equal

from estimators import ComplementNB, MultiHotEncoder, OneHotEncoder
from tests.estimators.samples import objects

TEXTS, OBJECTS = np.array([["a"], ["b"]]), objects(["a", "b"]).reshape(-1, 1)
NUMBERS, WITH_NAN = np.array([[1.0], [2.0]]), np.array([[1.0], [np.nan]])
AS_SCIKIT_LEARN = {
    "bytes for text": (TEXTS, [[b"a", b"b"]]),
    "bytes for objects": (OBJECTS, [[b"a", b"b"]]),
    "bytes for numbers": (NUMBERS, [[b"a", b"b"]]),
    "no columns": (TEXTS, []),
    "too few columns": (np.array([["a", "b"]]), [["a", "b"]]),
    "too many columns": (TEXTS, [["a", "b"], ["c"]]),
    "twice": (TEXTS, [["a", "b", "a"]]),
    "number twice": (NUMBERS, [[1, 2, 2]]),
    "None twice": (objects(["a", None]).reshape(-1, 1), [["a", None, None]]),
    "unsorted numbers": (NUMBERS, [[2, 1]]),
    "NaN first": (WITH_NAN, [[np.nan, 1]]),
    "NaN twice": (WITH_NAN, [[1, np.nan, np.nan]]),
    "NaN first in objects": (objects(["a", np.nan]).reshape(-1, 1), [[np.nan, "a"]]),
}


@pytest.mark.parametrize("handle_unknown", ["error", "ignore"])
@pytest.mark.parametrize(("X", "categories"), AS_SCIKIT_LEARN.values(), ids=AS_SCIKIT_LEARN)
def test_errors_are_those_of_scikit_learn(X, categories, handle_unknown):
    params = {"categories": categories, "handle_unknown": handle_unknown}
    with pytest.raises((ValueError, TypeError)) as theirs:
        sklearn.preprocessing.OneHotEncoder(**params).fit(X)
    with pytest.raises((ValueError, TypeError)) as ours:
        OneHotEncoder(**params).fit(X)
    assert type(ours.value) is type(theirs.value)
    assert str(ours.value).startswith(str(theirs.value))


SAYS = {
    "no categories": (
        [[]],
        ValueError,
        r"In column 0, the predefined categories must contain at least one.* Got \[\]",
    ),
    "no columns": ([], ValueError, "Shape mismatch: .* Got 0 sequences of categories for 1 columns"),
    "lists": ([[["a", "b"]]], TypeError, r"must be uniformly strings or numbers. Got \['list'\]"),
    "twice": ([["a", "b", "a"]], ValueError, r"contain duplicate elements. Got \['a'\] twice"),
}


@pytest.mark.parametrize(("categories", "error", "says"), SAYS.values(), ids=SAYS)
def test_both_encoders_say_what_is_wrong(categories, error, says):
    for encoder, X in ((OneHotEncoder(), OBJECTS), (MultiHotEncoder(missing="category"), [["a"], ["b"]])):
        with pytest.raises(error, match=says):
            encoder.set_params(categories=categories, handle_unknown="ignore").fit(X)


@pytest.mark.parametrize(
    ("categories", "column"),
    [
        ([1.0, pd.NA], pd.Series([1.0, None])),
        ([1, pd.NA], pd.Series([1, None], dtype="Int64")),
        (["x", pd.NA], pd.Series(["x", pd.NA], dtype=object)),
        (["x", pd.NA], pd.Series(["x", None], dtype="string")),
    ],
    ids=["floats", "nullable integers", "objects", "text"],
)
def test_pandas_na_is_nan_in_given_categories(categories, column):
    X = column.to_frame("a")
    given, found = (OneHotEncoder(categories=each, sparse_output=False) for each in ([categories], "auto"))
    assert_array_equal(given.fit_transform(X), np.eye(2))
    assert_array_equal(found.fit_transform(X), np.eye(2))
    assert given.get_feature_names_out().tolist()[1] == found.get_feature_names_out().tolist()[1] == "a_nan"


@pytest.mark.parametrize("missing", [pd.NA, np.nan, pd.NaT, None], ids=repr)
def test_a_missing_category_of_lists_is_none(missing):
    encoder = MultiHotEncoder(categories=[["x", missing]], missing="category", sparse_output=False)
    assert_array_equal(encoder.fit_transform([["x", missing], [None], ["x"]]), [[1, 1], [0, 1], [1, 0]])
    assert encoder.get_feature_names_out().tolist() == ["x0_x", "x0_None"]


def test_missing_categories_of_lists_are_one_category():
    encoder = MultiHotEncoder(categories=[["x", None, np.nan]], missing="category")
    with pytest.raises(ValueError, match=r"contain duplicate elements. Got \[None\] twice"):
        encoder.fit([["x"]])


def test_an_unknown_value_where_no_category_is_known():
    encoder = OneHotEncoder(missing="ignore").fit(objects([None]).reshape(-1, 1))
    with pytest.raises(
        ValueError, match=r"'a' is in row 0 of column 'x0'. There are no known categories. Set handle"
    ):
        encoder.transform(TEXTS.astype(object))


@pytest.mark.parametrize("labels", [["a", pd.NA], [1, pd.NA], [pd.NA, "a"]], ids=repr)
@pytest.mark.parametrize("form", [objects, lambda y: pd.Series(y, dtype=object)], ids=["array", "Series"])
def test_pandas_na_is_a_missing_label(labels, form):
    with pytest.raises(ValueError, match=r"missing label: y\[\d\] is <NA>"):
        ComplementNB().fit(np.eye(2), form(labels))
