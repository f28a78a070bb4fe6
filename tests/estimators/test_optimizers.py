"""Optimisers: against their update rules, written out here as the papers print them."""

import copy

import numpy as np
import pytest

from estimators._network import accelerator, optimizers
from estimators._network.optimizers import (
    SGD,
    Adam,
    Penalty,
    RMSprop,
    Stepper,
    from_plain,
    to_plain,
)

N, STEPS = 50, 20
GRADIENTS = np.random.default_rng(0).standard_normal((STEPS, N))


def literal_sgd(w, gradients, rate=0.1, momentum=0.9, nesterov=True):
    velocity = np.zeros_like(w)
    for g in gradients:
        velocity = momentum * velocity - rate * g
        w = w + (momentum * velocity - rate * g if nesterov else velocity)
    return w


def literal_rmsprop(w, gradients, rate=0.1, rho=0.9, epsilon=1e-8):
    v = np.zeros_like(w)
    for g in gradients:
        v = rho * v + (1 - rho) * g**2
        w = w - rate * g / (np.sqrt(v) + epsilon)
    return w


def literal_adam(w, gradients, rate=0.1, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    m, v = np.zeros_like(w), np.zeros_like(w)  # Kingma and Ba (2015), algorithm 1, end of section 2
    for t, g in enumerate(gradients, start=1):
        m = beta_1 * m + (1 - beta_1) * g
        v = beta_2 * v + (1 - beta_2) * g**2
        w = w - rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (np.sqrt(v) + epsilon)
    return w


CASES = [
    (SGD, literal_sgd, {}, {}),
    (SGD, literal_sgd, {"nesterov": False}, {"nesterov": False}),
    (SGD, literal_sgd, {"momentum": 0.0}, {"momentum": 0.0}),
    (RMSprop, literal_rmsprop, {}, {}),
    (RMSprop, literal_rmsprop, {"rho": 0.5, "epsilon": 0.1}, {"rho": 0.5, "epsilon": 0.1}),
    (Adam, literal_adam, {}, {}),
    (Adam, literal_adam, {"beta_1": 0.0, "beta_2": 0.0}, {"beta_1": 0.0, "beta_2": 0.0}),
    (Adam, literal_adam, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1}, {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 0.1}),
]  # fmt: skip


def new(kind, w, rate, **settings):
    """Return an optimiser for the parameters w."""
    if kind is SGD:
        settings["learning_rate"] = rate
    averages = tuple(np.zeros_like(w) for _ in range(2 if kind is Adam else 1))
    return kind(averages, rate, **settings)


def descend(optimizer, w, gradients, penalty=None, share=1.0, n_weights=N, compiled=False):
    g = np.empty_like(w)
    stepper = Stepper(optimizer, penalty or Penalty(0, 0), w, g, n_weights, compiled)
    values = []
    for gradient in gradients:
        g[:] = gradient
        values.append(stepper.step(share))
    return values


@pytest.mark.parametrize(("optimizer", "literal", "ours", "theirs"), CASES)
@pytest.mark.parametrize("unchunked", [N, 10])
def test_steps_are_the_papers(optimizer, literal, ours, theirs, unchunked, monkeypatch):
    monkeypatch.setattr(optimizers, "MAX_UNCHUNKED_PARAMETERS", unchunked)
    monkeypatch.setattr(optimizers, "PARAMETERS_PER_CHUNK", 7)
    w = np.random.default_rng(1).standard_normal(N)
    expected = literal(w, GRADIENTS, **theirs)
    descend(new(optimizer, w, 0.1, **ours), w, GRADIENTS)
    np.testing.assert_allclose(w, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("unchunked", [N, 10])
def test_penalties_are_of_the_weights_only(unchunked, monkeypatch):
    monkeypatch.setattr(optimizers, "MAX_UNCHUNKED_PARAMETERS", unchunked)
    monkeypatch.setattr(optimizers, "PARAMETERS_PER_CHUNK", 7)
    alpha, l1, share, n_weights = 0.3, 0.2, 0.5, 33
    w = np.random.default_rng(1).standard_normal(N)
    expected, values = w.copy(), []
    for g in GRADIENTS:
        weights = expected[:n_weights]
        values.append(share * (alpha / 2 * (weights**2).sum() + l1 * np.abs(weights).sum()))
        penalty = np.zeros(N)
        penalty[:n_weights] = share * (alpha * weights + l1 * np.sign(weights))
        expected = expected - 0.1 * (g + penalty)
    sgd = new(SGD, w, 0.1, momentum=0.0, nesterov=False)
    np.testing.assert_allclose(descend(sgd, w, GRADIENTS, Penalty(alpha, l1), share, n_weights), values)
    np.testing.assert_allclose(w, expected)


def test_a_penalty_has_the_gradient_of_its_value():
    w, step = np.random.default_rng(1).standard_normal(N), 1e-6
    penalty, scratch = Penalty(0.3, 0.2), np.empty(N)
    gradient = np.zeros(N)
    penalty.add_gradient(w, gradient, 0.5, scratch)
    for i in range(N):
        values = []
        for sign in (1, -1):
            shifted = w.copy()
            shifted[i] += sign * step
            values.append(penalty.add_gradient(shifted, np.zeros(N), 0.5, scratch))
        assert gradient[i] == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-8)


def test_learning_rates():
    w = np.zeros(3)
    constant, inverse, adaptive = (
        new(SGD, w, 0.1, schedule=schedule) for schedule in ("constant", "invscaling", "adaptive")
    )
    for optimizer in (constant, inverse, adaptive):
        optimizer.end_epoch(99)
    assert (constant.learning_rate, inverse.learning_rate, adaptive.learning_rate) == (0.1, 0.1 / 10, 0.1)
    assert constant.slow_down() is None
    assert new(Adam, w, 0.1).slow_down() is None
    for k in range(1, 9):
        assert adaptive.slow_down() == adaptive.learning_rate == pytest.approx(0.1 / 5**k)
    assert adaptive.slow_down() is None  # 0.1 / 5**8 is below 1e-6


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda made: from_plain(copy.deepcopy(to_plain(made)))])
@pytest.mark.parametrize("optimizer", [SGD, RMSprop, Adam])
def test_a_copy_goes_on_exactly(optimizer, copied):
    w = np.ones(N, np.float32)
    first = new(optimizer, w, 0.1)
    descend(first, w, GRADIENTS[:10].astype(np.float32))
    other, there = copied(first), w.copy()
    for one, weights in ((first, w), (other, there)):
        descend(one, weights, GRADIENTS[10:].astype(np.float32))
    np.testing.assert_array_equal(w, there)
    assert w.dtype == np.float32
    assert all(slot.dtype == np.float32 for slot in first.slots)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_accelerated_step_is_the_same_to_rounding(dtype, monkeypatch):
    results, compiled, steps = [], accelerator.compiled, []
    monkeypatch.setattr(accelerator, "compiled", lambda loop: steps.append(1) or compiled(loop))
    for accelerated in (True, False):
        w = np.random.default_rng(1).standard_normal(N).astype(dtype)
        values = descend(
            new(Adam, w, 0.01), w, GRADIENTS.astype(dtype), Penalty(0.3, 0.2), 0.5, 33, accelerated
        )
        results.append((w, values))
    assert len(steps) == STEPS  # of the first run
    for kind in (SGD, RMSprop):
        descend(new(kind, w, 0.1), w.copy(), GRADIENTS.astype(dtype), compiled=True)
    assert len(steps) == STEPS  # Adam alone has one
    eps = 50 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(results[0][0], results[1][0], rtol=eps, atol=eps)
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=eps)
