"""Read the tavern's catalogue, `games.csv`, into a checked polars frame.

The file is read in one pass, in O(bytes) time. The csv module splits the lines, because errors state the line
number, and polars expressions check the cells. Every error is a `GamesFileError` that states the file, the
line, the column, the allowed values and the value found.
"""

import csv
import io
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import polars as pl

__all__ = ["BUDGETS", "COLUMNS", "GamesFileError", "budget_of", "known_types", "load_games"]

DEFAULT_PATH = Path(__file__).parent / "data" / "games.csv"
COLUMNS = ("title", "year", "console", "developer", "gameplay_types", "cost", "top_rated")

BUDGETS = ("cheap", "standard", "premium")
CHEAP_BELOW = 5.0  # tavern coins per hour
STANDARD_BELOW = 20.0  # tavern coins per hour

FIRST_YEAR, LAST_YEAR = 1970, 2100

NAME = "a name that is not empty and has no leading or trailing blanks"
YEAR = f"a whole number from {FIRST_YEAR} to {LAST_YEAR}"
COST = "a number from 0 to 999999.99 with at most two decimals, such as 4.50"
TYPES = "one or more gameplay types separated by '|', such as Action|Puzzle"


class GamesFileError(ValueError):
    """Error for an unusable games file. It states the place, the allowed values and the value found."""


def budget_of(cost: float) -> str:
    """Return the budget category of a rental cost.

    Parameters
    ----------
    cost : float
        Rental cost in tavern coins per hour, 0 or more.

    Returns
    -------
    str
        "cheap" below 5, "standard" from 5 to below 20, "premium" from 20.

    Raises
    ------
    ValueError
        If the cost is negative, NaN or infinite.

    Examples
    --------
    >>> [budget_of(cost) for cost in (4.99, 5, 19.99, 20)]
    ['cheap', 'standard', 'standard', 'premium']
    """
    if not 0 <= cost < math.inf:
        raise ValueError(f"cost must be a number in the range [0, inf). Got {cost!r} instead.")
    return BUDGETS[bisect_right((CHEAP_BELOW, STANDARD_BELOW), cost)]


def known_types(games: pl.DataFrame) -> list[str]:
    """Return the gameplay types that occur in `games`, sorted.

    Parameters
    ----------
    games : polars.DataFrame of shape (n_games, n_columns)
        The games, with a column `gameplay_types` of lists of strings.

    Returns
    -------
    list of str
        The distinct types.

    Examples
    --------
    >>> known_types(load_games())[:3]
    ['Action', 'Adventure', 'Fighting']
    """
    return sorted(set(games["gameplay_types"].explode().drop_nulls()))


def load_games(path: str | Path = DEFAULT_PATH) -> pl.DataFrame:
    """Read a games file and check every cell.

    Parameters
    ----------
    path : str or Path, default=the catalogue beside this module
        A CSV file in UTF-8 with the columns `COLUMNS`, in any order. Blank lines are skipped.

    Returns
    -------
    polars.DataFrame of shape (n_games, 8)
        The games in the order of the file, with the columns title (String), year (Int64), console (String),
        developer (String), gameplay_types (List(String)), cost (Float64, tavern coins per hour), top_rated
        (Boolean) and budget (Enum of `BUDGETS`, computed from the cost).

    Raises
    ------
    GamesFileError
        If the file is missing, is not in UTF-8, does not have these columns or contains an invalid cell.

    Examples
    --------
    >>> games = load_games()
    >>> games.columns[-3:]
    ['cost', 'top_rated', 'budget']
    >>> games.row(by_predicate=pl.col("title") == "Tetris", named=True)["gameplay_types"]
    ['Puzzle']
    """
    cells = _read_cells(_read_text(path), path)
    _check_cells(cells, path)
    _check_types(cells, path)
    costs = cells["cost"].cast(pl.Float64)
    return cells.select(
        "title",
        pl.col("year").cast(pl.Int64),
        "console",
        "developer",
        pl.col("gameplay_types").str.split("|"),
        costs,
        pl.col("top_rated") == "true",
        pl.Series("budget", [budget_of(cost) for cost in costs], dtype=pl.Enum(BUDGETS)),
    )


