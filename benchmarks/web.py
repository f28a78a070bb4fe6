"""Run load tests of the web sites on loopback: ``python -m benchmarks.web [--seconds S] [--json FILE]``.

Each site runs in one process on one core, with its own data folder. The load comes from another core.
"""

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table

from benchmarks.__main__ import describe_machine, installed, written
from benchmarks._load import Load, Server, load, serving, warm_up
from examples.games.data import budget_of, known_types, load_games

RESULTS = Path(__file__).parents[1] / "docs" / "web-load.json"
PACKAGES = ("fastapi", "starlette", "uvicorn", "uvloop", "httptools", "sqlalchemy", "jinja2")
QUESTION = "/api/recommend?budget=cheap&type=Adventure&type=Platform"
FORECAST = "/api/forecast?reservations=30&service_level=0.9"
CONNECTIONS = 8
ROUNDS = 3


@dataclass
class Row:
    """The results for one URL. `core_ms` is the server's processor time per response."""

    claim: str
    aim: str
    connections: int
    per_second: float
    p50_ms: float
    p99_ms: float
    core_ms: float | None


def main() -> None:
    """Run all load tests, print a table and write JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.web", description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seconds",
        type=float,
        default=3,
        help="duration of each load test in seconds (default: %(default)s)",
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=RESULTS,
        metavar="FILE",
        help="write the results to this file as JSON (default: %(default)s)",
    )
    options = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 160)
    rows = []
    for run in (run_floor, run_tavern, run_large_tavern, run_pizzeria):
        with console.status(run.__doc__):
            rows += run(options.seconds)
    report = {"machine": machine(), "rows": [asdict(row) for row in rows]}
    show(report, console)
    options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(
        f"Wrote {options.json}. To update the figures in the documentation, run: python -m benchmarks.figures"
    )


def run_floor(seconds: float) -> list[Row]:
    """The overhead of FastAPI and uvicorn for an empty response."""
    command = [sys.executable, "-m", "uvicorn", "--factory", "benchmarks.web:empty_site", "--port", "{port}"]
    with serving([*command, "--no-access-log"], "/empty") as server:
        return [measured(server, "an empty endpoint of FastAPI", "/empty", "the floor", seconds)]


def run_tavern(seconds: float) -> list[Row]:
    """The tavern with 300 games."""
    with tavern(load_games().filter(pl.col("top_rated")).head(300)) as server:
        return [
            measured(server, "/api/recommend, 300 games", QUESTION, "2,500 a second", seconds),
            measured(server, "the front page, 300 games, one visitor", "/", "50 ms", seconds, 1),
            measured(server, "the front page, 300 games", "/", "", seconds),
            measured(server, "a suggestion's page, 300 games", "/suggest?type=Puzzle", "", seconds),
        ]


def run_large_tavern(seconds: float) -> list[Row]:
    """The tavern with 100,000 games."""
    with tavern(made_up(100_000), n_customers=4) as server:
        return [
            measured(server, "/api/recommend, 100,000 games", QUESTION, "1,000 a second", seconds),
            measured(server, "the front page, 100,000 games, one visitor", "/", "50 ms", seconds, 1),
        ]


def run_pizzeria(seconds: float) -> list[Row]:
    """The pizzeria with thirteen months of evenings."""
    with serving_site("examples.pizza", PIZZERIA_ADMIN_PASSWORD="load test", DATABASE_URL="") as server:
        return [
            measured(server, "/api/forecast, the pizzeria", FORECAST, "", seconds),
            measured(server, "the front page, the pizzeria, one visitor", "/", "50 ms", seconds, 1),
        ]


def measured(
    server: Server, claim: str, path: str, aim: str, seconds: float, connections: int = CONNECTIONS
) -> Row:
    """Load one URL `ROUNDS` times, and keep the best result, because other load can only slow it down."""
    warm_up(server.address + path)
    best = None
    for _ in range(ROUNDS):
        before = server.core_seconds()
        found = load(server.address + path, seconds, connections)
        after = server.core_seconds()
        core_ms = None if before is None else 1e3 * (after - before) / _answers(found, seconds)
        if best is None or found.per_second > best.per_second:
            best = Row(claim, aim, connections, *found, core_ms)
    return best


def _answers(found: Load, seconds: float) -> float:
    return found.per_second * max(1, round(seconds))


def empty_site() -> Any:
    """Return an application that does nothing."""
    from fastapi import FastAPI
    from fastapi.responses import Response

    app = FastAPI()

    @app.get("/empty")
    async def empty() -> Response:
        return Response(b"{}", media_type="application/json")

    return app


@contextmanager
def tavern(games: pl.DataFrame, n_customers: int = 40) -> Iterator[Server]:
    """Run the tavern with a catalogue, in a new data folder."""
    from examples.games.web.seed import fill
    from examples.games.web.site import SITE

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/tavern.sqlite"
        _fill(url, SITE.folder / "migrations", partial(fill, games=games, n_customers=n_customers))
        with serving_site("examples.games", DATABASE_URL=url, TAVERN_ADMIN_PASSWORD="load test") as server:
            yield server


@contextmanager
def serving_site(package: str, **environment: str) -> Iterator[Server]:
    """Run a site in the same way as its command, in a new data folder."""
    command = [sys.executable, "-m", package, "serve", "--port", "{port}", "--data"]
    with (
        tempfile.TemporaryDirectory() as folder,
        serving([*command, folder], "/health", **environment) as server,
    ):
        yield server


def _fill(url: str, migrations: Path, seed: Callable) -> None:
    from examples.web.database import Database, prepare

    database = Database(url)
    prepare(database, migrations, seed)
    database.close()


def made_up(n_games: int, seed: int = 0) -> pl.DataFrame:
    """Return a catalogue in the format of `load_games`, with one to four of its types and its costs."""
    rng, real = np.random.default_rng(seed), load_games()
    types, like = np.array(known_types(real)), rng.integers(0, real.height, n_games)
    cost = real["cost"].to_numpy()[like]
    columns = {
        "title": [f"Game {i:06}" for i in range(n_games)],
        "gameplay_types": [
            rng.choice(types, size, replace=False).tolist() for size in rng.integers(1, 5, n_games)
        ],
        "cost": cost,
        "top_rated": np.ones(n_games, dtype=bool),
        "budget": [budget_of(one) for one in cost.tolist()],
    }
    return real.select("year", "console", "developer")[like.tolist()].with_columns(
        *(pl.Series(name, values) for name, values in columns.items())
    )


def machine() -> dict[str, Any]:
    """Return the processor and the versions of the server's libraries."""
    found = {name: installed(name) for name in PACKAGES}
    return {
        "processor": describe_machine()["processor"],
        "python": platform.python_version(),
        "versions": {name: version for name, version in found.items() if version},
    }


def show(report: dict, console: Console) -> None:
    """Print the table."""
    table = Table(title="One process on one core, on loopback")
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in HEADINGS[:2] else "right")
    for row in report["rows"]:
        table.add_row(*cells(row))
    console.print(table)
    console.print_json(data=report["machine"])


HEADINGS = ("address", "aim", "at once", "answers a second", "p50, ms", "p99, ms", "of the core, ms")


def cells(row: dict[str, Any]) -> list[str]:
    """Return the cells of a row of the table."""
    numbers = (written(row[name]) for name in ("per_second", "p50_ms", "p99_ms", "core_ms"))
    return [row["claim"], row["aim"], str(row["connections"]), *numbers]


if __name__ == "__main__":
    main()
