"""The admin page of the owner's settings."""

from decimal import Decimal
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator, Field, model_validator
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from examples.pizza.web.house import House, level_in_words, read_house, write_house
from examples.pizza.web.questions import Day, clock_of, outside_calendar
from examples.pizza.web.tables import Evening, keep_evening
from examples.web.app import redirect, render
from examples.web.database import bump
from examples.web.forms import Form, filled, read_form
from examples.web.login import admin_only
from examples.web.security import posted
from pipelines.forecast import WEEKDAYS

PATH = "/admin/settings"
Cost = Annotated[
    Decimal,
    BeforeValidator(lambda text: text.replace(",", ".") if isinstance(text, str) else text),
    Field(gt=0, le=10_000, decimal_places=2),
]

router = APIRouter(prefix=PATH, include_in_schema=False, dependencies=[Depends(admin_only)])


class HouseFields(BaseModel):
    """The form for the settings."""

    surplus: Cost | None = None
    shortage: Cost | None = None
    weekdays: list[Literal[WEEKDAYS]] = []  # type: ignore[valid-type]
    closed_holidays: bool = False

    @model_validator(mode="after")
    def _are_open_some_day(self) -> "HouseFields":
        if len(set(self.weekdays)) == len(WEEKDAYS):
            raise ValueError("At least one weekday must stay open.")
        return self


class DayFields(BaseModel):
    """The form for a single day: closed, or open again."""

    day: Day
    closed: Literal["yes", "no", ""] = ""


@router.get("")
def show(request: Request) -> Response:
    """Show the settings."""
    with request.app.state.database.reading() as session:
        house = read_house(session)
    return page(request, house_form(house))


@router.post("")
def save(request: Request, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Save the settings."""
    form = read_form(HouseFields, fields)
    if form.data is None:
        return page(request, form, status=422)
    if (form.data.surplus is None) != (form.data.shortage is None):
        missing = "surplus" if form.data.surplus is None else "shortage"
        form.refuse(missing, "Please fill in both costs, or neither.")
        return page(request, form, status=422)
    closed = [str(WEEKDAYS.index(name)) for name in form.data.weekdays]
    values = {"surplus": form.data.surplus, "shortage": form.data.shortage}
    values |= {"closed_weekdays": ",".join(sorted(closed))}
    values |= {"closed_holidays": "yes" if form.data.closed_holidays else ""}
    with request.app.state.database.writing() as session:
        bump(session, structural=True)
        write_house(session, values)
        level = read_house(session).level
    return redirect(request, PATH, f"Saved. The dough is enough on {level_in_words(level)} evenings.")


@router.post("/day")
def save_day(request: Request, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Close a single day, or open it."""
    form = read_form(DayFields, fields)
    if form.data is not None and (problem := outside_calendar(form.data.day, clock_of(request).today())):
        form.refuse("day", problem)
    if form.data is None or form.errors:
        with request.app.state.database.reading() as session:
            house = read_house(session)
        return page(request, house_form(house), form, status=422)
    day, closed = form.data.day, {"yes": True, "no": False}.get(form.data.closed)
    with request.app.state.database.writing() as session:
        bump(session, structural=True)
        keep_evening(session, day)
        session.scalars(select(Evening).where(Evening.day == day)).one().closed = closed
    said = {True: "closed", False: "open", None: "as usual"}[closed]
    return redirect(request, PATH, f"{day:%a} {day.day} {day:%b %Y} is {said}.")


def house_form(house: House) -> Form[Any]:
    """Return the form with the current settings."""
    costs = {name: getattr(house, name) for name in ("surplus", "shortage")}
    shown = {name: None if value is None else f"{value:.2f}" for name, value in costs.items()}
    weekdays = [name for place, name in enumerate(WEEKDAYS) if place in house.closed_weekdays]
    return filled({**shown, "weekdays": weekdays, "closed_holidays": house.closed_holidays})


def page(request: Request, form: Form[Any], day_form: Form[Any] | None = None, status: int = 200) -> Response:
    """Show the forms, and the days to come that are closed or open by exception."""
    with request.app.state.database.reading() as session:
        house, days = read_house(session), days_to_come(session, request)
    context = {"house": house, "days": days, "weekdays": WEEKDAYS, "level_in_words": level_in_words}
    return render(request, "settings.html", status, form=form, day_form=day_form or filled(), **context)


def days_to_come(session: Session, request: Request) -> list[Evening]:
    """Return the evenings from today on that are closed or open by exception."""
    is_exception = Evening.closed.is_not(None) & (Evening.day >= clock_of(request).today())
    return list(session.scalars(select(Evening).where(is_exception).order_by(Evening.day)))
