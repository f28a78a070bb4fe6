"""The optimisers SGD, RMSprop and Adam. They update one vector of parameters in place.

Each optimiser is a dataclass of its hyperparameters and its progress: a copy, also one from a file,
continues exactly where the original stood. :class:`Stepper` adds the penalty to the gradient and takes the
step, in chunks that stay in the processor's cache if the network is large.
"""

from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Protocol

import numpy as np

from estimators._network.accelerator import kernels

MAX_UNCHUNKED_PARAMETERS = 100_000  # a larger vector is updated in chunks
PARAMETERS_PER_CHUNK = 32_768

Slots = tuple[np.ndarray, ...]


class Optimizer(Protocol):
    """What training needs of an optimiser.

    `slots` are arrays as long as the parameters that hold its moving averages. `learning_rate` is the rate of
    the next step.
    """

    learning_rate: float
    slots: Slots

    def begin_step(self) -> None:
        """Compute what is the same for all parameters of the next step."""

    def update(self, w: np.ndarray, gradient: np.ndarray, slots: Slots, scratch: np.ndarray) -> None:
        """Take a step from w, in place. All arrays are the same slice of their vectors."""

    def end_epoch(self, n_rows_seen: int) -> None:
        """Set the learning rate of the next epoch."""

    def slow_down(self) -> bool:
        """Reduce the learning rate after too many epochs without improvement, and tell whether it could."""
        ...


@dataclass
class SGD:
    """Gradient descent with momentum.

    ``velocity = momentum * velocity - rate * gradient``, then ``w += velocity``, or with Nesterov's momentum
    ``w += momentum * velocity - rate * gradient``.
    """

    n_slots: ClassVar[int] = 1

    slots: Slots
    learning_rate_init: float
    learning_rate: float
    schedule: str = "constant"
    momentum: float = 0.9
    nesterov: bool = True
    power_t: float = 0.5

    def begin_step(self) -> None:
        """Do nothing."""

    def update(self, w: np.ndarray, gradient: np.ndarray, slots: Slots, scratch: np.ndarray) -> None:
        """Take a step from w, in place."""
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

    def slow_down(self) -> bool:
        """Divide the rate by 5 if the schedule is "adaptive" and the rate is above 1e-6."""
        if self.schedule != "adaptive" or self.learning_rate <= 1e-6:
            return False
        self.learning_rate /= 5
        return True


class WithoutSchedule:
    """The part that RMSprop and Adam share: their learning rate follows no schedule."""

    def end_epoch(self, n_rows_seen: int) -> None:
        """Do nothing."""

    def slow_down(self) -> bool:
        """Return False."""
        return False


@dataclass
class RMSprop(WithoutSchedule):
    """``v = rho * v + (1 - rho) * gradient**2``, ``w -= rate * gradient / (sqrt(v) + epsilon)``."""

    n_slots: ClassVar[int] = 1

    slots: Slots
    learning_rate: float
    rho: float = 0.9
    epsilon: float = 1e-8

    def begin_step(self) -> None:
        """Do nothing."""

    def update(self, w: np.ndarray, gradient: np.ndarray, slots: Slots, scratch: np.ndarray) -> None:
        """Take a step from w, in place."""
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
class Adam(WithoutSchedule):
    """Adam (Kingma and Ba, 2015), without the factors 1 - beta in the moments.

    ``m = beta_1 * m + gradient`` and ``v = beta_2 * v + gradient**2`` are the paper's moments divided by
    ``1 - beta_1`` and ``1 - beta_2``. Scaling rate and epsilon accordingly gives the same step and saves two
    passes over memory.
    """

    n_slots: ClassVar[int] = 2

    slots: Slots
    learning_rate_init: float
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_steps: int = 0
    learning_rate: float = field(default=0.0, init=False)
    scaled_rate: float = field(default=0.0, init=False)
    scaled_epsilon: float = field(default=0.0, init=False)

    def begin_step(self) -> None:
        """Compute the learning rate of this step, and rate and epsilon for the unscaled moments."""
        self.n_steps += 1
        scale = (1 - self.beta_2) ** 0.5
        bias_correction = (1 - self.beta_2**self.n_steps) ** 0.5 / (1 - self.beta_1**self.n_steps)
        self.learning_rate = self.learning_rate_init * bias_correction
        self.scaled_rate = self.learning_rate * (1 - self.beta_1) / scale
        self.scaled_epsilon = self.epsilon / scale

    def update(self, w: np.ndarray, gradient: np.ndarray, slots: Slots, scratch: np.ndarray) -> None:
        """Take a step from w, in place."""
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


