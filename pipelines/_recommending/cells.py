"""The columns of a query: encode single cells like a fitted ColumnTransformer, without a table."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from math import inf, isfinite, isinf, isnan, nan
from typing import Protocol, TypeAlias

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

LARGEST_INT = 1 << 1000  # larger integers may not fit into a float
NumberFunction: TypeAlias = Callable[[float], float | None]  # None if the transformers must be used instead


class Column(Protocol):
    """Encodes the cells of one column of a query.

    Attributes
    ----------
    name : str
        Name of the column.
    categories : tuple
        Known categories of the column. Empty for a column of numbers.
    end : int
        Index after the last feature of the column.
    dtype : dtype
        The dtype of the features.
    value : float
        The value of each feature that a cell sets. For a column of numbers, the weight of one unit.
    """

    name: str
    categories: tuple
    end: int
    dtype: np.dtype
    value: float

    def read(self, cell: object, places: list[int], values: list[float]) -> bool:
        """Append the nonzero features of a cell in ascending order.

        Return False if the transformers must encode the cell instead.
        """
        ...


class CellEncoder(Protocol):
    """Encoder of single cells of one column, as returned by the method `cell_encoder` of an encoder."""

    categories: tuple
    end: int

    def places(self, cell: object) -> list[int] | None:
        """Return the features that a cell sets to 1, ascending, or None if the encoder must be used."""
        ...


class CategoryColumn:
    """A column of categories, or lists of them. Each feature that a cell sets has the same value."""

    def __init__(self, name: str, encoder: CellEncoder, value: np.generic) -> None:
        self.name, self.categories, self.end = name, encoder.categories, encoder.end
        self.dtype, self.value, self._encoder = value.dtype, float(value), encoder

    def read(self, cell: object, places: list[int], values: list[float]) -> bool:
        """Append the nonzero features of a cell in ascending order.

        Return False if the transformers must encode the cell instead.
        """
        found = self._encoder.places(cell)
        if found is None:
            return False
        if self.value:  # features of weight 0 are not stored
            places += found
            values += [self.value] * len(found)
        return True


class NumberColumn:
    """A column of numbers, which are transformed and encoded as a single feature or as one feature per bin.

    Parameters
    ----------
    name : str
        Name of the column.
    functions : list of functions
        The functions that the transformers apply to a number, in order. A missing number is NaN, which only
        imputers replace.
    start : int
        Index of the first feature of the column.
    value : np.generic
        The weight of one unit of the number, or of a bin.
    edges : list of float, default=None
        The inner edges of the bins. If None, the number itself is the feature.
    """

    categories = ()

    def __init__(
        self,
        name: str,
        functions: list[NumberFunction],
        start: int,
        value: np.generic,
        edges: list[float] | None = None,
    ) -> None:
        self.name, self.dtype = name, value.dtype
        self.end = start + (1 if edges is None else len(edges) + 1)
        self._start, self.value = start, float(value)
        self._functions, self._edges = functions, edges

    def read(self, cell: object, places: list[int], values: list[float]) -> bool:
        """Append the nonzero features of a cell in ascending order.

        Return False if the transformers must encode the cell instead.
        """
        number = _as_number(cell)
        for function in self._functions:
            if number is None or isinf(number):
                return False
            number = function(number)
        if number is None or not isfinite(number):  # the transformers or the classifier will raise an error
            return False
        place, value = self._start, number * self.value
        if self._edges is not None:
            place, value = self._start + bisect_right(self._edges, number), self.value
        if value:
            places.append(place)
            values.append(value)
        return isfinite(value)


def read_columns(encode: ColumnTransformer) -> list[Column]:
    """Return the columns of a fitted ColumnTransformer in the order of its features.

    Raises
    ------
    TypeError
        If a step cannot be compiled. The message contains its name.
    ValueError
        If a weight is not finite.
    """
    columns: list[Column] = []
    for step, transformer, given in encode.transformers_:
        names = given if isinstance(given, list) else [given]
        if names == [] or (isinstance(transformer, str) and transformer == "drop"):
            continue
        refusal = f"step {step!r}, {describe(transformer)} for {given!r},"
        if not all(isinstance(name, str) for name in names):
            raise not_supported(refusal)
        weight = (encode.transformer_weights or {}).get(step)
        for number in range(len(names)):
            start = columns[-1].end if columns else 0
            column = _column(transformer, names[number], number, start, weight)
            if column is None:
                raise not_supported(refusal)
            if not isfinite(column.value):
                raise ValueError(f"The weight of step {step!r} must be finite. Got {column.value} instead.")
            columns.append(column)
    return columns


def describe(part: BaseEstimator) -> str:
    """Return the name of a step and of the library that it comes from."""
    if isinstance(part, Pipeline):
        return f"Pipeline of {' and '.join(describe(inner) for _, inner in part.steps)}"
    kind = type(part)
    return repr(part) if kind is str else f"{kind.__name__} from {kind.__module__.partition('.')[0]}"


def not_supported(what: str) -> TypeError:
    """Return the error for a model that cannot be compiled."""
    return TypeError(
        "The 'model' parameter of compile_recommender must be a Pipeline of a ColumnTransformer and a "
        "classifier, such as game_recommender returns. The ColumnTransformer can contain this library's "
        "encoders and scikit-learn's scalers, KBinsDiscretizer and SimpleImputer, and its columns must be "
        "given by name. The score of the classifier must be a sum over the features. "
        f"Got {what} instead. For other models, use recommend, which accepts any classifier."
    )


def _column(
    transformer: BaseEstimator, name: str, number: int, start: int, weight: float | None
) -> Column | None:
    """Return column `number` of a step, or None if the step cannot be compiled."""
    steps, edges = [*_inner_steps(transformer)], None
    if len(steps) == 1 and hasattr(steps[0], "cell_encoder"):
        encoder = steps[0].cell_encoder(number, start)
        return CategoryColumn(name, encoder, _weighted(steps[0].dtype, weight))
    if steps and type(steps[-1]) is KBinsDiscretizer and steps[-1].encode != "ordinal":
        edges = _inner_edges(steps.pop(), number)
        if edges is None:
            return None
    functions: list[NumberFunction] = []
    for step in steps:
        function = _number_function(step, number)
        if function is None:
            return None
        functions.append(function)
    return NumberColumn(name, functions, start, _weighted(np.dtype(np.float64), weight), edges)


def _inner_steps(transformer: BaseEstimator | str | None) -> Iterator[BaseEstimator]:
    """Yield the steps of nested pipelines, except those that pass everything through."""
    if isinstance(transformer, Pipeline):
        for _, step in transformer.steps:
            yield from _inner_steps(step)
    elif transformer is not None and transformer != "passthrough":
        yield transformer


def _weighted(dtype: np.dtype, weight: float | None) -> np.generic:
    """Return the value of a set feature, in the encoder's dtype and weighted as in ColumnTransformer."""
    one = np.ones(1, dtype=dtype)
    return (one if weight is None else one * weight)[0]


