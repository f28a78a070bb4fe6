"""Mark the demonstration data, close nights and days, and remember when a table was booked.

Databases of earlier versions began with the same demonstration data, so its rows are marked afterwards.
"""

from datetime import date, timedelta

import sqlalchemy as sa
from alembic import op

from examples.pizza.web.seed import PAST, simulated
from examples.web.demonstration import MARK

revision = "pizzeria_0003"
down_revision = "pizzeria_0002"
branch_labels = None
depends_on = None
TABLES = ("evenings", "reservations", "orders")
COMPARED = {
    "evenings": ("day", "temperature", "tourists", "event"),
    "reservations": ("day", "name", "party", "note"),
    "orders": ("day", "name", "pizzas"),
}


def upgrade() -> None:
    """Add the columns, and mark the rows that were created at the first start."""
    for table in TABLES:
        demo = sa.Column("demo", sa.Boolean, nullable=False, server_default=sa.false())
        op.add_column(table, demo)
    op.add_column("evenings", sa.Column("made", sa.Integer))
    op.add_column("evenings", sa.Column("left_over", sa.Integer))
    op.add_column("evenings", sa.Column("closed", sa.Boolean))
    op.add_column("reservations", sa.Column("booked_at", sa.Integer))
    connection = op.get_bind()
    first = connection.execute(
        sa.select(sa.func.min(sa.column("day", sa.Date))).select_from(sa.text("evenings"))
    )
    if day := first.scalar():
        mark_rows(connection, day + timedelta(PAST))


def mark_rows(connection: sa.Connection, start: date) -> None:
    """Mark the rows that equal those of a first start on the given day."""
    n_marked = 0
    for name, rows in zip(TABLES, simulated(start), strict=True):
        columns = COMPARED[name]
        types = {"day": sa.Date, "temperature": sa.Float, "event": sa.Boolean}
        kinds = [sa.column(column, types.get(column)) for column in ("id", *columns)]
        table = sa.table(name, *kinds, sa.column("demo", sa.Boolean))
        stored = connection.execute(sa.select(*(table.c[column] for column in ("id", *columns))))
        known = {(i, *(row[column] for column in columns)) for i, row in enumerate(rows, start=1)}
        ids = [{"of": row[0]} for row in stored if tuple(row) in known]
        if ids:
            n_marked += len(ids)
            change = sa.update(table).where(table.c.id == sa.bindparam("of")).values(demo=True)
            connection.execute(change, ids)
    if n_marked:
        settings = sa.table("settings", sa.column("name"), sa.column("value"))
        connection.execute(sa.insert(settings).values(name=MARK, value="yes"))


def downgrade() -> None:
    """Drop the columns, and forget the mark."""
    op.execute(f"DELETE FROM settings WHERE name = '{MARK}'")
    op.drop_column("reservations", "booked_at")
    for name in ("closed", "left_over", "made"):
        op.drop_column("evenings", name)
    for table in TABLES:
        op.drop_column(table, "demo")
