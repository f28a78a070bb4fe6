"""The columns of a batch and the kinds of their values, compared with those of the first batch."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd


@contextmanager
def located(where: str) -> Iterator[None]:
    """Say in which batch, file or partition a value was refused."""
    try:
        yield
    except (ValueError, TypeError) as error:
        if is_located(error):
            raise
        raise located_error(where, error) from error


def located_error(where: str, error: Exception) -> Exception:
    """Return a TypeError for a TypeError, and a ValueError for any other, that says where it was."""
    kind = TypeError if isinstance(error, TypeError) and not isinstance(error, ValueError) else ValueError
    told: Any = kind(f"In {where}: {error}")
    told.located = True
    return told


def is_located(error: Exception) -> bool:
    """Tell whether an error says already where it was."""
    return getattr(error, "located", False)


ANY = "anything"  # no value was seen that says more


def schema_of(X: Any) -> dict[str, str]:
    """Return the kind of each column: number, text, list, date or anything."""
    if hasattr(X, "columns"):
        return {name: kind_of(X[name]) for name in X.columns}
    width = X.shape[1] if np.ndim(X) == 2 or hasattr(X, "tocsr") else np.asarray(X).shape[-1]
    return {f"x{j}": ANY for j in range(width)}


def kind_of(column: Any) -> str:
    """Return the kind of a column of pandas or polars."""
    text = str(column.dtype).lower()
    kind = kind_of_type(text)
    if kind is not ANY:
        return kind
    return _kind_of_first(column.cat.categories if text == "category" else column)


def kind_of_type(type_name: str) -> str:
    """Return the kind of the values of a type of pandas, polars or Arrow, where its name tells."""
    text = type_name.lower()
    if text.startswith(("list", "array")):
        return "list"
    if text.startswith(("date", "time", "duration", "period")):
        return "date"
    if text.startswith(("str", "large_string", "enum")):
        return "text"
    if text.startswith(("int", "uint", "float", "double", "decimal", "bool")):
        return "number"
    return "text" if text.startswith("categorical") else ANY


def _kind_of_first(values: Iterable[Any]) -> str:
    """Return the kind of the first value that is there."""
    first = next((v for v in values if isinstance(v, (list, tuple, set, np.ndarray)) or pd.notna(v)), None)
    for kind, types in KINDS_OF_VALUES.items():
        if isinstance(first, types):
            return kind
    return ANY


KINDS_OF_VALUES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float, np.number, np.bool_),
    "list": (list, tuple, set, frozenset, np.ndarray),
}


def check_schema(found: dict[str, str], expected: dict[str, str], first: str) -> dict[str, str]:
    """Return the schema with what this batch adds; raise if it has other columns or kinds of values."""
    if missing := [name for name in expected if name not in found]:
        raise ValueError(f"There is no column {missing[0]!r}, as in {first}. There are {listed(found)}.")
    if more := [name for name in found if name not in expected]:
        raise ValueError(f"There is a column {more[0]!r}, which {first} has not: {listed(expected)}.")
    for name, kind in expected.items():
        if ANY not in (kind, found[name]) and kind != found[name]:
            raise ValueError(
                f"Column {name!r} holds values of kind {found[name]!r}, but {kind!r} in {first}."
            )
    return {name: found[name] if kind is ANY else kind for name, kind in expected.items()}


def listed(columns: Iterable[str]) -> str:
    shown = list(columns)
    return ", ".join(map(repr, shown[:20])) + (f" and {len(shown) - 20} more" if len(shown) > 20 else "")
