"""Parts of a training step, compiled by numba if it is installed.

numba is optional. Without it, NumPy computes the same results up to rounding. There are compiled loops for
Adam with the penalties, adding the bias, ReLU, and the gradient of the softmax loss. Each loop replaces
several NumPy calls, each of which takes at least half a microsecond and reads the arrays again.
"""

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

from estimators._network.layers import Dense, Layer, ReLU
from estimators._network.losses import Factor, Loss, Record, Scratch, SoftmaxCrossEntropy

MIN_PARAMETERS = 1_000  # NumPy is as fast for smaller networks


def usable(n_parameters: int) -> bool:
    """Return True if a network of this size is trained with the compiled loops."""
    return n_parameters >= MIN_PARAMETERS and find_spec("numba") is not None


def compiled_layer(layer: Layer) -> Layer:
    """Return the compiled version of a new layer, or the layer itself if there is none."""
    if type(layer) is Dense:
        return CompiledDense(layer.n_in, layer.n_out, layer.is_first)
    return CompiledReLU(layer.n_out) if type(layer) is ReLU else layer


def compiled_loss(loss: Loss) -> Loss:
    """Return the compiled version of a loss, or the loss itself if there is none."""
    return CompiledSoftmaxCrossEntropy() if type(loss) is SoftmaxCrossEntropy else loss


class CompiledDense(Dense):
    """Dense with a compiled loop that adds the bias."""

    def _add_bias(self, Z: np.ndarray) -> np.ndarray:
        compiled(_add_bias)(Z, self.parameters["bias"])
        return Z


class CompiledReLU(ReLU):
    """ReLU with compiled loops."""

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z."""
        compiled(_relu)(Z)
        return Z

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dZ, written over D."""
        compiled(_relu_backward)(D, self.A)
        return D


class CompiledSoftmaxCrossEntropy(SoftmaxCrossEntropy):
    """Softmax cross-entropy with compiled loops. NumPy computes the exponential, because it is faster."""

    def backward(
        self, Z: np.ndarray, codes: np.ndarray, factor: Factor, record: Record, scratch: Scratch
    ) -> np.ndarray:
        """Return ``factor * (softmax(Z) - one_hot(codes))``, written over Z."""
        compiled(_subtract_largest)(Z)
        np.exp(Z, out=Z)
        compiled(_softmax_gradient)(Z, codes, *record)
        Z *= factor
        return Z


@cache
def compiled(loop: Callable[..., Any]) -> Callable[..., Any]:
    """Return a compiled version of a loop. It is compiled on the first call."""
    import numba  # imported here because it is optional and takes half a second

    # Reordering sums allows vector instructions. Multiply-add is not fused, because NumPy does not fuse it.
    return numba.njit(loop, error_model="numpy", fastmath={"reassoc", "nsz"}, cache=True)


def adam_step(w, g, m, v, n_weights, beta_1, beta_2, rate, shift, alpha, l1, kept):  # type: ignore[no-untyped-def]
    squares = absolutes = alpha - alpha  # zeros with the type of w
    for i in range(n_weights):
        squares += w[i] * w[i]
        absolutes += abs(w[i])
        gradient = g[i] + alpha * w[i] + l1 * np.sign(w[i])
        m[i] = beta_1 * m[i] + gradient
        v[i] = beta_2 * v[i] + gradient * gradient
        w[i] = kept * w[i] - m[i] / (np.sqrt(v[i]) + shift) * rate
    for i in range(n_weights, len(w)):
        m[i] = beta_1 * m[i] + g[i]
        v[i] = beta_2 * v[i] + g[i] * g[i]
        w[i] -= m[i] / (np.sqrt(v[i]) + shift) * rate
    return squares, absolutes


def _add_bias(Z, bias):  # type: ignore[no-untyped-def]
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] += bias[j]


def _relu(Z):  # type: ignore[no-untyped-def]
    zero = Z.dtype.type(0)
    for i in range(Z.shape[0]):
        for j in range(Z.shape[1]):
            Z[i, j] = zero if Z[i, j] <= zero else Z[i, j]  # NaN stays NaN


def _relu_backward(D, A):  # type: ignore[no-untyped-def]
    zero = D.dtype.type(0)
    for i in range(D.shape[0]):
        for j in range(D.shape[1]):
            D[i, j] = D[i, j] if A[i, j] > zero else zero


def _subtract_largest(Z):  # type: ignore[no-untyped-def]
    for i in range(Z.shape[0]):
        largest = Z[i, 0]
        for j in range(1, Z.shape[1]):
            largest = max(largest, Z[i, j])
        for j in range(Z.shape[1]):
            Z[i, j] -= largest


def _softmax_gradient(P, codes, right, total):  # type: ignore[no-untyped-def]
    for i in range(P.shape[0]):
        total[i] = 0
        for j in range(P.shape[1]):
            total[i] += P[i, j]
        for j in range(P.shape[1]):
            P[i, j] /= total[i]
        right[i] = P[i, codes[i]]
        P[i, codes[i]] -= 1
