"""Ranges and costs: levels, coverage, widths, and what a wrong amount costs."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.linear_model import LinearRegression

from examples.pizza.years import simulate_evenings
from pipelines import (
    TooFewRowsWarning,
    dough_forecaster,
    forecast,
    forecaster,
    newsvendor_level,
)
from tests.effort import effort
from tests.pipelines.sales import COLUMNS, TOMORROW, sales

LEVELS = (0.5, 0.8, 0.9, 0.95)


@pytest.fixture(scope="module")
def model():
    table = sales(800, noise=3.0)
    return forecaster(**COLUMNS).fit(table, table["sold"])


def test_the_shapes_and_the_order_of_what_is_asked(model):
    rows = [TOMORROW, TOMORROW | {"rain": 8.0}]
    expected, enough, ends = (
        forecast(model, rows),
        forecast(model, rows, 0.9),
        forecast(model, rows, interval=0.8),
    )
    assert expected.shape == enough.shape == (2,)
    assert ends.shape == (2, 2)
    assert (ends[:, 0] < expected).all()
    assert ends[:, 1].tolist() == enough.tolist()  # one in ten above, one in ten below
    wider = forecast(model, rows, interval=0.95)
    assert (wider[:, 0] < ends[:, 0]).all()
    assert (wider[:, 1] > ends[:, 1]).all()


def test_costs_are_a_level(model):
    assert newsvendor_level(surplus=0.6, shortage=3.0) == pytest.approx(3.0 / 3.6)
    assert (
        forecast(model, TOMORROW, surplus=1, shortage=4).tolist() == forecast(model, TOMORROW, 0.8).tolist()
    )


EXCLUSIVE = [
    {"service_level": 0.9, "interval": 0.8},
    {"service_level": 0.9, "surplus": 1, "shortage": 1},
    {"interval": 0.8, "surplus": 1, "shortage": 1},
    {"surplus": 1},
    {"shortage": 1},
]


@pytest.mark.parametrize("asked", EXCLUSIVE, ids=lambda asked: "+".join(asked))
def test_the_kinds_of_questions_exclude_each_other(model, asked):
    with pytest.raises(
        ValueError, match=f"Pass service_level, or interval, or both .* Got {' and '.join(asked)}"
    ):
        forecast(model, TOMORROW, **asked)


@pytest.mark.parametrize("value", [0, 1, -0.5, "0.9", True, float("nan")])
@pytest.mark.parametrize("name", ["service_level", "interval"])
def test_levels_are_between_0_and_1(model, name, value):
    with pytest.raises(
        ValueError, match=f"The '{name}' parameter must be a number between 0 and 1, exclusive"
    ):
        forecast(model, TOMORROW, **{name: value})


@pytest.mark.parametrize("cost", [0, -1, float("inf"), float("nan"), "1", True])
def test_costs_are_positive(cost):
    with pytest.raises(ValueError, match="The 'surplus' parameter must be a cost per unit greater than 0"):
        newsvendor_level(cost, 1.0)
    with pytest.raises(ValueError, match="The 'shortage' parameter must be a cost per unit greater than 0"):
        newsvendor_level(1.0, cost)


def test_a_range_is_the_order_statistics_of_held_out_errors():
    """Equal widths: the m-th of the n errors, counted from either end."""
    table = sales(60)
    model = forecaster(**COLUMNS, cv=10, equal_widths=True).fit(table, table["sold"])
    errors = model["forecast"].residuals_
    low, high = forecast(model, TOMORROW, interval=0.8)[0] - forecast(model, TOMORROW)[0]
    assert low == pytest.approx(errors[6 - 1])  # floor(61 / 10)
    assert high == pytest.approx(errors[55 - 1])  # ceil(61 * 0.9)


def test_a_whole_range_contains_a_whole_number():
    x = np.arange(40.0)
    model = forecaster(numbers=["x"], degree=1, alpha=0.0, whole=True).fit(pd.DataFrame({"x": x}), 2 * x)
    assert forecast(model, {"x": 10.2}, interval=0.5).tolist() == [
        [20, 20]
    ]  # 20.4 has no whole number around


def test_too_few_held_out_rows_are_a_warning():
    table = sales(20)
    model = forecaster(date="day").fit(table, table["sold"])
    assert len(model["forecast"].residuals_) == 20
    message = (
        "An interval of 0.95 requires the errors on at least 39 held-out rows. The model has only 20, so the most "
        "extreme errors are used, and the true share is about 0.905"  # 19 / 21
    )
    with pytest.warns(TooFewRowsWarning, match=message) as caught:
        low, high = forecast(model, TOMORROW, interval=0.95)[0]
    assert [one.filename for one in caught] == [__file__]  # once for both ends
    assert low < high
    message = "A service level of 0.975 requires the errors on at least 39 .* about 0.952"
    with pytest.warns(TooFewRowsWarning, match=message) as caught:
        forecast(model, TOMORROW, 0.975)
    assert [one.filename for one in caught] == [__file__]


def test_without_held_out_rows_there_is_no_range():
    table = sales(60)
    for cv, reason in ((0, "with cv=0"), ("time", "on too few rows")):
        few = table[: 60 if cv == 0 else 3]
        model = forecaster(numbers=["rain"], degree=1, cv=cv).fit(few, few["sold"])
        with pytest.raises(ValueError, match=f"needs the errors on held-out rows. .* was fitted {reason}"):
            forecast(model, TOMORROW, interval=0.8)


def uneven(seed, n=800):
    """Numbers whose scatter grows from 0.5 to 8 with x."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 10, n)
    return pd.DataFrame({"x": x, "y": 3 * x + rng.normal(0, 0.5 + 0.75 * x)})


