"""Compare the decision boundaries of a linear model and a network on two moons, which no line separates."""

from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from sklearn.datasets import make_moons
from sklearn.model_selection import train_test_split

from estimators import GDClassifier, MLPClassifier
from examples.digits.evaluate import print_table
from examples.digits.model import all_epochs
from examples.digits.pictures import HELD_OUT, TRAINING, pyplot, save


def part_moons(seed: int = 0, n_points: int = 600, noise: float = 0.2) -> dict[str, Any]:
    """Fit both models to half of the points, and score them on the other half.

    Parameters
    ----------
    seed : int, default=0
        Random seed of the points and of the network.

    n_points : int, default=600
        Number of points. Half of them are held out.

    noise : float, default=0.2
        Standard deviation of the noise added to the half circles.

    Returns
    -------
    report : dict
        "points", the held-out points, "moons", the moon of each of them, and "scores": the name of each
        model, its accuracies, and the fitted model.
    """
    X, y = make_moons(n_points, noise=noise, random_state=seed)
    X, X_new, y, y_new = train_test_split(X, y, test_size=0.5, stratify=y, random_state=seed)
    models = {
        "linear: GDClassifier": GDClassifier(tol=1e-8),
        "two hidden layers of 16: MLPClassifier": MLPClassifier(
            (16, 16), learning_rate_init=0.01, max_iter=150, n_iter_no_change=np.inf, random_state=seed
        ),
    }
    with all_epochs():
        for model in models.values():
            model.fit(X, y)
    judged = [
        {
            "model": name,
            "training": float(model.score(X, y)),
            "held_out": float(model.score(X_new, y_new)),
            "fitted": model,
        }
        for name, model in models.items()
    ]
    return {"points": X_new, "moons": y_new, "scores": judged}


def show(report: dict[str, Any], console: Console) -> None:
    """Print the accuracies."""
    rows = [[row["model"], f"{row['training']:.1%}", f"{row['held_out']:.1%}"] for row in report["scores"]]
    print_table(console, "Accuracy on the two-moons data", ["model", "training", "held out"], rows)


def save_picture(report: dict[str, Any], file: Path) -> None:
    """Draw the probability of the second moon, the boundary where it is one half, and the held-out points."""
    X, y = report["points"], report["moons"]
    figure, axes = pyplot().subplots(1, 2, figsize=(11, 4.2), sharey=True, layout="constrained")
    across = np.linspace(X[:, 0].min() - 0.4, X[:, 0].max() + 0.4, 80)
    up = np.linspace(X[:, 1].min() - 0.4, X[:, 1].max() + 0.4, 60)
    plane = np.stack(np.meshgrid(across, up), axis=-1)
    for axis, row in zip(axes, report["scores"], strict=True):
        P = row["fitted"].predict_proba(plane.reshape(-1, 2))[:, 1].reshape(plane.shape[:2])
        axis.contourf(across, up, P, levels=np.linspace(0, 1, 11), cmap="RdBu_r", alpha=0.5)
        axis.contour(across, up, P, levels=[0.5], colors="black", linewidths=1.5)
        for moon, colour in ((0, TRAINING), (1, HELD_OUT)):
            axis.scatter(*X[y == moon].T, s=10, color=colour, edgecolors="white", linewidths=0.3)
        axis.set(
            title=f"{row['model']}\n{row['held_out']:.1%} of held-out points right", xticks=[], yticks=[]
        )
        axis.title.set_fontsize(10)
        axis.spines[:].set_visible(False)
    save(figure, file)
