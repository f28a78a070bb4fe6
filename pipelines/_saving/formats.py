"""A model as bytes: joblib, which runs code when loaded, and skops, which asks whom to trust."""

import importlib
import io
import pickle
from types import ModuleType
from typing import Any

import joblib

from pipelines._saving.cards import ModelFileError

# scipy.sparse, because skops knows SciPy's sparse matrices but not yet its sparse arrays.
_TRUSTED_CLASSES = ("estimators.", "pipelines.", "sklearn.", "scipy.sparse.")
# Scorers and the scores of feature selection are functions; not any function, because some of
# scikit-learn's read files, download or start programs.
_TRUSTED_FUNCTIONS = (
    "estimators.",
    "pipelines.recommend.",
    "sklearn.metrics.",
    "sklearn.feature_selection.",
)


def to_bytes(model: Any, suffix: str) -> bytes:
    """Write a model as ``.joblib`` or ``.skops``; raise ModelFileError where that cannot be."""
    try:
        if suffix == ".skops":
            data = _skops().dumps(model)
            trusted_types(data)
            return data
        buffer = io.BytesIO()
        joblib.dump(model, buffer)
        return buffer.getvalue()
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ModelFileError(
            f"The model cannot be written as {suffix}: {error}. "
            "Use functions that are defined in a module, not lambdas."
        ) from error


def from_bytes(data: bytes, suffix: str) -> Any:
    """Read what `to_bytes` wrote. ``.joblib`` runs whatever code the bytes hold."""
    skops = _skops() if suffix == ".skops" else None
    try:
        if skops:
            return skops.loads(data, trusted=trusted_types(data))
        return joblib.load(io.BytesIO(data))
    except ModelFileError:
        raise
    except Exception as error:  # unpickling can raise anything
        raise ModelFileError(f"{type(error).__name__}: {error}") from error


def trusted_types(data: bytes) -> list[str]:
    """Name the types in a skops file which skops should trust for us; raise at any other."""
    names = _skops().get_untrusted_types(data=data)
    refused = [name for name in names if not _is_trusted(name)]
    if refused:
        raise ModelFileError(
            "A .skops file may hold only the types of this library, of scikit-learn and of "
            f"scipy.sparse, and those which skops itself trusts. Got {', '.join(refused)}."
        )
    return names


def _is_trusted(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if not name.startswith(_TRUSTED_CLASSES):
        return False
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return False
    home = f"{getattr(found, '__module__', '')}."  # not os.system, where a module imports it
    return home.startswith(_TRUSTED_CLASSES if isinstance(found, type) else _TRUSTED_FUNCTIONS)


def _skops() -> ModuleType:
    try:
        return importlib.import_module("skops.io")
    except ImportError as error:
        raise ImportError(
            "A .skops file needs the package skops: pip install skops, or in a clone of tallygrad "
            'pip install ".[skops]".'
        ) from error
