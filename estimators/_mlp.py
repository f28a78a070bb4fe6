"""What the two networks share: their parameters, fitting, checkpoints, and the views of the weights."""

import inspect
import os
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.model_selection import train_test_split
from sklearn.utils import Tags, check_consistent_length, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators._callbacks import FitTask
from estimators._layers import ACTIVATIONS, Network, initialise
from estimators._lbfgs import fit_lbfgs
from estimators._losses import LOSS_OF
from estimators._params import Interval, Options, StrOptions, check_sample_weight, fit_context
from estimators._progress import prepare, resume, snapshot, views
from estimators._summary import as_mermaid, as_table
from estimators._training import Rows, Training

STOCHASTIC = ("adam", "rmsprop", "sgd")

FREE = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)  # *args, **parameters


def with_parameters_of(parent: Callable) -> Callable[[Callable], Callable]:
    """Let an ``__init__`` with ``**parameters`` show those of its parent, which stand there and nowhere else."""

    def decorate(init: Callable) -> Callable:
        own = [p for p in inspect.signature(init).parameters.values() if p.kind not in FREE]
        names = {p.name for p in own}
        theirs = [p for p in inspect.signature(parent).parameters.values() if p.name not in names]
        signature = inspect.Signature(sorted(own + theirs, key=lambda p: p.kind))
        init.__signature__ = signature  # type: ignore[attr-defined]
        return init

    return decorate


