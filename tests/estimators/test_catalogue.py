"""CatalogueNB: against the formula of its docstring, written out in plain Python."""

import math

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from estimators import CatalogueNB
from estimators._bayes.evidence import log_rising

SETTINGS = {
    "shrinkage": 100.0,
    "weight": 1.5,
    "popularity": 1.0,
    "match": 4.0,
    "smoothing": 1.0,
    "groups": None,
}


def formula(X, y, describes, sample_weight, questions, **changed):
    """The scores of all classes, (n_questions, n_classes), one number after another."""
    s = SETTINGS | changed
    asks = [[f for f, value in enumerate(row) if value] for row in X.tolist()]
    features, items = range(X.shape[1]), sorted(set(y.tolist()))
    groups = [0] * X.shape[1] if s["groups"] is None else s["groups"]
    rows = list(zip(asks, y.tolist(), describes, sample_weight, strict=True))
    rentals = [(asked, item, w) for asked, item, is_description, w in rows if not is_description]
    is_of = {g: {f for asked, item, d, w in rows if d and w and item == g for f in asked} for g in items}

    def rentals_of(some_items, f=None):
        return sum(w for asked, item, w in rentals if item in some_items and (f is None or f in asked))

    def share(some_items, f):
        return (rentals_of(some_items, f) + 0.5) / (rentals_of(some_items) + 1)

    alike = {f: [[g for g in items if (f in is_of[g]) == is_it] for is_it in (False, True)] for f in features}
    rate = {(g, f): share(alike[f][f in is_of[g]], f) for g in items for f in features}
    for g in items:
        if not is_of[g] and not rentals_of([g]):  # nothing is known of it
            rate |= {(g, f): min(share(some, f) for some in alike[f] if some) for f in features}
    total = rentals_of(items)

    def match_of(group):
        if s["match"] != "auto":
            return s["match"]
        members = [f for f in features if groups[f] == group]
        asked = sum(rentals_of(items, f) for f in members)
        met = sum(rentals_of(alike[f][True], f) for f in members)
        chance = sum(rentals_of(items, f) * rentals_of(alike[f][True]) / (total or 1) for f in members)
        odds = [(part + 0.5) / (asked - part + 0.5) for part in (met, chance)]
        ratio = (asked * math.log(odds[0] / odds[1]) + 10 * 3) / (asked + 10)
        return 2 * max(0, ratio - 1)

    scores = []
    for question in questions.tolist():
        asked = [f for f in features if question[f]]
        of_question = []
        for g in items:
            n, m = rentals_of([g]), s["shrinkage"]
            score = s["popularity"] * math.log(n + s["smoothing"])
            score += sum(match_of(group) for group in {groups[f] for f in asked if f in is_of[g]})
            for f in asked:
                ratio = (rentals_of([g], f) + m * rate[g, f]) / ((n + m) * share(items, f))
                score += s["weight"] / len(asked) * math.log(ratio)
            of_question.append(score)
        scores.append(of_question)
    return np.array(scores)


def shop(seed, n_rows=40, n_items=7, n_features=6):
    """Rows that describe items and rows that chose one, with weights, and questions."""
    rng = np.random.default_rng(seed)
    X = (rng.random((n_rows, n_features)) < 0.35) * rng.integers(1, 4, (n_rows, n_features)) * 1.0
    y, describes = rng.integers(n_items, size=n_rows), rng.random(n_rows) < 0.25
    weight = rng.integers(0, 3, n_rows) * 1.0
    weight[0] = 1
    weight[y == seed % 15] = 0  # nothing is known of some item in half of the shops
    weight[0] = max(weight[0], 1)
    return X, y, describes, weight, (rng.random((15, n_features)) < 0.4) * 1.0


CHANGES = [
    {},
    {"shrinkage": 0.7},
    {"weight": 0.0},
    {"popularity": -0.3},
    {"match": 0.0},
    {"match": "auto", "groups": [0, 0, 1, 1, 2, 2]},
    {"match": 1e4, "groups": [0, 0, 1, 1, 2, 2]},
    {"smoothing": 0.01},
    {"groups": [3, 1, 3, 1, 1, 2]},
    {
        "shrinkage": 5.0,
        "weight": 1.3,
        "popularity": 0.4,
        "match": 0.8,
        "smoothing": 3.0,
        "groups": [*range(6)],
    },
]


