"""The layers of a network as forward/backward pairs, and the network: layers in a list over one vector.

``forward(X, training, bits)`` returns what the next layer takes; ``backward(D)`` takes the gradient of the
loss with respect to that, sets the gradients of the layer's own parameters, and returns the gradient with
respect to X. A layer that is bound to a number of rows writes into buffers of its own, often over its input,
so that a step allocates nothing; unbound, it allocates, and keeps nothing: that is how a model predicts.
"""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

BATCH_NORM_EPS = 1e-5
BATCH_NORM_PAST = 0.9  # running = BATCH_NORM_PAST * running + (1 - BATCH_NORM_PAST) * batch
ACTIVATIONS = ("identity", "leaky_relu", "logistic", "relu", "tanh")
BLOCK = 2**18  # values in the widest layer when a model predicts

Shapes = dict[str, tuple[int, ...]]


class Dense:
    """``Z = X @ W + b``; X may be CSR in the first layer."""

    Z: np.ndarray | None = None
    is_first = False
    statistics: Shapes = {}
    weights: np.ndarray
    bias: np.ndarray
    d_weights: np.ndarray
    d_bias: np.ndarray

    def __init__(self, n_in: int, n_out: int) -> None:
        self.n_in, self.n_out = n_in, n_out
        self.parameters: Shapes = {"weights": (n_in, n_out), "bias": (n_out,)}

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Make buffers for n rows."""
        self.Z, self.ones = np.empty((n, self.n_out), dtype), np.ones(n, dtype)
        self.back = None if self.is_first else np.empty((n, self.n_in), dtype)

    def forward(self, X: Any, training: bool = False, bits: Any = None) -> np.ndarray:
        """Return Z, (n, n_out)."""
        if training:
            self.X = X
        dense = isinstance(X, np.ndarray)
        Z = np.dot(X, self.weights, out=self.Z) if dense else X @ self.weights  # (n, n_in) @ (n_in, n_out)
        Z += self.bias
        return Z

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Set the gradients; return dL/dX, (n, n_in), or D where nothing comes before."""
        if isinstance(self.X, np.ndarray):
            np.dot(self.X.T, D, out=self.d_weights)  # (n_in, n) @ (n, n_out)
        else:
            self.d_weights[...] = self.X.T @ D
        np.dot(self.ones, D, out=self.d_bias)
        return D if self.is_first else np.dot(D, self.weights.T, out=self.back)  # (n, n_out) @ (n_out, n_in)


class BatchNorm:
    """Batch normalisation: every column with the mean and the variance of its batch.

    In training ``N = (Z - mean) / sqrt(variance + 1e-5)``, ``out = scale * N + shift``, with the mean and
    the (biased) variance of the batch, and ``running = 0.9 * running + 0.1 * batch`` for both. A fitted
    model takes the running ones.
    """

    parameters: Shapes
    scale: np.ndarray
    shift: np.ndarray
    d_scale: np.ndarray
    d_shift: np.ndarray
    running_mean: np.ndarray
    running_variance: np.ndarray

    def __init__(self, n_out: int) -> None:
        self.n_in = self.n_out = n_out
        self.parameters = {"scale": (n_out,), "shift": (n_out,)}
        self.statistics: Shapes = {"running_mean": (n_out,), "running_variance": (n_out,)}

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Make buffers for n rows."""
        self.mean_of, self.ones = np.full(n, 1 / n, dtype), np.ones(n, dtype)
        self.N, self.scratch = (np.empty((n, self.n_out), dtype) for _ in range(2))

    def forward(self, Z: np.ndarray, training: bool = False, bits: Any = None) -> np.ndarray:
        """Return the normalised Z, written over Z."""
        if not training:
            Z -= self.running_mean
            Z *= self.scale / np.sqrt(self.running_variance + BATCH_NORM_EPS)
            Z += self.shift
            return Z
        mean = np.dot(self.mean_of, Z)
        Z -= mean
        variance = np.dot(self.mean_of, np.multiply(Z, Z, out=self.scratch))
        self.inverse_std = 1 / np.sqrt(variance + BATCH_NORM_EPS)
        for running, batch in ((self.running_mean, mean), (self.running_variance, variance)):
            running *= BATCH_NORM_PAST
            running += (1 - BATCH_NORM_PAST) * batch
        np.multiply(Z, self.inverse_std, out=self.N)
        np.multiply(self.N, self.scale, out=Z)
        Z += self.shift
        return Z

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Set the gradients; return dL/dZ, written over D.

        ``scale / std * (D - mean(D) - N * mean(D * N))``, since mean and variance depend on Z too.
        """
        np.dot(self.ones, D, out=self.d_shift)
        np.dot(self.ones, np.multiply(D, self.N, out=self.scratch), out=self.d_scale)
        self.N *= self.d_scale / len(D)
        D -= self.N
        D -= self.d_shift / len(D)
        D *= self.scale * self.inverse_std
        return D


