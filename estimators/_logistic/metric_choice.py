"""The choice of the metric by estimated cost.

Building a metric takes time, and a better metric saves passes over the rows. As in the ski rental problem,
a metric is built once the passes made without it have cost as much as building it. This limits the total
cost to a small multiple of the lowest possible cost.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from estimators._logistic import costs
from estimators._logistic.loss import LogLoss
from estimators._logistic.metrics import DiagonalMetric, ExactMetric, Metric, SharedMetric

MAX_UNKNOWNS = 4000  # maximum size of a matrix
PASSES_AT_START = 3  # the first metric costs at most as much as this many passes
UPGRADE_AFTER = 2  # upgrade after this many times the cost of the better metric


class Offer(NamedTuple):
    """A metric that can be built, with the rows to build it from, its cost, and whether it is the Hessian.

    A metric that is not the Hessian is rebuilt when the objective has fallen to `rebuild_at` times its
    value when the metric was built.
    """

    build: Callable[[LogLoss, np.ndarray], Metric]
    loss: LogLoss
    cost: float
    is_hessian: bool = False
    rebuild_at: float = 0.5


def offered_metrics(loss: LogLoss, sample: LogLoss) -> list[Offer]:
    """Return the metrics for a loss, cheapest first. The first two are built from a sample of the rows."""
    n_features, q = loss.X.shape[1], loss.n_outputs
    offers = [Offer(DiagonalMetric, sample, costs.of_diagonal(sample), rebuild_at=0.2)]
    if n_features <= MAX_UNKNOWNS:
        offers.append(
            Offer(SharedMetric, sample, costs.of_gram(sample, n_features), sample is loss and q == 1)
        )
        if sample is not loss and q == 1:
            offers.append(Offer(SharedMetric, loss, costs.of_gram(loss, n_features), True))
    if q > 1 and q * (n_features + 1) <= MAX_UNKNOWNS and not sp.issparse(loss.X):
        offers.append(Offer(ExactMetric, loss, costs.of_hessian(loss), True))
    return offers


class MetricChooser:
    """Record the cost of a search so far, and choose its metric.

    Start with the most expensive metric that costs at most 3 passes, or at most `spent`. Upgrade to the next
    metric when the search has cost twice as much as that metric since the last upgrade. Rebuild a Hessian
    when the passes since it was built have cost as much as it did, a shared matrix when the objective has
    halved, and a diagonal when the objective has fallen to a fifth. Only upgrade or rebuild if the remaining
    passes are expected to cost more.
    """

    def __init__(self, loss: LogLoss, offers: list[Offer], spent: float = 0.0) -> None:
        self.offers, self.of_pass = offers, costs.of_pass(loss)
        affordable = max(PASSES_AT_START * self.of_pass + 2 * costs.OF_CALL, spent)
        self.level = max(i for i, offer in enumerate(offers) if i == 0 or offer.cost <= affordable)
        self.since_built = self.since_upgrade = 0.0
        self.value_when_built = np.inf

    @property
    def offer(self) -> Offer:
        """The current offer."""
        return self.offers[self.level]

    def is_exact(self, value: float) -> bool:
        """Return True if the metric is close to the Hessian at a point where the objective is `value`."""
        return self.offer.is_hessian and value > 0.5 * self.value_when_built

    def pay(self, passes: int) -> None:
        """Count passes over the rows."""
        self.since_built += passes * self.of_pass
        self.since_upgrade += passes * self.of_pass

    def pays_off(self, cost: float, passes_left: float) -> bool:
        """Return True if paying this cost is worthwhile, given the expected number of remaining passes."""
        return self.since_upgrade >= UPGRADE_AFTER * cost and passes_left * self.of_pass > cost

    def is_due(self, value: float, passes_left: float) -> bool:
        """Return True if a metric should be built now. Move to the next offer if it is an upgrade."""
        if self.level + 1 < len(self.offers) and self.pays_off(self.offers[self.level + 1].cost, passes_left):
            self.level += 1
            self.since_upgrade = 0.0
            return True
        offer = self.offer
        if offer.is_hessian:
            is_old = self.since_built >= offer.cost
        else:
            is_old = value < self.value_when_built * offer.rebuild_at
        if not is_old or passes_left * self.of_pass <= offer.cost:
            return False
        self.since_upgrade += offer.cost
        return True

    def build(self, theta: np.ndarray, value: float) -> Metric:
        """Build the metric that was chosen."""
        self.since_built, self.value_when_built = 0.0, value
        return self.offer.build(self.offer.loss, theta)
