"""Reasons, updates and the parts of the pipeline."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import BernoulliNB, MultinomialNB
from sklearn.naive_bayes import ComplementNB as TheirComplementNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from estimators import ComplementNB, MultiHotEncoder, OneHotEncoder
from pipelines import explain, game_recommender, recommend, update
from tests.pipelines.games import GAMES, TITLES


@pytest.mark.parametrize(
    "classifier", ["complement", ComplementNB(norm=True), TheirComplementNB(), MultinomialNB()]
)
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
    with pytest.raises(
        TypeError,
        match="'model' parameter of explain must end in .*whose score is a sum.*Got LinearRegression",
    ):
        explain(LinearRegression().fit(np.eye(2), [1, 2]), np.eye(1, 2), 1)


def test_explain_refuses(model, frame):
    question = frame({"budget": ["cheap"], "gameplay_types": [["Puzzle"]]})
    with pytest.raises(ValueError, match=r"'X' parameter of explain must have exactly one row. Got 5 rows"):
        explain(model, frame(GAMES), "Doom")
    with pytest.raises(
        ValueError, match=r"one of the 5 classes of the model. Got 'Dooom' instead. Did you mean 'Doom'\?"
    ):
        explain(model, question, "Dooom")
    for label in (None, ["Doom"], 3):
        with pytest.raises(ValueError, match="must be one of the 5 classes"):
            explain(model, question, label)
    neighbours = game_recommender(classifier=KNeighborsClassifier(1)).fit(frame(GAMES), TITLES)
    with pytest.raises(
        TypeError,
        match="'model' parameter of explain must end in .*whose score is a sum.*Got KNeighborsClassifier",
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
        TypeError, match="parameter of update must have a partial_fit method. Got a KNeighborsClassifier"
    ):
        update(model, frame(GAMES), TITLES)
    fixed = game_recommender(classifier=ComplementNB()).fit(frame(GAMES), TITLES)
    with pytest.raises(ValueError, match=r"\['Rez'\] in y do not exist in the initial classes"):
        update(fixed, frame({"budget": ["cheap"], "gameplay_types": [["Music"]]}), ["Rez"])


def test_update_refuses_new_labels_that_scikit_learn_would_drop(frame):
    rows = frame({"budget": ["cheap", "cheap"], "gameplay_types": [["Music"], ["Puzzle"]]})
    for classifier in (BernoulliNB(), MultinomialNB()):
        model = game_recommender(classifier=classifier).fit(frame(GAMES), TITLES)
        with pytest.raises(
            ValueError,
            match=r"NB cannot learn new labels. Got the new label\(s\) \['Rez'\]. To add them, fit",
        ):
            update(model, rows, ["Rez", "Doom"])
        assert update(model, rows, ["Doom", "Doom"])[-1].class_count_.sum() == len(TITLES) + 2


def test_update_takes_weights_and_no_bare_string(frame):
    rows = frame({"budget": ["cheap"], "gameplay_types": [["Puzzle"]]})
    once, twice = (game_recommender().fit(frame(GAMES), TITLES) for _ in range(2))
    update(once, rows, ["Doom"], sample_weight=[2.0])
    update(update(twice, rows, ["Doom"]), rows, ["Doom"])
    np.testing.assert_array_equal(once[-1].feature_count_, twice[-1].feature_count_)
    with pytest.raises(
        ValueError,
        match="'y' parameter of update must be an array with one label per row. Got the string 'Doom'",
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
    halves = recommend(model, [{"budget": "cheap"}, {"gameplay_types": ["Racing"]}], 1)[0][:, 0]
    assert halves.tolist() == ["Doom", "Gran Turismo"]


def test_game_recommender_refuses_weights_of_other_columns():
    message = "'weights' parameter of game_recommender must be among 'price' and 'gameplay_types'. Got 'budget' instead"
    with pytest.raises(ValueError, match=message):
        game_recommender(budget="price", weights={"budget": 2.0})
    with pytest.raises(
        TypeError,
        match=r"'budget' parameter of game_recommender must be the name of one column. Got \['price'\] instead",
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
