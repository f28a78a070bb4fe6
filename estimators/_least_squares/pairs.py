"""Numbers with twice the usual precision, as pairs of doubles: a rounded number and its rounding error."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

from estimators._least_squares.rows import Matrix

Buffers = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Pair:
    """An array of numbers, each the sum of two doubles."""

    high: np.ndarray
    low: np.ndarray | float = 0.0

    @property
    def T(self) -> "Pair":
        """The transpose."""
        return Pair(self.high.T, np.transpose(self.low))

    def __getitem__(self, index: Any) -> "Pair":
        return Pair(self.high[index], self.low[index] if isinstance(self.low, np.ndarray) else self.low)

    def __add__(self, other: "Pair") -> "Pair":
        total = self.high + other.high
        others = total - self.high
        rest = (self.high - (total - others)) + (other.high - others)  # the rounding error (Knuth's TwoSum)
        return normalised(total, rest + (self.low + other.low))

    def scaled(self, factor: np.ndarray | float) -> "Pair":
        """Return the numbers multiplied by factors that are 0 or powers of two."""
        return Pair(self.high * factor, self.low * factor)

    def divided(self, by: "Pair") -> "Pair":
        """Return the numbers, of shape (n,), divided by a single number, given as a Pair of shape (1,)."""
        ratio = self.high / by.high
        back = outer(Pair(ratio), by)[:, 0]
        return Pair(ratio, ((self.high - back.high) + (self.low - back.low)) / by.high)


def normalised(high: np.ndarray, low: np.ndarray | float) -> Pair:
    """Return the exact sum of two parts, of which `low` is the smaller (Dekker's FastTwoSum)."""
    total = high + low
    return Pair(total, low - (total - high))


def outer(a: Pair, b: Pair) -> Pair:
    """Return all products of an element of a (m,) and one of b (n,), as an array (m, n)."""
    a_top, b_top = _leading_bits(a.high), _leading_bits(b.high)
    a_rest, b_rest = a.high - a_top, b.high - b_top
    rest = np.multiply.outer(a_top, b_rest) + np.multiply.outer(a_rest, b.high)
    rest = rest + np.reshape(a.low, (-1, 1)) * b.high + a.high[:, np.newaxis] * b.low
    return normalised(np.multiply.outer(a_top, b_top), rest)


def _leading_bits(numbers: np.ndarray) -> np.ndarray:
    """Return the numbers rounded to 26 bits, so that products of two are exact."""
    fraction, exponent = np.frexp(numbers)
    return np.ldexp(np.rint(np.ldexp(fraction, 26)), exponent - 26)


def product(a: Pair, b: np.ndarray) -> Pair:
    """Return a (m, n) @ b (n, k), with errors of about 2^-78 times the norms of their rows and columns."""
    (a_top, a_rest), (b_top, b_rest) = (part.T for part in _split(a.high.T)), _split(b)
    rest = a_top @ b_rest + a_rest @ b
    return normalised(a_top @ b_top, rest + a.low @ b if isinstance(a.low, np.ndarray) else rest)


def exact_products(x: Matrix, v: np.ndarray, buffers: Buffers | None = None) -> tuple[Pair, Pair]:
    """Return x'x (d, d) and vx (k, d) of x (n, d) and v (k, n).

    x and v are each split into leading bits and a remainder (Ozaki et al., 2012). The leading bits are so few
    that sums of their products are exact in whatever order BLAS adds them. The remainders, and
    their rounding errors, are smaller by a factor of 2^26. `buffers` are two arrays of at least n
    rows, so that no memory is allocated per block. If malloc returns memory to the system
    immediately, as in Dask's workers, allocating takes as long as the products.
    """
    (x_top, x_rest), (v_top, v_rest) = _split(x, buffers), (part.T for part in _split(v.T))
    cross = _dense(x_top.T @ x_rest)  # (d, n) @ (n, d)
    xx = normalised(_dense(x_top.T @ x_top), cross + cross.T + _dense(x_rest.T @ x_rest))
    return xx, normalised(_dense(v_top @ x_top), _dense(v_top @ x_rest) + _dense(v_rest @ x))


def _split(columns: Matrix, buffers: Buffers | None = None) -> tuple[Matrix, Matrix]:
    """Return the columns (n, k) rounded to 2^-26 times their norms, and the remainders."""
    if sp.issparse(columns):
        numbers, at = columns.data, columns.indices
        lengths = np.sqrt(np.bincount(at, numbers**2, columns.shape[1]))
        parts = _split_numbers(numbers, lengths[at], None)
        return tuple(sp.csr_array((part, at, columns.indptr), columns.shape) for part in parts)
    lengths = np.sqrt(np.einsum("nk,nk->k", columns, columns))
    n = len(columns)
    return _split_numbers(columns, lengths, buffers and (buffers[0][:n], buffers[1][:n]))


def _split_numbers(numbers: np.ndarray, lengths: np.ndarray, buffers: Buffers | None) -> Buffers:
    top, rest = buffers or (None, None)
    anchor = np.ldexp(1.5, np.frexp(lengths)[1] + 26)  # adding it rounds to the leading bits
    top = np.add(numbers, anchor, out=top)
    top -= anchor
    return top, np.subtract(numbers, top, out=rest)


def _dense(products: Matrix) -> np.ndarray:
    return products.toarray() if sp.issparse(products) else products
