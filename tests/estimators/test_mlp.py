"""The networks: weights and curves against scikit-learn's classes, and what is beyond them."""

import copy
import inspect
import itertools
import os
import pickle
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn import neural_network as theirs
from sklearn.base import clone
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import load_digits, make_multilabel_classification, make_regression
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.metrics import log_loss
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight

import estimators
from estimators import LossCurveDisplay, MLPClassifier, MLPRegressor
from pipelines import Checkpoint, load_model, save_model

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)  # few epochs are asked for

IMAGES, DIGITS = (part[:240] for part in load_digits(return_X_y=True))
IMAGES = IMAGES / 16
X_MANY, Y_MANY = make_multilabel_classification(150, 10, random_state=0)
X_NUM, Y_NUM = make_regression(150, 6, n_targets=3, random_state=0)
Y_NUM = Y_NUM / 100
COUNTS = np.floor(np.abs(2 * Y_NUM))
WEIGHT = np.random.default_rng(0).uniform(0.2, 2, 240)
DATA = {
    "digits": (MLPClassifier, theirs.MLPClassifier, IMAGES, DIGITS),
    "names": (MLPClassifier, theirs.MLPClassifier, IMAGES, np.array(list("abcdefghij"))[DIGITS]),
    "two classes": (MLPClassifier, theirs.MLPClassifier, IMAGES, DIGITS > 4),
    "labels": (MLPClassifier, theirs.MLPClassifier, X_MANY, Y_MANY),
    "numbers": (MLPRegressor, theirs.MLPRegressor, X_NUM, Y_NUM),
    "number": (MLPRegressor, theirs.MLPRegressor, X_NUM, Y_NUM[:, 0]),
}
FEW = {"max_iter": 12, "random_state": 3, "hidden_layer_sizes": (20, 11)}
SETTINGS = [
    {},
    {"activation": "tanh", "batch_size": 32},
    {"activation": "logistic"},
    {"activation": "identity", "hidden_layer_sizes": 7},
    {"alpha": 0.5, "shuffle": False, "batch_size": 7},
    {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3, "learning_rate_init": 0.01},
    {"early_stopping": True, "learning_rate_init": 0.01, "max_iter": 40, "n_iter_no_change": 3},
    {"early_stopping": True, "validation_fraction": 0.3},
    {"solver": "sgd", "learning_rate_init": 0.01, "tol": 1e-2, "max_iter": 60, "n_iter_no_change": 2},
    {"solver": "sgd", "learning_rate_init": 0.05, "learning_rate": "invscaling", "power_t": 0.3},
    {"solver": "sgd", "learning_rate_init": 0.05, "momentum": 0.5, "nesterovs_momentum": False},
    {
        "solver": "sgd",
        "learning_rate_init": 0.05,
        "learning_rate": "adaptive",
        "tol": 0.05,
        "n_iter_no_change": 1,
        "max_iter": 60,
    },
    {"solver": "lbfgs", "max_iter": 30},
    {"hidden_layer_sizes": ()},
]
OURS = [MLPClassifier, MLPRegressor]


def small(estimator):
    """Return data for either network."""
    return (IMAGES, DIGITS) if estimator is MLPClassifier else (X_NUM, Y_NUM[:, 0])


def assert_same(mine, other, rtol=1e-6):
    """Compare every fitted attribute that scikit-learn's networks have, and the predictions."""
    for name in vars(other):
        if not name.endswith("_") or name.startswith("_"):
            continue
        expected, found = getattr(other, name), getattr(mine, name)
        if isinstance(expected, list):
            assert len(found) == len(expected), name
            for one, two in zip(found, expected, strict=True):
                np.testing.assert_allclose(one, two, rtol=rtol, atol=1e-7, err_msg=name)
        elif isinstance(expected, float):
            assert found == pytest.approx(expected, rel=rtol, nan_ok=True), name
        else:
            np.testing.assert_array_equal(found, expected, err_msg=name)


def fit_both(name, weight=None, **settings):
    mine, other, X, y = DATA[name]
    weight = None if weight is None else weight[: len(X)]
    both = [model(**{**FEW, **settings}).fit(X, y, sample_weight=weight) for model in (mine, other)]
    assert_same(*both)
    return X, *both


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("name", DATA)
def test_weights_and_curves_are_scikit_learns(name, settings):
    X, mine, other = fit_both(name, **settings)
    found, expected = mine.predict(X), other.predict(X)
    if expected.dtype.kind == "f" and name.startswith("number"):
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)
    else:
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(mine.predict_proba(X), other.predict_proba(X), rtol=1e-6, atol=1e-9)
        with np.errstate(divide="ignore"):
            found, expected = mine.predict_log_proba(X), other.predict_log_proba(X)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    assert mine.score(X, DATA[name][3]) == pytest.approx(other.score(X, DATA[name][3]), rel=1e-6)


@pytest.mark.parametrize("settings", [SETTINGS[1], SETTINGS[6], SETTINGS[8], SETTINGS[-2]], ids=str)
@pytest.mark.parametrize("name", ["digits", "two classes", "labels", "numbers"])
def test_weighted_rows_are_scikit_learns(name, settings):
    fit_both(name, WEIGHT, **settings)


@pytest.mark.parametrize("settings", [{}, {"solver": "lbfgs"}, {"activation": "tanh"}], ids=str)
def test_poisson_is_scikit_learns(settings):
    settings = {**FEW, **settings, "loss": "poisson"}
    mine, other = (model(**settings).fit(X_NUM, COUNTS) for model in (MLPRegressor, theirs.MLPRegressor))
    assert_same(mine, other)
    np.testing.assert_allclose(mine.predict(X_NUM), other.predict(X_NUM), rtol=1e-6)


def test_with_a_tolerance_of_0_the_same_loss_again_is_no_failure():
    still = {
        **FEW,
        "solver": "sgd",
        "learning_rate_init": 1e-30,
        "tol": 0,
        "n_iter_no_change": 1,
        "shuffle": False,
    }
    mine, other = (model(**still).fit(X_NUM, Y_NUM) for model in (MLPRegressor, theirs.MLPRegressor))
    assert len(set(mine.loss_curve_)) == 1
    assert_same(mine, other)
    assert mine.n_iter_ == 12


