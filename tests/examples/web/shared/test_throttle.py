"""Guesses of the admin's password: delays by address, for the account, and for browsers that are known."""

import threading
import time

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select

from examples.games import __main__ as tavern
from examples.web import login as login_module
from examples.web import serve as serving
from examples.web.addresses import block_of
from examples.web.app import build_app
from examples.web.tables import login_attempts
from examples.web.throttle import FIRST, FORGOTTEN, FREE, LONGEST, LONGEST_OF_ACCOUNT
from tests.examples.web.pages import HOME, PASSWORD, log_in


class Clock:
    """The time, which passes only when a test says so, and the seconds that logins would have waited."""

    def __init__(self):
        self.now, self.waited = time.time(), []

    async def sleep(self, seconds):
        self.waited.append(seconds)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(login_module, "sleep", clock.sleep)
    monkeypatch.setattr(login_module.time, "time", lambda: clock.now)
    monkeypatch.setattr(login_module, "matches", lambda password, stored: password == PASSWORD)  # fast
    return clock


@pytest.fixture(autouse=True)
def _no_attempts(app):
    yield
    with app.state.database.writing() as session:
        session.execute(delete(login_attempts))


def guess(app, address, n=1):
    browser = TestClient(app, HOME, client=(address, 1))
    return [log_in(browser, f"guess {i}").status_code for i in range(n)]


def at(app, address):
    return TestClient(app, HOME, client=(address, 1))


def test_the_delays_of_an_address_grow_and_end(app, clock):
    browser, waits = at(app, "203.0.113.1"), []
    assert [log_in(browser, "x").status_code for _ in range(FREE)] == [403] * FREE
    for _ in range(10):
        slow = log_in(browser)  # the right one too, so that guesses tell nothing
        assert slow.status_code == 429
        waits.append(int(slow.headers["retry-after"]))
        assert f"Wait {waits[-1]} seconds." in slow.text
        clock.now += waits[-1] - 1
        assert log_in(browser).status_code == 429
        clock.now += 1.5
        assert log_in(browser, "x").status_code == 403
    assert waits == [min(FIRST * 2**i, LONGEST) for i in range(10)]
    clock.now += LONGEST + 1
    assert log_in(browser).url.path == "/admin"
    assert guess(app, "203.0.113.1", FREE) == [403] * FREE  # a login forgets them


def test_attempts_are_forgotten_after_a_day_and_when_the_clock_is_put_back(app, clock):
    for seconds in (FORGOTTEN + 1, -3600):
        assert guess(app, "203.0.113.1", FREE + 1) == [403] * FREE + [429]
        clock.now += seconds
    assert guess(app, "203.0.113.1") == [403]


def test_guesses_from_many_addresses_do_not_lock_the_owner_out(app, clock):
    for i in range(30):
        assert guess(app, f"198.51.100.{i}", FREE) == [403] * FREE
    clock.waited.clear()
    assert log_in(at(app, "203.0.113.9")).url.path == "/admin"
    assert clock.waited == [LONGEST_OF_ACCOUNT] == [5.0]


def test_guesses_from_many_addresses_are_slowed_down(app, clock):
    for i in range(20):
        guess(app, f"198.51.100.{i}")
    assert clock.waited == [0.0] * 10 + [1.0, 2.0, 4.0] + [5.0] * 7


def test_a_browser_that_logged_in_before_does_not_wait_for_others(app, clock):
    owner = at(app, "203.0.113.1")
    log_in(owner)
    owner.cookies.delete("demo-admin")
    assert guess(app, "203.0.113.1", FREE + 1) == [403] * FREE + [429]
    for i in range(10):
        guess(app, f"198.51.100.{i}", FREE)
    clock.waited.clear()
    assert log_in(owner).url.path == "/admin"
    assert clock.waited == [0.0]
    owner.cookies.delete("demo-admin")  # a thief of the cookie cannot guess for ever
    assert [log_in(owner, "x").status_code for _ in range(FREE + 1)] == [403] * FREE + [429]


def test_a_forged_cookie_exempts_nobody(app, clock):
    browser = at(app, "203.0.113.1")
    for i in range(FREE):
        browser.cookies.set("demo-known", f"forged.{i}.x", domain="127.0.0.1")
        assert log_in(browser, "x").status_code == 403
    assert log_in(browser, "x").status_code == 429


