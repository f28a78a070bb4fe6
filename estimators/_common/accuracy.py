"""Accuracy of a classifier with an exact comparison of labels."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import column_or_1d

from estimators._common.labels import encode_labels, exact_labels, locate_labels
from estimators._common.matrices import MatrixLike


class ExactClassifierMixin(ClassifierMixin):
    """scikit-learn's mixin for classifiers, with a score that keeps nullable integers exact."""

    def score(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy on the given rows: the fraction of rows whose label is predicted correctly.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows to predict.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The true labels.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows. If None, all rows have weight 1.

        Returns
        -------
        score : float
            The accuracy, in [0, 1]. For multilabel classification, all labels of a row must be correct.

        Raises
        ------
        ValueError
            If a label is missing or continuous, or if its type differs from that of the classes.
        TypeError
            If the labels are bytes.
        """
        model: Any = self
        predicted = model.predict(X)
        if predicted.ndim == 2:
            return accuracy_score(y, predicted, sample_weight=sample_weight)
        labels, codes = encode_labels(column_or_1d(exact_labels(y)))
        position, found = locate_labels(labels, model.classes_)
        right = np.where(found, position, -1)[codes]
        return accuracy_score(right, np.searchsorted(model.classes_, predicted), sample_weight=sample_weight)
