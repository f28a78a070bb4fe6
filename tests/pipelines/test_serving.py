"""A compiled recommender gives the Pipeline's answers to the last bit: labels, ties, scores, reasons, errors."""

import copy
import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from functools import cache

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, PolynomialFeatures
from sklearn.preprocessing import OneHotEncoder as TheirOneHotEncoder
from sklearn.svm import SVC

from estimators import ComplementNB, MultiHotEncoder, OneHotEncoder
from examples.games.data import load_games
from examples.games.model import plain_recommender
from pipelines import (
    CompiledRecommender,
    compile_recommender,
    explain,
    game_recommender,
    recommend,
    serving,
    update,
)
from tests.effort import effort
from tests.pipelines.saved import assert_public

# What these warnings say is tested in test_serving_unknown.py
pytestmark = pytest.mark.filterwarnings(
    "ignore:The query contains no", "ignore:The '(exclude|candidates)' parameter"
)

BUDGETS = ["cheap", "premium", "standard"]
TYPES = ["Adventure", "Music", "Platform", "Puzzle", "Racing", "Sport"]
WORDS = [*BUDGETS, *TYPES, "nothing", "Chess", "", "a|b", "Puzzle|Music", "naïve\ud800"]
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
TITLES = ["Celeste", "Doom", "Gran Turismo", "Portal", "Tetris"]
ODD = [
    7,
    True,
    0.5,
    -0.0,
    10**30,
    np.nan,
    np.inf,
    pd.NA,
    pd.NaT,
    b"cheap",
    1j,
    Decimal(1),
    {},
    {"a": 1},
    np.str_("cheap"),
    np.int64(7),
    np.array(["Puzzle", "Music"]),
    np.array([]),
    np.array("cheap"),
    [["Puzzle"]],
    ["Puzzle", ["Music"]],
    ["Puzzle", np.nan, 3],
    ["Puzzle", np.inf],
    range(3),
    object(),
    frozenset({"Puzzle", "Chess"}),
    pd.Timestamp("2026-01-01"),
    pd.Series(["Puzzle"]),
]


def answer(ask, *args, **kwargs):
    """Return an answer as plain values, or the error."""
    try:
        return ask(*args, **kwargs)
    except Exception as error:
        return type(error), str(error)


def by_the_pipeline(model, question, k=5, **kwargs):
    labels, scores = recommend(model, question, k, **kwargs)
    return labels[0].tolist(), scores[0].tolist()


def assert_same(compiled, model, question, k=5, **kwargs):
    """Compare labels, scores (and signs of zero) and reasons, or what both raise."""
    mine, theirs = (
        answer(compiled.recommend, question, k, **kwargs),
        answer(by_the_pipeline, model, question, k, **kwargs),
    )
    assert mine == theirs
    assert repr(mine[1]) == repr(theirs[1])
    for label in (mine[0] if isinstance(mine[0], list) else compiled.classes_)[:2]:
        reasons = answer(compiled.explain, question, label)
        assert repr(reasons) == repr(answer(explain, model, question, label))


def random_games(rng, n, shared):
    types = [rng.choice(TYPES, rng.integers(1, 4), replace=False).tolist() for _ in range(n)]
    frame = pd.DataFrame({"budget": rng.choice(BUDGETS, n), "gameplay_types": types, "year": 1999})
    return frame, [f"game {i % shared}" for i in range(n)]


@st.composite
def rules(draw):
    """Draw the parameters that say what becomes of unknown, missing and infrequent categories."""
    return {
        "handle_unknown": draw(st.sampled_from(["error", "ignore", "infrequent_if_exist", "warn", "other"])),
        "missing": draw(st.sampled_from(["category", "ignore", "unknown"])),
        "min_frequency": draw(st.sampled_from([None, None, 2, 0.3])),
        "max_categories": draw(st.sampled_from([None, None, 1, 2])),
        "feature_name_combiner": draw(st.sampled_from(["concat", "equals"])),
    }


