"""The pizzeria's model: training on past evenings, and the data that requests read."""

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sqlalchemy.orm import Session

from examples.pizza import model as recipe
from examples.pizza.clock import Clock
from examples.pizza.web.expected import Expected, Row
from examples.pizza.web.tables import Facts, count_past, read_past
from examples.web.database import head
from examples.web.live import Learner
from pipelines import dough_forecaster, weights_in_words
from pipelines.forecast import MONTHS, WEEKDAYS, ServiceLevelRegressor

FEATURES = ("reservations", "temperature", "tourists", "weekday", "month", "holiday", "event")
FEWEST = 2  # minimum number of training evenings
TAIL = 0.1  # share of evenings below the displayed range, and above it


class Forecast(NamedTuple):
    """The doughs to prepare for an evening. The range is None if there are too few evenings to compute it."""

    doughs: int
    expected: int
    low: int | None
    high: int | None


class Reason(NamedTuple):
    """How many doughs a fact about an evening adds, compared with a typical evening."""

    name: str
    value: str
    usual: str
    adds: float


class Usual:
    """Replacements for a missing temperature or number of tourists: the average of the month so far."""

    def __init__(self, evenings: Sequence[Facts]) -> None:
        self._of_month: dict[tuple[str, int], float] = {}
        for name in ("temperature", "tourists"):
            known = [(one.day.month, value) for one in evenings if (value := getattr(one, name)) is not None]
            average = float(np.mean([value for _, value in known])) if known else 0.0
            for month in range(1, 13):
                values = [value for its_month, value in known if its_month == month]
                self._of_month[name, month] = float(np.mean(values)) if values else average

    def row(self, evening: Facts) -> Row:
        """Return an evening in the form that the model reads."""
        return {
            "reservations": evening.reservations,
            "temperature": self._or_usual(evening, "temperature"),
            "tourists": self._or_usual(evening, "tourists"),
            "weekday": WEEKDAYS[evening.day.weekday()],
            "month": MONTHS[evening.day.month - 1],
            "holiday": evening.holiday,
            "event": evening.event,
        }

    def _or_usual(self, evening: Facts, name: str) -> float:
        value = getattr(evening, name)
        return round(self._of_month[name, evening.day.month], 1) if value is None else value


class NoForecast:
    """What requests read as long as there are too few past evenings for a model."""

    is_ready = False
    unseen: Mapping[date, int] = {}

    def __init__(self, n_evenings: int, version: int) -> None:
        self.n_evenings, self.version = n_evenings, version

    @property
    def words(self) -> str:
        """Return a sentence that states how many evenings are missing."""
        n = FEWEST - self.n_evenings
        return f"There is no forecast yet. It starts after {counted(n, 'more evening')} with doughs."


class Answers:
    """The immutable data that requests read: a model, and its forecasts for unseen evenings.

    Attributes
    ----------
    unseen : dict of date to int
        The forecast for each past evening by a model that was not trained on it (from ten folds).
    first : date
        The first training evening.
    """

    is_ready = True

    def __init__(self, model: Pipeline, evenings: Sequence[Facts], version: int) -> None:
        self.version, self.n_evenings, self.first = version, len(evenings), evenings[0].day
        self.usual = Usual(evenings)
        self.degree: int = model["forecast"].regressor_.degree
        self._unseen = unseen_forecasts(evenings, self.usual, self.degree)
        self.unseen = {day: nearest(doughs) for day, doughs in self._unseen.items()}
        self._model, self._expected = model, Expected(model, evenings)
        self._read, self._levels = model["read"], model["forecast"]

    @property
    def most_level(self) -> float:
        """Return the highest service level that the number of evenings allows."""
        n = len(self._levels.residuals_)
        return math.floor(1000 * n / (n + 1)) / 1000

    def forecast(self, evenings: Sequence[Facts], level: float | None = None) -> list[Forecast]:
        """Return the doughs to prepare. Within the training range, they equal :func:`pipelines.forecast`.

        Raises
        ------
        ValueError
            If there are too few evenings for the service level.
        """
        rows = [self.usual.row(evening) for evening in evenings]
        return self._told(rows, self._expected.doughs(rows).tolist(), level)

    def forecast_unseen(self, evenings: Sequence[Facts], level: float | None = None) -> list[Forecast]:
        """Return the same for training evenings, forecast by models that were not trained on them."""
        rows = [self.usual.row(evening) for evening in evenings]
        expected = zip(evenings, self._expected.doughs(rows).tolist(), strict=True)
        return self._told(rows, [self._unseen.get(evening.day, one) for evening, one in expected], level)

    def _told(self, rows: Sequence[Row], doughs: Sequence[float], level: float | None) -> list[Forecast]:
        margin = None if level is None else self._levels.margin(level)
        low, high = self._margins()
        further = self._expected.further
        return [
            Forecast(
                nearest(one) if margin is None else enough(one + further(row, level), margin),
                nearest(one),
                None if low is None else nearest(one + further(row, TAIL) + low),
                None if high is None else enough(one + further(row, 1 - TAIL), high),
            )
            for row, one in zip(rows, doughs, strict=True)
        ]

    def _margins(self) -> tuple[float | None, float | None]:
        """Return the margins of the range. Equal shares of evenings lie below and above it."""
        errors = self._levels.residuals_
        if self.most_level < 1 - TAIL:
            return None, None
        return float(errors[math.floor(len(errors) * TAIL)]), self._levels.margin(1 - TAIL)

    def outside(self, evening: Facts) -> list[str]:
        """Return sentences that state how an evening differs from all past ones, and how this is handled."""
        row, said = self.usual.row(evening), []
        for name, value in self._expected.held(row).items():
            if value == row[name]:
                continue
            low, high = self._expected.range[name]
            were = "was" if name == "temperature" else "were"
            words = f"{name} {were} {low:g} to {high:g} on all past evenings, not {row[name]:g}"
            if name != "reservations":
                words += f"; the forecast counts {value:g}, and the range knows no better"
            elif row[name] > high:
                words += f"; the forecast is that of {high:g} and {self._expected.rate:.1f} doughs "
                words += "for each further one"
            else:
                words += f"; the forecast is that of {low:g}"
            said.append(words)
        for name, seen in self._read.seen_.items():
            if row[name] and row[name] not in seen:
                unlike = UNLIKE.get(name, f"in {row[name]}").replace("%", str(row[name]))
                said.append(f"no past evening was {unlike}; the forecast takes no account of it")
        return said

    def reasons(self, evening: Facts) -> list[Reason]:
        """Return the number of doughs that each fact adds compared with its typical value, largest first.

        Typical values are the median of a number, the mean over weekdays and months, no holiday and no event.
        """
        row, changes = self.usual.row(evening), self._changes(evening)
        variants = [row | {name: value} for name, _, values in changes for value in values]
        base, *others = self._expected.doughs([row, *variants]).tolist()
        reasons, place = [], 0
        for name, usual, values in changes:
            mean = float(np.mean(others[place : place + len(values)]))
            place += len(values)
            reasons.append(Reason(name, shown(row[name]), usual, base - mean))
        return sorted(reasons, key=lambda reason: -abs(reason.adds))

    def _changes(self, evening: Facts) -> list[tuple[str, str, list[Any]]]:
        """Return the facts that may matter: their names, and their typical values in words and as values."""
        typical, seen = self._read.typical_, self._read.seen_
        numbers = [
            (name, shown(round(typical[name], 1)), [typical[name]])
            for name in ("reservations", "temperature", "tourists")
        ]
        several = [(name, "any", seen[name]) for name in ("weekday", "month")]
        flags = [(name, "no", [False]) for name in ("holiday", "event") if getattr(evening, name)]
        return numbers + several + flags

    def words(self, evening: Facts) -> list[str]:
        """Return sentences that state what each feature adds."""
        return weights_in_words(self._model, self._expected.held(self.usual.row(evening)))


