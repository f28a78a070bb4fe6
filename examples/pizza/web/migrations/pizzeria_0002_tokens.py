"""API tokens."""

import sqlalchemy as sa
from alembic import op

revision = "pizzeria_0002"
down_revision = "pizzeria_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(80), nullable=False, unique=True),
        sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("created", sa.Date, nullable=False),
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("api_tokens")
