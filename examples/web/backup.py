"""The commands ``backup`` and ``restore`` for a site on SQLite. The web packages are imported when needed.

A backup is a single SQLite file, made while the site is running. A restore checks a copy of the backup first,
and keeps the current database.
"""

import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from examples.web.environment import read_secret_files
from examples.web.serve import NEEDED, migrations_of

USE_PG_DUMP = (
    "This site uses PostgreSQL. To back it up, use PostgreSQL's own programs: pg_dump --format=custom "
    "--file=FILE NAME, and to restore it, pg_restore --clean --if-exists --exit-on-error "
    "--single-transaction --dbname=NAME FILE."
)
SQLITE = "sqlite:///"
TRIES_FOR_NAME = 1000


class BackupError(ValueError):
    """Error raised when a backup cannot be made or restored. Nothing was changed."""


def add_backup(commands: Any, name: str, factory: str) -> None:
    """Add the commands ``backup`` and ``restore`` to a command line. The parameters are as in `add_serve`."""
    for verb, run, about in (
        (
            "backup",
            back_up,
            "Write a copy of the database to a new file, while the site may be running. The copy contains "
            "everything that was saved before. Keep the file private: it contains the names of guests and "
            "the hash of the password.",
        ),
        (
            "restore",
            restore,
            "Replace the database with a backup. Stop the site first. The backup is checked, and brought to "
            "the tables of this version, before anything is replaced. The current database is kept under "
            "another name. Everybody has to log in again.",
        ),
    ):
        command = commands.add_parser(verb, help=f"{verb} the database of the web site", description=about)
        command.add_argument("file", type=Path, metavar="FILE", help="the file of the backup")
        command.add_argument(
            "--data", type=Path, metavar="FOLDER", help=f"the data folder of the site (default: var/{name})"
        )
        command.set_defaults(run=_command(run, name, factory), fail=command.error)


def _command(run: Callable[[Path, Path, str, Path], str], name: str, factory: str) -> Callable[..., None]:
    def command(options: Any, console: Any, messages: Any, fail: Callable) -> None:
        try:
            from examples.web.folder import data_folder, database_file, make_private
        except ImportError as error:
            fail(f"{NEEDED} ({error})")
        if options.data:
            os.environ[f"{name.upper()}_DATA"] = str(options.data.resolve())
        usual = os.umask(0o077)  # new files are for their owner only
        try:
            read_secret_files(name)
            url, folder = os.environ.get("DATABASE_URL", ""), data_folder(name)
            if url and not url.startswith(SQLITE):
                raise BackupError(USE_PG_DUMP)
            if not folder.is_dir() and run is back_up:
                raise BackupError(f"There is no data folder {str(folder)!r}. Choose one with --data.")
            make_private(folder, name)
            file = Path(url.removeprefix(SQLITE)) if url else database_file(folder, name)
            file = file.resolve()
            said = run(options.file, file, name, migrations_of(factory))
        except (ValueError, OSError, sqlite3.Error) as error:
            fail(str(error))
        finally:
            os.umask(usual)
        console.print(said, markup=False, soft_wrap=True)

    return command


def back_up(target: Path, file: Path, name: str, migrations: Path) -> str:
    """Write a copy of the database to a new file, which appears under its name once it is complete.

    Returns
    -------
    str
        A message for the user.
    """
    if not file.is_file():
        raise BackupError(f"There is no database {str(file)!r}. Choose its folder with --data.")
    if target.exists():
        raise BackupError(f"{str(target)!r} exists already. Choose another name for the backup.")
    if not target.parent.is_dir():
        raise BackupError(f"There is no folder {str(target.parent)!r}.")
    temporary = target.with_name(f".{target.name}.{uuid.uuid4().hex}.tmp")
    with _removed_at_the_end(temporary):
        _copy(file, temporary)
        _check_pages(temporary, file)
        _sync(temporary)
        try:
            os.link(temporary, target)  # unlike a renaming, this never replaces a file
        except FileExistsError:
            raise BackupError(f"{str(target)!r} exists already.") from None
        except OSError:  # a file system without links
            os.replace(temporary, target)
        _sync(target.parent)
    return f"The database is saved as {target} ({target.stat().st_size:,} bytes). It was checked."


