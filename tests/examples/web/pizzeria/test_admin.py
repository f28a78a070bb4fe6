"""The admin's desks: reservations, orders and evenings."""

import html
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import delete, func, select

from examples.pizza.web.model import signed
from examples.pizza.web.tables import Evening, Order, Reservation
from examples.pizza.web.words import read_said
from examples.web.database import bump
from tests.examples.sites import wait_for
from tests.examples.web.pages import (
    EVIL,
    is_up_to_date,
    send,
    text_of,
    token_of,
)
from tests.examples.web.pizzeria.reading import TODAY, evening_of, find, save


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
    assert answer.url.path == "/login" or answer.status_code in (403, 405)
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
    wait_for(lambda: is_up_to_date(app))


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
    wait_for(lambda: is_up_to_date(app))


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
    assert "Tue 17 Mar" in text_of(admin.get(f"/admin/{desk}?q=2026-03-17"))
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
    said = re.findall(r"<td[^>]*>([A-Z][a-z]{2} \d+ [A-Z][a-z]{2}(?: \d{4})?)</td>", "".join(pages))
    days = [read_said(text, TODAY) for text in said]
    to_come = [day for day in days if day >= TODAY]
    assert days[0] == TODAY
    assert days == sorted(to_come) + sorted(days[len(to_come) :], reverse=True)
    assert len(to_come) < len(days)


def test_how_evenings_are_searched_is_said(admin):
    seen = text_of(admin.get("/admin/reservations?q=Sat"))
    assert "found by its date: 20 Mar, 2026-03-20, or 2026-03 for a month" in seen
    assert "found by its date" in text_of(admin.get("/admin/evenings"))
    assert "found by its date" not in text_of(admin.get("/admin/evenings/new"))


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
