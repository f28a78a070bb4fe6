"""Losses: values against scikit-learn's metrics and closed forms, gradients against central differences."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.metrics import accuracy_score, log_loss, mean_poisson_deviance, mean_squared_error, r2_score

from estimators._network.losses import LOSS_OF

N, K = 6, 3
rng = np.random.default_rng(0)
CODES, LABELS = rng.integers(0, K, N), rng.integers(0, 2, (N, K)).astype(float)
TARGETS = {
    "softmax": CODES,
    "logistic": LABELS,
    "identity": rng.standard_normal((N, K)),
    "exp": rng.poisson(2.0, (N, K)).astype(float),
}
WEIGHT = rng.uniform(0.5, 2, N)


def stepped(name, Z, factor=1.0, dtype=float):
    """Return gradient and record of one batch."""
    loss = LOSS_OF[name]
    record = loss.new_record(len(Z), K, dtype)
    scratch = loss.new_scratch(len(Z), K, dtype)
    return loss.backward(Z.astype(dtype), TARGETS[name], factor, record, scratch), record


@pytest.mark.parametrize("name", LOSS_OF)
@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_are_the_central_differences(name, weighted):
    Z, step = np.random.default_rng(1).standard_normal((N, K)), 1e-6
    factor = WEIGHT[:, np.newaxis] / WEIGHT.sum() if weighted else 1 / N
    weight = WEIGHT / WEIGHT.sum() if weighted else np.full(N, 1 / N)
    outputs = K if name == "identity" else 1  # reported as a mean over outputs, descended as a sum

    def value(Z):
        return outputs * weight @ LOSS_OF[name].values(stepped(name, Z)[1], TARGETS[name])

    expected = np.empty_like(Z)
    for i in np.ndindex(Z.shape):
        delta = np.zeros_like(Z)
        delta[i] = step
        expected[i] = (value(Z + delta) - value(Z - delta)) / (2 * step)
    np.testing.assert_allclose(stepped(name, Z, factor)[0], expected, atol=1e-8)


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_values_and_scores_are_scikit_learns(weight):
    Z = np.random.default_rng(2).standard_normal((N, K))
    rows = np.arange(N)
    cases = {
        "softmax": (
            softmax(Z, axis=1),
            lambda y, out: log_loss(y, out, sample_weight=weight, labels=[0, 1, 2]),
            lambda y, out: accuracy_score(y, out.argmax(1), sample_weight=weight),
        ),
        "logistic": (
            expit(Z),
            lambda y, out: sum(log_loss(y[:, k], out[:, k], sample_weight=weight) for k in range(K)),
            lambda y, out: accuracy_score(y, out > 0.5, sample_weight=weight),
        ),
        "identity": (
            Z,
            lambda y, out: mean_squared_error(y, out, sample_weight=weight) / 2,
            lambda y, out: r2_score(y, out, sample_weight=weight),
        ),
        "exp": (
            np.exp(Z),
            lambda y, out: sum(
                mean_poisson_deviance(y[:, k], out[:, k], sample_weight=weight) / 2 for k in range(K)
            ),
            lambda y, out: r2_score(y, out, sample_weight=weight),
        ),
    }
    assert set(cases) == set(LOSS_OF)
    for name, (out, value, score) in cases.items():
        loss, y = LOSS_OF[name], TARGETS[name]
        np.testing.assert_allclose(loss.activate(Z.copy()), out, rtol=1e-13)
        expected = value(y, out), score(y, out)
        np.testing.assert_allclose(loss.evaluate(Z.copy(), y, weight), expected, rtol=1e-12)
        _, record = stepped(name, Z)
        values = loss.values(record, y)
        np.testing.assert_allclose(np.average(values, weights=weight), expected[0], rtol=1e-12)
        np.testing.assert_allclose(loss.score(record, y, weight), expected[1], rtol=1e-12)
    assert (softmax(Z, axis=1)[rows, CODES] > 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("name", "certain"), [("softmax", CODES), ("logistic", LABELS)])
def test_certainty_costs_at_most_the_log_of_eps(name, certain, dtype):
    Z = np.full((N, K), -200.0)  # certain and wrong everywhere
    if name == "softmax":
        Z[np.arange(N), (CODES + 1) % K] = 200
    else:
        Z[LABELS == 0] = 200
    worst = -np.log(float(np.finfo(dtype).eps)) * (1 if name == "softmax" else K)
    gradient, record = stepped(name, Z, dtype=dtype)
    np.testing.assert_allclose(LOSS_OF[name].values(record, TARGETS[name]), worst, rtol=1e-6)
    assert np.isfinite(gradient).all()
    assert gradient.dtype == dtype


def test_each_row_has_its_own_scale():
    """Scores of one row a thousand above those of another: both are probabilities."""
    Z = np.random.default_rng(3).standard_normal((N, K)) + 1000 * np.arange(N)[:, np.newaxis]
    np.testing.assert_allclose(LOSS_OF["softmax"].activate(Z.copy()), softmax(Z, axis=1), rtol=1e-13)
    gradient, _ = stepped("softmax", Z)
    np.testing.assert_allclose(gradient, softmax(Z, axis=1) - np.eye(K)[CODES], atol=1e-13)


def test_a_probability_of_a_half_is_the_first_class():
    for y, accuracy in ((np.zeros((2, 1)), 1), (np.ones((2, 1)), 0)):
        Z = np.zeros((2, 1))  # expit(0) = 1/2
        assert LOSS_OF["logistic"].evaluate(Z, y, None)[1] == accuracy


def test_the_deviance_of_large_counts_is_exact_in_float32():
    y, mean = np.full((2, 1), 1e4, np.float32), np.full((2, 1), 10001, np.float32)
    expected = mean_poisson_deviance([1e4], [10001.0]) / 2
    np.testing.assert_allclose(LOSS_OF["exp"].values((mean,), y), expected, rtol=1e-6)


def test_scores_that_have_no_meaning():
    loss = LOSS_OF["identity"]
    assert np.isnan(loss.score((np.ones((1, 1)),), np.ones((1, 1)), None))
    assert np.isnan(loss.score((np.array([[1.0], [np.inf]]),), np.ones((2, 1)), None))
    y = np.ones((4, 1))
    for out in (np.ones((4, 1)), np.zeros((4, 1))):
        assert loss.score((out,), y, None) == r2_score(y, out)
