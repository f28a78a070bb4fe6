"""The nodes of a plan, one for each step of the model. This module contains the nodes of single estimators.

A node reduces a batch to a small state. The states of all batches are merged, and the step is fitted from the
merged state.
"""

import copy
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from pipelines._common.frames import Rows, n_rows_of
from pipelines._common.scikit_learn import check_parameters


class Addable(Protocol):
    """The state of a step: a small object that stores what the step learned from a set of rows.

    It can be pickled.
    """

    def merge(self, other: Self) -> Self:
        """Return the state of the two sets of rows combined. Neither state is changed."""
        ...


State: TypeAlias = Addable | dict[Any, Any] | None  # a dict holds the states of several steps


def added(one: Any, other: Any) -> Any:
    """Return the state of two sets of rows combined. A state is None if nothing was learned."""
    if one is None or other is None:
        return other if one is None else one
    if isinstance(one, dict):
        return {key: added(state, other[key]) for key, state in one.items()}
    return one.merge(other)


class Node(Protocol):
    """A step of a model that learns from batches, in one or several passes over the batches.

    Attributes
    ----------
    model : original estimator, which is never fitted
    fitted : fitted estimator; None until the last pass has been closed
    n_passes : number of passes that the step needs
    ready_after : number of passes after which `transform` can be called
    weighted : whether the step uses sample weights
    """

    model: BaseEstimator
    fitted: BaseEstimator | None = None
    n_passes: int = 1
    ready_after: int = 1
    weighted: bool = False

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> State:
        """Return the state of a batch in pass `k`, counted from 0. The node is not changed."""
        ...

    def close(self, k: int, state: Any) -> None:
        """Finish pass `k` with the merged state of all rows."""
        ...

    def transform(self, X: Rows) -> Rows:
        """Return the input of the next step."""
        return self.fitted.transform(X)  # type: ignore[union-attr]


def is_weightless(sample_weight: np.ndarray | None) -> bool:
    """Return whether all weights are 0, which is allowed in a batch, but not in `fit`."""
    return sample_weight is not None and not np.any(sample_weight)


class AdditiveNode(Node):
    """An estimator with ``additive_state`` and ``fit_state``.

    If the estimator has a ``find_domain`` method, a first pass finds the domain, which the state requires.
    """

    def __init__(self, model: BaseEstimator) -> None:
        check_parameters(model)
        self.model, self._learner = model, clone(model)
        self.weighted = has_fit_parameter(model, "sample_weight")
        self.describes = has_fit_parameter(model, "describes")
        self.n_passes = 2 if hasattr(model, "find_domain") else 1
        self.ready_after = self.n_passes if get_tags(model).requires_fit else 0
        self.n_ones = 0  # number of ones in the encoded rows, for encoders with sparse output

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> State:
        """Return the domain or, in the last pass, the additive state of a batch."""
        if k == self.n_passes - 1:
            return self._learner.additive_state(X, y, sample_weight)
        return Domain(self._learner.find_domain(X, y, sample_weight))

    def read_descriptions(self, X: Rows, y: Rows) -> State:
        """Return the additive state of rows that describe the classes."""
        return self._learner.additive_state(X, y, describes=np.ones(n_rows_of(X), dtype=bool))

    def close(self, k: int, state: Any) -> None:
        """Set the domain or, after the last pass, fit from the merged state of all rows."""
        if isinstance(state, Domain):
            self._learner.set_params(domain=state.bounds)
        else:
            fitted = self._learner.fit_state(state).set_params(**self.model.get_params(deep=False))
            self.n_ones = fitted.count_ones(state) if hasattr(fitted, "count_ones") else 0
            self.fitted = fitted

    def transform(self, X: Rows) -> Rows:
        """Return the input of the next step."""
        return self._learner.transform(X)


@dataclass
class Domain:
    """The lowest and highest values of each feature, as an array of shape (2, n_features)."""

    bounds: np.ndarray

    def merge(self, other: Self) -> "Domain":
        """Return the bounds of the two sets of rows combined."""
        (low, high), (other_low, other_high) = self.bounds, other.bounds
        return Domain(np.array([np.minimum(low, other_low), np.maximum(high, other_high)]))


class FittedNode(Node):
    """A step that is fitted on each batch: StandardScaler, or a step whose fit learns nothing."""

    def __init__(self, model: BaseEstimator) -> None:
        check_parameters(model)
        self.model = model
        self.weighted = type(model) is StandardScaler  # the only step here that learns
        self.ready_after = 1 if self.weighted else 0

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> State:
        """Return the step fitted on a batch; fitting also validates the batch."""
        if not self.weighted:
            return Fitted(clone(self.model).fit(X))
        if is_weightless(sample_weight):
            return None
        with np.errstate(invalid="ignore"):  # all values of a column may be missing in the batch
            return Fitted(clone(self.model).fit(X, sample_weight=sample_weight))

    def close(self, k: int, state: "Fitted") -> None:
        """Keep the fitted step."""
        self.fitted = state.step

    def transform(self, X: Rows) -> Rows:
        """Return the input of the next step."""
        return (clone(self.model).fit(X) if self.fitted is None else self.fitted).transform(X)


@dataclass
class Fitted:
    """A fitted step."""

    step: BaseEstimator

    def merge(self, other: Self) -> "Fitted":
        """Merge two scalers. Any other step is the same after every batch and is returned unchanged."""
        is_scaler = type(self.step) is StandardScaler
        return Fitted(_merged_scaler(self.step, other.step)) if is_scaler else self


def _merged_scaler(one: StandardScaler, more: StandardScaler) -> StandardScaler:
    """Return the scaler of the two sets of rows combined (Chan, Golub and LeVeque, 1983, eqs. 2.1a, 2.1b)."""
    n, n_more = (np.asarray(each.n_samples_seen_, dtype=np.float64) for each in (one, more))
    total = np.where(n + n_more > 0, n + n_more, np.nan)  # all values of a column may be missing
    both = copy.copy(one)
    count = np.add(one.n_samples_seen_, more.n_samples_seen_)
    is_equal = np.ndim(count) and (count == count[0]).all()  # scikit-learn then stores a single number
    both.n_samples_seen_ = count[0] if is_equal else count
    if one.mean_ is None:
        return both
    mean = np.where(n > 0, one.mean_, 0.0)
    difference = np.where(n_more > 0, more.mean_, 0.0) - mean
    both.mean_ = mean + difference * (n_more / total)
    if one.var_ is not None:
        squares = n * np.where(n > 0, one.var_, 0.0) + n_more * np.where(n_more > 0, more.var_, 0.0)
        both.var_ = (squares + difference**2 * (n * n_more / total)) / total
        both.scale_ = _scale(both)
    return both


def _scale(scaler: StandardScaler) -> np.ndarray:
    """Return the standard deviations, as in scikit-learn: 1 for a column that is constant up to rounding."""
    variance, eps = scaler.var_, np.finfo(np.float64).eps
    n = np.asarray(scaler.n_samples_seen_)
    bound = n * eps * variance + (n * scaler.mean_ * eps) ** 2
    return np.where(variance <= bound, 1.0, np.sqrt(variance))
