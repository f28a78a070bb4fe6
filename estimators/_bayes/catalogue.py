"""The scores of the items of a catalogue, from their popularity, their descriptions and their rentals.

Let n be the number of rentals of each item, F the number of these rentals in which each feature was
requested, and let C indicate whether the feature describes the item. All three are sums or unions over the
rows. The score of item g for a row that requests the features x is::

    score[g] = popularity * log(n[g] + smoothing)
             + sum of match[group] over the groups with a feature in x that describes g
             + weight * mean over f in x of log((F[g, f] + m * rate[g, f]) / ((n[g] + m) * all[f]))

where m is the shrinkage and ``all[f]`` is the fraction of all rentals in which f was requested. If f
describes g, ``rate[g, f]`` is this fraction among rentals of items that f describes. Otherwise, it is the
fraction among rentals of all other items. Half a rental with the feature and half a rental without it are
added to each count, so that no rate is 0 or 1. The last term is a mean, not a sum, because requested features
depend on each other, more strongly the more of them there are. If r1 and r0 are the two rates, the
logarithm is::

    log(r0[f] / all[f]) - log(1 + n[g] / m) + D[g, f]
    D[g, f] = C[g, f] * log(r1[f] / r0[f]) + log(1 + F[g, f] / (m * rate[g, f]))

where D is zero unless f describes g or was requested in a rental of g. The only exception are items without
a description and without rentals. They get the lower of the two rates, so D[g, f] is log(min(r1[f], r0[f]) /
r0[f]) if f describes any item. Because all these items have the same profile, D is still sparse.

With ``match="auto"``, the match of each group is computed from a log odds ratio. It compares the odds that a
requested feature describes the rented item with the odds that it describes an item chosen by popularity. If
the log odds ratio is at most 1, the request is treated as a preference, not as a constraint. The last term
already takes preferences into account, so the match is 0. See `automatic_matches`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
import scipy.sparse as sp

from estimators._bayes.evidence import most_probable_shrinkage
from estimators._bayes.profiles import number_distinct_rows
from estimators._bayes.scores import Column, Scores, columns_of
from estimators._bayes.sparse import as_csr, as_pattern, like
from estimators._bayes.weights import ProfileWeights


@dataclass(frozen=True, eq=False)
class PooledRates:
    """How often each feature is requested, in rentals of items that it describes and of other items.

    Attributes
    ----------
    of_described, of_others : csr_array of shape (n_classes, n_features)
        F, divided into the features that describe the item and those that do not.
    r1, r0, all : ndarray of shape (n_features,)
        The rates in rentals of the items that the feature describes, of other items, and of all items.
    """

    of_described: sp.csr_array
    of_others: sp.csr_array
    r1: np.ndarray
    r0: np.ndarray
    all: np.ndarray


TASTE = 1.0  # the match is 0 if the log odds ratio is at most this
UNKNOWN = 3.0  # log odds ratio assumed without rentals: the request is a constraint
PRIOR_FEATURES = 10.0  # the assumption counts as much as this many requested features


def automatic_matches(
    groups: np.ndarray, asked: np.ndarray, met: np.ndarray, share_described: np.ndarray
) -> np.ndarray:
    """Return the match of each group: twice the amount by which the log odds ratio exceeds `TASTE`.

    Parameters
    ----------
    groups : ndarray of shape (n_features,)
        Index of the group of each feature.
    asked, met : ndarray of shape (n_features,)
        Number of rentals in which each feature was requested, and the number of these in which the feature
        describes the rented item.
    share_described : ndarray of shape (n_features,)
        Fraction of all rentals in which the feature describes the rented item.
    """
    n_asked, n_met, n_expected = (np.bincount(groups, of) for of in (asked, met, asked * share_described))
    ratio = log_odds(n_met, n_asked) - log_odds(n_expected, n_asked)
    ratio = (n_asked * ratio + PRIOR_FEATURES * UNKNOWN) / (n_asked + PRIOR_FEATURES)
    return 2 * np.maximum(ratio - TASTE, 0.0)


def log_odds(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Return the logarithm of the odds, with half a case added to both counts."""
    return np.log((part + 0.5) / (np.maximum(whole - part, 0.0) + 0.5))


