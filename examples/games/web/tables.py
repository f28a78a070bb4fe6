"""The tavern's tables: consoles, games with their types, and rentals with the requested types.

The column `demo` marks the rows of the demonstration data. A row that somebody saves is not one any more.
"""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
    true,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship, validates

from examples.games.data import budget_of
from examples.games.web.folding import folded_game


class Base(DeclarativeBase):
    """Base class of the tables."""


class Console(Base):
    """A game console."""

    __tablename__ = "consoles"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    demo: Mapped[bool] = mapped_column(default=False, server_default=false())


class GameType(Base):
    """One gameplay type of a game. `place` is its position in the list of types."""

    __tablename__ = "game_types"
    game_id: Mapped[int] = mapped_column(ForeignKey("games.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40), index=True)
    __table_args__ = (UniqueConstraint("game_id", "name", name="game_types_once"),)


class Game(Base):
    """A game. Its title is the model's label. Its slug, part of the page's URL, does not change in edits."""

    __tablename__ = "games"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(120), unique=True)
    slug: Mapped[str] = mapped_column(String(120), unique=True)
    year: Mapped[int]
    console_id: Mapped[int] = mapped_column(ForeignKey("consoles.id", ondelete="RESTRICT"), index=True)
    developer: Mapped[str] = mapped_column(String(120))
    cents: Mapped[int]  # cost per hour, in hundredths of a tavern coin
    top_rated: Mapped[bool]
    folded: Mapped[str] = mapped_column(Text, server_default="")  # the text that searches compare
    photo: Mapped[str | None] = mapped_column(String(8))  # checksum of the photo, if there is one
    demo: Mapped[bool] = mapped_column(default=False, server_default=false())
    of_console: Mapped[Console] = relationship(lazy="joined", innerjoin=True)
    types_in_order: Mapped[list[GameType]] = relationship(
        order_by=GameType.place, lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )
    __table_args__ = (CheckConstraint("cents >= 0", name="games_cents"),)

    @validates("title", "developer")
    def _fold(self, name: str, value: str) -> str:
        """Update the text that searches compare."""
        now = {"title": self.title or "", "developer": self.developer or "", name: value}
        self.folded = folded_game(**now)
        return value

    @property
    def types(self) -> list[str]:
        """Return the gameplay types, in order."""
        return [row.name for row in self.types_in_order]

    @types.setter
    def types(self, names: list[str]) -> None:
        self.types_in_order = renamed(self.types_in_order, names, GameType)

    @property
    def console(self) -> str:
        """Return the console's name."""
        return self.of_console.name

    @property
    def cost(self) -> float:
        """Return the cost per hour in tavern coins."""
        return self.cents / 100

    @property
    def budget(self) -> str:
        """Return the budget category of the cost."""
        return budget_of(self.cost)


class GamePhoto(Base):
    """A photo that is shown instead of the drawn cover of a game."""

    __tablename__ = "game_photos"
    game_id: Mapped[int] = mapped_column(ForeignKey("games.id", ondelete="CASCADE"), primary_key=True)
    jpeg: Mapped[bytes] = mapped_column(LargeBinary)


class RentalType(Base):
    """One of the types that a visitor requested. `place` is its position in the list of types."""

    __tablename__ = "rental_types"
    rental_id: Mapped[int] = mapped_column(ForeignKey("rentals.id", ondelete="CASCADE"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(40))


class Rental(Base):
    """A rental of a game and the request that led to it. The model learns rentals in order of `version`.

    The model learns all confirmed rentals, and few of the others: see ``renting.is_learned``.
    """

    __tablename__ = "rentals"
    id: Mapped[int] = mapped_column(primary_key=True)
    game_id: Mapped[int] = mapped_column(ForeignKey("games.id", ondelete="CASCADE"), index=True)
    visitor: Mapped[str | None] = mapped_column(String(32))  # id in the cookie; None if simulated
    budget: Mapped[str | None] = mapped_column(String(10))
    at: Mapped[int]  # seconds since 1970
    returned: Mapped[int | None]  # the same, or None while the visitor has the game
    version: Mapped[int] = mapped_column(index=True)
    source: Mapped[str | None] = mapped_column(String(16))  # code of the visitor's address
    confirmed: Mapped[bool] = mapped_column(default=True, server_default=true())  # by the counter
    learned: Mapped[bool] = mapped_column(default=True, server_default=true())  # by the model
    demo: Mapped[bool] = mapped_column(default=False, server_default=false())
    game: Mapped[Game] = relationship(lazy="joined", innerjoin=True)
    types_in_order: Mapped[list[RentalType]] = relationship(
        order_by=RentalType.place, lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )
    __table_args__ = (
        UniqueConstraint("visitor", "game_id", name="rentals_once"),
        Index("ix_rentals_source", "source", "at"),
        Index("ix_rentals_learned", "learned", "confirmed", "game_id"),
    )

    @property
    def types(self) -> list[str]:
        """Return the requested types, in order."""
        return [row.name for row in self.types_in_order]

    @types.setter
    def types(self, names: list[str]) -> None:
        self.types_in_order = renamed(self.types_in_order, names, RentalType)


def renamed(rows: list[Any], names: list[str], kind: type) -> list[Any]:
    """Return rows with these names in this order. Unchanged rows are reused."""
    return (
        rows if [row.name for row in rows] == names else [kind(place=i, name=n) for i, n in enumerate(names)]
    )
