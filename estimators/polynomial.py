"""Polynomial regression by gradient descent that never holds the expanded matrix."""

import copy
from collections.abc import Mapping
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators._common.callbacks import FitTask
from estimators._common.merging import check_mergeable
from estimators._common.scikit_learn import (
    Interval,
    available_if,
    check_feature_names_in,
    fit_context,
    with_callbacks,
)
from estimators._least_squares.expansion import ExpandedRows, Expansion, in_original_units, n_terms
from estimators._least_squares.moments import BLOCK
from estimators._least_squares.solve import Settings
from estimators.linear import WIDE, GDRegressor, as_floats, check_rows


def _has_domain(model: "PolynomialRegressor") -> bool:
    """Tell whether chunks can be scaled alike, or raise."""
    if model.domain is None:
        raise AttributeError(
            "partial_fit and merge need the 'domain' parameter of PolynomialRegressor: the lowest and "
            "highest values of the features. Got None instead."
        )
    return True


class PolynomialRegressor(CallbackSupportMixin, MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Least squares on all powers and products of the features up to a degree.

    The features are scaled to [-1, 1], expanded block by block and given to the one pass of
    :class:`GDRegressor`. So high degrees stay exact, and memory does not grow with the rows.

    Parameters
    ----------
    degree : int, default=2
        The highest degree of a term, 1 or more.

    interaction_only : bool, default=False
        Whether only products of different features are made, no powers.

    expand : array-like of shape (n_expanded,) or (n_features,), default=None
        The features that are raised to powers and multiplied: their positions (int), their names, or a mask
        (bool). The others enter as they are (flags and one-hot columns have no powers). None for all.

    domain : array-like of shape (2,) or (2, n_features), default=None
        Lowest and highest values, scaled to -1 and 1. None for those of the training rows;
        :meth:`partial_fit` and :meth:`merge` need them given. Values outside are allowed.

    alpha : float, default=0.0
        Strength of the penalty, as in :class:`GDRegressor`. It acts on the weights of the scaled terms.

    l1_ratio : float, default=0.0
        Share of the L1 penalty, 0 to 1: 0 is ridge, 1 the lasso.

    fit_intercept : bool, default=True
        Whether there is a constant term. Without it the features are scaled by their largest
        absolute value, not shifted, so that the polynomial is zero where all features are.

    learning_rate : "auto" or float, default="auto"
        As in :class:`GDRegressor`; a number is the rate of textbook descent on the scaled terms.

    max_iter : int, default=1000
        As in :class:`GDRegressor`.

    tol : float, default=1e-8
        As in :class:`GDRegressor`.

    Attributes
    ----------
    coef_ : ndarray of shape (n_terms,) or (n_targets, n_terms)
        The weights of the terms in the original units. For high degrees of features far from 0 these cancel
        in a sum; :meth:`predict` uses the scaled terms, which do not. Worked out when it is read.

    intercept_ : float or ndarray of shape (n_targets,)
        The constant term in the original units.

    powers_ : ndarray of shape (n_terms, `n_features_in_`)
        The power of each feature in each term: all features, then the terms of degree 2, and so on,
        in the order of :class:`sklearn.preprocessing.PolynomialFeatures` without its constant.

    domain_ : ndarray of shape (2, `n_features_in_`)
        Lowest and highest values that are scaled to -1 and 1.

    n_iter_ : int
        Number of iterations.

    loss_curve_ : ndarray of shape (`n_iter_`,)
        The objective after each iteration.

    n_features_in_ : int
        Number of features.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where `X` had names that are all strings.

    Notes
    -----
    With p terms and n rows, fitting takes O(n p^2) time and O(p^2) memory beyond the data, p being at most
    5,000. In place of a column x, the terms are made of ``(x - middle) / half``, with the middle of its
    domain and half the width: for eight powers of one feature that lowers the condition of X'X from 1e11 to
    6e4.

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
        **GDRegressor._parameter_constraints,
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
        learning_rate: float | str = "auto",
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
    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the weights of the terms.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            One number a row, or one for each of several targets.

        sample_weight : array-like of shape (n_samples,), default=None
            A row of weight 2 counts as the row twice.

        Returns
        -------
        self : PolynomialRegressor
            The same object, fitted.

        Raises
        ------
        ValueError
            As :meth:`GDRegressor.fit`; if there are more than 5,000 terms, or `expand` or `domain` does not
            fit X.
        """
        self.__dict__.pop("_regressor", None)  # should the fit fail, nothing old stands beside new features
        X, y, weight = check_rows(self, X, y, sample_weight, reset=True)
        self._expansion, self.domain_ = self._expansion_for(X), self._domain_for(X, weight)
        regressor, steps = self._new_regressor(), Settings.of(self).max_subtasks
        task = FitTask(self, steps, X, y, weight, lambda part: _rebuilt(regressor, part))
        regressor._fit_rows(self._rows(X), X, y, weight, task, "PolynomialRegressor")
        self._regressor = regressor
        task.close(lambda: {"_solution": regressor._solution})
        return self

    @available_if(_has_domain)
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from more rows; with `domain` given, fitting chunk by chunk equals fitting the whole.

        As exactly as :meth:`GDRegressor.partial_fit`: see there; the condition is that of the scaled terms.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)

        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            One number a row, or one for each of several targets.

        sample_weight : array-like of shape (n_samples,), default=None
            As in :meth:`fit`.

        Returns
        -------
        self : PolynomialRegressor
            The same object, with what these rows teach.

        Raises
        ------
        ValueError
            As :meth:`fit`. The model is unchanged.
        AttributeError
            If `domain` is None.
        """
        first = not self.__sklearn_is_fitted__()
        X, y, weight = check_rows(self, X, y, sample_weight, reset=first)
        if first:
            self._expansion, self.domain_ = self._expansion_for(X), self._domain_for(X, weight)
        regressor = self._new_regressor() if first else copy.copy(self._regressor)
        regressor.set_params(**self._shared_params())
        regressor._add_rows(self._rows(X), X, y, weight, "PolynomialRegressor")
        self._regressor = regressor
        return self

    @available_if(_has_domain)
    def merge(self, other: "PolynomialRegressor") -> Self:
        """Add what another model has learned, as if this one had seen its rows too.

        Parameters
        ----------
        other : PolynomialRegressor
            Fitted with the same parameters, `domain` among them, on the same features and targets.

        Returns
        -------
        self : PolynomialRegressor
            The same object, with what `other` has learned.

        Raises
        ------
        TypeError
            If `other` is no PolynomialRegressor.
        ValueError
            If parameters, features or targets differ. Both models are unchanged.
        AttributeError
            If `domain` is None.
        """
        check_mergeable(self, other)
        regressor = copy.copy(self._regressor).set_params(**self._shared_params())
        regressor._merge(other._regressor, "PolynomialRegressor")
        self._regressor = regressor
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the value of the polynomial.

        Parameters
        ----------
        X : {array-like, data frame} of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_targets)
            In the shape of the y of :meth:`fit`.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        solution, rows = self._regressor._solved("coef_"), self._rows(X)
        length = max(1, BLOCK // rows.shape[1])
        values, block = np.empty((len(X), len(solution.bias))), np.empty((length, rows.shape[1]), order="F")
        for start in range(0, len(X), length):
            at = slice(start, min(start + length, len(X)))
            terms = rows.read(at, block[: at.stop - start])
            values[at] = terms @ solution.weights + solution.bias  # (rows, p) @ (p, q)
        return values.astype(X.dtype, copy=False).reshape(len(X), *self._regressor._y_tail)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Name the terms, as "temperature^2 reservations".

        Parameters
        ----------
        input_features : array-like of str of shape (`n_features_in_`,), default=None
            Names of the features; None for `feature_names_in_`, or x0, x1 and so on.

        Returns
        -------
        names : ndarray of str objects of shape (n_terms,)
            In the order of ``powers_``.
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
        """Weights in the original units, (n_terms,) or (n_targets, n_terms)."""
        return self._original("coef_")[0]

    @property
    def intercept_(self) -> Any:
        """Constant term in the original units, a float or (n_targets,)."""
        return self._original("intercept_")[1][()]

    @property
    def powers_(self) -> np.ndarray:
        """Power of each feature in each term, (n_terms, `n_features_in_`)."""
        self._fitted("powers_")
        return self._expansion.powers

    @property
    def n_iter_(self) -> int:
        """Number of iterations."""
        return self._fitted("n_iter_").n_iter_

    @property
    def loss_curve_(self) -> np.ndarray:
        """Objective after each iteration, (`n_iter_`,)."""
        return self._fitted("loss_curve_").loss_curve_

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_regressor")

    def _fitted(self, name: str) -> GDRegressor:
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"'PolynomialRegressor' object has no attribute {name!r}: it is not fitted yet."
            )
        return self._regressor

    def _original(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        regressor = self._fitted(name)
        solution = regressor._solved(name)
        weights, gain = in_original_units(solution.weights, self.powers_, *self._scaling())
        return regressor._shaped(weights, solution.bias + gain)

    def _shared_params(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in GDRegressor().get_params()}

    def _new_regressor(self) -> GDRegressor:
        return GDRegressor(**self._shared_params())

    def _expansion_for(self, X: np.ndarray) -> Expansion:
        expanded = self._expanded_columns(X.shape[1])
        count = X.shape[1] - len(expanded) + n_terms(len(expanded), self.degree, self.interaction_only)
        if count > WIDE:
            raise ValueError(
                f"The 'degree' parameter of PolynomialRegressor must make at most {WIDE:,} terms. "
                f"Got {self.degree}, and {count:,} terms of {len(expanded)} features; `expand` chooses fewer."
            )
        return Expansion(X.shape[1], expanded, int(self.degree), bool(self.interaction_only))

    def _expanded_columns(self, n_columns: int) -> np.ndarray:
        """Return the positions of the features to expand, ascending."""
        if self.expand is None:
            return np.arange(n_columns)
        try:
            given = np.asarray(self.expand)
        except ValueError:  # lists of different lengths
            given = np.array(np.nan)
        names = getattr(self, "feature_names_in_", None)
        if given.dtype.kind in "UO" and names is not None and np.isin(given, names).all():
            return np.flatnonzero(np.isin(names, given))
        if given.dtype.kind == "b" and given.shape == (n_columns,):
            return np.flatnonzero(given)
        if given.dtype.kind in "iu" and ((given >= -n_columns) & (given < n_columns)).all():
            return np.unique(given % n_columns)
        if given.shape == (0,):
            return np.arange(0)
        allowed = f"positions below {n_columns}, a mask of {n_columns}" + (
            "" if names is None else f", or names among {', '.join(map(repr, names[:20]))}"
        )
        raise ValueError(
            f"The 'expand' parameter of PolynomialRegressor must be {allowed}. Got {self.expand!r} instead."
        )

    def _domain_for(self, X: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
        if self.domain is None:
            X = X if sample_weight is None or not sample_weight.any() else X[sample_weight > 0]
            return np.array([X.min(axis=0), X.max(axis=0)], dtype=np.float64)
        given = as_floats(self.domain)
        shapes = (2,), (2, X.shape[1])
        if given is None or given.shape not in shapes or not (given[0] <= given[1]).all():
            raise ValueError(
                "The 'domain' parameter of PolynomialRegressor must be the lowest and the highest values, of "
                f"shape (2,) or {shapes[1]}. Got {self.domain!r} instead."
            )
        return np.array([np.broadcast_to(bound, X.shape[1]) for bound in given])

    def _scaling(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what is taken off each feature, and what it is then divided by."""
        low, high = self.domain_
        if not self.fit_intercept:
            reach = np.abs(self.domain_).max(axis=0)
            return np.zeros_like(reach), np.where(reach > 0, reach, 1.0)
        half = high / 2 - low / 2
        return low / 2 + high / 2, np.where(half > 0, half, 1.0)

    def _rows(self, X: np.ndarray) -> ExpandedRows:
        return ExpandedRows(X, self._expansion, *self._scaling())


def _rebuilt(regressor: GDRegressor, part: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of a PolynomialRegressor whose inner regressor has those in `part`."""
    inner = copy.copy(regressor)
    inner.__dict__.update(part)
    return {"_regressor": inner}
