"""Run benchmarks, and print and save the results: ``python -m benchmarks [--json FILE] [NAME ...]``."""

import argparse
import json
import platform
import sys
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np  # noqa: F401  its BLAS is shown below
import threadpoolctl
from rich.console import Console
from rich.table import Table

from benchmarks._harness import Row
from benchmarks.figures import rounded

ALL = ("naive_bayes", "encoders", "pipeline", "linear", "logistic", "mlp")
RESULTS = Path("benchmark-results.json")
PACKAGES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "pandas",
    "polars",
    "implicit",
    "scikit-learn-intelex",
    "torch",
    "numba",
)


def main() -> None:
    """Run the benchmarks given on the command line, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"the benchmarks to run: {', '.join(ALL)} (default: all)"
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=RESULTS,
        metavar="FILE",
        help="write the results to this file as JSON (default: %(default)s)",
    )
    options = parser.parse_args()
    if unknown := set(options.names) - set(ALL):
        parser.error(f"unknown benchmarks: {', '.join(sorted(unknown))}. Known benchmarks: {', '.join(ALL)}")
    console = Console(width=None if sys.stdout.isatty() else 200)
    machine = describe_machine()
    rows = []
    for name in options.names or ALL:
        with console.status(f"{name} ..."):
            rows += import_module(f"benchmarks.bench_{name}").run()
    show(rows, machine, console)
    report = {"machine": machine, "rows": [row.as_dict() for row in rows]}
    options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(
        f"Wrote {options.json}. To update the figures in the documentation, run: python -m benchmarks.figures"
    )


def describe_machine() -> dict:
    """Return the processor, the library versions, and the BLAS libraries with their numbers of threads."""
    cpuinfo = Path("/proc/cpuinfo")
    names = (
        [line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        if (cpuinfo.exists())
        else [platform.processor()]
    )
    blas = [
        f"{pool['internal_api']} {pool['version']} {pool.get('architecture', '')} x {pool['num_threads']}"
        for pool in threadpoolctl.threadpool_info()
        if pool["user_api"] == "blas"
    ]
    return {
        "processor": f"{len(names)} x {names[0]}",
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := installed(name))},
        "blas": blas,
    }


def installed(name: str) -> str | None:
    """Return the version of a package, or None if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def show(rows: list[Row], machine: dict, console: Console) -> None:
    """Print the table. A ratio is the peer's time divided by ours, as the median over the pairs."""
    table = Table(
        title="Medians of alternating runs on one thread. MB is the peak increase of resident memory in a "
        "call."
    )
    for heading in ("claim", "peer", "aim", "faster", "ours, ms", "peer, ms", "ours, MB", "peer, MB", "note"):
        table.add_column(heading, justify="left" if heading in ("claim", "peer", "note") else "right")
    for row in rows:
        numbers = (row.ours_ms, row.peer_ms, row.ours_mb, row.peer_mb)
        ratio = "" if row.ratio is None else f"{row.ratio:.3g}x"
        table.add_row(row.claim, row.peer, row.aim, ratio, *map(written, numbers), row.note)
    console.print(table)
    console.print_json(data=machine)


def written(number: float | None) -> str:
    """Format a number with three significant digits."""
    return "" if number is None else rounded(number, "3s")


if __name__ == "__main__":
    main()
