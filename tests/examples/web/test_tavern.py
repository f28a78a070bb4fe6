"""The tavern's site: pages, rentals, the admin's desks, the JSON API, and its model in one worker and in two."""

import html
import json
import os
import re
import signal
import sys
import time
from contextlib import closing
from xml.etree import ElementTree

import httpx2
import numpy as np
import polars as pl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from examples.games import __main__ as command_line
from examples.games.data import budget_of, load_games
from examples.games.evaluate import CriteriaScorer
from examples.games.web.admin import (
    GameFields,
    in_order,
    on_delete_console,
    on_delete_game,
    save_game,
    types_named,
)
from examples.games.web.covers import MOTIFS, cover
from examples.games.web.criteria import nearest
from examples.games.web.model import LEARNER, Answers, read_facts
from examples.games.web.pages import COSTS
from examples.games.web.seed import free_slug
from examples.games.web.site import SITE
from examples.games.web.tables import Base, Console, Game, GameType, Rental
from examples.games.words import fit_in_words
from examples.web.app import build_app
from examples.web.database import Database, bump, downgrade, upgrade
from examples.web.forms import Form
from tests.examples.web.pages import (
    EVIL,
    HOME,
    PASSWORD,
    assert_migrations_are_right,
    eventually,
    fields_of,
    is_up_to_date,
    log_in,
    logged_in,
    send,
    token_of,
    walk_every_link,
)


@pytest.fixture(scope="module")
def app(tmp_path_factory, database_url):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAVERN_ADMIN_PASSWORD", PASSWORD)
        app = build_app(SITE, tmp_path_factory.mktemp("data"), database_url)
        with TestClient(app):
            yield app


@pytest.fixture
def browser(app):
    return TestClient(app, HOME)


@pytest.fixture
def admin(app):
    return logged_in(app)


def title_of(page):
    return html.unescape(re.sub("<[^>]+>", "", re.search("<h1>(.*?)</h1>", page.text, re.DOTALL)[1]))


def next_of(browser, page):
    """Follow the link to a different game."""
    return browser.get(html.unescape(re.search(r'href="(/suggest\?[^"]*n=\d[^"]*)"', page.text)[1]))


def shelf_of(page):
    """Return the titles on a page's shelf."""
    return [html.unescape(title) for title in re.findall("<strong>([^<]+)</strong></a>", page.text)]


# --- the visitor ---


def test_the_front_page_offers_the_types_that_the_model_knows(browser, app):
    page = browser.get("/")
    for name in app.state.live.answers.types:
        assert f'value="{name}"' in page.text
    assert "has 638 games on the shelves, recommends the 618 good ones" in page.text
    assert "638 games, of which the keeper recommends 618" in browser.get("/games").text
    assert page.text.count("/covers/") == 6


def test_suggestions_come_one_at_a_time_and_every_state_is_an_address(browser):
    asked = {"budget": "cheap", "type": ["Adventure", "Platform"]}
    told = browser.get("/api/recommend", params=asked).json()["suggestions"]
    page, seen = browser.get("/suggest", params=asked), []
    for _ in range(5):
        assert "A budget-friendly adventure, platform game" in page.text
        assert title_of(browser.get(str(page.url))) == title_of(page)  # a reload
        seen.append(title_of(page))
        page = next_of(browser, page)
    assert seen == [one["game"] for one in told]
    assert "These were the five best I have for that" in page.text
    back = html.unescape(re.search(r'href="(/\?budget[^"]+)">Change my criteria', page.text)[1])
    assert browser.get(back).text.count("checked") == 3


def test_no_game_repeats_or_is_left_out_on_the_way_though_others_rent_meanwhile(app, browser):
    asked = {"budget": "cheap", "type": "RPG"}
    told = browser.get("/api/recommend", params={**asked, "k": 9}).json()["suggestions"]
    page, seen = browser.get("/suggest", params=asked), []
    for place in range(5):
        assert f"suggestion {place + 1} of 5" in page.text
        seen.append(title_of(page))
        if place == 2:
            first = app.state.live.answers.recommend("cheap", ["RPG"], 1)[0].game.title
            for _ in range(40):  # the last of those told comes to the top
                body = {"game": told[-1]["game"], "budget": "cheap", "gameplay_types": ["RPG"]}
                TestClient(app, HOME).post("/api/rentals", json=body)
            eventually(lambda: is_up_to_date(app))
            assert app.state.live.answers.recommend("cheap", ["RPG"], 1)[0].game.title != first
        page = next_of(browser, page)
    assert len(set(seen)) == 5
    assert seen[:3] == [one["game"] for one in told[:3]]
    assert seen[3] == told[-1]["game"]
    assert shelf_of(page) == seen
    assert browser.get(str(page.url)).text == page.text


def test_an_address_far_into_the_suggestions_says_nothing_false(browser):
    told = [one["game"] for one in browser.get("/api/recommend?type=Horror").json()["suggestions"]]
    end = browser.get("/suggest?type=Horror&n=6")
    assert shelf_of(end) == told
    assert "You have seen" not in end.text
    third = browser.get("/suggest?type=Horror&n=3")
    assert title_of(third) == told[2]
    assert title_of(next_of(browser, third)) == told[3]
    stale = browser.get("/suggest?type=Horror&n=1&not=gone&not=gone&not=tetris")
    assert "suggestion 3 of" in stale.text
    assert title_of(stale) == told[0]  # a game that is gone hides no other
    assert title_of(next_of(browser, stale)) == told[1]
    many = browser.get("/suggest?type=Horror&n=6&" + "&".join(f"not=x{i}" for i in range(30)))
    assert title_of(many) == "There is nothing more for that"


