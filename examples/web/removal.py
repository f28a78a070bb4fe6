"""The admin page that removes the demonstration data. It asks once."""

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from starlette.datastructures import FormData

from examples.web.app import redirect, render
from examples.web.database import bump
from examples.web.demonstration import is_marked, unmark
from examples.web.login import admin_only
from examples.web.security import posted

router = APIRouter(prefix="/admin/demonstration", include_in_schema=False, dependencies=[Depends(admin_only)])


@router.get("")
def ask(request: Request) -> Response:
    """Ask before the data is removed."""
    return render(request, "demonstration.html")


@router.post("")
def remove(request: Request, fields: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Remove the data. If somebody has removed it already, nothing happens."""
    with request.app.state.database.writing() as session:
        bump(session, structural=True)
        if is_marked(session):
            request.app.state.site.demonstration.remove(session)
            unmark(session)
    request.app.state.live.is_demonstration = False  # other workers notice within a moment
    return redirect(request, "/admin", "The demonstration data is removed.")
