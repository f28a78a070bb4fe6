"""Private mode: forecasts and figures require the admin's login or, for programs, an API token.

Tokens are random, and only their hashes are stored. Each has a name, so that the owner can revoke it.
"""

import hashlib
import secrets

from anyio import to_thread
from fastapi import HTTPException, Request
from fastapi.security.utils import get_authorization_scheme_param
from sqlalchemy import select

from examples.pizza.web.tables import Token
from examples.web.database import Database
from examples.web.login import LoginNeeded, is_admin

NEEDED = (
    "An API token is required, in the header 'Authorization: Bearer TOKEN'. The owner of the site creates "
    "tokens at /admin/tokens."
)


def new_token() -> str:
    """Return a random token."""
    return f"pizzeria_{secrets.token_urlsafe(32)}"


def hash_of(token: str) -> str:
    """Return the hash of a token. Tokens are too long to be guessed, so a fast hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_known(database: Database, token: str) -> bool:
    """Return whether a token exists and has not been revoked."""
    with database.reading() as session:
        return session.scalar(select(Token.id).where(Token.token_hash == hash_of(token))) is not None


def is_private(request: Request) -> bool:
    """Return whether forecasts and figures require a login now."""
    setting = request.app.state.private
    return not request.app.state.live.is_demonstration if setting is None else setting


async def members_only(request: Request) -> None:
    """Dependency that, on a private site, only admits the admin and programs with an API token."""
    if not is_private(request):
        return
    database, given = request.app.state.database, request.headers.get("authorization")
    if given is not None:
        scheme, token = get_authorization_scheme_param(given)
        if scheme.lower() == "bearer" and await to_thread.run_sync(is_known, database, token):
            return
    elif await to_thread.run_sync(is_admin, database, request):
        return
    elif not request.url.path.startswith("/api/"):
        raise LoginNeeded
    raise HTTPException(401, NEEDED, {"WWW-Authenticate": "Bearer"})
