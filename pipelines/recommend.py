"""Recommend: the pipeline, the k best labels of any classifier, reasons, online learning, scorers."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.naive_bayes import ComplementNB as SklearnComplementNB
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline
from sklearn.utils import check_consistent_length, column_or_1d, gen_batches
from sklearn.utils.validation import check_is_fitted

from estimators import ComplementNB, MultiHotEncoder, OneHotEncoder
from estimators._top_k import top_k_indices

SCORES_AT_ONCE = 1 << 22  # 32 MB of float64, where a classifier has no top_k of its own
SCORE_METHODS = ("predict_joint_log_proba", "decision_function", "predict_log_proba", "predict_proba")


def game_recommender(
    *,
    budget: str = "budget",
    gameplay_types: str = "gameplay_types",
    budget_encoder: BaseEstimator | None = None,
    types_encoder: BaseEstimator | None = None,
    classifier: BaseEstimator | None = None,
    weights: dict[str, float] | None = None,
) -> Pipeline:
    """Return a pipeline from (budget, gameplay types) to a game; every game is a class.

    Parameters
    ----------
    budget, gameplay_types : str, default="budget", "gameplay_types"
        The columns of the frame: one budget a row, and one list of types a row. Either may be missing.

    budget_encoder, types_encoder : transformer, default=None
        None for ``OneHotEncoder(handle_unknown="ignore")`` and ``MultiHotEncoder(handle_unknown="ignore")``:
        a question may leave a half open, and what the model does not know, misspelt words too, counts as
        left open. With ``handle_unknown="error"`` both are refused, with the nearest known word.

    classifier : classifier, default=None
        None for ``ComplementNB(new_classes="add")``: a catalogue grows.

    weights : dict of str to float, default=None
        How much each column counts, by its name, as ``ColumnTransformer(transformer_weights=...)``;
        None for 1 each. A game that fits the types may beat one that fits the budget: weight the budget
        more where it must be met (the tavern weights it 4).

    Returns
    -------
    model : Pipeline of "encode" and "classify"
        Not fitted; ``model.fit(games, games["title"])``. Other columns of the frame are not looked at.

    Raises
    ------
    TypeError
        If a column is not named by a str.
    ValueError
        If `weights` names another column.

    Examples
    --------
    >>> import polars as pl
    >>> from pipelines import game_recommender, recommend
    >>> games = pl.DataFrame({
    ...     "title": ["Tetris", "Celeste", "Portal"],
    ...     "budget": ["cheap", "standard", "standard"],
    ...     "gameplay_types": [["Puzzle"], ["Platform", "Adventure"], ["Puzzle", "Platform"]],
    ... })
    >>> model = game_recommender().fit(games, games["title"])
    >>> question = pl.DataFrame({"budget": ["standard"], "gameplay_types": [["Puzzle"]]})
    >>> labels, scores = recommend(model, question, k=2)
    >>> labels.tolist()
    [['Portal', 'Tetris']]
    """
    for name, column in (("budget", budget), ("gameplay_types", gameplay_types)):
        if not isinstance(column, str):
            raise TypeError(
                f"The {name!r} parameter of game_recommender names one column. Got {column!r} instead."
            )
    if unknown := set(weights or {}) - {budget, gameplay_types}:
        raise ValueError(
            f"The 'weights' parameter of game_recommender may hold {budget!r} and {gameplay_types!r}. "
            f"Got {', '.join(map(repr, sorted(unknown)))} instead."
        )
    encode = ColumnTransformer(
        [
            (budget, budget_encoder or OneHotEncoder(handle_unknown="ignore"), budget),
            (gameplay_types, types_encoder or MultiHotEncoder(handle_unknown="ignore"), gameplay_types),
        ],
        sparse_threshold=1.0,
        transformer_weights=weights,
        verbose_feature_names_out=False,
    )
    return Pipeline([("encode", encode), ("classify", classifier or ComplementNB(new_classes="add"))])


def recommend(
    model: BaseEstimator,
    X: Any,
    k: int = 5,
    *,
    exclude: Iterable | None = None,
    candidates: Iterable | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k best labels of each row and their scores, best first.

    Parameters
    ----------
    model : fitted classifier, or Pipeline or search (GridSearchCV, ...) that ends in one
        One with ``top_k`` is asked for it; of another the first of ``predict_joint_log_proba``,
        ``decision_function``, ``predict_log_proba`` and ``predict_proba`` is ranked.

    X : data frame or array-like of shape (n_samples, n_features), dict, or list of dicts
        The questions, as `model` takes them; a dict is one question, as
        ``{"budget": "cheap", "gameplay_types": ["Puzzle"]}``.

    k : int, default=5
        How many labels a row; if there are fewer, all there are.

    exclude : iterable of labels, or of n_samples iterables of labels, default=None
        Labels not to answer: the same for all rows, or a row's own. Labels unknown to `model` change nothing.

    candidates : iterable of labels, or of n_samples iterables of labels, default=None
        Labels to choose from: the same for all rows, or a row's own. None for all.

    Returns
    -------
    labels : ndarray of shape (n_samples, n_places)
        Equal scores stand in the order of ``classes_``. ``n_places`` is k, or the most that a row can
        have if that is less. A row that has fewer than another ends in None (dtype object).

    scores : ndarray of shape (n_samples, n_places)
        ``-inf`` where the label is None.

    Raises
    ------
    ValueError
        If `k` is not a whole number of at least 1, or `exclude` or `candidates` does not fit the rows.
    TypeError
        If `model` has none of the methods named above.

    Notes
    -----
    Memory is bounded whatever the numbers of rows and classes.
    """
    if not isinstance(k, Integral) or isinstance(k, bool) or k < 1:
        raise ValueError(
            f"The 'k' parameter of recommend must be an int in the range [1, inf). Got {k!r} instead."
        )
    classifier, X = _transform(model, X)
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    excluded = _per_row("exclude", exclude, n_rows)
    allowed = _per_row("candidates", candidates, n_rows)
    if allowed is None and hasattr(classifier, "top_k"):
        n_more = 0 if excluded is None else max(map(len, excluded))
        labels, scores = classifier.top_k(X, int(k) + n_more)
        return (labels, scores) if excluded is None else _without(labels, scores, excluded, int(k))
    return _rank_scores(classifier, X, int(k), excluded, allowed)


