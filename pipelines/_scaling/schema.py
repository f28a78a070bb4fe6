"""The columns of a batch and the kinds of their values, compared with those of the first batch."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
import pandas as pd

from pipelines._common.frames import Rows

Column: TypeAlias = Rows  # a pandas or polars column, (n_rows,)

ANY = "anything"  # no value has determined the kind yet
OF_TYPES = {  # prefixes of the type names of pandas, polars and Arrow
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
    """Add the batch, file or partition to error messages, and the columns of X that may be at fault."""
    try:
        yield
    except (ValueError, TypeError) as error:
        if is_located(error):
            raise
        raise located_error(where, error, X) from error


def located_error(where: str, error: Exception, X: Rows = None) -> Exception:
    """Return an error that includes the location: a TypeError for a TypeError, otherwise a ValueError."""
    kind = TypeError if isinstance(error, TypeError) and not isinstance(error, ValueError) else ValueError
    told = kind(f"In {where}: {error if X is None else _noted(error, X)}")
    told.located = True  # type: ignore[union-attr]
    return told


def is_located(error: Exception) -> bool:
    """Return whether an error already includes the location."""
    return getattr(error, "located", False)


def _noted(error: Exception, X: Rows) -> str:
    """Return the message of an error in a step, followed by the columns that may be at fault."""
    said = str(error).partition("\n")[0]
    if not hasattr(X, "columns") or "in column" in said:
        return said
    text = re.search("could not convert string to float: '(.*)'", said)
    if re.search(r"\bX\b.*(NaN|infinity)", said):  # the fault is in X, not in y or sample_weight
        found, what = [name for name in X.columns if _has_holes(X[name])], "NaN, nulls or infinity"
    elif text:
        found, what = [name for name in X.columns if _has_text(X[name], text[1])], "text"
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
    """Return the kind of the values in each column: number, text, list, date or anything."""
    if hasattr(X, "columns"):
        names = list(X.columns)
        if len(set(names)) < len(names):
            twice = next(name for i, name in enumerate(names) if name in names[:i])
            raise ValueError(f"Column names must be unique. Got two columns named {twice!r}.")
        return {name: kind_of(X[name]) for name in names}
    if isinstance(X, list):  # its rows may contain columns or categories, which only the step can tell
        return {}
    return {f"x{j}": ANY for j in range(width_of(np.shape(X)))}


def width_of(shape: tuple[int, ...]) -> int:
    """Return the number of columns. Raise ValueError unless there are two axes."""
    if len(shape) != 2:
        raise ValueError(f"X must have the shape (n_rows, n_features). Got the shape {shape} instead.")
    return shape[1]


def kind_of(column: Column) -> str:
    """Return the kind of a pandas or polars column, from its dtype or, failing that, its first value."""
    kind = kind_of_type(str(column.dtype))
    if kind is not ANY:
        return kind
    values = column.cat.categories if str(column.dtype) == "category" else column
    first = next((v for v in values if isinstance(v, OF_VALUES["list"]) or pd.notna(v)), None)
    return next((kind for kind, types in OF_VALUES.items() if isinstance(first, types)), ANY)


def kind_of_type(type_name: str) -> str:
    """Return the kind of values that a pandas, polars or Arrow type holds, according to its name."""
    name = type_name.lower()
    return next((kind for kind, starts in OF_TYPES.items() if name.startswith(starts)), ANY)


def check_schema(found: dict[str, str], expected: dict[str, str], first: str) -> dict[str, str]:
    """Return the schema updated with the kinds of this batch. Raise ValueError if columns or kinds differ."""
    if missing := [name for name in expected if name not in found]:
        raise ValueError(
            f"Column {missing[0]!r} is missing. It occurs in {first}, but here the only columns are "
            f"{listed(found)}."
        )
    if more := [name for name in found if name not in expected]:
        raise ValueError(
            f"Column {more[0]!r} is unexpected. The columns must be those of {first}: {listed(expected)}."
        )
    for name, kind in expected.items():
        if ANY not in (kind, found[name]) and kind != found[name]:
            raise ValueError(
                f"Column {name!r} must contain values of type {kind!r}, as in {first}. "
                f"Got values of type {found[name]!r} instead."
            )
    return {name: found[name] if kind is ANY else kind for name, kind in expected.items()}


def listed(columns: Iterable[str]) -> str:
    """Return column names as text, at most 20 of them."""
    shown = list(columns)
    return ", ".join(map(repr, shown[:20])) + (f" and {len(shown) - 20} more" if len(shown) > 20 else "")
