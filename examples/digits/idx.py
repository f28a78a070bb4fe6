"""Read IDX files, the format in which MNIST is published, plain or compressed with gzip.

A file consists of two zero bytes, a byte for the type of its numbers, a byte for the number of axes, the
length of each axis in four bytes, and the numbers, all big-endian. A file is read in one pass, in O(bytes)
time. Every error is an `ImagesFileError` that states the file, what was expected and what was found.
"""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import IO

import numpy as np

__all__ = ["ImagesFileError", "read_idx"]

TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
CHUNK = 1 << 20  # bytes read at once, so that a wrong header cannot allocate too much memory


class ImagesFileError(ValueError):
    """Error for an unusable file of images or labels. It states what was expected and what was found."""


def read_idx(path: str | Path, n_axes: int | None = None) -> np.ndarray:
    """Read an IDX file.

    Parameters
    ----------
    path : str or Path
        The file. Its first bytes, not its name, determine whether it is treated as compressed.

    n_axes : int, default=None
        Number of axes that the file must have, with unsigned bytes as numbers: 3 for images, 1 for labels. If
        None, any IDX file is accepted.

    Returns
    -------
    array : ndarray
        The numbers, with the shape given in the file, in native byte order.

    Raises
    ------
    ImagesFileError
        If the file cannot be read, is not an IDX file, is of another kind, or is shorter or longer than
        stated in its header.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "labels-idx1-ubyte")
    ...     _ = file.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    ...     read_idx(file)
    array([7, 2, 1], dtype=uint8)
    """
    path = Path(path)
    try:
        with path.open("rb") as plain:
            compressed = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path) if compressed else path.open("rb") as stream:
            try:
                return read_stream(stream, path, n_axes)
            except ImagesFileError:
                while compressed and stream.read(CHUNK):  # the checksum at the end reveals damage
                    pass
                raise
    except (gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise ImagesFileError(
            f"{path}: expected an intact gzip file, found a damaged one ({error})"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise ImagesFileError(f"{path}: cannot be read ({reason})") from error


def read_stream(stream: IO[bytes], path: Path, n_axes: int | None) -> np.ndarray:
    """Read the header and the numbers. `path` is used in error messages."""
    magic = stream.read(4)
    check_magic(magic, path, n_axes)
    header = stream.read(4 * magic[3])
    if len(header) < 4 * magic[3]:
        raise ImagesFileError(
            f"{path}: expected {4 * magic[3]} bytes with the lengths of the axes after the first 4 bytes, "
            f"found {len(header)}"
        )
    shape = struct.unpack(f">{magic[3]}I", header)
    dtype = np.dtype(TYPES[magic[2]])
    expected = math.prod(shape) * dtype.itemsize
    content = read_at_most(stream, expected + 1)
    if len(content) != expected:
        found = f"{len(content):,}" if len(content) < expected else "more"
        size = "1 byte" if dtype.itemsize == 1 else f"{dtype.itemsize} bytes"
        raise ImagesFileError(
            f"{path}: expected {expected:,} bytes after the header, for {' x '.join(map(str, shape))} "
            f"numbers of {size} each, found {found}"
        )
    return np.frombuffer(content, dtype).reshape(shape).astype(dtype.newbyteorder("="))


def check_magic(magic: bytes, path: Path, n_axes: int | None) -> None:
    """Raise an error unless the first four bytes are those of an IDX file with this number of axes."""
    found = magic.hex(" ") or "an empty file"
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or not magic[3]:
        wanted = f"00 00 08 {n_axes:02x}" if n_axes else "00 00, a type from 08 to 0e and a number of axes"
        raise ImagesFileError(f"{path}: expected an IDX file, which begins with {wanted}; found {found}")
    if n_axes is not None and (magic[2] != 8 or magic[3] != n_axes):
        raise ImagesFileError(
            f"{path}: expected {kind_of(8, n_axes)} (00 00 08 {n_axes:02x}), found "
            f"{kind_of(magic[2], magic[3])} ({found})"
        )


def kind_of(code: int, n_axes: int) -> str:
    """Describe the content of a file."""
    if code == 8 and n_axes in (1, 3):
        return {1: "labels", 3: "images"}[n_axes]
    return f"a {n_axes}-dimensional array of type {np.dtype(TYPES[code]).name}"


def read_at_most(stream: IO[bytes], n: int) -> bytes:
    """Read n bytes, or fewer at the end of the file."""
    parts = []
    while n > 0 and (part := stream.read(min(n, CHUNK))):
        parts.append(part)
        n -= len(part)
    return b"".join(parts)
