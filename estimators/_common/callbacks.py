"""scikit-learn's callbacks for a training loop: one task per fit and one subtask per iteration."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from estimators._common.scikit_learn import has_callbacks, open_callback_context

Attributes = Callable[[], Mapping[str, Any]]


class Task(Protocol):
    """Interface for reporting iterations: `FitTask` if there can be callbacks, `NoTask` otherwise."""

    active: bool

    def begin(self) -> None:
        """Start the subtask of the next iteration."""

    def end(self, attributes: Attributes) -> bool:
        """End the subtask of this iteration. Return True if a callback requests to stop."""
        ...


class FitTask:
    """The callback task of fitting `estimator`. There is no overhead if no callbacks are set.

    A loop calls :meth:`begin` before each iteration, :meth:`end` after each iteration, and :meth:`close` at
    the end of the fit. `attributes` is a function that returns the fitted attributes that ``predict`` needs,
    so that a callback can score the current model. It is only called if a callback needs them. If only a part
    of `estimator` is trained, `rebuild` converts the attributes of this part to those of `estimator`.
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        max_iter: int | None,
        X: Any,
        y: Any,
        sample_weight: ArrayLike | None = None,
        rebuild: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
    ) -> None:
        self.estimator, self._rebuild = estimator, rebuild
        self.active = has_callbacks(estimator)
        self._data = {"X": X, "y": y}
        self._data["metadata"] = None if sample_weight is None else {"sample_weight": sample_weight}
        self._root = open_callback_context(estimator, max_iter if self.active else 0)
        self._root.call_on_fit_task_begin(estimator=estimator, **self._data)

    def begin(self) -> None:
        """Start the subtask of the next iteration."""
        if self.active:
            self._iteration = self._root.subcontext(task_name="iteration")
            self._iteration.call_on_fit_task_begin(estimator=self.estimator, **self._data)

    def end(self, attributes: Attributes) -> bool:
        """End the subtask of this iteration. Return True if a callback requests to stop."""
        if not self.active:
            return False
        return self._iteration.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=self._rebuilt(attributes), **self._data
        )

    def close(self, attributes: Attributes) -> None:
        """End the task of the whole fit."""
        self._root.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=self._rebuilt(attributes), **self._data
        )

    def _rebuilt(self, attributes: Attributes) -> Attributes:
        return lambda: self._rebuild(attributes())


class NoTask:
    """The task of a loop without callbacks, such as in `partial_fit`."""

    active = False

    def begin(self) -> None:
        """Do nothing."""

    def end(self, attributes: Attributes) -> bool:
        """Return False, because there is no callback that could request to stop."""
        return False

    def close(self, attributes: Attributes) -> None:
        """Do nothing."""
