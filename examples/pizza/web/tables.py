"""The pizzeria's tables: evenings, the reservations for them, and the orders that used dough.

An evening's reservations are those of the table `reservations` and, besides, a number of them that were never
written down one by one, as those of an old book or an imported file; likewise its doughs, by the pizzas of
`orders`. Every day that has a reservation or an order has an evening.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import CheckConstraint, Float, ForeignKey, String, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, column_property, mapped_column

from examples.pizza.years import holidays


class Base(DeclarativeBase):
    """What the tables belong to."""


class Reservation(Base):
    """A table that is kept for a party."""

    __tablename__ = "reservations"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(ForeignKey("evenings.day"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    party: Mapped[int]
    note: Mapped[str] = mapped_column(String(200))
    __table_args__ = (CheckConstraint("party > 0", name="reservations_party"),)


class Order(Base):
    """Pizzas that were made for somebody; each is one dough."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(ForeignKey("evenings.day"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    pizzas: Mapped[int]
    __table_args__ = (CheckConstraint("pizzas > 0", name="orders_pizzas"),)


class Evening(Base):
    """A day: what is known of it, and what was not written down one by one."""

    __tablename__ = "evenings"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(unique=True)
    temperature: Mapped[float | None] = mapped_column(Float)  # degrees Celsius
    tourists: Mapped[int | None]
    holiday: Mapped[bool]
    event: Mapped[bool]
    more_reservations: Mapped[int]
    more_doughs: Mapped[int]
    __table_args__ = (CheckConstraint("more_reservations >= 0 AND more_doughs >= 0", name="evenings_more"),)


_reservations = select(func.count(Reservation.id)).where(Reservation.day == Evening.day)
_guests = select(func.coalesce(func.sum(Reservation.party), 0)).where(Reservation.day == Evening.day)
_pizzas = select(func.coalesce(func.sum(Order.pizzas), 0)).where(Order.day == Evening.day)
Evening.listed_reservations = column_property(_reservations.scalar_subquery())
Evening.guests = column_property(_guests.scalar_subquery())  # of the reservations written down
Evening.listed_doughs = column_property(_pizzas.scalar_subquery())
Evening.reservations = column_property(Evening.more_reservations + _reservations.scalar_subquery())
Evening.doughs = column_property(Evening.more_doughs + _pizzas.scalar_subquery())


class Facts(NamedTuple):
    """An evening as forecasts see it; plain values that outlive the session."""

    day: date
    reservations: int = 0
    doughs: int = 0
    temperature: float | None = None
    tourists: int | None = None
    holiday: bool = False
    event: bool = False
    guests: int = 0


def new_evening(day: date) -> Evening:
    """Return the row of a day of which nothing is known yet; a holiday if Italy's calendar says so."""
    is_holiday = day in holidays(day.year)
    return Evening(day=day, holiday=is_holiday, event=False, more_reservations=0, more_doughs=0)


def keep_evening(session: Session, day: date) -> None:
    """See that a day has a row. The writer's turn (`bump`) comes first, so that no other makes one too."""
    if session.scalar(select(Evening.id).where(Evening.day == day)) is None:
        session.add(new_evening(day))
        session.flush()


def read_past(session: Session, today: date) -> list[Facts]:
    """Return the evenings that are over and used dough, in order: what is learned from."""
    over = (Evening.day < today) & (Evening.doughs > 0)
    return _facts(session, over)


def read_between(session: Session, first: date, last: date) -> list[Facts]:
    """Return the evenings of these days that there are, in order."""
    return _facts(session, Evening.day.between(first, last))


def read_days(session: Session, first: date, n_days: int) -> list[Facts]:
    """Return consecutive evenings, of which some may not have been written down."""
    days = [first + timedelta(i) for i in range(n_days)]
    known = {evening.day: evening for evening in read_between(session, days[0], days[-1])}
    return [known.get(day) or Facts(day, holiday=day in holidays(day.year)) for day in days]


def _facts(session: Session, condition: object) -> list[Facts]:
    columns: Sequence = [getattr(Evening, name) for name in Facts._fields]
    rows = session.execute(select(*columns).where(condition).order_by(Evening.day))
    return [Facts(*row) for row in rows]
