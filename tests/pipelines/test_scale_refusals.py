"""fit_batches: models, batches and parameters that are refused."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from estimators import (
    GDClassifier,
    GDRegressor,
    MLPClassifier,
    MLPRegressor,
    MultiHotEncoder,
    OneHotEncoder,
)
from pipelines import (
    dough_forecaster,
    fit_batches,
    game_recommender,
)
from tests.pipelines.batches import WHOLE, N


@pytest.mark.parametrize(
    ("model", "says"),
    [
        (
            GDClassifier(),
            "GDClassifier cannot be fitted by fit_batches or fit_dask: .* partial_fit method batch by batch",
        ),
        (MLPClassifier(), "MLPClassifier cannot .* PyTorch, which can train on a cluster.*GridSearchCV"),
        (make_pipeline(StandardScaler(), MLPRegressor()), "MLPRegressor cannot .* backend 'dask'"),
        (
            GaussianNB(),
            "sklearn.GaussianNB cannot be fitted batch by batch. A model can only contain Pipeline",
        ),
        (
            GDRegressor,
            r"must be an estimator instance. Got the class GDRegressor instead. Use GDRegressor\(\)",
        ),
        (GridSearchCV(GDRegressor(), {}), "sklearn.GridSearchCV cannot be fitted batch by batch"),
        (dough_forecaster(), "ServiceLevelRegressor with cv=10 cannot .* Set cv=0"),
        (make_pipeline(GDRegressor(), GDRegressor()), "GDRegressor must be the last step of a Pipeline"),
        (make_pipeline(dough_forecaster(cv=0), GDRegressor()), "Pipeline must be the last step"),
    ],
)
def test_models_without_sums_are_refused_before_a_row_is_read(model, says):
    def never():
        raise AssertionError

    with pytest.raises(TypeError, match=says):
        fit_batches(model, never, "y")


def test_parameters_are_checked_before_a_row_is_read():
    def never():
        raise AssertionError

    with pytest.raises(ValueError, match="The 'alpha' parameter of GDRegressor must be"):
        fit_batches(make_pipeline(StandardScaler(), GDRegressor(alpha=-1)), never, "y")


def test_an_iterator_will_do_for_one_pass_and_not_for_two():
    X, y = np.arange(8.0)[:, np.newaxis], np.arange(8.0)
    assert_allclose(
        fit_batches(GDRegressor(), ((X[at], y[at]) for at in np.split(np.arange(8), 2))).coef_, [1.0]
    )
    seen = []
    two = ((X, y) for _ in range(2) if seen.append(1) is None)
    with pytest.raises(TypeError, match="needs 2 passes over the batches, but an iterator.*Got a generator"):
        fit_batches(make_pipeline(StandardScaler(), GDRegressor()), two)
    assert not seen


def test_an_iterator_from_a_function_that_always_returns_the_same():
    X, y = np.arange(8.0)[:, np.newaxis], np.arange(8.0)
    only = iter([(X, y)])
    with pytest.raises(ValueError, match="Pass 2 over the batches read 0 rows, but the first pass read 8"):
        fit_batches(make_pipeline(StandardScaler(), GDRegressor()), lambda: only)


@pytest.mark.parametrize(
    ("batches", "error", "says"),
    [
        (WHOLE, TypeError, "must be a list of frames.*Got a DataFrame"),
        ("file.parquet", TypeError, "Got a str instead"),
        (3, TypeError, "must be a list of frames.*Got a int instead"),
        ([], ValueError, "The batches must contain at least one row"),
        ([WHOLE[:0]], ValueError, "The batches must contain at least one row"),
        ([WHOLE, (WHOLE, 1)], TypeError, "In batch 1: Batches must be data frames if 'y'.*Got a tuple"),
        ([WHOLE.drop(columns="title")], ValueError, "In batch 0: The 'y' parameter must contain only the names of columns"),
        ([WHOLE, WHOLE.drop(columns="budget")], ValueError, "In batch 1: Column 'budget' is missing. It occurs in batch 0"),
        ([WHOLE, WHOLE.assign(x=1)], ValueError, "In batch 1: Column 'x' is unexpected. The columns must be those of batch 0"),
        ([WHOLE, WHOLE.assign(budget=1)], ValueError, "In batch 1: Column 'budget' must contain values of type 'text', as in batch 0. Got values of type 'number'"),
        ([WHOLE, WHOLE.assign(gameplay_types="Puzzle")], ValueError, "Column 'gameplay_types' must contain values of type 'list'.*Got values of type 'text'"),
        ([WHOLE, WHOLE.assign(title=None)], ValueError, "In batch 1: .*missing label"),
        (pl.from_pandas(WHOLE).lazy(), TypeError, "must be a list of frames.*Got a LazyFrame"),
        ([WHOLE, None], TypeError, "In batch 1: Batches must be data frames if 'y'.*Got a NoneType"),
        ([WHOLE["title"]], TypeError, "In batch 0: Batches must be data frames if 'y'.*Got a Series"),
        (lambda: WHOLE, TypeError, "must be a list of frames.*Got a function that returns a DataFrame"),
        (lambda: 3, TypeError, "must be a list of frames.*Got a function that returns a int"),
        ([pd.concat([WHOLE, WHOLE[["budget"]]], axis=1)], ValueError, "In batch 0: Column names must be unique. Got two columns named 'budget'"),
    ],
)  # fmt: skip
def test_bad_batches_are_named_and_the_model_is_unchanged(batches, error, says):
    model = game_recommender()
    with pytest.raises(error, match=says):
        fit_batches(model, batches, "title")
    with pytest.raises(NotFittedError):
        check_is_fitted(model[-1])


def test_columns_in_another_order_are_the_same_columns():
    frame = WHOLE[["reservations", "temperature", "doughs"]]
    model = fit_batches(GDRegressor(), [frame[:30], frame[30:][frame.columns[::-1]]], "doughs")
    assert_allclose(model.coef_, GDRegressor().fit(frame.iloc[:, :2], frame["doughs"]).coef_)


@pytest.mark.parametrize(
    ("y", "weight", "error", "says"),
    [
        (3, None, TypeError, "The 'y' parameter of fit_batches must be the name of a column.*Got 3 instead"),
        ([], None, TypeError, r"The 'y' parameter .*Got \[\] instead"),
        (WHOLE["doughs"], None, TypeError, "The 'y' parameter .*Got a Series instead"),
        (
            "doughs",
            np.ones(N),
            TypeError,
            "The 'sample_weight' parameter of fit_batches must be the name.*Got a ndarray",
        ),
        ("doughs", "doughs", ValueError, r"must be distinct. Got \['doughs', 'doughs'\]"),
        (
            "doughs",
            "nothing",
            ValueError,
            "The 'sample_weight' parameter must contain only the names of columns.*Got 'nothing'",
        ),
    ],
)
def test_names_of_y_and_weights_that_are_none(y, weight, error, says):
    with pytest.raises(error, match=says):
        fit_batches(GDRegressor(), [WHOLE[["reservations", "doughs"]]], y, sample_weight=weight)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (np.nan, r"NaN. \(NaN, nulls or infinity in column 'temperature'\)"),
        (np.inf, r"infinity .*\(NaN, nulls or infinity in column 'temperature'\)"),
        ("warm", r"could not convert string to float: 'warm' \(text in column 'temperature'\)"),
    ],
)
@pytest.mark.parametrize("kind", [pd.DataFrame, pl.from_pandas])
def test_a_value_that_a_step_refuses_is_named_with_its_column(kind, value, says):
    frame = WHOLE[["reservations", "temperature", "doughs"]]
    bad = frame.assign(temperature=[value] * N) if value == "warm" else frame.assign(temperature=value)
    parts = [kind(frame), kind(bad)] if value != "warm" else [kind(bad)]
    with pytest.raises(ValueError, match=f"In batch {len(parts) - 1}: .*{says}"):
        fit_batches(GDRegressor(), parts, "doughs")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"doughs": [1.0, np.nan, 2.0]}, "Input y contains NaN.$"),
        ({"weight": [1.0, np.nan, 2.0]}, "Input sample_weight contains NaN.$"),
        ({"doughs": ["1", "warm", "2"]}, "could not convert string to float: 'warm'$"),
    ],
)
def test_no_column_of_X_is_blamed_for_y_or_a_weight(changed, says):
    encode = ColumnTransformer([("encode", OneHotEncoder(handle_unknown="ignore"), ["day"])])
    frame = pd.DataFrame({"day": ["Mon", None, "Tue"], "doughs": [1.0, 2.0, 3.0], "weight": 1.0}).assign(
        **changed
    )
    with pytest.raises(ValueError, match=f"In batch 0: {says}"):
        fit_batches(make_pipeline(encode, GDRegressor()), [frame], "doughs", sample_weight="weight")


@pytest.mark.parametrize("X", [np.ones(3), np.ones((3, 2, 2))])
def test_arrays_that_are_no_table(X):
    with pytest.raises(ValueError, match="In batch 0: X must have the shape .*Got the shape"):
        fit_batches(GDRegressor(), [(X, np.ones(3))])


def test_python_lists_are_tables_too():
    X, y = [[1.0, 2.0], [3.0, 5.0], [2.0, 2.0]], [1.0, 2.0, 3.0]
    model = fit_batches(make_pipeline(StandardScaler(), GDRegressor()), [(X[:2], y[:2]), (X[2:], y[2:])])
    assert_allclose(model.predict(X), y)
    lists = [["a", "b"], ["c"], []]
    encoder = fit_batches(MultiHotEncoder(handle_unknown="ignore"), [(lists[:1],), (lists[1:],)])
    assert encoder.categories_[0].tolist() == ["a", "b", "c"]


def test_arrays_of_different_widths_are_named():
    with pytest.raises(ValueError, match="In batch 1: Column 'x2' is missing. It occurs in batch 0"):
        fit_batches(StandardScaler(), [(np.ones((2, 3)),), (np.ones((2, 2)),)])
