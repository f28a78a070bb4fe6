"""Argument types for the examples' command lines. Errors state what is allowed and what was given."""

import argparse
import difflib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

MAX_CHOICES = 20  # maximum number of names listed in an error
CLOSE = 0.6  # minimum similarity for a "Did you mean" suggestion


class Parser(argparse.ArgumentParser):
    """An argument parser that suggests the closest option when one is misspelt."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse the arguments; exit with 2 if any of them is unknown, here or in a subcommand."""
        options, unexpected = super().parse_known_args(args, namespace)
        for text in unexpected:
            if text.startswith("-"):
                known = re.findall(r"^  (?:-\w.*, )?(--[\w-]+)", self.format_help(), flags=re.MULTILINE)
                self.error(unknown("option", text.partition("=")[0], known))
            self.error(f"unexpected argument {text!r}")
        return options, unexpected


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Return an error message for an unknown name that lists the known names, closest spelling first."""
    closest = sorted(known, key=lambda other: -likeness(name, other))
    meant = f" Did you mean {closest[0]!r}?" if likeness(name, closest[0]) >= CLOSE else ""
    more = f" and {len(closest) - MAX_CHOICES} more" if len(closest) > MAX_CHOICES else ""
    choices = ", ".join(closest[:MAX_CHOICES])
    return f"unknown {kind} {name!r}.{meant} Known {kind}s, closest first: {choices}{more}"


def likeness(one: str, other: str) -> float:
    """Return how similar two spellings are, from 0 to 1; case is ignored."""
    return difflib.SequenceMatcher(None, one.lower(), other.lower()).ratio()


def real(text: str) -> float:
    """Return the number that `text` stands for, or NaN if it is not a number."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def count(text: str, least: int = 0) -> int:
    """Read a whole number of at least `least` and at most nine digits."""
    if not (text.isascii() and text.isdecimal()) or int(text[:10]) < least:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least {least}, got {text!r}")
    if len(text) > 9:
        raise argparse.ArgumentTypeError(f"must be a whole number with at most nine digits, got {text!r}")
    return int(text)


def whole_number(text: str) -> int:
    """Read a whole number of at least 1."""
    return count(text, least=1)


def name_in(kind: str, known: Sequence[str]) -> Callable[[str], str]:
    """Return a function that reads one of the known names, ignoring case. `kind` describes it in errors."""

    def read(text: str) -> str:
        by_lower_case = {name.lower(): name for name in known}
        if text.lower() not in by_lower_case:
            raise argparse.ArgumentTypeError(unknown(kind, text, known))
        return by_lower_case[text.lower()]

    return read


def writable_path(text: str) -> Path:
    """Read the path of a file to write, and check that it can be written before the work begins."""
    path = Path(text)
    if path.is_dir():
        reason = "it is a folder"
    elif not path.parent.is_dir():
        reason = f"the folder {str(path.parent)!r} does not exist"
    elif not os.access(path.parent, os.W_OK):
        reason = f"the folder {str(path.parent)!r} is read-only"
    else:
        return path
    raise argparse.ArgumentTypeError(f"cannot write {text!r}: {reason}")


def card_path(text: str) -> Path:
    """Read the path of a model to write."""
    return model_path(str(writable_path(text)))


def model_path(text: str) -> Path:
    """Read the path of a model."""
    path = Path(text)
    if path.suffix not in ("", ".json", ".joblib", ".skops"):
        raise argparse.ArgumentTypeError(
            f"must end in .json, .joblib or .skops, or have no suffix; got {text!r}"
        )
    return path


def picture_path(text: str) -> Path:
    """Read the path of a picture to write, and check that it can be drawn before the work begins."""
    path = writable_path(text)
    if path.suffix not in (".svg", ".png"):
        raise argparse.ArgumentTypeError(f"must end in .svg or .png, got {text!r}")
    check_matplotlib()
    return path


def check_matplotlib() -> None:
    """Raise ArgumentTypeError if matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise argparse.ArgumentTypeError(
            'requires matplotlib; to install it, run: pip install ".[plot]"'
        ) from None
