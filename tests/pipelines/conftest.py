"""Models that several files of tests ask."""

import pandas as pd
import polars as pl
import pytest

from pipelines import dough_forecaster, game_recommender
from tests.pipelines.evenings import FULL, WEEK, full_year
from tests.pipelines.games import GAMES, TITLES


@pytest.fixture(params=[pd.DataFrame, pl.DataFrame], ids=["pandas", "polars"])
def frame(request):
    return request.param


@pytest.fixture
def model(frame):
    return game_recommender().fit(frame(GAMES), TITLES)


@pytest.fixture(scope="session")
def full_model():
    year = pl.DataFrame(full_year())
    return dough_forecaster(FULL).fit(year, year["doughs"])


@pytest.fixture(scope="session")
def week_model():
    week = pl.DataFrame(WEEK)
    return dough_forecaster(degree=1).fit(week, week["doughs"])


@pytest.fixture
def lists_stay_lists():
    """Dask's settings in the tests of clusters."""
    from tests.pipelines.partitions import SETTINGS, dask

    with dask.config.set(SETTINGS):
        yield


@pytest.fixture(scope="module")
def cluster():
    """Two processes under nannies."""
    from tests.pipelines.partitions import local_cluster

    with local_cluster() as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    from tests.pipelines.partitions import distributed

    with distributed.Client(cluster) as client:
        yield client


@pytest.fixture
def parquet_folder(tmp_path):
    """A folder of the first three partitions."""
    from tests.pipelines.partitions import made

    for part in range(3):
        made(part).to_parquet(tmp_path / f"{part}.parquet")
    return tmp_path
