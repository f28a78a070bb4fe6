"""Base class of `OneHotEncoder` and `MultiHotEncoder`: fit, transform, merge and feature names.

Reading a column (``columns.py``, ``lists.py``) returns its distinct values and one integer code per item.
Encoding (``outputs.py``) looks up each distinct value once among the known categories and builds the CSR
matrix from the codes. ``fit_transform`` reads the rows only once.

The two encoders differ only in how they read a column and how they decode a row.
"""

from collections.abc import Callable, Hashable
from numbers import Integral
from typing import Any, ClassVar, Literal, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy import sparse
from sklearn import get_config
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from estimators._common.matrices import readable
from estimators._common.merging import check_mergeable, set_features
from estimators._common.scikit_learn import (
    Interval,
    RealNotInt,
    StrOptions,
    check_feature_names_in,
    fit_context,
    get_output_config,
)
from estimators._encoding.categories import (
    FoundCategories,
    GivenCategories,
    given_categories,
    items,
    sort_categories,
)
from estimators._encoding.columns import Column, Table, columns_named, open_table
from estimators._encoding.numbering import Cells, as_items, object_array
from estimators._encoding.one_cell import CellEncoder
from estimators._encoding.outputs import (
    NOWHERE,
    Drop,
    Outputs,
    count_rows,
    find_dropped,
    find_infrequent,
    locate,
    outputs_of,
)
from estimators._encoding.rules import Rules

Encoded: TypeAlias = sparse.csr_matrix | sparse.csr_array | np.ndarray
HandleUnknown: TypeAlias = Literal["error", "ignore", "infrequent_if_exist", "warn", "other"]
HandleMissing: TypeAlias = Literal["category", "ignore", "unknown"]
NameCombiner: TypeAlias = Literal["concat", "equals"] | Callable[[str, Any], str]


