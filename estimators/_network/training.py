"""Mini-batch training: ``run -> _run_epoch -> _step``, and what is decided after each epoch.

The random stream is scikit-learn's: every epoch shuffles ``arange(n)`` and permutes the running order of the
rows by it, so equal seeds give equal batches.
"""

import math
import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from estimators._network import accelerator as _fast
from estimators._network.network import Network
from estimators._network.optimizers import Penalty, Stepper
from estimators._network.sealed import fingerprint
from estimators._network.state import note, warn_of_interrupt

DIVERGED = (
    "Solver produced non-finite parameter weights. The input data may contain large values and need to be "
    "preprocessed. The loss became {loss} in epoch {epoch}: scale the features (StandardScaler), or lower "
    "learning_rate_init, which is {rate:g} (0.001 is the default). {kept}"
)


class Rows(NamedTuple):
    """Features, encoded targets and weights (or None) of the same rows."""

    X: Any
    y: np.ndarray
    weight: np.ndarray | None

    def take(self, rows: np.ndarray) -> "Rows":
        """Return some of the rows."""
        return Rows(self.X[rows], self.y[rows], None if self.weight is None else self.weight[rows])


class Batch(NamedTuple):
    """What a step needs for its number of rows."""

    forward: list[Any]
    backward: list[Any]
    scratch: Any
    X: np.ndarray | None


