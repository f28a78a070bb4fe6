"""What each part adds to a forecast: the sum is the forecast, and the parts are the law's."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from pipelines import dough_forecaster, explain_forecast, fit_batches, forecast, forecaster, weights_in_words
from tests.pipelines.sales import COLUMNS, TOMORROW, sales

TABLE = sales(730, noise=0.0)


@pytest.fixture(scope="module")
def model():
    return forecaster(**COLUMNS, alpha=0.0, cv=0).fit(TABLE, TABLE["sold"])


def test_the_parts_are_those_of_the_law(model):
    parts = explain_forecast(model, TOMORROW)
    assert next(iter(parts)) == "(average)"
    amounts = [abs(adds) for adds in list(parts.values())[1:]]
    assert amounts == sorted(amounts, reverse=True)
    assert parts["(average)"] == pytest.approx(TABLE["sold"].mean(), abs=0.1)
    assert parts["rain"] == pytest.approx(-2 * (3 - TABLE["rain"].mean()), abs=0.1)
    assert parts["weekday=Saturday"] == pytest.approx(
        10 * (1 - (TABLE["day"].dt.day_of_week == 5).mean()), abs=0.1
    )
    assert parts["weather=sun"] == pytest.approx(8 * (1 - (TABLE["weather"] == "sun").mean()), abs=0.1)
    assert parts["promo"] == pytest.approx(-12 * TABLE["promo"].mean(), abs=0.1)
    season = 15 * np.sin(2 * np.pi * np.append(39, TABLE["day"].dt.day_of_year) / 365.25)
    assert parts["season"] == pytest.approx(season[0] - season[1:].mean(), abs=0.2)


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"degree": 3},
        {"whole": True, "nonnegative": True},
        {"lags": [1], "rolling": [7], "calendar": ["month", "trend", "season"]},
    ],
    ids=["plain", "degree 3", "whole", "lags"],
)
def test_the_parts_sum_to_the_forecast(parameters):
    table = TABLE.assign(rain=TABLE["rain"].where(TABLE.index % 9 > 0), cold=np.cos(TABLE.index))
    columns = COLUMNS | {"numbers": ["rain", "cold"]}
    model = forecaster(**columns, **parameters).fit(table, table["sold"])
    rows = [
        {"day": "2025-12-31", "rain": rain, "weather": word, "promo": True, "cold": 0.5}
        for rain, word in [(1.0, "sun"), (None, "wind")]
    ]
    for row in rows:
        assert sum(explain_forecast(model, row).values()) == pytest.approx(forecast(model, row)[0], abs=1e-6)
    assert "rain x cold" in explain_forecast(model, rows[0])
    assert "rain missing" in explain_forecast(model, rows[1])


def test_the_limit_and_the_rounding_are_parts():
    x = pd.DataFrame({"x": [0.0, 0.5, 1, 1.5] * 3})
    model = forecaster(numbers=["x"], degree=1, alpha=0.0, whole=True, nonnegative=True).fit(
        x, 3 - 2 * x["x"]
    )
    assert explain_forecast(model, {"x": 3})["(limit at 0)"] == pytest.approx(3)
    assert explain_forecast(model, {"x": 0.9})["(rounding)"] == pytest.approx(-0.2)


def test_the_preset_is_explained_too(full_model):
    evening = {"reservations": 40, "temperature": 10, "weekday": "Saturday", "month": "August"}
    evening |= {"holiday": True, "event": False}
    parts = explain_forecast(full_model, evening)
    assert sum(parts.values()) == pytest.approx(forecast(full_model, evening)[0])
    assert {"reservations", "temperature", "weekday=Saturday", "month=August", "holiday"} <= set(parts)
    assert abs(parts["reservations x temperature"]) < 1e-6  # the law has no products


def test_what_cannot_be_explained(model):
    with pytest.raises(ValueError, match="'x' parameter of explain_forecast must be one row. Got 2 rows"):
        explain_forecast(model, [TOMORROW, TOMORROW])
    week = pl.DataFrame({"reservations": [12, 20, 18, 30, 24], "doughs": [36, 72, 68, 82, 75]})
    batched = fit_batches(dough_forecaster(cv=0), [week[:2], week[2:]], "doughs")
    with pytest.raises(ValueError, match="fitted batch by batch cannot be explained"):
        explain_forecast(batched, {"reservations": 15})


# In words


def test_sentences_have_units(model):
    words = weights_in_words(model, {"rain": 4.0}, unit="loaves", units={"rain": "millimetre"})
    assert words[:2] == ["at 4 millimetres:", "one more millimetre takes 2.0 loaves away"]
    assert "sun is 5.3 loaves above an average weather" in words  # 8 - 8 / 3
    assert "Saturday is 8.6 loaves above an average weekday" in words  # 10 - 10 / 7
    assert "a promo adds 12.0 loaves" in words
    (season,) = [text for text in words if text.startswith("the season")]
    assert season.startswith("the season is highest around ")
    assert " April, 15.0 loaves above its average, and lowest around " in season
    assert len(words) == 2 + 1 + 3 + 7 + 1
    assert "a promo adds 12.0 units" in weights_in_words(model)


def test_degrees_are_degrees():
    days = pd.DataFrame({"date": pd.date_range("2023-01-01", periods=730)})
    warmth = 10 + 7 * (days["date"].dt.month == 7)
    model = forecaster(date="date", calendar=["month", "trend"], alpha=0.0, cv=0).fit(days, warmth)
    words = weights_in_words(model, unit="degrees")
    assert words[0] == "each year makes no difference"
    assert "July is 6.4 degrees above an average month" in words  # 7 - 7 / 12
    assert "January is 0.6 degrees below an average month" in words


def test_a_value_that_is_not_allowed_is_named(model):
    with pytest.raises(
        ValueError, match="column 'weather' must be one of cloud, sun, wind. Got 'sum' instead"
    ):
        weights_in_words(model, {"weather": "sum"})
    with pytest.raises(ValueError, match="column 'rain' must be a number, or missing. Got 'much' instead"):
        weights_in_words(model, {"rain": "much"})


def test_what_never_occurred_or_never_varied_is_not_spoken_of():
    table = pd.DataFrame({"kind": ["a", "a"], "flag": [False, False], "x": [1.0, 2.0]})
    model = forecaster(numbers=["x"], categories=["kind"], flags=["flag"], degree=1, alpha=0.0, cv=0)
    assert weights_in_words(model.fit(table, [3.0, 5.0])) == ["each unit of 'x' adds 2.0 units"]
