"""Mark the rentals that the counter has confirmed, and those that the model learns.

Earlier rentals of visitors were not limited, so the model forgets them until the counter confirms them.
"""

import sqlalchemy as sa
from alembic import op

revision = "tavern_0003"
down_revision = "tavern_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and retrain the model without the rentals of visitors."""
    op.add_column("rentals", sa.Column("source", sa.String(16)))
    for name in ("confirmed", "learned"):
        op.add_column("rentals", sa.Column(name, sa.Boolean, nullable=False, server_default=sa.true()))
    op.create_index("ix_rentals_source", "rentals", ["source", "at"])
    op.create_index("ix_rentals_learned", "rentals", ["learned", "confirmed", "game_id"])
    rentals = sa.table("rentals", *map(sa.column, ("visitor", "confirmed", "learned")))
    unconfirmed = sa.update(rentals).where(rentals.c.visitor.is_not(None))
    op.execute(unconfirmed.values(confirmed=sa.false(), learned=sa.false()))
    op.execute("UPDATE changes SET structure = version + 1, version = version + 1")


def downgrade() -> None:
    """Drop the columns."""
    for index in ("ix_rentals_learned", "ix_rentals_source"):
        op.drop_index(index, "rentals")
    for name in ("learned", "confirmed", "source"):
        op.drop_column("rentals", name)
