"""Estimators in scikit-learn's style: what learns."""

from estimators.encoders import MultiHotEncoder, OneHotEncoder
from estimators.linear import GDRegressor
from estimators.logistic import GDClassifier
from estimators.naive_bayes import ComplementNB
from estimators.polynomial import PolynomialRegressor

__all__ = [
    "ComplementNB",
    "GDClassifier",
    "GDRegressor",
    "MultiHotEncoder",
    "OneHotEncoder",
    "PolynomialRegressor",
]
