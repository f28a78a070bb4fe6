"""The two simulations of rentals, and the paired comparison of recommenders on them."""

import io

import numpy as np
import polars as pl
import pytest
from rich.console import Console
from scipy import stats

from examples.games import evaluate as evaluation
from examples.games.data import load_games
from examples.games.evaluate import ceiling, folds_of, paired
from examples.games.model import catalogue_recommender, question_rows
from examples.games.rentals import simulate, simulate_rentals
from pipelines import recommend

GAMES = load_games().filter(pl.col("top_rated"))


@pytest.fixture(scope="module")
def hidden():
    return simulate(GAMES, 300, kind="hidden")


def test_the_hidden_simulation_is_seeded(hidden):
    assert hidden.rentals.equals(simulate_rentals(GAMES, 300, kind="hidden"))
    assert not hidden.rentals.equals(simulate_rentals(GAMES, 300, seed=1, kind="hidden"))
    assert set(hidden.rentals.columns) - set(simulate_rentals(GAMES, 5).columns) == {"history"}


def test_a_history_holds_what_the_customer_rented_before_and_liked(hidden):
    for rentals in hidden.rentals.partition_by("customer"):
        liked = []
        for title, rating, history in rentals.select("title", "rating", "history").iter_rows():
            assert history == liked
            if rating >= 3 and title not in liked:
                liked.append(title)


def test_customers_seldom_rent_a_game_again(hidden):
    again = [title in history for title, history in hidden.rentals.select("title", "history").iter_rows()]
    assert 0 < np.mean(again) < 0.15


def test_the_hidden_taste_decides_beside_the_question(hidden):
    """What the other rentals of a customer have in common with a game is more than the question tells."""
    own, other = [], []
    scores = hidden.log_odds - hidden.log_odds.mean(axis=0)
    customers = hidden.rentals["customer"].to_numpy()
    for row in range(0, 600, 3):
        own.append(np.corrcoef(scores[row], scores[np.flatnonzero(customers == customers[row])[0]])[0, 1])
        other.append(np.corrcoef(scores[row], scores[(row + 700) % len(scores)])[0, 1])
    assert np.mean(own) > np.mean(other) + 0.2


@pytest.mark.parametrize("kind", ["plain", "hidden"])
def test_nothing_beats_the_log_odds_of_the_simulation(kind):
    simulation = simulate(GAMES, 200, kind=kind)
    scores, hits = ceiling(simulation.log_odds, GAMES, simulation.rentals)
    model = catalogue_recommender(GAMES).fit(question_rows(simulation.rentals), simulation.rentals["title"])
    best, _ = recommend(model, question_rows(simulation.rentals))  # even on its own training rows
    learned = (best == simulation.rentals["title"].to_numpy()[:, np.newaxis]).any(axis=1)
    assert scores["hit_rate"] == hits.mean() > 0.2
    assert scores["ndcg"] < scores["hit_rate"]
    assert learned.mean() < scores["hit_rate"] + 0.1


def test_a_paired_interval_by_hand():
    """One rental per customer: the interval of a paired t test, from scipy."""
    rng = np.random.default_rng(0)
    ours, theirs = (rng.random(50) < 0.6) * 1.0, (rng.random(50) < 0.4) * 1.0
    found = paired(ours, theirs, np.arange(50))
    interval = stats.ttest_rel(ours, theirs).confidence_interval(0.95)
    assert found["gap"] == pytest.approx((interval.low + interval.high) / 2)
    assert found["half_width"] == pytest.approx((interval.high - interval.low) / 2)
    doubled = paired(ours.repeat(2), theirs.repeat(2), np.arange(50).repeat(2))
    assert doubled == pytest.approx(found)  # twice the same rentals say nothing new


def test_catalogue_recommender_learns_from_histories(hidden):
    rows = question_rows(hidden.rentals).with_columns(hidden.rentals["history"])
    model = catalogue_recommender(GAMES, with_history=True).fit(rows, hidden.rentals["title"])
    asked = rows.filter(pl.col("history").list.len() > 3)[:20]
    none = asked.with_columns(history=pl.lit([], dtype=pl.List(pl.String)))
    assert (recommend(model, asked)[0] != recommend(model, none)[0]).any()


@pytest.fixture
def only_ours(monkeypatch):
    """The other recommenders take long, and are compared in the tests of the command line."""
    ours = {evaluation.OURS: catalogue_recommender(GAMES)}
    monkeypatch.setattr(evaluation, "recommenders", lambda games: ours)


@pytest.mark.usefixtures("only_ours")
def test_evaluate_adds_the_history_in_the_hidden_simulation():
    report = evaluation.evaluate(Console(file=io.StringIO()), 20, with_search=False, kind="hidden")
    assert report["simulation"] == "hidden"
    assert evaluation.HISTORY in report["recommenders"]


def test_blocks_of_customers_train_once_and_are_tested_once():
    rentals = simulate_rentals(GAMES, 25)
    folds, block = folds_of(rentals, 8)
    customers = rentals["customer"].to_numpy()
    assert len(folds) == 3
    assert sorted(np.concatenate([test for _, test in folds])) == [*range(len(rentals))]
    assert sorted(np.concatenate([train for train, _ in folds])) == [*range(len(rentals))]
    for train, test in folds:
        assert len(np.unique(customers[train])) in (8, 9)
        assert not set(customers[train]) & set(customers[test])
        assert len(np.unique(block[test])) == 1
    assert len(np.unique(block)) == 3


def test_without_a_number_of_customers_there_are_five_folds():
    rentals = simulate_rentals(GAMES, 25)
    folds, groups = folds_of(rentals)
    assert len(folds) == 5
    np.testing.assert_array_equal(groups, rentals["customer"].to_numpy())


@pytest.mark.usefixtures("only_ours")
def test_evaluate_trains_on_few_customers():
    report = evaluation.evaluate(Console(file=io.StringIO()), 12, False, training_customers=6)
    assert report["training_customers"] == 6
    screen = Console(file=io.StringIO(), width=200)
    evaluation.show(report, screen)
    assert "each model is trained on 6 customers" in screen.file.getvalue()
