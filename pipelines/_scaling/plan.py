"""Which passes over the rows a model needs, and what each step learns in which of them.

A plan mirrors the model: one :class:`pipelines._scaling.nodes.Node` for each step. In every pass a row is
transformed by the steps that are ready, and each step that it reaches reads it.
"""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.validation import validate_data

from estimators import GDClassifier, MLPClassifier, MLPRegressor
from pipelines._common.frames import Rows
from pipelines._scaling.columns import ColumnNode
from pipelines._scaling.nodes import Node, State, added
from pipelines._scaling.tallies import AdditiveTally, ScalerTally, StatelessTally


def plan_for(model: BaseEstimator) -> Node:
    """Return the plan of a model; raise TypeError if a step has no state that adds up."""
    if isinstance(model, type):
        raise TypeError(f"A model is an object, not a class. Got {model.__name__}: write {model.__name__}().")
    if type(model) is Pipeline:
        return PipelineNode(model)
    if type(model) is ColumnTransformer:
        children = [*model.transformers, ("remainder", model.remainder, None)]
        return ColumnNode(
            model, {name: plan_for(child) for name, child, _ in children if not isinstance(child, str)}
        )
    if type(model) is StandardScaler:
        return ScalerTally(model)
    if hasattr(model, "batch_regressor"):
        return WrapperNode(model)
    if hasattr(model, "additive_state") or hasattr(model, "find_domain"):
        return AdditiveTally(model)
    if isinstance(model, GDClassifier | MLPClassifier | MLPRegressor):
        raise TypeError(_descent_message(model))
    if isinstance(model, TransformerMixin) and not get_tags(model).requires_fit:
        return StatelessTally(model)
    kind = type(model)
    raise TypeError(
        f"{kind.__module__.partition('.')[0]}.{kind.__qualname__} has no state that adds up over batches. "
        "A model may be made of Pipeline, ColumnTransformer, StandardScaler, OneHotEncoder, MultiHotEncoder, "
        "ComplementNB, GDRegressor and PolynomialRegressor (encoders and ComplementNB of this library), of "
        "transformers that learn nothing, and of 'passthrough' and 'drop'."
    )


def _descent_message(model: BaseEstimator) -> str:
    instead = (
        "fit it on as many rows as fit into memory, or call its partial_fit batch by batch"
        if isinstance(model, GDClassifier)
        else "call its partial_fit batch by batch, or train in torch, which has distributed training"
    )
    return (
        f"{type(model).__name__} cannot be fitted by adding up batches: each step of its descent needs the "
        f"weights of the step before, so no sum over the rows holds what it learns. Instead, {instead}. The "
        "search for its parameters can run on a cluster: GridSearchCV with joblib's backend 'dask'."
    )


@dataclass
class PipelineState:
    """The states of the steps that learn in one pass, by the place of the step."""

    steps: dict[int, State | None]

    def merge(self, other: Self) -> "PipelineState":
        """Return the states of both sets of rows."""
        return PipelineState({i: added(state, other.steps[i]) for i, state in self.steps.items()})


class PipelineNode:
    """The steps of a Pipeline: each begins to learn as soon as the steps before it can transform."""

    def __init__(self, model: Pipeline) -> None:
        self.model = model
        self.fitted: Pipeline | None = None
        self.nodes = [None if _is_passthrough(step) else plan_for(step) for _, step in model.steps]
        self.starts: list[int] = []
        self.ready_after, self.n_passes = 0, 1
        for node in self.nodes:
            self.starts.append(self.ready_after)
            if node is not None:
                self.n_passes = max(self.n_passes, self.ready_after + node.n_passes)
                self.ready_after += node.ready_after
        last = self.nodes[-1]
        self.weighted = last is not None and last.weighted

    def _active(self, k: int) -> dict[int, tuple[Node, int]]:
        """Return the steps that learn in pass `k`, by their place, each with the number of its own pass."""
        steps = enumerate(zip(self.nodes, self.starts, strict=True))
        return {i: (node, k - at) for i, (node, at) in steps if node and 0 <= k - at < node.n_passes}

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> PipelineState:
        """Return the states of the steps that learn in this pass; only the last step gets the weights."""
        active, states = self._active(k), PipelineState({})
        last = max(active, default=0)
        for i, node in enumerate(self.nodes[: last + 1]):
            if i in active:
                weight = sample_weight if i == len(self.nodes) - 1 else None
                states.steps[i] = active[i][0].read(active[i][1], X, y, weight)
            if node and i < last:
                X = node.transform(X)
        return states

    def close(self, k: int, state: PipelineState) -> None:
        """Close the steps; after the last pass the pipeline is fitted."""
        for i, (node, own) in self._active(k).items():
            node.close(own, state.steps[i])
        if k == self.n_passes - 1:
            fitted = clone(self.model)
            steps = zip(self.model.steps, self.nodes, strict=True)
            fitted.steps = [(name, node.fitted if node else step) for (name, step), node in steps]
            self.fitted = fitted

    def transform(self, X: Rows) -> Rows:
        """Return the input of the step after the pipeline."""
        for node in self.nodes:
            X = node.transform(X) if node else X
        return X


def _is_passthrough(step: BaseEstimator | str | None) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


class Wrapper(Protocol):
    """A regressor that leaves the learning to another one, such as `ServiceLevelRegressor`."""

    def batch_regressor(self) -> BaseEstimator:
        """Return the regressor that learns from the batches; raise TypeError if that is not enough."""
        ...

    def with_regressor(self, fitted: BaseEstimator) -> Self:
        """Use a fitted regressor."""
        ...


class WrapperNode:
    """A :class:`Wrapper`: the plan is that of the wrapped regressor."""

    weighted = False

    def __init__(self, model: Wrapper) -> None:
        self.model = model
        self.fitted: Wrapper | None = None
        self.inner = plan_for(model.batch_regressor())
        self.n_passes = self.ready_after = self.inner.n_passes

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> "WrapperState":
        """Return the wrapper that has checked the columns, and the state of the regressor."""
        checked = clone(self.model)
        X, y = validate_data(checked, X, y, y_numeric=True)
        return WrapperState(checked, self.inner.read(k, X, y, None))

    def close(self, k: int, state: "WrapperState") -> None:
        """Close the regressor; after the last pass the wrapper is fitted."""
        self.inner.close(k, state.inner)
        if k == self.n_passes - 1:
            self.fitted = state.wrapper.with_regressor(self.inner.fitted)

    def transform(self, X: Rows) -> Rows:
        """Raise, since regressors do not transform."""
        raise TypeError(f"{type(self.model).__name__} must be the last step of a Pipeline.")


@dataclass
class WrapperState:
    """A wrapper that has checked the columns, and the state of its regressor."""

    wrapper: Wrapper
    inner: State | None

    def merge(self, other: Self) -> "WrapperState":
        """Return the states of both sets of rows."""
        return WrapperState(self.wrapper, added(self.inner, other.inner))
