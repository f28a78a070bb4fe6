"""The command ``serve``: its options, and a server on loopback. The web packages are imported when needed."""

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
from examples.web.environment import read_secret_files

NEEDED = 'serve requires the web packages; to install them, run: pip install -e ".[web]"'


def add_serve(
    commands: Any,
    name: str,
    factory: str,
    default_port: int,
    check: Callable[[], Any] = lambda: None,
    more: str = "",
) -> None:
    """Add the command ``serve`` to a command line.

    Parameters
    ----------
    commands : return value of ``add_subparsers`` name : str
        The name of the site, such as "tavern".
    factory : str
        The function that returns the application, such as "examples.games.web.site:create_app".
    default_port : int
        The default port. Each site has its own, so that several can run at the same time.
    check : callable(), default=nothing
        Raises ValueError if an environment variable has an invalid value.
    more : str, default=""
        A description of additional environment variables.
    """
    command = commands.add_parser(
        "serve",
        help="start the web site",
        description="Start the web site on this computer. The first start creates the database, "
        "and fills it with demonstration data. "
        "Environment variables: DATABASE_URL=postgresql+psycopg://USER:PASSWORD@HOST/NAME uses PostgreSQL "
        f"instead of SQLite. {name.upper()}_ADMIN_PASSWORD sets the password of /admin. {name.upper()}_HOSTS "
        "lists additional host names of the site, separated by spaces. FORWARDED_ALLOW_IPS is the address of "
        "a trusted proxy that forwards the client's address and protocol. "
        f"{name.upper()}_METRICS_TOKEN turns on /metrics for Prometheus, which has to send this token. "
        "DATABASE_URL, the password and the token can also be read from files: append _FILE to the name of "
        "the variable." + (f" {more}" if more else ""),
    )
    command.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: 127.0.0.1)")
    command.add_argument(
        "--port",
        type=port,
        default=default_port,
        help=f"the port to listen on, or 0 for any free port (default: {default_port})",
    )
    command.add_argument(
        "--workers", type=whole_number, default=1, metavar="N", help="number of worker processes (default: 1)"
    )
    command.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help=f"the folder for the database, the model and the secret that signs cookies (default: "
        f"var/{name})",
    )
    command.add_argument(
        "--log-requests",
        action="store_true",
        help="write one line of JSON per request to the standard output (path, status, time and address)",
    )
    command.add_argument(
        "--empty",
        action="store_true",
        help="at the first start, do not create the demonstration data; later starts ignore this option",
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
    """Raise OSError if the port is in use, before files are created or a password is printed."""
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

        from examples.web.addresses import check_proxies
        from examples.web.connections import LimitedProtocol
        from examples.web.database import check_database, check_sqlite, sqlite_url
        from examples.web.folder import check_space, data_folder, database_file, make_private
        from examples.web.login import check_password
        from examples.web.observe import check_token, shared_counts
    except ImportError as error:
        fail(f"{NEEDED} ({error})")
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s: %(message)s")
    if options.data:
        os.environ[f"{name.upper()}_DATA"] = str(options.data.resolve())
    if options.log_requests:
        os.environ[f"{name.upper()}_LOG_REQUESTS"] = "yes"
    if options.empty:
        os.environ[f"{name.upper()}_EMPTY"] = "yes"
    try:  # checked here, because workers that fail are restarted forever
        read_secret_files(name)
        password, token = f"{name.upper()}_ADMIN_PASSWORD", f"{name.upper()}_METRICS_TOKEN"
        check_token(os.environ.get(token), token)
        check_password(os.environ.get(password), password)
        make_private(data_folder(name), name)
        folder = data_folder(name)
        file = database_file(folder, name)
        if url := os.environ.get("DATABASE_URL"):
            check_database(url, migrations_of(factory))
            is_complete = True
        else:
            check_sqlite()
            is_complete = file.exists() and check_database(sqlite_url(file), migrations_of(factory))
        if not (is_complete and (folder / "secret").exists()):
            check_space(folder)
        check_proxies(os.environ.get("FORWARDED_ALLOW_IPS", ""))
        check()
        check_free(options.host, options.port)
    except (ValueError, OSError) as error:  # the errors of the sites are ValueErrors
        fail(str(error))
    if options.host not in ("127.0.0.1", "localhost", "::1"):
        hosts = f"{name.upper()}_HOSTS"
        os.environ[hosts] = " ".join([os.environ.get(hosts, ""), options.host])
    usual = os.umask(0o077)  # new files are for their owner only
    with shared_counts(options.workers, is_counting=bool(os.environ.get(token))):
        uvicorn.run(
            factory,
            factory=True,
            host=options.host,
            port=options.port,
            workers=options.workers,
            http=LimitedProtocol,
            ws="none",
            access_log=False,
            server_header=False,
            proxy_headers=bool(
                os.environ.get("FORWARDED_ALLOW_IPS")
            ),  # otherwise, any client could forge its address
            timeout_graceful_shutdown=5,
        )
    os.umask(usual)


def migrations_of(factory: str) -> Path:
    """Return the folder of a site's migrations, next to the module of the site."""
    return Path(find_spec(factory.split(":")[0]).origin).parent / "migrations"


def end_with_supervisor() -> None:
    """End a worker when the process that started it is killed. Otherwise, it would keep the port forever."""

    def wait(supervisor: Any) -> None:
        supervisor.join()
        os.kill(os.getpid(), signal.SIGTERM)

    if supervisor := parent_process():
        Thread(target=wait, args=(supervisor,), name="supervisor", daemon=True).start()
