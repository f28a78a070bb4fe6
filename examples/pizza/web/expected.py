"""The expected doughs of an evening, even outside the range of past evenings.

A polynomial is meaningless outside the training range: it can turn down, and forecast no dough for a full
house. Every number is therefore limited to the training range, and each guest above the maximum adds the
average number of doughs per guest. If the polynomial decreases within the range, its highest value so far is
used, so that more guests never give fewer doughs.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

Row = dict[str, Any]  # an evening as the model reads it


class Expected:
    """Expected values of a model, limited to the range of its training evenings.

    Attributes
    ----------
    range : dict of str to (float, float)
        The lowest and the highest value of each number in the training evenings.
    rate : float
        The average number of doughs per guest in the training evenings.
    """

    def __init__(self, model: Pipeline, guests: Sequence[int], doughs: Sequence[int]) -> None:
        self._model = model
        self._degree: int = model["forecast"].regressor_.degree
        self.range: dict[str, tuple[float, float]] = model["read"].range_
        served = [(n, used) for n, used in zip(guests, doughs, strict=True) if n] or [(1, 0)]
        self.rate = sum(used for _, used in served) / sum(n for n, _ in served)
        self._rates = np.sort([used / n for n, used in served])

    def held(self, row: Row) -> Row:
        """Return an evening with its numbers limited to the range."""
        return row | {name: min(max(row[name], low), high) for name, (low, high) in self.range.items()}

    def doughs(self, rows: Sequence[Row]) -> np.ndarray:
        """Return the expected doughs of each evening, of shape (n_rows,)."""
        held = [self.held(row) for row in rows]
        return self._within(held) + self.rate * np.array([self._above(row) for row in rows])

    def further(self, row: Row, share: float) -> float:
        """Return the margin to add outside the range so that this share of evenings needs no more doughs.

        Each additional guest counts with this quantile of past evenings instead of the average.
        """
        if share >= 0.5:
            return self._above(row) * (self._rate_of(share) - self.rate)
        missing = max(0, self.range["guests"][0] - row["guests"])
        return self._above(row) * (self._rate_of(share) - self.rate) - missing * self._rate_of(1 - share)

    def _above(self, row: Row) -> float:
        return max(0, row["guests"] - self.range["guests"][1])

    def _rate_of(self, share: float) -> float:
        """Return the number of doughs per guest that was not exceeded on this share of evenings."""
        # Interpolating between sorted values gives the quantile ten times as fast as np.quantile.
        last = len(self._rates) - 1
        rate = float(np.interp(share * last, np.arange(last + 1), self._rates))
        return max(rate, self.rate) if share >= 0.5 else min(rate, self.rate)

    def _within(self, held: Sequence[Row]) -> np.ndarray:
        """Return the highest forecast for each evening with at most its number of guests.

        A polynomial is determined by degree + 1 of its values. The model predicts these, and all others
        follow.
        """
        (low, high), n_known = self.range["guests"], self._degree + 1
        if low == high:
            return self._model.predict(held)
        # Chebyshev points in [-1, 1] keep rounding errors smallest.
        at = np.cos(np.pi * (np.arange(n_known) + 0.5) / n_known)
        places = ((low + high) / 2 + (high - low) / 2 * at).tolist()
        asked = [row | {"guests": place} for row in held for place in places]
        own, known = np.split(self._model.predict([*held, *asked]), [len(held)])
        whole = np.linspace(-1, 1, math.floor(high - low) + 1)
        weights = np.linalg.solve(np.vander(at, n_known).T, np.vander(whole, n_known).T)
        most = np.maximum.accumulate(known.reshape(-1, n_known) @ weights, axis=1)
        so_far = [math.floor(row["guests"] - low) for row in held]
        return np.maximum(own, most[np.arange(len(held)), so_far])