class CategoryEncoder(TransformerMixin, BaseEstimator):
    """Base class of the encoders. Subclasses define the parameters, `_read_column` and `_decode`."""

    categories: Literal["auto"] | GivenCategories
    categories_: list[np.ndarray]
    handle_unknown: HandleUnknown
    missing: HandleMissing
    min_frequency: float | None
    max_categories: int | None
    feature_name_combiner: NameCombiner
    sparse_output: bool
    dtype: DTypeLike
    drop: Drop = None
    separator: str | None = None

    _parameter_constraints: ClassVar[dict] = {
        "categories": [StrOptions({"auto"}), "array-like"],
        "handle_unknown": [StrOptions({"error", "ignore", "infrequent_if_exist", "warn", "other"})],
        "missing": [StrOptions({"category", "ignore", "unknown"})],
        "min_frequency": [
            Interval(Integral, 1, None, closed="left"),
            Interval(RealNotInt, 0, 1, closed="neither"),
            None,
        ],
        "max_categories": [Interval(Integral, 1, None, closed="left"), None],
        "feature_name_combiner": [StrOptions({"concat", "equals"}), callable],
        "sparse_output": ["boolean"],
        "dtype": "no_validation",  # checked by numpy
    }
    _cells_may_be_lists: ClassVar[bool]

    def _read_column(self, column: Cells, name: str) -> Column:
        raise NotImplementedError

    def _decode(self, X: sparse.csr_array | np.ndarray) -> np.ndarray:
        raise NotImplementedError

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Table, y: object = None) -> Self:
        """Find the categories of each column, in O(n + k log k) time for n items and k categories.

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
            If ``handle_unknown="error"`` and a value is not one of the given categories, or a value is
            missing and ``missing="unknown"``. Also if a category to drop is not found or is infrequent.
        TypeError
            If a cell has the wrong type or the categories cannot be sorted.
        """
        self._fit_columns(X, reset=True)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Table, y: object = None) -> Self:
        """Update the encoder with the categories found in more rows, and with their counts.

        Calling this method on parts of the data, in any order, gives the same encoder as calling :meth:`fit`
        on all of the data. Categories given as a parameter do not change. New categories add output columns,
        in sorted order, and frequent categories can become infrequent, or vice versa. An estimator
        that was fitted on the previous output must therefore be fitted again. If `drop` is an array, the rows
        of the first call must contain the categories to drop. :meth:`additive_state` does not have this
        restriction. The method takes O(n + k log k) time for n items and k categories.

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
            As in :meth:`fit`. Also if `min_frequency`, `max_categories` or `drop` was set after a fit that
            did not count the categories. In these cases, the encoder is not changed.
        TypeError
            As in :meth:`fit`.
        """
        self._fit_columns(X, reset=not hasattr(self, "categories_"))
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Table, y: object = None) -> Encoded:
        """Find the categories and encode the rows. The rows are read only once.

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
            As in :meth:`fit`.
        TypeError
            As in :meth:`fit`.
        """
        return self._encode(self._fit_columns(X, reset=True))

    def transform(self, X: Table) -> Encoded:
        """Encode each cell as zeros and ones, in O(n) time for n items.

        Parameters
        ----------
        X : data frame, Series, array or list of shape (n_samples, n_columns) or (n_samples,)
            The columns to encode.

        Returns
        -------
        X_out : CSR matrix or ndarray of shape (n_samples, n_columns_out)
            The encoded rows. If ``sparse_output=True``, a `csr_matrix`, or a `csr_array` if scikit-learn is
            configured with ``sparse_interface="sparray"``. Otherwise, an ndarray.

        Raises
        ------
        ValueError
            If ``handle_unknown="error"`` and a value is unknown, or a value is missing and
            ``missing="unknown"``. The message lists the known categories, starting with the most similar
            ones. Also if ``sparse_output=True`` and a data frame was requested with :meth:`set_output`.
        TypeError
            If a cell has the wrong type.
        """
        check_is_fitted(self, "categories_")
        return self._encode(self._read(X, reset=False))

    def inverse_transform(self, X: Encoded | ArrayLike) -> NDArray[Any]:
        """Convert zeros and ones back to categories, in O(n) time for n entries.

        Parameters
        ----------
        X : sparse matrix, ndarray or data frame of shape (n_samples, n_columns_out)
            Encoded rows.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_columns)
            For `MultiHotEncoder`, each cell is a list of categories, in the order of ``categories_``. The
            list is empty for a row of zeros, and the catch-all column gives an item None. For
            `OneHotEncoder`, each cell is the category with the highest value. A row of zeros gives the
            dropped category, or None if no category was dropped, and the catch-all column gives None.
            Infrequent categories are returned as "infrequent_sklearn".

        Raises
        ------
        ValueError
            If X has the wrong number of columns. For `OneHotEncoder`, also if a row contains only zeros and
            no category is encoded as zeros.
        """
        check_is_fitted(self, "categories_")
        X = check_array(readable(X), accept_sparse="csr", ensure_min_features=0)
        width = sum(map(self._rules.width, self._outputs))
        if X.shape[1] != width:
            raise ValueError(
                f"Shape of the passed X data is not correct. Expected {width} columns, got {X.shape[1]}."
            )
        return self._decode(sparse.csr_array(X) if sparse.issparse(X) else X)

    def merge(self, other: Self) -> Self:
        """Merge another fitted encoder into this one, by adding its categories and their counts.

        Parameters
        ----------
        other : encoder of the same class
            An encoder fitted with the same parameters on the same columns. It is not changed.

        Returns
        -------
        self : encoder
            This encoder, now equal to one fitted on the rows of both encoders.

        Raises
        ------
        TypeError
            If `other` is not an encoder of the same class, or if the categories of the two encoders cannot be
            sorted together, such as numbers and strings.
        ValueError
            If the parameters or the input columns of the two encoders differ. In this case, neither encoder
            is changed.
        sklearn.exceptions.NotFittedError
            If one of the encoders is not fitted.
        """
        check_mergeable(self, other, settings=_comparable)
        self._set_state(self._state().merge(other._state()))
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def additive_state(self, X: Table, y: object = None, sample_weight: object = None) -> FoundCategories:
        """Return the categories of some rows and their counts, without changing the encoder.

        The states of different parts of the data can be computed on different machines, merged with their
        method ``merge``, and passed to :meth:`fit_state`.

        Parameters
        ----------
        X : data frame, Series, array or list of shape (n_samples, n_columns) or (n_samples,)
            Rows, as for :meth:`fit`.
        y : None, default=None
            Ignored, present for API consistency.
        sample_weight : None, default=None
            Ignored, present for API consistency.

        Returns
        -------
        state : FoundCategories
            The categories and their counts. ``state.merge(other)`` returns the state of both sets of rows.
            The attribute ``n_ones`` is the number of ones in the encoded rows before any category is dropped,
            or 0 if ``sparse_output=False``. The state can be pickled.

        Raises
        ------
        ValueError
            As in :meth:`fit`, except that `drop` is not checked. :meth:`fit_state` checks it.
        TypeError
            As in :meth:`fit`.

        Examples
        --------
        >>> from estimators import OneHotEncoder
        >>> encoder = OneHotEncoder()
        >>> monday = encoder.additive_state([["cheap"], ["premium"]])
        >>> tuesday = encoder.additive_state([["free"]])
        >>> encoder.fit_state(monday.merge(tuesday)).categories_
        [array(['cheap', 'free', 'premium'], dtype=object)]
        """
        check_dtype(self.dtype)
        reader = clone(self)
        return reader._find(reader._read(X, reset=True), count_ones=self.sparse_output)

    @fit_context(prefer_skip_nested_validation=True)
    def fit_state(self, state: FoundCategories) -> Self:
        """Fit from a state, with the same result as calling :meth:`fit` on the rows of the state.

        Parameters
        ----------
        state : FoundCategories
            The state returned by :meth:`additive_state` of an encoder with the same parameters, or several
            such states merged.

        Returns
        -------
        self : encoder
            The fitted encoder.

        Raises
        ------
        ValueError
            If the state was made with given categories and the encoder has none, or the other way round; if
            the encoder needs counts but the state has none; if a category to drop is not found or is
            infrequent; or if `dtype` is not supported by SciPy's sparse matrices.
        """
        check_dtype(self.dtype)
        if state.given == isinstance(self.categories, str):
            made = "with given categories" if state.given else "with categories='auto'"
            raise ValueError(
                "The state must come from an encoder with the same 'categories' parameter. This encoder has "
                f"categories={self.categories!r}, but the state comes from an encoder {made}."
            )
        self._set_state(state)
        set_features(self, len(state.categories), state.feature_names)
        return self

    def count_ones(self, state: FoundCategories) -> int:
        """Return the number of ones in the encoded rows of a state.

        Parameters
        ----------
        state : FoundCategories
            The state that the encoder was fitted from.

        Returns
        -------
        n_ones : int
            The number of ones, or 0 if ``sparse_output=False``. It is an upper bound if unknown values are
            encoded as infrequent. It is also an upper bound for a `MultiHotEncoder` that groups infrequent
            categories, because a row may contain several of them.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            If the encoder is not fitted.
        """
        check_is_fitted(self, "categories_")
        n_ones = state.n_ones
        if self.sparse_output and state.counts is not None:
            for counts, each in zip(state.counts, self._outputs, strict=True):
                is_dropped = np.array([*each.places.values()]) == NOWHERE
                n_ones -= int(counts[is_dropped].sum())
        return n_ones

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """Return the names of the output columns.

        Parameters
        ----------
        input_features : array-like of str of shape (n_columns,), default=None
            Names of the input columns. If None, `feature_names_in_` is used if it is defined. Otherwise, the
            names are ``x0``, ``x1``, and so on.

        Returns
        -------
        feature_names_out : ndarray of str objects of shape (n_columns_out,)
            Names made by `feature_name_combiner` from the name of the input column and the category, such as
            ``budget_cheap``. The name of the category is ``infrequent_sklearn`` for the column of infrequent
            categories. The name of the catch-all column is ``<input>:other``.

        Raises
        ------
        ValueError
            If `input_features` differs from the names seen during `fit`.
        TypeError
            If `feature_name_combiner` does not return a string.
        """
        check_is_fitted(self, "categories_")
        combine, names = name_combiner(self), []
        for name, each in zip(check_feature_names_in(self, input_features), self._outputs, strict=True):
            names += [f"{name}:other"] if self._rules.has_other else []
            names += [combine(name, category) for category in each.kept]
        return object_array(names)

    def get_categories_out(self, input_features: ArrayLike | None = None) -> list[tuple[str, Hashable]]:
        """Return the input column and the category of each output column.

        Parameters
        ----------
        input_features : array-like of str of shape (n_columns,), default=None
            Names of the input columns. If None, `feature_names_in_` is used if it is defined. Otherwise, the
            names are ``x0``, ``x1``, and so on.

        Returns
        -------
        categories_out : list of (input name, category), of length n_columns_out
            The name of the input column and the category for each output column. The category is None for a
            catch-all column, and "infrequent_sklearn" for a column of infrequent categories.
        """
        check_is_fitted(self, "categories_")
        catch_all = [None] if self._rules.has_other else []
        return [
            (name, category)
            for name, each in zip(check_feature_names_in(self, input_features), self._outputs, strict=True)
            for category in [*catch_all, *as_items(each.kept)]
        ]

    def cell_encoder(self, column: int = 0, start: int = 0) -> CellEncoder:
        """Return a snapshot of the encoder that encodes single cells within microseconds.

        Parameters
        ----------
        column : int, default=0
            Index of the input column that the cells belong to.
        start : int, default=0
            Index of the first output column of this input column.

        Returns
        -------
        cell_encoder : CellEncoder
            An object whose method ``places(cell)`` returns the indices of the output columns that are 1 for
            the cell, in ascending order. The method returns None if :meth:`transform` must be used instead:
            for cells of unusual types, and for cells that raise an error or a warning. The attributes
            ``name`` and ``categories`` are those of the input column, and ``end`` is the index after its last
            output column.

        Examples
        --------
        >>> from estimators import OneHotEncoder
        >>> encoder = OneHotEncoder(handle_unknown="ignore").fit([["cheap"], ["premium"]])
        >>> encoder.cell_encoder().places("premium")
        [1]
        """
        check_is_fitted(self, "categories_")
        name, known = self._input_names()[column], items(self.categories_[column])
        takes_lists, outputs = self._cells_may_be_lists, self._outputs[column]
        return self._rules.cell_encoder(name, known, outputs, start, self.separator, takes_lists)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.categorical = True
        tags.input_tags.allow_nan = self.missing != "unknown" or self.handle_unknown != "error"
        return tags

    def __getstate__(self) -> dict:
        """Return the attributes, except for those that :meth:`__setstate__` computes again."""
        return {name: value for name, value in super().__getstate__().items() if name != "_outputs"}

    def __setstate__(self, state: dict) -> None:
        super().__setstate__(state)
        if hasattr(self, "categories_"):
            self._outputs = self._work_out_outputs()

    @property
    def _rules(self) -> Rules:
        return Rules(self.handle_unknown, self.missing, self.drop is not None)

    @property
    def _groups_infrequent(self) -> bool:
        return self.min_frequency is not None or self.max_categories is not None

    @property
    def _counts_rows(self) -> bool:
        return self._groups_infrequent or self.drop is not None

    @property
    def infrequent_categories_(self) -> list[np.ndarray | None]:
        """The infrequent categories of each column, or None for a column without infrequent categories."""
        infrequent = self._infrequent_indices
        if infrequent is None:
            raise AttributeError(
                "infrequent_categories_ is only available if min_frequency or max_categories is given."
            )
        pairs = zip(self.categories_, infrequent, strict=True)
        return [None if rare is None else categories[rare] for categories, rare in pairs]

    def _input_names(self) -> list[str]:
        return list(check_feature_names_in(self))

    def _read(self, X: Table, *, reset: bool) -> list[Column]:
        X, columns, may_be_lists = readable(X), None, self._cells_may_be_lists
        if not reset and hasattr(self, "feature_names_in_"):
            columns = columns_named(X, self.feature_names_in_.tolist(), cells_may_be_lists=may_be_lists)
        if columns is None:
            columns, header = open_table(X, cells_may_be_lists=may_be_lists, estimator=self)
            validate_data(self, header, reset=reset, skip_check_array=True)
        names = self._input_names()
        return [self._read_column(c, n) for c, n in zip(columns, names, strict=True)]

    def _fit_columns(self, X: Table, *, reset: bool) -> list[Column]:
        """Set the categories found in the rows, and return the columns of the rows."""
        check_dtype(self.dtype)
        if reset:  # if the fit fails, old categories must not remain
            self.__dict__.pop("categories_", None)
        columns = self._read(X, reset=reset)
        state = self._find(columns)
        self._set_state(state if reset else self._state().merge(state))
        return columns

    def _find(self, columns: list[Column], *, count_ones: bool = False) -> FoundCategories:
        """Return the state of the given columns."""
        names, rules, given = self._input_names(), self._rules, not isinstance(self.categories, str)
        rules.check_missing(columns, names)
        if isinstance(self.categories, str):
            categories = [sort_categories(c.values, c.dtype, n) for c, n in zip(columns, names, strict=True)]
        else:
            keeps = self.missing == "category"
            categories = given_categories(self.categories, columns, names, keep_missing=keeps)
        counts, n_ones = None, 0
        if given or count_ones or self._counts_rows:
            plain = [outputs_of(c) for c in categories]
            if given:
                located = [locate(c, o) for c, o in zip(columns, plain, strict=True)]
                rules.check_unknown(columns, plain, located, names, "fit")
            if self._counts_rows:
                counts = [count_rows(c, o) for c, o in zip(columns, plain, strict=True)]
            if count_ones:
                n_ones = sum(encoded.nnz for encoded in rules.at_most.encode(columns, plain, np.int8))
        feature_names = getattr(self, "feature_names_in_", None)
        return FoundCategories(categories, columns[0].n_rows, counts, given, n_ones, feature_names)

    def _state(self) -> FoundCategories:
        names, given = getattr(self, "feature_names_in_", None), not isinstance(self.categories, str)
        return FoundCategories(self.categories_, self._n_rows, self._counts, given, 0, names)

    def _set_state(self, state: FoundCategories) -> None:
        """Set the categories from a state, and determine which ones are infrequent or dropped."""
        infrequent: list[np.ndarray | None] = [None] * len(state.categories)
        if self._groups_infrequent:
            if state.counts is None:
                raise ValueError(
                    "The state must contain counts, because this encoder has min_frequency or "
                    "max_categories. "
                    "Use a state from an encoder with the same parameters."
                )
            rule = state.n_rows, self.min_frequency, self.max_categories
            infrequent = [find_infrequent(counts, *rule) for counts in state.counts]
        self._drop_idx = find_dropped(self.drop, state.categories, infrequent)
        self.categories_, self._n_rows, self._counts = state.categories, state.n_rows, state.counts
        self._infrequent_indices = infrequent if self._groups_infrequent else None
        self._outputs = self._work_out_outputs()

    def _work_out_outputs(self) -> list[Outputs]:
        nothing = [None] * len(self.categories_)
        rare, drop = (
            self._infrequent_indices or nothing,
            nothing if self._drop_idx is None else self._drop_idx,
        )
        return [*map(outputs_of, self.categories_, rare, drop)]

    def _encode(self, columns: list[Column]) -> Encoded:
        check_output(self)
        rules, outputs, names = self._rules, self._outputs, self._input_names()
        located = [locate(column, each) for column, each in zip(columns, outputs, strict=True)]
        rules.check_missing(columns, names)
        rules.check_unknown(columns, outputs, located, names, "transform")
        rules.warn(columns, outputs, located)
        encoded = rules.encode(columns, outputs, self.dtype, located)
        matrix = encoded[0] if len(encoded) == 1 else sparse.hstack(encoded, format="csr")
        return as_output(matrix, self.sparse_output)


