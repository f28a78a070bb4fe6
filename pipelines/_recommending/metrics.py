"""Metrics of lists of recommendations, one number per list.

Conventions: `hits` (n_lists, k) is True if the item with that rank is relevant. The best rank comes first.
`n_relevant` (n_lists,) is the number of relevant items, at least 1.
"""

from collections.abc import Callable, Collection, Mapping
from itertools import combinations
from typing import Any

import numpy as np


def hit_rate(hits: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """Return 1 for lists with a relevant item, otherwise 0."""
    return hits.any(axis=1).astype(float)


def recall(hits: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """Return the share of the relevant items that are in the list."""
    return hits.sum(axis=1) / n_relevant


def precision(hits: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """Return the number of relevant items in the list, divided by k."""
    return hits.mean(axis=1)


def reciprocal_rank(hits: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """Return 1 divided by the rank of the first relevant item, or 0 if there is none."""
    return np.where(hits.any(axis=1), 1 / (1 + hits.argmax(axis=1)), 0.0)


def average_precision(hits: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """Return the mean, over the relevant items that could be in the list, of the precision at their rank."""
    k = hits.shape[1]
    precision_at = hits.cumsum(axis=1) / np.arange(1, 1 + k)
    return (hits * precision_at).sum(axis=1) / np.minimum(n_relevant, k)


def ndcg(hits: np.ndarray, n_relevant: np.ndarray) -> np.ndarray:
    """Return the discounted gain of the list, divided by that of the best possible list."""
    k = hits.shape[1]
    discounts = 1 / np.log2(1 + np.arange(1, 1 + k))
    return hits @ discounts / discounts.cumsum()[np.minimum(n_relevant, k) - 1]


ACCURACY: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "hit_rate": hit_rate,
    "recall": recall,
    "precision": precision,
    "mrr": reciprocal_rank,
    "map": average_precision,
    "ndcg": ndcg,
}


def novelty(lists: list[list], counts: Mapping[Any, float]) -> np.ndarray:
    """Return the mean self-information of the items of each list, log2(all choices / choices of the item)."""
    total = sum(counts.values())
    return np.array(
        [np.mean([np.log2(total / max(counts.get(item, 0), 1)) for item in row]) for row in lists]
    )


def diversity(lists: list[list], features: Mapping[Any, Collection]) -> np.ndarray:
    """Return the mean Jaccard distance between pairs of items of each list, or 0 for lists without pairs."""
    sets = {item: set(features[item]) for item in {item for row in lists for item in row}}
    means = []
    for row in lists:
        distances = [distance(sets[one], sets[other]) for one, other in combinations(row, 2)]
        means.append(np.mean(distances) if distances else 0.0)
    return np.array(means)


def distance(one: set, other: set) -> float:
    """Return the Jaccard distance: 1 minus the size of the intersection divided by that of the union."""
    return 1 - len(one & other) / len(one | other) if one or other else 0.0
