"""Nodes for single estimators: with the additive-state interface, StandardScaler, and stateless steps."""

import copy
from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from pipelines._common.frames import Rows
from pipelines._common.scikit_learn import check_parameters
from pipelines._scaling.nodes import State


def is_weightless(sample_weight: np.ndarray | None) -> bool:
    """Tell whether all weights are 0. A batch may be so, although `fit` would refuse such rows."""
    return sample_weight is not None and not np.any(sample_weight)


class AdditiveTally:
    """An estimator with ``additive_state`` and ``fit_state``.

    If it offers ``find_domain``, a first pass finds the domain, without which there is no state.
    """

    def __init__(self, model: BaseEstimator) -> None:
        check_parameters(model)
        self.model, self.fitted = model, None
        self.weighted = has_fit_parameter(model, "sample_weight")
        self.n_passes = 2 if hasattr(model, "find_domain") else 1
        self.ready_after = self.n_passes if get_tags(model).requires_fit else 0
        self.n_ones = 0  # in the encoded rows, where an encoder gives sparse ones
        self._learner = clone(model)

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> State | None:
        """Return the domain of a batch or its additive state."""
        if k == self.n_passes - 1:
            return self._learner.additive_state(X, y, sample_weight)
        return Domain(self._learner.find_domain(X, y, sample_weight))

    def close(self, k: int, state: State) -> None:
        """Set the domain, or fit from the state of all rows."""
        if isinstance(state, Domain):
            self._learner.set_params(domain=state.bounds)
        else:
            fitted = self._learner.fit_state(state).set_params(**self.model.get_params(deep=False))
            self.n_ones = fitted.count_ones(state) if hasattr(fitted, "count_ones") else 0
            self.fitted = fitted

    def transform(self, X: Rows) -> Rows:
        """Return the input of the next step."""
        return (self._learner if self.fitted is None else self.fitted).transform(X)


@dataclass
class Domain:
    """The lowest and highest value of each feature, (2, n_features)."""

    bounds: np.ndarray

    def merge(self, other: Self) -> "Domain":
        """Return the bounds of both sets of rows."""
        (low, high), (other_low, other_high) = self.bounds, other.bounds
        return Domain(np.array([np.minimum(low, other_low), np.maximum(high, other_high)]))


class StatelessTally:
    """A step whose tags say that its fit learns nothing from the rows."""

    weighted, n_passes, ready_after = False, 1, 0

    def __init__(self, model: TransformerMixin) -> None:
        check_parameters(model)
        self.model, self.fitted = model, None

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> State:
        """Return the step fitted on a batch, which checks the batch."""
        return Fitted(clone(self.model).fit(X))

    def close(self, k: int, state: "Fitted") -> None:
        """Keep the fitted step."""
        self.fitted = state.estimator

    def transform(self, X: Rows) -> Rows:
        """Return the input of the next step."""
        return (clone(self.model).fit(X) if self.fitted is None else self.fitted).transform(X)


@dataclass
class Fitted:
    """A fitted step that every batch would fit equally."""

    estimator: BaseEstimator

    def merge(self, other: Self) -> Self:
        """Return one of the two."""
        return self


class ScalerTally:
    """Means and variances of :class:`sklearn.preprocessing.StandardScaler`."""

    weighted, n_passes, ready_after = True, 1, 1

    def __init__(self, model: StandardScaler) -> None:
        check_parameters(model)
        self.model, self.fitted = model, None

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> "ScalerState | None":
        """Return the scaler fitted on a batch."""
        if is_weightless(sample_weight):
            return None
        with np.errstate(invalid="ignore"):  # a column may be missing in all rows of the batch
            return ScalerState(clone(self.model).fit(X, sample_weight=sample_weight))

    def close(self, k: int, state: "ScalerState") -> None:
        """Keep the scaler of all rows."""
        self.fitted = state.scaler

    def transform(self, X: Rows) -> Rows:
        """Return the input of the next step."""
        return self.fitted.transform(X)  # type: ignore[attr-defined]


@dataclass
class ScalerState:
    """A fitted scaler."""

    scaler: StandardScaler

    def merge(self, other: Self) -> "ScalerState":
        """Return the scaler of both sets of rows (Chan, Golub and LeVeque, 1983, equations 2.1a and 2.1b)."""
        one, more = self.scaler, other.scaler
        n, n_more = (np.asarray(each.n_samples_seen_, dtype=np.float64) for each in (one, more))
        total = np.where(n + n_more > 0, n + n_more, np.nan)  # a column may be missing in all rows
        both = copy.copy(one)
        both.n_samples_seen_ = _sum_of_counts(one.n_samples_seen_, more.n_samples_seen_)
        if one.mean_ is None:
            return ScalerState(both)
        mean = _or_zero(one.mean_, n)
        difference = _or_zero(more.mean_, n_more) - mean
        both.mean_ = mean + difference * (n_more / total)
        if one.var_ is not None:
            squares = n * _or_zero(one.var_, n) + n_more * _or_zero(more.var_, n_more)
            both.var_ = (squares + difference**2 * (n * n_more / total)) / total
            both.scale_ = _scale(both)
        return ScalerState(both)


def _or_zero(values: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the values, and 0 for columns that are missing in all rows."""
    return np.where(count > 0, values, 0.0)


def _sum_of_counts(one: np.ndarray | np.integer, other: np.ndarray | np.integer) -> np.ndarray | np.integer:
    """Return the sum, as one number if it is equal in all columns, as scikit-learn does."""
    total = np.add(one, other)
    return total.flat[0] if np.ndim(total) and (total == total[0]).all() else total


def _scale(scaler: StandardScaler) -> np.ndarray:
    """Return the standard deviations, as in scikit-learn: 1 for a column that is constant up to rounding."""
    variance, eps = scaler.var_, np.finfo(np.float64).eps
    n = np.asarray(scaler.n_samples_seen_)
    bound = n * eps * variance + (n * scaler.mean_ * eps) ** 2
    return np.where(variance <= bound, 1.0, np.sqrt(variance))
