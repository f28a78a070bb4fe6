"""The pizzeria on a Friday, as a visitor and as the admin see it."""

import pytest
from fastapi.testclient import TestClient

from examples.pizza.web.site import create_app
from tests.examples.web.pages import (
    HOME,
    PASSWORD,
    logged_in,
)
from tests.examples.web.pizzeria.reading import CLOCK


@pytest.fixture(scope="module", autouse=True)
def public():
    """Show the pages to everybody, as in the demonstration, though the tests name a database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIZZERIA_PRIVATE", "no")
        yield


@pytest.fixture(scope="module")
def app(tmp_path_factory, database_url):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIZZERIA_ADMIN_PASSWORD", PASSWORD)
        app = create_app(tmp_path_factory.mktemp("data"), database_url, CLOCK)
        with TestClient(app):
            yield app


@pytest.fixture
def browser(app):
    return TestClient(app, HOME)


@pytest.fixture
def admin(app):
    return logged_in(app)