@st.composite
def recommenders(draw):
    """Draw a fitted model: encoders' rules, weights, classifier, catalogue, and perhaps later games."""
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    games, titles = random_games(rng, n := draw(st.integers(1, 40)), draw(st.integers(1, n)))
    separator = draw(st.sampled_from([None, "|"]))
    if separator:
        games["gameplay_types"] = ["|".join(types) for types in games["gameplay_types"]]
    dtype = draw(st.sampled_from([np.float64, np.float32, np.int8]))
    encoders = {"sparse_output": draw(st.booleans()), "dtype": dtype}
    budget_rules, types_rules = draw(rules()), draw(rules())
    if (budget_rules["handle_unknown"], budget_rules["missing"]) != ("error", "unknown") and draw(
        st.booleans()
    ):
        games.loc[rng.random(n) < 0.3, "budget"] = None
        games["budget"] = games["budget"].astype(draw(st.sampled_from(["str", object])))
    huge = 1e30 if dtype is np.float32 else 1e301
    weight = st.sampled_from([0.0, 0.3, 1, 1.7, np.float64(0.1), np.float32(0.7), huge])
    more = draw(st.lists(st.sampled_from(["game 0", "game 1b", "a new one", "zz"]), max_size=2))
    prior = None if set(titles + more) != {"game 0"} else draw(st.sampled_from([None, [0.3]]))
    model = game_recommender(
        budget_encoder=OneHotEncoder(
            **budget_rules, drop=draw(st.sampled_from([None, None, "first", "if_binary"])), **encoders
        ),
        types_encoder=MultiHotEncoder(**types_rules, separator=separator, **encoders),
        weights=draw(
            st.none() | st.fixed_dictionaries({}, optional={"budget": weight, "gameplay_types": weight})
        ),
        classifier=ComplementNB(
            alpha=draw(st.sampled_from([0.0, 0.1, 1.0])),
            norm=draw(st.booleans()),
            fit_prior=draw(st.booleans()),
            class_prior=prior,
            new_classes="add",
        ),
    )
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of unknown and missing cells
        # A ColumnTransformer refuses sparse columns of width 0.
        budget = clone(model["encode"].transformers[0][1]).fit(games[["budget"]])
        assume(len(budget.get_feature_names_out()) > 0)
        model.fit(games, titles)
        for title in more:
            update(model, games[:1], [title])
    return model


WORD = st.sampled_from(WORDS) | st.none()
LISTS = st.lists(WORD, max_size=4)
CELLS = WORD | LISTS | LISTS.map(tuple) | st.sets(WORD, max_size=3) | st.sampled_from(ODD)
PROPER = st.fixed_dictionaries({}, optional={"budget": WORD, "gameplay_types": LISTS})
SHAPES = st.fixed_dictionaries({}, optional={"budget": CELLS, "gameplay_types": CELLS, "colour": CELLS})
NAMES = st.sampled_from([f"game {i}" for i in range(40)] + ["a new one", "unknown to the model", 7, None])
LABELS = st.lists(NAMES, max_size=12) | st.sets(NAMES, max_size=12) | st.tuples(st.sets(NAMES, max_size=5))


@settings(max_examples=effort(150, 30))
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # of the weight 1e301
@given(recommenders(), st.lists(PROPER | SHAPES, min_size=1, max_size=4), st.integers(1, 60), st.data())
def test_every_answer_is_the_pipelines(model, questions, k, data):
    compiled = compile_recommender(model)
    for question in questions:
        assert_same(compiled, model, question, k)
        options = {"exclude": data.draw(LABELS), "candidates": data.draw(st.none() | LABELS)}
        assert_same(compiled, model, question, k, **options)