@pytest.mark.parametrize("container", [sp.csr_array, sp.csr_matrix, sp.csc_array])
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_sparse_rows_are_scikit_learns(container, solver):
    X = container(IMAGES)
    mine, other = (
        model(solver=solver, **FEW).fit(X, DIGITS) for model in (MLPClassifier, theirs.MLPClassifier)
    )
    assert_same(mine, other)
    np.testing.assert_array_equal(mine.predict(X), other.predict(X))


def test_sparse_labels_are_answered_sparse():
    Y = sp.csr_array(Y_MANY)
    mine, other = (
        model(**FEW).fit(X_MANY, Y).predict(X_MANY) for model in (MLPClassifier, theirs.MLPClassifier)
    )
    assert sp.issparse(mine)
    np.testing.assert_array_equal(mine.toarray(), other.toarray())


@pytest.mark.parametrize("settings", [{}, {"solver": "sgd"}, {"solver": "lbfgs"}], ids=str)
@pytest.mark.parametrize("name", ["digits", "numbers"])
def test_warm_start_is_scikit_learns(name, settings):
    mine, other, X, y = DATA[name]
    models = [model(**{**FEW, "max_iter": 5, "warm_start": True, **settings}) for model in (mine, other)]
    for _ in range(3):
        for model in models:
            model.fit(X, y)
        assert_same(*models)


@pytest.mark.parametrize("settings", [{}, {"solver": "sgd", "learning_rate": "invscaling"}], ids=str)
@pytest.mark.parametrize("name", ["digits", "two classes", "labels", "numbers"])
def test_partial_fit_is_scikit_learns(name, settings):
    mine, other, X, y = DATA[name]
    classes = (
        {} if mine is MLPRegressor else {"classes": np.unique(y) if y.ndim == 1 else np.arange(y.shape[1])}
    )
    models = [model(**{**FEW, **settings}) for model in (mine, other)]
    for start in range(0, len(X), 60):
        for model in models:
            model.partial_fit(X[start : start + 60], y[start : start + 60], **classes)
        assert_same(*models)
    assert pickle.loads(pickle.dumps(models[0])).partial_fit(X, y).loss_ == models[0].partial_fit(X, y).loss_


def test_a_warm_start_takes_the_parameters_as_they_are_now():
    model = MLPClassifier(**FEW, warm_start=True, dropout=0.5).fit(IMAGES, DIGITS)
    other = copy.deepcopy(model).set_params(dropout=0.0)
    assert "Dropout" in model.summary()
    assert "Dropout" not in other.fit(IMAGES, DIGITS).summary()
    assert other.loss_ < model.fit(IMAGES, DIGITS).loss_
    for change in ({"hidden_layer_sizes": 3}, {"batch_norm": True}):
        with pytest.raises(
            ValueError, match=r"those of a network of \(64, 20, 11, 10\) units, without batch_norm"
        ):
            copy.deepcopy(model).set_params(**change, dropout=0.0).fit(IMAGES, DIGITS)


@pytest.mark.parametrize("settings", [{}, {"early_stopping": True}, {"solver": "sgd"}], ids=str)
def test_a_second_fit_begins_anew(settings):
    model = MLPClassifier(**FEW, **settings, dropout=0.2)
    once = copy.deepcopy(model).fit(IMAGES, DIGITS)
    twice = model.fit(IMAGES[:, ::-1], DIGITS).fit(IMAGES, DIGITS)
    assert twice.loss_curve_ == once.loss_curve_
    assert twice.history_ == once.history_
    np.testing.assert_array_equal(twice.predict_proba(IMAGES), once.predict_proba(IMAGES))


def test_the_first_rows_need_not_have_every_class():
    models = [model(**FEW) for model in (MLPClassifier, theirs.MLPClassifier)]
    for rows in (DIGITS < 2, DIGITS > 7, DIGITS >= 0):
        for model in models:
            model.partial_fit(IMAGES[rows], DIGITS[rows], classes=range(10))
        assert_same(*models)


@pytest.mark.parametrize("estimator", [MLPClassifier, theirs.MLPClassifier])
def test_a_warm_start_needs_the_same_classes(estimator):
    model = estimator(**FEW, warm_start=True).fit(IMAGES, DIGITS)
    for y in (DIGITS % 3, DIGITS + 1):
        with pytest.raises(ValueError, match="warm_start can only be used where `y` has the same classes"):
            model.fit(IMAGES, y)


def test_sparse_targets_are_those_of_the_dense_ones():
    sparse, dense = (MLPRegressor(**FEW).fit(X_NUM, y) for y in (sp.csr_array(COUNTS), COUNTS))
    assert sparse.loss_curve_ == dense.loss_curve_


def test_each_partial_fit_drops_other_units():
    """With no more to learn from, two epochs differ by their masks alone."""
    still = {"solver": "sgd", "learning_rate_init": 1e-30, "dropout": 0.5, "shuffle": False}
    model = MLPRegressor(**FEW, **still)
    losses = {model.partial_fit(X_NUM, Y_NUM).loss_ for _ in range(4)}
    assert len(losses) == 4


@pytest.mark.parametrize("estimator", [MLPClassifier, theirs.MLPClassifier])
def test_a_probability_of_a_half_is_the_first_class(estimator):
    model = estimator(**FEW).fit(IMAGES, DIGITS > 4)
    for array in model.coefs_ + model.intercepts_:
        array[...] = 0
    assert not model.predict(IMAGES).any()


@pytest.mark.parametrize("estimator", [MLPRegressor, theirs.MLPRegressor])
def test_one_row_is_too_few_to_be_held_out(estimator):
    with pytest.raises(ValueError, match="The validation set is too small. Increase 'validation_fraction'"):
        estimator(early_stopping=True).fit(X_NUM[:10], Y_NUM[:10])


def test_a_fitted_network_answers_by_the_parameters_it_was_fitted_with():
    model = MLPRegressor(**FEW, activation="leaky_relu", dropout=0.5).fit(X_NUM, Y_NUM)
    expected, table = model.predict(X_NUM), model.summary()
    model.set_params(activation="tanh", negative_slope=0.5, dropout=0.0, loss="poisson", batch_norm=True)
    np.testing.assert_array_equal(model.predict(X_NUM), expected)
    assert model.summary() == table


