"""The layers of a network. Each layer has a forward pass and a backward pass.

Prediction uses layers that allocate a new array for their output. For training, :meth:`Layer.bind` allocates
buffers for a fixed number of rows. The layer then writes into these buffers or overwrites its input, so that
a training step does not allocate memory.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from scipy import sparse
from scipy.special import ndtr

BATCH_NORM_EPS = 1e-5
BATCH_NORM_DECAY = 0.9  # running = BATCH_NORM_DECAY * running + (1 - BATCH_NORM_DECAY) * batch

Shapes = Mapping[str, tuple[int, ...]]
Arrays = Mapping[str, np.ndarray]
Bits = np.random.BitGenerator
Features: TypeAlias = np.ndarray | sparse.csr_array | sparse.csr_matrix


class Layer(Protocol):
    """One step of a network, from an array of shape (n, n_in) to an array of shape (n, n_out).

    A layer declares the shapes of the arrays that it needs. The network provides these arrays by name, as
    views of its own vectors: `parameters`, `gradients` (of the parameters) and `statistics`, which training
    updates and prediction reads. Most layers do not need any arrays.
    """

    title: str
    n_in: int
    n_out: int
    parameter_shapes: Shapes = {}
    statistic_shapes: Shapes = {}
    parameters: Arrays = {}
    gradients: Arrays = {}
    statistics: Arrays = {}

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Allocate buffers for n rows."""

    def forward(self, X: np.ndarray, training: bool = False, bits: Bits | None = None) -> np.ndarray:
        """Return the output for X. During training, store the values that the backward pass needs."""
        ...

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return the gradient of the input, given the gradient D of the output, and set `gradients`."""
        ...


class Dense(Layer):
    """``Z = X @ W + b``. X may be a CSR matrix in the first layer."""

    Z: np.ndarray | None = None

    def __init__(self, n_in: int, n_out: int, is_first: bool = False) -> None:
        self.n_in, self.n_out, self.is_first = n_in, n_out, is_first
        self.title = f"Dense {n_in} -> {n_out}"
        self.parameter_shapes = {"weights": (n_in, n_out), "bias": (n_out,)}

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Allocate buffers for n rows."""
        self.Z, self.ones = np.empty((n, self.n_out), dtype), np.ones(n, dtype)
        self.back = None if self.is_first else np.empty((n, self.n_in), dtype)

    def forward(self, X: Features, training: bool = False, bits: Bits | None = None) -> np.ndarray:
        """Return Z, of shape (n, n_out)."""
        if training:
            self.X = X
        W, dense = self.parameters["weights"], isinstance(X, np.ndarray)
        return self._add_bias(np.dot(X, W, out=self.Z) if dense else X @ W)  # (n, n_in) @ (n_in, n_out)

    def _add_bias(self, Z: np.ndarray) -> np.ndarray:
        Z += self.parameters["bias"]
        return Z

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Set the gradients. Return dL/dX, of shape (n, n_in), or D if this is the first layer."""
        if isinstance(self.X, np.ndarray):
            np.dot(self.X.T, D, out=self.gradients["weights"])  # (n_in, n) @ (n, n_out)
        else:
            self.gradients["weights"][...] = self.X.T @ D
        np.dot(self.ones, D, out=self.gradients["bias"])
        if self.is_first:
            return D
        return np.dot(D, self.parameters["weights"].T, out=self.back)  # (n, n_out) @ (n_out, n_in)


class BatchNorm(Layer):
    """Batch normalisation: standardise each column by the mean and variance of its batch.

    During training, ``N = (Z - mean) / sqrt(variance + 1e-5)`` and ``out = scale * N + shift``, with the mean
    and the (biased) variance of the batch. The running mean and variance are updated with each batch as
    ``running = 0.9 * running + 0.1 * batch``, and are used for prediction.
    """

    title = "BatchNorm"

    def __init__(self, n_out: int) -> None:
        self.n_in = self.n_out = n_out
        self.parameter_shapes = {"scale": (n_out,), "shift": (n_out,)}
        self.statistic_shapes = {"running_mean": (n_out,), "running_variance": (n_out,)}

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Allocate buffers for n rows."""
        self.averaging, self.ones = np.full(n, 1 / n, dtype), np.ones(n, dtype)
        self.N, self.scratch = (np.empty((n, self.n_out), dtype) for _ in range(2))

    def forward(self, Z: np.ndarray, training: bool = False, bits: Bits | None = None) -> np.ndarray:
        """Return the normalised Z, written over Z."""
        scale, shift = self.parameters["scale"], self.parameters["shift"]
        running_mean, running_variance = self.statistics["running_mean"], self.statistics["running_variance"]
        if not training:
            Z -= running_mean
            Z *= scale / np.sqrt(running_variance + BATCH_NORM_EPS)
            Z += shift
            return Z
        mean = np.dot(self.averaging, Z)
        Z -= mean
        variance = np.dot(self.averaging, np.multiply(Z, Z, out=self.scratch))
        self.inverse_std = 1 / np.sqrt(variance + BATCH_NORM_EPS)
        for running, batch in ((running_mean, mean), (running_variance, variance)):
            running *= BATCH_NORM_DECAY
            running += (1 - BATCH_NORM_DECAY) * batch
        np.multiply(Z, self.inverse_std, out=self.N)
        np.multiply(self.N, scale, out=Z)
        Z += shift
        return Z

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Set the gradients. Return dL/dZ, written over D.

        ``dL/dZ = scale / std * (D - mean(D) - N * mean(D * N))``, because mean and variance depend on Z.
        """
        d_scale, d_shift = self.gradients["scale"], self.gradients["shift"]
        np.dot(self.ones, D, out=d_shift)
        np.dot(self.ones, np.multiply(D, self.N, out=self.scratch), out=d_scale)
        self.N *= d_scale / len(D)
        D -= self.N
        D -= d_shift / len(D)
        D *= self.parameters["scale"] * self.inverse_std
        return D


class ActivationLayer(Layer):
    """``A = f(Z)``, written over Z. The backward pass computes the derivative from A.

    This works because no later layer overwrites A. Dropout has its own buffer.
    """

    scratch: np.ndarray | None = None

    def __init__(self, n_out: int) -> None:
        self.n_in = self.n_out = n_out

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Allocate buffers for n rows."""
        self.scratch, self.mask = np.empty((n, self.n_out), dtype), np.empty((n, self.n_out), bool)

    def forward(self, Z: np.ndarray, training: bool = False, bits: Bits | None = None) -> np.ndarray:
        """Return A, written over Z."""
        A = self.value(Z)
        if training:
            self.A = A
        return A

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z."""
        raise NotImplementedError


class ReLU(ActivationLayer):
    """``A = max(Z, 0)``; ``dL/dZ = D where A > 0, else 0``."""

    title = "ReLU"
    zeros: np.ndarray | None = None  # np.maximum with an array of zeros is 2 to 4 times as fast as with 0

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Allocate buffers for n rows."""
        super().bind(n, dtype)
        self.zeros = np.zeros((n, self.n_out), dtype)

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z."""
        return np.maximum(Z, np.zeros(self.n_out, Z.dtype) if self.zeros is None else self.zeros, out=Z)

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dZ, written over D."""
        D *= np.greater(self.A, 0, out=self.mask)
        return D


