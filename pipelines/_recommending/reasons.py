"""Reasons that add up to a score: the weights of a label, and the contribution of each feature."""

import difflib
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.naive_bayes import ComplementNB as SklearnComplementNB
from sklearn.naive_bayes import MultinomialNB

from estimators import ComplementNB

Label: TypeAlias = str | float


def check_label(classifier: BaseEstimator, label: Label) -> None:
    """Raise unless the label is one of the classes, if the classifier has classes."""
    classes = np.asarray(getattr(classifier, "classes_", [label]))
    if not (np.isscalar(label) and (classes == label).any()):
        raise unknown_label(label, classes[:10_000].tolist(), len(classes))


def unknown_label(label: Label, first_classes: Iterable, n_classes: int) -> ValueError:
    """Return the error for an unknown label, with those of the first classes that are spelt like it."""
    near = difflib.get_close_matches(str(label), map(str, first_classes), n=3)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    return ValueError(f"The label {label!r} is not among the {n_classes} classes of the model.{hint}")


def weights_of(classifier: BaseEstimator, label: Label) -> np.ndarray:
    """Return the weights (n_features,) whose product with a row is the score of the label."""
    if isinstance(classifier, ComplementNB):
        return classifier.class_weights([label])[0]
    if isinstance(classifier, (MultinomialNB, SklearnComplementNB)):
        return classifier.feature_log_prob_[np.flatnonzero(classifier.classes_ == label)[0]]
    raise TypeError(
        f"explain needs a model whose score is a sum over the features (ComplementNB, MultinomialNB). "
        f"Got {type(classifier).__name__} instead."
    )


def reasons(
    names: np.ndarray | None,
    places: Iterable[int],
    values: Iterable[float],
    weights: np.ndarray,
    prior: float | None = None,
) -> dict[str, float]:
    """Return the contribution of the features at some places, and of the prior, the largest first."""
    contributions = {
        str(names[i] if names is not None else f"x{i}"): float(value * weights[i])
        for i, value in zip(places, values, strict=True)
    }
    if prior is not None:
        contributions["(prior)"] = float(prior)
    return dict(sorted(contributions.items(), key=lambda item: -item[1]))
