"""Convert zeros and ones back to categories."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from scipy import sparse

from estimators._encoding.columns import MIN_INEXACT
from estimators._encoding.numbering import as_items, object_array
from estimators._encoding.outputs import Outputs


def rows_of(matrix: sparse.csr_array, labels: np.ndarray) -> Iterator[list]:
    """For each row of a CSR array, yield the list of the labels of its nonzero columns."""
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
        labels = each.labels
        if decoded.dtype == object and labels.dtype.kind in "mM":
            labels = object_array(as_items(labels))
        if each.width:
            decoded[:, j] = (labels if each.dropped is None else np.delete(labels, each.dropped))[best]
        is_other = (best < 0) & ~is_zero
        if each.dropped is not None:
            decoded[is_zero, j] = labels[each.dropped]
            is_zero[:] = False
        elif is_zero.any() and not zeros_allowed:
            raise ValueError(
                f"Samples {np.flatnonzero(is_zero)} can not be inverted when drop=None and "
                "handle_unknown='error' because they contain all zeros"
            )
        nones[:, j] = is_zero | is_other
    if nones.any():
        decoded = decoded.astype(object)
        decoded[nones] = None
    return decoded


def _common_dtype(arrays: Sequence[np.ndarray]) -> np.dtype:
    """Return a common dtype that neither changes values of the arrays nor converts numbers to strings."""
    kinds = {"number" if array.dtype.kind in "iufb" else array.dtype.kind for array in arrays}
    dtype = np.result_type(*arrays) if len(kinds) == 1 else np.dtype(object)
    integers = [array for array in arrays if array.dtype.kind in "iu" and len(array)]
    if dtype.kind == "f" and any(max(map(abs, array.tolist())) > MIN_INEXACT for array in integers):
        return np.dtype(object)  # floats would round an integer
    return dtype
