"""PolynomialRegressor in scikit-learn: callbacks, searches, copies, stored models."""

import copy
import pickle
from functools import partial

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from estimators import PolynomialRegressor
from tests.estimators.polynomial_data import DOMAIN, noisy, same_model, unfinished


@unfinished
def test_callbacks_see_every_iterate(capsys):
    X, y, _ = noisy()
    scores = ScoringMonitor(scoring="r2")
    new = partial(PolynomialRegressor, 2, learning_rate=0.1)
    model = new(max_iter=5).set_callbacks(scores, ProgressBar()).fit(X, y)
    expected = [new(max_iter=k).fit(X, y).score(X, y) for k in range(1, 6)]
    logged = scores.get_logs().data_as_pandas["r2"]  # of the whole fit, then of its iterations
    np.testing.assert_allclose(logged, [expected[-1], *expected], rtol=1e-10)
    assert "PolynomialRegressor" in capsys.readouterr().out
    same_model(model, new(max_iter=5).fit(X, y), X, 1e-12)
    lasso = PolynomialRegressor(2, alpha=0.01, l1_ratio=1).set_callbacks(scores).fit(X, y)
    assert len(scores.get_logs().data_as_pandas) == lasso.n_iter_ + 1


def test_a_warning_says_that_max_iter_ended_the_descent():
    X, y, _ = noisy()
    with pytest.warns(ConvergenceWarning, match="did not converge in max_iter=3 iterations"):
        PolynomialRegressor(learning_rate=0.1, max_iter=3).fit(X, y)


def test_grid_search_over_degree_and_penalty():
    X, y, _ = noisy()
    y = X[:, 0] ** 3 - 2 * X[:, 1] * X[:, 2] + np.random.default_rng(0).normal(size=200) * 0.01
    grid = {"degree": [1, 2, 3, 4], "alpha": [0.0, 0.1]}
    search = GridSearchCV(PolynomialRegressor(), grid, error_score="raise").fit(X, y)
    assert search.best_params_ == {"degree": 3, "alpha": 0.0}
    assert len(set(search.cv_results_["mean_test_score"])) == 8


def test_sample_weight_is_routed():
    X, y, weight = noisy()
    with sklearn.config_context(enable_metadata_routing=True):
        pipe = make_pipeline(FunctionTransformer(), PolynomialRegressor().set_fit_request(sample_weight=True))
        same_model(
            pipe.fit(X, y, sample_weight=weight)[-1], PolynomialRegressor().fit(X, y, weight), X, 1e-12
        )
        assert PolynomialRegressor(domain=[0, 1]).set_partial_fit_request(sample_weight=True)


@pytest.mark.parametrize(
    "params", [{}, {"learning_rate": 0.1, "max_iter": 5}, {"alpha": 0.01, "l1_ratio": 1}]
)
@unfinished
def test_models_are_copied_and_stored(params, tmp_path):
    X, y, _ = noisy()
    model = PolynomialRegressor(3, domain=np.array(DOMAIN), expand=["x0", "x1"], **params)
    model.fit(pd.DataFrame(X, columns=["x0", "x1", "x2"]), y)
    joblib.dump(model, tmp_path / "model.joblib")
    frame = pd.DataFrame(X, columns=["x0", "x1", "x2"])
    for other in (
        pickle.loads(pickle.dumps(model)),
        joblib.load(tmp_path / "model.joblib"),
        copy.deepcopy(model),
    ):
        np.testing.assert_array_equal(other.predict(frame), model.predict(frame))
        np.testing.assert_array_equal(other.coef_, model.coef_)
        np.testing.assert_array_equal(other.loss_curve_, model.loss_curve_)
        other.merge(model)
    assert not hasattr(clone(model), "coef_")
    assert b"estimators._" not in pickle.dumps(model)  # plain data, and no private class of ours


@pytest.mark.parametrize(
    ("base", "change"),
    [
        ({}, {"degree": 3}),
        ({}, {"interaction_only": True}),
        ({}, {"expand": [0]}),
        ({"alpha": 0.1}, {"domain": [-3, 3]}),
        ({}, {"alpha": 0.1}),
        ({"alpha": 0.1}, {"l1_ratio": 0.5}),
        ({}, {"fit_intercept": False}),
        ({}, {"learning_rate": 0.1}),
        ({"learning_rate": 0.1}, {"max_iter": 5}),
        ({"alpha": 1e-4, "l1_ratio": 1, "degree": 6}, {"tol": 0.9}),
    ],
)
@unfinished
def test_every_parameter_changes_something(base, change):
    X, y, _ = noisy()
    one, other = (PolynomialRegressor(**params).fit(X, y).predict(X) for params in (base, base | change))
    assert not np.allclose(one, other, rtol=1e-9, atol=0)


@pytest.mark.parametrize("name", ["coef_", "intercept_", "powers_", "n_iter_", "loss_curve_"])
def test_there_are_no_attributes_before_the_fit(name):
    with pytest.raises(AttributeError, match=f"no attribute '{name}', because it is not fitted yet"):
        getattr(PolynomialRegressor(), name)
    with pytest.raises(NotFittedError):
        PolynomialRegressor().get_feature_names_out()
