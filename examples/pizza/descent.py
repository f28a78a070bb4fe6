"""Follow textbook gradient descent to the pizzeria's line at several learning rates, one of them too large.

A step is ``w -= rate * mean(2 * error * x)`` and ``b -= rate * mean(2 * error)``, starting at w = b = 0. It
converges for rates up to 1 divided by the largest eigenvalue of the mean of [x, 1]'[x, 1]. For larger rates,
`GDRegressor` raises an error.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from sklearn.exceptions import ConvergenceWarning

from estimators import GDRegressor
from examples.pizza.evaluate import pyplot
from examples.pizza.model import Lesson

SHARES = (0.05, 0.3, 0.95, 1.1)  # as multiples of the largest rate that converges
SHOWN = 4  # iterations per rate in the table


def default_rates(x: np.ndarray, y: np.ndarray) -> list[float]:
    """Return rates around the largest one that converges. x and y have shape (n_evenings,)."""
    largest = GDRegressor().fit(x[:, np.newaxis], y).max_learning_rate_
    return [float(f"{share * largest:.2g}") for share in SHARES]


def descend(lesson: Lesson, rates: Sequence[float] | None = None, iterations: int = 10_000) -> dict[str, Any]:
    """Return the paths of gradient descent, and the line of least squares.

    Parameters
    ----------
    lesson : Lesson
        The evenings, of which only the reservations are used.
    rates : sequence of float, default=None
        The learning rates. If None, four rates around the largest one that converges.
    iterations : int, default=10000
        Number of steps.

    Returns
    -------
    report : dict
        "evenings" (their number), "line" (weight, bias and loss of least squares) and "paths". A path
        contains either the error message for a rate that is too large, or about fifty iterations, evenly
        spaced on a log scale, with the loss (mean squared error), weight and bias after each iteration.
    """
    x = lesson.evenings["reservations"].to_numpy().astype(float)
    y = lesson.evenings["doughs"].to_numpy().astype(float)
    if rates is None:
        rates = default_rates(x, y)
    weight, bias = np.polyfit(x, y, 1)
    steps = np.unique(np.geomspace(1, iterations, 60).astype(int))
    return {
        "evenings": len(x),
        "line": {"weight": float(weight), "bias": float(bias), "loss": float(loss(x, y, weight, bias))},
        "paths": [path(x, y, rate, steps) for rate in rates],
    }


def path(x: np.ndarray, y: np.ndarray, rate: float, steps: np.ndarray) -> dict[str, Any]:
    """Return the path of one rate at the `steps`, or its error message. x and y have shape (n_evenings,)."""
    model = GDRegressor(learning_rate=rate, max_iter=int(steps[-1]))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # convergence is not needed, only the path
            model.fit(x[:, np.newaxis], y)
    except ValueError as error:
        return {"rate": rate, "refused": str(error)}
    weights, biases = model.coef_path(steps)
    weights = weights[:, 0]
    return {
        "rate": rate,
        "refused": None,
        "iteration": steps.tolist(),
        "loss": loss(x[:, np.newaxis], y[:, np.newaxis], weights, biases).tolist(),
        "weight": weights.tolist(),
        "bias": biases.tolist(),
    }


def loss(x: np.ndarray, y: np.ndarray, weight: Any, bias: Any) -> np.ndarray:
    """Return the mean squared error over the evenings, which are on the first axis."""
    return ((weight * x + bias - y) ** 2).mean(axis=0)


def show(report: dict[str, Any], console: Console) -> None:
    """Print the report as a table."""
    line = report["line"]
    table = Table(
        title=f"Gradient descent on {report['evenings']} evenings, from zero",
        caption=f"least squares: {line['weight']:.4f} x + {line['bias']:.4f}, loss {line['loss']:.2f}",
        box=box.SIMPLE_HEAD,
    )
    for heading in ("rate", "iteration", "loss", "weight", "bias"):
        table.add_column(heading, justify="right")
    for one in report["paths"]:
        if one["refused"]:
            continue
        last = len(one["iteration"]) - 1
        for i in sorted({round(last * place / (SHOWN - 1)) for place in range(SHOWN)}):
            cells = (f"{one[key][i]:.4f}" for key in ("weight", "bias"))
            table.add_row(f"{one['rate']:g}", str(one["iteration"][i]), f"{one['loss'][i]:.2f}", *cells)
        table.add_section()
    console.print(table)
    for one in report["paths"]:
        if one["refused"]:
            console.print(one["refused"], markup=False)


def save_picture(report: dict[str, Any], file: Path) -> None:
    """Draw the losses and the paths of weight and bias to an .svg or .png file."""
    plt = pyplot()
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    line = report["line"]
    for one in report["paths"]:
        if one["refused"]:
            left.plot([], [], "x", color="#c0504d", label=f"rate {one['rate']:g}: refused")
            continue
        left.plot(one["iteration"], one["loss"], label=f"rate {one['rate']:g}")
        right.plot([0, *one["weight"]], [0, *one["bias"]], ".-", lw=1, ms=4, label=f"rate {one['rate']:g}")
    left.axhline(line["loss"], color="black", lw=0.8, ls=":", label="least squares")
    scale = "linear" if all(one["refused"] for one in report["paths"]) else "log"
    left.set(xscale=scale, yscale=scale, xlabel="iteration", ylabel="mean squared error")
    left.set(title="Loss against iteration")
    right.plot(line["weight"], line["bias"], "k*", ms=11, label="least squares")
    right.set(
        title="Where each is, from zero", xlabel="weight: doughs per reservation", ylabel="bias: doughs"
    )
    for axis in (left, right):
        axis.legend(frameon=False)
        axis.spines[["top", "right"]].set_visible(False)
    for message in [one["refused"] for one in report["paths"] if one["refused"]][:1]:
        figure.supxlabel(message, fontsize=8, color="#c0504d", wrap=True)
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
    plt.close(figure)
