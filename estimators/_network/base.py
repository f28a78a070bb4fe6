"""How both networks are fitted: rows, weights to start from, validation, solver."""

import os
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import Tags, check_random_state, column_or_1d
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators._common.callbacks import FitTask, NoTask
from estimators._common.scikit_learn import check_sample_weight, fit_context, with_callbacks
from estimators._network import held_out as _held_out
from estimators._network.checkpoint import check_data, resuming
from estimators._network.layers import BatchNorm
from estimators._network.lbfgs import fit_lbfgs
from estimators._network.losses import LOSS_OF
from estimators._network.network import Network, initialise
from estimators._network.settings import Settings
from estimators._network.signatures import naming_the_class
from estimators._network.state import from_plain, prepare, snapshot, to_plain, views
from estimators._network.summary import as_mermaid, as_table
from estimators._network.training import Rows, Training

PROGRESS = ("loss_curve_", "best_loss_", "validation_scores_", "_no_improvement_count", "_optimizer", "_bits")


class BaseMLP(CallbackSupportMixin, Settings):
    """How both networks are fitted, and what they answer from."""

    coefs_: list[np.ndarray]
    intercepts_: list[np.ndarray]
    n_features_in_: int
    n_outputs_: int
    out_activation_: str
    n_iter_: int
    _network: Network
    _bits: np.random.SFC64 | None

    @naming_the_class
    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
        resume_from: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Fit the weights.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            Other sparse formats are converted to CSR.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Class labels (or 0/1 columns, one a label) for the classifier, numbers for the regressor.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows in loss and gradient.

        X_val, y_val : as X and y, default=None
            Held-out rows for ``history_`` and, with `early_stopping`, in place of the internal split. A
            Pipeline takes them through its earlier steps only if it is told to, as in the example; rows that
            are passed as ``mlpclassifier__X_val`` reach the network as they are.

        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the held-out rows.

        resume_from : str or path, default=None
            A file that the callback :class:`pipelines.Checkpoint` wrote while a model with these parameters
            was fitted to these data: training goes on after its last epoch, exactly. `max_iter`, `verbose`
            and `warm_start` may differ. Anything else is refused, and leaves the model as it was. A joblib
            file runs code when it is loaded: resume from files of your own.

        Returns
        -------
        self : MLPClassifier or MLPRegressor
            The same object, fitted.

        Raises
        ------
        ValueError
            If the input is not valid, the loss is no longer finite (the message says in which epoch; the
            weights of the epoch before are kept), or the checkpoint is damaged or of another training.
        TypeError
            If `hidden_layer_sizes` holds what is no whole number.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` ended the training, or, with `early_stopping`, the loss was no longer finite.
        UserWarning
            If training was interrupted (what was learned is kept), or `batch_size` exceeds the rows.

        Examples
        --------
        >>> import sklearn
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklearn.preprocessing import StandardScaler
        >>> from estimators import MLPRegressor
        >>> X, y = [[0.0], [100.0], [200.0], [300.0]], [0.0, 1.0, 2.0, 3.0]
        >>> with sklearn.config_context(enable_metadata_routing=True):
        ...     net = MLPRegressor(tol=0.01, random_state=0).set_fit_request(X_val=True, y_val=True)
        ...     model = make_pipeline(StandardScaler(), net, transform_input=["X_val"])
        ...     model = model.fit(X, y, X_val=[[150.0], [250.0]], y_val=[1.5, 2.5])
        >>> model.score([[150.0], [250.0]], [1.5, 2.5]) == net.history_["val_score"][-1]
        True
        """
        held_out = X_val, y_val, sample_weight_val
        return self._fit(X, y, sample_weight, held_out=held_out, resume_from=resume_from)

    @property
    def batch_norm_(self) -> list[dict[str, np.ndarray]]:
        """What batch normalisation has learned and counted, by hidden layer."""
        if not hasattr(self, "coefs_"):
            raise AttributeError(f"This {type(self).__name__} is not fitted yet, and has no batch_norm_.")
        layers = [layer for layer in self._current_network().layers if isinstance(layer, BatchNorm)]
        names = ("scale", "shift", "running_mean", "running_variance")
        return [{name: getattr(layer, name) for name in names} for layer in layers]

    def summary(self) -> str:
        """Return the layers as a table: output shape, parameters, memory, and totals.

        Returns
        -------
        table : str
            A line a layer, and the totals.
        """
        check_is_fitted(self)
        return as_table(self._current_network(), self.out_activation_)

    def to_mermaid(self) -> str:
        """Return the network as a graph in Mermaid, which Markdown viewers draw.

        Returns
        -------
        graph : str
            A left-to-right flowchart, a box a layer.
        """
        check_is_fitted(self)
        return as_mermaid(self._current_network(), self.out_activation_)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coefs_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        if hasattr(self, "coefs_"):
            self._network = self._current_network()
        return to_plain(super().__getstate__())

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        super().__setstate__(state)
        self.__dict__.update(from_plain(state))

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        held_out: tuple[Any, Any, Any] = (None, None, None),
        resume_from: Any = None,
        incremental: bool = False,
    ) -> Self:
        """Check everything, start or go on, and train."""
        hidden = self._check_settings(incremental, resume_from)
        with resuming(self, resume_from) as state:
            first = not hasattr(self, "coefs_") or not (self.warm_start or incremental or state)
            X, y, rows = self._as_rows(X, y, sample_weight, first, state, incremental)
            sizes = (X.shape[1], *hidden, rows.y.shape[1] if rows.y.ndim > 1 else len(self.classes_))
            given = _held_out.given(self, *held_out, n_outputs=sizes[-1], dtype=X.dtype)
            random_state = check_random_state(self.random_state) if state is None else state["random_state"]
            if first:
                self._start(sizes, X.dtype, random_state)
            network = self._network = self._as_set(self._current_network(), sizes)
            self.__dict__.update(views(network))
            if self.solver != "lbfgs":
                training = self._set_up(network, rows, given, random_state, state, incremental)
        task: Any = NoTask() if incremental else FitTask(self, self.max_iter, X, y, sample_weight)
        if self.solver == "lbfgs":
            fit_lbfgs(self, network, self._loss(), rows, given, task, lambda: snapshot(self))
        else:
            done = state is not None and self._no_improvement_count > self.n_iter_no_change
            training.run(task, lambda: snapshot(self, training.state()), incremental, done)
        if not np.isfinite(network.parameters).all():
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and "
                "need to be preprocessed."
            )
        if not incremental:
            task.close(lambda: snapshot(self))
        return self

    def _as_rows(
        self, X: Any, y: Any, sample_weight: Any, first: bool, state: Any, incremental: bool
    ) -> tuple[Any, np.ndarray, Rows]:
        """Return X and y as arrays, and as what a network takes."""
        if first:  # should the fit fail, no old weights stand beside new features
            for name in ("coefs_", "intercepts_", "_network", "n_parameters_"):
                self.__dict__.pop(name, None)
        X, y = self._validate(X, y, self._input_dtype(first or state is not None), first, incremental)
        if state is not None and X.dtype != self.coefs_[0].dtype:
            raise ValueError(
                f"it was made with rows of {self.coefs_[0].dtype}. Got rows of {X.dtype} instead."
            )
        weight = None if sample_weight is None else check_sample_weight(sample_weight, X, dtype=X.dtype)
        return X, y, Rows(X, self._encode(y, X.dtype), self._weigh(y, weight, X.dtype))

    def _set_up(
        self,
        network: Network,
        rows: Rows,
        given: Rows | None,
        random_state: Any,
        state: Any,
        incremental: bool,
    ) -> Training:
        """Set up a training, or the one that is in a checkpoint."""
        prepare(self, network, self.early_stopping, resumed=state is not None, incremental=incremental)
        if state is not None:
            split = _held_out.resumed(self, state, rows, given)
        else:
            self._draw_bits(random_state, incremental)
            split = np.arange(rows.X.shape[0]), None
            if self.early_stopping and given is None:
                split = _held_out.split(self, rows, random_state)
        self._random_state = random_state
        training = Training(self, network, self._loss(), rows, split, given, random_state, self._bits)
        if state is not None:
            check_data(state["data"], training.data)
        return training

    def _start(self, sizes: tuple[int, ...], dtype: Any, random_state: Any) -> None:
        """Make a network with random weights."""
        self.n_iter_ = self.t_ = 0
        self.n_outputs_, self.n_layers_ = sizes[-1], len(sizes)
        self.out_activation_ = self._output_activation()
        self._network = self._new_network(sizes, dtype)
        initialise(self._network, random_state, self.init, self.activation, float(self.negative_slope))
        self.n_parameters_ = len(self._network.parameters)
        self.__dict__.update(views(self._network))
        self.history_: dict[str, list[float]] = {}
        for name in PROGRESS:
            self.__dict__.pop(name, None)

    def _new_network(self, sizes: tuple[int, ...], dtype: Any) -> Network:
        rates = self.dropout if np.ndim(self.dropout) else [self.dropout] * (len(sizes) - 2)
        return Network(sizes, dtype, self.activation, self.negative_slope, rates, self.batch_norm)

    def _draw_bits(self, random_state: Any, incremental: bool) -> None:
        """Make the generator of the dropout masks, if any; partial_fit goes on with the one it has."""
        if not np.any(np.greater(self.dropout, 0)):
            self._bits = None
        elif not incremental or getattr(self, "_bits", None) is None:
            self._bits = np.random.SFC64(random_state.randint(2**31))

    def _as_set(self, network: Network, sizes: tuple[int, ...]) -> Network:
        """Return the network with the activation and dropout of the parameters, which may have changed."""
        wanted, output = self._new_network(sizes, network.parameters.dtype), self._output_activation()
        fixed = network.sizes, len(network.statistics), self.out_activation_
        if fixed != (sizes, len(wanted.statistics), output):
            raise ValueError(
                f"The weights so far are those of a network of {network.sizes} units, "
                f"{'with' if len(network.statistics) else 'without'} batch_norm, whose output is "
                f"{self.out_activation_!r}. Got {sizes} units, batch_norm={self.batch_norm} and output "
                f"{output!r} instead; to begin anew, call fit with warm_start=False."
            )
        if network.recipe == wanted.recipe:
            return network
        wanted.restore(network.snapshot())
        return wanted

    def _current_network(self) -> Network:
        """Return the network, with what is in ``coefs_`` and ``intercepts_`` should they have been set."""
        network = self.__dict__.get("_network")
        sizes = (*(len(W) for W in self.coefs_), self.coefs_[-1].shape[1])
        if network is None or network.sizes != sizes:
            network = self._new_network(sizes, self.coefs_[0].dtype)
        for layer, W, b in zip(network.dense, self.coefs_, self.intercepts_, strict=True):
            if layer.weights is not W or layer.bias is not b:
                layer.weights[...], layer.bias[...] = W, b
        return network

    def _check_X(self, X: Any) -> Any:
        """Return X as rows of the type of the weights; quickly where it is such already."""
        dtype = self._network.parameters.dtype if "_network" in vars(self) else self.coefs_[0].dtype
        if is_valid(X, self, dtype):
            return X
        return validate_data(self, X, accept_sparse="csr", dtype=dtype, reset=False)

    def _outputs(self, X: Any) -> np.ndarray:
        """Return what the output activation gives, (n, n_outputs)."""
        if not hasattr(self, "coefs_"):
            check_is_fitted(self)
        X = self._check_X(X)
        return LOSS_OF[self.out_activation_].activate(self._current_network().scores(X))

    def _check_rows(
        self, X: Any, y: Any, dtype: Any, reset: bool, y_numeric: bool = False
    ) -> tuple[Any, np.ndarray]:
        """Return X and y as arrays; a column of targets is one target."""
        as_rows = {"accept_sparse": "csr", "dtype": dtype, "reset": reset}
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=y_numeric, **as_rows)
        return X, column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    def _loss(self) -> Any:
        return LOSS_OF[self.out_activation_]

    def _weigh(self, y: np.ndarray, weight: Any, dtype: Any) -> Any:
        """Return the weights of the rows."""
        return weight

    def _strata(self, y: np.ndarray) -> np.ndarray | None:
        """Return what the split for early stopping keeps the shares of, if anything."""
        return None

    def _input_dtype(self, free: bool) -> Any:
        """Return the types that X may have: those of the weights, unless they are `free`."""
        if not free:
            return self.coefs_[0].dtype
        return (np.float64, np.float32) if self.dtype == "auto" else self.dtype


def is_valid(X: Any, model: BaseMLP, dtype: Any) -> bool:
    """Tell whether `validate_data` would return X as it is; its checks take longer than one row."""
    return (
        type(X) is np.ndarray
        and X.dtype == dtype
        and X.ndim == 2
        and X.shape[1] == model.n_features_in_
        and X.shape[0] > 0
        and not hasattr(model, "feature_names_in_")
        and bool(np.isfinite(X).all())
    )
