"""The layers of a network as forward/backward pairs.

``forward(X, training, bits)`` returns what the next layer takes; ``backward(D)`` takes the gradient of the
loss with respect to that, sets the gradients of the layer's own parameters, and returns the gradient with
respect to X. A layer that is bound to a number of rows writes into buffers of its own, often over its input,
so that a step allocates nothing; unbound, it allocates, and keeps nothing: that is how a model predicts.
"""

from typing import Any

import numpy as np

BATCH_NORM_EPS = 1e-5
BATCH_NORM_PAST = 0.9  # running = BATCH_NORM_PAST * running + (1 - BATCH_NORM_PAST) * batch

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
        return self._add_bias(Z)

    def _add_bias(self, Z: np.ndarray) -> np.ndarray:
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
    zeros: Any = None  # np.maximum against a buffer is three to ten times as fast as against 0
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
        return np.maximum(Z, np.zeros(Z.shape[1], Z.dtype) if self.zeros is None else self.zeros, out=Z)

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
