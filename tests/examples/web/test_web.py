"""The foundation of the web sites, by a site of one table whose model counts its rows."""

import copy
import hashlib
import html
import os
import re
import threading
import time
from typing import Annotated

import numpy as np
import pytest
from fastapi import APIRouter, Depends, Request
from fastapi.testclient import TestClient
from pydantic import BaseModel, Field
from sklearn.naive_bayes import MultinomialNB
from sqlalchemy import Column, Integer, MetaData, String, Table, delete, insert, select
from starlette.datastructures import FormData

from examples.games import __main__ as tavern
from examples.pizza import __main__ as pizzeria
from examples.web import live as live_module
from examples.web import login as login_module
from examples.web.app import build_app, own_path, redirect, render
from examples.web.database import Database, DatabaseUrlError, bump, head, prepare
from examples.web.forms import Line, read_form
from examples.web.live import Burst, Learner, LiveModel
from examples.web.login import admin_only
from examples.web.security import HEADERS, MOST_FORMS, posted
from examples.web.site import Site
from pipelines import save_model
from tests.examples.web.pages import (
    HOME,
    PASSWORD,
    assert_migrations_are_right,
    eventually,
    log_in,
    send,
    token_of,
)

tables = MetaData()
words = Table(
    "words",
    tables,
    Column("id", Integer, primary_key=True),
    Column("word", String(20), nullable=False),
    Column("version", Integer, nullable=False),
)
MIGRATION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "demo_0001", "web_0001", None, None
def upgrade():
    op.create_table("words", sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column("word", sa.String(20), nullable=False), sa.Column("version", sa.Integer, nullable=False))
def downgrade():
    op.drop_table("words")
