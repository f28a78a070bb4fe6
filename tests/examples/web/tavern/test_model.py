"""The tavern's model follows rentals and the admin's changes."""

import numpy as np
from fastapi.testclient import TestClient
from sqlalchemy import select

from examples.games.data import load_games
from examples.games.evaluate import CriteriaScorer
from examples.games.web import model as site_model
from examples.games.web.model import LEARNER, Answers, learnable, read_facts
from examples.games.web.site import SITE
from examples.games.web.tables import Game
from examples.web.app import build_app
from pipelines import game_recommender, read_card, save_model
from tests.examples.sites import wait_for
from tests.examples.web.pages import (
    HOME,
    is_up_to_date,
    send,
)
from tests.examples.web.tavern.reading import title_of


def test_rentals_are_learned_online_and_the_full_training_gives_the_same_model(app, browser):
    def places():
        found = app.state.live.answers.recommend("cheap", ["Puzzle"], 50)
        return {one.game.title: (place, one.score) for place, one in enumerate(found)}

    before = places()
    scores = [score for _, score in before.values()]
    first = next(i for i in range(49) if scores[i] == scores[i + 1])
    ahead, behind = list(before)[first : first + 2]  # nothing but their names puts them in this order
    for _ in range(3):
        asked = {"game": behind, "budget": "cheap", "gameplay_types": ["Puzzle"]}
        assert TestClient(app, HOME).post("/api/rentals", json=asked).status_code == 201
    live = app.state.live
    wait_for(lambda: is_up_to_date(app))
    assert places()[behind][0] < places()[ahead][0]
    with app.state.database.reading() as session:
        full = LEARNER.train(session)
    learned = live._served.model
    for name in ("feature_count_", "class_count_", "described_"):
        assert np.array_equal(getattr(learned["classify"], name), getattr(full["classify"], name)), name
    for name in ("match_", "shrinkage_"):
        assert getattr(learned["classify"], name) == getattr(full["classify"], name), name
    assert learned.classes_.tolist() == full.classes_.tolist()
    assert np.array_equal(full["classify"].class_count_, np.rint(full["classify"].class_count_))


def test_a_game_that_is_not_recommended_can_be_rented_and_teaches_nothing(app, browser):
    wait_for(lambda: is_up_to_date(app))
    with app.state.database.reading() as session:
        other = session.scalar(select(Game).where(Game.top_rated.is_(False)))
    before = app.state.live._served
    page = send(browser, browser.get(f"/games/{other.slug}"), "/rent", game=other.slug)
    assert page.url.path == "/rentals"
    wait_for(lambda: is_up_to_date(app))
    after = app.state.live._served
    assert after.version > before.version
    assert after.model.classes_.tolist() == before.model.classes_.tolist()
    assert other.title not in after.answers.facts


def test_a_game_that_is_gone_is_not_recommended_by_a_model_that_knows_it(app):
    served = app.state.live._served
    best = served.answers.recommend(None, ["Puzzle"], 1)[0].game.title
    facts = {title: fact for title, fact in served.answers.facts.items() if title != best}
    found = [one.game.title for one in Answers(served.model, facts).recommend(None, ["Puzzle"], 5)]
    assert len(found) == 5
    assert best not in found


def test_a_keeper_without_games_says_so_and_who_has_them_all_is_told_that(app, browser, monkeypatch):
    browser.post("/api/rentals", json={"game": "Tetris"})
    wait_for(lambda: is_up_to_date(app))
    served = app.state.live._served
    for facts, new, known in [
        ({}, "I know of no game at the moment", "You have rented all I know"),
        ({"Tetris": served.answers.facts["Tetris"]}, "Tetris", "You have rented all I know"),
    ]:
        few = served._replace(answers=Answers(served.model, facts))
        monkeypatch.setattr(app.state.live, "_served", few)
        assert title_of(TestClient(app, HOME).get("/suggest?type=Puzzle")) == new
        assert title_of(browser.get("/suggest?type=Puzzle")) == known


def test_the_weights_meet_most_questions(app):
    with app.state.database.reading() as session:
        model = LEARNER.train(session)
        assert len(read_facts(session)) >= 600
    games = load_games().filter(top_rated=True)
    for what, least in (("budget", 0.95), ("type", 0.9)):
        assert CriteriaScorer(games, what)(model) >= least


def test_a_keeper_without_rentals_takes_what_is_asked_as_a_limit(app, monkeypatch):
    monkeypatch.setattr(site_model, "read_rentals", lambda *of: [])
    with app.state.database.reading() as session:
        model, facts = LEARNER.train(session), read_facts(session)
    answers = Answers(model, facts)
    found = [one.game for one in answers.recommend("cheap", ["Puzzle"], 20)]
    assert len(found) == 20
    assert all(game.budget == "cheap" and "Puzzle" in game.types for game in found)
    assert {answers.n_rentals(game.title) for game in found} == {0}


def test_a_site_with_a_model_of_an_earlier_release_trains_anew_at_its_start(tmp_path):
    def open_site():
        return build_app(SITE, tmp_path, f"sqlite:///{tmp_path / 'tavern.sqlite'}")

    app = open_site()
    with TestClient(app, HOME):
        card, facts = app.state.live.card, app.state.live.answers.facts
    rows = [(game.title, game.budget, list(game.types)) for game in facts.values()]
    save_model(
        game_recommender(classifier="complement").fit(*learnable(rows)),
        card,
        scores=read_card(card)["scores"],
    )
    assert read_card(card)["final_class"].endswith("ComplementNB")
    app = open_site()
    with TestClient(app, HOME) as browser:
        assert browser.get("/health").json()["status"] == "ok"
        assert len(browser.get("/api/recommend?type=Puzzle").json()["suggestions"]) == 5
    assert read_card(card)["final_class"].endswith("CatalogueNB")
