"""Mark the demonstration data: the catalogue of the first start, and its simulated rentals."""

import sqlalchemy as sa
from alembic import op

from examples.games.data import load_games
from examples.web.demonstration import MARK

revision = "tavern_0004"
down_revision = "tavern_0003"
branch_labels = None
depends_on = None
TABLES = ("consoles", "games", "rentals")


def upgrade() -> None:
    """Add the columns. In earlier versions, the rentals of the first start had version 1 and no visitor."""
    for table in TABLES:
        op.add_column(table, sa.Column("demo", sa.Boolean, nullable=False, server_default=sa.false()))
    connection = op.get_bind()
    games = sa.table("games", *map(sa.column, ("title", "year", "developer", "cents", "console_id", "demo")))
    catalogue = {
        (game["title"], game["year"], game["developer"], round(100 * game["cost"]))
        for game in load_games().iter_rows(named=True)
    }
    stored = connection.execute(sa.select(games.c.title, games.c.year, games.c.developer, games.c.cents))
    titles = [{"of": row.title} for row in stored if tuple(row) in catalogue]
    if not titles:
        return
    change = sa.update(games).where(games.c.title == sa.bindparam("of")).values(demo=True)
    connection.execute(change, titles)
    rentals = sa.table("rentals", *map(sa.column, ("version", "visitor", "at", "demo")))
    of_first_start = (rentals.c.version == 1) & rentals.c.visitor.is_(None)
    first = sa.select(sa.func.min(rentals.c.at)).where(of_first_start).scalar_subquery()
    op.execute(sa.update(rentals).where(of_first_start, rentals.c.at == first).values(demo=True))
    consoles = sa.table("consoles", *map(sa.column, ("id", "demo")))
    of_demo = sa.select(games.c.console_id).where(games.c.demo)
    op.execute(sa.update(consoles).where(consoles.c.id.in_(of_demo)).values(demo=True))
    settings = sa.table("settings", *map(sa.column, ("name", "value")))
    op.execute(sa.insert(settings).values(name=MARK, value="yes"))


def downgrade() -> None:
    """Drop the columns, and forget the mark."""
    op.execute(f"DELETE FROM settings WHERE name = '{MARK}'")
    for table in TABLES:
        op.drop_column(table, "demo")
