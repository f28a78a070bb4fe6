"""Split batches of any kind into X, y and weights, and check that all have the same columns and kinds."""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from pipelines._common.frames import Rows, as_frame, collected, n_rows_of
from pipelines._scaling.schema import ANY, check_schema, listed, located, schema_of
from pipelines._scaling.sources import FileSource

Names: TypeAlias = str | list[str] | None
Table: TypeAlias = tuple[Rows, Rows, np.ndarray | None]  # X, y and the weights
Batches: TypeAlias = Iterable[Rows] | Callable[[], Iterable[Rows]]


@dataclass
class Reader:
    """Split batches into X, y and weights.

    Attributes
    ----------
    y, sample_weight : names of the target and weight columns; None if batches are tuples or have no
    such columns
    schema : dict from each column to the kind of its values; None before the first batch
    first : name of the batch or file in which the schema was found
    """

    y: Names = None
    sample_weight: str | None = None
    schema: dict[str, str] | None = None
    first: str = field(default="", repr=False)

    def split(self, batch: Rows, where: str) -> Table | None:
        """Return X, y and the weights of a batch, or None if the batch has no rows."""
        with located(where):
            batch = tuple(map(collected, batch)) if isinstance(batch, tuple) else as_frame(batch)
            self.check_is_frame(batch)
            parts = batch if isinstance(batch, tuple) else (batch,)
            if not 1 <= len(parts) <= 3:
                raise TypeError(
                    f"A batch must be X, (X, y) or (X, y, sample_weight). Got a tuple of {len(parts)} items."
                )
            X = self._checked(parts[0], where)
            if not n_rows_of(X):
                return None
            return (X, *parts[1:], None)[:3] if len(parts) > 1 else self._divided(X)

    def check_is_frame(self, batch: Rows) -> None:
        """Raise TypeError if a batch is not a frame although `y` or `sample_weight` is a column name."""
        if (self.y is not None or self.sample_weight is not None) and not hasattr(type(batch), "columns"):
            raise TypeError(
                "Batches must be data frames if 'y' or 'sample_weight' is given as column names. "
                f"Got a {type(batch).__name__} instead."
            )

    def _checked(self, X: Rows, where: str) -> Rows:
        """Check X against the schema, and return X with its columns in the order of the schema."""
        if not (hasattr(X, "shape") or isinstance(X, list)):
            raise TypeError(
                "A batch must be a pandas or polars frame, an Arrow batch or table, or a tuple (X, y) of "
                f"arrays. Got a {type(X).__name__} instead."
            )
        found = schema_of(X) if n_rows_of(X) else dict.fromkeys(schema_of(X), ANY)
        if self.schema is None:
            self.check_names(found)
            self.schema, self.first = found, where
        self.schema = check_schema(found, self.schema, self.first)
        return X if list(found) == list(self.schema) else X[list(self.schema)]

    def check_names(self, found: Iterable[str]) -> None:
        """Raise ValueError unless the columns of the targets and weights are in `found`."""
        for what, given in (("y", self.y), ("sample_weight", self.sample_weight)):
            for name in _names(given):
                if name not in found:
                    raise ValueError(
                        f"The {what!r} parameter must contain only the names of columns: {listed(found)}. "
                        f"Got {name!r} instead."
                    )

    def _divided(self, frame: Rows) -> Table:
        taken = [*_names(self.y), *_names(self.sample_weight)]
        if not taken:
            return frame, None, None
        X = frame[[name for name in frame.columns if name not in taken]]
        weight = None if self.sample_weight is None else np.asarray(frame[self.sample_weight])
        return X, None if self.y is None else frame[self.y], weight


def _names(given: Names) -> list[str]:
    return [] if given is None else [given] if isinstance(given, str) else given


def n_rows_in(batch: Rows) -> int:
    """Return the number of rows in a batch, which may be a tuple."""
    return n_rows_of(as_frame(batch[0] if isinstance(batch, tuple) else batch))


def check_y_and_weight(y: Names, sample_weight: str | None, of: str) -> None:
    """Raise TypeError unless both are column names, and ValueError if a name occurs twice."""
    are_names = isinstance(y, list) and y and all(isinstance(name, str) for name in y)
    if not (y is None or isinstance(y, str) or are_names):
        elsewhere = {
            "fit_batches": "to pass targets that are not in the frames, use batches of the form (X, y)",
            "fit_dask": "targets that are not in X must be a Dask collection",
        }
        raise TypeError(
            f"The 'y' parameter of {of} must be the name of a column or a list of names; {elsewhere[of]}. "
            f"Got {_shown(y)} instead."
        )
    if not (sample_weight is None or isinstance(sample_weight, str)):
        outside = "; to pass weights that are not in the frames, use batches (X, y, sample_weight)"
        raise TypeError(
            f"The 'sample_weight' parameter of {of} must be the name of a column"
            f"{outside if of == 'fit_batches' else ''}. Got {_shown(sample_weight)} instead."
        )
    taken = [*_names(y), *_names(sample_weight)]
    if len(set(taken)) < len(taken):
        raise ValueError(f"The columns in 'y' and 'sample_weight' must be distinct. Got {taken} instead.")


def _shown(value: object) -> str:
    return f"a {type(value).__name__}" if hasattr(value, "shape") else repr(value)


def check_batches(batches: Batches, n_passes: int) -> None:
    """Raise TypeError unless the batches can be read as often as the model needs."""
    if callable(batches):
        return
    _check_iterable(batches)
    if isinstance(batches, Iterator) and n_passes > 1:
        raise TypeError(
            f"This model needs {n_passes} passes over the batches, but an iterator can be read only once. "
            f"Pass a list, a function that returns a new iterator at each call, or the result of "
            f"scan_parquet as the 'batches' parameter of fit_batches. Got a {type(batches).__name__} instead."
        )


def _check_iterable(batches: object, returned: str = "") -> None:
    # hasattr is called on the type, because a LazyFrame would have to compute its columns.
    is_one = hasattr(type(batches), "columns") or isinstance(batches, (str, bytes, dict))
    if is_one or not isinstance(batches, Iterable):
        raise TypeError(
            "The 'batches' parameter of fit_batches must be a list of frames, a function that returns an "
            "iterator of frames, or the result of scan_parquet. "
            f"Got {returned}a {type(batches).__name__} instead."
            f"{' Pass [frame.collect()].' if hasattr(type(batches), 'collect') else ''}"
        )


def numbered(batches: Batches) -> Generator[tuple[str, Rows], None, None]:
    """Yield each batch together with its file name or number for error messages."""
    if isinstance(batches, FileSource):
        for file in batches.files:
            yield from ((str(file), frame) for frame in file)
        return
    made = batches() if callable(batches) else batches
    _check_iterable(made, "a function that returns " if callable(batches) else "")
    yield from ((f"batch {number}", batch) for number, batch in enumerate(made))
