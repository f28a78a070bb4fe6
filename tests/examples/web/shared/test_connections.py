"""Half-sent requests over real sockets: they end in time, and never keep others out."""

import asyncio
import resource
import socket
import struct
import subprocess
import sys
import threading
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn

from examples.games import __main__ as tavern
from examples.web.connections import LimitedProtocol, most_connections
from tests.examples.sites import PORT, ROOT, wait_for

HALVES = {
    "nothing": b"",
    "half a header": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ",
    "half a body": b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nword=",
    "half of the second request": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET / HT",
}
WHOLE = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
SEVERAL = WHOLE.replace(b"Connection: close\r\n", b"") * 2 + WHOLE
SERVER = """
import resource, uvicorn
resource.setrlimit(resource.RLIMIT_NOFILE, (1024, 1024))
from examples.web.connections import LimitedProtocol
from tests.examples.web.shared.test_connections import reads_the_body
uvicorn.run(reads_the_body, port={port}, http=LimitedProtocol, ws="none", log_level="error")
"""


LONG = 20_000_000  # bytes: more than the buffers of the system hold
N_RUNNING = [0]


async def reads_the_body(scope, receive, send):
    """Answer once the whole body is there. /slow takes a moment more, and /refused does not wait for it."""
    if scope["type"] == "lifespan":
        for what in ("startup", "shutdown"):
            await receive()
            await send({"type": f"lifespan.{what}.complete"})
        return
    while scope["path"] != "/refused" and (await receive()).get("more_body"):
        pass
    body = b"x" * LONG if scope["path"] == "/long" else b"ok"
    if scope["path"] == "/slow":
        N_RUNNING[0] += 1
        await asyncio.sleep(0.6)
        N_RUNNING[0] -= 1
    length = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def answer_of(client):
    """Return all that the server sends until it closes the connection."""
    said = b""
    try:
        while data := client.recv(4096):
            said += data
    except ConnectionResetError:
        pass
    return said


def read_ok(client):
    """Read one answer on a connection that stays open."""
    said = b""
    while not said.endswith(b"ok"):
        data = client.recv(4096)
        assert data, said
        said += data


def is_answered(port):
    with connect(port) as client:
        client.sendall(WHOLE)
        return answer_of(client).endswith(b"ok")


