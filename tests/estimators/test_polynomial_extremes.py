"""PolynomialRegressor with domains of very large and very small numbers.

The expected polynomial is 2 t - t^2, where t is the feature divided by its scale.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from estimators import PolynomialRegressor

T = np.linspace(-1, 1, 9)
Y = 2 * T - T**2
LARGEST = np.finfo(np.float64).max


@pytest.mark.parametrize("degree", [2, 3])
@pytest.mark.parametrize("scale", [LARGEST, 1e308, 1e200, 1e-200, 1e-307, 1e-310, 1e-320, 4e-323])
@pytest.mark.parametrize("given", [False, True], ids=["domain of the data", "given domain"])
def test_predictions_at_any_scale(degree, scale, given):
    X = (T * scale)[:, np.newaxis]
    model = PolynomialRegressor(degree, domain=[-scale, scale] if given else None).fit(X, Y)
    rounding = 1e-12 if scale > 1e-308 else 1e-3  # subnormal numbers have few digits
    assert_allclose(model.predict(X), Y, atol=rounding)
    assert not np.isnan(model.coef_).any()


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_a_domain_on_one_side_of_zero_gives_finite_coefficients(degree):
    X = (1e308 + (T + 1) * 0.35e308)[:, np.newaxis]
    model = PolynomialRegressor(degree).fit(X, T)
    assert_allclose(model.predict(X), T, atol=1e-13)
    assert_allclose(model.coef_[0], 1 / 0.35e308)
    assert_allclose(model.intercept_, -1 - 1e308 / 0.35e308)


def test_weights_of_products_whose_scales_cancel():
    X = np.array([[a * 1e-200, b * 1e200] for a in T for b in T])
    y = (X[:, 0] * X[:, 1]) ** 2
    model = PolynomialRegressor(4).fit(X, y)
    assert_allclose(model.predict(X), y, atol=1e-13)
    names = model.get_feature_names_out().tolist()
    assert_allclose(model.coef_[names.index("x0^2 x1^2")], 1)


@pytest.mark.parametrize("fit_intercept", [True, False])
def test_the_narrowest_domain(fit_intercept):
    X = np.array([0, 5e-324] * 5)[:, np.newaxis]
    y = np.array([0.0, 1.0] * 5)
    for domain in (None, [0, 5e-324]):
        model = PolynomialRegressor(1, domain=domain, fit_intercept=fit_intercept).fit(X, y)
        assert_allclose(model.predict(X), y, atol=1e-13)


@pytest.mark.parametrize("method", ["fit", "partial_fit"])
@pytest.mark.parametrize(
    ("domain", "says"),
    [
        (
            [-1e308, 1e308],
            r"Columns \[0\] of X vary by less than 1e-140 of their domain, .* Use a narrower domain",
        ),
        ([0, 5e-324], "values that are too large for PolynomialRegressor: their squares overflow"),
    ],
)
def test_a_domain_that_does_not_suit_the_data(method, domain, says):
    model = PolynomialRegressor(domain=domain)
    with pytest.raises(ValueError, match=says):
        getattr(model, method)(T[:, np.newaxis], Y)
