"""Rows grouped by person: a column of X, the relevant labels of each row, and the labels of each person."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
from sklearn.utils import column_or_1d

from pipelines._common.frames import Rows, collected
from pipelines._common.labels import comparable_labels, plain_labels

T = TypeVar("T")


def column(X: Rows, name: str, parameter: str) -> Any:
    """Return a column of a data frame. Raise a ValueError if there is no column with this name."""
    names = getattr(X, "columns", None)
    if names is None or name not in names:
        got = "no column names" if names is None else f"the columns {', '.join(map(repr, names))}"
        raise ValueError(
            f"The {parameter!r} parameter must be the name of a column of X. Got {name!r}, but X has {got}."
        )
    return X[name]


def label_sets(labels: Any) -> list[set]:
    """Return a set of comparable labels for each row: its label, or those in its list. None is ignored."""
    rows = plain_labels(collected(labels))
    if getattr(labels, "ndim", 1) == 1 and any(map(is_list, rows)):
        return [set() if row is None else set(comparable_labels(row)) - {None} for row in rows]
    column_or_1d(np.array(rows, dtype=object))
    return [{label} - {None} for label in comparable_labels(rows)]


def is_list(row: Any) -> bool:
    """Return whether a row contains a collection of labels."""
    return isinstance(row, Iterable) and not isinstance(row, (str, bytes, dict))


def comparable_keys(mapping: Mapping[Any, T]) -> dict[Any, T]:
    """Return a dict with comparable labels as keys."""
    return dict(zip(comparable_labels(mapping), mapping.values(), strict=True))


def numbered(persons: Iterable) -> tuple[np.ndarray, np.ndarray]:
    """Number the persons in order of appearance.

    Return the number of each row's person, of shape (n_rows,), and how many rows each person has, of shape
    (n_persons,).
    """
    numbers: dict[Any, int] = {}
    codes = np.array([numbers.setdefault(person, len(numbers)) for person in persons], dtype=np.intp)
    return codes, np.bincount(codes, minlength=len(numbers))


def by_person(persons: Iterable, labels: list[set]) -> tuple[np.ndarray, list[set]]:
    """Return the index of each person's first row, and the labels of all rows of this person."""
    codes, sizes = numbered(persons)
    united: list[set] = [set() for _ in sizes]
    for code, some in zip(codes.tolist(), labels, strict=True):
        united[code] |= some
    return np.unique(codes, return_index=True)[1], united
