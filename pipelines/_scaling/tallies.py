"""What each step learns from its rows as a state that adds up: of a batch, of two together, of all.

A tally reads a batch into a state (`read`), adds two states (`add`; neither is changed), and at the end of a
pass takes in the state of all rows (`close`). States are small and can be pickled: so they go to the disk and
over a network, and the rows do not.
"""

import copy
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler

from estimators import PolynomialRegressor
from pipelines._common.evenings import CATEGORIES, KINDS, of_kind, read_evenings

MOST_VALUES = 1_000_000  # different values of one column of evenings, for its median


def added(node: Any, k: int, one: Any, other: Any) -> Any:
    """Return the states of both batches; that of rows without weight may be None."""
    return other if one is None else one if other is None else node.add(k, one, other)


def check_any(state: Any) -> None:
    """Raise if no rows were learned from."""
    if state is None:
        raise ValueError("The batches hold no rows to learn from, or all their weights are 0.")


def weighs_nothing(weight: Any) -> bool:
    """Tell whether all weights are 0, which `fit` refuses, as a batch may have them."""
    return weight is not None and not np.any(weight)


class Tally:
    """One step that learns in one pass; `model` is not fitted, `fitted` is None until it has learned."""

    weighted = False  # whether it takes sample_weight
    n_passes = 1
    ready_after = 1  # passes; then its transform can be asked

    def __init__(self, model: Any) -> None:
        self.model, self.fitted = model, None
        self.check()

    def check(self) -> None:
        """Raise if a parameter is not allowed, before a row is read."""
        if hasattr(self.model, "_parameter_constraints"):
            self.model._validate_params()

    def read(self, k: int, X: Any, y: Any, weight: Any) -> Any:
        """Return the state of a batch in pass `k`, from 0 on."""
        return self.model_for(k).fit(X)

    def add(self, k: int, one: Any, other: Any) -> Any:
        """Return the state of both batches."""
        return copy.copy(one).merge(other)

    def close(self, k: int, state: Any) -> None:
        """Take in the state of all rows."""
        self.fitted = state

    def transform(self, X: Any) -> Any:
        """Return what the next step sees."""
        return self.fitted.transform(X)  # type: ignore[attr-defined]

    def model_for(self, k: int) -> Any:
        """Return an estimator that learns what pass `k` asks for."""
        return clone(self.model)


class StatelessTally(Tally):
    """A step that says of itself, by its tags, that its fit learns nothing from the rows."""

    ready_after = 0

    def add(self, k: int, one: Any, other: Any) -> Any:
        """Return one of the two, which are equal."""
        return one

    def transform(self, X: Any) -> Any:
        """Return what the next step sees."""
        fitted = clone(self.model).fit(X) if self.fitted is None else self.fitted
        return fitted.transform(X)


class EncoderTally(Tally):
    """Categories, and how many ones the encoded rows hold: so sparse or dense is chosen as in `fit`."""

    def read(self, k: int, X: Any, y: Any, weight: Any) -> Any:
        """Return the categories of a batch and its number of ones."""
        return clone(self.model).additive_state(X)

    def add(self, k: int, one: Any, other: Any) -> Any:
        """Return the union of the categories and the sum of the ones."""
        return one.merge(other)

    def close(self, k: int, state: Any) -> None:
        """Take in the categories."""
        self.fitted = clone(self.model).fit_state(state)
        self.n_ones = self.fitted.count_ones(state)


class ScalerTally(Tally):
    """Means and variances of :class:`sklearn.preprocessing.StandardScaler`, by the formula of Chan et al."""

    weighted = True

    def read(self, k: int, X: Any, y: Any, weight: Any) -> StandardScaler | None:
        """Return the scaler of a batch."""
        if weighs_nothing(weight):
            return None
        with np.errstate(invalid="ignore"):  # a column that is missing in this batch
            return clone(self.model).fit(X, sample_weight=weight)

    def add(self, k: int, one: StandardScaler, other: StandardScaler) -> StandardScaler:
        """Return the scaler of both batches (Chan, Golub and LeVeque, 1983, equations 2.1a and 2.1b)."""
        n, more = (np.asarray(each.n_samples_seen_, dtype=np.float64) for each in (one, other))
        count = np.where(n + more > 0, n + more, np.nan)  # a column may be missing in all rows
        both = copy.copy(one)
        both.n_samples_seen_ = _as_count(one.n_samples_seen_, other.n_samples_seen_)
        if one.mean_ is None:
            return both
        mean = _known(one.mean_, n)
        gap = _known(other.mean_, more) - mean
        both.mean_ = mean + gap * (more / count)
        if one.var_ is not None:
            squares = n * _known(one.var_, n) + more * _known(other.var_, more)
            both.var_ = (squares + gap**2 * (n * more / count)) / count
            both.scale_ = _scale(both)
        return both


