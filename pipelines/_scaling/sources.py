"""Parquet, CSV and NDJSON files as batches of bounded size, read by polars' streaming engine."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from glob import escape, glob, has_magic
from numbers import Integral
from pathlib import Path
from typing import Any

from pipelines._scaling.schema import ANY, check_schema, kind_of_type, located, located_error

SUFFIXES = {"parquet": (".parquet", ".pq"), "csv": (".csv", ".tsv"), "ndjson": (".ndjson", ".jsonl")}
Paths = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
BATCH = 1 << 18  # rows
BATCHES_A_PART = 8  # what one task of a cluster reads of a Parquet file


@dataclass(frozen=True)
class FilePart:
    """Rows of one file; small, and can be pickled, so that a worker reads what it names."""

    path: str
    kind: str
    columns: tuple[str, ...] | None
    batch_size: int
    options: tuple[tuple[str, Any], ...] = ()
    start: int = 0
    length: int | None = None

    def __iter__(self) -> Iterator[Any]:
        """Yield polars frames of at most `batch_size` rows."""
        import polars as pl

        try:
            frame = self.lazy().slice(self.start, self.length)
            yield from frame.collect_batches(chunk_size=self.batch_size, engine="streaming")
        except pl.exceptions.PolarsError as error:
            raise located_error(str(self), error) from error

    def lazy(self) -> Any:
        """Return polars' lazy frame of the chosen columns."""
        import polars as pl

        options = dict(self.options)
        as_it_is = "://" in self.path or options.get("glob") is False
        path = self.path if as_it_is else escape(self.path)  # one file, even if it is called [1]
        frame = getattr(pl, f"scan_{self.kind}")(path, **options)
        return frame if self.columns is None else frame.select(self.columns)

    def schema(self) -> dict[str, Any]:
        """Return the columns and polars' types of them."""
        import polars as pl

        try:
            return dict(self.lazy().collect_schema())
        except pl.exceptions.PolarsError as error:
            raise located_error(str(self), error) from error

    def n_rows(self) -> int:
        """Return the number of rows, which a Parquet file knows without being read."""
        import polars as pl

        return self.lazy().select(pl.len()).collect().item()

    def __str__(self) -> str:
        return f"file {self.path!r}" + (f" from row {self.start}" if self.start else "")


class FileSource:
    """What scan_parquet, scan_csv and scan_ndjson return: batches, as often as asked."""

    def __init__(self, files: list[FilePart]) -> None:
        self.files = files

    def __iter__(self) -> Iterator[Any]:
        """Yield polars frames, file by file."""
        for file in self.files:
            yield from file

    def parts(self) -> list[FilePart]:
        """Return what tasks of a cluster read: files, or several batches of one Parquet file."""
        parts = []
        for file in self.files:
            rows = BATCHES_A_PART * file.batch_size
            n_rows = file.n_rows() if file.kind == "parquet" else 0
            starts = range(0, n_rows, rows) if n_rows > rows else [None]
            parts += [file if at is None else replace(file, start=at, length=rows) for at in starts]
        return parts

    def n_rows(self) -> int | None:
        """Return the number of rows; None where only reading would tell."""
        if any(file.kind != "parquet" for file in self.files):
            return None
        return sum(file.n_rows() for file in self.files)

    def __repr__(self) -> str:
        return f"FileSource({len(self.files)} files, {self.files[0].path!r} first)"


def where_of(source: FileSource) -> Iterator[tuple[str, Any]]:
    """Yield each batch and the file it is from."""
    for file in source.files:
        yield from ((str(file), frame) for frame in file)


def scan_parquet(
    path: Paths, *, columns: Sequence[str] | None = None, batch_size: int = BATCH, **options: Any
) -> FileSource:
    """Return the batches of Parquet files, read by polars' streaming engine in bounded memory.

    Parameters
    ----------
    path : str, path, or list of them
        Files, folders (all ``.parquet`` and ``.pq`` files in them, at any depth), patterns such as
        ``sales/2025-*.parquet``, or addresses that polars reads, such as "s3://bucket/sales.parquet".

    columns : sequence of str, default=None
        The columns to read; all by default.

    batch_size : int, default=262144
        Most rows of a batch. A batch ends with its file.

    **options
        For :func:`polars.scan_parquet`.

    Returns
    -------
    source : iterable of polars.DataFrame
        For :func:`fit_batches`, :func:`fit_dask` and :func:`recommend_dask`; as often as wanted.

    Raises
    ------
    FileNotFoundError
        If there are no such files.
    ValueError
        If a file has other columns than the first, or of another kind, or cannot be read: the file and the
        column are named. Of each file the schema is read, and nothing else.
    TypeError
        If `columns` is no list of names.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import polars as pl
    >>> from pipelines import scan_parquet
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pl.DataFrame({"x": range(5)}).write_parquet(Path(folder, "a.parquet"))
    ...     [len(batch) for batch in scan_parquet(folder, batch_size=2)]
    [2, 2, 1]
    """
    return open_files(path, "parquet", columns, _checked_size(batch_size, "scan_parquet"), options)


