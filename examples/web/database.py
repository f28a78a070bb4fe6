"""The database of a site, which is an SQLite file or PostgreSQL. It is created at the first start.

Every transaction that changes training data calls :func:`bump` first. This locks the only row of `changes`,
so transactions are ordered, and a reader that sees version n sees all versions up to n.
"""

import sqlite3
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
from sqlalchemy import URL, Connection, Engine, create_engine, delete, event, insert, select, text, update
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session

from examples.web.demonstration import mark
from examples.web.tables import changes, settings
from examples.web.troubles import DAMAGED, FULL, REPLACED, ReplacedError, trouble_of

SHARED_MIGRATIONS = Path(__file__).parent / "migrations"
KINDS = ("sqlite:///", "postgresql+psycopg://")
OLDEST_SQLITE = (3, 35)  # the first version with RETURNING
BUSY_SECONDS = 30
CONNECT_SECONDS = 5  # until PostgreSQL must have accepted a connection
FOR_POSTGRESQL = {  # a connection whose other end is gone is closed after about 15 seconds
    "connect_timeout": CONNECT_SECONDS,
    "tcp_user_timeout": 15_000,  # milliseconds
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
}
PREPARING = 7_411_046_011  # id of PostgreSQL's advisory lock while a site migrates and seeds


class DatabaseUrlError(ValueError):
    """Error raised when DATABASE_URL is not a database that a site can use."""


class DamagedError(ValueError):
    """Error raised when the file of an SQLite database is damaged."""


class Head(NamedTuple):
    """The state of the database: the last version, and the last version that requires full training."""

    version: int
    structure: int
    origin: str


