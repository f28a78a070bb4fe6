"""What `OneHotEncoder` and `MultiHotEncoder` share: fit, transform, merge, names.

Reading a column (``columns.py``) gives its distinct values and one integer code per item. Encoding
(``categories.py``) looks up each distinct value once among the known categories and builds the CSR matrix
from the codes. ``fit_transform`` reads the rows once.

This is a base class because the two encoders differ only in how they read a column and write a cell.
"""

from collections.abc import Hashable
from typing import Literal, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy import sparse
from sklearn import get_config
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators._common.merging import check_mergeable, set_features
from estimators._common.scikit_learn import StrOptions, check_feature_names_in, fit_context
from estimators._encoding.categories import (
    FoundCategories,
    GivenCategories,
    encode_column,
    given_categories,
    positions,
    refuse_unknown,
    rows_of,
    union,
)
from estimators._encoding.columns import Cells, Column, Table, object_array, open_table
from estimators._encoding.one_cell import CellEncoder

Encoded: TypeAlias = sparse.csr_matrix | sparse.csr_array | np.ndarray


class CategoryEncoder(TransformerMixin, BaseEstimator):
    """An encoder without its parameters and without its way to read a column and to write a cell."""

    categories: Literal["auto"] | GivenCategories
    categories_: list[np.ndarray]
    handle_unknown: Literal["error", "ignore", "other"]
    sparse_output: bool
    dtype: DTypeLike
    separator: str | None = None

    _parameter_constraints: dict = {
        "categories": [StrOptions({"auto"}), "array-like"],
        "handle_unknown": [StrOptions({"error", "ignore", "other"})],
        "sparse_output": ["boolean"],
        "dtype": "no_validation",  # checked by numpy
    }
    _cells_may_be_lists: bool

    def _read_column(self, column: Cells, name: str) -> Column:
        raise NotImplementedError

    def _write_cell(self, items: list, row: int, name: str) -> object:
        raise NotImplementedError

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Table, y: object = None) -> Self:
        """Find the categories of each column. O(n + k log k) for n items and k categories.

        Parameters
        ----------
        X : data frame, Series, array or list of shape (n_samples, n_columns) or (n_samples,)
            The columns to encode.
        y : None, default=None
            Ignored, present for use in a Pipeline.

        Returns
        -------
        self : encoder
            The fitted encoder.

        Raises
        ------
        ValueError
            If ``handle_unknown="error"`` and a cell is missing, empty or not one of the given categories.
        TypeError
            If a cell has the wrong type or the categories cannot be sorted.
        """
        self._fit_columns(X, reset=True)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Table, y: object = None) -> Self:
        """Add the categories found in more rows. The output columns stay sorted.

        Calls with parts of the data, in any order, give the same encoder as one call of :meth:`fit` with all
        of it. Categories given as a parameter do not change. New categories widen the output, so an
        estimator that is already fitted on the narrower output must be fitted again.
        O(n + k log k) for n items and k categories.

        Parameters
        ----------
        X : data frame, Series, array or list of shape (n_samples, n_columns) or (n_samples,)
            More rows.
        y : None, default=None
            Ignored, present for use in a Pipeline.

        Returns
        -------
        self : encoder
            The updated encoder.

        Raises
        ------
        ValueError
            In the cases listed for :meth:`fit`. The encoder is then unchanged.
        TypeError
            In the cases listed for :meth:`fit`.
        """
        self._fit_columns(X, reset=not hasattr(self, "categories_"))
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Table, y: object = None) -> Encoded:
        """Find the categories and encode the rows, which are read once.

        Parameters
        ----------
        X : data frame, Series, array or list of shape (n_samples, n_columns) or (n_samples,)
            The columns to encode.
        y : None, default=None
            Ignored, present for use in a Pipeline.

        Returns
        -------
        X_out : CSR matrix or ndarray of shape (n_samples, n_columns_out)
            The same as ``fit(X).transform(X)``.

        Raises
        ------
        ValueError
            In the cases listed for :meth:`fit`.
        TypeError
            In the cases listed for :meth:`fit`.
        """
        return self._encode(self._fit_columns(X, reset=True))

    def transform(self, X: Table) -> Encoded:
        """Encode each cell as zeros and ones. O(n) for n items.

        Parameters
        ----------
        X : data frame, Series, array or list of shape (n_samples, n_columns) or (n_samples,)
            The columns to encode.

        Returns
        -------
        X_out : CSR matrix or ndarray of shape (n_samples, n_columns_out)
            With ``sparse_output=True`` a `csr_matrix`, or a `csr_array` if scikit-learn is configured with
            ``sparse_interface="sparray"``. Otherwise an array.

        Raises
        ------
        ValueError
            If ``handle_unknown="error"`` and a value is unknown, missing or empty. The message lists the
            known categories, nearest spelling first.
        TypeError
            If a cell has the wrong type.
        """
        check_is_fitted(self, "categories_")
        columns = self._read(X, reset=False)
        if self.handle_unknown == "error":
            self._refuse_unknown(columns, self._positions)
        return self._encode(columns)

    def inverse_transform(self, X: Encoded | ArrayLike) -> NDArray[np.object_]:
        """Turn zeros and ones back into categories. O(n) for n ones.

        Parameters
        ----------
        X : sparse matrix, ndarray or data frame of shape (n_samples, n_columns_out)
            Encoded rows. Every entry other than zero counts as one.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_columns), dtype object
            For `MultiHotEncoder`, each cell is a list in the order of the categories: empty for a row of
            zeros, with an item None for the catch-all column. For `OneHotEncoder`, each cell is a category,
            or None for a row of zeros and for the catch-all column.

        Raises
        ------
        ValueError
            If X has the wrong number of columns, or, for a OneHotEncoder, if a row has several ones in the
            columns of one input column.
        """
        check_is_fitted(self, "categories_")
        matrix = sparse.csr_array(check_array(X, accept_sparse="csr", ensure_min_features=0))
        names, pairs = self._input_names(), self.get_categories_out()
        if matrix.shape[1] != len(pairs):
            raise ValueError(
                "Shape of the passed X data is not correct. "
                f"Expected {len(pairs)} columns, got {matrix.shape[1]}."
            )
        decoded = np.empty((matrix.shape[0], len(names)), dtype=object)
        end = 0
        for j, (name, categories) in enumerate(zip(names, self.categories_, strict=True)):
            start, end = end, end + len(categories) + (self.handle_unknown == "other")
            items = object_array([category for _, category in pairs[start:end]])
            for row, held in enumerate(rows_of(matrix[:, start:end], items)):
                decoded[row, j] = self._write_cell(held, row, name)
        return decoded

    def merge(self, other: Self) -> Self:
        """Add the categories of another fitted encoder to this one.

        Parameters
        ----------
        other : encoder of the same class
            An encoder fitted with the same parameters on the same columns. It is not changed.

        Returns
        -------
        self : encoder
            The same encoder as one fitted on the rows of both.

        Raises
        ------
        TypeError
            If `other` is of another class, or if the categories of both cannot be sorted together, such as
            numbers and strings.
        ValueError
            If a parameter or the input columns differ. Both encoders are then unchanged.
        sklearn.exceptions.NotFittedError
            If one of the encoders is not fitted.
        """
        check_mergeable(self, other, settings=_comparable)
        self._set_categories(self._state().merge(other._state()).categories)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def additive_state(self, X: Table, y: object = None, sample_weight: object = None) -> FoundCategories:
        """Return the categories of some rows, without changing the encoder.

        The categories of several parts of the data can be computed on different machines, united with their
        method ``merge``, and given to :meth:`fit_state`.

        Parameters
        ----------
        X : data frame, Series, array or list of shape (n_samples, n_columns) or (n_samples,)
            Rows, as for :meth:`fit`.
        y : None, default=None
            Ignored, present so that all additive states are made alike.
        sample_weight : None, default=None
            Ignored, present so that all additive states are made alike.

        Returns
        -------
        state : FoundCategories
            Its method ``merge(other)`` returns the categories of both sets of rows. Its attribute ``n_ones``
            is the number of ones in the encoded rows if ``sparse_output=True``, else 0. It can be pickled.

        Raises
        ------
        ValueError
            In the cases listed for :meth:`fit`.
        TypeError
            In the cases listed for :meth:`fit`.

        Examples
        --------
        >>> from estimators import OneHotEncoder
        >>> encoder = OneHotEncoder()
        >>> monday = encoder.additive_state(["cheap", "premium"])
        >>> tuesday = encoder.additive_state(["free"])
        >>> encoder.fit_state(monday.merge(tuesday)).categories_
        [array(['cheap', 'free', 'premium'], dtype=object)]
        """
        reader = clone(self)
        columns = reader._fit_columns(X, reset=True)
        n_ones = sum(encoded.nnz for encoded in reader._encode_columns(columns)) if self.sparse_output else 0
        return reader._state(n_ones)

    @fit_context(prefer_skip_nested_validation=True)
    def fit_state(self, state: FoundCategories) -> Self:
        """Fit the encoder from the categories of some rows, as :meth:`fit` does on the rows.

        Parameters
        ----------
        state : FoundCategories
            The categories from :meth:`additive_state` of an encoder with the same parameters, or several of
            them merged.

        Returns
        -------
        self : encoder
            The fitted encoder.

        Raises
        ------
        ValueError
            If the categories of the state were given as a parameter and those of the encoder were not, or
            the other way round, or if `dtype` is not a numpy dtype that SciPy's sparse matrices support.
        """
        _check_dtype(self.dtype)
        if state.given == isinstance(self.categories, str):
            raise ValueError("The state belongs to an encoder with another parameter 'categories'.")
        set_features(self, len(state.categories), state.feature_names)
        self._set_categories(state.categories)
        return self

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Return the names of the output columns, ``<input>=<category>`` or ``<input>:other``.

        Parameters
        ----------
        input_features : array-like of str of shape (n_columns,), default=None
            Names of the input columns. By default `feature_names_in_`, or ``x0``, ``x1``, ... if the input
            had no names.

        Returns
        -------
        feature_names_out : ndarray of str objects of shape (n_columns_out,)
            Names in the order of the output columns. The catch-all column is ``<input>:other``.
        """
        pairs = self.get_categories_out(input_features)
        return object_array([f"{n}:other" if c is None else f"{n}={c}" for n, c in pairs])

    def get_categories_out(self, input_features: ArrayLike | None = None) -> list[tuple[str, Hashable]]:
        """Return the input column and the category of each output column.

        Parameters
        ----------
        input_features : array-like of str of shape (n_columns,), default=None
            Names of the input columns. By default `feature_names_in_`, or ``x0``, ``x1``, ... if the input
            had no names.

        Returns
        -------
        categories_out : list of (input name, category), of length n_columns_out
            The category of the catch-all column is None.
        """
        check_is_fitted(self, "categories_")
        catch_all = [None] if self.handle_unknown == "other" else []
        return [
            (name, category)
            for name, categories in zip(
                check_feature_names_in(self, input_features), self.categories_, strict=True
            )
            for category in [*catch_all, *categories.tolist()]
        ]

    def cell_encoder(self, column: int = 0, start: int = 0) -> CellEncoder:
        """Return a snapshot of the encoder that encodes one cell at a time in microseconds.

        Parameters
        ----------
        column : int, default=0
            Index of the input column that the cells belong to.
        start : int, default=0
            Index to give to the first output column of this input column.

        Returns
        -------
        cell_encoder : CellEncoder
            Its method ``places(cell)`` returns the indices of the output columns that the cell sets,
            ascending, or None if :meth:`transform` must be asked: for cells of unusual types, and for cells
            that it refuses. Its attributes are ``name`` and ``categories`` of the input column, and ``end``,
            the index after its last output column.

        Examples
        --------
        >>> from estimators import OneHotEncoder
        >>> encoder = OneHotEncoder(handle_unknown="ignore").fit(["cheap", "premium"])
        >>> encoder.cell_encoder().places("premium")
        [1]
        """
        check_is_fitted(self, "categories_")
        name, categories = self._input_names()[column], self.categories_[column].tolist()
        takes_lists = self._cells_may_be_lists
        return CellEncoder(name, categories, start, self.handle_unknown, takes_lists, self.separator)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = self.handle_unknown != "error"
        return tags

    def _input_names(self) -> list[str]:
        return list(check_feature_names_in(self))

    def _read(self, X: Table, *, reset: bool) -> list[Column]:
        columns, header = open_table(X, cells_may_be_lists=self._cells_may_be_lists, estimator=self)
        validate_data(self, header, reset=reset, skip_check_array=True)
        names = self._input_names()
        return [self._read_column(c, n) for c, n in zip(columns, names, strict=True)]

    def _fit_columns(self, X: Table, *, reset: bool) -> list[Column]:
        """Set the categories from rows, and return the columns of the rows."""
        _check_dtype(self.dtype)
        if reset:  # if the fit fails, no old categories must stay beside new columns
            self.__dict__.pop("categories_", None)
        columns = self._read(X, reset=reset)
        if not isinstance(self.categories, str):
            categories = given_categories(self.categories, self._input_names())
        else:
            known = [[] for _ in columns] if reset else [c.tolist() for c in self.categories_]
            categories = [union(k, c.values) for k, c in zip(known, columns, strict=True)]
        numbered = [positions(c) for c in categories]
        if self.handle_unknown == "error":
            self._refuse_unknown(columns, numbered)
        self.categories_, self._positions = categories, numbered
        return columns

    def _set_categories(self, categories: list[np.ndarray]) -> None:
        self.categories_, self._positions = categories, [positions(c) for c in categories]

    def _state(self, n_ones: int = 0) -> FoundCategories:
        names = getattr(self, "feature_names_in_", None)
        return FoundCategories(self.categories_, not isinstance(self.categories, str), n_ones, names)

    def _refuse_unknown(self, columns: list[Column], all_known: list[dict[Hashable, int]]) -> None:
        for column, known, name in zip(columns, all_known, self._input_names(), strict=True):
            refuse_unknown(column, known, name)

    def _encode_columns(self, columns: list[Column]) -> list[sparse.csr_array]:
        other, pairs = self.handle_unknown == "other", zip(columns, self._positions, strict=True)
        return [encode_column(column, known, other, self.dtype) for column, known in pairs]

    def _encode(self, columns: list[Column]) -> Encoded:
        encoded = self._encode_columns(columns)
        matrix = encoded[0] if len(encoded) == 1 else sparse.hstack(encoded, format="csr")
        if not self.sparse_output:
            return matrix.toarray()
        as_array = get_config()["sparse_interface"] == "sparray"
        return matrix if as_array else sparse.csr_matrix(matrix)


def _check_dtype(dtype: DTypeLike) -> None:
    try:
        sparse.csr_array((1, 1), dtype=dtype).toarray()
    except (TypeError, ValueError):
        raise ValueError(
            "The 'dtype' parameter of an encoder must be a numpy dtype that SciPy's sparse matrices "
            f"support, such as float64 or int8. Got {dtype!r} instead."
        ) from None


def _comparable(encoder: CategoryEncoder) -> dict[str, object]:
    """Return the parameters in a form in which equal ones compare as equal, however they were given."""
    given = not isinstance(encoder.categories, str)
    categories = object_array([tuple(c.tolist()) for c in encoder.categories_]) if given else "auto"
    return encoder.get_params() | {"dtype": np.dtype(encoder.dtype).name, "categories": categories}
