"""Recommendations: a game pipeline, the k best labels of any classifier, explanations, updates, scorers."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline
from sklearn.utils import check_consistent_length, column_or_1d

from estimators import ComplementNB, MultiHotEncoder, OneHotEncoder
from pipelines._common.frames import Rows, collected, n_rows_of, some_rows
from pipelines._common.labels import comparable_array, comparable_labels, places_of, plain_labels
from pipelines._common.parameters import check_int
from pipelines._common.ranking import labels_per_row, rank
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
    """Return a pipeline that recommends games by budget and gameplay types. Each game is a class.

    Parameters
    ----------
    budget : str, default="budget"
        Name of the column that holds one budget per row. Budgets may be missing.

    gameplay_types : str, default="gameplay_types"
        Name of the column that holds one list of types per row. Lists may be missing.

    budget_encoder, types_encoder : transformer, default=None
        The encoders of the two columns. The budget encoder receives a data frame with one column, the types
        encoder a single column. None means ``OneHotEncoder`` and ``MultiHotEncoder`` with
        ``handle_unknown="ignore"``, ``missing="ignore"`` and ``feature_name_combiner="equals"``: a query may
        omit either column, and unknown values, including misspelt ones, count as missing. With
        ``handle_unknown="error"`` both encoders raise an error that suggests the most similar known values.
        With ``missing="category"``, the default of ``OneHotEncoder``, a missing budget is a category of its
        own.

    classifier : classifier, default=None
        The classifier. None means ``ComplementNB(new_classes="add")``, since new games may be added later.

    weights : dict of str to float, default=None
        The weight of each column, keyed by column name, as in
        ``ColumnTransformer(transformer_weights=...)``. None means a weight of 1 for both columns. A game
        with matching types may outrank one with a matching budget, so give the budget a higher weight if it
        matters more (the tavern example uses 4).

    Returns
    -------
    model : Pipeline with the steps "encode" and "classify"
        The unfitted pipeline. Fit it with ``model.fit(games, games["title"])``. All other columns of the
        frame are ignored.

    Raises
    ------
    TypeError
        If `budget` or `gameplay_types` is not a str.
    ValueError
        If `weights` has a key that is not one of the two column names.

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
                f"The {name!r} parameter of game_recommender must be the name of one column. "
                f"Got {column!r} instead."
            )
    if unknown := set(weights or {}) - {budget, gameplay_types}:
        raise ValueError(
            "The keys of the 'weights' parameter of game_recommender must be among "
            f"{budget!r} and {gameplay_types!r}. Got {', '.join(map(repr, sorted(unknown)))} instead."
        )
    if budget_encoder is None:
        budget_encoder = OneHotEncoder(
            handle_unknown="ignore", missing="ignore", feature_name_combiner="equals"
        )
    if types_encoder is None:
        types_encoder = MultiHotEncoder(
            handle_unknown="ignore", missing="ignore", feature_name_combiner="equals"
        )
    steps = [("budget", budget_encoder, [budget]), ("gameplay_types", types_encoder, gameplay_types)]
    columns = {"budget": budget, "gameplay_types": gameplay_types}
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
    X: Rows,
    k: int = 5,
    *,
    exclude: Iterable | None = None,
    candidates: Iterable | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k best labels of each row and their scores, best first.

    Parameters
    ----------
    model : fitted classifier, or Pipeline or search (GridSearchCV, ...) that ends in one
        The model that scores the labels. If it has a ``top_k`` method, that method is used. Otherwise the
        labels are ranked by the scores of the first available method among ``predict_joint_log_proba``,
        ``decision_function``, ``predict_log_proba`` and ``predict_proba``. A one-vs-one
        ``decision_function`` is skipped.

    X : data frame or array-like of shape (n_samples, n_features), dict, or list of dicts
        The queries, in the form that `model` expects. If the model was fitted on a data frame, a query can be
        a dict, such as ``{"budget": "cheap", "gameplay_types": ["Puzzle"]}``. Columns missing from the dict
        count as missing values.

    k : int, default=5
        The number of labels per row. If there are fewer labels, all of them are returned.

    exclude : iterable of labels, or of n_samples iterables of labels, default=None
        Labels that must not be returned: either one collection for all rows, or one collection per row.
        Labels unknown to `model` are ignored.

    candidates : iterable of labels, or of n_samples iterables of labels, default=None
        Labels to choose from: either one collection for all rows, or one collection per row. None means all
        labels.

    Returns
    -------
    labels : ndarray of shape (n_samples, n_places)
        The best labels. Equal scores keep the order of ``classes_``. ``n_places`` is `k`, or the largest
        number of labels available for any row if that is lower. Rows with fewer labels are padded with None;
        the dtype is then object.

    scores : ndarray of shape (n_samples, n_places)
        The scores of these labels, or ``-inf`` where the label is None.

    Raises
    ------
    ValueError
        If `k` is not an integer of at least 1, if X has no rows, or if `exclude` or `candidates` is neither a
        collection of labels nor one collection per row.
    TypeError
        If `model` has none of the methods listed above.

    Notes
    -----
    Rows are scored in batches, so memory for scores is bounded for any number of rows and classes.

    Examples
    --------
    Any classifier can be used:

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
    k = check_int("k", k, "recommend")
    classifier, X = transform(model, some_rows(X, "recommend"))
    excluded = labels_per_row("exclude", exclude, n_rows_of(X))
    allowed = labels_per_row("candidates", candidates, n_rows_of(X))
    return rank(classifier, X, k, excluded, allowed)


