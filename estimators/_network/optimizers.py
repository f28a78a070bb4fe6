"""What takes a step down the gradient: SGD, RMSprop and Adam on one flat vector, in place.

An optimiser keeps arrays as long as the parameters (`slots`) and is pickled with them: copied in the middle
of a training, it goes on exactly. :class:`Stepper` adds the penalty and takes the step, in chunks that stay
in the cache where the network is large.
"""

from typing import Any

import numpy as np

from estimators._network import accelerator as _fast

WHOLE = 100_000  # parameters; more are taken in chunks
CHUNK = 32_768


class SGD:
    """Gradient descent with momentum.

    ``velocity = momentum * velocity - rate * gradient``, then ``w += velocity``, or with Nesterov's momentum
    ``w += momentum * velocity - rate * gradient``.
    """

    def __init__(
        self,
        parameters: np.ndarray,
        learning_rate: float,
        schedule: str = "constant",
        momentum: float = 0.9,
        nesterov: bool = True,
        power_t: float = 0.5,
    ) -> None:
        self.learning_rate_init = self.learning_rate = float(learning_rate)
        self.schedule, self.power_t = schedule, float(power_t)
        self.momentum, self.nesterov = float(momentum), nesterov
        self.slots = (np.zeros_like(parameters),)

    def begin_step(self) -> None:
        """Do nothing."""

    def update(self, w: np.ndarray, gradient: np.ndarray, slots: Any, scratch: np.ndarray) -> None:
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

    def end_epoch(self, t: int) -> None:
        """Set the rate for the next epoch; t is the number of rows seen so far."""
        if self.schedule == "invscaling":
            self.learning_rate = self.learning_rate_init / (t + 1) ** self.power_t

    def slow_down(self) -> bool:
        """Divide the rate by 5, unless it is fixed or too small for that."""
        if self.schedule != "adaptive" or self.learning_rate <= 1e-6:
            return False
        self.learning_rate /= 5
        return True


class FixedRate:
    """What RMSprop and Adam share: no schedule of the learning rate."""

    def end_epoch(self, t: int) -> None:
        """Do nothing."""

    def slow_down(self) -> bool:
        """Never."""
        return False


class RMSprop(FixedRate):
    """``v = rho * v + (1 - rho) * gradient**2``, ``w -= rate * gradient / (sqrt(v) + epsilon)``."""

    def __init__(
        self, parameters: np.ndarray, learning_rate: float, rho: float = 0.9, epsilon: float = 1e-8
    ) -> None:
        self.learning_rate, self.rho, self.epsilon = float(learning_rate), float(rho), float(epsilon)
        self.slots = (np.zeros_like(parameters),)

    def begin_step(self) -> None:
        """Do nothing."""

    def update(self, w: np.ndarray, gradient: np.ndarray, slots: Any, scratch: np.ndarray) -> None:
        """Take a step from w, in place; `gradient` is overwritten."""
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


class Adam(FixedRate):
    """Adam (Kingma and Ba, 2015), with moments that are not multiplied by 1 - beta.

    ``m = beta_1 * m + gradient`` and ``v = beta_2 * v + gradient**2`` are the paper's moments divided by
    ``1 - beta_1`` and ``1 - beta_2``; rate and epsilon make up for it, which saves two passes.
    """

    def __init__(
        self,
        parameters: np.ndarray,
        learning_rate: float,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        self.learning_rate_init = self.learning_rate = float(learning_rate)
        self.beta_1, self.beta_2, self.epsilon = float(beta_1), float(beta_2), float(epsilon)
        self.t = 0
        self.slots = np.zeros_like(parameters), np.zeros_like(parameters)

    def begin_step(self) -> None:
        """Work out the rate of this step, and with it what belongs to the rescaled moments."""
        self.t += 1
        scale = (1 - self.beta_2) ** 0.5
        unbiased = (1 - self.beta_2**self.t) ** 0.5 / (1 - self.beta_1**self.t)
        self.learning_rate = self.learning_rate_init * unbiased
        self.rate, self.shift = self.learning_rate * (1 - self.beta_1) / scale, self.epsilon / scale

    def update(self, w: np.ndarray, gradient: np.ndarray, slots: Any, scratch: np.ndarray) -> None:
        """Take a step from w, in place."""
        m, v = slots
        m *= self.beta_1
        m += gradient
        v *= self.beta_2
        v += np.multiply(gradient, gradient, out=scratch)
        np.sqrt(v, out=scratch)
        scratch += self.shift
        np.divide(m, scratch, out=scratch)
        scratch *= self.rate
        w -= scratch


class Penalty:
    """``alpha / 2 * sum(w**2) + l1 * sum(|w|)``, divided by the (weighted) number of rows of the batch."""

    def __init__(self, alpha: float, l1: float) -> None:
        self.alpha, self.l1 = float(alpha), float(l1)

    def add_gradient(self, w: np.ndarray, gradient: np.ndarray, share: float, scratch: np.ndarray) -> float:
        """Add ``share * (alpha * w + l1 * sign(w))`` to the gradient and return the value, times `share`."""
        value = 0.0
        if self.alpha:
            gradient += np.multiply(w, self.alpha * share, out=scratch)
            value += 0.5 * self.alpha * float(np.dot(w, w))
        if self.l1:
            value += self.l1 * float(np.abs(w, out=scratch).sum())
            gradient += np.multiply(np.sign(w, out=scratch), self.l1 * share, out=scratch)
        return share * value


class Stepper:
    """Penalty and optimiser, on the parameters and the gradient of a network."""

    def __init__(
        self,
        optimizer: Any,
        penalty: Penalty,
        parameters: np.ndarray,
        gradient: np.ndarray,
        n_weights: int,
        accelerated: bool = False,
    ) -> None:
        self.optimizer, self.penalty = optimizer, penalty
        self._whole = parameters, gradient, n_weights
        size = len(parameters) if len(parameters) <= WHOLE else CHUNK
        scratch = np.empty(size, parameters.dtype)
        self._parts = []
        for start in range(0, len(parameters), size):
            part = slice(start, min(start + size, len(parameters)))
            n = part.stop - start
            weights = slice(start, max(start, min(part.stop, n_weights)))
            update = parameters[part], gradient[part], tuple(s[part] for s in optimizer.slots), scratch[:n]
            penalised = parameters[weights], gradient[weights], scratch[: weights.stop - start]
            self._parts.append((update, penalised))
        self._accelerated = accelerated and isinstance(optimizer, Adam)

    def step(self, share: float) -> float:
        """Take a step; `share` is 1 over the weight of the batch. Return the penalty before it."""
        optimizer, penalty = self.optimizer, self.penalty
        optimizer.begin_step()
        if self._accelerated:
            return _fast.adam(optimizer, penalty, *self._whole, share)
        value = 0.0
        for update, (w, gradient, scratch) in self._parts:
            value += penalty.add_gradient(w, gradient, share, scratch)
            optimizer.update(*update)
        return value
