"""Recommenders of all classifiers whose score is a sum: compiled, they answer and explain as `recommend` does."""

import pickle
import warnings
from functools import partial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import naive_bayes as theirs
from sklearn.compose import ColumnTransformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from estimators import (
    BernoulliNB,
    CatalogueNB,
    ComplementNB,
    GDClassifier,
    MultiHotEncoder,
    MultinomialNB,
    OneHotEncoder,
)
from pipelines import compile_recommender, explain, game_recommender, recommend
from tests.effort import effort

# What these warnings say is tested in test_serving_unknown.py
pytestmark = pytest.mark.filterwarnings(
    "ignore:The query contains no", "ignore:The '(exclude|candidates)' parameter"
)

OURS = [
    ComplementNB(),
    ComplementNB(norm=True),
    MultinomialNB(),
    MultinomialNB(alpha=0.3, fit_prior=False),
    BernoulliNB(),
    CatalogueNB(),
    CatalogueNB(popularity=0.0, match=0.0),
]
THEIRS = [
    theirs.ComplementNB(norm=True),
    theirs.MultinomialNB(),
    theirs.BernoulliNB(),
    theirs.BernoulliNB(binarize=0.5, fit_prior=False),
]
LINEAR = [
    GDClassifier(alpha=0.1),
    GDClassifier(alpha=0.1, fit_intercept=False),
    LogisticRegression(),
    LogisticRegression(fit_intercept=False),
    LinearSVC(),
    LinearSVC(fit_intercept=False),
    SGDClassifier(random_state=0),
    RidgeClassifier(),
    Perceptron(),
]
ALL = [*OURS, *THEIRS, *LINEAR]
BUDGETS, TYPES = ["cheap", "premium", "standard"], ["Adventure", "Music", "Platform", "Puzzle", "Racing"]


def shop(classifier, n_labels=4, weights=None, seed=0, **encoders):
    """Return a recommender of some labels, fitted on random rentals."""
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(
        {
            "budget": rng.choice(BUDGETS, 40),
            "gameplay_types": [
                rng.choice(TYPES, rng.integers(1, 4), replace=False).tolist() for _ in range(40)
            ],
        }
    )
    labels = [f"game {i % n_labels}" for i in range(40)]
    model = game_recommender(classifier=classifier, weights=weights, **encoders)
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of searches that did not end
        return model.fit(rows, labels)


def assert_alike(compiled, model, question, k=3, **options):
    """Compare labels and scores, and the reasons for the best labels with `explain` and with the scores."""
    labels, scores = compiled.recommend(question, k, **options)
    expected, expected_scores = recommend(model, question, k, **options)
    np.testing.assert_allclose(scores, expected_scores[0], rtol=1e-12, atol=1e-12)
    assert len(set(np.round(scores, 9))) < len(scores) or labels == expected[0].tolist()
    for label, score in zip(labels, scores, strict=True):
        reasons = compiled.explain(question, label)
        assert reasons == explain(model, question, label)
        assert list(reasons.values()) == sorted(reasons.values(), reverse=True)
        assert sum(reasons.values()) == pytest.approx(score, rel=1e-12, abs=1e-12)


QUESTIONS = st.fixed_dictionaries(
    {},
    optional={
        "budget": st.sampled_from([*BUDGETS, "free", None, float("nan"), 7, np.str_("cheap")]),
        "gameplay_types": st.lists(st.sampled_from([*TYPES, "Chess", None]), max_size=4) | st.none(),
    },
)


@pytest.mark.parametrize("n_labels", [2, 7])
@pytest.mark.parametrize("classifier", ALL, ids=repr)
@settings(max_examples=effort(20, 2))
@given(data=st.data())
def test_every_classifier_is_compiled_and_explained(classifier, n_labels, data):
    weights = None
    if not isinstance(classifier, CatalogueNB):  # which takes none
        weights = data.draw(st.sampled_from([None, {"budget": 3.0}, {"gameplay_types": 0.0}]))
    model = shop(classifier, n_labels, weights, seed=data.draw(st.integers(0, 2)))
    compiled = compile_recommender(model)
    for question in data.draw(st.lists(QUESTIONS, min_size=1, max_size=3)):
        assert_alike(compiled, model, question, data.draw(st.integers(1, 25)))
        out = data.draw(st.lists(st.integers(0, 20).map("game {}".format), max_size=5))
        assert_alike(compiled, model, question, 2, exclude=out)
        if set(out) & set(compiled.classes_):
            assert_alike(compiled, model, question, 4, candidates=out)


