"""Multi-layer perceptrons: scikit-learn's two classes, faster and with more features."""

import os
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import Tags, check_array, column_or_1d
from sklearn.utils.multiclass import type_of_target, unique_labels

from estimators._common.labels import class_weights
from estimators._common.scikit_learn import (
    StrOptions,
    available_if,
    check_partial_fit_first_call,
    fit_context,
    with_callbacks,
)
from estimators._network.base import BaseMLP
from estimators._network.layers import Features
from estimators._network.losses import LOSS_OF, ONE_CLASS, Loss, Weight
from estimators._network.settings import Activation, Initialization, MatrixLike, Precision, Schedule, Solver


class MLPClassifier(ClassifierMixin, BaseMLP):
    """Multi-layer perceptron classifier: scikit-learn's MLPClassifier, faster and with more features.

    It minimises the cross-entropy (log loss) on batches of rows. The output activation is a softmax over the
    classes, or a logistic function for two classes and for several labels a row. Parameters, defaults,
    attributes and errors are scikit-learn's, and the same `random_state` gives the same weights up to
    rounding (see the notes). New are `dropout`, `batch_norm`, `l1`, "rmsprop", "leaky_relu", `init`,
    `class_weight`, `dtype`, ``history_``, your own held-out rows, callbacks, checkpoints, :meth:`summary` and
    :meth:`to_mermaid`.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of shape (n_hidden_layers,), default=(100,)
        Number of units in each hidden layer.

    activation : {"relu", "leaky_relu", "tanh", "logistic", "identity"}, default="relu"
        Activation function of the hidden layers: ``max(z, 0)``, ``max(z, negative_slope * z)``, ``tanh(z)``,
        ``1 / (1 + exp(-z))`` or ``z``.

    solver : {"adam", "sgd", "rmsprop", "lbfgs"}, default="adam"
        Algorithm that updates the weights w with the gradient g of a batch::

            adam     m = beta_1 * m + (1 - beta_1) * g;  v = beta_2 * v + (1 - beta_2) * g**2
                     w -= rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)
            sgd      u = momentum * u - rate * g;  w += u
                     with nesterovs_momentum, w += momentum * u - rate * g replaces w += u
            rmsprop  v = rho * v + (1 - rho) * g**2;  w -= rate * g / (sqrt(v) + epsilon)

        "lbfgs" uses all rows in each iteration and computes in float64. It does not support `dropout`,
        `batch_norm` and `l1`.

    alpha : float, default=0.0001
        Strength of the L2 penalty. It adds ``alpha / 2 * sum(w**2) / n`` to the loss of a batch of n rows (or
        of total weight n), and ``alpha * w / n`` to its gradient. Biases are not penalised.

    batch_size : int or "auto", default="auto"
        Number of rows in a batch. "auto" is ``min(200, n_samples)``.

    learning_rate : {"constant", "invscaling", "adaptive"}, default="constant"
        Learning rate schedule. Only used when ``solver="sgd"``. "constant" keeps `learning_rate_init`.
        "invscaling" sets the rate to ``learning_rate_init / (t_ + 1)**power_t`` after each epoch. "adaptive"
        divides the rate by 5 after `n_iter_no_change` epochs without improvement, until it is below 1e-6.

    learning_rate_init : float, default=0.001
        Initial learning rate, which scales each update.

    power_t : float, default=0.5
        Exponent of the "invscaling" schedule. Only used when ``solver="sgd"``.

    max_iter : int, default=200
        Maximum number of epochs, or of iterations when ``solver="lbfgs"``.

    shuffle : bool, default=True
        Whether to shuffle the rows before each epoch.

    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, the split for early stopping, the order of the rows and the dropout
        masks. Pass an int to get the same network every time. It is scikit-learn's network if scikit-learn
        has all the parameters that are set.

    tol : float, default=1e-4
        Minimum improvement of the training loss, or of the validation score with `early_stopping`. An epoch
        that improves less counts for `n_iter_no_change`. When ``solver="lbfgs"``, the search stops once no
        component of the gradient is larger than `tol`.

    verbose : bool or int, default=False
        Whether to print the loss of each epoch and the score of held-out rows. "lbfgs" prints nothing.

    warm_start : bool, default=False
        Whether :meth:`fit` continues from the current weights instead of new ones.

    momentum : float, default=0.9
        Momentum of SGD updates, in [0, 1]. Only used when ``solver="sgd"``.

    nesterovs_momentum : bool, default=True
        Whether to use Nesterov's momentum. Only used when ``solver="sgd"``.

    early_stopping : bool, default=False
        Whether to monitor the score of held-out rows instead of the training loss. Training stops when the
        score no longer improves, and the model keeps the weights of the epoch with the highest score.

    validation_fraction : float, default=0.1
        Share of the rows to hold out. Only used when `early_stopping` is True and no `X_val` is passed.

    beta_1 : float, default=0.9
        Decay rate of Adam's moving average of the gradients, in [0, 1). Only used when ``solver="adam"``.

    beta_2 : float, default=0.999
        Decay rate of Adam's moving average of the squared gradients, in [0, 1). Only used when
        ``solver="adam"``.

    epsilon : float, default=1e-8
        Small number that avoids division by zero. Only used when `solver` is "adam" or "rmsprop".

    n_iter_no_change : int or inf, default=10
        Training stops after more than this number of epochs in a row without an improvement of `tol`. Not
        used when ``solver="lbfgs"``.

    max_fun : int, default=15000
        Maximum number of evaluations of the loss. Only used when ``solver="lbfgs"``.

    dropout : float or array-like of shape (n_hidden_layers,), default=0.0
        Share of the hidden units that are set to zero at random in each training step: one rate for all
        hidden layers, or one for each. ``a = a * mask / (1 - dropout)``, where each value of the mask is 0
        with probability `dropout`. Predictions use all units.

    batch_norm : bool, default=False
        Whether to apply batch normalisation (batch normalization) before the activation of each hidden layer:
        ``z = scale * (z - mean) / sqrt(variance + 1e-5) + shift``. Training uses the mean and variance of
        the batch. Prediction uses running ones, ``running = 0.9 * running + 0.1 * batch``.

    l1 : float, default=0.0
        Strength of the L1 penalty. It adds ``l1 * sum(abs(w)) / n`` to the loss of a batch, and
        ``l1 * sign(w) / n`` to its gradient. Biases are not penalised.

    rho : float, default=0.9
        Decay rate of RMSprop's moving average of the squared gradients, in [0, 1). Only used when
        ``solver="rmsprop"``.

    negative_slope : float, default=0.01
        Slope of the activation for negative inputs, in [0, 1). Only used when ``activation="leaky_relu"``.

    init : {"glorot", "he"}, default="glorot"
        Initialisation of the weights, which are uniform on [-b, b]. "glorot" sets
        ``b = sqrt(6 / (n_in + n_out))``, with 2 instead of 6 when ``activation="logistic"``, and draws the
        biases from the same interval. "he" sets ``b = sqrt(6 / n_in)``, or
        ``b = sqrt(6 / ((1 + negative_slope**2) * n_in))`` when ``activation="leaky_relu"``, and the biases
        to 0.

    dtype : {"auto", "float32", "float64"}, default="auto"
        Type of the weights and of the computations. "auto" is float32 if `X` is float32, and otherwise
        float64.

    class_weight : dict, "balanced" or None, default=None
        Weight of each class, which multiplies `sample_weight`. "balanced" is ``n_samples / (n_classes *
        bincount(y))``. Not supported for several labels a row.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted.

    coefs_ : list of ndarray of shape (n_in, n_out)
        The weights of each layer. The arrays are views of one vector.

    intercepts_ : list of ndarray of shape (n_out,)
        The biases of each layer.

    batch_norm_ : list of dict of ndarray of shape (n_out,)
        The arrays "scale", "shift", "running_mean" and "running_variance" of each hidden layer. The list is
        empty without `batch_norm`.

    n_parameters_ : int
        Number of trained parameters: weights, biases, and the scales and shifts of batch normalisation.

    history_ : dict of lists
        The "loss" and "score" of each epoch, and its "val_loss" and "val_score" if there are held-out rows.
        The first two are computed during the epoch, on batches with dropout and while the weights change, and
        the loss includes the penalties. "lbfgs" records no "score".

    loss_ : float
        The training loss of the last epoch.

    loss_curve_ : list of float
        The training loss of each epoch. Not set by "lbfgs".

    best_loss_ : float or None
        The lowest training loss reached. None with `early_stopping`; not set by "lbfgs".

    validation_scores_ : list of float or None
        The validation score of each epoch. None without `early_stopping`; not set by "lbfgs".

    best_validation_score_ : float or None
        The highest validation score reached. None without `early_stopping`; not set by "lbfgs".

    t_ : int
        Number of rows that training has gone through, each counted once an epoch.

    n_iter_ : int
        Number of epochs, or of iterations of "lbfgs", in the last fit.

    n_layers_ : int
        Number of layers, including the input and the output layer.

    n_outputs_ : int
        Number of outputs.

    out_activation_ : str
        Name of the output activation function.

    n_features_in_ : int
        Number of features seen during :meth:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during :meth:`fit`. Only defined if all names in `X` are strings.

    Notes
    -----
    An epoch takes O(n_samples * n_weights) time. Besides the data, training needs memory for the outputs of
    each layer for one batch, and for five times the parameters (six times with `early_stopping`).

    Callbacks that are set with ``set_callbacks`` see one subtask for each epoch.

    The results are those of scikit-learn's MLPClassifier, except for the following:

    - Weights are equal up to rounding, and the differences grow with each step. A long training, unscaled
      features, or "lbfgs" on a flat loss can end with other weights after another number of epochs.
    - Training stops if the loss becomes infinite or NaN. Without `early_stopping` this raises a ValueError,
      and the model keeps the weights of the epoch before. With it this is a warning, and the model keeps the
      best weights.
    - With "lbfgs" too, float32 rows give float32 weights, and an interrupted fit keeps its weights.
    - A warm start with `early_stopping` keeps the best weights of all its fits, and must have the same loss.
      Changing a parameter such as `activation` affects the next fit, but not the predictions of a fitted
      network.
    - ``predict`` accepts numbers given as strings, as ``fit`` does.

    References
    ----------
    Kingma, D. P. and Ba, J. (2015). Adam: a method for stochastic optimization. ICLR. Algorithm 1, and the
    reordering at the end of section 2.

    Srivastava, N. et al. (2014). Dropout. Journal of Machine Learning Research 15, 1929-1958.

    Ioffe, S. and Szegedy, C. (2015). Batch normalization. ICML. Algorithms 1 and 2.

    Glorot, X. and Bengio, Y. (2010). AISTATS. Equation 16. He, K. et al. (2015). ICCV. Equations 10 and 15.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from estimators import MLPClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> net = MLPClassifier(32, dropout=0.1, max_iter=15, n_iter_no_change=15, tol=0, random_state=0,
    ...                     learning_rate_init=0.01, early_stopping=True)
    >>> import warnings
    >>> with warnings.catch_warnings(action="ignore"):  # 15 epochs are not enough to converge
    ...     net = net.fit(X[:1500] / 16, y[:1500])
    >>> net.score(X[1500:] / 16, y[1500:]) > 0.9
    True
    >>> print(net.summary())
    layer           output shape  parameters    memory
    --------------------------------------------------
    Dense 64 -> 32  (n, 32)            2,080  16.2 KiB
    ReLU            (n, 32)                0       0 B
    Dropout 0.1     (n, 32)                0       0 B
    Dense 32 -> 10  (n, 10)              330   2.6 KiB
    softmax         (n, 10)                0       0 B
    --------------------------------------------------
    total, float64                     2,410  18.8 KiB
    """

    classes_: np.ndarray

    _parameter_constraints: dict[str, list[Any]] = {
        **BaseMLP._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        hidden_layer_sizes: ArrayLike = (100,),
        activation: Activation = "relu",
        *,
        solver: Solver = "adam",
        alpha: float = 0.0001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: Schedule = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
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
        dropout: ArrayLike = 0.0,
        batch_norm: bool = False,
        l1: float = 0.0,
        rho: float = 0.9,
        negative_slope: float = 0.01,
        init: Initialization = "glorot",
        dtype: Precision = "auto",
        class_weight: dict[Any, float] | Literal["balanced"] | None = None,
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
        self.class_weight = class_weight

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: MatrixLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        resume_from: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Fit the network to data.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            The training rows. Other sparse formats are converted to CSR.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The class of each row. For several labels a row, a matrix of 0 and 1 with one column a label.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows in the loss and its gradient. If None, all rows have weight 1.

        X_val, y_val : as X and y, default=None
            Held-out rows. ``history_`` records their loss and score after each epoch, and `early_stopping`
            uses them instead of splitting off some of the training rows. A Pipeline transforms `X_val` only
            if its `transform_input` says so, as in the example. Rows passed as ``mlpclassifier__X_val`` are
            not transformed.

        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the held-out rows.

        resume_from : str or path, default=None
            File that the callback :class:`pipelines.Checkpoint` wrote while a model with the same parameters
            was fitted to the same data. Training continues after the last saved epoch and gives exactly the
            same result as a training without interruption. Only `max_iter`, `verbose` and `warm_start` may
            differ. Any other file is an error and leaves the model as it was. Loading a joblib file can run
            code, so only resume from files that you trust.

        Returns
        -------
        self : MLPClassifier
            The fitted network.

        Raises
        ------
        ValueError
            If the input is invalid, if the checkpoint is damaged or belongs to another training, or if the
            loss becomes infinite or NaN. In the last case the message names the epoch, and the model keeps
            the weights of the epoch before.
        TypeError
            If `hidden_layer_sizes` holds anything but whole numbers.

        Warns
        -----
        ConvergenceWarning
            If training reached `max_iter`, or if the loss became infinite or NaN with `early_stopping`.
        UserWarning
            If training was interrupted, in which case the model keeps its current weights, or if
            `batch_size` is larger than the number of rows.

        Examples
        --------
        >>> import sklearn
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklearn.preprocessing import StandardScaler
        >>> from estimators import MLPClassifier
        >>> X, y = [[0.0], [100.0], [200.0], [300.0]], ["low", "low", "high", "high"]
        >>> with sklearn.config_context(enable_metadata_routing=True):
        ...     net = MLPClassifier(tol=0.01, random_state=0).set_fit_request(X_val=True, y_val=True)
        ...     model = make_pipeline(StandardScaler(), net, transform_input=["X_val"])
        ...     model = model.fit(X, y, X_val=[[50.0], [250.0]], y_val=["low", "high"])
        >>> model.score([[50.0], [250.0]], ["low", "high"]) == net.history_["val_score"][-1]
        True
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val), resume_from)

    @available_if(BaseMLP._check_stochastic)
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Update the network with one epoch over the given rows.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            The training rows.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The class or the labels of each row, as in :meth:`fit`.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, as in :meth:`fit`.

        classes : array-like of shape (n_classes,), default=None
            All classes that can occur in any call. Required in the first call.

        Returns
        -------
        self : MLPClassifier
            The updated network.

        Raises
        ------
        ValueError
            As in :meth:`fit`. Also if `classes` is missing in the first call or differs later, and with
            ``early_stopping=True`` or ``class_weight="balanced"``.
        TypeError
            As in :meth:`fit`.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported for partial_fit, because the weights depend on all "
                "rows. Pass the weights that compute_class_weight returns as a dict."
            )
        if check_partial_fit_first_call(self, classes):
            multilabel = type_of_target(y).startswith("multilabel")
            self._label_binarizer = LabelBinarizer().fit(y if multilabel else classes)
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: MatrixLike) -> np.ndarray:
        """Return the most probable class of each row, or all labels with a probability above 1/2.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            The rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            The predicted classes, or for several labels a row a matrix of 0 and 1.
        """
        P = self._outputs(X)
        if self.out_activation_ == "softmax":
            return self.classes_[P.argmax(axis=1)]
        if self._is_multilabel():
            return self._label_binarizer.inverse_transform(P)
        return self.classes_[(P[:, 0] > 0.5).astype(int) if len(self.classes_) > 1 else [0] * len(P)]

    def predict_proba(self, X: MatrixLike) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            The rows to predict.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            The probabilities, in the order of ``classes_``. For several labels a row, each column is the
            probability of one label, and a row need not sum to 1.
        """
        P = self._outputs(X)
        return np.hstack([1 - P, P]) if self.n_outputs_ == 1 else P

    def predict_log_proba(self, X: MatrixLike) -> np.ndarray:
        """Return the logarithm of :meth:`predict_proba`.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            The rows to predict.

        Returns
        -------
        log_proba : ndarray of shape (n_samples, n_classes)
            The log-probabilities, ``-inf`` for a probability of 0.
        """
        P = self.predict_proba(X)
        return np.log(P, out=P)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _check_targets(self, y: np.ndarray, is_new: bool) -> None:
        """Set ``classes_``, or check that y has no others."""
        if is_new:
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
            return
        classes = unique_labels(y)
        if self.warm_start and set(classes) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {classes}"
            )
        self._check_known(classes, "y")

    def _encode_val(self, y_val: ArrayLike, n_outputs: int, dtype: np.dtype) -> np.ndarray:
        """Check ``y_val`` and return it as :meth:`_encode` does."""
        y: np.ndarray = check_array(
            y_val, accept_sparse="csr", ensure_2d=False, allow_nd=True, dtype=None, input_name="y_val"
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        several = self._is_multilabel()
        if y.ndim != 1 + several or (several and y.shape[1] != n_outputs):
            wanted = f"shape (n_val, {n_outputs})" if several else "shape (n_val,)"
            raise ValueError(f"y_val must have the {wanted}, as y. Got the shape {y.shape} instead.")
        self._check_known(unique_labels(y), "y_val")
        return self._encode(y, dtype)

    def _check_known(self, classes: np.ndarray, name: str) -> None:
        if len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`{name}` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. "
                f"'{name}' has {classes}."
            )

    def _encode(self, y: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Return class codes, (n,), or a matrix of 0 and 1, (n, n_outputs)."""
        if self._label_binarizer.y_type_ == "multiclass" and y.ndim == 1:  # otherwise the binarizer raises
            return np.searchsorted(self.classes_, y)
        return self._label_binarizer.transform(y).astype(dtype)

    def _weigh(self, X: Features, y: np.ndarray, sample_weight: ArrayLike | None) -> Weight:
        """Return the weights of the rows, multiplied by those of their classes."""
        weight = super()._weigh(X, y, sample_weight)
        if self.class_weight is None:
            return weight
        if self._is_multilabel():
            raise ValueError("class_weight does not support several labels a row. Use sample_weight instead.")
        by_class = class_weights(self, self.classes_, y, weight).astype(X.dtype)
        weight = by_class[np.searchsorted(self.classes_, y)] * (1 if weight is None else weight)
        if not weight.any():
            raise ValueError("The sample weights times the class weights are all zero.")
        return weight

    def _is_multilabel(self) -> bool:
        return self._label_binarizer.y_type_.startswith("multilabel")

    def _loss(self) -> Loss:
        if len(self.classes_) == 1:
            return ONE_CLASS
        return LOSS_OF["softmax" if self._label_binarizer.y_type_ == "multiclass" else "logistic"]


