"""Serving: an immutable snapshot of a fitted recommender that answers one query in microseconds."""

import copy
import html
from collections.abc import Iterable
from functools import cached_property
from typing import Protocol

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.utils.validation import check_is_fitted

from estimators import ComplementNB, MultiHotEncoder, OneHotEncoder
from pipelines._common.frames import dicts_as_frame
from pipelines._common.labels import Moment, comparable_label, places_of, plain_labels
from pipelines._common.parameters import check_int
from pipelines._common.ranking import labels_per_row
from pipelines._common.steps import columns_of, steps_of
from pipelines._recommending.reasons import reasons, unknown_label

__all__ = ["CompiledRecommender", "compile_recommender"]

MAX_EXCLUDED = 50  # above this number of excluded labels, all remaining labels are scored and ranked


def compile_recommender(model: BaseEstimator) -> "CompiledRecommender":
    """Return a snapshot of a fitted recommender that answers one query in microseconds.

    Parameters
    ----------
    model : fitted Pipeline, or search that ends in one
        A model such as :func:`pipelines.game_recommender` returns: a ColumnTransformer of this library's
        OneHotEncoder and MultiHotEncoder, followed by this library's ComplementNB, with any parameters and
        weights.

    Returns
    -------
    compiled : CompiledRecommender
        The snapshot. Later calls of :func:`pipelines.update` on `model` do not change the snapshot, so
        compile the model again after an update.

    Raises
    ------
    TypeError
        If `model` has any other steps. For other models, use :func:`pipelines.recommend`, which accepts any
        classifier.
    ValueError
        If the encoders do not match the classifier, or a weight is not finite.
    sklearn.exceptions.NotFittedError
        If `model` is not fitted.

    Notes
    -----
    Takes O(size of the model) time: the weights of the classifier and a dict of its labels are computed once.

    Examples
    --------
    >>> import polars as pl
    >>> from pipelines import compile_recommender, game_recommender
    >>> games = pl.DataFrame({
    ...     "title": ["Tetris", "Celeste", "Portal"],
    ...     "budget": ["cheap", "standard", "standard"],
    ...     "gameplay_types": [["Puzzle"], ["Platform", "Adventure"], ["Puzzle", "Platform"]],
    ... })
    >>> compiled = compile_recommender(game_recommender().fit(games, games["title"]))
    >>> question = {"budget": "standard", "gameplay_types": ["Puzzle"]}
    >>> labels, scores = compiled.recommend(question, k=2)
    >>> labels
    ['Portal', 'Tetris']
    >>> compiled.recommend(question, k=2, exclude=["Portal"])[0]
    ['Tetris', 'Celeste']
    >>> list(compiled.explain(question, "Portal"))
    ['budget=standard', 'gameplay_types=Puzzle']
    """
    *transformers, classifier = steps_of(model)
    if [*map(type, (*transformers, classifier))] != [ColumnTransformer, ComplementNB]:
        raise _not_supported(" and ".join(map(_name, (*transformers, classifier))))
    encode = transformers[0]
    check_is_fitted(encode)
    check_is_fitted(classifier)
    return CompiledRecommender(copy.deepcopy(encode), classifier)


