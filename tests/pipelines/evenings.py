"""Evenings whose doughs are known."""

import numpy as np
import pandas as pd
import polars as pl

from pipelines.forecast import MONTHS, WEEKDAYS

WEEK = {"reservations": [12, 20, 18, 30, 24], "doughs": [36, 72, 68, 82, 75]}


FRAMES = [pd.DataFrame, pl.DataFrame]


FULL = ("reservations", "temperature", "weekday", "month", "holiday", "event")


EVENING = {"reservations": 15, "temperature": 20.5, "weekday": "Friday", "month": "June"} | {
    "holiday": False,
    "event": False,
}


def full_year(n=300, seed=0, noise=0.0):
    """Evenings whose doughs are known to the last digit: every effect is a constant below."""
    rng = np.random.default_rng(seed)
    weekday, month = rng.integers(0, 7, n), rng.integers(0, 12, n)
    reservations, temperature = rng.integers(0, 60, n), rng.normal(15, 7, n)
    holiday, event = rng.random(n) < 0.1, rng.random(n) < 0.1
    doughs = 10 + 2 * reservations - 0.02 * reservations**2 + 0.5 * temperature + 5 * (weekday == 5)
    doughs = doughs - 3 * (month == 7) + 12 * holiday + 20 * event + rng.normal(0, noise, n)
    return {
        "reservations": reservations,
        "temperature": temperature,
        "weekday": [WEEKDAYS[i] for i in weekday],
        "month": [MONTHS[i] for i in month],
        "holiday": holiday,
        "event": event,
        "doughs": doughs,
    }
