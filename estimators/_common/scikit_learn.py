"""The private parts of scikit-learn that the estimators need, in one place.

``_fit_context`` and the constraint classes have no public counterpart. They give the estimators
scikit-learn's own parameter checks, with its wording and ``InvalidParameterError``, and honour
``sklearn.config_context(skip_parameter_validation=True)``. ``_check_sample_weight`` gives its
errors for weights, ``_check_feature_names_in`` its input names and their errors for
``get_feature_names_out``. ``_check_partial_fit_first_call`` and ``_check_optimize_result`` word the
errors of ``partial_fit`` and the warning of lbfgs.
"""

from sklearn.base import _fit_context as fit_context
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call as check_partial_fit_first_call
from sklearn.utils.optimize import _check_optimize_result as check_optimize_result
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

__all__ = [
    "Interval",
    "Options",
    "StrOptions",
    "check_feature_names_in",
    "check_optimize_result",
    "check_partial_fit_first_call",
    "check_sample_weight",
    "fit_context",
]
