"""Linear regression by gradient descent that needs one pass over the data."""

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

    Least squares with an optional L2 (ridge), L1 (lasso) or elastic-net penalty. The objective is ``1 / (2 n)
    * ||y - X w - b||^2 + alpha * l1_ratio * ||w||_1 + alpha * (1 - l1_ratio) / 2 * ||w||^2``. With
    `sample_weight`, a weighted mean replaces the mean over the n rows.

    The rows are read once and reduced to means and cross-products. Every iterate of gradient descent follows
    from these in closed form, so the number of iterations costs next to nothing.

    Parameters
    ----------
    alpha : float, default=0.0
        Strength of the penalty, in [0, inf). The table in Notes gives the equivalents in scikit-learn.

    l1_ratio : float, default=0.0
        Share of the L1 penalty, in [0, 1]. 0 is ridge regression and 1 is the lasso.

    fit_intercept : bool, default=True
        Whether to fit a bias b. The bias is not penalised.

    learning_rate : "auto" or float, default="auto"
        With "auto", the fit goes to the minimum and there is no rate to choose. If there are several minima,
        it finds the one with the shortest w. A number is the learning rate of textbook gradient descent from
        zero, for weights and bias together, on the mean squared error: ``w -= learning_rate * (2 / n) * X.T @
        (X @ w + b - y)``, `max_iter` times. With a penalty, the step is `learning_rate` times twice the
        gradient of the objective, followed by soft-thresholding for the L1 part.

    max_iter : int, default=1000
        Number of iterations if `learning_rate` is a number. With "auto", the maximum number of iterations,
        which only matters with an L1 penalty or more than 5,000 features.

    tol : float, default=1e-8
        Tolerance for convergence. Descent has converged when the gradient is at most `tol` times as long as
        it was at zero. (With "auto" and an L1 penalty, the longest proximal step is compared instead; with
        more than 5,000 features and no L1 penalty, the factor is `tol` / 10,000.) If `learning_rate` is a
        number, descent runs all `max_iter` iterations and warns if it has not converged.

    Attributes
    ----------
    coef_ : ndarray of shape (n_features,) or (n_targets, n_features)
        Fitted weights w. They are float32 if `X` is.

    intercept_ : float or ndarray of shape (n_targets,)
        Fitted bias b. It is 0.0 if ``fit_intercept=False``.

    n_iter_ : int
        Number of iterations. With "auto", no L1 penalty and up to 5,000 features it is 1: one step, scaled by
        the inverse of X'X, reaches the minimum.

    loss_curve_ : ndarray of shape (`n_iter_`,)
        Objective after each iteration, summed over the targets. It is computed on access.

    max_learning_rate_ : float
        Largest learning rate at which textbook descent does not diverge on these data with this penalty.

    n_features_in_ : int
        Number of features seen during fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during fit. Only defined if `X` has feature names that are all strings.

    Notes
    -----
    With n rows (or the sum of the weights in place of n), these have the same solution:

    =====================================================  =========================================
    scikit-learn                                           ``GDRegressor``
    =====================================================  =========================================
    ``LinearRegression(tol=1e-15)``                        ``alpha=0``
    ``Ridge(alpha=a)``                                     ``alpha=a / n``
    ``Lasso(alpha=a)``                                     ``alpha=a, l1_ratio=1``
    ``ElasticNet(alpha=a, l1_ratio=r)``                    ``alpha=a, l1_ratio=r``
    =====================================================  =========================================

    **Complexity.** Reading n rows of d features takes O(n d^2) time and O(d^2) memory beyond the data; the
    solution takes O(d^3). Iterations are free, except with an L1 penalty, where each takes O(d^2).

    **Closed form.** With the eigenvectors V and eigenvalues s of X'X / n and with c = X'y / n, textbook
    iterate k from zero is ``V @ ((1 - (1 - 2 * learning_rate * s)**k) / s * (V.T @ c))``. The bias is the
    weight of a constant 1.

    **Precision.** Where the condition number of X exceeds about 30,000, the statistics are not exact enough.
    :meth:`fit` then passes over the rows once more, in coordinates in which X'X is about the identity.
    Directions in which X is below ``min(max(n, d), 100_000) * eps`` of its largest singular value, or below
    the rounding of X itself, are treated as absent (LinearRegression leaves out those below 1e-6).

    **Many features.** With more than 5,000 features no d x d matrix is formed. Each step reads the rows:
    conjugate gradients (CGLS), or proximal descent with an L1 penalty. :meth:`partial_fit`, :meth:`merge`,
    :meth:`additive_state`, :meth:`coef_path` and :meth:`alpha_path` are not available then.

    **Callbacks.** Callbacks (``set_callbacks``) see one subtask for each iteration. If `learning_rate` is a
    number, descent then runs its loop in place of the closed form.

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
    A week in a pizzeria, from reservations to balls of dough:

    >>> from estimators import GDRegressor
    >>> reservations, doughs = [[12], [20], [18], [30], [24]], [36, 72, 68, 82, 75]
    >>> line = GDRegressor().fit(reservations, doughs)
    >>> print(f"{line.coef_[0]:.4f} x + {line.intercept_:.4f}; 15 -> {line.predict([[15]])[0]:.1f}")
    2.3761 x + 17.1770; 15 -> 52.8

    Two hundred thousand steps of textbook descent, and the weight on the way there:

    >>> steps = GDRegressor(learning_rate=0.001, max_iter=200_000).fit(reservations, doughs)
    >>> print(f"{steps.coef_[0]:.4f} x + {steps.intercept_:.4f}")
    2.3761 x + 17.1770
    >>> weights, biases = steps.coef_path([10, 100, 1000])
    >>> weights[:, 0].round(2).tolist()
    [3.13, 3.12, 3.02]
    """

    _validation = {"accept_sparse": "csr", "ensure_all_finite": False}  # the sums reveal what is not finite

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
        """Fit the weights.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            Training data. Other sparse formats are converted to CSR.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target values: one number per row, or one for each of several targets.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row. A row of weight 2 counts as the row twice.

        Returns
        -------
        self : GDRegressor
            Fitted estimator.

        Raises
        ------
        ValueError
            If X or y holds NaN, infinity or text, or numbers so large that their squares overflow; if a
            weight is negative or all are zero; or if `learning_rate` exceeds `max_learning_rate_`, which the
            message states.

        Warns
        -----
        ConvergenceWarning
            If descent has not converged after `max_iter` iterations.
        """
        self.__dict__.pop("_solution", None)  # if the fit fails, no old weights stand beside new features
        return self._fit_rows(self._check_rows(X, y, sample_weight, reset=True), None)

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit more rows. Fitting chunk by chunk, in any order, equals fitting all rows at once.

        The coefficients differ by about 1e-12 if the condition number of X is 10,000, and by 1e-8 if it is
        300,000, since the sums are kept to twice the digits. (Where numpy's long double is no longer than a
        double, on Windows and Apple silicon, they differ by ``eps * condition**2``: 2e-8 at 10,000.) Beyond a
        million the difference grows with the square of the condition number, and there is a warning: only
        :meth:`fit` can read the rows again.

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
            Estimator fitted on these rows and on those before.

        Raises
        ------
        ValueError
            As in :meth:`fit`, or if there are more than 5,000 features. The model is unchanged then.
        """
        rows = self._check_rows(X, y, sample_weight, reset=not self.__sklearn_is_fitted__())
        self._check_gram("partial_fit")
        return self._add_rows(rows, None)

    def merge(self, other: "GDRegressor") -> Self:
        """Add another fitted model, as if this one had been fitted on its rows too.

        Parameters
        ----------
        other : GDRegressor
            Model fitted with the same parameters on the same features and targets.

        Returns
        -------
        self : GDRegressor
            Equal to one model fitted on all rows, to the precision of :meth:`partial_fit`.

        Raises
        ------
        TypeError
            If `other` is not a GDRegressor.
        ValueError
            If parameters, features or targets differ, or there are more than 5,000 features. Both models are
            unchanged then.
        """
        check_mergeable(self, other)
        self._check_gram("merge")
        return self._set_state(self._state.merge(other._state))

    @fit_context(prefer_skip_nested_validation=True)
    def additive_state(
        self, X: MatrixLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> LeastSquaresState:
        """Return the statistics of these rows as a state that adds up. The estimator is not changed.

        States are small and can be pickled, so rows can be read in several processes or on several machines.
        A learning rate at which descent would diverge on these rows is accepted: :meth:`fit_state` checks it
        against all rows.

        Parameters
        ----------
        X : {array-like, data frame, CSR matrix} of shape (n_samples, n_features)
            Training data, with at most 5,000 features.

        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            Target values. They are required.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row. If all are 0, the state adds nothing.

        Returns
        -------
        state : LeastSquaresState
            ``state.merge(other)`` returns the state of both sets of rows and changes neither. It raises
            ValueError if features, their names or the number of targets differ.

        Raises
        ------
        ValueError
            If X, y or the weights are not as :meth:`partial_fit` takes them, or there are more than 5,000
            features.

        Examples
        --------
        >>> from estimators import GDRegressor
        >>> model = GDRegressor()
        >>> monday, tuesday = model.additive_state([[1], [2]], [3, 5]), model.additive_state([[4]], [9])
        >>> model.fit_state(monday.merge(tuesday)).predict([[10]]).round(6).tolist()
        [21.0]
        """
        reader = copy.copy(self)  # the checks record the features on it
        rows = reader._check_rows(X, y, sample_weight, not self.__sklearn_is_fitted__(), allow_zero=True)
        reader._check_gram("additive_state")
        return reader._state_of(rows, None)

    @fit_context(prefer_skip_nested_validation=True)
    def fit_state(self, state: LeastSquaresState) -> Self:
        """Fit from a state, as :meth:`fit` on its rows would.

        Parameters
        ----------
        state : LeastSquaresState
            The result of :meth:`additive_state`, or several of them merged.

        Returns
        -------
        self : GDRegressor
            Equal to one model fitted on all rows, to the precision of :meth:`partial_fit`.

        Raises
        ------
        TypeError
            If `state` is not a state of least squares.
        ValueError
            If no row has a weight, if the state is that of a PolynomialRegressor, or if `learning_rate` is
            too large for the rows.

        Warns
        -----
        ConvergenceWarning
            If descent has not converged after `max_iter` iterations.

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
            Predictions, in the shape of the y of :meth:`fit`.

        Raises
        ------
        ValueError
            If X holds NaN, infinity or text, or has other features than in :meth:`fit`.
        """
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=FLOATS, reset=False)
        return safe_sparse_dot(X, self.coef_.T, dense_output=True) + self.intercept_

    def coef_path(self, iterations: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights and biases after given numbers of iterations, the path of descent.

        The number of iterations can be cross-validated this way at the cost of one fit.

        Parameters
        ----------
        iterations : array-like of int of shape (n_iterations,)
            Numbers of iterations, 0 or more. They may exceed `max_iter`.

        Returns
        -------
        coefs : ndarray of shape (n_iterations, n_features) or (n_iterations, n_targets, n_features)
            The value of ``coef_`` after each number of iterations.

        intercepts : ndarray of shape (n_iterations,) or (n_iterations, n_targets)
            The value of ``intercept_`` after each number of iterations.

        Raises
        ------
        ValueError
            If `learning_rate` is "auto", an iteration is negative or not an integer, or there are more than
            5,000 features.

        Notes
        -----
        O(d^3) once, and O(d^2) for each of the iterations. With an L1 penalty, O(d^2) for each iteration up
        to the largest.
        """
        check_is_fitted(self)
        self._check_gram("coef_path")
        steps = np.asarray(iterations) if np.size(iterations) else np.empty(0, dtype=int)
        if steps.ndim != 1 or steps.dtype.kind not in "iu" or (steps < 0).any():
            raise ValueError(
                "The 'iterations' parameter of coef_path must be a list of ints in [0, inf). "
                f"Got {iterations!r} instead."
            )
        if not self._parameters.learning_rate:
            raise ValueError(
                'coef_path follows descent at a given learning rate. Got learning_rate="auto" instead. '
                f"The largest safe rate is {self.max_learning_rate_:.6g}."
            )
        return self._shaped(*descent_path(self._moments, self._parameters, steps))

    def alpha_path(self, alphas: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Return the minimum for each of several penalties, without another pass over the rows.

        Parameters
        ----------
        alphas : array-like of float of shape (n_alphas,)
            Strengths of the penalty, 0 or more, in place of `alpha`. Each search starts at the minimum
            before, so a descending order is fastest.

        Returns
        -------
        coefs : ndarray of shape (n_alphas, n_features) or (n_alphas, n_targets, n_features)
            The value of ``coef_`` with each penalty.

        intercepts : ndarray of shape (n_alphas,) or (n_alphas, n_targets)
            The value of ``intercept_`` with each penalty.

        Raises
        ------
        ValueError
            If an alpha is negative, or there are more than 5,000 features.

        Notes
        -----
        The statistics alone are used, so the result is as precise as that of :meth:`partial_fit`. O(d^3) for
        each alpha, and less with an L1 penalty that leaves few weights.
        """
        check_is_fitted(self)
        self._check_gram("alpha_path")
        strengths = as_floats(alphas)
        if strengths is None or strengths.ndim != 1 or not (strengths >= 0).all():
            raise ValueError(
                "The 'alphas' parameter of alpha_path must be a list of floats in [0, inf). "
                f"Got {alphas!r} instead."
            )
        assert self._state.statistics is not None
        return self._shaped(*penalty_path(self._state.statistics, self._parameters, strengths))

    @property
    def coef_(self) -> np.ndarray:
        """Fitted weights, (n_features,) or (n_targets, n_features)."""
        solution = self._solved("coef_")
        return self._shaped(solution.weights, solution.bias)[0]

    @property
    def intercept_(self) -> np.ndarray | np.floating:
        """Fitted bias, a float or (n_targets,)."""
        solution = self._solved("intercept_")
        return self._shaped(solution.weights, solution.bias)[1][()]

    @property
    def max_learning_rate_(self) -> float:
        """Largest learning rate at which textbook descent does not diverge."""
        self._check_has("max_learning_rate_")
        moments = self._state.moments
        if moments is None:
            raise AttributeError(
                f"max_learning_rate_ is not kept for more than {MAX_GRAM_FEATURES:,} features."
            )
        return rate_limit(textbook_problem(moments, self._parameters))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _check_gram(self, method: str) -> None:
        """Raise if there are too many features for a Gram matrix."""
        if self.n_features_in_ > MAX_GRAM_FEATURES:
            raise ValueError(
                f"{method} needs a matrix of n_features x n_features, for at most {MAX_GRAM_FEATURES:,} "
                f"features. Got {self.n_features_in_:,} instead; only fit works without it."
            )
