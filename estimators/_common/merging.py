"""States that add up, and the check that two models can be merged.

Three methods are the whole interface of an estimator that counts or sums:

- ``estimator.additive_state(X, y, sample_weight)`` returns the state of these rows and changes nothing;
- ``state.merge(other)`` returns the state of both sets of rows and changes neither state;
- ``estimator.fit_state(state)`` fits the estimator as ``fit`` on all those rows would.

States are small and can be pickled. They can be sent to a file or another machine in place of the rows.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted


class AdditiveState(Protocol):
    """A sum over some rows. Two states add up to the state of all their rows."""

    def merge(self, other: Self) -> Self:
        """Return the state of both sets of rows. Neither state is changed."""
        ...


State = TypeVar("State", bound=AdditiveState)


class AdditiveEstimator(Protocol[State]):
    """An estimator that can be fitted from a sum over the rows."""

    def additive_state(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> State:
        """Return the state of these rows. The estimator is not changed."""
        ...

    def fit_state(self, state: State) -> Self:
        """Fit from a state, as ``fit`` on its rows would."""
        ...


def check_mergeable(
    model: BaseEstimator,
    other: BaseEstimator,
    settings: Callable[[BaseEstimator], Mapping[str, object]] = BaseEstimator.get_params,
) -> None:
    """Raise unless both are fitted, of one class, with the same parameters on the same features.

    `settings` returns what must be equal: the parameters, or a form of them that can be compared.

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
            f"{name} merges with an {type(model).__module__.split('.')[0]}.{name}. "
            f"Got {kind.__module__}.{kind.__qualname__} instead."
        )
    check_is_fitted(model)
    check_is_fitted(other)
    theirs = settings(other)
    for name, ours in settings(model).items():
        if not np.array_equal(np.asarray(ours), np.asarray(theirs[name])):
            one, two = (each.get_params()[name] for each in (model, other))
            raise ValueError(f"The models' {name!r} parameters differ: {one!r} and {two!r}.")
    one, two = (getattr(each, "feature_names_in_", None) for each in (model, other))
    check_same_features(model.n_features_in_, one, other.n_features_in_, two)


def check_same_features(
    n_features: int, names: np.ndarray | None, other_n_features: int, other_names: np.ndarray | None
) -> None:
    """Raise ValueError unless the features of two models or states have the same number and names."""
    if n_features != other_n_features:
        raise ValueError(f"The models have different features: {n_features} and {other_n_features}.")
    if not np.array_equal(np.asarray(names), np.asarray(other_names)):
        raise ValueError(f"The models' feature names differ: {names!r} and {other_names!r}.")


def set_features(model: BaseEstimator, n_features: int, names: np.ndarray | None) -> None:
    """Set the attributes that scikit-learn's ``validate_data`` sets from the rows."""
    model.n_features_in_ = n_features
    if names is not None:
        model.feature_names_in_ = names
    elif hasattr(model, "feature_names_in_"):
        del model.feature_names_in_
