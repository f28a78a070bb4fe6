"""Answer queries. If a query contains no known values, the labels are ranked by popularity."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from sklearn.base import BaseEstimator

from estimators import CatalogueNB
from pipelines._common.frames import Rows, n_rows_of
from pipelines._common.labels import unknown_among
from pipelines._common.names import listed, suggestion
from pipelines._common.ranking import rank
from pipelines._common.steps import steps_of, transform

CALLER_OF_RECOMMEND = 4  # stack level of the caller of `recommend`, in a function called by `rank_questions`


class UnknownQuestionWarning(UserWarning):
    """Warning issued when a query contains no known values, so that the labels are ranked by popularity.

    :func:`update` issues it for rows from which only the popularity of their labels can be learned.

    Examples
    --------
    >>> import warnings
    >>> import pandas as pd
    >>> from pipelines import UnknownQuestionWarning, game_recommender, recommend
    >>> games = pd.DataFrame({"budget": ["cheap", "cheap"], "gameplay_types": [["Puzzle"], ["Shooter"]]})
    >>> model = game_recommender().fit(games, ["Tetris", "Doom"])
    >>> with warnings.catch_warnings(record=True, action="always") as caught:
    ...     labels, scores = recommend(model, {"budget": "chaep"})
    >>> caught[0].category.__name__
    'UnknownQuestionWarning'
    """


@dataclass
class ByPopularity:
    """Scores the classes by their number of rows, regardless of the query.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    log_share : ndarray of shape (n_classes,)
        Logarithm of the share of the rows of each class.
    """

    classes_: np.ndarray
    log_share: np.ndarray

    def predict_joint_log_proba(self, X: Rows) -> np.ndarray:
        """Return scores of shape (n_rows, n_classes), which are the same for each row."""
        return np.tile(self.log_share, (n_rows_of(X), 1))


def by_popularity(classifier: BaseEstimator) -> BaseEstimator | ByPopularity:
    """Return the model that answers queries without known values.

    For naive Bayes, this model ranks the classes by their number of rows. If the classifier does not count
    rows, or is a `CatalogueNB` whose score includes the popularity, it is the classifier itself.
    """
    count = getattr(classifier, "class_count_", None)
    if count is None or np.shape(count) != classifier.classes_.shape or not np.any(count):
        return classifier
    if isinstance(classifier, CatalogueNB) and classifier.popularity:
        return classifier
    with np.errstate(divide="ignore"):  # a class may not have any rows yet
        return ByPopularity(classifier.classes_, np.log(count) - np.log(np.sum(count)))


def rank_questions(
    model: BaseEstimator,
    X: Rows,
    k: int,
    excluded: list[set] | None = None,
    allowed: list[set] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k best labels of each query and their scores. Warn about queries without known values."""
    classifier, encoded = transform(model, X)
    unknown = are_unknown(encoded) if len(steps_of(model)) > 1 else np.zeros(0, dtype=bool)
    if not unknown.any():
        return rank(classifier, encoded, k, excluded, allowed)
    warn_of_unknown_questions(int(unknown.sum()), len(unknown))
    return _rank_by(classifier, by_popularity(classifier), unknown, encoded, k, excluded, allowed)


def _rank_by(
    classifier: BaseEstimator,
    popularity: BaseEstimator | ByPopularity,
    unknown: np.ndarray,
    X: sp.csr_array,
    k: int,
    excluded: list[set] | None,
    allowed: list[set] | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Rank the labels by popularity for queries without known values, and by the classifier for others."""
    X, parts, order = X.tocsr(), [], []
    for ranked_by, rows in ((classifier, np.flatnonzero(~unknown)), (popularity, np.flatnonzero(unknown))):
        if len(rows):
            sets = [None if some is None else [some[i] for i in rows] for some in (excluded, allowed)]
            parts.append(rank(ranked_by, X[rows], k, *sets))
            order.append(rows)
    width = max(labels.shape[1] for labels, _ in parts)
    labels, scores = (
        np.concatenate(arrays) for arrays in zip(*(_pad(*p, width) for p in parts), strict=True)
    )
    back = np.argsort(np.concatenate(order))
    return labels[back], scores[back]


def _pad(labels: np.ndarray, scores: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Pad the rows with None and -inf."""
    more = (len(labels), width - labels.shape[1])
    if not more[1]:
        return labels, scores
    return np.hstack((labels, np.full(more, None))), np.hstack((scores, np.full(more, -np.inf)))


def are_unknown(encoded: Rows) -> np.ndarray:
    """Return a mask of the sparse encoded rows without nonzero entries, as an array of shape (n_rows,)."""
    if not sp.issparse(encoded):  # dense rows contain numbers, and 0 is a known number
        return np.zeros(0, dtype=bool)
    rows = encoded.tocsr()
    if rows.data.all():
        return np.diff(rows.indptr) == 0
    return np.asarray((rows != 0).sum(axis=1)).ravel() == 0


def warn_of_unknown_questions(n_unknown: int, n_questions: int) -> None:
    """Warn that some queries contain no known values, so that their labels are ranked by popularity."""
    which = "The query" if n_questions == 1 else f"{n_unknown} of the {n_questions} queries"
    verb = "contains" if n_unknown == 1 else "contain"
    warnings.warn(
        f"{which} {verb} no values that the model knows. The values may be missing, or unknown because they "
        "are misspelt. All such queries get the same answer: the most popular labels, if the classifier "
        "stores how often each label occurs.",
        UnknownQuestionWarning,
        stacklevel=CALLER_OF_RECOMMEND,
    )


def warn_of_unknown_labels(parameter: str, labels: Sequence[set], classifier: BaseEstimator) -> None:
    """Warn if some of the labels passed to this parameter of `recommend` are not classes."""
    if not hasattr(classifier, "classes_"):
        return  # `rank` raises the error
    distinct = {id(some): some for some in labels}.values()  # rows may share one set
    given = set().union(*distinct) - {None}  # an earlier answer may be padded with None
    unknown = sorted(unknown_among(given, classifier.classes_), key=repr)
    if unknown:
        warnings.warn(
            f"The {parameter!r} parameter of recommend contains labels that the model does not know: "
            f"{listed(unknown, 5)}. They are ignored.{suggestion(unknown[0], classifier.classes_.tolist())}",
            UserWarning,
            stacklevel=CALLER_OF_RECOMMEND - 1,
        )
