"""Forecast doughs: the pipeline from evenings to doughs, whole numbers, service levels, weights in words."""

import math
import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators import OneHotEncoder, PolynomialRegressor
from pipelines._common.evenings import (
    CATEGORIES,
    FLAGS,
    KINDS,
    MONTHS,
    WEEKDAYS,
    adds,
    comparisons,
    of_kind,
    read_evenings,
    unit,
)

__all__ = [
    "MONTHS",
    "WEEKDAYS",
    "ExtrapolationWarning",
    "ServiceLevelRegressor",
    "dough_forecaster",
    "forecast",
    "weights_in_words",
]


MOST_DOUGHS = 2**53  # beyond, a float is no longer exact to one dough


class ExtrapolationWarning(UserWarning):
    """An evening lies outside those that the model was fitted on.

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
    pipelines.forecast.ExtrapolationWarning: Outside of what was learned: column 'reservations' is 300, ...
    """


def dough_forecaster(
    features: Sequence[str] = ("reservations",),
    degree: int = 2,
    *,
    alpha: float = 0.0,
    l1_ratio: float = 0.0,
    cv: int = 10,
) -> Pipeline:
    """Return a pipeline from a data frame of evenings to doughs.

    Parameters
    ----------
    features : sequence of str, default=("reservations",)
        The columns to forecast from. "weekday" and "month" (English names) are one-hot encoded, and taken
        from a column "date" where the frame has no such column; "holiday" and "event" are flags; every other
        column is a number: standardised, and raised to powers. "reservations" and "tourists" are 0 or more.

    degree : int, default=2
        The degree of the polynomial in the numbers, their products included; the other columns add to it.
        Two bends once, which most data will bear. Choose by ``GridSearchCV`` over
        "forecast__regressor__degree".

    alpha : float, default=0.0
        The penalty on the weights, as of :class:`estimators.PolynomialRegressor`.

    l1_ratio : float, default=0.0
        Its L1 share, likewise.

    cv : int, default=10
        In how many folds `fit` gathers the errors on unseen evenings, which a service level needs; 0 for
        a quicker `fit` without.

    Returns
    -------
    model : Pipeline of "read", "encode" and "forecast"
        Not fitted; ``model.fit(evenings, evenings["doughs"])`` with pandas or polars. Other columns of the
        frame are not looked at. O(cv) fits of the polynomial.

    Raises
    ------
    TypeError
        If `features` is not a sequence of column names.
    ValueError
        If it is empty or names a column twice; in `fit` and `predict`, if a cell is not allowed: the row,
        the column, the value and what is allowed are named.

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
            f"The 'features' parameter of dough_forecaster must hold column names. Got {features!r} instead."
        )
    if not features or len(set(features)) < len(features):
        raise ValueError(
            "The 'features' parameter of dough_forecaster must name at least one column, each once. "
            f"Got {features!r} instead."
        )
    numbers, categories, flags = (of_kind(features, kind) for kind in KINDS)
    encoder = OneHotEncoder(categories=[list(CATEGORIES[name]) for name in categories], sparse_output=False)
    steps = [
        ("numbers", StandardScaler(), numbers),
        ("categories", encoder, categories),
        ("flags", "passthrough", flags),
    ]
    encode = ColumnTransformer([step for step in steps if step[-1]], verbose_feature_names_out=False)
    polynomial = PolynomialRegressor(degree, expand=list(range(len(numbers))), alpha=alpha, l1_ratio=l1_ratio)
    forecaster = ServiceLevelRegressor(polynomial, cv=cv)
    return Pipeline([("read", EveningReader(features)), ("encode", encode), ("forecast", forecaster)])


def forecast(model: BaseEstimator, evenings: Any, service_level: float | None = None) -> np.ndarray:
    """Return how many doughs to prepare for each evening.

    Parameters
    ----------
    model : fitted Pipeline from `dough_forecaster`, or search (GridSearchCV, ...) over one

    evenings : data frame of shape (n_evenings, n_columns), dict, or list of dicts
        With the model's features; a dict is one evening, as ``{"reservations": 15}``.

    service_level : float, default=None
        None for the nearest whole number to the expected doughs, which will do on about half the evenings.
        0.9 for enough dough on nine evenings in ten: the expected doughs, plus the error on unseen evenings
        that is number ``ceil((n + 1) * 0.9)`` of the n training evenings' in ascending order.
        It holds on average over evenings that are like those of the training, not for each kind of evening.

    Returns
    -------
    doughs : ndarray of int of shape (n_evenings,)
        Whole and never negative.

    Raises
    ------
    TypeError
        If `model` is another one.
    ValueError
        If a cell of `evenings` is not allowed, `service_level` is not between 0 and 1, there were too few
        training evenings for it, or an evening is so far outside the training that its forecast overflows.

    Warns
    -----
    ExtrapolationWarning
        If a number lies farther outside the training's than their width / (2 degree^2), where a polynomial
        can be more than twice as large as anywhere inside (Chebyshev); if a weekday or month did not occur
        there, which then counts as an average one; or a holiday or event never did, which adds nothing.

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
    """
    model = _pipeline(model)
    frame = read_evenings(evenings, model["read"].features)
    _warn_outside(model, frame)
    expected = model.predict(frame)
    if not (np.abs(expected) < MOST_DOUGHS).all():
        worst = frame.iloc[int(np.argmax(~(np.abs(expected) < MOST_DOUGHS)))].to_dict()
        raise ValueError(f"The forecast for {worst} is no number of doughs; it is far outside the training.")
    if service_level is None:
        doughs = np.floor(expected + 0.5)
    else:
        enough = expected + model["forecast"].margin(service_level)
        doughs = np.floor(enough + 1e-9)  # what is used is whole: no more than 7.8 means no more than 7
    return np.maximum(doughs, 0).astype(np.int64)


def weights_in_words(model: BaseEstimator, evening: Mapping[str, Any] | None = None) -> list[str]:
    """Say what each feature adds to the forecast.

    Parameters
    ----------
    model : fitted Pipeline from `dough_forecaster`, or search over one
        Of a search the best model.

    evening : dict, default=None
        Where a polynomial of degree 2 or more is looked at, for its slope is not everywhere the same. What it
        leaves out, all by default, is as in the training: the median of a number, the first weekday and month
        of the calendar that occurred, no holiday, no event.

    Returns
    -------
    sentences : list of str
        ``["each reservation adds 2.4 doughs", "a Saturday adds 31.0 doughs to a Monday", ...]``. Of a degree
        above 1 the first says where, and what one more of a number adds there.

    Raises
    ------
    TypeError
        If `model` is another one.
    ValueError
        If a value of `evening` is not allowed.

    Examples
    --------
    >>> import pandas as pd
    >>> week = pd.DataFrame({"reservations": [12, 20, 18, 30, 24], "doughs": [36, 72, 68, 82, 75]})
    >>> model = dough_forecaster(degree=1).fit(week, week["doughs"])
    >>> weights_in_words(model)
    ['each reservation adds 2.4 doughs']
    """
    model = _pipeline(model)
    reader = model["read"]
    base = reader.typical_ | {k: v for k, v in (evening or {}).items() if k in reader.features}
    base |= dict.fromkeys(of_kind(reader.features, "flag"), False)
    read_evenings(base, reader.features)  # raises at what is not allowed
    is_line = model["forecast"].regressor_.degree == 1
    phrases: list[tuple[str, str]] = []
    changes: list[dict[str, Any]] = [{}]
    for name in reader.features:
        for who, whom, value in comparisons(name, base[name], reader.seen_.get(name, ())):
            each = ("each " if is_line else "one more ") if name in reader.range_ else ""
            phrases.append((each + who, whom))
            changes.append({name: value})
    before, *after = model.predict([base | change for change in changes])
    sentences = [adds(*phrase, then - before) for phrase, then in zip(phrases, after, strict=True)]
    at = ", ".join(f"{base[name]:.4g} {unit(name, plural=True)}" for name in reader.range_)
    return sentences if is_line or not at else [f"at {at}:", *sentences]


def _pipeline(model: Any) -> Pipeline:
    """Return the fitted pipeline of `dough_forecaster`, the best one of a search."""
    model = getattr(model, "best_estimator_", model)
    if not isinstance(model, Pipeline) or not isinstance(model[-1], ServiceLevelRegressor):
        raise TypeError(f"The model must come from dough_forecaster. Got {type(model).__name__} instead.")
    check_is_fitted(model)
    return model


def _warn_outside(model: Pipeline, frame: pd.DataFrame) -> None:
    """Warn of the evenings that are far outside the training's, once for a column."""
    reader, degree = model["read"], model["forecast"].regressor_.degree
    for name, column in frame.items():
        if name in reader.range_:
            low, high = reader.range_[name]
            outside = np.maximum(low - column, column - high)
            if outside.max() > (high - low) / (2 * degree**2):
                value = column[outside.idxmax()]
                curve = "a straight line" if degree == 1 else f"a polynomial of degree {degree}"
                trained = f"from {low:g} to {high:g}; {curve} may be far off there"
                _warn(f"column {name!r} is {value:g}, but the training's is {trained}.")
        elif name in CATEGORIES and (unseen := column[~column.isin(reader.seen_[name])]).size:
            trained = f"{', '.join(reader.seen_[name])}; it counts as an average one"
            _warn(f"column {name!r} is {unseen.iloc[0]!r}, but the training's are {trained}.")
        elif name in FLAGS and True not in reader.seen_[name] and column.any():
            _warn(f"column {name!r} is true, but the training's never is; it adds nothing.")


