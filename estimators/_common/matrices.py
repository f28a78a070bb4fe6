"""Feature matrices: the types that callers may pass, and their validation."""

import sys
from typing import Any, TypeAlias

import numpy as np
import scipy.sparse as sp
import sklearn.utils.validation
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

MatrixLike: TypeAlias = ArrayLike | sp.sparray | sp.spmatrix  # also a data frame
Matrix: TypeAlias = np.ndarray | sp.csr_array


def collected(X: Any) -> Any:
    """Return a polars LazyFrame as a DataFrame, and anything else unchanged."""
    polars = sys.modules.get("polars")
    return X.collect() if polars is not None and isinstance(X, polars.LazyFrame) else X


def validate_data(estimator: BaseEstimator, X: Any, y: Any = "no_validation", **options: Any) -> Any:
    """Call scikit-learn's ``validate_data``, after collecting LazyFrames, which it does not support."""
    # scikit-learn adds all numbers, which may overflow in both directions
    with np.errstate(invalid="ignore"):
        return sklearn.utils.validation.validate_data(estimator, collected(X), collected(y), **options)
