"""Additive statistics of least squares: total weight, means, centred cross-products.

One pass over the rows in blocks that stay in the cache, O(rows * columns^2) time and O(columns^2) memory.
The statistics of two sets of rows add up to those of both (Chan, Golub and LeVeque, 1983, equation 2.1b).
Whoever can read the rows again needs no more than doubles; for chunks, which are gone, the products are exact
but for some 1e-19 of their size, so that what is solved from them errs as the rows themselves would.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import scipy.sparse as sp
from sklearn.utils import assert_all_finite
from sklearn.utils.sparsefuncs import mean_variance_axis

BLOCK = 200_000  # numbers: a block stays in the cache, and is long enough for BLAS
SAMPLE = 1024  # rows that tell where the middle of a column is, about
DENSE = 0.1  # from this share of nonzeros on, blocks are made dense
TINY = 1e-280  # a smaller sum of squares is not exact
FAR = 30.0  # a sparse column whose mean is so many standard deviations from 0 needs the shift


@dataclass
class Moments:
    """What least squares needs to know of the rows: x has d columns, y has q.

    A mean is kept as a shift near it and the rest: so means far from 0 lose no digits when they are merged.
    """

    n_rows: int
    weight: float
    x_shift: np.ndarray  # (d,)
    y_shift: np.ndarray  # (q,)
    x_rest: np.ndarray  # (d,), the mean less the shift
    y_rest: np.ndarray  # (q,)
    xx: np.ndarray  # (d, d), sums of products of what remains after the means are taken off
    xy: np.ndarray  # (d, q)
    yy: np.ndarray  # (q,)
    xx_low: Any = 0.0  # (d, d), what rounding took from xx, where it is known
    xy_low: Any = 0.0  # (d, q)

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
        """Tell whether no value was NaN, infinite, or too large to be squared; costs O(d^2)."""
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
            x_long = x_gap.astype(np.longdouble)
            xx = _long(self.xx, self.xx_low) + _long(other.xx, other.xx_low)
            xy = _long(self.xy, self.xy_low) + _long(other.xy, other.xy_low)
            xx, xx_low = _pair(xx + between * np.outer(x_long, x_long))
            xy, xy_low = _pair(xy + between * np.outer(x_long, y_gap))
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
        """Return the statistics with the products of R and Q'y of X / sqrt(weight) = QR, which err less."""
        xx, xy = _exact_products(R, response.T)
        if not centred:
            xx -= np.outer(x_mean := _long(self.x_shift, self.x_rest), x_mean)
            xy -= np.outer(_long(self.y_shift, self.y_rest), x_mean)
        xx, xx_low = _pair(self.weight * xx)
        xy, xy_low = _pair(self.weight * xy.T)
        return replace(self, xx=xx, xx_low=xx_low, xy=xy, xy_low=xy_low)

    def per_row(self, centred: bool, exact: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return X'X, X'y and y'y of the weighted mean row, with the means taken off or left in.

        A column that does not vary but for rounding is made exactly constant. If `exact`, X'X and X'y are in
        extended precision, with all that is known of them.
        """
        xx, xy, yy = self.xx, self.xy, self.yy / self.weight
        x_mean, y_mean = self.x_mean, self.y_mean
        if exact:
            xx, xy = _long(xx, self.xx_low), _long(xy, self.xy_low)
            x_mean, y_mean = _long(self.x_shift, self.x_rest), _long(self.y_shift, self.y_rest)
        xx, xy = xx / self.weight, xy / self.weight
        constant = np.sqrt(xx.diagonal().clip(0)) <= 8 * np.finfo(float).eps * np.abs(x_mean)
        xx[constant], xx[:, constant], xy[constant] = 0, 0, 0
        if not centred:
            xx += np.outer(x_mean, x_mean)
            xy += np.outer(x_mean, y_mean)
            yy += self.y_mean**2
        return xx, xy, yy


class DenseRows:
    """The rows of an array (n, d), less a shift near their mean: so nothing cancels in the squares."""

    as_given = True

    def __init__(self, X: np.ndarray, shift: np.ndarray) -> None:
        self.X, self.shape, self.shift = X, X.shape, shift
        self.order = "F" if X.flags.f_contiguous and not X.flags.c_contiguous else "C"

    def shifted(self, shift: np.ndarray) -> "DenseRows":
        """Return the same rows less another shift (d,)."""
        return DenseRows(self.X, shift)

    def read(self, rows: slice, block: np.ndarray) -> np.ndarray:
        """Return the shifted rows (n_rows, d), written into a block of that shape."""
        return np.subtract(self.X[rows], self.shift, out=block)


class NearRows(DenseRows):
    """The rows of an array whose means are near 0, as they are: nothing cancels, nothing need be copied."""

    def __init__(self, X: np.ndarray) -> None:
        super().__init__(X, np.zeros(X.shape[1]))

    def read(self, rows: slice, block: np.ndarray) -> np.ndarray:
        """Return the rows (n_rows, d) themselves: they must not be changed."""
        return self.X[rows]


class SparseRows:
    """The rows of a CSR matrix, made dense block by block."""

    order, as_given = "C", True

    def __init__(self, X: sp.csr_array, shift: np.ndarray) -> None:
        self.X, self.shape, self.shift = X, X.shape, shift

    def shifted(self, shift: np.ndarray) -> "SparseRows":
        """Return the same rows less another shift (d,)."""
        return SparseRows(self.X, shift)

    def read(self, rows: slice, block: np.ndarray) -> np.ndarray:
        """Return the shifted rows (n_rows, d), written into a block of that shape."""
        return np.subtract(self.X[rows].toarray(), self.shift, out=block)


class TransformedRows:
    """Other rows times a matrix (d, r)."""

    order = "C"

    def __init__(self, rows: Any, matrix: np.ndarray) -> None:
        self.rows, self.matrix = rows, matrix
        self.shape = rows.shape[0], matrix.shape[1]
        self.shift = np.zeros(matrix.shape[1])

    def read(self, rows: slice, block: np.ndarray) -> np.ndarray:
        """Return the shifted rows times the matrix, written into a block (n_rows, r)."""
        given = np.empty((len(block), self.rows.shape[1]), order=self.rows.order)
        return np.dot(self.rows.read(rows, given), self.matrix, out=block)  # (n_rows, d) @ (d, r)


def gather(rows: Any, y: np.ndarray, sample_weight: np.ndarray | None = None, exact: bool = False) -> Moments:
    """Return the moments of rows (n, d) and y (n, q), each row counted `sample_weight` times.

    If `exact`, the sums of products keep what rounding would take: some four times the work.
    """
    if isinstance(rows, SparseRows) and _is_mostly_zero(rows.X):
        return _gather_sparse(rows.X, y, sample_weight, exact)
    (n, d), q = rows.shape, y.shape[1]
    length = int(np.clip(BLOCK // max(d, 1), 256, 4096))
    x_block, v_block, product = (
        np.empty((length, d), order=rows.order),
        np.ones((1 + q, length)),
        np.empty((d, d)),
    )
    spare = [np.empty_like(x_block) for _ in range(2)] if exact else None
    (y_shift, _), kind = _middle(y, sample_weight), np.longdouble if exact else np.float64
    xx, vx, vv = np.zeros((d, d), kind), np.zeros((1 + q, d), kind), np.zeros((1 + q, 1 + q))
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
            if exact:
                more_xx, more_vx = _exact_products(x, v, spare)
                xx += more_xx
                vx += more_vx
            else:
                xx += np.dot(x.T, x, out=product)  # (d, rows) @ (rows, d): BLAS computes one triangle
                vx += v @ x  # (1 + q, rows) @ (rows, d)
            vv += v @ v.T
    n_rows = n if sample_weight is None else int(np.count_nonzero(sample_weight))
    return _centre(n_rows, xx, vx, vv, rows.shift, y_shift)


def check_sums(moments: Moments, X: Any, name: str) -> None:
    """Raise if X held NaN or infinity, or numbers too large to be squared; costs O(d^2) unless so."""
    if not moments.is_finite:
        if X is not None:
            assert_all_finite(X, estimator_name=name, input_name="X")
        raise ValueError(
            f"X, y or sample_weight has values too large for {name}: their squares overflow. Scale them down."
        )


def check_not_tiny(moments: Moments, X: Any, sample_weight: np.ndarray | None) -> None:
    """Raise if a column of X varies by so little that its squares vanish."""
    small = np.flatnonzero(moments.xx.diagonal() < TINY * min(1.0, moments.weight))
    if not len(small):
        return
    columns = X[:, small] if sample_weight is None else X[sample_weight > 0][:, small]
    columns = columns.toarray() if sp.issparse(columns) else columns
    if (columns.max(axis=0) > columns.min(axis=0)).any():
        raise ValueError(
            f"Columns {small[:10].tolist()} of X vary by less than 1e-140, whose square is lost. Scale X."
        )


def as_rows(X: Any, sample_weight: np.ndarray | None = None) -> DenseRows | SparseRows:
    """Return what :func:`gather` reads; rows of no weight have no say in the shift."""
    if not sp.issparse(X):
        middle, spread = _middle(X, sample_weight)
        as_is = sample_weight is None and X.dtype == np.float64 and X.flags.c_contiguous
        return NearRows(X) if as_is and (np.abs(middle) <= np.sqrt(spread)).all() else DenseRows(X, middle)
    there = np.ones(X.shape[0]) if sample_weight is None else (sample_weight > 0).astype(float)
    return SparseRows(X, there @ X / there.sum())


def _middle(columns: np.ndarray, sample_weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return about the mean and the variance of each column, from rows spread over all of them."""
    if sample_weight is None:
        sample = columns[:: max(1, len(columns) // SAMPLE)]
    else:
        there = np.flatnonzero(sample_weight)
        sample = columns[there[:: max(1, len(there) // SAMPLE)]]
    with np.errstate(all="ignore"):
        return sample.mean(axis=0, dtype=np.float64), sample.var(axis=0, dtype=np.float64)


def _centre(
    n_rows: int, xx: np.ndarray, vx: np.ndarray, vv: np.ndarray, x_shift: Any, y_shift: Any
) -> Moments:
    """Take the means off sums of products; row 0 of `vx` and `vv` belongs to the constant 1."""
    with np.errstate(all="ignore"):
        weight = vv[0, 0]
        x_mean, y_mean = vx[0] / weight, vv[0, 1:] / weight
        xx = xx - weight * np.outer(x_mean, x_mean)
        xy = vx[1:].T - weight * np.outer(x_mean, y_mean)
        low = {}
        if xx.dtype != np.float64:
            (xx, low["xx_low"]), (xy, low["xy_low"]) = _pair(xx), _pair(xy)
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


def _exact_products(x: Any, v: Any, spare: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Return x'x and vx of x (n, d) and v (k, n), to twice the digits: in extended precision.

    The leading bits of both are cut so short that sums of their products are exact, in whatever order BLAS
    adds them; what is left is smaller by 2^-26, and so is its rounding (Ozaki et al., 2012). `spare`, two
    arrays of at least n rows, spares fetching memory for each block: where malloc returns it at once to the
    system, as in Dask's workers, that takes as long as the products.
    """
    (x_top, x_rest), (v_top, v_rest) = _split(x, spare), (part.T for part in _split(v.T))
    cross = _dense(x_top.T @ x_rest)  # (d, n) @ (n, d)
    xx = _dense(x_top.T @ x_top).astype(np.longdouble) + (cross + cross.T + _dense(x_rest.T @ x_rest))
    vx = _dense(v_top @ x_top).astype(np.longdouble) + (_dense(v_top @ x_rest) + _dense(v_rest @ x))
    return xx, vx


def _split(columns: Any, spare: Any = None) -> tuple[Any, Any]:
    """Return the columns (n, k) rounded to 2^-26 of their lengths, and the rest; in `spare`, if given."""
    if sp.issparse(columns):
        numbers, at = columns.data, columns.indices
        lengths = np.sqrt(np.bincount(at, numbers**2, columns.shape[1]))
        parts = _split_numbers(numbers, lengths[at])
        return tuple(sp.csr_array((part, at, columns.indptr), columns.shape) for part in parts)
    lengths = np.sqrt(np.einsum("nk,nk->k", columns, columns))
    return _split_numbers(columns, lengths, *([each[: len(columns)] for each in spare] if spare else ()))


def _split_numbers(
    numbers: np.ndarray, lengths: np.ndarray, top: Any = None, rest: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    anchor = np.ldexp(1.5, np.frexp(lengths)[1] + 26)  # beside it, a double has room for so many bits
    top = np.add(numbers, anchor, out=top)
    top -= anchor
    return top, np.subtract(numbers, top, out=rest)


def _dense(products: Any) -> np.ndarray:
    return products.toarray() if sp.issparse(products) else products


def _long(high: np.ndarray, low: Any) -> np.ndarray:
    """Return the sum in extended precision: numpy's long double, which on some machines is a double."""
    return high.astype(np.longdouble) + low


def _pair(long: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers of extended precision as two doubles each, which every machine can read."""
    high = long.astype(np.float64)
    return high, (long - high).astype(np.float64)


def _is_mostly_zero(X: sp.csr_array) -> bool:
    """Tell whether products of the sparse matrix itself are fast, and exact without a shift."""
    if X.nnz > DENSE * X.shape[0] * X.shape[1]:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        mean, variance = mean_variance_axis(X, axis=0)
        return bool((mean**2 <= FAR**2 * variance).all())


def _gather_sparse(X: sp.csr_array, y: np.ndarray, sample_weight: np.ndarray | None, exact: bool) -> Moments:
    """Return the moments by sparse products, O(sum of the squares of the rows' nonzeros)."""
    X = X.astype(np.float64)
    root = np.ones(len(y)) if sample_weight is None else np.sqrt(sample_weight)
    y_shift, _ = _middle(y, sample_weight)
    v = np.vstack([np.ones(len(y)), (y - y_shift).T]) * root  # (1 + q, n)
    X = sp.csr_array(sp.diags_array(root) @ X)
    n_rows = int(np.count_nonzero(root))
    with np.errstate(all="ignore"):
        xx, vx = _exact_products(X, v) if exact else ((X.T @ X).toarray(), v @ X)
        return _centre(n_rows, xx, vx, v @ v.T, np.zeros(X.shape[1]), y_shift)