def _warn(message: str) -> None:
    warnings.warn(f"Outside of what was learned: {message}", ExtrapolationWarning, stacklevel=4)


class EveningReader(TransformerMixin, BaseEstimator):
    """Check evenings of any kind (pandas, polars, dicts) and give them one form, a pandas data frame.

    Parameters
    ----------
    features : sequence of str
        As of :func:`dough_forecaster`.

    Attributes
    ----------
    range_ : dict of str to (float, float)
        The least and the greatest of each number in the training.
    seen_ : dict of str to list
        The weekdays, months and flags that occurred, in the calendar's order.
    typical_ : dict
        One evening: the medians of the numbers, the first weekday and month that occurred, no flag.
    """

    def __init__(self, features: Sequence[str]) -> None:
        self.features = features

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what occurs: X of shape (n_evenings, n_columns)."""
        frame = read_evenings(X, self.features)
        numbers, categories, flags = (of_kind(self.features, kind) for kind in KINDS)
        self.range_ = {name: (float(frame[name].min()), float(frame[name].max())) for name in numbers}
        values = dict.fromkeys(flags, (False, True)) | {name: CATEGORIES[name] for name in categories}
        found = {name: set(frame[name]) for name in values}
        self.seen_ = {name: [value for value in values[name] if value in found[name]] for name in values}
        self.typical_: dict[str, Any] = {name: float(frame[name].median()) for name in numbers}
        self.typical_ |= {name: self.seen_[name][0] for name in categories} | dict.fromkeys(flags, False)
        return self

    def transform(self, X: Any) -> pd.DataFrame:
        """Return the features, checked, (n_evenings, n_features)."""
        return read_evenings(X, self.features)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Return the names of the features, (n_features,)."""
        return np.array(self.features, dtype=object)


