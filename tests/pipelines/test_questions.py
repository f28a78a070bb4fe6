"""Questions that a model does not know: misspelt keys and values, and answers by popularity."""

import numpy as np
import pytest
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import BernoulliNB as TheirBernoulliNB
from sklearn.naive_bayes import ComplementNB as TheirComplementNB
from sklearn.naive_bayes import MultinomialNB as TheirMultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators import BernoulliNB, CatalogueNB, ComplementNB, MultinomialNB
from pipelines import UnknownQuestionWarning, explain, game_recommender, recommend, recommender, update
from tests.pipelines.films import ASKED, CHOSEN, COLUMNS, FILMS
from tests.pipelines.games import GAMES, TITLES

TIMES = [1, 4, 2, 2, 3]  # how often each of the five games was rented
NOTHING = {"budget": "chaep", "gameplay_types": ["Pzzule"]}
BY_POPULARITY = ["Doom", "Tetris", "Gran Turismo", "Portal", "Celeste"]  # equal ones by the alphabet


def rented(frame, classifier=None):
    data = {
        name: [cell for cell, n in zip(cells, TIMES, strict=True) for _ in range(n)]
        for name, cells in GAMES.items()
    }
    return game_recommender(classifier=classifier).fit(frame(data), np.repeat(TITLES, TIMES))


COUNTING = [
    ComplementNB(),
    ComplementNB(norm=True),
    MultinomialNB(fit_prior=False),
    BernoulliNB(),
    TheirComplementNB(),
    TheirMultinomialNB(),
    TheirBernoulliNB(),
]


@pytest.mark.parametrize("classifier", COUNTING, ids=lambda c: f"{type(c).__module__.split('.')[0]}.{c}")
@pytest.mark.parametrize("question", [NOTHING, {}, {"budget": None}])
def test_a_question_of_which_nothing_is_known_is_answered_by_popularity(frame, classifier, question):
    with pytest.warns(UnknownQuestionWarning, match="The query contains no values that the model knows"):
        labels, scores = recommend(rented(frame, classifier), question)
    assert labels.tolist() == [BY_POPULARITY]
    np.testing.assert_allclose(scores[0], np.log(np.array([4, 3, 2, 2, 1]) / 12))


def test_catalogue_naive_bayes_scores_popularity_itself(frame):
    with pytest.warns(UnknownQuestionWarning):
        labels, scores = recommend(rented(frame, "catalogue"), NOTHING, k=2)
    assert labels.tolist() == [["Doom", "Tetris"]]
    np.testing.assert_allclose(scores, np.log([[5, 4]]))
    with pytest.warns(UnknownQuestionWarning):
        rare = recommend(rented(frame, CatalogueNB(popularity=-1.0)), NOTHING, k=1)
    assert rare[0].tolist() == [["Celeste"]]


def test_catalogue_naive_bayes_without_popularity_still_answers_by_popularity(frame):
    model = rented(frame, CatalogueNB(popularity=0.0))
    with pytest.warns(UnknownQuestionWarning):
        labels, scores = recommend(model, [NOTHING, {"budget": "premium"}])
    assert labels[0].tolist() == BY_POPULARITY
    np.testing.assert_allclose(scores[0], np.log(np.array([4, 3, 2, 2, 1]) / 12))
    assert labels[1, 0] == "Gran Turismo"
    assert explain(model, NOTHING, "Tetris") == pytest.approx({"(prior)": np.log(3 / 12)})


def test_without_any_choice_there_is_no_popularity(frame):
    games = frame(GAMES | {"title": TITLES})
    model = game_recommender(classifier=CatalogueNB(popularity=0.0), catalogue=games, label="title")
    model.fit(frame(GAMES)[:0], [])
    with pytest.warns(UnknownQuestionWarning):
        labels, scores = recommend(model, NOTHING)
    assert labels[0].tolist() == sorted(TITLES)
    assert scores[0].tolist() == [0.0] * 5


def test_a_classifier_that_counts_nothing_answers_with_its_intercepts(frame):
    model = rented(frame, LogisticRegression(C=100.0, max_iter=1000))
    with pytest.warns(
        UnknownQuestionWarning, match="the most popular labels, if the classifier stores how often"
    ):
        labels, _ = recommend(model, NOTHING)
    order = np.argsort(-model[-1].intercept_, kind="stable")
    assert labels[0].tolist() == model.classes_[order].tolist()


