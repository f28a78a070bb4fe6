"""Limit forecasts at 0 and round them, for targets that are never negative or are whole numbers."""

import numpy as np

ROUNDING = 1e-9


def whole_number(expected: np.ndarray, nonnegative: bool, whole: bool) -> np.ndarray:
    """Return the expected numbers (n_rows,), limited at 0 and rounded if the model requires it."""
    return _limited(np.floor(expected + 0.5) if whole else expected, nonnegative, whole)


def whole_level(upper: np.ndarray, nonnegative: bool, whole: bool) -> np.ndarray:
    """Return the forecasts (n_rows,) at a service level. A whole target of at most 7.8 is at most 7."""
    return _limited(np.floor(upper + ROUNDING) if whole else upper, nonnegative, whole)


def whole_range(ends: np.ndarray, nonnegative: bool, whole: bool) -> np.ndarray:
    """Return the lowest and highest whole numbers inside ranges, as an array of shape (n_rows, 2)."""
    if whole:
        upper = np.floor(ends[:, 1] + ROUNDING)
        ends = np.column_stack([np.minimum(np.ceil(ends[:, 0] - ROUNDING), upper), upper])
    return _limited(ends, nonnegative, whole)


def _limited(numbers: np.ndarray, nonnegative: bool, whole: bool) -> np.ndarray:
    numbers = np.maximum(numbers, 0) if nonnegative else numbers
    return numbers.astype(np.int64) if whole else numbers
