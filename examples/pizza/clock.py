"""What day it is in the restaurant. An evening is a date of its calendar, whatever the server's zone."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

ZONE = "Europe/Rome"


@dataclass(frozen=True)
class Clock:
    """A zone, and what tells the time.

    Parameters
    ----------
    zone : ZoneInfo
    now : callable() -> datetime with a zone
        Tests put a clock of their own here.
    """

    zone: ZoneInfo
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def today(self) -> date:
        """Return tonight's date; it changes at midnight, local time."""
        return self.now().astimezone(self.zone).date()


def read_zone() -> ZoneInfo:
    """Return the zone that PIZZERIA_TIMEZONE names, or raise ValueError with what is allowed."""
    name = os.environ.get("PIZZERIA_TIMEZONE", "")
    try:
        return ZoneInfo(name or ZONE)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        message = f"PIZZERIA_TIMEZONE must be a time zone such as {ZONE} or UTC. Got {name!r} instead."
        raise ValueError(message) from None