class Database:
    """A database engine with read transactions (snapshots) and one write transaction at a time.

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
        self.is_full = False  # whether a transaction failed because the disk was full
        self._file = Path(str(self.engine.url.database)) if self.is_sqlite else None
        self._opened: tuple[int, int] | None = None  # device and inode of the file at the first transaction

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that sees a single state of the database, whatever others write in the meantime."""
        self._check_file()
        with Session(self._readers, autoflush=False, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Yield a session that is committed at the end of the block, or rolled back after an exception."""
        self._check_file()
        try:
            with Session(self._writers, expire_on_commit=False) as session, session.begin():
                yield session
        except Exception as error:
            self.is_full = self.is_full or trouble_of(error) is FULL
            raise

    def _check_file(self) -> None:
        """Raise an error if the SQLite file was deleted or replaced.

        Open connections would continue to write to the old file, and everything that they save would be lost.
        """
        if self._file is None:
            return
        try:
            found = self._file.stat()
        except OSError:
            now = None
        else:
            now = found.st_dev, found.st_ino
        self._opened = self._opened or now
        if now != self._opened:
            raise ReplacedError(REPLACED.words)

    def find_space(self) -> None:
        """Write and delete a few pages, to find out whether there is space on the disk again."""
        name = f"space-{uuid.uuid4().hex}"
        with self.writing() as session:
            session.execute(
                insert(settings), [{"name": f"{name}-{i}", "value": "x" * 500} for i in range(20)]
            )
        with self.writing() as session:
            session.execute(delete(settings).where(settings.c.name.startswith("space-")))
        self.is_full = False

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def make_engine(url: str | URL) -> Engine:
    """Return the engine for a URL. SQLite is configured so that committed data is never lost."""
    if is_sqlite := str(url).startswith("sqlite"):
        check_sqlite()
    if isinstance(url, str):
        _check_url(url)
    more = {} if is_sqlite else FOR_POSTGRESQL
    try:
        engine = create_engine(
            url, pool_size=10, max_overflow=10, pool_pre_ping=not is_sqlite, connect_args=more
        )
    except (ArgumentError, ValueError):  # the message of the original error may contain part of the password
        message = "DATABASE_URL cannot be read. In a password, write @ as %40, / as %2F and : as %3A."
        raise DatabaseUrlError(message) from None
    except ImportError as error:
        raise DatabaseUrlError(f'DATABASE_URL needs pip install ".[postgres]" ({error}).') from error
    if is_sqlite:
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def check_sqlite() -> None:
    """Raise an error if Python's SQLite is too old."""
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise DatabaseUrlError(
            f"SQLite {'.'.join(map(str, OLDEST_SQLITE))} or newer is needed. This Python has SQLite "
            f"{sqlite3.sqlite_version}; use a newer Python, or PostgreSQL (set DATABASE_URL)."
        )


def sqlite_url(file: Path) -> URL:
    """Return the URL of an SQLite file, whose name may contain any characters."""
    return URL.create("sqlite", database=str(file))


def _check_url(url: str) -> None:
    if not url.startswith(KINDS) or url in KINDS or ":memory:" in url:
        shown = url.split("://", 1)[0] + "://..." if "://" in url else "no address"
        raise DatabaseUrlError(
            "DATABASE_URL must be sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME. "
            f"Got {shown} instead."
        )


def check_database(url: str | URL, migrations: Path) -> bool:
    """Raise an error if the database cannot be reached, is damaged, or belongs to another site.

    Returns
    -------
    bool
        Whether the tables are there, and are the newest.
    """
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
                if found != "ok":
                    raise _damaged(engine, found)
            script = scripts_of(migrations)
            check_revision(connection, script)
            return set(MigrationContext.configure(connection).get_current_heads()) == set(script.get_heads())
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", error)).splitlines()[0]
        if trouble_of(error) is DAMAGED:
            raise _damaged(engine, said) from None
        raise DatabaseUrlError(f"DATABASE_URL: the database does not answer: {said}") from None
    finally:
        engine.dispose()


def _damaged(engine: Engine, said: object) -> DamagedError:
    file = engine.url.database
    return DamagedError(
        f"The database {file!r} is damaged ({said}). Use the command restore to replace it with a backup. "
        "The damaged file is then kept under another name."
    )


def _set_up_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # the driver starts no transactions, because _begin_sqlite does
    connection.create_function("lower", 1, _lower, deterministic=True)  # SQLite's only converts A to Z
    for pragma in (
        f"busy_timeout={1000 * BUSY_SECONDS}",
        "journal_mode=WAL",
        "synchronous=FULL",  # committed data also survives a power failure
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _begin_sqlite(connection: Connection) -> None:
    """Begin a transaction. Writers lock at once: SQLite does not wait if a reader becomes a writer."""
    is_writer = connection.get_execution_options().get("writing")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


def bump(session: Session, *, structural: bool) -> int:
    """Count one change and return its version. Call this first in a transaction that writes.

    Parameters
    ----------
    session : Session
    structural : bool
        Whether the model must be retrained. If False, it learns the rows of this version online.
    """
    version = changes.c.version + 1
    new = {"version": version} | ({"structure": version} if structural else {})
    return session.execute(update(changes).values(**new).returning(changes.c.version)).scalar_one()


def head(session: Session) -> Head:
    """Return the current state of the database."""
    return Head(*session.execute(select(changes.c.version, changes.c.structure, changes.c.origin)).one())


def prepare(database: Database, migrations: Path, seed: Callable[[Session], None] | None) -> bool:
    """Migrate to the newest tables and, at the first start, fill them, all in one transaction.

    If `seed` is None, the tables stay empty.

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
        if seed is None:
            return True
        with Session(connection, join_transaction_mode="rollback_only") as session:
            seed(session)
            mark(session)
            session.flush()
            session.commit()
        return True


def upgrade(connection: Connection, migrations: Path, to: str = "heads") -> None:
    """Upgrade the tables to a revision with the shared migrations and those of a site."""
    _migrate(connection, migrations, lambda script, now: script._upgrade_revs(to, now))


def downgrade(connection: Connection, migrations: Path, to: str = "base") -> None:
    """Downgrade the tables to a revision."""
    _migrate(connection, migrations, lambda script, now: script._downgrade_revs(to, now))


def _migrate(connection: Connection, migrations: Path, steps: Callable[[ScriptDirectory, Any], Any]) -> None:
    """Run migrations without an env.py file. Its settings are made here, once for all sites."""
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
    """Raise an error if the tables are at a revision that is unknown to the site."""
    for revision in MigrationContext.configure(connection).get_current_heads():
        try:
            script.get_revision(revision)
        except CommandError:
            raise DatabaseUrlError(
                f"The database {connection.engine.url.database!r} belongs to another site, or to a newer "
                f"version of this one: its tables are at {revision!r}. DATABASE_URL must name one of its own."
            ) from None
