"""Faults in fit_dask: bad partitions and files, and real processes that die."""

import os
import time

import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from estimators import (
    GDRegressor,
)
from pipelines import fit_dask, game_recommender, scan_parquet
from tests.pipelines.partitions import (
    PARTS,
    dd,
    distributed,
    lazily,
    local_cluster,
    made,
    same,
)

da = pytest.importorskip("dask.array")

pytestmark = pytest.mark.usefixtures("lists_stay_lists")


def test_parquet_with_another_schema_names_file_and_column(parquet_folder):
    made(3).assign(budget=3).to_parquet(parquet_folder / "3.parquet")
    says = "In file '.*3.parquet': Column 'budget' must contain values of type 'text', as in .*Got values of type 'number'"
    with pytest.raises(ValueError, match=says):
        fit_dask(game_recommender(), dd.read_parquet(parquet_folder), "title", "threads")
    made(3).rename(columns={"budget": "bugdet"}).to_parquet(parquet_folder / "3.parquet")
    with pytest.raises(
        ValueError, match="In file '.*3.parquet': Column 'budget' is missing. It occurs in the other files"
    ):
        fit_dask(game_recommender(), dd.read_parquet(parquet_folder), "title", "threads")


def test_a_value_that_is_refused_names_partition_and_file(parquet_folder):
    made(3).assign(x=np.nan).to_parquet(parquet_folder / "3.parquet")
    with pytest.raises(ValueError, match="In partition 3, file '.*3.parquet': .*NaN"):
        fit_dask(GDRegressor(), dd.read_parquet(parquet_folder)[["x", "y"]], "y", "threads")
    with pytest.raises(ValueError, match="In file '.*3.parquet': .*NaN"):
        fit_dask(GDRegressor(), scan_parquet(parquet_folder, columns=["x", "y"]), "y", "threads")


def test_the_named_file_is_the_one_of_the_partition(tmp_path):
    for part in range(11):  # Dask reads 2.parquet before 10.parquet
        made(part).assign(x=np.nan if part == 10 else 1.0).to_parquet(tmp_path / f"{part}.parquet")
    with pytest.raises(ValueError, match="In partition 10, file '.*10.parquet': .*NaN"):
        fit_dask(GDRegressor(), dd.read_parquet(tmp_path)[["x", "y"]], "y", "threads")


def dying(part, folder):
    """Kill the worker that reads partition 5 for the first time."""
    time.sleep(0.05)
    if part == 5 and not os.path.exists(f"{folder}/died"):
        open(f"{folder}/died", "w").close()
        os._exit(1)
    return made(part)


def test_a_worker_that_is_killed_in_the_middle(client, tmp_path):
    same(fit_dask(game_recommender(), lazily(dying, str(tmp_path)), "title"))
    assert (tmp_path / "died").exists()


def test_the_only_worker_that_is_killed(tmp_path):
    with local_cluster(n_workers=1) as cluster, distributed.Client(cluster):
        same(fit_dask(game_recommender(), lazily(dying, str(tmp_path)), "title"))
    assert (tmp_path / "died").exists()


def failing(part, folder):
    """Fail twice at partition 3."""
    if part == 3 and len(os.listdir(folder)) < 2:
        open(f"{folder}/{time.time_ns()}", "w").close()
        raise OSError("the disk is away")
    return made(part)


def test_a_partition_that_fails_twice_and_then_works(client, tmp_path):
    same(fit_dask(game_recommender(), lazily(failing, str(tmp_path)), "title"))
    assert len(os.listdir(tmp_path)) == 2


def test_a_partition_that_fails_more_often_than_it_is_tried(client, tmp_path):
    model = game_recommender()
    with pytest.raises(OSError, match="the disk is away"):
        fit_dask(model, lazily(failing, str(tmp_path)), "title", retries=1)
    with pytest.raises(NotFittedError):
        check_is_fitted(model[-1])


def counted(part, folder, change):
    open(f"{folder}/{part}-{time.time_ns()}", "w").close()
    frame = made(part)
    return change(frame) if part == 4 else frame


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            lambda f: f.drop(columns="budget"),
            "In partition 4: Column 'budget' is missing. It occurs in the collection",
        ),
        (
            lambda f: f.assign(more=1),
            "In partition 4: Column 'more' is unexpected. The columns must be those of the collection",
        ),
        (
            lambda f: f.assign(budget=1),
            "In partition 4: Column 'budget' must contain values of type 'text'.*Got values of type 'number'",
        ),
        (
            lambda f: f.assign(gameplay_types="['Puzzle']"),
            "(?s)In partition 4: .*bare string.*convert-string",
        ),
    ],
)
def test_a_wrong_schema_is_one_error_and_is_not_tried_again(client, tmp_path, change, says):
    with pytest.raises((ValueError, TypeError), match=says):
        fit_dask(game_recommender(), lazily(counted, str(tmp_path), change), "title")
    assert len(os.listdir(tmp_path)) == PARTS


def test_passes_that_see_other_rows():
    asked = []

    def shrinking(part):
        asked.append(part)
        return made(part).iloc[: 40 if len(asked) <= PARTS else 39]

    with pytest.raises(
        ValueError, match="Pass 2 over the batches read 390 rows, but the first pass read 400"
    ):
        fit_dask(game_recommender(), lazily(shrinking), "title", "synchronous")
