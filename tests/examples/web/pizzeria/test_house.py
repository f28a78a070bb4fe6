"""The owner's settings: the service level that follows from two costs, and the days without service."""

from datetime import date, timedelta

import pytest

from examples.pizza.web.house import House, level_in_words
from examples.pizza.web.tables import Facts, read_days
from examples.web.database import bump
from examples.web.tables import settings
from pipelines import forecast
from tests.examples.sites import wait_for
from tests.examples.web.pages import fields_of, is_up_to_date, send, text_of
from tests.examples.web.pizzeria.reading import TODAY


@pytest.fixture
def set_house(app, admin):
    """Return a function that saves settings in the form. All settings are forgotten afterwards."""

    def save(**fields):
        return send(admin, admin.get("/admin/settings"), "/admin/settings", **fields)

    yield save
    with app.state.database.writing() as session:
        bump(session, structural=True)
        session.execute(settings.delete().where(settings.c.name.in_(House._fields)))
    wait_for(lambda: is_up_to_date(app))


def test_without_costs_the_dough_is_enough_on_nine_evenings_in_ten(admin, browser):
    page = browser.get("/")
    assert "enough on 9 in 10 such evenings" in text_of(page)
    assert 'value="0.9" checked' in page.text
    assert "about half" not in page.text
    assert browser.get("/api/forecast").json()["service_level"] == 0.9
    assert "With two costs" in text_of(admin.get("/admin/settings"))


def test_the_level_follows_from_the_costs_as_in_the_pipeline(app, admin, browser, set_house):
    page = set_house(surplus="1", shortage="4,00")  # 4 / (4 + 1)
    assert "The dough is enough on 8 in 10 evenings." in text_of(page)
    shown = fields_of(page)
    assert (shown["surplus"], shown["shortage"]) == (["1.00"], ["4.00"])
    seen = text_of(browser.get("/"))
    assert "8 in 10, by your costs" in seen
    assert "enough on 8 in 10 such evenings" in seen
    wait_for(lambda: is_up_to_date(app))
    answers, model = app.state.live.answers, app.state.live._served.model
    with app.state.database.reading() as session:
        (evening,) = read_days(session, TODAY, 1)
    (cheapest,) = forecast(model, answers.usual.row(evening), surplus=1, shortage=4)
    assert browser.get("/api/forecast").json()["doughs"] == cheapest
    assert f"{cheapest} doughs for" in seen


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"surplus": "1"}, "Please fill in both costs, or neither."),
        ({"shortage": "1"}, "Please fill in both costs, or neither."),
        ({"surplus": "0", "shortage": "1"}, "Must be more than 0, got '0'."),
        ({"surplus": "-1", "shortage": "1"}, "Must be more than 0"),
        ({"surplus": "x", "shortage": "1"}, "Must be a number"),
        ({"surplus": "nan", "shortage": "1"}, "Must be"),
        ({"surplus": "1", "shortage": "10001"}, "Must be at most 10000"),
        ({"surplus": "0.001", "shortage": "1"}, "Must have at most 2 decimals"),
        ({"weekdays": ["Monday", "Someday"]}, "Must be"),
        (
            {"weekdays": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]},
            "At least one weekday must stay open.",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(admin, set_house, fields, words):
    page = set_house(**fields)
    assert page.status_code == 422
    assert words in text_of(page)
    assert "With two costs" in text_of(admin.get("/admin/settings"))


def test_closed_days_need_no_dough(app, admin, browser, set_house):
    monday, easter_monday = date(2026, 3, 23), date(2026, 4, 6)
    page = set_house(weekdays=["Monday"], closed_holidays="on")
    assert fields_of(page)["weekdays"].count("Monday") == 1
    seen = text_of(browser.get(f"/?date={monday}"))
    assert "Closed on Mondays." in seen
    assert "doughs" not in seen.split("Enough dough on")[0].split("Closed on Mondays")[1]
    assert "closed" in text_of(browser.get("/")).split("Mon 23 Mar")[1][:20]
    told = browser.get(f"/api/forecast?date={monday}").json()
    assert (told["closed"], told["doughs"], told["expected"], told["range"]) == (True, 0, 0, None)
    assert browser.get(f"/api/forecast?date={monday}&reservations=20").json()["doughs"] > 0
    set_house(closed_holidays="on")
    assert browser.get(f"/api/forecast?date={monday}").json()["closed"] is False
    assert "Closed on public holidays." in text_of(browser.get(f"/?date={easter_monday}"))
    assert browser.get(f"/charts/coming.svg?v={monday}").status_code == 200


def test_a_single_day_is_closed_or_opened(app, admin, browser, set_house):
    monday, day = date(2026, 3, 23), TODAY + timedelta(1)
    page = set_house(weekdays=["Monday"])
    send(admin, page, "/admin/settings/day", day=str(monday), closed="no")
    page = send(admin, page, "/admin/settings/day", day=str(day), closed="yes")
    assert "Sat 21 Mar 2026 is closed." in text_of(page)
    assert "Mon 23 Mar 2026: open" in text_of(page)
    assert browser.get(f"/api/forecast?date={monday}").json()["closed"] is False
    assert "Closed on this day." in text_of(browser.get(f"/?date={day}"))
    reservations = browser.get(f"/api/forecast?date={day}").json()["reservations"]
    assert f"There are {reservations} reservations." in text_of(browser.get(f"/?date={day}"))
    assert "closed" in text_of(admin.get(f"/admin/evenings?q={day}"))
    for one in (monday, day):
        page = send(admin, page, "/admin/settings/day", day=str(one), closed="")
    assert "is as usual" in text_of(page)
    assert browser.get(f"/api/forecast?date={day}").json()["closed"] is False
    page = send(admin, page, "/admin/settings/day", day="1999-01-01", closed="yes")
    assert page.status_code == 422
    assert "Must be from 2000-01-01" in text_of(page)


def test_only_the_owner_changes_settings(browser, admin):
    assert browser.get("/admin/settings").url.path == "/login"
    for path in ("/admin/settings", "/admin/settings/day"):
        assert admin.post(path, data={"day": str(TODAY), "closed": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("house", "facts", "words"),
    [
        (House(), Facts(date(2026, 12, 25)), ""),
        (House(closed_holidays=True), Facts(date(2026, 12, 25)), "Closed on public holidays"),
        (House(closed_holidays=True), Facts(date(2026, 12, 25), closed=False), ""),
        (House(closed_weekdays=frozenset([4])), Facts(date(2026, 12, 25)), "Closed on Fridays"),
        (House(), Facts(date(2026, 12, 23), closed=True), "Closed on this day"),
    ],
)
def test_an_exception_comes_before_the_weekday_and_the_holiday(house, facts, words):
    assert house.why_closed(facts) == words


@pytest.mark.parametrize(
    ("level", "words"),
    [
        (0.8, "8 in 10"),
        (0.9, "9 in 10"),
        (0.95, "19 in 20"),
        (0.75, "3 in 4"),
        (0.87, "87 in 100"),
        (0.9999, "99 in 100"),
    ],
)
def test_levels_in_words(level, words):
    assert level_in_words(level) == words
