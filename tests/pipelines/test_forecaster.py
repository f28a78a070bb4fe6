"""The forecaster of any table: its columns, the calendar, missing cells, and its parameters."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, KFold, TimeSeriesSplit, cross_val_score

from pipelines import (
    ExtrapolationWarning,
    explain_forecast,
    forecast,
    forecaster,
    load_model,
    save_model,
    weights_in_words,
)
from pipelines.forecast import ServiceLevelRegressor
from tests.pipelines.sales import COLUMNS, TOMORROW, sales
from tests.pipelines.saved import assert_public

TABLE = sales()


@pytest.fixture(scope="module")
def model():
    return forecaster(**COLUMNS).fit(TABLE, TABLE["sold"])


def test_the_law_is_found(model):
    by_law = (
        50 - 2 * 3 + 8 + 10 + 15 * np.sin(2 * np.pi * 39 / 365.25)
    )  # a Saturday, the 39th day of the year
    assert forecast(model, TOMORROW) == pytest.approx([by_law], abs=1.5)
    later = sales(100, seed=1, start="2025-02-05")
    assert np.abs(forecast(model, later) - later["sold"]).mean() < 1.1  # 0.8 is the noise's own


def test_pandas_polars_and_dicts_give_equal_forecasts(model):
    expected = forecast(model, TABLE)
    polars = pl.from_pandas(TABLE)
    assert forecast(model, polars) == pytest.approx(expected)
    assert forecast(model, polars.lazy()) == pytest.approx(expected)
    assert forecast(model, polars.to_dicts()) == pytest.approx(expected)
    assert clone(model).fit(polars, polars["sold"]).predict(TABLE) == pytest.approx(expected)


@pytest.mark.parametrize("out", ["pandas", "polars", "default"])
def test_set_output(out):
    model = forecaster(**COLUMNS, cv=0).set_output(transform=out).fit(TABLE, TABLE["sold"])
    assert forecast(model, TOMORROW).shape == (1,)


def test_the_columns_are_scikit_learns():
    """Numbers and their squares, dummies of categories and weekdays, and flags."""
    table = TABLE[:300]  # less than a year, so the season is left out
    model = forecaster(**COLUMNS, alpha=0.0, cv=0).fit(table, table["sold"])
    X = np.column_stack(
        [
            table["rain"],
            table["rain"] ** 2,
            pd.get_dummies(table["weather"]).to_numpy()[:, 1:],
            pd.get_dummies(table["day"].dt.day_of_week).to_numpy()[:, 1:],
            table["promo"],
        ]
    ).astype(float)
    peer = LinearRegression().fit(X, table["sold"])
    assert model.predict(table) == pytest.approx(peer.predict(X), abs=1e-6)


def test_the_season_is_two_sines_and_cosines():
    model = forecaster(date="day", calendar=["season"], alpha=0.0, cv=0).fit(TABLE, TABLE["sold"])
    share = (TABLE["day"].dt.day_of_year - 1) / np.where(TABLE["day"].dt.is_leap_year, 366, 365)
    angle = 2 * np.pi * np.outer(share, [1, 2])
    X = np.hstack([np.sin(angle), np.cos(angle)])
    peer = LinearRegression().fit(X, TABLE["sold"])
    assert model.predict(TABLE) == pytest.approx(peer.predict(X), abs=1e-6)
    before, after = model.predict([{"day": "2025-12-31T23:59"}, {"day": "2026-01-01"}])
    assert before == pytest.approx(after, abs=0.01)  # the year closes


def test_dates_of_less_than_a_year_say_nothing_of_the_season():
    table = TABLE[:200]
    model = forecaster(date="day", cv=0).fit(table, table["sold"])
    summer, winter = model.predict([{"day": "2024-07-01"}, {"day": "2024-12-02"}])  # Mondays
    assert summer == pytest.approx(winter)


@pytest.mark.parametrize(
    ("calendar", "same", "other"),
    [
        (["weekday"], "2024-02-05", "2024-02-06"),  # a Monday in winter, and the day after it
        (["month"], "2024-01-30", "2024-07-01"),
        (["hour"], "2024-06-30T00:30", "2024-01-01T12:00"),
    ],
)
@pytest.mark.filterwarnings("ignore:Column 'when' has several hours a day")
def test_the_calendar_gives_categories(calendar, same, other):
    hours = pd.DataFrame({"when": pd.date_range("2024-01-01", periods=4000, freq="2h")})
    when = hours["when"].dt
    y = when.day_of_week + 10 * when.month + 100 * when.hour
    model = forecaster(date="when", calendar=calendar, cv=0).fit(hours, y)
    first, alike, different = model.predict([{"when": "2024-01-01"}, {"when": same}, {"when": other}])
    assert first == pytest.approx(alike)
    assert abs(first - different) > 0.5


def test_the_trend_is_a_line_over_time():
    table = pd.DataFrame({"day": pd.date_range("2023-01-01", periods=100)})
    model = forecaster(date="day", calendar=["trend"], alpha=0.0, cv=0).fit(table, np.arange(100.0))
    assert model.predict({"day": "2023-06-10"}) == pytest.approx([160])


def test_public_holidays_are_flags():
    table = pd.DataFrame({"day": pd.date_range("2024-01-01", periods=366)})
    is_holiday = table["day"].isin(pd.to_datetime(["2024-04-25", "2024-06-02", "2024-08-15"]))
    model = forecaster(date="day", calendar=[], holidays="IT", cv=0, alpha=0.0).fit(table, 10.0 * is_holiday)
    of_holiday, other = model.predict([{"day": "2025-06-02"}, {"day": "2025-06-03"}])  # the republic's day
    assert of_holiday > other + 2
    assert model[0].transform({"day": "2025-04-21"})["public holiday"].tolist() == [1.0]  # Easter Monday


def test_decimals_are_numbers():
    prices = pl.DataFrame({"price": ["1.50", "2.50", None] * 4}).cast(pl.Decimal(scale=2))
    y = pl.Series([3, 5, 4] * 4).cast(pl.Decimal(scale=2))
    model = forecaster(numbers=["price"], degree=1, alpha=0.0, cv=0).fit(prices, y)
    assert forecast(model, {"price": 2.0}) == pytest.approx([4])


def test_missing_numbers_are_imputed_and_marked():
    rng = np.random.default_rng(0)
    x = rng.normal(5, 1, 200)
    y = np.where(np.arange(200) % 4 == 0, 30.0, 2 * x)  # what is missing matters
    table = pd.DataFrame({"x": np.where(np.arange(200) % 4 == 0, np.nan, x)})
    model = forecaster(numbers=["x"], degree=1, alpha=0.0, cv=0).fit(table, y)
    for missing in (None, np.nan, pd.NA):
        assert model.predict({"x": missing}) == pytest.approx([30.0])
    assert model.predict({"x": 4.0}) == pytest.approx([8.0])


def test_missing_categories_are_a_category_and_missing_flags_are_imputed():
    table = pd.DataFrame({"kind": ["a", None, "b", None] * 10, "flag": [True, False, None, False] * 10})
    y = np.array([1.0, 5.0, 2.0, 5.0] * 10)
    model = forecaster(categories=["kind"], flags=["flag"], alpha=0.0, cv=0).fit(table, y)
    assert model.predict(table) == pytest.approx(y)
    with warnings.catch_warnings(action="error"):
        assert forecast(model, {"kind": None, "flag": False}) == pytest.approx([5.0])


@pytest.mark.parametrize(("yes", "no"), [("yes", "no"), ("True", "False"), ("1", "0"), (" YES", "No ")])
def test_flags_may_be_words(yes, no):
    flags = [True, False, None, False] * 10
    y = np.array([5.0, 2.0, 2.0, 2.0] * 10)
    words = [{True: yes, False: no}.get(flag) for flag in flags]
    expected = forecaster(flags=["flag"], alpha=0.0, cv=0).fit(pd.DataFrame({"flag": flags}), y)
    model = forecaster(flags=["flag"], alpha=0.0, cv=0).fit(pd.DataFrame({"flag": words}), y)
    for one, other in ((yes, True), (no, False), (True, True), (None, None)):
        assert forecast(model, {"flag": one}) == pytest.approx(forecast(expected, {"flag": other}))


def test_integers_are_categories_too():
    """Integer months are categories, and stay the same ones where a missing cell makes them floats."""
    months = np.tile(np.arange(1, 13), 10)
    model = forecaster(categories=["month"], cv=0, alpha=0.0).fit(pd.DataFrame({"month": months}), months**2)
    for month in (6, 6.0, "6"):
        assert forecast(model, {"month": month}) == pytest.approx([36.0])


def test_an_unknown_category_counts_as_an_average_one_and_is_warned_of(model):
    of_known = [forecast(model, TOMORROW | {"weather": word})[0] for word in ("cloud", "sun", "wind")]
    with pytest.warns(ExtrapolationWarning, match="'weather' is 'sum', but .* Did you mean 'sun'") as caught:
        unknown = forecast(model, TOMORROW | {"weather": "sum"})[0]
    assert caught[0].filename == __file__
    assert unknown == pytest.approx(np.mean(of_known), abs=0.5)


def test_an_unknown_category_is_an_error_on_request():
    strict = forecaster(**COLUMNS, unknown="error", cv=0).fit(TABLE, TABLE["sold"])
    message = (
        r"row 0 of column 'weather' must be one of cloud, sun, wind\. Got 'sum' instead\. Did you mean 'sun'"
    )
    for ask in (forecast, lambda model, X: model.predict(X)):
        with pytest.raises(ValueError, match=message):
            ask(strict, TOMORROW | {"weather": "sum"})


def test_numbers_outside_training_are_warned_of(model):
    with pytest.warns(ExtrapolationWarning, match="column 'rain' is 50, but in training it ranged from"):
        forecast(model, TOMORROW | {"rain": 50})


def test_negative_forecasts_stay_negative_unless_asked_otherwise():
    cold = pd.DataFrame({"height": [0.0, 1, 2, 3] * 5})
    y = 2 - 5 * cold["height"]
    below = forecaster(numbers=["height"], degree=1, alpha=0.0).fit(cold, y)
    assert forecast(below, {"height": 3}) == pytest.approx([-13])
    low = cold / 10  # the targets are at least 0.5
    limited = forecaster(numbers=["height"], degree=1, alpha=0.0, nonnegative=True).fit(
        low, 2 - 5 * low["height"]
    )
    assert forecast(limited, {"height": 0.42}).tolist() == [0.0]
    whole = forecaster(numbers=["height"], degree=1, alpha=0.0, whole=True).fit(cold, y)
    assert forecast(whole, {"height": 2.5}).tolist() == [-10]  # -10.5, rounded up as 0.5 is
    assert forecast(whole, {"height": 2.5}).dtype == np.int64


@pytest.mark.parametrize("parameters", [{"degree": 1}, {"alpha": 1.0}, {"alpha": 1.0, "l1_ratio": 0.5}])
def test_the_parameters_of_the_polynomial_change_the_model(model, parameters):
    changed = forecaster(**COLUMNS, cv=0, **parameters).fit(TABLE, TABLE["sold"])
    assert np.abs(changed.predict(TABLE) - model.predict(TABLE)).max() > 0.01


@pytest.mark.parametrize("cv", [None, 5, "time", KFold(3), TimeSeriesSplit(4, gap=7)])
def test_rows_are_held_out_by_folds_in_time_or_by_a_splitter(cv):
    model = forecaster(**COLUMNS, cv=cv).fit(TABLE, TABLE["sold"])
    n = (
        sum(len(held_out) for _, held_out in cv.split(TABLE))
        if isinstance(cv, KFold | TimeSeriesSplit)
        else 400
    )
    assert len(model["forecast"].residuals_) == n
    low, high = forecast(model, TOMORROW, interval=0.8)[0]
    assert low < forecast(model, TOMORROW)[0] < high


def test_another_regressor_may_take_the_place_of_the_polynomial():
    """`forecast` looked for the degree of the polynomial."""
    model = forecaster(**COLUMNS).set_params(forecast__regressor=LinearRegression())
    low, high = forecast(model.fit(TABLE, TABLE["sold"]), TOMORROW, interval=0.8)[0]
    assert low < 71.3 < high  # the law, as above
    for explain in (weights_in_words, lambda model: explain_forecast(model, TOMORROW)):
        with pytest.raises(
            TypeError, match="Only a forecaster whose regressor is a Polynomial.* is a LinearReg"
        ):
            explain(model)


def test_parts_of_the_pipeline_are_pipelines():
    model = forecaster(**COLUMNS)
    encode = model[:-1].fit(TABLE, TABLE["sold"])
    encoded = encode.transform(TABLE)
    assert model[1:].fit(model[0].transform(TABLE), TABLE["sold"]).named_steps[
        "forecast"
    ].mean_ == pytest.approx(encoded.mean(axis=0))
    other = model.set_params(forecast=LinearRegression()).fit(TABLE, TABLE["sold"])
    assert other.predict(TOMORROW) == pytest.approx([71.3], abs=1.5)


def test_searches_and_cross_validation_in_time():
    search = GridSearchCV(
        forecaster(**COLUMNS), {"forecast__regressor__degree": [1, 2]}, cv=TimeSeriesSplit(3)
    ).fit(TABLE, TABLE["sold"])
    assert forecast(search, TOMORROW, interval=0.8).shape == (1, 2)
    scores = cross_val_score(
        forecaster(**COLUMNS, cv=0), TABLE, TABLE["sold"], cv=TimeSeriesSplit(2, test_size=20)
    )
    assert scores.min() > 0.5


@pytest.mark.parametrize("ending", ["joblib", "skops"])
def test_saved_forecasters_answer_alike(tmp_path, ending):
    table = TABLE.assign(day=TABLE["day"].dt.strftime("%Y-%m-%d"))
    model = forecaster(**COLUMNS, lags=[1], rolling=[7]).fit(table, table["sold"])
    row = TOMORROW | {"day": "2025-02-04"}
    card = save_model(model, tmp_path / f"sales.{ending}", X=table, y=table["sold"], questions=[row])
    loaded = load_model(card, expected=ServiceLevelRegressor)
    assert forecast(loaded, row, 0.9) == pytest.approx(forecast(model, row, 0.9))
    assert_public(pickle.dumps(model))