def test_who_names_nothing_is_told_what_was_rented_most(app, browser):
    told = browser.get("/api/recommend?k=50").json()["suggestions"]
    with app.state.database.reading() as session:
        rented = dict(
            session.execute(select(Game.title, func.count()).join(Rental).group_by(Game.title)).all()
        )
    assert [one["score"] for one in told] == [rented.get(one["game"], 0) for one in told]
    assert told == sorted(told, key=lambda one: (-one["score"], one["game"]))
    assert told[0]["score"] == max(n for title, n in rented.items() if title in app.state.live.answers.facts)
    page = browser.get("/suggest")
    assert title_of(page) == told[0]["game"]
    assert f"was rented {told[0]['score']:.0f} time" in page.text
    why = browser.get("/api/explain", params={"game": told[0]["game"]}).json()
    assert (why["score"], why["reasons"]) == (told[0]["score"], {"rentals": told[0]["score"]})
    rest = browser.get("/api/recommend", params={"exclude": told[0]["game"]}).json()["suggestions"]
    assert rest[0]["game"] == told[1]["game"]


def reasons_of(page):
    """Return the rows of the table of reasons: what was asked, whether the game has it, the bar's width."""
    rows = re.findall(r'<tr class="(?:has|lacks)">(.*?)</tr>', page.text, re.DOTALL)
    found = []
    for row in rows:
        name, has = re.search(r'row">([^<]+)</th>\s*<td>(yes|no)', row).groups()
        bar = re.search(r'class="bar" width="([\d.]+)"', row)
        found.append((name, has, float(bar[1]) if bar else None))
    return found


def test_a_suggestion_says_what_the_game_has_of_what_was_asked(app, browser):
    query = "budget=cheap&type=RPG&type=Sports&type=Puzzle"
    page, kinds = browser.get(f"/suggest?{query}"), set()
    for _ in range(5):
        game = app.state.live.answers.facts[title_of(page)]
        asked = {"Budget-friendly": game.budget == "cheap"}
        asked |= {name: name in game.types for name in ("RPG", "Sports", "Puzzle")}
        rows = reasons_of(page)
        assert {name: has == "yes" for name, has, _ in rows} == asked
        assert [has for _, has, _ in rows] == sorted((has for _, has, _ in rows), reverse=True)
        assert [bar is not None for _, _, bar in rows] == [has == "yes" for _, has, _ in rows]
        assert max(bar for _, _, bar in rows if bar is not None) == 100
        assert f"It has {sum(asked.values())} of the 4 things you asked for: " in page.text
        kinds.add(sum(asked.values()))
        page = next_of(browser, page)
    assert kinds <= {1, 2, 3}
    whole = browser.get("/suggest?budget=cheap&type=Puzzle")
    assert "It has all that you asked for: budget-friendly and Puzzle." in whole.text


def test_a_suggestion_says_what_each_word_adds(browser):
    page = browser.get("/suggest?budget=cheap&type=Puzzle&type=RPG").text
    told = browser.get("/api/recommend?budget=cheap&type=Puzzle&type=RPG").json()["suggestions"][0]
    why = browser.get(
        "/api/explain", params={"game": told["game"], "budget": "cheap", "type": ["Puzzle", "RPG"]}
    ).json()
    assert why["score"] == pytest.approx(told["score"])
    for adds in why["reasons"].values():
        assert f"{adds:.3f}" in page


def test_what_a_game_has_is_said_in_words():
    assert fit_in_words(["RPG"], []) == "It has all that you asked for: RPG."
    assert fit_in_words(["cheap", "A"], ["B", "C", "D"]) == (
        "It has 2 of the 5 things you asked for: cheap and A. It has not: B, C and D."
    )
    assert fit_in_words([], ["RPG"]).startswith("It has nothing of what you asked for (RPG)")


def test_programs_are_told_the_known_criteria(browser):
    answer = browser.get("/api/recommend?type=Chess")
    assert answer.status_code == 422
    assert "Known: Action, Adventure" in answer.json()["detail"][0]["problem"]
    assert browser.get("/api/recommend?type=Puzzle&type=Puzzle").json()["question"]["gameplay_types"] == [
        "Puzzle"
    ]


@pytest.mark.parametrize(
    ("query", "words", "n_checked"),
    [
        ("budget=free&type=Puzzle", "There is no purse called “free”.", 2),
        ("budget=cheap&type=Puzzel", "No game here is of the type “Puzzel”. Did you mean Puzzle?", 1),
        ("budget=cheap&type=Quux&type=Puzzle", "No game here is of the type “Quux”.", 2),
        ("budget=cheap&n=99", "There is no suggestion number “99”. The keeper names 5 for a question.", 1),
        ("type=Puzzle&n=two", "There is no suggestion number “two”.", 2),
        ("type=Puzzle&n=-1", "There is no suggestion number “-1”.", 2),
        ("budget=" + "x" * 300, "There is no purse called “" + "x" * 80 + "”.", 1),
        ("type=%00&type=", "A type without a name was asked for.", 1),
    ],
)
def test_a_mistyped_address_gets_the_form_with_what_is_known_and_what_is_wrong(
    browser, query, words, n_checked
):
    page = browser.get(f"/suggest?{query}")
    text = html.unescape(page.text)
    assert page.status_code == 422
    assert title_of(page) == "Sit down. What shall it be tonight?"
    assert words in text
    assert page.text.count(" checked") == n_checked
    assert "query" not in re.sub("<[^>]+>", "", text)
    if "n=" not in query:
        assert words in html.unescape(browser.get(f"/?{query}").text)


def test_a_type_that_is_named_twice_counts_once(browser):
    twice = browser.get("/suggest?" + "&".join(["type=Puzzle"] * 30))
    assert twice.text.count('<th scope="row">Puzzle') == 1
    assert title_of(twice) == title_of(browser.get("/suggest?type=Puzzle"))


def test_a_mistyped_address_of_the_shelves_says_so_and_shows_the_rest(browser):
    page = browser.get("/games?type=Puzzel&budget=cheap&console=" + "x" * 100)
    text = html.unescape(page.text)
    assert "There is no type “Puzzel”, so all are shown. Did you mean Puzzle?" in text
    assert "There is no console “xxx" in text
    assert browser.get("/games?budget=cheap").text.count("<li>") == page.text.count("<li>")
    for query in ("page=0", "page=x", "page=-3", "page=99999999999999999999", "q=" + "x" * 500):
        assert browser.get(f"/games?{query}").status_code == 200
    assert browser.get("/rentals?page=x").status_code == 200


