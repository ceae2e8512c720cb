"""Recognises the token of a request, and slows down guessing."""

import hashlib
import hmac
import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from enum import Enum

from starlette.requests import Request
from starlette.responses import Response

COOKIE_SECONDS = 30 * 24 * 3600
# So many different wrong tokens of one address within this time; then it waits. A browser repeats
# a stale cookie with every picture of a page.
MAX_FAILURES = 10
WINDOW_SECONDS = 60.0
MAX_ADDRESSES = 4096


class Verdict(Enum):
    """What a request may do."""

    ADMITTED = "admitted"
    UNKNOWN = "unknown"
    WRONG = "wrong"
    BLOCKED = "blocked"


class TokenCheck:
    """Compares the token of requests in constant time.

    Args:
        token: the right one; None admits everybody.
        now: a monotonic clock in seconds.
    """

    def __init__(self, token: str | None, now: Callable[[], float] = time.monotonic) -> None:
        self._token = token
        self._now = now
        self._failures: OrderedDict[str, dict[bytes, float]] = OrderedDict()

    def judge(self, request: Request) -> Verdict:
        """Judge the header `Authorization: Bearer`, the parameter `token`, or the cookie."""
        if self._token is None:
            return Verdict.ADMITTED
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        given = bearer.strip() if scheme.lower() == "bearer" else request.query_params.get("token")
        cookie = request.cookies.get(name_cookie(request))
        if given is None and cookie is None:
            return Verdict.UNKNOWN
        return self.judge_words(given, cookie, find_address(request))

    def judge_words(self, given: str | None, cookie: str | None, address: str) -> Verdict:
        """Judge a token or the value of a cookie from an address."""
        if self._token is None:
            return Verdict.ADMITTED
        if self._is_blocked(address):
            return Verdict.BLOCKED
        right = self._token if given is not None else self._make_cookie(self._token)
        words = given if given is not None else cookie or ""
        if hmac.compare_digest(words.encode(), right.encode()):
            return Verdict.ADMITTED
        digest = hashlib.sha256(words.encode()).digest()
        self._failures.setdefault(address, {}).setdefault(digest, self._now())
        while len(self._failures) > MAX_ADDRESSES:
            self._failures.popitem(last=False)
        return Verdict.WRONG

    def remember(self, request: Request, response: Response) -> None:
        """Set the cookie of a browser that has shown the token."""
        if self._token is not None:
            response.set_cookie(
                name_cookie(request),
                self._make_cookie(self._token),
                max_age=COOKIE_SECONDS,
                httponly=True,
                secure=request.url.scheme == "https",
                samesite="strict",
            )

    def _is_blocked(self, address: str) -> bool:
        tried = self._failures.pop(address, {})
        recent = {one: at for one, at in tried.items() if self._now() - at < WINDOW_SECONDS}
        if recent:
            self._failures[address] = recent
        return len(recent) >= MAX_FAILURES

    @staticmethod
    def _make_cookie(token: str) -> str:
        """A value that shows that its bearer knew the token, and does not tell it."""
        return hmac.new(token.encode(), b"mvsearch cookie", hashlib.sha256).hexdigest()


def name_cookie(request: Request) -> str:
    """The name of the cookie: browsers send those of one port to every other port of a host.

    The port is that which the browser asks for, so that all servers behind a proxy agree.
    """
    _, _, port = request.headers.get("host", "").rpartition(":")
    is_number = port.isascii() and port.isdigit()
    return f"mvsearch-{int(port)}" if is_number and len(port) < 6 else "mvsearch"


def find_address(request: Request) -> str:
    """The address of the client; of IPv6 the network, as one machine has many addresses."""
    host = request.client.host if request.client is not None else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return host
