"""The pizzeria's demonstration data: thirteen simulated months up to yesterday, and two weeks of bookings.

The evenings follow the law "full" of examples/pizza/years.py. For the last four weeks and the future weeks,
each reservation and order is recorded, with the time at which the reservation was made. For the months
before, only totals are recorded.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta

import numpy as np
from sqlalchemy import insert
from sqlalchemy.orm import Session

from examples.pizza.clock import Clock
from examples.pizza.web.tables import Evening, Order, Reservation
from examples.pizza.years import simulate_evenings

PAST, LISTED, COMING = 396, 28, 14  # days
SEED = 1
OPENS = 19  # hour
HALF_BOOKED = 3 * 24 * 3600  # seconds before an evening by which half of its guests have booked
NAMES = (
    *("Amato", "Barbieri", "Bianchi", "Caputo", "Colombo", "Conti", "Costa", "De Luca", "Esposito"),
    *("Ferrari", "Fontana", "Gallo", "Greco", "Longo", "Lombardi", "Mancini", "Marino", "Moretti"),
    *("Neri", "Ricci", "Rizzo", "Romano", "Rossi", "Russo", "Sala", "Villa", "Vitale", "Zanetti"),
)
NOTES = (
    "",
    "",
    "",
    "",
    "",
    "",
    "a high chair",
    "by the window",
    "outside, if it is warm",
    "gluten-free",
    "birthday",
)


def seed(session: Session, clock: Clock) -> None:
    """Fill new tables. On the same day, the data is always the same."""
    evenings, reservations, orders = simulated(clock.today())
    start = datetime.combine(clock.today(), time(), clock.zone).timestamp()
    reservations = list(booked(reservations, start, clock))
    for table, rows in ((Evening, evenings), (Reservation, reservations), (Order, orders)):
        session.execute(insert(table), [row | {"demo": True} for row in rows])


def booked(reservations: Iterable[dict], start: float, clock: Clock) -> Iterator[dict]:
    """Yield reservations with the times at which they were made, without those made after today began.

    Half of the guests book at least three days ahead. All reservations for tonight have been made.
    """
    rng, today = np.random.default_rng(SEED + 1), clock.today()
    for row in reservations:
        begins = datetime.combine(row["day"], time(OPENS), clock.zone).timestamp()
        booked_at = int(begins - HALF_BOOKED / np.log(2) * rng.exponential())
        if row["day"] == today:
            booked_at = min(booked_at, int(start))
        if row["day"] <= today or booked_at < start:
            yield row | {"booked_at": booked_at}


def simulated(today: date) -> tuple[list[dict], list[dict], list[dict]]:
    """Return the evenings, reservations and orders of a first start on the given day."""
    rng = np.random.default_rng(SEED)
    days = [today + timedelta(i) for i in range(-PAST, COMING + 1)]
    evenings, reservations, orders = [], [], []
    for row in simulate_evenings(days, SEED).iter_rows(named=True):
        day, is_listed = row["date"], row["date"] >= today - timedelta(LISTED)
        kept = {name: row[name] for name in ("temperature", "tourists", "holiday", "event")}
        more = {"more_reservations": row["reservations"], "more_doughs": row["doughs"]}
        evenings.append({"day": day, **kept, **(dict.fromkeys(more, 0) if is_listed else more)})
        if is_listed:
            reservations += [{"day": day, **party} for party in parties(rng, row["reservations"])]
        if is_listed and day < today:
            orders += [{"day": day, **order} for order in served(rng, row["doughs"])]
    return evenings, reservations, orders


def parties(rng: np.random.Generator, n: int) -> list[dict]:
    """Return the given number of reservations."""
    names, notes = rng.choice(NAMES, n), rng.choice(NOTES, n)
    sizes = 1 + rng.binomial(9, 0.25, n)
    columns = zip(names.tolist(), sizes.tolist(), notes.tolist(), strict=True)
    return [{"name": name, "party": party, "note": note} for name, party, note in columns]


def served(rng: np.random.Generator, n_doughs: int) -> list[dict]:
    """Return orders with the given total number of pizzas."""
    orders = []
    while n_doughs:
        pizzas = min(n_doughs, int(rng.integers(1, 8)))
        where = f"table {rng.integers(1, 25)}" if rng.random() < 0.8 else f"take away, {rng.choice(NAMES)}"
        orders.append({"name": where, "pizzas": pizzas})
        n_doughs -= pizzas
    return orders
