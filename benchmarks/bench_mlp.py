"""Compare float32 networks with scikit-learn, PyTorch (if installed) and an epoch's matrix products."""

import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from unittest import mock

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from threadpoolctl import threadpool_limits

from benchmarks._harness import Row, compare
from estimators import MLPClassifier, MLPRegressor

SEEDS = 20


@dataclass
class Net:
    """Rows, layers, batch size, epochs, and targets for scikit-learn, fused PyTorch and the products."""

    name: str
    X: np.ndarray
    y: np.ndarray
    hidden: tuple[int, ...]
    batch: int
    epochs: int
    aims: tuple[str, str, str]

    @property
    def classes(self) -> bool:
        return self.y.dtype.kind == "i"

    @property
    def sizes(self) -> tuple[int, ...]:
        return (self.X.shape[1], *self.hidden, 10 if self.classes else 1)

    def fit(self, estimator: Any, seed: int = 0) -> Any:
        model = estimator(
            hidden_layer_sizes=self.hidden,
            batch_size=self.batch,
            max_iter=self.epochs,
            n_iter_no_change=self.epochs,
            random_state=seed,
        )
        return model.fit(self.X, self.y)


def nets() -> list[Net]:
    """Return the networks of the table, with random pixels if only the time matters."""
    X, y = load_digits(return_X_y=True)
    X = (X / 16).astype(np.float32)
    rng = np.random.default_rng(0)
    pixels, labels = rng.random((8000, 784), dtype=np.float32), rng.integers(0, 10, 8000)
    rows = rng.standard_normal((100_000, 20), dtype=np.float32)
    target = rows[:, 0] * rows[:, 1]
    deep = (1200, 500, 200)
    return [
        Net("digits 64-100-10, batch 32", X, y, (100,), 32, 30, ("5.5x", "6x", "0.29x")),
        Net("digits 64-100-10, batch 200", X, y, (100,), 200, 60, ("4.5x", "4x", "0.53x")),
        Net("784-200-10, batch 60", pixels, labels, (200,), 60, 3, ("2.5x", "2x", "0.71x")),
        Net(
            "784-1200-500-200-10, batch 32",
            pixels[:2000],
            labels[:2000],
            deep,
            32,
            1,
            ("3x", "1.8x", "0.67x"),
        ),
        Net(
            "784-1200-500-200-10, batch 256",
            pixels[:4096],
            labels[:4096],
            deep,
            256,
            1,
            ("1.7x", "1.5x", "0.87x"),
        ),
        Net("regression 20-64-64-1, batch 256", rows, target, (64, 64), 256, 2, ("5.5x", "4x", "0.57x")),
    ]


def run() -> list[Row]:
    """Benchmark fits, also without numba and on two threads, and the prediction of one row."""
    accelerated = find_spec("numba") is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # only a few epochs are wanted
        rows = [row for net in nets() for row in measure(net)]
        if accelerated:
            with mock.patch.dict(sys.modules, {"numba": None}):  # importing numba then fails
                rows += [row for net in nets() for row in measure(net, aimed=False)]
        rows += [row for net in nets() for row in measure(net, threads=2, aimed=False)]
        return [*rows, one_row(), equally_good()]


def measure(net: Net, threads: int = 1, aimed: bool = True) -> list[Row]:
    """Compare fits with each peer. The targets are for one thread, with numba if it helps."""
    mine, theirs = (MLPClassifier, TheirClassifier) if net.classes else (MLPRegressor, TheirRegressor)
    compiled = find_spec("numba") is not None and n_parameters(net) >= 1_000
    kind = "float32, with numba" if compiled else "float32"
    kind += f", {threads} threads" if threads > 1 else ""
    claim, note = f"MLP fit, {net.name}, {net.epochs} epoch{'s' * (net.epochs > 1)}", kind
    aims = net.aims if aimed else ("", "", "")

    def ours() -> float:
        return net.fit(mine).loss_

    peers: list[tuple[str, Callable, Callable | None, str]] = [
        ("scikit-learn", lambda: net.fit(theirs).loss_, same_loss, aims[0]),
        ("the bare matrix products", lambda: products(net), None, aims[2]),
    ]
    if find_spec("torch"):
        for fused, aim in ((True, aims[1]), (False, "")):
            name = f"torch, {'fused' if fused else 'eager'} Adam"
            peers.insert(-1, (name, lambda fused=fused: torch_fit(net, threads, fused), None, aim))
    with threadpool_limits(threads):
        return [
            compare(claim, ours, peer, peer_name=name, aim=aim, repeats=9, agree=agree, note=note)
            for name, peer, agree, aim in peers
        ]


