"""The best labels of any classifier, with and without candidates."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_selection import RFE
from sklearn.linear_model import LinearRegression, LogisticRegression, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.naive_bayes import ComplementNB as TheirComplementNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from estimators import ComplementNB
from pipelines import explain, game_recommender, hit_rate_scorer, recommend, update
from pipelines._common import ranking
from tests.effort import effort
from tests.pipelines.games import GAMES, TITLES


def checkerboard(n=50):
    """Users like items of their own colour, the item on the diagonal withheld (as in implicit's tests)."""
    likes = (np.add.outer(np.arange(n), np.arange(n)) % 2 == 0).astype(float)
    return likes - np.eye(n)


def test_the_right_game_comes_first(model, frame):
    questions = frame({"budget": ["cheap", "premium"], "gameplay_types": [["Puzzle"], ["Racing", "Shooter"]]})
    labels, scores = recommend(model, questions, 2)
    assert labels[:, 0].tolist() == ["Tetris", "Gran Turismo"]
    assert (np.diff(scores) < 0).all()


@pytest.mark.parametrize(
    ("budget", "types", "best"),
    [
        (None, ["Shooter"], "Doom"),
        ("premium", [], "Gran Turismo"),
        ("free", ["Racing", "Chess"], "Gran Turismo"),
    ],
)
def test_either_half_of_the_question_may_be_missing_or_unknown(model, frame, budget, types, best):
    schema = {"budget": pl.String, "gameplay_types": pl.List(pl.String)}
    data = {"budget": [budget], "gameplay_types": [types]}
    question = pl.DataFrame(data, schema=schema) if frame is pl.DataFrame else pd.DataFrame(data)
    assert recommend(model, question, 1)[0][0, 0] == best


def test_the_withheld_item_of_a_checkerboard_is_found():
    likes = checkerboard()
    rows, items = np.nonzero(likes)
    model = ComplementNB().fit(likes[rows], items)
    labels, _ = recommend(model, likes, 1, exclude=[np.flatnonzero(row) for row in likes])
    np.testing.assert_array_equal(labels[:, 0], np.arange(50))


def brute_force(model, X, k, excluded, allowed):
    scores = model.predict_joint_log_proba(X)
    answers = []
    for row, out, only in zip(scores, excluded, allowed, strict=True):
        order = np.argsort(-row, kind="stable")
        fit = [model.classes_[i] for i in order if i not in out and (only is None or i in only)]
        answers.append(fit[:k])
    width = max(map(len, answers))
    return [answer + [None] * (width - len(answer)) for answer in answers]


LABEL_SETS = st.lists(st.sets(st.integers(0, 14), max_size=12), min_size=6, max_size=6)


@settings(max_examples=effort(60, 12))
@given(st.integers(0, 99), st.integers(1, 20), LABEL_SETS, st.none() | LABEL_SETS)
@pytest.mark.filterwarnings("ignore:The '(exclude|candidates)' parameter:UserWarning")
@pytest.mark.parametrize("classifier", [ComplementNB(), MultinomialNB()])
def test_exclude_and_candidates_equal_brute_force(classifier, seed, k, excluded, allowed):
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, (30, 6)).astype(float)
    model = clone(classifier).fit(X, np.arange(30) % 12)
    labels, scores = recommend(model, X[:6], k, exclude=excluded, candidates=allowed)
    expected = brute_force(model, X[:6], k, excluded, allowed or [None] * 6)
    assert labels.tolist() == expected
    np.testing.assert_array_equal(np.isneginf(scores), np.equal(labels, None))


