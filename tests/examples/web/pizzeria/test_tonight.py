"""Tonight: the forecast, its range and its reasons."""

import html
import re
from datetime import date, timedelta
from xml.etree import ElementTree

import numpy as np
import pytest

from examples.pizza import model as recipe
from examples.pizza.web.model import FEATURES, Answers, Usual, frame_of
from examples.pizza.web.tables import Facts, read_days, read_past
from pipelines import forecast
from tests.examples.web.pages import (
    EVIL,
    text_of,
)
from tests.examples.web.pizzeria.reading import TODAY, evening_of, past_of


def test_tonight_shows_whole_doughs_their_range_and_what_drives_them(app, browser):
    page = browser.get("/")
    seen = text_of(page)
    told = browser.get("/api/forecast").json()
    assert told["date"] == str(TODAY)
    assert f"Tonight Friday, 20 March 2026 {told['doughs']} doughs" in seen
    assert f"for {told['reservations']} reservations" in seen
    assert f"it takes {told['range'][0]} to {told['range'][1]}" in seen
    assert told["range"][0] <= told["expected"] < told["doughs"] == told["range"][1]
    assert told["service_level"] == 0.9
    assert not re.search(r"\d\.\d+ doughs(?! to| off| away|<)", seen.split("What drives it")[0])
    assert page.text.count('class="dough"') == told["doughs"]
    for name, adds in told["reasons"].items():
        assert name.capitalize() in seen
        assert abs(adds) < 0.06 or f"{adds:+.1f}"[:-1] in seen
    assert "one more guest adds" in seen


@pytest.mark.parametrize(("level", "words"), [(0.8, "8 in 10"), (0.9, "9 in 10"), (0.95, "19 in 20")])
def test_a_higher_service_level_takes_more_dough(browser, level, words):
    expected = browser.get("/api/forecast").json()["expected"]
    told = browser.get(f"/api/forecast?service_level={level}").json()["doughs"]
    page = browser.get(f"/?service={level}")
    assert told > expected
    assert f"{told} doughs" in text_of(page)
    assert f"enough on {words} such evenings. On average, {expected} are used." in text_of(page)
    assert re.search(rf'value="{level}" checked', page.text)


def test_the_site_forecasts_as_the_pipeline_does(app):
    answers, model = app.state.live.answers, app.state.live._served.model
    with app.state.database.reading() as session:
        evenings = read_past(session, TODAY)[::7] + read_days(session, TODAY, 15)
    fewest = min(map(answers.usual.guests, past_of(app)))
    for level in (None, 0.5, 0.8, 0.9, 0.95):
        for told, evening in zip(answers.forecast(evenings, level), evenings, strict=True):
            row = answers.usual.row(evening)
            fewer = [row | {"guests": n} for n in range(fewest, max(fewest, row["guests"]) + 1)]
            assert told.doughs == max(forecast(model, fewer, level))
    for told in answers.forecast(evenings):
        assert type(told.doughs) is int
        assert told.low <= told.doughs <= told.high


def test_the_range_holds_on_eight_evenings_in_ten(app):
    answers = app.state.live.answers
    with app.state.database.reading() as session:
        evenings = read_past(session, TODAY)
    inside = [
        told.low <= evening.doughs <= told.high
        for told, evening in zip(answers.forecast(evenings), evenings, strict=True)
    ]
    assert 0.75 < np.mean(inside) < 0.92  # of evenings that the model has learned from


def test_the_next_fourteen_days_are_a_table_and_a_chart(app, browser):
    page = browser.get("/?service=0.9")
    rows = re.findall(r"<tr><th scope=\"row\"><a href=\"/\?date=([\d-]+)&amp;service=0.9\">", page.text)
    assert rows == [str(TODAY + timedelta(i)) for i in range(1, 15)]
    for day in rows[::5]:
        told = browser.get(f"/api/forecast?date={day}&service_level=0.9").json()["doughs"]
        assert f"<strong>{told}</strong>" in page.text
        assert f"{told} doughs" in text_of(browser.get(f"/?date={day}&service=0.9"))
    address = html.unescape(re.search(r'<img src="(/charts/coming.svg[^"]+)" alt="[^"]+"', page.text)[1])
    chart = browser.get(address)
    assert chart.headers["content-type"] == "image/svg+xml"
    assert chart.headers["cache-control"] == "private, max-age=86400"
    ElementTree.fromstring(chart.text)


