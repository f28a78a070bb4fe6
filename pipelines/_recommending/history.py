"""The items that people have had before."""

from collections.abc import Iterable

from sklearn.base import BaseEstimator

from pipelines._common.frames import Rows, as_frame
from pipelines._common.labels import plain_label, plain_labels
from pipelines._common.steps import parameter_of


def with_history(excluded: list[set] | None, model: BaseEstimator, X: Rows) -> list[set]:
    """Return the labels to exclude for each row, including the items in its history."""
    name = parameter_of(model, "history")
    if name is None:
        raise ValueError(
            "exclude_history=True requires a model with a history column, such as one from "
            "recommender(history=...). To exclude other labels, use the 'exclude' parameter."
        )
    had = [_as_set(cell) for cell in _cells(X, name)]
    return had if excluded is None else [out | more for out, more in zip(excluded, had, strict=True)]


def _cells(X: Rows, name: str) -> Iterable[object]:
    """Return the cells of a column. The rows can have any supported type."""
    rows = [X] if isinstance(X, dict) else X
    if isinstance(rows, list):
        return [row.get(name) for row in rows]
    return as_frame(rows)[name]


def _as_set(cell: object) -> set:
    if cell is None or isinstance(cell, float):  # a missing cell of pandas is NaN
        return set()
    is_collection = isinstance(cell, Iterable) and not isinstance(cell, str)
    return set(plain_labels(cell)) if is_collection else {plain_label(cell)}
