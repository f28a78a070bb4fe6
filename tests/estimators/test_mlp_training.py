"""How a training runs: history, divergence, interrupts and callbacks."""

import copy
import re
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV

from estimators import MLPClassifier, MLPRegressor
from tests.estimators.networks import (
    COUNTS,
    DIGITS,
    FEW,
    IMAGES,
    OURS,
    WEIGHT,
    X_NUM,
    Y_NUM,
    small,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)  # few epochs are enough


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"solver": "sgd"}], ids=str)
def test_a_second_fit_begins_anew(settings):
    model = MLPClassifier(**FEW, **settings, dropout=0.2)
    once = copy.deepcopy(model).fit(IMAGES, DIGITS)
    twice = model.fit(IMAGES[:, ::-1], DIGITS).fit(IMAGES, DIGITS)
    assert twice.loss_curve_ == once.loss_curve_
    assert twice.history_ == once.history_
    np.testing.assert_array_equal(twice.predict_proba(IMAGES), once.predict_proba(IMAGES))


@pytest.mark.parametrize("estimator", OURS)
def test_the_same_seed_gives_the_same_network(estimator):
    X, y = small(estimator)
    settings = {**FEW, "dropout": 0.3, "batch_norm": True, "early_stopping": True}
    one, two = (estimator(**settings).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(one.predict(X), two.predict(X))
    for a, b in zip(one.coefs_, two.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_history_is_that_of_the_rows():
    """One batch that is the whole: its score and loss are those of the weights before the step."""
    settings = {**FEW, "batch_size": 240, "alpha": 0.0, "warm_start": True, "max_iter": 1}
    for y, weight in ((DIGITS, None), (DIGITS > 4, WEIGHT)):
        model = MLPClassifier(**settings).fit(IMAGES, y, weight)
        before = copy.deepcopy(model)
        model.fit(IMAGES, y, weight)
        assert model.history_["score"][1] == pytest.approx(before.score(IMAGES, y, weight))
        expected = log_loss(y, before.predict_proba(IMAGES), sample_weight=weight)
        assert model.history_["loss"][1] == pytest.approx(expected)


def test_a_history_of_several_fits_is_a_table():
    model = MLPRegressor(**{**FEW, "max_iter": 4}, warm_start=True).fit(X_NUM, Y_NUM)
    model.fit(X_NUM, Y_NUM, X_val=X_NUM, y_val=Y_NUM).set_params(solver="lbfgs").fit(X_NUM, Y_NUM)
    history = pd.DataFrame(model.history_)
    assert len(history) == 12
    assert history["loss"].notna().all()
    assert history["val_loss"].notna().tolist() == 4 * [False] + 4 * [True] + 4 * [False]
    assert history["score"].notna().tolist() == 8 * [True] + 4 * [False]


def test_lbfgs_has_a_history_too():
    model = MLPRegressor(solver="lbfgs", random_state=0).fit(
        X_NUM[:100], Y_NUM[:100], X_val=X_NUM[100:], y_val=Y_NUM[100:]
    )
    assert set(model.history_) == {"loss", "val_loss", "val_score"}
    assert len(model.history_["loss"]) == model.n_iter_
    assert model.history_["loss"][-1] == pytest.approx(model.loss_)


def test_warnings_point_at_the_call():
    with (
        pytest.warns(ConvergenceWarning) as caught,
        pytest.warns(UserWarning, match="to be clipped") as clipped,
    ):
        MLPClassifier(**FEW, batch_size=999).fit(IMAGES, DIGITS)
    assert {warning.filename for warning in [*caught, *clipped]} == {__file__}
    with pytest.warns(UserWarning, match="to be clipped") as caught:
        MLPClassifier(**FEW, batch_size=999).partial_fit(IMAGES, DIGITS, classes=range(10))
    assert caught[0].filename == __file__


@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop"])
def test_divergence_names_the_epoch_and_keeps_the_weights_before(solver):
    X, y = 1e3 * X_NUM, Y_NUM
    model = MLPRegressor(solver=solver, learning_rate_init=1e200, random_state=0, activation="identity")
    with pytest.raises(
        ValueError,
        match=r"became (nan|inf) in epoch \d+.*lower learning_rate_init\. Its value is 1e\+200 \(default: 0\.001",
    ):
        model.fit(X, y)
    assert all(np.isfinite(array).all() for array in model.coefs_ + model.intercepts_)
    assert not np.isfinite(model.loss_curve_[-1])


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_a_diverging_lbfgs_is_an_error_that_keeps_finite_weights(loss):
    model = MLPRegressor(loss, solver="lbfgs", random_state=0, activation="identity")
    with pytest.raises(
        ValueError, match=r"non-finite .* became (nan|inf) after iteration \d+\. Scale the feat"
    ):
        model.fit(1e155 * X_NUM, COUNTS)
    assert all(np.isfinite(array).all() for array in model.coefs_ + model.intercepts_)


def test_divergence_states_the_sign_of_the_best_score():
    settings = {"solver": "sgd", "learning_rate_init": 1e20, "random_state": 0, "early_stopping": True}
    model = MLPRegressor(**settings)
    with pytest.warns(ConvergenceWarning, match=r"the best validation score, -\d") as caught:
        model.fit(X_NUM, Y_NUM)
    assert model.best_validation_score_ < 0
    assert f"score, {model.best_validation_score_:g}." in str(caught[0].message)


def test_divergence_keeps_the_weights_of_the_epoch_before():
    settings = {"solver": "sgd", "learning_rate_init": 1.0, "random_state": 0, "activation": "identity"}
    model = MLPRegressor(**settings, batch_norm=True, l1=10.0, hidden_layer_sizes=(5, 5), batch_size=75)
    with pytest.raises(ValueError, match="The model keeps the weights after epoch") as caught:
        model.fit(X_NUM, Y_NUM)
    epoch = int(re.search(r"after epoch (\d+)", str(caught.value))[1])
    assert epoch > 0
    expected = clone(model).set_params(max_iter=epoch).fit(X_NUM, Y_NUM)
    for found, wanted in zip(
        model.coefs_ + model.intercepts_, expected.coefs_ + expected.intercepts_, strict=True
    ):
        np.testing.assert_array_equal(found, wanted)
    for found, wanted in zip(model.batch_norm_, expected.batch_norm_, strict=True):
        for name in ("scale", "shift", "running_mean", "running_variance"):
            np.testing.assert_array_equal(found[name], wanted[name])


@pytest.mark.filterwarnings("ignore:The standard deviation of y")
@pytest.mark.parametrize(
    ("scale", "rate", "became"), [(1e160, 1e-200, "inf"), (1e20, 1e300, r"\d+\.?\d*e\+\d+")]
)
def test_neither_loss_nor_weights_may_be_infinite(scale, rate, became):
    """An infinite loss while the weights are finite, and a finite one whose step makes them infinite."""
    model = MLPRegressor(solver="sgd", learning_rate_init=rate, random_state=0, activation="identity")
    with pytest.raises(ValueError, match=f"The loss became {became} in epoch 1. .* keeps .* epoch 0"):
        model.fit(X_NUM, scale * Y_NUM)
    assert all(np.isfinite(array).all() for array in model.coefs_ + model.intercepts_)


def test_divergence_with_early_stopping_keeps_the_best_and_warns():
    model = MLPRegressor(solver="sgd", learning_rate_init=5.0, early_stopping=True, random_state=0)
    with pytest.warns(
        ConvergenceWarning, match=r"became (nan|inf) in epoch .* keeps the weights with the best"
    ):
        model.fit(X_NUM, Y_NUM)
    assert np.isnan(model.validation_scores_[-1])
    assert np.isfinite(model.predict(X_NUM)).all()


class Interrupt:
    """A callback that behaves like Ctrl-C at the end of the third epoch."""

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context):
        if context.parent is not None and context.task_id == 2:
            raise KeyboardInterrupt


class Stop(Interrupt):
    def on_fit_task_end(self, estimator, context):
        return context.parent is not None and context.task_id == 2


@pytest.mark.parametrize("estimator", OURS)
def test_an_interrupted_training_keeps_what_was_learned(estimator):
    X, y = small(estimator)
    model = estimator(**FEW).set_callbacks(Interrupt())
    with pytest.warns(
        UserWarning, match=r"Training interrupted by user\. .* has completed 3 epochs"
    ) as caught:
        model.fit(X, y)
    assert caught[0].filename == __file__
    expected = estimator(**{**FEW, "max_iter": 3}).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    assert model.loss_curve_ == expected.loss_curve_


def test_an_interrupted_lbfgs_keeps_what_was_learned():
    model = MLPRegressor(**FEW, solver="lbfgs").set_callbacks(Interrupt())
    with pytest.warns(UserWarning, match=r"interrupted by user\. .* has completed 3 iterations") as caught:
        model.fit(X_NUM, Y_NUM)
    assert caught[0].filename == __file__
    expected = MLPRegressor(**{**FEW, "max_iter": 3}, solver="lbfgs").fit(X_NUM, Y_NUM)
    np.testing.assert_array_equal(model.predict(X_NUM), expected.predict(X_NUM))
    assert (model.n_iter_, model.loss_) == (3, expected.loss_)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_callback_may_stop_the_training(solver):
    model = MLPRegressor(**FEW, solver=solver).set_callbacks(Stop())
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model.fit(X_NUM, Y_NUM)
    assert model.n_iter_ == 3
    assert len(model.history_["loss"]) == 3


class InterruptAtOnce(Interrupt):
    def on_fit_task_begin(self, estimator, context):
        if context.parent is not None:
            raise KeyboardInterrupt


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"batch_norm": True}], ids=str)
def test_a_training_interrupted_at_once_keeps_its_first_weights(settings):
    with pytest.warns(UserWarning, match="has completed 0 epochs"):
        model = MLPRegressor(**FEW, **settings).set_callbacks(InterruptAtOnce()).fit(X_NUM, Y_NUM)
    other = MLPRegressor(**{**FEW, "max_iter": 1}, solver="sgd", learning_rate_init=1e-30, **settings)
    for one, two in zip(model.coefs_, other.fit(X_NUM, Y_NUM).coefs_, strict=True):
        np.testing.assert_array_equal(one, two)