@pytest.mark.parametrize("changed", CHANGES, ids=lambda changed: ", ".join(changed))
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_scores_are_those_of_the_formula(changed, seed, fractional):
    X, y, describes, weight, questions = shop(seed)
    if fractional:
        weight = weight * np.random.default_rng(seed).random(40)
        weight[0] = 0.3
    model = CatalogueNB(**(SETTINGS | changed)).fit(X, y, sample_weight=weight, describes=describes)
    expected = formula(X, y, describes, weight, questions, **changed)
    assert_allclose(model.predict_joint_log_proba(questions), expected, rtol=1e-11, atol=1e-11)
    assert_allclose(model.predict_proba(questions).sum(axis=1), 1, rtol=1e-10)


@pytest.mark.parametrize("size", [0, 15], ids=["no column is dense", "two columns are dense"])
def test_scores_of_large_catalogues_are_those_of_the_formula(size, monkeypatch):
    monkeypatch.setattr("estimators._bayes.scores.MAX_DENSE_TABLE", size)
    for seed in range(20):
        X, y, describes, weight, questions = shop(seed)
        changed = {"groups": [0, 0, 1, 1, 2, 2], "match": 4.0}
        model = CatalogueNB(**(SETTINGS | changed)).fit(X, y, sample_weight=weight, describes=describes)
        expected = formula(X, y, describes, weight, questions, **changed)
        assert_allclose(model.predict_joint_log_proba(questions), expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", [*SETTINGS])
def test_every_parameter_changes_the_scores(name):
    X, y, describes, _, questions = shop(3)
    value = {"groups": [*"aabbcc"], "shrinkage": 3.0}.get(name, 2.0)
    scores = [
        CatalogueNB(**(SETTINGS | change)).fit(X, y, describes=describes).predict_joint_log_proba(questions)
        for change in ({}, {name: value})
    ]
    assert np.abs(scores[0] - scores[1]).max() > 0.1


def test_by_hand():
    """Two items, of which only one was rented, for something that the other is."""
    X, y = [[1, 0], [0, 1], [0, 1]], ["chess", "golf", "chess"]  # mind, sport
    model = CatalogueNB(shrinkage=2.0, weight=1.0, match=4).fit(X, y, describes=[True, True, False])
    # One rental asked for sport; golf is sport, and was not rented. Shares: (0 + 1/2) / (0 + 1) of golf,
    # (1 + 1/2) / (1 + 1) of what is no sport, (1 + 1/2) / (1 + 1) of all.
    chess = math.log(1 + 1) + math.log((1 + 2 * 0.75) / ((1 + 2) * 0.75))
    golf = math.log(0 + 1) + 4 + math.log((0 + 2 * 0.5) / ((0 + 2) * 0.75))
    assert_allclose(model.predict_joint_log_proba([[0, 1]]), [[chess, golf]], rtol=1e-14)
    assert model.class_count_.tolist() == [1, 0]
    assert model.described_.tolist() == [[1, 0], [0, 1]]
    assert model.feature_count_.tolist() == [[0, 1], [0, 0]]


def test_a_catalogue_without_choices_is_ranked_by_matches_and_then_in_order():
    X = np.array([[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 0, 1], [0, 1, 1, 0]])
    model = CatalogueNB(groups=["budget", "budget", "type", "type"]).fit(X, [*"abcd"], describes=[True] * 4)
    assert model.shrinkage_ == 100
    labels, scores = model.top_k([[1, 0, 0, 1], [0, 0, 0, 0]], k=4)
    assert labels.tolist() == [["b", "a", "c", "d"], ["a", "b", "c", "d"]]
    assert scores.tolist() == [[8, 4, 4, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("size", [0, 1 << 22], ids=["sparse", "dense"])
def test_an_item_of_which_nothing_is_known_is_never_above_a_match(size, monkeypatch):
    """People who ask for golf choose chess, so golf is requested less often where it describes the item."""
    monkeypatch.setattr("estimators._bayes.scores.MAX_DENSE_TABLE", size)
    X = [[1, 0], [0, 1], [0, 1], [0, 0], [0, 0], [0, 1], [0, 1], [1, 0]]  # mind, sport
    y = ["chess", "golf", "polo", "a mystery", "a secret", "chess", "chess", "golf"]
    describes = np.arange(8) < 5
    model = CatalogueNB(shrinkage=2.0, weight=1.0, match=0).fit(X, y, describes=describes)
    # Shares of sport: (0 + 1/2) / (1 + 1) of golf and polo, (2 + 1/2) / (3 + 1) of all; polo has no rows.
    labels, scores = model.top_k([[0, 1]], k=5)
    assert labels[0].tolist()[:2] == ["chess", "golf"]
    assert_allclose(scores[0, 2:], [math.log(0.25 / 0.625)] * 3)
    for question in [[1, 0], [0, 1], [1, 1]]:
        scores = dict(zip(model.classes_, model.predict_joint_log_proba([question])[0], strict=True))
        assert scores["a mystery"] == scores["a secret"] <= scores["polo"]
    known = model.partial_fit([[0, 1]], ["a secret"]).predict_joint_log_proba([[0, 1]])[0]
    assert known[1] > known[0]  # somebody who asked for sport chose it


@pytest.mark.parametrize(("met", "expected"), [(0.9, "constraint"), (0.5, "taste")])
def test_the_match_follows_how_often_the_rows_meet_what_they_ask(met, expected):
    """Two halves of the items; 200 rows ask for one half each, and choose from it, or else from the other."""
    is_of = np.eye(2).repeat(5, axis=0)
    asked = np.tile(np.eye(2), (100, 1))
    half = np.where(np.arange(200) % 20 < 20 * met, asked[:, 1], asked[:, 0]).astype(int)
    X, y = np.vstack([is_of, asked]), np.r_[np.arange(10), 5 * half + np.arange(200) % 5]
    model = CatalogueNB(groups=["half", "half"]).fit(X, y, describes=np.arange(210) < 10)
    # 90 % are odds of 9, and chance gives odds of 1: log(180.5 / 20.5) beside ten features that say 3
    ratio = (200 * math.log((200 * met + 0.5) / (200 * (1 - met) + 0.5)) + 30) / 210
    assert model.match_ == {"half": pytest.approx(2 * max(0, ratio - 1))}
    assert (model.match_["half"] > 2) == (expected == "constraint")
    assert CatalogueNB(match=0.7).fit(X, y).match_ == {None: 0.7}
    assert CatalogueNB(match=3, groups=[*"ab"]).fit(X, y).match_ == {"a": 3.0, "b": 3.0}


def test_long_questions_weigh_no_more_than_short_ones():
    rng = np.random.default_rng(0)
    X, y = (rng.random((200, 4)) < 0.4) * 1.0, rng.integers(5, size=200)
    once = CatalogueNB(shrinkage=9.0).fit(X, y).predict_joint_log_proba(X)
    twice = CatalogueNB(shrinkage=9.0).fit(np.hstack([X, X]), y).predict_joint_log_proba(np.hstack([X, X]))
    assert_allclose(once, twice)  # every feature is there twice, which says nothing new


def test_a_group_matches_once():
    X = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 0]])
    describes = [True, True, True]
    one_group, groups = (
        CatalogueNB(groups=g).fit(X, [*"abc"], describes=describes) for g in (None, ["t", "t", "b"])
    )
    assert one_group.predict_joint_log_proba([[1, 1, 1]]).tolist() == [[4, 4, 0]]
    assert groups.predict_joint_log_proba([[1, 1, 1]]).tolist() == [[8, 4, 0]]


