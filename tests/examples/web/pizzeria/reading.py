"""What tests read of the pizzeria, and save in it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from examples.pizza.clock import Clock
from examples.pizza.web.tables import read_days, read_past
from tests.examples.web.pages import (
    send,
)

TODAY = date(2026, 3, 20)  # a Friday
CLOCK = Clock(ZoneInfo("Europe/Rome"), lambda: datetime(2026, 3, 20, 16, tzinfo=UTC))


def save(admin, address, **fields):
    return send(admin, admin.get(address), address, **fields)


def evening_of(app, day):
    with app.state.database.reading() as session:
        return read_days(session, day, 1)[0]


def newest(row):
    return lambda session: session.scalar(select(row).order_by(row.id.desc()))


def find(app, row):
    with app.state.database.reading() as session:
        return newest(row)(session)


def past_of(app):
    with app.state.database.reading() as session:
        return read_past(session, TODAY)
