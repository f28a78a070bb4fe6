"""Remove the tavern's demonstration data."""

from sqlalchemy import delete, exists
from sqlalchemy.orm import Session

from examples.games.web.tables import Console, Game, Rental
from examples.web.demonstration import Demonstration


def remove(session: Session) -> None:
    """Remove the invented rentals, and the games and consoles that nobody has rented, edited or used."""
    at_once = {"synchronize_session": False}
    session.execute(delete(Rental).where(Rental.demo).execution_options(**at_once))
    is_rented = exists().where(Rental.game_id == Game.id)
    session.execute(delete(Game).where(Game.demo, ~is_rented).execution_options(**at_once))
    is_used = exists().where(Game.console_id == Console.id)
    session.execute(delete(Console).where(Console.demo, ~is_used).execution_options(**at_once))
    for table in (Game, Console):
        session.query(table).filter(table.demo).update({"demo": False}, synchronize_session=False)


DEMONSTRATION = Demonstration(
    words="The catalogue is an example, and the first rentals are invented.",
    removal="The example games and the invented rentals are removed. Games that you have added or changed, "
    "and games that visitors have rented, stay with their rentals.",
    remove=remove,
)
