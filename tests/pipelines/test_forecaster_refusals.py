"""Bad input to the forecaster: each is a clear error or follows a stated rule."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.exceptions import DataConversionWarning

from pipelines import forecast, forecaster
from tests.pipelines.sales import COLUMNS, TOMORROW, sales

TABLE = sales(60)


@pytest.fixture(scope="module")
def model():
    return forecaster(**COLUMNS).fit(TABLE, TABLE["sold"])


@pytest.mark.parametrize("name", ["rain", "weather", "promo", "day"])
def test_a_missing_column_is_named_with_the_nearest_one(model, name):
    """In training the model's name may be wrong, later it is the row's."""
    misspelt = {key + "x" * (key == name): value for key, value in TOMORROW.items()}
    message = rf"The table has no column '{name}'\. Its columns are: .*\. Did you mean "
    for row in (misspelt, pd.DataFrame([misspelt]), pl.DataFrame([misspelt])):
        with pytest.raises(ValueError, match=message + rf"'{name}' instead of '{name}x'\?$"):
            forecast(model, row)
    with pytest.raises(ValueError, match=message + rf"'{name}x'\?$"):
        forecaster(**COLUMNS).fit(TABLE.rename(columns={name: name + "x"}), TABLE["sold"])


def test_a_missing_column_is_not_confused_with_another_column_of_the_model():
    table = TABLE.assign(rain2=TABLE["rain"] ** 2)
    model = forecaster(numbers=["rain", "rain2"], cv=0).fit(table, table["sold"])
    with pytest.raises(ValueError, match=r"no column 'rain'\. Its columns are: rain2\.$"):
        forecast(model, {"rain2": 9.0})


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("rain", "3", "a number, or missing"),
        ("rain", True, "a number, or missing"),
        ("rain", float("inf"), "a number, or missing"),
        ("weather", ["sun"], "one category"),
        ("promo", "maybe", "true or false, yes or no, 1 or 0, or missing"),
        ("promo", 2, "true or false, yes or no, 1 or 0, or missing"),
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
    message = "The 'y' parameter of fit must not contain missing targets. The target of row 3 "
    with pytest.raises(ValueError, match=message + r"\(2024-01-04\) is missing\. Drop such rows before fit"):
        forecaster(**COLUMNS).fit(TABLE, pd.Series(sold))
    with pytest.raises(ValueError, match=message + "is missing"):
        forecaster(numbers=["rain"]).fit(TABLE, pd.Series(sold))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, None])
def test_a_missing_target_of_the_history_is_named_with_its_date(frame):
    """It was reported as not known, though the date was given."""
    model = forecaster(date="day", lags=[1], cv=0).fit(TABLE, TABLE["sold"])
    later = {"day": ["2024-03-01", "2024-03-02"], "sold": [40.0, None]}
    history = dict(zip(*later.values(), strict=True)) if frame is None else frame(later)
    message = (
        r"The 'history' parameter must not contain missing targets\. The target of row 1 \(2024-03-02\) is "
        r"missing\. Leave dates without a known target out\."
    )
    with pytest.raises(ValueError, match=message):
        forecast(model, {"day": "2024-03-03"}, history=history)


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (
            "12,5",
            r" If commas are decimal signs, read the file with pandas.read_csv\(..., decimal=','\); if they",
        ),
        ("12.5", " Convert text to numbers first, for example with pandas.to_numeric.$"),
        ("many", "$"),
    ],
)
def test_targets_that_are_text_are_named(text, more):
    """They were called cells of a column 'y'."""
    sold = TABLE["sold"].astype(object).tolist()
    sold[3] = text
    message = rf"must be numbers\. Got '{text}' in row 3 \(2024-01-04\) instead\.{more}"
    with pytest.raises(ValueError, match="The targets in the 'y' parameter of fit " + message):
        forecaster(**COLUMNS).fit(TABLE, sold)
    model = forecaster(date="day", lags=[1], cv=0).fit(TABLE, TABLE["sold"])
    history = {"2024-03-01": 40.0, "2024-03-02": text}
    message = message.replace("row 3", "row 1").replace("2024-01-04", "2024-03-02")
    with pytest.raises(ValueError, match="The targets in the 'history' parameter " + message):
        forecast(model, {"day": "2024-03-03"}, history=history)


def test_dates_of_another_form_say_how_to_convert_them():
    table = TABLE.assign(day=TABLE["day"].dt.strftime("%d/%m/%Y"))
    message = r"Got '01/01/2024' instead\. Convert the column first, for example with pandas.to_datetime\(table\['day'\], "
    with pytest.raises(ValueError, match=message):
        forecaster(**COLUMNS).fit(table, table["sold"])


def test_numbers_that_are_text_say_how_to_read_them(model):
    with pytest.raises(ValueError, match=r"Got '3,5' instead\. If commas are decimal signs, read the file"):
        forecast(model, TOMORROW | {"rain": "3,5"})


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
    message = "Row 1 has no value for 'rain', only for .* Pass None .* Did you mean 'rain' instead of 'rian'"
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
        ValueError, match="country code of the package holidays, such as 'IT'.* Got '123' instead. The codes"
    ):
        forecaster(date="day", holidays="123").fit(TABLE, TABLE["sold"])


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("Italia", r"'IT' \(Italy\)"),
        ("it", r"'IT' \(Italy\)"),
        ("Germani", r"'DE' \(Germany\)"),
        ("United States", r"'US' \(United States\)"),
    ],
)
def test_the_nearest_country_is_suggested(given, meant):
    with pytest.raises(ValueError, match=f"Got '{given}' instead. Did you mean {meant}"):
        forecaster(date="day", holidays=given).fit(TABLE, TABLE["sold"])


def test_without_the_package_the_holidays_say_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "holidays", None)
    with pytest.raises(ImportError, match="pip install holidays"):
        forecaster(date="day", holidays="IT").fit(TABLE, TABLE["sold"])


@pytest.mark.parametrize("y", ["sold", TABLE[["sold", "rain"]], pl.from_pandas(TABLE), {"sold": [1]}])
def test_the_target_is_one_column(y):
    message = r"The 'y' parameter of fit must be one column of numbers, such as table\['sold'\]\. Got a "
    with pytest.raises(TypeError, match=message):
        forecaster(**COLUMNS).fit(TABLE, y)


@pytest.mark.parametrize(
    "y",
    [TABLE[["sold"]], pl.from_pandas(TABLE)[["sold"]], TABLE[["sold"]].to_numpy()],
    ids=["pandas", "polars", "numpy"],
)
def test_targets_of_one_column_are_accepted_as_in_scikit_learn(model, y):
    with pytest.warns(
        DataConversionWarning, match="A column-vector y was passed when a 1d array was expected"
    ):
        same = forecaster(**COLUMNS).fit(TABLE, y)
    assert forecast(same, TOMORROW) == pytest.approx(forecast(model, TOMORROW))


@pytest.mark.parametrize("lags", [(), (1,)])
def test_there_is_one_target_for_each_row(lags):
    with pytest.raises(ValueError, match=r"inconsistent numbers of samples: \[60, 59\]"):
        forecaster(date="day", lags=lags).fit(TABLE, TABLE["sold"][:59])


LEAKS = [
    ({"numbers": ["rain", "sold"]}, "sold"),
    ({"categories": ["whole"]}, "whole"),
    ({"flags": ["promo"]}, "promo"),
]


@pytest.mark.parametrize(("columns", "name"), LEAKS, ids=["number", "category", "flag"])
def test_the_target_cannot_be_a_feature(columns, name):
    """Its forecasts were perfect in training, and need the answer later."""
    table = TABLE.assign(whole=TABLE["sold"].round().astype(int))
    with pytest.raises(
        ValueError, match=f"Column '{name}' is equal to the target in all rows. The target is"
    ):
        forecaster(**columns).fit(table, table[name].astype(float))
    other = table[name].astype(float) + 0.5 * (table.index == 0)
    assert forecaster(**columns, cv=0).fit(table, other).predict(table).shape == (60,)


def test_a_constant_target_is_no_leak():
    table = TABLE.assign(rain=5.0)
    assert forecaster(numbers=["rain"], cv=0).fit(table, table["rain"]).predict(table) == pytest.approx(5.0)


def test_negative_targets_are_an_error_if_forecasts_are_never_negative():
    """Temperatures below zero were forecast as 0."""
    cold = TABLE["sold"].where(TABLE.index != 7, -3.0)
    with pytest.raises(ValueError, match="no target may be negative. Got -3 in row 7. Use nonnegative=False"):
        forecaster(numbers=["rain"], nonnegative=True).fit(TABLE, cold)


HOURS = pd.DataFrame({"when": pd.date_range("2025-01-01", periods=120, freq="h")})
SOLD_BY_HOUR = HOURS["when"].dt.hour + 1.0


def test_hours_that_the_calendar_ignores_are_a_warning():
    message = (
        r"Column 'when' has several hours a day, but the hour is not among the features\. Add it with "
        r"calendar=\['hour', 'weekday', 'season'\]"
    )
    with pytest.warns(UserWarning, match=message):
        forecaster(date="when", cv=0).fit(HOURS, SOLD_BY_HOUR)


@pytest.mark.parametrize(
    "parameters",
    [{"calendar": ["hour"]}, {"calendar": [], "lags": [24]}, {"numbers": ["hour"]}],
    ids=["the hour", "no calendar", "an hour of one's own"],
)
def test_hours_that_are_used_are_no_warning(parameters):
    table = HOURS.assign(hour=HOURS["when"].dt.hour)
    assert forecaster(date="when", cv=0, **parameters).fit(table, SOLD_BY_HOUR).predict(table).shape == (120,)


def test_one_evening_a_day_is_no_warning():
    evenings = TABLE.assign(day=TABLE["day"] + pd.to_timedelta(18 + TABLE.index % 4, "h"))
    assert forecaster(date="day", cv=0).fit(evenings, TABLE["sold"]).predict(evenings).shape == (60,)


@pytest.mark.parametrize(
    "parameters", [{"lags": [1]}, {"numbers": ["rain", "sold"]}, {"calendar": ["month"]}, {"holidays": "IT"}]
)
def test_set_params_cannot_change_the_columns(parameters):
    """It changed nothing before, or made fit fail in another step."""
    model = forecaster(**COLUMNS, cv=0)
    changes = {f"read__{name}": value for name, value in parameters.items()}
    with pytest.raises(
        ValueError, match=r"set_params cannot change the columns .* Call forecaster\(...\) again"
    ):
        model.set_params(**changes)
    assert model.fit(TABLE, TABLE["sold"]).predict(TABLE).shape == (60,)  # the model is as it was before


def test_set_params_changes_what_leaves_the_columns_as_they_are():
    model = forecaster(date="day", lags=[7], cv=0).set_params(read__date="when", read__horizon=7)
    table = TABLE.rename(columns={"day": "when"})
    later = model.fit(table, table["sold"]).predict({"when": "2024-03-06"})
    assert later == pytest.approx(
        forecaster(date="when", lags=[7], cv=0).fit(table, table["sold"]).predict({"when": "2024-03-06"})
    )
    with pytest.raises(ValueError, match="Each lag of forecaster must be at least the horizon, 8"):
        model.set_params(read__horizon=8)


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
