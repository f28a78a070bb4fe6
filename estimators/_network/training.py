"""Mini-batch training: ``run -> _run_epoch -> _step``, and what is decided after each epoch.

The random numbers are scikit-learn's: every epoch shuffles ``arange(n)`` and applies this permutation to the
order of the epoch before, so equal seeds give equal batches.
"""

import math
import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from estimators._common.callbacks import Task
from estimators._network import accelerator
from estimators._network.checkpoint import fingerprint
from estimators._network.layers import Features, Layer
from estimators._network.losses import Factor, Loss, Scratch, Weight
from estimators._network.network import Network
from estimators._network.optimizers import Penalty, Stepper
from estimators._network.settings import Settings
from estimators._network.state import TrainingState, snapshot, warn_of_interrupt

DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
    "preprocessed. The loss became {loss} in epoch {epoch}: scale the features (StandardScaler), or lower "
    "learning_rate_init, which is {rate:g} (0.001 is the default). {kept}"
)


class Rows(NamedTuple):
    """Features, encoded targets and weights (or None) of the same rows."""

    X: Features
    y: np.ndarray
    weight: Weight

    def take(self, rows: np.ndarray) -> "Rows":
        """Return some of the rows."""
        return Rows(self.X[rows], self.y[rows], None if self.weight is None else self.weight[rows])


class Batch(NamedTuple):
    """The layers and buffers for batches of one length."""

    forward: list[Layer]
    backward: list[Layer]
    scratch: Scratch
    X: np.ndarray | None


