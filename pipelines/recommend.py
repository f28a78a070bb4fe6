"""Recommend: the pipeline, the k best labels of any classifier, reasons, online learning, scorers."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline
from sklearn.utils import check_consistent_length, column_or_1d

from estimators import ComplementNB, MultiHotEncoder, OneHotEncoder
from pipelines._common.ranking import check_k, labels_per_row, n_rows_of, rank
from pipelines._common.steps import feature_names_of, transform
from pipelines._recommending.reasons import check_label, reasons, weights_of

__all__ = ["explain", "game_recommender", "hit_rate_scorer", "ndcg_scorer", "recommend", "update"]


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
    budget : str, default="budget"
        The column of the frame with one budget a row, which may be missing.

    gameplay_types : str, default="gameplay_types"
        The column with one list of types a row, which may be missing.

    budget_encoder, types_encoder : transformer, default=None
        The encoder of the budget is given a data frame of one column, that of the types one column. None for
        ``OneHotEncoder`` and ``MultiHotEncoder`` with ``handle_unknown="ignore"``, ``missing="ignore"`` and
        ``feature_name_combiner="equals"``: a question may leave a half open, and what the model does not know,
        misspelt words too, counts as left open. With ``handle_unknown="error"`` an unknown word is an error
        that names the nearest known one. With a OneHotEncoder's own default, ``missing="category"``, "no budget
        given" is a budget like others.

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
    if budget_encoder is None:
        budget_encoder = OneHotEncoder(
            handle_unknown="ignore", missing="ignore", feature_name_combiner="equals"
        )
    if types_encoder is None:
        types_encoder = MultiHotEncoder(
            handle_unknown="ignore", missing="ignore", feature_name_combiner="equals"
        )
    columns = {"budget": budget, "gameplay_types": gameplay_types}
    steps = [("budget", budget_encoder, [budget]), ("gameplay_types", types_encoder, gameplay_types)]
    encode = ColumnTransformer(
        steps,
        sparse_threshold=1.0,
        transformer_weights=weights and {step: weights.get(name, 1.0) for step, name in columns.items()},
        verbose_feature_names_out=False,
    )
    classifier = ComplementNB(new_classes="add") if classifier is None else classifier
    return Pipeline([("encode", encode), ("classify", classifier)])


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
        ``decision_function``, ``predict_log_proba`` and ``predict_proba`` is ranked (but no
        one-vs-one ``decision_function``).

    X : data frame or array-like of shape (n_samples, n_features), dict, or list of dicts
        The questions, as `model` takes them. Of a model fitted on a data frame a dict is one question,
        as ``{"budget": "cheap", "gameplay_types": ["Puzzle"]}``; what it leaves out is missing.

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

    Examples
    --------
    Any classifier can be asked:

    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from pipelines import recommend
    >>> X, y = load_iris(return_X_y=True)
    >>> flowers = LogisticRegression(max_iter=1000).fit(X, y)
    >>> labels, scores = recommend(flowers, X[[0, 100]], k=2)
    >>> labels
    array([[0, 1],
           [2, 1]])
    >>> recommend(flowers, X[[0, 100]], k=2, exclude=[0])[0]
    array([[1, 2],
           [2, 1]])
    """
    k = check_k(k, "recommend")
    classifier, X = transform(model, X)
    excluded = labels_per_row("exclude", exclude, n_rows_of(X))
    allowed = labels_per_row("candidates", candidates, n_rows_of(X))
    return rank(classifier, X, k, excluded, allowed)


def explain(model: BaseEstimator, X: Any, label: Any) -> dict[str, float]:
    """Return what each asked feature adds to the score of a label, the most first.

    Parameters
    ----------
    model : fitted ComplementNB or MultinomialNB, or Pipeline or search that ends in one
        Its score is a sum over the features.

    X : data frame or array-like of shape (1, n_features), or dict
        One question, as `model` takes it.

    label : str or number
        One of the model's classes.

    Returns
    -------
    contributions : dict of str to float
        ``{"gameplay_types=Adventure": 5.1, ...}``, the features that the question has. Their sum is the
        score that :func:`recommend` gives the label; a MultinomialNB, and a model of one class, add
        their prior as "(prior)". In
        complement naive Bayes every label gets something for a feature, the more the fewer *other* labels
        have it: compare a feature between labels, not features of one label.

    Raises
    ------
    ValueError
        If `X` has not one row, or `label` is not one of the classes.
    TypeError
        If the scores of `model` are not sums over the features.

    Examples
    --------
    >>> import pandas as pd
    >>> from pipelines import explain, game_recommender
    >>> games = pd.DataFrame({"budget": ["cheap", "cheap"], "gameplay_types": [["Puzzle"], ["Shooter"]]})
    >>> model = game_recommender().fit(games, ["Tetris", "Doom"])
    >>> adds = explain(model, {"budget": "cheap", "gameplay_types": ["Puzzle"]}, "Tetris")
    >>> {part: round(number, 2) for part, number in adds.items()}
    {'gameplay_types=Puzzle': 1.61, 'budget=cheap': 0.92}
    """
    names = feature_names_of(model)
    classifier, X = transform(model, X)
    check_label(classifier, label)
    row = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
    if row.shape[0] != 1:
        raise ValueError(f"explain takes one question. Got {row.shape[0]} rows in X.")
    weights, places = weights_of(classifier, label), np.flatnonzero(row[0])
    prior = None
    if isinstance(classifier, MultinomialNB) or len(classifier.classes_) == 1:
        prior = classifier.class_log_prior_[classifier.classes_ == label][0]
    return reasons(names, places, row[0, places], weights, prior)


