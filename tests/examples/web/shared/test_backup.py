"""Backups of a site on SQLite: made while it is written to, and checked before they replace anything."""

import shutil
import sqlite3
import threading
from contextlib import closing

import pytest
from sqlalchemy import insert, select

from examples.games.__main__ import main as tavern
from examples.pizza.__main__ import main as pizzeria
from examples.pizza.web.site import FOLDER
from examples.pizza.web.tables import Reservation, keep_evening
from examples.web.database import Database, bump, head, prepare, sqlite_url
from examples.web.tables import admin_sessions
from tests.examples.web.pizzeria.reading import CLOCK


def nothing(session):
    """Fill new tables with nothing."""


@pytest.fixture
def data(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("PIZZERIA_DATA", str(folder))
    monkeypatch.setenv("TAVERN_DATA", str(folder))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with opened(folder) as database:
        prepare(database, FOLDER / "migrations", nothing)
        book(database, "Rossi")
    return folder


def opened(folder):
    return closing(Database(sqlite_url(folder / "pizzeria.sqlite")))


def book(database, *names):
    """Save reservations in one transaction."""
    today = CLOCK.today()
    with database.writing() as session:
        bump(session, structural=True)
        keep_evening(session, today)
        session.add_all(Reservation(day=today, name=name, party=2, note="") for name in names)


def names_in(file):
    with closing(sqlite3.connect(file)) as database:
        return [name for (name,) in database.execute("SELECT name FROM reservations ORDER BY id")]


def refused(command, capsys, *arguments):
    with pytest.raises(SystemExit) as caught:
        command(list(map(str, arguments)))
    assert caught.value.code == 2
    return " ".join(capsys.readouterr().err.split())


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix == ".sqlite"}


