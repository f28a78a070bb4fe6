"""Limits of the server's connections, so that clients that send half a request cannot keep others out.

uvicorn itself waits for the rest of a request forever. Here, a connection is closed if its headers, its body
or the reading of its response take too long. If there are as many connections as allowed, a new connection
replaces the one that has been waiting longest for its client.
"""

import asyncio
import sys
import time

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

HEADER_SECONDS = 10.0  # until the headers of a request are complete
BODY_SECONDS = 30.0  # until its body is complete
RESPONSE_SECONDS = 120.0  # until its response is sent
LOOK_SECONDS = 1.0  # between checks of a connection
MOST_HEADER_BYTES = 1 << 17  # in memory; longer headers than in security.py are refused with a sentence
MOST_IGNORED_BYTES = 1 << 22  # of a body that is refused before it is complete
MOST_CONNECTIONS = 1000  # per worker, if the limit of open files allows that many
OTHER_FILES = 200  # number of files reserved for the database, the model, logs and static files


def most_connections() -> int:
    """Return the maximum number of connections of a worker, which leaves enough files for everything else."""
    if sys.platform == "win32":
        return MOST_CONNECTIONS
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files == resource.RLIM_INFINITY:
        return MOST_CONNECTIONS
    return min(MOST_CONNECTIONS, max(files - OTHER_FILES, files // 2))


class LimitedProtocol(HttpToolsProtocol):
    """A connection with time limits for headers, bodies and responses. uvicorn creates one per client."""

    header_seconds, body_seconds, response_seconds = HEADER_SECONDS, BODY_SECONDS, RESPONSE_SECONDS
    look_seconds = LOOK_SECONDS
    most = most_connections()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection. If there are too many, close the one that has been waiting longest."""
        super().connection_made(transport)
        self.state, self.since = self._state_now(), time.monotonic()
        self._unused_bytes = 0
        self._next_look = self.loop.call_later(self.look_seconds, self._look)
        if len(self.connections) > self.most:
            others = [one for one in self.connections if isinstance(one, LimitedProtocol) and one is not self]
            waiting = [one for one in others if one.is_waiting()]
            min(waiting, key=lambda one: one.since, default=self).abort()

    def data_received(self, data: bytes) -> None:
        """Process a part of a request. Close the connection if its headers, or an ignored body, never end."""
        super().data_received(data)
        if self.cycle is None or self.cycle.response_complete:
            self._unused_bytes += len(data)
            is_refused_body = self.cycle is not None and self.cycle.more_body
            if self._unused_bytes > (MOST_IGNORED_BYTES if is_refused_body else MOST_HEADER_BYTES):
                self.abort()
        else:
            self._unused_bytes = 0

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop checking the connection."""
        self._next_look.cancel()
        super().connection_lost(exc)

    def is_waiting(self) -> bool:
        """Return whether the connection is waiting for a request, or for the rest of it."""
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

    def abort(self) -> None:
        """Close the connection at once, without waiting for the client."""
        self.connections.discard(self)
        self.transport.abort()

    def _state_now(self) -> tuple[RequestResponseCycle, float]:
        """Return the current request, and the time limit of what it is doing."""
        if self.cycle is None or self.cycle.response_complete:
            return self.cycle, self.header_seconds
        return self.cycle, self.body_seconds if self.cycle.more_body else self.response_seconds

    def _look(self) -> None:
        """Close the connection if its state has not changed for too long."""
        now, state = time.monotonic(), self._state_now()
        if state != self.state:
            self.state, self.since = state, now
        if now - self.since >= state[1]:
            self.abort()
        else:
            self._next_look = self.loop.call_later(self.look_seconds, self._look)
