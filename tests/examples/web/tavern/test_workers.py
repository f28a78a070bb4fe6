"""The tavern with two workers: see tests/examples/web/faults.py."""

import httpx2
from sqlalchemy import select

from examples.games.web.tables import Game, Rental
from tests.examples.web.faults import Faults, Writer


class TavernWriter(Writer):
    """Rents games by the API, and edits the first game."""

    package, name = "examples.games", "tavern"
    reads = (
        "/api/recommend?type=Puzzle",
        "/suggest?budget=cheap&type=RPG",
        "/",
        "/games?q=mario",
        "/games/tetris",
    )
    rows = select(Rental.id, Game.title).join(Game)
    changed = select(Game.developer).where(Game.id == 1)

    def assert_workers_agree(self, site):
        """Ask often enough that both workers answer."""
        asked = "/api/recommend?budget=cheap&type=Puzzle"
        assert len({str(site.get(asked)) for _ in range(30)}) == 1

    def add(self):
        """Rent a game, as a new visitor."""
        title = ("Tetris", "Celeste", "Another World")[len(self.added) % 3]
        answer = httpx2.post(f"{self.home}/api/rentals", json={"game": title, "budget": "cheap"}, timeout=30)
        assert answer.status_code == 201, answer.text
        self.added[answer.json()["id"]] = title

    def change(self, text):
        """Change the first game."""
        fields = {
            "title": "1080° Snowboarding",
            "year": "1998",
            "console": "1",
            "cost": "11",
            "top_rated": "on",
        }
        self.send("/admin/games/1", developer=text, types=["Racing", "Sports"], **fields)


class TestTavern(Faults):
    writer_type = TavernWriter
