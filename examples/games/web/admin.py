"""The admin pages of the tavern, for games, consoles and rentals."""

import time
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationInfo, field_validator
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from examples.games.data import BUDGETS, FIRST_YEAR, LAST_YEAR
from examples.games.web.folding import fold
from examples.games.web.pages import games_like
from examples.games.web.seed import free_slug
from examples.games.web.tables import Console, Game, GameType, Rental
from examples.games.words import BUDGET_IN_WORDS
from examples.web.desk import Desk
from examples.web.forms import Form, Id, Line
from examples.web.paging import pattern
from examples.web.words import is_plain

MOST_TYPES = 12
LONGEST_TYPE = 40


class GameFields(BaseModel):
    """The form for a game."""

    title: Annotated[Line, Field(max_length=120)]
    year: Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]
    console: Id
    developer: Annotated[Line, Field(max_length=120)]
    cost: Annotated[Decimal, Field(ge=0, le=Decimal("999999.99"), decimal_places=2)]
    top_rated: bool = False
    new_types: Annotated[str, Field(max_length=200)] = ""
    types: Annotated[list[Line], Field(validate_default=True)] = []

    @field_validator("new_types")
    @classmethod
    def _are_names(cls, text: str) -> str:
        for name in split_types(text):
            if len(name) > LONGEST_TYPE or not is_plain(name) or "|" in name:
                raise ValueError(
                    f"A type is a word of at most {LONGEST_TYPE} characters, without |; got {name!r}."
                )
        return text

    @field_validator("types")
    @classmethod
    def _are_some(cls, types: list[str], info: ValidationInfo) -> list[str]:
        if any(len(name) > LONGEST_TYPE for name in types):
            raise ValueError(f"A type has at most {LONGEST_TYPE} characters.")
        n_types = len({*types, *split_types(info.data.get("new_types", ""))})
        if "new_types" in info.data and not 1 <= n_types <= MOST_TYPES:
            raise ValueError(f"A game has 1 to {MOST_TYPES} gameplay types, got {n_types}.")
        return types


def split_types(text: str) -> list[str]:
    """Split a text of names separated by commas."""
    return [" ".join(name.split()) for name in text.split(",") if name.strip()]


def known_types(session: Session) -> list[str]:
    """Return all gameplay types in the database."""
    return list(session.scalars(select(GameType.name).distinct().order_by(GameType.name)))


def types_named(data: GameFields, known: list[str]) -> list[str]:
    """Return the types in a form, in the spelling already used for other games."""
    spelled = {name.casefold(): name for name in known}
    return [spelled.setdefault(name.casefold(), name) for name in (*data.types, *split_types(data.new_types))]


def in_order(before: list[str], wanted: list[str]) -> list[str]:
    """Return the distinct types: the existing ones in their order, followed by the new ones."""
    return list(dict.fromkeys([*(name for name in before if name in wanted), *wanted]))


def write_types(session: Session, row: Game | Rental, names: list[str]) -> None:
    """Set the types of a row. The old types are deleted before the new ones are added."""
    if names != row.types:
        row.types = []
        session.add(row)
        session.flush()
        row.types = names
    session.add(row)


def save_game(session: Session, game: Game | None, form: Form[GameFields]) -> Game | None:
    """Save a game."""
    data = form.data
    taken = session.scalar(select(Game).where(func.lower(Game.title) == func.lower(data.title)))
    if taken and taken is not game:
        form.refuse("title", f"There is a game called {taken.title} already.")
    console = session.get(Console, data.console)
    if console is None:
        form.refuse("console", "There is no such console any more.")
    if form.errors:
        return game
    names = types_named(data, known_types(session))
    if game is None:
        game = Game(slug=free_slug(data.title, set(session.scalars(select(Game.slug)))))
    game.title, game.year, game.developer, game.top_rated = (
        data.title,
        data.year,
        data.developer,
        data.top_rated,
    )
    game.of_console, game.cents, game.demo = console, int(data.cost * 100), False
    write_types(session, game, in_order(game.types, names))
    return game


def show_game(game: Game) -> dict[str, Any]:
    """Return the values to show in the form."""
    kept = {name: getattr(game, name) for name in ("title", "year", "developer", "top_rated", "types")}
    return {**kept, "console": game.console_id, "cost": f"{game.cost:.2f}"}


def game_options(session: Session) -> dict[str, Any]:
    """Return the choices in the form."""
    consoles = [(row.id, row.name) for row in session.scalars(select(Console).order_by(Console.name))]
    return {"consoles": consoles, "known_types": known_types(session)}


def on_delete_game(session: Session, game: Game) -> tuple[str, bool]:
    """Return a sentence that states what else is deleted with a game."""
    n = session.scalar(select(func.count()).select_from(Rental).where(Rental.game_id == game.id))
    rentals = "1 rental of it is" if n == 1 else f"{n} rentals of it are"
    return f"It leaves the shelves, and {rentals} forgotten. This cannot be undone.", True


def search_games(text: str) -> Select:
    """Find games by title or developer."""
    return games_like(text).order_by(Game.title)


class ConsoleFields(BaseModel):
    """The form for a console."""

    name: Annotated[Line, Field(max_length=60)]


