"""Checks of every request (hosts, sizes, origins), security headers, and the tokens of forms."""

import hmac
import re
import secrets
from collections.abc import AsyncIterator, Iterable
from email.message import Message as Headed

from fastapi import HTTPException, Request
from starlette.datastructures import FormData, Headers
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from examples.web.cookies import YEAR, kept_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
RAW_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
MOST_BYTES = 1 << 20  # in the body of a request
MOST_PHOTO_BYTES = 10 << 20  # in a form with a photo, which only the admin can send
LONGEST_QUERY = 4096
MOST_OF_HEADERS = 1 << 16  # bytes; the server itself has no limit
MOST_FIELDS = 500  # in a form
ADMIN = "admin"  # the cookie of the admin session
FORM = "form-"  # prefix of the cookies from which the tokens of forms are derived
MOST_FORMS = 40  # maximum number of such cookies
FOR_HTTPS = (b"strict-transport-security", f"max-age={YEAR}".encode())


class Guard:
    """The outermost layer, which sets security headers on responses and refuses invalid requests.

    Parameters
    ----------
    app : ASGI application
    hosts : iterable of str
        The host names of the site, without a port, in addition to loopback names. Requests with other host
        names are refused, which prevents DNS rebinding attacks.
    most_bytes : int, default=1 MiB
        Maximum size of a request body.
    """

    def __init__(self, app: ASGIApp, hosts: Iterable[str] = (), most_bytes: int = MOST_BYTES) -> None:
        self.app, self.most_bytes = app, most_bytes
        self.hosts = frozenset(name.lower() for name in (*LOOPBACK, *hosts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process a request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if is_head := scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # HEAD is supported wherever GET is

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                more = [pair for pair in RAW_HEADERS if pair[0] not in given]
                if scope["scheme"] == "https":
                    more.append(FOR_HTTPS)
                if b"cache-control" not in given:
                    more.append((b"cache-control", b"no-store"))
                message["headers"] = [*message["headers"], *more]
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        if refusal := self._refusal(scope):
            await refused(scope["path"], *refusal)(scope, receive, send_guarded)
        else:
            most_bytes = MOST_PHOTO_BYTES if scope["path"].endswith("/photo") else self.most_bytes
            await self.app(scope, self._limited(receive, Headers(scope=scope), most_bytes), send_guarded)

    def _refusal(self, scope: Scope) -> tuple[str, int] | None:
        headers = Headers(scope=scope)
        given = headers.getlist("host")
        host = given[0].lower() if len(given) == 1 else ""
        if host not in self.hosts and re.sub(r":\d+$", "", host) not in self.hosts:
            return "This site is not known by that name.", 400
        if len(scope["query_string"]) > LONGEST_QUERY:
            return f"The address is longer than {LONGEST_QUERY} bytes.", 414
        if sum(len(name) + len(value) for name, value in scope["headers"]) > MOST_OF_HEADERS:
            return f"The headers are longer than {MOST_OF_HEADERS} bytes.", 431
        if scope["method"] not in SAFE_METHODS and not is_from_here(headers):
            return "Refused: the request comes from another site.", 403
        return None

    def _limited(self, receive: Receive, headers: Headers, most_bytes: int) -> Receive:
        """Refuse a body that is too long, by its declared length or while its chunks are received."""
        length, n_bytes = headers.get("content-length", "0"), 0
        is_short = length.isdecimal() and len(length) <= 9 and int(length) <= most_bytes

        async def receive_limited() -> Message:
            nonlocal n_bytes
            if is_short:
                message = await receive()
                n_bytes += len(message.get("body", b""))
                if n_bytes <= most_bytes:
                    return message
            raise HTTPException(413, f"A request may have {most_bytes} bytes.")

        return receive_limited


def refused(path: str, words: str, status: int) -> Response:
    """Return a refusal as plain text, or as JSON for the API."""
    if path.startswith("/api/"):
        return JSONResponse({"detail": words}, status)
    return PlainTextResponse(words + "\n", status)


def is_from_here(headers: Headers) -> bool:
    """Return whether a request comes from the site's own pages, or from a program other than a browser."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or origin.split("://", 1)[-1].lower() == headers.get("host", "").lower()


def csrf_token(request: Request) -> str:
    """Return the form token of this browser.

    The first page with a form sets a cookie, from which the token is derived. Pages that are opened at the
    same time set one cookie each, with different names, so that all of their tokens are valid. If there are
    too many cookies, some are deleted, to keep the headers of requests short.
    """
    kept = kept_of(request)
    for name in list(kept.begun_by(FORM))[MOST_FORMS:]:
        kept.delete(name)
    if not csrf_tokens(request):
        kept.set(f"{FORM}{secrets.token_hex(4)}", secrets.token_urlsafe(24))
    return csrf_tokens(request)[0]


def csrf_tokens(request: Request) -> list[str]:
    """Return all valid tokens. A login changes them, so that earlier tokens are not valid for the admin."""
    kept = kept_of(request)
    session = (kept.get(ADMIN) or "").encode()
    made_from = (text.encode() for text in kept.begun_by(FORM).values() if text)
    return [hmac.digest(session, text, "sha256").hex() for text in made_from]


async def posted(request: Request) -> AsyncIterator[FormData]:
    """Yield the fields of a posted form, with its files open. Refuse forms without a valid token.

    This is a FastAPI dependency.
    """
    about = Headed()
    about["content-type"] = request.headers.get("content-type", "")
    if about.get_content_charset("utf-8") != "utf-8":  # some encodings give text that pages cannot show
        raise HTTPException(415, "A form must be in UTF-8.")
    async with request.form(max_files=1, max_fields=MOST_FIELDS, max_part_size=MOST_BYTES) as form:
        token = str(form.get("csrf", "")).encode()
        if not any(hmac.compare_digest(token, known.encode()) for known in csrf_tokens(request)):
            raise HTTPException(403, "This form is out of date. Open its page anew and send it again.")
        yield form
