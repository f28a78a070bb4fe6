"""Questions of which a model knows nothing, and candidates that it does not know: warnings, and by popularity."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import MultinomialNB as TheirMultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators import BernoulliNB, CatalogueNB, ComplementNB, MultinomialNB
from pipelines import UnknownQuestionWarning, compile_recommender, explain, game_recommender, recommend

TITLES = ["Doom", "Tetris", "Portal", "Tetris", "Tetris", "Portal"]
ROWS = pd.DataFrame(
    {
        "budget": ["cheap"] * 6,
        "gameplay_types": [["Shooter"], ["Puzzle"], ["Puzzle"], ["Puzzle"], ["Puzzle"], ["Platform"]],
    }
)
COUNTING = [
    ComplementNB(),
    MultinomialNB(),
    MultinomialNB(fit_prior=False),
    BernoulliNB(),
    TheirMultinomialNB(),
    CatalogueNB(popularity=0.0),
]
NOTHING = [{}, {"budget": None}, {"budget": "chaep"}, {"gameplay_types": []}, {"gameplay_types": ["Puzzel"]}]
MESSAGE = "The query contains no values that the model knows.* the most popular labels"


def compiled(classifier, **options):
    model = game_recommender(classifier=classifier, **options).fit(ROWS, TITLES)
    return compile_recommender(model), model


@pytest.mark.parametrize("question", NOTHING, ids=str)
@pytest.mark.parametrize("classifier", COUNTING, ids=repr)
def test_the_answer_is_by_popularity(classifier, question):
    served, model = compiled(classifier)
    with pytest.warns(UnknownQuestionWarning, match=MESSAGE) as caught:
        labels, scores = served.recommend(question)
    assert [warning.filename for warning in caught] == [__file__]
    assert labels == ["Tetris", "Portal", "Doom"]
    assert scores == pytest.approx(np.log([3 / 6, 2 / 6, 1 / 6]))
    with pytest.warns(UnknownQuestionWarning, match=MESSAGE):
        expected = recommend(model, question)
    assert (labels, scores) == (expected[0][0].tolist(), expected[1][0].tolist())
    for label, score in zip(labels, scores, strict=True):
        assert served.explain(question, label) == explain(model, question, label) == {"(prior)": score}


@pytest.mark.parametrize("options", [{"exclude": ["Tetris"]}, {"candidates": ["Doom", "Portal"]}], ids=str)
def test_among_the_labels_that_are_allowed(options):
    served, model = compiled(None)
    with pytest.warns(UnknownQuestionWarning):
        answers = served.recommend({}, **options), recommend(model, {}, **options)
    assert answers[0][0] == answers[1][0][0].tolist() == ["Portal", "Doom"]
    assert answers[0][1] == answers[1][1][0].tolist()


@pytest.mark.parametrize("classifier", [CatalogueNB(), LogisticRegression()], ids=repr)
def test_classifiers_that_answer_by_popularity_themselves(classifier):
    served, model = compiled(classifier)
    with pytest.warns(UnknownQuestionWarning):
        labels, scores = served.recommend({})
    assert labels == ["Tetris", "Portal", "Doom"]
    by_itself = CatalogueNB(popularity=-1.0)
    with pytest.warns(UnknownQuestionWarning):
        assert compiled(by_itself)[0].recommend({})[0] == ["Doom", "Portal", "Tetris"]
    assert sum(explain(model, {}, "Doom").values()) == pytest.approx(scores[-1])
    assert served.explain({}, "Doom") == explain(model, {}, "Doom")


def test_features_without_weight_are_not_asked_for():
    served, model = compiled("complement", weights={"budget": 0.0})
    for ask in (served.recommend, lambda question: recommend(model, question)):
        with pytest.warns(UnknownQuestionWarning):
            ask({"budget": "cheap"})


def test_a_number_of_zero_is_known():
    encode = ColumnTransformer([("n", StandardScaler(), ["year"])])
    rows = pd.DataFrame({"year": [1990.0, 2000.0, 2010.0]})
    model = make_pipeline(encode, LogisticRegression()).fit(rows, ["a", "b", "c"])
    served = compile_recommender(model)
    assert served.recommend({"year": 2000})[0] == recommend(model, {"year": 2000})[0][0].tolist()


def test_known_questions_do_not_warn():
    served, _ = compiled(None)
    assert served.recommend({"budget": "cheap", "gameplay_types": ["Puzzel"]}, 1)[0] == ["Tetris"]


def test_unknown_candidates_warn():
    served, model = compiled(None)
    question, candidates = {"budget": "cheap"}, ["Portal", "Dooom", "Doom", 7]
    said = []
    for ask in (served.recommend, lambda *asked, **options: recommend(model, *asked, **options)):
        with warnings.catch_warnings(record=True, action="always") as caught:
            ask(question, candidates=candidates)
        said.append([str(warning.message) for warning in caught])
    assert said[0] == said[1]
    assert len(said[0]) == 1
    assert "labels that the model does not know: " in said[0][0]
    with pytest.warns(UserWarning, match="'Dooom'. They are ignored. Did you mean 'Doom'") as caught:
        assert served.recommend(question, candidates=["Dooom"]) == ([], [])
    assert caught[0].filename == __file__