def explain(model: BaseEstimator, X: Any, label: Any) -> dict[str, float]:
    """Return what each asked feature adds to the score of a label, the most first.

    Parameters
    ----------
    model : fitted ComplementNB or MultinomialNB, or Pipeline or search that ends in one

    X : data frame or array-like of shape (1, n_features), or dict
        One question, as `model` takes it.

    label : str or number
        One of the model's classes.

    Returns
    -------
    contributions : dict of str to float
        ``{"gameplay_types=Adventure": 5.1, ...}``, the features that the question has. Their sum is the
        score that :func:`recommend` gives the label; a MultinomialNB adds its prior as "(prior)". In
        complement naive Bayes every label gets something for a feature, the more the fewer *other* labels
        have it: compare a feature between labels, not features of one label.

    Raises
    ------
    ValueError
        If `X` has not one row, or `label` is not one of the classes.
    TypeError
        If the scores of `model` are not sums over the features.
    """
    names = _feature_names(model)
    classifier, X = _transform(model, X)
    _check_label(classifier, label)
    row = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
    if row.shape[0] != 1:
        raise ValueError(f"explain takes one question. Got {row.shape[0]} rows in X.")
    weights = _weights(classifier, label)
    contributions = {
        str(names[i] if names is not None else f"x{i}"): float(row[0, i] * weights[i])
        for i in np.flatnonzero(row[0])
    }
    if isinstance(classifier, MultinomialNB):
        contributions["(prior)"] = float(classifier.class_log_prior_[classifier.classes_ == label][0])
    return dict(sorted(contributions.items(), key=lambda item: -item[1]))


def update(model: BaseEstimator, X: Any, y: Any, sample_weight: Any = None) -> BaseEstimator:
    """Let a fitted pipeline learn from more rows: its steps transform, its last one learns.

    Parameters
    ----------
    model : fitted classifier, or Pipeline or search that ends in one, with ``partial_fit``
        The steps before the last stay as they are: a category that they do not know is treated by their own
        rule for unknown values, so that a new budget or type needs a new fit. A new label becomes a class
        if the classifier allows it (``ComplementNB(new_classes="add")``).

    X : data frame or array-like of shape (n_samples, n_features), dict, or list of dicts

    y : array-like of shape (n_samples,)
        A label for each row.

    sample_weight : array-like of shape (n_samples,), default=None
        A row of weight 2 counts as the row twice.

    Returns
    -------
    model : the same object, changed in place

    Raises
    ------
    TypeError
        If the last step has no ``partial_fit``.
    ValueError
        If `y` is a bare string, or what the last step refuses; the model is unchanged.
    """
    if isinstance(y, str):
        raise ValueError(
            f"The 'y' parameter of update must hold a label for each row. Got the bare string {y!r}."
        )
    classifier, X = _transform(model, X)
    if not hasattr(classifier, "partial_fit"):
        raise TypeError(f"update needs a last step with partial_fit. {type(classifier).__name__} has none.")
    classifier.partial_fit(X, y, **({} if sample_weight is None else {"sample_weight": sample_weight}))
    return model


