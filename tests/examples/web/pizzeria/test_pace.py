"""Guests who still book, guests of large parties, and a model of few evenings."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from examples.pizza import model as recipe
from examples.pizza.web.model import Answers, Usual, features_for, frame_of
from examples.pizza.web.pace import Booking, Pace, Pickup
from examples.pizza.web.tables import Facts, Reservation
from tests.examples.web.pages import text_of
from tests.examples.web.pizzeria.reading import CLOCK, TODAY, evening_of, find, past_of, save

FRIDAY = date(2026, 3, 20)
FRIDAYS = [FRIDAY - timedelta(7 * weeks) for weeks in range(4, 0, -1)]


def at(day, hour):
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp())


def pace(evenings, bookings=()):
    return Pace([(one, one.guests) for one in evenings], bookings, UTC)


def test_an_evening_gains_what_like_evenings_gained_after_the_same_moment():
    """Worked by hand: at noon, 6, 2, 4 and 0 guests of the last four Fridays had yet to book."""
    late, early = (6, 2, 4, 0), (10, 10, 12, 8)
    evenings = [Facts(day, guests=a + b) for day, a, b in zip(FRIDAYS, late, early, strict=True)]
    bookings = [Booking(day, at(day, 15), n) for day, n in zip(FRIDAYS, late, strict=True) if n]
    bookings += [Booking(day, at(day - timedelta(2), 9), n) for day, n in zip(FRIDAYS, early, strict=True)]
    of_fridays = pace([*evenings, Facts(FRIDAY - timedelta(1), guests=99)], bookings)
    noon = datetime(2026, 3, 20, 12, tzinfo=UTC)
    found = of_fridays.pickup(Facts(FRIDAY), 11, noon)
    assert found.gains == (6, 2, 4, 0)
    assert found.expected == 3
    assert found.at(1.0) == 6
    assert of_fridays.pickup(Facts(FRIDAY), 11, noon + timedelta(hours=4)).expected == 0
    assert of_fridays.pickup(Facts(FRIDAY), 11, noon - timedelta(3)).gains == (16, 12, 16, 8)
    tuesday = of_fridays.pickup(Facts(date(2026, 3, 24)), 0, noon)  # there was none, so all evenings count
    assert len(tuesday.gains) == 4
    assert tuesday.expected == 13  # the mean of 16, 12, 16 and 8 guests


def test_without_times_an_evening_to_come_is_like_the_last_ones():
    evenings = [Facts(day, guests=n) for day, n in zip(FRIDAYS, (10, 20, 30, 40), strict=True)]
    coming, noon = Facts(FRIDAY + timedelta(7)), datetime(2026, 3, 20, 12, tzinfo=UTC)
    assert pace(evenings).pickup(coming, 0, noon).expected == 25
    assert pace(evenings).pickup(coming, 10, noon).expected == 15
    assert pace(evenings).pickup(coming, 90, noon).expected == 0
    assert pace(evenings).pickup(Facts(FRIDAY), 0, noon).expected == 25
    assert pace(evenings).pickup(Facts(FRIDAY), 10, noon).expected == 15
    evening = noon + timedelta(hours=6)  # from now on, tonight is taken as it is
    assert pace(evenings).pickup(Facts(FRIDAY), 10, evening) == Pickup()
    assert pace([]).pickup(coming, 0, noon) == Pickup()


def test_a_holiday_is_like_the_last_holidays():
    evenings = [Facts(day, guests=10) for day in FRIDAYS]
    evenings += [Facts(FRIDAY - timedelta(2), holiday=True, guests=70)]
    noon = datetime(2026, 3, 20, 12, tzinfo=UTC)
    assert pace(evenings).pickup(Facts(FRIDAY, holiday=True), 0, noon).expected == 70
    assert pace(evenings[:4]).pickup(Facts(FRIDAY, holiday=True), 0, noon).expected == 10


def test_an_evening_without_bookings_is_forecast_like_others_of_its_weekday(app, browser):
    day = TODAY + timedelta(70)  # a Friday, for which nobody has booked
    told = browser.get(f"/api/forecast?date={day}").json()
    like = [one for one in past_of(app) if one.day.weekday() == 4][-4:]  # whose times are known
    guests = [app.state.live.answers.usual.guests(one) for one in like]
    assert told["reservations"] == 0
    assert told["guests"] == pytest.approx(np.mean(guests), abs=1)
    page = text_of(browser.get(f"/?date={day}"))
    assert f"for 0 reservations and {told['guests']} more guests who usually still book" in page
    assert f"{told['doughs']} doughs" in page
    final = browser.get(f"/api/forecast?date={day}&guests={told['guests']}").json()
    assert final["expected"] == told["expected"]
    widths = [one["range"][1] - one["range"][0] for one in (told, final)]
    assert widths[0] > widths[1]  # it is not known how many will book


def test_guests_count_and_not_only_reservations(app, admin, browser):
    before = browser.get("/api/forecast").json()
    tables, guests = evening_of(app, TODAY)[1], before["guests"]
    small = browser.get(f"/api/forecast?reservations={tables}&guests={guests}").json()
    large = browser.get(f"/api/forecast?reservations={tables}&guests={guests + 20}").json()
    assert small["expected"] == before["expected"]
    assert large["expected"] > small["expected"]
    assert large["reasons"]["guests"] > small["reasons"]["guests"]
    save(admin, "/admin/reservations/new", name="A wedding", day=str(TODAY), party="20")
    assert browser.get("/api/forecast").json()["guests"] == guests + 20


def test_a_reservation_remembers_when_it_was_made(app, admin):
    day = str(TODAY + timedelta(3))
    save(admin, "/admin/reservations/new", name="First", day=day, party="2")
    row = find(app, Reservation)
    assert row.booked_at == int(CLOCK.now().timestamp())
    save(admin, f"/admin/reservations/{row.id}", name="First", day=day, party="3")
    assert find(app, Reservation).booked_at == row.booked_at


@pytest.mark.parametrize("n", [2, 3, 7, 14, 27, 28, 60, 89])
def test_a_model_of_few_evenings_stays_within_reason(app, n):
    """Ten doughs and one for each guest: the forecast of an ordinary evening is never far from that."""
    rng = np.random.default_rng(n)
    days = [FRIDAY - timedelta(i) for i in range(n, 0, -1)]
    evenings = [
        Facts(day, guests=int(g), doughs=10 + int(g))
        for day, g in zip(days, rng.integers(20, 60, n), strict=True)
    ]
    usual = Usual(evenings)
    model = recipe.train(recipe.Lesson(frame_of(evenings, usual), features_for(n), []))
    answers = Answers(model, evenings, 1)
    low, high = answers._expected.range["guests"]
    tonight = Facts(FRIDAY, guests=round((low + high) / 2))
    (told,) = answers.forecast([tonight], min(0.9, answers.most_level))
    assert told.expected == pytest.approx(10 + tonight.guests, abs=8)
    assert told.doughs >= told.expected
    assert answers.reasons(tonight)
    assert answers.words(tonight)
    assert answers.outside(tonight._replace(guests=500))
