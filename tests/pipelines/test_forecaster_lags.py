"""Lags and rolling means of the target: what is used, what is not known, and that nothing leaks."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

from pipelines import forecast, forecaster

DAYS = pd.DataFrame({"day": pd.date_range("2025-01-01", periods=60)})
SOLD = np.random.default_rng(0).normal(20, 5, 60)


def lags_of(**parameters):
    """Return the lag columns of training."""
    model = forecaster(date="day", calendar=[], cv=0, **parameters)
    return model[0].fit(DAYS, SOLD).transform(DAYS)


def test_lags_and_means_are_those_of_pandas():
    columns = lags_of(lags=[1, 7], rolling=[3])
    target = pd.Series(SOLD)
    expected = {"lag 1": target.shift(1), "lag 7": target.shift(7)}
    expected["mean of 3"] = target.shift(1).rolling(3, min_periods=1).mean()
    for name, values in expected.items():
        assert columns[name].to_numpy() == pytest.approx(values.to_numpy(), nan_ok=True)


def test_a_horizon_shifts_the_means():
    columns = lags_of(lags=[2], rolling=[3], horizon=2)
    expected = pd.Series(SOLD).shift(2).rolling(3, min_periods=1).mean()
    assert columns["mean of 3"].to_numpy() == pytest.approx(expected.to_numpy(), nan_ok=True)


@pytest.mark.parametrize("horizon", [1, 4])
@pytest.mark.parametrize("place", [10, 30, 59])
def test_no_target_leaks_into_its_own_row_or_an_earlier_one(horizon, place):
    """A change of one target changes nothing before `horizon` steps later."""
    parameters = {"lags": [horizon, 7], "rolling": [2, 7], "horizon": horizon}
    before = lags_of(**parameters)
    changed = SOLD.copy()
    changed[place] += 100
    model = forecaster(date="day", calendar=[], cv=0, **parameters)
    after = model[0].fit(DAYS, changed).transform(DAYS)
    same = slice(0, place + horizon)
    assert np.array_equal(before[same], after[same], equal_nan=True)
    if place + horizon < 60:
        assert not np.array_equal(before[place + horizon :], after[place + horizon :], equal_nan=True)


def test_a_lag_is_learnt_and_used():
    rng = np.random.default_rng(1)
    walk = np.cumsum(rng.normal(0, 1, 300))
    table = pd.DataFrame({"day": pd.date_range("2025-01-01", periods=300)})
    model = forecaster(date="day", calendar=[], lags=[1], alpha=0.0).fit(table, walk)
    assert forecast(model, {"day": "2025-10-28"}) == pytest.approx([walk[-1]], abs=0.5)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame, None])
def test_history_extends_the_known_targets(frame):
    model = forecaster(date="day", calendar=[], lags=[1], alpha=0.0, cv=0).fit(DAYS, SOLD)
    later = {"day": ["2025-03-02", "2025-03-03"], "sold": [40.0, 50.0]}
    history = dict(zip(*later.values(), strict=True)) if frame is None else frame(later)
    second, third = forecast(model, [{"day": "2025-03-03"}, {"day": "2025-03-04"}], history=history)
    all_days = pd.DataFrame({"day": pd.date_range("2025-01-01", periods=62)})
    extended = model[0].fit(all_days, [*SOLD, 40.0, 50.0])
    assert extended.transform({"day": "2025-03-04"})["lag 1"].tolist() == [50.0]
    slope = (third - second) / 10
    fitted = forecast(model, {"day": "2025-03-02"})[0]
    assert third == pytest.approx(fitted + slope * (50 - SOLD[-1]))


def test_a_target_that_is_not_known_is_an_error_and_never_a_forecast():
    model = forecaster(date="day", calendar=[], lags=[1], rolling=[7], cv=0).fit(DAYS, SOLD)
    assert forecast(model, {"day": "2025-03-02"}).shape == (1,)
    message = (
        "The forecast for 2025-03-03 needs the target 1 day before, but the targets are known only up to "
        "2025-03-01. Pass later targets as history"
    )
    with pytest.raises(ValueError, match=message):
        forecast(model, [{"day": "2025-03-02"}, {"day": "2025-03-03"}])
    with pytest.raises(ValueError, match="needs the target 1 day before"):
        model.predict({"day": "2025-03-03"})


def test_a_lag_in_a_gap_is_imputed():
    """Closed Mondays are gaps: on Tuesdays, the lag of a day is missing in training and in forecasts."""
    is_open = (DAYS["day"].dt.day_of_week != 0).to_numpy()
    model = forecaster(date="day", calendar=[], lags=[1], alpha=0.0, cv=0).fit(DAYS[is_open], SOLD[is_open])
    columns = model[0].transform(DAYS[is_open])["lag 1"]
    is_tuesday = (DAYS["day"][is_open].dt.day_of_week == 1).to_numpy()
    assert np.isnan(columns[is_tuesday]).all()
    assert np.isnan(columns[~is_tuesday]).sum() == 1  # the first row
    assert np.isfinite(model.predict(DAYS[is_open])).all()


EVENINGS = pd.date_range("2025-01-01T19:00", periods=50) + pd.to_timedelta(
    np.arange(50) * 37 % 90, unit="min"
)
REGULAR = {
    "half hours": (pd.date_range("2025-01-01", periods=50, freq="30min"), "2025-01-02T01:00"),
    "hours": (pd.date_range("2025-01-01", periods=50, freq="h"), "2025-01-03T02:00"),
    "evenings at different times": (EVENINGS, "2025-02-20"),
    "weeks": (pd.date_range("2025-01-05", periods=50, freq="W"), "2025-12-21"),
    "fortnights": (pd.date_range("2025-01-05", periods=50, freq="2W"), "2026-12-06"),
    "months": (pd.date_range("2021-01-01", periods=50, freq="MS"), "2025-03-01"),
    "ends of months": (pd.date_range("2021-01-31", periods=50, freq="ME"), "2025-03-31"),
    "quarters": (pd.date_range("2011-01-01", periods=50, freq="QS"), "2023-07-01"),
    "years": (pd.date_range("1971-01-01", periods=50, freq="YS"), "2021-01-01"),
}


@pytest.mark.parametrize(("dates", "after"), REGULAR.values(), ids=REGULAR)
def test_a_step_is_the_most_frequent_distance(dates, after):
    table = pd.DataFrame({"when": dates})
    model = forecaster(date="when", calendar=[], lags=[1], cv=0).fit(table, SOLD[:50])
    assert model[0].transform(table)["lag 1"].tolist()[1:] == SOLD[:49].tolist()
    assert model[0].transform({"when": after})["lag 1"].tolist() == [SOLD[49]]


def test_on_some_weekdays_a_step_is_a_day():
    is_open = DAYS["day"].dt.day_of_week.isin([0, 2, 4]).to_numpy()  # Mondays, Wednesdays, Fridays
    table, sold = DAYS[is_open], SOLD[is_open]
    model = forecaster(date="day", calendar=[], lags=[7], cv=0).fit(table, sold)
    expected = pd.Series(SOLD, DAYS["day"]).shift(7)[is_open]
    assert model[0].transform(table)["lag 7"].to_numpy() == pytest.approx(expected.to_numpy(), nan_ok=True)


def test_dates_between_the_steps_are_an_error():
    hours = pd.DataFrame({"when": pd.date_range("2025-01-01", periods=20, freq="h")})
    stray = hours.copy()
    stray.loc[5, "when"] += pd.Timedelta("10min")
    message = "most frequent distance is one hour, but 2025-01-01T05:10 is not a whole number of these after"
    with pytest.raises(ValueError, match=message):
        forecaster(date="when", calendar=[], lags=[1], cv=0).fit(stray, SOLD[:20])
    model = forecaster(date="when", calendar=[], lags=[1], cv=0).fit(hours, SOLD[:20])
    with pytest.raises(ValueError, match="one hour, but 2025-01-01T20:10 is not a whole number"):
        forecast(model, {"when": "2025-01-01T21:00"}, history={"2025-01-01T20:10": 3.0})


def test_a_history_of_days_extends_evenings_and_replaces_the_same_evening():
    evenings = pd.DataFrame({"when": DAYS["day"] + pd.Timedelta("19h")})
    model = forecaster(date="when", calendar=[], lags=[1], cv=0).fit(evenings, SOLD)
    lag = model[0].read({"when": "2025-03-03T19:00"}, {"2025-03-02": 40.0})["lag 1"]
    assert lag.tolist() == [40.0]
    lag = model[0].read({"when": "2025-03-02"}, {"2025-03-01": 41.0})["lag 1"]
    assert lag.tolist() == [41.0]


def test_a_lag_that_no_training_row_has_is_an_error():
    message = "'lag 60' is missing in all training rows, .* A step is one day here"
    with pytest.raises(ValueError, match=message):
        forecaster(date="day", lags=[60], cv=0).fit(DAYS, SOLD)


def test_dates_with_lags_occur_once():
    twice = pd.DataFrame({"day": ["2025-01-01", "2025-01-02", "2025-01-02"]})
    with pytest.raises(ValueError, match="one row for each date, but 2025-01-02 occurs more than once"):
        forecaster(date="day", lags=[1]).fit(twice, [1.0, 2, 3])
    assert forecaster(date="day").fit(twice, [1.0, 2, 3]).predict(twice).shape == (3,)


@pytest.mark.parametrize("lags", [{"lags": [0]}, {"horizon": 0}, {"rolling": [0]}, {"lags": [1.5]}])
def test_lags_are_counts(lags):
    with pytest.raises(ValueError, match=r"parameter of forecaster must be an int in the range \[1, inf\)"):
        forecaster(date="day", **lags)


def test_history_without_lags_and_with_wrong_columns():
    model = forecaster(date="day").fit(DAYS, SOLD)
    with pytest.raises(ValueError, match="'history' parameter is only used by a forecaster with lags"):
        forecast(model, {"day": "2025-03-03"}, history={"2025-03-02": 5})
    model = forecaster(date="day", lags=[1]).fit(DAYS, SOLD)
    with pytest.raises(ValueError, match="two columns: 'day' and the targets. Got the columns day, a, b"):
        forecast(model, {"day": "2025-03-03"}, history=pd.DataFrame({"day": [], "a": [], "b": []}))
    with pytest.raises(ValueError, match="Lags and rolling means need the targets"):
        forecaster(date="day", lags=[1])[0].fit(DAYS)
