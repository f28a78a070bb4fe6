"""Lists as files, and the deletion of several rows at once, for the admin pages of a table."""

import hashlib
from collections.abc import Callable
from typing import Any, Literal, Protocol

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response
from sqlalchemy import Select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from examples.web.app import redirect, render, with_query
from examples.web.database import bump
from examples.web.forms import MOST_ID
from examples.web.paging import PageNumber, Search, count_of, page_of
from examples.web.security import posted
from examples.web.spreadsheet import XLSX, export_csv, export_workbook

CHUNK = 500  # rows that are read from the database at once
MOST_IN_WORKBOOK = 20_000  # rows, which take a few seconds
MOST_DELETED = 2000  # rows that are deleted at once
SHOWN = 100  # rows that are named before they are deleted
CHOOSE = "Please select the rows to delete."
CHANGED = "Rows have changed since this page was opened, so nothing was deleted. Please look again."


class Listed(Protocol):
    """What these pages need of the admin pages of a table (:class:`examples.web.desk.Desk`)."""

    name: str
    one: str
    row: type
    search: Callable[[str], Select]
    on_delete: Callable[[Session, Any], tuple[str, bool]]

    @property
    def path(self) -> str:
        """The URL of the list."""

    @property
    def exported(self) -> dict[str, Callable[[Any], Any]]:
        """The columns of an exported list, by heading."""

    def called(self, row: Any) -> str:
        """Return the name of a row."""

    def in_words(self, row: Any) -> str:
        """Return the first columns of a row in one line."""

    def mark(self, row: Any) -> str:
        """Return a hash of a row's values."""


class _Refused(Exception):
    """Raised if rows cannot be deleted, so that none is deleted."""


def add_bulk_routes(router: APIRouter, desk: Listed) -> None:
    """Add /export.csv, /export.xlsx and /several to the routes of a table's admin pages."""

    def export(request: Request, kind: Literal["csv", "xlsx"], q: Search = "") -> Response:
        return exported(request, desk, kind, q)

    def choose(request: Request, q: Search = "", page: PageNumber = 1) -> Response:
        return show_choice(request, desk, q, page)

    def delete(request: Request, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
        return delete_several(request, desk, fields)

    router.add_api_route("/export.{kind}", export)
    router.add_api_route("/several", choose)
    router.add_api_route("/several", delete, methods=["POST"])


def exported(request: Request, desk: Listed, kind: Literal["csv", "xlsx"], q: str) -> Response:
    """Return all rows that a search finds, as a file."""
    columns = desk.exported
    with request.app.state.database.reading() as session:
        if kind == "xlsx" and (n_rows := count_of(session, desk.search(q))) > MOST_IN_WORKBOOK:
            raise HTTPException(
                422,
                f"A file for Excel can have at most {MOST_IN_WORKBOOK:,} rows here, because it takes long to "
                f"write. Got {n_rows:,} rows. Search for fewer, or save them as CSV.",
            )
        rows = session.scalars(desk.search(q).execution_options(yield_per=CHUNK))
        values = ([value(row) for value in columns.values()] for row in rows)
        content = export_csv(columns, values) if kind == "csv" else export_workbook(columns, values)
    name = f'attachment; filename="{desk.name}.{kind}"'
    media = "text/csv; charset=utf-8" if kind == "csv" else XLSX
    return Response(content, media_type=media, headers={"content-disposition": name})


def show_choice(
    request: Request, desk: Listed, q: str, number: int = 1, status: int = 200, error: str = ""
) -> Response:
    """Show one page of a list with a box to tick in every row."""
    with request.app.state.database.reading() as session:
        page = page_of(session, desk.search(q), number)
        context = {"desk": desk, "page": page, "q": q, "error": error, "most": MOST_DELETED}
        return render(request, "desk_several.html", status, **context)


def delete_several(request: Request, desk: Listed, fields: FormData) -> Response:
    """Ask before rows are deleted, and delete all of them or none when the form of that page is sent."""
    q, is_all, seen = str(fields.get("q", ""))[:100], bool(fields.get("all")), str(fields.get("seen", ""))
    ids = sorted({int(text) for text in map(str, fields.getlist("id")) if _is_id(text)})
    if not (ids or is_all):
        return show_choice(request, desk, q, 1, 422, CHOOSE)
    if not seen:
        return confirm(request, desk, q, ids, is_all)
    try:
        with request.app.state.database.writing() as session:
            bump(session, structural=True)
            rows = found(session, desk, q, ids, is_all)
            if seen != mark_of(desk, rows) or refusals(session, desk, rows):
                raise _Refused
            for row in rows:
                session.delete(row)
    except _Refused:
        return confirm(request, desk, q, ids, is_all, 409, CHANGED)
    words = f"1 {desk.one} is deleted." if len(rows) == 1 else f"{len(rows)} {desk.name} are deleted."
    return redirect(request, with_query(desk.path, q=q), words)


def confirm(
    request: Request,
    desk: Listed,
    q: str,
    ids: list[int],
    is_all: bool,
    status: int = 200,
    error: str = "",
) -> Response:
    """Show which rows would be deleted, or why they cannot be."""
    with request.app.state.database.reading() as session:
        rows = found(session, desk, q, ids, is_all)
        if not rows:
            return show_choice(request, desk, q, 1, 409, error or "These rows were deleted already.")
        context = {"desk": desk, "q": q, "ids": ids, "is_all": is_all, "error": error, "n": len(rows)}
        context |= {"names": [desk.in_words(row) for row in rows[:SHOWN]], "seen": mark_of(desk, rows)}
        context |= {"refusals": refusals(session, desk, rows), "most": MOST_DELETED, "shown": SHOWN}
        return render(request, "desk_several_delete.html", status, **context)


def found(session: Session, desk: Listed, q: str, ids: list[int], is_all: bool) -> list[Any]:
    """Return the rows with the given ids, or all that a search finds, up to one more than can be deleted."""
    if is_all:
        return list(session.scalars(desk.search(q).limit(MOST_DELETED + 1)))
    rows = (session.get(desk.row, row_id) for row_id in ids)
    return [row for row in rows if row is not None]


def mark_of(desk: Listed, rows: list[Any]) -> str:
    """Return a hash of rows, so that changes made by other people are noticed."""
    marks = sorted((row.id, desk.mark(row)) for row in rows)
    return hashlib.sha256(repr(marks).encode()).hexdigest()[:32]


def refusals(session: Session, desk: Listed, rows: list[Any]) -> list[tuple[str, str]]:
    """Return the names of rows that cannot be deleted, and the reasons."""
    if len(rows) > MOST_DELETED:
        return [(f"All {desk.name}", f"At most {MOST_DELETED:,} can be deleted at once. Search for fewer.")]
    answers = ((row, *desk.on_delete(session, row)) for row in rows)
    return [(desk.called(row), words) for row, words, is_allowed in answers if not is_allowed]


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 11 and 1 <= int(text) <= MOST_ID
