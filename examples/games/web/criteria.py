"""The budget and types in the query string of a URL. Values that the model does not know are rejected."""

from collections.abc import Iterable
from typing import Annotated, Any, NamedTuple

from fastapi import Query, Request
from fastapi.exceptions import RequestValidationError

from examples.arguments import likeness
from examples.games.web.folding import fold
from examples.games.web.model import Answers
from examples.games.words import in_words

MOST_TYPES = 20
PLACES = 5
MOST_SHOWN = 20
MOST_COMPARED = 1000
MOST_NEAR = 5
MOST_UNKNOWN = 5  # types for which a page suggests another spelling
LONGEST_COMPARED = 80  # characters
NEAR = 0.6  # minimum similarity of a suggested spelling

BUDGET_SAID = "cheap, standard or premium (default: any)"
TYPE_SAID = "a gameplay type; can be given more than once"
Budget = Annotated[str, Query(max_length=20, description=BUDGET_SAID)]


def none_given() -> list[str]:
    """Return an empty list. pydantic inspects a default factory, which takes 0.1 ms for `list`."""
    return []


Types = Annotated[list[str], Query(default_factory=none_given, max_length=MOST_TYPES, description=TYPE_SAID)]

AnyTypes = Annotated[list[str], Query(default_factory=none_given, alias="type")]
Shown = Annotated[list[str], Query(default_factory=none_given, alias="not")]


def answers_of(request: Request) -> Answers:
    """Return the data of the newest model. Call this only once per request."""
    return request.app.state.live.answers


def check(
    answers: Answers, budget: str, types: Iterable[str], where: str = "query", called: str = "type"
) -> None:
    """Raise an error that lists the known values if the model does not know the budget or a type."""
    problems = []
    if budget and budget not in answers.budgets:
        problems.append(unknown((where, "budget"), "budget", budget, answers.budgets))
    problems += [
        unknown((where, called), "gameplay type", name, answers.types)
        for name in types
        if name not in answers.types
    ]
    if problems:
        raise RequestValidationError(problems)


def unknown(
    where: tuple[str, ...], kind: str, given: str, known: list[str], listed: str = "/api/criteria"
) -> dict[str, Any]:
    """Return an error in pydantic's format with the known names, or the most similar ones of many."""
    if len(known) <= MOST_SHOWN:
        hint = f"Known: {', '.join(known)}"
    elif near := spelt_alike(given, known):
        hint = f"Known, of {len(known)}, and spelt alike: {', '.join(near)}"
    else:
        hint = f"None of the {len(known)} known ones is spelt alike; {listed} lists them"
    return problem(where, f"unknown {kind} {given[:80]!r}. {hint}", given)


def problem(where: tuple[str, ...], words: str, given: str) -> dict[str, Any]:
    """Return an error in pydantic's format."""
    return {"type": "value_error", "loc": where, "ctx": {"error": words}, "input": given}


def spelt_alike(given: str, known: list[str]) -> list[str]:
    """Return a few names with a similar spelling, most similar first, or none if none is similar."""
    short = fold(given[:LONGEST_COMPARED])[:LONGEST_COMPARED]  # without accents, one letter can become 18
    near = nearest(short, known)[:MOST_NEAR]
    return [name for name in near if likeness(short, fold(name)) >= NEAR]


def nearest(given: str, known: list[str]) -> list[str]:
    """Return names, most similar first. To save time, only some of many names are compared."""
    start = fold(given[:2])
    alike = [name for name in known if fold(name).startswith(start)]
    some = known if len(known) <= MOST_COMPARED else list(dict.fromkeys([*alike, *known]))[:MOST_COMPARED]
    return sorted(some, key=lambda name: -likeness(given, fold(name)))


def parameters(budget: str, types: Iterable[str]) -> dict[str, Any]:
    """Return the budget and types as URL parameters."""
    return {"budget": budget, "type": list(types)}


class Reading(NamedTuple):
    """The known budget and types in a URL, and error messages for everything else."""

    budget: str
    types: list[str]
    n: int
    problems: list[str]


def read_address(answers: Answers, budget: str, types: Iterable[str], n: str = "") -> Reading:
    """Read a URL, which may be outdated or mistyped. Duplicate types count once."""
    problems, distinct = [], list(dict.fromkeys(types))
    if budget and budget not in answers.budgets:
        problems.append(f"There is no purse called “{budget[:80]}”.{meant(budget, answers.budgets)}")
    known = [name for name in distinct if name in answers.types]
    not_known = [name for name in distinct if name not in answers.types]
    problems += [unknown_type(answers, name) for name in not_known[:MOST_UNKNOWN]]
    if more := len(not_known[MOST_UNKNOWN:]):
        problems.append(f"Number of other unknown types in the address: {more}.")
    number = whole_number(n)
    if n and not 1 <= number <= PLACES + 1:
        problems.append(
            f"There is no suggestion number “{n[:80]}”. The keeper names {PLACES} for a question."
        )
    return Reading(budget if budget in answers.budgets else "", known, number or 1, problems)


def unknown_type(answers: Answers, name: str) -> str:
    """Return an error message for a type that no game has."""
    if not name:
        return f"A type without a name was asked for.{meant(name, answers.types)}"
    return f"No game here is of the type “{name[:80]}”.{meant(name, answers.types)}"


def whole_number(text: str) -> int:
    """Return a whole number of at most five digits, or 0 for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 5 else 0


def meant(given: str, known: list[str]) -> str:
    """Return a "Did you mean" question with the most similar name, or an empty string if there is none."""
    near = spelt_alike(given, known)
    return f" Did you mean {near[0]}?" if near else ""


def walk(answers: Answers, shown: list[str], n: int) -> tuple[list[str], int, int]:
    """Return the titles shown according to the URL, the current number, and the number of missing titles.

    A game that has been removed since then counts as shown.
    """
    slugs = list(dict.fromkeys(shown))[:PLACES]
    titles = [answers.by_slug[slug].title for slug in slugs if slug in answers.by_slug]
    n = max(n, len(slugs) + 1)
    return titles, n, n - 1 - len(slugs)


def said(budget: str, types: list[str]) -> str:
    """Return the budget and types in words."""
    return in_words(budget or None, types)
