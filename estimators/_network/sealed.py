"""What a checkpoint is checked by: a hash of its content, and fingerprints of the data it was made with."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

MARK = b"sha256:"  # then 64 digits, after the content: joblib stops reading where its own part ends
LENGTH = len(MARK) + 64
BLOCK = 4096  # rows that are copied at a time, where they do not lie one after the other


def seal(content: bytes) -> bytes:
    """Return the content with its hash behind it."""
    return content + ending(content)


def unseal(data: bytes) -> bytes:
    """Return the content of what :func:`seal` wrote; a ValueError if a single bit is another."""
    content = data[:-LENGTH]
    if data[-LENGTH:] != ending(content):
        raise ValueError(
            "it is damaged, or no checkpoint (those are written by the callback Checkpoint): it does not end "
            "in the hash of its content."
        )
    return content


def ending(content: bytes) -> bytes:
    """Return what stands behind the content."""
    return MARK + hashlib.sha256(content).hexdigest().encode()


def fingerprint(rows: Sequence[Any], held_out: Sequence[Any] | None) -> dict[str, str | None]:
    """Return a digest of features, encoded targets and weights; one pass over them."""
    parts = zip(("X", "y", "sample_weight"), rows, strict=True)
    digests = {name: None if part is None else digest(part) for name, part in parts}
    if held_out is not None:
        digests |= {f"{name}_val": value for name, value in fingerprint(held_out, None).items()}
    return digests


def digest(array: Any) -> str:
    """Return the hash of an array's shape and values; a CSR matrix counts as its three arrays."""
    state = hashlib.sha256(repr(array.shape).encode())
    if sparse.issparse(array):
        array = array if array.has_sorted_indices else array.sorted_indices()
        parts = [array.indptr.astype(np.int64), array.indices.astype(np.int64), array.data]
    else:
        parts = [array[start : start + BLOCK] for start in range(0, len(array), BLOCK)]
    for part in parts:
        state.update(np.ascontiguousarray(part).data)
    return state.hexdigest()
