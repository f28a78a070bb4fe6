"""What `OneHotEncoder` and `MultiHotEncoder` share: fit, transform, merge, names.

Reading a column (``columns.py``, ``lists.py``) gives its distinct values and one integer code per item.
Encoding (``outputs.py``) looks up each distinct value once among the known categories and builds the CSR
matrix from the codes. ``fit_transform`` reads the rows once.

This is a base class because the two encoders differ only in how they read a column and decode a row.
"""

from collections.abc import Callable, Hashable
from numbers import Integral
from typing import Any, ClassVar, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy import sparse
from sklearn import get_config
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import check_is_fitted, validate_data

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
from estimators._encoding.columns import Column, Table, open_table
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
    """An encoder without its parameters and without its way to read a column and to decode a row."""

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
            If ``handle_unknown="error"`` and a cell is not one of the given categories, or is missing with
            ``missing="unknown"``, or if a category to drop does not occur or is infrequent.
        TypeError
            If a cell has the wrong type or the categories cannot be sorted.
        """
        self._fit_columns(X, reset=True)
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Table, y: object = None) -> Self:
        """Add the categories found in more rows, and their counts. The output columns stay sorted.

        Calls with parts of the data, in any order, give the same encoder as one call of :meth:`fit` with all
        of it. Categories given as a parameter do not change. New categories widen the output, and which
        categories are infrequent may change, so an estimator that is already fitted on the earlier output
        must be fitted again. Each call needs the categories to drop, if `drop` names them:
        :meth:`additive_state` does not. O(n + k log k) for n items and k categories.

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
            In the cases listed for :meth:`fit`, and if `min_frequency`, `max_categories` or `drop` was set
            after an earlier fit, which did not count. The encoder is then unchanged.
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
            If ``handle_unknown="error"`` and a value is unknown, or is missing with ``missing="unknown"``.
            The message lists the known categories, nearest spelling first. Also if ``sparse_output=True`` and
            :meth:`set_output` asks for a data frame.
        TypeError
            If a cell has the wrong type.
        """
        check_is_fitted(self, "categories_")
        return self._encode(self._read(X, reset=False))

    def inverse_transform(self, X: Encoded | ArrayLike) -> NDArray[Any]:
        """Turn zeros and ones back into categories. O(n) for n entries.

        Parameters
        ----------
        X : sparse matrix, ndarray or data frame of shape (n_samples, n_columns_out)
            Encoded rows.

        Returns
        -------
        X_original : ndarray of shape (n_samples, n_columns)
            For `MultiHotEncoder`, each cell is a list in the order of the categories: empty for a row of
            zeros, with an item None for the catch-all column. For `OneHotEncoder`, each cell is the category
            with the highest value. A row of zeros is the dropped category, or None if none was dropped. The
            catch-all column is None too. Infrequent categories are "infrequent_sklearn".

        Raises
        ------
        ValueError
            If X has the wrong number of columns, or, for a `OneHotEncoder`, if a row holds zeros only and
            neither its parameters nor a dropped category allow that.
        """
        check_is_fitted(self, "categories_")
        X = check_array(X, accept_sparse="csr", ensure_min_features=0)
        width = sum(map(self._rules.width, self._outputs))
        if X.shape[1] != width:
            raise ValueError(
                f"Shape of the passed X data is not correct. Expected {width} columns, got {X.shape[1]}."
            )
        return self._decode(sparse.csr_array(X) if sparse.issparse(X) else X)

    def merge(self, other: Self) -> Self:
        """Add the categories of another fitted encoder to this one, and their counts.

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
        self._set_state(self._state().merge(other._state()))
        return self

    @fit_context(prefer_skip_nested_validation=True)
    def additive_state(self, X: Table, y: object = None, sample_weight: object = None) -> FoundCategories:
        """Return the categories of some rows and their counts, without changing the encoder.

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
            is the number of ones in the encoded rows if ``sparse_output=True``, else 0, before any category
            is dropped. It can be pickled.

        Raises
        ------
        ValueError
            In the cases listed for :meth:`fit`, except those of `drop`, which :meth:`fit_state` checks.
        TypeError
            In the cases listed for :meth:`fit`.

        Examples
        --------
        >>> from estimators import OneHotEncoder
        >>> encoder = OneHotEncoder()
        >>> monday = encoder.additive_state([["cheap"], ["premium"]])
        >>> tuesday = encoder.additive_state([["free"]])
        >>> encoder.fit_state(monday.merge(tuesday)).categories_
        [array(['cheap', 'free', 'premium'], dtype=object)]
        """
        _check_dtype(self.dtype)
        reader = clone(self)
        return reader._find(reader._read(X, reset=True), count_ones=self.sparse_output)

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
            the other way round, if the encoder needs counts that the state lacks, if a category to drop does
            not occur or is infrequent, or if `dtype` is not a numpy dtype that SciPy's sparse matrices
            support.
        """
        _check_dtype(self.dtype)
        if state.given == isinstance(self.categories, str):
            raise ValueError("The state belongs to an encoder with another parameter 'categories'.")
        self._set_state(state)
        set_features(self, len(state.categories), state.feature_names)
        return self

    def count_ones(self, state: FoundCategories) -> int:
        """Return how many ones the encoded rows of a state hold.

        Parameters
        ----------
        state : FoundCategories
            The state that the encoder was fitted from.

        Returns
        -------
        n_ones : int
            0 if ``sparse_output=False``. An upper bound if unknown values join the infrequent ones, or for a
            `MultiHotEncoder` that groups infrequent ones, because a row may hold several of them.

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
            Names of the input columns. By default `feature_names_in_`, or ``x0``, ``x1``, ... if the input
            had no names.

        Returns
        -------
        feature_names_out : ndarray of str objects of shape (n_columns_out,)
            What `feature_name_combiner` makes of the name of the input column and the category, such as
            ``budget_cheap``. Infrequent categories are called ``infrequent_sklearn``. The catch-all column is
            ``<input>:other``.

        Raises
        ------
        ValueError
            If `input_features` are not the names seen during `fit`.
        TypeError
            If `feature_name_combiner` does not return a string.
        """
        check_is_fitted(self, "categories_")
        combine, names = self._combiner(), []
        for name, each in zip(check_feature_names_in(self, input_features), self._outputs, strict=True):
            names += [f"{name}:other"] if self._rules.has_other else []
            names += [combine(name, category) for category in each.kept]
        return object_array(names)

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
            The category of the catch-all column is None, that of infrequent ones "infrequent_sklearn".
        """
        check_is_fitted(self, "categories_")
        catch_all = [None] if self._rules.has_other else []
        return [
            (name, category)
            for name, each in zip(check_feature_names_in(self, input_features), self._outputs, strict=True)
            for category in [*catch_all, *as_items(each.kept)]
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
            that it refuses or warns of. Its attributes are ``name`` and ``categories`` of the input column,
            and ``end``, the index after its last output column.

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
        """Return the attributes without what :meth:`__setstate__` works out again."""
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
        """The infrequent categories of each column, or None for a column that has none."""
        infrequent = self._infrequent_indices
        if infrequent is None:
            raise AttributeError(
                "There are no infrequent categories without min_frequency or max_categories."
            )
        pairs = zip(self.categories_, infrequent, strict=True)
        return [None if rare is None else categories[rare] for categories, rare in pairs]

    def _input_names(self) -> list[str]:
        return list(check_feature_names_in(self))

    def _combiner(self) -> Callable[[str, Any], str]:
        if not callable(self.feature_name_combiner):
            sign = {"concat": "_", "equals": "="}[self.feature_name_combiner]
            return lambda name, category: name + sign + str(category)
        answer = self.feature_name_combiner("feature", "category")
        if not isinstance(answer, str):
            raise TypeError(
                "When `feature_name_combiner` is a callable, it should return a Python string. "
                f"Got {type(answer)} instead."
            )
        return self.feature_name_combiner

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
        state = self._find(columns)
        self._set_state(state if reset else self._state().merge(state))
        return columns

    def _find(self, columns: list[Column], *, count_ones: bool = False) -> FoundCategories:
        """Return the state of some columns."""
        names, rules, given = self._input_names(), self._rules, not isinstance(self.categories, str)
        rules.check_missing(columns, names)
        if isinstance(self.categories, str):
            categories = [sort_categories(c.values, c.dtype) for c in columns]
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
        """Take over the categories, and choose the infrequent ones and those to drop."""
        infrequent: list[np.ndarray | None] = [None] * len(state.categories)
        if self._groups_infrequent:
            if state.counts is None:
                raise ValueError("The state has no counts: it belongs to an encoder without infrequent ones.")
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
        _check_output(self)
        rules, outputs, names = self._rules, self._outputs, self._input_names()
        located = [locate(column, each) for column, each in zip(columns, outputs, strict=True)]
        rules.check_missing(columns, names)
        rules.check_unknown(columns, outputs, located, names, "transform")
        rules.warn(columns, outputs, located)
        encoded = rules.encode(columns, outputs, self.dtype, located)
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


def _check_output(encoder: CategoryEncoder) -> None:
    """Raise scikit-learn's error if sparse output is to become a data frame."""
    kind = get_output_config("transform", estimator=encoder)["dense"]
    if kind != "default" and encoder.sparse_output:
        name = kind.capitalize()
        raise ValueError(
            f"{name} output does not support sparse data. Set sparse_output=False to output {kind} "
            f'dataframes or disable {name} output via` ohe.set_output(transform="default").'
        )


def _comparable(encoder: CategoryEncoder) -> dict[str, object]:
    """Return the parameters in a form in which equal ones compare as equal, however they were given."""
    params = encoder.get_params() | {"dtype": np.dtype(encoder.dtype).name}
    if not isinstance(encoder.categories, str):
        params["categories"] = object_array([tuple(items(c)) for c in encoder.categories_])
    if encoder.drop is not None and not isinstance(encoder.drop, str):
        params["drop"] = object_array([tuple(items(object_array([*encoder.drop])))])
    return params
