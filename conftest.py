"""How the tests run: the whole suite in parallel, single tests in one process.

``pytest`` alone runs the whole suite with one process more than there are cores, at most 8, because some
tests wait for servers. Each process runs one file at a time. If files or tests are named, or with ``-k``,
``-s``, ``--pdb`` or ``-p no:xdist``, everything runs in one process. ``-n`` overrules both.
"""

import gc
import os
from collections.abc import Generator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

# Matrices are small in tests: more threads would gain nothing and take cores from the other processes. This
# has to be set before numpy is imported; the processes that tests start inherit it.
for library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

ROOT = Path(__file__).parent
PACKAGES = ("estimators", "pipelines", "examples")
collect_ignore = [] if find_spec("dask") else ["pipelines/_scaling/cluster.py"]
collect_ignore_glob = ["docs/*.py", "docs/*/*.py"]  # scripts: the guide's build runs them
NEED_DASK = ("pipelines.scale.fit_dask", "pipelines.scale.recommend_dask")
MAX_PROCESSES = 8
# These start first, the longest first, so that no process is left with one of them when the others are done.
LONG_FILES = (
    "tests/examples/web/test_faults.py",
    "tests/examples/web/tavern/test_browser.py",
    "tests/examples/web/pizzeria/test_browser.py",
)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Run the whole suite in parallel unless the command line says otherwise."""
    options = config.option
    if "PYTEST_XDIST_WORKER" in os.environ or not hasattr(options, "numprocesses"):
        return  # this is one of the processes, which must not start more; or pytest-xdist is off or not there
    is_whole = config.args_source == pytest.Config.ArgsSource.TESTPATHS
    is_narrow = (
        options.keyword or options.markexpr or options.capture == "no" or options.usepdb or options.trace
    )
    if options.numprocesses is None and is_whole and not is_narrow:
        options.numprocesses = "auto"
    if options.dist == "no":
        options.dist = "loadfile"  # what a file's tests share is made once
        options.loadscopereorder = False  # keep the order below


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Count the cores that this process may use; pytest-xdist would count two threads of a core as one."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores + 1, MAX_PROCESSES) if cores > 1 else 0


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from the thousands of tests, which live until the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collect_file(file_path: Path) -> None:
    """Import the package of a module before the module.

    Otherwise pytest would run `estimators/mlp.py` twice, once for `estimators/__init__.py`, and no object of
    the first module would be an instance of the second one's classes.
    """
    folder = file_path.parent
    if file_path.suffix == ".py" and any(folder.is_relative_to(ROOT / package) for package in PACKAGES):
        import_module(".".join(folder.relative_to(ROOT).parts))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a process of several, put the long files first."""
    if hasattr(config, "workerinput"):
        places = {name: place for place, name in enumerate(LONG_FILES)}
        items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


@pytest.fixture(autouse=True)
def dask_or_skip(request: pytest.FixtureRequest) -> None:
    """Skip an example that needs Dask."""
    if request.node.name in NEED_DASK:
        pytest.importorskip("dask")
