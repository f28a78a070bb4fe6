"""The IDX reader, the digits to learn from, and pictures as the model sees them; all files are built here."""

import gzip
import itertools
import struct
import warnings
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from examples.digits import data
from examples.digits.data import Lesson, fetch_mnist, load_bundled, load_mnist
from examples.digits.drawing import (
    SHARE,
    USUAL,
    PictureError,
    as_grey,
    as_text,
    fit,
    ink_of,
    read_drawing,
    shares,
)
from examples.digits.idx import ImagesFileError, read_idx

matplotlib_image = pytest.importorskip("matplotlib.image")
PICTURES = Path(__file__).parents[3] / "examples" / "digits" / "data"


def idx(array, code=8):
    """Write an IDX file as its description says; `code` names the type of the numbers."""
    array = np.asarray(array)
    types = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
    header = bytes([0, 0, code, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(types[code]).tobytes()


def mnist_bytes(n_train=40, n_test=20, side=6, seed=0):
    rng = np.random.default_rng(seed)
    files = {}
    for part, n in (("train", n_train), ("t10k", n_test)):
        files[f"{part}-images-idx3-ubyte"] = idx(rng.integers(0, 256, (n, side, side)))
        files[f"{part}-labels-idx1-ubyte"] = idx(np.arange(n) % 10)
    return files


@pytest.fixture
def folder(tmp_path):
    for name, content in mnist_bytes().items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


# IDX files


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=4),
    st.sampled_from([8, 9, 11, 12, 13, 14]),
    st.booleans(),
    st.integers(0, 100),
)
def test_what_is_written_is_read(tmp_path_factory, shape, code, compress, seed):
    written = np.random.default_rng(seed).integers(0, 100, shape)
    file = tmp_path_factory.mktemp("idx") / "file"
    file.write_bytes(gzip.compress(idx(written, code)) if compress else idx(written, code))
    read = read_idx(file)
    np.testing.assert_array_equal(read, written)
    assert read.dtype.isnative
    assert read.dtype.itemsize == {8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8}[code]


def test_the_first_bytes_of_mnist_by_hand(tmp_path):
    """The header printed on MNIST's page: magic 2051, 60,000 images, 28 rows, 28 columns."""
    (tmp_path / "images").write_bytes(
        bytes.fromhex("00000803 0000ea60 0000001c 0000001c") + bytes(60_000 * 28 * 28)
    )
    assert read_idx(tmp_path / "images", 3).shape == (60_000, 28, 28)


