"""The tavern, as a visitor and as the admin see it."""

import pytest
from fastapi.testclient import TestClient

from examples.games.web.site import SITE
from examples.web.app import build_app
from tests.examples.web.pages import (
    HOME,
    PASSWORD,
    logged_in,
)


@pytest.fixture(scope="module")
def app(tmp_path_factory, database_url):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAVERN_ADMIN_PASSWORD", PASSWORD)
        app = build_app(SITE, tmp_path_factory.mktemp("data"), database_url)
        with TestClient(app):
            yield app


@pytest.fixture
def browser(app):
    return TestClient(app, HOME)


@pytest.fixture
def admin(app):
    return logged_in(app)
