"""A network: a list of layers over one vector of parameters."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from estimators._network.accelerator import CompiledDense, CompiledReLU
from estimators._network.layers import (
    BatchNorm,
    Dense,
    Dropout,
    Features,
    Layer,
    LeakyReLU,
    Logistic,
    ReLU,
    Shapes,
    Tanh,
    Views,
)

PREDICTION_VALUES = 2**16  # predicting goes in blocks of rows with at most so many values in the widest layer
MIN_PREDICTION_ROWS = 256  # but at least so many rows


@dataclass(frozen=True)
class Architecture:
    """What kinds of layers a network has, and of which sizes.

    Attributes
    ----------
    sizes : tuple of int
        The number of units of each layer, including inputs and outputs.

    activation : str
        The activation of the hidden layers.

    negative_slope : float
        Slope of "leaky_relu" below 0.

    dropout : tuple of float
        The dropout rate of each hidden layer.

    batch_norm : bool
        Whether the hidden layers are normalised.
    """

    sizes: tuple[int, ...]
    activation: str = "relu"
    negative_slope: float = 0.01
    dropout: tuple[float, ...] = ()
    batch_norm: bool = False

    def new_layers(self, compiled: bool = False) -> list[Layer]:
        """Return new layers: Dense, BatchNorm, activation and Dropout for each hidden layer, then Dense."""
        dense = CompiledDense if compiled else Dense
        rates = self.dropout or (0.0,) * (len(self.sizes) - 2)
        layers: list[Layer] = []
        for n_in, n_out, rate in zip(self.sizes, self.sizes[1:-1], rates, strict=False):
            layers.append(dense(n_in, n_out, is_first=not layers))
            if self.batch_norm:
                layers.append(BatchNorm(n_out))
            if self.activation != "identity":
                layers.append(self._new_activation(n_out, compiled))
            if rate > 0:
                layers.append(Dropout(n_out, rate))
        layers.append(dense(self.sizes[-2], self.sizes[-1], is_first=not layers))
        return layers

    def _new_activation(self, n_out: int, compiled: bool) -> Layer:
        if self.activation == "relu":
            return CompiledReLU(n_out) if compiled else ReLU(n_out)
        if self.activation == "leaky_relu":
            return LeakyReLU(n_out, self.negative_slope)
        return Tanh(n_out) if self.activation == "tanh" else Logistic(n_out)


class Network:
    """Layers in a list, and all their parameters in one vector, of which the layers hold views.

    The weights come first, then the biases and the parameters of batch normalisation. So the penalty applies
    to one slice, and an optimiser sees one array. The running means and variances are a second vector,
    `statistics`.
    """

    def __init__(self, architecture: Architecture, dtype: DTypeLike) -> None:
        self.architecture = architecture
        self.layers = architecture.new_layers()
        self.dense = [layer for layer in self.layers if isinstance(layer, Dense)]
        self.n_weights = sum(layer.n_in * layer.n_out for layer in self.dense)
        self._parameter_shapes = [layer.parameter_shapes for layer in self.layers]
        self._statistic_shapes = [layer.statistic_shapes for layer in self.layers]
        self.parameters = np.zeros(count(self._parameter_shapes), dtype)
        self.statistics = np.zeros(count(self._statistic_shapes), dtype)
        self._attach(self.layers)
        for layer in self.layers:
            if isinstance(layer, BatchNorm):
                layer.scale[...] = layer.running_variance[...] = 1

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of units of each layer, including inputs and outputs."""
        return self.architecture.sizes

    def to_plain(self) -> dict[str, Any]:
        """Return the network as a dict of numbers, strings and arrays."""
        vectors = {"parameters": self.parameters, "statistics": self.statistics}
        return {"architecture": asdict(self.architecture), **vectors}

    @staticmethod
    def from_plain(plain: dict[str, Any]) -> "Network":
        """Return the network that :meth:`to_plain` made plain."""
        network = Network(Architecture(**plain["architecture"]), plain["parameters"].dtype)
        network.restore((plain["parameters"], plain["statistics"]))
        return network

    def astype(self, dtype: DTypeLike) -> "Network":
        """Return a copy whose vectors have this type."""
        network = Network(self.architecture, dtype)
        network.restore((self.parameters, self.statistics))
        return network

    def copy(self) -> "Network":
        """Return a copy with vectors of its own."""
        return self.astype(self.parameters.dtype)

    def snapshot(self) -> tuple[np.ndarray, np.ndarray]:
        """Return copies of the parameters and the statistics."""
        return self.parameters.copy(), self.statistics.copy()

    def restore(self, vectors: tuple[np.ndarray, np.ndarray]) -> None:
        """Set the parameters and the statistics to these values."""
        self.parameters[...], self.statistics[...] = vectors

    def bound(self, n: int, gradient: np.ndarray, compiled: bool = False) -> list[Layer]:
        """Return layers with buffers for n rows that share the parameters and write into `gradient`."""
        layers = self.architecture.new_layers(compiled)
        self._attach(layers)
        for layer, views in zip(layers, split(gradient, self._parameter_shapes), strict=True):
            layer.set_gradients(views)
            layer.bind(n, self.parameters.dtype)
        return layers

    def scores(self, X: Features) -> np.ndarray:
        """Return the output of the last layer, (n, n_outputs), before the output activation."""
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
        """Give the layers their views of the parameters and of the statistics."""
        parameters = split(self.parameters, self._parameter_shapes)
        statistics = split(self.statistics, self._statistic_shapes)
        for layer, parameter_views, statistic_views in zip(layers, parameters, statistics, strict=True):
            layer.set_parameters(parameter_views)
            layer.set_statistics(statistic_views)


def count(shapes: Sequence[Shapes]) -> int:
    """Return how many numbers arrays of these shapes hold."""
    return sum(math.prod(shape) for of_layer in shapes for shape in of_layer.values())


def split(vector: np.ndarray, shapes: Sequence[Shapes]) -> list[Views]:
    """Return views of a vector, by layer and name: first all weights, then the rest, in the layers' order."""
    views: list[dict[str, np.ndarray]] = [{} for _ in shapes]
    places = [(i, name) for i, of_layer in enumerate(shapes) for name in of_layer]
    places.sort(key=lambda place: place[1] != "weights")  # stable
    start = 0
    for i, name in places:
        stop = start + math.prod(shapes[i][name])
        views[i][name] = vector[start:stop].reshape(shapes[i][name])
        start = stop
    return list(views)


def initialise(network: Network, random_state: np.random.RandomState, init: str) -> None:
    """Draw the weights, layer by layer, from a uniform distribution on [-bound, bound].

    "glorot": ``bound = sqrt(6 / (n_in + n_out))``, with 2 instead of 6 for "logistic"; the biases are drawn
    from the same interval. "he": ``bound = sqrt(6 / n_in)``, and for "leaky_relu" of slope s ``sqrt(6 /
    ((1 + s**2) * n_in))``; the biases are 0.
    """
    activation, slope = network.architecture.activation, network.architecture.negative_slope
    for layer in network.dense:
        if init == "glorot":
            bound = np.sqrt((2.0 if activation == "logistic" else 6.0) / (layer.n_in + layer.n_out))
        else:
            leak = slope if activation == "leaky_relu" else 0.0
            bound = np.sqrt(6.0 / ((1 + leak**2) * layer.n_in))
        layer.weights[...] = random_state.uniform(-bound, bound, layer.weights.shape)
        layer.bias[...] = random_state.uniform(-bound, bound, layer.n_out) if init == "glorot" else 0
