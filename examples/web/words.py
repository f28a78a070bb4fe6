"""Text that people type: one form for equal text, and no characters that only a program can see."""

import re
import unicodedata

JOINERS = "\u200c\u200d"  # between the parts of an emoji, and between the letters of some scripts
LONGEST_NORMALISED = 2000  # characters; in the worst case, the time to normalise a text is quadratic
HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))  # Unicode's categories of control characters and the like

_JOINERS = re.compile(f"[{JOINERS}]+")


def normalised(text: str) -> str:
    """Return a text in Unicode's form NFKC, without needless joiners and without blanks at its ends.

    Full-width letters become ordinary letters, and non-breaking spaces become spaces. A text that is longer
    than anything a form accepts is returned unchanged, because a megabyte of accents would take many minutes.
    """
    if len(text) > LONGEST_NORMALISED:
        return text
    return unicodedata.normalize("NFKC", _JOINERS.sub(_needed, text)).strip()


def _needed(found: re.Match[str]) -> str:
    """Return joiners that a reader can see: beside an ASCII character, or at an end, they change nothing."""
    text, start, end = found.string, found.start(), found.end()
    before, after = text[max(start - 1, 0) : start], text[end : end + 1]
    return found[0] if before and after and not (before.isascii() or after.isascii()) else ""


def is_plain(text: str) -> bool:
    """Return whether a text is one line without control characters. It may contain emoji and joiners."""
    return all(c in JOINERS or unicodedata.category(c) not in HIDDEN for c in text)