def test_other_questions_are_answered_as_before(frame):
    model = rented(frame)
    known = [{"budget": "cheap"}, {"gameplay_types": ["Racing", "Chess"]}]
    expected = recommend(model, known, 3)
    with pytest.warns(UnknownQuestionWarning, match="2 of the 4 queries contain no values"):
        labels, scores = recommend(model, [known[0], NOTHING, {}, known[1]], 3)
    assert labels[1].tolist() == labels[2].tolist() == BY_POPULARITY[:3]
    np.testing.assert_array_equal(labels[[0, 3]], expected[0])
    np.testing.assert_array_equal(scores[[0, 3]], expected[1])


def test_excluded_labels_and_candidates_of_each_row(frame):
    model = rented(frame, "complement")
    with pytest.warns(UnknownQuestionWarning):
        labels, scores = recommend(
            model,
            [NOTHING, {"budget": "cheap"}, NOTHING],
            3,
            exclude=[["Doom"], ["Tetris"], []],
            candidates=[TITLES, TITLES, ["Celeste"]],
        )
    assert labels[0].tolist() == ["Tetris", "Gran Turismo", "Portal"]
    assert "Tetris" not in labels[1]
    assert labels[2].tolist() == ["Celeste", None, None]
    assert scores[2].tolist() == [np.log(1 / 12), -np.inf, -np.inf]
    with pytest.warns(UnknownQuestionWarning):
        assert recommend(model, [NOTHING, NOTHING], 3, candidates=[[], []])[0].shape == (2, 0)


def test_a_class_without_rows_comes_last(frame):
    model = game_recommender(classifier=ComplementNB(new_classes="add")).fit(frame(GAMES), TITLES)
    model[-1].partial_fit(model[0].transform(frame(GAMES)), TITLES, classes=[*TITLES, "Abe"])
    with pytest.warns(UnknownQuestionWarning):
        labels, scores = recommend(model, NOTHING, 6)
    assert labels[0, -1] == "Abe"
    assert scores[0, -1] == -np.inf


def test_rows_of_numbers_and_encoded_rows_do_not_warn():
    X, y = np.array([[0.0, 0.0], [1.0, 2.0], [2.0, 1.0]]), ["a", "b", "c"]
    recommend(make_pipeline(StandardScaler(with_mean=False), LogisticRegression()).fit(X, y), X)
    recommend(ComplementNB().fit(X, y), X)


def test_words_that_a_text_model_does_not_know():
    model = make_pipeline(CountVectorizer(), ComplementNB()).fit(["to be", "or not", "or not"], list("abb"))
    with pytest.warns(UnknownQuestionWarning, match="1 of the 2 queries contains"):
        assert recommend(model, ["question", "to"], 1)[0].tolist() == [["b"], ["a"]]


def test_features_of_weight_zero_are_not_asked_for(frame):
    model = game_recommender(classifier="complement", weights={"budget": 0.0}).fit(frame(GAMES), TITLES)
    with pytest.warns(UnknownQuestionWarning):
        recommend(model, {"budget": "cheap"})


def test_the_warning_points_to_the_caller(frame):
    with pytest.warns(UnknownQuestionWarning) as caught:
        recommend(rented(frame), NOTHING)
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "ask", [recommend, lambda m, X: explain(m, X, "Doom"), lambda m, X: update(m, X, ["Doom"])]
)
def test_a_key_that_is_no_column_is_an_error_that_names_the_nearest(frame, ask):
    model = rented(frame)
    message = r"among the columns 'budget', 'gameplay_types'. Got 'gameplay_type' instead. Did you mean 'gameplay_types'\?"
    for question in ({"gameplay_type": ["Puzzle"]}, [{"gameplay_type": ["Puzzle"]}]):
        with pytest.raises(ValueError, match=message):
            ask(model, question)
    with pytest.raises(ValueError, match="Got 'xyz' instead.$"):
        ask(model, {"budget": "cheap", "xyz": 1})


def test_keys_of_a_model_that_takes_dicts_are_its_own():
    model = make_pipeline(DictVectorizer(), ComplementNB()).fit([{"cheap": 1}, {"puzzle": 1}], ["a", "b"])
    assert recommend(model, {"cheap": 1, "new": 2}, 1)[0].tolist() == [["a"]]


def test_a_catalogue_is_known_without_a_choice(frame):
    model = recommender(**COLUMNS, catalogue=frame(FILMS), label="title").fit(frame(ASKED), CHOSEN)
    with pytest.warns(UnknownQuestionWarning):
        labels, scores = recommend(model, {"genres": ["Western"]}, 6)
    assert labels[0].tolist() == ["Clue", "Alien", "Heat", "Airplane!", "Psycho", "Top Secret!"]
    np.testing.assert_allclose(scores[0], np.log([4, 3, 3, 2, 1, 1]))
