"""Sparse feature counts per class, which can be added."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from estimators._bayes.sparse import as_csr, as_pattern
from estimators._common.labels import unite_and_locate
from estimators._common.merging import check_same_features


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """The counts of a set of rows: the additive state of the naive Bayes classifiers.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        The class labels, sorted.
    class_count : ndarray of shape (n_classes,)
        Weighted number of rows of each class.
    feature_count : csr_array of shape (n_classes, n_features)
        Weighted sum of each feature in each class, in canonical format without explicit zeros.
    feature_names : ndarray of shape (n_features,) or None
        Names of the features. None if the rows had no feature names.
    described : csr_array of shape (n_classes, n_features) or None
        1 where a feature describes a class (`CatalogueNB`). None for the other classifiers.
    """

    classes: np.ndarray
    class_count: np.ndarray
    feature_count: sp.csr_array
    feature_names: np.ndarray | None = None
    described: sp.csr_array | None = None

    @property
    def n_features(self) -> int:
        """Number of features."""
        return self.feature_count.shape[1]

    @property
    def is_empty(self) -> bool:
        """Whether all sample weights are zero."""
        return not self.class_count.any() and (self.described is None or not self.described.nnz)

    def merge(self, other: "ClassCounts") -> "ClassCounts":
        """Return the counts of both sets of rows, with the classes of both. Neither state is changed.

        Raises
        ------
        ValueError
            If the features differ, if the labels are of different kinds, such as strings and numbers, or if
            only one of the states is from `CatalogueNB`.
        """
        check_same_features(self.n_features, self.feature_names, other.n_features, other.feature_names)
        if (self.described is None) != (other.described is None):
            raise ValueError(
                "States can only be merged if they come from classifiers of the same class. Only one of "
                "these states comes from CatalogueNB."
            )
        classes, of_self, of_other = unite_and_locate(self.classes, other.classes)
        one, two = self.spread(classes, of_self), other.spread(classes, of_other)
        feature_count = as_csr(one.feature_count + two.feature_count)
        described = None if one.described is None else as_pattern(one.described + two.described)
        class_count = one.class_count + two.class_count
        return ClassCounts(classes, class_count, feature_count, self.feature_names, described)

    def spread(self, classes: np.ndarray, position: np.ndarray) -> "ClassCounts":
        """Return the counts for more classes. `position` contains the new indices of the old classes."""
        if classes is self.classes:
            return self
        class_count = np.zeros(len(classes))
        class_count[position] = self.class_count
        counts = spread_rows(self.feature_count, len(classes), position)
        described = None if self.described is None else spread_rows(self.described, len(classes), position)
        return ClassCounts(classes, class_count, counts, self.feature_names, described)


def spread_rows(X: sp.csr_array, n_rows: int, position: np.ndarray) -> sp.csr_array:
    """Return a larger matrix with the rows of X at the indices `position` and empty rows elsewhere."""
    sizes = np.zeros(n_rows, dtype=np.intp)
    sizes[position] = np.diff(X.indptr)
    parts = X.data, X.indices, np.concatenate(([0], np.cumsum(sizes)))
    return sp.csr_array(parts, shape=(n_rows, X.shape[1]))


def count_by_class(
    X: np.ndarray | sp.csr_array, codes: np.ndarray, weight: np.ndarray, n_classes: int
) -> sp.csr_array:
    """Return the weighted sum of the rows of each class, as a CSR array of shape (n_classes, n_features).

    This takes O(nonzeros) time, because the one-hot labels are sparse too. Each class must occur in `codes`,
    so the result is never larger than X, even if X is dense.
    """
    kind = np.int32 if len(codes) <= np.iinfo(np.int32).max else np.int64
    parts = weight, codes.astype(kind, copy=False), np.arange(len(codes) + 1, dtype=kind)
    one_hot = sp.csr_array(parts, shape=(len(codes), n_classes)).T.tocsr()
    return as_csr(one_hot @ X)  # (classes, samples) @ (samples, features)
