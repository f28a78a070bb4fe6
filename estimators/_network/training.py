"""Mini-batch training: ``run -> _run_epoch -> _step``, and the decisions after each epoch.

The random numbers are the same as in scikit-learn. Each epoch shuffles ``arange(n)`` and applies this
permutation to the row order of the previous epoch, so equal seeds give equal batches.
"""

import math
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from estimators._common.callbacks import Task
from estimators._common.scikit_learn import warn_caller
from estimators._network import accelerator
from estimators._network.checkpoint import fingerprint
from estimators._network.layers import Bits, Features
from estimators._network.losses import Factor, Loss, Record, Weight
from estimators._network.network import Network
from estimators._network.optimizers import Penalty, StepFactors, Stepper
from estimators._network.settings import Settings
from estimators._network.state import TrainingState, snapshot

NOT_FINITE = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
    "preprocessed."
)


class Rows(NamedTuple):
    """Features, encoded targets and weights (or None) of a set of rows."""

    X: Features
    y: np.ndarray
    weight: Weight

    def take(self, rows: np.ndarray) -> "Rows":
        """Return the rows with the given indices."""
        return Rows(self.X[rows], self.y[rows], None if self.weight is None else self.weight[rows])

    def evaluate(self, network: Network, loss: Loss) -> tuple[float, float]:
        """Return the mean loss and the score of a network on these rows."""
        return loss.evaluate(network.scores(self.X), self.y, self.weight)


class Backpropagation:
    """Forward and backward passes over batches of n rows. The buffers are allocated once."""

    def __init__(
        self, network: Network, loss: Loss, n: int, gradient: np.ndarray, compiled: bool = False
    ) -> None:
        self.loss, self.layers = loss, network.bound(n, gradient, compiled)
        self.scratch = loss.new_scratch(n, network.sizes[-1], gradient.dtype)

    def run(self, X: Features, y: np.ndarray, factor: Factor, record: Record, bits: Bits | None) -> None:
        """Compute the gradient of the losses, weighted by `factor`, and fill the record."""
        A = X
        for layer in self.layers:
            A = layer.forward(A, True, bits)
        D = self.loss.backward(A, y, factor, record, self.scratch)
        for layer in reversed(self.layers):
            D = layer.backward(D)