def test_more_groups_than_fit_in_a_byte():
    X = np.eye(300)[np.zeros(300, dtype=int)] + np.ones((300, 300))
    model = CatalogueNB(groups=range(300), match=1.0).fit(X[:1], ["a"], describes=[True])
    assert model.predict_joint_log_proba(X[:1]).tolist() == [[300.0]]


@pytest.mark.parametrize("kind", [int, np.int8, np.float32])
def test_whole_parameters_of_every_type_are_numbers(kind):
    X, y, describes, _, questions = shop(4)
    numbers = {"shrinkage": 3, "weight": 1, "popularity": 2, "match": 100, "smoothing": 2}
    model, expected = (
        CatalogueNB(groups=range(6), **{name: of(number) for name, number in numbers.items()}).fit(
            X, y, describes=describes
        )
        for of in (kind, float)
    )
    assert_array_equal(model.predict_joint_log_proba(questions), expected.predict_joint_log_proba(questions))
    assert model.shrinkage_ == 3.0


def test_descriptions_are_united_and_their_weight_does_not_matter():
    X = np.array([[1.0, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 5]])
    describes = [True, True, True, False]
    model = CatalogueNB().fit(X, [*"aaaa"], sample_weight=[0.1, 7, 2, 1], describes=describes)
    assert model.described_.tolist() == [[1, 1, 0]]
    assert model.class_count_.tolist() == [1]
    ignored = CatalogueNB().fit(X, [*"aaaa"], sample_weight=[1, 0, 0, 1], describes=describes)
    assert ignored.described_.tolist() == [[1, 0, 0]]


