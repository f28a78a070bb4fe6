"""The training state of a network, which is copied for callbacks and saved in files."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from estimators._network import optimizers
from estimators._network.network import Network
from estimators._network.optimizers import SGD, Adam, RMSprop
from estimators._network.settings import Settings


@dataclass
class TrainingState:
    """The progress of training. Together with the weights and the data, it is enough to resume exactly.

    Each fit creates a new state, except for a warm start, `partial_fit` and a resumed fit, which continue
    with the existing state. Some fields are available as public attributes of the model, such as
    ``loss_curve_``.

    Attributes
    ----------
    n_iter : int
        Number of epochs in this fit, or of iterations with "lbfgs".

    n_rows_seen : int
        Total number of rows processed in all epochs.

    history : dict of list of float
        The lists of ``history_``, which all have the same length.

    loss : float or None
        The loss of the last epoch.

    loss_curve : list of float
        The loss of each epoch. Empty with "lbfgs".

    best_loss : float
        The lowest loss in `loss_curve`. Not used with early stopping.

    validation_scores : list of float or None
        The validation score of each epoch. None without early stopping.

    best_quality : float
        The highest validation score, or minus the lowest validation loss if early stopping monitors the loss.

    best_validation_score : float
        The validation score of the best epoch.

    best_epoch : int
        Number of the best epoch, counted from 1, or 0 before the first one.

    best_weights : tuple of two ndarrays, or None
        Parameters and statistics of the best epoch. None without early stopping.

    n_epochs_without_improvement : int
        Number of consecutive epochs without enough improvement.

    optimizer : SGD, RMSprop, Adam or None
        The optimiser with its moving averages. None before the first epoch and with "lbfgs".

    dropout_bits : SFC64 or None
        The bit generator of the dropout masks. None without dropout.

    random_state : RandomState or None
        The random generator that shuffles the rows. Only set during training.

    order : ndarray of shape (n_train,) or None
        The indices of the training rows, in the order of the current epoch. Only set during training.

    held_out : ndarray of shape (n_held_out,) or None
        The indices of the rows set aside for early stopping. Only set during training.

    fingerprints : dict of str or None
        Hashes of the data, computed for the first snapshot. Only set during training.
    """

    n_iter: int = 0
    n_rows_seen: int = 0
    history: dict[str, list[float]] = field(default_factory=dict)
    loss: float | None = None
    loss_curve: list[float] = field(default_factory=list)
    best_loss: float = np.inf
    validation_scores: list[float] | None = None
    best_quality: float = -np.inf
    best_validation_score: float = -np.inf
    best_epoch: int = 0
    best_weights: tuple[np.ndarray, np.ndarray] | None = None
    n_epochs_without_improvement: int = 0
    optimizer: SGD | RMSprop | Adam | None = None
    dropout_bits: np.random.SFC64 | None = None
    random_state: np.random.RandomState | None = None
    order: np.ndarray | None = None
    held_out: np.ndarray | None = None
    fingerprints: dict[str, str | None] | None = None

    def begin(
        self, settings: Settings, network: Network, random_state: np.random.RandomState, incremental: bool
    ) -> None:
        """Prepare for training in epochs. Only `partial_fit` keeps the current optimiser."""
        self.n_iter, self.random_state = 0, random_state
        kept = self.optimizer if incremental else None
        if kept is None or len(kept.slots[0]) != len(network.parameters):
            self.optimizer = optimizers.new_optimizer(settings, network.parameters)
        if not np.any(np.greater(settings.dropout, 0)):
            self.dropout_bits = None
        elif not incremental or self.dropout_bits is None:
            self.dropout_bits = np.random.SFC64(random_state.randint(2**31))
        if not settings.early_stopping:
            self.validation_scores = self.best_weights = None
        elif self.validation_scores is None or self._monitored_loss() != (settings.early_stopping == "loss"):
            self.validation_scores, self.best_epoch = [], 0
            self.best_quality = self.best_validation_score = -np.inf
            self.best_loss, self.best_weights = np.inf, network.snapshot()

    def _monitored_loss(self) -> bool:
        """Return True if the best epoch is that with the lowest loss, not that with the highest score."""
        return self.best_quality != self.best_validation_score

    def end(self) -> None:
        """Remove the fields that are only needed during training."""
        self.random_state = self.order = self.held_out = self.fingerprints = None

    def add_to_history(self, values: Mapping[str, float]) -> None:
        """Add an epoch to the history. Missing values are NaN."""
        past = len(next(iter(self.history.values()), []))
        for name in dict.fromkeys([*self.history, *values]):
            self.history.setdefault(name, [np.nan] * past).append(values.get(name, np.nan))

    def public(self) -> dict[str, Any]:
        """Return the public attributes of the model. Curves are only set by training in epochs."""
        shown: dict[str, Any] = {"n_iter_": self.n_iter, "t_": self.n_rows_seen, "history_": self.history}
        if self.loss is not None:
            shown["loss_"] = self.loss
        if self.optimizer is not None:
            early = self.validation_scores is not None
            shown["loss_curve_"], shown["best_loss_"] = self.loss_curve, None if early else self.best_loss
            shown["validation_scores_"] = self.validation_scores
            shown["best_validation_score_"] = self.best_validation_score if early else None
        return shown

    def to_plain(self) -> dict[str, Any]:
        """Return the state as a dict of numbers, lists and arrays."""
        plain = dict(vars(self))
        if self.optimizer is not None:
            plain["optimizer"] = optimizers.to_plain(self.optimizer)
        if self.dropout_bits is not None:
            plain["dropout_bits"] = self.dropout_bits.state
        return plain

    @staticmethod
    def from_plain(plain: Mapping[str, Any]) -> "TrainingState":
        """Return a state from the dict returned by :meth:`to_plain`."""
        state = TrainingState(**plain)
        if plain["optimizer"] is not None:
            state.optimizer = optimizers.from_plain(plain["optimizer"])
        if plain["dropout_bits"] is not None:
            state.dropout_bits = np.random.SFC64()
            state.dropout_bits.state = plain["dropout_bits"]
        return state


def attributes(network: Network, state: TrainingState) -> dict[str, Any]:
    """Return the attributes of a model that training sets. ``coefs_`` and ``intercepts_`` are views."""
    layers, sizes = [layer.parameters for layer in network.dense], network.sizes
    views = {
        "coefs_": [layer["weights"] for layer in layers],
        "intercepts_": [layer["bias"] for layer in layers],
    }
    counts = {"n_layers_": len(sizes), "n_outputs_": sizes[-1], "n_parameters_": len(network.parameters)}
    return {"_network": network, "_state": state, **views, **counts, **state.public()}


def snapshot(network: Network, state: TrainingState) -> dict[str, Any]:
    """Return copies of the current attributes, which further training does not change."""
    return attributes(network.copy(), copy.deepcopy(state))
