"""A training that goes on from a checkpoint is the one that was never interrupted."""

import os

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_digits, make_regression

from estimators import MLPClassifier, MLPRegressor, _progress
from pipelines import Checkpoint

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)  # few epochs are asked for

IMAGES, DIGITS = (part[:240] for part in load_digits(return_X_y=True))
IMAGES = IMAGES / 16
X_NUM, Y_NUM = make_regression(150, 6, n_targets=3, random_state=0)
WEIGHT = np.random.default_rng(0).uniform(0.2, 2, 240)
FEW = {"max_iter": 12, "random_state": 3, "hidden_layer_sizes": (20, 11)}
RESUMED = [
    {},
    {
        "solver": "sgd",
        "learning_rate": "adaptive",
        "tol": 0.1,
        "n_iter_no_change": 1,
        "learning_rate_init": 0.1,
    },
    {"solver": "rmsprop", "dropout": 0.3, "batch_norm": True},
    {"early_stopping": True, "dropout": [0.1, 0.2], "learning_rate_init": 0.01},
    {"early_stopping": True, "tol": 0.5, "n_iter_no_change": 2},
]


@pytest.mark.parametrize("settings", RESUMED, ids=str)
@pytest.mark.parametrize("random_state", [0, None])
def test_a_resumed_training_is_one_that_was_never_interrupted(settings, random_state, tmp_path):
    path, settings = tmp_path / "net.joblib", {**FEW, **settings, "random_state": random_state}
    settings["batch_size"] = 50
    np.random.seed(5)  # noqa: NPY002  what random_state=None draws from
    whole = MLPClassifier(**settings).fit(IMAGES, DIGITS, WEIGHT)
    np.random.seed(5)  # noqa: NPY002
    MLPClassifier(**{**settings, "max_iter": 5}).set_callbacks(Checkpoint(path)).fit(IMAGES, DIGITS, WEIGHT)
    resumed = MLPClassifier(**settings).fit(IMAGES, DIGITS, WEIGHT, resume_from=path)
    for name in ("loss_curve_", "history_", "validation_scores_", "n_iter_", "t_", "best_loss_"):
        assert getattr(resumed, name) == getattr(whole, name), name
    for one, two in zip(resumed.coefs_ + resumed.intercepts_, whole.coefs_ + whole.intercepts_, strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(resumed.predict_proba(IMAGES), whole.predict_proba(IMAGES))
    for model in (resumed, whole):
        model.set_params(early_stopping=False).partial_fit(IMAGES, DIGITS)
        model.set_params(warm_start=True, random_state=0).fit(IMAGES, DIGITS)
    if random_state is not None:  # else both go on drawing from the same global stream
        assert resumed.loss_curve_ == whole.loss_curve_


def test_a_checkpoint_is_a_model_and_comes_every_so_often(tmp_path):
    path = tmp_path / "net.joblib"
    model = MLPRegressor(**FEW).set_callbacks(Checkpoint(path, every=5)).fit(X_NUM, Y_NUM)
    saved = joblib.load(path)
    assert saved.n_iter_ == 10
    assert saved.loss_curve_ == model.loss_curve_[:10]
    expected = MLPRegressor(**{**FEW, "max_iter": 10}).fit(X_NUM, Y_NUM)
    np.testing.assert_array_equal(saved.predict(X_NUM), expected.predict(X_NUM))
    assert os.listdir(tmp_path) == ["net.joblib"]
    assert not hasattr(saved, "_skl_callbacks")


def test_what_cannot_be_resumed_is_an_error(tmp_path):
    path = tmp_path / "net.joblib"
    MLPRegressor(**FEW).set_callbacks(Checkpoint(path)).fit(X_NUM, Y_NUM)
    cases = [
        (MLPRegressor(**FEW, alpha=1.0), X_NUM, Y_NUM, r"other parameters: alpha=0\.0001 \(now 1\.0\)"),
        (MLPRegressor(**FEW), X_NUM[:99], Y_NUM[:99], "another number of rows"),
        (MLPClassifier(**FEW), IMAGES, DIGITS, "no checkpoint of a MLPClassifier.*holds a MLPRegressor"),
        (MLPRegressor(**FEW, solver="lbfgs"), X_NUM, Y_NUM, "resume_from: only for the solvers"),
        (MLPRegressor(**FEW), X_NUM[:, :3], Y_NUM, "features"),
    ]
    for model, X, y, message in cases:
        with pytest.raises(ValueError, match=message):
            model.fit(X, y, resume_from=path)
    with pytest.raises(ValueError, match=r"made with rows of float64\. Got rows of float32 instead"):
        MLPRegressor(**FEW).fit(X_NUM.astype(np.float32), Y_NUM, resume_from=path)
    whole = path.read_bytes()
    for damaged in (b"", whole[:10], whole[: len(whole) // 2], whole[:-5], b"hello"):
        path.write_bytes(damaged)
        with pytest.raises(
            ValueError, match=r"net\.joblib' cannot be read as a checkpoint; is it damaged\? "
        ):
            MLPRegressor(**FEW).fit(X_NUM, Y_NUM, resume_from=path)
    with pytest.raises(TypeError, match="PathLike"):
        MLPRegressor(**FEW).fit(X_NUM, Y_NUM, resume_from=5)
    joblib.dump(MLPRegressor(**FEW).fit(X_NUM, Y_NUM), path)
    with pytest.raises(ValueError, match="no checkpoint"):
        MLPRegressor(**FEW).fit(X_NUM, Y_NUM, resume_from=path)
    with pytest.raises(FileNotFoundError):
        MLPRegressor(**FEW).fit(X_NUM, Y_NUM, resume_from=tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="does not exist; make it first"):
        MLPRegressor(**FEW).set_callbacks(Checkpoint(tmp_path / "no" / "net")).fit(X_NUM, Y_NUM)
    with pytest.raises(IsADirectoryError, match="Checkpoint needs the path of a file"):
        MLPRegressor(**FEW).set_callbacks(Checkpoint(tmp_path)).fit(X_NUM, Y_NUM)
    with pytest.raises(ValueError, match="Checkpoint is for networks"):
        MLPRegressor(**FEW, solver="lbfgs").set_callbacks(Checkpoint(path)).fit(X_NUM, Y_NUM)
    with pytest.raises(ValueError, match="'every' parameter of Checkpoint must be an int"):
        Checkpoint(path, every=0)


def test_checkpoints_compare_every_parameter_but_those_that_may_change():
    assert set(_progress.MAY_CHANGE) < set(MLPClassifier().get_params())
