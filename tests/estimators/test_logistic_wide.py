"""GDClassifier with more features than rows."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from estimators.logistic import GDClassifier
from tests.estimators.logistic_cases import objective


def wide(n_classes, n_samples, n_features, seed=0):
    """Normal columns that say nothing about the labels: the classes can be separated all the same."""
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(n_classes), rng.integers(n_classes, size=n_samples - n_classes)]
    return rng.standard_normal((n_samples, n_features)), y


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize(
    ("kind", "alpha"),
    [("dense", 1e-4), ("dense", 1e-6), ("csr", 1e-4), ("csr", 1e-6), ("float32", 1e-4)],
)
def test_wide_data_of_several_classes_reach_the_minimum(seed, alpha, kind):
    """The first step in a diagonal metric used to be a thousand times too long, and the search to end there."""
    X, y = wide(4, 72, 7000, seed)
    given = {"dense": X, "csr": sp.csr_array(X), "float32": X.astype(np.float32)}[kind]
    theirs = LogisticRegression(C=1 / (alpha * 72), tol=1e-8, max_iter=2000).fit(X, y)
    ours = GDClassifier(alpha=alpha, tol=1e-4).fit(given, y)
    assert objective(ours, X, y, alpha) <= objective(theirs, X, y, alpha) * (1 + 1e-2)
    assert ours.loss_curve_[-1] == pytest.approx(objective(ours, X, y, alpha), rel=1e-3)


def test_float32_with_a_tiny_penalty_comes_near_the_minimum_and_says_that_it_has_not_arrived():
    X, y = wide(4, 72, 7000)
    theirs = LogisticRegression(C=1 / (1e-6 * 72), tol=1e-8, max_iter=2000).fit(X, y)
    with pytest.warns(ConvergenceWarning, match="did not converge"):
        ours = GDClassifier(alpha=1e-6, tol=1e-4).fit(X.astype(np.float32), y)
    assert objective(ours, X, y, 1e-6) <= objective(theirs, X, y, 1e-6) * 1.02
