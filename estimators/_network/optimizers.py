"""The optimisers SGD, RMSprop and Adam, which update a vector of parameters in place, and their schedules.

Each optimiser is a dataclass with its hyperparameters and its progress, so a copy or a saved optimiser
continues exactly where the original stopped. :class:`Stepper` adds the penalty to the gradient and performs
the update. The parameters of large networks are updated in chunks that fit into the processor's cache.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Protocol

import numpy as np
from scipy.linalg import norm

from estimators._network import accelerator
from estimators._network.settings import Settings

MAX_UNCHUNKED_PARAMETERS = 100_000  # a larger vector is updated in chunks
PARAMETERS_PER_CHUNK = 32_768
SGD_SCHEDULES = ("adaptive", "invscaling")  # as in scikit-learn, they are ignored by the other optimisers

Slots = tuple[np.ndarray, ...]


class Optimizer(Protocol):
    """Base class of the optimisers. `slots` are moving averages, each as long as the parameter vector.

    `learning_rate` is the current rate according to the schedule of the epochs. The rate of a step is this
    rate times the factor of the step (:class:`StepFactors`).
    """

    slots: Slots
    learning_rate: float
    schedule: str
    rate: float

    def begin_step(self, factor: float = 1.0) -> None:
        """Compute the values that all parameters share in the next step, such as its learning rate."""
        self.rate = self.learning_rate * factor

    def update(self, w: np.ndarray, gradient: np.ndarray, slots: Slots, scratch: np.ndarray) -> None:
        """Update w in place. All arrays are the same slice of their vectors."""

    def end_epoch(self, n_rows_seen: int) -> None:
        """Set the learning rate of the next epoch."""
        return

    def slow_down(self) -> float | None:
        """Divide a learning rate above 1e-6 by 5, if the schedule is "adaptive" or "plateau".

        Return the new rate, or None if it was not reduced.
        """
        if self.schedule not in ("adaptive", "plateau") or self.learning_rate <= 1e-6:
            return None
        self.learning_rate /= 5
        return self.learning_rate


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
        np.multiply(gradient, self.rate, out=scratch)
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


@dataclass
class RMSprop(Optimizer):
    """``v = rho * v + (1 - rho) * gradient**2``, ``w -= rate * gradient / (sqrt(v) + epsilon)``."""

    name: ClassVar[str] = "rmsprop"

    slots: Slots
    learning_rate: float
    rho: float = 0.9
    epsilon: float = 1e-8
    schedule: str = "constant"

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
        scratch *= self.rate
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
    learning_rate: float
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    schedule: str = "constant"
    n_steps: int = 0

    def begin_step(self, factor: float = 1.0) -> None:
        """Compute the learning rate and epsilon of this step for the unscaled moments."""
        super().begin_step(factor)
        self.n_steps += 1
        scale = (1 - self.beta_2) ** 0.5
        bias_correction = (1 - self.beta_2**self.n_steps) ** 0.5 / (1 - self.beta_1**self.n_steps)
        self.scaled_rate = self.rate * bias_correction * (1 - self.beta_1) / scale
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
    schedule: str = settings.learning_rate
    if settings.solver != "sgd" and schedule in SGD_SCHEDULES:
        schedule = "constant"
    if settings.solver == "adam":
        betas = float(settings.beta_1), float(settings.beta_2)
        return Adam(averages, rate, *betas, float(settings.epsilon), schedule)
    if settings.solver == "rmsprop":
        return RMSprop(averages[:1], rate, float(settings.rho), float(settings.epsilon), schedule)
    momentum, power_t = float(settings.momentum), float(settings.power_t)
    nesterov = settings.nesterovs_momentum
    return SGD(averages[:1], rate, rate, schedule, momentum, nesterov, power_t)


def to_plain(optimizer: SGD | RMSprop | Adam) -> dict[str, Any]:
    """Return an optimiser as a dict of numbers, strings and arrays."""
    values = vars(optimizer)
    return {"name": optimizer.name, **{each.name: values[each.name] for each in fields(optimizer)}}


def from_plain(plain: Mapping[str, Any]) -> SGD | RMSprop | Adam:
    """Return an optimiser from the dict returned by :func:`to_plain`."""
    values = dict(plain)
    return {"adam": Adam, "rmsprop": RMSprop, "sgd": SGD}[values.pop("name")](**values)


@dataclass(frozen=True)
class StepFactors:
    """Factors of the learning rate in the steps of a fit: a linear warm-up, and half a period of a cosine.

    With T steps, of which W warm up, the factor of step t, counted from 0, is ``(t + 1) / W`` for t < W.
    After that, it is 1 or, if the rate is annealed, ``(1 + cos(pi * (t - W) / (T - W))) / 2`` (Loshchilov and
    Hutter, 2017, equation 5), which is almost 0 in the last step.
    """

    n_steps: int
    n_warmup: int
    is_annealed: bool

    def at(self, step: int) -> float:
        """Return the factor of a step, counted from 0."""
        if step < self.n_warmup:
            return (step + 1) / self.n_warmup
        if not self.is_annealed:
            return 1.0
        return (1 + math.cos(math.pi * (step - self.n_warmup) / (self.n_steps - self.n_warmup))) / 2


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
    """Applies a penalty and an optimiser to the parameters and the gradient of a network.

    If `clip_norm` is not None, a longer gradient is first shortened to this norm. The weights, but not the
    biases, are multiplied by ``1 - rate * weight_decay`` before the update (Loshchilov and Hutter, 2019,
    algorithm 2).
    """

    def __init__(
        self,
        optimizer: Optimizer,
        penalty: Penalty,
        parameters: np.ndarray,
        gradient: np.ndarray,
        n_weights: int,
        compiled: bool = False,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
    ) -> None:
        self.optimizer, self.penalty, self.compiled = optimizer, penalty, compiled
        self.weight_decay, self.clip_norm = weight_decay, clip_norm
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

    def step(self, share: float, factor: float = 1.0) -> float:
        """Update the parameters, and return the penalty before the update.

        `share` is 1 / (weight of the batch), and `factor` is that of the learning rate in this step.
        """
        optimizer, penalty = self.optimizer, self.penalty
        optimizer.begin_step(factor)
        if (
            self.clip_norm is not None
            and (length := norm(self.gradient, check_finite=False)) > self.clip_norm
        ):
            self.gradient *= self.clip_norm / float(length)
        kept = 1 - optimizer.rate * self.weight_decay
        if self.compiled and type(optimizer) is Adam:
            return self._compiled_step(optimizer, share, kept)
        value = 0.0
        for update, (w, gradient, scratch) in self.chunks:
            value += penalty.add_gradient(w, gradient, share, scratch)
            if kept != 1:
                w *= kept
            optimizer.update(*update)
        return value

    def _compiled_step(self, adam: Adam, share: float, kept: float) -> float:
        """Do the same as :meth:`step`, in one compiled pass."""
        w, (m, v), penalty = self.parameters, adam.slots, self.penalty
        penalties = penalty.alpha * share, penalty.l1 * share
        numbers = adam.beta_1, adam.beta_2, adam.scaled_rate, adam.scaled_epsilon, *penalties, kept
        typed, step = map(w.dtype.type, numbers), accelerator.compiled(accelerator.adam_step)
        squares, absolutes = step(w, self.gradient, m, v, self.n_weights, *typed)
        return share * (0.5 * penalty.alpha * float(squares) + penalty.l1 * float(absolutes))
