"""Checks of the rows and labels of an update."""

import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from pipelines._common.frames import Rows, as_frame, collected, dicts_as_frame
from pipelines._common.labels import comparable_labels, places_of, plain_labels
from pipelines._common.questions import UnknownQuestionWarning
from pipelines._recommending.checks import with_similar

CALLER_OF_UPDATE = 3  # stack level of the caller of `update`, in a function called by `update`


def among_classes(classifier: BaseEstimator, y: ArrayLike) -> ArrayLike:
    """Return the labels with the dtype of the classes. Raise ValueError if a label is not a class.

    Without this check, scikit-learn's naive Bayes would silently drop the row or count it for another class.
    """
    labels = plain_labels(collected(y))
    if any(isinstance(label, Sequence) and not isinstance(label, str) for label in labels):
        return y  # there are several labels per row
    places, values = places_of(classifier.classes_), comparable_labels(labels)
    unknown = [
        label for value, label in dict(zip(values, labels, strict=True)).items() if value not in places
    ]
    if unknown:
        raise ValueError(
            "The 'y' parameter of update must contain only labels that the model was fitted on, "
            f"because {type(classifier).__name__} cannot learn new labels. Got the new label(s) {unknown}. "
            "To add them, fit the model again."
        )
    return classifier.classes_[[places[value] for value in values]]


def warn_of_unlearned_rows(X: Rows, columns: np.ndarray | None, is_unknown: np.ndarray) -> None:
    """Warn if rows of an update contain values, but none that the encoders know.

    Rows without values do not lead to a warning, because they still count as choices of their labels.
    """
    unknown = np.flatnonzero(is_unknown)
    has_values = [any(map(_is_given, row)) for row in _cells_of(X, columns, unknown)]
    if any(has_values):
        n, n_rows = sum(has_values), len(is_unknown)
        which = "The row contains" if n_rows == 1 else f"{n} of the {n_rows} rows contain"
        warnings.warn(
            f"{which} only values that the encoders of the model do not know. The model learns nothing from "
            "such a row, except how often its label was chosen. To learn new values, fit the model again.",
            UnknownQuestionWarning,
            stacklevel=CALLER_OF_UPDATE,
        )


def _cells_of(X: Rows, columns: np.ndarray | None, rows: np.ndarray) -> Iterator[Sequence]:
    """Yield the cells of some rows, in the columns with these names if the rows have column names."""
    frame = as_frame(dicts_as_frame(X, columns))
    if isinstance(frame, (pd.DataFrame, pl.DataFrame)) and columns is not None:
        table = [frame[name].to_list() for name in columns]
        return ([cells[row] for cells in table] for row in rows)
    return ([X[row]] for row in rows)


def _is_given(cell: object) -> bool:
    """Return whether a cell has a value: it is neither missing nor an empty list."""
    if isinstance(cell, (list, tuple, set, frozenset, np.ndarray)):
        return len(cell) > 0
    return cell is not None and cell is not pd.NA and cell == cell


def warn_of_new_items(y: ArrayLike, describes: ArrayLike | None, classes: np.ndarray) -> None:
    """Warn about labels that are neither among the previous classes nor described by a row of the update."""
    labels = comparable_labels(collected(y))
    described = np.zeros(len(labels)) if describes is None else np.asarray(collected(describes))
    known = {*comparable_labels(classes), *(labels[row] for row in np.flatnonzero(described))}
    unknown = [label for label in dict.fromkeys(labels) if label not in known]
    if unknown:
        warnings.warn(
            "y contains labels that neither the catalogue nor earlier rows contain: "
            f"{with_similar(unknown, classes.tolist())}. They become items without a description. To "
            "describe a new item, add a row for which 'describes' is True.",
            UserWarning,
            stacklevel=CALLER_OF_UPDATE,
        )
