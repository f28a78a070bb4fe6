"""What options of the examples' command lines may be; a wrong one is refused, with what is allowed."""

import argparse
import difflib
import os
from collections.abc import Callable, Sequence
from pathlib import Path


def real(text: str) -> float:
    """Read a number, NaN where it is none."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def count(text: str, least: int = 0) -> int:
    """Read an int of at least 0, or another least."""
    if not (text.isascii() and text.isdecimal()) or int(text[:10]) < least:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, got {text!r}")
    if len(text) > 9:
        raise argparse.ArgumentTypeError(f"must be a whole number of at most nine digits, got {text!r}")
    return int(text)


def whole_number(text: str) -> int:
    """Read an int of at least 1."""
    return count(text, least=1)


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
    check_matplotlib()
    return path


def check_matplotlib() -> None:
    """Refuse where it is missing."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise argparse.ArgumentTypeError('needs matplotlib: pip install ".[plot]"') from None
