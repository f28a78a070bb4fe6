"""Read Parquet, CSV and NDJSON files in batches of bounded size with the streaming engine of polars."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from glob import escape, glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pipelines._common.parameters import check_int
from pipelines._scaling.schema import ANY, check_schema, kind_of_type, located, located_error

if TYPE_CHECKING:
    import polars as pl

Paths: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
Options: TypeAlias = dict[str, Any]  # keyword arguments of polars' functions
SUFFIXES = {"parquet": (".parquet", ".pq"), "csv": (".csv", ".tsv"), "ndjson": (".ndjson", ".jsonl")}
ROWS_PER_BATCH = 1 << 18
BATCHES_PER_PART = 8  # batches of a Parquet file that one task on a cluster reads


@dataclass(frozen=True)
class FilePart:
    """A range of rows of one file, which can be pickled and sent to the worker that reads the rows."""

    path: str
    kind: str
    columns: tuple[str, ...] | None
    batch_size: int
    options: Options
    start: int = 0
    length: int | None = None

    def __iter__(self) -> Iterator["pl.DataFrame"]:
        """Yield polars frames of at most `batch_size` rows."""
        import polars as pl

        try:
            frame = self.lazy().slice(self.start, self.length)
            yield from frame.collect_batches(chunk_size=self.batch_size, engine="streaming")
        except pl.exceptions.PolarsError as error:
            raise located_error(str(self), error) from error

    def lazy(self) -> "pl.LazyFrame":
        """Return a lazy polars frame of the chosen columns."""
        import polars as pl

        scan: Any = {"parquet": pl.scan_parquet, "csv": pl.scan_csv, "ndjson": pl.scan_ndjson}[self.kind]
        as_it_is = "://" in self.path or self.options.get("glob") is False
        # An escaped path is always a single file, even if its name looks like a pattern, such as [1].csv.
        frame = scan(self.path if as_it_is else escape(self.path), **self.options)
        return frame if self.columns is None else frame.select(self.columns)

    def schema(self) -> "dict[str, pl.DataType]":
        """Return the columns and their polars types."""
        import polars as pl

        try:
            return dict(self.lazy().collect_schema())
        except pl.exceptions.PolarsError as error:
            raise located_error(str(self), error) from error

    def kinds(self) -> dict[str, str]:
        """Return the columns and the kinds of their values."""
        return {name: kind_of_type(str(dtype)) for name, dtype in self.schema().items()}

    def n_rows(self) -> int:
        """Return the number of rows, which is stored in the metadata of a Parquet file."""
        import polars as pl

        return self.lazy().select(pl.len()).collect().item()

    def __str__(self) -> str:
        return f"file {self.path!r}" + (f" from row {self.start}" if self.start else "")


class FileSource:
    """The batches of a set of files, which can be read any number of times."""

    def __init__(self, files: list[FilePart]) -> None:
        self.files = files

    def __iter__(self) -> Iterator["pl.DataFrame"]:
        """Yield polars frames, file by file."""
        for file in self.files:
            yield from file

    def parts(self) -> list[FilePart]:
        """Return the parts that tasks on a cluster read: files, or several batches of a Parquet file."""
        parts = []
        for file in self.files:
            rows = BATCHES_PER_PART * file.batch_size
            n_rows = file.n_rows() if file.kind == "parquet" else 0
            starts = range(0, n_rows, rows) if n_rows > rows else [None]
            parts += [file if at is None else replace(file, start=at, length=rows) for at in starts]
        return parts

    def n_rows(self) -> int | None:
        """Return the number of rows, or None if counting would require reading the files."""
        if any(file.kind != "parquet" for file in self.files):
            return None
        return sum(file.n_rows() for file in self.files)

    def __repr__(self) -> str:
        return f"FileSource({len(self.files)} files, {self.files[0].path!r} first)"


def scan_parquet(
    path: Paths, *, columns: Sequence[str] | None = None, batch_size: int = ROWS_PER_BATCH, **options: Any
) -> FileSource:
    """Return the batches of Parquet files, read with the streaming engine of polars in bounded memory.

    Parameters
    ----------
    path : str, path, or list of them
        The files to read: a file, a folder (all ``.parquet`` and ``.pq`` files in it and its subfolders), a
        pattern such as ``sales/2025-*.parquet``, or a URL that polars can read, such as
        "s3://bucket/sales.parquet".

    columns : sequence of str, default=None
        The columns to read. None means all columns.

    batch_size : int, default=262144
        The maximum number of rows per batch. A batch never spans two files.

    **options
        Further keyword arguments of :func:`polars.scan_parquet`.

    Returns
    -------
    source : iterable of polars.DataFrame
        The batches, for :func:`fit_batches`, :func:`fit_dask` and :func:`recommend_dask`. They can be read
        any number of times.

    Raises
    ------
    FileNotFoundError
        If no files are found.
    ValueError
        If the columns of a file, or the kinds of their values, differ from those of the first file, or if a
        file cannot be read. The message states the file and the column. Only the schemas of the files are
        read for this check.
    TypeError
        If `columns` is not a list of names.

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
    return _open_files("parquet", path, columns, batch_size, options)


