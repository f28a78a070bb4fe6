"""The admin pages of the pizzeria, for reservations, orders and evenings."""

from collections.abc import Callable
from datetime import date
from operator import attrgetter
from typing import Annotated, Any, Literal

from fastapi import Request
from pydantic import BaseModel, Field
from sqlalchemy import Select, String, case, cast, func, or_, select
from sqlalchemy.orm import Session

from examples.pizza.clock import Clock
from examples.pizza.web.doubts import ask_of_evening, ask_of_order
from examples.pizza.web.questions import Day, Temperature, Tourists, outside_calendar, read_day
from examples.pizza.web.tables import Evening, Order, Reservation, keep_evening, new_evening
from examples.pizza.web.words import in_words, read_said
from examples.web.desk import Desk
from examples.web.forms import Form, Line
from examples.web.paging import pattern
from examples.web.words import is_plain, normalised

FACTS = ("temperature", "tourists", "holiday", "event")
SEARCH_HELP = "An evening is found by its date: 20 Mar, 2026-03-20, or 2026-03 for a month."
MOST_PARTY, MOST_PIZZAS, MOST_MORE = 60, 500, 99_999


class ReservationFields(BaseModel):
    """The form for a reservation."""

    name: Annotated[Line, Field(max_length=80)]
    day: Day
    party: Annotated[int, Field(ge=1, le=MOST_PARTY)]
    note: Line | None = None


class OrderFields(BaseModel):
    """The form for an order."""

    name: Annotated[Line, Field(max_length=80)]
    day: Day
    pizzas: Annotated[int, Field(ge=1, le=MOST_PIZZAS)]
    sure: bool = False  # confirms a number that is far beyond all others


class EveningFields(BaseModel):
    """The form for an evening."""

    day: Day
    temperature: Temperature | None = None
    tourists: Tourists | None = None
    holiday: bool = False
    event: bool = False
    closed: Literal["yes", "no"] | None = None
    more_reservations: Annotated[int, Field(ge=0, le=MOST_MORE)] = 0
    more_doughs: Annotated[int, Field(ge=0, le=MOST_MORE)] = 0
    sure: bool = False  # confirms a number that is far beyond all others


def desks(clock: Clock) -> tuple[Desk, ...]:
    """Return the admin pages of a restaurant with the given clock."""
    return reservations_desk(clock), orders_desk(clock), evenings_desk(clock)


def found_by(row: type, text: str, today: date, *columns: Any, is_ahead: bool = False) -> Select:
    """Return the rows with a text in a column, or whose day is the text or begins with it.

    The latest day comes first. If `is_ahead`, today comes first, followed by later days and then by earlier
    days.
    """
    ahead = case((row.day >= today, row.day), else_=None) if is_ahead else None
    order = [] if ahead is None else [ahead.is_(None), ahead]
    query = select(row).order_by(*order, row.day.desc(), row.id.desc())
    text = normalised("".join(letter for letter in text if is_plain(letter)))
    if not text:
        return query
    sought = [column.ilike(pattern(text), escape="\\") for column in columns]
    if day := read_said(text, today):
        sought.append(row.day == day)
    return query.where(or_(cast(row.day, String).startswith(text[-10:], autoescape=True), *sought))


def refuse_day(form: Form[Any], problem: str | None) -> None:
    """Refuse the form if the day is invalid."""
    if problem:
        form.refuse("day", problem)


def reservations_desk(clock: Clock) -> Desk:
    """Return the admin pages of past and future reservations."""

    def save(session: Session, row: Reservation | None, form: Form[ReservationFields]) -> Any:
        data = form.data
        refuse_day(form, outside_calendar(data.day, clock.today()))
        if form.errors:
            return row
        keep_evening(session, data.day)
        row = row or Reservation(booked_at=int(clock.now().timestamp()))
        row.name, row.day, row.party, row.note = data.name, data.day, data.party, data.note or ""
        row.demo = False
        session.add(row)
        return row

    return Desk(
        name="reservations",
        one="reservation",
        row=Reservation,
        fields=ReservationFields,
        form="admin_reservation.html",
        search=lambda text: found_by(
            Reservation, text, clock.today(), Reservation.name, Reservation.note, is_ahead=True
        ),
        columns={
            "name": lambda row: row.name,
            "evening": lambda row: in_words(row.day, clock.today()),
            "guests": lambda row: row.party,
            "note": lambda row: row.note,
        },
        values={
            "name": lambda row: row.name,
            "date": lambda row: row.day,
            "guests": lambda row: row.party,
            "note": lambda row: row.note,
        },
        show=lambda row: {name: getattr(row, name) for name in ReservationFields.model_fields},
        save=save,
        options=lambda session: {"today": clock.today()},
        preset=lambda request: {"day": asked_day(request, clock)},
        on_delete=deletable,
        search_help=SEARCH_HELP,
    )


