"""Limits of the server's connections, so that clients that send half a request cannot keep others out.

uvicorn itself waits for the rest of a request forever. Here, a connection is closed if its headers, its body
or the reading of its response take too long. A client that stopped in the middle of a body is told so. If
there are as many connections as allowed, a new connection replaces the one that has been waiting longest for
its client.
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
CLOSING_SECONDS = 1.0  # until the last words to a client must be sent
TOO_SLOW = b"The body of the request did not arrive in time.\n"
TIMEOUT = (
    b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(TOO_SLOW), TOO_SLOW)
)
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
        self.running: RequestResponseCycle | None = (
            None  # `cycle` is the last of several requests sent at once
        )
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
        if self.running is None or self.running.response_complete:
            self._unused_bytes += len(data)
            is_refused_body = self.running is not None and self.running.more_body
            if self._unused_bytes > (MOST_IGNORED_BYTES if is_refused_body else MOST_HEADER_BYTES):
                self.abort()
        else:
            self._unused_bytes = 0

    def on_headers_complete(self) -> None:
        """Start a request, unless an earlier one is not answered yet."""
        super().on_headers_complete()
        if not self.pipeline:
            self.running = self.cycle

    def on_response_complete(self) -> None:
        """Start the next request of several that were sent at once."""
        self.running = self.pipeline[-1][0] if self.pipeline else self.cycle
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop checking the connection. Nothing can be sent any more."""
        self._next_look.cancel()
        self._disconnect()
        super().connection_lost(exc)

    def is_waiting(self) -> bool:
        """Return whether the client has to send a request, or the rest of it, or to read a response."""
        running = self.running
        return running is None or running.response_complete or running.more_body or self.flow.write_paused

    def abort(self) -> None:
        """Close the connection at once, without waiting for the client."""
        self.connections.discard(self)
        self._disconnect()
        self.transport.abort()

    def refuse_slow_body(self) -> None:
        """Tell the client that its body took too long, and close the connection."""
        self._disconnect()
        self.transport.write(TIMEOUT)
        self.transport.close()
        self.loop.call_later(CLOSING_SECONDS, self.transport.abort)

    def _disconnect(self) -> None:
        """Tell the application that the client is gone, so that it sends nothing more."""
        if self.running is not None and not self.running.response_complete:
            self.running.disconnected = True
            self.running.message_event.set()

    def _state_now(self) -> tuple[RequestResponseCycle | None, float]:
        """Return the current request, and the time limit of what it is doing."""
        if self.running is None or self.running.response_complete:
            return self.running, self.header_seconds
        return self.running, self.body_seconds if self.running.more_body else self.response_seconds

    def _look(self) -> None:
        """Close the connection if its state has not changed for too long."""
        now, state = time.monotonic(), self._state_now()
        if state != self.state:
            self.state, self.since = state, now
        if now - self.since >= state[1]:
            is_half_sent = state[0] is not None and state[0].more_body and not state[0].response_started
            self.refuse_slow_body() if is_half_sent else self.abort()
        else:
            self._next_look = self.loop.call_later(self.look_seconds, self._look)
