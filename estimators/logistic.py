"""Logistic and softmax regression by accelerated gradient descent."""

import warnings
from collections.abc import Iterator
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators._common.callbacks import FitTask
from estimators._common.labels import class_weights, encode_classes, encode_labels, locate_labels
from estimators._common.scikit_learn import (
    Interval,
    StrOptions,
    check_sample_weight,
    fit_context,
    with_callbacks,
)
from estimators._logistic.loss import LogLoss, tame
from estimators._logistic.search import Point, accelerated, textbook

FLOATS = [np.float64, np.float32]
FITTED = ("classes_", "coef_", "intercept_", "n_iter_", "loss_curve_")


class GDClassifier(CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """Logistic regression for two classes, softmax regression for more, by gradient descent.

    Minimises the weighted mean log loss plus a penalty on the weights W, none on the intercept::

        sum_i s_i loss_i / sum_i s_i + alpha * l1_ratio * ||W||_1 + alpha * (1 - l1_ratio) / 2 * ||W||^2

    where ``loss_i = -log p_i`` for the probability p_i of row i's own class, and s_i is its `sample_weight`
    times its `class_weight`. :class:`sklearn.linear_model.LogisticRegression` with the same `l1_ratio` and
    ``C = 1 / (alpha * sum_i s_i)`` minimises the same, times ``C * sum_i s_i``.

    Parameters
    ----------
    alpha : float, default=1e-4
        Strength of the penalty, as in :class:`sklearn.linear_model.SGDClassifier`; 0 for none.
        scikit-learn's ``C=1`` is ``alpha = 1 / n_samples`` where all weights are 1.

    l1_ratio : float, default=0.0
        Share of the l1 penalty: 0 for l2 only, 1 for l1 only, which sets weights to zero, and the elastic
        net in between.

    class_weight : dict or "balanced", default=None
        Weight of each class, 1 for those that a dict does not name. "balanced" weighs all classes alike: by
        the sum of the sample weights over ``n_classes`` times the sum of those of the class.

    fit_intercept : bool, default=True
        Whether to learn an intercept. It is 0 otherwise.

    learning_rate : "auto" or float, default="auto"
        A number is the textbook's gradient descent from zero: ``w -= learning_rate * gradient`` of the mean
        objective, weights and intercept together; with an l1 penalty, then its proximal step. "auto" is
        the accelerated descent of the Notes.

    max_iter : int, default=1000
        Most iterations.

    tol : float, default=1e-8
        When the gradient is small enough to stop. With "auto": when half its squared length, in the metric
        of the inverse Hessian as L-BFGS knows it, is at most `tol` times the objective. That is what the
        objective would still fall by if it were quadratic. Nor may the falls so far, continued as a geometric
        series, promise more. With "auto" and an l1 penalty: when the length of
        the proximal gradient times that of the weights, in the metric of the preconditioner, is at most
        `tol` times the objective. That bounds what it may still fall by, if the minimum is no further away
        than zero. A number as `learning_rate` stops when no entry of the (proximal) gradient exceeds `tol`.
        0 to go on until `max_iter`; "auto" ends where values can no longer tell a fall from rounding.

    warm_start : bool, default=False
        Start from the weights of the last fit, if there was one.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted.

    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Weights, one row if there are two classes; float32 if X is.

    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts.

    n_iter_ : int
        Number of iterations: steps on all rows. Calls of :meth:`partial_fit` count, and add to those of a
        fit before.

    loss_curve_ : list of float
        The objective after each iteration; after a step of :meth:`partial_fit`, that of its rows.

    n_features_in_ : int
        Number of features seen in :meth:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` had names that are all strings.

    Notes
    -----
    With ``learning_rate="auto"`` an iteration is a step of L-BFGS [1]_ that remembers 10 steps and tries the
    full length first. Its initial inverse Hessian is the inverse of ``[X 1]' D [X 1] + l2 I``, the same for
    every class, times a number that fits the last step. D holds the weight of each row times the mean over
    the classes of ``p (1 - p)``, and l2 is ``alpha * (1 - l1_ratio)``. At zero weights this is the Hessian,
    a multiple of the fixed bound of [2]_. X here is every k-th row, ``k = n_samples // max(4000, 4 *
    n_features)``, or all rows if k < 2. The intercept is eliminated, which centres X. What is left is
    inverted, after a Cholesky factorisation has shown it to be positive definite; beyond 1,024 features, or
    with more features than rows, only its diagonal is kept. This is done at the start and whenever the
    objective has halved. If k is at least 8, the search starts from the minimum on the sample, to 1e-2.

    With an l1 penalty an iteration is an accelerated proximal step [3]_ with restarts [4]_ in the metric of
    that diagonal at the start, of a length found by backtracking.

    An iteration takes O(nonzeros of X * n_outputs) time, and again for each step found too long, or to look
    ahead under an l1 penalty. The preconditioner takes O(rows of the sample * n_features^2 + n_features^3),
    or O(nonzeros of the sample). Memory beside X: 20 times the weights, n_features^2 for a matrix, and a copy
    of the sample. CSR input is never made dense. Features beyond 1e77 (4e9 in float32) are divided
    by a power of two during the search, which is exact.

    References
    ----------
    .. [1] Nocedal, J. and Wright, S. J. (2006). Numerical Optimization, 2nd ed. Springer. Algorithm 7.5.
    .. [2] Boehning, D. (1992). Multinomial logistic regression algorithm. Annals of the Institute of
       Statistical Mathematics 44, 197-200.
    .. [3] Beck, A. and Teboulle, M. (2009). A fast iterative shrinkage-thresholding algorithm for linear
       inverse problems. SIAM Journal on Imaging Sciences 2, 183-202. Equations 4.1 to 4.3.
    .. [4] O'Donoghue, B. and Candes, E. (2015). Adaptive restart for accelerated gradient schemes.
       Foundations of Computational Mathematics 15, 715-732.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from estimators import GDClassifier
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> model = GDClassifier(alpha=0.01).fit(X, y)
    >>> model.coef_.shape
    (3, 4)
    >>> model.predict(X[::50])
    array([0, 1, 2])
    >>> model.predict_proba(X[::50]).round(2)
    array([[0.98, 0.02, 0.  ],
           [0.  , 0.82, 0.17],
           [0.  , 0.01, 0.99]])
    """

    _parameter_constraints: dict = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "fit_intercept": ["boolean"],
        "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
        "warm_start": ["boolean"],
    }

    def __init__(
        self,
        *,
        alpha: float = 1e-4,
        l1_ratio: float = 0.0,
        class_weight: dict | str | None = None,
        fit_intercept: bool = True,
        learning_rate: float | str = "auto",
        max_iter: int = 1000,
        tol: float = 1e-8,
        warm_start: bool = False,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.class_weight = class_weight
        self.fit_intercept = fit_intercept
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Search for the weights of the least objective.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features. CSR stays sparse, float32 stays float32.

        y : array-like of shape (n_samples,)
            Class labels, all strings or all numbers, of two classes at least.

        sample_weight : array-like of shape (n_samples,), default=None
            A row of weight 2 counts as the row twice.

        Returns
        -------
        self : GDClassifier
            The same object, fitted.

        Raises
        ------
        ValueError
            If X holds NaN or infinite values, y a missing or a continuous label, or one class only, counting
            rows of positive weight; if a weight is negative, or `class_weight` leaves out a class while it
            names what is none; if a warm start meets other classes or features; or if the
            `learning_rate` is so large that the weights overflow. The model is then not fitted.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` or rounding ended the search, or if there is no minimum: with ``alpha=0``, where the
            classes can be separated.
        """
        before = self._forget()
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=FLOATS, order="C")
        classes, codes = encode_labels(y)
        weight = self._weigh(X, y, sample_weight, classes, codes)
        check_two_classes(classes[np.bincount(codes, weight) > 0])
        theta = self._start(before, classes, X.shape[1])
        task = FitTask(self, self.max_iter, X, y, sample_weight)
        design, scale = tame(X) if self.learning_rate == "auto" else (X, np.ones(1))
        loss = self._loss(design, codes, weight, len(classes), scale)
        theta[:-1] *= scale[:, np.newaxis]
        search = self._search(loss, theta, scale, warm=bool(before))

        def attributes() -> dict[str, Any]:
            return {"classes_": classes, **named_weights(point.theta, scale, X.dtype)}

        curve: list[float] = []
        stopped = False
        while not stopped and len(curve) < self.max_iter:
            task.begin()
            point = advance(search)
            curve.append(point.value)
            stopped = task.end(attributes) or point.state != "searching"
        self._warn(point, stopped, loss)
        self.__dict__.update(attributes(), n_iter_=len(curve), loss_curve_=curve)
        task.close(attributes)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self, X: Any, y: Any, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Take one step of gradient descent on the objective of these rows.

        The step is `learning_rate` if that is a number. "auto" steps by ``1 / L``, where the Hessian is at
        most ``L = alpha * (1 - l1_ratio) + c * m``, with m the weighted mean of ``||x||^2 + 1``, and c a
        quarter for two classes, half for more: the objective of these rows never rises.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            As in :meth:`fit`.

        y : array-like of shape (n_samples,)
            Labels, all among the classes.

        classes : array-like of shape (n_classes,), default=None
            All labels that there will be. Needed on the first call, and the same if given later.

        sample_weight : array-like of shape (n_samples,), default=None
            As in :meth:`fit`.

        Returns
        -------
        self : GDClassifier
            The model; as it was if an error is raised.

        Raises
        ------
        ValueError
            As in :meth:`fit`; if classes are missing or differ, or y holds others; or if `class_weight` is
            "balanced", which needs all rows at once.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight 'balanced' is not supported for partial_fit. Use "
                "compute_class_weight('balanced', classes=classes, y=y) on all labels, and pass a dict."
            )
        first = not hasattr(self, "coef_")
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=FLOATS, order="C", reset=first)
        known = self._known_classes(classes, first)
        labels, codes = encode_labels(y)
        position, found = locate_labels(labels, known)
        if not found.all():
            raise ValueError(
                f"y holds labels that are not among the classes: {labels[~found][:10].tolist()}."
            )
        codes, one = position[codes], np.ones(1)
        weight = self._weigh(X, y, sample_weight, known, codes)
        theta = self._start({} if first else self.__dict__, known, X.shape[1])
        loss = self._loss(X, codes, weight, len(known), one)
        rate = loss.safe_rate() if self.learning_rate == "auto" else float(self.learning_rate)
        point = advance(textbook(loss, theta, rate, float(self.alpha) * float(self.l1_ratio), 0.0))
        curve = [*([] if first else self.loss_curve_), point.value]
        fitted = {"classes_": known, **named_weights(point.theta, one, X.dtype)}
        self.__dict__.update(fitted, n_iter_=len(curve), loss_curve_=curve)
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the log odds of the second class, or the logits of all classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to score.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            One column for each class if there are more than two.

        Raises
        ------
        ValueError
            If a score overflows.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)
        with np.errstate(over="ignore", invalid="ignore"):
            scores = X @ self.coef_.T + self.intercept_  # (samples, features) @ (features, outputs)
        if not np.isfinite(scores).all():
            raise ValueError(
                "Floating-point overflow occurred in decision_function: X holds too large values."
            )
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict(self, X: Any) -> np.ndarray:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            As in :meth:`decision_function`.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Of equal scores, the first class in ``classes_``.

        Raises
        ------
        ValueError
            If a score overflows.
        """
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            As in :meth:`decision_function`.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Classes in the order of ``classes_``.

        Raises
        ------
        ValueError
            If a score overflows.
        """
        scores = self.decision_function(X)
        return expit(np.column_stack([-scores, scores])) if scores.ndim == 1 else softmax(scores, axis=1)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithms of the probabilities, finite where those round to 0.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            As in :meth:`decision_function`.

        Returns
        -------
        log_proba : ndarray of shape (n_samples, n_classes)
            Classes in the order of ``classes_``.

        Raises
        ------
        ValueError
            If a score overflows.
        """
        scores = self.decision_function(X)
        if scores.ndim == 1:
            return log_expit(np.column_stack([-scores, scores]))
        return log_softmax(scores, axis=1)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coef_")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _forget(self) -> dict[str, Any]:
        """Start anew: a fit that fails leaves no model. Return what was fitted, if a warm start needs it."""
        before = {name: self.__dict__.pop(name) for name in FITTED if hasattr(self, name)}
        return before if self.warm_start else {}

    def _start(self, before: dict[str, Any], classes: np.ndarray, n_features: int) -> np.ndarray:
        """Return the theta of the fit before, or zeros, (n_features + 1, n_outputs)."""
        n_outputs = 1 if len(classes) == 2 else len(classes)
        if not before:
            return np.zeros((n_features + 1, n_outputs))
        coef, same = before["coef_"], np.array_equal(before["classes_"], classes)
        if not same or coef.shape[1] != n_features:
            raise ValueError(
                "warm_start needs the classes and the number of features of the fit before, "
                f"{before['classes_']!r} and {coef.shape[1]}. Got {classes!r} and {n_features}."
            )
        return np.vstack([coef.T, before["intercept_"]], dtype=np.float64)

    def _weigh(
        self, X: Any, y: np.ndarray, sample_weight: ArrayLike | None, classes: np.ndarray, codes: np.ndarray
    ) -> np.ndarray:
        """Return the weight of each row: its own times that of its class."""
        weight = np.ones(X.shape[0])
        if sample_weight is not None:
            weight = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
            weight = weight / weight.max()  # a sum of large ones may overflow; only their ratios matter
        if self.class_weight is None:
            return weight
        weight = weight * class_weights(self, classes, y, weight)[codes]
        if not weight.any():
            raise ValueError("The sample weights times the class weights are all zero.")
        return weight

    def _loss(
        self, X: Any, codes: np.ndarray, weight: np.ndarray, n_classes: int, scale: np.ndarray
    ) -> LogLoss:
        l2 = float(self.alpha) * (1 - float(self.l1_ratio))
        return LogLoss(
            X, codes, weight, n_classes, l2 / scale[:, np.newaxis] / scale[:, np.newaxis], self.fit_intercept
        )

    def _search(self, loss: LogLoss, theta: np.ndarray, scale: np.ndarray, warm: bool) -> Iterator[Point]:
        l1 = float(self.alpha) * float(self.l1_ratio)
        if self.learning_rate == "auto":
            return accelerated(loss, theta, l1 / scale[:, np.newaxis], float(self.tol), warm)
        return textbook(loss, theta, float(self.learning_rate), l1, float(self.tol))

    def _known_classes(self, classes: ArrayLike | None, first: bool) -> np.ndarray:
        if classes is None:
            if first:
                raise ValueError("classes must be passed on the first call to partial_fit.")
            return self.classes_
        given = encode_classes(classes)
        if not first and not np.array_equal(given, self.classes_):
            raise ValueError(
                f"`classes={classes!r}` is not the same as on last call to partial_fit, "
                f"was: {self.classes_!r}"
            )
        check_two_classes(given)
        return given

    def _warn(self, point: Point, stopped: bool, loss: LogLoss) -> None:
        """Say so if the search did not end at a minimum."""
        if self.alpha == 0 and loss.separates(point.theta):
            message = "The classes can be separated and alpha=0: there is no minimum. Use a positive alpha."
        elif point.state == "stalled":
            message = "Rounding ended the search. Scaling the features might help."
        elif not stopped:
            message = (
                f"The search did not converge in max_iter={self.max_iter} iterations. Increase it, or tol."
            )
        else:
            return
        warnings.warn(message, ConvergenceWarning, stacklevel=5)


def check_two_classes(classes: np.ndarray) -> None:
    """Raise unless there are at least two."""
    if len(classes) < 2:
        raise ValueError(
            "GDClassifier needs samples of at least 2 classes in the data, but the data contains only one "
            f"class: {classes.tolist()}. Classes without positive weight do not count."
        )


def advance(search: Iterator[Point]) -> Point:
    """Go on by one iteration."""
    with np.errstate(over="ignore", invalid="ignore"):
        point = next(search)
    if not (np.isfinite(point.value) and np.isfinite(point.theta).all()):
        raise ValueError(
            "Floating-point overflow occurred in the descent. A smaller learning_rate, or scaling the "
            "features with StandardScaler or MinMaxScaler, might help."
        )
    return point


def named_weights(theta: np.ndarray, scale: np.ndarray, dtype: Any) -> dict[str, np.ndarray]:
    """Return theta as ``coef_`` and ``intercept_``."""
    coef = (theta[:-1] / scale[:, np.newaxis]).T
    return {"coef_": np.array(coef, dtype=dtype, order="C"), "intercept_": theta[-1].astype(dtype)}
