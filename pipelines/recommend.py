"""Recommend: the pipeline, the k best labels of any classifier, reasons, online learning, scorers."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import Pipeline
from sklearn.utils import check_consistent_length, column_or_1d

from estimators import ComplementNB, MultiHotEncoder, OneHotEncoder
from pipelines._common.frames import Rows, n_rows_of
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
    """Return a pipeline that recommends games by budget and gameplay types; every game is a class.

    Parameters
    ----------
    budget : str, default="budget"
        The column that holds one budget per row. Budgets may be missing.

    gameplay_types : str, default="gameplay_types"
        The column that holds one list of types per row. Lists may be missing.

    budget_encoder, types_encoder : transformer, default=None
        The encoders of the two columns. None means ``OneHotEncoder(handle_unknown="ignore")`` and
        ``MultiHotEncoder(handle_unknown="ignore")``: a question may omit either column, and unknown values,
        including misspelt ones, count as missing. With ``handle_unknown="error"`` both raise an error that
        suggests the nearest known values.

    classifier : classifier, default=None
        The classifier. None means ``ComplementNB(new_classes="add")``, since new games may be added later.

    weights : dict of str to float, default=None
        The weight of each column, by its name, as in ``ColumnTransformer(transformer_weights=...)``. None
        means 1 for both. A game with matching types may outrank one with a matching budget, so give the
        budget a higher weight if it must be met (the tavern of the examples uses 4).

    Returns
    -------
    model : Pipeline of "encode" and "classify"
        The unfitted pipeline. Fit it with ``model.fit(games, games["title"])``. Other columns of the frame
        are ignored.

    Raises
    ------
    TypeError
        If the name of a column is not a str.
    ValueError
        If `weights` contains any other column.

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
            f"The 'weights' parameter of game_recommender may contain {budget!r} and {gameplay_types!r}. "
            f"Got {', '.join(map(repr, sorted(unknown)))} instead."
        )
    if budget_encoder is None:
        budget_encoder = OneHotEncoder(handle_unknown="ignore")
    if types_encoder is None:
        types_encoder = MultiHotEncoder(handle_unknown="ignore")
    steps = [("budget", budget_encoder, budget), ("gameplay_types", types_encoder, gameplay_types)]
    encode = ColumnTransformer(
        steps,
        sparse_threshold=1.0,
        transformer_weights=weights and {step: weights.get(column, 1.0) for step, _, column in steps},
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
        The model to ask. If it has ``top_k``, that method is used; otherwise the scores of the first
        available method among ``predict_joint_log_proba``, ``decision_function``, ``predict_log_proba`` and
        ``predict_proba`` are ranked. A one-vs-one ``decision_function`` is skipped.

    X : data frame or array-like of shape (n_samples, n_features), dict, or list of dicts
        The questions, in the form that `model` expects. If the model was fitted on a data frame, a dict is
        one question, such as ``{"budget": "cheap", "gameplay_types": ["Puzzle"]}``; columns that it omits
        count as missing.

    k : int, default=5
        The number of labels per row. If there are fewer labels, all of them are returned.

    exclude : iterable of labels, or of n_samples iterables of labels, default=None
        Labels that must not be returned, either for all rows or one collection for each row. Labels unknown
        to `model` are ignored.

    candidates : iterable of labels, or of n_samples iterables of labels, default=None
        Labels to choose from, either for all rows or one collection for each row. None means all labels.

    Returns
    -------
    labels : ndarray of shape (n_samples, n_places)
        The best labels. Equal scores keep the order of ``classes_``. ``n_places`` is `k`, or the largest
        number of labels that a row can have if that is lower. Rows with fewer labels are filled with None
        (dtype object).

    scores : ndarray of shape (n_samples, n_places)
        The scores of these labels; ``-inf`` where the label is None.

    Raises
    ------
    ValueError
        If `k` is not an integer of at least 1, or if `exclude` or `candidates` does not match the rows.
    TypeError
        If `model` has none of the methods listed above.

    Notes
    -----
    Memory is bounded for any number of rows and classes.

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
    classifier, X = transform(model, X)
    excluded = labels_per_row("exclude", exclude, n_rows_of(X))
    allowed = labels_per_row("candidates", candidates, n_rows_of(X))
    return rank(classifier, X, k, excluded, allowed)


def explain(model: BaseEstimator, X: Rows, label: str | float) -> dict[str, float]:
    """Return the contribution of each feature of a question to the score of a label, the largest first.

    Parameters
    ----------
    model : fitted ComplementNB or MultinomialNB, or Pipeline or search that ends in one
        The model. Its score must be a sum over the features.

    X : data frame or array-like of shape (1, n_features), or dict
        One question, in the form that `model` expects.

    label : str or number
        One of the model's classes.

    Returns
    -------
    contributions : dict of str to float
        The features that are set in the question, such as ``{"gameplay_types=Adventure": 5.1, ...}``. They
        add up to the score that :func:`recommend` returns for the label. MultinomialNB and models with one
        class also contribute their prior, as "(prior)". In complement naive Bayes a feature contributes to
        every label, and features that are rare among the *other* labels contribute more. So compare one
        feature between labels, not different features of one label.

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
    classifier, X = transform(model, X)
    check_label(classifier, label)
    row = X.toarray() if hasattr(X, "toarray") else np.asarray(X)
    if row.shape[0] != 1:
        raise ValueError(f"The 'X' parameter of explain must have one row. Got {row.shape[0]} rows instead.")
    weights, places = weights_of(classifier, label), np.flatnonzero(row[0])
    prior = None
    if isinstance(classifier, MultinomialNB) or len(classifier.classes_) == 1:
        prior = classifier.class_log_prior_[classifier.classes_ == label][0]
    return reasons(names, places, row[0, places], weights, prior)


def update(
    model: BaseEstimator, X: Rows, y: ArrayLike, sample_weight: ArrayLike | None = None
) -> BaseEstimator:
    """Update the last step of a fitted pipeline with more rows; the other steps only transform them.

    Parameters
    ----------
    model : fitted classifier, or Pipeline or search that ends in one, with ``partial_fit``
        The model to update. The steps before the last one do not change: they treat unknown categories by
        their own rule, so a new budget or type needs a new fit. A new label becomes a class if the
        classifier allows that (``ComplementNB(new_classes="add")``).

    X : data frame or array-like of shape (n_samples, n_features), dict, or list of dicts
        The new rows, in the same form as the questions of :func:`recommend`.

    y : array-like of shape (n_samples,)
        The label of each row.

    sample_weight : array-like of shape (n_samples,), default=None
        The weight of each row. A weight of 2 is equivalent to the row occurring twice.

    Returns
    -------
    model : the same object
        The model, updated in place.

    Raises
    ------
    TypeError
        If the last step has no ``partial_fit``.
    ValueError
        If `y` is a single string, or if the last step cannot learn one of its labels or rejects the rows.
        The model is then unchanged.

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
            f"The 'y' parameter of update must hold a label for each row. Got the string {y!r} instead."
        )
    classifier, X = transform(model, X)
    if not hasattr(classifier, "partial_fit"):
        raise TypeError(f"update needs a last step with partial_fit. {type(classifier).__name__} has none.")
    if hasattr(classifier, "classes_") and not hasattr(classifier, "new_classes"):
        # scikit-learn's naive Bayes would silently drop the row, or count it for another class
        unknown = np.setdiff1d(np.asarray(y), classifier.classes_).tolist()
        if unknown:
            raise ValueError(
                f"{type(classifier).__name__} cannot learn the new label(s) {unknown}. Fit it again."
            )
    classifier.partial_fit(X, y, **({} if sample_weight is None else {"sample_weight": sample_weight}))
    return model


