"""What visitors whom nobody knows can teach the model, and what the counter does about it."""

import copy
import re
import time

import pytest
from fastapi import HTTPException
from fastapi.testclient import TestClient
from sqlalchemy import delete, func, insert, select, update

from examples.games.web import renting
from examples.games.web.model import LEARNER, Answers, learnable, read_facts
from examples.games.web.renting import MOST_OF_ADDRESS, MOST_OF_VISITOR, MOST_TYPES, add_rental, check_limits
from examples.games.web.tables import Game, Rental
from examples.web.database import bump, head
from pipelines import update as learn
from tests.effort import effort
from tests.examples.sites import wait_for
from tests.examples.web.pages import HOME, is_up_to_date, send, text_of, token_of

SHARE = 0.05  # of the confirmed rentals, as README states
N_REAL = 20  # posts of an address that are recorded as a post is, and as many refused ones


@pytest.fixture(autouse=True)
def _nothing_unconfirmed(app):
    """Forget what visitors have rented."""
    with app.state.database.writing() as session:
        bump(session, structural=True)
        session.execute(delete(Rental).where(Rental.confirmed.is_(False)))
    wait_for(lambda: is_up_to_date(app))


def met(game, budget, name):
    return (game.budget == budget) + (name in game.types)


def questions(answers):
    return [(budget, name) for budget in answers.budgets for name in answers.types]


def assert_no_game_stands_above_one_that_meets_more(answers, asked):
    for budget, name in asked:
        found = answers.recommend(budget, [name], len(answers.facts))
        n_met = [met(one.game, budget, name) for one in found]
        assert n_met == sorted(n_met, reverse=True), (budget, name)


def targets(answers, budget, name, n_met):
    """Return the games, best first, that meet so many of the two words."""
    found = answers.recommend(budget, [name], len(answers.facts))
    return [one.game.title for one in found if met(one.game, budget, name) == n_met]


def rent(browser, title, budget="cheap", name="Puzzle"):
    """Rent a game as a visitor without cookies."""
    browser.cookies.clear()
    asked = {"game": title, "budget": budget, "gameplay_types": [name]}
    return browser.post("/api/rentals", json=asked)


def post_as_new_visitors(app, source, titles):
    """Rent games as new visitors at one address, in one transaction and without HTTP. Return the refusals.

    To save time, most rentals that teach nothing are copied, and of most refused posts only the limits run.
    """
    refused = []
    with app.state.database.writing() as session:
        for i, title in enumerate(titles):
            if N_REAL <= i < MOST_OF_ADDRESS - 1:
                continue
            if N_REAL < MOST_OF_ADDRESS - 1 == i:
                copy_last_rental(session, MOST_OF_ADDRESS - 1 - N_REAL)
            try:
                if i > MOST_OF_ADDRESS + N_REAL:
                    check_limits(session, f"{source} {i}", source, int(time.time()))
                else:
                    is_it = Game.title == title
                    add_rental(session, f"{source} {i}", source, is_it, "cheap", ["Puzzle"])
            except HTTPException as error:
                refused.append((i, error.status_code))
    return refused


def copy_last_rental(session, n):
    last = session.scalars(select(Rental).order_by(Rental.id.desc()).limit(1)).one()
    names = ("game_id", "budget", "at", "version", "source", "confirmed")
    row = {name: getattr(last, name) for name in names} | {"learned": False}
    session.execute(insert(Rental), [{**row, "visitor": f"{last.visitor} {i}"} for i in range(n)])


@pytest.mark.parametrize(
    ("n_addresses", "n_posts"), [(1, effort(10_000, 130)), (50, effort(200, 2))], ids=["one", "fifty"]
)
def test_many_posts_change_no_order_and_hardly_any_popularity(app, n_addresses, n_posts):
    before = app.state.live.answers
    wrong = targets(before, "cheap", "Puzzle", 1)
    for i in range(n_addresses):
        titles = [wrong[(i + j) % 40] for j in range(n_posts)]
        refused = post_as_new_visitors(app, f"address {i}", titles)
        assert refused == [(j, 429) for j in range(MOST_OF_ADDRESS, n_posts)]
    wait_for(lambda: is_up_to_date(app))
    after = app.state.live.answers
    assert_no_game_stands_above_one_that_meets_more(after, questions(after))
    moves = [after.n_rentals(title) - before.n_rentals(title) for title in before.facts]
    assert max(moves) == 1
    assert sum(moves) <= SHARE * sum(before.n_rentals(title) for title in before.facts)
    with app.state.database.reading() as session:  # the same after the next training
        assert LEARNER.train(session)["classify"].class_count_.sum() == sum(
            after.n_rentals(title) for title in after.facts
        )


