"""Serve: a fitted recommender as a snapshot that answers one question of plain values in microseconds."""

import copy
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.utils.validation import check_is_fitted

from estimators import ComplementNB, MultiHotEncoder, OneHotEncoder
from pipelines._common.ranking import check_k, labels_per_row
from pipelines._common.steps import as_frame, steps_of
from pipelines._recommending.reasons import reasons, unknown_label

__all__ = ["CompiledRecommender", "compile_recommender"]

FEW_EXCLUDED = 50  # labels asked for beyond k; with more, the scores of all others are ranked


def compile_recommender(model: BaseEstimator) -> "CompiledRecommender":
    """Return a snapshot of a fitted recommender that answers one question in microseconds.

    Parameters
    ----------
    model : fitted Pipeline, or search that ends in one
        As :func:`pipelines.game_recommender` returns it: a ColumnTransformer of OneHotEncoder and
        MultiHotEncoder, then ComplementNB, all of this library, with any parameters and weights.

    Returns
    -------
    compiled : CompiledRecommender
        Later calls of :func:`pipelines.update` on `model` do not change it: compile again after them.

    Raises
    ------
    TypeError
        If `model` is made of anything else. :func:`pipelines.recommend` asks any classifier.
    ValueError
        If the encoders do not fit the classifier, or a weight is not finite.
    sklearn.exceptions.NotFittedError
        If `model` is not fitted.

    Notes
    -----
    O(size of the model), once: what its own first question would work out, and a dict of the labels.

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
    """What :func:`compile_recommender` returns: an immutable snapshot, for threads and for pickles.

    Its answers are those of :func:`pipelines.recommend` and :func:`pipelines.explain` to the last bit,
    errors included. Strings, numbers, booleans, None, and lists of them, take the fast path; anything
    else, and whatever will be refused, goes the encoders' own way, which takes milliseconds.

    Parameters
    ----------
    encode : ColumnTransformer
        Fitted, of the encoders of this library. :func:`compile_recommender` hands over a copy.

    classifier : ComplementNB
        Fitted on what `encode` gives.

    Attributes
    ----------
    classes_ : tuple of length n_labels
        The labels in the order of the model's ``classes_``, as plain values.

    n_labels : int
        Number of labels.

    categories_ : dict of str to tuple
        The known categories of each column, in the order of the encoder's ``categories_``.

    Raises
    ------
    TypeError
        If `encode` holds anything else.
    ValueError
        If the two do not fit together, or a weight is not finite.

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
        self._encode = encode
        self._cells = _read_encoders(encode, classifier.n_features_in_)
        self._scorer = classifier.row_scorer()
        self._classes = tuple(classifier.classes_.tolist())
        self._places = dict(zip(self._classes, range(len(self._classes)), strict=True))

    @property
    def classes_(self) -> tuple:
        """The labels in the order of the model's ``classes_``, as plain values; (n_labels,)."""
        return self._classes

    @property
    def n_labels(self) -> int:
        """Number of labels."""
        return len(self._classes)

    @property
    def categories_(self) -> dict[str, tuple]:
        """The known categories of each column, in the order of the encoder's ``categories_``."""
        return {cell.name: cell.categories for cell, _ in self._cells}

    def recommend(
        self, question: dict, k: int = 5, *, exclude: Iterable = (), candidates: Iterable | None = None
    ) -> tuple[list, list[float]]:
        """Return the k best labels of one question and their scores, best first.

        Parameters
        ----------
        question : dict
            ``{"budget": "cheap", "gameplay_types": ["Puzzle"]}``. A column that is left out, None or empty
            is missing; other keys are not looked at, as a frame's other columns are not.

        k : int, default=5
            How many labels; if there are fewer, all there are.

        exclude : iterable of labels, default=()
            Labels not to answer. Labels unknown to the model change nothing.

        candidates : iterable of labels, default=None
            Labels to choose from. None for all.

        Returns
        -------
        labels : list of length min(k, number of allowed labels)
            Equal scores stand in the order of ``classes_``.

        scores : list of float, of the same length
            Joint log-likelihoods, as :func:`pipelines.recommend` gives them.

        Raises
        ------
        ValueError
            If `k` is not a whole number of at least 1, if `exclude` or `candidates` does not hold
            labels, or what an encoder refuses, such as an unknown category with ``handle_unknown="error"``.
        TypeError
            If `question` is no dict, or a cell is of the wrong kind, such as a bare string for a list.

        Notes
        -----
        O(n_labels) at most, and less where many labels have the same counts.
        """
        k = check_k(k, "recommend")
        row = self._row(question)
        excluded, allowed = self._known("exclude", exclude), self._known("candidates", candidates)
        best, scores = self._best(row, k, excluded or set(), allowed)
        return [self._classes[place] for place in best], scores

    def explain(self, question: dict, label: Any) -> dict[str, float]:
        """Return what each asked feature adds to the score of a label, the most first.

        Parameters
        ----------
        question : dict
            As :meth:`recommend` takes it.

        label : str or number
            One of ``classes_``.

        Returns
        -------
        contributions : dict of str to float
            ``{"gameplay_types=Puzzle": 2.2, ...}``; their sum is the score. With one single label, its
            prior is among them as "(prior)".

        Raises
        ------
        ValueError
            If `label` is not one of ``classes_``, with the nearest ones, or what an encoder refuses.
        TypeError
            As :meth:`recommend`.
        """
        names, row = self._names, self._row(question)
        place = self._places.get(label) if np.isscalar(label) else None
        if place is None:
            raise unknown_label(label, self._classes[:10_000], self.n_labels)
        prior = None if self._scorer.prior is None else self._scorer.prior[0]
        return reasons(names, row.indices.tolist(), row.data.tolist(), self._scorer.weights(place), prior)

    def __repr__(self) -> str:
        return f"CompiledRecommender({self.n_labels} labels, asked by {', '.join(self.categories_)})"

    @cached_property
    def _names(self) -> np.ndarray:
        return self._encode.get_feature_names_out()

    def _row(self, question: dict) -> sp.csr_array:
        """Return the question as the classifier takes it, (1, n_features)."""
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
                return self._scorer.as_row(self._encode.transform(as_frame(question, self._encode)))
            if value:  # a feature of weight 0 is one that no question has
                places += found
                values += [value] * len(found)
        return self._scorer.row(places, values)

    def _known(self, name: str, labels: Iterable | None) -> set[int] | None:
        """Return the places of those labels that are among the classes; None for None."""
        asked = labels_per_row(name, labels, 1)
        return None if asked is None else {self._places[label] for label in asked[0] if label in self._places}

    def _best(
        self, row: sp.csr_array, k: int, excluded: set[int], allowed: set[int] | None
    ) -> tuple[list[int], list[float]]:
        """Return the places of the k best labels that may be answered, and their scores."""
        if allowed is None and len(excluded) <= FEW_EXCLUDED:
            best, scores = self._scorer.top_k(row, min(k + len(excluded), self.n_labels))
            if not excluded:
                return best.tolist(), scores.tolist()
            kept = [i for i, place in enumerate(best.tolist()) if place not in excluded][:k]
            return best[kept].tolist(), scores[kept].tolist()
        may = np.full(self.n_labels, allowed is None)
        may[list(allowed or ())] = True
        may[list(excluded)] = False
        best, scores = self._scorer.top_k_among(row, np.flatnonzero(may), k)
        return best.tolist(), scores.tolist()


def _read_encoders(encode: ColumnTransformer, n_features: int) -> list[tuple[Any, float]]:
    """Return how each input column is encoded, and what a set feature counts; in the features' order."""
    cells: list[tuple[Any, float]] = []
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
            f"The encoders of this model give {end} features, but its ComplementNB was fitted on "
            f"{n_features}: fit the model again."
        )
    return cells


def _value(encoder: BaseEstimator, weight: float | None) -> float:
    """Return what a set feature counts, of the encoder's type and weighted as ColumnTransformer does."""
    one = np.ones(1, dtype=encoder.dtype)
    return float((one if weight is None else one * weight)[0])


def _name(step: Any) -> str:
    kind = type(step)
    return repr(step) if kind is str else f"{kind.__name__} of {kind.__module__.partition('.')[0]}"


def _not_supported(what: str) -> TypeError:
    return TypeError(
        "compile_recommender takes a ColumnTransformer of OneHotEncoder and MultiHotEncoder, each of "
        "columns named by str, and then ComplementNB, all of this library, as game_recommender returns "
        f"them. Got {what} instead; recommend asks any classifier."
    )