@pytest.mark.parametrize(
    "classifier",
    [
        ComplementNB(),
        TheirComplementNB(),
        MultinomialNB(),
        BernoulliNB(),
        LogisticRegression(),
        SGDClassifier(random_state=0),
        SVC(),
        SVC(decision_function_shape="ovr", kernel="linear", break_ties=True),
        KNeighborsClassifier(3),
        DummyClassifier(strategy="prior"),
    ],
    ids=lambda classifier: type(classifier).__module__.split(".")[0] + "." + type(classifier).__name__,
)
def test_the_first_of_any_classifier_is_what_it_predicts(classifier):
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 3, (60, 5)).astype(float), rng.choice(["a", "b", "c", "d"], 60)
    model = clone(classifier).fit(X, y)
    labels, scores = recommend(model, X, 4)
    np.testing.assert_array_equal(labels[:, 0], model.predict(X))
    assert (np.diff(scores) <= 0).all()
    assert all(set(row) == {"a", "b", "c", "d"} for row in labels)


@pytest.mark.parametrize("n_classes", [3, 4])
def test_one_vs_one_scores_are_not_taken_for_those_of_classes(n_classes):
    X = np.random.default_rng(0).normal(size=(40, 4))
    model = SVC(decision_function_shape="ovo", kernel="linear").fit(X, np.arange(40) % n_classes)
    with pytest.raises(TypeError, match="one score per class: .* Got SVC, which has no such"):
        recommend(model, X)


def test_one_vs_one_inside_a_wrapper_and_for_two_classes():
    X = np.random.default_rng(0).normal(size=(40, 4))
    svc = SVC(decision_function_shape="ovo", kernel="linear")
    with pytest.raises(TypeError, match="Got RFE, which has no such"):
        recommend(RFE(svc).fit(X, np.arange(40) % 3), X)
    two = svc.fit(X, np.arange(40) % 2)
    np.testing.assert_array_equal(recommend(two, X, 1)[0][:, 0], two.predict(X))


def test_candidates_of_unsorted_and_of_huge_classes():
    class Unsorted(DummyClassifier):
        def predict_proba(self, X):
            return np.tile([0.5, 0.3, 0.2], (len(X), 1))

        predict_log_proba = None

    model = Unsorted().fit(np.eye(3), list("abc"))
    model.classes_, model.predict_log_proba = np.array(["c", "a", "b"]), model.predict_proba
    assert recommend(model, np.eye(1), 3, candidates=["c", "b"])[0].tolist() == [["c", "b"]]
    assert recommend(model, np.eye(1), 3, exclude=["c", "b"])[0].tolist() == [["a"]]
    huge = ComplementNB().fit(np.eye(3), [2**60, 2**60 + 1, 2**60 + 2])
    mixed = [np.uint64(2**60 + 1), 0.5]
    with pytest.warns(UserWarning, match="labels that the model does not know: 0.5. They are ignored"):
        assert recommend(huge, np.eye(3)[:1], 3, candidates=mixed)[0].tolist() == [[2**60 + 1]]


def test_a_score_that_is_no_number_comes_after_all_others_but_before_what_is_not_allowed():
    class Odd(DummyClassifier):
        def predict_log_proba(self, X):
            return np.tile([np.nan, -np.inf, 0.0, 1.0], (len(X), 1))

    model = Odd().fit(np.eye(4), list("abcd"))
    assert recommend(model, np.eye(1), 4, exclude=["d"])[0].tolist() == [["c", "a", "b"]]


def test_dicts_reach_a_model_that_takes_dicts():
    rows = [{"cheap": 1}, {"puzzle": 1}]
    model = make_pipeline(DictVectorizer(), ComplementNB()).fit(rows, ["a", "b"])
    assert recommend(model, rows, 1)[0].tolist() == [["a"], ["b"]]
    assert recommend(model, rows[0], 1)[0].tolist() == [["a"]]


def test_any_classifier_can_be_handed_in(frame):
    model = game_recommender(classifier=RandomForestClassifier(5, random_state=0)).fit(frame(GAMES), TITLES)
    labels, _ = recommend(model, frame(GAMES), 1)  # without a warning of the log of a probability of 0
    np.testing.assert_array_equal(labels[:, 0], model.predict(frame(GAMES)))


