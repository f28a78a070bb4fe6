"""The public pages: tonight and the next fourteen days, past evenings, and charts of both."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from examples.pizza.web.charts import MOST_DAILY, Rows, Scheme, Size, by_week, draw
from examples.pizza.web.closing import night_form
from examples.pizza.web.house import House, level_in_words, read_house
from examples.pizza.web.importing import written
from examples.pizza.web.model import Answers, Forecast, NoForecast
from examples.pizza.web.pace import Pickup
from examples.pizza.web.private import is_private, members_only
from examples.pizza.web.questions import LEVELS, answers_of, clock_of, newest_of, read_asked, read_range
from examples.pizza.web.tables import Evening, Facts, Reservation, read_between, read_days
from examples.web.app import render
from examples.web.database import head
from examples.web.forms import Form
from examples.web.login import is_admin
from pipelines.forecast import WEEKDAYS

COMING = 14  # days

router = APIRouter(include_in_schema=False, dependencies=[Depends(members_only)])


class Past(NamedTuple):
    """A past evening: the forecast of a model that was not trained on it, and the doughs used."""

    evening: Facts
    forecast: int | None

    @property
    def off(self) -> int | None:
        """Return the number of doughs used minus the forecast."""
        return None if self.forecast is None else self.evening.doughs - self.forecast


class OfWeekday(NamedTuple):
    """The forecast errors for a weekday."""

    weekday: str
    n: int
    error: float
    lean: float


@router.get("/")
def front(request: Request) -> Response:
    """Show how many doughs an evening needs, the reasons, and the next fourteen days."""
    answers, today = newest_of(request), clock_of(request).today()
    if isinstance(answers, NoForecast):
        with request.app.state.database.reading() as session:
            night = night_of(request, session, today, today, None)
        return render(request, "start.html", words=answers.words, day=today, today=today, night=night)
    form, day, level = read_asked(request)
    with request.app.state.database.reading() as session:
        (evening,) = read_days(session, day, 1)
        coming = read_days(session, today + timedelta(1), COMING)
        version = data_version(request, session, answers)
        house = read_house(session)
    pickups = pickups_of(request, answers, [evening, *coming])
    careful = careful_level(answers, house, level)
    forecast, *others = answers.forecast([evening, *coming], careful, pickups=pickups, unseen=True)
    with request.app.state.database.reading() as session:
        night = night_of(request, session, day, today, forecast.doughs)
    return render(
        request,
        "front.html",
        422 if form.errors else 200,
        form=form,
        day=day,
        today=today,
        evening=evening,
        level=level,
        levels=LEVELS,
        house=house,
        careful=careful,
        level_in_words=level_in_words,
        more_guests=pickups[0].expected,
        forecast=forecast,
        was_learned=day in answers.unseen,
        answers=answers,
        reasons=answers.reasons(evening, pickups[0].expected),
        coming=list(zip(coming, others, pickups[1:], strict=True)),
        night=night,
        chart={"service": level, "v": version},
    )


def careful_level(answers: Answers, house: House, level: float | None) -> float:
    """Return the given service level, or that of the house, as far as the number of evenings allows."""
    return min(level or house.level, answers.most_level)


def pickups_of(request: Request, answers: Answers, evenings: Sequence[Facts]) -> list[Pickup]:
    """Return the guests who are still expected to book for tonight and later evenings."""
    clock = clock_of(request)
    now, today = clock.hour(), clock.today()
    return [answers.pickup(one, now) if one.day >= today else Pickup() for one in evenings]


class Night(NamedTuple):
    """What the owner sees of an evening: its bookings and, tonight, the form that closes the night."""

    day: date
    bookings: Sequence[Reservation]
    form: Form | None
    is_closed: bool
    missed: date | None  # the last night, if it is not closed


def night_of(request: Request, session: Session, day: date, today: date, doughs: int | None) -> Night | None:
    """Return what the owner sees of an evening, or None for other people."""
    if not is_admin(request.app.state.database, request):
        return None
    query = select(Reservation).where(Reservation.day == day).order_by(Reservation.name, Reservation.id)
    bookings = session.scalars(query).all()
    if day != today:
        return Night(day, bookings, None, False, None)
    night = clock_of(request).night()
    rows = select(Evening).where(Evening.day.in_([night, night - timedelta(1)]))
    known = {row.day: row for row in session.scalars(rows)}
    is_closed = night in known and known[night].made is not None
    before = known.get(night - timedelta(1))
    house, (eve, tonight) = read_house(session), read_days(session, night - timedelta(1), 2)
    is_missed = before and before.made is None and not before.doughs and not house.why_closed(eve)
    missed = eve.day if is_missed else None
    if house.why_closed(tonight) and not (is_closed or tonight.doughs):
        return Night(night, bookings, None, False, missed)
    form = night_form(session, night, doughs if night == day else None)
    return Night(night, bookings, form, is_closed, missed)


@router.get("/analytics")
def analytics(request: Request) -> Response:
    """Show forecasts and used doughs, by day and by weekday."""
    answers, today = newest_of(request), clock_of(request).today()
    form, first, last = read_range(request)
    with request.app.state.database.reading() as session:
        past = [] if form.errors else read_range_of_past(session, answers, first, last, today)
        version = data_version(request, session, answers)
    return render(
        request,
        "analytics.html",
        422 if form.errors else 200,
        form=form,
        first=first,
        last=last,
        today=today,
        past=past,
        is_weekly=is_weekly(past),
        weekdays=by_weekday(past),
        summary=summary(past),
        chart={"from": first, "to": last, "v": version},
    )


@router.get("/evenings.csv")
def export(request: Request) -> Response:
    """Return the evenings of a range as a CSV file that can be imported."""
    form, first, last = read_range(request)
    refuse(form.errors)
    with request.app.state.database.reading() as session:
        evenings = [one for one in read_between(session, first, last) if one.day < clock_of(request).today()]
    name = f"evenings-{first}-{last}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(written(evenings), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/charts/{name}.svg")
def chart(
    request: Request,
    name: str,
    scheme: Scheme = "light",
    size: Size = "wide",
    v: Annotated[str, Query()] = "",
) -> Response:
    """Return a chart. Its URL on the pages contains the version of its data, so browsers can cache it.

    Charts of a private site are not cached, because nobody may see them after the logout.
    """
    answers, today = newest_of(request), clock_of(request).today()
    with request.app.state.database.reading() as session:
        rows = chart_rows(request, session, answers, name, today)
    keep = "private, max-age=86400" if v and not is_private(request) else "no-store"
    drawn = draw(name, rows, scheme, size)
    return Response(drawn, media_type="image/svg+xml", headers={"cache-control": keep})


def chart_rows(
    request: Request, session: Session, answers: Answers | NoForecast, name: str, today: date
) -> Rows:
    """Return the rows that a chart shows."""
    if name == "coming":
        answers = answers_of(request)
        form, _, level = read_asked(request)
        refuse(form.errors)
        coming, house = read_days(session, today + timedelta(1), COMING), read_house(session)
        pickups = pickups_of(request, answers, coming)
        found = answers.forecast(coming, careful_level(answers, house, level), pickups=pickups)
        return coming_rows(coming, found, [bool(house.why_closed(one)) for one in coming])
    form, first, last = read_range(request)
    refuse(form.errors)
    past = read_range_of_past(session, answers, first, last, today)
    grouped = by_week if is_weekly(past) else tuple
    if name == "evenings":
        return grouped((str(one.evening.day), one.evening.reservations, one.evening.doughs) for one in past)
    if name == "forecasts":
        known = [one for one in past if one.forecast is not None]
        return grouped((str(one.evening.day), one.forecast, one.evening.doughs) for one in known)
    if name == "weekdays":
        return tuple((one.weekday, round(one.error, 2)) for one in by_weekday(past))
    raise HTTPException(404, "There is no such chart.")


def is_weekly(past: Sequence[Past]) -> bool:
    """Return whether there are so many days that the charts show weeks."""
    return bool(past) and (past[-1].evening.day - past[0].evening.day).days >= MOST_DAILY


def coming_rows(evenings: Sequence[Facts], forecasts: Sequence[Forecast], are_closed: Sequence[bool]) -> Rows:
    """Return the rows of the chart of future evenings. Closed days have no bars."""
    return tuple(
        (f"{one.day:%a} {one.day.day}", *(row if not is_closed else (0, 0, None, None)))
        for one, told, is_closed in zip(evenings, forecasts, are_closed, strict=True)
        for row in [(one.reservations, told.doughs, told.low, told.high)]
    )


def data_version(request: Request, session: Session, answers: Answers | NoForecast) -> str:
    """Return a value that changes whenever a chart may change."""
    return f"{head(session).version}-{answers.version}-{clock_of(request).hour():%Y-%m-%d-%H}"


def read_range_of_past(
    session: Session, answers: Answers | NoForecast, first: date, last: date, today: date
) -> list[Past]:
    """Return the past evenings of a range that used dough."""
    over = [one for one in read_between(session, first, last) if one.day < today and one.doughs]
    return [Past(one, answers.unseen.get(one.day)) for one in over]


def by_weekday(past: Sequence[Past]) -> list[OfWeekday]:
    """Return the errors of each weekday that occurs."""
    found = []
    for place, weekday in enumerate(WEEKDAYS):
        off = [one.off for one in past if one.off is not None and one.evening.day.weekday() == place]
        if off:
            error = sum(map(abs, off)) / len(off)
            found.append(OfWeekday(weekday, len(off), error, sum(off) / len(off)))
    return found


def summary(past: Sequence[Past]) -> dict[str, Any]:
    """Return the totals of a range and the forecast errors."""
    off = [one.off for one in past if one.off is not None]
    return {
        "evenings": len(past),
        "reservations": sum(one.evening.reservations for one in past),
        "doughs": sum(one.evening.doughs for one in past),
        "error": sum(map(abs, off)) / len(off) if off else None,
    }


def refuse(errors: dict[str, str]) -> None:
    """Raise an error if a URL that does not come from a form has invalid parameters."""
    if errors:
        raise RequestValidationError(
            [
                {"type": "value_error", "loc": ("query", name), "ctx": {"error": words}}
                for name, words in errors.items()
            ]
        )