def test_a_network_of_ipv6_is_one_address(app, clock):
    statuses = [guess(app, f"2001:db8::{i}:1")[0] for i in range(FREE + 1)]
    assert statuses == [403] * FREE + [429]
    assert guess(app, "2001:db8:0:1::1") == [403]


@pytest.mark.parametrize(
    ("address", "block"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("203.0.113.7:x", "unknown"),
        ("anything", "unknown"),
        ("", "unknown"),
    ],
)
def test_what_counts_as_one_address(address, block):
    assert block_of(address) == block


def test_all_workers_count_together(site, app, clock, tmp_path):
    url = app.state.database.engine.url.render_as_string(hide_password=False)
    other = build_app(site, tmp_path, url)  # of another process
    assert guess(app, "203.0.113.1", 3) + guess(other, "203.0.113.1", 3) == [403] * FREE + [429]
    other.state.database.close()


def test_many_guesses_at_once_are_counted_too(app, clock):
    answers = []
    browsers = [at(app, "203.0.113.1") for _ in range(2 * FREE)]
    threads = [
        threading.Thread(target=lambda b=b: answers.append(log_in(b, "x").status_code)) for b in browsers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [403] * FREE + [429] * FREE


def test_a_failed_login_is_logged_with_its_address(app, clock, caplog):
    guess(app, "203.0.113.77")
    guess(app, "evil\nERROR: forged")
    assert [record.getMessage() for record in caplog.records] == [
        "a login failed, from '203.0.113.77'",
        r"a login failed, from 'evil\nERROR: forged'",
    ]
    caplog.clear()
    log_in(at(app, "203.0.113.77"), PASSWORD)
    assert caplog.records == []


def test_the_log_of_the_server_has_the_time(served):
    assert "%(asctime)s" in served({})["format"]


@pytest.fixture
def served(monkeypatch, tmp_path):
    """Return a function that runs ``serve`` without a server, and returns how the server would be run."""
    import uvicorn

    given = {"rc": None}
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: given.update(options))
    monkeypatch.setattr(serving.logging, "basicConfig", lambda **options: given.update(options))
    monkeypatch.setenv("TAVERN_DATA", "")
    for name in ("DATABASE_URL", "FORWARDED_ALLOW_IPS"):
        monkeypatch.delenv(name, raising=False)

    def serve(variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        try:
            tavern.main(["serve", "--port", "0", "--data", str(tmp_path)])
        except SystemExit as stopped:
            given["rc"] = stopped.code
        return given

    return serve


@pytest.mark.parametrize(
    ("allowed", "is_trusted"),
    [(None, False), ("", False), ("10.0.0.1", True), ("10.0.0.0/8, fc00::/7,2400:cb00::/32", True)],
)
def test_a_proxys_headers_count_only_if_it_is_named(served, allowed, is_trusted):
    variables = {} if allowed is None else {"FORWARDED_ALLOW_IPS": allowed}
    assert served(variables)["proxy_headers"] is is_trusted


TOO_MANY = (
    *("*", "10.0.0.1,*", "0.0.0.0/0", "10.0.0.1, ::/0", "0.0.0.0/1,128.0.0.0/1", "::ffff:0:0/96", "2000::/3"),
    *("0.0.0.0/0.0.0.0", "10.0.0.5/8", "proxy.example", "10.0.0.1 10.0.0.2"),
)


@pytest.mark.parametrize("allowed", TOO_MANY)
def test_not_everybody_is_a_proxy(served, capsys, allowed):
    given = served({"FORWARDED_ALLOW_IPS": allowed})
    assert given["rc"] == 2
    assert "host" not in given  # the server was not started
    assert "FORWARDED_ALLOW_IPS must list the addresses of your proxies" in capsys.readouterr().err


def test_all_that_a_proxy_says_and_that_is_no_address_counts_as_one(app, clock):
    assert guess(app, "x" * 500) == [403]
    assert guess(app, "203.0.113.7:x") == [403]
    with app.state.database.reading() as session:
        known = list(session.scalars(select(login_attempts.c.who).order_by(login_attempts.c.who)))
    assert known == ["account", "unknown"]
