"""Plots of forecasts: the observed targets, the forecasts and their ranges, and the errors by weekday."""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from pipelines._common.frames import Rows, collected
from pipelines._forecasting.calendar import WEEKDAYS, calendar_words, dates_of
from pipelines._forecasting.ranges import check_level
from pipelines._forecasting.rounding import whole_number, whole_range
from pipelines._forecasting.tables import columns_of
from pipelines.forecast import read_rows
from pipelines.forecast_readers import TableReader

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D

__all__ = ["ForecastDisplay"]

KINDS = ("forecast", "errors_by_weekday")


class ForecastDisplay:
    """Plot of observed targets with the forecasts and their ranges, or of the errors by weekday.

    Use :meth:`from_estimator` to create a display, as with scikit-learn's displays. This class requires
    matplotlib, which can be installed with ``pip install matplotlib``, or with ``pip install ".[plot]"`` in a
    clone of tallygrad.

    Parameters
    ----------
    expected : ndarray of shape (n_rows,)
        The forecasts.

    ranges : ndarray of shape (n_rows, 2), default=None
        The lower and the upper end of each range. If None, no range is plotted.

    observed : array-like of shape (n_rows,), default=None
        The observed targets. If None, only the forecasts are plotted.

    dates : ndarray of shape (n_rows,), default=None
        The dates. If None, the rows are numbered.

    Attributes
    ----------
    ax_ : matplotlib Axes
        The axes of the plot.

    figure_ : matplotlib Figure
        The figure that contains the axes.

    line_ : matplotlib Line2D or None
        The line of the forecasts. None for errors by weekday.

    Examples
    --------
    >>> import pandas as pd
    >>> from matplotlib.figure import Figure
    >>> from pipelines import ForecastDisplay, forecaster
    >>> days = pd.date_range("2025-01-06", periods=56)
    >>> sales = pd.DataFrame({"day": days, "sold": [5, 6, 5, 7, 9, 12, 8] * 8})
    >>> model = forecaster(date="day").fit(sales, sales["sold"])
    >>> display = ForecastDisplay.from_estimator(model, sales, sales["sold"], ax=Figure().subplots())
    >>> display.ax_.get_ylabel()
    'sold'
    """

    ax_: "Axes"
    figure_: "Figure | SubFigure"
    line_: "Line2D | None"

    def __init__(
        self,
        expected: np.ndarray,
        *,
        ranges: np.ndarray | None = None,
        observed: ArrayLike | None = None,
        dates: np.ndarray | None = None,
    ) -> None:
        self.expected, self.ranges, self.observed, self.dates = expected, ranges, observed, dates

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: Rows,
        y: ArrayLike | None = None,
        *,
        kind: Literal["forecast", "errors_by_weekday"] = "forecast",
        interval: float | None = 0.8,
        history: Rows = None,
        ax: "Axes | None" = None,
        **line_kw: Any,
    ) -> "ForecastDisplay":
        """Plot the forecasts of a model for some rows, which it should not have been trained on.

        Parameters
        ----------
        estimator : fitted Pipeline from `forecaster` or `dough_forecaster`, or search over one
            The model.

        X : data frame of shape (n_rows, n_columns), dict, or list of dicts
            The rows.

        y : array-like of shape (n_rows,), default=None
            The observed targets. If y has a name, it becomes the label of the axis.

        kind : {"forecast", "errors_by_weekday"}, default="forecast"
            What to plot: targets, forecasts and ranges by date, or a box plot of the errors for each weekday.

        interval : float, default=0.8
            The share of targets inside the range, as in :func:`forecast`. If None, no range is plotted.

        history : dict {date: target}, or data frame of shape (n_dates, 2), default=None
            Targets since the training, as in :func:`forecast`.

        ax : matplotlib Axes, default=None
            The axes to plot on. If None, a new figure is created.

        **line_kw : dict
            Keyword arguments passed to ``ax.plot`` for the line of the forecasts.

        Returns
        -------
        display : ForecastDisplay
            The display.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        TypeError
            As in :func:`forecast`.
        ValueError
            As in :func:`forecast`, or if `kind` is unknown, or needs dates or targets that are not given.
        """
        step, encoded, expected = read_rows(estimator, X, history)
        expected = whole_number(expected, step.nonnegative, step.whole)
        ranges = None
        if interval is not None:
            check_level("interval", interval)
            ranges = whole_range(step.predict_interval(encoded, interval), step.nonnegative, step.whole)
        observed = None if y is None else np.asarray(collected(y))
        display = cls(expected, ranges=ranges, observed=observed, dates=_dates(estimator, X))
        return display.plot(kind=kind, ax=ax, target=getattr(y, "name", None) or "target", **line_kw)

    def plot(
        self,
        *,
        kind: Literal["forecast", "errors_by_weekday"] = "forecast",
        ax: "Axes | None" = None,
        target: str = "target",
        **line_kw: Any,
    ) -> "ForecastDisplay":
        """Plot the forecasts.

        Parameters
        ----------
        kind : {"forecast", "errors_by_weekday"}, default="forecast"
            What to plot, as in :meth:`from_estimator`.

        ax : matplotlib Axes, default=None
            The axes to plot on. If None, a new figure is created.

        target : str, default="target"
            The name of the target, for the label of the axis.

        **line_kw : dict
            Keyword arguments passed to ``ax.plot`` for the line of the forecasts.

        Returns
        -------
        display : ForecastDisplay
            This display, with `ax_`, `figure_` and `line_` set.

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        ValueError
            If `kind` is unknown, or needs dates or targets that are not given.
        """
        if kind not in KINDS:
            raise ValueError(
                f"The 'kind' parameter of ForecastDisplay must be one of {', '.join(KINDS)}. Got "
                f"{kind!r} instead."
            )
        if ax is None:
            ax = new_axes()
        self.ax_, self.figure_ = ax, ax.figure
        if kind == "forecast":
            self._plot_forecast(ax, target, line_kw)
        else:
            self._plot_errors(ax, target)
        return self

    def _plot_forecast(self, ax: "Axes", target: str, line_kw: dict[str, Any]) -> None:
        x = np.arange(len(self.expected)) if self.dates is None else self.dates
        (self.line_,) = ax.plot(x, self.expected, **{"label": "forecast", **line_kw})
        if self.ranges is not None:
            colour = self.line_.get_color()
            ax.fill_between(x, *self.ranges.T, alpha=0.2, color=colour, linewidth=0, label="range")
        if self.observed is not None:
            ax.plot(x, self.observed, ".", color="black", label="observed")
        ax.set(xlabel="row" if self.dates is None else "date", ylabel=target)
        if self.dates is not None:
            ax.tick_params(axis="x", rotation=30)
        ax.legend()

    def _plot_errors(self, ax: "Axes", target: str) -> None:
        if self.dates is None or self.observed is None:
            raise ValueError(
                "A plot of the errors by weekday needs the dates of the rows and the observed targets."
            )
        weekdays = calendar_words(self.dates.astype("M8[s]"), "weekday")
        errors = np.asarray(self.observed) - self.expected
        known = [day for day in WEEKDAYS if (weekdays == day).any()]
        ax.boxplot([errors[weekdays == day] for day in known], tick_labels=[day[:3] for day in known])
        ax.axhline(0, color="gray", linewidth=0.8)
        ax.set(xlabel="weekday", ylabel=f"{target}, observed minus forecast")
        self.line_ = None


def new_axes() -> "Axes":
    """Return the axes of a new figure."""
    try:
        from matplotlib import pyplot  # imported here because it is optional and takes half a second
    except ImportError as error:
        raise ImportError(
            "ForecastDisplay requires matplotlib. Install it with: pip install matplotlib (or, in a clone of "
            'tallygrad: pip install ".[plot]").'
        ) from error
    return pyplot.subplots()[1]


def _dates(estimator: BaseEstimator, X: Rows) -> np.ndarray | None:
    """Return the dates (n_rows,) of the rows, or None if they have no dates."""
    reader = getattr(estimator, "best_estimator_", estimator)["read"]
    name = reader.date if isinstance(reader, TableReader) else "date"
    columns = columns_of(X)
    return dates_of(name, columns[name]) if name in columns else None