def test_a_past_evening_says_what_happened_and_what_a_model_without_it_says(app, browser):
    answers = app.state.live.answers
    newest_says = {one.day: answers.forecast([one])[0].doughs for one in past_of(app)[-60:]}
    day = max(newest_says, key=lambda day: abs(newest_says[day] - answers.unseen[day]))
    unseen = answers.unseen[day]
    assert unseen != newest_says[day]
    page = browser.get(f"/?date={day}")
    seen = text_of(page)
    assert f"{evening_of(app, day).doughs} doughs were used." in seen
    assert "had not learned from this evening" in seen
    told = browser.get(f"/api/forecast?date={day}").json()
    assert (told["expected"], told["unseen"]) == (unseen, True)
    assert f"{told['doughs']} doughs forecast" in seen
    assert f"On average, {unseen} are used." in seen
    assert page.text.count('class="dough"') == told["doughs"]
    assert told["used"] == evening_of(app, day).doughs
    assert f"it takes {told['range'][0]} to {told['range'][1]}" in seen
    assert told["range"][0] <= unseen <= told["range"][1]
    careful = browser.get(f"/api/forecast?date={day}&service_level=0.9").json()["doughs"]
    assert careful == told["range"][1]
    assert f"{careful} doughs forecast" in text_of(browser.get(f"/?date={day}&service=0.9"))
    other = browser.get(f"/api/forecast?date={day}&reservations=3").json()
    assert (other["unseen"], other["used"]) == (False, told["used"])
    assert browser.get("/api/forecast").json()["used"] is None


def test_what_nobody_wrote_down_is_the_months_usual(app, browser):
    day = TODAY + timedelta(200)
    told = browser.get(f"/api/forecast?date={day}").json()
    past = [one for one in past_of(app) if one.day.month == day.month]
    assert told["temperature"] == pytest.approx(np.mean([one.temperature for one in past]), abs=0.06)
    assert told["tourists"] == pytest.approx(np.mean([one.tourists for one in past]), abs=0.06)
    assert told["reservations"] == 0
    assert "the month’s usual" in text_of(browser.get(f"/?date={day}"))
    assert browser.get("/api/forecast?date=2026-12-25").json()["holiday"] is True


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("date=2026-02-30", "Must be a date of the calendar such as 2026-02-28, got '2026-02-30'."),
        ("date=abc", "Must be a date of the calendar such as 2026-02-28, got 'abc'."),
        ("date=20260301", "Must be a date of the calendar"),
        ("date=2026-W10-1", "Must be a date of the calendar"),
        ("date=1767225600", "Must be a date of the calendar"),
        ("date=９999-01-01", "Must be from 2000-01-01 to 2027-03-21, got 9999-01-01."),
        ("date=0001-01-01", "Must be from 2000-01-01 to 2027-03-21, got 0001-01-01."),
        ("date=9999-12-31", "Must be from 2000-01-01 to 2027-03-21, got 9999-12-31."),
        ("date=2027-03-22", "Must be from 2000-01-01 to 2027-03-21, got 2027-03-22."),
        ("service=0.7", "Must be one of 0.8, 0.9, 0.95, or left out, got 0.7."),
        ("service=nan", "Must be one of 0.8, 0.9, 0.95, or left out, got nan."),
        ("service=high", "Must be a number, got 'high'."),
        ("date=" + EVIL, "Must be a date of the calendar"),
    ],
)
def test_what_cannot_be_answered_is_said_beside_the_field(browser, query, words):
    page = browser.get("/?" + query)
    assert page.status_code == 422
    assert words in text_of(page)
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    assert "Tonight" in text_of(page)


