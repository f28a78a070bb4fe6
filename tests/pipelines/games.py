"""Five games."""

TITLES = ["Celeste", "Doom", "Gran Turismo", "Portal", "Tetris"]


GAMES = {
    "budget": ["standard", "cheap", "premium", "standard", "cheap"],
    "gameplay_types": [
        ["Platform", "Adventure"],
        ["Shooter"],
        ["Racing"],
        ["Puzzle", "Platform"],
        ["Puzzle"],
    ],
}
