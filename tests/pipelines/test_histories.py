"""Recommendations to people with a history: training rows, exclusion of what they have had, accuracy."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import Pipeline

from pipelines import (
    UnknownQuestionWarning,
    fit_batches,
    game_recommender,
    hit_rate_scorer,
    leave_one_out,
    recommend,
    recommender,
)
from tests.pipelines.films import FILMS
from tests.pipelines.games import GAMES, TITLES

SEEN = {
    "person": ["Ann", "Ben", "Ann", "Ben", "Ann", "Cy", "Ben"],
    "film": ["Alien", "Clue", "Heat", "Heat", "Alien", "Psycho", "Alien"],
    "stars": [5, 4, 3, 5, 5, 2, 1],
}
BY_HAND = [
    ["Heat"],  # Ann saw Alien twice
    ["Heat", "Alien"],
    ["Alien"],
    ["Clue", "Alien"],
    ["Heat"],
    [],
    ["Clue", "Heat"],
]


def column(frame, name):
    return frame[name].to_list()


def test_rows_by_hand(frame):
    seen = frame(SEEN)
    rows = leave_one_out(seen, "person", "film")
    assert type(rows) is frame
    assert list(rows.columns) == ["person", "film", "stars", "history"]
    assert column(rows, "history") == BY_HAND
    for name, cells in SEEN.items():
        assert column(rows, name) == cells
    assert "history" not in seen.columns


def test_an_index_stays_and_lazy_frames_are_read():
    seen = pd.DataFrame(SEEN, index=list("gfedcba"))
    assert leave_one_out(seen, "person", "film").index.tolist() == list("gfedcba")
    assert leave_one_out(pl.LazyFrame(SEEN), "person", "film", history="seen")["seen"].to_list() == BY_HAND


def test_items_that_are_numbers(frame):
    rows = leave_one_out(frame({"user": [1, 1, 2], "item": [2**60, 2**60 + 1, 7]}), "user", "item")
    assert column(rows, "history") == [[2**60 + 1], [2**60], []]
    model = recommender(history="history").fit(rows, column(rows, "item"))
    labels, _ = recommend(model, {"history": [2**60]}, 3, exclude_history=True)
    assert labels.tolist() == [[2**60 + 1, 7]]


@pytest.mark.parametrize(
    ("seen", "names", "message"),
    [
        (SEEN, ("persn", "film"), r"must have the column 'persn'. Did you mean 'person'\?"),
        (SEEN, ("person", "stars", "film"), "'history' parameter of leave_one_out must be the name of a new"),
        (
            {"person": ["a", None], "film": ["x", "y"]},
            ("person", "film"),
            "'person' must not contain missing",
        ),
        ({"person": ["a", "b"], "film": ["x", None]}, ("person", "film"), "'film' must not contain missing"),
    ],
)
def test_what_leave_one_out_refuses(frame, seen, names, message):
    with pytest.raises(ValueError, match=message):
        leave_one_out(frame(seen), *names[:2], **({"history": names[2]} if len(names) > 2 else {}))


def test_leave_one_out_needs_a_frame():
    with pytest.raises(TypeError, match="'frame' parameter of leave_one_out must be a pandas or polars"):
        leave_one_out([["Ann", "Alien"]], "person", "film")


def made_people(n_people=120, n_items=40, n_had=8):
    """People of two tastes, who choose most of their items from one half of them."""
    rng = np.random.default_rng(0)
    taste = np.arange(n_people) % 2
    items = [
        rng.choice(n_items, n_had, replace=False, p=np.where(np.arange(n_items) % 2 == t, 0.045, 0.005))
        for t in taste
    ]
    people = np.repeat(np.arange(n_people), n_had)
    return {"person": people.tolist(), "item": [f"item {i:02}" for i in np.concatenate(items)]}


@pytest.mark.parametrize("classifier", ["catalogue", "complement", "multinomial", "bernoulli"])
def test_nothing_that_a_person_had_is_recommended(frame, classifier):
    rows = leave_one_out(frame(made_people()), "person", "item")
    model = recommender(history="history", classifier=classifier).fit(rows, rows["item"])
    had = column(rows, "history")
    for X in (rows, [{"history": items} for items in had], rows[["history"]]):
        labels, _ = recommend(model, X, 10, exclude_history=True)
        assert labels.shape == (len(had), 10)
        assert not any(set(row) & set(items) for row, items in zip(labels.tolist(), had, strict=True))
    first = [column(rows, "item")[0]]
    labels, _ = recommend(model, rows, 40, exclude=first, exclude_history=True)
    assert first[0] not in labels
    assert not any(set(row) & set(items) for row, items in zip(labels.tolist(), had, strict=True))


def test_histories_tell_tastes(frame):
    """At least 3 of 4 recommendations are of the person's half. By popularity it is half of them."""
    rows = leave_one_out(frame(made_people()), "person", "item")
    model = recommender(history="history").fit(rows, rows["item"])
    for taste in (0, 1):
        history = [f"item {i:02}" for i in range(taste, 10, 2)]
        labels, _ = recommend(model, {"history": history}, 8, exclude_history=True)
        assert np.mean([int(label[-2:]) % 2 == taste for label in labels[0]]) >= 0.75


