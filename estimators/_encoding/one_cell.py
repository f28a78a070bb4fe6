"""Encode a single cell without a table, by returning the output columns that are 1."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from math import isinf, isnan

import numpy as np

from estimators._encoding.lists import split

_LISTS = (list, tuple, set, frozenset)
_PLAIN = (str, int, bool)
_ZEROS = -1


class CellEncoder:
    """A snapshot of a fitted encoder that encodes one cell of one of its input columns.

    Cells are encoded in the same way as by ``transform``. Cells must be of type str, int, float, bool or
    None, or lists of these. Other cells, and cells for which the encoder raises an error or a warning, must
    be encoded with ``transform``. ``partial_fit`` and ``merge`` of the encoder do not change the snapshot.

    Parameters
    ----------
    name : str
        Name of the input column.
    categories : sequence of length n_categories
        The known categories as Python objects, in order.
    places : dict of category to int
        Index of the output column of each category, or -1 if it is encoded as zeros.
    end : int
        Index after the last output column of this input column.
    unknown, none, nan : int or None
        Index of the output column of unknown items, None and NaN, respectively, or -1 if they are encoded as
        zeros. None means that the cell must be encoded with ``transform``.
    takes_lists : bool
        Whether a cell may be a list of categories.
    separator : str or None
        Separator used to split strings into lists.

    Attributes
    ----------
    name : str
        Name of the input column.
    categories : tuple of length n_categories
        The known categories, in order.
    end : int
        Index after the last output column of this input column.
    """

    def __init__(
        self,
        name: str,
        categories: Sequence[Hashable],
        places: Mapping[Hashable, int],
        end: int,
        *,
        unknown: int | None,
        none: int | None,
        nan: int | None,
        takes_lists: bool,
        separator: str | None,
    ) -> None:
        self.name = name
        self.categories = tuple(categories)
        self.end = end
        self._places = {value: place for value, place in places.items() if value is not np.nan}
        self._unknown, self._none, self._nan = unknown, none, nan
        self._takes_lists, self._separator = takes_lists, separator

    def places(self, cell: object) -> list[int] | None:
        """Return the sorted output columns that are 1, or None if ``transform`` must be used instead."""
        items = self._items(cell)
        if items is None:
            return None
        found = set()
        for item in items:
            if item is None:
                place = self._none
            elif type(item) in _PLAIN:
                place = self._places.get(item, self._unknown)
            elif type(item) is float and not isinf(item):
                place = self._nan if isnan(item) else self._places.get(item, self._unknown)
            else:
                return None
            if place is None:
                return None
            found.add(place)
        found.discard(_ZEROS)
        return sorted(found)

    def _items(self, cell: object) -> Iterable[object] | None:
        """Return the items of a cell, or None if the cell is not supported. A missing item is None."""
        if cell is None or not self._takes_lists:
            return (cell,)
        if self._separator is not None:
            if type(cell) is str:
                return split(cell, self._separator)
            return (cell,) if type(cell) is float and isnan(cell) else None
        if type(cell) in _LISTS:
            return cell or (None,)  # type: ignore[return-value]
        return None if type(cell) is str else (cell,)
