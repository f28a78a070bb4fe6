"""The bins of a column of numbers: edges from quantiles, names, and the bin of a single number."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, isinf, isnan, log10
from numbers import Real
from typing import TypeAlias

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from estimators._encoding.columns import Table
from estimators._encoding.numbering import is_polars

Edges: TypeAlias = Sequence[float] | Sequence[Sequence[float]]

MAX_CELL_SHOWN = 100  # characters of a cell in an error message
LARGEST_EXACT = 2**53  # whole numbers up to this one are exact floats


def quantile_edges(values: np.ndarray, n_bins: int) -> np.ndarray:
    """Return at most n_bins - 1 edges that split an array of values into parts of about equal size.

    If all values are whole numbers, the edges are too. Otherwise, they are rounded to a tenth of the
    narrowest bin, for readable names, unless this moves many rows to another bin. There can be fewer edges if
    some values are frequent.
    """
    if not len(values):
        return np.empty(0)
    lowest = values.min()
    edges = np.quantile(values, np.arange(1, n_bins) / n_bins, method="higher").astype(np.float64)
    edges = np.unique(edges[edges > lowest])
    if are_whole(values):
        return edges
    gaps = np.diff(edges, prepend=lowest)
    if len(edges) and gaps.min() > 0:
        edges = _rounded(edges, np.sort(values), ceil(1 - log10(gaps.min())), n_bins)
    return edges[edges > lowest]


def _rounded(edges: np.ndarray, values: np.ndarray, decimals: int, n_bins: int) -> np.ndarray:
    """Round each edge up or down, unless this moves more than a tenth of a bin's values to another bin.

    The values must be sorted.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # an infinite or NaN edge would move many values
        nearest = np.round(edges, decimals)
        below = np.round(nearest - 10.0**-decimals, decimals)
    rounded = edges
    for candidate in (below, nearest):
        moved = np.abs(np.searchsorted(values, candidate) - np.searchsorted(values, edges))
        rounded = np.where(moved * 10 * n_bins <= len(values), candidate, rounded)
    return np.unique(rounded)


def given_edges(edges: Edges, n_columns: int) -> tuple[list[np.ndarray], list[bool]]:
    """Return the given edges of each column, and whether they are integers."""
    try:
        each = [edges] if n_columns == 1 and all(isinstance(edge, Real) for edge in edges) else list(edges)
        found = [np.asarray(some, dtype=np.float64) for some in each]
    except (TypeError, ValueError):
        found = []
    if len(found) != n_columns or not all(map(_are_edges, found)):
        raise ValueError(
            "The 'edges' parameter of BinEncoder must be 'auto' or contain one increasing sequence of finite "
            f"numbers for each of the {n_columns} columns. Got {edges!r} instead."
        )
    return found, [np.asarray(some).dtype.kind in "iu" for some in each]


def _are_edges(edges: np.ndarray) -> bool:
    return edges.ndim == 1 and bool(np.isfinite(edges).all() and (np.diff(edges) > 0).all())


def are_whole(values: np.ndarray) -> bool:
    """Return True if all values are whole numbers that floats represent exactly."""
    return bool((np.abs(values) <= LARGEST_EXACT).all() and (values == np.floor(values)).all())


def bin_names(edges: np.ndarray, whole: bool) -> list[str]:
    """Return the names of the len(edges) + 1 bins, such as "1990 to 1999" for whole numbers."""
    if not len(edges):
        return ["any number"]
    first = f"{as_text(edges[0] - 1)} or less" if whole else f"below {as_text(edges[0])}"
    between = [_name_between(start, end, whole) for start, end in pairwise(edges.tolist())]
    return [first, *between, f"{as_text(edges[-1])} or more"]


def _name_between(start: float, end: float, whole: bool) -> str:
    last = end - 1 if whole else end
    return as_text(start) if start == last else f"{as_text(start)} to {as_text(last)}"


def as_text(number: float) -> str:
    """Return the shortest text for a number, without ".0"."""
    return repr(float(number)).removesuffix(".0")


def refuse_cell(X: Table) -> None:
    """Raise an error for the first cell of a table that is neither missing nor a finite number, if any.

    This is called for tables that scikit-learn has rejected, because its error does not name the cell.
    """
    for name, cells in _cells_by_column(X):
        for row, cell in enumerate(cells):
            if (
                cell is None or cell is pd.NA or isinstance(cell, complex)
            ):  # scikit-learn rejects complex numbers
                continue
            at = f"Got {repr(cell)[:MAX_CELL_SHOWN]} in row {row}"
            try:
                is_infinite = isinf(float(cell))
            except OverflowError:  # a very large integer
                is_infinite = True
            except ValueError:
                message = f"Column {name!r} must contain only numbers or missing values. {at}."
                raise ValueError(message) from None
            except TypeError as error:
                message = f"Column {name!r} must contain only numbers or missing values. {at}: {error}."
                raise TypeError(message) from None
            if is_infinite:
                raise ValueError(f"Column {name!r} must contain only finite numbers. {at}.")


def _cells_by_column(X: Table) -> Iterator[tuple[object, list]]:
    """Yield the name (or the index, if there are no names) and the cells of each column of a table."""
    if isinstance(X, pd.DataFrame):
        yield from ((name, X.iloc[:, j].tolist()) for j, name in enumerate(X.columns))
    elif is_polars(X, "DataFrame"):
        yield from ((column.name, column.to_list()) for column in X.get_columns())
    elif not issparse(X):
        rows = X.tolist() if isinstance(X, np.ndarray) else X
        is_table = isinstance(rows, (list, tuple)) and all(isinstance(row, (list, tuple)) for row in rows)
        if is_table and len(set(map(len, rows))) == 1:
            yield from enumerate(map(list, zip(*rows, strict=True)))


class CellBinner:
    """A snapshot of a fitted `BinEncoder` that encodes one cell of one of its input columns.

    Attributes
    ----------
    name : str
        Name of the input column.
    categories : tuple of length n_bins
        The names of the bins, in order.
    end : int
        Index after the last output column of this input column.
    """

    def __init__(self, name: str, categories: list[str], edges: np.ndarray, start: int) -> None:
        self.name, self.categories, self.end = name, tuple(categories), start + len(categories)
        self._edges, self._start = edges.tolist(), start

    def places(self, cell: object) -> list[int] | None:
        """Return the output column that is 1, if any, or None if ``transform`` must be used instead."""
        if cell is None:
            return []
        if type(cell) is int and abs(cell) <= LARGEST_EXACT:
            return [self._start + bisect_right(self._edges, cell)]
        if type(cell) is float and not isinf(cell):
            return [] if isnan(cell) else [self._start + bisect_right(self._edges, cell)]
        return None
