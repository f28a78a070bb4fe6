"""Delays after failed logins. They are counted in the database, so that all workers share them.

Each address has to wait longer after each failed login. A browser that has logged in before is counted by
itself instead, so nobody else can make it wait. All other browsers together have to wait at most five seconds
for the account. This slows down guesses from many addresses, but does not lock the owner out.
"""

import math
import time

from fastapi import HTTPException, Request
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from examples.web.addresses import address_of, block_of
from examples.web.cookies import kept_of
from examples.web.tables import login_attempts

KNOWN = "known"  # the cookie of a browser that has logged in before
BROWSER = "browser "
ACCOUNT = "account"  # counts the attempts of all other browsers
FREE, FREE_OF_ACCOUNT = 5, 10  # failed logins without a delay
FIRST, LONGEST = 5.0, 900.0  # seconds that an address waits: the first delay, which is doubled, and the limit
FIRST_OF_ACCOUNT, LONGEST_OF_ACCOUNT = 1.0, 5.0
FORGOTTEN = 24 * 3600  # seconds after the last attempt


class TooManyAttempts(HTTPException):
    """Raised if an address has to wait before the next attempt to log in."""

    def __init__(self, seconds: int) -> None:
        words = f"Too many attempts to log in. Wait {seconds} second{'' if seconds == 1 else 's'}."
        super().__init__(429, words, {"Retry-After": str(seconds)})


def counted_as(request: Request) -> str:
    """Return what the attempts of a browser are counted for: the browser if it is known, or its address."""
    known = kept_of(request).get(KNOWN)
    return BROWSER + known if known else block_of(address_of(request))


def count_attempt(session: Session, who: str) -> float:
    """Count an attempt before its password is checked. Return how many seconds it has to wait for that.

    Raises
    ------
    TooManyAttempts
        If the delay after the previous attempt is not over. The attempt then does not count.
    """
    now, at = time.time(), login_attempts.c.at
    session.execute(delete(login_attempts).where((at < now - FORGOTTEN) | (at > now)))  # a clock was set back
    rows = session.execute(select(login_attempts).where(login_attempts.c.who.in_((who, ACCOUNT))))
    before = {row.who: (row.n, row.at) for row in rows}
    n, last = before.get(who, (0, 0.0))
    if (left := last + _delay(n - FREE, FIRST, LONGEST) - now) > 0:
        raise TooManyAttempts(math.ceil(left))
    _write(session, who, n + 1, now)
    if who.startswith(BROWSER):
        return 0.0
    n, _ = before.get(ACCOUNT, (0, 0.0))
    _write(session, ACCOUNT, n + 1, now)
    return _delay(n - FREE_OF_ACCOUNT, FIRST_OF_ACCOUNT, LONGEST_OF_ACCOUNT)


def forget_attempts(session: Session, who: str) -> None:
    """Forget the attempts after a login."""
    session.execute(delete(login_attempts).where(login_attempts.c.who.in_((who, ACCOUNT))))


def _write(session: Session, who: str, n: int, now: float) -> None:
    query = insert(login_attempts).values(who=who) if n == 1 else update(login_attempts)
    if n > 1:
        query = query.where(login_attempts.c.who == who)
    session.execute(query.values(n=n, at=now))


def _delay(n: int, first: float, longest: float) -> float:
    """Return the delay after n failed logins that were not free, or 0 if some are still free."""
    return 0.0 if n < 0 else min(longest, first * 2.0 ** min(n, 30))