def test_an_evening_unlike_all_others_is_said(app, browser):
    answers = app.state.live.answers
    most = max(map(answers.usual.guests, past_of(app)))
    told = browser.get("/api/forecast?reservations=200").json()
    assert told["guests"] == round(200 * answers.usual.party)
    words = rf"guests were \d+ to {most} on all past evenings, not {told['guests']}; "
    words += rf"the forecast is that of {most} and \d\.\d doughs for each further one"
    assert re.fullmatch(words, told["outside"][0])
    cold = browser.get("/api/forecast?reservations=20&temperature=-40").json()
    assert re.search(
        r"not -40; the forecast counts -?[\d.]+, and the range knows no better", cold["outside"][0]
    )
    assert browser.get("/api/forecast?reservations=20").json()["outside"] == []


def test_what_no_past_evening_was_like_is_said(app):
    past = [one for one in past_of(app) if one.day.weekday() != 6 and one.day.month != 7][:150]
    past = [one._replace(holiday=False, event=False) for one in past]
    usual = Usual(past)
    model = recipe.train(recipe.Lesson(frame_of(past, usual), FEATURES, []))
    answers = Answers(model, past, 1)
    like = past[0]._replace(day=next(one.day for one in past))
    assert answers.outside(like) == []
    like = like._replace(reservations=0, listed_reservations=0)
    low, high = answers._expected.range["guests"]
    assert answers.outside(like._replace(guests=int(low))) == []
    assert answers.outside(like._replace(guests=int(high))) == []
    like = like._replace(guests=int(high))
    few = f"guests were {low:g} to {high:g} on all past evenings, not 0; the forecast is that of {low:g}"
    no = "; the forecast takes no account of it"
    sunday = date(2026, 7, 5)
    for changes, said in [
        ({"guests": 0}, [few]),
        ({"holiday": True}, ["no past evening was a holiday" + no]),
        ({"event": True}, ["no past evening was one with an event" + no]),
        ({"day": sunday}, ["no past evening was a Sunday" + no, "no past evening was in July" + no]),
    ]:
        assert sorted(answers.outside(like._replace(**changes))) == sorted(said)


@pytest.mark.parametrize("day", [TODAY, date(2026, 8, 15), date(2026, 12, 25), date(2026, 6, 3)])
@pytest.mark.parametrize(
    "facts", [{}, {"temperature": -50, "tourists": 0}, {"temperature": 50, "tourists": 999_999}]
)
def test_more_reservations_never_take_fewer_doughs(app, day, facts):
    answers = app.state.live.answers
    evenings = [Facts(day, reservations, **facts) for reservations in range(501)]
    for level in (None, 0.9):
        told = answers.forecast(evenings, level)
        for name in ("doughs", "expected", "low", "high"):
            assert np.min(np.diff([getattr(one, name) for one in told])) >= 0
        assert all(one.low <= one.expected <= one.high for one in told)


def test_beyond_the_fullest_evening_each_guest_takes_the_average_and_the_range_grows(app, browser):
    past, guests = past_of(app), list(map(app.state.live.answers.usual.guests, past_of(app)))
    most = max(guests)
    rate = sum(one.doughs for one in past) / sum(guests)
    edge, far = (browser.get(f"/api/forecast?guests={n}").json() for n in (most, most + 100))
    assert edge["outside"] == []
    assert far["expected"] - edge["expected"] == pytest.approx(100 * rate, abs=1)
    widths = [told["range"][1] - told["range"][0] for told in (edge, far)]
    rates = [one.doughs / n for one, n in zip(past, guests, strict=True)]
    assert widths[1] - widths[0] == pytest.approx(100 * np.subtract(*np.quantile(rates, [0.9, 0.1])), abs=2)
    careful = [
        browser.get(f"/api/forecast?guests={most + n}&service_level=0.9").json()["doughs"] for n in (0, 100)
    ]
    assert careful[0] == edge["range"][1]
    assert careful[1] - careful[0] == pytest.approx(100 * np.quantile(rates, 0.9), abs=1)
    same = [browser.get(f"/api/forecast?temperature={t}").json()["doughs"] for t in (45, 60)]
    assert same[0] == same[1]
