"""The command ``serve``: its options, and a server on loopback. The web's packages are imported late."""

import argparse
import logging
import os
import signal
import socket
from collections.abc import Callable
from importlib.util import find_spec
from multiprocessing import parent_process
from pathlib import Path
from threading import Thread
from typing import Any

from examples.arguments import count, whole_number

NEEDED = 'serve needs the web packages: pip install -e ".[web]"'


def add_serve(
    commands: Any,
    name: str,
    factory: str,
    default_port: int,
    check: Callable[[], Any] = lambda: None,
    more: str = "",
) -> None:
    """Add the command to a command line.

    Parameters
    ----------
    commands : what ``add_subparsers`` returned
    name : str
        The site's name, as "tavern".
    factory : str
        Where its application comes from, as "examples.games.web.site:create_app".
    default_port : int
        One of the site's own, so that several can run beside each other.
    check : callable(), default=nothing
        Raises ValueError where the environment says something that the site cannot use.
    more : str, default=""
        What else the environment can say.
    """
    command = commands.add_parser(
        "serve",
        help="start the web site",
        description="Start the web site, on loopback. The first start makes the database and fills it. "
        "DATABASE_URL=postgresql+psycopg://USER:PASSWORD@HOST/NAME uses PostgreSQL; "
        f"{name.upper()}_ADMIN_PASSWORD sets the password of /admin, {name.upper()}_HOSTS the names, "
        "besides loopback's, by which the site may be called, FORWARDED_ALLOW_IPS the address of a proxy "
        "that may say who asks and whether by https." + (f" {more}" if more else ""),
    )
    command.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    command.add_argument(
        "--port", type=port, default=default_port, help=f"0 for any free one (default: {default_port})"
    )
    command.add_argument(
        "--workers", type=whole_number, default=1, metavar="N", help="processes (default: 1)"
    )
    command.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help=f"the database, the model and the cookies' secret (default: var/{name})",
    )
    command.set_defaults(
        run=lambda options, console, messages, fail: serve(options, name, factory, check, fail),
        fail=command.error,
    )


def port(text: str) -> int:
    """Read a port."""
    if count(text) > 65535:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to 65535, got {text!r}")
    return int(text)


def check_free(host: str, port: int) -> None:
    """Raise OSError if another program listens there: before anything is made, or a password printed."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        raise OSError(
            f"cannot listen on {host}:{port} ({error.strerror or error}); try another --port"
        ) from error


def serve(options: Any, name: str, factory: str, check: Callable[[], Any], fail: Callable) -> None:
    """Run the server until it is stopped."""
    try:
        import uvicorn

        from examples.web.database import check_database
    except ImportError as error:
        fail(f"{NEEDED} ({error})")
    if options.data:
        os.environ[f"{name.upper()}_DATA"] = str(options.data.resolve())
    try:  # what no worker can do, here: workers that fail are started again for ever
        if options.data:
            options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if url := os.environ.get("DATABASE_URL"):
            check_database(url, migrations_of(factory))
        check()
        check_free(options.host, options.port)
    except (ValueError, OSError) as error:  # DatabaseUrlError is a ValueError
        fail(str(error))
    if options.host not in ("127.0.0.1", "localhost", "::1"):
        hosts = f"{name.upper()}_HOSTS"
        os.environ[hosts] = " ".join([os.environ.get(hosts, ""), options.host])
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    uvicorn.run(
        factory,
        factory=True,
        host=options.host,
        port=options.port,
        workers=options.workers,
        access_log=False,
        server_header=False,
        proxy_headers=bool(os.environ.get("FORWARDED_ALLOW_IPS")),  # or anybody could say who asks, and how
        timeout_graceful_shutdown=5,
    )


def migrations_of(factory: str) -> Path:
    """Return a site's migrations, which stand beside the module that makes it."""
    return Path(find_spec(factory.split(":")[0]).origin).parent / "migrations"


def end_with_supervisor() -> None:
    """Let a worker end when the process that started it is killed, or it would hold the port for ever."""

    def wait(supervisor: Any) -> None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)

    if supervisor := parent_process():
        Thread(target=wait, args=(supervisor,), name="supervisor", daemon=True).start()
