"""Close a night: how many doughs were made, used and left over."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from examples.pizza.web.demonstration import remove_rows
from examples.pizza.web.doubts import doubt
from examples.pizza.web.questions import BACK, Day, clock_of
from examples.pizza.web.tables import Evening, Order, keep_evening
from examples.pizza.web.words import in_words
from examples.web.app import redirect, render
from examples.web.database import bump
from examples.web.forms import Form, filled, read_form
from examples.web.login import admin_only
from examples.web.security import posted

PATH = "/admin/close"
MOST_DOUGHS = 99_999
Doughs = Annotated[int, Field(ge=0, le=MOST_DOUGHS)]

router = APIRouter(prefix=PATH, include_in_schema=False, dependencies=[Depends(admin_only)])


class _Refused(Exception):
    """Raised if the form has errors, so that nothing is saved."""


class NightFields(BaseModel):
    """The form for a night. Two of the three numbers determine the third."""

    day: Day
    made: Doughs | None = None
    used: Doughs | None = None
    left_over: Doughs | None = None
    suggested: int | None = None  # what the form filled in as made
    sure: bool = False  # confirms a number that is far beyond all others


def night_form(session: Session, day: date, made: int | None) -> Form[Any]:
    """Return the form for a night with its saved numbers or, before it is closed, with the doughs to make."""
    row = session.scalar(select(Evening).where(Evening.day == day))
    if row is None or row.made is None:
        used = (row.doughs if row else 0) or None
        return filled({"day": day, "made": made, "suggested": made, "used": used})
    return filled({"day": day, "made": row.made, "used": row.doughs, "left_over": row.left_over})


@router.get("")
def ask(request: Request, date: Day | None = None) -> Response:
    """Show the form for tonight or another night."""
    with request.app.state.database.reading() as session:
        form = night_form(session, date or clock_of(request).night(), None)
    return render(request, "close.html", form=form)


@router.post("")
def close(request: Request, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Save the numbers of a night. Saving them again corrects them."""
    form = read_form(NightFields, fields)
    if form.data is not None:
        try:
            with request.app.state.database.writing() as session:
                bump(session, structural=True)
                words = save(session, form, clock_of(request).today())
                if form.errors:
                    raise _Refused
            return redirect(request, "/", words)
        except _Refused:
            pass
    return render(request, "close.html", 422, form=form)


def save(session: Session, form: Form[NightFields], today: date) -> str:
    """Save the form, unless it has errors. Return a sentence with the numbers."""
    day = form.data.day
    if not BACK <= day <= today:
        form.refuse("day", f"Must be from {BACK} to today, {today}, got {day}.")
    if (numbers := numbers_of(form)) is None or form.errors:
        return ""
    made, used, left_over = numbers
    own = select(func.coalesce(func.sum(Order.pizzas), 0)).where(Order.day == day, ~Order.demo)
    n_ordered = session.scalar(own) or 0
    if used < n_ordered:
        form.refuse("used", f"Must be at least {n_ordered}, the pizzas of this evening's orders, got {used}.")
    largest = session.scalar(select(func.max(Evening.doughs)).where(Evening.day != day))
    words = doubt(used, largest, "the most doughs of another evening")
    if words and not form.data.sure:
        form.refuse("used", words)
        form.refuse("sure", "Please correct the number, or say so and save again.")
    if form.errors:
        return ""
    keep_evening(session, day)
    remove_rows(session, [day], (Order,))
    row = session.scalars(select(Evening).where(Evening.day == day)).one()
    row.made, row.left_over, row.more_doughs = made, left_over, used - n_ordered
    return f"{in_words(day, today)} is closed: {made} doughs made, {used} used, {left_over} left over."


def numbers_of(form: Form[NightFields]) -> tuple[int, int, int] | None:
    """Return the doughs that were made, used and left over. Refuse the form if they contradict each other."""
    made, used, left_over = form.data.made, form.data.used, form.data.left_over
    if made == form.data.suggested and None not in (used, left_over):
        made = None  # nobody typed it
    if [made, used, left_over].count(None) > 1:
        form.refuse("left_over", "Please fill in two of the three numbers.")
        return None
    if made is None:
        made = used + left_over
    elif used is None:
        used = made - left_over
    elif left_over is None:
        left_over = made - used
    if min(used, left_over) < 0:
        form.refuse("made", f"Must be at least {made - min(used, left_over)}, got {made}.")
    elif made != used + left_over:
        words = f"{used} used and {left_over} left over are {used + left_over}, not {made}. "
        form.refuse("made", words + "Please correct one of them, or leave it empty.")
    return made, used, left_over
