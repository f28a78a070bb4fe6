"""What fit_dask refuses before it reads a row."""

import numpy as np
import pytest

from estimators import (
    GDClassifier,
    GDRegressor,
    MLPClassifier,
)
from pipelines import fit_dask, game_recommender, scan_parquet
from tests.pipelines.partitions import (
    WHOLE,
    lazily,
    made,
)

da = pytest.importorskip("dask.array")

pytestmark = pytest.mark.usefixtures("lists_stay_lists")


@pytest.mark.parametrize("model", [GDClassifier(), MLPClassifier()])
def test_models_without_sums_are_refused(model):
    with pytest.raises(TypeError, match="cannot be fitted by fit_batches or fit_dask"):
        fit_dask(model, lazily(made), "title")


def test_what_is_no_collection_no_client_no_column_no_number():
    with pytest.raises(TypeError, match="The 'X' parameter of fit_dask must be .* Got a pandas"):
        fit_dask(game_recommender(), WHOLE, "title")
    with pytest.raises(
        ValueError, match="must be a Client, the address of a cluster such as .* Got 'thread' instead"
    ):
        fit_dask(game_recommender(), lazily(made), "title", "thread")
    with pytest.raises(TypeError, match="must be a Client, .* or None. Got 3 instead"):
        fit_dask(game_recommender(), lazily(made), "title", 3)
    with pytest.raises(
        ValueError,
        match="The 'y' parameter must contain only the names of columns: 'title', .* Got 'name' instead",
    ):
        fit_dask(game_recommender(), lazily(made), "name")
    for retries in (-1, 1.5, True):
        with pytest.raises(
            ValueError, match="The 'retries' parameter of fit_dask must be an int in the range"
        ):
            fit_dask(game_recommender(), lazily(made), "title", retries=retries)


def test_a_target_that_does_not_fit():
    X, y = da.ones((20, 2), chunks=5), np.ones(20)
    with pytest.raises(TypeError, match="The 'y' parameter of fit_dask must be .*Got a ndarray instead"):
        fit_dask(GDRegressor(), X, y)
    with pytest.raises(
        ValueError, match="X and y must have the same number of rows. Got 20 rows of X and 21 of y"
    ):
        fit_dask(GDRegressor(), X, da.ones(21))
    with pytest.raises(TypeError, match="Batches must be data frames if 'y'.*Got a Array"):
        fit_dask(GDRegressor(), X, "x0")
    with pytest.raises(TypeError, match="Batches must be data frames if .*'sample_weight'.*Got a tuple"):
        fit_dask(GDRegressor(), lazily(made)[["x"]], lazily(made)["y"], sample_weight="x")
    with pytest.raises(ValueError, match=r"X must have the shape .*Got the shape \(20,\)"):
        fit_dask(GDRegressor(), X[:, 0], da.ones(20))
    with pytest.raises(TypeError, match=r"The 'y' parameter of fit_dask must be .*Got \[1\] instead"):
        fit_dask(GDRegressor(), lazily(made), y=[1])
    with pytest.raises(TypeError, match="The 'sample_weight' parameter of fit_dask must be .*Got 1 instead"):
        fit_dask(GDRegressor(), lazily(made), "y", sample_weight=1)


def test_files_and_a_target_beside_them(parquet_folder):
    with pytest.raises(
        TypeError,
        match="The 'y' parameter of fit_dask must be a column name or a list of names if X is read from files",
    ):
        fit_dask(GDRegressor(), scan_parquet(parquet_folder), da.ones(120))


def test_without_dask_the_extra_is_named(monkeypatch):
    monkeypatch.setattr("builtins.__import__", _without_dask(__import__))
    monkeypatch.delitem(__import__("sys").modules, "pipelines._scaling.cluster", raising=False)
    monkeypatch.delattr("pipelines._scaling.cluster", raising=False)
    with pytest.raises(ImportError, match=r"pip install 'tallygrad\[distributed\]'"):
        fit_dask(game_recommender(), None)


def _without_dask(real):
    def imported(name, *arguments, **named):
        if name.startswith("dask"):
            raise ImportError(name)
        return real(name, *arguments, **named)

    return imported
