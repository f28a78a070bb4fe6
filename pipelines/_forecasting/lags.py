"""Earlier targets as columns: the target a number of steps before, and means of several steps.

A step is the most frequent distance between two dates of training: a day, an hour, a week, or a month if the
dates are all on the same day of their months. A target that is not known yet is an error, and never replaced
by a forecast. A date before the last known one without a target is a gap, and its target is missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from pipelines._common.frames import Rows
from pipelines._forecasting.calendar import DAY, dates_of, shown
from pipelines._forecasting.tables import columns_of, numbers_of

MONTH = 0  # the step of monthly dates, which has no constant number of seconds


@dataclass
class TargetHistory:
    """Known targets in the order of their dates.

    Attributes
    ----------
    dates : ndarray of shape (n_known,), datetime64[s], ascending and distinct
    targets : ndarray of shape (n_known,)
    step : int, the seconds between two dates, or 0 for a month
    """

    dates: np.ndarray
    targets: np.ndarray
    step: int

    @classmethod
    def of(cls, dates: np.ndarray, targets: np.ndarray) -> Self:
        """Return the history of ascending dates. Raise ValueError if a date occurs twice."""
        twice = np.flatnonzero(np.diff(dates) == np.timedelta64(0))
        if twice.size:
            raise ValueError(
                f"Lags need one row for each date, but {shown(dates[twice[0]])} occurs more than once. "
                "Add up its rows first, or fit one forecaster for each series."
            )
        return cls(dates, targets, step_of(dates))

    def extended(self, dates: np.ndarray, targets: np.ndarray) -> "TargetHistory":
        """Return the history with more targets, which replace those of the same dates."""
        merged = dict(zip(self.dates.tolist(), self.targets.tolist(), strict=True))
        merged |= dict(zip(dates.tolist(), targets.tolist(), strict=True))
        ascending = sorted(merged)
        values = [merged[when] for when in ascending]
        return TargetHistory(np.array(ascending, dtype="M8[s]"), np.array(values, dtype=float), self.step)

    def before(self, dates: np.ndarray, n_steps: int) -> np.ndarray:
        """Return the target `n_steps` before each date, (n_rows,), NaN if it is missing.

        Raises
        ------
        ValueError
            If a target is after the last known one.
        """
        places, known = self._places(dates) - n_steps, self._places(self.dates)
        late = np.flatnonzero(places > known[-1])
        if late.size:
            raise ValueError(
                f"The forecast for {shown(dates[late[0]])} needs the target {n_steps} "
                f"{self._unit()}{'s' * (n_steps > 1)} before, but the targets are known only up to "
                f"{shown(self.dates[-1])}. Pass later targets as history, or fit with a larger horizon "
                "and larger lags."
            )
        at = np.minimum(np.searchsorted(known, places), len(known) - 1)
        return np.where(known[at] == places, self.targets[at], np.nan)

    def mean_before(self, dates: np.ndarray, window: int, horizon: int) -> np.ndarray:
        """Return the mean of the targets from `horizon` to `horizon + window - 1` steps before, (n_rows,)."""
        earlier = np.array([self.before(dates, horizon + i) for i in range(window)])  # (window, n_rows)
        is_known = ~np.isnan(earlier)
        n_known = is_known.sum(axis=0)
        total = np.where(is_known, earlier, 0.0).sum(axis=0)
        return np.where(n_known > 0, total / np.maximum(n_known, 1), np.nan)

    def _places(self, dates: np.ndarray) -> np.ndarray:
        """Return the step number of each date, (n_rows,)."""
        if self.step == MONTH:
            return dates.astype("M8[M]").astype(np.int64)
        return (dates - self.dates[0]).astype(np.int64) // self.step

    def _unit(self) -> str:
        names = {MONTH: "month", 3600: "hour", 86400: "day", 7 * 86400: "week"}
        return names.get(self.step, "step")


def step_of(dates: np.ndarray) -> int:
    """Return the most frequent distance between successive dates in seconds, or `MONTH`."""
    distances, counts = np.unique(np.diff(dates), return_counts=True)
    if not distances.size:
        return int(DAY.astype(np.int64))
    days = dates.astype("M8[D]") - dates.astype("M8[M]").astype("M8[D]")
    if distances.min() >= 28 * DAY and len(np.unique(days)) == 1:
        return MONTH
    return int(distances[np.argmax(counts)].astype(np.int64))


def lag_columns(
    history: TargetHistory, dates: np.ndarray, lags: Sequence[int], rolling: Sequence[int], horizon: int
) -> dict[str, np.ndarray]:
    """Return the columns of lags and rolling means by name, each (n_rows,)."""
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
    dates, targets = dates_of(date, cells[date]), numbers_of(others[0], cells[others[0]])
    is_known = ~np.isnan(targets)
    return dates[is_known], targets[is_known]
