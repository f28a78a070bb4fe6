"""One-hot, multi-hot and bin encoders for pandas and polars data frames, arrays and lists.

``OneHotEncoder`` encodes columns of single categories, ``MultiHotEncoder`` encodes columns of lists of
categories, and ``BinEncoder`` encodes columns of numbers. They work in a Pipeline and a ColumnTransformer.
Columns of categories in pandas and polars data frames are read directly, without conversion. The methods of
the first two are in ``estimators/_encoding/encoder.py``.
"""

from numbers import Integral
from typing import ClassVar, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from estimators._common.matrices import MatrixLike, readable, validate_data
from estimators._common.scikit_learn import Interval, StrOptions, check_feature_names_in, fit_context
from estimators._encoding.bins import (
    CellBinner,
    Edges,
    are_whole,
    bin_names,
    given_edges,
    quantile_edges,
    refuse_cell,
)
from estimators._encoding.categories import GivenCategories
from estimators._encoding.columns import Column, read_categories
from estimators._encoding.decoding import decode_one_hot, rows_of
from estimators._encoding.encoder import (
    CategoryEncoder,
    Encoded,
    HandleMissing,
    HandleUnknown,
    NameCombiner,
    as_output,
    check_dtype,
    check_output,
    name_combiner,
)
from estimators._encoding.lists import read_delimited, read_lists
from estimators._encoding.numbering import Cells, object_array
from estimators._encoding.outputs import Drop

__all__ = ["BinEncoder", "MultiHotEncoder", "OneHotEncoder"]