class Outputting(Protocol):
    """The part of an encoder's interface that defines its output columns."""

    feature_name_combiner: NameCombiner
    sparse_output: bool


def name_combiner(encoder: Outputting) -> Callable[[str, Any], str]:
    """Return a function that makes an output column's name from an input column's name and a category."""
    if not callable(encoder.feature_name_combiner):
        sign = {"concat": "_", "equals": "="}[encoder.feature_name_combiner]
        return lambda name, category: name + sign + str(category)
    answer = encoder.feature_name_combiner("feature", "category")
    if not isinstance(answer, str):
        raise TypeError(
            "When `feature_name_combiner` is a callable, it should return a Python string. "
            f"Got {type(answer)} instead."
        )
    return encoder.feature_name_combiner


def as_output(matrix: sparse.csr_array, sparse_output: bool) -> Encoded:
    """Return the encoded rows as an array, or in the sparse format that scikit-learn is configured for."""
    if not sparse_output:
        return matrix.toarray()
    as_array = get_config()["sparse_interface"] == "sparray"
    return matrix if as_array else sparse.csr_matrix(matrix)


def check_dtype(dtype: DTypeLike) -> None:
    try:
        sparse.csr_array((1, 1), dtype=dtype).toarray()
    except (TypeError, ValueError):
        raise ValueError(
            "The 'dtype' parameter of an encoder must be a NumPy dtype that is supported by SciPy's sparse "
            f"matrices, such as float64 or int8. Got {dtype!r} instead."
        ) from None


def check_output(encoder: Outputting) -> None:
    """Raise scikit-learn's error if a data frame is requested but the output is sparse."""
    kind = get_output_config("transform", estimator=encoder)["dense"]
    if kind != "default" and encoder.sparse_output:
        name = kind.capitalize()
        raise ValueError(
            f"{name} output does not support sparse data. Set sparse_output=False to output {kind} "
            f'dataframes or disable {name} output via` ohe.set_output(transform="default").'
        )


def _comparable(encoder: CategoryEncoder) -> dict[str, object]:
    """Return the parameters in a form in which equivalent values compare as equal."""
    params = encoder.get_params() | {"dtype": np.dtype(encoder.dtype).name}
    if not isinstance(encoder.categories, str):
        params["categories"] = object_array([tuple(items(c)) for c in encoder.categories_])
    if encoder.drop is not None and not isinstance(encoder.drop, str):
        params["drop"] = object_array([tuple(items(object_array([*encoder.drop])))])
    return params
