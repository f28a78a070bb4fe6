"""Estimators in scikit-learn's style: what learns."""

from estimators._network.display import LossCurveDisplay
from estimators.encoders import MultiHotEncoder, OneHotEncoder
from estimators.linear import GDRegressor
from estimators.logistic import GDClassifier
from estimators.mlp import MLPClassifier, MLPRegressor
from estimators.naive_bayes import ComplementNB
from estimators.polynomial import PolynomialRegressor

__all__ = [
    "ComplementNB",
    "GDClassifier",
    "GDRegressor",
    "LossCurveDisplay",
    "MLPClassifier",
    "MLPRegressor",
    "MultiHotEncoder",
    "OneHotEncoder",
    "PolynomialRegressor",
]