class Training:
    """One training run of a model, with its network, loss, optimiser and rows.

    The progress is stored in a :class:`TrainingState`. The public attributes of the model are updated from it
    after each epoch. `n_epochs` is a fixed number of epochs. If None, training ends when it has converged.
    """

    def __init__(
        self,
        model: Settings,
        network: Network,
        loss: Loss,
        rows: Rows,
        validation: Rows | None,
        state: TrainingState,
        n_epochs: int | None = None,
    ) -> None:
        assert state.order is not None
        assert state.optimizer is not None
        assert state.random_state is not None
        self.model, self.network, self.state, self.n_epochs = model, network, state, n_epochs
        self.rows, self.validation = rows, validation
        self.order, self.optimizer, self.random_state = state.order, state.optimizer, state.random_state
        parameters, compiled = network.parameters, accelerator.usable(len(network.parameters))
        self.loss = accelerator.compiled_loss(loss) if compiled else loss
        self.starts = self._batch_starts()
        self.lengths = np.diff(self.starts, append=len(self.order))
        gradient = np.zeros_like(parameters)
        self.passes = {
            n: Backpropagation(network, self.loss, n, gradient, compiled) for n in set(self.lengths.tolist())
        }
        penalty = Penalty(float(model.alpha), float(model.l1))
        decay, clip_norm = float(model.weight_decay), model.clip_norm
        self.stepper = Stepper(
            self.optimizer, penalty, parameters, gradient, network.n_weights, compiled, decay, clip_norm
        )
        n_steps = model.max_iter * len(self.starts)
        n_warmup = round(model.warmup_fraction * n_steps)
        self.factors = StepFactors(n_steps, n_warmup, model.learning_rate == "cosine")
        self.record = loss.new_record(len(self.order), network.sizes[-1], parameters.dtype)
        self.last_finite = network.snapshot()

    def run(self, task: Task) -> None:
        """Train for `n_epochs`, or until convergence for at most `max_iter` epochs."""
        try:
            self._run_epochs(task)
        finally:
            if self.state.best_weights is not None:
                self.network.restore(self.state.best_weights)

    def _run_epochs(self, task: Task) -> None:
        model, state = self.model, self.state
        if state.n_iter > 0 and self._has_converged():  # resumed after training had finished
            return
        while state.n_iter < model.max_iter:
            task.begin()
            stop = self._after_epoch() if self._run_epoch() else self._diverged()
            model.__dict__.update(state.public())
            if task.end(self._snapshot) or state.n_iter == self.n_epochs or (stop and self.n_epochs is None):
                return
        if model.learning_rate != "cosine":  # otherwise, training is meant to end at max_iter
            warn_caller(
                f"Stochastic Optimizer: Maximum iterations ({model.max_iter}) "
                "reached and the optimization hasn't converged yet.",
                ConvergenceWarning,
            )

    def _run_epoch(self) -> bool:
        """Process all rows once. Return False if the loss or the weights are no longer finite."""
        if self.model.shuffle:
            permutation = np.arange(len(self.order))
            self.random_state.shuffle(permutation)
            self.order[:] = self.order[permutation]
        targets = self.rows.y[self.order]
        weight = None if self.rows.weight is None else self.rows.weight[self.order]
        factors, shares = self._batch_weights(weight)
        penalty, done = 0.0, self.state.n_iter * len(self.starts)
        batches = zip(shares, self.starts.tolist(), self.lengths.tolist(), strict=True)
        for step, (share, start, n) in enumerate(batches, done):
            batch = slice(start, start + n)
            factor = share if factors is None else factors[batch]
            penalty += n * self._step(batch, targets[batch], factor, share, self.factors.at(step))
        values = self.loss.values(self.record, targets)
        if factors is None:
            mean = values.mean()
        else:
            mean = values @ (factors[:, 0] * np.repeat(self.lengths, self.lengths)) / len(values)
        score = self.loss.score(self.record, targets, weight)
        return self._record_epoch(float(mean + penalty / len(values)), score)

    def _step(
        self, batch: slice, targets: np.ndarray, factor: Factor, share: float, rate_factor: float
    ) -> float:
        """Update the weights with the gradient of one batch. Return the penalty."""
        X, rows = self.rows.X, self.order[batch]
        A = X.take(rows, axis=0) if isinstance(X, np.ndarray) else X[rows]  # take is faster
        record = tuple(part[batch] for part in self.record)
        self.passes[len(targets)].run(A, targets, factor, record, self.state.dropout_bits)
        return self.stepper.step(share, rate_factor)

    def _batch_starts(self) -> np.ndarray:
        """Return the first row of each batch. With batch_norm, a single last row joins the previous batch."""
        asked, n, batch_norm = self.model.batch_size, len(self.order), self.model.batch_norm
        if batch_norm and 1 in (asked, n):
            raise ValueError(
                "batch_norm=True needs batches of at least 2 rows, because a single row has no variance. "
                f"Got {n} rows and batch_size={asked!r}."
            )
        size = min(200, n) if asked == "auto" else int(asked)
        if size > n:
            warn_caller("Got `batch_size` less than 1 or larger than sample size. It is going to be clipped")
        starts = np.arange(0, n, size)
        single = batch_norm and len(starts) > 1 and n - starts[-1] == 1
        return starts[:-1] if single else starts

    def _batch_weights(self, weight: Weight) -> tuple[np.ndarray | None, list[float]]:
        """Return the share of each row in its batch, of shape (n, 1), and 1 / (weight of each batch)."""
        if weight is None:
            return None, (1 / self.lengths).tolist()
        totals = np.add.reduceat(weight, self.starts, dtype=np.float64)
        if not totals.all():
            raise ZeroDivisionError(
                "A batch contains only rows with weight 0, so its weights cannot be normalized. Use a larger "
                "batch_size, or remove the rows with weight 0."
            )
        factors = (weight / np.repeat(totals, self.lengths)).astype(weight.dtype)
        return factors[:, np.newaxis], (1 / totals).tolist()

    def _record_epoch(self, loss: float, score: float) -> bool:
        """Record the results of the epoch. Return False if the loss or the weights are not finite."""
        state, verbose = self.state, self.model.verbose
        state.n_iter += 1
        state.n_rows_seen += len(self.order)
        state.loss = loss
        state.loss_curve.append(loss)
        results = {"loss": loss, "score": score}
        if verbose:
            print(f"Iteration {state.n_iter}, loss = {loss:.8f}")
        finite = math.isfinite(loss) and bool(np.isfinite(self.network.parameters).all())
        if self.validation is not None:
            evaluated = self.validation.evaluate(self.network, self.loss) if finite else (math.nan, math.nan)
            results["val_loss"], results["val_score"] = evaluated
            if verbose:
                print(f"Validation score: {results['val_score']:f}")
        state.add_to_history(results)
        if state.validation_scores is not None:
            state.validation_scores.append(results["val_score"])
        return finite

    def _after_epoch(self) -> bool:
        """Keep the best weights and set the learning rate. Return True if training has converged."""
        self._count_improvement()
        if self.state.validation_scores is None:  # early stopping keeps the best weights
            np.copyto(self.last_finite[0], self.network.parameters)
            np.copyto(self.last_finite[1], self.network.statistics)
        self.optimizer.end_epoch(self.state.n_rows_seen)
        return self._has_converged() and not self._slowed_down()

    def _has_converged(self) -> bool:
        if self.model.learning_rate == "cosine" and self.state.validation_scores is None:
            return False
        return self.state.n_epochs_without_improvement > self.model.n_iter_no_change

    def _count_improvement(self) -> None:
        """Count the consecutive epochs without enough improvement, and keep the best result."""
        state, tol = self.state, self.model.tol
        if state.validation_scores is not None:
            score = state.validation_scores[-1]
            quality = -state.history["val_loss"][-1] if self.model.early_stopping == "loss" else score
            improved = not quality < state.best_quality + tol
            if quality > state.best_quality:
                state.best_quality, state.best_validation_score = quality, score
                state.best_weights, state.best_epoch = self.network.snapshot(), state.n_iter
        else:
            loss = state.loss_curve[-1]
            improved = not loss > state.best_loss - tol
            state.best_loss = min(loss, state.best_loss)
        state.n_epochs_without_improvement = 0 if improved else state.n_epochs_without_improvement + 1

    def _slowed_down(self) -> bool:
        """Reduce an adaptive learning rate. Return False if it cannot be reduced any further."""
        model, rate = self.model, self.optimizer.slow_down()
        if rate is not None:
            self.state.n_epochs_without_improvement = 0
            outcome = f"Setting learning rate to {rate:f}"
        else:
            adaptive = self.optimizer.schedule in ("adaptive", "plateau")
            outcome = "Learning rate too small. Stopping." if adaptive else "Stopping."
        if model.verbose:
            measure = f"Validation {monitored(model)}" if model.early_stopping else "Training loss"
            print(
                f"{measure} did not improve more than tol={model.tol:f} for {model.n_iter_no_change} "
                f"consecutive epochs. {outcome}"
            )
        return rate is not None

    def _diverged(self) -> bool:
        """Restore finite weights and raise an error, or issue a warning with early stopping."""
        state, early = self.state, self.state.validation_scores is not None
        sign = -1 if self.model.early_stopping == "loss" else 1
        best = f"with the best validation {monitored(self.model)}, {sign * state.best_quality:g}"
        message = (
            f"{NOT_FINITE} The loss became {state.loss} in epoch {state.n_iter}. Scale the features, for "
            "example with StandardScaler, or use a lower learning_rate_init. Its value is "
            f"{self.model.learning_rate_init:g} (default: 0.001). The model keeps the weights "
            f"{best if early else f'after epoch {state.n_iter - 1}'}."
        )
        if not early:
            self.network.restore(self.last_finite)
            raise ValueError(message)
        warn_caller(message, ConvergenceWarning)
        return True

    def _snapshot(self) -> dict[str, Any]:
        """Return copies of the current attributes of the model, from which training can be resumed."""
        state = self.state
        if state.fingerprints is None:
            given = self.model.early_stopping and state.held_out is None
            state.fingerprints = fingerprint(self.rows, self.validation if given else None)
        return snapshot(self.network, state)


def monitored(model: Settings) -> str:
    """Return what early stopping monitors, "loss" or "score"."""
    return "loss" if model.early_stopping == "loss" else "score"
