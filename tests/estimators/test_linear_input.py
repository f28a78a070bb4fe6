"""Input that GDRegressor refuses: rows, weights, parameters."""

import numpy as np
import pytest
import scipy.sparse as sp

from estimators import GDRegressor
from tests.estimators.linear_data import MAX_GRAM_FEATURES, PENALTIES, close, noisy, same_model, unfinished


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda X, y: (np.where(X > 3, np.nan, X), y), "Input X contains NaN"),
        (lambda X, y: (np.where(X > 3, np.inf, X), y), "Input X contains infinity"),
        (lambda X, y: (sp.csr_array(np.where(X > 3, np.nan, X)), y), "Input X contains NaN"),
        (lambda X, y: (X, np.where(y > 3, np.nan, y)), "Input y contains NaN"),
        (lambda X, y: (X, np.where(y > 3, -np.inf, y)), "Input y contains infinity"),
        (lambda X, y: (X[:0], y[:0]), "Found array with 0 sample"),
        (lambda X, y: (X[:, :0], y), "Found array with 0 feature"),
        (lambda X, y: (X[:5], y), "inconsistent numbers of samples"),
        (lambda X, y: (X[0], y), "Expected 2D array, got 1D array"),
        (lambda X, y: (X[np.newaxis], y), "Found array with dim 3"),
        (lambda X, y: (X, None), "requires y to be passed"),
        (lambda X, y: (X, y[:, np.newaxis, np.newaxis]), "Found array with dim 3"),
        (lambda X, y: (X.astype(str) + "a", y), "could not convert string to float"),
        (lambda X, y: (X, y.astype(str) + "a"), "could not convert string to float"),
        (lambda X, y: (X * 1j, y), "Complex data not supported"),
        (
            lambda X, y: (X * 1e200, y),
            "X, y or sample_weight contains values that are too large for GDRegressor",
        ),
        (
            lambda X, y: (X, y * 1e200),
            "X, y or sample_weight contains values that are too large for GDRegressor",
        ),
        (
            lambda X, y: (sp.csr_array(X * 1e200), y),
            "X, y or sample_weight contains values that are too large",
        ),
        (
            lambda X, y: (sp.csr_array(np.where(X > 5, 1e200, 0)), y),
            "X, y or sample_weight contains values that are too large",
        ),
        (lambda X, y: (X * 1e-200, y), "vary by less than 1e-140.*Scale X"),
    ],
)
def test_bad_rows_are_refused(change, match):
    X, y = change(*noisy()[:2])
    with pytest.raises(ValueError, match=match):
        GDRegressor().fit(X, y)
    with pytest.raises(ValueError, match=match):
        GDRegressor().partial_fit(X, y)


@pytest.mark.parametrize(
    ("rows", "target"),
    [((1e200, 1), (1, 1)), ((1, 1), (1e200, 1)), ((1e200, 1e200), (1, 1)), ((1, 1), (1e200, 1e200))],
)
@pytest.mark.parametrize("rate", ["auto", 0.1])
@pytest.mark.parametrize("d", [2, MAX_GRAM_FEATURES + 1])
@unfinished
def test_numbers_whose_squares_overflow_are_refused_or_right(rows, target, rate, d):
    X, y = np.ones((2, d)), np.array(target, float)
    X[:, 0] = rows
    for method in ("fit", "partial_fit") if d < MAX_GRAM_FEATURES else ("fit",):
        model = GDRegressor(learning_rate=rate, max_iter=3)
        try:
            getattr(model, method)(X, y)
            coef = model.coef_
        except ValueError as error:
            assert "too large" in str(error) or "largest safe rate" in str(error)  # noqa: PT017
        else:
            assert np.isfinite(coef).all()
            if rate == "auto":
                np.testing.assert_allclose(model.predict(X), y, rtol=1e-8)


@pytest.mark.parametrize("chunks", [False, True])
@pytest.mark.parametrize("penalty", ["none", "lasso"])
@pytest.mark.parametrize("shape", [(6, 6), (4, 2), (5, 12)])
@pytest.mark.parametrize(
    ("x_scale", "y_scale"), [(1e-138, 1e100), (1e-100, 1e-300), (1e100, 1e-160), (1e-138, 1e140)]
)
def test_weights_that_overflow_or_vanish_are_refused(x_scale, y_scale, shape, penalty, chunks):
    rng, (alpha, l1_ratio) = np.random.default_rng(0), PENALTIES[penalty]
    X, y = rng.normal(size=shape) * x_scale, rng.normal(size=shape[0]) * y_scale
    model = GDRegressor(alpha, l1_ratio)
    with pytest.raises(
        ValueError, match="values of y are too small for GDRegressor, or too large for the sca"
    ):
        (model.partial_fit if chunks else model.fit)(X, y)


