"""Class labels: encode them as integer codes, find them among the classes, and unite two sets of classes.

Labels keep their values exactly or are refused: no integer passes through a float, no string is cut. Codes
are used within one call only and never leave it.
"""

import sys
from collections.abc import Hashable, Iterable, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from estimators._common.matrices import collected

INTEGERS = [(np.iinfo(kind), np.dtype(kind)) for kind in (np.int64, np.uint64)]


def exact_labels(y: Any) -> Any:
    """Return labels in a form that numpy reads without changing any, or `y` itself if it is such a form.

    Left alone, numpy makes floats of nullable integers and of lists with integers and floats, writes numbers
    beside strings as strings, and cuts NUL characters off the ends of strings.
    """
    y, polars = collected(y), sys.modules.get("polars")
    if isinstance(y, list | tuple):
        return exact_list(y)
    if polars is not None and isinstance(y, polars.Series):
        inexact = polars.String, polars.Int128, polars.UInt128, polars.Decimal
        return as_objects(y.to_list()) if y.dtype in inexact else y
    if getattr(y, "ndim", 2) == 2 and hasattr(y, "columns") and y.shape[1] == 1:
        column = exact_labels(y.iloc[:, 0] if isinstance(y, pd.DataFrame) else y.to_series())
        return column[:, np.newaxis] if isinstance(column, np.ndarray) else y
    dtype = getattr(y, "dtype", None)
    if getattr(dtype, "kind", None) == "T":  # numpy's strings of any length
        return y.astype(object)
    if isinstance(y, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        if isinstance(dtype, pd.StringDtype | pd.ArrowDtype | pd.CategoricalDtype):
            missing = np.asarray(y.isna())  # may be pandas.NA, which scikit-learn cannot compare
            check_none_missing(missing, np.asarray(y, dtype=object) if missing.any() else np.empty(0))
        plain = getattr(dtype, "numpy_dtype", None)  # of nullable and Arrow types
        if plain is not None and plain.kind in "biu":
            check_none_missing(np.asarray(y.isna()), np.asarray(y, dtype=object))
            return y.to_numpy(dtype=plain)
    return y


def exact_list(y: Sequence[Any]) -> Any:
    """Return a list of labels as an array of their values. Other lists are returned as they are."""
    kinds = set(map(type, y))
    if type(pd.NA) in kinds:  # scikit-learn cannot compare it
        check_none_missing(np.array([label is pd.NA for label in y]), as_objects(y))
    if not kinds or not all(issubclass(kind, (str, Real, np.bool_, type(None))) for kind in kinds):
        return y
    if any(issubclass(kind, str) for kind in kinds):
        return as_objects(y)
    array = np.asarray(y)
    return as_objects(y) if array.dtype.kind == "f" and any(map(is_integer, kinds)) else array


def as_objects(labels: Sequence[Any]) -> np.ndarray:
    """Return labels as an array of Python objects."""
    return np.fromiter(labels, dtype=object, count=len(labels))


def is_integer(kind: type) -> bool:
    """Tell whether a type holds integers only."""
    return issubclass(kind, (Integral, np.bool_))


def encode_labels(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted distinct labels (n_classes,) and the code of each y (n_samples,).

    O(n) plus a sort of the distinct labels. For Python objects, hashing (pandas) is several times faster
    than sorting all of ``y``. For other types numpy's sort is faster.
    """
    kind = y.dtype.kind
    if kind == "f":  # whole floats are labels, others are a regression target
        check_whole(y)
    if kind in "iu" and len(y) and y.min() >= 0 and y.max() < len(y):  # small: count, do not sort
        present = np.bincount(y.astype(np.intp, copy=False)) > 0
        return np.flatnonzero(present).astype(y.dtype), (np.cumsum(present) - 1)[y]
    if kind in "mM":
        check_none_missing(np.isnat(y), y)
    if kind in "biufUmM":
        return np.unique(y, return_inverse=True)
    return encode_objects(as_plain_objects(y))


def encode_objects(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the sorted distinct labels and the code of each y, which holds Python objects."""
    codes, distinct = pd.factorize(y)  # -1 is a missing label
    check_none_missing(codes < 0, y)
    check_kinds(distinct)
    places = {label: place for place, label in enumerate(dict.fromkeys(distinct))}
    if len(places) < len(distinct):  # pandas takes equal strings with lone surrogates for different ones
        codes = np.array([places[label] for label in distinct])[codes]
    labels = sorted(places)
    rank = np.empty(len(labels), dtype=np.intp)
    rank[[places[label] for label in labels]] = np.arange(len(labels))
    return as_array(labels), rank[codes]


def with_plain_type(y: Any) -> Any:
    """Return an array of Python objects as one of strings or integers, and anything else unchanged."""
    if not isinstance(y, np.ndarray) or y.ndim != 1 or y.dtype.kind not in "OmM":
        return y
    classes, codes = encode_labels(y)
    return classes[codes]


def as_array(labels: list[Any]) -> np.ndarray:
    """Return sorted distinct strings or whole numbers as an array that holds exactly these."""
    if isinstance(labels[0], str):
        check_no_final_nul(labels)
        return np.array(labels)
    array, integers = np.array(labels), all(is_integer(type(label)) for label in labels)
    if array.dtype.kind in "biu" or (array.dtype.kind == "f" and not integers and array.tolist() == labels):
        return array
    return as_integers(as_objects(labels), integer_type(int(labels[0]), int(labels[-1])))


def encode_polars_text(y: ArrayLike) -> tuple[np.ndarray | None, ArrayLike]:
    """Return the sorted labels of a polars Series of strings and its codes, without making Python objects.

    For any other `y`, or if a label is missing, return None and `y` as it is.
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
        raise ValueError("The 'classes' parameter of partial_fit must hold at least one label. Got none.")
    return encode_labels(labels)[0]


def known_classes(classes: Any, known: np.ndarray | None) -> np.ndarray:
    """Return the classes of a model in `partial_fit`, which names them now or has named them before."""
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


def as_plain_objects(y: np.ndarray) -> np.ndarray:
    """Return labels as Python objects, none of them a scalar of numpy: those round integers to compare them.

    Raise if some labels are bytes, or cannot be hashed, such as lists.
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
        return as_objects([label.item() if isinstance(label, np.generic) else label for label in y])
    return y


def check_none_missing(missing: np.ndarray, y: np.ndarray) -> None:
    """Raise if a label is missing."""
    if missing.any():
        row = int(np.argmax(missing))
        raise ValueError(f"Input y contains a missing label: y[{row}] is {y[row]!r}.")


def check_no_final_nul(labels: Iterable[str]) -> None:
    """Raise if a string ends in a NUL character: numpy would make it equal to the string without it."""
    for label in labels:
        if label.endswith("\0"):
            raise ValueError(
                f"A class label must not end in a NUL character, because NumPy cuts it off. Got {label!r}."
            )


def check_kinds(distinct: np.ndarray) -> None:
    """Raise unless the labels are all strings or all whole numbers."""
    kinds = set(map(type, distinct))
    if all(issubclass(kind, str) for kind in kinds):
        return
    if not all(issubclass(kind, (Real, np.bool_)) for kind in kinds):
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
    """Return the position of each label in the sorted `classes`, and whether it is one of them.

    The labels are sorted too.
    """
    labels, classes = in_one_type(labels, classes)
    position = np.minimum(np.searchsorted(classes, labels), len(classes) - 1)
    return position, classes[position] == labels


def same_labels(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two sorted label arrays hold the same labels."""
    if len(one) != len(other) or kind_of(one) != kind_of(other):
        return False
    return bool(locate_labels(one, other)[1].all())


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
    one, new = in_one_type(one, other[~found])
    classes = np.empty(len(one) + len(new), dtype=np.result_type(one, new))
    is_new = np.zeros(len(classes), dtype=bool)
    is_new[np.searchsorted(one, new) + np.arange(len(new))] = True
    classes[is_new], classes[~is_new] = new, one
    of_one, of_other = np.flatnonzero(~is_new), np.empty(len(other), dtype=np.intp)
    of_other[found], of_other[~found] = of_one[position[found]], np.flatnonzero(is_new)
    return classes, of_one, of_other


def in_one_type(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return two sorted label arrays in types that numpy compares, and unites, without rounding."""
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
    """Return the type of arrays with integers from `low` to `high`. It is object if numpy has none."""
    fitting = (dtype for limits, dtype in INTEGERS if limits.min <= low and high <= limits.max)
    return next(fitting, np.dtype(object))


def as_integers(labels: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Return whole numbers as integers of a type that holds them."""
    if dtype.kind != "O" and labels.dtype.kind in "biu":
        return labels.astype(dtype, copy=False)
    return np.fromiter(map(int, labels.tolist()), dtype=dtype, count=len(labels))


def check_units(one: np.ndarray, other: np.ndarray, dtype: np.dtype) -> None:
    """Raise if dates of two units do not fit in the unit of both, where numpy would change them."""
    if not all((dates.astype(dtype).astype(dates.dtype) == dates).all() for dates in (one, other)):
        raise ValueError(
            f"The labels of types {one.dtype} and {other.dtype} do not fit in {dtype}, the type of both."
        )


def kind_of(labels: np.ndarray) -> str:
    """Return the kind of labels: "U" for strings, "M" for dates, "m" for times, and "f" for numbers."""
    if labels.dtype.kind in "mM":
        return labels.dtype.kind
    return "U" if isinstance(labels[0], str) else "f"


def mixed_message(kinds: Iterable[type]) -> str:
    """Return the error message for labels of several kinds, which cannot be sorted."""
    names = sorted({kind.__name__.rstrip("_") for kind in kinds})
    allowed = "all strings, all numbers or all dates of a NumPy array"
    return f"Class labels must be {allowed}. Got {' and '.join(names)}."
