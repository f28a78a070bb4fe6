"""Polynomial regression that does not store the matrix of all terms."""

import copy
from numbers import Integral
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from estimators._common.matrices import validate_data
from estimators._common.merging import check_mergeable, set_features
from estimators._common.scikit_learn import (
    Interval,
    available_if,
    check_feature_names_in,
    fit_context,
    with_callbacks,
)
from estimators._least_squares.base import LeastSquaresRegressor, check_state
from estimators._least_squares.checks import FLOATS, MAX_GRAM_FEATURES, as_floats, check_weight
from estimators._least_squares.expansion import Terms, n_terms
from estimators._least_squares.moments import MAX_BLOCK_VALUES
from estimators._least_squares.rows import ExpandedRows
from estimators._least_squares.state import LeastSquaresState


def _has_domain(model: "PolynomialRegressor") -> bool:
    """Return True if `domain` is given, so that all chunks are scaled in the same way.

    Raise an error otherwise.
    """
    if model.domain is None:
        raise AttributeError(
            "partial_fit, merge and additive_state are only available if the 'domain' parameter of "
            "PolynomialRegressor is set to the lowest and highest values of the features. Got domain=None."
        )
    return True


def _has_no_domain(model: "PolynomialRegressor") -> bool:
    """Return True if `domain` is None. Raise an error otherwise."""
    if model.domain is not None:
        raise AttributeError(
            "find_domain is only available if domain=None. Got a PolynomialRegressor with the domain "
            f"{model.domain!r}."
        )
    return True


