"""The pizzeria's tables: evenings, their reservations, the orders that used dough, and API tokens.

The number of reservations of an evening is the number of rows in the table `reservations` plus a number of
reservations that were not recorded one by one, for example because they were imported. In the same way, its
doughs are the pizzas in `orders` plus a number of doughs. Every day with a reservation or an order has an
evening.

The column `demo` marks the rows of the demonstration data. A row that somebody saves is not one any more.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import CheckConstraint, ColumnElement, Float, ForeignKey, Row, String, false, func, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, column_property, mapped_column

from examples.pizza.years import holidays


class Base(DeclarativeBase):
    """Base class of the tables."""


class Reservation(Base):
    """A reservation for a party."""

    __tablename__ = "reservations"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(ForeignKey("evenings.day"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    party: Mapped[int]
    note: Mapped[str] = mapped_column(String(200))
    booked_at: Mapped[int | None]  # seconds since 1970; None if it was not recorded
    demo: Mapped[bool] = mapped_column(default=False, server_default=false())
    __table_args__ = (CheckConstraint("party > 0", name="reservations_party"),)


class Order(Base):
    """An order of pizzas, each of which used one dough."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(ForeignKey("evenings.day"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    pizzas: Mapped[int]
    demo: Mapped[bool] = mapped_column(default=False, server_default=false())
    __table_args__ = (CheckConstraint("pizzas > 0", name="orders_pizzas"),)


class Evening(Base):
    """An evening: its known facts, and the numbers that were not recorded one by one."""

    __tablename__ = "evenings"
    id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(unique=True)
    temperature: Mapped[float | None] = mapped_column(Float)  # degrees Celsius
    tourists: Mapped[int | None]
    holiday: Mapped[bool]
    event: Mapped[bool]
    more_reservations: Mapped[int]
    more_doughs: Mapped[int]
    made: Mapped[int | None]  # doughs that were made; None until the night is closed
    left_over: Mapped[int | None]
    closed: Mapped[bool | None]  # None if the weekday and the holiday decide
    demo: Mapped[bool] = mapped_column(default=False, server_default=false())
    __table_args__ = (CheckConstraint("more_reservations >= 0 AND more_doughs >= 0", name="evenings_more"),)


class Token(Base):
    """An API token of a program. Only its hash is stored."""

    __tablename__ = "api_tokens"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created: Mapped[date]


_reservations = select(func.count(Reservation.id)).where(Reservation.day == Evening.day)
_guests = select(func.coalesce(func.sum(Reservation.party), 0)).where(Reservation.day == Evening.day)
_pizzas = select(func.coalesce(func.sum(Order.pizzas), 0)).where(Order.day == Evening.day)
Evening.listed_reservations = column_property(_reservations.scalar_subquery())
Evening.guests = column_property(_guests.scalar_subquery())  # guests of the recorded reservations
Evening.listed_doughs = column_property(_pizzas.scalar_subquery())
Evening.reservations = column_property(Evening.more_reservations + _reservations.scalar_subquery())
# Once a night is closed, the doughs that were counted stand, whatever happens to its orders later.
Evening.doughs = column_property(
    func.coalesce(Evening.made - Evening.left_over, Evening.more_doughs + _pizzas.scalar_subquery())
)


class Facts(NamedTuple):
    """The facts about an evening used for forecasts, as plain values that do not depend on a session."""

    day: date
    reservations: int = 0
    doughs: int = 0
    temperature: float | None = None
    tourists: int | None = None
    holiday: bool = False
    event: bool = False
    guests: int = 0  # of the recorded reservations
    listed_reservations: int = 0
    closed: bool | None = None


def new_evening(day: date) -> Evening:
    """Return a new row for a day. It is marked as a holiday if it is a public holiday in Italy."""
    is_holiday = day in holidays(day.year)
    return Evening(day=day, holiday=is_holiday, event=False, more_reservations=0, more_doughs=0)


def keep_evening(session: Session, day: date) -> None:
    """Create the row of a day if it is missing. Call `bump` first, so that no other writer creates it too."""
    if session.scalar(select(Evening.id).where(Evening.day == day)) is None:
        session.add(new_evening(day))
        session.flush()


def read_past(session: Session, today: date) -> list[Facts]:
    """Return the past evenings that used dough, in order. They are the training data."""
    return _facts(session, _is_past(today))


def count_past(session: Session, today: date) -> int:
    """Return the number of evenings that :func:`read_past` returns."""
    return session.scalar(select(func.count()).select_from(Evening).where(_is_past(today))) or 0


def read_bookings(session: Session, today: date) -> Sequence[Row]:
    """Return the day, the time of booking and the party of the past year's reservations with a known time."""
    columns = (Reservation.day, Reservation.booked_at, Reservation.party)
    is_known = Reservation.booked_at.is_not(None)
    of_year = Reservation.day.between(today - timedelta(366), today - timedelta(1))
    return session.execute(select(*columns).where(is_known, of_year)).all()


def _is_past(today: date) -> ColumnElement[bool]:
    return (Evening.day < today) & (Evening.doughs > 0)


def read_between(session: Session, first: date, last: date) -> list[Facts]:
    """Return the existing evenings of these days, in order."""
    return _facts(session, Evening.day.between(first, last))


def read_days(session: Session, first: date, n_days: int) -> list[Facts]:
    """Return consecutive evenings, including days without a row."""
    days = [first + timedelta(i) for i in range(n_days)]
    known = {evening.day: evening for evening in read_between(session, days[0], days[-1])}
    return [known.get(day) or Facts(day, holiday=day in holidays(day.year)) for day in days]


def _facts(session: Session, condition: object) -> list[Facts]:
    columns: Sequence = [getattr(Evening, name) for name in Facts._fields]
    rows = session.execute(select(*columns).where(condition).order_by(Evening.day))
    return [Facts(*row) for row in rows]
