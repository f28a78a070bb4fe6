"""Adam in one pass over memory, compiled by numba where that is installed: ``tallygrad[fast]``.

Never required: without numba the same update runs in numpy, with the same results to rounding.
"""

from functools import cache
from importlib.util import find_spec
from typing import Any

import numpy as np

ENOUGH = 50_000  # parameters; below, numba's import takes longer than what it saves


def usable(optimizer: Any, n_parameters: int) -> bool:
    """Tell whether :func:`adam` can take the steps."""
    return type(optimizer).__name__ == "Adam" and n_parameters >= ENOUGH and find_spec("numba") is not None


def adam(
    optimizer: Any, penalty: Any, w: np.ndarray, gradient: np.ndarray, n_weights: int, share: float
) -> float:
    """Add the penalty's gradient and take Adam's step, in place; return the penalty before it."""
    shares = penalty.alpha * share, penalty.l1 * share
    numbers = optimizer.beta_1, optimizer.beta_2, optimizer.rate, optimizer.shift, *shares
    m, v = optimizer.slots
    squares, absolutes = _compiled()(w, gradient, m, v, n_weights, *map(w.dtype.type, numbers))
    return share * (0.5 * penalty.alpha * float(squares) + penalty.l1 * float(absolutes))


@cache
def _compiled() -> Any:
    import numba  # here, since it takes half a second

    # The sums may be reordered, hence vectorised; nothing is fused, since numpy does not.
    return numba.njit(error_model="numpy", fastmath={"reassoc", "nsz"}, cache=True)(_loop)


def _loop(w, g, m, v, n_weights, beta_1, beta_2, rate, shift, alpha, l1):  # type: ignore[no-untyped-def]
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
