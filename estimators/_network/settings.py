"""The parameters of both networks: declared, documented and checked once."""

from numbers import Integral, Real
from operator import index
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from estimators._common.scikit_learn import Interval, Options, StrOptions
from estimators._network.network import ACTIVATIONS

STOCHASTIC = ("adam", "rmsprop", "sgd")


class Settings(BaseEstimator):
    """What both networks take and give; their docstrings repeat it.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of shape (n_hidden_layers,), default=(100,)
        The number of units of each hidden layer.

    activation : {"relu", "leaky_relu", "tanh", "logistic", "identity"}, default="relu"
        Of the hidden units: ``max(z, 0)``, ``max(z, negative_slope * z)``, ``tanh(z)``, ``1 / (1 + exp(-z))``
        or z.

    solver : {"adam", "sgd", "rmsprop", "lbfgs"}, default="adam"
        With the gradient g of a batch::

            adam     m = beta_1 * m + (1 - beta_1) * g;  v = beta_2 * v + (1 - beta_2) * g**2
                     w -= rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)
            sgd      u = momentum * u - rate * g;  w += u
                     w += momentum * u - rate * g, in place of w += u, with nesterovs_momentum
            rmsprop  v = rho * v + (1 - rho) * g**2;  w -= rate * g / (sqrt(v) + epsilon)

        "lbfgs" takes all rows at once, in float64; without `dropout`, `batch_norm` and `l1`.

    alpha : float, default=0.0001
        Strength of the L2 penalty: ``alpha / 2 * sum(w**2) / n`` is added to the loss of a batch of n rows
        (or of weight n), ``alpha * w / n`` to the gradient. Biases have no penalty.

    batch_size : int or "auto", default="auto"
        Rows of a batch; "auto" is ``min(200, n_samples)``.

    learning_rate : {"constant", "invscaling", "adaptive"}, default="constant"
        Of "sgd": fixed; ``rate = learning_rate_init / (t_ + 1)**power_t`` after each epoch; or divided by 5
        when `n_iter_no_change` epochs have brought no improvement, until it is below 1e-6.

    learning_rate_init : float, default=0.001
        The rate of the first step.

    power_t : float, default=0.5
        Exponent of "invscaling".

    max_iter : int, default=200
        The most epochs (iterations of "lbfgs").

    shuffle : bool, default=True
        Whether each epoch takes the rows in a new order.

    random_state : int, RandomState instance or None, default=None
        Draws the weights, the split for early stopping, the order of the rows and the dropout, so that an int
        gives the same network every time: scikit-learn's, where it has the same parameters.

    tol : float, default=1e-4
        Less of an improvement of the loss (with `early_stopping`, of the validation score) counts as none. Of
        "lbfgs" the largest component of the gradient.

    verbose : bool or int, default=False
        Whether to print the loss of each epoch, and the score of held-out rows; "lbfgs" prints nothing.

    warm_start : bool, default=False
        Whether :meth:`fit` goes on from the weights that there are.

    momentum : float, default=0.9
        Of "sgd", 0 to 1.

    nesterovs_momentum : bool, default=True
        Of "sgd".

    early_stopping : bool, default=False
        Whether the score of held-out rows decides when to stop, and which weights to keep: the best.

    validation_fraction : float, default=0.1
        Share of the rows to hold out for early stopping.

    beta_1 : float, default=0.9
        Of "adam".

    beta_2 : float, default=0.999
        Of "adam".

    epsilon : float, default=1e-8
        Of "adam" and "rmsprop".

    n_iter_no_change : int or inf, default=10
        Training stops after more than so many epochs in a row without improvement.

    max_fun : int, default=15000
        The most evaluations of the loss by "lbfgs".

    dropout : float or array-like of shape (n_hidden_layers,), default=0.0
        Share of the hidden units that a step leaves out, one for all layers or one for each:
        ``a = a * mask / (1 - dropout)``, the mask being 0 with probability `dropout`. Predictions leave
        nothing out.

    batch_norm : bool, default=False
        Whether hidden layers are normalised before the activation: ``z = scale * (z - mean) /
        sqrt(variance + 1e-5) + shift``, with mean and variance of the batch in training, and in
        prediction the running ones, ``running = 0.9 * running + 0.1 * batch``.

    l1 : float, default=0.0
        Strength of the L1 penalty: ``l1 * sum(abs(w)) / n`` is added to the loss of a batch,
        ``l1 * sign(w) / n`` to the gradient.

    rho : float, default=0.9
        Of "rmsprop".

    negative_slope : float, default=0.01
        Slope of "leaky_relu" below 0, less than 1.

    init : {"glorot", "he"}, default="glorot"
        Weights are uniform on [-b, b]. "glorot": ``b = sqrt(6 / (n_in + n_out))`` (2 in place of 6 for
        "logistic"), and biases too; "he": ``b = sqrt(6 / n_in)`` (``sqrt(6 / ((1 + negative_slope**2) *
        n_in))`` for "leaky_relu"), and biases are 0.

    dtype : {"auto", "float32", "float64"}, default="auto"
        In which type to train and predict; "auto" is float32 if `X` is and else float64.

    Attributes
    ----------
    coefs_ : list of ndarray of shape (n_in, n_out)
        The weights of each layer, views of one vector.

    intercepts_ : list of ndarray of shape (n_out,)
        The biases of each layer.

    batch_norm_ : list of dict of ndarray of shape (n_out,)
        "scale", "shift", "running_mean" and "running_variance" of each hidden layer; empty without
        `batch_norm`. The first two are learned.

    n_parameters_ : int
        Number of parameters, those of batch normalisation included.

    history_ : dict of lists
        "loss" and "score" of each epoch, on the batches as they were met (weights change on the way,
        dropout is on; the penalties are in the loss), and "val_loss" and "val_score" where rows were
        held out. "lbfgs" has no "score".

    loss_ : float
        The loss of the last epoch.

    loss_curve_ : list of float
        The loss of each epoch; not with "lbfgs".

    best_loss_ : float or None
        The smallest of them; None with `early_stopping`. Not with "lbfgs".

    validation_scores_ : list of float or None
        The score of each epoch on held-out rows, with `early_stopping`. Not with "lbfgs".

    best_validation_score_ : float or None
        The largest of them. Not with "lbfgs".

    t_ : int
        Number of rows that training has gone through.

    n_iter_ : int
        Number of epochs, or iterations of "lbfgs".

    n_layers_ : int
        Number of layers, those of input and output included.

    n_outputs_ : int
        Number of outputs.

    out_activation_ : str
        Name of the output activation.

    n_features_in_ : int
        Number of features.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` had names that are all strings.

    Notes
    -----
    An epoch takes O(n_samples * n_weights) time. Memory: the rows of a batch in each layer and five times the
    parameters (six with `early_stopping`), beyond the data.

    Callbacks (``set_callbacks``) see one subtask an epoch.

    What scikit-learn's class has, this one has alike, but for this:

    - Weights are the same to rounding, and each step adds to that. A long training, one on features that are
      not scaled, or "lbfgs" where the loss is flat, can end with other weights, after other epochs.
    - A loss that is not finite stops the training. Without `early_stopping` that is a ValueError, and the
      weights of the epoch before are kept; with it a warning, and the best are kept.
    - With "lbfgs" too float32 rows give float32 weights, and an interrupt keeps them.
    - A warm start with `early_stopping` keeps the best weights of all its fits, and must have the loss that
      it had; ``set_params(activation=...)`` and the like change the next fit, never what a fitted network
      predicts.
    - Numbers that are strings are read in ``predict`` as they are in ``fit``; there they are an error of
      scikit-learn's.
    """

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

    def _check_settings(self, incremental: bool, resume_from: Any) -> list[int]:
        """Return the sizes of the hidden layers; check what depends on several parameters."""
        hidden = self._hidden_sizes()
        rates = np.asarray(self.dropout, dtype=float)
        if rates.ndim and (rates.shape != (len(hidden),) or not ((rates >= 0) & (rates < 1)).all()):
            raise ValueError(
                f"The 'dropout' parameter of {type(self).__name__} must be a float in the range [0, 1), or "
                f"one for each of the {len(hidden)} hidden layers. Got {self.dropout!r} instead."
            )
        stochastic = {"dropout": rates.any(), "batch_norm": self.batch_norm, "l1": self.l1}
        stochastic["resume_from"] = resume_from is not None
        refused = [name for name, value in stochastic.items() if value]
        if self.solver == "lbfgs" and refused:
            raise ValueError(
                f"{', '.join(refused)}: only for the solvers {', '.join(STOCHASTIC)}. "
                "Got solver='lbfgs' instead."
            )
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        return hidden

    def _hidden_sizes(self) -> list[int]:
        """Return `hidden_layer_sizes` as a list."""
        sizes = self.hidden_layer_sizes
        given = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
        if any(isinstance(n, bool) for n in given):
            raise TypeError(
                f"The 'hidden_layer_sizes' parameter of {type(self).__name__} must be an int or an "
                f"array-like of int. Got {sizes!r} instead."
            )
        hidden = [index(n) for n in given]
        if any(n <= 0 for n in hidden):
            raise ValueError(f"hidden_layer_sizes must be > 0, got {hidden}.")
        return hidden

    def _check_stochastic(self) -> bool:
        if self.solver not in STOCHASTIC:
            raise AttributeError(
                f"partial_fit is only available for stochastic optimizers. {self.solver} is not stochastic."
            )
        return True