def explain(model: BaseEstimator, X: Rows, label: str | float) -> dict[str, float]:
    """Return how much each feature of a query contributes to the score of a label, largest first.

    Parameters
    ----------
    model : fitted ComplementNB or MultinomialNB, or Pipeline or search that ends in one
        The model. Its score must be a sum over the features.

    X : data frame or array-like of shape (1, n_features), or dict
        One query, in the form that `model` expects.

    label : str or number
        One of the model's classes.

    Returns
    -------
    contributions : dict of str to float
        The contribution of each feature that is set in the query, such as
        ``{"gameplay_types=Adventure": 5.1, ...}``. The contributions add up to the score that
        :func:`recommend` returns for the label. For MultinomialNB, and for models with one class, they
        include the prior as "(prior)". In complement naive Bayes a feature contributes to every label, and
        features that are rare among the *other* labels contribute more. Therefore, compare one feature
        between labels rather than different features of one label.

    Raises
    ------
    ValueError
        If `X` does not have exactly one row, or `label` is not one of the classes.
    TypeError
        If the score of `model` is not a sum over the features.

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
    classifier, X = transform(model, some_rows(X, "explain"))
    place = check_label(classifier, label)
    row = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
    if row.shape[0] != 1:
        raise ValueError(
            f"The 'X' parameter of explain must have exactly one row. Got {row.shape[0]} rows instead."
        )
    weights, places = weights_of(classifier, place), np.flatnonzero(row[0])
    prior = None
    if isinstance(classifier, MultinomialNB) or len(classifier.classes_) == 1:
        prior = classifier.class_log_prior_[place]
    return reasons(names, places, row[0, places], weights, prior)


def update(
    model: BaseEstimator, X: Rows, y: ArrayLike, sample_weight: ArrayLike | None = None
) -> BaseEstimator:
    """Update the last step of a fitted pipeline with new rows; the earlier steps do not change.

    Parameters
    ----------
    model : fitted classifier, or Pipeline or search that ends in one, with ``partial_fit``
        The model to update. The steps before the last one only transform the rows. They handle unknown
        categories according to their own parameters, so to learn a new budget or type, fit the whole model
        again. A new label becomes a class if the classifier allows it
        (``ComplementNB(new_classes="add")``).

    X : data frame or array-like of shape (n_samples, n_features), dict, or list of dicts
        The new rows, in the same form as `X` in :func:`recommend`.

    y : array-like of shape (n_samples,)
        The label of each row.

    sample_weight : array-like of shape (n_samples,), default=None
        The weight of each row. A weight of 2 is equivalent to passing the row twice.

    Returns
    -------
    model : the same object
        The model, updated in place.

    Raises
    ------
    TypeError
        If the last step has no ``partial_fit``.
    ValueError
        If X has no rows, if `y` is a single string, if the last step cannot learn one of the labels, or if it
        rejects the rows. In all these cases the model is left unchanged.

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
            "The 'y' parameter of update must be an array with one label per row. "
            f"Got the string {y!r} instead."
        )
    classifier, X = transform(model, some_rows(X, "update"))
    if not hasattr(classifier, "partial_fit"):
        raise TypeError(
            "The last step of the 'model' parameter of update must have a partial_fit method. "
            f"Got a {type(classifier).__name__}, which has none."
        )
    if hasattr(classifier, "classes_") and not hasattr(classifier, "new_classes"):
        y = _among_classes(classifier, y)
    classifier.partial_fit(X, y, **({} if sample_weight is None else {"sample_weight": sample_weight}))
    return model


