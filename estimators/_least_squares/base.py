"""Base class of GDRegressor and PolynomialRegressor: from rows to a state, and from a state to weights."""

from dataclasses import replace
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import assert_all_finite

from estimators._common.callbacks import FitTask
from estimators._common.matrices import MatrixLike
from estimators._common.merging import set_features
from estimators._common.scikit_learn import Interval, StrOptions
from estimators._least_squares.checks import (
    MAX_GRAM_FEATURES,
    CheckedRows,
    as_columns,
    check_not_tiny,
    check_rows,
    check_scales,
    check_squares,
    check_sums,
    largest_of,
    warn_of_wide_domain,
)
from estimators._least_squares.expansion import Terms
from estimators._least_squares.moments import CentredRows, Moments, gather
from estimators._least_squares.row_space import centre, solve_rows, suits_row_space
from estimators._least_squares.rows import ExpandedRows, Rows, as_expanded_rows, as_rows, as_unshifted_rows
from estimators._least_squares.solve import SecondPass, solve
from estimators._least_squares.state import (
    LeastSquaresParameters,
    LeastSquaresState,
    Solution,
    as_plain,
    shape_in_words,
)
from estimators._least_squares.textbook import check_rate, textbook_losses, textbook_problem


class LeastSquaresRegressor(CallbackSupportMixin, MultiOutputMixin, RegressorMixin, BaseEstimator):
    """Base class of both estimators. Fitting reduces the rows to a state, then computes the solution."""

    _parameter_constraints: dict = {
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "learning_rate": [StrOptions({"auto"}), Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left")],
    }
    _validation: dict[str, Any] = {}  # additional arguments of scikit-learn's validate_data

    _state: LeastSquaresState
    _parameters: LeastSquaresParameters  # the parameters at the time of the fit
    _solution: Solution | None  # None after partial_fit and merge, until first accessed

    @property
    def n_iter_(self) -> int:
        """Number of iterations."""
        return self._solved("n_iter_").n_iter

    @property
    def loss_curve_(self) -> np.ndarray:
        """Objective after each iteration, as an array of shape (`n_iter_`,)."""
        solution = self._solved("loss_curve_")
        if solution.losses is None:
            return textbook_losses(self._moments, self._parameters, solution)
        return solution.losses.copy()

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_solution")

    def __getstate__(self) -> dict[str, Any]:
        """Return plain data, so that a saved model contains no private classes."""
        return {name: as_plain(value) for name, value in super().__getstate__().items()}

    def __setstate__(self, plain: dict[str, Any]) -> None:
        super().__setstate__(plain)
        if "_state" in plain:
            self._state = LeastSquaresState.from_plain(plain["_state"])
            self._parameters = LeastSquaresParameters(**plain["_parameters"])
        if plain.get("_solution") is not None:
            self._solution = Solution(**plain["_solution"])

    @property
    def _moments(self) -> Moments:
        """The moments of the rows. Only available for at most 5,000 columns."""
        moments = self._state.moments
        assert moments is not None
        return moments

    def _check_rows(
        self,
        X: MatrixLike,
        y: ArrayLike | None,
        sample_weight: ArrayLike | None,
        reset: bool,
        allow_zero: bool = False,
    ) -> CheckedRows:
        """Return X, y and the weights as arrays.

        If `reset` is True, the features of X may differ from those of the previous fit.
        """
        return check_rows(self, X, y, sample_weight, allow_zero, reset=reset, **self._validation)

    def _fit_rows(self, rows: CheckedRows, terms: Terms | None) -> Self:
        """Fit to rows, which are read twice if necessary."""
        X, y, weight = rows
        self._parameters = parameters = LeastSquaresParameters.of(self)
        n_columns = len(terms.powers) if terms else X.shape[1]
        task = FitTask(self, parameters.max_subtasks, *rows)
        if suits_row_space(X, n_columns, parameters):
            check_squares(X, y, type(self).__name__)
            centred = centre(_reader(rows, terms, shifted=False), as_columns(y), weight, parameters)
            self._state = self._new_state(rows, centred if n_columns <= MAX_GRAM_FEATURES else None, terms)
            self._solution = solve_rows(centred, parameters, task)
        else:
            reader = _reader(rows, terms)
            moments = self._gather(reader, rows, exact=False)
            self._state = self._new_state(rows, moments, terms)
            self._warn_of_wide_domain(moments)
            second_pass = SecondPass(moments, reader, as_columns(y), weight)
            self._solution = solve(moments, parameters, task, second_pass)
            self._state = replace(self._state, statistics=second_pass.moments)
        task.close(lambda: {"_solution": self._solution})
        return self

    def _add_rows(self, rows: CheckedRows, terms: Terms | None) -> Self:
        """Update the state with more rows."""
        y, is_first = rows[1], not self.__sklearn_is_fitted__()
        if not is_first and y.shape[1:] != self._state.target_shape:
            raise ValueError(
                f"y must have {shape_in_words(self._state.target_shape)}, as in previous calls. "
                f"Got the shape {y.shape} instead."
            )
        state = self._state_of(rows, terms)
        return self._set_state(state if is_first else self._state.merge(state))

    def _state_of(self, rows: CheckedRows, terms: Terms | None) -> LeastSquaresState:
        """Return the state of some rows."""
        X, _, weight = rows
        if weight is not None and not weight.any():
            assert_all_finite(X, estimator_name=type(self).__name__, input_name="X")
            return self._new_state(rows, None, terms)
        return self._new_state(rows, self._gather(_reader(rows, terms), rows, exact=True), terms)

    def _gather(self, reader: Rows, rows: CheckedRows, exact: bool) -> Moments:
        X, y, weight = rows
        moments = gather(reader, as_columns(y), weight, exact)
        check_sums(moments, X, type(self).__name__)
        check_not_tiny(moments, X, weight, has_domain=isinstance(reader, ExpandedRows))
        check_scales(moments.spreads().min(initial=np.inf), largest_of(y), type(self).__name__)
        return moments

    def _new_state(
        self, rows: CheckedRows, statistics: Moments | CentredRows | None, terms: Terms | None
    ) -> LeastSquaresState:
        X, y, _ = rows
        names = getattr(self, "feature_names_in_", None)
        return LeastSquaresState(statistics, self.n_features_in_, names, X.dtype.name, y.shape[1:], terms)

    def _fit_state(self, state: LeastSquaresState, terms: Terms | None) -> Self:
        """Fit from a state, which must have been computed with these terms."""
        state.check_terms(terms)
        if state.moments is None:
            raise ValueError("The state must contain at least one row with a positive weight.")
        self._set_state(state)
        set_features(self, state.n_features, state.feature_names)
        self._solved("coef_")
        return self

    def _set_state(self, state: LeastSquaresState) -> Self:
        """Replace the state. If sums overflow or descent would diverge, raise an error and change nothing."""
        moments, parameters = state.moments, LeastSquaresParameters.of(self)
        assert moments is not None
        check_sums(moments, None, type(self).__name__)
        if parameters.learning_rate:
            check_rate(parameters, textbook_problem(moments, parameters))
        self._state, self._parameters, self._solution = state, parameters, None
        return self

    def _solved(self, name: str) -> Solution:
        """Return the solution. After partial_fit and merge, it is computed on first access."""
        self._check_has(name)
        if self._solution is None:
            moments = self._moments
            self._warn_of_wide_domain(moments)
            self._solution = solve(moments, self._parameters)
        return self._solution

    def _warn_of_wide_domain(self, moments: Moments) -> None:
        if self._state.terms and not self._parameters.alpha and not self._parameters.learning_rate:
            warn_of_wide_domain(moments, self._state.terms)

    def _check_has(self, name: str) -> None:
        """Raise an AttributeError for the fitted attribute `name` if the model is not fitted."""
        if not self.__sklearn_is_fitted__():
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}, because it is not fitted yet."
            )

    def _shaped(self, weights: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return weights (..., d, q) and biases (..., q) with the shapes and dtype of the attributes."""
        weights = np.moveaxis(weights, -1, -2)
        if not self._state.target_shape:
            weights, bias = weights[..., 0, :], bias[..., 0]
        dtype = self._state.dtype
        return np.array(weights, dtype=dtype, order="C"), np.array(bias, dtype=dtype)


def check_state(state: object) -> LeastSquaresState:
    """Return the state. Raise a TypeError unless it is a LeastSquaresState."""
    if not isinstance(state, LeastSquaresState):
        raise TypeError(
            "The 'state' parameter of fit_state must be a state returned by additive_state of the same "
            f"class. Got a {type(state).__name__} instead."
        )
    return state


def _reader(rows: CheckedRows, terms: Terms | None, shifted: bool = True) -> Rows:
    X, _, weight = rows
    if terms:
        return as_expanded_rows(X, terms, weight) if shifted else ExpandedRows(X, terms)
    return as_rows(X, weight) if shifted else as_unshifted_rows(X)
