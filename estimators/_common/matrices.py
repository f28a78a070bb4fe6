"""Feature matrices: the types that callers may pass, and their validation."""

import sys
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import scipy.sparse as sp
import sklearn.utils.validation
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

MatrixLike: TypeAlias = ArrayLike | sp.sparray | sp.spmatrix  # also a data frame
Matrix: TypeAlias = np.ndarray | sp.csr_array


def readable(X: Any) -> Any:
    """Return data in a form that scikit-learn reads.

    A polars LazyFrame is collected, and NumPy strings of variable length become Python objects. Anything else
    is returned unchanged.
    """
    polars = sys.modules.get("polars")
    if polars is not None and isinstance(X, polars.LazyFrame):
        return X.collect()
    return X.astype(object) if getattr(getattr(X, "dtype", None), "kind", None) == "T" else X


def with_nan(X: Any) -> Any:
    """Return a table or column of numbers as floats, with NaN in place of missing values."""
    if isinstance(X, pd.DataFrame | pd.Series):
        return X.astype(object).where(X.notna(), np.nan).astype(np.float64)
    objects = np.asarray(X, dtype=object)
    return np.where(pd.isna(objects), np.nan, objects).astype(np.float64)


def validate_data(estimator: BaseEstimator, X: Any, y: Any = "no_validation", **options: Any) -> Any:
    """Call scikit-learn's ``validate_data`` on data in a form that it reads. Dates are refused as numbers."""
    X, y = readable(X), readable(y)
    check_no_dates(X, "X", estimator)
    if options.get("y_numeric"):
        check_no_dates(y, "y", estimator)
    return with_missing_as_nan(
        lambda X, y: sklearn.utils.validation.validate_data(estimator, X, y, **options), X, y
    )


def check_numbers(estimator: BaseEstimator, X: Any, name: str, **options: Any) -> Any:
    """Call scikit-learn's ``check_array`` in the same way. `name` is the name of the argument."""
    X = readable(X)
    check_no_dates(X, name, estimator)
    options |= {"input_name": name, "estimator": estimator}
    return with_missing_as_nan(lambda X: sklearn.utils.validation.check_array(X, **options), X)


def with_missing_as_nan(check: Callable[..., Any], *data: Any) -> Any:
    """Return the result of a scikit-learn check, which gets NaN in place of pandas.NA."""
    with np.errstate(invalid="ignore"):  # it adds all numbers, which may overflow in both directions
        try:
            return check(*data)
        except TypeError:
            if not any(map(has_na, data)):
                raise
            return check(*(with_nan(part) if has_na(part) else part for part in data))


def check_no_dates(X: Any, name: str, estimator: BaseEstimator) -> None:
    """Raise a ValueError if numbers are expected, but a column contains dates or durations.

    NumPy would convert them to integers in their unit, which may differ from one table to the next, and NaT
    to the smallest integer.
    """
    for dtype in column_types(X):
        is_temporal = getattr(dtype, "is_temporal", None)  # only defined by polars
        if is_temporal() if is_temporal else getattr(dtype, "kind", "O") in "mM":
            raise ValueError(
                f"{name} must contain numbers. Got dates or durations of type {dtype}, which "
                f"{type(estimator).__name__} cannot read, because their numbers would depend on the unit. "
                "Convert them, for example to years or to days since a fixed date."
            )


def column_types(X: Any) -> list[Any]:
    """Return the data types of the columns of a table, or those of the values in the first row of a list."""
    if hasattr(X, "columns") and hasattr(X, "dtypes"):  # not in a table of pyarrow
        return list(X.dtypes)
    dtype = getattr(X, "dtype", None)
    if isinstance(X, list | tuple) or (isinstance(X, np.ndarray) and X.dtype.hasobject):
        return [getattr(value, "dtype", None) for value in np.asarray(X[:1], dtype=object).ravel()]
    return [dtype]


def has_na(X: Any) -> bool:
    """Return True if pandas.NA is one of the objects of a table or column."""
    if isinstance(X, str) or sp.issparse(X):
        return False
    return any(value is pd.NA for value in np.asarray(X, dtype=object).ravel())
