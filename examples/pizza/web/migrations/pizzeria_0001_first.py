"""Evenings, reservations, orders."""

import sqlalchemy as sa
from alembic import op

revision = "pizzeria_0001"
down_revision = "web_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "evenings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("day", sa.Date, nullable=False, unique=True),
        sa.Column("temperature", sa.Float),
        sa.Column("tourists", sa.Integer),
        sa.Column("holiday", sa.Boolean, nullable=False),
        sa.Column("event", sa.Boolean, nullable=False),
        sa.Column("more_reservations", sa.Integer, nullable=False),
        sa.Column("more_doughs", sa.Integer, nullable=False),
        sa.CheckConstraint("more_reservations >= 0 AND more_doughs >= 0", name="evenings_more"),
    )
    op.create_table(
        "reservations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("day", sa.Date, sa.ForeignKey("evenings.day"), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("party", sa.Integer, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.CheckConstraint("party > 0", name="reservations_party"),
    )
    op.create_index("ix_reservations_day", "reservations", ["day"])
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("day", sa.Date, sa.ForeignKey("evenings.day"), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("pizzas", sa.Integer, nullable=False),
        sa.CheckConstraint("pizzas > 0", name="orders_pizzas"),
    )
    op.create_index("ix_orders_day", "orders", ["day"])


def downgrade() -> None:
    """Drop the tables."""
    for table in ("orders", "reservations", "evenings"):
        op.drop_table(table)
