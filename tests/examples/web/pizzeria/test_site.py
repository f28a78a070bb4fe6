"""The pizzeria as a whole: links, migrations, the seed."""

from datetime import timedelta

from fastapi.testclient import TestClient
from sqlalchemy import inspect

from examples.pizza.web.site import FOLDER, create_app
from examples.pizza.web.tables import Base, read_days, read_past
from examples.web.database import Database, downgrade, upgrade
from tests.examples.web.pages import (
    assert_migrations_are_right,
    walk_every_link,
)
from tests.examples.web.pizzeria.reading import CLOCK, TODAY


def test_no_page_refers_to_another_host_and_every_link_works(admin):
    kinds = walk_every_link(admin)
    assert {"/logout", "/admin/import", "/admin/orders/_/delete"} <= kinds
    assert len(kinds) > 30


def test_migrations_make_the_tables_as_declared_and_go_down(app, tmp_path):
    assert_migrations_are_right(app, FOLDER, Base.metadata, tmp_path)


def test_migrations_go_down_and_up_on_the_tested_database(tmp_path, database_url):
    """On PostgreSQL in a schema of its own."""
    database = Database(
        database_url if database_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'x.sqlite'}"
    )
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("CREATE SCHEMA other")
            connection.exec_driver_sql("SET LOCAL search_path TO other")
        upgrade(connection, FOLDER / "migrations")
        assert {"evenings", "orders", "reservations"} <= set(inspect(connection).get_table_names())
        downgrade(connection, FOLDER / "migrations")
        assert inspect(connection).get_table_names() == ["alembic_version"]
    database.close()


def test_the_seed_is_the_law_up_to_yesterday_and_two_booked_weeks(tmp_path):
    seen = []
    for name in ("one", "two"):
        app = create_app(tmp_path / name, f"sqlite:///{tmp_path / name}.sqlite", CLOCK)
        with TestClient(app), app.state.database.reading() as session:
            seen.append((read_past(session, TODAY), read_days(session, TODAY, 15)))
    assert seen[0] == seen[1]
    past, coming = seen[0]
    assert past[-1].day == TODAY - timedelta(1)
    assert 365 < len(past) <= 396
    assert all(one.reservations and one.doughs for one in past)
    assert all(one.reservations and one.guests for one in coming[:5])  # the others are booked later
    assert not any(one.doughs for one in coming)
    assert [bool(one.guests) for one in past] == [one.day >= TODAY - timedelta(28) for one in past]
