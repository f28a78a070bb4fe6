"""The progress of a network's training: one record that is copied for callbacks and saved in files."""

import copy
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from estimators._network.network import Network
from estimators._network.optimizers import (
    SGD,
    Adam,
    RMSprop,
    new_slots,
    optimizer_from_plain,
    optimizer_to_plain,
)
from estimators._network.settings import Settings


@dataclass
class TrainingState:
    """The progress of a training. Together with the weights and the data, it suffices to continue exactly.

    Each fit starts a new state, except that a warm start, `partial_fit` and a resumed fit continue the old
    one. The model's public attributes, such as ``loss_curve_``, show the fields that users need.

    Attributes
    ----------
    n_iter : int
        Number of epochs in this fit, or of iterations with "lbfgs".

    n_rows_seen : int
        Number of rows that all epochs together have gone through.

    history : dict of list of float
        The columns of ``history_``, all of the same length.

    loss : float or None
        The loss of the last epoch.

    loss_curve : list of float
        The loss of each epoch; empty with "lbfgs".

    best_loss : float or None
        The lowest loss in `loss_curve`; None with early stopping.

    validation_scores : list of float or None
        The validation score of each epoch; None without early stopping.

    best_validation_score : float or None
        The highest of the validation scores; None without early stopping.

    best_weights : tuple of two ndarrays, or None
        Parameters and statistics of the epoch with the highest validation score.

    n_epochs_without_improvement : int
        Number of epochs in a row without enough improvement.

    optimizer : SGD, RMSprop, Adam or None
        The optimiser with its moving averages; None before the first epoch and with "lbfgs".

    dropout_bits : SFC64 or None
        The bit generator of the dropout masks; None without dropout.

    random_state : RandomState or None
        The generator that shuffles the rows. Only set during training.

    order : ndarray of shape (n_train,) or None
        The rows to train on, in the order of the current epoch. Only set during training.

    held_out : ndarray of shape (n_held_out,) or None
        The rows that were split off for early stopping. Only set during training.

    fingerprints : dict of str or None
        Hashes of the data, computed for the first snapshot. Only set during training.
    """

    n_iter: int = 0
    n_rows_seen: int = 0
    history: dict[str, list[float]] = field(default_factory=dict)
    loss: float | None = None
    loss_curve: list[float] = field(default_factory=list)
    best_loss: float | None = None
    validation_scores: list[float] | None = None
    best_validation_score: float | None = None
    best_weights: tuple[np.ndarray, np.ndarray] | None = None
    n_epochs_without_improvement: int = 0
    optimizer: SGD | RMSprop | Adam | None = None
    dropout_bits: np.random.SFC64 | None = None
    random_state: np.random.RandomState | None = None
    order: np.ndarray | None = None
    held_out: np.ndarray | None = None
    fingerprints: dict[str, str | None] | None = None

    def begin(self, settings: Settings, network: Network, resumed: bool, incremental: bool) -> None:
        """Prepare for training by epochs: a new optimiser unless training continues, and the best results."""
        if not resumed:
            self.n_iter = 0
        kept = self.optimizer if resumed or incremental else None
        if kept is None or len(kept.slots[0]) != len(network.parameters):
            self.optimizer = new_optimizer(settings, network.parameters)
        if not settings.early_stopping:
            self.validation_scores = self.best_validation_score = None
            self.best_loss = np.inf if self.best_loss is None else self.best_loss
        elif self.validation_scores is None:
            self.validation_scores, self.best_validation_score = [], -np.inf
            self.best_loss, self.best_weights = None, network.snapshot()

    def end(self) -> None:
        """Remove what is only needed during training."""
        self.random_state = self.order = self.held_out = self.fingerprints = None

    def add_to_history(self, values: Mapping[str, float]) -> None:
        """Add an epoch to the history, with nan where it lacks a value."""
        past = len(next(iter(self.history.values()), []))
        for name in dict.fromkeys([*self.history, *values]):
            self.history.setdefault(name, [np.nan] * past).append(values.get(name, np.nan))

    def public(self) -> dict[str, Any]:
        """Return the public attributes of the model. Only training by epochs gives it curves."""
        shown: dict[str, Any] = {"n_iter_": self.n_iter, "t_": self.n_rows_seen, "history_": self.history}
        if self.loss is not None:
            shown["loss_"] = self.loss
        if self.optimizer is not None:
            shown["loss_curve_"], shown["best_loss_"] = self.loss_curve, self.best_loss
            shown["validation_scores_"] = self.validation_scores
            shown["best_validation_score_"] = self.best_validation_score
        return shown

    def publish(self, model: Settings) -> None:
        """Set the public attributes of the model."""
        model.__dict__.update(self.public())

    def retract(self, model: Settings) -> None:
        """Remove the public attributes that :meth:`publish` set."""
        for name in self.public():
            model.__dict__.pop(name, None)

    def to_plain(self) -> dict[str, Any]:
        """Return the state as a dict of numbers, lists and arrays."""
        plain = {each.name: vars(self)[each.name] for each in fields(self)}
        if self.optimizer is not None:
            plain["optimizer"] = optimizer_to_plain(self.optimizer)
        if self.dropout_bits is not None:
            plain["dropout_bits"] = self.dropout_bits.state
        return plain

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> "TrainingState":
        """Return the state that :meth:`to_plain` made plain."""
        state = TrainingState(**plain)
        if plain["optimizer"] is not None:
            state.optimizer = optimizer_from_plain(plain["optimizer"])
        if plain["dropout_bits"] is not None:
            state.dropout_bits = np.random.SFC64()
            state.dropout_bits.state = plain["dropout_bits"]
        return state


def new_optimizer(settings: Settings, parameters: np.ndarray) -> SGD | RMSprop | Adam:
    """Return a new optimiser with the hyperparameters in the settings."""
    rate = float(settings.learning_rate_init)  # a float64 of numpy would turn float32 arrays into float64
    if settings.solver == "adam":
        betas = float(settings.beta_1), float(settings.beta_2)
        return Adam(new_slots(parameters, Adam.n_slots), rate, *betas, float(settings.epsilon))
    if settings.solver == "rmsprop":
        slots = new_slots(parameters, RMSprop.n_slots)
        return RMSprop(slots, rate, float(settings.rho), float(settings.epsilon))
    slots, schedule = new_slots(parameters, SGD.n_slots), settings.learning_rate
    momentum, nesterov = float(settings.momentum), settings.nesterovs_momentum
    return SGD(slots, rate, rate, schedule, momentum, nesterov, float(settings.power_t))


def views(network: Network) -> dict[str, list[np.ndarray]]:
    """Return ``coefs_`` and ``intercepts_``, views of the parameters."""
    return {
        "coefs_": [layer.weights for layer in network.dense],
        "intercepts_": [layer.bias for layer in network.dense],
    }


def snapshot(network: Network, state: TrainingState) -> dict[str, Any]:
    """Return the fitted attributes of a model that further training does not change."""
    network, state = network.copy(), copy.deepcopy(state)
    return {"_network": network, "_state": state, **views(network), **state.public()}


def warn_of_interrupt(n_steps: int, steps: str, stacklevel: int) -> None:
    """Warn that the training was interrupted, at the line that called the model's method."""
    warnings.warn(
        f"Training interrupted by user. The model keeps its current weights, after {n_steps} full {steps}.",
        stacklevel=stacklevel,
    )
