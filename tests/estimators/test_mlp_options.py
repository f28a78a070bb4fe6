"""Schedules, weight decay, clipping, smoothing, losses and early stopping that scikit-learn's networks lack."""

import numpy as np
import pytest
from scipy.special import huber as huber_of
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import d2_pinball_score, log_loss, mean_pinball_loss
from sklearn.preprocessing import StandardScaler

from estimators import MLPClassifier, MLPRegressor
from estimators._network.losses import ABSOLUTE_ERROR, HUBER, SMOOTHED_LOGISTIC, SmoothedSoftmaxCrossEntropy
from estimators._network.optimizers import SGD, Adam, Penalty, RMSprop, StepFactors, Stepper
from estimators._network.quantiles import OrderedQuantiles, quantile_loss
from pipelines import Checkpoint
from tests.estimators.networks import FEW, OURS, small
from tests.estimators.test_layers import numerical

IRIS, SPECIES = load_iris(return_X_y=True)
rng = np.random.default_rng(0)
ROWS, NOISY = rng.normal(size=(300, 2)), rng.normal(size=300)
NOISY = ROWS[:, 0] + NOISY * np.exp(ROWS[:, 1] / 2)

# torch 2.14.1, float64: Linear(3, 4), SiLU, Linear(4, 3); CrossEntropyLoss(label_smoothing=0.1); 100 steps of
# AdamW(lr=0.05, eps=1e-300, weight_decay=0.3, and 0 for the biases) with CosineAnnealingLR(T_max=100), on the
# rows and initial weights below.
TORCH_LOSS = 0.9248805566563616
TORCH_WEIGHTS = [
    [0.7599503325991414, 1.4625778550156239, 0.011206543260350844, 0.5404885018687269],
    [0.8942862334429708, -0.12417823624703787, -1.1965781165994476, 0.5851520516916769],
    [0.9170752910352112, 0.4480806573472708, 0.6536272053358562, 0.0066830362035377065],
    [2.0353503412699374, 0.3077219089698137, 0.46387970934853745, -1.19480339916372],
    [-0.7396660181879485, -0.097051567849239, -0.11247257833713836],
    [0.868789391091441, 0.14607961903452, 0.1432151591279648],
    [0.3708032114653046, 0.2629941484192711, -0.8946675927415341],
    [0.3427201863074025, -0.44248827113047073, 0.013192948294707513],
    [-0.31886907901906714, -1.0395661467720432, -0.2927470005606401],
]


def test_a_hundred_steps_are_those_of_torchs_adamw_with_cosine_annealing():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.integers(3, size=20)
    weights = [rng.normal(size=shape) for shape in ((3, 4), (4, 3))]
    biases = [rng.normal(size=n) for n in (4, 3)]
    net = MLPClassifier(
        4, "silu", alpha=0, learning_rate="cosine", learning_rate_init=0.05, epsilon=1e-300, tol=0,
        weight_decay=0.3, label_smoothing=0.1, max_iter=1, shuffle=False, warm_start=True,
    ).fit(X, y)  # fmt: skip
    for mine, given in zip([*net.coefs_, *net.intercepts_], [*weights, *biases], strict=True):
        mine[...] = given
    net.set_params(max_iter=100).fit(X, y)
    first, second = net.coefs_
    found = [*first, net.intercepts_[0], *second, net.intercepts_[1]]
    for mine, torchs in zip(found, TORCH_WEIGHTS, strict=True):
        np.testing.assert_allclose(mine, torchs, rtol=1e-10)
    assert net.loss_ == pytest.approx(TORCH_LOSS, rel=1e-12)