"""


def counted(rows, model=None):
    if "bad" in rows:
        raise ValueError("a bad word")
    return (model or MultinomialNB()).partial_fit(np.ones((len(rows), 1)), rows, classes=["tea", "wine"])


def train(session):
    return counted(list(session.scalars(select(words.c.word))))


def update(model, session, since, upto):
    new = select(words.c.word).where(words.c.version > since, words.c.version <= upto)
    rows = list(session.scalars(new))
    return counted(rows, copy.deepcopy(model)) if rows else model


def compiled(model, session, previous):
    return dict(zip(model.classes_.tolist(), model.class_count_.tolist(), strict=True))


def add(session, word, *, structural):
    session.execute(insert(words).values(word=word, version=bump(session, structural=structural)))


class Order(BaseModel):
    word: Line
    cups: Annotated[int, Field(ge=1, le=9)] = 1
    extras: list[Line] = []


router = APIRouter()


@router.get("/")
def front(request: Request, q: str = ""):
    return render(request, "front.html", asked=q, counts=request.app.state.live.answers)


@router.get("/admin", dependencies=[Depends(admin_only)])
def admin(request: Request):
    return render(request, "front.html", asked="the admin", counts={})


@router.post("/order")
def order(request: Request, fields: FormData = Depends(posted)):  # noqa: B008
    form = read_form(Order, fields)
    if form.data is None:
        return render(request, "error.html", 422, heading="No", words=str(form.errors))
    with request.app.state.database.writing() as session:
        add(session, form.data.word, structural=True)
    return redirect(request, "/", f"Ordered {form.data.word}")


@router.post("/api/echo")
async def echo(order: Order):
    return order


@router.get("/api/crash")
@router.get("/crash")
def crash():
    raise RuntimeError("a secret detail")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    for name in ("templates", "static", "migrations"):
        (folder / name).mkdir()
    (folder / "static" / "icon.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (folder / "static" / "demo.css").write_text("")
    (folder / "migrations" / "demo_0001.py").write_text(MIGRATION)
    (folder / "templates" / "front.html").write_text(
        '{% extends "base.html" %}{% import "macros.html" as m %}{% block title %}Tea{% endblock %}'
        "{% block main %}<h1>Tea</h1><p>{{ asked }} {{ counts }}</p>"
        '<form method="post" action="/order">{{ m.token(csrf) }}<input name="word"></form>{% endblock %}'
    )

    def seed(session):
        session.execute(insert(words), [{"word": word, "version": 1} for word in ("tea", "tea", "wine")])

    return Site("demo", "Tea & Wine", folder, seed, Learner(train, compiled, MultinomialNB, update), [router])


@pytest.fixture(scope="module")
def app(site, tmp_path_factory, database_url):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEMO_ADMIN_PASSWORD", PASSWORD)
        app = build_app(site, tmp_path_factory.mktemp("data"), database_url)
        with TestClient(app):
            yield app


@pytest.fixture
def browser(app):
    browser = TestClient(app, HOME, raise_server_exceptions=False)
    yield browser
    with app.state.database.writing() as session:
        session.execute(delete(login_module.login_attempts))


# --- requests ---


@pytest.mark.parametrize(
    "path", ["/", "/login", "/nowhere", "/crash", "/api/docs", "/health", "/static/web/site.css"]
)
def test_every_answer_has_the_headers(browser, path):
    answer = browser.get(path)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert "cache-control" in answer.headers
    assert "server" not in answer.headers


def test_all_that_can_be_got_can_be_asked_about(browser):
    for path in ("/", "/health", "/static/web/site.css"):
        asked, got = browser.head(path), browser.get(path)
        assert (asked.status_code, asked.content) == (200, b"")
        assert asked.headers["content-length"] == str(len(got.content))
    for ask in (browser.head, browser.get):
        assert ask("/order", follow_redirects=False).headers["location"] == "/"


def test_browsers_keep_the_files_that_pages_name_and_no_page(browser):
    page = browser.get("/")
    assert page.headers["cache-control"] == "no-store"
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert len(files) >= 4
    for path in files:
        assert "immutable" in browser.get(path).headers["cache-control"]
        assert browser.get(path.split("?")[0]).headers["cache-control"] == "no-store"


def test_errors_are_pages_or_json_and_tell_no_details(browser):
    assert browser.get("/nowhere").status_code == 404
    assert "There is no such page" in browser.get("/nowhere").text
    crashed = browser.get("/crash")
    assert crashed.status_code == 500
    assert "<h1>Something broke</h1>" in crashed.text
    assert "secret" not in crashed.text
    assert browser.get("/api/nowhere").json() == {"detail": "There is no such page."}
    assert browser.get("/api/crash").json() == {"detail": "It has been written down. Please try again."}
    assert browser.put("/").status_code == 405


def test_after_an_error_the_way_back_to_the_form_is_on_the_page_and_at_the_address(browser):
    form = {"referer": f"{HOME}/?q=a+b%22"}
    refused = browser.post("/order", data={"csrf": "x"}, headers=form)
    assert refused.status_code == 403
    assert '<a class="button" href="/?q=a+b%22">Back to the form</a>' in refused.text
    for elsewhere in ("", "https://elsewhere.example/", f"{HOME}.elsewhere.example/", "http://[x", "//", "x"):
        answer = browser.post("/order", data={"csrf": "x"}, headers={"referer": elsewhere})
        assert (answer.status_code, "Back to the form" in answer.text) == (403, False)
    for odd in ("//elsewhere.example/", "/\\elsewhere.example/"):
        answer = browser.post("/order", data={"csrf": "x"}, headers={"referer": HOME + odd})
        assert '<a class="button" href="/admin">' in answer.text
    assert browser.get("/order").text == browser.get("/").text  # a reload, or the address typed anew
    assert browser.get("/logout", follow_redirects=False).headers["location"] == "/"
    assert browser.put("/order").status_code == 405
    assert browser.get("/api/echo").status_code == 405


def test_what_is_typed_is_never_markup(browser):
    page = browser.get("/", params={"q": "<script>alert(1)</script>\"'"})
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


def test_forms_without_the_token_or_from_elsewhere_are_refused(browser, app):
    good = {"csrf": token_of(browser.get("/")), "word": "tea"}
    for fields, headers in [
        ({"word": "tea"}, {}),
        ({**good, "csrf": "x"}, {}),
        ({**good, "csrf": "é"}, {}),
        (good, {"origin": "https://elsewhere.example"}),
        (good, {"origin": "null"}),
        (good, {"origin": f"{HOME}.elsewhere.example"}),
        (good, {"origin": f"{HOME}:8000"}),
        (good, {"sec-fetch-site": "cross-site"}),
        (good, {"sec-fetch-site": "same-site"}),
    ]:
        assert browser.post("/order", data=fields, headers=headers).status_code == 403
    assert TestClient(app, HOME).post("/order", data=good).status_code == 403  # another's token
    answer = browser.post("/order", data=good, headers={"origin": HOME, "sec-fetch-site": "same-origin"})
    assert answer.history[0].status_code == 303
    assert "Ordered tea" in answer.text
    assert "Ordered tea" not in browser.get("/").text


def test_wrong_hosts_and_too_long_requests_are_refused(browser):
    assert browser.get("/", headers={"host": "elsewhere.example"}).status_code == 400
    assert browser.get("/", headers={"host": "localhost:1.elsewhere.example"}).status_code == 400
    assert browser.get("/", headers={"host": "localhost:8000"}).status_code == 200
    assert browser.get("/?q=" + "x" * 5000).status_code == 414
    assert "longer than 4096" in browser.get("/api/echo?q=" + "x" * 5000).json()["detail"]
    assert browser.get("/", headers={"cookie": "x=" + "x" * 60_000}).status_code == 200
    assert browser.get("/", headers={"cookie": "x=" + "x" * 70_000}).status_code == 431
    assert "another site" in browser.post("/api/echo", headers={"origin": "null"}).json()["detail"]
    assert browser.post("/api/echo", content=b"x" * (1 << 21)).status_code == 413
    in_chunks = browser.post("/api/echo", content=iter([b"x" * (1 << 19)] * 4))
    assert in_chunks.status_code == 413
    assert browser.post("/order", data={"csrf": "x", **{f"f{i}": "" for i in range(600)}}).status_code == 400


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'{"word": "\\ud800"}', "application/json"),
        (b'{"word": "a\\u0000b"}', "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"cups": 1e999}', "application/json"),
        (b"word=tea", "application/x-www-form-urlencoded"),
    ],
)
def test_malformed_bodies_are_the_senders_fault(browser, body, kind):
    answer = browser.post("/api/echo", content=body, headers={"content-type": kind})
    assert answer.status_code in (400, 422)
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "charset", ["raw_unicode_escape", "undefined", "utf-16", "utf-7", '"UTF-16"', "a; charset=utf-8"]
)
def test_forms_in_another_encoding_are_refused(browser, charset):
    body = b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n\\ud800+2AA-\r\n--x--\r\n'
    kind = f"multipart/form-data; boundary=x; charset={charset}"
    assert browser.post("/order", content=body, headers={"content-type": kind}).status_code == 415
    answer = browser.post("/order", content=body, headers={"content-type": kind.replace(charset, "UTF-8")})
    assert answer.status_code == 403


@pytest.mark.parametrize("body", [b"--x\r\nbroken", b"--x", b"", b"\0\0"])
def test_malformed_forms_are_the_senders_fault(browser, body):
    answer = browser.post("/order", content=body, headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.status_code in (400, 403)


@pytest.mark.parametrize(
    "path",
    [
        "/static/web/../app.py",
        "/static/web/%2e%2e/app.py",
        "/static/web/..%2fapp.py",
        "/static/web/%2e%2e%2f%2e%2e%2fpyproject.toml",
        "/static/site//etc/passwd",
        "/static/site/%00",
    ],
)
def test_no_path_leads_out_of_the_static_folders(browser, path):
    assert browser.get(path).status_code in (404, 405)


def test_the_api_is_described_without_another_host(browser):
    assert browser.get("/api/openapi.json").json()["paths"].keys() >= {"/api/echo", "/health"}
    page = browser.get("/api/docs").text
    assert "/api/echo" in page
    assert not re.search(r"(src|href)=\"(https?:)?//", page)
    assert browser.get("/docs").status_code == 404


def test_the_policy_allows_the_sites_own_files_and_nothing_else(browser):
    policy = browser.get("/").headers["content-security-policy"]
    allowed = dict(part.split(maxsplit=1) for part in policy.split("; "))
    own = dict.fromkeys(("script-src", "style-src", "connect-src", "form-action"), "'self'")
    none = dict.fromkeys(("default-src", "frame-ancestors", "base-uri"), "'none'")
    assert allowed == {**own, **none, "img-src": "'self' data:"}


# --- forms ---


def test_a_form_keeps_what_was_typed_and_says_what_is_wrong():
    fields = [("word", "  "), ("cups", "many"), ("extras", "milk"), ("extras", ""), ("extras", "a\0b")]
    form = read_form(Order, FormData(fields))
    assert form.data is None
    assert form.errors == {
        "word": "Please fill this in.",
        "cups": "Must be a whole number, got 'many'.",
        "extras": "must be one line without control characters".capitalize(),
    }
    assert form.value("cups") == "many"
    assert form.value("extras") == ["milk", "", "a\0b"]
    good = read_form(Order, FormData([("word", " tea "), ("extras", "milk"), ("extras", "sugar")]))
    assert good.data == Order(word="tea", cups=1, extras=["milk", "sugar"])
    assert read_form(Order, FormData([("word", "x"), ("cups", "10")])).errors == {
        "cups": "Must be at most 9, got '10'."
    }


# --- login ---


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


def test_guessing_the_password_is_slowed_down(browser):
    answers = [log_in(browser, f"guess {i}").status_code for i in range(7)]
    assert answers == [403] * 5 + [429] * 2
    slow = log_in(browser)
    assert slow.status_code == 429  # the right one too: who guesses learns nothing
    assert int(slow.headers["retry-after"]) > 0


def test_attempts_are_forgotten_after_a_while_and_when_the_clock_is_put_back(browser, monkeypatch):
    now = [time.time()]
    monkeypatch.setattr(login_module.time, "time", lambda: now[0])
    for seconds in (login_module.WINDOW_SECONDS + 1, -3600):
        assert [log_in(browser, "x").status_code for _ in range(6)] == [403] * 5 + [429]
        now[0] += seconds
    assert log_in(browser, "x").status_code == 403
    now[0] += login_module.WINDOW_SECONDS - 1
    assert [log_in(browser, "x").status_code for _ in range(5)] == [403] * 4 + [429]


def test_guesses_from_many_addresses_are_slowed_down_together(browser, app):
    with app.state.database.writing() as session:
        for i in range(login_module.ATTEMPTS_IN_ALL):
            login_module.count_attempt(session, f"10.0.0.{i}")
    assert login_module.ATTEMPTS_IN_ALL <= 100
    assert log_in(browser).status_code == 429


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


def test_many_guesses_at_once_are_counted_too(app):
    browsers = [TestClient(app, HOME) for _ in range(10)]
    answers = []
    threads = [
        threading.Thread(target=lambda b=b: answers.append(log_in(b, "x").status_code)) for b in browsers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [403] * 5 + [429] * 5
    with app.state.database.writing() as session:
        session.execute(delete(login_module.login_attempts))


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


@pytest.mark.parametrize(("allowed", "is_trusted"), [(None, False), ("", False), ("10.0.0.1", True)])
def test_a_proxys_headers_count_only_if_it_is_named(monkeypatch, tmp_path, allowed, is_trusted):
    import uvicorn

    given = {}
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: given.update(options))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    if allowed is not None:
        monkeypatch.setenv("FORWARDED_ALLOW_IPS", allowed)
    with monkeypatch.context() as patch:
        patch.setenv("TAVERN_DATA", "")
        tavern.main(["serve", "--port", "0", "--data", str(tmp_path)])
    assert given["proxy_headers"] is is_trusted


def test_what_a_proxy_says_of_who_asks_is_kept_as_far_as_it_fits(app):
    browser = TestClient(app, HOME, client=("x" * 500, 1))
    assert log_in(browser, "wrong").status_code == 403
    with app.state.database.writing() as session:
        addresses = list(session.scalars(select(login_module.login_attempts.c.address)))
        session.execute(delete(login_module.login_attempts))
    assert addresses == ["x" * 64]


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


# --- database ---


@pytest.mark.parametrize("workers", [1, 2])
def test_another_sites_database_is_refused_by_name_before_anything_starts(
    app, monkeypatch, capsys, tmp_path, workers
):
    other = tmp_path / "other" / "migrations"
    other.mkdir(parents=True)
    (other / "other_0001.py").write_text(MIGRATION.replace("demo_0001", "other_0001"))
    database = app.state.database
    url = database.engine.url
    words = (
        f"The database {url.database!r} belongs to another site, or to a newer version of this one: its tables "
        "are at 'demo_0001'. DATABASE_URL must name one of its own."
    )
    with pytest.raises(DatabaseUrlError) as refused:
        prepare(database, other, lambda session: None)
    assert str(refused.value) == words
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    for command_line in (tavern, pizzeria):
        with pytest.raises(SystemExit) as stopped:
            command_line.main(["serve", "--data", str(tmp_path / "data"), "--workers", str(workers)])
        assert stopped.value.code == 2
        assert words in " ".join(capsys.readouterr().err.split())
    assert list((tmp_path / "data").iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "mysql://root@localhost/x",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "postgresql://u:secret@h/n",
        "x",
    ],
)
def test_other_databases_are_refused_without_saying_the_password(url):
    with pytest.raises(DatabaseUrlError, match="must be sqlite:///FILE or postgresql") as refused:
        Database(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["postgresql+psycopg://u:p@se:cret@h/n", "postgresql+psycopg://u@h:secret/n"])
def test_an_address_that_cannot_be_read_is_refused_without_the_password(url):
    with pytest.raises(DatabaseUrlError, match="write @ as %40") as refused:
        Database(url)
    assert "cret" not in str(refused.value)


def test_the_data_folder_may_have_any_name_and_is_its_owners(site, tmp_path, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD", PASSWORD)
    data = tmp_path / "what? 100%20 #1"
    with TestClient(build_app(site, data)):
        pass
    assert (data / "demo.sqlite").exists()
    assert data.stat().st_mode & 0o777 == 0o700
    assert (data / "secret").stat().st_mode & 0o777 == 0o600


def test_migrations_make_the_tables_as_declared_and_take_them_down(site, app, tmp_path):
    assert_migrations_are_right(app, site.folder, tables, tmp_path)


def test_sqlite_keeps_what_it_acknowledged_and_its_references(site, tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with database.reading() as session:
        ask = session.connection().exec_driver_sql
        found = [
            ask(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    database.close()
    assert found == ["wal", 2, 1, 30_000]  # 2 is FULL


def test_writers_take_turns_and_lose_nothing(app):
    database = app.state.database
    with database.reading() as session:
        before = head(session).version

    def write():
        for _ in range(10):
            with database.writing() as session:
                add(session, "tea", structural=False)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        versions = list(session.scalars(select(words.c.version).where(words.c.version > before)))
        assert sorted(versions) == list(range(before + 1, before + 81))
        assert head(session).version == before + 80


def test_a_reader_sees_one_state(app):
    database = app.state.database
    with database.reading() as session:
        before = head(session)
        with database.writing() as other:
            add(other, "wine", structural=False)
        assert head(session) == before


def test_a_failed_start_leaves_no_half_made_database(site, tmp_path):
    def seed(session):
        site.seed(session)
        raise RuntimeError("power cut")

    broken = Site("demo", "Tea", site.folder, seed, site.learner, [])
    with pytest.raises(RuntimeError, match="power cut"), TestClient(build_app(broken, tmp_path)):
        pass
    with TestClient(build_app(site, tmp_path), HOME) as browser:
        assert browser.get("/health").json()["status"] == "ok"


# --- the live model ---


@pytest.fixture
def two(site, tmp_path):
    """Return two workers' models on one database, turned by hand or by their threads."""
    app = build_app(site, tmp_path, f"sqlite:///{tmp_path / 'live.sqlite'}")
    with TestClient(app):
        pass
    database = Database(f"sqlite:///{tmp_path / 'live.sqlite'}")
    workers = [LiveModel(site.learner, database, tmp_path / "demo-model.json", pause=0.5) for _ in range(2)]
    yield workers
    for worker in workers:
        worker.stop()
    database.close()


