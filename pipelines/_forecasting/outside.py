"""Sentences about rows that differ from the training rows."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from pipelines._common.names import suggestion
from pipelines._forecasting.tables import MISSING, Cell

MOST_LISTED = 12  # words in a sentence


def numbers_outside(
    frame: pd.DataFrame, ranges: Mapping[str, tuple[float, float]], degree: int
) -> Iterator[str]:
    """Yield a sentence for each number that is far outside its range in training.

    "Far" means by more than the width of the range / (2 degree^2). At that distance, a polynomial
    can be more than twice as large as anywhere inside the range (Chebyshev).
    """
    for name, (low, high) in ranges.items():
        column = frame[name]
        outside = np.maximum(low - column, column - high).fillna(0.0)
        if outside.max() > (high - low) / (2 * degree**2):
            curve = "a straight line" if degree == 1 else f"a polynomial of degree {degree}"
            yield (
                f"column {name!r} is {column[outside.idxmax()]:g}, but in training it ranged from {low:g} to "
                f"{high:g}; outside that range {curve} can be very inaccurate."
            )


def words_outside(frame: pd.DataFrame, seen: Mapping[str, Sequence[Cell]]) -> Iterator[str]:
    """Yield a sentence for each column with a category that did not occur in training."""
    for name, known in seen.items():
        unseen = frame[name][~frame[name].isin(known)]
        if unseen.size:
            word = unseen.iloc[0]
            got = "missing" if word == MISSING else repr(word)
            more = ", ..." if len(known) > MOST_LISTED else ""
            yield (
                f"column {name!r} is {got}, but in training only {', '.join(known[:MOST_LISTED])}{more} "
                f"occurred; it is treated as an average {name}.{suggestion(word, known)}"
            )


def flags_outside(frame: pd.DataFrame, seen: Mapping[str, Sequence[Cell]]) -> Iterator[str]:
    """Yield a sentence for each flag that is true, but was never true in training."""
    for name, known in seen.items():
        if True not in known and (frame[name] == 1).any():
            yield f"column {name!r} is true, but it was never true in training, so it has no effect."
