"""Earlier targets as columns: targets of earlier steps, and means over several earlier steps.

A step is the most frequent distance between two training dates, such as an hour, a day, a week or a month.
A target that is not known yet raises an error, and is never replaced by a forecast. A step without
a row before the last known date is a gap, whose target is missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

import numpy as np

from pipelines._common.frames import Rows
from pipelines._forecasting.calendar import dates_of, shown
from pipelines._forecasting.tables import columns_of
from pipelines._forecasting.targets import targets_of

Step: TypeAlias = tuple[int, str]  # a count of seconds "s", days "D" or months "M", as in numpy's datetime64

NAMES: dict[Step, str] = {
    (3600, "s"): "hour",
    (1, "D"): "day",
    (7, "D"): "week",
    (1, "M"): "month",
    (3, "M"): "quarter",
    (12, "M"): "year",
}
WEEK = 7  # days


@dataclass
class TargetHistory:
    """Known targets in the order of their dates.

    Attributes
    ----------
    dates : ndarray of shape (n_known,), datetime64[s], ascending and distinct
    targets : ndarray of shape (n_known,)
    step : tuple of (int, str), the distance between two dates, such as (7, "D")
    """

    dates: np.ndarray
    targets: np.ndarray
    step: Step

    @classmethod
    def of(cls, dates: np.ndarray, targets: np.ndarray) -> Self:
        """Return the history of ascending dates. Raise ValueError if they repeat or are not regular."""
        twice = np.flatnonzero(np.diff(dates) == np.timedelta64(0))
        if twice.size:
            raise ValueError(
                f"Lags need one row for each date, but {shown(dates[twice[0]])} occurs more than once. "
                "Add up its rows first, or fit one forecaster for each series."
            )
        history = cls(dates, targets, step_of(dates))
        history._check_regular(dates)
        return history

    def extended(self, dates: np.ndarray, targets: np.ndarray) -> "TargetHistory":
        """Return the history with more targets, which replace those of the same steps."""
        self._check_regular(dates)
        all_dates = np.concatenate([self.dates, dates])[::-1]  # the newest first
        all_targets = np.concatenate([self.targets, targets])[::-1]
        _, kept = np.unique(self._places(all_dates), return_index=True)  # the newest target of each step
        return TargetHistory(all_dates[kept], all_targets[kept], self.step)

    def before(self, dates: np.ndarray, n_steps: int) -> np.ndarray:
        """Return the target `n_steps` before each date, or NaN if it is missing, of shape (n_rows,).

        Raises
        ------
        ValueError
            If a target after the last known date is needed.
        """
        places, known = self._places(dates) - n_steps, self._places(self.dates)
        late = np.flatnonzero(places > known[-1])
        if late.size:
            raise ValueError(
                f"The forecast for {shown(dates[late[0]])} needs the target {n_steps} "
                f"{NAMES.get(self.step, 'step')}{'s' * (n_steps > 1)} before, but the targets are known only "
                f"up to {shown(self.dates[-1])}. Pass later targets as history, or fit with a larger horizon "
                "and larger lags."
            )
        at = np.minimum(np.searchsorted(known, places), len(known) - 1)
        return np.where(known[at] == places, self.targets[at], np.nan)

    def mean_before(self, dates: np.ndarray, window: int, horizon: int) -> np.ndarray:
        """Return the mean (n_rows,) of the targets from `horizon` to `horizon + window - 1` steps before."""
        earlier = np.array([self.before(dates, horizon + i) for i in range(window)])  # (window, n_rows)
        is_known = ~np.isnan(earlier)
        n_known = is_known.sum(axis=0)
        total = np.where(is_known, earlier, 0.0).sum(axis=0)
        return np.where(n_known > 0, total / np.maximum(n_known, 1), np.nan)

    def _places(self, dates: np.ndarray) -> np.ndarray:
        """Return the step number of each date, as an array of shape (n_rows,)."""
        return self._since_first(dates) // self.step[0]

    def _since_first(self, dates: np.ndarray) -> np.ndarray:
        """Return the seconds, days or months since the first known date, as an array of shape (n_rows,)."""
        kind = f"M8[{self.step[1]}]"
        return (dates.astype(kind) - self.dates[0].astype(kind)).astype(np.int64)

    def _check_regular(self, dates: np.ndarray) -> None:
        """Raise ValueError if a date is not a whole number of steps from the first."""
        between = np.flatnonzero(self._since_first(dates) % self.step[0])
        if between.size:
            raise ValueError(
                f"Lags need dates at regular distances. The most frequent distance is one "
                f"{name_of(self.step)}, but {shown(dates[between[0]])} is not a whole number of these after "
                f"{shown(self.dates[0])}. Round the dates, or use no lags."
            )


def step_of(dates: np.ndarray) -> Step:
    """Return the most frequent distance between distinct ascending dates.

    Dates in different months, on the same day or on the last day of each month, are counted in
    months. Other dates on different days are counted in days, whatever their times. If only some
    weekdays occur, such as Mondays, Wednesdays and Fridays, the step is one day.
    """
    if len(dates) == 1:
        return 1, "D"
    days = dates.astype("M8[D]")
    unit = "M" if _are_monthly(days) else "D" if np.all(np.diff(days).astype(np.int64) > 0) else "s"
    distances = np.diff(dates.astype(f"M8[{unit}]")).astype(np.int64)
    values, counts = np.unique(distances, return_counts=True)
    most_frequent = int(values[np.argmax(counts)])
    is_regular = not np.any(distances % most_frequent)
    return (1 if unit == "D" and most_frequent < WEEK and not is_regular else most_frequent), unit


def name_of(step: Step) -> str:
    """Return a step in words, such as "week" or "step of 14 days"."""
    units = {"s": "seconds", "D": "days", "M": "months"}
    return NAMES.get(step, f"step of {step[0]} {units[step[1]]}")


def _are_monthly(days: np.ndarray) -> bool:
    """Return True for dates in different months, all on the same day (the last day in shorter months)."""
    months = days.astype("M8[M]")
    day = (days - months.astype("M8[D]")).astype(np.int64) + 1
    length = ((months + 1).astype("M8[D]") - months.astype("M8[D]")).astype(np.int64)
    return bool(np.all(np.diff(months).astype(np.int64) > 0) and np.all(day == np.minimum(day.max(), length)))


def lag_columns(
    history: TargetHistory, dates: np.ndarray, lags: Sequence[int], rolling: Sequence[int], horizon: int
) -> dict[str, np.ndarray]:
    """Return a dict from the names to the columns (n_rows,) of lags and rolling means."""
    columns = {lag_name(lag): history.before(dates, lag) for lag in lags}
    return columns | {mean_name(n): history.mean_before(dates, n, horizon) for n in rolling}


def lag_name(lag: int) -> str:
    """Return the name of the column with the target `lag` steps before."""
    return f"lag {lag}"


def mean_name(window: int) -> str:
    """Return the name of the column with the mean of `window` earlier targets."""
    return f"mean of {window}"


def read_history(history: Rows, date: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the dates and the targets of a dict {date: target}, or of a frame of two columns."""
    if isinstance(history, Mapping):
        cells = {date: list(history), "target": list(history.values())}
    else:
        cells = columns_of(history, "The history")
    others = [name for name in cells if name != date]
    if date not in cells or len(others) != 1:
        raise ValueError(
            "The 'history' parameter must be a dict from dates to targets, or a frame of two columns: "
            f"{date!r} and the targets. Got the columns {', '.join(cells)}."
        )
    dates = dates_of(date, cells[date])
    remedy = "Leave dates without a known target out."
    return dates, targets_of("'history' parameter", cells[others[0]], dates, remedy)
