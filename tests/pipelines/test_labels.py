"""Labels in the pipelines: each keeps its value exactly, from fitting to recommendations and reasons."""

import datetime as dt

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.naive_bayes import MultinomialNB

from estimators import ComplementNB, GDClassifier
from pipelines import (
    compile_recommender,
    dough_forecaster,
    explain,
    fit_batches,
    forecast,
    game_recommender,
    hit_rate_scorer,
    ndcg_scorer,
    recommend,
    save_model,
    scan_ndjson,
    scan_parquet,
    update,
)

BIG = 2**53  # from here on floats skip integers
WORDS = [["Puzzle"], ["Shooter"], ["Racing"]]
IDS = [BIG, BIG + 1, BIG + 2]
GAMES = {"budget": ["cheap"] * 3, "gameplay_types": WORDS}


def in_pandas(ids, kind="Int64"):
    """Questions and ids of a frame, whose ids are a column that may have missing values."""
    return pd.DataFrame({**GAMES, "id": pd.array(ids, dtype=kind)})


def in_polars(ids, kind=pl.Int64):
    return pl.DataFrame({**GAMES, "id": pl.Series(ids, dtype=kind)})


def best(model, frame):
    """The best label of each row, as Python values."""
    return recommend(model, frame, k=1)[0][:, 0].tolist()


@pytest.mark.parametrize("make", [in_pandas, in_polars])
def test_a_recommender_keeps_ids_beyond_floats(make):
    frame = make(IDS)
    model = game_recommender().fit(frame, frame["id"])
    assert best(model, frame) == IDS
    compiled = compile_recommender(model)
    for question, label in zip(WORDS, IDS, strict=True):
        assert compiled.recommend({"gameplay_types": question}, k=1)[0] == [label]
        assert explain(model, {"gameplay_types": question}, label) == compiled.explain(
            {"gameplay_types": question}, label
        )
    more = make([BIG + 3, BIG + 1, BIG + 1])
    update(model, more, more["id"])
    assert model[-1].classes_.tolist() == [*IDS, BIG + 3]
    assert model[-1].class_count_.tolist() == [1, 3, 1, 1]


@pytest.mark.parametrize("make", [in_pandas, in_polars])
def test_batches_of_two_types_of_integers_are_united(make):
    kinds = ("UInt64", "Int64") if make is in_pandas else (pl.UInt64, pl.Int64)
    batches = [make([2**60 + 1, 2**60 + 3, 2**60 + 7], kinds[0]), make([2**60 + 1, 5, 6], kinds[1])]
    with_columns = fit_batches(game_recommender(), batches[:1], "id")
    with_tuples = fit_batches(
        game_recommender(), [(b[["budget", "gameplay_types"]], b["id"]) for b in batches]
    )
    assert with_columns[-1].classes_.tolist() == [2**60 + 1, 2**60 + 3, 2**60 + 7]
    assert with_tuples[-1].classes_.tolist() == [5, 6, 2**60 + 1, 2**60 + 3, 2**60 + 7]
    assert with_tuples[-1].class_count_.tolist() == [1, 1, 2, 1, 1]


def test_files_keep_ids_beyond_floats(tmp_path):
    frame = in_polars(IDS)
    frame.write_parquet(tmp_path / "games.parquet")
    frame.write_ndjson(tmp_path / "games.ndjson")
    for source in (scan_parquet(tmp_path / "games.parquet"), scan_ndjson(tmp_path / "games.ndjson")):
        assert best(fit_batches(game_recommender(), source, "id"), frame) == IDS


@pytest.mark.parametrize(
    "form", [list, np.array, pd.Series, pl.Series, pa.array, pd.array, set], ids=lambda f: f.__name__
)
def test_excluded_labels_and_candidates_of_any_form(form):
    model = game_recommender().fit(in_pandas(IDS), IDS)
    left = recommend(model, in_pandas(IDS), exclude=form([BIG, BIG + 1]))[0]
    assert left.tolist() == [[BIG + 2]] * 3
    only = recommend(model, in_pandas(IDS), candidates=form([BIG + 1]))[0]
    assert only.tolist() == [[BIG + 1]] * 3
    assert compile_recommender(model).recommend({"budget": "cheap"}, candidates=form([BIG + 1]))[0] == [
        BIG + 1
    ]
    each = recommend(model, in_pandas(IDS), candidates=[form([label]) for label in IDS])[0]
    assert each[:, 0].tolist() == IDS


def test_dates_are_excluded():
    dates = np.array(["2020-01-01", "2020-01-02"], "M8[D]")
    model = ComplementNB().fit(np.eye(2), dates)
    for excluded in (dates[:1], list(dates[:1]), [dt.date(2020, 1, 1)], pl.Series(dates[:1])):
        assert recommend(model, np.eye(2), exclude=excluded)[0].tolist() == [[dt.date(2020, 1, 2)]] * 2


@pytest.mark.parametrize("kind", [ComplementNB, MultinomialNB])
@pytest.mark.parametrize("label", [float(BIG), np.float64(BIG), BIG + 3, "a\0"], ids=repr)
def test_reasons_of_a_label_that_is_almost_a_class(kind, label):
    y = ["a", "b"] if isinstance(label, str) else [BIG + 1, BIG + 2]
    model = kind().fit(np.eye(2), np.array(y))
    with pytest.raises(ValueError, match="must be one of the 2 classes"):
        explain(model, [[1.0, 0.0]], label)
    assert explain(model, [[1.0, 0.0]], y[1])


