"""The demo site, as its tests visit it."""

import pytest
from fastapi.testclient import TestClient
from sklearn.naive_bayes import MultinomialNB
from sqlalchemy import delete, insert

from examples.web import login as login_module
from examples.web.app import build_app
from examples.web.live import Learner
from examples.web.site import Site
from tests.examples.web.pages import (
    HOME,
    PASSWORD,
)
from tests.examples.web.shared.demo import MIGRATION, compiled, router, train, update, words


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
