"""Forecast from a table with columns of any name: ``python -m examples.pizza table --help``."""

import argparse
import json
import warnings
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console

from examples.arguments import unknown
from examples.pizza.arguments import share
from examples.pizza.data import EveningsFileError
from pipelines import ExtrapolationWarning, TooFewRowsWarning, explain_forecast, forecast, forecaster

SHARE = 0.8  # of targets inside the range that is printed


def add_table(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "table",
        help="forecast from a file with any column names, for example of daily sales",
        description="Forecast a column of your own CSV or Parquet file, with a range. By "
        "default, the row is the day after the last one.",
    )
    command.add_argument("--data", required=True, metavar="FILE", help="the CSV or Parquet file")
    command.add_argument("--target", required=True, metavar="COLUMN", help="the column to forecast")
    command.add_argument("--date", metavar="COLUMN", help="the column of dates, such as 2025-06-13")
    for kind, words in (
        ("number", "a column of numbers"),
        ("category", "a column of categories"),
        ("flag", "a column of true and false"),
    ):
        command.add_argument(
            f"--{kind}",
            action="append",
            default=[],
            metavar="COLUMN",
            help=f"{words}; can be given more than once",
        )
    command.add_argument(
        "--row",
        action="append",
        default=[],
        type=assignment,
        metavar="COLUMN=VALUE",
        help="a value of the row to forecast; needed for each column except the date",
    )
    command.add_argument(
        "--service-level", type=share, metavar="S", help="also print what is enough with this probability"
    )
    command.add_argument("--json", action="store_true", help="print the answer as JSON")
    command.set_defaults(run=run_table, fail=command.error)


def assignment(text: str) -> tuple[str, str]:
    """Read COLUMN=VALUE."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"must be COLUMN=VALUE, such as rain=3, got {text!r}")
    return name, value


def run_table(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Print the forecast for a row, its range, and what each column adds."""
    table = read_table(options.data)
    given = {"target": [options.target], "number": options.number, "category": options.category}
    given |= {"flag": options.flag, "date": [options.date] if options.date else []}
    for option, names in given.items():
        for name in names:
            if name not in table.columns:
                fail(f"argument --{option}: {unknown('column', name, table.columns)}")
    if options.target in (*options.number, *options.category, *options.flag):
        fail(f"argument --target: {options.target} cannot be forecast from itself")
    table = table.drop_nulls(options.target)
    if table.is_empty():
        fail(f"argument --target: column {options.target!r} has no value in any row")
    table = table.sort(options.date) if options.date else table
    row = row_of(options, table, fail)
    y = table[options.target]
    is_whole = y.dtype.is_integer()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ExtrapolationWarning)
            warnings.simplefilter("always", TooFewRowsWarning)
            model = forecaster(
                numbers=options.number,
                categories=options.category,
                flags=options.flag,
                date=options.date,
                nonnegative=bool(is_whole and y.min() >= 0),
                whole=is_whole,
            ).fit(table, y)
            told = answer(model, row, options)
    except ValueError as error:
        fail(str(error))
    told["warnings"] = list(dict.fromkeys(str(warning.message) for warning in caught))
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
        "row": {name: str(value) for name, value in row.items()},
        "parts": {name: round(adds, 6) for name, adds in explain_forecast(model, row).items()},
    }


def read_table(path: str) -> pl.DataFrame:
    """Return the rows of a CSV or Parquet file. Raise EveningsFileError if it cannot be read."""
    try:
        if Path(path).suffix.lower() == ".parquet":
            table = pl.read_parquet(path)
        else:
            table = pl.read_csv(path, try_parse_dates=True)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise EveningsFileError(
            f"{path}: cannot be read ({error}). Expected a CSV or Parquet file."
        ) from error
    if table.is_empty():
        raise EveningsFileError(f"{path}: must contain at least one row. Got no rows.")
    return table


def row_of(options: Any, table: pl.DataFrame, fail: Callable) -> dict[str, Any]:
    """Return the row to forecast, with the day after the last date unless it is given."""
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
    row |= {name: given[name] for name in options.category}
    row |= {name: flag(name, given[name], fail) for name in options.flag}
    if options.date:
        row[options.date] = given.get(options.date) or day_after(table[options.date][-1])
    return row


def number(name: str, text: str, fail: Callable) -> float | None:
    """Return a number, or None if the text is empty."""
    try:
        return float(text) if text else None
    except ValueError:
        return fail(f"argument --row: {name} must be a number, or empty if it is not known; got {text!r}")


def flag(name: str, text: str, fail: Callable) -> bool:
    """Return a flag."""
    if text.lower() not in ("true", "false"):
        fail(f"argument --row: {name} must be true or false, got {text!r}")
    return text.lower() == "true"


def day_after(last: Any) -> Any:
    """Return the day after a date, a time, or text such as 2025-06-13, as in Parquet files."""
    if isinstance(last, str):
        try:
            last = datetime.fromisoformat(last.strip().replace("/", "-"))
        except ValueError:
            return last  # the forecaster will refuse it
        last = last if last.time() != time() else last.date()
    return last + timedelta(1) if isinstance(last, date) else last


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
