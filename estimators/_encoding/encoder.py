"""What `OneHotEncoder` and `MultiHotEncoder` share: fit, transform, merge, names.

Reading a column (``estimators/_encoding/columns.py``) gives its distinct values and one integer code per
item; encoding (``estimators/_encoding/categories.py``) looks up each distinct value once among the known
categories and builds the CSR matrix straight from the codes. ``fit_transform`` reads the rows once.

A base class, against the habit here: the two differ in one line of reading and one of writing, and
nine public methods with their documentation would stand twice.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy import sparse
from sklearn import get_config
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators._common.scikit_learn import StrOptions, check_feature_names_in, fit_context
from estimators._encoding.categories import (
    given_categories,
    one_block,
    positions,
    refuse_unknown,
    rows_of,
    union,
)
from estimators._encoding.columns import Column, object_array, open_table


class CategoryEncoder(TransformerMixin, BaseEstimator):
    """All of an encoder but its parameters, reading a column and writing a cell."""

    categories: Any
    categories_: list[np.ndarray]
    handle_unknown: str
    sparse_output: bool
    dtype: DTypeLike

    _parameter_constraints: dict[str, Any] = {
        "categories": [StrOptions({"auto"}), "array-like"],
        "handle_unknown": [StrOptions({"error", "ignore", "other"})],
        "sparse_output": ["boolean"],
        "dtype": "no_validation",  # numpy's to judge
    }
    _cells_may_be_lists: bool

    def _read_column(self, column: Any, name: str) -> Column:
        raise NotImplementedError

    def _write_cell(self, items: list[Any], row: int, name: str) -> Any:
        raise NotImplementedError

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the categories of each column. O(n + k log k) for n items and k categories.

        Parameters
        ----------
        X : data frame, Series, array or list of shape (n_samples, n_columns) or (n_samples,)
            The columns to encode.
        y : None, default=None
            Ignored, here for Pipeline.

        Returns
        -------
        self : encoder
            The same object, fitted.

        Raises
        ------
        ValueError
            If a cell is missing, empty or not among the given categories, and
            ``handle_unknown="error"``.
        TypeError
            If cells are of the wrong kind, or categories cannot be sorted.
        """
        self._learn(X, reset=True)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Add the categories found in more rows; the columns stay sorted.

        Chunks in any order give the same encoder as `fit` on all rows. Categories given as a
        parameter stay as they are. A later step that is fitted already sees another width.
        O(n + k log k) for n items and k categories.

        Parameters
        ----------
        X : data frame, Series, array or list of shape (n_samples, n_columns) or (n_samples,)
            More rows.
        y : None, default=None
            Ignored, here for Pipeline.

        Returns
        -------
        self : encoder
            The same object, with what these rows teach.

        Raises
        ------
        ValueError
            As :meth:`fit`. The encoder is unchanged.
        TypeError
            As :meth:`fit`.
        """
        self._learn(X, reset=not hasattr(self, "categories_"))
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Learn the categories and encode, reading the rows once.

        Parameters
        ----------
        X : data frame, Series, array or list of shape (n_samples, n_columns) or (n_samples,)
            The columns to encode.
        y : None, default=None
            Ignored, here for Pipeline.

        Returns
        -------
        X_out : CSR matrix or ndarray of shape (n_samples, n_columns_out)
            The same as ``fit(X).transform(X)``.

        Raises
        ------
        ValueError
            As :meth:`fit`.
        TypeError
            As :meth:`fit`.
        """
        return self._encode(self._learn(X, reset=True))

    def transform(self, X: Any) -> Any:
        """Encode each cell as zeros and ones. O(n) for n items.

        Parameters
        ----------
        X : data frame, Series, array or list of shape (n_samples, n_columns) or (n_samples,)
            The columns to encode.

        Returns
        -------
        X_out : CSR matrix or ndarray of shape (n_samples, n_columns_out)
            CSR where ``sparse_output=True``: a `csr_matrix`, or a `csr_array` where scikit-learn's
            ``sparse_interface`` says so.

        Raises
        ------
        ValueError
            If a value is unknown, missing or empty, and ``handle_unknown="error"``; it lists the
            known categories, nearest spelling first.
        TypeError
            If cells are of the wrong kind.
        """
        check_is_fitted(self, "categories_")
        columns = self._read(X, reset=False)
        if self.handle_unknown == "error":
            self._refuse_unknown(columns, self._positions)
        return self._encode(columns)

    def inverse_transform(self, X: Any) -> NDArray[np.object_]:
        """Turn zeros and ones back into categories. O(n) for n ones.

        Parameters
        ----------
        X : sparse matrix, ndarray or data frame of shape (n_samples, n_columns_out)
            Encoded rows; every entry other than zero counts as one.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_columns), dtype object
            `MultiHotEncoder`: lists in the order of the categories, a row of zeros is ``[]`` and the
            catch-all column is an item None. `OneHotEncoder`: values, a row of zeros and the
            catch-all column are None.

        Raises
        ------
        ValueError
            If X has another number of columns, or, of a OneHotEncoder, a row several ones.
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
        """Unite the categories of two fitted encoders, as if fitted on the rows of both.

        Parameters
        ----------
        other : encoder of the same class
            Fitted with the same parameters on the same columns; it stays as it is.

        Returns
        -------
        self : encoder
            The same object, with what `other` has learned.

        Raises
        ------
        ValueError
            If the class, a parameter or the input columns differ; `self` stays as it is.
        TypeError
            If the categories of both cannot be sorted together, such as numbers and strings.
        sklearn.exceptions.NotFittedError
            If one of the two is not fitted.
        """
        check_is_fitted(self, "categories_")
        if type(other) is not type(self):
            raise ValueError(
                f"Cannot merge {type(other).__name__} into {type(self).__name__}: "
                "the encoders must be of the same class."
            )
        check_is_fitted(other, "categories_")
        _refuse_difference(self, other)
        if isinstance(self.categories, str):
            pairs = zip(self.categories_, other.categories_, strict=True)
            self.categories_ = [union(a.tolist(), b.tolist()) for a, b in pairs]
            self._positions = [positions(c) for c in self.categories_]
        return self

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Name the output columns ``<input>=<category>``; the catch-all is ``<input>:other``.

        Parameters
        ----------
        input_features : array-like of str of shape (n_columns,), default=None
            Names of the input columns. None stands for `feature_names_in_`, or ``x0``, ``x1``, ...

        Returns
        -------
        feature_names_out : ndarray of str objects of shape (n_columns_out,)
            In the order of the output columns.
        """
        pairs = self.get_categories_out(input_features)
        return object_array([f"{n}:other" if c is None else f"{n}={c}" for n, c in pairs])

    def get_categories_out(self, input_features: ArrayLike | None = None) -> list[tuple[str, Any]]:
        """Say of each output column which input column and category it stands for.

        Parameters
        ----------
        input_features : array-like of str of shape (n_columns,), default=None
            Names of the input columns. None stands for `feature_names_in_`, or ``x0``, ``x1``, ...

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

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = self.handle_unknown != "error"
        return tags

    def _input_names(self) -> list[str]:
        return list(check_feature_names_in(self))

    def _read(self, X: Any, *, reset: bool) -> list[Column]:
        columns, header = open_table(X, cells_may_be_lists=self._cells_may_be_lists, estimator=self)
        validate_data(self, header, reset=reset, skip_check_array=True)
        names = self._input_names()
        return [self._read_column(c, n) for c, n in zip(columns, names, strict=True)]

    def _learn(self, X: Any, *, reset: bool) -> list[Column]:
        _check_dtype(self.dtype)
        if reset:  # should the fit fail, no old categories stand beside new columns
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

    def _refuse_unknown(self, columns: list[Column], all_known: list[dict[Any, int]]) -> None:
        for column, known, name in zip(columns, all_known, self._input_names(), strict=True):
            refuse_unknown(column, known, name)

    def _encode(self, columns: list[Column]) -> Any:
        other = self.handle_unknown == "other"
        blocks = [
            one_block(column, known, other, self.dtype)
            for column, known in zip(columns, self._positions, strict=True)
        ]
        matrix = blocks[0] if len(blocks) == 1 else sparse.hstack(blocks, format="csr")
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
            f"take, such as float64 or int8. Got {dtype!r} instead."
        ) from None


def _refuse_difference(a: CategoryEncoder, b: CategoryEncoder) -> None:
    """Raise ValueError naming what keeps two fitted encoders of one class from being merged."""
    ours, theirs = _comparable(a), _comparable(b)
    for what, value in ours.items():
        if value != theirs[what]:
            raise ValueError(f"Cannot merge encoders that differ in {what}: {value!r} and {theirs[what]!r}.")


def _comparable(encoder: CategoryEncoder) -> dict[str, Any]:
    given = not isinstance(encoder.categories, str)
    return {
        **encoder.get_params(),
        "dtype": np.dtype(encoder.dtype).name,
        "categories": [c.tolist() for c in encoder.categories_] if given else "auto",
        "input columns": encoder._input_names(),
    }
