"""Argument types of the pizzeria's command line. Shared types are in examples/arguments.py."""

import argparse
import math
from datetime import date

from examples.arguments import count, name_in, real


def share(text: str) -> float:
    """Read a number strictly between 0 and 1."""
    number = real(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"must be a number between 0 and 1, such as 0.9; got {text!r}")
    return number


def rate(text: str) -> float:
    """Read a learning rate."""
    number = real(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number greater than 0, got {text!r}")
    return number


def temperature(text: str) -> float:
    """Read a temperature in degrees Celsius."""
    number = real(text)
    if not -60 <= number <= 60:
        raise argparse.ArgumentTypeError(
            f"must be a temperature from -60 to 60 degrees Celsius, got {text!r}"
        )
    return number


def degree(text: str) -> int:
    """Read the degree of a polynomial, from 1 to 10."""
    if not 1 <= count(text) <= 10:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to 10, got {text!r}")
    return int(text)


def day(text: str) -> date:
    """Read a date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"must be a valid date, such as 2025-06-13; got {text!r}"
        raise argparse.ArgumentTypeError(message) from None


def weekday(text: str) -> str:
    """Read the name of a weekday."""
    from pipelines.forecast import WEEKDAYS  # imported here because it imports scikit-learn

    return name_in("weekday", WEEKDAYS)(text)


def month(text: str) -> str:
    """Read the name of a month."""
    from pipelines.forecast import MONTHS  # imported here because it imports scikit-learn

    return name_in("month", MONTHS)(text)


def assignment(text: str) -> tuple[str, str]:
    """Read COLUMN=VALUE."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"must be COLUMN=VALUE, such as rain=3, got {text!r}")
    return name, value