@pytest.mark.parametrize("classifier", [MultinomialNB(), GDClassifier()], ids=lambda c: type(c).__name__)
def test_update_compares_labels_exactly(classifier):
    X = np.eye(2)
    classifier.partial_fit(X, np.array([BIG, BIG + 1]), classes=[BIG, BIG + 1])
    before = classifier.predict(X).tolist()
    for label in (BIG + 2, float(BIG + 2)):
        for y in ([BIG, label], pd.Series([BIG, label], dtype="Int64")):
            with pytest.raises(ValueError, match="cannot learn new ones"):
                update(classifier, X, y)
    for _ in range(20):
        update(classifier, X, pd.Series([BIG + 1, BIG], dtype="Int64"))
    assert classifier.predict(X).tolist() == before[::-1]


@pytest.mark.parametrize("make", [hit_rate_scorer, ndcg_scorer])
@pytest.mark.parametrize("form", [list, np.array, pd.Series, pl.Series, pd.array], ids=lambda f: f.__name__)
def test_scorers_compare_labels_exactly(make, form):
    model = game_recommender().fit(in_pandas(IDS), IDS)
    assert make(k=1)(model, in_pandas(IDS), form(IDS)) == 1
    assert make(k=1)(model, in_pandas(IDS), form([BIG + 1] * 3)) == pytest.approx(1 / 3)
    named = game_recommender().fit(in_pandas(IDS), ["a", "b", "c"])
    assert make(k=1)(named, in_pandas(IDS), form(["a", "b\0", "c\0"])) == (
        pytest.approx(1 / 3) if form is not np.array else 1  # NumPy has cut the strings before
    )
    with pytest.raises(ValueError, match="1d array"):
        make(k=1)(model, in_pandas(IDS), np.ones((3, 2)))


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: recommend(model, []),
        lambda model: recommend(model, pd.DataFrame(GAMES)[:0]),
        lambda model: explain(model, [], BIG),
        lambda model: update(model, [], []),
        lambda model: update(model, pl.DataFrame(GAMES)[:0], []),
        lambda model: hit_rate_scorer()(model, [], []),
    ],
    ids=["recommend", "recommend frame", "explain", "update", "update frame", "score"],
)
def test_no_rows_are_refused_by_name(ask):
    model = game_recommender().fit(in_pandas(IDS), IDS)
    with pytest.raises(
        ValueError, match=r"The 'X' parameter of \w+ must contain at least one row. Got no rows"
    ):
        ask(model)


@pytest.mark.filterwarnings("ignore:A column-vector y was passed")
def test_lazy_frames_are_collected(tmp_path):
    frame = in_polars(IDS)
    lazy, expected = frame.lazy(), game_recommender().fit(frame, IDS)
    assert best(fit_batches(game_recommender(), [lazy], "id"), lazy) == IDS
    assert best(fit_batches(game_recommender(), [(lazy, lazy.select("id"))]), lazy) == IDS
    assert hit_rate_scorer(k=1)(expected, lazy, lazy.select("id")) == 1
    assert explain(expected, lazy.head(1), BIG) == explain(expected, frame[:1], BIG)
    assert update(expected, lazy, lazy.select("id"))[-1].class_count_.tolist() == [2, 2, 2]
    one, two = (
        save_model(expected, tmp_path / "model", X=X, y=X.select("id"), questions=X.head(2)).read_text()
        for X in (frame, lazy)
    )
    assert one[: one.index('"saved"')] == two[: two.index('"saved"')]
    with pytest.raises(TypeError, match=r"Got a LazyFrame instead. Pass \[frame.collect\(\)\]"):
        fit_batches(game_recommender(), lazy, "id")


def test_evenings_in_a_lazy_frame_are_collected():
    week = pl.DataFrame({"reservations": [12, 20, 18, 30, 24], "doughs": [36, 72, 68, 82, 75]})
    model = dough_forecaster(degree=1, cv=0).fit(week.lazy(), week["doughs"])
    assert forecast(model, week.lazy()).tolist() == forecast(model, week).tolist()


def test_a_compiled_recommender_shows_its_columns_in_a_notebook():
    games = {"<b>": ["cheap & good"] * 3, "gameplay_types": WORDS}
    model = game_recommender(budget="<b>").fit(pd.DataFrame(games), IDS)
    page = compile_recommender(model)._repr_html_()
    assert page.startswith("<table><caption>CompiledRecommender with 3 labels</caption>")
    assert "<tr><td>&lt;b&gt;</td><td>1</td><td>cheap &amp; good</td></tr>" in page
    assert "<tr><td>gameplay_types</td><td>3</td><td>Puzzle, Racing, Shooter</td></tr>" in page


def test_a_compiled_recommender_explains_dates():
    days = np.array(["2020-01-01", "2021-01-01", "2022-01-01"], "M8[D]")
    model = game_recommender().fit(pd.DataFrame(GAMES), days)
    compiled, question = compile_recommender(model), {"gameplay_types": ["Shooter"]}
    expected = explain(model, question, days[1])
    assert compiled.recommend(question, k=1)[0] == [dt.date(2021, 1, 1)]
    assert compiled.explain(question, dt.date(2021, 1, 1)) == expected
    assert compiled.explain(question, days[1]) == expected
