"""Load images of digits: scikit-learn's own, MNIST from its files, or MNIST from OpenML."""

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.datasets import fetch_openml, load_digits
from sklearn.model_selection import train_test_split

from examples.digits.idx import ImagesFileError, read_idx

__all__ = ["Lesson", "fetch_mnist", "load_bundled", "load_mnist"]

PARTS = {"train": "the training set", "t10k": "the test set"}
KINDS = {"images": 3, "labels": 1}  # number of axes in the file
N_TRAINING = 60_000  # the first images of OpenML's 70,000; the rest are MNIST's test set


class Lesson(NamedTuple):
    """Training images with their digits, and a test set if there is one.

    Images are float32 rows of brightness, from 0 for the background to 1 for ink, of shape
    (n_images, side * side). Digits are ints from 0 to 9, of shape (n_images,).
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray | None = None
    y_test: np.ndarray | None = None

    @property
    def side(self) -> int:
        """The width and height of an image in pixels."""
        return int(self.X.shape[1] ** 0.5)

    def only(self, n_images: int | None, seed: int = 0) -> "Lesson":
        """Return a lesson with a random sample of `n_images` training images, stratified by digit."""
        if n_images is None or n_images >= len(self.y):
            return self
        enough = len(self.y) - n_images >= len(
            np.unique(self.y)
        )  # stratifying needs one image of each digit on both sides
        rows, _ = train_test_split(
            np.arange(len(self.y)),
            train_size=n_images,
            stratify=self.y if enough else None,
            random_state=seed,
        )
        return self._replace(X=self.X[rows], y=self.y[rows])

    def split(self, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return X, X_test, y, y_test. Without a test set, a fifth of the images is held out."""
        if self.X_test is not None and self.y_test is not None:
            return self.X, self.X_test, self.y, self.y_test
        return tuple(train_test_split(self.X, self.y, test_size=0.2, stratify=self.y, random_state=seed))


def load_bundled() -> Lesson:
    """Return scikit-learn's 1,797 images of 8 x 8 pixels, written by 13 people.

    Returns
    -------
    Lesson
        All images, without a test set.
    """
    pixels, digits = load_digits(return_X_y=True)
    return Lesson("scikit-learn's digits", (pixels / 16).astype(np.float32), digits)


def load_mnist(folder: str | Path) -> Lesson:
    """Read MNIST's four files, or those of a data set in the same format.

    Parameters
    ----------
    folder : str or Path
        The folder with ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte``
        and ``t10k-labels-idx1-ubyte``, with or without ``.gz``. Names such as ``train-images.idx3-ubyte``
        are recognised too.

    Returns
    -------
    Lesson
        The training set and the test set.

    Raises
    ------
    ImagesFileError
        If a file is missing, damaged or of the wrong kind, or if the four files do not match each other.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise ImagesFileError(
            f"{folder}: expected a folder with MNIST's four files, but there is no such folder"
        )
    parts = {part: read_part(folder, part) for part in PARTS}
    training, test = parts.values()
    if training[0].shape[1] != test[0].shape[1]:
        sides = [f"{int(X.shape[1] ** 0.5)}" for X, _ in (training, test)]
        raise ImagesFileError(
            f"{folder}: expected images of one size, found a width of {sides[0]} pixels in the training set "
            f"and of {sides[1]} in the test set"
        )
    for part, (X, _) in parts.items():
        if X.min() == X.max():
            raise ImagesFileError(
                f"{folder}: expected images with dark and light pixels, found only the brightness "
                f"{255 * X.max():.0f} in {PARTS[part]}"
            )
    return Lesson(f"MNIST in {folder}", *training, *test)


def read_part(folder: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the images as rows, and their digits, of the part "train" or "t10k"."""
    files = {kind: find(folder, part, kind) for kind in KINDS}
    images, digits = (read_idx(files[kind], n_axes) for kind, n_axes in KINDS.items())
    if not len(images):
        raise ImagesFileError(f"{files['images']}: expected images, found none")
    if len(images) != len(digits):
        raise ImagesFileError(
            f"{files['labels']}: expected {len(images):,} labels, one for each image in "
            f"{files['images'].name}, found {len(digits):,}"
        )
    if not images.size or images.shape[1] != images.shape[2]:
        shape = " x ".join(map(str, images.shape))
        raise ImagesFileError(f"{files['images']}: expected square images, found {shape}")
    check_digits(digits, files["labels"], training=part == "train")
    return images.reshape(len(images), -1).astype(np.float32) / 255, digits.astype(np.int64)


def check_digits(digits: np.ndarray, file: Path, training: bool) -> None:
    """Raise an error unless all labels are digits. In the training set, each must occur at least twice."""
    if wrong := np.flatnonzero(digits > 9)[:1].tolist():
        raise ImagesFileError(
            f"{file}: expected labels from 0 to 9, found {digits[wrong[0]]} as label {wrong[0] + 1}"
        )
    rare = np.flatnonzero(np.bincount(digits, minlength=10) < 2)
    if training and len(rare):
        raise ImagesFileError(
            f"{file}: expected at least two images of each digit, found fewer for {', '.join(map(str, rare))}"
        )


def find(folder: Path, part: str, kind: str) -> Path:
    """Return the file of a part, which can have one of several names."""
    ending = f"idx{KINDS[kind]}-ubyte"
    names = [f"{part}-{kind}{dot}{ending}{gz}" for gz in ("", ".gz") for dot in "-."]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    if folders := [name for name in names if (folder / name).is_dir()]:
        raise ImagesFileError(f"{folder / folders[0]}: expected a file, found a folder")
    there = ", ".join(sorted(path.name for path in folder.iterdir())[:10]) or "nothing"
    raise ImagesFileError(
        f"{folder}: expected {names[0]} or {names[2]}, the {kind} of {PARTS[part]}; found {there}"
    )


def fetch_mnist() -> Lesson:
    """Download MNIST from OpenML (15 MB); scikit-learn caches the download.

    Returns
    -------
    Lesson
        The training set and the test set.

    Raises
    ------
    ImagesFileError
        If OpenML cannot be reached, or if the data cannot be used.
    """
    try:
        with warnings.catch_warnings():  # the error below contains the same information
            warnings.filterwarnings("ignore", "A network error occurred", UserWarning)
            pixels, digits = fetch_openml("mnist_784", version=1, as_frame=False, return_X_y=True)
    except (OSError, ValueError) as error:  # no network, no such data set, a damaged copy
        raise ImagesFileError(
            f"MNIST cannot be downloaded from OpenML ({error}). If you have its four files in a folder, use "
            "--mnist DIR"
        ) from error
    X, y = (pixels / 255).astype(np.float32), digits.astype(np.int64)
    return Lesson("MNIST from OpenML", X[:N_TRAINING], y[:N_TRAINING], X[N_TRAINING:], y[N_TRAINING:])