def test_a_nonzero_entry_asks_whatever_its_size():
    X, y, describes, _, questions = shop(5)
    small, large = (
        CatalogueNB().fit(scale * X, y, describes=describes).predict_joint_log_proba(questions / scale)
        for scale in (1.0, -7.0)
    )
    assert_array_equal(small, large)


@pytest.mark.parametrize("mask", [list, np.array, pd.Series, pl.Series, lambda m: np.array(m, dtype=int)])
def test_masks_of_every_kind(mask):
    X, y, describes, _, _ = shop(6)
    expected = CatalogueNB().fit(X, y, describes=describes)
    model = CatalogueNB().fit(X, y, describes=mask(describes.tolist()))
    assert_array_equal(model.described_, expected.described_)
    assert_array_equal(model.class_count_, expected.class_count_)


@pytest.mark.parametrize(
    ("describes", "message"),
    [
        ([0.5] * 3, r"'describes' parameter must contain only True and False\. Got \[0\.5, 0\.5, 0\.5\]"),
        ([True] * 2, "inconsistent numbers of samples"),
        ([True, False, None], "NaN|must contain only True and False"),
        ([[True, False, True]] * 3, "should be a 1d array"),
        (["yes", "no", "yes"], "must contain only True and False"),
    ],
)
def test_bad_masks(describes, message):
    with pytest.raises(ValueError, match=message):
        CatalogueNB().fit(np.eye(3), [*"abc"], describes=describes)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"shrinkage": 0}, "'shrinkage' parameter of CatalogueNB must be"),
        ({"shrinkage": "evidence"}, "'shrinkage' parameter of CatalogueNB must be"),
        ({"weight": -1}, "'weight' parameter of CatalogueNB must be"),
        ({"popularity": np.inf}, "'popularity' parameter of CatalogueNB must be"),
        ({"match": np.inf}, "'match' parameter of CatalogueNB must be"),
        ({"smoothing": 0}, "'smoothing' parameter of CatalogueNB must be"),
        ({"groups": ["a"]}, r"'groups' .* one label for each of the 3 features. Got 1 labels"),
        ({"groups": [["a", "b", "c"]] * 3}, "1d array"),
        ({"groups": ["a", "b", None]}, "'groups' .* must not contain missing labels"),
        ({"new_classes": "drop"}, "'new_classes' parameter of CatalogueNB must be"),
    ],
)
def test_bad_parameters(parameters, message):
    model = CatalogueNB(**parameters)
    with pytest.raises(ValueError, match=message):
        model.fit(np.eye(3), [*"abc"])
    with pytest.raises(NotFittedError):
        model.predict(np.eye(3))


@pytest.mark.parametrize("X", [[[np.nan, 1]], sp.csr_array(np.array([[np.inf, 1]]))])
def test_bad_samples(X):
    with pytest.raises(ValueError, match="Input X contains"):
        CatalogueNB().fit(X, ["a"])


def test_matches_are_shared_by_the_features_that_make_them():
    X = np.array([[1, 1, 0, 1], [0, 0, 1, 0]])
    model = CatalogueNB(groups=["t", "t", "t", "b"]).fit(X, [*"ab"], describes=[True, True])
    scorer = model.row_scorer()
    row = scorer.row([0, 1, 2, 3], [1.0] * 4)
    assert scorer.contributions(row, 0).tolist() == [2, 2, 0, 4]
    assert scorer.contributions(row, 1).tolist() == [0, 0, 4, 0]


def test_a_pipeline_routes_the_descriptions():
    X, y, describes, _, questions = shop(8)
    pipeline = make_pipeline(FunctionTransformer(), CatalogueNB(groups=[*"aabbcc"]))
    pipeline.fit(X, y, cataloguenb__describes=describes)
    expected = CatalogueNB(groups=[*"aabbcc"]).fit(X, y, describes=describes)
    assert_array_equal(pipeline.predict(questions), expected.predict(questions))


def evidence(n, F, rates, m):
    """The beta-binomial evidence of all items and features, by log gamma functions."""
    total = 0.0
    for g, f in np.ndindex(F.shape):
        a, b = m * rates[g, f], m * (1 - rates[g, f])
        total += math.lgamma(a + F[g, f]) - math.lgamma(a) + math.lgamma(b + n[g] - F[g, f]) - math.lgamma(b)
        total -= math.lgamma(m + n[g]) - math.lgamma(m)
    return total


