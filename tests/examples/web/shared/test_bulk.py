"""Lists as files, and the deletion of several rows at once, in both sites."""

import csv
import html
import io
import re

import openpyxl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from examples.games.web.site import create_app as create_tavern
from examples.games.web.tables import Console, Game
from examples.pizza.web.site import create_app as create_pizzeria
from examples.pizza.web.tables import Evening, Order, Reservation
from examples.web import bulk
from examples.web.spreadsheet import XLSX
from tests.examples.web.pages import HOME, PASSWORD, logged_in, send, text_of, token_of
from tests.examples.web.pizzeria.reading import CLOCK

TODAY = CLOCK.today()
DANGEROUS = ['=HYPERLINK("http://evil.example")', "+1", "-1", "@SUM(A1)", "=1+1", " =1+1", "O'Hara"]


@pytest.fixture(scope="module")
def app(tmp_path_factory, database_url):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIZZERIA_ADMIN_PASSWORD", PASSWORD)
        app = create_pizzeria(tmp_path_factory.mktemp("pizzeria"), database_url, CLOCK)
        with TestClient(app):
            yield app


@pytest.fixture(scope="module")
def admin(app):
    return logged_in(app)


@pytest.fixture(scope="module")
def tavern(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAVERN_ADMIN_PASSWORD", PASSWORD)
        patch.setenv("TAVERN_DATA", str(tmp_path_factory.mktemp("tavern")))
        patch.delenv("DATABASE_URL", raising=False)
        app = create_tavern()
        with TestClient(app):
            yield app


@pytest.fixture(scope="module")
def keeper(tavern):
    return logged_in(tavern)


def book(admin, name, day=TODAY):
    fields = {"name": name, "day": str(day), "party": "2", "note": f"from {name}"}
    answer = send(admin, admin.get("/admin/reservations/new"), "/admin/reservations/new", **fields)
    assert answer.status_code == 200, text_of(answer)


def read_csv(answer):
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def read_xlsx(answer):
    assert answer.status_code == 200
    assert answer.headers["content-type"] == XLSX
    return list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows())


def n_of(app, table, *conditions):
    with app.state.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table).where(*conditions))


@pytest.mark.parametrize("name", ["reservations", "orders", "evenings"])
def test_every_list_of_the_pizzeria_is_exported_in_full(app, admin, name):
    table = {"reservations": Reservation, "orders": Order, "evenings": Evening}[name]
    rows = read_csv(admin.get(f"/admin/{name}/export.csv"))
    cells = read_xlsx(admin.get(f"/admin/{name}/export.xlsx"))
    assert len(rows) == len(cells) == 1 + n_of(app, table)
    assert [cell.value for cell in cells[0]] == rows[0]
    place = rows[0].index("date")
    assert {type(row[place].value).__name__ for row in cells[1:]} == {"datetime"}
    assert [str(row[place].value)[:10] for row in cells[1:]] == [row[place] for row in rows[1:]]


@pytest.mark.parametrize("name", ["games", "consoles", "rentals"])
def test_every_list_of_the_tavern_is_exported(tavern, keeper, name):
    rows = read_csv(keeper.get(f"/admin/{name}/export.csv"))
    assert len(rows) == len(read_xlsx(keeper.get(f"/admin/{name}/export.xlsx"))) > 1


def test_a_search_is_exported_and_the_list_links_to_it(admin):
    book(admin, "Zabaglione")
    assert "/admin/reservations/export.csv?q=Zabaglione" in admin.get("/admin/reservations?q=Zabaglione").text
    rows = read_csv(admin.get("/admin/reservations/export.csv?q=Zabaglione"))
    assert rows == [
        ["name", "date", "guests", "note"],
        ["Zabaglione", str(TODAY), "2", "from Zabaglione"],
    ]


def test_names_that_look_like_formulas_are_text(admin):
    for name in DANGEROUS:
        book(admin, name)
    rows = read_csv(admin.get(f"/admin/reservations/export.csv?q={TODAY}"))
    found = {row[0] for row in rows}
    assert found >= {f"'{name.strip()}" for name in DANGEROUS[:-1]} | {"O'Hara"}
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    cells = {
        row[0].value: row[0].data_type for row in read_xlsx(admin.get("/admin/reservations/export.xlsx"))
    }
    assert {name.strip() for name in DANGEROUS} <= set(cells)
    assert set(cells.values()) == {"s"}  # "f" is a formula


def test_exported_evenings_can_be_imported_again(admin):
    rows = read_csv(admin.get("/admin/evenings/export.csv"))
    past = [rows[0], *(row for row in rows[1:] if row[0] < str(TODAY))]
    text = "".join(",".join(row) + "\n" for row in past)
    fields = {"csrf": token_of(admin.get("/admin/import"))}
    page = admin.post("/admin/import", data=fields, files={"file": ("evenings.csv", text.encode())})
    assert page.status_code == 200, text_of(page)
    assert f"{len(past) - 1} evenings" in text_of(page)


