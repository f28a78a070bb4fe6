"""Run a server in its own process on one core, put load on it from the other cores, and measure it."""

import asyncio
import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

ROOT = Path(__file__).parents[1]
CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
MILLISECONDS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


class Load(NamedTuple):
    """The results of a load test."""

    per_second: float
    p50_ms: float
    p99_ms: float


class Server(NamedTuple):
    """A running server."""

    pid: int
    address: str

    def core_seconds(self) -> float | None:
        """Return the server's processor time in seconds, or None if the system does not report it."""
        stat = Path(f"/proc/{self.pid}/stat")
        if not stat.exists():
            return None
        user, system = stat.read_text().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(command: list[str], path: str, **environment: str) -> Iterator[Server]:
    """Run a server on the first core, with a free port for `{port}`. Wait until it responds to `path`."""
    port = free_port()
    command = [part.format(port=port) for part in command]
    variables = {**os.environ, "OMP_NUM_THREADS": "1", **environment}
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=log)
        server = Server(process.pid, f"http://127.0.0.1:{port}")
        try:
            if len(CORES) > 1:
                os.sched_setaffinity(process.pid, CORES[:1])
            _wait(process, server.address + path)
            yield server
        except ServerError as error:
            log.seek(0)
            raise ServerError(f"{error}:\n{log.read().decode()[-2000:]}") from None
        finally:
            process.terminate()
            process.wait(timeout=30)


class ServerError(RuntimeError):
    """Error raised when a server does not start, or sends an unexpected response."""


def _wait(process: subprocess.Popen, address: str, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            urlopen(address, timeout=10).close()
            return
        except URLError:
            time.sleep(0.1)
    raise ServerError(f"{' '.join(process.args)} does not answer")


def free_port() -> int:
    """Return a free port on the loopback address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def load(address: str, seconds: float, connections: int) -> Load:
    """Request a URL repeatedly with wrk, or with an asyncio client if wrk is not installed."""
    wrk = shutil.which("wrk")
    return (load_by_wrk if wrk else load_by_python)(address, seconds, connections)


def warm_up(address: str) -> None:
    """Send requests for half a second, because the first responses of a server are not typical."""
    load_by_python(address, 0.5, 1)


def load_by_wrk(address: str, seconds: float, connections: int) -> Load:
    """Send requests with wrk, on a different core from the server's if there is one."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", address]
    if len(CORES) > 1 and shutil.which("taskset"):
        command = ["taskset", "-c", ",".join(map(str, CORES[1:])), *command]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    if bad := re.search(r"(Non-2xx.*|Socket errors.*)", done.stdout):
        raise ServerError(f"{address}: {bad[1]}")
    per_second = float(re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)[1])
    return Load(per_second, *(_percentile(done.stdout, percent) for percent in (50, 99)))


def _percentile(text: str, percent: int) -> float:
    number, unit = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)$", text, re.MULTILINE).groups()
    return float(number) * MILLISECONDS[unit]


def load_by_python(address: str, seconds: float, connections: int) -> Load:
    """Send requests with an asyncio client, which itself takes about as long as a fast response."""
    began = time.perf_counter()
    times = asyncio.run(_ask_all(address, began + seconds, connections))
    elapsed = time.perf_counter() - began
    cuts = quantiles(times, n=100) if len(times) > 1 else times * 99
    return Load(len(times) / elapsed, 1e3 * cuts[49], 1e3 * cuts[98])


async def _ask_all(address: str, until: float, connections: int) -> list[float]:
    found = await asyncio.gather(*(_ask(address, until) for _ in range(connections)))
    return [seconds for times in found for seconds in times]


async def _ask(address: str, until: float) -> list[float]:
    """Send requests over one connection until a given time. Return the duration of each response."""
    parts = urlsplit(address)
    path = f"{parts.path or '/'}{'?' * bool(parts.query)}{parts.query}"
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    question = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    times = []
    try:
        while (began := time.perf_counter()) < until:
            writer.write(question)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise ServerError(f"{address}: {head.splitlines()[0].decode()}")
            await reader.readexactly(int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1]))
            times.append(time.perf_counter() - began)
    finally:
        writer.close()
        await writer.wait_closed()
    return times
