"""Scorers of the k best labels: values by hand and from scikit-learn, persons, histories, refusals."""

import datetime as dt
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.metrics import label_ranking_average_precision_score, ndcg_score, top_k_accuracy_score
from sklearn.model_selection import GroupKFold, cross_val_score, cross_validate
from sklearn.naive_bayes import GaussianNB

from estimators import ComplementNB
from pipelines import TopKScorer, game_recommender, hit_rate_scorer, ndcg_scorer
from tests.pipelines.saved import assert_public

ACCURACY = ["hit_rate", "recall", "precision", "mrr", "map", "ndcg"]
METRICS = [*ACCURACY, "coverage", "novelty", "diversity"]
FEATURES = {"a": {"red"}, "b": {"red", "big"}, "c": {"big"}, "d": {"red"}, "e": set()}


class InOrder(BaseEstimator):
    """A fitted classifier that always recommends its classes in the same order."""

    def __init__(self, order="abcde", counts=(8, 4, 2, 1, 1)):
        self.classes_ = np.array(list(order))
        self.class_count_ = np.array(counts, dtype=float)

    def top_k(self, X, k):
        best = np.tile(self.classes_[:k], (len(X), 1))
        return best, np.zeros(best.shape)

    def fit(self, X, y):
        return self

    def __sklearn_is_fitted__(self):
        return True


def scorer_of(metric, k, **more):
    return TopKScorer(metric, k, features=FEATURES if metric == "diversity" else None, **more)


# One person; a, b, c are recommended. Manning, Raghavan and Schuetze (2008), chapter 8, define precision,
# recall, average precision and NDCG; the values are worked out by hand.
@pytest.mark.parametrize(
    ("metric", "relevant", "expected"),
    [
        ("hit_rate", "c", 1.0),
        ("hit_rate", "e", 0.0),
        ("recall", "bcde", 2 / 4),
        ("precision", "bcde", 2 / 3),
        ("mrr", "bc", 1 / 2),
        ("mrr", "de", 0.0),
        ("map", "ac", (1 / 1 + 2 / 3) / 2),
        ("map", "bcde", (1 / 2 + 2 / 3) / 3),  # four are relevant, three could be in the list
        ("map", "e", 0.0),
        ("ndcg", "c", 1 / 2),  # 1 / log2(4), and the best list has 1 / log2(2)
        ("ndcg", "ac", (1 + 1 / 2) / (1 + 1 / np.log2(3))),
        ("ndcg", "abce", 1.0),
        ("coverage", "e", 3 / 5),
        ("novelty", "e", (1 + 2 + 3) / 3),  # 8, 4 and 2 of 16 choices
        ("diversity", "e", (1 / 2 + 1 + 1 / 2) / 3),  # a and b share one of two, a and c none
    ],
)
def test_a_metric_by_hand(metric, relevant, expected):
    assert scorer_of(metric, 3)(InOrder(), [[0]], [list(relevant)]) == pytest.approx(expected)


@pytest.mark.parametrize("metric", ACCURACY)
def test_a_score_is_the_mean_over_the_rows_and_follows_the_weights(metric):
    scorer, model = TopKScorer(metric, 2), InOrder()
    first, second = (scorer(model, [[0]], [labels]) for labels in (["a", "d"], ["b"]))
    y = [["a", "d"], ["b"], ["e"]]
    assert scorer(model, np.zeros((3, 1)), y) == pytest.approx((first + second) / 3)
    weighted = scorer(model, np.zeros((3, 1)), y, sample_weight=[3, 1, 0])
    assert weighted == pytest.approx((3 * first + second) / 4)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_scorers_equal_scikit_learns_metrics(k):
    rng = np.random.default_rng(k)
    X, y = rng.integers(0, 3, (80, 6)).astype(float), rng.integers(0, 5, 80)
    weight = rng.random(80)
    model = ComplementNB().fit(X, y)
    scores = model.predict_joint_log_proba(X)
    scores -= 1e-9 * np.arange(5)  # ties in the order of the classes, as ours
    relevant = (y[:, np.newaxis] == model.classes_).astype(float)
    for weights in (None, weight):
        hits = top_k_accuracy_score(y, scores, k=k, sample_weight=weights)
        assert hit_rate_scorer(k)(model, X, y, sample_weight=weights) == pytest.approx(hits)
        gain = ndcg_score(relevant, scores, k=k, sample_weight=weights)
        assert ndcg_scorer(k)(model, X, y, sample_weight=weights) == pytest.approx(gain)


@pytest.mark.parametrize("k", [2, 6])
def test_several_relevant_labels_equal_scikit_learns_metrics(k):
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 3, (60, 5)).astype(float), np.arange(60) % 6
    model = ComplementNB().fit(X, y)
    relevant = rng.random((60, 6)) < 0.4
    relevant[:, 0] |= ~relevant.any(axis=1)
    wanted = [np.flatnonzero(row) for row in relevant]
    scores = model.predict_joint_log_proba(X) - 1e-9 * np.arange(6)
    assert TopKScorer("ndcg", k)(model, X, wanted) == pytest.approx(ndcg_score(relevant, scores, k=k))
    if k == 6:  # all labels are ranked
        expected = label_ranking_average_precision_score(relevant, scores)
        assert TopKScorer("map", k)(model, X, wanted) == pytest.approx(expected)


