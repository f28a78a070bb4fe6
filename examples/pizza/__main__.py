"""The command line of the dough forecaster: ``python -m examples.pizza --help``."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console

from examples.arguments import (
    Parser,
    card_path,
    count,
    model_path,
    picture_path,
    whole_number,
    writable_path,
)
from examples.pizza.arguments import assignment, day, degree, month, rate, share, temperature, weekday
from examples.pizza.settings import check_settings
from examples.terminal import CommandError, Terminal, run_quietly
from examples.web.backup import add_backup
from examples.web.serve import add_serve


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
        prog="python -m examples.pizza",
        description="Forecast how many pizza doughs to prepare tonight; each pizza needs one dough. The "
        "saved model, a straight line fitted to one week, is models/pizza.json.",
        epilog="example: python -m examples.pizza forecast --reservations 15",
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    learn = learning_options()
    add_forecast(commands, learn)
    add_train(commands, learn)
    add_evaluate(commands)
    add_path(commands)
    add_table(commands)

    more = (
        "PIZZERIA_TIMEZONE sets the restaurant's time zone (default: Europe/Rome). PIZZERIA_PRIVATE=yes puts "
        "the forecasts and figures behind the login, and PIZZERIA_PRIVATE=no shows them to everybody "
        "(default: yes if DATABASE_URL is set). PIZZERIA_COUNTRY decides how dates in imported files are "
        "read (default: IT, where 01/02/2026 is 1 February; in US, it is 2 January)."
    )
    add_serve(commands, "pizzeria", "examples.pizza.web.site:create_app", 8001, check_settings, more)
    add_backup(commands, "pizzeria", "examples.pizza.web.site:create_app")
    return parser


def add_forecast(commands: Any, learn: argparse.ArgumentParser) -> None:
    """Add the command that forecasts an evening."""
    command = commands.add_parser(
        "forecast",
        parents=[evening_options(), learn],
        help="forecast how many doughs an evening needs, and show what each feature adds",
    )
    command.add_argument(
        "--service-level",
        type=share,
        metavar="S",
        help="the share of evenings on which there should be enough dough, such as 0.9 (default: forecast "
        "the average, which is enough on about half of the evenings)",
    )
    command.add_argument(
        "--model",
        type=model_path,
        metavar="CARD",
        help="the card of a model saved by the train command (default: models/pizza.json); cannot be "
        "combined with the training options",
    )
    command.add_argument("--json", action="store_true", help="print the answer as JSON")
    command.set_defaults(run=run_command, command="forecast", fail=command.error)


def add_train(commands: Any, learn: argparse.ArgumentParser) -> None:
    """Add the command that trains and saves a model."""
    command = commands.add_parser(
        "train", parents=[learn], help="train a model, cross-validate it and save it"
    )
    command.add_argument(
        "--output",
        type=card_path,
        metavar="CARD",
        help="where to save the model (default: models/pizza.json); required if any other option is given",
    )
    command.set_defaults(run=run_command, command="train", fail=command.error)


def add_evaluate(commands: Any) -> None:
    """Add the command that compares models."""
    command = commands.add_parser(
        "evaluate",
        help="compare polynomial degrees, features and service levels on held-out evenings",
    )
    command.add_argument(
        "--years", type=whole_number, default=10, metavar="N", help="number of simulated years (default: 10)"
    )
    command.add_argument(
        "--seed",
        type=count,
        default=0,
        metavar="N",
        help="random seed of the first simulated year (default: 0)",
    )
    add_files(command, "forecast errors")
    command.set_defaults(run=run_command, command="evaluate", fail=command.error)


def add_path(commands: Any) -> None:
    """Add the command that shows gradient descent."""
    command = commands.add_parser(
        "path", help="show how gradient descent approaches the best-fitting line at several learning rates"
    )
    command.add_argument(
        "--data",
        metavar="DATA",
        help="the evenings: week, linear, logarithmic, full, or the path of a CSV or Parquet file; "
        "reservations is the only feature used (default: week)",
    )
    command.add_argument(
        "--seed", type=count, metavar="N", help="random seed for simulating the year (default: 0)"
    )
    command.add_argument(
        "--rate",
        action="append",
        type=rate,
        dest="rates",
        metavar="R",
        help="a learning rate; can be given more than once (default: four rates around the largest one that "
        "converges)",
    )
    command.add_argument(
        "--iterations",
        type=whole_number,
        default=10_000,
        metavar="N",
        help="number of gradient descent steps (default: 10000)",
    )
    add_files(command, "descent paths")
    command.set_defaults(run=run_command, command="path", fail=command.error)


def add_table(commands: Any) -> None:
    """Add the command to the parser."""
    command = commands.add_parser(
        "table",
        help="forecast from a file with any column names, for example of daily sales",
        description="Forecast a column of your own CSV or Parquet file, with a range. By default, the row to "
        "forecast follows the last one: the next day of daily sales, the next hour or week of others.",
    )
    add_columns(command)
    command.add_argument(
        "--row",
        action="append",
        default=[],
        type=assignment,
        metavar="COLUMN=VALUE",
        help="a value of the row to forecast, or nothing after the = if it is not known; needed for each "
        "column except the date",
    )
    command.add_argument(
        "--service-level", type=share, metavar="S", help="also print what is enough with this probability"
    )
    command.add_argument("--json", action="store_true", help="print the answer as JSON")
    command.set_defaults(run=run_command, command="table", fail=command.error)


def add_columns(command: argparse.ArgumentParser) -> None:
    """Add the options that describe the file."""
    command.add_argument("--data", required=True, metavar="FILE", help="the CSV or Parquet file")
    command.add_argument("--target", required=True, metavar="COLUMN", help="the column to forecast")
    command.add_argument("--date", metavar="COLUMN", help="the column of dates, such as 2025-06-13")
    command.add_argument(
        "--date-format",
        metavar="FORM",
        help="the form of the dates, such as %%d/%%m/%%Y; needed if it is not clear, as in 01/02/2025",
    )
    command.add_argument(
        "--holidays", metavar="COUNTRY", help="a country, such as IT, whose public holidays matter"
    )
    for kind, words in (
        ("number", "a column of numbers"),
        ("category", "a column of categories"),
        ("flag", "a column of true and false, or yes and no"),
    ):
        command.add_argument(
            f"--{kind}",
            action="append",
            default=[],
            metavar="COLUMN",
            help=f"{words}; can be given more than once",
        )


def add_files(command: argparse.ArgumentParser, results: str) -> None:
    """Add the options that write the results to files."""
    command.add_argument(
        "--json", type=writable_path, metavar="FILE", help=f"write the {results} to this file as JSON"
    )
    command.add_argument(
        "--picture",
        type=picture_path,
        metavar="FILE",
        help="plot the result and save the plot to this .svg or .png file",
    )


def evening_options() -> argparse.ArgumentParser:
    """Return the options that describe the evening."""
    ask = argparse.ArgumentParser(add_help=False)
    evening = ask.add_argument_group("the evening (give exactly the features that the model uses)")
    evening.add_argument("-r", "--reservations", type=count, metavar="N", help="number of reservations")
    evening.add_argument(
        "--date",
        type=day,
        metavar="DATE",
        help="the date as YYYY-MM-DD; determines the weekday and the month",
    )
    evening.add_argument("--weekday", type=weekday, metavar="DAY", help="the weekday, Monday to Sunday")
    evening.add_argument("--month", type=month, metavar="MONTH", help="the month, January to December")
    evening.add_argument(
        "--temperature", type=temperature, metavar="C", help="temperature in degrees Celsius, from -60 to 60"
    )
    evening.add_argument("--tourists", type=count, metavar="N", help="number of tourists in town")
    evening.add_argument(
        "--holiday", action="store_const", const=True, help="the evening falls on a public holiday"
    )
    evening.add_argument(
        "--event",
        action="store_const",
        const=True,
        help="there is a special event in town, such as a concert",
    )
    return ask


def learning_options() -> argparse.ArgumentParser:
    """Return the options that choose the training data and the model."""
    learn = argparse.ArgumentParser(add_help=False)
    group = learn.add_argument_group("training (with any of these options, a new model is trained first)")
    group.add_argument(
        "--data",
        metavar="DATA",
        help="the training data: week (one week), linear or logarithmic (a simulated year in which the "
        "doughs depend only on the reservations), full (a simulated year in which they also depend on the "
        "weekday, month, temperature, tourists, holidays and events), or the path of a CSV or Parquet file "
        "with the columns reservations and doughs and, optionally, date and the other features of a full "
        "year; default: week",
    )
    group.add_argument(
        "--seed", type=count, metavar="N", help="random seed for simulating the year (default: 0)"
    )
    group.add_argument(
        "--degree",
        type=degree,
        metavar="N",
        help="degree of the polynomial, from 1 to 10 (default: chosen by cross-validation, or 1 if there are "
        "fewer than 30 evenings)",
    )
    group.add_argument(
        "--feature",
        action="append",
        default=[],
        dest="features",
        metavar="NAME",
        help="a feature to use; can be given more than once (default: only reservations; with a file or "
        "the full year, all features)",
    )
    return learn


def run_command(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Run a command that needs a model. Importing scikit-learn takes a second, so it is done only here."""
    from examples.pizza.commands import run

    run(options, console, messages, fail)


if __name__ == "__main__":
    sys.exit(main())
