"""Build the application of a site: database, model, login, pages, errors, /static, /health and API docs."""

import hashlib
import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from anyio import to_thread
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from filelock import FileLock
from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.staticfiles import StaticFiles

from examples.web.cookies import YEAR, Cookies, kept_of
from examples.web.database import Database, prepare, sqlite_url
from examples.web.folder import close, create_private, database_file, make_private, read_secret
from examples.web.forms import in_words
from examples.web.live import LiveModel, NotReadyError
from examples.web.login import LoginNeeded, check_password, is_admin, log_in, log_out, set_password
from examples.web.observe import TOKEN, Metrics, check_token, metrics_page, observed
from examples.web.security import Guard, csrf_token, posted
from examples.web.serve import end_with_supervisor
from examples.web.site import Site
from examples.web.throttle import TooManyAttempts
from examples.web.troubles import trouble_of
from examples.web.typed import UNSEEN, read_typed, typed_in

HERE = Path(__file__).parent
SAID = "said"  # the cookie with a message for the next page
HEADINGS = {
    400: "That request makes no sense",
    401: "A login or a token is needed",
    403: "Not allowed",
    404: "Nothing here",
    405: "That cannot be done here",
    413: "That is too much",
    422: "That question cannot be read",
    429: "Slow down",
    500: "Something broke",
    503: "Not ready yet",
}
log = logging.getLogger(__name__)


class Problem(BaseModel):
    """An invalid parameter: what is wrong, and what is allowed."""

    where: str
    problem: str


class Problems(BaseModel):
    """The invalid parameters of a request."""

    detail: list[Problem]


class Refusal(BaseModel):
    """The reason why a request was refused."""

    detail: str


class Files(StaticFiles):
    """Static files. Pages link to them with a hash of their content, so that browsers can cache them."""

    def file_response(self, full_path: Any, stat_result: Any, scope: Any, status_code: int = 200) -> Response:
        """Return a file."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        if scope["query_string"].startswith(b"v="):
            answer.headers["cache-control"] = f"public, max-age={YEAR}, immutable"
        return answer


class WebApp(FastAPI):
    """A FastAPI application behind the guard, which also processes error pages."""

    hosts: tuple[str, ...] = ()
    secret: str

    def build_middleware_stack(self) -> Any:
        """Add the guard around all other layers, and around it the layer that counts and logs requests."""
        stack = Cookies(super().build_middleware_stack(), self.state.site.name, self.secret)
        return observed(Guard(stack, self.hosts), self.state)


def build_app(site: Site, data: Path | None = None, database_url: str | None = None) -> WebApp:
    """Return the application of a site.

    Parameters
    ----------
    site : Site
    data : Path, default=None
        The folder of the database file, the model and the secret. If None, it is given by the environment.
    database_url : str, default=None
        URL of the database. If None, DATABASE_URL, or SQLite in the data folder if that is not set.

    Notes
    -----
    ``app.state`` has the attributes ``site``, ``database``, ``live``, ``metrics``, ``templates`` and
    ``data``. The tables, their initial data, the password and the first model are created when the
    application starts.
    """
    data = data or site.data_folder()
    check_password(os.environ.get(site.variable("ADMIN_PASSWORD")), site.variable("ADMIN_PASSWORD"))
    make_private(data, site.name)
    embedded = sqlite_url(database_file(data, site.name))
    database = Database(database_url or os.environ.get("DATABASE_URL") or embedded)
    if database.is_sqlite:
        file = Path(str(database.engine.url.database))
        create_private(file)
        close([file])
    app = WebApp(
        title=site.title,
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses={
            422: {"model": Problems, "description": "A parameter is invalid"},
            "default": {"model": Refusal, "description": "The request was refused, or there is no model yet"},
        },
        lifespan=lifespan,
    )
    app.hosts = tuple(site.setting("HOSTS").split())
    app.state.site, app.state.database, app.state.data = site, database, data
    app.state.private = False  # whether strangers may not know how often the data changes
    app.state.live = LiveModel(site.learner, database, data / f"{site.name}-model.json")
    check_token(token := site.setting(TOKEN), site.variable(TOKEN))
    app.state.metrics = Metrics(app.state.live, data) if token else None
    app.state.templates = templates_of(site)
    with FileLock(data / "start.lock"):
        app.secret = read_secret(data)
    add_errors(app)
    add_routes(app)
    return app


@asynccontextmanager
async def lifespan(app: WebApp) -> AsyncIterator[None]:
    """Prepare the site, serve it, and stop the model's thread."""
    end_with_supervisor()
    await to_thread.run_sync(partial(make_ready, app))
    yield
    await to_thread.run_sync(app.state.live.stop)
    app.state.database.close()


