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


@pytest.mark.parametrize(
    ("dates", "after"),
    [
        (pd.date_range("2025-01-01", periods=50, freq="h"), "2025-01-03T02:00"),
        (pd.date_range("2025-01-05", periods=50, freq="W"), "2025-12-21"),
        (pd.date_range("2021-01-01", periods=50, freq="MS"), "2025-03-01"),
        (pd.date_range("2021-01-31", periods=50, freq="ME"), None),  # the last days of months
    ],
    ids=["hours", "weeks", "months", "ends of months"],
)
def test_a_step_is_the_most_frequent_distance(dates, after):
    if after is None:
        dates, after = dates - pd.offsets.MonthBegin(1), "2025-03-01"
    model = forecaster(date="when", calendar=[], lags=[1], cv=0).fit(pd.DataFrame({"when": dates}), SOLD[:50])
    assert model[0].transform({"when": after})["lag 1"].tolist() == [SOLD[49]]


def test_dates_with_lags_occur_once():
    twice = pd.DataFrame({"day": ["2025-01-01", "2025-01-02", "2025-01-02"]})
    with pytest.raises(ValueError, match="one row for each date, but 2025-01-02 occurs more than once"):
        forecaster(date="day", lags=[1]).fit(twice, [1.0, 2, 3])
    assert forecaster(date="day").fit(twice, [1.0, 2, 3]).predict(twice).shape == (3,)


@pytest.mark.parametrize(
    "lags", [{"lags": [0]}, {"lags": [1], "horizon": 2}, {"rolling": [0]}, {"lags": [1.5]}]
)
def test_lags_are_counts_of_at_least_the_horizon(lags):
    with pytest.raises(
        ValueError, match=r"parameter of forecaster must be an int in the range \[[12], inf\)"
    ):
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
