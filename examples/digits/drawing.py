"""Convert a picture of a handwritten digit to the format of the training images.

The picture is converted to greyscale with bright ink on a dark background, and the digit is cut out and
scaled. scikit-learn's digits fill their 8 x 8 pixels from top to bottom, with strokes so thick that ink
covers about 30% of the image, even for a 1. MNIST's digits fill 20 x 20 of 28 x 28 pixels. The
digit's centre of mass is moved to the middle.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.ndimage import distance_transform_edt

SHADES = " .:-=+*#%@"
GREY = np.array([0.299, 0.587, 0.114])  # weights of red, green and blue: ITU-R BT.601
FAINT = 0.25  # ink fainter than this fraction of the darkest ink is ignored
LEAST_CONTRAST = 0.1  # between background and ink
BOX = {8: 8, 28: 20}  # width of the image: longest side of the digit
FINE = 96  # longest side in pixels while the thickness of strokes is adjusted
SHARE = 0.305  # of the image covered by ink, on average over scikit-learn's digits
USUAL = 0.22, 0.4  # range of nearly all of those digits; strokes in this range are not adjusted


class PictureError(ValueError):
    """Error raised when a picture cannot be used. The message states the reason."""


class Drawing(NamedTuple):
    """The image that the model receives, of shape (1, side * side), and whether the ink was dark."""

    row: np.ndarray
    inverted: bool


def read_drawing(path: str | Path, side: int) -> Drawing:
    """Read a picture of one digit.

    Parameters
    ----------
    path : str or Path
        A PNG file, or another format that matplotlib reads. The ink may be dark on a light background or
        light on a dark one.

    side : int
        Width of the model's images in pixels, 8 or 28.

    Returns
    -------
    Drawing

    Raises
    ------
    PictureError
        If the picture cannot be read, or nothing stands out from its background.
    """
    from matplotlib import image

    try:
        pixels = image.imread(path)
    except (OSError, SyntaxError, ValueError) as error:  # Pillow raises each of these for damaged files
        reason = getattr(error, "strerror", None) or str(error)
        raise PictureError(f"{path}: cannot be read as a picture ({reason})") from error
    try:
        ink, inverted = ink_of(as_grey(pixels))
    except PictureError as error:
        raise PictureError(f"{path}: {error}") from None
    return Drawing(fit(ink, side).reshape(1, -1).astype(np.float32), inverted)


def as_grey(pixels: np.ndarray) -> np.ndarray:
    """Return brightness from 0 to 1, of shape (height, width). Transparent pixels become white."""
    if pixels.dtype.kind != "f":  # formats other than PNG are read as bytes
        pixels = pixels / np.iinfo(pixels.dtype).max
    if pixels.ndim == 2:
        return pixels
    colours, alpha = (pixels, 1.0) if pixels.shape[2] == 3 else (pixels[..., :-1], pixels[..., -1:])
    colours = colours * alpha + (1 - alpha)
    return colours @ GREY if colours.shape[2] == 3 else colours[..., 0]


def ink_of(grey: np.ndarray) -> tuple[np.ndarray, bool]:
    """Return ink from 0 (the background, measured at the edge) to 1, and whether the ink is dark."""
    edge = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    ground = float(np.median(edge))
    dark, light = ground - float(grey.min()), float(grey.max()) - ground
    inverted = dark > light
    contrast = max(dark, light)
    if contrast < LEAST_CONTRAST:
        raise PictureError(
            f"expected ink that stands out from the background, found only brightness values from "
            f"{grey.min():.2f} to {grey.max():.2f}"
        )
    ink = (ground - grey if inverted else grey - ground) / contrast
    return np.where(ink < FAINT, 0, ink), inverted


def fit(ink: np.ndarray, side: int) -> np.ndarray:
    """Cut out the digit, scale it and place it in an image of shape (side, side)."""
    box = BOX.get(side, round(side * 20 / 28))
    if box < side:
        image = set_into(scale(cut_out(ink), box), side)
    else:  # scaling down last centres the digit to a fraction of a pixel
        ink = of_usual_strokes(scale(cut_out(ink), FINE))
        frame = set_into(ink, max(ink.shape))
        image = shares(len(frame), side) @ frame @ shares(len(frame), side).T
    return image / image.max()


def cut_out(ink: np.ndarray) -> np.ndarray:
    """Return the smallest rectangle that contains all ink."""
    rows, columns = (np.flatnonzero(ink.any(axis=axis)) for axis in (1, 0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def scale(ink: np.ndarray, box: int) -> np.ndarray:
    """Scale the digit to `box` pixels along its longer side."""
    height, width = (max(1, round(box * length / max(ink.shape))) for length in ink.shape)
    return shares(ink.shape[0], height) @ ink @ shares(ink.shape[1], width).T  # (height, width)


def of_usual_strokes(ink: np.ndarray) -> np.ndarray:
    """Adjust unusually thin or thick strokes until ink covers the usual share. Return the cut-out digit."""
    if USUAL[0] < ink.sum() / ink.max() / max(ink.shape) ** 2 < USUAL[1]:
        return ink
    stroke = np.pad(ink >= ink.max() / 2, FINE // 2)
    distance = distance_transform_edt(~stroke) - distance_transform_edt(stroke)  # negative inside the stroke
    least, most = max(distance.min() + 1, -FINE / 4), FINE / 3
    for _ in range(12):  # bisection: the share of ink increases with the distance
        middle = (least + most) / 2
        thick = cut_out(distance <= middle)
        least, most = (middle, most) if thick.sum() < SHARE * max(thick.shape) ** 2 else (least, middle)
    return cut_out(np.clip(0.5 + most - distance, 0, 1))


def set_into(ink: np.ndarray, side: int) -> np.ndarray:
    """Place the digit in an image of shape (side, side), with its centre of mass in the middle."""
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
    """Return the (m, n) matrix that averages n pixels over m intervals of equal length."""
    ends = np.arange(m + 1) * n / m
    pixel = np.arange(n)
    covered = np.minimum(ends[1:, np.newaxis], pixel + 1) - np.maximum(ends[:-1, np.newaxis], pixel)
    return np.clip(covered, 0, None) * m / n


def as_text(row: np.ndarray) -> str:
    """Draw an image with text characters, two per pixel, for a terminal."""
    side = int(row.size**0.5)
    shades = np.clip(np.rint(row.reshape(side, side) * (len(SHADES) - 1)), 0, len(SHADES) - 1).astype(int)
    return "\n".join("".join(SHADES[shade] * 2 for shade in line).rstrip() for line in shades)