def update(model: BaseEstimator, X: Any, y: Any, sample_weight: Any = None) -> BaseEstimator:
    """Let a fitted pipeline learn from more rows: its steps transform, its last one learns.

    Parameters
    ----------
    model : fitted classifier, or Pipeline or search that ends in one, with ``partial_fit``
        The steps before the last stay as they are: a category that they do not know is treated by their own
        rule for unknown values, so that a new budget or type needs a new fit. A new label becomes a class
        if the classifier allows it (``ComplementNB(new_classes="add")``).

    X : data frame or array-like of shape (n_samples, n_features), dict, or list of dicts
        The new rows, as :func:`recommend` takes questions.

    y : array-like of shape (n_samples,)
        A label for each row.

    sample_weight : array-like of shape (n_samples,), default=None
        A row of weight 2 counts as the row twice.

    Returns
    -------
    model : the same object
        Changed in place.

    Raises
    ------
    TypeError
        If the last step has no ``partial_fit``.
    ValueError
        If `y` is a bare string, or has a label that the last step cannot learn, or what it refuses; the model
        is unchanged.

    Examples
    --------
    >>> import pandas as pd
    >>> from pipelines import game_recommender, recommend, update
    >>> games = pd.DataFrame({"budget": ["cheap", "cheap"], "gameplay_types": [["Puzzle"], ["Shooter"]]})
    >>> model = game_recommender().fit(games, ["Tetris", "Doom"])
    >>> question = {"budget": "cheap", "gameplay_types": ["Puzzle"]}
    >>> model = update(model, [question, question], ["Puyo Puyo", "Puyo Puyo"])
    >>> recommend(model, question, k=2)[0].tolist()
    [['Puyo Puyo', 'Tetris']]
    """
    if isinstance(y, str):
        raise ValueError(
            f"The 'y' parameter of update must hold a label for each row. Got the bare string {y!r}."
        )
    classifier, X = transform(model, X)
    if not hasattr(classifier, "partial_fit"):
        raise TypeError(f"update needs a last step with partial_fit. {type(classifier).__name__} has none.")
    if hasattr(classifier, "classes_") and not hasattr(classifier, "new_classes"):
        # scikit-learn's naive Bayes would drop the row in silence, or count it for another class
        unknown = np.setdiff1d(np.asarray(y), classifier.classes_).tolist()
        if unknown:
            raise ValueError(
                f"{type(classifier).__name__} cannot learn the new label(s) {unknown}: fit it anew."
            )
    classifier.partial_fit(X, y, **({} if sample_weight is None else {"sample_weight": sample_weight}))
    return model


def hit_rate_scorer(k: int = 5) -> "TopKScorer":
    """Return a scorer: the share of rows whose label is among the k best.

    Parameters
    ----------
    k : int, default=5
        How many labels are looked at.

    Returns
    -------
    scorer : callable(model, X, y, sample_weight=None) -> float
        For ``cross_val_score``, ``GridSearchCV`` and the like.

    Raises
    ------
    ValueError
        If `k` is not a whole number of at least 1.

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
    return TopKScorer("hit_rate_scorer", k, np.ones_like)


def ndcg_scorer(k: int = 5) -> "TopKScorer":
    """Return a scorer: the mean of ``1 / log2(1 + place)`` of each row's label, 0 if it is not in the k best.

    That is the normalised discounted cumulative gain with one relevant label a row.

    Parameters
    ----------
    k : int, default=5
        How many labels are looked at.

    Returns
    -------
    scorer : callable(model, X, y, sample_weight=None) -> float
        For ``cross_val_score``, ``GridSearchCV`` and the like.

    Raises
    ------
    ValueError
        If `k` is not a whole number of at least 1.

    Examples
    --------
    Each row's label is the best here:

    >>> import numpy as np
    >>> from estimators import ComplementNB
    >>> from pipelines import ndcg_scorer
    >>> X, y = np.eye(4), np.arange(4)
    >>> ndcg_scorer(k=2)(ComplementNB().fit(X, y), X, y)
    1.0
    """
    return TopKScorer("ndcg_scorer", k, _discount)


class TopKScorer:
    """A scorer that looks at the k best labels only; never at an n_samples x n_classes matrix."""

    def __init__(self, name: str, k: int, gain: Callable[[np.ndarray], np.ndarray]) -> None:
        self.name, self.k, self.gain = name, check_k(k, name), gain

    def __call__(self, model: BaseEstimator, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Score `model` on the rows of X with the labels y, both (n_samples,); higher is better."""
        labels, _ = recommend(model, X, self.k)
        y = column_or_1d(y)
        check_consistent_length(labels, y)
        hits = labels == y[:, np.newaxis]
        gains = hits @ self.gain(np.arange(1.0, 1 + hits.shape[1]))  # (rows, places) @ (places,)
        return float(np.average(gains, weights=sample_weight))

    def __repr__(self) -> str:
        return f"{self.name}(k={self.k})"


def _discount(places: np.ndarray) -> np.ndarray:
    return 1 / np.log2(1 + places)
