"""What a fitted model consists of: parameters, a state that adds up, and a solution."""

from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Self

import numpy as np

from estimators._common.merging import check_same_features
from estimators._least_squares.expansion import Terms
from estimators._least_squares.moments import CentredRows, Moments


@dataclass(frozen=True)
class LeastSquaresParameters:
    """The parameters at the time of the fit, as Python's own numbers."""

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
        """The most iterations that callbacks can see."""
        return self.max_iter if self.learning_rate or self.l1 else 1


@dataclass
class Solution:
    """The fitted weights and how descent got there, for all targets."""

    weights: np.ndarray  # (d, q)
    bias: np.ndarray  # (q,)
    n_iter: int
    losses: np.ndarray | None  # (n_iter,); None for closed forms: see textbook_losses


@dataclass(frozen=True, eq=False)
class LeastSquaresState:
    """The statistics of some rows, and what the rows looked like.

    It can be pickled, and travels in place of the rows. It holds their sums, or the rows where X'X is larger.
    """

    statistics: Moments | CentredRows | None  # None: all weights are 0, or the fit was on too many columns
    n_features: int
    feature_names: np.ndarray | None  # (n_features,)
    dtype: str  # "float32" only if all rows were
    target_shape: tuple[int, ...]  # the shape of y after its first axis
    terms: Terms | None = None  # of PolynomialRegressor, whose moments are those of its terms

    def merge(self, other: "LeastSquaresState") -> "LeastSquaresState":
        """Return the state of both sets of rows. Raise ValueError if features, targets or terms differ."""
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
        """The moments, which are computed if the rows themselves are kept."""
        return self.statistics.moments() if isinstance(self.statistics, CentredRows) else self.statistics

    def check_terms(self, terms: Terms | None) -> None:
        """Raise ValueError unless the statistics are of these terms."""
        if self.terms is None or terms is None:
            if self.terms is not terms:
                raise ValueError("A state of GDRegressor does not go with one of PolynomialRegressor.")
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
    """Return the fields of a dataclass, and of those in it, as dicts; any other value as it is."""
    if not is_dataclass(value):
        return value
    return {field.name: as_plain(getattr(value, field.name)) for field in fields(value)}


def shape_in_words(target_shape: tuple[int, ...]) -> str:
    """Describe the shape of y, given its shape after the first axis."""
    return f"the shape (n_samples, {target_shape[0]})" if target_shape else "one axis"
