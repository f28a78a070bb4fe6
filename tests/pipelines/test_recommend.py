"""recommend, explain, update and the scorers, against brute force and by hand."""

import pickle

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
from sklearn.metrics import ndcg_score, top_k_accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.naive_bayes import ComplementNB as TheirComplementNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from estimators import ComplementNB, MultiHotEncoder, OneHotEncoder
from pipelines import explain, game_recommender, hit_rate_scorer, ndcg_scorer, recommend, update
from pipelines._common import ranking as _ranking

TITLES = ["Celeste", "Doom", "Gran Turismo", "Portal", "Tetris"]
GAMES = {
    "budget": ["standard", "cheap", "premium", "standard", "cheap"],
    "gameplay_types": [
        ["Platform", "Adventure"],
        ["Shooter"],
        ["Racing"],
        ["Puzzle", "Platform"],
        ["Puzzle"],
    ],
}


@pytest.fixture(params=[pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def frame(request):
    return request.param


@pytest.fixture
def model(frame):
    return game_recommender().fit(frame(GAMES), TITLES)


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
        (None, [], "Celeste"),
        ("free", ["Chess"], "Celeste"),
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


@settings(max_examples=60)
@given(st.integers(0, 99), st.integers(1, 20), LABEL_SETS, st.none() | LABEL_SETS)
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
    with pytest.raises(TypeError, match="with a score for each class. SVC has none"):
        recommend(model, X)


def test_one_vs_one_inside_a_wrapper_and_for_two_classes():
    X = np.random.default_rng(0).normal(size=(40, 4))
    svc = SVC(decision_function_shape="ovo", kernel="linear")
    with pytest.raises(TypeError, match="RFE has none"):
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
    with pytest.raises(
        ValueError, match="This GridSearchCV has no best model to ask: it was fitted with refit=False"
    ):
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


def test_many_excluded_labels_and_labels_of_another_kind(monkeypatch):
    X = np.random.default_rng(0).integers(0, 2, (60, 8)).astype(float)
    model = ComplementNB().fit(X, np.arange(60))
    excluded = [set(range(i, i + 30)) | {"not a number", None} for i in range(20)]
    expected = recommend(model, X[:20], 4, exclude=excluded)
    monkeypatch.setattr(_ranking, "MOST_EXCLUDED", 3)  # rank all scores
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
        game_recommender(), {"classify__alpha": [0.5, 1.0]}, cv=3, scoring=hit_rate_scorer(1)
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
    labels, _ = recommend(model, frame(GAMES), 99, exclude=["Doom", "unknown to the model"])
    assert labels.shape == (5, 4)
    assert "Doom" not in labels
    labels, scores = recommend(model, frame(GAMES), 3, candidates=[])
    assert labels.shape == scores.shape == (5, 0)


def test_a_row_with_fewer_ends_in_none(model, frame):
    only = [["Doom", "Tetris"], ["Doom"], [], ["Doom", "not known"], TITLES]
    labels, scores = recommend(model, frame(GAMES), 2, candidates=only)
    assert labels[1].tolist() == ["Doom", None]
    assert labels[2].tolist() == [None, None]
    assert scores[1, 1] == -np.inf
    assert labels[4].tolist() == recommend(model, frame(GAMES), 2)[0][4].tolist()


@pytest.mark.parametrize("name", ["exclude", "candidates"])
def test_labels_that_do_not_fit_the_rows(model, frame, name):
    with pytest.raises(ValueError, match=f"'{name}' parameter of recommend must hold labels. Got 'Doom'"):
        recommend(model, frame(GAMES), **{name: "Doom"})
    with pytest.raises(
        ValueError, match=f"'{name}' parameter.* one collection of labels for each of the 5 rows. Got 2"
    ):
        recommend(model, frame(GAMES), **{name: [["Doom"], ["Tetris"]]})
    with pytest.raises(ValueError, match="must hold labels. Got a data frame: name its column"):
        recommend(model, frame(GAMES), **{name: pd.DataFrame({"title": ["Doom"]})})
    with pytest.raises(ValueError, match="Got 2 entries"):
        recommend(model, frame(GAMES), **{name: [["Doom"], "Tetris"]})


def test_models_that_cannot_be_ranked(frame):
    X = np.eye(3)
    with pytest.raises(
        TypeError, match=r"recommend needs a classifier with top_k or one of .* LinearRegression has none"
    ):
        recommend(LinearRegression().fit(X, [1, 2, 3]), X)
    with pytest.raises(TypeError, match="KMeans has none"):
        recommend(KMeans(2, n_init=1).fit(X), X)
    with pytest.raises(NotFittedError):
        recommend(game_recommender(), frame(GAMES))


def test_memory_is_bounded_for_a_classifier_without_top_k(monkeypatch):
    X, y = np.eye(30), np.arange(30)
    model = MultinomialNB().fit(X, y)
    expected = recommend(model, X, 3)
    monkeypatch.setattr(_ranking, "SCORES_AT_ONCE", 100)
    rows_at_once = []
    score = _ranking._score
    monkeypatch.setattr(_ranking, "_score", lambda c, X, n: rows_at_once.append(len(X)) or score(c, X, n))
    np.testing.assert_array_equal(recommend(model, X, 3)[0], expected[0])
    assert max(rows_at_once) == 3


@pytest.mark.parametrize("classifier", [None, ComplementNB(norm=True), TheirComplementNB(), MultinomialNB()])
def test_reasons_add_up_to_the_score(frame, classifier):
    model = game_recommender(classifier=classifier, weights={"budget": 3.0, "gameplay_types": 1.0})
    model.fit(frame(GAMES), TITLES)
    question = frame({"budget": ["standard"], "gameplay_types": [["Platform", "Puzzle"]]})
    labels, scores = recommend(model, question, 5)
    for label, score in zip(labels[0], scores[0], strict=True):
        reasons = explain(model, question, label)
        assert set(reasons) - {"(prior)"} == {
            "budget=standard",
            "gameplay_types=Platform",
            "gameplay_types=Puzzle",
        }
        assert sum(reasons.values()) == pytest.approx(score, rel=1e-12)
        assert list(reasons.values()) == sorted(reasons.values(), reverse=True)


def test_reasons_by_hand():
    # two classes of one feature each: w[0] = -log([1/3, 2/3]), w[1] = -log([2/3, 1/3])
    model = ComplementNB().fit([[1, 0], [0, 1]], ["a", "b"])
    assert explain(model, [[1, 2]], "a") == pytest.approx({"x0": np.log(3), "x1": 2 * np.log(1.5)})


def test_reasons_of_one_class_have_its_prior():
    model = ComplementNB(class_prior=[0.3]).fit([[1, 2]], ["only"])
    assert sum(explain(model, [[1, 2]], "only").values()) == pytest.approx(
        recommend(model, [[1, 2]])[1][0, 0]
    )


def test_features_without_names_are_numbered():
    model = make_pipeline(FunctionTransformer(), ComplementNB()).fit([[1, 0], [0, 1]], ["a", "b"])
    assert set(explain(model, [[1, 2]], "a")) == {"x0", "x1"}


def test_explain_refuses_what_has_no_classes():
    with pytest.raises(TypeError, match="explain needs a model whose score is a sum.*Got LinearRegression"):
        explain(LinearRegression().fit(np.eye(2), [1, 2]), np.eye(1, 2), 1)


def test_explain_refuses(model, frame):
    question = frame({"budget": ["cheap"], "gameplay_types": [["Puzzle"]]})
    with pytest.raises(ValueError, match=r"explain takes one question. Got 5 rows"):
        explain(model, frame(GAMES), "Doom")
    with pytest.raises(
        ValueError, match=r"'Dooom' is not among the 5 classes of the model. Did you mean 'Doom'\?"
    ):
        explain(model, question, "Dooom")
    for label in (None, ["Doom"], 3):
        with pytest.raises(ValueError, match="is not among the 5 classes"):
            explain(model, question, label)
    neighbours = game_recommender(classifier=KNeighborsClassifier(1)).fit(frame(GAMES), TITLES)
    with pytest.raises(
        TypeError, match="explain needs a model whose score is a sum.*Got KNeighborsClassifier"
    ):
        explain(neighbours, question, "Doom")


def test_update_equals_fitting_on_everything(frame):
    first = {name: values[:3] for name, values in GAMES.items()}
    known = {
        "budget": ["cheap", "standard", "premium"],
        "types": sorted(set().union(*GAMES["gameplay_types"])),
    }
    encoders = {
        "budget_encoder": OneHotEncoder(categories=[known["budget"]], handle_unknown="ignore"),
        "types_encoder": MultiHotEncoder(categories=[known["types"]], handle_unknown="ignore"),
    }
    model = game_recommender(**encoders).fit(frame(first), TITLES[:3])
    assert update(model, frame({name: values[3:] for name, values in GAMES.items()}), TITLES[3:]) is model
    whole = game_recommender(**encoders).fit(frame(GAMES), TITLES)
    mine, expected = recommend(model, frame(GAMES), 5), recommend(whole, frame(GAMES), 5)
    np.testing.assert_array_equal(mine[0], expected[0])
    np.testing.assert_array_equal(mine[1], expected[1])


def test_update_refuses_what_cannot_learn(frame):
    model = game_recommender(classifier=KNeighborsClassifier(1)).fit(frame(GAMES), TITLES)
    with pytest.raises(
        TypeError, match="update needs a last step with partial_fit. KNeighborsClassifier has none"
    ):
        update(model, frame(GAMES), TITLES)
    fixed = game_recommender(classifier=ComplementNB()).fit(frame(GAMES), TITLES)
    with pytest.raises(ValueError, match=r"\['Rez'\] in y do not exist in the initial classes"):
        update(fixed, frame({"budget": ["cheap"], "gameplay_types": [["Music"]]}), ["Rez"])


def test_update_refuses_new_labels_that_scikit_learn_would_drop(frame):
    rows = frame({"budget": ["cheap", "cheap"], "gameplay_types": [["Music"], ["Puzzle"]]})
    for classifier in (BernoulliNB(), MultinomialNB()):
        model = game_recommender(classifier=classifier).fit(frame(GAMES), TITLES)
        with pytest.raises(ValueError, match=r"NB cannot learn the new label\(s\) \['Rez'\]: fit it anew"):
            update(model, rows, ["Rez", "Doom"])
        assert update(model, rows, ["Doom", "Doom"])[-1].class_count_.sum() == len(TITLES) + 2


def test_update_takes_weights_and_no_bare_string(frame):
    rows = frame({"budget": ["cheap"], "gameplay_types": [["Puzzle"]]})
    once, twice = (game_recommender().fit(frame(GAMES), TITLES) for _ in range(2))
    update(once, rows, ["Doom"], sample_weight=[2.0])
    update(update(twice, rows, ["Doom"]), rows, ["Doom"])
    np.testing.assert_array_equal(once[-1].feature_count_, twice[-1].feature_count_)
    with pytest.raises(
        ValueError, match="'y' parameter of update must hold a label for each row. Got the bare string 'Doom'"
    ):
        update(once, rows, "Doom")


def test_a_question_may_be_a_dict(model, frame):
    asked = {"budget": "cheap", "gameplay_types": ["Puzzle"]}
    expected, scores = recommend(model, frame({name: [value] for name, value in asked.items()}), 3)
    for question in (asked, [asked]):
        labels, again = recommend(model, question, 3)
        np.testing.assert_array_equal(labels, expected)
        np.testing.assert_array_equal(again, scores)
    assert sum(explain(model, asked, "Tetris").values()) == pytest.approx(scores[0, 0])
    halves = recommend(model, [{"budget": "cheap"}, {"gameplay_types": ["Racing"]}, {}], 1)[0][:, 0]
    assert halves.tolist() == ["Doom", "Gran Turismo", "Celeste"]


def test_game_recommender_refuses_weights_of_other_columns():
    message = (
        "'weights' parameter of game_recommender may hold 'price' and 'gameplay_types'. Got 'budget' instead"
    )
    with pytest.raises(ValueError, match=message):
        game_recommender(budget="price", weights={"budget": 2.0})
    with pytest.raises(
        TypeError, match=r"'budget' parameter of game_recommender names one column. Got \['price'\] instead"
    ):
        game_recommender(budget=["price"])


def test_parts_can_be_exchanged(frame):
    games = {**GAMES, "gameplay_types": ["|".join(types) for types in GAMES["gameplay_types"]]}
    model = game_recommender(types_encoder=MultiHotEncoder(separator="|", handle_unknown="other"))
    model.fit(frame(games), TITLES)
    assert recommend(model, frame(games), 1)[0][:, 0].tolist() == TITLES
    renamed = frame({"price": games["budget"], "kinds": GAMES["gameplay_types"]})
    model = game_recommender(budget="price", gameplay_types="kinds").fit(renamed, TITLES)
    assert model.predict(renamed).tolist() == TITLES


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


def test_scorers_refuse_labels_that_do_not_fit(model, frame):
    for make in (hit_rate_scorer, ndcg_scorer):
        with pytest.raises(ValueError, match=f"'k' parameter of {make.__name__} must be an int"):
            make(0)
    for scorer in (hit_rate_scorer(2), ndcg_scorer(2)):
        with pytest.raises(ValueError, match="inconsistent numbers of samples"):
            scorer(model, frame(GAMES), ["Doom"])


def test_scorers_in_cross_validation_and_in_a_pickle(frame):
    X, y = np.tile(np.eye(4), (10, 1)), np.tile(list("abcd"), 10)
    scorer = pickle.loads(pickle.dumps(ndcg_scorer(2)))
    assert repr(scorer) == "ndcg_scorer(k=2)"
    assert cross_val_score(ComplementNB(), X, y, scoring=scorer).tolist() == [1.0] * 5
