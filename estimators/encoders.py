"""One-hot and multi-hot encoders for pandas and polars data frames, arrays and lists.

``OneHotEncoder`` encodes columns of single categories, and ``MultiHotEncoder`` encodes columns of lists of
categories. Both work in a Pipeline and a ColumnTransformer. pandas and polars data frames are read directly,
without conversion. The methods are in ``estimators/_encoding/encoder.py``.
"""

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import DTypeLike
from scipy import sparse

from estimators._common.scikit_learn import StrOptions
from estimators._encoding.categories import GivenCategories
from estimators._encoding.columns import Column, read_categories
from estimators._encoding.decoding import decode_one_hot, rows_of
from estimators._encoding.encoder import CategoryEncoder, HandleMissing, HandleUnknown, NameCombiner
from estimators._encoding.lists import read_delimited, read_lists
from estimators._encoding.numbering import Cells, object_array
from estimators._encoding.outputs import Drop

__all__ = ["MultiHotEncoder", "OneHotEncoder"]


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
