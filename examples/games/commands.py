"""The commands of the game recommender that need its model; ``__main__.py`` reads their options."""

import json
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sklearn.pipeline import Pipeline

from examples.arguments import unknown
from examples.games.data import GamesFileError, load_games
from examples.games.evaluate import (
    CriteriaScorer,
    NoSettingError,
    evaluate,
    judge,
    save_json,
    save_picture,
    show,
)
from examples.games.model import (
    CLASSIFIERS,
    Word,
    load_training_data,
    question,
    question_rows,
    tavern_recommender,
    train,
)
from examples.games.words import in_words
from examples.saved import load_or_train
from examples.terminal import CommandError
from pipelines import ModelFileError, UnknownQuestionWarning, explain, recommend, save_model

MODELS = Path(__file__).parents[2] / "models"
MODEL = MODELS / "games.json"
RETRAIN = "python -m examples.games train"
PRIOR, BEFORE = "(prior)", "before your choices"  # a part of the score, and what the tables call it
QUESTIONS = [  # the model's card contains these example requests and the model's answers
    {"budget": "cheap", "gameplay_types": ["Adventure", "Platform"]},
    {"budget": "premium", "gameplay_types": ["Racing"]},
    {"budget": None, "gameplay_types": ["Puzzle"]},
]


def run(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Run a command. Raise CommandError if a file cannot be used."""
    commands = {
        "recommend": run_recommend,
        "explain": run_explain,
        "types": run_types,
        "train": run_train,
        "evaluate": run_evaluate,
    }
    try:
        commands[options.command](options, console, messages, fail)
    except (ModelFileError, GamesFileError, NoSettingError) as error:
        raise CommandError(str(error)) from error


def run_recommend(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Print the best games for the user's choices."""
    model, games = load_recommender(messages, options.classifier), catalogue()
    budget, types = check_question(options, model, fail)
    excluded = [check("game", game, games, fail) for game in options.exclude]
    asked = question(budget, types)
    if budget is None and not types:
        messages.print("You did not ask for anything, so these are the most popular games.")
    with warnings.catch_warnings(action="ignore", category=UnknownQuestionWarning):
        titles, scores = recommend(model, asked, options.count, exclude=excluded)
    suggestions = [
        suggestion(place, games[title], float(score), explain(model, asked, title))
        for place, (title, score) in enumerate(zip(titles[0], scores[0], strict=True), start=1)
    ]
    if options.json:
        print(json.dumps(suggestions, indent=2, ensure_ascii=not is_unicode()))
        return
    table = Table(
        title=f"{in_words(budget, types)}: top {len(suggestions)}", caption=f"chosen from {len(games)} games"
    )
    table.add_column("", justify="right")
    table.add_column("game", style="bold")
    table.add_column("cost/hour", justify="right")
    table.add_column("matches")
    rentals = rentals_of(model)
    if rentals:
        table.add_column("rentals", justify="right")
    if options.why:
        table.add_column("reasons (contributions to the score)")
    for row in suggestions:
        told = [escape(row["game"]), f"{row['cost']:.2f}", matches(row, budget, types)]
        told += [f"{rentals.get(row['game'], 0):.0f}"] if rentals else []
        table.add_row(str(row["rank"]), *told, *([why(row)] if options.why else []))
    console.print(table)


def run_explain(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Print how much each of the user's choices adds to the score of a game."""
    model, games = load_recommender(messages, options.classifier), catalogue()
    budget, types = check_question(options, model, fail)
    if budget is None and not types:
        fail("at least one of --budget and --type is required")
    game = games[check("game", options.game, games, fail)]
    reasons = explain(model, question(budget, types), game["title"])
    if options.json:
        print(
            json.dumps({"game": game["title"], "score": sum(reasons.values()), "reasons": reasons}, indent=2)
        )
        return
    table = Table(title=escape(f"{in_words(budget, types)}: {game['title']}"))
    table.add_column("choice")
    table.add_column("game matches")
    table.add_column("adds to score", justify="right")
    for feature, amount in reasons.items():
        met = "" if feature == PRIOR else "yes" if has(game, feature) else "no"
        table.add_row(BEFORE if feature == PRIOR else feature, met, f"{amount:.3f}")
    table.add_section()
    table.add_row("score", "", f"{sum(reasons.values()):.3f}")
    console.print(table)


def run_types(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Print the gameplay types that the model knows, and the number of games of each."""
    counts = load_games().filter(pl.col("top_rated"))["gameplay_types"].explode().value_counts()
    of_type = dict(counts.iter_rows())
    table = Table(title="Gameplay types")
    table.add_column("type")
    table.add_column("games", justify="right")
    for name in known_categories(load_recommender(messages))[1]:
        table.add_row(name, str(of_type.get(name, 0)))
    console.print(table)


def run_train(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Train, cross-validate and save the model."""
    with messages.status("Training ..."):
        model = train(options.classifier)
    games, rentals = load_training_data()
    with messages.status("Cross-validating ..."):
        judged = judge(tavern_recommender(games, options.classifier), games, rentals)
    scores = {
        "cross-validated": {name: round(value, 4) for name, value in judged.items() if "ms" not in name}
    }
    scores["saved model"] = {
        what: round(CriteriaScorer(games, what)(model), 4) for what in ("budget", "type", "both")
    }
    rows = pl.concat([question_rows(games), question_rows(rentals)])
    titles = [*games["title"], *rentals["title"]]
    card = save_model(
        model,
        options.output or card_of(options.classifier),
        X=rows,
        y=titles,
        scores=scores,
        questions=QUESTIONS,
        answer=lambda model, asked: recommend(model, asked, 5)[0].tolist(),
        retrain=retraining(options.classifier),
    )
    console.print(
        f"Trained on {games.height} games and {rentals.height} rentals. Saved as {escape(str(card))}."
    )
    console.print_json(data=scores)


def run_evaluate(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Compare the recommenders."""
    few = options.training_customers
    if few is not None and 2 * few > options.customers:
        fail(f"--training-customers must be at most half of the {options.customers} customers; got {few}")
    search = few is None and not options.no_search
    report = evaluate(messages, options.customers, search, options.simulation, few)
    show(report, console)
    if options.json:
        save_json(report, options.json)
    if options.picture:
        save_picture(report, options.picture)


def load_recommender(messages: Console, classifier: Word = "catalogue") -> Pipeline:
    """Load this example's own model, or train one with another classifier unless it was saved."""
    card, retrain = card_of(classifier), retraining(classifier)
    return load_or_train(card, CLASSIFIERS[classifier], lambda: train(classifier), retrain, messages)


def card_of(classifier: Word) -> Path:
    """Return where the model with a classifier is saved."""
    return MODEL if classifier == "catalogue" else MODELS / f"games-{classifier}.json"


def retraining(classifier: Word) -> str:
    """Return the command that trains and saves the model with a classifier."""
    return RETRAIN if classifier == "catalogue" else f"{RETRAIN} --classifier {classifier}"


def rentals_of(model: Pipeline) -> dict[str, float]:
    """Return the number of rentals of each game, or nothing if the model counts the catalogue too."""
    classifier = model["classify"]
    if not isinstance(classifier, CLASSIFIERS["catalogue"]):
        return {}
    return dict(zip(classifier.classes_.tolist(), classifier.class_count_.tolist(), strict=True))


def catalogue() -> dict[str, dict]:
    """Return the games that the tavern recommends, by title."""
    return {game["title"]: game for game in load_games().filter(pl.col("top_rated")).iter_rows(named=True)}


def known_categories(model: Pipeline) -> tuple[list[str], list[str]]:
    """Return the budgets and the gameplay types that the model knows."""
    encoders = model["encode"].named_transformers_
    return tuple(encoders[name].categories_[0].tolist() for name in ("budget", "gameplay_types"))


def check_question(options: Any, model: Pipeline, fail: Callable) -> tuple[str | None, list[str]]:
    """Return the requested budget and types in the model's spelling."""
    budgets, types = known_categories(model)
    budget = None if options.budget is None else check("budget", options.budget, budgets, fail)
    return budget, [check("type", name, types, fail) for name in options.types]


def check(kind: str, name: str, known: Iterable[str], fail: Callable) -> str:
    """Return the known name that equals `name`, ignoring case. Otherwise, fail and list the known names."""
    by_lower_case = {word.lower(): word for word in known}
    if name.lower() not in by_lower_case:
        fail(unknown(kind, name, by_lower_case.values()))
    return by_lower_case[name.lower()]


def suggestion(rank: int, game: dict, score: float, reasons: dict[str, float]) -> dict:
    """Return the facts about a recommended game, its score and the reasons."""
    told = ("console", "year", "cost", "budget", "gameplay_types")
    return {
        "rank": rank,
        "game": game["title"],
        **{key: game[key] for key in told},
        "score": score,
        "reasons": reasons,
    }


def matches(game: dict, budget: str | None, types: list[str]) -> str:
    """Return which of the user's choices a game matches: all, or their names."""
    asked = [f"budget={budget}"] if budget else []
    asked += [f"gameplay_types={name}" for name in types]
    met = [feature.split("=", 1)[1] for feature in asked if has(game, feature)]
    return "all" if len(met) == len(asked) else escape(", ".join(met)) or "none"


def why(row: dict) -> str:
    """Return the reasons in one line. Features that the game does not match are marked."""
    parts = []
    for feature, amount in row["reasons"].items():
        name = BEFORE if feature == PRIOR else escape(feature.split("=", 1)[1])
        is_met = feature == PRIOR or has(row, feature)
        parts.append(f"{name} {amount:+.3f}" if is_met else f"[dim]{name} {amount:+.3f} (no match)[/dim]")
    return ", ".join(parts)


def has(game: dict, feature: str) -> bool:
    """Return whether a game has a feature such as "budget=cheap"."""
    column, value = feature.split("=", 1)
    return value in game[column] if column == "gameplay_types" else game[column] == value


def is_unicode() -> bool:
    """Return whether the output supports all characters. If it does not, JSON is written in ASCII."""
    return (sys.stdout.encoding or "").lower().startswith("utf")
