"""The passes over memory of a training step, compiled by numba where that is installed.

Never required: without numba the same steps run in numpy, with the same results to rounding. What is here is
what numpy does in several calls, each of which costs half a microsecond and reads its arrays anew: Adam with
the penalty, adding the bias, ReLU, and the gradient of the softmax.
"""

import copy
from functools import cache
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np

from estimators._network.layers import Dense, ReLU
from estimators._network.losses import Record, SoftmaxCrossEntropy

ENOUGH = 1_000  # parameters; below, numpy's calls are as short


def usable(n_parameters: int) -> bool:
    """Tell whether to take the compiled steps."""
    return n_parameters >= ENOUGH and find_spec("numba") is not None


def layer(plain: Any) -> Any:
    """Return a copy of a layer, compiled if there is such a one."""
    copied = copy.copy(plain)
    copied.__class__ = {Dense: FastDense, ReLU: FastReLU}.get(type(plain), type(plain))
    return copied


def loss(plain: Any) -> Any:
    """Return a loss, compiled if there is such a one."""
    return FastSoftmaxCrossEntropy() if type(plain) is SoftmaxCrossEntropy else plain


class FastDense(Dense):
    """Dense whose bias is added by a compiled loop."""

    def _add_bias(self, Z: np.ndarray) -> np.ndarray:
        kernels().add_bias(Z, self.bias)
        return Z


class FastReLU(ReLU):
    """ReLU by compiled loops."""

    def value(self, Z: np.ndarray) -> np.ndarray:
        """Return f(Z), written over Z."""
        kernels().relu(Z)
        return Z

    def backward(self, D: np.ndarray) -> np.ndarray:
        """Return dL/dZ, written over D."""
        kernels().relu_backward(D, self.A)
        return D


class FastSoftmaxCrossEntropy(SoftmaxCrossEntropy):
    """The softmax by compiled loops, but for the exponential, where numpy's is faster."""

    def backward(
        self, Z: np.ndarray, codes: np.ndarray, factor: Any, record: Record, scratch: Any
    ) -> np.ndarray:
        """Return ``factor * (softmax(Z) - one_hot(codes))``, written over Z."""
        kernels().subtract_largest(Z)
        np.exp(Z, out=Z)
        kernels().softmax_gradient(Z, codes, *record)
        Z *= factor
        return Z


def adam(
    optimizer: Any, penalty: Any, w: np.ndarray, gradient: np.ndarray, n_weights: int, share: float
) -> float:
    """Add the penalty's gradient and take Adam's step, in place; return the penalty before it."""
    shares = penalty.alpha * share, penalty.l1 * share
    numbers = optimizer.beta_1, optimizer.beta_2, optimizer.rate, optimizer.shift, *shares
    m, v = optimizer.slots
    squares, absolutes = kernels().adam(w, gradient, m, v, n_weights, *map(w.dtype.type, numbers))
    return share * (0.5 * penalty.alpha * float(squares) + penalty.l1 * float(absolutes))


@cache
def kernels() -> SimpleNamespace:
    """Return the loops below, compiled when they are first called; numba's import takes half a second."""
    import numba

    # The sums may be reordered, hence vectorised; nothing is fused, since numpy does not.
    compiled = numba.njit(error_model="numpy", fastmath={"reassoc", "nsz"}, cache=True)
    return SimpleNamespace(**{name.removeprefix("_"): compiled(loop) for name, loop in LOOPS.items()})


def _adam(w, g, m, v, n_weights, beta_1, beta_2, rate, shift, alpha, l1):  # type: ignore[no-untyped-def]
    squares = absolutes = alpha - alpha  # 0, of the type of w
    for i in range(n_weights):
        squares += w[i] * w[i]
        absolutes += abs(w[i])
        gradient = g[i] + alpha * w[i] + l1 * np.sign(w[i])
        m[i] = beta_1 * m[i] + gradient
        v[i] = beta_2 * v[i] + gradient * gradient
        w[i] -= m[i] / (np.sqrt(v[i]) + shift) * rate
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


LOOPS = {
    loop.__name__: loop
    for loop in (_adam, _add_bias, _relu, _relu_backward, _subtract_largest, _softmax_gradient)
}