def test_no_question_can_be_turned_around_by_what_nobody_confirmed(app):
    """The worst that can be learned: one rental of each game, of those that meet less, best first."""
    with app.state.database.reading() as session:
        model, facts = LEARNER.train(session), read_facts(session)
    answers = Answers(model, facts)
    n_learned = int(SHARE * sum(answers.n_rentals(title) for title in facts))
    for budget, name in questions(answers)[:: effort(1, 7)]:
        others = [one for one in answers.types if one != name][:2]
        for n_met, types in ((1, [name]), (0, [name]), (1, [name, *others])):
            titles = targets(answers, budget, name, n_met)[:n_learned]
            rows = learnable([(title, budget, types) for title in titles])
            after = Answers(learn(copy.deepcopy(model), *rows), facts)
            assert_no_game_stands_above_one_that_meets_more(after, [(budget, name)])


@pytest.mark.parametrize(
    ("addresses", "most"),
    [(["2001:db8::1", "2001:db8::2:3"], 3), (["2001:db8::1", "2001:db8:0:1::1"], 6)],
    ids=["one-network", "two-networks"],
)
def test_an_address_has_a_limit_and_a_network_of_ipv6_is_one_address(app, monkeypatch, addresses, most):
    monkeypatch.setattr(renting, "MOST_OF_ADDRESS", 3)
    browsers = [TestClient(app, HOME, client=(address, 1)) for address in addresses]
    answers = [rent(browser, "Tetris") for _ in range(4) for browser in browsers]
    assert [one.status_code for one in answers].count(201) == most
    assert 0 < int(answers[-1].headers["retry-after"]) <= 3600
    now = time.time()
    monkeypatch.setattr(renting.time, "time", lambda: now + 3601)
    assert rent(browsers[0], "Tetris").status_code == 201


def test_a_refusal_needs_no_lock_of_the_database(app, monkeypatch):
    monkeypatch.setattr(renting, "MOST_OF_ADDRESS", 1)
    browser = TestClient(app, HOME)
    assert rent(browser, "Tetris").status_code == 201
    monkeypatch.setattr(renting, "bump", lambda *args, **options: pytest.fail("it was locked"))
    assert rent(browser, "Tetris").status_code == 429


def test_a_visitor_has_a_limit_too_and_the_page_says_so(app, browser):
    titles = list(app.state.live.answers.facts)[: MOST_OF_VISITOR + 1]
    answers = [browser.post("/api/rentals", json={"game": title}) for title in titles]
    assert [one.status_code for one in answers] == [201] * MOST_OF_VISITOR + [429]
    assert browser.post("/api/rentals", json={"game": titles[0]}).status_code == 200  # has it already
    page = browser.get("/games/tetris")
    refused = send(browser, page, "/rent", game=app.state.live.answers.facts[titles[-1]].slug)
    assert (refused.status_code, "retry-after" in refused.headers) == (429, True)
    assert "That is a lot for one hour." in refused.text


def test_a_forged_forwarded_address_does_not_count(app, monkeypatch):
    monkeypatch.setattr(renting, "MOST_OF_ADDRESS", 2)
    browser = TestClient(app, HOME, client=("203.0.113.1", 1))
    statuses = []
    for i in range(3):
        browser.headers["x-forwarded-for"] = f"10.0.0.{i}"
        statuses.append(rent(browser, "Tetris").status_code)
    assert statuses == [201, 201, 429]


def unconfirmed(app):
    with app.state.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Rental).where(Rental.confirmed.is_(False)))


def test_the_counter_confirms_and_discards_by_visitor_and_by_time(app, admin):
    before = app.state.live.answers.n_rentals("Tetris")
    visitors = [TestClient(app, HOME) for _ in range(4)]
    ids = [visitor.post("/api/rentals", json={"game": "Tetris"}).json()["id"] for visitor in visitors]
    visitors[0].post("/api/rentals", json={"game": "Doom"})
    wait_for(lambda: is_up_to_date(app))
    assert app.state.live.answers.n_rentals("Tetris") == before + 1
    with app.state.database.writing() as session:
        hour = int(time.mktime((2026, 3, 20, 12, 0, 0, 0, 0, 0))) - time.timezone
        session.execute(update(Rental).where(Rental.id == ids[3]).values(at=hour))
        name = session.get(Rental, ids[0]).visitor
    assert "5 rentals" in text_of(admin.get("/admin/unconfirmed"))
    page = admin.get(f"/admin/unconfirmed?visitor={name}")
    assert "2 rentals" in text_of(page)
    late = visitors[0].post("/api/rentals", json={"game": "Celeste"})
    fields = {"visitor": name, "last": re.search(r'name="last" value="(\d+)"', page.text)[1]}
    assert (
        "2 rentals are confirmed" in send(admin, page, "/admin/unconfirmed", action="confirm", **fields).text
    )
    assert unconfirmed(app) == 4  # what came after the page was opened stays
    assert late.status_code == 201
    times = {"since": "2026-03-20T11:30", "until": "2026-03-20T12:30"}
    page = admin.get("/admin/unconfirmed", params=times)
    assert "1 rental" in text_of(page)
    fields = {**times, "last": str(ids[3])}
    assert (
        "1 rental is discarded." in send(admin, page, "/admin/unconfirmed", action="discard", **fields).text
    )
    assert unconfirmed(app) == 3
    assert visitors[3].get("/api/rentals").json() == []
    page = admin.get("/admin/unconfirmed")
    send(admin, page, "/admin/unconfirmed", action="confirm", last=str(late.json()["id"]))
    wait_for(lambda: is_up_to_date(app))
    assert app.state.live.answers.n_rentals("Tetris") == before + 3
    assert "There are none." in text_of(admin.get("/admin/unconfirmed"))


