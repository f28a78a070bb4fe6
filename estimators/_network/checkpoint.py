"""Checkpoints: saving a model during training, and resuming the training.

A checkpoint is a joblib file with the model, followed by its SHA-256 hash. It contains hashes of the training
data, but not the data itself.
"""

import copy
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from estimators._common.scikit_learn import without_callbacks
from estimators._network.layers import Features
from estimators._network.settings import Settings
from estimators._network.state import TrainingState

Data = tuple[Features, np.ndarray, np.ndarray | None]  # features, encoded targets and weights

MAY_CHANGE = ("max_iter", "verbose", "warm_start")  # parameters that may differ when training is resumed
HASH_PREFIX = b"sha256:"  # comes after the content, with 64 digits; joblib does not read it
HASH_LENGTH = len(HASH_PREFIX) + 64
ROWS_PER_HASH_UPDATE = 4096  # a non-contiguous array is copied in parts of this size


def to_bytes(model: Settings) -> bytes:
    """Return a checkpoint of a model."""
    kept, buffer = copy.copy(model), io.BytesIO()
    kept.__dict__ = without_callbacks(kept.__dict__)
    joblib.dump(kept, buffer)
    content = buffer.getvalue()
    return content + hash_line(content)


def hash_line(content: bytes) -> bytes:
    """Return the hash that follows the content of a checkpoint."""
    return HASH_PREFIX + hashlib.sha256(content).hexdigest().encode()


@contextmanager
def resuming(model: Settings, path: str | os.PathLike[str]) -> Iterator[TrainingState]:
    """Set a model's attributes from a checkpoint. If the block raises an error, restore the previous ones.

    Yields the training state. Error messages include the name of the file.
    """
    before, file = dict(model.__dict__), os.fspath(path)
    try:
        yield take_over(model, read(file, type(model)))
    except BaseException as error:
        model.__dict__ = before
        if isinstance(error, ValueError):
            raise ValueError(f"Cannot resume from {file!r}: {error}") from error
        raise


def read(file: str | bytes, kind: type[Settings]) -> Settings:
    """Return the model in a checkpoint. The content is only unpickled if its hash is correct."""
    try:
        data = Path(os.fsdecode(file)).read_bytes()
    except FileNotFoundError as error:
        raise type(error)(
            f"Cannot resume from {file!r}: the file does not exist. To write it during training, call "
            f"model.set_callbacks(pipelines.Checkpoint({file!r})), and then fit without resume_from."
        ) from error
    content = data[:-HASH_LENGTH]
    if data[-HASH_LENGTH:] != hash_line(content):
        raise ValueError(
            "the file does not end with the hash of its content, so it is damaged or not a checkpoint. "
            "Checkpoints are written by the callback pipelines.Checkpoint."
        )
    try:
        saved = joblib.load(io.BytesIO(content))
    except Exception as error:  # unpickling can raise anything
        raise ValueError(f"the file cannot be read. {type(error).__name__}: {error}") from error
    if type(saved) is not kind:
        raise ValueError(
            f"the model in the checkpoint must be of type {kind.__name__}. Got {type(saved).__name__} "
            "instead."
        )
    return saved


def take_over(model: Settings, saved: Any) -> TrainingState:
    """Copy the attributes of a saved model with equal parameters to the model. Return the training state."""
    mine, theirs = model.get_params(deep=False), saved.get_params(deep=False)
    fixed = ("max_iter",) if model.learning_rate == "cosine" or model.warmup_fraction else ()
    checked = [name for name in mine if name in fixed or name not in MAY_CHANGE]
    changed = [name for name in checked if not alike(mine[name], theirs[name])]
    if changed:
        listed = ", ".join(f"{name}={theirs[name]!r} (now {mine[name]!r})" for name in changed)
        raise ValueError(f"the checkpoint was saved with different parameters: {listed}.")
    if saved.n_iter_ > model.max_iter:
        raise ValueError(
            f"the checkpoint was saved after epoch {saved.n_iter_}, so max_iter must be at least "
            f"{saved.n_iter_}. Got max_iter={model.max_iter} instead."
        )
    kept = {name: value for name, value in model.__dict__.items() if not name.endswith("_")}
    model.__dict__ = kept | {name: value for name, value in saved.__dict__.items() if name not in mine}
    return saved.__dict__["_state"]


def alike(one: Any, other: Any) -> bool:
    """Return True if two values of a parameter are equal. Any two random generators are considered equal."""
    if all(hasattr(value, "get_state") for value in (one, other)):
        return True
    return np.array_equal(one, other)


def check_data(model: Settings, state: TrainingState, rows: Data, given: Data | None) -> None:
    """Raise an error if the data differs from that of the checkpoint.

    `given` only matters for early stopping.
    """
    assert state.order is not None
    X, early = rows[0], model.early_stopping
    n_rows = len(state.order) + (0 if state.held_out is None else len(state.held_out))
    if X.dtype != model.coefs_[0].dtype:
        raise ValueError(
            f"X must have the data type {model.coefs_[0].dtype}, as in the checkpoint. Got an X of "
            f"data type {X.dtype} instead."
        )
    if X.shape[0] != n_rows:
        raise ValueError(f"X must have {n_rows} rows, as in the checkpoint. Got {X.shape[0]} rows instead.")
    if early and given is None and state.held_out is None:
        raise ValueError("the checkpoint was saved with X_val and y_val. Pass the same X_val and y_val.")
    if early and given is not None and state.held_out is not None:
        raise ValueError("the checkpoint was saved without X_val and y_val. Do not pass them.")
    then, now = state.fingerprints or {}, fingerprint(rows, given if early else None)
    changed = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    if changed:
        raise ValueError(
            "the data must be the same as in the checkpoint. The following arguments have changed: "
            f"{', '.join(changed)}."
        )


def fingerprint(rows: Data, given: Data | None) -> dict[str, str | None]:
    """Return hashes of the features, encoded targets and weights of the training and validation data."""
    parts = dict(zip(("X", "y", "sample_weight"), rows, strict=True))
    if given is not None:
        parts |= zip(("X_val", "y_val", "sample_weight_val"), given, strict=True)
    return {name: None if part is None else hash_of(part) for name, part in parts.items()}


def hash_of(array: Features) -> str:
    """Return the hash of an array's shape and values, or of the three arrays of a CSR matrix."""
    digest = hashlib.sha256(repr(array.shape).encode())
    if isinstance(array, np.ndarray):
        step = ROWS_PER_HASH_UPDATE
        parts = [array[start : start + step] for start in range(0, len(array), step)]
    else:
        array = array if array.has_sorted_indices else array.sorted_indices()
        parts = [array.indptr.astype(np.int64), array.indices.astype(np.int64), array.data]
    for part in parts:
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()
