"""Import of evenings from CSV files and workbooks: previewed, with all errors, and saved all or none."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from examples.pizza.data import COLUMNS, EveningsFileError, Problem, read_csv_evenings
from examples.pizza.settings import read_country
from examples.pizza.web.demonstration import replace
from examples.pizza.web.doubts import COUNTS, doubt
from examples.pizza.web.model import counted
from examples.pizza.web.questions import BACK, clock_of
from examples.pizza.web.spelling import in_one_form
from examples.pizza.web.tables import Evening, Facts, Order, Reservation, new_evening
from examples.web.app import redirect, render
from examples.web.database import bump
from examples.web.login import admin_only
from examples.web.security import MOST_BYTES, posted
from examples.web.spreadsheet import SpreadsheetError, as_csv, read_rows

NAME = "your file"
MOST_LINES = 20_000  # in a file: more than fifty years
MOST_TEXT = MOST_BYTES - 50_000  # characters, so that the previewed text can be sent again
MOST_SHOWN = 200  # problems
LONGEST_SHOWN = 120  # characters of a bad cell
PREVIEW = 12  # evenings
FACTS = ("temperature", "tourists", "holiday", "event")
EXPORTED = ("date", "weekday", "reservations", "doughs", *FACTS)

router = APIRouter(prefix="/admin/import", include_in_schema=False, dependencies=[Depends(admin_only)])


class _Refused(Exception):
    """Raised if some lines are bad, so that nothing is saved."""


class Import:
    """A checked file: its evenings, or its problems, up to one more than a page shows."""

    def __init__(self, text: str) -> None:
        header, *lines = text.split("\n", 1)
        self.text = text = "\n".join([header.lower(), *lines])  # column names are not case-sensitive
        self.evenings: list[dict[str, Any]] = []
        self.lines: list[str] = []
        self.dropped: list[str] = []
        self.problems: list[Problem] = []
        self.doubts: list[str] = []
        self.refused = self.note = ""
        if (n_lines := max(text.count("\n"), text.count("\r"))) > MOST_LINES:
            self.refused = f"{NAME}: must have at most {MOST_LINES:,} lines. Got {n_lines:,} instead."
            return
        try:
            reading = read_csv_evenings(text.encode(), NAME, ("temperature", "tourists"), MOST_SHOWN)
        except EveningsFileError as error:
            self.refused = shortened(str(error), 5 * LONGEST_SHOWN)
            return
        frame, self.lines, self.dropped, problems = reading
        self.problems = [problem._replace(got=shortened(problem.got)) for problem in problems]
        if "date" not in frame.columns:
            self.refused = (
                f"{NAME}, line 1, column 'date': must be present: it says which evening a line is of."
            )
            self.lines = []
        else:
            self.evenings = list(frame.iter_rows(named=True))
            if not self.evenings and not self.problems:
                self.refused = f"{NAME}: must have reservations on at least one evening."

    @property
    def is_good(self) -> bool:
        """Return whether the whole file can be saved."""
        return bool(self.evenings) and not (self.problems or self.refused)

    def check(self, session: Session, today: date) -> int:
        """Find errors that depend on the date and the database, and count the evenings that already exist."""
        known = {row.day: row for row in session.scalars(select(Evening))}
        listed = count_own(session)
        for where, evening in zip(self.lines, self.evenings, strict=True):
            if not BACK <= evening["date"] < today:
                allowed = f"from {BACK} to yesterday, since doughs are known when the evening is over"
                self.problems.append(Problem(where, "date", allowed, f"'{evening['date']}'"))
                if len(self.problems) > MOST_SHOWN:
                    break
                continue
            for name, n in zip(COUNTS, listed.get(evening["date"], (0, 0)), strict=True):
                if evening[name] < n:
                    allowed = f"at least the {n} that are written down one by one"
                    self.problems.append(Problem(where, name, allowed, f"'{evening[name]}'"))
        self.problems.sort(key=lambda problem: int(problem.where.rsplit(maxsplit=1)[-1]))
        days = {evening["date"] for evening in self.evenings}
        self._doubt([row for day, row in known.items() if day not in days and not row.demo])
        return sum(evening["date"] in known for evening in self.evenings)

    def _doubt(self, others: list[Evening]) -> None:
        """Find numbers far beyond those of evenings outside the file or, if there are none, in the file."""
        for name in COUNTS:
            largest = max((getattr(row, name) for row in others), default=0)
            first, second = sorted([0, 0, *(evening[name] for evening in self.evenings)])[:-3:-1]
            for where, evening in zip(self.lines, self.evenings, strict=True):
                most = largest or (second if evening[name] == first else first)
                words = doubt(evening[name], most, f"the most {name} of another evening")
                self.doubts += [f"{where}, {name}: {words}"] if words else []

    def keep(self, session: Session) -> None:
        """Save the evenings. Columns that are missing in the file are not changed.

        The file replaces the demonstration data of its evenings.
        """
        known = {row.day: row for row in session.scalars(select(Evening))}
        replace(session, [known[one["date"]] for one in self.evenings if one["date"] in known])
        listed = count_own(session)
        for evening in self.evenings:
            row = known.get(evening["date"]) or new_evening(evening["date"])
            n_reservations, n_doughs = listed.get(row.day, (0, 0))
            row.more_reservations = evening["reservations"] - n_reservations
            row.more_doughs = evening["doughs"] - n_doughs
            row.made = row.left_over = None  # the number in the file replaces what was counted
            for name in FACTS:
                if name in evening:
                    setattr(row, name, evening[name])
            session.add(row)


def count_own(session: Session) -> dict[date, tuple[int, int]]:
    """Return the reservations and pizzas of each day that were entered one by one, without invented ones."""
    found: dict[date, tuple[int, int]] = {}
    counts = (
        (Reservation, (func.count(Reservation.id), literal(0))),
        (Order, (literal(0), func.sum(Order.pizzas))),
    )
    for table, columns in counts:
        rows = session.execute(select(table.day, *columns).where(~table.demo).group_by(table.day))
        for day, n_reservations, n_doughs in rows:
            before = found.get(day, (0, 0))
            found[day] = before[0] + n_reservations, before[1] + n_doughs
    return found


def shortened(text: str, longest: int = LONGEST_SHOWN) -> str:
    """Return a text, cut if it is too long for the page."""
    return text if len(text) <= longest else text[:longest] + "…"


@router.get("")
def ask(request: Request) -> Response:
    """Show the form for a file."""
    return page(request, None)


@router.post("")
def look(request: Request, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Show the content of a file, or its errors. Nothing is saved yet."""
    file = fields.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return page(request, None, 422, "Please choose a file.")
    try:
        rows, note = in_one_form(read_rows(file.file.read(), MOST_LINES), read_country())
    except SpreadsheetError as error:
        return page(request, None, 422, error.of(NAME))
    if len(text := as_csv(rows)) > MOST_TEXT:
        return page(request, None, 422, f"{NAME}: must have at most {MOST_TEXT:,} characters of text.")
    found = Import(text)
    found.note = note
    with request.app.state.database.reading() as session:
        n_known = found.check(session, clock_of(request).today())
    return page(request, found, 200 if found.is_good else 422, n_known=n_known)


