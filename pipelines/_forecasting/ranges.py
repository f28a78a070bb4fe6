"""Levels of ranges, and the held-out errors behind them (split conformal prediction).

With n errors on held-out rows, a new error is at most the m-th smallest with a probability of m / (n + 1) if
the rows are exchangeable: Vovk, Gammerman and Shafer (2005). Algorithmic Learning in a Random World.
"""

import math
import warnings
from collections.abc import Iterator
from numbers import Real
from typing import Protocol

import numpy as np
from sklearn.model_selection import KFold, PredefinedSplit

from pipelines._common.frames import Rows
from pipelines._common.parameters import check_int

N_BLOCKS = 50  # blocks of successive rows: a week each, for a year of days
N_FOLDS = 10
ROUNDING = 1e-9  # 10 * 0.9 is 9, in spite of rounding
CALLER_OF_FORECAST = 4  # stack level in a function that a method called by `forecast` calls


class Splitter(Protocol):
    """An object that splits rows into training and held-out rows, such as scikit-learn's TimeSeriesSplit."""

    def split(self, X: Rows) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the indices of the training rows and of the held-out rows."""


class TooFewRowsWarning(UserWarning):
    """Warning issued when there are too few held-out rows for the level of a range.

    The most extreme error is used instead, so the true level is lower than requested.

    Examples
    --------
    >>> import warnings
    >>> import pandas as pd
    >>> from pipelines import TooFewRowsWarning, dough_forecaster, forecast
    >>> week = pd.DataFrame({"reservations": [12, 20, 18, 30, 24], "doughs": [36, 72, 68, 82, 75]})
    >>> model = dough_forecaster(degree=1).fit(week, week["doughs"])
    >>> with warnings.catch_warnings(record=True, action="always") as caught:
    ...     doughs = forecast(model, {"reservations": 15}, service_level=0.9)
    >>> caught[0].category.__name__
    'TooFewRowsWarning'
    """


def splits_of(cv: object, X: np.ndarray, dates: np.ndarray | None) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the training and held-out rows of each fit, from shuffled folds, blocks of time or a splitter.

    Rows with equal dates (n_rows,) are in the same block of time.
    """
    n = len(X)
    if cv == "time":
        _, first, date = np.unique(
            np.arange(n) if dates is None else dates, return_index=True, return_inverse=True
        )
        n_folds = min(N_FOLDS, len(first) // 2)
        blocks = first[date] * min(N_BLOCKS, n) // n  # neighbouring rows are held out together
        _, blocks = np.unique(blocks, return_inverse=True)  # a date of many rows may skip a number
        return list(PredefinedSplit(blocks % n_folds).split()) if n_folds >= 2 else []
    if not isinstance(cv, str) and hasattr(cv, "split"):
        return list(cv.split(X))
    if isinstance(cv, str):
        raise ValueError(
            "The 'cv' parameter of ServiceLevelRegressor must be an int in the range [0, inf), 'time' or a "
            f"splitter. Got {cv!r} instead."
        )
    n_folds = min(check_int("cv", cv, "ServiceLevelRegressor", lowest=0), n)
    return list(KFold(n_folds, shuffle=True, random_state=0).split(X)) if n_folds >= 2 else []


def check_level(name: str, level: object) -> float:
    """Return a level. Raise ValueError if it is not strictly between 0 and 1."""
    if not isinstance(level, Real) or isinstance(level, bool) or not 0 < float(level) < 1:
        raise ValueError(
            f"The {name!r} parameter must be a number between 0 and 1, exclusive. Got {level!r} instead."
        )
    return float(level)


def place_at(level: float, n: int) -> int:
    """Return the rank, from 1 to n, of the error at a service level."""
    return min(max(math.ceil((n + 1) * level - ROUNDING), 1), n)


def places_around(interval: float, n: int) -> tuple[int, int]:
    """Return the ranks, from 1 to n, of the errors at the lower and the upper end of an interval."""
    tail = (1 - interval) / 2
    return max(math.floor((n + 1) * tail + ROUNDING), 1), place_at(1 - tail, n)


def warn_if_too_few(name: str, level: float, n_needed: int, n: int, reached: float) -> None:
    """Warn if a level needs more held-out rows than the model has."""
    if n < n_needed:
        warnings.warn(
            f"{name} of {level:g} requires the errors on at least {n_needed} held-out rows. The model has "
            f"only {n}, so the most extreme errors are used, and the true share is about {reached:.3g}.",
            TooFewRowsWarning,
            stacklevel=CALLER_OF_FORECAST,
        )


def fewest(level: float) -> int:
    """Return the smallest number of held-out errors that is enough for a level."""
    return math.ceil(level / (1 - level) - ROUNDING)


def level_asked(
    service_level: float | None, interval: float | None, surplus: float | None, shortage: float | None
) -> float | None:
    """Return the service level, given directly or by costs. Return None for an interval or if none is given.

    Raises
    ------
    ValueError
        If more than one kind of level is given, or if a level or a cost is invalid.
    """
    given = {"service_level": service_level, "interval": interval, "surplus": surplus, "shortage": shortage}
    names = [name for name, value in given.items() if value is not None]
    if names == ["surplus", "shortage"]:
        return cost_level(surplus, shortage)
    if len(names) > 1 or "surplus" in names or "shortage" in names:
        raise ValueError(
            "Pass service_level, or interval, or both surplus and shortage, or none of them. "
            f"Got {' and '.join(names)}."
        )
    if service_level is not None:
        return check_level("service_level", service_level)
    if interval is not None:
        check_level("interval", interval)
    return None


def cost_level(surplus: object, shortage: object) -> float:
    """Return the level at which the expected cost of a wrong amount is lowest."""
    for name, cost in (("surplus", surplus), ("shortage", shortage)):
        if not isinstance(cost, Real) or isinstance(cost, bool) or not 0 < float(cost) < math.inf:
            raise ValueError(
                f"The {name!r} parameter must be a cost per unit greater than 0. Got {cost!r} instead."
            )
    return shortage / (shortage + surplus)  # type: ignore[operator]
