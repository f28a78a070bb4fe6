"""fit_dask on threads, processes and clusters, with partitions of every kind."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators import (
    ComplementNB,
    GDRegressor,
    PolynomialRegressor,
)
from pipelines import fit_dask, game_recommender, scan_parquet
from tests.effort import effort
from tests.pipelines.partitions import (
    PARTS,
    WHOLE,
    dask,
    dd,
    lazily,
    made,
    regression,
    same,
)

da = pytest.importorskip("dask.array")

pytestmark = pytest.mark.usefixtures("lists_stay_lists")


@pytest.mark.parametrize("scheduler", ["threads", "synchronous", "processes"])
def test_any_scheduler_of_this_machine(scheduler):
    same(fit_dask(game_recommender(), lazily(made), "title", scheduler))


@pytest.mark.parametrize("small", [0, 50_000])
def test_a_client_an_address_and_the_active_client(client, small, monkeypatch):
    monkeypatch.setattr("pipelines._scaling.cluster.MAX_INLINE_BYTES", small)
    same(fit_dask(game_recommender(), lazily(made), "title", client))
    same(fit_dask(game_recommender(), lazily(made), "title", client.scheduler.address))
    same(fit_dask(game_recommender(), lazily(made), "title"))


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


def test_parquet_by_dask_and_by_our_own_source(parquet_folder):
    whole = WHOLE[:120]
    expected = game_recommender().fit(whole.drop(columns="title"), whole["title"])
    same(fit_dask(game_recommender(), dd.read_parquet(parquet_folder), "title", "threads"), expected)
    same(
        fit_dask(game_recommender(), scan_parquet(parquet_folder, batch_size=3), "title", "threads"), expected
    )


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
