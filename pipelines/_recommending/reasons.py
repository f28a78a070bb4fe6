"""Explain a score: find the label, and list the contribution of each feature to its score."""

from collections.abc import Collection
from typing import TypeAlias

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator

from pipelines._common.labels import place_of, plain_labels
from pipelines._common.names import suggestion
from pipelines._recommending.scorers import Scorer

Label: TypeAlias = str | float


def check_label(classifier: BaseEstimator, label: Label) -> int:
    """Return the index of a label in the classes. Raise a ValueError for an unknown label."""
    classes = np.asarray(getattr(classifier, "classes_", [label]))
    place = place_of(classes, label)
    if place is None:
        raise unknown_label(label, plain_labels(classes))
    return place


def unknown_label(label: Label, classes: Collection) -> ValueError:
    """Return the error for an unknown label. It suggests the most similar classes."""
    return ValueError(
        f"The 'label' parameter must be one of the {len(classes)} classes of the model. "
        f"Got {label!r} instead.{suggestion(label, classes, 3)}"
    )


def reasons(
    names: np.ndarray | None, row: sp.csr_array, place: int, scorer: Scorer, constant: str
) -> dict[str, float]:
    """Return the contributions of the entries of a row, and of the constant, to the score of a class.

    The largest contribution comes first.
    """
    pairs = zip(row.indices.tolist(), scorer.contributions(row, place).tolist(), strict=True)
    contributions = {f"x{i}" if names is None else str(names[i]): adds for i, adds in pairs}
    if intercept := scorer.intercept(place):
        contributions[constant] = intercept
    return dict(sorted(contributions.items(), key=lambda item: -item[1]))
