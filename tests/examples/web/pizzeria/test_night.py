"""The night's work: close the night, tonight's bookings, preset days, and undo after a deletion."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from examples.pizza.clock import Clock
from examples.pizza.web.site import create_app
from examples.pizza.web.tables import Evening, Order, Reservation
from examples.pizza.web.words import in_words, read_said
from tests.examples.sites import wait_for
from tests.examples.web.pages import PASSWORD, fields_of, is_up_to_date, logged_in, send, text_of
from tests.examples.web.pizzeria.reading import CLOCK, TODAY, evening_of, find, save


def row_of(app, day):
    with app.state.database.reading() as session:
        return session.scalar(select(Evening).where(Evening.day == day))


def test_tonight_is_closed_from_the_front_page(app, admin, browser):
    page = admin.get("/")
    given = fields_of(page)
    assert given["day"] == [str(TODAY)]
    assert int(given["made"][0]) > 0  # what the forecast says
    assert given["suggested"] == given["made"]
    page = send(admin, page, "/admin/close", day=str(TODAY), made="60", used="", left_over="8")
    assert page.url.path == "/"
    assert "Fri 20 Mar is closed: 60 doughs made, 52 used, 8 left over." in text_of(page)
    assert "Tonight’s doughs are saved" in text_of(page)
    row = row_of(app, TODAY)
    assert (row.made, row.doughs, row.left_over) == (60, 52, 8)
    again = fields_of(admin.get("/"))
    assert [again[name] for name in ("made", "used", "left_over")] == [["60"], ["52"], ["8"]]
    page = send(admin, admin.get("/"), "/admin/close", day=str(TODAY), made="60", used="55", left_over="5")
    assert evening_of(app, TODAY).doughs == 55  # corrected
    order = {"name": "late slip", "day": str(TODAY), "pizzas": "5"}
    send(admin, admin.get("/admin/orders/new"), "/admin/orders/new", **order)
    assert evening_of(app, TODAY).doughs == 55  # what was counted stands
    assert "Made" not in text_of(browser.get("/"))


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"made": "60"}, "left_over", "Please fill in two of the three numbers."),
        ({"made": "60", "used": "50", "left_over": "5"}, "made", "50 used and 5 left over are 55, not 60."),
        ({"made": "6", "left_over": "8"}, "made", "Must be at least 8, got 6."),
        ({"made": "6", "used": "8"}, "made", "Must be at least 8, got 6."),
        ({"used": "-1", "left_over": "8"}, "used", "Must be at least 0, got '-1'."),
        ({"used": "5000", "left_over": "8"}, "used", "5000 is more than 3 times"),
        ({"used": "2", "left_over": "8"}, "used", "Must be at least 3, the pizzas of this evening's orders"),
        ({"used": "9", "left_over": "8", "day": "2026-03-21"}, "day", "to today, 2026-03-20, got 2026-03-21"),
    ],
)
def test_numbers_that_cannot_be_are_refused_and_kept_in_the_form(app, admin, fields, field, words):
    day = TODAY - timedelta(6)
    if "Must be at least 3" in words:
        save(admin, "/admin/orders/new", name="table 1", day=str(day), pizzas="3")
    before = row_of(app, day).doughs
    page = send(admin, admin.get(f"/admin/close?date={day}"), "/admin/close", **({"day": str(day)} | fields))
    assert page.status_code == 422
    assert words in text_of(page)
    for name, value in fields.items():
        assert f'name="{name}"' in page.text
        assert f'value="{value}"' in page.text
    assert row_of(app, day).doughs == before
    if "Must be at least 3" in words:
        save(admin, f"/admin/orders/{find(app, Order).id}/delete")
    wait_for(lambda: is_up_to_date(app))


def test_a_doubtful_number_is_saved_when_it_is_confirmed(app, admin):
    day = date(2021, 7, 2)
    sent = {"day": str(day), "made": "", "used": "900", "left_over": "1"}
    page = send(admin, admin.get("/admin/close"), "/admin/close", **sent)
    assert "Is it so?" in text_of(page)
    send(admin, page, "/admin/close", **sent, sure="on")
    assert (row_of(app, day).made, row_of(app, day).doughs) == (901, 900)
    save(admin, f"/admin/evenings/{row_of(app, day).id}/delete")


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """The owner's browser at a site without any evenings."""
    monkeypatch.setenv("PIZZERIA_EMPTY", "yes")
    monkeypatch.setenv("PIZZERIA_ADMIN_PASSWORD", PASSWORD)
    app = create_app(tmp_path, f"sqlite:///{tmp_path / 'x.sqlite'}", CLOCK)
    with TestClient(app):
        yield logged_in(app)