def orders_desk(clock: Clock) -> Desk:
    """Return the admin pages of orders, which are the doughs that were used."""

    def save(session: Session, row: Order | None, form: Form[OrderFields]) -> Any:
        data, today = form.data, clock.today()
        refuse_day(form, outside_calendar(data.day, today))
        if data.day > today:
            form.refuse("day", f"Must not be after today, {today}, got {data.day}: no dough was used yet.")
        ask_of_order(session, form, row)
        if form.errors:
            return row
        keep_evening(session, data.day)
        row = row or Order()
        row.name, row.day, row.pizzas, row.demo = data.name, data.day, data.pizzas, False
        session.add(row)
        return row

    return Desk(
        name="orders",
        one="order",
        row=Order,
        fields=OrderFields,
        form="admin_order.html",
        search=lambda text: found_by(Order, text, clock.today(), Order.name),
        columns={
            "for": lambda row: row.name,
            "evening": lambda row: in_words(row.day, clock.today()),
            "pizzas": lambda row: row.pizzas,
        },
        values={
            "for": lambda row: row.name,
            "date": lambda row: row.day,
            "pizzas": lambda row: row.pizzas,
        },
        show=lambda row: {name: getattr(row, name, None) for name in OrderFields.model_fields},
        save=save,
        options=lambda session: {"today": clock.today()},
        preset=lambda request: {"day": asked_day(request, clock)},
        on_delete=deletable,
        search_help=SEARCH_HELP,
    )


def deletable(session: Session, row: Any) -> tuple[str, bool]:
    """Return a sentence that states the consequences of deleting a reservation or an order."""
    return f"It no longer counts for {in_words(row.day)}.", True


def asked_day(request: Request, clock: Clock) -> date:
    """Return the day in the URL, or today, to fill in a new form."""
    try:
        return read_day(request.query_params.get("day"))
    except ValueError:
        return clock.today()


def evenings_desk(clock: Clock) -> Desk:
    """Return the admin pages of evenings."""
    return Desk(
        name="evenings",
        one="evening",
        row=Evening,
        fields=EveningFields,
        form="admin_evening.html",
        search=lambda text: found_by(Evening, text, clock.today()),
        columns={
            "day": lambda row: in_words(row.day, clock.today()),
            "reservations": lambda row: row.reservations,
            "doughs": lambda row: row.doughs,
            "temperature": lambda row: or_dash(row.temperature),
            "tourists": lambda row: or_dash(row.tourists),
            "special": lambda row: ", ".join(
                name for name in ("holiday", "event", "closed") if getattr(row, name)
            ),
        },
        values={
            "date": lambda row: row.day,
            **{name: attrgetter(name) for name in ("reservations", "doughs", *FACTS)},
        },
        show=show_evening,
        save=evening_saver(clock),
        options=lambda session: {},
        preset=lambda request: {"day": asked_day(request, clock)},
        on_delete=on_delete_evening,
        search_help=SEARCH_HELP,
    )


def show_evening(row: Evening) -> dict[str, Any]:
    """Return the values to show in the form."""
    shown = {name: getattr(row, name, None) for name in EveningFields.model_fields}
    return shown | {"closed": None if row.closed is None else "yes" if row.closed else "no"}


def evening_saver(clock: Clock) -> Callable[[Session, Evening | None, Form[EveningFields]], Any]:
    """Return a function that saves an evening."""

    def save(session: Session, row: Evening | None, form: Form[EveningFields]) -> Any:
        data, today = form.data, clock.today()
        refuse_day(form, outside_calendar(data.day, today))
        if row and row.day != data.day:
            form.refuse("day", f"Must stay {row.day}: reservations and orders are of that day.")
        elif row is None and session.scalar(select(Evening.id).where(Evening.day == data.day)):
            form.refuse("day", f"{data.day} is written down already: search for it in the list.")
        if data.more_doughs and data.day > today:
            form.refuse("more_doughs", "Must be 0 for an evening to come: no dough was used yet.")
        else:
            ask_of_evening(session, form, row)
        if form.errors:
            return row
        row = row or new_evening(data.day)
        if row.more_doughs != data.more_doughs:  # this number replaces what was counted
            row.made = row.left_over = None
        row.closed = {"yes": True, "no": False}.get(data.closed)
        for name, value in data.model_dump(exclude={"day", "closed", "sure"}).items():
            setattr(row, name, value)
        row.demo = False
        session.add(row)
        return row

    return save


def on_delete_evening(session: Session, evening: Evening) -> tuple[str, bool]:
    """Allow deletion only if the evening has no reservations and orders of its own."""
    n_rows = sum(
        session.scalar(select(func.count()).where(table.day == evening.day)) for table in (Reservation, Order)
    )
    if n_rows:
        return f"Reservations and orders of this evening: {n_rows}. Delete these first.", False
    return "Its numbers and facts are forgotten.", True


def or_dash(value: float | None) -> str:
    """Return a number as text, or a dash if it is unknown."""
    return "–" if value is None else f"{value:g}"
