"""The last step of a forecaster: a regressor whose errors on held-out rows give the ranges."""

from typing import Any, Literal, Self

import numpy as np
from sklearn import get_config
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_consistent_length, check_is_fitted, validate_data

from pipelines._common.frames import Rows, collected
from pipelines._common.parameters import check_int
from pipelines._forecasting.ranges import (
    Splitter,
    check_level,
    fewest,
    place_at,
    places_around,
    splits_of,
    warn_if_too_few,
)
from pipelines.forecast_readers import TableReader

__all__ = ["ForecasterPipeline", "ServiceLevelRegressor"]

SMALLEST_SCALE = 0.2  # of the average absolute error, so that no range shrinks to a point


class ServiceLevelRegressor(RegressorMixin, BaseEstimator):
    """Regressor whose errors on held-out rows give the ranges of its predictions (conformal prediction).

    Parameters
    ----------
    regressor : regressor
        The regressor to fit.
    cv : int, "time" or splitter, default=10
        How rows are held out. An int is the number of shuffled cross-validation folds, limited to the number
        of rows; with fewer than 2 folds, or with "time" and fewer than 4 rows, no errors are computed. "time"
        divides the rows, which must be in order of time, into fifty blocks, and each of ten folds holds out
        every tenth block. Rows of equal groups are in the same block. A splitter is, for example,
        scikit-learn's TimeSeriesSplit.
    spread : regressor, default=None
        Regressor of the absolute error, fitted on the held-out rows, so that ranges are wider where errors
        are larger. Its input is the features and, as a last column, the prediction. None means that the
        ranges are equally wide everywhere.
    nonnegative : bool, default=False
        Whether :func:`forecast` replaces negative forecasts with 0. y must not be negative then.
    whole : bool, default=False
        Whether the target is a whole number. :func:`forecast` then returns whole numbers, and
        :meth:`fit` rounds y up to compute the errors.

    Attributes
    ----------
    regressor_ : regressor
        The regressor fitted on all rows.
    spread_ : regressor or None
        The fitted regressor of the absolute error.
    residuals_ : ndarray of shape (n_held_out,)
        For each held-out row, y minus the prediction of a regressor fitted without that row, divided by the
        expected absolute error of that row if there is a `spread`. Sorted in ascending order.
    average_error_ : float
        The average absolute error on held-out rows.
    mean_ : ndarray of shape (n_features,) or None
        The mean of each feature. None if the model was fitted batch by batch.
    """

    # where metadata routing is enabled, `fit` receives the dates that ForecasterPipeline passes
    __metadata_request__fit = {"groups": True}

    def __init__(
        self,
        regressor: BaseEstimator,
        cv: int | Literal["time"] | Splitter = 10,
        spread: BaseEstimator | None = None,
        nonnegative: bool = False,
        whole: bool = False,
    ) -> None:
        self.regressor = regressor
        self.cv = cv
        self.spread = spread
        self.nonnegative = nonnegative
        self.whole = whole

    def fit(self, X: Rows, y: Rows, groups: Rows = None) -> Self:
        """Fit the regressor on X (n_rows, n_features) and y (n_rows,), and once more for each fold.

        With cv="time", rows with equal `groups` (n_rows,), such as equal dates, are held out together.
        """
        X, y = validate_data(self, X, collected(y), y_numeric=True)
        self._check_targets(y)
        if groups is not None:
            check_consistent_length(X, groups)
        splits = splits_of(self.cv, X, groups)
        self.with_regressor(clone(self.regressor).fit(X, y))
        self.mean_ = X.mean(axis=0)
        if splits:
            rows = np.concatenate([held_out for _, held_out in splits])
            predicted = [
                clone(self.regressor).fit(X[train], y[train]).predict(X[out]) for train, out in splits
            ]
            self._set_ranges(X[rows], y[rows], np.concatenate(predicted))
        return self

    def _check_targets(self, y: np.ndarray) -> None:
        """Raise ValueError if a target is negative, although forecasts are limited at 0."""
        if self.nonnegative and y.min() < 0:
            row = int(y.argmin())
            raise ValueError(
                "With nonnegative=True, forecasts are never negative, so no target may be negative. Got "
                f"{y[row]:g} in row {row}. Use nonnegative=False, or replace negative targets, such as "
                "returned goods, with 0."
            )

    def _set_ranges(self, X: np.ndarray, y: np.ndarray, predicted: np.ndarray) -> None:
        """Store the errors on held-out rows, divided by their expected size."""
        errors = (np.ceil(y) if self.whole else y) - predicted
        self.average_error_ = float(np.mean(np.abs(errors)))
        if self.spread is not None and self.average_error_ > 0:
            self.spread_ = clone(self.spread).fit(np.column_stack([X, predicted]), np.abs(errors))
            errors = errors / self._scale(X, predicted)
        self.residuals_ = np.sort(errors)

    def batch_regressor(self) -> BaseEstimator:
        """Return the regressor that :func:`pipelines.fit_batches` should fit batch by batch.

        Raises
        ------
        TypeError
            If `cv` is 2 or more, because errors on unseen rows cannot be computed as sums over batches.
        """
        if hasattr(self.cv, "split") or check_int("cv", self.cv, "ServiceLevelRegressor", lowest=0) >= 2:
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
        self.average_error_ = 0.0
        self.spread_ = self.mean_ = None
        return self

    def predict(self, X: Rows) -> np.ndarray:
        """Return the expected y of each row, as an array of shape (n_rows,)."""
        check_is_fitted(self)
        return self.regressor_.predict(validate_data(self, X, reset=False))

    def predict_quantile(self, X: Rows, level: float) -> np.ndarray:
        """Return the numbers (n_rows,) that y does not exceed with a probability of at least `level`."""
        self._check_residuals(level)
        n = len(self.residuals_)
        warn_if_too_few("A service level", level, fewest(level), n, n / (n + 1))
        return self._with_errors(X, self.residuals_[[place_at(level, n) - 1]])[:, 0]

    def predict_interval(self, X: Rows, interval: float) -> np.ndarray:
        """Return the ends (n_rows, 2) of ranges that contain y with a probability of `interval`.

        The probability that y is below the lower end is at most (1 - `interval`) / 2, and so is the
        probability that y is above the upper end.
        """
        self._check_residuals(interval)
        n = len(self.residuals_)
        warn_if_too_few("An interval", interval, fewest((1 + interval) / 2), n, (n - 1) / (n + 1))
        low, high = places_around(interval, n)
        return self._with_errors(X, self.residuals_[[low - 1, high - 1]])

    def _with_errors(self, X: Rows, errors: np.ndarray) -> np.ndarray:
        """Return the predictions plus the errors at each level, as an array of shape (n_rows, n_levels)."""
        X = validate_data(self, X, reset=False)
        predicted = self.regressor_.predict(X)
        return predicted[:, np.newaxis] + np.outer(self._scale(X, predicted), errors)

    def margin(self, service_level: float) -> float:
        """Return the margin to add so that forecasts suffice for a share `service_level` of new rows.

        Raises
        ------
        ValueError
            If there are too few errors for this level.
        """
        check_level("service_level", service_level)
        self._check_residuals(service_level)
        n = len(self.residuals_)
        if fewest(service_level) > n:
            raise ValueError(
                f"A service_level of {service_level:g} requires the errors on at least "
                f"{fewest(service_level)} held-out rows. The model has only {n}, which allow a "
                f"service_level of at most {np.floor(1000 * n / (n + 1)) / 1000:g}."
            )
        return float(self.residuals_[place_at(service_level, n) - 1])

    def _scale(self, X: np.ndarray, predicted: np.ndarray) -> np.ndarray:
        """Return the expected absolute error (n_rows,) of each row, or ones if ranges are equally wide."""
        if self.spread_ is None:
            return np.ones(len(predicted))
        expected = self.spread_.predict(np.column_stack([X, predicted]))
        return np.maximum(expected, SMALLEST_SCALE * self.average_error_)

    def _check_residuals(self, level: float) -> None:
        check_is_fitted(self)
        if not len(self.residuals_):
            reason = f"with cv={self.cv}"
            if self.cv == "time" or hasattr(self.cv, "split") or self.cv > 1:
                reason = "on too few rows"
            raise ValueError(
                f"A level of {level:g} needs the errors on held-out rows. The model has none, because it was "
                f"fitted {reason}. Fit it on at least four rows, of different dates if they have any, with a "
                "cv of at least 2."
            )


class ForecasterPipeline(Pipeline):
    """A Pipeline that holds out rows of equal dates together.

    :func:`forecaster` returns such a pipeline. It works like any other Pipeline, except that :meth:`fit`
    passes the dates of the rows to the last step, a :class:`ServiceLevelRegressor`, as its groups.

    Parameters
    ----------
    steps, transform_input, memory, verbose
        As in ``sklearn.pipeline.Pipeline``. The first step is a :class:`TableReader`.
    """

    def fit(self, X: Rows, y: Rows, **params: Any) -> Self:
        """Fit all steps on X (n_rows, n_columns) and y (n_rows,)."""
        has_ranges = isinstance(self[0], TableReader) and isinstance(self[-1], ServiceLevelRegressor)
        dates = self[0].dates(X) if has_ranges else None  # a slice of the pipeline may lack a step
        if dates is not None:
            is_routed = get_config()["enable_metadata_routing"]
            params = {"groups" if is_routed else f"{self.steps[-1][0]}__groups": dates} | params
        return super().fit(X, y, **params)
