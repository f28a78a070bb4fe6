"""Logistic and softmax regression by gradient descent in a metric that is worth its cost."""

import warnings
from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from estimators._common.accuracy import ExactClassifierMixin
from estimators._common.callbacks import FitTask
from estimators._common.class_weight import class_weights
from estimators._common.labels import (
    encode_labels,
    exact_labels,
    known_classes,
    locate_labels,
    same_labels,
)
from estimators._common.matrices import Matrix, MatrixLike, validate_data
from estimators._common.scikit_learn import (
    Interval,
    StrOptions,
    check_sample_weight,
    fit_context,
    with_callbacks,
)
from estimators._logistic.automatic import automatic_search
from estimators._logistic.loss import LogLoss
from estimators._logistic.scaling import scale_huge_columns
from estimators._logistic.search import GradientDescent, Iterate, Search

FLOATS = [np.float64, np.float32]


class GDClassifier(CallbackSupportMixin, ExactClassifierMixin, BaseEstimator):
    """Logistic regression for two classes and softmax regression for more, fitted by gradient descent.

    The objective is the weighted mean log loss plus a penalty on the weights W, but not on the intercept::

        sum_i s_i loss_i / sum_i s_i + alpha * l1_ratio * ||W||_1 + alpha * (1 - l1_ratio) / 2 * ||W||^2

    where ``loss_i = -log p_i``, p_i is the predicted probability of row i's own class, and s_i is its
    `sample_weight` times its `class_weight`. :class:`sklearn.linear_model.LogisticRegression` with the same
    `l1_ratio` and ``C = 1 / (alpha * sum_i s_i)`` minimises the same objective, multiplied by
    ``C * sum_i s_i``.

    Parameters
    ----------
    alpha : float, default=1e-4
        Strength of the regularisation, as in :class:`sklearn.linear_model.SGDClassifier`. 0 switches it
        off. If all weights are 1, scikit-learn's ``C=1`` corresponds to ``alpha = 1 / n_samples``.

    l1_ratio : float, default=0.0
        Share of the l1 penalty, in [0, 1]. 0 is l2 only, 1 is l1 only, which sets weights to zero, and
        values in between are the elastic net.

    class_weight : dict or "balanced", default=None
        Weight of each class. Classes that a dict does not name have weight 1. "balanced" gives all classes
        the same influence: each weighs the sum of the sample weights, divided by ``n_classes`` times the sum
        of the sample weights of that class.

    fit_intercept : bool, default=True
        Whether to fit an intercept. If False, the intercept is 0.

    learning_rate : "auto" or float, default="auto"
        The step size. A number selects textbook gradient descent from zero:
        ``w -= learning_rate * gradient`` of the objective, for weights and intercept together, followed by
        a proximal step if there is an l1 penalty. "auto" selects the accelerated descent described in the
        Notes.

    max_iter : int, default=1000
        Maximum number of iterations.

    tol : float, default=1e-4
        Tolerance of the stopping criterion. With a number as `learning_rate`, the search stops when no entry
        of the (proximal) gradient exceeds `tol`. With "auto", it stops when the objective is predicted to
        fall by at most `tol` times its value. The prediction is half the squared length of the gradient in
        the metric of the inverse Hessian as estimated by the search, which is exact for a quadratic. Unless
        the Hessian itself is at hand, the past decreases are also continued as a geometric series, and the
        larger prediction counts. With an l1 penalty, it is a bound that assumes that the minimum is no
        further away than zero. The duality gap, which bounds the fall without assumptions, must then be at
        most ``100 * tol``. With two classes, it must be at most `tol` if the search takes Newton steps. With
        more classes, it is enough if the fall that a Newton step predicts is at most `tol`. 0
        means to continue until `max_iter`; "auto" then stops when rounding hides any further decrease. If
        ``alpha=0``, "auto" also stops when the loss is below 2e-16. Where the last digits matter, use
        ``tol=1e-8``.

    warm_start : bool, default=False
        Whether to start from the weights of the previous fit, if there is one.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The class labels, sorted.

    coef_ : ndarray of shape (1, n_features) or (n_classes, n_features)
        Weights, in one row if there are two classes. They are float32 if X is.

    intercept_ : ndarray of shape (1,) or (n_classes,)
        Intercepts.

    n_iter_ : int
        Number of iterations, each over all rows. Each call of :meth:`partial_fit` adds one.

    loss_curve_ : list of float
        The objective after each iteration. A call of :meth:`partial_fit` appends the objective of its rows.

    n_features_in_ : int
        Number of features seen in :meth:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features. Only defined if `X` has feature names that are all strings.

    Notes
    -----
    With ``learning_rate="auto"``, an iteration is a step of L-BFGS [1]_ that remembers 10 steps and starts
    from a metric, an approximation of the Hessian. The metrics are, from cheap to dear: the diagonal of
    ``[X 1]' D [X 1] + l2 I``; that whole matrix, the same for every class, for at most 4,000 features; and
    the Hessian of all classes together, for dense X and at most 4,000 weights. D holds the weight of each row
    times the mean over the classes of ``p (1 - p)``, and l2 is ``alpha * (1 - l1_ratio)``. With two classes
    the matrix is the Hessian, and the steps are Newton's.

    One rule chooses among them, rent or buy. A pass over the rows and each metric have a price, estimated
    from the shape of X. The search starts with the dearest metric that costs at most as much as 3 passes. It
    moves to the next one when it has spent twice the price of that one and the passes that are still expected
    would cost more. Likewise a Hessian is rebuilt when its price has been spent since it was built, the
    matrix when the objective has halved, and the diagonal when it has fallen to a fifth.

    Dense X with fewer rows than features, up to 3,000 rows, is a special case: the rows are expressed in
    coordinates of the space they span, as soon as that costs at most 20 passes or half of what has been
    spent, and the search continues there. If there are many rows, the diagonal and the matrix are computed
    from every k-th row, where ``k = n_samples // max(4000, 4 * n_features)``, and if k is at least 8, the
    search starts from the minimum on that sample, found to a tolerance of 1e-2.

    With an l1 penalty, an iteration is an accelerated proximal step [2]_ with restarts [3]_ in the metric of
    the diagonal at the start, with a step size found by backtracking. With two classes, it becomes a proximal
    Newton step [4]_ on a working set of features as soon as the proximal steps have cost as much as five of
    those. The quadratic model of such a step is minimised by scikit-learn's compiled coordinate descent.

    An iteration takes O(nonzeros of X * n_outputs) time, and as much again for each step that was too long.
    A matrix takes O(rows * n_features^2 + n_features^3), the Hessian of all classes
    O(n_samples * weights^2 + weights^3), and the coordinates of the rows O(n_samples^2 * n_features). Besides
    X, memory holds 30 times the weights and the matrix. CSR input is never made dense. Features beyond 1e77
    (4e9 in float32) are divided by a power of two during the search, which is exact.

    References
    ----------
    .. [1] Nocedal, J. and Wright, S. J. (2006). Numerical Optimization, 2nd ed. Springer. Algorithm 7.5.
    .. [2] Beck, A. and Teboulle, M. (2009). A fast iterative shrinkage-thresholding algorithm for linear
       inverse problems. SIAM Journal on Imaging Sciences 2, 183-202. Equations 4.1 to 4.3.
    .. [3] O'Donoghue, B. and Candes, E. (2015). Adaptive restart for accelerated gradient schemes.
       Foundations of Computational Mathematics 15, 715-732.
    .. [4] Lee, J., Sun, Y. and Saunders, M. (2014). Proximal Newton-type methods for minimizing composite
       functions. SIAM Journal on Optimization 24, 1420-1443.

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
        class_weight: dict | Literal["balanced"] | None = None,
        fit_intercept: bool = True,
        learning_rate: float | Literal["auto"] = "auto",
        max_iter: int = 1000,
        tol: float = 1e-4,
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
    def fit(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit by minimising the objective.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features. CSR input stays sparse, and float32 stays float32.

        y : array-like of shape (n_samples,)
            Class labels of at least two classes: all strings, all whole numbers or all NumPy dates. Integers
            keep their exact values, in nullable columns too.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row. A row of weight 2 counts as two rows.

        Returns
        -------
        self : GDClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If X holds NaN or infinite values; if y holds a missing or a continuous label, labels of several
            kinds, a string that ends in a NUL character, or only one class among the rows of positive weight;
            if a weight is negative; if `class_weight` names a label that is not in y while it leaves out one
            that is; if a warm start meets other classes or another number of features; or if the
            `learning_rate` is so large that the weights overflow. The estimator is then not fitted.
        TypeError
            If the labels are bytes.

        Warns
        -----
        ConvergenceWarning
            If `max_iter` or rounding ended the search before its goal, or if there is no minimum because the
            classes can be separated and ``alpha=0``. The message says how far the objective may still fall.
        """
        previous = self._weights() if self.warm_start else None
        self._reset()
        y = exact_labels(y)
        rows, labels = validate_data(self, X, y, accept_sparse="csr", dtype=FLOATS, order="C")
        classes, codes = encode_labels(labels)
        labels = classes[codes]
        weight = self._row_weights(rows, labels, sample_weight, classes, codes)
        check_two_classes(classes[np.bincount(codes, weight) > 0])
        theta = initial_theta(previous, classes, rows.shape[1])
        task = FitTask(self, self.max_iter, rows, labels, sample_weight)
        scaled, scale = scale_huge_columns(rows) if self.learning_rate == "auto" else (rows, np.ones(1))
        loss = self._loss(scaled, codes, weight, len(classes), scale)
        theta[:-1] *= scale[:, np.newaxis]
        search = self._search(loss, theta, scale, warm=previous is not None)

        def attributes() -> Mapping[str, Any]:
            return weights_of(search, classes, scale, rows.dtype)._asdict()

        curve: list[float] = []
        stopped = False
        while not stopped and len(curve) < self.max_iter:
            task.begin()
            iterate = advance(search)
            curve.append(iterate.objective)
            stopped = task.end(attributes) or iterate.converged or iterate.stalled
        weights = weights_of(search, classes, scale, rows.dtype)
        self._warn(iterate, stopped, loss, search)
        self._store(weights, curve)
        task.close(attributes)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: MatrixLike,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Take one step of gradient descent on the objective of these rows.

        A number as `learning_rate` is the step size. With "auto" it is ``1 / L``, where
        ``L = alpha * (1 - l1_ratio) + c * m`` is an upper bound of the Hessian, m is the weighted mean of
        ``||x||^2 + 1``, and c is 1/4 for two classes and 1/2 for more. Such a step never raises the objective
        of these rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features, as in :meth:`fit`.

        y : array-like of shape (n_samples,)
            Class labels, all of them among the classes.

        classes : array-like of shape (n_classes,), default=None
            All class labels that will ever occur. Required in the first call; later calls may repeat it.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, as in :meth:`fit`.

        Returns
        -------
        self : GDClassifier
            The fitted estimator. It is unchanged if an error is raised.

        Raises
        ------
        ValueError
            As in :meth:`fit`; if `classes` is missing in the first call or differs from that of earlier
            calls; if y holds other labels; or if `class_weight` is "balanced", which needs all rows at once.
        TypeError
            If the labels are bytes.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight 'balanced' is not supported for partial_fit. Use "
                "compute_class_weight('balanced', classes=classes, y=y) on all labels, and pass a dict."
            )
        previous = self._weights()
        first = previous is None
        y = exact_labels(y)
        rows, labels = validate_data(self, X, y, accept_sparse="csr", dtype=FLOATS, order="C", reset=first)
        known = self._known_classes(classes, first)
        codes, scale = codes_among(known, labels), np.ones(1)
        weight = self._row_weights(rows, known[codes], sample_weight, known, codes)
        theta = initial_theta(previous, known, rows.shape[1])
        loss = self._loss(rows, codes, weight, len(known), scale)
        rate = loss.safe_learning_rate() if self.learning_rate == "auto" else float(self.learning_rate)
        with np.errstate(over="ignore", invalid="ignore"):
            search = GradientDescent(loss, theta, rate, float(self.alpha) * float(self.l1_ratio))
        iterate = advance(search)
        curve = [*([] if first else self.loss_curve_), iterate.objective]
        self._store(weights_of(search, known, scale, rows.dtype), curve)
        return self

    def decision_function(self, X: MatrixLike) -> np.ndarray:
        """Return the log odds of the second class or, for more than two classes, the logits of all.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to score.

        Returns
        -------
        scores : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Scores, with one column for each class if there are more than two.

        Raises
        ------
        ValueError
            If a score overflows.
        """
        check_is_fitted(self)
        rows = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)
        with np.errstate(over="ignore", invalid="ignore"):
            scores = rows @ self.coef_.T + self.intercept_  # (samples, features) @ (features, outputs)
        if not np.isfinite(scores).all():
            raise ValueError(
                "Floating-point overflow occurred in decision_function: X contains values that are too large."
            )
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict(self, X: MatrixLike) -> np.ndarray:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            The predicted labels. If scores are equal, the class that comes first in ``classes_`` wins.

        Raises
        ------
        ValueError
            If a score overflows.
        """
        scores = self.decision_function(X)
        return self.classes_[(scores > 0).astype(np.intp) if scores.ndim == 1 else scores.argmax(axis=1)]

    def predict_proba(self, X: MatrixLike) -> np.ndarray:
        """Return the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Probabilities, with the classes in the order of ``classes_``.

        Raises
        ------
        ValueError
            If a score overflows.
        """
        scores = self.decision_function(X)
        return expit(np.column_stack([-scores, scores])) if scores.ndim == 1 else softmax(scores, axis=1)

    def predict_log_proba(self, X: MatrixLike) -> np.ndarray:
        """Return the logarithms of the probabilities. They are finite even where a probability rounds to 0.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows to classify.

        Returns
        -------
        log_proba : ndarray of shape (n_samples, n_classes)
            Log probabilities, with the classes in the order of ``classes_``.

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

    def _weights(self) -> "Weights | None":
        """Return the fitted weights, or None before the first fit."""
        return Weights(self.classes_, self.coef_, self.intercept_) if hasattr(self, "coef_") else None

    def _store(self, weights: "Weights", curve: list[float]) -> None:
        self.classes_, self.coef_, self.intercept_ = weights
        self.n_iter_, self.loss_curve_ = len(curve), curve

    def _reset(self) -> None:
        """Delete the fitted attributes, so that a fit that fails leaves no model."""
        if hasattr(self, "coef_"):
            del self.classes_, self.coef_, self.intercept_, self.n_iter_, self.loss_curve_

    def _row_weights(
        self,
        X: Matrix,
        y: np.ndarray,
        sample_weight: ArrayLike | None,
        classes: np.ndarray,
        codes: np.ndarray,
    ) -> np.ndarray:
        """Return the weight of each row times that of its class, (n_samples,)."""
        weight = np.ones(X.shape[0])
        if sample_weight is not None:
            weight = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
            weight = weight / weight.max()  # only ratios matter, and a sum of large weights may overflow
        if self.class_weight is None:
            return weight
        weight = weight * class_weights(self, classes, y, weight)[codes]
        if not weight.any():
            raise ValueError("The sample weights times the class weights are all zero.")
        return weight

    def _loss(
        self, X: Matrix, codes: np.ndarray, weight: np.ndarray, n_classes: int, scale: np.ndarray
    ) -> LogLoss:
        l2 = float(self.alpha) * (1 - float(self.l1_ratio))
        l2_of_scaled = l2 / scale[:, np.newaxis] / scale[:, np.newaxis]
        return LogLoss(X, codes, weight, n_classes, l2_of_scaled, self.fit_intercept)

    def _search(self, loss: LogLoss, theta: np.ndarray, scale: np.ndarray, warm: bool) -> Search:
        l1 = float(self.alpha) * float(self.l1_ratio)
        with np.errstate(over="ignore", invalid="ignore"):
            if self.learning_rate == "auto":
                return automatic_search(loss, theta, l1 / scale[:, np.newaxis], float(self.tol), warm)
            return GradientDescent(loss, theta, float(self.learning_rate), l1, float(self.tol))

    def _known_classes(self, classes: ArrayLike | None, first: bool) -> np.ndarray:
        """Return the classes that `partial_fit` was told of, now or before."""
        known = known_classes(classes, None if first else self.classes_)
        check_two_classes(known)
        return known

    def _warn(self, iterate: Iterate, stopped: bool, loss: LogLoss, search: Search) -> None:
        """Warn if the search did not end at a minimum."""
        if stopped and not iterate.stalled and self.alpha > 0:
            return
        left = ""
        if np.isfinite(iterate.expected):
            share = iterate.expected / max(iterate.objective, np.finfo(float).tiny)
            left = f" The objective may still fall by {share:.0e} of its value, and tol={self.tol}."
        if self.alpha == 0 and loss.separates(search.theta()):
            message = "The classes can be separated and alpha=0: there is no minimum. Use a positive alpha."
        elif iterate.stalled:
            precision = loss.X.dtype
            more = ", or passing float64," if precision == np.float32 else ""
            message = (
                f"Rounding ended the search: no step along the search direction lowers the objective in "
                f"{precision}.{left} Scaling the features{more} might help."
            )
        elif not stopped:
            message = (
                f"The search did not converge in max_iter={self.max_iter} iterations.{left} Increase "
                "max_iter or tol."
            )
        else:
            return
        warnings.warn(message, ConvergenceWarning, stacklevel=5)


