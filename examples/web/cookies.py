"""The signed cookies of a site. Each value has its own cookie.

A response therefore never overwrites the values of another response, for example if two pages are opened at
the same time.
"""

from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

YEAR = 365 * 24 * 3600


class Kept:
    """The cookies of one request, and the changes made by its response.

    Parameters
    ----------
    scope : dict
        The ASGI scope of the request.
    site : str
        The name of the site. It is a prefix of all cookie names, because browsers send cookies to all ports
        of a host.
    secret : str
        The secret used to sign each value together with its name, so that it cannot be forged or used under
        another name.
    """

    def __init__(self, scope: Scope, site: str, secret: str) -> None:
        self._request, self._prefix, self._secret = HTTPConnection(scope), f"{site}-", secret
        self._changed: dict[str, str | None] = {}

    def get(self, name: str) -> str | None:
        """Return the value of a cookie, or None if there is none or its signature is invalid."""
        if name in self._changed:
            return self._changed[name]
        value = self._request.cookies.get(self._prefix + name)
        try:
            return None if value is None else self._signer(name).loads(value, max_age=YEAR)
        except BadData:
            return None

    def begun_by(self, start: str) -> dict[str, str | None]:
        """Return names with this prefix and their values, in order. Names without a valid value come last."""
        given = {*self._request.cookies, *(self._prefix + name for name in self._changed)}
        begin = self._prefix + start
        names = sorted(name.removeprefix(self._prefix) for name in given if name.startswith(begin))
        kept = {name: self.get(name) for name in names}
        return dict(sorted(kept.items(), key=lambda pair: pair[1] is None))

    def set(self, name: str, value: str) -> None:
        """Set a cookie for a year."""
        self._changed[name] = value

    def delete(self, name: str) -> None:
        """Delete a cookie."""
        self._changed[name] = None

    def headers(self) -> list[str]:
        """Return the headers that set and delete cookies."""
        secure = "; Secure" if self._request.scope["scheme"] == "https" else ""
        return [
            f"{self._prefix}{name}={'' if value is None else self._signer(name).dumps(value)}; Path=/; "
            f"Max-Age={0 if value is None else YEAR}; HttpOnly; SameSite=Lax{secure}"
            for name, value in self._changed.items()
        ]

    def _signer(self, name: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._secret, name)


class Cookies:
    """Middleware that provides `Kept` to every request, and adds the changed cookies to every response."""

    def __init__(self, app: ASGIApp, site: str, secret: str) -> None:
        self.app, self.site, self.secret = app, site, secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Process a request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        kept = scope["kept"] = Kept(scope, self.site, self.secret)

        async def send_with_cookies(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for header in kept.headers():
                    headers.append("set-cookie", header)
            await send(message)

        await self.app(scope, receive, send_with_cookies)


def kept_of(request: HTTPConnection) -> Kept:
    """Return a request's cookies."""
    return request.scope["kept"]
