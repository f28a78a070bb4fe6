"""Score the three models on unseen images, and list the digits that the best model confuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss
from sklearn.model_selection import KFold, StratifiedKFold

from examples.digits.data import Lesson
from examples.digits.model import MODELS, all_epochs, recipe
from examples.digits.pictures import draw_image, pyplot, save

N_SHOWN = 20  # misclassified images to show


def evaluate(
    lesson: Lesson, epochs: int | None = None, seed: int = 0, messages: Console | None = None
) -> dict:
    """Score every model.

    Parameters
    ----------
    lesson : Lesson
        The images. The models are scored on the test set. If there is none, they are cross-validated twice,
        with five random folds and with five folds of consecutive images.

    epochs, seed
        As in :func:`examples.digits.model.recipe`.

    messages : Console, default=None
        Where to show progress.

    Returns
    -------
    report : dict
        "data", "images", "scores" (for each model, its name, accuracy, accuracy in consecutive folds, and
        log loss), "judged" (the model with the lowest log loss, which the following entries describe),
        "confusion" (the confusion matrix: a row for each digit, a column for each prediction), "confused"
        (pairs of digits, most frequent first) and "wrong" (misclassified images, highest probability first).
    """
    messages = messages or Console(quiet=True)
    rows, answers = [], {}
    for name in MODELS:
        with messages.status(f"Evaluating {name} ..."):
            row, answers[name] = judge(name, lesson, epochs, seed)
            rows.append(row)
    best = min(rows, key=lambda row: row["log_loss"])["model"]
    report = {"data": lesson.name, "images": len(lesson.y), "seed": seed, "scores": rows}
    return report | errors_of(best, judged_by(lesson)[1], answers[best])


def judge(name: str, lesson: Lesson, epochs: int | None, seed: int) -> tuple[dict[str, Any], np.ndarray]:
    """Return a model's scores and its predicted probabilities, of shape (n_images, 10)."""
    _, y = judged_by(lesson)
    P = out_of_sample(name, lesson, epochs, seed, StratifiedKFold(5, shuffle=True, random_state=seed))
    row = {"model": name, "accuracy": accuracy(y, P)}
    if lesson.X_test is None:
        row["accuracy_in_order"] = accuracy(y, out_of_sample(name, lesson, epochs, seed, KFold(5)))
    return row | {"log_loss": float(log_loss(y, P, labels=range(10)))}, P


def judged_by(lesson: Lesson) -> tuple[np.ndarray, np.ndarray]:
    """Return the images to score on and their digits: the test set or, for cross-validation, all images."""
    return (lesson.X, lesson.y) if lesson.X_test is None else (lesson.X_test, lesson.y_test)


def out_of_sample(name: str, lesson: Lesson, epochs: int | None, seed: int, folds: Any) -> np.ndarray:
    """Return the probabilities that a model predicts for unseen images, of shape (n_images, 10)."""
    X_new, y_new = judged_by(lesson)
    splits = [(slice(None), slice(None))] if lesson.X_test is not None else folds.split(X_new, y_new)
    P = np.zeros((len(y_new), 10), dtype=X_new.dtype)
    for learn, new in splits:
        with all_epochs():
            model = recipe(name, lesson.side, epochs, seed).fit(lesson.X[learn], lesson.y[learn])
        P[new] = model.predict_proba(X_new[new])
    return P


def accuracy(y: np.ndarray, P: np.ndarray) -> float:
    """Return the share of images whose digit has the highest probability."""
    return float(accuracy_score(y, P.argmax(axis=1)))


def errors_of(name: str, y: np.ndarray, P: np.ndarray) -> dict[str, Any]:
    """Return the errors of a model: counts, pairs and images. P has shape (n_images, 10)."""
    predicted, sure = P.argmax(axis=1), P.max(axis=1)
    counts = confusion_matrix(y, predicted, labels=range(10))
    pairs = [(int(counts[i, j]), i, j) for i in range(10) for j in range(10) if i != j and counts[i, j]]
    wrong = np.flatnonzero(predicted != y)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")][:N_SHOWN]
    return {
        "judged": name,
        "confusion": counts.tolist(),
        "confused": [
            {"digit": i, "taken_for": j, "times": n}
            for n, i, j in sorted(pairs, key=lambda pair: (-pair[0], *pair[1:]))
        ],
        "wrong": [
            {
                "image": int(k),
                "digit": int(y[k]),
                "taken_for": int(predicted[k]),
                "probability": round(float(sure[k]), 4),
            }
            for k in wrong
        ],
    }


