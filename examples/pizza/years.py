"""Simulated years of evenings from a seed: two laws based only on reservations, and a full law.

All laws cover the 365 days of 2025. The first two draw the reservations uniformly from 0 to 59, drop evenings
without reservations and round the doughs to whole numbers. U is the uniform distribution, drawn for each
evening:

- ``linear``: doughs = U(1.7, 2.3) reservations + U(4.6, 5.4);
- ``logarithmic``: doughs = U(9.5, 9.6) log2(reservations) + U(14, 16). The fiftieth reservation adds less
  than the fifth, so no straight line fits.

The law ``full``, which `simulate_evenings` also applies to other days, has the following steps, where t is
the day of the year, from 0 to 364:

1. holidays are Italy's twelve public holidays; one evening in 25 has a special event, such as a concert;
2. temperature (degrees Celsius) = 15 - 10 cos(2 pi (t - 15) / 365) + N(0, 3), rounded to a tenth;
3. tourists in town ~ Poisson(40 + 160 exp(-((t - 215) / 45)^2) + 60 [holiday]), most of them in early August;
4. reservations ~ Poisson(`RESERVATIONS` of the weekday + 0.04 tourists + 8 [event]), at most 59;
5. doughs = 10 + 9.5 log2(reservations) + `WALK_INS` of the weekday + `SEASON` of the month + 0.08 tourists
   - 0.04 (temperature - 20)^2 + 15 [holiday] + 22 [event] + N(0, 4), rounded.
"""

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl

from pipelines.forecast import MONTHS, WEEKDAYS

__all__ = ["LAWS", "holidays", "simulate_evenings", "simulate_year"]

LAWS = ("linear", "logarithmic", "full")
RESERVATIONS = dict(zip(WEEKDAYS, (10, 11, 13, 16, 26, 32, 20), strict=True))  # mean number, Monday first
WALK_INS = dict(zip(WEEKDAYS, (0, 2, 4, 8, 24, 31, 12), strict=True))  # extra doughs, compared with a Monday
SEASON = {**dict.fromkeys(MONTHS, 0), "January": -4, "August": -6, "December": 8}  # extra doughs
FIXED_HOLIDAYS = (
    *((1, 1), (1, 6), (4, 25), (5, 1), (6, 2)),
    *((8, 15), (11, 1), (12, 8), (12, 25), (12, 26)),
)


def simulate_year(law: str = "logarithmic", seed: int = 0) -> pl.DataFrame:
    """Return a year of evenings.

    Parameters
    ----------
    law : {"linear", "logarithmic", "full"}, default="logarithmic"
        The law that relates reservations and doughs, as described in this module's docstring.
    seed : int, default=0
        Seed of the random number generator.

    Returns
    -------
    evenings : DataFrame of shape (n_evenings, 3 or 9)
        The columns are date (Date), reservations and doughs (Int64). A full year also has weekday and month
        (String), temperature (Float64), tourists (Int64), holiday and event (Boolean).

    Raises
    ------
    ValueError
        If the law is unknown.

    Examples
    --------
    >>> year = simulate_year("linear", seed=7)
    >>> year.columns, year["reservations"].min(), year["reservations"].max()
    (['date', 'reservations', 'doughs'], 1, 59)
    """
    if law not in LAWS:
        raise ValueError(f"law must be one of {', '.join(LAWS)}. Got {law!r} instead.")
    rng = np.random.default_rng(seed)
    days = [date(2025, 1, 1) + timedelta(days) for days in range(365)]
    if law == "full":
        return _by_full_law(rng, days)
    reservations = rng.integers(0, 60, len(days))
    is_open = reservations > 0
    x = reservations[is_open]
    if law == "linear":
        doughs = rng.uniform(1.7, 2.3, x.size) * x + rng.uniform(4.6, 5.4, x.size)
    else:
        doughs = rng.uniform(9.5, 9.6, x.size) * np.log2(x) + rng.uniform(14, 16, x.size)
    return pl.DataFrame(
        {"date": np.array(days)[is_open].tolist(), "reservations": x, "doughs": _whole(doughs)}
    )


def simulate_evenings(days: Sequence[date], seed: int = 0) -> pl.DataFrame:
    """Simulate evenings on the given days with the full law, in the format of :func:`simulate_year`.

    Examples
    --------
    >>> simulate_evenings([date(2026, 4, 5)]).select("date", "weekday", "holiday").row(0)
    (datetime.date(2026, 4, 5), 'Sunday', True)
    """
    return _by_full_law(np.random.default_rng(seed), days)


def holidays(year: int) -> frozenset[date]:
    """Return Italy's twelve public holidays. Easter follows the anonymous Gregorian computus (Meeus, ch. 8).

    Examples
    --------
    >>> date(2025, 4, 20) in holidays(2025), len(holidays(2024))
    (True, 12)
    """
    century, of_century = divmod(year, 100)
    moon = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    sunday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4) % 7
    late = (year % 19 + 11 * moon + 22 * sunday) // 451
    month, day = divmod(moon + sunday - 7 * late + 114, 31)
    easter = date(year, month, day + 1)
    fixed = {date(year, month, day) for month, day in FIXED_HOLIDAYS}
    return frozenset({easter, easter + timedelta(1), *fixed})


def _by_full_law(rng: np.random.Generator, days: Sequence[date]) -> pl.DataFrame:
    t = np.array([day.timetuple().tm_yday - 1 for day in days])
    weekday, month = ([WEEKDAYS[day.weekday()] for day in days], [MONTHS[day.month - 1] for day in days])
    holiday = np.array([day in holidays(day.year) for day in days])
    event = rng.random(t.size) < 1 / 25
    temperature = np.round(15 - 10 * np.cos(2 * np.pi * (t - 15) / 365) + rng.normal(0, 3, t.size), 1)
    tourists = rng.poisson(40 + 160 * np.exp(-(((t - 215) / 45) ** 2)) + 60 * holiday)
    mean = np.array([RESERVATIONS[day] for day in weekday]) + 0.04 * tourists + 8 * event
    reservations = np.minimum(rng.poisson(mean), 59)
    doughs = (
        10
        + 9.5 * np.log2(np.maximum(reservations, 1))
        + np.array([WALK_INS[day] for day in weekday])
        + np.array([SEASON[name] for name in month])
        + 0.08 * tourists
        - 0.04 * (temperature - 20) ** 2
        + 15 * holiday
        + 22 * event
        + rng.normal(0, 4, t.size)
    )
    columns = {"date": list(days), "weekday": weekday, "month": month, "reservations": reservations}
    columns |= {"doughs": _whole(doughs), "temperature": temperature, "tourists": tourists}
    return pl.DataFrame(columns | {"holiday": holiday, "event": event}).filter(pl.col("reservations") > 0)


def _whole(doughs: np.ndarray) -> np.ndarray:
    return np.maximum(np.rint(doughs), 0).astype(np.int64)
