"""The file of the table command: a CSV or Parquet file with dates and numbers in several forms."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from examples.pizza.data import EveningsFileError

SEPARATORS = (",", ";", "\t")
DAYS = ("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y")
TIMES = ("", " %H:%M", " %H:%M:%S")
LONGEST_STEP = timedelta(27)  # longer ones may be months, which differ in length


def read_table(path: str) -> pl.DataFrame:
    """Return the rows of a CSV or Parquet file. Raise EveningsFileError if it cannot be read.

    Columns may be separated by commas, semicolons or tabs. Unless they are separated by commas, numbers may
    have decimal commas. Dates stay text.
    """
    try:
        if Path(path).suffix.lower() == ".parquet":
            table = pl.read_parquet(path)
        else:
            table = from_text(text_of(Path(path).read_bytes()))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise EveningsFileError(
            f"{path}: cannot be read ({error}). Expected a CSV or Parquet file."
        ) from error
    if table.is_empty():
        raise EveningsFileError(f"{path}: must contain at least one row. Got no rows.")
    return table


def text_of(data: bytes) -> str:
    """Return the text of a file in UTF-8, or else in the encoding of Windows in Western Europe."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def from_text(text: str) -> pl.DataFrame:
    """Return the rows of a CSV file. The separator is the most frequent one in the first line."""
    separator = max(SEPARATORS, key=text.partition("\n")[0].count)
    table = pl.read_csv(text.encode(), separator=separator, infer_schema_length=None)
    table = table.rename({name: name.strip() for name in table.columns})
    return table if separator == "," else with_points(table)


def with_points(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table with text such as "2,5" as numbers, in columns that contain nothing else."""
    numbers = [
        name
        for name in table.columns
        if table[name].dtype == pl.String
        and table[name].drop_nulls().str.contains(r"^\s*[-+]?\d+(,\d+)?\s*$").all()
    ]
    texts = pl.col(numbers).str.strip_chars().str.replace(",", ".", literal=True)
    return table.with_columns(texts.cast(pl.Float64)) if numbers else table


def check_numbers(table: pl.DataFrame, option: str, names: Iterable[str], fail: Callable) -> None:
    """Fail if a column contains anything but numbers."""
    for name in names:
        column = table[name]
        if column.dtype == pl.String:
            is_number = column.cast(pl.Float64, strict=False).is_not_null() | column.is_null()
            row = int(is_number.arg_min() or 0)
            fail(
                f"argument --{option}: column {name!r} must contain numbers, but row {row} contains "
                f"{column[row]!r}"
            )
        elif not (column.dtype.is_numeric() or column.dtype == pl.Null):
            fail(f"argument --{option}: column {name!r} must contain numbers, but its type is {column.dtype}")


def with_dates(table: pl.DataFrame, name: str, form: str | None, fail: Callable) -> pl.DataFrame:
    """Return the table in the order of its dates, which may be text in the given form."""
    column = table[name]
    if column.null_count():
        fail(f"argument --date: row {int(column.is_null().arg_max() or 0)} of column {name!r} has no date")
    if column.dtype == pl.String:
        table = table.with_columns(pl.Series(name, parsed(column.to_list(), form, fail)))
    elif not column.dtype.is_temporal():
        fail(f"argument --date: column {name!r} must contain dates, but row 0 contains {column[0]!r}")
    return table.sort(name)


def parsed(texts: Sequence[str], form: str | None, fail: Callable) -> list[Any]:
    """Return texts as dates, or as times if any is not midnight. Fail if their form is not clear."""
    texts = [text.strip() for text in texts]
    forms = [form] if form else ["iso", *(day + hour for day in DAYS for hour in TIMES)]
    read = {each: [moment(text, each) for text in texts] for each in forms}
    clear = [each for each in forms if None not in read[each]]
    if len(clear) > 1:
        fail(
            f"argument --date: it is not clear which day {texts[0]!r} is. Give the form with "
            f"--date-format {clear[0]!r} or --date-format {clear[1]!r}"
        )
    if not clear:
        place = max(each.index(None) for each in read.values())
        fail(
            f"argument --date: {texts[place]!r} in row {place} is not a date"
            + (f" of the form {form!r}" if form else " such as 2025-06-13. Give the form with --date-format")
        )
    moments = read[clear[0]]
    return moments if any(each.time() != time() for each in moments) else [each.date() for each in moments]


def moment(text: str, form: str) -> datetime | None:
    """Return a text as a date and time, or None if it does not have this form."""
    try:
        if form == "iso":
            return datetime.fromisoformat(text.replace("/", "-")).replace(tzinfo=None)
        return datetime.strptime(text, form)
    except ValueError:
        return None


def next_date(dates: pl.Series, name: str, fail: Callable) -> Any:
    """Return the last date plus the most frequent distance, such as an hour, a day or a week."""
    step = step_of(dates)
    if step > LONGEST_STEP:
        fail(f"the row needs a date, because the dates are months or years apart: --row {name}=...")
    return dates.max() + step


def step_of(dates: pl.Series) -> timedelta:
    """Return the most frequent distance between two dates, or a day if there is only one."""
    known = dates.unique().sort().to_list()
    distances = Counter(later - sooner for sooner, later in pairwise(known))
    return distances.most_common(1)[0][0] if distances else timedelta(1)


def calendar_of(dates: pl.Series) -> tuple[str, ...]:
    """Return what to derive from the dates: no hour for days, and no weekday for weeks or months."""
    step = step_of(dates)
    if step < timedelta(1) and dates.n_unique() > dates.cast(pl.Date).n_unique():
        return "hour", "weekday", "season"
    return ("weekday", "season") if step < timedelta(7) else ("season",)


def as_date(value: Any) -> str:
    """Return a date or a time as text, without the time if it is midnight."""
    if isinstance(value, datetime) and value.time() != time():
        return value.isoformat(timespec="minutes")
    return value.date().isoformat() if isinstance(value, datetime) else str(value)
