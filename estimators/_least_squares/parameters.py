"""The parameters of a fit, its result, and the warning and error that they share."""

import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.exceptions import ConvergenceWarning


@dataclass(frozen=True)
class LeastSquaresParameters:
    """The parameters at the time of the fit, as Python's own numbers."""

    alpha: float
    l1_ratio: float
    fit_intercept: bool
    learning_rate: float | None  # None for "auto"
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
            learning_rate=None if isinstance(rate, str) else float(rate),
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
        return 1 if self.learning_rate is None and not self.l1 else self.max_iter


@dataclass
class Solution:
    """The fitted weights and how descent got there, for all targets."""

    weights: np.ndarray  # (d, q)
    bias: np.ndarray  # (q,)
    n_iter: int
    losses: np.ndarray | None  # (n_iter,); None where a formula gives them: textbook_losses


def check_rate(parameters: LeastSquaresParameters, limit: float) -> None:
    """Raise if textbook descent would diverge; `limit` is the largest rate at which it does not."""
    rate = parameters.learning_rate
    if rate is not None and rate > limit * (1 + 1e-9):
        raise ValueError(
            f"learning_rate={rate:g} makes descent diverge on these data: each step would overshoot by more "
            f"than the last. The largest safe rate is {limit:.6g}; standardising X raises it."
        )


def warn_not_converged(parameters: LeastSquaresParameters) -> None:
    """Warn that `max_iter` ended the descent."""
    hint = "" if parameters.learning_rate is None else ', or use learning_rate="auto"'
    warnings.warn(
        f"Descent did not converge in max_iter={parameters.max_iter} iterations. "
        f"Raise max_iter or tol={parameters.tol:g}, or standardise the columns{hint}.",
        ConvergenceWarning,
        stacklevel=5,
    )
