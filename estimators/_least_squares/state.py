"""The parts of a fitted model: parameters, an additive state and a solution."""

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Self

import numpy as np

from estimators._common.merging import check_same_features
from estimators._least_squares.expansion import Terms
from estimators._least_squares.moments import CentredRows, Moments


@dataclass(frozen=True)
class LeastSquaresParameters:
    """The parameters at the time of the fit, as built-in Python numbers."""

    alpha: float
    l1_ratio: float
    fit_intercept: bool
    learning_rate: float  # 0 for "auto"
    max_iter: int
    tol: float

    @classmethod
    def of(cls, estimator: Any) -> Self:
        """Read the parameters of an estimator."""
        rate = estimator.learning_rate
        return cls(
            alpha=float(estimator.alpha),
            l1_ratio=float(estimator.l1_ratio),
            fit_intercept=bool(estimator.fit_intercept),
            learning_rate=0.0 if isinstance(rate, str) else float(rate),
            max_iter=int(estimator.max_iter),
            tol=float(estimator.tol),
        )

    @property
    def l1(self) -> float:
        """Strength of the L1 penalty."""
        return self.alpha * self.l1_ratio

    @property
    def l2(self) -> float:
        """Strength of the L2 penalty."""
        return self.alpha * (1 - self.l1_ratio)

    @property
    def max_subtasks(self) -> int:
        """The maximum number of iterations for which callbacks are called."""
        return self.max_iter if self.learning_rate or self.l1 else 1


@dataclass
class Solution:
    """The fitted weights and the course of the descent, for all targets."""

    weights: np.ndarray  # (d, q)
    bias: np.ndarray  # (q,)
    n_iter: int
    losses: np.ndarray | None  # (n_iter,); None for closed forms: see textbook_losses


@dataclass(frozen=True, eq=False)
class LeastSquaresState:
    """The statistics of a set of rows, and a description of their features, targets and terms.

    It can be pickled and sent instead of the rows. It contains their sums, or the rows themselves if X'X
    would be larger than the rows.
    """

    statistics: Moments | CentredRows | None  # None if all weights are 0 or there are too many columns
    n_features: int
    feature_names: np.ndarray | None  # (n_features,)
    dtype: str  # "float32" only if all rows are float32
    target_shape: tuple[int, ...]  # the shape of y after its first axis
    terms: Terms | None = None  # only for PolynomialRegressor, whose moments are those of the terms

    def merge(self, other: "LeastSquaresState") -> "LeastSquaresState":
        """Return the state of both sets of rows. Raise a ValueError if features, targets or terms differ."""
        check_same_features(self.n_features, self.feature_names, other.n_features, other.feature_names)
        if self.target_shape != other.target_shape:
            shapes = f"{shape_in_words(self.target_shape)} and {shape_in_words(other.target_shape)}"
            raise ValueError(f"The targets differ: y has {shapes}.")
        self.check_terms(other.terms)
        mine, theirs = self.moments, other.moments
        if mine is None or theirs is None:
            return self if theirs is None else other
        dtype = np.result_type(self.dtype, other.dtype).name
        return replace(self, statistics=mine.merge(theirs), dtype=dtype)

    @property
    def moments(self) -> Moments | None:
        """The moments, which are computed on access if the rows are stored instead."""
        return self.statistics.moments() if isinstance(self.statistics, CentredRows) else self.statistics

    def check_terms(self, terms: Terms | None) -> None:
        """Raise a ValueError unless the statistics are those of these terms."""
        if self.terms is None or terms is None:
            if self.terms is not terms:
                raise ValueError("States of GDRegressor and PolynomialRegressor cannot be combined.")
        elif not self.terms.equals(terms):
            raise ValueError(
                "The terms differ: 'degree', 'interaction_only', 'expand', 'domain' and 'fit_intercept' must "
                "be the same for all rows."
            )

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """Rebuild the state from :func:`as_plain`."""
        statistics, terms = plain["statistics"], plain["terms"]
        if statistics is not None:
            statistics = (CentredRows if "X" in statistics else Moments)(**statistics)
        return cls(**plain | {"statistics": statistics, "terms": terms and Terms(**terms)})


def as_plain(value: Any) -> Any:
    """Convert a dataclass, including nested ones, to a dict. Return any other value unchanged."""
    if not is_dataclass(value):
        return value
    return {field.name: as_plain(getattr(value, field.name)) for field in fields(value)}


def shape_in_words(target_shape: tuple[int, ...]) -> str:
    """Describe the shape of y, given its shape after the first axis."""
    return f"the shape (n_samples, {target_shape[0]})" if target_shape else "one axis"
