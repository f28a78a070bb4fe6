"""Polynomial terms of scaled columns, block by block."""

from itertools import combinations, combinations_with_replacement
from math import comb
from typing import Any

import numpy as np


def n_terms(n_columns: int, degree: int, interaction_only: bool) -> int:
    """Return the number of terms of degree 1 to `degree` of some columns."""
    if interaction_only:
        return sum(comb(n_columns, k) for k in range(1, min(degree, n_columns) + 1))
    return comb(n_columns + degree, degree) - 1


class Expansion:
    """Which powers of which columns the terms are, (p, d), and how to make them.

    First the columns themselves, then the products of those in `expanded`, in scikit-learn's order. A term of
    degree k is a column times a term of degree k - 1, and the terms that a column makes stand side by side.
    """

    def __init__(self, n_columns: int, expanded: np.ndarray, degree: int, interaction_only: bool) -> None:
        choose = combinations if interaction_only else combinations_with_replacement
        terms: list[tuple[int, ...]] = [(j,) for j in range(n_columns)]
        for k in range(2, (min(degree, n_columns) if interaction_only else degree) + 1):
            terms += choose(expanded.tolist(), k)
        self.powers = np.zeros((len(terms), n_columns), dtype=np.intp)
        for i, term in enumerate(terms):
            np.add.at(self.powers[i], list(term), 1)
        self._products = _products(terms)

    def write(self, columns: np.ndarray, out: np.ndarray) -> None:
        """Write the terms (p, n) of the scaled columns (d, n); every row of `out` is one term."""
        out[: len(columns)] = columns
        for made, column, parents in self._products:
            np.multiply(out[parents], columns[column], out=out[made])


def _products(terms: list[tuple[int, ...]]) -> list[tuple[slice, int, Any]]:
    """Return for each run of terms with the same first column: where they go, that column, their parents."""
    index = {term: i for i, term in enumerate(terms)}
    runs: list[tuple[slice, int, list[int]]] = []
    for i, term in enumerate(terms):
        if len(term) == 1:
            continue
        parent = index[term[1:]]
        if runs and runs[-1][1] == term[0] and len(terms[i - 1]) == len(term):
            made, column, parents = runs[-1]
            runs[-1] = slice(made.start, i + 1), column, [*parents, parent]
        else:
            runs.append((slice(i, i + 1), term[0], [parent]))
    return [(made, column, _as_slice(parents)) for made, column, parents in runs]


def _as_slice(indices: list[int]) -> Any:
    """Return a slice where the indices are consecutive: it copies nothing."""
    if indices == list(range(indices[0], indices[-1] + 1)):
        return slice(indices[0], indices[-1] + 1)
    return indices


class ExpandedRows:
    """The terms of an array's rows, made in blocks: never the whole n x p matrix."""

    order, as_given = "F", False

    def __init__(
        self, X: np.ndarray, expansion: Expansion, middle: np.ndarray, half: np.ndarray, shift: Any = 0.0
    ) -> None:
        self.X, self.expansion, self.middle, self.half = X, expansion, middle, half
        self.shape = len(X), len(expansion.powers)
        self.shift = np.broadcast_to(shift, self.shape[1])

    def shifted(self, shift: np.ndarray) -> "ExpandedRows":
        """Return the same rows less a shift (p,)."""
        return ExpandedRows(self.X, self.expansion, self.middle, self.half, shift)

    def read(self, rows: slice, block: np.ndarray) -> np.ndarray:
        """Return the terms of the rows, less the shift, written into a block (n_rows, p)."""
        columns = (self.X[rows].T - self.middle[:, np.newaxis]) / self.half[:, np.newaxis]  # (d, n_rows)
        self.expansion.write(columns, block.T)
        if self.shift.any():
            block -= self.shift
        return block


def in_original_units(
    weights: np.ndarray, powers: np.ndarray, middle: np.ndarray, half: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights (p, q) for the columns before they were scaled, and what the bias gains, (q,).

    ``((x - middle) / half) ** a`` is multiplied out, one column at a time. O(p * degree * d).
    """
    index = {tuple(power): i for i, power in enumerate(powers.tolist())}
    index[(0,) * powers.shape[1]] = len(powers)
    now = np.vstack([weights.astype(np.float64), np.zeros((1, weights.shape[1]))])
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for j in range(powers.shape[1]):
            before, now = now, np.zeros_like(now)
            for power, i in index.items():
                a, scaled = power[j], before[i] * half[j] ** -float(power[j])
                now[i] += scaled
                for b in range(a) if middle[j] else ():
                    lower = index[(*power[:j], b, *power[j + 1 :])]
                    now[lower] += comb(a, b) * (-middle[j]) ** (a - b) * scaled
    return now[:-1], now[-1]
