"""The tables shared by all sites: changes, settings, sessions, login attempts and sent forms."""

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
    Column("who", String(64), primary_key=True),  # an address, a browser or the account
    Column("n", Integer, nullable=False),
    Column("at", Float, nullable=False, index=True),  # seconds since 1970, of the last attempt
)

# The forms that were saved, so that a form that is sent twice is saved once.
sent_forms = Table(
    "sent_forms",
    shared,
    Column("once", String(32), primary_key=True),
    Column("at", Float, nullable=False, index=True),
)

admin_sessions = Table(
    "admin_sessions",
    shared,
    Column("token_hash", String(64), primary_key=True),
    Column("until", Float, nullable=False),
)
