"""The parameter `class_weight`: the weight of each class, from a dict or from the class frequencies."""

import datetime as dt
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils.class_weight import compute_class_weight


def class_weights(
    estimator: BaseEstimator, classes: np.ndarray, y: np.ndarray, weight: ArrayLike | None
) -> np.ndarray:
    """Return the weight of each class, of shape (n_classes,), from the estimator's `class_weight`."""
    asked, name = estimator.class_weight, type(estimator).__name__
    if not isinstance(asked, str) and not all(isinstance(w, Real | np.bool_) for w in asked.values()):
        raise ValueError(
            f"The 'class_weight' parameter of {name} must map class labels to numbers. Got {asked!r}."
        )
    if not isinstance(asked, str) and classes.dtype.kind in "mM":
        return dated_class_weights(asked, classes, name)
    with np.errstate(divide="ignore"):
        of_class = compute_class_weight(asked, classes=classes, y=y, sample_weight=weight)
    if asked == "balanced":
        of_class[np.isinf(of_class)] = 0  # all rows of the class have weight 0, and 0 * inf would be NaN
    return check_class_weights(of_class, name)


def dated_class_weights(asked: Mapping[Any, float], classes: np.ndarray, name: str) -> np.ndarray:
    """Return the weight of each class from a dict whose keys are dates or durations of any type."""
    places = {key: np.flatnonzero(is_date(classes, key)).tolist() for key in asked}
    weights = {place: weight for key, weight in asked.items() for place in places[key]}
    unknown = [key for key, found in places.items() if not found]
    if unknown and len(weights) < len(classes):  # as in scikit-learn
        raise ValueError(
            f"The keys of the 'class_weight' parameter of {name} must be classes. Got {unknown[0]!r}, which "
            f"is not among the {len(classes)} classes."
        )
    return check_class_weights(
        np.array([weights.get(k, 1.0) for k in range(len(classes))], dtype=float), name
    )


def is_date(dates: np.ndarray, key: Any) -> np.ndarray:
    """Return a mask of the dates or durations that equal `key`, a Python, pandas or NumPy value."""
    if getattr(key, "tzinfo", None) is not None:
        key = None
    elif hasattr(key, "to_numpy"):
        key = key.to_numpy()
    elif isinstance(key, dt.date):
        key = np.datetime64(key)
    elif isinstance(key, dt.timedelta):
        key = np.timedelta64(key)
    same_kind = isinstance(key, np.datetime64 if dates.dtype.kind == "M" else np.timedelta64)
    return dates == key if same_kind else np.zeros(len(dates), dtype=bool)


def check_class_weights(of_class: np.ndarray, name: str) -> np.ndarray:
    """Return the weights of the classes. Raise a ValueError if a weight is negative or not finite."""
    if not ((of_class >= 0) & np.isfinite(of_class)).all():
        raise ValueError(
            f"The 'class_weight' parameter of {name} must contain non-negative and finite weights. "
            f"Got {of_class.tolist()}."
        )
    return of_class
