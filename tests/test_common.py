"""scikit-learn's contract, for every public estimator."""

import inspect

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

import estimators

PUBLIC = [value for name in estimators.__all__ if inspect.isclass(value := getattr(estimators, name))]
ESTIMATORS = [public for public in PUBLIC if issubclass(public, BaseEstimator)]


# scikit-learn gives its networks fewer epochs for its checks too, and does not mind that they stop there.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([estimator() for estimator in ESTIMATORS])
def test_sklearn_contract(estimator, check):
    needless = check.func.__name__.endswith("output_format_decision_function")  # it would be skipped
    if not needless or hasattr(estimator, "decision_function"):
        check(estimator)


# What the contract had when this was written; more checks are welcome, fewer mean that a tag lies.
FEWEST_CHECKS = {
    "ComplementNB": 64,
    "GDClassifier": 64,
    "GDRegressor": 61,
    "MLPClassifier": 68,
    "MLPRegressor": 61,
    "MultiHotEncoder": 47,
    "OneHotEncoder": 47,
    "PolynomialRegressor": 60,
}


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_checks_are_collected(estimator):
    collected = parametrize_with_checks([estimator()]).args[1]
    assert len(list(collected)) >= FEWEST_CHECKS[estimator.__name__]


@pytest.mark.parametrize("public", PUBLIC)
def test_every_public_name_is_an_estimator_with_an_example(public):
    assert issubclass(public, BaseEstimator) or public.__name__ == "LossCurveDisplay"
    assert ">>>" in public.__doc__