def save_console(session: Session, console: Console | None, form: Form[ConsoleFields]) -> Console | None:
    """Save a console."""
    name = form.data.name
    taken = session.scalar(select(Console).where(func.lower(Console.name) == func.lower(name)))
    if taken and taken is not console:
        form.refuse("name", f"There is a console called {taken.name} already.")
        return console
    console = console or Console()
    console.name, console.demo = name, False
    session.add(console)
    return console


def on_delete_console(session: Session, console: Console) -> tuple[str, bool]:
    """Allow deletion only if the console has no games."""
    n = session.scalar(select(func.count()).select_from(Game).where(Game.console_id == console.id))
    if n:
        games = "1 game is" if n == 1 else f"{n} games are"
        return f"{games} for it. Give every one another console, or delete it, first.", False
    return "No game is for it.", True


def search_consoles(text: str) -> Select:
    """Find consoles by name."""
    return select(Console).where(Console.name.ilike(pattern(text), escape="\\")).order_by(Console.name)


class RentalFields(BaseModel):
    """The form for a rental."""

    game: Annotated[Line, Field(max_length=120)]
    budget: Literal[BUDGETS] | None = None  # type: ignore[valid-type]
    types: Annotated[list[Line], Field(max_length=20)] = []


def save_rental(session: Session, rental: Rental | None, form: Form[RentalFields]) -> Rental | None:
    """Save a rental, which is thereby confirmed. Rentals entered here do not belong to any visitor."""
    data = form.data
    game = session.scalar(select(Game).where(func.lower(Game.title) == func.lower(data.game)))
    if game is None:
        form.refuse("game", f"There is no game called {data.game}.")
    unknown = set(data.types) - {*known_types(session), *(rental.types if rental else ())}
    if unknown:
        form.refuse("types", f"No game has the type {', '.join(sorted(unknown))}.")
    if form.errors:
        return rental
    if rental and rental.visitor and rental.game_id != game.id:
        same = select(Rental).where(Rental.visitor == rental.visitor, Rental.game_id == game.id)
        if session.scalar(same):
            form.refuse("game", f"This visitor has rented {game.title} already.")
            return rental
    rental = rental or Rental(at=int(time.time()), version=1)
    rental.game, rental.budget = game, data.budget
    rental.confirmed, rental.learned, rental.demo = True, True, False
    write_types(session, rental, in_order(rental.types, data.types))
    return rental


def show_rental(rental: Rental) -> dict[str, Any]:
    """Return the values to show in the form."""
    return {"game": rental.game.title, "budget": rental.budget, "types": rental.types}


def rental_options(session: Session) -> dict[str, Any]:
    """Return the choices in the form. They include types of old rentals that no game has any more."""
    return {"known_types": known_types(session), "budgets": list(BUDGET_IN_WORDS.items())}


def search_rentals(text: str) -> Select:
    """Find rentals by the game's title, newest first."""
    found = select(Rental).order_by(Rental.id.desc())
    in_title = pattern(fold(text)) + "\n%"  # the first line of the searched text
    return found.where(Rental.game.has(Game.folded.like(in_title, escape="\\"))) if text.strip() else found


def day_of(rental: Rental) -> str:
    """Return the day of a rental."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(rental.at))


GAMES = Desk(
    name="games",
    one="game",
    row=Game,
    fields=GameFields,
    form="admin_game.html",
    search=search_games,
    columns={
        "title": lambda game: game.title,
        "console": lambda game: game.console,
        "year": lambda game: game.year,
        "types": lambda game: ", ".join(game.types),
        "an hour": lambda game: f"{game.cost:.2f}",
        "top rated": lambda game: "yes" if game.top_rated else "no",
    },
    values={
        "title": lambda game: game.title,
        "console": lambda game: game.console,
        "year": lambda game: game.year,
        "developer": lambda game: game.developer,
        "types": lambda game: ", ".join(game.types),
        "coins an hour": lambda game: float(game.cost),
        "top rated": lambda game: game.top_rated,
    },
    show=show_game,
    save=save_game,
    options=game_options,
    on_delete=on_delete_game,
    undo=False,  # its rentals are deleted too
)
CONSOLES = Desk(
    name="consoles",
    one="console",
    row=Console,
    fields=ConsoleFields,
    form="admin_console.html",
    search=search_consoles,
    columns={"name": lambda console: console.name},
    show=lambda console: {"name": console.name},
    save=save_console,
    options=lambda session: {},
    on_delete=on_delete_console,
)
RENTALS = Desk(
    name="rentals",
    one="rental",
    row=Rental,
    fields=RentalFields,
    form="admin_rental.html",
    search=search_rentals,
    columns={
        "game": lambda rental: rental.game.title,
        "asked for": lambda rental: ", ".join([*filter(None, [rental.budget]), *rental.types]) or "nothing",
        "when": day_of,
        "by": lambda rental: "a visitor" if rental.visitor else "the house",
        "confirmed": lambda rental: "yes" if rental.confirmed else "no",
    },
    show=show_rental,
    save=save_rental,
    options=rental_options,
    on_delete=lambda session, rental: ("The model forgets it.", True),
)
