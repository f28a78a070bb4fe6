"""The first step of a forecaster: readers of tables and of evenings."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from pipelines._common.frames import Rows
from pipelines._forecasting.calendar import (
    CALENDAR_WORDS,
    MONTHS,
    SEASON_TERMS,
    WEEKDAYS,
    YEAR,
    calendar_words,
    check_ascending,
    dates_of,
    has_hours,
    season_terms,
    share_of_year,
    years_since,
)
from pipelines._forecasting.evenings import by_kind, read_evenings
from pipelines._forecasting.lags import TargetHistory, lag_columns, lag_name, mean_name, name_of, read_history
from pipelines._forecasting.parameters import check_dates_and_lags
from pipelines._forecasting.public_holidays import are_holidays
from pipelines._forecasting.tables import (
    Cell,
    check_known,
    flags_of,
    needed,
    numbers_of,
    words_of,
)
from pipelines._forecasting.targets import check_not_target, target_cells, targets_of
from pipelines._forecasting.values import EveningValues

__all__ = ["EveningReader", "Reader", "TableReader"]

PUBLIC_HOLIDAY = "public holiday"


class Reader(Protocol):
    """A step that reads the rows of a table and remembers the training values.

    `range_`, `seen_` and `typical_` are the ranges of the numbers, the categories and flags that occurred,
    and a typical row.
    """

    range_: dict[str, tuple[float, float]]
    seen_: dict[str, list[Cell]]
    typical_: dict[str, Cell]

    @property
    def number_columns(self) -> list[str]:
        """The numbers that are raised to powers."""

    @property
    def linear_columns(self) -> list[str]:
        """The other numbers."""

    @property
    def season_columns(self) -> list[str]:
        """The terms of the season."""

    @property
    def word_columns(self) -> list[str]:
        """The categories."""

    @property
    def flag_columns(self) -> list[str]:
        """The 0/1 columns."""

    def read(self, X: Rows, history: Rows) -> pd.DataFrame:
        """Return the checked columns (n_rows, n_columns), given more known targets."""

    def typical_row(self, given: Mapping[str, Cell]) -> dict[str, Cell]:
        """Return a typical row with some values given."""


class TableReader(TransformerMixin, BaseEstimator):
    """Read a table in any form (pandas, polars or dicts), and add columns for dates and earlier targets.

    Parameters
    ----------
    numbers, categories, flags, date, calendar, holidays, lags, rolling, horizon, unknown
        As in :func:`forecaster`.

    Attributes
    ----------
    range_ : dict of str to (float, float)
        The lowest and the highest value of each number in training.
    seen_ : dict of str to list
        The categories and flag values that occurred in training; weekdays and months in calendar order.
    typical_ : dict
        A typical row: the medians of the numbers, the most frequent categories, and no flags.
    first_date_, last_date_ : str
        The first and the last date of training, if there is a date.
    seconds_, targets_ : ndarray of shape (n_rows,)
        The dates of training, as seconds since 1970, and their targets, if there are lags or rolling means.
    step_ : (int, str)
        The distance between two dates, if there are lags or rolling means: a count of seconds "s", days "D"
        or months "M", such as (7, "D").
    """

    def __init__(
        self,
        numbers: Sequence[str] = (),
        categories: Sequence[str] = (),
        flags: Sequence[str] = (),
        date: str | None = None,
        calendar: Sequence[str] = (),
        holidays: str | None = None,
        lags: Sequence[int] = (),
        rolling: Sequence[int] = (),
        horizon: int = 1,
        unknown: Literal["warn", "error"] = "warn",
    ) -> None:
        self.numbers = numbers
        self.categories = categories
        self.flags = flags
        self.date = date
        self.calendar = calendar
        self.holidays = holidays
        self.lags = lags
        self.rolling = rolling
        self.horizon = horizon
        self.unknown = unknown

    @property
    def number_columns(self) -> list[str]:
        """The numbers of the table."""
        return list(self.numbers)

    @property
    def linear_columns(self) -> list[str]:
        """The lags, the rolling means and the trend."""
        names = [*map(lag_name, self.lags), *map(mean_name, self.rolling)]
        return names + [name for name in ("trend",) if name in self.calendar]

    @property
    def season_columns(self) -> list[str]:
        """The sines and cosines of the season."""
        return SEASON_TERMS if "season" in self.calendar else []

    @property
    def word_columns(self) -> list[str]:
        """The categories of the table and those of the calendar."""
        return [*self.categories, *(name for name in CALENDAR_WORDS if name in self.calendar)]

    @property
    def flag_columns(self) -> list[str]:
        """The flags of the table, and public holidays."""
        return [*self.flags, *([PUBLIC_HOLIDAY] if self.holidays else [])]

    def set_params(self, **params: object) -> Self:
        """Set parameters that leave the columns as they are, such as `unknown`, `date` or `horizon`.

        Raises
        ------
        ValueError
            If the columns change, because the later steps of the pipeline are built for them.
        """
        before, columns = self.get_params(), self._columns_by_kind()
        super().set_params(**params)
        try:
            check_dates_and_lags(
                self.date, self.calendar, self.holidays, self.lags, self.rolling, self.horizon
            )
            if self._columns_by_kind() != columns:
                raise ValueError(
                    f"set_params cannot change the columns of a forecaster ({', '.join(params)}), because "
                    "the later steps of its pipeline are built for them. Call forecaster(...) again instead."
                )
        except (TypeError, ValueError):
            super().set_params(**before)
            raise
        return self

    def _columns_by_kind(self) -> list[list[str]]:
        """Return the columns of each kind, as the later steps of the pipeline use them."""
        numbers = [self.number_columns, self.linear_columns, self.season_columns]
        return [*numbers, self.word_columns, self.flag_columns]

    def fit(self, X: Rows, y: Rows = None) -> Self:
        """Store the values of X (n_rows, n_columns) and, if there are lags, the targets y (n_rows,)."""
        columns = self._columns(X, is_training=True)
        dates = None if self.date is None else dates_of(self.date, columns[self.date])
        if dates is not None:
            check_ascending(str(self.date), dates)
            self.first_date_, self.last_date_ = str(dates[0]), str(dates[-1])
            self._warn_of_hours(dates)
        targets = None if y is None else self._targets(columns, y, dates)
        if dates is not None and targets is not None and (self.lags or self.rolling):
            history = TargetHistory.of(dates, targets)
            self.seconds_ = history.dates.astype(np.int64)
            self.targets_, self.step_ = history.targets, history.step
        frame = self._frame(columns, None, is_training=True)
        self._check_some(frame)
        if targets is not None:
            check_not_target(frame[[*self.numbers, *self.categories, *self.flags]], self.categories, targets)
        self._remember(frame)
        return self

    def _remember(self, frame: pd.DataFrame) -> None:
        """Store the ranges, the categories and a typical row of the training rows."""
        numbers = frame[[*self.number_columns, *self.linear_columns]]
        self.range_ = {name: (float(column.min()), float(column.max())) for name, column in numbers.items()}
        self.seen_ = {name: _in_order(frame[name]) for name in self.word_columns}
        self.seen_ |= {name: [bool(value) for value in _in_order(frame[name])] for name in self.flag_columns}
        self.typical_: dict[str, Cell] = {name: float(column.median()) for name, column in numbers.items()}
        self.typical_ |= {name: frame[name].mode()[0] for name in self.word_columns}
        self.typical_ |= dict.fromkeys(self.flag_columns, 0.0)
        self.typical_ |= dict.fromkeys(self.season_columns, 0.0)

    def dates(self, X: Rows) -> np.ndarray | None:
        """Return the training dates (n_rows,) as datetime64[s], or None if there is no column of dates."""
        if self.date is None:
            return None
        return dates_of(self.date, needed(X, [self.date], is_training=True)[self.date])

    def transform(self, X: Rows) -> pd.DataFrame:
        """Return the checked columns and those derived from dates and lags, of shape (n_rows, n_columns)."""
        return self.read(X, None)

    def read(self, X: Rows, history: Rows) -> pd.DataFrame:
        """Return the same as `transform`, but also use the targets in `history` for the lags."""
        check_is_fitted(self)
        if history is not None and not (self.lags or self.rolling):
            raise ValueError(
                "The 'history' parameter is only used by a forecaster with lags or rolling means. This "
                "one has none."
            )
        return self._frame(self._columns(X), history)

    def typical_row(self, given: Mapping[str, Cell]) -> dict[str, Cell]:
        """Return a typical row with some values given. Raise ValueError if one is invalid."""
        row = dict(self.typical_)
        for name, value in given.items():
            if name in self.word_columns:
                row[name] = words_of(name, [value])[0]
                check_known(name, [row[name]], self.seen_[name])
            elif name in row:
                row[name] = (flags_of if name in self.flag_columns else numbers_of)(name, [value])[0]
        return row

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the columns, as an array of shape (n_columns,)."""
        names = [*self.number_columns, *self.linear_columns, *self.season_columns]
        return np.array([*names, *self.word_columns, *self.flag_columns], dtype=object)

    def _columns(self, X: Rows, is_training: bool = False) -> dict[str, list[Cell]]:
        names = [*self.numbers, *self.categories, *self.flags, *([self.date] if self.date else [])]
        return needed(X, names, is_training)

    def _check_some(self, frame: pd.DataFrame) -> None:
        """Raise ValueError if a number, a flag or a lag is missing in all rows."""
        for names, kind in ((self.number_columns, "number"), (self.flag_columns, "flag")):
            if empty := [name for name in names if frame[name].isna().all()]:
                raise ValueError(
                    f"Column {empty[0]!r} must contain at least one {kind}. All its cells are missing."
                )
        if empty := [name for name in self.linear_columns if frame[name].isna().all()]:
            raise ValueError(
                f"The column {empty[0]!r} is missing in all training rows, because none has a target so many "
                f"steps before it. A step is one {name_of(self.step_)} here. Use smaller lags, or more rows."
            )

    def _targets(self, columns: dict[str, list[Cell]], y: Rows, dates: np.ndarray | None) -> np.ndarray:
        """Return the targets (n_rows,). Raise ValueError unless there is one for each row."""
        cells = target_cells(y)
        check_consistent_length(next(iter(columns.values())), cells)
        return targets_of("'y' parameter of fit", cells, dates, "Drop such rows before fit.")

    def _warn_of_hours(self, dates: np.ndarray) -> None:
        """Warn if days have rows at several hours, but the calendar ignores the hour."""
        if self.calendar and "hour" not in self.get_feature_names_out() and has_hours(dates):
            words = ["hour", *self.calendar]
            warnings.warn(
                f"Column {self.date!r} has several hours a day, but the hour is not among the features. Add "
                f"it with calendar={words}.",
                UserWarning,
                stacklevel=2,
            )

    def _frame(
        self, columns: dict[str, list[Cell]], history: Rows, is_training: bool = False
    ) -> pd.DataFrame:
        frame: dict[str, np.ndarray] = {name: numbers_of(name, columns[name]) for name in self.numbers}
        frame |= {name: words_of(name, columns[name]) for name in self.categories}
        frame |= {name: flags_of(name, columns[name]) for name in self.flags}
        if self.unknown == "error" and not is_training:
            for name in self.categories:
                check_known(name, frame[name], self.seen_[name])
        if self.date is not None:
            dates = dates_of(self.date, columns[self.date])
            frame |= self._of_calendar(dates) | self._of_targets(dates, history)
        return pd.DataFrame(frame)[list(self.get_feature_names_out())]

    def _of_calendar(self, dates: np.ndarray) -> dict[str, np.ndarray]:
        found = {name: calendar_words(dates, name) for name in CALENDAR_WORDS if name in self.calendar}
        if "season" in self.calendar:
            is_known = np.datetime64(self.last_date_) - np.datetime64(self.first_date_) >= YEAR
            terms = season_terms(share_of_year(dates))
            found |= {name: term * is_known for name, term in terms.items()}
        if "trend" in self.calendar:
            found["trend"] = years_since(dates, np.datetime64(self.first_date_))
        return found | ({PUBLIC_HOLIDAY: are_holidays(dates, self.holidays)} if self.holidays else {})

    def _of_targets(self, dates: np.ndarray, history: Rows) -> dict[str, np.ndarray]:
        if not (self.lags or self.rolling):
            return {}
        if not hasattr(self, "targets_"):
            raise ValueError("Lags and rolling means need the targets. Pass y to fit.")
        known = TargetHistory(self.seconds_.astype("M8[s]"), self.targets_, self.step_)
        if history is not None:
            known = known.extended(*read_history(history, str(self.date)))
        return lag_columns(known, dates, self.lags, self.rolling, self.horizon)


