"""Read the pizzeria's evenings from a CSV or Parquet file into a checked polars frame.

A file is read in one pass, in O(cells) time. Every cell is first read as text, so that the same rules,
written as polars expressions, apply to both kinds of file. Every error is an `EveningsFileError` that states
the file, the line (or the row of a Parquet file), the column, the allowed values and the value found.
"""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple, NoReturn

import polars as pl

from pipelines.forecast import MONTHS, WEEKDAYS

__all__ = [
    "COLUMNS",
    "EveningsFileError",
    "Problem",
    "Reading",
    "features_of",
    "load_evenings",
    "read_csv_evenings",
]

DEFAULT_PATH = Path(__file__).parent / "data" / "week.csv"
REQUIRED = ("reservations", "doughs")
COLUMNS = ("date", "weekday", "month", *REQUIRED, "temperature", "tourists", "holiday", "event")

COUNT = "a whole number from 0 to 999999"
DATE = "a valid date, such as 2025-06-13"
TEMPERATURE = "a temperature from -60 to 60 degrees Celsius"


class EveningsFileError(ValueError):
    """Error for an unusable file of evenings. It states the place, the allowed values and the value found."""


class Problem(NamedTuple):
    """An invalid cell, or an invalid line if `column` is empty."""

    where: str
    column: str
    allowed: str
    got: str


class Reading(NamedTuple):
    """The valid `evenings` of a file, their `lines`, the `dropped` evenings, and all `problems`."""

    evenings: pl.DataFrame
    lines: list[str]
    dropped: list[str]
    problems: list[Problem]


def features_of(evenings: pl.DataFrame) -> tuple[str, ...]:
    """Return the features available for these evenings, reservations first.

    Parameters
    ----------
    evenings : polars.DataFrame of shape (n_evenings, n_columns)

    Returns
    -------
    tuple of str
        All columns except `date` and `doughs`, and `weekday` and `month` if there is a date.

    Examples
    --------
    >>> features_of(load_evenings()[0])
    ('reservations', 'weekday')
    """
    given = {*evenings.columns} | ({"weekday", "month"} if "date" in evenings.columns else set())
    order = ("reservations", "temperature", "tourists", "weekday", "month", "holiday", "event")
    return tuple(name for name in order if name in given)


def load_evenings(path: str | Path = DEFAULT_PATH) -> tuple[pl.DataFrame, list[str]]:
    """Read a file of evenings and check every cell.

    Parameters
    ----------
    path : str or Path, default=the week beside this module
        A CSV file in UTF-8, or a Parquet file if its name ends in ``.parquet``, with the columns
        `reservations` and `doughs` and any others of `COLUMNS`, in any order. Blank lines are skipped.

    Returns
    -------
    evenings : polars.DataFrame of shape (n_evenings, n_columns)
        The columns that the file has, in the order of `COLUMNS`: date (Date), weekday and month (String),
        reservations, doughs and tourists (Int64), temperature (Float64), holiday and event (Boolean).
    dropped : list of str
        The evenings without a number of reservations, which are left out.

    Raises
    ------
    EveningsFileError
        If the file is missing, is not a CSV or Parquet file, lacks a column or contains an invalid cell.

    Examples
    --------
    >>> evenings, dropped = load_evenings()
    >>> evenings.row(0, named=True)
    {'weekday': 'Monday', 'reservations': 12, 'doughs': 36}
    >>> dropped
    ['line 6 (Friday)', 'line 7 (Saturday)']
    """
    if str(path).lower().endswith(".parquet"):
        reading = _read_cells(_read_parquet(path))
    else:
        reading = read_csv_evenings(_read_bytes(path), str(path))
    for where, column, allowed, got in reading.problems:
        _fail(path, f"{where}, column '{column}'" if column else where, allowed, got)
    if reading.evenings.is_empty():
        got = f"only empty cells ({len(reading.dropped)})"
        _fail(path, "column 'reservations'", "filled in for at least one evening", got)
    return reading.evenings, reading.dropped


