"""A site of its own processes, as a person starts it; for the tests of loads and faults, and for a browser."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PASSWORD = "open sesame"


class Running:
    """A site that runs.

    Parameters
    ----------
    package : str
        "examples.games".
    name : str
        "tavern".
    data : Path
        Its data folder; a second site on the same one goes on where the first ended.
    database_url : str
    workers : int
    """

    def __init__(self, package, name, data, database_url, workers):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.home, self.n_workers = f"http://127.0.0.1:{self.port}", workers
        self.log = data / "log.txt"
        command = [sys.executable, "-m", package, "serve", "--port", str(self.port)]
        environment = {
            **os.environ,
            f"{name.upper()}_ADMIN_PASSWORD": PASSWORD,
            "DATABASE_URL": database_url,
            "OMP_NUM_THREADS": "1",
        }
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*command, "--workers", str(workers), "--data", str(data)],
                cwd=ROOT,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.wait_for(lambda: self.is_up(), 90)

    def is_up(self):
        """Tell whether every worker serves a model that is up to date."""
        assert self.process.poll() is None, self.log.read_text()
        workers = self.workers()
        return len(workers) == self.n_workers and all(w["status"] == "ok" for w in workers.values())

    def get_json(self, path):
        """Ask over a new connection, which any worker may take."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def workers(self):
        """Return the health of the workers that answer, by process id."""
        found = {}
        for _ in range(30):
            try:
                health = self.get_json("/health")
            except (OSError, HTTPException):
                continue
            found[health["worker"]] = health
            if len(found) == self.n_workers:
                break
        return found

    def wait_for(self, check, seconds):
        """Wait until something is so."""
        end = time.monotonic() + seconds
        while not check():
            assert time.monotonic() < end, f"it has not become so; {self.log.read_text()[-3000:]}"
            time.sleep(0.02)

    def kill(self):
        """Kill all of its processes at once."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Return what starts sites; they end with the module."""
    started = []

    def start(package, name, database_url, workers=1, data=None):
        data = data or tmp_path_factory.mktemp(name)
        started.append(Running(package, name, data, database_url, workers))
        return started[-1]

    yield start
    for site in started:
        site.kill()