@pytest.mark.parametrize("classifier", [LogisticRegression(), GDClassifier()], ids=repr)
def test_single_precision_stays_single(classifier):
    encoders = {
        "budget_encoder": OneHotEncoder(dtype=np.float32, handle_unknown="ignore"),
        "types_encoder": MultiHotEncoder(dtype=np.float32, handle_unknown="ignore"),
    }
    model = shop(classifier, **encoders)
    compiled, question = (
        compile_recommender(model),
        {"budget": "cheap", "gameplay_types": ["Music", "Racing"]},
    )
    labels, scores = compiled.recommend(question, 4)
    expected, expected_scores = recommend(model, question, 4)
    assert labels == expected[0].tolist()
    np.testing.assert_array_equal(scores, expected_scores[0].astype(float))
    assert {type(score) for score in scores} == {float}


def test_the_reasons_of_a_linear_classifier_by_hand():
    X, y = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 1.0]]), ["a", "b", "c"]
    model = LogisticRegression().fit(X, y)
    assert explain(model, [[2.0, 0.0]], "b") == pytest.approx(
        {"x0": 2 * model.coef_[1, 0], "(intercept)": model.intercept_[1]}
    )


def test_the_first_of_two_classes_has_the_negative_reasons():
    model = LinearSVC().fit([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], ["a", "b", "b"])
    of_b = explain(model, [[1.0, 2.0]], "b")
    assert of_b == pytest.approx(
        {"x0": model.coef_[0, 0], "x1": 2 * model.coef_[0, 1], "(intercept)": model.intercept_[0]}
    )
    assert explain(model, [[1.0, 2.0]], "a") == {name: -adds for name, adds in of_b.items()}


@pytest.mark.parametrize("classifier", [BernoulliNB(), theirs.BernoulliNB()], ids=["ours", "theirs"])
def test_absent_features_are_in_the_prior_of_bernoulli(classifier):
    # P(x0 = 1 | a) = (2 + 1) / (2 + 2), P(x1 = 1 | a) = (0 + 1) / (2 + 2), P(a) = 2 / 3
    model = classifier.fit([[1, 0], [1, 0], [0, 1]], ["a", "a", "b"])
    prior = np.log(2 / 3) + np.log(1 - 3 / 4) + np.log(1 - 1 / 4)
    assert explain(model, [[0, 0]], "a") == pytest.approx({"(prior)": prior})
    assert explain(model, [[1, 0]], "a") == pytest.approx({"x0": np.log(3), "(prior)": prior})
    joint = np.log(2 / 3) + np.log(3 / 4) + np.log(3 / 4)
    assert sum(explain(model, [[1, 0]], "a").values()) == pytest.approx(joint)


def test_the_popularity_and_the_matches_of_a_catalogue():
    is_of = np.array([[1, 0, 1, 0], [0, 1, 0, 1]])  # cheap, premium, puzzle, racing
    model = CatalogueNB(groups=[0, 0, 1, 1], weight=0.0, match=4.0)
    model.partial_fit(is_of, ["Tetris", "Gran Turismo"], describes=[True, True])
    model.partial_fit(is_of[[0, 0]], ["Tetris", "Tetris"])
    reasons = explain(model, [[1, 0, 1, 1]], "Tetris")
    assert reasons == pytest.approx({"x0": 4.0, "x2": 4.0, "x3": 0.0, "(prior)": np.log(2 + 1)})


