"""Dates and durations as labels: each keeps its value exactly, in every unit, or is refused."""

import datetime as dt
from contextlib import nullcontext

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.naive_bayes import MultinomialNB

from estimators import ComplementNB
from pipelines import (
    compile_recommender,
    explain,
    fit_batches,
    game_recommender,
    hit_rate_scorer,
    load_model,
    recommend,
    save_model,
    update,
)

WORDS = [["Puzzle"], ["Racing"], ["Shooter"]]
GAMES = pd.DataFrame({"budget": ["cheap"] * 3, "gameplay_types": WORDS})
NANOSECOND = np.datetime64("2020-01-01T00:00:00.000000001", "ns")
LABELS = {
    "years": np.array(["2020", "2021", "2022"], "M8[Y]"),
    "months": np.array(["2020-01", "2020-02", "2020-03"], "M8[M]"),
    "days": np.array(["2020-01-01", "2020-01-02", "2020-01-03"], "M8[D]"),
    "days that Python cannot hold": np.array(["9999-12-31", "10000-01-01", "20000-01-01"], "M8[D]"),
    "seconds": np.array(["2020-01-01", "2020-01-02", "2020-01-03"], "M8[s]"),
    "microseconds": np.array(["2020-01-01", "2020-01-02", "2020-01-03"], "M8[us]"),
    "nanoseconds": NANOSECOND + np.arange(3).astype("m8[ns]"),
    "steps of 25 picoseconds": np.array([1, 2, 3], "M8[25ps]"),
    "durations in months": np.array([1, 2, 3], "m8[M]"),
    "durations in days": np.array([1, 2, 3], "m8[D]"),
    "durations in nanoseconds": np.array([1, 2, 3], "m8[ns]"),
    "durations without a unit": np.array([1, 2, 3], "m8"),
}
IN_SCIKIT_LEARN = [each for each in LABELS.values() if each.dtype != "m8"]


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_answers_keep_dates_of_all_units(labels, tmp_path):
    model = game_recommender().fit(GAMES, labels)
    answers, _ = recommend(model, GAMES, k=1)
    assert answers.dtype == labels.dtype
    assert (answers[:, 0] == labels).all()
    compiled = compile_recommender(load_model(save_model(model, tmp_path / "model")))
    for words, label in zip(WORDS, labels, strict=True):
        question = {"gameplay_types": words}
        assert np.array(compiled.recommend(question, k=1)[0], dtype=labels.dtype).tolist() == [label.item()]
        assert compiled.recommend(question, k=1)[0] == [label]
        assert compiled.explain(question, label) == explain(model, question, label)


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_dates_of_all_units_are_excluded(labels):
    model = game_recommender().fit(GAMES, labels)
    compiled = compile_recommender(model)
    for form in (labels[:2], list(labels[:2])):
        assert recommend(model, GAMES, exclude=form)[0].ravel().tolist() == [labels[2].item()] * 3
        assert recommend(model, GAMES, candidates=form)[0].shape == (3, 2)
        assert compiled.recommend({"budget": "cheap"}, exclude=form)[0] == [labels[2]]
    each = recommend(model, GAMES, candidates=[labels[:1], labels[:2], labels[:2]])[0]
    assert each[0].tolist() == [labels[0], None]
    assert each[1].tolist() in ([labels[0], labels[1]], [labels[1], labels[0]])


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        *((ComplementNB, each) for each in LABELS.values()),
        *((MultinomialNB, each) for each in IN_SCIKIT_LEARN),
    ],
)
def test_dates_of_all_units_are_updated_and_scored(kind, labels):
    model = kind().partial_fit(np.eye(3), labels, classes=labels)
    update(model, np.eye(3), labels)
    assert model.class_count_.tolist() == [2, 2, 2]
    assert hit_rate_scorer(k=1)(model, np.eye(3), labels) == 1
    assert hit_rate_scorer(k=1)(model, np.eye(3), np.roll(labels, 1)) == 0


