"""The doughs that are expected of an evening, also of one that is beyond all past ones.

A polynomial means nothing beyond what it has seen: it turns, and a full house would need no dough. Hence
every number is held at the edge of what was learned, and each reservation beyond the greatest takes what one
took on average. Where the polynomial turns on the way there, its highest value so far stands: never fewer
doughs for more reservations.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from examples.pizza.web.tables import Facts

Row = dict[str, Any]  # an evening as the model reads it


class Expected:
    """What a model expects, held at the edges of the evenings that it has learned from.

    Attributes
    ----------
    range : dict of str to (float, float)
        The least and the greatest of each number on those evenings.
    rate : float
        The doughs of a reservation, on average of those evenings.
    """

    def __init__(self, model: Pipeline, evenings: Sequence[Facts]) -> None:
        self._model = model
        self._degree: int = model["forecast"].regressor_.degree
        self.range: dict[str, tuple[float, float]] = model["read"].range_
        booked = [one for one in evenings if one.reservations] or [Facts(evenings[0].day, 1, 0)]
        self.rate = sum(one.doughs for one in booked) / sum(one.reservations for one in booked)
        self._rates = np.array([one.doughs / one.reservations for one in booked])

    def held(self, row: Row) -> Row:
        """Return an evening with its numbers within the range."""
        return row | {name: min(max(row[name], low), high) for name, (low, high) in self.range.items()}

    def doughs(self, rows: Sequence[Row]) -> np.ndarray:
        """Return the expected doughs of each evening, (n_rows,)."""
        held = [self.held(row) for row in rows]
        return self._within(held) + self.rate * np.array([self._above(row) for row in rows])

    def further(self, row: Row, share: float) -> float:
        """Return what to add beyond the edges so that this share of evenings takes no more.

        There each reservation more takes what it took on that share of past evenings, not the average.
        """
        if share >= 0.5:
            return self._above(row) * (self._rate_of(share) - self.rate)
        missing = max(0, self.range["reservations"][0] - row["reservations"])
        return self._above(row) * (self._rate_of(share) - self.rate) - missing * self._rate_of(1 - share)

    def _above(self, row: Row) -> float:
        return max(0, row["reservations"] - self.range["reservations"][1])

    def _rate_of(self, share: float) -> float:
        """Return the doughs of a reservation that were not exceeded on that share of evenings."""
        rate = float(np.quantile(self._rates, share))
        return max(rate, self.rate) if share >= 0.5 else min(rate, self.rate)

    def _within(self, held: Sequence[Row]) -> np.ndarray:
        """Return the most that each evening would take with as many reservations as it has, or fewer.

        A polynomial is known by degree + 1 of its values: these are asked of the model, the others follow.
        """
        (low, high), n_known = self.range["reservations"], self._degree + 1
        if low == high:
            return self._model.predict(held)
        at = np.cos(np.pi * (np.arange(n_known) + 0.5) / n_known)  # of [-1, 1]; these lose the fewest digits
        places = ((low + high) / 2 + (high - low) / 2 * at).tolist()
        asked = [row | {"reservations": place} for row in held for place in places]
        own, known = np.split(self._model.predict([*held, *asked]), [len(held)])
        whole = np.linspace(-1, 1, math.floor(high - low) + 1)
        weights = np.linalg.solve(np.vander(at, n_known).T, np.vander(whole, n_known).T)
        most = np.maximum.accumulate(known.reshape(-1, n_known) @ weights, axis=1)
        so_far = [math.floor(row["reservations"] - low) for row in held]
        return np.maximum(own, most[np.arange(len(held)), so_far])
