"""Forecasts of a number from a table: the pipeline, ranges, costs, explanations and sentences.

`forecaster` is for any table, `dough_forecaster` for the evenings of a pizzeria. A dough is the ball of dough
for one pizza.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from estimators import OneHotEncoder, PolynomialRegressor
from pipelines._common.frames import Rows
from pipelines._forecasting.calendar import MONTHS, WEEKDAYS, season_terms
from pipelines._forecasting.evenings import CATEGORIES, by_kind
from pipelines._forecasting.outside import flags_outside, numbers_outside, words_outside
from pipelines._forecasting.parameters import check_columns, check_dates_and_lags, check_names
from pipelines._forecasting.parts import names_of, parts_of
from pipelines._forecasting.ranges import Splitter, TooFewRowsWarning, cost_level, level_asked
from pipelines._forecasting.rounding import whole_level, whole_number, whole_range
from pipelines._forecasting.tables import Cell
from pipelines._forecasting.words import adds, compares, flag, of_season, unit_of
from pipelines.forecast_ranges import ForecasterPipeline, ServiceLevelRegressor
from pipelines.forecast_readers import EveningReader, Reader, TableReader

__all__ = [
    "MONTHS",
    "WEEKDAYS",
    "EveningReader",
    "ExtrapolationWarning",
    "ForecasterPipeline",
    "ServiceLevelRegressor",
    "TableReader",
    "TooFewRowsWarning",
    "dough_forecaster",
    "explain_forecast",
    "forecast",
    "forecaster",
    "newsvendor_level",
    "weights_in_words",
]

MAX_FORECAST = 2**53  # larger floats cannot represent every whole number
WIDTHS = np.geomspace(1, 1e5, 11)  # candidate penalties for the ridge regression of the absolute errors


class ExtrapolationWarning(UserWarning):
    """Warning issued when a row lies outside the range of the training rows.

    Examples
    --------
    >>> import warnings
    >>> import pandas as pd
    >>> from pipelines import ExtrapolationWarning, dough_forecaster, forecast
    >>> week = pd.DataFrame({"reservations": [12, 20, 18, 30, 24], "doughs": [36, 72, 68, 82, 75]})
    >>> model = dough_forecaster(degree=1).fit(week, week["doughs"])
    >>> with warnings.catch_warnings(action="error", category=ExtrapolationWarning):
    ...     forecast(model, {"reservations": 300})
    Traceback (most recent call last):
    ...
    pipelines.forecast.ExtrapolationWarning: Outside the training data: column 'reservations' is 300, ...
    """


def forecaster(
    *,
    numbers: Sequence[str] = (),
    categories: Sequence[str] = (),
    flags: Sequence[str] = (),
    date: str | None = None,
    calendar: Sequence[str] | None = None,
    holidays: str | None = None,
    lags: Sequence[int] = (),
    rolling: Sequence[int] = (),
    horizon: int = 1,
    degree: int = 2,
    alpha: float = 0.0003,
    l1_ratio: float = 0.0,
    cv: int | Literal["time"] | Splitter | None = None,
    equal_widths: bool = False,
    unknown: Literal["warn", "error"] = "warn",
    nonnegative: bool = False,
    whole: bool = False,
) -> Pipeline:
    """Return a pipeline that forecasts a number, and a range for it, from the columns of any table.

    Parameters
    ----------
    numbers : sequence of str, default=()
        Columns of numbers. They are standardised and raised to powers. Missing cells are replaced by the
        mean, and marked by a 0/1 column if there were missing cells in training.

    categories : sequence of str, default=()
        Columns of categories: strings, integers (such as months) or flags. They are one-hot encoded. A
        missing cell is a category of its own.

    flags : sequence of str, default=()
        Columns of true and false, 1 and 0, or text such as "yes" and "no" in upper or lower case. Missing
        cells are replaced by the more frequent value, and marked as in `numbers`.

    date : str, default=None
        The column of dates: dates, times, or strings such as "2025-06-13" or "2025-06-13T19:00". The
        training rows must be in ascending order. Gaps are allowed and, without lags, so are equal dates. For
        dates with a time zone, the local time is used.

    calendar : sequence of str, default=None
        What to derive from the dates: "hour", "weekday" and "month" are categories; "season" is a smooth
        periodic function of the day of the year; "trend" is a straight line. None means "weekday" and
        "season" if there is a date. If the training dates span less than a year, the season cannot
        be learned and is left out. If the days have several hours, add "hour"; without it, `fit` issues a
        warning. For dates that are months apart, use ("season",), because their weekdays are accidental.

    holidays : str, default=None
        A country, such as "IT", whose public holidays become a flag. This needs the package holidays (the
        extra ``tallygrad[holidays]``).

    lags : sequence of int, default=()
        Earlier targets to use as features, each given as a number of steps before the row. A step is the most
        frequent distance between two dates, such as an hour, a day, a week or a month; if only some weekdays
        occur, it is a day. Dates that are not a whole number of steps apart raise an error. `fit` stores the
        targets, and the parameter `history` of :func:`forecast` adds later ones. A lag that falls into a gap
        is imputed.

    rolling : sequence of int, default=()
        The lengths, in steps, of rolling means of the target. The latest target in each mean is `horizon`
        steps before the row.

    horizon : int, default=1
        How many steps ahead the model forecasts. More recent targets are not known when the
        forecast is made, so no lag may be smaller than `horizon`.

    degree : int, default=2
        The degree of the polynomial in `numbers`, including their products. All other columns enter linearly.

    alpha : float, default=0.0003
        The strength of the penalty on the weights, as in :class:`estimators.PolynomialRegressor`.

    l1_ratio : float, default=0.0
        The share of the L1 penalty, as in :class:`estimators.PolynomialRegressor`.

    cv : int, "time" or splitter, default=None
        How rows are held out to measure the errors on which the ranges are based. None means "time" if there
        is a date, otherwise 10. "time" divides the rows, which are in order of time, into fifty blocks; rows
        of equal dates are in the same block. Each of ten folds holds out every tenth block, so that a row is
        not predicted from its neighbours, but from other rows of the same season. An int is the number of
        shuffled folds; with 0 there are no ranges, and `fit` is faster. A splitter is, for example,
        scikit-learn's ``TimeSeriesSplit(gap=7)``, which predicts from earlier rows only; use it with several
        years of data, since the first years must contain all seasons.

    equal_widths : bool, default=False
        Whether ranges are equally wide for all rows. By default, they are wider where errors are larger,
        according to a ridge regression of the absolute errors of the held-out rows.

    unknown : {"warn", "error"}, default="warn"
        What to do with a category that did not occur in training: "warn" treats it as an average
        category, and :func:`forecast` issues a warning. "error" raises an error that names the most similar
        category.

    nonnegative : bool, default=False
        Whether :func:`forecast` replaces negative forecasts with 0. The targets must not be negative then.

    whole : bool, default=False
        Whether the target is a whole number, so that forecasts are whole numbers too.

    Returns
    -------
    model : ForecasterPipeline with the steps "read", "encode" and "forecast"
        The unfitted pipeline. Fit it with ``model.fit(table, table["sold"])``, where ``table`` is a pandas or
        polars frame. Columns that are not named are ignored. In a grid search, the penalty is called
        "forecast__regressor__alpha", and the degree "forecast__regressor__degree". Changing the columns
        with ``set_params`` raises an error; call this function again instead. With its ten folds,
        fitting takes about eleven times O(n p^2), for n rows and p terms.

    Raises
    ------
    TypeError
        If the columns are not given as sequences of names.
    ValueError
        If no column is given, or a column is given twice or has the name of a derived column, such as
        "lag 7"; if `calendar`, `holidays`, `lags` or `rolling` are given without a date; or if a lag is
        smaller than `horizon`. `fit` and `predict` also raise a ValueError if a column is missing or a cell
        has an invalid value; the message states the row, the column and the allowed values. `fit` raises a
        ValueError if a target is missing, or if a column is equal to the target in all rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from pipelines import forecast, forecaster
    >>> sales = pd.DataFrame({"day": pd.date_range("2025-01-06", periods=56), "rain": [0, 2, 5, 0] * 14})
    >>> sales["sold"] = 40 + 10 * (sales["day"].dt.day_of_week == 5) - 3 * sales["rain"]
    >>> model = forecaster(numbers=["rain"], date="day", degree=1, whole=True).fit(sales, sales["sold"])
    >>> forecast(model, {"day": "2025-03-08", "rain": 2})
    array([44])
    """
    if calendar is None:
        calendar = ("weekday", "season") if date is not None else ()
    check_columns(numbers=numbers, categories=categories, flags=flags)
    check_dates_and_lags(date, calendar, holidays, lags, rolling, horizon)
    if unknown not in ("warn", "error"):
        raise ValueError(
            f"The 'unknown' parameter of forecaster must be 'warn' or 'error'. Got {unknown!r} instead."
        )
    reader = TableReader(
        numbers, categories, flags, date, calendar, holidays, lags, rolling, horizon, unknown
    )
    check_names(reader.get_feature_names_out().tolist())
    polynomial = PolynomialRegressor(degree, expand=list(range(len(numbers))), alpha=alpha, l1_ratio=l1_ratio)
    regressor = ServiceLevelRegressor(
        polynomial,
        cv=("time" if date is not None else 10) if cv is None else cv,
        spread=None if equal_widths else RidgeCV(WIDTHS),
        nonnegative=nonnegative,
        whole=whole,
    )
    return ForecasterPipeline([("read", reader), ("encode", _encoder(reader)), ("forecast", regressor)])


def _encoder(reader: TableReader) -> ColumnTransformer:
    """Return a transformer that encodes a reader's columns. The columns to raise to powers come first."""
    scaled = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    words = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    flags = SimpleImputer(strategy="most_frequent", add_indicator=True)
    steps = [
        ("numbers", scaled, reader.number_columns),
        ("lags", scaled, reader.linear_columns),
        ("season", "passthrough", reader.season_columns),
        ("categories", words, reader.word_columns),
        ("flags", flags, reader.flag_columns),
    ]
    return ColumnTransformer([step for step in steps if step[-1]], verbose_feature_names_out=False)


