"""Checkpoints: a model in the middle of its training as bytes, and resuming from such a file.

A checkpoint is a joblib file of the model, followed by the SHA-256 hash of these bytes. It holds hashes of
the training data, not the data.
"""

import copy
import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from estimators._common.scikit_learn import without_callbacks
from estimators._network.layers import Features
from estimators._network.settings import Settings
from estimators._network.state import TrainingState

MAY_CHANGE = ("max_iter", "verbose", "warm_start")  # between the checkpoint and the resumed training
HASH_PREFIX = b"sha256:"  # followed by 64 digits, after the content; joblib stops reading before it
HASH_LENGTH = len(HASH_PREFIX) + 64
ROWS_PER_HASH_UPDATE = 4096  # so that an array whose rows are not contiguous is copied a part at a time


def to_bytes(model: Settings) -> bytes:
    """Return a checkpoint of a model."""
    kept, buffer = copy.copy(model), io.BytesIO()
    for name in kept.__dict__.keys() - without_callbacks(kept.__dict__).keys():
        delattr(kept, name)
    joblib.dump(kept, buffer)
    content = buffer.getvalue()
    return content + hash_line(content)


def hash_line(content: bytes) -> bytes:
    """Return the bytes that follow the content of a checkpoint."""
    return HASH_PREFIX + hashlib.sha256(content).hexdigest().encode()


@contextmanager
def resuming(model: Settings, path: str | os.PathLike[str]) -> Iterator[TrainingState]:
    """Give a model the attributes in a checkpoint. If the block raises, restore the model as it was.

    Yields the state of the training. Error messages name the file.
    """
    before, file = dict(model.__dict__), os.fspath(path)
    try:
        yield take_over(model, read(file, type(model)))
    except BaseException as error:
        model.__dict__.clear()
        model.__dict__.update(before)
        if isinstance(error, ValueError):
            raise ValueError(f"Cannot resume from {file!r}: {error}") from error
        raise


def read(file: str | bytes, kind: type[Settings]) -> Settings:
    """Return the model in a checkpoint. Nothing is unpickled unless the hash of the content is right."""
    data = Path(os.fsdecode(file)).read_bytes()
    content = data[:-HASH_LENGTH]
    if data[-HASH_LENGTH:] != hash_line(content):
        raise ValueError(
            "it is damaged or not a checkpoint (the callback Checkpoint writes them): it does not end with "
            "the hash of its content."
        )
    try:
        saved = joblib.load(io.BytesIO(content))
    except Exception as error:  # unpickling can raise anything
        raise ValueError(f"it cannot be read. {type(error).__name__}: {error}") from error
    if type(saved) is not kind:
        raise ValueError(f"it is a checkpoint of a {type(saved).__name__}, not of a {kind.__name__}.")
    return saved


def take_over(model: Settings, saved: Any) -> TrainingState:
    """Give a model the attributes of a saved one with equal parameters. Return the state of its training."""
    mine, theirs = model.get_params(deep=False), saved.get_params(deep=False)
    changed = [name for name in mine if name not in MAY_CHANGE and not alike(mine[name], theirs[name])]
    if changed:
        listed = ", ".join(f"{name}={theirs[name]!r} (now {mine[name]!r})" for name in changed)
        raise ValueError(f"it was made with other parameters: {listed}.")
    if saved.n_iter_ > model.max_iter:
        raise ValueError(
            f"it was made after epoch {saved.n_iter_}, but max_iter={model.max_iter} is less than that."
        )
    for name in [name for name in model.__dict__ if name.endswith("_")]:
        del model.__dict__[name]
    model.__dict__.update({name: value for name, value in saved.__dict__.items() if name not in mine})
    return saved.__dict__["_state"]


def alike(one: Any, other: Any) -> bool:
    """Tell whether two values of a parameter are equal. Two random generators count as equal."""
    if all(hasattr(value, "get_state") for value in (one, other)):
        return True
    return np.array_equal(one, other)


def check_data(
    state: TrainingState, rows: Sequence[Features | None], held_out: Sequence[Features | None] | None
) -> None:
    """Raise unless the data have the same fingerprints as those of the checkpoint."""
    then, now = state.fingerprints or {}, fingerprint(rows, held_out)
    changed = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    if changed:
        raise ValueError(f"it was made with other data: {', '.join(changed)} changed.")


def fingerprint(
    rows: Sequence[Features | None], held_out: Sequence[Features | None] | None
) -> dict[str, str | None]:
    """Return hashes of features, encoded targets and weights, in one pass over them."""
    parts = zip(("X", "y", "sample_weight"), rows, strict=True)
    hashes = {name: None if part is None else hash_of(part) for name, part in parts}
    if held_out is not None:
        hashes |= {f"{name}_val": value for name, value in fingerprint(held_out, None).items()}
    return hashes


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
