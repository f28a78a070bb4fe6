"""Databases and servers for the tests of the web sites."""

import itertools
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

ROOT = Path(__file__).parents[2]
WAIT = 120  # seconds: long enough on a machine that is busy with other work
PORTS = 1000  # for each of the processes that run tests in parallel
FIRST_PORT = 10_000


@contextmanager
def new_database(tmp_path_factory):
    """Give the address of an empty database: on SQLite, or on PostgreSQL if TEST_DATABASE_URL is set."""
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


def wait_for(check, seconds=WAIT, complaint=lambda: "", pause=0.05):
    """Wait until a condition holds; fail if it never does."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, f"waited {seconds} s in vain; {complaint()}"
        time.sleep(pause)


def ports():
    """Yield ports for servers, each once.

    They are none of those that the system gives to clients, and each process that runs tests has its own, so
    nobody takes a port between the moment it is found free here and the moment a server listens.
    """
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = FIRST_PORT + PORTS * (process % 20)
    for place in itertools.count(os.getpid()):
        port = first + place % PORTS
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:  # taken
            continue
        yield port


PORT = ports()


class RunningSite:
    """A site in processes of its own, started as a person starts it."""

    def __init__(self, module, data, workers, variables):
        self.port = next(PORT)
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
            self.wait_for(self.is_well)
        except BaseException:
            self.kill()
            raise

    def is_well(self):
        """Tell whether every worker answers and is well."""
        assert self.process.poll() is None, self.log()
        workers = self.workers()
        return len(workers) == self.n_workers and all(one["status"] == "ok" for one in workers.values())

    def log(self):
        """Return the end of what it has written."""
        return (self.data / "log.txt").read_text()[-5000:]

    def wait_for(self, check):
        """Wait until a condition holds, and leave the processor to the site meanwhile."""
        wait_for(check, complaint=self.log, pause=0.2)

    def get(self, path, body=None):
        """Return the JSON of an answer, on a connection of its own."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("POST" if body else "GET", path, body, {"content-type": "application/json"})
            answer = connection.getresponse()
            assert answer.status in (200, 201) or path == "/health", answer.read()
            return json.loads(answer.read())
        finally:
            connection.close()

    def workers(self):
        """Return the health of every worker that answers one of many connections, by process id."""
        found = {}
        for _ in range(50 * self.n_workers):
            try:
                health = self.get("/health")
            except ConnectionRefusedError:  # no worker listens
                break
            except (OSError, HTTPException):  # this one has just ended
                continue
            found[health["worker"]] = health
            if len(found) == self.n_workers:
                break
        return found

    def kill(self):
        """Kill all its processes at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
