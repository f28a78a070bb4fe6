"""One question without its frame: a cell to the columns that an encoder sets, a row to its best classes.

What a fitted `OneHotEncoder` or `MultiHotEncoder` does to one cell, and a fitted `ComplementNB` to one
row, without the checks of whole tables. A cell that is not made of plain values is left to the
encoder itself, and a row is scored by the classifier's own arithmetic: there is no second rule for either.
Both hold what the estimator knew when they were made; ``partial_fit`` replaces that, and never changes it.
"""

from collections.abc import Iterable
from math import isfinite
from typing import Any

import numpy as np
import scipy.sparse as sp

from estimators._bayes.scores import add_prior
from estimators._bayes.top_k import top_k_indices
from estimators.encoders import MultiHotEncoder, OneHotEncoder
from estimators.naive_bayes import ComplementNB

_LISTS = (list, tuple, set, frozenset)
_PLAIN = (str, int, bool)
_IGNORED = -1


class CellEncoder:
    """Tells which output columns of a fitted encoder a cell sets.

    Parameters
    ----------
    encoder : fitted OneHotEncoder or MultiHotEncoder
    column : int
        Which of its input columns.
    start : int
        Number of the first output column of this input column.
    """

    def __init__(self, encoder: OneHotEncoder | MultiHotEncoder, column: int, start: int) -> None:
        self.name = encoder._input_names()[column]
        self.categories = tuple(encoder.categories_[column].tolist())
        has_other = encoder.handle_unknown == "other"
        self.end = start + has_other + len(self.categories)
        self._places = dict(zip(self.categories, range(start + has_other, self.end), strict=True))
        # Where an unknown item goes; None leaves it to the encoder, which raises.
        self._unknown = {"error": None, "ignore": _IGNORED, "other": start}[encoder.handle_unknown]
        self._takes_lists = isinstance(encoder, MultiHotEncoder)
        self._separator = getattr(encoder, "separator", None)

    def places(self, cell: Any) -> list[int] | None:
        """Return the output columns that a cell sets, ascending; None where the encoder must be asked."""
        items = self._items(cell)
        if items is None:
            return None
        found = set()
        for item in items:
            if item is None:
                place = self._unknown
            elif type(item) in _PLAIN or (type(item) is float and isfinite(item)):
                place = self._places.get(item, self._unknown)
            else:
                return None
            if place is None:
                return None
            found.add(place)
        found.discard(_IGNORED)
        return sorted(found)

    def _items(self, cell: Any) -> Iterable[Any] | None:
        """Return the items of a cell, a missing one for a missing or empty cell; None for other kinds."""
        if cell is None or not self._takes_lists:
            return (cell,)
        kind = type(cell)
        if self._separator is not None:
            return [piece or None for piece in cell.split(self._separator)] if kind is str else None
        if kind in _LISTS:
            return cell or (None,)
        return None if kind is str else (cell,)


class RowScorer:
    """Gives the best classes of one row, as ``ComplementNB.top_k`` does, and the weights of one class.

    Parameters
    ----------
    model : fitted ComplementNB
    """

    def __init__(self, model: ComplementNB) -> None:
        self._scores, self.prior, self.n_features = model._scores, model._prior, model.n_features_in_
        self._prepare()

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)
        self._prepare()

    def _prepare(self) -> None:
        """Work out now what else the first question would, and what threads would work out twice."""
        self.top_k(self.row([], []), 1)

    def row(self, places: list[int], values: list[float]) -> sp.csr_array:
        """Return a row, (1, n_features), with some values at ascending places."""
        parts = np.array(values, dtype=np.float64), np.array(places, dtype=np.int32), [0, len(places)]
        return sp.csr_array(parts, shape=(1, self.n_features))

    def top_k(self, row: sp.csr_array, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the numbers of the k best classes, at most all, and their scores, both (k,)."""
        best, scores = self._scores.top_k(row, k, self.prior)
        return best[0], scores[0]

    def top_k_among(self, row: sp.csr_array, classes: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the k best of some classes, ascending numbers (n_some,), and their scores; O(n_some)."""
        _, of_profiles = next(self._scores.score_chunks(row))
        scores = add_prior(of_profiles, self.prior)[0, self._scores.profile_of_class[classes]]
        best = top_k_indices(scores[np.newaxis], min(k, len(classes)))[0]
        return classes[best], scores[best]

    def weights(self, place: int) -> np.ndarray:
        """Return the weights of one class, (n_features,)."""
        return self._scores.weights(np.array([place]))[0]
