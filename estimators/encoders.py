"""One-hot and multi-hot encoders for pandas and polars data frames, arrays and lists.

``OneHotEncoder`` encodes columns of single categories, ``MultiHotEncoder`` columns of lists of categories.
Both work in a Pipeline and a ColumnTransformer. Each kind of table is read directly, without conversion to
another kind. The methods are in ``estimators/_encoding/encoder.py``.
"""

from typing import Literal

import numpy as np
from numpy.typing import DTypeLike

from estimators._encoding.categories import GivenCategories
from estimators._encoding.columns import Cells, Column, read_delimited, read_lists, read_scalars
from estimators._encoding.encoder import CategoryEncoder

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
    handle_unknown : {"error", "ignore", "other"}, default="error"
        How to handle unknown items, missing items (None, NaN, null), missing cells and empty lists:

        - "error": raise an error that names the row and the nearest known categories, in `fit` as well;
        - "ignore": ignore the item, so that a row without known items is encoded as zeros;
        - "other": set a catch-all column, which is the first column of its input column.
    separator : str, default=None
        Separator at which cells that are strings are split: with "|", ``"Action|Comedy"`` is a list of two
        categories. Spaces are kept. An empty piece is a missing item, so the empty string is an empty list.
        If a separator is given, every cell must be a string or missing.
    sparse_output : bool, default=True
        Whether to return a CSR matrix. If False, an array is returned. ``set_output(transform="pandas")``
        requires False.
    dtype : numpy dtype, default=numpy.float64
        Data type of the output. It must be supported by SciPy's sparse matrices, which excludes float16.

    Attributes
    ----------
    categories_ : list of ndarray of shape (n_categories,)
        The known categories of each column, in the order of the output columns, without the catch-all.
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
    array(['types=Adventure', 'types=Puzzle', 'types=Racing'], dtype=object)
    >>> encoder.inverse_transform([[1, 0, 1]])[0, 0]
    ['Adventure', 'Racing']
    """

    _parameter_constraints: dict = {
        **CategoryEncoder._parameter_constraints,
        "separator": [str, None],
    }
    _cells_may_be_lists = True

    def __init__(
        self,
        *,
        categories: Literal["auto"] | GivenCategories = "auto",
        handle_unknown: Literal["error", "ignore", "other"] = "error",
        separator: str | None = None,
        sparse_output: bool = True,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.categories = categories
        self.handle_unknown = handle_unknown
        self.separator = separator
        self.sparse_output = sparse_output
        self.dtype = dtype

    def _read_column(self, column: Cells, name: str) -> Column:
        if self.separator is None:
            return read_lists(column, name)
        return read_delimited(column, name, self.separator)

    def _write_cell(self, items: list, row: int, name: str) -> list:
        return items


class OneHotEncoder(CategoryEncoder):
    """Encode columns of single categories as one column of zeros and ones per category.

    A cell is a string, number or boolean. Equal values (1, 1.0, True) are one category. A list in a cell is
    an error: use `MultiHotEncoder` for lists.

    ``X`` may be a pandas or polars Series or data frame, a numpy array, or a Python list. A flat list is one
    column, a list of rows is several columns. Each column is encoded separately.

    Parameters
    ----------
    categories : "auto" or list of sequences, default="auto"
        With "auto", the categories are those found in the data, sorted. Otherwise a list with one sequence of
        categories per column, whose order is kept. For a single column, the sequence itself may be given.
    handle_unknown : {"error", "ignore", "other"}, default="error"
        How to handle unknown and missing (None, NaN, null) values:

        - "error": raise an error that names the row and the nearest known categories, in `fit` as well;
        - "ignore": encode the value as zeros;
        - "other": set a catch-all column, which is the first column of its input column.
    sparse_output : bool, default=True
        Whether to return a CSR matrix. If False, an array is returned. ``set_output(transform="pandas")``
        requires False.
    dtype : numpy dtype, default=numpy.float64
        Data type of the output. It must be supported by SciPy's sparse matrices, which excludes float16.

    Attributes
    ----------
    categories_ : list of ndarray of shape (n_categories,)
        The known categories of each column, in the order of the output columns, without the catch-all.
    n_features_in_ : int
        Number of columns seen during `fit`.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns seen during `fit`. Only defined if ``X`` is a data frame or a named Series.

    See Also
    --------
    MultiHotEncoder : Encodes columns of lists.
    sklearn.preprocessing.OneHotEncoder : Can also drop a category and group infrequent ones.

    Examples
    --------
    >>> import pandas as pd
    >>> from estimators import OneHotEncoder
    >>> games = pd.DataFrame({"budget": ["cheap", "premium", "cheap"]})
    >>> encoder = OneHotEncoder(handle_unknown="other", sparse_output=False).fit(games)
    >>> encoder.get_feature_names_out()
    array(['budget:other', 'budget=cheap', 'budget=premium'], dtype=object)
    >>> encoder.transform(pd.DataFrame({"budget": ["premium", "free"]}))
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """

    _cells_may_be_lists = False

    def __init__(
        self,
        *,
        categories: Literal["auto"] | GivenCategories = "auto",
        handle_unknown: Literal["error", "ignore", "other"] = "error",
        sparse_output: bool = True,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.categories = categories
        self.handle_unknown = handle_unknown
        self.sparse_output = sparse_output
        self.dtype = dtype

    def _read_column(self, column: Cells, name: str) -> Column:
        return read_scalars(column, name)

    def _write_cell(self, items: list, row: int, name: str) -> object:
        if len(items) > 1:
            raise ValueError(f"Row {row} has several categories in column {name!r}: {items}.")
        return items[0] if items else None
