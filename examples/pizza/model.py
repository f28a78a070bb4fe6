"""The pizzeria's forecaster: its training evenings and the degree of its polynomial."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from sklearn.dummy import DummyRegressor
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import Pipeline

from examples.pizza.data import features_of, load_evenings
from examples.pizza.years import LAWS, simulate_year
from pipelines import dough_forecaster

DATA = ("week", *LAWS)
CURVED_DEGREES = tuple(range(1, 9))  # candidate degrees for one numerical feature
MANY_DEGREES = (1, 2, 3)  # candidate degrees for several features, where the number of terms grows quickly
FOLDS = KFold(5, shuffle=True, random_state=0)


class Lesson(NamedTuple):
    """Training data: `evenings` from :func:`load_evenings`, their `features`, and the `dropped` evenings."""

    evenings: pl.DataFrame
    features: tuple[str, ...]
    dropped: list[str]


def read_lesson(data: str | Path = "week", features: tuple[str, ...] = (), seed: int = 0) -> Lesson:
    """Return evenings and features.

    Parameters
    ----------
    data : {"week", "linear", "logarithmic", "full"} or the path of a CSV or Parquet file, default="week"
        The week of the example, a simulated year, or a file of your own.
    features : tuple of str, default=()
        The columns to use as features. By default, all features of a file or of the full year, but only the
        reservations for the week and for the linear and logarithmic years.
    seed : int, default=0
        Seed of the simulated year.

    Raises
    ------
    EveningsFileError
        If the file cannot be used.
    ValueError
        If the evenings lack one of the features.
    """
    if data in LAWS:
        evenings, dropped = simulate_year(str(data), seed), []
    else:
        evenings, dropped = load_evenings() if data == "week" else load_evenings(data)
    known = features_of(evenings)
    for name in features:
        if name not in known:
            raise ValueError(
                f"the evenings of {data} have no feature {name!r}. Known features: {', '.join(known)}"
            )
    if not features:
        features = ("reservations",) if data in DATA and data != "full" else known
    return Lesson(evenings, features, dropped)


def search_degree(features: tuple[str, ...], n_jobs: int | None = None) -> GridSearchCV:
    """Return an unfitted search for the degree with the lowest mean absolute error in five folds."""
    n_numbers = len({"reservations", "guests", "temperature", "tourists"} & set(features))
    degrees = CURVED_DEGREES if n_numbers == 1 else MANY_DEGREES if n_numbers else (1,)
    return GridSearchCV(
        dough_forecaster(features, cv=0),
        {"forecast__regressor__degree": list(degrees)},
        scoring="neg_mean_absolute_error",
        cv=FOLDS,
        n_jobs=n_jobs,
    )


def choose_degree(evenings: pl.DataFrame, features: tuple[str, ...]) -> int:
    """Return the degree that `search_degree` finds, or 1 if there are too few evenings to search."""
    if evenings.height < 30:
        return 1
    return (
        search_degree(features).fit(evenings, evenings["doughs"]).best_params_["forecast__regressor__degree"]
    )


def train(lesson: Lesson | None = None, degree: int | None = None) -> Pipeline:
    """Return the fitted forecaster.

    Parameters
    ----------
    lesson : Lesson, default=None
        The training data. If None, the week.
    degree : int, default=None
        The degree of the polynomial. If None, it is chosen by cross-validation, or is 1 if there are fewer
        than 30 evenings.
    """
    evenings, features, _ = lesson or read_lesson()
    degree = choose_degree(evenings, features) if degree is None else degree
    return dough_forecaster(features, degree).fit(evenings, evenings["doughs"])


def equation(model: Pipeline) -> str | None:
    """Return a polynomial of one numerical feature as text, such as "2.3761 x + 17.1770", otherwise None."""
    features, degree = model["read"].features, model["forecast"].regressor_.degree
    low, high = model["read"].range_.get(features[0], (0, 0))
    if len(features) > 1 or low == high:
        return None
    # degree + 1 values determine a polynomial; Chebyshev points keep rounding errors smallest
    x = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    y = model.predict(pl.DataFrame({features[0]: x}))
    weights = np.polynomial.Polynomial.fit(x, y, degree).convert().coef
    digits, power = ".4f" if degree == 1 else ".12g", {0: "", 1: " x"}
    terms = [
        f"{'-' if weight < 0 else '+'} {abs(weight):{digits}}{power.get(i, f' x^{i}')}"
        for i, weight in enumerate(weights)
    ]
    written = " ".join(reversed(terms))
    return written.removeprefix("+ ") if written.startswith("+") else written.replace("- ", "-", 1)


def cross_validated(model: Pipeline, lesson: Lesson) -> dict[str, float]:
    """Return mean absolute errors from ten-fold (or leave-one-out) cross-validation."""
    evenings, features, _ = lesson
    folds = KFold(min(10, evenings.height), shuffle=True, random_state=0)
    plain = dough_forecaster(features, model["forecast"].regressor_.degree, cv=0)
    mean = Pipeline([*plain.steps[:-1], ("forecast", DummyRegressor())])
    errors = {
        name: -cross_val_score(
            recipe, evenings, evenings["doughs"], cv=folds, scoring="neg_mean_absolute_error"
        ).mean()
        for name, recipe in (("cross-validated error", plain), ("error of forecasting the mean", mean))
    }
    return {name: round(float(error), 4) for name, error in errors.items()}