def test_a_suggested_number_gives_way_to_two_that_were_counted(fresh):
    sent = {"day": str(TODAY), "made": "60", "used": "58", "left_over": "5"}
    assert send(fresh, fresh.get("/"), "/admin/close", **sent).status_code == 422
    page = send(fresh, fresh.get("/"), "/admin/close", **sent, suggested="60")
    assert "Fri 20 Mar is closed: 63 doughs made, 58 used, 5 left over." in text_of(page)


def test_the_doughs_of_a_closed_day_are_not_asked_for(fresh):
    yesterday = TODAY - timedelta(1)
    save(fresh, "/admin/reservations/new", name="Zoë", day=str(yesterday), party="5")
    seen = text_of(fresh.get("/"))
    assert "The doughs of Thu 19 Mar are missing. Enter them" in seen
    assert "Left over" in seen
    for day in (yesterday, TODAY):
        send(fresh, fresh.get("/admin/settings"), "/admin/settings/day", day=str(day), closed="yes")
    seen = text_of(fresh.get("/"))
    assert "are missing" not in seen
    assert "Left over" not in seen


def test_closing_needs_the_login_and_the_token(browser, admin):
    assert browser.get("/admin/close").url.path == "/login"
    fields = {"day": str(TODAY), "made": "9", "left_over": "1"}
    assert admin.post("/admin/close", data=fields).status_code == 403


@pytest.mark.parametrize(
    ("now", "night"),
    [
        (datetime(2026, 3, 20, 21, tzinfo=UTC), date(2026, 3, 20)),
        (datetime(2026, 3, 21, 0, 30, tzinfo=UTC), date(2026, 3, 20)),  # half past one in Rome
        (datetime(2026, 3, 21, 4, 59, tzinfo=UTC), date(2026, 3, 20)),
        (datetime(2026, 3, 21, 5, 0, tzinfo=UTC), date(2026, 3, 21)),
    ],
)
def test_a_night_lasts_until_six(now, night):
    assert Clock(ZoneInfo("Europe/Rome"), lambda: now).night() == night


def test_only_the_owner_sees_tonights_bookings(app, admin, browser):
    with app.state.database.reading() as session:
        (name, n) = session.execute(
            select(func.min(Reservation.name), func.count()).where(Reservation.day == TODAY)
        ).one()
    seen = text_of(admin.get("/"))
    assert f"Bookings {n} tables, {evening_of(app, TODAY).guests} guests" in seen
    assert f"{name} " in seen
    assert "Bookings" not in text_of(browser.get("/"))
    later = TODAY + timedelta(3)
    page = admin.get(f"/?date={later}")
    assert f'href="/admin/reservations/new?day={later}&amp;back=' in page.text
    assert fields_of(admin.get(f"/admin/reservations/new?day={later}"))["day"] == [str(later)]
    for desk in ("reservations", "orders", "evenings"):
        for query in ("", "?day=x", "?day=2026-02-30"):
            assert fields_of(admin.get(f"/admin/{desk}/new{query}"))["day"] == [str(TODAY)]


