"""The admin's login: sessions, cookies, form tokens and guesses."""

import hashlib
import html
import re
import time

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from examples.web import login as login_module
from examples.web.app import build_app, own_path
from examples.web.security import MOST_FORMS
from tests.examples.web.pages import (
    HOME,
    PASSWORD,
    log_in,
    send,
    token_of,
)


def test_the_admins_pages_need_the_password(browser):
    assert browser.get("/admin").url.path == "/login"
    assert log_in(browser, "wrong").status_code == 403
    assert browser.get("/admin").url.path == "/login"
    answer = log_in(browser)
    assert answer.url.path == "/admin"
    assert "the admin" in answer.text
    browser.post("/logout", data={"csrf": token_of(browser.get("/admin"))})
    assert browser.get("/admin").url.path == "/login"


def test_the_login_leads_back_to_where_it_was_asked_for(browser):
    page = browser.get("/admin?q=a+b&page=2")
    assert page.url.path == "/login"
    to = html.unescape(re.search(r'name="to" value="([^"]+)"', page.text)[1])
    assert str(log_in(browser, to=to).url).endswith("/admin?q=a+b&page=2")


def test_a_session_ends_with_the_logout_even_if_its_cookie_was_copied(browser, app):
    log_in(browser)
    thief = TestClient(app, HOME, cookies=dict(browser.cookies))
    assert thief.get("/admin").url.path == "/admin"
    browser.post("/logout", data={"csrf": token_of(browser.get("/admin"))})
    assert thief.get("/admin").url.path == "/login"


def test_who_logs_in_again_ends_the_session_before(browser, app):
    log_in(browser)
    thief = TestClient(app, HOME, cookies=dict(browser.cookies))
    assert thief.get("/admin").url.path == "/admin"
    send(browser, browser.get("/"), "/login", password=PASSWORD, to="/admin")
    assert browser.get("/admin").url.path == "/admin"
    assert thief.get("/admin").url.path == "/login"


def test_cookies_are_signed_http_only_and_same_site(browser):
    page = browser.get("/login")
    log_in(browser)
    assert re.fullmatch(
        r"demo-form-\w+=[\w.-]+; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax", page.headers["set-cookie"]
    )
    value = browser.cookies["demo-admin"]
    for forged in ("x" + value[1:], value[:-1], "", "é", token_of(page)):
        thief = TestClient(browser.app, HOME, headers={"cookie": f"demo-admin={forged}".encode()})
        assert thief.get("/admin").url.path == "/login"
    other = TestClient(browser.app, HOME, cookies={"demo-said": value})  # ours, but of another name
    assert 'class="said"' not in other.get("/").text


def send_order(browser, page):
    return browser.post("/order", data={"csrf": token_of(page), "word": "tea"}).status_code


def test_two_first_pages_that_are_opened_at_once_can_both_send_their_forms(browser, app):
    tabs = [TestClient(app, HOME).get("/") for _ in range(2)]  # both asked before either was answered
    for tab in tabs:
        browser.cookies.update(tab.cookies)
    assert len(browser.cookies) == 2
    for tab in (*tabs, browser.get("/"), *tabs):
        assert send_order(browser, tab) == 200
    assert len(browser.cookies) == 2  # no page brings a third
    assert send_order(TestClient(app, HOME), tabs[0]) == 403


def test_an_answer_that_comes_late_takes_nothing_back(browser, app):
    early = browser.get("/")
    late = TestClient(app, HOME, cookies=dict(browser.cookies)).get("/nowhere")
    log_in(browser)
    browser.cookies.update(late.cookies)
    assert browser.get("/admin").url.path == "/admin"
    assert send_order(browser, early) == 403  # a form from before the login
    assert send_order(browser, browser.get("/")) == 200


def test_a_form_cookie_that_somebody_else_planted_is_not_good_for_the_admins_forms(browser, app):
    """A page on another port, or under a name that ends alike, can set cookies, and got one of ours itself."""
    stranger = TestClient(app, HOME)
    known = stranger.get("/")
    log_in(browser)
    browser.cookies.update(stranger.cookies)
    assert [send_order(browser, page) for page in (known, stranger.get("/"))] == [403, 403]
    assert send_order(browser, browser.get("/")) == 200
    assert send_order(stranger, known) == 200