def test_float32_is_scikit_learns_to_its_rounding():
    X = IMAGES.astype(np.float32)
    mine, other = (model(**FEW).fit(X, DIGITS) for model in (MLPClassifier, theirs.MLPClassifier))
    np.testing.assert_allclose(mine.loss_curve_, other.loss_curve_, rtol=1e-5)
    assert {array.dtype for array in mine.coefs_ + mine.intercepts_} == {np.dtype(np.float32)}
    assert mine.predict_proba(X).dtype == np.float32


def test_scikit_learns_own_tests_pass_with_ours_in_place():
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "swap_mlp",
        "-p",
        "no:cacheprovider",
        "-q",
        "-c",
        os.devnull,
    ]
    command += ["--pyargs", "sklearn.neural_network.tests.test_mlp", "--rootdir", str(Path.cwd()), "-v"]
    command += ["-k", "not test_gradient"]  # it calls _loss_grad_lbfgs; test_layers.py checks gradients
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-3000:]
    assert "Under test: estimators.mlp" in run.stdout
    assert int(re.search(r"(\d+) passed", run.stdout)[1]) >= 58
    assert " skipped" not in run.stdout.splitlines()[-1]


# What scikit-learn's networks have not


CHANGES = [
    ({"dropout": 0.3}, {}),
    ({"dropout": [0.3, 0.0]}, {"dropout": [0.0, 0.3]}),
    ({"batch_norm": True}, {}),
    ({"l1": 0.1}, {}),
    ({"solver": "rmsprop"}, {}),
    ({"solver": "rmsprop", "rho": 0.5}, {"solver": "rmsprop"}),
    ({"solver": "rmsprop", "epsilon": 1e-2}, {"solver": "rmsprop"}),
    ({"activation": "leaky_relu"}, {}),
    ({"activation": "leaky_relu", "negative_slope": 0.3}, {"activation": "leaky_relu"}),
    ({"init": "he"}, {}),
    ({"dtype": "float32"}, {}),
    ({"alpha": 0.1}, {}),
    ({"batch_size": 50}, {}),
    ({"learning_rate_init": 0.01}, {}),
    ({"shuffle": False}, {}),
    ({"beta_1": 0.8}, {}),
    ({"beta_2": 0.8}, {}),
    ({"epsilon": 1e-3}, {}),
    ({"random_state": 4}, {}),
    ({"max_iter": 3}, {}),
    ({"early_stopping": True}, {}),
    ({"early_stopping": True, "validation_fraction": 0.3}, {"early_stopping": True}),
    ({"tol": 100.0, "n_iter_no_change": 2}, {}),
    ({"tol": 100.0, "n_iter_no_change": 2}, {"tol": 100.0, "n_iter_no_change": 4}),
    ({"solver": "sgd", "momentum": 0.5}, {"solver": "sgd"}),
    ({"solver": "sgd", "nesterovs_momentum": False}, {"solver": "sgd"}),
    ({"solver": "sgd", "learning_rate": "invscaling"}, {"solver": "sgd"}),
    (
        {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.1},
        {"solver": "sgd", "learning_rate": "invscaling"},
    ),
    ({"solver": "lbfgs", "max_fun": 3}, {"solver": "lbfgs"}),
    ({"solver": "lbfgs", "tol": 0.5}, {"solver": "lbfgs"}),
]


@pytest.mark.parametrize("estimator", OURS)
@pytest.mark.parametrize(("one", "other"), CHANGES, ids=str)
def test_every_parameter_changes_something(estimator, one, other):
    X, y = small(estimator)
    first, second = (estimator(**{**FEW, **settings}).fit(X, y) for settings in (one, other))
    assert any(not np.array_equal(a, b) for a, b in zip(first.coefs_, second.coefs_, strict=True))


def test_every_parameter_is_in_the_table_above():
    changed = {name for settings, _ in CHANGES for name in settings}
    elsewhere = {"hidden_layer_sizes", "verbose", "warm_start", "class_weight", "loss"}
    assert set(MLPClassifier().get_params()) | set(MLPRegressor().get_params()) == changed | elsewhere


@pytest.mark.parametrize("estimator", OURS)
def test_every_parameter_is_documented_once_with_its_default(estimator):
    for name, value in estimator().get_params().items():
        (line,) = re.findall(rf"^    {name} : (.+)$", estimator.__doc__, flags=re.MULTILINE)
        default = re.search("default=(.*)", line)[1]
        assert eval(default) == value, line
    for name in vars(estimator(**FEW).fit(*small(estimator))):
        if name.endswith("_") and not name.startswith("_"):
            assert f"    {name} : " in estimator.__doc__, name


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_norm": True},
        {"dropout": 0.2, "batch_norm": True, "l1": 0.05, "activation": "tanh"},
        {"solver": "rmsprop", "activation": "leaky_relu", "init": "he"},
    ],
    ids=str,
)
@pytest.mark.parametrize("estimator", OURS)
def test_the_whole_network_descends_its_loss(estimator, settings):
    """A step of plain SGD is the gradient: compare it with differences of the reported loss of one batch."""
    X, y = (part[:30] for part in small(estimator))
    plain = {"solver": "sgd", "momentum": 0.0, "nesterovs_momentum": False, "max_iter": 1, "warm_start": True}
    given = {
        **settings,
        "hidden_layer_sizes": (5, 4),
        "alpha": 0.3,
        "random_state": 0,
        "shuffle": False,
    } | plain
    start = estimator(**{**given, "learning_rate_init": 1e-9, "tol": 0}).fit(X, y)

    def loss(delta, at):
        model = copy.deepcopy(start)
        model.intercepts_[0] = model.intercepts_[0].copy()
        model.coefs_[1][at] += delta
        return model.fit(X, y).loss_

    rate = 1e-4
    stepped = copy.deepcopy(start).set_params(learning_rate_init=rate).fit(X, y)
    for at in ((0, 0), (2, 1), (4, 3)):
        gradient = (start.coefs_[1][at] - stepped.coefs_[1][at]) / rate
        step = 1e-5
        expected = (loss(step, at) - loss(-step, at)) / (2 * step)
        assert gradient == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_dropout_and_batch_norm_regularise():
    X, y = load_digits(return_X_y=True)
    X = X / 16
    settings = {"hidden_layer_sizes": (100,), "random_state": 0, "max_iter": 30}
    for extra in ({"dropout": 0.5}, {"batch_norm": True}, {"dropout": 0.2, "batch_norm": True}):
        model = MLPClassifier(**settings, **extra).fit(X[:900], y[:900])
        assert model.score(X[900:], y[900:]) > 0.85, extra


