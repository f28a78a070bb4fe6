"""Split a table into columns, and convert a column to distinct values and integer codes."""

from collections.abc import Hashable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.utils import check_array

from estimators._encoding.numbering import Cells, check_items, is_polars, number, object_array

_MIN_POLARS_ROWS = 300  # with fewer rows Python is faster: polars takes 0.1 ms to start each expression
MIN_INEXACT = 2**53  # smaller integers are exact as floats, and no larger integer is rounded to one of them

Table = Any  # a pandas or polars Series or data frame, an array, or a list; they share no type


@dataclass(frozen=True)
class Column:
    """A column as rows of items. A missing item has code -1, and any other item is ``values[code]``.

    Each row has at least one item, because a missing cell or an empty list is read as one missing item.

    Attributes
    ----------
    values : list of length n_values
        The distinct values that occur, which are hashable.
    codes : ndarray of shape (n_items,)
        The codes of the items of all rows, in row order.
    lengths : ndarray of shape (n_rows,) or None
        Number of items of each row. None if each row has one item.
    dtype : numpy dtype or None
        The dtype for an array of categories of this column. If None, the dtype depends on the values.
    """

    values: list
    codes: np.ndarray
    lengths: np.ndarray | None = None
    dtype: np.dtype | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.codes if self.lengths is None else self.lengths)

    def indptr(self) -> np.ndarray:
        """Return the start and end of each row: row ``r`` is ``codes[indptr[r]:indptr[r + 1]]``."""
        # the index types that scipy uses
        kind = np.int32 if len(self.codes) <= np.iinfo(np.int32).max else np.int64
        if self.lengths is None:
            return np.arange(len(self.codes) + 1, dtype=kind)
        indptr = np.zeros(len(self.lengths) + 1, dtype=kind)
        np.cumsum(self.lengths, out=indptr[1:])
        return indptr

    def take(self, rows: np.ndarray) -> "Column":
        """Return the rows with these indices, where -1 is the last row."""
        if self.lengths is None:
            return Column(self.values, self.codes[rows])
        starts, lengths = self.indptr()[:-1][rows], self.lengths[rows]
        items = np.arange(lengths.sum())
        items += np.repeat(starts - (np.cumsum(lengths) - lengths), lengths)
        return Column(self.values, self.codes[items], lengths)

    def with_missing_as(self, value: Hashable) -> "Column":
        """Return the column with missing items replaced by the given value."""
        missing = self.codes < 0
        if not missing.any():
            return self
        codes = np.where(missing, len(self.values), self.codes)
        return Column([*self.values, value], codes, self.lengths, self.dtype)


def open_table(X: Table, *, cells_may_be_lists: bool, estimator: BaseEstimator) -> tuple[list[Cells], Table]:
    """Split ``X`` into columns without converting them.

    Returns
    -------
    columns : list of pandas Series, polars Series, 1-D ndarray or list of cells
    header : data frame or 2-D ndarray
        Table with the shape and the column names of `X`, for scikit-learn's ``validate_data``.
    """
    if cells_may_be_lists and (isinstance(X, pd.Series) or is_polars(X, "Series")):
        columns = [X]
        named = isinstance(X.name, str) and X.name != ""
        header = X.to_frame() if named else np.empty((len(X), 1), dtype=bool)
    elif isinstance(X, pd.DataFrame):
        columns, header = [X.iloc[:, j] for j in range(X.shape[1])], X
    elif is_polars(X, "DataFrame"):
        columns, header = X.get_columns(), X
    elif cells_may_be_lists and isinstance(X, (list, tuple)):
        columns, header = [list(X)], np.empty((len(X), 1), dtype=bool)
    else:
        header = (_read_lists_or_array if cells_may_be_lists else _read_array)(X, estimator)
        columns = list(header.T)
    if 0 in header.shape:
        check_array(np.empty(header.shape), estimator=estimator)  # this raises the error
    return columns, header


def columns_named(X: Table, names: list[str], *, cells_may_be_lists: bool) -> list[Cells] | None:
    """Return the columns of a table that has exactly these column names, or None for any other table.

    For a single row, this is several times as fast as `open_table` and ``validate_data``.
    """
    if cells_may_be_lists and (isinstance(X, pd.Series) or is_polars(X, "Series")):
        found, columns = [X.name], [X]
    elif isinstance(X, pd.DataFrame):
        found, columns = X.columns.tolist(), [X.iloc[:, j] for j in range(X.shape[1])]
    elif is_polars(X, "DataFrame"):
        found, columns = X.columns, X.get_columns()
    else:
        return None
    return columns if found == names and len(X) else None


def _read_lists_or_array(X: Table, estimator: BaseEstimator) -> np.ndarray:
    if not isinstance(X, np.ndarray) and not issparse(X):
        X = np.asarray(X)
    # A flat array of numbers might be one row or one column, so check_array refuses it.
    if X.ndim == 1 and X.dtype.kind not in "biufc":
        X = X.reshape(-1, 1)
    return check_array(
        X,
        dtype=None,
        ensure_all_finite=False,
        ensure_min_samples=0,
        ensure_min_features=0,
        estimator=estimator,
    )


