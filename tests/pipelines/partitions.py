"""Rows in the partitions of a Dask collection, and a cluster of processes on this machine."""

import multiprocessing
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators import OneHotEncoder
from pipelines import game_recommender
from tests.effort import THOROUGH

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")
distributed = pytest.importorskip("distributed")

PARTS = 10
# "spawn" is Dask's default: every worker imports all packages anew. A server that has imported them and forks
# the workers saves most of that time.
START = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() and not THOROUGH else "spawn"
multiprocessing.set_forkserver_preload(["distributed", "pipelines.scale"])
SETTINGS = {
    "multiprocessing.context": START,
    "distributed.worker.multiprocessing-method": START,
    "dataframe.convert-string": False,
    "distributed.scheduler.allowed-failures": 3,
    "distributed.comm.retry.count": 2,
    "distributed.worker.daemon": True,
}


@contextmanager
def local_cluster(**options):
    options = {"n_workers": 2, "threads_per_worker": 1, "memory_limit": 0} | options
    options["dashboard_address"] = "127.0.0.1:0"
    with dask.config.set(SETTINGS), distributed.LocalCluster(host="127.0.0.1", **options) as cluster:
        yield cluster


def made(part, n=40):
    rng = np.random.default_rng(part)
    return pd.DataFrame(
        {
            "title": rng.choice([f"game {i}" for i in range(12)], n),
            "budget": rng.choice(["cheap", "premium", "standard"], n),
            "gameplay_types": [rng.choice(["Puzzle", "Racing", "Shooter"], 2).tolist() for _ in range(n)],
            "x": rng.normal(5, 3, n),
            "y": rng.normal(0, 1, n),
        }
    )


WHOLE = pd.concat([made(part) for part in range(PARTS)])
EXPECTED = game_recommender().fit(WHOLE.drop(columns="title"), WHOLE["title"])


def lazily(function, *arguments, parts=range(PARTS)):
    rows = [dask.delayed(function, pure=False)(part, *arguments) for part in parts]
    return dd.from_delayed(rows, meta=made(0).iloc[:0], verify_meta=False)


def same(model, expected=EXPECTED):
    assert_array_equal(model[-1].classes_, expected[-1].classes_)
    assert_array_equal(model[-1].feature_count_, expected[-1].feature_count_)
    assert_array_equal(model[-1].class_count_, expected[-1].class_count_)


def regression(regressor):
    columns = ColumnTransformer(
        [("n", StandardScaler(), ["x"]), ("b", OneHotEncoder(sparse_output=False), ["budget"])]
    )
    return make_pipeline(columns, regressor)
