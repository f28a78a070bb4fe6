"""Dates, numbers and flags as people write them in files to import, put into the form that is checked.

Cells that cannot be read are returned as they are, so that the check can show them.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from examples.pizza.settings import MONTH_FIRST

YES = ("true", "yes", "y", "1", "x", "vero", "sì", "si", "wahr", "ja", "vrai", "oui", "verdadero")
NO = ("false", "no", "n", "0", "", "falso", "falsch", "nein", "faux", "non")


class Table(NamedTuple):
    """The rows of a file, and a sentence on how its dates were read if that was not certain."""

    rows: list[list[str]]
    note: str


def in_one_form(rows: list[list[str]], country: str) -> Table:
    """Return the rows with a header in lower case, and with the cells in the form that is checked.

    Examples
    --------
    >>> rows = [["Date", "Temperature", "Holiday"], ["1/2/2026", "21,5", "no"]]
    >>> in_one_form(rows, "IT")
    Table(rows=[['date', 'temperature', 'holiday'], ['2026-02-01', '21.5', 'false']],
          note='1/2/2026 was read as 1 February 2026, with the day first.')
    """
    first = next((i for i, row in enumerate(rows) if row), None)
    if first is None:
        return Table(rows, "")
    header = [name.strip().lower() for name in rows[first]]
    is_month_first = country in MONTH_FIRST
    readers: dict[str, Callable[[str], str]] = {
        "date": lambda text: str(read_date(text, is_month_first) or text),
        "temperature": read_decimal,
        "weekday": str.title,
        "month": str.title,
        **dict.fromkeys(("reservations", "doughs", "tourists"), read_whole),
        **dict.fromkeys(("holiday", "event"), read_flag),
    }
    used = [readers.get(name, str) for name in header]
    body = [[] if not any(cell.strip() for cell in row) else row for row in rows[first + 1 :]]
    body = [
        [reader(cell.strip()) for reader, cell in zip(used, row, strict=True)]
        if len(row) == len(header)
        else row
        for row in body
    ]
    return Table([*rows[:first], header, *body], note_on_dates(rows[first:], header, is_month_first))


def read_date(text: str, is_month_first: bool) -> date | None:
    """Return a date such as 2026-02-01, 01/02/2026, 1.2.26 or 2026-02-01 00:00:00, or None."""
    text = re.sub(r"[T ]0?0:00(:00)?(\.0+)?$", "", text)
    if found := re.fullmatch(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", text):
        year, month, day = found[1], found[3], found[4]
    elif found := re.fullmatch(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})", text):
        day, month, year = (
            (found[3], found[1], found[4]) if is_month_first else (found[1], found[3], found[4])
        )
    else:
        return None
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        return None


def note_on_dates(rows: list[list[str]], header: list[str], is_month_first: bool) -> str:
    """Say how the first date was read that another country would read differently."""
    if "date" not in header:
        return ""
    place = header.index("date")
    for row in rows[1:]:
        text = row[place].strip() if place < len(row) else ""
        day, other = read_date(text, is_month_first), read_date(text, not is_month_first)
        if day and other and day != other:
            which = "month" if is_month_first else "day"
            return f"{text} was read as {day.day} {day:%B %Y}, with the {which} first."
    return ""


def read_decimal(text: str) -> str:
    """Return a number with a point: -3,5 and the typographic minus sign become -3.5."""
    text = text.replace("\N{MINUS SIGN}", "-")
    return text.replace(",", ".") if re.fullmatch(r"[-+]?\d+,\d+", text) else text


def read_whole(text: str) -> str:
    """Return a whole number without separators of thousands: 1.200, 1,200, 1'200 and 1 200 are 1200."""
    if re.fullmatch(r"\d{1,3}([.,'’ \u00a0\u202f])\d{3}(\1\d{3})*", text):
        return re.sub(r"\D", "", text)
    return read_decimal(text)


def read_flag(text: str) -> str:
    """Return true or false. An empty cell is false."""
    word = text.lower()
    return "true" if word in YES else "false" if word in NO else text
