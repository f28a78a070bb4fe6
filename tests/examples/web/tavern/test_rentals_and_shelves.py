"""Renting, the shelves, the covers."""

import html
import re
import time
from xml.etree import ElementTree

import polars as pl
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from examples.games.data import budget_of, load_games
from examples.games.web.covers import MOTIFS, cover
from examples.games.web.pages import COSTS
from examples.games.web.seed import free_slug
from examples.games.web.tables import Console, Game, Rental
from examples.web.database import bump
from tests.examples.sites import wait_for
from tests.examples.web.pages import (
    EVIL,
    HOME,
    fields_of,
    is_up_to_date,
    send,
    token_of,
)
from tests.examples.web.tavern.reading import rent_at_the_counter, shelf_of, title_of


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
    wait_for(lambda: is_up_to_date(app))


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
    wait_for(lambda: is_up_to_date(app))


def test_the_front_shelf_has_only_what_the_keeper_recommends(app, browser):
    rent_at_the_counter(app, "Action 52", 80, None, [])
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


def test_a_game_given_back_is_suggested_again_and_can_be_rented_again(app, browser, monkeypatch):
    page = browser.get("/games/doom")
    page = send(browser, page, "/rent", game="doom")
    number = fields_of(page)["rental"][0]
    stranger = TestClient(app, HOME)
    token = token_of(stranger.get("/games/doom"))
    assert stranger.post("/return", data={"csrf": token, "rental": number}).status_code == 404
    page = browser.post("/return", data={"csrf": token_of(page), "rental": number})
    assert "Doom is back on its shelf." in page.text
    assert "Given back." in page.text
    page = browser.get("/games/doom")
    assert "Rent it" in page.text
    soon = browser.post("/rent", data={"csrf": token_of(page), "game": "doom"})
    assert (soon.status_code, 1 <= int(soon.headers["retry-after"]) <= 10) == (429, True)
    now = time.time()
    monkeypatch.setattr("examples.games.web.renting.time.time", lambda: now + 11)
    page = send(browser, page, "/rent", game="doom")
    assert "Doom is yours for tonight." in html.unescape(page.text)
    assert len(browser.get("/api/rentals").json()) == 1  # and the model learns one rental


@pytest.mark.parametrize("number", ["", "0", "x", "999999", "99999999999999999999", "-1"])
def test_only_a_rental_can_be_given_back(browser, number):
    token = token_of(browser.get("/games/tetris"))
    assert browser.post("/return", data={"csrf": token, "rental": number}).status_code == 404


def test_the_front_shelf_is_of_the_last_four_weeks(app, browser):
    with app.state.database.writing() as session:
        version, now = bump(session, structural=False), int(time.time())
        for title, days, n in (("Pac-Man", 27, 30), ("Tetris", 29, 60)):
            game = session.scalar(select(Game).where(Game.title == title))
            for _ in range(n):
                session.add(Rental(game=game, at=now - days * 24 * 3600, version=version))
    shelf = shelf_of(browser.get("/"))
    assert "Pac-Man" in shelf
    assert "Tetris" not in shelf
