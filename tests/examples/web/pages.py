"""What the tests of the sites read of a page, send to a site, and ask of every site."""

import html
import re

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from fastapi.testclient import TestClient
from sqlalchemy import delete, inspect

from examples.web.database import Database, downgrade, head, upgrade
from examples.web.security import HEADERS
from examples.web.tables import login_attempts, shared

HOME = "http://127.0.0.1"
PASSWORD = "open sesame"
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def token_of(page):
    return re.search(r'name="csrf" value="([^"]+)"', page.text)[1]


def send(browser, page, address, **fields):
    """Send a page's form."""
    return browser.post(address, data={"csrf": token_of(page), **fields})


def log_in(browser, password=PASSWORD, to="/admin"):
    return send(browser, browser.get("/login"), "/login", password=password, to=to)


def logged_in(app):
    """Return a browser of the admin's."""
    browser = TestClient(app, HOME)
    assert log_in(browser).url.path == "/admin"
    with app.state.database.writing() as session:
        session.execute(delete(login_attempts))
    return browser


def fields_of(page):
    """Return what the form of a page would send unchanged."""
    form = re.search(r"<form method=\"post\".*?</form>", page.text, re.DOTALL)[0]
    found = {}
    for tag in re.findall(r"<input[^>]*>", form):
        got = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if got["type"] == "checkbox" and " checked" not in tag:
            continue
        found.setdefault(got["name"], []).append(html.unescape(got["value"]))
    for name, options in re.findall(r'<select[^>]*name="(\w+)".*?>(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', options)
        found[name] = [chosen[1]] if chosen else [""]
    return found


def text_of(page):
    """Return what a reader sees."""
    main = re.search("<main.*</main>", page.text, re.DOTALL)[0]
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", main)).split())


def is_up_to_date(app):
    """Tell whether the model has learned every change."""
    with app.state.database.reading() as session:
        now = head(session)
    health = app.state.live.health()
    learned = health["version"] if app.state.live.learner.update else now.version
    return (health["status"], learned) == ("ok", now.version) and health["trained"] >= now.structure


def walk_every_link(admin, kind_of=lambda link: re.sub(r"\d+", "_", link)):
    """Follow one link of each kind from the front page on; return the kinds.

    All have to work, also what only forms are sent to; no page names another host, a style or a script of its own.
    """
    seen, waiting, elsewhere = set(), ["/"], []
    while waiting:
        answer = admin.get(address := waiting.pop())
        assert answer.status_code == 200, address
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
        found = re.findall(r"""(?:src|href|action|srcset|poster|data)=["']([^"']+)""", answer.text)
        found += re.findall(r"url\(([^)]+)\)", answer.text)
        if "svg" not in answer.headers["content-type"]:
            elsewhere += [f for f in found if re.match(r"[a-z]+:|//", f.strip("\"'"))]
            assert not re.search(r"<style|\sstyle=|\son\w+=", answer.text), address
            assert not re.search(r"<script(?![^>]*src=)", answer.text), address
        for link in map(html.unescape, found):
            if link.startswith("/") and (kind := kind_of(link)) not in seen:
                seen.add(kind)
                waiting.append(link)
    assert elsewhere == []
    return seen


def assert_migrations_are_right(app, folder, metadata, tmp_path):
    """They make the tables as declared, go down, and up again."""
    with app.state.database.engine.connect() as connection:
        assert not compare_metadata(MigrationContext.configure(connection), [shared, metadata])
    database = Database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    with database.engine.begin() as connection:
        upgrade(connection, folder / "migrations")
        assert set(metadata.tables) <= set(inspect(connection).get_table_names())
        downgrade(connection, folder / "migrations")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        upgrade(connection, folder / "migrations")
    database.close()
