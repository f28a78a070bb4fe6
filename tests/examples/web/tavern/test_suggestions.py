"""Suggestions: one at a time, with reasons, and what a mistyped address gets."""

import html
import re

import pytest
from sqlalchemy import func, select

from examples.games.web import criteria
from examples.games.web.criteria import nearest
from examples.games.web.tables import Game, Rental
from examples.games.words import fit_in_words
from tests.examples.web.pages import (
    send,
)
from tests.examples.web.tavern.reading import next_of, rent_at_the_counter, shelf_of, title_of


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
            rent_at_the_counter(app, told[-1]["game"], 40, "cheap", ["RPG"])  # it comes to the top
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
            session.execute(
                select(Game.title, func.count()).join(Rental).where(Rental.learned).group_by(Game.title)
            ).all()
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
    assert "It has everything you asked for: budget-friendly and Puzzle." in whole.text


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
    assert fit_in_words(["RPG"], []) == "It has everything you asked for: RPG."
    assert fit_in_words(["cheap", "A"], ["B", "C", "D"]) == (
        "It has 2 of the 5 things you asked for: cheap and A. It does not have: B, C and D."
    )
    assert fit_in_words([], ["RPG"]).startswith("It has none of the things you asked for (RPG)")


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


def test_spellings_are_compared_for_few_names_and_few_letters(browser, monkeypatch):
    compared = []
    monkeypatch.setattr(criteria, "likeness", lambda one, other: compared.append((one, other)) or 0.0)
    page = browser.get("/suggest", params={"type": [f"x{i}" for i in range(300)]})
    assert page.status_code == 422
    assert "Number of other unknown types in the address: 295." in page.text
    assert 0 < len(compared) <= 5 * 2 * len(browser.get("/api/criteria").json()["gameplay_types"])
    browser.get("/api/explain", params={"game": "\ufdfa" * 80})  # one letter, of which NFKD makes 18
    assert max(len(one) for one, _ in compared) == 80
