"""One-hot and multi-hot encoding with one rule for unknown values.

``OneHotEncoder`` encodes columns of single categories, ``MultiHotEncoder`` columns of lists of
categories. Both work in a Pipeline and a ColumnTransformer on pandas and polars frames, numpy
arrays and Python lists; each kind is read without being converted to another.

The state is additive: the categories of two parts are the union of the parts' categories.
Their methods stand in ``estimators/_encoding/encoder.py``.
"""

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from estimators._encoding.columns import Column, read_delimited, read_lists, read_scalars
from estimators._encoding.encoder import CategoryEncoder

__all__ = ["MultiHotEncoder", "OneHotEncoder"]


class MultiHotEncoder(CategoryEncoder):
    """Encode columns of lists of categories as one 0/1 column per category.

    A cell is a list, tuple, set, frozenset or array of strings, numbers or booleans. A cell that
    is a bare number is a list of one; a bare string is an error unless `separator` is given. An
    item repeated in one list counts once. Equal items (1, 1.0, True) are one category.

    ``X`` may be a pandas or polars Series or data frame, a numpy array, or a Python list. A Python
    list is one column, whose elements are the cells. Each column is encoded on its own.

    Parameters
    ----------
    categories : "auto" or list of sequences, default="auto"
        "auto" takes the categories found in the data, sorted. Otherwise one sequence of categories
        per column, kept in the given order; for a single column the sequence itself will do.
    handle_unknown : {"error", "ignore", "other"}, default="error"
        What to do with an item that is not among the categories, a missing item (None, NaN, null),
        a missing cell and an empty list:

        - "error": raise, naming the row and the nearest known categories, in `fit` as well;
        - "ignore": leave the row's columns at zero, but for the known items beside it;
        - "other": set a catch-all column, which comes first among the columns of its input.
    separator : str, default=None
        Split string cells at this separator: with "|", ``"Action|Comedy"`` holds two categories.
        Pieces are taken as written, blanks included. An empty piece is a missing item, so that
        the empty string is an empty list. Every cell must then be a string or missing.
    sparse_output : bool, default=True
        Return a CSR matrix; otherwise an array, which ``set_output(transform="pandas")`` needs.
    dtype : numpy dtype, default=numpy.float64
        Type of the output, one that SciPy's sparse matrices take (not float16).

    Attributes
    ----------
    categories_ : list of ndarray of shape (n_categories,)
        One per column: the known categories in the order of the output columns, without the catch-all.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where ``X`` had names: a data frame or a named Series.

    See Also
    --------
    OneHotEncoder : The same for single values.
    sklearn.preprocessing.MultiLabelBinarizer : The same for labels, outside of a Pipeline.

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

    _parameter_constraints: dict[str, Any] = {
        **CategoryEncoder._parameter_constraints,
        "separator": [str, None],
    }
    _cells_may_be_lists = True

    def __init__(
        self,
        *,
        categories: Any = "auto",
        handle_unknown: str = "error",
        separator: str | None = None,
        sparse_output: bool = True,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.categories = categories
        self.handle_unknown = handle_unknown
        self.separator = separator
        self.sparse_output = sparse_output
        self.dtype = dtype

    def _read_column(self, column: Any, name: str) -> Column:
        if self.separator is None:
            return read_lists(column, name)
        return read_delimited(column, name, self.separator)

    def _write_cell(self, items: list[Any], row: int, name: str) -> list[Any]:
        return items


class OneHotEncoder(CategoryEncoder):
    """Encode columns of single categories as one 0/1 column per category.

    A cell is a string, number or boolean. Equal values (1, 1.0, True) are one category. A list
    in a cell is an error: `MultiHotEncoder` encodes those.

    ``X`` may be a pandas or polars Series or data frame, a numpy array, or a Python list: a flat
    list is one column, a list of rows several. Each column is encoded on its own.

    Parameters
    ----------
    categories : "auto" or list of sequences, default="auto"
        "auto" takes the categories found in the data, sorted. Otherwise one sequence of categories
        per column, kept in the given order; for a single column the sequence itself will do.
    handle_unknown : {"error", "ignore", "other"}, default="error"
        What to do with a value that is not among the categories and with a missing one (None, NaN,
        null):

        - "error": raise, naming the row and the nearest known categories, in `fit` as well;
        - "ignore": leave the row's columns at zero;
        - "other": set a catch-all column, which comes first among the columns of its input.
    sparse_output : bool, default=True
        Return a CSR matrix; otherwise an array, which ``set_output(transform="pandas")`` needs.
    dtype : numpy dtype, default=numpy.float64
        Type of the output, one that SciPy's sparse matrices take (not float16).

    Attributes
    ----------
    categories_ : list of ndarray of shape (n_categories,)
        One per column: the known categories in the order of the output columns, without the catch-all.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where ``X`` had names: a data frame or a named Series.

    See Also
    --------
    MultiHotEncoder : The same for lists of categories.
    sklearn.preprocessing.OneHotEncoder : With dropped and infrequent categories.

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
        categories: Any = "auto",
        handle_unknown: str = "error",
        sparse_output: bool = True,
        dtype: DTypeLike = np.float64,
    ) -> None:
        self.categories = categories
        self.handle_unknown = handle_unknown
        self.sparse_output = sparse_output
        self.dtype = dtype

    def _read_column(self, column: Any, name: str) -> Column:
        return read_scalars(column, name)

    def _write_cell(self, items: list[Any], row: int, name: str) -> Any:
        if len(items) > 1:
            raise ValueError(f"Row {row} has several categories in column {name!r}: {items}.")
        return items[0] if items else None
