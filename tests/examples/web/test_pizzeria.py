"""The pizzeria's site: tonight, how it went, the desks, the JSON API, and its model that follows the evenings."""

import copy
import html
import re
from datetime import UTC, date, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, func, inspect, select

from examples.pizza import model as recipe
from examples.pizza.clock import Clock
from examples.pizza.web import charts
from examples.pizza.web.model import FEATURES, Answers, Usual, frame_of, signed, unseen_forecasts
from examples.pizza.web.site import FOLDER, create_app
from examples.pizza.web.tables import Base, Evening, Facts, Order, Reservation, read_days, read_past
from examples.web.database import Database, bump, downgrade, upgrade
from pipelines import forecast
from tests.examples.web.pages import (
    EVIL,
    HOME,
    PASSWORD,
    assert_migrations_are_right,
    eventually,
    is_up_to_date,
    logged_in,
    send,
    text_of,
    token_of,
    walk_every_link,
)

TODAY = date(2026, 3, 20)  # a Friday
CLOCK = Clock(ZoneInfo("Europe/Rome"), lambda: datetime(2026, 3, 20, 16, tzinfo=UTC))


@pytest.fixture(scope="module")
def app(tmp_path_factory, database_url):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIZZERIA_ADMIN_PASSWORD", PASSWORD)
        app = create_app(tmp_path_factory.mktemp("data"), database_url, CLOCK)
        with TestClient(app):
            yield app


@pytest.fixture
def browser(app):
    return TestClient(app, HOME)


@pytest.fixture
def admin(app):
    return logged_in(app)


def save(admin, address, **fields):
    return send(admin, admin.get(address), address, **fields)


def evening_of(app, day):
    with app.state.database.reading() as session:
        return read_days(session, day, 1)[0]


def newest(row):
    return lambda session: session.scalar(select(row).order_by(row.id.desc()))


def find(app, row):
    with app.state.database.reading() as session:
        return newest(row)(session)


# --- tonight ---


def test_tonight_shows_whole_doughs_their_range_and_what_drives_them(app, browser):
    page = browser.get("/")
    seen = text_of(page)
    told = browser.get("/api/forecast").json()
    assert told["date"] == str(TODAY)
    assert f"Tonight Friday, 20 March 2026 {told['doughs']} doughs" in seen
    assert f"for {told['reservations']} reservations" in seen
    assert f"it takes {told['range'][0]} to {told['range'][1]}" in seen
    assert told["range"][0] <= told["expected"] == told["doughs"] <= told["range"][1]
    assert not re.search(r"\d\.\d+ doughs(?! to| off| away|<)", seen.split("What drives it")[0])
    assert page.text.count('class="dough"') == told["doughs"]
    for name, adds in told["reasons"].items():
        assert name.capitalize() in seen
        assert abs(adds) < 0.06 or f"{adds:+.1f}"[:-1] in seen
    assert "one more reservation adds" in seen


@pytest.mark.parametrize(("level", "words"), [(0.8, "8 in 10"), (0.9, "9 in 10"), (0.95, "19 in 20")])
def test_a_higher_service_level_takes_more_dough(browser, level, words):
    expected = browser.get("/api/forecast").json()["doughs"]
    told = browser.get(f"/api/forecast?service_level={level}").json()["doughs"]
    page = browser.get(f"/?service={level}")
    assert told > expected
    assert f"{told} doughs" in text_of(page)
    assert f"enough on {words} such evenings. {expected} are expected" in text_of(page)
    assert re.search(rf'value="{level}" checked', page.text)


def test_the_site_forecasts_as_the_pipeline_does(app):
    answers, model = app.state.live.answers, app.state.live._served.model
    with app.state.database.reading() as session:
        evenings = read_past(session, TODAY)[::7] + read_days(session, TODAY, 15)
    fewest = min(one.reservations for one in evenings)
    for level in (None, 0.5, 0.8, 0.9, 0.95):
        for told, evening in zip(answers.forecast(evenings, level), evenings, strict=True):
            row = answers.usual.row(evening)
            fewer = [row | {"reservations": n} for n in range(fewest, evening.reservations + 1)]
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
    assert f"{unseen} doughs forecast" in seen
    assert page.text.count('class="dough"') == unseen
    told = browser.get(f"/api/forecast?date={day}").json()
    assert (told["doughs"], told["expected"], told["unseen"]) == (unseen, unseen, True)
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