def test_a_type_that_is_gone_keeps_nobody_from_renting(browser):
    page = browser.get("/games/tetris")
    page = send(browser, page, "/rent", game="tetris", budget="free", type=["Gone", "Puzzle", "Puzzle"])
    assert page.url.path == "/rentals"
    assert "A puzzle game" in page.text


def test_among_many_names_those_that_begin_alike_are_compared():
    known = [f"game {i}" for i in range(5000)]
    assert nearest("Zeldda", [*known, "Zelda"])[0] == "Zelda"
    assert len(nearest("x", known)) == len(set(nearest("x", known))) == 1000
    assert nearest("", ["b", "a"]) == ["b", "a"]


def test_a_rented_game_is_the_visitors_and_not_suggested_again(app, browser):
    page = browser.get("/suggest?type=Horror")
    first, second = (
        one["game"] for one in browser.get("/api/recommend?type=Horror&k=2").json()["suggestions"]
    )
    assert title_of(page) == first
    slug = fields_of(page)["game"][0]
    page = send(browser, page, "/rent", game=slug, budget="", type="Horror")
    assert page.url.path == "/rentals"
    assert f"{first} is yours" in html.unescape(page.text)
    assert first not in html.unescape(TestClient(app, HOME).get("/rentals").text)
    again = browser.get("/suggest?type=Horror")
    assert title_of(again) != first
    assert "It is yours" in browser.get(f"/games/{slug}").text
    page = send(browser, again, "/rent", game=slug)
    assert "already" in page.text
    assert [rental["game"] for rental in browser.get("/api/rentals").json()] == [first]
    assert second


def test_a_visitor_rents_several_games_each_once_and_a_type_asked_for_twice_counts_once(browser):
    asked = {"gameplay_types": ["Puzzle", "Action", "Puzzle"]}
    bodies = [{"game": game, **asked} for game in ("Tetris", "Doom", "Tetris")]
    answers = [browser.post("/api/rentals", json=body) for body in bodies]
    assert [answer.status_code for answer in answers] == [201, 201, 200]
    assert [rental["game"] for rental in browser.get("/api/rentals").json()] == ["Doom", "Tetris"]
    assert all(answer.json()["gameplay_types"] == ["Puzzle", "Action"] for answer in answers)


def test_two_clicks_of_somebody_new_are_one_visitors(app, browser):
    page = browser.get("/games/tetris")
    fields = {"csrf": token_of(page), "game": "tetris"}
    same = [TestClient(app, HOME, cookies=dict(browser.cookies)) for _ in range(2)]  # as the browser was
    for click in same:
        browser.cookies.update(click.post("/rent", data=fields).history[0].cookies)
    assert len(browser.get("/api/rentals").json()) == 1
    ids = {click.get("/api/rentals").json()[0]["id"] for click in same}
    assert len(ids) == 1


def test_a_page_that_comes_late_leaves_the_visitor_who_they_are(app, browser):
    new = TestClient(app, HOME)
    new.post("/api/rentals", json={"game": "Tetris"})
    for path in ("/", "/suggest?type=Horror", "/nowhere"):
        new.cookies.update(browser.get(path).cookies)
    assert [one["game"] for one in new.get("/api/rentals").json()] == ["Tetris"]
    assert TestClient(app, HOME, cookies={"tavern-visitor": "x"}).get("/api/rentals").json() == []


def test_a_rental_that_failed_leads_back_to_the_form(browser):
    page = browser.get("/games/tetris")
    fields = {"csrf": token_of(page), "game": "gone"}
    failed = browser.post("/rent", data=fields, headers={"referer": f"{HOME}/games/tetris"})
    assert failed.status_code == 404
    assert '<a class="button" href="/games/tetris">Back to the form</a>' in failed.text
    assert browser.get("/rent").url.path == "/"


@pytest.mark.parametrize("game", ["", "nowhere", "a\0b", "x" * 1000])
def test_a_game_that_there_is_none_of_cannot_be_rented(browser, game):
    page = browser.get("/games/tetris")
    assert send(browser, page, "/rent", game=game).status_code == 404


def test_a_page_rents_by_its_address_though_another_game_is_called_so(app, browser):
    about = {"year": 2006, "developer": "Clover", "cents": 450, "top_rated": False}
    with app.state.database.writing() as session:
        bump(session, structural=True)
        console = session.scalar(select(Console))
        for title, slug in (("foo-bar", "zed"), ("Foo Bar", "foo-bar")):
            session.add(Game(title=title, slug=slug, of_console=console, **about))
            session.flush()
    page = send(browser, browser.get("/games/foo-bar"), "/rent", game="foo-bar")
    assert "Foo Bar is yours" in page.text
    with app.state.database.writing() as session:  # as it was
        bump(session, structural=True)
        for game in session.scalars(select(Game).where(Game.developer == "Clover")):
            session.delete(game)
    eventually(lambda: is_up_to_date(app))


def test_the_shelves_are_searched_filtered_and_paged(browser):
    assert browser.get("/games").text.count('<li><a href="/games/') == 24
    assert "Page 27 of 27" in browser.get("/games?page=9999").text
    page = html.unescape(browser.get("/games?q=ZELDA&console=SNES").text)
    assert "A Link to the Past" in page
    assert "1 of 638 games" in page
    n = len(load_games().filter(budget="premium").filter(pl.col("gameplay_types").list.contains("Racing")))
    assert f"{n} of 638 games" in browser.get("/games?budget=premium&type=Racing").text
    for q in ("%", "_", "\\", "' OR 1=1 --", "100% \x00"):
        assert "No game is like that" in browser.get("/games", params={"q": q}).text or q == "100% \x00"