class LeakyReLU(ActivationLayer):
    """``A = max(Z, slope * Z)``; ``dL/dZ = D where A > 0, else slope * D``."""

    title = "LeakyReLU"

    def __init__(self, n_out: int, slope: float) -> None:
        super().__init__(n_out)
        self.slope = slope

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z."""
        return np.maximum(Z, np.multiply(Z, self.slope, out=self.scratch), out=Z)

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dZ, written over D."""
        factor = np.multiply(np.greater(self.A, 0, out=self.mask), 1 - self.slope, out=self.scratch)
        factor += self.slope
        D *= factor
        return D


class Tanh(ActivationLayer):
    """``A = tanh(Z)``; ``dL/dZ = D * (1 - A**2)``."""

    title = "tanh"

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z."""
        return np.tanh(Z, out=Z)

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dZ, written over D."""
        squares = np.multiply(self.A, self.A, out=self.scratch)
        D *= np.subtract(1, squares, out=squares)
        return D


class Logistic(ActivationLayer):
    """``A = 1 / (1 + exp(-Z))``; ``dL/dZ = D * A * (1 - A)``."""

    title = "logistic"

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return ``(1 + tanh(Z / 2)) / 2``, written over Z.

        In float32, this is ten times as fast as the usual formula.
        """
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


class SiLU(ActivationLayer):
    """``A = Z * S`` with ``S = 1 / (1 + exp(-Z))``; ``dL/dZ = D * (S + A * (1 - S))``."""

    title = "SiLU"
    S: np.ndarray | None = None

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Allocate buffers for n rows."""
        super().bind(n, dtype)
        self.S = np.empty((n, self.n_out), dtype)

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z. S is computed as ``(1 + tanh(Z / 2)) / 2``, which is faster."""
        S = np.multiply(Z, 0.5, out=self.S)
        np.tanh(S, out=S)
        S += 1
        S *= 0.5
        Z *= S
        return Z

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dZ, written over D."""
        assert self.S is not None
        slope = np.subtract(1, self.S, out=self.scratch)
        slope *= self.A
        slope += self.S
        D *= slope
        return D


