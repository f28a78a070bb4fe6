"""The score of a classifier, which compares labels exactly."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import column_or_1d

from estimators._common.labels import encode_labels, exact_labels, locate_labels
from estimators._common.matrices import MatrixLike


class ExactClassifierMixin(ClassifierMixin):
    """scikit-learn's mixin for classifiers, with a score that does not make floats of nullable integers."""

    def score(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return the accuracy on some rows: the share whose predicted label is the right one.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            The right labels.

        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows.

        Returns
        -------
        score : float
            The accuracy, in [0, 1]. With several labels a row, all of them must be right.

        Raises
        ------
        ValueError
            If a label is missing or continuous, or of another kind than the classes.
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