class CompiledRecommender:
    """Immutable snapshot of a fitted recommender, as returned by :func:`compile_recommender`.

    A snapshot can be pickled and shared between threads. Its results and errors are exactly those of
    :func:`pipelines.recommend` and :func:`pipelines.explain`. Strings, numbers, booleans, None and lists of
    these are encoded in microseconds. Other values, and values that cause an error, are passed to the
    encoders themselves, which takes milliseconds.

    Parameters
    ----------
    encode : ColumnTransformer
        The fitted encoders, all from this library. :func:`compile_recommender` passes a copy.

    classifier : ComplementNB
        The classifier, fitted on the output of `encode`.

    Attributes
    ----------
    classes_ : tuple of length n_labels
        The labels as plain values, in the order of the model's ``classes_``.

    n_labels : int
        The number of labels.

    categories_ : dict of str to tuple
        The known categories of each column, in the order of the encoder's ``categories_``.

    Raises
    ------
    TypeError
        If `encode` contains any transformer other than OneHotEncoder and MultiHotEncoder of this library.
    ValueError
        If `encode` does not match `classifier`, or a weight is not finite.

    Examples
    --------
    >>> import pandas as pd
    >>> from pipelines import compile_recommender, game_recommender
    >>> games = pd.DataFrame({"budget": ["cheap", "premium"], "gameplay_types": [["Puzzle"], ["Racing"]]})
    >>> compiled = compile_recommender(game_recommender().fit(games, ["Tetris", "Gran Turismo"]))
    >>> compiled
    CompiledRecommender(2 labels, asked by budget, gameplay_types)
    >>> compiled.categories_
    {'budget': ('cheap', 'premium'), 'gameplay_types': ('Puzzle', 'Racing')}
    """

    def __init__(self, encode: ColumnTransformer, classifier: ComplementNB) -> None:
        self._prepare(encode, classifier)
        self._classifier = copy.copy(
            classifier
        )  # a copy, so that later updates of the model do not change it

    def _prepare(self, encode: ColumnTransformer, classifier: ComplementNB) -> None:
        """Precompute the tables that are needed to answer queries."""
        self._encode, self._classifier = encode, classifier
        self._cells = _read_encoders(encode, classifier.n_features_in_)
        self._scorer = classifier.row_scorer()
        self._classes = tuple(plain_labels(classifier.classes_))
        self._places = places_of(classifier.classes_)

    def __getstate__(self) -> dict[str, BaseEstimator]:
        return {"encode": self._encode, "classifier": self._classifier}

    def __setstate__(self, state: dict[str, BaseEstimator]) -> None:
        self._prepare(**state)

    @property
    def classes_(self) -> tuple:
        """The labels as plain values, in the order of the model's ``classes_``; (n_labels,).

        Dates that Python's types cannot hold, such as those in nanoseconds, are NumPy scalars.
        """
        return self._classes

    @property
    def n_labels(self) -> int:
        """The number of labels."""
        return len(self._classes)

    @property
    def categories_(self) -> dict[str, tuple]:
        """The known categories of each column, in the order of the encoder's ``categories_``."""
        return {cell.name: cell.categories for cell, _ in self._cells}

    def recommend(
        self, question: dict, k: int = 5, *, exclude: Iterable = (), candidates: Iterable | None = None
    ) -> tuple[list, list[float]]:
        """Return the k best labels of one query and their scores, best first.

        Parameters
        ----------
        question : dict
            The query, such as ``{"budget": "cheap", "gameplay_types": ["Puzzle"]}``. Columns that are
            omitted, None or empty count as missing. Other keys are ignored.

        k : int, default=5
            The number of labels. If there are fewer labels, all of them are returned.

        exclude : iterable of labels, default=()
            Labels that must not be returned. Labels unknown to the model are ignored.

        candidates : iterable of labels, default=None
            Labels to choose from. None means all labels.

        Returns
        -------
        labels : list of length min(k, number of allowed labels)
            The best labels. Equal scores keep the order of ``classes_``.

        scores : list of float, of the same length
            The scores of these labels: joint log-likelihoods, as in :func:`pipelines.recommend`.

        Raises
        ------
        ValueError
            If `k` is not an integer of at least 1, if `exclude` or `candidates` does not hold labels, or if
            an encoder rejects a value, such as an unknown category with ``handle_unknown="error"``.
        TypeError
            If `question` is not a dict, or a cell has the wrong type, such as a string instead of a list.

        Notes
        -----
        Takes O(n_labels) time at most, and less if many labels have the same feature counts.
        """
        k = check_int("k", k, "recommend")
        row = self._row(question)
        excluded, allowed = self._known("exclude", exclude), self._known("candidates", candidates)
        best, scores = self._best(row, k, excluded or set(), allowed)
        return [self._classes[place] for place in best], scores

    def explain(self, question: dict, label: str | float) -> dict[str, float]:
        """Return how much each feature of a query contributes to the score of a label, largest first.

        Parameters
        ----------
        question : dict
            The query, as in :meth:`recommend`.

        label : str, number or date
            One of ``classes_``.

        Returns
        -------
        contributions : dict of str to float
            The contributions, such as ``{"gameplay_types=Puzzle": 2.2, ...}``. They add up to the score of
            the label. If there is only one label, its prior is included as "(prior)".

        Raises
        ------
        ValueError
            If `label` is not one of ``classes_`` (the message suggests similar ones), or if an encoder
            rejects a value.
        TypeError
            If `question` is not a dict, or a cell has the wrong type, as for :meth:`recommend`.
        """
        names, row = self._names, self._row(question)
        value = comparable_label(label)
        place = self._places.get(value) if np.isscalar(value) or isinstance(value, Moment) else None
        if place is None:
            raise unknown_label(label, self._classes[:10_000], self.n_labels)
        prior = None if self._scorer.prior is None else self._scorer.prior[0]
        return reasons(names, row.indices.tolist(), row.data.tolist(), self._scorer.weights(place), prior)

    def __repr__(self) -> str:
        return f"CompiledRecommender({self.n_labels} labels, asked by {', '.join(self.categories_)})"

    def _repr_html_(self) -> str:
        """Return a table of the columns and their known categories, for notebooks."""
        rows = [(name, f"{len(known):,}", known[:3]) for name, known in self.categories_.items()]
        cells = "".join(
            f"<tr><td>{html.escape(name)}</td><td>{number}</td>"
            f"<td>{html.escape(', '.join(map(str, examples)))}</td></tr>"
            for name, number, examples in rows
        )
        return (
            f"<table><caption>CompiledRecommender with {self.n_labels:,} labels</caption>"
            "<thead><tr><th>Column</th><th>Categories</th><th>First categories</th></tr></thead>"
            f"<tbody>{cells}</tbody></table>"
        )

    @cached_property
    def _names(self) -> np.ndarray:
        return self._encode.get_feature_names_out()

    def _row(self, question: dict) -> sp.csr_array:
        """Return the query as input of the classifier, (1, n_features)."""
        if not isinstance(question, dict):
            raise TypeError(
                "The 'question' parameter of a compiled recommender must be a dict, such as "
                f"{{{next(iter(self.categories_))!r}: ...}}. Got {question!r} instead."
            )
        places: list[int] = []
        values: list[float] = []
        for cell, value in self._cells:
            found = cell.places(question.get(cell.name))
            if found is None:
                frame = dicts_as_frame(question, columns_of(self._encode))
                return self._scorer.as_row(self._encode.transform(frame))
            if value:  # features of weight 0 are not stored
                places += found
                values += [value] * len(found)
        return self._scorer.row(places, values)

    def _known(self, name: str, labels: Iterable | None) -> set[int] | None:
        """Return the class indices of the known labels; None if `labels` is None."""
        asked = labels_per_row(name, labels, 1)
        return None if asked is None else {self._places[label] for label in asked[0] if label in self._places}

    def _best(
        self, row: sp.csr_array, k: int, excluded: set[int], allowed: set[int] | None
    ) -> tuple[list[int], list[float]]:
        """Return the class indices of the k best allowed labels, and their scores."""
        if allowed is None and len(excluded) <= MAX_EXCLUDED:
            best, scores = self._scorer.top_k(row, min(k + len(excluded), self.n_labels))
            if not excluded:
                return best.tolist(), scores.tolist()
            kept = [i for i, place in enumerate(best.tolist()) if place not in excluded][:k]
            return best[kept].tolist(), scores[kept].tolist()
        is_allowed = np.full(self.n_labels, allowed is None)
        is_allowed[list(allowed or ())] = True
        is_allowed[list(excluded)] = False
        best, scores = self._scorer.top_k_among(row, np.flatnonzero(is_allowed), k)
        return best.tolist(), scores.tolist()


