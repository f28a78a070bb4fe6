"""Remove the pizzeria's demonstration data, all of it or that of some days."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from examples.pizza.web.tables import Evening, Order, Reservation
from examples.pizza.years import holidays
from examples.web.demonstration import Demonstration


def remove(session: Session) -> None:
    """Remove all demonstration data. An evening stays if something was entered by hand for it."""
    for table in (Reservation, Order):
        session.execute(delete(table).where(table.demo))
    has_rows = [exists().where(table.day == Evening.day) for table in (Reservation, Order)]
    kept = or_(*has_rows, Evening.made.is_not(None), Evening.closed.is_not(None))
    session.execute(delete(Evening).where(Evening.demo, ~kept).execution_options(synchronize_session=False))
    for evening in session.scalars(select(Evening).where(Evening.demo)):
        forget_facts(evening)


def replace(session: Session, evenings: Iterable[Evening]) -> None:
    """Remove the demonstration data of evenings whose own numbers are about to be saved."""
    found = {evening.day: evening for evening in evenings}
    remove_rows(session, found)
    for evening in found.values():
        if evening.demo:
            forget_facts(evening)


def remove_rows(
    session: Session, days: Iterable[date], tables: Sequence[type[Reservation | Order]] = (Reservation, Order)
) -> None:
    """Delete the invented reservations and orders of some days."""
    days = list(days)
    for first in range(0, len(days), 500):  # databases limit the number of parameters
        some = days[first : first + 500]
        for table in tables:
            session.execute(delete(table).where(table.demo, table.day.in_(some)))


def forget_facts(evening: Evening) -> None:
    """Reset what is invented about an evening."""
    if evening.made is None:  # otherwise, somebody has closed the night
        evening.more_doughs = 0
    evening.more_reservations, evening.temperature, evening.tourists = 0, None, None
    evening.holiday, evening.event, evening.demo = evening.day in holidays(evening.day.year), False, False


DEMONSTRATION = Demonstration(
    words="The evenings, reservations and orders are invented, so that you can see how the site works.",
    removal="The invented evenings, reservations and orders are removed. Everything that you have entered "
    "or imported stays.",
    remove=remove,
)
