"""The row that a browser deleted last, in a signed cookie, so that it can be restored for a while."""

import json
import time
from datetime import date
from typing import Any

from fastapi import Request
from sqlalchemy import inspect

from examples.web.cookies import kept_of

DELETED = "deleted"  # the cookie
KEPT_SECONDS = 600


def keep_deleted(request: Request, name: str, row: Any) -> None:
    """Remember a row of the table with this name before it is deleted."""
    values = {column.key: getattr(row, column.key) for column in inspect(type(row)).columns}
    values = {key: value for key, value in values.items() if key in stored_columns(row)}
    if hasattr(row, "types"):
        values["types"] = row.types
    kept = {"name": name, "at": time.time(), "values": values}
    kept_of(request).set(DELETED, json.dumps(kept, default=_as_text, ensure_ascii=False))


def stored_columns(row: Any) -> set[str]:
    """Return the names of a row's columns in the database, without the id."""
    return {column.name for column in inspect(type(row)).local_table.columns} - {"id"}


def _as_text(value: Any) -> Any:
    if isinstance(value, date):
        return {"date": value.isoformat()}
    raise TypeError(f"A deleted row cannot contain {value!r}.")


def deleted_lately(request: Request, name: str) -> dict[str, Any] | None:
    """Return the values of the row that this browser deleted from a table a short while ago."""
    kept = json.loads(kept_of(request).get(DELETED) or "{}")
    if kept.get("name") != name or time.time() - kept["at"] > KEPT_SECONDS:
        return None
    return {key: _read(value) for key, value in kept["values"].items()}


def _read(value: Any) -> Any:
    return date.fromisoformat(value["date"]) if isinstance(value, dict) else value


def forget_deleted(request: Request) -> None:
    """Forget the row, because it was restored."""
    kept_of(request).delete(DELETED)