def test_the_cookies_of_forms_do_not_grow_without_end(browser, app):
    for i in range(60):
        browser.cookies.set(f"demo-form-{i:08x}", "of.another.secret", domain="127.0.0.1")
    tabs = [TestClient(app, HOME).get("/") for _ in range(30)]  # all asked before one was answered
    for tab in tabs:
        browser.cookies.update(tab.cookies)
    page = browser.get("/")
    assert len(browser.cookies) == MOST_FORMS
    for tab in (page, *tabs[::10]):
        assert send_order(browser, tab) == 200
    for tab in (TestClient(app, HOME).get("/") for _ in range(60)):
        browser.cookies.update(tab.cookies)
    page = browser.get("/")
    assert len(browser.cookies) == MOST_FORMS
    assert send_order(browser, page) == 200


def test_by_https_cookies_are_secure_and_browsers_stay_with_it(app):
    for scheme, is_secure in (("http", False), ("https", True)):
        answer = TestClient(app, f"{scheme}://127.0.0.1").get("/login")
        assert answer.headers["set-cookie"].endswith("; Secure") == is_secure
        assert answer.headers.get("strict-transport-security") == ("max-age=31536000" if is_secure else None)


def test_a_session_ends_after_a_shift_and_when_there_is_a_new_password(browser, app, monkeypatch):
    log_in(browser)
    before = token_of(browser.get("/"))
    with monkeypatch.context() as patch:
        later = time.time() + login_module.SESSION_SECONDS - 60
        patch.setattr(login_module.time, "time", lambda: later)
        assert browser.get("/admin").url.path == "/admin"
        later += 120
        assert browser.get("/admin").url.path == "/login"
    login_module.set_password(app.state.database, "x" * 300, "DEMO_ADMIN_PASSWORD")
    assert browser.get("/admin").url.path == "/login"
    assert log_in(browser, "x" * 300).url.path == "/admin"
    assert token_of(browser.get("/")) != before  # who knew the token of before knows it no more
    login_module.set_password(app.state.database, PASSWORD, "DEMO_ADMIN_PASSWORD")


@pytest.mark.parametrize(
    ("to", "path"),
    [
        ("/admin/games", "/admin/games"),
        ("//elsewhere.example", "/admin"),
        ("https://elsewhere.example", "/admin"),
        ("/\\elsewhere.example", "/admin"),
        ("/\t/elsewhere.example", "/admin"),
        ("", "/admin"),
    ],
)
def test_the_login_leads_nowhere_else(to, path):
    assert own_path(to) == path


def test_a_password_is_made_and_said_once_where_none_is_given(site, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("DEMO_ADMIN_PASSWORD", raising=False)
    for start in range(2):
        app = build_app(site, tmp_path)
        with TestClient(app, HOME) as browser:
            said = re.search(r"password of /admin is (\S+)", capsys.readouterr().err)
            if start == 0:
                password = said[1]
                assert log_in(browser, password).url.path == "/admin"
            else:
                assert said is None
                assert browser.get("/admin").url.path == "/login"
        with app.state.database.reading() as session:
            assert password not in str(session.execute(select(login_module.settings)).all())
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_hash_says_what_it_cost_and_older_ones_are_still_known(browser, app):
    salt = "00" * 16
    key = hashlib.scrypt(PASSWORD.encode(), salt=bytes(16), n=16384, r=8, p=1).hex()
    assert login_module.hashed(PASSWORD, salt=salt) == f"16384,8,1:{salt}:{key}"
    cheap = hashlib.scrypt(PASSWORD.encode(), salt=bytes(16), n=1024, r=4, p=2).hex()
    dear = login_module.hashed(PASSWORD, "65536,8,1")
    for stored in (f"{salt}:{key}", f"1024,4,2:{salt}:{cheap}", dear):
        assert login_module.matches(PASSWORD, stored)
        assert not login_module.matches("x", stored)
        with app.state.database.writing() as session:
            session.execute(
                login_module.settings.update().where(login_module.settings.c.name == "admin_password"),
                {"value": stored},
            )
        assert log_in(browser).url.path == "/admin"