def dough_forecaster(
    features: Sequence[str] = ("reservations",),
    degree: int = 2,
    *,
    alpha: float = 0.0,
    l1_ratio: float = 0.0,
    cv: int = 10,
) -> Pipeline:
    """Return a pipeline that forecasts the number of doughs (one per pizza) from a data frame of evenings.

    This is a :func:`forecaster` preset for a pizzeria. The columns and their allowed values are
    known, so any invalid cell raises an error. The forecasts are whole numbers and never negative.
    All ranges are equally wide.

    Parameters
    ----------
    features : sequence of str, default=("reservations",)
        The columns to use as features. "weekday" and "month" (English names) are one-hot encoded; if either
        column is missing, it is derived from a column "date". "holiday" and "event" are flags. All other
        columns are numbers, which are standardised and expanded into polynomial features. "reservations" and
        "tourists" must not be negative.

    degree : int, default=2
        The degree of the polynomial in the numeric columns, including their products. Flags and one-hot
        encoded columns enter linearly.
        Degree 2 allows one bend and suits most data. To choose the degree, run ``GridSearchCV`` over the
        parameter "forecast__regressor__degree".

    alpha : float, default=0.0
        The strength of the penalty on the weights, as in :class:`estimators.PolynomialRegressor`.

    l1_ratio : float, default=0.0
        The share of the L1 penalty, as in :class:`estimators.PolynomialRegressor`.

    cv : int, default=10
        The number of cross-validation folds that `fit` uses to compute the errors on unseen evenings. Service
        levels need these errors. With 0 the errors are not computed, and `fit` is faster.

    Returns
    -------
    model : Pipeline with the steps "read", "encode" and "forecast"
        The unfitted pipeline. Fit it with ``model.fit(evenings, evenings["doughs"])``, where ``evenings`` is
        a pandas or polars frame. Columns other than the features are ignored. Fitting the pipeline fits the
        polynomial O(cv) times.

    Raises
    ------
    TypeError
        If `features` is not a sequence of column names.
    ValueError
        If `features` is empty or contains a column twice. `fit` and `predict` also raise a ValueError if a
        cell has an invalid value; the message states the row, the column, the value and the allowed values.

    Examples
    --------
    >>> import polars as pl
    >>> from pipelines.forecast import dough_forecaster, forecast
    >>> week = pl.DataFrame({"reservations": [12, 20, 18, 30, 24], "doughs": [36, 72, 68, 82, 75]})
    >>> model = dough_forecaster(degree=1).fit(week, week["doughs"])
    >>> forecast(model, {"reservations": 15})
    array([53])
    """
    is_names = isinstance(features, Sequence) and not isinstance(features, str)
    if not is_names or not all(isinstance(name, str) for name in features):
        raise TypeError(
            "The 'features' parameter of dough_forecaster must be a sequence of column names. "
            f"Got {features!r} instead."
        )
    if not features or len(set(features)) < len(features):
        raise ValueError(
            "The 'features' parameter of dough_forecaster must contain at least one column name and no "
            f"duplicates. Got {features!r} instead."
        )
    numbers, categories, flags = by_kind(features)
    encoder = OneHotEncoder(categories=[list(CATEGORIES[name]) for name in categories], sparse_output=False)
    steps = [
        ("numbers", StandardScaler(), numbers),
        ("categories", encoder, categories),
        ("flags", "passthrough", flags),
    ]
    encode = ColumnTransformer([step for step in steps if step[-1]], verbose_feature_names_out=False)
    polynomial = PolynomialRegressor(degree, expand=list(range(len(numbers))), alpha=alpha, l1_ratio=l1_ratio)
    regressor = ServiceLevelRegressor(polynomial, cv=cv, nonnegative=True, whole=True)
    return Pipeline([("read", EveningReader(features)), ("encode", encode), ("forecast", regressor)])


