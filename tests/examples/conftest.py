"""Shared by the tests of the examples: the databases that the web sites are tested on."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def database_url(tmp_path_factory):
    """Return the address of an empty database, for all tests of a module."""
    with new_database(tmp_path_factory) as url:
        yield url


@contextmanager
def new_database(tmp_path_factory):
    """Give the address of an empty database: SQLite, or where TEST_DATABASE_URL is set PostgreSQL."""
    server = os.environ.get("TEST_DATABASE_URL")
    if not server:
        yield f"sqlite:///{tmp_path_factory.mktemp('database') / 'test.sqlite'}"
        return
    from sqlalchemy import create_engine, make_url, text

    name = f"test_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


class RunningSite:
    """A site in processes of its own, started as a person starts it."""

    def __init__(self, module, data, workers, variables):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.data, self.variables, self.home = data, variables, f"http://127.0.0.1:{self.port}"
        self.n_workers = workers
        command = [sys.executable, "-m", module, "serve", "--port", str(self.port), "--workers", str(workers)]
        with open(data / "log.txt", "ab") as log:
            self.process = subprocess.Popen(
                [*command, "--data", str(data)],
                cwd=ROOT,
                env={**os.environ, **variables},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self.wait_for(self.is_well, 180)
        except BaseException:
            self.kill()
            raise

    def is_well(self):
        """Tell whether every worker answers, and is well."""
        assert self.process.poll() is None, self.log()
        workers = self.workers()
        return len(workers) == self.n_workers and all(one["status"] == "ok" for one in workers.values())

    def log(self):
        """Return the end of what it has said."""
        return (self.data / "log.txt").read_text()[-5000:]

    def wait_for(self, check, seconds):
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not check():
            assert time.monotonic() < end, f"it has not become so; {self.log()}"
            time.sleep(0.02)

    def get(self, path, body=None):
        """Return the JSON of an answer, on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST" if body else "GET", path, body, {"content-type": "application/json"})
            answer = connection.getresponse()
            assert answer.status in (200, 201), answer.read()
            return json.loads(answer.read())
        finally:
            connection.close()

    def workers(self):
        """Return the health of every worker that answers some of fifty connections, by process id."""
        found = {}
        for _ in range(50):
            try:
                health = self.get("/health")
            except (OSError, HTTPException):
                continue
            found[health["worker"]] = health
            if len(found) == self.n_workers:
                break
        return found

    def kill(self):
        """End all its processes at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def start_site():
    """Return what starts a site: start_site("examples.games", data_folder, workers=2, TAVERN_ADMIN_PASSWORD="x")."""
    started = []

    def start(module, data, *, workers=2, **variables):
        started.append(RunningSite(module, data, workers, variables))
        return started[-1]

    yield start
    for site in started:
        site.kill()
