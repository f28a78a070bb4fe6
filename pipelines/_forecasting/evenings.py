"""The columns of evenings: their kinds, the calendar, and the validation of every cell."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from numbers import Real
from typing import Any, NoReturn, TypeAlias

import numpy as np
import pandas as pd

from pipelines._common.frames import Rows, collected

Cell: TypeAlias = Any  # a number, a word, a flag, or an invalid value that must be rejected

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
CATEGORIES = {"weekday": WEEKDAYS, "month": MONTHS}
FLAGS = ("holiday", "event")
COUNTS = ("reservations", "tourists")  # never negative
MAX_NUMBER = 1e100  # so that powers of the number are also finite


def by_kind(features: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Return three lists: the features that are numbers, the categories and the flags."""
    numbers = [name for name in features if name not in CATEGORIES and name not in FLAGS]
    return numbers, [name for name in features if name in CATEGORIES], [n for n in features if n in FLAGS]


def read_evenings(evenings: Rows, features: Sequence[str]) -> pd.DataFrame:
    """Return the features, (n_evenings, n_features): numbers and flags as float64, categories as str.

    Parameters
    ----------
    evenings : pandas or polars data frame, dict, or list of dicts
    features : sequence of str
        The columns to return. If "weekday" or "month" is missing, it is derived from a column "date".

    Raises
    ------
    TypeError
        If `evenings` has any other type.
    ValueError
        If a column is missing, or a cell is invalid: a missing value, negative reservations, an unknown
        weekday, or a weekday that contradicts the date.
    """
    columns = _columns(collected(evenings))
    by_calendar = [name for name in features if name in CATEGORIES]
    if by_calendar and "date" in columns:
        days = [_day(value, row) for row, value in enumerate(columns["date"])]
        words = {
            "weekday": [WEEKDAYS[d.weekday()] for d in days],
            "month": [MONTHS[d.month - 1] for d in days],
        }
        for name in by_calendar:
            _agree(name, columns, words[name])
    frame = pd.DataFrame({name: _checked(name, columns) for name in features})
    if frame.empty:
        raise ValueError("Evenings must contain at least one row. Got no rows.")
    return frame


def _columns(evenings: Rows) -> dict[str, list[Cell]]:
    """Return the cells of each column."""
    rows = [evenings] if isinstance(evenings, Mapping) else evenings
    if isinstance(rows, list) and rows and all(isinstance(row, Mapping) for row in rows):
        names = dict.fromkeys(name for row in rows for name in row)
        return {name: [row.get(name) for row in rows] for name in names}
    if not hasattr(evenings, "columns"):
        raise TypeError(
            "Evenings must be a data frame (pandas or polars), a dict or a non-empty list of dicts. "
            f"Got a {type(evenings).__name__} instead."
        )
    if len(set(evenings.columns)) < len(evenings.columns):
        raise ValueError(f"The column names of the evenings must be unique. Got {list(evenings.columns)}.")
    return {str(name): evenings[name].to_list() for name in evenings.columns}


def _agree(name: str, columns: dict[str, list[Cell]], by_date: list[str]) -> None:
    """Derive a column from the dates, or check that the given column agrees with them."""
    for row, (given, word) in enumerate(zip(columns.get(name, by_date), by_date, strict=True)):
        if given in CATEGORIES[name] and given != word:
            _fail(row, name, f"{word}, since the date is {columns['date'][row]}", given)
    columns.setdefault(name, by_date)


def _checked(name: str, columns: dict[str, list[Cell]]) -> np.ndarray:
    """Return one column, (n_evenings,). Raise ValueError for the first invalid cell."""
    if name not in columns:
        date_too = " and no column 'date' from which to derive it" if name in CATEGORIES else ""
        raise ValueError(
            f"The evenings have no column {name!r}{date_too}. Their columns are: {', '.join(columns)}."
        )
    is_allowed, allowed = _rule(name)
    for row, value in enumerate(columns[name]):
        if not is_allowed(value):
            _fail(row, name, allowed, value)
    return np.array(columns[name], dtype=object if name in CATEGORIES else float)


def _rule(name: str) -> tuple[Callable[[Cell], bool], str]:
    """Return a function that checks the values of a column, and a description of the allowed values."""
    if name in CATEGORIES:
        known = CATEGORIES[name]
        return (lambda value: isinstance(value, str) and value in known), f"one of {', '.join(known)}"
    if name in FLAGS:
        return (lambda value: isinstance(value, Real | np.bool_) and value in (0, 1)), "true or false"
    if name in COUNTS:
        return (lambda value: _is_number(value) and value >= 0), "a number of at least 0"
    return _is_number, "a number"


def _is_number(value: Cell) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and -MAX_NUMBER <= value <= MAX_NUMBER  # type: ignore[operator]


def _day(value: Cell, row: int) -> date:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or day != day:  # NaT is a date, but it is not equal to itself
        _fail(row, "date", "a date such as 2025-06-13", value)
    return day


def _fail(row: int, column: str, allowed: str, value: Cell) -> NoReturn:
    raise ValueError(f"The value in row {row} of column {column!r} must be {allowed}. Got {value!r} instead.")
