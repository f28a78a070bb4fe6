"""States that add up: what an estimator learns from some rows, and the check that two models can be merged.

Three methods are the whole interface, the same for each estimator that counts or sums:

- ``estimator.additive_state(X, y, sample_weight)`` returns what these rows teach and changes nothing;
- ``state.merge(other)`` returns the state of both sets of rows and changes neither;
- ``estimator.fit_state(state)`` fits the estimator, as ``fit`` on all those rows would.

States are small and can be pickled, so they travel to a file or to another machine in place of the rows.
"""

from typing import Any, Protocol, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted


class AdditiveState(Protocol):
    """What some rows teach an estimator. Two states add up to the state of all their rows."""

    def merge(self, other: Self) -> Self:
        """Return the state of both sets of rows. Neither state is changed."""
        ...


class AdditiveEstimator(Protocol):
    """An estimator whose fitted state is a sum over the rows."""

    def additive_state(self, X: Any, y: Any = None, sample_weight: Any = None) -> AdditiveState:
        """Return what these rows teach. The estimator is not changed."""
        ...

    def fit_state(self, state: Any) -> Self:
        """Fit from a state, as ``fit`` on its rows would."""
        ...


def check_mergeable(model: BaseEstimator, other: BaseEstimator) -> None:
    """Raise unless both are fitted, of one class, with the same parameters on the same features.

    TypeError for another class, ValueError for other parameters or features.
    """
    if type(other) is not type(model):
        name, kind = type(model).__name__, type(other)
        raise TypeError(
            f"{name} merges with an {type(model).__module__.split('.')[0]}.{name}. "
            f"Got {kind.__module__}.{kind.__qualname__} instead."
        )
    check_is_fitted(model)
    check_is_fitted(other)
    for name, mine in model.get_params().items():
        theirs = other.get_params()[name]
        if not np.array_equal(np.asarray(mine), np.asarray(theirs)):
            raise ValueError(f"The models' {name!r} parameters differ: {mine!r} and {theirs!r}.")
    if model.n_features_in_ != other.n_features_in_:
        raise ValueError(
            f"The models have different features: {model.n_features_in_} and {other.n_features_in_}."
        )
    mine, theirs = (getattr(each, "feature_names_in_", None) for each in (model, other))
    if not np.array_equal(np.asarray(mine), np.asarray(theirs)):
        raise ValueError(f"The models' feature names differ: {mine!r} and {theirs!r}.")
