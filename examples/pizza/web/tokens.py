"""The admin page of the API tokens: create one, which is shown once, and revoke them."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import BaseModel, Field
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from starlette.datastructures import FormData

from examples.pizza.settings import PRIVATE
from examples.pizza.web.private import hash_of, is_private, new_token
from examples.pizza.web.questions import clock_of
from examples.pizza.web.tables import Token
from examples.web.app import redirect, render
from examples.web.desk import RowId
from examples.web.forms import Form, Line, filled, read_form
from examples.web.login import admin_only
from examples.web.security import posted

router = APIRouter(prefix="/admin/tokens", include_in_schema=False, dependencies=[Depends(admin_only)])


class TokenFields(BaseModel):
    """The form for a token."""

    name: Annotated[Line, Field(max_length=80)]


@router.get("")
def list_tokens(request: Request) -> Response:
    """List the tokens, without the tokens themselves."""
    return page(request, filled())


@router.post("")
def create(request: Request, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Create a token, and show it. It cannot be shown again, because only its hash is stored."""
    form, token = read_form(TokenFields, fields), new_token()
    if form.data is None:
        return page(request, form, 422)
    row = {"name": form.data.name, "token_hash": hash_of(token), "created": clock_of(request).today()}
    try:
        with request.app.state.database.writing() as session:
            session.execute(insert(Token).values(**row))
    except IntegrityError:
        form.refuse("name", "There is a token of that name already. Revoke it first, or choose another name.")
        return page(request, form, 422)
    return page(request, filled(), token=token)


@router.post("/{row_id}")
def revoke(request: Request, row_id: RowId, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Delete a token. It is refused from now on."""
    with request.app.state.database.writing() as session:
        row = session.get(Token, row_id)
        if row is not None:
            session.delete(row)
    return redirect(request, "/admin/tokens", f"{row.name} is revoked." if row else "It was revoked already.")


def page(request: Request, form: Form[TokenFields], status: int = 200, token: str = "") -> Response:
    """Show the form, the tokens and, if one was just created, the token itself."""
    with request.app.state.database.reading() as session:
        tokens = session.scalars(select(Token).order_by(Token.name)).all()
    shown = {"is_private": is_private(request), "variable": PRIVATE, "tokens": tokens, "token": token}
    return render(request, "admin_tokens.html", status, form=form, **shown)
