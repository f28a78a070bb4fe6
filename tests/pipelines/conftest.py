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
