"""The pizzeria's JSON API."""

import re
from datetime import date, timedelta

import pytest

from tests.examples.web.pizzeria.reading import evening_of


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
    assert set(paths) == {"/api/forecast", "/api/evenings", "/health", "/health/live"}
    page = browser.get("/api/docs").text
    assert all(path in page for path in paths)
