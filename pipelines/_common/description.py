"""Describe a model as JSON values: its class, its parameters and the installed versions."""

import functools
import importlib.metadata
import json
import math
import platform
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

JSON: TypeAlias = Any  # str, int, float, bool, None, or a list or dict of these

_DISTRIBUTIONS = ("numpy", "scikit-learn", "tallygrad", "scipy", "joblib", "pandas", "polars")


def import_path(cls: type) -> str:
    """Return the public import path of a class, without private modules."""
    public = [part for part in cls.__module__.split(".") if not re.match("_[^_]", part)]
    return ".".join([*public, cls.__qualname__])


def describe(value: object) -> JSON:
    """Return a parameter as JSON values: class and parameters of an estimator, text for other objects."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, str | int | None) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, list | tuple):
        return [describe(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): describe(item) for key, item in value.items()}
    if hasattr(value, "get_params") and not isinstance(value, type):
        return {"class": import_path(type(value)), **describe(value.get_params(deep=False))}
    if hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    return re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(value))  # the memory address differs in every process


@functools.cache
def installed_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that a fitted model depends on."""
    found = {"python": platform.python_version()}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def as_json(value: object, what: str) -> JSON:
    """Convert arrays, Series and NumPy numbers to JSON values. Raise an error if that is impossible."""

    def unbox(item: Any) -> JSON:
        for method in ("tolist", "to_list"):
            if hasattr(item, method):
                return getattr(item, method)()
        raise TypeError(f"Got {item!r} of type {type(item).__name__} instead")

    try:
        return json.loads(json.dumps(value, default=unbox, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"The {what} of a card must be JSON values: strings, finite numbers, booleans, None, "
            f"lists, and dicts of these. {error}."
        ) from error
