"""scikit-learn's callbacks around a loop: one task for the fit, one subtask for each iteration."""

from collections.abc import Callable, Mapping
from typing import Any

Attributes = Callable[[], Mapping[str, Any]]


class FitTask:
    """The fit of `estimator`, as its callbacks see it; costs nothing where none are set.

    A loop calls :meth:`begin` before each iteration and :meth:`end` after it, and :meth:`close` when
    all is done. `attributes` is a function that returns the fitted attributes that ``predict`` needs, so
    that a callback can score the model as it is at that moment; it is called only if a callback asks.
    `rebuild` makes them those of `estimator`, where a part of it is what descends.
    """

    def __init__(
        self,
        estimator: Any,
        max_iter: int | None,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        rebuild: Callable[[Mapping[str, Any]], Mapping[str, Any]] = dict,
    ) -> None:
        self.estimator, self._rebuild = estimator, rebuild
        self.active = hasattr(estimator, "_skl_callbacks")
        self._told = {"X": X, "y": y}
        self._told["metadata"] = None if sample_weight is None else {"sample_weight": sample_weight}
        self._root = estimator._init_callback_context(max_subtasks=max_iter if self.active else 0)
        self._root.call_on_fit_task_begin(estimator=estimator, **self._told)

    def begin(self) -> None:
        """Open the subtask of the next iteration."""
        if self.active:
            self._iteration = self._root.subcontext(task_name="iteration")
            self._iteration.call_on_fit_task_begin(estimator=self.estimator, **self._told)

    def end(self, attributes: Attributes) -> bool:
        """Close the subtask of this iteration; True if a callback asks to stop."""
        if not self.active:
            return False
        return self._iteration.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=self._rebuilt(attributes), **self._told
        )

    def close(self, attributes: Attributes) -> None:
        """Close the task of the whole fit."""
        self._root.call_on_fit_task_end(
            estimator=self.estimator, reconstruction_attributes=self._rebuilt(attributes), **self._told
        )

    def _rebuilt(self, attributes: Attributes) -> Attributes:
        return lambda: self._rebuild(attributes())


class NoTask:
    """What a loop is given where nobody watches."""

    active = False

    def begin(self) -> None:
        """Do nothing."""

    def end(self, attributes: Attributes) -> bool:
        """Never ask to stop."""
        return False