def scan_csv(
    path: Paths, *, columns: Sequence[str] | None = None, batch_size: int = ROWS_PER_BATCH, **options: Any
) -> FileSource:
    """Return the batches of CSV files, read with the streaming engine of polars in bounded memory.

    Parameters
    ----------
    path : str, path, or list of them
        The files to read, as in :func:`scan_parquet`. In folders, ``.csv`` and ``.tsv`` files are read.

    columns : sequence of str, default=None
        The columns to read, as in :func:`scan_parquet`.

    batch_size : int, default=262144
        The maximum number of rows per batch, as in :func:`scan_parquet`.

    **options
        Further keyword arguments of :func:`polars.scan_csv`, such as ``separator``, ``schema_overrides`` and
        ``infer_schema_length``. All files are read with the types that polars infers from the first
        100 rows of the first file.

    Returns
    -------
    source : iterable of polars.DataFrame
        The batches, as in :func:`scan_parquet`. In CSV files a list of categories is a string, which
        ``MultiHotEncoder(separator="|")`` can split.

    Raises
    ------
    FileNotFoundError
        As in :func:`scan_parquet`.
    ValueError, TypeError
        As in :func:`scan_parquet`.

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
    return _open_files("csv", path, columns, batch_size, options)


def scan_ndjson(
    path: Paths, *, columns: Sequence[str] | None = None, batch_size: int = ROWS_PER_BATCH, **options: Any
) -> FileSource:
    """Return the batches of NDJSON files (one JSON object per line), read with polars in bounded memory.

    Parameters
    ----------
    path : str, path, or list of them
        The files to read, as in :func:`scan_parquet`. In folders, ``.ndjson`` and ``.jsonl`` files are read.

    columns : sequence of str, default=None
        The columns to read, as in :func:`scan_parquet`.

    batch_size : int, default=262144
        The maximum number of rows per batch, as in :func:`scan_parquet`.

    **options
        Further keyword arguments of :func:`polars.scan_ndjson`, such as ``schema_overrides`` and
        ``infer_schema_length``.

    Returns
    -------
    source : iterable of polars.DataFrame
        The batches, as in :func:`scan_parquet`. Lists remain lists.

    Raises
    ------
    FileNotFoundError
        As in :func:`scan_parquet`.
    ValueError, TypeError
        As in :func:`scan_parquet`.

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
    return _open_files("ndjson", path, columns, batch_size, options)


def _open_files(
    kind: str, path: Paths, columns: Sequence[str] | None, batch_size: int, options: Options
) -> FileSource:
    """Return the batches of files. Raise ValueError unless all files have the same columns."""
    batch_size = check_int("batch_size", batch_size, f"scan_{kind}")
    if isinstance(columns, str) or not (columns is None or (isinstance(columns, Sequence) and columns)):
        raise TypeError(
            f"The 'columns' parameter of scan_{kind} must be a list of column names, or None. "
            f"Got {columns!r} instead."
        )
    names = None if columns is None else tuple(columns)
    files = [FilePart(file, kind, names, batch_size, options) for file in find_files(path, kind)]
    first = files[0].schema()
    kinds = files[0].kinds() if kind == "parquet" else dict.fromkeys(first, ANY)
    for file in files[1:]:
        with located(str(file)):
            check_schema(file.kinds(), kinds, str(files[0]))
    if kind != "parquet":  # read all files with the types inferred from the first rows of the first file
        types = first | dict(options.get("schema_overrides") or {})
        files = [replace(file, options=options | {"schema_overrides": types}) for file in files]
    return FileSource(files)


def find_files(path: Paths, kind: str) -> list[str]:
    """Return the files for a path, folder or pattern, or for a list of these, sorted within each item."""
    found: list[str] = []
    for each in path if isinstance(path, (list, tuple)) and path else [path]:
        files = _files_of(str(each), kind) if each and isinstance(each, (str, os.PathLike)) else []
        if not files:
            raise FileNotFoundError(
                f"The 'path' parameter of scan_{kind} must be a file, a folder with files that end in "
                f"{' or '.join(SUFFIXES[kind])}, a pattern, or a list of these. "
                f"No files were found for {each!r}."
            )
        found += files
    return found


def _files_of(path: str, kind: str) -> list[str]:
    if "://" in path or Path(path).is_file():
        return [path]
    if Path(path).is_dir():
        files = (file for file in Path(path).rglob("*") if file.suffix in SUFFIXES[kind] and file.is_file())
        return sorted(str(file) for file in files if not file.name.startswith((".", "_")))
    return sorted(glob(path, recursive=True)) if has_magic(path) else []