LABELS, IMAGES = idx(np.arange(10)), idx(np.zeros((2, 3, 3)))
DAMAGED = {
    "no IDX file, which begins with PNG's bytes": (
        b"\x89PNG\r\n\x1a\n" + bytes(40),
        "expected an IDX file, which begins with 00 00 08 01; found 89 50 4e 47",
    ),
    "empty": (b"", "expected an IDX file, which begins with 00 00 08 01; found an empty file"),
    "three bytes": (LABELS[:3], "found 00 00 08"),
    "an unknown type": (b"\0\0\x07\x01" + LABELS[4:], "found 00 00 07 01"),
    "no axes": (b"\0\0\x08\x00", "found 00 00 08 00"),
    "header cut": (
        LABELS[:6],
        "expected 4 bytes with the lengths of the axes after the first 4 bytes, found 2",
    ),
    "truncated": (
        LABELS[:-3],
        "expected 10 bytes after the header, for 10 numbers of 1 byte each, found 7",
    ),
    "too long": (
        LABELS + b"\0",
        "expected 10 bytes after the header, for 10 numbers of 1 byte each, found more",
    ),
    "mislabelled": (IMAGES, "expected labels (00 00 08 01), found images (00 00 08 03)"),
    "of other numbers": (
        idx(np.arange(10), 13),
        "expected labels (00 00 08 01), found a 1-dimensional array of type float32 (00 00 0d 01)",
    ),
    "a promise of 4 GB": (
        b"\0\0\x08\x01\xff\xff\xff\xff" + bytes(5),
        "expected 4,294,967,295 bytes after the header, for 4294967295 numbers of 1 byte each, found 5",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
@pytest.mark.parametrize("compress", [False, True])
def test_a_damaged_file_is_named_with_what_was_expected_and_found(tmp_path, case, compress):
    content, message = DAMAGED[case]
    file = tmp_path / "labels.gz"
    file.write_bytes(gzip.compress(content) if compress else content)
    with pytest.raises(ImagesFileError) as caught:
        read_idx(file, 1)
    assert str(caught.value).startswith(f"{file}: ")
    assert message in str(caught.value)


def test_images_expected_labels_found(tmp_path):
    (tmp_path / "images").write_bytes(LABELS)
    with pytest.raises(
        ImagesFileError, match=r"expected images \(00 00 08 03\), found labels \(00 00 08 01\)"
    ):
        read_idx(tmp_path / "images", 3)


@pytest.mark.parametrize(
    "harm", ["cut", "flipped", "no gzip behind its first bytes", "no stream", "checksum"]
)
def test_a_damaged_gzip_file(tmp_path, harm):
    whole = gzip.compress(idx(np.random.default_rng(0).integers(0, 256, (20, 9, 9))))
    middle = len(whole) // 2
    (tmp_path / "x.gz").write_bytes(
        {
            "cut": whole[:middle],
            "flipped": whole[:middle] + bytes(60) + whole[middle + 60 :],
            "no gzip behind its first bytes": b"\x1f\x8b" + bytes(30),
            "no stream": whole[:10] + b"\xff" * 30,
            "checksum": whole[:-8] + bytes(8),
        }[harm]
    )
    with pytest.raises(ImagesFileError, match=r"x\.gz: expected an intact gzip file, found a damaged one \("):
        read_idx(tmp_path / "x.gz", 3)


def test_a_flipped_bit_is_called_damage_wherever_it_is(tmp_path):
    images = np.random.default_rng(0).integers(0, 4, (5, 4, 4)) * 60
    whole = gzip.compress(idx(images), mtime=0)
    found = []
    for position, bit in itertools.product(
        range(2, len(whole)), range(8)
    ):  # the first two say that it is gzip
        harmed = bytearray(whole)
        harmed[position] ^= 1 << bit
        (tmp_path / "x.gz").write_bytes(harmed)
        try:
            np.testing.assert_array_equal(read_idx(tmp_path / "x.gz", 3), images)
        except ImagesFileError as error:
            found.append(str(error))
    assert len(found) >= 8 * (len(whole) - 10)  # time and system in the header of ten bytes matter not
    assert all("expected an intact gzip file, found a damaged one (" in message for message in found)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ImagesFileError, match=r"none: cannot be read \(No such file"):
        read_idx(tmp_path / "none")
    with pytest.raises(ImagesFileError, match=r"cannot be read \(Is a directory"):
        read_idx(tmp_path)


# Lessons


def test_the_bundled_digits_are_scikit_learns():
    lesson = load_bundled()
    images, digits = load_digits(return_X_y=True)
    np.testing.assert_array_equal(lesson.X * 16, images)
    np.testing.assert_array_equal(lesson.y, digits)
    assert (lesson.X.dtype, lesson.side, lesson.X.max()) == (np.float32, 8, 1)


@pytest.mark.parametrize("kind", ["plain", "compressed", "with dots"])
def test_a_folder_of_four_files(tmp_path, kind):
    files = mnist_bytes()
    for name, content in files.items():
        if kind == "compressed":
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (tmp_path / (name if kind == "plain" else name.replace("-idx", ".idx"))).write_bytes(content)
    lesson = load_mnist(tmp_path)
    pixels = np.frombuffer(files["train-images-idx3-ubyte"][16:], np.uint8).reshape(40, 36)
    np.testing.assert_array_equal(np.rint(lesson.X * 255), pixels)
    assert lesson.X.max() <= 1
    assert lesson.X.dtype == lesson.X_test.dtype == np.float32
    assert lesson.y.tolist() == [i % 10 for i in range(40)]
    assert (lesson.X_test.shape, lesson.y_test.tolist()) == ((20, 36), [i % 10 for i in range(20)])
    assert lesson.side == 6


def test_files_that_do_not_belong_together(folder):
    cases = {
        "train-labels-idx1-ubyte": [
            (
                idx(np.arange(39) % 10),
                "expected 40 labels, one for each image in train-images-idx3-ubyte, found 39",
            ),
            (idx([*range(39), 3]), "expected labels from 0 to 9, found 10 as label 11"),
            (
                idx([*[0] * 20, *[1] * 20]),
                "at least two images of each digit, found fewer for 2, 3, 4, 5, 6, 7, 8, 9",
            ),
        ],
        "t10k-images-idx3-ubyte": [
            (idx(np.zeros((20, 6, 5))), "expected square images, found 20 x 6 x 5"),
            (idx(np.zeros((19, 6, 6))), "expected 19 labels, one for each image"),
            (idx(np.zeros((0, 6, 6))), "t10k-images-idx3-ubyte: expected images, found none"),
            (
                idx(np.zeros((20, 6, 6))),
                "expected images with dark and light pixels, found only the brightness 0 in the test set",
            ),
            (
                idx(np.zeros((20, 7, 7))),
                "expected images of one size, found a width of 6 pixels in the training set and of 7 in the test set",
            ),
        ],
    }
    for name, contents in cases.items():
        whole = (folder / name).read_bytes()
        for content, message in contents:
            (folder / name).write_bytes(content)
            with pytest.raises(ImagesFileError) as caught:
                load_mnist(folder)
            assert message in str(caught.value)
        (folder / name).write_bytes(whole)
    load_mnist(folder)


def test_swapped_files(folder):
    images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    images.rename(folder / "aside")
    labels.rename(images)
    (folder / "aside").rename(labels)
    with pytest.raises(ImagesFileError, match=r"train-images.*expected images .* found labels"):
        load_mnist(folder)


def test_a_folder_in_the_place_of_a_file(folder):
    (folder / "train-images-idx3-ubyte").rename(folder / "aside")
    (folder / "train-images-idx3-ubyte").mkdir()
    with pytest.raises(ImagesFileError, match="train-images-idx3-ubyte: expected a file, found a folder"):
        load_mnist(folder)
    (folder / "train-images-idx3-ubyte.gz").write_bytes((folder / "aside").read_bytes())
    load_mnist(folder)


def test_a_missing_file_says_what_is_there(folder):
    (folder / "t10k-labels-idx1-ubyte").unlink()
    message = r"expected t10k-labels-idx1-ubyte or t10k-labels-idx1-ubyte\.gz, the labels of the test set; found t10k-im"
    with pytest.raises(ImagesFileError, match=message):
        load_mnist(folder)
    with pytest.raises(
        ImagesFileError, match="expected a folder with MNIST's four files, but there is no such folder"
    ):
        load_mnist(folder / "none")


def test_openml_is_cut_into_training_and_test_set(monkeypatch):
    def fetch(name, version, as_frame, return_X_y):
        assert (name, version, as_frame, return_X_y) == ("mnist_784", 1, False, True)
        digits = np.arange(70_000) % 10
        return np.repeat(digits[:, np.newaxis], 4, axis=1) * 25.5, digits.astype(str)

    monkeypatch.setattr(data, "fetch_openml", fetch)
    lesson = fetch_mnist()
    assert (len(lesson.y), len(lesson.y_test)) == (60_000, 10_000)
    np.testing.assert_allclose(lesson.X_test[:, 0], lesson.y_test / 10, rtol=1e-6)


def test_no_network_is_said(monkeypatch):
    def fetch(*args, **kwargs):
        warnings.warn("A network error occurred while downloading https://x. Retrying...", stacklevel=1)
        raise URLError("Name or service not known")

    monkeypatch.setattr(data, "fetch_openml", fetch)
    with pytest.raises(ImagesFileError, match=r"cannot be downloaded from OpenML \(.*not known.*--mnist DIR"):
        fetch_mnist()


def test_fewer_images_keep_the_shares_and_a_fifth_is_held_out():
    y = np.repeat(np.arange(10), 100)
    lesson = Lesson("numbered", np.arange(1000.0, dtype=np.float32)[:, np.newaxis], y)
    few = lesson.only(200, seed=1)
    assert np.bincount(few.y).tolist() == [20] * 10
    np.testing.assert_array_equal(few.X[:, 0] // 100, few.y)
    assert few.only(300) is few
    assert [len(lesson.only(n).y) for n in (990, 991, 999)] == [990, 991, 999]
    X, X_new, learned, held_out = few.split()
    assert (len(X), np.bincount(held_out).tolist()) == (160, [4] * 10)
    assert not {*X[:, 0]} & {*X_new[:, 0]}
    np.testing.assert_array_equal(X[:, 0] // 100, learned)


# Pictures


def test_shares_are_the_means_of_equal_stretches():
    np.testing.assert_allclose(shares(6, 3), np.kron(np.eye(3), [0.5, 0.5]))
    np.testing.assert_allclose(shares(3, 2), [[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]])
    np.testing.assert_allclose(shares(2, 4), np.kron(np.eye(2), [[1], [1]]))


@given(st.integers(1, 40), st.integers(1, 40))
def test_shares_keep_the_mean(n, m):
    means = shares(n, m)
    np.testing.assert_allclose(means.sum(axis=1), 1)
    values = np.random.default_rng(n).random(n)
    assert (means @ values).mean() == pytest.approx(values.mean())


def test_grey_of_colours_and_of_what_shines_through():
    white, black = [1.0, 1.0, 1.0], [0.0, 0.0, 0.0]
    red, green, blue = np.eye(3)
    np.testing.assert_allclose(
        as_grey(np.array([[white, black, red, green, blue]])), [[1, 0, 0.299, 0.587, 0.114]]
    )  # ITU-R BT.601
    half = np.array([[[0.0, 0.0, 0.0, 0.5], [0.2, 0.4, 0.6, 0.0]]])
    np.testing.assert_allclose(as_grey(half), [[0.5, 1.0]])  # laid on white
    np.testing.assert_allclose(as_grey(np.array([[0, 51, 255]], dtype=np.uint8)), [[0, 0.2, 1]])


def test_ink_is_bright_on_any_ground():
    digit = np.pad(np.ones((4, 2)), 3)
    for ground, ink, dark in ((1.0, 0.0, True), (0.9, 0.4, True), (0.0, 1.0, False), (0.2, 0.5, False)):
        found, inverted = ink_of(ground + (ink - ground) * digit)
        np.testing.assert_allclose(found, digit, atol=1e-9)
        assert inverted is dark


def test_a_digit_of_the_training_set_drawn_large_is_seen_as_it_is(tmp_path):
    lesson = load_bundled()
    for i in range(10):  # each pixel becomes 13 x 13 pixels of dark ink, on a margin of paper
        image = lesson.X[i].reshape(8, 8)
        image = np.where(image <= 0.25, 0, image)  # the reader takes faint ink for ground
        paper = 1 - np.pad(np.kron(image, np.ones((13, 13))), 17)
        matplotlib_image.imsave(tmp_path / "digit.png", paper, cmap="gray", vmin=0, vmax=1)
        drawing = read_drawing(tmp_path / "digit.png", 8)
        assert drawing.inverted
        columns = np.flatnonzero(image.any(axis=0))
        seen = drawing.row.reshape(8, 8)
        width = columns[-1] - columns[0] + 1
        digit = image[:, columns[0] : columns[-1] + 1]
        mass = digit.sum(axis=0) @ (np.arange(width) + 0.5) / digit.sum()
        left = np.clip(4 - mass, 0, 8 - width)  # the centre of mass goes to the middle, within the frame
        expected, whole = np.zeros((8, 9)), int(left)
        expected[:, whole : whole + width] += (1 - left % 1) * digit
        expected[:, whole + 1 : whole + 1 + width] += (left % 1) * digit
        np.testing.assert_allclose(seen, expected[:, :8] / expected.max(), atol=0.06)


def test_mnists_frame_is_twenty_of_28_pixels_about_the_centre_of_mass():
    ink = np.zeros((100, 60))
    ink[10:90, 20:30] = 1  # 80 x 10, a stroke ...
    ink[80:90, 20:50] = 1  # ... with a foot to the right: its mass is low and left
    seen = fit(ink, 28)
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    assert rows[-1] - rows[0] + 1 == 20
    assert columns[-1] - columns[0] + 1 in (7, 8)  # 30 of 80 of 20
    centre = [(seen.sum(axis=1 - axis) @ (np.arange(28) + 0.5)) / seen.sum() for axis in (0, 1)]
    assert centre == pytest.approx([14, 14], abs=0.5)
    assert seen.max() == 1


def test_the_small_frame_is_filled_from_top_to_bottom_about_the_centre_of_mass():
    ink = np.zeros((100, 100))
    ink[10:90, 20:40] = ink[70:90, 20:60] = 1  # of usual strokes, so left as it is
    seen = fit(ink, 8)
    np.testing.assert_allclose(seen.sum(axis=1), [2, 2, 2, 2, 2, 2, 4, 4])
    assert seen.sum(axis=0) @ (np.arange(8) + 0.5) / seen.sum() == pytest.approx(4, abs=0.05)


def test_strokes_of_any_width_are_made_those_of_the_digits_learned():
    lesson = load_bundled()
    assert lesson.X.mean() == pytest.approx(SHARE, abs=0.001)
    shares_of_ink = lesson.X.mean(axis=1)
    assert np.mean((shares_of_ink > USUAL[0]) & (shares_of_ink < USUAL[1])) > 0.99
    y, x = np.mgrid[:200, :200]
    from_ring = abs(np.hypot((y - 100) / 80, (x - 100) / 50) - 1) * 60  # a nought
    seen = [fit((from_ring < width).astype(float), 8) for width in (1, 3, 6, 14, 24)]
    for image in seen:
        assert image.mean() == pytest.approx(SHARE, rel=0.15)
        np.testing.assert_allclose(image, seen[2], atol=0.4)
        np.testing.assert_allclose(image, image[::-1, ::-1], atol=0.1)


@pytest.mark.parametrize("width", [1, 3, 8])
def test_a_one_is_as_broad_as_those_learned(width):
    ink = np.zeros((120, 60))
    ink[10:110, 30 : 30 + width] = 1
    seen = fit(ink, 8)
    np.testing.assert_allclose(seen[:, 4], 1, atol=0.3)
    assert seen.mean() == pytest.approx(SHARE, rel=0.15)


def test_smudges_are_no_part_of_the_digit():
    paper = np.ones((40, 40))
    paper[5:35, 18:22] = 0.1
    paper[3, 3] = 0.85  # a sixth of the ink
    ink, _ = ink_of(paper)
    assert np.flatnonzero(ink.any(axis=1)).tolist() == list(range(5, 35))
    assert np.flatnonzero(ink.any(axis=0)).tolist() == [18, 19, 20, 21]


@pytest.mark.parametrize("side", [8, 28])
@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (3, 200)])
def test_dots_and_dashes_are_seen(side, shape):
    seen = fit(np.pad(np.ones(shape), 5), side)
    assert seen.shape == (side, side)
    assert seen.max() == 1


def test_pictures_that_cannot_be_read(tmp_path):
    blank = tmp_path / "blank.png"
    matplotlib_image.imsave(blank, np.full((20, 20), 0.7), cmap="gray", vmin=0, vmax=1)
    with pytest.raises(
        PictureError, match=r"blank\.png: expected ink that stands out .* from 0\.70 to 0\.70"
    ):
        read_drawing(blank, 8)
    with pytest.raises(PictureError, match=r"none\.png: cannot be read as a picture \(No such file"):
        read_drawing(tmp_path / "none.png", 8)
    whole = (PICTURES / "five.png").read_bytes()
    for content in (b"", b"no picture", whole[:40], whole[: len(whole) // 2]):
        (tmp_path / "bad.png").write_bytes(content)
        with pytest.raises(PictureError, match=r"bad\.png: cannot be read as a picture \("):
            read_drawing(tmp_path / "bad.png", 8)


def test_an_image_as_text():
    assert as_text(np.array([0, 1, 4 / 9, 0])) == "  @@\n=="  # of ten shades the first, last and fifth
