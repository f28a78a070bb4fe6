"""The tavern's demonstration data: the catalogue, and the rentals of forty simulated customers."""

import re
import time
import unicodedata

import polars as pl
from sqlalchemy import insert
from sqlalchemy.orm import Session

from examples.games.data import load_games
from examples.games.model import LIKED
from examples.games.rentals import simulate_rentals
from examples.games.web.folding import folded_game
from examples.games.web.tables import Console, Game, GameType, Rental, RentalType

CUSTOMERS = 40


def seed(session: Session) -> None:
    """Fill new tables with the catalogue and the simulated rentals."""
    fill(session, load_games())


def fill(session: Session, games: pl.DataFrame, n_customers: int = CUSTOMERS) -> None:
    """Fill new tables with games, in the format of `load_games`, and rentals that belong to no visitor."""
    consoles = {name: i for i, name in enumerate(sorted(set(games["console"])), start=1)}
    _insert(session, Console, [{"id": i, "name": name} for name, i in consoles.items()])
    ids = _seed_games(session, games, consoles)
    rentals = simulate_rentals(games.filter(pl.col("top_rated")), n_customers)
    _seed_rentals(session, rentals.filter(pl.col("rating") >= LIKED), ids)
    if session.get_bind().dialect.name == "postgresql":
        _set_sequences(session)


def _seed_games(session: Session, games: pl.DataFrame, consoles: dict[str, int]) -> dict[str, int]:
    rows, types, ids, slugs = [], [], {}, set()
    for i, game in enumerate(games.iter_rows(named=True), start=1):
        slug = free_slug(game["title"], slugs)
        slugs.add(slug)
        ids[game["title"]] = i
        kept = {name: game[name] for name in ("title", "year", "developer", "top_rated")}
        cents = round(100 * game["cost"])
        kept |= {"slug": slug, "folded": folded_game(game["title"], game["developer"])}
        rows.append({"id": i, **kept, "console_id": consoles[game["console"]], "cents": cents})
        types += [{"game_id": i, "place": p, "name": name} for p, name in enumerate(game["gameplay_types"])]
    _insert(session, Game, rows)
    _insert(session, GameType, types)
    return ids


def _seed_rentals(session: Session, rentals: pl.DataFrame, ids: dict[str, int]) -> None:
    rows, types, now = [], [], int(time.time())
    for i, row in enumerate(rentals.iter_rows(named=True), start=1):
        rows.append({"id": i, "game_id": ids[row["title"]], "budget": row["budget"], "at": now, "version": 1})
        types += [{"rental_id": i, "place": p, "name": name} for p, name in enumerate(row["gameplay_types"])]
    _insert(session, Rental, rows)
    _insert(session, RentalType, types)


def _insert(session: Session, table: type, rows: list[dict]) -> None:
    marked = [row | {"demo": True} for row in rows] if hasattr(table, "demo") else rows
    session.execute(insert(table), marked)


def _set_sequences(session: Session) -> None:
    """Tell PostgreSQL which ids are in use."""
    for table in ("consoles", "games", "rentals"):
        session.connection().exec_driver_sql(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        )


def free_slug(title: str, taken: set[str]) -> str:
    """Return an unused slug for a title, such as "the-secret-of-monkey-island"."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")[:100].strip("-") or "game"
    number = 2
    free = slug
    while free in taken:
        free, number = f"{slug}-{number}", number + 1
    return free
