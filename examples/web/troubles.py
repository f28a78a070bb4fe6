"""Plain words for a database that does not answer, is damaged, or has no space left on its disk."""

import errno
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError


class Trouble(NamedTuple):
    """A heading and an explanation for a page, for the log and for /health."""

    heading: str
    words: str


FULL = Trouble(
    "The disk is full",
    "The disk of this site is full, so nothing can be saved. Saving works again once there is space.",
)
DAMAGED = Trouble(
    "The database is damaged",
    "The database is damaged. Its owner has to replace it with a backup.",
)
AWAY = Trouble(
    "The database does not answer",
    "The database of this site does not answer at the moment. Please try again in a minute.",
)
REPLACED = Trouble(
    "The database file was replaced",
    "The database file was deleted or replaced while this site was running, so nothing can be saved. The "
    "owner of the site has to restart it.",
)
FULL_CODES = ("SQLITE_FULL", "53100")  # names of SQLite's errors, and SQLSTATEs of PostgreSQL
DAMAGED_CODES = ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002")
AWAY_CODES = ("25006",)  # PostgreSQL is read-only, for example because another server has taken over


class ReplacedError(SQLAlchemyError):
    """Error raised when the database file is no longer the one that was opened."""


def trouble_of(error: BaseException) -> Trouble | None:
    """Return what is wrong with the database or its disk, or None for any other error."""
    if isinstance(error, OSError):
        return FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else None
    if isinstance(error, ReplacedError):
        return REPLACED
    if isinstance(error, PoolTimeoutError):
        return AWAY
    if not isinstance(error, DBAPIError):
        return None
    code = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None) or ""
    if code.startswith(FULL_CODES):
        return FULL
    if code.startswith(DAMAGED_CODES):
        return DAMAGED
    is_away = isinstance(error, OperationalError | InterfaceError) and code != "SQLITE_ERROR"
    return AWAY if is_away or error.connection_invalidated or code in AWAY_CODES else None
