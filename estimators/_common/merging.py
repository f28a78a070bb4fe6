"""States that can be merged, and a check that two models can be merged.

The interface of an estimator that is fitted from counts or sums has three methods:

- ``estimator.additive_state(X, y, sample_weight)`` returns the state of the given rows without changing the
  estimator;
- ``state.merge(other)`` returns the state of both sets of rows without changing either state;
- ``estimator.fit_state(state)`` fits the estimator, with the same result as calling ``fit`` on all rows.

States are small and can be pickled, so they can be saved or sent to another machine instead of the rows.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted


class AdditiveState(Protocol):
    """Statistics of a set of rows. Two states can be merged into the state of both sets of rows."""

    def merge(self, other: Self) -> Self:
        """Return the state of both sets of rows. Neither state is changed."""
        ...


State = TypeVar("State", bound=AdditiveState)


class AdditiveEstimator(Protocol[State]):
    """An estimator that can be fitted from an additive state."""

    def additive_state(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> State:
        """Return the state of these rows. The estimator is not changed."""
        ...

    def fit_state(self, state: State) -> Self:
        """Fit from a state, with the same result as calling ``fit`` on the rows of the state."""
        ...


def check_mergeable(
    model: BaseEstimator,
    other: BaseEstimator,
    settings: Callable[[BaseEstimator], Mapping[str, object]] = BaseEstimator.get_params,
) -> None:
    """Raise an error unless both models are fitted and have the same class, parameters and features.

    `settings` returns the parameters that must be equal, in a form that can be compared.

    Raises
    ------
    TypeError
        If the classes differ.
    ValueError
        If parameters or features differ.
    """
    if type(other) is not type(model):
        name, kind = type(model).__name__, type(other)
        raise TypeError(
            f"{name} can only be merged with an {type(model).__module__.split('.')[0]}.{name}. "
            f"Got {kind.__module__}.{kind.__qualname__} instead."
        )
    check_is_fitted(model)
    check_is_fitted(other)
    theirs = settings(other)
    for name, ours in settings(model).items():
        if not np.array_equal(np.asarray(ours), np.asarray(theirs[name])):
            one, two = (each.get_params()[name] for each in (model, other))
            raise ValueError(
                "Models can only be merged if their parameters are equal. "
                f"The values of the {name!r} parameter differ: {one!r} and {two!r}."
            )
    one, two = (getattr(each, "feature_names_in_", None) for each in (model, other))
    check_same_features(model.n_features_in_, one, other.n_features_in_, two)


def check_same_features(
    n_features: int, names: np.ndarray | None, other_n_features: int, other_names: np.ndarray | None
) -> None:
    """Raise a ValueError if the number or the names of the features of two models or states differ."""
    if n_features != other_n_features:
        raise ValueError(
            "The models must have the same number of features. "
            f"Got {n_features} and {other_n_features} features."
        )
    if not np.array_equal(np.asarray(names), np.asarray(other_names)):
        raise ValueError(
            "The models must have the same feature names. "
            f"The feature names differ: {names!r} and {other_names!r}."
        )


def set_features(model: BaseEstimator, n_features: int, names: np.ndarray | None) -> None:
    """Set the attributes that scikit-learn's ``validate_data`` sets from the rows."""
    model.n_features_in_ = n_features
    if names is not None:
        model.feature_names_in_ = names
    elif hasattr(model, "feature_names_in_"):
        del model.feature_names_in_
