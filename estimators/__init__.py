"""Estimators in the style of scikit-learn. Each family has a public module and a folder of private modules.

The shortest family is `logistic.py` (logistic and softmax regression), with `_logistic/`. `linear.py` and
`polynomial.py`: least squares, ridge, lasso and elastic net, with `_least_squares/`. `naive_bayes.py`: naive
Bayes classifiers, with `_bayes/`. `encoders.py`: one-hot, multi-hot and bin encoders, with `_encoding/`.
`mlp.py`: neural networks, with `_network/`. Modules used by several families are in `_common/`.
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
