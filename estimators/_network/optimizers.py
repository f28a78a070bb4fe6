"""The optimisers SGD, RMSprop and Adam, which update a vector of parameters in place.

Each optimiser is a dataclass with its hyperparameters and its progress, so a copy or a saved optimiser
continues exactly where the original stopped. :class:`Stepper` adds the penalty to the gradient and performs
the update. The parameters of large networks are updated in chunks that fit into the processor's cache.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol

import numpy as np

from estimators._network import accelerator
from estimators._network.settings import Settings

MAX_UNCHUNKED_PARAMETERS = 100_000  # a larger vector is updated in chunks
PARAMETERS_PER_CHUNK = 32_768

Slots = tuple[np.ndarray, ...]


class Optimizer(Protocol):
    """Interface of an optimiser. `slots` are its moving averages, which are as long as the parameters."""

    slots: Slots

    def begin_step(self) -> None:
        """Compute the values that all parameters share in the next step."""
        return

    def update(self, w: np.ndarray, gradient: np.ndarray, slots: Slots, scratch: np.ndarray) -> None:
        """Update w in place. All arrays are the same slice of their vectors."""

    def end_epoch(self, n_rows_seen: int) -> None:
        """Set the learning rate of the next epoch."""
        return

    def slow_down(self) -> float | None:
        """Reduce the learning rate. Return the new rate, or None if it cannot be reduced."""
        return None


@dataclass
class SGD(Optimizer):
    """Gradient descent with momentum.

    The update is ``velocity = momentum * velocity - rate * gradient``, followed by ``w += velocity``. With
    Nesterov's momentum, it is followed by ``w += momentum * velocity - rate * gradient`` instead.
    """

    name: ClassVar[str] = "sgd"

    slots: Slots
    learning_rate_init: float
    learning_rate: float
    schedule: str = "constant"
    momentum: float = 0.9
    nesterov: bool = True
    power_t: float = 0.5

    def update(self, w: np.ndarray, gradient: np.ndarray, slots: Slots, scratch: np.ndarray) -> None:
        """Update w in place."""
        (velocity,) = slots
        np.multiply(gradient, self.learning_rate, out=scratch)
        velocity *= self.momentum
        velocity -= scratch
        if self.nesterov:
            w -= scratch
            w += np.multiply(velocity, self.momentum, out=scratch)
        else:
            w += velocity

    def end_epoch(self, n_rows_seen: int) -> None:
        """Set the learning rate of the next epoch."""
        if self.schedule == "invscaling":
            self.learning_rate = self.learning_rate_init / (n_rows_seen + 1) ** self.power_t

    def slow_down(self) -> float | None:
        """Divide the rate by 5 if the schedule is "adaptive" and the rate is above 1e-6."""
        if self.schedule != "adaptive" or self.learning_rate <= 1e-6:
            return None
        self.learning_rate /= 5
        return self.learning_rate


@dataclass
class RMSprop(Optimizer):
    """``v = rho * v + (1 - rho) * gradient**2``, ``w -= rate * gradient / (sqrt(v) + epsilon)``."""

    name: ClassVar[str] = "rmsprop"

    slots: Slots
    learning_rate: float
    rho: float = 0.9
    epsilon: float = 1e-8

    def update(self, w: np.ndarray, gradient: np.ndarray, slots: Slots, scratch: np.ndarray) -> None:
        """Update w in place."""
        (v,) = slots
        v *= self.rho
        np.multiply(gradient, gradient, out=scratch)
        scratch *= 1 - self.rho
        v += scratch
        np.sqrt(v, out=scratch)
        scratch += self.epsilon
        np.divide(gradient, scratch, out=scratch)
        scratch *= self.learning_rate
        w -= scratch


@dataclass
class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015), without the factors 1 - beta in the moments.

    ``m = beta_1 * m + gradient`` and ``v = beta_2 * v + gradient**2`` are the moments of the paper, divided
    by ``1 - beta_1`` and ``1 - beta_2``. The learning rate and epsilon are scaled accordingly, which gives
    the same update and saves two passes over memory.
    """

    name: ClassVar[str] = "adam"

    slots: Slots
    learning_rate_init: float
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_steps: int = 0

    def begin_step(self) -> None:
        """Compute the learning rate and epsilon of this step for the unscaled moments."""
        self.n_steps += 1
        scale = (1 - self.beta_2) ** 0.5
        bias_correction = (1 - self.beta_2**self.n_steps) ** 0.5 / (1 - self.beta_1**self.n_steps)
        self.scaled_rate = self.learning_rate_init * bias_correction * (1 - self.beta_1) / scale
        self.scaled_epsilon = self.epsilon / scale

    def update(self, w: np.ndarray, gradient: np.ndarray, slots: Slots, scratch: np.ndarray) -> None:
        """Update w in place."""
        m, v = slots
        m *= self.beta_1
        m += gradient
        v *= self.beta_2
        v += np.multiply(gradient, gradient, out=scratch)
        np.sqrt(v, out=scratch)
        scratch += self.scaled_epsilon
        np.divide(m, scratch, out=scratch)
        scratch *= self.scaled_rate
        w -= scratch


