"""Evaluate the pizzeria's forecasters on held-out evenings, with scikit-learn's tools."""

import json
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table
from sklearn.base import BaseEstimator, clone
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import Pipeline

from examples.pizza.data import features_of
from examples.pizza.model import CURVED_DEGREES, FOLDS
from examples.pizza.years import simulate_year
from pipelines import ExtrapolationWarning, dough_forecaster, forecast

HELD_OUT = 0.25  # share of the evenings
LEVELS = (0.8, 0.9, 0.95)
RESERVATIONS = ("reservations",)


def split(year: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the training evenings and the held-out evenings."""
    return train_test_split(year, test_size=HELD_OUT, random_state=seed)


def errors(model: BaseEstimator, training: pl.DataFrame, held_out: pl.DataFrame) -> tuple[float, float]:
    """Return the mean absolute errors on held-out evenings and in cross-validation on training evenings."""
    fitted = clone(model).fit(training, training["doughs"])
    on_held_out = mean_absolute_error(held_out["doughs"], fitted.predict(held_out))
    scores = cross_val_score(model, training, training["doughs"], cv=FOLDS, scoring="neg_mean_absolute_error")
    return float(on_held_out), float(-scores.mean())


def judge_degrees(seed: int) -> dict[str, Any]:
    """Compare the degrees on a logarithmic year.

    The best degree is chosen from the training evenings alone.
    """
    training, held_out = split(simulate_year("logarithmic", seed), seed)
    judged = {
        degree: errors(dough_forecaster(RESERVATIONS, degree, cv=0), training, held_out)
        for degree in CURVED_DEGREES
    }
    chosen = min(judged, key=lambda degree: judged[degree][1])
    judged |= {"chosen": judged[chosen], "the law": (law_error(held_out), law_error(training))}
    return {"chosen": chosen, "errors": judged}


def law_error(evenings: pl.DataFrame) -> float:
    """Return the error of forecasting with the true law, which no model can beat on average."""
    law = 9.55 * np.log2(evenings["reservations"].to_numpy()) + 15
    return float(mean_absolute_error(evenings["doughs"], law))


def recipes(features: tuple[str, ...]) -> dict[str, BaseEstimator]:
    """Return the recipes to compare on the full year, by name."""
    encode = dough_forecaster(features, cv=0)[:-1]
    return {
        "always the mean": Pipeline([*encode.steps, ("forecast", DummyRegressor())]),
        "reservations, a straight line": dough_forecaster(RESERVATIONS, 1, cv=0),
        "reservations, degree 2": dough_forecaster(RESERVATIONS, 2, cv=0),
        "all features, degree 1": dough_forecaster(features, 1, cv=0),
        "all features, degree 2": dough_forecaster(features, 2, cv=0),
        "all features, degree 3": dough_forecaster(features, 3, cv=0),
        "all features, gradient boosted trees": Pipeline(
            [*encode.steps, ("forecast", GradientBoostingRegressor(random_state=0))]
        ),
    }


def judge_service(law: str, features: tuple[str, ...], degree: int, seed: int) -> dict[float, tuple]:
    """Return the share of held-out evenings with enough dough and the doughs left over, for each level."""
    training, held_out = split(simulate_year(law, seed), seed)
    model = dough_forecaster(features, degree).fit(training, training["doughs"])
    used = held_out["doughs"].to_numpy()
    with warnings.catch_warnings():
        # an evening outside the range of the training data counts like any other
        warnings.simplefilter("ignore", ExtrapolationWarning)
        prepared = {level: forecast(model, held_out, level) for level in LEVELS}
    return {level: ((used <= n).mean(), np.maximum(n - used, 0).mean()) for level, n in prepared.items()}


def evaluate(console: Console, n_years: int = 10, seed: int = 0) -> dict[str, Any]:
    """Compare the degrees, the features and the service levels, each on `n_years` simulated years."""
    seeds = range(seed, seed + n_years)
    full = features_of(simulate_year("full"))
    with console.status("Comparing degrees ..."):
        degrees = [judge_degrees(i) for i in seeds]
    with console.status("Comparing features ..."):
        features = judge_features(full, seeds)
    with console.status("Comparing service levels ..."):
        service = judge_services(full, seeds)
    return {
        "years": n_years,
        "seed": seed,
        "degrees": [degree_row(degrees, degree) for degree in (*CURVED_DEGREES, "chosen", "the law")],
        "chosen": [judged["chosen"] for judged in degrees],
        "features": [
            {"recipe": name, "held_out": round(a, 3), "cross_validated": round(b, 3)}
            for name, (a, b) in features.items()
        ],
        "service": [
            service_row(name, level, [year[level] for year in judged])
            for name, judged in service.items()
            for level in LEVELS
        ],
    }


def judge_features(full: tuple[str, ...], seeds: Iterable[int]) -> dict[str, np.ndarray]:
    """Return the median held-out and cross-validated error of each recipe."""
    return {
        name: np.median([errors(model, *split(simulate_year("full", i), i)) for i in seeds], axis=0)
        for name, model in recipes(full).items()
    }


def judge_services(full: tuple[str, ...], seeds: Iterable[int]) -> dict[str, list]:
    """Return the shares and the costs of service levels, a list with one entry for each year."""
    models = (
        ("logarithmic year, straight line", "logarithmic", RESERVATIONS, 1),
        ("logarithmic year, degree 8", "logarithmic", RESERVATIONS, 8),
        ("full year, all features, degree 2", "full", full, 2),
    )
    return {
        name: [judge_service(law, columns, degree, i) for i in seeds] for name, law, columns, degree in models
    }


def degree_row(years: list[dict[str, Any]], degree: int | str) -> dict[str, Any]:
    """Return a degree's median errors over the years, and their reduction compared with the straight line."""
    held_out, validated = np.transpose([year["errors"][degree] for year in years])
    line = np.array([year["errors"][1][0] for year in years])
    return {
        "degree": degree,
        "held_out": round(float(np.median(held_out)), 3),
        "cross_validated": round(float(np.median(validated)), 3),
        "cut": round(float(np.median(1 - held_out / line)), 4),
    }


def service_row(name: str, level: float, years: list[tuple[float, float]]) -> dict[str, Any]:
    """Return the means over the years for one forecaster at one level."""
    covered, spare = np.mean(years, axis=0)
    return {
        "forecaster": name,
        "level": level,
        "covered": round(float(covered), 4),
        "spare": round(float(spare), 2),
    }


def tables_of(report: dict[str, Any]) -> dict[str, tuple[list[str], list[list[str]]]]:
    """Return the three tables as a dict from title to headings and rows."""
    years = f"{report['years']} years"
    error = ["held out", "cross-validated"]
    return {
        f"Logarithmic years: mean absolute error in doughs, median of {years}": (
            ["degree", *error, "reduction"],
            [[degree_in_words(row["degree"]), *both(row), f"{row['cut']:.0%}"] for row in report["degrees"]],
        ),
        f"Full years: mean absolute error in doughs, median of {years}": (
            ["forecast from", *error],
            [[row["recipe"], *both(row)] for row in report["features"]],
        ),
        f"Service levels: share of held-out evenings with enough dough, mean of {years}": (
            ["forecaster", "requested", "reached", "left over"],
            [
                [row["forecaster"], f"{row['level']:.0%}", f"{row['covered']:.1%}", f"{row['spare']:.1f}"]
                for row in report["service"]
            ],
        ),
    }


def both(row: dict[str, Any]) -> list[str]:
    """Format the two errors of a row."""
    return [f"{row['held_out']:.2f}", f"{row['cross_validated']:.2f}"]


def degree_in_words(degree: int | str) -> str:
    """Return the label of a row in the table of degrees."""
    words = {1: "1, the straight line", "chosen": "chosen by cross-validation", "the law": "the true law"}
    return words.get(degree, str(degree))


def as_markdown(report: dict[str, Any]) -> list[str]:
    """Return the tables as Markdown, for the example's README."""
    return [
        "\n".join(
            [
                f"| {' | '.join(headings)} |",
                "|---" * len(headings) + "|",
                *(f"| {' | '.join(row)} |" for row in rows),
            ]
        )
        for headings, rows in tables_of(report).values()
    ]


def show(report: dict[str, Any], console: Console) -> None:
    """Print the report as tables."""
    for title, (headings, rows) in tables_of(report).items():
        table = Table(title=title, box=box.SIMPLE_HEAD)
        for i, heading in enumerate(headings):
            table.add_column(heading, justify="right" if i else "left", no_wrap=not i)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    console.print(
        f"Degrees chosen by cross-validation for each year: {', '.join(map(str, report['chosen']))}"
    )


def save_json(report: Any, path: Path) -> None:
    """Write a report to a JSON file."""
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def save_picture(report: dict[str, Any], path: Path) -> None:
    """Draw the curves of the first year and all errors to an .svg or .png file."""
    plt = pyplot()
    figure, axes = plt.subplots(2, 2, figsize=(11, 8), layout="constrained")
    seed = report["seed"]
    training, held_out = split(simulate_year("logarithmic", seed), seed)
    draw_curves(*axes[0], training, held_out, {1: "#c0504d", 2: "#e0a030", report["chosen"][0]: "#1b6ca8"})
    draw_degrees(axes[1, 0], report)
    draw_features(axes[1, 1], report)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    plt.close(figure)


def pyplot() -> Any:
    """Return matplotlib's pyplot, set up to write reproducible files."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "tallygrad"
    from matplotlib import pyplot as plt

    return plt


def draw_curves(left: Any, right: Any, training: pl.DataFrame, held_out: pl.DataFrame, colours: dict) -> None:
    """Draw the evenings with the forecasts of some degrees, and the residuals of held-out evenings."""
    x, y = held_out["reservations"].to_numpy(), held_out["doughs"].to_numpy()
    grid = pl.DataFrame({"reservations": np.linspace(1, 59, 200)})
    for frame, kind, colour in ((training, "training", "#d5dce2"), (held_out, "held-out", "#5a6570")):
        left.scatter(frame["reservations"], frame["doughs"], s=12, color=colour, label=f"{kind} evenings")
    for degree, colour in colours.items():
        model = dough_forecaster(RESERVATIONS, degree, cv=0).fit(training, training["doughs"])
        left.plot(grid["reservations"], model.predict(grid), color=colour, lw=2, label=f"degree {degree}")
        right.scatter(x, y - model.predict(held_out), s=14, color=colour, label=f"degree {degree}")
    right.axhline(0, color="black", lw=0.8)
    left.set(title="A logarithmic year", xlabel="reservations", ylabel="doughs")
    right.set(title="Residuals on held-out evenings", xlabel="reservations", ylabel="doughs used - forecast")
    for axis in (left, right):
        axis.legend(frameon=False)
        axis.spines[["top", "right"]].set_visible(False)


def draw_degrees(axis: Any, report: dict[str, Any]) -> None:
    """Draw the error of each degree."""
    rows = [row for row in report["degrees"] if isinstance(row["degree"], int)]
    degrees = [row["degree"] for row in rows]
    for key, label, style in (
        ("held_out", "held out", "o-"),
        ("cross_validated", "cross-validated", "s--"),
    ):
        axis.plot(degrees, [row[key] for row in rows], style, label=label)
    axis.set(title=f"Error by degree, median of {report['years']} years", xlabel="degree")
    axis.set(ylabel="mean absolute error (doughs)", ylim=(0, None), xticks=degrees)
    axis.legend(frameon=False)
    axis.spines[["top", "right"]].set_visible(False)


def draw_features(axis: Any, report: dict[str, Any]) -> None:
    """Draw the held-out error of each recipe on the full year."""
    rows = report["features"][::-1]
    values = [row["held_out"] for row in rows]
    colours = ["#1b6ca8" if "all features, degree" in row["recipe"] else "#b8c4ce" for row in rows]
    bars = axis.barh([row["recipe"].replace(", ", ",\n") for row in rows], values, color=colours)
    axis.bar_label(bars, [f"{value:.1f}" for value in values], padding=3)
    axis.set(title="Held-out error on the full year (doughs)", xlim=(0, 1.15 * max(values)), xticks=[])
    axis.spines[["top", "right", "bottom"]].set_visible(False)
    axis.tick_params(left=False)
