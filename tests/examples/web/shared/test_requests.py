"""Requests and answers: headers, errors, forms, hosts, and what is too long or malformed."""

import re

import pytest
from fastapi.testclient import TestClient
from starlette.datastructures import FormData

from examples.web.forms import read_form
from examples.web.security import HEADERS
from tests.examples.web.pages import (
    HOME,
    token_of,
)
from tests.examples.web.shared.demo import Order

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
    twice = [("host", "localhost"), ("host", "elsewhere.example")]
    assert browser.get("/", headers=twice).status_code == 400
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


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ＴＥＴＲＩＳ", "TETRIS"),
        ("Tetris\u00a0II", "Tetris II"),
        ("\u00a0 Tetris\u3000", "Tetris"),
        ("Poke\u0301mon", "Pokémon"),
        ("👩\u200d🚀 ❤️", "👩\u200d🚀 ❤️"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("Tet\u200dris\u200c", "Tetris"),
        ("🫨", "🫨"),
    ],
    ids=["fullwidth", "no-break", "ends", "composed", "emoji", "script", "needless", "new-emoji"],
)
def test_text_is_kept_in_one_form(browser, typed, kept):
    assert read_form(Order, FormData([("word", typed), ("extras", typed)])).data == Order(
        word=kept, extras=[kept]
    )
    assert browser.post("/api/echo", json={"word": typed}).json()["word"] == kept


@pytest.mark.parametrize(
    "typed", ["a\0b", "a\tb", "a\nb", "a\x7fb", "a\x85b", "a\u202eb", "a\u200bb", "a\u2028b", "a\ufeffb"]
)
def test_characters_that_nobody_sees_are_refused(browser, typed):
    assert read_form(Order, FormData([("word", typed)])).errors == {
        "word": "Must be one line without control characters"
    }
    assert browser.post("/api/echo", json={"word": typed}).status_code == 422


@pytest.mark.parametrize("typed", ["\u200d", "\u3000", " \u00a0 "])
def test_text_without_anything_to_see_is_none(typed):
    assert read_form(Order, FormData([("word", typed)])).errors == {"word": "Please fill this in."}


def test_a_number_may_be_typed_in_fullwidth_digits():
    assert read_form(Order, FormData([("word", "x"), ("cups", "７")])).data == Order(word="x", cups=7)


def test_text_that_grows_when_it_is_normalised_is_measured_afterwards():
    ligature = "\ufdfa"  # eighteen letters
    form = read_form(Order, FormData([("word", ligature * 12)]))
    assert form.errors == {"word": "Must have at most 200 characters."}


@pytest.mark.parametrize("typed", ["é" + "\u200d" * 300_000 + "é", "a" + "\u0315\u0301" * 150_000])
def test_long_text_is_refused_without_normalising_it(typed):
    """Normalising these texts takes many minutes, in which the site answers nobody."""
    form = read_form(Order, FormData([("word", typed)]))
    assert form.errors == {"word": "Must have at most 200 characters."}
