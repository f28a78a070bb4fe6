"""The visitors' pages: the request form, one suggestion at a time, the catalogue, a game, and rentals."""

import time
import zlib
from typing import Any

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.responses import Response
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from examples.games.web.covers import cover
from examples.games.web.criteria import (
    PLACES,
    AnyTypes,
    Reading,
    Shown,
    answers_of,
    meant,
    parameters,
    read_address,
    said,
    walk,
    whole_number,
)
from examples.games.web.folding import fold
from examples.games.web.model import RENTALS, Answers, Reason
from examples.games.web.renting import give_back, record_rental, rented_titles, visitor_of
from examples.games.web.tables import Console, Game, GameType, Rental
from examples.games.words import BUDGET_IN_WORDS, fit_in_words
from examples.web.app import redirect, render, with_query
from examples.web.cookies import kept_of
from examples.web.paging import page_of, pattern
from examples.web.security import posted
from examples.web.words import is_plain

SIMILAR = 6
FOUR_WEEKS = 28 * 24 * 3600  # in seconds
ASKED = "asked"  # the cookie with the request of the last rental
BUDGET_RANGES = {"cheap": "below 5", "standard": "5 to below 20", "premium": "20 and more"}

router = APIRouter(include_in_schema=False)


@router.get("/")
def front(request: Request, types: AnyTypes, budget: str = "") -> Response:
    """Show the front page, which asks for a budget and types."""
    return ask(request, read_address(answers_of(request), budget, types))


def ask(request: Request, asked: Reading) -> Response:
    """Show the request form with the known values filled in, and error messages for all others."""
    with request.app.state.database.reading() as session:
        shelf = most_rented(session, since=int(time.time()) - FOUR_WEEKS)
        return render(
            request,
            "front.html",
            422 if asked.problems else 200,
            answers=answers_of(request),
            budget=asked.budget,
            types=asked.types,
            problems=asked.problems,
            n_games=count_games(session),
            ranges=BUDGET_RANGES,
            shelf=shelf,
            cover_url=cover_url,
        )


def most_rented(session: Session, since: int) -> list[Game]:
    """Return the games that were rented most since a time, in seconds since 1970."""
    rented = select(Rental.game_id).join(Game).where(Game.top_rated, Rental.learned, Rental.at >= since)
    rented = rented.group_by(Rental.game_id, Game.title).order_by(func.count().desc(), Game.title)
    ids = list(session.scalars(rented.limit(SIMILAR)))
    games = {game.id: game for game in session.scalars(select(Game).where(Game.id.in_(ids)))}
    return [games[i] for i in ids]


def count_games(session: Session) -> int:
    """Return the number of games in the catalogue, including those that are not recommended."""
    return session.scalar(select(func.count()).select_from(Game)) or 0


@router.get("/suggest")
def suggest(request: Request, types: AnyTypes, shown: Shown, budget: str = "", n: str = "") -> Response:
    """Show suggestion number n for a request. After the last one, show a link back to the form.

    The URL contains the games that were already shown (``not``), so that a rental, which can change the
    order, neither repeats nor hides a game. If it contains fewer than n - 1 games, the best other games count
    as shown.
    """
    answers = answers_of(request)
    asked = read_address(answers, budget, types, n)
    if asked.problems:
        return ask(request, asked)
    return show_suggestion(request, answers, asked, shown)


def show_suggestion(request: Request, answers: Answers, asked: Reading, shown: list[str]) -> Response:
    """Show the next suggestion after those already shown."""
    budget, types = asked.budget, asked.types
    before, n, unsaid = walk(answers, shown, asked.n)
    with request.app.state.database.reading() as session:
        rented = rented_titles(session, request)
    found = [one.game for one in answers.recommend(budget or None, types, PLACES, [*rented, *before])]
    seen = ([answers.facts[title] for title in before] + found[:unsaid])[:PLACES]
    context = {
        "n": n,
        "words": said(budget, types),
        "budget": budget,
        "types": types,
        "asked": parameters(budget, types),
        "cover_url": cover_url,
    }
    if n > PLACES or unsaid >= len(found):
        return render(request, "no_more.html", seen=seen, rented=rented, **context)
    game = found[unsaid]
    adds = answers.explain(budget or None, types, game.title)
    reasons = answers.reasons(adds, game.title)
    return render(
        request,
        "suggestion.html",
        game=game,
        n_found=min(PLACES, n - 1 - unsaid + len(found)),
        shown=[*dict.fromkeys(shown), *(one.slug for one in found[: unsaid + 1])],
        reasons=reasons,
        of_rentals=adds.get(RENTALS, 0.0),
        fit=fit_of(reasons) if reasons else "",
        n_rentals=answers.n_rentals(game.title),
        **context,
    )


def fit_of(reasons: list[Reason]) -> str:
    """Return a sentence that states which requested features a game has."""
    has, lacks = (
        [BUDGET_IN_WORDS.get(one.name, one.name) for one in reasons if one.has is asked]
        for asked in (True, False)
    )
    return fit_in_words(has, lacks)


