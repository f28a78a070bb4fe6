"""The terms of the weights, as computed by the modules with the formulas and added up by `Scores`."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from estimators._bayes.sparse import as_pattern


@dataclass(frozen=True, eq=False)
class ProfileWeights:
    """The terms that make up the weights of each profile.

    Attributes
    ----------
    base : ndarray of shape (n_features,)
        The term of each feature.
    slopes : ndarray of shape (n_kinds, n_profiles)
        The term of each profile, for each kind of feature. Usually, there is only one kind.
    d : csr_array of shape (n_profiles, n_features)
        D, with entries where the profile has counts.
    intercept : ndarray of shape (n_profiles,) or None
        A constant added to the score, which may be ``-inf``. None if nothing is added.
    scale : ndarray of shape (n_profiles,) or None
        Factor of the weights. None means 1.
    kinds : ndarray of shape (n_features,) or None
        Kind of each feature. None if there is only one kind.
    exclusions : Exclusions or None
        The features that rule out profiles if there is no smoothing.
    """

    base: np.ndarray
    slopes: np.ndarray
    d: sp.csr_array
    intercept: np.ndarray | None = None
    scale: np.ndarray | None = None
    kinds: np.ndarray | None = None
    exclusions: "Exclusions | None" = None

    @cached_property
    def all_finite(self) -> bool:
        """Whether all weights are finite. Without smoothing or with huge counts, they may be infinite."""
        parts = (self.base, self.slopes, self.d.data, self.scale)
        return all(np.isfinite(part).all() for part in parts if part is not None)

    @cached_property
    def columns(self) -> np.ndarray:
        """A matrix whose product with a row x gives the sum of the features of each kind, and x . base."""
        kinds = np.zeros(len(self.base), dtype=np.intp) if self.kinds is None else self.kinds
        return np.column_stack((np.eye(len(self.slopes))[kinds], self.base))


@dataclass(frozen=True, eq=False)
class Exclusions:
    """Logarithms of zero, which are not stored in the weights. A score that includes any of them is ``-inf``.

    They cannot be part of the sums, because the difference of two infinite values is undefined. They are
    counted instead: the score of profile k includes ``start[k] + sum of (feature[j] + E[k, j])`` of them,
    where the sum is over the features of the row.

    Attributes
    ----------
    feature : ndarray of shape (n_features,)
        1 for each feature that rules out the classes that lack it.
    e : csr_array of shape (n_profiles, n_features)
        E, with negative entries.
    start : ndarray of shape (n_profiles,)
        Number of logarithms of zero in a row without features.
    """

    feature: np.ndarray
    e: sp.csr_array
    start: np.ndarray

    def apply(self, scores: np.ndarray, terms: sp.csr_array) -> None:
        """Set the scores of the rows to ``-inf`` where they include a logarithm of zero."""
        present = as_pattern(terms)
        count = (present @ self.e.T).toarray() + (present @ self.feature)[:, np.newaxis] + self.start
        scores[count > 0] = -np.inf


def log_or_zero(x: np.ndarray) -> np.ndarray:
    """Return the logarithm of x, or 0 where x is 0, because `Exclusions` counts the logarithms of 0."""
    with np.errstate(invalid="ignore"):
        return np.log(np.where(x == 0, 1.0, x))