class Unwanted(Interrupt):
    def setup(self, estimator, context):
        raise AssertionError("a callback was called")


def test_partial_fit_leaves_callbacks_alone():
    model = MLPRegressor(**FEW).set_callbacks(Unwanted())
    for _ in range(5):
        model.partial_fit(X_NUM, Y_NUM)
    assert not hasattr(model, "_callback_fit_ctx")
    with pytest.raises(AssertionError, match="a callback was called"):
        model.fit(X_NUM, Y_NUM)


def test_callbacks_see_every_epoch_and_change_nothing(capsys):
    plain = MLPClassifier(**FEW, dropout=0.2).fit(IMAGES, DIGITS)
    monitor = ScoringMonitor(scoring="accuracy")
    watched = MLPClassifier(**FEW, dropout=0.2).set_callbacks(monitor, ProgressBar()).fit(IMAGES, DIGITS)
    assert watched.loss_curve_ == plain.loss_curve_
    scores = monitor.get_logs().data_as_pandas
    epochs = scores[scores["task_name"] == "iteration"]
    assert len(epochs) == plain.n_iter_
    assert epochs["accuracy"].iloc[-1] == plain.score(IMAGES, DIGITS)
    assert epochs["accuracy"].iloc[0] < epochs["accuracy"].iloc[-1]


