"""Sentences about a request and a game, for the command line and the web site."""

BUDGET_IN_WORDS = {"cheap": "budget-friendly", "standard": "standard", "premium": "premium"}


def in_words(budget: str | None, types: list[str]) -> str:
    """Return the request in words: "A budget-friendly adventure, platform game"."""
    words = [BUDGET_IN_WORDS.get(budget, budget)] if budget else []
    phrase = " ".join([*words, ", ".join(name if name.isupper() else name.lower() for name in types), "game"])
    phrase = " ".join(phrase.split())
    vowel = phrase[0] in ("AEFHILMNORSX" if phrase.split()[0].strip(",").isupper() else "aeiou")
    return f"{'An' if vowel else 'A'} {phrase}" if words or types else "Any game"


def fit_in_words(has: list[str], lacks: list[str]) -> str:
    """Return which requested features a game has: "It has 2 of the 3 things you asked for: ..."."""
    if not lacks:
        return f"It has everything you asked for: {listed(has)}."
    if not has:
        absent = f"It has none of the things you asked for ({listed(lacks)})"
        return f"{absent}, but it scores highest among the remaining games."
    n, n_asked = len(has), len(has) + len(lacks)
    return (
        f"It has {n} of the {n_asked} things you asked for: {listed(has)}. It does not have: {listed(lacks)}."
    )


def listed(names: list[str]) -> str:
    """Return names as a list in a sentence."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
