"""Where a training of a model stands: how it is set up, copied for callbacks, and made plain for files."""

import copy
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from estimators._network.network import Network
from estimators._network.optimizers import SGD, Adam, RMSprop


def views(network: Network) -> dict[str, list[np.ndarray]]:
    """Return ``coefs_`` and ``intercepts_``, views of the network's parameters."""
    return {
        "coefs_": [layer.weights for layer in network.dense],
        "intercepts_": [layer.bias for layer in network.dense],
    }


def prepare(model: Any, network: Network, early: bool, resumed: bool, incremental: bool) -> None:
    """Set up optimiser and progress of a model for a training; one that goes on keeps those it has."""
    if not resumed:
        model.n_iter_ = 0
    kept = getattr(model, "_optimizer", None) if resumed or incremental else None
    if kept is None or len(kept.slots[0]) != len(network.parameters):
        model._optimizer = make_optimizer(model, network.parameters)
    if not hasattr(model, "loss_curve_"):
        model.loss_curve_, model._no_improvement_count = [], 0
    if not hasattr(model, "history_"):
        model.history_ = {}
    if early and getattr(model, "validation_scores_", None) is None:
        model.validation_scores_, model.best_validation_score_ = [], -np.inf
        model.best_loss_, model._best = None, network.snapshot()
    elif not early and getattr(model, "best_loss_", None) is None:
        model.best_loss_ = np.inf
    if not early:
        model.validation_scores_ = model.best_validation_score_ = None


def make_optimizer(model: Any, parameters: np.ndarray) -> Any:
    """Return the optimiser that the model's parameters ask for."""
    rate = model.learning_rate_init
    if model.solver == "adam":
        return Adam(parameters, rate, model.beta_1, model.beta_2, model.epsilon)
    if model.solver == "rmsprop":
        return RMSprop(parameters, rate, model.rho, model.epsilon)
    momentum, nesterov = model.momentum, model.nesterovs_momentum
    return SGD(parameters, rate, model.learning_rate, momentum, nesterov, model.power_t)


def to_plain(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a model's attributes without private classes: a model file outlives where those stand."""
    state = dict(attributes)
    if "_network" in state:  # the vector holds them
        del state["coefs_"], state["intercepts_"]
        state["_network"] = state["_network"].__getstate__()
    if "_optimizer" in state:
        state["_optimizer"] = type(state["_optimizer"]).__name__, dict(vars(state["_optimizer"]))
    if state.get("_bits") is not None:
        state["_bits"] = state["_bits"].state
    return state


def from_plain(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that :func:`to_plain` made plain."""
    made: dict[str, Any] = {}
    if state.get("_bits") is not None:
        made["_bits"] = np.random.SFC64()
        made["_bits"].state = state["_bits"]
    if "_optimizer" in state:
        kind, attributes = state["_optimizer"]
        made["_optimizer"] = object.__new__({"SGD": SGD, "Adam": Adam, "RMSprop": RMSprop}[kind])
        vars(made["_optimizer"]).update(attributes)
    if "_network" in state:
        made["_network"] = Network(*state["_network"]["recipe"])
        made["_network"].__setstate__(state["_network"])
        made |= views(made["_network"])
    return made


def note(history: dict[str, list[float]], values: Mapping[str, float]) -> None:
    """Add an epoch to ``history_``; nan where it has no such value, so that all columns are as long."""
    past = len(next(iter(history.values()), []))
    for name in dict.fromkeys([*history, *values]):
        history.setdefault(name, [np.nan] * past).append(values.get(name, np.nan))


def warn_of_interrupt(model: Any, steps: str) -> None:
    """Say what an interrupted training has learned."""
    warnings.warn(
        f"Training interrupted by user. What was learned in {model.n_iter_} {steps} is kept.",
        stacklevel=8,  # where fit is called, outside its decorators
    )


def snapshot(model: Any, training: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return copies of what training alters, for a model that stays as it is now."""
    network = copy.deepcopy(model._network)
    names = ("loss_curve_", "history_", "validation_scores_", "_optimizer", "_bits")
    copies = {name: copy.deepcopy(getattr(model, name)) for name in names if hasattr(model, name)}
    return {
        **copies,
        **views(network),
        "_network": network,
        "_training": None if training is None else copy.deepcopy(dict(training)),
    }
