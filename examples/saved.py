"""Load saved models for the examples' command lines."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from pipelines import ModelVersionWarning, load_model


def load_named(card: Path, expected: type, messages: Console) -> Any:
    """Load a model chosen by the user, and print a warning if it was saved with different versions."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ModelVersionWarning)
        model = load_model(card, expected=expected)
    for warning in caught:
        messages.print(str(warning.message), style="yellow", markup=False)
    return model


def load_or_train(
    card: Path, expected: type, train: Callable[[], Any], retrain: str, messages: Console
) -> Any:
    """Load an example's own model. If it is missing or its versions differ, print a note and train it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ModelVersionWarning)
            return load_model(card, expected=expected)
    except (ModelVersionWarning, FileNotFoundError) as reason:
        messages.print(
            f"{reason}\nTraining the model for this run only. To save it, run: {retrain}", markup=False
        )
        with messages.status("Training ..."):
            return train()
