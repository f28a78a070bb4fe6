"""What the options of the command line may be; a wrong one is refused, with what is allowed."""

import argparse
import difflib
import math
import os
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path


def share(text: str) -> float:
    """Read a number between 0 and 1."""
    number = real(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"must be a number between 0 and 1, as 0.9, got {text!r}")
    return number


def rate(text: str) -> float:
    """Read a learning rate."""
    number = real(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"must be a number above 0, got {text!r}")
    return number


def temperature(text: str) -> float:
    """Read degrees Celsius."""
    number = real(text)
    if not -60 <= number <= 60:
        raise argparse.ArgumentTypeError(f"must be degrees Celsius from -60 to 60, got {text!r}")
    return number


def real(text: str) -> float:
    """Read a number, NaN where it is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def count(text: str) -> int:
    """Read an int of at least 0."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 0, got {text!r}")
    return int(text)


def whole_number(text: str) -> int:
    """Read an int of at least 1."""
    if count(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text!r}")
    return int(text)


def degree(text: str) -> int:
    """Read a degree."""
    if not 1 <= count(text) <= 10:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to 10, got {text!r}")
    return int(text)


def day(text: str) -> date:
    """Read a date."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"must be a date of the calendar, as in 2025-06-13, got {text!r}"
        raise argparse.ArgumentTypeError(message) from None


def name_in(known: Sequence[str]) -> Callable[[str], str]:
    """Return what reads one of the known names, in upper or lower case."""

    def read(text: str) -> str:
        by_lower_case = {name.lower(): name for name in known}
        if text.lower() not in by_lower_case:
            near = sorted(known, key=lambda name: -likeness(text, name))
            raise argparse.ArgumentTypeError(f"unknown {text!r}. Known, nearest first: {', '.join(near)}")
        return by_lower_case[text.lower()]

    return read


def likeness(one: str, other: str) -> float:
    """Tell how alike two spellings are, 0 to 1."""
    return difflib.SequenceMatcher(None, one.lower(), other.lower()).ratio()


def writable_path(text: str) -> Path:
    """Read the path of a file to write; refuse before the long work what cannot be written."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"must be a file in a folder that can be written, got {text!r}")
    return path


def card_path(text: str) -> Path:
    """Read the path of a model to write."""
    return model_path(str(writable_path(text)))


def model_path(text: str) -> Path:
    """Read the path of a model."""
    path = Path(text)
    if path.suffix not in ("", ".json", ".joblib", ".skops"):
        raise argparse.ArgumentTypeError(f"must end in .json, .joblib, .skops or no suffix, got {text!r}")
    return path


def picture_path(text: str) -> Path:
    """Read the path of a picture; refuse before the long work what cannot be drawn."""
    path = writable_path(text)
    if path.suffix not in (".svg", ".png"):
        raise argparse.ArgumentTypeError(f"must end in .svg or .png, got {text!r}")
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise argparse.ArgumentTypeError("needs matplotlib: pip install 'tallygrad[plot]'") from None
    return path
