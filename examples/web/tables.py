"""The tables shared by all sites: changes, settings, sessions and login attempts."""

from sqlalchemy import CheckConstraint, Column, Float, Integer, MetaData, String, Table

shared = MetaData()

# This table has one row. Models learn from rows with versions, and locking this row puts all writers in one
# order.
changes = Table(
    "changes",
    shared,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("structure", Integer, nullable=False),
    Column("origin", String(32), nullable=False),
    CheckConstraint("id = 1", name="changes_one_row"),
)

settings = Table(
    "settings",
    shared,
    Column("name", String(64), primary_key=True),
    Column("value", String(500), nullable=False),
)

login_attempts = Table(
    "login_attempts",
    shared,
    Column("id", Integer, primary_key=True),
    Column("address", String(64), nullable=False, index=True),
    Column("at", Float, nullable=False),
)

admin_sessions = Table(
    "admin_sessions",
    shared,
    Column("token_hash", String(64), primary_key=True),
    Column("until", Float, nullable=False),
)
