"""The pizzeria's demonstration data: its mark, its removal, and a start without it."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from examples.pizza.web.seed import simulated
from examples.pizza.web.site import FOLDER, create_app
from examples.pizza.web.tables import Evening, Order, Reservation
from examples.web.database import Database, downgrade, upgrade
from tests.examples.sites import wait_for
from tests.examples.web.pages import HOME, PASSWORD, is_up_to_date, logged_in, send, text_of
from tests.examples.web.pizzeria.reading import CLOCK, TODAY, evening_of, save


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Return a function that starts a site on SQLite, as without any setting, and keeps it running."""
    monkeypatch.setenv("PIZZERIA_ADMIN_PASSWORD", PASSWORD)
    for name in ("PIZZERIA_PRIVATE", "DATABASE_URL", "PIZZERIA_EMPTY"):
        monkeypatch.delenv(name, raising=False)
    running = []

    def start():
        app = create_app(tmp_path, None, CLOCK)
        running.append(TestClient(app, HOME))
        running[-1].__enter__()
        return app

    yield start
    for client in running:
        client.__exit__(None, None, None)


def n_rows(app):
    with app.state.database.reading() as session:
        return [
            session.scalar(select(func.count()).select_from(table)) for table in (Evening, Reservation, Order)
        ]


def test_the_demonstration_is_marked_on_every_page_until_it_is_removed(start):
    app = start()
    stranger, admin = TestClient(app, HOME), logged_in(app)
    for path in ("/", "/analytics", "/login", "/api/docs", "/nowhere"):
        assert "Demonstration. The evenings, reservations and orders are invented" in text_of(
            stranger.get(path)
        )
    own, old = TODAY + timedelta(1), TODAY - timedelta(200)
    save(admin, "/admin/reservations/new", name="Own Guest", day=str(own), party="4")
    save(admin, "/admin/orders/new", name="own table", day=str(old), pizzas="3")
    save(admin, "/admin/close", day=str(TODAY), made="60", used="52")
    page = admin.get("/admin/demonstration")
    assert "Remove the demonstration data?" in text_of(page)
    assert n_rows(app)[0] > 400
    page = send(admin, page, "/admin/demonstration")
    assert "The demonstration data is removed." in text_of(page)
    assert "Demonstration." not in text_of(page)
    assert n_rows(app) == [3, 1, 1]
    assert evening_of(app, TODAY)[:4] == (TODAY, 0, 52, None)
    assert evening_of(app, own)[:4] == (own, 1, 0, None)
    assert evening_of(app, old)[:5] == (old, 0, 3, None, None)
    assert "There is no demonstration data" in text_of(admin.get("/admin/demonstration"))
    assert "is removed" in text_of(send(admin, page, "/admin/demonstration"))  # a second click does no harm
    wait_for(lambda: is_up_to_date(app))
    assert stranger.get("/").url.path == "/login"  # one's own figures are not shown to everybody
    assert "starts after 1 more evening with doughs" in text_of(admin.get("/"))


def test_an_edited_row_of_the_demonstration_is_ones_own(start):
    app = start()
    admin, day = logged_in(app), TODAY - timedelta(1)
    save(admin, "/admin/reservations/1", name="Own Guest", day=str(TODAY), party="4")
    with app.state.database.reading() as session:
        row = session.scalar(select(Evening).where(Evening.day == day))
    fields = {"temperature": "19.5", "more_reservations": "7", "more_doughs": "21"}
    save(admin, f"/admin/evenings/{row.id}", day=str(day), **fields)
    send(admin, admin.get("/admin/demonstration"), "/admin/demonstration")
    assert n_rows(app) == [2, 1, 0]
    assert evening_of(app, day)[:4] == (day, 7, 21, 19.5)


def test_a_start_without_the_demonstration_is_empty_and_grows(start, monkeypatch):
    monkeypatch.setenv("PIZZERIA_EMPTY", "yes")
    app = start()
    admin, stranger = logged_in(app), TestClient(app, HOME)
    assert n_rows(app) == [0, 0, 0]
    assert stranger.get("/health").json()["status"] == "ok"
    assert stranger.get("/").url.path == "/login"
    assert "starts after 2 more evenings with doughs" in text_of(admin.get("/"))
    for path in ("/", "/analytics", "/evenings.csv", "/admin", "/admin/reservations", "/admin/evenings"):
        page = admin.get(path)
        assert page.status_code == 200, path
        assert "Demonstration" not in page.text
    answer = admin.get("/api/forecast")
    assert answer.status_code == 503
    assert "starts after 2 more evenings" in answer.json()["detail"]
    assert admin.get("/api/evenings").json() == []
    assert admin.get("/charts/coming.svg").status_code == 503
    for days, n in ((3, 12), (2, 20)):
        fields = {"more_reservations": str(n), "more_doughs": str(3 * n)}
        save(admin, "/admin/evenings/new", day=str(TODAY - timedelta(days)), **fields)
    wait_for(lambda: app.state.live.answers.is_ready)
    seen = text_of(admin.get("/"))
    assert "do not allow more than that" in seen
    assert "Temperature not known" in seen
    monkeypatch.delenv("PIZZERIA_EMPTY")
    assert n_rows(start())[0] == 2  # a later start adds nothing


def test_the_first_rows_of_an_older_database_are_marked(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    tables = ("evenings", "reservations", "orders")
    with database.engine.begin() as connection:
        upgrade(connection, FOLDER / "migrations", "pizzeria_0002")
        for table, rows in zip(tables, simulated(TODAY), strict=True):
            columns = ", ".join(rows[0])
            places = ", ".join("?" for _ in rows[0])
            values = [tuple(str(v) if k == "day" else v for k, v in row.items()) for row in rows]
            connection.exec_driver_sql(f"INSERT INTO {table} ({columns}) VALUES ({places})", values)
        connection.exec_driver_sql("UPDATE reservations SET name = 'Own Guest' WHERE id = 5")
        connection.exec_driver_sql(f"INSERT INTO orders (day, name, pizzas) VALUES ('{TODAY}', 'own', 2)")
        upgrade(connection, FOLDER / "migrations")
        own = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE NOT demo").scalar()
            for table in tables
        ]
        assert own == [0, 1, 1]
        assert connection.exec_driver_sql("SELECT value FROM settings").scalar() == "yes"
        downgrade(connection, FOLDER / "migrations", "pizzeria_0002")
        assert connection.exec_driver_sql("SELECT count(*) FROM settings").scalar() == 0
    database.close()
