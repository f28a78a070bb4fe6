"""Describe the models: their layers, shapes and parameters, as a table or a graph."""

import numpy as np
from sklearn.pipeline import Pipeline

from estimators import MLPClassifier
from examples.digits.model import all_epochs, recipe


def empty_net(name: str, side: int) -> MLPClassifier:
    """Return a network with the layers of :func:`examples.digits.model.recipe`, but without useful training.

    Parameters
    ----------
    name : {"softmax", "hidden", "deep"}
        The model. Softmax regression is a network without hidden layers.

    side : int
        Width of the images in pixels.

    Returns
    -------
    MLPClassifier
        Fitted for one epoch to ten random images, because `fit` creates the layers.
    """
    net = MLPClassifier((), random_state=0) if name == "softmax" else recipe(name, side)["net"]
    X = np.random.default_rng(0).random((10, side * side), dtype=np.float32)
    with all_epochs():
        return net.set_params(max_iter=1, batch_size=10).fit(X, np.arange(10))


def steps_in_words(model: Pipeline) -> str:
    """Return the steps of a model as text, such as "StandardScaler(with_std=False) -> MLPClassifier"."""
    *first, (_, last) = model.steps
    return " -> ".join([*(str(step) for _, step in first), type(last).__name__])
