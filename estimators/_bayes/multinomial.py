"""The weights of multinomial naive Bayes.

Let F be the counts (classes x features). The weight of feature j for class k is the logarithm of the
feature's share of the smoothed counts of the class::

    w[k, j] = log((F[k, j] + alpha[j]) / sum_i (F[k, i] + alpha[i]))
            = log_alpha[j] - log_total[k] + D[k, j]

where ``D[k, j] = log(F[k, j] + alpha[j]) - log_alpha[j]`` is zero wherever F is zero. Without smoothing, a
feature rules out the classes in which it has no counts (`Exclusions`).
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from estimators._bayes.scores import Scores
from estimators._bayes.sparse import like
from estimators._bayes.weights import Exclusions, ProfileWeights, log_or_zero


@dataclass(eq=False)
class MultinomialScores(Scores):
    """The scores of `MultinomialNB`.

    Attributes
    ----------
    counts : csr_array of shape (n_classes, n_features)
        F, without explicit zeros.
    alpha : float or ndarray of shape (n_features,)
        Additive smoothing.
    prior : ndarray of shape (n_classes,)
        Log prior of each class.
    """

    counts: sp.csr_array
    alpha: float | np.ndarray
    prior: np.ndarray
    described = None

    def weigh(self, classes: np.ndarray | slice) -> ProfileWeights:
        """Return the weights of the given classes."""
        F = self.counts[classes]
        alpha = np.broadcast_to(self.alpha, F.shape[1])
        log_alpha = log_or_zero(alpha)
        data = np.log(F.data + alpha[F.indices]) - log_alpha[F.indices]
        d = like(F, data)
        with np.errstate(divide="ignore"):  # a class without counts and without smoothing
            slope = -np.log(F.sum(axis=1) + alpha.sum())
        zero = (alpha == 0).astype(float)
        exclusions = None
        if zero.any():
            e = like(F, -zero[F.indices])
            exclusions = Exclusions(zero, e, np.zeros(F.shape[0]))
        return ProfileWeights(log_alpha, slope[np.newaxis], d, self.prior[classes], exclusions=exclusions)

    def weights(self, classes: np.ndarray) -> np.ndarray:
        """Return w of the given classes as a dense array of shape (len(classes), n_features)."""
        smooth = self.counts[classes].toarray() + self.alpha
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(smooth) - np.log(smooth.sum(axis=1, keepdims=True))
