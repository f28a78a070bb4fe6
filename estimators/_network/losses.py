"""The losses of a network, together with their output activations.

Each loss is paired with an output activation. In most cases, the gradient with respect to the scores Z of the
last layer is then ``activation(Z) - y``. The backward pass writes the gradient over Z, and stores the values
needed to compute the loss in a record. At the end of an epoch, all losses are computed from the record at
once. The losses of quantiles are in `quantiles.py`.
"""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import DTypeLike
from scipy.special import expit, xlogy

Record = tuple[np.ndarray, ...]
Scratch = tuple[np.ndarray, ...]
Weight = np.ndarray | None
Factor = float | np.ndarray


class Loss(Protocol):
    """Interface of a loss. The targets are class codes of shape (n,) or values of shape (n, n_outputs)."""

    out_activation: str

    def activate(self, Z: np.ndarray) -> np.ndarray:
        """Return the outputs of the network, written over the scores Z of shape (n, n_outputs)."""
        ...

    def new_record(self, n: int, n_outputs: int, dtype: DTypeLike) -> Record:
        """Return arrays of length n in which batches store values for computing the loss and the score."""
        ...

    def new_scratch(self, n: int, n_outputs: int, dtype: DTypeLike) -> Scratch:
        """Return buffers for the backward pass of batches of n rows."""
        ...

    def backward(
        self, Z: np.ndarray, y: np.ndarray, factor: Factor, record: Record, scratch: Scratch
    ) -> np.ndarray:
        """Return the gradient of the losses, weighted by `factor` and written over Z, and fill the record."""
        ...

    def values(self, record: Record, y: np.ndarray) -> np.ndarray:
        """Return the loss of each row, as an array of shape (n,)."""
        ...

    def score(self, record: Record, y: np.ndarray, weight: Weight) -> float:
        """Return the accuracy or R2 of the recorded rows."""
        ...

    def evaluate(self, Z: np.ndarray, y: np.ndarray, weight: Weight) -> tuple[float, float]:
        """Return the mean loss and the accuracy or R2 for the scores Z, which are overwritten."""
        ...


class SoftmaxCrossEntropy:
    """``-log p[y]`` with ``p = softmax(Z)``. The targets are class codes of shape (n,)."""

    out_activation = "softmax"

    def activate(self, Z: np.ndarray) -> np.ndarray:
        """Return the probabilities, written over Z."""
        Z -= Z.max(axis=1, keepdims=True)
        np.exp(Z, out=Z)
        Z /= Z.sum(axis=1, keepdims=True)
        return Z

    def new_record(self, n: int, n_outputs: int, dtype: DTypeLike) -> Record:
        """Return arrays for two values per row: the probability of its class and ``1 / max(p)``."""
        return np.empty(n, dtype), np.empty(n, dtype)

    def new_scratch(self, n: int, n_outputs: int, dtype: DTypeLike) -> Scratch:
        """Return buffers for batches of n rows."""
        return np.empty((n_outputs, n), dtype), np.empty(n, dtype), np.arange(n) * n_outputs

    def backward(
        self, Z: np.ndarray, codes: np.ndarray, factor: Factor, record: Record, scratch: Scratch
    ) -> np.ndarray:
        """Return ``factor * (softmax(Z) - one_hot(codes))``, written over Z."""
        right, total = record
        T, top, rows = scratch  # T has one row per class, because reductions over rows are many times faster
        np.copyto(T, Z.T)
        T -= np.maximum.reduce(T, axis=0, out=top)
        np.exp(T, out=T)
        T /= np.add.reduce(T, axis=0, out=total)
        np.copyto(Z, T.T)
        flat, hit = Z.reshape(-1), rows + codes
        flat.take(hit, out=right, mode="clip")
        flat[hit] -= 1
        Z *= factor
        return Z

    def values(self, record: Record, codes: np.ndarray) -> np.ndarray:
        """Return the loss of each row."""
        return -np.log(clipped(record[0]).astype(np.float64))

    def score(self, record: Record, codes: np.ndarray, weight: Weight) -> float:
        """Return the accuracy. The largest probability of a row is ``exp(0) / total``."""
        return accuracy(record[0] == 1 / record[1], weight)

    def evaluate(self, Z: np.ndarray, codes: np.ndarray, weight: Weight) -> tuple[float, float]:
        """Return the mean loss and the accuracy."""
        P = self.activate(Z)
        right = P[np.arange(len(P)), codes]
        value = np.average(self.values((right,), codes), weights=weight)
        return float(value), accuracy(P.argmax(axis=1) == codes, weight)


