"""The content of a model card, and the validation of cards."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from sklearn.base import BaseEstimator

from pipelines._common.description import JSON, as_json
from pipelines._common.formats import SUFFIXES, ModelFileError
from pipelines._common.frames import Rows, collected

FORMAT = 1
"""The format version of cards, to be increased when an older `load_model` could not read new cards."""

Answer: TypeAlias = Callable[[BaseEstimator, Rows], Iterable]

_MAX_QUESTIONS = 3
# without a folder, on any system
_FILE_NAME = re.compile(rf"[^/\\:\0]+({'|'.join(map(re.escape, SUFFIXES))})")
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
    """Raise ModelFileError if parsed JSON is not a valid card."""
    number = card.get("format") if isinstance(card, dict) else None
    if isinstance(number, int) and not isinstance(number, bool) and number > FORMAT:
        raise ModelFileError(
            f"{what} has format {number}, but this version of tallygrad reads formats up to {FORMAT}. "
            "Upgrade tallygrad."
        )
    for field, types in FIELDS.items():
        if not isinstance(card, dict) or field not in card:
            raise ModelFileError(f"{what} is not a model card: the field {field!r} is missing.")
        if not isinstance(card[field], types) or isinstance(card[field], bool):
            allowed = " or ".join("null" if t is type(None) else t.__name__ for t in types)
            raise ModelFileError(
                f"The field {field!r} of {what[:1].lower() + what[1:]} must be of type {allowed}. "
                f"Got {card[field]!r} instead."
            )
    if card["format"] < 1:
        raise ModelFileError(
            f"The field 'format' of {what[:1].lower() + what[1:]} must be at least 1. "
            f"Got {card['format']!r} instead."
        )
    if not _FILE_NAME.fullmatch(card["file"]):
        raise ModelFileError(
            f"{what} must refer to a .joblib or .skops file in its own folder. Got {card['file']!r}."
        )


def final_estimator(model: BaseEstimator) -> BaseEstimator:
    """Return the final estimator inside nested searches and pipelines."""
    while True:
        steps = getattr(model, "steps", None)
        inner = steps[-1][1] if steps else getattr(model, "best_estimator_", None)
        if not hasattr(inner, "get_params"):
            return model
        model = inner


def answered(model: BaseEstimator, questions: Rows, answer: Answer | None) -> list[dict[str, JSON]]:
    """Return each question with the model's answer, as JSON values."""
    if questions is None:
        if answer is not None:
            raise ValueError(
                "The 'answer' parameter of save_model must be None if 'questions' is None. Pass 'questions' "
                "too, or omit 'answer'."
            )
        return []
    questions = collected(questions)
    if len(questions) > _MAX_QUESTIONS:
        raise ValueError(
            f"The 'questions' parameter of save_model must contain at most {_MAX_QUESTIONS} questions. "
            f"Got {len(questions)} instead."
        )
    asked = as_json(_records(questions), "questions")
    if isinstance(questions, list) and all(isinstance(row, Mapping) for row in questions):
        import pandas as pd  # imported here so that loading a model does not wait for it

        questions = pd.DataFrame(questions)
    answers = as_json(answer(model, questions) if answer else model.predict(questions), "answers")
    if not isinstance(answers, list) or len(answers) != len(asked):
        raise ValueError(
            f"The 'answer' function must return a list of {len(asked)} answers, one per question. "
            f"Got {answers!r} instead."
        )
    return [{"question": q, "answer": a} for q, a in zip(asked, answers, strict=True)]


def _records(questions: Rows) -> list[Rows]:
    if hasattr(questions, "to_dicts"):  # polars frames
        return questions.to_dicts()
    if hasattr(questions, "to_dict"):  # pandas, which marks a missing value in several ways
        return questions.astype(object).where(questions.notna(), None).to_dict("records")
    return list(questions)
