"""Readers of rows in blocks: from an array, from a CSR matrix, or computed from other rows."""

import copy
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import scipy.sparse as sp

from estimators._least_squares.expansion import Terms

EPS = float(np.finfo(float).eps)
Matrix: TypeAlias = Any  # an ndarray or a CSR matrix, for which SciPy has no types
Order: TypeAlias = Literal["C", "F"]

N_SAMPLED_ROWS = 1024  # approximate number of rows sampled to estimate the mean of each column
MAX_SPARSE_DENSITY = 0.1  # above this share of nonzeros, dense blocks are faster than sparse products
MIN_SHARE_OF_DOMAIN = 0.01  # if the standard deviation is a smaller share of the mean, terms are shifted
MIN_FILLED_SHARE = 0.998  # with a smaller share of nonzeros, the mean is at most 30 standard deviations


class Rows:
    """The rows (n, d) of an array, read in blocks, with a shift subtracted.

    The shift is near the mean of each column, which avoids cancellation in sums of squares.
    """

    def __init__(self, X: Matrix, shift: np.ndarray) -> None:
        self.X, self.shift = X, shift
        self.shape = X.shape[0], len(shift)
        self.order: Order = "C"  # the memory layout of the blocks

    def shifted(self, shift: np.ndarray) -> Self:
        """Return the same rows with another shift (d,)."""
        rows = copy.copy(self)
        rows.shift = shift
        return rows

    def part(self, indices: np.ndarray) -> Self:
        """Return some of the rows, with the same shift."""
        rows = copy.copy(self)
        rows.X, rows.shape = self.X[indices], (len(indices), self.shape[1])
        return rows

    def read(self, rows: slice, block: np.ndarray) -> np.ndarray:
        """Return the shifted rows (n_rows, d), stored in `block` or as a read-only view of the data."""
        values = self._values(rows, block)
        if self.shift.any() or values.dtype != block.dtype:
            return np.subtract(values, self.shift, out=block)
        return values

    def _values(self, rows: slice, block: np.ndarray) -> np.ndarray:
        """Return the rows without subtracting the shift. They may be stored in `block`."""
        return self.X[rows]


class SparseRows(Rows):
    """The rows of a CSR matrix, converted to arrays block by block."""

    def _values(self, rows: slice, block: np.ndarray) -> np.ndarray:
        return self.X[rows].toarray()


class TransformedRows(Rows):
    """The product of other rows and a matrix (d, r)."""

    def __init__(self, rows: Rows, matrix: np.ndarray) -> None:
        super().__init__(rows, np.zeros(matrix.shape[1]))
        self.matrix = matrix

    def _values(self, rows: slice, block: np.ndarray) -> np.ndarray:
        given = np.empty((len(block), self.X.shape[1]), order=self.X.order)
        return np.dot(self.X.read(rows, given), self.matrix, out=block)  # (n_rows, d) @ (d, r)


class ExpandedRows(Rows):
    """The polynomial terms of the rows of an array, computed in blocks. The n x p matrix is never stored."""

    def __init__(self, X: np.ndarray, terms: Terms) -> None:
        super().__init__(X, np.zeros(len(terms.powers)))
        self.terms, self.order = terms, "F"

    def _values(self, rows: slice, block: np.ndarray) -> np.ndarray:
        self.terms.write(self.X[rows].T, block.T)
        return block


def as_rows(X: Matrix, sample_weight: np.ndarray | None = None) -> Rows:
    """Return a reader of X (n, d). Rows of weight 0 do not influence the shift."""
    rows = as_unshifted_rows(X)
    if sp.issparse(X):
        has_weight = np.ones(X.shape[0]) if sample_weight is None else (sample_weight > 0).astype(float)
        return rows.shifted(has_weight @ X / has_weight.sum())
    sample = sampled_rows(X, sample_weight)
    with np.errstate(all="ignore"):
        mean = sample.mean(axis=0, dtype=np.float64)
        squares = np.einsum("nd,nd->d", sample, sample, dtype=np.float64) / len(sample)
        # each mean is within a standard deviation of 0
        near_zero = sample_weight is None and (2 * mean**2 <= squares).all()
    # the rows are read without a copy
    as_it_is = near_zero and X.dtype == np.float64 and X.flags.c_contiguous
    return rows if as_it_is else rows.shifted(mean)