def test_l1_makes_small_weights():
    X, y = IMAGES, DIGITS
    plain, sparse = (MLPClassifier(**FEW, l1=l1).set_params(max_iter=150).fit(X, y) for l1 in (0, 0.3))
    small_share = [np.mean(np.abs(model.coefs_[0]) < 1e-2) for model in (plain, sparse)]
    assert small_share[1] > 3 * small_share[0]


@pytest.mark.parametrize("weights", ["balanced", {0: 5.0, 1: 0.5}])
def test_class_weight_is_a_factor_of_the_sample_weight(weights):
    y = (DIGITS > 7).astype(int)
    mine = MLPClassifier(**FEW, class_weight=weights).fit(IMAGES, y)
    other = theirs.MLPClassifier(**FEW).fit(IMAGES, y, sample_weight=compute_sample_weight(weights, y))
    assert_same(mine, other)
    both = MLPClassifier(**FEW, class_weight={0: 5.0, 1: 0.5}).fit(IMAGES, y, WEIGHT)
    factor = WEIGHT * compute_sample_weight({0: 5.0, 1: 0.5}, y)
    assert_same(both, theirs.MLPClassifier(**FEW).fit(IMAGES, y, factor))
    names = MLPClassifier(**FEW, class_weight="balanced").fit(IMAGES, np.array(["a", "b"])[y])
    expected = MLPClassifier(**FEW, class_weight="balanced").fit(IMAGES, y).predict(IMAGES)
    np.testing.assert_array_equal(names.predict(IMAGES), np.array(["a", "b"])[expected])


def test_dtype_decides_the_type():
    for X, dtype, expected in (
        (IMAGES, "auto", np.float64),
        (IMAGES, "float32", np.float32),
        (IMAGES.astype(np.float32), "auto", np.float32),
        (IMAGES.astype(np.float32), "float64", np.float64),
        ((16 * IMAGES).astype(int), "auto", np.float64),
        ((16 * IMAGES).astype(int), "float32", np.float32),
    ):
        for solver in ("adam", "lbfgs"):
            model = MLPClassifier(**FEW, dtype=dtype, solver=solver).fit(X, DIGITS)
            assert model.coefs_[0].dtype == model.predict_proba(X).dtype == expected


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


def test_warnings_point_at_the_call():
    with (
        pytest.warns(ConvergenceWarning) as caught,
        pytest.warns(UserWarning, match="to be clipped") as clipped,
    ):
        MLPClassifier(**FEW, batch_size=999).fit(IMAGES, DIGITS)
    assert {warning.filename for warning in [*caught, *clipped]} == {__file__}


def test_a_pipeline_transforms_held_out_rows():
    import sklearn

    with sklearn.config_context(enable_metadata_routing=True):
        net = MLPClassifier(**FEW).set_fit_request(X_val=True, y_val=True)
        steps = make_pipeline(StandardScaler(), net, transform_input=["X_val"])
        steps.fit(16 * IMAGES[:200], DIGITS[:200], X_val=16 * IMAGES[200:], y_val=DIGITS[200:])
    assert steps[-1].history_["val_score"][-1] == steps.score(16 * IMAGES[200:], DIGITS[200:])


def test_lbfgs_has_a_history_too():
    model = MLPRegressor(solver="lbfgs", random_state=0).fit(
        X_NUM[:100], Y_NUM[:100], X_val=X_NUM[100:], y_val=Y_NUM[100:]
    )
    assert set(model.history_) == {"loss", "val_loss", "val_score"}
    assert len(model.history_["loss"]) == model.n_iter_
    assert model.history_["loss"][-1] == pytest.approx(model.loss_)


