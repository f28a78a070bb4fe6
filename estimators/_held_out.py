"""The rows that are held out: split off for early stopping, or passed to ``fit``."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import validate_data

from estimators._params import check_sample_weight
from estimators._training import Rows


def split(model: Any, rows: Rows, random_state: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows to train on and which to hold out, as scikit-learn would."""
    train, held_out = train_test_split(
        np.arange(rows.X.shape[0]),
        random_state=random_state,
        test_size=model.validation_fraction,
        stratify=model._strata(rows.y),
    )
    if len(held_out) < 2:
        raise ValueError(
            "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
        )
    if rows.weight is not None and not rows.weight[held_out].any():
        raise ValueError(
            "Sample weights must contain at least one non-zero number. All rows held out for early stopping "
            "have weight 0."
        )
    return train, held_out


def given(model: Any, X: Any, y: Any, weight: Any, dtype: Any) -> Rows | None:
    """Return the rows that were passed for validation, or None."""
    if X is None and y is None and weight is None:
        return None
    if X is None and y is None:
        raise ValueError("sample_weight_val is provided, but X_val and y_val were not provided.")
    if X is None or y is None:
        present, missing = ("X_val", "y_val") if y is None else ("y_val", "X_val")
        raise ValueError(f"{present} is provided, but {missing} was not provided.")
    X = validate_data(model, X, accept_sparse="csr", dtype=dtype, reset=False)
    y = model._encode(model._check_y(y), dtype)
    n_outputs = y.shape[1] if y.ndim > 1 else model.n_outputs_
    if n_outputs != model.n_outputs_:
        raise ValueError(
            f"y_val must have as many outputs as y, {model.n_outputs_}. Got {n_outputs} instead."
        )
    check_consistent_length(X, y)
    if model.early_stopping and X.shape[0] < 2:
        raise ValueError("The validation set is too small: early_stopping needs 2 rows or more in X_val.")
    weight = None if weight is None else check_sample_weight(weight, X, dtype=dtype)
    return Rows(X, y, weight)


def resumed(
    model: Any, state: Mapping[str, Any], rows: Rows, given: Rows | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the rows to train on and to hold out as they are in a checkpoint."""
    order, val = state["order"], state["validation_rows"]
    if len(order) + (0 if val is None else len(val)) != rows.X.shape[0]:
        raise ValueError("The checkpoint was made with another number of rows.")
    if model.early_stopping and (given is None) != (val is not None):
        how, then = ("with", "pass them") if given is None else ("without", "leave them out")
        raise ValueError(f"The checkpoint was made {how} X_val and y_val; {then}.")
    return order, val
