"""The losses of a network: output activation, value and gradient together.

Each gives the gradient with respect to the scores Z of the last layer for a batch, written over Z, and notes
in a record what the value needs; the value of a whole epoch is worked out from it, with one logarithm.
All four are matched to their output activation, so that the gradient is ``activation(Z) - y``.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import expit, xlogy

Record = tuple[np.ndarray, ...]
Function = Callable[..., Any]


class SoftmaxCrossEntropy:
    """``-log p[y]`` with ``p = softmax(Z)``; y are codes of classes, (n,)."""

    out_activation = "softmax"

    def activate(self, Z: np.ndarray) -> np.ndarray:
        """Return the probabilities, written over Z."""
        Z -= Z.max(axis=1, keepdims=True)
        np.exp(Z, out=Z)
        Z /= Z.sum(axis=1, keepdims=True)
        return Z

    def record(self, n: int, n_outputs: int, dtype: Any) -> Record:
        """Return the probability of the right class, and the inverse of the largest, of n rows."""
        return np.empty(n, dtype), np.empty(n, dtype)

    def scratch(self, n: int, n_outputs: int, dtype: Any) -> Any:
        """Return buffers for batches of n rows."""
        return np.empty((n_outputs, n), dtype), np.empty(n, dtype), np.arange(n) * n_outputs

    def backward(
        self, Z: np.ndarray, codes: np.ndarray, factor: Any, record: Record, scratch: Any
    ) -> np.ndarray:
        """Return ``factor * (softmax(Z) - one_hot(codes))``, written over Z."""
        right, total = record
        T, top, rows = scratch  # a row for each class: reductions over rows are many times faster
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

    def score(self, record: Record, codes: np.ndarray, weight: Any) -> float:
        """Return the accuracy: the right class has the largest probability, ``exp(0) / total``."""
        return accuracy(record[0] == 1 / record[1], weight)

    def evaluate(self, P: np.ndarray, codes: np.ndarray, weight: Any) -> tuple[float, float]:
        """Return loss and accuracy of probabilities, (n, n_outputs)."""
        right = P[np.arange(len(P)), codes]
        value = np.average(self.values((right,), codes), weights=weight)
        return float(value), accuracy(P.argmax(axis=1) == codes, weight)


class Elementwise:
    """A loss with targets of the shape of Z, (n, n_outputs): its output activation, its value, its score."""

    def __init__(self, out_activation: str, activate: Function, values: Function, score: Function) -> None:
        self.out_activation, self.activate = out_activation, activate
        self._values, self._score = values, score

    def record(self, n: int, n_outputs: int, dtype: Any) -> Record:
        """Return the outputs of n rows."""
        return (np.empty((n, n_outputs), dtype),)

    def scratch(self, n: int, n_outputs: int, dtype: Any) -> Any:
        """Return no buffers."""
        return

    def backward(self, Z: np.ndarray, y: np.ndarray, factor: Any, record: Record, scratch: Any) -> np.ndarray:
        """Return ``factor * (activation(Z) - y)``, written over Z."""
        out = self.activate(Z)
        np.copyto(record[0], out)
        out -= y
        out *= factor
        return out

    def values(self, record: Record, y: np.ndarray) -> np.ndarray:
        """Return the loss of each row."""
        return self._values(record[0], y)

    def score(self, record: Record, y: np.ndarray, weight: Any) -> float:
        """Return accuracy or R2."""
        return self._score(record[0], y, weight)

    def evaluate(self, out: np.ndarray, y: np.ndarray, weight: Any) -> tuple[float, float]:
        """Return loss and score of outputs, (n, n_outputs)."""
        return float(np.average(self._values(out, y), weights=weight)), self._score(out, y, weight)


def expit_over(Z: np.ndarray) -> np.ndarray:
    """Return ``1 / (1 + exp(-Z))``, written over Z; exact to the last digit where it is tiny."""
    return expit(Z, out=Z)


def exp_over(Z: np.ndarray) -> np.ndarray:
    """Return ``exp(Z)``, written over Z."""
    return np.exp(Z, out=Z)


def logistic_cross_entropy(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ``-y log p - (1 - y) log(1 - p)``, summed over the outputs; y is 0 or 1."""
    p = clipped(p).astype(np.float64)
    return -np.log(np.where(y > 0.5, p, 1 - p)).sum(axis=1)


def squared_error(out: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return ``(out - y)**2 / 2``, the mean over the outputs, though the gradient is that of their sum.

    So it is in scikit-learn, and so learning rates keep their meaning.
    """
    return 0.5 * np.square(out - y, dtype=np.float64).mean(axis=1)


def poisson_deviance(mean: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return half the deviance, ``y log(y / mean) - y + mean``, summed over the outputs; y is 0 or more."""
    y, mean = y.astype(np.float64), mean.astype(np.float64)
    return (xlogy(y, y / mean) - y + mean).sum(axis=1)


def clipped(p: np.ndarray) -> np.ndarray:
    """Keep probabilities off 0 and 1 by the eps of their type, as scikit-learn does."""
    eps = np.finfo(p.dtype).eps
    return np.clip(p, eps, 1 - eps)


def accuracy(hits: np.ndarray, weight: Any) -> float:
    """Return the share of the rows that are right."""
    return float(np.average(hits, weights=weight))


def label_accuracy(p: np.ndarray, y: np.ndarray, weight: Any) -> float:
    """Return the share of the rows whose labels are all right."""
    return accuracy(((p > 0.5) == (y > 0.5)).all(axis=1), weight)


def always_right(p: np.ndarray, y: np.ndarray, weight: Any) -> float:
    """Return 1: of one class, no answer is wrong."""
    return 1.0


def r2(out: np.ndarray, y: np.ndarray, weight: Any) -> float:
    """Return the mean over the outputs of ``1 - squared errors / squared deviations``; nan if not finite.

    A constant y gives 1 where all is right and else 0, as scikit-learn's r2_score.
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


LOSS_OF: dict[str, Any] = {
    loss.out_activation: loss
    for loss in (
        SoftmaxCrossEntropy(),
        Elementwise("logistic", expit_over, logistic_cross_entropy, label_accuracy),
        Elementwise("identity", lambda Z: Z, squared_error, r2),
        Elementwise("exp", exp_over, poisson_deviance, r2),
    )
}
ONE_CLASS = Elementwise("logistic", expit_over, logistic_cross_entropy, always_right)
