"""Names in messages: short lists, and known names with a similar spelling."""

import difflib
from bisect import bisect
from collections.abc import Collection, Iterable

MAX_SHOWN = 10  # names in a message
MAX_COMPARED = 2_000  # names on each side, in alphabetical order, to compare: each takes 5 microseconds
MIN_SIMILARITY = 0.65  # 'yaer' and 'year' have 0.75, 'customer' and 'author' 0.57


def listed(names: Collection[object], n: int = MAX_SHOWN) -> str:
    """Return the first n names, quoted and separated by commas, and the number of names left out."""
    shown = ", ".join(map(repr, list(names)[:n]))
    return shown + (f" and {len(names) - n} more" if len(names) > n else "")


def similar_names(name: object, known: Iterable[object], n: int = 1) -> list[str]:
    """Return up to n known names with a similar spelling, most similar first. Case is ignored.

    Only strings are compared, because a number that differs in one digit is not a misspelling. If there are
    many names, only those near the given name in alphabetical order are compared.
    """
    if not isinstance(name, str):
        return []
    text, by_text = name.casefold(), {each.casefold(): each for each in known if isinstance(each, str)}
    texts: Collection[str] = by_text
    if len(by_text) > 2 * MAX_COMPARED:
        alphabet = sorted(by_text)
        here = bisect(alphabet, text)
        texts = alphabet[max(0, here - MAX_COMPARED) : here + MAX_COMPARED]
    return [by_text[each] for each in difflib.get_close_matches(text, texts, n, MIN_SIMILARITY)]


def suggestion(name: object, known: Iterable[object], n: int = 1) -> str:
    """Return " Did you mean 'x'?" with the most similar known names, or an empty string if there are none."""
    near = similar_names(name, known, n)
    return f" Did you mean {', '.join(map(repr, near))}?" if near else ""
