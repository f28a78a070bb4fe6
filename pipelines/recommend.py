"""Recommendations: the k best labels of any classifier, explanations of their scores, and updates."""

from collections.abc import Iterable
from inspect import signature

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from pipelines._common.frames import Rows, n_rows_of, some_rows
from pipelines._common.parameters import check_int
from pipelines._common.questions import (
    UnknownQuestionWarning,
    are_unknown,
    rank_questions,
    warn_of_unknown_labels,
)
from pipelines._common.ranking import labels_per_row, rank
from pipelines._common.steps import columns_of, feature_names_of, parameter_of, steps_of, transform
from pipelines._recommending.history import with_history
from pipelines._recommending.reasons import check_label, reasons
from pipelines._recommending.scorers import constant_of, popularity_scorer, scorer_of
from pipelines._recommending.updates import among_classes, warn_of_new_items, warn_of_unlearned_rows

__all__ = ["UnknownQuestionWarning", "explain", "recommend", "update"]


def recommend(
    model: BaseEstimator,
    X: Rows,
    k: int = 5,
    *,
    exclude: Iterable | None = None,
    candidates: Iterable | None = None,
    exclude_history: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k best labels of each row and their scores, best first.

    Parameters
    ----------
    model : fitted classifier, or fitted Pipeline or search (GridSearchCV, ...) that ends in one
        The model that scores the labels. If it has a ``top_k`` method, that method is used. Otherwise the
        labels are ranked by the scores of the first available method among ``predict_joint_log_proba``,
        ``decision_function``, ``predict_log_proba`` and ``predict_proba``. A one-vs-one
        ``decision_function`` is skipped.

    X : data frame or array-like of shape (n_samples, n_features), dict, or list of dicts
        The queries, in the form that `model` expects. If the model was fitted on a data frame, a query can be
        a dict, such as ``{"budget": "cheap", "gameplay_types": ["Puzzle"]}``. Its keys are names of columns
        of that frame. Columns that are not in the dict count as missing values.

    k : int, default=5
        The number of labels per row. If there are fewer labels, all of them are returned.

    exclude : iterable of labels, or of n_samples iterables of labels, default=None
        Labels that must not be returned: either one collection for all rows, or one collection per row.
        Labels unknown to `model` are ignored with a warning.

    candidates : iterable of labels, or of n_samples iterables of labels, default=None
        Labels to choose from: either one collection for all rows, or one collection per row. None means all
        labels. Labels unknown to `model` are ignored with a warning.

    exclude_history : bool, default=False
        Whether to also exclude the items in the history of each row. Requires a model with a history column,
        such as one from ``recommender(history=...)``.

    Returns
    -------
    labels : ndarray of shape (n_samples, n_places)
        The best labels. Equal scores keep the order of ``classes_``. ``n_places`` is `k`, or the largest
        number of labels available for any row if that is lower. Rows with fewer labels are padded with None;
        the dtype is then object.

    scores : ndarray of shape (n_samples, n_places)
        The scores of these labels, or ``-inf`` where the label is None. The notes explain their scale, which
        depends on the classifier.

    Raises
    ------
    ValueError
        If `k` is not an integer of at least 1, if X has no rows, if a data frame lacks a column or a dict
        has a key that is not the name of a column (the message suggests the most similar name), if `exclude`
        or `candidates` is neither a collection of labels nor one collection per row, or if `exclude_history`
        is True for a model without a history.
    TypeError
        If `model` has none of the methods listed above, or if X is a string or a single column.

    Warns
    -----
    UnknownQuestionWarning
        If a row contains no known values, because it is empty or all of its values are unknown to the
        encoders of a Pipeline. Naive Bayes classifiers then rank the labels by their number of training rows.
        Classifiers that do not count rows score such a row like any other, and so does CatalogueNB, because
        its scores include the popularity (unless its parameter `popularity` is 0).
    UserWarning
        If `exclude_history` is True, but the items in the histories are strings and the labels are not, or
        vice versa.

    Notes
    -----
    Rows are scored in batches, so memory for scores is bounded for any number of rows and classes.

    Compare scores only within a row. Their scale depends on the classifier:

    - MultinomialNB and BernoulliNB: the log of the joint probability of the label and the row. The
      exponentials of these scores, divided by their sum over all labels, are the classifier's probabilities.
      These are overconfident if the features are correlated.
    - ComplementNB: a sum of weights, which does not include the popularity of the label. Rows with more
      features have higher scores.
    - CatalogueNB: the log of the popularity, plus an amount for each match, plus the weighted log of how much
      more frequently the features were requested for this item than for all items.
    - Classifiers with a ``decision_function``: for GDClassifier and LogisticRegression, the logits, whose
      differences are log odds; for LinearSVC, distances from the decision boundary, which are not log odds.
    - Other classifiers: the logs of probabilities, or probabilities if there is no ``predict_log_proba``.
    - Naive Bayes, for rows without known values: the log of the label's share of the training rows.

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
    X = some_rows(X, "recommend")
    n_rows = 1 if isinstance(X, dict) else n_rows_of(X)
    excluded = labels_per_row("exclude", exclude, n_rows)
    allowed = labels_per_row("candidates", candidates, n_rows)
    for name, some in (("exclude", excluded), ("candidates", allowed)):
        if some:
            warn_of_unknown_labels(name, some, steps_of(model)[-1])
    if exclude_history:
        excluded = with_history(excluded, model, X)
    return rank_questions(model, X, k, excluded, allowed)


def explain(model: BaseEstimator, X: Rows, label: str | float) -> dict[str, float]:
    """Return how much each feature of a query contributes to the score of a label, largest first.

    Parameters
    ----------
    model : fitted classifier, or Pipeline or search that ends in one
        The model. Its score must be a sum over the features. Naive Bayes classifiers of this library and
        scikit-learn's BernoulliNB, ComplementNB and MultinomialNB have such a score, as do all linear
        classifiers with ``coef_`` and ``intercept_``, such as GDClassifier, LogisticRegression, LinearSVC,
        SGDClassifier, RidgeClassifier and Perceptron.

    X : data frame or array-like of shape (1, n_features), or dict
        One query, in the form that `model` expects.

    label : str or number
        One of the model's classes.

    Returns
    -------
    contributions : dict of str to float
        The contribution of each feature that is not zero in the encoded query, such as
        ``{"gameplay_types=Adventure": 5.1, ...}``. The contributions add up to the score that
        :func:`recommend` returns for the label. If the score has a part that does not depend on the query, it
        is included as "(intercept)" for linear classifiers and as "(prior)" for naive Bayes.

    Raises
    ------
    ValueError
        If `X` does not have exactly one row, if `label` is not one of the classes, or if the classifier
        rejects a value, such as NaN.
    TypeError
        If the score of `model` is not a sum over the features.

    Notes
    -----
    Complement naive Bayes has a prior only if there is one class. A feature contributes to every label, and
    features that are rare among the *other* labels contribute more, so compare one feature between labels
    rather than different features of one label. Bernoulli naive Bayes counts absent features too: "(prior)"
    is the score of a query without features, and each feature contributes the change from absent to present.
    In CatalogueNB, "(prior)" is the popularity, and a match is shared equally by the features that match.
    For a linear classifier with two classes, the score of the first class is minus the score of the second.
    The contribution of a standardised number is proportional to its distance from the mean.

    This takes O(n_features) time, or O(n_classes * n_features) for classifiers that are not part of this
    library, because their scores are first checked on two rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from pipelines import explain, game_recommender
    >>> games = pd.DataFrame({"budget": ["cheap", "cheap"], "gameplay_types": [["Puzzle"], ["Shooter"]]})
    >>> games["title"] = ["Tetris", "Doom"]
    >>> model = game_recommender(catalogue=games, label="title").fit(games, games["title"])
    >>> adds = explain(model, {"budget": "cheap", "gameplay_types": ["Puzzle"]}, "Tetris")
    >>> {part: round(number, 2) for part, number in adds.items()}
    {'gameplay_types=Puzzle': 3.84, 'budget=cheap': 3.0, '(prior)': 0.69}
    """
    names = feature_names_of(model)
    classifier, X = transform(model, some_rows(X, "explain"))
    place = check_label(classifier, label)
    if n_rows_of(X) != 1:
        raise ValueError(
            f"The 'X' parameter of explain must have exactly one row. Got {n_rows_of(X)} rows instead."
        )
    scorer = scorer_of(classifier)
    if scorer is None:
        raise TypeError(
            "The 'model' parameter of explain must end in a classifier whose score is a sum over the "
            "features: a naive Bayes classifier or a linear one with coef_ and intercept_. "
            f"Got {type(classifier).__name__} instead."
        )
    rank(classifier, X, 1)  # the classifier checks the row
    row = scorer.as_row(X)
    if len(steps_of(model)) > 1 and are_unknown(X).any():
        scorer = popularity_scorer(classifier) or scorer
    return reasons(names, row, place, scorer, constant_of(classifier))


def update(
    model: BaseEstimator,
    X: Rows,
    y: ArrayLike,
    sample_weight: ArrayLike | None = None,
    *,
    describes: ArrayLike | None = None,
) -> BaseEstimator:
    """Update the last step of a fitted pipeline in place; the earlier steps do not change.

    This function changes `model` itself and returns it. To keep the old model, update a copy:
    ``new = update(copy.deepcopy(model), X, y)``. A :class:`CompiledRecommender` does not change, so compile
    the updated model again.

    Parameters
    ----------
    model : fitted classifier, or Pipeline or search that ends in one, with ``partial_fit``
        The model to update. The steps before the last one only transform the rows. They handle unknown
        categories according to their own parameters. Those of :func:`recommender` ignore them, as in a query,
        so to learn a new genre, for example, fit the whole model again. A new label becomes a class if the
        classifier allows it (``ComplementNB(new_classes="add")``).

    X : data frame or array-like of shape (n_samples, n_features), dict, or list of dicts
        The new rows, in the same form as `X` in :func:`recommend`.

    y : array-like of shape (n_samples,)
        The label of each row.

    sample_weight : array-like of shape (n_samples,), default=None
        The weight of each row. A weight of 2 is equivalent to passing the row twice.

    describes : array-like of shape (n_samples,), default=None
        True for rows that describe an item, such as a new item of the catalogue. Only for classifiers that
        accept descriptions (:class:`estimators.CatalogueNB`). If None, no row is a description. A
        later ``fit`` uses only the catalogue that was passed to :func:`recommender`.

    Returns
    -------
    model : the same object
        The updated `model`.

    Raises
    ------
    TypeError
        If the last step has no ``partial_fit``, or if `describes` is given but the last step does not accept
        descriptions.
    ValueError
        If X has no rows, if `y` is a single string, if the last step cannot learn one of the labels, or if it
        rejects the rows. In all these cases the model is left unchanged.

    Warns
    -----
    UnknownQuestionWarning
        If a row contains values, but none that the encoders of a Pipeline know. The classifier then only
        learns that its label was chosen once more.
    UserWarning
        If the model has a catalogue, and a label is neither a class of the model nor described by one of the
        rows. It becomes an item without a description.

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
    asked = some_rows(X, "update")
    classifier, X = transform(model, asked)
    if not hasattr(classifier, "partial_fit"):
        raise TypeError(
            "The last step of the 'model' parameter of update must have a partial_fit method. "
            f"Got a {type(classifier).__name__}, which has none."
        )
    if hasattr(classifier, "classes_") and not hasattr(classifier, "new_classes"):
        y = among_classes(classifier, y)
    if describes is not None and "describes" not in signature(classifier.partial_fit).parameters:
        raise TypeError(
            "The 'describes' parameter of update must be None if the classifier does not accept "
            f"descriptions. The classifier is a {type(classifier).__name__}."
        )
    known = getattr(classifier, "classes_", None)
    more = {"sample_weight": sample_weight, "describes": describes}
    classifier.partial_fit(X, y, **{name: value for name, value in more.items() if value is not None})
    steps = steps_of(model)
    if len(steps) > 1:
        warn_of_unlearned_rows(asked, columns_of(steps[0]), are_unknown(X))
    if known is not None and parameter_of(model, "catalogue") is not None:
        warn_of_new_items(y, describes, known)
    return model
