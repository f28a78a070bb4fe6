"""The interface of a plan: nodes that read batches into states, and states that add up."""

from typing import Any, Protocol, Self

import numpy as np
from sklearn.base import BaseEstimator

from pipelines._common.frames import Rows


class State(Protocol):
    """What a node learned from some rows. It is small and can be pickled, unlike the rows."""

    def merge(self, other: Self) -> Self:
        """Return the state of both sets of rows. Neither state is changed."""
        ...


class Node(Protocol):
    """A step of a model that learns from batches, in one pass over them or in several.

    Attributes
    ----------
    model : the estimator as given; it is never fitted
    fitted : the fitted estimator; None before the last pass has been closed
    n_passes : how many passes the step needs
    ready_after : after how many passes `transform` can be called
    weighted : whether the step uses sample weights
    """

    model: BaseEstimator
    fitted: BaseEstimator | None
    n_passes: int
    ready_after: int
    weighted: bool

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> State | None:
        """Return the state of a batch in pass `k`, counted from 0; None if nothing was learned."""
        ...

    def close(self, k: int, state: Any) -> None:
        """Use the state of all rows at the end of pass `k`."""
        ...

    def transform(self, X: Rows) -> Rows:
        """Return the input of the next step."""
        ...


def added(one: State | None, other: State | None) -> State | None:
    """Return the state of both; a batch that taught nothing has None."""
    if one is None or other is None:
        return other if one is None else one
    return one.merge(other)