class SmoothedSoftmaxCrossEntropy(SoftmaxCrossEntropy):
    """``-sum_k y[k] * log p[k]`` with ``p = softmax(Z)`` and ``y = (1 - s) * one_hot + s / K``.

    The label smoothing s takes a share of each row's target and divides it equally among the K classes
    (Szegedy et al., 2016, section 7).
    """

    def __init__(self, smoothing: float) -> None:
        self.smoothing = smoothing

    def new_record(self, n: int, n_outputs: int, dtype: DTypeLike) -> Record:
        """Return arrays for the values of the base class and the mean of ``log p`` over the classes."""
        return *super().new_record(n, n_outputs, dtype), np.empty(n, dtype)

    def backward(
        self, Z: np.ndarray, codes: np.ndarray, factor: Factor, record: Record, scratch: Scratch
    ) -> np.ndarray:
        """Return ``factor * (softmax(Z) - y)``, written over Z."""
        right, total, mean_log = record
        T, _, rows = scratch
        Z = super().backward(Z, codes, 1.0, (right, total), scratch)
        np.mean(np.log(clipped(T)), axis=0, out=mean_log)  # T contains the probabilities, transposed
        Z -= self.smoothing / Z.shape[1]
        Z.reshape(-1)[rows + codes] += self.smoothing
        Z *= factor
        return Z

    def values(self, record: Record, codes: np.ndarray) -> np.ndarray:
        """Return the loss of each row."""
        mean_log = record[2].astype(np.float64)
        return (1 - self.smoothing) * super().values(record, codes) - self.smoothing * mean_log

    def evaluate(self, Z: np.ndarray, codes: np.ndarray, weight: Weight) -> tuple[float, float]:
        """Return the mean loss and the accuracy."""
        P = self.activate(Z)
        right, mean_log = P[np.arange(len(P)), codes], np.log(clipped(P)).mean(axis=1)
        value = np.average(self.values((right, right, mean_log), codes), weights=weight)
        return float(value), accuracy(P.argmax(axis=1) == codes, weight)


class Elementwise:
    """A loss defined by functions. Its targets have the same shape as Z, (n, n_outputs).

    `derivative` converts the differences ``activation(Z) - y`` to the gradient, in place. If it is None, they
    are the gradient.
    """

    def __init__(
        self,
        out_activation: str,
        activate: Callable[[np.ndarray], np.ndarray],
        values: Callable[[np.ndarray, np.ndarray], np.ndarray],
        score: Callable[[np.ndarray, np.ndarray, Weight], float],
        derivative: Callable[[np.ndarray], None] | None = None,
    ) -> None:
        self.out_activation, self.activate = out_activation, activate
        self._values, self._score, self._derivative = values, score, derivative

    def new_record(self, n: int, n_outputs: int, dtype: DTypeLike) -> Record:
        """Return an array for the outputs of n rows."""
        return (np.empty((n, n_outputs), dtype),)

    def new_scratch(self, n: int, n_outputs: int, dtype: DTypeLike) -> Scratch:
        """Return an empty tuple, because no buffers are needed."""
        return ()

    def backward(
        self, Z: np.ndarray, y: np.ndarray, factor: Factor, record: Record, scratch: Scratch
    ) -> np.ndarray:
        """Return ``factor * derivative(activation(Z) - y)``, written over Z."""
        out = self.activate(Z)
        np.copyto(record[0], out)
        out -= y
        if self._derivative is not None:
            self._derivative(out)
        out *= factor
        return out

    def values(self, record: Record, y: np.ndarray) -> np.ndarray:
        """Return the loss of each row."""
        return self._values(record[0], y)

    def score(self, record: Record, y: np.ndarray, weight: Weight) -> float:
        """Return the accuracy or R2."""
        return self._score(record[0], y, weight)

    def evaluate(self, Z: np.ndarray, y: np.ndarray, weight: Weight) -> tuple[float, float]:
        """Return the mean loss and the accuracy or R2."""
        out = self.activate(Z)
        return float(np.average(self._values(out, y), weights=weight)), self._score(out, y, weight)


def identity(Z: np.ndarray) -> np.ndarray:
    """Return Z."""
    return Z


def expit_over(Z: np.ndarray) -> np.ndarray:
    """Return ``1 / (1 + exp(-Z))``, written over Z. Results close to 0 have full relative precision."""
    return expit(Z, out=Z)


def exp_over(Z: np.ndarray) -> np.ndarray:
    """Return ``exp(Z)``, written over Z."""
    return np.exp(Z, out=Z)


