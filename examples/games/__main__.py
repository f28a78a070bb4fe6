"""The command line of the game recommender: ``python -m examples.games --help``."""

import argparse
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

from examples.arguments import Parser, card_path, picture_path, unknown, whole_number, writable_path
from examples.games.data import BUDGETS, GamesFileError, load_games
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
from examples.terminal import Terminal, run_quietly
from examples.web.backup import add_backup
from examples.web.serve import add_serve
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


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Return 0, or 1 if a file cannot be used. Exit with 2 if an argument is wrong."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    messages = Terminal(stderr=True)
    try:
        return run_quietly(lambda: options.run(options, Terminal(), messages, options.fail), messages)
    except (ModelFileError, GamesFileError, NoSettingError, OSError) as error:
        messages.print(f"{error}", style="red", markup=False)
        return 1


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with all commands."""
    parser = Parser(
        prog="python -m examples.games",
        description="Recommend games by budget and gameplay type, and explain each recommendation. The saved "
        "model is models/games.json.",
        epilog="example: python -m examples.games recommend --budget cheap --type Adventure --type Platform",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    choose = argparse.ArgumentParser(add_help=False)
    choose.add_argument(
        "--classifier",
        choices=tuple(CLASSIFIERS),
        default="catalogue",
        help="the naive Bayes classifier (default: catalogue)",
    )

    ask = argparse.ArgumentParser(add_help=False, parents=[choose])
    ask.add_argument(
        "-b",
        "--budget",
        metavar="BUDGET",
        help=f"the budget: {BUDGETS[0]} (less than 5 coins per hour), {BUDGETS[1]} (from 5 to less than "
        f"20) or {BUDGETS[2]} (20 or more); default: any budget",
    )
    ask.add_argument(
        "-t",
        "--type",
        action="append",
        default=[],
        dest="types",
        metavar="TYPE",
        help="a gameplay type, such as Puzzle (the types command lists all of them); can be given more than "
        "once",
    )
    ask.add_argument("--json", action="store_true", help="print the answer as JSON")

    command = commands.add_parser("recommend", parents=[ask], help="recommend games, best first")
    command.add_argument(
        "-k",
        "--count",
        type=whole_number,
        default=5,
        metavar="K",
        help="number of games to recommend (default: 5)",
    )
    command.add_argument(
        "-x",
        "--exclude",
        action="append",
        default=[],
        metavar="GAME",
        help="a game to exclude; can be given more than once",
    )
    command.add_argument(
        "--why",
        action="store_true",
        help="add a column that shows how much each of your choices adds to the score",
    )
    command.set_defaults(run=run_recommend, fail=command.error)

    command = commands.add_parser(
        "explain", parents=[ask], help="show how much each of your choices adds to a game's score"
    )
    command.add_argument("game", metavar="GAME", help="the title of the game (not case-sensitive)")
    command.set_defaults(run=run_explain, fail=command.error)

    command = commands.add_parser(
        "types", help="list the gameplay types and the number of games of each type"
    )
    command.set_defaults(run=run_types, fail=command.error)

    command = commands.add_parser(
        "train", parents=[choose], help="train the model, cross-validate it and save it"
    )
    command.add_argument(
        "--output",
        type=card_path,
        metavar="CARD",
        help="where to save the model (default: models/games.json, or models/games-CLASSIFIER.json for a "
        "classifier other than catalogue)",
    )
    command.set_defaults(run=run_train, fail=command.error)

    command = commands.add_parser(
        "evaluate", help="compare recommenders by cross-validation on simulated rentals"
    )
    command.add_argument(
        "--customers",
        type=five_or_more,
        default=2000,
        metavar="N",
        help="number of simulated customers, at least 5 (default: 2000)",
    )
    command.add_argument(
        "--simulation",
        choices=("plain", "hidden"),
        default="plain",
        help="how to simulate customers: plain (they rent games that match their requests) or hidden (they "
        "also have a history, and tastes that they do not mention); default: plain",
    )
    command.add_argument(
        "--training-customers",
        type=whole_number,
        metavar="N",
        help="train each model on the rentals of only N customers, and test it on N others; implies "
        "--no-search (default: five-fold cross-validation)",
    )
    command.add_argument(
        "--no-search", action="store_true", help="skip the search for the best hyperparameters"
    )
    command.add_argument(
        "--json", type=writable_path, metavar="FILE", help="write the scores to this file as JSON"
    )
    command.add_argument(
        "--picture",
        type=picture_path,
        metavar="FILE",
        help="plot the scores and save the plot to this .svg or .png file",
    )
    command.set_defaults(run=run_evaluate, fail=command.error)
    add_serve(commands, "tavern", "examples.games.web.site:create_app", 8000)
    add_backup(commands, "tavern", "examples.games.web.site:create_app")
    return parser


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


def five_or_more(text: str) -> int:
    """Read a number of customers. Each of the five folds needs at least one customer."""
    if whole_number(text) < 5:
        raise argparse.ArgumentTypeError(
            f"must be at least 5, so that each of the five folds has a customer; got {text!r}"
        )
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
