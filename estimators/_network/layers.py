"""The layers of a network, each a forward pass and a backward pass.

A layer allocates its output until :meth:`Layer.bind` gives it buffers for a fixed number of rows. From then
on it writes into these buffers, often over its input, so that a training step allocates nothing. Networks
predict with unbound layers and train with bound ones.
"""

from collections.abc import Mapping
from typing import Protocol, TypeAlias

import numpy as np
from scipy import sparse

BATCH_NORM_EPS = 1e-5
BATCH_NORM_DECAY = 0.9  # running = BATCH_NORM_DECAY * running + (1 - BATCH_NORM_DECAY) * batch

Shapes = Mapping[str, tuple[int, ...]]
Bits = np.random.BitGenerator
Views = Mapping[str, np.ndarray]
Features: TypeAlias = np.ndarray | sparse.csr_array | sparse.csr_matrix


class Layer(Protocol):
    """One step of a network, from (n, n_in) to (n, n_out).

    The network owns the parameters, their gradients and the statistics. It hands each layer views of them,
    of the shapes that the layer asks for.
    """

    n_in: int
    n_out: int
    parameter_shapes: Shapes
    statistic_shapes: Shapes

    def set_parameters(self, views: Views) -> None:
        """Use these arrays as parameters."""

    def set_gradients(self, views: Views) -> None:
        """Write the gradients of the parameters into these arrays."""

    def set_statistics(self, views: Views) -> None:
        """Use these arrays as statistics, which training updates and prediction reads."""

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Allocate buffers for n rows."""

    def forward(self, X: np.ndarray, training: bool = False, bits: Bits | None = None) -> np.ndarray:
        """Return the output for X. In training, remember what the backward pass needs."""
        ...

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return the gradient of the input, given D, that of the output. Set those of the parameters."""
        ...


class Dense:
    """``Z = X @ W + b``. X may be CSR in the first layer."""

    statistic_shapes: Shapes = {}
    weights: np.ndarray
    bias: np.ndarray
    d_weights: np.ndarray
    d_bias: np.ndarray
    Z: np.ndarray | None = None

    def __init__(self, n_in: int, n_out: int, is_first: bool = False) -> None:
        self.n_in, self.n_out, self.is_first = n_in, n_out, is_first
        self.parameter_shapes: Shapes = {"weights": (n_in, n_out), "bias": (n_out,)}

    def set_parameters(self, views: Views) -> None:
        """Use these weights and this bias."""
        self.weights, self.bias = views["weights"], views["bias"]

    def set_gradients(self, views: Views) -> None:
        """Write the gradients into these arrays."""
        self.d_weights, self.d_bias = views["weights"], views["bias"]

    def set_statistics(self, views: Views) -> None:
        """Do nothing."""

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Allocate buffers for n rows."""
        self.Z, self.ones = np.empty((n, self.n_out), dtype), np.ones(n, dtype)
        self.back = None if self.is_first else np.empty((n, self.n_in), dtype)

    def forward(self, X: Features, training: bool = False, bits: Bits | None = None) -> np.ndarray:
        """Return Z, (n, n_out)."""
        if training:
            self.X = X
        dense = isinstance(X, np.ndarray)
        Z = np.dot(X, self.weights, out=self.Z) if dense else X @ self.weights  # (n, n_in) @ (n_in, n_out)
        return self._add_bias(Z)

    def _add_bias(self, Z: np.ndarray) -> np.ndarray:
        Z += self.bias
        return Z

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Set the gradients. Return dL/dX, (n, n_in), or D if this is the first layer."""
        if isinstance(self.X, np.ndarray):
            np.dot(self.X.T, D, out=self.d_weights)  # (n_in, n) @ (n, n_out)
        else:
            self.d_weights[...] = self.X.T @ D
        np.dot(self.ones, D, out=self.d_bias)
        return D if self.is_first else np.dot(D, self.weights.T, out=self.back)  # (n, n_out) @ (n_out, n_in)