def _as_number(cell: object) -> float | None:
    """Return a number as a float, NaN for None, and None for anything else."""
    if cell is None:
        return nan
    is_number = type(cell) is float or (type(cell) is int and abs(cell) <= LARGEST_INT)
    return float(cell) if is_number else None  # type: ignore[arg-type]


def _number_function(step: BaseEstimator, number: int) -> NumberFunction | None:
    """Return a function that transforms numbers exactly as the transformer does, or None if there is none."""
    make = NUMBER_FUNCTIONS.get(type(step))
    return None if make is None else make(step, number)


def _subtract_and_divide(
    subtracted: np.ndarray | None, divisor: np.ndarray | None, number: int
) -> NumberFunction:
    shift = 0.0 if subtracted is None else float(subtracted[number])
    scale = 1.0 if divisor is None else float(divisor[number])
    return lambda x: (x - shift) / scale


def _standard(step: StandardScaler, number: int) -> NumberFunction:
    mean, scale = step.mean_ if step.with_mean else None, step.scale_ if step.with_std else None
    return _subtract_and_divide(mean, scale, number)


def _robust(step: RobustScaler, number: int) -> NumberFunction:
    center, scale = step.center_ if step.with_centering else None, step.scale_ if step.with_scaling else None
    return _subtract_and_divide(center, scale, number)


def _max_abs(step: MaxAbsScaler, number: int) -> NumberFunction:
    scale, limit = float(step.scale_[number]), 1.0 if step.clip else inf
    return lambda x: min(max(x / scale, -limit), limit)  # NaN stays NaN, because it comes first


def _min_max(step: MinMaxScaler, number: int) -> NumberFunction:
    scale, shift = float(step.scale_[number]), float(step.min_[number])
    low, high = map(float, step.feature_range) if step.clip else (-inf, inf)
    return lambda x: min(max(x * scale + shift, low), high)


def _impute(step: SimpleImputer, number: int) -> NumberFunction | None:
    fill = step.statistics_
    has_all = not step.add_indicator and not np.isnan(fill.astype(float)).any()  # no column is dropped
    if step.strategy not in ("mean", "median") or not _is_nan(step.missing_values) or not has_all:
        return None
    value = float(fill[number])
    return lambda x: value if isnan(x) else x


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and isnan(value)


def _inner_edges(step: KBinsDiscretizer, number: int) -> list[float] | None:
    return None if step.dtype == np.float32 else step.bin_edges_[number][1:-1].tolist()


def _ordinal(step: KBinsDiscretizer, number: int) -> NumberFunction | None:
    edges = _inner_edges(step, number)
    if edges is None or step.encode != "ordinal":
        return None
    return lambda x: None if isnan(x) else float(bisect_right(edges, x))


def _identity(step: FunctionTransformer, number: int) -> NumberFunction | None:
    return (lambda x: x) if step.func is None else None


NUMBER_FUNCTIONS: dict[type, Callable[[BaseEstimator, int], NumberFunction | None]] = {
    FunctionTransformer: _identity,
    KBinsDiscretizer: _ordinal,
    MaxAbsScaler: _max_abs,
    MinMaxScaler: _min_max,
    RobustScaler: _robust,
    SimpleImputer: _impute,
    StandardScaler: _standard,
}