@settings(max_examples=effort(150, 30))
@given(st.text(max_size=4) | st.integers() | st.floats() | st.booleans(), st.data())
def test_any_plain_value_is_read_as_the_encoders_read_it(value, data):
    known = [1, 2.5, 0, 10**20, "1", "a"]
    encoders = {
        "budget_encoder": OneHotEncoder(
            categories=[known], handle_unknown=data.draw(st.sampled_from(["ignore", "other"]))
        ),
        "types_encoder": MultiHotEncoder(categories=[known], handle_unknown="other"),
    }
    frame = pd.DataFrame({"budget": pd.Series([1, "a"], dtype=object), "gameplay_types": [[1, "a"], [2.5]]})
    model = game_recommender(**encoders).fit(frame, ["one", "two"])
    compiled = compile_recommender(model)
    cells = [
        value,
        data.draw(st.lists(st.just(value) | st.sampled_from([*known, None, True, -0.0, 1.0]), max_size=4)),
    ]
    for cell in cells:
        assert_same(compiled, model, {"budget": value, "gameplay_types": cell})


@cache
def fitted_and_compiled(rule, separator):
    games = dict(GAMES)
    if separator:
        games["gameplay_types"] = ["|".join(types) for types in GAMES["gameplay_types"]]
    model = game_recommender(
        budget_encoder=OneHotEncoder(handle_unknown=rule),
        types_encoder=MultiHotEncoder(handle_unknown=rule, separator=separator),
    ).fit(pd.DataFrame(games), TITLES)
    return model, compile_recommender(model)


@pytest.mark.parametrize("rule", ["error", "ignore", "other"])
@pytest.mark.parametrize("separator", [None, "|"])
@pytest.mark.parametrize(
    "odd",
    [*ODD, "Chess", "Puzzle", "", [], (), [None], ["Puzzle", "Puzzel"]],
    ids=lambda odd: type(odd).__name__,  # the repr of an object holds its address
)
def test_cells_of_every_kind_in_both_columns(rule, separator, odd):
    model, compiled = fitted_and_compiled(rule, separator)
    good = "Puzzle" if separator else ["Puzzle"]
    assert_same(compiled, model, {"budget": odd, "gameplay_types": good})
    assert_same(compiled, model, {"budget": "cheap", "gameplay_types": odd})


def test_an_empty_piece_is_missing_even_where_the_empty_string_is_a_category():
    known = MultiHotEncoder(
        categories=[["", "Puzzle"]], separator="|", handle_unknown="ignore", feature_name_combiner="equals"
    )
    model = game_recommender(types_encoder=known)
    model.fit(pd.DataFrame({"budget": ["cheap"] * 2, "gameplay_types": ["Puzzle", "Chess"]}), ["one", "two"])
    compiled = compile_recommender(model)
    assert set(compiled.explain({"gameplay_types": "|Puzzle|"}, "one")) == {
        "gameplay_types=Puzzle",
        "(prior)",
    }
    assert_same(compiled, model, {"gameplay_types": ""})
    assert_same(compiled, model, {"gameplay_types": "Puzzle|"})


@pytest.fixture(scope="module")
def tavern():
    return plain_recommender(games := load_games()).fit(games[:0], []).recommender_


def test_the_taverns_catalogue_with_all_its_types(tavern):
    compiled, rng = compile_recommender(tavern), np.random.default_rng(0)
    budgets, types = (list(known) for known in compiled.categories_.values())
    for _ in range(effort(60, 20)):
        question = {"budget": str(rng.choice(budgets)), "gameplay_types": rng.choice(types, 3).tolist()}
        out = rng.choice(compiled.classes_, 80).tolist()
        assert_same(compiled, tavern, question, 20)
        assert_same(compiled, tavern, question, 20, exclude=out)
        assert_same(compiled, tavern, question, 20, candidates=out)