def write(worker, word, *, structural):
    with worker.database.writing() as session:
        add(session, word, structural=structural)


def test_a_saved_model_is_loaded_at_the_start_and_learns_what_came_since(two):
    write(two[0], "wine", structural=False)
    for worker in two:
        worker.start()
        assert worker.trainings == 0
        assert worker.answers == {"tea": 2, "wine": 2}
        told = {"status": "ok", "reason": "", "version": 2, "trained": 1, "trainings": 0}
        assert worker.health() == {**told, "worker": os.getpid()}


def test_rows_are_learned_online_by_every_worker_and_the_old_answers_stay_as_they_were(two):
    for worker in two:
        worker.start()
    before = two[1].answers
    write(two[0], "wine", structural=False)
    eventually(lambda: all(worker.answers == {"tea": 2, "wine": 2} for worker in two), 1)
    assert before == {"tea": 2, "wine": 1}
    assert [worker.trainings for worker in two] == [0, 0]


def test_a_burst_of_changes_is_trained_once_by_one_worker(two):
    for worker in two:
        worker.start()
    for _ in range(10):
        write(two[0], "tea", structural=True)
    eventually(lambda: all(worker.answers == {"tea": 12, "wine": 1} for worker in two), 1.5)
    time.sleep(0.5)
    assert sum(worker.trainings for worker in two) == 1


