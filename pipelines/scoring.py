"""Evaluate recommendations: scorers of the k best labels, and a split by time within each person's rows."""

import warnings
from collections.abc import Collection, Iterator, Mapping
from numbers import Integral, Real
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_consistent_length

from pipelines._common.frames import Rows, collected, n_rows_of, some_rows
from pipelines._common.labels import comparable_array, comparable_labels, plain_labels
from pipelines._common.parameters import check_int
from pipelines._common.questions import rank_questions
from pipelines._common.scikit_learn import take
from pipelines._common.steps import steps_of
from pipelines._recommending.metrics import ACCURACY, diversity, novelty
from pipelines._recommending.persons import by_person, column, comparable_keys, label_sets, numbered

__all__ = ["TimeWithinGroupSplit", "TopKScorer", "hit_rate_scorer", "ndcg_scorer"]

Metric = Literal["hit_rate", "recall", "precision", "mrr", "map", "ndcg", "coverage", "novelty", "diversity"]


class TopKScorer:
    """Scorer of the k best labels, for ``cross_validate``, ``GridSearchCV`` and similar tools.

    Only the k best labels are ranked, and no matrix of shape (n_samples, n_classes) is stored. A row may have
    several relevant labels: those of all rows of the same person (`user`), or a list of labels in `y`.

    Parameters
    ----------
    metric : str, default="ndcg"
        Metric to compute for each list of k labels. The score is the mean over the lists:

        - "hit_rate": 1 if a relevant label is in the list, otherwise 0;
        - "recall": the share of the relevant labels that are in the list;
        - "precision": the number of relevant labels in the list, divided by k;
        - "mrr": the reciprocal rank, which is 1 divided by the rank of the first relevant label, or
          0 if the list contains no relevant label;
        - "map": the average precision, which is the sum of the precisions at the ranks of the
          relevant labels, divided by k or by the number of relevant labels, whichever is lower;
        - "ndcg": the normalised discounted cumulative gain, which is the sum of
          ``1 / log2(1 + rank)`` over the relevant labels in the list, divided by the highest possible sum;
        - "coverage": the share of the classes that are in at least one list;
        - "novelty": the mean self-information of the labels in the list, in bits. The self-information of a
          label is ``log2(n / n_label)``, where n_label of n choices were this label;
        - "diversity": the mean Jaccard distance between the `features` of two labels in the list.

        The last three metrics do not depend on which labels are relevant.

    k : int, default=5
        The number of labels in a list.

    user : str, default=None
        Name of the column of X that identifies the person to whom each row belongs. The rows of a person
        are evaluated together: the first row is the query, and the labels of all rows are relevant. If None,
        each row is evaluated separately.

    history : str, default=None
        Name of the column of X with the labels that the person had before, one list per row. These labels
        are not recommended, and do not count as relevant. If None, no label is excluded.

    popularity : mapping of labels to numbers, default=None
        Number of times each label was chosen, for "novelty". A label that was never chosen counts as chosen
        once. If None, the ``class_count_`` of the model is used, which naive Bayes classifiers have.

    features : mapping of labels to collections, default=None
        Features of each item, such as the genres of each film. Required for "diversity".

    Raises
    ------
    ValueError
        If `metric` is not one of those listed, if `k` is not an integer of at least 1, or if `features` is
        missing for "diversity".

    Notes
    -----
    People without a relevant label, such as those who chose only items in their history, are ignored. A
    warning is issued if no relevant label is a class of the model. The reason may be that the labels have a
    different type, or that the items are missing from the training rows.

    When called, a scorer raises a ValueError if X has no column of the given name, if all sample weights are
    0, or if no person has a relevant label.

    In addition to the recommendations, scoring takes O(n_lists * k) time, or O(n_lists * k^2) for
    "diversity".

    References
    ----------
    Järvelin, K. and Kekäläinen, J. (2002). Cumulated gain-based evaluation of IR techniques. ACM Transactions
    on Information Systems 20(4), 422-446.

    Zhou, T. et al. (2010). Solving the apparent diversity-accuracy dilemma of recommender systems. PNAS
    107(10), 4511-4515. Section "Diversity and novelty": the self-information.

    Ziegler, C.-N. et al. (2005). Improving recommendation lists through topic diversification. WWW, 22-32.

    Examples
    --------
    Ann chose both "Tetris" and "Doom", and had "Pong" before:

    >>> import pandas as pd
    >>> from estimators import ComplementNB
    >>> from pipelines import TopKScorer, game_recommender
    >>> types = [["Puzzle"], ["Sport"], ["Shooter"]]
    >>> games = pd.DataFrame({"budget": ["cheap"] * 3, "gameplay_types": types})
    >>> model = game_recommender().fit(games, ["Tetris", "Pong", "Doom"])
    >>> X = pd.DataFrame({"budget": ["cheap"] * 2, "gameplay_types": [["Puzzle"], ["Puzzle"]]})
    >>> X = X.assign(who="Ann", had=[["Pong"], ["Pong"]])
    >>> TopKScorer("recall", k=1, user="who", history="had")(model, X, ["Tetris", "Doom"])
    0.5
    >>> TopKScorer("coverage", k=2)(model, X, ["Tetris", "Doom"])
    0.6666666666666666
    """

    def __init__(
        self,
        metric: Metric = "ndcg",
        k: int = 5,
        *,
        user: str | None = None,
        history: str | None = None,
        popularity: Mapping[Any, float] | None = None,
        features: Mapping[Any, Collection] | None = None,
    ) -> None:
        if metric not in get_args(Metric):
            known = ", ".join(map(repr, get_args(Metric)))
            raise ValueError(
                f"The 'metric' parameter of TopKScorer must be one of {known}. Got {metric!r} instead."
            )
        if metric == "diversity" and features is None:
            raise ValueError(
                "If metric='diversity', the 'features' parameter of TopKScorer must map each label to the "
                "features of its item. Got None instead."
            )
        self.metric, self.k = metric, check_int("k", k, "TopKScorer")
        self.user, self.history, self.popularity, self.features = user, history, popularity, features

    def __call__(
        self, model: BaseEstimator, X: Rows, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the score of a fitted model on some rows.

        Parameters
        ----------
        model : fitted classifier, or Pipeline or search that ends in one
            The model to evaluate, as in :func:`recommend`.

        X : data frame or array-like of shape (n_samples, n_features)
            The queries, with the columns `user` and `history` if they are used.

        y : array-like of shape (n_samples,)
            The label of each row, or a list of labels for each row.

        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each row. The weight of a person is that of their first row.

        Returns
        -------
        score : float
            The weighted mean over the rows or people or, for "coverage", the share of the classes.
        """
        X, labels = some_rows(X, "TopKScorer"), label_sets(y)
        weight = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, dtype=float)
        check_consistent_length(X, labels, weight)
        warn_of_unknown_labels(model, labels)
        rows, relevant, seen = self._questions(X, labels, weight)
        asked = X if len(rows) == n_rows_of(X) else take(X, rows)
        best, _ = rank_questions(model, asked, self.k, seen)
        lists = [[label for label in row if label is not None] for row in comparable_array(best).tolist()]
        if self.metric == "coverage":
            return len({label for row in lists for label in row}) / len(steps_of(model)[-1].classes_)
        return float(np.average(self._judge(model, lists, relevant), weights=weight[rows]))

    def _questions(
        self, X: Rows, labels: list[set], weight: np.ndarray
    ) -> tuple[np.ndarray, list[set], list[set] | None]:
        """Return the indices of the rows to query, and the relevant and the excluded labels of each."""
        rows, seen = np.arange(len(labels)), None
        if self.user is not None:
            rows, labels = by_person(plain_labels(column(X, self.user, "user")), labels)
        if self.history is not None:
            had = label_sets(column(X, self.history, "history"))
            seen = [had[row] for row in rows]
            labels = [some - old for some, old in zip(labels, seen, strict=True)]
        is_judged = weight[rows] != 0
        if self.metric in ACCURACY:
            is_judged &= [bool(some) for some in labels]
        places = np.flatnonzero(is_judged)
        if not len(places):
            raise ValueError(
                f"The 'y' parameter of {self!r} must contain a relevant label in a row with a nonzero "
                "weight. Got none."
            )
        return rows[places], [labels[i] for i in places], seen and [seen[i] for i in places]

    def _judge(self, model: BaseEstimator, lists: list[list], relevant: list[set]) -> np.ndarray:
        """Return the metric of each list, as an array of shape (n_lists,)."""
        if self.metric in ACCURACY:
            hits = np.zeros((len(lists), self.k), dtype=bool)
            for row, labels, wanted in zip(hits, lists, relevant, strict=True):
                row[: len(labels)] = [label in wanted for label in labels]
            return ACCURACY[self.metric](hits, np.array([len(wanted) for wanted in relevant]))
        if self.metric == "novelty":
            counts = choices_of(model) if self.popularity is None else comparable_keys(self.popularity)
            return novelty(lists, counts)
        return diversity(lists, comparable_keys(self.features or {}))

    def __repr__(self) -> str:
        named = {"user": self.user, "history": self.history}
        more = "".join(f", {name}={value!r}" for name, value in named.items() if value is not None)
        return f"TopKScorer({self.metric!r}, k={self.k}{more})"


def hit_rate_scorer(k: int = 5) -> TopKScorer:
    """Return the scorer ``TopKScorer("hit_rate", k)``: the share of rows whose label is among the k best.

    Parameters
    ----------
    k : int, default=5
        The number of best labels to consider for each row.

    Returns
    -------
    scorer : TopKScorer
        A scorer for ``cross_val_score``, ``GridSearchCV`` and similar tools.

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
    return TopKScorer("hit_rate", k)


def ndcg_scorer(k: int = 5) -> TopKScorer:
    """Return ``TopKScorer("ndcg", k)``, the normalised discounted cumulative gain of the k best labels.

    With one relevant label per row, NDCG is the mean of ``1 / log2(1 + rank)``, where ``rank`` is the rank of
    the row's label. Rows whose label is not among the k best labels count as 0.

    Parameters
    ----------
    k : int, default=5
        The number of best labels to consider for each row.

    Returns
    -------
    scorer : TopKScorer
        A scorer for ``cross_val_score``, ``GridSearchCV`` and similar tools.

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
    return TopKScorer("ndcg", k)


class TimeWithinGroupSplit(BaseCrossValidator):
    """Split the rows of each group by time: train on the earlier rows, and test on the later rows.

    A group is usually a person. Each test set contains consecutive rows of every person, and the training set
    contains the earlier rows of the same people, as in :class:`sklearn.model_selection.TimeSeriesSplit`
    for a single series. With the default parameters, the earlier half of each person's rows is used for
    training and the later half for testing.

    Parameters
    ----------
    n_splits : int, default=1
        Number of splits. Their test rows follow one another, and those of the last split end with the last
        row of each group.

    test_size : int or float, default=None
        Number of test rows per group and split. A float in (0, 1) is a share of the rows of the group, and
        the resulting number of rows is rounded down. If None, the rows of each group are divided into
        ``n_splits + 1`` parts, as in TimeSeriesSplit. ``test_size=1`` is leave-last-out.

    time : str, default=None
        Name of the column of X by which the rows are sorted. Rows with the same time keep their order. If
        None, the rows must already be sorted.

    Raises
    ------
    ValueError
        If `n_splits` is not an integer of at least 1, or if `test_size` is not one of the values above.

    Notes
    -----
    A group is left out of the test set of a split if it has no earlier rows to train on, or too few rows to
    provide a test row. Any earlier rows of such a group are still used for training. Rows after the
    test rows of a split are not used in it. Times are only compared within a group, so training rows of other
    people may be later than a test row.

    Takes O(n_samples log n_samples) time.

    Examples
    --------
    >>> from pipelines import TimeWithinGroupSplit
    >>> persons = ["Ann", "Ben", "Ann", "Ann", "Ben", "Ann"]
    >>> for train, test in TimeWithinGroupSplit().split(persons, groups=persons):
    ...     print(train, test)
    [0 1 2] [3 4 5]
    >>> for train, test in TimeWithinGroupSplit(test_size=1).split(persons, groups=persons):
    ...     print(train, test)
    [0 1 2 3] [4 5]
    """

    __metadata_request__split = {"groups": True}

    def __init__(self, n_splits: int = 1, *, test_size: float | None = None, time: str | None = None) -> None:
        self.n_splits = check_int("n_splits", n_splits, "TimeWithinGroupSplit")
        is_number = isinstance(test_size, Integral) and not isinstance(test_size, bool) and test_size >= 1
        is_share = isinstance(test_size, Real) and 0 < test_size < 1
        if not (test_size is None or is_number or is_share):
            raise ValueError(
                "The 'test_size' parameter of TimeWithinGroupSplit must be None, an int in the range "
                f"[1, inf) or a float in the range (0.0, 1.0). Got {test_size!r} instead."
            )
        self.test_size, self.time = test_size, time

    def split(
        self, X: Rows, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the training and test rows of each split.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            The rows, with the column `time` if it is used.

        y : array-like of shape (n_samples,), default=None
            Ignored, present for compatibility.

        groups : array-like of shape (n_samples,), default=None
            Group of each row, such as a person. Required.

        Yields
        ------
        train, test : ndarray of shape (n_train,) and (n_test,)
            The indices of the rows, in ascending order.

        Raises
        ------
        ValueError
            If `groups` is None, if a time is missing, or if a split has no row to test on.
        """
        if groups is None:
            raise ValueError(
                "The 'groups' parameter of TimeWithinGroupSplit must contain the group of each row. Got "
                "None instead."
            )
        X, persons = collected(X), plain_labels(collected(groups))
        check_consistent_length(X, persons)
        codes, sizes = numbered(persons)
        place = self._places(X, codes, sizes)
        test_sizes = self._test_sizes(sizes)
        for later in range(self.n_splits, 0, -1):
            start = (sizes - later * test_sizes)[codes]
            end = start + test_sizes[codes]
            test = np.flatnonzero((place >= start) & (place < end) & (start > 0))
            if not len(test):
                raise ValueError(
                    f"{self!r} found no test rows for one of the splits, because every group has too few "
                    f"rows (at most {sizes.max()})."
                )
            yield np.flatnonzero(place < start), test

    def get_n_splits(
        self, X: Rows | None = None, y: ArrayLike | None = None, groups: ArrayLike | None = None
    ) -> int:
        """Return the number of splits.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), default=None
            Ignored, present for compatibility.

        y : array-like of shape (n_samples,), default=None
            Ignored, present for compatibility.

        groups : array-like of shape (n_samples,), default=None
            Ignored, present for compatibility.

        Returns
        -------
        n_splits : int
            The number of splits.
        """
        return self.n_splits

    def _places(self, X: Rows, codes: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Return the position of each row among the rows of its group, which are sorted by time."""
        time = np.arange(len(codes))
        if self.time is not None:
            values = np.asarray(column(X, self.time, "time"))
            if pd.isna(values).any():
                raise ValueError(f"The column {self.time!r} of X must not have missing values.")
            time = np.unique(values, return_inverse=True)[1]
        order = np.lexsort((time, codes))
        place = np.empty(len(codes), dtype=np.intp)
        place[order] = np.arange(len(codes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        return place

    def _test_sizes(self, sizes: np.ndarray) -> np.ndarray:
        """Return the number of test rows per split for each group, as an array of shape (n_groups,)."""
        if self.test_size is None:
            return sizes // (self.n_splits + 1)
        if isinstance(self.test_size, Integral):
            return np.full_like(sizes, self.test_size)
        return np.floor(sizes * self.test_size).astype(np.intp)


def choices_of(model: BaseEstimator) -> dict[Any, float]:
    """Return the number of times each label was chosen in the training rows."""
    classifier = steps_of(model)[-1]
    if not hasattr(classifier, "class_count_"):
        raise ValueError(
            "The 'popularity' parameter of TopKScorer must map each label to the number of times it was "
            f"chosen, because {type(classifier).__name__} has no class_count_. Got None instead."
        )
    return dict(zip(comparable_labels(classifier.classes_), classifier.class_count_.tolist(), strict=True))


def warn_of_unknown_labels(model: BaseEstimator, relevant: list[set]) -> None:
    """Warn if no relevant label is a class of the model."""
    classes = getattr(steps_of(model)[-1], "classes_", None)
    labels = [label for some in relevant for label in some]
    if classes is not None and labels and set(labels).isdisjoint(comparable_labels(classes)):
        one, known = labels[0], comparable_labels(classes[:1])[0]
        warnings.warn(
            "No label of y was in the training rows, so none can be recommended. For example, y contains "
            f"{one!r}, and the model knows {known!r}.",
            UserWarning,
            stacklevel=3,
        )
