"""The columns of a batch and the kinds of their values, compared with those of the first batch."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
import pandas as pd

from pipelines._common.frames import Rows

Column: TypeAlias = Rows  # of pandas or polars, (n_rows,)

ANY = "anything"  # no value has shown the kind yet
OF_TYPES = {  # how the names of the types of pandas, polars and Arrow begin
    "list": ("list", "array"),
    "date": ("date", "time", "duration", "period"),
    "text": ("str", "large_string", "enum", "categorical"),
    "number": ("int", "uint", "float", "double", "decimal", "bool"),
}
OF_VALUES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float, np.number, np.bool_),
    "list": (list, tuple, set, frozenset, np.ndarray),
}


@contextmanager
def located(where: str, X: Rows = None) -> Iterator[None]:
    """Add the batch, file or partition to an error's message, and the columns of X that may be at fault."""
    try:
        yield
    except (ValueError, TypeError) as error:
        if is_located(error):
            raise
        raise located_error(where, error, X) from error


def located_error(where: str, error: Exception, X: Rows = None) -> Exception:
    """Return a TypeError for a TypeError, and a ValueError for any other error, that states the place."""
    kind = TypeError if isinstance(error, TypeError) and not isinstance(error, ValueError) else ValueError
    told = kind(f"In {where}: {error if X is None else _noted(error, X)}")
    told.located = True  # type: ignore[union-attr]
    return told


def is_located(error: Exception) -> bool:
    """Tell whether an error already states the place."""
    return getattr(error, "located", False)


def _noted(error: Exception, X: Rows) -> str:
    """Return the message of a step, with the columns that may be at fault, since steps often name none."""
    said = str(error).partition("\n")[0]
    if not hasattr(X, "columns") or "in column" in said:
        return said
    text = re.search("could not convert string to float: '(.*)'", said)
    if re.search(r"\bX\b.*(NaN|infinity)", said):  # not of y or sample_weight
        found, what = [name for name in X.columns if _has_holes(X[name])], "NaN, nulls or infinity"
    elif text:
        found, what = [name for name in X.columns if _has_text(X[name], text[1])], "no numbers"
    elif "could not be promoted" in said:
        found, what = [name for name in X.columns if kind_of(X[name]) in ("text", "date")], "no numbers"
    else:
        return said
    return f"{said} ({what} in column{'s' * (len(found) > 1)} {listed(found)})" if found else said


def _has_holes(column: Column) -> bool:
    values = np.asarray(column)
    return bool(pd.isna(values).any() or (values.dtype.kind == "f" and np.isinf(values).any()))


def _has_text(column: Column, text: str) -> bool:
    return kind_of(column) == "text" and any(value == text for value in column)


def schema_of(X: Rows) -> dict[str, str]:
    """Return the kind of each column: number, text, list, date or anything."""
    if hasattr(X, "columns"):
        names = list(X.columns)
        if len(set(names)) < len(names):
            twice = next(name for i, name in enumerate(names) if name in names[:i])
            raise ValueError(f"There are two columns {twice!r}. Give one of them another name.")
        return {name: kind_of(X[name]) for name in names}
    if isinstance(X, list):  # its rows may hold columns or categories: only the step knows
        return {}
    return {f"x{j}": ANY for j in range(width_of(np.shape(X)))}


def width_of(shape: tuple[int, ...]) -> int:
    """Return the number of columns; raise unless there are two axes."""
    if len(shape) != 2:
        raise ValueError(f"X must have two axes, (n_rows, n_features). Got the shape {shape} instead.")
    return shape[1]


def kind_of(column: Column) -> str:
    """Return the kind of a column of pandas or polars, if need be that of its first value."""
    kind = kind_of_type(str(column.dtype))
    if kind is not ANY:
        return kind
    values = column.cat.categories if str(column.dtype) == "category" else column
    first = next((v for v in values if isinstance(v, OF_VALUES["list"]) or pd.notna(v)), None)
    return next((kind for kind, types in OF_VALUES.items() if isinstance(first, types)), ANY)


def kind_of_type(type_name: str) -> str:
    """Return the kind of the values of a pandas, polars or Arrow type, if its name shows it."""
    name = type_name.lower()
    return next((kind for kind, starts in OF_TYPES.items() if name.startswith(starts)), ANY)


def check_schema(found: dict[str, str], expected: dict[str, str], first: str) -> dict[str, str]:
    """Return the schema with the kinds that this batch adds; raise if its columns or kinds differ."""
    if missing := [name for name in expected if name not in found]:
        raise ValueError(f"Column {missing[0]!r} of {first} is missing. The columns are {listed(found)}.")
    if more := [name for name in found if name not in expected]:
        raise ValueError(
            f"Column {more[0]!r} does not occur in {first}, whose columns are {listed(expected)}."
        )
    for name, kind in expected.items():
        if ANY not in (kind, found[name]) and kind != found[name]:
            raise ValueError(
                f"Column {name!r} holds values of kind {found[name]!r}, but {kind!r} in {first}."
            )
    return {name: found[name] if kind is ANY else kind for name, kind in expected.items()}


def listed(columns: Iterable[str]) -> str:
    """Return the names of columns as text, at most 20 of them."""
    shown = list(columns)
    return ", ".join(map(repr, shown[:20])) + (f" and {len(shown) - 20} more" if len(shown) > 20 else "")