class GELU(ActivationLayer):
    """``A = Z * P`` with P the standard normal distribution function at Z; ``dL/dZ = D * (P + Z * p)``.

    Here, p is the standard normal density at Z (Hendrycks and Gimpel, 2016). This is the exact form, without
    the approximation by tanh.
    """

    title = "GELU"

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z. In training, compute the derivative too, which needs Z."""
        P = ndtr(Z)
        if self.scratch is not None:
            slope = np.multiply(Z, Z, out=self.scratch)
            slope *= -0.5
            np.exp(slope, out=slope)
            slope *= (2 * np.pi) ** -0.5
            slope *= Z
            slope += P
        Z *= P
        return Z

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dZ, written over D."""
        assert self.scratch is not None
        D *= self.scratch
        return D


class Dropout(Layer):
    """In training, ``out = A * mask / (1 - rate)``. Values of the mask are 0 with probability `rate`.

    The mask uses 16 random bits per value, so `rate` is rounded to a multiple of 1/65536.
    """

    def __init__(self, n_out: int, rate: float) -> None:
        self.n_in = self.n_out = n_out
        self.threshold = min(round(rate * 2**16), 2**16 - 1)
        self.factor = 2**16 / (2**16 - self.threshold)
        self.title = f"Dropout {self.threshold / 2**16:.3g}"

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Allocate buffers for n rows."""
        self.mask, self.out = np.empty((n, self.n_out), bool), np.empty((n, self.n_out), dtype)

    def forward(self, A: np.ndarray, training: bool = False, bits: Bits | None = None) -> np.ndarray:
        """Return A for prediction. For training, return A with random values set to 0 and the rest scaled."""
        if not training:
            return A
        assert bits is not None
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


@dataclass(frozen=True)
class Architecture:
    """The types and sizes of the layers of a network.

    Attributes
    ----------
    sizes : tuple of int
        The number of units of each layer, including the input and output layers.

    activation : str
        The activation function of the hidden layers.

    negative_slope : float
        Slope of "leaky_relu" for negative inputs.

    dropout : tuple of float
        The dropout rate of each hidden layer. An empty tuple means no dropout.

    batch_norm : bool
        Whether the hidden layers use batch normalisation.
    """

    sizes: tuple[int, ...]
    activation: str = "relu"
    negative_slope: float = 0.01
    dropout: tuple[float, ...] = ()
    batch_norm: bool = False

    def new_layers(self) -> list[Layer]:
        """Return new layers: Dense, BatchNorm, activation and Dropout for each hidden layer, then Dense."""
        rates = self.dropout or (0.0,) * (len(self.sizes) - 2)
        layers: list[Layer] = []
        for n_in, n_out, rate in zip(self.sizes, self.sizes[1:-1], rates, strict=False):
            layers.append(Dense(n_in, n_out, is_first=not layers))
            if self.batch_norm:
                layers.append(BatchNorm(n_out))
            if self.activation != "identity":
                layers.append(self._new_activation(n_out))
            if rate > 0:
                layers.append(Dropout(n_out, rate))
        layers.append(Dense(self.sizes[-2], self.sizes[-1], is_first=not layers))
        return layers

    def _new_activation(self, n_out: int) -> Layer:
        if self.activation == "leaky_relu":
            return LeakyReLU(n_out, self.negative_slope)
        return ACTIVATIONS[self.activation](n_out)


ACTIVATIONS: dict[str, Callable[[int], Layer]] = {
    "relu": ReLU,
    "tanh": Tanh,
    "logistic": Logistic,
    "silu": SiLU,
    "gelu": GELU,
}
"""The activations without parameters."""
