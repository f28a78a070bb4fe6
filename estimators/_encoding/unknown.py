"""Errors and warnings for unknown and missing values."""

import difflib
import warnings
from bisect import bisect
from collections.abc import Hashable, Iterable

import numpy as np
import pandas as pd

from estimators._encoding.columns import Column

_MAX_SHOWN = 10  # categories in an error message
_MAX_COMPARED = 5_000  # categories on each side of the unknown one, in sorted order, to compare with it
_ADVICE = "Set handle_unknown='ignore' or 'other' to encode it."


def refuse_unknown(
    column: Column, is_unknown: np.ndarray, known: Iterable[Hashable], k: int, name: str, during: str
) -> None:
    """Raise a ValueError if a distinct value is unknown. The message shows the first unknown values."""
    if not is_unknown.any():
        return
    places = np.flatnonzero(is_unknown[column.codes] & (column.codes >= 0))
    unknown = [column.values[code] for code in pd.unique(column.codes[places])]
    more = len(unknown) - _MAX_SHOWN
    shown = ", ".join(map(repr, unknown[:_MAX_SHOWN])) + (f", ... and {more} more" if more > 0 else "")
    nearest = _nearest(unknown[0], list(known))
    there_are = (
        f"Known categories, nearest spelling first: {nearest}."
        if nearest
        else "There are no known categories."
    )
    raise ValueError(
        f"Found unknown categories [{shown}] in column {k} during {during}. "
        f"{unknown[0]!r} is in row {_row_of(column, places[0])} of column {name!r}. {there_are} {_ADVICE}"
    )


def refuse_missing(column: Column, name: str) -> None:
    """Raise a ValueError if an item is missing. The message shows the row of the first missing item."""
    missing = column.codes < 0
    if missing.any():
        what = "a missing value (None, NaN or null)"
        what += "" if column.lengths is None else " or an empty list"
        row = _row_of(column, int(np.argmax(missing)))
        raise ValueError(f"Found {what} in column {name!r}, row {row}. {_ADVICE}")


def warn_of_unknown(columns: list[int], encoded_as: str) -> None:
    """Issue scikit-learn's warning that the columns with these indices contain unknown values."""
    if columns:
        warnings.warn(
            f"Found unknown categories in columns {columns} during transform. "
            f"These unknown categories will be encoded as {encoded_as}",
            UserWarning,
            stacklevel=6,
        )


def warn_of_missing(columns: list[int]) -> None:
    """Warn that missing values in columns with these indices look like the dropped category."""
    if columns:
        warnings.warn(
            f"Found missing values in columns {columns} during transform. With missing='ignore', they are "
            f"encoded as all zeros, in the same way as the dropped category.",
            UserWarning,
            stacklevel=6,
        )


def _row_of(column: Column, item: int) -> int:
    return int(np.searchsorted(column.indptr(), item, side="right")) - 1


def _nearest(value: Hashable, known: list[Hashable]) -> str:
    """Return the known categories as text, those with the most similar spelling first."""
    text, by_text = str(value).casefold(), {str(category).casefold(): category for category in known}
    # Comparing two spellings takes 20 microseconds, so only categories near in the alphabet are compared.
    alphabet = sorted(by_text)
    here = bisect(alphabet, text)
    candidates = alphabet[max(0, here - _MAX_COMPARED) : here + _MAX_COMPARED]
    close = [by_text[t] for t in difflib.get_close_matches(text, candidates, n=_MAX_SHOWN)]
    shown = list(dict.fromkeys([*close, *known]))[:_MAX_SHOWN]
    more = len(known) - len(shown)
    return ", ".join(map(repr, shown)) + (f", ... and {more} more" if more else "")
