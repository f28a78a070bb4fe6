"""Plans: the passes over the rows that a model needs, and the steps that learn in each pass.

A plan has the structure of the model, with one :class:`pipelines._scaling.nodes.Node` per step. In each pass,
a row is transformed by the steps that are already fitted, and is read by the steps that learn in this pass.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.validation import validate_data

from estimators import GDClassifier, MLPClassifier, MLPRegressor
from pipelines._common.frames import Rows, n_rows_of
from pipelines._common.scikit_learn import selects_nothing, set_remainder, take
from pipelines._scaling.nodes import AdditiveNode, Fitted, FittedNode, Node, State, added


def plan_for(model: BaseEstimator) -> Node:
    """Return the plan of a model. Raise TypeError if a step cannot be fitted by merging states."""
    if isinstance(model, type):
        raise TypeError(
            f"The 'model' parameter must be an estimator instance. Got the class {model.__name__} instead. "
            f"Use {model.__name__}()."
        )
    if type(model) is Pipeline:
        return PipelineNode(model)
    if hasattr(model, "catalogue_rows"):
        return RecommenderNode(model)
    if type(model) is ColumnTransformer:
        return ColumnNode(model)
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
        f"{kind.__module__.partition('.')[0]}.{kind.__qualname__} cannot be fitted batch by batch. "
        "A model can only contain Pipeline, ColumnTransformer, StandardScaler, OneHotEncoder, "
        "MultiHotEncoder, BinEncoder with given edges, naive Bayes, GDRegressor and PolynomialRegressor "
        "(the encoders and naive Bayes must be from this library), stateless transformers, 'passthrough' and "
        "'drop'."
    )


def _descent_message(model: BaseEstimator) -> str:
    instead = (
        "fit it on as many rows as memory allows, or call its partial_fit method batch by batch"
        if isinstance(model, GDClassifier)
        else "call its partial_fit method batch by batch, or use PyTorch, which can train on a cluster"
    )
    return (
        f"{type(model).__name__} cannot be fitted by fit_batches or fit_dask: each step of gradient descent "
        "needs the weights from the previous step, so batches cannot be reduced to sums. "
        f"Instead, {instead}. To search for its parameters on a cluster, use GridSearchCV with joblib's "
        "backend 'dask'."
    )


class PipelineNode(Node):
    """The steps of a Pipeline. A step starts to learn when all earlier steps can transform."""

    def __init__(self, model: Pipeline) -> None:
        self.model = model
        steps = enumerate(step for _, step in model.steps)
        self.nodes = {i: plan_for(step) for i, step in steps if step not in (None, "passthrough")}
        self.starts: dict[int, int] = {}  # the pass in which each step starts to learn
        self.n_passes, self.ready_after, self.last = 1, 0, len(model.steps) - 1
        for i, node in self.nodes.items():
            if i < self.last and not hasattr(node.model, "transform"):
                raise TypeError(f"{type(node.model).__name__} must be the last step of a Pipeline.")
            self.starts[i] = self.ready_after
            self.n_passes = max(self.n_passes, self.ready_after + node.n_passes)
            self.ready_after += node.ready_after
        self.weighted = self.last in self.nodes and self.nodes[self.last].weighted

    def _active(self, k: int) -> dict[int, int]:
        """Return a dict from each step that learns in pass `k` to the pass number of that step."""
        own = {i: k - start for i, start in self.starts.items()}
        return {i: own_k for i, own_k in own.items() if 0 <= own_k < self.nodes[i].n_passes}

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> dict[int, State]:
        """Return the states of the steps that learn in this pass. Only the last step receives the weights."""
        active, states = self._active(k), {}
        for i, node in self.nodes.items():
            if i in active:
                states[i] = node.read(active[i], X, y, sample_weight if i == self.last else None)
            if len(states) == len(active):
                break
            X = node.transform(X)
        return states

    def close(self, k: int, state: dict[int, State]) -> None:
        """Close the steps. After the last pass, assemble the fitted pipeline."""
        for i, own_k in self._active(k).items():
            self.nodes[i].close(own_k, state[i])
        if k == self.n_passes - 1:
            steps = enumerate(self.model.steps)
            self.fitted = clone(self.model)
            self.fitted.steps = [
                (name, self.nodes[i].fitted if i in self.nodes else step) for i, (name, step) in steps
            ]

    def transform(self, X: Rows) -> Rows:
        """Return the input of the step that follows the pipeline."""
        for node in self.nodes.values():
            X = node.transform(X)
        return X


class RecommenderNode(PipelineNode):
    """A `RecommenderPipeline`. The rows of its catalogue are added at the end of each pass.

    The method ``select(X)`` returns the columns that it reads, ``catalogue_rows()`` the rows of the catalogue
    and their labels, and ``complete()`` sets the groups of features of the fitted classifier.
    """

    def __init__(self, model: Pipeline) -> None:
        super().__init__(clone(model))  # without the groups of an earlier fit

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> dict[int, State]:
        """Return the states of the steps that learn in this pass."""
        return super().read(k, self.model.select(X), y, sample_weight)

    def close(self, k: int, state: dict[int, State]) -> None:
        """Add the catalogue to the state of the rows, then close the steps."""
        described = self.model.catalogue_rows()
        if described is not None:
            state = added(state, self._read_catalogue(k, *described))
        super().close(k, state)
        if self.fitted is not None:
            self.fitted.complete()

    def _read_catalogue(self, k: int, items: Rows, labels: list) -> dict[int, State]:
        last = self.nodes[self.last]
        if k < self.starts[self.last] or not (isinstance(last, AdditiveNode) and last.describes):
            return super().read(k, items, labels, None)
        encoded = self.nodes[0].transform(items)
        return {self.last: last.read_descriptions(encoded, labels)}


@dataclass
class ColumnState:
    """The states of the child transformers, the number of rows, and one sample row."""

    children: dict[str, State]
    n_rows: int
    sample: Rows

    def merge(self, other: Self) -> "ColumnState":
        """Return the states of the two sets of rows combined."""
        children = added(self.children, other.children)
        return ColumnState(children, self.n_rows + other.n_rows, self.sample)


class ColumnNode(Node):
    """A ColumnTransformer, whose child transformers learn in parallel, each from its own columns."""

    def __init__(self, model: ColumnTransformer) -> None:
        self.model = model
        children = {name: child for name, child, _ in model.transformers} | {"remainder": model.remainder}
        self.nodes = {name: plan_for(child) for name, child in children.items() if not isinstance(child, str)}
        self.n_passes = self.ready_after = max([node.n_passes for node in self.nodes.values()], default=1)

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> ColumnState:
        """Return the states of the child transformers that learn in this pass."""
        states = {
            name: self.nodes[name].read(k, take(X, columns, axis=1), y, None)
            for name, columns in self._columns(X)
            if k < self.nodes[name].n_passes
        }
        return ColumnState(states, n_rows_of(X), take(X, slice(0, 1), axis=0))

    def _columns(self, X: Rows) -> Iterator[tuple[str, Sequence | slice]]:
        """Yield each child transformer that has columns, with its columns as resolved by scikit-learn."""
        resolved = _with_children(self.model, dict.fromkeys(self.nodes, "drop")).fit(X)
        for name, _, columns in resolved.transformers_:
            if name in self.nodes and not selects_nothing(columns):
                yield name, columns

    def close(self, k: int, state: ColumnState) -> None:
        """Close the children. After the last pass, let scikit-learn assemble the fitted children."""
        for name, child in state.children.items():
            self.nodes[name].close(k, child)
        if k < self.n_passes - 1:
            return
        frozen = {name: FrozenEstimator(n.fitted) for name, n in self.nodes.items() if n.fitted is not None}
        fitted = _with_children(self.model, frozen).fit(state.sample)
        fitted.transformers_ = [(name, _thawed(child), at) for name, child, at in fitted.transformers_]
        set_remainder(fitted, self.model.remainder)
        template = clone(self.model)
        fitted.transformers, fitted.remainder = template.transformers, template.remainder
        self._choose_sparse(fitted, state.n_rows)
        self.fitted = fitted

    def _choose_sparse(self, fitted: ColumnTransformer, n_rows: int) -> None:
        """Choose sparse or dense output from the density of all rows, as `fit` does.

        The density of the sample row is ignored.
        """
        widths = {name: at.stop - at.start for name, at in fitted.output_indices_.items()}
        sparse = [name for name, n in self.nodes.items() if n.fitted and getattr(n.model, "sparse_output", 0)]
        if sparse:
            n_ones = sum(getattr(self.nodes[name], "n_ones", 0) for name in sparse)
            n_dense = n_rows * sum(width for name, width in widths.items() if name not in sparse)
            density = (n_ones + n_dense) / (n_rows * sum(widths.values()))
            fitted.sparse_output_ = density < self.model.sparse_threshold


def _thawed(child: BaseEstimator | str) -> BaseEstimator | str:
    return child.estimator if isinstance(child, FrozenEstimator) else child


def _with_children(
    model: ColumnTransformer, children: Mapping[str, BaseEstimator | str]
) -> ColumnTransformer:
    """Return an unfitted copy in which the children with the given names are replaced."""
    copied = clone(model)
    copied.transformers = [(name, children.get(name, child), at) for name, child, at in copied.transformers]
    copied.remainder = children.get("remainder", copied.remainder)
    return copied.set_params(verbose=False)


class WrapperNode(Node):
    """A regressor that wraps another regressor, such as `ServiceLevelRegressor`.

    The method ``batch_regressor()`` returns the wrapped regressor, and ``with_regressor(fitted)`` sets it.
    """

    def __init__(self, model: BaseEstimator) -> None:
        self.model = model
        self.inner = plan_for(model.batch_regressor())
        self.n_passes = self.ready_after = self.inner.n_passes

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> dict[str, State]:
        """Return a wrapper that has validated the columns, and the state of the wrapped regressor."""
        checked = clone(self.model)
        X, y = validate_data(checked, X, y, y_numeric=True)
        return {"wrapper": Fitted(checked), "regressor": self.inner.read(k, X, y, None)}

    def close(self, k: int, state: dict[str, Any]) -> None:
        """Close the wrapped regressor. After the last pass, fit the wrapper."""
        self.inner.close(k, state["regressor"])
        if k == self.n_passes - 1:
            self.fitted = state["wrapper"].step.with_regressor(self.inner.fitted)
