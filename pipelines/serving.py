"""Serving: an immutable snapshot of a fitted recommender that answers one query in microseconds."""

import copy
import html
from collections.abc import Iterable
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.utils.validation import check_is_fitted

from pipelines._common.frames import check_keys, dicts_as_frame
from pipelines._common.labels import Moment, comparable_label, places_of, plain_labels
from pipelines._common.parameters import check_int
from pipelines._common.questions import warn_of_unknown_labels, warn_of_unknown_questions
from pipelines._common.ranking import labels_per_row, rank
from pipelines._common.steps import columns_of, steps_of
from pipelines._recommending.cells import describe, not_supported, read_columns
from pipelines._recommending.reasons import reasons, unknown_label
from pipelines._recommending.scorers import Scorer, constant_of, popularity_scorer, scorer_of

__all__ = ["CompiledRecommender", "compile_recommender"]

MAX_EXCLUDED = 50  # above this number of excluded labels, all remaining labels are scored and ranked


def compile_recommender(model: BaseEstimator) -> "CompiledRecommender":
    """Return a snapshot of a fitted recommender that answers one query in microseconds.

    Parameters
    ----------
    model : fitted Pipeline, or search that ends in one
        A model like those of :func:`pipelines.recommender`: a ColumnTransformer, followed by a classifier
        whose score is a sum over the features (see :func:`pipelines.explain`). The steps of the
        ColumnTransformer can be this library's encoders, each for one or several columns, "passthrough" and
        "drop". For columns of numbers, they can also be scikit-learn's StandardScaler, MinMaxScaler,
        MaxAbsScaler, RobustScaler, KBinsDiscretizer and SimpleImputer (with the strategies "mean" and
        "median"), or Pipelines of these. Columns must be given by name. Other transformers are supported if
        they have the same method ``cell_encoder(column, start)`` as this library's encoders.

    Returns
    -------
    compiled : CompiledRecommender
        The snapshot. Later calls of :func:`pipelines.update` on `model` do not change the snapshot, so
        compile the model again after an update.

    Raises
    ------
    TypeError
        If `model` has any other step. The message contains its name. For such models, use
        :func:`pipelines.recommend`, which accepts any classifier.
    ValueError
        If the encoders do not match the classifier, or a weight is not finite.
    sklearn.exceptions.NotFittedError
        If `model` is not fitted.

    Notes
    -----
    Takes O(size of the model) time: the weights of the classifier and a dict of its labels are computed once.
    The weights of a linear classifier are stored twice, once by class and once by feature.

    Examples
    --------
    >>> import polars as pl
    >>> from pipelines import compile_recommender, game_recommender
    >>> games = pl.DataFrame({
    ...     "title": ["Tetris", "Celeste", "Portal"],
    ...     "budget": ["cheap", "standard", "standard"],
    ...     "gameplay_types": [["Puzzle"], ["Platform", "Adventure"], ["Puzzle", "Platform"]],
    ... })
    >>> model = game_recommender(catalogue=games, label="title").fit(games, games["title"])
    >>> compiled = compile_recommender(model)
    >>> question = {"budget": "standard", "gameplay_types": ["Puzzle"]}
    >>> labels, scores = compiled.recommend(question, k=2)
    >>> labels
    ['Portal', 'Celeste']
    >>> compiled.recommend(question, k=2, exclude=["Portal"])[0]
    ['Celeste', 'Tetris']
    >>> list(compiled.explain(question, "Portal"))
    ['budget=standard', 'gameplay_types=Puzzle', '(prior)']
    """
    steps = steps_of(model)
    if len(steps) != 2 or type(steps[0]) is not ColumnTransformer:
        raise not_supported(" and ".join(map(describe, steps)))
    encode, classifier = steps
    check_is_fitted(encode)
    check_is_fitted(classifier)
    return CompiledRecommender(copy.deepcopy(encode), classifier)


