"""Long lists: one page of a query's rows, and search patterns."""

import math
from typing import Annotated, Any, NamedTuple

from fastapi import Query
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from examples.web.words import is_plain, normalised

PER_PAGE = 24
PageNumber = Annotated[int, Query(ge=1, le=100_000)]
Search = Annotated[str, Query(max_length=100)]


class Page(NamedTuple):
    """The rows of one page, their position, and the total number of rows."""

    rows: list[Any]
    number: int
    n_pages: int
    n_rows: int


def count_of(session: Session, query: Select) -> int:
    """Return the number of a query's rows."""
    return session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def page_of(session: Session, query: Select, number: int, per_page: int = PER_PAGE) -> Page:
    """Return one page of a query's rows (entities or whole rows). A `number` past the end gives the last."""
    n_rows = count_of(session, query)
    n_pages = max(1, math.ceil(n_rows / per_page))
    number = min(number, n_pages)
    result = session.execute(query.limit(per_page).offset((number - 1) * per_page))
    rows = result.scalars().all() if len(query.column_descriptions) == 1 else result.all()
    return Page(list(rows), number, n_pages, n_rows)


def pattern(text: str) -> str:
    r"""Return a LIKE pattern, with escape="\", that finds a text anywhere. Special characters are escaped."""
    text = normalised("".join(c for c in text if is_plain(c)))
    for special in ("\\", "%", "_"):
        text = text.replace(special, "\\" + special)
    return f"%{text}%"
