"""The demonstration data of a site, and the mark of a database that contains it."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from examples.web.tables import settings

MARK = "demonstration"  # the name of a setting


@dataclass(frozen=True)
class Demonstration:
    """The demonstration data of a site.

    Parameters
    ----------
    words : str
        A sentence for every page that states which data is invented.
    removal : str
        A sentence that states what is removed, and what stays.
    remove : callable(session) -> None
        Removes the data, and keeps what was entered by hand.
    """

    words: str
    removal: str
    remove: Callable[[Session], None]


def mark(session: Session) -> None:
    """Record that the database contains demonstration data."""
    session.execute(insert(settings).values(name=MARK, value="yes"))


def is_marked(session: Session) -> bool:
    """Return whether the database contains demonstration data."""
    return session.scalar(select(settings.c.value).where(settings.c.name == MARK)) is not None


def unmark(session: Session) -> None:
    """Record that the database contains no demonstration data any more."""
    session.execute(delete(settings).where(settings.c.name == MARK))