def read_csv_evenings(
    data: bytes, name: str, may_be_empty: tuple[str, ...] = (), most_problems: int | None = None
) -> Reading:
    r"""Read the bytes of a CSV file of evenings, and collect all problems instead of stopping at the first.

    Parameters
    ----------
    data : bytes
        The content of the file.
    name : str
        The name of the file, for error messages.
    may_be_empty : tuple of str, default=()
        The columns, out of `temperature` and `tourists`, whose cells may be empty. Empty cells become null.
    most_problems : int, default=None
        Number of problems to collect. If there are more, the result contains this many and one more, and no
        evenings. If None, all are collected.

    Returns
    -------
    Reading
        The result. It contains no evenings if all of them were dropped or have problems.

    Raises
    ------
    EveningsFileError
        If the file is not text, its header is wrong, a quote is not closed, or no lines follow the header.

    Examples
    --------
    >>> read_csv_evenings(b"reservations,doughs\n12,36\n-1,x\n", "my.csv").problems[0][:2]
    ('line 3', 'reservations')
    """
    most = None if most_problems is None else most_problems + 1
    cells, problems = _read_csv(_decode(data, name), name, most)
    reading = _read_cells(cells, may_be_empty, most)
    problems = (problems + reading.problems)[:most]
    if len(problems) == most:
        return Reading(reading.evenings.clear(), [], [], problems)
    return reading._replace(problems=problems)


def _read_cells(cells: pl.DataFrame, may_be_empty: tuple[str, ...] = (), most: int | None = None) -> Reading:
    """Check the cells, and cast those of valid lines to their types. Stop after `most` problems."""
    problems = list(islice(_problems(cells, may_be_empty), most))
    cells = cells.filter(~pl.col("where").is_in([problem.where for problem in problems]))
    is_empty = pl.col("reservations") == ""
    label = next((name for name in ("date", "weekday") if name in cells.columns), None)
    dropped = [
        row["where"] + (f" ({row[label]})" if label else "")
        for row in cells.filter(is_empty).iter_rows(named=True)
    ]
    kept = cells.filter(~is_empty)
    evenings = kept.select(_typed(name) for name in COLUMNS if name in kept.columns)
    return Reading(evenings, kept["where"].to_list(), dropped, problems)


def _fail(path: str | Path, where: str, allowed: str, got: str) -> NoReturn:
    raise EveningsFileError(f"{path}, {where}: must be {allowed}. Got {got} instead.")


def _read_csv(text: str, path: str | Path, most: int | None) -> tuple[pl.DataFrame, list[Problem]]:
    """Return a frame of strings, with a column `where` of line numbers, and at most `most` problems."""
    records = _records(text, path)
    line, header = next(records, (1, []))
    _check_header(header, f"line {line}", path)
    rows, problems = [], []
    for line, fields in records:
        if len(fields) != len(header):
            allowed = f"{len(header)} fields separated by commas ({', '.join(header)})"
            problems.append(Problem(f"line {line}", "", allowed, f"{len(fields)} fields, {fields}"))
            if len(problems) == most:
                break
        else:
            rows.append([f"line {line}", *fields])
    if not rows and not problems:
        _fail(path, f"line {line}", "followed by one line per evening", "no evenings")
    return pl.DataFrame(rows, schema=dict.fromkeys(["where", *header], pl.String), orient="row"), problems


