"""What the examples' command lines do with a saved model: load one that was named, or their own."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from pipelines import ModelVersionWarning, load_model


def load_named(card: Path, expected: type, messages: Console) -> Any:
    """Load a model that the user named; say so where versions differ."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ModelVersionWarning)
        model = load_model(card, expected=expected)
    for warning in caught:
        messages.print(str(warning.message), style="yellow", markup=False)
    return model


def load_or_train(
    card: Path, expected: type, train: Callable[[], Any], retrain: str, messages: Console
) -> Any:
    """Load an example's own model; where it is missing or versions differ, train and say so."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", ModelVersionWarning)
            return load_model(card, expected=expected)
    except (ModelVersionWarning, FileNotFoundError) as reason:
        messages.print(f"{reason}\nTraining anew for now; to keep the model, run: {retrain}", markup=False)
        with messages.status("Training ..."):
            return train()
