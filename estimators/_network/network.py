"""A network: a list of layers whose parameters are views of one vector."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from estimators._network.accelerator import compiled_layer
from estimators._network.layers import Architecture, Arrays, BatchNorm, Dense, Features, Layer, Shapes

PREDICTION_VALUES = 2**16  # limits the rows predicted at once, by the values in the widest layer
MIN_PREDICTION_ROWS = 256  # at least this many rows are predicted at once


class Network:
    """A list of layers. All parameters are stored in one vector, and the layers have views of it.

    The weights come first, followed by the biases and the parameters of batch normalisation. The penalty
    therefore applies to a single slice, and an optimiser updates a single array. The running means and
    variances are stored in a second vector, `statistics`.
    """

    def __init__(self, architecture: Architecture, dtype: DTypeLike) -> None:
        self.architecture, self.sizes = architecture, architecture.sizes
        self.layers = architecture.new_layers()
        self.dense = [layer for layer in self.layers if isinstance(layer, Dense)]
        self.n_weights = sum(layer.n_in * layer.n_out for layer in self.dense)
        self.parameters = np.zeros(count([layer.parameter_shapes for layer in self.layers]), dtype)
        self.statistics = np.zeros(count([layer.statistic_shapes for layer in self.layers]), dtype)
        self._attach(self.layers)
        for layer in self.layers:
            if isinstance(layer, BatchNorm):
                layer.parameters["scale"][...] = layer.statistics["running_variance"][...] = 1

    def to_plain(self) -> dict[str, Any]:
        """Return the network as a dict of numbers, strings and arrays."""
        vectors = {"parameters": self.parameters, "statistics": self.statistics}
        return {"architecture": asdict(self.architecture), **vectors}

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> "Network":
        """Return a network from the dict returned by :meth:`to_plain`."""
        network = Network(Architecture(**plain["architecture"]), plain["parameters"].dtype)
        network.restore((plain["parameters"], plain["statistics"]))
        return network

    def copy(self, architecture: Architecture | None = None, dtype: DTypeLike | None = None) -> "Network":
        """Return a copy, with a different activation and dropout or data type if these are given."""
        copied = Network(architecture or self.architecture, self.parameters.dtype if dtype is None else dtype)
        copied.restore((self.parameters, self.statistics))
        return copied

    def snapshot(self) -> tuple[np.ndarray, np.ndarray]:
        """Return copies of the parameters and the statistics."""
        return self.parameters.copy(), self.statistics.copy()

    def restore(self, vectors: tuple[np.ndarray, np.ndarray]) -> None:
        """Set the parameters and the statistics to these values."""
        self.parameters[...], self.statistics[...] = vectors

    def bound(self, n: int, gradient: np.ndarray, compiled: bool = False) -> list[Layer]:
        """Return new layers for training on n rows. They share the parameters and write into `gradient`."""
        layers = self.architecture.new_layers()
        if compiled:
            layers = [compiled_layer(layer) for layer in layers]
        self._attach(layers)
        shapes = [layer.parameter_shapes for layer in layers]
        for layer, gradients in zip(layers, split(gradient, shapes), strict=True):
            layer.gradients = gradients
            layer.bind(n, gradient.dtype)
        return layers

    def scores(self, X: Features) -> np.ndarray:
        """Return the output of the last layer before the output activation, of shape (n, n_outputs)."""
        block = max(MIN_PREDICTION_ROWS, PREDICTION_VALUES // max(self.sizes[1:]))
        if X.shape[0] <= block:
            return self._forward(X)
        out = np.empty((X.shape[0], self.sizes[-1]), self.parameters.dtype)
        for start in range(0, X.shape[0], block):
            out[start : start + block] = self._forward(X[start : start + block])
        return out

    def _forward(self, X: Features) -> np.ndarray:
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def _attach(self, layers: Sequence[Layer]) -> None:
        """Set the layers' views of the parameters and statistics."""
        parameters = split(self.parameters, [layer.parameter_shapes for layer in layers])
        statistics = split(self.statistics, [layer.statistic_shapes for layer in layers])
        for i, layer in enumerate(layers):
            layer.parameters, layer.statistics = parameters[i], statistics[i]


def count(shapes: Sequence[Shapes]) -> int:
    """Return the total number of elements of arrays with these shapes."""
    return sum(math.prod(shape) for of_layer in shapes for shape in of_layer.values())


def split(vector: np.ndarray, shapes: Sequence[Shapes]) -> list[Arrays]:
    """Return views of a vector by layer and name. All weights come first, followed by all other arrays."""
    views: list[dict[str, np.ndarray]] = [{} for _ in shapes]
    places = [(i, name) for i, of_layer in enumerate(shapes) for name in of_layer]
    start = 0
    for i, name in sorted(places, key=lambda place: place[1] != "weights"):  # the sort is stable
        stop = start + math.prod(shapes[i][name])
        views[i][name] = vector[start:stop].reshape(shapes[i][name])
        start = stop
    return list(views)


def initialise(network: Network, random_state: np.random.RandomState, init: str) -> None:
    """Draw the weights of each layer from a uniform distribution on [-bound, bound].

    With "glorot", ``bound = sqrt(6 / (n_in + n_out))``, with 2 instead of 6 for "logistic", and the biases
    are drawn from the same interval. With "he", ``bound = sqrt(6 / n_in)``, or ``sqrt(6 / ((1 + s**2) *
    n_in))`` for "leaky_relu" with slope s, and the biases are 0.
    """
    activation, slope = network.architecture.activation, network.architecture.negative_slope
    for layer in network.dense:
        if init == "glorot":
            bound = np.sqrt((2.0 if activation == "logistic" else 6.0) / (layer.n_in + layer.n_out))
        else:
            leak = slope if activation == "leaky_relu" else 0.0
            bound = np.sqrt(6.0 / ((1 + leak**2) * layer.n_in))
        weights, bias = layer.parameters["weights"], layer.parameters["bias"]
        weights[...] = random_state.uniform(-bound, bound, weights.shape)
        bias[...] = random_state.uniform(-bound, bound, layer.n_out) if init == "glorot" else 0
