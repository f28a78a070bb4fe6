"""The tavern as a whole: links, migrations, the seed, the command."""

import re
import sys

import polars as pl
import pytest
from sqlalchemy import func, select

from examples.games import __main__ as command_line
from examples.games.data import load_games
from examples.games.web.site import SITE
from examples.games.web.tables import Base, Game, Rental
from examples.web.database import Database, downgrade, upgrade
from tests.examples.web.pages import (
    assert_migrations_are_right,
    walk_every_link,
)

# --- the whole site ---


def test_no_page_refers_to_another_host_and_every_link_works(admin):
    one_of_each = r"\d+|(?<=/games/)[a-z0-9-]+|(?<=/covers/)[^.]+"
    kinds = walk_every_link(admin, lambda link: (re.sub(one_of_each, "_", link.split("?")[0]), "?" in link))
    assert {("/rent", False), ("/logout", False), ("/suggest", True)} <= kinds
    assert len(kinds) > 15


def test_migrations_make_the_tables_as_declared_and_go_down(app, tmp_path):
    assert_migrations_are_right(app, SITE.folder, Base.metadata, tmp_path)


def test_games_of_an_older_database_are_found_too(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    with database.engine.begin() as connection:
        upgrade(connection, SITE.folder / "migrations", "tavern_0001")
        connection.exec_driver_sql("INSERT INTO consoles VALUES (1, 'NES')")
        connection.exec_driver_sql("INSERT INTO games VALUES (7, 'Pokémon', 'p', 1999, 1, 'Ä & Co', 1, true)")
        upgrade(connection, SITE.folder / "migrations")
        folded = "SELECT id, title, folded FROM games"
        assert connection.exec_driver_sql(folded).all() == [(7, "Pokémon", "pokemon\na & co")]
        downgrade(connection, SITE.folder / "migrations", "tavern_0001")
        assert connection.exec_driver_sql("SELECT title FROM games").scalar() == "Pokémon"
    database.close()


def test_the_seed_is_the_catalogue(app):
    with app.state.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Game)) == load_games().height
        assert (
            200
            < session.scalar(select(func.count()).select_from(Rental).where(Rental.visitor.is_(None)))
            < 500
        )
        game = session.scalar(select(Game).where(Game.title == "Celeste"))
        row = load_games().row(by_predicate=pl.col("title") == "Celeste", named=True)
        assert (game.year, game.console, game.cost, game.types, game.budget) == (
            row["year"],
            row["console"],
            row["cost"],
            row["gameplay_types"],
            row["budget"],
        )


# --- the command, and two workers ---


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (["--port", "70000"], {}, "must be a whole number from 0 to 65535, got '70000'"),
        (["--workers", "0"], {}, "must be a whole number of at least 1, got '0'"),
        (
            [],
            {"DATABASE_URL": "mysql://root:secret@localhost"},
            "DATABASE_URL must be sqlite:///FILE or postgresql",
        ),
        (
            ["--workers", "2"],
            {"DATABASE_URL": "postgresql+psycopg://u:secret@127.0.0.1:1/x"},
            "DATABASE_URL: the database does not answer: connection failed",
        ),
        (["--workers", "2", "--data", __file__], {}, "File exists"),
        (
            [],
            {"without": "uvicorn"},
            'serve requires the web packages; to install them, run: pip install -e ".[web]"',
        ),
    ],
)
def test_the_command_says_what_it_needs(monkeypatch, capsys, arguments, variables, message):
    for name, value in variables.items():
        if name == "without":
            monkeypatch.setitem(sys.modules, value, None)
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as stopped:
        command_line.main(["serve", *arguments])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert message in said
    assert "secret" not in said
