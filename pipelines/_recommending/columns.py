"""The columns that a recommender reads: their encoders and output features."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from numbers import Real
from typing import TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer

from estimators import BinEncoder, MultiHotEncoder, OneHotEncoder

Names: TypeAlias = str | Sequence[str]
Edges: TypeAlias = Mapping[str, Sequence[float]]
Step: TypeAlias = tuple[str, BaseEstimator, str | list[str]]


def one_hot() -> OneHotEncoder:
    """Return the encoder for a column of single values. Unknown and missing values are encoded as zeros."""
    return OneHotEncoder(handle_unknown="ignore", missing="ignore", feature_name_combiner="equals")


def multi_hot() -> MultiHotEncoder:
    """Return the encoder for a column of lists. Unknown and missing items are encoded as zeros."""
    return MultiHotEncoder(handle_unknown="ignore", missing="ignore", feature_name_combiner="equals")


def column_steps(
    categories: Names, lists: Names, numbers: Names | Edges, history: str | None, label: str | None
) -> list[Step]:
    """Return one step for each column, named after the column.

    Raise an error if a column is given twice, or if there are no columns.
    """
    numbers_and_edges = (
        dict(numbers) if isinstance(numbers, Mapping) else dict.fromkeys(_names("numbers", numbers))
    )
    steps: list[Step] = [(name, one_hot(), [name]) for name in _names("categories", categories)]
    steps += [(name, multi_hot(), name) for name in _names("lists", lists)]
    steps += [(name, _binned(edges), [name]) for name, edges in numbers_and_edges.items()]
    steps += [] if history is None else [(name, multi_hot(), name) for name in _names("history", [history])]
    names = [name for name, _, _ in steps]
    if not names:
        raise ValueError(
            "recommender requires at least one column in 'categories', 'lists', 'numbers' or 'history'."
        )
    if len({*names, label}) <= len(names):
        twice = next(name for i, name in enumerate(names) if name in (label, *names[:i]))
        raise ValueError(
            "Each column can be given to recommender only once, and the 'label' column must not be an input. "
            f"Got {twice!r} twice."
        )
    return steps


def _binned(edges: Sequence[float] | None) -> BinEncoder:
    return BinEncoder(edges="auto" if edges is None else edges, feature_name_combiner="equals")


def _names(parameter: str, given: Names) -> list[str]:
    names = [given] if isinstance(given, str) else list(given)
    if not all(isinstance(name, str) and "__" not in name for name in names):
        raise TypeError(
            f"The {parameter!r} parameter of recommender must contain column names, which are strings "
            f"without '__'. Got {given!r} instead."
        )
    return names


def encoder_of(
    steps: Sequence[Step], weights: Mapping[str, float] | None, of: str, columns: Mapping[str, str]
) -> ColumnTransformer:
    """Return the encoder of all columns. `columns` maps each step to the column whose weight it gets."""
    if weights is not None and not isinstance(weights, Mapping):
        raise TypeError(
            f"The 'weights' parameter of {of} must be a dict with a number for each column. "
            f"Got {weights!r} instead."
        )
    if unknown := set(weights or {}) - set(columns.values()):
        raise ValueError(
            f"The keys of the 'weights' parameter of {of} must be among "
            f"{' and '.join(map(repr, columns.values()))}. "
            f"Got {', '.join(map(repr, sorted(unknown)))} instead."
        )
    for name, weight in (weights or {}).items():
        if not (isinstance(weight, Real) and 0 <= weight < inf):
            raise ValueError(
                f"The 'weights' parameter of {of} must contain finite numbers of at least 0. "
                f"Got {weight!r} for the column {name!r}."
            )
    return ColumnTransformer(
        list(steps),
        sparse_threshold=1.0,
        transformer_weights=weights and {step: weights.get(name, 1.0) for step, name in columns.items()},
        verbose_feature_names_out=False,
    )


def input_columns(encode: ColumnTransformer) -> list[str]:
    """Return the names of the columns that an encoder reads, without duplicates."""
    columns = [[at] if isinstance(at, str) else list(at) for _, _, at in encode.transformers]
    return list(dict.fromkeys(name for names in columns for name in names))


def step_of_each_feature(encode: ColumnTransformer) -> np.ndarray:
    """Return, for each output column of a fitted encoder, the name of the step that it comes from."""
    slices: Iterable[tuple[str, slice]] = sorted(
        encode.output_indices_.items(), key=lambda item: item[1].start
    )
    return np.concatenate([np.full(at.stop - at.start, name, dtype=object) for name, at in slices])