class ServiceLevelRegressor(RegressorMixin, BaseEstimator):
    """A regressor that keeps its errors on unseen rows, to say how much to add for a service level.

    Parameters
    ----------
    regressor : regressor
    cv : int, default=10
        In how many shuffled folds the errors are gathered; as many as there are rows, if that is fewer.
        Below 2 none are, which is quicker.

    Attributes
    ----------
    regressor_ : regressor
        Fitted on all rows.
    residuals_ : ndarray of shape (n_rows,), or (0,) without folds
        What each row's y, rounded up, was above the forecast of a regressor that had not seen the row;
        ascending.
    """

    def __init__(self, regressor: BaseEstimator, cv: int = 10) -> None:
        self.regressor = regressor
        self.cv = cv

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the regressor on all rows, (n_rows, n_features) and (n_rows,), and once for each fold."""
        if not isinstance(self.cv, Integral) or isinstance(self.cv, bool) or self.cv < 0:
            raise ValueError(
                "The 'cv' parameter of ServiceLevelRegressor must be an int of at least 0. "
                f"Got {self.cv!r} instead."
            )
        X, y = validate_data(self, X, y, y_numeric=True)
        self.regressor_: Any = clone(self.regressor).fit(X, y)
        n_folds = min(self.cv, len(y))
        if n_folds < 2:
            self.residuals_ = np.empty(0)
        else:
            folds = KFold(n_folds, shuffle=True, random_state=0)
            unseen = cross_val_predict(self.regressor, X, y, cv=folds)
            self.residuals_ = np.sort(np.ceil(y) - unseen)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the expected y of each row, (n_rows,)."""
        check_is_fitted(self)
        return self.regressor_.predict(validate_data(self, X, reset=False))

    def margin(self, service_level: float) -> float:
        """Return what is to be added so that y is not more in that share of new rows."""
        if not isinstance(service_level, Real) or not 0 < service_level < 1:
            raise ValueError(
                f"service_level must be a number between 0 and 1. Got {service_level!r} instead."
            )
        n = len(self.residuals_)
        if not n:
            raise ValueError(
                f"service_level {service_level:g} needs the errors on unseen evenings. The model has none: "
                f"it was fitted {'on one evening' if self.cv > 1 else f'with cv={self.cv}'}."
            )
        place = math.ceil((n + 1) * service_level - 1e-9)  # 10 * 0.9 is 9, whatever floats say
        if place > n:
            least = math.ceil(service_level / (1 - service_level) - 1e-9)
            most = math.floor(1000 * n / (n + 1)) / 1000
            raise ValueError(
                f"service_level {service_level:g} needs the errors on at least {least} training evenings. "
                f"The model has {n}, for a level of at most {most}."
            )
        return float(self.residuals_[place - 1])
