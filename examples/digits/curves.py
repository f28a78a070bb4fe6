"""Show overfitting: training loss and held-out loss of four models, epoch by epoch."""

from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from sklearn import config_context
from sklearn.callback import ScoringMonitor
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import Pipeline

from estimators import GDClassifier
from examples.digits.data import Lesson
from examples.digits.evaluate import print_table
from examples.digits.model import all_epochs, recipe
from examples.digits.pictures import HELD_OUT, TRAINING, pyplot, save

ITERATIONS = 100  # iterations of gradient descent for the softmax model
FEW = 0.2  # share of the training images used to provoke overfitting
PLAIN = {"net__dropout": 0.0, "net__batch_norm": False, "net__alpha": 0.0}


def loss_curves(
    lesson: Lesson, epochs: int | None = None, seed: int = 0, messages: Console | None = None
) -> list[dict[str, Any]]:
    """Train four models and record their losses.

    Parameters
    ----------
    lesson : Lesson
        The images. Those that :meth:`Lesson.split` holds out give the validation loss.

    epochs, seed
        As in :func:`examples.digits.model.recipe`.

    messages : Console, default=None
        Where to show progress.

    Returns
    -------
    list of dict
        For each model, its "title", "images" (the number of training images), "unit" ("epoch" or
        "iteration"), and the lists "loss", "val_loss" and "val_score" (accuracy). The training loss of a
        network is averaged over the epoch and includes penalties and dropout; the validation loss is
        computed after the epoch.
    """
    X, X_val, y, y_val = lesson.split(seed)
    n_few = int(FEW * len(y))
    hidden, deep = (recipe(name, lesson.side, epochs, seed) for name in ("hidden", "deep"))
    plain = recipe("deep", lesson.side, epochs, seed).set_params(**PLAIN)
    messages = messages or Console(quiet=True)
    with messages.status("Training ..."):
        return [
            {"title": "softmax", **descend(X, y, X_val, y_val)},
            {"title": "one hidden layer", **net_curve(hidden, X, y, X_val, y_val)},
            {"title": "deep, few images", **net_curve(plain, X[:n_few], y[:n_few], X_val, y_val)},
            {"title": "deep, regularised", **net_curve(deep, X, y, X_val, y_val)},
        ]


def net_curve(
    model: Pipeline, X: np.ndarray, y: np.ndarray, X_val: np.ndarray, y_val: np.ndarray
) -> dict[str, Any]:
    """Return the losses in a network's ``history_``. The held-out images are centred in the same way."""
    with all_epochs(), config_context(enable_metadata_routing=True):
        model["net"].set_fit_request(X_val=True, y_val=True)
        model.set_params(transform_input=["X_val"]).fit(X, y, X_val=X_val, y_val=y_val)
    history = model["net"].history_
    curves = {key: history[key] for key in ("loss", "val_loss", "val_score")}
    return {"images": len(y), "unit": "epoch", **curves}


def descend(X: np.ndarray, y: np.ndarray, X_val: np.ndarray, y_val: np.ndarray) -> dict[str, Any]:
    """Return the losses of textbook gradient descent, recorded by scikit-learn's ScoringMonitor.

    The learning rate is ``1 / L``, where L, half of the largest eigenvalue of ``[X 1]' [X 1] / n``, bounds
    the curvature of the softmax loss (Boehning, 1992). With this rate the loss never increases.
    """
    mean = X.mean(axis=0)
    # The centred X is orthogonal to the column of ones, whose eigenvalue is 1.
    X, X_val = X - mean, X_val - mean
    rate = 2 / max(1.0, float(np.linalg.eigvalsh(X.T @ X / len(X))[-1]))

    def on_held_out(model: GDClassifier, X: Any, y: Any) -> dict[str, float]:
        P = model.predict_proba(X_val)
        return {
            "val_loss": float(log_loss(y_val, P, labels=model.classes_)),
            "val_score": float(accuracy_score(y_val, model.classes_[P.argmax(axis=1)])),
        }

    monitor = ScoringMonitor(scoring=on_held_out)
    model = GDClassifier(learning_rate=rate, alpha=1e-3, max_iter=ITERATIONS, tol=0)
    with all_epochs():
        model.set_callbacks(monitor).fit(X, y)
    # The row for the fit as a whole is omitted.
    rows = [row for row in monitor.get_logs().data if len(row["task_id_path"]) > 1]
    rows.sort(key=lambda row: row["task_id"])
    seen = {key: [row[key] for row in rows] for key in ("val_loss", "val_score")}
    return {"images": len(y), "unit": "iteration", "loss": model.loss_curve_, **seen}


def show(curves: list[dict[str, Any]], console: Console) -> None:
    """Print the final losses and the lowest validation loss."""
    rows = []
    for one in curves:
        best = int(np.argmin(one["val_loss"]))
        cells = (f"{value:.3f}" for value in (one["loss"][-1], one["val_loss"][-1], one["val_loss"][best]))
        first, last = [one["title"], f"{one['images']:,}"], [str(best + 1), f"{one['val_score'][-1]:.1%}"]
        rows.append([*first, *cells, *last])
    headings = ["model", "images", "training", "held out", "lowest", "epoch", "accuracy"]
    title = "Final training and held-out loss; lowest held-out loss and its epoch; final held-out accuracy"
    print_table(console, title, headings, rows)


def save_picture(curves: list[dict[str, Any]], file: Path) -> None:
    """Draw the curves, one panel per model."""
    figure, axes = pyplot().subplots(1, len(curves), figsize=(13, 3.6), sharey=True, layout="constrained")
    for axis, one in zip(axes, curves, strict=True):
        steps = np.arange(1, len(one["loss"]) + 1)
        axis.plot(steps, one["loss"], color=TRAINING, label="training")
        axis.plot(steps, one["val_loss"], color=HELD_OUT, label="held out")
        best = int(np.argmin(one["val_loss"]))
        axis.plot(steps[best], one["val_loss"][best], "o", color=HELD_OUT, ms=5)
        title = f"{one['title']}\n{one['images']:,} images, final accuracy {one['val_score'][-1]:.1%}"
        axis.set(yscale="log", xlabel=one["unit"], title=title)
        axis.title.set_fontsize(10)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("log loss")
    axes[0].legend(frameon=False)
    save(figure, file)
