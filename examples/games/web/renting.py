"""Visitors, their rentals, and recording a rental."""

import hashlib
import secrets
import time
from typing import Any

from fastapi import HTTPException, Request
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from examples.games.web.tables import Game, Rental
from examples.web.cookies import kept_of
from examples.web.database import bump
from examples.web.security import csrf_tokens

VISITOR = "visitor"  # name of the cookie


def visitor_of(request: Request) -> str:
    """Return the visitor in the signed cookie, or "" for a new visitor."""
    return kept_of(request).get(VISITOR) or ""


def known_visitor(request: Request) -> str:
    """Return the visitor. A new visitor's id comes from the form, so two simultaneous clicks share it."""
    if not (visitor := visitor_of(request)):
        first = next(iter(csrf_tokens(request)), secrets.token_hex())
        visitor = hashlib.sha256(first.encode()).hexdigest()[:32]
        kept_of(request).set(VISITOR, visitor)
    return visitor


def rented_titles(session: Session, request: Request) -> list[str]:
    """Return the titles that the visitor has rented."""
    visitor = visitor_of(request)
    if not visitor:
        return []
    return list(session.scalars(select(Game.title).join(Rental).where(Rental.visitor == visitor)))


def record_rental(
    request: Request, is_it: ColumnElement[bool], budget: str | None, types: list[str]
) -> tuple[dict[str, Any], bool]:
    """Record a rental of the game that matches a condition. Return the rental, and whether it is new.

    The lock taken by `bump` ensures that pressing the button several times records one rental. A version
    without any rows is harmless.
    """
    visitor = known_visitor(request)
    with request.app.state.database.writing() as session:
        version = bump(session, structural=False)
        game = session.scalar(select(Game).where(is_it))
        if game is None:
            raise HTTPException(404, "There is no such game any more.")
        known = session.scalar(select(Rental).where(Rental.visitor == visitor, Rental.game_id == game.id))
        if known:
            return rental_out(known), False
        rental = Rental(game=game, visitor=visitor, budget=budget, at=int(time.time()), version=version)
        rental.types = list(dict.fromkeys(types))
        session.add(rental)
        session.flush()
        written = rental_out(rental)
    return written, True


def game_called(session: Session, name: str) -> Game | None:
    """Return the game with this title or slug. A title takes precedence over the slug of another game."""
    if not name.isprintable():
        return None
    return session.scalar(select(Game).where(Game.title == name)) or session.scalar(
        select(Game).where(Game.slug == name)
    )


def title_on_shelves(session: Session, name: str) -> str | None:
    """Return the title of the game with this title or slug, even if the game is not recommended."""
    game = game_called(session, name)
    return game.title if game else None


def rental_out(rental: Rental) -> dict[str, Any]:
    """Return the public data of a rental."""
    return {
        "id": rental.id,
        "game": rental.game.title,
        "budget": rental.budget,
        "gameplay_types": rental.types,
        "at": rental.at,
        "version": rental.version,
    }
