"""The admin login: one password, hashed in the database, and sessions that expire."""

import hashlib
import hmac
import logging
import secrets
import sys
import time

from anyio import CapacityLimiter, sleep, to_thread
from fastapi import Request
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from examples.web.addresses import address_of
from examples.web.cookies import kept_of
from examples.web.database import Database
from examples.web.security import ADMIN
from examples.web.tables import admin_sessions, login_attempts, settings
from examples.web.throttle import KNOWN, count_attempt, counted_as, forget_attempts

SHORTEST_PASSWORD = 8  # characters
SESSION_SECONDS = 8 * 3600
COST = FIRST_COST = (
    "16384,8,1"  # scrypt's n, r and p for new passwords, and for hashes that do not contain them
)
HASHING = CapacityLimiter(2)  # passwords hashed at a time, each of which takes 16 MB of memory
log = logging.getLogger(__name__)


class LoginNeeded(Exception):
    """Raised if a page requires the admin to log in."""


def check_password(given: str | None, variable: str) -> None:
    """Raise ValueError if the admin password in the environment is empty or too short."""
    if given is not None and len(given.strip()) < SHORTEST_PASSWORD:
        got = "an empty one" if not given.strip() else f"{len(given.strip())}"
        raise ValueError(
            f"{variable} must have at least {SHORTEST_PASSWORD} characters. Got {got} instead. If the "
            "variable is not set, a password is generated."
        )


def set_password(database: Database, given: str, variable: str) -> None:
    """Store the hash of the given password. Without one, generate and print a password at the first start."""
    with database.writing() as session:
        stored = stored_hash(session)
        if given and stored and matches(given, stored):
            return
        if not given and stored:
            return
        password = given or secrets.token_urlsafe(12)
        for table in (admin_sessions, login_attempts):
            session.execute(delete(table))
        session.execute(delete(settings).where(settings.c.name == "admin_password"))
        session.execute(insert(settings).values(name="admin_password", value=hashed(password)))
    if not given:
        said = f"The password of /admin is {password} (set your own as {variable}; it is not shown again)"
        print(said, file=sys.stderr, flush=True)


def stored_hash(session: Session, *, lock: bool = False) -> str | None:
    """Return the hash of the password stored in the database."""
    query = select(settings.c.value).where(settings.c.name == "admin_password")
    return session.scalar(query.with_for_update() if lock else query)


def hashed(password: str, cost: str = COST, salt: str = "") -> str:
    """Return the cost (n, r and p), salt and scrypt hash of a password, as "16384,8,1:salt:hash"."""
    salt = salt or secrets.token_hex(16)
    n, r, p = map(int, cost.split(","))
    key = hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=n, r=r, p=p, maxmem=256 * n * r)
    return f"{cost}:{salt}:{key.hex()}"


def matches(password: str, stored: str) -> bool:
    """Return whether a password matches a hash, computed with the hash's own cost."""
    if stored.count(":") == 1:
        stored = f"{FIRST_COST}:{stored}"
    cost, salt, _ = stored.split(":")
    return hmac.compare_digest(hashed(password, cost, salt), stored)


async def log_in(database: Database, request: Request, password: str) -> bool:
    """Start an admin session if the password is correct. Raise an error if the client has to wait."""
    who = counted_as(request)
    stored, seconds = await to_thread.run_sync(begin, database, who)
    await sleep(seconds)  # without a thread, which other requests need
    return await to_thread.run_sync(end, database, request, who, password, stored, limiter=HASHING)


def begin(database: Database, who: str) -> tuple[str, float]:
    """Count an attempt. Return the hash of the password, and the seconds to wait before it is compared."""
    with database.writing() as session:
        stored = stored_hash(session, lock=True)  # so simultaneous attempts count one after the other
        return stored or "", count_attempt(session, who)


def end(database: Database, request: Request, who: str, password: str, stored: str) -> bool:
    """Compare the password, and start a session if it is correct."""
    if not (stored and matches(password, stored)):
        log.warning("a login failed, from %r", address_of(request))
        return False
    log_out(database, request)  # end the browser's previous session, which could no longer be ended later
    token, kept = secrets.token_urlsafe(32), kept_of(request)
    with database.writing() as session:
        forget_attempts(session, who)
        session.execute(delete(admin_sessions).where(admin_sessions.c.until < time.time()))
        until = time.time() + SESSION_SECONDS
        session.execute(insert(admin_sessions).values(token_hash=_digest(token), until=until))
    kept.set(ADMIN, token)
    kept.set(KNOWN, kept.get(KNOWN) or secrets.token_hex(16))
    return True


def log_out(database: Database, request: Request) -> None:
    """End the session, and delete it from the database."""
    kept = kept_of(request)
    token = kept.get(ADMIN) or ""
    kept.delete(ADMIN)
    with database.writing() as session:
        session.execute(delete(admin_sessions).where(admin_sessions.c.token_hash == _digest(token)))


def is_admin(database: Database, request: Request) -> bool:
    """Return whether the session is an admin session."""
    token = kept_of(request).get(ADMIN)
    if token is None:
        return False
    known = select(admin_sessions.c.until).where(admin_sessions.c.token_hash == _digest(token))
    with database.reading() as session:
        return (session.scalar(known) or 0) > time.time()


def admin_only(request: Request) -> None:
    """Dependency that only admits the admin. It is not async, because it uses the database."""
    if not is_admin(request.app.state.database, request):
        raise LoginNeeded


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
