"""Three models that recognise digits, each a Pipeline: softmax, one hidden layer, and a deep network."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score, log_loss
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from estimators import GDClassifier, MLPClassifier
from examples.digits.data import Lesson, load_bundled

MODELS = ("softmax", "hidden", "deep")
EPOCHS = {"hidden": 60, "deep": 30}  # for images of 8 x 8 pixels
SMALL = 16  # width in pixels; larger images, such as MNIST's, get larger networks and ten epochs


def recipe(name: str = "deep", side: int = 8, epochs: int | None = None, seed: int = 0) -> Pipeline:
    """Return an unfitted model.

    The mean image is subtracted, but pixels are not divided by their standard deviation, which would give the
    largest weight to pixels that are nearly always dark.

    Parameters
    ----------
    name : {"softmax", "hidden", "deep"}, default="deep"
        "softmax" has no hidden layer, "hidden" has one hidden layer of logistic units, and "deep" has three
        hidden layers of leaky ReLU units, with batch normalisation and dropout.

    side : int, default=8
        Width of the images in pixels.

    epochs : int, default=None
        Number of passes over the images. If None, it depends on the model and the size of the images.

    seed : int, default=0
        Random seed of the networks.

    Examples
    --------
    >>> recipe("deep", side=28)["net"].hidden_layer_sizes
    (1200, 500, 200)
    """
    small = side < SMALL
    if name == "softmax":
        return Pipeline([("centre", StandardScaler(with_std=False)), ("net", GDClassifier(alpha=1e-3))])
    settings: dict[str, Any] = {
        "hidden": {
            "hidden_layer_sizes": (100,) if small else (200,),
            "activation": "logistic",
            "learning_rate_init": 0.01 if small else 0.003,
        },
        "deep": {
            "hidden_layer_sizes": (96, 48, 24) if small else (1200, 500, 200),
            "activation": "leaky_relu",
            "init": "he",
            "batch_norm": True,
            "dropout": 0.1,
            "learning_rate_init": 0.003 if small else 0.001,
        },
    }[name]
    net = MLPClassifier(
        **settings,
        batch_size=32 if small else 128,
        max_iter=epochs or (EPOCHS[name] if small else 10),
        n_iter_no_change=np.inf,
        random_state=seed,
    )
    return Pipeline([("centre", StandardScaler(with_std=False)), ("net", net)])


@contextmanager
def all_epochs() -> Iterator[None]:
    """Silence the warnings about reaching the last epoch and about small batches, which are intended here."""
    with warnings.catch_warnings():
        for message, category in (
            ("Stochastic Optimizer: Maximum iterations", ConvergenceWarning),
            ("The search did not converge in max_iter", ConvergenceWarning),
            ("Got `batch_size` less than 1 or larger than sample size", UserWarning),
        ):
            warnings.filterwarnings("ignore", message, category)
        yield


def train(
    lesson: Lesson | None = None, name: str = "deep", epochs: int | None = None, seed: int = 0
) -> Pipeline:
    """Return a fitted model.

    Parameters
    ----------
    lesson : Lesson, default=None
        The images. If None, scikit-learn's digits. The images that :meth:`Lesson.split` holds out are not
        used.

    name, epochs, seed
        As in :func:`recipe`. The seed also selects the held-out images.
    """
    lesson = lesson or load_bundled()
    X, _, y, _ = lesson.split(seed)
    with all_epochs():
        return recipe(name, lesson.side, epochs, seed).fit(X, y)


def held_out_scores(model: Pipeline, lesson: Lesson, seed: int = 0) -> dict[str, float]:
    """Return accuracy and log loss on the images that `train` held out."""
    _, X, _, y = lesson.split(seed)
    P = model.predict_proba(X)
    return {
        "held-out accuracy": round(float(accuracy_score(y, model.classes_[P.argmax(axis=1)])), 4),
        "held-out log loss": round(float(log_loss(y, P, labels=model.classes_)), 4),
    }