def _read_array(X: Table, estimator: BaseEstimator) -> np.ndarray:
    """Return X as an array, like scikit-learn's encoders.

    Numbers in lists with strings stay numbers, and large integers in lists with other numbers stay exact.
    """
    try:
        array = check_array(X, dtype=None, ensure_all_finite="allow-nan", estimator=estimator)
        if hasattr(X, "dtype") or not (array.dtype.kind == "U" or _may_be_rounded(array)):
            return array
        objects = check_array(X, dtype=object, ensure_all_finite="allow-nan", estimator=estimator)
        return objects if array.dtype.kind == "U" or _is_rounded(array, objects) else array
    except ValueError as error:
        if "inhomogeneous" in str(error):
            error.add_note(
                "OneHotEncoder needs rows of equal length. To encode lists of categories, use "
                "MultiHotEncoder."
            )
        raise


def _may_be_rounded(array: np.ndarray) -> bool:
    return array.dtype.kind == "f" and not _is_exact(array)


def _is_rounded(array: np.ndarray, objects: np.ndarray) -> bool:
    """Return True if an array of floats does not have the exact value of an integer."""
    large = np.abs(array) >= MIN_INEXACT
    pairs = zip(array[large].tolist(), objects[large].tolist(), strict=True)
    return any(isinstance(value, Integral) and int(value) != rounded for rounded, value in pairs)


def read_scalars(column: Cells, name: str) -> Column:
    """Read a column of single values, in O(n) time."""
    if is_polars(column, "Series") and len(column) < _MIN_POLARS_ROWS:
        column = column.to_list()
    if isinstance(column, list):
        column = object_array(column)
    values, codes = number(column, name)
    check_items(values, name)
    return Column(values, codes)


def read_categories(column: Cells, name: str, *, keep_missing: bool) -> Column:
    """Read a column of single values in the same way as scikit-learn's OneHotEncoder, in O(n) time.

    If `keep_missing` is True, None and NaN are values. Otherwise, they have code -1.
    """
    column = _as_numpy_reads(column)
    values, codes = number(column, name)
    check_items(values, name, finite=column.dtype != object)
    missing = codes < 0
    dtype = _dtype_of(column, values, missing)
    if keep_missing and missing.any():
        values, codes = _number_missing(column, dtype, values, codes)
    return Column(values, codes, dtype=dtype)


def _as_numpy_reads(column: Cells) -> Cells:
    """Return a numeric column as an array. Integers with missing values become floats if this is exact."""
    if is_polars(column, "Series"):
        return _as_polars_reads(column)
    if isinstance(column, pd.Series) and isinstance(column.dtype, pd.SparseDtype):
        return np.asarray(
            column, dtype=column.dtype.subtype
        )  # without a dtype, pandas makes floats of uint64
    if isinstance(column, pd.Series) and isinstance(column.dtype, np.dtype):
        return np.asarray(column)
    if (
        isinstance(column, pd.Series)
        and isinstance(column.dtype, pd.ArrowDtype)
        and column.dtype.kind in "mM"
    ):
        array = np.asarray(column)  # days and dates with a time zone become objects
        return array if array.dtype.kind in "mM" else column
    is_bool = isinstance(column, pd.Series) and pd.api.types.is_bool_dtype(
        column.dtype
    )  # also for a Categorical
    if isinstance(column, pd.Series) and (
        column.dtype.kind in "iufb" or is_bool
    ):  # nullable, pandas or pyarrow
        array = column.to_numpy(dtype=np.float64, na_value=np.nan)
        is_safe = column.dtype.kind not in "iu" or _is_exact(array)
        return array if is_safe else column.to_numpy(dtype=object, na_value=np.nan)
    return column


def _as_polars_reads(column: Cells) -> Cells:
    import polars as pl

    kind, has_null = column.dtype, column.null_count() > 0
    if kind in (pl.Date, pl.Duration) or (kind == pl.Datetime and kind.time_zone is None):
        return column.to_numpy()
    if kind.is_float() or (
        (kind.is_integer() or kind == pl.Boolean) and not has_null and "128" not in str(kind)
    ):
        return column.to_numpy()
    if kind.is_integer() and "128" not in str(kind):
        array = column.cast(pl.Float64).to_numpy()
        if _is_exact(array):
            return array
        return object_array([np.nan if value is None else value for value in column.to_list()])
    if kind in (pl.String, pl.Categorical, pl.Enum) and len(column) >= _MIN_POLARS_ROWS:
        return column
    return object_array(column.to_list())


def _is_exact(array: np.ndarray) -> bool:
    return np.nanmax(np.abs(array), initial=0.0) < MIN_INEXACT


def _dtype_of(column: Cells, values: list, missing: np.ndarray) -> np.dtype:
    """Return the dtype of the column as a NumPy array."""
    dtype = getattr(
        getattr(column.dtype, "categories", None), "dtype", column.dtype
    )  # for a pandas Categorical
    if not isinstance(dtype, np.dtype):
        return np.dtype(object)
    if dtype.kind in "iub" and missing.any():
        return np.dtype(object if dtype.kind == "b" else np.float64)
    return dtype


def _number_missing(
    column: Cells, dtype: np.dtype, values: list, codes: np.ndarray
) -> tuple[list, np.ndarray]:
    """Add None and NaN to the values. Other missing values, such as pandas.NA, become NaN."""
    values, codes, missing = [*values], codes.astype(np.int64), np.flatnonzero(codes < 0)
    if isinstance(column, np.ndarray) and column.dtype == object:
        is_none = np.fromiter((cell is None for cell in column[missing]), dtype=bool, count=len(missing))
    else:
        is_none = np.full(len(missing), is_polars(column, "Series"))
    nan = pd.NaT if dtype.kind in "mM" else np.nan
    for value, rows in ((None, missing[is_none]), (nan, missing[~is_none])):
        if len(rows):
            codes[rows] = len(values)
            values.append(value)
    return values, codes