def forecast(
    model: BaseEstimator,
    X: Rows,
    service_level: float | None = None,
    *,
    interval: float | None = None,
    surplus: float | None = None,
    shortage: float | None = None,
    history: Rows = None,
) -> np.ndarray:
    """Return the forecast for each row: the expected number, a quantile, a range, or the cheapest amount.

    Parameters
    ----------
    model : fitted Pipeline from `forecaster` or `dough_forecaster`, or search (GridSearchCV, ...) over one
        The model that makes the forecast.

    X : data frame of shape (n_rows, n_columns), dict, or list of dicts
        The rows, with all columns of the model. A dict is one row, such as ``{"reservations": 15}``.

    service_level : float, default=None
        The desired share of rows for which the forecast is enough, strictly between 0 and 1. None means the
        expected number, which is enough for about half of the rows. With 0.9, the forecast is enough for nine
        rows out of ten.

    interval : float, default=None
        The desired share of rows whose target is inside the range, strictly between 0 and 1. With 0.8, one
        target in ten is below the range, and one in ten is above it.

    surplus, shortage : float, default=None
        The cost of each unit too many and of each unit too few. The forecast is the amount with the lowest
        expected cost, at the level that :func:`newsvendor_level` returns.

    history : dict {date: target}, or data frame of shape (n_dates, 2), default=None
        Targets since the training, for a model with lags or rolling means. A frame has the date column and
        one column of targets.

    Returns
    -------
    numbers : ndarray of shape (n_rows,), or (n_rows, 2) with `interval`
        The forecasts; for an interval, the lower and the upper end of each range. They are integers if the
        model was built with ``whole=True``, and not negative with ``nonnegative=True``.

    Raises
    ------
    TypeError
        If `model` is neither a pipeline from these functions nor a search over one.
    ValueError
        If a cell of `X` has an invalid value; if more than one of `service_level`, `interval` and the costs
        is given, or one of them is invalid; if the model has no held-out errors; if a lag needs a target that
        is not known yet; or if a row is so far outside the training range that its forecast overflows.

    Warns
    -----
    ExtrapolationWarning
        If a number is outside the training range by more than the width of the range / (2 degree^2), where a
        polynomial can be more than twice as large as anywhere inside the range (Chebyshev); if a category did
        not occur in training, so that it is treated as an average one; or if a flag (such as "holiday") is
        true although it was never true in training, so that it has no effect.
    TooFewRowsWarning
        If there are too few held-out rows for the level. The most extreme error is used then.

    Notes
    -----
    For a level, the expected number is increased by the m-th smallest of the n errors on held-out
    rows, where ``m = ceil((n + 1) * level)``, times the expected error of the row if widths are not
    equal. The share holds on average over rows similar to the held-out rows, but not for each kind
    of row. If conditions change, measure the share on recent rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from pipelines import dough_forecaster, forecast
    >>> year = pd.DataFrame({"reservations": range(10, 50)})
    >>> year["doughs"] = [2 * n + 17 + n % 3 for n in year["reservations"]]
    >>> model = dough_forecaster(degree=1).fit(year, year["doughs"])
    >>> evenings = [{"reservations": 15}, {"reservations": 30}]
    >>> forecast(model, evenings)
    array([48, 78])
    >>> forecast(model, evenings, service_level=0.9)
    array([49, 79])
    >>> forecast(model, evenings, interval=0.8)
    array([[47, 49],
           [77, 79]])
    >>> forecast(model, evenings, surplus=0.6, shortage=3.0)
    array([49, 79])
    """
    level = level_asked(service_level, interval, surplus, shortage)
    step, encoded, expected = read_rows(model, X, history)
    if interval is not None:
        return whole_range(step.predict_interval(encoded, interval), step.nonnegative, step.whole)
    if level is not None:
        return whole_level(step.predict_quantile(encoded, level), step.nonnegative, step.whole)
    return whole_number(expected, step.nonnegative, step.whole)


