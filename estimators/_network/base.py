"""How both networks are fitted, and how they compute their outputs."""

import os
from collections.abc import Mapping
from operator import index
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import Tags, check_random_state, column_or_1d
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators._common.callbacks import FitTask, NoTask
from estimators._common.scikit_learn import check_sample_weight
from estimators._network import checkpoint, held_out
from estimators._network.layers import BatchNorm, Features
from estimators._network.lbfgs import FullBatchTraining
from estimators._network.losses import LOSS_OF, Loss, Weight
from estimators._network.network import Architecture, Network, initialise
from estimators._network.settings import STOCHASTIC_SOLVERS, MatrixLike, Settings
from estimators._network.state import TrainingState, snapshot, views
from estimators._network.summary import as_mermaid, as_table
from estimators._network.training import Rows, Training


class BaseMLP(CallbackSupportMixin, Settings):
    """What both networks share: fitting, prediction, pictures and saving."""

    coefs_: list[np.ndarray]
    intercepts_: list[np.ndarray]
    n_features_in_: int
    n_outputs_: int
    n_layers_: int
    n_parameters_: int
    out_activation_: str
    _network: Network
    _state: TrainingState

    @property
    def batch_norm_(self) -> list[dict[str, np.ndarray]]:
        """Scale, shift and running statistics of batch normalisation, for each hidden layer."""
        if not hasattr(self, "coefs_"):
            raise AttributeError(f"This {type(self).__name__} is not fitted yet, so it has no batch_norm_.")
        layers = self._current_network().layers
        return [dict(layer.arrays()) for layer in layers if isinstance(layer, BatchNorm)]

    def summary(self) -> str:
        """Return a table of the layers with output shape, parameters, memory, and totals.

        Returns
        -------
        table : str
            One line for each layer, and the totals.
        """
        check_is_fitted(self)
        return as_table(self._current_network(), self.out_activation_)

    def to_mermaid(self) -> str:
        """Return the network as a Mermaid graph, which many Markdown viewers draw.

        Returns
        -------
        graph : str
            A top-down flowchart with a box for each layer.
        """
        check_is_fitted(self)
        return as_mermaid(self._current_network(), self.out_activation_)

    def to_checkpoint(self) -> bytes:
        """Return the model in the middle of its training as bytes, from which ``fit`` can resume.

        Only the models that callbacks receive as ``fitted_estimator`` after an epoch can do this. Most users
        want the callback :class:`pipelines.Checkpoint`, which writes the bytes to a file.

        Returns
        -------
        content : bytes
            A joblib file of the model, followed by the SHA-256 hash of these bytes. It holds hashes of the
            training data, not the data.

        Raises
        ------
        ValueError
            If the model is not in the middle of a training.
        """
        if "_state" not in self.__dict__ or self._state.fingerprints is None:
            raise ValueError(
                f"This {type(self).__name__} is not being trained. Call to_checkpoint in a callback, on the "
                "fitted_estimator that its on_fit_task_end receives after an epoch."
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
        if hasattr(self, "coefs_"):
            plain["_network"] = self._current_network().to_plain()
            del plain["coefs_"], plain["intercepts_"]  # the network's vector holds them
        if "_state" in plain:
            plain["_state"] = self._state.to_plain()
            plain = {name: value for name, value in plain.items() if name not in self._state.public()}
        return plain

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        super().__setstate__(state)
        if "_network" in state:
            self._network = Network.from_plain(state["_network"])
            self.__dict__.update(views(self._network))
        if "_state" in state:
            self._state = TrainingState.from_plain(state["_state"])
            self._state.publish(self)

    def _fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        given: held_out.Given = (None, None, None),
        resume_from: str | os.PathLike[str] | None = None,
        incremental: bool = False,
    ) -> Self:
        """Check everything, start or continue a training, and run it."""
        hidden = self._check_settings(incremental, resume_from is not None)
        if resume_from is None:
            X, y, training = self._set_up(X, y, sample_weight, hidden, given, None, incremental)
        else:
            with checkpoint.resuming(self, resume_from) as resumed:
                X, y, training = self._set_up(X, y, sample_weight, hidden, given, resumed, incremental)
        fit_task = None if incremental else FitTask(self, self.max_iter, X, y, sample_weight)
        training.run(fit_task or NoTask())
        if not np.isfinite(self._network.parameters).all():
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and "
                "need to be preprocessed."
            )
        if fit_task is not None:
            fit_task.close(lambda: snapshot(self._network, self._state))
        return self

    def _set_up(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        hidden: list[int],
        given: held_out.Given,
        resumed: TrainingState | None,
        incremental: bool,
    ) -> tuple[Features, np.ndarray, Training | FullBatchTraining]:
        """Return X and y as arrays, and the training to run."""
        is_new = not hasattr(self, "coefs_") or not (self.warm_start or incremental or resumed)
        X, y, rows = self._as_rows(X, y, sample_weight, is_new, resumed is not None, incremental)
        n_outputs = rows.y.shape[1] if rows.y.ndim > 1 else len(self.classes_)
        architecture = self._architecture((X.shape[1], *hidden, n_outputs))
        validation = None
        if any(part is not None for part in given):
            validation = held_out.check_given(
                self, given, lambda y_val: self._encode_val(y_val, n_outputs, X.dtype), X.dtype
            )
        random_state = check_random_state(resumed.random_state if resumed else self.random_state)
        if is_new:
            self._start(architecture, X.dtype, random_state)
        self._network = self._with_settings(self._current_network(), architecture)
        self.__dict__.update(views(self._network))
        state = self._state = self.__dict__.get("_state") or TrainingState()
        if self.solver == "lbfgs":
            args = self._network, self._loss(), rows, validation, state
            return X, y, FullBatchTraining(self, *args)
        state.begin(self, self._network, resumed is not None, incremental)
        if resumed is not None:
            held_out.check_resumed(state, rows.X.shape[0], self.early_stopping, validation)
            checkpoint.check_data(state, rows, validation if self.early_stopping else None)
        else:
            self._draw(state, rows, validation, random_state, incremental)
        return X, y, Training(self, self._network, self._loss(), rows, validation, state, incremental)

    def _as_rows(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        is_new: bool,
        is_resumed: bool,
        incremental: bool,
    ) -> tuple[Features, np.ndarray, Rows]:
        """Return X and y as arrays, and as the rows that a network takes."""
        if is_new:  # if this fit fails, the old weights must not remain beside the new features
            for name in ("coefs_", "intercepts_", "_network", "n_parameters_"):
                self.__dict__.pop(name, None)
        X, y = self._validate(X, y, self._input_dtype(is_new or is_resumed), is_new, incremental)
        if is_resumed and X.dtype != self.coefs_[0].dtype:
            raise ValueError(
                f"it was made with rows of {self.coefs_[0].dtype}. Got rows of {X.dtype} instead."
            )
        weight = None if sample_weight is None else check_sample_weight(sample_weight, X, dtype=X.dtype)
        return X, y, Rows(X, self._encode(y, X.dtype), self._weigh(y, weight, X.dtype))

    def _start(
        self, architecture: Architecture, dtype: np.dtype, random_state: np.random.RandomState
    ) -> None:
        """Make a network with random weights, and a new state."""
        self.n_outputs_, self.n_layers_ = architecture.sizes[-1], len(architecture.sizes)
        self.out_activation_ = self._output_activation()
        self._network = Network(architecture, dtype)
        initialise(self._network, random_state, self.init)
        self.n_parameters_ = len(self._network.parameters)
        self.__dict__.update(views(self._network))
        if "_state" in self.__dict__:
            self._state.retract(self)
        self._state = TrainingState()

    def _draw(
        self,
        state: TrainingState,
        rows: Rows,
        validation: Rows | None,
        random_state: np.random.RandomState,
        incremental: bool,
    ) -> None:
        """Draw what a training needs of random numbers: a seed for dropout, and rows to hold out."""
        if not np.any(np.greater(self.dropout, 0)):
            state.dropout_bits = None
        elif not incremental or state.dropout_bits is None:  # partial_fit continues the stream that it has
            state.dropout_bits = np.random.SFC64(random_state.randint(2**31))
        state.random_state = random_state
        if self.early_stopping and validation is None:
            strata = self._strata(rows.y)
            state.order, state.held_out = held_out.split(rows, self.validation_fraction, strata, random_state)
        else:
            state.order, state.held_out = np.arange(rows.X.shape[0]), None

    def _architecture(self, sizes: tuple[int, ...]) -> Architecture:
        """Return the architecture that the parameters ask for."""
        rates = np.broadcast_to(np.asarray(self.dropout, dtype=float), len(sizes) - 2).tolist()
        slope = float(self.negative_slope)
        return Architecture(sizes, self.activation, slope, tuple(rates), bool(self.batch_norm))

    def _with_settings(self, network: Network, wanted: Architecture) -> Network:
        """Return the network with the activation and dropout of the parameters, which may have changed."""
        now, output = network.architecture, self._output_activation()
        if (now.sizes, now.batch_norm, self.out_activation_) != (wanted.sizes, wanted.batch_norm, output):
            raise ValueError(
                f"The current weights belong to a network of {now.sizes} units, "
                f"{'with' if now.batch_norm else 'without'} batch_norm, whose output is "
                f"{self.out_activation_!r}. Got {wanted.sizes} units, batch_norm={self.batch_norm} and "
                f"output {output!r} instead; to start again, call fit with warm_start=False."
            )
        if now == wanted:
            return network
        changed = Network(wanted, network.parameters.dtype)
        changed.restore(network.snapshot())
        return changed

    def _current_network(self) -> Network:
        """Return the network, with the values of ``coefs_`` and ``intercepts_`` if someone has set these."""
        network = self.__dict__.get("_network")
        sizes = (*(len(W) for W in self.coefs_), self.coefs_[-1].shape[1])
        if network is None or network.sizes != sizes:
            network = Network(self._architecture(sizes), self.coefs_[0].dtype)
        for layer, W, b in zip(network.dense, self.coefs_, self.intercepts_, strict=True):
            if layer.weights is not W or layer.bias is not b:
                layer.weights[...], layer.bias[...] = W, b
        return network

    def _outputs(self, X: MatrixLike) -> np.ndarray:
        """Return the values of the output activation, (n, n_outputs)."""
        if not hasattr(self, "coefs_"):
            check_is_fitted(self)
        X = self._check_X(X)
        return LOSS_OF[self.out_activation_].activate(self._current_network().scores(X))

    def _check_X(self, X: MatrixLike) -> Features:
        """Return X as rows of the type of the weights; quickly if X is valid already."""
        dtype = self._network.parameters.dtype if "_network" in self.__dict__ else self.coefs_[0].dtype
        if self._is_valid(X, dtype):
            return X
        return validate_data(self, X, accept_sparse="csr", dtype=dtype, reset=False)

    def _is_valid(self, X: MatrixLike, dtype: np.dtype) -> bool:
        """Tell whether `validate_data` would return X unchanged. It takes longer than predicting one row."""
        return (
            type(X) is np.ndarray
            and X.dtype == dtype
            and X.ndim == 2
            and X.shape[1] == self.n_features_in_
            and X.shape[0] > 0
            and not hasattr(self, "feature_names_in_")
            and bool(np.isfinite(X).all())
        )

    def _check_rows(
        self, X: MatrixLike, y: ArrayLike, dtype: Any, reset: bool, y_numeric: bool = False
    ) -> tuple[Features, np.ndarray]:
        """Return X and y as arrays. A column of targets becomes one-dimensional."""
        as_rows = {"accept_sparse": "csr", "dtype": dtype, "reset": reset}
        rows, targets = validate_data(self, X, y, multi_output=True, y_numeric=y_numeric, **as_rows)
        is_column = targets.ndim == 2 and targets.shape[1] == 1
        return rows, column_or_1d(targets, warn=True) if is_column else targets

    def _input_dtype(self, is_free: bool) -> Any:
        """Return the types that X may have: that of the weights, unless the type `is_free`."""
        if not is_free:
            return self.coefs_[0].dtype
        return (np.float64, np.float32) if self.dtype == "auto" else self.dtype

    def _check_settings(self, incremental: bool, is_resumed: bool) -> list[int]:
        """Return the sizes of the hidden layers. Check what depends on several parameters."""
        hidden = self._hidden_sizes()
        rates = np.asarray(self.dropout, dtype=float)
        if rates.ndim and (rates.shape != (len(hidden),) or not ((rates >= 0) & (rates < 1)).all()):
            raise ValueError(
                f"The 'dropout' parameter of {type(self).__name__} must be a float in the range [0, 1), or "
                f"one for each of the {len(hidden)} hidden layers. Got {self.dropout!r} instead."
            )
        stochastic = {"dropout": rates.any(), "batch_norm": self.batch_norm, "l1": self.l1}
        stochastic["resume_from"] = is_resumed
        refused = [name for name, value in stochastic.items() if value]
        if self.solver == "lbfgs" and refused:
            raise ValueError(
                f"{', '.join(refused)}: only for the solvers {', '.join(STOCHASTIC_SOLVERS)}. "
                "Got solver='lbfgs' instead."
            )
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        return hidden

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

    def _check_stochastic(self) -> bool:
        if self.solver not in STOCHASTIC_SOLVERS:
            raise AttributeError(
                f"partial_fit is only available for stochastic optimizers. {self.solver} is not stochastic."
            )
        return True

    # The two classes differ in their targets.

    def _validate(
        self, X: MatrixLike, y: ArrayLike, dtype: Any, reset: bool, incremental: bool
    ) -> tuple[Features, np.ndarray]:
        """Return X and y as arrays, and set what y decides."""
        raise NotImplementedError

    def _encode(self, y: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Return y as the loss takes it."""
        raise NotImplementedError

    def _encode_val(self, y_val: ArrayLike, n_outputs: int, dtype: np.dtype) -> np.ndarray:
        """Check ``y_val`` and return it as the loss takes it."""
        raise NotImplementedError

    def _output_activation(self) -> str:
        """Return the name of the output activation."""
        raise NotImplementedError

    def _loss(self) -> Loss:
        return LOSS_OF[self.out_activation_]

    def _weigh(self, y: np.ndarray, weight: Weight, dtype: np.dtype) -> Weight:
        """Return the weights of the rows."""
        return weight

    def _strata(self, y: np.ndarray) -> np.ndarray | None:
        """Return the classes whose shares the split for early stopping preserves, if any."""
        return None
