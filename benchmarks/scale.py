"""Measure speed and memory: ``python -m benchmarks.scale [--rows N] [--cluster-rows N] [--task NAME]``.

There are two tasks, with rows from Parquet files that are written in chunks: predicting one of 100,000 games
from a budget and types with `game_recommender`, in two passes, and predicting a number from 20 columns with
`GDRegressor`, in one pass. Each measurement runs in its own process on one thread. Seconds are wall-clock
time, which depends on the other load of the machine, and CPU seconds are the processor time of all threads.
The peers are ``partial_fit`` loops with scikit-learn, on fewer rows if they take too long. They alternate
with ours on the same rows.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import numpy as np
import polars as pl
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LinearRegression, SGDRegressor
from sklearn.naive_bayes import ComplementNB as PeerNB
from sklearn.preprocessing import MultiLabelBinarizer
from sklearn.preprocessing import OneHotEncoder as PeerOneHot

from benchmarks.__main__ import describe_machine, written
from estimators import GDRegressor
from pipelines import fit_batches, fit_dask, game_recommender, scan_parquet

GAMES, FEATURES, CHUNK = 100_000, 20, 1_000_000
BUDGETS, TYPES = ("cheap", "premium", "standard"), [f"type {i:02d}" for i in range(25)]
PEER_ROWS, PEER_BATCH, REPEATS = {"games": 5_000, "regression": 1_000_000}, 1_000, 3
TARGET = {"games": "title", "regression": "y"}
RESULTS = Path("docs/scale.json")
KEPT = "memory kept"  # malloc does not return memory at once; Dask's default is 65536 bytes
MALLOC = {
    f"distributed.nanny.pre-spawn-environ.MALLOC_{what}_THRESHOLD_": str(1 << 28) for what in ("TRIM", "MMAP")
}
ON_WORKERS = ("1 worker", f"1 worker, {KEPT}", "2 workers")


def main() -> None:
    """Measure, print, and write JSON. With ``--one``, measure one fit in this process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--rows", type=float, default=1e6, metavar="N", help="number of rows of each task (default: 1e6)"
    )
    parser.add_argument(
        "--cluster-rows",
        type=float,
        metavar="N",
        help="number of rows for one and two workers (default: the value of --rows)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="folder for the Parquet files (default: a temporary folder)",
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=RESULTS,
        metavar="FILE",
        help="write the results to this file as JSON (default: %(default)s)",
    )
    parser.add_argument(
        "--task",
        choices=TARGET,
        help="measure only this task, and keep the results of the other task in the JSON file",
    )
    parser.add_argument("--one", nargs=3, metavar=("TASK", "HOW", "ROWS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        task, how, rows = options.one
        print(json.dumps(measured(task, how, options.folder, int(rows))))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder, tasks = options.folder or Path(temporary), [options.task] if options.task else [*TARGET]
        report = run(folder, tasks, int(options.rows), options.cluster_rows, options.json)
    show(report, Console(width=None if sys.stdout.isatty() else 160))
    print(
        f"Wrote {options.json}. To update the figures in the documentation, run: python -m benchmarks.figures"
    )


def run(folder: Path, tasks: list[str], rows: int, cluster_rows: float | None, kept: Path) -> dict:
    """Measure the tasks. The JSON file is written after each measurement."""
    before = json.loads(kept.read_text(encoding="utf-8"))["rows"] if kept.exists() else []
    report: dict[str, Any] = {"machine": describe_machine(), "games": GAMES, "features": FEATURES}
    report["rows"] = [row for row in before if row["task"] not in tasks]
    for task in tasks:
        n_cluster = min(rows, int(cluster_rows or rows))
        make(folder / task, task, rows)
        todo = [("fit_batches", rows), ("peer", PEER_ROWS[task])]
        for how, n_rows in [*todo, *[(how, n_cluster) for how in ("fit_batches", *ON_WORKERS)]]:
            report["rows"].append(in_a_process(task, how, folder, min(rows, n_rows)))
            print(report["rows"][-1], flush=True)
            kept.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        for file in (folder / task).glob("*.parquet"):
            file.unlink()
    return report


def in_a_process(task: str, how: str, folder: Path, rows: int) -> dict:
    """Measure in a new process, so that the peak memory is that of one fit."""
    command = [sys.executable, "-m", "benchmarks.scale", "--folder", folder, "--one", task, how, str(rows)]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {"task": task, "how": how, "n_rows": rows, **json.loads(printed.splitlines()[-1])}


def measured(task: str, how: str, folder: Path, rows: int) -> dict:
    """Return the seconds, CPU seconds and peak memory of one fit."""
    source = scan_parquet(files_for(folder / task, rows))
    if how == "peer":
        return {"games": games_peer, "regression": regression_peer}[task](source)
    if how == "fit_batches":
        seconds, cpu, _ = timed(lambda: fit_batches(new(task), source, TARGET[task]))
        return {"seconds": seconds, "cpu_seconds": cpu, "peak_mb": peak_mb()}
    return on_workers(task, source, int(how.split()[0]), MALLOC if how.endswith(KEPT) else {})


def files_for(folder: Path, rows: int) -> list[Path]:
    """Return files with this number of rows. A partial file is written separately."""
    if rows >= CHUNK:
        return sorted(folder.glob("[0-9]*.parquet"))[: rows // CHUNK]
    part = folder / f"first-{rows}.parquet"
    if not part.exists():
        pl.scan_parquet(sorted(folder.glob("[0-9]*.parquet"))[0]).head(rows).collect().write_parquet(part)
    return [part]


def new(task: str) -> Any:
    return game_recommender(classifier="complement") if task == "games" else GDRegressor()


def timed(function: Callable[[], Any]) -> tuple[float, float, Any]:
    """Return the wall-clock time, the processor time and the result."""
    start, cpu = perf_counter(), process_time()
    answer = function()
    return perf_counter() - start, process_time() - cpu, answer


def peak_mb() -> float | None:
    """Return the peak memory of this process in MB (2**20 bytes), or None if Linux does not report it."""
    status = Path("/proc/self/status")
    found = re.search(r"VmHWM:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) / 1024 if found else None


def on_workers(task: str, source: Any, n_workers: int, settings: dict[str, str]) -> dict:
    """Fit on Dask workers with one thread each, under nannies, with the given Dask settings."""
    import dask
    from distributed import Client, LocalCluster

    dask.config.set(settings)
    options = {"threads_per_worker": 1, "dashboard_address": "127.0.0.1:0", "memory_limit": 0}
    with LocalCluster(n_workers=n_workers, **options) as cluster, Client(cluster) as client:
        client.run(__import__, "pipelines._scaling.cluster")
        before, sent_before = sum(client.run(process_time).values()), process_time()
        seconds, _, _ = timed(lambda: fit_dask(new(task), source, TARGET[task], client))
        workers = sum(client.run(process_time).values()) - before
        peak = max(client.run(peak_mb).values())
    return {
        "seconds": seconds,
        "cpu_seconds": workers + process_time() - sent_before,
        "cpu_seconds_of_workers": workers,
        "peak_mb": peak,
    }


def games_peer(source: Any) -> dict:
    """Fit with scikit-learn in a loop. Dense label matrices (1,000 x 100,000) limit the size of a batch."""
    frame = pl.concat(source)
    classes = titles()
    one_hot = PeerOneHot(categories=[list(BUDGETS)], sparse_output=False)
    multi_hot = MultiLabelBinarizer(classes=TYPES)
    multi_hot.fit([[]])

    def peer() -> Any:
        model = PeerNB()
        for part in frame.iter_slices(PEER_BATCH):
            budget = one_hot.fit_transform(part["budget"].to_numpy().reshape(-1, 1))
            X = np.hstack([budget, multi_hot.transform(part["gameplay_types"].to_list())])
            model.partial_fit(X, part["title"].to_numpy(), classes=classes)
        return model

    def ours() -> Any:
        return fit_batches(game_recommender(classifier="complement"), [frame], "title")

    def agree(mine: Any, theirs: Any) -> dict:
        rows = np.searchsorted(classes, mine[-1].classes_)
        there = [*BUDGETS, *TYPES]
        columns = [there.index(name.partition("=")[2]) for name in mine[0].get_feature_names_out()]
        np.testing.assert_array_equal(mine[-1].feature_count_, theirs.feature_count_[np.ix_(rows, columns)])
        return {"agree": "counts equal"}

    return in_turn(ours, peer, agree)


def regression_peer(source: Any) -> dict:
    """Fit with scikit-learn in a loop: one pass of SGDRegressor, limited by the noise of its last steps."""
    names = [f"x{i}" for i in range(FEATURES)]

    def peer() -> Any:
        model = SGDRegressor(random_state=0)
        for part in source:
            model.partial_fit(part[names].to_numpy(), part["y"].to_numpy())
        return model

    def agree(mine: Any, theirs: Any) -> dict:
        frame = pl.concat(source)
        exact = LinearRegression(tol=1e-15).fit(frame[names].to_numpy(), frame["y"].to_numpy()).coef_
        np.testing.assert_allclose(mine.coef_, exact, rtol=1e-9)
        off = np.abs(theirs.coef_ - exact).max()
        return {"agree": f"ours equal to LinearRegression; SGDRegressor off by up to {off:.1g}"}

    return in_turn(lambda: fit_batches(GDRegressor(), source, "y"), peer, agree)


def in_turn(ours: Callable[[], Any], peer: Callable[[], Any], agree: Callable[[Any, Any], dict]) -> dict:
    """Run both in turn, compare the results and return medians."""
    found = agree(ours(), peer())
    pairs = [(timed(ours)[:2], timed(peer)[:2]) for _ in range(REPEATS)]
    (seconds, cpu), (peer_seconds, peer_cpu) = np.median(pairs, axis=0)
    ratio = median(theirs[1] / mine[1] for mine, theirs in pairs)
    found |= {"seconds": peer_seconds, "cpu_seconds": peer_cpu, "peak_mb": peak_mb()}
    return found | {"ours_seconds": seconds, "ours_cpu_seconds": cpu, "ratio": ratio}


def titles() -> np.ndarray:
    return np.array([f"game {i:06d}" for i in range(GAMES)])


def make(folder: Path, task: str, rows: int) -> None:
    """Write files of a million rows each. Existing files are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number:05d}.parquet" for number in range(max(1, rows // CHUNK))]
    if all(file.exists() for file in files):
        return
    chunks = {"games": game_chunks, "regression": regression_chunks}[task]()
    for file, frame in zip(files, chunks, strict=False):
        if not file.exists():
            frame.write_parquet(file, compression="lz4")


def game_chunks() -> Iterator[pl.DataFrame]:
    """Yield rentals, more often of popular games. Each customer requests one to three of the game's types."""
    rng = np.random.default_rng(0)
    types = [sorted(rng.choice(TYPES, rng.integers(1, 4), replace=False).tolist()) for _ in range(GAMES)]
    games = pl.DataFrame(
        {
            "title": titles(),
            "budget": np.array(BUDGETS)[rng.integers(0, len(BUDGETS), GAMES)],
            "gameplay_types": types,
        }
    )
    while True:
        yield games[(GAMES * rng.random(CHUNK) ** 2).astype(np.int64)]


def regression_chunks() -> Iterator[pl.DataFrame]:
    """Yield independent columns and a linear target with noise of the same size."""
    rng = np.random.default_rng(0)
    weights = rng.standard_normal(FEATURES)
    while True:
        X = rng.standard_normal((CHUNK, FEATURES))
        y = X @ weights + 3 + rng.standard_normal(CHUNK)
        yield pl.DataFrame({**{f"x{i}": X[:, i] for i in range(FEATURES)}, "y": y})


HEADINGS = (
    "task",
    "method",
    "rows",
    "seconds",
    "rows per second",
    "CPU s",
    "rows per CPU second",
    "peak, MB",
)


def cells(row: dict) -> list[str]:
    """Return the cells of a row of the table."""
    peers = {
        "games": "scikit-learn ComplementNB.partial_fit",
        "regression": "scikit-learn SGDRegressor.partial_fit",
    }
    how = {"peer": peers[row["task"]], "fit_batches": "fit_batches"}.get(
        row["how"], f"fit_dask, {row['how']}"
    )
    speeds = [written(row["n_rows"] / row[name]) for name in ("seconds", "cpu_seconds")]
    times = [written(row[name]) for name in ("seconds", "cpu_seconds")]
    return [
        {"games": "games", "regression": "numbers"}[row["task"]],
        how,
        f"{row['n_rows']:,}",
        times[0],
        speeds[0],
        times[1],
        speeds[1],
        written(row["peak_mb"]),
    ]


def show(report: dict, console: Console) -> None:
    """Print the table."""
    table = Table(*HEADINGS, title="Each fit runs in its own process, on one thread")
    for row in report["rows"]:
        table.add_row(*cells(row))
    console.print(table)


if __name__ == "__main__":
    main()
