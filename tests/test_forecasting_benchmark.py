"""The benchmark of forecasts, on a short series, and the coverage of ranges on real series that packages ship."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.forecasting import MODELS, Series, by_season, cells, judge, ours, real_series
from pipelines import forecast, forecaster

DAYS = 140


@pytest.fixture(scope="module")
def weeks():
    """Weeks that repeat, with a little noise."""
    rng = np.random.default_rng(0)
    sold = 20 + 5 * (np.arange(DAYS) % 7) + rng.normal(0, 1, DAYS)
    table = pd.DataFrame({"date": pd.date_range("2025-01-06", periods=DAYS), "sold": sold})
    return Series("weeks", table, "sold", {"date": "date", "lags": [7]}, 100)


def test_the_naive_forecast_is_the_target_of_a_week_before(weeks):
    quantiles, _ = by_season(weeks)
    y = weeks.y
    errors = np.quantile(y[7:100] - y[:93], [0.1, 0.5, 0.9])
    assert quantiles == pytest.approx(y[93:133, np.newaxis] + errors)


def test_forecasts_know_the_targets_of_the_days_before_only(weeks):
    changed = Series("weeks", weeks.table.copy(), "sold", weeks.columns, 100)
    changed.table.loc[120, "sold"] += 50
    before, after = ours(weeks)[0], ours(changed)[0]
    assert np.flatnonzero((before != after).any(axis=1)).tolist() == [27]  # a week after the changed day


@pytest.mark.filterwarnings("ignore")
def test_each_model_has_a_row(weeks):
    rows = judge(weeks)
    assert [row["model"] for row in rows] == list(MODELS)
    for row in rows:
        assert 0.5 < row["error"] < 3
        assert 0.4 <= row["coverage"] <= 1
        assert cells(row)[0] == "weeks (100 days)"


REAL = ["Seattle, temperature", "Puerto Rico, deaths", "blog, page views"]


@pytest.mark.filterwarnings("ignore")
def test_ranges_cover_real_days_that_are_held_out_in_time():
    """Within five points. The fourth series, whose last season is new, is reported as a shortfall in the guide."""
    for series in real_series():
        if series.name in REAL:
            model = forecaster(**series.columns).fit(series.training, series.training[series.target])
            history = dict(zip(series.held_out["date"], series.held_out[series.target], strict=True))
            y = series.held_out[series.target]
            for level in (0.5, 0.8, 0.9, 0.95):
                low, high = forecast(model, series.held_out, interval=level, history=history).T
                assert ((y >= low) & (y <= high)).mean() == pytest.approx(level, abs=0.051), (
                    series.name,
                    level,
                )
