"""Validation data, which is split from the training rows or passed to ``fit``."""

from collections.abc import Callable
from numbers import Number

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import is_classifier
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array

from estimators._common.matrices import check_numbers, readable, validate_data
from estimators._network.layers import Features
from estimators._network.losses import Weight
from estimators._network.settings import MatrixLike, Settings
from estimators._network.training import Rows

Given = tuple[MatrixLike | None, ArrayLike | None, ArrayLike | None]


def split(model: Settings, rows: Rows, random_state: np.random.RandomState) -> tuple[np.ndarray, np.ndarray]:
    """Split rows into training and validation rows, stratified by class if possible.

    With ``early_stopping=True``, the split is the same as in scikit-learn, which only stratifies if
    there are two classes.
    """
    indices, share = np.arange(rows.X.shape[0]), model.validation_fraction
    strata = _strata(model, rows) if is_classifier(model) else None
    train, held_out = train_test_split(indices, random_state=random_state, test_size=share, stratify=strata)
    if len(held_out) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
        )
    if rows.weight is not None and not rows.weight[held_out].any():
        raise ValueError(
            "Sample weights must contain at least one non-zero number. All rows that were set aside as "
            "validation data for early stopping have weight 0."
        )
    return train, held_out


def _strata(model: Settings, rows: Rows) -> np.ndarray | None:
    """Return the class of each row for a stratified split, or None if the split cannot be stratified.

    A split cannot be stratified if rows have several labels, if a class has a single row, or if
    there are more classes than validation rows.
    """
    if model.n_outputs_ == 1:
        return rows.y > 0.5
    if model.early_stopping is True or rows.y.ndim == 2:
        return None
    counts = np.bincount(rows.y)
    counts = counts[counts > 0]
    n_held_out = int(np.ceil(model.validation_fraction * len(rows.y)))
    return rows.y if counts.min() > 1 and len(counts) <= min(n_held_out, len(rows.y) - n_held_out) else None


def check_given(
    model: Settings, given: Given, encode: Callable[[ArrayLike], np.ndarray], dtype: np.dtype
) -> Rows:
    """Return the validation data passed to ``fit``. `encode` checks ``y_val`` and encodes it."""
    X, y, weight = map(readable, given)
    if X is None and y is None:
        raise ValueError(
            "sample_weight_val was passed without X_val and y_val. Pass all three, or none of them."
        )
    if X is None or y is None:
        present, missing = ("X_val", "y_val") if y is None else ("y_val", "X_val")
        raise ValueError(f"{present} was passed without {missing}. Pass both, or neither.")
    X, y = check_features(model, X, dtype), encode(y)
    n = X.shape[0]
    if len(y) != n:
        raise ValueError(f"X_val and y_val have inconsistent numbers of samples: {n} and {len(y)}.")
    if model.early_stopping and n < 2:
        raise ValueError(
            "The validation set is too small. With early_stopping=True, X_val must have at least 2 rows. "
            f"Got {n}."
        )
    return Rows(X, y, None if weight is None else check_weight(weight, n, dtype))


def check_features(model: Settings, X: MatrixLike, dtype: np.dtype) -> Features:
    """Return ``X_val`` as an array or CSR matrix, and check that it has the features of the model."""
    try:
        validate_data(
            model, X, skip_check_array=True, reset=False, ensure_2d=False
        )  # this also compares the feature names
    except ValueError as error:
        raise ValueError(f"X_val: {error}") from error
    any_shape = {"ensure_2d": False, "allow_nd": True, "ensure_min_samples": 0, "ensure_min_features": 0}
    X = check_numbers(model, X, "X_val", accept_sparse="csr", dtype=dtype, **any_shape)
    if X.ndim != 2 or X.shape[0] == 0:
        raise ValueError(f"X_val must be a 2D array with at least one row. Got shape {X.shape} instead.")
    if X.shape[1] != model.n_features_in_:
        raise ValueError(
            f"X_val has {X.shape[1]} features, but {type(model).__name__} is expecting "
            f"{model.n_features_in_} features as input."
        )
    return X


def check_weight(weight: ArrayLike, n: int, dtype: np.dtype) -> Weight:
    """Return ``sample_weight_val`` as an array of shape (n,)."""
    weight = np.full(n, weight) if isinstance(weight, Number) else weight
    checked = check_array(weight, ensure_2d=False, dtype=dtype, order="C", input_name="sample_weight_val")
    if checked.shape != (n,):
        raise ValueError(f"sample_weight_val.shape == {checked.shape}, expected {(n,)}!")
    if not checked.any():
        raise ValueError("sample_weight_val must contain at least one non-zero number.")
    return checked
