"""A private pizzeria: what only the house may see, and the tokens of its programs."""

import os
import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from examples.pizza import __main__ as pizzeria
from examples.pizza.settings import read_private
from examples.pizza.web.site import create_app
from examples.pizza.web.tables import Token
from tests.examples.web.pages import HOME, PASSWORD, logged_in, send, text_of
from tests.examples.web.pizzeria.reading import CLOCK

PAGES = (
    "/",
    "/?date=2026-03-21&service=0.9",
    "/analytics",
    "/evenings.csv",
    "/evenings.csv?from=2026-01-01&to=2026-02-01",
    *(f"/charts/{name}.svg" for name in ("coming", "evenings", "forecasts", "weekdays")),
    "/charts/coming.svg?v=1-1-2026-03-20",
)
API = ("/api/forecast", "/api/forecast?reservations=20", "/api/evenings")
OPEN = (
    "/login",
    "/health",
    "/health/live",
    "/api/docs",
    "/api/openapi.json",
    "/static/web/site.css",
)


@pytest.fixture(scope="module")
def house(tmp_path_factory, database_url):
    """Return the application of a private site."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIZZERIA_ADMIN_PASSWORD", PASSWORD)
        with pytest.MonkeyPatch.context() as unset:
            unset.delenv("PIZZERIA_PRIVATE")
            app = create_app(tmp_path_factory.mktemp("house"), database_url, CLOCK)
        with TestClient(app):
            yield app


@pytest.fixture
def stranger(house):
    return TestClient(house, HOME, follow_redirects=False)


@pytest.fixture
def owner(house):
    return logged_in(house)


def test_health_does_not_tell_strangers_how_often_something_is_written_down(stranger):
    told = stranger.get("/health").json()
    assert told == {"site": "pizzeria", "status": "ok", "reason": "", "worker": os.getpid()}


def new_token(owner, name):
    page = send(owner, owner.get("/admin/tokens"), "/admin/tokens", name=name)
    assert page.status_code == 200
    return re.search(r'<code id="token">([^<]+)</code>', page.text)[1]


def with_token(token):
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", PAGES)
def test_a_stranger_is_led_to_the_login_and_back(stranger, owner, path):
    for ask in (stranger.get, stranger.head):
        answer = ask(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login?to=%2F")
        assert "dough" not in answer.text
    answer = owner.get(path)
    assert answer.headers["cache-control"] == "no-store"  # the browser keeps nothing for after the logout
    assert (answer.status_code, answer.url.path) == (200, path.split("?")[0])


@pytest.mark.parametrize("path", API)
def test_a_strangers_program_is_refused(stranger, owner, path):
    answer = stranger.get(path)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "/admin/tokens" in answer.json()["detail"]
    assert owner.get(path).status_code == 200


def test_what_shows_no_figures_stays_open(stranger):
    assert "Authorization: Bearer TOKEN" in stranger.get("/api/docs").text
    assert {path: stranger.get(path).status_code for path in OPEN} == dict.fromkeys(OPEN, 200)


def test_a_program_reads_with_a_token_until_it_is_revoked(stranger, owner, house):
    token, other = new_token(owner, "the kitchen's screen"), new_token(owner, "the till")
    for path in (*API, "/evenings.csv", "/analytics"):
        assert stranger.get(path, headers=with_token(token)).status_code == 200
    page = owner.get("/admin/tokens")
    assert "the kitchen's screen" in text_of(page)
    assert token not in page.text
    with house.state.database.reading() as session:
        row = session.scalar(select(Token).where(Token.name == "the kitchen's screen"))
        stored = str(session.execute(select(Token.__table__)).all())
    assert not {token, token.removeprefix("pizzeria_")} & set(re.findall(r"[\w-]+", stored))
    answer = send(owner, page, f"/admin/tokens/{row.id}")
    assert "the kitchen's screen is revoked." in html_of(answer)
    assert "revoked already" in html_of(send(owner, page, f"/admin/tokens/{row.id}"))
    assert stranger.get(API[0], headers=with_token(token)).status_code == 401
    assert stranger.get(API[0], headers=with_token(other)).status_code == 200


def html_of(page):
    return page.text.replace("&#39;", "'")


@pytest.mark.parametrize(
    "header",
    ["Bearer x", "Bearer ", "Bearer pizzeria_", "Basic YWRtaW46b3BlbiBzZXNhbWU=", "Bearer ' OR 1=1 --", "é"],
)
@pytest.mark.parametrize("path", ["/api/forecast", "/evenings.csv"])
def test_what_is_no_token_opens_nothing(stranger, header, path):
    answer = stranger.get(path, headers=[(b"authorization", header.encode())])
    assert answer.status_code in (303, 401)


def test_a_token_opens_no_page_of_the_admin_and_changes_nothing(stranger, owner):
    headers = with_token(new_token(owner, "a curious program"))
    for path in ("/admin", "/admin/tokens", "/admin/orders", "/admin/import"):
        assert stranger.get(path, headers=headers).headers["location"].startswith("/login")
    assert stranger.post("/admin/tokens", data={"name": "more"}, headers=headers).status_code in (303, 403)


def test_only_the_admin_sees_and_makes_tokens(stranger, house):
    assert stranger.get("/admin/tokens").headers["location"].startswith("/login")
    page = stranger.get("/login")
    assert send(stranger, page, "/admin/tokens", name="mine").status_code == 403
    with house.state.database.reading() as session:
        assert session.scalar(select(Token).where(Token.name == "mine")) is None


def test_names_of_tokens_are_needed_and_unique(owner):
    new_token(owner, "twice")
    for name, words in (("twice", "There is a token of that name already"), (" ", "Please fill this in")):
        page = send(owner, owner.get("/admin/tokens"), "/admin/tokens", name=name)
        assert page.status_code == 422
        assert words in text_of(page)


def test_a_public_site_says_so_and_needs_no_token(admin, browser):
    assert "Everybody can read the forecasts" in text_of(admin.get("/admin/tokens"))
    for path in (*PAGES, *API):
        assert browser.get(path, headers=with_token("of another site")).status_code == 200


@pytest.mark.parametrize(
    ("setting", "url", "expected"),
    [
        (None, None, None),
        ("no", None, False),
        (None, "sqlite:///own.sqlite", True),
        ("", "sqlite:///own.sqlite", True),
        ("no", "sqlite:///own.sqlite", False),
        ("yes", None, True),
        ("YES", None, True),
    ],
)
@pytest.mark.parametrize("by_variable", [True, False])
def test_a_database_of_ones_own_is_private_and_the_demonstration_is_not(
    monkeypatch, setting, url, expected, by_variable
):
    for name, value in {"PIZZERIA_PRIVATE": setting, "DATABASE_URL": url if by_variable else None}.items():
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    assert read_private(None if by_variable else url) is expected


def test_a_setting_that_is_neither_yes_nor_no_is_refused(monkeypatch, capsys):
    monkeypatch.setenv("PIZZERIA_PRIVATE", "perhaps")
    with pytest.raises(SystemExit):
        pizzeria.main(["serve"])
    assert 'PIZZERIA_PRIVATE must be "yes" or "no". Got \'perhaps\' instead.' in " ".join(
        capsys.readouterr().err.split()
    )
