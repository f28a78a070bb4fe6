"""Additive statistics of least squares: the total weight, the means and the centred sums of products.

The rows are read once, in blocks that fit in the cache, in O(n d^2) time and O(d^2) memory. The statistics of
two sets of rows can be merged (Chan, Golub and LeVeque, 1983, equation 2.1b). `fit` can read the rows again,
so doubles suffice there. The rows of a chunk cannot be read again, so its sums are stored as pairs of doubles
(`pairs.py`), with a relative precision of about 1e-24.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import scipy.sparse as sp

from estimators._least_squares.pairs import Pair, exact_products, outer, product
from estimators._least_squares.rows import (
    Matrix,
    Order,
    Rows,
    as_unshifted_rows,
    sampled_rows,
    suits_sparse_products,
    without_offsets,
)

MAX_BLOCK_VALUES = 200_000  # numbers per block, which fit into the cache and suffice for BLAS to be fast
MAX_SUM = 5e307  # larger sums of squares may overflow in a solver


@dataclass
class Moments:
    """The statistics of rows x (n, d) and y (n, q) that determine the least-squares solution.

    A mean is stored as a shift and a small remainder, so that means far from 0 lose no digits in a merge.
    """

    n_rows: int  # rows with a positive weight
    weight: float  # sum of the weights
    x_shift: np.ndarray  # (d,)
    y_shift: np.ndarray  # (q,)
    x_rest: np.ndarray  # (d,), the mean minus the shift
    y_rest: np.ndarray  # (q,)
    xx: np.ndarray  # (d, d), sums of products after the means are subtracted
    xy: np.ndarray  # (d, q)
    yy: np.ndarray  # (q,)
    xx_low: np.ndarray | float = 0.0  # (d, d), the rounding errors of xx, if known
    xy_low: np.ndarray | float = 0.0  # (d, q)

    @property
    def x_mean(self) -> np.ndarray:
        """Mean of each column of X, as an array of shape (d,)."""
        return self.x_shift + self.x_rest

    @property
    def y_mean(self) -> np.ndarray:
        """Mean of each column of y, as an array of shape (q,)."""
        return self.y_shift + self.y_rest

    @property
    def is_finite(self) -> bool:
        """Whether all values were finite and small enough to be squared. O(d^2)."""
        with np.errstate(over="ignore", invalid="ignore"):
            sums = [np.abs(part).max(initial=0) for part in (self.xx, self.xy, self.yy)]
            means = [np.square(part).max(initial=0) for part in (self.x_mean, self.y_mean)]
            limit = MAX_SUM * min(self.weight, 1.0)  # also for the sums divided by the weight
        return bool(self.weight < np.inf and all(part < limit for part in (*sums, *means)))

    def spreads(self) -> np.ndarray:
        """Return the standard deviations of the columns of X that are not constant."""
        squares = self.xx.diagonal()
        return np.sqrt(squares[squares > 0] / self.weight)

    def merge(self, other: Self) -> "Moments":
        """Return the statistics of both sets of rows together."""
        weight = self.weight + other.weight
        share = other.weight / weight
        x_gap = other.x_shift - self.x_shift + (other.x_rest - self.x_rest)
        y_gap = other.y_shift - self.y_shift + (other.y_rest - self.y_rest)
        root = np.sqrt(self.weight * share)
        with np.errstate(over="ignore", invalid="ignore"):
            x_between, y_between = Pair(root * x_gap), Pair(root * y_gap)
            xx = self._xx + other._xx + outer(x_between, x_between)
            xy = self._xy + other._xy + outer(x_between, y_between)
            return Moments(
                n_rows=self.n_rows + other.n_rows,
                weight=weight,
                x_shift=self.x_shift,
                y_shift=self.y_shift,
                x_rest=self.x_rest + share * x_gap,
                y_rest=self.y_rest + share * y_gap,
                yy=self.yy + other.yy + y_between.high**2,
                **_stored(xx, xy),
            )

    def with_factor(self, R: np.ndarray, response: np.ndarray, centred: bool) -> "Moments":
        """Return more exact statistics, computed from R and Q'y, where X / sqrt(weight) = QR."""
        root = np.sqrt(self.weight)
        xx, yx = exact_products(root * R, root * response.T)
        if not centred:
            x_mean, y_mean = Pair(root * self.x_mean), Pair(root * self.y_mean)
            xx, yx = xx + outer(x_mean.scaled(-1), x_mean), yx + outer(y_mean.scaled(-1), x_mean)
        return replace(self, **_stored(xx, yx.T))

    def per_row(self, centred: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return X'X, X'y and y'y divided by the weight. If `centred` is True, the means are subtracted.

        A column that is constant up to rounding becomes exactly constant.
        """
        xx, xy, yy = self.xx / self.weight, self.xy / self.weight, self.yy / self.weight
        constant = self._constant()
        xx[constant], xx[:, constant], xy[constant] = 0, 0, 0
        if not centred:
            xx += np.outer(self.x_mean, self.x_mean)
            xy += np.outer(self.x_mean, self.y_mean)
            yy += self.y_mean**2
        return xx, xy, yy

    def exact_sums(self) -> tuple[Pair, Pair]:
        """Return X'X and y'X with the means subtracted, as pairs of doubles, not divided by the weight."""
        varies = (~self._constant()).astype(float)
        return self._xx.scaled(np.outer(varies, varies)), self._xy.T.scaled(varies)

    @property
    def _xx(self) -> Pair:
        return Pair(self.xx, self.xx_low)

    @property
    def _xy(self) -> Pair:
        return Pair(self.xy, self.xy_low)

    def _constant(self) -> np.ndarray:
        deviation = np.sqrt(self.xx.diagonal().clip(0) / self.weight)
        return deviation <= 8 * np.finfo(float).eps * np.abs(self.x_mean)


@dataclass
class CentredRows:
    """The rows, which are stored instead of their moments if X'X would be larger than the rows.

    If there is an intercept, the means are subtracted from an array. A CSR matrix stays sparse: only the
    means of columns with hardly any zeros are subtracted from it. The other means are subtracted when a
    product is computed.
    """

    X: Matrix  # (n, d), minus `x_shift`
    x_shift: np.ndarray  # (d,)
    x_mean: np.ndarray  # (d,), 0 without an intercept
    y: np.ndarray  # (n, q)
    y_mean: np.ndarray  # (q,)
    weight: np.ndarray | None  # (n,), all positive

    def moments(self) -> Moments:
        """Return the moments of the rows. O(n d^2)."""
        moments = gather(as_unshifted_rows(self.X), self.y, self.weight, exact=True)
        moments.x_shift = moments.x_shift + self.x_shift
        moments.y_shift = moments.y_shift + self.y_mean
        return moments


def gather(
    rows: Rows, y: np.ndarray, sample_weight: np.ndarray | None = None, exact: bool = False
) -> Moments:
    """Return the moments of rows (n, d) and y (n, q), each row counted `sample_weight` times.

    If `exact` is True, the rounding errors of the sums are stored too, which takes about four times as long.
    """
    if suits_sparse_products(rows.X):
        return _gather_sparse(rows.X, y, sample_weight, exact)
    (n, d), q = rows.shape, y.shape[1]
    length = int(np.clip(MAX_BLOCK_VALUES // max(d, 1), max(256, d), 4096))
    sums = _Sums(d, q, length, rows.order, exact)
    x_block, v_block = np.empty((length, d), order=rows.order), np.ones((1 + q, length))
    y_shift = sampled_rows(y, sample_weight).mean(axis=0)
    with np.errstate(all="ignore"):  # NaN and infinity are detected in the final sums
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
    return _centre(sums.xx, sums.vx, sums.vv, sample_weight, rows.shift, y_shift)


class _Sums:
    """Sums over blocks: x'x, vx and vv' of x (rows, d) and v (1 + q, rows)."""

    def __init__(self, d: int, q: int, length: int, order: Order, exact: bool) -> None:
        self.xx, self.vx = Pair(np.zeros((d, d))), Pair(np.zeros((1 + q, d)))
        self.vv = np.zeros((1 + q, 1 + q))
        self._product, shape = np.empty((d, d)), (length, d)
        self._buffers = (np.empty(shape, order=order), np.empty(shape, order=order)) if exact else None

    def add(self, x: np.ndarray, v: np.ndarray) -> None:
        """Add the products of a block."""
        if self._buffers:
            xx, vx = exact_products(x, v, self._buffers)
            self.xx, self.vx = self.xx + xx, self.vx + vx
        else:
            self.xx.high[...] += np.dot(x.T, x, out=self._product)  # BLAS computes only one triangle
            self.vx.high[...] += v @ x  # (1 + q, rows) @ (rows, d)
        self.vv += v @ v.T


def _gather_sparse(X: sp.csr_array, y: np.ndarray, sample_weight: np.ndarray | None, exact: bool) -> Moments:
    """Return the moments, from sparse products that take O(sum of nonzeros^2 over the rows) time."""
    X, x_shift = without_offsets(X.astype(np.float64, copy=False), sample_weight)
    y_shift = sampled_rows(y, sample_weight).mean(axis=0)
    v = np.vstack([np.ones(len(y)), (y - y_shift).T])  # (1 + q, n)
    if sample_weight is not None:
        root = np.sqrt(sample_weight)
        X, v = sp.csr_array(sp.diags_array(root) @ X), v * root
    with np.errstate(all="ignore"):
        xx, vx = exact_products(X, v) if exact else (Pair((X.T @ X).toarray()), Pair(v @ X))
        return _centre(xx, vx, v @ v.T, sample_weight, x_shift, y_shift)


def _centre(
    xx: Pair,
    vx: Pair,
    vv: np.ndarray,
    sample_weight: np.ndarray | None,
    x_shift: np.ndarray,
    y_shift: np.ndarray,
) -> Moments:
    """Subtract the means from sums of products; row 0 of `vx` and `vv` belongs to the constant 1."""
    with np.errstate(all="ignore"):
        n_rows, total, y_sum = int(vv[0, 0]), float(vv[0, 0]), vv[0, 1:]
        if sample_weight is not None:
            n_rows = int(np.count_nonzero(sample_weight))
        if isinstance(xx.low, np.ndarray):
            x_mean = vx[0].divided(_exact_sum(total, sample_weight))
            xx = xx + outer(x_mean, vx[0].scaled(-1))
            xy = vx[1:].T + outer(x_mean, Pair(-y_sum))
        else:
            x_mean = Pair(vx.high[0] / total)
            xx = Pair(xx.high - np.multiply.outer(x_mean.high, vx.high[0]))
            xy = Pair(vx.high[1:].T - np.multiply.outer(x_mean.high, y_sum))
        return Moments(
            n_rows=n_rows,
            weight=total,
            x_shift=x_shift,
            y_shift=y_shift,
            x_rest=x_mean.high,
            y_rest=y_sum / total,
            yy=vv.diagonal()[1:] - y_sum * (y_sum / total),  # so that large weights do not overflow
            **_stored(xx, xy),
        )


def _exact_sum(total: float, sample_weight: np.ndarray | None) -> Pair:
    """Return the total weight, of shape (1,), as the sum of the squared rounded roots of the weights."""
    if sample_weight is None:
        return Pair(np.array([total]))
    root = np.sqrt(sample_weight)
    return product(Pair(root[np.newaxis]), root[:, np.newaxis])[0]


def _stored(xx: Pair, xy: Pair) -> dict[str, Any]:
    """Return X'X and X'y as fields of :class:`Moments`, which are plain arrays."""
    return {"xx": xx.high, "xx_low": xx.low, "xy": xy.high, "xy_low": xy.low}
