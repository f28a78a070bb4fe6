"""A question in words, for the command line and the pages."""

BUDGET_IN_WORDS = {"cheap": "budget-friendly", "standard": "standard", "premium": "premium"}


def in_words(budget: str | None, types: list[str]) -> str:
    """Write the question in words: "A budget-friendly adventure, platform game"."""
    words = [BUDGET_IN_WORDS.get(budget, budget)] if budget else []
    phrase = " ".join([*words, ", ".join(name if name.isupper() else name.lower() for name in types), "game"])
    phrase = " ".join(phrase.split())
    vowel = phrase[0] in ("AEFHILMNORSX" if phrase.split()[0].strip(",").isupper() else "aeiou")
    return f"{'An' if vowel else 'A'} {phrase}" if words or types else "Any game"