def test_factors_of_the_learning_rate_follow_their_formula():
    cosine = StepFactors(n_steps=5, n_warmup=0, is_annealed=True)
    expected = [1, 0.9045084971874737, 0.6545084971874737, 0.34549150281252633, 0.09549150281252627]
    np.testing.assert_allclose([cosine.at(step) for step in range(5)], expected)
    warm = StepFactors(n_steps=8, n_warmup=4, is_annealed=True)
    expected = [0.25, 0.5, 0.75, 1, 1, 0.8535533905932737, 0.5, 0.14644660940672627]
    np.testing.assert_allclose([warm.at(step) for step in range(8)], expected)
    assert [StepFactors(4, 2, False).at(step) for step in range(4)] == [0.5, 1, 1, 1]


@pytest.mark.parametrize("kind", [SGD, RMSprop, Adam], ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("compiled", [False, True])
def test_weights_decay_apart_from_the_gradient_and_biases_do_not(kind, compiled):
    w = np.array([2.0, -4.0, 8.0])
    slots = tuple(np.zeros((2 if kind is Adam else 1, 3)))
    optimizer = kind(slots, 0.1, 0.1) if kind is SGD else kind(slots, 0.1)
    stepper = Stepper(optimizer, Penalty(0, 0), w, np.zeros(3), 2, compiled, weight_decay=0.5)
    stepper.step(1.0)
    np.testing.assert_allclose(w, [2 * 0.95, -4 * 0.95, 8], rtol=1e-15)


@pytest.mark.parametrize(("clip_norm", "factor"), [(2.5, 0.5), (5.0, 1), (None, 1)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_gradient_longer_than_clip_norm_is_shortened_to_it(clip_norm, factor, dtype):
    w, gradient = np.zeros(2, dtype), np.array([3, 4], dtype)
    optimizer = SGD((np.zeros(2, dtype),), 1.0, 1.0, momentum=0.0, nesterov=False)
    Stepper(optimizer, Penalty(0, 0), w, gradient, 2, clip_norm=clip_norm).step(1.0)
    np.testing.assert_allclose(w, [-3 * factor, -4 * factor], rtol=1e-6)


def test_a_gradient_whose_squares_overflow_is_clipped_too():
    w, gradient = np.zeros(2, np.float32), np.array([3e30, 4e30], np.float32)
    optimizer = SGD((np.zeros(2, np.float32),), 1.0, 1.0, momentum=0.0, nesterov=False)
    Stepper(optimizer, Penalty(0, 0), w, gradient, 2, clip_norm=5.0).step(1.0)
    np.testing.assert_allclose(w, [-3, -4], rtol=1e-6)


TARGETS = np.array([[0.3], [-1.2], [2.0], [0.0]])
LOSSES = {
    "absolute": (ABSOLUTE_ERROR, TARGETS, 1, lambda out: np.abs(out - TARGETS)[:, 0]),
    "huber": (HUBER, TARGETS, 1, lambda out: huber_of(1, out - TARGETS)[:, 0]),
    "quantile": (
        quantile_loss(0.8), TARGETS, 1,
        lambda out: [mean_pinball_loss([y], [o], alpha=0.8) for y, o in zip(TARGETS[:, 0], out[:, 0], strict=True)],
    ),
    "ordered": (
        OrderedQuantiles([0.1, 0.5, 0.8]), TARGETS, 3,
        lambda out: [
            np.mean([mean_pinball_loss([y], [o], alpha=q) for o, q in zip(row, (0.1, 0.5, 0.8), strict=True)])
            for y, row in zip(TARGETS[:, 0], out, strict=True)
        ],
    ),
    "smoothed softmax": (
        SmoothedSoftmaxCrossEntropy(0.2), np.array([0, 2, 1, 2]), 3,
        lambda out: -(np.log(out) * (0.8 * np.eye(3)[[0, 2, 1, 2]] + 0.2 / 3)).sum(axis=1),
    ),
    "smoothed logistic": (
        SMOOTHED_LOGISTIC, 0.9 * np.array([[0.0], [1.0], [1.0], [0.0]]) + 0.05, 1,
        lambda out: [
            (1 - y) * log_loss([0], [p], labels=[0, 1]) + y * log_loss([1], [p], labels=[0, 1])
            for y, p in zip([0.05, 0.95, 0.95, 0.05], out[:, 0], strict=True)
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LOSSES)
def test_losses_are_the_formulas_and_gradients_the_central_differences(name):
    loss, y, width, formula = LOSSES[name]
    Z = np.random.default_rng(1).normal(size=(4, width))
    record, scratch = loss.new_record(4, width, float), loss.new_scratch(4, width, float)

    def value():
        loss.backward(Z.copy(), y, 1.0, record, scratch)
        return float(loss.values(record, y).sum())

    outputs = 3 if name == "ordered" else 1  # reported as a mean over the levels, descended as a sum
    gradient = loss.backward(Z.copy(), y, 1.0, record, scratch).copy()
    np.testing.assert_allclose(gradient, outputs * numerical(value, Z), atol=1e-7)
    mean = value() / 4
    np.testing.assert_allclose(loss.values(record, y), formula(loss.activate(Z.copy())), rtol=1e-12)
    assert loss.evaluate(Z.copy(), y, None)[0] == pytest.approx(mean, rel=1e-12)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_quantiles_cover_their_shares_and_never_cross():
    levels = [0.1, 0.5, 0.9]
    net = MLPRegressor(
        "quantile", 16, "silu", quantile=levels, learning_rate="cosine", learning_rate_init=0.01,
        batch_size=50, max_iter=150, random_state=0,
    ).fit(ROWS, NOISY)  # fmt: skip
    found = net.predict(ROWS)
    assert found.shape == (300, 3)
    assert net.out_activation_ == "ordered"
    assert (np.diff(found, axis=1) > 0).all()
    np.testing.assert_allclose((NOISY[:, np.newaxis] <= found).mean(axis=0), levels, atol=0.05)
    scores = [d2_pinball_score(NOISY, each, alpha=q) for each, q in zip(found.T, levels, strict=True)]
    assert net.score(ROWS, NOISY) == pytest.approx(np.mean(scores))
    assert net.history_["score"][-1] == pytest.approx(net.score(ROWS, NOISY), abs=0.05)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("loss", "constant"), [("absolute_error", 1.0), ("huber", 4 / 3), ("quantile", 3.0)])
def test_constant_features_give_the_minimiser_of_the_loss(loss, constant):
    y = np.array([0.0, 1.0, 1.0, 2.0, 3.0, 10.0] if loss == "quantile" else [0.0, 1.0, 1.0, 2.0, 9.0])
    settings = {"quantile": 0.8} if loss == "quantile" else {}
    net = MLPRegressor(loss, 1, "identity", learning_rate="cosine", learning_rate_init=0.05, max_iter=3000,
                       random_state=0, alpha=0, **settings)  # fmt: skip
    assert net.fit(np.zeros((len(y), 1)), y).predict([[0.0]])[0] == pytest.approx(constant, abs=0.02)


@pytest.mark.parametrize("monitored", ["loss", "score"])
def test_early_stopping_keeps_the_weights_of_the_best_epoch(monitored):
    X, y = load_digits(return_X_y=True)
    net = MLPClassifier(
        16, early_stopping=monitored, learning_rate_init=0.02, n_iter_no_change=4, random_state=0
    )
    net.fit(X[:500] / 16, y[:500], X_val=X[500:600] / 16, y_val=y[500:600])
    losses, scores = net.history_["val_loss"], net.history_["val_score"]
    best = np.argmin(losses) if monitored == "loss" else np.argmax(scores)
    assert log_loss(y[500:600], net.predict_proba(X[500:600] / 16)) == pytest.approx(losses[best])
    assert net.best_validation_score_ == scores[best]
    assert net.n_iter_ < 200


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_all_classes_are_held_out_in_their_shares():
    seen = []

    class Spy(MLPClassifier):
        def _new_training(self, *args):
            training = super()._new_training(*args)
            seen.append(np.bincount(training.validation.y))
            return training

    y = np.repeat([0, 1, 2], [100, 30, 20])
    Spy(2, early_stopping="loss", max_iter=2, random_state=0).fit(IRIS, y)
    assert seen[0].tolist() == [10, 3, 2]
    alone = np.repeat([0, 1, 2], [100, 49, 1])  # a class of a single row cannot be divided
    Spy(2, early_stopping="loss", max_iter=2, random_state=0).fit(IRIS, alone)
    assert seen[1].sum() == 15


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_refit_trains_on_all_rows_for_the_epochs_found():
    settings = {**FEW, "learning_rate_init": 0.05, "max_iter": 30, "n_iter_no_change": 3, "random_state": 2}
    found = MLPClassifier(**settings, early_stopping="loss").fit(IRIS, SPECIES)
    n_epochs = 1 + int(np.argmin(found.history_["val_loss"]))
    plain = MLPClassifier(**{**settings, "max_iter": n_epochs, "n_iter_no_change": 30}).fit(IRIS, SPECIES)
    refitted = MLPClassifier(**settings, early_stopping="loss", refit=True).fit(IRIS, SPECIES)
    assert refitted.n_iter_ == n_epochs
    for mine, expected in zip(refitted.coefs_, plain.coefs_, strict=True):
        np.testing.assert_array_equal(mine, expected)
    assert refitted.validation_scores_ == found.validation_scores_
    assert refitted.best_validation_score_ == found.best_validation_score_


@pytest.mark.parametrize("estimator", OURS)
def test_cosine_trains_all_epochs_without_a_warning(estimator):
    X, y = small(estimator)
    settings = {**FEW, "learning_rate": "cosine", "max_iter": 4, "n_iter_no_change": 1, "tol": 100.0}
    assert estimator(**settings).fit(X, y).n_iter_ == 4


@pytest.mark.parametrize("solver", ["adam", "rmsprop", "sgd"])
def test_plateau_divides_the_rate_for_every_solver(solver, capsys):
    X, y = small(MLPClassifier)
    settings = {**FEW, "learning_rate_init": 1e-3, "max_iter": 50, "n_iter_no_change": 1, "tol": 100.0}
    MLPClassifier(**settings, solver=solver, learning_rate="plateau", verbose=True).fit(X, y)
    said = capsys.readouterr().out
    assert [f"rate to {1e-3 / 5**k:f}" in said for k in range(1, 6)] == [True] * 5
    assert "Learning rate too small. Stopping." in said


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_resumed_fit_with_a_schedule_is_the_uninterrupted_one(tmp_path):
    settings = {**FEW, "learning_rate": "cosine", "warmup_fraction": 0.2, "weight_decay": 0.1, "max_iter": 6}
    whole = MLPClassifier(**settings).fit(IRIS, SPECIES)

    class Stop:
        def setup(self, estimator, context): ...
        def on_fit_task_begin(self, estimator, context, **_): ...
        def on_fit_task_end(self, estimator, context, **_):
            return context.task_id == 2

        def teardown(self, estimator, context): ...

    path = tmp_path / "net.ckpt"
    part = MLPClassifier(**settings).set_callbacks(Checkpoint(path), Stop())
    part.fit(IRIS, SPECIES)
    assert part.n_iter_ == 3
    resumed = MLPClassifier(**settings).fit(IRIS, SPECIES, resume_from=path)
    for mine, expected in zip(resumed.coefs_, whole.coefs_, strict=True):
        np.testing.assert_array_equal(mine, expected)
    with pytest.raises(ValueError, match=r"different parameters: max_iter=6 \(now 8\)"):
        MLPClassifier(**{**settings, "max_iter": 8}).fit(IRIS, SPECIES, resume_from=path)


REFUSED = [
    ({"solver": "lbfgs", "weight_decay": 0.1}, "does not support weight_decay"),
    ({"solver": "lbfgs", "clip_norm": 1.0}, "does not support clip_norm"),
    ({"solver": "lbfgs", "learning_rate": "cosine"}, "does not support learning_rate='cosine'"),
    ({"solver": "lbfgs", "warmup_fraction": 0.1}, "does not support warmup_fraction"),
    ({"solver": "lbfgs", "early_stopping": "loss"}, "does not support early_stopping='loss'"),
    ({"solver": "lbfgs", "early_stopping": True, "refit": True}, "does not support refit"),
    ({"refit": True}, "refit=True requires early_stopping"),
    ({"refit": True, "early_stopping": True, "warm_start": True}, "warm_start=True"),
    ({"clip_norm": 0.0}, "'clip_norm' parameter"),
    ({"warmup_fraction": 1.0}, "'warmup_fraction' parameter"),
    ({"early_stopping": "accuracy"}, "'early_stopping' parameter"),
]


@pytest.mark.parametrize(("settings", "message"), REFUSED, ids=lambda value: str(value)[:60])
@pytest.mark.parametrize("estimator", OURS)
def test_options_that_make_no_sense_are_refused(estimator, settings, message):
    with pytest.raises(ValueError, match=message):
        estimator(**{**FEW, **settings}).fit(*small(estimator))


@pytest.mark.parametrize("settings", [{"learning_rate": "cosine"}, {"warmup_fraction": 0.5}], ids=str)
def test_partial_fit_refuses_schedules_that_need_the_number_of_steps(settings):
    with pytest.raises(ValueError, match="the total number of steps is not known"):
        MLPRegressor(**settings).partial_fit(ROWS, NOISY)


def test_refit_refuses_validation_data_that_is_passed():
    net = MLPClassifier(early_stopping="loss", refit=True)
    with pytest.raises(ValueError, match="cannot be combined with X_val and y_val"):
        net.fit(IRIS, SPECIES, X_val=IRIS, y_val=SPECIES)


@pytest.mark.parametrize("levels", [[], [0.5, 0.5], [0.9, 0.1], [0.0, 0.5], [0.5, 1.0], [[0.5]]], ids=str)
def test_quantile_levels_must_ascend_between_0_and_1(levels):
    with pytest.raises(ValueError, match="'quantile' parameter of MLPRegressor must be"):
        MLPRegressor("quantile", quantile=levels).fit(ROWS, NOISY)


def test_quantiles_refuse_several_targets_and_lbfgs():
    with pytest.raises(ValueError, match="y must have one column"):
        MLPRegressor("quantile", quantile=[0.1, 0.9]).fit(ROWS, ROWS)
    with pytest.raises(ValueError, match="solver='lbfgs' does not support loss='quantile'"):
        MLPRegressor("quantile", solver="lbfgs").fit(ROWS, NOISY)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("scale", [1e-4, 1e4])
def test_targets_far_from_standardised_are_warned_of_unless_a_scaler_wraps_the_network(scale):
    net = MLPRegressor(hidden_layer_sizes=4, max_iter=2)
    with pytest.warns(UserWarning, match=r"standard deviation of y .*TransformedTargetRegressor"):
        net.fit(ROWS, NOISY * scale)
    TransformedTargetRegressor(net, transformer=StandardScaler()).fit(ROWS, NOISY * scale)
    MLPRegressor("poisson", 4, max_iter=2).fit(ROWS, np.abs(NOISY) * scale)


@pytest.mark.filterwarnings(f"ignore::{ConvergenceWarning.__module__}.ConvergenceWarning")
@pytest.mark.parametrize("y", [SPECIES, SPECIES > 0, np.eye(3, dtype=int)[SPECIES]], ids=["3", "2", "labels"])
def test_smoothed_labels_give_less_confident_probabilities(y):
    settings = {"max_iter": 60, "learning_rate_init": 0.02, "random_state": 0}
    plain, smoothed = (MLPClassifier(16, label_smoothing=s, **settings).fit(IRIS, y) for s in (0.0, 0.2))
    assert smoothed.predict_proba(IRIS).max() < plain.predict_proba(IRIS).max()
    assert smoothed.score(IRIS, y) > 0.9
