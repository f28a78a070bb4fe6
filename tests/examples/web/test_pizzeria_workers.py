"""The pizzeria as it is started: two workers, changes through one of them, and kills."""

import os
import signal
import time
from contextlib import closing
from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import select

from examples.pizza.clock import Clock, read_zone
from examples.pizza.web.tables import Order
from examples.web.database import Database
from tests.examples.web.pages import PASSWORD, eventually, log_in, token_of


@pytest.fixture
def site(start_site, tmp_path, database_url):
    url = database_url if database_url.startswith("postgresql") else f"sqlite:///{tmp_path / 'two.sqlite'}"
    return start_site("examples.pizza", tmp_path, DATABASE_URL=url, PIZZERIA_ADMIN_PASSWORD=PASSWORD)


@pytest.fixture
def order(site):
    """Return what writes an order down as the admin does."""
    with httpx2.Client(base_url=site.home, follow_redirects=True) as browser:
        token = token_of(log_in(browser, to="/admin/orders/new"))
        yesterday = str(Clock(read_zone()).today() - timedelta(1))

        def order(name, pizzas):
            fields = {"csrf": token, "name": name, "day": yesterday, "pizzas": str(pizzas), "sure": "on"}
            answer = browser.post("/admin/orders/new", data=fields)
            assert f"{name} is saved." in answer.text

        yield order


def test_a_burst_through_one_worker_is_trained_once_and_served_by_both(site, order):
    before = {worker: health["trainings"] for worker, health in site.workers().items()}
    assert len(before) == 2
    for i in range(6):
        order(f"banquet {i}", 400)
    began, version = time.monotonic(), max(health["version"] for health in site.workers().values())
    eventually(lambda: {one["trained"] for one in site.workers().values()} == {7}, 5)
    assert time.monotonic() - began < 2.5
    assert version <= 7
    now = site.workers()
    assert sum(now[worker]["trainings"] - n for worker, n in before.items()) <= 2
    told = {site.get("/api/forecast?reservations=20&service_level=0.9")["doughs"] for _ in range(30)}
    assert len(told) == 1  # both workers say the same


def test_what_was_acknowledged_survives_kills(site, order, start_site):
    names = [f"table {i}" for i in range(100, 110)]
    for name in names:
        order(name, 2)
    before = set(site.workers())
    os.kill(site.get("/health")["worker"], signal.SIGKILL)
    eventually(lambda: site.is_well() and len(set(site.workers()) - before) == 1, 30)
    order("after the kill", 1)
    site.kill()
    again = start_site("examples.pizza", site.data, workers=1, **site.variables)
    assert again.get("/health")["status"] == "ok"
    with closing(Database(site.variables["DATABASE_URL"])) as database, database.reading() as session:
        assert {*names, "after the kill"} <= set(session.scalars(select(Order.name)))
