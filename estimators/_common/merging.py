"""The check that the states of two models can be added."""

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted


def check_mergeable(model: Any, other: Any) -> None:
    """Raise unless both are fitted, of one class, with the same parameters on the same features."""
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
