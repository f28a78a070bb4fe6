"""The private parts of scikit-learn that `pipelines` uses. Other files of `pipelines` use none of them."""

from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.compose._column_transformer import _is_empty_column_selection as selects_nothing
from sklearn.utils import _safe_indexing as take

__all__ = ["check_parameters", "selects_nothing", "set_remainder", "take"]


def check_parameters(estimator: BaseEstimator) -> None:
    """Raise ``InvalidParameterError`` if a parameter of the estimator is invalid."""
    if hasattr(estimator, "_parameter_constraints"):
        estimator._validate_params()


def set_remainder(fitted: ColumnTransformer, remainder: BaseEstimator | str) -> None:
    """Replace the estimator for the remaining columns of a fitted ColumnTransformer."""
    fitted._remainder = ("remainder", remainder, fitted._remainder[2])