@pytest.mark.parametrize("weight", [1e-10, 1, 1e10])
@pytest.mark.parametrize(("x_scale", "y_scale"), [(1, 1e154), (1e154, 0), (1e154, 1), (1e154, 1e154)])
def test_sums_close_to_the_largest_float_are_refused(x_scale, y_scale, weight):
    X, y, _ = noisy()
    X, y, weights = X * x_scale / 10, y * y_scale / 10, np.full(3, weight)
    model = GDRegressor(learning_rate=0.01 / x_scale / x_scale, max_iter=5)

    def fit_in_chunks():
        for at in np.split(np.arange(60), 20):
            model.partial_fit(X[at], y[at], weights)

    with pytest.raises(
        ValueError, match="values that are too large for GDRegressor|too large for the scale of X"
    ):
        fit_in_chunks()


@pytest.mark.parametrize("scale", [1e-130, 1e-30, 1e30, 1e150])
@pytest.mark.parametrize("penalty", PENALTIES)
def test_units_do_not_matter(scale, penalty):
    X, y, _ = noisy()
    alpha, l1_ratio = PENALTIES[penalty]
    expected = GDRegressor(alpha, l1_ratio).fit(X, y)
    strength = alpha * (scale if l1_ratio == 1 else 1)  # the penalty on w / scale, where one number will do
    if l1_ratio in (0, 1) and not (alpha and not l1_ratio):
        close(GDRegressor(strength, l1_ratio).fit(X * scale, y).coef_ * scale, expected.coef_, 1e-8)
    if alpha == 0:
        close(GDRegressor().fit(X, y * scale).coef_ / scale, expected.coef_, 1e-8)
        close(
            GDRegressor().fit(X * np.geomspace(1, scale, 4), y).coef_ * np.geomspace(1, scale, 4),
            expected.coef_,
            1e-8,
        )


@pytest.mark.parametrize(
    ("weight", "match"),
    [
        (-np.ones(60), "Negative values in data passed to `sample_weight`"),
        (np.zeros(60), "at least one non-zero"),
        (np.full(60, np.nan), "Input sample_weight contains NaN"),
        (np.ones(59), r"sample_weight.shape == \(59,\), expected \(60,\)"),
        (np.ones((60, 2)), "Sample weights must be 1D"),
        (["a"] * 60, "could not convert string to float"),
    ],
)
def test_bad_weights_are_refused(weight, match):
    X, y, _ = noisy()
    with pytest.raises(ValueError, match=match):
        GDRegressor().fit(X, y, weight)


@pytest.mark.parametrize("weight", [1e-300, 1e-10, 1e10, 1e300])
def test_only_the_ratios_of_weights_matter(weight):
    X, y, _ = noisy()
    ratios = np.linspace(1, 3, 60)
    same_model(GDRegressor(0.1).fit(X, y, weight * ratios), GDRegressor(0.1).fit(X, y, ratios), 1e-10)


@pytest.mark.parametrize(
    ("params", "match"),
    [
        (
            {"alpha": -1},
            r"'alpha' parameter of GDRegressor must be a float in the range \[0.0, inf\). Got -1 instead",
        ),
        ({"alpha": np.inf}, "'alpha' parameter .* Got inf"),
        ({"alpha": np.nan}, "'alpha' parameter .* Got nan"),
        ({"alpha": "1"}, "'alpha' parameter"),
        ({"l1_ratio": 1.1}, r"'l1_ratio' parameter of GDRegressor must be a float in the range \[0.0, 1.0\]"),
        ({"fit_intercept": 1}, "'fit_intercept' parameter"),
        (
            {"learning_rate": 0},
            r"'learning_rate' parameter of GDRegressor must be a str among {'auto'} or a float .* \(0.0, inf\)",
        ),
        ({"learning_rate": "adaptive"}, "'learning_rate' parameter .* Got 'adaptive'"),
        ({"learning_rate": None}, "'learning_rate' parameter"),
        ({"max_iter": 0}, r"'max_iter' parameter of GDRegressor must be an int in the range \[1, inf\)"),
        ({"max_iter": 10.0}, "'max_iter' parameter"),
        ({"tol": -1e-3}, "'tol' parameter"),
    ],
)
def test_bad_parameters_are_refused(params, match):
    X, y, _ = noisy()
    for method in ("fit", "partial_fit"):
        with pytest.raises(ValueError, match=match):
            getattr(GDRegressor(**params), method)(X, y)


@unfinished
def test_numbers_of_numpy_are_parameters_too():
    X, y, _ = noisy()
    params = {
        "alpha": np.float32(0.5),
        "l1_ratio": np.float64(0.5),
        "fit_intercept": np.True_,
        "tol": np.float64(1e-9),
    }
    for rate in (np.str_("auto"), np.float64(0.02), np.float32(0.02)):
        ours = GDRegressor(**params, learning_rate=rate, max_iter=np.int64(50)).fit(X, y)
        python = {name: value.item() for name, value in (params | {"learning_rate": rate}).items()}
        same_model(ours, GDRegressor(**python, max_iter=50).fit(X, y), 1e-12)
        assert type(ours.n_iter_) is int
