"""Layers and networks: every gradient against central differences, masks and statistics against their formulas."""

import numpy as np
import pytest
import scipy.sparse as sp

from estimators._network.layers import (
    GELU,
    Architecture,
    BatchNorm,
    Dense,
    Dropout,
    LeakyReLU,
    Logistic,
    ReLU,
    SiLU,
    Tanh,
)
from estimators._network.network import Network, initialise

N, WIDTH = 7, 4


class Repeated:
    """Random bits that are the same at every call, so that a loss with dropout is a function."""

    def random_raw(self, size):
        return np.random.SFC64(3).random_raw(size)


def single(layer, rng):
    """Give one layer parameters, gradients and buffers of its own."""
    layer.parameters = {name: rng.standard_normal(shape) for name, shape in layer.parameter_shapes.items()}
    layer.gradients = {name: np.empty(shape) for name, shape in layer.parameter_shapes.items()}
    layer.statistics = {name: np.ones(shape) for name, shape in layer.statistic_shapes.items()}
    layer.bind(N, np.dtype(float))
    return layer


def numerical(function, array, step=1e-6):
    """Return the gradient of function() by central differences in every element of `array`."""
    gradient = np.empty_like(array)
    for i in np.ndindex(array.shape):
        kept = array[i]
        array[i] = kept + step
        above = function()
        array[i] = kept - step
        below = function()
        array[i] = kept
        gradient[i] = (above - below) / (2 * step)
    return gradient


LAYERS = [
    Dense(WIDTH, 3),
    BatchNorm(WIDTH),
    ReLU(WIDTH),
    LeakyReLU(WIDTH, 0.2),
    LeakyReLU(WIDTH, 0.0),
    Tanh(WIDTH),
    Logistic(WIDTH),
    SiLU(WIDTH),
    GELU(WIDTH),
    Dropout(WIDTH, 0.4),
]


@pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: type(layer).__name__)
def test_gradients_are_the_central_differences(layer):
    rng = np.random.default_rng(0)
    layer = single(layer, rng)
    X = rng.standard_normal((N, WIDTH))
    weights = rng.standard_normal((N, layer.n_out))  # the loss is sum(weights * out)

    def loss():
        return float((weights * layer.forward(X.copy(), True, Repeated())).sum())

    loss()
    gradient = layer.backward(weights.copy()).copy()
    found = {name: values.copy() for name, values in layer.gradients.items()}
    np.testing.assert_allclose(gradient, numerical(loss, X), atol=1e-7)
    for name, values in found.items():
        np.testing.assert_allclose(values, numerical(loss, layer.parameters[name]), atol=1e-7)


def test_activations_are_their_formulas():
    Z = np.linspace(-4, 4, 12).reshape(3, 4)
    formulas = {
        ReLU(4): np.where(Z > 0, Z, 0),
        LeakyReLU(4, 0.1): np.where(Z > 0, Z, 0.1 * Z),
        Tanh(4): np.tanh(Z),
        Logistic(4): 1 / (1 + np.exp(-Z)),
    }
    for layer, expected in formulas.items():
        np.testing.assert_allclose(layer.forward(Z.copy()), expected, rtol=1e-14)


def test_dense_takes_sparse_rows():
    rng = np.random.default_rng(0)
    layer = single(Dense(5, 3, is_first=True), rng)
    X = rng.standard_normal((N, 5)) * (rng.random((N, 5)) < 0.4)
    D = rng.standard_normal((N, 3))
    dense = layer.forward(X, True).copy()
    layer.backward(D)
    expected = layer.gradients["weights"].copy()
    np.testing.assert_allclose(layer.forward(sp.csr_array(X), True), dense)
    layer.backward(D)
    np.testing.assert_allclose(layer.gradients["weights"], expected)


