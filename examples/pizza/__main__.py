"""The command line of the dough forecaster: ``python -m examples.pizza --help``."""

import argparse
import json
import shlex
import sys
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from sklearn.pipeline import Pipeline

from examples.arguments import (
    Parser,
    card_path,
    count,
    model_path,
    name_in,
    picture_path,
    unknown,
    whole_number,
    writable_path,
)
from examples.pizza.arguments import day, degree, rate, share, temperature
from examples.pizza.data import EveningsFileError
from examples.pizza.descent import descend
from examples.pizza.descent import save_picture as save_path_picture
from examples.pizza.descent import show as show_path
from examples.pizza.evaluate import evaluate, save_json, save_picture, show
from examples.pizza.model import DATA, Lesson, cross_validated, equation, read_lesson, train
from examples.pizza.settings import check_settings
from examples.pizza.table import add_table
from examples.pizza.years import LAWS
from examples.saved import load_named, load_or_train
from examples.terminal import Terminal, run_quietly
from examples.web.backup import add_backup
from examples.web.serve import add_serve
from pipelines import (
    ExtrapolationWarning,
    ModelFileError,
    TooFewRowsWarning,
    forecast,
    save_model,
    weights_in_words,
)
from pipelines.forecast import MONTHS, WEEKDAYS, ServiceLevelRegressor

MODEL = Path(__file__).parents[2] / "models" / "pizza.json"
RETRAIN = "python -m examples.pizza train"
# The card of the week's model contains these example inputs and the model's answers.
QUESTIONS = [{"reservations": n} for n in (15, 20, 30)]
ASKED = ("reservations", "temperature", "tourists", "date", "weekday", "month", "holiday", "event")


def main(arguments: list[str] | None = None) -> int:
    """Run one command. Return 0, or 1 if a file cannot be used. Exit with 2 if an argument is wrong."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    messages = Terminal(stderr=True)
    try:
        return run_quietly(lambda: options.run(options, Terminal(), messages, options.fail), messages)
    except (ModelFileError, EveningsFileError, OSError) as error:
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
    command.set_defaults(run=run_forecast, fail=command.error)


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
    command.set_defaults(run=run_train, fail=command.error)


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
    command.set_defaults(run=run_evaluate, fail=command.error)


def add_path(commands: Any) -> None:
    """Add the command that shows gradient descent."""
    command = commands.add_parser(
        "path", help="show how gradient descent approaches the best-fitting line at several learning rates"
    )
    command.add_argument(
        "--data",
        metavar="DATA",
        help=f"the evenings: {', '.join(DATA)}, or the path of a CSV or Parquet file; reservations is the "
        "only feature used (default: week)",
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
    command.set_defaults(run=run_path, fail=command.error)


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
    evening.add_argument(
        "--weekday", type=name_in("weekday", WEEKDAYS), metavar="DAY", help="the weekday, Monday to Sunday"
    )
    evening.add_argument(
        "--month", type=name_in("month", MONTHS), metavar="MONTH", help="the month, January to December"
    )
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


def run_forecast(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Print how many doughs an evening needs."""
    learned = options.data or options.features or options.degree or options.seed is not None
    if len(set(options.features or ())) < len(options.features or ()):
        fail(f"argument --feature: each feature can be given only once; got {', '.join(options.features)}")
    if learned and options.model:
        fail("argument --model: not allowed with --data, --seed, --degree or --feature")
    model = learn(options, messages, fail)[0] if learned else load_forecaster(options.model, messages)
    evening = check_evening(options, model, fail)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ExtrapolationWarning)
            warnings.simplefilter("error", TooFewRowsWarning)
            doughs = int(forecast(model, evening, options.service_level)[0])
    except (ValueError, TooFewRowsWarning) as error:  # too few evenings for this service level
        fail(f"{error} Train on more evenings with --data.")
    told = {
        "doughs": doughs,
        "evening": evening,
        "service_level": options.service_level,
        "degree": model["forecast"].regressor_.degree,
        "equation": equation(model),
        "weights": weights_in_words(model, {k: v for k, v in evening.items() if k in model["read"].range_}),
        "warnings": [str(warning.message) for warning in caught],
    }
    if options.json:
        print(json.dumps(told, indent=2))
    else:
        show_forecast(told, variable(model) if told["equation"] else "", console, messages)


def show_forecast(told: dict[str, Any], variable: str, console: Console, messages: Console) -> None:
    """Print the forecast in words, and what each feature adds."""
    for text in told["warnings"]:
        messages.print(text, style="yellow", markup=False)
    console.print(in_words(told), style="bold", markup=False)
    if told["equation"] and told["degree"] <= 3:  # the long equation of a higher degree is not readable
        console.print(f"doughs = {told['equation']}, where x is {variable}", markup=False)
    console.print("\n".join(told["weights"]), markup=False)


