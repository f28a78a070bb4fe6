"""Multi-layer perceptrons that replace scikit-learn's MLPClassifier and MLPRegressor."""

import os
from numbers import Real
from typing import Any, Literal, Self, get_args

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import Tags, assert_all_finite, check_array, column_or_1d
from sklearn.utils.multiclass import type_of_target, unique_labels

from estimators._common.accuracy import ExactClassifierMixin
from estimators._common.class_weight import class_weights
from estimators._common.labels import (
    encode_labels,
    exact_labels,
    known_classes,
    locate_labels,
    with_plain_type,
)
from estimators._common.matrices import check_numbers
from estimators._common.scikit_learn import (
    HintsAtParameters,
    Interval,
    StrOptions,
    available_if,
    fit_context,
    warn_caller,
    with_callbacks,
)
from estimators._network.base import BaseMLP
from estimators._network.layers import Features
from estimators._network.losses import (
    ABSOLUTE_ERROR,
    HUBER,
    LOSS_OF,
    ONE_CLASS,
    SMOOTHED_LOGISTIC,
    Loss,
    SmoothedSoftmaxCrossEntropy,
    Weight,
)
from estimators._network.quantiles import OrderedQuantiles, quantile_loss
from estimators._network.settings import (
    STOCHASTIC_SOLVERS,
    Activation,
    Initialization,
    MatrixLike,
    Precision,
    Schedule,
    Solver,
    Stopping,
)

RegressionLoss = Literal["absolute_error", "huber", "poisson", "quantile", "squared_error"]