@contextmanager
def serving(**limits):
    """Run the server in a thread, with other limits."""
    port, protocol = next(PORT), type("Limited", (LimitedProtocol,), {"look_seconds": 0.05, **limits})
    config = uvicorn.Config(
        reads_the_body, port=port, http=protocol, ws="none", log_level="error", log_config=None
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_for(lambda: server.started)
        yield port
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def impatient():
    with serving(header_seconds=0.2, body_seconds=0.2) as port:
        yield port


@pytest.mark.parametrize("sent", HALVES.values(), ids=HALVES)
def test_the_connection_of_half_a_request_is_closed(impatient, sent):
    with connect(impatient) as client:
        client.sendall(sent)
        said = answer_of(client)
    assert said.count(b"HTTP/1.1 200 OK") == sent.count(b"\r\n\r\nGET")
    assert said.startswith(b"HTTP/1.1 408 Request Timeout\r\n") == (b"Content-Length" in sent)


def test_a_byte_now_and_then_does_not_keep_a_connection_open(impatient):
    with connect(impatient) as client:
        client.sendall(HALVES["half a header"])

        def is_closed():
            try:
                client.sendall(b"x")
            except OSError:
                return True
            return False

        wait_for(is_closed)


def test_headers_that_never_end_are_cut_off():
    with serving() as port, connect(port) as client, pytest.raises(OSError, match="reset|pipe"):  # noqa: PT012
        client.sendall(HALVES["half a header"])
        while True:
            client.sendall(b"x" * 10_000)


def test_the_answer_to_a_refused_body_can_be_read():
    with serving() as port, connect(port) as client:
        client.sendall(HALVES["half a body"].replace(b"/", b"/refused", 1).replace(b"1000", b"2000000"))
        client.sendall(b"x" * 1_999_995)
        read_ok(client)
        client.sendall(WHOLE)
        assert answer_of(client).endswith(b"ok")


def test_a_connection_can_send_many_requests():
    with serving() as port, connect(port) as client:
        for _ in range(2000):
            client.sendall(WHOLE.replace(b"Connection: close", b"X-Long: " + b"x" * 100))
            read_ok(client)


def test_an_answer_that_takes_its_time_is_not_cut_off(impatient):
    with connect(impatient) as client:
        client.sendall(WHOLE.replace(b"/", b"/slow", 1))
        assert answer_of(client).endswith(b"ok")


def test_an_answer_that_never_ends_is_cut_off():
    with serving(response_seconds=0.2) as port, connect(port) as client:
        client.sendall(WHOLE.replace(b"/", b"/slow", 1))
        assert answer_of(client) == b""


def test_a_new_connection_replaces_the_one_that_waited_longest():
    with serving(most=3) as port, ExitStack() as stack:
        waiting = []
        for _ in range(3):
            waiting.append(stack.enter_context(connect(port)))
            waiting[-1].sendall(HALVES["half a header"])
        assert is_answered(port)
        assert answer_of(waiting[0]) == b""
        waiting[1].sendall(b"it arrives after all\r\nConnection: close\r\n\r\n")
        assert answer_of(waiting[1]).endswith(b"ok")


def test_connections_that_are_being_answered_are_not_replaced():
    with serving(most=2) as port, ExitStack() as stack:
        busy = [stack.enter_context(connect(port)) for _ in range(2)]
        for client in busy:
            client.sendall(WHOLE.replace(b"/", b"/slow", 1))
        with connect(port) as client:
            assert answer_of(client) == b""
        assert all(answer_of(client).endswith(b"ok") for client in busy)


def test_clients_that_do_not_read_their_answers_are_replaced():
    with serving(most=2) as port, ExitStack() as stack:
        deaf = [stack.enter_context(connect(port)) for _ in range(2)]
        for client in deaf:
            client.sendall(SEVERAL.replace(b"/ ", b"/long "))
        wait_for(lambda: is_answered(port))


def test_a_client_that_leaves_before_its_requests_are_answered_is_no_error(caplog):
    with serving() as port:
        with connect(port) as client:
            client.sendall(SEVERAL.replace(b"/ ", b"/slow "))
            wait_for(lambda: N_RUNNING == [1])
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # by a reset
        wait_for(lambda: N_RUNNING == [0])
    assert caplog.text == ""


def test_several_requests_at_once_are_answered_in_order(impatient):
    with connect(impatient) as client:
        client.sendall(SEVERAL)
        assert answer_of(client).count(b"\r\n\r\nok") == 3


def test_2000_half_sent_requests_keep_nobody_out_of_a_server_with_1024_files():
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        pytest.skip("this computer allows too few open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    port = next(PORT)
    process = subprocess.Popen([sys.executable, "-c", SERVER.format(port=port)], cwd=ROOT)
    try:
        wait_for(lambda: can_connect(port))
        with ExitStack() as stack:
            for kind in ["half a header", "half a body"] * 1000:
                stack.enter_context(connect(port)).sendall(HALVES[kind])
            assert all(is_answered(port) for _ in range(10))
    finally:
        process.kill()
        process.wait()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def can_connect(port):
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize(("files", "expected"), [(1024, 824), (256, 128), (100_000, 1000), (-1, 1000)])
def test_the_limit_of_connections_leaves_files_for_the_rest(monkeypatch, files, expected):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert most_connections() == expected


def test_the_command_serves_with_these_limits(monkeypatch, tmp_path):
    given = {}
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: given.update(options))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("TAVERN_DATA", "")
    tavern.main(["serve", "--port", "0", "--data", str(tmp_path)])
    assert given["http"] is LimitedProtocol
