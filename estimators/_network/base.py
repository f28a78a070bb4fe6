"""Base class of `MLPClassifier` and `MLPRegressor`: fitting and prediction."""

import os
from collections.abc import Mapping
from contextlib import nullcontext
from operator import index
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import Tags, check_random_state, column_or_1d
from sklearn.utils.validation import check_is_fitted

from estimators._common.callbacks import FitTask, NoTask
from estimators._common.matrices import validate_data
from estimators._common.scikit_learn import check_sample_weight, warn_caller
from estimators._network import checkpoint, held_out
from estimators._network.layers import Architecture, BatchNorm, Features
from estimators._network.lbfgs import FullBatchTraining
from estimators._network.losses import Loss, Weight
from estimators._network.network import Network, initialise
from estimators._network.quantiles import ACTIVATE
from estimators._network.settings import STOCHASTIC_SOLVERS, MatrixLike, Settings
from estimators._network.state import TrainingState, attributes, snapshot
from estimators._network.summary import as_mermaid, as_table
from estimators._network.training import NOT_FINITE, Rows, Training


class BaseMLP(CallbackSupportMixin, Settings):
    """Base class of `MLPClassifier` and `MLPRegressor`: fitting, prediction, summaries and pickling."""

    coefs_: list[np.ndarray]
    intercepts_: list[np.ndarray]
    n_features_in_: int
    n_layers_: int
    n_outputs_: int
    n_parameters_: int
    out_activation_: str
    _network: Network
    _state: TrainingState

    @property
    def batch_norm_(self) -> list[dict[str, np.ndarray]]:
        """Scale, shift and running statistics of batch normalisation, one dict per hidden layer."""
        check_is_fitted(self)
        layers = self._current_network().layers
        return [{**layer.parameters, **layer.statistics} for layer in layers if isinstance(layer, BatchNorm)]

    def summary(self) -> str:
        """Return a table with the output shape, number of parameters and memory of each layer.

        Returns
        -------
        table : str
            A table with one line per layer and a line with the totals.
        """
        check_is_fitted(self)
        return as_table(self._current_network(), self.out_activation_)

    def to_mermaid(self) -> str:
        """Return the network as a Mermaid diagram, which many Markdown viewers can display.

        Returns
        -------
        graph : str
            The source of a top-down flowchart with one box per layer.
        """
        check_is_fitted(self)
        return as_mermaid(self._current_network(), self.out_activation_)

    def to_checkpoint(self) -> bytes:
        """Return a checkpoint of a model during training, from which ``fit`` can resume.

        This method only works on the models that callbacks receive as ``fitted_estimator`` after an epoch.
        Most users should use the callback :class:`pipelines.Checkpoint`, which writes checkpoints to a file.

        Returns
        -------
        content : bytes
            The content of a joblib file with the model, followed by its SHA-256 hash. It contains hashes of
            the training data, but not the data itself.

        Raises
        ------
        ValueError
            If the model is not being trained.
        """
        if "_state" not in self.__dict__ or self._state.fingerprints is None:
            raise ValueError(
                f"to_checkpoint can only be called during training. This {type(self).__name__} is not being "
                "trained. Call to_checkpoint in a callback, on the fitted_estimator that its on_fit_task_end "
                "method receives after an epoch."
            )
        return checkpoint.to_bytes(self)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coefs_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        plain = dict(super().__getstate__())
        if "_state" in plain:
            network, state = self._current_network(), self._state
            derived = attributes(network, state)
            plain = {name: value for name, value in plain.items() if name not in derived}
            plain |= {"_network": network.to_plain(), "_state": state.to_plain()}
        return plain

    def __setstate__(self, plain: Mapping[str, Any]) -> None:
        super().__setstate__(plain)
        if "_state" in plain:
            network, state = Network.from_plain(plain["_network"]), TrainingState.from_plain(plain["_state"])
            self.__dict__.update(attributes(network, state))

    def _fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        given: held_out.Given = (None, None, None),
        resume_from: str | os.PathLike[str] | None = None,
        incremental: bool = False,
    ) -> Self:
        """Check the parameters and the data, prepare a new or resumed training run, and train."""
        hidden = self._hidden_sizes()
        self._check_combinations(len(hidden), incremental, resume_from is not None)
        with nullcontext() if resume_from is None else checkpoint.resuming(self, resume_from) as resumed:
            is_new = not hasattr(self, "coefs_") or not (self.warm_start or incremental or resumed)
            if is_new and "_state" in self.__dict__:  # if this fit fails, old weights must not remain
                for name in attributes(self._network, self._state):
                    self.__dict__.pop(name, None)
            any_dtype = (np.float64, np.float32) if self.dtype == "auto" else self.dtype
            X, y = self._check_rows(X, y, any_dtype if is_new or resumed else self.coefs_[0].dtype, is_new)
            y = self._check_targets(y, is_new and not incremental)
            rows = Rows(X, self._encode(y, X.dtype), self._weigh(X, y, sample_weight))
            n_outputs = self._n_outputs(rows.y)
            architecture = self._architecture((X.shape[1], *hidden, n_outputs))
            validation = self._check_given(given, n_outputs, X.dtype)
            random_state = check_random_state(resumed.random_state if resumed else self.random_state)
            self._set_network(architecture, X.dtype, random_state, is_new)
            training = self._new_training(rows, validation, random_state, resumed is not None, incremental)
        task = NoTask() if incremental else FitTask(self, self.max_iter, X, y, sample_weight)
        self._run(training, task)
        task.close(lambda: snapshot(self._network, self._state))
        if self.refit and self.early_stopping and not incremental:
            self._refit(rows, architecture)
        return self

    def _refit(self, rows: Rows, architecture: Architecture) -> None:
        """Train a new network on all rows, for the number of epochs after which the previous one was best."""
        found, random_state = self._state, check_random_state(self.random_state)
        self._set_network(architecture, rows.X.dtype, random_state, is_new=True)
        network, state = self._network, self._state
        state.begin(self, network, random_state, incremental=False)
        state.order, state.validation_scores, state.best_weights = np.arange(rows.X.shape[0]), None, None
        self._run(
            Training(self, network, self._loss(), rows, None, state, max(1, found.best_epoch)), NoTask()
        )
        state.validation_scores, state.best_quality = found.validation_scores, found.best_quality
        state.best_validation_score, state.best_epoch = found.best_validation_score, found.best_epoch
        self.__dict__.update(state.public())

    def _check_rows(
        self, X: MatrixLike, y: ArrayLike, dtype: Any, reset: bool
    ) -> tuple[Features, np.ndarray]:
        """Return X and y as arrays. A column of targets becomes one-dimensional."""
        checks = {"accept_sparse": "csr", "dtype": dtype, "reset": reset, "multi_output": True}
        rows, targets = validate_data(self, X, y, y_numeric=isinstance(self, RegressorMixin), **checks)
        is_column = targets.ndim == 2 and targets.shape[1] == 1
        return rows, column_or_1d(targets, warn=True) if is_column else targets

    def _check_given(self, given: held_out.Given, n_outputs: int, dtype: np.dtype) -> Rows | None:
        """Return the validation data passed to ``fit``, if any."""
        if all(part is None for part in given):
            return None
        if self.refit:
            raise ValueError(
                "refit=True trains on all rows of X, so it cannot be combined with X_val and y_val. Pass all "
                "rows as X and y, or set refit=False."
            )
        return held_out.check_given(self, given, lambda y: self._encode_val(y, n_outputs, dtype), dtype)

    def _set_network(
        self, wanted: Architecture, dtype: np.dtype, random_state: np.random.RandomState, is_new: bool
    ) -> None:
        """Create a new network and a new state, or keep the current ones."""
        output = self._loss().out_activation
        if is_new:
            network, state = Network(wanted, dtype), TrainingState()
            initialise(network, random_state, self.init)
            self.out_activation_ = output
        else:
            network = self._adapted_network(wanted, output)
            state = self.__dict__.get("_state") or TrainingState()
        self.__dict__.update(attributes(network, state))

    def _new_training(
        self,
        rows: Rows,
        validation: Rows | None,
        random_state: np.random.RandomState,
        is_resumed: bool,
        incremental: bool,
    ) -> Training | FullBatchTraining:
        """Prepare the state for a new training run, or check the state of a checkpoint."""
        network, state, loss = self._network, self._state, self._loss()
        if self.solver == "lbfgs":
            return FullBatchTraining(self, network, loss, rows, validation, state)
        if is_resumed:
            checkpoint.check_data(self, state, rows, validation)
        else:
            state.begin(self, network, random_state, incremental)
            state.order, state.held_out = np.arange(rows.X.shape[0]), None
            if self.early_stopping and validation is None:
                state.order, state.held_out = held_out.split(self, rows, random_state)
        if state.held_out is not None:
            validation = rows.take(state.held_out)
        return Training(self, network, loss, rows, validation, state, 1 if incremental else None)

    def _run(self, training: Training | FullBatchTraining, task: FitTask | NoTask) -> None:
        """Train the network. The model keeps its current weights if training is interrupted."""
        state = self._state
        try:
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                training.run(task)
        except KeyboardInterrupt:
            steps = "iterations" if self.solver == "lbfgs" else "epochs"
            warn_caller(
                "Training interrupted by user. The model keeps its current weights. It has completed "
                f"{state.n_iter} {steps}."
            )
        finally:
            self.__dict__.update(state.public())
            state.end()
        if not np.isfinite(self._network.parameters).all():
            raise ValueError(NOT_FINITE)

    def _architecture(self, sizes: tuple[int, ...]) -> Architecture:
        """Return the architecture defined by the parameters."""
        rates = np.broadcast_to(np.asarray(self.dropout, dtype=float), len(sizes) - 2).tolist()
        slope = float(self.negative_slope)
        return Architecture(sizes, self.activation, slope, tuple(rates), bool(self.batch_norm))

    def _adapted_network(self, wanted: Architecture, output: str) -> Network:
        """Return the network with the current values of `activation` and `dropout`."""
        network = self._current_network()
        now = network.architecture
        if (now.sizes, now.batch_norm, self.out_activation_) != (wanted.sizes, wanted.batch_norm, output):
            raise ValueError(
                "Training can only continue with the same layers and output activation. The current weights "
                f"belong to a network with layers of {now.sizes} units, batch_norm={now.batch_norm} and the "
                f"output activation {self.out_activation_!r}. Got layers of {wanted.sizes} units, "
                f"batch_norm={self.batch_norm} and the output activation {output!r} instead. To train a "
                "new network, set warm_start=False and call fit."
            )
        return network if now == wanted else network.copy(wanted)

    def _current_network(self) -> Network:
        """Return the network with the values of ``coefs_`` and ``intercepts_``, which users may have set."""
        network = self.__dict__.get("_network")
        sizes = (*(len(W) for W in self.coefs_), self.coefs_[-1].shape[1])
        if network is None or network.sizes != sizes:
            network = Network(self._architecture(sizes), self.coefs_[0].dtype)
        for layer, W, b in zip(network.dense, self.coefs_, self.intercepts_, strict=True):
            weights, bias = layer.parameters["weights"], layer.parameters["bias"]
            if weights is not W or bias is not b:
                weights[...], bias[...] = W, b
        return network

    def _outputs(self, X: MatrixLike) -> np.ndarray:
        """Return the values of the output activation, as an array of shape (n, n_outputs)."""
        if not hasattr(self, "coefs_"):
            check_is_fitted(self)
        network = self._current_network()
        if not self._is_valid(X, network.parameters.dtype):
            X = validate_data(self, X, accept_sparse="csr", dtype=network.parameters.dtype, reset=False)
        return ACTIVATE[self.out_activation_](network.scores(X))

    def _is_valid(self, X: MatrixLike, dtype: np.dtype) -> bool:
        """Return True if X needs no validation, which would take longer than the prediction of one row."""
        if type(X) is not np.ndarray or X.ndim != 2 or len(X) == 0 or hasattr(self, "feature_names_in_"):
            return False
        return X.dtype == dtype and X.shape[1] == self.n_features_in_ and bool(np.isfinite(X).all())

    def _hidden_sizes(self) -> list[int]:
        """Return `hidden_layer_sizes` as a list."""
        sizes: Any = self.hidden_layer_sizes
        listed = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
        if any(isinstance(n, bool) for n in listed):
            raise TypeError(
                f"The 'hidden_layer_sizes' parameter of {type(self).__name__} must be an int or an "
                f"array-like of int. Got {sizes!r} instead."
            )
        hidden = [index(n) for n in listed]
        if any(n <= 0 for n in hidden):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {hidden}.")
        return hidden

    def _check_combinations(self, n_hidden: int, incremental: bool, is_resumed: bool) -> None:
        """Check combinations of parameters."""
        rates = np.asarray(self.dropout, dtype=float)
        if rates.ndim and (rates.shape != (n_hidden,) or not ((rates >= 0) & (rates < 1)).all()):
            raise ValueError(
                f"The 'dropout' parameter of {type(self).__name__} must be a float in the range [0, 1), or "
                f"an array-like with one such float for each of the {n_hidden} hidden layers. Got "
                f"{self.dropout!r} instead."
            )
        stochastic = {"dropout": rates.any(), "batch_norm": self.batch_norm, "l1": self.l1}
        stochastic |= {"weight_decay": self.weight_decay, "clip_norm": self.clip_norm is not None}
        stochastic |= {"warmup_fraction": self.warmup_fraction, "resume_from": is_resumed}
        stochastic |= {f"learning_rate={self.learning_rate!r}": self.learning_rate in ("cosine", "plateau")}
        stochastic |= {
            "refit": self.refit,
            f"early_stopping={self.early_stopping!r}": self.early_stopping in ("loss", "score"),
        }
        refused = ", ".join(name for name, value in stochastic.items() if value)
        if self.solver == "lbfgs" and refused:
            allowed = ", ".join(STOCHASTIC_SOLVERS)
            raise ValueError(
                f"solver='lbfgs' does not support {refused}. Use one of the solvers {allowed} instead."
            )
        if incremental and self.early_stopping:
            raise ValueError(f"partial_fit does not support early_stopping={self.early_stopping!r}")
        if incremental and (self.learning_rate == "cosine" or self.warmup_fraction):
            raise ValueError(
                "partial_fit does not support learning_rate='cosine' or warmup_fraction, because the total "
                f"number of steps is not known. Got learning_rate={self.learning_rate!r} and "
                f"warmup_fraction={self.warmup_fraction!r}."
            )
        if self.refit and (not self.early_stopping or self.warm_start):
            raise ValueError(
                "refit=True requires early_stopping, which finds the number of epochs, and warm_start=False. "
                f"Got early_stopping={self.early_stopping!r} and warm_start={self.warm_start!r}."
            )

    def _check_stochastic(self) -> bool:
        if self.solver not in STOCHASTIC_SOLVERS:
            raise AttributeError(
                f"partial_fit is only available for stochastic optimizers. {self.solver} is not stochastic."
            )
        return True

    # MLPClassifier and MLPRegressor implement these methods, which depend on the type of target.

    def _check_targets(self, y: np.ndarray, is_new: bool) -> np.ndarray:
        """Set the attributes that depend on y, or check that y is consistent with them. Return y."""
        return y

    def _encode(self, y: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Return y in the form that the loss expects."""
        raise NotImplementedError

    def _encode_val(self, y_val: ArrayLike, n_outputs: int, dtype: np.dtype) -> np.ndarray:
        """Check ``y_val`` and return it in the form that the loss expects."""
        raise NotImplementedError

    def _n_outputs(self, y: np.ndarray) -> int:
        """Return the number of outputs of the network for encoded targets."""
        raise NotImplementedError

    def _loss(self) -> Loss:
        """Return the loss for the current parameters and targets."""
        raise NotImplementedError

    def _weigh(self, X: Features, y: np.ndarray, sample_weight: ArrayLike | None) -> Weight:
        """Return the checked sample weights, or None."""
        return None if sample_weight is None else check_sample_weight(sample_weight, X, dtype=X.dtype)
