"""The weights of Bernoulli naive Bayes.

Let n be the number of samples in each class, and F the number of these samples that have each feature. The
probability of feature j in class k is ``p[k, j] = (F[k, j] + alpha[j]) / (n[k] + 2 * alpha[j])``. The
features that a sample lacks count too, so the score is a sum over all features::

    score[k] = log_prior[k] + sum_j (x[j] * log(p[k, j]) + (1 - x[j]) * log(1 - p[k, j]))
             = log_prior[k] + sum_j log(1 - p[k, j]) + sum_j x[j] * w[k, j]

The weights are the log odds of the features::

    w[k, j] = log(p[k, j] / (1 - p[k, j])) = log((F[k, j] + alpha[j]) / (n[k] - F[k, j] + alpha[j]))
            = log_alpha[j] - log(n[k] + alpha[j]) + D[k, j]

where D is zero wherever F is zero. Features with equal smoothing are of the same kind and share the second
term. Without smoothing, if no samples of a class have a feature, or all of them do, then the class is ruled
out for samples that differ in this feature (`Exclusions`).
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from estimators._bayes.profiles import number_distinct_rows
from estimators._bayes.scores import Scores
from estimators._bayes.sparse import as_csr, as_pattern, like, repeat
from estimators._bayes.weights import Exclusions, ProfileWeights, log_or_zero


@dataclass(eq=False)
class BernoulliScores(Scores):
    """The scores of `BernoulliNB`.

    Attributes
    ----------
    counts : csr_array of shape (n_classes, n_features)
        F, without explicit zeros.
    class_count : ndarray of shape (n_classes,)
        n, the number of samples of each class.
    alpha : float or ndarray of shape (n_features,)
        Additive smoothing.
    prior : ndarray of shape (n_classes,)
        Log prior of each class.
    threshold : float or None
        Features above it are present. None if the rows already consist of zeros and ones.
    """

    counts: sp.csr_array
    class_count: np.ndarray
    alpha: float | np.ndarray
    prior: np.ndarray
    threshold: float | None
    described = None

    def number_profiles(self) -> np.ndarray:
        """Return the index of each class's profile, as an array of shape (n_classes,)."""
        return number_distinct_rows(self.counts, self.class_count, self.prior)

    def read(self, X: np.ndarray | sp.csr_array) -> sp.csr_array:
        """Return the features of the given rows as zeros and ones."""
        return super().read(X) if self.threshold is None else as_binary(X, self.threshold)

    def weigh(self, classes: np.ndarray | slice) -> ProfileWeights:
        """Return the weights of the given classes."""
        F, n = self.counts[classes], self.class_count[classes]
        alpha = np.broadcast_to(self.alpha, F.shape[1])
        values, kinds, sizes = np.unique(alpha, return_inverse=True, return_counts=True)
        log_alpha, n_of_entry, alpha_of_entry = log_or_zero(alpha), repeat(n, F), alpha[F.indices]
        lacking = self.lacking(n_of_entry, F.data)
        log_lacking = log_or_zero(lacking + alpha_of_entry) - log_or_zero(n_of_entry + alpha_of_entry)
        d = log_or_zero(F.data + alpha_of_entry) - log_alpha[F.indices] - log_lacking
        slopes = -log_or_zero(np.add.outer(values, n))  # (kinds, classes)
        with np.errstate(divide="ignore", invalid="ignore"):
            absent = -np.log1p(values[:, np.newaxis] / np.add.outer(values, n))
        intercept = self.prior[classes] + sizes @ absent + like(F, log_lacking).sum(axis=1)
        return ProfileWeights(
            log_alpha,
            slopes,
            like(F, d),
            np.where(np.isnan(intercept), -np.inf, intercept),
            kinds=kinds,
            exclusions=exclusions(F, lacking, alpha) if values[0] == 0 else None,
        )

    def lacking(self, n: np.ndarray, F: np.ndarray) -> np.ndarray:
        """Return the number of samples that lack each feature.

        A number that rounding errors made negative is replaced by 0.
        """
        return n - F if self.threshold is None else np.maximum(n - F, 0.0)

    def weights(self, classes: np.ndarray) -> np.ndarray:
        """Return w of the given classes as a dense array of shape (len(classes), n_features)."""
        F, n = self.counts[classes].toarray(), self.class_count[classes][:, np.newaxis]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(F + self.alpha) - np.log(self.lacking(n, F) + self.alpha)

    def log_probabilities(self, classes: np.ndarray) -> np.ndarray:
        """Return log(p) of the given classes as a dense array of shape (len(classes), n_features)."""
        n = self.class_count[classes][:, np.newaxis]
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(self.counts[classes].toarray() + self.alpha) - np.log(
                n + 2 * np.asarray(self.alpha)
            )


def exclusions(F: sp.csr_array, lacking: np.ndarray, alpha: np.ndarray) -> Exclusions:
    """Return the features that rule out classes because none, or all, of the samples of a class have them."""
    zero = (alpha == 0).astype(float)
    in_all = zero[F.indices] * (lacking <= 0)
    return Exclusions(zero, like(F, -zero[F.indices] - in_all), like(F, in_all).sum(axis=1))


def as_binary(X: np.ndarray | sp.csr_array, threshold: float) -> sp.csr_array:
    """Return a canonical CSR array with a 1 where X is above the threshold, which must be at least 0."""
    if isinstance(X, np.ndarray):
        return as_csr(np.greater(X, threshold))
    X = as_csr(X)
    present = X.data > threshold
    return as_pattern(X if present.all() else like(X, present))
