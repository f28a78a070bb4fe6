"""Sites of two workers under load, while models are replaced, rows edited and processes killed.

The tests of a site share it and run in this order; each of them also runs alone.
Where CI=true the model is replaced more often and each kind of process is killed more often; so it is with
FAULT_ROUNDS, the number of kills.
"""

import os
import random
import re
import signal
import socket
import threading
import time
import uuid
from collections import Counter
from contextlib import closing
from datetime import timedelta
from http.client import HTTPConnection, HTTPException

import httpx2
import pytest
from sqlalchemy import select, text

from examples.games.web.tables import Game, Rental
from examples.pizza.clock import Clock, read_zone
from examples.pizza.web.tables import Order
from examples.web.database import Database, head
from tests.effort import effort
from tests.examples.sites import RunningSite, new_database, wait_for
from tests.examples.web.pages import PASSWORD

pytestmark = pytest.mark.database
ROUNDS = int(os.environ.get("FAULT_ROUNDS", effort("2", "1")))
REPLACEMENTS = effort(20, 2)
NOT_ANSWERED = (OSError, HTTPException, httpx2.TransportError)
CLICK = effort(0.02, 0.1)  # seconds between the requests of a reader


class Writer:
    """Adds rows and edits one; remembers what was acknowledged and compares it with the database."""

    pause = 0.05  # seconds between rows added

    def __init__(self):
        self.browser, self.csrf, self.home = None, "", ""
        self.added, self.edits_sent, self.edits_acknowledged = {}, 0, 0

    def log_in(self, home):
        """Open an admin's session."""
        if self.browser:
            self.browser.close()
        self.home, self.browser = home, httpx2.Client(base_url=home, timeout=30)
        for path in ("/login", "/admin"):
            self.csrf = re.search(r'name="csrf" value="([^"]+)"', self.browser.get(path).text)[1]
            if path == "/login":
                self.send("/login", password=PASSWORD, to="/admin")

    def send(self, path, **fields):
        """Send a form, which has to succeed."""
        answer = self.browser.post(path, data={"csrf": self.csrf, **fields}, follow_redirects=False)
        assert answer.status_code == 303, answer.text

    def edit(self):
        """Change the first row."""
        self.edits_sent += 1
        self.change(f"edit {self.edits_sent}")
        self.edits_acknowledged = self.edits_sent

    def assert_all_is_kept(self, session):
        """Compare; what was sent but not acknowledged may be there or not."""
        found = dict(map(tuple, session.execute(self.rows)))
        assert {key: value for key, value in self.added.items() if found.get(key) != value} == {}
        kept = int(session.scalar(self.changed).removeprefix("edit "))
        assert self.edits_acknowledged <= kept <= self.edits_sent


class TavernWriter(Writer):
    """Rents games by the API, and edits the first game."""

    package, name = "examples.games", "tavern"
    reads = (
        "/api/recommend?type=Puzzle",
        "/suggest?budget=cheap&type=RPG",
        "/",
        "/games?q=mario",
        "/games/tetris",
    )
    rows = select(Rental.id, Game.title).join(Game)
    changed = select(Game.developer).where(Game.id == 1)

    def assert_workers_agree(self, site):
        """Ask often enough that both workers answer."""
        asked = "/api/recommend?budget=cheap&type=Puzzle"
        assert len({str(site.get(asked)) for _ in range(30)}) == 1

    def add(self):
        """Rent a game, as a new visitor."""
        n = len(self.added)
        title = ("Tetris", "Celeste", "Another World")[n % 3]
        address = f"127.1.{n // 250}.{1 + n % 250}"  # an address may not rent that often
        with httpx2.Client(transport=httpx2.HTTPTransport(local_address=address), timeout=30) as visitor:
            answer = visitor.post(f"{self.home}/api/rentals", json={"game": title, "budget": "cheap"})
        assert answer.status_code == 201, answer.text
        self.added[answer.json()["id"]] = title

    def change(self, text):
        """Change the first game."""
        fields = {
            "title": "1080° Snowboarding",
            "year": "1998",
            "console": "1",
            "cost": "11",
            "top_rated": "on",
        }
        self.send("/admin/games/1", developer=text, types=["Racing", "Sports"], **fields)


