"""A picture of a handwritten digit as the model sees its images: grey, bright ink, cut out, scaled.

The frame is that of the images learned: scikit-learn's digits fill their 8 x 8 pixels from top to bottom,
with strokes so thick that 30% of it all is ink, for a 1 as for an 8; MNIST's fill 20 x 20 of 28 x 28 pixels.
The centre of mass is in the middle.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.ndimage import distance_transform_edt

SHADES = " .:-=+*#%@"
GREY = np.array([0.299, 0.587, 0.114])  # of red, green and blue: ITU-R BT.601
FAINT = 0.25  # of the darkest ink: what is fainter is no part of the digit
LEAST_CONTRAST = 0.1  # between ground and ink
BOX = {8: 8, 28: 20}  # side of the images -> longest side of the digit in them
FINE = 96  # pixels of the longest side while strokes are made thicker or thinner
SHARE = 0.305  # of ink, the mean over scikit-learn's digits
USUAL = 0.22, 0.4  # nearly all of them; what is between is left as it is


class PictureError(ValueError):
    """A picture cannot be read as a digit; the message says why."""


class Drawing(NamedTuple):
    """What the model sees, a row of brightness of shape (1, side * side), and whether dark ink was found."""

    row: np.ndarray
    inverted: bool


def read_drawing(path: str | Path, side: int) -> Drawing:
    """Read a picture of one digit.

    Parameters
    ----------
    path : str or Path
        A PNG file, or another that matplotlib's reader takes, of dark ink on a light ground or light ink on a
        dark one.

    side : int
        Of the images that the model has learned, 8 or 28.

    Returns
    -------
    Drawing

    Raises
    ------
    PictureError
        If it cannot be read, or nothing stands out from its ground.
    """
    from matplotlib import image

    try:
        pixels = image.imread(path)
    except (OSError, SyntaxError, ValueError) as error:  # Pillow raises each, by how a file is damaged
        reason = getattr(error, "strerror", None) or str(error)
        raise PictureError(f"{path}: expected a picture that can be read ({reason})") from error
    try:
        ink, inverted = ink_of(as_grey(pixels))
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from None
    return Drawing(fit(ink, side).reshape(1, -1).astype(np.float32), inverted)


def as_grey(pixels: np.ndarray) -> np.ndarray:
    """Return brightness from 0 to 1, (height, width), of grey or coloured pixels, laid on white."""
    if pixels.dtype.kind != "f":  # other formats than PNG come as bytes
        pixels = pixels / np.iinfo(pixels.dtype).max
    if pixels.ndim == 2:
        return pixels
    colours, alpha = (pixels, 1.0) if pixels.shape[2] == 3 else (pixels[..., :-1], pixels[..., -1:])
    colours = colours * alpha + (1 - alpha)
    return colours @ GREY if colours.shape[2] == 3 else colours[..., 0]


def ink_of(grey: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return ink, 0 for the ground to 1, and whether it is dark; the ground is what is along the edge."""
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ground = float(np.median(edge))
    dark, light = ground - float(grey.min()), float(grey.max()) - ground
    inverted = dark > light
    contrast = max(dark, light)
    if contrast < LEAST_CONTRAST:
        raise PictureError(
            f"expected ink that stands out from the ground, found brightness from {grey.min():.2f} to "
            f"{grey.max():.2f}"
        )
    ink = (ground - grey if inverted else grey - ground) / contrast
    return np.where(ink < FAINT, 0, ink), inverted


def fit(ink: np.ndarray, side: int) -> np.ndarray:
    """Cut out the digit, scale it to the box and set it into an image of shape (side, side)."""
    box = BOX.get(side, round(side * 20 / 28))
    if box < side:
        image = set_into(scale(cut_out(ink), box), side)
    else:  # made small in its frame, so that its centre may be anywhere in a pixel
        ink = of_usual_strokes(scale(cut_out(ink), FINE))
        frame = set_into(ink, max(ink.shape))
        image = shares(len(frame), side) @ frame @ shares(len(frame), side).T
    return image / image.max()


def cut_out(ink: np.ndarray) -> np.ndarray:
    """Return the smallest rectangle that has all of the ink."""
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def scale(ink: np.ndarray, box: int) -> np.ndarray:
    """Return the digit with `box` pixels on its longer side."""
    height, width = (max(1, round(box * length / max(ink.shape))) for length in ink.shape)
    return shares(ink.shape[0], height) @ ink @ shares(ink.shape[1], width).T  # (height, width)


def of_usual_strokes(ink: np.ndarray) -> np.ndarray:
    """Make strokes thicker or thinner, where they are unusually so, until the usual share is ink; cut out."""
    if USUAL[0] < ink.sum() / ink.max() / max(ink.shape) ** 2 < USUAL[1]:
        return ink
    stroke = np.pad(ink >= ink.max() / 2, FINE // 2)
    distance = distance_transform_edt(~stroke) - distance_transform_edt(stroke)  # negative within it
    least, most = max(distance.min() + 1, -FINE / 4), FINE / 3
    for _ in range(12):  # bisection: the share rises with the distance up to which all is ink
        middle = (least + most) / 2
        thick = cut_out(distance <= middle)
        least, most = (middle, most) if thick.sum() < SHARE * max(thick.shape) ** 2 else (least, middle)
    return cut_out(np.clip(0.5 + most - distance, 0, 1))


def set_into(ink: np.ndarray, side: int) -> np.ndarray:
    """Return an image of shape (side, side) with the digit's centre of mass in the middle."""
    image = np.zeros((side, side))
    corner = []
    for axis, length in enumerate(ink.shape):
        mass = ink.sum(axis=1 - axis)
        middle = mass @ (np.arange(length) + 0.5) / mass.sum()
        corner.append(int(np.clip(round(side / 2 - middle), 0, side - length)))
    top, left = corner
    image[top : top + ink.shape[0], left : left + ink.shape[1]] = ink
    return image


def shares(n: int, m: int) -> np.ndarray:
    """Return the matrix that takes n pixels to the means of m equal stretches of them, (m, n)."""
    ends = np.arange(m + 1) * n / m
    pixel = np.arange(n)
    covered = np.minimum(ends[1:, np.newaxis], pixel + 1) - np.maximum(ends[:-1, np.newaxis], pixel)
    return np.clip(covered, 0, None) * m / n


def as_text(row: np.ndarray) -> str:
    """Return an image as lines of characters, two a pixel, for a terminal."""
    side = int(row.size**0.5)
    shades = np.clip(np.rint(row.reshape(side, side) * (len(SHADES) - 1)), 0, len(SHADES) - 1).astype(int)
    return "\n".join("".join(SHADES[shade] * 2 for shade in line).rstrip() for line in shades)
