"""GDClassifier with callbacks, pickles, feature names and metadata routing."""

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from sklearn import config_context
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators.logistic import GDClassifier
from tests.estimators.logistic_cases import data


@pytest.mark.parametrize("learning_rate", ["auto", 0.1])
@pytest.mark.parametrize("kind", ["dense", "huge", "csr"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_callbacks_see_every_iteration(learning_rate, kind, capsys):
    X, y = data(3)
    X = {"dense": X, "huge": X * 1e90, "csr": sp.csr_array(X)}[kind]
    if kind == "huge" and learning_rate != "auto":
        learning_rate = 1e-182
    model = GDClassifier(alpha=0, learning_rate=learning_rate, max_iter=12)
    plain = clone(model).fit(X, y)
    monitor = ScoringMonitor(scoring="neg_log_loss")
    model.set_callbacks(monitor, ProgressBar()).fit(X, y)
    np.testing.assert_array_equal(model.coef_, plain.coef_)
    scores = [entry["neg_log_loss"] for entry in monitor.get_logs().data]
    # without a penalty the objective is the log loss of the model after each iteration; the first entry is the fit's
    np.testing.assert_allclose(scores[1:], -np.array(model.loss_curve_), rtol=1e-9)
    assert "GDClassifier" in capsys.readouterr().out


def test_a_callback_can_stop_the_search():
    class Stop:
        def setup(self, estimator, context): ...

        def teardown(self, estimator, context): ...

        def on_fit_task_begin(self, estimator, context): ...

        def on_fit_task_end(self, estimator, context):
            return context.task_id == 2

    model = GDClassifier().set_callbacks(Stop()).fit(*data(3))
    assert model.n_iter_ == 3


def test_callbacks_inside_a_grid_search_and_a_pipeline(capsys):
    X, y = data(3)
    monitor = ScoringMonitor(scoring="accuracy")
    pipeline = make_pipeline(StandardScaler(), GDClassifier().set_callbacks(monitor))
    search = GridSearchCV(pipeline, {"gdclassifier__alpha": [1e-2, 1e-1]}, cv=3)
    search.set_callbacks(ProgressBar()).fit(X, y)
    rows = monitor.get_logs().data
    assert len(rows) > 7 * 3  # 7 fits, several iterations each
    assert search.score(X, y) in [row["accuracy"] for row in rows if row["task_name"] == "fit"]
    assert "GridSearchCV" in capsys.readouterr().out


def test_pickle_clone_and_feature_names(tmp_path):
    X, y = load_iris(return_X_y=True)
    model = GDClassifier(alpha=0.1).fit(X, y)
    joblib.dump(model, tmp_path / "model.joblib")
    for copy in (joblib.load(tmp_path / "model.joblib"), pickle.loads(pickle.dumps(model))):
        np.testing.assert_array_equal(copy.predict_proba(X), model.predict_proba(X))
    assert clone(model).get_params() == model.get_params()
    columns = dict(zip("abcd", X.T, strict=True))
    for frame in (pd.DataFrame, pl.DataFrame):
        named = GDClassifier(alpha=0.1).fit(frame(columns), np.array(["x", "y", "z"])[y])
        assert named.feature_names_in_.tolist() == list("abcd")
        np.testing.assert_allclose(named.coef_, model.coef_, rtol=1e-12)
        assert named.predict(frame(columns))[0] == "x"
        with pytest.raises(ValueError, match="feature names should match"):
            named.predict(frame({name.upper(): values for name, values in columns.items()}))


def test_sample_weights_are_routed():
    X, y = data(2)
    weight = (np.arange(len(y)) < 250) + 0.01
    with config_context(enable_metadata_routing=True):
        model = (
            GDClassifier(alpha=1e-2).set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
        )
        search = GridSearchCV(make_pipeline(StandardScaler().set_fit_request(sample_weight=True), model), {})
        search.fit(X, y, sample_weight=weight)
        routed = cross_validate(
            model,
            X,
            y,
            params={"sample_weight": weight},
            return_estimator=True,
            cv=[(np.arange(300), np.arange(300))],
        )["estimator"][0]
    direct = GDClassifier(alpha=1e-2).fit(X[:300], y[:300], sample_weight=weight[:300])
    np.testing.assert_array_equal(routed.coef_, direct.coef_)
    scaled = StandardScaler().fit(X, sample_weight=weight).transform(X)
    expected = GDClassifier(alpha=1e-2).fit(scaled, y, sample_weight=weight)
    np.testing.assert_allclose(search.best_estimator_[-1].coef_, expected.coef_, rtol=1e-10)
