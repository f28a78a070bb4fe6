"""Batches of any kind as X, y and weights, each compared with the first: same columns, same kinds."""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipelines._scaling.schema import ANY, check_schema, listed, located, schema_of
from pipelines._scaling.sources import FileSource, where_of

Names = str | list[str] | None


@dataclass
class Reader:
    """Split batches into what the model learns from.

    Attributes
    ----------
    y, sample_weight : the columns that hold them; None where batches are tuples, or there are none
    schema : dict of the column to the kind of its values, and where it was found first; None before
    """

    y: Names = None
    sample_weight: str | None = None
    schema: dict[str, str] | None = None
    first: str = field(default="", repr=False)

    def split(self, batch: Any, where: str) -> tuple[Any, Any, Any] | None:
        """Return X (n, d), y and weights (n,) of a batch; None if it has no rows."""
        with located(where):
            batch = as_frame(batch)
            self.check_is_frame(batch)
            parts = batch if isinstance(batch, tuple) else (batch,)
            if not 1 <= len(parts) <= 3:
                raise TypeError(f"A batch is X, (X, y) or (X, y, sample_weight). Got {len(parts)} parts.")
            X = self._checked(parts[0], where)
            if not n_rows_of(X):
                return None
            return self._taken(X) if len(parts) == 1 else (X, *parts[1:], None)[:3]

    def check_is_frame(self, batch: Any) -> None:
        """Raise unless a batch has columns, where the names of some are given."""
        if (self.y is not None or self.sample_weight is not None) and not hasattr(type(batch), "columns"):
            raise TypeError(
                "Batches are frames where 'y' or 'sample_weight' names columns. "
                f"Got a {type(batch).__name__}."
            )

    def _checked(self, X: Any, where: str) -> Any:
        """Compare X with the schema; return it with its columns in the same order."""
        if not (hasattr(X, "shape") or isinstance(X, list)):
            raise TypeError(
                "A batch is a frame of pandas or polars, a batch or table of Arrow, or a tuple (X, y) of "
                f"arrays. Got a {type(X).__name__}."
            )
        found = schema_of(X) if n_rows_of(X) else dict.fromkeys(schema_of(X), ANY)  # its types say little
        if self.schema is None:
            self.check_names(found)
            self.schema, self.first = found, where
        self.schema = check_schema(found, self.schema, self.first)
        return X if list(found) == list(self.schema) else X[list(self.schema)]

    def check_names(self, found: dict[str, str]) -> None:
        """Raise unless the columns of y and the weights are there."""
        for what, given in (("y", self.y), ("sample_weight", self.sample_weight)):
            for name in names(given):
                if name not in found:
                    raise ValueError(
                        f"The {what!r} parameter must name columns among {listed(found)}. "
                        f"Got {name!r} instead."
                    )

    def _taken(self, frame: Any) -> tuple[Any, Any, Any]:
        taken = [*names(self.y), *names(self.sample_weight)]
        if not taken:
            return frame, None, None
        X = frame[[name for name in frame.columns if name not in taken]]
        weight = None if self.sample_weight is None else np.asarray(frame[self.sample_weight])
        return X, None if self.y is None else frame[self.y], weight


def names(given: Names) -> list[str]:
    """Return column names as a list."""
    return [] if given is None else [given] if isinstance(given, str) else list(given)


def n_rows_of(X: Any) -> int:
    """Return the number of rows."""
    return X.shape[0] if hasattr(X, "shape") else len(X)


def as_frame(batch: Any) -> Any:
    """Return Arrow's batches and tables as polars frames, without copying; anything else as it is."""
    of_arrow = hasattr(batch, "__arrow_c_array__") or hasattr(batch, "__arrow_c_stream__")
    if of_arrow and type(batch).__module__.partition(".")[0] not in ("pandas", "polars"):
        import polars as pl

        return pl.DataFrame(batch)
    return batch


def n_rows_in(batch: Any) -> int:
    """Return the number of rows of a batch of any kind."""
    return n_rows_of(as_frame(batch[0] if isinstance(batch, tuple) else batch))


def check_y_and_weight(y: Any, sample_weight: Any) -> None:
    """Raise unless both are names of columns, each another one."""
    if not (y is None or isinstance(y, str) or _is_list_of_names(y)):
        raise TypeError(
            "The 'y' parameter of fit_batches must be the name of a column or a list of names; targets that "
            f"are not in the frames come with each batch, as (X, y). Got {_shown(y)} instead."
        )
    if not (sample_weight is None or isinstance(sample_weight, str)):
        raise TypeError(
            "The 'sample_weight' parameter must be the name of a column; weights that are not in the frames "
            f"come with each batch, as (X, y, sample_weight). Got {_shown(sample_weight)} instead."
        )
    taken = [*names(y), *names(sample_weight)]
    if len(set(taken)) < len(taken):
        raise ValueError(f"'y' and 'sample_weight' must name each column once. Got {taken} instead.")


def _is_list_of_names(y: Any) -> bool:
    return isinstance(y, list) and bool(y) and all(isinstance(name, str) for name in y)


def _shown(value: Any) -> str:
    return f"a {type(value).__name__}" if hasattr(value, "shape") else repr(value)


def check_batches(batches: Any, n_passes: int) -> None:
    """Raise unless the batches can be gone through as often as the model needs."""
    if callable(batches) or isinstance(batches, FileSource):
        return
    _check_iterable(batches)
    if isinstance(batches, Iterator) and n_passes > 1:
        raise TypeError(
            f"This model needs {n_passes} passes over the batches, but an iterator can be gone through once. "
            "The 'batches' parameter of fit_batches may be a list, a function that returns a new iterator at "
            f"each call, or what scan_parquet returns. Got a {type(batches).__name__} instead."
        )


def _check_iterable(batches: Any, returned: str = "") -> None:
    # The type is asked, since a LazyFrame would work out its columns.
    is_one = hasattr(type(batches), "columns") or isinstance(batches, (str, bytes, dict))
    if is_one or not isinstance(batches, Iterable):
        raise TypeError(
            "The 'batches' parameter of fit_batches must hold frames: a list of them, a function that "
            "returns an iterator, or what scan_parquet returns. "
            f"Got {returned}a {type(batches).__name__} instead."
        )


def numbered(batches: Any) -> Generator[tuple[str, Any], None, None]:
    """Yield each batch and where it is from."""
    if isinstance(batches, FileSource):
        yield from where_of(batches)
    else:
        made: Iterable[Any] = batches() if callable(batches) else batches
        _check_iterable(made, "a function that returns " if callable(batches) else "")
        yield from ((f"batch {number}", batch) for number, batch in enumerate(made))