def test_batch_norm_normalises_and_keeps_a_running_mean_and_variance():
    rng = np.random.default_rng(0)
    layer = single(BatchNorm(WIDTH), rng)
    mean, variance = layer.statistics["running_mean"], layer.statistics["running_variance"]
    scale, shift = layer.parameters["scale"], layer.parameters["shift"]
    mean[:], variance[:], scale[:], shift[:] = 0, 1, 1, 0
    Z = rng.normal(5, 3, (N, WIDTH))
    out = layer.forward(Z.copy(), True)
    np.testing.assert_allclose(out, (Z - Z.mean(0)) / np.sqrt(Z.var(0) + 1e-5))
    np.testing.assert_allclose(mean, 0.9 * 0 + 0.1 * Z.mean(0))
    np.testing.assert_allclose(variance, 0.9 * 1 + 0.1 * Z.var(0))
    scale[:], shift[:] = 2, 3
    expected = 2 * (Z - mean) / np.sqrt(variance + 1e-5) + 3
    np.testing.assert_allclose(layer.forward(Z.copy()), expected)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_dropout_drops_its_share_and_keeps_the_mean(rate):
    layer, A = Dropout(500, rate), np.ones((400, 500))
    layer.bind(400, np.dtype(float))
    out = layer.forward(A, True, np.random.SFC64(0))
    five_sigma = 5 * np.sqrt(rate * (1 - rate) / A.size)  # binomial
    assert abs((out == 0).mean() - rate) < five_sigma
    assert abs(out.mean() - 1) < five_sigma / (1 - rate)
    assert len(np.unique(out)) == 2
    np.testing.assert_array_equal(layer.forward(A), A)


def test_hardly_anything_may_be_left():
    layer = Dropout(4, 1 - 1e-9)
    assert np.isfinite(layer.factor)
    layer.bind(3, np.dtype(float))
    assert np.isfinite(layer.forward(np.ones((3, 4)), True, np.random.SFC64(0))).all()


def test_a_new_batch_norm_changes_next_to_nothing():
    plain, normed = (Network(Architecture((3, 5, 2), batch_norm=norm), np.float64) for norm in (False, True))
    for network in (plain, normed):
        initialise(network, np.random.RandomState(0), "glorot")
    X = np.random.default_rng(0).standard_normal((4, 3))
    np.testing.assert_allclose(normed.scores(X), plain.scores(X), rtol=1e-4)


def test_parameters_are_one_vector_weights_first():
    network = Network(Architecture((3, 5, 2), batch_norm=True), np.float64)
    assert network.n_weights == 3 * 5 + 5 * 2
    assert len(network.parameters) == network.n_weights + 5 + 5 + 5 + 2
    network.parameters[:] = np.arange(len(network.parameters))
    first, norm, last = (network.layers[i].parameters for i in (0, 1, -1))
    np.testing.assert_array_equal(first["weights"].ravel(), np.arange(15))
    np.testing.assert_array_equal(last["weights"].ravel(), np.arange(15, 25))
    np.testing.assert_array_equal(first["bias"], np.arange(25, 30))
    np.testing.assert_array_equal(
        np.concatenate([norm["scale"], norm["shift"], last["bias"]]), np.arange(30, 42)
    )


@pytest.mark.parametrize(
    "copied",
    [Network.copy, lambda network: Network.from_plain(network.to_plain())],
)
def test_copies_have_views_of_their_own_vector(copied):
    network = Network(Architecture((3, 5, 2), "tanh", dropout=(0.5,), batch_norm=True), np.float32)
    initialise(network, np.random.RandomState(0), "glorot")
    X = np.ones((2, 3), np.float32)
    other = copied(network)
    np.testing.assert_array_equal(other.scores(X), network.scores(X))
    network.parameters[:] = 0
    assert other.layers[0].parameters["weights"].any()
    other.parameters[:] = 0
    assert not other.layers[0].parameters["weights"].any()


def test_predicting_in_blocks_changes_nothing(monkeypatch):
    network = Network(Architecture((3, 8, 2)), np.float64)
    initialise(network, np.random.RandomState(0), "he")
    X = np.random.default_rng(0).standard_normal((600, 3))
    expected = network.scores(X)
    monkeypatch.setattr("estimators._network.network.PREDICTION_VALUES", 40)
    np.testing.assert_allclose(network.scores(X), expected, rtol=1e-12)
    np.testing.assert_allclose(network.scores(sp.csr_array(X)), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("init", "activation", "slope", "bound"),
    [
        ("glorot", "relu", 0, np.sqrt(6 / 60)),
        ("glorot", "logistic", 0, np.sqrt(2 / 60)),
        ("he", "relu", 0, np.sqrt(6 / 40)),
        ("he", "relu", 0.5, np.sqrt(6 / 40)),
        ("he", "leaky_relu", 0.5, np.sqrt(6 / (1.25 * 40))),
    ],
)
def test_first_weights_are_uniform_within_their_bound(init, activation, slope, bound):
    network = Network(Architecture((40, 20, 1), activation, slope), np.float64)
    initialise(network, np.random.RandomState(0), init)
    weights, bias = network.layers[0].parameters["weights"], network.layers[0].parameters["bias"]
    assert 0.99 * bound < np.abs(weights).max() <= bound
    assert bias.any() == (init == "glorot")
