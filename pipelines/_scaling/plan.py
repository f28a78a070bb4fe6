"""Which passes over the rows a pipeline needs, and what each step learns in which of them.

A plan mirrors the model: a node a step, with the methods of :class:`pipelines._scaling.tallies.Tally`. In a
pass each row goes as far as the steps before can transform it, and every step that it reaches reads it.
"""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import _safe_indexing as take_columns  # as ColumnTransformer selects them; not public
from sklearn.utils import get_tags
from sklearn.utils.validation import validate_data

from estimators import (
    ComplementNB,
    GDClassifier,
    GDRegressor,
    MLPClassifier,
    MLPRegressor,
    MultiHotEncoder,
    OneHotEncoder,
    PolynomialRegressor,
)
from pipelines._scaling.tallies import (
    ComplementTally,
    EncoderTally,
    EveningTally,
    LeastSquaresTally,
    PolynomialTally,
    ScalerTally,
    StatelessTally,
    added,
    check_any,
)
from pipelines.forecast import EveningReader, ServiceLevelRegressor


def plan_for(model: Any) -> Any:
    """Return the plan of a model; raise TypeError if a step has no state that adds up."""
    for kind, node in NODES.items():
        if type(model) is kind:
            return node(model)
    if isinstance(model, GDClassifier | MLPClassifier | MLPRegressor):
        raise TypeError(_no_sums(type(model).__name__))
    if isinstance(model, TransformerMixin) and not get_tags(model).requires_fit:
        return StatelessTally(model)
    if isinstance(model, type):
        raise TypeError(f"A model is an object, not a class. Got {model.__name__}: write {model.__name__}().")
    kind = type(model)
    raise TypeError(
        f"{kind.__module__.partition('.')[0]}.{kind.__qualname__} has no state that adds up over batches. "
        f"A model may be made of {', '.join(each.__name__ for each in NODES)} (encoders and ComplementNB of "
        "this library), of transformers that learn nothing, and of 'passthrough' and 'drop'."
    )


def _no_sums(name: str) -> str:
    others = {
        "GDClassifier": "fit it on as many rows as memory holds, or call its partial_fit batch by batch",
        "MLPClassifier": "call its partial_fit batch by batch, or train in torch, which has distributed "
        "training",
    }
    return (
        f"{name} cannot be fitted by adding up batches: each step of its descent needs the weights that the "
        f"step before it found, so no sum over the rows holds what it learns. Instead "
        f"{others.get(name, others['MLPClassifier'])}; the search for its parameters can run on a cluster: "
        "GridSearchCV with joblib's backend 'dask'."
    )


class PipelineNode:
    """The steps of a Pipeline: each begins as soon as those before it can transform."""

    def __init__(self, model: Pipeline) -> None:
        self.model, self.fitted = model, None
        self.nodes = [None if _is_nothing(step) else plan_for(step) for _, step in model.steps]
        self.starts, ready = [], 0
        for node in self.nodes:
            self.starts.append(ready)
            ready += node.ready_after if node else 0
        ends = [node.n_passes + start for node, start in zip(self.nodes, self.starts, strict=True) if node]
        self.n_passes, self.ready_after = max(ends, default=0), ready
        last = self.nodes[-1]
        self.weighted = last is not None and last.weighted

    def _active(self, k: int) -> list[tuple[int, Any, int]]:
        """Return the steps that learn in pass `k`: place, node and the step's own pass."""
        steps = enumerate(zip(self.nodes, self.starts, strict=True))
        return [(i, n, k - start) for i, (n, start) in steps if n and 0 <= k - start < n.n_passes]

    def read(self, k: int, X: Any, y: Any, weight: Any) -> dict[int, Any]:
        """Return the states of the steps that learn in this pass; only the last one gets the weights."""
        active = self._active(k)
        last, states, own = active[-1][0], {}, {i: k_own for i, _, k_own in active}
        for i, node in enumerate(self.nodes[: last + 1]):
            if node and i in own:
                is_last = i == len(self.nodes) - 1
                states[i] = node.read(own[i], X, y, weight if is_last else None)
            if node and i < last:
                X = node.transform(X)
        return states

    def add(self, k: int, one: Any, other: Any) -> dict[int, Any]:
        """Return the states of both batches."""
        return {i: added(node, own, one[i], other[i]) for i, node, own in self._active(k)}

    def close(self, k: int, state: Any) -> None:
        """Take in the states; after the last pass the pipeline is fitted."""
        for i, node, own in self._active(k):
            check_any(state[i])
            node.close(own, state[i])
        if k == self.n_passes - 1:
            fitted = clone(self.model)
            steps = zip(self.model.steps, self.nodes, strict=True)
            fitted.steps = [(name, node.fitted if node else step) for (name, step), node in steps]
            self.fitted = fitted

    def transform(self, X: Any) -> Any:
        """Return what the step after the pipeline sees."""
        for node in self.nodes:
            X = node.transform(X) if node else X
        return X


def _is_nothing(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step == "passthrough")