def make_ready(app: WebApp) -> None:
    """Migrate, seed, set the password and serve a first model. Other workers wait until this is done."""
    site, database = app.state.site, app.state.database
    with FileLock(app.state.data / "start.lock"):
        is_empty = site.setting("EMPTY") == "yes"
        prepare(database, site.folder / "migrations", None if is_empty else site.seed)
        set_password(database, site.setting("ADMIN_PASSWORD"), site.variable("ADMIN_PASSWORD"))
    for name in app.state.templates.list_templates():
        app.state.templates.get_template(name)  # compiled now, so the first visitor does not wait
    app.state.live.start()


def add_routes(app: WebApp) -> None:
    """Add the shared routes and the routes of the site."""
    site: Site = app.state.site
    for router in site.routers:
        app.include_router(router)
    ill = {503: {"model": dict[str, Any], "description": "The site is not well; `reason` says why"}}
    about: dict[str, Any] = {"tags": ["site"], "response_model": dict[str, Any]}
    app.add_api_route("/health", health, summary="How the site is", responses=ill, **about)
    app.add_api_route("/health/live", live, summary="Whether the process answers", **about)
    if token := site.setting(TOKEN):
        app.add_api_route("/metrics", metrics_page(token), include_in_schema=False)
    app.add_api_route("/api/docs", api_page, include_in_schema=False)
    app.add_api_route("/login", login_page, include_in_schema=False)
    app.add_api_route("/login", login, methods=["POST"], include_in_schema=False)
    app.add_api_route("/logout", logout, methods=["POST"], include_in_schema=False)
    app.mount("/static/site", Files(directory=site.folder / "static"))
    app.mount("/static/web", Files(directory=HERE / "static"))