def new_optimizer(settings: Settings, parameters: np.ndarray) -> SGD | RMSprop | Adam:
    """Return a new optimiser with the hyperparameters in the settings."""
    averages = np.zeros_like(parameters), np.zeros_like(parameters)
    rate = float(settings.learning_rate_init)  # np.float64 would turn float32 arrays into float64
    if settings.solver == "adam":
        betas = float(settings.beta_1), float(settings.beta_2)
        return Adam(averages, rate, *betas, float(settings.epsilon))
    if settings.solver == "rmsprop":
        return RMSprop(averages[:1], rate, float(settings.rho), float(settings.epsilon))
    momentum, power_t = float(settings.momentum), float(settings.power_t)
    schedule, nesterov = settings.learning_rate, settings.nesterovs_momentum
    return SGD(averages[:1], rate, rate, schedule, momentum, nesterov, power_t)


def to_plain(optimizer: SGD | RMSprop | Adam) -> dict[str, Any]:
    """Return an optimiser as a dict of numbers, strings and arrays."""
    values = vars(optimizer)
    return {"name": optimizer.name, **{each.name: values[each.name] for each in fields(optimizer)}}


def from_plain(plain: Mapping[str, Any]) -> SGD | RMSprop | Adam:
    """Return an optimiser from the dict returned by :func:`to_plain`."""
    values = dict(plain)
    return {"adam": Adam, "rmsprop": RMSprop, "sgd": SGD}[values.pop("name")](**values)


@dataclass
class Penalty:
    """``(alpha / 2 * sum(w**2) + l1 * sum(|w|)) / n``, where n is the weight of the batch."""

    alpha: float
    l1: float

    def add_gradient(self, w: np.ndarray, gradient: np.ndarray, share: float, scratch: np.ndarray) -> float:
        """Add ``share * (alpha * w + l1 * sign(w))`` to the gradient. Return the penalty."""
        value = 0.0
        if self.alpha:
            gradient += np.multiply(w, self.alpha * share, out=scratch)
            value += 0.5 * self.alpha * float(np.dot(w, w))
        if self.l1:
            value += self.l1 * float(np.abs(w, out=scratch).sum())
            gradient += np.multiply(np.sign(w, out=scratch), self.l1 * share, out=scratch)
        return share * value


class Stepper:
    """Applies a penalty and an optimiser to the parameters and the gradient of a network."""

    def __init__(
        self,
        optimizer: Optimizer,
        penalty: Penalty,
        parameters: np.ndarray,
        gradient: np.ndarray,
        n_weights: int,
        compiled: bool = False,
    ) -> None:
        self.optimizer, self.penalty, self.compiled = optimizer, penalty, compiled
        self.parameters, self.gradient, self.n_weights = parameters, gradient, n_weights
        n = len(parameters)
        size = n if n <= MAX_UNCHUNKED_PARAMETERS else PARAMETERS_PER_CHUNK
        scratch = np.empty(size, parameters.dtype)
        self.chunks = []
        for start in range(0, n, size):
            chunk, weights = slice(start, start + size), slice(start, min(start + size, n_weights))
            w, penalised = parameters[chunk], parameters[weights]  # penalised: the weights in this chunk
            slots = tuple(slot[chunk] for slot in optimizer.slots)
            update = w, gradient[chunk], slots, scratch[: len(w)]
            self.chunks.append((update, (penalised, gradient[weights], scratch[: len(penalised)])))

    def step(self, share: float) -> float:
        """Update the parameters. `share` is 1 / (weight of the batch).

        Return the penalty before the update.
        """
        optimizer, penalty = self.optimizer, self.penalty
        optimizer.begin_step()
        if self.compiled and type(optimizer) is Adam:
            return self._compiled_step(optimizer, share)
        value = 0.0
        for update, (w, gradient, scratch) in self.chunks:
            value += penalty.add_gradient(w, gradient, share, scratch)
            optimizer.update(*update)
        return value

    def _compiled_step(self, adam: Adam, share: float) -> float:
        """Do the same as :meth:`step`, in one compiled pass."""
        w, (m, v), penalty = self.parameters, adam.slots, self.penalty
        penalties = penalty.alpha * share, penalty.l1 * share
        numbers = adam.beta_1, adam.beta_2, adam.scaled_rate, adam.scaled_epsilon, *penalties
        typed, step = map(w.dtype.type, numbers), accelerator.compiled(accelerator.adam_step)
        squares, absolutes = step(w, self.gradient, m, v, self.n_weights, *typed)
        return share * (0.5 * penalty.alpha * float(squares) + penalty.l1 * float(absolutes))
