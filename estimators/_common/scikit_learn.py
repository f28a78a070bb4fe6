"""What is private in scikit-learn, or untyped there: imported and touched in this file alone.

`fit_context` and the constraint classes have no public counterpart. They give the estimators scikit-learn's
own parameter checks, with its wording and ``InvalidParameterError``, and honour
``sklearn.config_context(skip_parameter_validation=True)``. The `check_*` functions give its errors for
weights, feature names, `partial_fit` and L-BFGS. `DisplaysSome` shortens its HTML display.

`fit_context`, `with_callbacks` and `available_if` are scikit-learn's decorators with the types they lack:
an editor still sees the signature of the method that they decorate.
"""

import inspect
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import sklearn.callback
import sklearn.utils.metaestimators
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call as check_partial_fit_first_call
from sklearn.utils.optimize import _check_optimize_result as check_optimize_result
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

if TYPE_CHECKING:
    from sklearn.callback import CallbackContext
    from sklearn.utils._repr_html.fitted_attributes import AttrsDict

__all__ = [
    "DisplaysSome",
    "Interval",
    "Options",
    "StrOptions",
    "available_if",
    "check_feature_names_in",
    "check_optimize_result",
    "check_parameters",
    "check_partial_fit_first_call",
    "check_sample_weight",
    "fit_context",
    "has_callbacks",
    "open_callback_context",
    "warn_caller",
    "with_callbacks",
    "without_callbacks",
]

Method = TypeVar("Method", bound=Callable[..., Any])

_OF_CALLBACKS = ("_callback_fit_ctx", "_parent_callback_ctx", "_skl_callbacks", "_skl_callbacks_to_teardown")
_BELOW_THE_CALLER = ("estimators.", "sklearn.base", "sklearn.callback", "contextlib")


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Method], Method]:
    """Check the parameters of an estimator before a method of it runs."""
    return cast(Any, _fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation))


def with_callbacks(method: Method) -> Method:
    """Set up the callbacks of an estimator before `fit` runs and tear them down after it."""
    return cast(Method, sklearn.callback.with_callbacks(method))


def available_if(check: Callable[[Any], bool]) -> Callable[[Method], Method]:
    """Offer a method only while `check` of its estimator says so."""
    return cast(Any, sklearn.utils.metaestimators.available_if(check))


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the line that called a method of an estimator, outside of the decorators above."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals["__name__"].startswith(_BELOW_THE_CALLER):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def check_parameters(estimator: BaseEstimator) -> None:
    """Raise ``InvalidParameterError`` if a parameter of the estimator is not allowed."""
    estimator._validate_params()


def has_callbacks(estimator: BaseEstimator) -> bool:
    """Tell whether callbacks were set on the estimator."""
    return hasattr(estimator, "_skl_callbacks")


def open_callback_context(estimator: BaseEstimator, max_subtasks: int | None) -> "CallbackContext":
    """Return the context of the estimator's fit, whose tasks its callbacks see."""
    return cast(Any, estimator)._init_callback_context(max_subtasks=max_subtasks)


def without_callbacks(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of an estimator without those that its callbacks left there."""
    return {name: value for name, value in attributes.items() if name not in _OF_CALLBACKS}


class DisplaysSome(BaseEstimator):
    """An estimator whose HTML display leaves out some fitted attributes, which are expensive to read."""

    _not_displayed: tuple[str, ...] = ()

    def _get_fitted_attr_html(self, doc_link: str = "") -> "AttrsDict":
        names = (name for name in dir(self) if name.endswith("_") and not name.startswith("_"))
        shown = {name: getattr(self, name) for name in names if name not in self._not_displayed}
        display = BaseEstimator._get_fitted_attr_html(cast(Any, SimpleNamespace(**shown)), doc_link)
        display.estimator_class = type(self)
        return display