def test_nested_pipelines_and_passthrough_are_opened(frame):
    inner = game_recommender()
    nested = Pipeline([("nothing", "passthrough"), ("recommender", inner)]).fit(frame(GAMES), TITLES)
    flat = game_recommender().fit(frame(GAMES), TITLES)
    question = {"budget": "cheap", "gameplay_types": ["Puzzle"]}
    for mine, theirs in zip(recommend(nested, question), recommend(flat, question), strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert explain(nested, question, "Tetris") == explain(flat, question, "Tetris")
    update(nested, [question], ["Rez"])
    assert "Rez" in nested[-1][-1].classes_


def test_unfitted_models_and_searches_without_a_best_model_say_so():
    X, y = np.eye(4).repeat(3, axis=0), np.arange(4).repeat(3)
    for model in (ComplementNB(), MultinomialNB(), Pipeline([("c", MultinomialNB())])):
        for ask in (recommend, lambda m, X: update(m, X, y), lambda m, X: explain(m, X[:1], 0)):
            with pytest.raises(NotFittedError):
                ask(model, X)
    search = GridSearchCV(MultinomialNB(), {"alpha": [1.0]}, refit=False, cv=2).fit(X, y)
    with pytest.raises(ValueError, match="This GridSearchCV was fitted with refit=False"):
        recommend(search, X)


def test_infinite_scores_are_the_same_by_every_way():
    model = ComplementNB(alpha=0).fit(np.eye(5), list("abcde"))
    question = np.array([[0.0, 1, 0, 0, 0]])
    assert recommend(model, question, 1)[1][0, 0] == np.inf
    assert recommend(model, question, 1, candidates=["b"])[1][0, 0] == np.inf
    tree = DecisionTreeClassifier().fit(np.eye(3), [0, 1, 2])
    with np.errstate(divide="ignore"):
        assert recommend(tree, np.eye(3), 3)[1].tolist() == [[0.0, -np.inf, -np.inf]] * 3


@pytest.mark.parametrize("kind", [list, tuple, set, np.array, pd.Series, pl.Series, iter])
def test_labels_for_all_rows_in_every_form(model, frame, kind):
    out = ["Doom", "Tetris"]
    expected = recommend(model, frame(GAMES), 5, candidates=[title for title in TITLES if title not in out])[
        0
    ]
    np.testing.assert_array_equal(recommend(model, frame(GAMES), 5, exclude=kind(out))[0], expected)
    by_score = recommend(
        clone(model).set_params(classify=MultinomialNB()).fit(frame(GAMES), TITLES),
        frame(GAMES),
        5,
        exclude=kind(out),
    )
    assert by_score[0].shape == (5, 3)
    assert not np.isin(by_score[0], out).any()


@pytest.mark.filterwarnings("ignore:The 'exclude' parameter:UserWarning")
def test_many_excluded_labels_and_labels_of_another_kind(monkeypatch):
    X = np.random.default_rng(0).integers(0, 2, (60, 8)).astype(float)
    model = ComplementNB().fit(X, np.arange(60))
    excluded = [set(range(i, i + 30)) | {"not a number", None} for i in range(20)]
    expected = recommend(model, X[:20], 4, exclude=excluded)
    monkeypatch.setattr(ranking, "MAX_EXCLUDED", 3)  # rank all scores
    for mine, theirs in zip(recommend(model, X[:20], 4, exclude=excluded), expected, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_two_classes_by_decision_function():
    X = np.array([[-1.0], [1.0], [2.0], [-2.0]])
    model = LogisticRegression().fit(X, ["no", "yes", "yes", "no"])
    assert recommend(model, X, 2)[0].tolist() == [["no", "yes"], ["yes", "no"], ["yes", "no"], ["no", "yes"]]


def test_searches_and_bare_classifiers(frame):
    data, titles = pd.concat([pd.DataFrame(GAMES)] * 3), TITLES * 3
    data = data if frame is pd.DataFrame else pl.DataFrame(data.to_dict(orient="list"))
    search = GridSearchCV(
        game_recommender(classifier="complement"),
        {"classify__alpha": [0.5, 1.0]},
        cv=3,
        scoring=hit_rate_scorer(1),
    )
    search.fit(data, titles)
    assert search.best_score_ == 1.0
    assert recommend(search, data, 1)[0][:, 0].tolist() == titles
    assert update(search, data, titles) is search
    assert recommend(search, data, 1)[0][:, 0].tolist() == titles


@pytest.mark.parametrize("k", [0, -3, 1.5, "5", None, True])
def test_a_bad_k(model, frame, k):
    with pytest.raises(ValueError, match=rf"'k' parameter of recommend must be an int .*Got {k!r} instead"):
        recommend(model, frame(GAMES), k)


def test_more_than_there_are_gives_what_there_is(model, frame):
    assert recommend(model, frame(GAMES), 99)[0].shape == (5, 5)
    labels, _ = recommend(model, frame(GAMES), 99, exclude=["Doom"])
    assert labels.shape == (5, 4)
    assert "Doom" not in labels
    labels, scores = recommend(model, frame(GAMES), 3, candidates=[])
    assert labels.shape == scores.shape == (5, 0)


def test_a_row_with_fewer_ends_in_none(model, frame):
    only = [["Doom", "Tetris"], ["Doom"], [], ["Doom", "Tertis"], TITLES]
    with pytest.warns(
        UserWarning, match=r"does not know: 'Tertis'. They are ignored. Did you mean 'Tetris'\?"
    ):
        labels, scores = recommend(model, frame(GAMES), 2, candidates=only)
    assert labels[1].tolist() == ["Doom", None]
    assert labels[2].tolist() == [None, None]
    assert scores[1, 1] == -np.inf
    assert labels[4].tolist() == recommend(model, frame(GAMES), 2)[0][4].tolist()


@pytest.mark.parametrize("name", ["exclude", "candidates"])
def test_labels_that_do_not_fit_the_rows(model, frame, name):
    with pytest.raises(
        ValueError, match=f"'{name}' parameter of recommend must be a collection of labels. Got 'Doom'"
    ):
        recommend(model, frame(GAMES), **{name: "Doom"})
    with pytest.raises(
        ValueError, match=f"'{name}' parameter.* one collection of labels for each of the 5 rows. Got 2"
    ):
        recommend(model, frame(GAMES), **{name: [["Doom"], ["Tetris"]]})
    with pytest.raises(
        ValueError, match="must be a collection of labels. Got a data frame; pass one of its columns"
    ):
        recommend(model, frame(GAMES), **{name: pd.DataFrame({"title": ["Doom"]})})
    with pytest.raises(ValueError, match="Got 2 items"):
        recommend(model, frame(GAMES), **{name: [["Doom"], "Tetris"]})


def test_models_that_cannot_be_ranked(frame):
    X = np.eye(3)
    with pytest.raises(TypeError, match=r"one of top_k, .* Got LinearRegression, which has no such method"):
        recommend(LinearRegression().fit(X, [1, 2, 3]), X)
    with pytest.raises(TypeError, match="Got KMeans, which has no such"):
        recommend(KMeans(2, n_init=1).fit(X), X)
    with pytest.raises(NotFittedError):
        recommend(game_recommender(), frame(GAMES))


def test_memory_is_bounded_for_a_classifier_without_top_k(monkeypatch):
    X, y = np.eye(30), np.arange(30)
    model = MultinomialNB().fit(X, y)
    expected = recommend(model, X, 3)
    monkeypatch.setattr(ranking, "MAX_SCORES", 100)
    rows_at_once = []
    score = ranking.score
    monkeypatch.setattr(ranking, "score", lambda c, X, n: rows_at_once.append(len(X)) or score(c, X, n))
    np.testing.assert_array_equal(recommend(model, X, 3)[0], expected[0])
    assert max(rows_at_once) == 3
