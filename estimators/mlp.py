"""Multi-layer perceptrons: scikit-learn's two classes, faster, and with what they lack."""

from typing import Any, Self

import numpy as np
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
)
from estimators._network.base import BaseMLP
from estimators._network.losses import ONE_CLASS
from estimators._network.settings import Settings
from estimators._network.signatures import documented, with_parameters_of


@documented(Settings.__doc__)
class MLPClassifier(ClassifierMixin, BaseMLP):
    """Multi-layer perceptron for classes: scikit-learn's MLPClassifier, faster, and with what it lacks.

    Minimises the cross-entropy of a softmax over the classes (of a logistic function for two classes, and for
    each of several labels), on batches of rows. Parameters, defaults, attributes and errors are those of
    scikit-learn's class, and with the same `random_state` the weights too, to rounding (see the notes).
    Beyond it: `dropout`, `batch_norm`, `l1`, "rmsprop", "leaky_relu", `init`, `class_weight`, `dtype`,
    ``history_``, held-out rows of one's own, callbacks, checkpoints, :meth:`summary` and :meth:`to_mermaid`.

    Parameters
    ----------
    {parameters}

    class_weight : dict, "balanced" or None, default=None
        Weight of each class, a factor of `sample_weight`; "balanced" is ``n_samples / (n_classes *
        bincount(y))``. Not with several labels a row.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.

    {attributes}

    Notes
    -----
    {notes}

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
    >>> with warnings.catch_warnings(action="ignore"):  # 15 epochs are asked for, no more
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

    _parameter_constraints: dict = {
        **Settings._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    @with_parameters_of(Settings.__init__)
    def __init__(self, *args: Any, class_weight: Any = None, **parameters: Any) -> None:
        super().__init__(*args, **parameters)
        self.class_weight = class_weight

    @available_if(lambda model: model._check_stochastic())
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Self:
        """Train for one epoch.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            As in :meth:`fit`.

        sample_weight : array-like of shape (n_samples,), default=None
            As in :meth:`fit`.

        classes : array-like of shape (n_classes,), default=None
            Every label that can occur; must be given in the first call.

        Returns
        -------
        self : MLPClassifier
            The same object, with what these rows teach.

        Raises
        ------
        ValueError
            As :meth:`fit`; if `classes` is missing in the first call or differs later; with
            ``early_stopping=True`` or ``class_weight="balanced"``.
        TypeError
            As :meth:`fit`.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' is not supported for partial_fit: the weights depend on all rows. "
                "Give them as a dict, as compute_class_weight returns them."
            )
        if check_partial_fit_first_call(self, classes):
            multilabel = type_of_target(y).startswith("multilabel")
            self._label_binarizer = LabelBinarizer().fit(y if multilabel else classes)
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row, or the labels whose probability is above 1/2.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_labels)
            Labels among ``classes_``; of several labels a row, 0 and 1.
        """
        P = self._outputs(X)
        if self.out_activation_ == "softmax":
            return self.classes_[P.argmax(axis=1)]
        if self._label_binarizer.y_type_.startswith("multilabel"):
            return self._label_binarizer.inverse_transform(P)
        return self.classes_[(P[:, 0] > 0.5).astype(int) if len(self.classes_) > 1 else [0] * len(P)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of every class.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            In the order of ``classes_``. With several labels each column is a probability of its own.
        """
        P = self._outputs(X)
        return np.hstack([1 - P, P]) if self.n_outputs_ == 1 else P

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the log of :meth:`predict_proba`.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        log_proba : ndarray of shape (n_samples, n_classes)
            ``-inf`` where a probability rounds to 0.
        """
        P = self.predict_proba(X)
        return np.log(P, out=P)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _validate(self, X: Any, y: Any, dtype: Any, reset: bool, incremental: bool) -> tuple[Any, np.ndarray]:
        """Return X and y as arrays; set or compare ``classes_``."""
        X, y = self._check_rows(X, y, dtype, reset)
        if not hasattr(self, "classes_") or (reset and not incremental):
            self._label_binarizer = LabelBinarizer().fit(y)
            self.classes_ = self._label_binarizer.classes_
            return X, y
        classes = unique_labels(y)
        if self.warm_start and set(classes) != set(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. "
                f"Previously got {self.classes_}, `y` has {classes}"
            )
        self._check_known(classes)
        return X, y

    def _check_y(self, y: Any, n_outputs: int) -> np.ndarray:
        y = check_array(y, accept_sparse="csr", ensure_2d=False, dtype=None, input_name="y_val")
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        several, here = self._label_binarizer.y_type_.startswith("multilabel"), y.ndim == 2
        if several != here or (several and y.shape[1] != n_outputs):
            wanted = f"shape (n_val, {n_outputs})" if several else "shape (n_val,)"
            raise ValueError(f"y_val must have the {wanted}, as y. Got the shape {y.shape} instead.")
        self._check_known(unique_labels(y), "y_val")
        return y

    def _check_known(self, classes: np.ndarray, name: str = "y") -> None:
        if len(np.setdiff1d(classes, self.classes_, assume_unique=True)):
            raise ValueError(
                f"`{name}` has classes not in `self.classes_`. `self.classes_` has {self.classes_}. "
                f"'{name}' has {classes}."
            )

    def _encode(self, y: np.ndarray, dtype: Any) -> np.ndarray:
        """Return codes of classes, (n,), or 0 and 1, (n, n_outputs)."""
        if self._output_activation() == "softmax" and y.ndim == 1:  # else the binarizer complains
            return np.searchsorted(self.classes_, y)
        return self._label_binarizer.transform(y).astype(dtype)

    def _weigh(self, y: np.ndarray, weight: Any, dtype: Any) -> Any:
        """Return the weights of the rows, times those of their classes."""
        if self.class_weight is None:
            return weight
        if self._label_binarizer.y_type_.startswith("multilabel"):
            raise ValueError("class_weight is for one label a row. With several, use sample_weight.")
        by_class = class_weights(self, self.classes_, y, weight).astype(dtype)
        weight = by_class[np.searchsorted(self.classes_, y)] * (1 if weight is None else weight)
        if not weight.any():
            raise ValueError("The sample weights times the class weights are all zero.")
        return weight

    def _strata(self, y: np.ndarray) -> np.ndarray | None:
        return y.astype(bool) if self.n_outputs_ == 1 else None

    def _loss(self) -> Any:
        return ONE_CLASS if len(self.classes_) == 1 else super()._loss()

    def _output_activation(self) -> str:
        return "softmax" if self._label_binarizer.y_type_ == "multiclass" else "logistic"


@documented(Settings.__doc__)
class MLPRegressor(MultiOutputMixin, RegressorMixin, BaseMLP):
    """Multi-layer perceptron for numbers: scikit-learn's MLPRegressor, faster, and with what it lacks.

    Minimises the squared error, or the Poisson deviance, on batches of rows. Parameters, defaults, attributes
    and errors are those of scikit-learn's class, and with the same `random_state` the weights too, to
    rounding (see the notes). Beyond it: all that :class:`MLPClassifier` has, but for `class_weight`.

    Parameters
    ----------
    loss : {"squared_error", "poisson"}, default="squared_error"
        ``(z - y)**2 / 2``, or for counts ``y * log(y / exp(z)) - y + exp(z)`` with predictions ``exp(z)``.
        The squared error is reported as the mean over the outputs, and its gradient is that of their sum.

    {parameters}

    Attributes
    ----------
    {attributes}

    Notes
    -----
    {notes}
    - With ``loss="poisson"`` a negative y is a ValueError, and with "lbfgs" there is no ``partial_fit``, as
      in the classifiers; scikit-learn's class trains all the same.

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

    _parameter_constraints: dict = {
        **Settings._parameter_constraints,
        "loss": [StrOptions({"squared_error", "poisson"})],
    }

    @with_parameters_of(Settings.__init__)
    def __init__(self, loss: str = "squared_error", *args: Any, **parameters: Any) -> None:
        super().__init__(*args, **parameters)
        self.loss = loss

    @available_if(lambda model: model._check_stochastic())
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train for one epoch.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)

        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            As in :meth:`fit`.

        sample_weight : array-like of shape (n_samples,), default=None
            As in :meth:`fit`.

        Returns
        -------
        self : MLPRegressor
            The same object, with what these rows teach.

        Raises
        ------
        ValueError
            As :meth:`fit`; with ``early_stopping=True``.
        TypeError
            As :meth:`fit`.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> np.ndarray:
        """Return the outputs of the network.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            One axis if there is one output.
        """
        out = self._outputs(X)
        return out.ravel() if out.shape[1] == 1 else out

    def _validate(self, X: Any, y: Any, dtype: Any, reset: bool, incremental: bool) -> tuple[Any, np.ndarray]:
        """Return X and y as arrays."""
        return self._check_rows(X, y, dtype, reset, y_numeric=True)

    def _check_y(self, y: Any, n_outputs: int) -> np.ndarray:
        return check_array(y, ensure_2d=False, dtype="numeric", input_name="y_val")

    def _encode(self, y: np.ndarray, dtype: Any) -> np.ndarray:
        """Return the targets as columns, (n, n_outputs)."""
        y = y.toarray() if hasattr(y, "toarray") else y
        if self.loss == "poisson" and (y < 0).any():
            raise ValueError("Some value(s) of y are out of the valid range of the loss 'poisson': y >= 0.")
        return y.reshape(len(y), -1).astype(dtype, copy=False)

    def _output_activation(self) -> str:
        return "exp" if self.loss == "poisson" else "identity"
