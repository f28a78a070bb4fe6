"""The compiled steps against numpy's: whole trainings, with every part that has a compiled twin."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.datasets import load_digits

from estimators import MLPClassifier, MLPRegressor
from estimators._network import accelerator
from estimators._network.losses import SoftmaxCrossEntropy

DIGITS = load_digits(return_X_y=True)


def trained(model, monkeypatch, accelerated, rows=300):
    monkeypatch.setattr(accelerator, "MIN_PARAMETERS", 0 if accelerated else np.inf)
    X, y = DIGITS[0][:rows] / 16, DIGITS[1][:rows]
    weight = np.random.default_rng(0).integers(0, 3, rows)
    return model.fit(X, y / 10 if isinstance(model, MLPRegressor) else y, sample_weight=weight + 0.5)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"alpha": 0.1, "l1": 0.01},
        {"solver": "sgd", "learning_rate": "adaptive"},
        {"activation": "tanh"},
        {"dropout": 0.3, "batch_norm": True},
        {"early_stopping": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_trainings_are_the_same_to_rounding(kind, settings, monkeypatch):
    models = [
        trained(
            kind(hidden_layer_sizes=(20, 10), max_iter=8, n_iter_no_change=9, random_state=0, **settings),
            monkeypatch,
            accelerated,
        )
        for accelerated in (True, False)
    ]
    for one, other in zip(*(model.coefs_ + model.intercepts_ for model in models), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(models[0].loss_curve_, models[1].loss_curve_, rtol=1e-10)
    assert models[0].history_["score"] == pytest.approx(models[1].history_["score"], rel=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("size", [1.0, 1e4])
def test_the_gradient_of_the_softmax_is_its_formula(dtype, size):
    rng = np.random.default_rng(0)
    Z, codes = (size * rng.standard_normal((50, 7))).astype(dtype), rng.integers(0, 7, 50)
    expected = softmax(Z.astype(float), axis=1)
    loss = accelerator.compiled_loss(SoftmaxCrossEntropy())
    record = loss.new_record(50, 7, dtype)
    found = loss.backward(Z.copy(), codes, dtype(0.5), record, loss.new_scratch(50, 7, dtype))
    eps = 100 * np.finfo(dtype).eps
    np.testing.assert_allclose(found, 0.5 * (expected - np.eye(7)[codes]), atol=eps)
    np.testing.assert_allclose(record[0], expected[np.arange(50), codes], atol=eps)
    assert loss.score(record, codes, None) == np.mean(expected.argmax(axis=1) == codes)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_what_is_not_finite_is_not_hidden(monkeypatch):
    with pytest.raises(ValueError, match="non-finite"):
        trained(
            MLPRegressor(hidden_layer_sizes=(20,), learning_rate_init=1e200, random_state=0),
            monkeypatch,
            True,
        )


def test_numba_is_tried_where_it_pays(monkeypatch):
    monkeypatch.setattr(accelerator, "find_spec", lambda name: True)
    assert accelerator.usable(accelerator.MIN_PARAMETERS)
    assert not accelerator.usable(accelerator.MIN_PARAMETERS - 1)
    monkeypatch.setattr(accelerator, "find_spec", lambda name: None)
    assert not accelerator.usable(10**9)
