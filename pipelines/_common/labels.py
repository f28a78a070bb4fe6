"""Labels as plain Python values, which are compared exactly: integers are never converted to floats."""

from typing import Any

import numpy as np


def plain_labels(labels: Any) -> list:
    """Return the labels in an array, a column or any other iterable as a list of Python values."""
    if hasattr(labels, "columns") and len(labels.columns) == 1:  # a frame with one column
        labels = labels.iloc[:, 0] if hasattr(labels, "iloc") else labels.to_series()
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(labels, method):
            return getattr(labels, method)()
    return [plain_label(label) for label in labels]


def plain_label(label: Any) -> Any:
    """Return a NumPy scalar as a Python value, and any other label unchanged."""
    return label.tolist() if isinstance(label, np.generic) else label


def places_of(classes: np.ndarray) -> dict[Any, int]:
    """Return a dict from the plain value of each class to its index."""
    return {label: place for place, label in enumerate(plain_labels(classes))}


def place_of(classes: np.ndarray, label: Any) -> int | None:
    """Return the index of a label in `classes`, or None. O(n_classes), but faster than `places_of`."""
    if not np.isscalar(label):
        return None
    for place in np.flatnonzero(classes == label).tolist():  # NumPy rounds numbers and strips NUL characters
        if classes.dtype.kind in "mM" or classes[[place]].tolist()[0] == plain_label(label):
            return place
    return None
