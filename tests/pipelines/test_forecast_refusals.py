"""Evenings that are refused, and evenings outside the training data."""

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.linear_model import LinearRegression

from pipelines import (
    ExtrapolationWarning,
    dough_forecaster,
    forecast,
    weights_in_words,
)
from pipelines.forecast import MONTHS, EveningReader
from tests.pipelines.evenings import EVENING, FRAMES, FULL, WEEK, full_year

# What is refused


BAD = [
    ("reservations", -1, "a number of at least 0"),
    ("reservations", None, "a number of at least 0"),
    ("reservations", "15", "a number of at least 0"),
    ("reservations", True, "a number of at least 0"),
    ("reservations", float("inf"), "a number of at least 0"),
    ("temperature", float("nan"), "a number"),
    ("temperature", pd.NA, "a number"),
    ("weekday", "Frday", "one of Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
    ("weekday", "friday", "one of Monday,"),
    ("weekday", None, "one of Monday,"),
    ("month", 6, "one of January, February, March,"),
    ("holiday", "yes", "true or false"),
    ("event", 2, "true or false"),
    ("event", None, "true or false"),
]


@pytest.mark.parametrize(("column", "value", "allowed"), BAD)
def test_a_bad_cell_is_named(full_model, column, value, allowed):
    with pytest.raises(ValueError) as caught:
        forecast(full_model, [EVENING, EVENING | {column: value}])
    message = str(caught.value)
    assert message.startswith(f"The value in row 1 of column '{column}' must be {allowed}")
    assert message.endswith(f" Got {value!r} instead.")


@pytest.mark.parametrize("day", ["2025-02-30", "13.06.2025", "", None, 20250613, pd.NaT])
def test_a_bad_date_is_named(full_model, day):
    asked = {key: value for key, value in EVENING.items() if key not in ("weekday", "month")}
    message = r"row 0 of column 'date' must be a date such as 2025-06-13\. Got "
    with pytest.raises(ValueError, match=message):
        forecast(full_model, asked | {"date": day})


@pytest.mark.parametrize("frame", FRAMES)
def test_a_bad_cell_stops_the_fit_too(frame):
    week = frame({"reservations": [12, None, 18], "doughs": [36, 72, 68]})
    with pytest.raises(ValueError, match=r"row 1 of column 'reservations' must be a number of at least 0"):
        dough_forecaster().fit(week, week["doughs"])


def test_a_missing_column_and_no_evenings_at_all(full_model, week_model):
    with pytest.raises(ValueError, match=r"no column 'reservations'\. Their columns are: tables\."):
        forecast(week_model, {"tables": 4})
    with pytest.raises(
        ValueError, match=r"no column 'weekday' and no column 'date' from which to derive it\."
    ):
        forecast(full_model, {"reservations": 4, "temperature": 20})
    for evenings in ([], [12], 12, "Monday", np.array([[12]])):
        with pytest.raises(
            TypeError, match=r"Evenings must be a data frame \(pandas or polars\), a dict or a non-empty list"
        ):
            forecast(week_model, evenings)


@pytest.mark.parametrize("features", ["reservations", [1], [("reservations",)]])
def test_features_are_names(features):
    with pytest.raises(
        TypeError,
        match=r"The 'features' parameter of dough_forecaster must be a sequence of column names\. Got ",
    ):
        dough_forecaster(features)


@pytest.mark.parametrize("cv", [-1, 2.5, "ten"])
def test_folds_are_a_count(cv):
    week = pl.DataFrame(WEEK)
    with pytest.raises(
        ValueError,
        match=r"The 'cv' parameter of ServiceLevelRegressor must be an int in the range \[0, inf\).* Got",
    ):
        dough_forecaster(cv=cv).fit(week, week["doughs"])


@pytest.mark.parametrize("features", [[], ("reservations", "reservations")])
def test_features_are_some_and_differ(features):
    with pytest.raises(ValueError, match=r"must contain at least one column name and no duplicates\. Got "):
        dough_forecaster(features)


def test_another_model_is_refused():
    model = LinearRegression().fit([[1], [2]], [1, 2])
    for ask in (forecast, weights_in_words):
        with pytest.raises(
            TypeError,
            match=r"must be a pipeline from forecaster or dough_forecaster, or a search over one\. Got a LinearRegression instead\.",
        ):
            ask(model, {"reservations": 1})
    with pytest.raises(ValueError, match="not fitted"):
        forecast(dough_forecaster(), {"reservations": 1})


# Outside the training data


@pytest.mark.parametrize(("degree", "near", "far"), [(1, 39, 40), (2, 32, 33), (3, 31, 32)])
def test_far_outside_is_a_warning_that_names_column_value_and_range(degree, near, far):
    # the training is 12 to 30: 18 / (2 degree^2) beyond, where Chebyshev's polynomial is above 2
    assert np.polynomial.Chebyshev.basis(degree)(1 + 1 / degree**2) >= 2
    week = pl.DataFrame(WEEK)
    model = dough_forecaster(degree=degree).fit(week, week["doughs"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        forecast(model, {"reservations": near})
    with pytest.warns(
        ExtrapolationWarning, match=f"column 'reservations' is {far}, but in training it ranged from 12 to 30"
    ) as caught:
        forecast(model, [{"reservations": near}, {"reservations": far}])
    assert caught[0].filename == __file__


def test_an_unseen_month_counts_as_an_average_one_and_is_warned_of():
    year = pl.DataFrame(full_year(600))
    half = year.filter(pl.col("month").is_in(MONTHS[:6]))
    model = dough_forecaster(FULL).fit(half, half["doughs"])
    of_months = [model.predict(EVENING | {"month": month})[0] for month in MONTHS]
    rounding = 1e-9  # the simulated months do not differ
    assert min(of_months[:6]) - rounding <= of_months[11] <= max(of_months[:6]) + rounding
    with pytest.warns(
        ExtrapolationWarning, match="column 'month' is 'December', but in training only January, F"
    ):
        forecast(model, EVENING | {"month": "December"})


def test_the_reader_remembers_the_training():
    reader = EveningReader(FULL).fit(pd.DataFrame(full_year()))
    assert reader.range_["reservations"] == (
        min(full_year()["reservations"]),
        max(full_year()["reservations"]),
    )
    assert reader.typical_["reservations"] == np.median(full_year()["reservations"])
    assert reader.typical_["weekday"] == "Monday"
    assert reader.get_feature_names_out().tolist() == list(FULL)


@pytest.mark.parametrize("reservations", [1e200, 10**400])
def test_absurd_numbers_are_refused(reservations):
    week = {"reservations": [12, 20, 18, 30, 24]}
    model = dough_forecaster(degree=1).fit(pd.DataFrame(week), [36, 72, 68, 82, 75])
    with pytest.raises(ValueError, match="row 0 of column 'reservations' must be a number of at least 0"):
        forecast(model, {"reservations": reservations})
    with (
        pytest.warns(ExtrapolationWarning),
        pytest.raises(ValueError, match="is not a valid number"),
    ):
        forecast(model, {"reservations": 1e99})


def test_a_weekday_must_be_that_of_the_date():
    evenings = pd.DataFrame({"date": ["2025-12-05", "2025-12-06"], "reservations": [10, 20]})
    model = dough_forecaster(features=("reservations", "weekday"), degree=1).fit(evenings, [30, 50])
    assert len(forecast(model, {"date": "2025-12-06", "weekday": "Saturday", "reservations": 20})) == 1
    with pytest.raises(ValueError, match="row 0 of column 'weekday' must be Saturday, since the date is"):
        forecast(model, {"date": "2025-12-06", "weekday": "Monday", "reservations": 20})


def test_a_holiday_that_never_occurred_is_warned_of():
    evenings = pd.DataFrame({"reservations": [10, 20, 30], "holiday": [False, False, False]})
    model = dough_forecaster(features=("reservations", "holiday"), degree=1).fit(evenings, [30, 50, 70])
    with pytest.warns(ExtrapolationWarning, match="'holiday' is true, but it was never true in training"):
        assert forecast(model, {"reservations": 20, "holiday": True}).tolist() == [50]
