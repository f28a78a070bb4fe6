"""Compare accuracies with PyTorch: ``python -m benchmarks.mlp_accuracy [--seeds N] [--json FILE]``.

The network 784-1200-500-200-10 is trained by Adam with batches of 32 on images of 28 x 28 pixels, which are
scikit-learn's digits, enlarged and slightly shifted and rotated. For each seed, three networks are trained on
the same rows: ours with its own initial weights (Glorot), PyTorch's with its own (uniform within 1 /
sqrt(inputs)), and PyTorch's with ours. The first and the last differ only in the training, and the last two
only in the initial weights. Each seed takes half a minute.
"""

import argparse
import json
import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy import ndimage, stats
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from estimators import MLPClassifier

HIDDEN, BATCH = (1200, 500, 200), 32
LAST = 5  # final epochs to average, because the accuracy varies by a percentage point per epoch
KINDS = ("ours", "torch, its start", "torch, our start")


def main() -> None:
    """Train over paired seeds and print accuracies and their differences."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mlp_accuracy", description=__doc__)
    parser.add_argument(
        "--seeds", type=int, default=20, metavar="N", help="number of seeds (default: %(default)s)"
    )
    parser.add_argument(
        "--epochs", type=int, default=10, metavar="N", help="number of epochs (default: %(default)s)"
    )
    parser.add_argument(
        "--rows", type=int, default=4000, metavar="N", help="number of training rows (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results to this file as JSON")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", ConvergenceWarning)  # only a few epochs are wanted, without convergence
    scores = []
    with threadpool_limits(1):
        for seed in track(range(options.seeds), "seeds"):
            scores.append(accuracies(seed, options.epochs, options.rows))
            if options.json:
                report = {"seeds": len(scores), "epochs": options.epochs, "rows": options.rows}
                report |= {"accuracies": dict(zip(KINDS, np.transpose(scores).tolist(), strict=True))}
                options.json.write_text(
                    json.dumps(report | {"differences": differences(scores)}, indent=2) + "\n"
                )
    show(scores)


def accuracies(seed: int, epochs: int, n_rows: int) -> list[float]:
    """Return the accuracies of the three networks on held-out digits."""
    X, y = load_digits(return_X_y=True)
    rng = np.random.default_rng(seed)
    parts = train_test_split(X.reshape(-1, 8, 8) / 16, y, test_size=0.5, random_state=seed, stratify=y)
    X, y = enlarged(parts[0], parts[2], n_rows, rng)
    X_test, y_test = enlarged(parts[1], parts[3], 3000, rng)
    settings = {"batch_size": BATCH, "n_iter_no_change": epochs, "random_state": seed}
    ours = MLPClassifier(HIDDEN, max_iter=epochs, **settings).fit(X, y, X_val=X_test, y_val=y_test)
    # With this learning rate, the weights keep their initial values.
    start = MLPClassifier(HIDDEN, max_iter=1, learning_rate_init=1e-30, **settings).fit(X, y)
    by_epoch = [
        ours.history_["val_score"],
        torch_scores(X, y, X_test, y_test, epochs, seed, None),
        torch_scores(X, y, X_test, y_test, epochs, seed, (start.coefs_, start.intercepts_)),
    ]
    return [float(np.mean(scores[-LAST:])) for scores in by_epoch]


def enlarged(
    images: np.ndarray, y: np.ndarray, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return n images of 28 x 28 pixels: sampled images, rotated, shifted and with noise."""
    chosen = rng.integers(0, len(images), n)
    pictures = np.empty((n, 28, 28), np.float32)
    for picture, i in zip(pictures, chosen, strict=True):
        large = ndimage.rotate(
            ndimage.zoom(images[i], 2.5, order=1), rng.uniform(-10, 10), reshape=False, order=1
        )
        top, left = rng.integers(2, 7, 2)
        picture[:] = rng.normal(0, 0.1, (28, 28))
        picture[top : top + 20, left : left + 20] += large
    return pictures.reshape(n, 784), y[chosen]


def torch_scores(X, y, X_test, y_test, epochs, seed, start):  # type: ignore[no-untyped-def]
    """Return the accuracy of a PyTorch network after each epoch, with its own or our initial weights."""
    torch.manual_seed(seed)
    sizes = (784, *HIDDEN, 10)
    linear = [torch.nn.Linear(a, b) for a, b in pairwise(sizes)]
    if start:
        for layer, weights, bias in zip(linear, *start, strict=True):
            layer.weight.data, layer.bias.data = (
                torch.from_numpy(weights.T.copy()),
                torch.from_numpy(bias.copy()),
            )
    model = torch.nn.Sequential(*(part for layer in linear for part in (layer, torch.nn.ReLU())))[:-1]
    optimizer, loss_of = torch.optim.Adam(model.parameters(), fused=True), torch.nn.CrossEntropyLoss()
    rows, targets, scores = torch.from_numpy(X), torch.from_numpy(y), []
    for _ in range(epochs):
        order = torch.randperm(len(X))
        for first in range(0, len(X), BATCH):
            batch = order[first : first + BATCH]
            optimizer.zero_grad()
            loss_of(model(rows[batch]), targets[batch]).backward()
            optimizer.step()
        with torch.no_grad():
            scores.append(float((model(torch.from_numpy(X_test)).argmax(dim=1).numpy() == y_test).mean()))
    return scores


def differences(scores: list[list[float]]) -> dict[str, dict[str, float]]:
    """Return the mean paired differences, and `half_width`, half the width of their 95 % interval."""
    ours, own, same = np.transpose(scores)
    found = {}
    for name, gap in (("ours - torch, its start", ours - own), ("ours - torch, our start", ours - same)):
        half = (
            stats.t.ppf(0.975, len(gap) - 1) * gap.std(ddof=1) / np.sqrt(len(gap)) if len(gap) > 1 else np.inf
        )
        found[name] = {"mean": float(gap.mean()), "half_width": float(half)}
    return found


def show(scores: list[list[float]]) -> None:
    """Print the means and the differences."""
    table = Table(title=f"Accuracy on 3,000 held-out images, {len(scores)} paired seeds")
    table.add_column("")
    table.add_column("mean", justify="right")
    table.add_column("95 % +-", justify="right")
    for name, column in zip(KINDS, np.transpose(scores), strict=True):
        table.add_row(name, f"{column.mean():.4f}", "")
    for name, found in differences(scores).items():
        table.add_row(name, f"{found['mean']:+.4f}", f"{found['half_width']:.4f}")
    Console().print(table)


if __name__ == "__main__":
    main()
