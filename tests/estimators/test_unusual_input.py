"""Tables that NumPy reads in its own way: pandas.NA among Python objects, strings of variable length, and dates."""

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from numpy.dtypes import StringDType

from estimators import (
    BernoulliNB,
    BinEncoder,
    ComplementNB,
    GDClassifier,
    GDRegressor,
    MLPClassifier,
    MLPRegressor,
    MultiHotEncoder,
    MultinomialNB,
    OneHotEncoder,
    PolynomialRegressor,
)

CLASSIFIERS = [BernoulliNB, ComplementNB, GDClassifier, MLPClassifier, MultinomialNB]
REGRESSORS = [GDRegressor, MLPRegressor, PolynomialRegressor]
NUMBERS = [[1, 2], [3, 4], [5, pd.NA], [7, 8]]
TABLES = {
    "array": np.array(NUMBERS, dtype=object),
    "frame": pd.DataFrame(NUMBERS, dtype=object),
    "list": NUMBERS,
}


@pytest.mark.parametrize("X", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("estimator", [*CLASSIFIERS, *REGRESSORS])
def test_a_missing_object_in_X_is_refused_as_NaN(estimator, X):
    with pytest.raises(ValueError, match=f"Input X contains NaN.\n{estimator.__name__} does not accept"):
        estimator().fit(X, [0, 1, 0, 1])


@pytest.mark.parametrize("y", [[1, 2, pd.NA], np.array([1, 2, pd.NA]), pd.Series([1, 2, pd.NA])])
@pytest.mark.parametrize("estimator", REGRESSORS)
def test_a_missing_object_in_y_is_refused_as_NaN(estimator, y):
    with pytest.raises(ValueError, match="Input y contains NaN"):
        estimator().fit([[1.0], [2.0], [4.0]], y)


@pytest.mark.parametrize("X", TABLES.values(), ids=TABLES)
def test_a_missing_object_is_in_no_bin(X):
    encoded = BinEncoder(edges=[[4], [4]], sparse_output=False).fit_transform(X)
    assert encoded.tolist() == [[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 0], [0, 1, 0, 1]]


@pytest.mark.parametrize("estimator", [*CLASSIFIERS, *REGRESSORS])
def test_numpy_strings_are_no_numbers(estimator):
    with pytest.raises(ValueError, match="could not convert string to float: 'a'"):
        estimator().fit(np.array([["a"], ["b"]], dtype=StringDType()), [0, 1])


@pytest.mark.parametrize("estimator", REGRESSORS)
def test_numpy_strings_are_no_targets(estimator):
    with pytest.raises(ValueError, match="could not convert string to float: 'a'"):
        estimator().fit([[1.0], [2.0]], np.array(["a", "b"], dtype=StringDType()))


def test_numpy_strings_are_categories():
    X = np.array([["a", "b"], ["c", "b"]], dtype=StringDType())
    encoder = OneHotEncoder(sparse_output=False)
    assert encoder.fit_transform(X).tolist() == [[1, 0, 1], [0, 1, 1]]
    assert [each.tolist() for each in encoder.categories_] == [["a", "c"], ["b"]]
    assert encoder.transform([["c", "b"]]).tolist() == [[0, 1, 1]]


def test_numpy_strings_are_split():
    encoder = MultiHotEncoder(separator=",", sparse_output=False)
    assert encoder.fit_transform(np.array(["a,b", "b"], dtype=StringDType())).tolist() == [[1, 1], [0, 1]]


DAYS = pd.to_datetime(["2020-01-01", "2021-01-01", None])
DATES = {
    "array": DAYS.to_numpy()[:, np.newaxis],
    "durations": (DAYS - DAYS[0]).to_numpy()[:, np.newaxis],
    "objects": np.array([[np.datetime64(1, "ns")], [np.datetime64(2, "ns")], [pd.NaT]], dtype=object),
    "list": [[np.datetime64("2020")], [np.datetime64("2021")], [np.datetime64("NaT")]],
    "pandas": pd.DataFrame({"day": DAYS}),
    "zone": pd.DataFrame({"day": DAYS.tz_localize("UTC")}),
    "polars": pl.DataFrame({"number": [1.0, 2.0, 3.0], "day": pl.Series(DAYS.date.tolist()[:2] + [None])}),
}


@pytest.mark.parametrize("X", DATES.values(), ids=DATES)
@pytest.mark.parametrize("estimator", [*CLASSIFIERS, *REGRESSORS])
def test_dates_are_no_numbers(estimator, X):
    with pytest.raises(ValueError, match="X must contain numbers. Got dates or durations of type"):
        estimator().fit(X, [0, 1, 0])


@pytest.mark.parametrize("X", DATES.values(), ids=DATES)
def test_dates_are_in_no_bin(X):
    with pytest.raises((TypeError, ValueError), match="must contain (only )?numbers"):
        BinEncoder().fit(X)


@pytest.mark.parametrize("estimator", REGRESSORS)
def test_dates_are_no_targets(estimator):
    with pytest.raises(ValueError, match="y must contain numbers. Got dates or durations of type"):
        estimator().fit([[1.0], [2.0], [3.0]], DAYS)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("estimator", [*CLASSIFIERS, *REGRESSORS])
def test_a_table_of_pyarrow_is_read_as_an_array(estimator):
    X, y = np.array([[1.0, 2.0], [0.0, 4.0], [5.0, 0.0], [7.0, 8.0]]), [0, 1, 0, 1]
    options = {"max_iter": 2, "random_state": 0} if estimator.__name__.startswith("MLP") else {}
    table = pa.table({"a": X[:, 0], "b": X[:, 1]})
    found, expected = (estimator(**options).fit(rows, y).predict(rows) for rows in (table, X))
    np.testing.assert_array_equal(found, expected)
