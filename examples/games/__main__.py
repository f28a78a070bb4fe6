"""The command line of the game recommender: ``python -m examples.games --help``."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console

from examples.arguments import Parser, card_path, picture_path, whole_number, writable_path
from examples.terminal import CommandError, Terminal, run_quietly
from examples.web.backup import add_backup
from examples.web.serve import add_serve

CLASSIFIERS = ("catalogue", "complement", "multinomial", "bernoulli")


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Return 0, or 1 if a file cannot be used. Exit with 2 if an argument is wrong."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    messages = Terminal(stderr=True)
    try:
        return run_quietly(lambda: options.run(options, Terminal(), messages, options.fail), messages)
    except (CommandError, OSError) as error:
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
        choices=CLASSIFIERS,
        default="catalogue",
        help="the naive Bayes classifier (default: catalogue)",
    )

    ask = argparse.ArgumentParser(add_help=False, parents=[choose])
    ask.add_argument(
        "-b",
        "--budget",
        metavar="BUDGET",
        help="the budget: cheap (less than 5 coins per hour), standard (from 5 to less than 20) or premium "
        "(20 or more); default: any budget",
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
    command.set_defaults(run=run_command, command="recommend", fail=command.error)

    command = commands.add_parser(
        "explain", parents=[ask], help="show how much each of your choices adds to a game's score"
    )
    command.add_argument("game", metavar="GAME", help="the title of the game (not case-sensitive)")
    command.set_defaults(run=run_command, command="explain", fail=command.error)

    command = commands.add_parser(
        "types", help="list the gameplay types and the number of games of each type"
    )
    command.set_defaults(run=run_command, command="types", fail=command.error)

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
    command.set_defaults(run=run_command, command="train", fail=command.error)

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
    command.set_defaults(run=run_command, command="evaluate", fail=command.error)
    add_serve(commands, "tavern", "examples.games.web.site:create_app", 8000)
    add_backup(commands, "tavern", "examples.games.web.site:create_app")
    return parser


def run_command(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Run a command that needs the model. Importing scikit-learn takes a second, so it is done only here."""
    from examples.games.commands import run

    run(options, console, messages, fail)


def five_or_more(text: str) -> int:
    """Read a number of customers. Each of the five folds needs at least one customer."""
    if whole_number(text) < 5:
        raise argparse.ArgumentTypeError(
            f"must be at least 5, so that each of the five folds has a customer; got {text!r}"
        )
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