def hit_rate_scorer(k: int = 5) -> "TopKScorer":
    """Return a scorer: the share of rows whose label is among the k best.

    Parameters
    ----------
    k : int, default=5

    Returns
    -------
    scorer : callable(model, X, y, sample_weight=None) -> float
        For ``cross_val_score``, ``GridSearchCV`` and the like.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import cross_val_score
    >>> from estimators import ComplementNB
    >>> from pipelines import hit_rate_scorer
    >>> X, y = np.tile(np.eye(4), (10, 1)), np.tile(np.arange(4), 10)
    >>> cross_val_score(ComplementNB(), X, y, scoring=hit_rate_scorer(k=2)).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    return TopKScorer("hit_rate_scorer", k)


def ndcg_scorer(k: int = 5) -> "TopKScorer":
    """Return a scorer: the mean of ``1 / log2(1 + place)`` of each row's label, 0 if it is not in the k best.

    That is the normalised discounted cumulative gain with one relevant label a row.

    Parameters
    ----------
    k : int, default=5

    Returns
    -------
    scorer : callable(model, X, y, sample_weight=None) -> float
        For ``cross_val_score``, ``GridSearchCV`` and the like.
    """
    return TopKScorer("ndcg_scorer", k)


class TopKScorer:
    """A scorer that looks at the k best labels only; never at an n_samples x n_classes matrix."""

    def __init__(self, name: str, k: int) -> None:
        self.name, self.k = name, k

    def __call__(self, model: BaseEstimator, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Score `model` on the rows of X with the labels y, both (n_samples,); higher is better."""
        labels, _ = recommend(model, X, self.k)
        y = column_or_1d(y)
        check_consistent_length(labels, y)
        hits = labels == y[:, np.newaxis]
        if self.name == "hit_rate_scorer":
            gain = np.ones(hits.shape[1])
        else:
            gain = 1 / np.log2(2 + np.arange(hits.shape[1]))
        return float(np.average(hits @ gain, weights=sample_weight))

    def __repr__(self) -> str:
        return f"{self.name}(k={self.k})"


def _steps(model: Any) -> list[Any]:
    """Return the steps of a pipeline, of the best pipeline of a search, or the one of a bare classifier."""
    if hasattr(model, "best_estimator_"):
        return _steps(model.best_estimator_)
    if not isinstance(model, Pipeline):
        check_is_fitted(model)
        return [model]
    return [step for _, step in model.steps if step is not None and step != "passthrough"]


def _transform(model: Any, X: Any) -> tuple[Any, Any]:
    """Return the classifier, and X as it takes it; calling the steps here spares a question 0.5 ms."""
    *transformers, classifier = _steps(model)
    if isinstance(X, dict):
        X = [X]
    if isinstance(X, list) and X and all(isinstance(question, dict) for question in X):
        X = pd.DataFrame(X)
    for transformer in transformers:
        X = transformer.transform(X)
    return classifier, X


def _feature_names(model: Any) -> np.ndarray | None:
    *transformers, classifier = _steps(model)
    names = None
    for transformer in transformers:
        names = transformer.get_feature_names_out(names)
    return getattr(classifier, "feature_names_in_", None) if names is None else names


def _check_label(classifier: Any, label: Any) -> None:
    classes = np.asarray(classifier.classes_)
    if (classes == label).any():
        return
    near = difflib.get_close_matches(str(label), map(str, classes[:10_000].tolist()), n=3)
    hint = f" Did you mean {', '.join(map(repr, near))}?" if near else ""
    raise ValueError(f"The label {label!r} is not among the {len(classes)} classes of the model.{hint}")


def _weights(classifier: Any, label: Any) -> np.ndarray:
    """Return the weights whose products with a row add up to the score of the label, (n_features,)."""
    if isinstance(classifier, ComplementNB):
        return classifier.class_weights([label])[0]
    if isinstance(classifier, (MultinomialNB, SklearnComplementNB)):
        return classifier.feature_log_prob_[np.flatnonzero(classifier.classes_ == label)[0]]
    raise TypeError(
        f"explain needs a model whose score is a sum over the features (ComplementNB, MultinomialNB). "
        f"Got {type(classifier).__name__} instead."
    )


