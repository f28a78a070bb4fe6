"""The admin login: one password, hashed in the database, sessions that expire, and limited attempts."""

import hashlib
import hmac
import secrets
import sys
import time

from fastapi import HTTPException, Request
from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from examples.web.cookies import kept_of
from examples.web.database import Database
from examples.web.security import ADMIN
from examples.web.tables import admin_sessions, login_attempts, settings

SHORTEST_PASSWORD = 8  # characters
SESSION_SECONDS = 8 * 3600
ATTEMPTS = 5  # maximum number per address in the time window
ATTEMPTS_IN_ALL = 50
WINDOW_SECONDS = 300
COST = FIRST_COST = (
    "16384,8,1"  # scrypt's n, r and p for new passwords, and for hashes that do not contain them
)


class LoginNeeded(Exception):
    """Raised if a page requires the admin to log in."""


class TooManyAttempts(HTTPException):
    """Raised after too many attempts to log in."""

    def __init__(self) -> None:
        words = f"Too many attempts to log in. Wait {WINDOW_SECONDS // 60} minutes."
        super().__init__(429, words, {"Retry-After": str(WINDOW_SECONDS)})


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


def log_in(database: Database, request: Request, password: str) -> bool:
    """Start an admin session if the password is correct. Raise an error after too many attempts."""
    address = request.client.host[:64] if request.client else ""  # a proxy can send any text
    with database.writing() as session:
        stored = count_attempt(session, address)
    if not (stored and matches(password, stored)):
        return False
    log_out(database, request)  # end the browser's previous session, which could no longer be ended later
    token = secrets.token_urlsafe(32)
    with database.writing() as session:
        session.execute(delete(login_attempts).where(login_attempts.c.address == address))
        session.execute(delete(admin_sessions).where(admin_sessions.c.until < time.time()))
        until = time.time() + SESSION_SECONDS
        session.execute(insert(admin_sessions).values(token_hash=_digest(token), until=until))
    kept_of(request).set(ADMIN, token)
    return True


def count_attempt(session: Session, address: str) -> str:
    """Count an attempt before checking the password. Return the stored hash. Raise if there are too many."""
    stored = stored_hash(session, lock=True)  # the lock makes simultaneous attempts count one after the other
    now, at = time.time(), login_attempts.c.at
    is_old = (at < now - WINDOW_SECONDS) | (at > now)  # in the future if the clock was set back
    session.execute(delete(login_attempts).where(is_old))
    count = select(func.count()).select_from(login_attempts)
    of_address = session.scalar(count.where(login_attempts.c.address == address))
    if of_address >= ATTEMPTS or session.scalar(count) >= ATTEMPTS_IN_ALL:
        raise TooManyAttempts
    session.execute(insert(login_attempts).values(address=address, at=now))
    return stored or ""


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