@pytest.mark.parametrize("dense", [1 << 22, 0], ids=["dense table", "sparse table"])
def test_a_large_catalogue(dense, monkeypatch):
    monkeypatch.setattr("estimators._bayes.scores.MAX_DENSE_TABLE", dense)
    rng = np.random.default_rng(1)
    games, _ = random_games(rng, 6000, 1)
    games["gameplay_types"] = [[f"{t} {rng.integers(9)}" for t in types] for types in games["gameplay_types"]]
    model = game_recommender(classifier="complement", weights={"budget": 0.3}).fit(games, np.arange(6000))
    compiled = compile_recommender(model)
    for types in (["Puzzle 1"], ["Puzzle 1", "Racing 3", "Music 0"], [], None):
        question = {"budget": "cheap", "gameplay_types": types}
        best = compiled.recommend(question, 2000)[0]
        for k in (1, 10, 300):
            assert_same(compiled, model, question, k)
            for n_out in (serving.MAX_EXCLUDED, serving.MAX_EXCLUDED + 1, 1500):
                assert_same(compiled, model, question, k, exclude=best[:n_out])
            assert_same(compiled, model, question, k, candidates=best[::7], exclude=best[:70])


def test_the_snapshot_outlives_updates_and_refits():
    games, question = pd.DataFrame(GAMES), {"budget": "cheap", "gameplay_types": ["Puzzle"]}
    model = game_recommender(classifier="complement", weights={"budget": 2.0}).fit(games, TITLES)
    before, compiled = copy.deepcopy(model), compile_recommender(model)
    update(model, [question, {}], ["Baba Is You", "Tetris"])
    model[0].transformers_[0][1].partial_fit(games[["budget"]].replace("cheap", "free"))
    model[0].transformers_[1][1].set_params(handle_unknown="other")
    model[0].transformer_weights["budget"] = 9.0
    for asked in (question, {"budget": "free", "gameplay_types": ["Chess", np.nan]}, {}):
        assert_same(compiled, before, asked)
    model.fit(games[:2], TITLES[:2])
    assert_same(compiled, before, question)
    assert compiled.classes_ == tuple(TITLES)


def test_after_an_update_one_compiles_again():
    question = {"budget": "cheap", "gameplay_types": ["Puzzle"]}
    model = update(game_recommender().fit(pd.DataFrame(GAMES), TITLES), [question], ["Baba Is You"])
    compiled = compile_recommender(model)
    assert compiled.recommend(question, 1)[0] == ["Baba Is You"]
    assert_same(compiled, model, question)


def test_answers_are_plain_values(tavern):
    labels, scores = compile_recommender(tavern).recommend({}, 3, exclude=["Tetris"])
    assert {*map(type, labels), *map(type, scores)} == {str, float}
    numbered = compile_recommender(game_recommender().fit(pd.DataFrame(GAMES), np.arange(5)))
    assert [type(label) for label in numbered.recommend({}, 2)[0]] == [int, int]
    assert numbered.explain({"budget": "cheap"}, np.int64(1)) == numbered.explain({"budget": "cheap"}, 1.0)


def test_what_a_web_page_needs():
    renamed = pl.DataFrame({"price": GAMES["budget"], "kinds": GAMES["gameplay_types"], "other": [1] * 5})
    model = game_recommender(budget="price", gameplay_types="kinds").fit(renamed, TITLES)
    compiled = compile_recommender(model)
    assert isinstance(compiled, CompiledRecommender)
    assert compiled.classes_ == tuple(TITLES)
    assert compiled.n_labels == 5
    assert compiled.categories_ == {
        "price": ("cheap", "premium", "standard"),
        "kinds": ("Adventure", "Platform", "Puzzle", "Racing", "Shooter"),
    }
    assert repr(compiled) == "CompiledRecommender(5 labels, columns: price, kinds)"
    assert_same(compiled, model, {"price": "cheap", "kinds": ["Puzzle"], "other": 7})
    with pytest.raises(AttributeError):
        compiled.classes_ = ()


def test_threads_and_pickles(tavern):
    compiled = compile_recommender(tavern)
    budgets, types = (list(known) for known in compiled.categories_.values())
    questions = [{"budget": budgets[i % 3], "gameplay_types": types[i % 20 : i % 20 + 2]} for i in range(200)]
    expected = [by_the_pipeline(tavern, question) for question in questions]
    again = pickle.loads(pickle.dumps(compiled))
    for served in (compiled, again):
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(served.recommend, questions)) == expected
    assert again.explain(questions[0], "Tetris") == compiled.explain(questions[0], "Tetris")


