"""/metrics, the lines about requests, and secrets in files."""

import json
import os

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from examples.pizza.__main__ import main as pizzeria
from examples.web.app import build_app
from examples.web.environment import read_secret_files
from tests.examples.web.pages import HOME, PASSWORD

TOKEN = "a-token-of-0123456789"


@pytest.fixture(scope="module")
def watched(site, tmp_path_factory, database_url):
    """Give the demo site with /metrics and lines about requests, on the database of the other tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEMO_ADMIN_PASSWORD", PASSWORD)
        patch.setenv("DEMO_METRICS_TOKEN", TOKEN)
        patch.setenv("DEMO_LOG_REQUESTS", "yes")
        app = build_app(site, tmp_path_factory.mktemp("data"), database_url)
        browser = TestClient(app, HOME, raise_server_exceptions=False)
        browser.__enter__()
    yield browser
    browser.__exit__()


def scraped(get):
    """Return the samples, by name and labels."""
    families = text_string_to_metric_families(get())
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def metrics_of(browser):
    answer = browser.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return scraped(lambda: answer.text)


def test_requests_are_counted_by_route_and_status(watched):
    before = metrics_of(watched)
    for path in ("/", "/?q=tea", "/nowhere/1", "/nowhere/2", "/crash", "/api/docs"):
        watched.get(path)
    watched.get("/", headers={"host": "evil.example"})
    watched.post("/api/echo", json={"word": "tea"})
    watched.request("BREW", "/")
    now = metrics_of(watched)
    more = {key: value - before.get(key, 0) for key, value in now.items() if key[0] == "http_requests_total"}
    assert {key[1:]: n for key, n in more.items() if n} == {
        ("GET", "/", "200"): 2,
        ("GET", "none", "404"): 2,
        ("GET", "/crash", "500"): 1,
        ("GET", "/api/docs", "200"): 1,
        ("GET", "none", "400"): 1,
        ("POST", "/api/echo", "200"): 1,
        ("other", "/", "405"): 1,
        ("GET", "/metrics", "200"): 1,
    }
    timed = ("http_request_duration_seconds_count", "/")
    assert now[timed] - before.get(timed, 0) == 3
    assert now[("site_healthy",)] == 1
    assert now[("site_disk_free_bytes",)] > 0


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer wrong", "Basic a-token-of-0123456789", "Bearer é"])
def test_only_programs_with_the_token_read_the_figures(watched, sent):
    headers = {"authorization": sent.encode()} if sent else {}
    answer = watched.get("/metrics", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "http_requests" not in answer.text


def test_without_a_token_there_is_no_such_page(browser):
    assert browser.get("/metrics").status_code == 404


def test_each_request_has_one_line_of_json_without_its_query(watched, capfd):
    watched.get("/?q=a+name")
    watched.get("/nowhere/%0Aforged")
    watched.get("/" + "x" * 3000)
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    first = lines[0]
    assert {key: first[key] for key in ("client", "method", "path", "status", "worker")} == {
        "client": "testclient",
        "method": "GET",
        "path": "/",
        "status": 200,
        "worker": os.getpid(),
    }
    assert first["bytes"] > 0
    assert first["ms"] > 0
    assert [line["path"] for line in lines[1:]] == ["/nowhere/\nforged", "/" + "x" * 499]


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"PIZZERIA_METRICS_TOKEN": "short"}, "PIZZERIA_METRICS_TOKEN must have at least 16 characters"),
        ({"PIZZERIA_METRICS_TOKEN": "with a blank in it"}, "must be ASCII letters, digits or punctuation"),
        ({"PIZZERIA_ADMIN_PASSWORD_FILE": "/nowhere"}, "_FILE: '/nowhere' cannot be read (No such file"),
        ({"PIZZERIA_ADMIN_PASSWORD_FILE": "EMPTY"}, "is empty. It must contain the value of"),
        ({"DATABASE_URL_FILE": "BINARY"}, "cannot be read (it is not text in UTF-8)"),
        (
            {"PIZZERIA_ADMIN_PASSWORD_FILE": "EMPTY", "PIZZERIA_ADMIN_PASSWORD": PASSWORD},
            "Only one of PIZZERIA_ADMIN_PASSWORD and PIZZERIA_ADMIN_PASSWORD_FILE can be set.",
        ),
    ],
)
def test_bad_secrets_stop_the_start(tmp_path, monkeypatch, capsys, variables, said):
    (tmp_path / "EMPTY").write_text("\n")
    (tmp_path / "BINARY").write_bytes(b"\xff")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    for name, value in {"PIZZERIA_DATA": str(tmp_path / "data"), **variables}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit):
        pizzeria(["serve", "--port", "0"])
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_secret_in_a_file_may_contain_blanks_and_loses_only_its_line_end(tmp_path, monkeypatch):
    (tmp_path / "password").write_text(" open  sesame \r\n")
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD", "")
    monkeypatch.setenv("DEMO_ADMIN_PASSWORD_FILE", str(tmp_path / "password"))
    read_secret_files("demo")
    assert os.environ["DEMO_ADMIN_PASSWORD"] == " open  sesame "
    assert "DEMO_ADMIN_PASSWORD_FILE" not in os.environ