UNLIKE = {"weekday": "a %", "holiday": "a holiday", "event": "one with an event"}


def shown(value: Any) -> str:
    """Return a fact as text."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:g}"


def signed(number: float) -> str:
    """Return a difference with its sign, with one decimal unless it is a whole number. Zero has no sign."""
    digits = 0 if isinstance(number, int) else 1
    return f"{number:+.{digits}f}" if round(number, digits) else f"{0:.{digits}f}"


def counted(n: int, one: str) -> str:
    """Return a count with a noun, such as "1 evening" or "2,000 evenings"."""
    return f"{n:,} {one}{'' if n == 1 else 's'}"


def nearest(doughs: float) -> int:
    """Return the nearest whole number of doughs."""
    return max(0, math.floor(doughs + 0.5))


def enough(expected: float, margin: float) -> int:
    """Return the doughs for a service level, rounded down: at most 7.8 whole doughs means at most 7."""
    return max(0, math.floor(expected + margin + 1e-9))


def frame_of(evenings: Sequence[Facts], usual: Usual) -> pl.DataFrame:
    """Return evenings as a frame for training."""
    rows: list[Mapping[str, Any]] = [{**usual.row(one), "doughs": one.doughs} for one in evenings]
    numbers = dict.fromkeys(("reservations", "temperature", "tourists", "doughs"), pl.Float64)
    return pl.DataFrame(rows, schema_overrides=numbers)


def unseen_forecasts(evenings: Sequence[Facts], usual: Usual, degree: int) -> dict[date, float]:
    """Return the forecasts of models that were not trained on the respective evening."""
    frame, found = frame_of(evenings, usual), {}
    folds = KFold(min(10, frame.height), shuffle=True, random_state=0)
    for learned, left_out in folds.split(evenings):
        model = dough_forecaster(FEATURES, degree, cv=0).fit(frame[learned], frame[learned]["doughs"])
        asked = [evenings[place] for place in left_out]
        expected = Expected(model, [evenings[place] for place in learned])
        doughs = expected.doughs([usual.row(evening) for evening in asked]).tolist()
        found |= {evening.day: one for evening, one in zip(asked, doughs, strict=True)}
    return found


def learner(clock: Clock) -> Learner:
    """Return the learner of the model, which is retrained at midnight, when an evening is over."""

    def lacks(session: Session) -> bool:
        return count_past(session, clock.today()) < FEWEST

    def train(session: Session) -> Pipeline:
        evenings = read_past(session, clock.today())
        model = recipe.train(recipe.Lesson(frame_of(evenings, Usual(evenings)), FEATURES, []))
        model.evenings_ = [tuple(evening) for evening in evenings]  # saved with the model for compile_answers
        return model

    def compile_answers(model: Pipeline | None, session: Session, _: Any) -> Answers | NoForecast:
        """Compile the evenings that the model was trained on, which the database may no longer contain."""
        if model is None:
            return NoForecast(count_past(session, clock.today()), head(session).version)
        evenings = [Facts(*values) for values in model.evenings_]
        return Answers(model, evenings, head(session).version)

    return Learner(
        train, compile_answers, ServiceLevelRegressor, None, lambda: clock.today().isoformat(), lacks
    )