def test_ranges_are_wider_where_the_data_are_wider():
    table, later = uneven(0), uneven(1, 4000)
    rows = [{"x": 1.0}, {"x": 9.0}]
    varying = forecaster(numbers=["x"], degree=1).fit(table, table["y"])
    narrow, wide = np.ptp(forecast(varying, rows, interval=0.8), axis=1)
    assert wide / narrow == pytest.approx(7.25 / 1.25, rel=0.25)  # the law's scatter at 9 and at 1
    even = forecaster(numbers=["x"], degree=1, equal_widths=True).fit(table, table["y"])
    assert np.ptp(np.ptp(forecast(even, rows, interval=0.8), axis=1)) < 1e-9

    def covered(model, part):
        low, high = forecast(model, part, interval=0.8).T
        return ((part["y"] >= low) & (part["y"] <= high)).mean()

    for part in (later[later["x"] < 3], later[later["x"] > 7]):
        assert covered(varying, part) == pytest.approx(0.8, abs=0.06)
        assert abs(covered(even, part) - 0.8) > 0.09


def pizza_years(seed):
    """Return a seeded year, and the year after it."""
    days = [date(2025, 1, 1) + timedelta(i) for i in range(730)]
    year, later = simulate_evenings(days[:365], seed), simulate_evenings(days[365:], 1000 + seed)
    return year, later, later["doughs"].to_numpy()


PIZZA = {
    "numbers": ["reservations", "temperature", "tourists"],
    "flags": ["holiday", "event"],
    "date": "date",
}


@pytest.mark.filterwarnings("ignore::pipelines.ExtrapolationWarning")
def test_the_coverage_of_a_later_year_is_what_was_asked_for():
    """The median of twenty seeded years is within two points (of six years in a quick run: four)."""
    shares = []
    for seed in range(effort(20, 6)):
        year, later, doughs = pizza_years(seed)
        model = forecaster(**PIZZA, calendar=["weekday", "month"], whole=True).fit(year, year["doughs"])
        ends = [forecast(model, later, interval=level).T for level in LEVELS]
        inside = [((doughs >= low) & (doughs <= high)).mean() for low, high in ends]
        shares.append([(doughs <= forecast(model, later, level)).mean() for level in LEVELS] + inside)
    assert np.median(shares, axis=0) == pytest.approx([*LEVELS, *LEVELS], abs=effort(0.02, 0.04))