def templates_of(site: Site) -> Environment:
    """Return the templates, starting with the site's. Values are escaped; undefined ones raise an error."""
    folders = [FileSystemLoader(site.folder / "templates"), FileSystemLoader(HERE / "templates")]
    templates = Environment(
        loader=ChoiceLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    statics = {"site": site.folder / "static", "web": HERE / "static"}
    versions = {
        f"{name}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()[:8]
        for name, folder in statics.items()
        for path in folder.iterdir()
    }
    templates.globals |= {"site": site, "static": lambda name: f"/static/{name}?v={versions[name]}"}
    templates.globals |= {"with_query": with_query, **site.template_globals}
    return templates


def with_query(path: str, **parameters: Any) -> str:
    """Return a URL with parameters. Lists give repeated parameters. None and empty values are omitted."""
    given = {name: value for name, value in parameters.items() if value not in (None, "", [], ())}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def render(request: Request, template: str, status: int = 200, /, **context: Any) -> HTMLResponse:
    """Return a page."""
    page, kept = request.app.state.templates.get_template(template), kept_of(request)
    if said := kept.get(SAID):
        kept.delete(SAID)
    html = page.render(
        request=request,
        path=request.url.path,
        csrf=partial(csrf_token, request),
        said=said,
        health=request.app.state.live.health(),
        is_demonstration=request.app.state.live.is_demonstration,
        **context,
    )
    return HTMLResponse(html, status)


def redirect(request: Request, to: str, said: str | None = None) -> RedirectResponse:
    """Redirect the browser after a POST. The next page shows a message."""
    if said:
        kept_of(request).set(SAID, said)
    return RedirectResponse(to, 303)


async def health(request: Request) -> JSONResponse:
    """Return whether the site is well and, if not, why. The status is then 503."""
    state = request.app.state
    told = {"site": state.site.name, **state.live.health()}
    if state.private:
        told = {name: told[name] for name in ("site", "status", "reason", "worker")}
    return JSONResponse(told, 200 if told["status"] == "ok" else 503)


async def live(request: Request) -> dict[str, str]:
    """Return that the process answers, whatever the state of its database and its model."""
    return {"status": "alive"}


def api_page(request: Request) -> HTMLResponse:
    """Show the documentation of the API, rendered from /api/openapi.json."""
    return render(request, "api.html", schema=request.app.openapi())


def login_page(request: Request, to: str = "/admin") -> Response:
    """Ask for the password."""
    if is_admin(request.app.state.database, request):
        return RedirectResponse(own_path(to), 303)
    return render(request, "login.html", to=own_path(to), typed=None, error=None)


async def login(request: Request, form: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Log the admin in. What was typed into a form when the session had expired is shown and can be sent."""
    to, password = own_path(str(form.get("to", ""))), str(form.get("password", ""))
    typed = read_typed(str(form.get("typed", "")))
    try:
        if await log_in(request.app.state.database, request, password):
            if typed:
                return render(request, "again.html", to=to, typed=typed, unseen=UNSEEN)
            return redirect(request, to)
    except TooManyAttempts as error:
        status, words, headers = error.status_code, error.detail, error.headers
    else:
        status, words, headers = 403, "That is not the password.", None
    page = render(request, "login.html", status, to=to, typed=typed, error=words)
    page.headers.update(headers or {})
    return page


def logout(request: Request, form: FormData = Depends(posted)) -> Response:  # noqa: B008
    """Log the admin out."""
    log_out(request.app.state.database, request)
    return redirect(request, "/", "You are logged out.")


def own_path(path: str) -> str:
    """Return a path on this site, or /admin if the URL would lead to another site."""
    is_own = path.startswith("/") and path.isprintable() and not path.startswith(("//", "/\\"))
    return path if is_own and "\\" not in path else "/admin"


def add_errors(app: WebApp) -> None:
    """Add error handlers that respond with a page, or with JSON under /api."""
    app.add_exception_handler(HTTPException, show_http_error)
    app.add_exception_handler(RequestValidationError, show_invalid)
    app.add_exception_handler(LoginNeeded, show_login)
    app.add_exception_handler(NotReadyError, show_not_ready)
    app.add_exception_handler(ClientDisconnect, end_quietly)
    app.add_exception_handler(SQLAlchemyError, show_trouble)
    app.add_exception_handler(Exception, show_crash)


def is_for_programs(request: Request) -> bool:
    """Return whether the responses for a path are JSON."""
    return request.url.path.startswith(("/api/", "/health"))


def page_of_form(request: Request) -> str | None:
    """Return the path of the page whose form was sent."""
    host, _, path = request.headers.get("referer", "").partition("://")[2].partition("/")
    if request.method != "POST" or host != request.headers.get("host"):
        return None
    return own_path(f"/{path}")


def show_error(
    request: Request, status: int, words: Any, headers: Any = None, heading: str | None = None
) -> Response:
    """Return an error as a page or as JSON, depending on the path."""
    if is_for_programs(request):
        return JSONResponse({"detail": words}, status, headers)
    if not isinstance(words, str):
        words = "; ".join(f"{error['where']}: {error['problem']}" for error in words)
    heading = heading or HEADINGS.get(status, "That did not work")
    back = page_of_form(request)
    page = render(request, "error.html", status, heading=heading, words=words, back=back)
    page.headers.update(headers or {})
    return page


async def show_http_error(request: Request, error: HTTPException) -> Response:
    """Show an HTTP error. A GET request to a path that only accepts forms is redirected to its parent.

    Browsers send such requests after an error, when the page is reloaded at the form's URL.
    """
    if error.status_code == 405 and request.method == "GET" and not is_for_programs(request):
        return RedirectResponse(request.url.path.rsplit("/", 1)[0] or "/", 303)
    words = "There is no such page." if error.detail == "Not Found" else error.detail
    return show_error(request, error.status_code, words, error.headers)


async def show_invalid(request: Request, error: RequestValidationError) -> Response:
    """Show which parameters are invalid, without repeating the request."""
    problems = [
        {"where": ".".join(str(part) for part in problem["loc"]), "problem": in_words(problem)}
        for problem in error.errors()
    ]
    return show_error(request, 422, json.loads(json.dumps(problems, default=str)))


async def show_login(request: Request, error: LoginNeeded) -> Response:
    """Redirect to the login page, and from there back. A form that was sent is kept on the login page."""
    query = f"?{request.url.query}" if request.url.query else ""
    to = request.url.path + query
    if request.method == "POST":
        if typed := await typed_in(request):
            return render(request, "login.html", 403, to=own_path(to), typed=typed, error=None)
        to = page_of_form(request) or "/admin"
    return RedirectResponse(with_query("/login", to=to), 303)


async def show_not_ready(request: Request, error: NotReadyError) -> Response:
    """Show that there is no model yet."""
    return show_error(request, 503, str(error), {"Retry-After": "1"})


async def show_trouble(request: Request, error: SQLAlchemyError) -> Response:
    """Show that the database does not answer, is damaged, or that its disk is full. Other errors are bugs."""
    trouble = trouble_of(error)
    if trouble is None:
        raise error
    said = str(getattr(error, "orig", error)).splitlines()[0]
    log.error("%s %s failed. %s (%s)", request.method, request.url.path, trouble.words, said)
    return show_error(request, 503, trouble.words, {"Retry-After": "10"}, trouble.heading)


async def end_quietly(request: Request, error: ClientDisconnect) -> Response:
    """End a request whose client has left, or was too slow, without an error in the log."""
    return Response(status_code=400)


async def show_crash(request: Request, error: Exception) -> Response:
    """Show that an error occurred, without details, which are only logged."""
    log.error("%s %s failed", request.method, request.url.path)
    return show_error(request, 500, "It has been written down. Please try again.")
