"""What the models are made of: layers, shapes, parameters, as a table or a graph."""

import numpy as np
from sklearn.pipeline import Pipeline

from estimators import MLPClassifier
from examples.digits.model import all_epochs, recipe


def empty_net(name: str, side: int) -> MLPClassifier:
    """Return a net as :func:`examples.digits.model.recipe` makes it, before it has learned anything of use.

    Parameters
    ----------
    name : {"softmax", "hidden", "deep"}
        Softmax regression is a net without hidden layers.

    side : int
        Pixels a side of the images.

    Returns
    -------
    MLPClassifier
        Fitted for one epoch to ten random images, since the data make its shape.
    """
    net = MLPClassifier((), random_state=0) if name == "softmax" else recipe(name, side)["net"]
    X = np.random.default_rng(0).random((10, side * side), dtype=np.float32)
    with all_epochs():
        return net.set_params(max_iter=1, batch_size=10).fit(X, np.arange(10))


def steps_in_words(model: Pipeline) -> str:
    """Write the steps of a model: "StandardScaler(with_std=False) -> MLPClassifier"."""
    *first, (_, last) = model.steps
    return " -> ".join([*(str(step) for _, step in first), type(last).__name__])
