"""Held-out rows: for early stopping and for the history."""

import re

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.datasets import load_digits
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import log_loss
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from estimators import MLPClassifier, MLPRegressor
from pipelines import Checkpoint
from tests.estimators.networks import COUNTS, DIGITS, FEW, IMAGES, OURS, WEIGHT, X_NUM, Y_NUM, small

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)  # few epochs are enough


@pytest.mark.parametrize("estimator", OURS)
@pytest.mark.parametrize("early_stopping", [False, True])
def test_held_out_rows_of_ones_own(estimator, early_stopping):
    X, y = small(estimator)
    settings = {**FEW, "max_iter": 40, "learning_rate_init": 0.02, "early_stopping": early_stopping}
    model = estimator(**settings, n_iter_no_change=3).fit(X[:100], y[:100], X_val=X[100:], y_val=y[100:])
    history = pd.DataFrame(model.history_)
    assert list(history) == ["loss", "score", "val_loss", "val_score"]
    assert history["loss"].tolist() == model.loss_curve_
    assert len(history) == model.n_iter_
    score = model.score(X[100:], y[100:])
    if early_stopping:
        assert model.validation_scores_ == history["val_score"].tolist()
        assert score == pytest.approx(max(model.validation_scores_))  # the best weights are back
        assert model.t_ == 100 * model.n_iter_
    else:
        assert score == pytest.approx(history["val_score"].iloc[-1])
        assert (
            model.loss_curve_ == estimator(**settings, n_iter_no_change=3).fit(X[:100], y[:100]).loss_curve_
        )


@pytest.mark.parametrize("early_stopping", [True, False])
def test_the_weights_that_come_back_have_their_running_statistics(early_stopping):
    """The best epoch is not the last: its statistics of batch_norm must come back with its weights."""
    settings = {**FEW, "batch_norm": True, "early_stopping": early_stopping, "learning_rate_init": 0.5}
    model = MLPClassifier(**{**settings, "max_iter": 30}, n_iter_no_change=30)
    model.fit(IMAGES[:100], DIGITS[:100], X_val=IMAGES[100:], y_val=DIGITS[100:])
    held_out = log_loss(DIGITS[100:], model.predict_proba(IMAGES[100:]))
    scores = model.history_["val_score"]
    epoch = int(np.argmax(scores)) if early_stopping else -1
    assert 0 < int(np.argmax(scores)) < 29
    assert held_out == pytest.approx(model.history_["val_loss"][epoch])


def test_held_out_rows_have_weights():
    split = IMAGES[:200], DIGITS[:200]
    held_out = {"X_val": IMAGES[200:], "y_val": DIGITS[200:]}
    model = MLPClassifier(**FEW).fit(*split, **held_out, sample_weight_val=WEIGHT[200:])
    score = model.score(IMAGES[200:], DIGITS[200:], WEIGHT[200:])
    assert model.history_["val_score"][-1] == pytest.approx(score)
    plain = MLPClassifier(**FEW).fit(*split, **held_out)
    assert plain.loss_curve_ == model.loss_curve_
    assert plain.history_["val_loss"] != model.history_["val_loss"]


def test_a_pipeline_transforms_held_out_rows():

    with sklearn.config_context(enable_metadata_routing=True):
        net = MLPClassifier(**FEW).set_fit_request(X_val=True, y_val=True)
        steps = make_pipeline(StandardScaler(), net, transform_input=["X_val"])
        steps.fit(16 * IMAGES[:200], DIGITS[:200], X_val=16 * IMAGES[200:], y_val=DIGITS[200:])
    assert steps[-1].history_["val_score"][-1] == steps.score(16 * IMAGES[200:], DIGITS[200:])


def test_one_held_out_row_is_too_few_to_stop_early():
    for model, X, y in ((MLPRegressor, X_NUM, Y_NUM), (MLPClassifier, IMAGES, DIGITS)):
        with pytest.raises(
            ValueError, match="The validation set is too small. .* X_val must have at least 2 rows. Got 1"
        ):
            model(early_stopping=True).fit(X, y, X_val=X[:1], y_val=y[:1])
        assert len(model(**FEW).fit(X, y, X_val=X[:1], y_val=y[:1]).history_["val_loss"]) == 12


def test_verbose_prints_the_score_of_held_out_rows(capsys):
    held_out = {"X_val": IMAGES[200:], "y_val": DIGITS[200:]}
    model = MLPClassifier(**FEW, verbose=True).fit(IMAGES[:200], DIGITS[:200], **held_out)
    printed = re.findall(r"^Validation score: (.*)$", capsys.readouterr().out, flags=re.MULTILINE)
    assert printed == [f"{score:f}" for score in model.history_["val_score"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X_val": np.full((5, 6), np.nan)}, "^Input X_val contains NaN"),
        ({"X_val": np.zeros((5, 2))}, "^X_val has 2 features, but MLPRegressor is expecting 6 features"),
        ({"X_val": np.zeros(5)}, r"^X_val must be a 2D array .* shape \(5,\) instead"),
        (
            {"X_val": np.zeros((0, 6)), "y_val": np.zeros((0, 3))},
            "^X_val must be a 2D array with at least one row",
        ),
        ({"y_val": np.full((5, 3), np.inf)}, "^Input y_val contains infinity"),
        ({"y_val": np.full((5, 3), -1)}, "^Some value.* of y_val .* of the loss 'poisson': y_val >= 0"),
        ({"sample_weight_val": [1.0, 2.0]}, r"sample_weight_val\.shape == \(2,\)"),
        ({"sample_weight_val": np.full(5, np.nan)}, "^Input sample_weight_val contains NaN"),
        ({"sample_weight_val": np.zeros(5)}, "^sample_weight_val must contain at least one non-zero"),
    ],
    ids=str,
)
def test_errors_of_held_out_rows_name_them(change, message):
    held_out = {"X_val": X_NUM[:5], "y_val": COUNTS[:5], **change}
    model = MLPRegressor("poisson", max_iter=1)
    with pytest.raises(ValueError, match=message):
        model.fit(X_NUM, COUNTS, **held_out)
    assert not hasattr(model, "coefs_")  # random weights would answer
    frame = pd.DataFrame(X_NUM).add_prefix("x")
    with pytest.raises(ValueError, match="X_val: The feature names should match"):
        model.fit(frame, COUNTS, X_val=frame.add_suffix("y")[:5], y_val=COUNTS[:5])


