"""Reads the address of a server, with the token that it may hold."""

import ipaddress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from mvsearch.store.errors import ServerError
from mvsearch.store.unicode import printable, truncate

MAX_SHOWN_LETTERS = 200


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and what it asks for; its text shows no secret.

    Attributes:
        base: scheme, host, port and path, which ends in "/".
        token: None where the server asks for none.
        login: name and password of a proxy before the server (RFC 7617).
    """

    base: str
    token: str | None = field(default=None, repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def is_loopback(self) -> bool:
        """Whether the server is on this machine."""
        host = urlsplit(self.base).hostname or ""
        try:
            return ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host == "localhost"

    def __str__(self) -> str:
        """The address without secrets."""
        return truncate(printable(self.base), MAX_SHOWN_LETTERS)


def parse_address(url: str, token: str | None = None) -> Address:
    """Read an address as `mvsearch serve` prints it, such as `http://host:8765/?token=…`.

    Args:
        url: may hold name and password of a proxy, and the token.
        token: takes precedence over that of the address.

    Raises:
        ServerError: it is no address of HTTP, or the token is invalid.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise ServerError("the address of a server is written http://host:8765 or https://host")
    shown = f"[{host}]" if ":" in host else host
    place = f"{parts.scheme}://{shown}{'' if port is None else f':{port}'}"
    held = parse_qs(parts.query).get("token", [""])[-1]
    chosen = token or held or None
    if chosen is not None and not (chosen.isascii() and chosen.isprintable()):
        raise ServerError("a token has printable ASCII letters")
    login = None
    if parts.username:
        login = unquote(parts.username), unquote(parts.password or "")
    return Address(f"{place}{parts.path.rstrip('/')}/", chosen, login)
