"""Convert zeros and ones back to categories."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse

from estimators._encoding.numbering import as_items, object_array
from estimators._encoding.outputs import Outputs


def rows_of(matrix: sparse.csr_array, labels: np.ndarray) -> Iterator[list]:
    """Yield a list for each row of a CSR array, with the labels of the nonzero columns."""
    matrix = matrix.copy()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    held, ends = labels[matrix.indices].tolist(), matrix.indptr.tolist()
    yield from (held[start:end] for start, end in pairwise(ends))


def decode_one_hot(
    X: sparse.csr_array | np.ndarray, outputs: Sequence[Outputs], has_other: bool, may_be_zero: Sequence[bool]
) -> np.ndarray:
    """Return the category with the highest value, as an array of shape (n_rows, n_columns).

    If `has_other` is True, the first output column of each input column is the catch-all column, which is
    decoded as None. A row of zeros is decoded as the dropped category if there is one. Otherwise, it is
    decoded as None if `may_be_zero` is True for the column, and raises an error if not.
    """
    decoded = np.empty((X.shape[0], len(outputs)), dtype=_common_dtype([each.labels for each in outputs]))
    nones = np.zeros(decoded.shape, dtype=bool)
    end = 0
    for j, (each, zeros_allowed) in enumerate(zip(outputs, may_be_zero, strict=True)):
        start, end = end, end + has_other + each.width
        block = X[:, start:end]
        is_zero = np.asarray(block.sum(axis=1) == 0).ravel()
        best = np.zeros(len(decoded), dtype=np.intp)
        if end > start:
            best = np.asarray(block.argmax(axis=1)).ravel() - has_other
        if each.width:
            kept = each.kept
            if decoded.dtype == object and kept.dtype.kind in "mM":
                kept = object_array(as_items(kept))
            decoded[:, j] = kept[best]
        if each.dropped is not None:
            decoded[is_zero, j] = each.labels[each.dropped]
            is_zero[:] = False
        elif is_zero.any() and not zeros_allowed:
            raise ValueError(
                f"Samples {np.flatnonzero(is_zero)} can not be inverted when drop=None and "
                "handle_unknown='error' because they contain all zeros"
            )
        nones[:, j] = is_zero | (best < 0)
    if nones.any():
        decoded = decoded.astype(object)
        decoded[nones] = None
    return decoded


def _common_dtype(arrays: Sequence[np.ndarray]) -> np.dtype:
    """Return a common dtype of the arrays that does not convert numbers to strings or dates."""
    kinds = {"number" if array.dtype.kind in "iufb" else array.dtype.kind for array in arrays}
    return np.result_type(*arrays) if len(kinds) == 1 else np.dtype(object)