@pytest.mark.parametrize("label", ["Dooom", None, ["Doom"], 3, float("nan"), {}, True], ids=repr)
def test_labels_that_explain_refuses(label):
    model = game_recommender().fit(pd.DataFrame(GAMES), TITLES)
    mine = answer(compile_recommender(model).explain, {"budget": "cheap"}, label)
    assert mine == answer(explain, model, {"budget": "cheap"}, label)
    assert mine[0] is ValueError


@pytest.mark.parametrize(
    "options",
    [
        {"k": 0},
        {"k": "5"},
        {"k": True},
        {"exclude": "Doom"},
        {"candidates": 3},
        {"exclude": [["Doom"], "Tetris"]},
        {"candidates": [["Doom"], ["Tetris"]]},
        {"candidates": [["Doom"]]},
        {"exclude": {"Doom": 1}},
        {"exclude": pd.DataFrame({"title": ["Doom"]})},
        {"exclude": None, "candidates": []},
        {"exclude": pd.Series(["Doom"]), "candidates": np.array(TITLES)},
        {"exclude": [{}]},
        {"k": 99},
    ],
    ids=str,
)
def test_options_are_the_pipelines(options):
    model = game_recommender().fit(pd.DataFrame(GAMES), TITLES)
    assert_same(compile_recommender(model), model, {"gameplay_types": ["Puzzle"]}, **options)


@pytest.mark.parametrize(
    "question", ["cheap", None, ["cheap"], [{"budget": "cheap"}], pd.DataFrame(GAMES)], ids=type
)
def test_a_question_is_a_dict(question):
    compiled = compile_recommender(game_recommender().fit(pd.DataFrame(GAMES), TITLES))
    with pytest.raises(
        TypeError, match=r"'question' parameter of .* must be a dict, such as {'budget': \.\.\.}\. Got"
    ):
        compiled.recommend(question)


def test_the_best_of_a_search_and_nested_pipelines():
    games, question = pd.DataFrame(GAMES), {"budget": "cheap"}
    search = GridSearchCV(game_recommender(), {"classify__weight": [0.5, 2.0]}, cv=[([*range(5)], [0, 1])])
    search.fit(games, TITLES)
    assert_same(compile_recommender(search), search, question)
    nested = Pipeline([("nothing", "passthrough"), ("inner", game_recommender())]).fit(games, TITLES)
    assert_same(compile_recommender(nested), nested, question)


def test_encoders_of_several_columns_are_compiled():
    games = pd.DataFrame(GAMES).assign(year=[1999 + k % 3 for k in range(len(TITLES))], console="PC")
    encode = ColumnTransformer(
        [
            ("words", OneHotEncoder(handle_unknown="other", drop="first"), ["console", "budget"]),
            ("lists", MultiHotEncoder(handle_unknown="ignore"), ["gameplay_types", "year"]),
        ]
    )
    model = make_pipeline(encode, ComplementNB()).fit(games, TITLES)
    compiled = compile_recommender(model)
    assert list(compiled.categories_) == ["console", "budget", "gameplay_types", "year"]
    for question in (
        {},
        {"budget": "cheap"},
        {"console": "Xbox", "year": 2000},
        {"gameplay_types": ["Puzzle"]},
    ):
        assert_same(compiled, model, question)


