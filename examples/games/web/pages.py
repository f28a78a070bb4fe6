"""The visitor's pages: the question, one suggestion at a time, the shelves, a game, what was rented."""

import zlib
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import Response
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from examples.games.web.covers import cover
from examples.games.web.criteria import (
    MOST_TYPES,
    PLACES,
    Budget,
    Shown,
    Types,
    answers_of,
    check,
    parameters,
    said,
    walk,
)
from examples.games.web.folding import fold
from examples.games.web.model import Answers
from examples.games.web.renting import record_rental, rented_titles
from examples.games.web.tables import Console, Game, GameType, Rental
from examples.web.app import redirect, render, with_query
from examples.web.paging import PageNumber, Search, page_of, pattern
from examples.web.security import posted

SIMILAR = 6
BUDGET_RANGES = {"cheap": "below 5", "standard": "5 to below 20", "premium": "20 and more"}

router = APIRouter(include_in_schema=False)


@router.get("/")
def front(request: Request, type: Types, budget: Budget = "") -> Response:
    """Ask for a budget and types."""
    answers = answers_of(request)
    rented = select(Rental.game_id).join(Game).where(Game.top_rated).group_by(Rental.game_id, Game.title)
    most_first = func.count().desc(), Game.title
    with request.app.state.database.reading() as session:
        ids = list(session.scalars(rented.order_by(*most_first).limit(SIMILAR)))
        games = {game.id: game for game in session.scalars(select(Game).where(Game.id.in_(ids)))}
        return render(
            request,
            "front.html",
            answers=answers,
            budget=budget,
            types=type,
            ranges=BUDGET_RANGES,
            shelf=[games[i] for i in ids],
            cover_url=cover_url,
        )


@router.get("/suggest")
def suggest(
    request: Request,
    type: Types,
    shown: Shown,
    budget: Budget = "",
    n: Annotated[int, Query(ge=1, le=PLACES + 1)] = 1,
) -> Response:
    """Show suggestion number n for a question; after the last, the way back to the question.

    The address names the games that were shown before (``not``), so that a rental, which may reorder the
    rest, neither repeats nor hides one. Where it names fewer than n - 1, the best of the rest go before.
    """
    answers = answers_of(request)
    check(answers, budget, type)
    before, n, unsaid = walk(answers, shown, n)
    with request.app.state.database.reading() as session:
        rented = rented_titles(session, request)
    found = [one.game for one in answers.recommend(budget or None, type, PLACES, [*rented, *before])]
    seen = ([answers.facts[title] for title in before] + found[:unsaid])[:PLACES]
    context = {
        "n": n,
        "words": said(budget, type),
        "budget": budget,
        "types": type,
        "asked": parameters(budget, type),
        "cover_url": cover_url,
    }
    if n > PLACES or unsaid >= len(found):
        return render(request, "no_more.html", seen=seen, **context)
    game = found[unsaid]
    return render(
        request,
        "suggestion.html",
        game=game,
        n_found=min(PLACES, n - 1 - unsaid + len(found)),
        shown=[*dict.fromkeys(shown), *(one.slug for one in found[: unsaid + 1])],
        reasons=answers.reasons(budget or None, type, game.title),
        n_rentals=answers.n_rentals(game.title),
        **context,
    )


@router.post("/rent")
def rent(request: Request, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Record that the visitor takes a game home, and what question it answered."""
    slug, budget = str(fields.get("game", ""))[:200], str(fields.get("budget", ""))
    types = [str(name) for name in fields.getlist("type")][:MOST_TYPES]
    check(answers_of(request), budget, types, "form")
    written, is_new = record_rental(request, slug, budget or None, types)
    title = written["game"]
    words = f"{title} is yours for tonight." if is_new else f"You have {title} already."
    request.session["asked"] = with_query("/suggest", **parameters(budget, types))
    return redirect(request, "/rentals", words)


@router.get("/rentals")
def rentals(request: Request, page: PageNumber = 1) -> Response:
    """List the visitor's own rentals, the newest first."""
    query = (
        select(Rental).where(Rental.visitor == request.session.get("visitor", "")).order_by(Rental.id.desc())
    )
    with request.app.state.database.reading() as session:
        found = page_of(session, query, page)
        asked = request.session.get("asked", "/")
        return render(request, "rentals.html", page=found, asked=asked, words_of=said, cover_url=cover_url)


@router.get("/games")
def games(
    request: Request,
    q: Search = "",
    budget: Budget = "",
    type: Annotated[str, Query(max_length=40)] = "",
    console: Annotated[str, Query(max_length=60)] = "",
    page: PageNumber = 1,
) -> Response:
    """List the catalogue: searched by title or developer, filtered, a page at a time."""
    answers = answers_of(request)
    query = games_like(q, budget, type, console)
    with request.app.state.database.reading() as session:
        return render(
            request,
            "games.html",
            page=page_of(session, query.order_by(Game.title), page),
            chosen={"q": q, "budget": budget, "type": type, "console": console},
            answers=answers,
            types=list(session.scalars(select(GameType.name).distinct().order_by(GameType.name))),
            consoles=list(session.scalars(select(Console.name).order_by(Console.name))),
            cover_url=cover_url,
        )


def games_like(q: str = "", budget: str = "", type: str = "", console: str = "") -> Select:
    """Return the query of the games that a search finds."""
    query = select(Game)
    if q.strip():
        query = query.where(Game.folded.like(pattern(fold(q)), escape="\\"))
    if budget in COSTS:
        low, high = COSTS[budget]
        query = query.where(Game.cents >= low, Game.cents < high)
    if type.isprintable() and type:
        query = query.where(Game.types_in_order.any(GameType.name == type))
    if console.isprintable() and console:
        query = query.where(Game.of_console.has(Console.name == console))
    return query


COSTS = {"cheap": (0, 500), "standard": (500, 2000), "premium": (2000, 2**31 - 1)}  # in cents


@router.get("/games/{slug}")
def game(request: Request, slug: str) -> Response:
    """Show a game, and games for who likes it."""
    answers = answers_of(request)
    with request.app.state.database.reading() as session:
        found = find_game(session, slug)
        rented = found.title in rented_titles(session, request)
        return render(
            request,
            "game.html",
            game=found,
            rented=rented,
            similar=similar(answers, found),
            cover_url=cover_url,
        )


def find_game(session: Session, slug: str) -> Game:
    """Return the game of an address, or raise 404."""
    found = session.scalar(select(Game).where(Game.slug == slug)) if slug.isprintable() else None
    if found is None:
        raise HTTPException(404, "There is no such game.")
    return found


def similar(answers: Answers, game: Game) -> list[Any]:
    """Return games that the model gives to who asks for what this one is."""
    types = [name for name in game.types if name in answers.types]
    found = answers.recommend(game.budget, types, SIMILAR, [game.title])
    return [suggestion.game for suggestion in found]


@router.get("/covers/{slug}.svg")
def cover_picture(request: Request, slug: str) -> Response:
    """Draw a game's cover."""
    with request.app.state.database.reading() as session:
        found = find_game(session, slug)
        drawn = cover(found.title, found.console, found.types)
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


def cover_url(game: Any) -> str:
    """Return the address of a cover, another one when what it shows changes."""
    version = zlib.crc32("|".join([game.title, game.console, *game.types[:1]]).encode())
    return f"/covers/{game.slug}.svg?v={version:x}"
