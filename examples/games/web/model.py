"""The tavern's model: training from the database, updates from rentals, and the data that requests read."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import groupby, islice
from typing import Any, NamedTuple

import polars as pl
from sklearn.pipeline import Pipeline
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from estimators import CatalogueNB, MultiHotEncoder, OneHotEncoder
from examples.games.data import BUDGETS, budget_of
from examples.games.web.tables import Console, Game, GameType, Rental, RentalType
from examples.web.live import Learner
from pipelines import compile_recommender, game_recommender, update

RENTALS = "rentals"  # what an explanation calls the part of the score that does not depend on the request


class NoGamesError(ValueError):
    """Error raised when there are no games to recommend."""


class Fact(NamedTuple):
    """The facts about a game that are shown with a recommendation."""

    title: str
    slug: str
    year: int
    console: str
    developer: str
    cost: float
    budget: str
    types: tuple[str, ...]
    photo: str | None


class Suggestion(NamedTuple):
    """A game and its score."""

    game: Fact
    score: float


class Reason(NamedTuple):
    """How much a budget or type adds to a game's score, and whether the game has it."""

    name: str
    has: bool
    adds: float


class Answers:
    """The immutable data that requests read: a model, its games, and its known budgets and types."""

    def __init__(self, model: Pipeline, facts: Mapping[str, Fact]) -> None:
        self.facts = facts
        self.by_slug = {fact.slug: fact for fact in facts.values()}
        self.budgets = list(BUDGETS)
        encoder = model["encode"].named_transformers_["gameplay_types"]
        self.types: list[str] = encoder.categories_[0].tolist()
        self._model, self._compiled = model, compile_recommender(model)
        self._known = frozenset(model.classes_.tolist())
        self._gone = [title for title in model.classes_.tolist() if title not in facts]

    def recommend(
        self, budget: str | None, types: Sequence[str], k: int, exclude: Iterable[str] = ()
    ) -> list[Suggestion]:
        """Return the k best games. Without a budget and types, these are the games with the most rentals."""
        if not budget and not types:
            return self._most_rented(k, set(exclude))
        asked = {"budget": budget, "gameplay_types": list(types)}
        excluded = [*self._known.intersection(exclude), *self._gone]
        titles, scores = self._compiled.recommend(asked, k, exclude=excluded)
        return [Suggestion(self.facts[title], score) for title, score in zip(titles, scores, strict=True)]

    def explain(self, budget: str | None, types: Sequence[str], title: str) -> dict[str, float]:
        """Return how much the budget, each type and the rentals add to a game's score, largest first."""
        if not budget and not types:
            return {RENTALS: float(self.n_rentals(title))}
        adds = self._compiled.explain({"budget": budget, "gameplay_types": list(types)}, title)
        return {RENTALS if name == "(prior)" else name: amount for name, amount in adds.items()}

    def reasons(self, adds: Mapping[str, float], title: str) -> list[Reason]:
        """Return the explained budget and types, starting with those that the game has."""
        game = self.facts[title]
        parts = [(*name.split("=", 1), amount) for name, amount in adds.items() if name != RENTALS]
        found = [
            Reason(value, value == game.budget if column == "budget" else value in game.types, amount)
            for column, value, amount in parts
        ]
        return sorted(found, key=lambda reason: not reason.has)

    def n_rentals(self, title: str) -> int:
        """Return the number of rentals of a game that the model has learned."""
        return self._rentals.get(title, 0)

    def _most_rented(self, k: int, exclude: set[str]) -> list[Suggestion]:
        """Return the games with the most rentals, for requests without a budget and types."""
        allowed = (title for title in self._by_rentals if title not in exclude)
        return [Suggestion(self.facts[title], float(self._rentals[title])) for title in islice(allowed, k)]

    @cached_property
    def _rentals(self) -> dict[str, int]:
        classifier = self._model["classify"]
        counts = classifier.class_count_.astype(int).tolist()
        learned = zip(classifier.classes_.tolist(), counts, strict=True)
        return {title: n for title, n in learned if title in self.facts}

    @cached_property
    def _by_rentals(self) -> list[str]:
        return sorted(self._rentals, key=lambda title: (-self._rentals[title], title))