@router.post("/rent")
def rent(request: Request, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Record that the visitor rents a game, and the request for which it was recommended."""
    slug, budget = str(fields.get("game", "")), str(fields.get("budget", ""))
    given = [str(name) for name in fields.getlist("type")]
    asked = read_address(answers_of(request), budget, given)
    budget, types = asked.budget, asked.types  # unknown values do not prevent a rental
    if not is_plain(slug):  # PostgreSQL does not accept NUL characters
        raise HTTPException(404, "There is no such game.")
    written, is_new = record_rental(request, Game.slug == slug, budget or None, types)
    title = written["game"]
    words = f"{title} is yours for tonight." if is_new else f"You have {title} already."
    kept_of(request).set(ASKED, with_query("/suggest", **parameters(budget, types)))
    return redirect(request, "/rentals", words)


@router.post("/return")
def bring_back(request: Request, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Record that the visitor gives a game back, so that it can be suggested again."""
    title = give_back(request, whole_number(str(fields.get("rental", ""))))
    return redirect(request, "/rentals", f"{title} is back on its shelf.")


@router.get("/rentals")
def rentals(request: Request, page: str = "1") -> Response:
    """List the visitor's own rentals, newest first."""
    query = select(Rental).where(Rental.visitor == visitor_of(request)).order_by(Rental.id.desc())
    with request.app.state.database.reading() as session:
        found = page_of(session, query, max(1, whole_number(page)))
        asked = kept_of(request).get(ASKED) or "/"
        return render(request, "rentals.html", page=found, asked=asked, words_of=said, cover_url=cover_url)


@router.get("/games")
def games(
    request: Request,
    q: str = "",
    budget: str = "",
    type: str = "",
    console: str = "",
    page: str = "1",
) -> Response:
    """List the catalogue, one page at a time, with a search by title or developer and with filters."""
    answers, q = answers_of(request), q[:100]
    with request.app.state.database.reading() as session:
        types = list(session.scalars(select(GameType.name).distinct().order_by(GameType.name)))
        consoles = list(session.scalars(select(Console.name).order_by(Console.name)))
        known = {"budget": list(COSTS), "type": types, "console": consoles}
        chosen, problems = read_filters({"budget": budget, "type": type, "console": console}, known)
        query = games_like(q, **chosen).order_by(Game.title)
        return render(
            request,
            "games.html",
            422 if problems else 200,
            page=page_of(session, query, max(1, whole_number(page))),
            chosen={"q": q, **chosen},
            problems=problems,
            n_games=count_games(session),
            n_recommended=len(answers.facts),
            is_all=not any((q.strip(), *chosen.values())),
            types=types,
            consoles=consoles,
            cover_url=cover_url,
        )


def read_filters(given: dict[str, str], known: dict[str, list[str]]) -> tuple[dict[str, str], list[str]]:
    """Return the valid filters in a URL, and error messages for the others."""
    wrong = {name: value for name, value in given.items() if value and value not in known[name]}
    problems = [
        f"There is no {CALLED[name]} “{value[:80]}”, so all are shown.{meant(value, known[name])}"
        for name, value in wrong.items()
    ]
    return {name: "" if name in wrong else value for name, value in given.items()}, problems


def games_like(q: str = "", budget: str = "", type: str = "", console: str = "") -> Select:
    """Return a database query for the games that match a search."""
    query = select(Game)
    if q.strip():
        query = query.where(Game.folded.like(pattern(fold(q)), escape="\\"))
    if budget in COSTS:
        low, high = COSTS[budget]
        query = query.where(Game.cents >= low, Game.cents < high)
    if type and is_plain(type):
        query = query.where(Game.types_in_order.any(GameType.name == type))
    if console and is_plain(console):
        query = query.where(Game.of_console.has(Console.name == console))
    return query


CALLED = {"budget": "purse", "type": "type", "console": "console"}
COSTS = {"cheap": (0, 500), "standard": (500, 2000), "premium": (2000, 2**31 - 1)}  # in cents


@router.get("/games/{slug}")
def game(request: Request, slug: str) -> Response:
    """Show a game and similar games."""
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
    """Return the game with this slug, or raise a 404 error."""
    found = session.scalar(select(Game).where(Game.slug == slug)) if is_plain(slug) else None
    if found is None:
        raise HTTPException(404, "There is no such game.")
    return found


def similar(answers: Answers, game: Game) -> list[Any]:
    """Return similar games: the best games for a request with this game's budget and types."""
    types = [name for name in game.types if name in answers.types]
    found = answers.recommend(game.budget, types, SIMILAR, [game.title])
    return [suggestion.game for suggestion in found]


@router.get("/covers/{slug}.svg")
def cover_picture(request: Request, slug: str) -> Response:
    """Return a game's cover."""
    with request.app.state.database.reading() as session:
        found = find_game(session, slug)
        drawn = cover(found.title, found.console, found.types)
    return Response(drawn, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


def cover_url(game: Any) -> str:
    """Return the URL of a cover. It changes when the cover changes."""
    if game.photo:
        return f"/covers/{game.slug}.jpg?v={game.photo}"
    version = zlib.crc32("|".join([game.title, game.console, *game.types[:1]]).encode())
    return f"/covers/{game.slug}.svg?v={version:x}"