class Training:
    """One training of a model: its network, loss, optimiser and rows.

    All progress is in the :class:`TrainingState`, which this class publishes on the model after each epoch.
    """

    def __init__(
        self,
        model: Settings,
        network: Network,
        loss: Loss,
        rows: Rows,
        given: Rows | None,
        state: TrainingState,
        incremental: bool = False,
    ) -> None:
        assert state.order is not None
        assert state.optimizer is not None
        self.model, self.network, self.rows, self.given, self.state = model, network, rows, given, state
        self.incremental = incremental
        self.compiled = accelerator.usable(len(network.parameters))
        self.loss = accelerator.compiled_loss(loss) if self.compiled else loss
        self.order, self.optimizer = state.order, state.optimizer
        self.validation = given if state.held_out is None else rows.take(state.held_out)
        self.starts = self._batch_starts(self._check_batch_size())
        self.lengths = np.diff(self.starts, append=len(self.order))
        self.gradient = np.zeros_like(network.parameters)
        penalty, vectors = Penalty(float(model.alpha), float(model.l1)), (network.parameters, self.gradient)
        self.stepper = Stepper(self.optimizer, penalty, *vectors, network.n_weights, self.compiled)
        self.record = loss.new_record(len(self.order), network.sizes[-1], network.parameters.dtype)
        self._batches: dict[int, Batch] = {}
        self._finite = network.snapshot()

    def run(self, task: Task) -> None:
        """Train until converged, for at most `max_iter` epochs, or for one if `incremental`."""
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                self._run_epochs(task)
        except KeyboardInterrupt:
            warn_of_interrupt(self.state.n_iter, "epochs", stacklevel=6 if self.incremental else 7)
        finally:
            self.state.publish(self.model)
            self.state.end()
        if self.model.early_stopping and self.state.best_weights is not None:
            self.network.restore(self.state.best_weights)

    def _run_epochs(self, task: Task) -> None:
        model, state = self.model, self.state
        if state.n_iter > 0 and self._has_converged():  # resumed after its end
            return
        while state.n_iter < model.max_iter:
            task.begin()
            finite = self._run_epoch()
            stop = self._after_epoch() if finite else self._diverged()
            state.publish(model)
            if task.end(self._snapshot) or stop or self.incremental:
                return
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({model.max_iter}) "
            "reached and the optimization hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=7,
        )

    def _run_epoch(self) -> bool:
        """Go through all rows once. Return False if the loss or the weights are no longer finite."""
        self._shuffle()
        rows, order, n = self.rows, self.order, len(self.order)
        targets = rows.y[order]
        weight = None if rows.weight is None else rows.weight[order]
        factors, shares = self._batch_weights(weight)
        penalty = 0.0
        for share, start, length in zip(shares, self.starts.tolist(), self.lengths.tolist(), strict=True):
            batch = slice(start, start + length)
            factor = share if factors is None else factors[batch]
            penalty += length * self._step(order[batch], targets[batch], factor, share, batch)
        values = self.loss.values(self.record, targets)
        mean = values.mean() if factors is None else self._weighted_mean(values, factors)
        return self._note(float(mean + penalty / n), self.loss.score(self.record, targets, weight))

    def _step(self, rows: np.ndarray, targets: np.ndarray, factor: Factor, share: float, at: slice) -> float:
        """Run the forward pass, the backward pass and the update of one batch. Return the penalty."""
        batch, bits = self._batches.get(len(rows)) or self._bind(len(rows)), self.state.dropout_bits
        A = self.rows.X[rows] if batch.X is None else self.rows.X.take(rows, 0, batch.X, "clip")
        for layer in batch.forward:
            A = layer.forward(A, True, bits)
        record = tuple(part[at] for part in self.record)
        D = self.loss.backward(A, targets, factor, record, batch.scratch)
        for layer in batch.backward:
            D = layer.backward(D)
        return self.stepper.step(share)

    def _check_batch_size(self) -> int:
        asked, n = self.model.batch_size, len(self.order)
        if self.model.batch_norm and 1 in (asked, n):
            raise ValueError(
                "batch_norm needs batches of at least 2 rows, because one row has no variance. "
                f"Got {n} rows and batch_size={asked!r}."
            )
        if asked == "auto":
            return min(200, n)
        if asked > n:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped",
                stacklevel=7 if self.incremental else 8,
            )
        return min(int(asked), n)

    def _batch_starts(self, size: int) -> np.ndarray:
        """Return where each batch starts. With batch_norm, a single last row joins the batch before it."""
        starts = np.arange(0, len(self.order), size)
        single = self.model.batch_norm and len(starts) > 1 and len(self.order) - starts[-1] == 1
        return starts[:-1] if single else starts

    def _shuffle(self) -> None:
        if self.model.shuffle:
            assert self.state.random_state is not None
            permutation = np.arange(len(self.order))
            self.state.random_state.shuffle(permutation)
            self.order = self.state.order = self.order[permutation]

    def _bind(self, n: int) -> Batch:
        """Allocate the buffers for batches of n rows, once."""
        dtype, X = self.network.parameters.dtype, self.rows.X
        layers = self.network.bound(n, self.gradient, self.compiled)
        scratch = self.loss.new_scratch(n, self.network.sizes[-1], dtype)
        dense = np.empty((n, X.shape[1]), dtype) if isinstance(X, np.ndarray) else None
        self._batches[n] = Batch(layers, layers[::-1], scratch, dense)
        return self._batches[n]

    def _batch_weights(self, weight: Weight) -> tuple[np.ndarray | None, list[float]]:
        """Return the share of each row in its batch, (n, 1), and 1 / (weight of the batch) for each batch."""
        if weight is None:
            return None, (1 / self.lengths).tolist()
        totals = np.add.reduceat(weight, self.starts, dtype=np.float64)
        if not totals.all():
            raise ZeroDivisionError(
                "Weights sum to zero, can't be normalized: a batch has only rows of weight 0"
            )
        factors = (weight / np.repeat(totals, self.lengths)).astype(weight.dtype)
        return factors[:, np.newaxis], (1 / totals).tolist()

    def _weighted_mean(self, values: np.ndarray, factors: np.ndarray) -> float:
        """Return the mean over the batches, by their lengths, of the weighted means of their values."""
        return float(values @ (factors[:, 0] * np.repeat(self.lengths, self.lengths))) / len(values)

    def _note(self, loss: float, score: float) -> bool:
        """Record the results of the epoch. Return False if they are not finite."""
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
            results["val_loss"], results["val_score"] = self._validate() if finite else (math.nan, math.nan)
        state.add_to_history(results)
        if state.validation_scores is not None:
            state.validation_scores.append(results["val_score"])
        if verbose and self.validation is not None:
            print(f"Validation score: {results['val_score']:f}")
        return finite

    def _validate(self) -> tuple[float, float]:
        """Return loss and score of the held-out rows."""
        assert self.validation is not None
        X, y, weight = self.validation
        return self.loss.evaluate(self.loss.activate(self.network.scores(X)), y, weight)

    def _after_epoch(self) -> bool:
        """Keep the best weights and set the learning rate. Return True if training has converged."""
        self._count_improvement()
        self._keep_finite()
        self.optimizer.end_epoch(self.state.n_rows_seen)
        return self._has_converged() and self._give_up()

    def _has_converged(self) -> bool:
        return self.state.n_epochs_without_improvement > self.model.n_iter_no_change

    def _count_improvement(self) -> None:
        """Count the epochs in a row without enough improvement, and keep the best result."""
        state, tol = self.state, self.model.tol
        if state.validation_scores is not None and state.best_validation_score is not None:
            new = state.validation_scores[-1]
            improved = not new < state.best_validation_score + tol
            if new > state.best_validation_score:
                state.best_validation_score, state.best_weights = new, self.network.snapshot()
        else:
            assert state.best_loss is not None
            new = state.loss_curve[-1]
            improved = not new > state.best_loss - tol
            state.best_loss = min(new, state.best_loss)
        state.n_epochs_without_improvement = 0 if improved else state.n_epochs_without_improvement + 1

    def _give_up(self) -> bool:
        """Reduce an adaptive learning rate. Return True, to stop, if that is not possible."""
        model, optimizer = self.model, self.optimizer
        measure = "Training loss" if self.state.validation_scores is None else "Validation score"
        message = (
            f"{measure} did not improve more than tol={model.tol:f} for {model.n_iter_no_change} "
            "consecutive epochs."
        )
        slower = optimizer.slow_down()
        if slower:
            self.state.n_epochs_without_improvement = 0
            message += f" Setting learning rate to {optimizer.learning_rate:f}"
        elif model.solver == "sgd" and model.learning_rate == "adaptive":
            message += " Learning rate too small. Stopping."
        else:
            message += " Stopping."
        if model.verbose:
            print(message)
        return not slower

    def _keep_finite(self) -> None:
        """Copy the weights in case the next epoch diverges. Early stopping keeps the best ones anyway."""
        if self.state.validation_scores is None:
            np.copyto(self._finite[0], self.network.parameters)
            np.copyto(self._finite[1], self.network.statistics)

    def _diverged(self) -> bool:
        """Restore finite weights and raise. Early stopping only warns, since it keeps the best weights."""
        state = self.state
        known = {"loss": state.loss, "epoch": state.n_iter, "rate": self.model.learning_rate_init}
        if state.validation_scores is None:
            self.network.restore(self._finite)
            kept = f"The model keeps the weights after epoch {state.n_iter - 1}."
            raise ValueError(DIVERGED.format(kept=kept, **known))
        best = f"The model keeps the weights with the best validation score, {state.best_validation_score:g}."
        warnings.warn(DIVERGED.format(kept=best, **known), ConvergenceWarning, stacklevel=8)
        return True

    def _snapshot(self) -> dict[str, Any]:
        """Return the attributes of a model that stays as it is now, from which training can be resumed."""
        if self.state.fingerprints is None:
            self.state.fingerprints = fingerprint(
                self.rows, self.given if self.model.early_stopping else None
            )
        return snapshot(self.network, self.state)
