"""Class labels: encode them as integer codes, look them up in the classes, and merge two sets of classes.

Labels keep their exact values, or an error is raised. Integers are never converted to floats, and strings are
never truncated. The integer codes of labels are only valid within a single call.
"""

import sys
from collections.abc import Hashable, Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from estimators._common.matrices import readable

DATES = (np.datetime64, np.timedelta64)
INTEGERS = [(np.iinfo(kind), np.dtype(kind)) for kind in (np.int64, np.uint64)]


def exact_labels(y: Any) -> Any:
    """Return labels in a form that NumPy reads without changing values, or `y` itself if it has this form.

    By default, NumPy converts nullable integers and lists of integers and floats to floats, converts numbers
    in a list with strings to strings, and removes NUL characters from the ends of strings.
    """
    y, polars = readable(y), sys.modules.get("polars")
    check_no_time_zone(y)
    if isinstance(y, list | tuple):
        return exact_list(y)
    if polars is not None and isinstance(y, polars.Series):
        inexact = polars.String, polars.Int128, polars.UInt128, polars.Decimal
        return as_objects(y.to_list()) if y.dtype in inexact else y
    if getattr(y, "ndim", 2) == 2 and hasattr(y, "columns") and y.shape[1] == 1:
        column = exact_labels(y.iloc[:, 0] if isinstance(y, pd.DataFrame) else y.to_series())
        return column[:, np.newaxis] if isinstance(column, np.ndarray) else y
    dtype = getattr(y, "dtype", None)
    if dtype == np.dtype(object) and isinstance(y, np.ndarray | pd.Series | pd.Index) and y.ndim == 1:
        missing = np.asarray(pd.isna(y))
        if any(label is pd.NA for label in np.asarray(y)[missing]):  # scikit-learn cannot compare it
            check_none_missing(missing, np.asarray(y))
    if isinstance(y, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        if isinstance(dtype, pd.SparseDtype):  # without a dtype, pandas makes floats of uint64
            return np.asarray(y, dtype=dtype.subtype)
        if isinstance(dtype, pd.StringDtype | pd.ArrowDtype | pd.CategoricalDtype):
            missing = np.asarray(y.isna())  # may be pandas.NA, which scikit-learn cannot compare
            check_none_missing(missing, np.asarray(y, dtype=object) if missing.any() else np.empty(0))
        plain = getattr(dtype, "numpy_dtype", None)  # defined by nullable and Arrow types
        if plain is not None and plain.kind in "biu":
            check_none_missing(np.asarray(y.isna()), np.asarray(y, dtype=object))
            return y.to_numpy(dtype=plain)
    return y


def exact_list(y: Sequence[Any]) -> Any:
    """Convert a list of labels to an array with exactly these values. Return any other list unchanged."""
    kinds = set(map(type, y))
    if type(pd.NA) in kinds:  # scikit-learn cannot compare it
        check_none_missing(np.array([label is pd.NA for label in y]), as_objects(y))
    if not kinds.isdisjoint(DATES):
        return exact_dates(y)
    if not kinds or not all(issubclass(kind, (str, Real, np.bool_, type(None))) for kind in kinds):
        return y
    if any(issubclass(kind, str) for kind in kinds):
        return as_objects(y)
    array = np.asarray(y)
    return as_objects(y) if array.dtype.kind == "f" and any(map(is_integer, kinds)) else array


def exact_dates(labels: Sequence[Any]) -> np.ndarray:
    """Return NumPy dates as an array. Raise a ValueError if their common unit would change one of them."""
    kinds = set(map(type, labels))
    if len(kinds) > 1:
        raise ValueError(mixed_message(kinds))
    check_none_missing(np.array([np.isnat(label) for label in labels]), labels)
    try:
        array = np.array(labels)
    except TypeError:  # durations in months and in days have no common unit
        array = np.empty(0, dtype=object)
    if array.dtype == object:
        units = " and ".join(sorted({str(label.dtype) for label in labels}))
        raise ValueError(f"Class labels of types {units} cannot be compared. Use labels of the same type.")
    for dtype in {label.dtype for label in labels}:
        same = [k for k, label in enumerate(labels) if label.dtype == dtype]
        check_units(np.array([labels[k] for k in same]), array[same], array.dtype)
    return array


def as_objects(labels: Sequence[Any]) -> np.ndarray:
    """Return labels as an array of Python objects."""
    return np.fromiter(labels, dtype=object, count=len(labels))


def is_integer(kind: type) -> bool:
    """Return True if a type is an integer or boolean type."""
    return issubclass(kind, (Integral, np.bool_))


def encode_labels(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted distinct labels (n_classes,) and the code of each row's label (n_samples,).

    For Python objects, this takes O(n) time plus the time to sort the distinct labels: hashing (pandas) is
    several times faster than sorting ``y``. For other types, NumPy's sort is faster.
    """
    kind = y.dtype.kind
    if kind == "f":  # only floats with integer values can be labels
        check_whole(y)
    if kind in "iu" and len(y) and y.min() >= 0 and y.max() < len(y):  # counting is faster than sorting
        present = np.bincount(y.astype(np.intp, copy=False)) > 0
        return np.flatnonzero(present).astype(y.dtype), (np.cumsum(present) - 1)[y]
    if kind in "mM":
        check_none_missing(np.isnat(y), y)
    if kind in "biufUmM":
        return np.unique(y, return_inverse=True)
    if len(y) and isinstance(y[0], DATES):
        return encode_labels(exact_dates(y.tolist()))
    return encode_objects(as_plain_objects(y))


def encode_objects(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted distinct labels, and the code of each row's label, for an array of Python objects."""
    codes, distinct = pd.factorize(y)  # -1 is a missing label
    check_none_missing(codes < 0, y)
    check_kinds(distinct)
    places = {label: place for place, label in enumerate(dict.fromkeys(distinct))}
    if len(places) < len(distinct):  # pandas considers equal strings with lone surrogates as different
        codes = np.array([places[label] for label in distinct])[codes]
    labels = sorted(places)
    rank = np.empty(len(labels), dtype=np.intp)
    rank[[places[label] for label in labels]] = np.arange(len(labels))
    return as_array(labels), rank[codes]


def with_plain_type(y: Any) -> Any:
    """Convert an array of Python objects to an array of strings or integers. Return others unchanged."""
    if not isinstance(y, np.ndarray) or y.ndim != 1 or y.dtype.kind not in "OmM":
        return y
    classes, codes = encode_labels(y)
    return classes[codes]


def as_array(labels: list[Any]) -> np.ndarray:
    """Return an array with exactly the given values, which are sorted distinct strings or integers."""
    if isinstance(labels[0], str):
        check_no_final_nul(labels)
        return np.array(labels)
    array, integers = np.array(labels), all(is_integer(type(label)) for label in labels)
    if array.dtype.kind in "biu" or (array.dtype.kind == "f" and not integers and array.tolist() == labels):
        return array
    return as_integers(as_objects(labels), integer_type(int(labels[0]), int(labels[-1])))


def encode_polars_text(y: ArrayLike) -> tuple[np.ndarray | None, ArrayLike]:
    """Return the sorted labels and the codes of a polars string Series without creating Python objects.

    For any other `y`, or if a label is missing, return None and `y` unchanged.
    """
    polars = sys.modules.get("polars")
    if polars is None or not isinstance(y, polars.Series) or y.dtype != polars.String:
        return None, y
    if y.null_count() or not len(y):
        return None, y
    labels = y.unique().sort()  # by code points, as Python and numpy sort
    return as_array(labels.to_list()), y.cast(polars.Enum(labels)).to_physical().to_numpy()


def encode_classes(classes: Any) -> np.ndarray:
    """Return the sorted distinct labels of a list of classes."""
    if isinstance(classes, Iterable) and not hasattr(classes, "__array__") and not isinstance(classes, str):
        classes = list(classes)
    labels = column_or_1d(exact_labels(classes))
    if len(labels) == 0:
        raise ValueError(
            f"The 'classes' parameter of partial_fit must contain at least one label. Got {classes!r}."
        )
    return encode_labels(labels)[0]


def known_classes(classes: Any, known: np.ndarray | None) -> np.ndarray:
    """Return the classes passed to this or to a previous call of `partial_fit`."""
    if classes is None:
        if known is None:
            raise ValueError("classes must be passed on the first call to partial_fit.")
        return known
    given = encode_classes(classes)
    if known is not None and not same_labels(given, known):
        raise ValueError(
            f"`classes={classes!r}` is not the same as on last call to partial_fit, was: {known!r}"
        )
    return given if known is None else known


def as_plain_objects(y: np.ndarray) -> np.ndarray:
    """Return labels as Python objects, without NumPy scalars, which round integers in comparisons.

    Raises an error if a label is of type bytes, or cannot be hashed, such as a list.
    """
    y = y.astype(object, copy=False)
    kinds = set(map(type, y))
    if any(issubclass(kind, bytes) for kind in kinds):
        raise TypeError(
            "Support for labels represented as bytes is not supported. "
            "Convert the labels to a string or integer format."
        )
    if not all(issubclass(kind, Hashable) for kind in kinds):
        raise ValueError(mixed_message(kinds))
    if any(issubclass(kind, np.generic) for kind in kinds):
        return as_objects([plain_label(label) for label in y])
    return y


def plain_label(label: Any) -> Any:
    """Return a NumPy number or string as a Python value, and any other label unchanged."""
    return label.item() if isinstance(label, np.generic) and not isinstance(label, DATES) else label


def check_none_missing(missing: np.ndarray, y: Sequence[Any] | np.ndarray) -> None:
    """Raise a ValueError if a label is missing."""
    if missing.any():
        row = int(np.argmax(missing))
        raise ValueError(f"Input y contains a missing label: y[{row}] is {y[row]!r}.")


def check_no_time_zone(y: Any) -> None:
    """Raise a ValueError if labels are dates with a time zone, which NumPy would remove."""
    dtype = getattr(y, "dtype", getattr(y, "type", None))  # Arrow arrays have a type, not a dtype
    dtype = getattr(dtype, "pyarrow_dtype", dtype)
    zone = next((getattr(dtype, name, None) for name in ("tz", "time_zone") if hasattr(dtype, name)), None)
    if zone is not None:
        raise ValueError(
            f"Class labels that are dates must not have a time zone, because NumPy removes it. Got {dtype}."
        )


def check_no_final_nul(labels: Iterable[str]) -> None:
    """Raise a ValueError if a string ends with a NUL character, which NumPy would remove."""
    for label in labels:
        if label.endswith("\0"):
            raise ValueError(
                f"A class label must not end with a NUL character, because NumPy removes it. Got {label!r}."
            )


def check_kinds(distinct: np.ndarray) -> None:
    """Raise a ValueError unless all labels are strings or all labels are integers."""
    kinds = set(map(type, distinct))
    if all(issubclass(kind, str) for kind in kinds):
        return
    if not all(issubclass(kind, (Real, np.bool_)) and kind not in DATES for kind in kinds):
        raise ValueError(mixed_message(kinds))
    for label in distinct:
        if not is_integer(type(label)) and not float(label).is_integer():
            number = np.array([label], dtype=np.float64)
            assert_all_finite(number, input_name="y")
            check_classification_targets(number)


def check_whole(y: np.ndarray) -> None:
    """Raise scikit-learn's error for a continuous target."""
    if (y != np.floor(y)).any():
        check_classification_targets(y)


def locate_labels(labels: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the position of each label in `classes`, and whether the label is in `classes`.

    Both arrays must be sorted.
    """
    labels, classes = in_one_type(labels, classes)
    position = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    return position, classes[position] == labels


def same_labels(one: np.ndarray, other: np.ndarray) -> bool:
    """Return True if two sorted label arrays contain the same labels."""
    if len(one) != len(other) or kind_of(one) != kind_of(other):
        return False
    return bool(locate_labels(one, other)[1].all())


def unite_labels(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the sorted union of two sorted label arrays."""
    return unite_and_locate(one, other)[0]


def unite_and_locate(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the sorted union of two sorted label arrays, and the positions of their labels in the union.

    Each label is looked up only once and the union is not sorted again, because comparing strings is slow. If
    all labels are in the first array, that array itself is returned.
    """
    if other is one:
        return one, np.arange(len(one)), np.arange(len(one))
    position, found = locate_labels(other, one)
    if found.all():
        return one, np.arange(len(one)), position
    one, new = in_one_type(one, other[~found])
    classes = np.empty(len(one) + len(new), dtype=np.result_type(one, new))
    is_new = np.zeros(len(classes), dtype=bool)
    is_new[np.searchsorted(one, new) + np.arange(len(new))] = True
    classes[is_new], classes[~is_new] = new, one
    of_one, of_other = np.flatnonzero(~is_new), np.empty(len(other), dtype=np.intp)
    of_other[found], of_other[~found] = of_one[position[found]], np.flatnonzero(is_new)
    return classes, of_one, of_other


def in_one_type(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Convert two sorted label arrays to types that NumPy can compare and merge without rounding."""
    kinds = {one.dtype.kind, other.dtype.kind}
    if kind_of(one) != kind_of(other):
        raise ValueError(mixed_message({type(one[0]), type(other[0])}))
    if one.dtype == other.dtype or kinds in ({"U"}, {"f"}):
        return one, other
    dtype = np.result_type(one, other)
    if kinds <= {"m", "M"}:
        check_units(one, other, dtype)
    elif dtype.kind not in "biu":
        low, high = min(int(one[0]), int(other[0])), max(int(one[-1]), int(other[-1]))
        largest = 2 ** (np.finfo(dtype).nmant + 1) if dtype.kind == "f" and "f" in kinds else -1
        if not -largest <= low <= high <= largest:  # floats round some integers between these
            dtype = integer_type(low, high)
            return as_integers(one, dtype), as_integers(other, dtype)
    return one.astype(dtype, copy=False), other.astype(dtype, copy=False)


def integer_type(low: int, high: int) -> np.dtype:
    """Return a data type for integers from `low` to `high`, or object if NumPy has no such type."""
    fitting = (dtype for limits, dtype in INTEGERS if limits.min <= low and high <= limits.max)
    return next(fitting, np.dtype(object))


def as_integers(labels: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Convert numbers with integer values to an integer data type, or to Python integers."""
    if dtype.kind != "O" and labels.dtype.kind in "biu":
        return labels.astype(dtype, copy=False)
    return np.fromiter(map(int, labels.tolist()), dtype=dtype, count=len(labels))


def check_units(one: np.ndarray, other: np.ndarray, dtype: np.dtype) -> None:
    """Raise a ValueError if NumPy would change dates when it converts them to the common unit `dtype`."""
    if not all((dates.astype(dtype).astype(dates.dtype) == dates).all() for dates in (one, other)):
        raise ValueError(
            f"The class labels of types {one.dtype} and {other.dtype} cannot be converted to their common "
            f"type {dtype} without changing values. Use labels of the same type."
        )


def kind_of(labels: np.ndarray) -> str:
    """Return the kind of labels: "U" for strings, "M" for dates, "m" for times, and "f" for numbers."""
    if labels.dtype.kind in "mM":
        return labels.dtype.kind
    return "U" if isinstance(labels[0], str) else "f"


def mixed_message(kinds: Iterable[type]) -> str:
    """Return the error message for labels of different kinds, which cannot be sorted."""
    names = sorted({kind.__name__.rstrip("_") for kind in kinds})
    allowed = "all strings, all numbers or all dates of a NumPy array"
    return f"Class labels must be {allowed}. Got {' and '.join(names)}."