FRAMES = pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])


@FRAMES
@pytest.mark.parametrize("metric", METRICS)
def test_the_rows_of_a_person_are_judged_as_one(frame, metric):
    X = frame({"who": ["Ann", "Ben", "Ann"], "x": [0, 0, 0]})
    by_row = scorer_of(metric, 2, user="who")(InOrder(), X, ["a", "b", "d"])
    by_list = scorer_of(metric, 2)(InOrder(), np.zeros((2, 1)), [["a", "d"], ["b"]])
    assert by_row == by_list


@FRAMES
def test_the_first_row_of_a_person_is_the_question_and_has_the_weight(frame):
    X = frame({"who": [1, 1, 2], "x": [1.0, 0.0, 0.0], "y": [0.0, 1.0, 1.0]})
    model = ComplementNB().fit([[1, 0], [0, 1]], ["a", "b"])
    ask = FirstColumns(model)
    assert TopKScorer("hit_rate", 1, user="who")(ask, X, ["a", "a", "b"]) == 1.0
    assert TopKScorer("hit_rate", 1, user="who")(ask, X, ["b", "b", "b"]) == 0.5
    weighted = TopKScorer("hit_rate", 1, user="who")(ask, X, ["b", "b", "b"], sample_weight=[3, 9, 1])
    assert weighted == 0.25


class FirstColumns(BaseEstimator):
    """A fitted classifier that reads the columns x and y."""

    def __init__(self, model):
        self.model, self.classes_ = model, model.classes_

    def __sklearn_is_fitted__(self):
        return True

    def fit(self, X, y):
        return self

    def top_k(self, X, k):
        return self.model.top_k(np.column_stack([X["x"], X["y"]]), k)


@FRAMES
def test_what_a_person_had_before_is_neither_recommended_nor_relevant(frame):
    X = frame({"had": [["a"], ["b", "c"], []], "x": [0, 0, 0]})
    y = [["a", "b"], ["d", "b"], ["a"]]
    # b c, a d and a b are recommended; b, d and a are relevant
    for metric, expected in {
        "precision": (1 / 2 + 1 / 2 + 1 / 2) / 3,
        "mrr": (1 + 1 / 2 + 1) / 3,
        "recall": 1.0,
        "coverage": 4 / 5,
    }.items():
        assert TopKScorer(metric, 2, history="had")(InOrder(), X, y) == pytest.approx(expected)


@pytest.mark.parametrize("metric", ACCURACY)
def test_persons_without_a_relevant_label_do_not_count(metric):
    X = pd.DataFrame({"had": [["a"], ["b"]], "who": [1, 2]})
    scorer = TopKScorer(metric, 2, history="had", user="who")
    assert scorer(InOrder(), X, ["a", "a"]) == scorer(InOrder(), X[1:], ["a"]) > 0
    assert TopKScorer(metric, 2)(InOrder(), X, [[], ["a"]]) == TopKScorer(metric, 2)(InOrder(), X[1:], ["a"])
    with pytest.raises(ValueError, match="must have a relevant label in a row of nonzero weight"):
        scorer(InOrder(), X, ["a", "b"])


def test_dates_are_compared_by_value():
    days = [dt.date(2020, 1, 1), dt.date(2020, 1, 2)]
    model = ComplementNB().fit(np.eye(2), np.array(days, dtype="datetime64[ns]"))
    X = pd.DataFrame({"x": [1.0, 0.0], "y": [0.0, 1.0], "had": [[], [days[1]]]})
    assert TopKScorer("hit_rate", 1)(model, np.eye(2), days) == 1.0
    assert TopKScorer("hit_rate", 1)(model, np.eye(2), [[day] for day in days]) == 1.0
    assert TopKScorer("novelty", 1, popularity=dict.fromkeys(days, 5))(model, np.eye(2), days) == 1.0
    features = dict(zip(days, ["xy", "xz"], strict=True))
    assert TopKScorer("diversity", 2, features=features)(model, np.eye(2), days) == pytest.approx(2 / 3)
    asked = FirstColumns(model)
    assert TopKScorer("precision", 1, history="had")(asked, X, [[days[0]], [days[0]]]) == 1.0


def test_places_that_stay_empty_are_no_hits():
    X = pd.DataFrame({"had": [["a", "b", "c"]]})
    assert TopKScorer("precision", 4, history="had")(InOrder(), X, [["d", None]]) == 1 / 4
    assert TopKScorer("ndcg", 9, history="had")(InOrder(), X, ["d"]) == 1.0


def test_novelty_takes_the_popularity_that_is_given():
    assert TopKScorer("novelty", 2, popularity={"a": 1, "b": 3})(InOrder(), [[0]], ["a"]) == pytest.approx(
        (2 + np.log2(4 / 3)) / 2
    )
    rare = TopKScorer("novelty", 1, popularity={"b": 8})(InOrder(), [[0]], ["a"])
    assert rare == 3.0  # never chosen, so as if once of eight
    with pytest.raises(
        ValueError, match="'popularity' parameter of TopKScorer .* DummyClassifier has no class_count_"
    ):
        TopKScorer("novelty", 1)(DummyClassifier().fit([[0]], ["a"]), [[0]], ["a"])