def read_rows(
    model: BaseEstimator, X: Rows, history: Rows
) -> tuple[ServiceLevelRegressor, np.ndarray, np.ndarray]:
    """Return the last step of a forecaster, the encoded rows and their expected numbers (n_rows,).

    The rows are checked, and warnings are issued for rows outside the training data.
    """
    model = _pipeline(model)
    frame = model["read"].read(X, history)
    for finding in _outside(model, frame):
        warnings.warn(f"Outside the training data: {finding}", ExtrapolationWarning, stacklevel=3)
    encoded = model["encode"].transform(frame)
    expected = model["forecast"].predict(encoded)
    _check_finite(expected, frame)
    return model["forecast"], encoded, expected


def _check_finite(expected: np.ndarray, frame: pd.DataFrame) -> None:
    """Raise ValueError if a forecast is too large to be meaningful."""
    is_valid = np.abs(expected) < MAX_FORECAST
    if not is_valid.all():
        worst = frame.iloc[int(np.argmin(is_valid))].to_dict()
        raise ValueError(
            f"The forecast for {worst} is not a valid number, because the row is far outside the "
            "training range."
        )


def newsvendor_level(surplus: float, shortage: float) -> float:
    """Return the service level at which the expected cost is lowest: shortage / (shortage + surplus).

    Parameters
    ----------
    surplus : float
        The cost of each unit too many, such as an unsold dough. Greater than 0.

    shortage : float
        The cost of each unit too few, such as the profit of a pizza that could not be sold. Greater than 0.

    Returns
    -------
    level : float
        The level, between 0 and 1.

    Raises
    ------
    ValueError
        If a cost is not greater than 0.

    Notes
    -----
    An additional unit pays off as long as the probability of selling it, times `shortage`, exceeds the
    probability of not selling it, times `surplus`: Arrow, Harris and Marschak (1951). Optimal inventory
    policy. Econometrica 19(3).

    Examples
    --------
    >>> from pipelines import newsvendor_level
    >>> newsvendor_level(surplus=1.0, shortage=4.0)
    0.8
    """
    return cost_level(surplus, shortage)


