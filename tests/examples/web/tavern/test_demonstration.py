"""The tavern's demonstration data: its mark, its removal, and a start without it."""

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from examples.games.web.site import SITE
from examples.games.web.tables import Console, Game, Rental
from examples.web.app import build_app
from examples.web.database import Database, downgrade, prepare, upgrade
from tests.examples.sites import wait_for
from tests.examples.web.pages import HOME, PASSWORD, is_up_to_date, logged_in, send, text_of


@pytest.fixture
def start(tmp_path, monkeypatch):
    """Return a function that starts the tavern on SQLite, and keeps it running."""
    monkeypatch.setenv("TAVERN_ADMIN_PASSWORD", PASSWORD)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    running = []

    def start():
        app = build_app(SITE, tmp_path)
        running.append(TestClient(app, HOME))
        running[-1].__enter__()
        return app

    yield start
    for client in running:
        client.__exit__(None, None, None)


def titles(app):
    with app.state.database.reading() as session:
        return list(session.scalars(select(Game.title).order_by(Game.title)))


def test_removing_the_demonstration_keeps_what_people_did(start):
    app = start()
    visitor, admin = TestClient(app, HOME), logged_in(app)
    for path in ("/", "/games", "/suggest", "/nowhere"):
        assert "Demonstration. The catalogue is an example" in text_of(visitor.get(path))
    visitor.post("/api/rentals", json={"game": "Tetris"})
    with app.state.database.reading() as session:
        console = session.scalar(select(Console).order_by(Console.id))
        game = session.scalar(select(Game).where(Game.console_id == console.id))
    own = {"title": game.title, "year": "1990", "console": str(console.id), "developer": "us", "cost": "4"}
    send(
        admin,
        admin.get(f"/admin/games/{game.id}"),
        f"/admin/games/{game.id}",
        types=game.types,
        top_rated="on",
        **own,
    )
    page = send(admin, admin.get("/admin/demonstration"), "/admin/demonstration")
    assert "The demonstration data is removed." in text_of(page)
    assert "Demonstration." not in text_of(page)
    assert titles(app) == sorted([game.title, "Tetris"])
    with app.state.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Rental)) == 1
        assert session.scalar(select(func.count()).select_from(Console)) == 2
    wait_for(lambda: is_up_to_date(app))
    assert {one["game"] for one in visitor.get("/api/recommend").json()["suggestions"]} <= {*titles(app)}


def test_a_start_without_the_demonstration_is_empty_and_grows(start, monkeypatch):
    monkeypatch.setenv("TAVERN_EMPTY", "yes")
    app = start()
    visitor, admin = TestClient(app, HOME), logged_in(app)
    assert titles(app) == []
    assert visitor.get("/health").json()["status"] == "ok"
    assert "There are no games yet." in text_of(visitor.get("/"))
    assert "There are no games yet." in text_of(visitor.get("/games"))
    for path in ("/suggest", "/rentals", "/admin", "/admin/games", "/api/criteria", "/api/recommend"):
        page = visitor.get(path)
        assert page.status_code == 200, path
        assert "Demonstration" not in page.text
    send(admin, admin.get("/admin/consoles/new"), "/admin/consoles/new", name="NES")
    fields = {"title": "Ours", "year": "1990", "console": "1", "developer": "us", "cost": "4"}
    page = admin.get("/admin/games/new")
    send(admin, page, "/admin/games/new", new_types="Puzzle", top_rated="on", **fields)
    wait_for(lambda: list(app.state.live.answers.facts) == ["Ours"])
    assert "Ours" in text_of(visitor.get("/suggest?type=Puzzle"))
    assert visitor.get("/health").json()["status"] == "ok"


def test_the_first_rows_of_an_older_database_are_marked(tmp_path):
    database, migrations = Database(f"sqlite:///{tmp_path / 'old.sqlite'}"), SITE.folder / "migrations"
    prepare(database, migrations, SITE.seed)
    tables = ("consoles", "games", "rentals")
    with database.engine.begin() as connection:
        downgrade(connection, migrations, "tavern_0003")
        assert connection.exec_driver_sql("SELECT count(*) FROM settings").scalar() == 0
        connection.exec_driver_sql("UPDATE games SET developer = 'us' WHERE title = 'Tetris'")
        connection.exec_driver_sql("INSERT INTO rentals (game_id, at, version) VALUES (1, 5000000000, 1)")
        upgrade(connection, migrations)
        own = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table} WHERE NOT demo").scalar()
            for table in tables
        ]
    assert own == [0, 1, 1]
    database.close()
