"""Photos for covers, and the time at which a visitor gave a game back."""

import sqlalchemy as sa
from alembic import op

revision = "tavern_0005"
down_revision = "tavern_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table and the columns."""
    op.create_table(
        "game_photos",
        sa.Column("game_id", sa.Integer, sa.ForeignKey("games.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("jpeg", sa.LargeBinary, nullable=False),
    )
    op.add_column("games", sa.Column("photo", sa.String(8)))
    op.add_column("rentals", sa.Column("returned", sa.Integer))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("rentals", "returned")
    op.drop_column("games", "photo")
    op.drop_table("game_photos")