@pytest.mark.parametrize("estimator", OURS)
def test_the_same_seed_gives_the_same_network(estimator):
    X, y = small(estimator)
    settings = {**FEW, "dropout": 0.3, "batch_norm": True, "early_stopping": True}
    one, two = (estimator(**settings).fit(X, y) for _ in range(2))
    np.testing.assert_array_equal(one.predict(X), two.predict(X))
    for a, b in zip(one.coefs_, two.coefs_, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_predict_alike_and_share_no_weights(copied):
    model = MLPClassifier(**FEW, batch_norm=True, dropout=0.1).fit(IMAGES, DIGITS)
    other = copied(model)
    expected = model.predict_proba(IMAGES)
    np.testing.assert_array_equal(other.predict_proba(IMAGES), expected)
    other.coefs_[0][:] = 0
    np.testing.assert_array_equal(model.predict_proba(IMAGES), expected)
    assert not np.array_equal(other.predict_proba(IMAGES), expected)


def test_weights_that_someone_sets_are_used():
    mine, other = (model(**FEW).fit(IMAGES, DIGITS) for model in (MLPClassifier, theirs.MLPClassifier))
    for model in (mine, other):
        model.coefs_[1] = model.coefs_[1] * 0.5
        model.intercepts_ = [b + 0.1 for b in model.intercepts_]
    np.testing.assert_allclose(mine.predict_proba(IMAGES), other.predict_proba(IMAGES))
    for model in (mine, other):
        model.partial_fit(IMAGES, DIGITS)
    np.testing.assert_allclose(
        pickle.loads(pickle.dumps(mine)).coefs_[1], other.coefs_[1], rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("suffix", [".joblib", ".skops"])
def test_a_saved_model_answers_alike(suffix, tmp_path):
    model = MLPClassifier(**FEW, batch_norm=True, dropout=0.1).fit(IMAGES, DIGITS)
    save_model(model, tmp_path / f"digits{suffix}")
    loaded = load_model(tmp_path / f"digits{suffix}", expected=MLPClassifier)
    np.testing.assert_array_equal(loaded.predict_proba(IMAGES), model.predict_proba(IMAGES))


# Trouble


@pytest.mark.parametrize("solver", ["adam", "sgd", "rmsprop"])
def test_divergence_names_the_epoch_and_keeps_the_weights_before(solver):
    X, y = 1e3 * X_NUM, Y_NUM
    model = MLPRegressor(solver=solver, learning_rate_init=1e200, random_state=0, activation="identity")
    with pytest.raises(
        ValueError,
        match=r"became (nan|inf) in epoch \d+.*lower learning_rate_init, which is 1e\+200 \(0\.001 is",
    ):
        model.fit(X, y)
    assert all(np.isfinite(array).all() for array in model.coefs_ + model.intercepts_)
    assert not np.isfinite(model.loss_curve_[-1])


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_a_diverging_lbfgs_is_an_error_that_keeps_finite_weights(loss):
    model = MLPRegressor(loss, solver="lbfgs", random_state=0, activation="identity")
    with pytest.raises(
        ValueError, match=r"non-finite .* became (nan|inf) after iteration \d+: scale the feat"
    ):
        model.fit(1e155 * X_NUM, COUNTS)
    assert all(np.isfinite(array).all() for array in model.coefs_ + model.intercepts_)


def test_divergence_keeps_the_weights_of_the_epoch_before():
    settings = {"solver": "sgd", "learning_rate_init": 1.0, "random_state": 0, "activation": "identity"}
    model = MLPRegressor(**settings, batch_norm=True, l1=10.0, hidden_layer_sizes=(5, 5), batch_size=75)
    with pytest.raises(ValueError, match="Kept: the weights after epoch") as caught:
        model.fit(X_NUM, Y_NUM)
    epoch = int(re.search(r"after epoch (\d+)", str(caught.value))[1])
    assert epoch > 0
    expected = clone(model).set_params(max_iter=epoch).fit(X_NUM, Y_NUM)._network
    np.testing.assert_array_equal(model._network.parameters, expected.parameters)
    np.testing.assert_array_equal(model._network.statistics, expected.statistics)


@pytest.mark.parametrize(
    ("scale", "rate", "became"), [(1e160, 1e-200, "inf"), (1e20, 1e300, r"\d+\.?\d*e\+\d+")]
)
def test_neither_loss_nor_weights_may_be_infinite(scale, rate, became):
    """An infinite loss while the weights are finite, and a finite one whose step makes them infinite."""
    model = MLPRegressor(solver="sgd", learning_rate_init=rate, random_state=0, activation="identity")
    with pytest.raises(ValueError, match=f"The loss became {became} in epoch 1: .* Kept: .* epoch 0"):
        model.fit(X_NUM, scale * Y_NUM)
    assert all(np.isfinite(array).all() for array in model.coefs_ + model.intercepts_)


def test_divergence_with_early_stopping_keeps_the_best_and_warns():
    model = MLPRegressor(solver="sgd", learning_rate_init=5.0, early_stopping=True, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"became (nan|inf) in epoch .* Kept: the best weights"):
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
    with pytest.warns(UserWarning, match=r"Training interrupted by user\. .* in 3 epochs is kept") as caught:
        model.fit(X, y)
    assert caught[0].filename == __file__
    expected = estimator(**{**FEW, "max_iter": 3}).fit(X, y)
    np.testing.assert_array_equal(model.predict(X), expected.predict(X))
    assert model.loss_curve_ == expected.loss_curve_


def test_an_interrupted_lbfgs_keeps_what_was_learned():
    model = MLPRegressor(**FEW, solver="lbfgs").set_callbacks(Interrupt())
    with pytest.warns(UserWarning, match=r"interrupted by user\. .* in 3 iterations is kept") as caught:
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
    with pytest.warns(UserWarning, match="in 0 epochs is kept"):
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


# Errors, pictures


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dropout": 1.0}, "must be a float in the range"),
        ({"dropout": [0.1]}, r"one for each of the 2 hidden layers\. Got \[0\.1\] instead"),
        ({"dropout": [0.1, 1.0]}, "one for each of the 2 hidden layers"),
        ({"dropout": [0.1, -0.1]}, "one for each of the 2 hidden layers"),
        ({"dropout": [0.1, np.nan]}, "one for each of the 2 hidden layers"),
        ({"negative_slope": 1.0}, r"must be a float in the range \[0\.0, 1\.0\)"),
        ({"momentum": 1.1}, r"must be a float in the range \[0\.0, 1\.0\]\."),
        ({"hidden_layer_sizes": (4, 0)}, r"hidden_layer_sizes must be > 0, got \[4, 0\]"),
        (
            {"solver": "lbfgs", "l1": 0.1, "batch_norm": True},
            "batch_norm, l1: only for the solvers adam, rmsprop, sgd",
        ),
        ({"activation": "relu6"}, "'activation' parameter of MLPRegressor must be a str among"),
    ],
    ids=str,
)
def test_settings_that_cannot_be(settings, message):
    with pytest.raises(ValueError, match=message):
        MLPRegressor(**{**FEW, **settings}).fit(X_NUM, Y_NUM)