def test_one_change_is_enough_to_train_by(two):
    two[0].start()
    write(two[0], "wine", structural=True)
    eventually(lambda: two[0].trainings == 1)
    assert two[0].answers == {"tea": 2, "wine": 2}


def test_a_database_that_comes_back_is_followed_again(two, monkeypatch):
    two[0].start()
    with monkeypatch.context() as patch:
        patch.setattr(live_module, "head", lambda session: 1 / 0)
        eventually(lambda: two[0].health()["status"] == "degraded")
        assert two[0].reason.startswith("the database cannot be followed")
        assert two[0].answers == {"tea": 2, "wine": 1}
    eventually(lambda: two[0].health()["status"] == "ok")


def test_a_burst_that_does_not_end_is_trained_all_the_same(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(live_module.time, "monotonic", lambda: now[0])
    burst, over = Burst(), []
    for turn in range(45):
        now[0] += 0.1
        if burst.is_over(turn):
            over.append(turn)
    assert len(over) == 2
    now[0] += 0.1
    assert not burst.is_over(44)
    now[0] += 0.3
    assert burst.is_over(44)


def test_a_failed_training_keeps_the_last_good_model_and_says_so(two):
    for worker in two:
        worker.start()
    write(two[0], "bad", structural=True)
    eventually(lambda: all(worker.health()["status"] == "degraded" for worker in two))
    assert "a bad word" in two[0].reason
    assert two[0].answers == two[1].answers == {"tea": 2, "wine": 1}
    with two[0].database.writing() as session:
        bump(session, structural=True)
        session.execute(delete(words).where(words.c.word == "bad"))
    eventually(lambda: all(worker.health()["status"] == "ok" for worker in two))


def test_a_damaged_file_keeps_the_last_good_model_and_is_made_anew(two):
    for worker in two:
        worker.start()
    (file,) = two[0].card.parent.glob("demo-model-*.joblib")
    file.write_bytes(b"damaged")
    eventually(lambda: all("cannot be used" in worker.reason for worker in two), 1)
    assert two[0].answers == two[1].answers == {"tea": 2, "wine": 1}
    assert file.name in two[0].reason
    assert str(file.parent) not in two[0].reason  # everybody can read it
    eventually(lambda: all(worker.health()["status"] == "ok" for worker in two))
    assert sum(worker.trainings for worker in two) == 1


def test_a_database_that_does_not_answer_is_said_without_its_address(site, tmp_path):
    url = "postgresql+psycopg://somebody:sesame@127.0.0.1:1/shop"
    pytest.importorskip("psycopg")
    live = LiveModel(site.learner, Database(url), tmp_path / "demo-model.json")
    live.turn()
    assert live.reason == "the database cannot be followed: OperationalError"


@pytest.mark.parametrize(
    "how", ["damaged", "no card", "another database", "no model's card", "other versions"]
)
def test_a_start_with_no_good_file_trains(two, how):
    (file,) = two[0].card.parent.glob("demo-model-*.joblib")
    if how == "damaged":
        file.write_bytes(b"")
    elif how == "no card":
        two[0].card.unlink()
    elif how == "another database":
        save_model(counted(["tea"]), two[0].card, scores={"version": 1, "origin": "elsewhere"})
    elif how == "no model's card":
        two[0].card.write_text("{}")
    else:
        two[0].card.write_text(two[0].card.read_text().replace('"numpy": "', '"numpy": "0.'))
    for worker in two:
        worker.start()
        assert worker.answers == {"tea": 2, "wine": 1}
        assert worker.health()["status"] == "ok"
    assert [worker.trainings for worker in two] == [1, 0]


def test_a_site_without_any_model_says_so_until_it_has_one(two):
    two[0].card.unlink()
    write(two[0], "bad", structural=True)
    two[0].start()
    assert two[0].health()["status"] == "degraded"
    with pytest.raises(
        RuntimeError, match="There is no model yet; the last training failed: ValueError: a bad word"
    ):
        two[0].answers
    with two[0].database.writing() as session:
        bump(session, structural=True)
        session.execute(delete(words).where(words.c.word == "bad"))
    eventually(lambda: two[0].health()["status"] == "ok")


def test_a_new_stamp_is_a_reason_to_train(two, site):
    day = ["monday"]
    learner = Learner(train, compiled, MultinomialNB, update, stamp=lambda: day[0])
    two[0].learner = learner
    two[0].start()
    assert two[0].trainings == 1
    day[0] = "tuesday"
    eventually(lambda: two[0].trainings == 2)


def test_rows_that_cannot_be_learned_are_said(two, monkeypatch):
    two[0].start()
    write(two[0], "bad", structural=False)
    eventually(lambda: "could not be learned" in two[0].reason)
    assert two[0].answers == {"tea": 2, "wine": 1}


def test_what_failed_is_tried_again_after_a_pause_or_with_newer_rows(two, site, monkeypatch):
    now, tried = [100.0], []

    def fail(model, session, since, upto):
        tried.append(upto)
        raise ValueError("no")

    monkeypatch.setattr(live_module.time, "monotonic", lambda: now[0])
    two[0].learner = Learner(train, compiled, MultinomialNB, fail)
    two[0].turn(at_once=True)
    write(two[0], "tea", structural=False)
    for seconds in (0, 0.1, 0.39, 0.02, 0.1):  # the pause is half a second
        now[0] += seconds
        two[0].turn()
    assert tried == [2, 2]
    write(two[0], "tea", structural=False)
    for _ in range(3):
        two[0].turn()
    assert tried == [2, 2, 3]
    assert two[0].answers == {"tea": 2, "wine": 1}


@pytest.mark.parametrize(
    ("version", "words"),
    [(1, "it is older than the one that is served"), (99, "it was trained on another database")],
)
def test_an_older_model_or_one_of_a_later_database_is_not_served(two, version, words):
    """The folder, or the database, was put back from a copy."""
    two[0].turn(at_once=True)
    write(two[0], "wine", structural=True)
    two[0].turn(at_once=True)
    assert two[0].answers == {"tea": 2, "wine": 2}
    with two[0].database.reading() as session:
        origin = head(session).origin
    save_model(counted(["tea"]), two[0].card, scores={"version": version, "origin": origin, "stamp": ""})
    two[0].turn()
    assert words in two[0].reason
    assert two[0].answers == {"tea": 2, "wine": 2}
    eventually(lambda: two[0].turn(at_once=True) or two[0].health()["status"] == "ok")
    assert two[0].answers == {"tea": 2, "wine": 2}
