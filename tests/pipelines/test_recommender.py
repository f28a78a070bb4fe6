"""Recommenders of any catalogue: their columns, the rows of the catalogue in every fit, and their files."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline

from estimators import BernoulliNB, CatalogueNB, ComplementNB, MultinomialNB
from pipelines import (
    UnknownQuestionWarning,
    compile_recommender,
    explain,
    fit_batches,
    fit_dask,
    game_recommender,
    hit_rate_scorer,
    load_model,
    recommend,
    recommend_dask,
    recommender,
    save_model,
    update,
)
from tests.pipelines.films import ASKED, CHOSEN, COLUMNS, FILMS
from tests.pipelines.games import GAMES, TITLES
from tests.pipelines.saved import assert_public

QUESTION = {"year": 1984, "studio": "Paramount", "genres": ["Comedy"]}
WORDS = {
    "catalogue": CatalogueNB,
    "complement": ComplementNB,
    "multinomial": MultinomialNB,
    "bernoulli": BernoulliNB,
}


def of_films(frame, **more):
    return recommender(**COLUMNS, catalogue=frame(FILMS), label="title", **more)


def assert_same_answers(one, other, questions):
    for mine, theirs in zip(recommend(one, questions, 9), recommend(other, questions, 9), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_it_is_a_pipeline_of_an_encoder_of_all_columns_and_a_classifier(frame):
    model = of_films(frame).fit(frame(ASKED), CHOSEN)
    assert isinstance(model, Pipeline)
    assert [name for name, _ in model.steps] == ["encode", "classify"]
    assert isinstance(model[-1], CatalogueNB)
    assert model[0].get_feature_names_out().tolist() == [
        *(f"studio={name}" for name in ("Fox", "MGM", "Paramount", "Universal")),
        *(f"genres={name}" for name in ("Comedy", "Crime", "Horror", "Science")),
        *(f"year={name}" for name in ("1969 or less", "1970 to 1979", "1980 to 1989", "1990 or more")),
    ]
    assert model[-1].groups.tolist() == ["studio"] * 4 + ["genres"] * 4 + ["year"] * 4
    assert model.classes_.tolist() == FILMS["title"]  # two of them were never chosen
    assert model[-1].class_count_.tolist() == [1, 2, 3, 2, 0, 0]


def test_it_equals_the_classifier_on_encoded_rows(frame):
    """The rows of the catalogue first or last, and encoded by hand, give the same model."""
    model = of_films(frame).fit(frame(ASKED), CHOSEN)
    X = sp.vstack([model[0].transform(frame(FILMS)), model[0].transform(frame(ASKED))])
    describes = np.arange(14) < 6
    by_hand = CatalogueNB(groups=model[-1].groups).fit(X, FILMS["title"] + CHOSEN, describes=describes)
    np.testing.assert_array_equal(by_hand.predict_joint_log_proba(X), model[-1].predict_joint_log_proba(X))


def test_a_new_film_is_recommended_for_what_it_is(frame):
    model = of_films(frame).fit(frame(ASKED), CHOSEN)
    asked = {"genres": ["Horror"], "year": 1960}
    assert recommend(model, asked, 1)[0].tolist() == [["Psycho"]]
    strict = of_films(frame, classifier=CatalogueNB(match=1000)).fit(frame(ASKED), CHOSEN)
    assert recommend(strict, QUESTION, 3)[0].tolist() == [["Clue", "Airplane!", "Top Secret!"]]


@pytest.mark.parametrize("other", [pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_catalogue_and_rows_of_any_kind_of_frame(frame, other):
    expected = of_films(frame).fit(frame(ASKED), CHOSEN)
    model = of_films(other).fit(frame(ASKED), CHOSEN)
    assert_same_answers(model, expected, QUESTION)
    rows = other(ASKED)
    assert_same_answers(of_films(frame).fit(rows, CHOSEN), expected, QUESTION)


def test_categorical_columns_of_different_categories():
    films = pl.DataFrame(FILMS).with_columns(pl.col("studio").cast(pl.Categorical))
    asked = pl.DataFrame(ASKED).with_columns(pl.col("studio").cast(pl.Enum(["Fox", "MGM", "Paramount"])))
    model = recommender(**COLUMNS, catalogue=films, label="title").fit(asked, CHOSEN)
    expected = of_films(pl.DataFrame).fit(pl.DataFrame(ASKED), CHOSEN)
    assert_same_answers(model, expected, QUESTION)
    films, asked = (pd.DataFrame(rows).astype({"studio": "category"}) for rows in (FILMS, ASKED))
    model = recommender(**COLUMNS, catalogue=films, label="title").fit(asked, CHOSEN)
    assert_same_answers(model, expected, QUESTION)


@pytest.mark.parametrize("classifier", [*WORDS, ComplementNB(alpha=0.3), LogisticRegression(max_iter=1000)])
def test_on_the_taverns_columns_it_equals_game_recommender(frame, classifier):
    general = recommender(categories="budget", lists="gameplay_types", classifier=classifier)
    preset = game_recommender(classifier=classifier)
    for model in (general, preset):
        model.fit(frame(GAMES), TITLES)
    assert_same_answers(general, preset, frame(GAMES))
    np.testing.assert_array_equal(general[0].get_feature_names_out(), preset[0].get_feature_names_out())


@pytest.mark.parametrize("word", WORDS)
def test_classifiers_by_a_word_add_new_items(frame, word):
    for make in (
        recommender(categories="budget", lists="gameplay_types", classifier=word),
        game_recommender(classifier=word),
    ):
        model = make.fit(frame(GAMES), TITLES)
        assert type(model[-1]) is WORDS[word]
        question = {"budget": "cheap", "gameplay_types": ["Puzzle"]}
        assert "Rez" in update(model, [question] * 2, ["Rez"] * 2).classes_


def test_the_preset_takes_a_catalogue(frame):
    games = frame(GAMES | {"title": TITLES})
    model = game_recommender(catalogue=games, label="title")
    model.fit(frame({"budget": ["cheap"], "gameplay_types": [["Puzzle"]]}), ["Tetris"])
    assert recommend(model, {"gameplay_types": ["Racing"]}, 1)[0].tolist() == [["Gran Turismo"]]
    assert type(model[-1]) is CatalogueNB


@pytest.mark.parametrize("classifier", ["catalogue", "complement"])
@pytest.mark.parametrize(
    ("column", "cells"),
    [("budget", [None, None]), ("gameplay_types", [[], []]), ("gameplay_types", [None] * 2)],
)
def test_a_column_without_values_is_named(frame, classifier, column, cells):
    games = {"budget": ["cheap", None], "gameplay_types": [["Puzzle"], None]} | {column: cells}
    says = rf"at least one value. Got only missing values or empty lists in the 2 rows of .* '{column}'"
    with pytest.raises(ValueError, match=says):
        game_recommender(classifier=classifier).fit(frame(games), ["Tetris", "Doom"])


def test_an_error_of_the_classifier_is_not_about_columns(frame):
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        game_recommender().fit(frame(GAMES), TITLES[:2])


def test_a_classifier_without_descriptions_counts_the_catalogue_as_rows(frame):
    model = of_films(frame, classifier="complement").fit(frame(ASKED), CHOSEN)
    assert model[-1].class_count_.tolist() == [2, 3, 4, 3, 1, 1]
    neighbours = of_films(frame, classifier=KNeighborsClassifier(1)).fit(frame(ASKED), CHOSEN)
    assert neighbours.predict(frame(FILMS)).tolist()[4] == "Psycho"


def test_sample_weights_go_to_the_rows_and_the_catalogue_weighs_one(frame):
    weight = np.arange(8.0)
    model = of_films(frame, classifier="multinomial")
    model.fit(frame(ASKED), CHOSEN, classify__sample_weight=weight)
    expected = [1 + sum(weight[i] for i in range(8) if CHOSEN[i] == film) for film in FILMS["title"]]
    assert model[-1].class_count_.tolist() == expected
    model = of_films(frame).fit(frame(ASKED), CHOSEN, classify__sample_weight=[0, 0, 0, 0, 0, 0, 0, 2])
    assert model[-1].class_count_.tolist() == [0, 2, 0, 0, 0, 0]


def test_metadata_is_routed(frame):
    weight = np.arange(8.0)
    expected = of_films(frame).fit(frame(ASKED), CHOSEN, classify__sample_weight=weight)
    with sklearn.config_context(enable_metadata_routing=True):
        classifier = CatalogueNB().set_fit_request(sample_weight=True)
        model = of_films(frame, classifier=classifier).fit(frame(ASKED), CHOSEN, sample_weight=weight)
    assert_same_answers(model, expected, QUESTION)


def test_every_fold_sees_the_catalogue(frame):
    """Each film was chosen by one person only, so that a fold without the catalogue could not name it."""
    asked = {"genres": FILMS["genres"], "year": FILMS["year"], "studio": FILMS["studio"]}
    with warnings.catch_warnings(action="ignore", category=UserWarning):
        scores = cross_val_score(
            of_films(frame), frame(asked), FILMS["title"], cv=KFold(6), scoring=hit_rate_scorer(3)
        )
    assert scores.tolist() == [1.0] * 6
    bare = recommender(**COLUMNS)
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # no label was in the training rows
        scores = cross_val_score(bare, frame(asked), FILMS["title"], cv=KFold(6), scoring=hit_rate_scorer(3))
    assert scores.tolist() == [0.0] * 6


def test_searches_clones_and_refits(frame):
    grid = {"classify__match": [0.0, 4.0], "encode__year__edges": [[1970], [1970, 1980, 1990]]}
    search = GridSearchCV(of_films(frame), grid, cv=GroupKFold(4), scoring=hit_rate_scorer(2))
    with warnings.catch_warnings(action="ignore", category=UnknownQuestionWarning):
        search.fit(frame(ASKED), CHOSEN, groups=ASKED["person"])
    assert len(recommend(search, QUESTION, 9)[0][0]) == 6
    fitted = of_films(frame).fit(frame(ASKED), CHOSEN)
    fewer = {name: values[:4] for name, values in ASKED.items()}
    again = clone(fitted).fit(frame(fewer), CHOSEN[:4])  # other categories, so other groups
    assert_same_answers(again, of_films(frame).fit(frame(fewer), CHOSEN[:4]), QUESTION)
    assert_same_answers(fitted.fit(frame(fewer), CHOSEN[:4]), again, QUESTION)


def test_pickles_and_files_hold_the_catalogue_as_plain_data(frame, tmp_path):
    model = of_films(frame).fit(frame(ASKED), CHOSEN)
    data = pickle.dumps(model)
    assert_public(data)
    assert b"polars" not in data.replace(b"\x06polars", b"")
    save_model(model, tmp_path / "films")
    save_model(model, tmp_path / "trusted.skops")
    for again in (
        pickle.loads(data),
        load_model(tmp_path / "films"),
        load_model(tmp_path / "trusted.skops"),
    ):
        assert type(again.catalogue) is frame
        assert_same_answers(again, model, QUESTION)
        assert_same_answers(clone(again).fit(frame(ASKED), CHOSEN), model, QUESTION)


@pytest.mark.parametrize("classifier", WORDS)
def test_batches_give_the_same_model(frame, classifier):
    rows = frame(ASKED | {"title": CHOSEN})
    batches = [rows[:3], rows[3:4], rows[4:]]
    model = fit_batches(of_films(frame, classifier=classifier), batches, "title")
    whole = of_films(frame, classifier=classifier).fit(frame(ASKED), CHOSEN)
    assert_same_answers(model, whole, frame(ASKED)[:6])
    np.testing.assert_array_equal(model.feature_names_in_, whole.feature_names_in_)
    assert_same_answers(update(model, QUESTION, ["Heat"]), update(whole, QUESTION, ["Heat"]), QUESTION)


@pytest.mark.parametrize("word", WORDS)
def test_a_compiled_recommender_answers_the_same(frame, word):
    model = of_films(frame, classifier=word).fit(frame(ASKED), CHOSEN)
    compiled = compile_recommender(model)
    for question in (QUESTION, {"year": 1960}, {"studio": "MGM", "genres": ["Crime", "Western"]}):
        labels, scores = recommend(model, question, 6)
        mine, my_scores = compiled.recommend(question, 6)
        assert mine == labels[0].tolist()
        np.testing.assert_allclose(my_scores, scores[0], rtol=1e-12)
        reasons = explain(model, question, mine[0])
        assert compiled.explain(question, mine[0]) == reasons
        assert sum(reasons.values()) == pytest.approx(scores[0, 0])


def test_a_cluster_gives_the_same_model():
    import dask
    import dask.dataframe as dd

    with dask.config.set({"dataframe.convert-string": False}):  # lists stay lists
        rows = dd.from_pandas(pd.DataFrame(ASKED | {"title": CHOSEN}), npartitions=3)
    model = fit_dask(of_films(pl.DataFrame), rows, "title", client="synchronous")
    whole = of_films(pl.DataFrame).fit(pd.DataFrame(ASKED), CHOSEN)
    assert_same_answers(model, whole, QUESTION)
    nothing = rows[["person"]].assign(year=None, studio=None, genres=None)
    with pytest.warns(UnknownQuestionWarning):
        found = recommend_dask(model, nothing, 2).compute(scheduler="synchronous")
    assert found["label_1"].tolist() == ["Clue"] * 8


def test_an_update_describes_a_new_film(frame):
    model = of_films(frame).fit(frame(ASKED), CHOSEN)
    shark = {"genres": ["Horror"], "year": 1975, "studio": "Universal"}
    assert update(model, shark, ["Jaws"], describes=[True]) is model
    assert recommend(model, shark, 1)[0].tolist() == [["Jaws"]]
    assert model[-1].class_count_.tolist()[4] == 0  # no choice
    other = of_films(frame, classifier="complement").fit(frame(ASKED), CHOSEN)
    with pytest.raises(TypeError, match="'describes' parameter of update must be None.*is a ComplementNB"):
        update(other, shark, ["Jaws"], describes=[True])


def test_bins_that_are_found_need_all_rows_at_once(frame):
    model = recommender(numbers="year", catalogue=frame(FILMS), label="title")
    with pytest.raises(TypeError, match="BinEncoder cannot be fitted batch by batch.*BinEncoder with given"):
        fit_batches(model, [frame(ASKED | {"title": CHOSEN})], "title")
    names = model.fit(frame(ASKED), CHOSEN)[0].get_feature_names_out()
    assert names[0] == "year=1978 or less"  # 1960, 1975, then 1979: a tenth of twelve films and questions


def test_a_column_that_the_catalogue_lacks_describes_nothing(frame):
    asked = frame(ASKED | {"age": [20, 30, None, 40, 50, 60, 70, 80], "mood": list("aabbccdd")})
    model = of_films(frame)
    more = recommender(
        categories=["studio", "mood"],
        lists="genres",
        numbers={"year": [1970, 1980, 1990], "age": [30]},
        catalogue=frame(FILMS),
        label="title",
    ).fit(asked, CHOSEN)
    names = more[0].get_feature_names_out()
    described = more[-1].described_[:, [not name.startswith(("mood", "age")) for name in names]]
    np.testing.assert_array_equal(described, model.fit(frame(ASKED), CHOSEN)[-1].described_)
    assert more[-1].described_.sum() == described.sum()


def test_labels_that_are_numbers_stay_exact(frame):
    titles = [2**60 + i for i in range(6)]
    model = recommender(lists="genres", catalogue=frame(FILMS | {"title": titles}), label="title")
    model.fit(frame(ASKED), [titles[FILMS["title"].index(film)] for film in CHOSEN])
    assert model.classes_.tolist() == titles


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({}, ValueError, "recommender requires at least one column"),
        (
            {"lists": "a", "numbers": ["a"]},
            ValueError,
            "can be given to recommender only once.*Got 'a' twice",
        ),
        ({"lists": ["a", "b", "a"]}, ValueError, "Got 'a' twice"),
        ({"lists": [3]}, TypeError, r"'lists' parameter of recommender must contain column names.*Got \[3\]"),
        ({"categories": "a__b"}, TypeError, "'categories' parameter.*without '__'. Got 'a__b'"),
        ({"lists": "a", "label": "title"}, ValueError, "must be given together. 'catalogue' is missing"),
        ({"lists": "a", "catalogue": {}}, ValueError, "must be given together. 'label' is missing"),
        ({"lists": "a", "weights": {"a": 2}}, ValueError, "'weights' parameter.*None for a CatalogueNB"),
        (
            {"lists": "a", "weights": {"b": 2}, "classifier": "complement"},
            ValueError,
            "'weights' parameter of recommender must be among 'a'. Got 'b'",
        ),
        (
            {"lists": "a", "classifier": CatalogueNB(groups=["x"])},
            ValueError,
            r"must be a CatalogueNB without 'groups', because fit sets them. Got groups=\['x'\]",
        ),
        ({"lists": "a", "classifier": "naive"}, ValueError, "one of 'catalogue', .*Got 'naive' instead"),
    ],
)
def test_settings_that_are_refused(settings, error, message):
    with pytest.raises(error, match=message):
        recommender(**settings)


def test_weights_multiply_the_features(frame):
    plain = recommender(categories="budget", lists="gameplay_types", classifier="complement")
    heavy = recommender(
        categories="budget", lists="gameplay_types", classifier="complement", weights={"budget": 4.0}
    )
    for model in (plain, heavy):
        model.fit(frame(GAMES), TITLES)
    difference = heavy[0].transform(frame(GAMES)) - plain[0].transform(frame(GAMES))
    assert sorted(set(difference.toarray().ravel())) == [0.0, 3.0]


def test_rows_that_are_refused(frame):
    model = recommender(lists="genre", catalogue=frame(FILMS), label="title")
    with pytest.raises(ValueError, match=r"X must have the column 'genre'. Did you mean 'genres'\?"):
        model.fit(frame(ASKED), CHOSEN)
    with pytest.raises(
        ValueError, match="catalogue must have at least one of the columns 'genre'. Got 'title'"
    ):
        model.fit(frame({"genre": ASKED["genres"]}), CHOSEN)
    with pytest.raises(
        TypeError, match="'X' parameter of fit must be a pandas or polars data frame. Got a list"
    ):
        model.fit([[1]], ["a"])
    model = recommender(lists="genres", catalogue=frame(FILMS), label="name")
    with pytest.raises(ValueError, match="The catalogue must have the column 'name'"):
        model.fit(frame(ASKED), CHOSEN)
    model = recommender(lists="genres", catalogue=[1], label="title")
    with pytest.raises(TypeError, match="The catalogue must be a pandas or polars data frame. Got a list"):
        model.fit(frame(ASKED), CHOSEN)


def test_types_that_differ():
    films = pl.DataFrame({"title": ["a"], "year": ["old"]})
    model = recommender(numbers="year", catalogue=films, label="title")
    with pytest.raises(ValueError, match="same types as those of X. The types differ for 'year'"):
        model.fit(pl.DataFrame({"year": [[1]]}), ["a"])


def test_a_given_classifier_is_copied():
    games = pd.DataFrame({"budget": ["cheap", "premium"], "gameplay_types": [["Puzzle"], ["Racing"]]})
    classifier = CatalogueNB()
    for _ in range(2):
        model = game_recommender(classifier=classifier).fit(games, ["Tetris", "Pole Position"])
        assert model[-1] is not classifier
    assert classifier.groups is None
    assert not hasattr(classifier, "classes_")