class MLPClassifier(ExactClassifierMixin, BaseMLP):
    """Multi-layer perceptron classifier: a faster replacement for scikit-learn's MLPClassifier.

    The network is trained by minimising the cross-entropy (log loss) on batches of rows. The output
    activation is the softmax function for three or more classes, and the logistic function for two classes
    and for multilabel targets. Parameters, defaults, attributes and errors are the same as in scikit-learn,
    and the same `random_state` gives the same weights up to rounding (see Notes).

    The following are not in scikit-learn: `dropout`, `batch_norm`, `l1`, `weight_decay`, `clip_norm`,
    `label_smoothing`, `class_weight`, `init`, `dtype`, "rmsprop", the activations "leaky_relu", "silu" and
    "gelu", the schedules "cosine" and "plateau" with `warmup_fraction`, early stopping by the loss, `refit`,
    ``history_``, validation data passed to :meth:`fit`, checkpoints, :meth:`summary` and :meth:`to_mermaid`.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of shape (n_hidden_layers,), default=(100,)
        Number of units in each hidden layer.

    activation : {"relu", "leaky_relu", "tanh", "logistic", "identity", "silu", "gelu"}, default="relu"
        Activation function of the hidden layers: ``max(z, 0)``, ``max(z, negative_slope * z)``, ``tanh(z)``,
        ``1 / (1 + exp(-z))``, ``z``, ``z / (1 + exp(-z))``, or ``z`` times the standard normal distribution
        function at z.

    solver : {"adam", "sgd", "rmsprop", "lbfgs"}, default="adam"
        Algorithm that updates the weights w with the gradient g of a batch::

            adam     m = beta_1 * m + (1 - beta_1) * g;  v = beta_2 * v + (1 - beta_2) * g**2
                     w -= rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)
            sgd      u = momentum * u - rate * g;  w += u
                     with nesterovs_momentum, w += momentum * u - rate * g replaces w += u
            rmsprop  v = rho * v + (1 - rho) * g**2;  w -= rate * g / (sqrt(v) + epsilon)

        "lbfgs" uses all rows in each iteration and computes in float64. It only supports the options of
        scikit-learn's networks.

    alpha : float, default=0.0001
        Strength of the L2 penalty. The penalty adds ``alpha / 2 * sum(w**2) / n`` to the loss of a batch and
        ``alpha * w / n`` to its gradient, where n is the number of rows in the batch, or the sum of their
        sample weights. Biases are not penalised.

    batch_size : int or "auto", default="auto"
        Number of rows in a batch. "auto" means ``min(200, n_samples)``.

    learning_rate : {"constant", "cosine", "plateau", "invscaling", "adaptive"}, default="constant"
        Learning rate schedule. "constant" always uses `learning_rate_init`. "cosine" lets the rate fall to
        almost zero over `max_iter` epochs, along half a period of a cosine: in step t of T, it is
        ``learning_rate_init * (1 + cos(pi * t / T)) / 2``. All `max_iter` epochs are then trained, unless
        early stopping ends training. "plateau" divides the rate by 5 after `n_iter_no_change` epochs without
        improvement. Once the rate is at most 1e-6, training stops instead. The other schedules are those of
        scikit-learn and are only used when ``solver="sgd"``: "adaptive" does the same as "plateau", and
        "invscaling" sets the rate to ``learning_rate_init / (t_ + 1)**power_t`` after each epoch.

    learning_rate_init : float, default=0.001
        Initial learning rate. The learning rate controls the size of the weight updates.

    power_t : float, default=0.5
        Exponent of the "invscaling" schedule. Only used when ``solver="sgd"``.

    max_iter : int, default=200
        Maximum number of epochs, or of iterations when ``solver="lbfgs"``.

    shuffle : bool, default=True
        Whether to shuffle the rows before each epoch. Not used when ``solver="lbfgs"``.

    random_state : int, RandomState instance or None, default=None
        Controls the initial weights, the train-validation split for early stopping, the order of the rows and
        the dropout masks. Pass an int for reproducible results. They are the same as scikit-learn's, up to
        rounding, if only parameters that exist in scikit-learn are set.

    tol : float, default=1e-4
        Minimum improvement of the training loss, or of the validation score if ``early_stopping=True``. An
        epoch with a smaller improvement counts towards `n_iter_no_change`. When ``solver="lbfgs"``, training
        stops when no component of the gradient is larger than `tol` in absolute value.

    verbose : bool or int, default=False
        Whether to print the training loss of each epoch, and the validation score if there is validation
        data. Not used when ``solver="lbfgs"``.

    warm_start : bool, default=False
        If True, :meth:`fit` continues from the current weights. If False, it starts from new weights.

    momentum : float, default=0.9
        Momentum of SGD updates, in [0, 1]. Only used when ``solver="sgd"``.

    nesterovs_momentum : bool, default=True
        Whether to use Nesterov's momentum. Only used when ``solver="sgd"``.

    early_stopping : bool, "score" or "loss", default=False
        What to monitor on validation data instead of the training loss: the score (True or "score") or the
        loss. Training stops when it no longer improves, and the weights of the best epoch are kept. The
        loss is more reliable on few validation rows. True splits the rows in the same way as scikit-learn,
        whose split is stratified only if there are two classes. With "score" and "loss", it is stratified for
        any number of classes. True has no effect when ``solver="lbfgs"``.

    validation_fraction : float, default=0.1
        Fraction of the training rows to set aside as validation data. Only used with early stopping
        if `X_val` is not passed to :meth:`fit`.

    beta_1 : float, default=0.9
        Decay rate of Adam's moving average of the gradients, in [0, 1). Only used when ``solver="adam"``.

    beta_2 : float, default=0.999
        Decay rate of Adam's moving average of the squared gradients, in [0, 1). Only used when
        ``solver="adam"``.

    epsilon : float, default=1e-8
        Small number that avoids division by zero. Only used when `solver` is "adam" or "rmsprop".

    n_iter_no_change : int or inf, default=10
        Maximum number of consecutive epochs without an improvement of at least `tol`. Training stops when
        there are more. Not used when ``solver="lbfgs"``.

    max_fun : int, default=15000
        Maximum number of evaluations of the loss. Only used when ``solver="lbfgs"``.

    dropout : float or array-like of shape (n_hidden_layers,), default=0.0
        Probability that a hidden unit is set to zero in a training step: one value for all hidden layers, or
        one per hidden layer. The outputs of a layer become ``a * mask / (1 - dropout)``, where each value of
        the mask is 0 with probability `dropout` and 1 otherwise. Predictions use all units.

    batch_norm : bool, default=False
        Whether to apply batch normalisation (batch normalization) before the activation of each hidden layer:
        ``z = scale * (z - mean) / sqrt(variance + 1e-5) + shift``. Training uses the mean and variance of
        the batch. Prediction uses their moving averages, which are updated with each training batch as
        ``running = 0.9 * running + 0.1 * batch``.

    l1 : float, default=0.0
        Strength of the L1 penalty. The penalty adds ``l1 * sum(abs(w)) / n`` to the loss of a batch and
        ``l1 * sign(w) / n`` to its gradient, with n as for `alpha`. Biases are not penalised.

    rho : float, default=0.9
        Decay rate of RMSprop's moving average of the squared gradients, in [0, 1). Only used when
        ``solver="rmsprop"``.

    negative_slope : float, default=0.01
        Slope of the activation for negative inputs, in [0, 1). Only used when ``activation="leaky_relu"``.

    init : {"glorot", "he"}, default="glorot"
        How to initialise the weights. They are drawn from the uniform distribution on [-b, b]. With "glorot",
        ``b = sqrt(6 / (n_in + n_out))``, with 2 instead of 6 when ``activation="logistic"``, and the biases
        are drawn from the same interval. With "he", ``b = sqrt(6 / n_in)``, or
        ``b = sqrt(6 / ((1 + negative_slope**2) * n_in))`` when ``activation="leaky_relu"``, and the biases
        are 0.

    dtype : {"auto", "float32", "float64"}, default="auto"
        Data type of the weights and of the computations. "auto" means float32 if `X` is float32, and float64
        otherwise.

    warmup_fraction : float, default=0.0
        Fraction of the steps of `max_iter` epochs in which the learning rate rises linearly to its initial
        value, in [0, 1). With "cosine", the rate then falls over the remaining steps.

    weight_decay : float, default=0.0
        Decoupled weight decay (AdamW): in each step, the weights are multiplied by ``1 - rate *
        weight_decay``, where rate is the current learning rate. Unlike the L2 penalty `alpha`, the decay is
        not part of the gradient, so Adam does not rescale it. Biases do not decay.

    clip_norm : float, default=None
        Largest norm of the gradient of a batch, over all parameters and without the penalties. A longer
        gradient is scaled down to this norm. If None, gradients are not scaled.

    refit : bool, default=False
        Whether to train a new network on all rows after early stopping, with the same `random_state` and for
        as many epochs as the best network was trained. Requires early stopping, and cannot be
        combined with `X_val` or `warm_start`.

    label_smoothing : float, default=0.0
        Share s of each row's target that is divided equally among the classes, in [0, 1). With K classes, the
        target is ``(1 - s) * one_hot + s / K``. With two classes and for each label of multilabel targets, it
        is ``(1 - s) * y + s / 2``. This makes overconfident probabilities less likely.

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes. The weight of a row is its sample weight times the weight of its class.
        "balanced" means ``n_samples / (n_classes * bincount(y))``. Not supported for multilabel targets.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted.

    coefs_ : list of ndarray of shape (n_in, n_out)
        The weights of each layer. The arrays are views of one vector.

    intercepts_ : list of ndarray of shape (n_out,)
        The biases of each layer.

    batch_norm_ : list of dict of ndarray of shape (n_out,)
        The arrays "scale", "shift", "running_mean" and "running_variance" of each hidden layer. Empty if
        ``batch_norm=False``.

    n_parameters_ : int
        Number of trainable parameters: weights, biases, and the scales and shifts of batch normalisation.

    history_ : dict of lists
        The lists "loss" and "score", with one value per epoch, and "val_loss" and "val_score" if there is
        validation data. "loss" and "score" are computed from the batches during an epoch, with dropout and
        with weights that change from batch to batch. "loss" includes the penalties. "lbfgs" does not record
        "score".

    loss_ : float
        The training loss of the last epoch.

    loss_curve_ : list of float
        The training loss of each epoch. Not set by "lbfgs".

    best_loss_ : float or None
        The lowest training loss reached. None if ``early_stopping=True``. Not set by "lbfgs".

    validation_scores_ : list of float or None
        The validation score of each epoch. None if ``early_stopping=False``. Not set by "lbfgs".

    best_validation_score_ : float or None
        The highest validation score reached. None if ``early_stopping=False``. Not set by "lbfgs".

    t_ : int
        Number of rows processed during training. Each row is counted once per epoch.

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
    An epoch takes O(n_samples * n_weights) time. In addition to the data, training needs memory for the
    outputs of all layers for one batch, and for five arrays the size of the parameters (six if
    ``early_stopping=True``).

    Callbacks set with ``set_callbacks`` are called for every epoch, or for every iteration of "lbfgs".

    The results are the same as those of scikit-learn's MLPClassifier, with the following exceptions:

    - Weights are equal up to rounding, but rounding differences grow with each step. After many epochs, with
      unscaled features, or with "lbfgs" on a flat loss, the weights and the number of epochs can differ.
    - Training stops if the loss becomes infinite or NaN. If ``early_stopping=False``, a ValueError is raised
      and the model keeps the weights of the previous epoch. If ``early_stopping=True``, a warning is issued
      and the model keeps the best weights.
    - If X is float32, the weights are float32 with "lbfgs" too. If a fit with "lbfgs" is interrupted, the
      model keeps its current weights.
    - A warm start with ``early_stopping=True`` keeps the best weights of all fits, and raises an error if the
      loss function has changed. Changing a parameter such as `activation` affects the next fit, but not the
      predictions of a fitted network.
    - ``predict`` accepts numbers given as strings, as ``fit`` does.

    References
    ----------
    Kingma, D. P. and Ba, J. (2015). Adam: a method for stochastic optimization. ICLR. Algorithm 1, in the
    more efficient order given at the end of section 2.

    Srivastava, N. et al. (2014). Dropout. Journal of Machine Learning Research 15, 1929-1958.

    Ioffe, S. and Szegedy, C. (2015). Batch normalization. ICML. Algorithms 1 and 2.

    Glorot, X. and Bengio, Y. (2010). AISTATS. Equation 16. He, K. et al. (2015). ICCV. Equations 10 and 15.

    Loshchilov, I. and Hutter, F. (2017). SGDR. ICLR. Equation 5: the cosine schedule.

    Loshchilov, I. and Hutter, F. (2019). Decoupled weight decay regularization. ICLR. Algorithm 2.

    Szegedy, C. et al. (2016). Rethinking the Inception architecture. CVPR. Section 7: label smoothing.

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
        "label_smoothing": [Interval(Real, 0, 1, closed="left")],
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
        early_stopping: bool | Stopping = False,
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
        warmup_fraction: float = 0.0,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        refit: bool = False,
        label_smoothing: float = 0.0,
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
        self.warmup_fraction = warmup_fraction
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.refit = refit
        self.label_smoothing = label_smoothing
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
            The class of each row. Integers keep their exact values, even in nullable columns. For multilabel
            classification, a matrix of zeros and ones with one column per label.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows in the loss and its gradient. If None, all rows have weight 1.

        X_val, y_val : as X and y, default=None
            Validation data. The loss and score on these rows are recorded in ``history_`` after
            each epoch. If ``early_stopping=True``, they are used instead of a part of the training
            rows. A Pipeline transforms `X_val` only if its `transform_input` includes "X_val", as
            in the example. Rows passed as ``mlpclassifier__X_val`` are not transformed.

        sample_weight_val : array-like of shape (n_val,), default=None
            Sample weights of the validation data. If None, all rows have weight 1.

        resume_from : str or path, default=None
            Checkpoint file written by the callback :class:`pipelines.Checkpoint` while a model with the same
            parameters was fitted to the same data. Training continues after the last saved epoch and gives
            exactly the same result as training without an interruption. Only the parameters `max_iter`,
            `verbose` and `warm_start` may differ. If the file cannot be used, an error is raised and the
            model is not changed. Loading a joblib file can execute code, so only load files that you trust.

        Returns
        -------
        self : MLPClassifier
            The fitted network.

        Raises
        ------
        ValueError
            If the input is invalid, if the checkpoint is damaged or was saved with different parameters or
            data, or if the loss becomes infinite or NaN. In the last case, the message contains the number of
            the epoch, and the model keeps the weights of the previous epoch.
        TypeError
            If `hidden_layer_sizes` contains a value that is not an integer, or if the labels are bytes.
        FileNotFoundError
            If the file `resume_from` does not exist.

        Warns
        -----
        ConvergenceWarning
            If training stops at `max_iter`, or if the loss becomes infinite or NaN and
            ``early_stopping=True``.
        UserWarning
            If training is interrupted, in which case the model keeps its current weights, or if `batch_size`
            is larger than the number of rows.

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
        return self._fit(X, exact_labels(y), sample_weight, (X_val, y_val, sample_weight_val), resume_from)

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
            The class or labels of each row, as in :meth:`fit`.

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
            As in :meth:`fit`. Also if `classes` is not passed in the first call or differs in a later call,
            if ``early_stopping=True``, or if ``class_weight="balanced"``.
        TypeError
            As in :meth:`fit`.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported for partial_fit, because these weights depend on "
                "all rows. Compute the weights with sklearn.utils.class_weight.compute_class_weight, and "
                "pass them as a dict."
            )
        known = known_classes(classes, getattr(self, "classes_", None))
        y = exact_labels(y)
        if not hasattr(self, "classes_"):
            multilabel = type_of_target(with_plain_type(y)).startswith("multilabel")
            self._label_binarizer = LabelBinarizer().fit(y if multilabel else known)
            self.classes_ = known
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: MatrixLike) -> np.ndarray:
        """Return the most probable class of each row, or all labels with a probability above 0.5.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            The rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            The predicted classes. For multilabel classification, a matrix of zeros and ones.

        Raises
        ------
        ValueError
            If X contains NaN, infinity, text or dates, or if its features are not those seen in :meth:`fit`.
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
            The probabilities, in the order of ``classes_``. For multilabel classification, each column is the
            probability of one label, and the rows do not need to sum to 1.

        Raises
        ------
        ValueError
            If X contains NaN, infinity, text or dates, or if its features are not those seen in :meth:`fit`.
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
            The log-probabilities. The logarithm of a probability of 0 is ``-inf``.

        Raises
        ------
        ValueError
            If X contains NaN, infinity, text or dates, or if its features are not those seen in :meth:`fit`.
        """
        P = self.predict_proba(X)
        return np.log(P, out=P)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _check_targets(self, y: np.ndarray, is_new: bool) -> np.ndarray:
        """Set ``classes_``, or check that y has no new classes. Return y in the type of ``classes_``."""
        y = with_plain_type(y)
        if y.ndim == 1 and y.dtype.kind == "O":
            raise ValueError(
                "Class labels of MLPClassifier must fit into one integer type of 64 bits. "
                f"Got labels from {min(y)} to {max(y)}."
            )
        if is_new:
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
            return y
        classes = unique_labels(y)
        if self.warm_start and set(classes) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {classes}"
            )
        return self._as_known(y, "y")

    def _encode_val(self, y_val: ArrayLike, n_outputs: int, dtype: np.dtype) -> np.ndarray:
        """Check ``y_val`` and encode it with :meth:`_encode`."""
        any_shape = {"ensure_2d": False, "allow_nd": True, "accept_sparse": "csr", "dtype": None}
        try:
            y: np.ndarray = check_array(exact_labels(y_val), **any_shape)
        except ValueError as error:
            raise ValueError(f"y_val: {error}") from error
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        several = self._is_multilabel()
        if y.ndim != 1 + several or (several and y.shape[1] != n_outputs):
            wanted = f"shape (n_val, {n_outputs})" if several else "shape (n_val,)"
            raise ValueError(f"y_val must have {wanted} to match y. Got shape {y.shape} instead.")
        return self._encode(self._as_known(y, "y_val"), dtype)

    def _as_known(self, y: np.ndarray, name: str) -> np.ndarray:
        """Return labels in the type of ``classes_``. Raise an error if a label is not in ``classes_``."""
        if y.ndim == 1:
            classes, codes = encode_labels(y)
            position, found = locate_labels(classes, self.classes_)
            y = self.classes_[position[codes]]
        else:
            classes = unique_labels(y)
            found = np.isin(classes, self.classes_)
        if not found.all():
            raise ValueError(
                f"`{name}` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. "
                f"'{name}' has {classes}."
            )
        return y

    def _encode(self, y: np.ndarray, dtype: np.dtype) -> np.ndarray:
        """Return class codes of shape (n,), or a matrix of zeros and ones of shape (n, n_outputs)."""
        # otherwise, the binarizer raises an error
        if self._label_binarizer.y_type_ == "multiclass" and y.ndim == 1:
            return np.searchsorted(self.classes_, y)
        targets = self._label_binarizer.transform(y).astype(dtype)
        if self.label_smoothing and len(self.classes_) > 1:
            targets = (1 - self.label_smoothing) * targets + self.label_smoothing / 2
        return targets.astype(dtype, copy=False)

    def _weigh(self, X: Features, y: np.ndarray, sample_weight: ArrayLike | None) -> Weight:
        """Return the sample weights multiplied by the class weights."""
        weight = super()._weigh(X, y, sample_weight)
        if self.class_weight is None:
            return weight
        if self._is_multilabel():
            raise ValueError(
                "The 'class_weight' parameter of MLPClassifier is not supported for multilabel targets. "
                f"Got {self.class_weight!r}; use sample_weight instead."
            )
        by_class = class_weights(self, self.classes_, y, weight).astype(X.dtype)
        weight = by_class[np.searchsorted(self.classes_, y)] * (1 if weight is None else weight)
        if not weight.any():
            raise ValueError(
                "All products of sample weight and class weight are zero. At least one row must have a "
                "positive weight."
            )
        return weight

    def _is_multilabel(self) -> bool:
        return self._label_binarizer.y_type_.startswith("multilabel")

    def _loss(self) -> Loss:
        if len(self.classes_) == 1:
            return ONE_CLASS
        is_multiclass, smoothing = self._label_binarizer.y_type_ == "multiclass", float(self.label_smoothing)
        if smoothing:
            return SmoothedSoftmaxCrossEntropy(smoothing) if is_multiclass else SMOOTHED_LOGISTIC
        return LOSS_OF["softmax" if is_multiclass else "logistic"]

    def _n_outputs(self, y: np.ndarray) -> int:
        return y.shape[1] if y.ndim > 1 else len(self.classes_)


class MLPRegressor(MultiOutputMixin, RegressorMixin, HintsAtParameters, BaseMLP):
    """Multi-layer perceptron regressor: a faster replacement for scikit-learn's MLPRegressor.

    The network is trained by minimising the mean squared error or the Poisson deviance on batches of rows.
    Parameters, defaults, attributes and errors are the same as in scikit-learn, and the same `random_state`
    gives the same weights up to rounding (see Notes). This class has all the additional features of
    :class:`MLPClassifier` except `class_weight`.

    Parameters
    ----------
    loss : {"squared_error", "poisson", "absolute_error", "huber", "quantile"}, default="squared_error"
        The loss to minimise, for a network output z and a target y:

        - "squared_error": ``(z - y)**2 / 2``;
        - "poisson", for counts: ``y * log(y / exp(z)) - y + exp(z)``. The prediction is ``exp(z)``;
        - "absolute_error": ``|z - y|``, which is lowest at the median;
        - "huber": ``(z - y)**2 / 2`` for differences of at most 1, and ``|z - y| - 1 / 2`` for larger ones,
          which limits the influence of outliers. Scale y so that its standard deviation is about 1;
        - "quantile": the pinball loss ``q * (y - z)`` if y is above z, and ``(1 - q) * (z - y)`` otherwise,
          which is lowest at the quantile of level q.

        With several outputs, the reported loss is the mean over the outputs, except for "poisson", whereas
        the gradient is that of the sum over the outputs. The solver "lbfgs" needs a smooth loss, so it does
        not support "absolute_error" and "quantile".

    hidden_layer_sizes : int or array-like of shape (n_hidden_layers,), default=(100,)
        Number of units in each hidden layer.

    activation : {"relu", "leaky_relu", "tanh", "logistic", "identity", "silu", "gelu"}, default="relu"
        Activation function of the hidden layers: ``max(z, 0)``, ``max(z, negative_slope * z)``, ``tanh(z)``,
        ``1 / (1 + exp(-z))``, ``z``, ``z / (1 + exp(-z))``, or ``z`` times the standard normal distribution
        function at z.

    solver : {"adam", "sgd", "rmsprop", "lbfgs"}, default="adam"
        Algorithm that updates the weights w with the gradient g of a batch::

            adam     m = beta_1 * m + (1 - beta_1) * g;  v = beta_2 * v + (1 - beta_2) * g**2
                     w -= rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)
            sgd      u = momentum * u - rate * g;  w += u
                     with nesterovs_momentum, w += momentum * u - rate * g replaces w += u
            rmsprop  v = rho * v + (1 - rho) * g**2;  w -= rate * g / (sqrt(v) + epsilon)

        "lbfgs" uses all rows in each iteration and computes in float64. It only supports the options of
        scikit-learn's networks.

    alpha : float, default=0.0001
        Strength of the L2 penalty. The penalty adds ``alpha / 2 * sum(w**2) / n`` to the loss of a batch and
        ``alpha * w / n`` to its gradient, where n is the number of rows in the batch, or the sum of their
        sample weights. Biases are not penalised.

    batch_size : int or "auto", default="auto"
        Number of rows in a batch. "auto" means ``min(200, n_samples)``.

    learning_rate : {"constant", "cosine", "plateau", "invscaling", "adaptive"}, default="constant"
        Learning rate schedule. "constant" always uses `learning_rate_init`. "cosine" lets the rate fall to
        almost zero over `max_iter` epochs, along half a period of a cosine: in step t of T, it is
        ``learning_rate_init * (1 + cos(pi * t / T)) / 2``. All `max_iter` epochs are then trained, unless
        early stopping ends training. "plateau" divides the rate by 5 after `n_iter_no_change` epochs without
        improvement. Once the rate is at most 1e-6, training stops instead. The other schedules are those of
        scikit-learn and are only used when ``solver="sgd"``: "adaptive" does the same as "plateau", and
        "invscaling" sets the rate to ``learning_rate_init / (t_ + 1)**power_t`` after each epoch.

    learning_rate_init : float, default=0.001
        Initial learning rate. The learning rate controls the size of the weight updates.

    power_t : float, default=0.5
        Exponent of the "invscaling" schedule. Only used when ``solver="sgd"``.

    max_iter : int, default=200
        Maximum number of epochs, or of iterations when ``solver="lbfgs"``.

    shuffle : bool, default=True
        Whether to shuffle the rows before each epoch. Not used when ``solver="lbfgs"``.

    random_state : int, RandomState instance or None, default=None
        Controls the initial weights, the train-validation split for early stopping, the order of the rows and
        the dropout masks. Pass an int for reproducible results. They are the same as scikit-learn's, up to
        rounding, if only parameters that exist in scikit-learn are set.

    tol : float, default=1e-4
        Minimum improvement of the training loss, or of the validation score if ``early_stopping=True``. An
        epoch with a smaller improvement counts towards `n_iter_no_change`. When ``solver="lbfgs"``, training
        stops when no component of the gradient is larger than `tol` in absolute value.

    verbose : bool or int, default=False
        Whether to print the training loss of each epoch, and the validation score if there is validation
        data. Not used when ``solver="lbfgs"``.

    warm_start : bool, default=False
        If True, :meth:`fit` continues from the current weights. If False, it starts from new weights.

    momentum : float, default=0.9
        Momentum of SGD updates, in [0, 1]. Only used when ``solver="sgd"``.

    nesterovs_momentum : bool, default=True
        Whether to use Nesterov's momentum. Only used when ``solver="sgd"``.

    early_stopping : bool, "score" or "loss", default=False
        What to monitor on validation data instead of the training loss: the score (True or "score") or the
        loss. Training stops when it no longer improves, and the weights of the best epoch are kept. The
        loss is more reliable on few validation rows. True splits the rows in the same way as scikit-learn,
        whose split is stratified only if there are two classes. With "score" and "loss", it is stratified for
        any number of classes. True has no effect when ``solver="lbfgs"``.

    validation_fraction : float, default=0.1
        Fraction of the training rows to set aside as validation data. Only used with early stopping
        if `X_val` is not passed to :meth:`fit`.

    beta_1 : float, default=0.9
        Decay rate of Adam's moving average of the gradients, in [0, 1). Only used when ``solver="adam"``.

    beta_2 : float, default=0.999
        Decay rate of Adam's moving average of the squared gradients, in [0, 1). Only used when
        ``solver="adam"``.

    epsilon : float, default=1e-8
        Small number that avoids division by zero. Only used when `solver` is "adam" or "rmsprop".

    n_iter_no_change : int or inf, default=10
        Maximum number of consecutive epochs without an improvement of at least `tol`. Training stops when
        there are more. Not used when ``solver="lbfgs"``.

    max_fun : int, default=15000
        Maximum number of evaluations of the loss. Only used when ``solver="lbfgs"``.

    dropout : float or array-like of shape (n_hidden_layers,), default=0.0
        Probability that a hidden unit is set to zero in a training step: one value for all hidden layers, or
        one per hidden layer. The outputs of a layer become ``a * mask / (1 - dropout)``, where each value of
        the mask is 0 with probability `dropout` and 1 otherwise. Predictions use all units.

    batch_norm : bool, default=False
        Whether to apply batch normalisation (batch normalization) before the activation of each hidden layer:
        ``z = scale * (z - mean) / sqrt(variance + 1e-5) + shift``. Training uses the mean and variance of
        the batch. Prediction uses their moving averages, which are updated with each training batch as
        ``running = 0.9 * running + 0.1 * batch``.

    l1 : float, default=0.0
        Strength of the L1 penalty. The penalty adds ``l1 * sum(abs(w)) / n`` to the loss of a batch and
        ``l1 * sign(w) / n`` to its gradient, with n as for `alpha`. Biases are not penalised.

    rho : float, default=0.9
        Decay rate of RMSprop's moving average of the squared gradients, in [0, 1). Only used when
        ``solver="rmsprop"``.

    negative_slope : float, default=0.01
        Slope of the activation for negative inputs, in [0, 1). Only used when ``activation="leaky_relu"``.

    init : {"glorot", "he"}, default="glorot"
        How to initialise the weights. They are drawn from the uniform distribution on [-b, b]. With "glorot",
        ``b = sqrt(6 / (n_in + n_out))``, with 2 instead of 6 when ``activation="logistic"``, and the biases
        are drawn from the same interval. With "he", ``b = sqrt(6 / n_in)``, or
        ``b = sqrt(6 / ((1 + negative_slope**2) * n_in))`` when ``activation="leaky_relu"``, and the biases
        are 0.

    dtype : {"auto", "float32", "float64"}, default="auto"
        Data type of the weights and of the computations. "auto" means float32 if `X` is float32, and float64
        otherwise.

    warmup_fraction : float, default=0.0
        Fraction of the steps of `max_iter` epochs in which the learning rate rises linearly to its initial
        value, in [0, 1). With "cosine", the rate then falls over the remaining steps.

    weight_decay : float, default=0.0
        Decoupled weight decay (AdamW): in each step, the weights are multiplied by ``1 - rate *
        weight_decay``, where rate is the current learning rate. Unlike the L2 penalty `alpha`, the decay is
        not part of the gradient, so Adam does not rescale it. Biases do not decay.

    clip_norm : float, default=None
        Largest norm of the gradient of a batch, over all parameters and without the penalties. A longer
        gradient is scaled down to this norm. If None, gradients are not scaled.

    refit : bool, default=False
        Whether to train a new network on all rows after early stopping, with the same `random_state` and for
        as many epochs as the best network was trained. Requires early stopping, and cannot be
        combined with `X_val` or `warm_start`.

    quantile : float or array-like of shape (n_levels,), default=0.5
        The level of ``loss="quantile"``, between 0 and 1, exclusive. With ascending levels, such as
        ``[0.1, 0.5, 0.9]``, y must have one column, and `predict` returns one column per level. The
        predicted quantiles of a row never cross: each is the previous one plus ``log(1 + exp(z))``.

    Attributes
    ----------
    coefs_ : list of ndarray of shape (n_in, n_out)
        The weights of each layer. The arrays are views of one vector.

    intercepts_ : list of ndarray of shape (n_out,)
        The biases of each layer.

    batch_norm_ : list of dict of ndarray of shape (n_out,)
        The arrays "scale", "shift", "running_mean" and "running_variance" of each hidden layer. Empty if
        ``batch_norm=False``.

    n_parameters_ : int
        Number of trainable parameters: weights, biases, and the scales and shifts of batch normalisation.

    history_ : dict of lists
        The lists "loss" and "score", with one value per epoch, and "val_loss" and "val_score" if there is
        validation data. "loss" and "score" are computed from the batches during an epoch, with dropout and
        with weights that change from batch to batch. "loss" includes the penalties. "lbfgs" does not record
        "score".

    loss_ : float
        The training loss of the last epoch.

    loss_curve_ : list of float
        The training loss of each epoch. Not set by "lbfgs".

    best_loss_ : float or None
        The lowest training loss reached. None if ``early_stopping=True``. Not set by "lbfgs".

    validation_scores_ : list of float or None
        The validation score of each epoch. None if ``early_stopping=False``. Not set by "lbfgs".

    best_validation_score_ : float or None
        The highest validation score reached. None if ``early_stopping=False``. Not set by "lbfgs".

    t_ : int
        Number of rows processed during training. Each row is counted once per epoch.

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
    An epoch takes O(n_samples * n_weights) time. In addition to the data, training needs memory for the
    outputs of all layers for one batch, and for five arrays the size of the parameters (six if
    ``early_stopping=True``).

    Callbacks set with ``set_callbacks`` are called for every epoch, or for every iteration of "lbfgs".

    The results are those of scikit-learn's MLPRegressor, except for the following:

    - Weights are equal up to rounding, but rounding differences grow with each step. After many epochs, with
      unscaled features, or with "lbfgs" on a flat loss, the weights and the number of epochs can differ.
    - Training stops if the loss becomes infinite or NaN. If ``early_stopping=False``, a ValueError is raised
      and the model keeps the weights of the previous epoch. If ``early_stopping=True``, a warning is issued
      and the model keeps the best weights.
    - If X is float32, the weights are float32 with "lbfgs" too. If a fit with "lbfgs" is interrupted, the
      model keeps its current weights.
    - A warm start with ``early_stopping=True`` keeps the best weights of all fits, and raises an error if the
      loss function has changed. Changing a parameter such as `activation` affects the next fit, but not the
      predictions of a fitted network.
    - ``predict`` accepts numbers given as strings, as ``fit`` does.
    - If ``loss="poisson"``, negative values in y raise a ValueError. If ``solver="lbfgs"``, ``partial_fit``
      is not available, as in MLPClassifier. scikit-learn's MLPRegressor allows both.

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
        "loss": [StrOptions(set(get_args(RegressionLoss)))],
        "quantile": [Interval(Real, 0, 1, closed="neither"), "array-like"],
    }

    def __init__(
        self,
        loss: RegressionLoss = "squared_error",
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
        early_stopping: bool | Stopping = False,
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
        warmup_fraction: float = 0.0,
        weight_decay: float = 0.0,
        clip_norm: float | None = None,
        refit: bool = False,
        quantile: ArrayLike = 0.5,
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
        self.warmup_fraction = warmup_fraction
        self.weight_decay = weight_decay
        self.clip_norm = clip_norm
        self.refit = refit
        self.quantile = quantile

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
            Validation data. The loss and score on these rows are recorded in ``history_`` after
            each epoch. If ``early_stopping=True``, they are used instead of a part of the training
            rows. A Pipeline transforms `X_val` only if its `transform_input` includes "X_val", as
            in the example. Rows passed as ``mlpregressor__X_val`` are not transformed.

        sample_weight_val : array-like of shape (n_val,), default=None
            Sample weights of the validation data. If None, all rows have weight 1.

        resume_from : str or path, default=None
            Checkpoint file written by the callback :class:`pipelines.Checkpoint` while a model with the same
            parameters was fitted to the same data. Training continues after the last saved epoch and gives
            exactly the same result as training without an interruption. Only the parameters `max_iter`,
            `verbose` and `warm_start` may differ. If the file cannot be used, an error is raised and the
            model is not changed. Loading a joblib file can execute code, so only load files that you trust.

        Returns
        -------
        self : MLPRegressor
            The fitted network.

        Raises
        ------
        ValueError
            If the input is invalid, if the checkpoint is damaged or was saved with different parameters or
            data, or if the loss becomes infinite or NaN. In the last case, the message contains the number of
            the epoch, and the model keeps the weights of the previous epoch.
        TypeError
            If `hidden_layer_sizes` contains a value that is not an integer.
        FileNotFoundError
            If the file `resume_from` does not exist.

        Warns
        -----
        ConvergenceWarning
            If training stops at `max_iter`, or if the loss becomes infinite or NaN and
            ``early_stopping=True``.
        UserWarning
            If training is interrupted, in which case the model keeps its current weights, or if `batch_size`
            is larger than the number of rows.

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
            As in :meth:`fit`, or if ``early_stopping=True``.
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
            The predictions. The array is one-dimensional if there is only one output. If `quantile` contains
            several levels, it has one column per level.

        Raises
        ------
        ValueError
            If X contains NaN, infinity, text or dates, or if its features are not those seen in :meth:`fit`.
        """
        out = self._outputs(X)
        return out.ravel() if out.shape[1] == 1 and self.out_activation_ != "ordered" else out

    def score(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return R2 or, if there are several quantile levels, the mean of D2 over the levels.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            The rows to predict.

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The true values.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows. If None, all rows have weight 1.

        Returns
        -------
        score : float
            R2, or D2, which is 1 minus the ratio of the pinball loss of the predictions to that of
            constant quantiles. The best score is 1. Always predicting the quantiles of y gives 0.

        Raises
        ------
        ValueError
            If X or y is invalid, or if `quantile` was changed to levels that do not ascend.
        """
        predictions = self.predict(X)
        if self.out_activation_ != "ordered":
            return float(r2_score(y, predictions, sample_weight=sample_weight))
        by_level = zip(predictions.T, self._levels(), strict=True)
        scores = [d2_pinball_score(y, one, sample_weight=sample_weight, alpha=q) for one, q in by_level]
        return float(np.mean(scores))

    def _hint(self) -> str:
        if isinstance(self.loss, str):
            return ""
        return (
            "As in scikit-learn, 'loss' is the first positional parameter of MLPRegressor. "
            f"Pass the sizes of the layers by name, as hidden_layer_sizes={self.loss!r}."
        )

    def _encode_val(self, y_val: ArrayLike, n_outputs: int, dtype: np.dtype) -> np.ndarray:
        """Check ``y_val`` and encode it with :meth:`_encode`."""
        y: np.ndarray = check_numbers(self, y_val, "y_val", ensure_2d=False, allow_nd=True)
        given = 1 if y.ndim == 1 else y.shape[-1]
        wanted = 1 if self._has_levels() else n_outputs
        if y.ndim > 2 or given != wanted:
            raise ValueError(
                f"y_val must have as many outputs as y, which has {wanted}. Got shape {y.shape} instead."
            )
        return self._encode(y, dtype, "y_val")

    def _encode(self, y: np.ndarray, dtype: np.dtype, name: str = "y") -> np.ndarray:
        """Return the targets as an array of shape (n, n_outputs)."""
        y = y.toarray() if hasattr(y, "toarray") else y
        if self.loss == "poisson" and (y < 0).any():
            raise ValueError(
                f"Some value(s) of {name} are out of the valid range of the loss 'poisson': {name} >= 0."
            )
        y = y.reshape(len(y), -1).astype(dtype, copy=False)
        assert_all_finite(y, input_name=name)  # scikit-learn converts None in a list to NaN unchecked
        return y

    def _check_targets(self, y: np.ndarray, is_new: bool) -> np.ndarray:
        """Check the parameters that depend on y. Warn if y is far from standardised."""
        if self._has_levels() and y.ndim > 1:
            raise ValueError(
                "y must have one column if the 'quantile' parameter of MLPRegressor contains several levels. "
                f"Got {y.shape[1]} columns and quantile={self.quantile!r}."
            )
        if self.solver == "lbfgs" and self.loss in ("absolute_error", "quantile"):
            raise ValueError(
                f"solver='lbfgs' does not support loss={self.loss!r}, which is not smooth. Use one of the "
                f"solvers {', '.join(STOCHASTIC_SOLVERS)} instead."
            )
        values = y.toarray() if hasattr(y, "toarray") else y
        with np.errstate(over="ignore", invalid="ignore"):
            spread = np.std(values, axis=0, dtype=np.float64)
        if is_new and self.loss != "poisson" and ((spread > 0) & ((spread < 1e-2) | (spread > 1e2))).any():
            warn_caller(
                f"The standard deviation of y is {np.max(spread):.3g}, but networks train well only if it is "
                "near 1. Use sklearn.compose.TransformedTargetRegressor(MLPRegressor(...), "
                "transformer=StandardScaler())."
            )
        return y

    def _has_levels(self) -> bool:
        return self.loss == "quantile" and np.ndim(self.quantile) > 0

    def _levels(self) -> list[float]:
        """Return the quantile levels. Raise a ValueError unless they ascend between 0 and 1."""
        levels = np.atleast_1d(np.array(self.quantile, dtype=float))
        if levels.ndim != 1 or len(levels) == 0 or not (np.diff(levels, prepend=0, append=1) > 0).all():
            raise ValueError(
                "The 'quantile' parameter of MLPRegressor must be a float in the range (0.0, 1.0), or an "
                f"array-like of such floats in ascending order. Got {self.quantile!r} instead."
            )
        return levels.tolist()

    def _n_outputs(self, y: np.ndarray) -> int:
        return len(self._levels()) if self._has_levels() else y.shape[1]

    def _loss(self) -> Loss:
        if self.loss == "quantile":
            return (
                OrderedQuantiles(self._levels()) if self._has_levels() else quantile_loss(self._levels()[0])
            )
        losses = {"absolute_error": ABSOLUTE_ERROR, "huber": HUBER, "poisson": LOSS_OF["exp"]}
        return losses.get(self.loss, LOSS_OF["identity"])