@router.post("/keep")
def keep(request: Request, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Check the previewed evenings again, and save all or none of them."""
    found = Import(str(fields.get("text", "")))
    try:
        with request.app.state.database.writing() as session:
            bump(session, structural=True)
            found.check(session, clock_of(request).today())
            if not found.is_good or (found.doubts and not fields.get("sure")):
                raise _Refused
            found.keep(session)
    except _Refused:
        return page(request, found, 422)
    n = len(found.evenings)
    words = (
        f"{counted(n, 'evening')} {'is' if n == 1 else 'are'} kept. The model learns from them in a moment."
    )
    return redirect(request, "/admin/evenings", words)


def page(request: Request, found: Import | None, status: int = 200, error: str = "", **more: Any) -> Response:
    """Show the form and the result of the check."""
    shown = {"columns": COLUMNS, "most": MOST_SHOWN, "preview": PREVIEW, "n_known": 0}
    return render(request, "import.html", status, found=found, error=error, **(shown | more))


def written(evenings: Iterable[Facts]) -> str:
    """Return evenings as a CSV file that can be read again."""
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(EXPORTED)
    lines.writerows(cells(evening) for evening in evenings)
    return text.getvalue()


def cells(evening: Facts) -> Sequence[str]:
    """Return the cells of one evening."""
    temperature = "" if evening.temperature is None else f"{evening.temperature:g}"
    flags = [str(flag).lower() for flag in (evening.holiday, evening.event)]
    counts = [str(evening.reservations), str(evening.doughs)]
    tourists = "" if evening.tourists is None else str(evening.tourists)
    return [str(evening.day), f"{evening.day:%A}", *counts, temperature, tourists, *flags]