class Activation:
    """``A = f(Z)``, written over Z; Dropout writes elsewhere, so the derivative can use A."""

    parameters: Shapes = {}
    statistics: Shapes = {}
    zeros: Any = 0
    scratch: Any = None

    def __init__(self, n_out: int) -> None:
        self.n_in = self.n_out = n_out

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Make buffers for n rows."""
        self.zeros, self.scratch = np.zeros((n, self.n_out), dtype), np.empty((n, self.n_out), dtype)
        self.mask = np.empty((n, self.n_out), dtype=bool)

    def forward(self, Z: np.ndarray, training: bool = False, bits: Any = None) -> np.ndarray:
        """Return A, written over Z."""
        A = self.value(Z)
        if training:
            self.A = A
        return A

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z."""
        raise NotImplementedError


class ReLU(Activation):
    """``A = max(Z, 0)``; ``dL/dZ = D where A > 0, else 0``."""

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z."""
        return np.maximum(Z, self.zeros, out=Z)  # against a buffer: three times as fast as against 0

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dZ, written over D."""
        np.greater(self.A, self.zeros, out=self.mask)
        return np.multiply(D, self.mask, out=D)


class LeakyReLU(Activation):
    """``A = max(Z, slope * Z)``; ``dL/dZ = D where A > 0, else slope * D``."""

    def __init__(self, n_out: int, slope: float) -> None:
        super().__init__(n_out)
        self.slope = slope

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z."""
        return np.maximum(Z, np.multiply(Z, self.slope, out=self.scratch), out=Z)

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dZ, written over D."""
        np.greater(self.A, self.zeros, out=self.mask)
        factor = np.multiply(self.mask, 1 - self.slope, out=self.scratch)
        factor += self.slope
        D *= factor
        return D


class Tanh(Activation):
    """``A = tanh(Z)``; ``dL/dZ = D * (1 - A**2)``."""

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z."""
        return np.tanh(Z, out=Z)

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dZ, written over D."""
        np.multiply(self.A, self.A, out=self.scratch)
        D *= np.subtract(1, self.scratch, out=self.scratch)
        return D


class Logistic(Activation):
    """``A = 1 / (1 + exp(-Z))``; ``dL/dZ = D * A * (1 - A)``."""

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z: ``(1 + tanh(Z / 2)) / 2``, ten times as fast in float32."""
        Z *= 0.5
        np.tanh(Z, out=Z)
        Z += 1
        Z *= 0.5
        return Z

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dZ, written over D."""
        D *= self.A
        D *= np.subtract(1, self.A, out=self.scratch)
        return D


class Dropout:
    """In training ``out = A * mask / (1 - rate)``, where a value of the mask is 0 with probability `rate`.

    The mask comes from 16 random bits a value, so `rate` is rounded to 1/65536.
    """

    parameters: Shapes = {}
    statistics: Shapes = {}

    def __init__(self, n_out: int, rate: float) -> None:
        self.n_in = self.n_out = n_out
        self.threshold = min(round(rate * 2**16), 2**16 - 1)
        self.factor = 2**16 / (2**16 - self.threshold)

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Make buffers for n rows."""
        self.mask, self.out = np.empty((n, self.n_out), bool), np.empty((n, self.n_out), dtype)

    def forward(self, A: np.ndarray, training: bool = False, bits: Any = None) -> np.ndarray:
        """Return A with some values dropped; `bits` is a numpy bit generator."""
        if not training:
            return A
        drawn = bits.random_raw(-(-A.size // 4)).view(np.uint16)[: A.size].reshape(A.shape)
        np.greater_equal(drawn, self.threshold, out=self.mask)
        np.multiply(A, self.mask, out=self.out)
        self.out *= self.factor
        return self.out

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dA, written over D."""
        D *= self.mask
        D *= self.factor
        return D


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
        self._recipe = (self.sizes, np.dtype(dtype).name, activation, float(slope), rates, bool(batch_norm))
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
        return {"recipe": self._recipe, "parameters": self.parameters, "statistics": self.statistics}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(*state["recipe"])  # type: ignore[misc]  # the layers' views are made anew
        self.restore((state["parameters"], state["statistics"]))

    def astype(self, dtype: Any) -> "Network":
        """Return a copy of another type."""
        network = Network(self.sizes, dtype, *self._recipe[2:])
        network.restore((self.parameters, self.statistics))
        return network

    def snapshot(self) -> tuple[np.ndarray, np.ndarray]:
        """Return copies of the parameters and the statistics."""
        return self.parameters.copy(), self.statistics.copy()

    def restore(self, state: tuple[np.ndarray, np.ndarray]) -> None:
        """Set the parameters and the statistics."""
        self.parameters[...], self.statistics[...] = state

    def bound(self, n: int, gradient: np.ndarray) -> list[Any]:
        """Return the layers with buffers for n rows; their gradients are views of `gradient`."""
        layers = [copy.copy(layer) for layer in self.layers]
        for layer in layers:
            layer.bind(n, self.parameters.dtype)
        self._attach(layers, "d_", gradient)
        return layers

    def scores(self, X: Any) -> np.ndarray:
        """Return what the last layer gives, (n, n_outputs), before the output activation."""
        block = max(1, BLOCK // max(self.sizes[1:]))
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