def test_rows_that_cannot_be():
    with pytest.raises(ValueError, match="out of the valid range of the loss 'poisson'"):
        MLPRegressor(loss="poisson").fit(X_NUM, -COUNTS)
    with pytest.raises(ValueError, match="X_val is provided, but y_val was not"):
        MLPRegressor().fit(X_NUM, Y_NUM, X_val=X_NUM)
    with pytest.raises(ValueError, match="y_val is provided, but X_val was not"):
        MLPRegressor().fit(X_NUM, Y_NUM, y_val=Y_NUM)
    with pytest.raises(ValueError, match=r"^`y_val` has classes not in .* 'y_val' has"):
        MLPClassifier().fit(IMAGES, DIGITS % 3, X_val=IMAGES, y_val=DIGITS)
    with pytest.raises(ValueError, match="^X_val and y_val: .* inconsistent numbers of samples"):
        MLPRegressor().fit(X_NUM, Y_NUM, X_val=X_NUM[:9], y_val=Y_NUM)
    with pytest.raises(ValueError, match="class_weight is for one label a row"):
        MLPClassifier(class_weight="balanced").fit(X_MANY, Y_MANY)
    with pytest.raises(ValueError, match="'balanced' is not supported for partial_fit"):
        MLPClassifier(class_weight="balanced").partial_fit(IMAGES, DIGITS, classes=range(10))
    with pytest.raises(ZeroDivisionError, match="only rows of weight 0"):
        MLPRegressor(batch_size=10, shuffle=False).fit(X_NUM, Y_NUM, np.arange(150) > 20)
    with pytest.raises(TypeError, match="integer"):
        MLPRegressor(hidden_layer_sizes=(2.5,)).fit(X_NUM, Y_NUM)
    with pytest.raises(ValueError, match="those of a network of"):
        MLPRegressor(**FEW, warm_start=True).fit(X_NUM, Y_NUM).set_params(hidden_layer_sizes=3).fit(
            X_NUM, Y_NUM
        )
    with pytest.raises(AttributeError, match="partial_fit"):
        MLPRegressor(solver="lbfgs").partial_fit(X_NUM, Y_NUM)
    for call in (MLPRegressor().predict, MLPClassifier().predict_proba):
        with pytest.raises(NotFittedError):
            call(X_NUM)
    with pytest.raises(NotFittedError):
        MLPRegressor().summary()


@pytest.mark.parametrize("estimator", [MLPRegressor, theirs.MLPRegressor])
def test_held_out_rows_must_have_a_weight(estimator):
    model = estimator(early_stopping=True, random_state=0, validation_fraction=0.1)
    _, held_out = train_test_split(np.arange(150), random_state=after_the_weights(6, 100, 3), test_size=0.1)
    weight = np.ones(150)
    weight[held_out] = 0
    with pytest.raises(ValueError, match="Sample weights must contain at least one non-zero number"):
        model.fit(X_NUM, Y_NUM, weight)
    weight[held_out[0]] = 1
    model.set_params(max_iter=2).fit(X_NUM, Y_NUM, weight)


def after_the_weights(*sizes):
    """Return the random state that is left when the weights of such layers have been drawn."""
    random_state = np.random.RandomState(0)
    for n_in, n_out in itertools.pairwise(sizes):
        random_state.uniform(size=(n_in + 1) * n_out)
    return random_state


def test_one_held_out_row_is_too_few_to_stop_early():
    for model, X, y in ((MLPRegressor, X_NUM, Y_NUM), (MLPClassifier, IMAGES, DIGITS)):
        with pytest.raises(ValueError, match="The validation set is too small: .* 2 rows or more in X_val"):
            model(early_stopping=True).fit(X, y, X_val=X[:1], y_val=y[:1])
        assert len(model(**FEW).fit(X, y, X_val=X[:1], y_val=y[:1]).history_["val_loss"]) == 12


@pytest.mark.parametrize("estimator", [MLPClassifier, theirs.MLPClassifier])
def test_several_labels_are_no_classes(estimator):
    several = np.column_stack([k == DIGITS % 3 for k in range(3)]).astype(int)
    model = estimator(**FEW, warm_start=True).fit(IMAGES, DIGITS % 3)
    for train in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match="not fitted with multilabel input"):
            train(IMAGES, several)


def test_a_warm_start_keeps_its_loss():
    model = MLPRegressor(**FEW, warm_start=True).fit(X_NUM, COUNTS).set_params(loss="poisson")
    for train in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match="whose output is 'identity'. Got .* output 'exp' instead"):
            train(X_NUM, COUNTS)
    assert model.set_params(warm_start=False).fit(X_NUM, COUNTS).out_activation_ == "exp"


def test_class_weights_of_rows_that_do_not_count():
    """Rows of weight 0 are no rows, even if they are all of their class."""
    y, weight = DIGITS % 3, (DIGITS % 3 != 2).astype(float)
    model = MLPClassifier(**FEW, class_weight="balanced").fit(IMAGES, y, weight)
    factor = weight * compute_sample_weight({0: 1.0, 1: 1.0, 2: 0.0}, y)
    factor /= np.array([factor[y == k].sum() for k in (0, 1)] + [1.0])[y] * 3 / factor.sum()
    assert_same(model, theirs.MLPClassifier(**FEW).fit(IMAGES, y, factor))
    for weights in ({0: -1.0}, {0: np.nan}, {0: np.inf}):
        with pytest.raises(ValueError, match="'class_weight' parameter of MLPClassifier must hold non-neg"):
            MLPClassifier(class_weight=weights).fit(IMAGES, y)
    for solver, weights in itertools.product(("adam", "lbfgs"), ({0: 0, 1: 0.0, 2: 0}, {0: 0, 1: 0})):
        with pytest.raises(ValueError, match="sample weights times the class weights are all zero"):
            MLPClassifier(class_weight=weights, solver=solver).fit(IMAGES, y, y != 2)
    for weights in ({0: "2"}, {0: "x"}, {0: None}, {0: [1]}):
        with pytest.raises(ValueError, match="'class_weight' parameter of MLPClassifier must hold numbers"):
            MLPClassifier(class_weight=weights).fit(IMAGES, y)
    one = {0: np.float32(2), 1: np.int64(3), 2: True}
    MLPClassifier(**{**FEW, "max_iter": 1}, class_weight=one).fit(IMAGES, y)


def test_a_failed_fit_leaves_no_old_weights_beside_new_features():
    model = MLPRegressor(**FEW).fit(X_NUM, Y_NUM)
    with pytest.raises(ValueError, match="hidden_layer_sizes"):
        model.set_params(hidden_layer_sizes=0).set_params(hidden_layer_sizes=(0,)).fit(X_NUM[:, :2], Y_NUM)
    np.testing.assert_allclose(model.predict(X_NUM).shape, Y_NUM.shape)
    with pytest.raises(ValueError, match="poisson"):
        model.set_params(hidden_layer_sizes=3, loss="poisson").fit(X_NUM[:, :2], -COUNTS)
    with pytest.raises(NotFittedError):
        model.predict(X_NUM[:, :2])