def restore(backup: Path, file: Path, name: str, migrations: Path) -> str:
    """Check a copy of a backup, and replace the database with it.

    Returns
    -------
    str
        A message for the user.
    """
    from filelock import FileLock, Timeout

    if not backup.is_file():
        raise BackupError(f"There is no file {str(backup)!r}.")
    temporary = file.with_name(f"{file.name}.{uuid.uuid4().hex}.tmp")
    try:
        with FileLock(file.parent / "start.lock", timeout=5), _removed_at_the_end(temporary):
            _copy(backup, temporary)
            _check_pages(temporary, backup)
            _make_ready(temporary, backup, name, migrations)
            _sync(temporary)
            kept = _set_aside(file)
            os.replace(temporary, file)
            _sync(file.parent)
    except Timeout:
        raise BackupError("The site is starting. Stop it, and try again.") from None
    was = f" The database that it replaced is kept as {kept}." if kept else ""
    return f"{backup} is restored.{was} Start the site now. Everybody has to log in again."


@contextmanager
def _removed_at_the_end(temporary: Path) -> Iterator[None]:
    try:
        yield
    finally:
        for path in (temporary, *(_beside(temporary, end) for end in ("-wal", "-shm", "-journal"))):
            path.unlink(missing_ok=True)


def _beside(path: Path, end: str) -> Path:
    return path.with_name(path.name + end)


def _connect(path: Path, mode: str, timeout: float = 30) -> sqlite3.Connection:
    """Open an existing database. The path may contain any characters."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, timeout=timeout)


def _copy(source: Path, target: Path) -> None:
    """Copy a database in one read transaction, so that writers continue and the copy is of one moment."""
    target.touch(mode=0o600, exist_ok=False)
    try:
        with closing(_connect(source, "ro")) as old, closing(_connect(target, "rw")) as new:
            old.backup(new)
            new.execute("PRAGMA journal_mode=DELETE")  # one file, without -wal and -shm
    except sqlite3.DatabaseError as error:
        raise BackupError(f"{str(source)!r} cannot be copied: {error}.") from None


def _check_pages(copy: Path, source: Path) -> None:
    """Raise an error if a copy is damaged, or if rows refer to rows that do not exist."""
    try:
        with closing(_connect(copy, "ro")) as database:
            found = [row[0] for row in database.execute("PRAGMA integrity_check(1)")]
            broken = database.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        found, broken = [str(error)], None
    if found != ["ok"]:
        raise BackupError(f"{str(source)!r} is damaged: {found[0]}.")
    if broken:
        raise BackupError(
            f"{str(source)!r} is damaged: a row of the table {broken[0]!r} refers to no row of {broken[2]!r}."
        )


def _make_ready(copy: Path, backup: Path, name: str, migrations: Path) -> None:
    """Bring a copy to the tables of this version. With its new origin, models of the old one are not used."""
    from sqlalchemy import delete, update
    from sqlalchemy.exc import SQLAlchemyError

    from examples.web.database import Database, DatabaseUrlError, sqlite_url, upgrade
    from examples.web.tables import admin_sessions, changes

    database = Database(sqlite_url(copy))
    try:
        with database.engine.connect() as connection:
            tables = {row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master")}
            if not {"alembic_version", "changes"} <= tables:
                raise BackupError(f"{str(backup)!r} is not a backup of the {name}: it has other tables.")
        with database.engine.execution_options(writing=True).begin() as connection:
            upgrade(connection, migrations)
            n_rows = connection.execute(update(changes).values(origin=uuid.uuid4().hex)).rowcount
            connection.execute(delete(admin_sessions))
        if n_rows != 1:
            raise BackupError(f"{str(backup)!r} is empty: it was made before the first start had ended.")
    except DatabaseUrlError:
        raise BackupError(
            f"{str(backup)!r} is a backup of another site, or of a newer version of the {name}."
        ) from None
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", error)).splitlines()[0]
        raise BackupError(f"{str(backup)!r} cannot be used by this version: {said}.") from None
    finally:
        database.close()
        with closing(_connect(copy, "rw")) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")


def _set_aside(file: Path) -> Path | None:
    """Keep the current database under another name, which is returned. Raise an error if a site uses it."""
    if not file.exists():
        return None
    with suppress(sqlite3.DatabaseError), closing(_connect(file, "rw", timeout=0)) as database:
        try:  # leaving WAL mode puts everything into one file, and fails while anybody else is connected
            database.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise BackupError(
                    f"The site is running with {str(file)!r}. Stop it first, and then restore."
                ) from None
            raise
    stamp = time.strftime("%Y-%m-%d-%H%M%S")
    names = (f"{file.name}.before-{stamp}{f'-{i}' if i else ''}" for i in range(TRIES_FOR_NAME))
    kept = next(path for path in map(file.with_name, names) if not path.exists())
    for end in ("-wal", "-shm"):  # a damaged database may still have them
        with suppress(FileNotFoundError):
            os.rename(_beside(file, end), _beside(kept, end))
    try:
        os.link(file, kept)  # unlike a renaming, this leaves no moment without a database
    except OSError:  # a file system without links
        os.replace(file, kept)
    return kept


def _sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    if os.name == "posix":
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
