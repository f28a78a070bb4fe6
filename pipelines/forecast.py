"""Dough forecasts: the pipeline, service levels, and sentences that describe the weights.

A dough is the ball of dough for one pizza.
"""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.model_selection import KFold, cross_val_predict
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators import OneHotEncoder, PolynomialRegressor
from pipelines._common.frames import Rows, collected
from pipelines._common.parameters import check_int
from pipelines._forecasting.evenings import CATEGORIES, FLAGS, MONTHS, WEEKDAYS, Cell, by_kind, read_evenings
from pipelines._forecasting.values import EveningValues
from pipelines._forecasting.words import adds, comparisons, unit

__all__ = [
    "MONTHS",
    "WEEKDAYS",
    "ExtrapolationWarning",
    "ServiceLevelRegressor",
    "dough_forecaster",
    "forecast",
    "weights_in_words",
]

MAX_DOUGHS = 2**53  # a larger float is not exact to one dough


class ExtrapolationWarning(UserWarning):
    """Warning issued when an evening lies outside the range of the training evenings.

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


def dough_forecaster(
    features: Sequence[str] = ("reservations",),
    degree: int = 2,
    *,
    alpha: float = 0.0,
    l1_ratio: float = 0.0,
    cv: int = 10,
) -> Pipeline:
    """Return a pipeline that forecasts the number of doughs (one per pizza) from a data frame of evenings.

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
    forecaster = ServiceLevelRegressor(polynomial, cv=cv)
    return Pipeline([("read", EveningReader(features)), ("encode", encode), ("forecast", forecaster)])


def forecast(model: BaseEstimator, evenings: Rows, service_level: float | None = None) -> np.ndarray:
    """Return the number of doughs to prepare for each evening.

    Parameters
    ----------
    model : fitted Pipeline from `dough_forecaster`, or search (GridSearchCV, ...) over one
        The model that makes the forecast.

    evenings : data frame of shape (n_evenings, n_columns), dict, or list of dicts
        The evenings, with all features of the model. A dict is one evening, such as ``{"reservations": 15}``.

    service_level : float, default=None
        The desired share of evenings with enough dough, strictly between 0 and 1. None means the expected
        number of doughs, rounded to the nearest integer, which is enough on about half of the evenings. With
        0.9 the forecast is enough on nine evenings in ten: it is increased by the m-th smallest of the n
        errors on unseen training evenings, where ``m = ceil((n + 1) * 0.9)``. This share holds on average
        over evenings similar to the training evenings, but not for each kind of evening.

    Returns
    -------
    doughs : ndarray of int of shape (n_evenings,)
        The number of doughs for each evening, which is never negative.

    Raises
    ------
    TypeError
        If `model` is neither a pipeline from `dough_forecaster` nor a search over one.
    ValueError
        If a cell of `evenings` has an invalid value, if `service_level` is not between 0 and 1 or needs more
        training evenings than there were, or if an evening is so far outside the training range that its
        forecast overflows.

    Warns
    -----
    ExtrapolationWarning
        If a number is outside the training range by more than the width of the range / (2 degree^2), where a
        polynomial can be more than twice as large as anywhere inside the range (Chebyshev); if a weekday or
        month did not occur in training, so that it is treated as an average one; or if a flag ("holiday" or
        "event") is true although it was never true in training, so that it has no effect.

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
    for finding in _extrapolations(model, frame):
        warnings.warn(f"Outside the training data: {finding}", ExtrapolationWarning, stacklevel=2)
    expected = model.predict(frame)
    is_valid = np.abs(expected) < MAX_DOUGHS
    if not is_valid.all():
        worst = frame.iloc[int(np.argmin(is_valid))].to_dict()
        raise ValueError(
            f"The forecast for the evening {worst} is not a valid number of doughs, because the "
            "evening is far outside the training range."
        )
    if service_level is None:
        doughs = np.floor(expected + 0.5)
    else:
        upper = expected + model["forecast"].margin(service_level)
        doughs = np.floor(upper + 1e-9)  # demand is an integer: at most 7.8 means at most 7
    return np.maximum(doughs, 0).astype(np.int64)


def weights_in_words(model: BaseEstimator, evening: Mapping[str, Cell] | None = None) -> list[str]:
    """Return sentences that state how much each feature adds to the forecast.

    Parameters
    ----------
    model : fitted Pipeline from `dough_forecaster`, or search over one
        The model to describe. For a search, the best model found is described.

    evening : dict, default=None
        The evening at which to describe a polynomial of degree 2 or more, whose slope is not constant.
        Omitted features take typical values: the median of each number, the first weekday and month (in
        calendar order) that occurred in training, no holiday and no event.

    Returns
    -------
    sentences : list of str
        The sentences, such as
        ``["each reservation adds 2.4 doughs", "a Saturday adds 31.0 doughs to a Monday", ...]``. For degrees
        above 1, the first sentence states the evening, and the following sentences state how much one more
        unit of each number adds on that evening.

    Raises
    ------
    TypeError
        If `model` is neither a pipeline from `dough_forecaster` nor a search over one.
    ValueError
        If a value of `evening` is invalid.

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
    base |= {name: False for name in reader.features if name in FLAGS}
    read_evenings(base, reader.features)  # raises if a value is not allowed
    is_line = model["forecast"].regressor_.degree == 1
    phrases: list[tuple[str, str]] = []
    changes: list[dict[str, Cell]] = [{}]
    for name in reader.features:
        for subject, reference, value in comparisons(name, base[name], reader.seen_.get(name, ())):
            each = ("each " if is_line else "one more ") if name in reader.range_ else ""
            phrases.append((each + subject, reference))
            changes.append({name: value})
    before, *after = model.predict([base | change for change in changes])
    sentences = [adds(*phrase, then - before) for phrase, then in zip(phrases, after, strict=True)]
    at = ", ".join(f"{base[name]:.4g} {unit(name, plural=True)}" for name in reader.range_)
    return sentences if is_line or not at else [f"at {at}:", *sentences]


