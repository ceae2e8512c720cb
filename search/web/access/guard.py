"""Refuses requests from other sites, without the token or too large, and sets the headers."""

import asyncio
import ipaddress
import time
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mvsearch.search.web.access.tokens import TokenCheck, Verdict
from mvsearch.search.web.options import WebOptions, list_names
from mvsearch.search.web.problems import refuse

MAX_BODY_BYTES = 64 * 2**20
BODY_SECONDS = 120.0
MAX_URL_LETTERS = 16_000
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Without the token: the state for a container or a proxy, the form that asks for it, and its style.
_STATES = ("/health", "/healthz", "/readyz")
_OPEN_PATHS = (*_STATES, "/login", "/static/")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
        " media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}


class Guard:
    """The outermost layer of the server.

    Args:
        app: what is behind it.
        options: the address and what may be changed.
        tokens: recognises the token.
    """

    def __init__(self, app: ASGIApp, options: WebOptions, tokens: TokenCheck) -> None:
        self._app = app
        self._options = options
        self._tokens = tokens
        self._names = list_names(options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a refusal."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        request = Request(scope)
        refusal = self._check(request) or self._ask_for_token(request)
        send = _with_headers(send, scope["path"])
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        await self._app(scope, _limit_body(receive), send)

    def _check(self, request: Request) -> Response | None:
        """The refusal of a request that no page of this server made, or that is too large."""
        host = request.headers.get("host", "")
        # Proxies ask for the state by the address at which they reach the server.
        if request.scope["path"] not in _STATES and not self._is_own_host(host):
            return refuse(request, 421, "this server is not called by that name")
        if len(request.scope["path"]) + len(request.scope["query_string"]) > MAX_URL_LETTERS:
            return refuse(request, 414, "the address is too long")
        site = request.headers.get("sec-fetch-site", "none")
        is_navigation = request.method == "GET" and (
            request.headers.get("sec-fetch-mode") == "navigate"
        )
        if site not in ("same-origin", "none") and not is_navigation:
            return refuse(request, 403, "another site asked for this")
        if request.method not in _SAFE_METHODS:
            origin = request.headers.get("origin")
            if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
                return refuse(request, 403, "another site asked for this change")
        length = request.headers.get("content-length", "0")
        if not (length.isascii() and length.isdigit()) or int(length) > MAX_BODY_BYTES:
            return refuse(request, 413, f"a request has at most {MAX_BODY_BYTES >> 20} MiB")
        return None

    def _is_own_host(self, host: str) -> bool:
        """Whether the header `Host` is an address or a name of this machine.

        A foreign name that resolves to this machine would be DNS rebinding: its page could read
        what this server answers. Loopback alone also refuses the addresses of other machines.
        """
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or self._options.token is not None

    def _ask_for_token(self, request: Request) -> Response | None:
        """The refusal of a request without the token; a redirection if its address has it."""
        path = request.scope["path"]  # The one of `url` is made of the header `Host` as well.
        if any(path == one or (one.endswith("/") and path.startswith(one)) for one in _OPEN_PATHS):
            return None
        verdict = self._tokens.judge(request)
        if verdict is Verdict.BLOCKED:
            response = refuse(request, 429, "too many wrong tokens: wait a minute")
            response.headers["Retry-After"] = "60"
            return response
        if verdict is not Verdict.ADMITTED:
            response = refuse(request, 401, "this server asks for its token")
            response.headers["WWW-Authenticate"] = "Bearer"
            return response
        if "token" in request.query_params and request.method == "GET":
            return self._hide_token(request)
        return None

    def _hide_token(self, request: Request) -> Response:
        """Move the token from the address, which is stored and shared, into a cookie."""
        rest = [(k, v) for k, v in request.query_params.multi_items() if k != "token"]
        place = request.url.path if request.url.path.startswith("/") else "/"
        place = "/" + place.lstrip("/")
        response = RedirectResponse(f"{place}?{urlencode(rest)}" if rest else place, 303)
        self._tokens.remember(request, response)
        return response


def _with_headers(send: Send, path: str) -> Send:
    """Add the headers of all responses; static files are asked for again by their ETag."""
    storing = "no-cache" if path.startswith("/static/") else "no-store"

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            headers.setdefault("Cache-Control", storing)
        await send(message)

    return send_with_headers


def _limit_body(receive: Receive) -> Receive:
    """Bound the size of a body and the time that it takes to arrive."""
    n_bytes = 0
    is_complete = False
    deadline = time.monotonic() + BODY_SECONDS

    async def receive_some() -> Message:
        nonlocal n_bytes, is_complete
        if is_complete:
            return await receive()
        try:
            left = deadline - time.monotonic()
            message = await asyncio.wait_for(receive(), max(left, 0.001))
        except TimeoutError:
            raise HTTPException(408, "the request took too long to arrive") from None
        n_bytes += len(message.get("body", b""))
        is_complete = not message.get("more_body", False)
        if n_bytes > MAX_BODY_BYTES:
            raise HTTPException(413, f"a request has at most {MAX_BODY_BYTES >> 20} MiB")
        return message

    return receive_some
