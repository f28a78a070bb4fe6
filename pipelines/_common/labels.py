"""Labels as plain Python values, which are compared exactly.

Integers are never converted to floats. Dates and times are compared by their exact values, whatever their
type and unit: Python's ``date`` and ``datetime``, ``pandas.Timestamp`` and NumPy's ``datetime64`` of any
unit.
"""

import datetime as dt
import sys
from bisect import bisect_left
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

SECONDS = {"W": 604_800, "D": 86_400, "h": 3600, "m": 60, "s": 1}
SECONDS_PER_UNIT = {
    **{unit: Fraction(seconds) for unit, seconds in SECONDS.items()},
    **{unit: Fraction(1, 1000**power) for power, unit in enumerate(("ms", "us", "ns", "ps", "fs", "as"), 1)},
}
MONTHS = {"M": 1, "Y": 12}
MAX_BISECTED = 1000  # labels; for more, a dict of all classes is faster


@dataclass(frozen=True)
class Moment:
    """A date or a duration that can be compared across types and units.

    Attributes
    ----------
    kind : str
        "M" for dates, "m" for durations, "months" for durations in months or years, and "generic" for
        durations without a unit.
    amount : Fraction
        The number of seconds (since 1970 for dates) or of months, or a number without a unit.
    """

    kind: str
    amount: Fraction


def plain_labels(labels: Any) -> list:
    """Return the labels in an array, a column or any other iterable as a list of Python values."""
    if hasattr(labels, "columns") and len(labels.columns) == 1:  # a frame with one column
        labels = labels.iloc[:, 0] if hasattr(labels, "iloc") else labels.to_series()
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(labels, polars.Series):
        labels = _exact_series(labels)
    if isinstance(labels, np.ndarray):
        return as_objects(labels).tolist()
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(labels, method):
            return getattr(labels, method)()
    return [plain_label(label) for label in labels]


def plain_label(label: Any) -> Any:
    """Return a NumPy scalar as a Python value, and any other label unchanged."""
    if not isinstance(label, np.generic):
        return label
    plain = label.tolist()
    return label if isinstance(label, (np.datetime64, np.timedelta64)) and type(plain) is int else plain


def as_objects(labels: np.ndarray) -> np.ndarray:
    """Return labels as Python values, in an array of the same shape.

    Dates that Python's types cannot hold, such as those in nanoseconds, stay NumPy scalars. By default, NumPy
    converts them to integers.
    """
    objects = labels.astype(object)
    if labels.dtype.kind not in "mM":
        return objects
    scalars = np.fromiter(labels.ravel(), dtype=object, count=labels.size).reshape(labels.shape)
    is_lost = np.fromiter((type(label) is int for label in objects.ravel()), dtype=bool, count=labels.size)
    return np.where(is_lost.reshape(labels.shape), scalars, objects)


def comparable_labels(labels: Iterable) -> list:
    """Return plain labels, with dates in a form that can be compared across types."""
    plain = plain_labels(labels)
    if not any(issubclass(kind, (dt.date, dt.timedelta, np.generic)) for kind in set(map(type, plain))):
        return plain
    return [comparable_label(label) for label in plain]


def comparable_array(labels: np.ndarray) -> np.ndarray:
    """Return comparable values of an array of labels, as an array of the same shape."""
    values = comparable_labels(labels.ravel())
    return np.fromiter(values, dtype=object, count=labels.size).reshape(labels.shape)


def comparable_label(label: Any) -> Any:
    """Return a date or a duration as a `Moment`, and any other label as a plain value.

    Dates with a time zone are not converted, because they are not equal to any date without one.
    """
    if type(label) is dt.timedelta:
        return Moment("m", Fraction(label // dt.timedelta(microseconds=1), 10**6))
    if isinstance(label, (dt.date, dt.timedelta)) and getattr(label, "tzinfo", None) is None:
        label = label.to_numpy() if hasattr(label, "to_numpy") else np.datetime64(label)
    if not isinstance(label, (np.datetime64, np.timedelta64)) or np.isnat(label):
        return plain_label(label)
    kind = label.dtype.kind
    if kind == "M" and np.datetime_data(label.dtype)[0] in MONTHS:
        label = label.astype("M8[D]")
    unit, steps = np.datetime_data(label.dtype)
    count = int(label.view(np.int64)) * steps
    if unit in SECONDS_PER_UNIT:
        return Moment(kind, count * SECONDS_PER_UNIT[unit])
    return Moment("months" if unit in MONTHS else unit, Fraction(count * MONTHS.get(unit, 1)))


def places_of(classes: np.ndarray) -> dict[Any, int]:
    """Return a dict that maps the comparable value of each class to its index."""
    return {label: place for place, label in enumerate(comparable_labels(classes))}


def unknown_among(labels: Collection[Any], classes: np.ndarray) -> list:
    """Return the comparable labels that are not classes.

    A few labels are first searched for by bisection, because `classes` is usually sorted, and
    building a dict of all classes takes longer than answering a query.
    """
    few, classes = len(labels) <= MAX_BISECTED, np.asarray(classes)
    missed = [label for label in labels if not (few and _is_at_sorted_place(label, classes))]
    if not missed:
        return []
    places = places_of(classes)
    return [label for label in missed if label not in places]


def _is_at_sorted_place(label: Any, classes: np.ndarray) -> bool:
    try:
        place = bisect_left(classes, label)
        return place < len(classes) and classes[[place]].tolist()[0] == label
    except TypeError:  # labels of another type cannot be compared
        return False


def place_of(classes: np.ndarray, label: Any) -> int | None:
    """Return the index of a label in `classes`, or None. It is faster than `places_of` for one label."""
    if classes.dtype.kind in "mM":
        value = comparable_label(label)
        return places_of(classes).get(value) if isinstance(value, Moment) else None
    if not np.isscalar(label):
        return None
    for place in np.flatnonzero(classes == label).tolist():  # NumPy rounds numbers and strips NUL characters
        if classes[[place]].tolist()[0] == plain_label(label):
            return place
    return None


def _exact_series(labels: Any) -> Any:
    """Return a polars Series in a form that keeps nanoseconds, which ``Series.to_list`` would round."""
    import polars as pl

    if isinstance(labels.dtype, pl.List | pl.Array):
        return list(labels)
    has_zone = getattr(labels.dtype, "time_zone", None) is not None
    return labels.to_numpy() if labels.dtype in (pl.Datetime, pl.Duration) and not has_zone else labels
