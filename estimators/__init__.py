"""Estimators in scikit-learn's style: a module for each family, its private parts in the folder beside it.

The shortest to read is `logistic.py` (logistic and softmax regression), then `_logistic/`.
`linear.py` and `polynomial.py`: least squares, ridge, lasso and elastic net, then `_least_squares/`.
`naive_bayes.py`: naive Bayes classifiers, then `_bayes/`.
`encoders.py`: columns of categories, lists or numbers to columns of 0 and 1, then `_encoding/`.
`mlp.py`: neural networks, then `_network/`. What families share is in `_common/`.
"""

from importlib.metadata import PackageNotFoundError, version

from estimators._network.display import LossCurveDisplay
from estimators.encoders import BinEncoder, MultiHotEncoder, OneHotEncoder
from estimators.linear import GDRegressor
from estimators.logistic import GDClassifier
from estimators.mlp import MLPClassifier, MLPRegressor
from estimators.naive_bayes import BernoulliNB, CatalogueNB, ComplementNB, MultinomialNB
from estimators.polynomial import PolynomialRegressor

__all__ = [
    "BernoulliNB",
    "BinEncoder",
    "CatalogueNB",
    "ComplementNB",
    "GDClassifier",
    "GDRegressor",
    "LossCurveDisplay",
    "MLPClassifier",
    "MLPRegressor",
    "MultiHotEncoder",
    "MultinomialNB",
    "OneHotEncoder",
    "PolynomialRegressor",
]

try:
    __version__ = version("tallygrad")
except PackageNotFoundError:  # a clone that is not installed
    __version__ = "0+unknown"
