"""Sentences that state how much each column adds to a forecast."""

from collections.abc import Mapping

import numpy as np

UNITS = {"reservations": "reservation", "tourists": "tourist", "temperature": "degree", "trend": "year"}
SMALLEST = 1e-9  # smaller amounts are rounding errors


def unit_of(name: str, units: Mapping[str, str], plural: bool = False) -> str:
    """Return the unit of a numeric column, such as "reservation", "reservations" or "unit of 'rain'"."""
    known = UNITS | dict(units)
    return known.get(name, "unit") + "s" * plural + ("" if name in known else f" of {name!r}")


def adds(subject: str, amount: float, unit: str) -> str:
    """Return a sentence that states how much the subject adds or subtracts."""
    if abs(amount) < SMALLEST:
        return f"{subject} makes no difference"
    if amount < 0:
        return f"{subject} takes {quantity(amount, unit)} away"
    return f"{subject} adds {quantity(amount, unit)}"


def compares(word: str, kind: str, amount: float, unit: str) -> str:
    """Return a sentence that compares a category with the average of its kind."""
    if abs(amount) < SMALLEST:
        return f"{word} is like an average {kind}"
    return f"{word} is {quantity(amount, unit)} {'above' if amount > 0 else 'below'} an average {kind}"


def flag(name: str) -> str:
    """Return a flag with its article, such as "a holiday" or "an event"."""
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def of_season(amounts: np.ndarray, unit: str) -> str:
    """Return a sentence about the highest and the lowest day, given the amounts (365,) of all days."""
    days = np.datetime64("2025-01-01") + np.array([amounts.argmax(), amounts.argmin()])
    high, low = (f"{day.day} {day:%B}" for day in days.tolist())
    above, below = (amounts.max() - amounts.mean(), amounts.mean() - amounts.min())
    if above < SMALLEST:
        return "the season makes no difference"
    return (
        f"the season is highest around {high}, {quantity(above, unit)} above its average, and lowest around "
        f"{low}, {quantity(below, unit)} below it"
    )


def quantity(amount: float, unit: str) -> str:
    """Return the absolute amount with its unit, such as "2.4 doughs"."""
    return f"{abs(amount):{'.1f' if abs(amount) >= 0.1 else '.1g'}} {unit}"