def _in_order(column: pd.Series) -> list[Cell]:
    """Return the distinct values: weekdays and months in calendar order, others ascending."""
    order = {word: place for place, word in enumerate((*WEEKDAYS, *MONTHS))}
    return sorted(column.dropna().unique(), key=lambda value: (order.get(value, -1), value))


class EveningReader(TransformerMixin, BaseEstimator):
    """Check evenings in any form (pandas, polars or dicts) and convert them to a pandas data frame.

    Parameters
    ----------
    features : sequence of str
        The columns to read, as in :func:`dough_forecaster`.

    Attributes
    ----------
    range_ : dict of str to (float, float)
        The lowest and the highest value of each number in the training evenings.
    seen_ : dict of str to list
        The weekdays, months and flag values that occurred in training, in calendar order.
    typical_ : dict
        A typical evening: the medians of the numbers, the first weekday and month that occurred, and no
        flags.
    """

    def __init__(self, features: Sequence[str]) -> None:
        self.features = features

    @property
    def number_columns(self) -> list[str]:
        """The features that are numbers."""
        return by_kind(self.features)[0]

    @property
    def linear_columns(self) -> list[str]:
        """An empty list, because all numbers are raised to powers."""
        return []

    @property
    def season_columns(self) -> list[str]:
        """An empty list, because evenings have months instead of a season."""
        return []

    @property
    def word_columns(self) -> list[str]:
        """The weekday and the month."""
        return by_kind(self.features)[1]

    @property
    def flag_columns(self) -> list[str]:
        """The features that are flags."""
        return by_kind(self.features)[2]

    def fit(self, X: Rows, y: Rows = None) -> Self:
        """Find the values that occur in X (n_evenings, n_columns)."""
        return self.fit_state(self.additive_state(X))

    def additive_state(self, X: Rows, y: Rows = None, sample_weight: Rows = None) -> EveningValues:
        """Return the values that occur in X (n_evenings, n_columns). The reader is not changed."""
        return EveningValues.of(read_evenings(X, self.features))

    def fit_state(self, state: EveningValues) -> Self:
        """Fit from the merged state of all evenings; the result equals that of `fit`."""
        numbers, categories, flags = by_kind(self.features)
        self.range_ = {name: state.range(name) for name in numbers}
        self.seen_ = {name: state.seen(name) for name in (*flags, *categories)}
        self.typical_: dict[str, Cell] = {name: state.median(name) for name in numbers}
        self.typical_ |= {name: self.seen_[name][0] for name in categories} | dict.fromkeys(flags, False)
        return self

    def transform(self, X: Rows) -> pd.DataFrame:
        """Return the validated features, of shape (n_evenings, n_features)."""
        return read_evenings(X, self.features)

    def read(self, X: Rows, history: Rows) -> pd.DataFrame:
        """Return the same as `transform`. Raise an error for a history, because evenings have no lags."""
        if history is not None:
            raise ValueError(
                "The 'history' parameter is only used by a forecaster with lags or rolling means."
            )
        return read_evenings(X, self.features)

    def typical_row(self, given: Mapping[str, Cell]) -> dict[str, Cell]:
        """Return a typical evening with some values given. Raise ValueError if one is invalid."""
        row = self.typical_ | {name: value for name, value in given.items() if name in self.features}
        read_evenings(row, self.features)  # raises if a value is not allowed
        return row

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the features, as an array of shape (n_features,)."""
        return np.array(self.features, dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False  # `transform` needs no fit
        return tags