class CellEncoder(Protocol):
    """Encoder of single cells of one input column, as returned by the encoders' `cell_encoder`."""

    name: str
    categories: tuple
    end: int

    def places(self, cell: object) -> list[int] | None:
        """Return the output columns that a cell sets, ascending; None if the full encoder is needed."""
        ...


def _read_encoders(encode: ColumnTransformer, n_features: int) -> list[tuple[CellEncoder, float]]:
    """Return the cell encoder of each input column with the value of its features, in feature order."""
    cells: list[tuple[CellEncoder, float]] = []
    end = 0
    for step, encoder, columns in encode.transformers_:
        if isinstance(encoder, str) and encoder == "drop":
            continue
        names = columns if isinstance(columns, list) else [columns]
        are_names = all(isinstance(name, str) for name in names)
        if type(encoder) not in (OneHotEncoder, MultiHotEncoder) or not are_names:
            raise _not_supported(f"step {step!r}, {_name(encoder)} for {columns!r},")
        value = _value(encoder, (encode.transformer_weights or {}).get(step))
        if not np.isfinite(value):
            raise ValueError(f"The weight of step {step!r} must be finite. Got {value} instead.")
        for column in range(len(names)):
            cells.append((encoder.cell_encoder(column, end), value))
            end = cells[-1][0].end
    if end != n_features:
        raise ValueError(
            f"The encoders of this model produce {end} features, but its ComplementNB was fitted on "
            f"{n_features}. Fit the model again."
        )
    return cells


def _value(encoder: BaseEstimator, weight: float | None) -> float:
    """Return the value of a set feature, in the encoder's dtype and weighted as in ColumnTransformer."""
    one = np.ones(1, dtype=encoder.dtype)
    return float((one if weight is None else one * weight)[0])


def _name(step: object) -> str:
    kind = type(step)
    return repr(step) if kind is str else f"{kind.__name__} from {kind.__module__.partition('.')[0]}"


def _not_supported(what: str) -> TypeError:
    return TypeError(
        "The 'model' parameter of compile_recommender must be a ColumnTransformer of this library's "
        "OneHotEncoder and MultiHotEncoder, with columns given by name, followed by this library's "
        f"ComplementNB, as returned by game_recommender. Got {what} instead. "
        "For other models, use recommend, which accepts any classifier."
    )
