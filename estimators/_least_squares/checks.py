"""Checks of rows, targets and sums."""

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike
from scipy.linalg import LinAlgWarning
from sklearn.base import BaseEstimator
from sklearn.utils import assert_all_finite

from estimators._common.matrices import MatrixLike, validate_data
from estimators._common.scikit_learn import check_sample_weight, warn_caller
from estimators._least_squares.expansion import Terms
from estimators._least_squares.moments import Moments
from estimators._least_squares.rows import EPS, Matrix

MAX_GRAM_FEATURES = 5000  # the Gram matrix of more features would take more than 200 MB
MIN_SUM_OF_SQUARES = 1e-280  # smaller sums are not exact
MIN_TARGET = 1e-140  # the squares of smaller targets may underflow
MAX_WEIGHT = 1e152  # the squares of larger weights may overflow
MIN_DISTINCT_PART = 1e-11  # if a smaller part of a term differs from terms of lower degree, rounding hides it
FLOATS = [np.float64, np.float32]

CheckedRows = tuple[Matrix, np.ndarray, np.ndarray | None]  # X (n, d), y (n,) or (n, q), weights (n,)


def check_rows(
    estimator: BaseEstimator,
    X: MatrixLike,
    y: ArrayLike | None,
    sample_weight: ArrayLike | None,
    allow_zero: bool = False,
    **options: Any,
) -> CheckedRows:
    """Return X, y and the weights as arrays. `options` are passed to scikit-learn's validate_data."""
    rows, target = validate_data(estimator, X, y, dtype=FLOATS, y_numeric=True, multi_output=True, **options)
    target = target.toarray() if sp.issparse(target) else target
    assert_all_finite(target, estimator_name=type(estimator).__name__, input_name="y")
    return rows, target, check_weight(sample_weight, rows, allow_zero)


def check_weight(sample_weight: ArrayLike | None, X: Matrix, allow_zero: bool) -> np.ndarray | None:
    """Return the weights (n,) as float64, or None. If `allow_zero` is True, all of them may be 0."""
    if sample_weight is None:
        return None
    options = {"ensure_non_negative": True, "allow_all_zero_weights": allow_zero}
    return check_sample_weight(sample_weight, X, dtype=np.float64, **options)


def check_squares(X: Matrix, y: np.ndarray, name: str) -> None:
    """Raise an error if X contains NaN or infinity, or if squares of X or y would overflow or underflow.

    Takes O(n d) time.
    """
    largest = [largest_of(X.data if sp.issparse(X) else X), largest_of(y)]
    if not np.isfinite(largest[0]):
        assert_all_finite(X, estimator_name=name, input_name="X")
    if max(largest) > 1e150 or 0 < largest[0] < 1e-140:
        raise ValueError(
            f"X or y contains values that are too large for {name}, or the values of X are too small: their "
            "squares overflow or underflow. "
            "Scale them so that their largest absolute values are between 1e-140 and 1e150. "
            f"Got {largest[0]:.0e} for X and {largest[1]:.0e} for y."
        )
    check_scales(largest[0], largest[1], name)


def check_scales(x: float, y: float, name: str) -> None:
    """Raise an error if squares of y would underflow, or squares of weights (about y / x) would overflow."""
    if 0 < y < MIN_TARGET or 0 < x < y / MAX_WEIGHT:
        raise ValueError(
            f"The values of y are too small for {name}, or too large for the scale of X: their squares "
            "underflow, or the squares of the weights overflow. Scale y so that its largest absolute value "
            f"is at least {MIN_TARGET:.0e}, and at most {MAX_WEIGHT:.0e} times the smallest scale of X. "
            f"Got {y:.0e} for y and {x:.0e} for X."
        )


def largest_of(values: np.ndarray) -> float:
    """Return the largest absolute value, or 0 if there are no values."""
    return max(float(values.max(initial=0)), -float(values.min(initial=0)))


def check_sums(moments: Moments, X: Matrix | None, name: str) -> None:
    """Raise an error if X contained NaN, infinity or numbers too large to be squared.

    Takes O(d^2) time if it did not.
    """
    if not moments.is_finite:
        if X is not None:
            assert_all_finite(X, estimator_name=name, input_name="X")
        raise ValueError(
            f"X, y or sample_weight contains values that are too large for {name}: their squares overflow. "
            "Scale them down."
        )


def check_not_tiny(
    moments: Moments, X: Matrix, sample_weight: np.ndarray | None, *, has_domain: bool
) -> None:
    """Raise an error if a column of X varies so little that its squared deviations underflow to 0.

    If `has_domain` is True, the moments are those of polynomial terms, which begin with the scaled columns.
    """
    squares = moments.xx.diagonal()[: X.shape[1]]
    small = np.flatnonzero(squares < MIN_SUM_OF_SQUARES * min(1.0, moments.weight))
    if not len(small):
        return
    columns = X[:, small] if sample_weight is None else X[sample_weight > 0][:, small]
    columns = columns.toarray() if sp.issparse(columns) else columns
    if (columns.max(axis=0) > columns.min(axis=0)).any():
        unit, advice = (" of their domain", "Use a narrower domain") if has_domain else ("", "Scale X")
        raise ValueError(
            f"Columns {small[:10].tolist()} of X vary by less than 1e-140{unit}, so their variance "
            f"underflows. {advice}."
        )


def warn_of_wide_domain(moments: Moments, terms: Terms) -> None:
    """Warn if the rows cover so little of the domain that terms of high degree look like lower ones."""
    deviation = np.sqrt(moments.xx.diagonal()[: terms.n_columns].clip(0) / moments.weight)
    size = np.hypot(deviation, moments.x_mean[: terms.n_columns])
    varies = deviation > 8 * EPS * size
    share = np.where(varies, deviation, 1.0) / np.where(varies, size, 1.0)
    degrees = terms.powers.sum(axis=1)
    distinct = np.where(degrees > 1, (share**terms.powers).prod(axis=1), 1.0)  # (p,)
    if distinct.min() < MIN_DISTINCT_PART:
        column = int(np.argmin(np.where(terms.powers[distinct.argmin()] > 0, share, np.inf)))
        warn_caller(
            f"The values in column {column} of X cover only a small part of its domain, from "
            f"{terms.domain[0, column]:g} to {terms.domain[1, column]:g}. Terms of degree "
            f"{degrees[distinct < MIN_DISTINCT_PART].min()} can therefore not be distinguished from terms of "
            "lower degree. Use a narrower domain, a lower degree or alpha > 0.",
            LinAlgWarning,
        )


def as_floats(values: ArrayLike) -> np.ndarray | None:
    """Return the values as an array of floats, or None unless all of them are finite numbers."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return array if np.isfinite(array).all() else None


def as_columns(y: np.ndarray) -> np.ndarray:
    """Return y as a float64 array of shape (n, q)."""
    return y.reshape(len(y), -1).astype(np.float64, copy=False)
