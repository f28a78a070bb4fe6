"""The columns of evenings: their kinds, the calendar, and the validation of every cell."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from pipelines._common.frames import Rows
from pipelines._forecasting.calendar import MONTHS, WEEKDAYS, calendar_words, dates_of
from pipelines._forecasting.tables import Cell, columns_of, fail, is_flag, is_number

CATEGORIES = {"weekday": WEEKDAYS, "month": MONTHS}
FLAGS = ("holiday", "event")
COUNTS = ("reservations", "tourists")  # never negative


def by_kind(features: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Return three lists: the features that are numbers, the categories and the flags."""
    numbers = [name for name in features if name not in CATEGORIES and name not in FLAGS]
    return numbers, [name for name in features if name in CATEGORIES], [n for n in features if n in FLAGS]


def read_evenings(evenings: Rows, features: Sequence[str]) -> pd.DataFrame:
    """Return the features (n_evenings, n_features), with numbers and flags as float64, categories as str.

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
    columns = columns_of(evenings, "Evenings")
    by_calendar = [name for name in features if name in CATEGORIES]
    if by_calendar and "date" in columns:
        dates = dates_of("date", columns["date"])
        for name in by_calendar:
            _agree(name, columns, calendar_words(dates, name).tolist())
    frame = pd.DataFrame({name: _checked(name, columns) for name in features})
    if frame.empty:
        raise ValueError("The evenings must contain at least one row. Got no rows.")
    return frame


def _agree(name: str, columns: dict[str, list[Cell]], by_date: list[str]) -> None:
    """Derive a column from the dates, or check that the given column agrees with them."""
    for row, (given, word) in enumerate(zip(columns.get(name, by_date), by_date, strict=True)):
        if given in CATEGORIES[name] and given != word:
            fail(row, name, f"{word}, since the date is {columns['date'][row]}", given)
    columns.setdefault(name, by_date)


def _checked(name: str, columns: dict[str, list[Cell]]) -> np.ndarray:
    """Return one column as an array of shape (n_evenings,). Raise ValueError for the first invalid cell."""
    if name not in columns:
        date_too = " and no column 'date' from which to derive it" if name in CATEGORIES else ""
        raise ValueError(
            f"The evenings have no column {name!r}{date_too}. Their columns are: {', '.join(columns)}."
        )
    is_allowed, allowed = _rule(name)
    for row, value in enumerate(columns[name]):
        if not is_allowed(value):
            fail(row, name, allowed, value)
    return np.array(columns[name], dtype=object if name in CATEGORIES else float)


def _rule(name: str) -> tuple[Callable[[Cell], bool], str]:
    """Return a function that checks the values of a column, and a description of the allowed values."""
    if name in CATEGORIES:
        known = CATEGORIES[name]
        return (lambda value: isinstance(value, str) and value in known), f"one of {', '.join(known)}"
    if name in FLAGS:
        return is_flag, "true or false"
    if name in COUNTS:
        return (lambda value: is_number(value) and value >= 0), "a number of at least 0"
    return is_number, "a number"