def hit_rate_scorer(k: int = 5) -> "TopKScorer":
    """Return a scorer that computes the share of rows whose label is among the k best labels.

    Parameters
    ----------
    k : int, default=5
        The number of best labels to consider for each row.

    Returns
    -------
    scorer : callable(model, X, y, sample_weight=None) -> float
        A scorer for ``cross_val_score``, ``GridSearchCV`` and similar tools. It raises a ValueError if all
        sample weights are 0.

    Raises
    ------
    ValueError
        If `k` is not an integer of at least 1.

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
    return TopKScorer("hit_rate_scorer", k, discounted=False)


def ndcg_scorer(k: int = 5) -> "TopKScorer":
    """Return a scorer that computes the normalised discounted cumulative gain (NDCG) of the k best labels.

    With one relevant label per row, NDCG is the mean of ``1 / log2(1 + rank)``, where ``rank`` is the rank of
    the row's label. Rows whose label is not among the k best labels count as 0.

    Parameters
    ----------
    k : int, default=5
        The number of best labels to consider for each row.

    Returns
    -------
    scorer : callable(model, X, y, sample_weight=None) -> float
        A scorer for ``cross_val_score``, ``GridSearchCV`` and similar tools. It raises a ValueError if all
        sample weights are 0.

    Raises
    ------
    ValueError
        If `k` is not an integer of at least 1.

    Examples
    --------
    In this example, the label of every row ranks first:

    >>> import numpy as np
    >>> from estimators import ComplementNB
    >>> from pipelines import ndcg_scorer
    >>> X, y = np.eye(4), np.arange(4)
    >>> ndcg_scorer(k=2)(ComplementNB().fit(X, y), X, y)
    1.0
    """
    return TopKScorer("ndcg_scorer", k, discounted=True)


def _among_classes(classifier: BaseEstimator, y: ArrayLike) -> ArrayLike:
    """Return the labels with the dtype of the classes. Raise ValueError if a label is not a class.

    Without this check, scikit-learn's naive Bayes would silently drop the row or count it for another class.
    """
    labels = plain_labels(collected(y))
    if any(isinstance(label, Sequence) and not isinstance(label, str) for label in labels):
        return y  # several labels per row
    places, values = places_of(classifier.classes_), comparable_labels(labels)
    unknown = [
        label for value, label in dict(zip(values, labels, strict=True)).items() if value not in places
    ]
    if unknown:
        raise ValueError(
            "The 'y' parameter of update must contain only labels that the model was fitted on, since "
            f"{type(classifier).__name__} cannot learn new ones. Got the new label(s) {unknown}. "
            "To add them, fit the model again."
        )
    return classifier.classes_[[places[value] for value in values]]


class TopKScorer:
    """Scorer that ranks only the k best labels and needs no matrix of shape (n_samples, n_classes)."""

    def __init__(self, name: str, k: int, discounted: bool) -> None:
        self.name, self.k, self.discounted = name, check_int("k", k, name), discounted

    def __call__(
        self, model: BaseEstimator, X: Rows, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the score on X, (n_samples, n_features), and y, (n_samples,). Higher is better."""
        labels, _ = recommend(model, X, self.k)
        expected = column_or_1d(np.array(plain_labels(collected(y)), dtype=object))
        check_consistent_length(labels, expected)
        if sample_weight is not None and not np.any(sample_weight):
            raise ValueError(
                f"The 'sample_weight' parameter of {self.name} must contain a nonzero weight. Got only zeros."
            )
        hits = comparable_array(labels) == comparable_array(expected)[:, np.newaxis]
        places = np.arange(1.0, 1 + hits.shape[1])
        gains = hits @ (1 / np.log2(1 + places) if self.discounted else np.ones_like(places))
        return float(np.average(gains, weights=None if sample_weight is None else np.asarray(sample_weight)))

    def __repr__(self) -> str:
        return f"{self.name}(k={self.k})"