def explain_forecast(model: BaseEstimator, x: Rows, history: Rows = None) -> dict[str, float]:
    """Return what each part of a row adds to its forecast. The parts add up to the forecast.

    Parameters
    ----------
    model : fitted Pipeline from `forecaster` or `dough_forecaster`, or search over one
        The model to explain.

    x : dict, or data frame of shape (1, n_columns)
        The row.

    history : dict {date: target}, or data frame of shape (n_dates, 2), default=None
        Targets since the training, as in :func:`forecast`.

    Returns
    -------
    parts : dict of str to float
        "(average)", the forecast for the average training row, and then what each column adds, largest first,
        such as "reservations", "weekday=Friday" or "season". "temperature x tourists" is what the
        product of two columns adds. "(limit at 0)" and "(rounding)" are the changes that
        :func:`forecast` makes to the sum, if any. The sum of all parts is
        ``forecast(model, x)[0]``.

    Raises
    ------
    TypeError
        If `model` is neither a pipeline from these functions nor a search over one, or if its regressor was
        replaced by another one.
    ValueError
        If `x` is not one row, or has an invalid value; or if the model was fitted batch by batch,
        because the average row is not known then.

    Examples
    --------
    >>> import pandas as pd
    >>> from pipelines import dough_forecaster, explain_forecast, forecast
    >>> week = pd.DataFrame({"reservations": [12, 20, 18, 30, 24], "doughs": [36, 72, 68, 82, 75]})
    >>> model = dough_forecaster(degree=1).fit(week, week["doughs"])
    >>> parts = explain_forecast(model, {"reservations": 15})
    >>> {name: round(adds, 1) for name, adds in parts.items()}
    {'(average)': 66.6, 'reservations': -13.8, '(rounding)': 0.2}
    >>> round(sum(parts.values())), forecast(model, {"reservations": 15}).tolist()
    (53, [53])
    """
    model = _pipeline(model)
    step = model["forecast"]
    if step.mean_ is None:
        raise ValueError("A model that was fitted batch by batch cannot be explained: it has no average row.")
    frame = model["read"].read(x, history)
    if len(frame) != 1:
        raise ValueError(f"The 'x' parameter of explain_forecast must be one row. Got {len(frame)} rows.")
    row = np.asarray(model["encode"].transform(frame), dtype=float)[0]
    names = names_of(model["encode"], frame.iloc[0].to_dict())
    average, *others = parts_of(_polynomial(model), row, step.mean_, names).items()
    parts = dict([average, *sorted(others, key=lambda part: -abs(part[1]))])
    total = sum(parts.values())
    limited = max(total, 0.0) if step.nonnegative else total
    rounded = float(np.floor(limited + 0.5)) if step.whole else limited
    changes = {"(limit at 0)": limited - total, "(rounding)": rounded - limited}
    return parts | {name: change for name, change in changes.items() if change}


