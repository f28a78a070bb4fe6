"""What an evening may be, checked cell by cell and brought to one form, and how it is put in words."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from numbers import Real
from typing import Any, NoReturn

import numpy as np
import pandas as pd

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
CATEGORIES = {"weekday": WEEKDAYS, "month": MONTHS}
FLAGS = ("holiday", "event")
UNITS = {"reservations": "reservation", "tourists": "tourist", "temperature": "degree"}
KINDS = ("number", "category", "flag")
MOST = 1e100  # what is called a number: neither NaN nor infinite, and its powers are neither
COUNTS = ("reservations", "tourists")  # never negative


def of_kind(features: Sequence[str], kind: str) -> list[str]:
    """Return the features of one of the `KINDS`."""
    kinds = dict.fromkeys(CATEGORIES, "category") | dict.fromkeys(FLAGS, "flag")
    return [name for name in features if kinds.get(name, "number") == kind]


def read_evenings(evenings: Any, features: Sequence[str]) -> pd.DataFrame:
    """Return the features, (n_evenings, n_features): numbers and flags as float64, the others as words.

    Parameters
    ----------
    evenings : data frame of pandas or polars, dict, or list of dicts
    features : sequence of str
        "weekday" and "month" are taken from a column "date" where there is no such column.

    Raises
    ------
    TypeError
        If `evenings` is something else.
    ValueError
        If a column is missing or a cell is not allowed: missing, negative reservations, no such weekday,
        or not that of the date.
    """
    columns = _columns(evenings)
    by_calendar = [name for name in features if name in CATEGORIES]
    if by_calendar and "date" in columns:
        days = [_day(value, row) for row, value in enumerate(columns["date"])]
        places = {"weekday": [day.weekday() for day in days], "month": [day.month - 1 for day in days]}
        for name in by_calendar:
            _agree(name, columns, [CATEGORIES[name][place] for place in places[name]])
    frame = pd.DataFrame({name: _checked(name, columns) for name in features})
    if frame.empty:
        raise ValueError("Evenings must hold at least one evening. Got none.")
    return frame


def comparisons(name: str, base: Any, seen: Sequence[Any]) -> list[tuple[str, str, Any]]:
    """Return what a feature is compared with: who adds, to whom (empty: to all), and the feature's value."""
    if name in FLAGS:
        return [(f"{'an' if name == 'event' else 'a'} {name}", "", True)] if True in seen else []
    if name in CATEGORIES:
        article = "a " if name == "weekday" else ""
        return [(article + value, article + base, value) for value in seen if value != base]
    return [(unit(name), "", base + 1)]


def unit(name: str, plural: bool = False) -> str:
    """Return what a number counts: "reservation", "reservations", "unit of 'rain'"."""
    one = UNITS.get(name, "unit")
    return one + "s" * plural + ("" if name in UNITS else f" of {name!r}")


def adds(who: str, whom: str, doughs: float) -> str:
    """Return the sentence that somebody adds, or takes, so many doughs."""
    if abs(doughs) < 1e-9:
        return f"{who} makes no difference" + (f" to {whom}" if whom else "")
    amount = f"{abs(doughs):{'.1f' if abs(doughs) >= 0.1 else '.1g'}} doughs"
    if doughs < 0:
        return f"{who} takes {amount} " + (f"off {whom}" if whom else "away")
    return f"{who} adds {amount}" + (f" to {whom}" if whom else "")


def _columns(evenings: Any) -> dict[str, list[Any]]:
    """Return the cells of each column."""
    rows = [evenings] if isinstance(evenings, Mapping) else evenings
    if isinstance(rows, list) and rows and all(isinstance(row, Mapping) for row in rows):
        return {
            name: [row.get(name) for row in rows] for name in dict.fromkeys(k for row in rows for k in row)
        }
    if not hasattr(evenings, "columns"):
        raise TypeError(
            "Evenings must be a data frame (pandas or polars), a dict or a list of dicts, not empty. "
            f"Got {type(evenings).__name__} instead."
        )
    if len(set(evenings.columns)) < len(evenings.columns):
        raise ValueError(f"The evenings' columns must have different names. Got {list(evenings.columns)}.")
    return {str(name): evenings[name].to_list() for name in evenings.columns}


def _agree(name: str, columns: dict[str, list[Any]], by_date: list[str]) -> None:
    """Take a column from the dates, or see that it says the same."""
    for row, (given, word) in enumerate(zip(columns.get(name, by_date), by_date, strict=True)):
        if given in CATEGORIES[name] and given != word:
            _fail(row, name, f"{word}, which is what the date {columns['date'][row]} says", given)
    columns.setdefault(name, by_date)


def _checked(name: str, columns: dict[str, list[Any]]) -> np.ndarray:
    """Return one column, (n_evenings,); raise at the first cell that is not allowed."""
    if name not in columns:
        date_too = ", nor a 'date' that would give it" if name in CATEGORIES else ""
        raise ValueError(f"The evenings have no column {name!r}{date_too}. They have: {', '.join(columns)}.")
    is_allowed, allowed = _rule(name)
    for row, value in enumerate(columns[name]):
        if not is_allowed(value):
            _fail(row, name, allowed, value)
    return np.array(columns[name], dtype=object if name in CATEGORIES else float)


def _rule(name: str) -> tuple[Callable[[Any], bool], str]:
    """Return which values a column may hold, and that in words."""
    if name in CATEGORIES:
        known = CATEGORIES[name]
        return (lambda value: isinstance(value, str) and value in known), f"one of {', '.join(known)}"
    if name in FLAGS:
        return (lambda value: isinstance(value, Real | np.bool_) and value in (0, 1)), "true or false"
    if name in COUNTS:
        return (lambda value: _is_number(value) and value >= 0), "a number of at least 0"
    return _is_number, "a number"


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and -MOST <= value <= MOST  # type: ignore[operator]


def _day(value: Any, row: int) -> date:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or day != day:  # NaT is a date that is not itself
        _fail(row, "date", "a date of the calendar, as in 2025-06-13", value)
    return day


def _fail(row: int, column: str, allowed: str, value: Any) -> NoReturn:
    raise ValueError(f"Row {row}, column {column!r}: must be {allowed}. Got {value!r} instead.")