def _pipeline(model: BaseEstimator) -> Pipeline:
    """Return the fitted pipeline of `dough_forecaster`, or the best one of a search."""
    model = getattr(model, "best_estimator_", model)
    if not isinstance(model, Pipeline) or not isinstance(model[-1], ServiceLevelRegressor):
        raise TypeError(
            "The 'model' parameter must be a pipeline from dough_forecaster, or a search over one. "
            f"Got a {type(model).__name__} instead."
        )
    check_is_fitted(model)
    return model


def _extrapolations(model: Pipeline, frame: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for each column in which an evening is far outside the training range."""
    reader, degree = model["read"], model["forecast"].regressor_.degree
    for name, column in frame.items():
        if name in reader.range_:
            low, high = reader.range_[name]
            outside = np.maximum(low - column, column - high)
            if outside.max() > (high - low) / (2 * degree**2):
                value = column[outside.idxmax()]
                curve = "a straight line" if degree == 1 else f"a polynomial of degree {degree}"
                trained = (
                    f"it ranged from {low:g} to {high:g}; outside that range {curve} can be very inaccurate"
                )
                yield f"column {name!r} is {value:g}, but in training {trained}."
        elif name in CATEGORIES and (unseen := column[~column.isin(reader.seen_[name])]).size:
            trained = f"only {', '.join(reader.seen_[name])} occurred; it is treated as an average {name}"
            yield f"column {name!r} is {unseen.iloc[0]!r}, but in training {trained}."
        elif name in FLAGS and True not in reader.seen_[name] and column.any():
            yield f"column {name!r} is true, but it was never true in training, so it has no effect."


class EveningReader(TransformerMixin, BaseEstimator):
    """Check evenings in any form (pandas, polars, dicts) and convert them to a pandas data frame.

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

    def fit(self, X: Rows, y: Rows = None) -> Self:
        """Find the values that occur in X, (n_evenings, n_columns)."""
        return self.fit_state(self.additive_state(X))

    def additive_state(self, X: Rows, y: Rows = None, sample_weight: Rows = None) -> EveningValues:
        """Return the values that occur in X, (n_evenings, n_columns). The reader is not changed."""
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
        """Return the validated features, (n_evenings, n_features)."""
        return read_evenings(X, self.features)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the features, (n_features,)."""
        return np.array(self.features, dtype=object)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False  # `transform` needs no fit
        return tags


class ServiceLevelRegressor(RegressorMixin, BaseEstimator):
    """Regressor that computes margins for service levels from its errors on unseen rows.

    Parameters
    ----------
    regressor : regressor
        The regressor to fit.
    cv : int, default=10
        The number of shuffled cross-validation folds used to compute the errors, limited to the number of
        rows. With fewer than 2 folds no errors are computed, and `fit` is faster.

    Attributes
    ----------
    regressor_ : regressor
        The regressor fitted on all rows.
    residuals_ : ndarray of shape (n_rows,), or (0,) without folds
        For each row, y (rounded up) minus the forecast of a regressor fitted without that row. Sorted in
        ascending order.
    """

    def __init__(self, regressor: BaseEstimator, cv: int = 10) -> None:
        self.regressor = regressor
        self.cv = cv

    def fit(self, X: Rows, y: Rows) -> Self:
        """Fit the regressor on X, (n_rows, n_features), and y, (n_rows,), and once more for each fold."""
        cv = check_int("cv", self.cv, "ServiceLevelRegressor", lowest=0)
        X, y = validate_data(self, X, collected(y), y_numeric=True)
        self.with_regressor(clone(self.regressor).fit(X, y))
        n_folds = min(cv, len(y))
        if n_folds >= 2:
            folds = KFold(n_folds, shuffle=True, random_state=0)
            unseen = cross_val_predict(self.regressor, X, y, cv=folds)
            self.residuals_ = np.sort(np.ceil(y) - unseen)
        return self

    def batch_regressor(self) -> BaseEstimator:
        """Return the regressor that :func:`pipelines.fit_batches` should fit batch by batch.

        Raises
        ------
        TypeError
            If `cv` is 2 or more, because errors on unseen rows cannot be computed as sums over batches.
        """
        if check_int("cv", self.cv, "ServiceLevelRegressor", lowest=0) >= 2:
            raise TypeError(
                f"ServiceLevelRegressor with cv={self.cv} cannot be fitted batch by batch, because its "
                "margins need the errors on unseen rows, and therefore one fit per fold. Set cv=0, as in "
                "dough_forecaster(cv=0), and compute the errors on held-out rows."
            )
        return self.regressor

    def with_regressor(self, fitted: BaseEstimator) -> Self:
        """Use a regressor that is already fitted and has no errors on unseen rows."""
        self.regressor_ = fitted
        self.residuals_ = np.empty(0)
        return self

    def predict(self, X: Rows) -> np.ndarray:
        """Return the expected y of each row, (n_rows,)."""
        check_is_fitted(self)
        return self.regressor_.predict(validate_data(self, X, reset=False))

    def margin(self, service_level: float) -> float:
        """Return the margin to add so that forecasts suffice for a share `service_level` of new rows."""
        if not isinstance(service_level, Real) or not 0 < service_level < 1:
            raise ValueError(
                "The 'service_level' parameter must be a number between 0 and 1, exclusive. "
                f"Got {service_level!r} instead."
            )
        n = len(self.residuals_)
        if not n:
            raise ValueError(
                f"A service_level of {service_level:g} needs the errors on unseen evenings. The model has "
                f"none, because it was fitted {'on one evening' if self.cv > 1 else f'with cv={self.cv}'}. "
                "Fit it on at least two evenings with a cv of at least 2."
            )
        place = math.ceil((n + 1) * service_level - 1e-9)  # 10 * 0.9 is 9, in spite of rounding
        if place > n:
            least = math.ceil(service_level / (1 - service_level) - 1e-9)
            most = math.floor(1000 * n / (n + 1)) / 1000
            raise ValueError(
                f"A service_level of {service_level:g} needs the errors on at least {least} training "
                f"evenings. The model has only {n}, which allow a service_level of at most {most}."
            )
        return float(self.residuals_[place - 1])