class MultiHotEncoder(CategoryEncoder):
    """Encode columns of lists of categories as one column of zeros and ones per category.

    Each cell is a list, tuple, set, frozenset or array of strings, numbers or booleans. A single number is
    treated as a list with one item. A single string raises an error unless `separator` is given. Duplicate
    items in a list are counted once. Items that compare equal (1, 1.0, True) are one category.

    ``X`` may be a pandas or polars Series or data frame, a NumPy array, or a Python list. A Python list is
    treated as a single column, with one cell per element. Each column is encoded separately.

    Parameters
    ----------
    categories : "auto" or list of sequences, default="auto"
        "auto" uses the sorted categories found in the data. Otherwise, a list with one sequence of categories
        per column. The order of each sequence is kept. If there is only one column, its sequence of
        categories can be passed directly.
    separator : str, default=None
        Separator used to split strings into lists: with ",", the string ``"Action, Comedy"`` becomes a list
        of two categories. Leading and trailing whitespace of each part is removed. An empty part is a missing
        item, so an empty string is treated like an empty list. If a separator is given, every cell must be a
        string or missing.
    sparse_output : bool, default=True
        If True, a CSR matrix is returned. If False, an array is returned. ``set_output(transform="pandas")``
        requires ``sparse_output=False``.
    dtype : numpy dtype, default=numpy.float64
        Data type of the output. It must be supported by SciPy's sparse matrices. float16 is not supported.
    handle_unknown : {"error", "ignore", "infrequent_if_exist", "warn", "other"}, default="error"
        How to handle unknown items:

        - "error": raise an error that shows the row number and the most similar known categories. `fit` also
          raises this error if an item is not in the given `categories`;
        - "ignore": ignore the item. A row without any known items is encoded as zeros;
        - "infrequent_if_exist": encode the item as an infrequent category. If the column has no infrequent
          categories, ignore the item;
        - "warn": same as "infrequent_if_exist", but issue a warning;
        - "other": encode the item in a catch-all column, which comes first among the output columns of the
          input column.
    missing : {"unknown", "ignore", "category"}, default="unknown"
        How to handle missing items (None, NaN, null), missing cells and empty lists:

        - "unknown": treat them as unknown items, according to `handle_unknown`;
        - "ignore": encode them as zeros;
        - "category": treat them as a category named None.
    min_frequency : int or float, default=None
        Minimum number of rows (int) or fraction of rows (float in (0, 1)) in which a category must occur. A
        category that occurs in fewer rows is infrequent. The infrequent categories of an input column share
        one output column, which comes last.
    max_categories : int, default=None
        Maximum number of output columns per input column. The column of infrequent categories counts towards
        this number, but the catch-all column does not. If there are more categories, the ones with the lowest
        counts are infrequent.
    feature_name_combiner : {"concat", "equals"} or callable, default="concat"
        How to name the output columns. "concat" gives names such as ``types_Puzzle``, and "equals" gives
        names such as ``types=Puzzle``. A callable is called as ``feature_name_combiner(input_name,
        category)`` and must return the name.

    Attributes
    ----------
    categories_ : list of ndarray of shape (n_categories,)
        The known categories of each column, either sorted or in the given order.
    infrequent_categories_ : list of ndarray of shape (n_infrequent,), or None
        The infrequent categories of each column, or None for a column without infrequent categories. Only
        defined if `min_frequency` or `max_categories` is given.
    n_features_in_ : int
        Number of columns seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen during `fit`. Only defined if ``X`` is a data frame or a Series with a name.

    See Also
    --------
    OneHotEncoder : Encodes columns of single values.
    sklearn.preprocessing.MultiLabelBinarizer : Encodes lists of labels as a target, not as features.

    Examples
    --------
    >>> import pandas as pd
    >>> from estimators import MultiHotEncoder
    >>> games = pd.DataFrame({"types": [["Puzzle"], ["Adventure", "Puzzle"], ["Racing"]]})
    >>> encoder = MultiHotEncoder(handle_unknown="ignore", sparse_output=False)
    >>> encoder.fit_transform(games)
    array([[0., 1., 0.],
           [1., 1., 0.],
           [0., 0., 1.]])
    >>> encoder.get_feature_names_out()
    array(['types_Adventure', 'types_Puzzle', 'types_Racing'], dtype=object)
    >>> encoder.inverse_transform([[1, 0, 1]])[0, 0]
    ['Adventure', 'Racing']
    """

    _parameter_constraints: ClassVar[dict] = {
        **CategoryEncoder._parameter_constraints,
        "separator": [str, None],
    }
    _cells_may_be_lists = True

    def __init__(
        self,
        *,
        categories: Literal["auto"] | GivenCategories = "auto",
        separator: str | None = None,
        sparse_output: bool = True,
        dtype: DTypeLike = np.float64,
        handle_unknown: HandleUnknown = "error",
        missing: HandleMissing = "unknown",
        min_frequency: float | None = None,
        max_categories: int | None = None,
        feature_name_combiner: NameCombiner = "concat",
    ) -> None:
        self.categories = categories
        self.separator = separator
        self.sparse_output = sparse_output
        self.dtype = dtype
        self.handle_unknown = handle_unknown
        self.missing = missing
        self.min_frequency = min_frequency
        self.max_categories = max_categories
        self.feature_name_combiner = feature_name_combiner

    def _read_column(self, column: Cells, name: str) -> Column:
        if self.separator is None:
            read = read_lists(column, name)
        else:
            read = read_delimited(column, name, self.separator)
        return read.with_missing_as(None) if self.missing == "category" else read

    def _decode(self, X: sparse.csr_array | np.ndarray) -> np.ndarray:
        decoded = np.empty((X.shape[0], len(self._outputs)), dtype=object)
        end, catch_all = 0, [None] if self._rules.has_other else []
        for j, each in enumerate(self._outputs):
            start, end = end, end + len(catch_all) + each.width
            labels = object_array([*catch_all, *each.kept.tolist()])
            decoded[:, j] = object_array([*rows_of(sparse.csr_array(X[:, start:end]), labels)])
        return decoded