def test_histories_in_cross_validation_searches_and_batches(frame):
    data = made_people(40)
    rows = leave_one_out(frame(data), "person", "item")
    model, groups = recommender(history="history"), data["person"]
    scores = cross_val_score(
        model, rows, rows["item"], groups=groups, cv=GroupKFold(4), scoring=hit_rate_scorer(10)
    )
    assert scores.min() > 0.25  # the share of a list of 10 in 40
    search = GridSearchCV(model, {"classify__weight": [0.2, 0.5]}, cv=GroupKFold(2))
    search.fit(rows, rows["item"], groups=groups)
    nested = Pipeline([("nothing", "passthrough"), ("model", model)]).fit(rows, rows["item"])
    batches = fit_batches(recommender(history="history"), [rows[:100], rows[100:]], "item")
    for fitted in (search, nested, batches):
        labels, _ = recommend(fitted, rows[:5], 40, exclude_history=True)
        for row, had in zip(labels.tolist(), column(rows, "history"), strict=False):
            assert not set(row) & set(had)
    expected = recommend(model.fit(rows, rows["item"]), rows, 5)
    np.testing.assert_array_equal(recommend(batches, rows, 5)[0], expected[0])


def test_a_history_beside_what_is_asked_and_a_catalogue(frame):
    rows = leave_one_out(frame(SEEN), "person", "film")
    model = recommender(lists="genres", history="history", catalogue=frame(FILMS), label="title")
    rows = frame({"history": column(rows, "history"), "genres": [None] * 7, "film": SEEN["film"]})
    if frame is pl.DataFrame:
        rows = rows.with_columns(pl.col("genres").cast(pl.List(pl.String)))
    model.fit(rows, rows["film"])
    assert not model[-1].described_[:, model[-1].groups == "history"].any()
    asked = {"genres": ["Comedy"], "history": ["Heat"]}
    assert recommend(model, asked, 1)[0].tolist() == [["Clue"]]
    asked = {"genres": ["Comedy"], "history": ["Heat", "Clue"]}
    assert recommend(model, asked, 1, exclude_history=True)[0].tolist() == [["Airplane!"]]
    with pytest.warns(UnknownQuestionWarning):
        labels, _ = recommend(model, {"history": ["Not a film"]}, 1, exclude_history=True)
    assert labels.tolist() == [["Alien"]]


def test_missing_histories_exclude_nothing(frame):
    rows = leave_one_out(frame(SEEN), "person", "film")
    model = recommender(history="history").fit(rows, rows["film"])
    with pytest.warns(UnknownQuestionWarning):
        labels, _ = recommend(model, frame({"history": [["Heat"], None]}), 9, exclude_history=True)
    assert "Heat" not in labels[0]
    assert "Heat" in labels[1]


def test_a_model_without_a_history(frame):
    model = game_recommender().fit(frame(GAMES), TITLES)
    with pytest.raises(ValueError, match="'exclude_history' parameter of recommend can be True only for"):
        recommend(model, frame(GAMES), exclude_history=True)