def new_slots(parameters: np.ndarray, n_slots: int) -> Slots:
    """Return `n_slots` arrays of zeros like the parameters."""
    return tuple(np.zeros_like(parameters) for _ in range(n_slots))


OPTIMIZERS: dict[str, type[SGD | RMSprop | Adam]] = {"adam": Adam, "rmsprop": RMSprop, "sgd": SGD}


def optimizer_to_plain(optimizer: SGD | RMSprop | Adam) -> dict[str, Any]:
    """Return an optimiser as a dict of numbers, strings and arrays."""
    (name,) = (name for name, kind in OPTIMIZERS.items() if type(optimizer) is kind)
    values = vars(optimizer)
    return {"name": name, **{each.name: values[each.name] for each in fields(optimizer) if each.init}}


def optimizer_from_plain(plain: dict[str, Any]) -> SGD | RMSprop | Adam:
    """Return the optimiser that :func:`optimizer_to_plain` made plain."""
    values = dict(plain)
    return OPTIMIZERS[values.pop("name")](**values)


@dataclass
class Penalty:
    """``alpha / 2 * sum(w**2) + l1 * sum(|w|)``, divided by the (weighted) number of rows of the batch."""

    alpha: float
    l1: float

    def add_gradient(self, w: np.ndarray, gradient: np.ndarray, share: float, scratch: np.ndarray) -> float:
        """Add ``share * (alpha * w + l1 * sign(w))`` to the gradient. Return the penalty times `share`."""
        value = 0.0
        if self.alpha:
            gradient += np.multiply(w, self.alpha * share, out=scratch)
            value += 0.5 * self.alpha * float(np.dot(w, w))
        if self.l1:
            value += self.l1 * float(np.abs(w, out=scratch).sum())
            gradient += np.multiply(np.sign(w, out=scratch), self.l1 * share, out=scratch)
        return share * value


class Stepper:
    """Penalty and optimiser, applied to the parameters and the gradient of a network."""

    def __init__(
        self,
        optimizer: Optimizer,
        penalty: Penalty,
        parameters: np.ndarray,
        gradient: np.ndarray,
        n_weights: int,
        compiled: bool = False,
    ) -> None:
        self.optimizer, self.penalty = optimizer, penalty
        self._parameters, self._gradient, self._n_weights = parameters, gradient, n_weights
        self._compiled = compiled
        n = len(parameters)
        size = n if n <= MAX_UNCHUNKED_PARAMETERS else PARAMETERS_PER_CHUNK
        scratch = np.empty(size, parameters.dtype)
        self._chunks = []
        for start in range(0, n, size):
            chunk = slice(start, min(start + size, n))
            weights = slice(start, max(start, min(chunk.stop, n_weights)))
            slots = tuple(slot[chunk] for slot in optimizer.slots)
            update = parameters[chunk], gradient[chunk], slots, scratch[: chunk.stop - start]
            penalised = parameters[weights], gradient[weights], scratch[: weights.stop - start]
            self._chunks.append((update, penalised))

    def step(self, share: float) -> float:
        """Take a step, where `share` is 1 / (weight of the batch). Return the penalty before the step."""
        optimizer, penalty = self.optimizer, self.penalty
        optimizer.begin_step()
        if self._compiled and isinstance(optimizer, Adam):
            return self._compiled_step(optimizer, share)
        value = 0.0
        for update, (w, gradient, scratch) in self._chunks:
            value += penalty.add_gradient(w, gradient, share, scratch)
            optimizer.update(*update)
        return value

    def _compiled_step(self, adam: Adam, share: float) -> float:
        """Do what :meth:`step` does in one compiled pass."""
        w, (m, v), penalty = self._parameters, adam.slots, self.penalty
        penalties = penalty.alpha * share, penalty.l1 * share
        numbers = adam.beta_1, adam.beta_2, adam.scaled_rate, adam.scaled_epsilon, *penalties
        typed = map(w.dtype.type, numbers)
        squares, absolutes = kernels().adam(w, self._gradient, m, v, self._n_weights, *typed)
        return share * (0.5 * penalty.alpha * float(squares) + penalty.l1 * float(absolutes))
