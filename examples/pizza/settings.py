"""The settings of the pizzeria's web site, which are environment variables."""

import os

from examples.pizza.clock import read_zone

PRIVATE, COUNTRY = "PIZZERIA_PRIVATE", "PIZZERIA_COUNTRY"
MONTH_FIRST = ("US", "PH", "FM", "MH", "PW")  # countries where 01/02/2026 is 2 January


def read_private(database_url: str | None = None) -> bool | None:
    """Return whether forecasts and figures require a login.

    If PIZZERIA_PRIVATE is not set, they do for a database of one's own, given here or as DATABASE_URL.
    Otherwise, the result is None: they do unless the database contains the demonstration data. Any value
    other than "yes" and "no" is a ValueError.
    """
    given = os.environ.get(PRIVATE, "").strip().lower()
    if given not in ("", "yes", "no"):
        raise ValueError(f'{PRIVATE} must be "yes" or "no". Got {given!r} instead.')
    if given:
        return given == "yes"
    return True if database_url or os.environ.get("DATABASE_URL") else None


def read_country() -> str:
    """Return the code of the restaurant's country, such as "IT". It decides how 01/02/2026 is read."""
    given = os.environ.get(COUNTRY, "").strip().upper() or "IT"
    if not (len(given) == 2 and given.isascii() and given.isalpha()):
        raise ValueError(
            f"{COUNTRY} must be the two letters of a country, such as IT, DE or US. Got {given!r} instead."
        )
    return given


def check_settings() -> None:
    """Raise ValueError if a setting has an invalid value."""
    read_zone()
    read_private()
    read_country()
