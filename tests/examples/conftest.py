"""Shared by the tests of the examples: the databases that the web sites are tested on."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def database_url(tmp_path_factory):
    """Return the address of an empty database: SQLite, or where TEST_DATABASE_URL is set PostgreSQL."""
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
        end = time.monotonic() + 60
        while not (self.is_well() and len(self.workers()) == workers):
            assert self.process.poll() is None, (data / "log.txt").read_text()
            assert time.monotonic() < end, (data / "log.txt").read_text()
            time.sleep(0.05)

    def is_well(self):
        """Tell whether it answers."""
        try:
            return self.get("/health")["status"] == "ok"
        except (OSError, RemoteDisconnected):
            return False

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
        """Return the health of every worker that answers some of fifty connections."""
        return {health["worker"]: health for health in (self.get("/health") for _ in range(50))}

    def kill(self):
        """End all its processes at once."""
        if self.process.poll() is None:
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
