"""The tavern's web site: ``python -m examples.games serve``."""