class Epochs(Interrupt):
    """A callback that a search hands on to its candidates, as it does the progress bar."""

    max_propagation_depth = None
    seen = 0

    def on_fit_task_end(self, estimator, context):
        self.seen += context.task_name == "iteration"


class Meddler(Interrupt):
    """A callback that keeps the models it is shown, and trains them further."""

    def __init__(self):
        self.shown, self.losses = [], []

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        if context.parent is not None:
            self.shown.append((fitted_estimator, fitted_estimator.predict_proba(IMAGES)))
            self.losses.append(fitted_estimator.loss_)
            fitted_estimator.set_callbacks().partial_fit(IMAGES, DIGITS)


def test_a_model_that_a_callback_keeps_stays_as_it_was():
    meddler = Meddler()
    meddler.on_fit_task_end = lambda estimator, context, *, fitted_estimator: meddler.shown.append(
        fitted_estimator
    )
    MLPClassifier(**FEW, early_stopping=True).set_callbacks(meddler).fit(IMAGES, DIGITS)
    for epoch, model in enumerate(meddler.shown[:-1], start=1):  # the last is that of the whole fit
        assert len(model.loss_curve_) == len(model.validation_scores_) == len(model.history_["loss"]) == epoch


def test_callbacks_cannot_change_the_training():
    plain = MLPClassifier(**FEW, dropout=0.2, batch_norm=True).fit(IMAGES, DIGITS)
    meddler = Meddler()
    watched = MLPClassifier(**FEW, dropout=0.2, batch_norm=True).set_callbacks(meddler).fit(IMAGES, DIGITS)
    assert watched.loss_curve_ == plain.loss_curve_ == meddler.losses
    assert watched.history_ == plain.history_
    np.testing.assert_array_equal(watched.predict_proba(IMAGES), plain.predict_proba(IMAGES))
    np.testing.assert_array_equal(meddler.shown[-1][1], plain.predict_proba(IMAGES))


def test_callbacks_work_inside_a_search():
    epochs = Epochs()
    search = GridSearchCV(MLPRegressor(**{**FEW, "max_iter": 3}), {"alpha": [0.1, 1.0]}, cv=2)
    search.set_callbacks(epochs).fit(X_NUM, Y_NUM)
    assert epochs.seen == 3 * (2 * 2 + 1)
