"""How far the rates of single items are shrunk towards the pooled rate, chosen by maximising the evidence.

Suppose that item g is rented n times, that each of these rentals requests a feature with a probability
specific to the item, and that these probabilities follow a beta distribution with mean r, the pooled rate,
and parameters m * r and m * (1 - r). The number of rentals F that request the feature then has a
beta-binomial distribution, and the log evidence for the shrinkage m is, up to a constant::

    R(m * r, F) + R(m * (1 - r), n - F) - R(m, n)        with R(a, n) = log(gamma(a + n) / gamma(a))

The sum over all items and features is maximised. It only depends on how often each pair of a rate and a count
occurs, and there are few distinct pairs.
"""

from typing import TypeAlias

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.special import gammaln

from estimators._bayes.sparse import like, repeat

TYPICAL = 100.0  # start of the search, and the result if all values have the same evidence
STEPS_PER_OCTAVE = 4  # the result is within 10% of the best value
MAX_STEPS = 28  # 7 octaves from TYPICAL in each direction: from 0.8 to 12,800
MIN_GAIN = 1e-9  # relative gain of evidence; a smaller one may be a rounding error
MAX_PAIRS = 1 << 17  # pairs of a rate and a number of rentals; if there are more, both are rounded
BITS = (53, 8, 7, 6, 5, 4)  # 53 bits are exact; 8 bits keep counts up to 256 and are accurate to 0.25%
SMALLEST_OF_SERIES = 16.0  # for larger arguments, Stirling's series is accurate to 1e-12

Occurrences: TypeAlias = tuple[np.ndarray, np.ndarray, np.ndarray]  # rates, counts, frequencies; (n,) each


def most_probable_shrinkage(
    n: np.ndarray,
    described: sp.csr_array,
    asked_described: tuple[sp.csr_array, np.ndarray],
    asked_others: tuple[sp.csr_array, np.ndarray],
) -> float:
    """Return the shrinkage with the highest evidence, which is ``TYPICAL`` times a power of ``2 ** (1 / 4)``.

    Parameters
    ----------
    n : ndarray of shape (n_classes,)
        Number of rentals of each item.
    described : csr_array of shape (n_classes, n_features)
        1 where a feature describes an item.
    asked_described, asked_others : tuple
        Number of rentals of each item in which each feature was requested, of shape (n_classes,
        n_features), and the pooled rate of each feature, of shape (n_features,). The first tuple is for the
        features that describe an item, the second for all other features.
    """
    (F1, r1), (F0, r0) = asked_described, asked_others
    for bits in BITS:
        if len(pd.unique(keep_bits(n, bits))) * len(pd.unique(rate_bits(r0, bits))) <= MAX_PAIRS:
            break
    n, r1, r0 = keep_bits(n, bits), rate_bits(r1, bits), rate_bits(r0, bits)
    F1, F0 = (like(F, keep_bits(F.data, bits)) for F in (F1, F0))
    n_described, n_asked = like(described, repeat(n, described)), like(F0, repeat(n, F0))
    values, number = np.unique(n, return_counts=True)
    rates, n_rates = np.unique(1 - r0, return_counts=True)
    all_cells = [cells.ravel() for cells in np.meshgrid(rates, values, indexing="ij")]
    rates, counts, often = distinct(
        occurrences(F1, r1),
        occurrences(n_described - F1, 1 - r1),
        occurrences(F0, r0),
        # other items of a feature: all items, minus the described and the requested ones, plus their
        # remainder
        (*all_cells, np.outer(n_rates, number).ravel()),
        occurrences(n_described, 1 - r0, -1),
        occurrences(n_asked, 1 - r0, -1),
        occurrences(n_asked - F0, 1 - r0),
        (np.ones(len(values)), values, -len(r0) * number),
    )

    def evidence(steps: int) -> float:
        return float(often @ log_rising(shrinkage_after(steps) * rates, counts))

    best, best_evidence = 0, evidence(0)
    for step in (8, 4, 2, 1):
        for move in (step, -step):
            while abs(best + move) <= MAX_STEPS:
                found = evidence(best + move)
                if found - best_evidence <= MIN_GAIN * abs(best_evidence):
                    break
                best, best_evidence = best + move, found
    return shrinkage_after(best)


def shrinkage_after(steps: int) -> float:
    """Return the shrinkage that is the given number of steps from ``TYPICAL``."""
    return TYPICAL * 2.0 ** (steps / STEPS_PER_OCTAVE)


def log_rising(a: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Return log(gamma(a + n) / gamma(a)), without cancellation if a is large and n is small."""
    series = np.maximum(a, SMALLEST_OF_SERIES)
    by_series = (series - 0.5) * np.log1p(n / series) + n * (np.log(series + n) - 1)
    by_series += stirling(series + n) - stirling(series)
    small = a < SMALLEST_OF_SERIES
    by_series[small] = gammaln(a[small] + n[small]) - gammaln(a[small])
    return by_series


def stirling(x: np.ndarray) -> np.ndarray:
    """Return the terms of Stirling's series for log(gamma(x)) that vanish for large x."""
    return (1 / 12 - (1 / 360 - 1 / (1260 * x**2)) / x**2) / x


def occurrences(F: sp.csr_array, rates: np.ndarray, sign: int = 1) -> Occurrences:
    """Return the distinct pairs of a rate and a count among the entries of F, and their frequencies."""
    codes, values = pd.factorize(np.maximum(F.data, 0.0))
    pair, pairs = pd.factorize(F.indices.astype(np.int64) * len(values) + codes)
    columns, places = np.divmod(pairs, max(1, len(values)))
    return rates[columns], values[places], sign * np.bincount(pair, minlength=len(pairs))


def distinct(*parts: Occurrences) -> Occurrences:
    """Return the distinct pairs of a rate and a count in all parts, and their total frequencies."""
    rates, counts, often = map(np.concatenate, zip(*parts, strict=True))
    rate, count = pd.factorize(rates), pd.factorize(counts)
    pair, pairs = pd.factorize(rate[0] * len(count[1]) + count[0])
    often, places = np.bincount(pair, often), np.divmod(pairs, len(count[1]))
    rates, counts = rate[1][places[0]], count[1][places[1]]
    present = (often != 0) & (counts > 0)
    return rates[present], counts[present], often[present]


def keep_bits(counts: np.ndarray, bits: int) -> np.ndarray:
    """Return numbers rounded to their leading bits, so that there are fewer distinct numbers."""
    fraction, exponent = np.frexp(counts)
    return np.ldexp(np.round(fraction * 2.0**bits) / 2.0**bits, exponent)


def rate_bits(rates: np.ndarray, bits: int) -> np.ndarray:
    """Return the rates r rounded to the leading bits of r or 1 - r, whichever is smaller."""
    rounded = keep_bits(np.minimum(rates, 1 - rates), bits)
    return np.where(rates > 0.5, 1 - rounded, rounded)
