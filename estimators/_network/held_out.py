"""The rows that are held out: split off for early stopping, or passed to ``fit``."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import check_array, check_consistent_length
from sklearn.utils.validation import validate_data

from estimators._common.scikit_learn import check_sample_weight
from estimators._network.training import Rows


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


def given(model: Any, X: Any, y: Any, weight: Any, n_outputs: int, dtype: Any) -> Rows | None:
    """Return the rows that were passed for validation, or None."""
    if X is None and y is None and weight is None:
        return None
    if X is None and y is None:
        raise ValueError("sample_weight_val is provided, but X_val and y_val were not provided.")
    if X is None or y is None:
        present, missing = ("X_val", "y_val") if y is None else ("y_val", "X_val")
        raise ValueError(f"{present} is provided, but {missing} was not provided.")
    with naming("X_val", "X"):
        rows = check_array(X, accept_sparse="csr", dtype=dtype, input_name="X_val", estimator=model)
        validate_data(model, X, skip_check_array=True, reset=False)  # names and number of features
    with naming("y_val", "y"):
        y = model._encode(model._check_y(y, n_outputs), dtype)
        if y.ndim > 1 and y.shape[1] != n_outputs:
            raise ValueError(f"y_val must have as many outputs as y, {n_outputs}. Got {y.shape[1]} instead.")
    with naming("X_val and y_val"):
        check_consistent_length(rows, y)
    if model.early_stopping and rows.shape[0] < 2:
        raise ValueError("The validation set is too small: early_stopping needs 2 rows or more in X_val.")
    with naming("sample_weight_val", "sample_weight"):
        weight = None if weight is None else check_sample_weight(weight, rows, dtype=dtype)
    return Rows(rows, y, weight)


@contextmanager
def naming(name: str, alone: str = "") -> Iterator[None]:
    """Let errors name an argument, where they name none, or the same `alone`, as of the rows to train on."""
    try:
        yield
    except ValueError as error:
        told = re.sub(rf"^(Input |['`]?){alone}\b(?!_val)", rf"\1{name}", str(error)) if alone else str(error)
        raise ValueError(told if name in told else f"{name}: {told}") from error


def resumed(
    model: Any, state: Mapping[str, Any], rows: Rows, given: Rows | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the rows to train on and to hold out as they are in a checkpoint."""
    order, val = state["order"], state["validation_rows"]
    n_then = len(order) + (0 if val is None else len(val))
    if n_then != rows.X.shape[0]:
        raise ValueError(f"it was made with {n_then} rows. Got {rows.X.shape[0]} rows instead.")
    if model.early_stopping and (given is None) != (val is not None):
        how, then = ("with", "pass them") if given is None else ("without", "leave them out")
        raise ValueError(f"it was made {how} X_val and y_val; {then}.")
    return order, val
