"""Rows that are read in blocks: those of an array, of a CSR matrix, or made from other rows."""

from typing import Any, Literal, Protocol, TypeAlias

import numpy as np
import scipy.sparse as sp
from sklearn.utils.sparsefuncs import mean_variance_axis

from estimators._least_squares.expansion import Terms

Matrix: TypeAlias = Any  # an ndarray or a CSR matrix, for which SciPy has no types
Order: TypeAlias = Literal["C", "F"]

N_SAMPLED_ROWS = 1024  # about so many rows are sampled to estimate the mean of each column
MAX_SPARSE_DENSITY = 0.1  # from this share of nonzeros on, dense blocks are faster than sparse products
MAX_SPARSE_OFFSET = 30.0  # standard deviations between 0 and the mean, beyond which a column needs a shift


class Rows(Protocol):
    """Rows (n, d) that are read in blocks, less a shift.

    The shift is near the mean of each column, so that nothing cancels in sums of squares.
    """

    shape: tuple[int, int]  # (n, d)
    shift: np.ndarray  # (d,), subtracted from each row
    order: Order  # the memory layout of the blocks

    def shifted(self, shift: np.ndarray) -> "Rows":
        """Return the same rows less another shift (d,)."""
        ...

    def read(self, rows: slice, block: np.ndarray) -> np.ndarray:
        """Return the shifted rows (n_rows, d), in `block` or, read-only, a view of the data."""
        ...


class DenseRows:
    """The rows of an array."""

    def __init__(self, X: np.ndarray, shift: np.ndarray) -> None:
        self.X, self.shape, self.shift = X, X.shape, shift
        self.order: Order = "F" if X.flags.f_contiguous and not X.flags.c_contiguous else "C"

    def shifted(self, shift: np.ndarray) -> "DenseRows":
        """Return the same rows less another shift (d,)."""
        return DenseRows(self.X, shift)

    def read(self, rows: slice, block: np.ndarray) -> np.ndarray:
        """Return the shifted rows (n_rows, d), in `block`."""
        return np.subtract(self.X[rows], self.shift, out=block)


class UnshiftedRows(DenseRows):
    """The rows of an array whose means are near 0: they need no shift, and so no copy."""

    def __init__(self, X: np.ndarray) -> None:
        super().__init__(X, np.zeros(X.shape[1]))

    def read(self, rows: slice, block: np.ndarray) -> np.ndarray:
        """Return the rows (n_rows, d) of the array itself."""
        return self.X[rows]


class SparseRows:
    """The rows of a CSR matrix, made dense block by block."""

    def __init__(self, X: sp.csr_array, shift: np.ndarray) -> None:
        self.X, self.shape, self.shift = X, X.shape, shift
        self.order: Order = "C"

    def shifted(self, shift: np.ndarray) -> "SparseRows":
        """Return the same rows less another shift (d,)."""
        return SparseRows(self.X, shift)

    def read(self, rows: slice, block: np.ndarray) -> np.ndarray:
        """Return the shifted rows (n_rows, d), in `block`."""
        return np.subtract(self.X[rows].toarray(), self.shift, out=block)


class TransformedRows:
    """Other rows times a matrix (d, r)."""

    def __init__(self, rows: Rows, matrix: np.ndarray, shift: np.ndarray | float = 0.0) -> None:
        self.rows, self.matrix = rows, matrix
        self.shape = rows.shape[0], matrix.shape[1]
        self.shift = np.broadcast_to(shift, self.shape[1])
        self.order: Order = "C"

    def shifted(self, shift: np.ndarray) -> "TransformedRows":
        """Return the same rows less another shift (r,)."""
        return TransformedRows(self.rows, self.matrix, shift)

    def read(self, rows: slice, block: np.ndarray) -> np.ndarray:
        """Return the rows times the matrix, less the shift, in `block` (n_rows, r)."""
        given = np.empty((len(block), self.rows.shape[1]), order=self.rows.order)
        np.dot(self.rows.read(rows, given), self.matrix, out=block)  # (n_rows, d) @ (d, r)
        return _subtract(block, self.shift)


class ExpandedRows:
    """The terms of a polynomial for the rows of an array, made in blocks: never the whole n x p matrix."""

    def __init__(self, X: np.ndarray, terms: Terms, shift: np.ndarray | float = 0.0) -> None:
        self.X, self.terms = X, terms
        self.shape = len(X), len(terms.powers)
        self.shift = np.broadcast_to(shift, self.shape[1])
        self.order: Order = "F"

    def shifted(self, shift: np.ndarray) -> "ExpandedRows":
        """Return the same rows less another shift (p,)."""
        return ExpandedRows(self.X, self.terms, shift)

    def read(self, rows: slice, block: np.ndarray) -> np.ndarray:
        """Return the terms of the rows, less the shift, in `block` (n_rows, p)."""
        self.terms.write(self.X[rows].T, block.T)
        return _subtract(block, self.shift)


def _subtract(block: np.ndarray, shift: np.ndarray) -> np.ndarray:
    if shift.any():
        block -= shift
    return block


def as_rows(X: Matrix, sample_weight: np.ndarray | None = None) -> DenseRows | SparseRows:
    """Return a reader of X (n, d). Rows of weight 0 do not influence the shift."""
    if sp.issparse(X):
        has_weight = np.ones(X.shape[0]) if sample_weight is None else (sample_weight > 0).astype(float)
        return SparseRows(X, has_weight @ X / has_weight.sum())
    mean, variance = sampled_mean_and_variance(X, sample_weight)
    as_is = sample_weight is None and X.dtype == np.float64 and X.flags.c_contiguous
    return UnshiftedRows(X) if as_is and (np.abs(mean) <= np.sqrt(variance)).all() else DenseRows(X, mean)


def sampled_mean_and_variance(
    columns: np.ndarray, sample_weight: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return about the mean and the variance of each column, from rows spread over all of them."""
    if sample_weight is None:
        sample = columns[:: max(1, len(columns) // N_SAMPLED_ROWS)]
    else:
        weighted = np.flatnonzero(sample_weight)
        sample = columns[weighted[:: max(1, len(weighted) // N_SAMPLED_ROWS)]]
    with np.errstate(all="ignore"):
        return sample.mean(axis=0, dtype=np.float64), sample.var(axis=0, dtype=np.float64)


def suits_sparse_products(X: sp.csr_array) -> bool:
    """Tell whether products of the sparse matrix itself are fast, and exact without a shift."""
    if X.nnz > MAX_SPARSE_DENSITY * X.shape[0] * X.shape[1]:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        mean, variance = mean_variance_axis(X, axis=0)
        return bool((mean**2 <= MAX_SPARSE_OFFSET**2 * variance).all())