MIDNIGHTS = {
    "date": dt.date(2020, 1, 1),
    "datetime": dt.datetime(2020, 1, 1),
    "Timestamp": pd.Timestamp(2020, 1, 1),
    "days": np.datetime64("2020-01-01", "D"),
    "years": np.datetime64("2020", "Y"),
    "nanoseconds": np.datetime64("2020-01-01", "ns"),
}
NO_MIDNIGHTS = {
    "time zone": pd.Timestamp("2020-01-01", tz="UTC"),
    "a nanosecond later": NANOSECOND,
    "a Timestamp a nanosecond later": pd.Timestamp("2020-01-01 00:00:00.000000001"),
    "a day later": dt.date(2020, 1, 2),
    "duration": np.timedelta64(18262, "D"),
    "integer": 18262,
    "not a time": pd.NaT,
}


@pytest.mark.parametrize("unit", ["Y", "D", "h", "us", "ns"])
@pytest.mark.parametrize(
    ("label", "is_known"),
    [*((label, True) for label in MIDNIGHTS.values()), *((label, False) for label in NO_MIDNIGHTS.values())],
    ids=[*MIDNIGHTS, *NO_MIDNIGHTS],
)
def test_dates_of_two_types_are_compared_by_their_values(unit, label, is_known):
    midnight, later = labels = np.array(["2020", "2022"], f"M8[{unit}]")
    model = game_recommender().fit(GAMES[:2], labels)
    compiled, question = compile_recommender(model), {"gameplay_types": ["Puzzle"]}
    left = [later] if is_known else [midnight, later]
    warned = (
        nullcontext() if is_known or label is pd.NaT else pytest.warns(UserWarning, match="does not know")
    )
    with warned:
        assert compiled.recommend(question, exclude=[label])[0] == left
        assert (recommend(model, question, exclude=[label])[0] == left).all()
    if is_known:
        assert explain(model, question, label) == compiled.explain(question, label)
        return
    for ask in (compiled.explain, lambda *asked: explain(model, *asked)):
        with pytest.raises(ValueError, match="must be one of the 2 classes"):
            ask(question, label)


COLUMNS = {
    "polars": pl.Series,
    "pandas": pd.Series,
    "index": pd.Index,
    "Arrow": pa.array,
    "lists": lambda labels: pl.Series([pl.Series(labels)] * 3),
}


@pytest.mark.parametrize("form", COLUMNS.values(), ids=COLUMNS)
@pytest.mark.parametrize(
    "labels", [LABELS["nanoseconds"], LABELS["durations in nanoseconds"]], ids=["dates", "durations"]
)
def test_columns_of_nanoseconds_are_excluded(form, labels):
    model = game_recommender().fit(GAMES, labels)
    left = recommend(model, GAMES, exclude=form(labels[:2]))[0]
    assert left.dtype == labels.dtype
    assert left.ravel().tolist() == [labels[2].item()] * 3
    if form is not COLUMNS["lists"]:
        assert hit_rate_scorer(k=1)(model, GAMES, form(labels)) == 1


def test_batches_and_files_keep_nanoseconds(tmp_path):
    labels = LABELS["nanoseconds"]
    frame = pl.from_pandas(GAMES).with_columns(day=pl.Series(labels))
    frame.write_parquet(tmp_path / "games.parquet")
    for batches in ([frame], [frame.to_pandas()], [(frame[["budget", "gameplay_types"]], frame["day"])]):
        model = fit_batches(game_recommender(), batches, None if isinstance(batches[0], tuple) else "day")
        assert model[-1].classes_.dtype == labels.dtype
        assert (model[-1].classes_ == labels).all()


def test_durations_beyond_microseconds_of_64_bits_are_ignored():
    model = ComplementNB().fit(np.eye(3), LABELS["durations in days"])
    with pytest.warns(UserWarning, match="does not know"):
        assert recommend(model, np.eye(3), exclude=[dt.timedelta.max])[0].shape == (3, 3)
