"""A database that is away, a disk that is full, and a file that is damaged: what a site says, and how it recovers."""

import errno
import os
import sqlite3
import threading
from contextlib import nullcontext
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, insert, text
from sqlalchemy.exc import OperationalError

from examples.games import __main__ as tavern
from examples.pizza import __main__ as pizzeria
from examples.web import live
from examples.web.app import build_app
from examples.web.database import Database, head, prepare
from examples.web.live import LiveModel
from examples.web.troubles import AWAY, DAMAGED, FULL, REPLACED, trouble_of
from tests.examples.sites import WAIT, wait_for
from tests.examples.web.pages import HOME, PASSWORD, log_in, send
from tests.examples.web.shared.demo import words

GONE = "postgresql+psycopg://nobody:hidden@127.0.0.1:1/none", "sqlite:////nowhere/at/all.sqlite"


@pytest.fixture
def own(site, tmp_path, monkeypatch):
    """Return the application of a site on SQLite, of one test only."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD", PASSWORD)
    app = build_app(site, tmp_path)
    app.state.live.pause = 0.2
    with TestClient(app):
        yield app


@pytest.fixture
def visitor(own):
    return TestClient(own, HOME)


@pytest.mark.parametrize("url", GONE, ids=["PostgreSQL", "SQLite"])
def test_pages_and_health_say_that_the_database_is_away(own, visitor, caplog, url):
    log_in(visitor)
    page, there, away = visitor.get("/"), own.state.database, Database(url)
    own.state.database = own.state.live.database = away
    for answer in (visitor.get("/admin"), send(visitor, page, "/order", word="tea")):
        assert answer.status_code == 503
        assert f"<h1>{AWAY.heading}</h1>" in answer.text
        assert "retry-after" in answer.headers
        assert "hidden" not in answer.text
    wait_for(lambda: visitor.get("/health").status_code == 503)
    assert "the database does not answer" in visitor.get("/health").json()["reason"]
    assert visitor.get("/health/live").json() == {"status": "alive"}
    assert "GET /admin failed" in caplog.text
    own.state.database = own.state.live.database = there
    away.close()
    wait_for(lambda: visitor.get("/health").status_code == 200)
    assert visitor.get("/admin").status_code == 200


@pytest.mark.parametrize("is_deleted", [True, False], ids=["deleted", "replaced"])
def test_nothing_is_saved_in_a_file_that_was_deleted_or_replaced(own, visitor, tmp_path, is_deleted):
    """Open connections still reach the old file, and would acknowledge writes that nobody finds again."""
    file, page = tmp_path / "demo.sqlite", visitor.get("/")
    with sqlite3.connect(file) as connection:
        connection.execute(f"VACUUM INTO '{tmp_path / 'backup'}'")
    connection.close()
    file.unlink() if is_deleted else os.replace(tmp_path / "backup", file)
    answer = send(visitor, page, "/order", word="tea")
    assert (answer.status_code, f"<h1>{REPLACED.heading}</h1>" in answer.text) == (503, True)
    wait_for(lambda: visitor.get("/health").status_code == 503)
    assert "the database file was replaced" in visitor.get("/health").json()["reason"]


def test_health_says_that_a_database_hangs(own, visitor, monkeypatch):
    """A database server that is stopped raises no error, so every query waits for it."""
    go_on = threading.Event()

    def hang(session):
        assert go_on.wait(WAIT)
        return head(session)

    own.state.live.longest_look = 0.1
    monkeypatch.setattr(live, "head", hang)
    wait_for(lambda: visitor.get("/health").status_code == 503)
    assert visitor.get("/health").json()["reason"] == "the database does not answer"
    go_on.set()
    wait_for(lambda: visitor.get("/health").status_code == 200)


def test_a_postgresql_that_ends_all_connections_is_away_until_it_is_back(app, browser):
    """Only on PostgreSQL: no new connections, as while it starts again."""
    database = app.state.database
    if database.is_sqlite:
        return
    log_in(browser)
    url = database.engine.url
    others = Database(url.set(database="postgres"))
    ask = others.engine.execution_options(isolation_level="AUTOCOMMIT")
    with ask.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false"))
        end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
        connection.execute(text(end), {"name": url.database})
        try:
            assert browser.get("/admin").status_code == 503
            wait_for(lambda: browser.get("/health").status_code == 503)
        finally:
            connection.execute(text(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true"))
    others.close()
    wait_for(lambda: browser.get("/health").status_code == 200)
    assert browser.get("/admin").status_code == 200


@pytest.fixture
def full(own):
    """Return a list. While it is empty, the database file cannot grow, as if its disk were full."""
    found = []

    @event.listens_for(own.state.database.engine, "begin")
    def limit(connection):
        connection.connection.driver_connection.execute(f"PRAGMA max_page_count={2**30 if found else 1}")

    return found


def fill(database):
    while True:
        with database.writing() as session:
            session.execute(insert(words).values(word="x" * 20, version=1))


def test_a_full_disk_is_said_and_writing_works_again_once_there_is_space(own, visitor, full, caplog):
    database, page = own.state.database, visitor.get("/")
    with pytest.raises(OperationalError):
        fill(database)
    refused = send(visitor, page, "/order", word="y" * 20)
    assert refused.status_code == 503
    assert f"<h1>{FULL.heading}</h1>" in refused.text
    assert "so nothing can be saved" in refused.text
    health = visitor.get("/health")
    assert health.status_code == 503
    assert "the disk is full" in health.json()["reason"]
    assert "POST /order failed. The disk of this site is full" in caplog.text
    assert visitor.get("/").status_code == 200
    full.append("not any more")
    wait_for(lambda: visitor.get("/health").status_code == 200)
    assert send(visitor, page, "/order", word="y" * 20).status_code == 200
    with database.reading() as session:
        assert session.scalar(text("SELECT count(*) FROM settings WHERE name LIKE 'space-%'")) == 0


def test_health_says_that_the_disk_of_the_model_is_full(own, visitor, monkeypatch):
    monkeypatch.setattr(LiveModel, "_free_bytes", lambda self: 0)
    assert visitor.get("/health").status_code == 503
    assert "the disk is full" in visitor.get("/health").json()["reason"]


class Refused(Exception):
    def __init__(self, sqlite=None, sqlstate=None):
        self.sqlite_errorname, self.sqlstate = sqlite, sqlstate


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        (Refused("SQLITE_FULL"), FULL),
        (Refused(sqlstate="53100"), FULL),
        (Refused("SQLITE_CORRUPT_INDEX"), DAMAGED),
        (Refused("SQLITE_NOTADB"), DAMAGED),
        (Refused(sqlstate="XX001"), DAMAGED),
        (Refused("SQLITE_BUSY"), AWAY),
        (Refused("SQLITE_CANTOPEN"), AWAY),
        (Refused(sqlstate="57P01"), AWAY),
        (Refused(), AWAY),
        (Refused("SQLITE_ERROR"), None),  # for example a table that is missing: a bug, and no trouble
    ],
    ids=lambda value: str(getattr(value, "sqlite_errorname", None) or getattr(value, "sqlstate", "")),
)
def test_the_errors_of_both_databases_are_told_apart(original, expected):
    assert trouble_of(OperationalError("SELECT 1", {}, original)) is expected


@pytest.mark.parametrize("is_first", [True, False], ids=["first start", "later start"])
def test_a_first_start_on_a_full_disk_ends_in_a_sentence(tmp_path, monkeypatch, capsys, is_first):
    """A later start serves what is there, and says on the pages that the disk is full."""

    def refuse(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    started = []
    monkeypatch.setattr("uvicorn.run", lambda app, **options: started.append(app))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("TAVERN_DATA", "")
    if not is_first:
        (tmp_path / "secret").write_text("x" * 64)
        (tmp_path / "secret").chmod(0o600)
        database = Database(f"sqlite:///{tmp_path / 'tavern.sqlite'}")
        prepare(database, Path(tavern.__file__).parent / "web" / "migrations", lambda session: None)
        database.close()
    monkeypatch.setattr("os.fsync", refuse)
    with nullcontext() if not is_first else pytest.raises(SystemExit, match="2"):
        tavern.main(["serve", "--port", "0", "--data", str(tmp_path)])
    said = " ".join(capsys.readouterr().err.split())
    assert ("must have space for 1 MiB" in said, bool(started)) == (is_first, not is_first)
    assert not (tmp_path / ".space.tmp").exists()


def break_header(path):
    with open(path, "r+b") as file:  # never empty, which would be a database without tables
        file.write(b"this is no database" * 1000)


def break_middle(path):
    data = bytearray(path.read_bytes())
    data[4096:-4096] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(bytes(data))


def break_end(path):
    os.truncate(path, path.stat().st_size // 2)


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("harm", [break_header, break_middle, break_end])
def test_a_damaged_file_ends_the_start_with_the_way_back(tmp_path, monkeypatch, capsys, harm, workers):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for command_line, name in ((tavern, "tavern"), (pizzeria, "pizzeria")):
        monkeypatch.setenv(f"{name.upper()}_DATA", "")
        file = tmp_path / f"{name}.sqlite"
        with sqlite3.connect(file) as connection:
            connection.execute("CREATE TABLE things (name TEXT)")
            connection.executemany("INSERT INTO things VALUES (?)", [("thing" * 100,)] * 200)
        connection.close()
        harm(file)
        with pytest.raises(SystemExit) as stopped:
            command_line.main(["serve", "--data", str(tmp_path), "--workers", str(workers)])
        assert stopped.value.code == 2
        said = " ".join(capsys.readouterr().err.split())
        assert f"The database '{file}' is damaged" in said
        assert "Use the command restore to replace it with a backup" in said
        assert "Traceback" not in said


def test_a_file_that_is_damaged_while_the_site_runs_is_said(own, visitor):
    log_in(visitor)
    database = own.state.database
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.engine.dispose()
    break_header(own.state.data / "demo.sqlite")
    answer = visitor.get("/admin")
    assert answer.status_code == 503
    assert f"<h1>{DAMAGED.heading}</h1>" in answer.text
    wait_for(lambda: visitor.get("/health").status_code == 503)
    assert "the database is damaged" in visitor.get("/health").json()["reason"]