def _fail(path: str | Path, where: str, allowed: str, got: str) -> NoReturn:
    raise GamesFileError(f"{path}, {where}: must be {allowed}. Got {got} instead.")


def _read_text(path: str | Path) -> str:
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise GamesFileError(f"{path}: cannot be read ({reason}). Expected a CSV file.") from error
    try:
        return data.decode("utf-8-sig")  # spreadsheets write a byte order mark
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _fail(path, f"line {line}", "text in UTF-8", f"the byte {data[error.start]:#04x}")


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


def _read_cells(text: str, path: str | Path) -> pl.DataFrame:
    """Return a frame of strings with the columns of the file, and a column of line numbers."""
    records = _records(text, path)
    line, header = next(records, (1, []))
    _check_header(header, line, path)
    rows = []
    for line, fields in records:
        if len(fields) != len(header):
            allowed = f"{len(header)} fields separated by commas ({', '.join(header)})"
            _fail(path, f"line {line}", allowed, f"{len(fields)} fields, {fields}")
        rows.append([line, *fields])
    if not rows:
        _fail(path, f"line {line}", "followed by one line per game", "no games")
    schema = {"line": pl.Int64} | dict.fromkeys(header, pl.String)
    return pl.DataFrame(rows, schema=schema, orient="row")


def _check_header(header: list[str], line: int, path: str | Path) -> None:
    wanted = f"in the header exactly once; the columns are {', '.join(COLUMNS)}"
    for column in COLUMNS:
        if header.count(column) != 1:
            got = f"the header {header}" if header else "an empty file"
            _fail(path, f"line {line}, column '{column}'", wanted, got)
    for column in header:
        if column not in COLUMNS:
            allowed = f"one of {', '.join(COLUMNS)}"
            _fail(path, f"line {line}, column '{column}'", allowed, repr(column))


def _check_cells(cells: pl.DataFrame, path: str | Path) -> None:
    """Raise an error for the first invalid cell, column by column."""
    year = pl.col("year").str.extract("^([0-9]+)$").cast(pl.Int64, strict=False)
    types = pl.col("gameplay_types").str.split("|")
    blank = pl.element().str.strip_chars() == ""
    rules = [
        *((name, _is_name(name), NAME) for name in ("title", "console", "developer")),
        ("title", pl.col("title").is_first_distinct(), "a title that appears only once"),
        ("year", year.is_between(FIRST_YEAR, LAST_YEAR).fill_null(False), YEAR),
        ("gameplay_types", ~types.list.eval(blank).list.any(), TYPES),
        ("cost", pl.col("cost").str.contains(r"^[0-9]{1,6}(\.[0-9]{1,2})?$"), COST),
        ("top_rated", pl.col("top_rated").is_in(["true", "false"]), "true or false"),
    ]
    for column, is_allowed, allowed in rules:
        wrong = cells.filter(~is_allowed)
        if len(wrong):
            line, value = wrong.select("line", column).row(0)
            _fail(path, f"line {line}, column '{column}'", allowed, repr(value))


def _is_name(column: str) -> pl.Expr:
    return (pl.col(column) != "") & (pl.col(column).str.strip_chars() == pl.col(column))


def _check_types(cells: pl.DataFrame, path: str | Path) -> None:
    """Raise an error if a game lists a type twice, or if spellings differ only in case or blanks."""
    lists = cells["gameplay_types"].str.split("|")
    counts = Counter(name.strip() for names in lists for name in names)
    spelling: dict[str, str] = {}
    for name, _ in counts.most_common():  # the most common spelling is considered correct
        spelling.setdefault(name.casefold(), name)
    for line, names in zip(cells["line"], lists, strict=True):
        where = f"line {line}, column 'gameplay_types'"
        for name in names:
            nearest = spelling[name.strip().casefold()]
            if name != nearest:
                allowed = f"'{nearest}', spelled as on the other lines and without leading or trailing blanks"
                _fail(path, where, allowed, repr(name))
        if len(set(names)) < len(names):
            _fail(path, where, "a list of gameplay types without duplicates", repr("|".join(names)))
