"""Reasons that add up to a score: the weights of a label, and what each asked feature adds."""

import difflib
from collections.abc import Iterable
from typing import Any

import numpy as np
from sklearn.naive_bayes import ComplementNB as SklearnComplementNB
from sklearn.naive_bayes import MultinomialNB

from estimators import ComplementNB


def check_label(classifier: Any, label: Any) -> None:
    """Raise unless a label is one of the classes, where there are classes."""
    classes = np.asarray(getattr(classifier, "classes_", [label]))
    if not (np.isscalar(label) and (classes == label).any()):
        raise unknown_label(label, classes[:10_000].tolist(), len(classes))


def unknown_label(label: Any, first_classes: Iterable, n_classes: int) -> ValueError:
    """Say that a label is not among the classes, and which of the first ones are spelt like it."""
    near = difflib.get_close_matches(str(label), map(str, first_classes), n=3)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    return ValueError(f"The label {label!r} is not among the {n_classes} classes of the model.{hint}")


def weights_of(classifier: Any, label: Any) -> np.ndarray:
    """Return the weights whose products with a row add up to the score of the label, (n_features,)."""
    if isinstance(classifier, ComplementNB):
        return classifier.class_weights([label])[0]
    if isinstance(classifier, (MultinomialNB, SklearnComplementNB)):
        return classifier.feature_log_prob_[np.flatnonzero(classifier.classes_ == label)[0]]
    raise TypeError(
        f"explain needs a model whose score is a sum over the features (ComplementNB, MultinomialNB). "
        f"Got {type(classifier).__name__} instead."
    )


def reasons(
    names: np.ndarray | None, places: Iterable, values: Iterable, weights: np.ndarray, prior: Any = None
) -> dict[str, float]:
    """Return what the features at some places add to a score, the most first, the prior among them."""
    contributions = {
        str(names[i] if names is not None else f"x{i}"): float(value * weights[i])
        for i, value in zip(places, values, strict=True)
    }
    if prior is not None:
        contributions["(prior)"] = float(prior)
    return dict(sorted(contributions.items(), key=lambda item: -item[1]))
