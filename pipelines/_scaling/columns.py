"""The node of a ColumnTransformer: its children learn side by side, each from its own columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator

from pipelines._common.frames import Rows, n_rows_of
from pipelines._common.scikit_learn import set_remainder, take
from pipelines._scaling.nodes import Node, State, added


@dataclass
class ColumnState:
    """The states of the children, the number of rows, and one row as a sample of the columns."""

    children: dict[str, State | None]
    n_rows: int
    sample: Rows

    def merge(self, other: Self) -> "ColumnState":
        """Return the states of both sets of rows."""
        children = {name: added(state, other.children[name]) for name, state in self.children.items()}
        return ColumnState(children, self.n_rows + other.n_rows, self.sample)


class ColumnNode:
    """A ColumnTransformer; `nodes` holds a node for each child that is an estimator."""

    weighted = False

    def __init__(self, model: ColumnTransformer, nodes: dict[str, Node]) -> None:
        self.model, self.nodes = model, nodes
        self.fitted: ColumnTransformer | None = None
        self.n_passes = max([node.n_passes for node in nodes.values()], default=1)
        self.ready_after = self.n_passes

    def read(self, k: int, X: Rows, y: Rows, sample_weight: np.ndarray | None) -> ColumnState:
        """Return the states of the children that learn in this pass."""
        states = {
            name: self.nodes[name].read(k, take(X, columns, axis=1), y, None)
            for name, columns in self._columns(X)
            if k < self.nodes[name].n_passes
        }
        return ColumnState(states, n_rows_of(X), take(X, slice(0, 1), axis=0))

    def _columns(self, X: Rows) -> list[tuple[str, Sequence | slice]]:
        """Return the columns of each child, as scikit-learn resolves them."""
        resolved = _with_children(self.model, {name: _Marker() for name in self.nodes}).fit(X)
        return [(name, columns) for name, child, columns in resolved.transformers_ if hasattr(child, "seen_")]

    def close(self, k: int, state: ColumnState) -> None:
        """Close the children; after the last pass scikit-learn assembles the fitted ones."""
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
        """Choose sparse or dense output by the density of all rows, as `fit` does, not of the sample."""
        widths = {name: at.stop - at.start for name, at in fitted.output_indices_.items()}
        sparse = [name for name, n in self.nodes.items() if n.fitted and getattr(n.model, "sparse_output", 0)]
        if not sparse:
            return
        n_ones = sum(getattr(self.nodes[name], "n_ones", 0) for name in sparse)
        n_dense = n_rows * sum(width for name, width in widths.items() if name not in sparse)
        fitted.sparse_output_ = (n_ones + n_dense) / (
            n_rows * sum(widths.values())
        ) < self.model.sparse_threshold

    def transform(self, X: Rows) -> Rows:
        """Return the input of the next step."""
        return self.fitted.transform(X)  # type: ignore[union-attr]


def _thawed(child: BaseEstimator | str) -> BaseEstimator | str:
    return child.estimator if isinstance(child, FrozenEstimator) else child


def _with_children(model: ColumnTransformer, children: Mapping[str, BaseEstimator]) -> ColumnTransformer:
    """Return an unfitted copy in which the children of these names are replaced."""
    copied = clone(model)
    copied.transformers = [(name, children.get(name, child), at) for name, child, at in copied.transformers]
    copied.remainder = children.get("remainder", copied.remainder)
    return copied.set_params(verbose=False)


class _Marker(TransformerMixin, BaseEstimator):
    """Stand in for a child whose columns are to be found."""

    def fit(self, X: Rows, y: Rows = None) -> Self:
        self.seen_ = True
        return self

    def transform(self, X: Rows) -> np.ndarray:
        return np.zeros((n_rows_of(X), 1))

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> np.ndarray:
        return np.array(["marker"], dtype=object)