def run_train(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Train, cross-validate and save a model."""
    is_week = not (options.data or options.features or options.degree)
    if not (is_week or options.output):
        fail(
            "--output is required with these options, because models/pizza.json is reserved for the straight "
            "line fitted to the week"
        )
    model, lesson = learn(options, messages, fail)
    if lesson.evenings.height < 2:
        fail(f"{options.data} has too few evenings for cross-validation: at least 2 are needed, got 1")
    card = save_model(
        model,
        options.output or MODEL,
        X=lesson.evenings.drop("doughs"),
        y=lesson.evenings["doughs"],
        scores=(scores := cross_validated(model, lesson)),
        questions=QUESTIONS if is_week else questions_of(lesson),
        answer=lambda model, asked: forecast(model, asked).tolist(),
        retrain=" ".join([RETRAIN, *learned_by(options)]),
    )
    console.print(f"Trained on {lesson.evenings.height} evenings. Saved as {escape(str(card))}.")
    console.print_json(data=scores)


def run_evaluate(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Compare the forecasters."""
    report = evaluate(messages, options.years, options.seed)
    show(report, console)
    if options.json:
        save_json(report, options.json)
    if options.picture:
        save_picture(report, options.picture)


def run_path(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Print the paths of gradient descent."""
    options.features = ["reservations"]
    lesson = lesson_of(options, messages, fail)
    if lesson.evenings["reservations"].n_unique() < 2:
        fail("fitting a line requires evenings with at least 2 different numbers of reservations, got 1")
    report = descend(lesson, options.rates, options.iterations)
    show_path(report, console)
    if options.json:
        save_json(report, options.json)
    if options.picture:
        save_path_picture(report, options.picture)


def load_forecaster(card: Path | None, messages: Console) -> Pipeline:
    """Load the forecaster with the given card, or this example's own forecaster."""
    if card:
        return load_named(card, ServiceLevelRegressor, messages)
    return load_or_train(MODEL, ServiceLevelRegressor, train, RETRAIN, messages)


def learn(options: Any, messages: Console, fail: Callable) -> tuple[Pipeline, Lesson]:
    """Train the model described by the options."""
    lesson = lesson_of(options, messages, fail)
    with messages.status("Training ..."):
        return train(lesson, options.degree), lesson


def lesson_of(options: Any, messages: Console, fail: Callable) -> Lesson:
    """Read the evenings, and print which evenings are left out."""
    if options.seed is not None and options.data not in LAWS:
        fail(
            "argument --seed: only allowed with a simulated year (--data "
            f"{', '.join(LAWS[:-1])} or {LAWS[-1]})"
        )
    if (data := options.data or "week") not in DATA and not Path(data).suffix and not Path(data).exists():
        fail(f"argument --data: {unknown('data set', data, DATA)}, or the path of a CSV or Parquet file")
    try:
        lesson = read_lesson(data, tuple(options.features), options.seed or 0)
    except EveningsFileError:
        raise
    except ValueError as error:
        fail(str(error))
    if lesson.dropped:
        left_out = ", ".join(lesson.dropped[:10]) + (" and more" if len(lesson.dropped) > 10 else "")
        messages.print(
            f"Evenings left out because their number of reservations is missing: {left_out}", markup=False
        )
    return lesson


def check_evening(options: Any, model: Pipeline, fail: Callable) -> dict[str, Any]:
    """Return the features of the evening. Fail unless they are exactly the features that the model uses."""
    features = model["read"].features
    given = {name: getattr(options, name) for name in ASKED if getattr(options, name) is not None}
    if "date" in given:
        if twice := [name for name in ("weekday", "month") if name in given]:
            fail(
                f"argument --date: already sets the {' and the '.join(twice)}, so "
                f"{' and '.join(f'--{name}' for name in twice)} cannot be given"
            )
        when = given.pop("date")
        by_date = {"weekday": WEEKDAYS[when.weekday()], "month": MONTHS[when.month - 1]}
        given |= {name: value for name, value in by_date.items() if name in features}
        if not by_date.keys() & set(features):
            given["date"] = when
    if unused := [f"--{name}" for name in given if name not in features]:
        fail(
            f"the model only uses {', '.join(features)}, so {', '.join(unused)} cannot be given; "
            "to use other features, train a model with --data"
        )
    given |= {name: False for name in ("holiday", "event") if name in features and name not in given}
    if missing := [f"--{name}" for name in features if name not in given]:
        fail(f"the model needs {', '.join(features)}; missing: {', '.join(missing)}")
    return {name: given[name] for name in features}


def in_words(told: dict[str, Any]) -> str:
    """Return the answer in words, such as "53 doughs for 15 reservations"."""
    units = {"reservations": "reservations", "temperature": "degrees", "tourists": "tourists"}
    evening = told["evening"]
    parts = [f"{evening[name]:g} {unit}" for name, unit in units.items() if name in evening]
    parts += [str(evening[name]) for name in ("weekday", "month") if name in evening]
    parts += [
        {"event": "an event", "holiday": "a holiday"}[k] for k in ("holiday", "event") if evening.get(k)
    ]
    level = told["service_level"]
    enough = f": enough on {100 * level:.4g}% of evenings" if level else ""
    return f"{told['doughs']} doughs for {', '.join(parts)}{enough}"


def variable(model: Pipeline) -> str:
    """Return a description of the model's only feature, for the equation."""
    (name,) = model["read"].features
    return "the temperature" if name == "temperature" else f"the number of {name}"


def learned_by(options: Any) -> list[str]:
    """Return the arguments that repeat this training, quoted for a shell."""
    named = {"--data": options.data, "--seed": options.seed, "--degree": options.degree}
    given = [(name, value) for name, value in named.items() if value is not None]
    given += [("--feature", name) for name in options.features]
    return [shlex.quote(str(word)) for pair in given for word in pair]


def questions_of(lesson: Lesson) -> list[dict[str, Any]]:
    """Return the first three evenings as example inputs for the card."""
    rows = lesson.evenings.drop("doughs").head(3).iter_rows(named=True)
    return [
        {name: value if not isinstance(value, date) else value.isoformat() for name, value in row.items()}
        for row in rows
    ]


if __name__ == "__main__":
    sys.exit(main())
