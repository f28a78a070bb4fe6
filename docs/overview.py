"""Draw the picture at the top of README, for light and dark pages: ``python -m docs.overview``."""

import warnings
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap
from sklearn.datasets import make_moons

from estimators import MLPClassifier, PolynomialRegressor

HERE = Path(__file__).parent
COLOURS = {  # page, text, data, the model, and the two sides of the boundary
    "light": (
        "#ffffff",
        "#1f2328",
        "#57606a",
        "#0969da",
        ("#ddf0ff", "#ffe7dc"),
        ("#0969da", "#cf5a2b"),
    ),
    "dark": (
        "#0d1117",
        "#e6edf3",
        "#9ea7b1",
        "#58a6ff",
        ("#10253d", "#3a2016"),
        ("#58a6ff", "#f0883e"),
    ),
}


def main() -> None:
    """Fit both models and write both files."""
    rng = np.random.default_rng(1)
    reservations = rng.uniform(3, 60, 70)
    doughs = 24 * np.log(reservations) - 20 + rng.normal(0, 3.5, 70)
    curve = PolynomialRegressor(degree=4).fit(reservations[:, np.newaxis], doughs)
    points, moons = make_moons(240, noise=0.17, random_state=0)
    with warnings.catch_warnings(action="ignore"):
        net = MLPClassifier(
            (16, 16), learning_rate_init=0.01, max_iter=150, random_state=0
        ).fit(points, moons)
    for name in COLOURS:
        draw(name, (reservations, doughs, curve), (points, moons, net))


def draw(name, forecast, classify):
    """Write one picture: a curve through evenings, and the boundary of a network."""
    page, text, dots, line, sides, classes = COLOURS[name]
    plt.rcParams.update(
        {
            "font.size": 19,
            "text.color": text,
            "axes.labelcolor": text,
            "axes.edgecolor": dots,
        }
    )
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9, 3.9), facecolor=page, layout="constrained"
    )
    reservations, doughs, curve = forecast
    x = np.linspace(3, 60, 200)
    left.scatter(reservations, doughs, s=28, color=dots, alpha=0.7, linewidths=0)
    left.plot(x, curve.predict(x[:, np.newaxis]), color=line, linewidth=4)
    left.set(
        title="forecast a number",
        xlabel="reservations",
        ylabel="doughs",
        xticks=[],
        yticks=[],
    )
    left.spines[["top", "right"]].set_visible(False)
    points, moons, net = classify
    low, high = points.min(axis=0) - 0.3, points.max(axis=0) + 0.3
    plane = np.stack(np.meshgrid(*np.linspace(low, high, 300).T), axis=-1)
    probability = net.predict_proba(plane.reshape(-1, 2))[:, 1].reshape(300, 300)
    right.contourf(
        plane[..., 0], plane[..., 1], probability, levels=[0, 0.5, 1], colors=sides
    )
    right.contour(
        plane[..., 0],
        plane[..., 1],
        probability,
        levels=[0.5],
        colors=text,
        linewidths=3,
    )
    right.scatter(*points.T, c=moons, cmap=ListedColormap(classes), s=24, linewidths=0)
    right.set(title="learn a boundary", xticks=[], yticks=[])
    right.set_axis_off()
    for axis in (left, right):
        axis.set_facecolor(page)
    figure.savefig(
        HERE / f"overview-{name}.png",
        dpi=100,
        facecolor=page,
        pil_kwargs={"optimize": True},
    )
    plt.close(figure)


if __name__ == "__main__":
    main()