def smoothed_cross_entropy(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ``-y log p - (1 - y) log(1 - p)``, summed over the outputs, for y in [0, 1]."""
    p = clipped(p).astype(np.float64)
    return -(y * np.log(p) + (1 - y) * np.log(1 - p)).sum(axis=1)


def logistic_cross_entropy(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ``-y log p - (1 - y) log(1 - p)``, summed over the outputs. y is 0 or 1."""
    p = clipped(p).astype(np.float64)
    return -np.log(np.where(y > 0.5, p, 1 - p)).sum(axis=1)


def squared_error(out: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ``(out - y)**2 / 2``, averaged over the outputs.

    The gradient is that of the sum over the outputs, as in scikit-learn, so that learning rates have the same
    effect.
    """
    return 0.5 * np.square(out - y, dtype=np.float64).mean(axis=1)


def absolute_error(out: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ``|out - y|``, averaged over the outputs. The gradient is that of the sum."""
    return np.abs(out.astype(np.float64) - y).mean(axis=1)


def sign_over(difference: np.ndarray) -> None:
    """Replace differences by their signs, the derivatives of their absolute values."""
    np.sign(difference, out=difference)


def huber(out: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ``d**2 / 2`` for a difference d of at most 1, else ``|d| - 1 / 2``, averaged over the outputs.

    The gradient is that of the sum (Huber, 1964, with the threshold 1).
    """
    size = np.abs(out.astype(np.float64) - y)
    return np.where(size <= 1, 0.5 * size**2, size - 0.5).mean(axis=1)


def clip_over(difference: np.ndarray) -> None:
    """Clip differences to [-1, 1], the derivatives of their Huber loss."""
    np.clip(difference, -1, 1, out=difference)


def poisson_deviance(mean: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return half the Poisson deviance, ``y log(y / mean) - y + mean`` with y >= 0, summed over outputs."""
    y, mean = y.astype(np.float64), mean.astype(np.float64)
    return (xlogy(y, y / mean) - y + mean).sum(axis=1)


def clipped(p: np.ndarray) -> np.ndarray:
    """Clip probabilities to [eps, 1 - eps], where eps is that of their data type, as in scikit-learn."""
    eps = np.finfo(p.dtype).eps
    return np.clip(p, eps, 1 - eps)


def accuracy(hits: np.ndarray, weight: Weight) -> float:
    """Return the weighted fraction of rows that are predicted correctly."""
    return float(np.average(hits, weights=weight))


def label_accuracy(p: np.ndarray, y: np.ndarray, weight: Weight) -> float:
    """Return the weighted fraction of rows whose labels are all correct."""
    return accuracy(((p > 0.5) == (y > 0.5)).all(axis=1), weight)


def r2(out: np.ndarray, y: np.ndarray, weight: Weight) -> float:
    """Return R2, averaged over the outputs, or NaN if an output is not finite or there is only one row.

    If y is constant, R2 is 1 if all predictions are exact and 0 otherwise, as in scikit-learn's r2_score.
    """
    if len(y) < 2 or not np.isfinite(out).all():
        return float("nan")
    y = y.astype(np.float64)
    weight = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=np.float64)
    errors = weight @ (y - out) ** 2  # (n,) @ (n, n_outputs)
    spread = weight @ (y - np.average(y, axis=0, weights=weight)) ** 2
    scores = np.where(errors == 0, 1.0, 0.0)
    np.divide(spread - errors, spread, out=scores, where=spread != 0)
    return float(scores.mean())


LOSS_OF: dict[str, Loss] = {
    "softmax": SoftmaxCrossEntropy(),
    "logistic": Elementwise("logistic", expit_over, logistic_cross_entropy, label_accuracy),
    "identity": Elementwise("identity", identity, squared_error, r2),
    "exp": Elementwise("exp", exp_over, poisson_deviance, r2),
}
"""The loss that scikit-learn uses with each output activation."""

SMOOTHED_LOGISTIC = Elementwise("logistic", expit_over, smoothed_cross_entropy, label_accuracy)
"""The loss of smoothed labels, whose targets are already smoothed: ``(1 - s) * y + s / 2``."""

ABSOLUTE_ERROR = Elementwise("identity", identity, absolute_error, r2, sign_over)
HUBER = Elementwise("identity", identity, huber, r2, clip_over)


ONE_CLASS = Elementwise("logistic", expit_over, logistic_cross_entropy, lambda p, y, weight: 1.0)
"""The loss if there is only one class. Every prediction is correct in this case."""
