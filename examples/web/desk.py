"""Admin pages: desks (a list of a table's rows, and forms to add, change and delete rows) and an overview."""

import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from examples.web.app import own_path, redirect, render
from examples.web.bulk import add_bulk_routes
from examples.web.database import bump
from examples.web.forms import MOST_ID, Form, filled, read_form
from examples.web.login import admin_only
from examples.web.paging import PageNumber, Search, page_of
from examples.web.security import posted
from examples.web.tables import sent_forms
from examples.web.undo import deleted_lately, forget_deleted, keep_deleted

CHANGED = (
    "Somebody else has changed it meanwhile: leave it and look, or save again to write this over theirs."
)
CHANGED_BEFORE_DELETION = (
    "It has changed since this page was opened, so it was not deleted. Please look again."
)
REMEMBERED = 24 * 3600  # seconds for which a form that was saved is not saved again
RowId = Annotated[int, Path(ge=1, le=MOST_ID)]


class _Refused(Exception):
    """Raised if a form has errors, so that nothing is written."""


class _SentBefore(Exception):
    """Raised if a form was saved already, so that it is not saved twice."""


@dataclass(frozen=True, eq=False)
class Desk:
    """The admin pages of one table.

    Parameters
    ----------
    name, one : str
        The plural and the singular, such as "games" (for the URL /admin/games) and "game".
    row : mapped class
        The class of the rows, which have an integer `id`.
    fields : pydantic model
        The fields of the form.
    form : str
        The template of the form's fields. It receives `form` and the result of `options`.
    search : callable(text) -> query of rows, in order
    columns : dict of heading to callable(row) -> str
        The columns of the list. The first one is the name of the row.
    show : callable(row) -> dict
        Returns the values of a row to show in the form.
    save : callable(session, row or None, form) -> row
        Writes ``form.data`` to the row. It reports errors that depend on the database by calling
        ``form.refuse``, in which case nothing is saved.
    options : callable(session) -> dict
    on_delete : callable(session, row) -> (str, bool)
        Returns a sentence on the consequences of deleting a row, and whether it can be deleted.
    search_help : str, default=""
        The help text for the search in the list.
    values : dict of heading to callable(row) -> text, number or date, default=columns
        The columns of exported files.
    preset : callable(request) -> dict, default=nothing
        Returns the values to show in the form of a new row.
    undo : bool, default=True
        Whether a row can be restored after it was deleted. Rows that were deleted together with it cannot.
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
    values: dict[str, Callable[[Any], Any]] | None = None
    preset: Callable[[Request], dict[str, Any]] = lambda request: {}
    undo: bool = True

    @property
    def path(self) -> str:
        """Return the URL of the list."""
        return f"/admin/{self.name}"

    @property
    def link(self) -> tuple[str, str]:
        """Return the URL of the list and the text of the link."""
        return self.path, self.name.capitalize()

    @property
    def an_one(self) -> str:
        """Return the singular with an article, such as "a game" or "an order"."""
        return f"{'an' if self.one[0] in 'aeiou' else 'a'} {self.one}"

    @property
    def exported(self) -> dict[str, Callable[[Any], Any]]:
        """Return the columns of exported files."""
        return self.columns if self.values is None else self.values

    def in_words(self, row: Any) -> str:
        """Return the first three columns of a row, separated by commas."""
        texts = (str(column(row)) for column in list(self.columns.values())[:3])
        return ", ".join(text for text in texts if text)

    def called(self, row: Any) -> str:
        """Return the name of a row."""
        return str(next(iter(self.columns.values()))(row))

    def router(self) -> APIRouter:
        """Return the routes of the list and the forms."""
        router = APIRouter(prefix=self.path, dependencies=[Depends(admin_only)], include_in_schema=False)
        router.add_api_route("", self.list)
        router.add_api_route("/new", self.new)
        router.add_api_route("/new", self.create, methods=["POST"])
        add_bulk_routes(router, self)
        router.add_api_route("/undo", self.restore, methods=["POST"])
        router.add_api_route("/{row_id}", self.edit)
        router.add_api_route("/{row_id}", self.change, methods=["POST"])
        router.add_api_route("/{row_id}/delete", self.confirm)
        router.add_api_route("/{row_id}/delete", self.delete, methods=["POST"])
        return router

    def list(self, request: Request, q: Search = "", page: PageNumber = 1) -> Response:
        """List the rows that a search finds."""
        with request.app.state.database.reading() as session:
            found = page_of(session, self.search(q), page)
            undo = deleted_lately(request, self.name)
            return render(request, "desk_list.html", desk=self, page=found, q=q, undo=undo)

    def new(self, request: Request) -> Response:
        """Show an empty form."""
        form, back = filled(self.preset(request)), request.query_params.get("back", "")
        return self._form(request, None, form, back=back)

    def edit(self, request: Request, row_id: RowId) -> Response:
        """Show the form for a row."""
        with request.app.state.database.reading() as session:
            row = self._get(session, row_id)
            return self._form(request, row_id, filled(self.show(row)), self.mark(row))

    def create(self, request: Request, posted: FormData = Depends(posted)) -> Response:  # noqa: B008
        """Add a row."""
        return self._write(request, None, posted)

    def change(self, request: Request, row_id: RowId, posted: FormData = Depends(posted)) -> Response:  # noqa: B008
        """Change a row."""
        return self._write(request, row_id, posted)

    def confirm(self, request: Request, row_id: RowId) -> Response:
        """Ask before a row is deleted."""
        return self._confirm(request, row_id)

    def delete(self, request: Request, row_id: RowId, posted: FormData = Depends(posted)) -> Response:  # noqa: B008
        """Delete a row."""
        try:
            with request.app.state.database.writing() as session:
                bump(session, structural=True)
                row = self._get(session, row_id)
                called, (words, allowed) = self.called(row), self.on_delete(session, row)
                if not allowed:
                    raise HTTPException(409, words)
                if posted.get("seen", now := self.mark(row)) != now:
                    raise _Refused
                if self.undo:
                    keep_deleted(request, self.name, row)
                session.delete(row)
        except _Refused:
            return self._confirm(request, row_id, 409, CHANGED_BEFORE_DELETION)
        return redirect(request, self.path, f"{called} is deleted.")

    def restore(self, request: Request, posted: FormData = Depends(posted)) -> Response:  # noqa: B008
        """Restore the row that this browser deleted last."""
        values = deleted_lately(request, self.name)
        if not values:
            return redirect(request, self.path, f"There is no {self.one} to restore any more.")
        forget_deleted(request)
        try:
            with request.app.state.database.writing() as session:
                bump(session, structural=True)
                row = self.row(**values)
                if hasattr(row, "demo"):
                    row.demo = False  # what somebody restores is theirs
                session.add(row)
                session.flush()
                called = self.called(row)
        except IntegrityError:
            words = f"The {self.one} cannot be restored, because other rows have changed in the meantime."
            return redirect(request, self.path, words)
        return redirect(request, self.path, f"{called} is restored.")

    def _write(self, request: Request, row_id: int | None, fields: FormData) -> Response:
        form, seen = read_form(self.fields, fields), str(fields.get("seen", ""))
        back = str(fields.get("back", ""))
        to = own_path(back) if back else self.path
        if form.data is not None:
            try:
                with request.app.state.database.writing() as session:
                    bump(session, structural=True)
                    _send_once(session, request.url.path, fields)
                    row = None if row_id is None else self._get(session, row_id)
                    if row is not None and seen and seen != (now := self.mark(row)):
                        seen = now
                        form.refuse("", CHANGED)
                        raise _Refused
                    row = self.save(session, row, form)
                    if form.errors:
                        raise _Refused
                    session.flush()
                    called = self.called(row)
                return redirect(request, to, f"{called} is saved.")
            except _SentBefore:
                return redirect(request, to, "It was saved already.")
            except _Refused:
                pass
        return self._form(request, row_id, form, seen, back, status=422)

    def _form(
        self,
        request: Request,
        row_id: int | None,
        form: Form[Any],
        seen: str = "",
        back: str = "",
        status: int = 200,
    ) -> Response:
        with request.app.state.database.reading() as session:
            called = "" if row_id is None else self.called(self._get(session, row_id))
            context = {"desk": self, "row_id": row_id, "form": form, "called": called, "seen": seen}
            context |= {"once": secrets.token_hex(16), "back": own_path(back) if back else ""}
            return render(request, "desk_form.html", status, **context, **self.options(session))

    def _confirm(self, request: Request, row_id: int, status: int = 200, error: str = "") -> Response:
        with request.app.state.database.reading() as session:
            row = self._get(session, row_id)
            words, allowed = self.on_delete(session, row)
            context = {"desk": self, "row_id": row_id, "called": self.called(row), "seen": self.mark(row)}
            context |= {"words": words, "allowed": allowed, "error": error}
            return render(request, "desk_delete.html", status, **context)

    def mark(self, row: Any) -> str:
        """Return a hash of a row's values, so that a form can detect changes made by other people."""
        return hashlib.sha256(repr(self.show(row)).encode()).hexdigest()[:16]

    def _get(self, session: Session, row_id: int) -> Any:
        if row := session.get(self.row, row_id):
            return row
        raise HTTPException(404, f"There is no such {self.one} any more.")


def _send_once(session: Session, path: str, fields: FormData) -> None:
    """Remember that a form is saved. Raise an error if it was saved with the same content before."""
    if not fields.get("once"):
        return
    sent = repr((path, [pair for pair in fields.multi_items() if pair[0] != "csrf"]))
    once, now = hashlib.sha256(sent.encode()).hexdigest()[:32], time.time()
    session.execute(delete(sent_forms).where(sent_forms.c.at < now - REMEMBERED))
    if session.scalar(select(sent_forms.c.at).where(sent_forms.c.once == once)):
        raise _SentBefore
    session.execute(insert(sent_forms).values(once=once, at=now))


def overview_router(desks: Sequence[Desk], learning: str) -> APIRouter:
    """Return the route of the page with the number of rows per table and the state of the model."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(admin_only)])

    @router.get("/admin")
    def overview(request: Request) -> Response:
        with request.app.state.database.reading() as session:
            counts = {desk: session.scalar(select(func.count()).select_from(desk.row)) for desk in desks}
        return render(request, "admin.html", counts=counts, learning=learning)

    return router