def weights_in_words(
    model: BaseEstimator,
    row: Mapping[str, Cell] | None = None,
    *,
    unit: str | None = None,
    units: Mapping[str, str] | None = None,
) -> list[str]:
    """Return sentences that state how much each column adds to the forecast.

    Parameters
    ----------
    model : fitted Pipeline from `forecaster` or `dough_forecaster`, or search over one
        The model to describe. For a search, the best model found is described.

    row : dict, default=None
        The row at which to describe a polynomial of degree 2 or more, whose slope is not constant. Omitted
        columns take typical values: the median of each number, the most frequent category (for a
        `dough_forecaster` the first in calendar order), and no flags.

    unit : str, default=None
        The unit of the forecast in the plural, such as "degrees". None means "doughs" for a
        `dough_forecaster`, otherwise "units".

    units : dict of str to str, default=None
        The unit of each number in the singular, such as ``{"rain": "millimetre"}``. The units of
        reservations, tourists, temperature and trend are known.

    Returns
    -------
    sentences : list of str
        The sentences, such as ``["each reservation adds 2.4 doughs", "July is 7.1 degrees above an average
        month", ...]``. For degrees above 1, the first sentence states the values of the numbers, and the
        following sentences state how much one more unit of each number adds there.

    Raises
    ------
    TypeError
        If `model` is neither a pipeline from these functions nor a search over one, or if its regressor was
        replaced by another one.
    ValueError
        If a value of `row` is invalid.

    Examples
    --------
    >>> import pandas as pd
    >>> from pipelines import dough_forecaster, weights_in_words
    >>> week = pd.DataFrame({"reservations": [12, 20, 18, 30, 24], "doughs": [36, 72, 68, 82, 75]})
    >>> model = dough_forecaster(degree=1).fit(week, week["doughs"])
    >>> weights_in_words(model)
    ['each reservation adds 2.4 doughs']
    """
    model = _pipeline(model)
    reader: Reader = model["read"]
    if unit is None:
        unit = "doughs" if isinstance(reader, EveningReader) else "units"
    base = reader.typical_row(row or {}) | dict.fromkeys(reader.flag_columns, 0.0)
    units = units or {}
    is_line = _polynomial(model).degree == 1
    amounts = _amounts(model, base, _changes(reader, base))
    return [
        *_opening(reader, base, is_line, units),
        *_of_numbers(reader, amounts, is_line, unit, units),
        *_of_words(reader, amounts, unit),
    ]


