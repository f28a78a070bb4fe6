"""Databases: addresses, migrations, transactions, and what a site keeps in its folder."""

import sqlite3
import threading

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from examples.games import __main__ as tavern
from examples.pizza import __main__ as pizzeria
from examples.web.app import build_app
from examples.web.database import Database, DatabaseUrlError, head, prepare
from examples.web.site import Site
from tests.examples.web.pages import (
    HOME,
    PASSWORD,
    assert_migrations_are_right,
)
from tests.examples.web.shared.demo import MIGRATION, add, tables, words


@pytest.mark.parametrize("workers", [1, 2])
def test_another_sites_database_is_refused_by_name_before_anything_starts(
    app, monkeypatch, capsys, tmp_path, workers
):
    other = tmp_path / "other" / "migrations"
    other.mkdir(parents=True)
    (other / "other_0001.py").write_text(MIGRATION.replace("demo_0001", "other_0001"))
    database = app.state.database
    url = database.engine.url
    words = (
        f"The database {url.database!r} belongs to another site, or to a newer version of this one: its tables "
        "are at 'demo_0001'. DATABASE_URL must name one of its own."
    )
    with pytest.raises(DatabaseUrlError) as refused:
        prepare(database, other, lambda session: None)
    assert str(refused.value) == words
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    for command_line in (tavern, pizzeria):
        with pytest.raises(SystemExit) as stopped:
            command_line.main(["serve", "--data", str(tmp_path / "data"), "--workers", str(workers)])
        assert stopped.value.code == 2
        assert words in " ".join(capsys.readouterr().err.split())
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root@localhost/x",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "postgresql://u:secret@h/n",
        "x",
    ],
)
def test_other_databases_are_refused_without_saying_the_password(url):
    with pytest.raises(DatabaseUrlError, match="must be sqlite:///FILE or postgresql") as refused:
        Database(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("workers", [1, 2])
def test_an_old_sqlite_is_named_in_one_sentence(monkeypatch, capsys, tmp_path, workers):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 34, 1))
    monkeypatch.setattr(sqlite3, "sqlite_version", "3.34.1")
    for url in ("", f"sqlite:///{tmp_path}/x.sqlite"):
        monkeypatch.setenv("DATABASE_URL", url)
        with pytest.raises(SystemExit) as stopped:
            tavern.main(["serve", "--data", str(tmp_path / "data"), "--workers", str(workers)])
        assert stopped.value.code == 2
        said = " ".join(capsys.readouterr().err.split())
        assert "SQLite 3.35 or newer is needed. This Python has SQLite 3.34.1; use a newer Python" in said
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize("url", ["postgresql+psycopg://u:p@se:cret@h/n", "postgresql+psycopg://u@h:secret/n"])
def test_an_address_that_cannot_be_read_is_refused_without_the_password(url):
    with pytest.raises(DatabaseUrlError, match="write @ as %40") as refused:
        Database(url)
    assert "cret" not in str(refused.value)


def test_the_data_folder_may_have_any_name_and_is_its_owners(site, tmp_path, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD", PASSWORD)
    data = tmp_path / "what? 100%20 #1"
    with TestClient(build_app(site, data)):
        pass
    assert (data / "demo.sqlite").exists()
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / "secret").stat().st_mode & 0o777 == 0o600


def test_migrations_make_the_tables_as_declared_and_take_them_down(site, app, tmp_path):
    assert_migrations_are_right(app, site.folder, tables, tmp_path)


def test_sqlite_keeps_what_it_acknowledged_and_its_references(site, tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with database.reading() as session:
        ask = session.connection().exec_driver_sql
        found = [
            ask(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    database.close()
    assert found == ["wal", 2, 1, 30_000]  # 2 is FULL


def test_writers_take_turns_and_lose_nothing(app):
    database = app.state.database
    with database.reading() as session:
        before = head(session).version

    def write():
        for _ in range(10):
            with database.writing() as session:
                add(session, "tea", structural=False)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        versions = list(session.scalars(select(words.c.version).where(words.c.version > before)))
        assert sorted(versions) == list(range(before + 1, before + 81))
        assert head(session).version == before + 80


def test_a_reader_sees_one_state(app):
    database = app.state.database
    with database.reading() as session:
        before = head(session)
        with database.writing() as other:
            add(other, "wine", structural=False)
        assert head(session) == before


def test_a_failed_start_leaves_no_half_made_database(site, tmp_path):
    def seed(session):
        site.seed(session)
        raise RuntimeError("power cut")

    broken = Site("demo", "Tea", site.folder, seed, site.learner, [])
    with pytest.raises(RuntimeError, match="power cut"), TestClient(build_app(broken, tmp_path)):
        pass
    with TestClient(build_app(site, tmp_path), HOME) as browser:
        assert browser.get("/health").json()["status"] == "ok"
