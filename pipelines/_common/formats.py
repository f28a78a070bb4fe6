"""Models as bytes: joblib, which runs code when loaded, and skops, which loads only trusted types."""

import importlib
import io
import pickle
from types import ModuleType

import joblib
from sklearn.base import BaseEstimator

SUFFIXES = (".joblib", ".skops")
# scipy.sparse is listed because skops supports SciPy's sparse matrices but not yet its sparse arrays.
_TRUSTED_CLASSES = ("estimators.", "pipelines.", "sklearn.", "scipy.sparse.")
# Only scorers and the score functions of feature selection. Other functions of scikit-learn may read files,
# download data or start programs.
_TRUSTED_FUNCTIONS = ("estimators.", "pipelines.recommend.", "sklearn.metrics.", "sklearn.feature_selection.")


class ModelFileError(ValueError):
    """Error raised when a model cannot be saved, or a saved model does not match its card.

    If the card or the model file is missing, the error is also a FileNotFoundError.

    Examples
    --------
    >>> from pipelines import ModelFileError, load_model
    >>> try:
    ...     model = load_model("models/no_such_model")
    ... except ModelFileError as error:
    ...     print(isinstance(error, FileNotFoundError))
    True
    """


class ModelFileNotFoundError(ModelFileError, FileNotFoundError):
    """Error raised when the card or the model file is missing. Either base class can be caught."""


def to_bytes(model: BaseEstimator | dict[str, object], suffix: str) -> bytes:
    """Return the content of a ``.joblib`` or ``.skops`` file. Raise ModelFileError if that is impossible."""
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
            f"The model cannot be written as a {suffix} file: {error}. "
            "Use functions defined in a module instead of lambdas."
        ) from error


def from_bytes(data: bytes, suffix: str) -> BaseEstimator:
    """Return the model from the content of a file. Loading a joblib file runs any code in it."""
    skops = _skops() if suffix == ".skops" else None
    try:
        if skops:
            return skops.loads(data, trusted=trusted_types(data))
        return joblib.load(io.BytesIO(data))
    except ModelFileError:
        raise
    except Exception as error:  # unpickling can raise any exception
        raise ModelFileError(f"{type(error).__name__}: {error}") from error


def trusted_types(data: bytes) -> list[str]:
    """Return the types that this library trusts but skops does not. Raise an error for untrusted types."""
    names = _skops().get_untrusted_types(data=data)
    refused = [name for name in names if not _is_trusted(name)]
    if refused:
        raise ModelFileError(
            "A .skops file must contain only types of this library, of scikit-learn and of scipy.sparse, and "
            f"types that skops itself trusts. Got {', '.join(refused)} instead."
        )
    return names


def _is_trusted(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    if name == "numpy.dtype":  # the type of an array's numbers, which SimpleImputer keeps
        return True
    if not name.startswith(_TRUSTED_CLASSES):
        return False
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ImportError:
        return False
    home = f"{getattr(found, '__module__', '')}."  # not os.system, even if a module imports it
    return home.startswith(_TRUSTED_CLASSES if isinstance(found, type) else _TRUSTED_FUNCTIONS)


def _skops() -> ModuleType:
    try:
        return importlib.import_module("skops.io")
    except ImportError as error:
        raise ImportError(
            "Saving or loading a .skops file requires the package skops. Install it with: pip install skops "
            '(or, in a clone of tallygrad: pip install ".[skops]").'
        ) from error
