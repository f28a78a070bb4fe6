"""Compare kinds of regularisation on a deep network with few images: L2, L1, dropout, batch normalisation."""

from typing import Any

import numpy as np
from rich.console import Console
from sklearn.model_selection import RepeatedStratifiedKFold, cross_validate

from examples.digits.data import Lesson
from examples.digits.evaluate import print_table
from examples.digits.model import all_epochs, recipe

NOTHING = {"net__alpha": 0.0, "net__l1": 0.0, "net__dropout": 0.0, "net__batch_norm": False}
WAYS: dict[str, dict[str, Any]] = {
    "none": {},
    "L2, alpha 0.1": {"net__alpha": 0.1},
    "L1, l1 0.01": {"net__l1": 0.01},
    "dropout 0.2": {"net__dropout": 0.2},
    "batch norm": {"net__batch_norm": True},
    "batch norm, dropout 0.1": {"net__batch_norm": True, "net__dropout": 0.1},
}


def compare(
    lesson: Lesson, epochs: int | None = None, seed: int = 0, messages: Console | None = None
) -> dict[str, Any]:
    """Cross-validate each kind of regularisation. Each fit uses one fold for training and four for scoring.

    Parameters
    ----------
    lesson : Lesson
        The training images. A test set is not used.

    epochs, seed
        As in :func:`examples.digits.model.recipe`.

    messages : Console, default=None
        Where to show progress.

    Returns
    -------
    report : dict
        "images", "learned" (the number of training images per fold) and "ways": for each kind of
        regularisation, its name, its accuracy and log loss on training images and on unseen images, its
        gain in accuracy compared with no regularisation, and the standard error of this gain, computed as
        if the folds were independent.
    """
    folds = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=seed)
    turned = [(few, most) for most, few in folds.split(lesson.X, lesson.y)]
    messages = messages or Console(quiet=True)
    ways: list[dict[str, Any]] = []
    by_fold: list[np.ndarray] = []
    for name, settings in WAYS.items():
        model = recipe("deep", lesson.side, epochs, seed).set_params(**(NOTHING | settings))
        with messages.status(f"Cross-validating {name} ..."), all_epochs():
            scores = cross_validate(
                model,
                lesson.X,
                lesson.y,
                cv=turned,
                scoring=["accuracy", "neg_log_loss"],
                return_train_score=True,
            )
        by_fold.append(scores["test_accuracy"])
        ways.append({"way": name, **summarised(scores, by_fold[-1] - by_fold[0])})
    return {"images": len(lesson.y), "learned": len(turned[0][0]), "seed": seed, "ways": ways}


def summarised(scores: dict[str, np.ndarray], gain: np.ndarray) -> dict[str, float]:
    """Return means over the folds. `gain` contains the gain in accuracy over no regularisation per fold."""
    return {
        "accuracy_training": float(scores["train_accuracy"].mean()),
        "accuracy": float(scores["test_accuracy"].mean()),
        "gain": float(gain.mean()),
        "gain_error": float(gain.std(ddof=1) / len(gain) ** 0.5),
        "log_loss_training": -float(scores["train_neg_log_loss"].mean()),
        "log_loss": -float(scores["test_neg_log_loss"].mean()),
    }


def table_of(report: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the headings and rows of the table."""
    headings = ["regularisation", "training", "unseen", "gain", "training loss", "unseen loss"]
    rows = [
        [
            way["way"],
            f"{way['accuracy_training']:.1%}",
            f"{way['accuracy']:.1%}",
            f"{100 * way['gain']:+.1f} ± {100 * way['gain_error']:.1f}" if i else "",
            f"{way['log_loss_training']:.3f}",
            f"{way['log_loss']:.3f}",
        ]
        for i, way in enumerate(report["ways"])
    ]
    return headings, rows


def show(report: dict[str, Any], console: Console) -> None:
    """Print the report as a table."""
    unseen = report["images"] - report["learned"]
    title = f"Deep network: accuracy and loss on {report['learned']:,} training and {unseen:,} unseen images"
    print_table(console, title, *table_of(report))
