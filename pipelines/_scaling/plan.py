"""Which passes over the rows a model needs, and what each step learns in which of them.

A plan mirrors the model: one :class:`pipelines._scaling.nodes.Node` for each step. In every pass a row is
transformed by the steps that are ready, and each step that it reaches reads it.
"""

from typing import Any

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
from pipelines._scaling.nodes import AdditiveNode, Fitted, FittedNode, Node, State


def plan_for(model: BaseEstimator) -> Node:
    """Return the plan of a model; raise TypeError if a step has no state that adds up."""
    if isinstance(model, type):
        raise TypeError(f"A model is an object, not a class. Got {model.__name__}: write {model.__name__}().")
    if type(model) is Pipeline:
        return PipelineNode(model)
    if type(model) is ColumnTransformer:
        children = {name: child for name, child, _ in model.transformers} | {"remainder": model.remainder}
        nodes = {name: plan_for(child) for name, child in children.items() if not isinstance(child, str)}
        return ColumnNode(model, nodes)
    if type(model) is StandardScaler:
        return FittedNode(model)
    if hasattr(model, "batch_regressor"):
        return WrapperNode(model)
    if hasattr(model, "additive_state") or hasattr(model, "find_domain"):
        return AdditiveNode(model)
    if isinstance(model, GDClassifier | MLPClassifier | MLPRegressor):
        raise TypeError(_descent_message(model))
    if isinstance(model, TransformerMixin) and not get_tags(model).requires_fit:
        return FittedNode(model)
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


class PipelineNode(Node):
    """The steps of a Pipeline: each begins to learn as soon as the steps before it can transform."""

    def __init__(self, model: Pipeline) -> None:
        self.model = model
        steps = enumerate(step for _, step in model.steps)
        self.nodes = {i: plan_for(step) for i, step in steps if step not in (None, "passthrough")}
        self.starts: dict[int, int] = {}  # the pass in which a step begins to learn
        self.n_passes, self.ready_after, self.last = 1, 0, len(model.steps) - 1
        for i, node in self.nodes.items():
            if i < self.last and not hasattr(node.model, "transform"):
                raise TypeError(f"{type(node.model).__name__} must be the last step of a Pipeline.")
            self.starts[i] = self.ready_after
            self.n_passes = max(self.n_passes, self.ready_after + node.n_passes)
            self.ready_after += node.ready_after
        self.weighted = self.last in self.nodes and self.nodes[self.last].weighted

    def _active(self, k: int) -> dict[int, int]:
        """Return the steps that learn in pass `k`, each with the number of its own pass."""
        own = {i: k - start for i, start in self.starts.items()}
        return {i: own_k for i, own_k in own.items() if 0 <= own_k < self.nodes[i].n_passes}

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> dict[int, State]:
        """Return the states of the steps that learn in this pass; only the last step gets the weights."""
        active, states = self._active(k), {}
        for i, node in self.nodes.items():
            if i in active:
                states[i] = node.read(active[i], X, y, sample_weight if i == self.last else None)
            if len(states) == len(active):
                break
            X = node.transform(X)
        return states

    def close(self, k: int, state: dict[int, State]) -> None:
        """Close the steps; after the last pass the pipeline is fitted."""
        for i, own_k in self._active(k).items():
            self.nodes[i].close(own_k, state[i])
        if k == self.n_passes - 1:
            steps = enumerate(self.model.steps)
            self.fitted = clone(self.model)
            self.fitted.steps = [
                (name, self.nodes[i].fitted if i in self.nodes else step) for i, (name, step) in steps
            ]

    def transform(self, X: Rows) -> Rows:
        """Return the input of the step after the pipeline."""
        for node in self.nodes.values():
            X = node.transform(X)
        return X


class WrapperNode(Node):
    """A regressor that wraps the one that learns, such as `ServiceLevelRegressor`.

    It offers ``batch_regressor()``, the wrapped regressor, and ``with_regressor(fitted)``, which uses it.
    """

    def __init__(self, model: BaseEstimator) -> None:
        self.model = model
        self.inner = plan_for(model.batch_regressor())
        self.n_passes = self.ready_after = self.inner.n_passes

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> dict[str, State]:
        """Return the wrapper that has checked the columns, and the state of the regressor."""
        checked = clone(self.model)
        X, y = validate_data(checked, X, y, y_numeric=True)
        return {"wrapper": Fitted(checked), "regressor": self.inner.read(k, X, y, None)}

    def close(self, k: int, state: dict[str, Any]) -> None:
        """Close the regressor; after the last pass the wrapper is fitted."""
        self.inner.close(k, state["regressor"])
        if k == self.n_passes - 1:
            self.fitted = state["wrapper"].step.with_regressor(self.inner.fitted)
