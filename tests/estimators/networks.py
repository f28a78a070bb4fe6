"""Data, settings and comparisons that the tests of the networks share."""

import numpy as np
import pytest
from sklearn import neural_network as theirs
from sklearn.datasets import load_digits, make_multilabel_classification, make_regression

from estimators import MLPClassifier, MLPRegressor

IMAGES, DIGITS = (part[:240] for part in load_digits(return_X_y=True))
IMAGES = IMAGES / 16
X_MANY, Y_MANY = make_multilabel_classification(150, 10, random_state=0)
X_NUM, Y_NUM = make_regression(150, 6, n_targets=3, random_state=0)
Y_NUM = Y_NUM / 100
COUNTS = np.floor(np.abs(2 * Y_NUM))
WEIGHT = np.random.default_rng(0).uniform(0.2, 2, 240)
DATA = {
    "digits": (MLPClassifier, theirs.MLPClassifier, IMAGES, DIGITS),
    "names": (MLPClassifier, theirs.MLPClassifier, IMAGES, np.array(list("abcdefghij"))[DIGITS]),
    "two classes": (MLPClassifier, theirs.MLPClassifier, IMAGES, DIGITS > 4),
    "labels": (MLPClassifier, theirs.MLPClassifier, X_MANY, Y_MANY),
    "numbers": (MLPRegressor, theirs.MLPRegressor, X_NUM, Y_NUM),
    "number": (MLPRegressor, theirs.MLPRegressor, X_NUM, Y_NUM[:, 0]),
}
FEW = {"max_iter": 12, "random_state": 3, "hidden_layer_sizes": (20, 11)}
OURS = [MLPClassifier, MLPRegressor]


def small(estimator):
    """Return data for either network."""
    return (IMAGES, DIGITS) if estimator is MLPClassifier else (X_NUM, Y_NUM[:, 0])


def assert_same(mine, other, rtol=1e-6):
    """Compare every fitted attribute that scikit-learn's networks have, and the predictions."""
    for name in vars(other):
        if not name.endswith("_") or name.startswith("_"):
            continue
        expected, found = getattr(other, name), getattr(mine, name)
        if isinstance(expected, list):
            assert len(found) == len(expected), name
            for one, two in zip(found, expected, strict=True):
                np.testing.assert_allclose(one, two, rtol=rtol, atol=1e-7, err_msg=name)
        elif isinstance(expected, float):
            assert found == pytest.approx(expected, rel=rtol, nan_ok=True), name
        else:
            np.testing.assert_array_equal(found, expected, err_msg=name)
