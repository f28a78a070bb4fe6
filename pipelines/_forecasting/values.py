"""The values that occurred in some evenings, and how often: a state that adds up."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from pipelines._common.evenings import CATEGORIES, KINDS, of_kind

MAX_VALUES = 1_000_000  # distinct values of one column, which its median needs


@dataclass
class EveningValues:
    """The distinct values of each column, ascending, and how often each occurs, both (n_values,)."""

    columns: dict[str, tuple[np.ndarray, np.ndarray]]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """Return the values of checked evenings, (n_evenings, n_features)."""
        return cls({name: np.unique(frame[name].to_numpy(), return_counts=True) for name in frame})

    def merge(self, other: Self) -> "EveningValues":
        """Return the values of both sets of evenings. Raise ValueError if the columns differ."""
        if list(self.columns) != list(other.columns):
            raise ValueError(f"The evenings' columns differ: {list(self.columns)} and {list(other.columns)}.")
        pairs = self.columns.items()
        return EveningValues({name: _united(name, values, other.columns[name]) for name, values in pairs})

    def ranges(self, features: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Return the lowest and the highest value of each number."""
        values = {name: self.columns[name][0] for name in of_kind(features, "number")}
        return {name: (float(each[0]), float(each[-1])) for name, each in values.items()}

    def seen(self, features: Sequence[str]) -> dict[str, list]:
        """Return the weekdays, months and flags that occurred, in the order of the calendar."""
        _, categories, flags = (of_kind(features, kind) for kind in KINDS)
        possible: dict[str, Sequence] = dict.fromkeys(flags, (False, True))
        possible |= {name: CATEGORIES[name] for name in categories}
        return {name: [v for v in values if v in self.columns[name][0]] for name, values in possible.items()}

    def medians(self, features: Sequence[str]) -> dict[str, float]:
        """Return the median of each number."""
        return {name: _median(*self.columns[name]) for name in of_kind(features, "number")}


def _united(
    name: str, one: tuple[np.ndarray, np.ndarray], other: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    values, place = np.unique(np.concatenate([one[0], other[0]]), return_inverse=True)
    if len(values) > MAX_VALUES:
        raise ValueError(
            f"Column {name!r} has more than {MAX_VALUES:,} distinct values, too many to compute its median "
            "in bounded memory. Round it, for example to a tenth of a degree."
        )
    return values, np.bincount(place, np.concatenate([one[1], other[1]])).astype(np.int64)


def _median(values: np.ndarray, counts: np.ndarray) -> float:
    """Return the median of ascending values with these counts."""
    ends = np.cumsum(counts)
    middle = [(ends[-1] - 1) // 2, ends[-1] // 2]
    return float(values[np.searchsorted(ends, middle, side="right")].mean())
