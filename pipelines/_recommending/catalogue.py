"""Convert the rows of a catalogue to the format of training rows, and append them to rows and labels."""

from collections.abc import Sequence
from typing import Literal, TypeAlias, TypedDict

import numpy as np
import pandas as pd
import polars as pl
from polars import selectors

from pipelines._common.frames import Rows, as_frame
from pipelines._common.labels import plain_labels
from pipelines._common.names import listed, suggestion

Frame: TypeAlias = pd.DataFrame | pl.DataFrame


class PlainFrame(TypedDict):
    """A frame as plain data."""

    kind: Literal["pandas", "polars"]
    columns: dict[str, list]


def frame_of(rows: Rows, what: str) -> Frame:
    """Return rows as a pandas or polars frame. Raise a TypeError for all other types."""
    frame = as_frame(rows)
    if not isinstance(frame, (pd.DataFrame, pl.DataFrame)):
        raise TypeError(f"{what} must be a pandas or polars data frame. Got a {type(rows).__name__} instead.")
    return frame


def select(frame: Frame, names: Sequence[str], what: str) -> Frame:
    """Return some columns of a frame.

    If one is missing, raise a ValueError that suggests a similar name or lists the columns of the frame.
    """
    for name in names:
        if name not in frame.columns:
            hint = suggestion(name, frame.columns) or f" It has the columns {listed(frame.columns)}."
            raise ValueError(f"{what} must have the column {name!r}.{hint}")
    return frame[list(names)]


def plain_column(column: pd.Series | pl.Series) -> list:
    """Return the cells of a column as Python values, with None for missing cells."""
    if isinstance(column, pl.Series):
        return column.to_list()
    return column.astype(object).where(column.notna(), None).tolist()


def to_plain(frame: Frame) -> PlainFrame:
    """Return a frame as plain data, whose pickle contains no classes of pandas or polars."""
    return {"kind": "polars" if isinstance(frame, pl.DataFrame) else "pandas", "columns": as_lists(frame)}


def as_lists(frame: Frame) -> dict[str, list]:
    """Return the cells of each column of a frame as Python values."""
    return {str(name): plain_column(frame[name]) for name in frame.columns}


def from_plain(plain: PlainFrame) -> Frame:
    """Return the frame that :func:`to_plain` converted."""
    if plain["kind"] == "polars":
        return pl.DataFrame(plain["columns"], strict=False)
    return pd.DataFrame(plain["columns"])


def like(catalogue: Frame, names: Sequence[str], rows: Frame | None) -> Frame:
    """Return these columns of the catalogue as a frame of the same kind as `rows`.

    Missing columns become nulls.
    """
    of_catalogue = [name for name in names if name in catalogue.columns]
    if not of_catalogue:
        raise ValueError(
            f"The catalogue must have at least one of the columns {', '.join(map(repr, names))}. "
            f"Got {', '.join(map(repr, catalogue.columns))} instead."
        )
    items = catalogue[of_catalogue]
    if isinstance(catalogue if rows is None else rows, pd.DataFrame):
        pandas = items if isinstance(items, pd.DataFrame) else pd.DataFrame(as_lists(items))
        return pandas.reindex(columns=list(names))
    polars = items if isinstance(items, pl.DataFrame) else pl.DataFrame(as_lists(items), strict=False)
    as_text = selectors.by_dtype(pl.Categorical, pl.Enum).cast(
        pl.String
    )  # the categories of the rows may be different
    types = {} if rows is None else dict(zip(rows.columns, rows.dtypes, strict=True))
    missing = [pl.lit(None, types.get(name)).alias(name) for name in names if name not in of_catalogue]
    return polars.with_columns(as_text).with_columns(missing).select(names)


def append(rows: Frame, more: Frame) -> Frame:
    """Return two frames of the same kind, with the same columns, stacked vertically."""
    if isinstance(rows, pd.DataFrame):
        return pd.concat([rows, more], ignore_index=True)
    try:
        return pl.concat([rows, more], how="vertical_relaxed")
    except pl.exceptions.PolarsError as error:
        pairs = [(name, rows[name].dtype, more[name].dtype) for name in rows.columns]
        differ = [
            f"{name!r} ({one} in X and {two} in the catalogue)" for name, one, two in pairs if one != two
        ]
        raise ValueError(
            "The columns of the catalogue must have the same types as those of X. "
            f"The types differ for {', '.join(differ)}."
        ) from error


def append_labels(labels: Rows, more: Sequence) -> np.ndarray:
    """Return labels followed by more labels. Integers are not converted to floats."""
    both = [*plain_labels(as_frame(labels)), *plain_labels(more)]
    kinds = set(map(type, both))
    if kinds == {str}:
        return np.array(both)
    return pd.Series(both, dtype=object).to_numpy()


def append_ones(values: Rows, n_rows: int, n_more: int) -> Rows:
    """Append ones to an array that has one value per row. Return anything else unchanged."""
    if np.ndim(values) == 0 or len(values) != n_rows:
        return values
    array = np.asarray(values)
    return np.concatenate([array, np.ones(n_more, dtype=array.dtype)])
