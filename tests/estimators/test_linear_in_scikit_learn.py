"""GDRegressor in scikit-learn: callbacks, searches, copies, stored models."""

import copy
import pickle
from functools import partial

import joblib
import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators import GDRegressor, PolynomialRegressor
from pipelines import load_model, save_model
from tests.estimators.linear_data import (
    MAX_GRAM_FEATURES,
    PENALTIES,
    Recorder,
    close,
    literal_loop,
    noisy,
    same_model,
    unfinished,
)


@pytest.mark.parametrize("penalty", PENALTIES)
@unfinished
def test_callbacks_see_every_iterate_of_textbook_descent(penalty):
    X, y, weight = noisy()
    alpha, l1_ratio = PENALTIES[penalty]
    new = partial(GDRegressor, alpha, l1_ratio, learning_rate=0.02, max_iter=9)
    watched = new().set_callbacks(recorder := Recorder()).fit(X, y, weight)
    assert len(recorder.models) == 9
    np.testing.assert_array_equal(recorder.weight, weight)
    for k, model in enumerate(recorder.models, start=1):
        w, b = literal_loop(X, y, 0.02, k, alpha, l1_ratio, sample_weight=weight)
        close(model.coef_, w, 1e-10)
        close(model.predict(X), X @ w + b, 1e-10)
        assert model.n_iter_ == k
    silent = new().fit(X, y, weight)
    same_model(watched, silent, 1e-12)
    np.testing.assert_allclose(watched.loss_curve_, silent.loss_curve_, rtol=1e-10)


@pytest.mark.parametrize(
    ("params", "d", "n_subtasks"),
    [
        ({}, 4, 1),
        ({"alpha": 0.1}, 4, 1),
        ({"alpha": 0.5, "l1_ratio": 1}, 4, None),
        ({"alpha": 0.1}, MAX_GRAM_FEATURES + 1, None),
        ({"alpha": 3.0, "l1_ratio": 1}, MAX_GRAM_FEATURES + 1, None),
        ({"learning_rate": 1e-11, "max_iter": 5}, MAX_GRAM_FEATURES + 1, 5),
    ],
)
@unfinished
def test_one_subtask_an_iteration(params, d, n_subtasks):
    X, y, _ = noisy(40, d)
    model = GDRegressor(**params).set_callbacks(recorder := Recorder()).fit(X, y)
    assert len(recorder.models) == (n_subtasks or model.n_iter_)
    same_model(recorder.models[-1], model, 1e-15)
    same_model(model, GDRegressor(**params).fit(X, y), 1e-15)


@unfinished
@pytest.mark.parametrize("params", [{"learning_rate": 1e-4}, {"alpha": 1e-3, "l1_ratio": 1}])
def test_a_callback_may_stop_the_descent(params):
    X, y, _ = noisy(60, 20)  # with n <= 2 d, the search with an L1 penalty takes fewer than three iterations
    model = GDRegressor(**params).set_callbacks(Recorder(stop_after=3)).fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == 3
    if "learning_rate" in params:
        close(model.coef_, literal_loop(X, y, 1e-4, 3)[0], 1e-10)


@unfinished
def test_scikit_learns_callbacks(capsys):
    X, y, _ = noisy()
    scores = ScoringMonitor(scoring="r2")
    model = GDRegressor(learning_rate=0.02, max_iter=6).set_callbacks(scores, ProgressBar()).fit(X, y)
    logged = scores.get_logs().data_as_pandas["r2"]  # of the whole fit, then of its iterations
    expected = [clone(model).set_params(max_iter=k).fit(X, y).score(X, y) for k in range(1, 7)]
    np.testing.assert_allclose(logged, [expected[-1], *expected], rtol=1e-10)
    assert "GDRegressor" in capsys.readouterr().out


@unfinished
def test_grid_search_over_everything():
    X, y, _ = noisy(90)
    grid = [
        {"gdregressor__max_iter": [3, 300], "gdregressor__learning_rate": [0.05, 0.1]},
        {"gdregressor__alpha": np.geomspace(1e-3, 1e3, 4), "gdregressor__l1_ratio": [0.0, 0.5, 1.0]},
    ]
    search = GridSearchCV(make_pipeline(StandardScaler(), GDRegressor()), grid, error_score="raise").fit(X, y)
    assert search.best_score_ > 0.5
    assert len(set(search.cv_results_["mean_test_score"])) >= 8


def test_sample_weight_is_routed():
    X, y, weight = noisy()
    with sklearn.config_context(enable_metadata_routing=True):
        model = GDRegressor().set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
        pipe = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), model).fit(
            X, y, sample_weight=weight
        )
        scaled = StandardScaler().fit_transform(X)
        same_model(pipe[-1], GDRegressor().fit(scaled, y, weight), 1e-12)
        search = GridSearchCV(model, {"alpha": [0.1]}, refit=True).fit(X, y, sample_weight=weight)
        same_model(search.best_estimator_, GDRegressor(0.1).fit(X, y, weight), 1e-12)
        assert GDRegressor().set_partial_fit_request(sample_weight=True)


