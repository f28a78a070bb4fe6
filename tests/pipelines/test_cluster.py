"""fit_dask and recommend_dask on threads, processes and clusters; faults with real processes that die."""

import os
import time
import warnings
from contextlib import contextmanager

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import ColumnTransformer
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

import estimators
from estimators import (
    ComplementNB,
    GDClassifier,
    GDRegressor,
    MLPClassifier,
    OneHotEncoder,
    PolynomialRegressor,
)
from pipelines import fit_dask, game_recommender, recommend, recommend_dask, scan_parquet
from tests.effort import effort

dask = pytest.importorskip("dask")
dd = pytest.importorskip("dask.dataframe")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")

PARTS = 10
SETTINGS = {
    "dataframe.convert-string": False,
    "distributed.scheduler.allowed-failures": 3,
    "distributed.comm.retry.count": 2,
    "distributed.worker.daemon": True,
}


@pytest.fixture(autouse=True)
def lists_stay_lists():
    with dask.config.set(SETTINGS):
        yield


@contextmanager
def local_cluster(**options):
    options = {"n_workers": 2, "threads_per_worker": 1, "memory_limit": 0} | options
    options["dashboard_address"] = "127.0.0.1:0"
    with dask.config.set(SETTINGS), distributed.LocalCluster(host="127.0.0.1", **options) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def cluster():
    """Two processes under nannies."""
    with local_cluster() as cluster:
        yield cluster


@pytest.fixture
def client(cluster):
    with distributed.Client(cluster) as client:
        yield client


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


@pytest.mark.parametrize("scheduler", ["threads", "synchronous", "processes"])
def test_any_scheduler_of_this_machine(scheduler):
    same(fit_dask(game_recommender(), lazily(made), "title", scheduler))


@pytest.mark.parametrize("small", [0, 50_000])
def test_a_client_an_address_and_the_active_client(client, small, monkeypatch):
    monkeypatch.setattr("pipelines._scaling.cluster.MAX_INLINE_BYTES", small)
    same(fit_dask(game_recommender(), lazily(made), "title", client))
    same(fit_dask(game_recommender(), lazily(made), "title", client.scheduler.address))
    same(fit_dask(game_recommender(), lazily(made), "title"))


def regression(regressor):
    columns = ColumnTransformer(
        [("n", StandardScaler(), ["x"]), ("b", OneHotEncoder(sparse_output=False), ["budget"])]
    )
    return make_pipeline(columns, regressor)


