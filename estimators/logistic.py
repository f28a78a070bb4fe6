"""Logistic and softmax regression by gradient descent, preconditioned by an approximate Hessian."""

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
    warn_caller,
    with_callbacks,
)
from estimators._logistic.automatic import automatic_search
from estimators._logistic.loss import LogLoss
from estimators._logistic.scaling import column_far_from_zero, scale_huge_columns
from estimators._logistic.search import GradientDescent, Iterate, Search

FLOATS = [np.float64, np.float32]


class GDClassifier(CallbackSupportMixin, ExactClassifierMixin, BaseEstimator):
    """Logistic regression for two classes and softmax regression for more, fitted by gradient descent.

    The objective is the weighted mean log loss plus a penalty on the weights W, but not on the intercept::

        sum_i s_i loss_i / sum_i s_i + alpha * l1_ratio * ||W||_1 + alpha * (1 - l1_ratio) / 2 * ||W||^2

    where ``loss_i = -log p_i``, p_i is the predicted probability of the true class of row i, and s_i is its
    `sample_weight` times its `class_weight`. :class:`sklearn.linear_model.LogisticRegression` with the same
    `l1_ratio` and ``C = 1 / (alpha * sum_i s_i)`` minimises the same objective, multiplied by ``C * sum_i
    s_i``.

    Parameters
    ----------
    alpha : float, default=1e-4
        Strength of the regularisation, as in :class:`sklearn.linear_model.SGDClassifier`. 0 means no
        regularisation. If all weights are 1, scikit-learn's ``C=1`` corresponds to ``alpha = 1 /
        n_samples``.

    l1_ratio : float, default=0.0
        Share of the l1 penalty in the elastic-net penalty, in [0, 1]. 0 is a pure l2 penalty. 1 is a pure
        l1 penalty, which sets some weights to exactly zero.

    class_weight : dict or "balanced", default=None
        Weight of each class. Classes missing from a dict have weight 1. "balanced" gives all classes the same
        influence: the weight of a class is the sum of all sample weights, divided by ``n_classes`` times the
        sum of the sample weights of that class.

    fit_intercept : bool, default=True
        Whether to fit an intercept. If False, the intercept is 0.

    learning_rate : "auto" or float, default="auto"
        The step size. If it is a number, the model is fitted by textbook gradient descent from zero:
        ``w -= learning_rate * gradient`` of the objective, for weights and intercept together, followed by
        a proximal step if there is an l1 penalty. "auto" selects the accelerated descent described in the
        Notes.

    max_iter : int, default=1000
        Maximum number of iterations.

    tol : float, default=1e-4
        Tolerance of the stopping criterion. If `learning_rate` is a number, training stops when no entry of
        the (proximal) gradient exceeds `tol` in absolute value. With "auto", it stops when the predicted
        further decrease of the objective is at most `tol` times the objective; the Notes explain the
        prediction. With 0, training continues until `max_iter` or, with "auto", until any further decrease
        is hidden by rounding. If ``alpha=0``, "auto" also stops when the loss is below 2e-16. If you need
        precise weights, use ``tol=1e-8``.

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
        Number of iterations. Each one uses all rows. Each call of :meth:`partial_fit` adds one.

    loss_curve_ : list of float
        The objective after each iteration. A call of :meth:`partial_fit` appends the objective of its rows.

    n_features_in_ : int
        Number of features seen in :meth:`fit`.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features. Only defined if `X` has feature names that are all strings.

    Notes
    -----
    With ``learning_rate="auto"``, an iteration is a step of L-BFGS [1]_ with a memory of 10 steps,
    preconditioned by a *metric*: an approximation of the Hessian. There are three metrics, from the cheapest
    to the most expensive: the diagonal of ``[X 1]' D [X 1] + l2 I``; this whole matrix, which is shared by
    all classes, for at most 4,000 features; and the full Hessian of all classes, for dense X and at most
    4,000 weights. D is diagonal and contains the weight of each row times the mean of ``p (1 - p)`` over the
    classes, and l2 is ``alpha * (1 - l1_ratio)``. With two classes, the whole matrix is the Hessian, so the
    steps are Newton steps.

    The metric is chosen by estimated cost. The costs of a pass over the rows and of each metric are estimated
    from the shape of X. Training starts with the most expensive metric that costs at most 3 passes. It
    changes to the next metric when the passes since the last change have cost twice as much as that metric,
    and the remaining passes are expected to cost more than that. In the same way, a Hessian is recomputed
    when the passes since it was computed have cost as much as it did. The shared matrix is recomputed when
    the objective has halved, and the diagonal when the objective has fallen to a fifth.

    If X is dense, has fewer rows than features and at most 3,000 rows, and there is only an l2 penalty,
    training can continue in coordinates of the space that the rows span. The change is made as soon as
    computing the coordinates costs at most 20 passes, or at most half of the cost so far. If there are many
    rows, the diagonal and the shared matrix are computed from every k-th row, where ``k = n_samples //
    max(4000, 4 * n_features)``. If k is at least 8, training starts from the minimum on this sample, which
    is found to a tolerance of 1e-2.

    With an l1 penalty, an iteration is an accelerated proximal step [2]_ with restarts [3]_. It is scaled
    by the diagonal metric at the start of the search, and its size is found by backtracking. With two
    classes, iterations become proximal Newton steps [4]_ on a working set of features as soon as the
    proximal steps have cost as much as five Newton steps. The quadratic model of a Newton step is minimised
    by scikit-learn's compiled coordinate descent.

    The predicted decrease, which is compared with `tol`, is half the squared norm of the gradient in the
    metric of the inverse Hessian as estimated by L-BFGS. If the objective is quadratic, this prediction is
    exact. Unless the exact Hessian is used, the past decreases are also extrapolated as a geometric series,
    and the larger prediction is used. With an l1 penalty, the prediction is an upper bound, which assumes
    that the minimum is not further away than zero. The duality gap, which is an upper bound without any
    assumption, must also be at most ``100 * tol`` times the objective, or at most `tol` times the objective
    after Newton steps. With more than two classes, it is enough if a Newton step is predicted to decrease
    the objective by at most `tol` times its value.

    An iteration takes O(nonzeros of X * n_outputs) time, and the same time again whenever a step
    has to be shortened. The shared matrix takes O(rows * n_features^2 + n_features^3) time, the
    Hessian of all classes O(n_samples * weights^2 + weights^3), and the coordinates of the rows
    O(n_samples^2 * n_features). In addition to X, training needs memory for the matrix and for 30
    arrays the size of the weights. CSR input is never converted to dense arrays. Features with
    values beyond 1e77 (4e9 in float32) are divided by a power of two during training, which is
    exact.

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
            Labels of at least two classes. They must be all strings, all whole numbers or all NumPy
            dates. Integers keep their exact values, even in nullable columns.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row. A row with weight 2 counts as two identical rows.

        Returns
        -------
        self : GDClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If X contains NaN or infinite values; if y contains missing or continuous labels, labels of
            different kinds, strings that end with a NUL character, or only one class among the rows with a
            positive weight; if a sample weight is negative; if `class_weight` contains a label that is not in
            y and lacks one that is; if the classes or the number of features differ in a warm start; or if
            `learning_rate` is so large that the weights overflow. The estimator is then not fitted.
        TypeError
            If the labels are bytes.

        Warns
        -----
        ConvergenceWarning
            If training stopped before convergence, because of `max_iter` or rounding, or if there is no
            minimum because the classes can be separated and ``alpha=0``. The message contains the predicted
            further decrease of the objective.
        UserWarning
            If X is float32 and a column is so far from 0, compared with its standard deviation, that rounding
            affects the weights.
        """
        previous = self._weights() if self.warm_start else None
        self._reset()
        y = exact_labels(y)
        rows, labels = validate_data(self, X, y, accept_sparse="csr", dtype=FLOATS, order="C")
        classes, codes = encode_labels(labels)
        labels = classes[codes]
        weight = self._row_weights(rows, labels, sample_weight, classes, codes)
        check_two_classes(classes[np.bincount(codes, weight) > 0])
        theta = self._initial_theta(previous, classes, rows.shape[1])
        self._warn_of_offsets(rows)
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

        If `learning_rate` is a number, it is the step size. With "auto", the step size is ``1 / L``, where
        ``L = alpha * (1 - l1_ratio) + c * m`` is an upper bound on the eigenvalues of the Hessian, m is the
        weighted mean of ``||x||^2 + 1``, and c is 1/4 for two classes and 1/2 for more. Such a step never
        increases the objective on these rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Features, as in :meth:`fit`.

        y : array-like of shape (n_samples,)
            Class labels, which must be among the classes.

        classes : array-like of shape (n_classes,), default=None
            All labels that can occur in any call. Required in the first call and optional in later calls.

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
            calls; if y contains other labels; or if `class_weight` is "balanced", which needs all rows at
            once.
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
        theta = self._initial_theta(previous, known, rows.shape[1])
        loss = self._loss(rows, codes, weight, len(known), scale)
        rate = loss.safe_learning_rate() if self.learning_rate == "auto" else float(self.learning_rate)
        with np.errstate(over="ignore", invalid="ignore"):
            search = GradientDescent(loss, theta, rate, float(self.alpha) * float(self.l1_ratio))
        iterate = advance(search)
        curve = [*([] if first else self.loss_curve_), iterate.objective]
        self._store(weights_of(search, known, scale, rows.dtype), curve)
        return self

    def decision_function(self, X: MatrixLike) -> np.ndarray:
        """Return the log odds of the second class or, for more than two classes, the logits of all classes.

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
        """Return the logarithms of the probabilities. They are finite even if a probability rounds to 0.

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
        """Delete the fitted attributes, so that a failed fit does not leave an old model."""
        if hasattr(self, "coef_"):
            del self.classes_, self.coef_, self.intercept_, self.n_iter_, self.loss_curve_

    def _initial_theta(self, previous: "Weights | None", classes: np.ndarray, n_features: int) -> np.ndarray:
        """Return the initial theta, of shape (n_features + 1, n_outputs): the previous weights, or zeros."""
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
        if not self.fit_intercept:  # the previous fit may have had one
            intercept = np.zeros_like(intercept)
        return np.vstack([coef.T, intercept], dtype=np.float64)

    def _row_weights(
        self,
        X: Matrix,
        y: np.ndarray,
        sample_weight: ArrayLike | None,
        classes: np.ndarray,
        codes: np.ndarray,
    ) -> np.ndarray:
        """Return each row's weight times the weight of its class, as an array of shape (n_samples,)."""
        weight = np.ones(X.shape[0])
        if sample_weight is not None:
            weight = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
            weight = weight / weight.max()  # only ratios matter, and a sum of large weights may overflow
        if self.class_weight is None:
            return weight
        weight = weight * class_weights(self, classes, y, weight)[codes]
        if not weight.any():
            raise ValueError("All products of sample weight and class weight are zero.")
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
        """Return the classes passed to this or to a previous call of `partial_fit`."""
        known = known_classes(classes, None if first else self.classes_)
        check_two_classes(known)
        return known

    def _warn_of_offsets(self, X: Matrix) -> None:
        """Warn if a column of a float32 matrix is so far from 0 that rounding affects the result."""
        if X.dtype == np.float32 and (found := column_far_from_zero(X)):
            column, mean, deviation = found
            name = getattr(self, "feature_names_in_", np.arange(column + 1))[column]
            warn_caller(
                f"Column {name} of X has a mean of {mean:.0e} but a standard deviation of {deviation:.0e}. "
                "float32 rounds such values, so the weights are not precise. Subtract an offset from this "
                "column, or pass X as float64."
            )

    def _warn(self, iterate: Iterate, stopped: bool, loss: LogLoss, search: Search) -> None:
        """Issue a ConvergenceWarning if training did not end at a minimum."""
        if stopped and not iterate.stalled and self.alpha > 0:
            return
        left = ""
        if np.isfinite(iterate.expected):
            share = iterate.expected / max(iterate.objective, np.finfo(float).tiny)
            left = f" The objective may still decrease by {share:.0e} of its value, whereas tol={self.tol}."
        if self.alpha == 0 and loss.separates(search.theta()):
            message = (
                "There is no minimum, because the classes can be separated and alpha=0. Use a positive alpha."
            )
        elif iterate.stalled:
            precision = loss.X.dtype
            more = ", or passing float64," if precision == np.float32 else ""
            message = (
                f"Rounding errors ended the search: no step along the search direction lowers the objective "
                f"in {precision}.{left} Scaling the features{more} might help."
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
    """The fitted weights and their classes, with the same names as the attributes of the estimator."""

    classes_: np.ndarray
    coef_: np.ndarray
    intercept_: np.ndarray


def weights_of(search: Search, classes: np.ndarray, scale: np.ndarray, dtype: np.dtype) -> Weights:
    """Return the weights for the original X, whose columns were divided by `scale` for training."""
    theta = search.theta()
    check_finite(theta)
    coef = (theta[:-1] / scale[:, np.newaxis]).T
    return Weights(classes, np.array(coef, dtype=dtype, order="C"), theta[-1].astype(dtype))


def codes_among(classes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the position of each label in the sorted `classes`."""
    labels, codes = encode_labels(y)
    position, found = locate_labels(labels, classes)
    if not found.all():
        raise ValueError(f"y contains labels that are not among the classes: {labels[~found][:10].tolist()}.")
    return position[codes]


def check_two_classes(classes: np.ndarray) -> None:
    """Raise an error unless there are at least two classes."""
    if len(classes) < 2:
        raise ValueError(
            "GDClassifier needs samples of at least 2 classes in the data, but the data contains only one "
            f"class: {classes.tolist()}. Classes without a positive weight are ignored."
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
            "Floating-point overflow occurred during gradient descent. A smaller learning_rate, or scaling "
            "the features with StandardScaler or MinMaxScaler, might help."
        )
