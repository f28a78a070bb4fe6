"""Which metric a search uses: rent or buy.

Each metric costs something to build, and a better one saves passes over the rows. The rule of the ski rental
problem bounds the regret: a metric is bought when as much has been spent without it as it costs.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from estimators._logistic import costs
from estimators._logistic.loss import LogLoss
from estimators._logistic.metrics import DiagonalMetric, ExactMetric, Metric, SharedMetric

MAX_UNKNOWNS = 4000  # of a matrix
PASSES_AT_START = 3  # the metric at the start costs at most as much as so many passes
UPGRADE_AFTER = 2  # times the cost of the better metric


class Offer(NamedTuple):
    """A metric that can be built: from which rows, at what cost, and whether it is the Hessian.

    One that is not is rebuilt when the objective has fallen to a share of what it was.
    """

    build: Callable[[LogLoss, np.ndarray], Metric]
    loss: LogLoss
    cost: float
    is_hessian: bool = False
    rebuild_at: float = 0.5


def offered_metrics(loss: LogLoss, sample: LogLoss) -> list[Offer]:
    """Return the metrics for a loss, from cheap to dear, the first two from a sample of the rows."""
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
    """Keep account of what a search has spent, and choose its metric.

    Start with the dearest metric that costs at most 3 passes, or as much as was `spent` before. Upgrade to
    the next one when twice its cost has been spent since the last upgrade. Rebuild a Hessian when its cost
    has been spent since it was built, a shared matrix when the objective has halved, and a diagonal when it
    has fallen to a fifth. None of these happens unless the passes that are still expected cost more.
    """

    def __init__(self, loss: LogLoss, offers: list[Offer], spent: float = 0.0) -> None:
        self.offers, self.of_pass = offers, costs.of_pass(loss)
        affordable = max(PASSES_AT_START * self.of_pass + 2 * costs.OF_CALL, spent)
        self.level = max(i for i, offer in enumerate(offers) if i == 0 or offer.cost <= affordable)
        self.since_built = self.since_upgrade = 0.0
        self.value_when_built = np.inf

    @property
    def offer(self) -> Offer:
        """The offer that is taken."""
        return self.offers[self.level]

    def is_exact(self, value: float) -> bool:
        """Tell whether the metric is about the Hessian where the objective is `value`."""
        return self.offer.is_hessian and value > 0.5 * self.value_when_built

    def pay(self, passes: int) -> None:
        """Count passes over the rows."""
        self.since_built += passes * self.of_pass
        self.since_upgrade += passes * self.of_pass

    def pays_off(self, cost: float, passes_left: float) -> bool:
        """Tell whether something of this cost should be bought to save the passes that are left."""
        return self.since_upgrade >= UPGRADE_AFTER * cost and passes_left * self.of_pass > cost

    def is_due(self, value: float, passes_left: float) -> bool:
        """Tell whether a metric is to be built now, and take the next offer if that is an upgrade."""
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