class PolynomialRegressor(LeastSquaresRegressor):
    """Polynomial regression: least squares on all powers and products of the features up to a given degree.

    The features are scaled to [-1, 1] and expanded in blocks of rows. Like :class:`GDRegressor`, the
    estimator reduces the blocks to sums in one pass over the data. Scaling keeps high degrees precise, and
    the memory needed does not depend on the number of rows.

    Parameters
    ----------
    degree : int, default=2
        Maximum degree of a term, 1 or more. Degree 2 allows one bend and suits most data.

    interaction_only : bool, default=False
        Whether to use only products of distinct features, without powers.

    expand : array-like of shape (n_expanded,) or (n_features,), default=None
        Features to expand into powers and products, given as positions (int), names (str) or a mask (bool).
        All other features are used as they are, which suits flags and one-hot columns. If None, all features
        are expanded.

    domain : array-like of shape (2,) or (2, n_features), default=None
        Lowest and highest values of the features, which are scaled to -1 and 1. Rows may contain values
        outside this domain. If None, the domain is taken from the training data. `domain` must be given to
        use :meth:`partial_fit`, :meth:`merge` or :meth:`additive_state`.

    alpha : float, default=0.0
        Strength of the penalty, as in :class:`GDRegressor`. It applies to the weights of the scaled terms.

    l1_ratio : float, default=0.0
        Share of the L1 penalty in the elastic-net penalty, in [0, 1]. 0 gives ridge regression, and 1 gives
        the lasso.

    fit_intercept : bool, default=True
        Whether to fit a constant term. If False, the features are divided by their largest absolute value and
        not shifted, so that the polynomial is zero when all features are zero.

    learning_rate : "auto" or float, default="auto"
        Learning rate, as in :class:`GDRegressor`. A number is the learning rate of textbook gradient descent
        on the scaled terms.

    max_iter : int, default=1000
        Number of iterations, as in :class:`GDRegressor`.

    tol : float, default=1e-8
        Tolerance for convergence, as in :class:`GDRegressor`.

    Attributes
    ----------
    coef_ : ndarray of shape (n_terms,) or (n_targets, n_terms)
        Weights of the terms in the original units, computed on access. If the degree is high and the features
        are far from 0, sums that use these weights lose precision through cancellation. :meth:`predict` uses
        the weights of the scaled terms, which avoids this problem.

    intercept_ : float or ndarray of shape (n_targets,)
        Constant term in the original units.

    powers_ : ndarray of shape (n_terms, `n_features_in_`)
        Power of each feature in each term. The features themselves come first, followed by the terms of
        degree 2, and so on. The order is that of :class:`sklearn.preprocessing.PolynomialFeatures` with
        ``include_bias=False``.

    domain_ : ndarray of shape (2, `n_features_in_`)
        Lowest and highest values of the features, which are scaled to -1 and 1.

    n_iter_ : int
        Number of iterations.

    loss_curve_ : ndarray of shape (`n_iter_`,)
        Objective after each iteration, summed over the targets.

    n_features_in_ : int
        Number of features seen during fit.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features seen during fit. Only defined if `X` has feature names that are all strings.

    Notes
    -----
    With p terms and n rows, fitting takes O(n p^2) time and, in addition to the data, O(p^2) memory. At most
    5,000 terms are supported. If there are at least as many terms as rows (with an L1 penalty, at least half
    as many), the fitted model keeps the terms of the training rows, as described in the Notes of
    :class:`GDRegressor`.

    Each feature x is replaced by ``(x - middle) / half``, where ``middle`` is the midpoint of its domain and
    ``half`` is half the width of its domain. For the first eight powers of one feature, this lowers the
    condition number of X'X from 1e11 to 6e4.

    Examples
    --------
    >>> import numpy as np
    >>> from estimators import PolynomialRegressor
    >>> x = np.linspace(0, 4, 30)[:, np.newaxis]
    >>> model = PolynomialRegressor(degree=2).fit(x, 3 - 2 * x[:, 0] + 0.5 * x[:, 0] ** 2)
    >>> print(model.get_feature_names_out(), model.coef_.round(6), round(float(model.intercept_), 6))
    ['x0' 'x0^2'] [-2.   0.5] 3.0
    """

    _parameter_constraints: dict = {
        "degree": [Interval(Integral, 1, None, closed="left")],
        "interaction_only": ["boolean"],
        "expand": ["array-like", None],
        "domain": ["array-like", None],
        **LeastSquaresRegressor._parameter_constraints,
    }

    def __init__(
        self,
        degree: int = 2,
        *,
        interaction_only: bool = False,
        expand: ArrayLike | None = None,
        domain: ArrayLike | None = None,
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
        fit_intercept: bool = True,
        learning_rate: float | Literal["auto"] = "auto",
        max_iter: int = 1000,
        tol: float = 1e-8,
    ) -> None:
        self.degree = degree
        self.interaction_only = interaction_only
        self.expand = expand
        self.domain = domain
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.tol = tol

    @with_callbacks
    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the model to data.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)
            Training data.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target values: one number per row, or one for each of several targets.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row. A row with weight 2 counts as two identical rows. If None, all
            rows have weight 1.

        Returns
        -------
        self : PolynomialRegressor
            Fitted estimator.

        Raises
        ------
        ValueError
            As in :meth:`GDRegressor.fit`, if there are more than 5,000 terms, or if `expand` or `domain` does
            not match the features of X.

        Warns
        -----
        ConvergenceWarning
            If gradient descent has not converged after `max_iter` iterations.
        LinAlgWarning
            If `alpha` is 0 and the rows cover such a small part of `domain` that terms of high degree cannot
            be distinguished from those of lower degree.
        """
        self.__dict__.pop("_solution", None)  # if the fit fails, old weights must not remain
        rows = self._check_rows(X, y, sample_weight, reset=True)
        domain = _range(rows[0], rows[2]) if self.domain is None else self._given_domain()
        return self._fit_rows(rows, self._terms(domain))

    @available_if(_has_domain)
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Update the fit with more rows.

        Fitting in chunks, in any order, is equivalent to fitting all rows at once. This method requires
        `domain`. The precision is described in :meth:`GDRegressor.partial_fit`, where the condition number
        is that of the scaled terms.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)
            Training data.

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            Target values: one number per row, or one for each of several targets.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row, as in :meth:`fit`.

        Returns
        -------
        self : PolynomialRegressor
            Estimator fitted on these rows and all previous rows.

        Raises
        ------
        ValueError
            As in :meth:`fit`, or if `degree`, `interaction_only`, `expand`, `domain` or `fit_intercept` was
            changed after previous calls. In these cases, the model is not changed.
        AttributeError
            If `domain` is None.
        """
        rows = self._check_rows(X, y, sample_weight, reset=not self.__sklearn_is_fitted__())
        return self._add_rows(rows, self._terms(self._given_domain()))

    @available_if(_has_domain)
    def merge(self, other: "PolynomialRegressor") -> Self:
        """Merge another fitted model into this one, as if this one had been fitted on the rows of both.

        Parameters
        ----------
        other : PolynomialRegressor
            Model fitted with the same parameters, including `domain`, on the same features and targets.

        Returns
        -------
        self : PolynomialRegressor
            Equivalent to a model fitted on all rows, up to the rounding errors of :meth:`partial_fit`.

        Raises
        ------
        TypeError
            If `other` is not a PolynomialRegressor.
        ValueError
            If the parameters, the features or the number of targets of the two models differ. In this case,
            neither model is changed.
        AttributeError
            If `domain` is None.
        """
        check_mergeable(self, other)
        return self._set_state(self._state.merge(other._state))

    @available_if(_has_no_domain)
    @fit_context(prefer_skip_nested_validation=True)
    def find_domain(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> np.ndarray:
        """Return the lowest and highest values of each feature, for use as the `domain` parameter.

        If the data comes in chunks and its domain is not known, call this method on each chunk in a first
        pass. The domain of the data consists of the minimum of the lowest values and the maximum of the
        highest values of all chunks. The estimator is not changed.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)
            Training data.

        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            Target values. They do not affect the result, but they are checked if given.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row. Rows with weight 0 are ignored.

        Returns
        -------
        domain : ndarray of shape (2, n_features)
            Lowest and highest values. If all weights are 0, they are inf and -inf.

        Raises
        ------
        ValueError
            If X, y or the sample weights are not valid for :meth:`fit`.
        AttributeError
            If `domain` is not None.

        Examples
        --------
        >>> import numpy as np
        >>> from estimators import PolynomialRegressor
        >>> model, chunks = PolynomialRegressor(), [[[1.0], [3.0]], [[-2.0], [2.0]]]
        >>> low, high = zip(*(model.find_domain(chunk) for chunk in chunks))
        >>> np.array([np.min(low, axis=0), np.max(high, axis=0)]).tolist()
        [[-2.0], [3.0]]
        """
        reader, reset = copy.copy(self), not self.__sklearn_is_fitted__()
        if y is not None:
            rows, _, weight = reader._check_rows(X, y, sample_weight, reset, allow_zero=True)
        else:
            rows = validate_data(reader, X, dtype=FLOATS, reset=reset)
            weight = check_weight(sample_weight, rows, allow_zero=True)
        return _range(rows, weight)

    @available_if(_has_domain)
    @fit_context(prefer_skip_nested_validation=True)
    def additive_state(
        self, X: ArrayLike, y: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> LeastSquaresState:
        """Return the statistics of these rows as a state that can be merged. The estimator is not changed.

        States are small and can be pickled, so rows can be read in several processes or on several machines.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)
            Training data.

        y : array-like of shape (n_samples,) or (n_samples, n_targets), default=None
            Target values. They are required, although the default is None.

        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row. If all weights are 0, merging the state has no effect.

        Returns
        -------
        state : LeastSquaresState
            The statistics of these rows. ``state.merge(other)`` returns the state of both sets of rows and
            changes neither state. It raises a ValueError if the features, their names, the number of targets
            or the terms differ.

        Raises
        ------
        ValueError
            If X, y or the sample weights are not valid for :meth:`partial_fit`.
        AttributeError
            If `domain` is None.

        Examples
        --------
        >>> from estimators import PolynomialRegressor
        >>> model = PolynomialRegressor(degree=2, domain=[0, 4])
        >>> one, other = model.additive_state([[0], [1]], [0, 1]), model.additive_state([[2], [3]], [4, 9])
        >>> model.fit_state(one.merge(other)).predict([[10]]).round(6).tolist()
        [100.0]
        """
        reader = copy.copy(self)  # the checks set attributes of the copy only
        rows = reader._check_rows(X, y, sample_weight, not self.__sklearn_is_fitted__(), allow_zero=True)
        return reader._state_of(rows, reader._terms(reader._given_domain()))

    @fit_context(prefer_skip_nested_validation=True)
    def fit_state(self, state: LeastSquaresState) -> Self:
        """Fit from a state, with the same result as calling :meth:`fit` on the rows of the state.

        Parameters
        ----------
        state : LeastSquaresState
            The state returned by :meth:`additive_state`, or several such states merged. It must have been
            computed with the same `degree`, `interaction_only`, `expand`, `fit_intercept` and `domain`. If
            `domain` is None, the domain of the state is used.

        Returns
        -------
        self : PolynomialRegressor
            Equivalent to a model fitted on all rows, up to the rounding errors of :meth:`partial_fit`.

        Raises
        ------
        TypeError
            If `state` is not a LeastSquaresState.
        ValueError
            If all sample weights were zero, if the terms of the state do not match the parameters, or if
            `learning_rate` is too large for the rows.

        Warns
        -----
        ConvergenceWarning
            If gradient descent has not converged after `max_iter` iterations.

        Examples
        --------
        >>> from estimators import PolynomialRegressor
        >>> model = PolynomialRegressor(degree=2, domain=[0, 4])
        >>> state = model.additive_state([[0], [1], [2], [3]], [0, 1, 4, 9])
        >>> model.fit_state(state).coef_.round(6).tolist()
        [0.0, 1.0]
        """
        terms = check_state(state).terms
        reader = copy.copy(self)
        set_features(reader, state.n_features, state.feature_names)
        domain = terms.domain if terms and self.domain is None else reader._given_domain()
        return self._fit_state(state, reader._terms(domain))

    def predict(self, X: ArrayLike) -> np.ndarray:
        """Return the value of the polynomial for each row.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)
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
        checked = validate_data(self, X, dtype=FLOATS, reset=False)
        solution, rows = self._solved("coef_"), ExpandedRows(checked, self._fitted_terms("coef_"))
        (n, p), q = rows.shape, len(solution.bias)
        length = max(1, MAX_BLOCK_VALUES // p)
        values, block = np.empty((n, q)), np.empty((length, p), order=rows.order)
        for start in range(0, n, length):
            at = slice(start, min(start + length, n))
            terms = rows.read(at, block[: at.stop - start])
            values[at] = terms @ solution.weights + solution.bias  # (rows, p) @ (p, q)
        return values.astype(checked.dtype, copy=False).reshape(n, *self._state.target_shape)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the terms, such as "temperature^2 reservations".

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Names of the features. If None, `feature_names_in_` is used if it is defined. Otherwise, the names
            are x0, x1 and so on.

        Returns
        -------
        names : ndarray of str objects of shape (n_terms,)
            Names of the terms, in the order of ``powers_``.
        """
        check_is_fitted(self)
        features = check_feature_names_in(self, input_features)
        names = [
            " ".join(f"{features[j]}^{term[j]}" if term[j] > 1 else features[j] for j in np.flatnonzero(term))
            for term in self.powers_
        ]
        return np.array(names, dtype=object)

    @property
    def coef_(self) -> np.ndarray:
        """Weights in the original units, as an array of shape (n_terms,) or (n_targets, n_terms)."""
        return self._original("coef_")[0]

    @property
    def intercept_(self) -> np.ndarray | np.floating:
        """Constant term in the original units, a float or an array of shape (n_targets,)."""
        return self._original("intercept_")[1][()]

    @property
    def powers_(self) -> np.ndarray:
        """Power of each feature in each term, as an array of shape (n_terms, `n_features_in_`)."""
        return self._fitted_terms("powers_").powers

    @property
    def domain_(self) -> np.ndarray:
        """Lowest and highest values, of shape (2, `n_features_in_`), which are scaled to -1 and 1."""
        return self._fitted_terms("domain_").domain

    def _original(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights and bias in the original units, shaped like `coef_` and `intercept_`."""
        solution = self._solved(name)
        weights, to_bias = self._fitted_terms(name).in_original_units(solution.weights)
        return self._shaped(weights, solution.bias + to_bias)

    def _fitted_terms(self, name: str) -> Terms:
        self._check_has(name)
        assert self._state.terms is not None
        return self._state.terms

    def _terms(self, domain: np.ndarray) -> Terms:
        """Return the terms defined by the parameters. The number and names of the features must be set."""
        n_features, expanded = self.n_features_in_, self._expanded_columns()
        count = n_features - len(expanded) + n_terms(len(expanded), self.degree, self.interaction_only)
        if count > MAX_GRAM_FEATURES:
            raise ValueError(
                "The 'degree' parameter of PolynomialRegressor must not result in more than "
                f"{MAX_GRAM_FEATURES:,} terms. Got degree={self.degree}, which results in {count:,} terms of "
                f"{len(expanded)} features. Lower the degree, or use the 'expand' parameter to expand fewer "
                "features."
            )
        return Terms(
            n_columns=n_features,
            expanded=expanded,
            degree=int(self.degree),
            interaction_only=bool(self.interaction_only),
            domain=domain,
            centred=bool(self.fit_intercept),
        )

    def _expanded_columns(self) -> np.ndarray:
        """Return the positions of the features to expand, in ascending order."""
        n_columns, names = self.n_features_in_, getattr(self, "feature_names_in_", None)
        if self.expand is None:
            return np.arange(n_columns)
        try:
            given = np.asarray(self.expand)
        except ValueError:  # lists of different lengths
            given = np.array(np.nan)
        if given.dtype.kind in "UO" and names is not None and np.isin(given, names).all():
            return np.flatnonzero(np.isin(names, given))
        if given.dtype.kind == "b" and given.shape == (n_columns,):
            return np.flatnonzero(given)
        if given.dtype.kind in "iu" and ((given >= -n_columns) & (given < n_columns)).all():
            return np.unique(given % n_columns)
        if given.shape == (0,):
            return np.arange(0)
        allowed = f"an array-like of positions below {n_columns}, a mask of {n_columns} booleans" + (
            "" if names is None else f", or names of the features {', '.join(map(repr, names[:20]))}"
        )
        raise ValueError(
            f"The 'expand' parameter of PolynomialRegressor must be {allowed}. Got {self.expand!r} instead."
        )

    def _given_domain(self) -> np.ndarray:
        """Return the `domain` parameter as an array of shape (2, n_features)."""
        given = None if self.domain is None else as_floats(self.domain)
        shapes = (2,), (2, self.n_features_in_)
        if given is None or given.shape not in shapes or not (given[0] <= given[1]).all():
            raise ValueError(
                "The 'domain' parameter of PolynomialRegressor must be an array-like of shape (2,) or "
                f"{shapes[1]} with the lowest values before the highest values. Got {self.domain!r} instead."
            )
        return np.array([np.broadcast_to(bound, self.n_features_in_) for bound in given])


def _range(X: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
    """Return the lowest and highest values, of shape (2, n_features), in rows with a positive weight."""
    X = X if sample_weight is None else X[sample_weight > 0]
    return np.array([X.min(axis=0, initial=np.inf), X.max(axis=0, initial=-np.inf)], dtype=np.float64)
