"""The commands of the dough forecaster that need a model; ``__main__.py`` reads their options."""

import json
import shlex
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from sklearn.pipeline import Pipeline

from examples.arguments import unknown
from examples.pizza.data import EveningsFileError
from examples.pizza.descent import descend
from examples.pizza.descent import save_picture as save_path_picture
from examples.pizza.descent import show as show_path
from examples.pizza.evaluate import evaluate, save_json, save_picture, show
from examples.pizza.model import DATA, Lesson, cross_validated, equation, read_lesson, train
from examples.pizza.table import run_table
from examples.pizza.years import LAWS
from examples.saved import load_named, load_or_train
from examples.terminal import CommandError
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


def run(options: Any, console: Console, messages: Console, fail: Callable) -> None:
    """Run a command. Raise CommandError if a file cannot be used."""
    commands = {
        "forecast": run_forecast,
        "train": run_train,
        "evaluate": run_evaluate,
        "path": run_path,
        "table": run_table,
    }
    try:
        commands[options.command](options, console, messages, fail)
    except (ModelFileError, EveningsFileError) as error:
        raise CommandError(str(error)) from error


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
