"""Errors and warnings about a catalogue and the training rows: which of them is wrong, and where."""

import warnings
from collections.abc import Collection, Iterator, Sequence

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.compose import ColumnTransformer

from pipelines._common.frames import Rows, n_rows_of
from pipelines._common.labels import comparable_labels
from pipelines._common.names import similar_names
from pipelines._recommending.catalogue import Frame, append

MAX_LABELS_SHOWN = 5
MAX_SUGGESTED = 3  # labels for which a similar label is searched


def check_items(labels: Sequence, name: str) -> None:
    """Raise a ValueError unless each row of the catalogue has a distinct label in the column `name`."""
    if not len(labels):
        raise ValueError("The catalogue must contain at least one item. Got a data frame without rows.")
    rows: dict[object, int] = {}
    for row, label in enumerate(comparable_labels(labels)):
        if label is None:
            raise ValueError(
                f"The column {name!r} of the catalogue must contain a label in each row. Row {row} has none."
            )
        if rows.setdefault(label, row) != row:
            raise ValueError(
                f"The column {name!r} of the catalogue must contain each label only once. Got "
                f"{labels[row]!r} in rows {rows[label]} and {row}. If these are different items, use a "
                "column with unique labels, such as an identifier. Otherwise, combine the rows."
            )


def check_kinds(labels: Sequence, y: Sequence, name: str) -> None:
    """Raise a ValueError if the labels of the catalogue are strings and those in y are not, or vice versa."""
    of_items, of_y = ({isinstance(label, str) for label in some} for some in (labels, y))
    if len(of_items) == len(of_y) == 1 and of_items != of_y:
        raise ValueError(
            f"The labels in y and in the column {name!r} of the catalogue must be of the same type. Got "
            f"{y[0]!r} ({type(y[0]).__name__}) in y and {labels[0]!r} ({type(labels[0]).__name__}) in the "
            "catalogue."
        )


def warn_of_undescribed(classes: np.ndarray, labels: Sequence, name: str, stacklevel: int) -> None:
    """Warn about classes that are not among the labels in the column `name` of the catalogue."""
    known = set(comparable_labels(labels))
    unknown = [label for label in comparable_labels(classes) if label not in known]
    if unknown:
        warnings.warn(
            f"y contains labels that are not in the column {name!r} of the catalogue: "
            f"{with_similar(unknown, labels)}. They become items without a description. If they are "
            "misspelt, correct them. Otherwise, add them to the catalogue, or remove their rows so that they "
            "are not recommended.",
            UserWarning,
            stacklevel=stacklevel + 1,
        )


def with_similar(unknown: Sequence, known: Collection) -> str:
    """Return a list of unknown labels for a message. The first ones are followed by a similar known label."""
    shown: list[str] = []
    for label in unknown[:MAX_LABELS_SHOWN]:
        near = similar_names(label, known) if len(shown) < MAX_SUGGESTED else []
        shown.append(f"{label!r} (similar to {near[0]!r})" if near else repr(label))
    more = len(unknown) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


def check_cells(encode: ColumnTransformer, X: Frame, items: Frame | None) -> None:
    """Raise an error that states the column that an encoder rejects, in X, in the catalogue, or in both."""
    for encoder, at in _encoders(encode):
        for rows, what in ((X, "X"), (items, "the catalogue")):
            if rows is not None and (error := _error_of(encoder, rows[at])):
                raise type(error)(f"The column {_name(at)!r} of {what} is invalid. {error}") from error
        if items is not None and (error := _error_of(encoder, append(X, items)[at])):
            raise type(error)(
                f"The column {_name(at)!r} must contain values of the same kind in X and in the catalogue. "
                f"{error}"
            ) from error


def check_values(encode: ColumnTransformer, X: Frame) -> None:
    """Raise a ValueError if a column has no values, so that its encoder has no features.

    Without this check, ColumnTransformer would raise an unclear error for sparse output without features.
    """
    for encoder, at in _encoders(encode):
        if not len(clone(encoder).fit(X[at]).get_feature_names_out()):
            raise ValueError(
                f"Each column that the recommender reads must contain at least one value. Got only missing "
                f"values or empty lists in the {n_rows_of(X)} rows of the column {_name(at)!r}. Fit a "
                "recommender without this column."
            )


def _encoders(encode: ColumnTransformer) -> Iterator[tuple[BaseEstimator, str | list[str]]]:
    """Yield this library's encoders and the columns that they read."""
    return ((encoder, at) for _, encoder, at in encode.transformers if hasattr(encoder, "cell_encoder"))


def _name(at: str | list[str]) -> str:
    return at if isinstance(at, str) else ", ".join(at)


def _error_of(encoder: BaseEstimator, cells: Rows) -> ValueError | TypeError | None:
    """Return the error that an encoder raises for these cells, or None."""
    try:
        clone(encoder).fit_transform(cells)
    except (ValueError, TypeError) as error:
        return error
    return None