def costs(prepared, needed, surplus, shortage):
    return (surplus * np.maximum(prepared - needed, 0) + shortage * np.maximum(needed - prepared, 0)).mean()


@pytest.mark.filterwarnings("ignore::pipelines.ExtrapolationWarning")
@pytest.mark.parametrize(("surplus", "shortage"), [(0.5, 10.0), (3.0, 0.6), (1.0, 1.5)])
def test_costs_are_lower_than_with_the_mean_or_a_fixed_level(surplus, shortage):
    own, mean, fixed = [], [], []
    for seed in range(effort(10, 3)):
        year, later, doughs = pizza_years(seed)
        model = forecaster(**PIZZA, calendar=["weekday", "month"], whole=True).fit(year, year["doughs"])
        prices = {"surplus": surplus, "shortage": shortage}
        own.append(costs(forecast(model, later, **prices), doughs, **prices))
        mean.append(costs(forecast(model, later), doughs, **prices))
        fixed.append(costs(forecast(model, later, 0.9), doughs, **prices))
    assert np.mean(own) < np.mean(mean)
    assert np.mean(own) < np.mean(fixed)


@pytest.mark.filterwarnings("ignore::pipelines.ExtrapolationWarning")
def test_the_preset_covers_a_later_year_too():
    """Levels of 0.5 and 0.1 once reached 40 % and 8 % on a later year."""
    shares = []
    for seed in range(effort(20, 6)):
        year, later, doughs = pizza_years(seed)
        features = ("reservations", "temperature", "tourists", "weekday", "month", "holiday", "event")
        model = dough_forecaster(features).fit(year, year["doughs"])
        shares.append([(doughs <= forecast(model, later, level)).mean() for level in (0.1, 0.5, 0.9)])
    assert np.median(shares, axis=0) == pytest.approx([0.1, 0.5, 0.9], abs=effort(0.02, 0.04))


def shops_of_days(n_days, n_shops):
    """Sales whose only effect is that of the day, which all shops share."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"day": np.repeat(pd.date_range("2025-01-06", periods=n_days), n_shops)})
    table["crowd"] = np.repeat(rng.permutation(n_days), n_shops)  # tells the days apart, and nothing else
    return table, np.repeat(rng.normal(50, 10, n_days), n_shops)


@pytest.mark.parametrize("routing", [False, True])
@pytest.mark.parametrize(("n_days", "n_shops"), [(51, 10), (30, 7), (9, 100), (4, 3)])
def test_rows_of_equal_dates_are_held_out_together(n_days, n_shops, routing):
    """A block ended in the middle of a date, so that its other rows revealed the held-out ones."""
    table, sold = shops_of_days(n_days, n_shops)
    model = forecaster(date="day", categories=["crowd"], calendar=()).set_params(
        forecast__regressor=LinearRegression(), forecast__spread=None
    )
    with config_context(enable_metadata_routing=routing):
        model.fit(table, sold)
    errors = model["forecast"].residuals_
    assert len(errors) == n_days * n_shops
    assert np.abs(errors).min() > 1e-3  # no day is known from another shop


def test_four_dates_are_needed_however_many_rows_they_have():
    table, sold = shops_of_days(3, 20)
    model = forecaster(date="day", categories=["crowd"], calendar=()).fit(table, sold)
    with pytest.raises(
        ValueError, match="fitted on too few rows. Fit it on at least four rows, of different"
    ):
        forecast(model, table, interval=0.5)


@pytest.mark.parametrize("n_rows", [*range(4, 13), 20, 49, 51])
def test_few_rows_in_time_are_held_out_once_each(n_rows):
    """However few the rows are, each is predicted once, from others."""
    table = sales(n_rows, noise=3.0)
    model = forecaster(numbers=["rain"], date="day", calendar=()).fit(table, table["sold"])
    assert len(model["forecast"].residuals_) == n_rows
