"""Class labels: encode them as integer codes, find them among the classes, and unite two sets of classes.

Labels keep their values. Codes are used within one call only and never leave it.
"""

import sys
from collections.abc import Iterable
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets


def encode_labels(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted distinct labels (n_classes,) and the code of each y (n_samples,).

    O(n) plus a sort of the distinct labels. For Python objects, hashing (pandas) is several times faster
    than sorting all of ``y``. For other types numpy's sort is faster.
    """
    if y.dtype.kind == "f":  # whole floats are labels, others are a regression target
        check_whole(y)
    if y.dtype.kind in "iu" and len(y) and y.min() >= 0 and y.max() < len(y):  # small: count, do not sort
        present = np.bincount(y.astype(np.intp, copy=False)) > 0
        return np.flatnonzero(present).astype(y.dtype), (np.cumsum(present) - 1)[y]
    if y.dtype != object:
        return np.unique(y, return_inverse=True)
    codes, distinct = pd.factorize(y)  # -1 is a missing label
    if (codes < 0).any():
        row = int(np.argmax(codes < 0))
        raise ValueError(f"Input y contains a missing label: y[{row}] is {y[row]!r}.")
    check_kinds(distinct)
    order = np.array(sorted(range(len(distinct)), key=distinct.__getitem__), dtype=np.intp)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return np.array(distinct[order].tolist()), rank[codes]


def encode_polars_text(y: ArrayLike) -> tuple[np.ndarray | None, ArrayLike]:
    """Return the sorted labels of a polars Series of strings and its codes, without making Python objects.

    For any other `y`, or if a label is missing, return None and `y` as it is.
    """
    polars = sys.modules.get("polars")
    if polars is None or not isinstance(y, polars.Series) or y.dtype != polars.String or y.null_count():
        return None, y
    labels = y.unique().sort()  # by code points, as Python and numpy sort
    return np.array(labels.to_list()), y.cast(polars.Enum(labels)).to_physical().to_numpy()


def encode_classes(classes: object) -> np.ndarray:
    """Return the sorted distinct labels of a list of classes."""
    if not hasattr(classes, "dtype"):  # as objects, numbers and strings stay apart
        if isinstance(classes, Iterable) and not isinstance(classes, str):
            classes = list(classes)
        classes = np.array(classes, dtype=object)
    labels = column_or_1d(classes)
    if len(labels) == 0:
        raise ValueError("The 'classes' parameter of partial_fit must hold at least one label. Got none.")
    return encode_labels(labels)[0]


def class_weights(
    estimator: BaseEstimator, classes: np.ndarray, y: np.ndarray, weight: ArrayLike | None
) -> np.ndarray:
    """Return the weight of each class, (n_classes,), for the `class_weight` parameter of the estimator."""
    asked, name = estimator.class_weight, type(estimator).__name__
    if not isinstance(asked, str) and not all(isinstance(w, Real | np.bool_) for w in asked.values()):
        raise ValueError(f"The 'class_weight' parameter of {name} must hold numbers. Got {asked!r}.")
    with np.errstate(divide="ignore"):
        of_class = compute_class_weight(asked, classes=classes, y=y, sample_weight=weight)
    if asked == "balanced":
        of_class[np.isinf(of_class)] = 0  # the rows of the class have no weight, and 0 * inf would be NaN
    if not ((of_class >= 0) & np.isfinite(of_class)).all():
        raise ValueError(
            f"The 'class_weight' parameter of {name} must hold non-negative, finite weights. "
            f"Got {of_class.tolist()}."
        )
    return of_class


def check_kinds(distinct: np.ndarray) -> None:
    """Raise unless the labels are all strings or all whole numbers."""
    if all(isinstance(label, str) for label in distinct):
        return
    if not all(isinstance(label, Real | np.bool_) for label in distinct):
        raise ValueError(mixed_message(distinct))
    check_whole(np.array(distinct.tolist(), dtype=np.float64))


def check_whole(y: np.ndarray) -> None:
    """Raise scikit-learn's error for a continuous target."""
    if (y != np.floor(y)).any():
        check_classification_targets(y)


def locate_labels(labels: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the position of each label in the sorted `classes`, and whether it is one of them."""
    if is_text(labels) != is_text(classes):
        raise ValueError(mixed_message([*labels[:3], *classes[:3]]))
    position = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    return position, classes[position] == labels


def unite_labels(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the sorted union of two sorted label arrays."""
    return unite_and_locate(one, other)[0]


def unite_and_locate(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the sorted union of two sorted label arrays, and the positions of the labels of each in it.

    Each label is searched for once and nothing is sorted again, because comparing strings is slow. If the
    union is the first array, that array itself is returned.
    """
    if other is one:
        return one, np.arange(len(one)), np.arange(len(one))
    position, found = locate_labels(other, one)
    if found.all():
        return one, np.arange(len(one)), position
    new = other[~found]
    classes = np.empty(len(one) + len(new), dtype=np.result_type(one, new))
    is_new = np.zeros(len(classes), dtype=bool)
    is_new[np.searchsorted(one, new) + np.arange(len(new))] = True
    classes[is_new], classes[~is_new] = new, one
    of_one, of_other = np.flatnonzero(~is_new), np.empty(len(other), dtype=np.intp)
    of_other[found], of_other[~found] = of_one[position[found]], np.flatnonzero(is_new)
    return classes, of_one, of_other


def is_text(labels: np.ndarray) -> bool:
    """Tell from the first label whether the labels are strings."""
    return isinstance(labels[0], str)


def mixed_message(labels: Iterable[object]) -> str:
    """Return the error message for labels of several kinds, which cannot be sorted."""
    kinds = sorted({type(label).__name__ for label in labels})
    return f"Class labels must be all strings or all numbers. Got {' and '.join(kinds)}."