class MLPRegressor(MultiOutputMixin, RegressorMixin, BaseMLP):
    """Multi-layer perceptron regressor: scikit-learn's MLPRegressor, faster and with more features.

    It minimises the squared error (mean squared error) or the Poisson deviance on batches of rows.
    Parameters, defaults, attributes and errors are scikit-learn's, and the same `random_state` gives the same
    weights up to rounding (see the notes). It has all additions of :class:`MLPClassifier` except
    `class_weight`.

    Parameters
    ----------
    loss : {"squared_error", "poisson"}, default="squared_error"
        The loss to minimise. "squared_error" is ``(z - y)**2 / 2``. "poisson", for counts, is
        ``y * log(y / exp(z)) - y + exp(z)``, and predictions are ``exp(z)``. With several outputs the
        reported squared error is their mean, while the gradient is that of their sum.

    hidden_layer_sizes : int or array-like of shape (n_hidden_layers,), default=(100,)
        Number of units in each hidden layer.

    activation : {"relu", "leaky_relu", "tanh", "logistic", "identity"}, default="relu"
        Activation function of the hidden layers: ``max(z, 0)``, ``max(z, negative_slope * z)``, ``tanh(z)``,
        ``1 / (1 + exp(-z))`` or ``z``.

    solver : {"adam", "sgd", "rmsprop", "lbfgs"}, default="adam"
        Algorithm that updates the weights w with the gradient g of a batch::

            adam     m = beta_1 * m + (1 - beta_1) * g;  v = beta_2 * v + (1 - beta_2) * g**2
                     w -= rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)
            sgd      u = momentum * u - rate * g;  w += u
                     with nesterovs_momentum, w += momentum * u - rate * g replaces w += u
            rmsprop  v = rho * v + (1 - rho) * g**2;  w -= rate * g / (sqrt(v) + epsilon)

        "lbfgs" uses all rows in each iteration and computes in float64. It does not support `dropout`,
        `batch_norm` and `l1`.

    alpha : float, default=0.0001
        Strength of the L2 penalty. It adds ``alpha / 2 * sum(w**2) / n`` to the loss of a batch of n rows (or
        of total weight n), and ``alpha * w / n`` to its gradient. Biases are not penalised.

    batch_size : int or "auto", default="auto"
        Number of rows in a batch. "auto" is ``min(200, n_samples)``.

    learning_rate : {"constant", "invscaling", "adaptive"}, default="constant"
        Learning rate schedule. Only used when ``solver="sgd"``. "constant" keeps `learning_rate_init`.
        "invscaling" sets the rate to ``learning_rate_init / (t_ + 1)**power_t`` after each epoch. "adaptive"
        divides the rate by 5 after `n_iter_no_change` epochs without improvement, until it is below 1e-6.

    learning_rate_init : float, default=0.001
        Initial learning rate, which scales each update.

    power_t : float, default=0.5
        Exponent of the "invscaling" schedule. Only used when ``solver="sgd"``.

    max_iter : int, default=200
        Maximum number of epochs, or of iterations when ``solver="lbfgs"``.

    shuffle : bool, default=True
        Whether to shuffle the rows before each epoch.

    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, the split for early stopping, the order of the rows and the dropout
        masks. Pass an int to get the same network every time. It is scikit-learn's network if scikit-learn
        has all the parameters that are set.

    tol : float, default=1e-4
        Minimum improvement of the training loss, or of the validation score with `early_stopping`. An epoch
        that improves less counts for `n_iter_no_change`. When ``solver="lbfgs"``, the search stops once no
        component of the gradient is larger than `tol`.

    verbose : bool or int, default=False
        Whether to print the loss of each epoch and the score of held-out rows. "lbfgs" prints nothing.

    warm_start : bool, default=False
        Whether :meth:`fit` continues from the current weights instead of new ones.

    momentum : float, default=0.9
        Momentum of SGD updates, in [0, 1]. Only used when ``solver="sgd"``.

    nesterovs_momentum : bool, default=True
        Whether to use Nesterov's momentum. Only used when ``solver="sgd"``.

    early_stopping : bool, default=False
        Whether to monitor the score of held-out rows instead of the training loss. Training stops when the
        score no longer improves, and the model keeps the weights of the epoch with the highest score.

    validation_fraction : float, default=0.1
        Share of the rows to hold out. Only used when `early_stopping` is True and no `X_val` is passed.

    beta_1 : float, default=0.9
        Decay rate of Adam's moving average of the gradients, in [0, 1). Only used when ``solver="adam"``.

    beta_2 : float, default=0.999
        Decay rate of Adam's moving average of the squared gradients, in [0, 1). Only used when
        ``solver="adam"``.

    epsilon : float, default=1e-8
        Small number that avoids division by zero. Only used when `solver` is "adam" or "rmsprop".

    n_iter_no_change : int or inf, default=10
        Training stops after more than this number of epochs in a row without an improvement of `tol`. Not
        used when ``solver="lbfgs"``.

    max_fun : int, default=15000
        Maximum number of evaluations of the loss. Only used when ``solver="lbfgs"``.

    dropout : float or array-like of shape (n_hidden_layers,), default=0.0
        Share of the hidden units that are set to zero at random in each training step: one rate for all
        hidden layers, or one for each. ``a = a * mask / (1 - dropout)``, where each value of the mask is 0
        with probability `dropout`. Predictions use all units.

    batch_norm : bool, default=False
        Whether to apply batch normalisation (batch normalization) before the activation of each hidden layer:
        ``z = scale * (z - mean) / sqrt(variance + 1e-5) + shift``. Training uses the mean and variance of
        the batch. Prediction uses running ones, ``running = 0.9 * running + 0.1 * batch``.

    l1 : float, default=0.0
        Strength of the L1 penalty. It adds ``l1 * sum(abs(w)) / n`` to the loss of a batch, and
        ``l1 * sign(w) / n`` to its gradient. Biases are not penalised.

    rho : float, default=0.9
        Decay rate of RMSprop's moving average of the squared gradients, in [0, 1). Only used when
        ``solver="rmsprop"``.

    negative_slope : float, default=0.01
        Slope of the activation for negative inputs, in [0, 1). Only used when ``activation="leaky_relu"``.

    init : {"glorot", "he"}, default="glorot"
        Initialisation of the weights, which are uniform on [-b, b]. "glorot" sets
        ``b = sqrt(6 / (n_in + n_out))``, with 2 instead of 6 when ``activation="logistic"``, and draws the
        biases from the same interval. "he" sets ``b = sqrt(6 / n_in)``, or
        ``b = sqrt(6 / ((1 + negative_slope**2) * n_in))`` when ``activation="leaky_relu"``, and the biases
        to 0.

    dtype : {"auto", "float32", "float64"}, default="auto"
        Type of the weights and of the computations. "auto" is float32 if `X` is float32, and otherwise
        float64.

    Attributes
    ----------
    coefs_ : list of ndarray of shape (n_in, n_out)
        The weights of each layer. The arrays are views of one vector.

    intercepts_ : list of ndarray of shape (n_out,)
        The biases of each layer.

    batch_norm_ : list of dict of ndarray of shape (n_out,)
        The arrays "scale", "shift", "running_mean" and "running_variance" of each hidden layer. The list is
        empty without `batch_norm`.

    n_parameters_ : int
        Number of trained parameters: weights, biases, and the scales and shifts of batch normalisation.

    history_ : dict of lists
        The "loss" and "score" of each epoch, and its "val_loss" and "val_score" if there are held-out rows.
        The first two are computed during the epoch, on batches with dropout and while the weights change, and
        the loss includes the penalties. "lbfgs" records no "score".

    loss_ : float
        The training loss of the last epoch.

    loss_curve_ : list of float
        The training loss of each epoch. Not set by "lbfgs".

    best_loss_ : float or None
        The lowest training loss reached. None with `early_stopping`; not set by "lbfgs".

    validation_scores_ : list of float or None
        The validation score of each epoch. None without `early_stopping`; not set by "lbfgs".

    best_validation_score_ : float or None
        The highest validation score reached. None without `early_stopping`; not set by "lbfgs".

    t_ : int
        Number of rows that training has gone through, each counted once an epoch.

    n_iter_ : int
        Number of epochs, or of iterations of "lbfgs", in the last fit.

    n_layers_ : int
        Number of layers, including the input and the output layer.

    n_outputs_ : int
        Number of outputs.

    out_activation_ : str
        Name of the output activation function.

    n_features_in_ : int
        Number of features seen during :meth:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during :meth:`fit`. Only defined if all names in `X` are strings.

    Notes
    -----
    An epoch takes O(n_samples * n_weights) time. Besides the data, training needs memory for the outputs of
    each layer for one batch, and for five times the parameters (six times with `early_stopping`).

    Callbacks that are set with ``set_callbacks`` see one subtask for each epoch.

    The results are those of scikit-learn's MLPRegressor, except for the following:

    - Weights are equal up to rounding, and the differences grow with each step. A long training, unscaled
      features, or "lbfgs" on a flat loss can end with other weights after another number of epochs.
    - Training stops if the loss becomes infinite or NaN. Without `early_stopping` this raises a ValueError,
      and the model keeps the weights of the epoch before. With it this is a warning, and the model keeps the
      best weights.
    - With "lbfgs" too, float32 rows give float32 weights, and an interrupted fit keeps its weights.
    - A warm start with `early_stopping` keeps the best weights of all its fits, and must have the same loss.
      Changing a parameter such as `activation` affects the next fit, but not the predictions of a fitted
      network.
    - ``predict`` accepts numbers given as strings, as ``fit`` does.
    - With ``loss="poisson"`` a negative y raises a ValueError. With "lbfgs" there is no ``partial_fit``, as
      for the classifier. scikit-learn's class allows both.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from estimators import MLPRegressor
    >>> X, y = make_regression(200, 5, random_state=0)
    >>> net = MLPRegressor(solver="lbfgs", max_iter=1000, random_state=0).fit(X, y / 100)
    >>> net.score(X, y / 100) > 0.99
    True
    >>> [W.shape for W in net.coefs_]
    [(5, 100), (100, 1)]
    """

    _parameter_constraints: dict[str, list[Any]] = {
        **BaseMLP._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson"})],
    }

    def __init__(
        self,
        loss: Literal["squared_error", "poisson"] = "squared_error",
        hidden_layer_sizes: ArrayLike = (100,),
        activation: Activation = "relu",
        *,
        solver: Solver = "adam",
        alpha: float = 0.0001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: Schedule = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
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
        dropout: ArrayLike = 0.0,
        batch_norm: bool = False,
        l1: float = 0.0,
        rho: float = 0.9,
        negative_slope: float = 0.01,
        init: Initialization = "glorot",
        dtype: Precision = "auto",
    ) -> None:
        self.loss = loss
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
        X: MatrixLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: MatrixLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        resume_from: str | os.PathLike[str] | None = None,
    ) -> Self:
        """Fit the network to data.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            The training rows. Other sparse formats are converted to CSR.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target values.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows in the loss and its gradient. If None, all rows have weight 1.

        X_val, y_val : as X and y, default=None
            Held-out rows. ``history_`` records their loss and score after each epoch, and `early_stopping`
            uses them instead of splitting off some of the training rows. A Pipeline transforms `X_val` only
            if its `transform_input` says so, as in the example. Rows passed as ``mlpregressor__X_val`` are
            not transformed.

        sample_weight_val : array-like of shape (n_val,), default=None
            Weights of the held-out rows.

        resume_from : str or path, default=None
            File that the callback :class:`pipelines.Checkpoint` wrote while a model with the same parameters
            was fitted to the same data. Training continues after the last saved epoch and gives exactly the
            same result as a training without interruption. Only `max_iter`, `verbose` and `warm_start` may
            differ. Any other file is an error and leaves the model as it was. Loading a joblib file can run
            code, so only resume from files that you trust.

        Returns
        -------
        self : MLPRegressor
            The fitted network.

        Raises
        ------
        ValueError
            If the input is invalid, if the checkpoint is damaged or belongs to another training, or if the
            loss becomes infinite or NaN. In the last case the message names the epoch, and the model keeps
            the weights of the epoch before.
        TypeError
            If `hidden_layer_sizes` holds anything but whole numbers.

        Warns
        -----
        ConvergenceWarning
            If training reached `max_iter`, or if the loss became infinite or NaN with `early_stopping`.
        UserWarning
            If training was interrupted, in which case the model keeps its current weights, or if
            `batch_size` is larger than the number of rows.

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
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val), resume_from)

    @available_if(BaseMLP._check_stochastic)
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Update the network with one epoch over the given rows.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            The training rows.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target values, as in :meth:`fit`.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, as in :meth:`fit`.

        Returns
        -------
        self : MLPRegressor
            The updated network.

        Raises
        ------
        ValueError
            As in :meth:`fit`, and with ``early_stopping=True``.
        TypeError
            As in :meth:`fit`.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: MatrixLike) -> np.ndarray:
        """Return the predicted values.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            The rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The predictions, one-dimensional if there is one output.
        """
        out = self._outputs(X)
        return out.ravel() if out.shape[1] == 1 else out

    def _encode_val(self, y_val: ArrayLike, n_outputs: int, dtype: np.dtype) -> np.ndarray:
        """Check ``y_val`` and return it as :meth:`_encode` does."""
        y: np.ndarray = check_array(
            y_val, ensure_2d=False, allow_nd=True, dtype="numeric", input_name="y_val"
        )
        given = 1 if y.ndim == 1 else y.shape[-1]
        if y.ndim > 2 or given != n_outputs:
            raise ValueError(f"y_val must have as many outputs as y, {n_outputs}. Got {given} instead.")
        return self._encode(y, dtype, "y_val")

    def _encode(self, y: np.ndarray, dtype: np.dtype, name: str = "y") -> np.ndarray:
        """Return the targets as columns, (n, n_outputs)."""
        y = y.toarray() if hasattr(y, "toarray") else y
        if self.loss == "poisson" and (y < 0).any():
            raise ValueError(
                f"Some value(s) of {name} are out of the valid range of the loss 'poisson': {name} >= 0."
            )
        return y.reshape(len(y), -1).astype(dtype, copy=False)

    def _loss(self) -> Loss:
        return LOSS_OF["exp" if self.loss == "poisson" else "identity"]
