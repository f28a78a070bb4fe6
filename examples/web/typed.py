"""The fields of a form that was sent after the session had expired, so that they survive the login."""

import json
from contextlib import asynccontextmanager

from fastapi import HTTPException, Request

from examples.web.security import MOST_BYTES, posted

Typed = list[tuple[str, str]]
UNSEEN = ("csrf", "seen", "once")  # fields that nobody types


async def typed_in(request: Request) -> Typed:
    """Return the fields of a form in order, or nothing if it is refused, has a file or nothing was typed.

    A form as long as only a photo can be is not read, because anybody could send it.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or len(length) > 9 or int(length) > MOST_BYTES:
        return []
    try:
        async with asynccontextmanager(posted)(request) as form:
            fields = form.multi_items()
    except HTTPException:
        return []
    has_file = any(not isinstance(value, str) for _, value in fields)
    if has_file or not any(value for name, value in fields if name not in UNSEEN):
        return []
    return [(name, str(value)) for name, value in fields if name != "csrf"]


def read_typed(text: str) -> Typed:
    """Return the fields in a text that a login page contained, or nothing if it is no such text."""
    try:
        fields = json.loads(text or "[]")
        json.dumps(fields, ensure_ascii=False).encode()  # half a surrogate pair cannot be shown on a page
    except (ValueError, RecursionError):
        return []
    is_good = isinstance(fields, list) and all(
        isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)
        for pair in fields
    )
    return [(name, value) for name, value in fields] if is_good else []
