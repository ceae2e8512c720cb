"""The options of the server: address, token, and what it may change."""

import ipaddress
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mvsearch.store.errors import MvsearchError

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8765
MIN_TOKEN_LETTERS = 16


@dataclass(frozen=True, slots=True)
class WebOptions:
    """How a library is served.

    Attributes:
        host, port: the address that is listened on; port 0 takes a free one.
        token: is asked for; None asks for none.
        is_read_only: whether every change is refused.
        roots: folders that may be indexed, with what is below them; those of the library may be.
        names: host names by which browsers call the server besides its own, as behind a proxy.
        pictures: folders of pictures for the gallery.
        sweep_minutes: interval at which the folders of the library are indexed; None for never.
        proxies: addresses or networks of proxies, whose X-Forwarded headers are believed.
        grace_seconds: how long requests may go on when the server ends.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    token: str | None = None
    is_read_only: bool = False
    roots: tuple[Path, ...] = ()
    names: tuple[str, ...] = ()
    pictures: tuple[Path, ...] = ()
    sweep_minutes: float | None = None
    proxies: tuple[str, ...] = ()
    grace_seconds: float = 3.0

    def __post_init__(self) -> None:
        """Check that options do not exclude each other."""
        if self.is_read_only and self.sweep_minutes is not None:
            raise MvsearchError("--watch indexes, and --read-only refuses that: leave one out")
        for proxy in self.proxies:
            _check_network(proxy)


def _check_network(given: str) -> None:
    """Check that something is an address or a network.

    Raises:
        MvsearchError: it is neither.
    """
    try:
        ipaddress.ip_network(given)
    except ValueError:
        raise MvsearchError(
            f"--proxy is an IP address or a network such as 10.0.0.0/8, and {given} is none"
        ) from None


def choose_token(
    host: str, token: str | None, *, has_none: bool, make: Callable[[], str]
) -> str | None:
    """The given token, else one that `make` gives if other machines can connect, else None.

    Raises:
        MvsearchError: the token is short, or none shall be asked for where others can connect.
    """
    if token is not None and has_none:
        raise MvsearchError("--token and --no-token exclude each other")
    if token is not None:
        if len(token) < MIN_TOKEN_LETTERS or not token.isascii() or not token.isprintable():
            raise MvsearchError(f"a token has at least {MIN_TOKEN_LETTERS} printable ASCII letters")
        return token
    if is_loopback(host):
        return None
    if has_none:
        raise MvsearchError(
            f"--no-token is for this machine alone: at {host} anybody in the network could see the"
            " library"
        )
    return make()


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def list_names(options: WebOptions) -> frozenset[str]:
    """The names by which requests may call the server, besides addresses."""
    names = {"localhost", options.host.lower(), *(name.lower() for name in options.names)}
    if not is_loopback(options.host):
        own = socket.gethostname().lower()
        names |= {own, own.partition(".")[0], f"{own.partition('.')[0]}.local"}
    return frozenset(names)


def check_folder(path: Path, roots: Sequence[Path]) -> Path:
    """The folder or file to index, without links, if a root holds it.

    Raises:
        MvsearchError: it lies below none of the roots, or does not exist.
    """
    refusal = MvsearchError(f"{path} is in none of the folders that may be indexed here")
    try:
        place = path.expanduser().resolve()
        allowed = [root.expanduser().resolve() for root in roots]
    except (OSError, RuntimeError, ValueError):
        raise refusal from None
    if not path.expanduser().is_absolute() or not any(map(place.is_relative_to, allowed)):
        raise refusal
    if not place.exists():
        raise MvsearchError(f"{path} does not exist")
    return place
