"""The items that people have had before."""

import warnings
from collections.abc import Iterable

from sklearn.base import BaseEstimator

from pipelines._common.frames import Rows
from pipelines._common.labels import plain_label, plain_labels
from pipelines._common.names import listed
from pipelines._common.steps import parameter_of, steps_of
from pipelines._recommending.catalogue import frame_of, select


def with_history(excluded: list[set] | None, model: BaseEstimator, X: Rows) -> list[set]:
    """Return the labels to exclude for each row, including the items in its history."""
    name = parameter_of(model, "history")
    if name is None:
        raise ValueError(
            "exclude_history=True requires a model with a history column, such as one from "
            "recommender(history=...). To exclude other labels, use the 'exclude' parameter."
        )
    had = [_as_set(cell) for cell in _cells(X, name)]
    _warn_of_other_types(had, model, name)
    return had if excluded is None else [out | more for out, more in zip(excluded, had, strict=True)]


def _warn_of_other_types(had: list[set], model: BaseEstimator, name: str) -> None:
    """Warn if none of the items has the type of the labels, so that none can be excluded."""
    items, classes = set().union(*had) - {None}, getattr(steps_of(model)[-1], "classes_", None)
    if classes is None or not items:
        return
    label = plain_label(classes[0])
    if all(isinstance(item, str) != isinstance(label, str) for item in items):
        warnings.warn(
            f"The items in the column {name!r} must have the same type as the labels, such as {label!r}. "
            f"Got {listed(sorted(items, key=repr), 5)}. No items of the history are excluded.",
            UserWarning,
            stacklevel=4,
        )


def _cells(X: Rows, name: str) -> Iterable[object]:
    """Return the cells of a column. The rows can have any supported type."""
    rows = [X] if isinstance(X, dict) else X
    if isinstance(rows, list):
        return [row.get(name) for row in rows]
    return select(frame_of(rows, "The 'X' parameter of recommend"), [name], "X")[name]


def _as_set(cell: object) -> set:
    if cell is None or isinstance(cell, float):  # a missing cell of pandas is NaN
        return set()
    is_collection = isinstance(cell, Iterable) and not isinstance(cell, str)
    return set(plain_labels(cell)) if is_collection else {plain_label(cell)}
