"""Forecast from a table with columns of any name: ``python -m examples.pizza table --help``."""

import json
import warnings
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import polars as pl
from rich.console import Console

from examples.arguments import unknown
from examples.pizza.table_file import (
    as_date,
    calendar_of,
    check_numbers,
    moment,
    next_date,
    read_table,
    with_dates,
)
from pipelines import explain_forecast, forecast, forecaster

FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
SHARE = 0.8  # of targets inside the range that is printed


def run_table(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Print the forecast for a row, its range, and what each column adds."""
    table = read_table(options.data)
    check_columns(options, table, fail)
    check_numbers(table, "target", [options.target], fail)
    check_numbers(table, "number", options.number, fail)
    notes = []
    if n_missing := table[options.target].null_count():
        rows = "1 row" if n_missing == 1 else f"{n_missing} rows"
        are = "is" if n_missing == 1 else "are"
        notes.append(f"{rows} without a value of {options.target} {are} left out.")
        table = table.drop_nulls(options.target)
    if options.date:
        table = with_dates(table, options.date, options.date_format, fail)
        if n_repeated := len(table) - table[options.date].n_unique():
            notes.append(
                f"{n_repeated} rows have the date of another row. The forecast is for one row, not for the "
                "sum of a date. Add up the rows of each date first if you need the sum."
            )
    row = row_of(options, table, fail)
    try:
        with warnings.catch_warnings(record=True, action="always", category=UserWarning) as caught:
            told = answer(fitted(options, table), row, options)
    except (ImportError, ValueError) as error:
        fail(str(error))
    told["warnings"] = [*notes, *dict.fromkeys(str(warning.message) for warning in caught)]
    show(told, options, console, messages)


def check_columns(options: Any, table: pl.DataFrame, fail: Callable) -> None:
    """Fail if a column does not exist, or if the target is forecast from itself or has no values."""
    given = {"target": [options.target], "number": options.number, "category": options.category}
    given |= {"flag": options.flag, "date": [options.date] if options.date else []}
    for option, names in given.items():
        for name in names:
            if name not in table.columns:
                fail(f"argument --{option}: {unknown('column', name, table.columns)}")
    if not any(names for option, names in given.items() if option != "target"):
        fail("at least one of --date, --number, --category and --flag is required")
    if options.target in (*options.number, *options.category, *options.flag):
        fail(f"argument --target: {options.target} cannot be forecast from itself")
    if table[options.target].null_count() == len(table):
        fail(f"argument --target: column {options.target!r} has no value in any row")


def fitted(options: Any, table: pl.DataFrame) -> Any:
    """Return a forecaster of the table. Forecasts are whole, or never negative, if all targets are."""
    y = table[options.target]
    return forecaster(
        numbers=options.number,
        categories=options.category,
        flags=options.flag,
        date=options.date,
        calendar=calendar_of(table[options.date]) if options.date else None,
        holidays=options.holidays,
        nonnegative=bool(y.min() >= 0),
        whole=y.dtype.is_integer(),
    ).fit(table, y)


def show(told: dict[str, Any], options: Any, console: Console, messages: Console) -> None:
    """Print the answer as JSON, or in words with what each column adds."""
    if options.json:
        print(json.dumps(told, indent=2))
        return
    for text in told["warnings"]:
        messages.print(text, style="yellow", markup=False)
    console.print(in_words(told), style="bold", markup=False)
    for name, adds in told["parts"].items():
        console.print(f"{adds:+9.1f}  {name}", markup=False)


def answer(model: Any, row: dict[str, Any], options: Any) -> dict[str, Any]:
    """Return the forecast for a row, its range, what each column adds, and the row itself."""
    low, high = forecast(model, row, interval=SHARE)[0].tolist()
    level = options.service_level
    return {
        "target": options.target,
        "forecast": forecast(model, row)[0].item(),
        "range": [low, high],
        "service_level": level,
        "enough": None if level is None else forecast(model, row, level)[0].item(),
        "row": {name: "unknown" if value is None else as_date(value) for name, value in row.items()},
        "parts": {name: round(adds, 6) for name, adds in explain_forecast(model, row).items()},
    }


def row_of(options: Any, table: pl.DataFrame, fail: Callable) -> dict[str, Any]:
    """Return the row to forecast, with the date that follows the last one unless it is given."""
    columns = [*options.number, *options.category, *options.flag]
    given = dict(options.row)
    known = [*columns, options.date] if options.date else columns
    for name in given:
        if name not in known:
            fail(f"argument --row: {unknown('column', name, known)}" if known else "argument --row: not used")
    if missing := [name for name in columns if name not in given]:
        fail(
            f"the row needs a value for each column; missing: {', '.join(f'--row {n}=...' for n in missing)}"
        )
    row: dict[str, Any] = {name: number(name, given[name], fail) for name in options.number}
    row |= {name: given[name] or None for name in options.category}
    row |= {name: flag(name, given[name], fail) for name in options.flag}
    if options.date:
        text = given.get(options.date)
        row[options.date] = (
            row_date(text, options, fail) if text else next_date(table[options.date], options.date, fail)
        )
    return row


def row_date(text: str, options: Any, fail: Callable) -> datetime:
    """Return the date of the row."""
    forms = ["iso", options.date_format] if options.date_format else ["iso"]
    read = [found for form in forms if (found := moment(text, form)) is not None]
    if not read:
        form = f" or have the form {options.date_format}" if options.date_format else ""
        fail(f"argument --row: {options.date} must be a date such as 2025-06-13{form}; got {text!r}")
    return read[0]


def number(name: str, text: str, fail: Callable) -> float | None:
    """Return a number, or None if the text is empty."""
    try:
        return float(text) if text else None
    except ValueError:
        return fail(f"argument --row: {name} must be a number, or empty if it is not known; got {text!r}")


def flag(name: str, text: str, fail: Callable) -> bool | None:
    """Return a flag, or None if the text is empty."""
    if not text:
        return None
    if text.lower() not in FLAGS:
        fail(
            f"argument --row: {name} must be true, false, yes, no, or empty if it is not known; got {text!r}"
        )
    return FLAGS[text.lower()]


def in_words(told: dict[str, Any]) -> str:
    """Return the answer in words."""
    row: Sequence[str] = [f"{name} {value}" for name, value in told["row"].items()]
    low, high = told["range"]
    enough = (
        "" if told["enough"] is None else f"; {told['enough']:.6g} is enough with {told['service_level']:.4g}"
    )
    return (
        f"{told['target']} {told['forecast']:.6g} for {', '.join(row)}: "
        f"from {low:.6g} to {high:.6g} in eight cases of ten{enough}"
    )