def test_held_out_targets_must_fit_those_of_training():
    X, y = load_digits(return_X_y=True)
    X, y = X[:60], y[:60]
    several = np.column_stack([y > 3, y > 6]).astype(int)
    column = MLPClassifier((5,), max_iter=3, random_state=0)
    with pytest.warns(DataConversionWarning):
        column.fit(X, y, X_val=X, y_val=y[:, np.newaxis])
    flat = MLPClassifier((5,), max_iter=3, random_state=0).fit(X, y, X_val=X, y_val=y)
    assert column.history_ == flat.history_
    for model, target, held_out in (
        (MLPRegressor(hidden_layer_sizes=(5,), max_iter=2), X[:, :2], X[:, 0]),
        (MLPRegressor(hidden_layer_sizes=(5,), max_iter=2), X[:, 0], X[:, :2]),
        (MLPClassifier((5,), max_iter=2), several, y > 3),
        (MLPClassifier((5,), max_iter=2), y, several),
        (MLPClassifier((5,), max_iter=2), several, np.column_stack([several, y > 5]).astype(int)),
    ):
        with pytest.raises(ValueError, match="y_val must have"):
            model.fit(X, target, X_val=X, y_val=held_out)
    with pytest.raises(ValueError, match="sample_weight_val was passed without X_val and y_val"):
        MLPClassifier((5,), max_iter=2).fit(X, y, sample_weight_val=np.ones(3))


def test_a_training_with_held_out_rows_is_resumed_with_them(tmp_path):
    X, y = load_digits(return_X_y=True)
    X, y, path = X[:60], y[:60], tmp_path / "net.joblib"
    settings = {"hidden_layer_sizes": (5,), "early_stopping": True, "random_state": 0}
    MLPClassifier(max_iter=3, **settings).set_callbacks(Checkpoint(path)).fit(X, y, X_val=X, y_val=y)
    with pytest.raises(ValueError, match="with X_val and y_val. Pass the same"):
        MLPClassifier(max_iter=6, **settings).fit(X, y, resume_from=path)
    MLPClassifier(max_iter=3, **settings).set_callbacks(Checkpoint(path)).fit(X, y)
    with pytest.raises(ValueError, match="saved without X_val and y_val. Do not pass them"):
        MLPClassifier(max_iter=6, **settings).fit(X, y, X_val=X, y_val=y, resume_from=path)


ROWS = [[0.0], [1.0], [2.0]]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_missing_values_in_held_out_rows_are_errors_that_name_them(missing):
    model = MLPRegressor(hidden_layer_sizes=(2,), max_iter=1)
    with pytest.raises(ValueError, match="Input X_val contains NaN"):
        model.fit(ROWS, [0, 1, 2], X_val=[[missing], [1]], y_val=[0, 1])
    with pytest.raises(ValueError, match="Input y_val contains NaN"):
        model.fit(ROWS, [0, 1, 2], X_val=ROWS[:2], y_val=[missing, 1])


def test_missing_held_out_labels_are_errors_that_name_them():
    with pytest.raises(ValueError, match=r"y_val: Input y contains a missing label: y\[1\] is <NA>"):
        MLPClassifier((2,), max_iter=1).fit(ROWS, list("aba"), X_val=ROWS[:2], y_val=["a", pd.NA])


def test_none_among_the_targets_is_a_missing_value():
    with pytest.raises(ValueError, match="Input y contains NaN"):
        MLPRegressor(hidden_layer_sizes=(2,), max_iter=1).fit(ROWS, [None, 1, 2])


def test_dates_are_no_held_out_rows():
    with pytest.raises(ValueError, match="X_val: X must contain numbers. Got dates"):
        MLPRegressor(max_iter=1).fit(ROWS, [0, 1, 2], X_val=np.array([["2020"]], dtype="M8[Y]"), y_val=[1])


@pytest.mark.parametrize("kinds", [(True, "loss"), ("loss", "score")], ids=str)
def test_a_warm_start_that_monitors_something_else_looks_for_a_new_best_epoch(kinds):
    """A loss cannot be compared with a score: no epoch would be better than the earlier ones."""
    settings = {"max_iter": 20, "learning_rate_init": 0.01, "random_state": 0, "warm_start": True}
    model = MLPRegressor(**settings, early_stopping=kinds[0]).fit(X_NUM, Y_NUM)
    model.set_params(early_stopping=kinds[1]).fit(X_NUM, Y_NUM)
    assert len(model.validation_scores_) == model.n_iter_
    if kinds[1] == "score":
        assert model.best_validation_score_ == max(model.validation_scores_)
    else:
        losses = model.history_["val_loss"][-model.n_iter_ :]
        assert model.best_validation_score_ == model.validation_scores_[int(np.argmin(losses))]