@given(st.lists(st.integers(0, len(WHOLE)), max_size=20), st.randoms(use_true_random=False))
@settings(max_examples=effort(8, 3))
def test_any_partition_in_any_order_is_fit(cuts, random):
    order = list(range(len(WHOLE)))
    random.shuffle(order)
    cuts = sorted(cuts)
    parts = [WHOLE.iloc[order[a:b]] for a, b in zip([0, *cuts], [*cuts, len(WHOLE)], strict=True)]
    X = lazily(lambda part: parts[part], parts=range(len(parts)))
    same(fit_dask(game_recommender(), X, "title", "synchronous"))
    frame = WHOLE.drop(columns="y")
    for regressor in (GDRegressor(alpha=0.1), PolynomialRegressor(2, expand=[0], alpha=0.1)):
        expected = regression(regressor).fit(frame, WHOLE["y"])
        model = fit_dask(regression(regressor), X, "y", "synchronous")
        assert_allclose(model[-1].coef_, expected[-1].coef_, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("chunks", [(100, 4), (7, 2)])
def test_arrays(chunks):
    rng = np.random.default_rng(0)
    X, y = rng.normal(3, 2, (100, 4)), rng.normal(size=100)
    expected = make_pipeline(StandardScaler(), GDRegressor()).fit(X, y)
    model = make_pipeline(StandardScaler(), GDRegressor())
    fit_dask(model, da.from_array(X, chunks), da.from_array(y, 13), "threads")
    assert_allclose(model[-1].coef_, expected[-1].coef_, rtol=1e-10)


def test_a_target_beside_the_frame_and_weights_in_it():
    X = lazily(made)
    expected = GDRegressor().fit(WHOLE[["x"]], WHOLE["y"])
    assert_allclose(fit_dask(GDRegressor(), X[["x"]], X["y"], "threads").coef_, expected.coef_, rtol=1e-10)
    weighted = X.assign(w=X["x"].abs())[["x", "y", "w"]]
    model = fit_dask(GDRegressor(), weighted, "y", "threads", sample_weight="w")
    expected = GDRegressor().fit(WHOLE[["x"]], WHOLE["y"], WHOLE["x"].abs())
    assert_allclose(model.coef_, expected.coef_, rtol=1e-10)
    with pytest.raises(
        ValueError, match="X and y must have the same partitions. Got 10 partitions of X and 1 of y"
    ):
        fit_dask(GDRegressor(), X[["x"]], X["y"].repartition(npartitions=1), "threads")


@pytest.fixture
def folder(tmp_path):
    for part in range(3):
        made(part).to_parquet(tmp_path / f"{part}.parquet")
    return tmp_path


def test_parquet_by_dask_and_by_our_own_source(folder):
    whole = WHOLE[:120]
    expected = game_recommender().fit(whole.drop(columns="title"), whole["title"])
    same(fit_dask(game_recommender(), dd.read_parquet(folder), "title", "threads"), expected)
    same(fit_dask(game_recommender(), scan_parquet(folder, batch_size=3), "title", "threads"), expected)


def test_parquet_with_another_schema_names_file_and_column(folder):
    made(3).assign(budget=3).to_parquet(folder / "3.parquet")
    says = "In file '.*3.parquet': Column 'budget' must contain values of kind 'text', as in .*Got values of kind 'number'"
    with pytest.raises(ValueError, match=says):
        fit_dask(game_recommender(), dd.read_parquet(folder), "title", "threads")
    made(3).rename(columns={"budget": "bugdet"}).to_parquet(folder / "3.parquet")
    with pytest.raises(
        ValueError, match="In file '.*3.parquet': Column 'budget' is missing. It occurs in the other files"
    ):
        fit_dask(game_recommender(), dd.read_parquet(folder), "title", "threads")


def test_a_value_that_is_refused_names_partition_and_file(folder):
    made(3).assign(x=np.nan).to_parquet(folder / "3.parquet")
    with pytest.raises(ValueError, match="In partition 3, file '.*3.parquet': .*NaN"):
        fit_dask(GDRegressor(), dd.read_parquet(folder)[["x", "y"]], "y", "threads")
    with pytest.raises(ValueError, match="In file '.*3.parquet': .*NaN"):
        fit_dask(GDRegressor(), scan_parquet(folder, columns=["x", "y"]), "y", "threads")


def test_the_named_file_is_the_one_of_the_partition(tmp_path):
    for part in range(11):  # Dask reads 2.parquet before 10.parquet
        made(part).assign(x=np.nan if part == 10 else 1.0).to_parquet(tmp_path / f"{part}.parquet")
    with pytest.raises(ValueError, match="In partition 10, file '.*10.parquet': .*NaN"):
        fit_dask(GDRegressor(), dd.read_parquet(tmp_path)[["x", "y"]], "y", "threads")


# Faults, in real processes.


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
            "In partition 4: Column 'budget' must contain values of kind 'text'.*Got values of kind 'number'",
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


def test_an_empty_partition_and_only_empty_ones(client):
    X = lazily(lambda part: made(part).iloc[: 0 if part in (0, 4, 9) else None])
    whole = pd.concat([made(part) for part in range(PARTS) if part not in (0, 4, 9)])
    same(
        fit_dask(game_recommender(), X, "title"),
        game_recommender().fit(whole.drop(columns="title"), whole["title"]),
    )
    with pytest.raises(ValueError, match="The batches must contain at least one row"):
        fit_dask(game_recommender(), lazily(lambda part: made(part).iloc[:0]), "title")


def test_a_label_and_a_category_that_one_partition_has(client):
    def rare(part):
        frame = made(part)
        return frame.assign(title="Aaa", budget="rare") if part == 7 else frame

    whole = pd.concat([rare(part) for part in range(PARTS)])
    expected = game_recommender(classifier=ComplementNB()).fit(whole.drop(columns="title"), whole["title"])
    same(fit_dask(game_recommender(classifier=ComplementNB()), lazily(rare), "title"), expected)
    assert expected[-1].classes_[0] == "Aaa"


def test_passes_that_see_other_rows():
    asked = []

    def shrinking(part):
        asked.append(part)
        return made(part).iloc[: 40 if len(asked) <= PARTS else 39]

    with pytest.raises(
        ValueError, match="Pass 2 over the batches read 390 rows, but the first pass read 400"
    ):
        fit_dask(game_recommender(), lazily(shrinking), "title", "synchronous")


# Refusals.


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


def test_files_and_a_target_beside_them(folder):
    with pytest.raises(
        TypeError,
        match="The 'y' parameter of fit_dask must be a column name or a list of names if X is read from files",
    ):
        fit_dask(GDRegressor(), scan_parquet(folder), da.ones(120))


def test_a_partition_without_weight_counts_as_in_fit():
    def weighed(part):
        return made(part)[["x", "y"]].assign(w=0.0 if part == 3 else 2.0)

    whole = pd.concat([weighed(part) for part in range(PARTS)])
    X = dd.from_delayed([dask.delayed(weighed)(part) for part in range(PARTS)], verify_meta=False)
    model = make_pipeline(StandardScaler(), GDRegressor())
    fit_dask(model, X, "y", "threads", sample_weight="w")
    expected = make_pipeline(StandardScaler(), GDRegressor())
    expected.fit(whole[["x"]], whole["y"], gdregressor__sample_weight=whole["w"])
    assert_allclose(model[0].mean_, expected[0].mean_)
    assert_allclose(model[-1].coef_, expected[-1].coef_, rtol=1e-10)


def test_nothing_is_left_on_the_cluster(client):
    fit_dask(game_recommender(), lazily(made), "title", client)
    bad = lazily(lambda part: made(part).assign(x=np.nan if part == 4 else 1.0))
    with pytest.raises(ValueError, match="In partition 4: .*NaN"):
        fit_dask(regression(GDRegressor()), bad, "y")
    client.run_on_scheduler(lambda: None)  # what was given up before is gone by the time of the answer
    assert not client.futures


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


# Scoring.


def check_scored(scored, k=3):
    labels, scores = recommend(EXPECTED, WHOLE, k)
    found = scored.compute()
    assert list(found) == [f"{what}_{i + 1}" for what in ("label", "score") for i in range(k)]
    assert found.iloc[:, :k].to_numpy().tolist() == labels.tolist()
    assert_array_equal(found.iloc[:, k:], scores)
    return found


def test_a_customer_base_is_scored_on_threads_and_on_a_cluster(cluster):
    assert check_scored(recommend_dask(EXPECTED, lazily(made), 3)).index.tolist() == WHOLE.index.tolist()
    with distributed.Client(cluster):
        check_scored(recommend_dask(EXPECTED, lazily(made), 3))
        assert recommend_dask(EXPECTED, lazily(made), 99).shape[1] == 2 * len(EXPECTED[-1].classes_)


class Loud:
    """Write a line for each time that it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __setstate__(self, state):
        self.__dict__ = state
        with open(self.path, "a") as file:
            file.write("x")


def test_the_model_is_sent_to_each_worker_once(client, tmp_path):
    model = game_recommender().fit(WHOLE.drop(columns="title"), WHOLE["title"])
    model.loud = Loud(str(tmp_path / "sent"))
    recommend_dask(model, lazily(made), 1).compute()
    assert len((tmp_path / "sent").read_text()) <= 2 + 1  # two workers; at most one hands it on


def test_files_and_empty_partitions_are_scored(folder):
    found = recommend_dask(EXPECTED, scan_parquet(folder, batch_size=7), 1)["label_1"].compute(
        scheduler="threads"
    )
    assert found.tolist() == recommend(EXPECTED, WHOLE[:120], 1)[0][:, 0].tolist()
    X = lazily(lambda part: made(part).iloc[: 0 if part else None])
    assert len(recommend_dask(EXPECTED, X, 1).compute(scheduler="threads")) == 40
    with pytest.raises(ValueError, match="The 'k' parameter of recommend_dask must be an int"):
        recommend_dask(EXPECTED, X, 0)
    with pytest.raises(TypeError, match="The 'X' parameter of recommend_dask must be a Dask"):
        recommend_dask(EXPECTED, WHOLE)
    with pytest.raises(NotFittedError):
        recommend_dask(game_recommender(), X)
    with pytest.raises(
        TypeError, match="parameter of recommend_dask must be a classifier. Got a GDRegressor"
    ):
        recommend_dask(GDRegressor().fit(WHOLE[["x"]], WHOLE["y"]), X)


# Searches on the cluster.

X_NUM, Y_NUM = np.random.default_rng(0).normal(size=(60, 3)), np.tile([0, 1, 2], 20)
GRIDS = {
    "BernoulliNB": (estimators.BernoulliNB(), {"alpha": [0.5, 1.0]}),
    "CatalogueNB": (estimators.CatalogueNB(), {"popularity": [0.5, 1.0]}),
    "ComplementNB": (ComplementNB(), {"alpha": [0.5, 1.0]}),
    "GDClassifier": (GDClassifier(), {"alpha": [0.1, 1.0]}),
    "GDRegressor": (GDRegressor(), {"alpha": [0.1, 1.0]}),
    "MLPClassifier": (MLPClassifier((3,), max_iter=3, random_state=0), {"alpha": [0.1, 1.0]}),
    "MLPRegressor": (
        estimators.MLPRegressor(hidden_layer_sizes=(3,), max_iter=3, random_state=0),
        {"alpha": [0.1, 1.0]},
    ),
    "MultinomialNB": (estimators.MultinomialNB(), {"alpha": [0.5, 1.0]}),
    "MultiHotEncoder": (
        make_pipeline(estimators.MultiHotEncoder(handle_unknown="ignore"), ComplementNB()),
        {"multihotencoder__handle_unknown": ["ignore", "other"]},
    ),
    "OneHotEncoder": (
        make_pipeline(OneHotEncoder(handle_unknown="ignore"), ComplementNB()),
        {"onehotencoder__handle_unknown": ["ignore", "other"]},
    ),
    "PolynomialRegressor": (PolynomialRegressor(), {"degree": [1, 2]}),
}


def test_every_estimator_is_among_those_searched():
    assert {*GRIDS, "LossCurveDisplay"} == set(estimators.__all__)


@pytest.mark.parametrize("name", GRIDS)
def test_searches_and_cross_validation_on_dasks_backend_of_joblib(client, name):
    estimator, grid = GRIDS[name]
    X = np.abs(X_NUM) if name.endswith("NB") else X_NUM.round() if name.endswith("Encoder") else X_NUM
    if name == "MultiHotEncoder":
        X = [[value] for value in X[:, 0].tolist()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # three epochs
        search = GridSearchCV(estimator, grid, cv=3)
        here = search.fit(X, Y_NUM).cv_results_["mean_test_score"]
        with joblib.parallel_config(backend="dask"):
            there = search.fit(X, Y_NUM).cv_results_["mean_test_score"]
            scores = cross_val_score(estimator, X, Y_NUM, cv=3)
    assert_allclose(there, here)
    assert np.isfinite(scores).all()