@pytest.mark.parametrize("q", ["pokemon", "POKÉMON", "Poke\u0301mon", "ｐokemon"])
def test_a_search_needs_neither_accents_nor_case(browser, admin, q):
    n = sum("Pokémon" in title for title in load_games()["title"])
    assert f"{n} of 638 games" in browser.get("/games", params={"q": q}).text
    assert f"{n} games with" in admin.get("/admin/games", params={"q": q}).text
    title = next(title for title in load_games()["title"] if "Pokémon" in title)
    page = admin.get("/admin/rentals/new")
    assert "is saved" in send(admin, page, "/admin/rentals/new", game=title).text
    assert title in html.unescape(admin.get("/admin/rentals", params={"q": q}).text)
    assert "Nothing is found" in admin.get("/admin/rentals?q=game+freak").text  # titles are looked for there


def test_what_is_edited_is_found_by_its_new_name(admin, browser):
    page = admin.get("/admin/games?q=celeste")
    address = re.search(r"/admin/games/\d+", page.text)[0]
    fields = fields_of(admin.get(address))
    admin.post(address, data={**fields, "title": "Céleste", "developer": "Ünique"})
    for q in ("celeste", "unique"):
        assert "Céleste" in html.unescape(browser.get(f"/games?q={q}").text)
    assert "No game is like that" in browser.get("/games?q=maddy").text
    named = {name: fields[name] for name in ("title", "developer")}
    admin.post(address, data={**fields_of(admin.get(address)), **named})
    assert "No game is like that" in browser.get("/games?q=unique").text


@pytest.mark.parametrize("cents", [0, 499, 500, 1999, 2000, 99_999_999])
def test_the_shelves_have_a_price_in_the_purse_that_the_model_has_it_in(cents):
    assert [name for name, (low, high) in COSTS.items() if low <= cents < high] == [budget_of(cents / 100)]


def test_a_game_at_the_edge_of_two_purses_stands_in_one(app, browser):
    def cost(cents):
        with app.state.database.writing() as session:
            bump(session, structural=True)
            game = session.scalar(select(Game).where(Game.slug == "tetris"))
            before, game.cents = game.cents, cents
        return before

    before = cost(500)
    for cents in (500, 2000, before):
        cost(cents)
        found = [
            name
            for name in COSTS
            if 'href="/games/tetris"' in browser.get(f"/games?q=tetris&budget={name}").text
        ]
        assert found == [budget_of(cents / 100)]
    eventually(lambda: is_up_to_date(app))


def test_the_front_shelf_has_only_what_the_keeper_recommends(app, browser):
    for _ in range(80):
        TestClient(app, HOME).post("/api/rentals", json={"game": "Action 52"})
    with app.state.database.reading() as session:
        most = select(Game.title).join(Rental).group_by(Game.title).order_by(func.count().desc())
        assert session.scalar(most) == "Action 52"
    shelf = shelf_of(browser.get("/"))
    assert len(shelf) == 6
    assert "Action 52" not in shelf


def test_a_games_page_shows_similar_games(browser):
    page = html.unescape(browser.get("/games/tetris").text)
    told = browser.get("/api/recommend?budget=cheap&type=Puzzle&exclude=Tetris&k=6").json()["suggestions"]
    assert all(one["game"] in page for one in told)
    for slug in ("nothing", "x" * 300, "a%00b", "..%2f..%2fetc%2fpasswd", "%ff"):
        assert browser.get(f"/games/{slug}").status_code == 404
        assert browser.get(f"/covers/{slug}.svg").status_code == 404


def test_covers_are_drawn_the_same_every_time_and_hold_no_markup_of_titles(browser):
    drawn = browser.get("/covers/tetris.svg")
    assert drawn.headers["content-type"].startswith("image/svg+xml")
    assert drawn.text == cover("Tetris", "Game Boy", ["Puzzle"])
    for name in (*MOTIFS, "New"):
        evil = cover(EVIL + "long " * 30, "<b>", [name])
        assert "<script" not in evil
        assert "onerror=alert(2)>" not in evil
        ElementTree.fromstring(evil)
        assert "style" not in evil


def test_slugs_are_plain_and_free():
    assert free_slug("The Secret of Monkey Island: Édition!", set()) == "the-secret-of-monkey-island-edition"
    assert free_slug("2048", {"2048", "2048-2"}) == "2048-3"
    assert free_slug("東京", set()) == "game"
    assert len(free_slug("x" * 300, set())) <= 100


# --- the model ---


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
    eventually(lambda: is_up_to_date(app), 1.0)
    assert places()[behind][0] < places()[ahead][0]
    with app.state.database.reading() as session:
        full = LEARNER.train(session)
    learned = live._served.model
    for name in ("feature_count_", "class_count_", "feature_log_prob_"):
        assert np.array_equal(getattr(learned["classify"], name), getattr(full["classify"], name)), name
    assert learned.classes_.tolist() == full.classes_.tolist()
    assert np.array_equal(full["classify"].class_count_, np.rint(full["classify"].class_count_))


def test_a_game_that_is_not_recommended_can_be_rented_and_teaches_nothing(app, browser):
    eventually(lambda: is_up_to_date(app))
    with app.state.database.reading() as session:
        other = session.scalar(select(Game).where(Game.top_rated.is_(False)))
    before = app.state.live._served
    page = send(browser, browser.get(f"/games/{other.slug}"), "/rent", game=other.slug)
    assert page.url.path == "/rentals"
    eventually(lambda: is_up_to_date(app))
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
    eventually(lambda: is_up_to_date(app))
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


# --- behind the counter ---


@pytest.mark.parametrize(
    "path", ["", "/games", "/games/new", "/games/1", "/games/1/delete", "/consoles", "/rentals/1"]
)
def test_the_counter_is_closed_without_the_login(browser, path):
    assert browser.get(f"/admin{path}").url.path == "/login"
    token = token_of(browser.get("/login"))
    answer = browser.post(f"/admin{path}", data={"csrf": token, "title": "x"}, follow_redirects=False)
    assert answer.status_code in (303, 405)
    if answer.status_code == 303:
        assert answer.headers["location"].startswith("/login")


