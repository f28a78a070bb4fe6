"""What a card says about a model, and whether a card can be believed."""

import functools
import importlib.metadata
import json
import math
import platform
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

FORMAT = 1
"""The number of the card's format; raised when an older `load_model` could not read a new card."""

_DISTRIBUTIONS = ("numpy", "scikit-learn", "tallygrad", "scipy", "joblib", "pandas", "polars")
_MAX_QUESTIONS = 3
_FILE_NAME = re.compile(r"[^/\\:\0]+\.(joblib|skops)")  # in the card's folder, on every system
_FIELDS: dict[str, tuple[type, ...]] = {
    "format": (int,),
    "name": (str,),
    "file": (str,),
    "sha256": (str,),
    "size": (int,),
    "class": (str,),
    "final_class": (str,),
    "parameters": (dict, str),
    "versions": (dict,),
    "trained": (dict, type(None)),
    "scores": (dict,),
    "questions": (list,),
    "retrain": (str, type(None)),
    "saved": (str,),
}


class ModelFileError(ValueError):
    """A model cannot be saved, or a saved model does not keep what its card promises.

    Where the card or the file is not there, it is a FileNotFoundError too.

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
    """The card or the file is not there: both kinds of error, so that either can be caught."""


def check_card(what: str, card: Any) -> None:
    """Raise ModelFileError where something read from a file is no card that we can use."""
    number = card.get("format") if isinstance(card, dict) else None
    if isinstance(number, int) and not isinstance(number, bool) and number > FORMAT:
        raise ModelFileError(
            f"{what} has format {number}; this version of tallygrad reads up to {FORMAT}: upgrade."
        )
    for field, types in _FIELDS.items():
        if not isinstance(card, dict) or field not in card:
            raise ModelFileError(f"{what} is not a model's card: the field {field!r} is missing.")
        if not isinstance(card[field], types):
            raise ModelFileError(f"{what} has a wrong value in {field!r}: {card[field]!r}.")
    if not _FILE_NAME.fullmatch(card["file"]):
        raise ModelFileError(
            f"{what} must name a .joblib or .skops file in its own folder. Got {card['file']!r}."
        )


def import_path(cls: type) -> str:
    """Name a class as one imports it: the private modules of a package are no promise."""
    public = [part for part in cls.__module__.split(".") if not re.match("_[^_]", part)]
    return ".".join([*public, cls.__qualname__])


def final_estimator(model: Any) -> Any:
    """Find the estimator at the end of searches and pipelines."""
    while True:
        steps = getattr(model, "steps", None)
        inner = steps[-1][1] if steps else getattr(model, "best_estimator_", None)
        if not hasattr(inner, "get_params"):
            return model
        model = inner


def describe(value: Any) -> Any:
    """Write parameters as JSON values: an estimator as its class and parameters, others by repr."""
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
    return re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(value))  # where it was in memory is no news


@functools.cache
def installed_versions() -> dict[str, str]:
    """Give the versions that a card records."""
    found = {"python": platform.python_version()}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def answered(model: Any, questions: Any, answer: Callable[[Any, Any], Any] | None) -> list[dict[str, Any]]:
    """Ask the questions and pair each with its answer, all as JSON values."""
    if questions is None:
        if answer is not None:
            raise ValueError("answer was given without questions.")
        return []
    if len(questions) > _MAX_QUESTIONS:
        raise ValueError(f"A card holds at most {_MAX_QUESTIONS} questions. Got {len(questions)} instead.")
    asked = as_json(_rows(questions), "questions")
    if isinstance(questions, list) and all(isinstance(row, Mapping) for row in questions):
        import pandas as pd  # here, so that loading a model does not wait for it

        questions = pd.DataFrame(questions)
    answers = as_json(answer(model, questions) if answer else model.predict(questions), "answers")
    if not isinstance(answers, list) or len(answers) != len(asked):
        raise ValueError(
            f"answer must give a list of {len(asked)} answers, one for each question. "
            f"Got {answers!r} instead."
        )
    return [{"question": q, "answer": a} for q, a in zip(asked, answers, strict=True)]


def _rows(questions: Any) -> list[Any]:
    if hasattr(questions, "to_dicts"):  # polars
        return questions.to_dicts()
    if hasattr(questions, "to_dict"):  # pandas, which marks a missing value in several ways
        return questions.astype(object).where(questions.notna(), None).to_dict("records")
    return list(questions)


def as_json(value: Any, what: str) -> Any:
    """Turn arrays, Series and numpy's numbers into JSON values; raise where that cannot be."""

    def unbox(item: Any) -> Any:
        for method in ("tolist", "to_list"):
            if hasattr(item, method):
                return getattr(item, method)()
        raise TypeError(f"Got {item!r} of type {type(item).__name__} instead")

    try:
        return json.loads(json.dumps(value, default=unbox, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"The {what} of a card must be JSON values: text, finite numbers, booleans, None, "
            f"lists, and dicts of these. {error}."
        ) from error
