"""The tavern's JSON API. Requests answered by the model use neither the database nor a thread."""

from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from pydantic_core import to_json
from sqlalchemy import select

from examples.games.web.criteria import (
    BUDGET_SAID,
    MOST_TYPES,
    TYPE_SAID,
    Budget,
    Types,
    answers_of,
    check,
    problem,
    unknown,
)
from examples.games.web.model import Answers, Fact
from examples.games.web.renting import record_rental, rental_out, title_on_shelves, visitor_of
from examples.games.web.tables import Game, Rental
from examples.web.forms import Line
from examples.web.queries import in_query, read_query

router = APIRouter(prefix="/api", tags=["tavern"])

SCORE_SAID = "the sum of the reasons, or the number of rentals if no budget and no types are given"


class Asked(BaseModel):
    """The parameters of /api/recommend. FastAPI's own parsing would take 0.2 ms per request."""

    budget: Annotated[str, Field(max_length=20, description=BUDGET_SAID)] = ""
    type: Annotated[list[str], Field(max_length=MOST_TYPES, description=TYPE_SAID)] = []
    k: Annotated[int, Field(ge=1, le=50, description="number of games")] = 5
    exclude: Annotated[
        list[str], Field(max_length=100, description="a title to exclude; can be given more than once")
    ] = []


class Question(BaseModel):
    """The budget and types of a request."""

    budget: str | None
    gameplay_types: list[str]


class Suggested(BaseModel):
    """A recommended game."""

    rank: int
    game: str
    slug: str
    console: str
    year: int
    developer: str
    cost: float = Field(description="tavern coins per hour")
    budget: str
    gameplay_types: list[str]
    score: float = Field(description=SCORE_SAID)


class Suggestions(BaseModel):
    """The recommended games, best first."""

    question: Question
    suggestions: list[Suggested]


class Explanation(BaseModel):
    """What the budget, each type and the number of rentals add to a game's score, in descending order."""

    game: str
    score: float = Field(description=SCORE_SAID)
    reasons: dict[str, float]


class Criteria(BaseModel):
    """The budgets and types that a request may contain."""

    budgets: list[str]
    gameplay_types: list[str]


class NewRental(BaseModel):
    """A game to rent, and the request for which it was recommended."""

    game: Annotated[Line, Field(description="title or slug")]
    budget: Annotated[str, Field(max_length=20)] | None = None
    gameplay_types: Annotated[list[str], Field(max_length=MOST_TYPES)] = []


class RentalOut(BaseModel):
    """A rental. The model has read it once the model's version (see /health) is at least `version`."""

    id: int
    game: str
    budget: str | None
    gameplay_types: list[str]
    at: int = Field(description="time of the rental, in seconds since 1970")
    version: int


@router.get("/recommend", response_model=Suggestions, openapi_extra={"parameters": in_query(Asked)})
async def recommend(request: Request) -> Response:
    """Recommend games for a budget and types. Without either, games are ranked by number of rentals."""
    answers, asked = answers_of(request), read_query(Asked, request)
    types = list(dict.fromkeys(asked.type))
    check(answers, asked.budget, types)
    found = answers.recommend(asked.budget or None, types, asked.k, asked.exclude)
    suggestions = [{"rank": i, **told(one.game), "score": one.score} for i, one in enumerate(found, start=1)]
    question = {"budget": asked.budget or None, "gameplay_types": types}
    return as_json({"question": question, "suggestions": suggestions})


@router.get("/explain", response_model=Explanation)
async def explain(
    request: Request,
    game: Annotated[str, Query(max_length=200, description="title or slug")],
    type: Types,
    budget: Budget = "",
) -> Response:
    """Explain how much the budget, each type and the number of rentals add to the score of a game."""
    answers = answers_of(request)
    check(answers, budget, type)
    title = title_of(answers, game)
    if title is None:
        raise RequestValidationError([await to_thread.run_sync(why_not, request, answers, game)])
    reasons = answers.explain(budget or None, list(dict.fromkeys(type)), title)
    return as_json({"game": title, "score": sum(reasons.values()), "reasons": reasons})


@router.get("/criteria", response_model=Criteria)
async def criteria(request: Request) -> Response:
    """List the budgets and gameplay types that the model knows."""
    answers = answers_of(request)
    return as_json({"budgets": answers.budgets, "gameplay_types": answers.types})


@router.get("/rentals", response_model=list[RentalOut])
def rentals(request: Request) -> list[dict[str, Any]]:
    """List up to 100 rentals of the visitor identified by the cookie, newest first."""
    query = select(Rental).where(Rental.visitor == visitor_of(request)).order_by(Rental.id.desc()).limit(100)
    with request.app.state.database.reading() as session:
        return [rental_out(rental) for rental in session.scalars(query)]


@router.post(
    "/rentals",
    response_model=RentalOut,
    status_code=201,
    responses={200: {"model": RentalOut, "description": "The visitor has that game already"}},
)
def rent(request: Request, rental: NewRental) -> Response:
    """Rent a game, at most once per visitor. New visitors get a cookie.

    The model learns few rentals before the tavern has confirmed them. Visitors and addresses that rent too
    many games within an hour get the status 429, with a Retry-After header.
    """
    answers = answers_of(request)
    check(answers, rental.budget or "", rental.gameplay_types, "body", "gameplay_types")
    with request.app.state.database.reading() as session:
        title = title_on_shelves(session, rental.game)
        titles = [] if title else list(session.scalars(select(Game.title)))
    if title is None:
        where = ("body", "game")
        raise RequestValidationError([unknown(where, "game", rental.game, titles, "/games")])
    written, is_new = record_rental(
        request, Game.title == title, rental.budget or None, rental.gameplay_types
    )
    return JSONResponse(written, 201 if is_new else 200)


def title_of(answers: Answers, name: str) -> str | None:
    """Return the title of the recommended game with this title or slug."""
    by_slug = answers.by_slug.get(name)
    return name if name in answers.facts else by_slug and by_slug.title


def why_not(request: Request, answers: Answers, name: str) -> dict[str, Any]:
    """Return the reason why a game has no explanation: it is not recommended, or it does not exist."""
    with request.app.state.database.reading() as session:
        title = title_on_shelves(session, name)
    if title is None:
        return unknown(("query", "game"), "game", name, list(answers.facts), "/games")
    words = f"{title!r} is on the shelves, but not among the {len(answers.facts)} games that are recommended"
    return problem(("query", "game"), words, name)


def told(game: Fact) -> dict[str, Any]:
    """Return the public data of a game."""
    return {
        "game": game.title,
        "slug": game.slug,
        "console": game.console,
        "year": game.year,
        "developer": game.developer,
        "cost": game.cost,
        "budget": game.budget,
        "gameplay_types": game.types,
    }


def as_json(content: Any) -> Response:
    """Return plain values as JSON without validating them again."""
    return Response(to_json(content), media_type="application/json")