@pytest.mark.parametrize(
    ("back", "to"), [("", "/admin/reservations"), ("/?date=2026-03-22", "/"), ("//evil.example/", "/admin")]
)
def test_after_a_booking_the_page_it_was_added_from_is_shown_again(fresh, back, to):
    form = fresh.get("/admin/reservations/new", params={"day": str(TODAY), "back": back})
    assert "evil" not in form.text
    sent = {name: values[0] for name, values in fields_of(form).items()} | {"name": "Zoë", "party": "2"}
    page = fresh.post("/admin/reservations/new", data=sent)
    assert page.url.path == to
    assert "Zoë is saved." in text_of(page)
    sent["back"] = back
    assert fresh.post("/admin/reservations/new", data=sent).url.path == to


def test_a_deletion_can_be_undone_for_a_while_by_the_browser_that_did_it(app, admin, browser, monkeypatch):
    day = TODAY + timedelta(2)
    save(admin, "/admin/reservations/new", name="Zoë 🍕", day=str(day), party="5", note="🎂" * 60)
    row, before = find(app, Reservation), evening_of(app, day)
    page = save(admin, f"/admin/reservations/{row.id}/delete")
    assert evening_of(app, day).guests == before.guests - 5
    assert "Undo the deletion" in text_of(page)
    assert "Undo the deletion" not in text_of(admin.get("/admin/orders"))
    page = send(admin, page, "/admin/reservations/undo")
    assert "Zoë 🍕 is restored." in text_of(page)
    assert "Undo the deletion" not in text_of(page)
    again = find(app, Reservation)
    assert (again.name, again.party, again.note, again.demo) == (row.name, 5, row.note, False)
    assert evening_of(app, day) == before
    page = send(admin, admin.get("/admin"), "/admin/reservations/undo")
    assert "There is no reservation to restore any more." in text_of(page)
    page = save(admin, f"/admin/reservations/{again.id}/delete")
    monkeypatch.setattr("examples.web.undo.KEPT_SECONDS", -1)
    assert "Undo the deletion" not in text_of(admin.get("/admin/reservations"))


def test_what_cannot_be_restored_says_so(app, admin):
    day = date(2020, 6, 1)
    fields = {"day": str(day), "more_reservations": "2", "more_doughs": "6"}
    save(admin, "/admin/evenings/new", **fields)
    page = save(admin, f"/admin/evenings/{row_of(app, day).id}/delete")
    save(admin, "/admin/evenings/new", **fields)
    assert "cannot be restored" in text_of(send(admin, page, "/admin/evenings/undo"))
    save(admin, f"/admin/evenings/{row_of(app, day).id}/delete")
    page = send(admin, admin.get("/admin/evenings"), "/admin/evenings/undo")
    assert "Mon 1 Jun 2020 is restored." in text_of(page)
    save(admin, f"/admin/evenings/{row_of(app, day).id}/delete")
    wait_for(lambda: is_up_to_date(app))


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("4 Jan", date(2027, 1, 4)),
        ("Mon 4 January", date(2027, 1, 4)),
        ("20 dec 2025", date(2025, 12, 20)),
        ("1 Dec", date(2026, 12, 1)),
        ("30 Feb", None),
        ("4 Foo", None),
        ("Rossi", None),
    ],
)
def test_days_are_read_as_people_say_them(text, day):
    assert read_said(text, date(2026, 12, 30)) == day
    assert day is None or read_said(in_words(day), date(2026, 12, 30)) == day


def test_lists_are_searched_by_days_as_people_say_them(app, admin):
    day = TODAY - timedelta(3)
    for desk in ("reservations", "orders", "evenings"):
        for text in ("17 Mar", "Tue 17 Mar", "2026-03-17"):
            found = admin.get(f"/admin/{desk}", params={"q": text})
            assert in_words(day, TODAY) in text_of(found)
            assert "16 Mar" not in text_of(found).split(desk, 1)[1].replace("20 Mar", "")
