"""recommend_dask, and searches on Dask's backend of joblib."""

import warnings

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline

import estimators
from estimators import (
    ComplementNB,
    GDClassifier,
    GDRegressor,
    MLPClassifier,
    OneHotEncoder,
    PolynomialRegressor,
)
from pipelines import game_recommender, recommend, recommend_dask, scan_parquet
from tests.pipelines.partitions import (
    EXPECTED,
    WHOLE,
    distributed,
    lazily,
    made,
)

da = pytest.importorskip("dask.array")

pytestmark = pytest.mark.usefixtures("lists_stay_lists")


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


def test_files_and_empty_partitions_are_scored(parquet_folder):
    found = recommend_dask(EXPECTED, scan_parquet(parquet_folder, batch_size=7), 1)["label_1"].compute(
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
    "BinEncoder": (
        make_pipeline(estimators.BinEncoder(), ComplementNB()),
        {"binencoder__n_bins": [2, 5]},
    ),
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