def test_a_game_is_added_changed_and_deleted_and_the_keeper_follows(app, admin):
    page = admin.get("/admin/games/new")
    console = re.search(r'value="(\d+)">SNES', page.text)[1]
    game = {
        "title": "Chess & <Draughts>",
        "year": 1980,
        "console": console,
        "developer": "Us",
        "cost": "4.50",
    }
    page = send(
        admin, page, "/admin/games/new", **game, types="Strategy", new_types="Board, puzzle", top_rated="on"
    )
    assert page.url.path == "/admin/games"
    assert "Chess &amp; &lt;Draughts&gt; is saved" in page.text
    eventually(lambda: "Board" in app.state.live.answers.types)
    told = admin.get("/api/recommend?budget=cheap&type=Board").json()["suggestions"][0]
    assert told["game"] == "Chess & <Draughts>"
    assert told["gameplay_types"] == ["Strategy", "Board", "Puzzle"]  # puzzle is spelled as it is known
    assert "Chess &amp; &lt;Draughts&gt;" in admin.get("/games/chess-draughts").text
    edit = re.search(r"/admin/games/\d+", admin.get("/admin/games?q=draughts").text)[0]
    fields = fields_of(admin.get(edit))
    assert sorted(fields["types"]) == ["Board", "Puzzle", "Strategy"]
    fields["cost"], fields["title"] = "25", "Chess"
    assert admin.post(edit, data=fields).url.path == "/admin/games"
    eventually(lambda: "Chess" in app.state.live.answers.facts)
    assert app.state.live.answers.facts["Chess"].types == (
        "Strategy",
        "Board",
        "Puzzle",
    )  # order and all kept
    assert app.state.live.answers.facts["Chess"].budget == "premium"
    page = admin.get(f"{edit}/delete")
    assert "0 rentals" in page.text
    assert send(admin, page, f"{edit}/delete").url.path == "/admin/games"
    eventually(lambda: "Board" not in app.state.live.answers.types)
    assert admin.get(edit).status_code == 404


def test_editing_one_field_keeps_all_the_others(admin, app):
    with app.state.database.reading() as session:
        most = session.scalar(
            select(GameType.game_id).group_by(GameType.game_id).order_by(func.count().desc()).limit(1)
        )
        before = session.get(Game, most)
        kept = {
            name: getattr(before, name)
            for name in ("title", "slug", "cents", "types", "console", "top_rated")
        }
    fields = fields_of(admin.get(f"/admin/games/{most}"))
    fields["year"] = "1999"
    admin.post(f"/admin/games/{most}", data=fields)
    with app.state.database.reading() as session:
        after = session.get(Game, most)
        assert after.year == 1999
        assert {name: getattr(after, name) for name in kept} == kept


def test_nobodys_change_is_lost_unseen(admin, app):
    send(admin, admin.get("/admin/consoles/new"), "/admin/consoles/new", name="Twin")
    with app.state.database.reading() as session:
        row = session.scalar(select(Console).where(Console.name == "Twin"))
    address = f"/admin/consoles/{row.id}"
    mine, yours = admin.get(address), admin.get(address)
    assert admin.post(address, data={**fields_of(mine), "name": "Mine"}).url.path == "/admin/consoles"
    yours = admin.post(address, data={**fields_of(yours), "name": ""})  # a mistake first
    yours = admin.post(address, data={**fields_of(yours), "name": "Yours"})
    assert yours.status_code == 422
    assert "Somebody else has changed it meanwhile" in yours.text
    assert 'value="Yours"' in yours.text
    assert ">Mine</a>" in admin.get("/admin/consoles?q=Mine").text
    assert admin.post(address, data=fields_of(yours)).url.path == "/admin/consoles"  # now with open eyes
    assert ">Yours</a>" in admin.get("/admin/consoles?q=Yours").text
    send(admin, admin.get(f"{address}/delete"), f"{address}/delete")


def test_errors_stand_beside_their_fields_and_the_input_is_kept(admin, app):
    page = admin.get("/admin/games/new")
    sent = {
        "title": EVIL,
        "year": "12",
        "developer": "",
        "cost": "4.567",
        "new_types": "A|B",
        "console": "99999",
    }
    page = send(admin, page, "/admin/games/new", **sent, types=["Racing", "Puzzle"])
    assert page.status_code == 422
    text = html.unescape(page.text)
    for name, words in {
        "year": "Must be at least 1970, got '12'.",
        "developer": "Please fill this in.",
        "cost": "Must have at most 2 decimals, got '4.567'.",
        "new_types": "A type is a word of at most 40 characters, without |; got 'A|B'.",
    }.items():
        assert f'id="{name}-error">{words}<' in text
    assert EVIL not in page.text
    assert html.unescape(re.search(r'id="title"[^>]*value="([^"]*)"', page.text)[1]) == EVIL
    assert len(re.findall(r'value="(?:Racing|Puzzle)" checked', page.text)) == 2
    sent |= {"year": "1999", "developer": "x", "cost": "4", "new_types": ""}
    page = send(admin, page, "/admin/games/new", **sent)
    assert "A game has 1 to 12 gameplay types, got 0." in page.text
    page = send(admin, page, "/admin/games/new", **sent | {"title": "tetris"}, types="Puzzle")
    assert "There is a game called Tetris already." in page.text
    assert "There is no such console any more." in page.text
    with app.state.database.reading() as session:
        assert not session.scalar(select(Game).where(Game.developer == "x"))