def _per_row(name: str, labels: Iterable | None, n_rows: int) -> list[set] | None:
    """Return a set of labels for each row."""
    if labels is None:
        return None
    if isinstance(labels, str) or hasattr(labels, "columns"):
        got = f"the bare string {labels!r}" if isinstance(labels, str) else "a data frame; name its column"
        raise ValueError(f"The {name!r} parameter of recommend must hold labels. Got {got}.")
    rows = list(labels)
    if not any(_is_collection(row) for row in rows):
        return [set(rows)] * n_rows
    if not all(_is_collection(row) for row in rows) or len(rows) != n_rows:
        raise ValueError(
            f"The {name!r} parameter of recommend must hold labels, or one collection of labels "
            f"for each of the {n_rows} rows. Got {len(rows)} entries."
        )
    return [set(row) for row in rows]


def _is_collection(value: Any) -> bool:
    return not isinstance(value, str) and isinstance(value, Iterable)


def _without(
    labels: np.ndarray, scores: np.ndarray, excluded: list[set], k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the first k labels of each row that are not excluded."""
    kept = np.array(
        [[label not in out for label in row] for row, out in zip(labels.tolist(), excluded, strict=True)]
    )
    order = np.argsort(~kept, axis=1, kind="stable")[:, :k]
    kept = np.take_along_axis(kept, order, axis=1)
    scores = np.where(kept, np.take_along_axis(scores, order, axis=1), -np.inf)
    return _fill(np.take_along_axis(labels, order, axis=1), scores, kept)


def _rank_scores(
    classifier: Any, X: Any, k: int, excluded: list[set] | None, allowed: list[set] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Rank the scores of all classes, a bounded number of rows at a time."""
    if not hasattr(classifier, "classes_"):
        raise no_scores(classifier)
    classes = np.asarray(classifier.classes_)
    position = {label: i for i, label in enumerate(classes.tolist())}
    k = min(k, len(classes))
    X = X.tocsr() if hasattr(X, "tocsr") else X
    places, best, open_places = [], [], []
    for rows, scores in _score_batches(classifier, X, len(classes)):
        mask = np.ones(scores.shape, dtype=bool)
        for row in range(len(scores)):
            if allowed is not None:
                mask[row] = False
                mask[row, _positions(allowed[rows.start + row], position)] = True
            if excluded is not None:
                mask[row, _positions(excluded[rows.start + row], position)] = False
        scores = np.nan_to_num(scores, nan=-np.finfo(np.float64).max)  # infinities become finite too
        ranked = top_k_indices(np.where(mask, scores, -np.inf), k)
        places.append(ranked)
        best.append(np.take_along_axis(scores, ranked, axis=1))
        open_places.append(np.take_along_axis(mask, ranked, axis=1))
    kept = np.concatenate(open_places)
    return _fill(classes[np.concatenate(places)], np.where(kept, np.concatenate(best), -np.inf), kept)


def _score_batches(classifier: Any, X: Any, n_classes: int) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield the rows of a batch and their scores, (n_rows, n_classes)."""
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    for rows in gen_batches(n_rows, max(1, SCORES_AT_ONCE // n_classes)):
        yield rows, _score(classifier, X[rows], n_classes)


def _score(classifier: Any, X: Any, n_classes: int) -> np.ndarray:
    for name in SCORE_METHODS:
        if hasattr(classifier, name):
            scores = np.asarray(getattr(classifier, name)(X), dtype=np.float64)
            if scores.ndim == 1:  # a binary decision_function: positive for the second class
                scores = np.column_stack((-scores, scores))
            if scores.shape[1] == n_classes:  # a one-vs-one decision_function has a column a pair
                return scores
    raise no_scores(classifier)


def no_scores(classifier: Any) -> TypeError:
    """Say which methods recommend can use."""
    return TypeError(
        f"recommend needs a classifier with top_k or one of {', '.join(SCORE_METHODS)}. "
        f"{type(classifier).__name__} has none."
    )


def _positions(labels: set, position: dict) -> list[int]:
    return [position[label] for label in labels if label in position]


def _fill(labels: np.ndarray, scores: np.ndarray, kept: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut the places that no row fills, and put None where one row has fewer than another."""
    n_places = int(kept.sum(axis=1).max(initial=0))
    labels, scores, kept = labels[:, :n_places], scores[:, :n_places], kept[:, :n_places]
    if not kept.all():
        labels = labels.astype(object)
        labels[~kept] = None
    return labels, scores


__all__: Sequence[str] = [
    "explain",
    "game_recommender",
    "hit_rate_scorer",
    "ndcg_scorer",
    "recommend",
    "update",
]