FITTED = {
    "auto": lambda X, y: GDRegressor().fit(X, y),
    "lasso": lambda X, y: GDRegressor(0.1, 1).fit(X, y),
    "textbook": lambda X, y: GDRegressor(learning_rate=0.01, max_iter=7).fit(X, y),
    "chunks": lambda X, y: GDRegressor().partial_fit(X, y),
    "csr": lambda X, y: GDRegressor().fit(sp.csr_array(X), y),
}


@pytest.mark.parametrize("name", FITTED)
@unfinished
def test_models_are_copied_and_stored(name, tmp_path):
    X, y, _ = noisy()
    model = FITTED[name](X, y)
    assert not hasattr(clone(model), "coef_")
    assert b"estimators._" not in pickle.dumps(model)  # plain data, and no private class of ours
    joblib.dump(model, tmp_path / "model.joblib")
    for other in (
        pickle.loads(pickle.dumps(model)),
        joblib.load(tmp_path / "model.joblib"),
        copy.deepcopy(model),
    ):
        np.testing.assert_array_equal(other.coef_, model.coef_)
        np.testing.assert_array_equal(other.loss_curve_, model.loss_curve_)
        np.testing.assert_array_equal(other.predict(X), model.predict(X))
        same_model(other.partial_fit(X, y), copy.deepcopy(model).partial_fit(X, y), 1e-12)
        assert other.get_params() == model.get_params()


@pytest.mark.parametrize(
    ("base", "change"),
    [
        ({}, {"alpha": 0.5}),
        ({"alpha": 0.5}, {"l1_ratio": 0.7}),
        ({}, {"fit_intercept": False}),
        ({}, {"learning_rate": 0.01}),
        ({"learning_rate": 0.01}, {"learning_rate": 0.02}),
        ({"learning_rate": 0.01}, {"max_iter": 5}),
        ({"alpha": 0.1, "l1_ratio": 1}, {"max_iter": 1}),
        ({"alpha": 1e-3, "l1_ratio": 1}, {"tol": 0.9}),
    ],
)
@unfinished
def test_every_parameter_changes_something(base, change):
    X, y, _ = noisy(30, 40) if "tol" in change else noisy()
    one, other = (GDRegressor(**params).fit(X, y) for params in (base, base | change))
    assert not np.allclose(one.coef_, other.coef_, rtol=1e-9, atol=0)


@pytest.mark.parametrize("name", ["coef_", "intercept_", "n_iter_", "loss_curve_", "max_learning_rate_"])
def test_there_are_no_attributes_before_the_fit(name):
    with pytest.raises(AttributeError, match=f"no attribute '{name}', because it is not fitted yet"):
        getattr(GDRegressor(), name)
    for call in (lambda: GDRegressor().predict([[1.0]]), lambda: GDRegressor().alpha_path([1.0])):
        with pytest.raises(NotFittedError, match="This GDRegressor instance is not fitted yet"):
            call()


def test_fitting_leaves_its_input_alone_and_is_repeatable():
    X, y, weight = noisy()
    kept = copy.deepcopy((X, y, weight))
    for params in ({}, {"alpha": 0.1, "l1_ratio": 1}):
        GDRegressor(**params).fit(X, y, weight).alpha_path([0.1])
    for before, now in zip(kept, (X, y, weight), strict=True):
        np.testing.assert_array_equal(before, now)
    first, second = (GDRegressor(0.1, 1).fit(*noisy(50, 45)[:2]).coef_ for _ in range(2))
    np.testing.assert_array_equal(first, second)


@unfinished
def test_a_fitted_model_keeps_the_parameters_it_was_fitted_with():
    X, y, _ = noisy()
    model, expected = GDRegressor().partial_fit(X, y), GDRegressor().fit(X, y).coef_
    model.set_params(alpha=10.0)
    np.testing.assert_allclose(model.coef_, expected, rtol=1e-9)
    rate = GDRegressor(learning_rate=1e-3, max_iter=3)
    path = rate.fit(X, y).coef_path([5])[0]
    np.testing.assert_array_equal(rate.set_params(learning_rate=100.0).coef_path([5])[0], path)


def test_writing_into_coef_changes_nothing():
    X, y, _ = noisy()
    model = GDRegressor().fit(X, y)
    before = model.predict(X)
    model.coef_[:] = 0
    np.testing.assert_array_equal(model.predict(X), before)


@pytest.mark.parametrize(
    "model",
    [
        GDRegressor(),
        GDRegressor(0.1, 1.0),
        GDRegressor(learning_rate=1e-3, max_iter=5),
        GDRegressor(0.1, 1.0, learning_rate=1e-3, max_iter=5),
        PolynomialRegressor(2, learning_rate=1e-3, max_iter=5),
    ],
    ids=str,
)
@unfinished
def test_every_mode_can_be_stored_as_skops(model, tmp_path):
    X, y, _ = noisy()
    model.fit(X, y)
    again = load_model(save_model(model, tmp_path / "model.skops"))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.loss_curve_, model.loss_curve_)
