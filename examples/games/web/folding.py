"""Text in the form that searches compare: without case and accents, so that "pokemon" finds "Pokémon"."""

import unicodedata

from examples.web.words import JOINERS


def fold(text: str) -> str:
    """Return a text in lower case without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = (letter for letter in letters if not unicodedata.combining(letter) and letter not in JOINERS)
    return "".join(kept).casefold()


def folded_game(title: str, developer: str) -> str:
    """Return the text to search for a game: a line with the title and a line with the developer."""
    return f"{fold(title)}\n{fold(developer)}"
