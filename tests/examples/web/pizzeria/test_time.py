"""Which evening is tonight: around midnight, at both changes of the clocks, and where the restaurant is."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from examples.pizza.__main__ import main
from examples.pizza.clock import Clock, read_zone
from examples.pizza.web.site import create_app
from tests.examples.sites import wait_for
from tests.examples.web.pages import HOME

ROME = ZoneInfo("Europe/Rome")
MIDNIGHTS = [  # in UTC, and the day that begins
    ("2026-03-28T23:00:00", date(2026, 3, 29)),  # the clocks go forward three hours later: a day of 23 hours
    ("2026-03-29T22:00:00", date(2026, 3, 30)),
    ("2026-10-24T22:00:00", date(2026, 10, 25)),  # they go back: a day of 25 hours
    ("2026-10-25T23:00:00", date(2026, 10, 26)),
    ("2026-12-31T23:00:00", date(2027, 1, 1)),
    ("2028-02-28T23:00:00", date(2028, 2, 29)),
]


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("midnight", "day"), MIDNIGHTS)
def test_tonight_changes_at_midnight_where_the_restaurant_is(midnight, day):
    second = timedelta(seconds=1)
    before, then = (Clock(ROME, lambda now=now: now) for now in (at(midnight) - second, at(midnight)))
    assert before.today() == day - timedelta(1)
    assert then.today() == day


@pytest.mark.parametrize(
    ("zone", "today"),
    [
        ("Pacific/Kiritimati", date(2026, 3, 29)),
        ("Europe/Rome", date(2026, 3, 28)),
        ("UTC", date(2026, 3, 28)),
        ("Pacific/Niue", date(2026, 3, 27)),
    ],
)
def test_the_zone_is_the_restaurants(monkeypatch, zone, today):
    monkeypatch.setenv("PIZZERIA_TIMEZONE", zone)
    assert Clock(read_zone(), lambda: at("2026-03-28T10:30:00")).today() == today


def test_the_zone_is_rome_where_nothing_is_said(monkeypatch):
    monkeypatch.delenv("PIZZERIA_TIMEZONE", raising=False)
    assert read_zone() == ROME
    assert abs((Clock(ROME).today() - datetime.now(UTC).date()).days) <= 1


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "/etc/passwd", "x" * 300, "Europe"])
def test_a_zone_that_there_is_none_of_is_refused_at_the_start(monkeypatch, capsys, zone):
    monkeypatch.setenv("PIZZERIA_TIMEZONE", zone)
    with pytest.raises(SystemExit) as stopped:
        main(["serve"])
    assert stopped.value.code == 2
    assert "PIZZERIA_TIMEZONE must be a time zone such as Europe/Rome or UTC. Got" in capsys.readouterr().err


class Hand:
    """A clock that a test turns by hand."""

    def __init__(self, now):
        self.now = at(now)

    def __call__(self):
        return self.now


@pytest.mark.parametrize("midnight", ["2026-03-28T23:00:00", "2026-03-29T22:00:00", "2026-10-25T23:00:00"])
def test_at_midnight_the_page_turns_and_the_evening_that_is_over_is_learned(tmp_path, midnight):
    hand = Hand(midnight)
    hand.now -= timedelta(seconds=1)
    app = create_app(tmp_path, f"sqlite:///{tmp_path / 'x.sqlite'}", Clock(ROME, hand))
    with TestClient(app, HOME) as browser:
        today = app.state.clock.today()
        before, trainings = app.state.live.answers, app.state.live.trainings
        assert f"{today:%A}, {today.day} {today:%B %Y}" in browser.get("/").text
        serve_pizzas(app, today)
        hand.now += timedelta(seconds=1)
        tomorrow = today + timedelta(1)
        assert app.state.clock.today() == tomorrow
        page = browser.get("/").text
        assert f"{tomorrow:%A}, {tomorrow.day} {tomorrow:%B %Y}" in page
        days = re.findall(r'<th scope="row"><a href="/\?date=([\d-]+)"', page)
        assert days == [str(tomorrow + timedelta(i)) for i in range(1, 15)]
        live = app.state.live
        wait_for(lambda: live.trainings > trainings and live.answers is not before)
        assert app.state.live.answers.n_evenings == before.n_evenings + 1
        assert today in app.state.live.answers.unseen
        assert "70 doughs were used" in re.sub("<[^>]+>", "", browser.get(f"/?date={today}").text)


def serve_pizzas(app, day):
    """Write an order down without a word to the model: midnight alone is a reason to learn."""
    from examples.pizza.web.tables import Order

    with app.state.database.writing() as session:
        session.add(Order(day=day, name="table 1", pizzas=70))


def test_weekdays_and_months_are_those_of_the_date(tmp_path):
    clock = Clock(ROME, lambda: at("2026-10-24T22:30:00"))  # Sunday there, Saturday in UTC
    app = create_app(tmp_path, f"sqlite:///{tmp_path / 'x.sqlite'}", clock)
    with TestClient(app, HOME) as browser:
        told = browser.get("/api/forecast").json()
        assert told["date"] == "2026-10-25"
        assert "Sunday, 25 October 2026" in browser.get("/").text
        row = app.state.live.answers.usual.row
        from examples.pizza.web.tables import Facts

        for i in range(800):
            day = date(2026, 1, 1) + timedelta(i)
            found = row(Facts(day))
            assert (found["weekday"], found["month"]) == (f"{day:%A}", f"{day:%B}")