class Training:
    """One training run of a model: the network, the loss, the optimiser, the rows, and where it stands.

    Progress is written into the model's own attributes (``loss_curve_``, ``n_iter_``, ...), where callbacks
    see it, and which stay if the training is interrupted.
    """

    def __init__(
        self,
        model: Any,
        network: Network,
        loss: Any,
        rows: Rows,
        split: tuple[np.ndarray, np.ndarray | None],
        given: Rows | None,
        random_state: Any,
        bits: Any,
    ) -> None:
        self.accelerated = _fast.usable(len(network.parameters))
        self.model, self.network, self.rows = model, network, rows
        self.loss = _fast.loss(loss) if self.accelerated else loss
        self.order, self.held_out = order, held_out = split
        self.given = given
        self.validation = given if held_out is None else rows.take(held_out)
        self.random_state, self.bits = random_state, bits
        self.starts = self._batch_starts(self._check_batch_size())
        self.lengths = np.diff(self.starts, append=len(order))
        self.gradient = np.zeros_like(network.parameters)
        self.stepper = Stepper(
            model._optimizer,
            Penalty(model.alpha, model.l1),
            network.parameters,
            self.gradient,
            network.n_weights,
            self.accelerated,
        )
        self.record = loss.record(len(order), network.sizes[-1], network.parameters.dtype)
        self._batches: dict[int, Batch] = {}

    def run(self, task: Any, attributes: Any, incremental: bool = False, done: bool = False) -> None:
        """Train until converged, at most `max_iter` epochs; one if `incremental`, none if `done`."""
        model = self.model
        self._keep()
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                self._run_epochs(task, attributes, incremental, done)
        except KeyboardInterrupt:
            warn_of_interrupt(model, "epochs")
        if model.early_stopping:
            self.network.restore(model._best)

    def _run_epochs(self, task: Any, attributes: Any, incremental: bool, done: bool) -> None:
        model = self.model
        while model.n_iter_ < model.max_iter and not done:
            task.begin()
            finite = self._run_epoch()
            stop = self._after_epoch() if finite else self._diverged()
            if task.end(attributes) or stop or incremental:
                return
        if not done:
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({model.max_iter}) "
                "reached and the optimization hasn't converged yet.",
                ConvergenceWarning,
                stacklevel=8,
            )

    def _run_epoch(self) -> bool:
        """Go through all rows once; False if the loss or the weights are no longer finite."""
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

    def _step(self, rows: np.ndarray, targets: np.ndarray, factor: Any, share: float, at: slice) -> float:
        """Forward, backward, update; return the penalty."""
        batch, bits = self._batches.get(len(rows)) or self._bind(len(rows)), self.bits
        A = self.rows.X[rows] if batch.X is None else self.rows.X.take(rows, 0, batch.X, "clip")
        for layer in batch.forward:
            A = layer.forward(A, True, bits)
        D = self.loss.backward(A, targets, factor, [part[at] for part in self.record], batch.scratch)
        for layer in batch.backward:
            D = layer.backward(D)
        return self.stepper.step(share)

    def _check_batch_size(self) -> int:
        asked, n = self.model.batch_size, len(self.order)
        if self.model.batch_norm and 1 in (asked, n):
            raise ValueError(
                "batch_norm needs batches of at least 2 rows: of one, nothing is left. "
                f"Got {n} rows and batch_size={asked!r}."
            )
        if asked == "auto":
            return min(200, n)
        if asked > n:
            warnings.warn(
                "Got `batch_size` less than 1 or larger than sample size. It is going to be clipped",
                stacklevel=9,
            )
        return min(int(asked), n)

    def _batch_starts(self, size: int) -> np.ndarray:
        """Return where each batch starts; for batch_norm, a last row on its own joins the batch before."""
        starts = np.arange(0, len(self.order), size)
        alone = self.model.batch_norm and len(starts) > 1 and len(self.order) - starts[-1] == 1
        return starts[:-1] if alone else starts

    def _shuffle(self) -> None:
        if self.model.shuffle:
            permutation = np.arange(len(self.order))
            self.random_state.shuffle(permutation)
            self.order = self.order[permutation]

    def _bind(self, n: int) -> Batch:
        """Make the buffers for batches of n rows, once."""
        dtype, X = self.network.parameters.dtype, self.rows.X
        layers = self.network.bound(n, self.gradient, self.accelerated)
        dense = isinstance(X, np.ndarray)
        self._batches[n] = Batch(
            layers,
            layers[::-1],
            self.loss.scratch(n, self.network.sizes[-1], dtype),
            np.empty((n, X.shape[1]), dtype) if dense else None,
        )
        return self._batches[n]

    def _batch_weights(self, weight: np.ndarray | None) -> tuple[np.ndarray | None, list[float]]:
        """Return what a row counts in its batch, (n, 1), and 1 over the weight of each batch."""
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
        """Return the mean of the weighted means of the batches; the last may be shorter."""
        return float(values @ (factors[:, 0] * np.repeat(self.lengths, self.lengths))) / len(values)

    def _note(self, loss: float, score: float) -> bool:
        """Note what the epoch gave; False if it is not finite."""
        model = self.model
        model.n_iter_ += 1
        model.t_ += len(self.order)
        model.loss_ = loss
        model.loss_curve_.append(loss)
        noted = {"loss": loss, "score": score}
        if model.verbose:
            print(f"Iteration {model.n_iter_}, loss = {loss:.8f}")
        finite = math.isfinite(loss) and bool(np.isfinite(self.network.parameters).all())
        if self.validation is not None:
            noted["val_loss"], noted["val_score"] = self._validate() if finite else (math.nan, math.nan)
        note(model.history_, noted)
        if model.validation_scores_ is not None:
            model.validation_scores_.append(noted["val_score"])
        if model.verbose and self.validation is not None:
            print(f"Validation score: {noted['val_score']:f}")
        return finite

    def _validate(self) -> tuple[float, float]:
        """Return loss and score of the held-out rows."""
        assert self.validation is not None
        X, y, weight = self.validation
        return self.loss.evaluate(self.loss.activate(self.network.scores(X)), y, weight)

    def _after_epoch(self) -> bool:
        """Keep the weights if they are the best, set the learning rate; True if training has converged."""
        model = self.model
        self._count_improvement()
        self._keep()
        model._optimizer.end_epoch(model.t_)
        return model._no_improvement_count > model.n_iter_no_change and self._give_up()

    def _count_improvement(self) -> None:
        """Count the epochs in a row without enough of an improvement."""
        model = self.model
        if model.validation_scores_ is not None:
            new, best = model.validation_scores_[-1], model.best_validation_score_
            improved, is_best = not new < best + model.tol, new > best
            model.best_validation_score_ = new if is_best else best
            if is_best:
                model._best = self.network.snapshot()
        else:
            new, best = model.loss_curve_[-1], model.best_loss_
            improved = not new > best - model.tol
            model.best_loss_ = min(new, best)
        model._no_improvement_count = 0 if improved else model._no_improvement_count + 1

    def _give_up(self) -> bool:
        """Stop, unless an adaptive learning rate can be made smaller."""
        model, optimizer = self.model, self.model._optimizer
        what = "Training loss" if model.validation_scores_ is None else "Validation score"
        message = (
            f"{what} did not improve more than tol={model.tol:f} for {model.n_iter_no_change} "
            "consecutive epochs."
        )
        slower = optimizer.slow_down()
        if slower:
            model._no_improvement_count = 0
            message += f" Setting learning rate to {optimizer.learning_rate:f}"
        elif getattr(optimizer, "schedule", "") == "adaptive":
            message += " Learning rate too small. Stopping."
        else:
            message += " Stopping."
        if model.verbose:
            print(message)
        return not slower

    def _keep(self) -> None:
        """Keep the weights as they are, should the next epoch diverge; early stopping keeps the best."""
        if self.model.validation_scores_ is None:
            if not hasattr(self, "_finite"):
                self._finite = self.network.snapshot()
            for kept, now in zip(
                self._finite, (self.network.parameters, self.network.statistics), strict=True
            ):
                np.copyto(kept, now)

    def _diverged(self) -> bool:
        """Go back to finite weights; an error, or with early stopping, which keeps the best, a warning."""
        model = self.model
        told = {"loss": model.loss_, "epoch": model.n_iter_, "rate": model.learning_rate_init}
        if model.validation_scores_ is None:
            self.network.restore(self._finite)
            raise ValueError(
                DIVERGED.format(kept=f"Kept: the weights after epoch {model.n_iter_ - 1}.", **told)
            )
        kept = f"Kept: the best weights, of validation score {model.best_validation_score_:g}."
        warnings.warn(DIVERGED.format(kept=kept, **told), ConvergenceWarning, stacklevel=9)
        return True

    def state(self) -> Mapping[str, Any]:
        """Return what :class:`Training` needs beside the model to go on exactly, and with what data."""
        order = {"order": self.order, "validation_rows": self.held_out}
        return {**order, "random_state": self.random_state, "data": self.data}

    @cached_property
    def data(self) -> dict[str, str | None]:
        """Fingerprints of the data that decide how the training goes."""
        return fingerprint(self.rows, self.given if self.model.early_stopping else None)