def test_a_stored_title_is_never_markup(admin, app, browser):
    page = admin.get("/admin/consoles/new")
    send(admin, page, "/admin/consoles/new", name=EVIL[:60])
    with app.state.database.reading() as session:
        console = session.scalar(select(Console).where(Console.name == EVIL[:60]))
    page = admin.get("/admin/games/new")
    evil = {
        "title": EVIL,
        "year": 1990,
        "console": console.id,
        "developer": EVIL,
        "cost": 1,
        "new_types": "<i>x</i>",
    }
    assert send(admin, page, "/admin/games/new", **evil, top_rated="on").url.path == "/admin/games"
    eventually(lambda: EVIL in app.state.live.answers.facts)
    slug = app.state.live.answers.facts[EVIL].slug
    row = re.search(r"/admin/games/\d+", admin.get("/admin/games", params={"q": EVIL[:20]}).text)[0]
    asked = {"type": "<i>x</i>"}
    for answer in (
        browser.get(f"/games/{slug}"),
        browser.get(f"/covers/{slug}.svg"),
        browser.get("/games", params={"q": EVIL[:30]}),
        browser.get("/suggest", params=asked),
        browser.get("/", params=asked),
        admin.get(row),
        admin.get(f"{row}/delete"),
        admin.get("/admin/consoles", params={"q": EVIL[:20]}),
    ):
        assert answer.status_code == 200
        assert not re.search(r"<script>alert|<img src=x|<i>x", answer.text)
    send(admin, admin.get(f"{row}/delete"), f"{row}/delete")
    send(admin, admin.get(f"/admin/consoles/{console.id}/delete"), f"/admin/consoles/{console.id}/delete")
    eventually(lambda: is_up_to_date(app))


def test_names_are_the_same_in_small_letters_and_capitals_of_every_alphabet(admin, app):
    fields = {"year": "2006", "console": "1", "developer": "Clover", "cost": "4.5", "types": "Action"}
    send(admin, admin.get("/admin/consoles/new"), "/admin/consoles/new", name="Élan")
    send(admin, admin.get("/admin/games/new"), "/admin/games/new", title="Ōkami", **fields)
    for title in ("Ōkami", "ōKAMI"):
        page = send(admin, admin.get("/admin/games/new"), "/admin/games/new", title=title, **fields)
        assert (page.status_code, "a game called Ōkami already" in page.text) == (422, True)
    for name in ("Élan", "éLAN"):
        page = send(admin, admin.get("/admin/consoles/new"), "/admin/consoles/new", name=name)
        assert (page.status_code, "a console called Élan already" in page.text) == (422, True)
    assert "/games/okami" in admin.get("/games", params={"q": "ŌKAMI"}).text
    page = send(admin, admin.get("/admin/rentals/new"), "/admin/rentals/new", game="Ōkami")
    assert page.url.path == "/admin/rentals"
    with app.state.database.writing() as session:  # as it was, and forgotten by the model
        bump(session, structural=True)
        session.delete(session.scalar(select(Game).where(Game.title == "Ōkami")))
        session.delete(session.scalar(select(Console).where(Console.name == "Élan")))
    eventually(lambda: is_up_to_date(app))


def test_a_visitors_rental_does_not_become_one_that_the_visitor_has(app, admin, browser):
    for game in ("Tetris", "Doom"):
        last = browser.post("/api/rentals", json={"game": game}).json()
    address = f"/admin/rentals/{last['id']}"
    page = admin.post(address, data={**fields_of(admin.get(address)), "game": "Tetris"})
    assert page.status_code == 422
    assert "This visitor has rented Tetris already." in page.text


@pytest.mark.parametrize("cost", ["4.35", "0.29", "999999.99", "5"])
def test_a_cost_is_kept_to_the_coin(app, cost):
    form = Form(
        {}, {}, GameFields(title="x", year=2000, console=1, developer="x", cost=cost, types=["Puzzle"])
    )
    with app.state.database.reading() as session, session.no_autoflush:
        game = Game(slug="x", types_in_order=[GameType(place=0, name="Puzzle")])
        saved = save_game(session, game, form)
        assert f"{saved.cost:.2f}" == f"{float(cost):.2f}"
        session.expunge_all()


def test_a_new_type_is_spelled_once():
    data = GameFields(title="x", year=2000, console=1, developer="x", cost=1, new_types="Noir, noir, PUZZLE")
    assert in_order(["Puzzle", "Gone"], types_named(data, ["Puzzle"])) == ["Puzzle", "Noir"]


def test_a_console_with_games_is_not_deleted(admin, app):
    with app.state.database.reading() as session:
        console = session.scalar(select(Console).where(Console.name == "SNES"))
    page = admin.get(f"/admin/consoles/{console.id}/delete")
    assert "28 games are for it" in page.text
    page = send(admin, admin.get("/admin"), f"/admin/consoles/{console.id}/delete")
    assert page.status_code == 409
    page = send(admin, admin.get("/admin/consoles/new"), "/admin/consoles/new", name="snes")
    assert "There is a console called SNES already." in page.text


def test_one_is_no_plural(app):
    def with_one(session, row, of):
        return session.scalar(select(row).join(of).group_by(row.id).having(func.count() == 1).limit(1))

    with app.state.database.reading() as session:
        words, _ = on_delete_game(session, with_one(session, Game, Rental))
        assert "1 rental of it is forgotten" in words
        words, allowed = on_delete_console(session, with_one(session, Console, Game))
        assert (words.split(".")[0], allowed) == ("1 game is for it", False)


def test_rentals_are_entered_changed_and_deleted_at_the_desk(admin, app):
    page = admin.get("/admin/rentals/new")
    page = send(admin, page, "/admin/rentals/new", game="tetriss", budget="free", types="Puzzle")
    assert "Must be" in page.text
    page = send(admin, page, "/admin/rentals/new", game="tetriss", budget="cheap", types=["Puzzle", "Chess"])
    assert "There is no game called tetriss." in page.text
    assert "No game has the type Chess." in page.text
    page = send(admin, page, "/admin/rentals/new", game="tetris", budget="cheap", types=["Puzzle", "Party"])
    assert "Tetris is saved" in page.text
    row = re.search(r"/admin/rentals/\d+", admin.get("/admin/rentals?q=tetris").text)[0]
    with app.state.database.reading() as session:
        assert (
            session.get(Rental, int(row.split("/")[-1])).version == 1
        )  # it comes with the full training alone
    fields = fields_of(admin.get(row))
    assert fields["game"] == ["Tetris"]
    assert fields["budget"] == ["cheap"]
    admin.post(row, data={**fields, "budget": ""})
    with app.state.database.reading() as session:
        rental = session.get(Rental, int(row.split("/")[-1]))
        assert (rental.budget, rental.types) == (None, ["Puzzle", "Party"])
    send(admin, admin.get(f"{row}/delete"), f"{row}/delete")
    assert admin.get(row).status_code == 404
    eventually(lambda: is_up_to_date(app))