class BatchNorm:
    """Batch normalisation: standardise each column by the mean and variance of its batch.

    In training ``N = (Z - mean) / sqrt(variance + 1e-5)`` and ``out = scale * N + shift``, with the mean and
    the (biased) variance of the batch, and ``running = 0.9 * running + 0.1 * batch`` for both. Prediction
    uses the running mean and variance.
    """

    scale: np.ndarray
    shift: np.ndarray
    d_scale: np.ndarray
    d_shift: np.ndarray
    running_mean: np.ndarray
    running_variance: np.ndarray

    def __init__(self, n_out: int) -> None:
        self.n_in = self.n_out = n_out
        self.parameter_shapes: Shapes = {"scale": (n_out,), "shift": (n_out,)}
        self.statistic_shapes: Shapes = {"running_mean": (n_out,), "running_variance": (n_out,)}

    def set_parameters(self, views: Views) -> None:
        """Use this scale and this shift."""
        self.scale, self.shift = views["scale"], views["shift"]

    def set_gradients(self, views: Views) -> None:
        """Write the gradients into these arrays."""
        self.d_scale, self.d_shift = views["scale"], views["shift"]

    def set_statistics(self, views: Views) -> None:
        """Use this running mean and this running variance."""
        self.running_mean, self.running_variance = views["running_mean"], views["running_variance"]

    def arrays(self) -> Views:
        """Return parameters and statistics by name."""
        running = {"running_mean": self.running_mean, "running_variance": self.running_variance}
        return {"scale": self.scale, "shift": self.shift, **running}

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Allocate buffers for n rows."""
        self.averaging, self.ones = np.full(n, 1 / n, dtype), np.ones(n, dtype)
        self.N, self.scratch = (np.empty((n, self.n_out), dtype) for _ in range(2))

    def forward(self, Z: np.ndarray, training: bool = False, bits: Bits | None = None) -> np.ndarray:
        """Return the normalised Z, written over Z."""
        if not training:
            Z -= self.running_mean
            Z *= self.scale / np.sqrt(self.running_variance + BATCH_NORM_EPS)
            Z += self.shift
            return Z
        mean = np.dot(self.averaging, Z)
        Z -= mean
        variance = np.dot(self.averaging, np.multiply(Z, Z, out=self.scratch))
        self.inverse_std = 1 / np.sqrt(variance + BATCH_NORM_EPS)
        for running, batch in ((self.running_mean, mean), (self.running_variance, variance)):
            running *= BATCH_NORM_DECAY
            running += (1 - BATCH_NORM_DECAY) * batch
        np.multiply(Z, self.inverse_std, out=self.N)
        np.multiply(self.N, self.scale, out=Z)
        Z += self.shift
        return Z

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Set the gradients. Return dL/dZ, written over D.

        It is ``scale / std * (D - mean(D) - N * mean(D * N))``, since mean and variance depend on Z too.
        """
        np.dot(self.ones, D, out=self.d_shift)
        np.dot(self.ones, np.multiply(D, self.N, out=self.scratch), out=self.d_scale)
        self.N *= self.d_scale / len(D)
        D -= self.N
        D -= self.d_shift / len(D)
        D *= self.scale * self.inverse_std
        return D


class WithoutParameters:
    """A layer that has nothing to learn, with as many outputs as inputs."""

    parameter_shapes: Shapes = {}
    statistic_shapes: Shapes = {}

    def __init__(self, n_out: int) -> None:
        self.n_in = self.n_out = n_out

    def set_parameters(self, views: Views) -> None:
        """Do nothing."""

    def set_gradients(self, views: Views) -> None:
        """Do nothing."""

    def set_statistics(self, views: Views) -> None:
        """Do nothing."""


class ActivationLayer(WithoutParameters):
    """``A = f(Z)``, written over Z. The backward pass computes the derivative from A.

    This works because no later layer overwrites A: Dropout writes into a buffer of its own.
    """

    zeros: np.ndarray | None = None  # np.maximum with an array is three to ten times as fast as with 0
    scratch: np.ndarray | None = None

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Allocate buffers for n rows."""
        self.zeros, self.scratch = np.zeros((n, self.n_out), dtype), np.empty((n, self.n_out), dtype)
        self.mask = np.empty((n, self.n_out), dtype=bool)

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

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z."""
        return np.maximum(Z, np.zeros(Z.shape[1], Z.dtype) if self.zeros is None else self.zeros, out=Z)

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dZ, written over D."""
        assert self.zeros is not None
        np.greater(self.A, self.zeros, out=self.mask)
        return np.multiply(D, self.mask, out=D)


class LeakyReLU(ActivationLayer):
    """``A = max(Z, slope * Z)``; ``dL/dZ = D where A > 0, else slope * D``."""

    def __init__(self, n_out: int, slope: float) -> None:
        super().__init__(n_out)
        self.slope = slope

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z."""
        return np.maximum(Z, np.multiply(Z, self.slope, out=self.scratch), out=Z)

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dZ, written over D."""
        assert self.zeros is not None
        np.greater(self.A, self.zeros, out=self.mask)
        factor = np.multiply(self.mask, 1 - self.slope, out=self.scratch)
        factor += self.slope
        D *= factor
        return D


class Tanh(ActivationLayer):
    """``A = tanh(Z)``; ``dL/dZ = D * (1 - A**2)``."""

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

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return ``(1 + tanh(Z / 2)) / 2``, written over Z: ten times as fast in float32."""
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


class Dropout(WithoutParameters):
    """In training ``out = A * mask / (1 - rate)``, where each value of the mask is 0 with probability `rate`.

    The mask uses 16 random bits for each value, so `rate` is rounded to a multiple of 1/65536.
    """

    def __init__(self, n_out: int, rate: float) -> None:
        super().__init__(n_out)
        self.threshold = min(round(rate * 2**16), 2**16 - 1)
        self.factor = 2**16 / (2**16 - self.threshold)

    def bind(self, n: int, dtype: np.dtype) -> None:
        """Allocate buffers for n rows."""
        self.mask, self.out = np.empty((n, self.n_out), bool), np.empty((n, self.n_out), dtype)

    def forward(self, A: np.ndarray, training: bool = False, bits: Bits | None = None) -> np.ndarray:
        """Return A. In training, set random values of it to 0, drawn from `bits`."""
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