def test_verbose_prints_what_scikit_learn_prints(capsys):
    printed = []
    for model in (MLPClassifier, theirs.MLPClassifier):
        settings = {
            "tol": 0.05,
            "n_iter_no_change": 1,
            "max_iter": 30,
            "learning_rate": "adaptive",
            "solver": "sgd",
        }
        model(**{**FEW, **settings, "verbose": True}).fit(IMAGES, DIGITS)
        model(**FEW, verbose=True, early_stopping=True).fit(IMAGES, DIGITS)
        model(**{**FEW, "tol": 1.0, "n_iter_no_change": 1, "verbose": True}).fit(IMAGES, DIGITS)
        printed.append(capsys.readouterr().out)
    assert printed[0] == printed[1]
    assert "Setting learning rate" in printed[0]


def test_verbose_prints_the_score_of_held_out_rows(capsys):
    held_out = {"X_val": IMAGES[200:], "y_val": DIGITS[200:]}
    model = MLPClassifier(**FEW, verbose=True).fit(IMAGES[:200], DIGITS[:200], **held_out)
    printed = re.findall(r"^Validation score: (.*)$", capsys.readouterr().out, flags=re.MULTILINE)
    assert printed == [f"{score:f}" for score in model.history_["val_score"]]


def test_batch_norm_shows_what_it_learned():
    """The rows of one batch, normalised as the formula says by the attributes alone, are what predicts."""
    settings = {**FEW, "hidden_layer_sizes": (7, 5), "batch_norm": True, "activation": "tanh"}
    model = MLPRegressor(**settings).fit(X_NUM, Y_NUM)
    A = X_NUM
    for W, b, norm in zip(model.coefs_, model.intercepts_, model.batch_norm_, strict=False):
        Z = (A @ W + b - norm["running_mean"]) / np.sqrt(norm["running_variance"] + 1e-5)
        A = np.tanh(norm["scale"] * Z + norm["shift"])
    np.testing.assert_allclose(model.predict(X_NUM), A @ model.coefs_[2] + model.intercepts_[2])
    assert [norm["scale"].shape for norm in pickle.loads(pickle.dumps(model)).batch_norm_] == [(7,), (5,)]
    assert MLPRegressor(**FEW).fit(X_NUM, Y_NUM).batch_norm_ == []
    assert not hasattr(MLPRegressor(batch_norm=True), "batch_norm_")
    for estimator in OURS:
        assert "    batch_norm_ : " in estimator.__doc__


@pytest.mark.parametrize("estimator", OURS)
def test_docstrings_are_whole(estimator):
    assert not re.search(r"\{[a-z]+\}", estimator.__doc__)
    for heading in ("Parameters", "Attributes", "Notes", "Examples"):
        assert len(re.findall(rf"^    {heading}\n    -+$", estimator.__doc__, flags=re.MULTILINE)) == 1
    for text in ("O(n_samples * n_weights)", "the same to rounding", "Numbers that are strings"):
        assert text in estimator.__doc__
    assert ("a negative y is a ValueError" in estimator.__doc__) == (estimator is MLPRegressor)