class OneHotEncoder(CategoryEncoder):
    """Encode columns of single categories as one column of zeros and ones per category.

    This class is a drop-in replacement for `sklearn.preprocessing.OneHotEncoder` of scikit-learn 1.9, with
    the same parameters, defaults, attributes, output names and messages. It is several times faster, and it
    reads pandas and polars columns directly. It can be fitted in chunks or on several machines
    (:meth:`partial_fit`, :meth:`merge`, :meth:`additive_state`). Its error messages show the row number and
    the most similar known categories. In addition, it supports ``handle_unknown="other"``, the parameter
    `missing` and ``feature_name_combiner="equals"``.

    Each cell is a string, number or boolean. Values that compare equal (1, 1.0, True) are one category. A
    list in a cell raises an error. Use `MultiHotEncoder` for lists.

    Parameters
    ----------
    categories : "auto" or list of sequences, default="auto"
        "auto" uses the sorted categories found in the data. Otherwise, a list with one sequence of categories
        per column. The order of each sequence is kept. Numbers must be sorted. If there is only one column,
        its sequence of categories can be passed directly.
    drop : {"first", "if_binary"} or array-like of shape (n_columns,), default=None
        Category to drop from each column. The dropped category has no output column and is encoded as zeros:

        - "first": drop the first category of each column;
        - "if_binary": drop the first category of each column that has exactly two categories;
        - array-like: ``drop[j]`` is the category to drop from column ``j``.

        Categories are dropped after infrequent categories are grouped by `min_frequency` or
        `max_categories`.
    sparse_output : bool, default=True
        If True, a CSR matrix is returned. If False, an array is returned. ``set_output(transform="pandas")``
        requires ``sparse_output=False``.
    dtype : numpy dtype, default=numpy.float64
        Data type of the output. It must be supported by SciPy's sparse matrices. float16 is not supported.
    handle_unknown : {"error", "ignore", "infrequent_if_exist", "warn", "other"}, default="error"
        How to handle unknown values:

        - "error": raise an error that shows the row number and the most similar known categories. `fit` also
          raises this error if a value is not in the given `categories`;
        - "ignore": encode the value as zeros. If `drop` is given, issue a warning, because the dropped
          category is encoded as zeros too;
        - "infrequent_if_exist": encode the value as an infrequent category. If the column has no infrequent
          categories, same as "ignore";
        - "warn": same as "infrequent_if_exist", but always issue a warning;
        - "other": encode the value in a catch-all column, which comes first among the output columns of the
          input column.
    missing : {"category", "ignore", "unknown"}, default="category"
        How to handle missing values:

        - "category": treat None and NaN as separate categories, as in scikit-learn. A null in a polars string
          column is None. A missing value in a numeric, date or pandas string column is NaN (or NaT);
        - "ignore": encode them as zeros;
        - "unknown": treat them as unknown values, according to `handle_unknown`, in `fit` too.
    min_frequency : int or float, default=None
        Minimum number of rows (int) or fraction of rows (float in (0, 1)) in which a category must occur. A
        category that occurs in fewer rows is infrequent. The infrequent categories of an input column share
        one output column, which comes last.
    max_categories : int, default=None
        Maximum number of output columns per input column. The column of infrequent categories counts towards
        this number, but the catch-all column does not. If there are more categories, the ones with the lowest
        counts are infrequent.
    feature_name_combiner : {"concat", "equals"} or callable, default="concat"
        How to name the output columns. "concat" gives names such as ``budget_cheap``, and "equals" gives
        names such as ``budget=cheap``. A callable is called as ``feature_name_combiner(input_name,
        category)`` and must return the name.

    Attributes
    ----------
    categories_ : list of ndarray of shape (n_categories,)
        The known categories of each column, either sorted or in the given order. The dropped category is
        included. None and NaN come last.
    drop_idx_ : ndarray of shape (n_columns,), or None
        Index in ``categories_[j]`` of the category dropped from column ``j``, or None if no category is
        dropped from that column. If the infrequent categories of a column are dropped, this is the index of
        the first one. ``drop_idx_`` is None if ``drop=None``.
    infrequent_categories_ : list of ndarray of shape (n_infrequent,), or None
        The infrequent categories of each column, or None for a column without infrequent categories. Only
        defined if `min_frequency` or `max_categories` is given.
    n_features_in_ : int
        Number of columns seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen during `fit`. Only defined if ``X`` is a data frame.

    See Also
    --------
    MultiHotEncoder : Encodes columns of lists.
    sklearn.preprocessing.OneHotEncoder : The scikit-learn encoder that this class replaces.

    Examples
    --------
    >>> import pandas as pd
    >>> from estimators import OneHotEncoder
    >>> games = pd.DataFrame({"budget": ["cheap", "premium", "cheap"]})
    >>> encoder = OneHotEncoder(handle_unknown="other", sparse_output=False).fit(games)
    >>> encoder.get_feature_names_out()
    array(['budget:other', 'budget_cheap', 'budget_premium'], dtype=object)
    >>> encoder.transform(pd.DataFrame({"budget": ["premium", "free"]}))
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """

    _parameter_constraints: ClassVar[dict] = {
        **CategoryEncoder._parameter_constraints,
        "drop": [StrOptions({"first", "if_binary"}), "array-like", None],
    }
    _cells_may_be_lists = False

    def __init__(
        self,
        *,
        categories: Literal["auto"] | GivenCategories = "auto",
        drop: Literal["first", "if_binary"] | list | tuple | np.ndarray | None = None,
        sparse_output: bool = True,
        dtype: DTypeLike = np.float64,
        handle_unknown: HandleUnknown = "error",
        missing: HandleMissing = "category",
        min_frequency: float | None = None,
        max_categories: int | None = None,
        feature_name_combiner: NameCombiner = "concat",
    ) -> None:
        self.categories = categories
        self.drop: Drop = drop
        self.sparse_output = sparse_output
        self.dtype = dtype
        self.handle_unknown = handle_unknown
        self.missing = missing
        self.min_frequency = min_frequency
        self.max_categories = max_categories
        self.feature_name_combiner = feature_name_combiner

    @property
    def drop_idx_(self) -> np.ndarray | None:
        """Index in ``categories_`` of the category dropped from each column, or None."""
        return self._drop_idx

    def _read_column(self, column: Cells, name: str) -> Column:
        return read_categories(column, name, keep_missing=self.missing == "category")

    def _decode(self, X: sparse.csr_array | np.ndarray) -> np.ndarray:
        zeros_allowed = [*map(self._rules.may_be_zero, self._outputs)]
        return decode_one_hot(X, self._outputs, self._rules.has_other, zeros_allowed)


