"""The plots of forecasts, in the convention of scikit-learn's displays."""

import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from pipelines import ExtrapolationWarning, ForecastDisplay, dough_forecaster, forecast, forecaster
from tests.pipelines.evenings import WEEK
from tests.pipelines.sales import COLUMNS, sales

TABLE, LATER = sales(400), sales(30, seed=1, start="2025-02-04")


@pytest.fixture(scope="module")
def model():
    return forecaster(**COLUMNS).fit(TABLE, TABLE["sold"])


@pytest.fixture
def ax():
    return Figure().subplots()


def test_observed_forecast_and_range_are_drawn(model, ax):
    display = ForecastDisplay.from_estimator(model, LATER, LATER["sold"], interval=0.9, ax=ax, color="red")
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert display.line_.get_color() == "red"
    assert display.line_.get_ydata() == pytest.approx(forecast(model, LATER))
    assert display.ranges == pytest.approx(forecast(model, LATER, interval=0.9))
    assert ax.lines[1].get_ydata() == pytest.approx(LATER["sold"])
    assert len(ax.collections) == 1
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["forecast", "range", "observed"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("date", "sold")


def test_the_rows_are_read_once(model, ax):
    """Each warning was issued twice."""
    far = LATER.assign(rain=50.0)
    with pytest.warns(ExtrapolationWarning, match="column 'rain' is 50") as caught:
        ForecastDisplay.from_estimator(model, far, ax=ax)
    assert [one.filename for one in caught] == [__file__]


def test_only_forecasts(model, ax):
    display = ForecastDisplay.from_estimator(model, LATER, interval=None, ax=ax)
    assert display.ranges is None
    assert (len(ax.lines), len(ax.collections), ax.get_ylabel()) == (1, 0, "target")


def test_errors_by_weekday(model, ax):
    display = ForecastDisplay.from_estimator(model, LATER, LATER["sold"], kind="errors_by_weekday", ax=ax)
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert labels == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    medians = [
        line.get_ydata()[0] for line in ax.lines if len(line.get_ydata()) == 2 and line.get_color() == "C1"
    ]
    errors = LATER["sold"] - forecast(model, LATER)
    assert medians == pytest.approx(errors.groupby(LATER["day"].dt.day_of_week).median().tolist())
    assert display.line_ is None


def test_rows_without_dates_are_numbered(ax):
    week = pd.DataFrame(WEEK)
    model = dough_forecaster(degree=1).fit(week, week["doughs"])
    display = ForecastDisplay.from_estimator(model, week, week["doughs"], interval=0.5, ax=ax)
    assert display.line_.get_xdata().tolist() == [0, 1, 2, 3, 4]
    assert ax.get_xlabel() == "row"
    with pytest.raises(
        ValueError, match="A plot of the errors by weekday needs the dates of the rows and the observed"
    ):
        display.plot(kind="errors_by_weekday")


def test_a_new_figure_and_an_unknown_kind(model):
    mpl.use("Agg")
    from matplotlib import pyplot

    display = ForecastDisplay(np.arange(3.0)).plot()
    pyplot.close(display.figure_)
    with pytest.raises(ValueError, match="must be one of forecast, errors_by_weekday. Got 'bars' instead"):
        ForecastDisplay(np.arange(3.0)).plot(kind="bars")


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        ForecastDisplay(np.arange(3.0)).plot()
