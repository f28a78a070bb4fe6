"""A tavern that recommends games: ``python -m examples.games``."""
