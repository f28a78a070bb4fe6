"""A single cell to the output columns that an encoder sets for it, without a table."""

from collections.abc import Hashable, Iterable, Sequence
from math import isfinite

_LISTS = (list, tuple, set, frozenset)
_PLAIN = (str, int, bool)
_IGNORED = -1


class CellEncoder:
    """A snapshot of a fitted encoder that encodes one cell of one of its input columns.

    Cells are encoded as by ``transform``. Cells of other types than str, int, float, bool, None and lists of
    these are left to the encoder, and so are cells that it refuses. ``partial_fit`` and ``merge`` of the
    encoder do not change the snapshot.

    Parameters
    ----------
    name : str
        Name of the input column.
    categories : sequence of length n_categories
        The known categories, as plain values in the order of the output columns.
    start : int
        Index of the first output column of this input column.
    handle_unknown : {"error", "ignore", "other"}
        What to do with unknown and missing items.
    takes_lists : bool
        Whether a cell may be a list of categories.
    separator : str or None
        Where to split a cell that is a string.

    Attributes
    ----------
    name : str
        Name of the input column.
    categories : tuple of length n_categories
        The known categories in the order of the output columns.
    end : int
        Index after the last output column of this input column.
    """

    def __init__(
        self,
        name: str,
        categories: Sequence[Hashable],
        start: int,
        handle_unknown: str,
        takes_lists: bool,
        separator: str | None,
    ) -> None:
        has_other = handle_unknown == "other"
        self.name = name
        self.categories = tuple(categories)
        self.end = start + has_other + len(self.categories)
        self._places = dict(zip(self.categories, range(start + has_other, self.end), strict=True))
        # The output column of an unknown item. None leaves the cell to the encoder, which raises.
        self._unknown = {"error": None, "ignore": _IGNORED, "other": start}[handle_unknown]
        self._takes_lists, self._separator = takes_lists, separator

    def places(self, cell: object) -> list[int] | None:
        """Return the output columns that a cell sets, ascending, or None if the encoder must be asked."""
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

    def _items(self, cell: object) -> Iterable[object] | None:
        """Return the items of a cell, where None is a missing item. Return None for other kinds of cells."""
        if cell is None or not self._takes_lists:
            return (cell,)
        if self._separator is not None:
            return [piece or None for piece in cell.split(self._separator)] if type(cell) is str else None
        if type(cell) in _LISTS:
            return cell or (None,)  # type: ignore[return-value]
        return None if type(cell) is str else (cell,)