@pytest.mark.parametrize("desk", ["games", "consoles", "rentals"])
def test_lists_are_paged_and_searched_and_numbers_that_are_none_are_refused(admin, desk):
    assert "Page 2 of" in admin.get(f"/admin/{desk}?page=2").text
    assert "Nothing is found" in admin.get(f"/admin/{desk}?q=zzzzzz").text
    assert admin.get(f"/admin/{desk}?q=%00%25").status_code == 200
    for number in ("0", "99999999999999999999", "-1", "x", "1'--"):
        assert admin.get(f"/admin/{desk}/{number}").status_code == 422
        assert admin.get(f"/admin/{desk}/2147483647").status_code == 404


def test_a_training_that_fails_is_said_at_the_counter(admin, app, monkeypatch):
    good = app.state.live.answers

    def fail(session):
        raise ValueError("the keeper is ill")

    monkeypatch.setattr(
        app.state.live, "learner", LEARNER.__class__(fail, LEARNER.compile, LEARNER.expected, LEARNER.update)
    )
    with app.state.database.writing() as session:
        bump(session, structural=True)
    eventually(lambda: app.state.live.health()["status"] == "degraded")
    assert "the keeper is ill" in admin.get("/admin").text
    assert "the keeper is ill" in admin.get("/health").json()["reason"]
    assert admin.get("/suggest?type=Puzzle").status_code == 200
    assert app.state.live.answers.facts == good.facts
    monkeypatch.undo()
    with app.state.database.writing() as session:
        bump(session, structural=True)
    eventually(lambda: is_up_to_date(app))
    assert "up to date" in admin.get("/admin").text


# --- the API ---


def test_the_api_recommends_what_was_asked(browser):
    answer = browser.get("/api/recommend?budget=premium&type=Racing&k=3").json()
    assert answer["question"] == {"budget": "premium", "gameplay_types": ["Racing"]}
    assert [one["rank"] for one in answer["suggestions"]] == [1, 2, 3]
    for one in answer["suggestions"]:
        assert one["budget"] == "premium"
        assert "Racing" in one["gameplay_types"]
    first = answer["suggestions"][0]["game"]
    rest = browser.get(
        "/api/recommend", params={"budget": "premium", "type": "Racing", "exclude": first}
    ).json()
    assert rest["suggestions"][0]["game"] == answer["suggestions"][1]["game"]
    assert len(browser.get("/api/recommend").json()["suggestions"]) == 5
    assert set(browser.get("/api/criteria").json()["budgets"]) == {"cheap", "standard", "premium"}


@pytest.mark.parametrize(
    "query",
    [
        "k=0",
        "k=51",
        "k=x",
        "k=",
        "budget=" + "x" * 30,
        "&".join(["type=Puzzle"] * 21),
        "type=%00",
        "type=%ff",
        "budget=%F0%9F%8D%BA",
    ],
)
def test_the_api_refuses_what_it_cannot_answer(browser, query):
    answer = browser.get(f"/api/recommend?{query}")
    assert answer.status_code == 422
    assert answer.json()["detail"][0].keys() == {"where", "problem"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"game": "tetris"}, 201),
        ({"game": "Tetris", "budget": "cheap", "gameplay_types": ["Puzzle", "Puzzle"]}, 201),
        ({"game": "Tetris", "budget": "free"}, 422),
        ({"game": "Tetris", "gameplay_types": ["Chess"]}, 422),
        ({"game": "'; DROP TABLE games; --"}, 422),
        ({"game": "a\x00b"}, 422),
        ({"game": ["Tetris"]}, 422),
        ({}, 422),
        ([], 422),
    ],
)
def test_rentals_by_the_api(browser, body, status):
    answer = browser.post("/api/rentals", json=body)
    assert answer.status_code == status
    if status == 201:
        assert answer.json()["game"] == "Tetris"
        again = browser.post("/api/rentals", json=body)
        assert (again.status_code, again.json()) == (200, answer.json())
        assert browser.get("/api/rentals").json() == [answer.json()]


def problem_of(answer):
    assert answer.status_code == 422
    return answer.json()["detail"][0]


def test_a_game_that_is_not_recommended_is_rented_and_why_it_is_not_explained_is_said(browser):
    for name in ("action-52", "Action 52"):
        told = problem_of(browser.get("/api/explain", params={"game": name, "type": "Puzzle"}))
        assert told == {
            "where": "query.game",
            "problem": "'Action 52' is on the shelves, but not among the 618 games that are recommended",
        }
    assert browser.post("/api/rentals", json={"game": "action-52"}).json()["game"] == "Action 52"
    assert browser.post("/api/rentals", json={"game": "Action 52"}).status_code == 200


def test_only_names_that_are_spelt_alike_are_offered(browser):
    told = problem_of(browser.get("/api/explain?game=Tetriss&type=Puzzle"))["problem"]
    assert told.startswith("Unknown game 'Tetriss'. Known, of 618, and spelt alike: Tetris")
    assert told.count(",") <= 6
    told = problem_of(browser.get("/api/explain?game=pokemon gold and silvr"))["problem"]
    assert "spelt alike: Pokémon Gold and Silver" in told
    told = problem_of(browser.get("/api/explain", params={"game": "qqqq%\x00"}))["problem"]
    assert told.endswith("None of the 618 known ones is spelt alike; /games lists them")
    told = problem_of(browser.post("/api/rentals", json={"game": "action 53"}))
    assert told["where"] == "body.game"
    assert "Known, of 638, and spelt alike: Action 52" in told["problem"]


def test_a_wrong_type_is_reported_by_its_own_name(browser):
    told = problem_of(browser.post("/api/rentals", json={"game": "Tetris", "gameplay_types": ["Chess"]}))
    assert told["where"] == "body.gameplay_types"
    assert problem_of(browser.get("/api/recommend?type=Chess"))["where"] == "query.type"


