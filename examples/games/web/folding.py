"""Text as a search compares it: without case and accents, so that "pokemon" finds "Pokémon"."""

import unicodedata


def fold(text: str) -> str:
    """Return a text in small letters without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def folded_game(title: str, developer: str) -> str:
    """Return what a search for a game looks at: title and developer, a line each."""
    return f"{fold(title)}\n{fold(developer)}"
