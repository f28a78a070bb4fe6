"""Consoles, games, rentals."""

import sqlalchemy as sa
from alembic import op

revision = "tavern_0001"
down_revision = "web_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "consoles",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(60), nullable=False, unique=True),
    )
    op.create_table(
        "games",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("title", sa.String(120), nullable=False, unique=True),
        sa.Column("slug", sa.String(120), nullable=False, unique=True),
        sa.Column("year", sa.Integer, nullable=False),
        sa.Column(
            "console_id", sa.Integer, sa.ForeignKey("consoles.id", ondelete="RESTRICT"), nullable=False
        ),
        sa.Column("developer", sa.String(120), nullable=False),
        sa.Column("cents", sa.Integer, nullable=False),
        sa.Column("top_rated", sa.Boolean, nullable=False),
        sa.CheckConstraint("cents >= 0", name="games_cents"),
    )
    op.create_index("ix_games_console_id", "games", ["console_id"])
    op.create_table(
        "game_types",
        sa.Column("game_id", sa.Integer, sa.ForeignKey("games.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
        sa.UniqueConstraint("game_id", "name", name="game_types_once"),
    )
    op.create_index("ix_game_types_name", "game_types", ["name"])
    op.create_table(
        "rentals",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("game_id", sa.Integer, sa.ForeignKey("games.id", ondelete="CASCADE"), nullable=False),
        sa.Column("visitor", sa.String(32)),
        sa.Column("budget", sa.String(10)),
        sa.Column("at", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.UniqueConstraint("visitor", "game_id", name="rentals_once"),
    )
    op.create_index("ix_rentals_game_id", "rentals", ["game_id"])
    op.create_index("ix_rentals_version", "rentals", ["version"])
    op.create_table(
        "rental_types",
        sa.Column("rental_id", sa.Integer, sa.ForeignKey("rentals.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40), nullable=False),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("rental_types", "rentals", "game_types", "games", "consoles"):
        op.drop_table(table)
