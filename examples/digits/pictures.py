"""Helpers for drawing the example's pictures."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

INK = "Greys"  # dark strokes on a light background, as on paper
TRAINING, HELD_OUT = "#1b6ca8", "#c0504d"


def pyplot() -> Any:
    """Return matplotlib's pyplot, set up to write reproducible files."""
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "tallygrad"
    from matplotlib import pyplot as plt

    return plt


def save(figure: Any, file: Path) -> None:
    """Write a figure to an .svg or .png file."""
    drawn = BytesIO()
    figure.savefig(drawn, format=file.suffix[1:], metadata={"Date": None} if file.suffix == ".svg" else None)
    pyplot().close(figure)
    file.write_bytes(drawn.getvalue())  # written at the end, so that Ctrl-C leaves no partial file


def draw_image(axis: Any, row: np.ndarray, title: str) -> None:
    """Draw an image given as a row of brightness, of shape (side * side,)."""
    side = int(len(row) ** 0.5)
    axis.imshow(row.reshape(side, side), cmap=INK, vmin=0, vmax=1)
    axis.set_title(title, fontsize=9)
    axis.set(xticks=[], yticks=[])
    axis.spines[:].set_color("#d5dce2")
