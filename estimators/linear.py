"""Linear regression by gradient descent, with a single pass over the data."""

import copy
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import Tags
from sklearn.utils.extmath import safe_sparse_dot
from sklearn.utils.validation import check_is_fitted

from estimators._common.matrices import MatrixLike, validate_data
from estimators._common.merging import check_mergeable
from estimators._common.scikit_learn import fit_context, with_callbacks
from estimators._least_squares.base import LeastSquaresRegressor, check_state
from estimators._least_squares.checks import FLOATS, MAX_GRAM_FEATURES, as_floats
from estimators._least_squares.solve import penalty_path
from estimators._least_squares.state import LeastSquaresState
from estimators._least_squares.textbook import descent_path, rate_limit, textbook_problem


class GDRegressor(LeastSquaresRegressor):
    """Linear regression by gradient descent, in one pass over the data for any number of iterations.

    The model is fitted by least squares, with an optional L2 (ridge), L1 (lasso) or elastic-net penalty. The
    objective is ``1 / (2 n) * ||y - X w - b||^2 + alpha * l1_ratio * ||w||_1 + alpha * (1 - l1_ratio) / 2 *
    ||w||^2``. If `sample_weight` is given, the mean over the n rows becomes a weighted mean.

    The rows are read once and reduced to means and cross-products. Each iterate of gradient descent is
    computed from these in closed form, so more iterations take almost no additional time. Wide data and
    sparse data with many features are fitted from the rows instead; see Notes.

    Parameters
    ----------
    alpha : float, default=0.0
        Strength of the penalty, in [0, inf). The table in Notes shows the equivalent values in scikit-learn.

    l1_ratio : float, default=0.0
        Share of the L1 penalty in the elastic-net penalty, in [0, 1]. 0 gives ridge regression, and 1 gives
        the lasso.

    fit_intercept : bool, default=True
        Whether to fit a bias b. The bias is not penalised.

    learning_rate : "auto" or float, default="auto"
        With "auto", the minimum of the objective is computed without a learning rate. If the minimum is not
        unique, the solution with the smallest norm of w is returned. A number is the learning rate of
        textbook gradient descent on the mean squared error. It starts from zero weights and bias, and updates
        both `max_iter` times: ``w -= learning_rate * (2 / n) * X.T @ (X @ w + b - y)``. With a penalty, the
        step is `learning_rate` times twice the gradient of the objective, followed by soft-thresholding for
        the L1 penalty.

    max_iter : int, default=1000
        Number of iterations if `learning_rate` is a number. With "auto", the maximum number of iterations,
        which is only used with an L1 penalty, sparse data or more than 5,000 features.

    tol : float, default=1e-8
        Tolerance for convergence. With "auto" and an L1 penalty, the search stops when the largest entry of a
        scaled proximal step is at most `tol` times the largest entry of the scaled gradient at zero. If the
        model is fitted from the rows, it stops when the duality gap is at most 100 `tol` times the objective
        at zero. (Lasso's default corresponds to ``tol=2e-6``.) Conjugate gradients stop when the norm of the
        residual of their equations is at most 100 `tol` times its norm at zero. If `learning_rate` is a
        number, all `max_iter` iterations are performed, and a warning is issued if the norm of the gradient
        is still more than `tol` times its norm at zero.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Fitted weights w. Their data type is float32 if `X` is float32, and float64 otherwise.

    intercept_ : float or ndarray of shape (n_targets,)
        Fitted bias b. It is 0.0 if ``fit_intercept=False``.

    n_iter_ : int
        Number of iterations. With ``learning_rate="auto"``, no L1 penalty, dense data and at most 5,000
        features, it is 1, because a single step scaled by the inverse of X'X reaches the minimum.

    loss_curve_ : ndarray of shape (`n_iter_`,)
        Objective after each iteration, summed over the targets. It is computed on access.

    max_learning_rate_ : float
        Largest learning rate for which textbook gradient descent does not diverge on the training data with
        the given penalty.

    n_features_in_ : int
        Number of features seen during fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during fit. Only defined if `X` has feature names that are all strings.

    Notes
    -----
    With n rows (or n as the sum of the sample weights), the following models have the same solution:

    =====================================================  =========================================
    scikit-learn                                           ``GDRegressor``
    =====================================================  =========================================
    ``LinearRegression(tol=1e-15)``                        ``alpha=0``
    ``Ridge(alpha=a)``                                     ``alpha=a / n``
    ``Lasso(alpha=a)``                                     ``alpha=a, l1_ratio=1``
    ``ElasticNet(alpha=a, l1_ratio=r)``                    ``alpha=a, l1_ratio=r``
    =====================================================  =========================================

    **Complexity.** Reading n rows of d features takes O(n d^2) time and, in addition to the data, O(d^2)
    memory. Computing the solution takes O(d^3) time, regardless of the number of iterations. With an L1
    penalty, each iteration takes O(d^2) time.

    **Closed form.** Let V and s be the eigenvectors and eigenvalues of X'X / n, and c = X'y / n. After k
    iterations from zero, textbook gradient descent has the weights ``V @ ((1 - (1 - 2 * learning_rate *
    s)**k) / s * (V.T @ c))``. The bias is treated as the weight of a constant feature with value 1.

    **Precision.** If the condition number of X exceeds about 30,000, the statistics are not precise enough.
    :meth:`fit` then reads the rows a second time, in coordinates in which X'X is close to the identity
    matrix. Directions in which X is smaller than ``min(max(n, d), 100_000) * eps`` times its largest singular
    value, or smaller than the rounding error of X, are ignored. (LinearRegression ignores directions below
    1e-6 times the largest singular value.)

    **Wide data and sparse data.** With ``learning_rate="auto"``, the model is fitted from the rows, without
    a d x d matrix, if there are at least as many features as rows (or half as many, with an L1 penalty), or
    if X is a CSR matrix and 1.5 times its number of nonzeros is at most d^2. A CSR matrix with more than
    10% nonzeros is treated like an array. Without an L1 penalty, the weights of dense data are computed
    from the n x n products of the rows, in O(n^2 d + n^3) time. Those of CSR data are computed by the
    preconditioned conjugate gradient method. With an L1 penalty, the objective is minimised on growing sets
    of features by scikit-learn's :func:`~sklearn.linear_model.enet_path`. The fitted model keeps a copy of
    the training rows and targets, so that :meth:`partial_fit` and :meth:`merge` can update it. **A saved
    model then contains the training data.**

    **More than 5,000 features.** No d x d matrix is formed, regardless of the number of rows, and the model
    does not keep the rows. In this case, :meth:`partial_fit`, :meth:`merge`, :meth:`additive_state`,
    :meth:`coef_path` and :meth:`alpha_path` are not available.

    **Callbacks.** Callbacks set with ``set_callbacks`` are called for every iteration. If `learning_rate` is
    a number and callbacks are set, the iterations run in a loop instead of using the closed form.

    References
    ----------
    Chan, T. F., Golub, G. H. and LeVeque, R. J. (1983). Algorithms for computing the sample variance.
    The American Statistician 37(3), 242-247. Equation 2.1b: how to merge the statistics of two sets of rows.

    Ozaki, K., Ogita, T., Oishi, S. and Rump, S. M. (2012). Error-free transformations of matrix
    multiplication by using fast routines of matrix multiplication and its applications. Numerical Algorithms
    59, 95-118. Section 3: how to compute products of chunks with twice the precision.

    Beck, A. and Teboulle, M. (2009). A fast iterative shrinkage-thresholding algorithm. SIAM Journal on
    Imaging Sciences 2(1), 183-202. Equations 4.1-4.3: the iteration for the L1 penalty.

    Examples
    --------
    Predict how many balls of dough a pizzeria needs from the number of reservations:

    >>> from estimators import GDRegressor
    >>> reservations, doughs = [[12], [20], [18], [30], [24]], [36, 72, 68, 82, 75]
    >>> line = GDRegressor().fit(reservations, doughs)
    >>> print(f"{line.coef_[0]:.4f} x + {line.intercept_:.4f}; 15 -> {line.predict([[15]])[0]:.1f}")
    2.3761 x + 17.1770; 15 -> 52.8

    Take 200,000 steps of textbook gradient descent, and show the weight after 10, 100 and 1000 steps:

    >>> steps = GDRegressor(learning_rate=0.001, max_iter=200_000).fit(reservations, doughs)
    >>> print(f"{steps.coef_[0]:.4f} x + {steps.intercept_:.4f}")
    2.3761 x + 17.1770
    >>> weights, biases = steps.coef_path([10, 100, 1000])
    >>> weights[:, 0].round(2).tolist()
    [3.13, 3.12, 3.02]
    """

    _validation = {"accept_sparse": "csr", "ensure_all_finite": False}  # the sums are checked

    def __init__(
        self,
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
        *,
        fit_intercept: bool = True,
        learning_rate: float | Literal["auto"] = "auto",
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
    def fit(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the model to data.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            Training data. Other sparse formats are converted to CSR.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target values: one number per row, or one for each of several targets.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row. A row with weight 2 counts as two identical rows. If None, all
            rows have weight 1.

        Returns
        -------
        self : GDRegressor
            Fitted estimator.

        Raises
        ------
        ValueError
            If X or y contains NaN, infinity or text, or numbers so large or small that their squares, or the
            squares of the fitted weights, overflow or underflow; if a sample weight is negative or all sample
            weights are zero; or if `learning_rate` exceeds `max_learning_rate_`. In the last case, the
            message contains this limit.

        Warns
        -----
        ConvergenceWarning
            If gradient descent has not converged after `max_iter` iterations.
        """
        self.__dict__.pop("_solution", None)  # if the fit fails, old weights must not remain
        return self._fit_rows(self._check_rows(X, y, sample_weight, reset=True), None)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Update the fit with more rows.

        Fitting in chunks, in any order, is equivalent to fitting all rows at once. The sums are kept as
        pairs of doubles, which have twice the usual precision. The coefficients differ from those of
        :meth:`fit` by about 1e-12 if the condition number of X is 10,000, and by about 1e-8 if it is
        300,000. If y depends on a direction in which X is too small for sums of plain doubles, this
        direction is used and a warning is issued, because only :meth:`fit` can read the rows a second time.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            Training data, with at most 5,000 features.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target values: one number per row, or one for each of several targets.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, as in :meth:`fit`.

        Returns
        -------
        self : GDRegressor
            Estimator fitted on these rows and all previous rows.

        Raises
        ------
        ValueError
            As in :meth:`fit`, or if there are more than 5,000 features. In these cases, the model is not
            changed.
        """
        rows = self._check_rows(X, y, sample_weight, reset=not self.__sklearn_is_fitted__())
        self._check_gram("partial_fit")
        return self._add_rows(rows, None)

    def merge(self, other: "GDRegressor") -> Self:
        """Merge another fitted model into this one, as if this one had been fitted on the rows of both.

        Parameters
        ----------
        other : GDRegressor
            Model fitted with the same parameters on the same features and targets.

        Returns
        -------
        self : GDRegressor
            Equivalent to a model fitted on all rows, up to the rounding errors of :meth:`partial_fit`.

        Raises
        ------
        TypeError
            If `other` is not a GDRegressor.
        ValueError
            If the parameters, the features or the number of targets of the two models differ, or if there are
            more than 5,000 features. In these cases, neither model is changed.
        """
        check_mergeable(self, other)
        self._check_gram("merge")
        return self._set_state(self._state.merge(other._state))

    @fit_context(prefer_skip_nested_validation=True)
    def additive_state(
        self, X: MatrixLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> LeastSquaresState:
        """Return the statistics of these rows as a state that can be merged. The estimator is not changed.

        States are small and can be pickled, so rows can be read in several processes or on several machines.
        No error is raised if `learning_rate` is too large for these rows, because :meth:`fit_state` checks
        the learning rate against all rows.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            Training data, with at most 5,000 features.

        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            Target values. They are required, although the default is None.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row. If all weights are 0, merging the state has no effect.

        Returns
        -------
        state : LeastSquaresState
            The statistics of these rows. ``state.merge(other)`` returns the state of both sets of rows and
            changes neither state. It raises a ValueError if the features, their names or the number of
            targets differ.

        Raises
        ------
        ValueError
            If X, y or the sample weights are not valid for :meth:`partial_fit`, or if there are more than
            5,000 features.

        Examples
        --------
        >>> from estimators import GDRegressor
        >>> model = GDRegressor()
        >>> monday, tuesday = model.additive_state([[1], [2]], [3, 5]), model.additive_state([[4]], [9])
        >>> model.fit_state(monday.merge(tuesday)).predict([[10]]).round(6).tolist()
        [21.0]
        """
        reader = copy.copy(self)  # the checks set attributes of the copy only
        rows = reader._check_rows(X, y, sample_weight, not self.__sklearn_is_fitted__(), allow_zero=True)
        reader._check_gram("additive_state")
        return reader._state_of(rows, None)

    @fit_context(prefer_skip_nested_validation=True)
    def fit_state(self, state: LeastSquaresState) -> Self:
        """Fit from a state, with the same result as calling :meth:`fit` on the rows of the state.

        Parameters
        ----------
        state : LeastSquaresState
            The state returned by :meth:`additive_state`, or several such states merged.

        Returns
        -------
        self : GDRegressor
            Equivalent to a model fitted on all rows, up to the rounding errors of :meth:`partial_fit`.

        Raises
        ------
        TypeError
            If `state` is not a LeastSquaresState.
        ValueError
            If all sample weights were zero, if the state was returned by a PolynomialRegressor, or if
            `learning_rate` is too large for the rows.

        Warns
        -----
        ConvergenceWarning
            If gradient descent has not converged after `max_iter` iterations.

        Examples
        --------
        >>> from estimators import GDRegressor
        >>> state = GDRegressor().additive_state([[1], [2], [4]], [3, 5, 9])
        >>> [GDRegressor(alpha).fit_state(state).coef_.round(3).tolist() for alpha in (0, 1)]
        [[2.0], [1.217]]
        """
        return self._fit_state(check_state(state), None)

    def predict(self, X: MatrixLike) -> np.ndarray:
        """Return ``X @ w + b``.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            Rows to predict.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            Predictions, with the same number of dimensions as the y passed to :meth:`fit`.

        Raises
        ------
        ValueError
            If X contains NaN, infinity or text, or if the features are not those seen during :meth:`fit`.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)
        return safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_

    def coef_path(self, iterations: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights and biases after the given numbers of gradient descent iterations.

        This makes it possible to compare numbers of iterations in cross-validation with a single fit per
        split.

        Parameters
        ----------
        iterations : array-like of int of shape (n_iterations,)
            Numbers of iterations, each 0 or more. They may be larger than `max_iter`.

        Returns
        -------
        coefs : ndarray of shape (n_iterations, n_features) or (n_iterations, n_targets, n_features)
            The value of ``coef_`` after each number of iterations.

        intercepts : ndarray of shape (n_iterations,) or (n_iterations, n_targets)
            The value of ``intercept_`` after each number of iterations.

        Raises
        ------
        ValueError
            If `learning_rate` is "auto", if a number of iterations is negative or not an integer, or if there
            are more than 5,000 features.

        Notes
        -----
        An eigendecomposition takes O(d^3) time once. Each requested number of iterations then takes O(d^2)
        time. With an L1 penalty, all iterations up to the largest requested number are run, each in O(d^2)
        time.
        """
        check_is_fitted(self)
        self._check_gram("coef_path")
        steps = np.asarray(iterations) if np.size(iterations) else np.empty(0, dtype=int)
        if steps.ndim != 1 or steps.dtype.kind not in "iu" or (steps < 0).any():
            raise ValueError(
                "The 'iterations' parameter of coef_path must be a one-dimensional array-like of ints in the "
                "range [0, inf). "
                f"Got {iterations!r} instead."
            )
        if not self._parameters.learning_rate:
            raise ValueError(
                "coef_path is only available if the 'learning_rate' parameter is a float. Got "
                f'learning_rate="auto" instead. The largest safe rate is {self.max_learning_rate_:.6g}.'
            )
        return self._shaped(*descent_path(self._moments, self._parameters, steps))

    def alpha_path(self, alphas: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights and biases that minimise the objective for each of several values of `alpha`.

        The rows are not read again.

        Parameters
        ----------
        alphas : array-like of float of shape (n_alphas,)
            Strengths of the penalty, each 0 or more, which replace `alpha`. With an L1 penalty, each search
            starts from the previous solution, so descending values are fastest.

        Returns
        -------
        coefs : ndarray of shape (n_alphas, n_features) or (n_alphas, n_targets, n_features)
            The value of ``coef_`` for each of the alphas.

        intercepts : ndarray of shape (n_alphas,) or (n_alphas, n_targets)
            The value of ``intercept_`` for each of the alphas.

        Raises
        ------
        ValueError
            If an alpha is negative, or if there are more than 5,000 features.

        Notes
        -----
        The result is computed from the statistics, so it has the precision of :meth:`partial_fit`. Each
        alpha takes O(d^3) time, or less if there is an L1 penalty and few weights are nonzero.
        """
        check_is_fitted(self)
        self._check_gram("alpha_path")
        strengths = as_floats(alphas)
        if strengths is None or strengths.ndim != 1 or not (strengths >= 0).all():
            raise ValueError(
                "The 'alphas' parameter of alpha_path must be a one-dimensional array-like of floats in the "
                "range [0, inf). "
                f"Got {alphas!r} instead."
            )
        assert self._state.statistics is not None
        return self._shaped(*penalty_path(self._state.statistics, self._parameters, strengths))

    @property
    def coef_(self) -> np.ndarray:
        """Fitted weights, as an array of shape (n_features,) or (n_targets, n_features)."""
        solution = self._solved("coef_")
        return self._shaped(solution.weights, solution.bias)[0]

    @property
    def intercept_(self) -> np.ndarray | np.floating:
        """Fitted bias, a float or an array of shape (n_targets,)."""
        solution = self._solved("intercept_")
        return self._shaped(solution.weights, solution.bias)[1][()]

    @property
    def max_learning_rate_(self) -> float:
        """Largest learning rate for which textbook gradient descent does not diverge."""
        self._check_has("max_learning_rate_")
        moments = self._state.moments
        if moments is None:
            raise AttributeError(
                f"max_learning_rate_ is only available for at most {MAX_GRAM_FEATURES:,} features. "
                f"This model was fitted with {self.n_features_in_:,} features."
            )
        return rate_limit(textbook_problem(moments, self._parameters))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_gram(self, method: str) -> None:
        """Raise a ValueError if there are too many features for a Gram matrix."""
        if self.n_features_in_ > MAX_GRAM_FEATURES:
            raise ValueError(
                f"{method} supports at most {MAX_GRAM_FEATURES:,} features, because it needs a matrix of "
                f"shape (n_features, n_features). Got {self.n_features_in_:,} features; use fit instead."
            )
