"""Private or untyped parts of scikit-learn. This is the only module that uses them.

`fit_context` and the constraint classes have no public counterpart. With them, parameters are checked in
the same way and with the same messages as in scikit-learn: an invalid value raises an
``InvalidParameterError``, and no check is made under
``sklearn.config_context(skip_parameter_validation=True)``. The `check_*` functions raise scikit-learn's
errors for weights, feature names and L-BFGS. `DisplaysSome` shortens scikit-learn's HTML display, and
`HintsAtParameters` adds hints to its errors.

`fit_context`, `with_callbacks` and `available_if` are scikit-learn's decorators with type annotations, so
that editors show the signatures of the decorated methods.
"""

import inspect
import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeVar, cast

import sklearn.callback
import sklearn.utils.metaestimators
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils._param_validation import Interval, InvalidParameterError, Options, RealNotInt, StrOptions
from sklearn.utils._set_output import _get_output_config as get_output_config
from sklearn.utils.optimize import _check_optimize_result as check_optimize_result
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

if TYPE_CHECKING:
    from sklearn.callback import CallbackContext
    from sklearn.utils._repr_html.fitted_attributes import AttrsDict

__all__ = [
    "DisplaysSome",
    "HintsAtParameters",
    "Interval",
    "Options",
    "RealNotInt",
    "StrOptions",
    "available_if",
    "check_feature_names_in",
    "check_optimize_result",
    "check_parameters",
    "check_sample_weight",
    "fit_context",
    "get_output_config",
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
    """Check the parameters of an estimator before the decorated method runs."""
    return cast(Any, _fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation))


def with_callbacks(method: Method) -> Method:
    """Set up the callbacks of an estimator before `fit` runs, and tear them down afterwards."""
    return cast(Method, sklearn.callback.with_callbacks(method))


def available_if(check: Callable[[Any], bool]) -> Callable[[Method], Method]:
    """Make a method available only if `check` returns True for its estimator."""
    return cast(Any, sklearn.utils.metaestimators.available_if(check))


def warn_caller(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning that points to the line where the user called a method of an estimator."""
    frame, level = inspect.currentframe(), 1
    while frame is not None and frame.f_globals["__name__"].startswith(_BELOW_THE_CALLER):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def check_parameters(estimator: BaseEstimator) -> None:
    """Raise an ``InvalidParameterError`` if a parameter of the estimator is not valid."""
    estimator._validate_params()


def has_callbacks(estimator: BaseEstimator) -> bool:
    """Return True if callbacks were set on the estimator."""
    return hasattr(estimator, "_skl_callbacks")


def open_callback_context(estimator: BaseEstimator, max_subtasks: int | None) -> "CallbackContext":
    """Return the callback context for a fit of the estimator."""
    return cast(Any, estimator)._init_callback_context(max_subtasks=max_subtasks)


def without_callbacks(attributes: dict[str, Any]) -> dict[str, Any]:
    """Return the attributes of an estimator without those that callbacks have set."""
    return {name: value for name, value in attributes.items() if name not in _OF_CALLBACKS}


class HintsAtParameters(BaseEstimator):
    """An estimator that can add a hint to scikit-learn's error for an invalid parameter."""

    def _hint(self) -> str:
        """Return the hint to add to the error, or an empty string."""
        return ""

    def _validate_params(self) -> None:
        try:
            super()._validate_params()
        except InvalidParameterError as error:
            if not (hint := self._hint()):
                raise
            raise InvalidParameterError(f"{error} {hint}") from None


class DisplaysSome(BaseEstimator):
    """An estimator whose HTML display omits fitted attributes that are expensive to compute."""

    _not_displayed: tuple[str, ...] = ()

    def _get_fitted_attr_html(self, doc_link: str = "") -> "AttrsDict":
        names = (name for name in dir(self) if name.endswith("_") and not name.startswith("_"))
        shown = {name: getattr(self, name) for name in names if name not in self._not_displayed}
        display = BaseEstimator._get_fitted_attr_html(cast(Any, SimpleNamespace(**shown)), doc_link)
        display.estimator_class = type(self)
        return display