class Weights(NamedTuple):
    """The fitted weights and the classes that they belong to, named as the attributes of the estimator."""

    classes_: np.ndarray
    coef_: np.ndarray
    intercept_: np.ndarray


def weights_of(search: Search, classes: np.ndarray, scale: np.ndarray, dtype: np.dtype) -> Weights:
    """Return the weights for X as it was before its columns were divided by `scale`."""
    theta = search.theta()
    check_finite(theta)
    coef = (theta[:-1] / scale[:, np.newaxis]).T
    return Weights(classes, np.array(coef, dtype=dtype, order="C"), theta[-1].astype(dtype))


def initial_theta(previous: Weights | None, classes: np.ndarray, n_features: int) -> np.ndarray:
    """Return the previous weights as theta, or zeros, (n_features + 1, n_outputs)."""
    n_outputs = 1 if len(classes) == 2 else len(classes)
    if previous is None:
        return np.zeros((n_features + 1, n_outputs))
    before, coef, intercept = previous
    if not same_labels(before, classes) or coef.shape[1] != n_features:
        raise ValueError(
            "With warm_start=True, the classes and the number of features must be the same as in the "
            f"previous fit: classes {before!r} and {coef.shape[1]} features. "
            f"Got classes {classes!r} and {n_features} features instead."
        )
    return np.vstack([coef.T, intercept], dtype=np.float64)


def codes_among(classes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the position of each label in the sorted `classes`."""
    labels, codes = encode_labels(y)
    position, found = locate_labels(labels, classes)
    if not found.all():
        raise ValueError(f"y holds labels that are not among the classes: {labels[~found][:10].tolist()}.")
    return position[codes]


def check_two_classes(classes: np.ndarray) -> None:
    """Raise an error unless there are at least two classes."""
    if len(classes) < 2:
        raise ValueError(
            "GDClassifier needs samples of at least 2 classes in the data, but the data contains only one "
            f"class: {classes.tolist()}. Classes without positive weight do not count."
        )


def advance(search: Search) -> Iterate:
    """Run one iteration of a search. Raise an error if it overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        iterate = search.step()
    check_finite(iterate.objective)
    return iterate


def check_finite(values: float | np.ndarray) -> None:
    """Raise an error if a value has overflowed."""
    if not np.isfinite(values).all():
        raise ValueError(
            "Floating-point overflow occurred in the descent. A smaller learning_rate, or scaling the "
            "features with StandardScaler or MinMaxScaler, might help."
        )
