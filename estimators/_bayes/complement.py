"""The weights of complement naive Bayes.

This is Rennie et al. (2003), Table 4, steps 4 to 6. Let F be the counts (classes x features), ``all`` their
sum over the classes, and ``smooth = all + alpha``. The weight of feature j for class k is::

    w[k, j] = -log((smooth[j] - F[k, j]) / sum_i (smooth[i] - F[k, i]))
            = log_total[k] - log_smooth[j] + D[k, j]

where ``D[k, j] = log(smooth[j]) - log(smooth[j] - F[k, j])`` is zero wherever F is zero.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from estimators._bayes.scores import Scores
from estimators._bayes.sparse import like
from estimators._bayes.weights import ProfileWeights


@dataclass(eq=False)
class ComplementScores(Scores):
    """The scores of `ComplementNB`.

    Attributes
    ----------
    counts : csr_array of shape (n_classes, n_features)
        F, without explicit zeros.
    alpha : float or ndarray of shape (n_features,)
        Additive smoothing.
    norm : bool
        Divide the weights of a class by their sum (Table 4, step 7).
    prior : ndarray of shape (1,) or None
        If there is only one class, its log prior, which is added to its score. Otherwise None.
    """

    counts: sp.csr_array
    alpha: float | np.ndarray
    norm: bool
    prior: np.ndarray | None = None
    described = None

    def weigh(self, classes: np.ndarray | slice) -> ProfileWeights:
        """Return the weights of the given classes."""
        F, by_feature = self.counts[classes], self.counts.sum(axis=0)
        alpha = np.broadcast_to(self.alpha, by_feature.shape)
        smooth = by_feature + alpha
        with np.errstate(divide="ignore", invalid="ignore"):  # alpha = 0 and no counts outside the class
            total = counts_outside(F, by_feature) + alpha.sum()
            outside = np.maximum(by_feature[F.indices] - F.data, 0.0) + alpha[F.indices]
            if (
                np.count_nonzero(smooth) == 1
            ):  # a single feature has all of the counts, so the weight of each class is log(1)
                smooth, total, outside = np.sign(smooth), np.sign(total), np.sign(outside)
            log_smooth, log_total = np.log(smooth), np.log(total)
            data = log_smooth[F.indices] - np.log(outside)
            d = like(F, data)
            scale = None
            if self.norm:
                scale = 1.0 / (len(smooth) * log_total - log_smooth.sum() + d.sum(axis=1))
        return ProfileWeights(-log_smooth, log_total[np.newaxis], d, self.prior, scale)


def counts_outside(F: sp.csr_array, by_feature: np.ndarray) -> np.ndarray:
    """Return an array of shape (n_classes,): for each class, the sum of the counts of all others."""
    of_class = F.sum(axis=1)
    outside = by_feature.sum() - of_class
    # If a class has most of the counts, subtract per feature: the difference of the sums would lose digits.
    for row in np.flatnonzero(of_class > outside):
        outside[row] = np.maximum(by_feature - F[[row]].toarray()[0], 0.0).sum()
    return np.maximum(outside, 0.0)
