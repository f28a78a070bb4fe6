"""Explain a score: the weights of a label, and the contribution of each feature to the score."""

import difflib
from collections.abc import Iterable
from typing import TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.naive_bayes import ComplementNB as SklearnComplementNB
from sklearn.naive_bayes import MultinomialNB

from estimators import ComplementNB
from pipelines._common.labels import place_of, plain_labels

Label: TypeAlias = str | float


def check_label(classifier: BaseEstimator, label: Label) -> int:
    """Return the index of a label among the classes, if any. Raise ValueError for an unknown label."""
    classes = np.asarray(getattr(classifier, "classes_", [label]))
    place = place_of(classes, label)
    if place is None:
        raise unknown_label(label, plain_labels(classes[:10_000]), len(classes))
    return place


def unknown_label(label: Label, first_classes: Iterable, n_classes: int) -> ValueError:
    """Return the error for an unknown label. It suggests the most similar of the first classes."""
    near = difflib.get_close_matches(str(label), map(str, first_classes), n=3)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    return ValueError(
        f"The 'label' parameter must be one of the {n_classes} classes of the model. "
        f"Got {label!r} instead.{hint}"
    )


def weights_of(classifier: BaseEstimator, place: int) -> np.ndarray:
    """Return the weights, (n_features,), whose dot product with a row is the score of a class."""
    if isinstance(classifier, ComplementNB):
        return classifier.class_weights(classifier.classes_[[place]])[0]
    if isinstance(classifier, (MultinomialNB, SklearnComplementNB)):
        return classifier.feature_log_prob_[place]
    raise TypeError(
        "The 'model' parameter of explain must end in a classifier whose score is a sum over the features: "
        "ComplementNB or MultinomialNB. "
        f"Got {type(classifier).__name__} instead."
    )


def reasons(
    names: np.ndarray | None,
    places: Iterable[int],
    values: Iterable[float],
    weights: np.ndarray,
    prior: float | None = None,
) -> dict[str, float]:
    """Return the contributions of the features at `places` and of the prior, largest first."""
    contributions = {
        str(names[i] if names is not None else f"x{i}"): float(value * weights[i])
        for i, value in zip(places, values, strict=True)
    }
    if prior is not None:
        contributions["(prior)"] = float(prior)
    return dict(sorted(contributions.items(), key=lambda item: -item[1]))