@pytest.mark.parametrize("missing", [None, float("nan")])
def test_no_budget_is_a_budget_of_its_own_if_the_encoder_says_so(missing):
    games = pd.DataFrame(
        {"budget": pd.Series([missing, "cheap", "cheap"], dtype=object), "gameplay_types": [["A"]] * 3}
    )
    titles = ["gift", "one", "two"]
    own = game_recommender(budget_encoder=OneHotEncoder(feature_name_combiner="equals")).fit(games, titles)
    compiled = compile_recommender(own)
    assert set(compiled.explain({"budget": missing}, "gift")) == {f"budget={missing}", "(prior)"}
    assert compiled.recommend({"budget": missing}, 1)[0] == ["gift"]
    assert_same(compiled, own, {"budget": missing})
    default = compile_recommender(game_recommender().fit(games, titles))
    assert default.explain({"budget": missing}, "gift") == pytest.approx({"(prior)": np.log(2)})


def test_what_cannot_be_compiled():
    games = pd.DataFrame(GAMES)

    places = ColumnTransformer([("budget", OneHotEncoder(), [0])])
    slices = ColumnTransformer([("budget", OneHotEncoder(), slice("budget", "budget"))])
    theirs = ColumnTransformer([("budget", TheirOneHotEncoder(), ["budget"])])
    logs = ColumnTransformer([("age", FunctionTransformer(np.log1p), ["year"])])
    nested = ColumnTransformer([("age", make_pipeline(MinMaxScaler(), PolynomialFeatures()), ["year"])])
    numbers = games[["budget"]].assign(year=1999)
    cases = [
        (
            game_recommender(classifier=KNeighborsClassifier(1)).fit(games, TITLES),
            "Got ColumnTransformer from sklearn and KNeighborsClassifier from sklearn instead",
        ),
        (game_recommender(classifier=SVC(kernel="linear")).fit(games, TITLES), "and SVC from sklearn"),
        (ComplementNB().fit(np.eye(2), [0, 1]), "Got ComplementNB from estimators"),
        (make_pipeline(OneHotEncoder(), ComplementNB()).fit(games[["budget"]], TITLES), "Got OneHotEncoder"),
        (
            make_pipeline(places, ComplementNB()).fit(games, TITLES),
            r"step 'budget', OneHotEncoder from estimators for \[0\]",
        ),
        (
            make_pipeline(slices, ComplementNB()).fit(games, TITLES),
            r"step 'budget', OneHotEncoder from estimators for slice\(",
        ),
        (
            make_pipeline(logs, ComplementNB()).fit(numbers, TITLES),
            "step 'age', FunctionTransformer from sklearn",
        ),
        (
            make_pipeline(nested, ComplementNB()).fit(numbers, TITLES),
            "step 'age', Pipeline of MinMaxScaler from sklearn and PolynomialFeatures from sklearn",
        ),
        (make_pipeline(theirs, ComplementNB()).fit(games, TITLES), "step 'budget'"),
    ]
    for model, message in cases:
        with pytest.raises(
            TypeError,
            match=f"'model' parameter of compile_recommender must be .* game_recommender returns.*{message}",
        ):
            compile_recommender(model)
    for model in (game_recommender(), Pipeline([("c", ComplementNB())])):
        with pytest.raises(NotFittedError if model.steps[1:] else TypeError):
            compile_recommender(model)


def test_models_whose_parts_do_not_fit():
    model = game_recommender().fit(pd.DataFrame(GAMES), TITLES)
    with pytest.raises(ValueError, match="weight of step 'budget' must be finite. Got nan"):
        compile_recommender(copy.deepcopy(model).set_params(encode__transformer_weights={"budget": np.nan}))
    model[0].transformers_[0][1].partial_fit(pd.DataFrame({"budget": ["free"]}))
    with pytest.raises(
        ValueError, match="encoders of this model produce 9 features, .* fitted on 8. Fit the model"
    ):
        compile_recommender(model)


def test_a_pickle_holds_public_classes_only():
    games, titles = random_games(np.random.default_rng(0), 20, 20)
    data = pickle.dumps(compile_recommender(game_recommender().fit(games, titles)))
    assert_public(data)
    question = {"budget": "cheap", "gameplay_types": ["Puzzle"]}
    compiled = compile_recommender(game_recommender().fit(games, titles))
    assert pickle.loads(data).recommend(question) == compiled.recommend(question)
