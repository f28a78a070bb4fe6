"""Dates in any form, and the features derived from them: hour, weekday, month, season and trend."""

import re
from collections.abc import Sequence
from datetime import date, datetime

import numpy as np
import pandas as pd

from pipelines._forecasting.tables import Cell, fail

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
CALENDAR = ("hour", "weekday", "month", "season", "trend")
CALENDAR_WORDS = ("hour", "weekday", "month")
N_WAVES = 2  # of the season: a year and half a year, the annual and semiannual cycles of climatology
SEASON_TERMS = [f"season {wave} {n}" for n in range(1, N_WAVES + 1) for wave in ("sin", "cos")]
DAY = np.timedelta64(1, "D").astype("m8[s]")
YEAR = np.timedelta64(364, "D").astype("m8[s]")  # a season cannot be learned from dates that span less


def dates_of(name: str, cells: Sequence[Cell]) -> np.ndarray:
    """Return dates, times or ISO strings as a datetime64[s] array (n_rows,). Time zones are dropped.

    The local time as written is kept, so that an evening stays on its weekday.
    """
    if all(type(value) is pd.Timestamp and value.tzinfo is None for value in cells):
        return pd.DatetimeIndex(cells).to_numpy().astype("datetime64[s]")  # twice as fast
    return np.array([_time(row, name, value) for row, value in enumerate(cells)], dtype="datetime64[s]")


def check_ascending(name: str, dates: np.ndarray) -> None:
    """Raise ValueError if a date is earlier than the previous one."""
    back = np.flatnonzero(np.diff(dates) < np.timedelta64(0))
    if back.size:
        row = int(back[0]) + 1
        raise ValueError(
            f"The training dates must be in ascending order. Row {row} of column {name!r} is "
            f"{shown(dates[row])}, which is before {shown(dates[row - 1])} in row {row - 1}. Sort the rows "
            "by date first, and do not shuffle them."
        )


def calendar_words(dates: np.ndarray, name: str) -> np.ndarray:
    """Return the weekday, month or hour of each date as a word, as an array of shape (n_rows,)."""
    if name == "weekday":
        place = (dates.astype("M8[D]").astype(np.int64) + 3) % 7  # 1 January 1970 was a Thursday
        return np.array(WEEKDAYS, dtype=object)[place]
    if name == "month":
        return np.array(MONTHS, dtype=object)[dates.astype("M8[M]").astype(np.int64) % 12]
    hours = dates.astype("M8[h]").astype(np.int64) % 24
    return np.array([f"{hour:02} h" for hour in range(24)], dtype=object)[hours]


def share_of_year(dates: np.ndarray) -> np.ndarray:
    """Return the fraction of the year that has passed at each date, in [0, 1), of shape (n_rows,)."""
    start = dates.astype("M8[Y]")
    length = (start + np.timedelta64(1, "Y")).astype("M8[s]") - start.astype("M8[s]")
    return (dates - start.astype("M8[s]")) / length


def has_hours(dates: np.ndarray) -> bool:
    """Return True if at least half of the days have rows at several hours."""
    hours = np.unique(dates.astype("M8[h]"))
    _, n_hours = np.unique(hours.astype("M8[D]"), return_counts=True)
    return bool(np.mean(n_hours > 1) >= 0.5)


def season_terms(share: np.ndarray) -> dict[str, np.ndarray]:
    """Return the sines and cosines (n_rows,) of the fraction of the year, equal at both ends of a year."""
    terms = {}
    for wave in range(1, N_WAVES + 1):
        terms[f"season sin {wave}"] = np.sin(2 * np.pi * wave * share)
        terms[f"season cos {wave}"] = np.cos(2 * np.pi * wave * share)
    return terms


def years_since(dates: np.ndarray, first: np.datetime64) -> np.ndarray:
    """Return the years since the first date, as an array of shape (n_rows,)."""
    return (dates - first) / DAY / 365.25


def shown(when: np.datetime64) -> str:
    """Return a date as text, without the time if it is midnight."""
    return str(when).removesuffix("T00:00:00").removesuffix(":00")


def _time(row: int, name: str, value: Cell) -> datetime:
    given = value
    if isinstance(value, np.datetime64):
        value = value.astype("M8[s]").item()
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.strip().replace("/", "-"))
        except ValueError:
            value = None
    if isinstance(value, datetime) and value == value:  # NaT is a datetime, but not equal to itself
        return value if value.tzinfo is None else value.replace(tzinfo=None)  # `replace` is slow in pandas
    if isinstance(value, date) and value == value:
        return datetime(value.year, value.month, value.day)
    more = ""
    if isinstance(given, str) and re.match(r"\s*\d{1,2}\D\d{1,2}\D\d{4}", given):
        convert = f"pandas.to_datetime(table[{name!r}], format='%d/%m/%Y')"
        more = f" Convert the column first, for example with {convert}."
    return fail(row, name, "a date such as 2025-06-13", given, more)