def test_a_short_list_has_no_diversity():
    assert scorer_of("diversity", 1)(InOrder(), [[0]], ["a"]) == 0.0
    empty = TopKScorer("diversity", 2, features={"a": [], "b": []})
    assert empty(InOrder(), [[0]], ["a"]) == 0.0


@pytest.mark.parametrize("labels", [["x", "y"], [["x"], []]])
def test_a_warning_if_no_label_was_in_the_training_rows(labels):
    with pytest.warns(UserWarning, match="No label of y was in the training rows.*'x'.*'a'"):
        assert hit_rate_scorer()(InOrder(), [[0], [0]], labels) == 0.0
    assert hit_rate_scorer()(InOrder(), [[0], [0]], ["x", "a"]) == 0.5  # no warning


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda: TopKScorer("auc"), "'metric' parameter of TopKScorer must be one of 'hit_rate'.*Got 'auc'"),
        (lambda: TopKScorer("ndcg", 0), "'k' parameter of TopKScorer must be an int"),
        (lambda: hit_rate_scorer(0), "'k' parameter of TopKScorer must be an int"),
        (lambda: ndcg_scorer(2.0), "'k' parameter of TopKScorer must be an int"),
        (lambda: TopKScorer("diversity"), "'features' parameter of TopKScorer must map each label"),
        (
            lambda: TopKScorer(user="customer")(InOrder(), pd.DataFrame({"x": [0]}), ["a"]),
            "'user' parameter must be the name of a column of X. Got 'customer', but X has the columns 'x'",
        ),
        (
            lambda: TopKScorer(history="had")(InOrder(), [[0]], ["a"]),
            "'history' parameter must be the name of a column of X. Got 'had', but X has no names of columns",
        ),
        (lambda: TopKScorer()(InOrder(), [[0], [0]], ["a"]), "inconsistent numbers of samples"),
        (
            lambda: TopKScorer()(InOrder(), [[0]], ["a"], sample_weight=[1, 1]),
            "inconsistent numbers of samples",
        ),
        (lambda: TopKScorer()(InOrder(), [[0]], ["a"], sample_weight=[0]), "row of nonzero weight. Got none"),
        (lambda: TopKScorer()(InOrder(), [[0]], np.ones((1, 2))), "1d array"),
    ],
)
def test_refusals(ask, message):
    with pytest.raises(ValueError, match=message):
        ask()


def test_scorers_in_cross_validation_and_in_a_pickle():
    X, y = np.tile(np.eye(4), (10, 1)), np.tile(list("abcd"), 10)
    scorer = pickle.loads(pickle.dumps(ndcg_scorer(2)))
    assert repr(scorer) == "TopKScorer('ndcg', k=2)"
    assert repr(TopKScorer("map", user="who", history="had")) == (
        "TopKScorer('map', k=5, user='who', history='had')"
    )
    assert cross_val_score(ComplementNB(), X, y, scoring=scorer).tolist() == [1.0] * 5
    assert_public(pickle.dumps(scorer))


@FRAMES
def test_all_metrics_in_one_cross_validation_of_persons(frame):
    rows = {
        "who": np.repeat(np.arange(6), 2),
        "had": [["c"], ["c"]] * 6,
        "budget": ["low"] * 12,
        "types": [["x"]] * 12,
    }
    y = np.array(["a", "b"] * 5 + ["c", "a"])
    scoring = {metric: scorer_of(metric, 2, user="who", history="had") for metric in METRICS}
    model = game_recommender(budget="budget", gameplay_types="types")
    found = cross_validate(
        model, frame(rows), y, groups=rows["who"], cv=GroupKFold(3), scoring=scoring, error_score="raise"
    )
    for metric in ACCURACY:
        expected = 0.75 if metric == "precision" else 1.0  # one of the two persons in a fold lacks a b
        assert 1.0 in found[f"test_{metric}"].tolist()
        assert expected in found[f"test_{metric}"].tolist()


def test_an_unlimited_number_of_classes_needs_no_matrix():
    n = 20_000
    model = ComplementNB().fit(np.eye(4)[np.arange(n) % 4], np.arange(n))
    X = np.tile(np.eye(4), (250, 1))
    assert TopKScorer("hit_rate", 10)(model, X, [[row % 4] for row in range(1000)]) == 1.0


def test_classifiers_of_scikit_learn_are_judged_too():
    X, y = np.eye(3).repeat(4, axis=0), np.repeat([0, 1, 2], 4)
    X += 0.01 * np.arange(36).reshape(12, 3) % 0.1
    model = GaussianNB().fit(X, y)
    assert TopKScorer("mrr", 3)(model, X, y) == 1.0
    assert TopKScorer("novelty", 3)(model, X, y) == pytest.approx(np.log2(3))
