"""Bad input to the forecaster: each is a clear error or follows a stated rule."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest

from pipelines import forecast, forecaster
from tests.pipelines.sales import COLUMNS, TOMORROW, sales

TABLE = sales(60)


@pytest.fixture(scope="module")
def model():
    return forecaster(**COLUMNS).fit(TABLE, TABLE["sold"])


@pytest.mark.parametrize("name", ["rain", "weather", "promo", "day"])
def test_a_missing_column_is_named_with_the_nearest_one(model, name):
    misspelt = {key + "x" * (key == name): value for key, value in TOMORROW.items()}
    message = f"The table has no column '{name}'. Its columns are: .* Did you mean '{name}x'?"
    with pytest.raises(ValueError, match=message):
        forecast(model, misspelt)
    with pytest.raises(ValueError, match=message):
        forecaster(**COLUMNS).fit(TABLE.rename(columns={name: name + "x"}), TABLE["sold"])


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("rain", "3", "a number, or missing"),
        ("rain", True, "a number, or missing"),
        ("rain", float("inf"), "a number, or missing"),
        ("weather", ["sun"], "one category"),
        ("promo", "yes", "true or false, or missing"),
        ("promo", 2, "true or false, or missing"),
        ("day", 20250208, "a date such as 2025-06-13"),
        ("day", "08.02.2025", "a date such as 2025-06-13"),
        ("day", "2025-02-30", "a date such as 2025-06-13"),
        ("day", None, "a date such as 2025-06-13"),
        ("day", pd.NaT, "a date such as 2025-06-13"),
    ],
)
def test_a_bad_cell_is_named(model, column, value, allowed):
    with pytest.raises(ValueError) as caught:
        forecast(model, [TOMORROW, TOMORROW | {column: value}])
    assert str(caught.value).startswith(f"The value in row 1 of column '{column}' must be {allowed}. Got ")


@pytest.mark.parametrize(
    "day",
    [
        *("2025-02-08", " 2025/02/08", "2025-02-08T00:00", date(2025, 2, 8), datetime(2025, 2, 8)),
        *(pd.Timestamp("2025-02-08"), np.datetime64("2025-02-08")),
    ],
    ids=lambda day: type(day).__name__,
)
def test_dates_may_have_any_type(model, day):
    assert forecast(model, TOMORROW | {"day": day}) == pytest.approx(forecast(model, TOMORROW))


def test_columns_of_dates_may_have_any_type(model):
    expected = forecast(model, TABLE)
    strings = TABLE["day"].dt.strftime("%Y-%m-%d")
    for column in (
        strings,
        strings.astype("string"),
        TABLE["day"].astype("datetime64[ns]"),
        TABLE["day"].dt.date,
    ):
        assert forecast(model, TABLE.assign(day=column)) == pytest.approx(expected)
    for dtype in (pl.Date, pl.Datetime("ms"), pl.String):
        frame = pl.from_pandas(TABLE).with_columns(pl.col("day").cast(pl.Date).cast(dtype))
        assert forecast(model, frame) == pytest.approx(expected)


def test_the_local_time_of_a_time_zone_counts(model):
    """An evening in Auckland stays on its weekday, though the day is another one in Greenwich."""
    local = pd.Timestamp("2025-02-08 08:00", tz="Pacific/Auckland")
    assert local.tz_convert("UTC").day == 7
    assert forecast(model, TOMORROW | {"day": local}) == pytest.approx(forecast(model, TOMORROW))
    frame = pl.DataFrame([TOMORROW]).with_columns(
        day=pl.lit(datetime(2025, 2, 8, 8)).dt.replace_time_zone("Pacific/Auckland")
    )
    assert forecast(model, frame) == pytest.approx(forecast(model, TOMORROW))
    aware = datetime(2025, 2, 8, 23, tzinfo=UTC)
    assert forecast(model, TOMORROW | {"day": aware}) == pytest.approx(forecast(model, TOMORROW))


def test_dates_of_training_are_in_order():
    backwards = TABLE[::-1]
    message = (
        "The training dates must be in ascending order. Row 1 of column 'day' is 2024-02-28, which is before "
        "2024-02-29 in row 0. Sort the rows by date first"
    )
    with pytest.raises(ValueError, match=message):
        forecaster(**COLUMNS).fit(backwards, backwards["sold"])
    model = forecaster(**COLUMNS).fit(TABLE, TABLE["sold"])
    assert forecast(model, backwards)[::-1] == pytest.approx(forecast(model, TABLE))  # any order will do here


def test_equal_dates_and_gaps_are_allowed_without_lags():
    twice = pd.concat([TABLE[:20], TABLE[19:30], TABLE[40:]])
    assert forecaster(**COLUMNS).fit(twice, twice["sold"]).predict(twice).shape == (51,)


@pytest.mark.parametrize("missing", [np.nan, None, pd.NA])
def test_a_missing_target_is_named_with_its_date(missing):
    sold = TABLE["sold"].astype(object).tolist()
    sold[3] = missing
    message = r"The target must not be missing\. Row 3 \(2024-01-04\) has no target\. Drop such rows"
    with pytest.raises(ValueError, match=message):
        forecaster(**COLUMNS).fit(TABLE, pd.Series(sold))
    with pytest.raises(ValueError, match=r"The target must not be missing\. Row 3 has no target\."):
        forecaster(numbers=["rain"]).fit(TABLE, pd.Series(sold))


def test_a_column_without_any_number_is_named():
    empty = TABLE.assign(rain=np.nan)
    with pytest.raises(
        ValueError, match="Column 'rain' must contain at least one number. All its cells are missing"
    ):
        forecaster(**COLUMNS).fit(empty, TABLE["sold"])


def test_a_flag_without_any_value_is_named():
    empty = TABLE.assign(promo=None)
    with pytest.raises(ValueError, match="Column 'promo' must contain at least one flag"):
        forecaster(**COLUMNS).fit(empty, TABLE["sold"])


def test_a_column_that_one_of_several_dicts_lacks_is_an_error(model):
    """It was imputed, so that a misspelt key went unnoticed."""
    misspelt = {"rian" if name == "rain" else name: value for name, value in TOMORROW.items()}
    message = "Row 1 has no value for 'rain', only for day, rian, .* Pass None .* Did you mean 'rian'?"
    with pytest.raises(ValueError, match=message):
        forecast(model, [TOMORROW, misspelt])


@pytest.mark.parametrize("rows", [[], 12, "Monday", np.zeros((2, 2))])
def test_tables_are_frames_dicts_or_lists_of_dicts(model, rows):
    with pytest.raises(TypeError, match=r"The rows must be a data frame \(pandas or polars\), a dict or a"):
        forecast(model, rows)


def test_an_empty_frame_and_equal_column_names(model):
    with pytest.raises(ValueError, match="The table must contain at least one row"):
        forecast(model, TABLE[:0])
    with pytest.raises(ValueError, match="The column names of the rows must be unique"):
        forecast(model, pd.concat([TABLE, TABLE], axis=1))


@pytest.mark.parametrize("columns", [{"numbers": "rain"}, {"flags": [1]}, {"categories": {"weather"}}])
def test_columns_are_sequences_of_names(columns):
    with pytest.raises(TypeError, match="parameter of forecaster must be a sequence of column names. Got"):
        forecaster(**columns)


PARAMETERS = [
    ({}, "forecaster needs at least one column: numbers, categories, flags or a date"),
    ({"numbers": ["a"], "flags": ["a"]}, "can be given only once. Got 'a' more than once"),
    ({"numbers": ["a"], "lags": [1]}, "The 'date' parameter of forecaster must be the name of a column if"),
    (
        {"date": "day", "calendar": ["wekday"]},
        "words from hour, .* Got 'wekday' instead. Did you mean 'weekday'",
    ),
    ({"date": "day", "calendar": "weekday"}, "must be a sequence of words from"),
    ({"date": "day", "categories": ["weekday"]}, "can be given only once. Got 'weekday' more than once"),
    ({"date": "day", "numbers": ["lag 7"], "lags": [7]}, "only once. Got 'lag 7' more than once"),
    ({"date": "day", "flags": ["public holiday"], "holidays": "IT"}, "Got 'public holiday' more than once"),
    ({"date": "day", "lags": [7, 7]}, "only once. Got 'lag 7' more than once"),
    ({"date": "day", "horizon": 0}, "The 'horizon' parameter of forecaster must be an int"),
    (
        {"numbers": ["a"], "unknown": "ignore"},
        "The 'unknown' parameter of forecaster must be 'warn' or 'error'",
    ),
]


@pytest.mark.parametrize(("parameters", "message"), PARAMETERS, ids=[str(p) for p, _ in PARAMETERS])
def test_parameters_are_checked(parameters, message):
    with pytest.raises(ValueError, match=message):
        forecaster(**parameters)


def test_a_misspelt_way_to_hold_out_rows_is_named():
    with pytest.raises(ValueError, match=r"must be an int in .*, 'time' or a splitter\. Got 'tme' instead"):
        forecaster(date="day", cv="tme").fit(TABLE, TABLE["sold"])


def test_a_country_without_holidays_is_named():
    with pytest.raises(
        ValueError, match="country code of the package holidays, such as 'IT'.* Got 'XQ' instead"
    ):
        forecaster(date="day", holidays="XQ").fit(TABLE, TABLE["sold"])


def test_without_the_package_the_holidays_say_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "holidays", None)
    with pytest.raises(ImportError, match="pip install holidays"):
        forecaster(date="day", holidays="IT").fit(TABLE, TABLE["sold"])


@pytest.mark.parametrize("y", ["sold", TABLE[["sold"]], pl.from_pandas(TABLE)[["sold"]], {"sold": [1]}])
def test_the_target_is_one_column(y):
    with pytest.raises(TypeError, match=r"y must be one column of numbers, such as table\['sold'\]\. Got a "):
        forecaster(**COLUMNS).fit(TABLE, y)


@pytest.mark.parametrize("parameter", ["lags", "rolling"])
@pytest.mark.parametrize("given", [7, "7", {7}])
def test_lags_are_a_sequence(parameter, given):
    with pytest.raises(
        TypeError, match=f"The '{parameter}' parameter of forecaster must be a sequence of ints"
    ):
        forecaster(date="day", **{parameter: given})


def test_a_lag_below_the_horizon_names_the_horizon():
    with pytest.raises(
        ValueError, match=r"Each lag of forecaster must be at least the horizon, 7, .* Got 1 instead"
    ):
        forecaster(date="day", lags=[7, 1], horizon=7)
