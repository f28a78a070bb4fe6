"""Handling of unknown and missing values: errors, warnings, zeros, or a separate column."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse

from estimators._encoding.columns import Column
from estimators._encoding.one_cell import CellEncoder
from estimators._encoding.outputs import NOWHERE, UNKNOWN, Outputs, encode_column, locate
from estimators._encoding.unknown import refuse_missing, refuse_unknown, warn_of_missing, warn_of_unknown


@dataclass(frozen=True)
class Rules:
    """The parameters of an encoder that apply when rows are encoded.

    Attributes
    ----------
    handle_unknown, missing : str
        The parameters of the encoder with these names.
    drops : bool
        Whether the encoder drops categories, which are encoded as zeros.
    """

    handle_unknown: str
    missing: str
    drops: bool

    @property
    def has_other(self) -> bool:
        """Whether the first output column of each input column is a catch-all column."""
        return self.handle_unknown == "other"

    @property
    def warns(self) -> bool:
        """Whether a warning is issued for unknown values."""
        look_dropped = self.drops and self.handle_unknown in ("ignore", "infrequent_if_exist")
        return self.handle_unknown == "warn" or look_dropped

    @property
    def at_most(self) -> "Rules":
        """Rules that encode all unknown values, which gives an upper bound on the number of ones."""
        groups = self.handle_unknown in ("infrequent_if_exist", "warn")
        return Rules("other", self.missing, self.drops) if groups else self

    def width(self, outputs: Outputs) -> int:
        """Return the number of output columns of an input column."""
        return outputs.width + self.has_other

    def may_be_zero(self, outputs: Outputs) -> bool:
        """Return True if a row of zeros is valid for a column without a dropped category."""
        lacks_infrequent = (
            self.handle_unknown in ("infrequent_if_exist", "warn") and outputs.infrequent is None
        )
        return self.handle_unknown in ("ignore", "other") or self.missing == "ignore" or lacks_infrequent

    def place_of_unknown(self, outputs: Outputs) -> int:
        """Return the output column of unknown values, or NOWHERE."""
        if self.has_other:
            return 0
        groups = self.handle_unknown in ("infrequent_if_exist", "warn")
        return NOWHERE if outputs.infrequent is None or not groups else outputs.infrequent

    def encode(
        self,
        columns: Sequence[Column],
        outputs: Sequence[Outputs],
        dtype: DTypeLike,
        located: list | None = None,
    ) -> list[sparse.csr_array]:
        """Encode each column as a CSR array. `located` contains the result of `locate` for each column."""
        if located is None:
            located = [locate(column, each) for column, each in zip(columns, outputs, strict=True)]
        encoded = []
        for column, each, places in zip(columns, outputs, located, strict=True):
            unknown = self.place_of_unknown(each)
            places = np.where(places == UNKNOWN, unknown, places + (places >= 0) * self.has_other)
            missing = unknown if self.missing == "unknown" else NOWHERE
            encoded.append(encode_column(column, places, missing, self.width(each), dtype))
        return encoded

    def check_missing(self, columns: Sequence[Column], names: Sequence[str]) -> None:
        """Raise a ValueError if a value is missing and the rules treat missing values as errors."""
        if self.missing == "unknown" and self.handle_unknown == "error":
            for column, name in zip(columns, names, strict=True):
                refuse_missing(column, name)

    def check_unknown(
        self,
        columns: Sequence[Column],
        outputs: Sequence[Outputs],
        located: Sequence[np.ndarray],
        names: Sequence[str],
        during: str,
    ) -> None:
        """Raise a ValueError if a value is unknown and the rules treat unknown values as errors."""
        if self.handle_unknown == "error":
            for k, (column, each, places) in enumerate(zip(columns, outputs, located, strict=True)):
                refuse_unknown(column, places == UNKNOWN, each.places, k, names[k], during)

    def warn(
        self, columns: Sequence[Column], outputs: Sequence[Outputs], located: Sequence[np.ndarray]
    ) -> None:
        """Warn about unknown values, and about missing values that look like a dropped category."""
        is_missing = [bool(column.codes.min() < 0) for column in columns]
        if self.warns:
            is_unknown = [bool((places == UNKNOWN).any()) for places in located]
            counts_too = self.missing == "unknown"
            pairs = enumerate(zip(is_unknown, is_missing, strict=True))
            found = [k for k, (unknown, missing) in pairs if unknown or (missing and counts_too)]
            zeros = self.handle_unknown == "ignore"
            warn_of_unknown(found, "all zeros" if zeros else "the infrequent category.")
        if self.missing == "ignore" and self.drops:
            dropped = [each.dropped is not None for each in outputs]
            pairs = enumerate(zip(is_missing, dropped, strict=True))
            warn_of_missing([k for k, (missing, drops) in pairs if missing and drops])

    def cell_encoder(
        self,
        name: str,
        known: Sequence,
        outputs: Outputs,
        start: int,
        separator: str | None,
        takes_lists: bool,
    ) -> CellEncoder:
        """Return the encoder of single cells of an input column whose output columns begin at `start`."""
        shift, place = start + self.has_other, self.place_of_unknown(outputs)
        places = {v: NOWHERE if k == NOWHERE else k + shift for v, k in outputs.places.items()}
        may_raise_or_warn = self.handle_unknown == "error" or self.warns
        unknown = None if may_raise_or_warn else NOWHERE if place == NOWHERE else place + start
        none, nan = places.get(None, unknown), places.get(np.nan, unknown)
        if self.missing != "category":
            none = nan = unknown if self.missing == "unknown" else None if self.drops else NOWHERE
        elif takes_lists:
            nan = none
        return CellEncoder(
            name,
            known,
            places,
            start + self.width(outputs),
            unknown=unknown,
            none=none,
            nan=nan,
            takes_lists=takes_lists,
            separator=separator,
        )
