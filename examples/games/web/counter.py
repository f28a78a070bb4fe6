"""The counter's page for visitors' rentals: confirm or discard many of them at once."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, delete, func, select, update
from starlette.datastructures import FormData

from examples.games.web.admin import day_of
from examples.games.web.criteria import said
from examples.games.web.tables import Rental
from examples.web.app import redirect, render, with_query
from examples.web.database import bump
from examples.web.forms import Id, Line, read_form
from examples.web.login import admin_only
from examples.web.paging import PageNumber, page_of
from examples.web.security import posted

PATH = "/admin/unconfirmed"
LINK = (PATH, "Visitors’ rentals")
FIELDS = ("visitor", "source", "since", "until")

router = APIRouter(prefix=PATH, include_in_schema=False, dependencies=[Depends(admin_only)])


class Filter(BaseModel):
    """Which of the unconfirmed rentals are meant. Times are in UTC."""

    visitor: Annotated[Line, Field(max_length=32)] | None = None
    source: Annotated[Line, Field(max_length=16)] | None = None
    since: datetime | None = None
    until: datetime | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """Return the conditions for a database query."""
        found = [Rental.confirmed.is_(False)]
        if self.visitor:
            found.append(Rental.visitor == self.visitor)
        if self.source:
            found.append(Rental.source == self.source)
        if self.since:
            found.append(Rental.at >= seconds(self.since))
        if self.until:
            found.append(Rental.at <= seconds(self.until))
        return found


class Decision(Filter):
    """What to do with the rentals that the page showed, which end with the id `last`."""

    action: Literal["confirm", "discard"]
    last: Id


def seconds(time: datetime) -> float:
    """Return a time in seconds since 1970. A time without a time zone is in UTC."""
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


@router.get("")
def show(request: Request, page: PageNumber = 1) -> Response:
    """List the rentals that nobody has confirmed, newest first."""
    form = read_form(Filter, request.query_params)
    conditions = form.data.conditions() if form.data else [Rental.id < 0]
    found = select(Rental).where(*conditions).order_by(Rental.id.desc())
    with request.app.state.database.reading() as session:
        last = session.scalar(select(func.max(Rental.id)).where(*conditions))
        return render(
            request,
            "unconfirmed.html",
            422 if form.errors else 200,
            form=form,
            filter={name: form.value(name) for name in FIELDS},
            page=page_of(session, found, page),
            last=last,
            here=PATH,
            words_of=said,
            time_of=day_of,
        )


@router.post("")
def decide(request: Request, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Confirm or discard the rentals that the page listed, but none that came later."""
    form = read_form(Decision, fields)
    if form.data is None:
        return redirect(request, PATH, "That could not be read. Nothing was changed.")
    which = [*form.data.conditions(), Rental.id <= form.data.last]
    is_confirmed = form.data.action == "confirm"
    change = update(Rental).values(confirmed=True, learned=True) if is_confirmed else delete(Rental)
    with request.app.state.database.writing() as session:
        bump(session, structural=True)
        change = change.where(*which).execution_options(synchronize_session=False)
        n = session.execute(change).rowcount
    rentals = "1 rental is" if n == 1 else f"{n} rentals are"
    shown = {name: form.value(name) for name in FIELDS}
    words = f"{rentals} {'confirmed, and the model learns them' if is_confirmed else 'discarded'}."
    return redirect(request, with_query(PATH, **shown), words)