class ColumnNode:
    """The children of a ColumnTransformer, each with its columns; they learn side by side."""

    weighted = False

    def __init__(self, model: ColumnTransformer) -> None:
        self.model, self.fitted = model, None
        children = [*model.transformers, ("remainder", model.remainder, None)]
        self.nodes = {name: plan_for(child) for name, child, _ in children if not isinstance(child, str)}
        self.n_passes = max([node.n_passes for node in self.nodes.values()], default=1)
        self.ready_after = self.n_passes

    def read(self, k: int, X: Any, y: Any, weight: Any) -> dict[str, Any]:
        """Return the children's states, the number of rows, and one row as a sample."""
        states = {
            name: self.nodes[name].read(k, take_columns(X, columns, axis=1), y, None)
            for name, columns in self._columns(X)
            if k < self.nodes[name].n_passes
        }
        return {"states": states, "n_rows": _length(X), "sample": take_columns(X, slice(0, 1), axis=0)}

    def _columns(self, X: Any) -> list[tuple[str, Any]]:
        """Return the columns of each child, as scikit-learn resolves them."""
        resolved = _with_children(self.model, {name: _Marker() for name in self.nodes}).fit(X)
        return [(name, columns) for name, child, columns in resolved.transformers_ if hasattr(child, "seen_")]

    def add(self, k: int, one: Any, other: Any) -> dict[str, Any]:
        """Return the states of both batches."""
        pairs = one["states"].items()
        states = {name: self.nodes[name].add(k, state, other["states"][name]) for name, state in pairs}
        return {"states": states, "n_rows": one["n_rows"] + other["n_rows"], "sample": one["sample"]}

    def close(self, k: int, state: Any) -> None:
        """Take in the states; after the last pass scikit-learn puts the fitted children together."""
        for name, child in state["states"].items():
            self.nodes[name].close(k, child)
        if k < self.n_passes - 1:
            return
        frozen = {name: FrozenEstimator(n.fitted) for name, n in self.nodes.items() if n.fitted is not None}
        fitted = _with_children(self.model, frozen).fit(state["sample"])
        fitted.transformers_ = [(name, _thawed(child), at) for name, child, at in fitted.transformers_]
        fitted._remainder = ("remainder", self.model.remainder, fitted._remainder[2])
        template = clone(self.model)
        fitted.transformers, fitted.remainder = template.transformers, template.remainder
        self._choose_sparse(fitted, state)
        self.fitted = fitted

    def _choose_sparse(self, fitted: ColumnTransformer, state: Any) -> None:
        """Decide by the density of all rows, not of the sample, as `fit` does."""
        widths = {name: at.stop - at.start for name, at in fitted.output_indices_.items()}
        ones = {name: node.n_ones for name, node in self.nodes.items() if _is_sparse_encoder(node)}
        if not ones:
            return
        dense = state["n_rows"] * sum(width for name, width in widths.items() if name not in ones)
        density = (sum(ones.values()) + dense) / (state["n_rows"] * sum(widths.values()))
        fitted.sparse_output_ = density < self.model.sparse_threshold

    def transform(self, X: Any) -> Any:
        """Return what the next step sees."""
        return self.fitted.transform(X)  # type: ignore[attr-defined]


def _is_sparse_encoder(node: Any) -> bool:
    return isinstance(node, EncoderTally) and node.fitted is not None and node.model.sparse_output


def _thawed(child: Any) -> Any:
    return child.estimator if isinstance(child, FrozenEstimator) else child


def _with_children(model: ColumnTransformer, children: dict[str, Any]) -> ColumnTransformer:
    """Return a copy, not fitted, with other estimators in the place of the children of these names."""
    copied = clone(model)
    copied.transformers = [(name, children.get(name, child), at) for name, child, at in copied.transformers]
    copied.remainder = children.get("remainder", copied.remainder)
    return copied.set_params(verbose=False)


class _Marker(TransformerMixin, BaseEstimator):
    """Stand in for a child whose columns are to be found."""

    def fit(self, X: Any, y: Any = None) -> "_Marker":
        self.seen_ = True
        return self

    def transform(self, X: Any) -> np.ndarray:
        return np.zeros((_length(X), 1))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        return np.array(["marker"], dtype=object)


def _length(X: Any) -> int:
    return X.shape[0] if hasattr(X, "shape") else len(X)


class ServiceLevelNode:
    """The regressor in a ServiceLevelRegressor without folds: held-out errors are no sums."""

    weighted = False

    def __init__(self, model: ServiceLevelRegressor) -> None:
        if model.cv >= 2:
            raise TypeError(
                f"ServiceLevelRegressor with cv={model.cv} cannot be fitted by adding up batches: its "
                "margins need the errors on unseen rows, a fit for each fold. Set cv=0, as "
                "dough_forecaster(cv=0), and judge the errors on rows that were held out."
            )
        self.model, self.fitted = model, None
        self.inner = plan_for(model.regressor)
        self.n_passes, self.ready_after = self.inner.n_passes, self.inner.n_passes

    def read(self, k: int, X: Any, y: Any, weight: Any) -> tuple[Any, Any]:
        """Return the model that has seen the shape of X, and the regressor's state."""
        shell = clone(self.model)
        X, y = validate_data(shell, X, y, y_numeric=True)
        return shell, self.inner.read(k, X, y, None)

    def add(self, k: int, one: Any, other: Any) -> tuple[Any, Any]:
        """Return the states of both batches."""
        return one[0], self.inner.add(k, one[1], other[1])

    def close(self, k: int, state: Any) -> None:
        """Take in the regressor's state."""
        self.inner.close(k, state[1])
        if k == self.n_passes - 1:
            self.fitted = state[0]
            self.fitted.regressor_, self.fitted.residuals_ = self.inner.fitted, np.empty(0)  # type: ignore


NODES: dict[type, Any] = {
    Pipeline: PipelineNode,
    ColumnTransformer: ColumnNode,
    OneHotEncoder: EncoderTally,
    MultiHotEncoder: EncoderTally,
    StandardScaler: ScalerTally,
    ComplementNB: ComplementTally,
    GDRegressor: LeastSquaresTally,
    PolynomialRegressor: PolynomialTally,
    EveningReader: EveningTally,
    ServiceLevelRegressor: ServiceLevelNode,
}
