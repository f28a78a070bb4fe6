"""The pizzeria's model: training on past evenings, and the data that requests read."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline
from sqlalchemy.orm import Session

from examples.pizza import model as recipe
from examples.pizza.clock import Clock
from examples.pizza.web.expected import Expected, Row
from examples.pizza.web.pace import Booking, Pace, Pickup
from examples.pizza.web.tables import Facts, count_past, read_bookings, read_past
from examples.web.database import head
from examples.web.live import Learner
from pipelines import dough_forecaster, weights_in_words
from pipelines.forecast import MONTHS, WEEKDAYS, ServiceLevelRegressor

FEATURES = ("guests", "temperature", "tourists", "weekday", "month", "holiday", "event")
# The features that few evenings allow: up to this number of evenings, only these.
OF_FEW = ((28, ("guests",)), (90, ("guests", "weekday", "holiday", "event")))
USUAL_PARTY = 2.5  # guests per reservation, as long as no party was recorded
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
    """Replacements for what was not recorded.

    A missing temperature or number of tourists is replaced by the average of the month so far. Reservations
    that were not recorded one by one have the average number of guests, `party`.
    """

    def __init__(self, evenings: Sequence[Facts]) -> None:
        n_listed = sum(one.listed_reservations for one in evenings)
        self.party = sum(one.guests for one in evenings) / n_listed if n_listed else USUAL_PARTY
        self._of_month: dict[tuple[str, int], float] = {}
        self.known: set[str] = set()  # what was recorded at least once
        for name in ("temperature", "tourists"):
            known = [(one.day.month, value) for one in evenings if (value := getattr(one, name)) is not None]
            average = float(np.mean([value for _, value in known])) if known else 0.0
            self.known |= {name} if known else set()
            for month in range(1, 13):
                values = [value for its_month, value in known if its_month == month]
                self._of_month[name, month] = float(np.mean(values)) if values else average

    def guests(self, evening: Facts) -> int:
        """Return the guests with a reservation."""
        return evening.guests + round(self.party * max(0, evening.reservations - evening.listed_reservations))

    def row(self, evening: Facts, more_guests: float = 0) -> Row:
        """Return an evening in the form that the model reads, with guests who are still expected to book."""
        return {
            "guests": self.guests(evening) + more_guests,
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

    def __init__(
        self,
        model: Pipeline,
        evenings: Sequence[Facts],
        version: int,
        bookings: Iterable[Booking] = (),
        zone: tzinfo = UTC,
    ) -> None:
        self.version, self.n_evenings, self.first = version, len(evenings), evenings[0].day
        self.usual = Usual(evenings)
        self.degree: int = model["forecast"].regressor_.degree
        self._unseen = unseen_forecasts(evenings, self.usual, model["read"].features, self.degree)
        self.unseen = {day: nearest(doughs) for day, doughs in self._unseen.items()}
        self._model, self._expected = model, expected_of(model, evenings, self.usual)
        self._read, self._levels = model["read"], model["forecast"]
        self._pace = Pace([(one, self.usual.guests(one)) for one in evenings], bookings, zone)

    @property
    def most_level(self) -> float:
        """Return the highest service level that the number of evenings allows."""
        n = len(self._levels.residuals_)
        return math.floor(1000 * n / (n + 1)) / 1000

    def pickup(self, evening: Facts, now: datetime) -> Pickup:
        """Return how many guests are still expected to book for tonight or a later evening."""
        return self._pace.pickup(evening, self.usual.guests(evening), now)

    def forecast(
        self,
        evenings: Sequence[Facts],
        level: float | None = None,
        *,
        pickups: Sequence[Pickup] | None = None,
        unseen: bool = False,
    ) -> list[Forecast]:
        """Return the doughs to prepare. Within the training range, they equal :func:`pipelines.forecast`.

        Parameters
        ----------
        evenings : sequence of Facts
        level : float, default=None
            The service level. None means the expected number of doughs.
        pickups : sequence of Pickup, default=None
            The guests who are still expected to book for each evening. None means nobody.
        unseen : bool, default=False
            Whether training evenings are forecast by models that were not trained on them.

        Raises
        ------
        ValueError
            If there are too few evenings for the service level.
        """
        pickups = pickups or [Pickup()] * len(evenings)
        pairs = list(zip(evenings, pickups, strict=True))
        rows = [self.usual.row(evening, pickup.expected) for evening, pickup in pairs]
        shares, uncertain = (level or 0.5, TAIL, 1 - TAIL), [i for i, one in enumerate(pickups) if one.gains]
        at = [self.usual.row(pairs[i][0], pickups[i].at(share)) for i in uncertain for share in shares]
        doughs = self._expected.doughs([*rows, *at])
        expected, gains = doughs[: len(rows)], np.zeros((len(rows), len(shares)))
        gains[uncertain] = doughs[len(rows) :].reshape(-1, len(shares)) - expected[uncertain][:, np.newaxis]
        if unseen:
            expected = [self._unseen.get(one.day, n) for one, n in zip(evenings, expected, strict=True)]
        return [self._told(*one, level) for one in zip(rows, expected, gains.tolist(), strict=True)]

    def _told(self, row: Row, doughs: float, gains: Sequence[float], level: float | None) -> Forecast:
        """Return the forecast of one evening, whose doughs at three shares of the pickup are known."""
        low, high = self._margins()
        further, told = self._expected.further, nearest(doughs)
        if level is not None:
            margin = both(self._levels.margin(level), gains[0])
            told = enough(doughs + further(row, level), margin)
        return Forecast(
            told,
            nearest(doughs),
            None if low is None else nearest(doughs + further(row, TAIL) + both(low, gains[1])),
            None if high is None else enough(doughs + further(row, 1 - TAIL), both(high, gains[2])),
        )

    def _margins(self) -> tuple[float | None, float | None]:
        """Return the margins of the range. Equal shares of evenings lie below and above it."""
        errors = self._levels.residuals_
        if self.most_level < 1 - TAIL:
            return None, None
        return float(errors[math.floor(len(errors) * TAIL)]), self._levels.margin(1 - TAIL)

    def outside(self, evening: Facts, more_guests: int = 0) -> list[str]:
        """Return sentences that state how an evening differs from all past ones, and how this is handled."""
        row, said = self.usual.row(evening, more_guests), []
        for name, value in self._expected.held(row).items():
            if value == row[name]:
                continue
            low, high = self._expected.range[name]
            were = "was" if name == "temperature" else "were"
            words = f"{name} {were} {low:g} to {high:g} on all past evenings, not {row[name]:g}"
            if name != "guests":
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

    def reasons(self, evening: Facts, more_guests: int = 0) -> list[Reason]:
        """Return the number of doughs that each fact adds compared with its typical value, largest first.

        Typical values are the median of a number, the mean over weekdays and months, no holiday and no event.
        """
        row, changes = self.usual.row(evening, more_guests), self._changes(evening)
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
            for name in ("guests", "temperature", "tourists")
            if name in typical
        ]
        several = [(name, "any", seen[name]) for name in ("weekday", "month") if name in seen]
        flags = [
            (name, "no", [False])
            for name in ("holiday", "event")
            if name in self._read.features and getattr(evening, name)
        ]
        return numbers + several + flags

    def words(self, evening: Facts) -> list[str]:
        """Return sentences that state what each feature adds."""
        row = self._expected.held(self.usual.row(evening))
        return weights_in_words(self._model, row, units={"guests": "guest"})


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


def both(margin: float, gain: float) -> float:
    """Return the margin for two independent causes, as the root of the sum of squares if they agree."""
    if margin * gain < 0:
        return margin + gain
    return math.copysign(math.hypot(margin, gain), margin or gain)


def frame_of(evenings: Sequence[Facts], usual: Usual) -> pl.DataFrame:
    """Return evenings as a frame for training."""
    rows: list[Mapping[str, Any]] = [{**usual.row(one), "doughs": one.doughs} for one in evenings]
    numbers = dict.fromkeys(("guests", "temperature", "tourists", "doughs"), pl.Float64)
    return pl.DataFrame(rows, schema_overrides=numbers)


def expected_of(model: Pipeline, evenings: Sequence[Facts], usual: Usual) -> Expected:
    """Return the expected doughs according to a model and its training evenings."""
    return Expected(model, [usual.guests(one) for one in evenings], [one.doughs for one in evenings])


def features_for(n_evenings: int) -> tuple[str, ...]:
    """Return the features that so many training evenings allow."""
    return next((features for most, features in OF_FEW if n_evenings < most), FEATURES)


def unseen_forecasts(
    evenings: Sequence[Facts], usual: Usual, features: Sequence[str], degree: int
) -> dict[date, float]:
    """Return the forecasts of models that were not trained on the respective evening."""
    frame, found = frame_of(evenings, usual), {}
    folds = KFold(min(10, frame.height), shuffle=True, random_state=0)
    for learned, left_out in folds.split(evenings):
        model = dough_forecaster(features, degree, cv=0).fit(frame[learned], frame[learned]["doughs"])
        asked = [evenings[place] for place in left_out]
        expected = expected_of(model, [evenings[place] for place in learned], usual)
        doughs = expected.doughs([usual.row(evening) for evening in asked]).tolist()
        found |= {evening.day: one for evening, one in zip(asked, doughs, strict=True)}
    return found


def learner(clock: Clock) -> Learner:
    """Return the learner of the model, which is retrained at midnight, when an evening is over."""

    def lacks(session: Session) -> bool:
        return count_past(session, clock.today()) < FEWEST

    def train(session: Session) -> Pipeline:
        evenings = read_past(session, clock.today())
        features = features_for(len(evenings))
        model = recipe.train(recipe.Lesson(frame_of(evenings, Usual(evenings)), features, []))
        model.evenings_ = [tuple(evening) for evening in evenings]  # saved with the model for compile_answers
        return model

    def compile_answers(model: Pipeline | None, session: Session, _: Any) -> Answers | NoForecast:
        """Compile the evenings that the model was trained on, which the database may no longer contain."""
        if model is None:
            return NoForecast(count_past(session, clock.today()), head(session).version)
        evenings = [Facts(*values) for values in model.evenings_]
        bookings = [Booking(*row) for row in read_bookings(session, clock.today())]
        return Answers(model, evenings, head(session).version, bookings, clock.zone)

    return Learner(
        train, compile_answers, ServiceLevelRegressor, None, lambda: clock.today().isoformat(), lacks
    )
