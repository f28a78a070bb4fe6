"""Numbers that may be typing errors, because they are far beyond all others. They must be confirmed."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from examples.pizza.web.tables import Evening, Order
from examples.web.forms import Form

FAR = 3  # factor by which a number may exceed the largest number so far
COUNTS = ("reservations", "doughs")


def doubt(value: int, largest: int | None, of: str) -> str | None:
    """Return a question about a number that is far beyond the largest of all others, if there are any."""
    if not largest or value <= FAR * largest:
        return None
    return f"{value} is more than {FAR} times {of} so far, {largest}. Is it so?"


def ask(form: Form[Any], name: str, words: str | None) -> None:
    """Refuse a doubtful number unless the form confirms it."""
    if words and not form.data.sure:
        form.refuse(name, words)
        form.refuse("sure", "Please correct the number, or say so and save again.")


def ask_of_evening(session: Session, form: Form[Any], row: Evening | None) -> None:
    """Question an evening's reservations and doughs, including those recorded one by one."""
    for name in COUNTS:
        others = select(func.max(getattr(Evening, name))).where(Evening.day != form.data.day)
        value = getattr(form.data, f"more_{name}") + (getattr(row, f"listed_{name}") if row else 0)
        words = doubt(value, session.scalar(others), f"the most {name} of another evening")
        ask(form, f"more_{name}", words)


def ask_of_order(session: Session, form: Form[Any], row: Order | None) -> None:
    """Question the number of pizzas of an order."""
    query = select(func.max(Order.pizzas)).where(Order.id != (row.id if row else 0))
    ask(form, "pizzas", doubt(form.data.pizzas, session.scalar(query), "the largest other order"))
