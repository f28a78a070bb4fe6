"""How it went, and the charts."""

import copy
import re
from datetime import date, timedelta
from xml.etree import ElementTree

import numpy as np
import pytest

from examples.pizza.web import charts
from examples.pizza.web.model import FEATURES, Usual, unseen_forecasts
from tests.examples.sites import wait_for
from tests.examples.web.pages import (
    is_up_to_date,
    text_of,
)
from tests.examples.web.pizzeria.reading import TODAY, past_of, save


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
    before, after = (unseen_forecasts(rows, Usual(rows), FEATURES, 2) for rows in (past, changed))
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
    assert "each point is the average of a week’s evenings" in text_of(browser.get(f"/analytics?{long}"))
    assert "average of a week" not in text_of(browser.get(f"/analytics?{short}"))
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


def test_a_level_that_few_evenings_cannot_promise_is_lowered_and_said(app, browser, monkeypatch):
    wait_for(lambda: is_up_to_date(app))
    served = app.state.live._served
    few = copy.copy(served.answers)
    few._levels = copy.copy(few._levels)
    few._levels.residuals_ = few._levels.residuals_[:3]
    monkeypatch.setattr(app.state.live, "_served", served._replace(answers=few))
    for query in ("", "?service=0.95"):
        seen = text_of(browser.get("/" + query))
        assert "enough on 3 in 4 such evenings" in seen
        assert "past evenings do not allow more than that" in seen
        assert browser.get("/charts/coming.svg" + query).status_code == 200
    assert browser.get("/api/forecast").json()["service_level"] == 0.75
    assert browser.get("/api/forecast?service_level=0.9").status_code == 422


def test_charts_that_there_are_none_of(browser):
    assert browser.get("/charts/nothing.svg").status_code == 404
    assert browser.get("/charts/coming.svg?scheme=pink").status_code == 422
    assert browser.get("/charts/coming.svg?service=7").status_code == 422
    assert "No evening from" in text_of(browser.get("/analytics?from=2026-03-20&to=2026-04-01"))
