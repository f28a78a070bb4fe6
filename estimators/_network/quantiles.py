"""The losses of networks that predict quantiles."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import DTypeLike
from scipy.special import expit
from sklearn.metrics import d2_pinball_score

from estimators._network.losses import LOSS_OF, Elementwise, Factor, Record, Scratch, Weight, identity, r2


class OrderedQuantiles:
    """The pinball loss of several quantiles, which never cross. The targets have the shape (n, 1).

    The lowest quantile is the first score, and each of the others is the previous one plus
    ``log(1 + exp(z))``, which is positive. The loss of a row is the mean over the levels.
    """

    out_activation = "ordered"

    def __init__(self, levels: Sequence[float]) -> None:
        self.levels = np.array(levels, dtype=np.float64)

    def activate(self, Z: np.ndarray) -> np.ndarray:
        """Return the quantiles, written over Z."""
        return ordered_over(Z)

    def new_record(self, n: int, n_outputs: int, dtype: DTypeLike) -> Record:
        """Return an array for the quantiles of n rows."""
        return (np.empty((n, n_outputs), dtype),)

    def new_scratch(self, n: int, n_outputs: int, dtype: DTypeLike) -> Scratch:
        """Return a buffer for the slopes of the scores after the first."""
        return (np.empty((n, n_outputs - 1), dtype),)

    def backward(
        self, Z: np.ndarray, y: np.ndarray, factor: Factor, record: Record, scratch: Scratch
    ) -> np.ndarray:
        """Return the gradient of the sum over the levels, written over Z.

        A score is part of its own quantile and of all higher ones, so their derivatives are added up.
        """
        slope = expit(Z[:, 1:], out=scratch[0])
        out = self.activate(Z)
        np.copyto(record[0], out)
        out -= y
        pinball_slope(out, self.levels.astype(out.dtype))
        np.cumsum(out[:, ::-1], axis=1, out=out[:, ::-1])
        out[:, 1:] *= slope
        out *= factor
        return out

    def values(self, record: Record, y: np.ndarray) -> np.ndarray:
        """Return the loss of each row."""
        return pinball(record[0], y, self.levels)

    def score(self, record: Record, y: np.ndarray, weight: Weight) -> float:
        """Return the mean of D2 over the levels: 1 minus the loss, divided by that of constant quantiles."""
        if len(y) < 2 or not np.isfinite(record[0]).all():
            return float("nan")
        by_level = zip(record[0].T, self.levels.tolist(), strict=True)
        return float(
            np.mean([d2_pinball_score(y[:, 0], out, sample_weight=weight, alpha=q) for out, q in by_level])
        )

    def evaluate(self, Z: np.ndarray, y: np.ndarray, weight: Weight) -> tuple[float, float]:
        """Return the mean loss and the score."""
        out = self.activate(Z)
        value = float(np.average(pinball(out, y, self.levels), weights=weight))
        return value, self.score((out,), y, weight)


def ordered_over(Z: np.ndarray) -> np.ndarray:
    """Return the quantiles, written over Z: cumulative sums of the first score and positive increments."""
    np.logaddexp(0, Z[:, 1:], out=Z[:, 1:])
    return np.cumsum(Z, axis=1, out=Z)


def pinball(out: np.ndarray, y: np.ndarray, levels: np.ndarray | float) -> np.ndarray:
    """Return the pinball loss of each row, averaged over the outputs (Koenker and Bassett, 1978).

    With the level q, it is ``q * (y - out)`` where y is above `out`, and ``(1 - q) * (out - y)`` elsewhere.
    """
    difference = y - out.astype(np.float64)
    return np.maximum(levels * difference, (levels - 1) * difference).mean(axis=1)


def pinball_slope(difference: np.ndarray, levels: np.ndarray | float) -> None:
    """Replace differences ``out - y`` by the derivatives of their pinball losses, from -q to 1 - q."""
    np.sign(difference, out=difference)
    difference += 1
    difference *= 0.5
    difference -= levels


def quantile_loss(level: float) -> Elementwise:
    """Return the pinball loss of one quantile."""
    return Elementwise(
        "identity",
        identity,
        lambda out, y: pinball(out, y, level),
        r2,
        lambda difference: pinball_slope(difference, level),
    )


ACTIVATE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    **{name: loss.activate for name, loss in LOSS_OF.items()},
    "ordered": ordered_over,
}
"""The output activations by name."""
