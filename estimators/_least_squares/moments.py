"""Additive statistics of least squares: total weight, means, centred sums of products.

One pass over the rows in blocks that stay in the cache, O(n d^2) time and O(d^2) memory. The statistics of
two sets of rows add up to those of both (Chan, Golub and LeVeque, 1983, equation 2.1b). `fit` can read the
rows again, so doubles suffice there. The rows of a chunk are gone, so its sums are exact to about 1e-19 of
their size, and what is solved from them is as exact as the rows themselves.

Such a number is numpy's long double, which on some machines (Windows, Apple silicon) is no longer than a
double. It is stored as two doubles, the number rounded and what rounding took from it, which every machine
can read.
"""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import scipy.sparse as sp

from estimators._least_squares.rows import (
    Matrix,
    Order,
    Rows,
    SparseRows,
    sampled_mean_and_variance,
    suits_sparse_products,
)

MAX_BLOCK_VALUES = 200_000  # numbers of a block: few enough for the cache, enough for BLAS

Pair = tuple[np.ndarray, np.ndarray]


@dataclass
class Moments:
    """The statistics of rows x (n, d) and y (n, q) that determine the least-squares solution.

    A mean is kept as a shift near it and the rest, so that means far from 0 lose no digits in a merge.
    """

    n_rows: int  # rows with a weight
    weight: float  # sum of the weights
    x_shift: np.ndarray  # (d,)
    y_shift: np.ndarray  # (q,)
    x_rest: np.ndarray  # (d,), the mean less the shift
    y_rest: np.ndarray  # (q,)
    xx: np.ndarray  # (d, d), sums of products after the means are subtracted
    xy: np.ndarray  # (d, q)
    yy: np.ndarray  # (q,)
    xx_low: np.ndarray | float = 0.0  # (d, d), what rounding took from xx, where it is known
    xy_low: np.ndarray | float = 0.0  # (d, q)

    @property
    def x_mean(self) -> np.ndarray:
        """Mean of each column of X, (d,)."""
        return self.x_shift + self.x_rest

    @property
    def y_mean(self) -> np.ndarray:
        """Mean of each column of y, (q,)."""
        return self.y_shift + self.y_rest

    @property
    def is_finite(self) -> bool:
        """Whether no value was NaN, infinite, or too large to be squared. O(d^2)."""
        with np.errstate(over="ignore", invalid="ignore"):
            parts = (self.x_mean**2, self.y_mean**2, self.xx, self.xy, self.yy)
        return bool(self.weight < np.inf and all(np.isfinite(part).all() for part in parts))

    def merge(self, other: Self) -> "Moments":
        """Return the statistics of both sets of rows together."""
        weight = self.weight + other.weight
        share = other.weight / weight
        x_gap = other.x_shift - self.x_shift + (other.x_rest - self.x_rest)
        y_gap = other.y_shift - self.y_shift + (other.y_rest - self.y_rest)
        between = self.weight * share
        with np.errstate(over="ignore", invalid="ignore"):
            x_gap_extended = x_gap.astype(np.longdouble)
            xx = extended(self.xx, self.xx_low) + extended(other.xx, other.xx_low)
            xy = extended(self.xy, self.xy_low) + extended(other.xy, other.xy_low)
            xx, xx_low = as_pair(xx + between * np.outer(x_gap_extended, x_gap_extended))
            xy, xy_low = as_pair(xy + between * np.outer(x_gap_extended, y_gap))
            return Moments(
                n_rows=self.n_rows + other.n_rows,
                weight=weight,
                x_shift=self.x_shift,
                y_shift=self.y_shift,
                x_rest=self.x_rest + share * x_gap,
                y_rest=self.y_rest + share * y_gap,
                xx=xx,
                xy=xy,
                yy=self.yy + other.yy + between * y_gap**2,
                xx_low=xx_low,
                xy_low=xy_low,
            )

    def with_factor(self, R: np.ndarray, response: np.ndarray, centred: bool) -> "Moments":
        """Return more exact statistics, from the products of R and Q'y where X / sqrt(weight) = QR."""
        xx, xy = exact_products(R, response.T)
        if not centred:
            x_mean = extended(self.x_shift, self.x_rest)
            xx -= np.outer(x_mean, x_mean)
            xy -= np.outer(extended(self.y_shift, self.y_rest), x_mean)
        xx, xx_low = as_pair(self.weight * xx)
        xy, xy_low = as_pair(self.weight * xy.T)
        return replace(self, xx=xx, xx_low=xx_low, xy=xy, xy_low=xy_low)

    def per_row(self, centred: bool, exact: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return X'X, X'y and y'y divided by the weight, with the means subtracted or not.

        A column that is constant up to rounding becomes exactly constant. With `exact`, X'X and X'y are in
        extended precision.
        """
        xx, xy, yy = self.xx, self.xy, self.yy / self.weight
        x_mean, y_mean = self.x_mean, self.y_mean
        if exact:
            xx, xy = extended(xx, self.xx_low), extended(xy, self.xy_low)
            x_mean, y_mean = extended(self.x_shift, self.x_rest), extended(self.y_shift, self.y_rest)
        xx, xy = xx / self.weight, xy / self.weight
        constant = np.sqrt(xx.diagonal().clip(0)) <= 8 * np.finfo(float).eps * np.abs(x_mean)
        xx[constant], xx[:, constant], xy[constant] = 0, 0, 0
        if not centred:
            xx += np.outer(x_mean, x_mean)
            xy += np.outer(x_mean, y_mean)
            yy += self.y_mean**2
        return xx, xy, yy


def gather(
    rows: Rows, y: np.ndarray, sample_weight: np.ndarray | None = None, exact: bool = False
) -> Moments:
    """Return the moments of rows (n, d) and y (n, q), each row counted `sample_weight` times.

    With `exact`, the sums keep what rounding would take, at about four times the work.
    """
    if isinstance(rows, SparseRows) and suits_sparse_products(rows.X):
        return _gather_sparse(rows.X, y, sample_weight, exact)
    (n, d), q = rows.shape, y.shape[1]
    length = int(np.clip(MAX_BLOCK_VALUES // max(d, 1), 256, 4096))
    sums = _Sums(d, q, length, rows.order, exact)
    x_block, v_block = np.empty((length, d), order=rows.order), np.ones((1 + q, length))
    y_shift, _ = sampled_mean_and_variance(y, sample_weight)
    with np.errstate(all="ignore"):  # NaN and infinity are found at the end, in the sums
        for start in range(0, n, length):
            at = slice(start, min(start + length, n))
            block, v = x_block[: at.stop - start], v_block[:, : at.stop - start]
            x = rows.read(at, block)
            np.subtract(y[at].T, y_shift[:, np.newaxis], out=v[1:])
            if sample_weight is not None:
                v[0] = np.sqrt(sample_weight[at])
                v[1:] *= v[0]
                x = np.multiply(x, v[0][:, np.newaxis], out=block)
            sums.add(x, v)
    n_rows = n if sample_weight is None else int(np.count_nonzero(sample_weight))
    return _centre(n_rows, sums.xx, sums.vx, sums.vv, rows.shift, y_shift)


class _Sums:
    """Sums over blocks: x'x, vx and vv' of x (rows, d) and v (1 + q, rows)."""

    def __init__(self, d: int, q: int, length: int, order: Order, exact: bool) -> None:
        dtype = np.longdouble if exact else np.float64
        self.xx, self.vx = np.zeros((d, d), dtype), np.zeros((1 + q, d), dtype)
        self.vv = np.zeros((1 + q, 1 + q))
        self._product = np.empty((d, d))
        pair = (np.empty((length, d), order=order), np.empty((length, d), order=order)) if exact else None
        self._buffers = pair

    def add(self, x: np.ndarray, v: np.ndarray) -> None:
        """Add the products of a block."""
        if self._buffers:
            xx, vx = exact_products(x, v, self._buffers)
            self.xx += xx
            self.vx += vx
        else:
            self.xx += np.dot(x.T, x, out=self._product)  # (d, rows) @ (rows, d): BLAS computes one triangle
            self.vx += v @ x  # (1 + q, rows) @ (rows, d)
        self.vv += v @ v.T


def _gather_sparse(X: sp.csr_array, y: np.ndarray, sample_weight: np.ndarray | None, exact: bool) -> Moments:
    """Return the moments by sparse products, O(sum of the squares of the rows' nonzeros)."""
    X = X.astype(np.float64)
    root = np.ones(len(y)) if sample_weight is None else np.sqrt(sample_weight)
    y_shift, _ = sampled_mean_and_variance(y, sample_weight)
    v = np.vstack([np.ones(len(y)), (y - y_shift).T]) * root  # (1 + q, n)
    X = sp.csr_array(sp.diags_array(root) @ X)
    n_rows = int(np.count_nonzero(root))
    with np.errstate(all="ignore"):
        xx, vx = exact_products(X, v) if exact else ((X.T @ X).toarray(), v @ X)
        return _centre(n_rows, xx, vx, v @ v.T, np.zeros(X.shape[1]), y_shift)


def _centre(
    n_rows: int, xx: np.ndarray, vx: np.ndarray, vv: np.ndarray, x_shift: np.ndarray, y_shift: np.ndarray
) -> Moments:
    """Subtract the means from sums of products; row 0 of `vx` and `vv` belongs to the constant 1."""
    with np.errstate(all="ignore"):
        weight = vv[0, 0]
        x_mean, y_mean = vx[0] / weight, vv[0, 1:] / weight
        xx = xx - weight * np.outer(x_mean, x_mean)
        xy = vx[1:].T - weight * np.outer(x_mean, y_mean)
        low: dict[str, np.ndarray] = {}
        if xx.dtype != np.float64:
            (xx, low["xx_low"]), (xy, low["xy_low"]) = as_pair(xx), as_pair(xy)
        return Moments(
            n_rows=n_rows,
            weight=float(weight),
            x_shift=x_shift,
            y_shift=y_shift,
            x_rest=x_mean.astype(np.float64),
            y_rest=y_mean,
            xx=xx,
            xy=xy,
            yy=vv.diagonal()[1:] - weight * y_mean**2,
            **low,
        )


def exact_products(x: Matrix, v: np.ndarray, buffers: Pair | None = None) -> Pair:
    """Return x'x (d, d) and vx (k, d) of x (n, d) and v (k, n) in extended precision.

    The leading bits of both are cut so short that sums of their products are exact in whatever order BLAS
    adds them. The rest is smaller by 2^-26, and so is its rounding (Ozaki et al., 2012). `buffers`, two
    arrays of at least n rows, save an allocation for each block: where malloc returns memory to the system at
    once, as in Dask's workers, that takes as long as the products.
    """
    (x_top, x_rest), (v_top, v_rest) = _split(x, buffers), (part.T for part in _split(v.T))
    cross = _dense(x_top.T @ x_rest)  # (d, n) @ (n, d)
    xx = _dense(x_top.T @ x_top).astype(np.longdouble) + (cross + cross.T + _dense(x_rest.T @ x_rest))
    vx = _dense(v_top @ x_top).astype(np.longdouble) + (_dense(v_top @ x_rest) + _dense(v_rest @ x))
    return xx, vx


def extended(high: np.ndarray, low: np.ndarray | float) -> np.ndarray:
    """Return the sum of both parts in extended precision."""
    return high.astype(np.longdouble) + low


def as_pair(number: np.ndarray) -> Pair:
    """Return extended numbers as two doubles each."""
    high = number.astype(np.float64)
    return high, (number - high).astype(np.float64)


def _split(columns: Matrix, buffers: Pair | None = None) -> tuple[Matrix, Matrix]:
    """Return the columns (n, k) rounded to 2^-26 of their lengths, and the rest."""
    if sp.issparse(columns):
        numbers, at = columns.data, columns.indices
        lengths = np.sqrt(np.bincount(at, numbers**2, columns.shape[1]))
        top, rest = _split_numbers(numbers, lengths[at])
        return tuple(sp.csr_array((part, at, columns.indptr), columns.shape) for part in (top, rest))
    lengths = np.sqrt(np.einsum("nk,nk->k", columns, columns))
    n = len(columns)
    return _split_numbers(columns, lengths, (buffers[0][:n], buffers[1][:n]) if buffers else None)


def _split_numbers(numbers: np.ndarray, lengths: np.ndarray, buffers: Pair | None = None) -> Pair:
    top, rest = buffers or (None, None)
    anchor = np.ldexp(1.5, np.frexp(lengths)[1] + 26)  # a double next to it keeps only the bits wanted
    top = np.add(numbers, anchor, out=top)
    top -= anchor
    return top, np.subtract(numbers, top, out=rest)


def _dense(products: Matrix) -> np.ndarray:
    return products.toarray() if sp.issparse(products) else products