def test_standardised_numbers_contribute_from_their_mean():
    rows = pd.DataFrame({"year": [0.0, 2.0, 4.0, 2.0], "budget": ["cheap", "cheap", "premium", "premium"]})
    encode = ColumnTransformer(
        [("n", StandardScaler(), ["year"]), ("c", OneHotEncoder(feature_name_combiner="equals"), ["budget"])],
        verbose_feature_names_out=False,
    )
    model = make_pipeline(encode, LogisticRegression()).fit(rows, ["a", "b", "c", "b"])
    at_zero, at_mean = (explain(model, {"year": year, "budget": "cheap"}, "a") for year in (0, 2))
    assert at_zero["year"] == pytest.approx(-np.sqrt(2) * model[-1].coef_[0, 0])  # (0 - 2) / sqrt(2)
    assert set(at_mean) == {"budget=cheap", "(intercept)"}
    assert at_mean["budget=cheap"] == at_zero["budget=cheap"]


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
@pytest.mark.parametrize("n_labels", [3, 4])  # three classes have as many pairs as classes
def test_coefficients_of_pairs_are_no_sum(kernel, n_labels):
    model = shop(SVC(kernel=kernel), n_labels)
    with pytest.raises(TypeError, match=r"whose score is a sum over the features: .*\. Got SVC instead"):
        explain(model, {"budget": "cheap"}, "game 1")
    with pytest.raises(TypeError, match="and SVC from sklearn instead"):
        compile_recommender(model)


def test_a_linear_kernel_of_two_classes_is_a_sum():
    model = shop(SVC(kernel="linear"), 2)
    assert_alike(compile_recommender(model), model, {"budget": "cheap", "gameplay_types": ["Music"]})


def test_sparse_coefficients():
    model = shop(LogisticRegression(), 3)
    model[-1].sparsify()
    assert_alike(compile_recommender(model), model, {"budget": "cheap", "gameplay_types": ["Music"]})


def test_any_classifier_whose_decision_function_is_linear():
    X = np.random.default_rng(0).normal(size=(30, 3))
    model = LinearDiscriminantAnalysis().fit(X, np.arange(30) % 3)
    labels, scores = recommend(model, X[:1], 3)
    for label, score in zip(labels[0], scores[0], strict=True):
        assert sum(explain(model, X[:1], label).values()) == pytest.approx(score)


def test_a_classifier_fitted_on_named_columns():
    frame = pd.DataFrame({"puzzle": [1.0, 0.0, 1.0], "racing": [0.0, 1.0, 1.0]})
    model = LogisticRegression().fit(frame, ["a", "b", "c"])
    reasons = explain(model, {"racing": 2.0, "puzzle": 0.0}, "b")
    assert reasons == pytest.approx({"racing": 2 * model.coef_[1, 1], "(intercept)": model.intercept_[1]})


def test_explain_refuses_what_recommend_refuses():
    model = LogisticRegression().fit(np.eye(3), ["a", "b", "c"])
    with pytest.raises(ValueError, match="contains NaN"):
        explain(model, [[0.0, np.nan, 1.0]], "a")
    with pytest.raises(ValueError, match="X has 2 features, but LogisticRegression is expecting 3"):
        explain(model, [[0.0, 1.0]], "a")


@pytest.mark.parametrize("classifier", [SGDClassifier(random_state=0), theirs.MultinomialNB()], ids=repr)
def test_the_snapshot_of_a_classifier_that_learns_in_place(classifier):
    model, question = shop(classifier, 3), {"budget": "cheap", "gameplay_types": ["Music"]}
    compiled = compile_recommender(model)
    before, reasons = compiled.recommend(question), compiled.explain(question, "game 0")
    encoded = model[0].transform(pd.DataFrame([question]))
    for _ in range(3):
        model[-1].partial_fit(encoded, ["game 0"])
    assert compiled.recommend(question) == before
    assert compiled.explain(question, "game 0") == reasons
    assert pickle.loads(pickle.dumps(compiled)).recommend(question) == before
    assert compile_recommender(model).recommend(question) != before


def test_errors_of_the_classifier_are_raised():
    model = shop(GDClassifier())
    model.set_params(encode__transformer_weights={"budget": 1e308})
    model[-1].coef_ = 10 + model[-1].coef_
    for ask in (compile_recommender(model).recommend, partial(recommend, model)):
        with pytest.raises(ValueError, match="overflow occurred in decision_function"):
            ask({"budget": "cheap"})
