"""Visitors, their rentals, and recording a rental."""

import hashlib
import secrets
import time
from typing import Any

from fastapi import HTTPException, Request
from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from examples.games.web.tables import Game, Rental
from examples.web.addresses import source_of
from examples.web.cookies import kept_of
from examples.web.database import bump
from examples.web.forms import MOST_ID
from examples.web.security import csrf_tokens
from examples.web.words import is_plain, normalised

VISITOR = "visitor"  # name of the cookie
HOUR = 3600
RETURN_SECONDS = 10  # after which a game that was given back can be rented again
MOST_OF_VISITOR, MOST_OF_ADDRESS = 20, 100  # rentals within an hour
CONFIRMED_FOR_ONE = 20  # number of confirmed rentals for each unconfirmed one that the model learns
MOST_LEARNED = 100  # unconfirmed rentals that the model learns
SHARE_OF_ADDRESS = 5  # an address can have one fifth of them
SHORTEST_TURN = 24 * 3600  # seconds until another rental can take the place of one of them
MOST_TYPES = 3  # requested types of an unconfirmed rental that the model learns


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
    """Return the titles that the visitor has rented and not given back."""
    visitor = visitor_of(request)
    if not visitor:
        return []
    theirs = Rental.visitor == visitor, Rental.returned.is_(None)
    return list(session.scalars(select(Game.title).join(Rental).where(*theirs)))


def give_back(request: Request, rental_id: int) -> str:
    """Record that the visitor gives back a game, and return its title.

    The model remembers the rental, since the game was what the visitor chose.
    """
    with request.app.state.database.writing() as session:
        bump(session, structural=False)
        rental = session.get(Rental, rental_id) if rental_id <= MOST_ID else None
        if rental is None or not rental.visitor or rental.visitor != visitor_of(request):
            raise HTTPException(404, "There is no such rental of yours.")
        rental.returned = rental.returned or int(time.time())
        return rental.game.title


def record_rental(
    request: Request, is_it: ColumnElement[bool], budget: str | None, types: list[str]
) -> tuple[dict[str, Any], bool]:
    """Record a rental of the game that matches a condition. Return the rental, and whether it is new."""
    visitor, source, database = known_visitor(request), source_of(request), request.app.state.database
    with database.reading() as session:
        known = rental_of(session, visitor, is_it)
        if known and known.returned is None:
            return rental_out(known), False
        check_limits(session, visitor, source, int(time.time()))  # here too: refusing must not cost a lock
    with database.writing() as session:
        rental, is_new = add_rental(session, visitor, source, is_it, budget, types)
        return rental_out(rental), is_new


def rental_of(session: Session, visitor: str, is_it: ColumnElement[bool]) -> Rental | None:
    """Return the visitor's rental of the game that matches a condition, or None."""
    return session.scalar(select(Rental).join(Game).where(Rental.visitor == visitor, is_it))


def add_rental(
    session: Session,
    visitor: str,
    source: str,
    is_it: ColumnElement[bool],
    budget: str | None,
    types: list[str],
) -> tuple[Rental, bool]:
    """Add a visitor's rental, unless there is one already. Return it, and whether it is new.

    A game that was given back is the visitor's again, with the rental of the first time.
    The lock taken by `bump` ensures that pressing the button several times records one rental, and that the
    limits hold for simultaneous requests.
    """
    version, now = bump(session, structural=False), int(time.time())
    if known := rental_of(session, visitor, is_it):
        return known, take_again(known, now)
    game = session.scalar(select(Game).where(is_it))
    if game is None:
        raise HTTPException(404, "There is no such game any more.")
    check_limits(session, visitor, source, now)
    types = list(dict.fromkeys(types))
    rental = Rental(game=game, visitor=visitor, budget=budget, at=now, version=version, source=source)
    rental.confirmed, rental.learned = False, is_learned(session, rental, types)
    rental.types = types
    session.add(rental)
    session.flush()
    return rental, True


def take_again(rental: Rental, now: int) -> bool:
    """Give the visitor a game again that they have given back. Return whether they had given it back."""
    if rental.returned is None:
        return False
    if (wait := rental.returned + RETURN_SECONDS - now) > 0:
        raise HTTPException(
            429, "You have just given this game back. Please wait a moment.", {"Retry-After": str(wait)}
        )
    rental.returned = None
    return True


def check_limits(session: Session, visitor: str, source: str, now: int) -> None:
    """Raise an error if the visitor, or all visitors at an address, have rented too much within an hour."""
    lately = Rental.at.between(now - HOUR, now)
    of_visitor, of_address = (
        select(func.count(), func.min(Rental.at)).where(is_theirs, lately)
        for is_theirs in (Rental.visitor == visitor, Rental.source == source)
    )
    for query, most in ((of_visitor, MOST_OF_VISITOR), (of_address, MOST_OF_ADDRESS)):
        n, first = session.execute(query).one()
        if n >= most:
            wait = {"Retry-After": str(max(1, first + HOUR - now))}
            raise HTTPException(429, "That is a lot for one hour. Please come back later.", wait)


def is_learned(session: Session, rental: Rental, types: list[str]) -> bool:
    """Return whether the model learns a new rental before the counter has confirmed it.

    It learns one rental of a game, as long as there are at most `MOST_LEARNED` of these in all and twenty
    confirmed rentals for each. An address can have a fifth of them. If there is no place left, the rental
    takes the place of the oldest one that has been learned for a day. This retrains the model, so it is not
    done more often. A rental that requested many types would teach as much as several rentals, so it is not
    learned. The others are learned when they are confirmed.
    """
    n_places = places(session)
    if len(types) > MOST_TYPES or not n_places:
        return False
    columns = select(Rental.id, Rental.game_id, Rental.source, Rental.at)
    learned = columns.where(Rental.learned, Rental.confirmed.is_(False)).order_by(Rental.id)
    held = session.execute(learned).all()
    of_address = [one for one in held if one.source == rental.source]
    of_game = [one for one in held if one.game_id == rental.game.id]
    if len(of_address) >= max(1, n_places // SHARE_OF_ADDRESS):
        return False
    if not of_game and len(held) < n_places:
        return True
    oldest = (of_game or held)[0]
    if rental.at - oldest.at < SHORTEST_TURN:
        return False
    rental.version = bump(session, structural=True)
    session.execute(update(Rental).where(Rental.id == oldest.id).values(learned=False))
    return True


def places(session: Session) -> int:
    """Return the number of unconfirmed rentals that the model may learn."""
    needed = CONFIRMED_FOR_ONE * MOST_LEARNED
    confirmed = select(Rental.id).where(Rental.learned, Rental.confirmed).limit(needed)
    n = session.scalar(select(func.count()).select_from(confirmed.subquery())) or 0
    return n // CONFIRMED_FOR_ONE


def game_called(session: Session, name: str) -> Game | None:
    """Return the game with this title or slug. Exact titles come first, and titles in another case last."""
    if not is_plain(name := normalised(name)):
        return None
    for is_it in (Game.title == name, Game.slug == name, func.lower(Game.title) == func.lower(name)):
        if game := session.scalar(select(Game).where(is_it).limit(1)):
            return game
    return None


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
