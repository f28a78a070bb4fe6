"""The classifiers that recommenders can select by name."""

from collections.abc import Callable
from typing import Literal, TypeAlias

from sklearn.base import BaseEstimator, clone

from estimators import BernoulliNB, CatalogueNB, ComplementNB, MultinomialNB

Word: TypeAlias = Literal["catalogue", "complement", "multinomial", "bernoulli"]
CLASSIFIERS: dict[str, Callable[..., BaseEstimator]] = {
    "catalogue": CatalogueNB,
    "complement": ComplementNB,
    "multinomial": MultinomialNB,
    "bernoulli": BernoulliNB,
}


def classifier_of(given: BaseEstimator | str, of: str) -> BaseEstimator:
    """Return a new classifier, given by its short name, or an unfitted copy of a given classifier."""
    if not isinstance(given, str):
        return clone(given, safe=False)
    if given not in CLASSIFIERS:
        raise ValueError(
            f"The 'classifier' parameter of {of} must be a classifier or one of "
            f"{', '.join(map(repr, CLASSIFIERS))}. Got {given!r} instead."
        )
    return CLASSIFIERS[given](new_classes="add")
