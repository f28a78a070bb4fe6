"""Adam in one pass over memory, compiled by numba where that is installed: ``tallygrad[fast]``.

Never required: without numba the same update runs in numpy, with the same results to rounding.
"""

from typing import Any

import numpy as np

try:
    import numba
except ImportError:
    numba = None

ENOUGH = 50_000  # parameters; below, the call costs more than the passes it saves


def usable(optimizer: Any, penalty: Any, n_parameters: int) -> bool:
    """Tell whether :func:`adam` can take the steps."""
    return numba is not None and n_parameters >= ENOUGH and type(optimizer).__name__ == "Adam"


def adam(
    optimizer: Any, penalty: Any, w: np.ndarray, gradient: np.ndarray, n_weights: int, share: float
) -> float:
    """Add the penalty's gradient and take Adam's step, in place; return the penalty before it."""
    shares = penalty.alpha * share, penalty.l1 * share
    numbers = optimizer.beta_1, optimizer.beta_2, optimizer.rate, optimizer.shift, *shares
    m, v = optimizer.slots
    squares, absolutes = _one_pass(w, gradient, m, v, n_weights, *map(w.dtype.type, numbers))
    return share * (0.5 * penalty.alpha * float(squares) + penalty.l1 * float(absolutes))


def _loop(w, g, m, v, n_weights, beta_1, beta_2, rate, shift, alpha, l1):  # type: ignore[no-untyped-def]
    squares = absolutes = w.dtype.type(0)
    for i in range(n_weights):
        squares += w[i] * w[i]
        absolutes += abs(w[i])
        gradient = g[i] + alpha * w[i] + l1 * np.sign(w[i])
        m[i] = beta_1 * m[i] + gradient
        v[i] = beta_2 * v[i] + gradient * gradient
        w[i] -= rate * m[i] / (np.sqrt(v[i]) + shift)
    for i in range(n_weights, len(w)):
        m[i] = beta_1 * m[i] + g[i]
        v[i] = beta_2 * v[i] + g[i] * g[i]
        w[i] -= rate * m[i] / (np.sqrt(v[i]) + shift)
    return squares, absolutes


if numba is not None:
    _one_pass = numba.njit(error_model="numpy", fastmath={"reassoc", "contract", "arcp", "nsz"})(_loop)
