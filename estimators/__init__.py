"""Estimators in scikit-learn's style: what learns."""

from estimators.encoders import MultiHotEncoder, OneHotEncoder
from estimators.linear import GDRegressor
from estimators.naive_bayes import ComplementNB

__all__ = ["ComplementNB", "GDRegressor", "MultiHotEncoder", "OneHotEncoder"]
