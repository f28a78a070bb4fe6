"""What an operator can see of the requests: counts and times at /metrics, and one line of JSON per request.

Both are off unless they are asked for. The figures show how busy a site is and which of its pages are used,
so only programs that know the token in NAME_METRICS_TOKEN can read them. Lines in the log contain the path
but not the query, in which people may have typed names.
"""

import hmac
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import Request
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.web.live import LiveModel

TOKEN, LOG = "METRICS_TOKEN", "LOG_REQUESTS"  # names of settings
SHORTEST_TOKEN = 16  # characters
SHARED = "PROMETHEUS_MULTIPROC_DIR"  # the variable that tells prometheus_client where workers share counts
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)  # seconds
LONGEST_PATH = 500  # characters in a line, so that a line is written in one piece


def check_token(given: str | None, variable: str) -> None:
    """Raise ValueError if the token of /metrics is too short, or cannot be sent in a header."""
    if given and not re.fullmatch(rf"[!-~]{{{SHORTEST_TOKEN},}}", given):
        raise ValueError(
            f"{variable} must have at least {SHORTEST_TOKEN} characters, which must be ASCII letters, digits "
            f"or punctuation. Got {len(given)} characters instead. To create one: openssl rand -hex 32"
        )


@contextmanager
def shared_counts(n_workers: int, is_counting: bool) -> Iterator[None]:
    """Let the workers count in a shared folder while the site runs.

    The folder is in memory where possible, because the counts are mapped files, and a process that writes to
    a mapped file on a full disk is killed.
    """
    if n_workers == 1 or not is_counting:
        yield
        return
    in_memory = [os.environ.get("RUNTIME_DIRECTORY", ""), "/dev/shm"]
    place = next((name for name in in_memory if name and os.access(name, os.W_OK)), None)
    with TemporaryDirectory(prefix="metrics-", dir=place) as folder:
        os.environ[SHARED] = folder
        try:
            yield
        finally:
            del os.environ[SHARED]


class Health(Collector):
    """Gauges of the worker that answers: whether the site is well, its model's version, and the disk."""

    def __init__(self, live: LiveModel, data: Path) -> None:
        self.live, self.data = live, data

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges."""
        health = self.live.health()
        yield GaugeMetricFamily(
            "site_healthy", "1 if the site is well, 0 if /health states a problem.", health["status"] == "ok"
        )
        yield GaugeMetricFamily(
            "site_model_version", "Number of changes that the model has learned.", health["version"] or 0
        )
        with suppress(OSError):  # the folder is gone, and /health says so
            free = shutil.disk_usage(self.data).free
            yield GaugeMetricFamily("site_disk_free_bytes", "Free space on the disk.", free)


class Metrics:
    """The counts of a site's requests. If there are several workers, /metrics returns their sums."""

    def __init__(self, live: LiveModel, data: Path) -> None:
        self.registry, self.health = CollectorRegistry(), Health(live, data)
        self.requests = Counter(
            "http_requests",
            "Number of requests by method, route and status. Status 0: the client left before the response.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "http_request_duration_seconds",
            "Time from a request to the end of its response.",
            ["route"],
            buckets=BUCKETS,
            registry=self.registry,
        )

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        self.requests.labels(method if method in METHODS else "other", route, status).inc()
        self.seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """Return all metrics in Prometheus's text format."""
        shown = CollectorRegistry()
        if SHARED in os.environ:
            MultiProcessCollector(shown)
        else:
            shown.register(self.registry)
        shown.register(self.health)
        return generate_latest(shown)


class Observed:
    """The layer outside all others, which also sees the requests that are refused."""

    def __init__(self, app: ASGIApp, metrics: Metrics | None, is_logging: bool) -> None:
        self.app, self.metrics, self.is_logging = app, metrics, is_logging

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process a request, then count it and write its line."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status, n_bytes = time.perf_counter(), 0, 0

        async def send_observed(message: Message) -> None:
            nonlocal status, n_bytes
            await send(message)
            status = message.get("status", status)
            n_bytes += len(message.get("body", b""))

        try:
            await self.app(scope, receive, send_observed)
        finally:
            seconds = time.perf_counter() - began
            if self.metrics:
                self.metrics.add(scope["method"], route_of(scope), status, seconds)
            if self.is_logging:
                write_line(scope, status, n_bytes, seconds)


def route_of(scope: Scope) -> str:
    """Return the pattern of a path, such as "/games/{slug}", or "none": there are too many paths to count."""
    return getattr(scope.get("route"), "path", "") or "none"


def write_line(scope: Scope, status: int, n_bytes: int, seconds: float) -> None:
    """Write one line of JSON about a request to the standard output, in one piece."""
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "client": scope["client"][0] if scope.get("client") else None,
        "method": scope["method"],
        "path": scope["path"][:LONGEST_PATH],
        "status": status,
        "bytes": n_bytes,
        "ms": round(1000 * seconds, 2),
        "worker": os.getpid(),
    }
    try:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()
    except OSError:  # the reader of the log has ended, or its disk is full: requests are still answered
        pass


def observed(app: ASGIApp, state: Any) -> ASGIApp:
    """Wrap an application in the layer, if the operator asked for figures or for lines."""
    is_logging = bool(state.site.setting(LOG))
    return Observed(app, state.metrics, is_logging) if state.metrics or is_logging else app


def metrics_page(token: str) -> Callable[[Request], Response]:
    """Return the route of /metrics, which requires the token."""

    def metrics(request: Request) -> Response:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        is_known = hmac.compare_digest(given.strip().encode(), token.encode())
        if scheme.lower() != "bearer" or not is_known:
            words = "The header 'Authorization: Bearer TOKEN' is required.\n"
            return PlainTextResponse(words, 401, {"WWW-Authenticate": "Bearer"})
        return Response(request.app.state.metrics.text(), headers={"content-type": CONTENT_TYPE_LATEST})

    return metrics
