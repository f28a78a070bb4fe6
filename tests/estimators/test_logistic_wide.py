"""GDClassifier with more features than rows."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from estimators.logistic import GDClassifier
from tests.estimators.logistic_cases import objective


def wide(n_classes, n_samples, n_features, seed=0):
    """Normal columns that say nothing about the labels: the classes can be separated all the same."""
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(n_classes), rng.integers(n_classes, size=n_samples - n_classes)]
    return rng.standard_normal((n_samples, n_features)), y


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("alpha", [1e-4, 1e-6])
@pytest.mark.parametrize("kind", ["dense", "csr", "float32"])
def test_wide_data_of_several_classes_reach_the_minimum(seed, alpha, kind):
    """The first step in a diagonal metric used to be a thousand times too long, and the search to end there."""
    X, y = wide(4, 72, 7000, seed)
    given = {"dense": X, "csr": sp.csr_array(X), "float32": X.astype(np.float32)}[kind]
    theirs = LogisticRegression(C=1 / (alpha * 72), tol=1e-8, max_iter=2000).fit(X, y)
    ours = GDClassifier(alpha=alpha, tol=1e-4).fit(given, y)
    assert objective(ours, X, y, alpha) <= objective(theirs, X, y, alpha) * (1 + 1e-2)
    assert ours.loss_curve_[-1] == pytest.approx(objective(ours, X, y, alpha), rel=1e-3)