class BaseMLP(CallbackSupportMixin, BaseEstimator):
    """The parameters of both networks, and how they are fitted."""

    _parameter_constraints: dict = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "solver": [StrOptions({"lbfgs", *STOCHASTIC})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left"), Options(Real, {np.inf})],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left"), "array-like"],
        "batch_norm": ["boolean"],
        "l1": [Interval(Real, 0, None, closed="left")],
        "rho": [Interval(Real, 0, 1, closed="left")],
        "negative_slope": [Interval(Real, 0, 1, closed="left")],
        "init": [StrOptions({"glorot", "he"})],
        "dtype": [StrOptions({"auto", "float32", "float64"})],
    }

    coefs_: list[np.ndarray]
    intercepts_: list[np.ndarray]
    n_features_in_: int
    n_outputs_: int
    out_activation_: str
    n_iter_: int
    _network: Network

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: Any = 0.0,
        batch_norm: bool = False,
        l1: float = 0.0,
        rho: float = 0.9,
        negative_slope: float = 0.01,
        init: str = "glorot",
        dtype: str = "auto",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.batch_norm = batch_norm
        self.l1 = l1
        self.rho = rho
        self.negative_slope = negative_slope
        self.init = init
        self.dtype = dtype

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
            Held-out rows for ``history_`` and, with `early_stopping`, in place of the internal split. In a
            Pipeline ``transform_input=["X_val"]`` takes `X_val` through the earlier steps.

        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the held-out rows.

        resume_from : str or path, default=None
            A file that the callback :class:`pipelines.Checkpoint` wrote while a model with these parameters
            was fitted to these data: training goes on after its last epoch, exactly. `max_iter` may
            differ. A joblib file runs code when it is loaded: resume from files of your own.

        Returns
        -------
        self : MLPClassifier or MLPRegressor

        Raises
        ------
        ValueError
            If the input is not valid, the loss is no longer finite (the message says in which epoch; the
            weights of the epoch before are kept), or the checkpoint is of another kind of training.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` ended the training, or, with `early_stopping`, the loss was no longer finite.
        UserWarning
            If training was interrupted (what was learned is kept), or `batch_size` exceeds the rows.
        """
        held_out = X_val, y_val, sample_weight_val
        return self._fit(X, y, sample_weight, held_out=held_out, resume_from=resume_from)

    def summary(self) -> str:
        """Return the layers as a table: output shape, parameters, memory, and totals.

        Returns
        -------
        table : str
        """
        check_is_fitted(self)
        return as_table(self._current_network(), self.out_activation_)

    def to_mermaid(self) -> str:
        """Return the network as a graph in Mermaid, which Markdown viewers draw.

        Returns
        -------
        graph : str
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
        state = dict(super().__getstate__())
        if "_network" in state:  # the vector holds them
            del state["coefs_"], state["intercepts_"]
        return state

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        super().__setstate__(state)
        if "_network" in vars(self):
            vars(self).update(views(self._network))

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
        state = None if resume_from is None else resume(self, resume_from)
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental or state)
        if first:  # should the fit fail, no old weights stand beside new features
            for name in ("coefs_", "intercepts_", "_network", "n_parameters_"):
                self.__dict__.pop(name, None)
        X, y = self._validate(X, y, reset=first, incremental=incremental)
        weight = None if sample_weight is None else check_sample_weight(sample_weight, X, dtype=X.dtype)
        rows = Rows(X, self._encode(y, X.dtype), self._weigh(y, weight, X.dtype))
        sizes = (X.shape[1], *hidden, rows.y.shape[1] if rows.y.ndim > 1 else len(self.classes_))
        random_state = check_random_state(self.random_state) if state is None else state["random_state"]
        if first:
            self._start(sizes, X.dtype, random_state)
        network = self._network = self._current_network()
        if network.sizes != sizes:
            raise ValueError(
                f"The weights so far are those of a network of {network.sizes} units. Got {sizes} instead; "
                "to begin anew, call fit with warm_start=False."
            )
        vars(self).update(views(network))
        task = FitTask(self, self.max_iter, X, y, sample_weight)
        self._train(network, rows, held_out, random_state, state, task, incremental)
        if not np.isfinite(network.parameters).all():
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large values and "
                "need to be preprocessed."
            )
        task.close(lambda: snapshot(self))
        return self

    def _train(
        self,
        network: Network,
        rows: Rows,
        held_out: tuple[Any, Any, Any],
        random_state: Any,
        state: Any,
        task: FitTask,
        incremental: bool,
    ) -> None:
        """Run the solver."""
        loss = LOSS_OF[self.out_activation_]
        given = self._check_held_out(*held_out, dtype=rows.X.dtype)
        if self.solver == "lbfgs":
            fit_lbfgs(self, network, loss, rows, given, task, lambda: snapshot(self))
            return
        early = self.early_stopping and not incremental
        prepare(self, network, early, resumed=state is not None, incremental=incremental)
        bits = None
        if state is not None:
            bits, order, val = state["bits"], state["order"], state["validation_rows"]
            if len(order) + (0 if val is None else len(val)) != rows.X.shape[0]:
                raise ValueError("The checkpoint was made with another number of rows.")
        else:
            if np.any(np.greater(self.dropout, 0)):
                bits = self._draw_bits(random_state, incremental)
            order, val = self._split(rows, random_state, split=early and given is None)
        validation = given if val is None else rows.take(val)
        training = Training(self, network, loss, rows, order, validation, random_state, bits)
        self._random_state = random_state
        done = state is not None and self._no_improvement_count > self.n_iter_no_change
        training.run(
            task, lambda: snapshot(self, {**training.state(), "validation_rows": val}), incremental, done
        )

    def _start(self, sizes: tuple[int, ...], dtype: Any, random_state: Any) -> None:
        """Make a network with random weights."""
        self.n_iter_ = self.t_ = 0
        self.n_outputs_, self.n_layers_ = sizes[-1], len(sizes)
        self.out_activation_ = self._output_activation()
        self._network = self._new_network(sizes, dtype)
        initialise(self._network, random_state, self.init, self.activation, float(self.negative_slope))
        self.n_parameters_ = len(self._network.parameters)
        vars(self).update(views(self._network))
        self.history_: dict[str, list[float]] = {}
        for name in ("loss_curve_", "_no_improvement_count", "validation_scores_", "_optimizer", "_bits"):
            self.__dict__.pop(name, None)

    def _new_network(self, sizes: tuple[int, ...], dtype: Any) -> Network:
        rates = self.dropout if np.ndim(self.dropout) else [self.dropout] * (len(sizes) - 2)
        return Network(sizes, dtype, self.activation, self.negative_slope, rates, self.batch_norm)

    def _draw_bits(self, random_state: Any, incremental: bool) -> Any:
        """Return the generator of the dropout masks; partial_fit goes on with the one it has."""
        if not incremental or not hasattr(self, "_bits"):
            self._bits = np.random.SFC64(random_state.randint(2**31))
        return self._bits

    def _split(self, rows: Rows, random_state: Any, split: bool) -> tuple[np.ndarray, np.ndarray | None]:
        """Return which rows to train on and, with early stopping, which to hold out."""
        every = np.arange(rows.X.shape[0])
        if not split:
            return every, None
        train, held_out = train_test_split(
            every,
            random_state=random_state,
            test_size=self.validation_fraction,
            stratify=self._strata(rows.y),
        )
        if len(held_out) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of your dataset."
            )
        return train, held_out

    def _current_network(self) -> Network:
        """Return the network, with the weights of ``coefs_`` and ``intercepts_`` should someone have set them."""
        network = self.__dict__.get("_network")
        sizes = (*(len(W) for W in self.coefs_), self.coefs_[-1].shape[1])
        if network is None or network.sizes != sizes:
            network = self._new_network(sizes, self.coefs_[0].dtype)
        for layer, W, b in zip(network.dense, self.coefs_, self.intercepts_, strict=True):
            if layer.weights is not W or layer.bias is not b:
                layer.weights[...], layer.bias[...] = W, b
        return network

    def _check_settings(self, incremental: bool, resume_from: Any) -> list[int]:
        """Return the sizes of the hidden layers; check what depends on several parameters."""
        sizes = self.hidden_layer_sizes
        hidden = [int(n) for n in (sizes if hasattr(sizes, "__iter__") else [sizes])]
        if any(n <= 0 for n in hidden):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {hidden}.")
        rates = np.asarray(self.dropout, dtype=float)
        if rates.ndim and (rates.shape != (len(hidden),) or (rates < 0).any() or (rates >= 1).any()):
            raise ValueError(
                f"The 'dropout' parameter of {type(self).__name__} must be a float in the range [0, 1), or one "
                f"for each of the {len(hidden)} hidden layers. Got {self.dropout!r} instead."
            )
        stochastic = {"dropout": rates.any(), "batch_norm": self.batch_norm, "l1": self.l1}
        stochastic["resume_from"] = resume_from is not None
        refused = [name for name, value in stochastic.items() if value]
        if self.solver == "lbfgs" and refused:
            raise ValueError(
                f"{', '.join(refused)}: only for the solvers {', '.join(STOCHASTIC)}. Got solver='lbfgs' instead."
            )
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        return hidden

    def _check_stochastic(self) -> bool:
        if self.solver not in STOCHASTIC:
            raise AttributeError(
                f"partial_fit is only available for stochastic optimizers. {self.solver} is not stochastic."
            )
        return True

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

    def _check_held_out(self, X: Any, y: Any, weight: Any, dtype: Any) -> Rows | None:
        """Return the rows that were passed for validation."""
        if X is None and y is None:
            return None
        if X is None or y is None:
            given, missing = ("X_val", "y_val") if y is None else ("y_val", "X_val")
            raise ValueError(f"{given} is provided, but {missing} was not provided.")
        X = validate_data(self, X, accept_sparse="csr", dtype=dtype, reset=False)
        y = self._encode(self._check_y(y), dtype)
        check_consistent_length(X, y)
        weight = None if weight is None else check_sample_weight(weight, X, dtype=dtype)
        return Rows(X, y, weight)

    def _input_dtype(self, reset: bool) -> Any:
        """Return the types that X may have."""
        if not reset:
            return self.coefs_[0].dtype
        return (np.float64, np.float32) if self.dtype == "auto" else self.dtype


def is_valid(X: Any, model: BaseMLP, dtype: Any) -> bool:
    """Tell whether `validate_data` would return X as it is; for one row its checks take longer than the rest."""
    return (
        type(X) is np.ndarray
        and X.dtype == dtype
        and X.ndim == 2
        and X.shape[1] == model.n_features_in_
        and X.shape[0] > 0
        and not hasattr(model, "feature_names_in_")
        and bool(np.isfinite(X).all())
    )
