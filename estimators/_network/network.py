"""A network: layers in a list, over one vector of parameters."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from estimators._network import accelerator as _fast
from estimators._network.layers import BatchNorm, Dense, Dropout, LeakyReLU, Logistic, ReLU, Tanh

ACTIVATIONS = ("identity", "leaky_relu", "logistic", "relu", "tanh")
BLOCK = 2**16  # values in the widest layer when a model predicts, and at least 256 rows


def make_layers(
    sizes: Sequence[int], activation: str, slope: float, dropout: Sequence[float], batch_norm: bool
) -> list[Any]:
    """Return Dense, BatchNorm, Activation and Dropout for each hidden layer, and a Dense for the output."""
    kinds: dict[str, Any] = {"logistic": Logistic, "relu": ReLU, "tanh": Tanh}
    layers: list[Any] = []
    for n_in, n_out, rate in zip(sizes, sizes[1:-1], dropout, strict=False):
        layers.append(Dense(n_in, n_out))
        if batch_norm:
            layers.append(BatchNorm(n_out))
        if activation == "leaky_relu":
            layers.append(LeakyReLU(n_out, slope))
        elif activation != "identity":
            layers.append(kinds[activation](n_out))
        if rate > 0:
            layers.append(Dropout(n_out, rate))
    layers.append(Dense(sizes[-2], sizes[-1]))
    layers[0].is_first = True
    return layers


class Network:
    """Layers in a list, and all their parameters in one vector, of which the layers hold views.

    First stand the weights, then biases and what batch normalisation learns: a penalty is one slice, and
    an optimiser sees one array. The running means and variances are another vector, `statistics`.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        dtype: Any,
        activation: str = "relu",
        slope: float = 0.01,
        dropout: Sequence[float] = (),
        batch_norm: bool = False,
    ) -> None:
        self.sizes = tuple(map(int, sizes))
        rates = tuple(map(float, dropout)) or (0.0,) * (len(self.sizes) - 2)
        self.recipe = (self.sizes, np.dtype(dtype).name, activation, float(slope), rates, bool(batch_norm))
        self.layers = make_layers(self.sizes, activation, float(slope), rates, batch_norm)
        self.dense = [layer for layer in self.layers if isinstance(layer, Dense)]
        self.n_weights = sum(layer.n_in * layer.n_out for layer in self.dense)
        n_parameters, n_statistics = (
            sum(int(np.prod(shape)) for layer in self.layers for shape in getattr(layer, kind).values())
            for kind in ("parameters", "statistics")
        )
        self.parameters = np.zeros(n_parameters, dtype)
        self.statistics = np.zeros(n_statistics, dtype)
        self._attach(self.layers, "", self.parameters)
        for layer in self.layers:
            if isinstance(layer, BatchNorm):
                layer.scale[...] = layer.running_variance[...] = 1

    def __getstate__(self) -> dict[str, Any]:
        return {"recipe": self.recipe, "parameters": self.parameters, "statistics": self.statistics}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(*state["recipe"])  # type: ignore[misc]  # the layers' views are made anew
        self.restore((state["parameters"], state["statistics"]))

    def astype(self, dtype: Any) -> "Network":
        """Return a copy of another type."""
        network = Network(self.sizes, dtype, *self.recipe[2:])
        network.restore((self.parameters, self.statistics))
        return network

    def snapshot(self) -> tuple[np.ndarray, np.ndarray]:
        """Return copies of the parameters and the statistics."""
        return self.parameters.copy(), self.statistics.copy()

    def restore(self, state: tuple[np.ndarray, np.ndarray]) -> None:
        """Set the parameters and the statistics."""
        self.parameters[...], self.statistics[...] = state

    def bound(self, n: int, gradient: np.ndarray, accelerated: bool = False) -> list[Any]:
        """Return the layers with buffers for n rows; their gradients are views of `gradient`."""
        layers = [_fast.layer(layer) if accelerated else copy.copy(layer) for layer in self.layers]
        for layer in layers:
            layer.bind(n, self.parameters.dtype)
        self._attach(layers, "d_", gradient)
        return layers

    def scores(self, X: Any) -> np.ndarray:
        """Return what the last layer gives, (n, n_outputs), before the output activation."""
        block = max(256, BLOCK // max(self.sizes[1:]))
        if X.shape[0] <= block:
            return self._forward(X)
        out = np.empty((X.shape[0], self.sizes[-1]), self.parameters.dtype)
        for start in range(0, X.shape[0], block):
            out[start : start + block] = self._forward(X[start : start + block])
        return out

    def _forward(self, X: Any) -> np.ndarray:
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def _attach(self, layers: list[Any], prefix: str, vector: np.ndarray) -> None:
        """Give the layers their views of the parameters, or of the gradient."""
        named = [(layer, name, shape) for layer in layers for name, shape in layer.parameters.items()]
        named.sort(key=lambda item: item[1] != "weights")  # stable: weights first, else as the layers stand
        self._views(named, prefix, vector)
        if not prefix:
            named = [(layer, name, shape) for layer in layers for name, shape in layer.statistics.items()]
            self._views(named, "", self.statistics)

    @staticmethod
    def _views(named: list[Any], prefix: str, vector: np.ndarray) -> None:
        start = 0
        for layer, name, shape in named:
            stop = start + int(np.prod(shape))
            setattr(layer, prefix + name, vector[start:stop].reshape(shape))
            start = stop


def initialise(network: Network, random_state: Any, init: str, activation: str, slope: float) -> None:
    """Draw the weights, layer by layer, from a uniform distribution on [-bound, bound].

    "glorot": ``bound = sqrt(6 / (n_in + n_out))``, 2 in place of 6 for the logistic function, and biases from
    the same; "he": ``bound = sqrt(6 / n_in)``, with the slope s of leaky_relu ``sqrt(6 / ((1 + s**2) *
    n_in))``, and biases 0.
    """
    for layer in network.dense:
        if init == "glorot":
            bound = np.sqrt((2.0 if activation == "logistic" else 6.0) / (layer.n_in + layer.n_out))
        else:
            leak = slope if activation == "leaky_relu" else 0.0
            bound = np.sqrt(6.0 / ((1 + leak**2) * layer.n_in))
        layer.weights[...] = random_state.uniform(-bound, bound, layer.weights.shape)
        layer.bias[...] = random_state.uniform(-bound, bound, layer.n_out) if init == "glorot" else 0
