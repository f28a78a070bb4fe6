"""The owner's settings: two costs, from which the service level follows, and the days without service."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from examples.pizza.web.tables import Facts
from examples.pizza.years import holidays
from examples.web.tables import settings
from pipelines import newsvendor_level

USUAL_LEVEL = 0.9
NAMES = ("surplus", "shortage", "closed_weekdays", "closed_holidays")


class House(NamedTuple):
    """The settings of the house.

    Parameters
    ----------
    surplus : float or None
        The cost of a dough that is thrown away.
    shortage : float or None
        The cost of a guest who is sent home.
    closed_weekdays : frozenset of int
        0 is Monday.
    closed_holidays : bool
        Whether the house is closed on public holidays.
    """

    surplus: float | None = None
    shortage: float | None = None
    closed_weekdays: frozenset[int] = frozenset()
    closed_holidays: bool = False

    @property
    def has_costs(self) -> bool:
        """Return whether both costs are known."""
        return bool(self.surplus and self.shortage)

    @property
    def level(self) -> float:
        """Return the service level with the lowest expected cost, or 0.9 until both costs are known."""
        return newsvendor_level(self.surplus, self.shortage) if self.has_costs else USUAL_LEVEL

    def why_closed(self, evening: Facts) -> str:
        """Return why there is no service on an evening, or an empty text if there is."""
        day = evening.day
        if evening.closed is not None:
            return "Closed on this day" if evening.closed else ""
        if day.weekday() in self.closed_weekdays:
            return f"Closed on {day:%A}s"
        if self.closed_holidays and (evening.holiday or day in holidays(day.year)):
            return "Closed on public holidays"
        return ""


def read_house(session: Session) -> House:
    """Return the settings in the database."""
    query = select(settings.c.name, settings.c.value).where(settings.c.name.in_(NAMES))
    found = {row.name: row.value for row in session.execute(query)}
    return House(
        float(found["surplus"]) if found.get("surplus") else None,
        float(found["shortage"]) if found.get("shortage") else None,
        frozenset(int(place) for place in found.get("closed_weekdays", "").split(",") if place),
        found.get("closed_holidays") == "yes",
    )


def write_house(session: Session, values: Mapping[str, Any]) -> None:
    """Replace the settings. Empty values are not stored."""
    session.execute(delete(settings).where(settings.c.name.in_(NAMES)))
    rows = [{"name": name, "value": str(value)} for name, value in values.items() if value]
    if rows:
        session.execute(insert(settings), rows)


def level_in_words(level: float) -> str:
    """Return a service level such as "9 in 10", "19 in 20" or "87 in 100"."""
    hundredths = min(99, max(1, round(100 * level)))
    for of in (10, 4, 20):
        if hundredths * of % 100 == 0:
            return f"{hundredths * of // 100} in {of}"
    return f"{hundredths} in 100"