class PizzeriaWriter(Writer):
    """Writes orders down and edits the first, all of them of yesterday, from which the model learns."""

    package, name = "examples.pizza", "pizzeria"
    pause = 0.5  # each row starts a training
    reads = (
        "/api/forecast?reservations=20&service_level=0.9",
        "/",
        "/analytics",
        "/charts/coming.svg",
        "/api/evenings",
    )
    rows = select(Order.name, Order.pizzas)
    changed = select(Order.name).where(Order.id == 1)

    def assert_workers_agree(self, site):
        """Ask often enough that both workers answer."""
        asked = "/api/forecast?reservations=20&service_level=0.9"
        assert len({site.get(asked)["doughs"] for _ in range(30)}) == 1

    def add(self):
        """Write an order down."""
        name, pizzas = f"order {uuid.uuid4()}", 1 + len(self.added) % 9
        self.send("/admin/orders/new", name=name, day=yesterday(), pizzas=pizzas)
        self.added[name] = pizzas

    def change(self, text):
        """Change the first order."""
        self.send("/admin/orders/1", name=text, day=yesterday(), pizzas=5)


def yesterday():
    """Return the restaurant's."""
    return str(Clock(read_zone()).today() - timedelta(1))


WRITERS = [TavernWriter, PizzeriaWriter]  # another site is another entry


class Load:
    """Threads that read pages and one that writes; counts the answers and the requests without one."""

    def __init__(self, writer, site, n_readers=2):
        self.writer, self.site, self.stopping = writer, site, threading.Event()
        self.statuses, self.unanswered, self.wrong = Counter(), 0, []
        tasks = [self._read] * n_readers + [self._add]
        self.threads = [threading.Thread(target=self._guarded, args=(task,)) for task in tasks]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()
        assert not self.wrong

    def _guarded(self, task):
        try:
            while not self.stopping.is_set():
                try:
                    task()
                except NOT_ANSWERED:
                    self.unanswered += 1
                    time.sleep(0.02)
        except BaseException as error:
            self.wrong.append(error)

    def _read(self):
        connection = HTTPConnection("127.0.0.1", self.site.port, timeout=30)
        try:
            for path in self.writer.reads:
                connection.request("GET", path)
                answer = connection.getresponse()
                answer.read()
                self.statuses[answer.status] += 1
                self.stopping.wait(CLICK)
        finally:
            connection.close()

    def _add(self):
        self.writer.add()
        self.stopping.wait(self.writer.pause)


@pytest.fixture(scope="module", params=WRITERS, ids=lambda kind: kind.name)
def writer(request):
    writer = request.param()
    yield writer
    if writer.browser:
        writer.browser.close()


@pytest.fixture(scope="module")
def database(writer, tmp_path_factory):
    with new_database(tmp_path_factory) as url:
        database = Database(url)
        yield database
        database.close()


@pytest.fixture(scope="module")
def folder(writer, tmp_path_factory):
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="module")
def started(writer):
    """Return the sites that were started; the last one may run."""
    started = []
    yield started
    for site in started:
        site.kill()


@pytest.fixture
def start(writer, database, folder, started):
    """Return a function that starts the site on the folder of the earlier one."""

    def start():
        variables = {
            f"{writer.name.upper()}_ADMIN_PASSWORD": PASSWORD,
            "PIZZERIA_PRIVATE": "no",
            "DATABASE_URL": database.engine.url.render_as_string(hide_password=False),
        }
        started.append(RunningSite(writer.package, folder, 2, variables))
        writer.log_in(started[-1].home)
        return started[-1]

    return start


@pytest.fixture
def site(start, started, writer):
    """Return the site, started if it does not run."""
    if started and started[-1].process.poll() is None:
        return started[-1]
    site = start()
    writer.edit()
    return site


