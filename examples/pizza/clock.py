"""The date at the restaurant. An evening is a date in the restaurant's time zone, not in the server's."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ZONE = "Europe/Rome"
DAWN = 6  # hour


@dataclass(frozen=True)
class Clock:
    """A clock in the restaurant's time zone.

    Parameters
    ----------
    zone : ZoneInfo
        The restaurant's time zone.
    now : callable() -> datetime with a zone
        Returns the current time. Tests pass their own function.
    """

    zone: ZoneInfo
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def today(self) -> date:
        """Return the date at the restaurant. It changes at midnight local time."""
        return self.now().astimezone(self.zone).date()

    def hour(self) -> datetime:
        """Return the time at which the current hour began, at the restaurant."""
        return self.now().astimezone(self.zone).replace(minute=0, second=0, microsecond=0)

    def night(self) -> date:
        """Return the date of the night that is closed now: until 6 a.m., that of the evening before."""
        return (self.now().astimezone(self.zone) - timedelta(hours=DAWN)).date()


def read_zone() -> ZoneInfo:
    """Return the zone given by PIZZERIA_TIMEZONE. Raise ValueError if it is not a known time zone."""
    name = os.environ.get("PIZZERIA_TIMEZONE", "")
    try:
        return ZoneInfo(name or ZONE)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        message = f"PIZZERIA_TIMEZONE must be a time zone such as {ZONE} or UTC. Got {name!r} instead."
        raise ValueError(message) from None
