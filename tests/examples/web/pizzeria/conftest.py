"""The pizzeria on a Friday, as a visitor and as the admin see it."""

from copy import deepcopy

import pytest
from fastapi.testclient import TestClient

from examples.pizza import model as recipe
from examples.pizza.web import model
from examples.pizza.web.site import create_app
from tests.examples.web.pages import (
    HOME,
    PASSWORD,
    logged_in,
)
from tests.examples.web.pizzeria.reading import CLOCK


@pytest.fixture(scope="session")
def learned():
    """What was learned already, of either kind."""
    return {"models": {}, "unseen": {}}


@pytest.fixture(scope="module", autouse=True)
def learn_once(learned):
    """Learn from the same evenings only once: most tests begin with the same past."""
    train, forecast = recipe.train, model.unseen_forecasts

    def train_once(lesson):
        key = lesson.evenings.write_csv(), lesson.features
        if key not in learned["models"]:
            learned["models"][key] = train(lesson)
        return deepcopy(learned["models"][key])

    def forecast_once(evenings, usual, features, degree):
        key = tuple(evenings), features, degree
        if key not in learned["unseen"]:
            learned["unseen"][key] = forecast(evenings, usual, features, degree)
        return learned["unseen"][key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recipe, "train", train_once)
        patch.setattr(model, "unseen_forecasts", forecast_once)
        yield


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
