"""Compiled recommenders of any columns: several in one step, numbers scaled or in bins, lists, nested pipelines."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from estimators import CatalogueNB, ComplementNB, MultiHotEncoder, OneHotEncoder
from pipelines import compile_recommender, explain, recommend, recommender
from tests.effort import effort

# What these warnings say is tested in test_serving_unknown.py
pytestmark = pytest.mark.filterwarnings(
    "ignore:The query contains no", "ignore:The '(exclude|candidates)' parameter"
)

DECADES, RATINGS, GENRES = ["1980s", "1990s", "2000s"], ["G", "PG", "R"], ["Crime", "Drama", "War", "Western"]
RULES = {"handle_unknown": "ignore", "missing": "ignore", "feature_name_combiner": "equals"}
BINS = {"n_bins": 4, "quantile_method": "averaged_inverted_cdf"}


def films(n=60, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "decade": rng.choice(DECADES, n),
            "mpaa": rng.choice(RATINGS, n),
            "genres": [rng.choice(GENRES, rng.integers(0, 3), replace=False).tolist() for _ in range(n)],
            "seen": [rng.choice(n, rng.integers(0, 4), replace=False).tolist() for _ in range(n)],
            "year": rng.integers(1950, 2020, n),
            "length": np.round(rng.normal(100, 20, n), 1),
            "score": np.where(rng.random(n) < 0.2, np.nan, rng.random(n)),
        }
    )


def fitted(steps, classifier=None, n_labels=6, **options):
    """Return a Pipeline of these steps and a classifier, fitted on films."""
    frame = films()
    encode = ColumnTransformer(steps, **options)
    model = make_pipeline(encode, LogisticRegression() if classifier is None else classifier)
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of the search, of narrow bins
        return model.fit(frame, np.arange(len(frame)) % n_labels)


def answer(ask, *args, **options):
    """Return an answer as plain values, or the error."""
    try:
        labels, scores = ask(*args, **options)
    except Exception as error:
        return type(error), str(error)
    return np.asarray(labels).ravel().tolist(), np.asarray(scores).ravel().tolist()


def assert_alike(compiled, model, question, k=6):
    """Compare labels and scores, and the reasons for the best label; or what both raise."""
    mine, expected = answer(compiled.recommend, question, k), answer(recommend, model, question, k)
    if isinstance(mine[1], str) or isinstance(expected[1], str):
        assert mine == expected
        return
    np.testing.assert_allclose(mine[1], expected[1], rtol=1e-12, atol=1e-12)
    is_close = np.isclose(expected[1][:-1], expected[1][1:], rtol=1e-12, atol=1e-12)
    assert mine[0] == expected[0] or is_close.any()
    label = mine[0][0]
    assert compiled.explain(question, label) == explain(model, question, label)
    assert sum(compiled.explain(question, label).values()) == pytest.approx(mine[1][0], rel=1e-12, abs=1e-12)


WORDS = ("words", OneHotEncoder(**RULES), ["decade", "mpaa"])
LISTS = ("lists", MultiHotEncoder(**RULES), ["genres", "seen"])
NUMBERS = ["year", "length"]
FILLED = make_pipeline(SimpleImputer(), StandardScaler())
STEPS = {
    "categories": [WORDS],
    "lists": [LISTS],
    "standardised": [WORDS, ("n", StandardScaler(), NUMBERS), LISTS],
    "only divided": [("n", StandardScaler(with_mean=False), NUMBERS), WORDS],
    "only centred": [("n", StandardScaler(with_std=False), NUMBERS), WORDS],
    "to a range": [("n", MinMaxScaler((-1, 2)), NUMBERS), WORDS],
    "clipped": [("n", MinMaxScaler(clip=True), NUMBERS), WORDS],
    "by the largest": [("n", MaxAbsScaler(), NUMBERS), WORDS],
    "by quantiles": [("n", RobustScaler(), NUMBERS), WORDS],
    "binned": [WORDS, ("n", KBinsDiscretizer(**BINS), NUMBERS)],
    "binned, dense": [("n", KBinsDiscretizer(**BINS, encode="onehot-dense"), NUMBERS), LISTS],
    "ordinal bins": [("n", KBinsDiscretizer(**BINS, encode="ordinal"), NUMBERS), LISTS],
    "as they are": [WORDS, ("n", "passthrough", NUMBERS), ("nothing", "drop", ["score"])],
    "imputed": [("n", FILLED, [*NUMBERS, "score"]), WORDS],
    "imputed and binned": [
        ("n", make_pipeline(SimpleImputer(strategy="median"), KBinsDiscretizer(**BINS)), ["score"]),
        WORDS,
    ],
    "nested": [("w", Pipeline([("same", "passthrough"), ("in", make_pipeline(OneHotEncoder()))]), ["mpaa"])],
    "nothing chosen": [WORDS, ("none", StandardScaler(), [])],
}
NUMBER = st.one_of(
    st.floats(-1e6, 1e6),
    st.floats(),
    st.integers(1900, 2030),
    st.sampled_from(
        [None, True, "1990", "late", 10**400, 2**60 + 1, np.int64(1990), np.float32(0.1), [1990]]
    ),
)
WORD = st.sampled_from([*DECADES, *RATINGS, "Chess", "", None, float("nan"), 7])
LIST = (
    st.lists(st.sampled_from([*GENRES, "Opera", 3, 5, 99, None]), max_size=4) | st.none() | st.just("Drama")
)
QUESTIONS = st.fixed_dictionaries(
    {"year": st.integers(1900, 2030), "length": st.floats(40, 250)},
    optional={"decade": WORD, "mpaa": WORD, "genres": LIST, "seen": LIST, "score": st.floats(0, 1)},
)
ODD_QUESTIONS = st.fixed_dictionaries(
    {}, optional={"decade": WORD, "genres": LIST, "year": NUMBER, "length": NUMBER, "score": NUMBER}
)


@pytest.mark.parametrize("name", STEPS)
@settings(max_examples=effort(100, 6))
@given(data=st.data())
def test_columns_of_all_kinds(name, data):
    steps = [step for step, *_ in STEPS[name]]
    weight = st.sampled_from([0.0, 0.3, 2, np.float32(0.7), -1.5])
    weights = data.draw(st.none() | st.dictionaries(st.sampled_from(steps), weight))
    model = fitted(STEPS[name], transformer_weights=weights)
    compiled = compile_recommender(model)
    for question in data.draw(st.lists(QUESTIONS | ODD_QUESTIONS, min_size=1, max_size=4)):
        assert_alike(compiled, model, question)


@pytest.mark.parametrize("classifier", [ComplementNB(), CatalogueNB()], ids=repr)
@pytest.mark.parametrize("name", ["categories", "lists", "binned", "imputed and binned", "clipped"])
def test_naive_bayes_to_the_last_bit(name, classifier):
    model = fitted(STEPS[name], classifier, n_labels=30)
    compiled = compile_recommender(model)
    for row in films(20, seed=1).to_dict("records"):
        labels, scores = compiled.recommend(row, 30)
        expected = recommend(model, row, 30)
        assert (labels, scores) == (expected[0][0].tolist(), expected[1][0].tolist())


@pytest.mark.parametrize("classifier", [None, "complement", "bernoulli", LogisticRegression()], ids=str)
def test_a_recommender_of_all_kinds_of_columns(classifier):
    rows, titles = films(80), [f"film {i % 10}" for i in range(80)]
    rows["seen"] = [[f"film {i % 10}" for i in seen] for seen in rows["seen"]]
    model = recommender(
        categories=["decade", "mpaa"],
        lists="genres",
        numbers={"year": [1970, 1990], "length": [90.5, 120.0]},
        history="seen",
        classifier=classifier,
        catalogue=rows[:10].assign(title=titles[:10]).drop(columns="seen"),
        label="title",
    )
    model.fit(rows, titles)
    compiled = compile_recommender(model)
    assert compiled.categories_["year"] == ("1969 or less", "1970 to 1989", "1990 or more")
    for question in [*films(10, seed=1).drop(columns="seen").to_dict("records"), {"seen": ["film 3"]}, {}]:
        assert_alike(compiled, model, question)


@pytest.mark.parametrize("name", ["clipped", "standardised", "binned", "ordinal bins", "imputed"])
@pytest.mark.parametrize("year", [np.inf, -np.inf, np.nan, None, 1e308], ids=str)
def test_numbers_that_the_transformers_or_the_classifier_refuse(name, year):
    model = fitted(STEPS[name])
    assert_alike(compile_recommender(model), model, {"year": year, "length": 100.0, "score": 0.5})


def test_what_a_menu_needs():
    model = fitted([*STEPS["standardised"], ("bins", KBinsDiscretizer(**BINS), ["year"])])
    compiled = compile_recommender(model)
    assert list(compiled.categories_) == ["decade", "mpaa", "year", "length", "genres", "seen"]
    assert compiled.categories_["decade"] == tuple(DECADES)
    assert compiled.categories_["year"] == ()
    assert (
        repr(compiled) == "CompiledRecommender(6 labels, columns: decade, mpaa, year, length, genres, seen)"
    )


def test_a_column_in_two_steps_has_its_categories_once():
    steps = [("as", MultiHotEncoder(**RULES), ["year"]), ("n", StandardScaler(), ["year"])]
    for ordered in (steps, steps[::-1]):
        compiled = compile_recommender(fitted(ordered))
        assert set(compiled.categories_["year"]) == set(films()["year"])


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("yaer", " Did you mean 'year'?"),
        ("Genres", " Did you mean 'genres'?"),
        ("title", ""),
        (7, ""),
        (None, ""),
    ],
)
def test_a_key_that_is_no_column(key, hint):
    model = fitted(STEPS["standardised"])
    compiled, question = compile_recommender(model), {"year": 1990, "length": 90.0, key: "x"}
    mine = answer(compiled.recommend, question)
    columns = "'decade', 'mpaa', 'genres', 'seen', 'year', 'length', 'score'"
    expected = f"The keys of a query must be among the columns {columns}. "
    assert mine == (ValueError, f"{expected}Got {key!r} instead.{hint}")
    assert mine == answer(recommend, model, question)
    assert mine == answer(recommend, model, [{"year": 1990, "length": 1}, question])
    for ask in (compiled.explain, lambda *asked: explain(model, *asked)):
        with pytest.raises(ValueError, match=r"Got .* instead"):
            ask(question, 0)


def test_columns_that_no_step_reads_may_be_asked():
    model = fitted(STEPS["categories"])
    question = {"decade": "1990s", "length": 100.0}
    assert compile_recommender(model).recommend(question) == compile_recommender(model).recommend(
        {"decade": "1990s"}
    )
    assert_alike(compile_recommender(model), model, question)


@pytest.mark.parametrize(
    ("step", "named"),
    [
        (SimpleImputer(strategy="most_frequent"), "SimpleImputer from sklearn"),
        (SimpleImputer(add_indicator=True), "SimpleImputer from sklearn"),
        (SimpleImputer(missing_values=0), "SimpleImputer from sklearn"),
        (KBinsDiscretizer(**BINS, dtype=np.float32), "KBinsDiscretizer from sklearn"),
        (
            make_pipeline(KBinsDiscretizer(**BINS), MaxAbsScaler()),
            "Pipeline of KBinsDiscretizer from sklearn and MaxAbsScaler from sklearn",
        ),
    ],
    ids=str,
)
def test_number_columns_that_cannot_be_compiled(step, named):
    model = fitted([WORDS, ("age", step, ["year"])])
    with pytest.raises(
        TypeError, match=rf"Got step 'age', {named} for \['year'\], instead\. For other models"
    ):
        compile_recommender(model)


def test_a_column_that_an_imputer_drops():
    frame = films().assign(empty=np.nan)
    encode = ColumnTransformer([("n", SimpleImputer(), ["empty", "year"])])
    with pytest.warns(UserWarning, match="Skipping features without any observed values"):
        model = make_pipeline(encode, LogisticRegression()).fit(frame, np.arange(60) % 2)
    with pytest.raises(TypeError, match="step 'n'"):
        compile_recommender(model)
