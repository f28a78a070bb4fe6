"""Measure the overhead of a cluster: ``python -m benchmarks.overheads [--json FILE]``.

This measures the size of a state, the time to merge two states, the bytes per row in a Parquet file, and the
scheduler's time per empty task. From these and docs/scale.json, it estimates the time for 10^11 rows on 100
workers, which is shown in docs/scaling.md. It takes about a minute.
"""

import argparse
import copy
import json
import pickle
import tempfile
from math import ceil, log
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import numpy as np
import polars as pl

from benchmarks import scale
from benchmarks.__main__ import describe_machine
from benchmarks.figures import value
from estimators import ComplementNB, GDRegressor, MultiHotEncoder, OneHotEncoder

RESULTS = Path("docs/overheads.json")
ROWS, WORKERS = 10**11, 100
LEAF, SPLIT = 8 * 262_144, 8  # rows that one task reads, and states that one task merges
SAMPLE = 2 * scale.CHUNK
# The name of the measured rate in figures.toml, and the number of passes over the rows.
MEASURED = {"games": ("scale_games_1", 2), "numbers": ("scale_numbers_1", 1)}


def main() -> None:
    """Measure, compute the estimates, and write JSON."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.overheads", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=RESULTS,
        metavar="FILE",
        help="write the results to this file as JSON (default: %(default)s)",
    )
    path = parser.parse_args().json
    report: dict[str, Any] = {"command": "python -m benchmarks.overheads", "machine": describe_machine()}
    tree = tree_of(ms_of_an_empty_task())
    with tempfile.TemporaryDirectory() as folder:
        found = {"games": games(Path(folder)), "numbers": numbers(Path(folder))}
    report["rows"] = {"tree": tree, **{name: row | plan(name, row, tree) for name, row in found.items()}}
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(report, indent=2))


def games(folder: Path) -> dict[str, float]:
    """Measure the recommender's classifier on 100,000 games."""
    frame, bytes_a_row = sample(folder, "games")
    X = np.hstack(
        [
            OneHotEncoder(sparse_output=False, dtype=np.int8).fit_transform(frame[["budget"]]),
            MultiHotEncoder(sparse_output=False, dtype=np.int8).fit_transform(frame[["gameplay_types"]]),
        ]
    )
    titles = frame["title"].to_numpy()
    parts = [ComplementNB(new_classes="add").fit(X[i::2], titles[i::2]) for i in (0, 1)]
    return {"bytes_a_row": bytes_a_row, **state_of(*parts)}


def numbers(folder: Path) -> dict[str, float]:
    """Measure least squares of 20 columns."""
    frame, bytes_a_row = sample(folder, "regression")
    X, y = frame.drop("y").to_numpy(), frame["y"].to_numpy()
    return {
        "bytes_a_row": bytes_a_row,
        **state_of(*(GDRegressor().partial_fit(X[i::2], y[i::2]) for i in (0, 1))),
    }


def sample(folder: Path, task: str) -> tuple[pl.DataFrame, float]:
    """Return rows of a task of benchmarks.scale, and the number of bytes per row in a file."""
    scale.make(folder, task, SAMPLE)
    files = sorted(folder.glob("[0-9]*.parquet"))
    frame = pl.read_parquet(files)
    size = sum(file.stat().st_size for file in files)
    for file in files:
        file.unlink()
    return frame, size / frame.height


def state_of(one: Any, other: Any) -> dict[str, float]:
    """Return the size of a serialised state in bytes, and the time to merge two states."""
    times = []
    for _ in range(9):
        mine = copy.deepcopy(one)
        start = process_time()
        mine.merge(other)
        times.append(process_time() - start)
    return {"state_bytes": len(pickle.dumps(one, protocol=5)), "merge_ms": 1e3 * median(times)}


def ms_of_an_empty_task() -> float:
    """Return the processor time of the scheduler and the client per empty task in a tree of tasks."""
    from dask.delayed import delayed
    from distributed import Client, LocalCluster

    states, n_tasks = [delayed(_nothing)(i) for i in range(4_000)], 0
    while len(states) > 1:
        n_tasks += len(states)
        states = [delayed(_nothing)(*states[i : i + SPLIT]) for i in range(0, len(states), SPLIT)]
    options = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "memory_limit": 0}
    with LocalCluster(n_workers=2, **options) as cluster, Client(cluster):
        before = process_time()
        states[0].compute()
        return 1e3 * (process_time() - before) / (n_tasks + 1)


def _nothing(*_: Any) -> None:
    return None


def tree_of(ms_a_task: float) -> dict[str, float]:
    """Return the size of the tree, and the number of tasks that the scheduler can assign."""
    leaves = ROWS / LEAF
    n_tasks = leaves * SPLIT / (SPLIT - 1)
    return {
        "leaves": leaves,
        "tasks": n_tasks,
        "levels": ceil(log(leaves, SPLIT)),
        "ms_a_task": ms_a_task,
        "tasks_a_second": 1e3 / ms_a_task,
        "rows_a_second": 1e3 / ms_a_task * LEAF * (SPLIT - 1) / SPLIT,
        "scheduler_seconds": n_tasks * ms_a_task / 1e3,
    }


def plan(name: str, row: dict[str, float], tree: dict[str, float]) -> dict[str, float]:
    """Return the time for 10^11 rows on 100 workers, at the rate of one worker in docs/scale.json."""
    figure, passes = MEASURED[name]
    rate = value(figure, "n_rows/cpu_seconds") * passes  # rows per second in one pass
    seconds = ROWS / WORKERS / rate
    moved = tree["tasks"] * row["state_bytes"]
    return {
        "passes": passes,
        "rows_a_second": rate,
        "minutes": passes * seconds / 60,
        "seconds_a_pass": seconds,
        "moved_bytes": moved,
        "moved_a_second": moved / WORKERS / seconds,
        "disk_a_second": rate * row["bytes_a_row"],
        "disk_bytes": ROWS * row["bytes_a_row"],
        "minutes_at_10_gb": ROWS * row["bytes_a_row"] * passes / 1e10 / 60,
        "most_workers": tree["rows_a_second"] / rate,
        "top_seconds": tree["levels"] * (SPLIT - 1) * row["merge_ms"] / 1e3,
    }


if __name__ == "__main__":
    main()
