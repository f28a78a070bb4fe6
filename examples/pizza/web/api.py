"""The pizzeria's JSON API."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from examples.pizza.web.model import Answers, counted
from examples.pizza.web.pages import refuse
from examples.pizza.web.questions import (
    MOST_RESERVATIONS,
    Day,
    Temperature,
    Tourists,
    answers_of,
    clock_of,
    filled_range,
    outside_calendar,
    range_problem,
)
from examples.pizza.web.tables import Facts, read_between, read_days

router = APIRouter(prefix="/api", tags=["pizzeria"])


class ForecastOut(BaseModel):
    """The forecast for an evening."""

    date: date
    reservations: int
    temperature: float = Field(description="degrees Celsius; the month's usual where nobody wrote it down")
    tourists: float = Field(description="the month's usual where nobody wrote it down")
    holiday: bool
    event: bool
    service_level: float | None
    doughs: int = Field(description="whole doughs to prepare")
    expected: int = Field(description="what will do on about half the evenings")
    range: list[int] | None = Field(
        description="eight evenings in ten use from .. to; null with too few evenings"
    )
    reasons: dict[str, float] = Field(description="doughs that each fact adds, against a usual one")
    outside: list[str] = Field(
        description="in what the evening is unlike all that were learned from, and what was done about it"
    )
    learned_from: int = Field(description="past evenings")
    used: int | None = Field(description="doughs that were used; null for an evening that is not over")
    unseen: bool = Field(
        description="whether the model had not learned from this evening; false only if a past evening "
        "is asked for with other facts than its own: reasons are always by the newest model"
    )


class EveningOut(BaseModel):
    """An evening. `forecast` comes from a model that was not trained on it, or is null if there is none."""

    date: date
    weekday: str
    reservations: int
    guests: int = Field(description="of the reservations that are written down one by one")
    doughs: int = Field(description="used so far")
    temperature: float | None
    tourists: int | None
    holiday: bool
    event: bool
    forecast: int | None


@router.get("/forecast", response_model=ForecastOut)
def forecast(
    request: Request,
    date: Annotated[Day | None, Query(description="left out: tonight, where the restaurant is")] = None,
    reservations: Annotated[
        int | None,
        Query(ge=0, le=MOST_RESERVATIONS, description="left out: those taken for that evening"),
    ] = None,
    temperature: Annotated[Temperature | None, Query()] = None,
    tourists: Annotated[Tourists | None, Query()] = None,
    holiday: bool | None = None,
    event: bool | None = None,
    service_level: Annotated[
        float | None,
        Query(gt=0, lt=1, description="0.9 for enough dough on nine evenings in ten; left out: the expected"),
    ] = None,
) -> dict[str, Any]:
    """Forecast the doughs for an evening. Parameters replace the recorded facts of the evening."""
    answers, today = answers_of(request), clock_of(request).today()
    day = date or today
    if problem := outside_calendar(day, today):
        refuse({"date": problem})
    given = {"reservations": reservations, "temperature": temperature, "tourists": tourists}
    given |= {"holiday": holiday, "event": event}
    with request.app.state.database.reading() as session:
        (evening,) = read_days(session, day, 1)
    asked = evening._replace(**{name: value for name, value in given.items() if value is not None})
    used = evening.doughs if day < today and evening.doughs else None
    is_unseen = asked == evening or day not in answers.unseen
    return {**told(answers, asked, service_level, is_unseen), "used": used, "unseen": is_unseen}


def told(answers: Answers, evening: Facts, level: float | None, is_unseen: bool) -> dict[str, Any]:
    """Return the forecast, or raise an error if there are too few evenings for the service level."""
    try:
        ask = answers.forecast_unseen if is_unseen else answers.forecast
        (found,) = ask([evening], level)
    except ValueError:
        n = counted(answers.n_evenings, "past evening")
        refuse({"service_level": f"Must be at most {answers.most_level} with {n}, got {level}."})
    row = answers.usual.row(evening)
    kept = ("reservations", "temperature", "tourists", "holiday", "event")
    return {
        "date": evening.day,
        **{name: row[name] for name in kept},
        "service_level": level,
        "doughs": found.doughs,
        "expected": found.expected,
        "range": None if found.low is None else [found.low, found.high],
        "reasons": {reason.name: round(reason.adds, 2) for reason in answers.reasons(evening)},
        "outside": answers.outside(evening),
        "learned_from": answers.n_evenings,
    }


@router.get("/evenings", response_model=list[EveningOut])
def evenings(
    request: Request,
    since: Annotated[
        Day | None, Query(alias="from", description="left out: eight weeks before the last")
    ] = None,
    to: Annotated[Day | None, Query(description="left out: yesterday")] = None,
) -> list[dict[str, Any]]:
    """List the recorded evenings in a range, past and future."""
    answers, today = answers_of(request), clock_of(request).today()
    first, last = filled_range(since, to, today)
    if problem := range_problem(first, last, today):
        refuse(dict([problem]))
    with request.app.state.database.reading() as session:
        found = read_between(session, first, last)
    return [evening_out(answers, evening) for evening in found]


def evening_out(answers: Answers, evening: Facts) -> dict[str, Any]:
    """Return the public data of an evening."""
    facts = evening._asdict()
    day = facts.pop("day")
    return {"date": day, "weekday": f"{day:%A}", **facts, "forecast": answers.unseen.get(day)}
