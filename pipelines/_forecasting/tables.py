"""Read and check the cells of each column of a table in any form: numbers, words and flags."""

import difflib
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, NoReturn, TypeAlias

import numpy as np
import pandas as pd

from pipelines._common.frames import Rows, collected
from pipelines._common.names import suggestion

Cell: TypeAlias = Any  # a number, a word, a flag, a date, or an invalid value that must be rejected

MAX_NUMBER = 1e100  # so that powers of the number are also finite
MISSING = "(missing)"  # the category of a missing word
FLAG_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def columns_of(table: Rows, noun: str = "The rows") -> dict[str, list[Cell]]:
    """Return the cells of each column of a pandas or polars frame, a dict or a list of dicts."""
    table = collected(table)
    rows = [table] if isinstance(table, Mapping) else table
    if isinstance(rows, list) and rows and all(isinstance(row, Mapping) for row in rows):
        names = dict.fromkeys(name for row in rows for name in row)
        return {name: [row.get(name) for row in rows] for name in names}
    if not hasattr(table, "columns"):
        raise TypeError(
            f"{noun} must be a data frame (pandas or polars), a dict or a non-empty list of dicts. "
            f"Got a {type(table).__name__} instead."
        )
    if len(set(table.columns)) < len(table.columns):
        raise ValueError(f"The column names of {noun.lower()} must be unique. Got {list(table.columns)}.")
    return {str(name): table[name].to_list() for name in table.columns}


def needed(table: Rows, names: Sequence[str], is_training: bool) -> dict[str, list[Cell]]:
    """Return the cells of the named columns. Raise ValueError if one is missing or there are no rows.

    In training, the error suggests a column similar to the name. Later, the names are known to be
    correct, so it suggests that a column of the table is misspelt.
    """
    columns = columns_of(table)
    for name in names:
        if name not in columns:
            near = suggestion(name, columns) if is_training else _misspelling(name, columns, names)
            raise ValueError(
                f"The table has no column {name!r}. Its columns are: {', '.join(columns)}.{near}"
            )
    if names and not columns[names[0]]:
        raise ValueError("The table must contain at least one row. Got no rows.")
    for row, cells in enumerate(table if isinstance(table, list) else []):
        for name in names:
            if name not in cells:
                raise ValueError(
                    f"Row {row} has no value for {name!r}, only for {', '.join(map(str, cells))}. Pass None "
                    f"if the value is not known.{_misspelling(name, cells, names)}"
                )
    return {name: columns[name] for name in names}


def _misspelling(name: str, given: Iterable[Cell], names: Sequence[str]) -> str:
    """Return " Did you mean 'rain' instead of 'rian'?" if a given column resembles a missing one."""
    others = [str(other) for other in given if other not in names]
    near = difflib.get_close_matches(name, others, n=1, cutoff=0.5)
    return f" Did you mean {name!r} instead of {near[0]!r}?" if near else ""


def is_missing(value: Cell) -> bool:
    """Return True for None, NaN, NaT and pandas' NA."""
    return (
        value is None
        or value is pd.NA
        or ((isinstance(value, Real | Decimal) or value is pd.NaT) and value != value)
    )


def is_number(value: Cell) -> bool:
    """Return True for a finite number that is not a flag. Prices from databases are often Decimal."""
    is_real = isinstance(value, Real | Decimal) and not isinstance(value, bool)
    return is_real and value == value and -MAX_NUMBER <= value <= MAX_NUMBER


def is_flag(value: Cell) -> bool:
    """Return True for true, false, 1 and 0."""
    return isinstance(value, Real | np.bool_) and value in (0, 1)


def numbers_of(name: str, cells: Sequence[Cell]) -> np.ndarray:
    """Return a column of numbers as an array (n_rows,) of floats. Missing cells are NaN."""
    return _floats(name, cells, is_number, "a number, or missing")


def flags_of(name: str, cells: Sequence[Cell]) -> np.ndarray:
    """Return a column of flags as an array (n_rows,) of 0.0 and 1.0. Missing cells are NaN.

    Text such as "yes" or "False" is also a flag; case and surrounding spaces do not matter.
    """
    known = [
        FLAG_WORDS.get(value.strip().lower(), value) if isinstance(value, str) else value for value in cells
    ]
    return _floats(name, known, is_flag, "true or false, yes or no, 1 or 0, or missing")


def words_of(name: str, cells: Sequence[Cell]) -> np.ndarray:
    """Return a column of categories as an array (n_rows,) of strings. 6, 6.0 and "6" are one category."""
    return np.array([_word(row, name, value) for row, value in enumerate(cells)], dtype=object)


def check_known(name: str, words: Iterable[str], known: Collection[str]) -> None:
    """Raise ValueError for the first unknown word. The message suggests the most similar known word."""
    for row, word in enumerate(words):
        if word not in known:
            fail(row, name, f"one of {', '.join(known)}", word, suggestion(word, known))


def fail(row: int, column: str, allowed: str, value: Cell, more: str = "") -> NoReturn:
    """Raise ValueError for an invalid cell."""
    raise ValueError(
        f"The value in row {row} of column {column!r} must be {allowed}. Got {value!r} instead.{more}"
    )


def of_text(value: Cell) -> str:
    """Return advice for the error message if a number is given as text, else an empty string."""
    if not isinstance(value, str) or not re.fullmatch(r"\s*[-+]?[\d.,' ]*\d\s*", value):
        return ""
    if "," in value:
        return (
            " If commas are decimal signs, read the file with pandas.read_csv(..., decimal=','); if they "
            "group digits, with thousands=','."
        )
    return " Convert text to numbers first, for example with pandas.to_numeric."


def _floats(name: str, cells: Sequence[Cell], is_valid: Callable[[Cell], bool], allowed: str) -> np.ndarray:
    values = [np.nan if is_missing(value) else value for value in cells]
    for row, value in enumerate(values):
        if value == value and not is_valid(value):
            fail(row, name, allowed, value, of_text(value))
    return np.array(values, dtype=float)


def _word(row: int, name: str, value: Cell) -> str:
    if is_missing(value):
        return MISSING
    if isinstance(value, list | dict | set | np.ndarray):
        fail(row, name, "one category", value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column of integers with gaps becomes floats in pandas
    return str(value)
