"""Behind the counter: the admin's desks."""

import html
import re

import pytest
from sqlalchemy import func, select

from examples.games.web.admin import (
    GameFields,
    in_order,
    on_delete_console,
    on_delete_game,
    save_game,
    types_named,
)
from examples.games.web.model import LEARNER
from examples.games.web.tables import Console, Game, GameType, Rental
from examples.web.database import bump
from examples.web.forms import Form
from tests.examples.sites import wait_for
from tests.examples.web.pages import (
    EVIL,
    fields_of,
    is_up_to_date,
    send,
    token_of,
)


@pytest.mark.parametrize(
    "path",
    ["", "/games", "/games/new", "/games/1", "/games/1/delete", "/consoles", "/rentals/1", "/unconfirmed"],
)
def test_the_counter_is_closed_without_the_login(browser, path):
    assert browser.get(f"/admin{path}").url.path == "/login"
    token = token_of(browser.get("/login"))
    answer = browser.post(f"/admin{path}", data={"csrf": token, "title": "x"}, follow_redirects=False)
    assert answer.status_code in (403, 405)
    if answer.status_code == 403:
        assert "<h1>Behind the counter</h1>" in answer.text


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
    wait_for(lambda: "Board" in app.state.live.answers.types)
    told = admin.get("/api/recommend?budget=cheap&type=Board").json()["suggestions"][0]
    assert told["game"] == "Chess & <Draughts>"
    assert told["gameplay_types"] == ["Strategy", "Board", "Puzzle"]  # puzzle is spelled as it is known
    assert "Chess &amp; &lt;Draughts&gt;" in admin.get("/games/chess-draughts").text
    edit = re.search(r"/admin/games/\d+", admin.get("/admin/games?q=draughts").text)[0]
    fields = fields_of(admin.get(edit))
    assert sorted(fields["types"]) == ["Board", "Puzzle", "Strategy"]
    fields["cost"], fields["title"] = "25", "Chess"
    assert admin.post(edit, data=fields).url.path == "/admin/games"
    wait_for(lambda: "Chess" in app.state.live.answers.facts)
    assert app.state.live.answers.facts["Chess"].types == (
        "Strategy",
        "Board",
        "Puzzle",
    )  # order and all kept
    assert app.state.live.answers.facts["Chess"].budget == "premium"
    page = admin.get(f"{edit}/delete")
    assert "0 rentals" in page.text
    assert send(admin, page, f"{edit}/delete").url.path == "/admin/games"
    wait_for(lambda: "Board" not in app.state.live.answers.types)
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
    wait_for(lambda: EVIL in app.state.live.answers.facts and is_up_to_date(app))
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
    wait_for(lambda: is_up_to_date(app))


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
    wait_for(lambda: is_up_to_date(app))


def test_a_title_in_fullwidth_letters_is_the_same_title(admin, browser):
    fields = {"year": "2006", "console": "1", "developer": "x", "cost": "4.5", "types": "Action"}
    page = send(admin, admin.get("/admin/games/new"), "/admin/games/new", title="ＴＥＴＲＩＳ", **fields)
    assert "There is a game called Tetris already." in page.text
    for title in ("ＴＥＴＲＩＳ", "TETRIS", "\u00a0Tetris\u00a0"):
        answer = browser.post("/api/rentals", json={"game": title})
        assert (answer.status_code in (200, 201), answer.json()["game"]) == (True, "Tetris")
    assert "/games/tetris" in browser.get("/games", params={"q": "ＴＥＴＲＩＳ"}).text


def test_a_title_may_have_emoji_and_is_found(app, admin, browser):
    title = "👩\u200d🚀 Space\u00a0Race"
    fields = {"year": "2006", "console": "1", "developer": "x", "cost": "4.5", "types": "Action"}
    page = send(admin, admin.get("/admin/games/new"), "/admin/games/new", title=title, **fields)
    assert "👩\u200d🚀 Space Race is saved." in page.text
    for q in ("👩\u200d🚀", "space race", "SPACE\u00a0RACE"):
        assert "/games/space-race" in browser.get("/games", params={"q": q}).text
    assert browser.post("/api/rentals", json={"game": title}).json()["game"] == "👩\u200d🚀 Space Race"
    with app.state.database.writing() as session:  # as it was
        bump(session, structural=True)
        session.delete(session.scalar(select(Game).where(Game.slug == "space-race")))
    wait_for(lambda: is_up_to_date(app))


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
    wait_for(lambda: is_up_to_date(app))


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
    wait_for(lambda: app.state.live.health()["status"] == "degraded")
    assert "the keeper is ill" in admin.get("/admin").text
    assert "the keeper is ill" in admin.get("/health").json()["reason"]
    assert admin.get("/suggest?type=Puzzle").status_code == 200
    assert app.state.live.answers.facts == good.facts
    monkeypatch.undo()
    with app.state.database.writing() as session:
        bump(session, structural=True)
    wait_for(lambda: is_up_to_date(app))
    assert "up to date" in admin.get("/admin").text