def test_backups_made_while_rows_are_written_contain_whole_transactions_and_all_that_was_saved(
    data, tmp_path
):
    stopping, n_saved = threading.Event(), 0

    def write():
        nonlocal n_saved
        with opened(data) as database:
            while not stopping.is_set():
                book(database, f"one of {n_saved}", f"two of {n_saved}")
                n_saved += 1

    writer = threading.Thread(target=write)
    writer.start()
    for i in range(5):
        n_before = n_saved
        assert pizzeria(["backup", str(tmp_path / f"{i}.sqlite")]) == 0
        names = names_in(tmp_path / f"{i}.sqlite")
        assert len(names) >= 1 + 2 * n_before
        assert names == [
            "Rossi",
            *(f"{word} of {k}" for k in range(len(names) // 2) for word in ("one", "two")),
        ]
    stopping.set()
    writer.join()
    assert n_saved > 0
    assert {path.name for path in tmp_path.iterdir()} == {"data", *(f"{i}.sqlite" for i in range(5))}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.sqlite")} == {0o600}


def test_a_restored_backup_is_another_database_without_logins_and_the_old_one_is_kept(data, tmp_path, capsys):
    backup = tmp_path / "a name with ?#%.sqlite"
    pizzeria(["backup", str(backup)])
    with opened(data) as database:
        book(database, "Bianchi")
        with database.writing() as session:
            session.execute(insert(admin_sessions).values(token_hash="x", until=1e12))
        with database.reading() as session:
            before = head(session)
    pizzeria(["backup", str(tmp_path / "logged in.sqlite")])
    assert pizzeria(["restore", str(tmp_path / "logged in.sqlite")]) == 0
    with opened(data) as database, database.reading() as session:
        assert session.scalars(select(admin_sessions.c.until)).all() == []
        assert head(session)[:2] == before[:2]
        assert head(session).origin != before.origin
    assert pizzeria(["restore", str(backup)]) == 0
    assert names_in(data / "pizzeria.sqlite") == ["Rossi"]
    kept = sorted(data.glob("pizzeria.sqlite.before-*"))
    assert [names_in(path) for path in kept] == [["Rossi", "Bianchi"]] * 2
    assert str(kept[0]) in "".join(capsys.readouterr().out.split("\n"))
    assert pizzeria(["restore", str(kept[0])]) == 0  # the way back
    assert names_in(data / "pizzeria.sqlite") == ["Rossi", "Bianchi"]


def test_a_backup_of_older_tables_is_brought_to_this_version(data, tmp_path):
    from examples.web.database import downgrade

    with opened(data) as database, database.engine.begin() as connection:
        downgrade(connection, FOLDER / "migrations", "pizzeria_0001")
    pizzeria(["backup", str(tmp_path / "old.sqlite")])
    pizzeria(["restore", str(tmp_path / "old.sqlite")])
    with closing(sqlite3.connect(data / "pizzeria.sqlite")) as database:
        assert database.execute("SELECT count(*) FROM api_tokens").fetchone() == (0,)


def test_a_running_site_is_not_replaced(data, tmp_path, capsys):
    pizzeria(["backup", str(tmp_path / "b.sqlite")])
    with opened(data) as database:
        book(database, "Bianchi")  # the pool keeps its connection, as in a site without requests
        said = refused(pizzeria, capsys, "restore", tmp_path / "b.sqlite")
        assert "The site is running" in said
        book(database, "Verdi")
    assert names_in(data / "pizzeria.sqlite") == ["Rossi", "Bianchi", "Verdi"]


def test_a_damaged_database_is_replaced_and_kept(data, tmp_path):
    pizzeria(["backup", str(tmp_path / "b.sqlite")])
    (data / "pizzeria.sqlite").write_bytes(b"not a database" * 1000)
    assert pizzeria(["restore", str(tmp_path / "b.sqlite")]) == 0
    assert names_in(data / "pizzeria.sqlite") == ["Rossi"]
    (kept,) = (
        path for path in data.glob("pizzeria.sqlite.before-*") if not path.name.endswith(("-wal", "-shm"))
    )
    assert kept.read_bytes().startswith(b"not a database")


def damage(path):
    """Overwrite the middle of a file, as a failing disk does."""
    content = bytearray(path.read_bytes())
    content[4096 : len(content) - 4096] = b"\x5a" * (len(content) - 8192)
    path.write_bytes(content)


def drop_a_day(path):
    with closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM evenings")
        database.commit()


def empty_it(path):
    with closing(sqlite3.connect(path)) as database:
        database.execute("DELETE FROM changes")
        database.commit()


def make_newer(path):
    with closing(sqlite3.connect(path)) as database:
        database.execute(
            "UPDATE alembic_version SET version_num = 'pizzeria_9999' WHERE version_num LIKE 'pizzeria%'"
        )
        database.commit()


def replace_by_another(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE photos (id INTEGER)")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (damage, "is damaged"),
        (drop_a_day, "is damaged: a row of the table 'reservations' refers to no row of 'evenings'"),
        (empty_it, "is empty"),
        (make_newer, "or of a newer version of the pizzeria"),
        (replace_by_another, "is not a backup of the pizzeria"),
        (lambda path: path.write_text("date,reservations,doughs\n"), "cannot be copied: file is not a"),
        (lambda path: path.unlink(), "There is no file"),
    ],
    ids=["damaged", "rows", "empty", "newer", "other", "text", "none"],
)
def test_a_bad_backup_changes_nothing(data, tmp_path, capsys, change, said):
    backup = tmp_path / "b.sqlite"
    pizzeria(["backup", str(backup)])
    change(backup)
    before = contents(data)
    assert said in refused(pizzeria, capsys, "restore", backup)
    assert contents(data) == before
    assert not list(data.glob("*.tmp*"))
    assert not list(data.glob("*.before-*"))


def test_what_cannot_be_backed_up_or_restored_is_said(data, tmp_path, capsys, monkeypatch):
    backup = tmp_path / "b.sqlite"
    pizzeria(["backup", str(backup)])
    assert "exists already" in refused(pizzeria, capsys, "backup", backup)
    assert "There is no folder" in refused(pizzeria, capsys, "backup", tmp_path / "none" / "b.sqlite")
    assert "a backup of another site" in refused(tavern, capsys, "restore", backup)
    assert "There is no database" in refused(tavern, capsys, "backup", tmp_path / "t.sqlite")
    damage(data / "pizzeria.sqlite")
    assert "is damaged" in refused(pizzeria, capsys, "backup", tmp_path / "c.sqlite")
    assert not (tmp_path / "c.sqlite").exists()
    shutil.rmtree(data)
    assert "There is no data folder" in refused(pizzeria, capsys, "backup", tmp_path / "d.sqlite")
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://pizzeria@localhost/pizzeria")
    assert "pg_dump --format=custom" in refused(pizzeria, capsys, "backup", tmp_path / "e.sqlite")


def test_a_new_computer_starts_from_a_backup(data, tmp_path, monkeypatch):
    pizzeria(["backup", str(tmp_path / "b.sqlite")])
    monkeypatch.setenv("PIZZERIA_DATA", str(tmp_path / "new" / "data"))
    assert pizzeria(["restore", str(tmp_path / "b.sqlite")]) == 0
    assert names_in(tmp_path / "new" / "data" / "pizzeria.sqlite") == ["Rossi"]
