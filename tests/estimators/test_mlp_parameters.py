"""What each parameter of the networks does."""

import copy
import itertools
import pickle
import re

import numpy as np
import pytest
from sklearn import neural_network as theirs
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.utils.class_weight import compute_sample_weight

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
    assert_same,
    small,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning"
)  # few epochs are enough


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
    ({"activation": "silu"}, {}),
    ({"activation": "gelu"}, {}),
    ({"learning_rate": "cosine"}, {}),
    ({"learning_rate": "cosine", "warmup_fraction": 0.5}, {"learning_rate": "cosine"}),
    (
        {"learning_rate": "plateau", "tol": 100.0, "n_iter_no_change": 1, "max_iter": 5},
        {"tol": 100.0, "n_iter_no_change": 1, "max_iter": 5},
    ),
    ({"weight_decay": 0.1}, {}),
    ({"clip_norm": 1e-3, "solver": "sgd"}, {"solver": "sgd"}),
    ({"early_stopping": "loss", "refit": True}, {"early_stopping": "loss"}),
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
    elsewhere = {"hidden_layer_sizes", "verbose", "warm_start", "class_weight", "label_smoothing"}
    elsewhere |= {"loss", "quantile"}
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


@pytest.mark.parametrize("estimator", OURS)
def test_docstrings_are_whole(estimator):
    assert not re.search(r"\{[a-z]+\}", estimator.__doc__)
    for heading in ("Parameters", "Attributes", "Notes", "Examples"):
        assert len(re.findall(rf"^    {heading}\n    -+$", estimator.__doc__, flags=re.MULTILINE)) == 1
    for text in ("O(n_samples * n_weights)", "equal up to rounding", "numbers given as strings"):
        assert text in estimator.__doc__
    assert ("negative values in y raise a ValueError" in estimator.__doc__) == (estimator is MLPRegressor)


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


def test_each_partial_fit_drops_other_units():
    """With no more to learn from, two epochs differ by their masks alone."""
    still = {"solver": "sgd", "learning_rate_init": 1e-30, "dropout": 0.5, "shuffle": False}
    model = MLPRegressor(**FEW, **still)
    losses = {model.partial_fit(X_NUM, Y_NUM).loss_ for _ in range(4)}
    assert len(losses) == 4


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


def test_class_weights_of_rows_that_do_not_count():
    """Rows of weight 0 are no rows, even if they are all of their class."""
    y, weight = DIGITS % 3, (DIGITS % 3 != 2).astype(float)
    model = MLPClassifier(**FEW, class_weight="balanced").fit(IMAGES, y, weight)
    factor = weight * compute_sample_weight({0: 1.0, 1: 1.0, 2: 0.0}, y)
    factor /= np.array([factor[y == k].sum() for k in (0, 1)] + [1.0])[y] * 3 / factor.sum()
    assert_same(model, theirs.MLPClassifier(**FEW).fit(IMAGES, y, factor))
    for weights in ({0: -1.0}, {0: np.nan}, {0: np.inf}):
        with pytest.raises(
            ValueError, match="'class_weight' parameter of MLPClassifier must contain non-neg"
        ):
            MLPClassifier(class_weight=weights).fit(IMAGES, y)
    for solver, weights in itertools.product(("adam", "lbfgs"), ({0: 0, 1: 0.0, 2: 0}, {0: 0, 1: 0})):
        with pytest.raises(ValueError, match="products of sample weight and class weight are zero"):
            MLPClassifier(class_weight=weights, solver=solver).fit(IMAGES, y, y != 2)
    for weights in ({0: "2"}, {0: "x"}, {0: None}, {0: [1]}):
        with pytest.raises(
            ValueError, match="'class_weight' parameter of MLPClassifier must map class labels to numbers"
        ):
            MLPClassifier(class_weight=weights).fit(IMAGES, y)
    one = {0: np.float32(2), 1: np.int64(3), 2: True}
    MLPClassifier(**{**FEW, "max_iter": 1}, class_weight=one).fit(IMAGES, y)


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


def test_parameters_from_a_search_may_be_numpy_numbers():
    settings = {name: np.float64(0.01) for name in ("alpha", "learning_rate_init", "dropout", "beta_1")}
    plain = {name: float(value) for name, value in settings.items()}
    X = IMAGES.astype(np.float32)
    model, same = (MLPClassifier(**FEW, **given, l1=1e-4).fit(X, DIGITS) for given in (settings, plain))
    assert model.loss_curve_ == same.loss_curve_
    assert model.coefs_[0].dtype == np.float32
    assert clone(model).get_params()["alpha"] == 0.01


def test_a_warm_start_takes_the_parameters_as_they_are_now():
    model = MLPClassifier(**FEW, warm_start=True, dropout=0.5).fit(IMAGES, DIGITS)
    other = copy.deepcopy(model).set_params(dropout=0.0)
    assert "Dropout" in model.summary()
    assert "Dropout" not in other.fit(IMAGES, DIGITS).summary()
    assert other.loss_ < model.fit(IMAGES, DIGITS).loss_
    for change in ({"hidden_layer_sizes": 3}, {"batch_norm": True}):
        with pytest.raises(
            ValueError, match=r"belong to a network with layers of \(64, 20, 11, 10\) units, batch_norm=False"
        ):
            copy.deepcopy(model).set_params(**change, dropout=0.0).fit(IMAGES, DIGITS)


def test_a_warm_start_keeps_its_loss():
    model = MLPRegressor(**FEW, warm_start=True).fit(X_NUM, COUNTS).set_params(loss="poisson")
    for train in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match="activation 'identity'. Got .* activation 'exp' instead"):
            train(X_NUM, COUNTS)
    assert model.set_params(warm_start=False).fit(X_NUM, COUNTS).out_activation_ == "exp"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dropout": 1.0}, "must be a float in the range"),
        ({"dropout": [0.1]}, r"one such float for each of the 2 hidden layers\. Got \[0\.1\] instead"),
        ({"dropout": [0.1, 1.0]}, "one such float for each of the 2 hidden layers"),
        ({"dropout": [0.1, -0.1]}, "one such float for each of the 2 hidden layers"),
        ({"dropout": [0.1, np.nan]}, "one such float for each of the 2 hidden layers"),
        ({"negative_slope": 1.0}, r"must be a float in the range \[0\.0, 1\.0\)"),
        ({"momentum": 1.1}, r"must be a float in the range \[0\.0, 1\.0\]\."),
        ({"hidden_layer_sizes": (4, 0)}, r"hidden_layer_sizes must be > 0, got \[4, 0\]"),
        (
            {"solver": "lbfgs", "l1": 0.1, "batch_norm": True},
            "does not support .*batch_norm, l1. Use one of the solvers adam, rmsprop, sgd instead",
        ),
        ({"activation": "relu6"}, "'activation' parameter of MLPRegressor must be a str among"),
    ],
    ids=str,
)
def test_settings_that_cannot_be(settings, message):
    with pytest.raises(ValueError, match=message):
        MLPRegressor(**{**FEW, **settings}).fit(X_NUM, Y_NUM)


def test_batch_norm_of_one_row_is_refused():
    X, y = load_digits(return_X_y=True)
    with pytest.raises(ValueError, match=r"batches of at least 2 rows.* Got 50 rows and batch_size=1\."):
        MLPClassifier(batch_norm=True, batch_size=1).fit(X[:50], y[:50])
    model = MLPRegressor(**FEW, batch_norm=True).fit(X_NUM, Y_NUM)
    with pytest.raises(ValueError, match=r"Got 1 rows and batch_size='auto'\."):
        model.partial_fit(X_NUM[:1], Y_NUM[:1])


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
