"""Behind the counter: desks (a table's rows as a list, forms to add, change and delete), and the overview."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from examples.web.app import redirect, render
from examples.web.database import bump
from examples.web.forms import MOST_ID, Form, filled, read_form
from examples.web.login import admin_only
from examples.web.paging import PageNumber, Search, page_of
from examples.web.security import posted

CHANGED = (
    "Somebody else has changed it meanwhile: leave it and look, or save again to write this over theirs."
)
RowId = Annotated[int, Path(ge=1, le=MOST_ID)]


class _Refused(Exception):
    """Nothing is to be written: the form has errors."""


@dataclass(frozen=True, eq=False)
class Desk:
    """What is particular about a table.

    Parameters
    ----------
    name, one : str
        "games" (the address is /admin/games) and "game".
    row : mapped class
        With an integer `id`.
    fields : pydantic model
        Of the form.
    form : str
        The template of the form's fields; it gets `form` and what `options` returns.
    search : callable(text) -> query of rows, in order
    columns : dict of heading to callable(row) -> str
        The first is the row's name.
    show : callable(row) -> dict
        What the form shows of a row.
    save : callable(session, row or None, form) -> row
        Writes ``form.data``. What only the database knows to be wrong it says by ``form.refuse``: then
        nothing is kept.
    options : callable(session) -> dict
    on_delete : callable(session, row) -> (str, bool)
        What goes with the row, in words, and whether it may be deleted.
    search_help : str, default=""
        What the list says of its search.
    """

    name: str
    one: str
    row: type
    fields: type[BaseModel]
    form: str
    search: Callable[[str], Select]
    columns: dict[str, Callable[[Any], Any]]
    show: Callable[[Any], dict[str, Any]]
    save: Callable[[Session, Any, Form[Any]], Any]
    options: Callable[[Session], dict[str, Any]]
    on_delete: Callable[[Session, Any], tuple[str, bool]]
    search_help: str = ""

    @property
    def path(self) -> str:
        """Return the address of the list."""
        return f"/admin/{self.name}"

    @property
    def link(self) -> tuple[str, str]:
        """Return the address, and words."""
        return self.path, self.name.capitalize()

    @property
    def an_one(self) -> str:
        """Return "a game", or "an order"."""
        return f"{'an' if self.one[0] in 'aeiou' else 'a'} {self.one}"

    def called(self, row: Any) -> str:
        """Return a row's name."""
        return str(next(iter(self.columns.values()))(row))

    def router(self) -> APIRouter:
        """Return the routes of the list and its forms."""
        router = APIRouter(prefix=self.path, dependencies=[Depends(admin_only)], include_in_schema=False)
        router.add_api_route("", self.list)
        router.add_api_route("/new", self.new)
        router.add_api_route("/new", self.create, methods=["POST"])
        router.add_api_route("/{row_id}", self.edit)
        router.add_api_route("/{row_id}", self.change, methods=["POST"])
        router.add_api_route("/{row_id}/delete", self.confirm)
        router.add_api_route("/{row_id}/delete", self.delete, methods=["POST"])
        return router

    def list(self, request: Request, q: Search = "", page: PageNumber = 1) -> Response:
        """List the rows that a search finds."""
        with request.app.state.database.reading() as session:
            found = page_of(session, self.search(q), page)
            return render(request, "desk_list.html", desk=self, page=found, q=q)

    def new(self, request: Request) -> Response:
        """Show an empty form."""
        return self._form(request, None, filled())

    def edit(self, request: Request, row_id: RowId) -> Response:
        """Show a row's form."""
        with request.app.state.database.reading() as session:
            row = self._get(session, row_id)
            return self._form(request, row_id, filled(self.show(row)), self._mark(row))

    def create(self, request: Request, posted: FormData = Depends(posted)) -> Response:  # noqa: B008
        """Add a row."""
        return self._write(request, None, posted)

    def change(self, request: Request, row_id: RowId, posted: FormData = Depends(posted)) -> Response:  # noqa: B008
        """Change a row."""
        return self._write(request, row_id, posted)

    def confirm(self, request: Request, row_id: RowId) -> Response:
        """Ask before a row is deleted."""
        with request.app.state.database.reading() as session:
            row = self._get(session, row_id)
            words, allowed = self.on_delete(session, row)
            context = {"desk": self, "row_id": row_id, "called": self.called(row)}
            return render(request, "desk_delete.html", words=words, allowed=allowed, **context)

    def delete(self, request: Request, row_id: RowId, posted: FormData = Depends(posted)) -> Response:  # noqa: B008
        """Delete a row."""
        with request.app.state.database.writing() as session:
            bump(session, structural=True)
            row = self._get(session, row_id)
            called, (words, allowed) = self.called(row), self.on_delete(session, row)
            if not allowed:
                raise HTTPException(409, words)
            session.delete(row)
        return redirect(request, self.path, f"{called} is deleted.")

    def _write(self, request: Request, row_id: int | None, fields: FormData) -> Response:
        form, seen = read_form(self.fields, fields), str(fields.get("seen", ""))
        if form.data is not None:
            try:
                with request.app.state.database.writing() as session:
                    bump(session, structural=True)
                    row = None if row_id is None else self._get(session, row_id)
                    if row is not None and seen and seen != (now := self._mark(row)):
                        seen = now
                        form.refuse("", CHANGED)
                        raise _Refused
                    row = self.save(session, row, form)
                    if form.errors:
                        raise _Refused
                    session.flush()
                    called = self.called(row)
                return redirect(request, self.path, f"{called} is saved.")
            except _Refused:
                pass
        return self._form(request, row_id, form, seen, status=422)

    def _form(
        self, request: Request, row_id: int | None, form: Form[Any], seen: str = "", status: int = 200
    ) -> Response:
        with request.app.state.database.reading() as session:
            called = "" if row_id is None else self.called(self._get(session, row_id))
            context = {"desk": self, "row_id": row_id, "form": form, "called": called, "seen": seen}
            return render(request, "desk_form.html", status, **context, **self.options(session))

    def _mark(self, row: Any) -> str:
        """Return what a form knows its row by as it was, so that nobody's change is lost unseen."""
        return hashlib.sha256(repr(self.show(row)).encode()).hexdigest()[:16]

    def _get(self, session: Session, row_id: int) -> Any:
        if row := session.get(self.row, row_id):
            return row
        raise HTTPException(404, f"There is no such {self.one} any more.")


def overview_router(desks: Sequence[Desk], learning: str) -> APIRouter:
    """Return the route of the page that says how much there is, how the model is, and how it learns."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(admin_only)])

    @router.get("/admin")
    def overview(request: Request) -> Response:
        with request.app.state.database.reading() as session:
            counts = {desk: session.scalar(select(func.count()).select_from(desk.row)) for desk in desks}
        return render(request, "admin.html", counts=counts, learning=learning)

    return router