def _known(values: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Return the values, 0 where no row of the batch had one: they count for nothing."""
    return np.where(count > 0, values, 0.0)


def _as_count(one: Any, other: Any) -> Any:
    total = np.add(one, other)
    same = np.ndim(total) == 0 or bool((total == total[0]).all())
    return total.flat[0] if same and np.ndim(total) else total


def _scale(scaler: StandardScaler) -> np.ndarray:
    """Return the standard deviations; 1 for a column that does not vary but for rounding, as scikit-learn."""
    variance, eps = scaler.var_, np.finfo(np.float64).eps
    n = np.asarray(scaler.n_samples_seen_)
    bound = n * eps * variance + (n * scaler.mean_ * eps) ** 2
    return np.where(variance <= bound, 1.0, np.sqrt(variance))


class ComplementTally(Tally):
    """The counts of ComplementNB; what depends on all classes, prior and smoothing, waits for the end."""

    weighted = True

    def read(self, k: int, X: Any, y: Any, weight: Any) -> Any:
        """Return the counts of a batch; labels of no weight are labels too."""
        return clone(self.model).additive_state(X, y, weight)

    def add(self, k: int, one: Any, other: Any) -> Any:
        """Return the counts of both batches."""
        return one.merge(other)

    def close(self, k: int, state: Any) -> None:
        """Give the counts the model's own parameters."""
        check_any(state if state.class_count.any() else None)
        self.fitted = clone(self.model).fit_state(state)


class LeastSquaresTally(Tally):
    """The statistics of GDRegressor; whether descent diverges is asked of all rows, not of each batch."""

    weighted = True

    def read(self, k: int, X: Any, y: Any, weight: Any) -> Any:
        """Return the statistics of a batch."""
        return self.model_for(k).additive_state(X, y, weight)

    def add(self, k: int, one: Any, other: Any) -> Any:
        """Return the statistics of both batches."""
        return one.merge(other)

    def close(self, k: int, state: Any) -> None:
        """Solve, with the model's own parameters."""
        self.fitted = clone(self.model).fit_state(state)


class PolynomialTally(LeastSquaresTally):
    """The statistics of PolynomialRegressor; before them, in a pass of its own, its domain if it has none."""

    def __init__(self, model: PolynomialRegressor) -> None:
        super().__init__(model)
        self.domain: Any = model.domain
        self.n_passes = self.ready_after = 1 if model.domain is not None else 2

    def read(self, k: int, X: Any, y: Any, weight: Any) -> Any:
        """Return the lowest and highest values of a batch, then its statistics."""
        if k == self.n_passes - 1:
            return super().read(k, X, y, weight)
        return self.model.find_domain(X, y, weight)

    def add(self, k: int, one: Any, other: Any) -> Any:
        """Return what both batches say."""
        if k == self.n_passes - 1:
            return super().add(k, one, other)
        return np.array([np.minimum(one[0], other[0]), np.maximum(one[1], other[1])])

    def close(self, k: int, state: Any) -> None:
        """Take in the domain, then solve."""
        if k == self.n_passes - 1:
            super().close(k, state)
        else:
            check_any(state if np.isfinite(state).all() else None)
            self.domain = state

    def model_for(self, k: int) -> Any:
        """Return a regressor that takes any batch."""
        return clone(self.model).set_params(domain=self.domain)


class EveningTally(Tally):
    """What occurs in the evenings of `dough_forecaster`: the values of each column and how often."""

    ready_after = 0

    def read(self, k: int, X: Any, y: Any, weight: Any) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Return the different values of each column, ascending, and how often each occurs."""
        frame = read_evenings(X, self.model.features)
        return {name: np.unique(frame[name].to_numpy(), return_counts=True) for name in frame}

    def add(self, k: int, one: Any, other: Any) -> Any:
        """Return the values of both batches."""
        return {name: _added(name, values, other[name]) for name, values in one.items()}

    def close(self, k: int, state: Any) -> None:
        """Set the ranges, medians and categories."""
        numbers, categories, flags = (of_kind(self.model.features, kind) for kind in KINDS)
        possible = dict.fromkeys(flags, (False, True)) | {name: CATEGORIES[name] for name in categories}
        fitted = clone(self.model)
        fitted.range_ = {name: (float(state[name][0][0]), float(state[name][0][-1])) for name in numbers}
        fitted.seen_ = {
            name: [value for value in values if value in state[name][0]] for name, values in possible.items()
        }
        fitted.typical_ = {name: _median(*state[name]) for name in numbers}
        fitted.typical_ |= {name: fitted.seen_[name][0] for name in categories} | dict.fromkeys(flags, False)
        self.fitted = fitted

    def transform(self, X: Any) -> Any:
        """Return the features, checked."""
        return read_evenings(X, self.model.features)


def _added(name: str, one: Any, other: Any) -> tuple[np.ndarray, np.ndarray]:
    values, place = np.unique(np.concatenate([one[0], other[0]]), return_inverse=True)
    if len(values) > MOST_VALUES:
        raise ValueError(
            f"Column {name!r} has more than {MOST_VALUES:,} different values, too many for its median in "
            "bounded memory. Round it, to a tenth of a degree say."
        )
    return values, np.bincount(place, np.concatenate([one[1], other[1]])).astype(np.int64)


def _median(values: np.ndarray, counts: np.ndarray) -> float:
    """Return the median of values that occur so often each, ascending."""
    ends = np.cumsum(counts)
    middle = [(ends[-1] - 1) // 2, ends[-1] // 2]
    return float(values[np.searchsorted(ends, middle, side="right")].mean())
