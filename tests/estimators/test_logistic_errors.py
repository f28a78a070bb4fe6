"""What GDClassifier refuses, and in what words; each parameter changes the model."""

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from estimators.logistic import GDClassifier
from tests.estimators.logistic_cases import data


def test_warm_start_refuses_other_classes_and_features():
    X, y = load_iris(return_X_y=True)
    model = GDClassifier(warm_start=True, alpha=0.1).fit(X, y)
    with pytest.raises(ValueError, match="the classes and the number of features must be the same"):
        model.fit(X, np.array(["a", "b", "c"])[y])
    model.fit(X, y)
    with pytest.raises(ValueError, match="the classes and the number of features must be the same"):
        model.fit(X[:, :2], y)
    with pytest.raises(NotFittedError):
        model.predict(X[:, :2])


def test_scores_that_overflow_are_an_error():
    model = GDClassifier(alpha=1e-3).fit(*data(2))
    model.coef_ = np.where(model.coef_ > 0, 1.0, -1.0)
    with pytest.raises(ValueError, match="Floating-point overflow occurred in decision_function"):
        model.predict(np.full((1, 7), 1e308) * np.sign(model.coef_))


def test_a_learning_rate_that_diverges_is_an_error_and_leaves_no_model():
    X, y = data(3)
    model = GDClassifier(alpha=1e-2).fit(X, y)
    with pytest.raises(
        ValueError, match="Floating-point overflow occurred during gradient descent. A smaller learn"
    ):
        model.set_params(learning_rate=1e200).fit(X * 1e120, y)
    with pytest.raises(NotFittedError):
        model.predict(X)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"alpha": -1}, r"The 'alpha' parameter of GDClassifier must be a float in the range \[0.0, inf\)"),
        (
            {"l1_ratio": 1.5},
            r"The 'l1_ratio' parameter of GDClassifier must be a float in the range \[0.0, 1",
        ),
        ({"learning_rate": 0}, r"The 'learning_rate' parameter of GDClassifier must be"),
        ({"learning_rate": "fast"}, r"The 'learning_rate' parameter of GDClassifier must be"),
        ({"max_iter": 0}, r"The 'max_iter' parameter of GDClassifier must be an int in the range \[1, inf\)"),
        ({"tol": -1e-3}, r"The 'tol' parameter of GDClassifier must be a float in the range \[0.0, inf\)"),
        ({"class_weight": "even"}, r"The 'class_weight' parameter of GDClassifier must be"),
        ({"class_weight": {0: 1, 9: 2}}, r"The classes, \[1, 2\], are not in class_weight"),
        (
            {"class_weight": {0: -1.0}},
            r"The 'class_weight' parameter of GDClassifier must contain non-negative",
        ),
        (
            {"class_weight": {0: 0, 1: 0}},
            "at least 2 classes in the data, but the data contains only one class",
        ),
        ({"class_weight": {0: 0, 1: 0, 2: 0}}, "products of sample weight and class weight are zero"),
        ({"fit_intercept": "yes"}, r"The 'fit_intercept' parameter of GDClassifier must be"),
        ({"warm_start": 2}, r"The 'warm_start' parameter of GDClassifier must be"),
    ],
)
def test_bad_parameters(params, message):
    X, y = load_iris(return_X_y=True)
    model = GDClassifier(alpha=0.1).fit(X, y)
    with pytest.raises(ValueError, match=message):
        model.set_params(**params).fit(X, y)
    if "class_weight" in params and isinstance(params["class_weight"], dict):
        assert not hasattr(model, "coef_")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"y": np.zeros(150)},
            "needs samples of at least 2 classes in the data, but the data contains only one",
        ),
        ({"y": np.linspace(0, 1, 150)}, "Unknown label type"),
        ({"y": [None, "a", "b"] * 50}, "missing label"),
        ({"sample_weight": -np.ones(150)}, "Negative values in data passed to `sample_weight`"),
        ({"sample_weight": np.zeros(150)}, "at least one non-zero number"),
        (
            {"sample_weight": np.arange(150) < 50},
            "at least 2 classes .* only one class: \\[0\\]",
        ),
        ({"X": np.full((150, 4), np.nan)}, "Input X contains NaN"),
        ({"X": np.zeros((149, 4))}, "inconsistent numbers of samples"),
    ],
)
def test_bad_input_leaves_the_model_unfitted(change, message):
    X, y = load_iris(return_X_y=True)
    model = GDClassifier(alpha=0.1).fit(X, y)
    with pytest.raises(ValueError, match=message):
        model.fit(**{"X": X, "y": y, **change})
    for name in ("coef_", "intercept_", "classes_", "loss_curve_", "n_iter_"):
        assert not hasattr(model, name)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_partial_fit_says_what_is_wrong():
    X, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="classes must be passed on the first call to partial_fit"):
        GDClassifier().partial_fit(X, y)
    with pytest.raises(ValueError, match="class_weight 'balanced' is not supported for partial_fit"):
        GDClassifier(class_weight="balanced").partial_fit(X, y, classes=[0, 1, 2])
    with pytest.raises(ValueError, match=r"at least 2 classes .* only one class: \[0\]"):
        GDClassifier().partial_fit(X[:50], y[:50], classes=[0])
    model = GDClassifier().partial_fit(X, y, classes=[0, 1, 2])
    before = model.coef_.copy()
    with pytest.raises(ValueError, match="is not the same as on last call to partial_fit"):
        model.partial_fit(X, y, classes=[0, 1, 3])
    with pytest.raises(ValueError, match=r"y contains labels that are not among the classes: \[7\]"):
        model.partial_fit(X, np.where(y == 2, 7, y))
    np.testing.assert_array_equal(model.coef_, before)


@pytest.mark.parametrize(
    "params",
    [
        {"alpha": 0.5},
        {"l1_ratio": 0.7},
        {"class_weight": {1: 5.0}},
        {"class_weight": "balanced"},
        {"fit_intercept": False},
        {"learning_rate": 0.01},
        {"max_iter": 2},
        {"tol": 1e-1},
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_every_parameter_changes_the_model(params):
    X, y = data(3)
    plain = GDClassifier(alpha=1e-2).fit(X, y)
    assert np.abs(GDClassifier(**{"alpha": 1e-2, **params}).fit(X, y).coef_ - plain.coef_).max() > 1e-6


@pytest.mark.parametrize(
    ("scale", "dtype", "problem"),
    [(1e20, np.float32, "overflow in float32"), (1e200, float, "overflow"), (1e-200, float, "underflow")],
)
def test_rows_for_which_no_safe_step_exists_are_an_error(scale, dtype, problem):
    X, y = data(2)
    model = GDClassifier(alpha=0, fit_intercept=False)
    with pytest.raises(ValueError, match=f"The squares of X {problem}.* Scale the features"):
        model.partial_fit((X * scale).astype(dtype), y, classes=[0, 1])
    model.partial_fit(0 * X, y, classes=[0, 1])  # rows of zeros change nothing
    assert not model.coef_.any()


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
def test_a_float32_column_far_from_zero_is_named_in_a_warning(kind):
    X, y = data(2)
    X = X.astype(np.float32)
    X[:, 3] = 1e6  # a constant column is harmless
    GDClassifier(tol=1e3).fit(kind(X), y)
    X[:, 2] += 1e6
    with pytest.warns(UserWarning, match="Column 2 of X has a mean of 1e\\+06 but .* Subtract an offset"):
        GDClassifier(tol=1e3).fit(kind(X), y)
    GDClassifier(tol=1e3).fit(kind(X.astype(float)), y)
