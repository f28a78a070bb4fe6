"""The shared parameters of `MLPClassifier` and `MLPRegressor`: their types and valid values."""

from numbers import Integral, Real
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from sklearn.base import BaseEstimator

from estimators._common.scikit_learn import Interval, Options, StrOptions

MatrixLike: TypeAlias = ArrayLike | sparse.sparray | sparse.spmatrix
"""The types that users can pass as X: an array, a data frame or a sparse matrix."""

Activation = Literal["gelu", "identity", "leaky_relu", "logistic", "relu", "silu", "tanh"]
Solver = Literal["adam", "lbfgs", "rmsprop", "sgd"]
Schedule = Literal["adaptive", "constant", "cosine", "invscaling", "plateau"]
Stopping = Literal["loss", "score"]
Initialization = Literal["glorot", "he"]
Precision = Literal["auto", "float32", "float64"]

STOCHASTIC_SOLVERS = ("adam", "rmsprop", "sgd")


class Settings(BaseEstimator):
    """The shared parameters, which are documented in :class:`estimators.MLPClassifier`."""

    hidden_layer_sizes: ArrayLike
    activation: Activation
    solver: Solver
    alpha: float
    batch_size: int | Literal["auto"]
    learning_rate: Schedule
    learning_rate_init: float
    power_t: float
    max_iter: int
    shuffle: bool
    random_state: int | np.random.RandomState | None
    tol: float
    verbose: bool | int
    warm_start: bool
    momentum: float
    nesterovs_momentum: bool
    early_stopping: bool | Stopping
    validation_fraction: float
    beta_1: float
    beta_2: float
    epsilon: float
    n_iter_no_change: float
    max_fun: int
    dropout: ArrayLike
    batch_norm: bool
    l1: float
    rho: float
    negative_slope: float
    init: Initialization
    dtype: Precision
    warmup_fraction: float
    weight_decay: float
    clip_norm: float | None
    refit: bool

    _parameter_constraints: dict[str, list[Any]] = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(get_args(Activation)))],
        "solver": [StrOptions(set(get_args(Solver)))],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions(set(get_args(Schedule)))],
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
        "early_stopping": ["boolean", StrOptions(set(get_args(Stopping)))],
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
        "init": [StrOptions(set(get_args(Initialization)))],
        "dtype": [StrOptions(set(get_args(Precision)))],
        "warmup_fraction": [Interval(Real, 0, 1, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "clip_norm": [Interval(Real, 0, None, closed="neither"), None],
        "refit": ["boolean"],
    }