def past_of(app):
    with app.state.database.reading() as session:
        return read_past(session, TODAY)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("date=2026-02-30", "Must be a date of the calendar such as 2026-02-28, got '2026-02-30'."),
        ("date=abc", "Must be a date of the calendar such as 2026-02-28, got 'abc'."),
        ("date=20260301", "Must be a date of the calendar"),
        ("date=2026-W10-1", "Must be a date of the calendar"),
        ("date=1767225600", "Must be a date of the calendar"),
        ("date=９999-01-01", "Must be a date of the calendar"),
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
    most = max(one.reservations for one in past_of(app))
    told = browser.get("/api/forecast?reservations=200").json()
    words = rf"reservations were \d+ to {most} on all past evenings, not 200; "
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
    low, high = answers._expected.range["reservations"]
    assert answers.outside(like._replace(reservations=int(low))) == []
    assert answers.outside(like._replace(reservations=int(high))) == []
    few = (
        f"reservations were {low:g} to {high:g} on all past evenings, not 0; the forecast is that of {low:g}"
    )
    no = "; the forecast takes no account of it"
    sunday = date(2026, 7, 5)
    for changes, said in [
        ({"reservations": 0}, [few]),
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


def test_beyond_the_fullest_evening_each_reservation_takes_the_average_and_the_range_grows(app, browser):
    past = past_of(app)
    most = max(one.reservations for one in past)
    rate = sum(one.doughs for one in past) / sum(one.reservations for one in past)
    edge, far = (browser.get(f"/api/forecast?reservations={n}").json() for n in (most, most + 100))
    assert edge["outside"] == []
    assert far["doughs"] - edge["doughs"] == pytest.approx(100 * rate, abs=1)
    widths = [told["range"][1] - told["range"][0] for told in (edge, far)]
    rates = [one.doughs / one.reservations for one in past]
    assert widths[1] - widths[0] == pytest.approx(100 * np.subtract(*np.quantile(rates, [0.9, 0.1])), abs=2)
    careful = [
        browser.get(f"/api/forecast?reservations={most + n}&service_level=0.9").json()["doughs"]
        for n in (0, 100)
    ]
    assert careful[0] == edge["range"][1]
    assert careful[1] - careful[0] == pytest.approx(100 * np.quantile(rates, 0.9), abs=1)
    same = [browser.get(f"/api/forecast?temperature={t}").json()["doughs"] for t in (45, 60)]
    assert same[0] == same[1]


# --- how it went ---


def test_the_analytics_compare_forecasts_that_did_not_know_the_evening(app, browser):
    first, last = TODAY - timedelta(20), TODAY - timedelta(1)
    page = browser.get(f"/analytics?from={first}&to={last}")
    past = [one for one in past_of(app) if first <= one.day <= last]
    unseen = app.state.live.answers.unseen
    for one in past:
        cells = rf"date={one.day}\">[^<]+</a></th><td class=\"number\">{one.reservations}</td>"
        cells += rf"<td class=\"number\">{unseen[one.day]}</td><td class=\"number\">{one.doughs}</td>"
        off = re.escape(f"{one.doughs - unseen[one.day]:+d}".replace("+0", "0"))
        assert re.search(cells + rf"<td class=\"number\">{off}</td>", page.text)
    off = [abs(one.doughs - unseen[one.day]) for one in past]
    assert f"{np.mean(off):.1f} doughs off on average" in text_of(page)
    of_fridays = [abs(one.doughs - unseen[one.day]) for one in past if one.day.weekday() == 4]
    assert f"Friday {len(of_fridays)} {np.mean(of_fridays):.1f}" in text_of(page)


def test_a_forecast_of_the_past_never_knows_the_evening(app):
    """One evening's doughs are multiplied: its own forecast stays where it was, and that of the model moves."""
    past = past_of(app)
    day = past[100]
    changed = [one._replace(doughs=one.doughs + 1000) if one is day else one for one in past]
    before, after = (unseen_forecasts(rows, Usual(rows), 2) for rows in (past, changed))
    assert before[day.day] == after[day.day]
    assert sum(before[one.day] != after[one.day] for one in past) > 100


def test_no_line_is_drawn_over_weeks_without_evenings():
    days = [date(2026, 1, 5), date(2026, 1, 6), date(2026, 1, 13), date(2026, 2, 10), date(2026, 2, 11)]
    rows = tuple((str(day), 10, 30) for day in days)
    assert charts.parts(rows) == [0, 0, 0, 1, 1]
    assert charts.parts(()) == []
    for name, n_lines in (("evenings", 2), ("forecasts", 1)):
        broken, whole = (charts.draw(name, some, "light", "wide") for some in (rows, rows[:3]))
        for drawn, n_parts in ((broken, 2), (whole, 1)):
            assert len(re.findall('aria-roledescription="line mark"', drawn)) == n_lines * n_parts


def test_many_days_are_drawn_by_week(browser):
    assert charts.by_week([("2026-03-01", 1, 2), ("2026-03-02", 3, 5), ("2026-03-08", 6, 8)]) == (
        ("2026-02-23", 1, 2),
        ("2026-03-02", 4.5, 6.5),
    )
    long, short = (f"from={TODAY - timedelta(days)}&to={TODAY}" for days in (350, 90))
    assert "each point is the mean of a week’s evenings" in text_of(browser.get(f"/analytics?{long}"))
    assert "mean of a week" not in text_of(browser.get(f"/analytics?{short}"))
    marks = [browser.get(f"/charts/forecasts.svg?{r}").text.count('"point"') for r in (long, short)]
    assert marks[0] < marks[1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_whiskers_of_the_range_stand_out_from_their_bars(scheme):
    paper, ink, _, *bars, _ = charts.COLOURS[scheme]
    drawn = charts.draw("coming", (("Fri 1", 10, 30, 25, 35),), scheme, "wide")
    assert paper in drawn
    assert f'stroke="{ink}"' in drawn
    for bar in (*bars, ink):
        assert contrast(paper, bar) >= 3


def contrast(one, other):
    """Return the contrast of two colours, by WCAG 2.2."""

    def light(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return np.dot(parts, [0.2126, 0.7152, 0.0722]) + 0.05

    dark, bright = sorted([light(one), light(other)])
    return bright / dark


@pytest.mark.parametrize("name", ["evenings", "forecasts", "weekdays", "coming"])
@pytest.mark.parametrize("look", ["scheme=light&size=wide", "scheme=dark&size=narrow"])
def test_charts_are_pictures_at_their_own_address(browser, name, look):
    chart = browser.get(f"/charts/{name}.svg?{look}")
    assert chart.status_code == 200
    root = ElementTree.fromstring(chart.text)
    assert root.get("width") == ("390" if "narrow" in look else "960")
    assert "<script" not in chart.text
    assert chart.headers["cache-control"] == "no-store"


def test_a_chart_shows_what_is_in_the_database_at_once(app, admin):
    before = admin.get("/charts/coming.svg").text
    assert admin.get("/charts/coming.svg").text == before
    day = TODAY + timedelta(2)
    save(admin, "/admin/reservations/new", name="Rossi", day=str(day), party="4")
    assert admin.get("/charts/coming.svg").text != before


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-02-30",
        "to=x",
        "from=2026-03-10&to=2026-03-01",
        "from=2019-01-01&to=2026-01-01",
        "to=0001-01-01",
        "from=9999-12-31",
    ],
)
def test_bad_ranges_are_said_and_never_crash(browser, query):
    page = browser.get("/analytics?" + query)
    assert page.status_code == 422
    assert "Must" in text_of(page) or "At most" in text_of(page)
    for path in ("/evenings.csv", "/charts/evenings.svg", "/api/evenings"):
        assert browser.get(f"{path}?{query}").status_code == 422


def test_a_level_that_few_evenings_cannot_promise_is_refused_everywhere(app, browser, monkeypatch):
    eventually(lambda: is_up_to_date(app))
    served = app.state.live._served
    few = copy.copy(served.answers)
    few._levels = copy.copy(few._levels)
    few._levels.residuals_ = few._levels.residuals_[:3]
    monkeypatch.setattr(app.state.live, "_served", served._replace(answers=few))
    for path in ("/?service=0.9", "/charts/coming.svg?service=0.9", "/api/forecast?service_level=0.9"):
        assert browser.get(path).status_code == 422
    assert browser.get("/charts/coming.svg").status_code == 200


def test_charts_that_there_are_none_of(browser):
    assert browser.get("/charts/nothing.svg").status_code == 404
    assert browser.get("/charts/coming.svg?scheme=pink").status_code == 422
    assert browser.get("/charts/coming.svg?service=7").status_code == 422
    assert "No evening from" in text_of(browser.get("/analytics?from=2026-03-20&to=2026-04-01"))


# --- the desks ---


@pytest.mark.parametrize(
    "path",
    [
        *("/admin", "/admin/reservations", "/admin/reservations/1", "/admin/orders/new", "/admin/evenings/1"),
        *("/admin/orders/1/delete", "/admin/import"),
    ],
)
def test_the_counter_is_closed_without_the_login(browser, app, path):
    before = counts(app)
    assert browser.get(path).url.path == "/login"
    page = browser.get("/login")
    answer = send(browser, page, path, name="x", day=str(TODAY), party="1", text="date,reservations,doughs")
    assert answer.url.path == "/login" or answer.status_code == 405
    assert counts(app) == before


def counts(app):
    with app.state.database.reading() as session:
        return [
            session.scalar(select(func.count()).select_from(row)) for row in (Reservation, Order, Evening)
        ]


def test_forms_without_the_token_are_refused(admin, app):
    before = counts(app)
    fields = {"name": "Rossi", "day": str(TODAY), "party": "2"}
    assert admin.post("/admin/reservations/new", data=fields).status_code == 403
    assert admin.post("/admin/reservations/1/delete").status_code == 403
    assert admin.post("/admin/import/keep", data={"text": "x"}).status_code == 403
    page = admin.get("/admin/reservations/new")
    token = token_of(page)
    elsewhere = {"origin": "https://elsewhere.example"}
    answer = admin.post("/admin/reservations/new", data={**fields, "csrf": token}, headers=elsewhere)
    assert answer.status_code == 403
    assert counts(app) == before


def test_a_reservation_is_made_moved_and_deleted_and_tonight_follows(app, admin):
    before = evening_of(app, TODAY)
    page = save(admin, "/admin/reservations/new", name="Anna Conti", day=str(TODAY), party="5", note="")
    assert "Anna Conti is saved." in text_of(page)
    after = evening_of(app, TODAY)
    assert (after.reservations, after.guests) == (before.reservations + 1, before.guests + 5)
    assert f"for {after.reservations} reservations" in text_of(admin.get("/"))
    row = find(app, Reservation)
    far = TODAY + timedelta(300)  # of which nothing was written down yet
    save(admin, f"/admin/reservations/{row.id}", name="Anna Conti", day=str(far), party="6", note="late")
    assert evening_of(app, TODAY).reservations == before.reservations
    assert evening_of(app, far)[:2] == (far, 1)
    assert "late" in text_of(admin.get("/admin/reservations?q=conti"))
    assert "Anna Conti" in text_of(admin.get(f"/admin/reservations?q={far}"))
    save(admin, f"/admin/reservations/{row.id}/delete")
    assert evening_of(app, far).reservations == 0
    assert admin.get(f"/admin/reservations/{row.id}").status_code == 404


@pytest.mark.parametrize("desk", ["reservations", "orders"])
def test_a_day_of_which_nothing_was_known_becomes_an_evening_once(app, admin, desk):
    days = (date(2020, 12, 25), date(2020, 12, 23))  # a holiday and none
    for day in (*days, *days):
        save(admin, f"/admin/{desk}/new", name="Neri", day=str(day), party="3", pizzas="3")
    with app.state.database.reading() as session:
        rows = session.scalars(
            select(Evening).where(Evening.day.in_(days)).order_by(Evening.day.desc())
        ).all()
    assert [(row.day, row.holiday, row.event) for row in rows] == [
        (days[0], True, False),
        (days[1], False, False),
    ]
    assert [row.reservations if desk == "reservations" else row.doughs for row in rows] == (
        [2, 2] if desk == "reservations" else [6, 6]
    )
    with app.state.database.writing() as session:  # as it was
        bump(session, structural=True)
        for table in (Reservation, Order, Evening):
            session.execute(delete(table).where(table.day.in_(days)))
    eventually(lambda: is_up_to_date(app))


@pytest.mark.parametrize(
    ("desk", "fields", "field", "words"),
    [
        ("reservations", {"name": " "}, "name", "Please fill this in."),
        ("reservations", {"party": "0"}, "party", "Must be at least 1, got '0'."),
        ("reservations", {"party": "two"}, "party", "Must be a whole number, got 'two'."),
        ("reservations", {"party": "61"}, "party", "Must be at most 60, got '61'."),
        ("reservations", {"day": "2026-02-30"}, "day", "Must be a date of the calendar"),
        ("reservations", {"day": "0001-01-01"}, "day", "Must be from 2000-01-01 to 2027-03-21"),
        ("reservations", {"day": "9999-12-31"}, "day", "Must be from 2000-01-01 to 2027-03-21"),
        ("reservations", {"note": "x" * 201}, "note", "Must have at most 200 characters."),
        ("orders", {"pizzas": "-1"}, "pizzas", "Must be at least 1, got '-1'."),
        ("orders", {"day": "2026-03-21"}, "day", "Must not be after today, 2026-03-20, got 2026-03-21"),
        ("evenings", {"day": "2026-03-19"}, "day", "2026-03-19 is written down already"),
        ("evenings", {"temperature": "61"}, "temperature", "Must be at most 60.0, got '61'."),
        ("evenings", {"temperature": "nan"}, "temperature", "Must be"),
        ("evenings", {"tourists": "1.5"}, "tourists", "Must be a whole number, got '1.5'."),
        ("evenings", {"more_doughs": "5"}, "more_doughs", "Must be 0 for an evening to come"),
    ],
)
def test_errors_stand_beside_their_fields_and_the_input_is_kept(app, admin, desk, fields, field, words):
    good = {"name": "Ricci", "day": "2027-02-01", "party": "3", "note": "kept words", "pizzas": "2"}
    good |= {"temperature": "12.5", "tourists": "7", "more_reservations": "1", "more_doughs": "0"}
    good |= {"day": "2026-03-01"} if desk == "orders" else {}
    before = counts(app)
    page = save(admin, f"/admin/{desk}/new", **(good | fields))
    assert page.status_code == 422
    error = re.search(rf'<p class="error" id="{field}-error">(.*?)</p>', page.text)[1]
    assert html.unescape(error).startswith(words)
    for name, value in (good | fields).items():
        if f'name="{name}"' in page.text:
            assert f'value="{html.escape(value)}"' in page.text
    assert counts(app) == before


@pytest.mark.parametrize(
    ("desk", "field", "fields"),
    [
        ("evenings", "more_doughs", {"more_doughs": "900"}),
        ("evenings", "more_reservations", {"more_reservations": "300"}),
        ("orders", "pizzas", {"name": "table 1", "pizzas": "70"}),
    ],
)
def test_a_number_far_beyond_all_others_is_asked_about(app, admin, desk, field, fields):
    day = date(2021, 3, 1)
    before = counts(app)
    page = save(admin, f"/admin/{desk}/new", day=str(day), **fields)
    assert page.status_code == 422
    words = html.unescape(re.search(rf'id="{field}-error">(.*?)</p>', page.text)[1])
    assert re.match(rf"{fields[field]} is more than 3 times the .* so far, \d+\. Is it so\?", words)
    assert re.search(r'<input id="sure" name="sure" type="checkbox" value="on" aria-invalid', page.text)
    assert "Yes, it is so" in text_of(page)
    assert counts(app) == before
    page = send(admin, page, f"/admin/{desk}/new", day=str(day), **fields, sure="on")
    assert "is saved" in text_of(page)
    row = find(app, {"evenings": Evening, "orders": Order}[desk])
    assert (row.day, str(getattr(row, field))) == (day, fields[field])
    assert "Yes, it is so" not in text_of(admin.get(f"/admin/{desk}/{row.id}"))
    save(admin, f"/admin/{desk}/{row.id}/delete")
    if desk == "orders":
        save(admin, f"/admin/evenings/{find(app, Evening).id}/delete")
    eventually(lambda: is_up_to_date(app))


def test_an_evening_keeps_its_day_and_its_rows(app, admin):
    with app.state.database.reading() as session:
        row = session.scalar(select(Evening).where(Evening.day == TODAY - timedelta(2)))
    fields = {"temperature": "", "tourists": "9", "event": "on", "more_reservations": "0", "more_doughs": "3"}
    page = save(admin, f"/admin/evenings/{row.id}", day=str(TODAY - timedelta(900)), **fields)
    assert f"Must stay {row.day}" in text_of(page)
    before = evening_of(app, row.day)
    save(admin, f"/admin/evenings/{row.id}", day=str(row.day), **fields)
    after = evening_of(app, row.day)
    assert (after.temperature, after.tourists, after.event, after.holiday) == (None, 9, True, False)
    assert after.doughs == before.doughs + 3
    page = admin.get(f"/admin/evenings/{row.id}/delete")
    assert "Delete these first" in text_of(page)
    token = token_of(admin.get("/admin"))
    assert admin.post(f"/admin/evenings/{row.id}/delete", data={"csrf": token}).status_code == 409
    assert evening_of(app, row.day) == after


@pytest.mark.parametrize("desk", ["reservations", "orders", "evenings"])
def test_lists_are_paged_and_searched_and_numbers_that_are_none_are_refused(admin, desk):
    first, second = (text_of(admin.get(f"/admin/{desk}?page={n}")) for n in (1, 2))
    assert first != second
    assert "Page 2 of" in second
    assert "2026-03-17" in text_of(admin.get(f"/admin/{desk}?q=2026-03-17"))
    for q in ("nobody is called so", "%", "'; DROP TABLE orders; --", "_", "\\"):
        found = admin.get(f"/admin/{desk}", params={"q": q})
        assert found.status_code == 200
        assert "Nothing is found" in text_of(found)
    assert admin.get(f"/admin/{desk}", params={"q": "\x00"}).status_code == 200
    for number in ("0", "x", "99999999999999999999"):
        assert admin.get(f"/admin/{desk}/{number}").status_code == 422
    assert admin.get(f"/admin/{desk}/2147483647").status_code == 404


def test_reservations_start_with_tonight_then_those_to_come_then_the_past(app, admin):
    n_pages = int(re.search(r"Page 1 of (\d+)", admin.get("/admin/reservations").text)[1])
    pages = [admin.get(f"/admin/reservations?page={1 + i}").text for i in range(n_pages)]
    days = re.findall(r"<td>[A-Z][a-z]{2} (\d{4}-\d\d-\d\d)</td>", "".join(pages))
    to_come = [day for day in days if day >= str(TODAY)]
    assert days[0] == str(TODAY)
    assert days == sorted(to_come) + sorted(days[len(to_come) :], reverse=True)
    assert len(to_come) < len(days)


def test_how_evenings_are_searched_is_said(admin):
    seen = text_of(admin.get("/admin/reservations?q=Sat"))
    assert "searched by its date or the beginning of one: 2026-03-20, or 2026-03. Weekdays are not" in seen
    assert "searched by its date" in text_of(admin.get("/admin/evenings"))
    assert "searched by its date" not in text_of(admin.get("/admin/evenings/new"))


def test_one_is_no_plural_and_zero_has_no_sign(browser):
    day = TODAY - timedelta(3)
    assert "1 evening " in text_of(browser.get(f"/analytics?from={day}&to={day}"))
    assert [signed(n) for n in (0, 3, -3, 0.0, -0.04, 0.04, 1.25, -1.0)] == [
        *("0", "+3", "-3", "0.0", "0.0", "0.0", "+1.2", "-1.0")
    ]
    told = browser.get("/api/forecast?service_level=0.9999").json()["detail"][0]["problem"]
    assert re.fullmatch(r"Must be at most 0\.99\d with \d+ past evenings, got 0\.9999\.", told)


def test_a_stored_name_is_never_markup(app, admin):
    for desk, more in (("reservations", {"party": "2", "note": EVIL}), ("orders", {"pizzas": "1"})):
        save(admin, f"/admin/{desk}/new", name=EVIL, day=str(TODAY), **more)
        row = find(app, Reservation if desk == "reservations" else Order)
        assert row.name == EVIL
        for path in (f"?q={TODAY}", "?q=alert", f"/{row.id}", f"/{row.id}/delete"):
            page = admin.get(f"/admin/{desk}{path}")
            assert "<script>alert" not in page.text
            assert "<img src=x" not in page.text
            assert html.escape(EVIL, quote=False)[:20] in page.text
        save(admin, f"/admin/{desk}/{row.id}/delete")


# --- the model follows ---


def test_a_past_evening_that_changes_is_learned_in_the_background(app, admin):
    eventually(lambda: is_up_to_date(app))
    trainings, day = app.state.live.trainings, TODAY - timedelta(5)
    before = app.state.live.answers
    for _ in range(4):
        save(admin, "/admin/orders/new", name="a banquet", day=str(day), pizzas="300", sure="on")
    eventually(lambda: is_up_to_date(app))
    after = app.state.live.answers
    assert app.state.live.trainings - trainings in (1, 2)
    assert after is not before
    evening = [Facts(TODAY, 30)]
    assert after.forecast(evening, 0.95) != before.forecast(evening, 0.95)
    for _ in range(4):
        save(admin, f"/admin/orders/{find(app, Order).id}/delete")
    eventually(lambda: is_up_to_date(app))
    assert app.state.live.answers.forecast(evening, 0.95) == before.forecast(evening, 0.95)


def test_tonight_is_not_learned_before_it_is_over(app, admin):
    save(admin, "/admin/orders/new", name="table 1", day=str(TODAY), pizzas="3")
    eventually(lambda: is_up_to_date(app))
    assert TODAY not in app.state.live.answers.unseen
    assert max(app.state.live.answers.unseen) == TODAY - timedelta(1)
    assert "No evening" in text_of(admin.get(f"/analytics?from={TODAY}&to={TODAY}"))
    save(admin, f"/admin/orders/{find(app, Order).id}/delete")


def test_a_failed_training_keeps_the_last_good_model_and_says_so(app, admin):
    eventually(lambda: is_up_to_date(app))
    good = app.state.live.answers
    with app.state.database.reading() as session:
        orders, evenings = session.scalars(select(Order)).all(), session.scalars(select(Evening)).all()
        kept = [(row.day, row.name, row.pizzas) for row in orders]
        doughs = {row.id: row.more_doughs for row in evenings}
    with app.state.database.writing() as session:
        bump(session, structural=True)
        session.execute(delete(Order))
        for row in session.scalars(select(Evening)):
            row.more_doughs = 0
    eventually(lambda: app.state.live.health()["status"] == "degraded")
    assert "0 past evenings have doughs; at least 2 are needed" in text_of(admin.get("/admin"))
    assert "at least 2 are needed" in admin.get("/health").json()["reason"]
    assert admin.get("/").status_code == 200
    assert admin.get("/analytics").status_code == 200
    assert app.state.live.answers is good
    with app.state.database.writing() as session:
        bump(session, structural=True)
        for row in session.scalars(select(Evening)):
            row.more_doughs = doughs[row.id]
        session.add_all(Order(day=day, name=name, pizzas=pizzas) for day, name, pizzas in kept)
    eventually(lambda: is_up_to_date(app))
    assert "up to date" in text_of(admin.get("/admin"))


def test_a_start_without_any_past_evening_serves_the_saved_model_and_says_so(tmp_path):
    url = f"sqlite:///{tmp_path / 'x.sqlite'}"
    app = create_app(tmp_path, url, CLOCK)
    with TestClient(app, HOME) as browser:
        before = {path: text_of(browser.get(path)) for path in ("/?service=0.9", "/?date=2027-02-01")}
        unseen = app.state.live.answers.unseen
    with app.state.database.writing() as session:
        bump(session, structural=True)
        session.execute(delete(Order))
        session.execute(delete(Reservation).where(Reservation.day < TODAY))
        session.execute(delete(Evening).where(Evening.day < TODAY))
    app = create_app(tmp_path, url, CLOCK)
    with TestClient(app, HOME) as browser:
        assert {path: text_of(browser.get(path)) for path in before} == before
        assert app.state.live.answers.unseen == unseen
        health = browser.get("/health").json()
        assert health["status"] == "degraded"
        assert "0 past evenings have doughs; at least 2 are needed" in health["reason"]
        assert "No evening from" in text_of(browser.get("/analytics"))
        told = "The last good one is served meanwhile."
        assert told in text_of(logged_in(app).get("/admin"))


# --- the API ---


def test_the_api_takes_an_evening_of_ones_own(browser):
    plain = browser.get("/api/forecast?reservations=20&temperature=20&tourists=50&holiday=false").json()
    event = browser.get("/api/forecast?reservations=20&temperature=20&tourists=50&event=true").json()
    assert plain["reservations"] == 20
    assert event["doughs"] - plain["doughs"] == pytest.approx(22, abs=5)  # the law's
    assert event["reasons"]["event"] == pytest.approx(22, abs=5)
    assert isinstance(plain["doughs"], int)


@pytest.mark.parametrize(
    "query",
    [
        *("date=2026-02-30", "date=abc", "date=9999-12-31", "date=0001-01-01", "date=1767225600", "date="),
        *("reservations=-1", "reservations=1.5", "reservations=many", "reservations=1000", "temperature=61"),
        *("temperature=nan", "temperature=inf", "tourists=-1", "holiday=perhaps", "service_level=0"),
        *(
            "service_level=1",
            "service_level=2",
            "service_level=nan",
            "service_level=x",
            "service_level=0.9999",
        ),
    ],
)
def test_the_api_refuses_what_it_cannot_answer_and_says_what_is_allowed(browser, query):
    answer = browser.get(f"/api/forecast?{query}")
    assert answer.status_code == 422
    (problem,) = answer.json()["detail"]
    assert problem["where"] == f"query.{query.split('=')[0]}"
    assert re.match("Must|Input should be a valid boolean", problem["problem"])


def test_the_api_lists_evenings(app, browser):
    told = browser.get("/api/evenings?from=2026-03-16&to=2026-03-22").json()
    assert [one["date"] for one in told] == [str(date(2026, 3, 16) + timedelta(i)) for i in range(7)]
    assert told[0]["weekday"] == "Monday"
    assert told[0]["forecast"] == app.state.live.answers.unseen[date(2026, 3, 16)]
    assert told[0]["doughs"] == evening_of(app, date(2026, 3, 16)).doughs
    assert told[-1]["forecast"] is None
    assert len(browser.get("/api/evenings").json()) == 56
    assert "name" not in told[0]


def test_the_api_is_described(browser):
    paths = browser.get("/api/openapi.json").json()["paths"]
    assert set(paths) == {"/api/forecast", "/api/evenings", "/health"}
    page = browser.get("/api/docs").text
    assert all(path in page for path in paths)


# --- the whole site ---


def test_no_page_refers_to_another_host_and_every_link_works(admin):
    kinds = walk_every_link(admin)
    assert {"/logout", "/admin/import", "/admin/orders/_/delete"} <= kinds
    assert len(kinds) > 30


def test_migrations_make_the_tables_as_declared_and_go_down(app, tmp_path):
    assert_migrations_are_right(app, FOLDER, Base.metadata, tmp_path)


def test_migrations_go_down_and_up_on_the_tested_database(tmp_path, database_url):
    """On PostgreSQL in a schema of its own."""
    database = Database(
        database_url if database_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'x.sqlite'}"
    )
    with database.engine.begin() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("CREATE SCHEMA other")
            connection.exec_driver_sql("SET LOCAL search_path TO other")
        upgrade(connection, FOLDER / "migrations")
        assert {"evenings", "orders", "reservations"} <= set(inspect(connection).get_table_names())
        downgrade(connection, FOLDER / "migrations")
        assert inspect(connection).get_table_names() == ["alembic_version"]
    database.close()


def test_the_seed_is_the_law_up_to_yesterday_and_two_booked_weeks(tmp_path):
    seen = []
    for name in ("one", "two"):
        app = create_app(tmp_path / name, f"sqlite:///{tmp_path / name}.sqlite", CLOCK)
        with TestClient(app), app.state.database.reading() as session:
            seen.append((read_past(session, TODAY), read_days(session, TODAY, 15)))
    assert seen[0] == seen[1]
    past, coming = seen[0]
    assert past[-1].day == TODAY - timedelta(1)
    assert 365 < len(past) <= 396
    assert all(one.reservations and one.doughs for one in past)
    assert all(one.reservations and one.guests and not one.doughs for one in coming)
    assert [bool(one.guests) for one in past] == [one.day >= TODAY - timedelta(28) for one in past]