def n_parameters(net: Net) -> int:
    return sum((a + 1) * b for a, b in zip(net.sizes, net.sizes[1:], strict=False))


def same_loss(ours: float, theirs: float) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-3)


def products(net: Net) -> None:
    """Compute only the matrix products of the forward and backward passes of all epochs."""
    A = [np.zeros((net.batch, n), np.float32) for n in net.sizes]
    W = [np.ones((a, b), np.float32) for a, b in zip(net.sizes, net.sizes[1:], strict=False)]
    G = [np.empty_like(w) for w in W]
    for _ in range(net.epochs * len(net.X) // net.batch):
        for i, w in enumerate(W):
            np.dot(A[i], w, out=A[i + 1])
        for i in reversed(range(len(W))):
            np.dot(A[i].T, A[i + 1], out=G[i])
            if i:
                np.dot(A[i + 1], W[i].T, out=A[i])


def torch_fit(net: Net, threads: int, fused: bool) -> float:
    """Train the same network in PyTorch, one operation at a time, with PyTorch's initial weights.

    If `fused`, Adam is one compiled loop. Otherwise, it is about ten operations per parameter array.
    """
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(0)
    layers: list[Any] = []
    for a, b in zip(net.sizes, net.sizes[1:], strict=False):
        layers += [torch.nn.Linear(a, b), torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    loss_of = torch.nn.CrossEntropyLoss() if net.classes else torch.nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), fused=fused, foreach=False)
    X, y = torch.from_numpy(net.X), torch.from_numpy(net.y)
    y = y if net.classes else y[:, None]
    for _ in range(net.epochs):
        order, total = torch.randperm(len(X)), 0.0
        for start in range(0, len(X), net.batch):
            rows = order[start : start + net.batch]
            optimizer.zero_grad()
            loss = loss_of(model(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
    return total / len(X)


def one_row() -> Row:
    """Benchmark the prediction of one row of the digits."""
    net = nets()[0]
    mine, theirs = (net.fit(estimator) for estimator in (MLPClassifier, TheirClassifier))
    row = net.X[:1].copy()
    return compare(
        "MLPClassifier.predict, one row",
        lambda: mine.predict(row),
        lambda: theirs.predict(row),
        peer_name="scikit-learn",
        aim="5x",
        agree=np.testing.assert_array_equal,
    )


def equally_good() -> Row:
    """Train on half of the digits and score the other half, with paired seeds. The note states accuracies."""
    net = nets()[0]
    half = Net("half of the digits", net.X[::2], net.y[::2], net.hidden, net.batch, 20, net.aims)
    scores, times = [], []
    for seed in range(SEEDS):
        start = time.perf_counter()
        mine = half.fit(MLPClassifier, seed)
        middle = time.perf_counter()
        theirs = half.fit(TheirClassifier, seed)
        times.append((middle - start, time.perf_counter() - middle))
        scores.append([model.score(net.X[1::2], net.y[1::2]) for model in (mine, theirs)])
    ours, peers = 1e3 * np.median(times, axis=0)
    accuracy = np.mean(scores, axis=0)
    return Row(
        claim=f"MLP fit, half of the digits, batch 32, 20 epochs, {SEEDS} paired seeds",
        peer="scikit-learn",
        aim="",
        ratio=float(np.median([theirs / mine for mine, theirs in times])),
        ours_ms=float(ours),
        peer_ms=float(peers),
        ours_mb=None,
        peer_mb=None,
        note=f"accuracy on the other half: ours {accuracy[0]:.4f}, theirs {accuracy[1]:.4f}",
    )
