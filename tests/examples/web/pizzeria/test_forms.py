"""Forms that are sent twice, too late, or after the session has ended."""

import html
import re
import threading

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, func, select

from examples.pizza.web.tables import Order, Reservation
from examples.web.desk import REMEMBERED
from examples.web.tables import admin_sessions, sent_forms
from tests.examples.web.pages import EVIL, HOME, PASSWORD, fields_of, log_in, text_of, token_of
from tests.examples.web.pizzeria.reading import TODAY, find, save

NEW = "/admin/reservations/new"
GUEST = {"name": "Anna Conti", "day": str(TODAY), "party": "5", "note": ""}


def called(app, name):
    with app.state.database.reading() as session:
        return session.scalar(select(func.count()).select_from(Reservation).where(Reservation.name == name))


# --- twice ---


def test_a_form_that_is_sent_twice_makes_one_row(app, admin):
    fields = {**fields_of(admin.get(NEW)), **GUEST, "name": "Twice"}
    first, second = (admin.post(NEW, data=fields) for _ in range(2))
    assert "Twice is saved." in first.text
    assert "It was saved already." in second.text
    assert called(app, "Twice") == 1
    other = admin.post(NEW, data={**fields, "party": "6"})  # with the browser's button "Back"
    assert "Twice is saved." in other.text
    assert "Twice is saved." in save(admin, NEW, **{**GUEST, "name": "Twice"}).text  # without a key
    assert called(app, "Twice") == 3


def test_two_clicks_at_once_make_one_row(app, admin):
    fields = {**fields_of(admin.get(NEW)), **GUEST, "name": "At once"}
    clicks = [TestClient(app, HOME, cookies=dict(admin.cookies)) for _ in range(4)]
    threads = [threading.Thread(target=click.post, args=(NEW,), kwargs={"data": fields}) for click in clicks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert called(app, "At once") == 1


def test_a_change_that_is_sent_twice_is_no_conflict(app, admin):
    save(admin, NEW, **{**GUEST, "name": "Changed"})
    address = f"/admin/reservations/{find(app, Reservation).id}"
    fields = {**fields_of(admin.get(address)), "party": "7"}
    assert "Changed is saved." in admin.post(address, data=fields).text
    assert "It was saved already." in admin.post(address, data=fields).text


def test_a_refused_form_can_be_sent_again(app, admin):
    page = admin.post(NEW, data={**fields_of(admin.get(NEW)), **GUEST, "name": "Again", "party": "0"})
    assert page.status_code == 422
    assert "Again is saved." in admin.post(NEW, data={**fields_of(page), "party": "2"}).text


def test_sent_forms_are_forgotten_after_a_while(app, admin):
    with app.state.database.writing() as session:
        session.execute(sent_forms.update().values(at=sent_forms.c.at - REMEMBERED - 1))
    admin.post(NEW, data={**fields_of(admin.get(NEW)), **GUEST})
    with app.state.database.reading() as session:
        assert session.scalar(select(func.count()).select_from(sent_forms)) == 1


# --- too late ---


def test_a_row_that_changed_is_not_deleted_unasked(app, admin):
    save(admin, NEW, **{**GUEST, "name": "Kept"})
    row = find(app, Reservation)
    address = f"/admin/reservations/{row.id}"
    before = admin.get(f"{address}/delete")
    save(admin, address, **{**GUEST, "name": "Kept", "party": "9"})
    page = admin.post(f"{address}/delete", data=fields_of(before))
    assert page.status_code == 409
    assert "It has changed since this page was opened, so it was not deleted." in text_of(page)
    assert called(app, "Kept") == 1
    assert "Kept is deleted." in admin.post(f"{address}/delete", data=fields_of(page)).text
    assert called(app, "Kept") == 0


# --- after the session has ended ---


@pytest.fixture
def expired(app, admin):
    """Return the admin's browser with an open form, whose session has ended."""
    page = admin.get(NEW)
    with app.state.database.writing() as session:
        session.execute(delete(admin_sessions))
    return admin, fields_of(page)


def hidden(page):
    """Return the fields of the login page, unescaped."""
    return {
        name: html.unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    }


def test_what_was_typed_survives_the_login(app, expired):
    admin, fields = expired
    typed = {**fields, **GUEST, "name": EVIL, "note": "a, b"}
    page = admin.post(NEW, data=typed)
    assert page.status_code == 403
    assert "What you typed is kept" in page.text
    assert EVIL not in page.text
    page = admin.post("/login", data={**hidden(page), "password": "wrong"})
    assert "That is not the password." in page.text
    page = admin.post("/login", data={**hidden(page), "password": PASSWORD})
    assert page.status_code == 200
    assert f"Nothing was saved yet. This is what you typed: Name {EVIL} Day {TODAY}" in text_of(page)
    assert EVIL not in page.text
    assert called(app, EVIL) == 0
    assert f'action="{NEW}"' in page.text
    page = admin.post(NEW, data=hidden(page))
    assert f"{EVIL} is saved." in html.unescape(page.text)
    assert called(app, EVIL) == 1


def test_lines_survive_the_login_too(app, expired):
    admin, fields = expired
    text = "date,reservations,doughs\r\n2021-05-03,12,36\r\n"
    page = admin.post("/admin/import/keep", data={"csrf": fields["csrf"], "text": text})
    page = admin.post("/login", data={**hidden(page), "password": PASSWORD})
    assert re.search(r'<textarea name="text" hidden>\s(.*?)</textarea>', page.text, re.DOTALL)[1] == text


@pytest.mark.parametrize("csrf", ["", "x"], ids=["no-token", "wrong-token"])
def test_a_form_without_its_token_is_not_kept(expired, csrf):
    admin, fields = expired
    page = admin.post(NEW, data={**fields, **GUEST, "csrf": csrf})
    assert page.url.path == "/login"
    assert "Anna Conti" not in page.text


def test_a_delete_button_leads_back_to_its_page(app, expired):
    admin, fields = expired
    order = find(app, Order).id
    headers = {"referer": f"{HOME}/admin/orders/{order}/delete"}
    page = admin.post(
        f"/admin/orders/{order}/delete", data={"csrf": fields["csrf"], "seen": "x"}, headers=headers
    )
    assert page.url.path == "/login"
    assert hidden(page)["to"] == f"/admin/orders/{order}/delete"


@pytest.mark.parametrize(
    "typed", ["{", "[[1, 2]]", "[[]]", '{"a": 1}', "[" * 100_000, "3", r'[["a", "\ud800"]]']
)
def test_a_login_with_a_broken_note_of_what_was_typed_leads_on(browser, typed):
    token = token_of(browser.get("/login"))
    fields = {"csrf": token, "password": PASSWORD, "to": "/admin/orders", "typed": typed}
    assert browser.post("/login", data=fields).url.path == "/admin/orders"


def test_a_login_still_leads_where_it_was_asked_for(browser):
    assert log_in(browser, to="/admin/orders?q=x").url.path == "/admin/orders"
