"""The pizzeria's JSON API."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from examples.pizza.web.house import read_house
from examples.pizza.web.model import Answers, NoForecast, counted
from examples.pizza.web.pace import Pickup
from examples.pizza.web.pages import careful_level, pickups_of, refuse
from examples.pizza.web.private import members_only
from examples.pizza.web.questions import (
    MOST_GUESTS,
    MOST_RESERVATIONS,
    Day,
    Temperature,
    Tourists,
    answers_of,
    clock_of,
    filled_range,
    newest_of,
    outside_calendar,
    range_problem,
)
from examples.pizza.web.tables import Facts, read_between, read_days

router = APIRouter(prefix="/api", tags=["pizzeria"], dependencies=[Depends(members_only)])


class ForecastOut(BaseModel):
    """The forecast for an evening."""

    date: date
    closed: bool = Field(description="whether there is no service; the numbers of doughs are then 0")
    reservations: int = Field(description="recorded so far")
    guests: int = Field(
        description="guests that the forecast counts on, including those who are still expected to book"
    )
    temperature: float = Field(description="degrees Celsius; the average of the month if unknown")
    tourists: float = Field(description="tourists in town; the average of the month if unknown")
    holiday: bool
    event: bool
    service_level: float = Field(description="share of evenings on which the doughs are enough")
    doughs: int = Field(description="number of doughs to prepare")
    expected: int = Field(
        description="expected number of doughs, which is enough on about half of the evenings"
    )
    range: list[int] | None = Field(
        description="lowest and highest number of doughs used on eight evenings in ten; null if there are "
        "too few evenings"
    )
    reasons: dict[str, float] = Field(
        description="number of doughs that each fact adds, compared with a typical evening"
    )
    outside: list[str] = Field(
        description="how the evening differs from all training evenings, and how this is handled"
    )
    learned_from: int = Field(description="number of training evenings")
    used: int | None = Field(description="number of doughs used; null if the evening is not over")
    unseen: bool = Field(
        description="whether the forecast comes from a model that was not trained on this evening. False "
        "only for a past evening with changed facts. Reasons always come from the newest model."
    )


class EveningOut(BaseModel):
    """An evening. `forecast` comes from a model that was not trained on it, or is null if there is none."""

    date: date
    weekday: str
    reservations: int
    guests: int = Field(description="number of guests of the individually recorded reservations")
    doughs: int = Field(description="number of doughs used so far")
    temperature: float | None
    tourists: int | None
    holiday: bool
    event: bool
    forecast: int | None


@router.get("/forecast", response_model=ForecastOut)
def forecast(
    request: Request,
    date: Annotated[Day | None, Query(description="default: tonight, in the restaurant's time zone")] = None,
    reservations: Annotated[
        int | None,
        Query(
            ge=0,
            le=MOST_RESERVATIONS,
            description="final number; default: the recorded ones and those still expected",
        ),
    ] = None,
    guests: Annotated[
        int | None,
        Query(
            ge=0,
            le=MOST_GUESTS,
            description="final number; default: the recorded ones and those still expected",
        ),
    ] = None,
    temperature: Annotated[Temperature | None, Query()] = None,
    tourists: Annotated[Tourists | None, Query()] = None,
    holiday: bool | None = None,
    event: bool | None = None,
    service_level: Annotated[
        float | None,
        Query(
            gt=0,
            lt=1,
            description="0.9 for enough dough on nine evenings in ten; default: the level that follows from "
            "the costs in the settings, or 0.9",
        ),
    ] = None,
) -> dict[str, Any]:
    """Forecast the doughs for an evening. Parameters replace the recorded facts of the evening."""
    answers, today = answers_of(request), clock_of(request).today()
    day = date or today
    if problem := outside_calendar(day, today):
        refuse({"date": problem})
    given = {"reservations": reservations, "temperature": temperature, "tourists": tourists}
    given |= {"holiday": holiday, "event": event, "guests": guests}
    with request.app.state.database.reading() as session:
        (evening,) = read_days(session, day, 1)
        house = read_house(session)
    asked = evening._replace(**{name: value for name, value in given.items() if value is not None})
    if reservations is not None and guests is None:
        asked = asked._replace(guests=0, listed_reservations=0)
    if guests is not None:
        asked = asked._replace(listed_reservations=asked.reservations)
    is_final = reservations is not None or guests is not None
    pickup = Pickup() if is_final else pickups_of(request, answers, [asked])[0]
    used = evening.doughs if day < today and evening.doughs else None
    is_unseen = asked == evening or day not in answers.unseen
    if service_level is not None and service_level > answers.most_level:
        n = counted(answers.n_evenings, "past evening")
        refuse({"service_level": f"Must be at most {answers.most_level} with {n}, got {service_level}."})
    level = careful_level(answers, house, service_level)
    found = told(answers, asked, level, pickup, is_unseen)
    is_closed = bool(house.why_closed(evening)) and not is_final
    if is_closed:
        found |= {"doughs": 0, "expected": 0, "range": None}
    return {**found, "closed": is_closed, "used": used, "unseen": is_unseen}


def told(answers: Answers, evening: Facts, level: float, pickup: Pickup, is_unseen: bool) -> dict[str, Any]:
    """Return the forecast for an evening and the guests who are still expected to book."""
    (found,) = answers.forecast([evening], level, pickups=[pickup], unseen=is_unseen)
    row = answers.usual.row(evening, pickup.expected)
    more = pickup.expected
    kept = ("guests", "temperature", "tourists", "holiday", "event")
    return {
        "date": evening.day,
        "reservations": evening.reservations,
        **{name: row[name] for name in kept},
        "service_level": level,
        "doughs": found.doughs,
        "expected": found.expected,
        "range": None if found.low is None else [found.low, found.high],
        "reasons": {reason.name: round(reason.adds, 2) for reason in answers.reasons(evening, more)},
        "outside": answers.outside(evening, more),
        "learned_from": answers.n_evenings,
    }


@router.get("/evenings", response_model=list[EveningOut])
def evenings(
    request: Request,
    since: Annotated[
        Day | None, Query(alias="from", description="default: eight weeks before the last day")
    ] = None,
    to: Annotated[Day | None, Query(description="default: yesterday")] = None,
) -> list[dict[str, Any]]:
    """List the recorded evenings in a range, past and future."""
    answers, today = newest_of(request), clock_of(request).today()
    first, last = filled_range(since, to, today)
    if problem := range_problem(first, last, today):
        refuse(dict([problem]))
    with request.app.state.database.reading() as session:
        found = read_between(session, first, last)
    return [evening_out(answers, evening) for evening in found]


def evening_out(answers: Answers | NoForecast, evening: Facts) -> dict[str, Any]:
    """Return the public data of an evening."""
    facts = evening._asdict()
    day = facts.pop("day")
    del facts["listed_reservations"], facts["closed"]
    return {"date": day, "weekday": f"{day:%A}", **facts, "forecast": answers.unseen.get(day)}