def _opening(
    reader: Reader, base: Mapping[str, Cell], is_line: bool, units: Mapping[str, str]
) -> Iterator[str]:
    """Yield the values of the numbers, on which the slopes of a curve depend."""
    at = ", ".join(f"{base[name]:.4g} {unit_of(name, units, plural=True)}" for name in reader.number_columns)
    if at and not is_line:
        yield f"at {at}:"


def _of_numbers(
    reader: Reader, amounts: Mapping[str, np.ndarray], is_line: bool, unit: str, units: Mapping[str, str]
) -> Iterator[str]:
    """Yield what one more unit of each number adds, and the highest and the lowest day of the season."""
    for name in (*reader.number_columns, *reader.linear_columns):
        each = "each " if is_line or name not in reader.number_columns else "one more "
        yield adds(each + unit_of(name, units), np.diff(amounts[name]).item(), unit)
    if reader.season_columns:
        yield of_season(amounts["(season)"], unit)


def _of_words(reader: Reader, amounts: Mapping[str, np.ndarray], unit: str) -> Iterator[str]:
    """Yield how each category compares with an average one, and what each flag adds."""
    for name in reader.word_columns:
        if len(known := reader.seen_[name]) > 1:
            for word, above in zip(known, amounts[name] - amounts[name].mean(), strict=True):
                yield compares(word, name, above, unit)
    for name in reader.flag_columns:
        if name in amounts:
            yield adds(flag(name), np.diff(amounts[name]).item(), unit)


def _changes(reader: Reader, base: Mapping[str, Cell]) -> dict[str, list[dict[str, Cell]]]:
    """Return the cells to compare for each column: the number and one more, all words, or both flags."""
    numbers = (*reader.number_columns, *reader.linear_columns)
    values = {name: [base[name], base[name] + 1] for name in numbers}
    values |= {name: list(reader.seen_[name]) for name in reader.word_columns}
    values |= {name: [0.0, 1.0] for name in reader.flag_columns if True in reader.seen_[name]}
    changes = {name: [{name: value} for value in each] for name, each in values.items()}
    if reader.season_columns:
        changes["(season)"] = pd.DataFrame(season_terms(np.arange(365) / 365)).to_dict("records")
    return changes


def _amounts(
    model: Pipeline, base: Mapping[str, Cell], changes: Mapping[str, list[dict[str, Cell]]]
) -> dict[str, np.ndarray]:
    """Return the forecasts of a row after each of the changes, from a single call of `predict`."""
    frame = pd.DataFrame([{**base, **change} for each in changes.values() for change in each])
    amounts = model["forecast"].predict(model["encode"].transform(frame))
    ends = np.cumsum([len(each) for each in changes.values()])
    return dict(zip(changes, np.split(amounts, ends[:-1]), strict=True))


def _pipeline(model: BaseEstimator) -> Pipeline:
    """Return the fitted pipeline of a forecaster, or the best one of a search."""
    model = getattr(model, "best_estimator_", model)
    if not isinstance(model, Pipeline) or not isinstance(model[-1], ServiceLevelRegressor):
        raise TypeError(
            "The 'model' parameter must be a pipeline from forecaster or dough_forecaster, or a search "
            f"over one. Got a {type(model).__name__} instead."
        )
    check_is_fitted(model)
    return model


def _polynomial(model: Pipeline) -> PolynomialRegressor:
    """Return the fitted polynomial of a forecaster. Raise TypeError if it was replaced."""
    regressor = model["forecast"].regressor_
    if not isinstance(regressor, PolynomialRegressor):
        raise TypeError(
            "Only a forecaster whose regressor is a PolynomialRegressor can be explained. The regressor of "
            f"this one is a {type(regressor).__name__}."
        )
    return regressor


def _outside(model: Pipeline, frame: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for each column in which a row is far outside the training range."""
    reader: Reader = model["read"]
    ranges = {name: reader.range_[name] for name in reader.number_columns}
    degree = getattr(model["forecast"].regressor_, "degree", 1)  # another regressor may take its place
    yield from numbers_outside(frame, ranges, degree)
    yield from words_outside(frame, {name: reader.seen_[name] for name in reader.word_columns})
    yield from flags_outside(frame, {name: reader.seen_[name] for name in reader.flag_columns})
