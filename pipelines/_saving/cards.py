"""What a card says about a model, and the check that a card can be trusted to say it."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from sklearn.base import BaseEstimator

from pipelines._common.description import JSON, as_json
from pipelines._common.formats import SUFFIXES, ModelFileError
from pipelines._common.frames import Rows, collected

FORMAT = 1
"""The version of the card's format; raised when an older `load_model` could not read a new card."""

Answer: TypeAlias = Callable[[BaseEstimator, Rows], Iterable]

_MAX_QUESTIONS = 3
_FILE_NAME = re.compile(rf"[^/\\:\0]+({'|'.join(map(re.escape, SUFFIXES))})")  # no folder, on any system
FIELDS: dict[str, tuple[type, ...]] = {
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


def check_card(what: str, card: JSON) -> None:
    """Raise ModelFileError unless the JSON of a file is a valid card."""
    number = card.get("format") if isinstance(card, dict) else None
    if isinstance(number, int) and not isinstance(number, bool) and number > FORMAT:
        raise ModelFileError(
            f"{what} has format {number}, but this version of tallygrad reads formats up to {FORMAT}. "
            "Upgrade tallygrad."
        )
    for field, types in FIELDS.items():
        if not isinstance(card, dict) or field not in card:
            raise ModelFileError(f"{what} is not the card of a model: the field {field!r} is missing.")
        if not isinstance(card[field], types) or isinstance(card[field], bool):
            raise ModelFileError(f"{what} has an invalid value in {field!r}: {card[field]!r}.")
    if card["format"] < 1:
        raise ModelFileError(f"{what} has an invalid value in 'format': {card['format']!r}.")
    if not _FILE_NAME.fullmatch(card["file"]):
        raise ModelFileError(
            f"{what} must name a .joblib or .skops file in its own folder. Got {card['file']!r}."
        )


def final_estimator(model: BaseEstimator) -> BaseEstimator:
    """Return the estimator at the end of searches and pipelines."""
    while True:
        steps = getattr(model, "steps", None)
        inner = steps[-1][1] if steps else getattr(model, "best_estimator_", None)
        if not hasattr(inner, "get_params"):
            return model
        model = inner


def answered(model: BaseEstimator, questions: Rows, answer: Answer | None) -> list[dict[str, JSON]]:
    """Ask the model the questions and return each with its answer, as JSON values."""
    if questions is None:
        if answer is not None:
            raise ValueError("answer was given without questions.")
        return []
    questions = collected(questions)
    if len(questions) > _MAX_QUESTIONS:
        raise ValueError(f"A card holds at most {_MAX_QUESTIONS} questions. Got {len(questions)} instead.")
    asked = as_json(_records(questions), "questions")
    if isinstance(questions, list) and all(isinstance(row, Mapping) for row in questions):
        import pandas as pd  # imported here so that loading a model does not wait for it

        questions = pd.DataFrame(questions)
    answers = as_json(answer(model, questions) if answer else model.predict(questions), "answers")
    if not isinstance(answers, list) or len(answers) != len(asked):
        raise ValueError(
            f"answer must return a list of {len(asked)} answers, one for each question. "
            f"Got {answers!r} instead."
        )
    return [{"question": q, "answer": a} for q, a in zip(asked, answers, strict=True)]


def _records(questions: Rows) -> list[Rows]:
    if hasattr(questions, "to_dicts"):  # polars
        return questions.to_dicts()
    if hasattr(questions, "to_dict"):  # pandas, which marks a missing value in several ways
        return questions.astype(object).where(questions.notna(), None).to_dict("records")
    return list(questions)
