"""A training that is taken up from a checkpoint: read, compared with the model, refused without a trace."""

import io
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from estimators._network.sealed import unseal

MAY_CHANGE = ("max_iter", "verbose", "warm_start")  # between a checkpoint and what goes on


@contextmanager
def resuming(model: Any, path: str | os.PathLike[str] | None) -> Iterator[Mapping[str, Any] | None]:
    """Give a model what a checkpoint holds, while it is checked; if it is refused, leave the model as it was.

    Yields how the training goes on, None without a path. Errors name the file.
    """
    if path is None:
        yield None
        return
    before, file = dict(vars(model)), os.fspath(path)
    try:
        yield take_over(model, read(file, type(model)))
    except BaseException as error:
        vars(model).clear()
        vars(model).update(before)
        if isinstance(error, ValueError):
            raise ValueError(f"Cannot resume from {file!r}: {error}") from error
        raise


def read(file: str | bytes, kind: type) -> Any:
    """Return the model in a checkpoint; nothing is unpickled before the hash of the content is right."""
    content = unseal(Path(os.fsdecode(file)).read_bytes())
    try:
        saved = joblib.load(io.BytesIO(content))
    except Exception as error:  # unpickling can raise anything
        raise ValueError(f"it cannot be read. {type(error).__name__}: {error}") from error
    if type(saved) is not kind:
        raise ValueError(f"it is a checkpoint of a {type(saved).__name__}, not of a {kind.__name__}.")
    return saved


def take_over(model: Any, saved: Any) -> Mapping[str, Any]:
    """Give a model the attributes of a saved one of equal parameters; return how its training goes on."""
    mine, theirs = model.get_params(deep=False), saved.get_params(deep=False)
    changed = [n for n in mine if n not in MAY_CHANGE and not alike(mine[n], theirs[n])]
    if changed:
        told = ", ".join(f"{n}={theirs[n]!r} (now {mine[n]!r})" for n in changed)
        raise ValueError(f"it was made with other parameters: {told}.")
    if saved.n_iter_ > model.max_iter:
        raise ValueError(f"it was made after epoch {saved.n_iter_}, and max_iter={model.max_iter} is less.")
    for name in [name for name in vars(model) if name.endswith("_")]:
        del vars(model)[name]
    state = vars(saved).pop("_training")
    vars(model).update({name: value for name, value in vars(saved).items() if name not in mine})
    return state


def alike(one: Any, other: Any) -> bool:
    """Tell whether two values of a parameter are equal; two generators cannot be compared."""
    if all(hasattr(value, "get_state") for value in (one, other)):
        return True
    return np.array_equal(one, other)


def check_data(then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise unless the data have the fingerprints of those that a checkpoint was made with."""
    changed = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    if changed:
        raise ValueError(f"it was made with other data: {', '.join(changed)} changed.")
