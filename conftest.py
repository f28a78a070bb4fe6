"""Where Dask is not installed, the examples that need it are skipped (and its module is not collected)."""

from importlib.util import find_spec

import pytest

collect_ignore = [] if find_spec("dask") else ["pipelines/_scaling/cluster.py"]
collect_ignore_glob = ["docs/*.py", "docs/*/*.py"]  # scripts: the guide's build runs them
NEED_DASK = ("pipelines.scale.fit_dask", "pipelines.scale.recommend_dask")


@pytest.fixture(autouse=True)
def dask_or_skip(request: pytest.FixtureRequest) -> None:
    """Skip an example that needs Dask."""
    if request.node.name in NEED_DASK:
        pytest.importorskip("dask")
