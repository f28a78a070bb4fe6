"""Add a column with the title and developer of games without case and accents, for searches."""

import sqlalchemy as sa
from alembic import op

from examples.games.web.folding import folded_game

revision = "tavern_0002"
down_revision = "tavern_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, and fill it."""
    op.add_column("games", sa.Column("folded", sa.Text, nullable=False, server_default=""))
    games = sa.table("games", *map(sa.column, ("id", "title", "developer", "folded")))
    connection = op.get_bind()
    rows = connection.execute(sa.select(games.c.id, games.c.title, games.c.developer)).all()
    if rows:
        change = sa.update(games).where(games.c.id == sa.bindparam("of"))
        values = [{"of": i, "folded": folded_game(title, developer)} for i, title, developer in rows]
        connection.execute(change.values(folded=sa.bindparam("folded")), values)


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("games", "folded")