def model_rows(report: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Return the headings and rows of the table of models."""
    in_order = "accuracy_in_order" in report["scores"][0]
    headings = ["model", "accuracy", *(["in order"] if in_order else []), "log loss"]
    rows = [
        [
            row["model"],
            f"{row['accuracy']:.1%}",
            *([f"{row['accuracy_in_order']:.1%}"] if in_order else []),
            f"{row['log_loss']:.3f}",
        ]
        for row in report["scores"]
    ]
    return headings, rows


def as_markdown(headings: list[str], rows: list[list[str]]) -> str:
    """Return a table as Markdown, for the example's README."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def print_table(console: Console, title: str, headings: list[str], rows: list[list[str]]) -> None:
    """Print a table under a title that may be wider than the table."""
    console.print(title, style="italic", markup=False, highlight=False)
    table = Table(box=box.SIMPLE_HEAD)
    for i, heading in enumerate(headings):
        table.add_column(heading, justify="right" if i else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def show(report: dict[str, Any], console: Console) -> None:
    """Print the report as tables."""
    how = (
        "five-fold cross-validation"
        if "accuracy_in_order" in report["scores"][0]
        else "scores on the test set"
    )
    title = f"{report['data']}: {report['images']:,} images, {how}"
    print_table(console, title, *model_rows(report))
    cells = [[str(i), *(str(n or ".") for n in row)] for i, row in enumerate(report["confusion"])]
    title = f"Confusion matrix of the {report['judged']} model: true digits (rows) and predictions (columns)"
    print_table(console, title, ["digit", *map(str, range(10))], cells)
    pairs = [f"{p['digit']} mistaken for {p['taken_for']} ({p['times']})" for p in report["confused"][:8]]
    console.print(f"Most frequent errors, with their counts: {', '.join(pairs) or 'none'}")


def save_json(report: Any, path: Path) -> None:
    """Write a report to a JSON file."""
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def save_picture(report: dict[str, Any], lesson: Lesson, file: Path) -> None:
    """Draw the confusion matrix, and the misclassified images with the highest probabilities."""
    plt = pyplot()
    figure = plt.figure(figsize=(12, 5.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.05))
    draw_confusion(left.subplots(), report)
    right.suptitle("The most confident errors: digit, prediction and its probability", fontsize=11)
    axes = right.subplots(4, N_SHOWN // 4).ravel()
    for axis, error in zip(axes, report["wrong"], strict=False):
        title = f"{error['digit']} as {error['taken_for']}, {error['probability']:.0%}"
        draw_image(axis, judged_by(lesson)[0][error["image"]], title)
    for axis in axes[len(report["wrong"]) :]:
        axis.set_axis_off()
    save(figure, file)


def draw_confusion(axis: Any, report: dict[str, Any]) -> None:
    """Draw the confusion matrix, with only the errors coloured."""
    counts = np.array(report["confusion"])
    errors = np.where(np.eye(10, dtype=bool), 0, counts)
    axis.imshow(errors, cmap="Reds", vmax=max(errors.max() * 1.4, 1))
    for (i, j), n in np.ndenumerate(counts):
        if n:
            axis.text(
                j, i, str(n), ha="center", va="center", color="#9aa5ae" if i == j else "black", fontsize=9
            )
    axis.set(xticks=range(10), yticks=range(10), xlabel="prediction", ylabel="digit")
    right = np.trace(counts) / max(counts.sum(), 1)
    axis.set_title(f"{report['judged']}: {right:.1%} of {counts.sum():,} images correct", fontsize=11)
    axis.spines[:].set_visible(False)
    axis.tick_params(length=0)
