"""Feature matrices: the types that callers may pass, and their validation."""

import sys
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
    """Call scikit-learn's ``validate_data`` on data in a form that it reads."""
    X, y = readable(X), readable(y)
    with np.errstate(invalid="ignore"):  # it adds all numbers, which may overflow in both directions
        try:
            return sklearn.utils.validation.validate_data(estimator, X, y, **options)
        except TypeError:  # it cannot read or compare pandas.NA
            if not any(map(has_na, (X, y))):
                raise
            X, y = (with_nan(part) if has_na(part) else part for part in (X, y))
            return sklearn.utils.validation.validate_data(estimator, X, y, **options)


def has_na(X: Any) -> bool:
    """Return True if pandas.NA is one of the objects of a table or column."""
    if isinstance(X, str) or sp.issparse(X):
        return False
    return any(value is pd.NA for value in np.asarray(X, dtype=object).ravel())
