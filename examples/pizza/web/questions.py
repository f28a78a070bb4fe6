"""Parameters of URLs and forms: days, service levels and ranges, with messages for invalid values."""

import re
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Request
from pydantic import BaseModel, BeforeValidator, Field, create_model, field_validator

from examples.pizza.clock import Clock
from examples.pizza.web.model import Answers, NoForecast
from examples.web.forms import Form, read_form
from examples.web.live import NotReadyError

LEVELS = (0.8, 0.9, 0.95)
AHEAD = 366  # days in advance that can be forecast and booked
BACK = date(2000, 1, 1)  # the earliest day that can be recorded
MOST_DAYS = 2 * 366  # in one request
USUAL_DAYS = 56  # length of the default range
MOST_RESERVATIONS, MOST_GUESTS = 999, 9_999
COLDEST, HOTTEST, MOST_TOURISTS = -60, 60, 999_999  # as in examples/pizza/data.py


def read_day(given: Any) -> Any:
    """Read a date in the format YYYY-MM-DD."""
    if isinstance(given, date):
        return given
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", str(given)):
            return date.fromisoformat(given)
    except ValueError:
        pass
    raise ValueError(f"Must be a date of the calendar such as 2026-02-28, got {str(given)[:40]!r}.")


Day = Annotated[date, BeforeValidator(read_day)]
Temperature = Annotated[float, Field(ge=COLDEST, le=HOTTEST, description="degrees Celsius")]
Tourists = Annotated[int, Field(ge=0, le=MOST_TOURISTS, description="in town")]


class Asked(BaseModel):
    """The parameters of the front page."""

    date: Day | None = None
    service: float | None = None

    @field_validator("service")
    @classmethod
    def _is_offered(cls, level: float | None) -> float | None:
        if level is not None and level not in LEVELS:
            allowed = ", ".join(map(str, LEVELS))
            raise ValueError(f"Must be one of {allowed}, or left out, got {level!r}.")
        return level


# A class statement cannot have a field named "from", which is a keyword of Python.
Range: Any = create_model("Range", **{"from": (Day | None, None), "to": (Day | None, None)})


def clock_of(request: Request) -> Clock:
    """Return the restaurant's clock."""
    return request.app.state.clock


def newest_of(request: Request) -> Answers | NoForecast:
    """Return the data of the newest model, or why there is none. Call this once per request."""
    return request.app.state.live.answers


def answers_of(request: Request) -> Answers:
    """Return the data of the newest model. Without one, raise an error that says why."""
    newest = newest_of(request)
    if isinstance(newest, NoForecast):
        raise NotReadyError(newest.words)
    return newest


def outside_calendar(day: date, today: date) -> str | None:
    """Return an error message if a day is too far away."""
    last = today + timedelta(AHEAD)
    return None if BACK <= day <= last else f"Must be from {BACK} to {last}, got {day}."


def read_asked(request: Request) -> tuple[Form, date, float | None]:
    """Return the front page's form, the day (tonight if it is invalid or omitted) and the service level."""
    form, today = read_form(Asked, request.query_params), clock_of(request).today()
    asked = form.data or Asked()
    if asked.date and (problem := outside_calendar(asked.date, today)):
        form.refuse("date", problem)
        return form, today, None
    return form, asked.date or today, asked.service


def read_range(request: Request) -> tuple[Form, date, date]:
    """Return the form of a range of days, and the range."""
    form, today = read_form(Range, request.query_params), clock_of(request).today()
    given = form.data.model_dump() if form.data else {}
    first, last = filled_range(given.get("from"), given.get("to"), today)
    problem = range_problem(first, last, today)
    if problem and not form.errors:
        form.refuse(*problem)
    return form, first, last


def filled_range(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """Return a range with missing ends filled in. The default is the eight weeks up to yesterday."""
    last = last or today - timedelta(1)
    usual = max(BACK.toordinal(), last.toordinal() - USUAL_DAYS + 1)
    return first or date.fromordinal(usual), last


def range_problem(first: date, last: date, today: date) -> tuple[str, str] | None:
    """Return the problem with a range: the name of the field and an error message."""
    for name, day in (("from", first), ("to", last)):
        if words := outside_calendar(day, today):
            return name, words
    if first > last:
        return "from", f"Must not be after the last day, {last}, got {first}."
    if (last - first).days >= MOST_DAYS:
        return "from", f"At most {MOST_DAYS} days can be shown at once, got {(last - first).days + 1}."
    return None