@dataclass(eq=False)
class CatalogueScores(Scores):
    """The scores of `CatalogueNB`.

    Attributes
    ----------
    counts : csr_array of shape (n_classes, n_features)
        F, without explicit zeros.
    class_count : ndarray of shape (n_classes,)
        n, the number of rentals of each item.
    described : csr_array of shape (n_classes, n_features)
        C, with entries of 1.
    groups : ndarray of shape (n_features,)
        Index of the group of each feature.
    shrinkage : float or "auto"
        m, or "auto" for the value with the highest evidence.
    weight, popularity, smoothing : float
        The numbers with these names in the formula above.
    match : float or "auto"
        The match of all groups, or "auto" to compute one for each group from the rentals.
    """

    counts: sp.csr_array
    class_count: np.ndarray
    described: sp.csr_array
    groups: np.ndarray
    shrinkage: float | Literal["auto"]
    weight: float
    popularity: float
    match: float | Literal["auto"]
    smoothing: float
    prior = None
    averaged = True

    def number_profiles(self) -> np.ndarray:
        """Return the index of each class's profile, as an array of shape (n_classes,)."""
        rows = sp.hstack((self.counts, self.described), format="csr")
        return number_distinct_rows(rows, self.class_count)

    def read(self, X: np.ndarray | sp.csr_array) -> sp.csr_array:
        """Return a CSR array with a 1 for each feature that a row requests."""
        return as_pattern(X)

    @cached_property
    def pooled(self) -> PooledRates:
        """The pooled rates of all items."""
        F, C, n = self.counts, self.described, self.class_count
        of_described = as_csr(F.multiply(C))
        of_others = as_csr(F - of_described)
        n_described, n_all = C.T @ n, n.sum()
        asked_described, asked_others = of_described.sum(axis=0), of_others.sum(axis=0)
        return PooledRates(
            of_described,
            of_others,
            r1=(asked_described + 0.5) / (n_described + 1),
            r0=(asked_others + 0.5) / (np.maximum(n_all - n_described, 0.0) + 1),
            all=(asked_described + asked_others + 0.5) / (n_all + 1),
        )

    @cached_property
    def m(self) -> float:
        """The shrinkage as a number."""
        if self.shrinkage != "auto":
            return self.shrinkage
        p = self.pooled
        return most_probable_shrinkage(
            self.class_count, self.described, (p.of_described, p.r1), (p.of_others, p.r0)
        )

    @cached_property
    def matches(self) -> np.ndarray:
        """The match of each group, as an array of shape (n_groups,)."""
        if self.match != "auto":
            return np.full(self.groups.max() + 1, self.match)
        p, n = self.pooled, self.class_count
        met, missed = p.of_described.sum(axis=0), p.of_others.sum(axis=0)
        share_described = (self.described.T @ n) / max(n.sum(), np.finfo(float).tiny)
        return automatic_matches(self.groups, met + missed, met, share_described)

    def weigh(self, classes: np.ndarray | slice) -> ProfileWeights:
        """Return the weights of the given classes."""
        p, m, n = self.pooled, self.m, self.class_count[classes]
        is_described = like(self.described, np.log(p.r1 / p.r0)[self.described.indices])
        asked = [
            like(F, np.log1p(F.data / (m * rate[F.indices])))
            for F, rate in ((p.of_described, p.r1), (p.of_others, p.r0))
        ]
        return ProfileWeights(
            base=self.weight * np.log(p.r0 / p.all),
            slopes=-self.weight * np.log1p(n / m)[np.newaxis],
            d=(self.weight * (is_described + asked[0] + asked[1]))[classes] + self._d_of_unknown(classes),
            intercept=self.popularity * np.log(n + self.smoothing),
        )

    def _d_of_unknown(self, classes: np.ndarray | slice) -> sp.csr_array:
        """For the given classes, return the part of D for items with neither a description nor rentals."""
        is_known = (np.diff(self.described.indptr) > 0) | (self.class_count > 0)
        lower = np.log(np.minimum(self.pooled.r1 / self.pooled.r0, 1.0)) * (self.described.sum(axis=0) > 0)
        unknown = sp.csr_array(~is_known[classes, np.newaxis], dtype=np.float64)
        return unknown @ sp.csr_array(self.weight * lower[np.newaxis])  # (classes, 1) @ (1, features)

    @cached_property
    def _matches_by_feature(self) -> list[Column]:
        """The match of each feature's group, for the profiles that the feature describes."""
        described = self.described[self.profiles.first_class]
        return columns_of(like(described, self.matches[self.groups[described.indices]]))

    def adjust(self, scores: np.ndarray, terms: sp.csr_array) -> None:
        """Add the matches to the scores."""
        if not (self.matches.any() and self.described.nnz):
            return
        for row, entries in zip(scores, pairwise(terms.indptr), strict=True):
            for _, features in self._by_group(terms.indices[slice(*entries)]):
                profiles, match = self._matches_by_feature[features[0]]
                if len(features) > 1:
                    profiles, match = slice(None), self._best_match(features)
                row[profiles] += match

    def _best_match(self, features: list[int]) -> np.ndarray:
        """Return each profile's match with features of one group, as an array of shape (n_profiles,)."""
        best = np.zeros(len(self.profiles))
        for feature in features:
            profiles, match = self._matches_by_feature[feature]
            if isinstance(profiles, slice):
                np.maximum(best, match, out=best)
            else:
                best[profiles] = match
        return best

    def _by_group(self, places: np.ndarray) -> Iterator[tuple[int, list[int]]]:
        """Yield each group that contains requested features, together with these features."""
        asked: dict[int, list[int]] = {}
        for place, group in zip(places.tolist(), self.groups[places].tolist(), strict=True):
            asked.setdefault(group, []).append(place)
        yield from asked.items()

    def contributions(self, row: sp.csr_array, place: int) -> np.ndarray:
        """Return what each entry of a CSR row of shape (1, n_features) adds to the score of a class."""
        shares = np.zeros(self.counts.shape[1])
        describing = self.described[[place]].indices
        for group, places in self._by_group(np.intersect1d(self.read(row).indices, describing)):
            shares[places] = self.matches[group] / len(places)
        return super().contributions(row, place) + shares[row.indices]