@pytest.mark.parametrize("path", ["export.csv", "export.xlsx", "several"])
def test_lists_and_deletions_are_for_the_admin(app, path):
    answer = TestClient(app, HOME).get(f"/admin/reservations/{path}", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login")


def test_other_kinds_of_files_are_none(admin):
    assert admin.get("/admin/reservations/export.exe").status_code == 422


def hidden(page, name):
    return [html.unescape(value) for value in re.findall(rf'name="{name}" value="([^"]*)"', page.text)]


def ids_of(app, *names):
    with app.state.database.reading() as session:
        return list(session.scalars(select(Reservation.id).where(Reservation.name.in_(names))))


def delete(admin, page):
    fields = {name: hidden(page, name) for name in ("q", "id", "seen", "all")}
    return send(admin, page, "/admin/reservations/several", **fields)


def test_selected_rows_are_deleted_after_a_question(app, admin):
    for name in ("Anna", "Bruno", "Carla"):
        book(admin, name)
    chosen = ids_of(app, "Anna", "Bruno")
    choice = admin.get("/admin/reservations/several?q=")
    assert choice.text.count('type="checkbox"') == 24
    asked = send(admin, choice, "/admin/reservations/several", id=chosen)
    assert "Delete 2 reservations?" in text_of(asked)
    assert "Anna" in text_of(asked)
    assert ids_of(app, "Anna", "Bruno") == chosen
    answer = delete(admin, asked)
    assert "2 reservations are deleted." in text_of(answer) or "2 reservations are deleted." in answer.text
    assert ids_of(app, "Anna", "Bruno") == []
    assert len(ids_of(app, "Carla")) == 1
    again = delete(admin, asked)  # the button was pressed twice
    assert (again.status_code, "were deleted already" in again.text or "have changed" in again.text) == (
        409,
        True,
    )


def test_all_rows_that_a_search_finds_are_deleted(app, admin):
    for i in range(30):
        book(admin, f"Typing error {i}")
    before = n_of(app, Reservation)
    choice = admin.get("/admin/reservations/several?q=typing+error")
    asked = send(admin, choice, "/admin/reservations/several", q="typing error", all="yes")
    assert "Delete 30 reservations?" in text_of(asked)
    delete(admin, asked)
    assert n_of(app, Reservation) == before - 30
    assert n_of(app, Reservation, Reservation.name.ilike("typing error%")) == 0


@pytest.mark.parametrize("change", ["edited", "added"])
def test_nothing_is_deleted_if_a_row_has_changed_meanwhile(app, admin, change):
    book(admin, f"Dora {change}")
    choice = admin.get(f"/admin/reservations/several?q=Dora+{change}")
    asked = send(admin, choice, "/admin/reservations/several", q=f"Dora {change}", all="yes")
    if change == "added":
        book(admin, f"Dora {change} too")
    else:
        (row_id,) = ids_of(app, f"Dora {change}")
        form = admin.get(f"/admin/reservations/{row_id}")
        fields = {"name": f"Dora {change}", "day": str(TODAY), "party": "9"}
        send(admin, form, f"/admin/reservations/{row_id}", **fields)
    before = n_of(app, Reservation)
    answer = delete(admin, asked)
    assert answer.status_code == 409
    assert "Rows have changed since this page was opened" in text_of(answer)
    assert n_of(app, Reservation) == before


def test_rows_that_others_need_are_refused_and_none_is_deleted(tavern, keeper):
    before = n_of(tavern, Console)
    keeper.post(
        "/admin/consoles/new", data={"csrf": token_of(keeper.get("/admin/consoles/new")), "name": "Unused"}
    )
    choice = keeper.get("/admin/consoles/several")
    asked = send(keeper, choice, "/admin/consoles/several", all="yes")
    assert "They cannot be deleted" in text_of(asked)
    assert "Give every one another console" in text_of(asked)
    assert not hidden(asked, "seen")
    answer = send(keeper, choice, "/admin/consoles/several", all="yes", seen="0" * 32)
    assert answer.status_code == 409
    assert n_of(tavern, Console) == before + 1


def test_games_are_deleted_with_their_rentals(tavern, keeper):
    with tavern.state.database.reading() as session:
        chosen = list(session.scalars(select(Game.id).order_by(Game.id).limit(2)))
    asked = send(keeper, keeper.get("/admin/games/several"), "/admin/games/several", id=chosen)
    fields = {name: hidden(asked, name) for name in ("q", "id", "seen")}
    assert send(keeper, asked, "/admin/games/several", **fields).url.path == "/admin/games"
    assert n_of(tavern, Game, Game.id.in_(chosen)) == 0


@pytest.mark.parametrize("ids", [[], ["x"], ["0"], ["99999999999"], ["٣"], ["2147483647"]])
def test_a_selection_of_nothing_deletes_nothing(app, admin, ids):
    before = n_of(app, Reservation)
    choice = admin.get("/admin/reservations/several")
    answer = send(admin, choice, "/admin/reservations/several", id=ids)
    assert answer.status_code in (409, 422)
    assert "Please select the rows" in text_of(answer) or "were deleted already" in text_of(answer)
    assert n_of(app, Reservation) == before


def test_a_form_of_another_site_deletes_nothing(app, admin):
    assert admin.post("/admin/reservations/several", data={"all": "yes", "seen": "x"}).status_code == 403


def test_too_many_rows_are_not_deleted_at_once(app, admin, monkeypatch):
    monkeypatch.setattr(bulk, "MOST_DELETED", 10)
    choice = admin.get("/admin/reservations/several")
    asked = send(admin, choice, "/admin/reservations/several", all="yes")
    assert "At most 10 can be deleted at once." in text_of(asked)


def test_long_lists_are_saved_as_csv_only(admin, monkeypatch):
    monkeypatch.setattr(bulk, "MOST_IN_WORKBOOK", 10)
    answer = admin.get("/admin/orders/export.xlsx")
    assert answer.status_code == 422
    assert "at most 10 rows" in text_of(answer)
    assert admin.get("/admin/orders/export.csv").status_code == 200