class BinEncoder(TransformerMixin, BaseEstimator):
    """Encode columns of numbers as one column of zeros and ones per bin.

    Each bin includes its lower edge and excludes its upper edge. The first bin has no lower edge and the last
    bin has no upper edge, so every number is in a bin. Missing numbers are encoded as zeros.

    Parameters
    ----------
    n_bins : int, default=10
        Number of bins per column, if `edges` is "auto". If some values are frequent, there can be fewer bins.
    edges : "auto" or list of sequences of float, default="auto"
        "auto" chooses edges in :meth:`fit` so that the bins have about equal numbers of rows. Otherwise, a
        list with one increasing sequence of edges per column: n edges make n + 1 bins. If there is only one
        column, its sequence can be passed directly. Integer edges are meant for columns of whole numbers: the
        names of the bins are then, for example, "1980 to 1989".
    sparse_output : bool, default=True
        If True, a CSR matrix is returned. If False, an array is returned. ``set_output(transform="pandas")``
        requires ``sparse_output=False``.
    dtype : numpy dtype, default=numpy.float64
        Data type of the output. It must be supported by SciPy's sparse matrices.
    feature_name_combiner : {"concat", "equals"} or callable, default="concat"
        How to name the output columns. "concat" gives names such as ``year_1990 to 1999``, and "equals"
        gives names such as ``year=1990 to 1999``. A callable is called as
        ``feature_name_combiner(input_name, bin_name)`` and must return the name.

    Attributes
    ----------
    edges_ : list of ndarray of shape (n_edges,)
        The edges between the bins of each column.
    bin_names_ : list of ndarray of shape (n_bins,)
        The names of the bins of each column. A bin of whole numbers, such as "1990 to 1999", includes both
        ends. For other numbers, such as "6.5 to 7.2", the upper end belongs to the next bin.
    n_features_in_ : int
        Number of columns seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen during `fit`. Only defined if ``X`` is a data frame.

    See Also
    --------
    OneHotEncoder : Encodes columns of categories.
    sklearn.preprocessing.KBinsDiscretizer : Has other strategies, but does not accept missing values.

    Notes
    -----
    Fitting sorts the values of each column, which takes O(n log n) time. If the edges are given, nothing is
    learned from the data, so the encoder can also be used in :func:`pipelines.fit_batches`.

    Examples
    --------
    >>> import pandas as pd
    >>> from estimators import BinEncoder
    >>> films = pd.DataFrame({"year": [1942, 1977, 1982, 1994, 1999, None]})
    >>> encoder = BinEncoder(edges=[1980, 1990], sparse_output=False, feature_name_combiner="equals")
    >>> encoder.fit_transform(films)
    array([[1., 0., 0.],
           [1., 0., 0.],
           [0., 1., 0.],
           [0., 0., 1.],
           [0., 0., 1.],
           [0., 0., 0.]])
    >>> encoder.get_feature_names_out().tolist()
    ['year=1979 or less', 'year=1980 to 1989', 'year=1990 or more']
    """

    _parameter_constraints: ClassVar[dict] = {
        "n_bins": [Interval(Integral, 2, None, closed="left")],
        "edges": [StrOptions({"auto"}), "array-like"],
        "sparse_output": ["boolean"],
        "dtype": "no_validation",
        "feature_name_combiner": [StrOptions({"concat", "equals"}), callable],
    }

    def __init__(
        self,
        *,
        n_bins: int = 10,
        edges: Literal["auto"] | Edges = "auto",
        sparse_output: bool = True,
        dtype: DTypeLike = np.float64,
        feature_name_combiner: NameCombiner = "concat",
    ) -> None:
        self.n_bins = n_bins
        self.edges = edges
        self.sparse_output = sparse_output
        self.dtype = dtype
        self.feature_name_combiner = feature_name_combiner

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: MatrixLike, y: object = None) -> Self:
        """Find the edges and name the bins.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_columns)
            Columns of numbers, which may be missing (NaN, None, null).
        y : ignored, default=None
            Not used, present for compatibility with pipelines.

        Returns
        -------
        self : object
            The fitted encoder.

        Raises
        ------
        ValueError
            If X contains infinite values or strings that are not numbers (the message states the column and
            the row), or if `edges` does not contain one increasing sequence of finite numbers per column.
        TypeError
            If a cell contains another object, such as a list.
        """
        check_dtype(self.dtype)
        columns = self._read(X, reset=True).T
        if isinstance(self.edges, str):
            found = [column[~np.isnan(column)] for column in columns]
            self.edges_ = [quantile_edges(values, self.n_bins) for values in found]
            whole = [*map(are_whole, found)]
        else:
            self.edges_, whole = given_edges(self.edges, len(columns))
        named = zip(self.edges_, whole, strict=True)
        self.bin_names_ = [object_array(bin_names(edges, is_whole)) for edges, is_whole in named]
        return self

    def transform(self, X: MatrixLike) -> Encoded:
        """Encode the columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_columns)
            Columns of numbers, which may be missing (NaN, None, null).

        Returns
        -------
        encoded : csr_matrix or ndarray of shape (n_samples, n_output_columns)
            1 where the number is in the bin, otherwise 0.

        Raises
        ------
        ValueError
            If X contains infinite values or strings that are not numbers, or if its columns are not those
            seen in `fit`.
        TypeError
            If a cell contains another object, such as a list.
        """
        check_is_fitted(self, "edges_")
        check_output(self)
        X = self._read(X, reset=False)
        starts = np.cumsum([0, *map(len, self.bin_names_)])
        places = [
            start + np.searchsorted(edges, column, side="right")
            for start, edges, column in zip(starts, self.edges_, X.T, strict=False)
        ]
        given = ~np.isnan(X)
        indices = np.column_stack(places)[given].astype(np.int32)
        indptr = np.concatenate(([0], np.cumsum(given.sum(axis=1))))
        ones = np.ones(len(indices), dtype=self.dtype)
        encoded = sparse.csr_array((ones, indices, indptr), shape=(len(X), starts[-1]))
        return as_output(encoded, self.sparse_output)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> np.ndarray:
        """Return the names of the output columns.

        Parameters
        ----------
        input_features : array-like of shape (n_columns,), default=None
            Names of the input columns. If None, `feature_names_in_` is used if it is defined. Otherwise, the
            names are ``x0``, ``x1``, and so on.

        Returns
        -------
        names : ndarray of shape (n_output_columns,)
            A name for each bin, such as "year_1990 to 1999".

        Raises
        ------
        ValueError
            If `input_features` differs from the names seen during `fit`.
        TypeError
            If `feature_name_combiner` is a callable that does not return a string.
        """
        check_is_fitted(self, "edges_")
        names, combine = check_feature_names_in(self, input_features), name_combiner(self)
        each = zip(names, self.bin_names_, strict=True)
        return object_array([combine(name, of_bin) for name, bins in each for of_bin in bins])

    def cell_encoder(self, column: int = 0, start: int = 0) -> CellBinner:
        """Return a snapshot of the encoder that encodes single cells within microseconds.

        Parameters
        ----------
        column : int, default=0
            Index of the input column that the cells belong to.
        start : int, default=0
            Index of the first output column of this input column.

        Returns
        -------
        cell_encoder : CellBinner
            An object like that of :meth:`OneHotEncoder.cell_encoder`. Its ``categories`` are the names of the
            bins.

        Examples
        --------
        >>> from estimators import BinEncoder
        >>> BinEncoder(edges=[1980, 1990]).fit([[1985]]).cell_encoder().places(1994)
        [2]
        """
        check_is_fitted(self, "edges_")
        name = check_feature_names_in(self)[column]
        return CellBinner(name, self.bin_names_[column].tolist(), self.edges_[column], start)

    def _read(self, X: MatrixLike, *, reset: bool) -> np.ndarray:
        try:
            return validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan")
        except (ValueError, TypeError, OverflowError) as error:
            refuse_cell(readable(X))
            raise error

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.requires_fit = isinstance(self.edges, str)
        return tags