def hit_rate_scorer(k: int = 5) -> "TopKScorer":
    """Return a scorer that computes the share of rows whose label is among the k best.

    Parameters
    ----------
    k : int, default=5
        The number of labels that count as a hit.

    Returns
    -------
    scorer : callable(model, X, y, sample_weight=None) -> float
        A scorer for ``cross_val_score``, ``GridSearchCV`` and similar functions. It raises ValueError if all
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

    With one relevant label per row, that is the mean of ``1 / log2(1 + place)``, where ``place`` is the rank
    of the row's label; rows whose label is not among the k best count 0.

    Parameters
    ----------
    k : int, default=5
        The number of labels that count as a hit.

    Returns
    -------
    scorer : callable(model, X, y, sample_weight=None) -> float
        A scorer for ``cross_val_score``, ``GridSearchCV`` and similar functions. It raises ValueError if all
        sample weights are 0.

    Raises
    ------
    ValueError
        If `k` is not an integer of at least 1.

    Examples
    --------
    Here the label of each row ranks first:

    >>> import numpy as np
    >>> from estimators import ComplementNB
    >>> from pipelines import ndcg_scorer
    >>> X, y = np.eye(4), np.arange(4)
    >>> ndcg_scorer(k=2)(ComplementNB().fit(X, y), X, y)
    1.0
    """
    return TopKScorer("ndcg_scorer", k, discounted=True)


class TopKScorer:
    """A scorer that ranks only the k best labels, without an n_samples x n_classes matrix."""

    def __init__(self, name: str, k: int, discounted: bool) -> None:
        self.name, self.k, self.discounted = name, check_int("k", k, name), discounted

    def __call__(
        self, model: BaseEstimator, X: Rows, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Score `model` on the rows of X with the labels y, both (n_samples,); higher is better."""
        labels, _ = recommend(model, X, self.k)
        expected: np.ndarray = column_or_1d(y)
        check_consistent_length(labels, expected)
        if sample_weight is not None and not np.any(sample_weight):
            raise ValueError(f"The 'sample_weight' of {self.name} must not be 0 for all rows.")
        hits: np.ndarray = labels == expected[:, np.newaxis]
        places = np.arange(1.0, 1 + hits.shape[1])
        gains = hits @ (1 / np.log2(1 + places) if self.discounted else np.ones_like(places))
        return float(np.average(gains, weights=None if sample_weight is None else np.asarray(sample_weight)))

    def __repr__(self) -> str:
        return f"{self.name}(k={self.k})"
