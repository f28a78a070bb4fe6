"""Text that people type: one form for equal text, and no characters that only a program can see."""

import re
import unicodedata

JOINERS = "\u200c\u200d"  # between the parts of an emoji, and between the letters of some scripts
HIDDEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))  # Unicode's categories of control characters and the like

# Beside an ASCII character, or at an end of the text, a joiner changes nothing that a reader can see.
_NEEDLESS = re.compile(f"(?<![^\\x00-\\x7f])[{JOINERS}]+|[{JOINERS}]+(?![^\\x00-\\x7f])")


def normalised(text: str) -> str:
    """Return a text in Unicode's form NFKC, without needless joiners and without blanks at its ends.

    Full-width letters become ordinary letters, and non-breaking spaces become spaces.
    """
    return unicodedata.normalize("NFKC", _NEEDLESS.sub("", text)).strip()


def is_plain(text: str) -> bool:
    """Return whether a text is one line without control characters. It may contain emoji and joiners."""
    return all(c in JOINERS or unicodedata.category(c) not in HIDDEN for c in text)