def test_the_counters_page_refuses_what_it_cannot_read(app, admin, browser):
    page = admin.get("/admin/unconfirmed?since=tomorrow")
    assert (page.status_code, "Must be a date" in page.text) == (422, True)
    rent(browser, "Tetris")
    for fields in ({"action": "burn", "last": "99"}, {"action": "discard"}):
        assert "Nothing was changed" in send(admin, admin.get("/admin"), "/admin/unconfirmed", **fields).text
    token = token_of(browser.get("/games/doom"))
    browser.post("/admin/unconfirmed", data={"csrf": token, "action": "discard", "last": "999999"})
    assert unconfirmed(app) == 1


def learned(app):
    """Return the codes of the addresses whose unconfirmed rentals the model learns, in order."""
    with app.state.database.reading() as session:
        which = select(Rental.source).where(Rental.learned, Rental.confirmed.is_(False))
        return list(session.scalars(which.order_by(Rental.id)))


def post_different_games(app, source, titles):
    with app.state.database.writing() as session:
        for i, title in enumerate(titles):
            add_rental(
                session, f"{source} {i} {titles[0]}"[:32], source, Game.title == title, "cheap", ["Puzzle"]
            )


def test_nobody_keeps_the_places_of_unconfirmed_rentals_for_himself(app, monkeypatch):
    """One address has at most a fifth of them, and after a day the oldest one makes way."""
    first = app.state.live.answers
    titles = targets(first, "cheap", "Puzzle", 1)
    with app.state.database.reading() as session:
        n_places = renting.places(session)
    share = n_places // 5
    post_different_games(app, "greedy", titles[: 2 * n_places])
    assert learned(app) == ["greedy"] * share
    for i in range(1, 6):
        post_different_games(app, f"other {i}", titles[i * share : i * share + share])
    full = learned(app)
    assert len(full) == n_places
    assert set(full) == {"greedy", *(f"other {i}" for i in range(1, 5))}
    post_different_games(app, "honest", titles[-2:])
    assert learned(app) == full
    with app.state.database.reading() as session:
        before = head(session).structure
    now = time.time()
    monkeypatch.setattr(renting.time, "time", lambda: now + 24 * 3600)
    post_different_games(app, "honest", titles[-4:-2])
    assert learned(app) == [*full[2:], "honest", "honest"]
    with app.state.database.reading() as session:
        assert head(session).structure > before  # the model is trained again without the oldest two
    wait_for(lambda: is_up_to_date(app))
    after = app.state.live.answers
    moves = {title: after.n_rentals(title) - first.n_rentals(title) for title in first.facts}
    assert {title for title, n in moves.items() if n} == {*titles[2 : 5 * share], *titles[-4:-2]}
    assert sum(moves.values()) == n_places


def test_a_request_of_many_types_teaches_nothing_before_it_is_confirmed(app, browser):
    known = app.state.live.answers.types
    for title, n in (("Tetris", MOST_TYPES + 1), ("Doom", MOST_TYPES)):
        browser.post("/api/rentals", json={"game": title, "gameplay_types": known[:n]})
    with app.state.database.reading() as session:
        rentals = session.scalars(select(Rental).where(Rental.confirmed.is_(False)).order_by(Rental.id))
        assert [rental.learned for rental in rentals] == [False, True]


def test_what_the_counter_saves_is_confirmed(app, admin, browser):
    rental = browser.post("/api/rentals", json={"game": "Tetris"}).json()["id"]
    page = admin.get(f"/admin/rentals/{rental}")
    send(admin, page, f"/admin/rentals/{rental}", game="Tetris", budget="cheap")
    assert unconfirmed(app) == 0
