"""Search for hyperparameters by successive halving.

Each round keeps a third of the candidates and triples the epochs.
"""

from typing import Any

import numpy as np
from rich.console import Console
from sklearn.callback import ProgressBar
from sklearn.experimental import enable_halving_search_cv  # noqa: F401  (enables the class below)
from sklearn.model_selection import HalvingGridSearchCV, StratifiedKFold

from examples.digits.data import Lesson
from examples.digits.evaluate import print_table
from examples.digits.model import SMALL, all_epochs, recipe

GRID = {
    "net__learning_rate_init": [0.001, 0.003, 0.01],
    "net__dropout": [0.0, 0.1, 0.2],
}
SIZES = {True: [(100,), (96, 48, 24)], False: [(200,), (400, 100)]}  # the key is True for small images
FEWEST, MOST = 4, 36  # epochs


def search(lesson: Lesson, seed: int = 0) -> HalvingGridSearchCV:
    """Return the fitted search. scikit-learn's progress bar shows its progress.

    Parameters
    ----------
    lesson : Lesson
        The training images. A test set is not used.

    seed : int, default=0
        Random seed of the networks and the folds.

    Returns
    -------
    HalvingGridSearchCV
        The search, with ``best_params_``, ``best_score_`` (mean negative log loss) and ``cv_results_``.
    """
    net = recipe("deep", lesson.side, seed=seed)
    found = HalvingGridSearchCV(
        net,
        {"net__hidden_layer_sizes": SIZES[lesson.side < SMALL], **GRID},
        resource="net__max_iter",
        min_resources=FEWEST,
        max_resources=MOST,
        factor=3,
        scoring="neg_log_loss",
        cv=StratifiedKFold(3, shuffle=True, random_state=seed),
        random_state=seed,
    )
    found.set_callbacks(ProgressBar(max_propagation_depth=0))
    with all_epochs():
        return found.fit(lesson.X, lesson.y)


def report_of(found: HalvingGridSearchCV) -> dict[str, Any]:
    """Return the best hyperparameters, and the two best candidates of each round."""
    results = found.cv_results_
    rounds = []
    for i, epochs in enumerate(found.n_resources_):
        rows = np.flatnonzero(results["iter"] == i)
        best = rows[np.argsort(-results["mean_test_score"][rows], kind="stable")][:2]
        rounds += [
            {"epochs": int(epochs), "candidates": len(rows), "log_loss": -float(score), **settings}
            for score, settings in (
                (results["mean_test_score"][row], plain(results["params"][row])) for row in best
            )
        ]
    return {
        "best": plain(found.best_params_),
        "log_loss": -float(found.best_score_),
        "rounds": rounds,
    }


def plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Return hyperparameters by their short names, without the epochs."""
    return {
        name.removeprefix("net__"): list(value) if isinstance(value, tuple) else value
        for name, value in settings.items()
        if name != "net__max_iter"
    }


def show(report: dict[str, Any], console: Console) -> None:
    """Print the two best candidates of each round."""
    headings = ["epochs", "candidates", "hidden layers", "learning rate", "dropout", "log loss"]
    rows = [
        [
            str(row["epochs"]),
            str(row["candidates"]),
            "-".join(map(str, row["hidden_layer_sizes"])),
            f"{row['learning_rate_init']:g}",
            f"{row['dropout']:g}",
            f"{row['log_loss']:.3f}",
        ]
        for row in report["rounds"]
    ]
    print_table(
        console, "The two best candidates of each round, by log loss on held-out folds", headings, rows
    )
