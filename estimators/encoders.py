"""One-hot and multi-hot encoders for pandas and polars data frames, arrays and lists.

``OneHotEncoder`` encodes columns of single categories, ``MultiHotEncoder`` columns of lists of categories.
Both work in a Pipeline and a ColumnTransformer. Each kind of table is read directly, without conversion to
another kind. The methods are in ``estimators/_encoding/encoder.py``.
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

    A cell is a list, tuple, set, frozenset or array of strings, numbers or booleans. A bare number is read as
    a list of one item. A bare string is an error unless `separator` is given. An item that is repeated in a
    list counts once. Equal items (1, 1.0, True) are one category.

    ``X`` may be a pandas or polars Series or data frame, a numpy array, or a Python list. A Python list is
    one column, and its elements are the cells. Each column is encoded separately.

    Parameters
    ----------
    categories : "auto" or list of sequences, default="auto"
        With "auto", the categories are those found in the data, sorted. Otherwise a list with one sequence of
        categories per column, whose order is kept. For a single column, the sequence itself may be given.
    separator : str, default=None
        Separator at which cells that are strings are split: with ",", ``"Action, Comedy"`` is a list of two
        categories. Spaces around a piece are removed. An empty piece is a missing item, so the empty string
        is an empty list. If a separator is given, every cell must be a string or missing.
    sparse_output : bool, default=True
        Whether to return a CSR matrix. If False, an array is returned. ``set_output(transform="pandas")``
        requires False.
    dtype : numpy dtype, default=numpy.float64
        Data type of the output. It must be supported by SciPy's sparse matrices, which excludes float16.
    handle_unknown : {"error", "ignore", "infrequent_if_exist", "warn", "other"}, default="error"
        How to handle unknown items:

        - "error": raise an error that names the row and the nearest known categories, in `fit` as well;
        - "ignore": ignore the item, so that a row without known items is encoded as zeros;
        - "infrequent_if_exist": set the column of infrequent categories if there is one, else ignore the
          item;
        - "warn": the same, with a warning;
        - "other": set a catch-all column, which is the first column of its input column.
    missing : {"unknown", "ignore", "category"}, default="unknown"
        How to handle missing items (None, NaN, null), missing cells and empty lists:

        - "unknown": like unknown items, as `handle_unknown` says;
        - "ignore": encode them as zeros;
        - "category": make a category of them, None.
    min_frequency : int or float, default=None
        A category is infrequent if it occurs in fewer rows, or, for a float in (0, 1), in a smaller share of
        the rows. Infrequent categories share one output column, the last one of the input column.
    max_categories : int, default=None
        Greatest number of output columns for each input column, the column of infrequent categories included
        and the catch-all excluded. The categories with the lowest counts are infrequent.
    feature_name_combiner : {"concat", "equals"} or callable, default="concat"
        Names of the output columns: ``types_Puzzle`` for "concat", ``types=Puzzle`` for "equals", or what
        ``feature_name_combiner(input_name, category)`` returns.

    Attributes
    ----------
    categories_ : list of ndarray of shape (n_categories,)
        The known categories of each column, sorted or as given.
    infrequent_categories_ : list of ndarray of shape (n_infrequent,), or None
        The infrequent categories of each column, or None for a column that has none. Only defined if
        `min_frequency` or `max_categories` is given.
    n_features_in_ : int
        Number of columns seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen during `fit`. Only defined if ``X`` is a data frame or a named Series.

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

    A drop-in replacement for `sklearn.preprocessing.OneHotEncoder` of scikit-learn 1.9, with the same
    parameters, defaults, attributes, names and messages. It is several times faster, reads pandas and polars
    columns directly, adds up over chunks and machines (:meth:`partial_fit`, :meth:`merge`,
    :meth:`additive_state`), and its errors name the row and the nearest known category. It adds
    ``handle_unknown="other"``, the parameter `missing` and ``feature_name_combiner="equals"``.

    A cell is a string, number or boolean. Equal values (1, 1.0, True) are one category. A list in a cell is
    an error: use `MultiHotEncoder` for lists.

    Parameters
    ----------
    categories : "auto" or list of sequences, default="auto"
        With "auto", the categories are those found in the data, sorted. Otherwise a list with one sequence of
        categories per column, whose order is kept. Numbers must be sorted. For a single column, the sequence
        itself may be given.
    drop : {"first", "if_binary"} or array-like of shape (n_columns,), default=None
        Category of each column that gets no output column, so that a row of zeros means this category:

        - "first": the first category;
        - "if_binary": the first category of the columns that have two;
        - array-like: ``drop[j]`` is the category to drop from column ``j``.

        If categories are grouped by `min_frequency` or `max_categories`, a category is dropped after that.
    sparse_output : bool, default=True
        Whether to return a CSR matrix. If False, an array is returned. ``set_output(transform="pandas")``
        requires False.
    dtype : numpy dtype, default=numpy.float64
        Data type of the output. It must be supported by SciPy's sparse matrices, which excludes float16.
    handle_unknown : {"error", "ignore", "infrequent_if_exist", "warn", "other"}, default="error"
        How to handle unknown values:

        - "error": raise an error that names the row and the nearest known categories. If `categories` are
          given, `fit` raises it as well;
        - "ignore": encode the value as zeros. With `drop`, warn that they look like the dropped category;
        - "infrequent_if_exist": set the column of infrequent categories if there is one, else as "ignore";
        - "warn": the same, always with a warning;
        - "other": set a catch-all column, which is the first column of its input column.
    missing : {"category", "ignore", "unknown"}, default="category"
        How to handle missing values:

        - "category": None and NaN are categories of their own, as in scikit-learn. A null in a polars column
          of strings is None. A missing value in a numeric, date or pandas string column is NaN (or NaT);
        - "ignore": encode them as zeros, which means "not given";
        - "unknown": like unknown values, as `handle_unknown` says, in `fit` as well.
    min_frequency : int or float, default=None
        A category is infrequent if it occurs in fewer rows, or, for a float in (0, 1), in a smaller share of
        the rows. Infrequent categories share one output column, the last one of the input column.
    max_categories : int, default=None
        Greatest number of output columns for each input column, the column of infrequent categories included
        and the catch-all excluded. The categories with the lowest counts are infrequent.
    feature_name_combiner : {"concat", "equals"} or callable, default="concat"
        Names of the output columns: ``budget_cheap`` for "concat", ``budget=cheap`` for "equals", or what
        ``feature_name_combiner(input_name, category)`` returns.

    Attributes
    ----------
    categories_ : list of ndarray of shape (n_categories,)
        The known categories of each column, sorted or as given, with the dropped one. None and NaN come last.
    drop_idx_ : ndarray of shape (n_columns,), or None
        The position of the dropped category in `categories_` for each column, or None for a column that drops
        none. None if ``drop=None``. If infrequent categories are dropped together, the position of the first
        of them.
    infrequent_categories_ : list of ndarray of shape (n_infrequent,), or None
        The infrequent categories of each column, or None for a column that has none. Only defined if
        `min_frequency` or `max_categories` is given.
    n_features_in_ : int
        Number of columns seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen during `fit`. Only defined if ``X`` is a data frame.

    See Also
    --------
    MultiHotEncoder : Encodes columns of lists.
    sklearn.preprocessing.OneHotEncoder : The encoder of scikit-learn that this class replaces.

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
        """The position of the dropped category of each column, or None."""
        return self._drop_idx

    def _read_column(self, column: Cells, name: str) -> Column:
        return read_categories(column, name, keep_missing=self.missing == "category")

    def _decode(self, X: sparse.csr_array | np.ndarray) -> np.ndarray:
        zeros_allowed = [*map(self._rules.may_be_zero, self._outputs)]
        return decode_one_hot(X, self._outputs, self._rules.has_other, zeros_allowed)
