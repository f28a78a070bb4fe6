"""Long lists: one page of the rows of a query, and what was searched for."""

import math
from typing import Annotated, Any, NamedTuple

from fastapi import Query
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

PER_PAGE = 24
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
Search = Annotated[str, Query(max_length=100)]


class Page(NamedTuple):
    """Some of the rows, where they stand, and how many there are."""

    rows: list[Any]
    number: int
    n_pages: int
    n_rows: int


def page_of(session: Session, query: Select, number: int, per_page: int = PER_PAGE) -> Page:
    """Return one page of a query's rows (entities or whole rows); a number past the end gives the last."""
    n_rows = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    n_pages = max(1, math.ceil(n_rows / per_page))
    number = min(number, n_pages)
    result = session.execute(query.limit(per_page).offset((number - 1) * per_page))
    rows = result.scalars().all() if len(query.column_descriptions) == 1 else result.all()
    return Page(list(rows), number, n_pages, n_rows)


def pattern(text: str) -> str:
    r"""Return what LIKE finds a text anywhere by, with escape="\"; no character of it is special."""
    text = "".join(c for c in text if c.isprintable()).strip()
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return f"%{text}%"
