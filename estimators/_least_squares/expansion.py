"""The terms of a polynomial: powers and products of columns that are scaled to [-1, 1]."""

from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement
from math import comb

import numpy as np


def n_terms(n_columns: int, degree: int, interaction_only: bool) -> int:
    """Return the number of terms of degree 1 to `degree` for this many columns."""
    if interaction_only:
        return sum(comb(n_columns, k) for k in range(1, min(degree, n_columns) + 1))
    return comb(n_columns + degree, degree) - 1


@dataclass(eq=False)
class Terms:
    """The polynomial terms of the scaled columns. ``(x - middle) / half`` maps their domain to [-1, 1].

    The columns themselves come first, followed by the products of the columns in `expanded`, in
    scikit-learn's order. A term of degree k is a column times a term of degree k - 1. The terms with the
    same first column are adjacent, so one multiplication computes them all. Unless `centred` is True,
    columns are only divided by the largest absolute value of their domain, so that 0 stays 0.
    """

    n_columns: int
    expanded: np.ndarray  # positions of columns, ascending
    degree: int
    interaction_only: bool
    domain: np.ndarray  # (2, d)
    centred: bool

    def __post_init__(self) -> None:
        choose = combinations if self.interaction_only else combinations_with_replacement
        degree = min(self.degree, self.n_columns) if self.interaction_only else self.degree
        terms: list[tuple[int, ...]] = [(j,) for j in range(self.n_columns)]
        for k in range(2, degree + 1):
            terms += choose(self.expanded.tolist(), k)
        self.powers = np.zeros((len(terms), self.n_columns), dtype=np.intp)  # (p, d)
        for i, term in enumerate(terms):
            np.add.at(self.powers[i], list(term), 1)
        self._products = _products(terms)
        low, high = self.domain
        if self.centred:
            self.middle, half = low / 2 + high / 2, high / 2 - low / 2
        else:
            self.middle, half = np.zeros_like(low), np.abs(self.domain).max(axis=0)
        half = np.subtract(high, low, out=half, where=half == 0)  # half of a subnormal range may underflow
        self.half = np.where(half > 0, half, 1.0)

    def equals(self, other: "Terms") -> bool:
        """Return True if both are the same terms with the same scaling."""
        mine, theirs = ((terms.powers, terms.middle, terms.half) for terms in (self, other))
        return all(map(np.array_equal, mine, theirs))

    def scaled(self, columns: np.ndarray) -> np.ndarray:
        """Return the columns (d, n), scaled so that their domain is [-1, 1]."""
        return (columns - self.middle[:, np.newaxis]) / self.half[:, np.newaxis]

    def write(self, columns: np.ndarray, out: np.ndarray) -> None:
        """Write the terms (p, n) of the columns (d, n) to `out`, with one term per row."""
        scaled = self.scaled(columns)
        out[: len(scaled)] = scaled
        for new, column, parents in self._products:
            np.multiply(out[parents], scaled[column], out=out[new])

    def in_original_units(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the weights (p, q) of the terms of the unscaled columns, and the change (q,) in the bias.

        ``(x / half - middle / half) ** a`` is multiplied out, one column at a time. Then the weights of the
        powers of ``x / half`` are divided by powers of ``half``. This takes O(p * degree * d) time.
        """
        index = {tuple(power): i for i, power in enumerate(self.powers.tolist())}
        index[(0,) * self.n_columns] = len(self.powers)
        now = np.vstack([weights.astype(np.float64), np.zeros((1, weights.shape[1]))])
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            for j, ratio in enumerate((self.middle / self.half).tolist()):
                before, now = now, now.copy()
                for power, i in index.items():
                    for b in range(power[j]) if ratio and before[i].any() else ():
                        lower = index[(*power[:j], b, *power[j + 1 :])]
                        now[lower] += comb(power[j], b) * (-ratio) ** (power[j] - b) * before[i]
            return self._divided_by_halves(now[:-1]), now[-1]

    def _divided_by_halves(self, weights: np.ndarray) -> np.ndarray:
        """Return the weights (p, q) of powers of ``x / half`` divided by these powers of `half`.

        A very small power times a very large one may be of ordinary size, so the exponents are added instead.
        """
        fractions, exponents = np.frexp(self.half)
        divisors = (fractions**self.powers).prod(axis=1)
        return np.ldexp(weights / divisors[:, np.newaxis], -(self.powers @ exponents)[:, np.newaxis])


def _products(terms: list[tuple[int, ...]]) -> list[tuple[slice, int, slice | list[int]]]:
    """Return the position, the first column and the other factors of each run of terms.

    A run consists of adjacent terms of the same degree with the same first column.
    """
    index = {term: i for i, term in enumerate(terms)}
    runs: list[tuple[slice, int, list[int]]] = []
    for i, term in enumerate(terms):
        if len(term) == 1:
            continue
        parent = index[term[1:]]
        if runs and runs[-1][1] == term[0] and len(terms[i - 1]) == len(term):
            new, column, parents = runs[-1]
            runs[-1] = slice(new.start, i + 1), column, [*parents, parent]
        else:
            runs.append((slice(i, i + 1), term[0], [parent]))
    return [(new, column, _as_slice(parents)) for new, column, parents in runs]


def _as_slice(indices: list[int]) -> slice | list[int]:
    """Return a slice if the indices are consecutive, because slices do not copy data."""
    if indices == list(range(indices[0], indices[-1] + 1)):
        return slice(indices[0], indices[-1] + 1)
    return indices