class NoAnswers(Answers):
    """The same for a tavern without games: there is nothing to recommend."""

    def __init__(self) -> None:
        self.facts, self.by_slug, self.budgets, self.types = {}, {}, list(BUDGETS), []

    def recommend(
        self, budget: str | None, types: Sequence[str], k: int, exclude: Iterable[str] = ()
    ) -> list[Suggestion]:
        """Return no games."""
        return []

    def n_rentals(self, title: str) -> int:
        """Return 0."""
        return 0


def lacks_games(session: Session) -> bool:
    """Return whether there is no game to recommend."""
    return session.scalar(select(Game.id).where(Game.top_rated).limit(1)) is None


def train(session: Session) -> Pipeline:
    """Return a recommender trained on all top-rated games and their rentals."""
    games = read_facts(session)
    if not games:
        raise NoGamesError("no game is top rated, and only top rated games are recommended")
    rentals = [row for row in read_rentals(session) if row[0] in games]
    types = sorted({name for game in games.values() for name in game.types})
    rules = {"handle_unknown": "ignore", "missing": "ignore", "feature_name_combiner": "equals"}
    described, titles = learnable([(game.title, game.budget, list(game.types)) for game in games.values()])
    recommender = game_recommender(
        budget_encoder=OneHotEncoder(categories=[list(BUDGETS)], **rules),
        types_encoder=MultiHotEncoder(categories=[types], **rules),
        catalogue=described.with_columns(title=pl.Series(titles)),
        label="title",
    )
    return recommender.fit(*learnable(rentals))


def learn_rentals(model: Pipeline, session: Session, since: int, upto: int) -> Pipeline:
    """Return a copy that has learned the rentals of a range of versions, for the games that it knows."""
    known = set(model.classes_.tolist())
    rows = [row for row in read_rentals(session, since, upto) if row[0] in known]
    return update(copy.deepcopy(model), *learnable(rows)) if rows else model


def compile_answers(model: Pipeline | None, session: Session, previous: Answers | None) -> Answers:
    """Return the data that requests read. Rentals do not change any facts about games."""
    if model is None:
        return NoAnswers()
    return Answers(model, previous.facts if previous else read_facts(session))


def learnable(rows: Sequence[tuple[str, str | None, list[str]]]) -> tuple[pl.DataFrame, list[str]]:
    """Return requests as a frame, and the titles that were rented."""
    schema = {"budget": pl.String, "gameplay_types": pl.List(pl.String)}
    columns = {"budget": [row[1] for row in rows], "gameplay_types": [row[2] for row in rows]}
    return pl.DataFrame(columns, schema=schema), [row[0] for row in rows]


def read_facts(session: Session) -> dict[str, Fact]:
    """Return the facts about the games that can be recommended, by title."""
    types = lists_by_id(session, select(GameType.game_id, GameType.name), GameType.game_id, GameType.place)
    columns = (
        Game.id,
        Game.title,
        Game.slug,
        Game.year,
        Console.name,
        Game.developer,
        Game.cents,
        Game.photo,
    )
    query = select(*columns).join(Console).where(Game.top_rated).order_by(Game.title)
    return {
        title: Fact(
            title,
            slug,
            year,
            console,
            developer,
            cents / 100,
            budget_of(cents / 100),
            tuple(types.get(i, ())),
            photo,
        )
        for i, title, slug, year, console, developer, cents, photo in session.execute(query)
    }


def read_rentals(
    session: Session, since: int | None = None, upto: int | None = None
) -> list[tuple[str, str | None, list[str]]]:
    """Return what to learn, as titles, budgets and types: all, or what has since < version <= upto."""
    types = select(RentalType.rental_id, RentalType.name)
    rentals = select(Rental.id, Game.title, Rental.budget).join(Game).where(Rental.learned)
    if since is not None:
        new = Rental.version > since, Rental.version <= upto
        types, rentals = types.join(Rental).where(*new), rentals.where(*new)
    by_id = lists_by_id(session, types, RentalType.rental_id, RentalType.place)
    query = rentals.order_by(Rental.version, Rental.id)
    return [(title, budget, by_id.get(i, [])) for i, title, budget in session.execute(query)]


def lists_by_id(session: Session, query: Select, *order: Any) -> dict[int, list[str]]:
    """Return the list of names of each id."""
    rows = session.execute(query.order_by(*order))
    return {i: [name for _, name in group] for i, group in groupby(rows, key=lambda row: row[0])}


LEARNER = Learner(train, compile_answers, CatalogueNB, learn_rentals, lacks=lacks_games)