def as_expanded_rows(X: np.ndarray, terms: Terms, sample_weight: np.ndarray | None = None) -> ExpandedRows:
    """Return a reader of the terms of X, which are shifted if the rows cover a small part of the domain."""
    rows, sample = ExpandedRows(X, terms), sampled_rows(X, sample_weight)
    with np.errstate(all="ignore"):
        scaled = terms.scaled(sample.T)  # (d, n)
        deviation = scaled.std(axis=1)
        if not ((deviation > 0) & (deviation < MIN_SHARE_OF_DOMAIN * np.abs(scaled.mean(axis=1)))).any():
            return rows
        values = ExpandedRows(sample, terms).read(
            slice(None), np.empty((len(sample), rows.shape[1]), order="F")
        )
        return rows.shifted(values.mean(axis=0))


def as_unshifted_rows(X: Matrix) -> Rows:
    """Return a reader of X (n, d) without a shift."""
    if sp.issparse(X):
        return SparseRows(X, np.zeros(X.shape[1]))
    rows = Rows(X, np.zeros(X.shape[1]))
    rows.order = "F" if X.flags.f_contiguous and not X.flags.c_contiguous else "C"
    return rows


def sampled_rows(columns: np.ndarray, sample_weight: np.ndarray | None) -> np.ndarray:
    """Return a sample of the rows with positive weight, evenly spaced."""
    if sample_weight is None:
        return columns[:: max(1, len(columns) // N_SAMPLED_ROWS)]
    weighted = np.flatnonzero(sample_weight)
    return columns[weighted[:: max(1, len(weighted) // N_SAMPLED_ROWS)]]


def shares(n: int, weight: np.ndarray | None) -> np.ndarray:
    """Return the weights of n rows, divided by their sum."""
    return np.full(n, 1 / n) if weight is None else weight / weight.sum()


def suits_sparse_products(X: Matrix) -> bool:
    """Return whether X is a CSR matrix whose products are faster than those of dense blocks."""
    return sp.issparse(X) and bool(X.nnz <= MAX_SPARSE_DENSITY * X.shape[0] * X.shape[1])


def without_offsets(X: sp.csr_array, sample_weight: np.ndarray | None) -> tuple[sp.csr_array, np.ndarray]:
    """Subtract the means of columns with hardly any zeros, to avoid cancellation in sums of squares.

    Return X and the subtracted means (d,). Constant columns become exactly 0. The other columns, whose
    means are at most 30 standard deviations from 0, do not change.
    """
    X = sp.csr_array(X)
    (n, d), shift, share = X.shape, np.zeros(X.shape[1]), shares(X.shape[0], sample_weight)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    if sample_weight is None:
        filled = np.bincount(X.indices, minlength=d) / n
    else:
        filled = np.bincount(X.indices, np.repeat(share, np.diff(X.indptr)), d)
    columns = np.flatnonzero(filled > MIN_FILLED_SHARE)
    if len(columns):
        with np.errstate(all="ignore"):
            values = X[:, columns].toarray()  # (n, k)
            mean = share @ values
            mean += share @ (values - mean)  # the mean of a constant column is exact now
            constant = np.abs(values - mean) <= 8 * EPS * np.abs(mean)  # up to rounding
            taken, row_ends = np.where(constant, values, mean), np.arange(0, values.size + 1, len(columns))
            X = sp.csr_array(X - sp.csr_array((taken.ravel(), np.tile(columns, n), row_ends), shape=(n, d)))
            shift[columns] = mean
    return X, shift
