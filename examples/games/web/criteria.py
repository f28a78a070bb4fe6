"""The question that an address carries: budget and types; what the model does not know is refused."""

from collections.abc import Iterable
from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError

from examples.arguments import likeness
from examples.games.web.model import Answers
from examples.games.words import in_words

MOST_TYPES = 20
PLACES = 5
MOST_SHOWN = 20
MOST_COMPARED = 1000

BUDGET_SAID = "cheap, standard or premium; left out: any"
TYPE_SAID = "a wanted gameplay type; may be repeated"
Budget = Annotated[str, Query(max_length=20, description=BUDGET_SAID)]


def none_given() -> list[str]:
    """Return no names; a default, whose signature pydantic reads every time: that of `list` takes 0.1 ms."""
    return []


Types = Annotated[list[str], Query(default_factory=none_given, max_length=MOST_TYPES, description=TYPE_SAID)]

Shown = Annotated[list[str], Query(default_factory=none_given, alias="not")]


def answers_of(request: Request) -> Answers:
    """Return what the newest model answers by; read it once a request."""
    return request.app.state.live.answers


def check(answers: Answers, budget: str, types: Iterable[str], where: str = "query") -> None:
    """Raise, naming the known ones, where the model does not know the budget or a type."""
    problems = []
    if budget and budget not in answers.budgets:
        problems.append(unknown((where, "budget"), "budget", budget, answers.budgets))
    problems += [
        unknown((where, "type"), "gameplay type", name, answers.types)
        for name in types
        if name not in answers.types
    ]
    if problems:
        raise RequestValidationError(problems)


def check_game(answers: Answers, name: str, where: tuple[str, ...]) -> str:
    """Return the title of a game named by title or slug, or raise, naming those most alike."""
    if name in answers.facts:
        return name
    if name in answers.by_slug:
        return answers.by_slug[name].title
    raise RequestValidationError([unknown(where, "game", name, list(answers.facts))])


def unknown(where: tuple[str, ...], kind: str, given: str, known: list[str]) -> dict[str, Any]:
    """Return a problem as pydantic writes one."""
    near = known if len(known) <= MOST_SHOWN else nearest(given[:80], known)
    shown = ", ".join(near[:MOST_SHOWN]) + (
        f" and {len(known) - MOST_SHOWN} more" if near[MOST_SHOWN:] else ""
    )
    words = f"unknown {kind} {given[:80]!r}. Known: {shown}"
    return {"type": "value_error", "loc": where, "ctx": {"error": words}, "input": given}


def nearest(given: str, known: list[str]) -> list[str]:
    """Return names, the most alike first; of many only those that begin alike, so that none has to wait."""
    alike = [name for name in known if name.lower().startswith(given[:2].lower())]
    some = known if len(known) <= MOST_COMPARED else list(dict.fromkeys([*alike, *known]))[:MOST_COMPARED]
    return sorted(some, key=lambda name: -likeness(given, name))


def parameters(budget: str, types: Iterable[str]) -> dict[str, Any]:
    """Return the question as the parameters of an address."""
    return {"budget": budget, "type": list(types)}


def walk(answers: Answers, shown: list[str], n: int) -> tuple[list[str], int, int]:
    """Return the titles that an address says were shown, the number now, and how many it left unsaid.

    A game that has left the shelves since counts as one that was shown.
    """
    slugs = list(dict.fromkeys(shown))[:PLACES]
    titles = [answers.by_slug[slug].title for slug in slugs if slug in answers.by_slug]
    n = max(n, len(slugs) + 1)
    return titles, n, n - 1 - len(slugs)


def said(budget: str, types: list[str]) -> str:
    """Return the question in words."""
    return in_words(budget or None, types)