@pytest.mark.parametrize("spread", [1.0, 10.0, 60.0, 1e9])
@pytest.mark.parametrize("seed", range(3))
def test_the_shrinkage_has_the_highest_evidence(seed, spread):
    rng = np.random.default_rng(seed)
    n, C = rng.geometric(0.04, size=40), rng.random((40, 5)) < 0.4
    rates = np.where(C, 0.6, 0.15)
    F = rng.binomial(n[:, np.newaxis], rng.beta(spread * rates, spread * (1 - rates)))
    X, y, weight = [C * 1.0], [np.arange(40)], [np.ones(40)]
    for f in range(5):  # each feature in rows of its own, and the rest in rows that ask for nothing
        X.append(np.eye(5)[np.full(40, f)])
        y.append(np.arange(40))
        weight.append(F[:, f])
    rest = n - F.sum(axis=1)
    X, y, weight = map(np.concatenate, (X, y, weight))
    n = F.sum(axis=1) + np.maximum(rest, 0)
    X, y = np.vstack([X, np.zeros((40, 5))]), np.append(y, np.arange(40))
    weight = np.append(weight, np.maximum(rest, 0)) * 1.0
    describes = np.arange(len(y)) < 40
    model = CatalogueNB().fit(X, y, sample_weight=weight, describes=describes)
    shares = [
        (F[:, f][C[:, f] == d].sum() + 0.5, n[C[:, f] == d].sum() + 1) for f in range(5) for d in (0, 1)
    ]
    pooled = np.array([part / whole for part, whole in shares]).reshape(5, 2)
    pooled = np.where(C, pooled[:, 1], pooled[:, 0])
    grid = 100 * 2.0 ** (np.arange(-28, 29) / 4)
    best = grid[np.argmax([evidence(n, F, pooled, m) for m in grid])]
    assert model.shrinkage_ == best
    assert model.set_params(shrinkage=7.0).fit(X, y, weight).shrinkage_ == 7


def test_counts_that_cannot_tell_leave_the_typical_shrinkage():
    X = np.random.default_rng(0).integers(0, 2, (500, 12))
    assert CatalogueNB().fit(X, np.arange(500)).shrinkage_ == 100  # one row for each item


@pytest.mark.parametrize("a", [1e-9, 0.3, 15.99, 16.0, 40.0, 1e6])
@pytest.mark.parametrize("n", [1, 2, 7, 100])
def test_rising_factorials(a, n):
    expected = math.fsum(math.log(a + i) for i in range(n))
    assert_allclose(log_rising(np.array([a]), np.array([float(n)])), [expected], rtol=1e-11)


def test_counts_are_rounded_for_the_evidence_only_where_there_are_too_many(monkeypatch):
    rng = np.random.default_rng(0)
    items = rng.integers(300, size=30_000)
    X = (rng.random((30_000, 5)) < rng.beta(4, 12, size=(300, 5))[items]) * 1.0
    weight = rng.integers(1, 100, size=30_000)
    exact = CatalogueNB().fit(X, items, weight)
    assert exact.shrinkage_ < 100
    monkeypatch.setattr("estimators._bayes.evidence.MAX_PAIRS", 0)
    rounded = CatalogueNB().fit(X, items, weight)
    assert abs(math.log2(rounded.shrinkage_ / exact.shrinkage_)) <= 0.25


def test_the_default_does_better_than_popularity_and_no_worse_than_a_classifier_of_many_parameters():
    """Items have types and a quality; people ask for a type and mostly choose an item that has it."""
    rng = np.random.default_rng(0)
    C = rng.random((30, 8)) < 0.3
    appeal = rng.normal(size=30)
    asked = np.eye(8)[rng.integers(8, size=3000)]
    y = (appeal + 4 * (asked @ C.T > 0) + rng.gumbel(size=(3000, 30))).argmax(axis=1)
    X, items, mask = np.vstack([C, asked[:1000]]), np.append(np.arange(30), y[:1000]), np.arange(1030) < 30
    model = CatalogueNB().fit(X, items, describes=mask)

    def accuracy(predicted):
        return (predicted == y[1000:]).mean()

    ours = accuracy(model.predict(asked[1000:]))
    assert ours > 2 * accuracy(np.full(2000, np.bincount(y[:1000]).argmax()))
    assert ours > accuracy(LogisticRegression().fit(asked[:1000], y[:1000]).predict(asked[1000:])) - 0.01