class CompiledRecommender:
    """Immutable snapshot of a fitted recommender, as returned by :func:`compile_recommender`.

    A snapshot can be pickled and shared between threads. Its results, warnings and errors are those of
    :func:`pipelines.recommend` and :func:`pipelines.explain`: exactly for naive Bayes classifiers of this
    library, and up to rounding (a relative difference of about 1e-12) for other classifiers. Strings,
    numbers, booleans, None and lists of these are encoded in microseconds. Other values, and values that
    cause an error, are passed to the encoders themselves, which takes milliseconds.

    Parameters
    ----------
    encode : ColumnTransformer
        The fitted encoders. :func:`compile_recommender` passes a copy.

    classifier : classifier
        The classifier, fitted on the output of `encode`.

    Attributes
    ----------
    classes_ : tuple of length n_labels
        The labels as plain values, in the order of the model's ``classes_``.

    n_labels : int
        The number of labels.

    categories_ : dict of str to tuple
        The known categories of each column, in the order of the encoder's ``categories_``. Columns of numbers
        have none, except for the bins of a BinEncoder.

    Raises
    ------
    TypeError
        If a transformer or the classifier cannot be compiled.
    ValueError
        If `encode` does not match `classifier`, or a weight is not finite.

    Examples
    --------
    >>> import pandas as pd
    >>> from pipelines import compile_recommender, game_recommender
    >>> games = pd.DataFrame({"budget": ["cheap", "premium"], "gameplay_types": [["Puzzle"], ["Racing"]]})
    >>> compiled = compile_recommender(game_recommender().fit(games, ["Tetris", "Gran Turismo"]))
    >>> compiled
    CompiledRecommender(2 labels, columns: budget, gameplay_types)
    >>> compiled.categories_
    {'budget': ('cheap', 'premium'), 'gameplay_types': ('Puzzle', 'Racing')}
    """

    def __init__(self, encode: ColumnTransformer, classifier: BaseEstimator) -> None:
        # A copy, so that later updates of the model do not change it. Classifiers of this library replace
        # their state as a whole, others change theirs in place.
        is_ours = hasattr(classifier, "row_scorer")
        self._prepare(encode, copy.copy(classifier) if is_ours else copy.deepcopy(classifier))

    def _prepare(self, encode: ColumnTransformer, classifier: BaseEstimator) -> None:
        """Precompute the tables that are needed to answer queries."""
        self._encode, self._classifier = encode, classifier
        self._columns = read_columns(encode)
        self._keys = frozenset(encode.feature_names_in_)
        end = self._columns[-1].end if self._columns else 0
        if end != classifier.n_features_in_:
            raise ValueError(
                f"The encoders of this model produce {end} features, but its {type(classifier).__name__} was "
                f"fitted on {classifier.n_features_in_}. Fit the model again."
            )
        of_rows = np.result_type(*(column.dtype for column in self._columns))
        scorer = scorer_of(classifier, np.float32 if of_rows == np.float32 else np.float64)
        if scorer is None:
            raise not_supported(f"{describe(encode)} and {describe(classifier)}")
        self._scorer, self._popularity = scorer, popularity_scorer(classifier)
        self._may_be_unknown = encode.sparse_output_  # in dense rows, 0 is a number like any other
        self._classes = tuple(plain_labels(classifier.classes_))
        self._places = places_of(classifier.classes_)

    def __getstate__(self) -> dict[str, BaseEstimator]:
        return {"encode": self._encode, "classifier": self._classifier}

    def __setstate__(self, state: dict[str, BaseEstimator]) -> None:
        self._prepare(**state)

    @property
    def classes_(self) -> tuple:
        """The labels as plain values, in the order of the model's ``classes_``.

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
        known: dict[str, tuple] = {}
        for column in self._columns:  # a column may be encoded by several steps
            known[column.name] = known.get(column.name) or column.categories
        return known

    def recommend(
        self, question: dict, k: int = 5, *, exclude: Iterable = (), candidates: Iterable | None = None
    ) -> tuple[list, list[float]]:
        """Return the k best labels of one query and their scores, best first.

        Parameters
        ----------
        question : dict
            The query, such as ``{"budget": "cheap", "gameplay_types": ["Puzzle"]}``. Columns that are
            omitted, None or empty count as missing.

        k : int, default=5
            The number of labels. If there are fewer labels, all of them are returned.

        exclude : iterable of labels, default=()
            Labels that must not be returned. Labels unknown to the model are ignored with a warning.

        candidates : iterable of labels, default=None
            Labels to choose from. None means all labels. Labels unknown to the model are ignored with a
            warning.

        Returns
        -------
        labels : list of length min(k, number of allowed labels)
            The best labels. Labels with equal scores are in the order of ``classes_``. If nothing in the
            query is known to the model, a :class:`pipelines.UnknownQuestionWarning` is issued, and the labels
            with the most training rows are returned.

        scores : list of float, of the same length
            The scores of these labels, as in :func:`pipelines.recommend`.

        Raises
        ------
        ValueError
            If `k` is not an integer of at least 1, if a key of `question` is not the name of a column that
            the model was fitted on (the message suggests the most similar name), if `exclude` or
            `candidates` is not a collection of labels, or if an encoder or the classifier rejects a value,
            such as an unknown category with ``handle_unknown="error"`` or a missing number.
        TypeError
            If `question` is not a dict, or a cell has the wrong type, such as a string instead of a list.

        Notes
        -----
        Takes O(n_labels) time for each feature that the query sets, and less for naive Bayes classifiers of
        this library if many labels have the same feature counts.
        """
        k = check_int("k", k, "recommend")
        self._check_question(question)
        excluded, allowed = labels_per_row("exclude", exclude, 1), labels_per_row("candidates", candidates, 1)
        for name, labels in (("exclude", excluded), ("candidates", allowed)):
            if labels and not labels[0] - {None} <= self._places.keys():
                warn_of_unknown_labels(name, labels, self._classifier)
        scorer, row = self._scorer_for(self._row(question))
        best, scores = self._best(scorer, row, k, excluded, allowed)
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
            the label. If the score has a part that does not depend on the query, it is included as "(prior)"
            or "(intercept)", as in :func:`pipelines.explain`.

        Raises
        ------
        ValueError
            If `label` is not one of ``classes_`` (the message suggests similar ones), or in the cases listed
            for :meth:`recommend`.
        TypeError
            If `question` is not a dict, or a cell has the wrong type, as for :meth:`recommend`.
        """
        self._check_question(question)
        names, row = self._names, self._row(question)
        value = comparable_label(label)
        place = self._places.get(value) if np.isscalar(value) or isinstance(value, Moment) else None
        if place is None:
            raise unknown_label(label, self._classes)
        is_unknown = not len(row.data) and self._may_be_unknown
        scorer = (self._popularity if is_unknown else None) or self._scorer
        return reasons(names, row, place, scorer, constant_of(self._classifier))

    def __repr__(self) -> str:
        return f"CompiledRecommender({self.n_labels} labels, columns: {', '.join(self.categories_)})"

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

    def _check_question(self, question: dict) -> None:
        if not isinstance(question, dict):
            raise TypeError(
                "The 'question' parameter of a compiled recommender must be a dict, such as "
                f"{{{next(iter(self.categories_))!r}: ...}}. Got {question!r} instead."
            )

    def _row(self, question: dict) -> sp.csr_array:
        """Return the query as input of the classifier, of shape (1, n_features)."""
        if not question.keys() <= self._keys:
            check_keys(question, self._encode.feature_names_in_)
        places: list[int] = []
        values: list[float] = []
        for column in self._columns:
            if not column.read(question.get(column.name), places, values):
                return self._encoded(question)
        return self._scorer.row(places, values)

    def _encoded(self, question: dict) -> sp.csr_array:
        """Return the query as encoded by the encoders for the classifier. This may raise their errors."""
        X = self._encode.transform(dicts_as_frame(question, columns_of(self._encode)))
        row = self._scorer.as_row(X)
        if not np.isfinite(row.data).all():
            rank(self._classifier, X, 1)
        return row

    def _scorer_for(self, row: sp.csr_array) -> tuple[Scorer, sp.csr_array]:
        """Return the scorer and its input row. Warn about a query without known values."""
        if len(row.data) or not self._may_be_unknown:
            return self._scorer, row
        warn_of_unknown_questions(1, 1)
        popularity = self._popularity
        return (self._scorer, row) if popularity is None else (popularity, popularity.row([], []))

    def _best(
        self,
        scorer: Scorer,
        row: sp.csr_array,
        k: int,
        exclude: list[set] | None,
        candidates: list[set] | None,
    ) -> tuple[list[int], list[float]]:
        """Return the class indices of the k best allowed labels, and their scores."""
        excluded, allowed = self._known(exclude), self._known(candidates)
        if candidates is None and len(excluded) <= MAX_EXCLUDED:
            best, scores = scorer.top_k(row, min(k + len(excluded), self.n_labels))
            if not excluded:
                return best.tolist(), scores.tolist()
            kept = [i for i, place in enumerate(best.tolist()) if place not in excluded][:k]
            return best[kept].tolist(), scores[kept].tolist()
        is_allowed = np.full(self.n_labels, candidates is None)
        is_allowed[list(allowed)] = True
        is_allowed[list(excluded)] = False
        best, scores = scorer.top_k_among(row, np.flatnonzero(is_allowed), k)
        return best.tolist(), scores.tolist()

    def _known(self, labels: list[set] | None) -> set[int]:
        """Return the class indices of the known labels of one query."""
        return {self._places[label] for label in labels[0] if label in self._places} if labels else set()
