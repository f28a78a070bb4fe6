"""The database of a site: SQLite in a file, or PostgreSQL; migrated and seeded at the first start.

Every transaction that changes what a model learns from calls :func:`bump` first. That takes the lock of the
one row of `changes`, so writers have one order and a reader who sees version n sees all up to n.
"""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, select, text, update
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from examples.web.tables import changes

SHARED_MIGRATIONS = Path(__file__).parent / "migrations"
KINDS = ("sqlite:///", "postgresql+psycopg://")
BUSY_SECONDS = 30
PREPARING = 7_411_046_011  # PostgreSQL's lock number while a site migrates and seeds


class DatabaseUrlError(ValueError):
    """DATABASE_URL names no database that a site can use."""


class Head(NamedTuple):
    """What the database has come to: the last version, and the last that needs a full retrain."""

    version: int
    structure: int
    origin: str


class Database:
    """An engine, and transactions that read one state or write in turn.

    Parameters
    ----------
    url : str or URL
        ``sqlite:///path/to/file.sqlite`` or ``postgresql+psycopg://user:password@host/name``.
    """

    def __init__(self, url: str | URL) -> None:
        self.engine = make_engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        of_readers = (
            {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )
        self._readers = self.engine.execution_options(**of_readers)
        self._writers = self.engine.execution_options(writing=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one state of the database, whatever others write meanwhile."""
        with Session(self._readers, autoflush=False, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that is committed at the end of the block, or rolled back by an exception."""
        with Session(self._writers, expire_on_commit=False) as session, session.begin():
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def make_engine(url: str | URL) -> Engine:
    """Return the engine of a URL, with SQLite set to keep what it acknowledged."""
    is_sqlite = str(url).startswith("sqlite")
    if isinstance(url, str):
        _check_url(url)
    try:
        engine = create_engine(url, pool_size=10, max_overflow=10, pool_pre_ping=not is_sqlite)
    except (ArgumentError, ValueError):  # whose words may have a part of the password
        message = "DATABASE_URL cannot be read. In a password, write @ as %40, / as %2F and : as %3A."
        raise DatabaseUrlError(message) from None
    except ImportError as error:
        raise DatabaseUrlError(f'DATABASE_URL needs pip install ".[postgres]" ({error}).') from error
    if is_sqlite:
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _check_url(url: str) -> None:
    if not url.startswith(KINDS) or url in KINDS or ":memory:" in url:
        shown = url.split("://", 1)[0] + "://..." if "://" in url else "no address"
        raise DatabaseUrlError(
            "DATABASE_URL must be sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME. "
            f"Got {shown} instead."
        )


def check_database(url: str, migrations: Path) -> None:
    """Raise where no connection can be had, or the tables are another site's."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            check_revision(connection, scripts_of(migrations))
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", error)).splitlines()[0]
        raise DatabaseUrlError(f"DATABASE_URL: the database does not answer: {said}") from None
    finally:
        engine.dispose()


def _set_up_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver opens no transaction of its own: _begin_sqlite does
    connection.create_function("lower", 1, _lower, deterministic=True)  # SQLite's own knows a to z only
    for pragma in (
        f"busy_timeout={1000 * BUSY_SECONDS}",
        "journal_mode=WAL",
        "synchronous=FULL",  # what was acknowledged survives a power cut too
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    """Begin; a writer takes the lock at once, since a reader that turns writer is refused without waiting."""
    is_writer = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


def bump(session: Session, *, structural: bool) -> int:
    """Count one change and return its version; call it first in a transaction that writes.

    Parameters
    ----------
    session : Session
    structural : bool
        Whether the model has to be trained anew; if not, it learns the rows of this version online.
    """
    version = changes.c.version + 1
    new = {"version": version} | ({"structure": version} if structural else {})
    return session.execute(update(changes).values(**new).returning(changes.c.version)).scalar_one()


def head(session: Session) -> Head:
    """Return what the database has come to."""
    return Head(*session.execute(select(changes.c.version, changes.c.structure, changes.c.origin)).one())


def prepare(database: Database, migrations: Path, seed: Callable[[Session], None]) -> bool:
    """Migrate to the newest tables; at the first start seed them too, all in one transaction.

    Returns
    -------
    bool
        Whether this was the first start.
    """
    with database.engine.execution_options(writing=True).begin() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": PREPARING})
        upgrade(connection, migrations)
        if connection.execute(select(changes.c.id)).first():
            return False
        connection.execute(insert(changes).values(id=1, version=1, structure=1, origin=uuid.uuid4().hex))
        with Session(connection, join_transaction_mode="rollback_only") as session:
            seed(session)
            session.flush()
            session.commit()
        return True


def upgrade(connection: Connection, migrations: Path, to: str = "head") -> None:
    """Bring the tables up to a revision, by the shared migrations and those of a site."""
    _migrate(connection, migrations, lambda script, now: script._upgrade_revs(to, now))


def downgrade(connection: Connection, migrations: Path, to: str = "base") -> None:
    """Take the tables down to a revision."""
    _migrate(connection, migrations, lambda script, now: script._downgrade_revs(to, now))


def _migrate(connection: Connection, migrations: Path, steps: Callable[[ScriptDirectory, Any], Any]) -> None:
    """Run migrations without an env.py: what it would say is said here, once for all sites."""
    script = scripts_of(migrations)
    check_revision(connection, script)
    with EnvironmentContext(Config(), script, fn=lambda now, _: steps(script, now)) as environment:
        environment.configure(connection=connection, render_as_batch=True)
        with environment.begin_transaction():
            environment.run_migrations()


def scripts_of(migrations: Path) -> ScriptDirectory:
    """Return the shared migrations and those of a site."""
    return ScriptDirectory(str(migrations), version_locations=[str(SHARED_MIGRATIONS), str(migrations)])


def check_revision(connection: Connection, script: ScriptDirectory) -> None:
    """Raise where the tables are at a revision that the site has no migration of."""
    for revision in MigrationContext.configure(connection).get_current_heads():
        try:
            script.get_revision(revision)
        except CommandError:
            raise DatabaseUrlError(
                f"The database {connection.engine.url.database!r} belongs to another site, or to a newer "
                f"version of this one: its tables are at {revision!r}. DATABASE_URL must name one of its own."
            ) from None