@pytest.mark.parametrize("estimator", OURS)
def test_numbers_that_are_strings_are_read_in_predict_too(estimator):
    X, y = small(estimator)
    model = estimator(**FEW).fit(X.astype(str), y)
    np.testing.assert_array_equal(model.predict(X.astype(str)), model.predict(X))


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_the_signature_is_scikit_learns_and_errors_name_the_class(name):
    mine, other = (getattr(module, name) for module in (estimators, theirs))
    expected = inspect.signature(other).parameters
    kinds = [(p, v.kind) for p, v in inspect.signature(mine).parameters.items() if p in expected]
    assert kinds == [(p, v.kind) for p, v in expected.items()]
    for model in (mine, other):
        with pytest.raises(TypeError, match=rf"^{name}\.__init__\(\) got an unexpected .* 'droput'"):
            model(droput=0.1)
        with pytest.raises(TypeError, match=rf"^{name}\.__init__\(\) .* positional arguments"):
            model("poisson", (5,), "relu", "adam")
    with pytest.raises(TypeError, match=rf"^{name}\.fit\(\) got an unexpected .* 'validation_data'"):
        mine().fit(X_NUM, Y_NUM, validation_data=(X_NUM, Y_NUM))
    for sizes in (True, [True], (5, True)):
        for model in (mine, other):
            with pytest.raises(TypeError):
                model(hidden_layer_sizes=sizes).fit(X_NUM, COUNTS[:, 0])
        with pytest.raises(TypeError, match=rf"of {name} must be an int or an array-like of int"):
            mine(hidden_layer_sizes=sizes).fit(X_NUM, COUNTS[:, 0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X_val": np.full((5, 6), np.nan)}, "^Input X_val contains NaN"),
        ({"X_val": np.zeros((5, 2))}, "^X_val has 2 features, but MLPRegressor is expecting 6 features"),
        ({"X_val": np.zeros(5)}, "^X_val: Expected 2D array"),
        ({"X_val": np.zeros((0, 6)), "y_val": np.zeros((0, 3))}, "^X_val: Found array with 0 sample"),
        ({"y_val": np.full((5, 3), np.inf)}, "^Input y_val contains infinity"),
        ({"y_val": np.full((5, 3), -1)}, "^y_val: Some value.* of the loss 'poisson'"),
        ({"sample_weight_val": [1.0, 2.0]}, r"sample_weight_val\.shape == \(2,\)"),
        ({"sample_weight_val": np.full(5, np.nan)}, "^Input sample_weight_val contains NaN"),
        ({"sample_weight_val": np.zeros(5)}, "^sample_weight_val: Sample weights must contain"),
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


def test_the_display_says_how_to_get_matplotlib(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(
        ImportError, match=r"needs matplotlib: pip install matplotlib, or in a clone .*\[plot\]"
    ):
        LossCurveDisplay([1.0, 0.5]).plot()


def test_summary_counts_what_there_is():
    model = MLPClassifier((30, 20), batch_norm=True, dropout=0.25, max_iter=1, dtype="float32").fit(
        IMAGES, DIGITS
    )
    counts = [64 * 30 + 30, 60, 30 * 20 + 20, 40, 20 * 10 + 10]
    assert model.n_parameters_ == sum(counts)
    table = model.summary()
    for text in (
        f"{sum(counts):,}",
        "Dense 64 -> 30",
        "BatchNorm",
        "Dropout 0.25",
        "softmax",
        "float32",
        "7.6 KiB",
        "11.2 KiB",
    ):
        assert text in table, text
    assert len({len(line) for line in table.splitlines()}) == 1
    graph = model.to_mermaid()
    assert graph.startswith("flowchart TD")
    assert graph.count("-->") == len(model._network.layers) + 1


@pytest.mark.parametrize("early_stopping", [False, True])
def test_one_class_is_always_right(early_stopping):
    mine, other = (
        model(**FEW, early_stopping=early_stopping).fit(IMAGES, np.full(240, "a"))
        for model in (MLPClassifier, theirs.MLPClassifier)
    )
    assert_same(mine, other)
    assert set(mine.predict(IMAGES)) == {"a"}
    assert set(mine.history_["score"]) == {1.0}
    mine.intercepts_[-1][:] = 9  # however sure it is of there being another
    assert set(mine.predict(IMAGES)) == {"a"}


def test_the_display_draws_both_curves():
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib import pyplot

    model = MLPClassifier(**FEW, early_stopping=True).fit(IMAGES, DIGITS)
    display = LossCurveDisplay.from_estimator(make_pipeline(model), name="net", linewidth=3)
    assert [line.get_ydata().tolist() for line in display.lines_] == [
        model.loss_curve_,
        model.history_["val_loss"],
    ]
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == [
        "net training",
        "net validation",
    ]
    again = LossCurveDisplay(model.loss_curve_).plot(ax=display.ax_)
    assert again.figure_ is display.figure_
    assert len(again.lines_) == 1
    assert display.lines_[0].get_linewidth() == 3
    pyplot.close(display.figure_)
    with pytest.raises(ValueError, match="needs history_, which StandardScaler has not"):
        LossCurveDisplay.from_estimator(StandardScaler().fit(IMAGES))


def test_one_row_is_answered_as_many_are():
    model = MLPClassifier(**FEW, dtype="float32").fit(IMAGES, DIGITS)
    many = model.predict_proba(IMAGES[:50])
    one_by_one = [model.predict_proba(IMAGES[[row]].astype(np.float32))[0] for row in range(50)]
    np.testing.assert_allclose(one_by_one, many, rtol=1e-5)
    with pytest.raises(ValueError, match="NaN"):
        model.predict(np.full((1, 64), np.nan, np.float32))
    with pytest.raises(ValueError, match="features"):
        model.predict(np.zeros((1, 63), np.float32))
    with pytest.raises(ValueError, match="0 sample"):
        model.predict(np.zeros((0, 64), np.float32))
    named = MLPClassifier(**FEW).fit(pd.DataFrame(IMAGES).add_prefix("pixel "), DIGITS)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        named.predict(IMAGES)


def test_parameters_from_a_search_may_be_numpy_numbers():
    settings = {"alpha": np.float64(0.01), "learning_rate_init": np.float64(0.01), "dropout": np.float64(0.1)}
    model = MLPClassifier(**FEW, **settings, l1=np.float64(1e-4)).fit(IMAGES.astype(np.float32), DIGITS)
    assert model.coefs_[0].dtype == np.float32
    assert clone(model).get_params()["alpha"] == 0.01


def test_batch_norm_of_one_row_is_refused():
    X, y = load_digits(return_X_y=True)
    with pytest.raises(ValueError, match=r"batches of at least 2 rows: .* Got 50 rows and batch_size=1\."):
        MLPClassifier(batch_norm=True, batch_size=1).fit(X[:50], y[:50])
    model = MLPRegressor(**FEW, batch_norm=True).fit(X_NUM, Y_NUM)
    with pytest.raises(ValueError, match=r"Got 1 rows and batch_size='auto'\."):
        model.partial_fit(X_NUM[:1], Y_NUM[:1])


def test_a_model_file_names_no_private_module():
    X, y = load_digits(return_X_y=True)
    for solver in ("adam", "sgd", "rmsprop"):
        model = MLPClassifier((8,), dropout=0.2, solver=solver, max_iter=2, random_state=0).fit(
            X[:100], y[:100]
        )
        stored = pickle.dumps(model)
        assert b"estimators._" not in stored
        again = pickle.loads(stored)
        np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
        again.partial_fit(X[:100], y[:100])
        model.partial_fit(X[:100], y[:100])
        np.testing.assert_array_equal(again.coefs_[0], model.coefs_[0])


@pytest.mark.parametrize("n", [200, 201, 401])
def test_batch_norm_learns_whatever_the_length_of_the_last_batch(n):
    """A last batch of one row has no variance: it must not enter the running statistics."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 10))
    y = X @ rng.normal(size=10)
    model = MLPRegressor(
        hidden_layer_sizes=(50,),
        batch_norm=True,
        max_iter=200,
        tol=0,
        n_iter_no_change=np.inf,
        learning_rate_init=0.01,
        random_state=0,
    )
    assert model.fit(X, y).score(X, y) > 0.99


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
    with pytest.raises(ValueError, match="sample_weight_val is provided, but X_val and y_val"):
        MLPClassifier((5,), max_iter=2).fit(X, y, sample_weight_val=np.ones(3))


def test_a_training_with_held_out_rows_is_resumed_with_them(tmp_path):
    X, y = load_digits(return_X_y=True)
    X, y, path = X[:60], y[:60], tmp_path / "net.joblib"
    settings = {"hidden_layer_sizes": (5,), "early_stopping": True, "random_state": 0}
    MLPClassifier(max_iter=3, **settings).set_callbacks(Checkpoint(path)).fit(X, y, X_val=X, y_val=y)
    with pytest.raises(ValueError, match="with X_val and y_val; pass them"):
        MLPClassifier(max_iter=6, **settings).fit(X, y, resume_from=path)
    MLPClassifier(max_iter=3, **settings).set_callbacks(Checkpoint(path)).fit(X, y)
    with pytest.raises(ValueError, match="without X_val and y_val; leave them out"):
        MLPClassifier(max_iter=6, **settings).fit(X, y, X_val=X, y_val=y, resume_from=path)
