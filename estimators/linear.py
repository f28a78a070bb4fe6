"""Linear regression by gradient descent that needs the data once."""

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import Tags, assert_all_finite
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators._common.callbacks import FitTask
from estimators._common.merging import check_mergeable
from estimators._common.scikit_learn import (
    Interval,
    StrOptions,
    check_sample_weight,
    fit_context,
    with_callbacks,
)
from estimators._least_squares.moments import Moments, as_rows, check_not_tiny, check_sums, gather
from estimators._least_squares.solve import (
    Settings,
    Solution,
    Training,
    check_rate,
    descent_path,
    penalty_path,
    solve,
    solve_wide,
    stability_limit,
    textbook_losses,
)

SPARSE_TOO = {"accept_sparse": "csr", "ensure_all_finite": False}  # what is not finite is seen in the sums
WIDE = 5000  # columns; beyond, the Gram matrix would take more than 200 MB


class GDRegressor(CallbackSupportMixin, MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Linear regression by gradient descent, in one pass over the data whatever the number of iterations.

    Minimises ``1 / (2 n) * ||y - X w - b||^2 + alpha * l1_ratio * ||w||_1 + alpha * (1 - l1_ratio) / 2 *
    ||w||^2``, with `sample_weight` the weighted mean in place of the mean over n rows. The rows are read
    once, into means and cross-products; from these every iterate of gradient descent is known in closed
    form.

    Parameters
    ----------
    alpha : float, default=0.0
        Strength of the penalty, 0 or more; see the table in Notes.

    l1_ratio : float, default=0.0
        Share of the L1 penalty, 0 to 1: 0 is ridge, 1 the lasso.

    fit_intercept : bool, default=True
        Whether there is a bias b; it has no penalty.

    learning_rate : "auto" or float, default="auto"
        "auto" goes to the minimum, with no rate to choose; of several minima, to the one with the
        shortest w. A number is the rate of textbook gradient descent from zero, weights and bias together,
        on the mean squared error: ``w -= learning_rate * (2 / n) * X.T @ (X @ w + b - y)``, `max_iter`
        times. With a penalty the step is `learning_rate` times twice the gradient of the objective, and
        soft-thresholding for its L1 part.

    max_iter : int, default=1000
        Number of iterations at a given learning rate, and the most that "auto" takes with an L1 penalty
        or more than 5,000 features.

    tol : float, default=1e-8
        Descent has converged when the gradient has become `tol` times as long as it was at zero (with an L1
        penalty and "auto": the longest proximal step; with more than 5,000 features and no L1 penalty:
        `tol` / 10,000 times). At a given learning rate it does not stop for that; a warning says if it got
        there.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        The weights w; float32 if `X` is.

    intercept_ : float or ndarray of shape (n_targets,)
        The bias b; 0.0 without `fit_intercept`.

    n_iter_ : int
        Number of iterations. With "auto" and no L1 penalty it is 1, a step scaled by the inverse of X'X, up
        to 5,000 features; with more, that of the conjugate steps.

    loss_curve_ : ndarray of shape (`n_iter_`,)
        The objective after each iteration, summed over the targets. Worked out when it is read.

    max_learning_rate_ : float
        The largest rate at which textbook descent does not diverge on these data and this penalty.

    n_features_in_ : int
        Number of features.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` had names that are all strings.

    Notes
    -----
    With n rows (or the sum of the weights in place of n), the same solutions come from

    =====================================================  =========================================
    scikit-learn                                           ``GDRegressor``
    =====================================================  =========================================
    ``LinearRegression(tol=1e-15)``                        ``alpha=0``
    ``Ridge(alpha=a)``                                     ``alpha=a / n``
    ``Lasso(alpha=a)``                                     ``alpha=a, l1_ratio=1``
    ``ElasticNet(alpha=a, l1_ratio=r)``                    ``alpha=a, l1_ratio=r``
    =====================================================  =========================================

    Fitting d features takes O(n d^2) time and O(d^2) memory beyond the data, and O(d^3) for the solution;
    iterations cost nothing but with an L1 penalty, O(d^2) each. A textbook iterate from zero is ``V @ ((1 -
    (1 - 2 * learning_rate * s)**k) / s * (V.T @ c))`` with the eigenvectors V and eigenvalues s of X'X / n,
    and c = X'y / n, the bias being the weight of a constant 1. Where the statistics are too coarse (a
    condition of X above some 30,000), :meth:`fit` passes over the rows once more, in coordinates in which
    X'X is about the identity. Directions in which X is below ``min(max(n, d), 100_000) * eps`` of its
    largest singular value, or below the rounding of X itself, count as absent (LinearRegression leaves out
    those below 1e-6).

    With more than 5,000 features no d x d matrix is formed: each step reads the rows (LSMR, or proximal
    descent with an L1 penalty), and :meth:`partial_fit`, :meth:`merge`, :meth:`coef_path` and
    :meth:`alpha_path` are not available.

    Callbacks (``set_callbacks``) see one subtask an iteration; at a given learning rate descent then iterates
    literally.

    References
    ----------
    Chan, T. F., Golub, G. H. and LeVeque, R. J. (1983). Algorithms for computing the sample variance.
    The American Statistician 37(3), 242-247. Equation 2.1b: how statistics add up.

    Ozaki, K., Ogita, T., Oishi, S. and Rump, S. M. (2012). Error-free transformations of matrix
    multiplication by using fast routines of matrix multiplication and its applications. Numerical Algorithms
    59, 95-118. Section 3: how the products of chunks keep twice the digits.

    Beck, A. and Teboulle, M. (2009). A fast iterative shrinkage-thresholding algorithm. SIAM Journal on
    Imaging Sciences 2(1), 183-202. Equations 4.1-4.3: the loop for the L1 penalty.

    Examples
    --------
    The week of a pizzeria, reservations to doughs:

    >>> from estimators import GDRegressor
    >>> reservations, doughs = [[12], [20], [18], [30], [24]], [36, 72, 68, 82, 75]
    >>> line = GDRegressor().fit(reservations, doughs)
    >>> print(f"{line.coef_[0]:.4f} x + {line.intercept_:.4f}; 15 -> {line.predict([[15]])[0]:.1f}")
    2.3761 x + 17.1770; 15 -> 52.8

    Two hundred thousand steps of textbook descent, and the way there:

    >>> steps = GDRegressor(learning_rate=0.001, max_iter=200_000).fit(reservations, doughs)
    >>> print(f"{steps.coef_[0]:.4f} x + {steps.intercept_:.4f}")
    2.3761 x + 17.1770
    >>> weights, biases = steps.coef_path([10, 100, 1000])
    >>> weights[:, 0].round(2).tolist()
    [3.13, 3.12, 3.02]
    """

    _parameter_constraints: dict = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
    }

    _settings: Settings  # the parameters when it was fitted
    _moments: Any  # the statistics of the rows; None if there are too many columns
    _solution: Any  # None until it is asked for, after partial_fit and merge

    def __init__(
        self,
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
        *,
        fit_intercept: bool = True,
        learning_rate: float | str = "auto",
        max_iter: int = 1000,
        tol: float = 1e-8,
    ) -> None:
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.tol = tol

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the weights.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            Other sparse formats are converted to CSR.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            One number a row, or one for each of several targets.

        sample_weight : array-like of shape (n_samples,), default=None
            A row of weight 2 counts as the row twice.

        Returns
        -------
        self : GDRegressor
            The same object, fitted.

        Raises
        ------
        ValueError
            If X or y holds NaN, infinite or text values, or such large ones that their squares overflow, if
            a weight is negative or all are zero, or if `learning_rate` is above `max_learning_rate_` (the
            message has it).

        Warns
        -----
        ConvergenceWarning
            If `max_iter` ended the descent.
        """
        self.__dict__.pop("_solution", None)  # should the fit fail, nothing old stands beside new features
        X, y, weight = check_rows(self, X, y, sample_weight, reset=True, **SPARSE_TOO)
        settings = Settings.of(self)
        is_wide = X.shape[1] > WIDE
        task = FitTask(self, settings.max_iter if is_wide else settings.max_subtasks, X, y, weight)
        if is_wide:
            check_wide(X, y)
            self._moments, self._settings = None, settings
            self._dtype, self._y_tail = X.dtype.name, y.shape[1:]
            self._solution = solve_wide(X, as_columns(y), weight, settings, task)
        else:
            self._fit_rows(as_rows(X, weight), X, y, weight, task)
        task.close(lambda: {"_solution": self._solution})
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from more rows; fitting chunk by chunk equals fitting the whole, in any order.

        The difference in the coefficients is some 1e-12 at a condition of 10,000 of X and 1e-8 at 300,000,
        since the sums are kept to twice the digits (where numpy's long double has no more than a double, on
        Windows and Apple silicon, ``eps * condition**2``: 2e-8 at 10,000). Beyond a million it grows with the
        square of the condition, and a warning says so: only :meth:`fit` can read the rows again.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            At most 5,000 features.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            One number a row, or one for each of several targets.

        sample_weight : array-like of shape (n_samples,), default=None
            As in :meth:`fit`.

        Returns
        -------
        self : GDRegressor
            The same object, with what these rows teach.

        Raises
        ------
        ValueError
            As :meth:`fit`; if there are more than 5,000 features. The model is unchanged.
        """
        first = not self.__sklearn_is_fitted__()
        X, y, weight = check_rows(self, X, y, sample_weight, reset=first, **SPARSE_TOO)
        self._check_narrow("partial_fit")
        self._add_rows(as_rows(X, weight), X, y, weight)
        return self

    def merge(self, other: "GDRegressor") -> Self:
        """Add what another model has learned, as if this one had seen its rows too.

        Parameters
        ----------
        other : GDRegressor
            Fitted with the same parameters on the same features and targets.

        Returns
        -------
        self : GDRegressor
            Equal to one model fitted on all rows, as far as :meth:`partial_fit` is.

        Raises
        ------
        TypeError
            If `other` is no GDRegressor.
        ValueError
            If parameters, features or targets differ, or there are more than 5,000 features. Both are
            unchanged.
        """
        check_mergeable(self, other)
        self._check_narrow("merge")
        self._merge(other)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return ``X @ w + b``.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            In the shape of the y of :meth:`fit`.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=[np.float64, np.float32], reset=False)
        return safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_

    def coef_path(self, iterations: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights and biases after some numbers of iterations: the path of descent.

        "How long to train" can so be cross-validated at the cost of one fit.

        Parameters
        ----------
        iterations : array-like of int of shape (n_iterations,)
            Each 0 or more; they may exceed `max_iter`.

        Returns
        -------
        coefs : ndarray of shape (n_iterations, n_features) or (n_iterations, n_targets, n_features)
            What ``coef_`` is after each of the numbers.

        intercepts : ndarray of shape (n_iterations,) or (n_iterations, n_targets)
            What ``intercept_`` is.

        Raises
        ------
        ValueError
            If `learning_rate` is "auto", an iteration is negative or no whole number, or there are
            more than 5,000 features.

        Notes
        -----
        O(d^3) once, and O(d^2) for each of the iterations; with an L1 penalty, for all up to the largest.
        """
        check_is_fitted(self)
        self._check_narrow("coef_path")
        steps = np.asarray(iterations) if np.size(iterations) else np.empty(0, dtype=int)
        if steps.ndim != 1 or steps.dtype.kind not in "iu" or (steps < 0).any():
            raise ValueError(
                "The 'iterations' parameter of coef_path must be a list of ints in [0, inf). "
                f"Got {iterations!r} instead."
            )
        if self._settings.learning_rate is None:
            raise ValueError(
                'coef_path follows descent at a given learning rate. Got learning_rate="auto" instead. '
                f"The largest safe rate is {self.max_learning_rate_:.6g}."
            )
        return self._shaped(*descent_path(self._moments, self._settings, steps))

    def alpha_path(self, alphas: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return the minimum for each of some penalties, from what :meth:`fit` learned.

        Parameters
        ----------
        alphas : array-like of float of shape (n_alphas,)
            Each 0 or more, in place of `alpha`. Descent starts at the minimum before, so from large to small
            is fastest.

        Returns
        -------
        coefs : ndarray of shape (n_alphas, n_features) or (n_alphas, n_targets, n_features)
            What ``coef_`` is with each of the penalties.

        intercepts : ndarray of shape (n_alphas,) or (n_alphas, n_targets)
            What ``intercept_`` is.

        Raises
        ------
        ValueError
            If an alpha is negative, or there are more than 5,000 features.

        Notes
        -----
        From the statistics alone, so as exact as :meth:`partial_fit`. O(d^3) for each alpha, and less with an
        L1 penalty that few weights survive.
        """
        check_is_fitted(self)
        self._check_narrow("alpha_path")
        strengths = as_floats(alphas)
        if strengths is None or strengths.ndim != 1 or not (strengths >= 0).all():
            raise ValueError(
                "The 'alphas' parameter of alpha_path must be a list of floats in [0, inf). "
                f"Got {alphas!r} instead."
            )
        return self._shaped(*penalty_path(self._moments, self._settings, strengths))

    @property
    def coef_(self) -> np.ndarray:
        """Weights, (n_features,) or (n_targets, n_features)."""
        solution = self._solved("coef_")
        return self._shaped(solution.weights, solution.bias)[0]

    @property
    def intercept_(self) -> Any:
        """Bias, a float or (n_targets,)."""
        solution = self._solved("intercept_")
        return self._shaped(solution.weights, solution.bias)[1][()]

    @property
    def n_iter_(self) -> int:
        """Number of iterations."""
        return self._solved("n_iter_").n_iter

    @property
    def loss_curve_(self) -> np.ndarray:
        """Objective after each iteration, (`n_iter_`,)."""
        solution = self._solved("loss_curve_")
        if solution.losses is None:
            return textbook_losses(self._moments, self._settings, solution)
        return np.array(solution.losses)

    @property
    def max_learning_rate_(self) -> float:
        """Largest rate at which textbook descent does not diverge."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                "'GDRegressor' object has no attribute 'max_learning_rate_': it is not fitted yet."
            )
        if self._moments is None:
            raise AttributeError(f"max_learning_rate_ is not kept for more than {WIDE:,} features.")
        return stability_limit(self._moments, self._settings)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_solution")

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _solved(self, name: str) -> Solution:
        """Return the solution; after partial_fit and merge it is worked out when it is first asked for."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(f"'GDRegressor' object has no attribute {name!r}: it is not fitted yet.")
        if self._solution is None:
            self._solution = solve(self._moments, self._settings)
        return self._solution

    def _shaped(self, weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weights (..., d, q) and biases (..., q) in the shapes and the type of the attributes."""
        weights = np.moveaxis(weights, -1, -2)
        if not self._y_tail:
            weights, bias = weights[..., 0, :], bias[..., 0]
        return np.array(weights, dtype=self._dtype, order="C"), np.array(bias, dtype=self._dtype)

    def _merge(self, other: "GDRegressor", name: str = "GDRegressor") -> None:
        if self._y_tail != other._y_tail:
            raise ValueError(
                "The models have different targets: y had "
                f"{shape_in_words(self._y_tail)} and {shape_in_words(other._y_tail)}."
            )
        self._add(other._moments, name=name)

    def _fit_rows(
        self, rows: Any, X: Any, y: np.ndarray, weight: Any, task: Any, name: str = "GDRegressor"
    ) -> None:
        """Learn from rows, which the estimator called `name` made from X; they are read twice if need be."""
        moments = self._gather(rows, X, y, weight, name)
        self._moments, self._settings = moments, Settings.of(self)
        self._dtype, self._y_tail = X.dtype.name, y.shape[1:]
        training = Training(moments, rows, as_columns(y), weight)
        self._solution = solve(moments, self._settings, task, training)
        self._moments = training.moments

    def _add_rows(self, rows: Any, X: Any, y: np.ndarray, weight: Any, name: str = "GDRegressor") -> None:
        """Learn from more rows."""
        first = not self.__sklearn_is_fitted__()
        if not first and y.shape[1:] != self._y_tail:
            raise ValueError(
                f"y must have {shape_in_words(self._y_tail)}, as before. Got the shape {y.shape} instead."
            )
        self._add(self._gather(rows, X, y, weight, name, exact=True), X, name)
        if first:
            self._dtype, self._y_tail = X.dtype.name, y.shape[1:]

    def _gather(
        self, rows: Any, X: Any, y: np.ndarray, weight: Any, name: str, exact: bool = False
    ) -> Moments:
        moments = gather(rows, as_columns(y), weight, exact)
        check_sums(moments, X, name)
        if rows.as_given:
            check_not_tiny(moments, X, weight)
        return moments

    def _add(self, moments: Moments, X: Any = None, name: str = "GDRegressor") -> None:
        """Add statistics; refuse them if the sums overflow or descent would diverge."""
        if self.__sklearn_is_fitted__():
            moments = self._moments.merge(moments)
            check_sums(moments, X, name)
        settings = Settings.of(self)
        if settings.learning_rate is not None:
            check_rate(settings, stability_limit(moments, settings))
        self._moments, self._settings, self._solution = moments, settings, None

    def _check_narrow(self, method: str) -> None:
        if self.n_features_in_ > WIDE:
            raise ValueError(
                f"{method} needs a matrix of n_features x n_features, for at most {WIDE:,} features. "
                f"Got {self.n_features_in_:,} instead; only fit works without it."
            )


def check_rows(
    estimator: Any, X: Any, y: Any, sample_weight: Any, **options: Any
) -> tuple[Any, np.ndarray, np.ndarray | None]:
    """Return X, y and the weights as arrays; `options` go to scikit-learn's validate_data."""
    floats = [np.float64, np.float32]
    X, y = validate_data(estimator, X, y, dtype=floats, y_numeric=True, multi_output=True, **options)
    y = y.toarray() if hasattr(y, "toarray") else y
    assert_all_finite(y, estimator_name=type(estimator).__name__, input_name="y")
    if sample_weight is not None:
        sample_weight = check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
    return X, y, sample_weight


def check_wide(X: Any, y: np.ndarray) -> None:
    """Raise if X holds NaN or infinity, or X or y numbers whose squares are infinite or lost."""
    assert_all_finite(X, estimator_name="GDRegressor", input_name="X")
    values = X.data if hasattr(X, "toarray") else X
    largest = [float(np.abs(part).max(initial=0)) for part in (values, y)]
    if max(largest) > 1e150 or 0 < largest[0] < 1e-140:
        raise ValueError(
            "X or y has values too large, or X too small, for GDRegressor: their squares overflow or vanish. "
            f"Scale them to below 1e150 and above 1e-140. Got {largest[0]:.0e} and {largest[1]:.0e}."
        )


def as_floats(values: Any) -> np.ndarray | None:
    """Return an array of finite floats; None if the values are none."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return None
    return array if np.isfinite(array).all() else None


def shape_in_words(tail: tuple[int, ...]) -> str:
    """Say how many targets there are, from the shape of y after its first axis."""
    return f"the shape (n_samples, {tail[0]})" if tail else "one axis"


def as_columns(y: np.ndarray) -> np.ndarray:
    """Return y as float64 columns, (n, q)."""
    return y.reshape(len(y), -1).astype(np.float64, copy=False)
