"""The values that occurred in a set of evenings, with their counts, as a state that can be merged."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from pipelines._forecasting.evenings import CATEGORIES
from pipelines._forecasting.tables import Cell

MAX_VALUES = 1_000_000  # distinct values per column, all of which are kept to compute the median


@dataclass
class EveningValues:
    """The distinct values of each column in ascending order, and their counts, both of shape (n_values,)."""

    columns: dict[str, tuple[np.ndarray, np.ndarray]]

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """Return the values of validated evenings, given as an array of shape (n_evenings, n_features)."""
        return cls({name: np.unique(frame[name].to_numpy(), return_counts=True) for name in frame})

    def merge(self, other: Self) -> "EveningValues":
        """Return the values of the two sets of evenings combined. Raise ValueError if the columns differ."""
        if list(self.columns) != list(other.columns):
            raise ValueError(
                "States of evenings can only be merged if their columns are the same. "
                f"Got {list(self.columns)} and {list(other.columns)}."
            )
        return EveningValues({name: self._united(name, *other.columns[name]) for name in self.columns})

    def _united(self, name: str, more: np.ndarray, n_more: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        one, n_one = self.columns[name]
        values, place = np.unique(np.concatenate([one, more]), return_inverse=True)
        if len(values) > MAX_VALUES:
            raise ValueError(
                f"Column {name!r} has more than {MAX_VALUES:,} distinct values, too many to compute its "
                "median in bounded memory. Round the values, for example to a tenth of a degree."
            )
        return values, np.bincount(place, np.concatenate([n_one, n_more])).astype(np.int64)

    def range(self, name: str) -> tuple[float, float]:
        """Return the lowest and the highest value of a numeric column."""
        values, _ = self.columns[name]
        return float(values[0]), float(values[-1])

    def median(self, name: str) -> float:
        """Return the median of a numeric column."""
        values, counts = self.columns[name]
        ends = np.cumsum(counts)
        middle = [(ends[-1] - 1) // 2, ends[-1] // 2]
        return float(values[np.searchsorted(ends, middle, side="right")].mean())

    def seen(self, name: str) -> list[Cell]:
        """Return the values of a weekday, month or flag that occurred, in calendar order."""
        return [value for value in CATEGORIES.get(name, (False, True)) if value in self.columns[name][0]]
