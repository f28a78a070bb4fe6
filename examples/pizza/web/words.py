"""Days as people say them."""

import re
from datetime import date

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
SAID = re.compile(r"(?:[a-z]{3,9},? )?(\d{1,2}) ([a-z]{3})[a-z]*\.?(?: (\d{4}))?")


def in_words(day: date, today: date | None = None) -> str:
    """Return a day such as "Fri 4 Dec", with its year if it is not the current one."""
    year = "" if today is not None and day.year == today.year else f" {day.year}"
    return f"{day:%a} {day.day} {day:%b}{year}"


def in_full(day: date) -> str:
    """Return a day such as "Friday 4 December"."""
    return f"{day:%A} {day.day} {day:%B}"


def read_said(text: str, today: date) -> date | None:
    """Return the day that a text such as "4 Dec" or "Fri 4 Dec 2026" states. Without a year, the closest one.

    Examples
    --------
    >>> read_said("Sun 4 Jan", date(2026, 12, 30))
    datetime.date(2027, 1, 4)
    """
    found = SAID.fullmatch(" ".join(text.lower().split()))
    if not found or found[2] not in MONTHS:
        return None
    years = [int(found[3])] if found[3] else [today.year - 1, today.year, today.year + 1]
    days = []
    for year in years:
        try:
            days.append(date(year, MONTHS.index(found[2]) + 1, int(found[1])))
        except ValueError:  # such as 30 Feb
            continue
    return min(days, key=lambda day: abs(day - today), default=None)
