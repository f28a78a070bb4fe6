"""scikit-learn's contract, for every public estimator."""

import inspect
import warnings

import pytest
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

import estimators

PUBLIC = [value for name in estimators.__all__ if inspect.isclass(value := getattr(estimators, name))]
ESTIMATORS = [public for public in PUBLIC if issubclass(public, BaseEstimator)]


@pytest.mark.filterwarnings("ignore:The standard deviation of y is")  # the targets of a check are not scaled
@parametrize_with_checks([estimator() for estimator in ESTIMATORS])
def test_sklearn_contract(estimator, check):
    is_network = type(estimator).__name__.startswith("MLP")
    if is_network and check.func.__name__.endswith("output_format_decision_function"):
        assert not hasattr(estimator, "decision_function")  # the check would skip itself
        return
    with warnings.catch_warnings():
        if is_network:  # scikit-learn's own checks let its networks stop at max_iter too
            warnings.simplefilter("ignore", ConvergenceWarning)
        check(estimator)


# What the contract had when this was written; more checks are welcome, fewer mean that a tag lies.
FEWEST_CHECKS = {
    "BernoulliNB": 63,
    "BinEncoder": 46,
    "CatalogueNB": 63,
    "ComplementNB": 64,
    "GDClassifier": 64,
    "GDRegressor": 61,
    "MLPClassifier": 68,
    "MLPRegressor": 61,
    "MultiHotEncoder": 47,
    "MultinomialNB": 64,
    "OneHotEncoder": 46,
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