def _read_bytes(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        _fail_to_open(path, error)


def _decode(data: bytes, path: str | Path) -> str:
    try:
        return data.decode("utf-8-sig")  # spreadsheets write a byte order mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _fail(path, f"line {line}", "text in UTF-8", f"the byte {data[error.start]:#04x}")


def _fail_to_open(path: str | Path, error: OSError) -> NoReturn:
    reason = error.strerror or str(error)
    raise EveningsFileError(f"{path}: cannot be read ({reason}). Expected a CSV or Parquet file.") from error


def _records(text: str, path: str | Path) -> Iterator[tuple[int, list[str]]]:
    """Yield each record that is not a blank line, together with the number of its first line."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for fields in reader:
            if fields:
                yield line, fields
            line = reader.line_num + 1  # a quoted field may span lines
    except csv.Error as error:
        _fail(path, f"line {line}", "a CSV record in which every quote is closed", f"'{error}'")


def _read_parquet(path: str | Path) -> pl.DataFrame:
    """Return a frame of strings, like `_read_csv`. The first row is row 1."""
    try:
        frame = pl.read_parquet(io.BytesIO(_read_bytes(path)))
    except pl.exceptions.PolarsError as error:
        raise EveningsFileError(f"{path}: cannot be read as a Parquet file ({error})") from error
    _check_header(frame.columns, "the schema", path)
    if frame.is_empty():
        _fail(path, "the rows", "one per evening", "no evenings")
    cells = {name: _as_text(frame[name], path) for name in frame.columns}
    return pl.DataFrame({"where": [f"row {i}" for i in range(1, 1 + frame.height)], **cells})


def _as_text(column: pl.Series, path: str | Path) -> pl.Series:
    """Convert the cells to the text that a CSV file would contain."""
    if column.dtype.is_nested() or column.dtype in (pl.Binary, pl.Object):
        allowed = "a column of text, numbers, dates or booleans"
        _fail(path, f"column {column.name!r}", allowed, f"the type {column.dtype}")
    if column.dtype.is_float():
        column = column.fill_nan(None)  # pandas writes a missing number as NaN
    elif isinstance(column.dtype, pl.Datetime):
        column = column.dt.date()
    return column.cast(pl.String).fill_null("")


def _check_header(header: list[str], where: str, path: str | Path) -> None:
    optional = ", ".join(set_apart(REQUIRED))
    known = f"the columns are {' and '.join(REQUIRED)} and, optionally, any of {optional}"
    for column in dict.fromkeys([*REQUIRED, *header]):
        if header.count(column) != 1:
            got = f"the header {header}" if header else "an empty file"
            _fail(path, f"{where}, column '{column}'", f"in the header exactly once; {known}", got)
        if column not in COLUMNS:
            _fail(path, f"{where}, column '{column}'", f"one of {', '.join(COLUMNS)}", repr(column))


def set_apart(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that are not in `names`."""
    return tuple(name for name in COLUMNS if name not in names)


def _problems(cells: pl.DataFrame, may_be_empty: tuple[str, ...]) -> Iterator[Problem]:
    """Yield each invalid cell with the first rule that it breaks, column by column."""
    found = set()
    for column, is_allowed, allowed in _rules(cells.columns):
        if column not in cells.columns:
            continue
        if column in may_be_empty:
            is_allowed, allowed = is_allowed | (pl.col(column) == ""), f"{allowed}, or empty"
        for where, value in cells.filter(~is_allowed.fill_null(False)).select("where", column).iter_rows():
            if (where, column) not in found:
                found.add((where, column))
                yield Problem(where, column, allowed, repr(value))


def _rules(columns: list[str]) -> list[tuple[str, pl.Expr, str]]:
    """Return rules: a column, an expression for its valid cells, and the allowed values in words."""
    number = {name: pl.col(name).cast(pl.Float64, strict=False) for name in COLUMNS}
    count = {name: number[name].is_between(0, 999_999) & (number[name] % 1 == 0) for name in COLUMNS}
    is_empty = pl.col("reservations") == ""
    date = _date()
    rules = [
        ("date", date.is_not_null(), DATE),
        ("date", pl.col("date").is_first_distinct(), "a date that appears only once"),
        ("weekday", pl.col("weekday").is_in(WEEKDAYS), f"one of {', '.join(WEEKDAYS)}"),
        ("month", pl.col("month").is_in(MONTHS), f"one of {', '.join(MONTHS)}"),
        (
            "reservations",
            count["reservations"] | is_empty,
            f"{COUNT}, or empty if no reservations were taken",
        ),
        ("doughs", count["doughs"], COUNT),
        ("tourists", count["tourists"], COUNT),
        ("temperature", number["temperature"].is_between(-60, 60), TEMPERATURE),
        *((name, pl.col(name).is_in(["true", "false"]), "true or false") for name in ("holiday", "event")),
    ]
    if "date" in columns:
        weekday, month = date.dt.strftime("%A"), date.dt.strftime("%B")
        rules += [
            ("weekday", date.is_null() | (pl.col("weekday") == weekday), "the weekday of the date"),
            ("month", date.is_null() | (pl.col("month") == month), "the month of the date"),
        ]
    return rules


def _date() -> pl.Expr:
    text = pl.col("date").str.extract(r"^([0-9]{4}-[0-9]{2}-[0-9]{2})$")
    date = text.str.to_date("%Y-%m-%d", strict=False)
    return pl.when(date.dt.year() > 0).then(date)  # polars has a year 0, and Python's dates have none


def _typed(name: str) -> pl.Expr:
    """Return a checked column, cast to its type."""
    if name == "date":
        return _date()
    if name in ("weekday", "month"):
        return pl.col(name)
    if name in ("holiday", "event"):
        return pl.col(name) == "true"
    number = pl.col(name).cast(pl.Float64, strict=False)
    return number if name == "temperature" else number.cast(pl.Int64)