def test_the_api_is_described(browser):
    paths = browser.get("/api/openapi.json").json()["paths"]
    assert set(paths) == {"/api/recommend", "/api/explain", "/api/criteria", "/api/rentals", "/health"}
    page = browser.get("/api/docs").text
    assert all(path in page for path in paths)


# --- the whole site ---


def test_no_page_refers_to_another_host_and_every_link_works(admin):
    one_of_each = r"\d+|(?<=/games/)[a-z0-9-]+|(?<=/covers/)[^.]+"
    kinds = walk_every_link(admin, lambda link: (re.sub(one_of_each, "_", link.split("?")[0]), "?" in link))
    assert {("/rent", False), ("/logout", False), ("/suggest", True)} <= kinds
    assert len(kinds) > 15


def test_migrations_make_the_tables_as_declared_and_go_down(app, tmp_path):
    assert_migrations_are_right(app, SITE.folder, Base.metadata, tmp_path)


def test_games_of_an_older_database_are_found_too(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'old.sqlite'}")
    with database.engine.begin() as connection:
        upgrade(connection, SITE.folder / "migrations", "tavern_0001")
        connection.exec_driver_sql("INSERT INTO consoles VALUES (1, 'NES')")
        connection.exec_driver_sql("INSERT INTO games VALUES (7, 'Pokémon', 'p', 1999, 1, 'Ä & Co', 1, true)")
        upgrade(connection, SITE.folder / "migrations")
        folded = "SELECT id, title, folded FROM games"
        assert connection.exec_driver_sql(folded).all() == [(7, "Pokémon", "pokemon\na & co")]
        downgrade(connection, SITE.folder / "migrations", "tavern_0001")
        assert connection.exec_driver_sql("SELECT title FROM games").scalar() == "Pokémon"
    database.close()


def test_the_seed_is_the_catalogue(app):
    with app.state.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Game)) == load_games().height
        assert (
            200
            < session.scalar(select(func.count()).select_from(Rental).where(Rental.visitor.is_(None)))
            < 500
        )
        game = session.scalar(select(Game).where(Game.title == "Celeste"))
        row = load_games().row(by_predicate=pl.col("title") == "Celeste", named=True)
        assert (game.year, game.console, game.cost, game.types, game.budget) == (
            row["year"],
            row["console"],
            row["cost"],
            row["gameplay_types"],
            row["budget"],
        )


# --- the command, and two workers ---


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (["--port", "70000"], {}, "must be a whole number from 0 to 65535, got '70000'"),
        (["--workers", "0"], {}, "must be a whole number of at least 1, got '0'"),
        (
            [],
            {"DATABASE_URL": "mysql://root:secret@localhost"},
            "DATABASE_URL must be sqlite:///FILE or postgresql",
        ),
        (
            ["--workers", "2"],
            {"DATABASE_URL": "postgresql+psycopg://u:secret@127.0.0.1:1/x"},
            "DATABASE_URL: the database does not answer: connection failed",
        ),
        (["--workers", "2", "--data", __file__], {}, "File exists"),
        ([], {"without": "uvicorn"}, 'serve needs the web packages: pip install -e ".[web]"'),
    ],
)
def test_the_command_says_what_it_needs(monkeypatch, capsys, arguments, variables, message):
    for name, value in variables.items():
        if name == "without":
            monkeypatch.setitem(sys.modules, value, None)
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as stopped:
        command_line.main(["serve", *arguments])
    assert stopped.value.code == 2
    said = capsys.readouterr().err
    assert message in said
    assert "secret" not in said


@pytest.fixture
def two_workers(start_site, tmp_path, database_url):
    url = database_url if database_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'two.sqlite'}"
    return start_site("examples.games", tmp_path, DATABASE_URL=url, TAVERN_ADMIN_PASSWORD=PASSWORD)


def rent(site, game, **question):
    return site.get("/api/rentals", json.dumps({"game": game, **question}))


def test_a_change_made_through_one_worker_is_served_by_both_within_a_second(two_workers):
    site = two_workers
    eventually(lambda: len(site.workers()) == 2, 20)
    rental = rent(site, "Tetris", budget="cheap", gameplay_types=["Puzzle"])
    began = time.monotonic()
    eventually(lambda: {w["version"] for w in site.workers().values()} == {rental["version"]}, 1.5)
    assert time.monotonic() - began < 1.5
    trainings = {worker: health["trainings"] for worker, health in site.workers().items()}
    with httpx2.Client(base_url=f"http://127.0.0.1:{site.port}", follow_redirects=True) as browser:
        log_in(browser)
        for i in range(5):
            page = browser.get("/admin/games/1")
            browser.post("/admin/games/1", data={**fields_of(page), "year": str(1990 + i)})
    began = time.monotonic()
    done = rental["version"] + 5
    eventually(lambda: all(w["trained"] == done for w in site.workers().values()), 3)
    assert time.monotonic() - began < 1.5
    now = site.workers()
    assert sum(now[worker]["trainings"] - n for worker, n in trainings.items()) <= 2


def test_what_was_acknowledged_survives_kills(two_workers, start_site):
    acknowledged = [rent(two_workers, "Celeste", gameplay_types=["Platform"])["id"] for _ in range(20)]
    before = set(two_workers.workers())
    os.kill(two_workers.get("/health")["worker"], signal.SIGKILL)
    eventually(lambda: two_workers.is_well() and len(set(two_workers.workers()) - before) == 1, 30)
    acknowledged.append(rent(two_workers, "Celeste")["id"])
    two_workers.kill()
    again = start_site("examples.games", two_workers.data, workers=1, **two_workers.variables)
    assert again.get("/health")["status"] == "ok"
    with closing(Database(two_workers.variables["DATABASE_URL"])) as database, database.reading() as session:
        kept = set(session.scalars(select(Rental.id).where(Rental.visitor.is_not(None))))
    assert set(acknowledged) <= kept