def test_a_change_through_one_worker_is_served_by_both_and_none_is_trained_twice(site, writer, database):
    wait_until_trained(site, database)
    before = site.workers()
    writer.add()
    newest = newest_version(database)
    site.wait_for(lambda: {health["version"] for health in site.workers().values()} == {newest})
    for _ in range(5):
        writer.edit()
    wait_until_trained(site, database)
    now = site.workers()
    assert sum(now[worker]["trainings"] - health["trainings"] for worker, health in before.items()) <= 6
    writer.assert_workers_agree(site)


def test_models_are_replaced_and_rows_written_under_load_and_nothing_fails(site, writer, database):
    card = site.data / f"{writer.name}-model.json"
    with Load(writer, site) as load:
        for _ in range(REPLACEMENTS):
            trained = max(health["trained"] for health in site.workers().values())
            before = card.stat().st_mtime_ns
            writer.edit()
            site.wait_for(lambda before=before: card.stat().st_mtime_ns != before)
            site.wait_for(lambda trained=trained: newer_than(trained, site) == [True, True])
    assert load.unanswered == 0
    assert set(load.statuses) == {200}
    assert sum(load.statuses.values()) > 5 * REPLACEMENTS
    assert_all_is_kept(writer, database)
    newest = newest_version(database)
    site.wait_for(lambda: {health["version"] for health in site.workers().values()} == {newest})


def test_a_killed_worker_is_replaced_and_nothing_acknowledged_is_lost(site, writer, database):
    rng = random.Random(1)
    with Load(writer, site) as load:
        for _ in range(ROUNDS):
            wait_for_writes(writer, rng.randint(1, 5))
            victim = rng.choice(sorted(site.workers()))
            editing = threading.Thread(target=edit_until_refused, args=(writer,))
            editing.start()
            time.sleep(rng.uniform(0, 0.1))
            os.kill(victim, signal.SIGKILL)
            editing.join()
            site.wait_for(lambda victim=victim: site.is_well() and victim not in site.workers())
    assert set(load.statuses) == {200}
    assert_all_is_kept(writer, database)


def test_a_killed_site_starts_again_with_all_that_was_acknowledged(site, start, writer, database):
    rng = random.Random(2)
    for _ in range(ROUNDS):
        with Load(writer, site) as load:
            editing = threading.Thread(target=edit_until_refused, args=(writer,))
            editing.start()
            wait_for(lambda load=load: load.statuses)
            time.sleep(rng.uniform(0, 1))
            site.kill()
            editing.join()
        assert set(load.statuses) == {200}
        assert_all_is_kept(writer, database)
        site = start()
        before = len(writer.added)
        writer.add()
        assert len(writer.added) == before + 1


def test_workers_whose_supervisor_is_killed_end_and_free_the_port(site):
    os.kill(site.process.pid, signal.SIGKILL)
    site.process.wait()

    def is_free():
        with closing(socket.socket()) as client:
            return client.connect_ex(("127.0.0.1", site.port)) != 0

    site.wait_for(is_free)


def wait_until_trained(site, database):
    """Wait until both workers serve a model that was trained on everything."""
    newest = newest_version(database)
    site.wait_for(lambda: [health["trained"] for health in site.workers().values()] == [newest] * 2)


def newer_than(trained, site):
    return [health["trained"] > trained for health in site.workers().values()]


def newest_version(database):
    with database.reading() as session:
        return head(session).version


def wait_for_writes(writer, n):
    """Wait until the load has added some rows."""
    before = len(writer.added)
    wait_for(lambda: len(writer.added) >= before + n)


def assert_all_is_kept(writer, database):
    with database.reading() as session:
        writer.assert_all_is_kept(session)
        if database.is_sqlite:
            assert session.scalar(text("PRAGMA integrity_check")) == "ok"


def edit_until_refused(writer, seconds=2.0):
    """Edit without a pause, until the process is gone or the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            writer.edit()
        except NOT_ANSWERED:
            return