def scan_csv(
    path: Paths, *, columns: Sequence[str] | None = None, batch_size: int = BATCH, **options: Any
) -> FileSource:
    """Return the batches of CSV files, read by polars' streaming engine in bounded memory.

    Parameters
    ----------
    path : str, path, or list of them
        As of :func:`scan_parquet`; of a folder the ``.csv`` and ``.tsv`` files.

    columns : sequence of str, default=None
        As of :func:`scan_parquet`.

    batch_size : int, default=262144
        As of :func:`scan_parquet`.

    **options
        For :func:`polars.scan_csv`, such as ``separator``, ``schema_overrides`` and ``infer_schema_length``.
        The types are those that polars guesses from the first 100 rows of the first file, for all files.

    Returns
    -------
    source : iterable of polars.DataFrame
        A list of categories is a string here: ``MultiHotEncoder(separator="|")`` splits it.

    Raises
    ------
    FileNotFoundError
        As :func:`scan_parquet`.
    ValueError, TypeError
        As :func:`scan_parquet`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import polars as pl
    >>> from pipelines import scan_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pl.DataFrame({"types": ["Puzzle", "Action|Platform"]}).write_csv(Path(folder, "games.csv"))
    ...     [batch["types"].to_list() for batch in scan_csv(folder)]
    [['Puzzle', 'Action|Platform']]
    """
    return open_files(path, "csv", columns, _checked_size(batch_size, "scan_csv"), options)


def scan_ndjson(
    path: Paths, *, columns: Sequence[str] | None = None, batch_size: int = BATCH, **options: Any
) -> FileSource:
    """Return the batches of NDJSON files (one JSON object a line), read by polars' streaming engine.

    Parameters
    ----------
    path : str, path, or list of them
        As of :func:`scan_parquet`; of a folder the ``.ndjson`` and ``.jsonl`` files.

    columns : sequence of str, default=None
        As of :func:`scan_parquet`.

    batch_size : int, default=262144
        As of :func:`scan_parquet`.

    **options
        For :func:`polars.scan_ndjson`, such as ``schema_overrides`` and ``infer_schema_length``.

    Returns
    -------
    source : iterable of polars.DataFrame
        As of :func:`scan_parquet`. Lists stay lists.

    Raises
    ------
    FileNotFoundError
        As :func:`scan_parquet`.
    ValueError, TypeError
        As :func:`scan_parquet`.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from pipelines import scan_ndjson
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "games.ndjson").write_text('{"types": ["Action", "Platform"]}')
    ...     [batch["types"].to_list() for batch in scan_ndjson(folder)]
    [[['Action', 'Platform']]]
    """
    return open_files(path, "ndjson", columns, _checked_size(batch_size, "scan_ndjson"), options)


def _checked_size(batch_size: Any, of: str) -> int:
    if not isinstance(batch_size, Integral) or isinstance(batch_size, bool) or batch_size < 1:
        raise ValueError(
            f"The 'batch_size' parameter of {of} must be an int in the range [1, inf). "
            f"Got {batch_size!r} instead."
        )
    return int(batch_size)


def open_files(path: Any, kind: str, columns: Any, batch_size: int, options: dict[str, Any]) -> FileSource:
    """Return the source of files that have the same columns; raise where one has not."""
    if isinstance(columns, str) or not (columns is None or (isinstance(columns, Sequence) and columns)):
        raise TypeError(
            f"The 'columns' parameter of scan_{kind} must be a list of names, or None for all. "
            f"Got {columns!r} instead."
        )
    chosen = None if columns is None else tuple(columns)
    files = [
        FilePart(file, kind, chosen, batch_size, tuple(options.items())) for file in find_files(path, kind)
    ]
    first = files[0].schema()
    kinds = {name: kind_of_type(str(dtype)) if kind == "parquet" else ANY for name, dtype in first.items()}
    for file in files[1:]:
        with located(str(file)):
            found = {name: kind_of_type(str(dtype)) for name, dtype in file.schema().items()}
            check_schema(found, kinds, str(files[0]))
    if kind != "parquet":  # whose types are guessed from the first rows: of one file, for all
        types = {"schema_overrides": first | dict(options.get("schema_overrides") or {})}
        files = [replace(file, options=tuple((options | types).items())) for file in files]
    return FileSource(files)


def find_files(path: Any, kind: str) -> list[str]:
    """Return the files that a path, a folder, a pattern, or a list of these names, sorted within each."""
    found: list[str] = []
    for each in path if isinstance(path, (list, tuple)) and path else [path]:
        files = _files_of(str(each), kind) if each and isinstance(each, (str, os.PathLike)) else []
        if not files:
            raise FileNotFoundError(
                f"The 'path' parameter of scan_{kind} must name files, a folder with files that end in "
                f"{' or '.join(SUFFIXES[kind])}, or a pattern. Got {each!r}, and found none."
            )
        found += files
    return found


def _files_of(path: str, kind: str) -> list[str]:
    if "://" in path or Path(path).is_file():
        return [path]
    if Path(path).is_dir():
        return sorted(str(file) for file in Path(path).rglob("*") if _is_data(file, kind))
    return sorted(glob(path, recursive=True)) if has_magic(path) else []


def _is_data(file: Path, kind: str) -> bool:
    return file.is_file() and file.suffix in SUFFIXES[kind] and not file.name.startswith((".", "_"))
